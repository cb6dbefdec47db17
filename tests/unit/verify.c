/* Does what exists now still fit a plan that was approved or saved? */
#include "plan/verify.h"

#include "unit.h"

/*
 * What is desired, recorded, live when the plan is made, and live when it is applied: words like
 * s=ID or s/A=ID; with a * what was modified later, with a # another comment, with a ^ if absent,
 * with a ! in doubt about its value.
 */
struct scene {
	const char *why; /* NULL: it fits */
	const char *desired, *recorded, *then, *now;
	const char *replaced, *renamed; /* a pattern, and the old name of s/A; or NULL */
	const char *recorded_now;       /* NULL: as before */
};

static const struct value_source source = {.kind = VALUE_STDIN};

static bool has_mark(const char *marks, char mark)
{
	return marks && strchr(marks, mark);
}

static void build(struct model *model, const char *text, bool is_recorded)
{
	char *copy = arena_text(&model->arena, text), *word;

	model_add_account(model, "p", "acc");
	while ((word = strsep(&copy, " "))) {
		const char *id = strchr(word, '='), *marks = strpbrk(word, "*#^!");
		char *address = arena_bytes(&model->arena, word, strcspn(word, "=*#^!"));
		char *secret = strchr(address, '/');
		if (secret)
			*secret++ = '\0';
		if (!*word)
			continue;
		struct object *object = model_add_object(model, "p", address, secret);
		object->id = id ? arena_bytes(&model->arena, id + 1, strcspn(id + 1, "*#!")) : NULL;
		object->origin = is_recorded ? ORIGIN_CREATED : ORIGIN_NONE;
		if (!secret)
			continue;
		bool is_later = has_mark(marks, '*');
		object->modified = is_later ? "2026-01-02T00:00:00Z" : "2026-01-01T00:00:00Z";
		object->comment = has_mark(marks, '#') ? "another" : NULL;
		object->doubt = has_mark(marks, '!') ? DOUBT_VALUE : DOUBT_NONE;
		object->is_written_once = has_mark(marks, '^');
		object->scopes = "workers";
		object->version = 1;
		object->value = id ? NULL : &source;
		object->verdict = id ? VALUE_NOT_COMPARED : VALUE_SAME;
	}
	model_sort(model);
}

static void play(const struct scene *scene, struct error_list *errors)
{
	struct model desired CLEANUP(model_release) = {0}, recorded CLEANUP(model_release) = {0};
	struct model then CLEANUP(model_release) = {0}, now CLEANUP(model_release) = {0};
	struct model recorded_now CLEANUP(model_release) = {0};
	struct renames renames CLEANUP(renames_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct planner_input input = {&desired, &recorded, &then, &renames,
		.options = {.adopt_all = true,
			.replaces = {&scene->replaced, scene->replaced != NULL}}};

	if (scene->renamed)
		model_add_move(&desired, scene->renamed, "p/s/A");
	build(&desired, scene->desired, false);
	build(&recorded, scene->recorded, true);
	build(&then, scene->then, false);
	build(&now, scene->now, false);
	renames_init(&renames, &desired);
	assert_true(planner_plan(&input, &plan, errors));
	build(&recorded_now, scene->recorded_now ? scene->recorded_now : scene->recorded, true);
	input.recorded = &recorded_now;
	input.live = &now;
	bool fits = verify_plan(&plan, &input, errors);
	assert_int_equal(fits, errors->count == 0);
}

static void check(const struct scene *scenes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error_list errors CLEANUP(error_list_release) = {0};
		play(&scenes[i], &errors);
		if (!errors.count != !scenes[i].why)
			fail_msg("%zu: %s", i, errors.count ? errors.items[0].message : "it fits");
		if (scenes[i].why)
			expect_text(errors.items[0].message, scenes[i].why);
	}
}

static void stores(void **state)
{
	static const struct scene scenes[] = {
		{NULL, "s", "", "", "t=t", NULL, NULL, NULL},
		{"p/s: changed since the plan was made: it already exists", "s", "", "", "s=s",
			NULL, NULL, NULL},
		{NULL, "s", "", "s=s", "s=s", NULL, NULL, NULL},
		{"another id", "s", "", "s=s", "s=x", NULL, NULL, NULL},
		{"it has been deleted", "s", "", "s=s", "", NULL, NULL, NULL},
		{NULL, "", "s=s", "s=s", "s=s", NULL, NULL, NULL},
		{NULL, "", "s=s", "s=s", "", NULL, NULL, NULL}, /* somebody was faster */
		{"another id", "", "s=s", "s=s", "s=x", NULL, NULL, NULL},
		{"it has been deleted", "s", "s=s", "s=s", "", "p/s", NULL, NULL},
		{"p/s: 2 stores have this name", "s", "", "", "s=x s=y", NULL, NULL, NULL},
		{NULL, "s", "s=s", "s=s", "", NULL, NULL, NULL}, /* no action */
		/* somebody else adopted it meanwhile */
		{"the action would be a different one", "s", "", "s=s", "s=s", NULL, NULL, "s=s"},
		/* what it would destroy is not managed, or no longer */
		{"the state does not have it under this id", "", "s=s", "s=s", "s=s", NULL, NULL,
			""},
		{"the state does not have it under this id", "s", "s=s", "s=s", "s=s", "p/s", NULL,
			"s=x"},
	};

	(void)state;
	check(scenes, ARRAY_SIZE(scenes));
}

