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
	expect_breach(&s, "p/b: nothing is desired");
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
		cmocka_unit_test(each_breach_is_found),
		cmocka_unit_test(each_wrong_count_is_found),
		cmocka_unit_test(unresolved_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
