#include "base/credentials.h"

#include "unit.h"

static void expect(const char *bytes, size_t length, const char *message)
{
	struct secret secret CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	secret_copy(&secret, bytes, length);
	assert_int_equal(credentials_check(&secret, "TOKEN", &err), message == NULL);
	if (!message)
		return;
	expect_no_text(err.message, "HUSH");
	expect_no_text(err.hint, "HUSH");
	expect_text(err.message, "TOKEN ");
	expect_error(&err, message);
}

static void every_byte(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char bytes[] = "HUSH?HUSH";
		bytes[4] = (char)byte;
		if (byte > 0x20 && byte < 0x7f)
			expect(bytes, 9, NULL);
		else
			expect(bytes, 9, "at position 5");
	}
}

static void says_what_is_wrong(void **state)
{
	struct str large CLEANUP(str_release) = {0};

	(void)state;
	expect("", 0, "is empty");
	expect("HUSH\r\nX-Evil: 1", 15, "a line break at position 5");
	expect("HUSH\n", 5, "a line break at position 5");
	expect(" HUSH", 5, "a space at position 1");
	expect("HUSH\0HUSH", 9, "a control character at position 5");
	expect("HUSH\xc3\xa4", 6, "not ASCII at position 5");
	/* fault B4 */
	expect("\"HUSH\"", 6, "a quote at position 1");
	expect("'HUSH'", 6, "a quote at position 1");
	expect("`HUSH", 5, "a quote at position 1");
	expect("HUSH\"", 5, "a quote at position 5");
	str_repeat(&large, 'x', CREDENTIALS_LENGTH_LIMIT);
	expect(large.bytes, large.length, NULL);
	str_char(&large, 'x');
	expect(large.bytes, large.length, ": 4097 bytes");
	str_repeat(&large, 'x', 10 << 20);
	expect(large.bytes, large.length, "is too long for a token");
}

/* fault A16: the prefix says what it is */
static void the_other_kind(void **state)
{
	static const struct {
		const char *bytes;
		bool is_token, is_key;
	} table[] = {
		{"cfk_HUSH", false, true},
		{"cfut_HUSH", true, false},
		{"cfat_HUSH", true, false},
		{"cfk", true, true},
		{"HUSH", true, true},
		{"xcfk_HUSH", true, true},
		{"cfk_HUSH HUSH", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct secret secret CLEANUP(secret_release) = {0};
		struct error token CLEANUP(error_release) = {0}, key CLEANUP(error_release) = {0};
		secret_copy(&secret, table[i].bytes, strlen(table[i].bytes));
		assert_int_equal(
			credentials_check_token(&secret, "TOKEN", &token), table[i].is_token);
		assert_int_equal(credentials_check_key(&secret, "KEY", &key), table[i].is_key);
		if (token.message)
			expect_no_text(token.message, "HUSH");
		if (key.message)
			expect_no_text(key.message, "HUSH");
	}
}

static void releases_all(void **state)
{
	struct credentials credentials = {0};

	(void)state;
	secret_copy(&credentials.token, "t", 1);
	secret_copy(&credentials.email, "e", 1);
	secret_copy(&credentials.key, "k", 1);
	credentials_release(&credentials);
	assert_null(credentials.token.bytes);
	assert_null(credentials.email.bytes);
	assert_null(credentials.key.bytes);
	credentials_release(&credentials);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(the_other_kind),
		cmocka_unit_test(releases_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
