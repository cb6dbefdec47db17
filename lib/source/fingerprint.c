#include "source/fingerprint.h"

#include <stdio.h>
#include <string.h>

enum {
	MEMORY_KIB = 19456,
	PASSES = 2,
	/* limits for a state that was tampered with */
	MOST_MEMORY_KIB = 1 << 16,
	MOST_PASSES = 4,
	MOST_PARTS = 8,
	TEXT_SIZE = 192,
	HEX_HASH = 2 * CRYPT_HASH_BYTES,
	HEX_SALT = 2 * CRYPT_SALT_BYTES,
};

/* ---- keys ---- */

bool fingerprint_key_init(struct fingerprint_key *fingerprint_key, struct key *key,
	const char *lineage, struct error *err)
{
	static const char purpose[] = "cfprov key id";
	const struct crypt_part part = {purpose, sizeof(purpose) - 1};
	unsigned char hash[CRYPT_HASH_BYTES];

	if (!key_prepare(key, lineage, err))
		return false;
	key_subkey(key, KEY_FINGERPRINTS, fingerprint_key->bytes);
	memcpy(fingerprint_key->id, key->id, sizeof(key->id));
	crypt_key(&key->given, fingerprint_key->first_bytes);
	crypt_keyed_hash(fingerprint_key->first_bytes, &part, 1, hash);
	crypt_to_hex(hash, (sizeof(fingerprint_key->first_id) - 1) / 2, fingerprint_key->first_id);
	fingerprint_key->is_set = true;
	return true;
}

void fingerprint_key_release(struct fingerprint_key *key)
{
	secret_wipe(key, sizeof(*key));
}

/* ---- forms ---- */

/* What a text says of how it was made. */
struct form {
	const char *text;           /* without a signature */
	bool is_first;              /* as 0.1.0 wrote it: without account and, if keyed, salt */
	char key_id[17];            /* "": without a key */
	struct crypt_slow_hash how; /* the salt; costs, if without a key */
	char signer_id[17];         /* "": not signed */
	char mac[HEX_HASH + 1];
};

static bool read_salt(const char *hex, struct form *form)
{
	return crypt_from_hex(hex, strlen(hex), form->how.salt, sizeof(form->how.salt));
}

/* False: not to be compared. The hash at the end is left to the comparison. */
static bool read_keyed(const char *text, struct form *form)
{
	char salt[HEX_SALT + 1] = "";

	if (form->is_first)
		return sscanf(text, "blake2b$%16[0-9a-f]$", form->key_id) == 1;
	return sscanf(text, "blake2b$%16[0-9a-f]$%32[0-9a-f]$", form->key_id, salt) == 2 &&
	       read_salt(salt, form);
}

static bool read_unkeyed(const char *text, struct form *form)
{
	struct crypt_slow_hash *how = &form->how;
	char salt[HEX_SALT + 1] = "";

	/* NOLINTNEXTLINE(cert-err34-c): the numbers are bounded below */
	return sscanf(text, "argon2id$m=%7u,t=%3u$%32[0-9a-f]$", &how->memory_kib, &how->passes,
		       salt) == 3 &&
	       how->memory_kib >= MEMORY_KIB && how->memory_kib <= MOST_MEMORY_KIB &&
	       how->passes >= PASSES && how->passes <= MOST_PASSES && read_salt(salt, form);
}

static bool read_form(const char *text, struct form *ret_form)
{
	static const char second[] = "v2$", keyed[] = "blake2b$", is_signed[] = "signed$";
	struct form form = {0};
	int length = 0;

	if (!text)
		return false;
	if (strncmp(text, is_signed, sizeof(is_signed) - 1) == 0 &&
		(sscanf(text, "signed$%16[0-9a-f]$%64[0-9a-f]$%n", form.signer_id, form.mac,
			 &length) != 2 ||
			!length))
		return false;
	form.text = text += length;
	form.is_first = strncmp(text, second, sizeof(second) - 1) != 0;
	if (!form.is_first)
		text += sizeof(second) - 1;
	bool is_good = strncmp(text, keyed, sizeof(keyed) - 1) == 0 ? read_keyed(text, &form)
								    : read_unkeyed(text, &form);
	*ret_form = form;
	return is_good;
}

/* ---- making ---- */

/* What a hash is of; `last` may be secret. Gives how many parts there are. */
static size_t set_parts(const struct fingerprint_subject *subject, const struct form *form,
	struct crypt_part last, struct crypt_part parts[static MOST_PARTS])
{
	const struct object *secret = subject->secret;
	bool has_salt = *form->key_id && !form->is_first;
	size_t count = 0;

	parts[count++] = (struct crypt_part){subject->lineage, strlen(subject->lineage)};
	if (!form->is_first)
		parts[count++] =
			(struct crypt_part){subject->account_id, strlen(subject->account_id)};
	parts[count++] = (struct crypt_part){secret->store, strlen(secret->store)};
	parts[count++] = (struct crypt_part){secret->secret, strlen(secret->secret)};
	if (has_salt)
		parts[count++] =
			(struct crypt_part){(const char *)form->how.salt, sizeof(form->how.salt)};
	parts[count++] = last;
	return count;
}

