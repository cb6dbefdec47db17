#include "plan/record.h"

#include "unit.h"

/* The moments: of our last write, of somebody else's after that, and of the answer. */
#define OURS    "2026-01-01T00:00:00Z"
#define FOREIGN "2026-01-02T00:00:00Z"
#define ANSWER  "2026-01-03T00:00:00Z"

/* What the answer to the last request says. */
static const struct object is_now = {OBJECT_SECRET, .id = "id", .created = "c", .modified = ANSWER,
	.scopes = "now", .comment = "it is", .status = "pending"};

static const struct value_source source = {.kind = VALUE_ENV, .name = "V"},
				 generated = {.kind = VALUE_GENERATE, .name = "hex", .bytes = 8};

/* The same secret on all sides, and the old one that it may be duplicated from. */
struct rig {
	struct object desired, recorded, live, old, record;
	struct row row;
	struct arena arena;
};

static void set_up(struct rig *rig, enum action action, unsigned writes)
{
	*rig = (struct rig){
		.desired = {OBJECT_SECRET, .account = "a", .store = "s", .secret = "N",
			.fingerprint = "new", .version = 3, .value = &source, .scopes = "wished",
			.forget_on_remove = true},
		.recorded = {OBJECT_SECRET, .account = "a", .store = "s", .secret = "N", .id = "id",
			.origin = ORIGIN_ADOPTED, .fingerprint = "old", .version = 2,
			.modified = OURS, .requested_ms = 7, .prevent_destroy = true},
	};
	rig->live = rig->recorded;
	rig->live.origin = ORIGIN_NONE;
	rig->live.fingerprint = NULL;
	rig->live.version = rig->live.requested_ms = 0;
	rig->live.prevent_destroy = false;
	rig->row = (struct row){.action = action,
		.writes = writes,
		.desired = &rig->desired,
		.recorded = &rig->recorded,
		.live = &rig->live};
}

/* A number for each moment; the rest as it is. */
static const char *moment(const char *modified)
{
	return !modified ? "-"
			 : (const char *const[]){"ours", "foreign", "answer"}[modified[9] - '1'];
}

/* "ID ORIGIN VERSION FINGERPRINT MODIFIED", and what else is unusual. */
static void describe(const struct object *object, struct str *out)
{
	static const char *const origins[] = {"-", "created", "adopted"};
	static const char *const doubts[] = {"", " value", " rest", " foreign"};

	str_format(out, "%s %s %d %s %s%s", object->id ? object->id : "?", origins[object->origin],
		(int)object->version, object->fingerprint ? object->fingerprint : "-",
		moment(object->modified), doubts[object->doubt]);
	if (object->seen_modified)
		str_format(out, " seen=%s", moment(object->seen_modified));
	if (object->former)
		str_format(out, " former=%s", object->former);
	if (object->replaced)
		str_format(out, " replaced=%s", object->replaced->id);
	if (object->requested_ms)
		str_text_add(out, " requested");
	if (object->prevent_destroy)
		str_text_add(out, " protected");
}

enum outcome {
	INTENDED,
	DONE,
	UNFINISHED,
	UNFINISHED_OPEN, /* its value is unknown */
	UNFINISHED_REST, /* the rest is */
	RECOVERED,       /* what was intended is found with the id of the answer */
	RECOVERED_OLD,   /* ... or with the id of what it replaces */
	LEARNED,
	REFRESHED, /* learned with -refresh-only */
};

/* How the sides differ from set_up. */
enum {
	AS_IT_IS,
	COPIES = 1,      /* it is made by duplicating OLD, and neither recorded nor live */
	CHANGED = 2,     /* somebody else wrote it (or OLD) since */
	NOT_WANTED = 4,  /* it is not desired */
	NEW = 8,         /* it is not recorded */
	UNVERIFIED = 16, /* nobody can tell whether the value is the desired one */
	GENERATED = 32,  /* the desired value is */
	NOT_READ = 64,   /* it was, so there is no fingerprint */
	NO_PRINT = 128,  /* none is kept */
	SAME_VALUE = 256,
	WRITTEN_ONCE = 512,
	RENAMED_ON = 1024, /* OLD was the duplicate of OLDER */
	GONE = 2048,       /* it is not live */
	THEIRS = 4096,     /* another one is live */
};

