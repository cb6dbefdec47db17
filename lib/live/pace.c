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
	pace->under_way++;
	if (pace->remaining < 0 || now_ms >= pace->reset_at_ms)
		return; /* nothing was said of the budget that counts now */
	int64_t left = pace->remaining - pace->under_way;
	int64_t left_ms = pace->reset_at_ms - now_ms;
	if (left < PACE_RESERVE)
		hold_until(pace, now_ms + (left > 0 ? left_ms / left : left_ms));
}

void pace_ended(struct pace *pace)
{
	pace->under_way--;
}

void pace_told(struct pace *pace, int64_t now_ms, int64_t remaining, int64_t reset_ms)
{
	if (reset_ms > PACE_LONGEST_WAIT_MS)
		reset_ms = PACE_LONGEST_WAIT_MS; /* then we ask, and are told to wait if we must */
	pace->remaining = remaining;
	pace->reset_at_ms = now_ms + reset_ms;
	if (remaining == 0)
		hold_until(pace, pace->reset_at_ms);
}

void pace_blocked(struct pace *pace, int64_t now_ms, int64_t wait_ms)
{
	hold_until(pace, now_ms + wait_ms);
}
