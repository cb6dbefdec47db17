#include "live/retry.h"

/* `base_ms`, doubled each time, at most `limit_ms`. */
static int64_t doubled_ms(int attempt, int64_t base_ms, int64_t limit_ms)
{
	int64_t wait_ms = base_ms;

	for (int i = 1; i < attempt && wait_ms < limit_ms; i++)
		wait_ms *= 2;
	return wait_ms < limit_ms ? wait_ms : limit_ms;
}

/* 0.5 s to 8 s, a random part of up to a quarter less. */
static int64_t backoff_ms(const struct retry_input *input)
{
	int64_t wait_ms = doubled_ms(input->attempt, 500, 8000);

	return wait_ms - wait_ms * input->jitter / 1024;
}

/* 1 s to 60 s, a random part of up to a quarter more: in sum they outlast five minutes. */
static int64_t throttled_ms(const struct retry_input *input)
{
	int64_t wait_ms = doubled_ms(input->attempt, 1000, 60000);

	if (input->retry_after_ms < 0)
		return wait_ms + wait_ms * input->jitter / 1024;
	return input->retry_after_ms < 1000 ? 1000 : input->retry_after_ms;
}

static struct retry_verdict after(
	enum retry_verb verb, int64_t wait_ms, const struct retry_input *input)
{
	return (struct retry_verdict){
		verb, wait_ms, input->retry_after_ms >= 0, wait_ms > input->max_wait_ms};
}

static struct retry_verdict at_once(enum retry_verb verb)
{
	return (struct retry_verdict){.verb = verb};
}

static struct retry_verdict again(const struct retry_input *input)
{
	return after(RETRY_AGAIN,
		input->retry_after_ms >= 0 ? input->retry_after_ms : backoff_ms(input), input);
}

/* What is to be done in place of sending it again. */
static struct retry_verdict last(const struct retry_input *input)
{
	return at_once(input->safety == RETRY_SAFE || !retry_leaves_open(input) ? RETRY_GIVE_UP
										: RETRY_LOOK);
}

/* Refused for now, whatever it was. The lane pauses, even if this call is not sent again. */
static struct retry_verdict throttled(const struct retry_input *input)
{
	bool is_last = input->safety == RETRY_UNSAFE || input->attempt >= RETRY_THROTTLE_ATTEMPTS;

	return after(is_last ? last(input).verb : RETRY_AGAIN, throttled_ms(input), input);
}

/* Trouble of the server, or of something in between, that may be over soon. */
static bool may_pass(const struct retry_input *input)
{
	int status = input->status;

	if (input->seen == RETRY_SAW_NOTHING || status == 408 || status == 425)
		return true;
	if (input->seen == RETRY_SAW_WORD)
		return status >= 500 && status != 501 && status != 505;
	return status / 100 != 3 && status / 100 != 4; /* half a text, with any status */
}

struct retry_verdict retry_decide(const struct retry_input *input)
{
	if (input->safety == RETRY_ONCE)
		return at_once(RETRY_GIVE_UP);
	if (input->is_throttled)
		return throttled(input);
	switch (input->seen) {
	case RETRY_NEVER:
		return at_once(RETRY_GIVE_UP);
	case RETRY_NOT_SENT:
		return input->attempt < RETRY_ATTEMPTS ? again(input) : at_once(RETRY_GIVE_UP);
	case RETRY_SAW_NOTHING:
	case RETRY_SAW_BROKEN:
	case RETRY_SAW_WORD:
		break;
	}
	if (input->safety == RETRY_UNSAFE || input->attempt >= RETRY_ATTEMPTS || !may_pass(input))
		return last(input);
	return again(input);
}

bool retry_says_nothing(const struct retry_input *input)
{
	return !input->is_throttled &&
	       (input->seen == RETRY_SAW_NOTHING || input->seen == RETRY_SAW_BROKEN);
}

bool retry_leaves_open(const struct retry_input *input)
{
	bool is_word = input->seen == RETRY_SAW_WORD;

	return input->is_throttled || retry_says_nothing(input) ||
	       (is_word && (input->status >= 500 || input->status == 408 || input->status == 425));
}
