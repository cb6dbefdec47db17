#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct timespec read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now;
}

int64_t clock_monotonic_us(void)
{
	/* Goes on while a laptop is suspended, as Cloudflare and the holders of locks do. */
	struct timespec now = read_clock(CLOCK_BOOTTIME);

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

int64_t clock_unix_ms(void)
{
	struct timespec now = read_clock(CLOCK_REALTIME);

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_unix_seconds(void)
{
	return read_clock(CLOCK_REALTIME).tv_sec;
}

void clock_text(int64_t unix_seconds, char text[static CLOCK_TEXT_SIZE])
{
	time_t when = (time_t)unix_seconds;
	struct tm utc;

	gmtime_r(&when, &utc);
	strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void clock_now_text(char text[static CLOCK_TEXT_SIZE])
{
	struct timespec now = read_clock(CLOCK_REALTIME);

	clock_text(now.tv_sec, text);
	size_t zone = strlen(text) - 1;
	snprintf(text + zone, CLOCK_TEXT_SIZE - zone, ".%06ldZ", now.tv_nsec / 1000);
}
