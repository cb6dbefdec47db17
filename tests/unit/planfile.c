/* file size: one file format, as it is written and in all the ways in which it can be wrong */
#include "state/planfile.h"

#include "plan/check.h"
#include "plan/planner.h"

#include "unit.h"

#define LINEAGE "11111111-1111-4111-8111-111111111111"

/* A plan with every kind of field, and its bytes. */
struct rig {
	struct planfile planfile;
	struct plan plan;
	struct str bytes;
};

/* ---- the inputs ---- */

static const char *const argv[] = {"pass", "show me", "", NULL};
static const char *const env[] = {"PASS_X", NULL};
static const struct value_source sources[] = {
	{.kind = VALUE_ENV, .name = "ENV", .pointer = "/a~1b/0"},
	{.kind = VALUE_FILE, .name = "some/file", .keeps_last_newline = true},
	{.kind = VALUE_COMMAND, .argv = argv, .env = env, .folder = "in"},
	{.kind = VALUE_DOTENV, .name = ".env", .key = "KEY"},
	{.kind = VALUE_GENERATE, .name = "base64url", .bytes = 32},
	{.kind = VALUE_STDIN},
};
static const char *const names[] = {"E", "F", "C", "D", "G", "S"};

static struct keys no_keys;

static void desire(struct model *desired)
{
	model_add_account(desired, "p", "acc")->token =
		(struct value_source){.kind = VALUE_ENV, .name = "TOKEN"};
	model_add_object(desired, "p", "a", NULL)->prevent_destroy = true;
	model_add_object(desired, "p", "b", NULL)->may_adopt = true;
	for (size_t i = 0; i <= ARRAY_SIZE(sources); i++) {
		bool is_renamed = i == ARRAY_SIZE(sources);
		struct object *secret =
			model_add_object(desired, "p", "a", is_renamed ? "NEW" : names[i]);
		secret->value = &sources[is_renamed ? 0 : i];
		secret->scopes = i ? "ai,workers" : "";
		secret->version = 1;
		secret->on_drift = (enum on_drift)(i % 3);
		secret->verdict = (enum value_verdict)(i % 4);
		secret->fingerprint = i % 2 ? "k1:abc" : NULL;
		secret->keeps_no_fingerprint = i == 2;
		secret->is_written_once = i == 3;
		secret->may_adopt = i == 4;
		secret->forget_on_remove = i == 5;
		secret->comment = i == 1 ? "odd \"\x1b\n\xc3\xa4" : NULL;
	}
	model_add_move(desired, "old", "p");
	model_add_move(desired, "p/a/OLD", "p/a/NEW");
	model_add_removal(desired, "p/z");
	model_add_removal(desired, "gone")->destroys = false;
	model_sort(desired);
}

/* The doubts are those of the secrets in the order of names. */
static void record(struct model *recorded)
{
	static const struct object replaced = {
		.kind = OBJECT_SECRET, .id = "r1", .origin = ORIGIN_ADOPTED, .version = 2};
	static const char *const stores[] = {"a", "x", "z"};

	model_add_account(recorded, "p", "acc");
	model_add_account(recorded, "gone", "acc2");
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		struct object *store = model_add_object(recorded, "p", stores[i], NULL);
		store->id = stores[i];
		store->origin = ORIGIN_ADOPTED;
		store->created = store->modified = "2026-01-01T00:00:00Z";
		store->doubt = i == 1 ? DOUBT_REST : DOUBT_NONE;
	}
	for (size_t i = 0; i < 5; i++) {
		struct object *secret =
			model_add_object(recorded, "p", "a", i == 4 ? "OLD" : names[i]);
		secret->id = names[i];
		secret->origin = ORIGIN_CREATED;
		secret->modified = "2026-01-02T00:00:00Z";
		secret->seen_modified = i == 2 ? "2026-01-03T00:00:00Z" : NULL;
		secret->scopes = "workers";
		secret->sent_scopes = "access,workers";
		secret->sent_comment = i ? "" : "sent";
		secret->status = "pending";
		secret->fingerprint = "k1:abc";
		secret->former = i == 1 ? "BEFORE" : NULL;
		secret->version = 1 + (int64_t)i;
		secret->doubt = (enum doubt)(i % 4);
		secret->requested_ms = i % 4 ? 1770000000000 : 0;
	}
	struct object *inside = model_add_object(recorded, "p", "z", "IN");
	inside->id = "in";
	inside->origin = ORIGIN_CREATED;
	model_add_object(recorded, "gone", "g", NULL)->requested_ms = 1770000000000;
	inside = model_add_object(recorded, "gone", "g", "UNRESOLVED");
	inside->doubt = DOUBT_FOREIGN;
	inside->replaced = &replaced;
	model_sort(recorded);
}

