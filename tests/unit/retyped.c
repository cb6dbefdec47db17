/*
 * Whatever a state, a journal or a saved plan has, optional members included, is refused if it is
 * of another type: absent and unreadable are not the same.
 */
#include "state/journal.h"
#include "state/planfile.h"
#include "state/state.h"

#include "adapter/crypt.h"
#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

static const char *const argv[] = {"pass", "show", NULL};
static const char *const env[] = {"PASS_X", NULL};
static const struct value_source from_env = {.kind = VALUE_ENV, .name = "E", .pointer = "/a"};
static const struct value_source from_command = {.kind = VALUE_COMMAND,
	.argv = argv,
	.env = env,
	.folder = "in",
	.keeps_last_newline = true};
static const struct value_source from_dotenv = {.kind = VALUE_DOTENV, .name = ".env", .key = "K"};
static const struct value_source generated = {.kind = VALUE_GENERATE, .name = "hex", .bytes = 32};
static const struct audit audit = {AUDIT_KEPT, "2026-01-05T00:00:00Z", "dashboard", NULL};
static const struct object replaced = {
	.kind = OBJECT_SECRET, .id = "r1", .origin = ORIGIN_ADOPTED, .version = 2};

/* ---- valid files with every member ---- */

static struct object *add(struct model *model, const char *secret, const char *id)
{
	struct object *object = model_add_object(model, "p", "s", secret);

	object->id = id;
	object->origin = id ? ORIGIN_CREATED : ORIGIN_NONE;
	object->created = object->modified = id ? "2026-01-02T00:00:00Z" : NULL;
	return object;
}

static void record(struct model *model)
{
	model_add_account(model, "p", "acc");
	add(model, NULL, "id-s")->prevent_destroy = true;
	struct object *object = add(model, "A", "id-a");
	object->seen_modified = "2026-01-03T00:00:00Z";
	object->comment = object->sent_comment = "x";
	object->status = "active";
	object->fingerprint = "k1:abc";
	object->former = "B";
	object->scopes = object->sent_scopes = "ai,workers";
	object->version = 3;
	object->doubt = DOUBT_FOREIGN;
	object->requested_ms = 1770000000000;
	object->forget_on_remove = true;
	add(model, "B", "id-b");
	object = add(model, "C", NULL);
	object->requested_ms = 1770000000000;
	object->replaced = &replaced;
	model_sort(model);
}

static void desire(struct model *model)
{
	static const struct value_source *const values[] = {
		&from_env, &from_command, &from_dotenv, &generated};
	static const char *const names[] = {"A", "B", "C", "D"};

	model_add_account(model, "p", "acc")->token = from_env;
	add(model, NULL, NULL)->may_adopt = true;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct object *object = add(model, names[i], NULL);
		object->value = values[i];
		object->version = 1;
		object->is_written_once = object->keeps_no_fingerprint = i == 0;
	}
	model_add_move(model, "p/s/OLD", "p/s/A");
	model_add_removal(model, "p/z")->destroys = true;
	model_add_removal(model, "p/y")->destroys = false;
	model_sort(model);
}

static void exist(struct model *model)
{
	model_add_account(model, "p", "acc");
	add(model, NULL, "id-s")->origin = ORIGIN_NONE;
	struct object *object = add(model, "A", "id-a");
	object->origin = ORIGIN_NONE;
	object->audit = &audit;
	model_sort(model);
}

static void make_plan(struct str *out)
{
	static const char *const patterns[] = {"p/s"};
	static const struct patterns some = {patterns, 1};
	static const struct object moved_object = {
		.kind = OBJECT_SECRET, .account = "p", .store = "s", .secret = "A"};
	static const struct moved moved = {"old/s/A", &moved_object};
	static const struct planfile_part part = {"acc1", 4, LINEAGE, ""};
	const struct key no_key = {0};
	const struct plan plan = {0};
	struct planfile planfile CLEANUP(planfile_release) = {.state_path = "x.state.json",
		.parts = &part,
		.part_count = 1,
		.is_partial = true,
		.options = {.adopt_all = true, .targets = some, .excludes = some, .replaces = some},
		.moves = &moved,
		.move_count = 1};

	desire(&planfile.desired);
	record(&planfile.recorded);
	exist(&planfile.live);
	planfile_encode(&planfile, &plan, &no_key, out);
}

/* ---- each is what decodes it from JSON, and the JSON of a valid one ---- */

struct kind {
	const char *name;
	bool (*decode)(const char *json, size_t length);
	void (*make)(struct str *json);
};

