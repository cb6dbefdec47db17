#include "cloudflare/ratelimit.h"

#include "unit.h"

static struct ratelimit read_limit(const char *limits, const char *policies)
{
	struct ratelimit limit;

	ratelimit_read(limits, policies, &limit);
	return limit;
}

/* fault A9 */
static void every_item_counts(void **state)
{
	static const struct {
		const char *limits;
		int64_t remaining, reset_ms; /* of the tightest */
		size_t count;
	} table[] = {
		{"\"burst\";r=90;t=1, \"default\";r=0;t=2", 0, 2000, 2},
		{"\"default\";r=0;t=2, \"burst\";r=90;t=1", 0, 2000, 2},
		{"\"burst\";r=90;t=1,\"default\";r=0;t=2", 0, 2000, 2},
		{"\"a\";r=0;t=2, \"b\";r=0;t=7, \"c\";r=0;t=3", 0, 7000, 3},
		{"\"a\";r=3;t=2,, \"b\";r=2;t=7", 2, 7000, 2}, /* an empty line among others */
		{"\"default\";r=50;t=30", 50, 30000, 1},
		{"\"default\";t=30;r=50", 50, 30000, 1},
		{"default;r=0;t=0", 0, 0, 1},
		{"\"default\" ; r=50; t=30", 50, 30000, 1},
		{"\"default\";r=50;t=30;pk=:x=:", 50, 30000, 1},
		{"\"default\";r=50", 50, -1, 1}, /* t may be left out */
		{"\"a\\\"b;r=1, c\";r=50;t=30", 50, 30000, 1},
		{"\"a\";x=\"r=1;t=1, y\";r=50;t=30", 50, 30000, 1},
		{"\"a\";flag;r=50;t=30", 50, 30000, 1},
		{"\"a\";r=50;t=30, \"a\";r=40;t=20", 40, 20000, 1},
		{"\"a\";r=0;t=2;pk=:eA==:, \"a\";r=50;t=30;pk=:eQ==:", 0, 2000, 2},
		{"\"bytes\";r=0;t=30;qu=\"content-bytes\", \"a\";r=9;t=3", 9, 3000, 1},
		{"\"a\";r=9;t=3;qu=\"requests\"", 9, 3000, 1},
		/* What is broken hides nothing that comes before or after it. */
		{"\"a\";r=5;t=3, \"b", 5, 3000, 1},
		{"\"a\";r=5;t=3, (\"b\" \"c\")", 5, 3000, 1},
		{"\"a\";r=5;t=3, \"b\";R=0;t=9", 5, 3000, 1},
		{"\"a\";r=5;t=3, \"b\";r=-1;t=9", 5, 3000, 1},
		{"\"a\";r=5;t=3, \"b\";r=9999999999999999;t=9", 5, 3000, 1},
		{"\"b, \"a\";r=5;t=3", 5, 3000, 1},
		{"\"b\";R=0;t=9, \"a\";r=5;t=3", 5, 3000, 1},
		{"(\"b\" \"c\");r=1, \"a\";r=5;t=3", 5, 3000, 1},
		{"gar(bage, \"a\";r=5;t=3", 5, 3000, 1},
		{"\"a\";r=5;t=99999999999", 5, (int64_t)INT32_MAX * 1000, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct ratelimit limit = read_limit(table[i].limits, "");
		const struct ratelimit_item *tightest = ratelimit_tightest(&limit);
		if (!tightest || tightest->remaining != table[i].remaining ||
			tightest->reset_ms != table[i].reset_ms || limit.count != table[i].count)
			fail_msg("%s", table[i].limits);
	}
}

static void nothing_to_read(void **state)
{
	static const char *const nothing[] = {"", " ", ",", ";", "\"default\"", "\"default\";t=30",
		";r=1", "=", "\"", "\"a\\", ":a", "\"a\";r=", "\"a\";r=x", "\"a\";r=1.5",
		"\"a\";=1", "50", "limit=5", "\xff\xfe", "\x1b[31m;r=1(", "(\"a\";r=1;t=1)"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		struct ratelimit limit = read_limit(nothing[i], nothing[i]);
		if (ratelimit_tightest(&limit))
			fail_msg("%s", nothing[i]);
	}
}

static void policies(void **state)
{
	(void)state;
	struct ratelimit limit = read_limit("\"default\";r=7;t=30",
		"\"burst\";q=100;w=60, \"default\";q=1200;w=300, "
		"\"x\";q=5;w=1;qu=\"content-bytes\"");
	assert_int_equal(limit.count, 2);
	assert_string_equal(limit.items[0].name, "burst");
	assert_int_equal(limit.items[0].quota, 100);
	assert_int_equal(limit.items[0].window_ms, 60000);
	assert_int_equal(limit.items[0].remaining, -1);
	assert_int_equal(limit.items[1].quota, 1200);
	assert_int_equal(limit.items[1].remaining, 7);
	assert_ptr_equal(ratelimit_tightest(&limit), &limit.items[1]);
}

/* fault A9: the tightest counts, also where there are more than there is room for */
static void many_items(void **state)
{
	struct str policies CLEANUP(str_release) = {0}, limits CLEANUP(str_release) = {0};

	(void)state;
	for (int i = 0; i < 2 * RATELIMIT_ITEMS; i++) {
		str_format(&policies, "\"policy%d\";q=5;w=1, ", i);
		str_format(&limits, "\"limit%d\";r=%d;t=1, ", i, i == RATELIMIT_ITEMS + 2 ? 0 : 90);
	}
	struct ratelimit limit = read_limit(str_text(&limits), str_text(&policies));
	assert_int_equal(limit.count, RATELIMIT_ITEMS);
	const struct ratelimit_item *tightest = ratelimit_tightest(&limit);
	assert_non_null(tightest);
	assert_int_equal(tightest->remaining, 0);
}

static void is_bounded(void **state)
{
	struct str many CLEANUP(str_release) = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		str_format(&many,
			"\"a-very-long-name-of-a-budget-that-nobody-would-choose-%d\""
			";r=%d;t=1, name%d;r=1;t=1, ",
			i, i, i);
	struct ratelimit limit = read_limit(str_text(&many), str_text(&many));
	assert_int_equal(limit.count, RATELIMIT_ITEMS);
	assert_int_equal(limit.items[0].remaining, 0); /* the long names are one, once cut */
	assert_int_equal(strlen(limit.items[0].name), RATELIMIT_NAME_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_counts),
		cmocka_unit_test(nothing_to_read),
		cmocka_unit_test(policies),
		cmocka_unit_test(many_items),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
