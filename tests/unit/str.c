#include "base/str.h"

#include "unit.h"

static void empty(void **state)
{
	struct str text = {0};

	(void)state;
	assert_string_equal(str_text(&text), "");
	str_clear(&text);
	assert_string_equal(str_text(&text), "");
	str_add(&text, NULL, 0);
	assert_string_equal(str_text(&text), "");
	char *given = str_steal(&text);
	assert_string_equal(given, "");
	mem_free(given);
	str_release(&text);
	str_release(&text);
}

static void holds_nuls(void **state)
{
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	str_add(&text, "a\0b", 3);
	str_char(&text, '\0');
	assert_int_equal(text.length, 4);
	assert_memory_equal(text.bytes, "a\0b\0", 5);
}

static void grows(void **state)
{
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	for (size_t i = 0; i < 100000; i++) {
		str_char(&text, (char)('a' + i % 26));
		assert_true(text.room > text.length);
	}
	assert_int_equal(strlen(str_text(&text)), 100000);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(text.bytes[i], (char)('a' + i % 26));
}

static void adds_every_way(void **state)
{
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&text, "x=");
	str_format(&text, "%d,%s", 7, "y");
	str_repeat(&text, '-', 3);
	str_repeat(&text, '!', 0);
	str_char(&text, '.');
	assert_string_equal(str_text(&text), "x=7,y---.");
	str_clear(&text);
	assert_int_equal(text.length, 0);
	assert_string_equal(str_text(&text), "");
	str_text_add(&text, "again");
	assert_string_equal(str_text(&text), "again");
}

/* The formatted text fits exactly, is one longer, one shorter than the room. */
static void formats_at_each_length(void **state)
{
	char wanted[200];

	(void)state;
	for (int length = 0; length < 199; length++) {
		struct str text CLEANUP(str_release) = {0};
		memset(wanted, 'z', sizeof(wanted));
		wanted[length] = '\0';
		str_format(&text, "%s", wanted);
		str_format(&text, "%s", "");
		assert_string_equal(str_text(&text), wanted);
		assert_int_equal(text.length, length);
	}
}

static void steal_leaves_nothing(void **state)
{
	struct str text = {0};

	(void)state;
	str_text_add(&text, "mine");
	char *given = str_steal(&text);
	assert_null(text.bytes);
	assert_int_equal(text.length, 0);
	str_text_add(&text, "other");
	assert_string_equal(given, "mine");
	mem_free(given);
	str_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(holds_nuls),
		cmocka_unit_test(grows),
		cmocka_unit_test(adds_every_way),
		cmocka_unit_test(formats_at_each_length),
		cmocka_unit_test(steal_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
