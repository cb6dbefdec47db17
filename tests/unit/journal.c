/* file size: one decoder, fed with all that can be wrong */
#include "state/journal.h"

#include "adapter/crypt.h"
#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"
#define HEADER                                                                                     \
	"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":4,"                          \
	"\"accounts\":{\"prod\":\"acc1\"},\"intents\":[{\"account\":\"prod\",\"store\":\"a\","     \
	"\"if_unknown\":{\"unresolved\":true}},{\"account\":\"prod\",\"store\":\"b\"}]}"

enum { INTENTS = 7, GROUPS = 4 };

/* Seven intents: six to create, one to adopt. */
static const char *const names[INTENTS] = {"a", "b", "c", "d", "e", "f", "g"};
static const char *const ids[INTENTS] = {"id-aaaaaaaa", "id-bbbbbbbb", "id-cccccccc", "id-dddddddd",
	"id-eeeeeeee", "id-ffffffff", "id-gggggggg"};

/* Which intents each group tells of, -1: none more. `f` gets no result, `d` fails. */
static const int groups[GROUPS][4] = {{2, -1}, {0, 1, 6, -1}, {3, -1}, {4, -1}};
enum { ADOPTED = 6, FAILED = 3, UNRESOLVED = 5 };

/* Which changes a journal has whose first `whole` lines are whole; the header is the first. */
static enum change_kind expected_kind(int intent, int whole, bool *ret_has_result)
{
	*ret_has_result = false;
	for (int g = 0; g + 1 < whole; g++)
		for (int i = 0; groups[g][i] >= 0; i++)
			*ret_has_result |= groups[g][i] == intent;
	if (*ret_has_result)
		return intent == FAILED ? CHANGE_KEEP : CHANGE_PUT;
	return intent == ADOPTED ? CHANGE_KEEP : CHANGE_PUT;
}

static struct object object_of(int intent)
{
	return (struct object){.kind = OBJECT_STORE,
		.account = intent < 4 ? "prod" : "dev",
		.store = names[intent]};
}

static void add_group(const int *intents, struct str *out)
{
	struct object objects[INTENTS];
	struct result results[INTENTS];
	size_t count = 0;

	for (; intents[count] >= 0; count++) {
		int intent = intents[count];
		objects[count] = object_of(intent);
		objects[count].id = ids[intent];
		objects[count].created = "2026-01-02T03:04:05Z";
		objects[count].origin = intent == ADOPTED ? ORIGIN_ADOPTED : ORIGIN_CREATED;
		results[count] = (struct result){(size_t)intent,
			{intent == FAILED ? CHANGE_KEEP : CHANGE_PUT, &objects[count]}};
	}
	journal_encode_group(results, count, &(struct chain_writer){0}, out);
}

/* The journal, and where each of its lines ends. */
static void make(struct str *out, size_t ends[GROUPS + 1])
{
	const struct journal_head head = {.serial = 4, .lineage = LINEAGE};
	struct account accounts[] = {
		{.alias = "dev", .id = "acc2"}, {.alias = "prod", .id = "acc1"}};
	struct object objects[INTENTS];
	struct change intents[INTENTS];

	for (int i = 0; i < INTENTS; i++) {
		objects[i] = object_of(i);
		intents[i] = (struct change){i == ADOPTED ? CHANGE_KEEP : CHANGE_PUT, &objects[i]};
	}
	journal_encode_header(&head, &(struct state_fold){intents, INTENTS, accounts, 2, 0},
		&(struct chain_writer){0}, out);
	ends[0] = out->length;
	for (size_t g = 0; g < GROUPS; g++) {
		add_group(groups[g], out);
		ends[g + 1] = out->length;
	}
}

/* Reads a copy that ends where its memory ends, so that a byte too far is seen. */
static bool decode(const char *bytes, size_t length, struct journal *journal, struct error *err)
{
	char *copy = mem_alloc(length);

	if (length)
		memcpy(copy, bytes, length);
	bool is_good =
		journal_decode("x.journal", &(struct str){copy, length, 0}, NULL, journal, err);
	mem_free(copy);
	return is_good;
}

