/* file size: one fake client, for all that a row may meet */
/*
 * The runner with a fake client and a fake clock, linked in their place: rows become requests,
 * answers outcomes.
 */
#include "apply/runner.h"

#include "fake_clock.h"
#include "unit.h"

#define STORE   "11111111111111111111111111111111"
#define LATER   "2026-01-01T00:00:09Z"
#define DONE    "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":null}"
#define SAYS(m) "{\"success\":false,\"errors\":[{\"code\":1001,\"message\":\"" m "\"}]}"
#define TAKEN   SAYS("secret_name_already_exists")
#define ABSENT  SAYS("secret_not_found")
#define NO      SAYS("invalid_json_body")

/* ---- the fake clock: it moves when the client waits ---- */

void clock_text(int64_t unix_seconds, char text[static CLOCK_TEXT_SIZE])
{
	snprintf(text, CLOCK_TEXT_SIZE, "%lld", (long long)unix_seconds);
}

void clock_now_text(char text[static CLOCK_TEXT_SIZE])
{
	clock_text(clock_unix_seconds(), text);
}

/* ---- the fake client ---- */

struct client {
	/* What is expected, and its answer: "METHOD path part|STATUS|BODY"; no status: it is lost.
	 * A part "@MS" is the time. */
	const char *const *script;
	size_t next;
	struct client_call calls[32]; /* sent, not answered */
	size_t from, count;
	struct client_answer answer;
	struct runner *stops; /* this one, after so many answers; or NULL */
	size_t stops_after;
};

void client_send(struct client *client, const struct client_call *wanted)
{
	struct client_call *call = &client->calls[client->count++];

	*call = *wanted;
	call->path = mem_copy_text(wanted->path);
}

struct client_answer *client_next(struct client *client, int64_t timeout_ms)
{
	struct client_answer *answer = &client->answer;
	struct str shown CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};

	if (client->from == client->count) {
		now_ms += timeout_ms;
		return NULL;
	}
	if (client->stops && client->from == client->stops_after) {
		client->stops->stop(client->stops);
		client->stops = NULL;
	}
	const struct client_call *call = &client->calls[client->from++];
	const char *line = client->script[client->next];
	str_format(&shown, "%s %s %s @%lld.", call->method, call->path,
		call->body ? call->body : "", (long long)now_ms);
	if (!line) {
		fail_msg("not expected: %s", str_text(&shown));
		return NULL;
	}
	client->next++;
	const char *status = strchr(line, '|'), *text = strchr(status + 1, '|');
	struct str part CLEANUP(str_release) = {0};
	str_add(&part, line, (size_t)(status - line));
	for (char *rest = part.bytes, *word; (word = strtok_r(rest, " ", &rest));)
		expect_text(str_text(&shown), word);
	*answer = (struct client_answer){
		.tag = call->tag, .status = (int)strtol(status + 1, NULL, 10), .cf = CF_NO_ANSWER};
	if (answer->status) {
		str_text_add(&body, text + 1);
		cf_answer_decode(&answer->cf,
			&(struct cf_response){.status = answer->status, .body = &body, .ray = ""},
			&answer->err);
	} else {
		error_set(&answer->err, "no answer");
	}
	bool is_refused = answer->cf.verdict == CF_REFUSED && answer->status < 500 &&
			  !answer->cf.is_throttled;
	answer->outcome = answer->cf.verdict == CF_DONE ? CLIENT_DONE
			  : is_refused                  ? CLIENT_FAILED
							: CLIENT_UNKNOWN;
	answer->may_come_late = answer->outcome == CLIENT_UNKNOWN && !answer->cf.is_throttled;
	answer->throttled = call->throttled + answer->cf.is_throttled;
	mem_free((void *)(uintptr_t)call->path);
	mem_free(call->body);
	return answer;
}

void client_answer_free(struct client_answer *answer)
{
	cf_answer_release(&answer->cf);
	error_release(&answer->err);
}

void client_stop(struct client *client)
{
	(void)client;
}

void client_hide(struct client *client, const struct secret *secret)
{
	(void)client;
	(void)secret;
}

/* ---- a run ---- */

struct rig {
	struct client client;
	struct account account;
	struct live_account live_account;
	struct model live, desired;
	struct plan plan;
	struct keyring keyring;
	struct values values;
	struct sources *sources;
	int64_t patience_ms;
	bool stops;      /* once all rows have been started */
	bool stops_late; /* ... and a request has been sent; client.stops_after: and answered */
	bool force;
	struct str seen; /* "ADDRESS OUTCOME CHANGE message" for each, and a line break */
};