static void live(struct model *live)
{
	static const struct audit audits[] = {
		{AUDIT_UNSURE, "2026-01-05T00:00:00Z", "somebody", NULL},
		{AUDIT_KEPT, "2026-01-05T00:00:00Z", "dashboard", NULL},
		{AUDIT_CHANGED, "2026-01-05T00:00:00Z", "token \"x\"", "a@example.com"},
	};
	static const char *const stores[] = {"a", "b", "x", "z"};

	model_add_account(live, "p", "acc");
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++)
		model_add_object(live, "p", stores[i], NULL)->id = stores[i];
	for (size_t i = 0; i < 5; i++) {
		struct object *secret = model_add_object(live, "p", "a", i == 4 ? "OLD" : names[i]);
		secret->id = names[i];
		secret->modified = "2026-01-05T00:00:00Z";
		secret->scopes = "workers";
		secret->status = "active";
		secret->audit = i < 3 ? &audits[i] : NULL;
	}
	model_add_object(live, "p", "z", "IN")->id = "in";
	model_add_object(live, "p", "z", "UNMANAGED")->id = "u";
	model_sort(live);
}

static bool plan_from(
	const struct planfile *planfile, struct plan *ret_plan, struct error_list *errors)
{
	struct renames renames CLEANUP(renames_release) = {0};

	renames_init(&renames, &planfile->desired);
	const struct planner_input input = {&planfile->desired, &planfile->recorded,
		&planfile->live, &renames, planfile->options, planfile->moves, planfile->move_count,
		planfile->bindings, planfile->binding_count};
	return planner_plan(&input, ret_plan, errors);
}

static int set_up(void **state)
{
	static const char *const targets[] = {"p", "gone"}, *const excludes[] = {"p/x*"};
	static const char *const replaces[] = {"p/a/[D]"};
	static const struct object moved_store = {.account = "p", .store = "a"};
	static const struct moved moves[] = {{"old/a", &moved_store}};
	static const struct planfile_part parts[] = {
		{"acc1", 4, LINEAGE, ""}, {"acc2", 0, "", LINEAGE}};
	static const struct worker_binding bindings[] = {
		{"KEY", "stage", "z", "IN", {"w.jsonc", 3, 5}},
		{"MORE", NULL, "z", "IN", {"w.toml", 1, 1}}};
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err = {0};

	rig->planfile = (struct planfile){.state_path = "some/where",
		.is_partial = true,
		.parts = parts,
		.part_count = ARRAY_SIZE(parts),
		.options = {.adopt_all = true,
			.targets = {targets, ARRAY_SIZE(targets)},
			.excludes = {excludes, ARRAY_SIZE(excludes)},
			.replaces = {replaces, ARRAY_SIZE(replaces)}},
		.moves = moves,
		.move_count = ARRAY_SIZE(moves),
		.bindings = bindings,
		.binding_count = ARRAY_SIZE(bindings)};
	desire(&rig->planfile.desired);
	record(&rig->planfile.recorded);
	live(&rig->planfile.live);
	if (!plan_from(&rig->planfile, &rig->plan, &errors))
		fail_msg("%s", errors.items[0].message);
	if (!check_plan(&rig->plan, &err))
		fail_msg("%s", err.message);
	planfile_encode(&rig->planfile, &rig->plan, &no_keys.now, &rig->bytes);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	plan_release(&rig->plan);
	planfile_release(&rig->planfile);
	str_release(&rig->bytes);
	mem_free(rig);
	return 0;
}

/* ---- as it was written ---- */