struct outcome_case {
	enum action action;
	unsigned writes;
	enum outcome outcome;
	unsigned sides;
	enum doubt doubt; /* of what is recorded */
	const char *expected;
};

static void apply_sides(struct rig *rig, const struct outcome_case *c)
{
	struct row *row = &rig->row;

	rig->recorded.doubt = c->doubt;
	if (c->sides & CHANGED)
		rig->live.modified = FOREIGN;
	if (c->sides & GENERATED)
		rig->desired.value = &generated;
	if (c->sides & (NOT_READ | NO_PRINT))
		rig->desired.fingerprint = NULL;
	rig->desired.keeps_no_fingerprint = c->sides & NO_PRINT;
	rig->desired.is_written_once = c->sides & WRITTEN_ONCE;
	rig->desired.verdict = c->sides & SAME_VALUE ? VALUE_SAME : VALUE_NOT_COMPARED;
	row->notes = c->sides & UNVERIFIED ? ROW_UNVERIFIED : 0;
	if (c->sides & NOT_WANTED)
		row->desired = NULL;
	if (c->sides & (NEW | COPIES))
		row->recorded = NULL;
	if (c->sides & GONE)
		row->live = NULL;
	if (c->sides & THEIRS)
		rig->live.id = "theirs";
	if (!(c->sides & COPIES))
		return;
	rig->old = rig->recorded;
	rig->old.secret = rig->live.secret = "OLD";
	rig->old.former = c->sides & RENAMED_ON ? "OLDER" : NULL;
	row->copies = &rig->old;
}

static void describe_outcome(struct rig *rig, enum outcome outcome, struct str *out)
{
	struct object found = is_now;
	const struct object *learned = &rig->record;
	const struct change intent = record_intent(&rig->row, &rig->arena);
	struct change recovered;

	switch (outcome) {
	case INTENDED:
		learned = intent.kind == CHANGE_PUT ? intent.object : NULL;
		break;
	case DONE:
		record_done(&rig->row, &is_now, &rig->arena, &rig->record);
		assert_ptr_not_equal(rig->record.id, is_now.id); /* it owns what it says */
		assert_string_equal(rig->record.secret, "N");
		assert_string_equal(rig->record.scopes, "now");
		assert_true(rig->record.forget_on_remove);
		break;
	case UNFINISHED:
	case UNFINISHED_OPEN:
	case UNFINISHED_REST:
		record_unfinished(&rig->row, &is_now,
			outcome == UNFINISHED_OPEN   ? DOUBT_VALUE
			: outcome == UNFINISHED_REST ? DOUBT_REST
						     : DOUBT_NONE,
			&rig->arena, &rig->record);
		break;
	case RECOVERED:
	case RECOVERED_OLD:
		found.id = outcome == RECOVERED ? "new" : intent.object->replaced->id;
		recovered = record_recovered(intent.object, &found, &rig->arena);
		assert_int_equal(record_is_replaced(intent.object, &found), outcome != RECOVERED);
		learned = recovered.kind == CHANGE_PUT ? recovered.object : NULL;
		if (!learned)
			str_text_add(out, "dropped");
		break;
	case LEARNED:
	case REFRESHED:
		learned = record_learned(&rig->row, outcome == REFRESHED, &rig->arena);
		break;
	}
	if (learned)
		describe(learned, out);
}

#define VALUE   FIELD_VALUE
#define COMMENT FIELD_COMMENT

