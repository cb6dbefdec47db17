#include "cloudflare/retry.h"

#include "unit.h"

enum { MAX_WAIT_MS = 900000 };

static struct retry_verdict decide(struct retry_input input)
{
	if (!input.attempt)
		input.attempt = 1;
	if (!input.retry_after_ms)
		input.retry_after_ms = -1;
	if (!input.max_wait_ms)
		input.max_wait_ms = MAX_WAIT_MS;
	return retry_decide(&input);
}

enum { UP = RETRY_GIVE_UP, AGAIN = RETRY_AGAIN, LOOK = RETRY_LOOK };

struct row {
	int status;
	int safe, idempotent, unsafe; /* the verb at the first attempt, */
	int at_last;                  /* and of an idempotent one at its last */
};

static void check_rows(enum retry_seen seen, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct retry_input input = {.seen = seen, .status = row->status};
		int safe = (int)decide(input).verb;
		input.safety = RETRY_UNSAFE;
		int unsafe = (int)decide(input).verb;
		input.safety = RETRY_IDEMPOTENT;
		int idempotent = (int)decide(input).verb;
		input.attempt = RETRY_ATTEMPTS;
		int at_last = (int)decide(input).verb;
		if (safe != row->safe || idempotent != row->idempotent || unsafe != row->unsafe ||
			at_last != row->at_last)
			fail_msg("status %d: %d %d %d %d", row->status, safe, idempotent, unsafe,
				at_last);
	}
}

/* fault A29: the API's own word says that nothing was done, unless it is in trouble itself. */
static void own_word(void **state)
{
	static const struct row rows[] = {
		{200, UP, UP, UP, UP},
		{301, UP, UP, UP, UP},
		{400, UP, UP, UP, UP},
		{401, UP, UP, UP, UP},
		{403, UP, UP, UP, UP},
		{404, UP, UP, UP, UP},
		{408, AGAIN, AGAIN, LOOK, LOOK},
		{409, UP, UP, UP, UP},
		{422, UP, UP, UP, UP},
		{425, AGAIN, AGAIN, LOOK, LOOK},
		{500, AGAIN, AGAIN, LOOK, LOOK},
		{501, UP, LOOK, LOOK, LOOK},
		{502, AGAIN, AGAIN, LOOK, LOOK},
		{503, AGAIN, AGAIN, LOOK, LOOK},
		{504, AGAIN, AGAIN, LOOK, LOOK},
		{505, UP, LOOK, LOOK, LOOK},
		{520, AGAIN, AGAIN, LOOK, LOOK},
		{526, AGAIN, AGAIN, LOOK, LOOK},
	};

	(void)state;
	check_rows(RETRY_SAW_REFUSAL, rows, ARRAY_SIZE(rows));
}

/* fault A29: a page of HTML, a redirect, half a text says nothing of what was done. */
static void others_words(void **state)
{
	static const struct row rows[] = {
		{200, AGAIN, AGAIN, LOOK, LOOK},
		{201, AGAIN, AGAIN, LOOK, LOOK},
		{204, AGAIN, AGAIN, LOOK, LOOK},
		{301, UP, LOOK, LOOK, LOOK},
		{302, UP, LOOK, LOOK, LOOK},
		{307, UP, LOOK, LOOK, LOOK},
		{308, UP, LOOK, LOOK, LOOK},
		{400, UP, LOOK, LOOK, LOOK},
		{403, UP, LOOK, LOOK, LOOK},
		{404, UP, LOOK, LOOK, LOOK},
		{408, AGAIN, AGAIN, LOOK, LOOK},
		{409, UP, LOOK, LOOK, LOOK},
		{425, AGAIN, AGAIN, LOOK, LOOK},
		{500, AGAIN, AGAIN, LOOK, LOOK},
		{501, AGAIN, AGAIN, LOOK, LOOK},
		{502, AGAIN, AGAIN, LOOK, LOOK},
		{526, AGAIN, AGAIN, LOOK, LOOK},
	};

	(void)state;
	check_rows(RETRY_SAW_BROKEN, rows, ARRAY_SIZE(rows));
}

/* fault A6: what is safe to repeat may have been done all the same. */
static void no_answer(void **state)
{
	static const struct row unseen = {0, AGAIN, AGAIN, LOOK, LOOK};
	static const struct row unsent = {0, AGAIN, AGAIN, AGAIN, UP};
	static const struct row never = {0, UP, UP, UP, UP};

	(void)state;
	check_rows(RETRY_SAW_NOTHING, &unseen, 1);
	check_rows(RETRY_NOT_SENT, &unsent, 1);
	check_rows(RETRY_NEVER, &never, 1);
}

/* fault A29: a create is never sent again from here, whatever was said, 429 included. */
static void unsafe_is_never_repeated(void **state)
{
	static const enum retry_seen seen[] = {
		RETRY_SAW_REFUSAL, RETRY_SAW_BROKEN, RETRY_SAW_NOTHING};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		for (int status = 100; status < 600; status++)
			for (int attempt = 1; attempt < 14; attempt++) {
				struct retry_input input = {.safety = RETRY_UNSAFE,
					.seen = seen[i],
					.status = status,
					.is_throttled = status == 429,
					.attempt = attempt,
					.retry_after_ms = 1000};
				enum retry_verb verb = decide(input).verb;
				assert_int_not_equal(verb, RETRY_AGAIN);
				/* And only the API's own word ends it without a look. */
				if (verb == RETRY_GIVE_UP)
					assert_int_equal(seen[i], RETRY_SAW_REFUSAL);
			}
}

