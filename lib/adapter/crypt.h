/* Randomness and checksums (libsodium). Nothing here holds or sees a secret yet. */
#ifndef ADAPTER_CRYPT_H
#define ADAPTER_CRYPT_H

#include "base/mem.h"

#include <stdint.h>

/* A random (version 4) UUID as text, 36 characters and a NUL. RFC 9562, section 5.4. */
enum { CRYPT_UUID_SIZE = 37 };
void crypt_uuid(char text[static CRYPT_UUID_SIZE]);

/* A number from 0 to below - 1, evenly. */
uint32_t crypt_random_below(uint32_t below);

/*
 * A checksum that finds accidents (and, without the key of a signer, not attacks): the first 16
 * hexadecimal digits of BLAKE2b-128 over the bytes. RFC 7693.
 */
enum { CRYPT_CHECKSUM_SIZE = 17 };
void crypt_checksum(const char *bytes, size_t length, char text[static CRYPT_CHECKSUM_SIZE]);

#endif
