/* The ledger, where people change the state by hand: staged, committed or replaced. */
#include "state/ledger.h"

#include "local.h"
#include "unit.h"

static const char lineage[] = "6f1c2f0e-0000-4000-8000-123456789abc";
static const struct account prod = {.alias = "prod", .id = "acc1"};

static void open_ledger(struct ledger *ledger, const char *path, const char *backup)
{
	struct ledger_options options = local_options(path, "test");
	struct error err CLEANUP(error_release) = {0};

	options.backend.backup = backup;
	if (!ledger_open(ledger, &options, &err))
		fail_msg("can't open: %s", err.message);
}

static bool put(struct ledger *ledger, const char *store, const char *id, struct error *err)
{
	const struct object object = {
		.account = "prod", .store = store, .id = id, .origin = ORIGIN_ADOPTED};
	const struct change change = {CHANGE_PUT, &object};

	ledger_stage(ledger, &(struct state_fold){.changes = &change,
				     .change_count = 1,
				     .accounts = &prod,
				     .account_count = 1});
	return ledger_commit(ledger, err);
}

static void changes_are_written(void **state)
{
	const char *path = folder_file(*state, "s.json");
	struct ledger ledger;
	struct error err CLEANUP(error_release) = {0};

	open_ledger(&ledger, path, NULL);
	assert_true(put(&ledger, "a", "id-a", &err));
	assert_true(put(&ledger, "b", "id-b", &err));
	assert_true(put(&ledger, "b", "id-b", &err)); /* the same again is no change */
	ledger_close(&ledger);
	assert_true(local_read(&ledger, path, &err));
	assert_int_equal(ledger.state.serial, 2);
	assert_int_equal(strlen(ledger.state.lineage), STATE_LINEAGE_LENGTH);
	assert_int_equal(ledger.state.model.object_count, 2);
	ledger_close(&ledger);
	assert_int_equal(folder_count(*state), 2); /* the state and its backup */
}

/* What ledger_read would refuse is not written, whoever made it. */
static void what_can_not_be_read_is_not_written(void **state)
{
	static const struct {
		const char *store, *id;
	} cases[] = {{"x", "no id at all"}, {"x", ""}, {"x", "id-a"}, {"x\xff", "id-x"}};
	const char *path = folder_file(*state, "s.json");
	struct ledger ledger;
	struct str before CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	open_ledger(&ledger, path, "-");
	assert_true(put(&ledger, "a", "id-a", &err));
	ledger_close(&ledger);
	folder_read(*state, "s.json", &before);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str after CLEANUP(str_release) = {0};
		open_ledger(&ledger, path, "-");
		assert_false(put(&ledger, cases[i].store, cases[i].id, &err));
		expect_error(&err, "is not valid");
		ledger_close(&ledger);
		folder_read(*state, "s.json", &after);
		assert_string_equal(str_text(&before), str_text(&after));
	}
	assert_int_equal(folder_count(*state), 1);
}

static void replace(const char *path, int64_t serial, int64_t expected)
{
	struct ledger ledger;
	struct state other = {.serial = serial};
	struct error err CLEANUP(error_release) = {0};

	memcpy(other.lineage, lineage, sizeof(lineage));
	open_ledger(&ledger, path, NULL);
	assert_true(ledger_replace(&ledger, &other, &err));
	ledger_close(&ledger);
	assert_true(local_read(&ledger, path, &err));
	assert_int_equal(ledger.state.serial, expected);
	assert_string_equal(ledger.state.lineage, lineage);
	ledger_close(&ledger);
}

static void a_serial_never_goes_back(void **state)
{
	const char *path = folder_file(*state, "s.json");

	replace(path, 5, 5);
	replace(path, 9, 9);
	replace(path, 1, 10);
	replace(path, 10, 11);
}

static void backups(void **state)
{
	const char *path = folder_file(*state, "s.json");
	struct ledger ledger;
	struct error err CLEANUP(error_release) = {0};

	open_ledger(&ledger, path, folder_file(*state, "kept"));
	assert_true(put(&ledger, "a", "id-a", &err));
	assert_false(folder_has(*state, "kept")); /* there was nothing to keep */
	assert_true(put(&ledger, "b", "id-b", &err));
	ledger_close(&ledger);
	assert_true(folder_has(*state, "kept"));
	assert_false(folder_has(*state, "s.json.backup"));
	struct ledger_options options = local_options(path, "test");
	options.backend.backup = folder_file(*state, "nowhere/kept");
	assert_false(ledger_open(&ledger, &options, &err));
	expect_error(&err, "the backup of the state could not be written");
	assert_false(folder_has(*state, ".s.json.lock"));
}

static void locks_are_seen(void **state)
{
	const char *path = folder_file(*state, "s.json");
	const struct ledger_options options = local_options(path, "test");
	struct str holder CLEANUP(str_release) = {0}, id CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct ledger ledger;

	assert_true(ledger_find_holder(&options, &holder, &id, &err));
	assert_int_equal(holder.length, 0);
	open_ledger(&ledger, path, NULL);
	assert_true(ledger_find_holder(&options, &holder, &id, &err));
	expect_text(str_text(&holder), "(test, since ");
	ledger_close(&ledger);
	str_clear(&holder);
	assert_true(ledger_find_holder(&options, &holder, &id, &err));
	assert_int_equal(holder.length, 0);
	assert_int_equal(id.length, 0);
	assert_int_equal(folder_count(*state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(changes_are_written),
		test_in_folder(what_can_not_be_read_is_not_written),
		test_in_folder(a_serial_never_goes_back),
		test_in_folder(backups),
		test_in_folder(locks_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
