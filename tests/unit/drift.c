#include "plan/drift.h"

#include "unit.h"

static const struct object live = {.account = "p", .store = "s", .id = "now"};

/* Nobody saw whether it was created; the state knows no id that could differ from the live one. */
static void what_has_no_id_has_no_drift(void **state)
{
	const struct object unresolved = {.account = "p", .store = "s"};
	const struct object known = {.account = "p", .store = "s", .id = "then"};
	const struct plan_options options = {0};
	struct row row = {.recorded = &unresolved, .live = &live, .drift = DRIFT_REPLACED};
	struct drift drift;

	(void)state;
	assert_false(drift_reported(&options, &row, &drift));
	row.recorded = &known;
	assert_true(drift_reported(&options, &row, &drift));
	assert_true(drift.is_another);
	assert_string_equal(drift.now.id, "now");
	row.drift = 0;
	assert_false(drift_reported(&options, &row, &drift));
}

#define OURS   "2026-01-01T00:00:00Z"
#define THEIRS "2026-01-02T00:00:00Z"

/* A secret that somebody else wrote to, in all that can differ. */
struct rig {
	struct object recorded, live, desired;
	struct row row;
};

static void set_up(struct rig *rig, unsigned fields)
{
	*rig = (struct rig){
		.recorded = {OBJECT_SECRET, .account = "p", .store = "s", .secret = "A", .id = "1",
			.created = OURS, .modified = OURS, .scopes = "workers", .comment = "c"},
		.desired = {OBJECT_SECRET, .account = "p", .store = "s", .secret = "A"},
	};
	rig->live = rig->recorded;
	rig->live.modified = THEIRS;
	rig->live.scopes = "dex";
	rig->live.comment = "d";
	rig->row = (struct row){.recorded = &rig->recorded,
		.live = &rig->live,
		.desired = &rig->desired,
		.drift = fields};
}

/* What the manifest ignores is not shown, and the rest is. */
static void only_what_counts_is_reported(void **state)
{
	static const unsigned all = FIELD_VALUE | FIELD_SCOPES | FIELD_COMMENT;
	const struct plan_options options = {0};

	(void)state;
	for (unsigned fields = 1; fields <= all; fields++) {
		struct rig rig;
		struct drift drift;
		set_up(&rig, fields);
		assert_true(drift_reported(&options, &rig.row, &drift));
		assert_int_equal(drift.fields, fields);
		assert_string_equal(drift.now.modified, fields & FIELD_VALUE ? THEIRS : OURS);
		assert_false(drift.is_gone || drift.is_another);
	}
}

/* "Left as it is" is said of a value that the plan could write, and does not. */
static void a_value_that_is_left(void **state)
{
	struct plan_options options = {0};
	struct drift drift;
	struct rig rig;

	(void)state;
	set_up(&rig, FIELD_VALUE);
	assert_true(drift_reported(&options, &rig.row, &drift) && drift.is_left);
	rig.row.action = ACTION_UPDATE;
	rig.row.writes = FIELD_SCOPES;
	assert_true(drift_reported(&options, &rig.row, &drift) && drift.is_left);
	rig.row.writes = FIELD_VALUE;
	assert_true(drift_reported(&options, &rig.row, &drift) && !drift.is_left);
	rig.row.action = ACTION_REPLACE;
	rig.row.writes = 0;
	assert_true(drift_reported(&options, &rig.row, &drift) && !drift.is_left);
	rig.row.action = ACTION_NONE;
	options.refresh_only = true;
	assert_true(drift_reported(&options, &rig.row, &drift) && !drift.is_left);
	options = (struct plan_options){.destroys_all = true};
	assert_true(drift_reported(&options, &rig.row, &drift) && !drift.is_left);
	options.destroys_all = false;
	rig.row.desired = NULL;
	assert_true(drift_reported(&options, &rig.row, &drift) && !drift.is_left);
	set_up(&rig, FIELD_SCOPES);
	assert_true(drift_reported(&options, &rig.row, &drift) && !drift.is_left);
}

/* What is learned and no drift: what differs, or that it is gone. */
static void learned(void **state)
{
	const struct object unresolved = {.account = "p", .store = "s"};
	const struct object store = {
		.account = "p", .store = "s", .id = "1", .created = OURS, .modified = OURS};
	struct object now = store;
	struct row row = {.recorded = &store, .live = &now, .learns = true};
	struct drift drift;
	struct rig rig;

	(void)state;
	assert_true(drift_learned(&row, &drift));
	assert_true(drift.is_gone);
	row.learned = &now;
	assert_false(drift_learned(&row, &drift)); /* such as its policies */
	now.created = THEIRS;
	assert_true(drift_learned(&row, &drift));
	assert_false(drift.is_gone);
	now.created = OURS;
	now.modified = THEIRS;
	assert_true(drift_learned(&row, &drift));
	row.drift = FIELD_VALUE; /* then it is reported as that */
	assert_false(drift_learned(&row, &drift));
	row.drift = 0;
	row.learns = false;
	assert_false(drift_learned(&row, &drift));
	row = (struct row){.recorded = &unresolved, .learns = true};
	assert_false(drift_learned(&row, &drift));
	set_up(&rig, 0);
	rig.row.learns = true;
	rig.row.learned = &rig.live;
	assert_true(drift_learned(&rig.row, &drift));
	assert_int_equal(drift.fields, FIELD_VALUE | FIELD_SCOPES | FIELD_COMMENT);
}

/* The old name of a rename is not a change of its own: the new one shows it. */
static void a_rename_is_one_change(void **state)
{
	const struct object secret = {.kind = OBJECT_SECRET};
	const struct row old_name = {.action = ACTION_DESTROY, .renamed_to = &secret};
	const struct row new_name = {
		.action = ACTION_CREATE, .copies = &secret, .live = &live, .moved_from = "p/s/A"};

	(void)state;
	assert_false(row_is_change(&old_name));
	assert_true(row_is_change(&new_name));
	assert_false(row_is_move(&new_name));
	assert_ptr_equal(row_written(&new_name), &live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_id_has_no_drift),
		cmocka_unit_test(only_what_counts_is_reported),
		cmocka_unit_test(a_value_that_is_left),
		cmocka_unit_test(learned),
		cmocka_unit_test(a_rename_is_one_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