static void comes_back(void **state)
{
	const struct rig *rig = *state;
	struct planfile read CLEANUP(planfile_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str again CLEANUP(str_release) = {0};

	assert_true(planfile_decode("p", &rig->bytes, &no_keys, &read, &err));
	assert_true(plan_from(&read, &plan, &errors));
	assert_true(planfile_check_digest(&read, &plan, &err));
	planfile_encode(&read, &plan, &no_keys.now, &again);
	assert_string_equal(str_text(&again), str_text(&rig->bytes));
	expect_no_text(str_text(&rig->bytes), "example.com"); /* plans are kept */
	plan.rows[0].writes ^= FIELD_VALUE;
	assert_false(planfile_check_digest(&read, &plan, &err));
	expect_error(&err, "does not match its own inputs");
}

static void each_switch(void **state)
{
	struct rig *rig = *state;
	struct plan_options *options = &rig->planfile.options;
	bool *const switches[] = {&options->adopt_all, &options->destroys_all,
		&options->refresh_only, &options->is_partial};

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		struct planfile read CLEANUP(planfile_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct str bytes CLEANUP(str_release) = {0};
		for (size_t k = 0; k < ARRAY_SIZE(switches); k++)
			*switches[k] = k == i;
		planfile_encode(&rig->planfile, &rig->plan, &no_keys.now, &bytes);
		assert_true(planfile_decode("p", &bytes, &no_keys, &read, &err));
		assert_int_equal(read.options.adopt_all, i == 0);
		assert_int_equal(read.options.destroys_all, i == 1);
		assert_int_equal(read.options.refresh_only, i == 2);
		assert_int_equal(read.options.is_partial, i == 3);
	}
}

static void refused(const struct str *bytes)
{
	struct planfile read CLEANUP(planfile_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(planfile_decode("file", bytes, &no_keys, &read, &err));
	assert_non_null(err.message);
	assert_string_equal(err.file, "file");
}

static void cut_or_flipped_at_every_byte(void **state)
{
	const struct rig *rig = *state;

	for (size_t at = 0; at < rig->bytes.length; at++) {
		struct str bytes CLEANUP(str_release) = {0};
		str_add(&bytes, rig->bytes.bytes, rig->bytes.length);
		bytes.bytes[at] = (char)(bytes.bytes[at] ^ 1);
		refused(&bytes);
		bytes.length = at;
		refused(&bytes);
	}
}

/* ---- with a key ---- */

static struct keys keys_of(const char *text)
{
	struct secret given CLEANUP(secret_release) = {0};
	struct keys keys = {0};
	struct error err = {0};

	secret_copy(&given, text, strlen(text));
	if (!key_init(&keys.now, &given, &err) || !key_prepare(&keys.now, LINEAGE, &err))
		fail_msg("%s", err.message);
	return keys;
}

#define RAW   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void refused_with(
	const struct str *bytes, struct keys *keys, const char *message, const char *hint)
{
	struct planfile read CLEANUP(planfile_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(planfile_decode("file", bytes, keys, &read, &err));
	expect_text(err.message, message);
	expect_text(err.hint, hint);
	assert_string_equal(err.file, "file");
}

static void encrypted(void **state)
{
	const struct rig *rig = *state;
	struct planfile read CLEANUP(planfile_release) = {0};
	struct keys key CLEANUP(keys_release) = keys_of(RAW);
	struct keys other CLEANUP(keys_release) = keys_of(OTHER);
	struct str bytes CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	planfile_encode(&rig->planfile, &rig->plan, &key.now, &bytes);
	expect_no_text(bytes.bytes, "accounts");
	assert_true(planfile_decode("p", &bytes, &key, &read, &err));
	assert_true(planfile_check_digest(&read, &rig->plan, &err));
	refused_with(&bytes, &no_keys, "is encrypted, and no key is set", "Set CFPROV_KEY");
	refused_with(&bytes, &other, "encrypted with a different key", "Use the key that");
	refused_with(&rig->bytes, &key, "is not encrypted, although a key is set",
		"Run `cfprov plan` again.");
	/* Until it is applied, the key may be replaced. */
	struct keys both CLEANUP(keys_release) = keys_of(OTHER), old = keys_of(RAW);
	both.old = old.now;
	planfile_release(&read);
	assert_true(planfile_decode("p", &bytes, &both, &read, &err));
	bytes.length--; /* flipped bytes: see tests of adapter/key */
	refused_with(&bytes, &key, "was modified or truncated", "Use the key that");
}

/* ---- what somebody has written (fault B15) ---- */

enum outcome { REFUSED, ERRORS, OTHER_ROWS, PLANNED };

/* What happens to such JSON, with a checksum that is right. */
static enum outcome become_of(const char *json, size_t length)
{
	struct planfile read CLEANUP(planfile_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	char checksum[CRYPT_CHECKSUM_SIZE];

	crypt_checksum(json, length, checksum);
	str_format(&bytes, "cfprov-plan %s\n", checksum);
	str_add(&bytes, json, length);
	str_char(&bytes, '\n');
	if (!planfile_decode("file", &bytes, &no_keys, &read, &err)) {
		assert_non_null(err.message);
		return REFUSED;
	}
	if (!plan_from(&read, &plan, &errors)) {
		assert_true(errors.count > 0);
		return ERRORS;
	}
	/* What the planner makes of it is sound, whatever somebody has written. */
	if (!check_plan(&plan, &err))
		fail_msg("%s", err.message);
	return planfile_check_digest(&read, &plan, &err) ? PLANNED : OTHER_ROWS;
}

/* Lends the JSON without the newline at its end. */
static const char *json_of(const struct rig *rig, size_t *ret_length)
{
	const char *json = strchr(str_text(&rig->bytes), '\n') + 1;

	*ret_length = strlen(json) - 1;
	return json;
}

/* The same with the part from `at` on replaced, which has so many bytes. */
static enum outcome become_of_changed(
	const struct rig *rig, const char *at, size_t length, const char *replacement)
{
	struct str changed CLEANUP(str_release) = {0};
	size_t whole;
	const char *json = json_of(rig, &whole);

	str_add(&changed, json, (size_t)(at - json));
	str_text_add(&changed, replacement);
	str_add(&changed, at + length, whole - (size_t)(at - json) - length);
	return become_of(str_text(&changed), changed.length);
}

static void cut_or_flipped_with_care(void **state)
{
	const struct rig *rig = *state;
	size_t length;
	const char *json = json_of(rig, &length);

	assert_int_equal(become_of(json, length), PLANNED);
	for (size_t at = 0; at < length; at++) {
		assert_int_equal(become_of(json, at), REFUSED);
		const char flipped[] = {(char)(json[at] ^ 1 << at % 7), '\0'};
		(void)become_of_changed(rig, json + at, 1, flipped);
	}
}

/* Where the JSON value, or key, at `at` ends. */
static const char *skip_value(const char *at)
{
	int depth = 0;

	do {
		if (*at == '"')
			for (at++; *at != '"'; at++)
				at += *at == '\\';
		else if (strchr("[{", *at))
			depth++;
		else if (strchr("]}", *at))
			depth--;
		at++;
	} while (depth > 0 || !strchr(":,]}", *at));
	return at;
}

/* Each member, and each item of a list, is something else. */
static void every_value_replaced(void **state)
{
	static const char *const others[] = {"null", "true", "-1", "3", "1e300", "\"\"", "\"a/b\"",
		"\"p\"", "\"\\u001b[2J\\n\"", "[]", "[null]", "{}", "{\"id\":null}", "[{}]"};
	const struct rig *rig = *state;
	size_t length, values = 0;

	for (const char *at = json_of(rig, &length) + 1; *at != '\n';) {
		bool is_mark = strchr(":,]}", *at);
		const char *end = is_mark ? at + 1 : skip_value(at);
		bool is_value = !is_mark && *end != ':';
		for (size_t i = 0; is_value && i < ARRAY_SIZE(others); i++)
			(void)become_of_changed(rig, at, (size_t)(end - at), others[i]);
		values += is_value;
		at = strchr("[{", *at) ? at + 1 : end;
	}
	assert_true(values > 200);
}

struct forgery {
	const char *from, *to;
};

static enum outcome become_of_forged(const struct rig *rig, const struct forgery *forgery)
{
	const char *at = strstr(str_text(&rig->bytes), forgery->from);

	if (!at)
		fail_msg("not in the plan: %s", forgery->from);
	return become_of_changed(rig, at, strlen(forgery->from), forgery->to);
}

#define ACCOUNTS "{\"alias\":\"p\",\"id\":\"acc\""
#define LIVE     "\"live\":{\"accounts\":[" ACCOUNTS "}],\"objects\":["
#define STORE_A  "{\"account\":\"p\",\"store\":\"a\",\"fields\":{\"id\":\"a\"}}"

#define STORE_B "{\"account\":\"p\",\"store\":\"b\",\"fields\":{},\"adopt\":true}"
#define RECORDED                                                                                   \
	"{\"account\":\"p\",\"store\":\"z\",\"fields\":{\"id\":\"z\","                             \
	"\"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-01-01T00:00:00Z\","              \
	"\"origin\":\"adopted\"}}"

static const struct forgery malformations[] = {
	{"\"version\":5", "\"version\":4"},
	{"\"version\":5,", ""},
	{"\"account\":\"acc1\"", "\"account\":\"a b\""},
	{"\"account\":\"acc1\",", ""},
	{"\"parts\":[", "\"part\":["},
	{"\"state\":\"some/where\",", ""},
	{"\"lineage\":\"" LINEAGE, "\"lineage\":\"" LINEAGE "1"},
	{"\"lineage\":\"" LINEAGE, "\"lineage\":\"x"},
	{"\"born_as\":\"", "\"born_as\":\"x"},
	{"\"serial\":4", "\"serial\":4.5"},
	{"\"options\":{", "\"option\":{}}, {"},
	{"\"targets\":[\"p\"", "\"targets\":[1"},
	{"\"bindings\":[", "\"binding\":["},
	{"\"name\":\"KEY\",", ""},
	{"\"store\":\"z\",\"secret\":\"IN\",\"file\"", "\"store\":\"z\",\"file\""},
	{"\"line\":3", "\"line\":-3"},
	{"\"file\":\"w.jsonc\",", ""},
	/* accounts */
	{ACCOUNTS, "{\"alias\":\"p/q\",\"id\":\"acc\""},
	{ACCOUNTS, "{\"alias\":\"q\",\"id\":\"acc\"}," ACCOUNTS},
	{ACCOUNTS, "{\"alias\":\"p\",\"id\":\"acc2\"}," ACCOUNTS},
	{ACCOUNTS, "{\"alias\":\"\",\"id\":\"acc\""},
	{ACCOUNTS, "{\"alias\":\"p\",\"id\":\"../acc\""},
	{ACCOUNTS, "{\"alias\":\"r\",\"id\":\"acc\""}, /* its objects have none */
	{"{\"kind\":\"env\",\"name\":\"TOKEN\"}", "{\"kind\":\"env\"}"},
	/* objects */
	{LIVE STORE_A, LIVE "{\"account\":\"p\",\"store\":\"a\",\"fields\":{}}"},
	{LIVE STORE_A, LIVE "{\"account\":\"p\",\"store\":\"a\"}"},
	{LIVE STORE_A, LIVE "{\"account\":\"p\",\"fields\":{\"id\":\"a\"}}"},
	{LIVE STORE_A, LIVE "{\"account\":\"q\",\"store\":\"a\",\"fields\":{\"id\":\"a\"}}"},
	{LIVE STORE_A, LIVE "{\"account\":\"p\",\"store\":\"\",\"fields\":{\"id\":\"a\"}}"},
	{LIVE STORE_A, LIVE "{\"account\":\"p\",\"store\":\"a\",\"fields\":{\"id\":\"a/b\"}}"},
	{LIVE STORE_A, LIVE "{\"account\":\"p\",\"store\":\"a\",\"fields\":{\"id\":\"a\","
			    "\"comment\":\"\"}}"},
	{"\"secret\":\"E\"", "\"secret\":\"E/F\""},
	{"\"secret\":\"E\"", "\"secret\":null"},
	{"\"origin\":\"adopted\"", "\"origin\":\"stolen\""},
	{",\"origin\":\"adopted\"", ""},
	{"\"id\":\"r1\",", ""}, /* of what was replaced */
	{STORE_B, STORE_B "," STORE_B},
	{RECORDED, RECORDED "," RECORDED},
	{LIVE STORE_A ",", LIVE}, /* its secrets are left */
	{"\"objects\":[{\"account\":\"p\",\"store\":\"a\",\"fields\":{\"prevent_destroy\":true}},",
		"\"objects\":["},
	/* secrets */
	{"\"value\":{\"kind\":\"stdin\"},", ""},
	{"\"kind\":\"stdin\"", "\"kind\":\"keyboard\""},
	{"\"kind\":\"stdin\"", "\"kind\":\"generate\",\"name\":\"hex\""},
	{",\"argv\":[\"pass\",\"show me\",\"\"]", ""},
	{"\"argv\":[\"pass\",\"show me\",\"\"]", "\"argv\":[]"},
	{"\"bytes\":32", "\"bytes\":-32"},
	{"\"on_drift\":\"warn\"", "\"on_drift\":\"shrug\""},
	{"\"verdict\":\"same\"", "\"verdict\":1"},
	{"{\"value\":\"unknown\"", "{\"value\":\"known\""},
	{"\"who\":\"somebody\"", "\"whom\":\"somebody\""},
	/* changes */
	{"\"to\":\"p/a/NEW\"", "\"to\":\"NEW\""},
	{"\"from\":\"p/a/OLD\",", "\"from\":\"OLD\","},
	{"\"from\":\"p/a/OLD\",", ""},
	{"\"from\":\"p/z\",", ""},
	{"\"from\":\"old/a\"", "\"from\":1"},
	{"\"moves\":[", "\"moves\":{},\"more\":["},
};

static void malformed(void **state)
{
	const struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(malformations); i++)
		if (become_of_forged(rig, &malformations[i]) != REFUSED)
			fail_msg("accepted: %s", malformations[i].to);
}

/* What is well formed and still no work of cfprov does no other work than the plan said. */
static void forged(void **state)
{
	static const struct forgery forgeries[] = {
		{LIVE STORE_A, LIVE STORE_A "," STORE_A},
		{LIVE STORE_A,
			LIVE "{\"account\":\"p\",\"store\":\"a\",\"fields\":{\"id\":\"a9\"}}"},
		{"\"excludes\":[\"p/x*\"]", "\"excludes\":[]"},
		{"\"from\":\"gone\"", "\"from\":\"/\""},
		{"\"from\":\"p/a/OLD\",\"to\":\"p/a/NEW\"",
			"\"from\":\"p/a/OLD\",\"to\":\"p/b/NEW\""},
		{"\"from\":\"p/a/OLD\",\"to\":\"p/a/NEW\"", "\"from\":\"/\",\"to\":\"/\""},
	};
	const struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(forgeries); i++)
		if (become_of_forged(rig, &forgeries[i]) == PLANNED)
			fail_msg("planned: %s", forgeries[i].to);
}

static void moves_in_circles(void **state)
{
	static const char move[] = "{\"from\":\"p/a/OLD\",\"to\":\"p/a/NEW\"}";
	static const char *const circles[] = {
		"{\"from\":\"p/a/NEW\",\"to\":\"p/a/OLD\"}",
		"{\"from\":\"p/a/NEW\",\"to\":\"p/a/E\"},{\"from\":\"p/a/E\",\"to\":\"p/a/OLD\"}",
		"{\"from\":\"p/a/E\",\"to\":\"p/a/E\"}",
		"{\"from\":\"p/a/NEW\",\"to\":\"q/b/OLD\"}",
		"{\"from\":\"p/a/E\",\"to\":\"p/a/NEW\"},{\"from\":\"p/a/NEW\",\"to\":\"p/a/E\"}",
		"{\"from\":\"p\",\"to\":\"old\"}",
	};
	const struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(circles); i++) {
		for (int goes_first = 0; goes_first < 2; goes_first++) {
			struct str both CLEANUP(str_release) = {0};
			str_format(&both, "%s,%s", goes_first ? circles[i] : move,
				goes_first ? move : circles[i]);
			(void)become_of_forged(rig, &(struct forgery){move, str_text(&both)});
		}
	}
}

