#include "cloudflare/lane.h"

#include <stdlib.h>

enum { SLOW_DOWN_SAID_MS = 2000, SLOW_DOWN_AGAIN_MS = 10000 };

void queue_push(struct queue *queue, void *item)
{
	struct queued *queued = item;

	queued->next = NULL;
	if (!queue->first)
		queue->end = &queue->first;
	*queue->end = queued;
	queue->end = &queued->next;
}

void *queue_pop(struct queue *queue)
{
	struct queued *queued = queue->first;

	if (queued)
		queue->first = queued->next;
	return queued;
}

static void copy_secret(struct secret *to, const struct secret *from)
{
	if (from->bytes)
		secret_copy(to, from->bytes, from->length);
}

struct lane *lane_new(
	const struct credentials *credentials, const unsigned char key[static CRYPT_KEY_BYTES])
{
	struct lane *lane = mem_alloc(sizeof(*lane));
	struct credentials *own = &lane->credentials;
	unsigned char hash[CRYPT_HASH_BYTES];

	copy_secret(&own->token, &credentials->token);
	copy_secret(&own->email, &credentials->email);
	copy_secret(&own->key, &credentials->key);
	lane->headers = http_headers_new();
	if (own->token.bytes) {
		http_headers_add(lane->headers, "Authorization: Bearer ", &own->token);
	} else {
		http_headers_add(lane->headers, "X-Auth-Email: ", &own->email);
		http_headers_add(lane->headers, "X-Auth-Key: ", &own->key);
	}
	const struct crypt_part parts[] = {{own->token.bytes, own->token.length},
		{own->email.bytes, own->email.length}, {own->key.bytes, own->key.length}};
	crypt_keyed_hash(key, parts, ARRAY_SIZE(parts), hash);
	crypt_to_hex(hash, sizeof(hash), lane->fingerprint);
	return lane;
}

void lane_free(struct lane *lane)
{
	http_headers_free(lane->headers);
	credentials_release(&lane->credentials);
	error_release(&lane->failure);
	free(lane);
}

void lane_say_slow(
	struct lane *lane, int64_t wait_ms, int64_t now_ms, const struct event_sink *sink)
{
	int64_t from_ms = now_ms > lane->wait_counted_ms ? now_ms : lane->wait_counted_ms;

	if (now_ms < lane->quiet_until_ms)
		return;
	if (now_ms + wait_ms > from_ms) {
		lane->unsaid_wait_ms += now_ms + wait_ms - from_ms;
		lane->wait_counted_ms = now_ms + wait_ms;
	}
	if (lane->unsaid_wait_ms < SLOW_DOWN_SAID_MS)
		return;
	lane->unsaid_wait_ms = 0;
	lane->quiet_until_ms =
		now_ms + (wait_ms < SLOW_DOWN_SAID_MS ? SLOW_DOWN_AGAIN_MS : wait_ms);
	event_emit(sink, &(struct event){.type = EVENT_SLOW_DOWN,
				 .text = "the token's rate limit is almost used up",
				 .wait_ms = wait_ms});
}
