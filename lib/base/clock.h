/* Time: how long things take (monotonic) and when they happened (UTC). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Since some fixed moment; never goes back. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Since 1970 UTC; may go back. */
int64_t clock_unix_seconds(void);
int64_t clock_unix_ms(void);

/* RFC 3339 in UTC with microseconds: 2026-01-02T03:04:05.678901Z */
enum { CLOCK_TEXT_SIZE = 32 };
void clock_now_text(char text[static CLOCK_TEXT_SIZE]);

/* The same of a moment in seconds since 1970, to the second: 2026-01-02T03:04:05Z */
void clock_text(int64_t unix_seconds, char text[static CLOCK_TEXT_SIZE]);

#endif
