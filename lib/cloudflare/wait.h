/*
 * Waiting on the client when there is nothing else to do: until it is idle, or until a moment. An
 * interrupt ends both; then the client must not be used again.
 */
#ifndef CLOUDFLARE_WAIT_H
#define CLOUDFLARE_WAIT_H

#include "cloudflare/listing.h"

/* Borrows the answer. */
typedef void wait_take(void *context, struct client_answer *answer);

/* Passes each answer to `take` until the client is idle. False: ERROR_INTERRUPTED. */
bool wait_for_answers(const struct live_input *input, wait_take *take, void *context,
	struct error *err) MUST_CHECK;

/* Until clock_monotonic_ms is due_ms. The client must be idle. False: ERROR_INTERRUPTED. */
bool wait_until(const struct live_input *input, int64_t due_ms, struct error *err) MUST_CHECK;

#endif
