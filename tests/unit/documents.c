#include "manifest/manifest.h"

#include "unit.h"

/* ---- helpers ---- */

struct outcome {
	struct folder *folder;
	const char *paths[4];
	size_t path_count;
	const char *variables[4];
	size_t variable_count;
	struct model model;
	struct error_list errors;
	bool is_good;
};

static void add_file(struct outcome *o, const char *name, const char *text)
{
	folder_write(o->folder, name, text);
	o->paths[o->path_count++] = folder_file(o->folder, name);
}

static void add_variable(struct outcome *o, const char *pair)
{
	o->variables[o->variable_count++] = pair;
}

static struct manifest_source source_of(const struct outcome *o)
{
	return (struct manifest_source){
		o->paths, o->path_count, o->variables, o->variable_count, NULL, false};
}

static void load(struct outcome *o)
{
	struct manifest manifest CLEANUP(manifest_release) = {0};
	const struct manifest_source source = source_of(o);

	o->is_good = manifest_open(&manifest, &source, &o->errors) &&
		     manifest_read(&manifest, NULL, &o->model, &o->errors);
	assert_int_equal(o->is_good, o->errors.count == 0);
}

static void expect_good(struct outcome *o)
{
	load(o);
	if (!o->is_good)
		fail_msg("%s", o->errors.items[0].message);
}

/* Error number `i` says this, in that file and line. */
static void expect_at(
	const struct outcome *o, size_t i, const char *part, const char *file, size_t line)
{
	assert_true(i < o->errors.count);
	const struct error *err = &o->errors.items[i];
	expect_text(err->message, part);
	expect_text(err->file, file);
	assert_int_equal(err->line, line);
}

static void finish(struct outcome *o)
{
	model_release(&o->model);
	error_list_release(&o->errors);
}

/* One file with these variables: the first error says `part` and nothing says `secret`. */
static void expect_refused(
	void **state, const char *text, const char *variable, const char *part, const char *secret)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "m.yaml", text);
	if (variable)
		add_variable(&o, variable);
	load(&o);
	assert_false(o.is_good);
	expect_text(o.errors.items[0].message, part);
	for (size_t i = 0; secret && i < o.errors.count; i++) {
		expect_no_text(o.errors.items[i].message, secret);
		expect_no_text(o.errors.items[i].hint, secret);
		expect_no_text(o.errors.items[i].snippet, secret);
	}
	finish(&o);
}

/* ---- several files ---- */

static void accounts_and_stores(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "a.yaml", "accounts:\n  p: {account_id: a1}\n");
	add_file(&o, "b.yaml", "accounts:\n  s: {account_id: a2}\nstores: [x]\n");
	add_file(&o, "c.yaml", "stores:\n  - {name: y, accounts: [p]}\n");
	expect_good(&o);
	assert_int_equal(o.model.account_count, 2);
	assert_int_equal(o.model.object_count, 3);
	const struct object *y = model_object(&o.model, "p", "y", NULL);
	assert_non_null(y);
	expect_text(y->place.file, "c.yaml");
	assert_int_equal(y->place.line, 2);
	finish(&o);
}

static void doubles(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "b.yaml", "accounts:\n  p: {account_id: a1}\nstores: [x]\n");
	add_file(&o, "a.yaml", "accounts:\n  p: {account_id: a2}\n\nstores:\n  - x\n  - x\n");
	load(&o);
	assert_int_equal(o.errors.count, 3);
	expect_at(&o, 0, "account `p` is declared twice, first at ", "a.yaml", 2);
	expect_text(o.errors.items[0].message, "b.yaml:2");
	expect_at(&o, 1, "store `x` is declared twice for account `p`, first at ", "a.yaml", 5);
	expect_text(o.errors.items[1].message, "b.yaml:3");
	expect_at(&o, 2, "store `x` is declared twice", "a.yaml", 6);
	finish(&o);
}

static void same_account_in_two_files(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "a.yaml", "accounts:\n  p: {account_id: a1}\nstores: [x]\n");
	add_file(&o, "b.yaml", "accounts:\n  q: {account_id: a1}\n");
	load(&o);
	expect_at(&o, 0, "`p` and `q` have the same account id", "b.yaml", 2);
	expect_text(o.errors.items[0].message, "a.yaml:2");
	finish(&o);
}

