#include "builtin.h"

#include "manifest/manifest.h"
#include "plan/check.h"
#include "scene.h"
#include "steps.h"
#include "tap.h"

#include <string.h>

/* ---- bad cases ---- */

#define MANIFEST "--- manifest\naccount_id: p1\nstores: [a]\n"

static const struct bad {
	const char *name, *text, *message;
	size_t line;
} bads[] = {
	{"an empty file", "", "it does not say what it is about", 1},
	{"no line about it", MANIFEST "--- plan\n", "it does not say what it is about", 1},
	{"no manifest", "About\n--- live\n--- plan\n", "it has no manifest", 3},
	{"an unknown section", "About\n--- manifets\n", "unknown section, or there twice", 2},
	{"a section twice", "About\n" MANIFEST MANIFEST, "unknown section, or there twice", 5},
	{"a store without an account", "About\n" MANIFEST "--- live\n  keys k1\n",
		"expected NAME ID", 6},
	{"a store without an id", "About\n" MANIFEST "--- live\np1\n\n  keys\n", "expected NAME ID",
		8},
	{"an impossible id", "About\n" MANIFEST "--- live\np1\n  keys k/1\n", "expected NAME ID",
		7},
	{"too much in a row", "About\n" MANIFEST "--- live\np1\n  a b c d e f g h i j k l m n o\n",
		"this row has too much in it, or a broken string", 7},
	{"an unknown word behind an id",
		"About\n" MANIFEST "--- state\ndefault = p1\n  a a1 created on\n",
		"expected NAME ID created|adopted, or NAME ?", 7},
	{"a secret without a store", "About\n" MANIFEST "--- live\np1\n    A a1\n",
		"expected NAME ID", 7},
	{"a secret in a state without a store",
		"About\n" MANIFEST "--- state\ndefault = p1\n    A b1 created\n",
		"expected NAME ID created|adopted, or NAME ?", 7},
	{"a store that is not recorded, with an origin",
		"About\n" MANIFEST "--- state\ndefault = p1\n  a - created\n",
		"expected NAME ID created|adopted, or NAME ?", 7},
	{"something unresolved with an origin",
		"About\n" MANIFEST "--- state\ndefault = p1\n  a ? created\n",
		"expected NAME ID created|adopted, or NAME ?", 7},
	{"a store with scopes", "About\n" MANIFEST "--- live\np1\n  a a1 [workers]\n",
		"expected NAME ID", 7},
	{"a store that is unsure",
		"About\n" MANIFEST "--- state\ndefault = p1\n  a a1 created unsure\n",
		"expected NAME ID created|adopted, or NAME ?", 7},
	{"a live secret with a version", "About\n" MANIFEST "--- live\np1\n  a a1\n    A b1 v2\n",
		"expected NAME ID", 8},
	{"a value that compares oddly", "About\n" MANIFEST "--- values\ndefault/a/A maybe\n",
		"expected ADDRESS same|changed|unverifiable|rekeyed", 6},
	{"a value that nothing is said of", "About\n" MANIFEST "--- values\n\ndefault/a/A\n",
		"expected ADDRESS same|changed|unverifiable|rekeyed", 7},
	{"an option that is no number", "About\n" MANIFEST "--- options\n-max-deletes=many\n",
		"unknown option, or too many", 6},
	{"a broken string", "About\n" MANIFEST "--- live\np1\n  \"a b1\n",
		"this row has too much in it, or a broken string", 7},
	{"a state without origins", "About\n" MANIFEST "--- state\ndefault = p1\n  a a1\n",
		"expected NAME ID created|adopted, or NAME ?", 7},
	{"a state without an account id", "About\n" MANIFEST "--- state\ndefault\n",
		"expected ALIAS = ACCOUNT ID", 6},
	{"an unknown option", "About\n" MANIFEST "--- options\n-adpot\n",
		"unknown option, or too many", 6},
};