static const struct value_source value = {.kind = VALUE_ENV, .name = "RUNNER_TEST"};
static const struct model no_settings;

static void set_up(struct rig *rig)
{
	static struct part part = {.lineage = "lineage"};
	static const struct ledger ledger = {.parts = &part, .part_count = 1};
	now_ms = 0;
	*rig = (struct rig){.account = {.alias = "prod", .id = "acc"}};
	rig->live_account = (struct live_account){&rig->account, 0};
	rig->sources = sources_new(NULL);
	setenv("RUNNER_TEST", "HUSH", true);
	keyring_init(&rig->keyring, rig->sources, &no_settings);
	values_init(&rig->values, &rig->keyring, &ledger, &rig->live);
	model_add_object(&rig->live, "prod", "keys", NULL)->id = STORE;
}

/* A live secret whose id is its name, as it is recorded. */
static const struct object *add_live(struct rig *rig, const char *name)
{
	struct object *object = arena_alloc(&rig->plan.arena, sizeof(*object));

	*model_add_object(&rig->live, "prod", "keys", name) = *object =
		(struct object){.kind = OBJECT_SECRET,
			.account = "prod",
			.store = "keys",
			.secret = name,
			.id = name,
			.modified = "2026-01-01T00:00:00Z",
			.scopes = "workers",
			.origin = ORIGIN_CREATED};
	return object;
}

static struct row *add_row(struct rig *rig, enum action action, const char *name)
{
	struct row *row = plan_add(&rig->plan);
	struct object *desired = arena_alloc(&rig->plan.arena, sizeof(*desired));

	*desired = (struct object){.kind = name ? OBJECT_SECRET : OBJECT_STORE,
		.account = "prod",
		.store = name ? "keys" : "new",
		.secret = name,
		.scopes = name ? "workers" : NULL,
		.value = name ? &value : NULL,
		.version = 1};
	*row = (struct row){.action = action, .desired = desired};
	return row;
}

static struct row *add_known_row(struct rig *rig, enum action action, const char *name)
{
	struct row *row = add_row(rig, action, name);

	row->recorded = row->live = add_live(rig, name);
	if (action == ACTION_DESTROY)
		row->desired = NULL;
	return row;
}

static void add_outcome(struct rig *rig, const struct outcome *outcome)
{
	static const char *const kinds[] = {"done", "failed", "unknown"};
	const struct object *object = row_object(outcome->row);

	str_format(&rig->seen, "%s %s %s", object->secret ? object->secret : object->store,
		kinds[outcome->kind],
		outcome->change.kind == CHANGE_PUT    ? outcome->change.object->id
		: outcome->change.kind == CHANGE_DROP ? "dropped"
						      : "kept");
	if (outcome->change.kind == CHANGE_PUT && outcome->change.object->doubt != DOUBT_NONE)
		str_text_add(&rig->seen, " in doubt");
	if (outcome->change.kind == CHANGE_PUT && outcome->row->copies)
		str_format(&rig->seen, "%s%s", outcome->change.object->modified ? "" : " undated",
			outcome->change.object->comment ? " with a comment" : "");
	if (outcome->err.message)
		str_format(&rig->seen, ": %s", outcome->err.message);
	str_char(&rig->seen, '\n');
}

/*
 * Starts all rows, together unless the first is a store, and compares requests and outcomes with
 * what is expected.
 */
