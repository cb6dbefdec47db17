#include "adapter/key.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* argon2id as libsodium's `moderate`. What is sealed may ask for twice as much, not for less. */
enum {
	MEMORY_KIB = 262144,
	PASSES = 3,
	MOST_MEMORY_KIB = 2 * MEMORY_KIB,
	MOST_PASSES = 2 * PASSES,
	HEADER_SIZE = 256,
};

static const char magic[] = "cfprov-sealed ";

static const char *const uses[] = {
	[KEY_PLANS] = "plan", [KEY_JOURNAL] = "journal", [KEY_STATE] = "state"};
static const char *const names[] = {
	[KEY_PLANS] = "saved plan", [KEY_JOURNAL] = "journal", [KEY_STATE] = "state"};

static void set_id(struct key *key)
{
	unsigned char subkey[CRYPT_KEY_BYTES];

	key->is_prepared = true;
	key_subkey(key, KEY_ID, subkey);
	crypt_to_hex(subkey, (sizeof(key->id) - 1) / 2, key->id);
	secret_wipe(subkey, sizeof(subkey));
}

bool key_init(struct key *key, const struct secret *given, struct error *err)
{
	const char *text = given->bytes;
	size_t length = given->length;

	*key = (struct key){0};
	key->is_passphrase = !crypt_from_hex(text, length, key->master, sizeof(key->master)) &&
			     !crypt_from_base64(text, length, key->master, sizeof(key->master));
	if (length < KEY_SHORTEST) {
		error_set(err, "the key has %zu bytes, but at least %d are required", length,
			KEY_SHORTEST);
		return error_hint(err, "To make one, run: openssl rand -hex 32");
	}
	secret_copy(&key->given, text, length);
	if (!key->is_passphrase)
		set_id(key);
	key->is_set = true;
	return true;
}

struct key_master {
	struct key_master *earlier;
	struct crypt_slow_hash how;
	unsigned char bytes[CRYPT_KEY_BYTES];
};

void key_release(struct key *key)
{
	struct key_master *earlier;

	for (struct key_master *it = key->masters; it; it = earlier) {
		earlier = it->earlier;
		mem_free(it); /* which wipes it */
	}
	secret_release(&key->given);
	secret_wipe(key, sizeof(*key));
}

/* ---- derivation ---- */

static bool is_same_recipe(const struct crypt_slow_hash *a, const struct crypt_slow_hash *b)
{
	return a->memory_kib == b->memory_kib && a->passes == b->passes &&
	       memcmp(a->salt, b->salt, sizeof(a->salt)) == 0;
}

static bool derive(struct key *key, const struct crypt_slow_hash *how, struct error *err)
{
	const struct crypt_part part = {key->given.bytes, key->given.length};

	struct key_master *known = key->masters;

	if (!key->is_passphrase || (key->is_prepared && is_same_recipe(&key->how, how)))
		return true;
	while (known && !is_same_recipe(&known->how, how))
		known = known->earlier;
	if (known) {
		memcpy(key->master, known->bytes, sizeof(key->master));
	} else if (!crypt_slow_hash(how, &part, 1, key->master)) {
		error_set(err, "not enough memory to derive the key from a passphrase");
		return error_hint(err,
			"It takes %u MiB. 32 bytes in hex or base64 are used as they are; to make "
			"them, run: openssl rand -hex 32",
			how->memory_kib / 1024);
	}
	if (!known) {
		known = mem_alloc(sizeof(*known));
		*known = (struct key_master){.earlier = key->masters, .how = *how};
		memcpy(known->bytes, key->master, sizeof(known->bytes));
		key->masters = known;
	}
	key->how = *how;
	set_id(key);
	return true;
}

