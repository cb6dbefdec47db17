#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* How many bytes the sequence has that starts with this byte; 0: none does. */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >> 5 == 6)
		return 2;
	if (first >> 4 == 14)
		return 3;
	return first >> 3 == 30 ? 4 : 0;
}

/* The length of the UTF-8 sequence at the start of `bytes` and its code point; 0 if it is none. */
static size_t decode(const char *bytes, size_t length, unsigned *ret_point)
{
	static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *b = (const unsigned char *)bytes;
	size_t need = sequence_length(b[0]);

	if (!need || need > length)
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

bool text_is_utf8(const char *bytes, size_t length, size_t *ret_at)
{
	unsigned point;

	for (size_t at = 0, step; at < length; at += step) {
		step = decode(bytes + at, length - at, &point);
		if (!step) {
			if (ret_at)
				*ret_at = at;
			return false;
		}
	}
	return true;
}

/* Characters that change how the text around them is shown: C1, line separators, bidi, BOM. */
static bool is_tricky(unsigned point)
{
	return (point >= 0x80 && point < 0xa0) || point == 0xad || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

void text_add_visible(struct str *out, const char *bytes, size_t length, size_t max_columns)
{
	size_t columns = 0;

	for (size_t at = 0, step; at < length; at += step) {
		unsigned point = 0;
		if (max_columns && columns++ == max_columns) {
			str_text_add(out, "...");
			return;
		}
		step = decode(bytes + at, length - at, &point);
		if (!step || point < 0x20 || point == 0x7f) {
			str_format(out, "\\x%02x", (unsigned char)bytes[at]);
			step = 1;
		} else if (is_tricky(point)) {
			str_format(out, "\\u%04x", point);
		} else {
			str_add(out, bytes + at, step);
		}
	}
}

size_t text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

bool text_is_made_of(const char *text, const char *allowed)
{
	return *text && text[strspn(text, allowed)] == '\0';
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

enum { LONGEST_WORD = 40 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance, three rows of the table at a time. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][LONGEST_WORD + 1];

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

bool text_is_near(const char *typed, const char *known)
{
	size_t typed_length = strlen(typed), known_length = strlen(known);

	if (typed_length > LONGEST_WORD || known_length > LONGEST_WORD)
		return false;
	size_t allowed = known_length > 4 ? 2 : 1;
	size_t edits = distance(typed, typed_length, known, known_length);
	return edits <= allowed && edits < known_length; /* one letter is near no other */
}

void text_add_duration(struct str *out, int64_t ms)
{
	int64_t tenths = (ms + 99) / 100, seconds = (tenths + 9) / 10;
	int64_t minutes = (seconds + 59) / 60;

	if (tenths < 100 && tenths % 10)
		str_format(out, "%" PRId64 ".%" PRId64 "s", tenths / 10, tenths % 10);
	else if (seconds < 60)
		str_format(out, "%" PRId64 "s", seconds);
	else if (seconds < 3600 && seconds % 60)
		str_format(out, "%" PRId64 "m%" PRId64 "s", seconds / 60, seconds % 60);
	else if (seconds < 3600)
		str_format(out, "%" PRId64 "m", seconds / 60);
	else if (minutes % 60)
		str_format(out, "%" PRId64 "h%" PRId64 "m", minutes / 60, minutes % 60);
	else
		str_format(out, "%" PRId64 "h", minutes / 60);
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

const char *text_foreign_encoding(const char *bytes, size_t length)
{
	if (length < 4)
		return NULL;
	if (memcmp(bytes, "\xff\xfe\0\0", 4) == 0 || memcmp(bytes, "\0\0\xfe\xff", 4) == 0)
		return "UTF-32";
	if (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)
		return "UTF-16";
	bool is_little = bytes[0] && !bytes[1] && bytes[2] && !bytes[3];
	bool is_big = !bytes[0] && bytes[1] && !bytes[2] && bytes[3];
	return is_little || is_big ? "UTF-16" : NULL;
}

bool text_check_encoding(const char *bytes, size_t length, const char *what, struct error *err)
{
	const char *encoding = text_foreign_encoding(bytes, length);

	if (!encoding)
		return true;
	error_set(err, "%s is %s, not UTF-8", what, encoding);
	return error_hint(err, "Save it as UTF-8 (in PowerShell: Out-File -Encoding utf8).");
}

/* A mark is seven of one character, then a space or nothing. */
static bool is_conflict_mark(const char *line, size_t length)
{
	char c = length >= 7 ? line[0] : '\0';

	if (c != '<' && c != '|' && c != '=' && c != '>')
		return false;
	for (size_t i = 1; i < 7; i++)
		if (line[i] != c)
			return false;
	return length == 7 || line[7] == ' ' || line[7] == '\r';
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