static void expect_object(const struct object *object, int intent, bool has_result)
{
	assert_string_equal(object->store, names[intent]);
	assert_string_equal(object->account, intent < 4 ? "prod" : "dev");
	if (has_result) {
		assert_string_equal(object->id, ids[intent]);
		assert_string_equal(object->created, "2026-01-02T03:04:05Z");
		assert_int_equal(
			object->origin, intent == ADOPTED ? ORIGIN_ADOPTED : ORIGIN_CREATED);
	} else {
		assert_null(object->id);
	}
}

/* Exactly what the first `whole` lines say, and nothing else. */
static void expect_lines(const struct journal *journal, int whole)
{
	if (whole == 0) {
		assert_int_equal(journal->count, 0);
		assert_int_equal(journal->head.serial, 0);
		assert_string_equal(journal->head.lineage, "");
		assert_int_equal(journal->model.account_count, 0);
		return;
	}
	assert_int_equal(journal->count, INTENTS);
	assert_int_equal(journal->head.serial, 4);
	assert_string_equal(journal->head.lineage, LINEAGE);
	assert_int_equal(journal->model.account_count, 2);
	for (int i = 0; i < INTENTS; i++) {
		bool has_result;
		enum change_kind kind = expected_kind(i, whole, &has_result);
		assert_int_equal(journal->changes[i].kind, kind);
		if (kind == CHANGE_PUT)
			expect_object(journal->changes[i].object, i, has_result);
	}
}

/* What the state has after folding the journal of so many whole lines into an empty one. */
static void expect_folded(const struct journal *journal, int whole)
{
	const struct state old = {.serial = 4, .lineage = LINEAGE};
	struct state folded = {0};
	size_t puts = 0;

	state_fold(&old,
		&(struct state_fold){.changes = journal->changes,
			.change_count = journal->count,
			.accounts = journal->model.accounts,
			.account_count = journal->model.account_count},
		&folded);
	for (int i = 0; i < INTENTS && whole > 0; i++) {
		bool has_result;
		struct object wanted = object_of(i);
		const struct object *found =
			model_object(&folded.model, wanted.account, wanted.store, NULL);
		if (expected_kind(i, whole, &has_result) == CHANGE_PUT) {
			puts++;
			assert_non_null(found);
			expect_object(found, i, has_result);
		} else {
			assert_null(found);
		}
	}
	assert_int_equal(folded.model.object_count, puts);
	assert_int_equal(folded.serial, puts ? 5 : 4);
	assert_int_equal(folded.model.account_count, whole ? 2 : 0);
	state_release(&folded);
}

static void cut_at_every_byte(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	size_t ends[GROUPS + 1];

	(void)state;
	make(&text, ends);
	for (size_t length = 0; length <= text.length; length++) {
		struct journal journal = {0};
		struct error err = {0};
		int whole = 0;
		while (whole <= GROUPS && ends[whole] <= length)
			whole++;
		if (!decode(text.bytes, length, &journal, &err))
			fail_msg("cut at %zu: %s", length, err.message);
		expect_no_error(&err);
		expect_lines(&journal, whole);
		expect_folded(&journal, whole);
		journal_release(&journal);
	}
}

/* No id that was not written, and each where it belongs. */
static void expect_nothing_new(const struct journal *journal)
{
	assert_true(journal->count == 0 || journal->count == INTENTS);
	for (size_t i = 0; i < journal->count; i++) {
		const struct object *object = journal->changes[i].object;
		assert_string_equal(object->store, names[i]);
		if (object->id)
			assert_string_equal(object->id, ids[i]);
	}
	for (size_t i = 0; i < journal->model.account_count; i++)
		assert_non_null(strstr("acc1 acc2", journal->model.accounts[i].id));
}

