#include "base/scrub.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	LONG_LINE = 8,   /* bytes; a shorter line of a secret is no secret */
	LONG_START = 24, /* bytes; so much of a secret is recognized where a text is cut */
};

struct scrub_entry {
	const char *bytes;
	size_t length;
	size_t earlier; /* entry with the same first byte, + 1; 0: none */
};

static void know(struct scrub *scrub, const char *bytes, size_t length)
{
	if (!length)
		return;
	size_t *newest = &scrub->newest[(unsigned char)bytes[0]];
	scrub->entries =
		mem_room(scrub->entries, scrub->count, &scrub->room, sizeof(*scrub->entries));
	scrub->entries[scrub->count] = (struct scrub_entry){bytes, length, *newest};
	*newest = ++scrub->count;
}

void scrub_know(struct scrub *scrub, const struct secret *secret)
{
	know(scrub, secret->bytes, secret->length);
}

void scrub_know_text(struct scrub *scrub, const char *bytes, size_t length)
{
	while (length && (bytes[length - 1] == '\r' || bytes[length - 1] == '\n'))
		length--;
	know(scrub, bytes, length);
	if (!length || !memchr(bytes, '\n', length))
		return;
	for (size_t from = 0, size; from < length; from += size + 1) {
		const char *end = memchr(bytes + from, '\n', length - from);
		size = end ? (size_t)(end - bytes) - from : length - from;
		if (size >= LONG_LINE)
			know(scrub, bytes + from, size - (bytes[from + size - 1] == '\r'));
	}
}

void scrub_release(struct scrub *scrub)
{
	mem_free(scrub->entries);
	*scrub = (struct scrub){0};
}

/* Reads \uXXXX, six bytes. */
static bool read_unit(const char *text, size_t length, uint32_t *ret_unit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	if (length < 6 || text[0] != '\\' || text[1] != 'u')
		return false;
	*ret_unit = 0;
	for (size_t i = 2; i < 6; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
		if (!digit)
			return false;
		*ret_unit = *ret_unit << 4 | (uint32_t)((digit - digits) % 16);
	}
	return true;
}

static size_t put_utf8(uint32_t code, char bytes[static 4])
{
	if (code < 0x80) {
		bytes[0] = (char)code;
		return 1;
	}
	size_t count = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = count - 1; i > 0; i--, code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)((0xf00 >> count & 0xff) | code);
	return count;
}

/*
 * Reads one character of a JSON string (RFC 8259, section 7): returns how many bytes of the text
 * it takes, and the bytes it stands for.
 */
static size_t read_character(
	const char *text, size_t length, char bytes[static 4], size_t *ret_count)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	uint32_t code, low;

	if (read_unit(text, length, &code)) {
		bool is_pair = code >> 10 == 0xd800 >> 10 &&
			       read_unit(text + 6, length - 6, &low) && low >> 10 == 0xdc00 >> 10;
		if (is_pair)
			code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
		*ret_count = put_utf8(code, bytes);
		return is_pair ? 12 : 6;
	}
	bool is_escape = text[0] == '\\' && length > 1 && text[1];
	const char *letter = is_escape ? strchr(letters, text[1]) : NULL;
	bytes[0] = letter ? meant[letter - letters] : text[0];
	*ret_count = 1;
	return letter ? 2 : 1;
}

/* How many bytes of the text are the secret, plain or with escapes; 0: it is not here. */
static size_t match(const char *text, size_t length, const struct scrub_entry *secret)
{
	bool is_plain =
		secret->length <= length && memcmp(text, secret->bytes, secret->length) == 0;
	size_t plain = is_plain ? secret->length : 0, at = 0, done = 0, count;
	char bytes[4];

	while (done < secret->length) {
		if (at == length)
			return plain;
		at += read_character(text + at, length - at, bytes, &count);
		if (count > secret->length - done ||
			memcmp(bytes, secret->bytes + done, count) != 0)
			return plain;
		done += count;
	}
	return plain > at ? plain : at;
}

/*
 * How many bytes the longest secret takes at the start of the text. It begins with the first byte,
 * or with the byte that is escaped there. Sets *is_short if one of them is too short to mark.
 */
static size_t longest_match(
	const struct scrub *scrub, const char *text, size_t length, bool *is_short)
{
	char first[4];
	size_t count, longest = 0;

	if (!scrub->entries)
		return 0;
	(void)read_character(text, length, first, &count);
	bool is_escaped = first[0] != text[0];
	first[1] = text[0];
	for (int i = !is_escaped; i < 2; i++) {
		const struct scrub_entry *entry;
		for (size_t at = scrub->newest[(unsigned char)first[i]]; at; at = entry->earlier) {
			entry = &scrub->entries[at - 1];
			size_t matched = match(text, length, entry);
			if (matched > longest)
				longest = matched;
			*is_short |= matched && entry->length < SCRUB_SHORTEST;
		}
	}
	return longest;
}

void scrub_add(struct str *out, const char *text, size_t length, const struct scrub *scrub)
{
	struct str kept CLEANUP(str_release) = {0};
	size_t covered = 0; /* the end of the secrets found so far, which may overlap */
	size_t end = length < SCRUB_TEXT_LIMIT ? length : SCRUB_TEXT_LIMIT;
	bool is_short = false;

	for (size_t at = 0; at < end && !is_short; at++) {
		size_t matched =
			scrub ? longest_match(scrub, text + at, length - at, &is_short) : 0;
		if (matched && at >= covered)
			str_text_add(&kept, SCRUB_MARK);
		else if (at >= covered)
			str_char(&kept, text[at]);
		if (at + matched > covered)
			covered = at + matched;
	}
	if (is_short)
		str_text_add(out, SCRUB_WITHHELD);
	else
		str_add(out, str_text(&kept), kept.length);
}

bool scrub_finds(const struct scrub *scrub, const char *text, size_t length)
{
	struct scrub starts CLEANUP(scrub_release) = {0};
	size_t found = 0;
	bool is_short = false;

	for (size_t i = 0; i < scrub->count; i++) {
		const struct scrub_entry *entry = &scrub->entries[i];
		know(&starts, entry->bytes,
			entry->length < LONG_START ? entry->length : LONG_START);
	}
	for (size_t at = 0; at < length && !found; at++)
		found = longest_match(&starts, text + at, length - at, &is_short);
	return found > 0;
}
