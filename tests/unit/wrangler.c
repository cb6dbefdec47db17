#include "manifest/wrangler.h"

#include "unit.h"

static bool parse(struct wrangler *file, const char *path, const char *text, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	str_text_add(&bytes, text);
	return wrangler_parse(file, path, &bytes, err);
}

/* What the file binds: "ENV:BINDING=STORE/SECRET@LINE:COLUMN", with spaces between. */
static void has(const char *path, const char *text, const char *wanted)
{
	struct wrangler file CLEANUP(wrangler_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str all CLEANUP(str_release) = {0};

	if (!parse(&file, path, text, &err))
		fail_msg("%s: %zu:%zu: %s", text, err.line, err.column, err.message);
	for (size_t i = 0; i < file.count; i++) {
		const struct wrangler_binding *it = &file.bindings[i];
		str_format(&all, "%s%s:%s=%s/%s@%zu:%zu", i ? " " : "",
			it->environment ? it->environment : "", it->name, it->store_id, it->secret,
			it->place.line, it->place.column);
	}
	assert_string_equal(str_text(&all), wanted);
}

static void refuses(const char *path, const char *text, size_t line, const char *why)
{
	struct wrangler file CLEANUP(wrangler_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (parse(&file, path, text, &err))
		fail_msg("accepted: %s", text);
	expect_text(err.message, why);
	if (err.line != line)
		fail_msg("line %zu instead of %zu: %s: %s", err.line, line, text, err.message);
}

/* Merges the bindings A of secret A and B-C of secret B_C, of store S, twice. */
static void merges(const char *path, const char *environment, const char *text, const char *wanted)
{
	static const struct wrangler_binding bindings[] = {
		{.name = "A", .store_id = "S", .secret = "A"},
		{.name = "B_C", .store_id = "S", .secret = "B-C"}};
	const struct wrangler_wanted both = {environment, bindings, ARRAY_SIZE(bindings)};
	struct str before CLEANUP(str_release) = {0};

	str_text_add(&before, text);
	for (size_t round = 0; round < 2; round++) {
		struct wrangler file CLEANUP(wrangler_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct str after CLEANUP(str_release) = {0};
		struct wrangler_merged merged = {0};
		if (!wrangler_parse(&file, path, &before, &err) ||
			!wrangler_merge(&file, &both, &after, &merged, &err))
			fail_msg("%s: %zu:%zu: %s", str_text(&before), err.line, err.column,
				err.message);
		assert_string_equal(str_text(&after), wanted);
		if (round)
			assert_int_equal(merged.added + merged.updated, 0);
		str_release(&before);
		before = after;
		after = (struct str){0};
	}
}

static void reads_json(void **state)
{
	(void)state;
	has("w.jsonc", "{}", "");
	has("w.json", "\xef\xbb\xbf{\"name\": \"x\", /* \"secrets_store_secrets\": 1 */}", "");
	has("w.jsonc",
		"// \"\n{ // c\n\"secrets_store_secrets\": [\n"
		"{\"binding\":\"K\",\"store_id\":\"s\",\"secret_name\":\"n\",\"x\":[1,{}],},\n"
		"/* } */ {\"secret_name\":\"//\",\"binding\":\"L\\u0041\",\"store_id\":\"/*\"},],\n"
		"\"env\":{\"a\":{\"vars\":{\"secrets_store_secrets\":1},\"secrets_store_secrets\":["
		"{"
		"\"binding\":\"K\",\"store_id\":\"t\",\"secret_name\":\"\\\"]\"}]},\"b\":{},}}",
		":K=s/n@4:1 :LA=/*///@5:9 a:K=t/\"]@6:73");
	has("w.jsonc", "{\"x\": {\"secrets_store_secrets\": 1}, \"y\": \"\\\"//\", \"z\": -1.5e3}",
		"");
}

static void refuses_json(void **state)
{
	static const char begin[] = "{\"secrets_store_secrets\": ";
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	refuses("w.jsonc", "", 1, "empty");
	refuses("w.jsonc", "[]", 1, "must be an object");
	refuses("w.jsonc", "{\n\"a\": 1,,}", 2, "not valid JSON");
	refuses("w.jsonc", "{,}", 1, "not valid JSON");
	refuses("w.jsonc", "{\"a\":,}", 1, "not valid JSON");
	refuses("w.jsonc", "{\n} x", 2, "not valid JSON");
	refuses("w.jsonc", "{\n/* }", 2, "this comment has no end");
	refuses("w.jsonc", "{\"a\": \"", 1, "not valid JSON");
	refuses("w.jsonc", "{\"a\": 1/**/2}", 1, "not valid JSON");
	refuses("w.jsonc", "{\"env\": []}", 1, "`env` must be an object");
	refuses("w.jsonc", "{\"env\": {\n\"a\": 1}}", 2, "an environment must be an object");
	refuses("w.jsonc", "{\"a\": \"\xff\"}", 1, "invalid UTF-8");
	refuses("w.yaml", "{}", 0, "ends in .jsonc, .json or .toml");
	const char *const lists[][2] = {{"{}}", "must be an array"}, {"[1]}", "must be an object"},
		{"[{}]}", "no `binding`"}, {"[{\"binding\":\"a\"}]}", "no `store_id`"},
		{"[{\"binding\":\"a\",\"store_id\":\"b\"}]}", "no `secret_name`"},
		{"[{\"binding\":1}]}", "`binding` must be a text"},
		{"[{\"binding\":\"\"}]}", "`binding` must be a text that is not empty"},
		{"[{\"binding\":\"a\",\"store_id\":\"b\",\"secret_name\":\"c\"},"
		 "{\"binding\":\"a\",\"store_id\":\"b\",\"secret_name\":\"d\"}]}",
			"binding `a` is declared twice"}};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		str_clear(&text);
		str_format(&text, "%s%s", begin, lists[i][0]);
		refuses("w.json", str_text(&text), 1, lists[i][1]);
	}
}

static void merges_json(void **state)
{
	(void)state;
	/* updated in place, whatever the layout */
	merges("w.jsonc", NULL,
		"{ // x\r\n\t\"secrets_store_secrets\":[{\"secret_name\" "
		":\"old\",\"binding\":\"A\" "
		",\"store_id\":\n\"o\"},{\"binding\":\"B_C\",\"store_id\":\"S\",\"secret_name\":"
		"\"B-C\"},],}",
		"{ // x\r\n\t\"secrets_store_secrets\":[{\"secret_name\" :\"A\",\"binding\":\"A\" "
		",\"store_id\":\n\"S\"},{\"binding\":\"B_C\",\"store_id\":\"S\",\"secret_name\":"
		"\"B-C\"},],}");
	/* appended as the last one is laid out, after its comment */
	merges("w.jsonc", NULL,
		"{\n    \"secrets_store_secrets\": [\n        {\n            \"binding\": \"A\", "
		"\"store_id\": \"S\",\n            \"secret_name\": \"A\"\n        } // why\n    "
		"]\n}\n",
		"{\n    \"secrets_store_secrets\": [\n        {\n            \"binding\": \"A\", "
		"\"store_id\": \"S\",\n            \"secret_name\": \"A\"\n        }, // why\n"
		"        {\n            \"binding\": \"B_C\",\n            \"store_id\": \"S\",\n"
		"            \"secret_name\": \"B-C\"\n        }\n    ]\n}\n");
	merges("w.jsonc", NULL,
		"{\n\t\"secrets_store_secrets\": [\n\t\t{ \"binding\": \"A\", \"store_id\": \"S\", "
		"\"secret_name\": \"A\" }, /* c\n */\n\t]\n}\n",
		"{\n\t\"secrets_store_secrets\": [\n\t\t{ \"binding\": \"A\", \"store_id\": \"S\", "
		"\"secret_name\": \"A\" }, /* c\n */\n\t\t{ \"binding\": \"B_C\", \"store_id\": "
		"\"S\", \"secret_name\": \"B-C\" },\n\t]\n}\n");
	merges("w.jsonc", NULL,
		"{\n  \"secrets_store_secrets\": [{\n    \"binding\": \"A\",\n    \"store_id\": "
		"\"S\",\n    \"secret_name\": \"A\"\n  }]\n}\n",
		"{\n  \"secrets_store_secrets\": [{\n    \"binding\": \"A\",\n    \"store_id\": "
		"\"S\",\n    \"secret_name\": \"A\"\n  }, {\n    \"binding\": \"B_C\",\n    "
		"\"store_id\": \"S\",\n    \"secret_name\": \"B-C\"\n  }]\n}\n");
}

static void merges_new_json(void **state)
{
	(void)state;
	/* a new array, in CR LF; an empty one; in an environment; in one line */
	merges("w.jsonc", NULL, "{\r\n  \"name\": \"x\" // c\r\n}\r\n",
		"{\r\n  \"name\": \"x\", // c\r\n  \"secrets_store_secrets\": [\r\n    {\r\n      "
		"\"binding\": \"A\",\r\n      \"store_id\": \"S\",\r\n      \"secret_name\": "
		"\"A\"\r\n    },\r\n    {\r\n      \"binding\": \"B_C\",\r\n      \"store_id\": "
		"\"S\",\r\n      \"secret_name\": \"B-C\"\r\n    }\r\n  ]\r\n}\r\n");
	merges("w.jsonc", "e",
		"{\n  \"env\": {\n    \"e\": {\n      \"secrets_store_secrets\": [ ]\n    }\n  "
		"},\n}",
		"{\n  \"env\": {\n    \"e\": {\n      \"secrets_store_secrets\": [\n        {\n"
		"          \"binding\": \"A\",\n          \"store_id\": \"S\",\n          "
		"\"secret_name\": \"A\"\n        },\n        {\n          \"binding\": \"B_C\",\n"
		"          \"store_id\": \"S\",\n          \"secret_name\": \"B-C\"\n        }\n"
		"      ]\n    }\n  },\n}");
	merges("w.jsonc", "e",
		"{\n \"secrets_store_secrets\": [{\"binding\":\"A\",\"store_id\":\"x\","
		"\"secret_name\":\"x\"}],\n \"env\": {\"e\": {\"vars\": {}}}\n}",
		"{\n \"secrets_store_secrets\": [{\"binding\":\"A\",\"store_id\":\"x\","
		"\"secret_name\":\"x\"}],\n \"env\": {\"e\": {\"vars\": {}, "
		"\"secrets_store_secrets\": "
		"[{\"binding\": \"A\", \"store_id\": \"S\", \"secret_name\": \"A\"}, {\"binding\": "
		"\"B_C\", \"store_id\": \"S\", \"secret_name\": \"B-C\"}]}}\n}");
	merges("w.json", NULL, "{}",
		"{\n  \"secrets_store_secrets\": [\n    {\n      \"binding\": \"A\",\n      "
		"\"store_id\": \"S\",\n      \"secret_name\": \"A\"\n    },\n    {\n      "
		"\"binding\": \"B_C\",\n      \"store_id\": \"S\",\n      \"secret_name\": "
		"\"B-C\"\n    }\n  ]\n}");
}

static void reads_toml(void **state)
{
	(void)state;
	has("w.toml", "", "");
	has("w.toml", "a = 1\nb.c = 2024-01-01 10:00:00Z # [[secrets_store_secrets]]\n", "");
	has("w.toml",
		"x = '''\n[[secrets_store_secrets]]\n'''\ny = \"\"\"\\\"\"\"\\\n \"\"\"\"\"\n"
		"[[secrets_store_secrets]]\r\nbinding = 'K' # c\nstore_id = \"s\"\n"
		"\"secret_name\" = \"\\u006e\"\n\n"
		"[env.a]\nvars = { b = \"]\", c = [1, [2], # x ]\n] }\n"
		"  [[ env . \"b c\".secrets_store_secrets ]] # c\n  binding=\"K\"\nstore_id='t'\n"
		"secret_name='n'\nother={a=1}\n[vars]\nbinding = 1\n"
		"[[env.a.secrets_store_secrets]]\nbinding='K'\nstore_id='t'\nsecret_name='n'",
		":K=s/n@6:1 b c:K=t/n@14:3 a:K=t/n@21:1");
	has("w.toml",
		"secrets_store_secrets = [ # c\n { binding = \"K\", store_id = \"s\", secret_name "
		"= "
		"\"a\tb\" }, ]\nenv.x.secrets_store_secrets = []\n"
		"env.y = { secrets_store_secrets = [{binding='K',store_id='s',secret_name='n'}] }\n"
		"[env]\nz.vars.secrets_store_secrets = 1\n[other]\nsecrets_store_secrets = 2\n",
		":K=s/a\tb@2:2 y:K=s/n@4:36");
}

static void refuses_toml(void **state)
{
	static const char *const cases[][2] = {{"a", "`=` is expected"},
		{"a = ", "a value is expected"}, {"= 1", "a key is expected"},
		{"a = b", "a value is expected"}, {"a = 1 2", "something follows"},
		{"a = \"x", "no end"}, {"a = 'x\n'", "no end"}, {"a = \"\\q\"", "unknown escape"},
		{"a = '''x", "no end"}, {"a = [1 2]", "`,` or `]`"},
		{"a = [", "a value is expected"}, {"a = {b = 1", "`,` or `}`"},
		{"a = {b = 1,}", "a key is expected"}, {"[a", "the end of this header"},
		{"[[a]", "the end of this header"}, {"[a] b", "something follows"},
		{"[]", "a key is expected"}, {"a = 1 \x01", "something"},
		{"[secrets_store_secrets]", "must be an array of tables"},
		{"[secrets_store_secrets.a]", "must be an array of tables"},
		{"[env.a.secrets_store_secrets]", "must be an array of tables"},
		{"[[secrets_store_secrets.a]]", "must be an array of tables"},
		{"secrets_store_secrets.binding = 'x'", "must be an array of tables"},
		{"secrets_store_secrets = {}", "must be an array of tables"},
		{"secrets_store_secrets = ['a']", "must be an array of tables"},
		{"[[env]]", "must be tables"}, {"[[env.a]]", "must be tables"},
		{"env = []", "must be tables"}, {"env.a = 1", "must be tables"},
		{"[[secrets_store_secrets]]", "no `binding`"},
		{"secrets_store_secrets = [{binding = 1}]", "must be a text"},
		{"secrets_store_secrets = [{binding.a = 'x'}]", "must be an array of tables"},
		{"secrets_store_secrets = [{binding = \"\\U00000041\"}]", "without escapes"},
		{"secrets_store_secrets = [{binding = '''a'''}]", "in one line"},
		{"secrets_store_secrets = [{binding = 'a', binding = 'a'}]", "duplicate key"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refuses("w.toml", cases[i][0], 1, cases[i][1]);
	refuses("w.toml", "secrets_store_secrets = []\n[[secrets_store_secrets]]\n", 2,
		"declared twice");
	refuses("w.toml", "secrets_store_secrets = []\nsecrets_store_secrets = []\n", 2,
		"declared twice");
}

static void merges_toml(void **state)
{
	(void)state;
	merges("w.toml", NULL, "",
		"[[secrets_store_secrets]]\nbinding = \"A\"\nstore_id = \"S\"\nsecret_name = "
		"\"A\"\n\n"
		"[[secrets_store_secrets]]\nbinding = \"B_C\"\nstore_id = \"S\"\nsecret_name = "
		"\"B-C\"\n");
	merges("w.toml", "e.f", "name = 'x' # c\r\n[env.'e.f']\r\nv = {a = {}}\r\n[env.g]",
		"name = 'x' # c\r\n[env.'e.f']\r\nv = {a = {}}\r\n[env.g]\r\n\r\n"
		"[[env.\"e.f\".secrets_store_secrets]]\r\nbinding = \"A\"\r\nstore_id = \"S\"\r\n"
		"secret_name = \"A\"\r\n\r\n[[env.\"e.f\".secrets_store_secrets]]\r\nbinding = "
		"\"B_C\"\r\nstore_id = \"S\"\r\nsecret_name = \"B-C\"\r\n");
	merges("w.toml", NULL,
		"[[secrets_store_secrets]]\n\tsecret_name = 'old' # c\n\tbinding = 'A'\n\tstore_id "
		"= "
		"'S' # d\n\n[vars]\nx = 1\n",
		"[[secrets_store_secrets]]\n\tsecret_name = \"A\" # c\n\tbinding = 'A'\n\tstore_id "
		"= "
		"'S' # d\n\n[[secrets_store_secrets]]\n\tbinding = \"B_C\"\n\tstore_id = \"S\"\n\t"
		"secret_name = \"B-C\"\n\n[vars]\nx = 1\n");
	merges("w.toml", NULL,
		"secrets_store_secrets = [\n    { binding = \"A\", store_id = \"S\", secret_name = "
		"\"A\" } # c\n]\n[vars]\n",
		"secrets_store_secrets = [\n    { binding = \"A\", store_id = \"S\", secret_name = "
		"\"A\" }, # c\n    { binding = \"B_C\", store_id = \"S\", secret_name = \"B-C\" "
		"}\n]\n"
		"[vars]\n");
	merges("w.toml", "e", "[env.e]\nsecrets_store_secrets = []\n",
		"[env.e]\nsecrets_store_secrets = [\n  { binding = \"A\", store_id = \"S\", "
		"secret_name = \"A\" },\n  { binding = \"B_C\", store_id = \"S\", secret_name = "
		"\"B-C\" }\n]\n");
}

static void refuses_to_merge(void **state)
{
	static const struct wrangler_binding one = {.name = "A", .store_id = "S", .secret = "A"};
	static const char *const cases[][3] = {{"w.toml", "env = {e = {}}", "is an inline table"},
		{"w.toml", "env.e = {a = 1}", "is an inline table"},
		{"w.toml", "env = {e.f = {}}", "is an inline table"},
		{"w.toml", "[env.f]", "there is no environment `e`"},
		{"w.json", "{\"env\": {\"f\": {}}}", "there is no environment `e`"},
		{"w.json", "{}", "there is no environment `e`"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wrangler file CLEANUP(wrangler_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct str out CLEANUP(str_release) = {0};
		struct wrangler_merged merged = {0};
		assert_true(parse(&file, cases[i][0], cases[i][1], &err));
		assert_false(wrangler_merge(
			&file, &(struct wrangler_wanted){"e", &one, 1}, &out, &merged, &err));
		expect_text(err.message, cases[i][2]);
		assert_int_equal(out.length, 0);
	}
}

/*
 * Every file that is cut off somewhere, or has another byte somewhere, is refused or read; what is
 * read takes bindings, and is the same file after they were merged again.
 */
static void survive(const char *path, const char *text, size_t length)
{
	static const struct wrangler_binding one = {.name = "Z", .store_id = "S", .secret = "A"};
	const struct wrangler_wanted wanted = {NULL, &one, 1};
	struct wrangler file CLEANUP(wrangler_release) = {0};
	struct wrangler again CLEANUP(wrangler_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0}, once CLEANUP(str_release) = {0};
	struct str twice CLEANUP(str_release) = {0};
	struct wrangler_merged merged = {0};

	str_add(&bytes, text, length);
	if (!wrangler_parse(&file, path, &bytes, &err) ||
		!wrangler_merge(&file, &wanted, &once, &merged, &err))
		return;
	if (!wrangler_parse(&again, path, &once, &err) ||
		!wrangler_merge(&again, &wanted, &twice, &merged, &err))
		fail_msg("%.*s became\n%s: %s", (int)length, text, str_text(&once), err.message);
	assert_string_equal(str_text(&once), str_text(&twice));
	assert_int_equal(merged.added + merged.updated, 0);
	assert_int_equal(again.count, file.count + 1);
}

static void survives_damage(void **state)
{
	static const char bytes[] = "\"'\\/*#[]{},=.: \n\r\tau0\x01\x80";
	static const char *const files[][2] = {
		{"w.jsonc", "{ // c\n \"secrets_store_secrets\": [ {\"binding\": \"A\",\n"
			    "\"store_id\": \"b\\\"\", \"secret_name\": \"c\"}, /* d */ ],\n"
			    "\"env\": {\"e\": {\"x\": [1, -2e3, {}],},}}"},
		{"w.toml", "x = 1 # c\n[[secrets_store_secrets]]\nbinding = \"A\"\nstore_id = 'b'\n"
			   "secret_name = \"c\\\"\"\n[env.e]\ny = [ 1, {z = '''q''', w.v = "
			   "\"\"\"\\n\"\"\"},"
			   " # d\n]\n"},
		{"v.toml", "secrets_store_secrets = [ {binding = 'A', store_id = \"b\", "
			   "secret_name = 'c'},"
			   " # d\n] # e\nenv = {e = {x = 1979-05-27 07:32:00Z}}\n"}};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(files); f++) {
		size_t length = strlen(files[f][1]);
		for (size_t at = 0; at < length; at++) {
			char *text AUTO_FREE = mem_copy_text(files[f][1]);
			survive(files[f][0], text, at);
			for (size_t i = 0; i < sizeof(bytes); i++) {
				text[at] = bytes[i];
				survive(files[f][0], text, length);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_json),
		cmocka_unit_test(refuses_json),
		cmocka_unit_test(merges_json),
		cmocka_unit_test(merges_new_json),
		cmocka_unit_test(reads_toml),
		cmocka_unit_test(refuses_toml),
		cmocka_unit_test(merges_toml),
		cmocka_unit_test(refuses_to_merge),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
