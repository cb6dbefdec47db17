#include "cloudflare/lane.h"

#include "adapter/table.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOW_DOWN_SHOWN_MS = 2000, SLOW_DOWN_AGAIN_MS = 10000 };

/* ---- queues ---- */

static void queue_push(struct queue *queue, void *item)
{
	struct queued *queued = item;

	queued->next = NULL;
	if (!queue->first)
		queue->end = &queue->first;
	*queue->end = queued;
	queue->end = &queued->next;
}

static void *queue_pop(struct queue *queue)
{
	struct queued *queued = queue->first;

	if (queued)
		queue->first = queued->next;
	return queued;
}

void lanes_push(struct lanes *lanes, struct call *call)
{
	struct lane *lane = call->lane;

	if (lane->failure.message) {
		queue_push(&lanes->failed, call);
		return;
	}
	queue_push(&lane->waiting, call);
	if (lane->is_ready)
		return;
	queue_push(&lanes->ready, lane);
	lanes->ready_count++;
	lane->is_ready = true;
}

void lanes_delay(struct lanes *lanes, struct call *call, int64_t due_ms)
{
	struct call **at = &lanes->delayed;

	call->due_ms = due_ms;
	while (*at && (*at)->due_ms <= due_ms)
		at = &(*at)->later;
	call->later = *at;
	*at = call;
}

/* ---- lanes ---- */

void lanes_init(struct lanes *lanes, int64_t max_wait_ms, const struct event_sink *sink)
{
	*lanes = (struct lanes){.max_wait_ms = max_wait_ms, .sink = sink};
	crypt_salt(lanes->key);
	crypt_salt(lanes->key + CRYPT_SALT_BYTES);
}

static void free_lane(struct lane *lane)
{
	http_headers_free(lane->headers);
	credentials_release(&lane->credentials);
	error_release(&lane->failure);
	mem_free(lane);
}

void lanes_release(struct lanes *lanes)
{
	for (struct call *call = lanes->newest, *older; call; call = older) {
		older = call->older; /* also of calls under way */
		lanes_free_call(call);
	}
	table_free(&lanes->by_fingerprint);
	for (size_t i = 0; i < lanes->count; i++)
		free_lane(lanes->items[i]);
	mem_free(lanes->items);
}

static void copy_secret(struct secret *to, const struct secret *from)
{
	if (from->bytes)
		secret_copy(to, from->bytes, from->length);
}

struct lane *lanes_add(struct lanes *lanes, const struct credentials *credentials)
{
	struct lane *lane = mem_alloc(sizeof(*lane)), *known;
	struct credentials *own = &lane->credentials;
	unsigned char hash[CRYPT_HASH_BYTES];

	copy_secret(&own->token, &credentials->token);
	copy_secret(&own->email, &credentials->email);
	copy_secret(&own->key, &credentials->key);
	if (credentials->origin)
		own->origin = mem_copy_text(credentials->origin);
	const struct crypt_part parts[] = {{own->token.bytes, own->token.length},
		{own->email.bytes, own->email.length}, {own->key.bytes, own->key.length}};
	crypt_keyed_hash(lanes->key, parts, ARRAY_SIZE(parts), hash);
	crypt_to_hex(hash, sizeof(hash), lane->fingerprint);
	lane->headers = http_headers_new_json();
	if (own->token.bytes) {
		http_headers_add(lane->headers, "Authorization: Bearer ", &own->token);
	} else {
		http_headers_add(lane->headers, "X-Auth-Email: ", &own->email);
		http_headers_add(lane->headers, "X-Auth-Key: ", &own->key);
	}
	known = table_get(lanes->by_fingerprint, lane->fingerprint);
	if (known) {
		free_lane(lane);
		return known;
	}
	lanes->items = mem_room((void *)lanes->items, lanes->count, &lanes->room, sizeof(lane));
	lane->number = lanes->count;
	lanes->items[lanes->count++] = lane;
	table_put(&lanes->by_fingerprint, lane->fingerprint, lane);
	return lane;
}

