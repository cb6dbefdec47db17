/*
 * The life of a call:
 *
 *     waiting ──start──► under way ──► answered: done, failed or unknown
 *        ▲                   │
 *        └──── delayed ◄─────┘ (retry)
 *
 * A lane's waiting calls are in a queue; lanes that have any form a ring, so that each gets its
 * turn. Delayed calls are in one queue, the first that is due at its head: they are few, for each
 * was on the wire, or is a list that is read again.
 */
#include "live/client.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/text.h"
#include "live/baseurl.h"
#include "live/lane.h"
#include "live/response.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_MS = 10000,
	COUNTDOWN_MS = 1000,
	REFUSALS = 4, /* so often for each request at a time, before it counts as not sent */
};

struct client {
	struct http *http;
	char *base_url;
	struct scrub known; /* credentials and values: no error shows them */
	size_t parallelism;
	const struct event_sink *sink;
	struct table *lanes_by_fingerprint;
	unsigned char key[CRYPT_KEY_BYTES]; /* of the fingerprints; of this client only */
	struct response_told told;
	struct lane **lanes;
	size_t lane_count, lane_room;
	struct lane *ring;    /* the lane served last; its next is next */
	struct call *delayed; /* the one that is due first */
	struct queue failed;  /* calls of failed lanes, to be answered */
	struct call *newest;  /* of all calls that are unanswered */
	size_t unanswered;
	int64_t max_wait_ms;
	size_t refusals; /* connections that were closed on a request, without any answer */
	int64_t countdown_due_ms; /* the next EVENT_COUNTDOWN; 0: nothing is counted down */
};

/* ---- queues ---- */

/* Puts the call behind those that are due before it. */
static void push_delayed(struct client *client, struct call *call)
{
	struct call **at = &client->delayed;

	while (*at && (*at)->due_ms <= call->due_ms)
		at = &(*at)->next;
	call->next = *at;
	*at = call;
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

static void enqueue(struct client *client, struct call *call)
{
	struct lane *lane = client->lanes[call->lane];

	if (lane->failure.message) {
		queue_push(&client->failed, call);
		return;
	}
	queue_push(&lane->waiting, call);
	lane_enter_ring(&client->ring, lane);
}

/* From now on every call of the lane fails, also those that wait. */
static void fail_lane(struct client *client, struct lane *lane, const struct error *err)
{
	struct call *call;

	if (lane->failure.message)
		return;
	error_copy(&lane->failure, err);
	while ((call = queue_pop(&lane->waiting)))
		queue_push(&client->failed, call);
	for (struct call **at = &client->delayed; (call = *at);) {
		if (call->lane != lane->number) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		queue_push(&client->failed, call);
	}
}

size_t client_add_lane(struct client *client, const struct credentials *credentials)
{
	struct lane *lane = lane_new(credentials, client->key);
	const struct lane *known = table_get(client->lanes_by_fingerprint, lane->fingerprint);

	if (known) {
		lane_free(lane);
		return known->number;
	}
	client_know(client, &lane->credentials.token);
	client_know(client, &lane->credentials.email);
	client_know(client, &lane->credentials.key);
	client->lanes = mem_room(
		client->lanes, client->lane_count, &client->lane_room, sizeof(struct lane *));
	lane->number = client->lane_count++;
	client->lanes[lane->number] = lane;
	table_put(&client->lanes_by_fingerprint, lane->fingerprint, lane);
	return lane->number;
}

bool client_has_token(const struct client *client, size_t lane)
{
	return client->lanes[lane]->credentials.token.bytes;
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
	client->max_wait_ms = options->max_wait_ms;
	crypt_salt(client->key);
	crypt_salt(client->key + CRYPT_SALT_BYTES);
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
	table_free(&client->lanes_by_fingerprint);
	for (size_t i = 0; i < client->lane_count; i++)
		lane_free(client->lanes[i]);
	free(client->lanes);
	scrub_release(&client->known);
	response_told_release(&client->told);
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
	call->throttled = wanted->throttled;
	call->method = wanted->method;
	call->path = mem_copy_text(wanted->path);
	call->body = wanted->body ? mem_copy_text(wanted->body) : NULL;
	call->tag = wanted->tag;
	link_call(client, call);
	if (wanted->is_later) {
		call->due_ms = clock_monotonic_ms() + PATIENCE_PAUSE_MS;
		push_delayed(client, call);
	} else {
		enqueue(client, call);
	}
}

void client_stop(struct client *client)
{
	struct error err CLEANUP(error_release) = {0};

	error_set(&err, "stopped before it was sent");
	for (size_t i = 0; i < client->lane_count; i++)
		fail_lane(client, client->lanes[i], &err);
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
	if (lane_wants_wait_said(lane, wait_ms, now_ms))
		event_emit(client->sink, &(struct event){.type = EVENT_SLOW_DOWN,
						 .text = "the token's rate limit is almost used up",
						 .wait_ms = wait_ms});
}

static void fail_too_long(
	struct client *client, struct lane *lane, const char *why, int64_t wait_ms)
{
	struct error err CLEANUP(error_release) = {0};
	struct str wait CLEANUP(str_release) = {0}, limit CLEANUP(str_release) = {0};

	text_add_duration(&wait, wait_ms);
	text_add_duration(&limit, client->max_wait_ms);
	error_set(&err, "%s %s, longer than -max-wait allows (%s)", why, str_text(&wait),
		str_text(&limit));
	error_hint(&err,
		"Run the same command again in %s: it resumes where it stopped. To let it wait, "
		"set a longer -max-wait.",
		str_text(&wait));
	fail_lane(client, lane, &err);
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
			lane_leave_ring(&client->ring, before);
			continue;
		}
		client->ring = lane;
		if (wait_ms == 0) {
			start(client, lane, queue_pop(&lane->waiting));
			first_held = NULL;
			continue;
		}
		if (lane == first_held)
			break; /* once around, and nobody may start */
		if (wait_ms > client->max_wait_ms) {
			fail_too_long(client, lane,
				"because of the rate limit, the next request has to wait", wait_ms);
			continue;
		}
		first_held = first_held ? first_held : lane;
		least_ms = least_ms < 0 || wait_ms < least_ms ? wait_ms : least_ms;
		say_slow(client, lane, wait_ms, now_ms);
	}
	return least_ms;
}

