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
		cmocka_unit_test(a_rename_is_one_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
