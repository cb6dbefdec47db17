/*
 * Fingerprints: how a changed value is noticed although no value is kept. A fingerprint is a text
 * in the state, bound to the state's lineage, the store and the secret, so that equal values in two
 * places have different fingerprints. It is never shown.
 *
 *     blake2b$KEYID$HASH               with a key: instant, and worthless without the key
 *     argon2id$m=19456,t=2$SALT$HASH   without: some milliseconds a secret, and a guess
 *
 * Parameters as OWASP's password storage cheat sheet has them for argon2id (19 MiB, 2 passes).
 */
#ifndef SOURCE_FINGERPRINT_H
#define SOURCE_FINGERPRINT_H

#include "adapter/crypt.h"
#include "base/error.h"
#include "model/model.h"

enum { FINGERPRINT_KEY_SHORTEST = 16 }; /* bytes; less can be guessed */

struct fingerprint_key {
	bool is_set; /* else: argon2id */
	unsigned char bytes[CRYPT_KEY_BYTES];
	char id[17]; /* tells keys apart, and nothing else */
};

/* Makes the key from what the user gave; the caller wipes it at the end. */
bool fingerprint_key_make(
	const struct secret *from, struct fingerprint_key *ret_key, struct error *err) MUST_CHECK;
void fingerprint_key_release(struct fingerprint_key *key);

/* Lends, in the arena, the fingerprint of a value of this secret. */
const char *fingerprint_make(const struct fingerprint_key *key, const char *lineage,
	const struct object *object, const struct secret *value, struct arena *arena) MUST_CHECK;

/*
 * Compares a value with the fingerprint that the object has. VALUE_UNVERIFIABLE: it was made with
 * another key, or in a way that is not known here, or there is none.
 */
enum value_verdict fingerprint_compare(const struct fingerprint_key *key, const char *lineage,
	const struct object *object, const struct secret *value) MUST_CHECK;

/* True if no value can be compared with the fingerprint, because it was made with another key. */
bool fingerprint_has_other_key(
	const struct fingerprint_key *key, const char *fingerprint) MUST_CHECK;

#endif
