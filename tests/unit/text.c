#include "base/text.h"

#include "unit.h"

static void expect_visible(const char *bytes, size_t length, size_t columns, const char *shown)
{
	struct str out CLEANUP(str_release) = {0};

	text_add_visible(&out, bytes, length, columns);
	assert_string_equal(str_text(&out), shown);
}

/* The first bad byte of text that is not UTF-8, or -1. */
static int bad_at(const char *text)
{
	size_t at = 0;

	return text_is_utf8(text, strlen(text), &at) ? -1 : (int)at;
}

static void good_utf8(void **state)
{
	(void)state;
	assert_int_equal(bad_at(""), -1);
	assert_int_equal(bad_at("plain"), -1);
	assert_int_equal(bad_at("\x7f\xc2\x80\xdf\xbf"), -1);
	assert_int_equal(bad_at("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), -1);
	assert_int_equal(bad_at("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), -1);
	assert_true(text_is_utf8("a\0b", 3, NULL));
}

static void bad_utf8(void **state)
{
	static const char *const bad[] = {
		"\x80",             /* starts with a continuation */
		"\xc0\x80",         /* overlong NUL */
		"\xc1\xbf",         /* overlong */
		"\xc3",             /* cut */
		"\xc3(",            /* no continuation */
		"\xe0\x9f\xbf",     /* overlong */
		"\xe2\x82",         /* cut */
		"\xed\xa0\x80",     /* a surrogate */
		"\xed\xbf\xbf",     /* a surrogate */
		"\xf0\x8f\xbf\xbf", /* overlong */
		"\xf4\x90\x80\x80", /* beyond Unicode */
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		for (int before = 0; before < 20; before++) { /* ASCII is taken by eights */
			char text[64];
			snprintf(text, sizeof(text), "%.*s%sand more text", before,
				"abcdefghijklmnopqrstuvwxyz", bad[i]);
			assert_int_equal(bad_at(text), before);
			snprintf(text, sizeof(text), "%.*s\xc3\xa4%s", before,
				"abcdefghijklmnopqrstuvwxyz", bad[i]);
			assert_int_equal(bad_at(text), before + 2);
		}
	}
	assert_false(text_is_utf8("\xc3", 1, NULL));
	/* The length counts, not what stands behind it. */
	assert_false(text_is_utf8("\xc3\xa4", 1, NULL));
}

static void visible(void **state)
{
	(void)state;
	expect_visible("", 0, 0, "");
	expect_visible("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80", 15, 0,
		"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80");
	expect_visible("\x1b[31m\r\n\t", 8, 0, "\\x1b[31m\\x0d\\x0a\\x09");
	expect_visible("a\0b", 3, 0, "a\\x00b");
	expect_visible("\x7f\xff\xc3", 3, 0, "\\x7f\\xff\\xc3");
	expect_visible("\xc2\x9b", 2, 0, "\\u009b");     /* CSI as one character */
	expect_visible("\xe2\x80\xae", 3, 0, "\\u202e"); /* right to left override */
	expect_visible("\xe2\x81\xa6\xe2\x80\xa8", 6, 0, "\\u2066\\u2028");
	expect_visible("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", 9, 0, "\\ufffe\\uffff\xef\xbf\xbd");
	expect_visible("\xef\xbb\xbf\xc2\xad\xe2\x80\x8b", 8, 0, "\\ufeff\\u00ad\\u200b");
}

static void visible_is_bounded(void **state)
{
	(void)state;
	expect_visible("abcd", 4, 4, "abcd");
	expect_visible("abcde", 5, 4, "abcd...");
	expect_visible("\xc3\xa4\xc3\xa4\xc3\xa4", 6, 2, "\xc3\xa4\xc3\xa4...");
	/* What is shown counts: an escape, a wide character; a mark, so that there is an end. */
	expect_visible("\x1b\x1b\x1b", 3, 8, "\\x1b\\x1b...");
	expect_visible("a\xe2\x80\xae", 4, 6, "a...");
	expect_visible("\xe5\xaf\x86\xe9\x92\xa5!", 7, 4, "\xe5\xaf\x86\xe9\x92\xa5...");
	expect_visible("\xe5\xaf\x86\xe9\x92\xa5", 6, 3, "\xe5\xaf\x86...");
	expect_visible("e\xcc\x81\xcc\x81\xcc\x81", 7, 2, "e\xcc\x81...");
}

/* Whatever goes in, what comes out has no byte that a terminal would obey. */
static void visible_is_always_harmless(void **state)
{
	struct str out CLEANUP(str_release) = {0};
	char bytes[3];

	(void)state;
	for (unsigned i = 0; i < 256 * 256 * 3; i++) {
		bytes[0] = (char)(i & 0xff);
		bytes[1] = (char)(i >> 8 & 0xff);
		bytes[2] = "a\x80\xff"[i >> 16];
		str_clear(&out);
		text_add_visible(&out, bytes, sizeof(bytes), 0);
		assert_true(text_is_utf8(str_text(&out), out.length, NULL));
		for (size_t at = 0; at < out.length; at++)
			assert_true(out.bytes[at] < 0 ||
				    (out.bytes[at] >= 0x20 && out.bytes[at] != 0x7f));
		assert_null(strstr(str_text(&out), "\xc2\x9b"));
	}
}

static void columns(void **state)
{
	(void)state;
	assert_int_equal(text_columns(""), 0);
	assert_int_equal(text_columns("abc"), 3);
	assert_int_equal(text_columns("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80!"), 5);
	assert_int_equal(text_columns("\xe5\xaf\x86\xe9\x92\xa5"), 4);
	assert_int_equal(text_columns("e\xcc\x81, \xe2\x9d\xa4\xef\xb8\x8f"), 4);
	assert_int_equal(text_characters("e\xcc\x81\xf0\x9f\x98\x80!"), 4);
}

static void made_of(void **state)
{
	(void)state;
	assert_true(text_is_made_of("cab", "abc"));
	assert_false(text_is_made_of("", "abc"));
	assert_false(text_is_made_of("abd", "abc"));
	assert_false(text_is_made_of(" a", "abc"));
}

static void good_numbers(void **state)
{
	size_t number = 7;

	(void)state;
	assert_true(text_to_number("0", 5, &number));
	assert_int_equal(number, 0);
	assert_true(text_to_number("5", 5, &number));
	assert_int_equal(number, 5);
	assert_true(text_to_number("007", 10, &number));
	assert_int_equal(number, 7);
	assert_true(text_to_number("0", 0, &number));
	assert_int_equal(number, 0);
	assert_true(text_to_number("18446744073709551615", SIZE_MAX, &number));
	assert_true(number == SIZE_MAX);
}

static void bad_numbers(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "-1", "+1", "0x1", "1e0", "1.0", "six",
		"1000001", "9999999", "18446744073709551616", "99999999999999999999999999999"};
	size_t number = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_to_number(bad[i], 1000000, &number));
	assert_false(text_to_number("6", 5, &number));
	assert_false(text_to_number("9", 0, &number));
	assert_false(text_to_number("10", 5, &number));
	assert_false(text_to_number("18446744073709551616", SIZE_MAX, &number));
	assert_int_equal(number, 7); /* untouched */
}

static void nearness(void **state)
{
	(void)state;
	assert_true(text_is_near("store", "stores"));
	assert_true(text_is_near("storse", "stores"));
	assert_true(text_is_near("sotrse", "stores"));
	assert_true(text_is_near("api_tokn", "api_token"));
	assert_true(text_is_near("anme", "name"));
	assert_true(text_is_near("ame", "name"));
	assert_true(text_is_near("names", "name"));
	assert_true(text_is_near("name", "name"));
	assert_false(text_is_near("enma", "name"));
	assert_false(text_is_near("secrets", "stores"));
	assert_false(text_is_near("", "name"));
	assert_false(text_is_near("x", "stores"));
	assert_true(text_is_near("p", "p"));
	assert_false(text_is_near("r", "p")); /* or else any letter is meant */
	assert_false(text_is_near("", "p"));
}

static void the_nearest(void **state)
{
	size_t edits = SIZE_MAX;

	(void)state;
	assert_false(text_is_nearer("xeport", "plan", &edits));
	assert_int_equal(edits, SIZE_MAX);
	assert_true(text_is_nearer("xeport", "import", &edits));
	assert_int_equal(edits, 2);
	assert_true(text_is_nearer("xeport", "export", &edits));
	assert_int_equal(edits, 1);
	assert_false(text_is_nearer("xeport", "report", &edits));
	assert_false(text_is_nearer("xeport", "import", &edits));
	assert_true(text_is_nearer("x", "x", &edits));
	assert_int_equal(edits, 0);
	assert_false(text_is_nearer("x", "x", &edits));
}

static void nearness_of_long_words(void **state)
{
	char word[42], other[42];

	(void)state;
	memset(word, 'a', sizeof(word));
	memset(other, 'a', sizeof(other));
	word[41] = other[41] = '\0';
	assert_true(text_is_near(word, other));
	other[39] = 'b';
	assert_true(text_is_near(word, other));
	other[0] = other[20] = 'b';
	assert_false(text_is_near(word, other));
}

static void durations(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} table[] = {{0, "0s"}, {1, "0.1s"}, {450, "0.5s"}, {500, "0.5s"}, {950, "1s"},
		{1000, "1s"}, {1001, "1.1s"}, {9901, "10s"}, {10001, "11s"}, {20000, "20s"},
		{59001, "1m"}, {60000, "1m"}, {60001, "1m1s"}, {300000, "5m"}, {301000, "5m1s"},
		{3599000, "59m59s"}, {3600000, "1h"}, {3600001, "1h1m"}, {7500000, "2h5m"},
		{99999999000, "27777h47m"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str text CLEANUP(str_release) = {0};
		text_add_duration(&text, table[i].ms);
		assert_string_equal(str_text(&text), table[i].text);
	}
}

/* fault B2 */
static void expect_listed(size_t count, size_t most, const char *wanted)
{
	static const char *const names[] = {"A", "B", "C", "D"};
	struct str text CLEANUP(str_release) = {0};

	for (size_t i = 0; i < count; i++)
		text_add_listed(&text, names[i], i, count, most);
	assert_string_equal(str_text(&text), wanted);
}

static void listed(void **state)
{
	(void)state;
	expect_listed(1, 3, "A");
	expect_listed(2, 3, "A and B");
	expect_listed(3, 3, "A, B and C");
	expect_listed(4, 3, "A, B, C and 1 more");
	expect_listed(4, 1, "A and 3 more");
}

static void expect_encoding(const char *bytes, size_t length, const char *message)
{
	struct error err CLEANUP(error_release) = {0};

	assert_int_equal(text_check_encoding(bytes, length, "it", &err), !message);
	if (message)
		assert_string_equal(err.message, message);
	else
		assert_null(err.message);
}

static void encodings(void **state)
{
	(void)state;
	expect_encoding("\xff\xfe\x61\0", 4, "it is UTF-16, not UTF-8");
	expect_encoding("\xfe\xff\0a", 4, "it is UTF-16, not UTF-8");
	expect_encoding("a\0b\0", 4, "it is UTF-16, not UTF-8");
	expect_encoding("\0a\0b", 4, "it is UTF-16, not UTF-8");
	expect_encoding("\xff\xfe\0\0", 4, "it is UTF-32, not UTF-8");
	expect_encoding("\0\0\xfe\xff", 4, "it is UTF-32, not UTF-8");
	expect_encoding("a\0b", 3, NULL);
	expect_encoding("abcd", 4, NULL);
	expect_encoding("a\0\0\0", 4, NULL);
	expect_encoding("\0\0\0\0", 4, NULL);
	expect_encoding("\xef\xbb\xbf\x61", 4, NULL);
	assert_int_equal(text_mark_length("\xef\xbb\xbf"
					  "a",
				 4),
		3);
	assert_int_equal(text_mark_length("\xef\xbb", 2), 0);
	assert_int_equal(text_mark_length("a", 1), 0);
}

static size_t conflict_line(const char *text)
{
	return text_conflict_line(text, strlen(text));
}

/* fault B12 */
static void conflict_marks(void **state)
{
	(void)state;
	assert_int_equal(conflict_line("<<<<<<< HEAD\n"), 1);
	assert_int_equal(conflict_line("a\n\n=======\nb\n"), 3);
	assert_int_equal(conflict_line("a\r\n=======\r\nb"), 2);
	assert_int_equal(conflict_line("a\n>>>>>>> x"), 2);
	assert_int_equal(conflict_line("a\n||||||| base\n"), 2);
	assert_int_equal(conflict_line("=======\n"), 1);
	assert_int_equal(conflict_line(""), 0);
	assert_int_equal(conflict_line("======\n========\n =======\n<<<<<<<x\n"), 0);
}

/* fault A23 */
static void urls(void **state)
{
	(void)state;
	assert_int_equal(text_url_scheme("https://x"), 5);
	assert_int_equal(text_url_scheme("s3://bucket/key"), 2);
	assert_int_equal(text_url_scheme("git+ssh://x"), 7);
	assert_int_equal(text_url_scheme("://x"), 0);
	assert_int_equal(text_url_scheme("3s://x"), 0);
	assert_int_equal(text_url_scheme("a/b://x"), 0);
	assert_int_equal(text_url_scheme("C:/x"), 0);
	assert_int_equal(text_url_scheme("https:/x"), 0);
	assert_int_equal(text_url_scheme(""), 0);
}

static void expect_inert(const char *text, const char *wanted)
{
	struct str out CLEANUP(str_release) = {0};

	text_add_inert(&out, text, strlen(text));
	assert_string_equal(str_text(&out), wanted);
}

/* trust 8 */
static void inert(void **state)
{
	static const char *const same[] = {"", "#", ":", "#a#", "# #", "a::b", "a: ::", "\n\n", ":",
		": :", "\xff\xff", "a\n#\n", "\xe2\x80"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		expect_inert(same[i], same[i]);
	expect_inert("##vso[x]", "#\\x23vso[x]");
	expect_inert("a ##[b", "a #\\x23[b");
	expect_inert("###", "#\\x23#");
	expect_inert("####\n##", "#\\x23#\\x23\n#\\x23");
	expect_inert("::error::x", ":\\x3aerror::x");
	expect_inert(":::", ":\\x3a:");
	expect_inert("a\n \t\v\f\r::b\n::", "a\n \t\v\f\r:\\x3ab\n:\\x3a");
	/* Unicode's blanks */
	expect_inert("\xc2\xa0\xe3\x80\x80 ::x", "\xc2\xa0\xe3\x80\x80 :\\x3ax");
}

static void shell_words(void **state)
{
	static const struct {
		const char *word, *wanted;
	} table[] = {
		{"plan.bin", "plan.bin"},
		{"./a-b/c_d:1", "./a-b/c_d:1"},
		{"", "''"},
		{"a b", "'a b'"},
		{"$(id)", "'$(id)'"},
		{"it's", "'it'\\''s'"},
		{"'", "''\\'''"},
		{"~", "'~'"},
		{"a\x1b", "'a\\x1b'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str out CLEANUP(str_release) = {0};
		text_add_shell_word(&out, table[i].word);
		assert_string_equal(str_text(&out), table[i].wanted);
	}
}

/* Unicode's DerivedCoreProperties.txt: Default_Ignorable_Code_Point, but for U+FE0F. */
static void invisible(void **state)
{
	static const struct {
		const char *text, *wanted;
	} table[] = {
		{"\xc2\xad", "\\u00ad"},
		{"\xcd\x8f", "\\u034f"},
		{"\xe1\x85\x9f", "\\u115f"},
		{"\xe1\xa0\x8e", "\\u180e"},
		{"\xe2\x80\x8b", "\\u200b"},
		{"\xe2\x80\xae", "\\u202e"},
		{"\xe2\x81\xa6", "\\u2066"},
		{"\xe2\xa0\x80", "\\u2800"},
		{"\xe3\x85\xa4", "\\u3164"},
		{"\xef\xb8\x80", "\\ufe00"},
		{"\xef\xbb\xbf", "\\ufeff"},
		{"\xef\xbe\xa0", "\\uffa0"},
		{"\xf0\x9d\x85\xb3", "\\U0001d173"},
		{"\xf3\xa0\x81\x81", "\\U000e0041"},
		{"\xf3\xa0\x84\x80", "\\U000e0100"},
		/* These stay: an emoji, letters, marks, the replacement character. */
		{"\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4\xef\xb8\x8f"},
		{"\xc3\xa9\xcc\x81", "\xc3\xa9\xcc\x81"},
		{"\xef\xbf\xbd\xf0\x9f\x98\x80", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *out AUTO_FREE = text_visible(table[i].text, 0);
		assert_string_equal(out, table[i].wanted);
	}
}

/* fault B8 */
static void without_users(void **state)
{
	static const struct {
		const char *text, *kept;
	} table[] = {
		{"", ""},
		{"no URL: a@b", "no URL: a@b"},
		{"https://host/ failed", "https://host/ failed"},
		{"in 'http://u:HUSH@h:1': bad", "in 'http://...@h:1': bad"},
		{"http://u:HU/SH@h and HUSH@i", "http://...@i"},
		{"http://u:HU SH@h", "http://...@h"},
		{"//HUSH@", "//...@"},
		{"a@b //c", "a@b //c"},
		{"http://HUSH//HUSH@h", "http://...@h"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct str kept CLEANUP(str_release) = {0};
		text_add_without_users(&kept, table[i].text);
		assert_string_equal(str_text(&kept), table[i].kept);
	}
}

static void ends(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *shown;
	} cases[] = {{"", 9, ""}, {"abcdefghi", 9, "abcdefghi"}, {"abcdefghij", 9, "abc...efghij"},
		{"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 3, "\xc3\xa4...\xc3\xbc\xc3\x9f"},
		{"abcd", 1, "a..."},
		{"\xe5\xaf\x86\xe9\x92\xa5\xe5\xaf\x86", 6, "\xe5\xaf\x86\xe9\x92\xa5\xe5\xaf\x86"},
		{"\xe5\xaf\x86\xe5\xaf\x86\xe9\x92\xa5\xe9\x92\xa5", 5,
			"\xe5\xaf\x86...\xe9\x92\xa5"},
		{"abcde\xcc\x81"
		 "fghij",
			9,
			"abc...e\xcc\x81"
			"fghij"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str out CLEANUP(str_release) = {0};
		text_add_ends(&out, cases[i].text, cases[i].columns);
		assert_string_equal(str_text(&out), cases[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_utf8),
		cmocka_unit_test(bad_utf8),
		cmocka_unit_test(visible),
		cmocka_unit_test(visible_is_bounded),
		cmocka_unit_test(visible_is_always_harmless),
		cmocka_unit_test(columns),
		cmocka_unit_test(made_of),
		cmocka_unit_test(good_numbers),
		cmocka_unit_test(bad_numbers),
		cmocka_unit_test(nearness),
		cmocka_unit_test(the_nearest),
		cmocka_unit_test(nearness_of_long_words),
		cmocka_unit_test(durations),
		cmocka_unit_test(listed),
		cmocka_unit_test(encodings),
		cmocka_unit_test(conflict_marks),
		cmocka_unit_test(urls),
		cmocka_unit_test(without_users),
		cmocka_unit_test(inert),
		cmocka_unit_test(shell_words),
		cmocka_unit_test(invisible),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
