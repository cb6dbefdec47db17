#include "live/pace.h"

#include "unit.h"

static const int64_t NOW = 1000000, SECOND = 1000;

static void nothing_said(void **state)
{
	struct pace pace = pace_init();

	(void)state;
	for (int64_t i = 0; i < 100000; i++) {
		assert_int_equal(pace_wait_ms(&pace, i), 0);
		pace_started(&pace, i);
	}
}

static void plenty_left(void **state)
{
	struct pace pace = pace_init();

	(void)state;
	pace_told(&pace, NOW, 1000, 300 * SECOND);
	for (int i = 0; i < 900; i++) {
		pace_started(&pace, NOW);
		assert_int_equal(pace_wait_ms(&pace, NOW), 0);
		pace_ended(&pace);
	}
}

static void none_left(void **state)
{
	struct pace pace = pace_init();

	(void)state;
	pace_told(&pace, NOW, 0, 30 * SECOND);
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
	struct pace pace = pace_init();

	(void)state;
	pace_blocked(&pace, NOW, 5 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW), 5 * SECOND);
	pace_blocked(&pace, NOW, SECOND); /* a shorter one does not lift a longer one */
	assert_int_equal(pace_wait_ms(&pace, NOW), 5 * SECOND);
	pace_told(&pace, NOW, 1000, SECOND); /* nor does a budget */
	assert_int_equal(pace_wait_ms(&pace, NOW), 5 * SECOND);
	assert_int_equal(pace_wait_ms(&pace, NOW + 5 * SECOND), 0);
}

/* What is under way has used its part of the budget, though no answer counts it yet. */
static void under_way_counts(void **state)
{
	struct pace pace = pace_init();

	(void)state;
	pace_told(&pace, NOW, PACE_RESERVE + 10, 60 * SECOND);
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
	struct pace pace = pace_init();
	int64_t now = NOW, left = budget, reset_at = NOW + window_ms;

	pace_told(&pace, now, left, window_ms);
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
			pace_told(&pace, now, left, reset_at - now);
		}
		sent += started;
		int64_t wait_ms = pace_wait_ms(&pace, now);
		assert_true(wait_ms <= reset_at - now);
		now += wait_ms > 0 ? wait_ms : 1;
		if (now >= reset_at) {
			left = budget;
			reset_at = now + window_ms;
			pace_told(&pace, now, left, window_ms);
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
		struct pace pace = pace_init();
		pace_told(&pace, NOW, 0, resets[i]);
		assert_true(pace_wait_ms(&pace, NOW) <= 900 * SECOND);
		pace_started(&pace, NOW);
		assert_true(pace_wait_ms(&pace, NOW) <= 900 * SECOND);
	}
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
