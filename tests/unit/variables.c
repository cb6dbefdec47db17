#include "manifest/variables.h"

#include "../plan/steps.h"
#include "unit.h"

/* ---- helpers ---- */

static void clear_environment(void)
{
	static const char *const names[] = {"A", "B", "EMPTY", "CFPROV_VAR_A", "CFPROV_VAR_B"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
}

/* Gives (mem_free) what the text becomes, or the messages, one a line, behind "!". */
static char *expand(const char *const *pairs, size_t count, const char *text)
{
	struct variables variables CLEANUP(variables_release);
	struct error_list problems CLEANUP(error_list_release) = {0};
	struct str out CLEANUP(str_release) = {0}, said CLEANUP(str_release) = {0};

	variables_init(&variables, pairs, count);
	bool is_good = variables_expand(&variables, text, &out, &problems);
	assert_int_equal(is_good, problems.count == 0);
	if (is_good)
		return str_steal(&out);
	for (size_t i = 0; i < problems.count; i++) {
		assert_null(problems.items[i].file);
		str_format(&said, "!%s\n", problems.items[i].message);
	}
	return str_steal(&said);
}

static void expect(const char *const *pairs, size_t count, const char *text, const char *wanted)
{
	char *found AUTO_FREE = expand(pairs, count, text);

	assert_string_equal(found, wanted);
}

static void expect_problem(const char *text, const char *part)
{
	static const char *const pairs[] = {"A=alpha", "EMPTY="};
	char *found AUTO_FREE = expand(pairs, 2, text);

	assert_int_equal(found[0], '!');
	expect_text(found, part);
	expect_no_text(found, "alpha");
}

/* ---- tests ---- */

static void pairs(void **state)
{
	(void)state;
	assert_true(variables_is_pair("A=b"));
	assert_true(variables_is_pair("_a9="));
	assert_true(variables_is_pair("A=b=c"));
	assert_false(variables_is_pair(""));
	assert_false(variables_is_pair("="));
	assert_false(variables_is_pair("=b"));
	assert_false(variables_is_pair("A"));
	assert_false(variables_is_pair("9A=b"));
	assert_false(variables_is_pair("A-B=c"));
	assert_false(variables_is_pair(" A=b"));
	assert_false(variables_is_pair("A =b"));
	assert_false(variables_is_pair("\xc3\xa4=b"));
}

static void dollars(void **state)
{
	(void)state;
	expect(NULL, 0, "", "");
	expect(NULL, 0, "plain", "plain");
	expect(NULL, 0, "$", "$");
	expect(NULL, 0, "a$", "a$");
	expect(NULL, 0, "$a $( $1", "$a $( $1");
	expect(NULL, 0, "$$", "$");
	expect(NULL, 0, "$$$", "$$");
	expect(NULL, 0, "$$$$", "$$");
	expect(NULL, 0, "$${A}", "${A}");
	expect(NULL, 0, "}{", "}{");
}

static void values(void **state)
{
	static const char *const given[] = {"A=alpha", "EMPTY=", "B=${A}$$", "A_1=x"};

	(void)state;
	clear_environment();
	expect(given, 4, "${A}", "alpha");
	expect(given, 4, "<${A}${A}>", "<alphaalpha>");
	expect(given, 4, "$${A}${A}$$", "${A}alpha$");
	expect(given, 4, "${A_1}", "x");
	expect(given, 4, "${EMPTY}", "");
	/* what a variable brings is not looked at again */
	expect(given, 4, "${B}", "${A}$$");
}

static void defaults(void **state)
{
	static const char *const given[] = {"A=alpha", "EMPTY="};

	(void)state;
	clear_environment();
	expect(given, 2, "${A:-x}", "alpha");
	expect(given, 2, "${EMPTY:-x}", "x");
	expect(given, 2, "${B:-x}", "x");
	expect(given, 2, "${B:-}", "");
	expect(given, 2, "${B:-a b:c-?$$$}", "a b:c-?$$$");
	expect(given, 2, "${B:-x}}", "x}");
	expect(given, 2, "${A:?needed}", "alpha");
}

static void sources(void **state)
{
	static const char *const given[] = {"A=first", "A=given"};

	(void)state;
	clear_environment();
	setenv("A", "plain", 1);
	expect(NULL, 0, "${A}", "!variable A is not set\n");
	setenv("CFPROV_VAR_A", "own", 1);
	expect(NULL, 0, "${A}", "own");
	expect(given, 2, "${A}", "given");
	setenv("CFPROV_VAR_A", "", 1);
	expect(NULL, 0, "<${A}>", "<>");
	clear_environment();
}

/* What the environment has under the plain name is not read; how to pass it is said. */
static void plain_environment(void **state)
{
	static const struct {
		const char *text, *hint;
	} cases[] = {
		{"${A}", "The environment variable A is not read. Pass -var A=\"$A\", or set "
			 "CFPROV_VAR_A."},
		{"${A:?which}", "which. The environment variable A is not read."},
		{"${A:?which?}", "which? The environment variable A is not read."},
	};
	struct variables variables CLEANUP(variables_release);
	struct str out CLEANUP(str_release) = {0};

	(void)state;
	clear_environment();
	setenv("A", "alpha", 1);
	variables_init(&variables, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error_list problems CLEANUP(error_list_release) = {0};
		assert_false(variables_expand(&variables, cases[i].text, &out, &problems));
		assert_int_equal(problems.count, 1);
		assert_string_equal(problems.items[0].message, "variable A is not set");
		expect_text(problems.items[0].hint, cases[i].hint);
		expect_no_text(problems.items[0].hint, "alpha");
	}
	assert_int_equal(variables.warnings.count, 0);
	for (size_t i = 0; i < 2; i++) {
		struct error_list problems CLEANUP(error_list_release) = {0};
		assert_true(variables_expand(&variables, "${A:-x}${B:-x}", &out, &problems));
		assert_int_equal(variables.warnings.count, 1);
	}
	assert_string_equal(variables.warnings.items[0].message, "${A} has its default");
	expect_text(variables.warnings.items[0].hint, cases[0].hint);
	clear_environment();
}

static void problems(void **state)
{
	(void)state;
	clear_environment();
	expect_problem("${B}", "variable B is not set");
	expect_problem("${B:?say it}", "variable B is not set");
	expect_problem("${EMPTY:?}", "variable EMPTY is empty");
	expect_problem("${", "missing }");
	expect_problem("${A", "missing }");
	expect_problem("x ${A:-", "missing }");
	expect_problem("${}", "invalid name");
	expect_problem("${ A}", "invalid name");
	expect_problem("${9}", "invalid name");
	expect_problem("${:-x}", "invalid name");
	expect_problem("${A-x}", "after the name");
	expect_problem("${A:+x}", "after the name");
	expect_problem("${A:}", "after the name");
	expect_problem("${A B}", "after the name");
	expect_problem("${B:-${A}}", "can't be nested");
	expect_problem("${\x1b[31m}", "\\x1b");
}

static void all_problems(void **state)
{
	(void)state;
	clear_environment();
	expect(NULL, 0, "${A} ${B}", "!variable A is not set\n!variable B is not set\n");
}

static void hostile_values(void **state)
{
	static const char *const given[] = {"A=secret\xff", "B=a\nb: c"};

	(void)state;
	clear_environment();
	expect(given, 2, "${A}", "!variable A is not valid UTF-8\n");
	expect(given, 2, "${B}", "a\nb: c");
}

static void bounded(void **state)
{
	enum { SIZE = 1 << 20 };
	char *pair AUTO_FREE = mem_alloc(SIZE + 3);
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	memset(pair, 'x', SIZE + 2);
	pair[0] = 'A';
	pair[1] = '=';
	for (size_t i = 0; i < 100; i++)
		str_text_add(&text, "${A}");
	const char *const given[] = {pair};
	expect(given, 1, str_text(&text), "!variables expand to more than 67108864 bytes\n");
}

/* fault D5: each reference copied the text after it, so 80,000 of them took seconds */
static void many_references(void **state)
{
	static const char *const given[] = {"A=alpha"};
	enum { MANY = 80000, EACH = 100 };
	struct str text CLEANUP(str_release) = {0}, wanted CLEANUP(str_release) = {0};

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		str_text_add(&text, i % 2 ? "${A}" : "${B:-beta}");
		str_text_add(&wanted, i % 2 ? "alpha" : "beta");
	}
	(void)steps_take();
	expect(given, 1, str_text(&text), str_text(&wanted));
	const struct steps steps = steps_take();
	assert_in_range(steps.bytes, MANY, (uintmax_t)MANY * EACH);
}

