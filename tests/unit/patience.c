#include "cloudflare/patience.h"

#include "unit.h"

static void looks_spread_over_the_patience(void **state)
{
	static const int64_t due[] = {500, 1000, 2000, 4000, 8000, 15000, 30000, -1};
	int64_t looked = -1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(due); i++) {
		looked = patience_next_look_ms(PATIENCE_DEFAULT_MS, looked);
		assert_int_equal(looked, due[i]);
	}
}

static void the_last_look_is_at_the_patience(void **state)
{
	(void)state;
	assert_int_equal(patience_next_look_ms(700, 500), 700);
	assert_int_equal(patience_next_look_ms(700, 699), 700);
	assert_int_equal(patience_next_look_ms(700, 700), -1);
	assert_int_equal(patience_next_look_ms(60000, 30000), 60000);
	assert_int_equal(patience_next_look_ms(60000, 60000), -1);
}

/* A look that came late (the server was slow, the machine slept) takes no others with it. */
static void late_looks_skip_what_is_over(void **state)
{
	(void)state;
	assert_int_equal(patience_next_look_ms(PATIENCE_DEFAULT_MS, 2500), 4000);
	assert_int_equal(patience_next_look_ms(PATIENCE_DEFAULT_MS, 29999), 30000);
	assert_int_equal(patience_next_look_ms(PATIENCE_DEFAULT_MS, 31000), -1);
}

static void without_patience_one_look_suffices(void **state)
{
	(void)state;
	assert_int_equal(patience_next_look_ms(0, -1), 0);
	assert_int_equal(patience_next_look_ms(0, 0), -1);
}

static void ages_never_are_negative(void **state)
{
	(void)state;
	assert_int_equal(patience_age_ms(1000, 31000), 30000);
	assert_int_equal(patience_age_ms(1000, 1000), 0);
	assert_int_equal(patience_age_ms(1000, 10), 0); /* the clock went back */
	assert_true(patience_age_ms(0, 1000) >= INT64_MAX / 2);
}

static void other_runs_get_a_margin(void **state)
{
	(void)state;
	assert_int_equal(patience_of_other_run_ms(PATIENCE_DEFAULT_MS), 32000);
	assert_int_equal(patience_of_other_run_ms(300), 600);
	assert_int_equal(patience_of_other_run_ms(0), 0);
}

/* fault A1 */
static void asked_twice_with_a_pause(void **state)
{
	(void)state;
	assert_int_equal(patience_recheck_ms(30000, INT64_MAX, 1), PATIENCE_PAUSE_MS);
	assert_int_equal(patience_recheck_ms(30000, INT64_MAX, 2), -1);
	assert_int_equal(patience_recheck_ms(30000, 30000, 2), -1);
	/* Who has no patience does not wait, but asks twice. */
	assert_int_equal(patience_recheck_ms(0, INT64_MAX, 1), 0);
	assert_int_equal(patience_recheck_ms(0, 0, 2), -1);
	assert_int_equal(patience_recheck_ms(200, 0, 1), 200);
}

/* fault A1 */
static void our_own_last_write_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(patience_recheck_ms(30000, 0, 1), PATIENCE_PAUSE_MS);
	assert_int_equal(patience_recheck_ms(30000, 600, 2), 400);
	assert_int_equal(patience_recheck_ms(30000, 1000, 3), 1000);
	assert_int_equal(patience_recheck_ms(30000, 17000, 7), 13000);
	assert_int_equal(patience_recheck_ms(30000, 29999, 8), 1);
	assert_int_equal(patience_recheck_ms(30000, 30000, 9), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_spread_over_the_patience),
		cmocka_unit_test(the_last_look_is_at_the_patience),
		cmocka_unit_test(late_looks_skip_what_is_over),
		cmocka_unit_test(without_patience_one_look_suffices),
		cmocka_unit_test(ages_never_are_negative),
		cmocka_unit_test(other_runs_get_a_margin),
		cmocka_unit_test(asked_twice_with_a_pause),
		cmocka_unit_test(our_own_last_write_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