static void run(struct rig *rig, const char *const *script, const char *wanted)
{
	const struct row *rows[8] = {NULL};
	struct outcome *outcome;

	model_sort(&rig->live);
	rig->client.script = script;
	const struct runner_options options = {.client = &rig->client,
		.accounts = &rig->live_account,
		.count = 1,
		.plan = &rig->plan,
		.live = &rig->live,
		.values = &rig->values,
		.patience_ms = rig->patience_ms,
		.force = rig->force};
	struct runner *runner = runner_new(&options);
	for (size_t i = 0; i < rig->plan.row_count; i++)
		rows[i] = &rig->plan.rows[i];
	bool is_store = row_object(rows[0])->kind == OBJECT_STORE;
	size_t together = is_store ? 1 : rig->plan.row_count;
	for (size_t i = 0; i < rig->plan.row_count; i += together)
		runner->start(runner, &rows[i], together);
	if (rig->stops)
		runner->stop(runner);
	rig->client.stops = rig->stops_late ? runner : NULL;
	for (size_t ended = 0, tries = 0; ended < rig->plan.row_count && tries < 99; tries++) {
		size_t answered = rig->client.next;
		outcome = runner->next(runner, 1000);
		/* It returns after each answer: the executor keeps the journal alive. */
		assert_true(rig->client.next <= answered + 1);
		ended += outcome != NULL;
		if (outcome)
			add_outcome(rig, outcome);
		outcome_free(outcome);
	}
	assert_string_equal(str_text(&rig->seen), wanted);
	assert_null(script[rig->client.next]);
	runner_free(runner);
	values_release(&rig->values);
	sources_free(rig->sources);
	model_release(&rig->live);
	model_release(&rig->desired);
	plan_release(&rig->plan);
	str_release(&rig->seen);
}

#define SECRET(name, id)                                                                           \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"store_id\":\"" STORE                           \
	"\",\"status\":\"active\",\"scopes\":[\"workers\"],\"modified\":\"" LATER "\"}"
#define IS(result) "|200|{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" result "}"

#define LISTS(items)                                                                               \
	"|200|{\"success\":true,\"errors\":[],\"messages\":[],\"result\":[" items                  \
	"],\"result_info\":{\"total_pages\":1}}"

#define RUN(rig, wanted, ...) run(rig, (const char *const[]){__VA_ARGS__, NULL}, wanted)

/* ---- creating ---- */

static void a_store(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, NULL);
	RUN(&rig, "new done s1\n", "POST /stores \"new\"" IS("{\"id\":\"s1\",\"name\":\"new\"}"));
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, NULL);
	RUN(&rig, "new done s1\n", "POST /stores||",
		"GET /stores?" LISTS("{\"id\":\"s1\",\"name\":\"new\"}"));
	/* Not there: once more, and no third time. */
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, NULL);
	RUN(&rig, "new failed kept: no answer\n", "POST /stores||", "GET /stores?" LISTS(""),
		"POST /stores||", "GET /stores?" LISTS(""));
	/* A success that names another store: it is looked for, and not sent again. */
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, NULL);
	RUN(&rig,
		"new unknown kept: Cloudflare accepted the request, but the store has not "
		"appeared: "
		"Cloudflare's response is about another store\n",
		"POST /stores" IS("{\"id\":\"s1\",\"name\":\"other\"}"), "GET /stores?" LISTS(""));
}

static void add_batch(struct rig *rig)
{
	set_up(rig);
	add_row(rig, ACTION_CREATE, "A");
	add_row(rig, ACTION_CREATE, "B");
	add_row(rig, ACTION_CREATE, "C");
}

static void a_batch(void **state)
{
	struct rig rig;

	(void)state;
	add_batch(&rig);
	RUN(&rig, "A done a\nB done b\nC done c\n",
		"POST /secrets \"A\" HUSH \"B\" \"C\"" IS(
			"[" SECRET("B", "b") "," SECRET("A", "a") "," SECRET("C", "c") "]"));
	/* Its answer is lost: what is there is ours, the rest is sent again. */
	add_batch(&rig);
	RUN(&rig, "B done b\nA done a\nC done c\n", "POST /secrets||",
		"GET /secrets?" LISTS(SECRET("B", "b")),
		"POST /secrets \"A\",\" \"C\"" IS("[" SECRET("A", "a") "," SECRET("C", "c") "]"));
	/* The answer names one of them only. */
	add_batch(&rig);
	RUN(&rig,
		"C done c\nA done a\nB unknown kept: Cloudflare accepted the request, but the "
		"secret has not appeared: Cloudflare's response does not name it\n",
		"POST /secrets" IS("[" SECRET("C", "c") "]"),
		"GET /secrets?" LISTS(SECRET("A", "a") "," SECRET("C", "c")));
	/* Twice. */
	add_batch(&rig);
	RUN(&rig, "B unknown kept: two secrets have this name now: no answer\nA done a\nC done c\n",
		"POST /secrets||", "GET /secrets?" LISTS(SECRET("B", "b") "," SECRET("B", "b2")),
		"POST /secrets" IS("[" SECRET("A", "a") "," SECRET("C", "c") "]"));
}