bool key_prepare(struct key *key, const char *lineage, struct error *err)
{
	static const unsigned char purpose[CRYPT_KEY_BYTES] = "cfprov salt of the key";
	const struct crypt_part part = {lineage, strlen(lineage)};
	struct crypt_slow_hash how = {.memory_kib = MEMORY_KIB, .passes = PASSES};
	unsigned char hash[CRYPT_HASH_BYTES];

	crypt_keyed_hash(purpose, &part, 1, hash);
	memcpy(how.salt, hash, sizeof(how.salt));
	return derive(key, &how, err);
}

void key_subkey(
	const struct key *key, enum key_use use, unsigned char subkey[static CRYPT_KEY_BYTES])
{
	assert(key->is_prepared);
	crypt_subkey(key->master, use, subkey);
}

/* ---- sealed bytes ---- */

static void write_header(const struct key *key, enum key_use use,
	const unsigned char nonce[static CRYPT_NONCE_BYTES], char text[static HEADER_SIZE])
{
	char salt[2 * CRYPT_SALT_BYTES + 1], hex[2 * CRYPT_NONCE_BYTES + 1], made[96] = "-";

	crypt_to_hex(key->how.salt, sizeof(key->how.salt), salt);
	crypt_to_hex(nonce, CRYPT_NONCE_BYTES, hex);
	if (key->is_passphrase)
		snprintf(made, sizeof(made), "argon2id:m=%u,t=%u:%s", key->how.memory_kib,
			key->how.passes, salt);
	snprintf(text, HEADER_SIZE, "%s1 %s %s %s %s\n", magic, uses[use], made, key->id, hex);
}

static void init_box(struct crypt_box *box, const struct key *key, enum key_use use,
	const char header[static HEADER_SIZE])
{
	key_subkey(key, use, box->key);
	box->header = (struct crypt_part){header, strlen(header)};
}

void key_seal(
	const struct key *key, enum key_use use, const char *bytes, size_t length, struct str *out)
{
	char *sealed AUTO_FREE = mem_alloc(length + CRYPT_TAG_BYTES);
	char header[HEADER_SIZE];
	struct crypt_box box;

	crypt_nonce(box.nonce);
	write_header(key, use, box.nonce, header);
	init_box(&box, key, use, header);
	crypt_seal(&box, bytes, length, sealed);
	secret_wipe(&box, sizeof(box));
	str_text_add(out, header);
	str_add(out, sealed, length + CRYPT_TAG_BYTES);
}

bool key_is_sealed(const struct str *bytes)
{
	return bytes->length >= sizeof(magic) - 1 &&
	       memcmp(bytes->bytes, magic, sizeof(magic) - 1) == 0;
}

/* What a header says; the rest of it follows from the key. */
struct header {
	bool has_passphrase;
	struct crypt_slow_hash how;
	char id[17];
	unsigned char nonce[CRYPT_NONCE_BYTES];
};

/* Spaces and zeros that don't belong there are found by writing the header again. */
static bool read_header(const char *text, enum key_use use, struct header *ret_header)
{
	char use_word[16] = "", made[96] = "", hex[2 * CRYPT_NONCE_BYTES + 1] = "";
	char salt[2 * CRYPT_SALT_BYTES + 1] = "";
	struct header header = {0};

	if (sscanf(text, "cfprov-sealed 1 %15s %95s %16[0-9a-f] %48[0-9a-f]", use_word, made,
		    header.id, hex) != 4 ||
		strcmp(use_word, uses[use]) != 0 ||
		!crypt_from_hex(hex, strlen(hex), header.nonce, sizeof(header.nonce)))
		return false;
	header.has_passphrase = strcmp(made, "-") != 0;
	/* NOLINTBEGIN(cert-err34-c): the numbers are bounded below */
	if (header.has_passphrase &&
		(sscanf(made, "argon2id:m=%7u,t=%3u:%32[0-9a-f]", &header.how.memory_kib,
			 &header.how.passes, salt) != 3 ||
			!crypt_from_hex(
				salt, strlen(salt), header.how.salt, sizeof(header.how.salt))))
		return false;
	/* NOLINTEND(cert-err34-c) */
	*ret_header = header;
	return true;
}