static void secrets(void **state)
{
	static const char s[] = "s=s", a[] = "s=s s/A=a";
	static const struct scene scenes[] = {
		{NULL, "s s/A", s, s, "s=s s/B=b", NULL, NULL, NULL},
		{"it already exists", "s s/A", s, s, a, NULL, NULL, NULL},
		/* an update */
		{NULL, "s s/A#", a, a, a, NULL, NULL, NULL},
		{"it was modified", "s s/A#", a, a, "s=s s/A=a*", NULL, NULL, NULL},
		{"it was modified", "s s/A#", a, a, "s=s s/A=a#", NULL, NULL, NULL},
		{"another id", "s s/A#", a, a, "s=s s/A=x", NULL, NULL, NULL},
		{"it has been deleted", "s s/A#", a, a, "s=s", NULL, NULL, NULL},
		/* a list that lags behind our own last write is no change, then or now */
		{NULL, "s s/A#", "s=s s/A=a*", a, "s=s s/A=a*", NULL, NULL, NULL},
		{NULL, "s s/A#", "s=s s/A=a*", "s=s s/A=a*", a, NULL, NULL, NULL},
		/* another run left it unclear what the value is */
		{"the action would be a different one", "s s/A#", a, a, a, NULL, NULL,
			"s=s s/A=a!"},
		/* an adoption */
		{NULL, "s s/A^", s, a, a, NULL, NULL, NULL},
		{"it was modified", "s s/A^", s, a, "s=s s/A=a*", NULL, NULL, NULL},
		{"it has been deleted", "s s/A^", s, a, s, NULL, NULL, NULL},
		/* a rename */
		{NULL, "s s/A", "s=s s/O=o", "s=s s/O=o", "s=s s/O=o", NULL, "p/s/O", NULL},
		{"can't be renamed to p/s/A", "s s/A", "s=s s/O=o", "s=s s/O=o", "s=s s/O=o s/A=a",
			NULL, "p/s/O", NULL},
		{"p/s/A: changed since the plan was made: it has been deleted", "s s/A",
			"s=s s/O=o", "s=s s/O=o", s, NULL, "p/s/O", NULL},
		{"p/s/A: changed since the plan was made", "s s/A", "s=s s/O=o", "s=s s/O=o",
			"s=s s/O=x", NULL, "p/s/O", NULL},
		{"it was modified", "s s/A", "s=s s/O=o", "s=s s/O=o", "s=s s/O=o*", NULL, "p/s/O",
			NULL},
		/* the end: it may be gone already, and may have been written to */
		{NULL, "s", a, a, "s=s s/A=a* s/B=b", NULL, NULL, NULL},
		{NULL, "s", a, a, s, NULL, NULL, NULL},
		{"another id", "s", a, a, "s=s s/A=x", NULL, NULL, NULL},
		{"it has been deleted", "s s/A", a, a, s, "p/s/A", NULL, NULL},
	};

	(void)state;
	check(scenes, ARRAY_SIZE(scenes));
}

/* Of a store that is destroyed, what is in it was named in the plan; what came later was not. */
static void what_goes_with_a_store(void **state)
{
	static const char with[] = "s=s s/A=a s/M=m", ours[] = "s=s s/A=a";

	(void)state;
	for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
		const char *desired = is_replaced ? "s s/A" : "";
		const char *pattern = is_replaced ? "p/s" : NULL;
		const struct scene scenes[] = {
			{NULL, desired, ours, with, with, pattern, NULL, NULL},
			{NULL, desired, ours, with, ours, pattern, NULL, NULL},
			{"it now contains an unmanaged secret, p/s/N", desired, ours, with,
				"s=s s/A=a s/N=n t=t", pattern, NULL, NULL},
			{"it now contains an unmanaged secret, p/s/M", desired, ours, with,
				"s=s s/A=a s/M=m2", pattern, NULL, NULL},
			{"it now contains an unmanaged secret, p/s/A", desired, ours, with,
				"s=s s/A=a2", pattern, NULL, NULL},
		};
		check(scenes, ARRAY_SIZE(scenes));
	}
}

/* What is forgotten in an account that the manifest dropped is not read, then or now. */
static void forgotten_with_its_account(void **state)
{
	struct model desired CLEANUP(model_release) = {0}, recorded CLEANUP(model_release) = {0};
	struct model live CLEANUP(model_release) = {0};
	struct renames renames CLEANUP(renames_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct planner_input input = {&desired, &recorded, &live, &renames, .options = {0}};

	(void)state;
	model_add_account(&desired, "p", "acc");
	model_add_account(&live, "p", "acc");
	model_add_removal(&desired, "gone")->destroys = false;
	model_add_account(&recorded, "gone", "acc2");
	struct object *store = model_add_object(&recorded, "gone", "s", NULL);
	store->id = "s";
	store->origin = ORIGIN_CREATED;
	model_sort(&recorded);
	assert_true(planner_plan(&input, &plan, &errors));
	assert_int_equal(plan.counts.forget, 1);
	assert_true(verify_plan(&plan, &input, &errors));
	const struct model nothing = {.accounts = recorded.accounts, .account_count = 1};
	const struct planner_input later = {&desired, &nothing, &live, &renames, .options = {0}};
	assert_false(verify_plan(&plan, &later, &errors));
	expect_text(errors.items[0].message, "the state does not have it under this id");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores),
		cmocka_unit_test(secrets),
		cmocka_unit_test(what_goes_with_a_store),
		cmocka_unit_test(forgotten_with_its_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
