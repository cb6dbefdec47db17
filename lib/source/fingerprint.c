#include "source/fingerprint.h"

#include <stdio.h>
#include <string.h>

enum {
	MEMORY_KIB = 19456,
	PASSES = 2,
	/* limits for a state that was tampered with */
	MOST_MEMORY_KIB = 1 << 16,
	MOST_PASSES = 4,
	PARTS = 4,
	TEXT_SIZE = 160,
};

bool fingerprint_key_make(
	const struct secret *from, struct fingerprint_key *ret_key, struct error *err)
{
	static const char purpose[] = "cfprov key id";
	const struct crypt_part part = {purpose, sizeof(purpose) - 1};
	unsigned char hash[CRYPT_HASH_BYTES];

	if (from->length < FINGERPRINT_KEY_SHORTEST) {
		error_set(err, "the fingerprint key has %zu bytes, but at least %d are required",
			from->length, FINGERPRINT_KEY_SHORTEST);
		return error_hint(err, "To make one, run: openssl rand -hex 32");
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

static void set_parts(const char *lineage, const struct object *object, const struct secret *value,
	struct crypt_part parts[static PARTS])
{
	parts[0] = (struct crypt_part){lineage, strlen(lineage)};
	parts[1] = (struct crypt_part){object->store, strlen(object->store)};
	parts[2] = (struct crypt_part){object->secret, strlen(object->secret)};
	parts[3] = (struct crypt_part){value->bytes, value->length};
}

/* With a key, or slowly. False: the parameters are not possible. */
static bool make(const struct fingerprint_key *key_or_null, const struct crypt_slow_hash *how,
	const struct crypt_part parts[static PARTS], char ret_text[static TEXT_SIZE])
{
	unsigned char hash[CRYPT_HASH_BYTES];
	char hex[2 * CRYPT_HASH_BYTES + 1], salt[2 * CRYPT_SALT_BYTES + 1];

	if (key_or_null)
		crypt_keyed_hash(key_or_null->bytes, parts, PARTS, hash);
	else if (!crypt_slow_hash(how, parts, PARTS, hash))
		return false;
	crypt_to_hex(hash, sizeof(hash), hex);
	crypt_to_hex(how->salt, sizeof(how->salt), salt);
	if (key_or_null)
		snprintf(ret_text, TEXT_SIZE, "blake2b$%s$%s", key_or_null->id, hex);
	else
		snprintf(ret_text, TEXT_SIZE, "argon2id$m=%u,t=%u$%s$%s", how->memory_kib,
			how->passes, salt, hex);
	return true;
}

const char *fingerprint_make(const struct fingerprint_key *key, const char *lineage,
	const struct object *object, const struct secret *value, struct arena *arena)
{
	struct crypt_slow_hash how = {.memory_kib = MEMORY_KIB, .passes = PASSES};
	struct crypt_part parts[PARTS];
	char text[TEXT_SIZE];

	crypt_salt(how.salt);
	set_parts(lineage, object, value, parts);
	if (!make(key->is_set ? key : NULL, &how, parts, text))
		mem_exhausted();
	return arena_text(arena, text);
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

enum value_verdict fingerprint_compare(const struct fingerprint_key *key, const char *lineage,
	const struct object *object, const struct secret *value)
{
	const char *then = object->fingerprint;
	struct crypt_slow_hash how = {0};
	struct crypt_part parts[PARTS];
	char now[TEXT_SIZE];

	set_parts(lineage, object, value, parts);
	bool is_slow = then && read_slow(then, &how);
	if (!then || (!is_slow && !key->is_set) || !make(is_slow ? NULL : key, &how, parts, now))
		return VALUE_UNVERIFIABLE;
	/* All but the hash, which comes last, is the same: else it was made in another way. */
	size_t length = strlen(now), start = length - (size_t)2 * CRYPT_HASH_BYTES;
	if (strlen(then) != length || memcmp(then, now, start) != 0)
		return VALUE_UNVERIFIABLE;
	return crypt_is_same((const unsigned char *)then, (const unsigned char *)now, length)
		       ? VALUE_SAME
		       : VALUE_CHANGED;
}

bool fingerprint_has_other_key(const struct fingerprint_key *key, const char *fingerprint)
{
	static const char keyed[] = "blake2b$";
	size_t length = strlen(keyed), id = sizeof(key->id) - 1;

	if (strncmp(fingerprint, keyed, length) != 0)
		return false;
	return !key->is_set || strncmp(fingerprint + length, key->id, id) != 0 ||
	       fingerprint[length + id] != '$';
}
