/*
 * Inside cloudflare/: answers that are not the API's own: a redirect, an error of Cloudflare's edge
 * (RFC 9457: type, title, detail, error_code and more), a page of its firewall, or of something in
 * between. None of them says whether the request was carried out. Pure.
 * Source: Cloudflare's changelog of 2026-03-12 (edge errors as JSON, `retry_after`), its list of
 * 1xxx errors, and pages and plain texts ("error code: 1020") that other clients were sent.
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

/* The parts of an error, while it is composed. */
struct cf_report {
	const struct cf_response *response;
	struct str text, hint;
	struct str codes; /* ", code 1003", for each */
	bool is_aside;    /* said beside a success: without status and cf-ray */
};

/* The hint where there is no API. */
#define EDGE_CHECK_URL                                                                             \
	"There is no API at this URL. Check CLOUDFLARE_BASE_URL, if it is set. Cloudflare's ends " \
	"with /client/v4."

/* Adds text of the server: without secrets, made visible, and shortened. */
void edge_add_text(struct str *out, const char *text, const struct cf_response *response);

/* Fills *err, with where it came from: "TEXT (HTTP 400CODES, cf-ray X)". Releases the report. */
void edge_finish(struct cf_report *report, struct error *err);

/*
 * Fills *err: what came, and what to do if that is known. `json` is the body's, or NULL. Returns
 * how long the body asks to wait, in ms; -1: it does not say.
 */
int64_t edge_read(const struct cf_response *response, const struct json *json, struct error *err);

#endif
