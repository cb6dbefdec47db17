#include "manifest/manifest.h"

#include "unit.h"

#define ID "account_id: 985e105f4ecef8ad9ca31a8372d0c353\n"

static bool decode(const char *text, struct model *desired, struct error_list *errors)
{
	struct str bytes CLEANUP(str_release) = {0};

	str_text_add(&bytes, text);
	return manifest_decode("x.yaml", &bytes, NULL, desired, errors);
}

static bool load(const char *path, struct model *desired, struct error_list *errors)
{
	struct manifest manifest CLEANUP(manifest_release) = {0};
	const struct manifest_source source = {.paths = &path, .path_count = 1};

	return manifest_open(&manifest, &source, errors) &&
	       manifest_read(&manifest, NULL, desired, errors);
}

/* ---- good ones ---- */

/* The addresses of all that is desired, with ! behind what may be adopted. */
static void expect(const char *text, const char *addresses)
{
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str found CLEANUP(str_release) = {0};

	if (!decode(text, &desired, &errors))
		fail_msg("refused: %s: %s", text, errors.items[0].message);
	for (size_t i = 0; i < desired.object_count; i++) {
		const struct object *object = &desired.objects[i];
		str_text_add(&found, i ? " " : "");
		object_add_address(&found, object);
		str_text_add(&found, object->may_adopt ? "!" : "");
		assert_null(object->id);
		assert_string_equal(object->place.file, "x.yaml");
	}
	assert_string_equal(str_text(&found), addresses);
}

static void good_ones(void **state)
{
	(void)state;
	expect(ID "stores: [keys]\n", "default/keys");
	expect(ID "stores:\n  - b\n  - name: a\n    adopt: true\n  - {name: c, adopt: false}\n",
		"default/a! default/b default/c");
	expect("version: 1\n" ID "stores: [\"x\", 'y', z_Z-9.0]\n",
		"default/x default/y default/z_Z-9.0");
	expect("version: \"1\"\n" ID "stores: [a]\n", "default/a");
	expect("accounts:\n  b: {account_id: b1}\n  a: {account_id: a1}\nstores: [s]\n", "a/s b/s");
	expect("accounts:\n  b: {account_id: b1}\n  a: {account_id: a1, api_token: {env: T}}\n"
	       "stores:\n  - {name: s, accounts: [b]}\n  - t\n",
		"a/t b/s b/t");
	expect("stores: &s [a]\n" ID, "default/a");
	expect("accounts:\n  p: &p {account_id: p1}\nstores:\n- &s s\n- name: t\n", "p/s p/t");
	expect("\xef\xbb\xbf" ID "stores:\r\n- a\r\n", "default/a");
	/* What other tools take for a bool, a number or a date is a name here. */
	expect(ID "stores: [no, on, 1e3, 0o17, 2024-01-01, 7, true, 1.0]\n",
		"default/0o17 default/1.0 default/1e3 default/2024-01-01 default/7 default/no "
		"default/on default/true");
	/* Names that differ in case only are two names. */
	expect(ID "stores: [Keys, keys]\n", "default/Keys default/keys");
}

static void places(void **state)
{
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)state;
	assert_true(decode("accounts:\n  p:\n    account_id: p1\n    api_token: {env: TOK}\n"
			   "stores:\n  - a\n  - name: b\n",
		&desired, &errors));
	assert_int_equal(desired.objects[0].place.line, 6);
	assert_int_equal(desired.objects[0].place.column, 5);
	assert_int_equal(desired.objects[1].place.line, 7);
	assert_int_equal(desired.objects[1].place.column, 11);
	assert_int_equal(desired.accounts[0].place.line, 3);
	assert_int_equal(desired.accounts[0].token.kind, VALUE_ENV);
	assert_string_equal(desired.accounts[0].token.name, "TOK");
	assert_int_equal(desired.accounts[0].token.place.line, 4);
}

