#include "base/scrub.h"

#include "unit.h"

static void expect_scrubbed(const char *secret, const char *text, const char *expected)
{
	struct secret held CLEANUP(secret_release) = {0}, none = {0};
	struct str out CLEANUP(str_release) = {0};

	secret_copy(&held, secret, strlen(secret));
	struct scrub scrub CLEANUP(scrub_release) = {0};
	scrub_know(&scrub, &none);
	scrub_know(&scrub, &held);
	str_text_add(&out, "> ");
	scrub_add(&out, text, strlen(text), &scrub);
	expect_text(str_text(&out), "> ");
	if (strcmp(str_text(&out) + 2, expected) != 0)
		fail_msg("%s became: %s", text, str_text(&out));
}

#define M SCRUB_MARK

static void raw(void **state)
{
	(void)state;
	expect_scrubbed("hush", "", "");
	expect_scrubbed("hush", "hush", M);
	expect_scrubbed("hush", "say hush, hush!", "say " M ", " M "!");
	expect_scrubbed("hush", "hus hushhush ush", "hus " M M " ush");
	expect_scrubbed("hush", "Hush HUSH hus", "Hush HUSH hus");
	expect_scrubbed("abab", "xabababx", "x" M "x"); /* they overlap */
	expect_scrubbed("a\nb\"", "1 a\nb\" 2", "1 " M " 2");
}

static void escaped(void **state)
{
	(void)state;
	expect_scrubbed("a\nb\"c", "{\"v\":\"a\\nb\\\"c\"}", "{\"v\":\"" M "\"}");
	expect_scrubbed("a\nb\"c", "a\\u000ab\\u0022c", M);
	expect_scrubbed("hush", "\\u0068us\\u0068.", M ".");
	expect_scrubbed("a/b/c", "a\\/b/c \\/", M " \\/");
	expect_scrubbed("caf\xc3\xa9s", "caf\\u00e9s caf\\u00E9s caf\xc3\xa9s", M " " M " " M);
	expect_scrubbed("\xe2\x82\xac\xf0\x9f\x98\x80!", "\\u20ac\\ud83d\\ude00!", M);
	expect_scrubbed("\b\f\r\t\\", "\\b\\f\\r\\t\\\\", M);
	/* What looks like an escape in the secret itself. */
	expect_scrubbed("a\\nb", "a\\nb a\\\\nb", M " " M);
	expect_scrubbed("\\\"xy", "\\\\\\\"xy", M);
	expect_scrubbed("\\\\\\\\", "\\\\\\\\\\\\\\\\", M);
	/* Halves of escapes are none. */
	expect_scrubbed("abcd", "abc\\u006", "abc\\u006");
	expect_scrubbed("abcd", "abc\\", "abc\\");
	expect_scrubbed("abcd", "abc\\uzzzz \\ud83d", "abc\\uzzzz \\ud83d");
	expect_scrubbed("abcd", "abc\\ud83d\\u", "abc\\ud83d\\u");
}

/* As a manifest may spell them. */
static void in_yaml(void **state)
{
	(void)state;
	expect_scrubbed("sk-live", "v: \"sk\\x2dlive\"", "v: \"" M "\"");
	expect_scrubbed("sk-live", "\\x73k\\u002dliv\\U00000065 \\u0073k-live", M " " M);
	expect_scrubbed(
		"a/\a\v\033 b\t.", "a\\/\\a\\v\\e\\ b\\\t. a/\\x07\\x0B\\x1b b\\t.", M " " M);
	expect_scrubbed("\xc2\x85\xc2\xa0\xe2\x80\xa8\xe2\x80\xa9", "\\N\\_\\L\\P", M);
	expect_scrubbed("\xf0\x9f\x98\x80", "\\U0001f600 \\ud83d\\ude00", M " " M);
	expect_scrubbed("it's", "'it''s' it's", "'" M "' " M);
	expect_scrubbed("''''", "'''''''' ''''", M " " M);
	expect_scrubbed("abcd", "abc\\x6 abc\\x6g abc\\U0000006 abc\\Uffffffff",
		"abc\\x6 abc\\x6g abc\\U0000006 abc\\Uffffffff");
}

/* Marks in "bad value" would show that the secret is an a. */
static void short_ones(void **state)
{
	(void)state;
	expect_scrubbed("a", "bad value", SCRUB_WITHHELD);
	expect_scrubbed("abc", "no abc", SCRUB_WITHHELD);
	expect_scrubbed("\"", "a \\\" b", SCRUB_WITHHELD);
	expect_scrubbed("x", "bad value", "bad value");
	expect_scrubbed("", "bad value", "bad value");
	expect_scrubbed("abcd", "no abcd", "no " M);
}

static void several(void **state)
{
	struct secret first CLEANUP(secret_release) = {0}, second CLEANUP(secret_release) = {0};
	struct str out CLEANUP(str_release) = {0};
	struct scrub scrub CLEANUP(scrub_release) = {0};

	(void)state;
	secret_copy(&first, "long", 4);
	secret_copy(&second, "longer", 6);
	scrub_know(&scrub, &first);
	scrub_know(&scrub, &second);
	scrub_add(&out, "longer than long", 16, &scrub);
	assert_string_equal(str_text(&out), M " than " M);
	str_clear(&out);
	/* Neither of two that overlap leaves a rest. */
	secret_release(&second);
	scrub_release(&scrub);
	secret_copy(&second, "ngers", 5);
	scrub_know(&scrub, &first);
	scrub_know(&scrub, &second);
	scrub_add(&out, "a longers b", 11, &scrub);
	assert_string_equal(str_text(&out), "a " M " b");
	str_clear(&out);
	scrub_add(&out, "long", 4, NULL);
	assert_string_equal(str_text(&out), "long");
}

