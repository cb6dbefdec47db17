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
};

/* Their order: by bytes; what another one begins with comes before it. */
static int compare(const struct scrub_entry *a, const struct scrub_entry *b)
{
	size_t common = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->bytes, b->bytes, common);

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

static void know(struct scrub *scrub, const char *bytes, size_t length)
{
	const struct scrub_entry entry = {bytes, length};
	size_t from = 0, to = scrub->count;

	if (!length)
		return;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = compare(&entry, &scrub->entries[middle]);
		if (!order)
			return;
		from = order > 0 ? middle + 1 : from;
		to = order > 0 ? to : middle;
	}
	scrub->entries =
		mem_room(scrub->entries, scrub->count, &scrub->room, sizeof(*scrub->entries));
	memmove(&scrub->entries[from + 1], &scrub->entries[from],
		(scrub->count++ - from) * sizeof(*scrub->entries));
	scrub->entries[from] = entry;
	scrub->begins[(unsigned char)bytes[0]] = true;
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

/* ---- how a text spells a secret ---- */

/*
 * Each reads one character of the text: returns how many bytes of the text it takes, and the bytes
 * that it stands for.
 */
typedef size_t read_fn(const char *text, size_t length, char bytes[static 4], size_t *ret_count);

static size_t read_plain(const char *text, size_t length, char bytes[static 4], size_t *ret_count)
{
	(void)length;
	bytes[0] = text[0];
	*ret_count = 1;
	return 1;
}

/* In YAML's single quotes, two stand for one. */
static size_t read_doubled(const char *text, size_t length, char bytes[static 4], size_t *ret_count)
{
	bool is_doubled = length > 1 && text[0] == '\'' && text[1] == '\'';

	bytes[0] = text[0];
	*ret_count = 1;
	return is_doubled ? 2 : 1;
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

/* Reads \xXX, \uXXXX or \UXXXXXXXX. Returns how many bytes it takes; 0: it is none. */
static size_t read_code(const char *text, size_t length, uint32_t *ret_code)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	char kind = length > 1 && text[0] == '\\' ? text[1] : '\0';
	size_t end = kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 0;

	if (!end || length < end)
		return 0;
	*ret_code = 0;
	for (size_t i = 2; i < end; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
		if (!digit)
			return 0;
		*ret_code = *ret_code << 4 | (uint32_t)((digit - digits) % 16);
	}
	return *ret_code <= 0x10ffff ? end : 0;
}

/* As in a string of JSON (RFC 8259, section 7) or in YAML's double quotes (1.2, section 5.7). */
static size_t read_escaped(const char *text, size_t length, char bytes[static 4], size_t *ret_count)
{
	static const char letters[] = "\"\\/bfnrt0ave \tN_LP";
	static const uint16_t meant[] = {'"', '\\', '/', '\b', '\f', '\n', '\r', '\t', 0, '\a',
		'\v', 0x1b, ' ', '\t', 0x85, 0xa0, 0x2028, 0x2029};
	uint32_t code, low;
	size_t taken = read_code(text, length, &code);

	if (taken) {
		size_t more = code >> 10 == 0xd800 >> 10
				      ? read_code(text + taken, length - taken, &low)
				      : 0;
		more = more && low >> 10 == 0xdc00 >> 10 ? more : 0;
		if (more)
			code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
		*ret_count = put_utf8(code, bytes);
		return taken + more;
	}
	const char *letter =
		text[0] == '\\' && length > 1 && text[1] ? strchr(letters, text[1]) : NULL;
	if (!letter)
		return read_plain(text, length, bytes, ret_count);
	*ret_count = put_utf8(meant[letter - letters], bytes);
	return 2;
}

/* ---- where the secrets are ---- */

/* Some of the secrets, which begin with the same bytes; all are longer than those. */
struct range {
	size_t from, to;
};

/* The first of the range whose byte at `depth` is not less. */
static size_t lower_bound(
	const struct scrub *scrub, const struct range *range, size_t depth, unsigned byte)
{
	size_t from = range->from, to = range->to;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if ((unsigned char)scrub->entries[middle].bytes[depth] < byte)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Leaves in the range what has this byte at `depth`. */
static void narrow(const struct scrub *scrub, struct range *range, size_t depth, char byte)
{
	unsigned wanted = (unsigned char)byte;

	if (scrub->entries[range->from].bytes[depth] == byte &&
		scrub->entries[range->to - 1].bytes[depth] == byte)
		return;
	range->from = lower_bound(scrub, range, depth, wanted);
	range->to = lower_bound(scrub, range, depth, wanted + 1);
}

/*
 * How many bytes the longest secret takes at the start of the text, as it is read; 0: none is
 * there. Sets *is_short if one of them is too short to mark.
 */
static size_t match(
	const struct scrub *scrub, read_fn *read, const char *text, size_t length, bool *is_short)
{
	struct range range = {0, scrub->count};
	size_t at = 0, depth = 0, longest = 0, count;
	char bytes[4];

	while (range.from < range.to && at < length) {
		at += read(text + at, length - at, bytes, &count);
		if (!depth && !scrub->begins[(unsigned char)bytes[0]])
			return 0;
		for (size_t i = 0; i < count && range.from < range.to; i++) {
			narrow(scrub, &range, depth++, bytes[i]);
			if (range.from == range.to || scrub->entries[range.from].length > depth)
				continue;
			range.from++;
			longest = at;
			*is_short |= depth < SCRUB_SHORTEST;
		}
	}
	return longest;
}

/* The same for the text in each spelling. */
static size_t longest_match(
	const struct scrub *scrub, const char *text, size_t length, bool *is_short)
{
	static read_fn *const reads[] = {read_plain, read_escaped, read_doubled};
	size_t longest = 0;

	/* Only these two begin something else than they are. */
	if (!scrub->begins[(unsigned char)*text] && *text != '\\' && *text != '\'')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++) {
		size_t matched = match(scrub, reads[i], text, length, is_short);
		longest = matched > longest ? matched : longest;
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
