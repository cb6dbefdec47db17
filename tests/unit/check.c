#include "plan/check.h"

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

/* ---- secrets ---- */

enum { STORE, MADE, CHANGED, RENAMED, GOING, SECRETS };

/* A store that is there, and of each sort a secret in it; all of it sound. */
struct inside {
	struct object desired[SECRETS], recorded[SECRETS];
	struct plan plan;
	size_t waits[1];
};

static const struct value_source source = {.kind = VALUE_ENV, .name = "V"};

static void make_inside(struct inside *s, bool store_goes)
{
	static const char *const names[] = {NULL, "A", "B", "NEW", "Z"};

	*s = (struct inside){.waits = {0}};
	for (int i = 0; i < SECRETS; i++) {
		struct object object = {.kind = i ? OBJECT_SECRET : OBJECT_STORE,
			.account = "p",
			.store = "s",
			.secret = names[i]};
		s->desired[i] = s->recorded[i] = object;
		s->desired[i].value = i ? &source : NULL;
		s->recorded[i].id = "id";
		s->recorded[i].origin = ORIGIN_CREATED;
		struct action *action = plan_add(&s->plan);
		action->after = i == GOING ? NULL : &s->desired[i];
		action->before = i == MADE ? NULL : &s->recorded[i];
		action->waits_for = s->waits;
		action->wait_count = i && store_goes;
		action->goes_with_store = i == GOING && store_goes;
	}
	s->recorded[RENAMED].secret = "OLD";
	s->plan.actions[CHANGED].changes = FIELD_VALUE | FIELD_SCOPES;
	s->plan.actions[STORE].is_replaced = store_goes;
	if (store_goes) /* what is in it can't be written to before */
		for (int i = CHANGED; i <= RENAMED; i++) {
			s->recorded[i].secret = s->desired[i].secret;
			s->plan.actions[i].changes = 0;
			s->plan.actions[i].is_replaced = s->plan.actions[i].goes_with_store = true;
		}
	s->plan.counts = plan_count(&s->plan);
}

static void expect_breach_inside(struct inside *s, const char *message)
{
	struct error err CLEANUP(error_release) = {0};

	s->plan.counts = plan_count(&s->plan);
	if (check_plan(&s->plan, &err))
		fail_msg("not found: %s", message);
	expect_text(err.message, message);
	expect_text(err.hint, "a defect of cfprov");
	plan_release(&s->plan);
}

static void sound_secrets(void **state)
{
	(void)state;
	for (int store_goes = 0; store_goes < 2; store_goes++) {
		struct inside s;
		struct error err CLEANUP(error_release) = {0};
		make_inside(&s, store_goes);
		if (!check_plan(&s.plan, &err))
			fail_msg("%s", err.message);
		plan_release(&s.plan);
	}
}

static void only_renames_rename(void **state)
{
	struct inside s;

	(void)state;
	make_inside(&s, false);
	s.recorded[CHANGED].secret = "C";
	s.recorded[CHANGED].origin = ORIGIN_NONE; /* that would be an adoption */
	expect_breach_inside(&s, "p/s/B: before and after are not the same object");
	make_inside(&s, false);
	s.recorded[CHANGED].secret = "C";
	s.plan.actions[CHANGED].changes = 0;
	s.plan.actions[CHANGED].is_replaced = true;
	expect_breach_inside(&s, "p/s/B: before and after are not the same object");
	make_inside(&s, false);
	s.recorded[RENAMED].store = "t";
	expect_breach_inside(&s, "p/s/NEW: before and after are not the same object");
	make_inside(&s, false);
	s.recorded[RENAMED].account = "q";
	expect_breach_inside(&s, "p/s/NEW: before and after are not the same object");
	make_inside(&s, false);
	s.recorded[RENAMED].secret = NULL;
	s.recorded[RENAMED].kind = OBJECT_STORE;
	expect_breach_inside(&s, "p/s/NEW: before and after are not the same object");
	make_inside(&s, false);
	s.recorded[RENAMED].id = NULL;
	expect_breach_inside(&s, "p/s/NEW: what is there has no id");
	make_inside(&s, false);
	s.plan.actions[RENAMED].needs_consent = true;
	expect_breach_inside(&s, "p/s/NEW: consent is asked for no adoption");
}

