#include "base/secret.h"

#include "unit.h"

static void holds_what_it_was_given(void **state)
{
	struct secret secret CLEANUP(secret_release) = {0};

	(void)state;
	secret_copy(&secret, "a\0b", 3);
	assert_int_equal(secret.length, 3);
	assert_memory_equal(secret.bytes, "a\0b", 4); /* and a NUL behind it */
}

/* Also when the bytes fill their pages to the last one, a NUL fits behind them. */
static void always_ends_with_nul(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	for (size_t length = page - 2; length <= page + 2; length++) {
		struct secret secret CLEANUP(secret_release) = {0};
		secret_init(&secret, length);
		assert_int_equal(secret.bytes[0], 0);
		memset(secret.bytes, 'x', length);
		assert_int_equal(strlen(secret.bytes), length);
		assert_true(secret.room > length);
		assert_int_equal(secret.room % page, 0);
	}
}

/* An empty secret is a secret; no secret is NULL. */
static void empty_is_not_absent(void **state)
{
	struct secret secret = {0};

	(void)state;
	secret_copy(&secret, "", 0);
	assert_non_null(secret.bytes);
	assert_int_equal(secret.length, 0);
	secret_release(&secret);
	assert_null(secret.bytes);
	assert_int_equal(secret.room, 0);
	secret_release(&secret); /* twice does no harm */
}

/* Small ones share pages; none sees another one, nor what was there before. */
static void many_small_ones(void **state)
{
	enum { COUNT = 5000 };
	struct secret *secrets = mem_alloc(COUNT * sizeof(*secrets));

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT; i++) {
			secret_init(&secrets[i], i % 1500);
			for (size_t at = 0; at <= i % 1500; at++)
				assert_int_equal(secrets[i].bytes[at], 0);
			memset(secrets[i].bytes, (int)(i % 255) + 1, i % 1500);
		}
		for (size_t i = 0; i < COUNT; i++)
			for (size_t at = 0; at < i % 1500; at++)
				assert_int_equal((unsigned char)secrets[i].bytes[at], i % 255 + 1);
		for (size_t i = 0; i < COUNT; i++)
			secret_release(&secrets[round == 1 ? COUNT - 1 - i : i]);
	}
	mem_free(secrets);
}

/* Whether the program may still read at the address: write() says EFAULT if not. */
static bool is_mapped(const char *address)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	bool is_there = write(fds[1], address, 1) == 1;
	close(fds[0]);
	close(fds[1]);
	return is_there;
}

/* Not onto a free list from where the next allocation would get them. */
static void pages_go_back(void **state)
{
	struct secret secret = {0};

	(void)state;
	secret_init(&secret, 5000);
	const char *address = secret.bytes;
	assert_true(is_mapped(address));
	secret_release(&secret);
	assert_false(is_mapped(address));
}

/* One after another, small secrets use the same pages, wiped in between. */
static void newest_shelf_stays(void **state)
{
	struct secret secret = {0};

	(void)state;
	secret_copy(&secret, "hush", 4);
	const char *address = secret.bytes;
	secret_release(&secret);
	assert_true(is_mapped(address));
	secret_init(&secret, 4);
	assert_ptr_equal(secret.bytes, address);
	assert_memory_equal(secret.bytes, "\0\0\0\0", 4);
	secret_release(&secret);
}

static void wipes(void **state)
{
	char bytes[64];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	secret_wipe(bytes + 1, sizeof(bytes) - 2);
	assert_int_equal(bytes[0], 'x');
	assert_int_equal(bytes[63], 'x');
	for (size_t i = 1; i < 63; i++)
		assert_int_equal(bytes[i], 0);
	secret_wipe(bytes, 0);
	assert_int_equal(bytes[0], 'x');
}

static void grows(void **state)
{
	struct secret secret = {0};

	(void)state;
	secret_reserve(&secret, 3);
	assert_int_equal(secret.length, 0);
	assert_true(secret.room > 3);
	memcpy(secret.bytes, "abc", 3);
	secret.length = 3;
	const char *before = secret.bytes;
	secret_reserve(&secret, 3);
	assert_ptr_equal(secret.bytes, before);
	secret_reserve(&secret, 100000);
	assert_true(secret.room > 100000);
	assert_int_equal(secret.length, 3);
	assert_string_equal(secret.bytes, "abc");
	assert_int_equal(secret.bytes[100000], 0);
	struct secret stolen CLEANUP(secret_release) = secret_steal(&secret);
	assert_null(secret.bytes);
	assert_string_equal(stolen.bytes, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_it_was_given),
		cmocka_unit_test(always_ends_with_nul),
		cmocka_unit_test(empty_is_not_absent),
		cmocka_unit_test(many_small_ones),
		cmocka_unit_test(pages_go_back),
		cmocka_unit_test(newest_shelf_stays),
		cmocka_unit_test(wipes),
		cmocka_unit_test(grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
