/* Does a saved plan still fit the secrets that live? */
#include "plan/verify.h"

#include "unit.h"

struct rig {
	struct model live;
	struct plan plan;
	struct error_list errors;
};

static const struct object *copy(struct rig *rig, struct object object)
{
	struct object *kept = arena_alloc(&rig->plan.arena, sizeof(*kept));

	object.account = "p";
	object.kind = object.secret ? OBJECT_SECRET : OBJECT_STORE;
	*kept = object;
	return kept;
}

static struct action *act(struct rig *rig, const struct object *before, const struct object *after)
{
	struct action *action = plan_add(&rig->plan);

	action->before = before;
	action->after = after;
	return action;
}

static const struct object *ours(
	struct rig *rig, const char *store, const char *secret, const char *id)
{
	return copy(
		rig, (struct object){
			     .store = store, .secret = secret, .id = id, .origin = ORIGIN_CREATED});
}

static const struct object *wish(struct rig *rig, const char *store, const char *secret)
{
	return copy(rig, (struct object){.store = store, .secret = secret});
}

static struct object *lives(struct rig *rig, const char *store, const char *secret, const char *id)
{
	struct object *object = model_add_object(&rig->live, "p", store, secret);

	object->id = id;
	object->modified = "2026-01-01T00:00:00.123456Z";
	object->scopes = "workers";
	return object;
}

static const struct object *seen(
	struct rig *rig, const char *store, const char *secret, const char *id)
{
	return copy(rig, (struct object){.store = store,
				 .secret = secret,
				 .id = id,
				 .modified = "2026-01-01T00:00:00.123456Z",
				 .scopes = "workers"});
}

static void verify(struct rig *rig, const char *message)
{
	model_add_account(&rig->live, "p", "acc");
	model_sort(&rig->live);
	bool is_good = verify_plan(&rig->plan, &rig->live, &rig->errors);

	if (is_good != (message == NULL))
		fail_msg("%s", message ? message : rig->errors.items[0].message);
	if (message) {
		expect_text(
			rig->errors.items[0].message, "is not as it was when the plan was made");
		expect_text(rig->errors.items[0].message, message);
		assert_string_equal(rig->errors.items[0].hint, "Make a new plan.");
	}
	plan_release(&rig->plan);
	model_release(&rig->live);
	error_list_release(&rig->errors);
	*rig = (struct rig){0};
}

static void creations(void **state)
{
	struct rig rig = {0};

	(void)state;
	act(&rig, NULL, wish(&rig, "s", "A"));
	lives(&rig, "s", NULL, "s1");
	lives(&rig, "s", "B", "b1");
	verify(&rig, NULL);
	act(&rig, NULL, wish(&rig, "s", "A"));
	lives(&rig, "s", "A", "a1");
	verify(&rig, "p/s/A is not as it was when the plan was made: it exists now");
}

/* With and without a change of the fields that the plan saw. */
static struct rig update_of(bool is_adopted)
{
	struct rig rig = {0};
	const struct object *before =
		is_adopted ? seen(&rig, "s", "A", "a1") : ours(&rig, "s", "A", "a1");
	struct action *action = act(&rig, before, wish(&rig, "s", "A"));

	action->live = seen(&rig, "s", "A", "a1");
	action->changes = FIELD_VALUE;
	return rig;
}