static void flip(const struct str *text, size_t at, unsigned mask, const size_t *ends)
{
	struct journal journal = {0};
	struct error err = {0};
	char *damaged = mem_alloc(text->length);

	memcpy(damaged, text->bytes, text->length);
	damaged[at] = (char)((unsigned char)damaged[at] ^ mask);
	if (decode(damaged, text->length, &journal, &err)) {
		/* Only the last line break can go: then its line was never finished. */
		if (at != ends[GROUPS] - 1)
			fail_msg("byte %zu flipped by %#x went unseen", at, mask);
		expect_nothing_new(&journal);
		expect_lines(&journal, GROUPS);
	} else {
		assert_string_equal(err.file, "x.journal");
		expect_text(err.message, "invalid journal");
		expect_text(err.message, "at byte ");
		assert_non_null(err.hint);
		assert_null(journal.changes);
	}
	error_release(&err);
	journal_release(&journal);
	mem_free(damaged);
}

static void flipped_at_every_byte(void **state)
{
	static const unsigned masks[] = {1, 2, 4, 8, 16, 32, 64, 128, 0xff, 0x55};
	struct str text CLEANUP(str_release) = {0};
	size_t ends[GROUPS + 1];

	(void)state;
	make(&text, ends);
	for (size_t at = 0; at < text.length; at++)
		for (size_t i = 0; i < ARRAY_SIZE(masks); i++)
			flip(&text, at, masks[i], ends);
}

/* The damage is named where it is: the byte at which the line starts. */
static void damage_names_its_line(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct journal journal = {0};
	size_t ends[GROUPS + 1];
	char place[32];

	(void)state;
	make(&text, ends);
	text.bytes[ends[1] + 30] ^= 1;
	assert_false(decode(text.bytes, text.length, &journal, &err));
	snprintf(place, sizeof(place), "damaged at byte %zu", ends[1]);
	expect_error(&err, place);
}

/* Lines of a journal that are well sealed but say what they must not. */
static void seal(struct str *out, const char *json)
{
	char checksum[CRYPT_CHECKSUM_SIZE];

	crypt_checksum(json, strlen(json), checksum);
	str_format(out, "%s %s\n", checksum, json);
}

static void refuse_sealed(const char *header, const char *group, const char *message)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct journal journal = {0};

	seal(&text, header);
	if (group)
		seal(&text, group);
	if (decode(text.bytes, text.length, &journal, &err))
		fail_msg("accepted: %s", group ? group : header);
	assert_null(journal.changes);
	assert_string_equal(err.file, "x.journal");
	expect_error(&err, message);
}

