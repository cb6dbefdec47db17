#include "adapter/json.h"

#include "unit.h"

/* Parses a copy without a NUL behind it. */
static struct json *parse_bytes(const char *bytes, size_t length, struct error *err)
{
	char *copy = mem_alloc(length);

	if (length)
		memcpy(copy, bytes, length);
	struct json *json = json_parse(copy, length, err);
	mem_free(copy);
	return json;
}

static struct json *parse(const char *text)
{
	struct error err = {0};
	struct json *json = parse_bytes(text, strlen(text), &err);

	if (!json)
		fail_msg("refused: %s: %s", text, err.message);
	expect_no_error(&err);
	return json;
}

static void refuse_bytes(const char *bytes, size_t length, const char *message)
{
	struct error err = {0};

	if (parse_bytes(bytes, length, &err))
		fail_msg("accepted: %.*s", (int)length, bytes);
	expect_text(err.message, "not valid JSON: ");
	expect_error(&err, message);
}

static void refuse(const char *text, const char *message)
{
	refuse_bytes(text, strlen(text), message);
}

static void refuse_at(const char *text, size_t line, size_t column)
{
	struct error err = {0};

	assert_null(parse_bytes(text, strlen(text), &err));
	if (err.line != line || err.column != column)
		fail_msg(
			"%zu:%zu instead of %zu:%zu: %s", err.line, err.column, line, column, text);
	error_release(&err);
}

static void every_kind(void **state)
{
	struct json *json = parse(
		" {\"t\":true,\"f\":false,\"n\":null,\"s\":\"x\",\"a\":[1,2],\"o\":{}}\r\n\t ");

	(void)state;
	assert_true(json_is_object(json));
	assert_true(json_is_true(json_get(json, "t")));
	assert_false(json_is_true(json_get(json, "f")));
	assert_true(json_is_false(json_get(json, "f")));
	assert_true(json_is_null(json_get(json, "n")));
	assert_false(json_is_null(json_get(json, "absent")));
	assert_true(json_is_string(json_get(json, "s")));
	assert_string_equal(json_get_text(json, "s"), "x");
	assert_true(json_is_array(json_get(json, "a")));
	assert_int_equal(json_count(json_get(json, "a")), 2);
	assert_true(json_is_object(json_get(json, "o")));
	assert_null(json_get(json, "S"));
	assert_null(json_get_text(json, "t"));
	json_free(json);
}

static void null_says_no(void **state)
{
	int64_t number = 7;

	(void)state;
	assert_false(json_is_object(NULL) || json_is_array(NULL) || json_is_string(NULL) ||
		     json_is_true(NULL) || json_is_false(NULL) || json_is_null(NULL));
	assert_null(json_get(NULL, "x"));
	assert_null(json_get_text(NULL, "x"));
	assert_null(json_text(NULL));
	assert_null(json_first(NULL));
	assert_int_equal(json_count(NULL), 0);
	assert_false(json_integer(NULL, &number));
	assert_int_equal(number, 7);
	json_free(NULL);
}

static void not_json(void **state)
{
	static const char *const bad[] = {"{", "[", "\"", "{\"a\"", "{\"a\":", "{\"a\":1,}", "[1,]",
		"{a:1}", "'a'", "tru", "nul", "-", "+1", "NaN", "Infinity", "//x", "{\"a\" 1}",
		"[1 2]", "}", "]", ",", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00x\"",
		"\"\\", "01", "-01", "1.", "1.e5", "[00]", "1e", ".5"};

	(void)state;
	refuse("", "empty");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuse(bad[i], "");
}

static void trailing_garbage(void **state)
{
	(void)state;
	refuse("{} {}", "unexpected data after the end");
	refuse("1 2", "unexpected data after the end");
	refuse("null,", "unexpected data after the end");
	refuse("[]]", "unexpected data after the end");
	refuse_bytes("{}\0", 3, "NUL byte");
	refuse("[]\n\n#", "unexpected data after the end");
}

static void double_keys(void **state)
{
	(void)state;
	refuse("{\"a\":1,\"a\":1}", "duplicate key \"a\"");
	refuse("{\"a\":1,\"b\":2,\"\\u0061\":3}", "duplicate key \"a\"");
	refuse("[[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]]", "duplicate key \"b\"");
	refuse("{\"\":1,\"\":1}", "duplicate key \"\"");
	refuse("{\"\\u001b[1m\":1,\"\\u001b[1m\":1}", "duplicate key \"\\x1b[1m\"");
	json_free(parse("{\"a\":{\"a\":1},\"A\":{\"a\":1}}"));
}

/* Where doubles stand is not known; so no line is named rather than a wrong one. */
static void double_keys_name_no_wrong_line(void **state)
{
	struct error err CLEANUP(error_release) = {0};
	static const char text[] = "{\n\"a\":1,\n\"a\":1\n\n\n}\n";

	(void)state;
	assert_null(parse_bytes(text, strlen(text), &err));
	assert_true(err.line == 0 || err.line == 3);
}