static void refuses(const struct bad *bad)
{
	struct plan_case c CLEANUP(case_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0}, notes CLEANUP(str_release) = {0};
	struct str expected CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};

	str_text_add(&bytes, bad->text);
	str_format(&expected, "not a planner case: %s\n", bad->message);
	if (case_decode("bad.case", &bytes, &c, &err)) {
		str_text_add(&notes, "it was accepted\n");
	} else {
		struct str got CLEANUP(str_release) = {0};
		str_format(&got, "%s\n", err.message);
		if (strcmp(str_text(&expected), str_text(&got)) != 0 || err.line != bad->line)
			str_format(&notes, "line %zu, got line %zu\n", bad->line, err.line);
		if (notes.length)
			tap_add_difference(&notes, str_text(&expected), str_text(&got));
	}
	str_format(&name, "a bad case is refused: %s", bad->name);
	tap_tell(notes.length == 0, str_text(&name), &notes);
}

void builtin_refuses_bad_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bads); i++)
		refuses(&bads[i]);
}

/* ---- many ---- */

enum { ACCOUNTS = 4, STORES = 2500 };

/* The i-th of an account's stores: 0 new, 1 matches, 2 lives unrecorded, 3 gone, 4 made anew. */
static void add_many(struct str *out)
{
	str_text_add(out, "Many\n--- manifest\naccounts:\n");
	for (int a = 0; a < ACCOUNTS; a++)
		str_format(out, "  a%d: {account_id: id%d}\n", a, a);
	str_text_add(out, "stores:\n");
	for (int i = 0; i < STORES; i++)
		str_format(out, "- store-%d\n", i);
	str_text_add(out, "--- state\n");
	for (int a = 0; a < ACCOUNTS; a++) {
		str_format(out, "a%d = id%d\n", a, a);
		for (int i = 0; i < STORES; i++)
			if (i % 5 == 1 || i % 5 >= 3)
				str_format(out, "  store-%d s%d-%d created\n", i, a, i);
	}
	str_text_add(out, "--- live\n");
	for (int a = 0; a < ACCOUNTS; a++) {
		str_format(out, "id%d\n", a);
		for (int i = 0; i < STORES; i++)
			if (i % 5 == 1 || i % 5 == 2 || i % 5 == 4)
				str_format(out, "  store-%d %c%d-%d\n", i, i % 5 == 4 ? 'n' : 's',
					a, i);
	}
}

