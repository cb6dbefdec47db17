#include "base/moment.h"

#include "base/text.h"

#include <string.h>

enum { DAY_SECONDS = 86400, SECOND_NS = 1000000000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Reads text by a pattern, in which a digit stands for a number of so many digits and any other
 * character for itself. Returns where the text continues; NULL: it does not match.
 */
static const char *read_numbers(const char *text, const char *pattern, int *ret_numbers)
{
	for (; *pattern; pattern++) {
		if (!is_digit(*pattern)) {
			if (*text++ != *pattern)
				return NULL;
			continue;
		}
		*ret_numbers = 0;
		for (int digits = *pattern - '0'; digits > 0; digits--, text++) {
			if (!is_digit(*text))
				return NULL;
			*ret_numbers = *ret_numbers * 10 + (*text - '0');
		}
		ret_numbers++;
	}
	return text;
}

/* Days since 1970-01-01, for years from 0 on; false: there is no such day. */
static bool read_day(const int date[static 3], int64_t *ret_days)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = date[0], month = date[1], day = date[2];
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month < 1 || month > 12 || day < 1 ||
		day > lengths[month - 1] + (month == 2 && is_leap))
		return false;
	/* Years start in March here: the leap day is then the last one. */
	int64_t y = (int64_t)year - (month <= 2) + 400; /* not below 0 */
	int64_t m = month > 2 ? month - 3 : month + 9;
	*ret_days =
		y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468 - 146097;
	return true;
}

/* The fraction and the zone: all that follows the seconds. */
static bool read_rest(const char *text, struct moment *moment)
{
	int zone[2] = {0};

	if (*text == '.') {
		int32_t unit = SECOND_NS / 10;
		if (!is_digit(*++text))
			return false;
		for (; is_digit(*text); text++, unit /= 10) {
			moment->nanoseconds += (*text - '0') * unit;
			moment->digits += moment->digits < 9;
		}
	}
	if (*text == 'Z' || *text == 'z')
		return !text[1];
	int sign = *text == '+' ? 1 : *text == '-' ? -1 : 0;
	text = sign ? read_numbers(text + 1, "2:2", zone) : NULL;
	if (!text || *text || zone[0] > 23 || zone[1] > 59)
		return false;
	int minutes = sign * (zone[0] * 60 + zone[1]);
	moment->seconds -= (int64_t)minutes * 60;
	return true;
}

bool moment_read(const char *text, struct moment *ret_moment)
{
	struct moment moment = {0};
	int date[3], time[3];
	int64_t days;

	text = text ? read_numbers(text, "4-2-2", date) : NULL;
	if (!text || !read_day(date, &days) || (*text != 'T' && *text != 't'))
		return false;
	text = read_numbers(text + 1, "2:2:2", time);
	if (!text || time[0] > 23 || time[1] > 59 || time[2] > 60)
		return false;
	int seconds = (time[0] * 60 + time[1]) * 60 + time[2];
	moment.seconds = days * DAY_SECONDS + seconds;
	if (!read_rest(text, &moment))
		return false;
	if (time[2] == 60 && moment.seconds % DAY_SECONDS != 0)
		return false; /* leap seconds occur only at the end of a UTC day */
	*ret_moment = moment;
	return true;
}

/* How much later the fraction of `a` is, at the precision of the coarser one. */
static int32_t fraction_after_ns(const struct moment *a, const struct moment *b)
{
	int32_t unit = 1;

	for (unsigned digits = a->digits < b->digits ? a->digits : b->digits; digits < 9; digits++)
		unit *= 10;
	return (a->nanoseconds / unit - b->nanoseconds / unit) * unit;
}

enum moment_order moment_compare(const char *text, const char *than)
{
	struct moment a, b;

	if (!moment_read(text, &a) || !moment_read(than, &b))
		return MOMENT_UNKNOWN;
	int64_t after = a.seconds != b.seconds ? a.seconds - b.seconds : fraction_after_ns(&a, &b);
	return after < 0 ? MOMENT_EARLIER : after > 0 ? MOMENT_LATER : MOMENT_SAME;
}

bool moment_is_other(const char *text, const char *than)
{
	if (!text || !than || strcmp(text, than) == 0)
		return false; /* the usual case, and comparing text is much faster */
	enum moment_order order = moment_compare(text, than);
	return order == MOMENT_EARLIER || order == MOMENT_LATER;
}

int64_t moment_after_us(const struct moment *moment, const struct moment *than)
{
	return (moment->seconds - than->seconds) * 1000000 + fraction_after_ns(moment, than) / 1000;
}

const char *moment_latest(const char *known, const char *news)
{
	struct moment moment;

	if (known && news && strcmp(known, news) == 0)
		return known;
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
