#include "manifest/envfile.h"

#include "manifest/manifest.h"
#include "unit.h"

struct parsed {
	struct envfile envfile;
	struct error_list errors;
	bool is_good;
};

static void release(struct parsed *parsed)
{
	envfile_release(&parsed->envfile);
	error_list_release(&parsed->errors);
}

static void parse(struct parsed *parsed, const char *path, const char *text, size_t length)
{
	struct secret bytes CLEANUP(secret_release) = {0};

	secret_copy(&bytes, text, length);
	parsed->is_good = envfile_parse(&parsed->envfile, path, &bytes, &parsed->errors);
}

/* The entries as "NAME:LINE", with a - for what is left out and a $ for values that end a line. */
static void has(const char *text, const char *wanted)
{
	struct parsed parsed CLEANUP(release) = {0};
	struct str all CLEANUP(str_release) = {0};

	parse(&parsed, "f", text, strlen(text));
	if (!parsed.is_good)
		fail_msg("%s: %s", text, parsed.errors.items[0].message);
	for (size_t i = 0; i < parsed.envfile.count; i++) {
		const struct envfile_entry *entry = &parsed.envfile.entries[i];
		str_format(&all, "%s%s%s:%zu%s", i ? " " : "", entry->is_left_out ? "-" : "",
			entry->name, entry->line, entry->ends_line ? "$" : "");
	}
	assert_string_equal(str_text(&all), wanted);
}

static void refused(const char *path, const char *text, const char *why, size_t line)
{
	struct parsed parsed CLEANUP(release) = {0};

	parse(&parsed, path, text, strlen(text));
	assert_false(parsed.is_good);
	assert_non_null(strstr(parsed.errors.items[0].message, why));
	assert_int_equal(parsed.errors.items[0].line, line);
}

static void dotenv_files(void **state)
{
	(void)state;
	has("A=1\n# c\n\nexport B='x\ny'\nC: z", "A:1 B:4 C:6");
	has("A=\nB=\"\"\nC=1", "-A:1 -B:2 C:3");
	has("A=1\nB=2\nA=3", "-A:1 B:2 A:3");
	has("A=1\nA=", "-A:1 -A:2");
	has("A=\"x\\n\"\nB='x\\n'\nC='x\n'", "A:1$ B:2 C:3$");
	refused("f", "A.B=1", "the key is not a valid secret name: `.` (character 2)", 1);
	refused("f", "A=1\nB='x", "unclosed quote in the value of B", 2);
	refused("f", "A=1\nab+c\nB==", "not an assignment (NAME=VALUE)", 2);
	refused("f", "# none\n", "no keys found", 0);
	refused("f", "", "no keys found", 0);
}

static void json_files(void **state)
{
	(void)state;
	has("{\"A\":\"x\",\"B\":1,\"C\":true}", "A:0 B:0 C:0");
	has(" \n{\n\"A\"\n:\n\"x\",\n \"B\" : \"{\\\"\\n,\\\\\",\"C\":false,\n\"D\":\"y\\n\"}",
		"A:0 B:0 C:0 D:0$");
	has("{\"A\":\"\",\"B\":null,\"C\":0}", "-A:0 -B:0 C:0");
	has("{\"A\":1,\n\"B\":[{\"x\":1},\"y\"],\n\"C\":2,\"D\":{}}", "A:0 -B:0 C:0 -D:0");
	refused("f", "{\"A\":{\"x\":[]},\n\"B.C\":2}", "`B.C` is not a valid secret name", 0);
	refused("f", "{\"\":1}", "is not a valid secret name", 0);
	refused("f", "{\"A\":1,\"A\":2}", "duplicate key", 0);
	refused("f", "{\n\"A\":\"\t\"}", "not valid JSON", 2);
	refused("f.json", "[1]", "not a JSON object", 0);
	refused("f.json", "A=1", "not valid JSON", 1);
	refused("f", "{}", "no keys found", 0);
}

