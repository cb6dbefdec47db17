/*
 * How long lists are doubted: looks with a fake client and a fake clock, linked in their place. The
 * patience is 2 seconds.
 */
#include "adapter/table.h"
#include "cloudflare/confirm.h"

#include "unit.h"

/* When a test begins. */
#define NOW                "2026-01-01T00:00:00Z"
#define FAKE_CLOCK_UNIX_MS 1767225600000
#include "fake_clock.h"

#define STORE "11111111111111111111111111111111"

/* ---- the fake client ---- */

struct client {
	/* What is expected, and its answer: "PATH @MS.", and what is there; NULL: nothing. */
	const struct line {
		const char *asked, *found;
	} * script;
	struct client_call calls[8]; /* sent, not answered */
	char *paths[8];
	size_t from, count;
	struct client_answer answer;
};

void client_send(struct client *client, const struct client_call *wanted)
{
	assert_true(client->count < ARRAY_SIZE(client->calls));
	client->paths[client->count] = mem_copy_text(wanted->path);
	client->calls[client->count++] = *wanted;
}

bool client_busy(const struct client *client)
{
	return client->from < client->count;
}

struct client_answer *client_next(struct client *client, int64_t timeout_ms)
{
	struct str shown CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	struct client_answer *answer = &client->answer;

	if (!client_busy(client)) {
		now_ms += timeout_ms;
		return NULL;
	}
	const struct line *line = client->script;
	str_format(&shown, "%s @%lld.", client->paths[client->from], (long long)now_ms);
	if (!line->asked)
		fail_msg("not expected: %s", str_text(&shown));
	const char *at = strstr(line->asked, " @");
	struct str path CLEANUP(str_release) = {0};
	str_add(&path, line->asked, (size_t)(at - line->asked));
	expect_text(str_text(&shown), str_text(&path));
	expect_text(str_text(&shown), at);
	client->script++;
	str_format(&body, "{\"success\":%s,\"errors\":[%s],\"result\":%s}",
		line->found ? "true" : "false",
		line->found ? "" : "{\"code\":1001,\"message\":\"store_not_found\"}",
		line->found ? line->found : "null");
	*answer = (struct client_answer){.tag = client->calls[client->from].tag};
	cf_answer_decode(&answer->cf,
		&(struct cf_response){.status = line->found ? 200 : 404, .body = &body, .ray = ""},
		&answer->err);
	answer->outcome = line->found ? CLIENT_DONE : CLIENT_FAILED;
	mem_free(client->paths[client->from++]);
	if (client->from == client->count)
		client->from = client->count = 0;
	return answer;
}

void client_answer_free(struct client_answer *answer)
{
	cf_answer_release(&answer->cf);
	error_release(&answer->err);
}

/* ---- a run ---- */

struct scene {
	struct client client;
	struct model recorded, live, wanted;
	struct account account;
	struct live_account accounts[1];
	struct live_input input;
	struct table *stores;
};

static int setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));

	now_ms = 0;
	model_add_account(&s->recorded, "p", "acc");
	model_add_account(&s->live, "p", "acc");
	s->account = (struct account){.alias = "p", .id = "acc"};
	s->accounts[0] = (struct live_account){.account = &s->account};
	s->input = (struct live_input){.client = &s->client,
		.accounts = s->accounts,
		.count = 1,
		.recorded = &s->recorded,
		.wanted = &s->wanted,
		.patience_ms = 2000};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	table_free(&s->stores);
	model_release(&s->recorded);
	model_release(&s->live);
	model_release(&s->wanted);
	mem_free(s);
	return 0;
}

static struct object *add(
	struct model *model, const char *store, const char *secret, const char *id)
{
	struct object *object = model_add_object(model, "p", store, secret);

	object->id = id;
	return object;
}

/* Ids and times of the looks are as in the script; `count` objects are there in the end. */
static void run(struct scene *s, const struct line *script, size_t count)
{
	struct confirm confirm CLEANUP(confirm_release);
	struct error err = {0};

	model_sort(&s->recorded);
	model_sort(&s->live);
	model_sort(&s->wanted);
	s->client.script = script;
	confirm_init(&confirm, &s->input, s->stores, &s->live);
	assert_true(confirm_run(&confirm, &err));
	assert_null(s->client.script->asked);
	assert_int_equal(s->live.object_count, count);
}

#define RUN(s, count, ...) run(s, (const struct line[]){__VA_ARGS__, {NULL, NULL}}, count)
#define IS(id)             "{\"id\":\"" id "\",\"name\":\"a\"}"

/* What was written long ago: two looks. */
static void gone(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "a", NULL, "1");
	RUN(s, 0, {"/stores/1 @0.", NULL}, {"/stores/1 @500.", NULL});
}

static void there_after_all(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "a", NULL, "1");
	RUN(s, 1, {"/stores/1 @0.", NULL}, {"/stores/1 @500.", IS("1")});
}

/* What Cloudflare says is deleted is not there. */
static void said_to_be_deleted(void **state)
{
	static const char deleted[] = "{\"id\":\"1\",\"name\":\"a\",\"status\":\"deleted\"}";
	struct scene *s = *state;

	add(&s->recorded, "a", NULL, "1");
	RUN(s, 0, {"/stores/1 @0.", deleted}, {"/stores/1 @500.", deleted});
}

