/* Secrets in manifests: each key, and all that can be wrong with them. */
#include "reading.h"

static void what_is_left_out(void **state)
{
	struct model desired CLEANUP(model_release) = {0};
	const struct object *it = read_one("{name: X, value: {env: Y}}", &desired);

	(void)state;
	assert_string_equal(it->account, "default");
	assert_string_equal(it->store, "s");
	assert_string_equal(it->secret, "X");
	assert_null(it->id);
	assert_string_equal(it->scopes, "workers");
	assert_null(it->comment);
	assert_int_equal(it->version, 1);
	assert_false(it->is_written_once || it->keeps_no_fingerprint || it->may_adopt);
	assert_false(it->prevent_destroy || it->forget_on_remove);
	assert_int_equal(it->on_drift, ON_DRIFT_REWRITE);
	assert_int_equal(it->value->kind, VALUE_ENV);
	assert_string_equal(it->value->name, "Y");
	assert_null(it->value->pointer);
	assert_false(it->value->keeps_last_newline);
	assert_string_equal(it->place.file, "in/x.yaml");
	assert_int_equal(it->place.line, 5);
	assert_int_equal(it->place.column, 12);
	assert_int_equal(it->value->place.line, 5);
	assert_int_equal(it->value->place.column, 22);
	assert_int_equal(desired.key.kind, VALUE_NONE);
}

static void all_that_can_be_said(void **state)
{
	struct model desired CLEANUP(model_release) = {0};
	const struct object *it = read_one(
		"{name: X_y-9, scopes: [workers, dex, ai_gateway], comment: \"a: b, 'c' $5 # "
		"\xc3\xa4\", "
		"value: {env: Y}, version: 12, update: if_absent, on_drift: warn, "
		"fingerprint: none, adopt: true, prevent_destroy: true, on_remove: forget}",
		&desired);

	(void)state;
	assert_string_equal(it->secret, "X_y-9");
	assert_string_equal(it->scopes, "ai_gateway,dex,workers");
	assert_string_equal(it->comment, "a: b, 'c' $5 # \xc3\xa4");
	assert_int_equal(it->version, 12);
	assert_true(it->is_written_once && it->keeps_no_fingerprint && it->may_adopt);
	assert_true(it->prevent_destroy && it->forget_on_remove);
	assert_int_equal(it->on_drift, ON_DRIFT_WARN);
}

static void the_other_words(void **state)
{
	struct model a CLEANUP(model_release) = {0}, b CLEANUP(model_release) = {0};
	const struct object *it = read_one(
		"{name: X, comment: \"\", value: {env: Y}, update: always, on_drift: ignore, "
		"adopt: false, on_remove: destroy, version: 1000000000}",
		&a);

	(void)state;
	assert_null(it->comment);
	assert_false(it->is_written_once || it->may_adopt || it->forget_on_remove);
	assert_int_equal(it->on_drift, ON_DRIFT_IGNORE);
	assert_int_equal(it->version, 1000000000);
	it = read_one("{name: 2024-01-01, value: {env: no}, on_drift: rewrite}", &b);
	assert_string_equal(it->secret, "2024-01-01");
	assert_string_equal(it->value->name, "no");
}

/* A store's `adopt` and the like are its own. */
static void nothing_is_inherited(void **state)
{
	struct model desired CLEANUP(model_release) = {0};

	(void)state;
	read_good("account_id: a1\nstores:\n- {name: s, adopt: true, prevent_destroy: true, "
		  "on_remove: forget, secrets: [{name: X, value: {env: Y}}]}\n",
		&desired);
	assert_true(desired.objects[0].may_adopt);
	assert_false(desired.objects[1].may_adopt || desired.objects[1].prevent_destroy ||
		     desired.objects[1].forget_on_remove);
}