/* A file that holds one secret and no assignments: no error and no warning shows a part of it. */
static void secret_files(void **state)
{
	static const char *const texts[] = {"HUSHhush0123456789abcde=\n",
		"HUSHhush0123456789abcd==", "HUSHhush_0123456-89abcd=", "HUSH2345ABCDEFGHIJKLMNO=",
		"HUSH2345ABCDEFGHIJKLM===", "HUSH.hush=1",
		"A=1\nHUSH.hush.0123456789=", "A=1\r\nHUSHhush012345678==\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct parsed parsed CLEANUP(release) = {0};
		parse(&parsed, "f", texts[i], strlen(texts[i]));
		if (parsed.is_good)
			fail_msg("taken for names: %s", texts[i]);
		for (size_t k = 0; k < parsed.errors.count; k++) {
			const struct error *err = &parsed.errors.items[k];
			assert_null(strstr(err->message, "HUSH"));
			assert_false(err->hint && strstr(err->hint, "HUSH"));
		}
		for (size_t k = 0; k < parsed.envfile.warnings.count; k++)
			assert_null(strstr(parsed.envfile.warnings.items[k].message, "HUSH"));
	}
	/* Names, though nothing follows the =. */
	has("API_TOKEN=\nLONGER_API_TOKEN_2=\nthirdPartyApiTokens=\nshort1A=\nABc123ABc123ABc = \n"
	    "ABc123ABc123ABc=''\nABc123ABc123AB=\nA=1",
		"-API_TOKEN:1 -LONGER_API_TOKEN_2:2 -thirdPartyApiTokens:3 -short1A:4 "
		"-ABc123ABc123ABc:5 -ABc123ABc123ABc:6 -ABc123ABc123AB:7 A:8");
}

/* What is written is a manifest that means the same; whatever the path, and with any cut. */
static void written(void **state)
{
	static const char *const paths[] = {".env", "a b", "../x/.dev.vars", "no", "a\"$\\", "1e3",
		"- x", "#", "/a:b", "\xc3\xa9", ".inf"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct parsed parsed CLEANUP(release) = {0};
		struct str text CLEANUP(str_release) = {0};
		struct model model CLEANUP(model_release) = {0};
		struct error_list errors CLEANUP(error_list_release) = {0};
		const struct envfile_target target = {.path = paths[i],
			.alias = "no",
			.store = "1e3",
			.is_whole = true,
			.account_id = "9e5"};
		parse(&parsed, "f", "yes=hush\n1=hush", 15);
		envfile_write(&parsed.envfile, &target, &text);
		if (!manifest_decode("m/cfprov.yaml", &text, NULL, &model, &errors))
			fail_msg("%s: %s", str_text(&text), errors.items[0].message);
		assert_null(strstr(str_text(&text), "hush"));
		const struct object *secret = model_object(&model, "no", "1e3", "yes");
		assert_non_null(secret);
		assert_int_equal(secret->value->kind, VALUE_DOTENV);
		const char *name = secret->value->name;
		assert_string_equal(*paths[i] == '/' ? name : name + 2, paths[i]);
		assert_string_equal(secret->value->key, "yes");
		assert_non_null(model_object(&model, "no", "1e3", "1"));
	}
}

static void cut(void **state)
{
	static const char texts[][64] = {"{\"A\":\"hush\\n\",\"B\":{\"x\":\"hush\"},\n\"C\":12.5}",
		"A=hush\nB=\"hush\n\"\nC"};

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(texts); t++) {
		for (size_t length = 0; length <= strlen(texts[t]); length++) {
			struct parsed parsed CLEANUP(release) = {0};
			parse(&parsed, "f", texts[t], length);
			for (size_t i = 0; i < parsed.errors.count; i++) {
				const struct error *err = &parsed.errors.items[i];
				assert_null(strstr(err->message, "hush"));
				assert_true(!err->hint || !strstr(err->hint, "hush"));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dotenv_files),
		cmocka_unit_test(json_files),
		cmocka_unit_test(secret_files),
		cmocka_unit_test(written),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
