/* Time: durations (monotonic clock) and dates (UTC). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Time since an arbitrary moment; never goes back, and goes on during a suspend. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Time since 1970-01-01 UTC; goes back when the clock is set. */
int64_t clock_unix_seconds(void);
int64_t clock_unix_ms(void);

/* RFC 3339 in UTC: the current time in microseconds, or the given time in whole seconds. */
enum { CLOCK_TEXT_SIZE = 32 };
void clock_now_text(char text[static CLOCK_TEXT_SIZE]);
void clock_text(int64_t unix_seconds, char text[static CLOCK_TEXT_SIZE]);

#endif
