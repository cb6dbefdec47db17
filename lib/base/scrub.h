/*
 * Removes known secrets from text that somebody else wrote: a server may echo what it was sent, and
 * an excerpt of a file may hold it. Each occurrence, plain, escaped as in a JSON string, or as
 * YAML's quotes spell it, becomes SCRUB_MARK. A secret of a few bytes occurs in any text, and marks
 * would show where it was and so what it is: then the whole text becomes SCRUB_WITHHELD.
 *
 * Scrub before text is shortened or made visible, or a part of a secret may remain. Secrets in
 * other encodings (such as base64), or cut off by the writer, are not found.
 */
#ifndef BASE_SCRUB_H
#define BASE_SCRUB_H

#include "base/secret.h"
#include "base/str.h"

#define SCRUB_MARK     "(sensitive value)"
#define SCRUB_WITHHELD "(hidden because it may contain a sensitive value)"

enum {
	SCRUB_SHORTEST = 4,      /* bytes; for shorter ones the whole text is withheld */
	SCRUB_TEXT_LIMIT = 8192, /* bytes of a text that are kept */
};

/* The known secrets. Start with {0}. Thousands cost little. */
struct scrub {
	struct scrub_entry *entries;
	size_t count, room; /* of the entries, which are sorted by their bytes */
	bool begins[256];   /* that one begins with this byte */
};

/* Keeps the secret; an empty one is ignored. */
void scrub_know(struct scrub *scrub, const struct secret *secret);

/*
 * Keeps the bytes of a secret that is a text: without line breaks at its end, and also each of its
 * lines, because programs show single ones.
 */
void scrub_know_text(struct scrub *scrub, const char *bytes, size_t length);
void scrub_release(struct scrub *scrub);

/* True if one of the secrets, or the start of a long one, is in the text, which may have been cut.
 */
bool scrub_finds(const struct scrub *scrub, const char *text, size_t length);

/*
 * Adds the text without the secrets. `scrub` may be NULL. Of a text that is longer than
 * SCRUB_TEXT_LIMIT, what follows is left out, because nobody shows so much and a server must not
 * keep us busy; a secret that begins before is hidden whole.
 */
void scrub_add(struct str *out, const char *text, size_t length, const struct scrub *scrub);

#endif