/* Puts calls whose wait is over back in line; gives how long until the next is due, or -1. */
static int64_t wake_delayed(struct client *client, int64_t now_ms)
{
	struct call *call;

	while ((call = client->delayed) && call->due_ms <= now_ms) {
		client->delayed = call->next;
		enqueue(client, call);
	}
	return call ? call->due_ms - now_ms : -1;
}

/* ---- what came of a call ---- */

static struct client_answer *answer_new(
	struct client *client, struct call *call, enum client_outcome outcome)
{
	struct client_answer *answer = mem_alloc(sizeof(*answer));

	answer->outcome = outcome;
	answer->was_refused = outcome == CLIENT_UNKNOWN && !call->is_unseen;
	answer->throttled = call->throttled;
	answer->tag = call->tag;
	answer->cf = CF_NO_ANSWER;
	answer->rate_remaining = answer->rate_reset_ms = -1;
	free_call(client, call);
	return answer;
}

static void say_retry(const struct client *client, const struct error *err, int64_t wait_ms)
{
	event_emit(client->sink,
		&(struct event){.type = EVENT_RETRY, .text = err->message, .wait_ms = wait_ms});
}

/* The whole lane has to be silent, whether this call is sent again or not; that is said here. */
static void silence(
	struct client *client, struct lane *lane, const struct error *err, int64_t wait_ms)
{
	int64_t now_ms = clock_monotonic_ms();

	pace_blocked(&lane->pace, now_ms, wait_ms);
	if (lane->said_slow_at_ms < now_ms + wait_ms)
		lane->said_slow_at_ms = now_ms + wait_ms;
	say_retry(client, err, wait_ms);
}

/*
 * Bad credentials fail their lane; a server that can't be reached fails all. A call of a lane that
 * has failed before gets that lane's error, so that one cause is told once.
 */
static void spread_failure(struct client *client, struct lane *lane, const struct cf_answer *cf,
	enum retry_seen seen, struct error *err)
{
	bool is_unreachable = seen == RETRY_NEVER || seen == RETRY_NOT_SENT;

	if (cf->verdict != CF_FORBIDDEN && !is_unreachable)
		return;
	fail_lane(client, lane, err);
	for (size_t i = 0; i < client->lane_count && is_unreachable; i++)
		fail_lane(client, client->lanes[i], err);
	error_release(err);
	error_copy(err, &lane->failure);
}

