/* The fields of objects, and how they come back from a state and a journal. */
#include "state/objects.h"

#include "state/journal.h"
#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

/* ---- secrets to be written ---- */

static const char odd[] = "\"\\ \n\t\r\x01\x1b[2J <script> \xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91 "
			  "${HOME} %s";

static const struct object replaced = {OBJECT_SECRET, .id = "id-0", .modified = "m",
	.scopes = "workers", .fingerprint = "g", .version = 1, .origin = ORIGIN_ADOPTED};
static const struct object unmanaged = {OBJECT_SECRET, .id = "id-0"};

/* All fields, odd texts, none of the fields, and in between. */
static const struct object secrets[] = {
	{OBJECT_SECRET, .secret = "ALL", .id = "id-1", .created = "c", .modified = "m",
		.scopes = "access,ai_gateway,workers", .comment = "a note", .status = "active",
		.sent_comment = "", .sent_scopes = "access,workers", .fingerprint = "blake2b$0$1",
		.former = "OLD", .version = INT64_C(1000000000), .doubt = DOUBT_FOREIGN,
		.requested_ms = 1, .seen_modified = "s", .prevent_destroy = true,
		.forget_on_remove = true, .origin = ORIGIN_ADOPTED},
	{OBJECT_SECRET, .secret = "EMPTY", .id = "id-2", .created = "", .modified = "",
		.scopes = "", .comment = "", .status = "", .fingerprint = "",
		.origin = ORIGIN_CREATED},
	{OBJECT_SECRET, .secret = "LEAST", .id = "id-3", .origin = ORIGIN_CREATED},
	{OBJECT_SECRET, .secret = odd, .id = "id-4", .created = odd, .modified = odd, .scopes = odd,
		.comment = odd, .status = odd, .fingerprint = odd, .version = 1,
		.origin = ORIGIN_CREATED},
	{OBJECT_SECRET, .secret = "UNRESOLVED", .fingerprint = "f", .version = 2,
		.doubt = DOUBT_VALUE, .prevent_destroy = true, .forget_on_remove = true,
		.replaced = &replaced},
	{OBJECT_SECRET, .secret = "UNMANAGED", .replaced = &unmanaged},
	{OBJECT_SECRET, .secret = "secrets", .id = "id-5", .scopes = "a", .origin = ORIGIN_CREATED},
	{OBJECT_SECRET, .secret = "stores", .id = "id-6", .version = (INT64_C(1) << 53) - 1,
		.origin = ORIGIN_CREATED},
};

static void expect_text_of(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_ptr_equal(a, b);
}

static void expect_same(const struct object *a, const struct object *b)
{
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->kind, b->kind);
	expect_text_of(a->secret, b->secret);
	expect_text_of(a->id, b->id);
	expect_text_of(a->created, b->created);
	expect_text_of(a->modified, b->modified);
	expect_text_of(a->scopes, b->scopes);
	expect_text_of(a->comment, b->comment);
	expect_text_of(a->status, b->status);
	expect_text_of(a->fingerprint, b->fingerprint);
	expect_text_of(a->former, b->former);
	expect_text_of(a->sent_scopes, b->sent_scopes);
	expect_text_of(a->sent_comment, b->sent_comment);
	assert_int_equal(a->version, b->version);
	expect_text_of(a->seen_modified, b->seen_modified);
	assert_int_equal(a->requested_ms, b->requested_ms);
	assert_int_equal(a->doubt, b->doubt);
	assert_int_equal(a->replaced != NULL, b->replaced != NULL);
	if (a->replaced && b->replaced)
		expect_same(a->replaced, b->replaced);
	assert_int_equal(a->prevent_destroy, b->prevent_destroy);
	assert_int_equal(a->forget_on_remove, b->forget_on_remove);
	assert_int_equal(a->origin, b->origin);
}

static struct object in(const struct object *secret, const char *store)
{
	struct object object = *secret;

	object.account = "prod";
	object.store = store;
	return object;
}

/* ---- alone ---- */

