#include "apply/fingerprint.h"

#include <stdio.h>
#include <string.h>

enum {
	MEMORY_KIB = 19456,
	PASSES = 2,
	/* limits for a state that was tampered with */
	MOST_MEMORY_KIB = 1 << 16,
	MOST_PASSES = 4,
	PARTS = 4,
};

static const char keyed_start[] = "blake2b$", slow_start[] = "argon2id$";

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

static void set_parts(const struct fingerprint_subject *subject, const struct secret *value,
	struct crypt_part parts[static PARTS])
{
	parts[0] = (struct crypt_part){subject->lineage, strlen(subject->lineage)};
	parts[1] = (struct crypt_part){subject->store, strlen(subject->store)};
	parts[2] = (struct crypt_part){subject->secret, strlen(subject->secret)};
	parts[3] = (struct crypt_part){value->bytes, value->length};
}

const char *fingerprint_make(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value, struct arena *arena)
{
	struct crypt_slow_hash how = {.memory_kib = MEMORY_KIB, .passes = PASSES};
	struct crypt_part parts[PARTS];
	unsigned char hash[CRYPT_HASH_BYTES];
	char hex[2 * CRYPT_HASH_BYTES + 1], salt[2 * CRYPT_SALT_BYTES + 1];

	set_parts(subject, value, parts);
	if (key->is_set) {
		crypt_keyed_hash(key->bytes, parts, PARTS, hash);
		crypt_to_hex(hash, sizeof(hash), hex);
		return arena_format(arena, "%s%s$%s", keyed_start, key->id, hex);
	}
	crypt_salt(how.salt);
	if (!crypt_slow_hash(&how, parts, PARTS, hash))
		mem_exhausted();
	crypt_to_hex(hash, sizeof(hash), hex);
	crypt_to_hex(how.salt, sizeof(how.salt), salt);
	return arena_format(
		arena, "%sm=%u,t=%u$%s$%s", slow_start, how.memory_kib, how.passes, salt, hex);
}

static enum value_verdict compare(const unsigned char *a, const unsigned char *b)
{
	return crypt_is_same(a, b, CRYPT_HASH_BYTES) ? VALUE_SAME : VALUE_CHANGED;
}

static enum value_verdict compare_keyed(
	const char *rest, const struct fingerprint_key *key, const struct crypt_part *parts)
{
	const size_t id_length = sizeof(key->id) - 1;
	unsigned char known[CRYPT_HASH_BYTES], now[CRYPT_HASH_BYTES];

	if (!key->is_set || strncmp(rest, key->id, id_length) != 0 || rest[id_length] != '$')
		return VALUE_UNVERIFIABLE;
	rest += id_length + 1;
	if (!crypt_from_hex(rest, strlen(rest), known, sizeof(known)))
		return VALUE_UNVERIFIABLE;
	crypt_keyed_hash(key->bytes, parts, PARTS, now);
	return compare(known, now);
}

/* `m=KIB,t=PASSES$SALT$HASH` */
static bool parse_slow(const char *rest, struct crypt_slow_hash *ret_how,
	unsigned char hash[static CRYPT_HASH_BYTES])
{
	char salt[2 * CRYPT_SALT_BYTES + 1], hex[2 * CRYPT_HASH_BYTES + 1];
	int end = 0;

	/* NOLINTNEXTLINE(cert-err34-c): the numbers are bounded below */
	if (sscanf(rest, "m=%7u,t=%3u$%32[0-9a-f]$%64[0-9a-f]%n", &ret_how->memory_kib,
		    &ret_how->passes, salt, hex, &end) != 4 ||
		rest[end] != '\0')
		return false;
	return ret_how->memory_kib <= MOST_MEMORY_KIB && ret_how->passes <= MOST_PASSES &&
	       crypt_from_hex(salt, strlen(salt), ret_how->salt, sizeof(ret_how->salt)) &&
	       crypt_from_hex(hex, strlen(hex), hash, CRYPT_HASH_BYTES);
}

static enum value_verdict compare_slow(const char *rest, const struct crypt_part *parts)
{
	struct crypt_slow_hash how = {0};
	unsigned char known[CRYPT_HASH_BYTES], now[CRYPT_HASH_BYTES];

	if (!parse_slow(rest, &how, known) || !crypt_slow_hash(&how, parts, PARTS, now))
		return VALUE_UNVERIFIABLE;
	return compare(known, now);
}

enum value_verdict fingerprint_compare(const char *fingerprint, const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value)
{
	struct crypt_part parts[PARTS];

	set_parts(subject, value, parts);
	if (!fingerprint)
		return VALUE_UNVERIFIABLE;
	if (strncmp(fingerprint, keyed_start, sizeof(keyed_start) - 1) == 0)
		return compare_keyed(fingerprint + sizeof(keyed_start) - 1, key, parts);
	if (strncmp(fingerprint, slow_start, sizeof(slow_start) - 1) == 0)
		return compare_slow(fingerprint + sizeof(slow_start) - 1, parts);
	return VALUE_UNVERIFIABLE;
}