void lanes_fail(struct lanes *lanes, struct lane *lane, const struct error *err)
{
	struct call *call;

	if (lane->failure.message)
		return;
	error_copy(&lane->failure, err);
	while ((call = queue_pop(&lane->waiting)))
		queue_push(&lanes->failed, call);
	for (struct call **at = &lanes->delayed; (call = *at);) {
		if (call->lane != lane) {
			at = &call->later;
			continue;
		}
		*at = call->later;
		queue_push(&lanes->failed, call);
	}
}

void lanes_fail_too_long(struct lanes *lanes, struct lane *lane, const char *why, int64_t wait_ms)
{
	struct error err CLEANUP(error_release) = {0};
	struct str wait CLEANUP(str_release) = {0}, limit CLEANUP(str_release) = {0};

	text_add_duration(&wait, wait_ms);
	text_add_duration(&limit, lanes->max_wait_ms);
	error_set(&err, "%s %s, longer than -max-wait allows (%s)", why, str_text(&wait),
		str_text(&limit));
	error_hint(&err, "Run the same command again in %s to resume, or pass a longer -max-wait.",
		str_text(&wait));
	lanes_fail(lanes, lane, &err);
}

/* ---- calls ---- */

struct call *lanes_new_call(struct lanes *lanes, size_t lane)
{
	struct call *call = mem_alloc(sizeof(*call));

	assert(lane < lanes->count);
	call->lane = lanes->items[lane];
	call->older = lanes->newest;
	call->from_newer = &lanes->newest;
	if (call->older)
		call->older->from_newer = &call->older;
	lanes->newest = call;
	return call;
}

void lanes_free_call(struct call *call)
{
	*call->from_newer = call->older;
	if (call->older)
		call->older->from_newer = call->from_newer;
	mem_free(call->path);
	mem_free(call->body);
	mem_free(call);
}

/*
 * Emits EVENT_SLOW_DOWN if the wait is long enough, or if the waits since the last event add up to
 * that: short waits cause one event in ten seconds.
 */
static void emit_slow_down(struct lanes *lanes, struct lane *lane, int64_t wait_ms, int64_t now_ms)
{
	int64_t from_ms = now_ms > lane->wait_counted_ms ? now_ms : lane->wait_counted_ms;

	if (now_ms < lane->quiet_until_ms)
		return;
	if (now_ms + wait_ms > from_ms) {
		lane->unshown_wait_ms += now_ms + wait_ms - from_ms;
		lane->wait_counted_ms = now_ms + wait_ms;
	}
	if (lane->unshown_wait_ms < SLOW_DOWN_SHOWN_MS)
		return;
	lane->unshown_wait_ms = 0;
	lane->quiet_until_ms =
		now_ms + (wait_ms < SLOW_DOWN_SHOWN_MS ? SLOW_DOWN_AGAIN_MS : wait_ms);
	event_emit(lanes->sink, &(struct event){.type = EVENT_SLOW_DOWN,
					.text = "the token's rate limit is almost reached",
					.wait_ms = wait_ms});
}

struct call *lanes_next(struct lanes *lanes, int64_t now_ms, int64_t *ret_wait_ms)
{
	struct call *call;

	while ((call = lanes->delayed) && call->due_ms <= now_ms) {
		lanes->delayed = call->later;
		lanes_push(lanes, call);
	}
	*ret_wait_ms = call ? call->due_ms - now_ms : -1;
	for (size_t left = lanes->ready_count; left > 0; left--) {
		struct lane *lane = queue_pop(&lanes->ready);
		int64_t wait_ms = pace_wait_ms(&lane->pace, now_ms);
		if (lane->waiting.first && wait_ms > lanes->max_wait_ms)
			lanes_fail_too_long(lanes, lane,
				"rate limit reached: the next request has to wait", wait_ms);
		if (!lane->waiting.first) {
			lane->is_ready = false;
			lanes->ready_count--;
			continue;
		}
		queue_push(&lanes->ready, lane);
		if (wait_ms == 0)
			return queue_pop(&lane->waiting);
		if (*ret_wait_ms < 0 || wait_ms < *ret_wait_ms)
			*ret_wait_ms = wait_ms;
		emit_slow_down(lanes, lane, wait_ms, now_ms);
	}
	return NULL;
}

struct call *lanes_next_failed(struct lanes *lanes)
{
	return queue_pop(&lanes->failed);
}
