/* Randomness, its writing as text, and checksums (libsodium). */
#ifndef ADAPTER_CRYPT_H
#define ADAPTER_CRYPT_H

#include "base/secret.h"

#include <stdint.h>

/* A random (version 4) UUID as text, 36 characters and a NUL. RFC 9562, section 5.4. */
enum { CRYPT_UUID_SIZE = 37 };
void crypt_uuid(char text[static CRYPT_UUID_SIZE]);

/* A number from 0 to below - 1, evenly. */
uint32_t crypt_random_below(uint32_t below);

/* How bytes are written with letters: RFC 4648, sections 8, 4 and 5; the last without padding. */
enum crypt_encoding { CRYPT_HEX, CRYPT_BASE64, CRYPT_BASE64URL };

/* Gives (secret_release) so many random bytes, written so. At most CRYPT_RANDOM_LIMIT. */
enum { CRYPT_RANDOM_LIMIT = 1 << 20 };
void crypt_random_text(size_t bytes, enum crypt_encoding encoding, struct secret *ret_text);

/*
 * A checksum that finds accidents (and, without the key of a signer, not attacks): the first 16
 * hexadecimal digits of BLAKE2b-128 over the bytes. RFC 7693.
 */
enum { CRYPT_CHECKSUM_SIZE = 17 };
void crypt_checksum(const char *bytes, size_t length, char text[static CRYPT_CHECKSUM_SIZE]);

#endif
