/* Does a saved plan still fit what lives? */
#include "plan/verify.h"

#include "unit.h"

/* An action about the store p/a, and what lives in its account by now. */
struct scene {
	struct object before, after;
	struct object strangers[1];
	struct plan plan;
	struct model live;
};

static struct action *plan_one(struct scene *s, bool has_before, bool has_after)
{
	*s = (struct scene){
		.before = {.account = "p", .store = "a", .id = "id-a", .origin = ORIGIN_CREATED},
		.after = {.account = "p", .store = "a"},
		.strangers = {{.kind = OBJECT_SECRET,
			.account = "p",
			.store = "a",
			.secret = "S",
			.id = "id-s"}},
	};
	struct action *action = plan_add(&s->plan);
	action->before = has_before ? &s->before : NULL;
	action->after = has_after ? &s->after : NULL;
	model_add_account(&s->live, "p", "acc");
	return action;
}

static void add_live(struct scene *s, const char *store, const char *secret, const char *id)
{
	model_add_object(&s->live, "p", store, secret)->id = id;
}

/* `why` NULL: it fits. */
static void expect(struct scene *s, const char *why)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	model_sort(&s->live);
	bool is_good = verify_plan(&s->plan, &s->live, &errors);
	if (is_good != !why)
		fail_msg("expected: %s", why ? why : "it fits");
	if (why) {
		assert_int_equal(errors.count, 1);
		expect_text(errors.items[0].message, "p/a is not as it was when the plan was made");
		expect_text(errors.items[0].message, why);
		expect_text(errors.items[0].hint, "Make a new plan");
	}
	plan_release(&s->plan);
	model_release(&s->live);
}

static void creates(void **state)
{
	struct scene s;

	(void)state;
	plan_one(&s, false, true);
	add_live(&s, "b", NULL, "id-b");
	expect(&s, NULL);
	plan_one(&s, false, true);
	add_live(&s, "a", NULL, "id-x");
	expect(&s, "it exists now");
	plan_one(&s, false, true);
	add_live(&s, "a", NULL, "id-x");
	add_live(&s, "a", NULL, "id-y");
	expect(&s, "there are two of this name now");
}

static void adopts(void **state)
{
	struct scene s;

	(void)state;
	for (int i = 0; i < 3; i++) {
		static const char *const why[] = {NULL, "it is another one now", "it is gone"};
		plan_one(&s, true, true);
		s.before.origin = ORIGIN_NONE;
		if (i < 2)
			add_live(&s, "a", NULL, i ? "id-x" : "id-a");
		expect(&s, why[i]);
	}
}

static void destroys(void **state)
{
	struct scene s;

	(void)state;
	plan_one(&s, true, false);
	add_live(&s, "a", NULL, "id-a");
	expect(&s, NULL);
	plan_one(&s, true, false); /* somebody was faster */
	expect(&s, NULL);
	plan_one(&s, true, false);
	add_live(&s, "a", NULL, "id-x");
	expect(&s, "it is another one now");
	plan_one(&s, true, true)->is_replaced = true;
	expect(&s, "it is gone");
}

/* What stands in the plan was seen; what came later was not. */
static void strangers(void **state)
{
	struct scene s;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct action *action = plan_one(&s, true, i == 2);
		action->is_replaced = i == 2;
		action->strangers = s.strangers;
		action->stranger_count = 1;
		add_live(&s, "a", NULL, "id-a");
		add_live(&s, "a", "S", "id-s");
		add_live(&s, "b", "T", "id-t");
		if (i)
			add_live(&s, "a", "NEW", "id-n");
		expect(&s, i ? "it holds more that cfprov does not manage" : NULL);
	}
}

static void forgets(void **state)
{
	struct scene s;

	(void)state;
	plan_one(&s, true, false)->is_left_alive = true;
	add_live(&s, "a", NULL, "id-a");
	expect(&s, NULL);
	plan_one(&s, true, false)->is_left_alive = true;
	expect(&s, "it is gone");
	plan_one(&s, true, false)->is_left_alive = true; /* nobody looks there any more */
	s.live.account_count = 0;
	expect(&s, NULL);
}

static void nothing(void **state)
{
	struct scene s;

	(void)state;
	plan_one(&s, true, true);
	expect(&s, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates),
		cmocka_unit_test(adopts),
		cmocka_unit_test(destroys),
		cmocka_unit_test(strangers),
		cmocka_unit_test(forgets),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
