#include "cloudflare/client.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "cloudflare/baseurl.h"
#include "cloudflare/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_MS = 10000,
	TICK_MS = 1000,
	WARNINGS_MOST = 100, /* a server may say something else each time */
	REFUSALS = 4,        /* for each request at a time, before one counts as not sent */
};

struct client {
	struct http *http;
	char *base_url;
	size_t parallelism;
	const struct event_sink *sink;
	struct lanes lanes;
	struct scrub known;   /* credentials and values, which no error shows */
	struct table *warned; /* texts of EVENT_WARNING */
	struct arena warnings;
	size_t refusals; /* connections in a row that were closed on a request without an answer */
	int64_t tick_due_ms; /* the next EVENT_TICK */
	bool is_quiet;       /* the last one said how long nothing goes out */
};

/* ---- life ---- */

struct client *client_new(const struct client_options *options, struct error *err)
{
	char *base_url AUTO_FREE = NULL;
	bool is_loopback;

	if (!baseurl_check(options->base_url, &base_url, &is_loopback, err))
		return NULL;
	struct http *http = http_new(&(struct http_options){.connections = options->parallelism,
					     .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					     .timeout_ms = options->timeout_ms,
					     .is_loopback = is_loopback,
					     .wake_fd = options->wake_fd},
		err);
	if (!http)
		return NULL;
	struct client *client = mem_alloc(sizeof(*client));
	client->http = http;
	client->base_url = mem_steal(&base_url);
	client->parallelism = options->parallelism;
	client->sink = options->sink;
	client->tick_due_ms = clock_monotonic_ms() + TICK_MS;
	lanes_init(&client->lanes, options->max_wait_ms, options->sink);
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	http_free(client->http);
	lanes_release(&client->lanes);
	scrub_release(&client->known);
	table_free(&client->warned);
	arena_release(&client->warnings);
	mem_free(client->base_url);
	mem_free(client);
}

size_t client_add_lane(struct client *client, const struct credentials *credentials)
{
	size_t count = client->lanes.count;
	const struct lane *lane = lanes_add(&client->lanes, credentials);

	if (client->lanes.count > count) {
		client_hide(client, &lane->credentials.token);
		client_hide(client, &lane->credentials.email);
		client_hide(client, &lane->credentials.key);
	}
	return lane->number;
}

size_t client_lane_count(const struct client *client)
{
	return client->lanes.count;
}

bool client_has_token(const struct client *client, size_t lane)
{
	return client->lanes.items[lane]->credentials.token.bytes;
}

void client_hide(struct client *client, const struct secret *secret)
{
	scrub_know(&client->known, secret);
}

void client_emit_long_run(const struct client *client, const int64_t *requests, const char *what)
{
	for (size_t i = 0; i < client->lanes.count; i++) {
		struct pace_budget budget;
		int64_t ms = pace_estimate_ms(
			&client->lanes.items[i]->pace, clock_monotonic_ms(), requests[i], &budget);
		struct event_limit limit = {requests[i], budget.quota, budget.window_ms};
		if (requests[i] && ms > 0)
			event_emit(client->sink, &(struct event){.type = EVENT_LONG_RUN,
							 .text = what,
							 .limit = &limit,
							 .wait_ms = ms});
	}
}

void client_send(struct client *client, const struct client_call *wanted)
{
	struct call *call = lanes_new_call(&client->lanes, wanted->lane);

	call->safety = wanted->safety;
	call->is_probe = wanted->is_probe;
	call->throttled = wanted->throttled;
	call->method = wanted->method;
	call->path = mem_copy_text(wanted->path);
	call->body = wanted->body;
	call->tag = wanted->tag;
	if (wanted->is_later)
		lanes_delay(&client->lanes, call, clock_monotonic_ms() + PATIENCE_PAUSE_MS);
	else
		lanes_push(&client->lanes, call);
}

void client_stop(struct client *client)
{
	struct error err CLEANUP(error_release) = {0};

	error_set(&err, "cancelled before it was sent");
	for (size_t i = 0; i < client->lanes.count; i++)
		lanes_fail(&client->lanes, client->lanes.items[i], &err);
}

bool client_busy(const struct client *client)
{
	return client->lanes.newest;
}

/* ---- one attempt ---- */

static struct event_request request_of(const struct call *call)
{
	return (struct event_request){
		.method = call->method,
		.path = call->path,
		.attempt = call->attempt,
		.sent_bytes = call->body ? strlen(call->body) : 0,
		.ray = "",
	};
}

