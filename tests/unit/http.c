#include "adapter/http.h"

#include "unit.h"

enum { NOW = 1700000000 }; /* Tue, 14 Nov 2023 22:13:20 GMT */

static void retry_after(void **state)
{
	static const struct {
		const char *text;
		int64_t wait_ms;
	} table[] = {
		{"3", 3000},
		{"0", 0},
		{"007", 7000},
		{"99999999", 99999999000},
		{"-1", -1},
		{"", -1},
		{"+3", -1},
		{"3.5", -1},
		{"3s", -1},
		{"1e3", -1},
		{"soon", -1},
		{"99999999999999999999", (int64_t)INT32_MAX * 1000},
		{"Tue, 14 Nov 2023 22:13:25 GMT", 5000},
		{"Tuesday, 14-Nov-23 22:13:25 GMT", 5000}, /* the obsolete forms of RFC 9110 */
		{"Tue Nov 14 22:13:25 2023", 5000},
		{"Tue, 14 Nov 2023 22:13:20 GMT", 0},
		{"Tue, 14 Nov 2023 22:13:19 GMT", 0}, /* the past */
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Tue, 99 Nov 2023 22:13:25 GMT", -1},
		{"Tue", -1},
		{"\x1b[31m", -1},
		{"\xff", -1},
		{";;;;", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int64_t wait_ms = http_retry_after_ms(table[i].text, NOW);
		if (wait_ms != table[i].wait_ms)
			fail_msg("%s: %lld", table[i].text, (long long)wait_ms);
	}
}

/* fault D3 */
static void retry_after_far_away(void **state)
{
	static const char *const texts[] = {"Sat, 2 Oct 999999919", "Fri, 31 Dec 9999 23:59:59 GMT",
		"Sat, 2 Oct 2147483647 00:00:00 GMT", "2147483647", "2147483648",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808"};
	static const int64_t nows[] = {0, NOW, INT32_MIN, -NOW};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t j = 0; j < ARRAY_SIZE(nows); j++) {
			int64_t wait_ms = http_retry_after_ms(texts[i], nows[j]);
			assert_true(wait_ms >= -1);
			assert_true(wait_ms <= (int64_t)INT32_MAX * 1000);
		}
	assert_int_equal(
		http_retry_after_ms("Sat, 2 Oct 999999919", NOW), (int64_t)INT32_MAX * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retry_after),
		cmocka_unit_test(retry_after_far_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
