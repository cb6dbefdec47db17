#include "state/remote_retry.h"

static int64_t wait_ms(const struct remote_retry *retry)
{
	int64_t ms = 250;

	if (retry->retry_after_ms >= 0)
		return retry->retry_after_ms;
	for (int i = 1; i < retry->attempt && ms < 8000; i++)
		ms *= 2;
	return ms - ms * retry->jitter / 1024;
}

/*
 * RFC 9110, section 15.6: of 5xx, 501 and 505 will be the same next time. 408 and 425 ask for
 * another try (15.5.9; RFC 8470, 5.2), and so does 429 (RFC 6585, 4).
 */
static bool is_passing(int status)
{
	return status == 408 || status == 425 || status == 429 ||
	       (status >= 500 && status != 501 && status != 505);
}

struct remote_verdict remote_decide(const struct remote_retry *retry)
{
	int64_t limit_ms = retry->limit_ms;
	bool is_answer = retry->outcome == HTTP_ANSWERED;
	bool is_trouble = is_answer ? is_passing(retry->status) : retry->outcome != HTTP_NEVER;
	struct remote_verdict verdict = {
		/* 429 is said before the work, by whoever counts. */
		.may_be_done = is_answer ? is_trouble && retry->status != 429
					 : retry->outcome == HTTP_UNKNOWN,
		.wait_ms = wait_ms(retry),
	};

	if (retry->outcome == HTTP_NOT_SENT && !retry->is_stubborn && limit_ms > REMOTE_REACH_MS)
		limit_ms = REMOTE_REACH_MS;
	verdict.is_again = is_trouble && !(retry->is_once && verdict.may_be_done) &&
			   verdict.wait_ms <= REMOTE_WAIT_MS &&
			   retry->elapsed_ms + verdict.wait_ms < limit_ms;
	return verdict;
}