/* An answer about something else is an error, and shows nothing of what was asked for. */
static void another_id(void **state)
{
	static const struct line script[] = {{"/stores/1 @0.", IS("2")}, {NULL, NULL}};
	struct scene *s = *state;
	struct confirm confirm CLEANUP(confirm_release);
	struct error err = {0};

	add(&s->recorded, "a", NULL, "1");
	s->client.script = script;
	confirm_init(&confirm, &s->input, NULL, &s->live);
	assert_true(confirm_run(&confirm, &err));
	assert_null(s->client.script->asked);
	assert_string_equal(confirm.looks[0].err.message,
		"Cloudflare was asked for the store 1, but returned 2");
	assert_int_equal(s->live.object_count, 0);
}

/* What was written just now: until the patience is over. */
static void young(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "a", NULL, "1")->requested_ms = FAKE_CLOCK_UNIX_MS;
	RUN(s, 0, {"/stores/1 @0.", NULL}, {"/stores/1 @500.", NULL}, {"/stores/1 @1000.", NULL},
		{"/stores/1 @2000.", NULL});
}

/* What is still listed in the place of what was created just now was deleted before. */
static void replaced(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "a", NULL, "new")->created = NOW;
	add(&s->live, "a", NULL, "old");
	RUN(s, 1, {"/stores/old @0.", IS("old")}, {"/stores/new @0.", IS("new")},
		{"/stores/old @500.", IS("old")}, {"/stores/old @1000.", NULL},
		{"/stores/old @1500.", NULL});
	assert_string_equal(s->live.objects[0].id, "new");
}

/* Somebody else's: it is there to stay. */
static void another_one(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "a", NULL, "new")->created = NOW;
	add(&s->live, "a", NULL, "old");
	RUN(s, 2, {"/stores/old @0.", IS("old")}, {"/stores/new @0.", IS("new")},
		{"/stores/old @500.", IS("old")}, {"/stores/old @1000.", IS("old")},
		{"/stores/old @2000.", IS("old")});
}

/* The DELETE of an interrupted run may still be carried out: it gets more time. */
static void being_destroyed(void **state)
{
	struct scene *s = *state;
	struct object *open = add(&s->recorded, "a", NULL, "1");

	open->doubt = DOUBT_REST;
	open->requested_ms = FAKE_CLOCK_UNIX_MS;
	add(&s->live, "a", NULL, "1");
	add(&s->wanted, "a", NULL, NULL);
	RUN(s, 1, {"/stores/1 @0.", IS("1")}, {"/stores/1 @500.", IS("1")},
		{"/stores/1 @1000.", IS("1")}, {"/stores/1 @2000.", IS("1")},
		{"/stores/1 @4000.", IS("1")});
}

/* What is listed as it is recorded is not asked for; what is wanted and not recorded is. */
static void wanted(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "known", NULL, "1");
	add(&s->live, "known", NULL, "1");
	add(&s->live, "a", NULL, "2");
	add(&s->live, "ghost", NULL, "3");
	add(&s->live, "stranger", NULL, "4");
	add(&s->wanted, "known", NULL, NULL);
	add(&s->wanted, "a", NULL, NULL);
	add(&s->wanted, "ghost", NULL, NULL);
	RUN(s, 3, {"/stores/2 @0.", IS("2")}, {"/stores/3 @0.", NULL}, {"/stores/3 @500.", NULL});
}

static void add_items(struct str *out, const char *prefix)
{
	for (size_t i = 0; i <= CONFIRM_BY_ID; i++)
		str_format(out, "%s{\"id\":\"%s%zu\",\"name\":\"S%zu\"}",
			out->length > 1 ? "," : "", prefix, i, i);
}

/* Of more than a hundred, a list is believed only once it is late enough, and each counts once. */
static void many(void **state)
{
	struct scene *s = *state;
	struct object store = {.account = "p", .id = STORE, .store = "a"};
	struct str early CLEANUP(str_release) = {0}, late CLEANUP(str_release) = {0};

	add(&s->recorded, "a", NULL, STORE);
	add(&s->live, "a", NULL, STORE);
	table_put(&s->stores, STORE, &store);
	for (size_t i = 0; i <= CONFIRM_BY_ID; i++) {
		char *name = arena_format(&s->recorded.arena, "S%zu", i);
		add(&s->recorded, "a", name, arena_format(&s->recorded.arena, "new%zu", i));
		add(&s->live, "a", name, arena_format(&s->recorded.arena, "old%zu", i));
	}
	str_char(&early, '[');
	str_char(&late, '[');
	add_items(&early, "old");
	add_items(&early, "new");
	add_items(&late, "new");
	str_char(&early, ']');
	str_char(&late, ']');
	RUN(s, CONFIRM_BY_ID + 2, {"/secrets?page=1 @500.", str_text(&early)},
		{"/secrets?page=2 @500.", "[]"}, {"/secrets?page=1 @2000.", str_text(&late)},
		{"/secrets?page=2 @2000.", "[]"});
	for (size_t i = 1; i < s->live.object_count; i++)
		expect_text(s->live.objects[i].id, "new");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(gone),
		test(there_after_all),
		test(said_to_be_deleted),
		test(another_id),
		test(young),
		test(replaced),
		test(another_one),
		test(being_destroyed),
		test(wanted),
		test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