static void unused(void **state)
{
	static const char *const given[] = {"A=alpha", "B=beta", "B=gamma"};
	struct variables variables CLEANUP(variables_release);
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str out CLEANUP(str_release) = {0};

	(void)state;
	variables_init(&variables, given, 3);
	assert_true(variables_expand(&variables, "${A}", &out, &errors));
	assert_false(variables_check_used(&variables, &errors));
	assert_int_equal(errors.count, 1);
	expect_text(errors.items[0].message, "${B}");
	expect_no_text(errors.items[0].message, "gamma");
	assert_true(variables_expand(&variables, "${B}", &out, &errors));
	assert_true(variables_check_used(&variables, &errors));
	variables_release(&variables);
	variables_init(&variables, given, 3);
	variables_ask_all(&variables, "$A ${ ${B:?$${A $");
	assert_true(variables_check_used(&variables, &errors));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(dollars),
		cmocka_unit_test(values),
		cmocka_unit_test(defaults),
		cmocka_unit_test(sources),
		cmocka_unit_test(plain_environment),
		cmocka_unit_test(problems),
		cmocka_unit_test(all_problems),
		cmocka_unit_test(hostile_values),
		cmocka_unit_test(bounded),
		cmocka_unit_test(many_references),
		cmocka_unit_test(unused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
