/* The limits of a policy. The others are in tests/cli. */
#include "plan/guard.h"

#include "unit.h"

enum { ROWS = 4 };

/* A plan with one store and three secrets, of which the first `count` rows are destroyed. */
static void make(struct plan *plan, struct object objects[ROWS], size_t count)
{
	*plan = (struct plan){0};
	for (size_t i = 0; i < ROWS; i++) {
		struct row *row = plan_add(plan);
		objects[i] = (struct object){.kind = i ? OBJECT_SECRET : OBJECT_STORE,
			.account = "a",
			.store = "s",
			.secret = i ? "x" : NULL,
			.id = "1"};
		row->recorded = &objects[i];
		/* From the last to the first: the store goes last. */
		row->action = ROWS - i > count ? ACTION_NONE
			      : i % 2          ? ACTION_DESTROY
					       : ACTION_REPLACE;
	}
	plan->managed = ROWS;
}

static struct policy_destroy limits_of(size_t deletes, size_t percent, bool stores)
{
	const struct place place = {"policy.yaml", 9, 3};

	return (struct policy_destroy){place, place, place, place, deletes, percent, stores};
}

/* What is refused although every option allows it; NULL: nothing. */
static void expect(const struct plan *plan, struct policy_destroy policy, const char *refusal)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct guard_limits limits = {.allow_store_destroy = true,
		.force = true,
		.max_deletes = SIZE_MAX,
		.max_delete_percent = 100,
		.policy = &policy};

	bool is_good = guard_check(plan, &limits, &errors);
	assert_int_equal(is_good, errors.count == 0);
	if (!refusal) {
		if (!is_good)
			fail_msg("%s", errors.items[0].message);
		return;
	}
	assert_int_equal(errors.count, 1);
	expect_text(errors.items[0].message, refusal);
	expect_text(errors.items[0].message, ", policy.yaml:9)");
	expect_text(errors.items[0].hint, "No option lifts");
}

static void limits(void **state)
{
	struct object objects[ROWS];
	struct plan plan CLEANUP(plan_release) = {0};

	(void)state;
	make(&plan, objects, 0);
	expect(&plan, limits_of(0, 0, false), NULL);
	plan_release(&plan);
	make(&plan, objects, 2);
	expect(&plan, limits_of(1, 100, false),
		"refusing to destroy 2 objects: the policy allows 1");
	expect(&plan, limits_of(2, 100, false), NULL);
	expect(&plan, limits_of(2, 49, false), "2 of 4 managed objects: the policy allows 49%");
	expect(&plan, limits_of(2, 50, false), NULL);
	plan_release(&plan);
	make(&plan, objects, ROWS);
	expect(&plan, limits_of(4, 100, false), "refusing to destroy 1 store");
	expect(&plan, limits_of(4, 100, true), NULL);
	/* What is lost with the store counts; what is renamed is not lost. */
	plan.rows[0].unmanaged = objects;
	plan.rows[0].unmanaged_count = 2;
	expect(&plan, limits_of(5, 100, true), "refusing to destroy 6 objects");
	expect(&plan, limits_of(6, 100, true), NULL);
	plan.rows[1].renamed_to = objects;
	expect(&plan, limits_of(5, 100, true), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
