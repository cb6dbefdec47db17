/*
 * What answers in the API's place: the documents of Cloudflare's edge (RFC 9457) and the pages of
 * its firewall, in the words that a client may look for. From Cloudflare's documentation of its
 * 1xxx errors and its changelog of 2026-03-12; the pages are shortened.
 */
#ifndef CFSIM_EDGE_H
#define CFSIM_EDGE_H

#include "exchange.h"

/* What may be said about an error; 0 and NULL: as is usual for its code. */
struct edge_error {
	unsigned status;
	int code;            /* 1015, 1020...; 0: 1015 */
	const char *message; /* the detail */
	const char *retry_after;
};

/*
 * Makes the answer one of these, by name: "html" (any error), "challenge" ("Just a moment..."),
 * "blocked" ("Sorry, you have been blocked"), "1020" ("Access denied"), "not_found", "problem"
 * (RFC 9457). False: there is no such name, and nothing was changed.
 */
bool edge_answer(struct answer *answer, const char *name, const struct edge_error *error);

/* Is there one of this name? */
bool edge_has(const char *name);

#endif
