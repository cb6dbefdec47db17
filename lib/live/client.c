/*
 * The life of a call:
 *
 *     waiting ──start──► under way ──► answered: done, failed or unknown
 *        ▲                   │
 *        └──── delayed ◄─────┘ (retry)
 *
 * A lane's waiting calls stand in a queue; lanes that have any form a ring, so that each gets its
 * turn. Delayed calls stand in one queue for each attempt: within one, waits are alike, so the
 * head is the first that is due.
 */
#include "live/client.h"

#include "adapter/crypt.h"
#include "adapter/http.h"
#include "base/clock.h"
#include "live/baseurl.h"
#include "live/pace.h"
#include "live/response.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits that are long, or add up to it, are said; many short ones not more often than that. */
enum { CONNECT_TIMEOUT_MS = 10000, SLOW_DOWN_SAID_MS = 2000, SLOW_DOWN_AGAIN_MS = 10000 };

struct call {
	struct call *next;                /* in a queue */
	struct call *older, **from_newer; /* among all calls */
	size_t lane;
	enum retry_safety safety;
	bool is_probe;
	bool may_be_done; /* by an earlier attempt that nobody saw the end of */
	const char *method;
	char *path, *body;
	void *tag;
	int attempt;
	int64_t due_ms;
};

struct queue {
	struct call *first, **end;
};

struct lane {
	struct http_headers *headers;
	struct credentials credentials;
	struct pace pace;
	struct queue waiting;
	struct lane *next_in_ring; /* NULL: not in the ring */
	char *dead, *dead_hint;    /* the error that every further call gets; NULL: alive */
	int64_t said_slow_at_ms;   /* nothing more is said before */
	int64_t unsaid_wait_ms, wait_counted_to_ms; /* what it has waited since */
};

struct client {
	struct http *http;
	char *base_url;
	struct scrub known; /* credentials and values: no error shows them */
	size_t parallelism;
	const struct event_sink *sink;
	struct lane **lanes;
	size_t lane_count, lane_room;
	struct lane *ring; /* the lane served last; its next is next */
	struct queue delayed[RETRY_THROTTLE_ATTEMPTS + 1];
	struct queue failed; /* calls of dead lanes, to be answered */
	struct call *newest; /* of all calls that are unanswered */
	size_t unanswered;
};

/* ---- queues ---- */

static void push(struct queue *queue, struct call *call)
{
	call->next = NULL;
	if (!queue->first)
		queue->end = &queue->first;
	*queue->end = call;
	queue->end = &call->next;
}

static struct call *pop(struct queue *queue)
{
	struct call *call = queue->first;

	if (call)
		queue->first = call->next;
	return call;
}

static void link_call(struct client *client, struct call *call)
{
	call->older = client->newest;
	call->from_newer = &client->newest;
	if (call->older)
		call->older->from_newer = &call->older;
	client->newest = call;
	client->unanswered++;
}

static void free_call(struct client *client, struct call *call)
{
	*call->from_newer = call->older;
	if (call->older)
		call->older->from_newer = call->from_newer;
	client->unanswered--;
	free(call->path);
	free(call->body);
	free(call);
}

/* ---- lanes ---- */

static void enter_ring(struct client *client, struct lane *lane)
{
	if (lane->next_in_ring)
		return;
	if (client->ring) {
		lane->next_in_ring = client->ring->next_in_ring;
		client->ring->next_in_ring = lane;
	} else {
		lane->next_in_ring = lane;
	}
	client->ring = lane;
}

/* Takes out the lane behind `before`. */
static void leave_ring(struct client *client, struct lane *before)
{
	struct lane *lane = before->next_in_ring;

	before->next_in_ring = lane->next_in_ring;
	lane->next_in_ring = NULL;
	client->ring = lane == before ? NULL : before;
}

static void enqueue(struct client *client, struct call *call)
{
	struct lane *lane = client->lanes[call->lane];

	if (lane->dead) {
		push(&client->failed, call);
		return;
	}
	push(&lane->waiting, call);
	enter_ring(client, lane);
}

/* From now on every call of the lane fails, also those that wait. */
static void kill_lane(struct client *client, struct lane *lane, const struct error *err)
{
	struct call *call;

	if (lane->dead)
		return;
	lane->dead = mem_copy_text(err->message);
	lane->dead_hint = err->hint ? mem_copy_text(err->hint) : NULL;
	while ((call = pop(&lane->waiting)))
		push(&client->failed, call);
}