static void round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		struct str text CLEANUP(str_release) = {0};
		struct json_writer writer = json_writer(&text, 0);
		struct arena arena CLEANUP(arena_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct object before = in(&secrets[i], "keys"), after;
		json_begin_object(&writer, NULL);
		objects_encode_address(&writer, &before);
		json_begin_object(&writer, "fields");
		objects_encode(&writer, &before, OBJECTS_LIVE);
		json_end(&writer);
		json_end(&writer);
		struct json *json CLEANUP(json_free_pointer) =
			json_parse(text.bytes, text.length, &err);
		assert_non_null(json);
		assert_true(objects_decode_address(json, &arena, &after));
		if (!objects_decode(json_get(json, "fields"), OBJECTS_LIVE, &arena, &after, &err))
			fail_msg("%s: %s", str_text(&text), err.message);
		expect_same(&after, &before);
		assert_string_equal(after.account, "prod");
		assert_string_equal(after.store, "keys");
	}
}

static bool decode(const char *text, struct object *ret_object, struct error *err)
{
	static struct arena arena;
	struct json *json CLEANUP(json_free_pointer) = json_parse(text, strlen(text), err);

	arena_release(&arena);
	*ret_object = (struct object){.kind = OBJECT_SECRET};
	bool is_good = json && objects_decode(json, OBJECTS_LIVE, &arena, ret_object, err);
	arena_release(&arena);
	return is_good;
}

static void wrong_fields(void **state)
{
	static const char *const texts[] = {"{\"scopes\":\"workers\"}", "{\"scopes\":[1]}",
		"{\"scopes\":[\"\"]}", "{\"scopes\":[\"a,b\"]}", "{\"scopes\":[null]}",
		"{\"scopes\":{}}", "{\"scopes\":[[\"a\"]]}", "{\"comment\":null}",
		"{\"comment\":1}", "{\"status\":true}", "{\"fingerprint\":1}",
		"{\"fingerprint\":null}", "{\"version\":0}", "{\"version\":-1}",
		"{\"version\":1.5}", "{\"version\":\"1\"}", "{\"version\":9223372036854775808}",
		"{\"version\":1e99}", "{\"unsure\":false}", "{\"unsure\":1}",
		"{\"unsure\":\"true\"}", "{\"Unsure\":true}", "{\"value\":\"x\"}",
		"{\"secret\":\"x\"}", "{\"verdict\":1}", "{\"id\":\"a/b\"}", "{\"id\":\"\"}",
		"{\"origin\":\"\"}", "{\"origin\":\"imported\"}", "[]", "1", "\"\""};
	struct object object;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct error err CLEANUP(error_release) = {0};
		if (decode(texts[i], &object, &err))
			fail_msg("accepted: %s", texts[i]);
		assert_non_null(err.message);
	}
}

