/* References to secrets in manifests: each source, and all that can be wrong with it. */
#include "reading.h"

/* ---- sources ---- */

static const struct value_source *read_value(const char *value, struct model *desired)
{
	struct str secret CLEANUP(str_release) = {0};

	str_format(&secret, "{name: X, value: %s}", value);
	return read_one(str_text(&secret), desired)->value;
}

static void paths(void **state)
{
	static const struct {
		const char *value, *name;
		enum value_source_kind kind;
	} good[] = {
		{"{file: key.pem}", "in/key.pem", VALUE_FILE},
		{"{file: ../a b/$key}", "in/../a b/$key", VALUE_FILE},
		{"{file: /run/key}", "/run/key", VALUE_FILE},
		{"{dotenv: .env, key: A}", "in/.env", VALUE_DOTENV},
		{"{key: A, dotenv: /e/.env}", "/e/.env", VALUE_DOTENV},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct model desired CLEANUP(model_release) = {0};
		const struct value_source *value = read_value(good[i].value, &desired);
		assert_int_equal(value->kind, good[i].kind);
		assert_string_equal(value->name, good[i].name);
		if (value->kind == VALUE_DOTENV)
			assert_string_equal(value->key, "A");
		else
			assert_null(value->key);
	}
}

static void commands(void **state)
{
	struct model desired CLEANUP(model_release) = {0}, other CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	static const char *const argv[] = {
		"sh", "-c", "echo ${X} $$\ntrue", "", "7", "true", "[\"stripe\"]"};

	(void)state;
	const struct value_source *value = read_value(
		"{command: [sh, -c, \"echo ${X} $$\\ntrue\", \"\", 7, true, '[\"stripe\"]']}",
		&desired);
	assert_int_equal(value->kind, VALUE_COMMAND);
	assert_string_equal(value->folder, "in/");
	for (size_t i = 0; i < ARRAY_SIZE(argv); i++)
		assert_string_equal(value->argv[i], argv[i]);
	assert_null(value->argv[ARRAY_SIZE(argv)]);

	str_text_add(&bytes, HEAD "  - {name: X, value: {command: [x]}}\n");
	assert_true(manifest_decode("x.yaml", &bytes, NULL, &other, &errors));
	assert_null(other.objects[1].value->folder);
}

static void generated(void **state)
{
	static const struct {
		const char *value, *name;
		size_t bytes;
	} good[] = {
		{"{generate: {bytes: 32}}", "base64", 32},
		{"{generate: {bytes: 1, encoding: hex}}", "hex", 1},
		{"{generate: {bytes: 32768, encoding: hex}}", "hex", 32768},
		{"{generate: {bytes: 49152, encoding: base64}}", "base64", 49152},
		{"{generate: {bytes: 49152, encoding: base64url}}", "base64url", 49152},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct model desired CLEANUP(model_release) = {0};
		const struct value_source *value = read_value(good[i].value, &desired);
		assert_int_equal(value->kind, VALUE_GENERATE);
		assert_string_equal(value->name, good[i].name);
		assert_int_equal(value->bytes, good[i].bytes);
	}
}

static void what_is_made_of_it(void **state)
{
	struct model a CLEANUP(model_release) = {0}, b CLEANUP(model_release) = {0};
	struct model c CLEANUP(model_release) = {0};
	const struct value_source *value =
		read_value("{stdin: true, json: /a~1b/0/~0, trim: false}", &a);

	(void)state;
	assert_int_equal(value->kind, VALUE_STDIN);
	assert_string_equal(value->pointer, "/a~1b/0/~0");
	assert_true(value->keeps_last_newline);
	value = read_value("{env: A, json: \"\"}", &c);
	assert_string_equal(value->pointer, ""); /* the whole */
	value = read_value("{env: A, trim: true, json: /}", &b);
	assert_string_equal(value->pointer, "/");
	assert_false(value->keeps_last_newline);
}

