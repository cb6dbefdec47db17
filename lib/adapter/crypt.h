/*
 * Randomness, checksums and fingerprints (libsodium). Secret bytes only pass through; copies of
 * them are wiped.
 */
#ifndef ADAPTER_CRYPT_H
#define ADAPTER_CRYPT_H

#include "base/secret.h"
#include "base/str.h"

#include <stdint.h>

/* A random (version 4) UUID: RFC 9562, section 5.4. */
enum { CRYPT_UUID_SIZE = 37 };
void crypt_uuid(char text[static CRYPT_UUID_SIZE]);

/* A hash for tables (SipHash-2-4), with a key of this process: nobody can choose keys that collide.
 */
uint64_t crypt_table_hash(const void *bytes, size_t length);

/* A uniformly distributed number less than `below`. */
uint32_t crypt_random_below(uint32_t below);

/* RFC 4648, sections 8, 4 and 5; base64url has no padding. */
enum crypt_encoding { CRYPT_HEX, CRYPT_BASE64, CRYPT_BASE64URL };

/* Gives (secret_release) so many random bytes, at most CRYPT_RANDOM_LIMIT, as text. */
enum { CRYPT_RANDOM_LIMIT = 1 << 20 };
void crypt_random_text(size_t bytes, enum crypt_encoding encoding, struct secret *ret_text);

/*
 * A checksum against accidents, not attacks, for it has no key: the first 16 hexadecimal digits of
 * BLAKE2b-128 (RFC 7693).
 */
enum { CRYPT_CHECKSUM_SIZE = 17 };
void crypt_checksum(const char *bytes, size_t length, char text[static CRYPT_CHECKSUM_SIZE]);

/* SHA-256 in hexadecimal, as S3 wants it of what it is sent. */
enum { CRYPT_SHA256_SIZE = 65 };
void crypt_sha256(const char *bytes, size_t length, char text[static CRYPT_SHA256_SIZE]);

/* ---- fingerprints of secret bytes ---- */

enum { CRYPT_KEY_BYTES = 32, CRYPT_SALT_BYTES = 16, CRYPT_HASH_BYTES = 32 };

struct crypt_part {
	const char *bytes;
	size_t length;
};

/* Makes a key of any bytes: their BLAKE2b-256. */
void crypt_key(const struct secret *bytes, unsigned char key[static CRYPT_KEY_BYTES]);

/* Keyed BLAKE2b-256 over the parts, each after its length: ("ab", "c") differs from ("a", "bc"). */
void crypt_keyed_hash(const unsigned char key[static CRYPT_KEY_BYTES],
	const struct crypt_part *parts, size_t count, unsigned char hash[static CRYPT_HASH_BYTES]);

struct crypt_slow_hash {
	unsigned memory_kib, passes;
	unsigned char salt[CRYPT_SALT_BYTES];
};

/* The same with argon2id (RFC 9106, one lane), slow on purpose. False: not enough memory. */
bool crypt_slow_hash(const struct crypt_slow_hash *how, const struct crypt_part *parts,
	size_t count, unsigned char hash[static CRYPT_HASH_BYTES]) MUST_CHECK;

void crypt_salt(unsigned char salt[static CRYPT_SALT_BYTES]);

/* ---- subkeys, and bytes sealed with them ---- */

/* The subkey of this number (libsodium's crypto_kdf); none tells anything of another. */
void crypt_subkey(const unsigned char key[static CRYPT_KEY_BYTES], uint64_t number,
	unsigned char subkey[static CRYPT_KEY_BYTES]);

enum { CRYPT_NONCE_BYTES = 24, CRYPT_TAG_BYTES = 16 };
void crypt_nonce(unsigned char nonce[static CRYPT_NONCE_BYTES]);

struct crypt_box {
	unsigned char key[CRYPT_KEY_BYTES], nonce[CRYPT_NONCE_BYTES];
	struct crypt_part header; /* authenticated with the bytes, and in clear */
};

/* XChaCha20-Poly1305. Writes length + CRYPT_TAG_BYTES bytes. */
void crypt_seal(const struct crypt_box *box, const char *bytes, size_t length, char *ret_sealed);

/* Writes length - CRYPT_TAG_BYTES bytes. False: another key or header, or damaged. */
bool crypt_open(
	const struct crypt_box *box, const char *sealed, size_t length, char *ret_bytes) MUST_CHECK;

/* Compares in constant time. */
bool crypt_is_same(const unsigned char *a, const unsigned char *b, size_t length);

/* `text` has room for 2 * length + 1. */
void crypt_to_hex(const unsigned char *bytes, size_t length, char *text);
/* False unless the text has exactly `length` bytes in hexadecimal. */
bool crypt_from_hex(
	const char *text, size_t text_length, unsigned char *bytes, size_t length) MUST_CHECK;

/* The same of base64 or base64url, with or without padding. */
bool crypt_from_base64(
	const char *text, size_t text_length, unsigned char *bytes, size_t length) MUST_CHECK;

/* Any bytes as base64 (RFC 4648, section 4), and back; false: not exactly what the first adds. */
void crypt_add_base64(struct str *out, const char *bytes, size_t length);
bool crypt_open_base64(const char *text, size_t length, struct str *ret_bytes) MUST_CHECK;

/* The version of libsodium at run time. */
const char *crypt_version(void);

#endif
