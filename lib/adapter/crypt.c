#include "adapter/crypt.h"

#include <assert.h>
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

static size_t encoded_size(size_t bytes, int variant)
{
	return variant ? sodium_base64_encoded_len(bytes, variant) : 2 * bytes + 1;
}

void crypt_random_text(size_t bytes, enum crypt_encoding encoding, struct secret *ret_text)
{
	static const int variants[] = {
		[CRYPT_HEX] = 0,
		[CRYPT_BASE64] = sodium_base64_VARIANT_ORIGINAL,
		[CRYPT_BASE64URL] = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
	};
	struct secret raw CLEANUP(secret_release) = {0};
	int variant = variants[encoding];
	size_t size = encoded_size(bytes, variant);

	assert(bytes <= CRYPT_RANDOM_LIMIT);
	start();
	secret_init(&raw, bytes);
	secret_init(ret_text, size - 1);
	randombytes_buf(raw.bytes, bytes);
	if (variant)
		sodium_bin2base64(
			ret_text->bytes, size, (unsigned char *)raw.bytes, bytes, variant);
	else
		sodium_bin2hex(ret_text->bytes, size, (unsigned char *)raw.bytes, bytes);
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
