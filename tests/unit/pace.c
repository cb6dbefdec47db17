#include "cloudflare/pace.h"

#include "unit.h"

static const int64_t NOW = 1000000, SECOND = 1000;

/* An answer that tells of one budget, without a policy. */
static void tell(struct pace *pace, int64_t now_ms, int64_t remaining, int64_t reset_ms)
{
	const struct ratelimit said = {
		.items = {{"default", remaining, reset_ms, -1, -1}}, .count = 1};

	pace_update(pace, now_ms, &said);
}

/* The same in the words of the headers. */
static void hear(struct pace *pace, int64_t now_ms, const char *limits, const char *policies)
{
	struct ratelimit said;

	ratelimit_read(limits, policies, &said);
	pace_update(pace, now_ms, &said);
}

static void nothing_said(void **state)
{
	struct pace pace = {0};

	(void)state;
	for (int64_t i = 0; i < 100000; i++) {
		assert_int_equal(pace_wait_ms(&pace, i), 0);
		pace_started(&pace, i);
	}
}

static void plenty_left(void **state)
{
	struct pace pace = {0};

	(void)state;
	tell(&pace, NOW, 1000, 300 * SECOND);
	for (int i = 0; i < 900; i++) {
		pace_started(&pace, NOW);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
		pace_ended(&pace);
	}
}

static void none_left(void **state)
{
	struct pace pace = {0};

	(void)state;
	tell(&pace, NOW, 0, 30 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW), 30 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW + 10 * SECOND), 20 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW + 30 * SECOND), 0);
	assert_int_equal(pace_wait_ms(&pace, NOW + 31 * SECOND), 0);
	/* In the new time nothing is known: nobody waits. */
	pace_started(&pace, NOW + 31 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW + 31 * SECOND), 0);
}

static void silence(void **state)
{
	struct pace pace = {0};

	(void)state;
	pace_hold(&pace, NOW + 5 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW), 5 * SECOND);
	pace_hold(&pace, NOW + SECOND); /* a shorter one does not lift a longer one */
	assert_int_equal(pace_wait_ms(&pace, NOW), 5 * SECOND);
	tell(&pace, NOW, 1000, SECOND); /* nor does a budget */
	assert_int_equal(pace_wait_ms(&pace, NOW), 5 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW + 5 * SECOND), 0);
}

/* What is under way has used its part of the budget, though no answer counts it yet. */
static void under_way_counts(void **state)
{
	struct pace pace = {0};

	(void)state;
	tell(&pace, NOW, PACE_RESERVE + 10, 60 * SECOND);
	for (int i = 0; i < 10; i++) {
		pace_started(&pace, NOW);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
	}
	pace_started(&pace, NOW);
	assert_true(pace_wait_ms(&pace, NOW) > 0);
	assert_true(pace_wait_ms(&pace, NOW) <= 60 * SECOND);
}

/*
 * A server that gives `budget` requests in each `window_ms` and says after each what is left. A
 * client with many at a time sends `count`; the server never has to refuse, no wait goes beyond
 * the reset, and all comes to an end in the time that the budget needs.
 */
static void simulate(int64_t budget, int64_t window_ms, size_t parallel, size_t count)
{
	struct pace pace = {0};
	int64_t now = NOW, left = budget, reset_at = NOW + window_ms;

	tell(&pace, now, left, window_ms);
	for (size_t sent = 0; sent < count;) {
		size_t started = 0;
		while (started < parallel && sent + started < count &&
			pace_wait_ms(&pace, now) == 0) {
			pace_started(&pace, now);
			started++;
		}
		for (size_t i = 0; i < started; i++) {
			assert_true(left > 0); /* or else it would say 429 */
			left--;
			pace_ended(&pace);
			tell(&pace, now, left, reset_at - now);
		}
		sent += started;
		int64_t wait_ms = pace_wait_ms(&pace, now);
		assert_true(wait_ms <= reset_at - now);
		now += wait_ms > 0 ? wait_ms : 1;
		if (now >= reset_at) {
			left = budget;
			reset_at = now + window_ms;
			tell(&pace, now, left, window_ms);
		}
	}
	int64_t windows = 2 * (int64_t)count / budget + 2;
	assert_true(now - NOW <= windows * (window_ms + (int64_t)count));
}

static void never_refused_never_starved(void **state)
{
	(void)state;
	simulate(1200, 300 * SECOND, 10, 5000);
	simulate(1200, 300 * SECOND, 1, 5000);
	simulate(50, 30 * SECOND, 10, 500);
	simulate(25, SECOND, 20, 500);
	simulate(21, SECOND, 1, 100);
	simulate(5, SECOND, 1, 100);
	simulate(1, SECOND, 1, 10);
}

