/* What a lock says about its holder is shown as text, and not believed to be whole. */
#include "state/lock_info.h"

#include "unit.h"

static void expect(const char *info, const char *described, const char *id)
{
	struct str bytes CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0};

	str_text_add(&bytes, info);
	lock_info_describe(&bytes, &text);
	assert_string_equal(str_text(&text), described);
	str_clear(&text);
	lock_info_add_id(&bytes, &text);
	assert_string_equal(str_text(&text), id);
}

static void whatever_it_says(void **state)
{
	(void)state;
	expect("{\"ID\":\"1\",\"Who\":\"me@host\",\"Operation\":\"apply\",\"Created\":\"today\"}",
		"me@host (apply, since today)", "1");
	expect("{\"ID\":\"\\u001b[2J\",\"Who\":\"\\u001b[2J\",\"Operation\":\"\\n\","
	       "\"Created\":\"\\u0007\"}",
		"\\x1b[2J (\\x0a, since \\x07)", "\\x1b[2J");
	expect("{\"ID\":\"1\",\"Who\":\"me@host\",\"Operation\":\"apply\"}", "another process",
		"1");
	expect("{\"Operation\":\"apply\",\"Created\":\"today\"}", "another process", "");
	expect("{\"ID\":7,\"Who\":[],\"Operation\":{},\"Created\":null}", "another process", "");
	expect("", "another process", "");
	expect("<html>", "another process", "");
}

static void what_we_say(void **state)
{
	struct str info CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0};

	(void)state;
	setenv("USER", "somebody", 1);
	lock_info_encode("the-id", "destroy", "s3://b/p", &info);
	lock_info_describe(&info, &text);
	expect_text(str_text(&text), "somebody@");
	expect_text(str_text(&text), " (destroy, since 20");
	str_clear(&text);
	lock_info_add_id(&info, &text);
	assert_string_equal(str_text(&text), "the-id");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_it_says),
		cmocka_unit_test(what_we_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
