/* A ledger whose state is split by account: each has a backend, a journal and a lock of its own. */
#include "state/ledger.h"

#include "cloud.h"
#include "unit.h"

#include <stdlib.h>

enum { ACCOUNTS = 2 };

struct setting {
	struct folder folder;
	struct ledger ledger;
	struct error err;
	struct location location;
	struct account accounts[ACCOUNTS]; /* by alias; the ids are the other way round */
	struct model desired;
	struct object objects[ACCOUNTS];
	struct change intents[ACCOUNTS];
};

static int setup(void **state)
{
	struct setting *s = mem_alloc(sizeof(*s));

	folder_make(&s->folder);
	cloud_new();
	(void)cloud_at("p");
	setenv("XDG_STATE_HOME", folder_file(&s->folder, "home"), true);
	s->location = (struct location){
		.kind = LOCATION_S3, .bucket = "b", .prefix = "team/${ACCOUNT_ID}/x"};
	s->accounts[0] = (struct account){.alias = "dev", .id = "id2"};
	s->accounts[1] = (struct account){.alias = "prod", .id = "id1"};
	s->desired = (struct model){.accounts = s->accounts, .account_count = ACCOUNTS};
	for (int i = 0; i < ACCOUNTS; i++) {
		s->objects[i] = (struct object){
			.account = s->accounts[i].alias, .store = "keys", .origin = ORIGIN_CREATED};
		s->intents[i] = (struct change){CHANGE_PUT, &s->objects[i]};
	}
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct setting *s = *state;
	const char *home = folder_file(&s->folder, "home/cfprov");
	const char *const *names = NULL;
	size_t count = 0;
	struct arena arena = {0};

	error_release(&s->err);
	if (fs_list(home, &arena, &names, &count, &s->err))
		for (size_t i = 0; i < count; i++) {
			struct str path CLEANUP(str_release) = {0};
			str_format(&path, "%s/%s", home, names[i]);
			unlink(str_text(&path));
		}
	error_release(&s->err);
	arena_release(&arena);
	rmdir(home);
	rmdir(folder_file(&s->folder, "home"));
	folder_remove(&s->folder);
	arena_release(&s->folder.paths);
	cloud_free();
	mem_free(s);
	return 0;
}

static struct ledger_options options_of(struct setting *s, size_t first, size_t count)
{
	return (struct ledger_options){.backend = {.kind = &cloud_kind, .location = &s->location},
		.operation = "apply",
		.accounts = &s->accounts[first],
		.account_count = count};
}

static void open_accounts(struct setting *s, struct ledger *ledger, size_t first, size_t count)
{
	const struct ledger_options options = options_of(s, first, count);

	if (!ledger_open(ledger, &options, &s->err))
		fail_msg("can't open: %s", s->err.message);
}

static bool record(struct setting *s, struct ledger *ledger, size_t intent, int which)
{
	struct object *object = arena_alloc(&s->folder.paths, sizeof(*object));
	const struct result result = {intent, {CHANGE_PUT, object}};

	*object = s->objects[which];
	object->id = arena_format(&s->folder.paths, "store-%d", which);
	return ledger_record(ledger, &result, 1, &s->err);
}

static void run_both(struct setting *s)
{
	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, ACCOUNTS, &s->err));
	assert_true(record(s, &s->ledger, 1, 1));
	assert_true(record(s, &s->ledger, 0, 0));
	assert_true(ledger_finish(&s->ledger, &s->err));
	assert_false(s->ledger.is_ahead);
	ledger_close(&s->ledger);
}

static void expect_text_at(const char *prefix, const char *part, bool is_there)
{
	const struct cloud_place *place = cloud_at(prefix);
	struct str text CLEANUP(str_release) = {0};

	str_add(&text, place->log[place->newest].bytes, place->log[place->newest].length);
	if (is_there)
		expect_text(str_text(&text), part);
	else
		expect_no_text(str_text(&text), part);
}

static const char *id_of(const struct ledger *ledger, const char *alias)
{
	const struct object *object = model_object(&ledger->state.model, alias, "keys", NULL);

	return object ? object->id : NULL;
}

/* Each account's state is at its own place, with only its own objects and its own lineage. */
static void whole_run(void **state)
{
	struct setting *s = *state;
	const struct ledger_options options = options_of(s, 0, ACCOUNTS);

	run_both(s);
	assert_int_equal(cloud_at("team/id1/x")->newest, 1);
	assert_int_equal(cloud_at("team/id2/x")->newest, 1);
	assert_int_equal(cloud_at("p")->newest, 0);
	expect_text_at("team/id1/x", "store-1", true);
	expect_text_at("team/id1/x", "store-0", false);
	expect_text_at("team/id2/x", "store-0", true);
	expect_text_at("team/id2/x", "store-1", false);
	assert_null(cloud_held_at(cloud_at("team/id1/x")));
	assert_null(cloud_held_at(cloud_at("team/id2/x")));
	assert_true(ledger_read(&s->ledger, &options, &s->err));
	assert_string_equal(id_of(&s->ledger, "dev"), "store-0");
	assert_string_equal(id_of(&s->ledger, "prod"), "store-1");
	assert_int_equal(s->ledger.state.model.account_count, ACCOUNTS);
	assert_string_not_equal(
		ledger_lineage(&s->ledger, "dev"), ledger_lineage(&s->ledger, "prod"));
	assert_int_equal(s->ledger.state.serial, 2);
	ledger_close(&s->ledger);
}

