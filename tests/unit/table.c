#include "adapter/table.h"

#include "unit.h"

static void empty(void **state)
{
	struct table *table = NULL;

	(void)state;
	assert_null(table_get(table, "x"));
	assert_null(table_drop(&table, "x"));
	assert_int_equal(table_count(table), 0);
	table_free(&table);
	assert_null(table);
}

static void put_replaces(void **state)
{
	struct table *table = NULL;
	int one, two;
	char key[] = "key";

	(void)state;
	assert_null(table_put(&table, key, &one));
	assert_ptr_equal(table_get(table, "key"), &one);
	assert_ptr_equal(table_put(&table, "key", &two), &one);
	assert_ptr_equal(table_get(table, "key"), &two);
	assert_int_equal(table_count(table), 1);
	assert_null(table_get(table, "ke"));
	assert_null(table_get(table, "keys"));
	assert_null(table_get(table, ""));
	assert_null(table_put(&table, "", &one));
	assert_ptr_equal(table_get(table, ""), &one);
	assert_ptr_equal(table_drop(&table, "key"), &two);
	assert_null(table_drop(&table, "key"));
	assert_int_equal(table_count(table), 1);
	table_free(&table);
	assert_null(table_get(table, ""));
	table_free(&table);
}

static void many(void **state)
{
	enum { MANY = 100000 };
	struct table *table = NULL;
	static char keys[MANY][8];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(keys[i], sizeof(keys[i]), "%d", i);
		assert_null(table_put(&table, keys[i], keys[i]));
	}
	assert_int_equal(table_count(table), MANY);
	for (int i = 0; i < MANY; i += 2)
		assert_ptr_equal(table_drop(&table, keys[i]), keys[i]);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(table_get(table, keys[i]), i % 2 ? keys[i] : NULL);
	table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(put_replaces),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
