#include "base/text.h"

#include "base/token.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The length of the UTF-8 sequence at the start of `bytes` and its code point; 0: not valid. */
static size_t decode(const char *bytes, size_t length, unsigned *ret_point)
{
	static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *b = (const unsigned char *)bytes;
	size_t need = 1;

	if (b[0] >= 0x80) /* as many bytes as the first one has leading ones */
		while (need < 5 && b[0] << need & 0x80)
			need++;
	if (need > length || need > 4 || (need == 1 && b[0] >= 0x80))
		return 0;
	unsigned point = need == 1 ? b[0] : b[0] & (0x7fU >> need);
	for (size_t i = 1; i < need; i++) {
		if (b[i] >> 6 != 2)
			return 0;
		point = point << 6 | (b[i] & 0x3fU);
	}
	if (point < smallest[need] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret_point = point;
	return need;
}

/* How many bytes are surely ASCII, eight at a time: most text is. */
static size_t ascii(const char *bytes, size_t length)
{
	uint64_t eight;
	size_t at = 0;

	for (; length - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, bytes + at, sizeof(eight));
		if (eight & 0x8080808080808080)
			break;
	}
	return at;
}

bool text_is_utf8(const char *bytes, size_t length, size_t *ret_at)
{
	unsigned point;
	size_t step;

	for (size_t at = ascii(bytes, length); at < length; at += step) {
		step = decode(bytes + at, length - at, &point);
		if (!step) {
			if (ret_at)
				*ret_at = at;
			return false;
		}
		step += ascii(bytes + at + step, length - at - step);
	}
	return true;
}

struct range {
	unsigned first, last;
};

/* The ranges are sorted. */
static bool is_in(const struct range *ranges, size_t count, unsigned point)
{
	for (size_t i = 0; i < count && point >= ranges[i].first; i++)
		if (point <= ranges[i].last)
			return true;
	return false;
}

/*
 * Characters that are invisible or change how the text around them is shown: C1, line separators,
 * bidi, and Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt. It includes tags
 * and variation selectors, which can hide a whole text. Of these, U+FE0F alone stays as it is: it
 * makes an emoji of the character before it. Also U+FFFE and U+FFFF, which YAML does not allow.
 */
static bool is_tricky(unsigned point)
{
	static const struct range ranges[] = {{0x80, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f},
		{0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x2800, 0x2800},
		{0x3164, 0x3164}, {0xfe00, 0xfe0e}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
		{0xe0000, 0xe0fff}};

	return is_in(ranges, ARRAY_SIZE(ranges), point);
}

/* How many columns a terminal gives to a character: of the scripts with many users, and of emoji.
 */
static size_t width(unsigned point)
{
	static const struct range marks[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd},
		{0x610, 0x61a}, {0x64b, 0x65f}, {0x900, 0x902}, {0x93c, 0x93c}, {0x941, 0x948},
		{0x94d, 0x94d}, {0xe31, 0xe31}, {0xe34, 0xe3a}, {0xe47, 0xe4e}, {0x1ab0, 0x1aff},
		{0x1dc0, 0x1dff}, {0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a},
		{0xfe0f, 0xfe0f}, {0xfe20, 0xfe2f}};
	static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xa960, 0xa97c},
		{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff01, 0xff60},
		{0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
		{0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

	if (point < 0x300)
		return 1;
	return is_in(marks, ARRAY_SIZE(marks), point) ? 0
	       : is_in(wide, ARRAY_SIZE(wide), point) ? 2
						      : 1;
}

void text_add_visible(struct str *out, const char *bytes, size_t length, size_t max_columns)
{
	size_t columns = 0;

	for (size_t at = 0, step; at < length; at += step) {
		unsigned point = 0;
		char escape[sizeof("\\U000e0041")] = "";
		step = decode(bytes + at, length - at, &point);
		if (!step || point < 0x20 || point == 0x7f)
			(void)snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)bytes[at]);
		else if (is_tricky(point))
			(void)snprintf(escape, sizeof(escape),
				point > 0xffff ? "\\U%08x" : "\\u%04x", point);
		columns += *escape ? strlen(escape) : width(point) ? width(point) : 1;
		if (max_columns && columns > max_columns) {
			str_text_add(out, "...");
			return;
		}
		step += !step;
		str_add(out, *escape ? escape : bytes + at, *escape ? strlen(escape) : step);
	}
}

