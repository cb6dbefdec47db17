#include "adapter/crypt.h"

#include "base/text.h"
#include "unit.h"

#include <inttypes.h>
#include <limits.h>

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* RFC 9562: version 4, and no two alike. */
static void uuids(void **state)
{
	enum { MANY = 10000 };
	static char uuids[MANY][CRYPT_UUID_SIZE];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		crypt_uuid(uuids[i]);
		assert_int_equal(strlen(uuids[i]), 36);
		assert_true(text_is_made_of(uuids[i], "0123456789abcdef-"));
		for (size_t at = 0; at < 36; at++)
			assert_int_equal(
				uuids[i][at] == '-', at == 8 || at == 13 || at == 18 || at == 23);
		assert_int_equal(uuids[i][14], '4');
		assert_non_null(strchr("89ab", uuids[i][19]));
	}
	qsort(uuids, MANY, sizeof(uuids[0]), compare);
	for (size_t i = 1; i < MANY; i++)
		assert_string_not_equal(uuids[i - 1], uuids[i]);
}

/* Known answers (BLAKE2b-128), so that a journal is still read by a later cfprov. */
static void checksums(void **state)
{
	char sum[CRYPT_CHECKSUM_SIZE];

	(void)state;
	crypt_checksum("", 0, sum);
	assert_string_equal(sum, "cae66941d9efbd40");
	crypt_checksum("abc", 3, sum);
	assert_string_equal(sum, "cf4ab791c62b8d2b");
}

static void checksums_see_every_bit(void **state)
{
	char bytes[64], sum[CRYPT_CHECKSUM_SIZE], other[CRYPT_CHECKSUM_SIZE];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	crypt_checksum(bytes, sizeof(bytes), sum);
	for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		crypt_checksum(bytes, sizeof(bytes), other);
		assert_string_not_equal(sum, other);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	crypt_checksum(bytes, sizeof(bytes) - 1, other);
	assert_string_not_equal(sum, other);
}

static void numbers(void **state)
{
	bool seen[4] = {false};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t number = crypt_random_below(4);
		assert_true(number < 4);
		seen[number] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
	assert_int_equal(crypt_random_below(1), 0);
}

static void expect_random(
	size_t bytes, enum crypt_encoding encoding, size_t length, const char *letters)
{
	struct secret one CLEANUP(secret_release) = {0}, other CLEANUP(secret_release) = {0};

	crypt_random_text(bytes, encoding, &one);
	crypt_random_text(bytes, encoding, &other);
	assert_int_equal(one.length, length);
	assert_int_equal(strlen(one.bytes), length);
	if (bytes)
		assert_true(text_is_made_of(one.bytes, letters));
	if (bytes > 15)
		assert_string_not_equal(one.bytes, other.bytes);
}

static void random_texts(void **state)
{
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	(void)state;
	expect_random(32, CRYPT_HEX, 64, "0123456789abcdef");
	expect_random(32, CRYPT_BASE64, 44, LETTERS "+/=");
	expect_random(32, CRYPT_BASE64URL, 43, LETTERS "-_");
	expect_random(1, CRYPT_BASE64, 4, LETTERS "+/=");
	expect_random(1, CRYPT_BASE64URL, 2, LETTERS "-_");
	expect_random(30, CRYPT_BASE64, 40, LETTERS "+/"); /* no padding needed */
	expect_random(0, CRYPT_HEX, 0, "");
	expect_random(4096, CRYPT_HEX, 8192, "0123456789abcdef"); /* to the end of a page */
}

/* trust 11: whoever floods one process does not know the hashes of another. */
static void table_hashes(void **state)
{
	char command[PATH_MAX + 16], path[PATH_MAX], other[32] = "";
	uint64_t own = crypt_table_hash("text", 4);

	(void)state;
	assert_true(own == crypt_table_hash("text", 4));
	assert_true(own != crypt_table_hash("tex", 3));
	assert_true(own != crypt_table_hash("texu", 4));
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	assert_true(length > 0);
	path[length] = '\0';
	snprintf(command, sizeof(command), "'%s' hash", path);
	FILE *program = popen(command, "r");
	assert_non_null(program);
	assert_non_null(fgets(other, sizeof(other), program));
	assert_int_equal(pclose(program), 0);
	assert_true(own != strtoull(other, NULL, 16));
}

/* Only what was written is read: no other letters, no line breaks, no other padding. */
static void base64(void **state)
{
	static const char *const bad[] = {
		"AAECAw=", "AAECAw", "AAECAx==", "AAEC\nAw==", "AAECA\xc1==", "A", "AAECAw==\n"};
	struct str text CLEANUP(str_release) = {0}, bytes CLEANUP(str_release) = {0};

	(void)state;
	crypt_add_base64(&text, "\0\1\2\3", 4);
	assert_string_equal(str_text(&text), "AAECAw==");
	assert_true(crypt_open_base64(text.bytes, text.length, &bytes));
	assert_int_equal(bytes.length, 4);
	assert_memory_equal(bytes.bytes, "\0\1\2\3", 4);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(crypt_open_base64(bad[i], strlen(bad[i]), &bytes));
	assert_int_equal(bytes.length, 4);
	assert_true(crypt_open_base64("", 0, &bytes));
}

/* Each bit of what is written matters. */
static void base64_sees_every_bit(void **state)
{
	char text[] = "AAECAwQF";

	(void)state;
	for (size_t i = 0; i < strlen(text) * 8; i++) {
		struct str bytes CLEANUP(str_release) = {0};
		text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
		if (crypt_open_base64(text, strlen(text), &bytes))
			assert_memory_not_equal(bytes.bytes, "\0\1\2\3\4\5", 6);
		text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "hash") == 0) {
		printf("%" PRIx64 "\n", crypt_table_hash("text", 4));
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uuids),
		cmocka_unit_test(checksums),
		cmocka_unit_test(checksums_see_every_bit),
		cmocka_unit_test(numbers),
		cmocka_unit_test(random_texts),
		cmocka_unit_test(table_hashes),
		cmocka_unit_test(base64),
		cmocka_unit_test(base64_sees_every_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
