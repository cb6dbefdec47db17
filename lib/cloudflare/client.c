/*
 * The life of a call:
 *
 *     waiting ──start──► under way ──► answered: done, failed or unknown
 *        ▲                   │
 *        └──── delayed ◄─────┘ (retry)
 *
 * Each lane has a queue of waiting calls. Lanes with waiting calls are in a queue themselves, so
 * that they take turns. Delayed calls are in one list, sorted by time: they are few, for each was
 * on the wire, or is a list that is read again.
 */
#include "cloudflare/client.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/text.h"
#include "cloudflare/baseurl.h"
#include "cloudflare/lane.h"
#include "cloudflare/response.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_MS = 10000,
	COUNTDOWN_MS = 1000,
	REFUSALS = 4, /* for each request at a time, before one counts as not sent */
};

struct client {
	struct http *http;
	char *base_url;
	size_t parallelism;
	int64_t max_wait_ms;
	const struct event_sink *sink;
	struct scrub known; /* credentials and values, which no error shows */
	struct response_told told;
	unsigned char key[CRYPT_KEY_BYTES]; /* of the fingerprints, random */
	struct table *lanes_by_fingerprint;
	struct lane **lanes;
	size_t lane_count, lane_room;
	struct queue ready; /* lanes; those without waiting calls leave when they are seen */
	size_t ready_count;
	struct call *delayed; /* the first one due; linked by `later` */
	struct queue failed;  /* calls of failed lanes, to be answered */
	struct call *newest;  /* of all calls without an answer */
	size_t refusals; /* connections in a row that were closed on a request without an answer */
	int64_t countdown_due_ms; /* the next EVENT_COUNTDOWN; 0: there is no countdown */
};

/* ---- queues ---- */

static void enqueue(struct client *client, struct call *call)
{
	struct lane *lane = call->lane;

	if (lane->failure.message) {
		queue_push(&client->failed, call);
		return;
	}
	queue_push(&lane->waiting, call);
	if (!lane->is_ready) {
		queue_push(&client->ready, lane);
		client->ready_count++;
	}
	lane->is_ready = true;
}

static void delay(struct client *client, struct call *call, int64_t due_ms)
{
	struct call **at = &client->delayed;

	call->due_ms = due_ms;
	while (*at && (*at)->due_ms <= call->due_ms)
		at = &(*at)->later;
	call->later = *at;
	*at = call;
}

static void free_call(struct call *call)
{
	*call->from_newer = call->older;
	if (call->older)
		call->older->from_newer = call->from_newer;
	free(call->path);
	free(call->body);
	free(call);
}

/* Every call of the lane fails from now on, including those that wait. */
static void fail_lane(struct client *client, struct lane *lane, const struct error *err)
{
	struct call *call;

	if (lane->failure.message)
		return;
	error_copy(&lane->failure, err);
	while ((call = queue_pop(&lane->waiting)))
		queue_push(&client->failed, call);
	for (struct call **at = &client->delayed; (call = *at);) {
		if (call->lane != lane) {
			at = &call->later;
			continue;
		}
		*at = call->later;
		queue_push(&client->failed, call);
	}
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
	client->sink = options->sink;
	crypt_salt(client->key);
	crypt_salt(client->key + CRYPT_SALT_BYTES);
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	http_free(client->http);
	while (client->newest) /* also those under way */
		free_call(client->newest);
	table_free(&client->lanes_by_fingerprint);
	for (size_t i = 0; i < client->lane_count; i++)
		lane_free(client->lanes[i]);
	free(client->lanes);
	scrub_release(&client->known);
	response_told_release(&client->told);
	free(client->base_url);
	free(client);
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
		(void *)client->lanes, client->lane_count, &client->lane_room, sizeof(lane));
	lane->number = client->lane_count++;
	client->lanes[lane->number] = lane;
	table_put(&client->lanes_by_fingerprint, lane->fingerprint, lane);
	return lane->number;
}

size_t client_lane_count(const struct client *client)
{
	return client->lane_count;
}

bool client_has_token(const struct client *client, size_t lane)
{
	return client->lanes[lane]->credentials.token.bytes;
}

void client_know(struct client *client, const struct secret *secret)
{
	scrub_know(&client->known, secret);
}

