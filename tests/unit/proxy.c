#include "adapter/proxy.h"

#include "unit.h"

#include <stdlib.h>

static const char *const names[] = {"ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"};

static int no_proxy(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unsetenv(names[i]);
	return 0;
}

static void expect_same(const char *text, const char *wanted)
{
	if (wanted)
		assert_string_equal(text, wanted);
	else
		assert_null(text);
}

static void good_proxies(void **state)
{
	static const struct {
		const char *value, *url, *host, *user, *password;
	} table[] = {
		{"http://h:3128", "http://h:3128", "h", NULL, NULL},
		{"h:3128", "http://h:3128", "h", NULL, NULL},
		{"h", "http://h:1080", "h", NULL, NULL},
		{"HTTPS://h", "https://h:443", "h", NULL, NULL},
		{"socks4://h", "socks4://h:1080", "h", NULL, NULL},
		{"socks5h://10.0.0.1:9/", "socks5h://10.0.0.1:9", "10.0.0.1", NULL, NULL},
		{"http://[::1]:8080/x?y", "http://[::1]:8080", "[::1]", NULL, NULL},
		{"[2001:db8::1]", "http://[2001:db8::1]:1080", "[2001:db8::1]", NULL, NULL},
		{"http://u:pw@h:1", "http://h:1", "h", "u", "pw"},
		{"u:pw@h:1", "http://h:1", "h", "u", "pw"},
		{"http://u@h", "http://h:1080", "h", "u", ""},
		{"http://@h", "http://h:1080", "h", "", ""},
		{"http://:pw@h", "http://h:1080", "h", "", "pw"},
		{"http://u:p@w:x@h:1", "http://h:1", "h", "u", "p@w:x"},
		{"http://u%40b:p%2Fw%@h", "http://h:1080", "h", "u@b", "p/w%"},
		{"http://u:%zz%4@h", "http://h:1080", "h", "u", "%zz%4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct proxy proxy CLEANUP(proxy_release) = {0};
		struct error err = {0};
		setenv("HTTPS_PROXY", table[i].value, 1);
		if (!proxy_read(&proxy, &err))
			fail_msg("%s: %s", table[i].value, err.message);
		assert_string_equal(proxy.variable, "HTTPS_PROXY");
		assert_string_equal(proxy.url, table[i].url);
		assert_string_equal(proxy.host, table[i].host);
		expect_same(proxy.user, table[i].user);
		expect_same(proxy.password, table[i].password);
	}
}

/* fault B8: the error shows nothing of the value. */
static void bad_proxies(void **state)
{
	static const char *const table[] = {"http://u:HUSH@127.0.0.1:99999", "u:HUSH@h:99999",
		"ftp://u:HUSH@h", "://u:HUSH@h", "http://", "http://u:HUSH@", "http://u:HUSH@:1",
		"http://u:HU/SH@h", "http://u:HUSH@h:", "http://u:HUSH@h:0", "http://u:HUSH@h:1x",
		"http://u:HUSH@h h", "http://u:HUSH@[::1", "http://u:HUSH@[]:1",
		"http://u:HUSH@[::1]x", "http://u:HUSH@[h]", "http://u:HUSH%0a@h",
		"http://u:HUSH%00@h", "http://u\n:HUSH@h", "http://u:HUSH@h\x1b[m",
		"http://u:HUSH@%68", "http://::1", "http:///h"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct proxy proxy = {0};
		struct error err = {0};
		setenv("all_proxy", table[i], 1);
		if (proxy_read(&proxy, &err))
			fail_msg("%s: %s", table[i], proxy.url);
		assert_null(proxy.variable);
		assert_non_null(err.hint);
		expect_no_text(err.hint, "HUSH");
		expect_no_text(err.message, "HUSH");
		expect_error(&err, "all_proxy is not a valid proxy URL");
	}
}

static void which_variable(void **state)
{
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct proxy proxy CLEANUP(proxy_release) = {0};
		setenv(names[i], "", 1);
		assert_true(proxy_read(&proxy, &err));
		expect_same(proxy.variable, i ? names[i - 1] : NULL);
		proxy_release(&proxy);
		setenv(names[i], "h", 1);
		assert_true(proxy_read(&proxy, &err));
		assert_string_equal(proxy.variable, names[i]);
	}
}

static void exclusions(void **state)
{
	static const struct {
		const char *list, *url;
		bool is_excluded;
	} table[] = {
		{"", "https://api.example.com/v4", false},
		{"*", "https://api.example.com/v4", true},
		{"example.com", "https://api.example.com/v4", true},
		{".example.com", "https://api.example.com:8443/v4", true},
		{"API.Example.com.", "https://api.example.com", true},
		{"a, b,example.com", "https://api.example.com?x", true},
		{"a example.com", "https://api.example.com#x", true},
		{"ample.com", "https://api.example.com/v4", false},
		{"www.api.example.com,,.", "https://api.example.com/v4", false},
		{"v4,com/v4", "https://api.example.com/v4", false},
		{"127.0.0.1", "https://127.0.0.1:1/", true},
		{"10.0.0.1", "https://127.0.0.1:1/", false},
		{"[::1]", "https://[::1]:1/", true},
		{"::1", "https://[::1]:1/", true},
		{"::2", "https://[::1]:1/", false},
		/* It can't be told, so nothing is said. */
		{"127.0.0.0/8", "https://127.0.0.1/", true},
		{"127.0.0.0/8", "https://example.com/", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		setenv("NO_PROXY", table[i].list, 1);
		if (proxy_may_exclude(table[i].url) != table[i].is_excluded)
			fail_msg("%s: %s", table[i].list, table[i].url);
	}
	setenv("no_proxy", "other.com", 1);
	assert_false(proxy_may_exclude("https://example.com/"));
	(void)unsetenv("no_proxy");
	(void)unsetenv("NO_PROXY");
	assert_false(proxy_may_exclude("https://example.com/"));
}

static void refusals(void **state)
{
	static const int final[] = {400, 401, 403, 404, 405, 407, 451, 499};
	static const int passing[] = {302, 408, 425, 429, 500, 502, 503, 504, 599};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(final); i++)
		assert_true(proxy_refuses(final[i]));
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		assert_false(proxy_refuses(passing[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_proxies, no_proxy),
		cmocka_unit_test_setup(bad_proxies, no_proxy),
		cmocka_unit_test_setup(which_variable, no_proxy),
		cmocka_unit_test(exclusions),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, no_proxy);
}
