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

static const char one_value[] = "refusing to overwrite 1 value: the policy allows 0";

/* The second row writes a value; what was there before is cfprov's own. */
static void make_write(struct plan *plan, struct object objects[ROWS], struct object live[ROWS],
	const struct object *desired)
{
	make(plan, objects, 0);
	memcpy(live, objects, ROWS * sizeof(*live));
	objects[1].version = 1;
	objects[1].modified = live[1].modified = "2026-01-01T00:00:00Z";
	plan->rows[1].live = &live[1];
	plan->rows[1].desired = desired;
	plan->rows[1].writes = FIELD_VALUE;
	plan->rows[1].action = ACTION_UPDATE;
}

/* A value that was not cfprov's is lost, and counts like an object. */
static void values(void **state)
{
	struct object objects[ROWS], live[ROWS], desired = {.kind = OBJECT_SECRET, .version = 1};
	struct plan plan CLEANUP(plan_release) = {0};

	(void)state;
	make_write(&plan, objects, live, &desired);
	struct row *row = &plan.rows[1];
	expect(&plan, limits_of(0, 0, false), NULL);
	objects[1].doubt = DOUBT_VALUE;
	expect(&plan, limits_of(0, 0, false), NULL);
	objects[1].doubt = DOUBT_NONE;
	/* changed elsewhere, in all the ways in which that is known */
	live[1].modified = "2026-01-02T00:00:00Z";
	expect(&plan, limits_of(0, 100, false), one_value);
	expect(&plan, limits_of(1, 24, false), "1 of 4 managed objects or their values");
	expect(&plan, limits_of(1, 25, false), NULL);
	row->writes = FIELD_SCOPES;
	expect(&plan, limits_of(0, 0, false), NULL);
	row->writes = FIELD_VALUE;
	live[1].modified = objects[1].modified;
	objects[1].seen_modified = "2025-01-01T00:00:00Z";
	expect(&plan, limits_of(0, 100, false), one_value);
	objects[1].seen_modified = NULL;
	objects[1].doubt = DOUBT_FOREIGN;
	expect(&plan, limits_of(0, 100, false), one_value);
	objects[1].doubt = DOUBT_NONE;
	objects[1].version = 0; /* adopted, and left alone until now */
	expect(&plan, limits_of(0, 100, false), one_value);
	expect(&plan, limits_of(1, 100, false), NULL);
}

/* Adopted, which is not among the managed ones; and renamed, with its value or with another one. */
static void values_of_others(void **state)
{
	struct object objects[ROWS], live[ROWS], desired = {.kind = OBJECT_SECRET, .version = 1};
	struct plan plan CLEANUP(plan_release) = {0};

	(void)state;
	make_write(&plan, objects, live, &desired);
	struct row *row = &plan.rows[1];
	row->action = ACTION_ADOPT;
	expect(&plan, limits_of(0, 0, false), one_value);
	expect(&plan, limits_of(1, 0, false), NULL);
	row->writes = 0;
	expect(&plan, limits_of(0, 0, false), NULL);
	row->action = ACTION_CREATE;
	row->recorded = NULL;
	row->copies = &objects[1];
	plan.rows[2].action = ACTION_DESTROY;
	plan.rows[2].renamed_to = &desired;
	expect(&plan, limits_of(0, 0, false), NULL);
	row->writes = FIELD_VALUE;
	desired.verdict = VALUE_SAME;
	expect(&plan, limits_of(0, 0, false), NULL);
	desired.verdict = VALUE_CHANGED;
	expect(&plan, limits_of(0, 100, false), one_value);
	desired.verdict = VALUE_UNVERIFIABLE; /* a raised version is why it is written */
	expect(&plan, limits_of(0, 100, false), one_value);
	/* The original counts, also where the new name was recorded once. */
	desired.verdict = VALUE_SAME;
	struct object gone = objects[1];
	row->recorded = &gone;
	gone.version = 0;
	expect(&plan, limits_of(0, 0, false), NULL);
	gone.version = 1;
	objects[1].version = 0;
	expect(&plan, limits_of(0, 100, false), one_value);
	objects[1].version = 1;
	row->recorded = NULL;
	desired.verdict = VALUE_CHANGED;
	/* together */
	plan.rows[2].renamed_to = NULL;
	expect(&plan, limits_of(1, 100, false),
		"refusing to destroy 1 object and overwrite 1 value: the policy allows 1");
	expect(&plan, limits_of(2, 100, false), NULL);
	/* A created secret has no old value. */
	row->copies = NULL;
	row->writes = 0;
	expect(&plan, limits_of(1, 100, false), NULL);
}

/* Without an option: 30 % of what is managed, and no store. `destroy` is meant. */
static void defaults(void **state)
{
	struct plan_options options = {0};

	(void)state;
	struct guard_limits limits = guard_defaults(&options);
	assert_false(limits.allow_store_destroy || limits.force);
	assert_int_equal(limits.max_delete_percent, GUARD_DELETE_PERCENT);
	options.destroys_all = true;
	limits = guard_defaults(&options);
	assert_true(limits.allow_store_destroy);
	assert_false(limits.force);
	assert_int_equal(limits.max_delete_percent, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(limits), cmocka_unit_test(values),
		cmocka_unit_test(values_of_others), cmocka_unit_test(defaults)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
