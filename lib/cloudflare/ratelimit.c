#include "cloudflare/ratelimit.h"

#include <string.h>

static const char digits[] = "0123456789";
static const char key_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.*";

/* A part of the header: an item, or a key or value of a parameter. */
struct part {
	const char *text;
	size_t length;
};

static const char *skip_spaces(const char *at)
{
	return at + strspn(at, " \t");
}

/* The end of a text in quotes, where a backslash escapes the next character; NULL: none. */
static const char *skip_quoted(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && !*++at)
			return NULL;
	return *at ? at + 1 : NULL;
}

/* The end of a bare item: text in quotes, bytes between colons, or a number or token. */
static const char *skip_bare_item(const char *at)
{
	if (*at == '"')
		return skip_quoted(at);
	if (*at != ':')
		return at + strcspn(at, ";, \t\"()");
	at = strchr(at + 1, ':');
	return at ? at + 1 : NULL;
}

/* A whole number from 0, of at most 15 digits (RFC 9651); else -1. */
static int64_t number_of(struct part value)
{
	int64_t number = 0;

	if (value.length == 0 || value.length > 15 || strspn(value.text, digits) < value.length)
		return -1;
	for (size_t i = 0; i < value.length; i++)
		number = number * 10 + (value.text[i] - '0');
	return number;
}

static int64_t milliseconds_of(struct part value)
{
	int64_t seconds = number_of(value);

	return seconds < 0 ? -1 : (seconds < INT32_MAX ? seconds : INT32_MAX) * 1000;
}

static bool is_text(struct part part, const char *text)
{
	return part.length == strlen(text) && memcmp(part.text, text, part.length) == 0;
}

static void add_name(struct ratelimit_item *item, struct part part)
{
	size_t used = strlen(item->name), room = sizeof(item->name) - 1 - used;

	memcpy(item->name + used, part.text, part.length < room ? part.length : room);
}

/* False: the item counts something other than requests. */
static bool take_parameter(struct ratelimit_item *item, struct part key, struct part value)
{
	if (is_text(key, "r"))
		item->remaining = number_of(value);
	else if (is_text(key, "t"))
		item->reset_ms = milliseconds_of(value);
	else if (is_text(key, "q"))
		item->quota = number_of(value);
	else if (is_text(key, "w"))
		item->window_ms = milliseconds_of(value);
	else if (is_text(key, "pk"))
		add_name(item, value);
	return !is_text(key, "qu") || is_text(value, "\"requests\"");
}

/* Reads any number of `;key=value`. Returns their end; NULL: the syntax is wrong. */
static const char *read_parameters(const char *at, struct ratelimit_item *item, bool *ret_counts)
{
	for (at = skip_spaces(at); *at == ';'; at = skip_spaces(at)) {
		struct part key = {skip_spaces(at + 1), 0}, value = {"", 0};
		key.length = strspn(key.text, key_characters);
		at = key.text + key.length;
		if (!key.length)
			return NULL;
		if (*at == '=') {
			value.text = ++at;
			at = skip_bare_item(at);
			if (!at)
				return NULL;
			value.length = (size_t)(at - value.text);
		}
		*ret_counts = take_parameter(item, key, value) && *ret_counts;
	}
	return at;
}

/* Fewer requests left, or as many for a longer time. What is not known (-1) is most. */
static bool is_tighter(const struct ratelimit_item *item, const struct ratelimit_item *than)
{
	return (uint64_t)item->remaining < (uint64_t)than->remaining ||
	       (item->remaining == than->remaining && item->reset_ms > than->reset_ms);
}

/*
 * Adds an item. Of two with the same name, each number is that of the tighter one. If there is no
 * room, it replaces the loosest item, unless that is tighter.
 */
static void add_item(struct ratelimit *limit, const struct ratelimit_item *read)
{
	struct ratelimit_item *item = limit->items, *end = item + limit->count, *loosest = item;

	for (; item < end && strcmp(item->name, read->name) != 0; item++)
		if (is_tighter(loosest, item))
			loosest = item;
	if (item == end && limit->count < RATELIMIT_ITEMS) {
		limit->items[limit->count++] = *read;
		return;
	}
	if (item == end) {
		if (is_tighter(read, loosest))
			*loosest = *read;
		return;
	}
	if (read->remaining >= 0 && (uint64_t)read->remaining <= (uint64_t)item->remaining) {
		item->remaining = read->remaining;
		item->reset_ms = read->reset_ms;
	}
	if (read->quota >= 0 && (uint64_t)read->quota <= (uint64_t)item->quota) {
		item->quota = read->quota;
		item->window_ms = read->window_ms;
	}
}

/* Returns the end of the item; NULL: the syntax is wrong. */
static const char *read_item(const char *at, struct ratelimit *limit)
{
	struct ratelimit_item item = {"", -1, -1, -1, -1};
	struct part name = {at, 0};
	bool counts = true, is_quoted = *at == '"';

	at = skip_bare_item(at);
	if (!at || at == name.text)
		return NULL;
	name.text += is_quoted;
	name.length = (size_t)(at - is_quoted - name.text);
	add_name(&item, name);
	at = read_parameters(at, &item, &counts);
	if (!at || (*at && *at != ','))
		return NULL;
	if (counts && (item.remaining >= 0 || item.quota >= 0))
		add_item(limit, &item);
	return at;
}

/* After a broken item, reading continues after its comma: that may be another line. */
static void read_list(const char *at, struct ratelimit *limit)
{
	for (at = skip_spaces(at); *at; at = skip_spaces(at)) {
		if (*at == ',') { /* an empty line among several leaves one */
			at++;
			continue;
		}
		const char *end = read_item(at, limit);
		at = end ? end : at + strcspn(at, ",");
	}
}

void ratelimit_read(const char *limits, const char *policies, struct ratelimit *ret_limit)
{
	*ret_limit = (struct ratelimit){.count = 0};
	read_list(policies, ret_limit);
	read_list(limits, ret_limit);
}

const struct ratelimit_item *ratelimit_tightest(const struct ratelimit *limit)
{
	const struct ratelimit_item *tightest = NULL;

	for (size_t i = 0; i < limit->count; i++) {
		const struct ratelimit_item *item = &limit->items[i];
		if (item->remaining >= 0 && (!tightest || is_tighter(item, tightest)))
			tightest = item;
	}
	return tightest;
}