/* A server that says nonsense does not stop us for years. */
static void nonsense_does_not_hang(void **state)
{
	static const int64_t resets[] = {0, 1, 2147483647000, INT64_MAX / 4};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(resets); i++) {
		struct pace pace = {0};
		tell(&pace, NOW, 0, resets[i]);
		assert_true(pace_wait_ms(&pace, NOW) <= 900 * SECOND);
		pace_started(&pace, NOW);
		assert_true(pace_wait_ms(&pace, NOW) <= 900 * SECOND);
	}
}

/* fault A9 */
static void the_tightest_budget_counts(void **state)
{
	struct pace pace = {0};

	(void)state;
	hear(&pace, NOW, "\"burst\";r=90;t=1, \"default\";r=0;t=2", "");
	assert_int_equal(pace_wait_ms(&pace, NOW), 2 * SECOND);
	pace = (struct pace){0};
	hear(&pace, NOW, "\"default\";r=0;t=2, \"burst\";r=90;t=1", "");
	assert_int_equal(pace_wait_ms(&pace, NOW), 2 * SECOND);
	/* The next answer tells of one of them only: the other one goes on. */
	pace = (struct pace){0};
	hear(&pace, NOW, "\"burst\";r=90;t=1, \"default\";r=2;t=100", "");
	hear(&pace, NOW, "\"burst\";r=89;t=1", "");
	pace_started(&pace, NOW);
	assert_int_equal(pace_wait_ms(&pace, NOW), 100 * SECOND);
}

/* A window that no answer has told of yet has what its policy says. */
static void the_policy_is_known_before(void **state)
{
	struct pace pace = {0};

	(void)state;
	hear(&pace, NOW, "", "\"default\";q=25;w=10");
	for (int i = 0; i < 5; i++) {
		pace_started(&pace, NOW);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
	}
	pace_started(&pace, NOW); /* fewer than the reserve are left */
	assert_true(pace_wait_ms(&pace, NOW) > 0);
	/* Without t the window is the policy's. */
	pace = (struct pace){0};
	hear(&pace, NOW, "\"default\";r=0", "\"default\";q=25;w=10");
	assert_int_equal(pace_wait_ms(&pace, NOW), 10 * SECOND);
	/* Those that have ended are used up, too, if no answer says so. */
	pace = (struct pace){0};
	hear(&pace, NOW, "", "\"default\";q=25;w=10");
	for (int i = 0; i < 25; i++) {
		pace_started(&pace, NOW);
		pace_ended(&pace);
	}
	assert_int_equal(pace_wait_ms(&pace, NOW), 10 * SECOND);
}

static void estimates(void **state)
{
	static const struct {
		const char *limits, *policies;
		int64_t requests, seconds;
	} table[] = {
		{"", "", 1, 0}, {"", "", 1200, 0}, {"", "", 1201, 300}, {"", "", 2400, 300},
		{"", "", 2401, 600}, {"", "", 6000, 1200},
		{"\"default\";r=1000;t=120", "\"default\";q=1200;w=300", 1000, 0},
		{"\"default\";r=1000;t=120", "\"default\";q=1200;w=300", 1001, 120},
		{"\"default\";r=1000;t=120", "\"default\";q=1200;w=300", 2200, 120},
		{"\"default\";r=1000;t=120", "\"default\";q=1200;w=300", 2201, 420},
		{"", "\"default\";q=1200;w=300, \"burst\";q=10;w=1", 100, 9},
		{"", "\"default\";q=1200;w=300, \"burst\";q=10;w=1", 6000, 1200},
		{"", "\"default\";q=0;w=0", 1201, 300}, /* nonsense */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct pace pace = {0};
		struct pace_budget budget;
		hear(&pace, NOW, table[i].limits, table[i].policies);
		int64_t ms = pace_estimate_ms(&pace, NOW, table[i].requests, &budget);
		if (ms != table[i].seconds * SECOND)
			fail_msg("row %zu: %lld ms", i, (long long)ms);
		assert_true(budget.quota > 0 && budget.window_ms > 0);
	}
}

/* However many budgets a server invents. */
static void budgets_are_bounded(void **state)
{
	struct pace pace = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct ratelimit said = {
			.items = {{"", 1000, i * SECOND, 1200, 300 * SECOND}}, .count = 1};
		snprintf(said.items[0].name, sizeof(said.items[0].name), "budget %d", i);
		pace_update(&pace, NOW, &said);
	}
	assert_int_equal(pace.budget_count, RATELIMIT_ITEMS);
	tell(&pace, NOW, 0, 5 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW), 5 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said),
		cmocka_unit_test(plenty_left),
		cmocka_unit_test(none_left),
		cmocka_unit_test(silence),
		cmocka_unit_test(under_way_counts),
		cmocka_unit_test(never_refused_never_starved),
		cmocka_unit_test(nonsense_does_not_hang),
		cmocka_unit_test(the_tightest_budget_counts),
		cmocka_unit_test(the_policy_is_known_before),
		cmocka_unit_test(estimates),
		cmocka_unit_test(budgets_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