/* Of many that begin with the same bytes, or one with another, the longest counts. */
static void many(void **state)
{
	enum { SECRETS = 300 };
	char known[SECRETS][32];
	struct scrub scrub CLEANUP(scrub_release) = {0};
	struct str out CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0};

	(void)state;
	for (int i = 0; i < SECRETS; i++) {
		char *it = known[i * 7 % SECRETS]; /* in no order */
		snprintf(it, sizeof(known[0]), "sk_live_%d\xc3\xa9", i * 7 % SECRETS);
		scrub_know_text(&scrub, it, strlen(it));
	}
	scrub_know_text(&scrub, known[7], strlen("sk_live_7"));
	scrub_know_text(&scrub, known[8], strlen("sk_live_"));
	scrub_know_text(&scrub, known[8], strlen("sk_live_8"));
	for (int i = 0; i < SECRETS; i++) {
		str_clear(&text);
		str_clear(&out);
		str_format(&text, "sk_live%d\xc3\xa9 %s-sk\\u005flive_%d\\xe9", i, known[i], i);
		scrub_add(&out, str_text(&text), text.length, &scrub);
		str_clear(&text);
		str_format(&text, "sk_live%d\xc3\xa9 " M "-" M, i);
		assert_string_equal(str_text(&out), str_text(&text));
	}
	str_clear(&out);
	scrub_add(&out, "sk_live_7x sk_live_8\\x sk_live_9x", 33, &scrub);
	assert_string_equal(str_text(&out), M "x " M "\\x " M "9x");
}

/* Bytes that are no text, as a broken server may send them. */
static void any_bytes(void **state)
{
	struct secret held CLEANUP(secret_release) = {0};
	struct str out CLEANUP(str_release) = {0};
	struct scrub scrub CLEANUP(scrub_release) = {0};

	(void)state;
	secret_copy(&held, "a\0b!", 4);
	scrub_know(&scrub, &held);
	scrub_add(&out, "\0\xff\\\0a\0b!\\u0", 11, &scrub);
	assert_int_equal(out.length, 4 + strlen(M) + 3);
	assert_memory_equal(out.bytes + 4, M, strlen(M));
}

/* fault T2: an error shows a part of a value that was cut */
static void finds_what_is_cut(void **state)
{
	static const char value[] = "a value of more than forty characters, so that it is cut";
	struct scrub scrub CLEANUP(scrub_release) = {0};
	char cut[64] = "x ";

	(void)state;
	scrub_know_text(&scrub, value, strlen(value));
	scrub_know_text(&scrub, "short", 5);
	for (size_t shown = 0; shown <= strlen(value); shown++) {
		memcpy(cut + 2, value, shown);
		assert_int_equal(scrub_finds(&scrub, cut, 2 + shown), shown >= 24);
	}
	assert_true(scrub_finds(&scrub, "a short one", 11));
	assert_false(scrub_finds(&scrub, "a shor", 6));
	assert_false(scrub_finds(&scrub, "", 0));
}

/* A server may answer with megabytes that all look like the beginning of every secret. */
static void long_texts_are_cut(void **state)
{
	enum { SECRETS = 20, LONG = 4 << 20, LENGTH = 100 };
	struct secret held[SECRETS] = {0};
	struct scrub scrub CLEANUP(scrub_release) = {0};
	struct str same CLEANUP(str_release) = {0}, out CLEANUP(str_release) = {0};
	struct str text CLEANUP(str_release) = {0}, cut CLEANUP(str_release) = {0};

	(void)state;
	str_repeat(&same, 'x', LONG);
	for (size_t i = 0; i < SECRETS; i++) {
		secret_copy(&held[i], same.bytes, LENGTH);
		held[i].bytes[LENGTH - 1] = (char)(i + 128);
		scrub_know(&scrub, &held[i]);
	}
	scrub_add(&out, same.bytes, same.length, &scrub);
	assert_int_equal(out.length, SCRUB_TEXT_LIMIT);
	/* A secret at the cut leaves nothing of itself. */
	str_repeat(&text, 'a', SCRUB_TEXT_LIMIT - 10);
	str_add(&text, held[7].bytes, held[7].length);
	str_text_add(&text, "rest");
	scrub_add(&cut, text.bytes, text.length, &scrub);
	assert_int_equal(cut.length, SCRUB_TEXT_LIMIT - 10 + strlen(SCRUB_MARK));
	assert_null(strchr(cut.bytes, 'x'));
	for (size_t i = 0; i < SECRETS; i++)
		secret_release(&held[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw),
		cmocka_unit_test(escaped),
		cmocka_unit_test(in_yaml),
		cmocka_unit_test(short_ones),
		cmocka_unit_test(several),
		cmocka_unit_test(many),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(finds_what_is_cut),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
