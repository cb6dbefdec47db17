#include "model/plan.h"

#include "unit.h"

static const struct object desired = {.account = "a", .store = "s"};
static const struct object live = {.account = "a", .store = "s", .id = "x"};
static const struct object recorded = {
	.account = "a", .store = "s", .id = "x", .origin = ORIGIN_ADOPTED};

/* The kind follows from which side is there, and from nothing else. */
static void kinds(void **state)
{
	(void)state;
	assert_int_equal(action_kind(&(struct action){.after = &desired}), ACTION_CREATE);
	assert_int_equal(
		action_kind(&(struct action){.before = &live, .after = &desired}), ACTION_ADOPT);
	assert_int_equal(
		action_kind(&(struct action){.before = &recorded, .after = &desired}), ACTION_NONE);
	assert_ptr_equal(action_object(&(struct action){.after = &desired}), &desired);
	assert_ptr_equal(
		action_object(&(struct action){.before = &live, .after = &desired}), &desired);
	assert_ptr_equal(action_object(&(struct action){.before = &live}), &live);
}

static void counts(void **state)
{
	struct plan plan CLEANUP(plan_release) = {0};

	(void)state;
	assert_true(plan_is_empty(&plan));
	for (int i = 0; i < 100; i++) {
		struct action *action = plan_add(&plan);
		assert_null(action->before);
		assert_null(action->reason);
		action->after = &desired;
		action->before = i % 3 == 0 ? NULL : i % 3 == 1 ? &live : &recorded;
	}
	plan.counts = plan_count(&plan);
	assert_int_equal(plan.counts.add, 34);
	assert_int_equal(plan.counts.import, 33);
	assert_int_equal(plan.counts.change + plan.counts.destroy + plan.counts.forget, 0);
	assert_false(plan_is_empty(&plan));
}

static void only_what_is_there(void **state)
{
	struct plan plan CLEANUP(plan_release) = {0};

	(void)state;
	*plan_add(&plan) = (struct action){.before = &recorded, .after = &desired};
	plan.counts = plan_count(&plan);
	assert_true(plan_is_empty(&plan));
	/* Each count alone makes a plan that is not empty. */
	for (int i = 0; i < 5; i++) {
		plan.counts = (struct plan_counts){i == 0, i == 1, i == 2, i == 3, i == 4};
		assert_false(plan_is_empty(&plan));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(counts),
		cmocka_unit_test(only_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