static void tokens_and_keys(void **state)
{
	struct model desired CLEANUP(model_release) = {0};

	(void)state;
	read_good("accounts:\n"
		  "  a: {account_id: a1, api_token: {file: t}}\n"
		  "  b: {account_id: b1, api_token: {command: [pass, show, cf]}}\n"
		  "  c: {account_id: c1, api_token: {dotenv: .env, key: T, json: /t}}\n"
		  "stores: [s]\nstate: {key: {file: k, trim: false}}\n",
		&desired);
	assert_int_equal(desired.accounts[0].token.kind, VALUE_FILE);
	assert_string_equal(desired.accounts[0].token.name, "in/t");
	assert_int_equal(desired.accounts[1].token.kind, VALUE_COMMAND);
	assert_string_equal(desired.accounts[1].token.argv[2], "cf");
	assert_string_equal(desired.accounts[2].token.key, "T");
	assert_string_equal(desired.accounts[2].token.pointer, "/t");
	assert_int_equal(desired.key.kind, VALUE_FILE);
	assert_string_equal(desired.key.name, "in/k");
	assert_true(desired.key.keeps_last_newline);
	assert_int_equal(desired.key.place.line, 6);
}

/* ---- bad ones ---- */

static void bad_values(void **state)
{
	static const struct wrong wrong[] = {
		{" ", "5:22",
			"`value`: expected a source such as {env: NAME}, found "
			"nothing"},
		{" ~", "5:22", "found nothing"},
		{" hush", "5:22", "such as {env: NAME}, found text"},
		{" \"\"", "5:22", "found text"},
		{" 7", "5:22", "found text"},
		{" true", "5:22", "found text"},
		{" [hush]", "5:22", "found a list"},
		{" {}", "5:22", "`value` is empty"},
		{" {hush}", "5:23", "key without a value"},
		{" {hush: x}", "5:23", "unknown key"},
		{" {evn: A}", "5:23", "unknown key `evn`; did you mean `env`?"},
		{" {env: A, file: b}", "5:31",
			"only one source is allowed, found `env` and `file`"},
		{" {stdin: true, generate: {bytes: 1}}", "5:36", "found `stdin` and `generate`"},
		{" {json: /a}", "5:22",
			"`value` has no source: expected `env`, `file`, `command`, `dotenv`, "
			"`generate` or `stdin`"},
		{" {trim: false}", "5:22", "`value` has no source"},
		{" {dotenv: .env}", "5:23", "`dotenv` requires `key`"},
		{" {env: A, key: B}", "5:31", "`key` requires `dotenv`"},
		{" {generate: {bytes: 1}, json: /a}", "5:45",
			"`json` can't be combined with `generate`"},
		{" {generate: {bytes: 1}, trim: false}", "5:45",
			"`trim` can't be combined with `generate`"},
		{" {env: \"${A}\"}", "5:28", "invalid env"},
		{" {env: }", "5:28", "found nothing"},
		{" {env: [A]}", "5:23", "a list in `env` requires `command`"},
		{" {env: [A], file: b}", "5:23", "a list in `env` requires `command`"},
		{" {env: A, command: [b]}", "5:31",
			"only one source is allowed, found `env` and `command`"},
		{" {env: [], command: [b]}", "5:28", "`env` is empty"},
		{" {env: [A, A], command: [b]}", "5:32", "listed twice"},
		{" {env: [{A: b}], command: [b]}", "5:29", "found a map"},
		{" {env: a b}", "5:28", "invalid env: character 2"},
	};

	(void)state;
	refuse_all(HEAD "  - {name: X, value:%s}\n", wrong, ARRAY_SIZE(wrong));
}

