#include "cloudflare/audit.h"

#include "unit.h"

/* Our own last write, and what is seen now. */
#define OURS "2026-01-01T10:00:00.624632Z"
#define NOW  "2026-01-01T12:00:00.5Z"

struct rig {
	struct arena arena;
	struct audit audit;
	bool is_known;
};

/* One entry of the secret "id", as Cloudflare documents it. */
static void add(struct str *out, const char *action, const char *more, const char *actor)
{
	str_format(out,
		"%s{\"id\":\"x\",\"action\":{%s},\"actor\":{%s},"
		"\"resource\":{\"id\":\"id\",\"product\":\"secrets_store\"%s}}",
		out->length ? "," : "", action, actor, more);
}

#define ACTION(type, time) "\"result\":\"success\",\"type\":\"" type "\",\"time\":\"" time "\""
#define VALUE_YES          ",\"request\":{\"x\":[{\"value_modified\":true}]}"
#define VALUE_NO           ",\"value_modified\":false"
#define BOB                "\"type\":\"user\",\"context\":\"dash\",\"email\":\"bob@example.com\""
#define BOT                "\"type\":\"account\",\"token_name\":\"rotate\""

static void judge_text(struct rig *rig, const char *json)
{
	const struct object recorded = {OBJECT_SECRET, .id = "id", .modified = OURS};
	const struct object live = {OBJECT_SECRET, .id = "id", .modified = NOW};
	struct error err CLEANUP(error_release) = {0};
	struct json *parsed CLEANUP(json_free_pointer) = json_parse(json, strlen(json), &err);

	assert_non_null(parsed);
	*rig = (struct rig){0};
	rig->is_known = audit_judge(parsed, &recorded, &live, &rig->arena, &rig->audit);
}

static void judge(struct rig *rig, const struct str *entries)
{
	struct str list CLEANUP(str_release) = {0};

	str_format(&list, "[%s]", str_text(entries));
	judge_text(rig, str_text(&list));
}

/* The entry of our own write, the given one, and one by Bob of what is seen now. */
static void judge_between(struct rig *rig, const char *action, const char *more)
{
	struct str entries CLEANUP(str_release) = {0};

	add(&entries, ACTION("update", "2026-01-01T10:00:00Z"), VALUE_YES, BOT);
	if (action)
		add(&entries, action, more, BOT);
	add(&entries, ACTION("update", "2026-01-01T12:00:00Z"), VALUE_NO, BOB);
	judge(rig, &entries);
}

static void expect(struct rig *rig, enum audit_value value, const char *time, const char *who)
{
	assert_true(rig->is_known);
	assert_int_equal(rig->audit.value, value);
	assert_string_equal(rig->audit.time, time);
	assert_string_equal(rig->audit.who, who);
	arena_release(&rig->arena);
}

#define DASH "a user in the dashboard"

/* fault A14 */
static void accounted_for(void **state)
{
	struct rig rig;

	(void)state;
	judge_between(&rig, NULL, NULL);
	assert_string_equal(rig.audit.person, "bob@example.com");
	expect(&rig, AUDIT_KEPT, "2026-01-01T12:00:00Z", DASH);
	judge_between(&rig, ACTION("update", "2026-01-01T11:00:00Z"), "");
	expect(&rig, AUDIT_KEPT, "2026-01-01T12:00:00Z", DASH);
	/* What failed, or only read, changed nothing; nor did what is about another one. */
	judge_between(&rig, ACTION("view", "2026-01-01T11:00:00Z"), VALUE_YES);
	expect(&rig, AUDIT_KEPT, "2026-01-01T12:00:00Z", DASH);
	judge_between(&rig,
		"\"result\":\"failure\",\"type\":\"update\",\"time\":\"2026-01-01T11:00:00Z\"",
		VALUE_YES);
	expect(&rig, AUDIT_KEPT, "2026-01-01T12:00:00Z", DASH);
	struct str entries CLEANUP(str_release) = {0};
	str_text_add(&entries, "{\"action\":{" ACTION("delete",
				       "2026-01-01T11:00:00Z") "},"
							       "\"resource\":{\"id\":\"other\"}}");
	add(&entries, ACTION("update", "2026-01-01T10:00:00Z"), VALUE_YES, BOT);
	add(&entries, ACTION("update", "2026-01-01T12:00:00Z"), VALUE_NO, BOB);
	judge(&rig, &entries);
	expect(&rig, AUDIT_KEPT, "2026-01-01T12:00:00Z", DASH);
}

