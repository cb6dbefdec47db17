#include "live/retry.h"

#include "unit.h"

static struct retry_verdict decide(struct retry_input input)
{
	if (!input.attempt)
		input.attempt = 1;
	if (!input.retry_after_ms)
		input.retry_after_ms = -1;
	return retry_decide(&input);
}

/* What is decided for reading and for creating, by status of a whole answer of the API. */
static void answers(void **state)
{
	static const struct {
		int status;
		enum retry_verb safe, unsafe;
	} table[] = {
		{200, RETRY_GIVE_UP, RETRY_GIVE_UP}, /* success: false */
		{400, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{401, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{403, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{404, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{408, RETRY_AGAIN, RETRY_LOOK},
		{409, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{422, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{500, RETRY_AGAIN, RETRY_LOOK},
		{501, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{502, RETRY_AGAIN, RETRY_LOOK},
		{503, RETRY_AGAIN, RETRY_LOOK},
		{504, RETRY_AGAIN, RETRY_LOOK},
		{505, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{520, RETRY_AGAIN, RETRY_LOOK},
		{521, RETRY_AGAIN, RETRY_LOOK},
		{522, RETRY_AGAIN, RETRY_LOOK},
		{523, RETRY_AGAIN, RETRY_LOOK},
		{524, RETRY_AGAIN, RETRY_LOOK},
		{525, RETRY_AGAIN, RETRY_LOOK},
		{526, RETRY_AGAIN, RETRY_LOOK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct retry_input input = {.seen = RETRY_SAW_ANSWER, .status = table[i].status};
		assert_int_equal(decide(input).verb, table[i].safe);
		input.safety = RETRY_UNSAFE;
		assert_int_equal(decide(input).verb, table[i].unsafe);
	}
}

/* The same for what is not an answer of the API: a page of HTML, half a text, nothing. */
static void broken_answers(void **state)
{
	static const struct {
		int status;
		enum retry_verb safe, unsafe;
	} table[] = {
		{200, RETRY_AGAIN, RETRY_LOOK},
		{201, RETRY_AGAIN, RETRY_LOOK},
		{301, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{302, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{307, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{308, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{403, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{404, RETRY_GIVE_UP, RETRY_GIVE_UP},
		{408, RETRY_AGAIN, RETRY_LOOK},
		{500, RETRY_AGAIN, RETRY_LOOK},
		{502, RETRY_AGAIN, RETRY_LOOK},
		{526, RETRY_AGAIN, RETRY_LOOK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct retry_input input = {.seen = RETRY_SAW_BROKEN, .status = table[i].status};
		assert_int_equal(decide(input).verb, table[i].safe);
		input.safety = RETRY_UNSAFE;
		assert_int_equal(decide(input).verb, table[i].unsafe);
	}
}

static void no_answer(void **state)
{
	(void)state;
	for (int safety = RETRY_SAFE; safety <= RETRY_UNSAFE; safety++) {
		struct retry_input input = {
			.safety = (enum retry_safety)safety, .seen = RETRY_NOT_SENT};
		assert_int_equal(decide(input).verb, RETRY_AGAIN);
		input.seen = RETRY_NEVER;
		assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
		input.seen = RETRY_SAW_NOTHING;
		assert_int_equal(
			decide(input).verb, safety == RETRY_UNSAFE ? RETRY_LOOK : RETRY_AGAIN);
	}
}

/* A create that may have worked is never repeated unseen, whatever else is said. */
static void unsafe_is_never_blindly_repeated(void **state)
{
	static const enum retry_seen seen[] = {
		RETRY_SAW_ANSWER, RETRY_SAW_BROKEN, RETRY_SAW_NOTHING};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		for (int status = 100; status < 600; status++)
			for (int attempt = 1; attempt < 12; attempt++) {
				struct retry_input input = {.safety = RETRY_UNSAFE,
					.seen = seen[i],
					.status = status,
					.attempt = attempt,
					.retry_after_ms = 1000};
				assert_int_not_equal(decide(input).verb, RETRY_AGAIN);
			}
}

static void throttled(void **state)
{
	struct retry_input input = {.safety = RETRY_UNSAFE,
		.seen = RETRY_SAW_BROKEN,
		.status = 429,
		.is_throttled = true};

	(void)state;
	for (int attempt = 1; attempt < RETRY_THROTTLE_ATTEMPTS; attempt++) {
		input.attempt = attempt;
		input.retry_after_ms = 3000;
		struct retry_verdict verdict = decide(input);
		assert_int_equal(verdict.verb, RETRY_AGAIN);
		assert_int_equal(verdict.wait_ms, 3000); /* all of it, and no more */
		input.jitter = 255;
		assert_int_equal(decide(input).wait_ms, 3000);
		input.retry_after_ms = -1;
		assert_true(decide(input).wait_ms >= 1000);
		assert_true(decide(input).wait_ms <= 10000);
		input.retry_after_ms = 1; /* a date in the past, or 0: not at once */
		assert_int_equal(decide(input).wait_ms, 1000);
	}
	input.attempt = RETRY_THROTTLE_ATTEMPTS;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
	/* 971 comes with other statuses. */
	input = (struct retry_input){.safety = RETRY_UNSAFE,
		.status = 500,
		.is_throttled = true,
		.retry_after_ms = 2000};
	assert_int_equal(decide(input).verb, RETRY_AGAIN);
}

static void long_waits_are_no_waits(void **state)
{
	struct retry_input input = {.seen = RETRY_SAW_ANSWER,
		.status = 429,
		.is_throttled = true,
		.retry_after_ms = RETRY_LONGEST_WAIT_MS};

	(void)state;
	assert_int_equal(decide(input).verb, RETRY_AGAIN);
	input.retry_after_ms = RETRY_LONGEST_WAIT_MS + 1;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
	input.retry_after_ms = 99999999000;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
	input.retry_after_ms = INT64_MAX;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
	input.status = 503;
	input.is_throttled = false;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
}

static void waits_grow_and_end(void **state)
{
	struct retry_input input = {.seen = RETRY_SAW_NOTHING};
	int64_t before_ms = 0;

	(void)state;
	for (int attempt = 1; attempt < RETRY_ATTEMPTS; attempt++) {
		input.attempt = attempt;
		input.jitter = 0;
		struct retry_verdict longest = decide(input);
		assert_int_equal(longest.verb, RETRY_AGAIN);
		input.jitter = 255;
		int64_t shortest_ms = decide(input).wait_ms;
		assert_true(shortest_ms < longest.wait_ms);
		assert_true(shortest_ms * 4 >= longest.wait_ms * 3);
		assert_true(shortest_ms > before_ms);
		before_ms = longest.wait_ms;
	}
	input.attempt = RETRY_ATTEMPTS;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
	input.attempt = 1000000;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(broken_answers),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(unsafe_is_never_blindly_repeated),
		cmocka_unit_test(throttled),
		cmocka_unit_test(long_waits_are_no_waits),
		cmocka_unit_test(waits_grow_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