static void several_accounts(void **state)
{
	struct model desired CLEANUP(model_release) = {0};
	struct str found CLEANUP(str_release) = {0};

	(void)state;
	read_good("accounts: {q: {account_id: q1}, p: {account_id: p1}}\nstores:\n"
		  "- name: s\n  secrets: [{name: B, value: {env: B}}, {name: A, value: {env: A}}]\n"
		  "- {name: t, accounts: [q], secrets: [{name: A, value: {env: A}}]}\n"
		  "- {name: u, accounts: [p], secrets: []}\n",
		&desired);
	for (size_t i = 0; i < desired.object_count; i++) {
		str_text_add(&found, i ? " " : "");
		object_add_address(&found, &desired.objects[i]);
	}
	assert_string_equal(str_text(&found), "p/s p/s/A p/s/B p/u q/s q/s/A q/s/B q/t q/t/A");
}

/* ---- bad ones ---- */

static void bad_secrets(void **state)
{
	static const struct wrong wrong[] = {
		{"{value: {env: A}}", "5:5", "`name` is missing"},
		{"{name: X}", "5:5", "`value` is missing"},
		{"X", "5:5", "expected a secret (a map with `name` and `value`), found text"},
		{"[X]", "5:5", "found a list"},
		{"", "5:4", "found nothing"},
		{"{name: X, vaule: 1, value: {env: A}}", "5:15",
			"unknown key `vaule`; did you mean `value`?"},
		{"{name: X, env: A, value: {env: A}}", "5:15", "unknown key `env`"},
		{"{name: \"\", value: {env: A}}", "5:12", "must not be empty"},
		{"{name: a b, value: {env: A}}", "5:12", "` ` (character"},
		{"{name: a.b, value: {env: A}}", "5:12", "`.` (character"},
		{"{name: a/b, value: {env: A}}", "5:12", "`/` (character"},
		{"{name: .., value: {env: A}}", "5:12", "`.` (character"},
		{"{name: a%2Fb, value: {env: A}}", "5:12", "`%` (character"},
		{"{name: \"a\\e[1m\", value: {env: A}}", "5:12", "`\\x1b` (character"},
		{"{name: \"a\\u202e\", value: {env: A}}", "5:12", "`\\u202e` (character 2)"},
		{"{name: [X], value: {env: A}}", "5:12", "found a list"},
		{"{name: , value: {env: A}}", "5:12", "found nothing"},
	};
	struct str name CLEANUP(str_release) = {0};

	(void)state;
	refuse_all(HEAD "  - %s\n", wrong, ARRAY_SIZE(wrong));
	str_text_add(&name, HEAD "  - {value: {env: A}, name: ");
	str_repeat(&name, 'x', 256);
	str_text_add(&name, "}\n");
	refuse(str_text(&name), "5:29", "too long: 256 characters, but at most 255 are allowed", 1);
}

static void bad_lists(void **state)
{
	static const struct wrong wrong[] = {
		{"secrets: {X: hush}", "4:12",
			"`secrets`: expected a list of secrets, found a map"},
		{"secrets: hush", "4:12", "found text"},
		{"secrets:", "4:11", "found nothing"},
		{"secret: []", "4:3", "unknown key `secret`; did you mean `secrets`?"},
		{"secrets: [{name: X, value: {env: A}}, {name: X, value: {env: B}}]", "4:48",
			"secret `X` is declared twice in this store, first at in/x.yaml:4"},
	};

	(void)state;
	refuse_all("account_id: a1\nstores:\n- name: s\n  %s\n", wrong, ARRAY_SIZE(wrong));
	/* One name in two stores is fine, and so are names that differ in case. */
	struct model desired CLEANUP(model_release) = {0};
	read_good("account_id: a1\nstores:\n- {name: s, secrets: [{name: X, value: {env: A}}, "
		  "{name: x, value: {env: A}}]}\n"
		  "- {name: t, secrets: [{name: X, value: {env: A}}]}\n",
		&desired);
	assert_int_equal(desired.object_count, 5);
	/* It is one store, not two with a secret each; and one error for all accounts. */
	refuse("account_id: a1\nstores:\n- {name: s, secrets: [{name: X, value: {env: A}}]}\n"
	       "- {name: s, secrets: [{name: X, value: {env: B}}]}\n",
		"4:10", "store `s` is declared twice for account `default`", 1);
	refuse("accounts: {p: {account_id: p}, q: {account_id: q}}\nstores:\n"
	       "- {name: s, secrets: [{name: X, value: {env: A}}, {name: X, value: {env: A}}]}\n",
		"3:58", "secret `X` is declared twice in this store", 1);
}

