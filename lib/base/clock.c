#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

int64_t clock_unix_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t clock_unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Without the zone. */
static size_t write_time(time_t when, char text[static CLOCK_TEXT_SIZE])
{
	struct tm utc;

	gmtime_r(&when, &utc);
	return strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
}

void clock_now_text(char text[static CLOCK_TEXT_SIZE])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	size_t length = write_time(now.tv_sec, text);
	snprintf(text + length, CLOCK_TEXT_SIZE - length, ".%06ldZ", now.tv_nsec / 1000);
}

void clock_text(int64_t unix_seconds, char text[static CLOCK_TEXT_SIZE])
{
	size_t length = write_time((time_t)unix_seconds, text);

	snprintf(text + length, CLOCK_TEXT_SIZE - length, "Z");
}
