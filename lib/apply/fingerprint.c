#include "apply/fingerprint.h"

#include <stdio.h>
#include <string.h>

enum {
	MEMORY_KIB = 19456,
	PASSES = 2,
	/* limits for a state that was tampered with */
	MOST_MEMORY_KIB = 1 << 16,
	MOST_PASSES = 4,
};

/* One that is made, or made again to be compared. */
struct fingerprint {
	char text[160];
};

bool fingerprint_key_make(
	const struct secret *from, struct fingerprint_key *ret_key, struct error *err)
{
	static const char purpose[] = "cfprov key id";
	const struct crypt_part part = {purpose, sizeof(purpose) - 1};
	unsigned char hash[CRYPT_HASH_BYTES];

	if (from->length < FINGERPRINT_KEY_SHORTEST) {
		error_set(err, "the fingerprint key has %zu bytes; at least %d are needed",
			from->length, FINGERPRINT_KEY_SHORTEST);
		return error_hint(err, "Make one with: openssl rand -hex 32");
	}
	crypt_key(from, ret_key->bytes);
	crypt_keyed_hash(ret_key->bytes, &part, 1, hash);
	crypt_to_hex(hash, (sizeof(ret_key->id) - 1) / 2, ret_key->id);
	ret_key->is_set = true;
	return true;
}

void fingerprint_key_release(struct fingerprint_key *key)
{
	secret_wipe(key, sizeof(*key));
}

/* With a key, or without. False: the parameters are not possible. */
static bool make(const struct fingerprint_key *key_or_null, const struct crypt_slow_hash *how,
	const struct fingerprint_subject *subject, const struct secret *value,
	struct fingerprint *ret)
{
	const struct crypt_part parts[] = {{subject->lineage, strlen(subject->lineage)},
		{subject->store, strlen(subject->store)},
		{subject->secret, strlen(subject->secret)}, {value->bytes, value->length}};
	unsigned char hash[CRYPT_HASH_BYTES];
	char hex[2 * CRYPT_HASH_BYTES + 1], salt[2 * CRYPT_SALT_BYTES + 1];

	if (key_or_null)
		crypt_keyed_hash(key_or_null->bytes, parts, ARRAY_SIZE(parts), hash);
	else if (!crypt_slow_hash(how, parts, ARRAY_SIZE(parts), hash))
		return false;
	crypt_to_hex(hash, sizeof(hash), hex);
	crypt_to_hex(how->salt, sizeof(how->salt), salt);
	if (key_or_null)
		snprintf(ret->text, sizeof(ret->text), "blake2b$%s$%s", key_or_null->id, hex);
	else
		snprintf(ret->text, sizeof(ret->text), "argon2id$m=%u,t=%u$%s$%s", how->memory_kib,
			how->passes, salt, hex);
	return true;
}

const char *fingerprint_make(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value, struct arena *arena)
{
	struct crypt_slow_hash how = {.memory_kib = MEMORY_KIB, .passes = PASSES};
	struct fingerprint made;

	crypt_salt(how.salt);
	if (!make(key->is_set ? key : NULL, &how, subject, value, &made))
		mem_exhausted();
	return arena_text(arena, made.text);
}

/* `argon2id$m=KIB,t=PASSES$SALT$HASH` */
static bool read_slow(const char *text, struct crypt_slow_hash *ret_how)
{
	char salt[2 * CRYPT_SALT_BYTES + 1];

	/* NOLINTNEXTLINE(cert-err34-c): the numbers are bounded below */
	return sscanf(text, "argon2id$m=%7u,t=%3u$%32[0-9a-f]$", &ret_how->memory_kib,
		       &ret_how->passes, salt) == 3 &&
	       ret_how->memory_kib <= MOST_MEMORY_KIB && ret_how->passes <= MOST_PASSES &&
	       crypt_from_hex(salt, strlen(salt), ret_how->salt, sizeof(ret_how->salt));
}

enum value_verdict fingerprint_compare(const char *fingerprint, const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value)
{
	struct crypt_slow_hash how = {0};
	struct fingerprint now;

	if (!fingerprint)
		return VALUE_UNVERIFIABLE;
	bool is_slow = read_slow(fingerprint, &how);
	if ((!is_slow && !key->is_set) || !make(is_slow ? NULL : key, &how, subject, value, &now))
		return VALUE_UNVERIFIABLE;
	/* All but the hash, which comes last, is the same: else it was made in another way. */
	size_t length = strlen(now.text), start = length - 2 * CRYPT_HASH_BYTES;
	if (strlen(fingerprint) != length || memcmp(fingerprint, now.text, start) != 0)
		return VALUE_UNVERIFIABLE;
	return crypt_is_same(
		       (const unsigned char *)fingerprint, (const unsigned char *)now.text, length)
		       ? VALUE_SAME
		       : VALUE_CHANGED;
}