static void bad_fields(void **state)
{
	static const struct wrong wrong[] = {
		{"scopes: []", "5:43", "`scopes` is empty"},
		{"scopes: workers", "5:43", "a list of scopes such as [workers], found text"},
		{"scopes: [\"\"]", "5:44", "must not be empty"},
		{"scopes: [~]", "5:44", "found nothing"},
		{"scopes: [a b]", "5:44", "` ` (character"},
		{"scopes: [\"a,b\"]", "5:44", "`,` (character"},
		{"scopes: [workers, dex, workers]", "5:58", "`workers` is listed twice"},
		{"comment: [x]", "5:44", "found a list"},
		{"comment: ", "5:44", "found nothing"},
		{"comment: \"a\\nb\"", "5:44", "`\\x0a` (character"},
		{"comment: \"a\\e[1m\"", "5:44", "`\\x1b` (character"},
		{"comment: \"\\N\"", "5:44", "`\\u0085` (character"},
		{"comment: \"\\x7f\"", "5:44", "`\\x7f` (character"},
		{"version: 0", "5:44", "must be a whole number from 1 to 1000000000"},
		{"version: 1000000001", "5:44", "must be a whole number"},
		{"version: 99999999999999999999999", "5:44", "must be a whole number"},
		{"version: -1", "5:44", "must be a whole number"},
		{"version: 1.0", "5:44", "invalid version `1.0`"},
		{"version: 1e3", "5:44", "must be a whole number"},
		{"version: 0o17", "5:44", "must be a whole number"},
		{"version: 010", "5:44", "must be a whole number"},
		{"version: true", "5:44", "must be a whole number"},
		{"version: \"2\"", "5:44", "`version`: expected a whole number, found text"},
		{"version: [2]", "5:44", "found a list"},
		{"version: ~", "5:44", "found nothing"},
		{"update: never", "5:43", "expected `always` or `if_absent`"},
		{"update: if_absnt", "5:43", "did you mean `if_absent`?"},
		{"on_drift: true", "5:45", "expected `rewrite`, `warn` or `ignore`"},
		{"fingerprint: hmac", "5:48", "expected `none`"},
		{"adopt: yes", "5:42", "`adopt`: expected true or false"},
		{"prevent_destroy: 1", "5:52", "`prevent_destroy`: expected true or false"},
		{"on_remove: keep", "5:46", "expected `destroy` or `forget`"},
	};

	(void)state;
	refuse_all(HEAD "  - {name: X, value: {env: HUSH}, %s}\n", wrong, ARRAY_SIZE(wrong));
}

/* ---- variables ---- */

static void variables_around_values(void **state)
{
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)state;
	setenv("CFPROV_VAR_UNIT_WORD", "HUSH-12", 1);
	const struct object *it =
		read_one("{name: \"X-${UNIT_WORD}\", comment: \"${UNIT_WORD} $$\", "
			 "scopes: [\"${NO:-dex}\"], version: 3, "
			 "value: {command: [\"${UNIT_WORD}\"], json: \"/$${A}\"}}",
			&desired);
	assert_string_equal(it->secret, "X-HUSH-12");
	assert_string_equal(it->comment, "HUSH-12 $");
	assert_string_equal(it->scopes, "dex");
	assert_int_equal(it->version, 3);
	assert_string_equal(it->value->argv[0], "${UNIT_WORD}");
	assert_string_equal(it->value->pointer, "/$${A}");
	/* What they bring is not shown, also of doubles. */
	assert_false(decode(HEAD "  - {name: \"${UNIT_WORD}\", value: {env: A}}\n"
				 "  - {name: \"${UNIT_WORD}\", value: {env: A}, "
				 "scopes: [\"${UNIT_WORD}!\"]}\n"
				 "  - name: Y\n    version: ${UNIT_WORD}\n    value: {env: B}\n",
		&(struct model){0}, &errors));
	assert_false(decode(HEAD "  - {name: \"${UNIT_WORD}\", value: {env: A}}\n"
				 "  - {name: \"${UNIT_WORD}\", value: {env: A}}\n",
		&(struct model){0}, &errors));
	assert_int_equal(errors.count, 3);
	for (size_t i = 0; i < errors.count; i++) {
		expect_no_text(errors.items[i].message, "HUSH");
		expect_no_text(errors.items[i].snippet, "HUSH");
	}
	expect_text(errors.items[2].message, "secret `${UNIT_WORD}` is declared twice");
	unsetenv("CFPROV_VAR_UNIT_WORD");
}

