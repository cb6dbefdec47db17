/*
 * The one key of a state: from what the user keeps to subkeys, and bytes sealed with them.
 *
 *     key_init(&key, &given, &err)
 *     key_prepare(&key, lineage, &err)       before key_subkey and key_seal
 *     key_seal(&key, KEY_PLANS, …)
 *     key_open(&key, KEY_PLANS, …, &err)     prepares the key as the sealed bytes say
 *     key_release(&key)
 *
 * 32 bytes in hex or base64 are the key itself. Any other text is a passphrase, and argon2id makes
 * the key of it: once for each salt, and not again while the salt is the same. The salt comes from
 * the state's lineage, so that one derivation serves a whole run; of a state that is split by
 * account, one for each account.
 *
 * Sealed bytes are a line, then XChaCha20-Poly1305 with that line as additional data:
 *
 *     cfprov-sealed 1 plan argon2id:m=262144,t=3:SALT KEYID NONCE     (`-`: no passphrase)
 *
 * Costs are bounded when they are read. Each use has a subkey of its own, so bytes that were sealed
 * for one are refused by another.
 */
#ifndef ADAPTER_KEY_H
#define ADAPTER_KEY_H

#include "adapter/crypt.h"
#include "base/error.h"
#include "base/str.h"

enum { KEY_SHORTEST = 16 }; /* bytes; a shorter passphrase can be guessed */

/* The numbers of the subkeys: never change one. */
enum key_use { KEY_FINGERPRINTS = 1, KEY_PLANS, KEY_JOURNAL, KEY_STATE, KEY_ID, KEY_SIGNATURES };

struct key {
	bool is_set;
	bool is_passphrase;
	struct secret given; /* as it was written */
	bool is_prepared;
	struct crypt_slow_hash how; /* that `master` was made with, of a passphrase */
	unsigned char master[CRYPT_KEY_BYTES];
	char id[17];                /* tells keys apart */
	struct key_master *masters; /* all that were derived: another salt may come again */
};

bool key_init(struct key *key, const struct secret *given, struct error *err) MUST_CHECK;
void key_release(struct key *key);

/* False: not enough memory for argon2id. */
bool key_prepare(struct key *key, const char *lineage, struct error *err) MUST_CHECK;

void key_subkey(
	const struct key *key, enum key_use use, unsigned char subkey[static CRYPT_KEY_BYTES]);

/* Adds the sealed bytes. */
void key_seal(
	const struct key *key, enum key_use use, const char *bytes, size_t length, struct str *out);

/* True if these bytes claim to be sealed, for whatever use. */
bool key_is_sealed(const struct str *bytes);

/* Adds what was sealed. Errors name what it is: "the saved plan". */
bool key_open(struct key *key, enum key_use use, const struct str *sealed, struct str *ret_bytes,
	struct error *err) MUST_CHECK;

/* The key, and the one before it, which still opens what the new one has not replaced yet. */
struct keys {
	struct key now, old;
};

void keys_release(struct keys *keys);

/* Lends the key that the sealed bytes name; if neither is, the new one, for key_open's error. */
struct key *keys_choose(struct keys *keys, enum key_use use, const struct str *sealed);

/*
 * Lends the key that has this id for the lineage, prepared; NULL: neither has. False: not enough
 * memory.
 */
bool keys_find(struct keys *keys, const char *lineage, const char *id, struct key **ret_key,
	struct error *err) MUST_CHECK;

#endif
