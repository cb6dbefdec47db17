#include "cloudflare/retry.h"

/* `base_ms`, doubled for each attempt, at most `limit_ms`. */
static int64_t doubled_ms(int attempt, int64_t base_ms, int64_t limit_ms)
{
	int64_t ms = base_ms;

	for (int i = 1; i < attempt && ms < limit_ms; i++)
		ms *= 2;
	return ms < limit_ms ? ms : limit_ms;
}

static int64_t wait_ms(const struct retry_input *input)
{
	int64_t asked_ms = input->retry_after_ms, ms;

	if (input->is_throttled && asked_ms >= 0)
		return asked_ms < 1000 ? 1000 : asked_ms;
	if (input->is_throttled) { /* up to a quarter more: the sum exceeds five minutes */
		ms = doubled_ms(input->attempt, 1000, 60000);
		return ms + ms * input->jitter / 1024;
	}
	if (asked_ms >= 0)
		return asked_ms;
	ms = doubled_ms(input->attempt, 500, 8000);
	return ms - ms * input->jitter / 1024;
}

/* Trouble of the server, or of something in between, that may soon be over. */
static bool may_pass(const struct retry_input *input)
{
	int status = input->status;

	if (input->seen == RETRY_SAW_NOTHING || status == 408 || status == 425)
		return true;
	if (input->seen == RETRY_SAW_REFUSAL)
		return status >= 500 && status != 501 && status != 505;
	return status / 100 != 3 && status / 100 != 4; /* half a text, with any status */
}

static bool is_sent_again(const struct retry_input *input)
{
	if (input->safety == RETRY_ONCE || input->seen == RETRY_NEVER)
		return false;
	if (input->is_throttled)
		return input->safety != RETRY_UNSAFE && input->attempt < RETRY_THROTTLE_ATTEMPTS;
	if (input->attempt >= RETRY_ATTEMPTS)
		return false;
	return input->seen == RETRY_NOT_SENT || (input->safety != RETRY_UNSAFE && may_pass(input));
}

struct retry_verdict retry_decide(const struct retry_input *input)
{
	bool is_refusal = input->seen == RETRY_SAW_REFUSAL, is_again = is_sent_again(input);
	bool is_unclear = input->seen == RETRY_SAW_NOTHING || input->seen == RETRY_SAW_BROKEN;
	bool is_trouble = input->status >= 500 || input->status == 408 || input->status == 425;
	bool needs_look = input->safety == RETRY_IDEMPOTENT || input->safety == RETRY_UNSAFE;
	struct retry_verdict verdict = {
		.verb = RETRY_GIVE_UP,
		.may_be_done = input->is_throttled || is_unclear || (is_refusal && is_trouble),
	};

	if (is_again)
		verdict.verb = RETRY_AGAIN;
	else if (needs_look && verdict.may_be_done)
		verdict.verb = RETRY_LOOK;
	if (is_again || (input->is_throttled && input->safety != RETRY_ONCE)) {
		verdict.wait_ms = wait_ms(input);
		verdict.is_asked = input->retry_after_ms >= 0;
		verdict.is_too_long = verdict.wait_ms > input->max_wait_ms;
	}
	return verdict;
}
