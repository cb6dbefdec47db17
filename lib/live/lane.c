#include "live/lane.h"

#include "base/clock.h"

#include <stdlib.h>

enum { SLOW_DOWN_SAID_MS = 2000, SLOW_DOWN_AGAIN_MS = 10000 };

void queue_push(struct queue *queue, struct call *call)
{
	call->next = NULL;
	if (!queue->first)
		queue->end = &queue->first;
	*queue->end = call;
	queue->end = &call->next;
}

struct call *queue_pop(struct queue *queue)
{
	struct call *call = queue->first;

	if (call)
		queue->first = call->next;
	return call;
}

void lane_enter_ring(struct lane **ring, struct lane *lane)
{
	if (lane->next_in_ring)
		return;
	if (*ring) {
		lane->next_in_ring = (*ring)->next_in_ring;
		(*ring)->next_in_ring = lane;
	} else {
		lane->next_in_ring = lane;
	}
	*ring = lane;
}

void lane_leave_ring(struct lane **ring, struct lane *before)
{
	struct lane *lane = before->next_in_ring;

	before->next_in_ring = lane->next_in_ring;
	lane->next_in_ring = NULL;
	*ring = lane == before ? NULL : before;
}

static void keep_secret(struct secret *kept, const struct secret *secret)
{
	if (secret->bytes)
		secret_copy(kept, secret->bytes, secret->length);
}

static void add_headers(struct lane *lane)
{
	const struct credentials *credentials = &lane->credentials;

	lane->headers = http_headers_new();
	if (credentials->token.bytes) {
		http_headers_add(lane->headers, "Authorization: Bearer ", &credentials->token);
	} else {
		http_headers_add(lane->headers, "X-Auth-Email: ", &credentials->email);
		http_headers_add(lane->headers, "X-Auth-Key: ", &credentials->key);
	}
}

/* The same for the same credentials, wherever they came from. */
static void add_fingerprint(struct lane *lane, const unsigned char key[static CRYPT_KEY_BYTES])
{
	const struct credentials *it = &lane->credentials;
	const struct crypt_part parts[] = {{it->token.bytes, it->token.length},
		{it->email.bytes, it->email.length}, {it->key.bytes, it->key.length}};
	unsigned char hash[CRYPT_HASH_BYTES];

	crypt_keyed_hash(key, parts, ARRAY_SIZE(parts), hash);
	crypt_to_hex(hash, sizeof(hash), lane->fingerprint);
}

struct lane *lane_new(
	const struct credentials *credentials, const unsigned char key[static CRYPT_KEY_BYTES])
{
	struct lane *lane = mem_alloc(sizeof(*lane));

	keep_secret(&lane->credentials.token, &credentials->token);
	keep_secret(&lane->credentials.email, &credentials->email);
	keep_secret(&lane->credentials.key, &credentials->key);
	lane->pace = pace_init();
	add_headers(lane);
	add_fingerprint(lane, key);
	return lane;
}

void lane_free(struct lane *lane)
{
	http_headers_free(lane->headers);
	credentials_release(&lane->credentials);
	error_release(&lane->failure);
	free(lane);
}

bool lane_wants_wait_said(struct lane *lane, int64_t wait_ms, int64_t now_ms)
{
	int64_t from_ms = now_ms > lane->wait_counted_to_ms ? now_ms : lane->wait_counted_to_ms;

	if (now_ms < lane->said_slow_at_ms)
		return false;
	if (now_ms + wait_ms > from_ms) {
		lane->unsaid_wait_ms += now_ms + wait_ms - from_ms;
		lane->wait_counted_to_ms = now_ms + wait_ms;
	}
	if (lane->unsaid_wait_ms < SLOW_DOWN_SAID_MS)
		return false;
	lane->unsaid_wait_ms = 0;
	lane->said_slow_at_ms =
		now_ms + (wait_ms < SLOW_DOWN_SAID_MS ? SLOW_DOWN_AGAIN_MS : wait_ms);
	return true;
}

void lane_hear_limits(struct lane *lane, const struct http_response *response,
	struct ratelimit_item *ret_tightest)
{
	struct ratelimit said;

	ratelimit_read(str_text(&response->rate_limits), str_text(&response->rate_policies), &said);
	pace_told(&lane->pace, clock_monotonic_ms(), &said);
	const struct ratelimit_item *tightest = ratelimit_tightest(&said);
	if (tightest)
		*ret_tightest = *tightest;
}

void lane_foretell(
	const struct lane *lane, int64_t requests, const char *what, const struct event_sink *sink)
{
	struct pace_budget budget;
	int64_t ms = pace_estimate_ms(&lane->pace, clock_monotonic_ms(), requests, &budget);
	struct event_limit limit = {requests, budget.quota, budget.window_ms};

	if (requests && ms > 0)
		event_emit(sink, &(struct event){.type = EVENT_LONG_RUN,
					 .text = what,
					 .limit = &limit,
					 .wait_ms = ms});
}