/* Each combination of the flags: of a secret and a store, with an id and without. */
static void doubts(void **state)
{
	enum { WRONG = -1 };
	static const struct {
		const char *flags;
		int secret, new_secret, store, new_store;
	} cases[] = {
		{"", DOUBT_NONE, DOUBT_NONE, DOUBT_NONE, DOUBT_NONE},
		{",\"unsure\":true", DOUBT_VALUE, DOUBT_VALUE, DOUBT_REST, WRONG},
		{",\"keeps_value\":true", WRONG, WRONG, WRONG, WRONG},
		{",\"strange\":true", WRONG, DOUBT_FOREIGN, WRONG, WRONG},
		{",\"unsure\":true,\"keeps_value\":true", DOUBT_REST, WRONG, WRONG, WRONG},
		{",\"unsure\":true,\"strange\":true", WRONG, WRONG, WRONG, WRONG},
		{",\"keeps_value\":true,\"strange\":true", WRONG, WRONG, WRONG, WRONG},
		{",\"unsure\":true,\"keeps_value\":true,\"strange\":true", DOUBT_FOREIGN, WRONG,
			WRONG, WRONG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int form = 0; form < 4; form++) {
			const int expected[] = {cases[i].secret, cases[i].new_secret,
				cases[i].store, cases[i].new_store};
			struct str text CLEANUP(str_release) = {0},
					again CLEANUP(str_release) = {0};
			struct arena arena CLEANUP(arena_release) = {0};
			struct error err CLEANUP(error_release) = {0};
			struct object object = {.kind = form < 2 ? OBJECT_SECRET : OBJECT_STORE};
			struct json_writer writer = json_writer(&again, 0);
			str_format(&text, "{%s%s}",
				form % 2 ? "\"unresolved\":true" : "\"id\":\"a\"", cases[i].flags);
			struct json *json CLEANUP(json_free_pointer) =
				json_parse(text.bytes, text.length, &err);
			bool is_good = objects_decode(json, OBJECTS_LIVE, &arena, &object, &err);
			if (is_good != (expected[form] != WRONG))
				fail_msg("%s: %d", str_text(&text), form);
			if (!is_good)
				continue;
			assert_int_equal(object.doubt, expected[form]);
			json_begin_object(&writer, NULL);
			objects_encode(&writer, &object, OBJECTS_RECORDED);
			json_end(&writer);
			assert_string_equal(str_text(&again), str_text(&text));
		}
}

/* In what order they come, and whether twice, does not matter. */
static void scopes_are_a_set(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct object object = {.kind = OBJECT_SECRET};
	static const char text[] = "{\"scopes\":[\"workers\",\"access\",\"workers\"]}";
	struct json *json CLEANUP(json_free_pointer) = json_parse(text, strlen(text), &err);

	(void)state;
	assert_true(objects_decode(json, OBJECTS_LIVE, &arena, &object, &err));
	assert_string_equal(object.scopes, "access,workers");
}

/* ---- references to values ---- */

static void sources(void **state)
{
	static const char *const argv[] = {"a program", "", odd, NULL};
	const struct value_source all[] = {
		{0},
		{.kind = VALUE_ENV, .name = "V"},
		{.kind = VALUE_FILE, .name = odd, .pointer = "/a~1b", .keeps_last_newline = true},
		{.kind = VALUE_COMMAND, .argv = argv, .folder = odd},
		{.kind = VALUE_DOTENV, .name = ".env", .key = "K"},
		{.kind = VALUE_GENERATE, .name = "hex", .bytes = 49152},
		{.kind = VALUE_STDIN, .pointer = ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct str text CLEANUP(str_release) = {0}, again CLEANUP(str_release) = {0};
		struct json_writer writer = json_writer(&text, 0), second = json_writer(&again, 0);
		struct arena arena CLEANUP(arena_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct value_source after;
		json_begin_object(&writer, NULL);
		objects_encode_source(&writer, "value", &all[i]);
		json_end(&writer);
		struct json *json CLEANUP(json_free_pointer) =
			json_parse(text.bytes, text.length, &err);
		assert_true(objects_decode_source(json_get(json, "value"), &arena, &after));
		assert_int_equal(after.kind, all[i].kind);
		json_begin_object(&second, NULL);
		objects_encode_source(&second, "value", &after);
		json_end(&second);
		assert_string_equal(str_text(&text), str_text(&again));
	}
}

static void wrong_sources(void **state)
{
	static const char *const texts[] = {"{}", "{\"kind\":\"\"}", "{\"kind\":\"env\"}",
		"{\"kind\":\"vault\",\"name\":\"x\"}", "{\"kind\":\"dotenv\",\"name\":\"x\"}",
		"{\"kind\":\"command\"}", "{\"kind\":\"command\",\"argv\":[]}",
		"{\"kind\":\"command\",\"argv\":[1]}", "{\"kind\":\"generate\",\"name\":\"hex\"}",
		"{\"kind\":\"generate\",\"name\":\"hex\",\"bytes\":-1}",
		"{\"kind\":\"generate\",\"name\":\"hex\",\"bytes\":\"8\"}",
		"{\"kind\":\"generate\",\"bytes\":8}", "{\"kind\":\"file\"}",
		"{\"kind\":\"file\",\"name\":7}", "[]", "1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena arena CLEANUP(arena_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct value_source source;
		struct json *json CLEANUP(json_free_pointer) =
			json_parse(texts[i], strlen(texts[i]), &err);
		assert_non_null(json);
		if (objects_decode_source(json, &arena, &source))
			fail_msg("accepted: %s", texts[i]);
	}
}

/* ---- in a state ---- */

/* In a store that is recorded, one that is not, and one that is unresolved. */
static void in_a_state(void **state)
{
	static const char *const stores[] = {"keys", "not recorded", "secrets"};
	struct state before = {.serial = 3, .lineage = LINEAGE}, after = {0};
	struct str text CLEANUP(str_release) = {0}, again CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	model_add_account(&before.model, "prod", "acc1");
	struct object *keys = model_add_object(&before.model, "prod", "keys", NULL);
	keys->id = "keys-id";
	keys->origin = ORIGIN_CREATED;
	model_add_object(&before.model, "prod", "secrets", NULL);
	for (size_t s = 0; s < ARRAY_SIZE(stores); s++)
		for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
			struct object secret = in(&secrets[i], stores[s]);
			struct object *kept = model_add_copy(&before.model, &secret);
			if (kept->id)
				kept->id = arena_format(&before.model.arena, "%s-%zu", kept->id, s);
		}
	model_sort(&before.model);
	state_encode(&before, &text);
	if (!state_decode("x", text.bytes, text.length, &after, &err))
		fail_msg("%s", err.message);
	assert_int_equal(after.model.object_count, before.model.object_count);
	for (size_t i = 0; i < before.model.object_count; i++) {
		expect_same(&after.model.objects[i], &before.model.objects[i]);
		assert_int_equal(
			object_compare(&after.model.objects[i], &before.model.objects[i]), 0);
	}
	state_encode(&after, &again);
	assert_string_equal(str_text(&text), str_text(&again));
	state_release(&before);
	state_release(&after);
}

#define OURS "{\"id\":\"a\",\"origin\":\"created\"}"

static void wrong_states(void **state)
{
	static const char *const stores[] = {"{\"secrets\":{}}", "{\"secrets\":[]}",
		"{\"secrets\":null}", "{}", "{\"secrets\":{\"A\":{}}}", "{\"secrets\":{\"A\":[]}}",
		"{\"secrets\":{\"A\":{\"id\":\"a\"}}}",
		"{\"secrets\":{\"\":{\"id\":\"a\",\"origin\":\"created\"}}}",
		"{\"secrets\":{\"A/B\":{\"id\":\"a\",\"origin\":\"created\"}}}",
		"{\"secrets\":{\"A\":{\"id\":\"a\",\"origin\":\"created\",\"secrets\":{}}}}",
		"{\"secrets\":{\"A\":" OURS ",\"B\":" OURS "}}",
		"{\"id\":\"a\",\"origin\":\"created\",\"secrets\":{\"A\":" OURS "}}",
		"{\"secrets\":{\"A\":" OURS "},\"x\":1}",
		"{\"secrets\":{\"A\":{\"id\":\"a\",\"unresolved\":true}}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		struct state after = {0};
		struct error err CLEANUP(error_release) = {0};
		struct str text CLEANUP(str_release) = {0};
		str_format(&text,
			"{\"version\":1,\"cfprov_version\":\"1\",\"serial\":1,\"lineage\":\"%s\","
			"\"accounts\":{\"acc\":{\"alias\":\"a\",\"stores\":{\"s\":%s}}}}",
			LINEAGE, stores[i]);
		if (state_decode("x", text.bytes, text.length, &after, &err))
			fail_msg("accepted: %s", stores[i]);
		assert_int_equal(after.model.object_count, 0);
	}
}

/* One field of a secret differs: the serial grows. */
static void each_field_is_a_change(void **state)
{
	struct object other[] = {secrets[0], secrets[0], secrets[0], secrets[0], secrets[0],
		secrets[0], secrets[0], secrets[0], secrets[0], secrets[0]};
	struct state before = {.serial = 3, .lineage = LINEAGE};
	const struct object same = in(&secrets[0], "keys");

	(void)state;
	other[0].modified = "n";
	other[1].scopes = "access";
	other[2].comment = NULL;
	other[3].status = "pending";
	other[4].fingerprint = NULL;
	other[5].version--;
	other[6].doubt = DOUBT_REST;
	other[7].prevent_destroy = false;
	other[8].forget_on_remove = false;
	other[9].origin = ORIGIN_CREATED;
	model_add_account(&before.model, "prod", "acc1");
	model_add_copy(&before.model, &same);
	model_add_object(&before.model, "prod", "keys", same.former)->id = "id-o";
	model_sort(&before.model);
	for (size_t i = 0; i <= ARRAY_SIZE(other); i++) {
		bool differs = i < ARRAY_SIZE(other);
		struct object object = differs ? in(&other[i], "keys") : same;
		const struct change change = {CHANGE_PUT, &object};
		struct state after = {0};
		state_fold(&before, &(struct state_fold){.changes = &change, .change_count = 1},
			&after);
		assert_int_equal(after.serial, differs ? 4 : 3);
		expect_same(&after.model.objects[0], &object);
		state_release(&after);
	}
	state_release(&before);
}

/*
 * What it was duplicated from is forgotten once that is gone. If that was a duplicate itself, the
 * one before it may be left, and is remembered.
 */
static void a_rename_ends(void **state)
{
	(void)state;
	for (int is_older_left = 0; is_older_left < 2; is_older_left++) {
		struct state before = {.serial = 3, .lineage = LINEAGE}, after = {0};
		const struct object older = {
			OBJECT_SECRET, .account = "prod", .store = "keys", .secret = "OLDER"};
		const struct object old = {OBJECT_SECRET, .account = "prod", .store = "keys",
			.secret = secrets[0].former, .former = "OLDER"};
		const struct object new = in(&secrets[0], "keys");
		const struct change changes[] = {{CHANGE_DROP, &old}, {CHANGE_PUT, &new}};
		model_add_account(&before.model, "prod", "acc1");
		model_add_copy(&before.model, &old);
		if (is_older_left)
			model_add_copy(&before.model, &older);
		model_sort(&before.model);
		state_fold(&before, &(struct state_fold){.changes = changes, .change_count = 2},
			&after);
		const struct object *found = model_object(&after.model, "prod", "keys", new.secret);
		assert_int_equal(after.model.object_count, 1 + is_older_left);
		expect_text_of(found->former, is_older_left ? "OLDER" : NULL);
		state_release(&after);
		state_release(&before);
	}
}

/* ---- in a journal ---- */

static void journal_of(
	const struct change *intent, const struct result *result, struct journal *ret_journal)
{
	const struct journal_head head = {.serial = 4, .lineage = LINEAGE};
	struct account account = {.alias = "prod", .id = "acc1"};
	const struct model desired = {.accounts = &account, .account_count = 1};
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	journal_encode_header(&head,
		&(struct state_fold){intent, 1, desired.accounts, desired.account_count, 0},
		&(struct chain_writer){0}, &text);
	if (result)
		journal_encode_group(result, 1, &(struct chain_writer){0}, &text);
	if (!journal_decode("x", &text, NULL, ret_journal, &err))
		fail_msg("%s", err.message);
	assert_int_equal(ret_journal->count, 1);
	assert_string_equal(ret_journal->changes[0].object->secret, intent->object->secret);
	assert_int_equal(ret_journal->changes[0].object->kind, OBJECT_SECRET);
}

/* Without a result, what the intent says counts. */
static void intents(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		struct journal journal CLEANUP(journal_release) = {0}, kept = {0};
		struct object sent = in(&secrets[i], "keys");
		journal_of(&(struct change){CHANGE_PUT, &sent}, NULL, &journal);
		assert_int_equal(journal.changes[0].kind, CHANGE_PUT);
		expect_same(journal.changes[0].object, &sent);
		journal_of(&(struct change){CHANGE_KEEP, &sent}, NULL, &kept);
		assert_int_equal(kept.changes[0].kind, CHANGE_KEEP);
		journal_release(&kept);
	}
}

/* A result says all: nothing of what the intent said is left. */
static void results(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		struct journal journal CLEANUP(journal_release) = {0};
		struct object now = in(&secrets[i], "keys"), sent = in(&secrets[0], "keys");
		const struct result result = {0, {CHANGE_PUT, &now}};
		sent.secret = now.secret;
		journal_of(&(struct change){CHANGE_PUT, &sent}, &result, &journal);
		assert_int_equal(journal.changes[0].kind, CHANGE_PUT);
		expect_same(journal.changes[0].object, &now);
	}
}

static void results_without_an_object(void **state)
{
	const enum change_kind kinds[] = {CHANGE_DROP, CHANGE_KEEP};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct journal journal CLEANUP(journal_release) = {0};
		struct object sent = in(&secrets[0], "keys");
		const struct result result = {0, {kinds[i], &sent}};
		journal_of(&(struct change){CHANGE_PUT, &sent}, &result, &journal);
		assert_int_equal(journal.changes[0].kind, kinds[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(wrong_fields),
		cmocka_unit_test(doubts),
		cmocka_unit_test(scopes_are_a_set),
		cmocka_unit_test(sources),
		cmocka_unit_test(wrong_sources),
		cmocka_unit_test(in_a_state),
		cmocka_unit_test(wrong_states),
		cmocka_unit_test(each_field_is_a_change),
		cmocka_unit_test(a_rename_ends),
		cmocka_unit_test(intents),
		cmocka_unit_test(results),
		cmocka_unit_test(results_without_an_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