static void start(struct client *client, struct call *call)
{
	struct str url CLEANUP(str_release) = {0};

	call->attempt++;
	struct event_request request = request_of(call);
	event_emit(client->sink, &(struct event){.type = EVENT_REQUEST, .request = &request});
	pace_started(&call->lane->pace, clock_monotonic_ms());
	str_text_add(&url, client->base_url);
	str_text_add(&url, call->path);
	http_start(client->http, &(struct http_request){
					 .method = call->method,
					 .url = str_text(&url),
					 .body = call->body,
					 .body_length = request.sent_bytes,
					 .is_once = call->safety == RETRY_UNSAFE,
					 .headers = call->lane->headers,
					 .tag = call,
				 });
}

/* ---- what came of it ---- */

/*
 * Fills status, cf and err of the answer. Removes secrets from the texts of *http, and sets its
 * retry_after_ms to what the body asks for, if that is longer.
 */
static enum retry_seen read_response(
	struct http_response *http, const struct scrub *scrub, struct client_answer *answer)
{
	static const enum retry_seen unanswered[] = {
		[HTTP_NOT_SENT] = RETRY_NOT_SENT,
		[HTTP_REFUSED] = RETRY_NOT_SENT,
		[HTTP_NEVER] = RETRY_NEVER,
		[HTTP_UNKNOWN] = RETRY_SAW_NOTHING,
	};
	struct str ray CLEANUP(str_release) = {0}, problem CLEANUP(str_release) = {0};
	struct cf_answer *cf = &answer->cf;
	struct error *err = &answer->err;

	scrub_add(&ray, http->ray, strlen(http->ray), scrub);
	snprintf(http->ray, sizeof(http->ray), "%s", str_text(&ray));
	answer->status = http->status;
	if (http->outcome == HTTP_ANSWERED) {
		cf_answer_decode(cf,
			&(struct cf_response){
				http->status, &http->body, http->ray, scrub, http->is_challenged},
			err);
		if (http->retry_after_ms < cf->retry_after_ms) /* the header may be a proxy's */
			http->retry_after_ms = cf->retry_after_ms;
		return json_is_false(json_get(cf->json, "success")) ? RETRY_SAW_REFUSAL
								    : RETRY_SAW_BROKEN;
	}
	scrub_add(&problem, http->problem, strlen(http->problem), scrub);
	mem_free(http->problem);
	http->problem = str_steal(&problem);
	error_set(err, "%s", http->problem);
	if (http->advice)
		error_hint(err, "%s", http->advice);
	else if (http->is_tls_trouble)
		error_hint(err,
			"Check SSL_CERT_FILE, SSL_CERT_DIR and CLOUDFLARE_BASE_URL, if they "
			"are set. If a proxy uses its own certificates, set SSL_CERT_FILE to "
			"them. A minimal system may lack the package ca-certificates.");
	else if (http->outcome == HTTP_NEVER || http->outcome == HTTP_NOT_SENT)
		error_hint(err, "Check the network, and CLOUDFLARE_BASE_URL if it is set.");
	return unanswered[http->outcome];
}

/* If the credentials were refused, says which ones. */
static void add_origin(struct client_answer *answer, const struct credentials *credentials)
{
	bool is_denied = answer->status == 401 || answer->status == 403;
	char *hint AUTO_FREE = answer->err.hint ? mem_copy_text(answer->err.hint) : NULL;

	if (!credentials->origin || answer->cf.verdict == CF_BROKEN ||
		(!is_denied && answer->cf.verdict != CF_FORBIDDEN))
		return;
	error_hint(&answer->err, "%s%sThe %s comes from %s.", hint ? hint : "", hint ? " " : "",
		credentials->token.bytes ? "token" : "key", credentials->origin);
}

static void emit_warnings(struct client *client, struct error_list *warnings)
{
	for (size_t i = 0; i < warnings->count; i++) {
		struct error *it = &warnings->items[i];
		if (table_get(client->warned, it->message) ||
			table_count(client->warned) == WARNINGS_MOST)
			continue;
		table_put(&client->warned, arena_text(&client->warnings, it->message), client);
		event_emit(client->sink, &(struct event){.type = EVENT_WARNING, .err = it});
	}
}

static struct client_answer *answer_new(void)
{
	struct client_answer *answer = mem_alloc(sizeof(*answer));

	answer->cf = CF_NO_ANSWER;
	answer->rate_remaining = answer->rate_reset_ms = -1;
	return answer;
}