static void nul_characters(void **state)
{
	(void)state;
	refuse_bytes("\"a\0b\"", 5, "control character");
	refuse_bytes("{\"a\":1\0}", 8, "NUL byte");
	refuse("\"\\u0000\"", "\\u0000");
	refuse("{\"a\\u0000b\":1}", "\\u0000");
	refuse("\"\\\\\\u0000\"", "\\u0000");
	refuse_bytes("\"\\\0\"", 4, "");
	struct json *json = parse("\"\\\\u0000\""); /* a backslash and u0000 */
	assert_string_equal(json_text(json), "\\u0000");
	json_free(json);
}

static void control_characters(void **state)
{
	char text[] = "[1,?2]", quoted[] = "[\"?\"]";

	(void)state;
	for (char c = 1; c < 0x20; c++) {
		text[3] = quoted[2] = c;
		if (strchr("\t\r\n", c))
			json_free(parse(text));
		else
			refuse(text, "");
		refuse(quoted, "control character");
	}
}

static void bad_utf8(void **state)
{
	(void)state;
	refuse("\"\xff\"", "invalid UTF-8");
	refuse("\"\xc3\"", "invalid UTF-8");
	refuse("\"\xed\xa0\x80\"", "invalid UTF-8");
	refuse("{}\xc3", "invalid UTF-8");
	struct json *json = parse("\"\\ud83d\\ude00\\u00e4\"");
	assert_string_equal(json_text(json), "\xf0\x9f\x98\x80\xc3\xa4");
	json_free(json);
}

static void expect_depth(size_t depth, bool is_good, char open, char close)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < depth; i++)
		str_text_add(&text, open == '{' ? "{\"a\":" : "[");
	str_text_add(&text, "1");
	for (size_t i = 0; i < depth; i++)
		str_char(&text, close);
	struct json *json = parse_bytes(text.bytes, text.length, &err);
	assert_int_equal(json != NULL, is_good);
	if (!is_good)
		expect_text(err.message, "nested too deeply");
	json_free(json);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	expect_depth(JSON_DEPTH_LIMIT, true, '[', ']');
	expect_depth(JSON_DEPTH_LIMIT, true, '{', '}');
	expect_depth(JSON_DEPTH_LIMIT + 1, false, '[', ']');
	expect_depth(JSON_DEPTH_LIMIT + 1, false, '{', '}');
	expect_depth(5000, false, '[', ']');
	expect_depth(1000000, false, '[', ']');
	/* Brackets in texts are no depth, and neither are neighbours. */
	struct str text CLEANUP(str_release) = {0};
	str_text_add(&text, "[\"");
	str_repeat(&text, '[', 1000);
	str_text_add(&text, "\\\"[[[\"");
	for (int i = 0; i < 1000; i++)
		str_text_add(&text, ",[{}]");
	str_text_add(&text, "]");
	json_free(parse(str_text(&text)));
}

static void expect_integer(const char *text, bool is_good, int64_t wanted)
{
	struct json *json = parse(text);
	int64_t number = 77;

	if (json_integer(json, &number) != is_good)
		fail_msg("%s", text);
	assert_true(number == (is_good ? wanted : 77));
	json_free(json);
}

static void integers(void **state)
{
	(void)state;
	expect_integer("0", true, 0);
	expect_integer("-0", true, 0);
	expect_integer("-5", true, -5);
	expect_integer("5.0", true, 5);
	expect_integer("1e3", true, 1000);
	expect_integer("9007199254740991", true, 9007199254740991);
	expect_integer("-9007199254740991", true, -9007199254740991);
	expect_integer("9007199254740993", false, 0);
	expect_integer("-9007199254740993", false, 0);
	expect_integer("9223372036854775808", false, 0);
	expect_integer("0.5", false, 0);
	expect_integer("1e400", false, 0);
	expect_integer("-1e400", false, 0);
	expect_integer("1e-400", true, 0);
	expect_integer("\"5\"", false, 0);
	expect_integer("true", false, 0);
	expect_integer("null", false, 0);
	expect_integer("[5]", false, 0);
}

/* As they are written, whatever doubles make of them; what is in strings does not count. */
static void numbers_as_written(void **state)
{
	static const char *const wanted[] = {"-0", "12345678901234567890", "1.50", "1e400", "007"};
	static const char text[] =
		"{\"a\\\"1\": [-0, {\"7\": 12345678901234567890}, \"5\"], \"b\": 1.50,\"c\":1e400 ,"
		"\"d\": \"007\"}";
	struct json *json = parse(text);
	const struct json *list = json_get(json, "a\"1"), *first = json_first(list);

	(void)state;
	assert_null(json_number_text(first));
	json_keep_numbers(json, text, strlen(text));
	json_keep_numbers(json, text, strlen(text)); /* again does no harm */
	const struct json *found[] = {
		first, json_get(json_next(first), "7"), json_get(json, "b"), json_get(json, "c")};
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		assert_true(json_is_number(found[i]));
		assert_string_equal(json_number_text(found[i]), wanted[i]);
		assert_null(json_text(found[i]));
	}
	assert_null(json_number_text(json_get(json, "d")));
	assert_null(json_number_text(NULL));
	json_free(json);
}

