#include "adapter/crypt.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Cheap after the first call. */
static void start(void)
{
	int status = sodium_init();

	assert(status >= 0); /* there is a source of randomness */
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

uint64_t crypt_table_hash(const void *bytes, size_t length)
{
	static unsigned char key[crypto_shorthash_KEYBYTES];
	static bool has_key;
	uint64_t hash;

	if (!has_key) {
		start();
		crypto_shorthash_keygen(key);
		has_key = true;
	}
	crypto_shorthash((unsigned char *)&hash, bytes, length, key);
	return hash;
}

uint32_t crypt_random_below(uint32_t below)
{
	start();
	return randombytes_uniform(below);
}

void crypt_random_text(size_t bytes, enum crypt_encoding encoding, struct secret *ret_text)
{
	struct secret raw CLEANUP(secret_release) = {0};
	bool is_hex = encoding == CRYPT_HEX;
	int variant = encoding == CRYPT_BASE64 ? sodium_base64_VARIANT_ORIGINAL
					       : sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	size_t size = is_hex ? 2 * bytes + 1 : sodium_base64_encoded_len(bytes, variant);

	assert(bytes <= CRYPT_RANDOM_LIMIT);
	start();
	secret_init(&raw, bytes);
	secret_init(ret_text, size - 1);
	randombytes_buf(raw.bytes, bytes);
	if (is_hex)
		sodium_bin2hex(ret_text->bytes, size, (unsigned char *)raw.bytes, bytes);
	else
		sodium_bin2base64(
			ret_text->bytes, size, (unsigned char *)raw.bytes, bytes, variant);
}

void crypt_checksum(const char *bytes, size_t length, char text[static CRYPT_CHECKSUM_SIZE])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];

	start();
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes, length, NULL, 0);
	sodium_bin2hex(text, CRYPT_CHECKSUM_SIZE, hash, CRYPT_CHECKSUM_SIZE / 2);
}

void crypt_sha256(const char *bytes, size_t length, char text[static CRYPT_SHA256_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)bytes, length);
	sodium_bin2hex(text, CRYPT_SHA256_SIZE, hash, sizeof(hash));
}

/* ---- fingerprints ---- */

void crypt_key(const struct secret *bytes, unsigned char key[static CRYPT_KEY_BYTES])
{
	start();
	crypto_generichash(
		key, CRYPT_KEY_BYTES, (const unsigned char *)bytes->bytes, bytes->length, NULL, 0);
}

static void put_length(size_t length, unsigned char bytes[static 8])
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
}

void crypt_keyed_hash(const unsigned char key[static CRYPT_KEY_BYTES],
	const struct crypt_part *parts, size_t count, unsigned char hash[static CRYPT_HASH_BYTES])
{
	crypto_generichash_state state;
	unsigned char length[8];

	start();
	crypto_generichash_init(&state, key, CRYPT_KEY_BYTES, CRYPT_HASH_BYTES);
	for (size_t i = 0; i < count; i++) {
		put_length(parts[i].length, length);
		crypto_generichash_update(&state, length, sizeof(length));
		crypto_generichash_update(
			&state, (const unsigned char *)parts[i].bytes, parts[i].length);
	}
	crypto_generichash_final(&state, hash, CRYPT_HASH_BYTES);
	secret_wipe(&state, sizeof(state));
}

bool crypt_slow_hash(const struct crypt_slow_hash *how, const struct crypt_part *parts,
	size_t count, unsigned char hash[static CRYPT_HASH_BYTES])
{
	struct secret message CLEANUP(secret_release) = {0};
	size_t length = 0, at = 0;

	start();
	for (size_t i = 0; i < count; i++)
		length += 8 + parts[i].length;
	secret_init(&message, length);
	for (size_t i = 0; i < count; i++) {
		put_length(parts[i].length, (unsigned char *)message.bytes + at);
		if (parts[i].length)
			memcpy(message.bytes + at + 8, parts[i].bytes, parts[i].length);
		at += 8 + parts[i].length;
	}
	return crypto_pwhash(hash, CRYPT_HASH_BYTES, message.bytes, length, how->salt, how->passes,
		       (size_t)how->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

void crypt_salt(unsigned char salt[static CRYPT_SALT_BYTES])
{
	start();
	randombytes_buf(salt, CRYPT_SALT_BYTES);
}

/* ---- subkeys ---- */

void crypt_subkey(const unsigned char key[static CRYPT_KEY_BYTES], uint64_t number,
	unsigned char subkey[static CRYPT_KEY_BYTES])
{
	start();
	crypto_kdf_derive_from_key(subkey, CRYPT_KEY_BYTES, number, "cfprovk1", key);
}

void crypt_nonce(unsigned char nonce[static CRYPT_NONCE_BYTES])
{
	start();
	randombytes_buf(nonce, CRYPT_NONCE_BYTES);
}

void crypt_seal(const struct crypt_box *box, const char *bytes, size_t length, char *ret_sealed)
{
	start();
	crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *)ret_sealed, NULL,
		(const unsigned char *)bytes, length, (const unsigned char *)box->header.bytes,
		box->header.length, NULL, box->nonce, box->key);
}

bool crypt_open(const struct crypt_box *box, const char *sealed, size_t length, char *ret_bytes)
{
	start();
	return length >= CRYPT_TAG_BYTES &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)ret_bytes, NULL, NULL,
		       (const unsigned char *)sealed, length,
		       (const unsigned char *)box->header.bytes, box->header.length, box->nonce,
		       box->key) == 0;
}

bool crypt_is_same(const unsigned char *a, const unsigned char *b, size_t length)
{
	return sodium_memcmp(a, b, length) == 0;
}

void crypt_to_hex(const unsigned char *bytes, size_t length, char *text)
{
	sodium_bin2hex(text, 2 * length + 1, bytes, length);
}

bool crypt_from_hex(const char *text, size_t text_length, unsigned char *bytes, size_t length)
{
	size_t got = 0;

	return text_length == 2 * length &&
	       sodium_hex2bin(bytes, length, text, text_length, NULL, &got, NULL) == 0 &&
	       got == length;
}

bool crypt_from_base64(const char *text, size_t text_length, unsigned char *bytes, size_t length)
{
	static const int variants[] = {sodium_base64_VARIANT_ORIGINAL,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING};
	size_t got = 0;

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (sodium_base642bin(
			    bytes, length, text, text_length, NULL, &got, NULL, variants[i]) == 0 &&
			got == length)
			return true;
	return false;
}

void crypt_add_base64(struct str *out, const char *bytes, size_t length)
{
	size_t size = sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);

	str_reserve(out, size);
	sodium_bin2base64(out->bytes + out->length, size, (const unsigned char *)bytes, length,
		sodium_base64_VARIANT_ORIGINAL);
	out->length += size - 1;
}

bool crypt_open_base64(const char *text, size_t length, struct str *ret_bytes)
{
	size_t room = length / 4 * 3, got = 0;

	/* libsodium 1.0.18 takes some bytes from 0x80 for letters. */
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	str_reserve(ret_bytes, room + 1);
	if (sodium_base642bin((unsigned char *)ret_bytes->bytes + ret_bytes->length, room, text,
		    length, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	ret_bytes->length += got;
	ret_bytes->bytes[ret_bytes->length] = '\0';
	return true;
}

const char *crypt_version(void)
{
	return sodium_version_string();
}