static void copy_death(const struct lane *lane, struct error *err)
{
	error_set(err, "%s", lane->dead);
	if (lane->dead_hint)
		error_hint(err, "%s", lane->dead_hint);
}

static void keep_secret(struct secret *kept, const struct secret *secret)
{
	if (secret->bytes)
		secret_copy(kept, secret->bytes, secret->length);
}

size_t client_add_lane(struct client *client, const struct credentials *credentials)
{
	struct lane *lane = mem_alloc(sizeof(*lane));

	lane->headers = http_headers_new();
	lane->pace = pace_init();
	keep_secret(&lane->credentials.token, &credentials->token);
	keep_secret(&lane->credentials.email, &credentials->email);
	keep_secret(&lane->credentials.key, &credentials->key);
	client_know(client, &lane->credentials.token);
	client_know(client, &lane->credentials.email);
	client_know(client, &lane->credentials.key);
	if (credentials->token.bytes) {
		http_headers_add(lane->headers, "Authorization: Bearer ", &credentials->token);
	} else {
		http_headers_add(lane->headers, "X-Auth-Email: ", &credentials->email);
		http_headers_add(lane->headers, "X-Auth-Key: ", &credentials->key);
	}
	client->lanes = mem_room(
		client->lanes, client->lane_count, &client->lane_room, sizeof(struct lane *));
	client->lanes[client->lane_count] = lane;
	return client->lane_count++;
}

bool client_has_token(const struct client *client, size_t lane)
{
	return client->lanes[lane]->credentials.token.bytes;
}

static void free_lane(struct lane *lane)
{
	http_headers_free(lane->headers);
	credentials_release(&lane->credentials);
	free(lane->dead);
	free(lane->dead_hint);
	free(lane);
}

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
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	http_free(client->http);
	for (struct call *call = client->newest, *older; call; call = older) {
		older = call->older; /* also those that were under way */
		free_call(client, call);
	}
	for (size_t i = 0; i < client->lane_count; i++)
		free_lane(client->lanes[i]);
	free(client->lanes);
	scrub_release(&client->known);
	free(client->base_url);
	free(client);
}

void client_know(struct client *client, const struct secret *secret)
{
	scrub_know(&client->known, secret);
}

void client_send(struct client *client, const struct client_call *wanted)
{
	struct call *call = mem_alloc(sizeof(*call));

	assert(wanted->lane < client->lane_count);
	call->lane = wanted->lane;
	call->safety = wanted->safety;
	call->is_probe = wanted->is_probe;
	call->method = wanted->method;
	call->path = mem_copy_text(wanted->path);
	call->body = wanted->body ? mem_copy_text(wanted->body) : NULL;
	call->tag = wanted->tag;
	link_call(client, call);
	enqueue(client, call);
}

void client_stop(struct client *client)
{
	struct error err CLEANUP(error_release) = {0};
	struct call *call;

	error_set(&err, "stopped before it was sent");
	for (size_t i = 0; i < client->lane_count; i++)
		kill_lane(client, client->lanes[i], &err);
	for (size_t i = 0; i < ARRAY_SIZE(client->delayed); i++)
		while ((call = pop(&client->delayed[i])))
			push(&client->failed, call);
}

bool client_busy(const struct client *client)
{
	return client->unanswered > 0;
}

/* ---- starting ---- */

static struct event_request tell_of(const struct call *call)
{
	return (struct event_request){
		.method = call->method,
		.path = call->path,
		.attempt = call->attempt,
		.sent_bytes = call->body ? strlen(call->body) : 0,
		.ray = "",
	};
}

static void start(struct client *client, struct lane *lane, struct call *call)
{
	struct str url CLEANUP(str_release) = {0};

	call->attempt++;
	struct event_request told = tell_of(call);
	event_emit(client->sink, &(struct event){.type = EVENT_REQUEST, .request = &told});
	pace_started(&lane->pace, clock_monotonic_ms());
	str_format(&url, "%s%s", client->base_url, call->path);
	http_start(client->http, &(struct http_request){
					 .method = call->method,
					 .url = str_text(&url),
					 .body = call->body,
					 .body_length = told.sent_bytes,
					 .is_once = call->safety == RETRY_UNSAFE,
					 .headers = lane->headers,
					 .tag = call,
				 });
}

