/*
 * A clock that a test moves, linked in place of base/clock. It shows milliseconds since a test
 * began, and since 1970 those after FAKE_CLOCK_UNIX_MS, which a test may define before.
 */
#ifndef TESTS_UNIT_FAKE_CLOCK_H
#define TESTS_UNIT_FAKE_CLOCK_H

#include "base/clock.h"

#ifndef FAKE_CLOCK_UNIX_MS
#define FAKE_CLOCK_UNIX_MS 0
#endif

static int64_t now_ms;

int64_t clock_monotonic_ms(void)
{
	return now_ms;
}

int64_t clock_monotonic_us(void)
{
	return now_ms * 1000;
}

int64_t clock_unix_ms(void)
{
	return FAKE_CLOCK_UNIX_MS + now_ms;
}

int64_t clock_unix_seconds(void)
{
	return clock_unix_ms() / 1000;
}

#endif
