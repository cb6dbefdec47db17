/*
 * Cloudflare's envelope around every answer: success, errors, messages, result, result_info. What
 * the answer's `errors` and `messages` hold is put into those lists in place of our own items.
 * From Cloudflare's API reference, "common" schemas.
 *
 *     struct json_writer w = envelope_begin(answer, 200);
 *     json_put_null(&w, "result");
 *     envelope_end(&w);
 */
#ifndef CFSIM_ENVELOPE_H
#define CFSIM_ENVELOPE_H

#include "exchange.h"

/* What the API says when something is wrong. Codes are shared by unrelated errors, as there. */
struct problem {
	unsigned status;
	int code;
	const char *message;
	int chain_code; /* of the only error in error_chain; 0: there is none */
	const char *chain_message;
};

/* Starts an answer of success; the caller writes "result" next. Clears what was there before. */
struct json_writer envelope_begin(struct answer *answer, unsigned status);
void envelope_end(struct json_writer *writer);

/* Writes an id that is always the same for this text and never another text's. */
void envelope_put_id(struct json_writer *writer, const char *key, const char *text);

/* The whole answer: success with `"result": null`. */
void envelope_null(struct answer *answer, unsigned status);

/* The whole answer: a failure. If `detail` is not NULL, ": DETAIL" follows the message. */
void envelope_problem(struct answer *answer, const struct problem *problem, const char *detail);

#endif
