#include "base/error.h"

#include "unit.h"

#include <errno.h>

static void set_and_release(void **state)
{
	struct error err = {0};

	(void)state;
	assert_false(error_set(&err, "%s has %d", "it", 3));
	assert_string_equal(err.message, "it has 3");
	assert_int_equal(err.code, ERROR_FAILED);
	assert_null(err.hint);
	error_release(&err);
	assert_null(err.message);
	error_release(&err); /* twice does no harm */
	assert_false(error_set_code(&err, ERROR_BUSY, "busy"));
	assert_int_equal(err.code, ERROR_BUSY);
	error_release(&err);
	assert_int_equal(err.code, ERROR_FAILED);
}

static void says_errno(void **state)
{
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	assert_false(error_set_errno(&err, ENOENT, "can't open %s", "x"));
	assert_string_equal(err.message, "can't open x: No such file or directory");
	assert_null(err.hint);
	error_release(&err);
	assert_false(error_set_errno(&err, EACCES, "can't open %s", "x"));
	expect_text(err.hint, "owner and mode");
	error_release(&err);
	assert_false(error_set_errno(&err, 99999, "can't"));
	expect_text(err.message, "99999");
}

static void prefix_keeps_the_rest(void **state)
{
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	error_set_code(&err, ERROR_ABSENT, "inner %%");
	error_hint(&err, "Do it.");
	error_at(&err, "file", 3, 4);
	assert_false(error_prefix(&err, "outer %d", 1));
	assert_string_equal(err.message, "outer 1: inner %");
	assert_int_equal(err.code, ERROR_ABSENT);
	assert_string_equal(err.hint, "Do it.");
	assert_string_equal(err.file, "file");
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 4);
}

static void hint_and_place_replace(void **state)
{
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	error_set(&err, "x");
	assert_false(error_hint(&err, "one"));
	assert_false(error_hint(&err, "two"));
	assert_string_equal(err.hint, "two");
	assert_false(error_at(&err, "a", 1, 1));
	assert_false(error_at(&err, "b", 2, 0));
	assert_string_equal(err.file, "b");
	assert_int_equal(err.column, 0);
}

static void move_empties(void **state)
{
	struct error from = {0}, to CLEANUP(error_release) = {0};

	(void)state;
	error_set(&from, "it");
	error_hint(&from, "hint");
	error_move(&to, &from);
	assert_string_equal(to.message, "it");
	assert_string_equal(to.hint, "hint");
	assert_null(from.message);
	assert_null(from.hint);
}

static void copy_leaves_the_place(void **state)
{
	struct error from CLEANUP(error_release) = {0}, to CLEANUP(error_release) = {0};

	(void)state;
	error_set_code(&from, ERROR_BUSY, "it");
	error_hint(&from, "hint");
	error_at(&from, "a", 1, 1);
	error_at(&to, "b", 2, 2);
	assert_false(error_copy(&to, &from));
	assert_int_equal(to.code, ERROR_BUSY);
	assert_string_equal(to.message, "it");
	assert_string_equal(to.hint, "hint");
	assert_string_equal(to.file, "b");
	assert_string_equal(from.message, "it");
}

static void list_keeps_order(void **state)
{
	struct error_list list CLEANUP(error_list_release) = {0};
	char text[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct error *err = error_list_add(&list);
		assert_null(err->message);
		error_set(err, "%d", i);
	}
	assert_int_equal(list.count, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(list.items[i].message, text);
	}
	error_list_release(&list);
	assert_int_equal(list.count, 0);
}

static void list_is_cut(void **state)
{
	struct error_list list CLEANUP(error_list_release) = {0};

	(void)state;
	while (list.count < ERROR_LIST_MOST)
		error_set(error_list_add(&list), "x");
	error_list_cut(&list);
	assert_int_equal(list.count, ERROR_LIST_MOST);
	error_set(error_list_add(&list), "one");
	error_list_cut(&list);
	assert_string_equal(list.items[ERROR_LIST_MOST].message, "1 more error is not shown");
	while (list.count < 250)
		error_set(error_list_add(&list), "x");
	error_list_cut(&list);
	assert_int_equal(list.count, ERROR_LIST_MOST + 1);
	assert_string_equal(list.items[ERROR_LIST_MOST].message, "150 more errors are not shown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_release),
		cmocka_unit_test(says_errno),
		cmocka_unit_test(prefix_keeps_the_rest),
		cmocka_unit_test(hint_and_place_replace),
		cmocka_unit_test(move_empties),
		cmocka_unit_test(copy_leaves_the_place),
		cmocka_unit_test(list_keeps_order),
		cmocka_unit_test(list_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