/* ---- does it still fit ---- */

static void expect_state(
	const struct planfile_part *part, const char *lineage, int64_t serial, const char *why)
{
	struct error err CLEANUP(error_release) = {0};

	assert_int_equal(planfile_check_state(part, lineage, serial, &err), why == NULL);
	if (!why)
		return;
	struct str text CLEANUP(str_release) = {0};
	str_format(&text, "%s. %s", err.message, err.hint);
	expect_text(str_text(&text), why);
}

static void fits_its_state_only(void **state)
{
	static const char other[] = "22222222-2222-4222-8222-222222222222";
	const struct planfile_part planfile = {.lineage = LINEAGE, .serial = 4},
				   unborn = {.lineage = ""};

	(void)state;
	expect_state(&planfile, LINEAGE, 4, NULL);
	expect_state(
		&planfile, LINEAGE, 5, "had serial 4, and now has 5. It may have been applied");
	expect_state(&planfile, LINEAGE, 3, "replaced by an older one");
	expect_state(
		&planfile, other, 4, "not 22222222-2222-4222-8222-222222222222). Check the folder");
	expect_state(&planfile, "", 0, "a state that does not exist. Check the folder");
	expect_state(&unborn, "", 0, NULL);
	expect_state(&unborn, other, 1, "was empty when it was made");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(comes_back),
		test(each_switch),
		test(cut_or_flipped_at_every_byte),
		test(encrypted),
		test(cut_or_flipped_with_care),
		test(every_value_replaced),
		test(malformed),
		test(forged),
		test(moves_in_circles),
		cmocka_unit_test(fits_its_state_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
