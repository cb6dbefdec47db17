#include "live/retry.h"

/* 0.5 s, doubled each time, at most 8 s, a random part of up to a quarter less. */
static int64_t backoff_ms(const struct retry_input *input)
{
	int doublings = input->attempt < 5 ? input->attempt - 1 : 4;
	int64_t wait_ms = (int64_t)500 << doublings;

	return wait_ms - wait_ms * input->jitter / 1024;
}

static struct retry_verdict again(const struct retry_input *input, int64_t least_ms)
{
	int64_t wait_ms = input->retry_after_ms >= 0 ? input->retry_after_ms : backoff_ms(input);

	if (wait_ms < least_ms)
		wait_ms = least_ms;
	if (wait_ms > RETRY_LONGEST_WAIT_MS)
		return (struct retry_verdict){RETRY_GIVE_UP, wait_ms};
	return (struct retry_verdict){RETRY_AGAIN, wait_ms};
}

static struct retry_verdict again_or_give_up(const struct retry_input *input)
{
	if (input->attempt >= RETRY_ATTEMPTS)
		return (struct retry_verdict){RETRY_GIVE_UP, 0};
	return again(input, 0);
}

/* 408 and the 5xx that come from something in between, or from trouble that passes. */
static bool may_pass(int status)
{
	return status == 408 || (status >= 500 && status != 501 && status != 505);
}

static struct retry_verdict unclear(const struct retry_input *input)
{
	if (input->safety != RETRY_UNSAFE && input->attempt < RETRY_ATTEMPTS)
		return again(input, 0);
	if (input->safety == RETRY_SAFE)
		return (struct retry_verdict){RETRY_GIVE_UP, 0};
	return (struct retry_verdict){RETRY_LOOK, 0};
}

struct retry_verdict retry_decide(const struct retry_input *input)
{
	const struct retry_verdict give_up = {RETRY_GIVE_UP, 0};

	if (input->safety == RETRY_ONCE)
		return give_up;
	if (input->is_throttled) /* refused before any work: safe for whatever it was */
		return input->attempt < RETRY_THROTTLE_ATTEMPTS ? again(input, 1000) : give_up;
	switch (input->seen) {
	case RETRY_NEVER:
		return give_up;
	case RETRY_NOT_SENT:
		return again_or_give_up(input);
	case RETRY_SAW_NOTHING:
		return unclear(input);
	case RETRY_SAW_BROKEN:
		/* A redirect or a page with 4xx was not the API: nothing was done. */
		return input->status / 100 == 3 ||
				       (input->status / 100 == 4 && input->status != 408)
			       ? give_up
			       : unclear(input);
	case RETRY_SAW_ANSWER:
		return may_pass(input->status) ? unclear(input) : give_up;
	}
	return give_up;
}