static bool has_sane_costs(const struct crypt_slow_hash *how)
{
	return how->memory_kib >= MEMORY_KIB && how->memory_kib <= MOST_MEMORY_KIB &&
	       how->passes >= PASSES && how->passes <= MOST_PASSES;
}

/* Prepares the key, and says whether it is the one that the header names. */
static bool fit_key(
	struct key *key, const struct header *header, const char *name, struct error *err)
{
	if (header->has_passphrase && !has_sane_costs(&header->how))
		return error_set(err,
			"the %s asks for m=%u,t=%u to derive its key: not within the "
			"limits",
			name, header->how.memory_kib, header->how.passes);
	if (header->has_passphrase != key->is_passphrase)
		return error_set(err, "the %s was encrypted with a different key (%s)", name,
			header->has_passphrase ? "a passphrase" : "32 bytes, not a passphrase");
	if (!derive(key, &header->how, err))
		return false;
	return strcmp(key->id, header->id) == 0 ||
	       error_set(err, "the %s was encrypted with a different key (id %s, and yours is %s)",
		       name, header->id, key->id);
}

/* Gives the length of the header, which is also copied; 0: this version can't read it. */
static size_t find_header(const struct str *sealed, enum key_use use, char text[static HEADER_SIZE],
	struct header *ret_header)
{
	const char *end =
		key_is_sealed(sealed) ? memchr(sealed->bytes, '\n', sealed->length) : NULL;
	size_t length = end ? (size_t)(end + 1 - sealed->bytes) : 0;

	if (!length || length >= HEADER_SIZE)
		return 0;
	memcpy(text, sealed->bytes, length);
	text[length] = '\0';
	return read_header(text, use, ret_header) ? length : 0;
}

bool key_open(struct key *key, enum key_use use, const struct str *sealed, struct str *ret_bytes,
	struct error *err)
{
	char text[HEADER_SIZE], again[HEADER_SIZE];
	struct header header;
	struct crypt_box box;
	size_t length = find_header(sealed, use, text, &header);

	if (!length)
		return error_set(
			err, "the %s has a header that this version can't read", names[use]);
	if (!fit_key(key, &header, names[use], err))
		return false;
	memcpy(box.nonce, header.nonce, sizeof(box.nonce));
	write_header(key, use, header.nonce, again);
	init_box(&box, key, use, text);
	char *bytes AUTO_FREE = mem_alloc(sealed->length - length + 1);
	bool is_sound = strcmp(text, again) == 0 &&
			crypt_open(&box, sealed->bytes + length, sealed->length - length, bytes);
	secret_wipe(&box, sizeof(box));
	if (!is_sound)
		return error_set(err, "the %s was modified or truncated", names[use]);
	str_add(ret_bytes, bytes, sealed->length - length - CRYPT_TAG_BYTES);
	return true;
}

/* ---- two keys ---- */

void keys_release(struct keys *keys)
{
	key_release(&keys->now);
	key_release(&keys->old);
}

struct key *keys_choose(struct keys *keys, enum key_use use, const struct str *sealed)
{
	struct error ignored CLEANUP(error_release) = {0};
	char text[HEADER_SIZE];
	struct header header;

	if (!keys->old.is_set || !find_header(sealed, use, text, &header) ||
		fit_key(&keys->now, &header, names[use], &ignored))
		return &keys->now;
	error_release(&ignored);
	return fit_key(&keys->old, &header, names[use], &ignored) ? &keys->old : &keys->now;
}

bool keys_find(struct keys *keys, const char *lineage, const char *id, struct key **ret_key,
	struct error *err)
{
	struct key *const both[] = {&keys->now, &keys->old};
	struct key *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(both) && !found; i++) {
		if (!both[i]->is_set)
			continue;
		if (!key_prepare(both[i], lineage, err))
			return false;
		found = strcmp(both[i]->id, id) == 0 ? both[i] : NULL;
	}
	*ret_key = found;
	return true;
}