static void default_account(void **state)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct model desired = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)state;
	str_text_add(&bytes, "stores: [a]\n");
	assert_true(manifest_decode("x", &bytes, "acc9", &desired, &errors));
	assert_string_equal(model_account(&desired, "default")->id, "acc9");
	model_release(&desired);
	str_text_add(&bytes, "account_id: mine\n");
	assert_true(manifest_decode("x", &bytes, "acc9", &desired, &errors));
	assert_string_equal(model_account(&desired, "default")->id, "mine");
	model_release(&desired);
	/* From the environment comes anything. */
	static const char *const bad[] = {"../../user", "", "a b", "a\r\nb", "\x1b[1m", "a%2Fb"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		str_clear(&bytes);
		str_text_add(&bytes, "stores: [a]\n");
		assert_false(manifest_decode("x", &bytes, bad[i], &desired, &errors));
		expect_text(errors.items[i].message, "CLOUDFLARE_ACCOUNT_ID");
		expect_no_text(errors.items[i].message, "\x1b");
		expect_no_text(errors.items[i].message, "\n");
	}
}

/* ---- bad ones: LINE:COLUMN: part of the message, for each error ---- */

struct wrong {
	const char *text;
	struct {
		size_t line, column;
		const char *message;
	} errors[6];
};

static void expect_wrong(const struct wrong *wrong)
{
	struct model desired = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	size_t count = 0;

	while (count < ARRAY_SIZE(wrong->errors) && wrong->errors[count].message)
		count++;
	if (decode(wrong->text, &desired, &errors))
		fail_msg("accepted: %s", wrong->text);
	assert_int_equal(desired.object_count + desired.account_count, 0);
	for (size_t i = 0; i < count && i < errors.count; i++) {
		const struct error *err = &errors.items[i];
		expect_text(err->message, wrong->errors[i].message);
		assert_string_equal(err->file, "x.yaml");
		if (err->line != wrong->errors[i].line || err->column != wrong->errors[i].column)
			fail_msg("%s at %zu:%zu", err->message, err->line, err->column);
		/* Nothing is shown of what has no key of a manifest. */
		bool is_manifest = strstr(wrong->text, "stores:") || strstr(wrong->text, "account");
		assert_true(!err->line || !is_manifest || (err->snippet && err->caret));
	}
	if (errors.count != count)
		fail_msg("%zu errors instead of %zu: %s: %s", errors.count, count, wrong->text,
			errors.items[errors.count - 1].message);
}

static void run_wrong(const struct wrong *wrong, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_wrong(&wrong[i]);
}

static void empty_ones(void **state)
{
	static const struct wrong wrong[] = {
		{"", {{0, 0, "the manifest is empty"}}},
		{"\n\n", {{0, 0, "the manifest is empty"}}},
		{"# nothing\n", {{0, 0, "the manifest is empty"}}},
		{"---\n", {{0, 0, "the manifest is empty"}}},
		{"~\n", {{0, 0, "the manifest is empty"}}},
		{"{}\n", {{1, 1, "no account is set"}, {1, 1, "`stores` is missing"}}},
		{ID, {{1, 1, "`stores` is missing"}}},
		{ID "stores: []\n", {{2, 9, "`stores` is empty"}}},
		{ID "stores:\n", {{2, 8, "`stores`: expected a list of stores, found nothing"}}},
		{"account_id:\nstores: [a]\n", {{1, 12, "`account_id`: expected an account id"}}},
		{"stores: [a]\n", {{1, 1, "no account is set"}}},
		{"accounts: {}\nstores: [a]\n", {{1, 11, "`accounts` is empty"}}},
		{"accounts: {p: {account_id: x}}\nstores: [{name: a, accounts: []}]\n",
			{{2, 30, "`accounts` is empty"}}},
	};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
}

