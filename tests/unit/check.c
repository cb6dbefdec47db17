#include "engine/check.h"

#include "unit.h"

/* Three stores: to create, to adopt, and one that is there already. */
struct sound {
	struct object desired[3], live, recorded;
	struct plan plan;
};

static void make(struct sound *s)
{
	static const char *const names[] = {"a", "b", "c"};

	*s = (struct sound){0};
	for (int i = 0; i < 3; i++)
		s->desired[i] = (struct object){.account = "p", .store = names[i]};
	s->live = (struct object){.account = "p", .store = "b", .id = "id-b"};
	s->recorded = (struct object){
		.account = "p", .store = "c", .id = "id-c", .origin = ORIGIN_CREATED};
	for (int i = 0; i < 3; i++)
		plan_add(&s->plan)->after = &s->desired[i];
	s->plan.actions[1].before = &s->live;
	s->plan.actions[1].needs_consent = true;
	s->plan.actions[2].before = &s->recorded;
	s->plan.counts = plan_count(&s->plan);
}

static void expect_breach(struct sound *s, const char *message)
{
	struct error err CLEANUP(error_release) = {0};

	if (check_plan(&s->plan, &err))
		fail_msg("not found: %s", message);
	expect_text(err.message, "the plan is not sound");
	expect_text(err.message, message);
	plan_release(&s->plan);
}

static void sound_plans(void **state)
{
	struct sound s;
	struct error err CLEANUP(error_release) = {0};
	struct plan empty = {0};

	(void)state;
	make(&s);
	assert_true(check_plan(&s.plan, &err));
	plan_release(&s.plan);
	assert_true(check_plan(&empty, &err));
	expect_no_error(&err);
}

static void each_breach_is_found(void **state)
{
	struct sound s;

	(void)state;
	make(&s);
	s.plan.actions[1].after = NULL;
	expect_breach(&s, "p/b: what cfprov does not manage would be given up");
	make(&s);
	s.desired[1].store = s.live.store = "a";
	expect_breach(&s, "p/a: it is out of order, or there twice");
	make(&s);
	s.desired[0].store = "bb";
	expect_breach(&s, "p/b: it is out of order");
	make(&s);
	s.live.id = NULL;
	expect_breach(&s, "p/b: what is there has no id");
	make(&s);
	s.recorded.store = "other";
	expect_breach(&s, "p/c: before and after are not the same object");
	make(&s);
	s.live.account = "q";
	expect_breach(&s, "before and after are not the same object");
	make(&s);
	s.plan.actions[0].needs_consent = true;
	expect_breach(&s, "p/a: consent is asked for no adoption");
	make(&s);
	s.plan.actions[2].needs_consent = true;
	expect_breach(&s, "p/c: consent is asked for no adoption");
}

/* Ours to destroy, forget or replace; each alone is sound. */
static void make_leaving(struct sound *s, bool is_left_alive, bool is_replaced)
{
	make(s);
	s->plan.actions[2].is_left_alive = is_left_alive;
	s->plan.actions[2].is_replaced = is_replaced;
	if (!is_replaced)
		s->plan.actions[2].after = NULL;
	s->plan.counts = plan_count(&s->plan);
}

static void sound_leavings(void **state)
{
	struct sound s;
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		make_leaving(&s, i == 1, i == 2);
		assert_true(check_plan(&s.plan, &err));
		plan_release(&s.plan);
	}
	/* To forget what is protected destroys nothing. */
	make_leaving(&s, true, false);
	s.recorded.prevent_destroy = true;
	assert_true(check_plan(&s.plan, &err));
	plan_release(&s.plan);
	expect_no_error(&err);
}

static void leavings_that_must_not_be(void **state)
{
	struct sound s;

	(void)state;
	make_leaving(&s, false, false);
	s.recorded.prevent_destroy = true;
	expect_breach(&s, "p/c: what is protected or not managed would be destroyed");
	make_leaving(&s, false, true);
	s.desired[2].prevent_destroy = true;
	expect_breach(&s, "p/c: what is protected or not managed would be destroyed");
	make_leaving(&s, false, false);
	s.recorded.origin = ORIGIN_NONE;
	expect_breach(&s, "p/c: what cfprov does not manage would be given up");
	make_leaving(&s, true, false);
	s.recorded.origin = ORIGIN_NONE;
	expect_breach(&s, "p/c: what cfprov does not manage would be given up");
	make_leaving(&s, false, false);
	s.recorded.id = NULL;
	expect_breach(&s, "p/c: what is there has no id");
	make_leaving(&s, false, false);
	s.plan.actions[2].needs_consent = true;
	expect_breach(&s, "p/c: consent is asked for no adoption");
	make_leaving(&s, false, true);
	s.recorded.store = "d";
	expect_breach(&s, "p/c: before and after are not the same object");
	make_leaving(&s, false, false);
	s.recorded.store = "b";
	expect_breach(&s, "p/b: it is out of order, or there twice");
	make_leaving(&s, false, true);
	s.plan.counts.destroy = 0;
	expect_breach(&s, "its counts do not add up");
	make_leaving(&s, true, false);
	s.plan.counts.forget = 0;
	expect_breach(&s, "its counts do not add up");
}

static void each_wrong_count_is_found(void **state)
{
	struct sound s;

	(void)state;
	for (int i = 0; i < 5; i++) {
		make(&s);
		size_t *const counts[] = {&s.plan.counts.import, &s.plan.counts.add,
			&s.plan.counts.change, &s.plan.counts.destroy, &s.plan.counts.forget};
		++*counts[i];
		expect_breach(&s, "its counts do not add up");
	}
}

/* Nothing that is unresolved may be taken for something that is there. */
static void unresolved_is_not_there(void **state)
{
	struct sound s;

	(void)state;
	make(&s);
	s.recorded = (struct object){.account = "p", .store = "c", .is_unresolved = true};
	expect_breach(&s, "p/c: what is there has no id");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_plans),
		cmocka_unit_test(sound_leavings),
		cmocka_unit_test(leavings_that_must_not_be),
		cmocka_unit_test(each_breach_is_found),
		cmocka_unit_test(each_wrong_count_is_found),
		cmocka_unit_test(unresolved_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
