/*
 * Fingerprints: how a changed value is noticed although no value is kept. A fingerprint is a text
 * in the state, with a salt of its own, and bound to the state's lineage, the account's id, the
 * store and the secret: equal values in two places have different fingerprints. It is never shown.
 *
 *     v2$blake2b$KEYID$SALT$HASH          with a key: instant, and worthless without the key
 *     v2$argon2id$m=19456,t=2$SALT$HASH   without: some milliseconds a secret, and a guess
 *     signed$KEYID$MAC$UNKEYED            one made without a key, accepted by `state sign`
 *
 * cfprov 0.1.0 wrote blake2b$KEYID$HASH and argon2id$m=19456,t=2$SALT$HASH, without the account.
 * They are still compared. What is equal but not of the present form is replaced.
 *
 * Once there is a key, a fingerprint without one proves nothing: whoever can write the state can
 * make it. It counts only if it was signed with this key. Parameters as OWASP's password storage
 * cheat sheet has them for argon2id (19 MiB, 2 passes); less is not compared, for a guess would
 * cost less.
 */
#ifndef SOURCE_FINGERPRINT_H
#define SOURCE_FINGERPRINT_H

#include "adapter/key.h"
#include "model/model.h"

struct fingerprint_key {
	bool is_set; /* else: argon2id */
	unsigned char bytes[CRYPT_KEY_BYTES];
	char id[17];
	unsigned char first_bytes[CRYPT_KEY_BYTES]; /* as 0.1.0 made it */
	char first_id[17];
};

/* Takes the subkey for a state; the caller wipes it at the end. */
bool fingerprint_key_init(struct fingerprint_key *fingerprint_key, struct key *key,
	const char *lineage, struct error *err) MUST_CHECK;
void fingerprint_key_release(struct fingerprint_key *key);

/* What a fingerprint is bound to. All are borrowed. */
struct fingerprint_subject {
	const char *lineage, *account_id;
	const struct object *secret; /* its store and name, and the fingerprint that it has */
};

/* Lends, in the arena, the fingerprint of a value of this secret. */
const char *fingerprint_make(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value,
	struct arena *arena) MUST_CHECK;

/*
 * Compares a value with the fingerprint that the secret has. VALUE_UNVERIFIABLE: it was made with
 * another key, or without this one and not signed, or in a way that is not known here, or there is
 * none.
 */
enum value_verdict fingerprint_compare(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value) MUST_CHECK;

/* True if it was made with this key (or, without one, without), in the present form. */
bool fingerprint_is_current(const struct fingerprint_key *key, const char *text_or_null);

/* False: it is damaged, too cheap to make, or of a form that is not known here. */
bool fingerprint_is_valid(const char *text);

/* True if it was made without a key, at costs that make it worth comparing, and not signed. */
bool fingerprint_is_unkeyed(const char *text_or_null);

/* Lends, in the arena, an unkeyed fingerprint as one that this key accepts. */
const char *fingerprint_sign(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, struct arena *arena) MUST_CHECK;

/* True if a value can be compared with the fingerprint that the secret has. */
bool fingerprint_is_comparable(
	const struct fingerprint_key *key, const struct fingerprint_subject *subject) MUST_CHECK;

#endif
