/* Saved plans: what is written is read again, and nothing else is. */
#include "state/planfile.h"

#include "unit.h"

/* A plan with an action of every kind, a refresh and a drift. */
struct rig {
	struct model desired, recorded, live;
	struct planfile planfile;
	struct str bytes;
};

static const struct object *recorded(struct rig *rig, const char *name, const char *id)
{
	struct object *object = model_add_object(&rig->recorded, "p", name, NULL);

	object->id = id;
	object->created = "2026-01-01T00:00:00Z";
	object->origin = ORIGIN_CREATED;
	return object;
}

static struct action *act(struct rig *rig, const struct object *before, const struct object *after)
{
	struct action *action = plan_add(&rig->planfile.plan);

	action->before = before;
	action->after = after;
	return action;
}

static int set_up(void **state)
{
	static struct object desired[3], strangers[1], adopted;
	struct rig *rig = mem_alloc(sizeof(*rig));

	/* Rows that grow would move what was lent. */
	rig->recorded.objects = mem_alloc(8 * sizeof(struct object));
	rig->recorded.object_room = 8;
	desired[0] = (struct object){.account = "p", .store = "a", .prevent_destroy = true};
	desired[1] = (struct object){.account = "p", .store = "b", .forget_on_remove = true};
	desired[2] = (struct object){.account = "p", .store = "c"};
	adopted = (struct object){.account = "p", .store = "b", .id = "id-b"};
	strangers[0] = (struct object){.kind = OBJECT_SECRET,
		.account = "p",
		.store = "d",
		.secret = "S\x1b",
		.id = "id-s"};
	act(rig, NULL, &desired[0]);
	act(rig, &adopted, &desired[1])->needs_consent = true;
	act(rig, recorded(rig, "c", "id-c"), &desired[2])->is_replaced = true;
	struct action *destroy = act(rig, recorded(rig, "d", "id-d"), NULL);
	destroy->reason = "it is not \"there\"";
	destroy->strangers = strangers;
	destroy->stranger_count = 1;
	act(rig, recorded(rig, "e", "id-e"), NULL)->is_left_alive = true;
	plan_add_refresh(&rig->planfile.plan, recorded(rig, "f", "id-f"), NULL);
	plan_add_drift(&rig->planfile.plan, recorded(rig, "g", "id-g"), NULL);
	plan_add_move(&rig->planfile.plan, &(struct plan_move){"old/c", &desired[2]});
	rig->planfile.plan.counts = plan_count(&rig->planfile.plan);
	rig->planfile.plan.managed = 7;
	rig->planfile.mode = "normal";
	rig->planfile.state_path = "some/where";
	rig->planfile.serial = 4;
	memcpy(rig->planfile.lineage, "11111111-1111-4111-8111-111111111111", 37);
	model_add_account(&rig->planfile.accounts, "p", "acc")->token =
		(struct value_source){.kind = VALUE_ENV, .name = "TOKEN"};
	model_add_move(&rig->planfile.accounts, "old", "p");
	planfile_encode(&rig->planfile, &rig->bytes);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	planfile_release(&rig->planfile);
	model_release(&rig->recorded);
	str_release(&rig->bytes);
	free(rig);
	return 0;
}

