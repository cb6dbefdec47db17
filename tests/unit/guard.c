#include "plan/guard.h"

#include "unit.h"

enum { MOST = 101 };

/* So many stores, of which the first ones are destroyed, replaced or forgotten, as `leave` says. */
struct leaving {
	struct object recorded[MOST], desired[MOST];
	char names[MOST][8];
	struct plan plan;
	struct error_list errors;
};

enum leave { DESTROY, REPLACE, FORGET };

static void make(struct leaving *l, size_t managed, size_t going, enum leave leave)
{
	*l = (struct leaving){.plan = {.managed = managed}};
	for (size_t i = 0; i < managed; i++) {
		snprintf(l->names[i], sizeof(l->names[i]), "s%03zu", i);
		l->recorded[i] = (struct object){.account = "p",
			.store = l->names[i],
			.id = l->names[i],
			.origin = ORIGIN_CREATED};
		l->desired[i] = (struct object){.account = "p", .store = l->names[i]};
		struct action *action = plan_add(&l->plan);
		action->before = &l->recorded[i];
		if (i >= going || leave == REPLACE)
			action->after = &l->desired[i];
		action->is_replaced = i < going && leave == REPLACE;
		action->is_left_alive = i < going && leave == FORGET;
	}
	l->plan.counts = plan_count(&l->plan);
}

static void release(struct leaving *l)
{
	plan_release(&l->plan);
	error_list_release(&l->errors);
}

static struct guard_limits usual(void)
{
	return (struct guard_limits){.allow_store_destroy = true,
		.max_deletes = SIZE_MAX,
		.max_delete_percent = GUARD_DELETE_PERCENT};
}

static void expect_errors(struct leaving *l, const struct guard_limits *limits, size_t count)
{
	bool is_allowed = guard_check(&l->plan, limits, &l->errors);

	assert_int_equal(is_allowed, count == 0);
	assert_int_equal(l->errors.count, count);
	for (size_t i = 0; i < count; i++)
		assert_non_null(l->errors.items[i].hint);
}

static void expect_percent(size_t managed, size_t going, enum leave leave, bool is_allowed)
{
	struct leaving l;
	struct guard_limits limits = usual();

	make(&l, managed, going, leave);
	expect_errors(&l, &limits, is_allowed ? 0 : 1);
	if (!is_allowed)
		expect_text(l.errors.items[0].message, "30 % are allowed");
	release(&l);
}

/* A share counts from ten managed objects on, and exactly 30 % are allowed. */
static void percent(void **state)
{
	(void)state;
	expect_percent(0, 0, DESTROY, true);
	expect_percent(1, 1, DESTROY, true);
	expect_percent(9, 9, DESTROY, true);
	for (size_t managed = 10; managed <= 100; managed++) {
		size_t most = managed * 3 / 10;
		expect_percent(managed, most, DESTROY, true);
		expect_percent(managed, most + 1, DESTROY, false);
		expect_percent(managed, most + 1, REPLACE, false);
		expect_percent(managed, managed, FORGET, true);
	}
}

static void percents(void **state)
{
	struct leaving l;

	(void)state;
	for (size_t limit = 0; limit <= 100; limit++) {
		struct guard_limits limits = usual();
		limits.max_delete_percent = limit;
		make(&l, 100, limit, DESTROY);
		expect_errors(&l, &limits, 0);
		release(&l);
		if (limit == 100)
			continue;
		make(&l, 100, limit + 1, DESTROY);
		expect_errors(&l, &limits, 1);
		release(&l);
	}
}

/* Nothing that is huge overflows into being allowed. */
static void huge_numbers(void **state)
{
	struct guard_limits limits = usual();
	struct leaving l;

	(void)state;
	make(&l, 20, 20, DESTROY);
	limits.max_deletes = SIZE_MAX / 2;
	expect_errors(&l, &limits, 1);
	release(&l);
}

static void number(void **state)
{
	struct leaving l;

	(void)state;
	for (size_t most = 0; most <= 6; most++) {
		struct guard_limits limits = usual();
		limits.max_deletes = most;
		make(&l, 9, 5, most % 2 ? REPLACE : DESTROY);
		expect_errors(&l, &limits, most < 5 ? 1 : 0);
		if (most < 5)
			expect_text(l.errors.items[0].message,
				"destroys 5 objects; -max-deletes allows");
		limits.force = true;
		error_list_release(&l.errors);
		l.errors = (struct error_list){0};
		expect_errors(&l, &limits, 0);
		release(&l);
	}
}

