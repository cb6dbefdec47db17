#include "dates.h"

#include <ctype.h>
#include <string.h>

bool dates_find(const char *name, enum date_form *ret_form)
{
	static const char *const names[] = {
		[DATES_MICRO] = "micro",
		[DATES_MILLI] = "milli",
		[DATES_SECONDS] = "seconds",
		[DATES_OFFSET] = "offset",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_form = (enum date_form)i;
			return true;
		}
	}
	return false;
}

void dates_put(struct json_writer *writer, const char *key, const char *date, enum date_form form)
{
	struct str text CLEANUP(str_release) = {0};
	size_t length = strlen(date), kept = strcspn(date, ".Z");

	if (form == DATES_MICRO || !length || date[length - 1] != 'Z') {
		json_put_text(writer, key, date);
		return;
	}
	if (form == DATES_OFFSET)
		kept = length - 1;
	else if (form == DATES_MILLI && date[kept] == '.' && kept + 4 < length)
		kept += 4;
	str_add(&text, date, kept);
	str_text_add(&text, form == DATES_OFFSET ? "+00:00" : "Z");
	json_put_text(writer, key, str_text(&text));
}

/* Moves *at past `count` digits and the character that follows them (0: none has to). */
static bool read_digits(const char **at, size_t count, char then, int64_t *ret_number)
{
	*ret_number = 0;
	for (; count; count--, ++*at) {
		if (!isdigit((unsigned char)**at))
			return false;
		*ret_number = *ret_number * 10 + (**at - '0');
	}
	if (then && *(*at)++ != then)
		return false;
	return true;
}

/* Years begin with March, so that the day of a leap year is the last. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month < 3 ? year - 1 : year, m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Six digits of it count. */
static int64_t read_fraction(const char **at)
{
	int64_t us = 0, unit = 100000;

	if (**at != '.')
		return 0;
	for (++*at; isdigit((unsigned char)**at); ++*at, unit /= 10)
		us += unit * (**at - '0');
	return us;
}

static bool read_offset(const char *at, int64_t *ret_minutes)
{
	int64_t hours = 0, minutes = 0;
	char sign = *at;

	*ret_minutes = 0;
	if (sign == 'Z')
		return !at[1];
	if (sign != '+' && sign != '-')
		return false;
	at++;
	if (!read_digits(&at, 2, ':', &hours) || !read_digits(&at, 2, 0, &minutes) || *at)
		return false;
	*ret_minutes = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
	return true;
}

bool dates_parse(const char *text, int64_t *ret_us)
{
	int64_t year, month, day, hour, minute, second, offset;
	const char *at = text;

	if (!read_digits(&at, 4, '-', &year) || !read_digits(&at, 2, '-', &month) ||
		!read_digits(&at, 2, 0, &day) || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	int64_t seconds = days_since_1970(year, month, day) * 86400;
	*ret_us = seconds * 1000000;
	if (!*at)
		return true;
	if (*at++ != 'T' || !read_digits(&at, 2, ':', &hour) ||
		!read_digits(&at, 2, ':', &minute) || !read_digits(&at, 2, 0, &second))
		return false;
	int64_t us = read_fraction(&at);
	if (!read_offset(at, &offset))
		return false;
	seconds += hour * 3600 + (minute - offset) * 60 + second;
	*ret_us = seconds * 1000000 + us;
	return true;
}
