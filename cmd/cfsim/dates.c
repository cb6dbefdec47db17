#include "dates.h"

#include "base/moment.h"

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

bool dates_parse(const char *text, int64_t *ret_us)
{
	struct str whole CLEANUP(str_release) = {0};
	struct moment moment;

	str_format(&whole, "%s%s", text, strchr(text, 'T') ? "" : "T00:00:00Z");
	if (!moment_read(str_text(&whole), &moment))
		return false;
	*ret_us = moment.seconds * 1000000 + moment.nanoseconds / 1000;
	return true;
}
