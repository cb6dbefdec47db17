#include "base/moment.h"

#include "unit.h"

static void dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		int32_t nanoseconds;
		unsigned digits;
	} table[] = {
		{"1970-01-01T00:00:00Z", 0, 0, 0},
		{"2023-09-21T18:56:32.624632Z", 1695322592, 624632000, 6},
		{"2023-09-21T18:56:32.624Z", 1695322592, 624000000, 3},
		{"2023-09-21t18:56:32z", 1695322592, 0, 0},
		{"2023-09-21T20:56:32+02:00", 1695322592, 0, 0},
		{"2023-09-21T15:26:32.5-03:30", 1695322592, 500000000, 1},
		{"2023-09-21T18:56:32-00:00", 1695322592, 0, 0},
		{"2023-09-21T18:56:32.1234567891234567890123456789Z", 1695322592, 123456789, 9},
		{"2024-02-29T00:00:00Z", 1709164800, 0, 0},
		{"2000-02-29T00:00:00Z", 951782400, 0, 0},
		{"2000-03-01T00:00:00Z", 951868800, 0, 0},
		{"1969-12-31T23:59:59.5Z", -1, 500000000, 1},
		{"0000-01-01T00:00:00Z", -62167219200, 0, 0},
		{"0000-01-01T00:00:00+23:59", -62167305540, 0, 0},
		{"9999-12-31T23:59:59Z", 253402300799, 0, 0},
		{"9999-12-31T23:59:59-23:59", 253402387139, 0, 0},
		{"2016-12-31T23:59:60Z", 1483228800, 0, 0},
		{"2016-12-31T15:59:60.5-08:00", 1483228800, 500000000, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct moment moment;
		if (!moment_read(table[i].text, &moment))
			fail_msg("%s is a date", table[i].text);
		if (moment.seconds != table[i].seconds)
			fail_msg("%s: %lld seconds", table[i].text, (long long)moment.seconds);
		assert_int_equal(moment.nanoseconds, table[i].nanoseconds);
		assert_int_equal(moment.digits, table[i].digits);
	}
}

static void no_dates(void **state)
{
	static const char *const table[] = {"", "null", "yesterday", "2026-01-02",
		"2026-01-02T03:04:05", "2026-01-02 03:04:05Z", "2026-01-02T03:04Z",
		"2026-01-02T03:04:05.Z", "2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05Z ",
		" 2026-01-02T03:04:05Z", "2026-1-02T03:04:05Z", "2026-00-02T03:04:05Z",
		"2026-13-02T03:04:05Z", "2026-01-00T03:04:05Z", "2026-01-32T03:04:05Z",
		"2026-04-31T03:04:05Z", "2026-02-29T03:04:05Z", "1900-02-29T03:04:05Z",
		"2026-01-02T24:00:00Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:61Z",
		"2026-01-02T03:04:60Z", "2026-12-31T23:59:60-01:00", "2026-01-02T03:04:05+0200",
		"2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+02:60", "2026-01-02T03:04:05+02",
		"12026-01-02T03:04:05Z", "-026-01-02T03:04:05Z", "2026-01-02T03:04:05ZZ",
		"2026-01-02T03:04:05", "2026-01-02T+3:04:05Z", "1767322000"};
	struct moment moment;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (moment_read(table[i], &moment))
			fail_msg("%s is not a date", table[i]);
	assert_false(moment_read(NULL, &moment));
}

/* fault A4 */
static void compared_at_the_coarser_precision(void **state)
{
	static const struct {
		const char *text, *than;
		enum moment_order order;
	} table[] = {
		{"2023-09-21T18:56:32.624632Z", "2023-09-21T18:56:32.624632Z", MOMENT_SAME},
		{"2023-09-21T18:56:32.624632Z", "2023-09-21T18:56:32.624Z", MOMENT_SAME},
		{"2023-09-21T18:56:32.624632Z", "2023-09-21T18:56:32Z", MOMENT_SAME},
		{"2023-09-21T18:56:32.999Z", "2023-09-21T18:56:32Z", MOMENT_SAME},
		{"2023-09-21T18:56:32.624Z", "2023-09-21T20:56:32.624000+02:00", MOMENT_SAME},
		{"2023-09-21T18:56:32.62Z", "2023-09-21t18:56:32.62+00:00", MOMENT_SAME},
		{"2023-09-21T18:56:32.624632Z", "2023-09-21T18:56:32.625Z", MOMENT_EARLIER},
		{"2023-09-21T18:56:32.624632Z", "2023-09-21T18:56:32.624633Z", MOMENT_EARLIER},
		{"2023-09-21T18:56:32.9Z", "2023-09-21T18:56:33Z", MOMENT_EARLIER},
		{"2023-09-21T18:56:32+02:00", "2023-09-21T18:56:32Z", MOMENT_EARLIER},
		{"2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", MOMENT_EARLIER},
		{"2023-09-21", "2023-09-22T00:00:00Z", MOMENT_UNKNOWN},
		{"2023-09-21T18:56:32Z", "", MOMENT_UNKNOWN},
		{"then", "later", MOMENT_UNKNOWN},
		{NULL, "2023-09-21T18:56:32Z", MOMENT_UNKNOWN},
		{NULL, NULL, MOMENT_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		enum moment_order order = table[i].order;
		enum moment_order back = order == MOMENT_EARLIER ? MOMENT_LATER : order;
		if (moment_compare(table[i].text, table[i].than) != order)
			fail_msg("%s, %s", table[i].text, table[i].than);
		assert_int_equal(moment_compare(table[i].than, table[i].text), back);
	}
}

static void how_long_after(void **state)
{
	static const struct {
		const char *text, *than;
		int64_t after_us;
	} table[] = {
		{"2026-01-01T00:00:01Z", "2026-01-01T00:00:00.9Z", 1000000},
		{"2026-01-01T00:00:00.9Z", "2026-01-01T00:00:00Z", 0},
		{"2026-01-01T00:00:01.25Z", "2026-01-01T00:00:00.75Z", 500000},
		{"2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000003Z", -2},
		{"2026-01-01T00:00:00.000005999Z", "2026-01-01T00:00:00.000003000Z", 2},
		{"9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", INT64_C(315569519999000000)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct moment a, b;
		assert_true(moment_read(table[i].text, &a) && moment_read(table[i].than, &b));
		assert_int_equal(moment_after_us(&a, &b), table[i].after_us);
	}
}

static void the_latest(void **state)
{
	static const struct {
		const char *known, *news, *latest;
	} table[] = {
		{"2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00Z",
			"2026-01-01T00:00:00.123456Z"},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00Z"},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z"},
		{"2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"},
		{"2026-01-01T00:00:01Z", "soon", "2026-01-01T00:00:01Z"},
		{"soon", "2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z"},
		{"soon", "later", "soon"},
		{NULL, "soon", "soon"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_string_equal(moment_latest(table[i].known, table[i].news), table[i].latest);
	assert_null(moment_latest(NULL, NULL));
	assert_string_equal(moment_latest("2026-01-01T00:00:01Z", NULL), "2026-01-01T00:00:01Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates),
		cmocka_unit_test(no_dates),
		cmocka_unit_test(compared_at_the_coarser_precision),
		cmocka_unit_test(how_long_after),
		cmocka_unit_test(the_latest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