static void updates(void **state)
{
	(void)state;
	for (int is_adopted = 0; is_adopted < 2; is_adopted++) {
		struct rig rig = update_of(is_adopted);
		lives(&rig, "s", "A", "a1");
		verify(&rig, NULL);
		rig = update_of(is_adopted);
		lives(&rig, "s", "A", "a1")->status = "pending"; /* is no change */
		verify(&rig, NULL);
		rig = update_of(is_adopted);
		lives(&rig, "s", "A", "a1")->modified = "2026-01-02T00:00:00Z";
		verify(&rig, "it was written to meanwhile");
		rig = update_of(is_adopted);
		lives(&rig, "s", "A", "a1")->scopes = "access,workers";
		verify(&rig, "it was written to meanwhile");
		rig = update_of(is_adopted);
		lives(&rig, "s", "A", "a1")->comment = "theirs";
		verify(&rig, "it was written to meanwhile");
		rig = update_of(is_adopted);
		lives(&rig, "s", "A", "a2");
		verify(&rig, "it is another one now, with another id");
		rig = update_of(is_adopted);
		verify(&rig, "it is gone");
		rig = update_of(is_adopted);
		lives(&rig, "s", "A", "a1");
		lives(&rig, "s", "A", "a2");
		verify(&rig, "there are two of this name now");
	}
}

/* fault A4, fault A5 */
static void other_dates_of_no_change(void **state)
{
	static const char *const dates[] = {"2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00Z",
		"2026-01-01T02:00:00+02:00", "2025-12-31T00:00:00Z", "yesterday"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
		struct rig rig = update_of(false);
		lives(&rig, "s", "A", "a1")->modified = dates[i];
		verify(&rig, NULL);
	}
	struct rig rig = update_of(false);
	struct object *lags = lives(&rig, "s", "A", "a1");
	lags->modified = "2025-12-31T00:00:00Z";
	lags->comment = "an old one";
	verify(&rig, NULL);
}

static struct rig rename_of(void)
{
	struct rig rig = {0};
	struct action *action = act(&rig, ours(&rig, "s", "OLD", "o1"), wish(&rig, "s", "NEW"));

	action->live = seen(&rig, "s", "OLD", "o1");
	return rig;
}

static void renames(void **state)
{
	struct rig rig = rename_of();

	(void)state;
	lives(&rig, "s", "OLD", "o1");
	verify(&rig, NULL);
	rig = rename_of();
	lives(&rig, "s", "OLD", "o1");
	lives(&rig, "s", "NEW", "n1");
	verify(&rig, "p/s/NEW is not as it was when the plan was made: a secret of the new name");
	rig = rename_of();
	verify(&rig, "it is gone");
	rig = rename_of();
	lives(&rig, "s", "OLD", "o2");
	verify(&rig, "another id");
	rig = rename_of();
	lives(&rig, "s", "OLD", "o1")->modified = "2026-01-02T00:00:00Z";
	verify(&rig, "it was written to meanwhile");
	rig = rename_of();
	lives(&rig, "s", "OLD", "o1");
	lives(&rig, "s", "OLD", "o2");
	verify(&rig, "there are two of this name now");
}

/* A secret that goes by itself may be gone already, and may have been written to. */
static void destructions(void **state)
{
	struct rig rig = {0};

	(void)state;
	act(&rig, ours(&rig, "s", "A", "a1"), NULL);
	lives(&rig, "s", "A", "a1")->modified = "2026-01-02T00:00:00Z";
	verify(&rig, NULL);
	act(&rig, ours(&rig, "s", "A", "a1"), NULL);
	verify(&rig, NULL);
	act(&rig, ours(&rig, "s", "A", "a1"), NULL);
	lives(&rig, "s", "A", "a1");
	lives(&rig, "s", "B", "b1"); /* beside it, and none of its business */
	verify(&rig, NULL);
	act(&rig, ours(&rig, "s", "A", "a1"), NULL);
	lives(&rig, "s", "A", "a2");
	verify(&rig, "another id");
	act(&rig, ours(&rig, "s", "A", "a1"), NULL)->is_left_alive = true;
	verify(&rig, "it is gone");
	act(&rig, ours(&rig, "s", "A", "a1"), wish(&rig, "s", "A"))->is_replaced = true;
	verify(&rig, "it is gone");
	act(&rig, ours(&rig, "s", "A", "a1"), wish(&rig, "s", "A")); /* nothing to do */
	verify(&rig, NULL);
}

