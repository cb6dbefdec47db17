/* Answers of the API for tests: decoded, and compared with what is expected of them. */
#ifndef TESTS_UNIT_ANSWER_H
#define TESTS_UNIT_ANSWER_H

#include "cloudflare/cf.h"

#include "unit.h"

static struct cf_answer decode_bytes(
	int status, const char *bytes, size_t length, const char *ray, struct error *err)
{
	struct str body CLEANUP(str_release) = {0};
	struct cf_answer answer;

	str_add(&body, bytes, length);
	cf_answer_decode(
		&answer, &(struct cf_response){.status = status, .body = &body, .ray = ray}, err);
	assert_int_equal(answer.verdict == CF_DONE, err->message == NULL);
	return answer;
}

static struct cf_answer decode(int status, const char *body, struct error *err)
{
	return decode_bytes(status, body, strlen(body), "ray-1", err);
}

static void expect(int status, const char *body, enum cf_verdict verdict, const char *message)
{
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer = decode(status, body, &err);

	if (answer.verdict != verdict)
		fail_msg("HTTP %d %s: verdict %d, %s", status, body, (int)answer.verdict,
			err.message ? err.message : "");
	if (message) {
		char start[16];
		snprintf(start, sizeof(start), " (HTTP %d", status);
		expect_text(err.message, start);
		expect_text(err.message, "ray-1");
		expect_text(err.message, message);
		expect_no_text(err.message, "\n");
		expect_no_text(err.message, "\x1b");
	}
	cf_answer_release(&answer);
}

#endif