/* What exists after a refused batch may be anybody's, whatever the reason for the refusal. */
static void a_refused_batch(void **state)
{
	struct rig rig;

	(void)state;
	add_batch(&rig);
	RUN(&rig,
		"A failed kept: it already exists, and someone else may have created it: "
		"invalid_json_body (HTTP 400, code 1001)\nB failed kept: invalid_json_body (HTTP "
		"400, "
		"code 1001)\nC done c\n",
		"POST /secrets|400|" NO, "GET /secrets?" LISTS(SECRET("A", "a")),
		"POST /secrets \"B\"|400|" NO, "POST /secrets \"C\"" IS("[" SECRET("C", "c") "]"));
	add_batch(&rig);
	RUN(&rig,
		"A failed kept: it already exists, and someone else may have created it: "
		"secret_name_already_exists (HTTP 409, code 1001)\nB done b\nC failed kept: "
		"secret_name_already_exists (HTTP 409, code 1001)\n",
		"POST /secrets|409|" TAKEN, "GET /secrets?" LISTS(SECRET("A", "a")),
		"POST /secrets \"B\"" IS("[" SECRET("B", "b") "]"),
		"POST /secrets \"C\"|409|" TAKEN);
	/* Without their store, none has to be tried alone. */
	add_batch(&rig);
	RUN(&rig,
		"A failed kept: store_not_found (HTTP 404, code 1001)\nB failed kept: "
		"store_not_found (HTTP 404, code 1001)\nC failed kept: store_not_found (HTTP 404, "
		"code 1001)\n",
		"POST /secrets|404|" SAYS("store_not_found"));
	/* Unless a request of ours went unanswered before. */
	static const char *const refusals[] = {"POST /secrets|409|" TAKEN, "POST /secrets|400|" NO};
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		add_batch(&rig);
		RUN(&rig, "A done a\nB done b\nC done c\n", "POST /secrets||",
			"GET /secrets?" LISTS(""), refusals[i],
			"GET /secrets?" LISTS(
				SECRET("A", "a") "," SECRET("B", "b") "," SECRET("C", "c")));
	}
}

/* What may still be carried out is looked for until the patience is over; a 429 is not. */
static void a_late_create(void **state)
{
	static const char *const open[] = {"|500|" NO, "|503|" NO, "||", "|502|<html>"};
	struct rig rig;
	char post[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
		set_up(&rig);
		rig.patience_ms = 2000;
		add_row(&rig, ACTION_CREATE, NULL);
		snprintf(post, sizeof(post), "POST /stores @0.%s", open[i]);
		RUN(&rig, "new done s1\n", post, "GET /stores? @500." LISTS(""),
			"GET /stores? @1000." LISTS(""),
			"GET /stores? @2000." LISTS("{\"id\":\"s1\",\"name\":\"new\"}"));
		set_up(&rig);
		rig.patience_ms = 500;
		add_row(&rig, ACTION_CREATE, NULL);
		RUN(&rig, "new done s1\n", post, "GET /stores? @500." LISTS(""),
			"POST /stores @500." IS("{\"id\":\"s1\",\"name\":\"new\"}"));
	}
	set_up(&rig);
	rig.patience_ms = 2000;
	add_row(&rig, ACTION_CREATE, NULL);
	RUN(&rig, "new done s1\n", "POST /stores|429|" NO, "GET /stores? @0." LISTS(""),
		"POST /stores @0." IS("{\"id\":\"s1\",\"name\":\"new\"}"));
}

/* However often the server asks to wait, and however many looks come between. */
static void a_throttled_create(void **state)
{
	const char *script[2 * RETRY_THROTTLE_ATTEMPTS + 1] = {NULL};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < RETRY_THROTTLE_ATTEMPTS; i++) {
		script[2 * i] = "POST /stores|429|" NO;
		script[2 * i + 1] = "GET /stores?" LISTS("");
	}
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, NULL);
	run(&rig, script, "new failed kept: invalid_json_body (HTTP 429, code 1001)\n");
}

/* A create that went unanswered twice is not sent a third time, be it in a batch or alone. */
static void an_unseen_create(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, "A");
	add_row(&rig, ACTION_CREATE, "B");
	RUN(&rig, "A failed kept: no answer\nB failed kept: no answer\n", "POST /secrets||",
		"GET /secrets?" LISTS(""), "POST /secrets|400|" NO, "GET /secrets?" LISTS(""),
		"POST /secrets \"A\"||", "POST /secrets \"B\"||", "GET /secrets?" LISTS(""),
		"GET /secrets?" LISTS(""));
}

