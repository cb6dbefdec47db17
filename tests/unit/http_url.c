#include "adapter/http_url.h"

#include "unit.h"

static void good_urls(void **state)
{
	static const struct {
		const char *url, *origin, *path;
		bool is_loopback, has_query, has_fragment;
	} table[] = {
		{"https://api.example.com", "https://api.example.com", "/", false, false, false},
		{"HTTPS://API.Example.com:443/V4", "https://api.example.com", "/V4", false, false,
			false},
		{"https://host:8443/a/b?c=/d#e", "https://host:8443", "/a/b", false, true, true},
		{"HTTP://LOCALHOST:80/", "http://localhost", "/", true, false, false},
		{"http://127.0.0.9:1/x", "http://127.0.0.9:1", "/x", true, false, false},
		{"http://[::1]:80/", "http://[::1]", "/", true, false, false},
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
		assert_int_equal(url.has_query, table[i].has_query);
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