static void account_ids(void **state)
{
	struct outcome o = {.folder = *state}, p = {.folder = *state}, q = {.folder = *state};

	add_file(&o, "a.yaml", "account_id: a1\nstores: [x]\n");
	add_file(&o, "b.yaml", "account_id: a1\n");
	expect_good(&o);
	finish(&o);

	add_file(&p, "a.yaml", "account_id: a1\nstores: [x]\n");
	add_file(&p, "b.yaml", "version: 1\naccount_id: a2\n");
	load(&p);
	expect_at(&p, 0, "`account_id` is set twice with different ids, first at ", "b.yaml", 2);
	expect_text(p.errors.items[0].message, "a.yaml:1");
	finish(&p);

	add_file(&q, "a.yaml", "account_id: a1\nstores: [x]\n");
	add_file(&q, "b.yaml", "accounts: {p: {account_id: a2}}\n");
	load(&q);
	expect_at(&q, 0, "`account_id` can't be combined with `accounts`", "a.yaml", 1);
	expect_text(q.errors.items[0].message, "b.yaml:1");
	finish(&q);
}

static void all_errors_of_all_files(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "a.yaml", "acount_id: a1\n");
	add_file(&o, "b.yaml", "stores: {}\n");
	add_file(&o, "c.yaml", "version: 2\nstores: [a b]\n");
	load(&o);
	assert_int_equal(o.errors.count, 4);
	expect_at(&o, 0, "unknown key", "a.yaml", 1);
	expect_at(&o, 1, "`stores`: expected a list", "b.yaml", 1);
	expect_at(&o, 2, "invalid version `2`", "c.yaml", 1);
	expect_at(&o, 3, "invalid entry `a b`", "c.yaml", 2);
	finish(&o);
}

static void unreadable_beside_broken(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "a.yaml", "stores: [\n");
	o.paths[o.path_count++] = folder_file(o.folder, "none.yaml");
	add_file(&o, "c.yaml", "# nothing\n");
	load(&o);
	assert_int_equal(o.errors.count, 3);
	expect_text(o.errors.items[0].message, "not valid YAML");
	assert_int_equal(o.errors.items[1].code, ERROR_ABSENT);
	expect_at(&o, 2, "the manifest is empty", "c.yaml", 0);
	finish(&o);
}

static void no_stores_anywhere(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "a.yaml", "account_id: a1\n");
	add_file(&o, "b.yaml", "version: 1\n");
	load(&o);
	expect_at(&o, 0, "`stores` is missing in all files", "a.yaml", 1);
	finish(&o);
}

static void named_twice(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "a.yaml", "account_id: a1\nstores: [x]\n");
	add_file(&o, "a.yaml", "account_id: a1\nstores: [x]\n");
	load(&o);
	assert_int_equal(o.errors.count, 1);
	expect_text(o.errors.items[0].message, "passed twice");
	finish(&o);
}

static void folders(void **state)
{
	struct outcome o = {.folder = *state};

	folder_write(o.folder, "b.yml", "stores: [x]\n");
	folder_write(o.folder, "a.yaml", "account_id: a1\n");
	folder_write(o.folder, ".hidden.yaml", "broken: [\n");
	folder_write(o.folder, "notes.yaml.txt", "broken: [\n");
	folder_write(o.folder, "yaml", "broken: [\n");
	o.paths[o.path_count++] = o.folder->path;
	expect_good(&o);
	assert_int_equal(o.model.object_count, 1);
	finish(&o);
}

static void folder_without(void **state)
{
	struct outcome o = {.folder = *state};

	folder_write(o.folder, ".a.yaml", "account_id: a1\nstores: [x]\n");
	o.paths[o.path_count++] = o.folder->path;
	load(&o);
	assert_int_equal(o.errors.count, 1);
	expect_text(o.errors.items[0].message, "there is no manifest in the directory");
	finish(&o);
}

static void folder_with_odd_names(void **state)
{
	struct outcome o = {.folder = *state};

	folder_write(o.folder, "\x1b[31m.yaml", "account_id: a1\nstores: [x]\n");
	o.paths[o.path_count++] = o.folder->path;
	load(&o);
	assert_int_equal(o.errors.count, 1);
	expect_text(o.errors.items[0].message, "\\x1b[31m.yaml");
	expect_no_text(o.errors.items[0].message, "\x1b");
	finish(&o);
}

/* ---- variables ---- */

static void variables_in_texts(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "m.yaml",
		"accounts:\n  p: &p {account_id: \"${ID}\"}\n"
		"stores:\n  - name: &n k${N}\n    adopt: ${YES}\n    accounts: [p]\n"
		"removed: [{from: p/old, destroy: \"${YES}\"}]\n");
	add_variable(&o, "ID=a1");
	add_variable(&o, "N=1");
	add_variable(&o, "YES=true");
	load(&o);
	/* text in quotes is no true or false, whoever brought it */
	assert_int_equal(o.errors.count, 1);
	expect_at(&o, 0, "`destroy`: expected true or false, found text", "m.yaml", 7);
	finish(&o);
}