/* clang-format off */
static const struct outcome_case outcome_cases[] = {
	/* "": no change */
	{ACTION_CREATE, 0, INTENDED, NEW | GONE, 0, "? - 3 new -"},
	{ACTION_CREATE, 0, DONE, NEW | GONE, 0, "id created 3 new answer"},
	{ACTION_CREATE, 0, DONE, NEW | GONE | NO_PRINT, 0, "id created 3 - answer"},
	{ACTION_CREATE, 0, RECOVERED, NEW | GONE, 0, "new created 3 new answer"},
	/* it is recorded, but gone; if a list still shows it, that is not the new one */
	{ACTION_CREATE, 0, INTENDED, GONE, 0, "? - 3 new - replaced=id"},
	{ACTION_CREATE, 0, DONE, GONE, 0, "id created 3 new answer"},
	{ACTION_CREATE, 0, RECOVERED, GONE, 0, "new created 3 new answer"},
	{ACTION_CREATE, 0, RECOVERED_OLD, GONE, 0, "id adopted 2 old ours requested protected"},
	/* its store is replaced: what is there is unmanaged, recorded with another id or not at all */
	{ACTION_CREATE, 0, INTENDED, NEW | THEIRS, 0, "? - 3 new - replaced=theirs"},
	{ACTION_CREATE, 0, RECOVERED, NEW | THEIRS, 0, "new created 3 new answer"},
	{ACTION_CREATE, 0, RECOVERED_OLD, NEW | THEIRS, 0, "dropped"},
	{ACTION_CREATE, 0, INTENDED, THEIRS, 0, "? - 3 new - replaced=theirs"},
	{ACTION_CREATE, 0, RECOVERED, THEIRS, 0, "new created 3 new answer"},
	{ACTION_CREATE, 0, RECOVERED_OLD, THEIRS, 0, "dropped"},
	/* by duplicating: the fingerprint is bound to the name, the version stays with the value */
	{ACTION_CREATE, 0, INTENDED, COPIES, 0, "? adopted 2 new - former=OLD"},
	{ACTION_CREATE, 0, INTENDED, COPIES | UNVERIFIED, 0, "? adopted 2 - - former=OLD"},
	{ACTION_CREATE, 0, INTENDED, COPIES | CHANGED, 0, "? adopted 2 new ours foreign former=OLD"},
	{ACTION_CREATE, 0, INTENDED, COPIES | CHANGED, DOUBT_REST, "? adopted 2 new - former=OLD"},
	{ACTION_CREATE, 0, INTENDED, COPIES | CHANGED, DOUBT_FOREIGN, "? adopted 2 new ours foreign former=OLD"},
	{ACTION_CREATE, VALUE, INTENDED, COPIES, 0, "? adopted 2 - - value former=OLD"},
	{ACTION_CREATE, VALUE, INTENDED, COPIES | CHANGED, 0, "? adopted 2 - - value former=OLD"},
	{ACTION_CREATE, 0, DONE, COPIES, 0, "id adopted 2 new answer former=OLD"},
	{ACTION_CREATE, 0, DONE, COPIES | RENAMED_ON, 0, "id adopted 2 new answer former=OLD"},
	{ACTION_CREATE, 0, DONE, COPIES | UNVERIFIED, 0, "id adopted 2 - answer former=OLD"},
	{ACTION_CREATE, 0, DONE, COPIES | NOT_READ, 0, "id adopted 2 - answer former=OLD"},
	{ACTION_CREATE, 0, DONE, COPIES | CHANGED, 0, "id adopted 2 new ours seen=answer former=OLD"},
	{ACTION_CREATE, VALUE, DONE, COPIES, 0, "id adopted 3 new answer former=OLD"},
	{ACTION_CREATE, VALUE, UNFINISHED_OPEN, COPIES, 0, "id adopted 2 - answer value former=OLD"},
	{ACTION_CREATE, 0, UNFINISHED, COPIES, 0, "id adopted 2 new answer former=OLD"},
	{ACTION_CREATE, 0, RECOVERED, COPIES, 0, "new adopted 2 new answer former=OLD"},
	{ACTION_CREATE, 0, RECOVERED, COPIES | CHANGED, 0, "new adopted 2 new ours former=OLD"},
	{ACTION_CREATE, VALUE, RECOVERED, COPIES, 0, "new adopted 2 - answer value former=OLD"},

	{ACTION_ADOPT, 0, INTENDED, NEW, 0, ""},
	{ACTION_ADOPT, COMMENT, INTENDED, NEW, 0, "id adopted 0 - ours rest"},
	{ACTION_ADOPT, VALUE, INTENDED, NEW, 0, "id adopted 0 - ours value"},
	{ACTION_ADOPT, 0, DONE, NEW | NOT_READ, 0, "id adopted 0 - answer"},
	{ACTION_ADOPT, 0, DONE, NEW | NOT_READ | GENERATED, 0, "id adopted 3 - answer"},
	{ACTION_ADOPT, COMMENT, DONE, NEW | NOT_READ, 0, "id adopted 0 - answer"},
	{ACTION_ADOPT, VALUE, DONE, NEW, 0, "id adopted 3 new answer"},

	{ACTION_UPDATE, COMMENT, INTENDED, 0, 0, "id adopted 2 old ours rest"},
	{ACTION_UPDATE, COMMENT, INTENDED, CHANGED, 0, "id adopted 2 old ours foreign"},
	{ACTION_UPDATE, COMMENT, INTENDED, CHANGED, DOUBT_FOREIGN, "id adopted 2 old ours foreign"},
	{ACTION_UPDATE, COMMENT, INTENDED, CHANGED, DOUBT_REST, "id adopted 2 old ours rest"},
	{ACTION_UPDATE, COMMENT, INTENDED, CHANGED, DOUBT_VALUE, "id adopted 2 old ours value"},
	{ACTION_UPDATE, VALUE, INTENDED, 0, 0, "id adopted 2 old ours value"},
	{ACTION_UPDATE, VALUE, INTENDED, CHANGED, DOUBT_FOREIGN, "id adopted 2 old ours value"},
	{ACTION_UPDATE, COMMENT, DONE, 0, 0, "id adopted 2 new answer"},
	{ACTION_UPDATE, COMMENT, DONE, UNVERIFIED, 0, "id adopted 2 old answer"},
	{ACTION_UPDATE, COMMENT, DONE, NOT_READ, 0, "id adopted 2 old answer"},
	{ACTION_UPDATE, COMMENT, DONE, NO_PRINT, 0, "id adopted 2 - answer"},
	{ACTION_UPDATE, COMMENT, DONE, CHANGED, 0, "id adopted 2 new ours seen=answer"},
	{ACTION_UPDATE, COMMENT, DONE, GENERATED | WRITTEN_ONCE, 0, "id adopted 2 new answer"},
	{ACTION_UPDATE, VALUE, DONE, CHANGED, DOUBT_FOREIGN, "id adopted 3 new answer"},
	{ACTION_UPDATE, VALUE, UNFINISHED, 0, 0, "id adopted 3 new answer"},
	{ACTION_UPDATE, COMMENT, UNFINISHED_REST, 0, 0, "id adopted 2 new answer rest"},
	{ACTION_UPDATE, COMMENT, UNFINISHED_REST, CHANGED, 0, "id adopted 2 new ours foreign seen=answer"},
	{ACTION_CREATE, COMMENT, UNFINISHED_REST, COPIES, 0, "id adopted 2 new answer rest former=OLD"},

	{ACTION_REPLACE, 0, INTENDED, 0, 0, "? - 3 new - replaced=id"},
	{ACTION_REPLACE, 0, DONE, 0, 0, "id created 3 new answer"},
	{ACTION_REPLACE, 0, RECOVERED, 0, 0, "new created 3 new answer"},
	{ACTION_REPLACE, 0, RECOVERED_OLD, 0, DOUBT_REST, "id adopted 2 old ours rest requested protected"},

	{ACTION_DESTROY, 0, INTENDED, NOT_WANTED, 0, "id adopted 2 old ours rest protected"},
	{ACTION_DESTROY, 0, INTENDED, NOT_WANTED, DOUBT_VALUE, "id adopted 2 old ours value protected"},
	{ACTION_DESTROY, 0, INTENDED, NOT_WANTED | CHANGED, 0, "id adopted 2 old ours foreign protected"},
	{ACTION_FORGET, 0, INTENDED, NOT_WANTED, DOUBT_VALUE, ""},

	{ACTION_NONE, 0, INTENDED, CHANGED, 0, ""},
	{ACTION_NONE, 0, LEARNED, SAME_VALUE, 0, "id adopted 2 new ours requested"},
	{ACTION_NONE, 0, LEARNED, NO_PRINT, 0, "id adopted 2 - ours requested"},
	{ACTION_NONE, 0, LEARNED, SAME_VALUE | CHANGED, 0, "id adopted 2 new ours requested"},
	{ACTION_NONE, 0, LEARNED, 0, DOUBT_REST, "id adopted 2 old ours"},
	{ACTION_NONE, 0, LEARNED, CHANGED, DOUBT_REST, "id adopted 2 old foreign"},
	{ACTION_NONE, 0, LEARNED, CHANGED | WRITTEN_ONCE, DOUBT_VALUE, "id adopted 2 old foreign"},
	{ACTION_NONE, 0, LEARNED, CHANGED, DOUBT_FOREIGN, "id adopted 2 old ours"},
	{ACTION_NONE, 0, LEARNED, CHANGED | GENERATED | WRITTEN_ONCE, DOUBT_REST, "id adopted 2 old foreign"},
	/* what nobody desires, or with -refresh-only: only what exists */
	{ACTION_NONE, 0, LEARNED, NOT_WANTED, 0, ""},
	{ACTION_NONE, 0, LEARNED, NOT_WANTED | CHANGED, DOUBT_FOREIGN, ""},
	{ACTION_NONE, 0, LEARNED, NOT_WANTED | CHANGED, DOUBT_REST, "id adopted 2 old foreign rest requested protected"},
	{ACTION_NONE, 0, REFRESHED, SAME_VALUE, 0, ""},
	{ACTION_NONE, 0, REFRESHED, CHANGED, 0, ""},
	{ACTION_NONE, 0, REFRESHED, CHANGED, DOUBT_VALUE, "id adopted 2 old foreign value requested protected"},
	{ACTION_NONE, 0, REFRESHED, CHANGED | WRITTEN_ONCE, 0, "id adopted 2 old foreign requested protected"},
	{ACTION_NONE, 0, REFRESHED, CHANGED | GENERATED, DOUBT_FOREIGN, "id adopted 2 old foreign rest requested protected"},
};
/* clang-format on */