/* An alias that was renamed finds its state, because that goes by the id. */
static void renamed_alias(void **state)
{
	struct setting *s = *state;
	const struct ledger_options options = options_of(s, 0, ACCOUNTS);

	run_both(s);
	s->accounts[0].alias = "prod"; /* even crosswise */
	s->accounts[1].alias = "dev";
	assert_true(ledger_read(&s->ledger, &options, &s->err));
	assert_string_equal(id_of(&s->ledger, "prod"), "store-0");
	assert_string_equal(id_of(&s->ledger, "dev"), "store-1");
	assert_false(s->ledger.is_ahead);
	ledger_close(&s->ledger);
}

/* What changes is written, and nothing else. */
static void one_part_changes(void **state)
{
	struct setting *s = *state;
	const struct change gone = {CHANGE_DROP, &s->objects[0]};

	run_both(s);
	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	ledger_stage(&s->ledger, &(struct state_fold){.changes = &gone, .change_count = 1});
	ledger_stage(&s->ledger, &(struct state_fold){.changes = &gone, .change_count = 1});
	assert_int_equal(s->ledger.state.serial, 3);
	assert_true(ledger_commit(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	assert_int_equal(cloud_at("team/id1/x")->newest, 1);
	assert_int_equal(cloud_at("team/id2/x")->newest, 2);
	expect_text_at("team/id2/x", "store-0", false);
}

/* So is a change that leaves all addresses as they are. */
static void a_field_changes(void **state)
{
	struct setting *s = *state;
	struct object kept = s->objects[0];
	const struct change change = {CHANGE_PUT, &kept};

	run_both(s);
	kept.id = "store-0";
	kept.prevent_destroy = true;
	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	ledger_stage(&s->ledger, &(struct state_fold){.changes = &change, .change_count = 1});
	assert_true(ledger_commit(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	assert_int_equal(cloud_at("team/id1/x")->newest, 1);
	assert_int_equal(cloud_at("team/id2/x")->newest, 2);
	expect_text_at("team/id2/x", "prevent_destroy", true);
}

/* A change of one part leaves what is staged for the other. */
static void staged_in_turn(void **state)
{
	struct setting *s = *state;

	run_both(s);
	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	for (size_t i = 0; i < ACCOUNTS; i++) {
		const struct change gone = {CHANGE_DROP, &s->objects[i]};
		ledger_stage(&s->ledger, &(struct state_fold){.changes = &gone, .change_count = 1});
	}
	assert_int_equal(s->ledger.state.serial, 4);
	assert_true(ledger_commit(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	expect_text_at("team/id1/x", "store-1", false);
	expect_text_at("team/id2/x", "store-0", false);
}

/* Only one part has a run; what stays open there was requested while it was alive. */
static void open_at_the_end(void **state)
{
	struct setting *s = *state;

	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_true(ledger_begin(&s->ledger, &s->desired, &s->intents[1], 1, &s->err));
	int64_t alive_ms = s->ledger.parts[0].alive_ms;
	assert_true(alive_ms > 0);
	assert_true(ledger_finish(&s->ledger, &s->err));
	const struct object *open = model_find(&s->ledger.state.model, &s->objects[1]);
	assert_int_equal(open->requested_ms, alive_ms);
	ledger_close(&s->ledger);
}

/* Two runs on two accounts lock nothing in common; two on one do. */
static void side_by_side(void **state)
{
	struct setting *s = *state;
	const struct ledger_options again = options_of(s, 1, 1);
	struct ledger dev, prod, third;

	open_accounts(s, &dev, 0, 1);
	open_accounts(s, &prod, 1, 1);
	assert_false(ledger_open(&third, &again, &s->err));
	assert_int_equal(s->err.code, ERROR_BUSY);
	error_release(&s->err);
	assert_true(ledger_begin(&dev, &s->desired, &s->intents[0], 1, &s->err));
	assert_true(ledger_begin(&prod, &s->desired, &s->intents[1], 1, &s->err));
	assert_true(record(s, &prod, 0, 1));
	assert_true(record(s, &dev, 0, 0));
	assert_true(ledger_finish(&dev, &s->err));
	assert_true(ledger_finish(&prod, &s->err));
	ledger_close(&dev);
	ledger_close(&prod);
	expect_text_at("team/id1/x", "store-1", true);
	expect_text_at("team/id2/x", "store-0", true);
}

/* Stopped in the middle: each part has its journal, and what it did not learn is open. */
static void interrupted(void **state)
{
	struct setting *s = *state;

	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, ACCOUNTS, &s->err));
	assert_true(record(s, &s->ledger, 1, 1));
	ledger_close(&s->ledger);
	assert_non_null(cloud_held_at(cloud_at("team/id1/x")));
	assert_non_null(cloud_held_at(cloud_at("team/id2/x")));
	/* A run on one account leaves the other as it is. */
	open_accounts(s, &s->ledger, 1, 1);
	assert_string_equal(id_of(&s->ledger, "prod"), "store-1");
	ledger_close(&s->ledger);
	assert_null(cloud_held_at(cloud_at("team/id1/x")));
	assert_non_null(cloud_held_at(cloud_at("team/id2/x")));
	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_null(id_of(&s->ledger, "dev"));
	assert_non_null(model_find(&s->ledger.state.model, &s->objects[0]));
	ledger_close(&s->ledger);
	assert_null(cloud_held_at(cloud_at("team/id2/x")));
}

/* If one part can't begin, none does. */
static void one_cannot_begin(void **state)
{
	struct setting *s = *state;

	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	cloud_held_at(cloud_at("team/id2/x"))->state = CLOUD_BROKEN;
	assert_false(ledger_begin(&s->ledger, &s->desired, s->intents, ACCOUNTS, &s->err));
	assert_int_equal(s->err.code, ERROR_CONFLICT);
	error_release(&s->err);
	ledger_close(&s->ledger);
	assert_null(cloud_held_at(cloud_at("team/id1/x")));
	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_int_equal(s->ledger.state.model.object_count, 0);
	ledger_close(&s->ledger);
}

/* If one can't be written at the end, the others are. */
static void one_cannot_finish(void **state)
{
	struct setting *s = *state;

	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, ACCOUNTS, &s->err));
	assert_true(record(s, &s->ledger, 0, 0));
	assert_true(record(s, &s->ledger, 1, 1));
	cloud->fault = CLOUD_FAIL;
	cloud->fault_at = cloud->calls + 1;
	assert_false(ledger_finish(&s->ledger, &s->err));
	assert_true(s->ledger.is_ahead);
	error_release(&s->err);
	ledger_close(&s->ledger);
	assert_int_equal(cloud_at("team/id1/x")->newest, 0);
	assert_int_equal(cloud_at("team/id2/x")->newest, 1);
	assert_null(cloud_held_at(cloud_at("team/id2/x")));
	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_string_equal(id_of(&s->ledger, "dev"), "store-0");
	assert_string_equal(id_of(&s->ledger, "prod"), "store-1");
	ledger_close(&s->ledger);
	assert_int_equal(cloud_at("team/id1/x")->newest, 1);
}

static void of_another_account(void **state)
{
	struct setting *s = *state;
	const struct ledger_options options = options_of(s, 0, ACCOUNTS);

	run_both(s);
	cloud_at("team/id1/x")->log[1] = cloud_at("team/id2/x")->log[1];
	assert_false(ledger_read(&s->ledger, &options, &s->err));
	expect_text(s->err.file, "s3://b/team/id1/x");
	expect_error(&s->err, "the state of the account id1 has objects of the account id2");
}

static void replaced(void **state)
{
	struct setting *s = *state;
	struct state other = {.serial = 9, .lineage = "6f1c2f0e-0000-4000-8000-000000000000"};

	open_accounts(s, &s->ledger, 0, ACCOUNTS);
	assert_false(ledger_replace(&s->ledger, &other, &s->err));
	expect_text(s->err.hint, "-account=");
	expect_error(&s->err, "the state is split by account");
	ledger_close(&s->ledger);
	other = (struct state){.serial = 9, .lineage = "6f1c2f0e-0000-4000-8000-000000000000"};
	model_add_account(&other.model, "before", "id2");
	struct object *object = model_add_object(&other.model, "before", "keys", NULL);
	object->id = "x1";
	object->origin = ORIGIN_CREATED;
	model_sort(&other.model);
	open_accounts(s, &s->ledger, 0, 1);
	assert_true(ledger_replace(&s->ledger, &other, &s->err));
	assert_string_equal(id_of(&s->ledger, "dev"), "x1");
	ledger_close(&s->ledger);
	assert_int_equal(cloud_at("team/id2/x")->newest, 9);
	expect_text_at("team/id2/x", "6f1c2f0e-0000-4000-8000-000000000000", true);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_run),
		TEST(renamed_alias),
		TEST(one_part_changes),
		TEST(a_field_changes),
		TEST(staged_in_turn),
		TEST(open_at_the_end),
		TEST(side_by_side),
		TEST(interrupted),
		TEST(one_cannot_begin),
		TEST(one_cannot_finish),
		TEST(of_another_account),
		TEST(replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
