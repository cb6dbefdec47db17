#include "plan/record.h"

#include "unit.h"

/* What the answer to the last request says. */
static const struct object is_now = {OBJECT_SECRET, .id = "id", .created = "c", .modified = "m",
	.scopes = "now", .comment = "it is", .status = "pending"};

static const struct value_source source = {.kind = VALUE_ENV, .name = "V"};

struct rig {
	struct object before, after, record;
	struct action action;
	struct arena arena;
};

static void set_up(struct rig *rig, enum origin origin)
{
	*rig = (struct rig){
		.before = {OBJECT_SECRET, .account = "a", .store = "s", .secret = "N", .id = "id",
			.origin = origin, .fingerprint = "old", .version = 2,
			.prevent_destroy = true, .is_unsure = true},
		.after = {OBJECT_SECRET, .account = "a", .store = "s", .secret = "N",
			.fingerprint = "new", .version = 3, .value = &source, .scopes = "wished",
			.forget_on_remove = true},
	};
	rig->action = (struct action){.before = &rig->before, .after = &rig->after};
}

/* Makes the record and looks at what is the same always. */
static void expect(struct rig *rig, enum origin origin, const char *fingerprint, int64_t version)
{
	record_done(&rig->action, &is_now, &rig->arena, &rig->record);
	const struct object *record = &rig->record;
	assert_int_equal(record->kind, OBJECT_SECRET);
	assert_string_equal(record->account, "a");
	assert_string_equal(record->store, "s");
	assert_string_equal(record->secret, rig->after.secret);
	assert_string_equal(record->id, "id");
	assert_string_equal(record->modified, "m");
	assert_string_equal(record->scopes, "now");
	assert_string_equal(record->status, "pending");
	assert_true(record->forget_on_remove);
	assert_false(record->prevent_destroy || record->is_unsure || record->is_unresolved);
	assert_int_equal(record->origin, origin);
	assert_int_equal(record->version, version);
	if (fingerprint)
		assert_string_equal(
			record->fingerprint ? record->fingerprint : "none", fingerprint);
	else
		assert_null(record->fingerprint);
	assert_ptr_not_equal(record->id, is_now.id); /* it owns what it says */
	arena_release(&rig->arena);
}

static void made(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ORIGIN_ADOPTED);
	rig.action.is_replaced = true;
	expect(&rig, ORIGIN_CREATED, "new", 3);
	set_up(&rig, ORIGIN_NONE);
	rig.action.before = NULL;
	expect(&rig, ORIGIN_CREATED, "new", 3);
	rig.after.fingerprint = NULL;
	expect(&rig, ORIGIN_CREATED, NULL, 3);
}

static void adopted(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ORIGIN_NONE);
	rig.before.fingerprint = NULL;
	rig.before.version = 0;
	rig.action.changes = FIELD_VALUE;
	expect(&rig, ORIGIN_ADOPTED, "new", 3);
	rig.after.fingerprint = NULL; /* written once: it was not read, nor written */
	rig.action.changes = FIELD_SCOPES;
	expect(&rig, ORIGIN_ADOPTED, NULL, 0);
	rig.action.changes = 0;
	expect(&rig, ORIGIN_ADOPTED, NULL, 0);
}

static void updated(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ORIGIN_ADOPTED);
	rig.action.changes = FIELD_VALUE | FIELD_COMMENT;
	expect(&rig, ORIGIN_ADOPTED, "new", 3);
	rig.action.changes =
		FIELD_COMMENT; /* the same value, and the version is not raised by that */
	expect(&rig, ORIGIN_ADOPTED, "new", 2);
	rig.action.is_unverified = true;
	expect(&rig, ORIGIN_ADOPTED, "old", 2);
	rig.action.is_unverified = false;
	rig.after.fingerprint = NULL; /* not read */
	expect(&rig, ORIGIN_ADOPTED, "old", 2);
	rig.after.keeps_no_fingerprint = true;
	expect(&rig, ORIGIN_ADOPTED, NULL, 2);
	rig.after.version = 1;
	expect(&rig, ORIGIN_ADOPTED, NULL, 1);
}