static void outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outcome_cases); i++) {
		const struct outcome_case *c = &outcome_cases[i];
		struct str text CLEANUP(str_release) = {0};
		struct rig rig;
		set_up(&rig, c->action, c->writes);
		apply_sides(&rig, c);
		describe_outcome(&rig, c->outcome, &text);
		if (strcmp(str_text(&text), c->expected) != 0)
			print_error("case %zu: %s, not %s\n", i, str_text(&text), c->expected);
		assert_string_equal(str_text(&text), c->expected);
		arena_release(&rig.arena);
	}
}

/* fault A17 */
static void stored_otherwise(void **state)
{
	struct rig rig;
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	set_up(&rig, ACTION_UPDATE, FIELD_COMMENT);
	rig.desired.comment = " it is ";
	record_done(&rig.row, &is_now, &rig.arena, &rig.record);
	assert_null(rig.record.sent_scopes);
	assert_string_equal(rig.record.sent_comment, " it is ");
	record_add_warning(&text, &rig.row, &rig.record);
	assert_non_null(
		strstr(str_text(&text), "the comment of a/s/N as \"it is\", not as \" it is \""));
	/* It was known before, and is not sent now: it stays known, and is not told. */
	rig.recorded.sent_comment = " it is ";
	rig.recorded.comment = "it is";
	rig.row.writes = FIELD_VALUE;
	record_done(&rig.row, &is_now, &rig.arena, &rig.record);
	assert_string_equal(rig.record.sent_comment, " it is ");
	text.length = 0;
	record_add_warning(&text, &rig.row, &rig.record);
	assert_int_equal(text.length, 0);
	/* Somebody wrote another comment meanwhile: that is not what became of ours. */
	rig.recorded.comment = "it was";
	record_done(&rig.row, &is_now, &rig.arena, &rig.record);
	assert_null(rig.record.sent_comment);
	/* What could not be cleared is an error, and no fixed point. */
	rig.desired.comment = NULL;
	rig.row.writes = FIELD_COMMENT;
	record_done(&rig.row, &is_now, &rig.arena, &rig.record);
	assert_null(rig.record.sent_comment);
	rig.row.action = ACTION_CREATE;
	rig.row.recorded = NULL;
	rig.row.writes = 0;
	record_done(&rig.row, &is_now, &rig.arena, &rig.record);
	assert_string_equal(rig.record.sent_comment, "");
	assert_string_equal(rig.record.sent_scopes, "wished");
	arena_release(&rig.arena);
}