/* An id is one object's: what is answered with one that was just taken is looked for. */
static void an_id_twice(void **state)
{
	struct rig rig;
	struct row *row;

	(void)state;
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, "A");
	add_row(&rig, ACTION_CREATE, "B");
	RUN(&rig, "A done a\nB done b\n",
		"POST /secrets" IS("[" SECRET("A", "a") "," SECRET("B", "a") "]"),
		"GET /secrets?" LISTS(SECRET("A", "a") "," SECRET("B", "b")));
	/* The first one is a duplicate that is not finished yet. */
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, NULL);
	row = add_row(&rig, ACTION_CREATE, "NEW");
	row->copies = add_live(&rig, "OLD");
	row->writes = FIELD_VALUE;
	add_row(&rig, ACTION_CREATE, "B");
	RUN(&rig, "new done s1\nNEW done n\nB done b\n",
		"POST /stores" IS("{\"id\":\"s1\",\"name\":\"new\"}"),
		"POST /duplicate" IS(SECRET("NEW", "n")),
		"POST /secrets" IS("[" SECRET("B", "n") "]"),
		"PATCH /secrets/n" IS(SECRET("NEW", "n")),
		"GET /secrets?" LISTS(SECRET("B", "b") "," SECRET("NEW", "n")));
}

/* A name that exists after a request of ours that may have been carried out is ours. */
static void a_name_that_may_be_ours(void **state)
{
	static const char *const open[] = {
		"POST /secrets||", "POST /secrets|500|" NO, "POST /secrets|429|" NO};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		for (size_t count = 1; count <= 2; count++) {
			bool is_late = i < 2;
			set_up(&rig);
			rig.patience_ms = 500;
			add_row(&rig, ACTION_CREATE, "A");
			if (count > 1)
				add_row(&rig, ACTION_CREATE, "B");
			RUN(&rig, count > 1 ? "A done a\nB done b\n" : "A done a\n", open[i],
				is_late ? "GET /secrets? @500." LISTS("")
					: "GET /secrets? @0." LISTS(""),
				is_late ? "POST /secrets @500.|409|" TAKEN
					: "POST /secrets @0.|409|" TAKEN,
				is_late ? "GET /secrets? @1000." LISTS(
						  SECRET("A", "a") "," SECRET("B", "b"))
					: "GET /secrets? @500." LISTS(
						  SECRET("A", "a") "," SECRET("B", "b")));
		}
	/* What no list shows in the end is sent alone; if its name exists, that is all there is. */
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, "A");
	add_row(&rig, ACTION_CREATE, "B");
	RUN(&rig,
		"B done b\nA unknown kept: Cloudflare accepted the request, but the secret has not "
		"appeared: secret_name_already_exists (HTTP 409, code 1001)\n",
		"POST /secrets||", "GET /secrets?" LISTS(""), "POST /secrets|409|" TAKEN,
		"GET /secrets?" LISTS(""), "POST /secrets \"A\"|409|" TAKEN,
		"POST /secrets \"B\"" IS("[" SECRET("B", "b") "]"), "GET /secrets?" LISTS(""));
}

static void a_duplicate(void **state)
{
	struct rig rig;
	struct row *row;

	(void)state;
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, "NEW")->copies = add_live(&rig, "OLD");
	RUN(&rig, "NEW done n\n", "POST /secrets/OLD/duplicate \"NEW\"" IS(SECRET("NEW", "n")));
	set_up(&rig);
	row = add_row(&rig, ACTION_CREATE, "NEW");
	row->copies = add_live(&rig, "OLD");
	row->writes = FIELD_VALUE;
	RUN(&rig, "NEW done n\n", "POST /duplicate||",
		"GET /secrets?" LISTS(SECRET("NEW", "n") "," SECRET("OLD", "OLD")),
		"PATCH /secrets/n HUSH" IS(SECRET("NEW", "n")));
	/* It exists, with the old value. */
	set_up(&rig);
	row = add_row(&rig, ACTION_CREATE, "NEW");
	row->copies = add_live(&rig, "OLD");
	row->writes = FIELD_VALUE;
	RUN(&rig,
		"NEW failed n in doubt: it was renamed, but its new value was not written: "
		"invalid_json_body "
		"(HTTP 400, code 1001)\n",
		"POST /duplicate" IS(SECRET("NEW", "n")), "PATCH /secrets/n|400|" NO);
	/* The new value was written, though the answer does not show the secret. */
	set_up(&rig);
	row = add_row(&rig, ACTION_CREATE, "NEW");
	row->copies = add_live(&rig, "OLD");
	row->writes = FIELD_VALUE;
	RUN(&rig, "NEW done n undated\n", "POST /duplicate" IS(SECRET("NEW", "n")),
		"PATCH /secrets/n HUSH" IS("null"));
}

