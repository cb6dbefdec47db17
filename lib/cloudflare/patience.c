#include "cloudflare/patience.h"

#include "base/mem.h"

enum { OTHER_RUN_MS = 2000 };

static const int64_t looks_ms[] = {500, 1000, 2000, 4000, 8000, 15000, 30000};

static int64_t shorter(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

int64_t patience_next_look_ms(int64_t patience_ms, int64_t looked_ms)
{
	if (looked_ms >= patience_ms)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(looks_ms); i++)
		if (looks_ms[i] > looked_ms)
			return shorter(looks_ms[i], patience_ms);
	return patience_ms;
}

int64_t patience_recheck_ms(int64_t patience_ms, int64_t age_ms, size_t absences)
{
	if (absences < 2)
		return shorter(patience_ms, PATIENCE_PAUSE_MS);
	int64_t next_ms = patience_next_look_ms(patience_ms, age_ms);
	return next_ms < 0 ? -1 : next_ms - age_ms;
}

int64_t patience_age_ms(int64_t ended, int64_t now)
{
	if (ended == 0)
		return INT64_MAX / 2; /* leaves room for additions */
	return now > ended ? now - ended : 0;
}

int64_t patience_of_other_run_ms(int64_t patience_ms)
{
	return patience_ms + shorter(patience_ms, OTHER_RUN_MS);
}