static void say_slow(struct client *client, struct lane *lane, int64_t wait_ms, int64_t now_ms)
{
	int64_t from_ms = now_ms > lane->wait_counted_to_ms ? now_ms : lane->wait_counted_to_ms;

	if (now_ms < lane->said_slow_at_ms)
		return;
	if (now_ms + wait_ms > from_ms) {
		lane->unsaid_wait_ms += now_ms + wait_ms - from_ms;
		lane->wait_counted_to_ms = now_ms + wait_ms;
	}
	if (lane->unsaid_wait_ms < SLOW_DOWN_SAID_MS)
		return;
	lane->unsaid_wait_ms = 0;
	lane->said_slow_at_ms =
		now_ms + (wait_ms < SLOW_DOWN_SAID_MS ? SLOW_DOWN_AGAIN_MS : wait_ms);
	event_emit(client->sink, &(struct event){.type = EVENT_SLOW_DOWN,
					 .text = "the token's rate limit is almost used up",
					 .wait_ms = wait_ms});
}

/*
 * Starts what may start, lane by lane in turn. Gives how long it takes until a lane that has to
 * wait may go on; -1: none waits.
 */
static int64_t start_waiting(struct client *client, int64_t now_ms)
{
	struct lane *first_held = NULL;
	int64_t least_ms = -1;

	while (client->ring && http_under_way(client->http) < client->parallelism) {
		struct lane *before = client->ring, *lane = before->next_in_ring;
		int64_t wait_ms = pace_wait_ms(&lane->pace, now_ms);
		if (!lane->waiting.first) {
			if (lane == first_held)
				first_held = NULL;
			leave_ring(client, before);
			continue;
		}
		client->ring = lane;
		if (wait_ms == 0) {
			start(client, lane, pop(&lane->waiting));
			first_held = NULL;
			continue;
		}
		if (lane == first_held)
			break; /* once around, and nobody may start */
		first_held = first_held ? first_held : lane;
		least_ms = least_ms < 0 || wait_ms < least_ms ? wait_ms : least_ms;
		say_slow(client, lane, wait_ms, now_ms);
	}
	return least_ms;
}

/* Puts calls whose wait is over back in line; gives how long until the next is due, or -1. */
static int64_t wake_delayed(struct client *client, int64_t now_ms)
{
	int64_t least_ms = -1;

	for (size_t i = 0; i < ARRAY_SIZE(client->delayed); i++) {
		struct queue *queue = &client->delayed[i];
		while (queue->first && queue->first->due_ms <= now_ms)
			enqueue(client, pop(queue));
		if (!queue->first)
			continue;
		int64_t wait_ms = queue->first->due_ms - now_ms;
		least_ms = least_ms < 0 || wait_ms < least_ms ? wait_ms : least_ms;
	}
	return least_ms;
}

/* ---- what came of a call ---- */

static struct client_answer *answer_new(struct client *client, struct call *call)
{
	struct client_answer *answer = mem_alloc(sizeof(*answer));

	answer->tag = call->tag;
	answer->cf.total_pages = answer->cf.total_count = -1;
	answer->rate_remaining = -1;
	free_call(client, call);
	return answer;
}

static void delay(struct client *client, struct call *call, const struct error *err,
	const struct retry_verdict *verdict, bool is_throttled)
{
	int64_t now_ms = clock_monotonic_ms();
	struct lane *lane = client->lanes[call->lane];

	if (is_throttled) { /* the whole token has to be silent; that is said here */
		pace_blocked(&lane->pace, now_ms, verdict->wait_ms);
		if (lane->said_slow_at_ms < now_ms + verdict->wait_ms)
			lane->said_slow_at_ms = now_ms + verdict->wait_ms;
	}
	call->due_ms = now_ms + verdict->wait_ms;
	push(&client->delayed[call->attempt], call);
	event_emit(client->sink,
		&(struct event){
			.type = EVENT_RETRY, .text = err->message, .wait_ms = verdict->wait_ms});
}

/*
 * Bad credentials fail their lane; a server that can't be reached fails all. Whoever fails so on a
 * dead lane gets the error that killed it, so that one cause is told once.
 */
static void spread_failure(struct client *client, struct lane *lane, const struct cf_answer *cf,
	enum retry_seen seen, struct error *err)
{
	bool is_unreachable = seen == RETRY_NEVER || seen == RETRY_NOT_SENT;

	if (cf->verdict != CF_FORBIDDEN && !is_unreachable)
		return;
	kill_lane(client, lane, err);
	for (size_t i = 0; i < client->lane_count && is_unreachable; i++)
		kill_lane(client, client->lanes[i], err);
	error_release(err);
	copy_death(lane, err);
}