void builtin_plans_many(void)
{
	static const char expected[] =
		"Plan: 4000 to import, 4000 to add, 0 to change, 0 to destroy.\n";
	struct str text CLEANUP(str_release) = {0}, got CLEANUP(str_release) = {0};
	struct str again CLEANUP(str_release) = {0}, notes CLEANUP(str_release) = {0};
	struct plan_case c CLEANUP(case_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	add_many(&text);
	if (!case_decode("many", &text, &c, &err) || !scene_settles(&c, &err)) {
		str_format(&notes, "%s\n", err.message);
	} else {
		scene_play(&c, 0, &got);
		scene_play(&c, 1, &again);
		const char *summary = strstr(str_text(&got), "Plan: ");
		if (!summary || strcmp(summary, expected) != 0)
			tap_add_difference(&notes, expected, summary ? summary : "no summary\n");
		if (strcmp(str_text(&got), str_text(&again)) != 0)
			str_text_add(&notes, "in another order the plan is another\n");
	}
	tap_tell(notes.length == 0, "10,000 stores in 4 accounts, some of each kind", &notes);
}

/* ---- very many: what grows faster than they do would take minutes ---- */

struct crowd {
	struct model desired, recorded, live;
	struct plan_options options;
	struct steps limit;
	struct arena arena;
};

static void add_account(struct crowd *crowd, const char *alias)
{
	model_add_account(&crowd->desired, alias, alias);
	model_add_account(&crowd->recorded, alias, alias);
	model_add_account(&crowd->live, alias, alias);
}

/* A store, or a secret in it: 'd' desired, 'r' recorded, 'l' live. */
static void add_object(struct crowd *crowd, const char *sides, const char *account,
	const char *store, const char *secret)
{
	static const struct value_source source = {.kind = VALUE_STDIN};
	const char *id = arena_format(&crowd->arena, "%s-%s", store, secret ? secret : "");

	for (; *sides; sides++) {
		struct model *model = *sides == 'd'   ? &crowd->desired
				      : *sides == 'r' ? &crowd->recorded
						      : &crowd->live;
		struct object *object = model_add_object(model, account, store, secret);
		object->value = *sides == 'd' && secret ? &source : NULL;
		object->id = *sides == 'd' ? NULL : id;
		object->origin = *sides == 'r' ? ORIGIN_CREATED : ORIGIN_NONE;
		object->version = 1;
	}
}

/* What was done since the crowd's beginning is within its limit. */
static void check_steps(const struct crowd *crowd, struct str *notes)
{
	const struct steps steps = steps_take(), limit = crowd->limit;

	if (steps.texts > limit.texts || steps.patterns > limit.patterns)
		str_format(notes, "%zu texts were compared, and %zu patterns; limits: %zu, %zu\n",
			steps.texts, steps.patterns, limit.texts, limit.patterns);
	if (!steps.texts)
		str_text_add(notes, "nothing was counted\n");
}

/* Ends the crowd. */
static void plan_crowd(struct crowd *crowd, const char *name, const char *expected)
{
	struct renames renames CLEANUP(renames_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str got CLEANUP(str_release) = {0}, notes CLEANUP(str_release) = {0};
	const struct planner_input input = {
		.desired = &crowd->desired,
		.recorded = &crowd->recorded,
		.live = &crowd->live,
		.renames = &renames,
		.options = crowd->options,
	};

	model_sort(&crowd->desired);
	model_sort(&crowd->recorded);
	model_sort(&crowd->live);
	renames_init(&renames, &crowd->desired);
	if (!planner_plan(&input, &plan, &errors))
		str_format(&got, "%s\n", errors.items[0].message);
	else if (!check_plan(&plan, &err))
		str_format(&got, "%s\n", err.message);
	else
		str_format(&got, "%zu import, %zu add, %zu change, %zu destroy, %zu forget\n",
			plan.counts.import, plan.counts.add, plan.counts.change,
			plan.counts.destroy, plan.counts.forget);
	check_steps(crowd, &notes);
	if (strcmp(str_text(&got), expected) != 0)
		tap_add_difference(&notes, expected, str_text(&got));
	tap_tell(notes.length == 0, name, &notes);
	model_release(&crowd->desired);
	model_release(&crowd->recorded);
	model_release(&crowd->live);
	arena_release(&crowd->arena);
}

/* Ten secrets of each store are asked for, and some by their addresses. */
static void plan_many_targets(void)
{
	enum {
		STORES_OF_SECRETS = 100,
		SECRETS = 99,
		OBJECTS = 10000,
		TARGETS = 300,
		PATTERNS = 10
	};
	const char *targets[TARGETS];
	/* Each with each, some times. Only true patterns may cost what matching costs. */
	struct crowd crowd = {
		.options = {.targets = {targets, TARGETS}},
		.limit = {.texts = (size_t)5 * TARGETS * OBJECTS,
			.patterns = (size_t)5 * PATTERNS * OBJECTS},
	};

	(void)steps_take();
	add_account(&crowd, "p");
	for (size_t i = 0; i < STORES_OF_SECRETS; i++) {
		const char *store = arena_format(&crowd.arena, "store-%zu", i);
		add_object(&crowd, "d", "p", store, NULL);
		for (size_t k = 0; k < SECRETS; k++)
			add_object(&crowd, "d", "p", store, arena_format(&crowd.arena, "S%zu", k));
	}
	for (size_t i = 0; i < TARGETS; i++) {
		const char *every = arena_format(&crowd.arena, "p/store-*/S%zu", i);
		targets[i] = i < PATTERNS ? every
					  : arena_format(&crowd.arena, "p/store-%zu/S%zu", i / 10,
						    i % 10 + 10);
	}
	plan_crowd(&crowd, "300 patterns of -target and 10,000 objects",
		"0 import, 1390 add, 0 change, 0 destroy, 0 forget\n");
}

/* Reads removals of what is recorded, and as many of what was forgotten long ago. */
static void read_removals(struct crowd *crowd, size_t count)
{
	struct str text CLEANUP(str_release) = {0}, notes CLEANUP(str_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	str_text_add(&text, "accounts: {p: {account_id: p}}\nstores: [kept]\nremoved:\n");
	for (size_t i = 0; i < count; i++)
		str_format(&text, "- {from: %s/store-%zu, destroy: %s}\n", i % 2 ? "p" : "gone", i,
			i % 4 == 1 ? "true" : "false");
	for (size_t i = count; i < 2 * count; i++)
		str_format(&text, "- {from: p/store-%zu, destroy: false}\n", i);
	if (!manifest_decode("cfprov.yaml", &text, NULL, &crowd->desired, &errors))
		str_format(&notes, "%s\n", errors.items[0].message);
	check_steps(crowd, &notes);
	tap_tell(notes.length == 0, "a manifest with 12,000 removals", &notes);
}

/* Half of them in an account that the manifest no longer has. */
static void plan_many_removals(void)
{
	enum { REMOVALS = 6000, EACH = 500 };
	struct crowd crowd = {.limit = {.texts = (size_t)EACH * 2 * REMOVALS}};

	(void)steps_take();
	read_removals(&crowd, REMOVALS);
	model_add_account(&crowd.recorded, "p", "p");
	model_add_account(&crowd.live, "p", "p");
	model_add_account(&crowd.recorded, "gone", "gone");
	for (size_t i = 0; i < REMOVALS; i++)
		add_object(&crowd, i % 2 ? "rl" : "r", i % 2 ? "p" : "gone",
			arena_format(&crowd.arena, "store-%zu", i), NULL);
	plan_crowd(&crowd, "12,000 removals and 6,000 recorded objects",
		"0 import, 1 add, 0 change, 1500 destroy, 4500 forget\n");
}

static void plan_many_stores(void)
{
	enum { VERY_MANY = 100000, EACH = 200 };
	static const char *const sides[] = {"d", "drl", "dl", "dr", "rl"};
	struct crowd crowd = {
		.options = {.adopt_all = true},
		.limit = {.texts = (size_t)EACH * VERY_MANY},
	};

	(void)steps_take();
	add_account(&crowd, "p");
	for (size_t i = 0; i < VERY_MANY; i++)
		add_object(&crowd, sides[i % ARRAY_SIZE(sides)], "p",
			arena_format(&crowd.arena, "store-%zu", i), NULL);
	plan_crowd(&crowd, "100,000 stores of one account",
		"20000 import, 40000 add, 0 change, 20000 destroy, 0 forget\n");
}

/* Of three accounts one is new, one stays, and one is gone: all in it is forgotten. */
static void plan_many_accounts(void)
{
	enum { ACCOUNTS_OF_EACH = 10000, EACH = 200 };
	static const char *const sides[] = {"d", "drl", "r"};
	struct crowd crowd = {.limit = {.texts = (size_t)EACH * 3 * ACCOUNTS_OF_EACH}};

	(void)steps_take();
	for (size_t i = 0; i < (size_t)3 * ACCOUNTS_OF_EACH; i++) {
		const char *alias = arena_format(&crowd.arena, "a%zu", i);
		if (i % 3 != 0)
			model_add_account(&crowd.recorded, alias, alias);
		if (i % 3 != 2) {
			model_add_account(&crowd.desired, alias, alias);
			model_add_account(&crowd.live, alias, alias);
		} else {
			model_add_removal(&crowd.desired, alias)->destroys = false;
		}
		add_object(&crowd, sides[i % 3], alias, arena_format(&crowd.arena, "store-%zu", i),
			NULL);
	}
	plan_crowd(&crowd, "30,000 accounts",
		"0 import, 10000 add, 0 change, 0 destroy, 10000 forget\n");
}

void builtin_plans_crowds(void)
{
	plan_many_accounts();
	plan_many_targets();
	plan_many_removals();
	plan_many_stores();
}