static void wrong_types(void **state)
{
	static const struct wrong wrong[] = {
		{"- a\n", {{1, 1, "expected a map with `stores`, found a list"}}},
		{"text\n", {{1, 1, "found text"}}},
		{"\"\"\n", {{1, 1, "found text"}}},
		{ID "stores: a\n", {{2, 9, "found text"}}},
		{ID "stores: {a: b}\n", {{2, 9, "found a map"}}},
		{ID "stores: [[a]]\n", {{2, 10, "found a list"}}},
		{ID "stores:\n-\n- ~\n", {{3, 2, "found nothing"}, {4, 3, "found nothing"}}},
		{ID "stores: [{name: {a: b}}]\n", {{2, 17, "found a map"}}},
		{ID "stores: [{name: a, adopt: yes}]\n",
			{{2, 27, "`adopt`: expected true or false"}}},
		{ID "stores: [{name: a, adopt: \"true\"}]\n", {{2, 27, "`adopt`"}}},
		{ID "stores: [{name: a, adopt: True}]\n", {{2, 27, "`adopt`"}}},
		{ID "stores: [{name: a, accounts: p}]\n", {{2, 30, "found text"}}},
		{"accounts: [p]\nstores: [a]\n", {{1, 11, "a map of aliases"}}},
		{"accounts: {p: x}\nstores: [a]\n", {{1, 15, "a map with `account_id`"}}},
		{"account_id: [x]\nstores: [a]\n", {{1, 13, "found a list"}}},
		{"version: 2\n" ID "stores: [a]\n", {{1, 10, "expected `1`"}}},
		{"version: 1.0\n" ID "stores: [a]\n", {{1, 10, "expected `1`"}}},
		{"version:\n" ID "stores: [a]\n", {{1, 9, "the number 1"}}},
	};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
}

static void wrong_names(void **state)
{
	static const struct wrong wrong[] = {
		{ID "stores: [\"\"]\n", {{2, 10, "must not be empty"}}},
		{ID "stores: [a b]\n", {{2, 10, "` ` (character"}}},
		{ID "stores: [a/b]\n", {{2, 10, "`/` (character"}}},
		{ID "stores: [..]\n", {{2, 10, "reserved for paths"}}},
		{ID "stores: [.]\n", {{2, 10, "reserved for paths"}}},
		{ID "stores: [a%2Fb]\n", {{2, 10, "`%` (character"}}},
		{ID "stores: [\"a\\e[31m\"]\n", {{2, 10, "`\\x1b` (character"}}},
		{ID "stores: [\"a\\u202eb\"]\n", {{2, 10, "`\\u202e` (character"}}},
		{ID "stores: [b\xc3\xa4r]\n", {{2, 10, "`\xc3\xa4` (character"}}},
		{ID "stores:\n- |\n  a\n", {{3, 3, "`\\x0a` (character"}}},
		{"account_id: ../../user\nstores: [a]\n", {{1, 13, "`.` (character"}}},
		{"account_id: 123456789012345678901234567890123\nstores: [a]\n",
			{{1, 13, "33 characters, but at most 32"}}},
		{"accounts: {a b: {account_id: x}}\nstores: [a]\n", {{1, 12, "` ` (character"}}},
		{"accounts: {\"\": {account_id: x}}\nstores: [a]\n",
			{{1, 12, "must not be empty"}}},
		{"accounts: {a/b: {account_id: x}}\nstores: [a]\n", {{1, 12, "`/` (character"}}},
		{"accounts: {\"\\e[1m\": 5}\nstores: [a]\n",
			{{1, 12, "`\\x1b`"}, {1, 21, "expected a map"}}},
	};
	struct str name CLEANUP(str_release) = {0};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
	str_text_add(&name, ID "stores: [");
	str_repeat(&name, 'x', 255);
	str_text_add(&name, "x]\n");
	expect_wrong(
		&(struct wrong){str_text(&name), {{2, 10, "256 characters, but at most 255"}}});
}