/* A duplicate may have the comment of its original, which is cleared with the same PATCH. */
static void a_duplicate_with_a_comment(void **state)
{
	static const char *const endings[] = {IS("null"), IS(SECRET("NEW", "n"))};
	struct rig rig;
	struct row *row;

	(void)state;
#define COMMENTED(name, id)                                                                        \
	IS("{\"id\":\"" id "\",\"name\":\"" name "\",\"comment\":\"old\",\"modified\":\"" LATER    \
	   "\"}")
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		struct str patch CLEANUP(str_release) = {0};
		set_up(&rig);
		row = add_row(&rig, ACTION_CREATE, "NEW");
		row->copies = add_live(&rig, "OLD");
		row->writes = FIELD_COMMENT;
		str_format(&patch, "PATCH /secrets/n {\"comment\":\"\"}%s", endings[i]);
		RUN(&rig, i ? "NEW done n\n" : "NEW done n undated\n",
			"POST /duplicate \"comment\":\"\"" COMMENTED("NEW", "n"), str_text(&patch));
	}
	/* The value was written, and only the comment is left. */
	set_up(&rig);
	row = add_row(&rig, ACTION_CREATE, "NEW");
	row->copies = add_live(&rig, "OLD");
	row->writes = FIELD_VALUE | FIELD_COMMENT;
	RUN(&rig,
		"NEW failed n with a comment: its comment could not be cleared: invalid_json_body "
		"(HTTP 400, code 1001)\n",
		"POST /duplicate" COMMENTED("NEW", "n"),
		"PATCH /secrets/n HUSH \"comment\":\"\"" COMMENTED("NEW", "n"),
		"PATCH /secrets/n {\"comment\":null}|400|" NO);
}

/* ---- updating and destroying ---- */

static void an_update(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add_known_row(&rig, ACTION_UPDATE, "A")->writes = FIELD_VALUE | FIELD_COMMENT;
	RUN(&rig, "A done A\n", "PATCH /secrets/A HUSH \"comment\":\"\"" IS(SECRET("A", "A")));
	set_up(&rig);
	add_known_row(&rig, ACTION_UPDATE, "A")->writes = FIELD_SCOPES;
	RUN(&rig, "A unknown kept: it is unknown whether it was changed: no answer\n",
		"PATCH /secrets/A \"scopes\"||");
	/* "" does not clear the comment, nor does null. */
	set_up(&rig);
	add_known_row(&rig, ACTION_UPDATE, "A")->writes = FIELD_COMMENT;
#define WITH_COMMENT                                                                               \
	IS("{\"id\":\"A\",\"name\":\"A\",\"comment\":\"old\",\"scopes\":[\"workers\"]}")
	RUN(&rig, "A failed A: its comment could not be cleared: Cloudflare still has it\n",
		"PATCH /secrets/A \"comment\":\"\"" WITH_COMMENT,
		"PATCH /secrets/A {\"comment\":null}" WITH_COMMENT);
	/* Nobody knows whether null was written: a later `modified` may be ours. */
	set_up(&rig);
	add_known_row(&rig, ACTION_UPDATE, "A")->writes = FIELD_COMMENT;
	RUN(&rig, "A unknown A in doubt: it is unknown whether it was changed: no answer\n",
		"PATCH /secrets/A \"comment\":\"\"" WITH_COMMENT,
		"PATCH /secrets/A {\"comment\":null}||");
	/* A success about another secret, which can't be read back. */
	set_up(&rig);
	add_known_row(&rig, ACTION_UPDATE, "A")->writes = FIELD_SCOPES;
	RUN(&rig,
		"A unknown kept: it was changed, but could not be read back: Cloudflare's response "
		"has the id of another secret\n",
		"PATCH /secrets/A" IS(SECRET("A", "another")), "GET /secrets/A|403|" NO);
}

