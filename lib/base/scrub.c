#include "base/scrub.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct scrub_entry {
	const struct secret *secret;
	size_t earlier; /* of those with the same first byte, + 1; 0: none */
};

void scrub_know(struct scrub *scrub, const struct secret *secret)
{
	if (!secret->length)
		return;
	size_t *newest = &scrub->newest[(unsigned char)secret->bytes[0]];
	scrub->entries =
		mem_room(scrub->entries, scrub->count, &scrub->room, sizeof(*scrub->entries));
	scrub->entries[scrub->count] = (struct scrub_entry){secret, *newest};
	*newest = ++scrub->count;
}

void scrub_release(struct scrub *scrub)
{
	free(scrub->entries);
	*scrub = (struct scrub){0};
}

/* Four hexadecimal digits; false: they are none. */
static bool read_hex(const char *text, size_t length, uint32_t *ret_unit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint32_t unit = 0;

	for (size_t i = 0; i < 4; i++) {
		const char *digit = i < length && text[i] ? strchr(digits, text[i]) : NULL;
		if (!digit)
			return false;
		unit = unit << 4 | (uint32_t)((digit - digits) % 16);
	}
	*ret_unit = unit;
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

/* What is escaped at `text`, behind a backslash and a u; gives how many bytes that takes. */
static size_t read_unicode(const char *text, size_t length, char bytes[static 4], size_t *ret_count)
{
	uint32_t code, low;
	size_t used = 4;

	if (!read_hex(text, length, &code))
		return 0;
	if (code >> 10 == 0xd800 >> 10 && length > 6 && text[4] == '\\' && text[5] == 'u' &&
		read_hex(text + 6, length - 6, &low) && low >> 10 == 0xdc00 >> 10) {
		code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
		used = 10;
	}
	*ret_count = put_utf8(code, bytes);
	return used;
}

/*
 * One character of a JSON string: gives how many bytes of the text it takes, and the bytes that it
 * means. RFC 8259, section 7.
 */
static size_t read_character(
	const char *text, size_t length, char bytes[static 4], size_t *ret_count)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";

	*ret_count = 1;
	bytes[0] = text[0];
	if (text[0] != '\\' || length < 2 || !text[1])
		return 1;
	if (text[1] == 'u') {
		size_t used = read_unicode(text + 2, length - 2, bytes, ret_count);
		return used ? 2 + used : 1;
	}
	const char *letter = strchr(letters, text[1]);
	if (!letter)
		return 1;
	bytes[0] = meant[letter - letters];
	return 2;
}

/* How much of the text is the secret with escapes; 0: it is not there. */
static size_t match_escaped(const char *text, size_t length, const struct secret *secret)
{
	size_t at = 0, done = 0, count;
	char bytes[4];

	while (done < secret->length) {
		if (at == length)
			return 0;
		at += read_character(text + at, length - at, bytes, &count);
		if (count > secret->length - done ||
			memcmp(bytes, secret->bytes + done, count) != 0)
			return 0;
		done += count;
	}
	return at;
}

static size_t match(const char *text, size_t length, const struct secret *secret)
{
	bool is_plain =
		secret->length <= length && memcmp(text, secret->bytes, secret->length) == 0;
	size_t escaped = match_escaped(text, length, secret);

	return is_plain && secret->length > escaped ? secret->length : escaped;
}

/* What is here, and what was found of it. */
struct place {
	const char *text;
	size_t length;
	size_t longest; /* of the secrets here */
	bool is_short;  /* there is one that is too short to mark */
};

/* Looks at those that begin with this byte. */
static void match_all(const struct scrub *scrub, char first, struct place *place)
{
	const struct scrub_entry *entry;

	for (size_t i = scrub->newest[(unsigned char)first]; i; i = entry->earlier) {
		entry = &scrub->entries[i - 1];
		size_t matched = match(place->text, place->length, entry->secret);
		if (matched > place->longest)
			place->longest = matched;
		place->is_short |= matched && entry->secret->length < SCRUB_SHORTEST;
	}
}

/* A secret begins with the byte that stands here, or with the one that is escaped here. */
static void match_any(const struct scrub *scrub, struct place *place)
{
	char bytes[4];
	size_t count;

	(void)read_character(place->text, place->length, bytes, &count);
	match_all(scrub, place->text[0], place);
	if (bytes[0] != place->text[0])
		match_all(scrub, bytes[0], place);
}

void scrub_add(struct str *out, const char *text, size_t length, const struct scrub *scrub)
{
	static const struct scrub none;
	struct str kept CLEANUP(str_release) = {0};
	size_t covered = 0; /* where the secrets found so far end; they may overlap */
	bool is_short = false;

	for (size_t at = 0; at < length && !is_short; at++) {
		struct place place = {.text = text + at, .length = length - at};
		match_any(scrub ? scrub : &none, &place);
		if (place.longest && at >= covered)
			str_text_add(&kept, SCRUB_MARK);
		else if (at >= covered)
			str_char(&kept, text[at]);
		if (at + place.longest > covered)
			covered = at + place.longest;
		is_short = place.is_short;
	}
	if (is_short)
		str_text_add(out, SCRUB_WITHHELD);
	else
		str_add(out, str_text(&kept), kept.length);
}
