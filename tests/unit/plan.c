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
	assert_int_equal(action_kind(&(struct action){
				 .before = &recorded, .after = &desired, .is_replaced = true}),
		ACTION_REPLACE);
	assert_int_equal(action_kind(&(struct action){.before = &recorded}), ACTION_DESTROY);
	assert_int_equal(action_kind(&(struct action){.before = &recorded, .is_left_alive = true}),
		ACTION_FORGET);
	/* What nobody recorded is adopted, not replaced: it is not ours to destroy. */
	assert_int_equal(action_kind(&(struct action){
				 .before = &live, .after = &desired, .is_replaced = true}),
		ACTION_ADOPT);
	assert_int_equal(action_kind(&(struct action){.after = &desired, .is_replaced = true}),
		ACTION_CREATE);
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

static void expect_counts(
	const struct action *action, size_t import, size_t add, size_t destroy, size_t forget)
{
	struct plan_counts counts = action_counts(action);

	assert_int_equal(counts.import, import);
	assert_int_equal(counts.add, add);
	assert_int_equal(counts.change, 0);
	assert_int_equal(counts.destroy, destroy);
	assert_int_equal(counts.forget, forget);
}

/* A replacement counts once as add and once as destroy. */
static void counts_of_each_kind(void **state)
{
	(void)state;
	expect_counts(&(struct action){.after = &desired}, 0, 1, 0, 0);
	expect_counts(&(struct action){.before = &live, .after = &desired}, 1, 0, 0, 0);
	expect_counts(&(struct action){.before = &recorded, .after = &desired}, 0, 0, 0, 0);
	expect_counts(&(struct action){.before = &recorded, .after = &desired, .is_replaced = true},
		0, 1, 1, 0);
	expect_counts(&(struct action){.before = &recorded}, 0, 0, 1, 0);
	expect_counts(&(struct action){.before = &recorded, .is_left_alive = true}, 0, 0, 0, 1);
}

static void counts_add_up(void **state)
{
	struct plan_counts sum = {1, 2, 3, 4, 5};

	(void)state;
	plan_counts_add(&sum, &(struct plan_counts){10, 20, 30, 40, 50});
	assert_int_equal(sum.import, 11);
	assert_int_equal(sum.add, 22);
	assert_int_equal(sum.change, 33);
	assert_int_equal(sum.destroy, 44);
	assert_int_equal(sum.forget, 55);
}

/* Drift and refreshes alone are nothing to do in Cloudflare. */
static void drifts_and_refreshes(void **state)
{
	struct plan plan CLEANUP(plan_release) = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		plan_add_drift(&plan, &recorded, i % 2 ? &live : NULL);
		plan_add_refresh(&plan, &recorded, i % 2 ? NULL : &recorded);
	}
	plan.counts = plan_count(&plan);
	assert_int_equal(plan.drift_count, 100);
	assert_int_equal(plan.refresh_count, 100);
	assert_ptr_equal(plan.drifts[99].live, &live);
	assert_null(plan.drifts[98].live);
	assert_null(plan.refreshes[99].after);
	assert_ptr_equal(plan.refreshes[98].before, &recorded);
	assert_true(plan_is_empty(&plan));
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

static void moves(void **state)
{
	const struct object a = {.account = "live", .store = "a"};
	const struct object b = {.account = "live", .store = "b"};
	struct plan plan CLEANUP(plan_release) = {0};

	(void)state;
	assert_null(plan_previous_address(&plan, &a));
	plan_add_move(&plan, &(struct plan_move){"prod/a", &a});
	assert_string_equal(plan_previous_address(&plan, &a), "prod/a");
	assert_null(plan_previous_address(&plan, &b));
	assert_false(plan_is_empty(&plan)); /* there is something to agree to */
	plan_add_warning(&plan, "%s", "mistyped");
	assert_string_equal(plan.warnings[0], "mistyped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(counts),
		cmocka_unit_test(counts_of_each_kind),
		cmocka_unit_test(counts_add_up),
		cmocka_unit_test(drifts_and_refreshes),
		cmocka_unit_test(only_what_is_there),
		cmocka_unit_test(moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