/* fault A14 */
static void value_changed(void **state)
{
	struct rig rig;

	(void)state;
	judge_between(&rig, ACTION("update", "2026-01-01T11:00:00Z"), VALUE_YES);
	assert_null(rig.audit.person);
	expect(&rig, AUDIT_CHANGED, "2026-01-01T11:00:00Z", "token rotate");
	judge_between(&rig, ACTION("create", "2026-01-01T11:00:00Z"), "");
	expect(&rig, AUDIT_CHANGED, "2026-01-01T11:00:00Z", "token rotate");
}

/* fault A14 */
static void doubts(void **state)
{
	static const struct {
		const char *action, *more;
	} table[] = {
		{ACTION("delete", "2026-01-01T11:00:00Z"), ""},
		{ACTION("rotate", "2026-01-01T11:00:00Z"), ""},
		{"\"type\":\"update\",\"time\":\"2026-01-01T11:00:00Z\"", ""},
		{"\"result\":\"pending\",\"type\":\"update\",\"time\":\"2026-01-01T11:00:00Z\"",
			""},
		{"\"result\":true,\"type\":\"update\",\"time\":\"2026-01-01T11:00:00Z\"", ""},
		{ACTION("update", "2026-01-01T11:00:00Z"), ",\"value_modified\":\"yes\""},
		{ACTION("update", "2026-01-01T11:00:00Z"), ",\"request\":{\"value_modified\":1}"},
		{ACTION("update", "yesterday"), ""},
		{"\"result\":\"success\",\"type\":\"update\"", ""},
		{ACTION("update", "2026-01-01T12:10:00Z"), ""},       /* not in the list yet */
		{ACTION("update", "2026-01-01T10:00:00Z"), VALUE_NO}, /* which one is ours? */
		{ACTION("update", "2026-01-01T10:00:00Z"), VALUE_YES},
		{ACTION("update", "2026-01-01T09:59:59.9Z"), VALUE_YES}, /* right before ours */
		{"", ""},
	};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		judge_between(&rig, table[i].action, table[i].more);
		if (rig.audit.value != AUDIT_UNSURE)
			fail_msg("%zu: %s%s", i, table[i].action, table[i].more);
		expect(&rig, AUDIT_UNSURE, "2026-01-01T12:00:00Z", DASH);
	}
}

/* fault A14 */
static void gaps(void **state)
{
	struct rig rig;
	struct str entries CLEANUP(str_release) = {0};

	(void)state;
	/* Our own write is missing. */
	add(&entries, ACTION("update", "2026-01-01T12:00:01.2Z"), VALUE_NO, BOT);
	judge(&rig, &entries);
	expect(&rig, AUDIT_UNSURE, "2026-01-01T12:00:01.2Z", "token rotate");
	/* The last change is missing. */
	entries.length = 0;
	add(&entries, ACTION("update", "2026-01-01T10:00:00Z"), VALUE_YES, BOT);
	judge(&rig, &entries);
	assert_false(rig.is_known);
	add(&entries, ACTION("update", "2026-01-01T11:59:00Z"), VALUE_NO, BOT);
	judge(&rig, &entries);
	assert_false(rig.is_known);
	/* The list is cut off. */
	add(&entries, ACTION("update", "2026-01-01T12:00:00Z"), VALUE_NO, BOT);
	judge(&rig, &entries);
	expect(&rig, AUDIT_KEPT, "2026-01-01T12:00:00Z", "token rotate");
	for (size_t i = 3; i < AUDIT_ENTRY_LIMIT; i++) /* just as many as it may have */
		add(&entries, ACTION("view", "2026-01-01T11:00:00Z"), VALUE_NO, BOT);
	judge(&rig, &entries);
	expect(&rig, AUDIT_UNSURE, "2026-01-01T12:00:00Z", "token rotate");
}

