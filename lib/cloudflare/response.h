/*
 * Inside cloudflare/: what was seen of a request, from libcurl's words to the API's: with no secret
 * in it, and with what it means for trying again.
 */
#ifndef CLOUDFLARE_RESPONSE_H
#define CLOUDFLARE_RESPONSE_H

#include "adapter/http.h"
#include "base/scrub.h"
#include "cloudflare/cf.h"
#include "cloudflare/retry.h"
#include "model/event.h"

/* Takes secrets out of the header and of what libcurl quotes of an answer. */
void response_scrub(struct http_response *response, const struct scrub *scrub);

/* Reads the answer (cf_answer_release); with any verdict but CF_DONE, *err says what is wrong. */
enum retry_seen response_read(const struct http_response *response, const struct scrub *scrub,
	struct cf_answer *cf, struct error *err);

/* What servers have said so far besides their answers. Start with {0}. */
struct response_told {
	struct table *texts;
	struct arena arena;
};

/* Emits what the answer says besides (cf_answer.said) as warnings: each text once a run. */
void response_tell(
	struct response_told *told, const struct cf_answer *cf, const struct event_sink *sink);
void response_told_release(struct response_told *told);

#endif