/* What is read back may lag behind the PATCH. */
static void an_update_read_back(void **state)
{
	struct rig rig;

	(void)state;
#define LONG_BEFORE IS("{\"id\":\"A\",\"name\":\"A\",\"modified\":\"2025-01-01T00:00:00Z\"}")
#define BEFORE      IS("{\"id\":\"A\",\"name\":\"A\",\"modified\":\"2026-01-01T00:00:00Z\"}")
	set_up(&rig);
	rig.patience_ms = 30000;
	add_known_row(&rig, ACTION_UPDATE, "A")->writes = FIELD_SCOPES;
	RUN(&rig, "A done A\n", "PATCH /secrets/A" IS("null"), "GET /secrets/A" LONG_BEFORE,
		"GET /secrets/A" BEFORE, "GET /secrets/A|404|" ABSENT,
		"GET /secrets/A" IS(SECRET("A", "A")));
	set_up(&rig);
	rig.patience_ms = 1000;
	add_known_row(&rig, ACTION_UPDATE, "A")->writes = FIELD_SCOPES;
	RUN(&rig,
		"A unknown kept: it was changed, but could not be read back: Cloudflare returned a "
		"secret without a name\n",
		"PATCH /secrets/A" IS("null"), "GET /secrets/A|404|" ABSENT,
		"GET /secrets/A|404|" ABSENT);
}

static void a_destroy(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add_known_row(&rig, ACTION_DESTROY, "A");
	RUN(&rig, "A done dropped\n", "DELETE /secrets/A|200|" DONE);
	set_up(&rig);
	add_known_row(&rig, ACTION_DESTROY, "A");
	RUN(&rig, "A done dropped\n", "DELETE /secrets/A||", "GET /secrets/A|404|" ABSENT);
	set_up(&rig);
	add_known_row(&rig, ACTION_DESTROY, "A");
	RUN(&rig, "A failed kept: no answer\n", "DELETE /secrets/A||",
		"GET /secrets/A" IS(SECRET("A", "A")));
	/* An old name is destroyed like anything else. */
	set_up(&rig);
	struct row *row = add_known_row(&rig, ACTION_DESTROY, "OLD");
	row->renamed_to = row->recorded;
	RUN(&rig, "OLD failed kept: invalid_json_body (HTTP 400, code 1001)\n",
		"DELETE /secrets/OLD|400|" NO);
}

/* What was said of the DELETE is nothing that is known of the POST. */
static void a_replacement(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	add_known_row(&rig, ACTION_REPLACE, "A");
	RUN(&rig, "A done a2\n", "DELETE /secrets/A|200|" DONE,
		"POST /secrets HUSH" IS("[" SECRET("A", "a2") "]"));
	set_up(&rig);
	add_known_row(&rig, ACTION_REPLACE, "A");
	RUN(&rig, "A failed dropped: secret_name_already_exists (HTTP 409, code 1001)\n",
		"DELETE /secrets/A||", "GET /secrets/A|404|" ABSENT, "POST /secrets|409|" TAKEN);
	set_up(&rig);
	add_known_row(&rig, ACTION_REPLACE, "A");
	RUN(&rig, "A done a2\n", "DELETE /secrets/A||", "GET /secrets/A|404|" ABSENT,
		"POST /secrets||", "GET /secrets?" LISTS(""),
		"POST /secrets" IS("[" SECRET("A", "a2") "]"));
}

static void add_destroyed_store(struct rig *rig)
{
	set_up(rig);
	*plan_add(&rig->plan) = (struct row){.action = ACTION_DESTROY};
	add_known_row(rig, ACTION_DESTROY, "A")->notes = ROW_WITH_STORE;
	struct object *store = arena_alloc(&rig->plan.arena, sizeof(*store));
	*store = (struct object){
		.kind = OBJECT_STORE, .account = "prod", .store = "keys", .id = STORE};
	rig->plan.rows[0].recorded = rig->plan.rows[0].live = store;
}