/* What failed at last may have been done at first. */
static enum client_outcome failed_or_unknown(const struct call *call)
{
	return call->safety == RETRY_IDEMPOTENT && call->may_be_done ? CLIENT_UNKNOWN
								     : CLIENT_FAILED;
}

static void say_answer(
	const struct client *client, const struct call *call, const struct http_response *response)
{
	struct event_request told = tell_of(call);

	told.status = response->status;
	told.received_bytes = response->body.length;
	told.ray = response->ray;
	event_emit(client->sink, &(struct event){.type = EVENT_ANSWER,
					 .request = &told,
					 .text = response->problem,
					 .elapsed_us = response->elapsed_us});
}

/* Gives the answer, or NULL if the call will be tried again. */
static struct client_answer *conclude(struct client *client, struct http_response *response)
{
	struct call *call = response->tag;
	struct lane *lane = client->lanes[call->lane];
	struct cf_answer cf;
	struct error err = {0};

	pace_ended(&lane->pace);
	response_scrub(response, &client->known);
	say_answer(client, call, response);
	if (response->rate_remaining >= 0)
		pace_told(&lane->pace, clock_monotonic_ms(), response->rate_remaining,
			response->rate_reset_ms);
	enum retry_seen seen = response_read(response, &client->known, &cf, &err);
	struct retry_verdict verdict = {RETRY_GIVE_UP, 0};
	if (cf.verdict != CF_DONE) {
		verdict = retry_decide(
			&(struct retry_input){call->safety, seen, response->status, cf.is_throttled,
				call->attempt, response->retry_after_ms, crypt_random_below(256)});
	}
	call->may_be_done |=
		cf.verdict != CF_DONE && response_leaves_open(seen, &cf, response->status);
	if (verdict.verb == RETRY_AGAIN && !lane->dead) {
		delay(client, call, &err, &verdict, cf.is_throttled);
		cf_answer_release(&cf);
		error_release(&err);
		return NULL;
	}
	bool is_told_here =
		call->safety == RETRY_ONCE || (call->is_probe && seen == RETRY_SAW_ANSWER);
	if (verdict.verb != RETRY_LOOK && cf.verdict != CF_DONE && !is_told_here)
		spread_failure(client, lane, &cf, seen, &err);
	enum client_outcome failed = failed_or_unknown(call);
	struct client_answer *answer = answer_new(client, call);
	answer->status = response->status;
	answer->cf = cf;
	answer->err = err;
	answer->rate_remaining = response->rate_remaining;
	answer->rate_reset_ms = response->rate_reset_ms;
	answer->outcome = cf.verdict == CF_DONE        ? CLIENT_DONE
			  : verdict.verb == RETRY_LOOK ? CLIENT_UNKNOWN
						       : failed;
	return answer;
}

static struct client_answer *answer_failed(struct client *client)
{
	struct call *call = pop(&client->failed);

	if (!call)
		return NULL;
	const struct lane *lane = client->lanes[call->lane];
	enum client_outcome failed = failed_or_unknown(call);
	struct client_answer *answer = answer_new(client, call);
	answer->outcome = failed;
	copy_death(lane, &answer->err);
	return answer;
}

static int64_t shorter_ms(int64_t a_ms, int64_t b_ms)
{
	return b_ms >= 0 && b_ms < a_ms ? b_ms : a_ms;
}

struct client_answer *client_next(struct client *client, int64_t timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms, now_ms;

	do {
		now_ms = clock_monotonic_ms();
		int64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
		wait_ms = shorter_ms(wait_ms, wake_delayed(client, now_ms));
		wait_ms = shorter_ms(wait_ms, start_waiting(client, now_ms));
		struct client_answer *answer = answer_failed(client);
		if (answer)
			return answer;
		struct http_response *response = http_next(client->http, wait_ms);
		if (!response && wait_ms > 0 && clock_monotonic_ms() < now_ms + wait_ms)
			return NULL; /* woken */
		if (!response)
			continue;
		answer = conclude(client, response);
		http_response_free(response);
		if (answer)
			return answer;
	} while (now_ms < deadline_ms);
	return NULL;
}

void client_answer_free(struct client_answer *answer)
{
	cf_answer_release(&answer->cf);
	error_release(&answer->err);
	free(answer);
}