/* ---- warnings ---- */

static void unknown_scopes(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_file(folder, "m.yaml");
	const struct manifest_source source = {.paths = &path, .path_count = 1};
	struct manifest manifest CLEANUP(manifest_release) = {0};
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	folder_write(folder, "m.yaml",
		HEAD "  - {name: X, value: {env: A}, scopes: [workers, workrs, images]}\n");
	assert_true(manifest_open(&manifest, &source, &errors));
	assert_true(manifest_read(&manifest, NULL, &desired, &errors));
	assert_string_equal(desired.objects[1].scopes, "images,workers,workrs");
	assert_int_equal(manifest.warnings.count, 2);
	const struct error *first = &manifest.warnings.items[0];
	expect_text(first->message, "unknown scope `workrs`; did you mean `workers`?");
	assert_int_equal(first->line, 5);
	assert_int_equal(first->column, 50);
	expect_text(first->hint, "workers, ai_gateway, dex, access, containers, websearch");
	expect_text(manifest.warnings.items[1].message, "unknown scope `images`");
	expect_no_text(manifest.warnings.items[1].message, "did you mean");
}

/* ---- moved and removed ---- */

#define MOVES                                                                                      \
	"accounts: {p: {account_id: a}, q: {account_id: b}}\n"                                     \
	"stores: [{name: s, secrets: [{name: X, value: {env: A}}, {name: Y, value: {env: A}}]}]\n"

static void good_moves(void **state)
{
	struct model desired CLEANUP(model_release) = {0};

	(void)state;
	read_good(MOVES "moved: [{from: p/s/OLD, to: p/s/X}, {from: q/s/OLD, to: q/s/X}]\n"
			"removed: [{from: p/s/Z, destroy: false}, {from: q/t/X}]\n",
		&desired);
	assert_int_equal(desired.move_count, 2);
	assert_string_equal(desired.moves[0].from, "p/s/OLD");
	assert_string_equal(desired.moves[0].to, "p/s/X");
	assert_int_equal(desired.removal_count, 2);
	assert_string_equal(desired.removals[0].from, "p/s/Z");
	assert_false(desired.removals[0].destroys);
}

static void bad_moves(void **state)
{
	static const struct wrong wrong[] = {
		{"moved: [{from: p/s/A, to: p/s/B}]", "3:9",
			"a secret is moved to `p/s/B`, which is not declared"},
		{"moved: [{from: p/s/A, to: r/s/A}]", "3:27", "can't be moved to another store"},
		{"moved: [{from: p/s/A, to: q/s/X}]", "3:27", "can't be moved to another store"},
		{"moved: [{from: p/ss/A, to: p/s/X}]", "3:28", "can't be moved to another store"},
		{"moved: [{from: p/s/A, to: p/s}]", "3:9",
			"must both be aliases or both be secrets"},
		{"moved: [{from: p/s/X, to: p/s/Y}]", "3:9",
			"`p/s/X` is moved, but still declared at in/x.yaml:2"},
		{"moved: [{from: p/s/X, to: p/s/X}]", "3:9", "are the same"},
		{"moved: [{from: p/s/A, to: p/s/X}, {from: p/s/A, to: p/s/Y}]", "3:35",
			"`p/s/A` is moved twice"},
		{"moved: [{from: p/s/A, to: p/s/X}, {from: p/s/B, to: p/s/X}]", "3:35",
			"two moves have the destination `p/s/X`"},
		{"moved: [{from: r/s/A, to: r/s/X}]", "3:9", "unknown account `r`"},
		{"moved: [{from: p/s/A/B, to: p/s/X}]", "3:16", "found 4 parts separated by /"},
		{"moved: [{from: p/s/, to: p/s/X}]", "3:16", "must not be empty (part 3)"},
		{"removed: [{from: q/s/Y}]", "3:11",
			"`q/s/Y` is removed, but still declared at in/x.yaml:2"},
		{"removed: [{from: q/s/Z}, {from: q/s/Z}]", "3:26", "`q/s/Z` is removed twice"},
		{"removed: [{from: q/s/Z/A}]", "3:18", "found 4 parts separated by /"},
		{"removed: [{from: q/s/a.b}]", "3:18", "`.` (character"},
	};

	(void)state;
	refuse_all(MOVES "%s\n", wrong, ARRAY_SIZE(wrong));
}

