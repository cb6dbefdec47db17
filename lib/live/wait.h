/*
 * Waiting on the client, for those who have nothing else to do: until it has no call left, or until
 * a moment. A user who wants to stop ends either; then the client must not be used again.
 */
#ifndef LIVE_WAIT_H
#define LIVE_WAIT_H

#include "live/listing.h"

/* The answer is borrowed; its tag says what it is about. */
typedef void wait_take(void *context, struct client_answer *answer);

/* Hands each answer to `take` until there are no more. False: ERROR_INTERRUPTED. */
bool wait_for_answers(const struct live_input *input, wait_take *take, void *context,
	struct error *err) MUST_CHECK;

/* Until clock_monotonic_ms is due_ms; no call is under way. False: ERROR_INTERRUPTED. */
bool wait_until(const struct live_input *input, int64_t due_ms, struct error *err) MUST_CHECK;

#endif