static void stores(void **state)
{
	struct leaving l;
	struct guard_limits limits = usual();

	(void)state;
	limits.allow_store_destroy = false;
	make(&l, 5, 0, DESTROY);
	expect_errors(&l, &limits, 0);
	release(&l);
	make(&l, 5, 5, FORGET);
	expect_errors(&l, &limits, 0);
	release(&l);
	make(&l, 5, 1, DESTROY);
	expect_errors(&l, &limits, 1);
	assert_string_equal(l.errors.items[0].message, "the plan destroys a store: p/s000");
	expect_text(l.errors.items[0].hint, "-allow-store-destroy");
	release(&l);
	make(&l, 5, 3, REPLACE);
	limits.force = true; /* is no leave */
	expect_errors(&l, &limits, 1);
	assert_string_equal(
		l.errors.items[0].message, "the plan destroys stores: p/s000, p/s001 and p/s002");
	release(&l);
	make(&l, 12, 12, DESTROY);
	expect_errors(&l, &limits, 1);
	expect_text(l.errors.items[0].message, "p/s009 and 2 more");
	expect_no_text(l.errors.items[0].message, "p/s010");
	release(&l);
	make(&l, 11, 11, DESTROY);
	expect_errors(&l, &limits, 1);
	expect_text(l.errors.items[0].message, "p/s009 and 1 more");
	release(&l);
}

/* To destroy a secret needs no leave for stores. */
static void secrets(void **state)
{
	struct leaving l;
	struct guard_limits limits = usual();

	(void)state;
	limits.allow_store_destroy = false;
	make(&l, 5, 2, DESTROY);
	for (int i = 0; i < 2; i++) {
		l.recorded[i].kind = OBJECT_SECRET;
		l.recorded[i].secret = "TOKEN";
	}
	expect_errors(&l, &limits, 0);
	limits.max_deletes = 1;
	expect_errors(&l, &limits, 1);
	release(&l);
}

static void strangers(void **state)
{
	const struct object inside[] = {
		{OBJECT_SECRET, .account = "p", .store = "s000", .secret = "A"},
		{OBJECT_SECRET, .account = "p", .store = "s000", .secret = "B\n\033[2J"},
	};
	struct guard_limits limits = usual();
	struct leaving l;

	(void)state;
	for (int leave = DESTROY; leave <= FORGET; leave++) {
		make(&l, 5, 2, (enum leave)leave);
		l.plan.actions[0].strangers = l.plan.actions[4].strangers = inside;
		l.plan.actions[0].stranger_count = l.plan.actions[4].stranger_count = 2;
		expect_errors(&l, &limits, leave == FORGET ? 0 : 1);
		if (leave != FORGET)
			assert_string_equal(l.errors.items[0].message,
				"p/s000 holds what cfprov does not manage: p/s000/A and "
				"p/s000/B\\x0a\\x1b[2J");
		release(&l);
	}
	make(&l, 5, 2, DESTROY);
	l.plan.actions[1].strangers = inside;
	l.plan.actions[1].stranger_count = 1;
	limits.force = true;
	expect_errors(&l, &limits, 0);
	release(&l);
}

/* What was wrong before is not forgotten, nor taken for a refusal of this plan. */
static void errors_are_added(void **state)
{
	struct leaving l;
	struct guard_limits limits = usual();

	(void)state;
	make(&l, 5, 1, DESTROY);
	error_set(error_list_add(&l.errors), "before");
	assert_true(guard_check(&l.plan, &limits, &l.errors));
	limits.allow_store_destroy = false;
	limits.max_deletes = 0;
	assert_false(guard_check(&l.plan, &limits, &l.errors));
	assert_int_equal(l.errors.count, 3);
	release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent),
		cmocka_unit_test(percents),
		cmocka_unit_test(huge_numbers),
		cmocka_unit_test(number),
		cmocka_unit_test(stores),
		cmocka_unit_test(secrets),
		cmocka_unit_test(strangers),
		cmocka_unit_test(errors_are_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