static bool decode_state(const char *json, size_t length)
{
	struct state state CLEANUP(state_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	return state_decode("x", json, length, &state, &err);
}

static void make_state(struct str *json)
{
	struct state state CLEANUP(state_release) = {.serial = 3, .lineage = LINEAGE};

	record(&state.model);
	state_encode(&state, json);
}

static void seal(struct str *out, const char *before, const char *json, size_t length)
{
	char checksum[CRYPT_CHECKSUM_SIZE];

	crypt_checksum(json, length, checksum);
	str_format(out, "%s%s%s", before, checksum, *before ? "\n" : " ");
	str_add(out, json, length);
	str_char(out, '\n');
}

static bool decode_plan(const char *json, size_t length)
{
	struct planfile planfile CLEANUP(planfile_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct keys no_keys = {0};

	seal(&bytes, "cfprov-plan ", json, length);
	return planfile_decode("x", &bytes, &no_keys, &planfile, &err);
}

static void make_plan_json(struct str *json)
{
	struct str bytes CLEANUP(str_release) = {0};

	make_plan(&bytes);
	const char *text = strchr(str_text(&bytes), '\n') + 1;
	str_add(json, text, strlen(text) - 1);
}

static void add_header(struct str *out)
{
	const struct journal_head head = {.serial = 3, .lineage = LINEAGE, .lock = LINEAGE};
	struct state state CLEANUP(state_release) = {0};
	struct change changes[4];

	record(&state.model);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		changes[i] =
			(struct change){i == 1 ? CHANGE_KEEP : CHANGE_PUT, &state.model.objects[i]};
	journal_encode_header(&head,
		&(struct state_fold){changes, ARRAY_SIZE(changes), state.model.accounts,
			state.model.account_count, 0},
		&(struct chain_writer){0}, out);
}

static void make_header(struct str *json)
{
	struct str line CLEANUP(str_release) = {0};

	add_header(&line);
	str_add(json, line.bytes + CRYPT_CHECKSUM_SIZE, line.length - CRYPT_CHECKSUM_SIZE - 1);
}

static void make_group(struct str *json)
{
	struct model model CLEANUP(model_release) = {0};
	struct str line CLEANUP(str_release) = {0};

	record(&model);
	const struct result results[] = {{0, {CHANGE_DROP, &model.objects[0]}},
		{1, {CHANGE_PUT, &model.objects[1]}}, {2, {CHANGE_KEEP, &model.objects[2]}},
		{3, {CHANGE_PUT, &model.objects[3]}}};
	journal_encode_group(results, ARRAY_SIZE(results), &(struct chain_writer){0}, &line);
	str_add(json, line.bytes + CRYPT_CHECKSUM_SIZE, line.length - CRYPT_CHECKSUM_SIZE - 1);
}

static bool decode_journal(const struct str *text)
{
	struct journal journal CLEANUP(journal_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	return journal_decode("x", text, NULL, &journal, &err);
}

static bool decode_header(const char *json, size_t length)
{
	struct str text CLEANUP(str_release) = {0};

	seal(&text, "", json, length);
	return decode_journal(&text);
}

static bool decode_group(const char *json, size_t length)
{
	struct str text CLEANUP(str_release) = {0};

	add_header(&text);
	seal(&text, "", json, length);
	return decode_journal(&text);
}

static const struct kind kinds[] = {
	{"state", decode_state, make_state},
	{"header of a journal", decode_header, make_header},
	{"group of a journal", decode_group, make_group},
	{"saved plan", decode_plan, make_plan_json},
};

/* ---- mutations ---- */

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
	} while (depth > 0 || !strchr(":,]} \n", *at));
	return at;
}

/* The first character says which type a value has. */
static bool is_same_type(const char *a, const char *b)
{
	bool is_number = strchr("-0123456789", *a) != NULL;

	return is_number ? strchr("-0123456789", *b) != NULL : *a == *b;
}

static void expect_refused(const struct kind *kind, const struct str *json, const char *at,
	const char *end, const char *other)
{
	struct str changed CLEANUP(str_release) = {0};

	str_add(&changed, json->bytes, (size_t)(at - json->bytes));
	str_text_add(&changed, other);
	str_add(&changed, end, json->length - (size_t)(end - json->bytes));
	if (kind->decode(changed.bytes, changed.length))
		fail_msg("%s: accepted with %s at: %.*s", kind->name, other, 80,
			at - json->bytes > 30 ? at - 30 : json->bytes);
}

/* A number that is no whole one is of another type, too; nothing is ever false but in a plan. */
static void every_type(void **state)
{
	static const char *const others[] = {"null", "true", "3", "1.5", "\"x\"", "[]", "{}"};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct str json CLEANUP(str_release) = {0};
		size_t values = 0;
		kinds[k].make(&json);
		if (!kinds[k].decode(json.bytes, json.length))
			fail_msg("%s: refused as it is: %s", kinds[k].name, json.bytes);
		for (const char *at = str_text(&json) + 1; *at;) {
			bool is_mark = strchr(":,]} \n", *at);
			const char *end = is_mark ? at + 1 : skip_value(at);
			bool is_value = !is_mark && *end != ':';
			bool is_flag = *at == 't' || *at == 'f';
			for (size_t i = 0; is_value && i < ARRAY_SIZE(others); i++)
				if (!is_same_type(at, others[i]) && !(is_flag && *others[i] == 't'))
					expect_refused(&kinds[k], &json, at, end, others[i]);
			values += is_value;
			at = strchr("[{", *at) ? at + 1 : end;
		}
		assert_true(values > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