/* What became of what we sent is known no longer once somebody else has changed it. */
static void sent_and_changed_since(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ACTION_NONE, 0);
	rig.recorded.sent_scopes = "wished";
	rig.recorded.sent_comment = " it is ";
	rig.recorded.scopes = "stored";
	rig.recorded.comment = rig.live.comment = "it is";
	rig.live.scopes = "theirs";
	const struct object *learned = record_learned(&rig.row, true, &rig.arena);
	assert_null(learned->sent_scopes);
	assert_string_equal(learned->sent_comment, " it is ");
	rig.live.scopes = "stored";
	rig.live.comment = "theirs";
	learned = record_learned(&rig.row, true, &rig.arena);
	assert_string_equal(learned->sent_scopes, "wished");
	assert_null(learned->sent_comment);
	arena_release(&rig.arena);
}

/* An update does not end the rename before it: the old secret may still be there. */
static void an_update_keeps_the_former(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ACTION_UPDATE, FIELD_COMMENT);
	rig.recorded.former = "OLD";
	const struct change intent = record_intent(&rig.row, &rig.arena);
	assert_string_equal(intent.object->former, "OLD");
	assert_false(intent.object->prevent_destroy); /* as in the manifest */
	assert_true(intent.object->forget_on_remove);
	record_done(&rig.row, &is_now, &rig.arena, &rig.record);
	assert_string_equal(rig.record.former, "OLD");
	arena_release(&rig.arena);
}