static void only_what_stays_is_changed(void **state)
{
	struct inside s;

	(void)state;
	make_inside(&s, false);
	s.plan.actions[MADE].changes = FIELD_SCOPES;
	expect_breach_inside(&s, "p/s/A: what can't be changed would be");
	make_inside(&s, false);
	s.plan.actions[GOING].changes = FIELD_VALUE;
	expect_breach_inside(&s, "p/s/Z: what can't be changed would be");
	make_inside(&s, false);
	s.plan.actions[STORE].changes = FIELD_COMMENT;
	expect_breach_inside(&s, "p/s: what can't be changed would be");
}

static void what_is_written_has_a_source(void **state)
{
	struct inside s;

	(void)state;
	make_inside(&s, false);
	s.desired[MADE].value = NULL;
	expect_breach_inside(&s, "p/s/A: a value would be written that has no source");
	make_inside(&s, false);
	s.desired[CHANGED].value = NULL;
	expect_breach_inside(&s, "p/s/B: a value would be written that has no source");
	make_inside(&s, true);
	s.desired[CHANGED].value = NULL;
	expect_breach_inside(&s, "p/s/B: a value would be written that has no source");
	make_inside(&s, false);
	s.desired[RENAMED].value = NULL; /* its value goes along */
	assert_true(check_plan(&s.plan, NULL));
	plan_release(&s.plan);
}

static void waits_are_for_the_store(void **state)
{
	struct inside s;

	(void)state;
	for (size_t wrong = MADE; wrong < SECRETS; wrong++) {
		make_inside(&s, true);
		s.waits[0] = wrong;
		expect_breach_inside(
			&s, wrong == MADE ? "it waits for what comes after it" : "it waits for");
	}
	make_inside(&s, true);
	s.plan.actions[STORE].waits_for = s.waits;
	s.plan.actions[STORE].wait_count = 1;
	expect_breach_inside(&s, "p/s: it waits for what comes after it");
	make_inside(&s, true);
	s.waits[0] = SIZE_MAX;
	expect_breach_inside(&s, "it waits for what comes after it");
	make_inside(&s, true);
	s.recorded[STORE].store = s.desired[STORE].store = "r";
	expect_breach_inside(&s, "p/s/A: it waits for what is not its store");
	make_inside(&s, true);
	s.recorded[STORE].account = s.desired[STORE].account = "o";
	expect_breach_inside(&s, "p/s/A: it waits for what is not its store");
}

static void only_what_goes_goes_along(void **state)
{
	struct inside s;

	(void)state;
	make_inside(&s, false);
	s.plan.actions[GOING].goes_with_store = true; /* waits for nothing */
	expect_breach_inside(&s, "p/s/Z: it would go with a store that stays");
	make_inside(&s, true);
	s.plan.actions[STORE].is_replaced = false;
	expect_breach_inside(&s, "it would go with a store that stays");
	make_inside(&s, true);
	s.plan.actions[MADE].goes_with_store = true;
	expect_breach_inside(&s, "p/s/A: it would go with a store that stays");
	make_inside(&s, true);
	s.plan.actions[GOING].is_left_alive = true;
	expect_breach_inside(&s, "p/s/Z: it would go with a store that stays");
}

static void nothing_protected_goes_along(void **state)
{
	struct inside s;

	(void)state;
	make_inside(&s, true);
	s.recorded[GOING].prevent_destroy = true;
	expect_breach_inside(&s, "p/s/Z: what is protected or not managed would be destroyed");
	make_inside(&s, true);
	s.desired[CHANGED].prevent_destroy = true;
	expect_breach_inside(&s, "p/s/B: what is protected or not managed would be destroyed");
	make_inside(&s, true);
	s.recorded[GOING].origin = ORIGIN_NONE;
	expect_breach_inside(&s, "p/s/Z: what cfprov does not manage would be given up");
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
		cmocka_unit_test(sound_secrets),
		cmocka_unit_test(only_renames_rename),
		cmocka_unit_test(only_what_stays_is_changed),
		cmocka_unit_test(what_is_written_has_a_source),
		cmocka_unit_test(waits_are_for_the_store),
		cmocka_unit_test(only_what_goes_goes_along),
		cmocka_unit_test(nothing_protected_goes_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
