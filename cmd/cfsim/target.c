#include "target.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) % 16 : -1;
}

/* Decodes in place: what comes out is never longer. False: it does not stand for text. */
static bool decode(char *text, bool plus_is_space)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '%') {
			int high = hex_digit(from[1]);
			int low = high < 0 ? -1 : hex_digit(from[2]);
			if (low < 0 || high * 16 + low == 0)
				return false;
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = plus_is_space && *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
	return text_is_utf8(text, (size_t)(to - text), NULL);
}

const char *target_strip_base(const char *path)
{
	static const char base[] = "/client/v4";
	size_t length = sizeof(base) - 1;

	if (strncmp(path, base, length) == 0 && (path[length] == '/' || !path[length]))
		return path + length;
	return path;
}

static bool add_segments(struct target *target, char *path)
{
	if (*path++ != '/')
		return false;
	while (path) {
		char *slash = strchr(path, '/');
		if (slash)
			*slash = '\0';
		if (target->segment_count == TARGET_SEGMENTS) {
			target->segment_count++;
			return false;
		}
		if (!decode(path, false))
			return false;
		target->segments[target->segment_count++] = path;
		path = slash ? slash + 1 : NULL;
	}
	return true;
}

static bool add_pairs(struct target *target, char *query)
{
	while (query && *query) {
		char *end = strchr(query, '&');
		if (end)
			*end = '\0';
		char *value = strchr(query, '=');
		if (value)
			*value++ = '\0';
		else
			value = query + strlen(query);
		if (target->pair_count == TARGET_PAIRS)
			return false;
		if (!decode(query, true) || !decode(value, true))
			return false;
		target->pairs[target->pair_count++] = (struct target_pair){query, value};
		query = end ? end + 1 : NULL;
	}
	return true;
}

/* Two copies stand behind one another in one allocation: one to show, one to take apart. */
bool target_parse(struct target *target, const char *text)
{
	size_t size = strlen(text) + 2;

	target->memory = mem_alloc(2 * size);
	for (size_t copy = 0; copy < 2; copy++) {
		char *whole = memcpy(target->memory + copy * size, text, size - 1);
		char *mark = strchr(whole, '?');
		if (mark)
			*mark = '\0';
		char *path = whole + (target_strip_base(whole) - whole);
		target->has_base = path != whole;
		char *query = mark ? mark + 1 : whole + size - 2;
		if (copy)
			return add_segments(target, path) && add_pairs(target, query);
		target->path = path;
		target->query = query;
	}
	return false;
}

const char *target_query(const struct target *target, const char *key)
{
	for (size_t i = 0; i < target->pair_count; i++)
		if (strcmp(target->pairs[i].key, key) == 0)
			return target->pairs[i].value;
	return NULL;
}

void target_release(struct target *target)
{
	mem_free(target->memory);
	*target = (struct target){0};
}