/* Writes that follow each other at once, in a log with fractions: their order tells them apart. */
static void at_once(void **state)
{
	static const struct {
		const char *before, *after, *touch;
		enum audit_value value;
	} table[] = {
		{BOT ",\"id\":\"t\"", BOB, VALUE_NO, AUDIT_KEPT},
		{BOT ",\"id\":\"t\"", BOB, VALUE_YES, AUDIT_CHANGED},
		{BOB, BOB, VALUE_NO, AUDIT_UNSURE}, /* somebody else wrote right before us */
		/* with our token, but another program */
		{BOT ",\"id\":\"t\"},\"raw\":{\"user_agent\":\"curl/8.0\"", BOB, VALUE_NO,
			AUDIT_UNSURE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str entries CLEANUP(str_release) = {0};
		struct rig rig;
		add(&entries, ACTION("update", "2026-01-01T10:00:00.324Z"), VALUE_YES,
			table[i].before);
		add(&entries, ACTION("update", "2026-01-01T10:00:00.625Z"), VALUE_YES,
			BOT ",\"id\":\"t\"");
		add(&entries, ACTION("update", "2026-01-01T10:00:01.024Z"), table[i].touch,
			table[i].after);
		add(&entries, ACTION("update", "2026-01-01T11:59:59.6Z"), VALUE_NO, BOB);
		judge(&rig, &entries);
		if (table[i].value == AUDIT_CHANGED)
			expect(&rig, AUDIT_CHANGED, "2026-01-01T10:00:01.024Z", DASH);
		else
			expect(&rig, table[i].value, "2026-01-01T11:59:59.6Z", DASH);
	}
}

/* What is taken for our own write must be that of cfprov, if it says whose it is. */
static void foreign_write(void **state)
{
	static const char *const agents[] = {"cfprov/0.1.0", "", "curl/8.0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(agents); i++) {
		struct str entries CLEANUP(str_release) = {0};
		struct rig rig;
		str_format(&entries,
			"{\"action\":{" ACTION(
				"create", "2026-01-01T10:00:00Z") "},"
								  "\"raw\":{\"user_agent\":\"%s\"},"
								  "\"resource\":{\"id\":\"id\"}}",
			agents[i]);
		add(&entries, ACTION("update", "2026-01-01T12:00:00Z"), "", BOT);
		judge(&rig, &entries);
		expect(&rig, i == 2 ? AUDIT_UNSURE : AUDIT_KEPT, "2026-01-01T12:00:00Z",
			"token rotate");
	}
}

static void whatever_comes(void **state)
{
	static const char *const table[] = {"[]", "{}", "null", "7", "[null]", "[[]]", "[{}]",
		"[{\"resource\":7}]", "[{\"resource\":{\"id\":\"id\"}}]",
		"[{\"resource\":{\"id\":\"id\"},\"action\":[]}]"};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		judge_text(&rig, table[i]);
		assert_false(rig.is_known);
	}
}

/* A person's address is nobody's name, and texts are made visible. */
static void names(void **state)
{
	static const struct {
		const char *actor, *who, *person;
	} table[] = {
		{"", "someone", NULL},
		{BOB, DASH, "bob@example.com"},
		{BOB ",\"token_name\":\"ci\"", "token ci", "bob@example.com"},
		{"\"type\":\"user\",\"token_name\":\"bob@example.com\"", "a user", NULL},
		{"\"type\":\"user\",\"context\":\"api_token\"", "a user's token", NULL},
		{"\"type\":\"user\",\"context\":\"api_key\",\"email\":\"\"", "a user", NULL},
		{"\"type\":\"system\"", "Cloudflare", NULL},
		{"\"type\":\"system\",\"token_name\":\"\\u001b[2J\"", "token \\x1b[2J", NULL},
		{"\"type\":\"\\u001b[2J\"", "someone", NULL},
		{"\"email\":\"\\u001b\"", "someone", "\\x1b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str entries CLEANUP(str_release) = {0};
		struct rig rig;
		add(&entries, ACTION("update", "2026-01-01T12:00:00Z"), VALUE_YES, table[i].actor);
		judge(&rig, &entries);
		if (table[i].person)
			assert_string_equal(rig.audit.person, table[i].person);
		else
			assert_null(rig.audit.person);
		expect(&rig, AUDIT_CHANGED, "2026-01-01T12:00:00Z", table[i].who);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounted_for),
		cmocka_unit_test(value_changed),
		cmocka_unit_test(doubts),
		cmocka_unit_test(gaps),
		cmocka_unit_test(at_once),
		cmocka_unit_test(foreign_write),
		cmocka_unit_test(whatever_comes),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