void client_foretell(const struct client *client, const int64_t *requests, const char *what)
{
	for (size_t i = 0; i < client->lane_count; i++) {
		struct pace_budget budget;
		int64_t ms = pace_estimate_ms(
			&client->lanes[i]->pace, clock_monotonic_ms(), requests[i], &budget);
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
	struct call *call = mem_alloc(sizeof(*call));

	assert(wanted->lane < client->lane_count);
	call->wanted = *wanted;
	call->lane = client->lanes[wanted->lane];
	call->throttled = wanted->throttled;
	call->path = mem_copy_text(wanted->path);
	call->body = wanted->body ? mem_copy_text(wanted->body) : NULL;
	call->older = client->newest;
	call->from_newer = &client->newest;
	if (call->older)
		call->older->from_newer = &call->older;
	client->newest = call;
	if (wanted->is_later)
		delay(client, call, clock_monotonic_ms() + PATIENCE_PAUSE_MS);
	else
		enqueue(client, call);
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
	return client->newest;
}

/* ---- starting ---- */

/* The shorter one; negative: none. */
static int64_t shorter_ms(int64_t a_ms, int64_t b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static struct event_request request_of(const struct call *call)
{
	return (struct event_request){
		.method = call->wanted.method,
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
	str_format(&url, "%s%s", client->base_url, call->path);
	http_start(client->http, &(struct http_request){
					 .method = call->wanted.method,
					 .url = str_text(&url),
					 .body = call->body,
					 .body_length = request.sent_bytes,
					 .is_once = call->wanted.safety == RETRY_UNSAFE,
					 .headers = call->lane->headers,
					 .tag = call,
				 });
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
 * Starts what may start, lane by lane in turn. Returns how long the first of the others has to
 * wait for its rate budget; -1: none does.
 */
static int64_t start_waiting(struct client *client, int64_t now_ms)
{
	int64_t least_ms = -1;
	size_t held = 0; /* lanes in a row that have to wait */

	while (held < client->ready_count && http_under_way(client->http) < client->parallelism) {
		struct lane *lane = queue_pop(&client->ready);
		int64_t wait_ms = pace_wait_ms(&lane->pace, now_ms);
		if (lane->waiting.first && wait_ms > client->max_wait_ms)
			fail_too_long(client, lane,
				"because of the rate limit, the next request has to wait", wait_ms);
		if (!lane->waiting.first) {
			lane->is_ready = false;
			client->ready_count--;
			continue;
		}
		queue_push(&client->ready, lane);
		if (wait_ms == 0) {
			start(client, queue_pop(&lane->waiting));
			held = 0;
			continue;
		}
		held++;
		least_ms = shorter_ms(least_ms, wait_ms);
		lane_say_slow(lane, wait_ms, now_ms, client->sink);
	}
	return least_ms;
}

/* Enqueues calls whose delay is over. Returns how long the next delay takes; -1: there is none. */
static int64_t wake_delayed(struct client *client, int64_t now_ms)
{
	struct call *call;

	while ((call = client->delayed) && call->due_ms <= now_ms) {
		client->delayed = call->later;
		enqueue(client, call);
	}
	return call ? call->due_ms - now_ms : -1;
}

/* ---- what came of a call ---- */

static struct client_answer *answer_new(void)
{
	struct client_answer *answer = mem_alloc(sizeof(*answer));

	answer->cf = CF_NO_ANSWER;
	answer->rate_remaining = answer->rate_reset_ms = -1;
	return answer;
}

/* Fills in what became of the call, and frees it. What failed at last may have been done at first.
 */
static void end_call(struct call *call, struct client_answer *answer)
{
	bool is_open = call->wanted.safety != RETRY_SAFE && call->may_be_done;

	if (answer->cf.verdict != CF_DONE)
		answer->outcome = is_open ? CLIENT_UNKNOWN : CLIENT_FAILED;
	answer->was_refused = answer->outcome == CLIENT_UNKNOWN && !call->is_unseen;
	answer->throttled = call->throttled;
	answer->tag = call->wanted.tag;
	free_call(call);
}

/* The call fails for the reason of its lane, so that one cause is reported once. */
static void fail_like_lane(struct client_answer *answer, const struct lane *lane)
{
	error_release(&answer->err);
	error_copy(&answer->err, &lane->failure);
}

/* Decides about an attempt that failed. With RETRY_AGAIN, the call is delayed. */
static enum retry_verb retry(struct client *client, struct call *call,
	const struct http_response *http, struct client_answer *answer)
{
	bool is_throttled = answer->cf.is_throttled;
	struct retry_input input = {
		.safety = call->wanted.safety,
		.seen = call->seen,
		.status = http->status,
		.is_throttled = is_throttled,
		.attempt = is_throttled ? ++call->throttled : ++call->failures,
		.retry_after_ms = http->retry_after_ms,
		.max_wait_ms = client->max_wait_ms,
		.jitter = crypt_random_below(256),
	};
	struct retry_verdict verdict = retry_decide(&input);
	struct lane *lane = call->lane;
	int64_t until_ms = clock_monotonic_ms() + verdict.wait_ms;
	bool is_paused = is_throttled && input.safety != RETRY_ONCE && !verdict.is_too_long;

	call->may_be_done |= retry_leaves_open(&input);
	call->is_unseen |= retry_says_nothing(&input);
	if (verdict.is_too_long) {
		struct str why CLEANUP(str_release) = {0};
		str_format(&why, "%s: %s", answer->err.message,
			verdict.is_asked ? "the server asks to wait"
					 : "the next attempt would come after");
		fail_too_long(client, lane, str_text(&why), verdict.wait_ms);
		fail_like_lane(answer, lane);
	} else if (is_paused) { /* the whole lane, even if this call is not sent again */
		pace_hold(&lane->pace, until_ms);
		if (lane->quiet_until_ms < until_ms)
			lane->quiet_until_ms = until_ms;
	}
	if (verdict.verb == RETRY_AGAIN && lane->failure.message)
		verdict.verb = RETRY_GIVE_UP;
	if (is_paused || verdict.verb == RETRY_AGAIN)
		event_emit(client->sink, &(struct event){.type = EVENT_RETRY,
						 .text = answer->err.message,
						 .wait_ms = verdict.wait_ms});
	if (verdict.verb == RETRY_AGAIN)
		delay(client, call, until_ms);
	return verdict.verb;
}

/* Bad credentials fail their lane, an unreachable server fails all. */
static void spread_failure(
	struct client *client, const struct call *call, struct client_answer *answer)
{
	bool is_unreachable = call->seen == RETRY_NEVER || call->seen == RETRY_NOT_SENT;
	bool is_told = call->wanted.is_probe && answer->status && answer->cf.verdict != CF_BROKEN;

	if ((answer->cf.verdict != CF_FORBIDDEN && !is_unreachable) || is_told ||
		call->wanted.safety == RETRY_ONCE)
		return;
	fail_lane(client, call->lane, &answer->err);
	for (size_t i = 0; i < client->lane_count && is_unreachable; i++)
		fail_lane(client, client->lanes[i], &answer->err);
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

static void say_answer(
	const struct client *client, const struct call *call, const struct http_response *http)
{
	struct event_request request = request_of(call);

	request.status = http->status;
	request.received_bytes = http->body.length;
	request.ray = http->ray;
	event_emit(client->sink, &(struct event){.type = EVENT_ANSWER,
					 .request = &request,
					 .text = http->problem,
					 .elapsed_us = http->elapsed_us});
}

/* Gives the answer, or NULL if the call is sent again. */
static struct client_answer *conclude(struct client *client, struct http_response *http)
{
	struct call *call = http->tag;
	struct lane *lane = call->lane;
	struct ratelimit limits;
	struct client_answer *answer = answer_new();
	enum retry_verb verb = RETRY_GIVE_UP;

	call->seen = response_read(http, &client->known, answer);
	pace_ended(&lane->pace);
	say_answer(client, call, http);
	ratelimit_read(str_text(&http->rate_limits), str_text(&http->rate_policies), &limits);
	pace_told(&lane->pace, clock_monotonic_ms(), &limits);
	const struct ratelimit_item *tightest = ratelimit_tightest(&limits);
	if (tightest) {
		answer->rate_remaining = tightest->remaining;
		answer->rate_reset_ms = tightest->reset_ms;
	}
	if (!call->wanted.is_probe) /* what is said of a token that is verified is the result */
		response_tell(&client->told, &answer->cf, client->sink);
	if (is_refused_in_passing(client, http) && !lane->failure.message) {
		enqueue(client, call);
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
	struct call *call = queue_pop(&client->failed);

	if (!call)
		return NULL;
	struct client_answer *answer = answer_new();
	fail_like_lane(answer, call->lane);
	end_call(call, answer);
	return answer;
}

/* ---- waiting ---- */

/*
 * Emits about once a second how long nothing goes out, and once that this is over. Returns how
 * long until the next event; -1: there is none.
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
	free(answer);
}