static void bad_inside_values(void **state)
{
	static const struct wrong wrong[] = {
		{" {file: \"\"}", "5:29", "must not be empty"},
		{" {file: \"a\\nb\"}", "5:29", "character 2 is not allowed"},
		{" {file: \"${DIR}/x\"}", "5:29", "variables are not expanded in the source"},
		{" {dotenv: \"${X}\", key: A}", "5:31", "variables are not expanded in the source"},
		{" {dotenv: x, key: a b}", "5:39", "character 2 is not allowed"},
		{" {command: pass show x}", "5:32",
			"`command`: expected a list of a program and its arguments"},
		{" {command: []}", "5:32", "`command` is empty"},
		{" {command: [\"\", x]}", "5:33", "the command has an empty program"},
		{" {command: [a, [b]]}", "5:36", "expected an argument, found a list"},
		{" {command: [a, ~]}", "5:36", "found nothing"},
		{" {generate: 32}", "5:33", "a map with `bytes`, such as {bytes: 32}, found text"},
		{" {generate: {}}", "5:33", "`generate` is empty"},
		{" {generate: {encoding: hex}}", "5:33", "`bytes` is missing"},
		{" {generate: {bytes: 0}}", "5:41", "a whole number from 1 to 49152"},
		{" {generate: {bytes: 49153}}", "5:41", "a whole number from 1 to 49152"},
		{" {generate: {bytes: many}}", "5:41", "a whole number from 1 to 49152"},
		{" {generate: {bytes: 32769, encoding: hex}}", "5:41",
			"32769 bytes are 65538 characters in hex, but a value has at most 65536"},
		{" {generate: {bytes: 8, encoding: base32}}", "5:54",
			"expected `hex`, `base64` or `base64url`"},
		{" {stdin: false}", "5:30", "must be `true` or omitted"},
		{" {stdin: \"true\"}", "5:30", "`stdin`: expected true, found text"},
		{" {stdin: }", "5:30", "found nothing"},
		{" {env: A, json: a/b}", "5:37", "must start with /"},
		{" {env: A, json: /a~2}", "5:37", "~ must be followed by 0 or 1"},
		{" {env: A, json: /a~}", "5:37", "~ must be followed by 0 or 1"},
		{" {env: A, trim: no}", "5:37", "`trim`: expected true or false"},
		{" &a {env: A, env: B}", "5:34", "duplicate key `env`"},
		{" !!binary aHVzaA==", "5:22", "YAML tags are not supported"},
	};

	(void)state;
	refuse_all(HEAD "  - {name: X, value:%s}\n", wrong, ARRAY_SIZE(wrong));
}

static void bad_tokens_and_keys(void **state)
{
	static const struct wrong tokens[] = {
		{"{generate: {bytes: 32}}", "1:43",
			"`generate` is not allowed here: API tokens are issued by Cloudflare"},
		{"{stdin: true}", "1:43", "`stdin` is not allowed here: every command needs"},
		{"{env: A, file: b}", "1:51", "only one source is allowed, found `env` and `file`"},
		{"{json: /a}", "1:42",
			"`api_token` has no source: expected `env`, `file`, `command` or `dotenv`"},
		{"{dotenv: a}", "1:43", "`dotenv` requires `key`"},
	};
	static const struct wrong keys[] = {
		{"{generate: {bytes: 32}}", "3:15", "the key must be the same in every run"},
		{"hush", "3:14", "found text"},
		{"{}", "3:14", "`key` is empty"},
		{"{trim: true}", "3:14", "`key` has no source"},
	};

	(void)state;
	refuse_all("accounts: {p: {account_id: p, api_token: %s}}\nstores: [s]\n", tokens,
		ARRAY_SIZE(tokens));
	refuse_all("account_id: a1\nstores: [s]\nstate: {key: %s}\n", keys, ARRAY_SIZE(keys));
}

/* A value that stands in the manifest by mistake is in no text of any error. */
static const char *const misplaced[] = {
	"{name: X, value: HUSH-12}",
	"{name: X, value: \"HUSH-12\", scopes: []}",
	"{name: X, vaule: HUSH-12}",
	"{name: a b, value: HUSH-12}",
	"{value: HUSH-12}",
	"{name: X, value: {HUSH-12}}",
	"{name: X, value: {HUSH-12: }}",
	"{name: X, value: {HUSH-12: x}}",
	"{name: X, value: {x: HUSH-12}}",
	"{name: X, value: {env: HUSH-12}}",
	"{name: X, value: {env: [HUSH-12]}}",
	"{name: X, value: {file: \"HUSH-12\\n\"}}",
	"{name: X, value: {file: \"${HUSH-12\"}}",
	"{name: X, value: {dotenv: HUSH-12}}",
	"{name: X, value: {dotenv: a, key: HUSH 12}}",
	"{name: X, value: {command: HUSH-12}}",
	"{name: X, value: {command: [\"\", HUSH-12]}}",
	"{name: X, value: {command: [{HUSH-12: x}]}}",
	"{name: X, value: {generate: HUSH-12}}",
	"{name: X, value: {generate: {bytes: HUSH-12}}}",
	"{name: X, value: {generate: {bytes: 1, encoding: HUSH-12}}}",
	"{name: X, value: {generate: {HUSH-12: 1}}}",
	"{name: X, value: {stdin: HUSH-12}}",
	"{name: X, value: {json: HUSH-12}}",
	"{name: X, value: {trim: HUSH-12}}",
	"{name: X, value: [HUSH-12]}",
	"{name: X, value: !x HUSH-12}",
	"{name: X, value: {env: A, env: HUSH-12}}",
	"HUSH-12",
	"{HUSH-12}",
	"X=HUSH-12",
	"name: X\n    value: HUSH-12",
	"name: X\n    vale: HUSH-12",
	"name: X\n    value: |\n      HUSH-12",
	"name: X\n    value:\n      - HUSH-12",
	"name: X\n    value:\n      env: HUSH-12",
	"name: X\n    value:\n      password: HUSH-12",
	"name: X\n    value: HUSH-12: x",
	"name: X\n\tvalue: HUSH-12",
	"name: X\n    value: \"HUSH-12",
};

