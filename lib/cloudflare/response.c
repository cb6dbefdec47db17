#include "cloudflare/response.h"

#include "adapter/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum retry_seen response_read(
	struct http_response *http, const struct scrub *scrub, struct client_answer *answer)
{
	static const enum retry_seen unanswered[] = {
		[HTTP_NOT_SENT] = RETRY_NOT_SENT,
		[HTTP_REFUSED] = RETRY_NOT_SENT,
		[HTTP_NEVER] = RETRY_NEVER,
		[HTTP_UNKNOWN] = RETRY_SAW_NOTHING,
	};
	struct str ray CLEANUP(str_release) = {0}, problem CLEANUP(str_release) = {0};
	struct cf_answer *cf = &answer->cf;
	struct error *err = &answer->err;

	scrub_add(&ray, http->ray, strlen(http->ray), scrub);
	snprintf(http->ray, sizeof(http->ray), "%s", str_text(&ray));
	answer->status = http->status;
	if (http->outcome == HTTP_ANSWERED) {
		cf_answer_decode(cf,
			&(struct cf_response){
				http->status, &http->body, http->ray, scrub, http->is_challenged},
			err);
		if (http->retry_after_ms < cf->retry_after_ms) /* the header may be a proxy's */
			http->retry_after_ms = cf->retry_after_ms;
		return json_is_false(json_get(cf->json, "success")) ? RETRY_SAW_WORD
								    : RETRY_SAW_BROKEN;
	}
	scrub_add(&problem, http->problem, strlen(http->problem), scrub);
	free(http->problem);
	http->problem = str_steal(&problem);
	error_set(err, "%s", http->problem);
	if (http->is_tls_trouble)
		error_hint(err,
			"Check SSL_CERT_FILE and CLOUDFLARE_BASE_URL, if they are set. A proxy in "
			"between may have certificates of its own: SSL_CERT_FILE can name them.");
	else if (http->outcome == HTTP_NEVER || http->outcome == HTTP_NOT_SENT)
		error_hint(err, "Check the network, and CLOUDFLARE_BASE_URL if it is set.");
	return unanswered[http->outcome];
}

void response_tell(
	struct response_told *told, const struct cf_answer *cf, const struct event_sink *sink)
{
	enum { TEXTS_MOST = 100 }; /* a server may say something else each time */

	for (size_t i = 0; i < cf->said.count; i++) {
		struct error *said = &cf->said.items[i];
		if (table_get(told->texts, said->message) || table_count(told->texts) == TEXTS_MOST)
			continue;
		table_put(&told->texts, arena_text(&told->arena, said->message), told);
		event_emit(sink, &(struct event){.type = EVENT_WARNING, .err = said});
	}
}

void response_told_release(struct response_told *told)
{
	table_free(&told->texts);
	arena_release(&told->arena);
}