/* Before a DELETE that destroys what is inside, a list shows that nothing was added. */
static void a_store_with_secrets(void **state)
{
	struct rig rig;

	(void)state;
	add_destroyed_store(&rig);
	RUN(&rig, "A done dropped\nkeys done dropped\n", "GET /secrets?" LISTS(SECRET("A", "A")),
		"DELETE force=true|200|" DONE);
	add_destroyed_store(&rig);
	RUN(&rig,
		"A done dropped\nkeys failed kept: it contains a secret that cfprov does not "
		"manage: X\n",
		"GET /secrets?" LISTS(SECRET("A", "A") "," SECRET("X", "x")),
		"GET /secrets/x" IS(SECRET("X", "x")));
	/* It is listed, though it is gone. */
	add_destroyed_store(&rig);
	RUN(&rig, "A done dropped\nkeys done dropped\n",
		"GET /secrets?" LISTS(SECRET("A", "A") "," SECRET("X", "x")),
		"GET /secrets/x|404|" ABSENT, "DELETE force=true|200|" DONE);
	/* Whether it is there can't be found out. */
	add_destroyed_store(&rig);
	RUN(&rig,
		"A done dropped\nkeys failed kept: it is unknown whether it contains X: "
		"invalid_json_body (HTTP 403, code 1001)\n",
		"GET /secrets?" LISTS(SECRET("A", "A") "," SECRET("X", "x")),
		"GET /secrets/x|403|" NO);
}

/* A list that lacks what the plan destroys lags, and may hide what was added, too. */
static void a_store_whose_list_lags(void **state)
{
	struct rig rig;

	(void)state;
	add_destroyed_store(&rig);
	rig.patience_ms = 2000;
	now_ms = 100000;
	RUN(&rig, "A done dropped\nkeys done dropped\n", "GET /secrets? @100000." LISTS(""),
		"GET /secrets? @100500." LISTS(""),
		"GET /secrets? @101000." LISTS(SECRET("A", "A") "," SECRET("X", "x")),
		"GET /secrets/x @101000.|404|" ABSENT, "DELETE force=true @101000.|200|" DONE);
	/* Not for ever. The store is empty then. */
	add_destroyed_store(&rig);
	rig.patience_ms = 500;
	now_ms = 100000;
	RUN(&rig, "A done dropped\nkeys done dropped\n", "GET /secrets? @100000." LISTS(""),
		"GET /secrets? @100500." LISTS(""), "DELETE /stores @100500.|200|" DONE);
	/* -force does not ask for that. */
	add_destroyed_store(&rig);
	rig.patience_ms = 2000;
	rig.force = true;
	RUN(&rig, "A done dropped\nkeys done dropped\n", "GET /secrets? @0." LISTS(""),
		"DELETE force=true @0.|200|" DONE);
}

static void a_secret_without_its_store(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig);
	rig.live.object_count = 0;
	add_known_row(&rig, ACTION_DESTROY, "A");
	run(&rig, (const char *const[]){NULL}, "A failed kept: its store does not exist\n");
}

/* What was not sent is not in doubt, and after an interrupt nothing is. */
static void a_look_before_a_request(void **state)
{
	struct rig rig;

	(void)state;
	add_destroyed_store(&rig);
	rig.stops = true;
	run(&rig, (const char *const[]){NULL},
		"A done dropped\nkeys failed kept: interrupted before it was sent\n");
	add_destroyed_store(&rig);
	rig.stops_late = true;
	RUN(&rig, "A done dropped\nkeys failed kept: interrupted before it was sent\n",
		"GET /secrets?" LISTS(SECRET("A", "A")));
	/* What a look finds that was in progress then is recorded. */
	set_up(&rig);
	add_row(&rig, ACTION_CREATE, NULL);
	rig.stops_late = true;
	rig.client.stops_after = 1;
	RUN(&rig, "new done s1\n", "POST /stores||",
		"GET /stores?" LISTS("{\"id\":\"s1\",\"name\":\"new\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store),
		cmocka_unit_test(a_batch),
		cmocka_unit_test(a_refused_batch),
		cmocka_unit_test(a_late_create),
		cmocka_unit_test(a_throttled_create),
		cmocka_unit_test(an_unseen_create),
		cmocka_unit_test(an_id_twice),
		cmocka_unit_test(a_name_that_may_be_ours),
		cmocka_unit_test(a_duplicate),
		cmocka_unit_test(a_duplicate_with_a_comment),
		cmocka_unit_test(an_update),
		cmocka_unit_test(an_update_read_back),
		cmocka_unit_test(a_destroy),
		cmocka_unit_test(a_replacement),
		cmocka_unit_test(a_store_with_secrets),
		cmocka_unit_test(a_store_whose_list_lags),
		cmocka_unit_test(a_secret_without_its_store),
		cmocka_unit_test(a_look_before_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