static void variables_are_put_in_once(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "m.yaml",
		"accounts:\n  a: &x {account_id: i}\n"
		"stores:\n  - {name: \"${A}\", accounts: &l [\"${L}\"]}\n"
		"  - {name: b, accounts: *l}\n");
	add_variable(&o, "A=n");
	add_variable(&o, "L=a");
	expect_good(&o);
	assert_non_null(model_object(&o.model, "a", "n", NULL));
	assert_non_null(model_object(&o.model, "a", "b", NULL));
	finish(&o);
}

/* What variables bring stays a text: no lists, no nulls, no keys. */
static void no_yaml_from_variables(void **state)
{
	expect_refused(state, "account_id: a\nstores: ${V}\n", "V=[a, b]",
		"`stores`: expected a list of stores, found text", "a, b");
	expect_refused(state, "account_id: a\nstores:\n  - ${V}\n", "V=name: geheim",
		"invalid entry `${V}`", "geheim");
	expect_refused(state, "account_id: ${V}\nstores: [a]\n",
		"V=", "invalid account_id `${V}`: must not be empty", NULL);
	expect_refused(state, "account_id: a\nstores:\n  - ${V}\n", "V=a\nb", "`${V}`", NULL);
}

static void null_from_variables_is_text(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "m.yaml", "account_id: ${ID}\nstores:\n  - ${N}\n");
	add_variable(&o, "ID=a");
	add_variable(&o, "N=null");
	expect_good(&o);
	assert_non_null(model_object(&o.model, "default", "null", NULL));
	finish(&o);
}

/* No error shows what a variable holds. */
static void values_are_not_shown(void **state)
{
	const char *secret = "geheim";

	expect_refused(
		state, "account_id: ${V}\nstores: [a]\n", "V=geheim geheim", "`${V}`", secret);
	expect_refused(state, "account_id: a\nstores: [\"${V}\", geheimm, \"${V}\"]\n", "V=geheim",
		"store `${V}` is declared twice", "`geheim`");
	expect_refused(state,
		"accounts: {geheimX: {account_id: a}}\nstores: [{name: a, accounts: [\"${V}\"]}]\n",
		"V=geheim", "unknown account `${V}`", secret);
	expect_refused(state, "account_id: a\nstores: [a]\nmoved: [{from: x, to: \"${V}\"}]\n",
		"V=geheim", "unknown account `${V}`", secret);
	expect_refused(state, "account_id: a\nstores: [a]\nmoved: [{from: a/b, to: \"${V}/b\"}]\n",
		"V=geheim", "stores can't be moved on their own", secret);
	expect_refused(state, "account_id: a\nstores: [a]\nremoved: [{from: \"${V}/b\"}]\n",
		"V=geheim", "unknown account `${V}/b`", secret);
	expect_refused(state, "account_id: a\nstores: [{name: a, on_remove: \"${V}\"}]\n",
		"V=geheim", "expected `destroy` or `forget`", secret);
	expect_refused(state, "account_id: a\nstores: [{name: a, adopt: \"${V}\"}]\n", "V=geheim",
		"expected true or false", secret);
	expect_refused(state, "account_id: a\nstores: [a]\nstate: {path: \"${V}\"}\n",
		"V=geheim\x01", "invalid path `${V}`", secret);
}

static void sources_are_literal(void **state)
{
	expect_refused(state,
		"accounts:\n  value: {account_id: a, api_token: {env: \"${V}\"}}\nstores: [a]\n",
		NULL, "invalid env", "${V}");
	expect_refused(state, "accounts: {p: {account_id: a, api_token: geheim}}\nstores: [a]\n",
		NULL, "`api_token`: expected a source", "geheim");
}

static void broken_references(void **state)
{
	expect_refused(state, "account_id: ${NOT_SET_ANYWHERE}\nstores: [a]\n", NULL,
		"variable NOT_SET_ANYWHERE is not set", NULL);
	expect_refused(state, "account_id: \"${X\"\nstores: [a]\n", NULL, "missing }", NULL);
	expect_refused(state, "account_id: a\nstores: [a]\n", "V=1", "-var V", NULL);
}

/* ---- moves and removals ---- */

static void moves(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "m.yaml",
		"accounts: {p: {account_id: a}, q: {account_id: b}, r: {account_id: c}}\n"
		"stores: [x]\n"
		"moved: [{from: n, to: o}, {from: o, to: p}, {from: old, to: r}]\n"
		"removed: [{from: p/z}, {from: gone/x, destroy: false}]\n");
	expect_good(&o);
	assert_int_equal(o.model.move_count, 3);
	assert_int_equal(o.model.removal_count, 2);
	assert_false(model_removal(&o.model, "gone/x")->destroys);
	assert_true(model_removal(&o.model, "p/z")->destroys);
	assert_null(model_removal(&o.model, "p"));
	expect_text(o.model.moves[2].place.file, "m.yaml");
	finish(&o);
}