/* ---- several files ---- */

static void files(void **state)
{
	struct folder *folder = *state;
	const char *const paths[] = {folder_file(folder, "a.yaml"), folder_file(folder, "b.yaml")};
	const struct manifest_source source = {.paths = paths, .path_count = 2};
	struct manifest manifest CLEANUP(manifest_release) = {0};
	struct model desired = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	folder_write(folder, "a.yaml",
		HEAD "  - {name: X, value: {env: A}}\n"
		     "state: {key: {env: K}}\n");
	folder_write(folder, "b.yaml",
		"stores: [{name: s, secrets: [{name: Y, value: {env: B}}]}]\n"
		"state: {key: {env: K}}\n");
	assert_true(manifest_open(&manifest, &source, &errors));
	assert_false(manifest_read(&manifest, NULL, &desired, &errors));
	assert_int_equal(errors.count, 2);
	expect_text(errors.items[0].message, "store `s` is declared twice for account `default`");
	expect_text(errors.items[1].message, "`key` is set twice, first at ");
	expect_text(errors.items[1].message, "a.yaml:6");
}

/* 100,000 secrets are neither slow nor deep. */
static void many(void **state)
{
	enum { MANY = 100000 };
	struct model desired CLEANUP(model_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&text, HEAD);
	for (int i = 0; i < MANY; i++)
		str_format(&text, "  - {name: S%d, value: {env: S%d}, scopes: [dex]}\n", i, i);
	read_good(str_text(&text), &desired);
	assert_int_equal(desired.object_count, MANY + 1);
}

/* Adds a store of the first `secrets` secrets S0, S1 and so on. */
static void add_store(struct str *text, const char *name, int secrets)
{
	str_format(text, "- name: %s\n  secrets:\n", name);
	for (int i = 0; i < secrets; i++)
		str_format(text, "  - {name: S%d, value: {env: S}}\n", i);
}

/* fault D5: a manifest of 50 KB meant a million objects, and one of 100 KB all memory */
static void objects_are_bounded(void **state)
{
	enum { ACCOUNTS = 1001 };
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&text, "accounts:\n");
	for (int i = 0; i < ACCOUNTS; i++)
		str_format(&text, "  a%d: {account_id: i%d}\n", i, i);
	str_text_add(&text, "stores:\n- small\n");
	/* Each of these is too large alone; it is reported once. */
	add_store(&text, "large", 999);
	add_store(&text, "larger", 1000);
	refuse(str_text(&text), "1005:9", "more than 1000000 stores and secrets in all accounts",
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_out),
		cmocka_unit_test(all_that_can_be_said),
		cmocka_unit_test(the_other_words),
		cmocka_unit_test(nothing_is_inherited),
		cmocka_unit_test(several_accounts),
		cmocka_unit_test(bad_secrets),
		cmocka_unit_test(bad_lists),
		cmocka_unit_test(bad_fields),
		cmocka_unit_test(variables_around_values),
		test_in_folder(unknown_scopes),
		cmocka_unit_test(good_moves),
		cmocka_unit_test(bad_moves),
		test_in_folder(files),
		cmocka_unit_test(many),
		cmocka_unit_test(objects_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
