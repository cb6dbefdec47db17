#include "source/fields.h"

#include "unit.h"

static struct fields *parse(const char *text)
{
	struct error err CLEANUP(error_release) = {0};
	struct fields *fields = fields_parse(text, strlen(text), &err);

	if (!fields)
		fail_msg("%s", err.message);
	return fields;
}

static void has(struct fields *fields, const char *pointer, const char *value)
{
	struct secret secret CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!fields_read(fields, pointer, &secret, &err))
		fail_msg("%s: %s", pointer, err.message);
	assert_string_equal(secret.bytes, value);
	assert_int_equal(secret.length, strlen(value));
}

static void lacks(struct fields *fields, const char *pointer, const char *message)
{
	struct secret secret = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(fields_read(fields, pointer, &secret, &err));
	assert_null(secret.bytes);
	expect_no_text(err.message, "HUSH");
	expect_no_text(err.hint, "HUSH");
	expect_error(&err, message);
}

/* The examples of RFC 6901, section 5. */
static void examples_of_the_rfc(void **state)
{
	struct fields *fields = parse("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,"
				      "\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,"
				      "\"m~n\":8}");

	(void)state;
	lacks(fields, "", "the whole document is an object, not text");
	lacks(fields, "/foo", "the value at /foo is an array, not text");
	has(fields, "/foo/0", "bar");
	has(fields, "/", "0");
	has(fields, "/a~1b", "1");
	has(fields, "/c%d", "2");
	has(fields, "/e^f", "3");
	has(fields, "/g|h", "4");
	has(fields, "/i\\j", "5");
	has(fields, "/k\"l", "6");
	has(fields, "/ ", "7");
	has(fields, "/m~0n", "8");
	fields_free(fields);
}

static void kinds_of_values(void **state)
{
	struct fields *fields =
		parse("{\"t\":true,\"f\":false,\"n\":12345678901234567890.10,\"s\":\"\\u00e4\\n\","
		      "\"e\":\"\",\"z\":null,\"HUSH\":{},\"~1\":{\"/\":{\"\":\"deep\"}}}");

	(void)state;
	has(fields, "/t", "true");
	has(fields, "/f", "false");
	has(fields, "/n", "12345678901234567890.10");
	has(fields, "/s", "\xc3\xa4\n");
	has(fields, "/e", "");
	lacks(fields, "/z", "the value at /z is null, not text");
	has(fields, "/~01/~1/", "deep");
	lacks(fields, "/~01/~1", "is an object");
	fields_free(fields);
	fields = parse(" \"whole\" ");
	has(fields, "", "whole");
	lacks(fields, "/", "nothing found at /");
	fields_free(fields);
	fields_free(NULL);
}

static void what_is_missing(void **state)
{
	struct fields *fields = parse("{\"a\":{\"b\":\"HUSH\"},\"l\":[\"HUSH\",[\"c\"]]}");

	(void)state;
	lacks(fields, "/b", "nothing found at /b");
	lacks(fields, "/A", "nothing found at /A");
	lacks(fields, "/a/b/c", "nothing found at /a/b/c");
	lacks(fields, "/a/b/", "nothing found at");
	lacks(fields, "/a/", "nothing found at");
	lacks(fields, "/l/2", "nothing found at");
	lacks(fields, "/l/-", "nothing found at");
	lacks(fields, "/l/01", "nothing found at");
	lacks(fields, "/l/-1", "nothing found at");
	lacks(fields, "/l/1e0", "nothing found at");
	lacks(fields, "/l/99999999999999999999999", "nothing found at");
	has(fields, "/l/1/0", "c");
	lacks(fields, "a", "`a` is not a JSON pointer");
	lacks(fields, "a/b", "`a/b` is not a JSON pointer");
	lacks(fields, "/a~b", "is not a JSON pointer");
	lacks(fields, "/a~", "is not a JSON pointer");
	lacks(fields, "/a~2", "is not a JSON pointer");
	lacks(fields, "/\033[31m\n", "nothing found at /\\x1b[31m\\x0a");
	fields_free(fields);
}

static void refuse(const char *text, const char *message)
{
	struct error err CLEANUP(error_release) = {0};

	assert_null(fields_parse(text, strlen(text), &err));
	expect_no_text(err.message, "HUSH");
	expect_no_text(err.hint, "HUSH");
	assert_null(err.snippet);
	expect_error(&err, message);
}

static void what_is_no_json(void **state)
{
	(void)state;
	refuse("", "not valid JSON: empty (line 1, column 1)");
	refuse("HUSH", "not valid JSON: unexpected character (line 1, column 1)");
	refuse("{\n\"a\": HUSH}", "(line 2, column 6)");
	refuse("\"HUSH\" HUSH", "unexpected data after the end");
	refuse("{\"HUSH\":1,\"HUSH\":2}", "not valid JSON: duplicate key");
	refuse("\"HUSH\xff\"", "invalid UTF-8");
}

/* Adds an object (or array) of so many members, of which each holds its number. */
static void add_many(struct str *out, size_t count, bool is_array)
{
	for (size_t i = 0; i < count; i++) {
		str_char(out, i ? ',' : is_array ? '[' : '{');
		if (!is_array)
			str_format(out, "\"n%zu\":", i);
		str_format(out, "\"%zu\"", i);
	}
	str_char(out, is_array ? ']' : '}');
}

static void has_number(struct fields *fields, const char *before, size_t number)
{
	struct str pointer CLEANUP(str_release) = {0};

	str_format(&pointer, "%s%zu", before, number);
	has(fields, str_text(&pointer), str_text(&pointer) + strlen(before));
}

/* Each is found, however many there are. */
static void many_pointers(void **state)
{
	enum { MANY = 20000 };
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&text, "{\"a\":");
	add_many(&text, MANY, false);
	str_text_add(&text, ",\"b\":");
	add_many(&text, MANY, true);
	str_char(&text, '}');
	struct fields *fields = parse(str_text(&text));
	for (size_t i = 0; i < MANY; i++) {
		has_number(fields, "/a/n", i);
		has_number(fields, "/b/", i);
	}
	lacks(fields, "/a/n20000", "nothing");
	lacks(fields, "/a/1", "nothing");
	lacks(fields, "/b/20000", "nothing");
	lacks(fields, "/b/n1", "nothing");
	lacks(fields, "/b", "is an array");
	lacks(fields, "/a", "is an object");
	fields_free(fields);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfc),
		cmocka_unit_test(kinds_of_values),
		cmocka_unit_test(what_is_missing),
		cmocka_unit_test(what_is_no_json),
		cmocka_unit_test(many_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