static void wrong_headers(void **state)
{
	static const char *const headers[] = {
		"{}",
		"[]",
		"5",
		"null",
		"\"x\"",
		"{\"intents\":[]}",
		"{\"cfprov_journal\":\"1\",\"lineage\":\"" LINEAGE
		"\",\"serial\":1,\"accounts\":{},"
		"\"intents\":[]}",
		"{\"cfprov_journal\":1,\"lineage\":\"short\",\"serial\":1,\"accounts\":{},"
		"\"intents\":[]}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":-1,\"accounts\":{},"
		"\"intents\":[]}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":1000000000000000,"
		"\"accounts\":{},\"intents\":[]}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":9007199254740993,"
		"\"accounts\":{},\"intents\":[]}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":1,\"accounts\":{},"
		"\"intents\":{}}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":1,"
		"\"accounts\":{\"a\":1},\"intents\":[]}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":1,\"accounts\":{},"
		"\"intents\":[{\"store\":\"b\"}]}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":1,\"accounts\":{},"
		"\"intents\":[7]}",
		"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":1,\"accounts\":{},"
		"\"intents\":[{\"account\":\"a\",\"store\":\"b\",\"if_unknown\":7}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		refuse_sealed(headers[i], NULL, "at byte 0");
}

static void wrong_groups(void **state)
{
	static const char *const bad[] = {
		"{}",
		"7",
		"[7]",
		"[{}]",
		"[{\"intent\":0}]",
		"[{\"intent\":2,\"keep\":true}]",
		"[{\"intent\":-1,\"keep\":true}]",
		"[{\"intent\":0.5,\"keep\":true}]",
		"[{\"intent\":4294967296,\"keep\":true}]",
		"[{\"intent\":\"0\",\"keep\":true}]",
		"[{\"intent\":0,\"keep\":false}]",
		"[{\"intent\":0,\"keep\":1}]",
		"[{\"intent\":0,\"put\":null}]",
		"[{\"intent\":0,\"put\":{}}]",
		"[{\"intent\":0,\"put\":{\"id\":\"x\"}}]",
		"[{\"intent\":0,\"put\":{\"id\":\"../x\",\"origin\":\"created\"}}]",
		"[{\"intent\":0,\"put\":{\"id\":\"\",\"origin\":\"created\"}}]",
		"[{\"intent\":0,\"put\":{\"id\":7,\"origin\":\"created\"}}]",
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"stolen\"}}]",
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\",\"more\":\"y\"}}]",
		"[{\"intent\":1,\"keep\":true},{\"intent\":2,\"keep\":true}]",
		HEADER,
	};
	struct str at CLEANUP(str_release) = {0};

	(void)state;
	str_format(&at, "at byte %zu", strlen(HEADER) + CRYPT_CHECKSUM_SIZE + 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuse_sealed(HEADER, bad[i], str_text(&at));
}

static void not_json(void **state)
{
	(void)state;
	refuse_sealed("", NULL, "not valid JSON");
	refuse_sealed("{", NULL, "not valid JSON");
	refuse_sealed(HEADER, "[{\"intent\":0,\"intent\":1,\"keep\":true}]", "duplicate key");
	refuse_sealed(HEADER, "[{\"intent\":0,\"keep\":true}] []", "data after the end");
}

static void other_versions(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct journal journal = {0};

	(void)state;
	seal(&text, "{\"cfprov_journal\":2,\"intents\":[],\"new\":true}");
	assert_false(decode(text.bytes, text.length, &journal, &err));
	expect_text(err.message, "version 2");
	expect_text(err.hint, "the version of cfprov that wrote it");
}

static void garbage(void **state)
{
	static const char *const texts[] = {"\n", "\n\n\n", " \n", "garbage\n",
		"0123456789abcdef {}\n", "0123456789abcdef\n", "0123456789abcdef \n",
		"\x89PNG\r\n\x1a\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct journal journal = {0};
		struct error err CLEANUP(error_release) = {0};
		assert_false(decode(texts[i], strlen(texts[i]), &journal, &err));
		expect_error(&err, "damaged at byte 0");
	}
}

/* Whole lines behind a damaged one are not silently dropped. */
static void damage_in_the_middle_is_no_torn_tail(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct journal journal = {0};
	size_t ends[GROUPS + 1];

	(void)state;
	make(&text, ends);
	memmove(text.bytes + ends[1] - 5, text.bytes + ends[1], text.length - ends[1]);
	assert_false(decode(text.bytes, text.length - 5, &journal, &err));
	expect_error(&err, "damaged at byte");
}

static void dropped(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct journal journal CLEANUP(journal_release) = {0};
	struct object object = {.account = "prod", .store = "a"};
	const struct result results[] = {{0, {CHANGE_DROP, &object}}};

	(void)state;
	seal(&text, HEADER);
	journal_encode_group(results, 1, &(struct chain_writer){0}, &text);
	assert_true(decode(text.bytes, text.length, &journal, &err));
	assert_int_equal(journal.changes[0].kind, CHANGE_DROP);
	assert_string_equal(journal.changes[0].object->store, "a");
	assert_int_equal(journal.changes[1].kind, CHANGE_KEEP); /* recorded, without a result */
}

/* ---- rules ---- */

#define LINE(accounts, intents)                                                                    \
	"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":4,\"accounts\":" accounts    \
	",\"intents\":[" intents "]}"
#define INTENT(where, more) "{\"account\":\"prod\"," where more "}"
#define ID(id)              "{\"id\":\"" id "\",\"origin\":\"created\"}"
#define PROD                "{\"prod\":\"acc1\"}"

/* Each breaks one rule that a state obeys, too. */
static const struct {
	const char *header, *group, *message;
} broken_rules[] = {
	{LINE(PROD, INTENT("\"store\":\"\"", "")), NULL, "at byte 0"},
	{LINE(PROD, INTENT("\"store\":\"a\",\"secret\":\"\"", "")), NULL, "at byte 0"},
	{LINE(PROD, INTENT("\"store\":\"a\",\"secret\":\"x/y\"", "")), NULL, "at byte 0"},
	{LINE(PROD, INTENT("\"store\":\"a\",\"secret\":7", "")), NULL, "at byte 0"},
	{LINE(PROD, "{\"account\":\"\",\"store\":\"a\"}"), NULL, "at byte 0"},
	{LINE(PROD, "{\"account\":\"a/b\",\"store\":\"a\"}"), NULL, "at byte 0"},
	{LINE(PROD, INTENT("\"store\":\"a\"", ",\"more\":1")), NULL, "at byte 0"},
	{LINE(PROD, INTENT("\"store\":\"a\"", "") "," INTENT("\"store\":\"a\"", "")), NULL,
		"prod/a: two records have the same address"},
	{LINE("{\"\":\"acc1\"}", ""), NULL, "at byte 0"},
	{LINE("{\"a/b\":\"acc1\"}", ""), NULL, "at byte 0"},
	{LINE("{\"a\":\"../x\"}", ""), NULL, "at byte 0"},
	{LINE("{\"a\":\"\"}", ""), NULL, "at byte 0"},
	{LINE("{\"a\":\"x\",\"b\":\"x\"}", ""), NULL, "at byte 0"},
	{LINE("[]", ""), NULL, "at byte 0"},
	{LINE(PROD, INTENT("\"store\":\"a\"", ",\"if_unknown\":{\"id\":\"x/y\"}")), NULL, "`id`"},
	{LINE(PROD, INTENT("\"store\":\"a\"", ",\"if_unknown\":" ID("x")) "," INTENT(
			    "\"store\":\"b\"", ",\"if_unknown\":" ID("x"))),
		NULL, "prod/b: another object has the same id"},
	{HEADER, "[{\"intent\":0,\"put\":" ID("x") "},{\"intent\":1,\"put\":" ID("x") "}]",
		"prod/b: another object has the same id"},
	{HEADER, "[{\"intent\":0,\"keep\":true},{\"intent\":0,\"drop\":true}]", "at byte"},
	{HEADER, "[{\"intent\":2,\"keep\":true}]", "at byte"}, /* it has two */
	{HEADER, "{\"alive\":0}", "at byte"},
	{HEADER, "{\"alive\":-1}", "at byte"},
	{HEADER, "[{\"intent\":0,\"keep\":true,\"drop\":true}]", "at byte"},
	{HEADER, "[{\"intent\":0,\"keep\":true,\"more\":1}]", "at byte"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\","
		"\"scopes\":[]}}]",
		"`scopes`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\","
		"\"fingerprint\":\"f\"}}]",
		"`fingerprint`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\","
		"\"version\":1}}]",
		"`version`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\","
		"\"comment\":\"c\"}}]",
		"`comment`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\","
		"\"status\":\"s\"}}]",
		"`status`"},
	{HEADER, "[{\"intent\":0,\"put\":{\"id\":\"x\",\"unresolved\":true}}]", "unresolved"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\","
		"\"strange\":true}}]",
		"`strange`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"id\":\"x\",\"origin\":\"created\","
		"\"replaced\":" ID("y") "}}]",
		"requires an unresolved"},
	{HEADER, "[{\"intent\":0,\"put\":{\"unresolved\":true,\"replaced\":{}}}]", "`replaced`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"unresolved\":true,"
		"\"replaced\":{\"origin\":\"created\"}}}]",
		"`replaced`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"unresolved\":true,"
		"\"replaced\":{\"id\":\"x\",\"created\":\"t\"}}}]",
		"`replaced`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"unresolved\":true,\"replaced\":{\"id\":\"x\","
		"\"origin\":\"created\",\"replaced\":{\"id\":\"y\"}}}}]",
		"`replaced`"},
	{HEADER,
		"[{\"intent\":0,\"put\":{\"unresolved\":true,\"replaced\":{\"id\":\"x\","
		"\"unresolved\":true}}}]",
		"`replaced`"},
	{"{\"cfprov_journal\":1,\"lineage\":\"6F1C2F0E-0000-4000-8000-123456789ABC\","
	 "\"serial\":4,\"accounts\":{},\"intents\":[]}",
		NULL, "at byte 0"},
	{"{\"cfprov_journal\":1,\"lineage\":\"" LINEAGE "\",\"serial\":4,\"accounts\":{},"
	 "\"intents\":[],\"more\":1}",
		NULL, "at byte 0"},
};

/* fault B15 */
static void rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken_rules); i++)
		refuse_sealed(
			broken_rules[i].header, broken_rules[i].group, broken_rules[i].message);
}

