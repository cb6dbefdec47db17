/*
 * Planner cases: plays each file of tests/plan/cases (or those named) and compares what comes of
 * it, byte for byte. --update writes what came into the files instead: read the diff by eye.
 *
 *     build/tests/plan/run [--update] [FILE...]
 */
#include "adapter/fs.h"
#include "builtin.h"
#include "scene.h"
#include "tap.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#define CASES "tests/plan/cases/*.case"

enum { CASE_SIZE_LIMIT = 1 << 20, ORDERS = 4 };

/* Order 0 again, which must give the same bytes, then others, which must not matter. */
static void check_stable(const struct plan_case *c, const struct str *got, struct str *notes)
{
	for (unsigned order = 0; order < ORDERS; order++) {
		struct str again CLEANUP(str_release) = {0};
		scene_play(c, order, &again);
		if (strcmp(str_text(got), str_text(&again)) == 0)
			continue;
		str_text_add(notes, order ? "in another order:\n" : "a second time:\n");
		tap_add_difference(notes, str_text(got), str_text(&again));
		return;
	}
}

static void judge(const struct plan_case *c, const struct str *got, struct str *notes)
{
	struct error why CLEANUP(error_release) = {0};

	if (!c->expected)
		str_text_add(notes, "it expects nothing: no --- plan, no --- errors\n");
	else if (strcmp(c->expected, str_text(got)) != 0)
		tap_add_difference(notes, c->expected, str_text(got));
	check_stable(c, got, notes);
	if (!scene_settles(c, &why))
		str_format(notes, "%s\n", why.message);
}

static void update(const char *path, const struct plan_case *c, struct str *bytes,
	const struct str *got, struct str *notes)
{
	if (c->expected && strcmp(c->expected, str_text(got)) == 0)
		return;
	FILE *file = fopen(path, "w");
	bool is_good = file && fwrite(str_text(bytes), 1, c->expected_at, file) == c->expected_at &&
		       fwrite(str_text(got), 1, got->length, file) == got->length;
	if (file && fclose(file) != 0)
		is_good = false;
	if (!is_good)
		str_text_add(notes, "can't be written\n");
}

/* The file's name, and the line that says what it is about. */
static void add_name(struct str *out, const char *path, const struct str *bytes)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *about = str_text(bytes);

	str_add(out, name, strcspn(name, "."));
	str_text_add(out, ": ");
	str_add(out, about, strcspn(about, "\n"));
}

static void run(const char *path, bool updates)
{
	struct str bytes CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};
	struct str got CLEANUP(str_release) = {0}, notes CLEANUP(str_release) = {0};
	struct plan_case c CLEANUP(case_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (fs_read(path, CASE_SIZE_LIMIT, &bytes, &err) && case_decode(path, &bytes, &c, &err)) {
		scene_play(&c, 0, &got);
		if (updates)
			update(path, &c, &bytes, &got, &notes);
		else
			judge(&c, &got, &notes);
	} else {
		str_format(&notes, "%s:%zu: %s\n", path, err.line, err.message);
	}
	add_name(&name, path, &bytes);
	tap_tell(notes.length == 0, str_text(&name), &notes);
}

static void run_all(bool updates)
{
	struct str notes CLEANUP(str_release) = {0};
	glob_t found;
	int status = glob(CASES, 0, NULL, &found);

	for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
		run(found.gl_pathv[i], updates);
	if (status == 0)
		globfree(&found);
	else
		str_text_add(&notes, "run it at the top of the tree\n");
	tap_tell(status == 0, "there are cases: " CASES, &notes);
}

int main(int argc, char **argv)
{
	bool updates = argc > 1 && strcmp(argv[1], "--update") == 0;
	int first = updates ? 2 : 1;

	for (int i = first; i < argc; i++)
		run(argv[i], updates);
	if (first == argc) {
		run_all(updates);
		builtin_refuses_bad_cases();
		builtin_plans_many();
		builtin_plans_crowds();
	}
	return tap_finish();
}