/* A store that goes with A, which is ours, and MINE, which is not, but known. */
static struct rig store_of(bool is_replaced)
{
	struct rig rig = {0};
	static const size_t waits[] = {0};
	static const struct object mine = {
		OBJECT_SECRET, .account = "p", .store = "s", .secret = "MINE", .id = "m1"};

	act(&rig, ours(&rig, "s", NULL, "s1"), is_replaced ? wish(&rig, "s", NULL) : NULL);
	act(&rig, ours(&rig, "s", "A", "a1"), is_replaced ? wish(&rig, "s", "A") : NULL);
	for (int i = 0; i < 2; i++)
		rig.plan.actions[i].is_replaced = is_replaced;
	rig.plan.actions[1].goes_with_store = true;
	rig.plan.actions[1].waits_for = waits;
	rig.plan.actions[1].wait_count = 1;
	rig.plan.actions[0].strangers = &mine;
	rig.plan.actions[0].stranger_count = 1;
	lives(&rig, "s", NULL, "s1");
	return rig;
}

static void stores_with_secrets(void **state)
{
	(void)state;
	for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
		struct rig rig = store_of(is_replaced);
		lives(&rig, "s", "A", "a1");
		lives(&rig, "s", "MINE", "m1");
		lives(&rig, "t", "ELSE", "e1");
		verify(&rig, NULL);
		rig = store_of(is_replaced);
		lives(&rig, "s", "A", "a1");
		verify(&rig, NULL); /* a stranger that left */
		rig = store_of(is_replaced);
		lives(&rig, "s", "A", "a1");
		lives(&rig, "s", "NEW", "n1");
		verify(&rig, "p/s is not as it was when the plan was made: it holds more");
		rig = store_of(is_replaced);
		lives(&rig, "s", "A", "a1");
		lives(&rig, "s", "MINE", "m2"); /* another one of that name */
		verify(&rig, "it holds more that cfprov does not manage");
		rig = store_of(is_replaced);
		lives(&rig, "s", "A", "a2");
		verify(&rig, "it holds more that cfprov does not manage");
	}
}

/* What is to be made in the new store lives in the old one, as a stranger that goes with it. */
static void stands_in_a_store_that_goes(void **state)
{
	static const size_t waits[] = {0};

	(void)state;
	for (int is_known = 0; is_known < 2; is_known++) {
		struct rig rig = store_of(true);
		struct action *create = act(&rig, NULL, wish(&rig, "s", "MINE"));
		create->waits_for = waits;
		create->wait_count = 1;
		lives(&rig, "s", "A", "a1");
		lives(&rig, "s", "MINE", is_known ? "m1" : "m2");
		verify(&rig, is_known ? NULL : "it holds more");
	}
}

/* All that differs is told; odd names are made visible. */
static void each_difference(void **state)
{
	struct rig rig = {0};

	(void)state;
	act(&rig, NULL, wish(&rig, "s", "A\x1b"));
	act(&rig, NULL, wish(&rig, "s", "B"));
	act(&rig, NULL, wish(&rig, "s", "C"));
	lives(&rig, "s", "A\x1b", "a1");
	lives(&rig, "s", "C", "c1");
	model_sort(&rig.live);
	error_set(error_list_add(&rig.errors), "before");
	assert_false(verify_plan(&rig.plan, &rig.live, &rig.errors));
	assert_int_equal(rig.errors.count, 3);
	expect_text(rig.errors.items[1].message, "p/s/A\\x1b ");
	expect_text(rig.errors.items[2].message, "p/s/C ");
	plan_release(&rig.plan);
	model_release(&rig.live);
	error_list_release(&rig.errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creations),
		cmocka_unit_test(updates),
		cmocka_unit_test(other_dates_of_no_change),
		cmocka_unit_test(renames),
		cmocka_unit_test(destructions),
		cmocka_unit_test(stores_with_secrets),
		cmocka_unit_test(stands_in_a_store_that_goes),
		cmocka_unit_test(each_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
