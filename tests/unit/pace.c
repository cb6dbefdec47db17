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
	tell(&pace, NOW, 10, 60 * SECOND);
	for (int i = 0; i < 9; i++) {
		pace_started(&pace, NOW);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
	}
	pace_started(&pace, NOW);
	assert_int_equal(pace_wait_ms(&pace, NOW), 60 * SECOND);
}

/* Somebody else uses the budget: the last requests are spread, so that both get some. */
static void what_is_shared_is_spread(void **state)
{
	struct pace pace = {0};

	(void)state;
	tell(&pace, NOW, PACE_RESERVE + 10, 60 * SECOND);
	pace_started(&pace, NOW);
	pace_ended(&pace);
	tell(&pace, NOW, PACE_RESERVE + 8, 60 * SECOND); /* we have used one of the two */
	for (int i = 0; i < 8; i++) {
		pace_started(&pace, NOW);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
	}
	pace_started(&pace, NOW);
	assert_true(pace_wait_ms(&pace, NOW) > 0);
	assert_true(pace_wait_ms(&pace, NOW) < 60 * SECOND);
}

/* An answer that was overtaken says more than is left. */
static void answers_overtake_each_other(void **state)
{
	struct pace pace = {0};

	(void)state;
	tell(&pace, NOW, 10, 60 * SECOND);
	for (int i = 0; i < 5; i++)
		pace_started(&pace, NOW);
	for (int64_t left = 5; left < 10; left++) {
		pace_ended(&pace);
		tell(&pace, NOW, left, 60 * SECOND);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
		pace_started(&pace, NOW);
	}
	assert_int_equal(pace_wait_ms(&pace, NOW), 60 * SECOND);
	pace_ended(&pace);
	tell(&pace, NOW, 1, 60 * SECOND); /* the fourth of them; it counts three that we wait for */
	assert_int_equal(pace_wait_ms(&pace, NOW), 60 * SECOND);
	for (int i = 0; i < 3; i++)
		pace_ended(&pace);
	assert_int_equal(pace_wait_ms(&pace, NOW), 60 * SECOND);
	pace_ended(&pace);
	assert_int_equal(pace_wait_ms(&pace, NOW), 0);
}

/*
 * A server that gives `budget` requests in each `window_ms` and says after each what is left, in
 * seconds rounded up. Its answers overtake each other. A client with many at a time sends `count`,
 * and somebody else sends one request after every `others` of them (0: nobody). Returns how long
 * it takes.
 */
static int64_t simulate(
	int64_t budget, int64_t window_ms, size_t parallel, size_t count, size_t others)
{
	struct pace pace = {0};
	int64_t now = NOW, left = 0, reset_at = NOW, said[100];

	for (size_t sent = 0; sent < count;) {
		size_t started = 0;
		if (now >= reset_at) {
			left = budget;
			reset_at = now + window_ms;
		}
		while (started < parallel && sent + started < count &&
			pace_wait_ms(&pace, now) == 0) {
			pace_started(&pace, now);
			started++;
			assert_true(left > 0); /* or else it would say 429 */
			said[started - 1] = --left;
			left -= left > 0 && others && (sent + started) % others == 0;
		}
		for (size_t i = 0; i < started; i++) {
			pace_ended(&pace);
			tell(&pace, now, said[i % 2 || i + 1 == started ? i : i + 1],
				(reset_at - now + SECOND - 1) / SECOND * SECOND);
		}
		sent += started;
		int64_t wait_ms = sent < count ? pace_wait_ms(&pace, now) : 0;
		assert_true(wait_ms <= window_ms);
		now += wait_ms > 0 ? wait_ms : 1;
	}
	return now - NOW;
}

static void all_of_a_budget_is_used(void **state)
{
	static const struct {
		int64_t budget, window_s;
		size_t parallel, count;
	} table[] = {
		{1200, 300, 10, 5000},
		{1200, 300, 1, 5000},
		{100, 2, 10, 400},
		{50, 30, 10, 500},
		{25, 1, 20, 500},
		{21, 1, 1, 100},
		{5, 1, 1, 100},
		{1, 1, 1, 10},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int64_t budget = table[i].budget, window_ms = table[i].window_s * SECOND;
		int64_t count = (int64_t)table[i].count;
		int64_t took_ms = simulate(budget, window_ms, table[i].parallel, table[i].count, 0);
		int64_t windows = (count - 1) / budget, steps_ms = budget;
		if (took_ms < windows * window_ms ||
			took_ms > windows * window_ms + window_ms / 10 + steps_ms)
			fail_msg("row %zu: %lld ms", i, (long long)took_ms);
	}
}

/* Though somebody else uses a budget, we are not refused, and not starved. */
static void others_get_their_share(void **state)
{
	(void)state;
	assert_true(simulate(1200, 300 * SECOND, 10, 5000, 10) <= 1500 * SECOND);
	assert_true(simulate(50, 30 * SECOND, 5, 500, 7) <= 390 * SECOND);
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
	hear(&pace, NOW, "\"burst\";r=90;t=1, \"default\";r=1;t=100", "");
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
	for (int i = 0; i < 24; i++) {
		pace_started(&pace, NOW);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
	}
	pace_started(&pace, NOW);
	assert_int_equal(pace_wait_ms(&pace, NOW), 10 * SECOND);
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
		cmocka_unit_test(what_is_shared_is_spread),
		cmocka_unit_test(answers_overtake_each_other),
		cmocka_unit_test(all_of_a_budget_is_used),
		cmocka_unit_test(others_get_their_share),
		cmocka_unit_test(nonsense_does_not_hang),
		cmocka_unit_test(the_tightest_budget_counts),
		cmocka_unit_test(the_policy_is_known_before),
		cmocka_unit_test(estimates),
		cmocka_unit_test(budgets_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
