#include "cloudflare/wait.h"

#include "base/clock.h"

static bool is_interrupted(const struct live_input *input, struct error *err)
{
	if (!input->interrupted || !*input->interrupted)
		return false;
	return !error_set_code(err, ERROR_INTERRUPTED, "interrupted before any changes were made");
}

bool wait_for_answers(
	const struct live_input *input, wait_take *take, void *context, struct error *err)
{
	while (client_busy(input->client)) {
		if (is_interrupted(input, err))
			return false;
		struct client_answer *answer = client_next(input->client, 1000);
		if (!answer)
			continue;
		take(context, answer);
		client_answer_free(answer);
	}
	return true;
}

bool wait_until(const struct live_input *input, int64_t due_ms, struct error *err)
{
	while (!is_interrupted(input, err)) {
		int64_t left_ms = due_ms - clock_monotonic_ms();
		if (left_ms <= 0)
			return true;
		(void)!client_next(input->client, left_ms);
	}
	return false;
}