/* An intent has one result, in whatever group. */
static void a_second_result(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct journal journal = {0};

	(void)state;
	seal(&text, HEADER);
	seal(&text, "[{\"intent\":0,\"put\":" ID("x") "}]");
	seal(&text, "[{\"intent\":0,\"keep\":true}]");
	assert_false(decode(text.bytes, text.length, &journal, &err));
	expect_text(err.hint, "move it away");
	expect_error(&err, "unknown record at byte");
}

static void accounts_of_intents(void **state)
{
	static const struct {
		const char *alias, *id, *message;
		bool has_objects;
	} cases[] = {
		{"prod", "acc1", NULL, true},
		{"prod", "acc2", NULL, false},
		{"prod", "acc2", "prod/a: its account has a different id in the state", true},
		{"else", "acc2", NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str text CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct journal journal CLEANUP(journal_release) = {0};
		struct state other = {0};
		seal(&text, HEADER);
		assert_true(decode(text.bytes, text.length, &journal, &err));
		model_add_account(&other.model, cases[i].alias, cases[i].id);
		if (cases[i].has_objects)
			model_add_object(&other.model, cases[i].alias, "s", NULL)->id = "i";
		assert_int_equal(journal_check_accounts(&journal, &other, &err), !cases[i].message);
		if (cases[i].message)
			expect_error(&err, cases[i].message);
		journal.model.account_count = 0; /* then only the state can know it */
		bool is_known = strcmp(cases[i].alias, "prod") == 0;
		assert_int_equal(journal_check_accounts(&journal, &other, &err), is_known);
		if (!is_known)
			expect_error(&err, "prod/a: its account is unknown");
		state_release(&other);
	}
}

/* What can be decoded can be folded, encoded and decoded again. False: it was refused. */
static bool survives(const struct str *text)
{
	struct journal journal CLEANUP(journal_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct state old = {0}, folded = {0}, again = {0};
	struct str bytes CLEANUP(str_release) = {0};

	if (!decode(text->bytes, text->length, &journal, &err)) {
		expect_text(err.message, "invalid journal");
		assert_non_null(err.hint);
		return false;
	}
	if (!journal_check_accounts(&journal, &old, &err)) {
		expect_text(err.message, "its account is unknown");
		return false;
	}
	old.serial = journal.head.serial;
	memcpy(old.lineage, journal.head.lineage, sizeof(old.lineage));
	state_fold(&old,
		&(struct state_fold){journal.changes, journal.count, journal.model.accounts,
			journal.model.account_count, journal.alive_ms},
		&folded);
	state_encode(&folded, &bytes);
	if (folded.serial && !state_decode("x", bytes.bytes, bytes.length, &again, &err))
		fail_msg("%s makes %s: %s", str_text(text), str_text(&bytes), err.message);
	assert_int_equal(again.model.object_count, folded.model.object_count);
	state_release(&folded);
	state_release(&again);
	return true;
}

/* A line of the journal in which a byte is another one, or (mask 0) missing with all after it. */
static void damage_line(const char *const *lines, size_t which, size_t at, unsigned mask)
{
	struct str text CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};

	for (size_t i = 0; lines[i]; i++) {
		str_clear(&line);
		str_text_add(&line, lines[i]);
		if (i == which && mask)
			line.bytes[at] = (char)((unsigned char)line.bytes[at] ^ mask);
		else if (i == which)
			line.length = at;
		char checksum[CRYPT_CHECKSUM_SIZE];
		crypt_checksum(line.bytes, line.length, checksum);
		str_format(&text, "%s ", checksum);
		str_add(&text, line.bytes, line.length);
		str_char(&text, '\n');
	}
	bool is_good = survives(&text), is_whole = !lines[which][at];
	if (!mask && is_good != is_whole)
		fail_msg("line %zu cut at %zu", which, at);
}

/* fault B15 */
/* The JSON is damaged while the checksum is right: nothing crashes, and nothing odd gets through.
 */
static void damaged_json(void **state)
{
	static const char *const lines[] = {
		LINE("{\"dev\":\"b1\",\"prod\":\"a1\"}",
			INTENT("\"store\":\"a\"",
				",\"if_unknown\":{\"unresolved\":"
				"true}") "," INTENT("\"store\":\"a\",\"secret\":\"A\"",
				",\"if_unknown\":{\"unresolved\":true,\"former\":\"O\","
				"\"modified\":\"2026-01-02T03:04:05Z\",\"strange\":"
				"true}") "," INTENT("\"store\":\"a\",\"secret\":\"O\"",
				",\"if_unknown\":{\"id\":\"o1\",\"scopes\":[\"x\",\"y\"]"
				","
				"\"unsure\":true,\"keeps_value\":true,\"origin\":"
				"\"adopted\"}") "," INTENT("\"store\":\"b\"",
				",\"if_unknown\":{\"unresolved\":true,\"prevent_"
				"destroy\":true,"
				"\"replaced\":{\"id\":\"b0\",\"origin\":\"created\"}}")),
		"{\"alive\":1767225845000}",
		"[{\"intent\":0,\"put\":{\"id\":\"a1\",\"origin\":\"created\"}},"
		"{\"intent\":1,\"put\":{\"id\":\"x1\",\"comment\":\"c\",\"version\":2,"
		"\"unsure\":true,\"origin\":\"created\",\"on_remove\":\"forget\"}},"
		"{\"intent\":2,\"drop\":true}]",
		"[{\"intent\":3,\"keep\":true}]", NULL};

	(void)state;
	damage_line(lines, 0, strlen(lines[0]), 0);
	for (size_t which = 0; lines[which]; which++)
		for (size_t at = 0; lines[which][at]; at++) {
			damage_line(lines, which, at, 0);
			for (unsigned mask = 1; mask < 0x100; mask <<= 1)
				damage_line(lines, which, at, mask);
		}
}

/* Names come back as they were, whatever is in them. */
static void strange_names_survive(void **state)
{
	static const char *const strange[] = {"\"", "\\", "\x1b[31m", "\n", "\xc3\xa4",
		"\xf0\x9f\x98\x80", "\x01", "}\n0123456789abcdef {"};
	const struct journal_head old = {.serial = 1, .lineage = LINEAGE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		struct str text CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct journal journal = {0};
		struct object object = {.account = strange[i], .store = strange[i]};
		struct account account = {.alias = strange[i], .id = "acc1"};
		struct change intent = {CHANGE_PUT, &object};
		journal_encode_header(&old, &(struct state_fold){&intent, 1, &account, 1, 0},
			&(struct chain_writer){0}, &text);
		assert_ptr_equal(
			memchr(text.bytes, '\n', text.length), text.bytes + text.length - 1);
		assert_true(decode(text.bytes, text.length, &journal, &err));
		assert_string_equal(journal.changes[0].object->store, strange[i]);
		assert_string_equal(journal.model.accounts[0].alias, strange[i]);
		journal_release(&journal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(flipped_at_every_byte),
		cmocka_unit_test(damage_names_its_line),
		cmocka_unit_test(wrong_headers),
		cmocka_unit_test(wrong_groups),
		cmocka_unit_test(not_json),
		cmocka_unit_test(other_versions),
		cmocka_unit_test(garbage),
		cmocka_unit_test(damage_in_the_middle_is_no_torn_tail),
		cmocka_unit_test(dropped),
		cmocka_unit_test(rules),
		cmocka_unit_test(a_second_result),
		cmocka_unit_test(accounts_of_intents),
		cmocka_unit_test(damaged_json),
		cmocka_unit_test(strange_names_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
