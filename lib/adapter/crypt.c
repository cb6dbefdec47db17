#include "adapter/crypt.h"

#include <sodium.h>
#include <stdio.h>

/* Safe to call again and again; chooses the random source and the fast code once. */
static void start(void)
{
	if (sodium_init() < 0)
		mem_exhausted(); /* no randomness: nothing sensible can go on */
}

void crypt_uuid(char text[static CRYPT_UUID_SIZE])
{
	unsigned char b[16];
	char hex[33];

	start();
	randombytes_buf(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	sodium_bin2hex(hex, sizeof(hex), b, sizeof(b));
	snprintf(text, CRYPT_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
}

uint32_t crypt_random_below(uint32_t below)
{
	start();
	return randombytes_uniform(below);
}

void crypt_checksum(const char *bytes, size_t length, char text[static CRYPT_CHECKSUM_SIZE])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	char hex[2 * sizeof(hash) + 1];

	start();
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes, length, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(text, CRYPT_CHECKSUM_SIZE, "%.16s", hex);
}
