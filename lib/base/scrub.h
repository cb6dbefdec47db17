/*
 * Takes secrets that we know out of text that somebody else wrote: a server may echo what it was
 * sent. Each stretch that is one of them, as it is or escaped as in a JSON string, becomes
 * SCRUB_MARK. A secret of a few bytes is found in any text: where one is, all of the text becomes
 * SCRUB_WITHHELD, for marks would show where it stood, and so what it was.
 *
 * Before text is shortened or made visible, or a part of a secret may be left. It does not find
 * what was encoded otherwise (base64, say) or cut off by the writer.
 */
#ifndef BASE_SCRUB_H
#define BASE_SCRUB_H

#include "base/secret.h"
#include "base/str.h"

#define SCRUB_MARK     "(sensitive value)"
#define SCRUB_WITHHELD "(withheld, for it may hold a sensitive value)"

enum { SCRUB_SHORTEST = 4 }; /* shorter ones make all of the text be withheld */

/* What is known. Start with {0}; scrub_release at the end. Thousands cost little. */
struct scrub {
	struct scrub_entry *entries;
	size_t count, room;
	size_t newest[256]; /* by the first byte: the entry added last, + 1; 0: none */
};

/* Keeps the secret, which must outlive it. An empty one is in no text. */
void scrub_know(struct scrub *scrub, const struct secret *secret);
void scrub_release(struct scrub *scrub);

/* Adds the text without the secrets. NULL: none are known. */
void scrub_add(struct str *out, const char *text, size_t length, const struct scrub *scrub);

#endif