/* The fingerprint is bound to the name: that of the old name is none of the new one. */
static void renamed(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ORIGIN_ADOPTED);
	rig.before.secret = "O";
	expect(&rig, ORIGIN_ADOPTED, "new", 2);
	rig.action.is_unverified = true;
	expect(&rig, ORIGIN_ADOPTED, NULL, 2);
	rig.action.is_unverified = false;
	rig.after.fingerprint = NULL;
	expect(&rig, ORIGIN_ADOPTED, NULL, 2);
	rig.after.fingerprint = "new";
	rig.action.changes = FIELD_VALUE;
	expect(&rig, ORIGIN_ADOPTED, "new", 3);
	rig.before.version = 0;
	rig.action.changes = 0;
	expect(&rig, ORIGIN_ADOPTED, "new", 0);
}

/* fault A17 */
static void stored_otherwise(void **state)
{
	struct rig rig;
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	set_up(&rig, ORIGIN_CREATED);
	rig.after.comment = " it is ";
	rig.action.changes = FIELD_COMMENT;
	expect(&rig, ORIGIN_CREATED, "new", 2);
	assert_null(rig.record.sent_scopes);
	record_done(&rig.action, &is_now, &rig.arena, &rig.record);
	assert_string_equal(rig.record.sent_comment, " it is ");
	record_add_warning(&text, &rig.action, &rig.record);
	assert_non_null(
		strstr(str_text(&text), "the comment of a/s/N as \"it is\", not as \" it is \""));
	/* It was known before, and is not sent now: it stays known, and is not told. */
	rig.before.sent_comment = " it is ";
	rig.before.comment = "it is";
	rig.action.changes = FIELD_VALUE;
	record_done(&rig.action, &is_now, &rig.arena, &rig.record);
	assert_string_equal(rig.record.sent_comment, " it is ");
	text.length = 0;
	record_add_warning(&text, &rig.action, &rig.record);
	assert_int_equal(text.length, 0);
	/* Somebody wrote another comment meanwhile: that is not what became of ours. */
	rig.before.comment = "it was";
	record_done(&rig.action, &is_now, &rig.arena, &rig.record);
	assert_null(rig.record.sent_comment);
	/* What could not be cleared is an error, and no fixed point. */
	rig.after.comment = NULL;
	rig.action.changes = FIELD_COMMENT;
	record_done(&rig.action, &is_now, &rig.arena, &rig.record);
	assert_null(rig.record.sent_comment);
	rig.action.before = NULL;
	rig.action.changes = 0;
	record_done(&rig.action, &is_now, &rig.arena, &rig.record);
	assert_string_equal(rig.record.sent_comment, "");
	assert_string_equal(rig.record.sent_scopes, "wished");
	arena_release(&rig.arena);
}

/* fault A5 */
static void an_answer_that_lags(void **state)
{
	struct rig rig;
	struct object lags = is_now;

	(void)state;
	set_up(&rig, ORIGIN_CREATED);
	rig.before.modified = "2026-01-02T00:00:00Z";
	rig.before.scopes = "dex";
	rig.after.comment = "new";
	rig.action.changes = FIELD_COMMENT;
	lags.modified = "2026-01-01T00:00:00Z";
	record_done(&rig.action, &lags, &rig.arena, &rig.record);
	assert_null(rig.record.modified);
	assert_string_equal(rig.record.comment, "new");
	assert_string_equal(rig.record.scopes, "dex");
	assert_null(rig.record.sent_comment);
	arena_release(&rig.arena);
}

static void stores(void **state)
{
	struct rig rig;
	const struct object store = {OBJECT_STORE, .id = "id", .modified = "m"};

	(void)state;
	set_up(&rig, ORIGIN_NONE);
	rig.before = (struct object){.account = "a", .store = "s", .id = "id"};
	rig.after = (struct object){.account = "a", .store = "s", .prevent_destroy = true};
	record_done(&rig.action, &store, &rig.arena, &rig.record);
	assert_int_equal(rig.record.kind, OBJECT_STORE);
	assert_int_equal(rig.record.origin, ORIGIN_ADOPTED);
	assert_true(rig.record.prevent_destroy);
	assert_null(rig.record.fingerprint);
	assert_int_equal(rig.record.version, 0);
	arena_release(&rig.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made),
		cmocka_unit_test(adopted),
		cmocka_unit_test(updated),
		cmocka_unit_test(renamed),
		cmocka_unit_test(stored_otherwise),
		cmocka_unit_test(an_answer_that_lags),
		cmocka_unit_test(stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
