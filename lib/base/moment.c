#include "base/moment.h"

#include "base/text.h"

#include <string.h>

enum { DIGITS = 9 };

/* Reads `count` digits and moves on; false: there are fewer, or the number is not in the range. */
static bool read_number(const char **at, int count, int low, int high, int *ret_number)
{
	int number = 0;

	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		number = number * 10 + (**at - '0');
	}
	*ret_number = number;
	return number >= low && number <= high;
}

static bool read_char(const char **at, char wanted)
{
	bool is_there = **at == wanted || (wanted >= 'A' && **at == wanted - 'A' + 'a');

	*at += is_there;
	return is_there;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && is_leap ? 29 : days[month - 1];
}

/* From 1970-01-01; the year from 0 on. Years start in March: then the leap day is the last one. */
static int64_t days_since_1970(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2) + 400; /* not below 0 */
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468 - 146097;
}

static bool read_date(const char **at, int64_t *ret_days)
{
	int year, month, day;

	if (!read_number(at, 4, 0, 9999, &year) || !read_char(at, '-') ||
		!read_number(at, 2, 1, 12, &month) || !read_char(at, '-') ||
		!read_number(at, 2, 1, days_in(year, month), &day))
		return false;
	*ret_days = days_since_1970(year, month, day);
	return true;
}

static bool read_clock(const char **at, int *ret_seconds, bool *ret_leaps)
{
	int hour, minute, second;

	if (!read_number(at, 2, 0, 23, &hour) || !read_char(at, ':') ||
		!read_number(at, 2, 0, 59, &minute) || !read_char(at, ':') ||
		!read_number(at, 2, 0, 60, &second))
		return false;
	*ret_seconds = (hour * 60 + minute) * 60 + second;
	*ret_leaps = second == 60;
	return true;
}

static bool read_fraction(const char **at, struct moment *moment)
{
	int32_t unit = 100000000;

	if (!read_char(at, '.'))
		return true;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10) {
		moment->nanoseconds += (**at - '0') * unit;
		moment->digits += moment->digits < DIGITS;
	}
	return true;
}

static bool read_offset(const char **at, int *ret_seconds)
{
	bool is_west = **at == '-';
	int hours, minutes;

	*ret_seconds = 0;
	if (read_char(at, 'Z'))
		return true;
	if ((!read_char(at, '+') && !read_char(at, '-')) || !read_number(at, 2, 0, 23, &hours) ||
		!read_char(at, ':') || !read_number(at, 2, 0, 59, &minutes))
		return false;
	*ret_seconds = (hours * 60 + minutes) * (is_west ? -60 : 60);
	return true;
}

bool moment_read(const char *text, struct moment *ret_moment)
{
	enum { DAY = 86400 };
	struct moment moment = {0};
	int seconds, offset;
	bool leaps;
	int64_t days;

	if (!text || !read_date(&text, &days) || !read_char(&text, 'T') ||
		!read_clock(&text, &seconds, &leaps) || !read_fraction(&text, &moment) ||
		!read_offset(&text, &offset) || *text)
		return false;
	moment.seconds = days * DAY + seconds - offset;
	if (leaps && moment.seconds % DAY != 0)
		return false; /* a minute has 61 seconds only at the end of a day in UTC */
	*ret_moment = moment;
	return true;
}

/* The fraction, in as many digits. */
static int32_t cut(const struct moment *moment, unsigned digits)
{
	int32_t fraction = moment->nanoseconds;

	for (; digits < DIGITS; digits++)
		fraction /= 10;
	return fraction;
}

enum moment_order moment_compare(const char *text, const char *than)
{
	struct moment a, b;

	if (!moment_read(text, &a) || !moment_read(than, &b))
		return MOMENT_UNKNOWN;
	if (a.seconds != b.seconds)
		return a.seconds < b.seconds ? MOMENT_EARLIER : MOMENT_LATER;
	unsigned digits = a.digits < b.digits ? a.digits : b.digits;
	int32_t x = cut(&a, digits), y = cut(&b, digits);
	return x == y ? MOMENT_SAME : x < y ? MOMENT_EARLIER : MOMENT_LATER;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool moment_is_other(const char *text, const char *than)
{
	enum moment_order order =
		is_same_text(text, than) ? MOMENT_SAME : moment_compare(text, than);

	return order == MOMENT_EARLIER || order == MOMENT_LATER;
}

int64_t moment_after_us(const struct moment *moment, const struct moment *than)
{
	unsigned digits = moment->digits < than->digits ? moment->digits : than->digits;
	int64_t fraction = (int64_t)cut(moment, digits) - cut(than, digits);

	for (; digits < 6; digits++)
		fraction *= 10;
	for (; digits > 6; digits--)
		fraction /= 10;
	return (moment->seconds - than->seconds) * 1000000 + fraction;
}

const char *moment_latest(const char *known, const char *news)
{
	if (is_same_text(known, news))
		return known;
	struct moment moment;

	if (!moment_read(known, &moment))
		return !known || moment_read(news, &moment) ? news : known;
	return moment_compare(news, known) == MOMENT_LATER ? news : known;
}

void moment_add_visible(struct str *out, const char *text)
{
	struct moment moment;
	size_t whole = moment_read(text, &moment) ? strcspn(text, ".") : strlen(text);
	const char *rest = text + whole + (text[whole] == '.');

	rest += strspn(rest, "0123456789");
	text_add_visible(out, text, whole, 0);
	text_add_visible(out, rest, strlen(rest), 0);
}
