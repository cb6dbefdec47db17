#include "cloudflare/response.h"

#include "adapter/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void response_scrub(struct http_response *response, const struct scrub *scrub)
{
	struct str ray CLEANUP(str_release) = {0}, problem CLEANUP(str_release) = {0};

	scrub_add(&ray, response->ray, strlen(response->ray), scrub);
	snprintf(response->ray, sizeof(response->ray), "%s", str_text(&ray));
	if (!response->problem)
		return;
	scrub_add(&problem, response->problem, strlen(response->problem), scrub);
	free(response->problem);
	response->problem = str_steal(&problem);
}

static enum retry_seen seen_of(const struct http_response *response, const struct cf_answer *cf)
{
	switch (response->outcome) {
	case HTTP_NOT_SENT:
	case HTTP_REFUSED:
		return RETRY_NOT_SENT;
	case HTTP_NEVER:
		return RETRY_NEVER;
	case HTTP_UNKNOWN:
		return RETRY_SAW_NOTHING;
	case HTTP_ANSWERED:
		break;
	}
	return json_is_false(json_get(cf->json, "success")) ? RETRY_SAW_WORD : RETRY_SAW_BROKEN;
}

enum retry_seen response_read(const struct http_response *response, const struct scrub *scrub,
	struct cf_answer *cf, struct error *err)
{
	*cf = CF_NO_ANSWER;
	if (response->outcome == HTTP_ANSWERED) {
		cf_answer_decode(cf,
			&(struct cf_response){response->status, &response->body, response->ray,
				scrub, response->is_challenged},
			err);
		return seen_of(response, cf);
	}
	error_set(err, "%s", response->problem);
	if (response->is_tls_trouble)
		error_hint(err,
			"Check SSL_CERT_FILE and CLOUDFLARE_BASE_URL, if they are set. A proxy in "
			"between may have certificates of its own: SSL_CERT_FILE can name them.");
	else if (response->outcome == HTTP_NEVER || response->outcome == HTTP_NOT_SENT)
		error_hint(err, "Check the network, and CLOUDFLARE_BASE_URL if it is set.");
	return seen_of(response, cf);
}

/* A server that says something else each time is not listened to for ever. */
void response_tell(
	struct response_told *told, const struct cf_answer *cf, const struct event_sink *sink)
{
	enum { TOLD_MOST = 100 };

	for (size_t i = 0; i < cf->said.count; i++) {
		struct error *said = &cf->said.items[i];
		if (table_get(told->texts, said->message) || table_count(told->texts) == TOLD_MOST)
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