static void unknown_keys(void **state)
{
	static const struct wrong wrong[] = {
		{ID "store: [a]\n", {{2, 1, "unknown key `store`; did you mean `stores`?"}}},
		{ID "stores: [{namee: a}]\n",
			{{2, 11, "did you mean `name`?"}, {2, 10, "`name` is missing"}}},
		{ID "stores: [{name: a, vulae: b}]\n", {{2, 20, "unknown key `vulae`"}}},
		{ID "Stores: [a]\n", {{2, 1, "did you mean `stores`?"}}},
		{"acount_id: x\nstores: [a]\n", {{1, 1, "did you mean `account_id`?"}}},
		{ID "stores: [{name: a, \"\\e]0;x\": b}]\n", {{2, 20, "unknown key `\\x1b]0;x`"}}},
		{ID "stores: [a]\n? \"\"\n: x\n", {{3, 3, "unknown key ``"}}},
		{"accounts: {p: {account_id: x, token: {env: T}}}\nstores: [a]\n",
			{{1, 31, "unknown key `token`"}}},
		{"accounts: {p: {account_id: x, api_token: {fiel: t}}}\nstores: [a]\n",
			{{1, 43, "unknown key `fiel`; did you mean `file`?"}}},
		{"accounts: {p: {account_id: x, api_token: {vault: t}}}\nstores: [a]\n",
			{{1, 43, "unknown key"}}},
	};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
}

static void doubles(void **state)
{
	static const struct wrong wrong[] = {
		{ID "stores: [a, b, a]\n", {{2, 16, "store `a` is declared twice"}}},
		{ID "stores:\n- b\n- name: a\n- a\n",
			{{5, 3,
				"store `a` is declared twice for account `default`, first at "
				"x.yaml:4"}}},
		{"accounts: {p: {account_id: x}}\nstores:\n- a\n- {name: a, accounts: [p]}\n",
			{{4, 10, "is declared twice for account `p`, first at x.yaml:3"}}},
		{"accounts: {p: {account_id: x}}\nstores: [{name: a, accounts: [p, p]}]\n",
			{{2, 17, "is declared twice for account `p`"}}},
		{"accounts: {p: {account_id: x}, q: {account_id: x}}\nstores: [a]\n",
			{{1, 48, "`p` and `q` have the same account id"}}},
		{ID ID "stores: [a]\n", {{2, 1, "duplicate key `account_id`"}}},
		{"accounts: {p: {account_id: x}, p: {account_id: y}}\nstores: [a]\n",
			{{1, 32, "duplicate key `p`"}}},
		{ID "accounts: {p: {account_id: x}}\nstores: [a]\n",
			{{1, 13, "`account_id` can't be combined with `accounts`"}}},
	};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
}

static void aliases(void **state)
{
	static const struct wrong wrong[] = {
		{"accounts: {prod: {account_id: x}}\nstores: [{name: a, accounts: [prud]}]\n",
			{{2, 31, "unknown account `prud`; did you mean `prod`?"}}},
		{"accounts: {prod: {account_id: x}}\nstores: [{name: a, accounts: [dev, prod]}]\n",
			{{2, 31, "unknown account `dev`"}}},
		{ID "stores: [{name: a, accounts: [other]}]\n",
			{{2, 31, "unknown account `other`"}}},
	};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
}

/* All that is wrong is told at once, as it stands in the file. */
static void many_errors(void **state)
{
	static const struct wrong wrong[] = {
		{"verzion: 1\n" ID "stores:\n  - a b\n  - {namf: x, adopt: 1}\n  - [c]\n",
			{{1, 1, "did you mean `version`"}, {4, 5, "a b"},
				{5, 6, "did you mean `name`"}, {5, 22, "`adopt`"},
				{5, 5, "`name` is missing"}, {6, 5, "a list"}}},
		{"accounts:\n  p: {account_id: x}\n  q: {account_id: x}\nstores:\n"
		 "  - {name: a, accounts: [r]}\n  - {name: b, accounts: [s]}\n  - c\n  - c\n",
			{{3, 19, "the same account"}, {5, 26, "`r`"}, {6, 26, "`s`"},
				{8, 5, "for account `p`"}, {8, 5, "for account `q`"}}},
		{ID "stores: [b, a, b, a]\n", {{2, 16, "`b`"}, {2, 19, "`a`"}}},
	};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
}

/* ---- secrets ---- */

