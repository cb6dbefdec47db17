#include "live/pace.h"

struct pace pace_init(void)
{
	return (struct pace){.remaining = -1};
}

int64_t pace_wait_ms(const struct pace *pace, int64_t now_ms)
{
	return pace->next_at_ms > now_ms ? pace->next_at_ms - now_ms : 0;
}

static void hold_until(struct pace *pace, int64_t at_ms)
{
	if (pace->next_at_ms < at_ms)
		pace->next_at_ms = at_ms;
}

void pace_started(struct pace *pace, int64_t now_ms)
{
	if (pace->remaining < 0)
		return;
	if (now_ms >= pace->reset_at_ms) {
		pace->remaining = -1; /* a new budget, of which nothing was said yet */
		return;
	}
	if (pace->remaining > 0)
		pace->remaining--;
	if (pace->remaining >= PACE_RESERVE)
		return;
	int64_t left_ms = pace->reset_at_ms - now_ms;
	hold_until(pace, now_ms + (pace->remaining ? left_ms / pace->remaining : left_ms));
}

void pace_told(struct pace *pace, int64_t now_ms, int64_t remaining, int64_t reset_ms)
{
	bool is_new_window = now_ms >= pace->reset_at_ms;

	/* Answers overtake one another: within a window only the lowest counts. */
	if (pace->remaining < 0 || is_new_window || remaining < pace->remaining)
		pace->remaining = remaining;
	if (pace->remaining >= 0 && (is_new_window || pace->reset_at_ms == 0))
		pace->reset_at_ms = now_ms + reset_ms;
	if (pace->remaining == 0)
		hold_until(pace, pace->reset_at_ms);
}

void pace_blocked(struct pace *pace, int64_t now_ms, int64_t wait_ms)
{
	hold_until(pace, now_ms + wait_ms);
}