static void values_are_never_echoed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(misplaced); i++) {
		struct model desired = {0};
		struct error_list errors CLEANUP(error_list_release) = {0};
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "%s  - %s\n", HEAD, misplaced[i]);
		if (decode(str_text(&text), &desired, &errors))
			fail_msg("accepted: %s", str_text(&text));
		for (size_t j = 0; j < errors.count; j++) {
			const struct error *err = &errors.items[j];
			expect_no_text(err->message, "HU");
			expect_no_text(err->snippet, "HU");
			expect_no_text(err->hint, "HU");
		}
	}
}

static void literals_are_explained(void **state)
{
	struct model desired = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)state;
	assert_false(decode(HEAD "  - name: X\n    value: hush\n", &desired, &errors));
	assert_int_equal(errors.count, 1);
	expect_text(errors.items[0].hint, "Never write a secret in the manifest");
	expect_text(errors.items[0].hint, "{env: NAME}");
	expect_text(errors.items[0].hint, "{file: PATH}");
	expect_text(errors.items[0].hint, "{command: [PROGRAM, ARGUMENT]}");
	expect_text(errors.items[0].hint, "{dotenv: PATH, key: NAME}");
	assert_string_equal(errors.items[0].snippet, "    value: ...");
}

/* ---- standard input ---- */

/* Reads the text as what comes from standard input. */
static bool read_input(struct folder *folder, const char *text, struct error_list *errors)
{
	const char *const path = "-";
	const struct manifest_source source = {.paths = &path, .path_count = 1};
	struct manifest manifest CLEANUP(manifest_release) = {0};
	struct model desired CLEANUP(model_release) = {0};
	int before = dup(STDIN_FILENO);

	folder_write(folder, "in", text);
	int file = open(folder_file(folder, "in"), O_RDONLY | O_CLOEXEC);
	assert_true(before >= 0 && file >= 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO);
	bool is_read = manifest_open(&manifest, &source, errors) &&
		       manifest_read(&manifest, NULL, &desired, errors);
	assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
	close(before);
	close(file);
	if (is_read)
		assert_string_equal(desired.objects[1].value->name, "key.pem");
	return is_read;
}

static void standard_input(void **state)
{
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	assert_true(read_input(*state, HEAD "  - {name: X, value: {file: key.pem}}\n", &errors));
	assert_false(read_input(*state,
		HEAD "  - {name: X, value: {stdin: true}}\n"
		     "state: {key: {stdin: true}}\n",
		&errors));
	assert_int_equal(errors.count, 2);
	expect_text(errors.items[0].message, "standard input can't be both");
	assert_int_equal(errors.items[0].line, 5);
	assert_int_equal(errors.items[1].line, 6);
	/* From a file it may be named any number of times. */
	read_good(HEAD "  - {name: X, value: {stdin: true}}\n"
		       "  - {name: Y, value: {stdin: true, json: /y}}\n"
		       "  - {name: Z, value: {stdin: true}}\n",
		&desired);
	assert_int_equal(desired.object_count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(commands),
		cmocka_unit_test(generated),
		cmocka_unit_test(what_is_made_of_it),
		cmocka_unit_test(tokens_and_keys),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(bad_inside_values),
		cmocka_unit_test(bad_tokens_and_keys),
		cmocka_unit_test(values_are_never_echoed),
		cmocka_unit_test(literals_are_explained),
		test_in_folder(standard_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