/* What one end of a request means for the outcome. */
static void what_stays_open(void **state)
{
	static const struct {
		enum retry_seen seen;
		int status;
		bool is_throttled, may_be_done;
	} table[] = {
		{RETRY_SAW_REFUSAL, 400, false, false},
		{RETRY_SAW_REFUSAL, 404, false, false},
		{RETRY_SAW_REFUSAL, 500, false, true},
		{RETRY_SAW_REFUSAL, 408, false, true},
		{RETRY_SAW_REFUSAL, 429, true, true},
		{RETRY_SAW_BROKEN, 429, true, true},
		{RETRY_SAW_BROKEN, 404, false, true},
		{RETRY_SAW_BROKEN, 302, false, true},
		{RETRY_SAW_NOTHING, 0, false, true},
		{RETRY_NOT_SENT, 0, false, false},
		{RETRY_NEVER, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct retry_input input = {.seen = table[i].seen,
			.status = table[i].status,
			.is_throttled = table[i].is_throttled};
		struct retry_verdict verdict = decide(input);
		assert_int_equal(verdict.may_be_done, table[i].may_be_done);
	}
}

static void throttled(void **state)
{
	struct retry_input input = {.seen = RETRY_SAW_BROKEN, .status = 429, .is_throttled = true};

	(void)state;
	for (int attempt = 1; attempt < RETRY_THROTTLE_ATTEMPTS; attempt++) {
		input.attempt = attempt;
		input.safety = attempt % 2 ? RETRY_SAFE : RETRY_IDEMPOTENT;
		input.retry_after_ms = 3000;
		struct retry_verdict verdict = decide(input);
		assert_int_equal(verdict.verb, RETRY_AGAIN);
		assert_int_equal(verdict.wait_ms, 3000); /* all of it, and no more */
		input.jitter = 255;
		assert_int_equal(decide(input).wait_ms, 3000);
		input.retry_after_ms = 1; /* a date in the past, or 0: not at once */
		assert_int_equal(decide(input).wait_ms, 1000);
	}
	input.attempt = RETRY_THROTTLE_ATTEMPTS;
	input.safety = RETRY_SAFE;
	assert_int_equal(decide(input).verb, RETRY_GIVE_UP);
	input.safety = RETRY_IDEMPOTENT;
	assert_int_equal(decide(input).verb, RETRY_LOOK);
	/* A create is looked for, and all the same nothing may be sent before. */
	input = (struct retry_input){.safety = RETRY_UNSAFE,
		.seen = RETRY_SAW_REFUSAL,
		.status = 500, /* 971 comes with other statuses */
		.is_throttled = true,
		.retry_after_ms = 2000};
	assert_int_equal(decide(input).verb, RETRY_LOOK);
	assert_int_equal(decide(input).wait_ms, 2000);
}

/* fault A15: without Retry-After it goes on for longer than Cloudflare's five minutes. */
static void throttled_without_a_word(void **state)
{
	static const uint32_t jitters[] = {0, 255};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(jitters); i++) {
		struct retry_input input = {.seen = RETRY_SAW_BROKEN,
			.status = 429,
			.is_throttled = true,
			.jitter = jitters[i]};
		int64_t sum_ms = 0, before_ms = 0;
		for (int attempt = 1; attempt < RETRY_THROTTLE_ATTEMPTS; attempt++) {
			input.attempt = attempt;
			struct retry_verdict verdict = decide(input);
			assert_int_equal(verdict.verb, RETRY_AGAIN);
			assert_true(verdict.wait_ms >= before_ms);
			assert_true(verdict.wait_ms <= 75000);
			sum_ms += before_ms = verdict.wait_ms;
		}
		assert_true(sum_ms > 300000);
		assert_true(sum_ms < 600000);
	}
}

/* fault A15 */
static void waits_longer_than_allowed(void **state)
{
	struct retry_input input = {.seen = RETRY_SAW_BROKEN,
		.status = 429,
		.is_throttled = true,
		.retry_after_ms = MAX_WAIT_MS};

	(void)state;
	assert_false(decide(input).is_too_long);
	input.retry_after_ms = MAX_WAIT_MS + 1;
	assert_true(decide(input).is_too_long);
	assert_int_equal(decide(input).wait_ms, MAX_WAIT_MS + 1);
	input.retry_after_ms = INT64_MAX;
	assert_true(decide(input).is_too_long);
	input.safety = RETRY_UNSAFE;
	assert_true(decide(input).is_too_long);
	input.retry_after_ms = 301000; /* was too long once */
	assert_false(decide(input).is_too_long);
	input.max_wait_ms = 300999;
	assert_true(decide(input).is_too_long);
	/* The same without a 429. */
	input = (struct retry_input){
		.seen = RETRY_SAW_REFUSAL, .status = 503, .retry_after_ms = MAX_WAIT_MS + 1};
	assert_true(decide(input).is_too_long);
	input.safety = RETRY_UNSAFE; /* which does not wait for it */
	assert_false(decide(input).is_too_long);
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
		cmocka_unit_test(own_word),
		cmocka_unit_test(others_words),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(unsafe_is_never_repeated),
		cmocka_unit_test(what_stays_open),
		cmocka_unit_test(throttled),
		cmocka_unit_test(throttled_without_a_word),
		cmocka_unit_test(waits_longer_than_allowed),
		cmocka_unit_test(waits_grow_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