void text_add_shell_word(struct str *out, const char *word)
{
	bool is_plain = text_is_made_of(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					      "0123456789_-./:=@%+,");

	str_text_add(out, is_plain ? "" : "'");
	for (size_t length; *word; word += length) {
		length = strcspn(word, "'");
		text_add_visible(out, word, length, 0);
		if (!length)
			str_text_add(out, "'\\''");
		length += !length;
	}
	str_text_add(out, is_plain ? "" : "'");
}

/* The size of the blank character here; 0: it is none. A CI takes all of Unicode's for blanks. */
static size_t blank_size(const char *bytes, size_t length)
{
	static const struct range blanks[] = {{'\t', '\t'}, {'\v', '\r'}, {' ', ' '}, {0x85, 0x85},
		{0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
		{0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
	unsigned point = 0;
	size_t size = decode(bytes, length, &point);

	return is_in(blanks, ARRAY_SIZE(blanks), point) ? size : 0;
}

void text_add_inert(struct str *out, const char *bytes, size_t length)
{
	bool is_start = true; /* nothing but blanks yet in this line */
	size_t copied = 0;

	for (size_t at = 0, blank; at < length; at++) {
		char c = bytes[at];
		bool is_next_same = at + 1 < length && c == bytes[at + 1];
		blank = is_start ? blank_size(bytes + at, length - at) : 0;
		if (blank) {
			at += blank - 1;
		} else if (is_next_same && (c == '#' || (is_start && c == ':'))) {
			str_add(out, bytes + copied, at - copied);
			str_format(out, "%c\\x%02x", c, c);
			copied = ++at + 1;
			is_start = false;
		} else {
			is_start = c == '\n';
		}
	}
	str_add(out, bytes + copied, length - copied);
}

char *text_visible(const char *text, size_t max_columns)
{
	struct str out = {0};

	text_add_visible(&out, text, strlen(text), max_columns);
	return str_steal(&out);
}

size_t text_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

size_t text_skip_characters(const char *text, size_t count)
{
	size_t at = 0;

	for (; text[at] && count; count--)
		for (at++; ((unsigned char)text[at] & 0xc0) == 0x80;)
			at++;
	return at;
}

/* The offset where more than so many columns of the text begin; *ret_columns is what is before it.
 */
static size_t skip_columns(const char *text, size_t most, size_t *ret_columns)
{
	size_t length = strlen(text), at = 0;

	*ret_columns = 0;
	while (at < length) {
		unsigned point = 0;
		size_t step = decode(text + at, length - at, &point);
		if (*ret_columns + width(point) > most)
			break;
		*ret_columns += width(point);
		at += step ? step : 1;
	}
	return at;
}

size_t text_columns(const char *text)
{
	size_t columns;

	skip_columns(text, SIZE_MAX, &columns);
	return columns;
}

void text_add_ends(struct str *out, const char *visible, size_t max_columns)
{
	size_t columns = text_columns(visible), last = max_columns * 2 / 3, first, ignored;

	if (columns <= max_columns) {
		str_text_add(out, visible);
		return;
	}
	str_add(out, visible, skip_columns(visible, max_columns - last, &first));
	str_text_add(out, "...");
	/* one more where that would cut a wide character in two */
	size_t at = skip_columns(visible, columns - last, &first);
	if (first < columns - last)
		at += skip_columns(visible + at, 2, &ignored);
	str_text_add(out, visible + at);
}

bool text_is_made_of(const char *text, const char *allowed)
{
	return *text && text[strspn(text, allowed)] == '\0';
}

void text_add_quoted(struct str *out, const char *text, size_t max_columns)
{
	if (token_is_inside(text, strlen(text))) {
		str_text_add(out, TEXT_HIDDEN);
		return;
	}
	str_char(out, '`');
	text_add_visible(out, text, strlen(text), max_columns);
	str_char(out, '`');
}

bool text_to_number(const char *text, size_t max, size_t *ret_number)
{
	size_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		size_t digit = (size_t)(*text - '0');
		if (number > (max - digit) / 10 || digit > max)
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return true;
}

/* At most so many edits apart, which bounds the recursion. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool is_within(size_t edits, const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (!*a || !*b)
		return strlen(a) + strlen(b) <= edits;
	if (!edits--)
		return false;
	bool is_swapped = a[0] == b[1] && a[1] == b[0];
	return is_within(edits, a + 1, b) || is_within(edits, a, b + 1) ||
	       is_within(edits, a + 1, b + 1) || (is_swapped && is_within(edits, a + 2, b + 2));
}

bool text_is_nearer(const char *typed, const char *known, size_t *edits)
{
	size_t length = strlen(known);
	size_t most = length > 4 ? 2 : length > 1; /* a single letter resembles no other */

	for (size_t i = 0; length && i <= most && i < *edits; i++) {
		if (!is_within(i, typed, known))
			continue;
		*edits = i;
		return true;
	}
	return false;
}

bool text_is_near(const char *typed, const char *known)
{
	size_t edits = SIZE_MAX;

	return text_is_nearer(typed, known, &edits);
}

void text_add_duration(struct str *out, int64_t ms)
{
	int64_t tenths = (ms + 99) / 100, seconds = (tenths + 9) / 10;
	int64_t minutes = (seconds + 59) / 60;
	bool has_hours = seconds >= 3600;
	int64_t small = has_hours ? minutes : seconds;

	if (tenths < 100 && tenths % 10) {
		str_format(out, "%" PRId64 ".%" PRId64 "s", tenths / 10, tenths % 10);
	} else if (seconds < 60) {
		str_format(out, "%" PRId64 "s", seconds);
	} else {
		str_format(out, "%" PRId64 "%c", small / 60, has_hours ? 'h' : 'm');
		if (small % 60)
			str_format(out, "%" PRId64 "%c", small % 60, has_hours ? 'm' : 's');
	}
}

void text_add_listed(struct str *out, const char *name, size_t index, size_t count, size_t most)
{
	if (index >= most)
		return;
	if (index)
		str_text_add(out, index + 1 == count ? " and " : ", ");
	str_text_add(out, name);
	if (index + 1 == most && count > most)
		str_format(out, " and %zu more", count - most);
}

size_t text_mark_length(const char *bytes, size_t length)
{
	return length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool text_check_encoding(const char *bytes, size_t length, const char *what, struct error *err)
{
	const char *encoding;

	if (length < 4)
		return true;
	if (memcmp(bytes, "\xff\xfe\0\0", 4) == 0 || memcmp(bytes, "\0\0\xfe\xff", 4) == 0)
		encoding = "UTF-32";
	else if (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0 ||
		 (!bytes[0] != !bytes[1] && !bytes[0] == !bytes[2] && !bytes[1] == !bytes[3]))
		encoding = "UTF-16";
	else
		return true;
	error_set(err, "%s is %s, not UTF-8", what, encoding);
	return error_hint(err, "Save it as UTF-8 (in PowerShell: Out-File -Encoding utf8).");
}

/* Seven of one character, then a space or the end of the line. */
static bool is_conflict_mark(const char *line, size_t length)
{
	static const char *const marks[] = {"<<<<<<<", "|||||||", "=======", ">>>>>>>"};

	for (size_t i = 0; i < ARRAY_SIZE(marks) && length >= 7; i++)
		if (memcmp(line, marks[i], 7) == 0)
			return length == 7 || line[7] == ' ' || line[7] == '\r';
	return false;
}

size_t text_conflict_line(const char *bytes, size_t length)
{
	size_t line = 1;

	for (size_t at = 0; at < length; line++) {
		const char *end = memchr(bytes + at, '\n', length - at);
		size_t next = end ? (size_t)(end - bytes) : length;
		if (is_conflict_mark(bytes + at, next - at))
			return line;
		at = next + 1;
	}
	return 0;
}

void text_add_without_users(struct str *out, const char *text)
{
	const char *from = strstr(text, "//"), *to = from ? strrchr(from, '@') : NULL;

	if (to) {
		str_add(out, text, (size_t)(from + 2 - text));
		str_text_add(out, "...");
	}
	str_text_add(out, to ? to : text);
}

size_t text_url_scheme(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) ||
		(length && text[length] && strchr("+.-", text[length])))
		length++;
	return length && isalpha((unsigned char)text[0]) && strncmp(text + length, "://", 3) == 0
		       ? length
		       : 0;
}
