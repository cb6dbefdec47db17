#include "state/remote_retry.h"

#include "unit.h"

static struct remote_verdict decide(struct remote_retry retry)
{
	if (!retry.attempt)
		retry.attempt = 1;
	if (!retry.limit_ms)
		retry.limit_ms = REMOTE_RETRY_MS;
	if (!retry.retry_after_ms)
		retry.retry_after_ms = -1;
	return remote_decide(&retry);
}

static void statuses(void **state)
{
	static const struct {
		int status;
		bool is_again, may_be_done;
	} rows[] = {
		{200, false, false},
		{204, false, false},
		{302, false, false},
		{400, false, false},
		{401, false, false},
		{403, false, false},
		{404, false, false},
		{405, false, false},
		{408, true, true},
		{409, false, false},
		{412, false, false},
		{422, false, false},
		{423, false, false},
		{425, true, true},
		{429, true, false},
		{500, true, true},
		{501, false, false},
		{502, true, true},
		{503, true, true},
		{504, true, true},
		{505, false, false},
		{520, true, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct remote_verdict verdict =
			decide((struct remote_retry){.status = rows[i].status});
		if (verdict.is_again != rows[i].is_again ||
			verdict.may_be_done != rows[i].may_be_done)
			fail_msg("HTTP %d: again %d, may be done %d", rows[i].status,
				verdict.is_again, verdict.may_be_done);
	}
}

static void no_answer(void **state)
{
	static const struct {
		enum http_outcome outcome;
		bool is_again, may_be_done;
	} rows[] = {
		{HTTP_NOT_SENT, true, false},
		{HTTP_REFUSED, true, false},
		{HTTP_NEVER, false, false},
		{HTTP_UNKNOWN, true, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct remote_verdict verdict =
			decide((struct remote_retry){.outcome = rows[i].outcome});
		assert_int_equal(verdict.is_again, rows[i].is_again);
		assert_int_equal(verdict.may_be_done, rows[i].may_be_done);
	}
}

static void waits(void **state)
{
	static const int64_t expected_ms[] = {250, 500, 1000, 2000, 4000, 8000, 8000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected_ms); i++) {
		struct remote_retry retry = {.status = 500, .attempt = (int)i + 1};
		assert_int_equal(decide(retry).wait_ms, expected_ms[i]);
		retry.jitter = 255;
		assert_in_range(decide(retry).wait_ms, expected_ms[i] * 3 / 4, expected_ms[i] - 1);
	}
	/* What the server asks for counts, if it is not too long. */
	struct remote_retry asked = {.status = 429, .retry_after_ms = 7000, .jitter = 255};
	assert_int_equal(decide(asked).wait_ms, 7000);
	assert_true(decide(asked).is_again);
	asked.retry_after_ms = REMOTE_WAIT_MS + 1;
	assert_false(decide(asked).is_again);
}

/* Somebody else may have written or locked in between. */
static void only_once(void **state)
{
	static const struct {
		enum http_outcome outcome;
		int status;
		bool is_again;
	} rows[] = {
		{HTTP_ANSWERED, 429, true},
		{HTTP_ANSWERED, 503, false},
		{HTTP_ANSWERED, 500, false},
		{HTTP_ANSWERED, 408, false},
		{HTTP_NOT_SENT, 0, true},
		{HTTP_REFUSED, 0, true},
		{HTTP_UNKNOWN, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct remote_verdict verdict = decide((struct remote_retry){
			.outcome = rows[i].outcome, .status = rows[i].status, .is_once = true});
		assert_int_equal(verdict.is_again, rows[i].is_again);
		assert_true(verdict.is_again != verdict.may_be_done);
	}
}

/* No wait that would end after the limit is begun. */
static void limits(void **state)
{
	struct remote_retry retry = {.outcome = HTTP_UNKNOWN, .elapsed_ms = REMOTE_RETRY_MS - 251};

	(void)state;
	assert_true(decide(retry).is_again);
	retry.elapsed_ms++;
	assert_false(decide(retry).is_again);
	assert_true(decide(retry).may_be_done);
	retry = (struct remote_retry){.outcome = HTTP_NOT_SENT, .elapsed_ms = REMOTE_REACH_MS};
	assert_false(decide(retry).is_again);
	retry.is_stubborn = true;
	assert_true(decide(retry).is_again);
	retry = (struct remote_retry){.status = 500, .limit_ms = 5000, .elapsed_ms = 4800};
	assert_false(decide(retry).is_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(waits),
		cmocka_unit_test(only_once),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
