#include "cloudflare/baseurl.h"

#include "unit.h"

static void good_base_urls(void **state)
{
	static const struct {
		const char *url, *clean;
		bool is_loopback;
	} table[] = {
		{BASEURL_DEFAULT, BASEURL_DEFAULT, false},
		{"https://api.example.com/", "https://api.example.com", false},
		{"https://api.example.com/v4///", "https://api.example.com/v4", false},
		{"http://localhost:8080", "http://localhost:8080", true},
		{"http://127.0.0.1:8080/client/v4", "http://127.0.0.1:8080/client/v4", true},
		{"http://[::1]:8080", "http://[::1]:8080", true},
		{"https://localhost", "https://localhost", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		char *clean AUTO_FREE = NULL;
		bool is_loopback = false;
		if (!baseurl_check(table[i].url, &clean, &is_loopback, &err))
			fail_msg("%s: %s", table[i].url, err.message);
		assert_string_equal(clean, table[i].clean);
		assert_int_equal(is_loopback, table[i].is_loopback);
	}
}

/* Credentials would go to somebody else, or in the open, or nobody knows where. */
static void bad_base_urls(void **state)
{
	static const struct {
		const char *url, *message;
	} table[] = {
		{"", "base URL"},
		{"api.cloudflare.com", "not a valid URL"},
		{"//api.cloudflare.com", "not a valid URL"},
		{"ftp://localhost", "must start with https://"},
		{"file:///etc/passwd", "base URL"},
		{"http://api.cloudflare.com", "plain http"},
		{"http://localhost.evil.example", "plain http"},
		{"http://127.0.0.1.evil.example", "plain http"},
		{"http://127.evil.example", "plain http"},
		{"http://127.0.0.1.2.3", "plain http"},
		{"http://127.0.0.1.2", "plain http"},
		{"http://127.0.0.1..", "plain http"},
		{"http://127.0.0.256", "plain http"},
		{"http://127...", "plain http"},
		{"http://127.", "plain http"},
		{"http://127.0.0.0.1:8080", "plain http"},
		{"http://128.0.0.1", "plain http"},
		{"http://[::2]", "plain http"},
		{"http://[::ffff:127.0.0.1]", "plain http"},
		{"http://127.0.0.1@evil.example/", "user or password"},
		{"http://localhost@evil.example/", "user or password"},
		{"https://HUSH:HUSH@host/", "user or password"},
		{"http://evil.example/127.0.0.1", "plain http"},
		{"http://evil.example#@localhost", "base URL"},
		{"http://evil.example?localhost", "base URL"},
		{"https://host/?x=y", "base URL"},
		{"https://host/#x", "base URL"},
		{"http://local host", "not a valid URL"},
		{"http://0.0.0.0", "plain http"},
		{"http://\xe2\x93\x9bocalhost", "base URL"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		char *clean = NULL;
		bool is_loopback = false;
		if (baseurl_check(table[i].url, &clean, &is_loopback, &err))
			fail_msg("%s: %s", table[i].url, clean);
		assert_null(clean);
		expect_no_text(err.message, "HUSH");
		expect_no_text(err.hint, "HUSH");
		expect_error(&err, table[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_base_urls),
		cmocka_unit_test(bad_base_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