static void places(void **state)
{
	(void)state;
	refuse_at("x", 1, 1);
	refuse_at("{\n  \"a\": x\n}", 2, 8);
	refuse_at("[1,\n2]\n\nx", 4, 1);
	refuse_at("\"\n\"", 1, 2);
	refuse_at("[\n\n\"\xff\"]", 3, 2);
	refuse_at("[\"ok\",\"a\\u0000\"]", 1, 9);
}

static void many_members(void **state)
{
	enum { MANY = 100000 };
	struct str text CLEANUP(str_release) = {0};
	size_t seen = 0;

	(void)state;
	str_char(&text, '{');
	for (int i = 0; i < MANY; i++)
		str_format(&text, "%s\"k%d\":%d", i ? "," : "", i, i);
	str_char(&text, '}');
	struct json *json = parse(str_text(&text));
	for (const struct json *it = json_first(json); it; it = json_next(it), seen++)
		assert_int_equal(json_key(it)[0], 'k');
	assert_int_equal(seen, MANY);
	json_free(json);
	/* The last one twice is found among them. */
	text.bytes[text.length - 1] = ',';
	str_text_add(&text, "\"k7\":0}");
	refuse(str_text(&text), "duplicate key \"k7\"");
}

/* ---- writing ---- */

static void write_all(struct json_writer *w)
{
	json_begin_object(w, NULL);
	json_put_text(w, "t\"", "a\"\\\b\f\n\r\t\x01\x1f/\x7f\xc3\xa4");
	json_put_text(w, "no", NULL);
	json_put_integer(w, "i", INT64_MIN);
	json_put_bool(w, "b", false);
	json_put_null(w, "n");
	json_begin_array(w, "a");
	json_put_integer(w, NULL, 1);
	json_begin_object(w, NULL);
	json_end(w);
	json_end(w);
	json_put_list(w, "e", "");
	json_put_list(w, "l", "x,y");
	json_end(w);
}

static void writes_in_a_line(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct json_writer w = json_writer(&text, 0);

	(void)state;
	write_all(&w);
	assert_string_equal(str_text(&text),
		"{\"t\\\"\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa4\",\"no\":null,"
		"\"i\":-9223372036854775808,\"b\":false,\"n\":null,\"a\":[1,{}],\"e\":[],"
		"\"l\":[\"x\",\"y\"]}");
}

static void writes_with_indent(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct json_writer w = json_writer(&text, 2);

	(void)state;
	json_begin_object(&w, NULL);
	json_begin_array(&w, "a");
	json_put_integer(&w, NULL, 1);
	json_put_integer(&w, NULL, 2);
	json_end(&w);
	json_begin_object(&w, "e");
	json_end(&w);
	json_end(&w);
	assert_string_equal(str_text(&text), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}");
}

/* What is written is read again as it was, whatever the text. */
static void what_is_written_is_read(void **state)
{
	char all[256];

	(void)state;
	for (int i = 0; i < 127; i++)
		all[i] = (char)(i + 1);
	memcpy(all + 127, "\xc2\x80\xe2\x80\xa8\xf0\x9f\x98\x80", 10);
	struct str text CLEANUP(str_release) = {0};
	struct json_writer w = json_writer(&text, 0);
	json_begin_object(&w, NULL);
	json_put_text(&w, all, all);
	json_end(&w);
	struct json *json = parse(str_text(&text));
	assert_string_equal(json_get_text(json, all), all);
	json_free(json);
}

/* A shell that reads a file runs nothing of it. Readers take both forms. */
static void files_for_shells(void **state)
{
	struct str file CLEANUP(str_release) = {0}, plain CLEANUP(str_release) = {0};
	struct json_writer w = json_file_writer(&file, 0), other = json_writer(&plain, 0);

	(void)state;
	json_put_text(&w, NULL, "$(id) `id` \"");
	assert_string_equal(str_text(&file), "\"\\u0024(id) \\u0060id\\u0060 \\\"\"");
	json_put_text(&other, NULL, "$(id) `id`");
	assert_string_equal(str_text(&plain), "\"$(id) `id`\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_for_shells),
		cmocka_unit_test(every_kind),
		cmocka_unit_test(null_says_no),
		cmocka_unit_test(not_json),
		cmocka_unit_test(trailing_garbage),
		cmocka_unit_test(double_keys),
		cmocka_unit_test(double_keys_name_no_wrong_line),
		cmocka_unit_test(nul_characters),
		cmocka_unit_test(control_characters),
		cmocka_unit_test(bad_utf8),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(integers),
		cmocka_unit_test(numbers_as_written),
		cmocka_unit_test(places),
		cmocka_unit_test(many_members),
		cmocka_unit_test(writes_in_a_line),
		cmocka_unit_test(writes_with_indent),
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