static void comes_back(void **state)
{
	struct rig *rig = *state;
	struct planfile read CLEANUP(planfile_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str again CLEANUP(str_release) = {0};

	assert_true(planfile_decode("p", &rig->bytes, &read, &err));
	planfile_encode(&read, &again);
	assert_string_equal(str_text(&again), str_text(&rig->bytes));
	assert_int_equal(read.plan.counts.add, 2);
	assert_int_equal(read.plan.counts.destroy, 2);
	assert_int_equal(read.plan.counts.import, 1);
	assert_int_equal(read.plan.counts.forget, 1);
	assert_int_equal(read.plan.managed, 7);
	assert_string_equal(read.plan.actions[3].strangers[0].secret, "S\x1b");
	assert_string_equal(read.accounts.moves[0].to, "p");
	assert_string_equal(plan_previous_address(&read.plan, read.plan.actions[2].after), "old/c");
	assert_null(plan_previous_address(&read.plan, read.plan.actions[1].after));
}

static void refused(const struct str *bytes)
{
	struct planfile read CLEANUP(planfile_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(planfile_decode("file", bytes, &read, &err));
	assert_non_null(err.message);
	assert_string_equal(err.file, "file");
}

static void cut_at_every_byte(void **state)
{
	struct rig *rig = *state;

	for (size_t length = 0; length < rig->bytes.length; length++) {
		struct str cut CLEANUP(str_release) = {0};
		str_add(&cut, rig->bytes.bytes, length);
		refused(&cut);
	}
}

static void every_byte_flipped(void **state)
{
	struct rig *rig = *state;

	for (size_t at = 0; at < rig->bytes.length; at++) {
		struct str flipped CLEANUP(str_release) = {0};
		str_add(&flipped, rig->bytes.bytes, rig->bytes.length);
		flipped.bytes[at] = (char)(flipped.bytes[at] ^ 1);
		refused(&flipped);
	}
}

static void expect_state(
	const struct planfile *planfile, const char *lineage, int64_t serial, const char *why)
{
	struct error err CLEANUP(error_release) = {0};

	assert_int_equal(planfile_check_state(planfile, lineage, serial, &err), why == NULL);
	if (!why)
		return;
	struct str text CLEANUP(str_release) = {0};
	str_format(&text, "%s. %s", err.message, err.hint);
	assert_non_null(strstr(str_text(&text), why));
}

static void fits_its_state_only(void **state)
{
	static const char other[] = "22222222-2222-4222-8222-222222222222";
	struct rig *rig = *state;
	struct planfile *planfile = &rig->planfile, unborn = {.mode = "normal"};

	expect_state(planfile, planfile->lineage, 4, NULL);
	expect_state(planfile, planfile->lineage, 5,
		"moved on since the plan was made (serial 4, now 5). It may have been applied");
	expect_state(planfile, planfile->lineage, 3, "put back to an older one");
	expect_state(planfile, other, 4,
		"not 22222222-2222-4222-8222-222222222222). Is this the "
		"right folder");
	expect_state(planfile, "", 0, "a state that is not there. Is this the right folder");
	expect_state(&unborn, "", 0, NULL);
	expect_state(&unborn, other, 1, "was empty when the plan was made");
}

static void fits_its_accounts_only(void **state)
{
	struct rig *rig = *state;
	struct state now = {.serial = 4};
	struct error err CLEANUP(error_release) = {0};

	rig->planfile.plan.action_count = 0;
	assert_true(planfile_check_content(&rig->planfile, &now, &err));
	model_add_account(&now.model, "p", "acc");
	assert_true(planfile_check_content(&rig->planfile, &now, &err));
	now.model.accounts[0].id = "other";
	assert_true(planfile_check_content(&rig->planfile, &now, &err)); /* nothing is recorded */
	model_add_object(&now.model, "p", "keys", NULL)->id = "k1";
	assert_false(planfile_check_content(&rig->planfile, &now, &err));
	expect_error(&err, "the account acc as `p`, which is other in the state");
	state_release(&now);
}

/* What it says is managed must be: nothing else may be destroyed in the name of it. */
static void fits_what_is_recorded_only(void **state)
{
	static const char *const ids[] = {"id-c", "id-d", "id-e"};
	struct rig *rig = *state;

	for (size_t wrong = 0; wrong <= 2 * ARRAY_SIZE(ids); wrong++) {
		struct state now = {.serial = 4};
		struct error err CLEANUP(error_release) = {0};
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
			if (wrong != ARRAY_SIZE(ids) + i)
				model_add_object(&now.model, "p", ids[i] + 3, NULL)->id =
					wrong == i ? "another" : ids[i];
		model_sort(&now.model);
		assert_int_equal(planfile_check_content(&rig->planfile, &now, &err),
			wrong == 2 * ARRAY_SIZE(ids));
		if (wrong < 2 * ARRAY_SIZE(ids))
			expect_error(&err, "which the state does not have");
		state_release(&now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_at_every_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_byte_flipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fits_its_state_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fits_its_accounts_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fits_what_is_recorded_only, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
