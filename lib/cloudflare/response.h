/*
 * Inside cloudflare/: what came of one attempt to send a call: libcurl's words become the API's,
 * without secrets, and with what they mean for a retry.
 */
#ifndef CLOUDFLARE_RESPONSE_H
#define CLOUDFLARE_RESPONSE_H

#include "adapter/http.h"
#include "cloudflare/cf.h"
#include "cloudflare/retry.h"
#include "model/event.h"

struct response {
	const struct http_response *http;
	enum retry_seen seen;
	struct cf_answer cf;
	struct error err;       /* set unless cf.verdict is CF_DONE */
	int64_t retry_after_ms; /* -1: not said */
};

/* Reads *http, which it keeps, and removes secrets from its texts. */
void response_read(
	struct response *response, struct http_response *http, const struct scrub *scrub);
void response_release(struct response *response);

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