/* What failed at last may have been done at first. */
static enum client_outcome failed_or_unknown(const struct call *call)
{
	return call->safety != RETRY_SAFE && call->may_be_done ? CLIENT_UNKNOWN : CLIENT_FAILED;
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

/* What is to be done about an attempt that failed, and what it means for the outcome. */
static struct retry_verdict judge(struct client *client, struct call *call,
	const struct http_response *response, enum retry_seen seen, bool is_throttled)
{
	struct retry_input input = {
		.safety = call->safety,
		.seen = seen,
		.status = response->status,
		.is_throttled = is_throttled,
		.retry_after_ms = response->retry_after_ms,
		.max_wait_ms = client->max_wait_ms,
		.jitter = crypt_random_below(256),
	};

	input.attempt = is_throttled ? ++call->throttled : ++call->failures;
	call->may_be_done |= retry_leaves_open(&input);
	call->is_unseen |= retry_says_nothing(&input);
	return retry_decide(&input);
}

/* True: the call is sent again. Else it has failed, and *err says all that is to be told of it. */
static bool is_sent_again(struct client *client, struct call *call,
	const struct retry_verdict *verdict, bool is_throttled, struct error *err)
{
	struct lane *lane = client->lanes[call->lane];

	if (verdict->is_too_long) {
		struct str why CLEANUP(str_release) = {0};
		str_format(&why, "%s: %s", err->message,
			verdict->is_asked ? "the server asks to wait"
					  : "the next attempt would come after");
		fail_too_long(client, lane, str_text(&why), verdict->wait_ms);
		error_release(err);
		error_copy(err, &lane->failure);
	} else if (is_throttled && call->safety != RETRY_ONCE) {
		silence(client, lane, err, verdict->wait_ms);
	}
	if (verdict->verb != RETRY_AGAIN || lane->failure.message)
		return false;
	call->due_ms = clock_monotonic_ms() + verdict->wait_ms;
	push_delayed(client, call);
	if (!is_throttled)
		say_retry(client, err, verdict->wait_ms);
	return true;
}

/*
 * Was the request on a connection that the server closed before its turn? Where each answer ends a
 * connection, that is how things go on there. Where no answer comes at all, it is a failure.
 */
static bool is_refused_in_passing(struct client *client, const struct http_response *response)
{
	if (response->outcome == HTTP_ANSWERED)
		client->refusals = 0;
	return response->outcome == HTTP_REFUSED &&
	       ++client->refusals <= REFUSALS * client->parallelism;
}

/* Gives the answer, or NULL if the call is sent again. */
static struct client_answer *conclude(struct client *client, struct http_response *response)
{
	struct call *call = response->tag;
	struct lane *lane = client->lanes[call->lane];
	struct ratelimit_item tightest = {.remaining = -1, .reset_ms = -1};
	struct retry_verdict verdict = {.verb = RETRY_GIVE_UP};
	struct cf_answer cf;
	struct error err = {0};

	pace_ended(&lane->pace);
	response_scrub(response, &client->known);
	say_answer(client, call, response);
	lane_hear_limits(lane, response, &tightest);
	if (is_refused_in_passing(client, response) && !lane->failure.message) {
		enqueue(client, call);
		return NULL;
	}
	enum retry_seen seen = response_read(response, &client->known, &cf, &err);
	if (response->retry_after_ms < cf.retry_after_ms) /* the header may be a proxy's */
		response->retry_after_ms = cf.retry_after_ms;
	if (!call->is_probe) /* of a token that is verified, its being valid is said there */
		response_tell(&client->told, &cf, client->sink);
	bool is_done = cf.verdict == CF_DONE, is_answer = response->outcome == HTTP_ANSWERED;
	if (!is_done)
		verdict = judge(client, call, response, seen, cf.is_throttled);
	if (!is_done && is_sent_again(client, call, &verdict, cf.is_throttled, &err)) {
		cf_answer_release(&cf);
		error_release(&err);
		return NULL;
	}
	bool is_told_here = call->safety == RETRY_ONCE ||
			    (call->is_probe && is_answer && cf.verdict != CF_BROKEN);
	if (verdict.verb != RETRY_LOOK && !is_done && !is_told_here)
		spread_failure(client, lane, &cf, seen, &err);
	struct client_answer *answer =
		answer_new(client, call, is_done ? CLIENT_DONE : failed_or_unknown(call));
	answer->status = response->status;
	answer->cf = cf;
	answer->err = err;
	answer->rate_remaining = tightest.remaining;
	answer->rate_reset_ms = tightest.reset_ms;
	return answer;
}

static struct client_answer *answer_failed(struct client *client)
{
	struct call *call = queue_pop(&client->failed);

	if (!call)
		return NULL;
	const struct lane *lane = client->lanes[call->lane];
	struct client_answer *answer = answer_new(client, call, failed_or_unknown(call));
	error_copy(&answer->err, &lane->failure);
	return answer;
}

size_t client_lane_count(const struct client *client)
{
	return client->lane_count;
}

void client_foretell(const struct client *client, const int64_t *requests, const char *what)
{
	for (size_t i = 0; i < client->lane_count; i++)
		lane_foretell(client->lanes[i], requests[i], what, client->sink);
}

/* ---- waiting ---- */

/*
 * Says about once a second how long nothing goes out yet, and once that this is over. Gives how
 * long until that is due again, or -1.
 */
static int64_t count_down(struct client *client, int64_t now_ms, int64_t wait_ms)
{
	int64_t least_ms = client->countdown_due_ms ? 1 : COUNTDOWN_MS;
	bool is_quiet = wait_ms >= least_ms && http_under_way(client->http) == 0;

	if (!is_quiet && !client->countdown_due_ms)
		return -1;
	if (is_quiet && now_ms < client->countdown_due_ms)
		return client->countdown_due_ms - now_ms;
	client->countdown_due_ms = is_quiet ? now_ms + COUNTDOWN_MS : 0;
	event_emit(client->sink,
		&(struct event){.type = EVENT_COUNTDOWN, .wait_ms = is_quiet ? wait_ms : 0});
	return is_quiet ? COUNTDOWN_MS : -1;
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
		now_ms = clock_monotonic_ms();
		int64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
		int64_t delay_ms = wake_delayed(client, now_ms);
		delay_ms = shorter_ms(delay_ms, start_waiting(client, now_ms));
		wait_ms = shorter_ms(wait_ms, delay_ms);
		wait_ms = shorter_ms(wait_ms, count_down(client, now_ms, delay_ms));
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