static void bad_moves(void **state)
{
	static const struct {
		const char *move, *part;
	} bad[] = {
		{"{from: p/x, to: p/y}", "stores can't be renamed"},
		{"{from: o/x, to: p/y}", "stores can't be renamed"},
		{"{from: o/x, to: p/x}", "stores can't be moved on their own"},
		{"{from: x/A, to: x/B}", "not a secret's address"},
		{"{from: o, to: p/x}", "must both be aliases"},
		{"{from: o/x, to: p}", "must both be aliases"},
		{"{from: p, to: p}", "are the same"},
		{"{from: p/x, to: p/x}", "are the same"},
		{"{from: o, to: prodd}", "did you mean `prod`?"},
		{"{from: o, to: p}, {from: o, to: q}", "`o` is moved twice, first at "},
		{"{from: o, to: p}, {from: n, to: p}",
			"two moves have the destination `p`, first at "},
		{"{from: o, to: n}, {from: n, to: o}", "form a cycle"},
		{"{from: p, to: q}, {from: q, to: p}", "form a cycle"},
		{"{from: o/x/y/z, to: p/x/y}", "found 4 parts separated by /"},
		{"{from: o/x/y, to: p/x/y}", "secrets can't be moved to another store"},
		{"{from: p/w/y, to: p/x/y}", "secrets can't be moved to another store"},
		{"{from: p/x, to: p/x/y}", "must both be aliases or both be secrets"},
		{"{from: p/x/a, to: p/x/b}", "moved to `p/x/b`, which is not declared"},
		{"{from: p/x/a.b, to: p/x/b}", "`.` (character"},
		{"{from: o/, to: p/x}", "must not be empty (part 2)"},
		{"{from: /x, to: p/x}", "must not be empty (part 1)"},
		{"{from: o/.., to: p/x}", "`.` and `..` are reserved for paths"},
		{"{from: o}", "`to` is missing"},
		{"{from: o, to: }", "found nothing"},
		{"o", "expected a map with `from` and `to`"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[256];
		snprintf(text, sizeof(text),
			"accounts: {p: {account_id: a}, q: {account_id: b}, "
			"prod: {account_id: c}}\nstores: [x]\n"
			"moved: [%s]\n",
			bad[i].move);
		expect_refused(state, text, NULL, bad[i].part, NULL);
	}
}

static void bad_removals(void **state)
{
	static const char *const head = "account_id: a\nstores:\n  - x\nremoved: ";
	static const struct {
		const char *removal, *part;
	} bad[] = {
		{"[{from: default/x}]", "`default/x` is removed, but still declared at "},
		{"[{from: default/y}, {from: default/y}]", "removed twice, first at "},
		{"[{from: default, destroy: false}]", "`default` is an account in the manifest"},
		{"[{from: gone}]", "unknown account `gone`"},
		{"[{from: gone/x}]", "unknown account `gone`"},
		{"[{from: defualt/x}]", "did you mean `default`?"},
		{"[{from: default/x/y/z}]", "found 4 parts separated by /, but expected 1 to 3"},
		{"[{destroy: true}]", "`from` is missing"},
		{"[{from: default/y, destroy: no}]", "`destroy`: expected true or false"},
		{"{from: default/y}", "`removed`: expected a list"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "%s%s\n", head, bad[i].removal);
		expect_refused(state, str_text(&text), NULL, bad[i].part, NULL);
	}
}

/* ---- policies and state ---- */

static void policies(void **state)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "m.yaml",
		"account_id: a\nstores:\n  - {name: x, prevent_destroy: true, on_remove: forget}\n"
		"  - {name: y, on_remove: destroy}\n  - z\n");
	expect_good(&o);
	assert_true(o.model.objects[0].prevent_destroy && o.model.objects[0].forget_on_remove);
	assert_false(o.model.objects[1].prevent_destroy || o.model.objects[1].forget_on_remove);
	assert_false(o.model.objects[2].prevent_destroy || o.model.objects[2].forget_on_remove);
	finish(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(accounts_and_stores),
		test_in_folder(doubles),
		test_in_folder(same_account_in_two_files),
		test_in_folder(account_ids),
		test_in_folder(all_errors_of_all_files),
		test_in_folder(unreadable_beside_broken),
		test_in_folder(no_stores_anywhere),
		test_in_folder(named_twice),
		test_in_folder(folders),
		test_in_folder(folder_without),
		test_in_folder(folder_with_odd_names),
		test_in_folder(variables_in_texts),
		test_in_folder(variables_are_put_in_once),
		test_in_folder(no_yaml_from_variables),
		test_in_folder(null_from_variables_is_text),
		test_in_folder(values_are_not_shown),
		test_in_folder(sources_are_literal),
		test_in_folder(broken_references),
		test_in_folder(moves),
		test_in_folder(bad_moves),
		test_in_folder(bad_removals),
		test_in_folder(policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
