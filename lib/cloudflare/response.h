/*
 * Inside cloudflare/: what came of one attempt to send a call, from libcurl's words to the API's.
 */
#ifndef CLOUDFLARE_RESPONSE_H
#define CLOUDFLARE_RESPONSE_H

#include "adapter/http.h"
#include "cloudflare/client.h"

/*
 * Fills status, cf and err of an answer. Removes secrets from the texts of *http, and sets its
 * retry_after_ms to what the body asks for, if that is longer.
 */
enum retry_seen response_read(
	struct http_response *http, const struct scrub *scrub, struct client_answer *answer);

/* What servers have said besides their answers. Start with {0}. */
struct response_told {
	struct table *texts;
	struct arena arena;
};

/* Emits what the answer says besides (cf_answer.said) as EVENT_WARNING, each text once. */
void response_tell(
	struct response_told *told, const struct cf_answer *cf, const struct event_sink *sink);
void response_told_release(struct response_told *told);

#endif
