#include "builtin.h"

#include "scene.h"
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
