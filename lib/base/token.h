/*
 * Secrets that were pasted where something else belongs: what looks like one is not shown. A guess,
 * which knows the forms of common tokens and keys.
 */
#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#include "base/str.h"

/*
 * True if the text is probably a secret that was pasted where a name belongs: a token of 40
 * characters or more (20 after a prefix of tokens of Cloudflare, GitLab, Stripe or Google) of A-Z,
 * a-z, 0-9, _ and -, or with +, / and = as in base64, whose letters and digits alternate as those
 * of random text do; 37 hexadecimal digits or more; a private key of age; or the header of a PEM
 * file. False for long names made of words, for ids of 32 hexadecimal digits, for UUIDs and for ids
 * of commits.
 */
bool token_is_likely(const char *bytes, size_t length);

/* True if any word of the text looks like a token. */
bool token_is_inside(const char *bytes, size_t length);

/* Adds the text with "(hidden)" for each word that looks like a token, and for PEM to its end. */
void token_add_hidden(struct str *out, const char *text);

#endif
