#include "base/token.h"

#include <ctype.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

enum {
	TOKEN_LENGTH = 40,
	PREFIXED_LENGTH = 20,
	AGE_LENGTH = 74,
	HEX_LENGTH = 37,
	PART_LENGTH = 8,
	COMMIT_LENGTH = 40
};

static bool is_hex(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isxdigit((unsigned char)bytes[i]))
			return false;
	return true;
}

static char class_of(char c)
{
	return isdigit((unsigned char)c)   ? '0'
	       : isupper((unsigned char)c) ? 'A'
	       : islower((unsigned char)c) ? 'a'
					   : '-';
}

enum { HAS_DIGIT = 1, HAS_UPPER = 2, HAS_LOWER = 4, HAS_ALL = 7 };

static unsigned classes_of(const char *bytes, size_t length)
{
	unsigned all = 0;

	for (size_t i = 0; i < length; i++) {
		char class = class_of(bytes[i]);
		all |= class == '0' ? HAS_DIGIT : class == 'A' ? HAS_UPPER : 0U;
		all |= class == 'a' ? HAS_LOWER : 0U;
	}
	return all;
}

static bool is_hex_token(const char *bytes, size_t length)
{
	unsigned classes = classes_of(bytes, length);

	return length >= HEX_LENGTH && length != COMMIT_LENGTH && is_hex(bytes, length) &&
	       classes & HAS_DIGIT && classes != HAS_DIGIT;
}

/* How often it changes between digits, upper and lower case, except at a capital: "Ab", "aBc". */
static size_t count_changes(const char *bytes, size_t length)
{
	size_t changes = 0;

	for (size_t i = 1; i < length; i++) {
		char before = class_of(bytes[i - 1]), class = class_of(bytes[i]);
		char after = i + 1 < length ? class_of(bytes[i + 1]) : '-';
		bool is_capital = class == 'A' && after == 'a';
		bool follows_one = before == 'A' && class == 'a';
		changes += class != before && !is_capital && !follows_one;
	}
	return changes;
}

/*
 * Random text changes at one of three characters, and names made of words at few. Short parts are
 * not counted, because names have K8s and EC2, nor are hexadecimal ones: a UUID, a commit's id.
 */
static bool is_random(const char *bytes, size_t length)
{
	size_t changes = 0;

	for (size_t from = 0, to; from < length; from = to + 1) {
		to = from;
		while (to < length && class_of(bytes[to]) != '-')
			to++;
		if (to - from >= PART_LENGTH && !is_hex(bytes + from, to - from))
			changes += count_changes(bytes + from, to - from);
	}
	return classes_of(bytes, length) == HAS_ALL && changes * 10 > length;
}

static bool is_pem(const char *bytes, size_t length)
{
	static const char header[] = "-----BEGIN ";

	return length >= strlen(header) && memcmp(bytes, header, strlen(header)) == 0;
}

/* How tokens of Cloudflare begin, and those of others that are shorter than TOKEN_LENGTH. */
static const char *const prefixes[] = {"cfat_", "cfut_", "cfk_", "glpat-", "sk_live_", "sk_test_",
	"rk_live_", "rk_test_", "whsec_", "AIza"};

static size_t prefix_length(const char *bytes, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (length > strlen(prefixes[i]) &&
			memcmp(bytes, prefixes[i], strlen(prefixes[i])) == 0)
			return strlen(prefixes[i]);
	return 0;
}

/* A private key of age has neither lower case nor fewer characters. */
static bool is_age_key(const char *bytes, size_t length)
{
	static const char start[] = "AGE-SECRET-KEY-1";

	return length >= AGE_LENGTH && memcmp(bytes, start, strlen(start)) == 0;
}

static bool is_token_of(const char *bytes, size_t length, const char *characters)
{
	size_t prefix = prefix_length(bytes, length);
	size_t least = prefix ? prefix + PREFIXED_LENGTH : TOKEN_LENGTH;

	for (size_t i = 0; i < length; i++)
		if (!bytes[i] || !strchr(characters, bytes[i]))
			return false;
	return (length >= least && is_random(bytes, length)) || is_hex_token(bytes, length) ||
	       is_age_key(bytes, length);
}

static const char *const token_characters[] = {LETTERS DIGITS "_-", LETTERS DIGITS "+/="};

bool token_is_likely(const char *bytes, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(token_characters); i++)
		if (is_token_of(bytes, length, token_characters[i]))
			return true;
	return is_pem(bytes, length);
}

/*
 * The length of the token that is a word at this offset; 0: there is none. What is before `from`
 * does not count.
 */
static size_t token_length(const char *bytes, size_t length, size_t at, size_t from)
{
	size_t longest = 0;

	if (bytes[at] == '-' && is_pem(bytes + at, length - at))
		return length - at;
	for (size_t i = 0; i < ARRAY_SIZE(token_characters); i++) {
		const char *characters = token_characters[i];
		size_t to = at;
		if (at > from && bytes[at - 1] && strchr(characters, bytes[at - 1]))
			continue;
		while (to < length && bytes[to] && strchr(characters, bytes[to]))
			to++;
		if (to - at > longest && is_token_of(bytes + at, to - at, characters))
			longest = to - at;
	}
	return longest;
}

bool token_is_inside(const char *bytes, size_t length)
{
	for (size_t at = 0; at < length; at++)
		if (token_length(bytes, length, at, 0))
			return true;
	return false;
}

void token_add_hidden(struct str *out, const char *text)
{
	size_t length = strlen(text), hidden = 0; /* up to there */

	for (size_t at = 0; at < length; at++) {
		size_t token = token_length(text, length, at, at == hidden ? at : 0);
		if (token && at >= hidden)
			str_text_add(out, "(hidden)");
		/* One that begins inside another may end after it. */
		if (token && at + token > hidden)
			hidden = at + token;
		if (at >= hidden)
			str_char(out, text[at]);
	}
}
