#include "adapter/http_url.h"

#include "unit.h"

static void good_urls(void **state)
{
	static const struct {
		const char *url, *origin, *path, *query;
		bool is_loopback, has_fragment;
	} table[] = {
		{"https://api.example.com", "https://api.example.com", "/", NULL, false, false},
		{"HTTPS://API.Example.com:443/V4", "https://api.example.com", "/V4", NULL, false,
			false},
		{"https://host:8443/a/b?c=/d#e", "https://host:8443", "/a/b", "c=/d", false, true},
		{"https://host/a/../b/./${ACCOUNT_ID}", "https://host", "/b/${ACCOUNT_ID}", NULL,
			false, false},
		{"https://host/a%2Fb", "https://host", "/a%2Fb", NULL, false, false},
		{"HTTP://LOCALHOST:80/", "http://localhost", "/", NULL, true, false},
		{"http://127.0.0.9:1/x", "http://127.0.0.9:1", "/x", NULL, true, false},
		{"http://[::1]:80/", "http://[::1]", "/", NULL, true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		struct http_url url CLEANUP(http_url_release) = {0};
		if (!http_url_check("it", table[i].url, &url, &err))
			fail_msg("%s: %s", table[i].url, err.message);
		assert_string_equal(url.origin, table[i].origin);
		assert_string_equal(url.path, table[i].path);
		assert_int_equal(url.is_loopback, table[i].is_loopback);
		if (table[i].query)
			assert_string_equal(url.query, table[i].query);
		else
			assert_null(url.query);
		assert_int_equal(url.has_fragment, table[i].has_fragment);
	}
}

static void bad_urls(void **state)
{
	static const struct {
		const char *url, *message;
	} table[] = {
		{"", "it is not a valid URL"},
		{"host", "it is not a valid URL"},
		{"host:80", "it "},
		{"//host", "it is not a valid URL"},
		{"https://", "it is not a valid URL"},
		{"https://ho st/", "it is not a valid URL"},
		{"https://host:99999/", "it is not a valid URL"},
		{"https://host:x/", "it is not a valid URL"},
		{"http://[::1", "it is not a valid URL"},
		{"https://ho\nst/", "it is not a valid URL"},
		{"https://host/\r\nx: y", "it is not a valid URL"},
		{"ftp://host/", "it must start with https://"},
		{"https://HUSH@host/", "it must not contain a user or password"},
		{"https://:HUSH@host/", "it must not contain a user or password"},
		{"http://host/", "it uses plain http to another host"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		struct http_url url = {0};
		if (http_url_check("it", table[i].url, &url, &err))
			fail_msg("%s: %s", table[i].url, url.origin);
		assert_null(url.origin);
		expect_no_text(err.message, "HUSH");
		expect_error(&err, table[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls),
		cmocka_unit_test(bad_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