/* Without enough memory nothing is known of the value, which is not the same as unverifiable. */
static void make(const struct fingerprint_key *key, const struct fingerprint_subject *subject,
	const struct form *form, const struct secret *value, char ret_text[static TEXT_SIZE])
{
	unsigned char hash[CRYPT_HASH_BYTES];
	char hex[HEX_HASH + 1], salt[HEX_SALT + 1];
	struct crypt_part parts[MOST_PARTS];
	size_t count =
		set_parts(subject, form, (struct crypt_part){value->bytes, value->length}, parts);

	if (*form->key_id)
		crypt_keyed_hash(
			form->is_first ? key->first_bytes : key->bytes, parts, count, hash);
	else if (!crypt_slow_hash(&form->how, parts, count, hash))
		mem_exhausted();
	crypt_to_hex(hash, sizeof(hash), hex);
	crypt_to_hex(form->how.salt, sizeof(form->how.salt), salt);
	if (*form->key_id)
		snprintf(ret_text, TEXT_SIZE, "%sblake2b$%s$%s%s%s", form->is_first ? "" : "v2$",
			form->key_id, form->is_first ? "" : salt, form->is_first ? "" : "$", hex);
	else
		snprintf(ret_text, TEXT_SIZE, "%sargon2id$m=%u,t=%u$%s$%s",
			form->is_first ? "" : "v2$", form->how.memory_kib, form->how.passes, salt,
			hex);
}

const char *fingerprint_make(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value, struct arena *arena)
{
	struct form form = {.how = {.memory_kib = MEMORY_KIB, .passes = PASSES}};
	char text[TEXT_SIZE];

	memcpy(form.key_id, key->id, sizeof(form.key_id));
	crypt_salt(form.how.salt);
	make(key, subject, &form, value, text);
	return arena_text(arena, text);
}

/* ---- signing ---- */

static void make_mac(const struct fingerprint_key *key, const struct fingerprint_subject *subject,
	const char *text, char ret_hex[static HEX_HASH + 1])
{
	/* A part that no value can be told from keeps it apart from a fingerprint. */
	const struct form form = {.is_first = false};
	unsigned char hash[CRYPT_HASH_BYTES];
	struct crypt_part parts[MOST_PARTS + 1] = {{"signed", 6}};
	size_t count =
		1 + set_parts(subject, &form, (struct crypt_part){text, strlen(text)}, parts + 1);

	crypt_keyed_hash(key->bytes, parts, count, hash);
	crypt_to_hex(hash, sizeof(hash), ret_hex);
}

const char *fingerprint_sign(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, struct arena *arena)
{
	char mac[HEX_HASH + 1];

	make_mac(key, subject, subject->secret->fingerprint, mac);
	return arena_format(arena, "signed$%s$%s$%s", key->id, mac, subject->secret->fingerprint);
}

/* ---- comparing ---- */

static bool is_same_text(const char *a, const char *b)
{
	size_t length = strlen(a);

	return strlen(b) == length &&
	       crypt_is_same((const unsigned char *)a, (const unsigned char *)b, length);
}

/* True if what was made so counts. */
static bool is_trusted(const struct fingerprint_key *key, const struct fingerprint_subject *subject,
	const struct form *form)
{
	char mac[HEX_HASH + 1];

	if (*form->key_id)
		return key->is_set && !*form->signer_id &&
		       strcmp(form->key_id, form->is_first ? key->first_id : key->id) == 0;
	if (!key->is_set)
		return true;
	if (strcmp(form->signer_id, key->id) != 0)
		return false;
	make_mac(key, subject, form->text, mac);
	return is_same_text(mac, form->mac);
}

bool fingerprint_is_comparable(
	const struct fingerprint_key *key, const struct fingerprint_subject *subject)
{
	struct form form;

	return read_form(subject->secret->fingerprint, &form) && is_trusted(key, subject, &form);
}

enum value_verdict fingerprint_compare(const struct fingerprint_key *key,
	const struct fingerprint_subject *subject, const struct secret *value)
{
	struct form form;
	char now[TEXT_SIZE];

	if (!read_form(subject->secret->fingerprint, &form) || !is_trusted(key, subject, &form))
		return VALUE_UNVERIFIABLE;
	make(key, subject, &form, value, now);
	/* All but the hash, which comes last, is the same: else it was made in another way. */
	size_t length = strlen(now);
	if (strlen(form.text) != length || memcmp(form.text, now, length - HEX_HASH) != 0)
		return VALUE_UNVERIFIABLE;
	return is_same_text(form.text, now) ? VALUE_SAME : VALUE_CHANGED;
}

bool fingerprint_is_current(const struct fingerprint_key *key, const char *text_or_null)
{
	struct form form;

	return read_form(text_or_null, &form) && !form.is_first && !*form.signer_id &&
	       strcmp(form.key_id, key->id) == 0;
}

bool fingerprint_is_valid(const char *text)
{
	struct form form;

	return read_form(text, &form);
}

bool fingerprint_is_unkeyed(const char *text_or_null)
{
	struct form form;

	return read_form(text_or_null, &form) && !*form.key_id && !*form.signer_id;
}