/* A token that stands in the manifest by mistake is in no text of any error. */
static void tokens_are_never_echoed(void **state)
{
	static const char *const texts[] = {
		"accounts:\n  p:\n    account_id: x\n    api_token: HUSH-12\nstores: [a]\n",
		"accounts:\n  p:\n    account_id: x\n    api_tokn: HUSH-12\nstores: [a]\n",
		"accounts:\n  p:\n    api_token: HUSH-12\nstores: [a]\n",
		"accounts:\n  p:\n    api_tokn: HUSH-12\nstores: [a]\n",
		"accounts:\n  p: {api_token: HUSH-12}\nstores: [a]\n",
		"accounts:\n  p: {api_token: HUSH-12, bogus: 1}\nstores: [a]\n",
		"accounts:\n  p: {api_tokn: \"HUSH-12\", account_id: [x]}\nstores: [a]\n",
		"accounts:\n  p: {account_id: \"x y\", api_token: HUSH-12}\nstores: [a]\n",
		"accounts:\n  p: {account_id: x, api_token: {env: HUSH-12}}\nstores: [a]\n",
		"accounts:\n  p:\n    account_id: x\n    api_token:\n      env: HUSH-12\n",
		"accounts:\n  p: {account_id: x, api_token: [HUSH-12]}\nstores: [a]\n",
		"accounts:\n  p: {account_id: x, api_token: {HUSH-12}}\nstores: [a]\n",
		"accounts:\n  p: {account_id: x, api_token: {value: HUSH-12}}\nstores: [a]\n",
		"accounts:\n  p: {account_id: x, api_token: {env: [HUSH-12]}}\nstores: [a]\n",
		"accounts:\n  p:\n    account_id: x\n    api_token: |\n      HUSH-12\n",
		"accounts:\n  p:\n    account_id: x\n    api_token: !secret HUSH-12\nstores: [a]\n",
		"accounts:\n  p:\n    account_id: x\n    api_token: \"HUSH-12\nstores: [a]\n",
		"accounts:\n  p:\n    account_id: x\n    api_token: HUSH-12: x\nstores: [a]\n",
		"accounts:\n  p:\n    account_id: x\n\tapi_token: HUSH-12\nstores: [a]\n",
		"accounts:\n  p:\n    api_token: {env: A}\n    api_token: HUSH-12\n",
		"accounts:\n  - api_token: HUSH-12\nstores: [a]\n",
		"api_token: HUSH-12\nstores: [a]\n",
		"api_token: HUSH-12\n",
		"{api_token: HUSH-12, stores: [a]}\n",
		"{\"api_token\":\"HUSH-12\",\"stores\":[\"a b\"]}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct model desired = {0};
		struct error_list errors CLEANUP(error_list_release) = {0};
		if (decode(texts[i], &desired, &errors))
			fail_msg("accepted: %s", texts[i]);
		for (size_t j = 0; j < errors.count; j++) {
			const struct error *err = &errors.items[j];
			expect_no_text(err->message, "HU");
			expect_no_text(err->snippet, "HU");
			expect_no_text(err->hint, "HU");
		}
	}
}

static void source_is_needed(void **state)
{
	static const struct wrong wrong[] = {
		{"accounts: {p: {account_id: x, api_token: {}}}\nstores: [a]\n",
			{{1, 42, "`api_token` is empty"}}},
		{"accounts: {p: {account_id: x, api_token: }}\nstores: [a]\n",
			{{1, 42, "`api_token`: expected a source"}}},
		{"accounts: {p: {account_id: x, api_token: {env: \"\"}}}\nstores: [a]\n",
			{{1, 48, "must not be empty"}}},
	};

	(void)state;
	run_wrong(wrong, ARRAY_SIZE(wrong));
}

/* ---- what terminals obey ---- */

