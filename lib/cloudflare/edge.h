/*
 * Inside cloudflare/: what came over the wire, and what it means where it is not the API's own
 * answer: a redirect, an error of Cloudflare's edge (RFC 9457: type, title, detail, error_code and
 * more), a page of its firewall, or of something in between. Pure.
 *
 * None of these is the API's word: whether the request was carried out stays open.
 * Source: Cloudflare's changelog of 2026-03-12 (edge errors as JSON, `retry_after`), its list of
 * 1xxx errors, and pages and plain texts ("error code: 1020") that clients of others were sent.
 */
#ifndef CLOUDFLARE_EDGE_H
#define CLOUDFLARE_EDGE_H

#include "adapter/json.h"
#include "base/scrub.h"

/* What came over the wire; all of it is borrowed. */
struct cf_response {
	int status;
	const struct str *body;
	const char *ray;           /* cf-ray; "": none */
	const struct scrub *scrub; /* the secrets that were sent; NULL: none */
	bool is_challenged;        /* cf-mitigated: challenge */
};

/* Adds text of the server, without the secrets, visible, and not longer than anybody reads. */
void edge_add_text(struct str *out, const char *text, const struct cf_response *response);

/* Adds where an error came from: " (HTTP 400CODES, cf-ray X)". CODES: "", or ", code 1003". */
void edge_add_origin(struct str *out, const struct cf_response *response, const char *codes);

/*
 * Fills *err: what came, and what to do where that is known. `json`: of the body, or NULL. Returns
 * how long the body asks to wait, in ms; -1: it does not say.
 */
int64_t edge_read(const struct cf_response *response, const struct json *json, struct error *err);

#endif