/* With -refresh-only, a value that the manifest leaves alone is accepted, whoever wrote it. */
static void refreshing_accepts_a_value(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ACTION_NONE, 0);
	rig.desired.is_written_once = true;
	rig.recorded.seen_modified = FOREIGN;
	rig.live.modified = FOREIGN;
	const struct object *learned = record_learned(&rig.row, true, &rig.arena);
	assert_string_equal(learned->modified, FOREIGN);
	assert_null(learned->seen_modified);
	arena_release(&rig.arena);
}

/* fault A5 */
static void an_answer_that_lags(void **state)
{
	struct rig rig;
	struct object lags = is_now;

	(void)state;
	set_up(&rig, ACTION_UPDATE, FIELD_COMMENT);
	rig.recorded.modified = FOREIGN;
	rig.recorded.scopes = "dex";
	rig.desired.comment = "new";
	lags.modified = OURS;
	record_done(&rig.row, &lags, &rig.arena, &rig.record);
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
	const struct object live = {OBJECT_STORE, .account = "a", .store = "s", .id = "id"};

	(void)state;
	set_up(&rig, ACTION_ADOPT, 0);
	rig.desired = (struct object){.account = "a", .store = "s", .prevent_destroy = true};
	rig.live = live;
	rig.row.recorded = NULL;
	record_done(&rig.row, &store, &rig.arena, &rig.record);
	assert_int_equal(rig.record.kind, OBJECT_STORE);
	assert_int_equal(rig.record.origin, ORIGIN_ADOPTED);
	assert_true(rig.record.prevent_destroy);
	assert_null(rig.record.fingerprint);
	assert_int_equal(rig.record.version, 0);
	/* It has no value: there is one doubt only, and it ends when the store is seen. */
	rig.recorded = rig.record;
	rig.row = (struct row){.action = ACTION_DESTROY, .recorded = &rig.recorded, .live = &live};
	const struct change intent = record_intent(&rig.row, &rig.arena);
	assert_int_equal(intent.object->doubt, DOUBT_REST);
	rig.recorded.doubt = DOUBT_REST;
	rig.row.action = ACTION_NONE;
	assert_int_equal(record_learned(&rig.row, true, &rig.arena)->doubt, DOUBT_NONE);
	arena_release(&rig.arena);
}

/* If a list shows a store that was gone, it is not the one that is created in its place. */
static void a_store_that_was_gone(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, ACTION_CREATE, 0);
	rig.desired = (struct object){.account = "a", .store = "s"};
	rig.recorded = (struct object){.account = "a", .store = "s", .id = "was"};
	rig.recorded.origin = ORIGIN_CREATED;
	rig.row.live = NULL;
	const struct object *intended = record_intent(&rig.row, &rig.arena).object;
	assert_non_null(intended->replaced);
	assert_string_equal(intended->replaced->id, "was");
	rig.row.recorded = NULL;
	assert_null(record_intent(&rig.row, &rig.arena).object->replaced);
	arena_release(&rig.arena);
}