static void nothing_plays_tricks(void **state)
{
	static const char *const texts[] = {
		"accounts: {\"\\e[1m\": 5}\nstores: [a]\n",
		"accounts: {\"\\e[1m\": {account_id: [x]}}\nstores: [a]\n",
		"accounts: {\"\\e[1m\": {account_id: x}, \"\\e[2m\": {account_id: x}}\n",
		"\"\\e[1m\": 1\nstores: [\"\\e\", {\"\\e\": 1, name: \"\\e\"}]\n",
		"account_id: \"\\e\"\nstores: [{name: a, accounts: [\"\\e\"]}]\n",
		"version: \"\\e\\n\"\nstores: [a]\n",
		"# \xc2\x9b\n\"\xc2\x9b\": \xe2\x80\xae\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct model desired = {0};
		struct error_list errors CLEANUP(error_list_release) = {0};
		assert_false(decode(texts[i], &desired, &errors));
		for (size_t j = 0; j < errors.count; j++) {
			expect_no_text(errors.items[j].message, "\x1b");
			expect_no_text(errors.items[j].message, "\n");
			expect_no_text(errors.items[j].snippet, "\xc2\x9b");
			expect_no_text(errors.items[j].snippet, "\xe2\x80\xae");
		}
	}
}

/* ---- files ---- */

static void refuse_file(struct folder *folder, const char *name, const char *message)
{
	struct model desired = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	assert_false(load(folder_file(folder, name), &desired, &errors));
	assert_int_equal(errors.count, 1);
	expect_text(errors.items[0].message, message);
}

static void files(void **state)
{
	struct folder *folder = *state;
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	refuse_file(folder, "absent.yaml", "absent.yaml");
	refuse_file(folder, ".", "there is no manifest in the directory");
	assert_int_equal(symlink("/dev/zero", folder_file(folder, "zero")), 0);
	refuse_file(folder, "zero", "not a regular file");
	assert_int_equal(symlink("loop", folder_file(folder, "loop")), 0);
	refuse_file(folder, "loop", "loop");
	folder_write(folder, "good.yaml", ID "stores: [a]\n");
	assert_int_equal(symlink("good.yaml", folder_file(folder, "link")), 0);
	assert_true(load(folder_file(folder, "link"), &desired, &errors));
	assert_int_equal(desired.object_count, 1);
}

/* 100,000 stores, in one line and in many: neither slow nor deep. */
static void many_stores(void **state)
{
	enum { MANY = 100000 };

	(void)state;
	for (int form = 0; form < 2; form++) {
		struct model desired CLEANUP(model_release) = {0};
		struct error_list errors CLEANUP(error_list_release) = {0};
		struct str text CLEANUP(str_release) = {0};
		str_text_add(&text, form ? ID "stores: [" : ID "stores:\n");
		for (int i = 0; i < MANY; i++)
			str_format(&text, form ? "s%d, " : "- s%d\n", i);
		str_text_add(&text, form ? "]\n" : "");
		assert_true(decode(str_text(&text), &desired, &errors));
		assert_int_equal(desired.object_count, MANY);
	}
}

/* What is wrong in the whole is also wrong in a part of it that is read later. */
static void parts_of_a_wrong_one(void **state)
{
	struct manifest manifest CLEANUP(manifest_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct model model CLEANUP(model_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&bytes, "accounts:\n  a: x${\nstores: [s]\n");
	assert_true(documents_add(&manifest.documents, "x.yaml", &bytes, &errors));
	for (size_t i = 1; i <= 3; i++) {
		assert_false(i % 2 ? manifest_read(&manifest, NULL, &model, &errors)
				   : manifest_accounts(&manifest, &model, &errors));
		assert_int_equal(errors.count, i);
		assert_string_equal(errors.items[i - 1].message, errors.items[0].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(places),
		cmocka_unit_test(default_account),
		cmocka_unit_test(empty_ones),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(wrong_names),
		cmocka_unit_test(unknown_keys),
		cmocka_unit_test(doubles),
		cmocka_unit_test(aliases),
		cmocka_unit_test(many_errors),
		cmocka_unit_test(tokens_are_never_echoed),
		cmocka_unit_test(source_is_needed),
		cmocka_unit_test(nothing_plays_tricks),
		test_in_folder(files),
		cmocka_unit_test(many_stores),
		cmocka_unit_test(parts_of_a_wrong_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