/* Ends and frees the call. What failed at last may have been done at first. */
static void end_call(struct call *call, struct client_answer *answer)
{
	bool is_open = call->safety != RETRY_SAFE && call->may_be_done;

	if (answer->cf.verdict != CF_DONE)
		answer->outcome = is_open ? CLIENT_UNKNOWN : CLIENT_FAILED;
	answer->may_come_late = answer->outcome == CLIENT_UNKNOWN && call->may_come_late;
	answer->throttled = call->throttled;
	answer->tag = call->tag;
	lanes_free_call(call);
}

/* The call fails for the reason of its lane, so that one cause is reported once. */
static void fail_like_lane(struct client_answer *answer, const struct lane *lane)
{
	error_release(&answer->err);
	error_copy(&answer->err, &lane->failure);
}

static struct event_request answered_request(
	const struct call *call, const struct http_response *http)
{
	struct event_request request = request_of(call);

	request.status = http->status;
	request.received_bytes = http->body.length;
	request.ray = http->ray;
	return request;
}

static void emit_answer(
	const struct client *client, const struct call *call, const struct http_response *http)
{
	struct event_request request = answered_request(call, http);

	event_emit(client->sink, &(struct event){.type = EVENT_ANSWER,
					 .request = &request,
					 .text = http->problem,
					 .elapsed_us = http->elapsed_us});
}

static void emit_retry(const struct client *client, const struct call *call,
	const struct http_response *http, const struct client_answer *answer, int64_t wait_ms)
{
	struct event_request request = answered_request(call, http);

	event_emit(client->sink, &(struct event){.type = EVENT_RETRY,
					 .request = &request,
					 .text = answer->err.message,
					 .is_throttled = answer->cf.is_throttled,
					 .wait_ms = wait_ms});
}

/* Decides about an attempt that failed. With RETRY_AGAIN, the call is delayed. */
static enum retry_verb retry(struct client *client, struct call *call,
	const struct http_response *http, struct client_answer *answer)
{
	bool is_throttled = answer->cf.is_throttled;
	struct retry_input input = {
		.safety = call->safety,
		.seen = call->seen,
		.status = http->status,
		.is_throttled = is_throttled,
		.attempt = is_throttled ? ++call->throttled : ++call->failures,
		.retry_after_ms = http->retry_after_ms,
		.max_wait_ms = client->lanes.max_wait_ms,
		.jitter = crypt_random_below(256),
	};
	struct retry_verdict verdict = retry_decide(&input);
	struct lane *lane = call->lane;
	int64_t until_ms = clock_monotonic_ms() + verdict.wait_ms;
	bool is_paused = is_throttled && input.safety != RETRY_ONCE && !verdict.is_too_long;

	call->may_be_done |= verdict.may_be_done;
	call->may_come_late |= verdict.may_be_done && !is_throttled;
	if (verdict.is_too_long) {
		struct str why CLEANUP(str_release) = {0};
		str_format(&why, "%s: %s", answer->err.message,
			verdict.is_asked ? "the server asks to wait"
					 : "the next attempt is due in");
		lanes_fail_too_long(&client->lanes, lane, str_text(&why), verdict.wait_ms);
		fail_like_lane(answer, lane);
	} else if (is_paused) { /* the whole lane, even if this call is not sent again */
		pace_hold(&lane->pace, until_ms);
		if (lane->quiet_until_ms < until_ms)
			lane->quiet_until_ms = until_ms;
	}
	if (verdict.verb == RETRY_AGAIN && lane->failure.message)
		verdict.verb = RETRY_GIVE_UP;
	if (is_paused || verdict.verb == RETRY_AGAIN)
		emit_retry(client, call, http, answer, verdict.wait_ms);
	if (verdict.verb == RETRY_AGAIN)
		lanes_delay(&client->lanes, call, until_ms);
	return verdict.verb;
}

/* Bad credentials fail their lane, an unreachable server fails all. */
static void spread_failure(
	struct client *client, const struct call *call, struct client_answer *answer)
{
	bool is_unreachable = call->seen == RETRY_NEVER || call->seen == RETRY_NOT_SENT;
	bool is_told = call->is_probe && answer->status && answer->cf.verdict != CF_BROKEN;

	if ((answer->cf.verdict != CF_FORBIDDEN && !is_unreachable) || is_told ||
		call->safety == RETRY_ONCE)
		return;
	lanes_fail(&client->lanes, call->lane, &answer->err);
	for (size_t i = 0; i < client->lanes.count && is_unreachable; i++)
		lanes_fail(&client->lanes, client->lanes.items[i], &answer->err);
	fail_like_lane(answer, call->lane);
}