/* ---- becoming active ---- */

#define THEN  "2026-01-01T00:00:00Z"
#define LATER "2026-01-01T00:00:01Z"

static struct object secret(const char *id, const char *status, const char *modified)
{
	return (struct object){.kind = OBJECT_SECRET,
		.account = "prod",
		.store = "keys",
		.secret = "A",
		.id = id,
		.status = status,
		.modified = modified,
		.scopes = "workers"};
}

static void readiness_is_learned(void **state)
{
	struct object recorded = secret("1", "pending", THEN), now;
	struct object live = secret("1", "active", LATER);

	(void)state;
	recorded.fingerprint = "f";
	recorded.version = 3;
	recorded.origin = ORIGIN_CREATED;
	live.scopes = "dex";
	assert_true(record_became_active(&recorded, &live, &now));
	assert_string_equal(now.status, "active");
	assert_string_equal(now.modified, LATER);
	assert_string_equal(now.fingerprint, "f");
	assert_string_equal(now.scopes, "workers"); /* drift is for the next plan to see */
	assert_int_equal(now.version, 3);
	assert_int_equal(now.origin, ORIGIN_CREATED);
}

/* fault A5 */
static void older_than_ours_is_not_ready(void **state)
{
	const struct object recorded = secret("1", "pending", LATER);
	const struct object lags = secret("1", "active", THEN);
	const struct object moved = secret("1", "active", "2026-01-01T00:00:01.5+00:00");
	struct object now;

	(void)state;
	assert_false(record_became_active(&recorded, &lags, &now));
	assert_true(record_became_active(&recorded, &moved, &now));
	assert_string_equal(now.modified, LATER); /* the same moment, to the second */
}

/* What others did is not learned: the next plan must see it. */
static void nothing_else_is(void **state)
{
	const struct object pending = secret("1", "pending", THEN);
	const struct object active = secret("1", "active", THEN);
	const struct object foreign[] = {
		secret("2", "active", LATER),  /* recreated */
		secret("1", "pending", LATER), /* written by somebody else */
		secret("1", NULL, LATER),
	};
	const struct object written = secret("1", "active", LATER);
	struct object now;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		assert_false(record_became_active(&pending, &foreign[i], &now));
	assert_false(record_became_active(&active, &written, &now));
	const struct object unresolved = secret(NULL, "pending", NULL);
	assert_false(record_became_active(&unresolved, &written, &now));
}

/* A value that is known to be someone else's does not become ours. */
static void readiness_hides_no_foreign_value(void **state)
{
	struct object recorded[2] = {secret("1", "pending", THEN), secret("1", "pending", THEN)},
		      now;
	const struct object live = secret("1", "active", LATER);

	(void)state;
	recorded[0].seen_modified = THEN; /* we wrote something else after them */
	recorded[1].doubt = DOUBT_FOREIGN;
	for (size_t i = 0; i < ARRAY_SIZE(recorded); i++) {
		struct arena arena = {0};
		const struct row row = {.recorded = &recorded[i], .live = &live};
		assert_true(record_became_active(&recorded[i], &live, &now));
		assert_string_equal(now.status, "active");
		assert_string_equal(now.modified, THEN);
		const struct object *learned = record_learned(&row, true, &arena);
		assert_non_null(learned);
		assert_string_equal(learned->status, "active");
		assert_string_equal(learned->modified, THEN);
		assert_int_equal(object_drift(&recorded[i], &live) & FIELD_VALUE, FIELD_VALUE);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(stored_otherwise),
		cmocka_unit_test(sent_and_changed_since),
		cmocka_unit_test(an_update_keeps_the_former),
		cmocka_unit_test(refreshing_accepts_a_value),
		cmocka_unit_test(an_answer_that_lags),
		cmocka_unit_test(stores),
		cmocka_unit_test(a_store_that_was_gone),
		cmocka_unit_test(readiness_is_learned),
		cmocka_unit_test(older_than_ours_is_not_ready),
		cmocka_unit_test(nothing_else_is),
		cmocka_unit_test(readiness_hides_no_foreign_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