/*
 * Was the request on a connection that the server closed before its turn? A server that ends a
 * connection with each answer does so regularly; one that never answers has failed.
 */
static bool is_refused_in_passing(struct client *client, const struct http_response *http)
{
	if (http->outcome == HTTP_ANSWERED)
		client->refusals = 0;
	return http->outcome == HTTP_REFUSED &&
	       ++client->refusals <= REFUSALS * client->parallelism;
}

/* Gives the answer, or NULL if the call is sent again. */
static struct client_answer *conclude(struct client *client, struct http_response *http)
{
	struct call *call = http->tag;
	struct lane *lane = call->lane;
	struct ratelimit limits;
	struct client_answer *answer = answer_new();
	enum retry_verb verb = RETRY_GIVE_UP;

	call->seen = read_response(http, &client->known, answer);
	add_origin(answer, &lane->credentials);
	pace_ended(&lane->pace);
	emit_answer(client, call, http);
	ratelimit_read(str_text(&http->rate_limits), str_text(&http->rate_policies), &limits);
	pace_update(&lane->pace, clock_monotonic_ms(), &limits);
	const struct ratelimit_item *tightest = ratelimit_tightest(&limits);
	if (tightest) {
		answer->rate_remaining = tightest->remaining;
		answer->rate_reset_ms = tightest->reset_ms;
	}
	if (!call->is_probe) /* what is said of a token that is verified is the result */
		emit_warnings(client, &answer->cf.warnings);
	if (is_refused_in_passing(client, http) && !lane->failure.message) {
		lanes_push(&client->lanes, call);
		verb = RETRY_AGAIN;
	} else if (answer->cf.verdict != CF_DONE) {
		verb = retry(client, call, http, answer);
		if (verb == RETRY_GIVE_UP)
			spread_failure(client, call, answer);
	}
	if (verb == RETRY_AGAIN) {
		client_answer_free(answer);
		return NULL;
	}
	end_call(call, answer);
	return answer;
}

static struct client_answer *answer_failed(struct client *client)
{
	struct call *call = lanes_next_failed(&client->lanes);

	if (!call)
		return NULL;
	struct client_answer *answer = answer_new();
	fail_like_lane(answer, call->lane);
	end_call(call, answer);
	return answer;
}

/* ---- waiting ---- */

/*
 * Emits EVENT_TICK if it is due, and when it has begun or ended that nothing goes out for a while.
 * Returns how long until the next one.
 */
static int64_t tick(struct client *client, int64_t now_ms, int64_t wait_ms)
{
	int64_t least_ms = client->is_quiet ? 1 : TICK_MS;
	bool is_quiet = wait_ms >= least_ms && http_under_way(client->http) == 0;

	if (is_quiet == client->is_quiet && now_ms < client->tick_due_ms)
		return client->tick_due_ms - now_ms;
	client->is_quiet = is_quiet;
	client->tick_due_ms = now_ms + TICK_MS;
	event_emit(client->sink,
		&(struct event){.type = EVENT_TICK, .wait_ms = is_quiet ? wait_ms : 0});
	return TICK_MS;
}

/* The shorter one; negative: none. */
static int64_t shorter_ms(int64_t a_ms, int64_t b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

struct client_answer *client_next(struct client *client, int64_t timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms, now_ms;

	do {
		int64_t hold_ms = -1;
		struct call *call;
		now_ms = clock_monotonic_ms();
		while (http_under_way(client->http) < client->parallelism &&
			(call = lanes_next(&client->lanes, now_ms, &hold_ms)))
			start(client, call);
		int64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
		wait_ms = shorter_ms(wait_ms, hold_ms);
		wait_ms = shorter_ms(wait_ms, tick(client, now_ms, hold_ms));
		struct client_answer *answer = answer_failed(client);
		if (answer)
			return answer;
		struct http_response *http = http_next(client->http, wait_ms);
		if (!http && wait_ms > 0 && clock_monotonic_ms() < now_ms + wait_ms)
			return NULL; /* woken */
		if (!http)
			continue;
		answer = conclude(client, http);
		http_response_free(http);
		if (answer)
			return answer;
	} while (now_ms < deadline_ms);
	return NULL;
}

void client_answer_free(struct client_answer *answer)
{
	cf_answer_release(&answer->cf);
	error_release(&answer->err);
	mem_free(answer);
}
