#include "state/sealing.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Known by what is around it, and of a fixed length. */
static const char before_signature[] = ",\n  \"signature\": \"v1$", end[] = "\n}\n";
enum {
	BEFORE = sizeof(before_signature) - 1,
	END = sizeof(end) - 1,
	ID_LENGTH = 16,
	HEX_MAC = 2 * CRYPT_HASH_BYTES,
	TAIL = BEFORE + ID_LENGTH + 1 + HEX_MAC + 1 + END, /* … KEYID $ MAC " END */
	HEAD_SIZE = 160,
	NEAR = 256,
};

struct keys *sealing_keys(const struct sealing *sealing)
{
	return sealing && sealing->keys && sealing->keys->now.is_set ? sealing->keys : NULL;
}

/* ---- trust ---- */

bool sealing_is_sound(const struct sealing_found *found)
{
	return found->trust == SEALING_TRUSTED || found->trust == SEALING_OLD_KEY;
}

enum sealing_trust sealing_trust_unsigned(const struct sealing *sealing)
{
	if (sealing_keys(sealing))
		return SEALING_UNSIGNED;
	return sealing && sealing->lacks_key ? SEALING_UNVERIFIED : SEALING_TRUSTED;
}

static bool is_accepted(const struct sealing *sealing, const struct sealing_found *found)
{
	if (sealing_is_sound(found))
		return true;
	return sealing && found->form != SEALING_SEALED &&
	       (found->trust == SEALING_UNVERIFIED ? sealing->only_shows
						   : sealing->accepts_unsigned);
}

static void add_sign(const struct sealing *sealing, struct str *out)
{
	const char *option = sealing && sealing->sign_with ? sealing->sign_with : "";

	str_format(out, "`cfprov state sign%s%s`", *option ? " " : "", option);
}

bool sealing_accepts(const struct sealing *sealing, const char *what,
	const struct sealing_found *found, struct error *err)
{
	const struct keys *keys = sealing_keys(sealing);
	bool is_sealed = found->form == SEALING_SEALED;
	const char *verb = is_sealed ? "encrypted" : "signed";
	struct str sign CLEANUP(str_release) = {0};

	if (is_accepted(sealing, found))
		return true;
	add_sign(sealing, &sign);
	if (found->trust == SEALING_UNVERIFIED) {
		error_set(err, "the %s is %s, and no key is set", what, verb);
		return error_hint(err, "Set CFPROV_KEY, or `state.key` in the manifest, to the key "
				       "that it was written with.");
	}
	if (found->trust == SEALING_UNSIGNED) {
		error_set(err, "the %s is not signed, although a key is set", what);
		return error_hint(err,
			"Anyone who can write the file could have made it. To accept it once, run "
			"%s.",
			str_text(&sign));
	}
	if (found->trust == SEALING_FOREIGN) {
		error_set(err, "the %s was %s with a different key (id %s, and yours is %s)", what,
			verb, found->key_id, keys ? keys->now.id : "none");
		return error_hint(err,
			"Set CFPROV_KEY, or `state.key` in the manifest, to the key with id %s. If "
			"the key was replaced, set "
			"CFPROV_OLD_KEY, or `state.old_key` in the manifest, to the one "
			"before.%s%s%s",
			found->key_id,
			is_sealed ? "" : " If it is lost, accept the current contents with ",
			is_sealed ? "" : str_text(&sign), is_sealed ? "" : ".");
	}
	error_set(err, "the %s was modified after it was %s", what, verb);
	return error_hint(err, "Restore it from a copy.%s%s%s",
		is_sealed ? "" : " To accept the current contents, run ",
		is_sealed ? "" : str_text(&sign), is_sealed ? "" : ".");
}

/* ---- writing ---- */

bool sealing_settle(struct sealing *sealing, const struct sealing_found *found)
{
	bool was_sealed = found->form == SEALING_SEALED;

	sealing->encrypts = sealing->encryption == ENCRYPTION_ON ||
			    (sealing->encryption == ENCRYPTION_UNSAID && was_sealed);
	return sealing_keys(sealing) &&
	       (found->trust != SEALING_TRUSTED || was_sealed != sealing->encrypts);
}

static void make_mac(
	const struct key *key, const char *plain, size_t length, char ret_hex[static HEX_MAC + 1])
{
	const struct crypt_part parts[] = {{"state", 5}, {plain, length}};
	unsigned char subkey[CRYPT_KEY_BYTES], hash[CRYPT_HASH_BYTES];

	key_subkey(key, KEY_SIGNATURES, subkey);
	crypt_keyed_hash(subkey, parts, ARRAY_SIZE(parts), hash);
	secret_wipe(subkey, sizeof(subkey));
	crypt_to_hex(hash, sizeof(hash), ret_hex);
}

/* What comes before the sealed bytes. */
static void write_head(long long serial, const char *lineage, char text[static HEAD_SIZE])
{
	snprintf(text, HEAD_SIZE,
		"{\n  \"version\": 1,\n  \"serial\": %lld,\n  \"lineage\": \"%s\",\n  "
		"\"sealed\": \"",
		serial, lineage);
}

static void seal(
	const struct key *key, const struct state *state, const struct str *plain, struct str *out)
{
	struct str sealed CLEANUP(str_release) = {0};
	char head[HEAD_SIZE];

	key_seal(key, KEY_STATE, plain->bytes, plain->length, &sealed);
	write_head(state->serial, state->lineage, head);
	str_text_add(out, head);
	crypt_add_base64(out, sealed.bytes, sealed.length);
	str_format(out, "\"%s", end);
}

bool sealing_write(const struct sealing *sealing, const struct state *state, struct str *out,
	struct error *err)
{
	struct keys *keys = sealing_keys(sealing);
	struct str plain CLEANUP(str_release) = {0};
	char mac[HEX_MAC + 1];

	if (!keys && sealing->encrypts && !sealing->only_shows) {
		error_set(err, "the state is encrypted, and no key is set");
		return error_hint(err, "Set CFPROV_KEY, or `state.key` in the manifest.");
	}
	if (!keys) {
		state_encode(state, out);
		return true;
	}
	if (!key_prepare(&keys->now, state->lineage, err))
		return false;
	state_encode(state, &plain);
	if (sealing->encrypts) {
		seal(&keys->now, state, &plain, out);
		return true;
	}
	make_mac(&keys->now, plain.bytes, plain.length, mac);
	str_add(out, plain.bytes, plain.length - END);
	str_format(out, "%s%s$%s\"%s", before_signature, keys->now.id, mac, end);
	return true;
}

/* ---- reading what is sealed ---- */

/* Copies what a file begins with. */
static void copy_start(const struct str *bytes, char text[static NEAR])
{
	size_t length = bytes->length < NEAR ? bytes->length : NEAR - 1;

	if (length)
		memcpy(text, bytes->bytes, length);
	text[length] = '\0';
}

struct head {
	char text[HEAD_SIZE];
	size_t length; /* 0: it is not what cfprov writes */
	long long serial;
	char lineage[STATE_LINEAGE_LENGTH + 1];
};

/* Only what is written again the same is one. */
static void read_head(const struct str *bytes, struct head *head)
{
	char text[NEAR];

	*head = (struct head){0};
	copy_start(bytes, text);
	/* NOLINTNEXTLINE(cert-err34-c): what is out of range is not written again the same */
	if (sscanf(text, " { \"version\": 1, \"serial\": %15lld, \"lineage\": \"%36[0-9a-f-]",
		    &head->serial, head->lineage) != 2 ||
		!state_is_lineage(head->lineage))
		return;
	write_head(head->serial, head->lineage, head->text);
	size_t length = strlen(head->text);
	head->length = strncmp(text, head->text, length) == 0 ? length : 0;
}

/* A store may have the name, but is no text. */
bool sealing_is_sealed(const struct str *bytes)
{
	char text[NEAR];

	copy_start(bytes, text);
	return strstr(text, "\"sealed\": \"") || strstr(text, "\"sealed\":\"");
}

/* The text around the sealed bytes is not authenticated, so the state in them must say the same. */
static bool is_of(const struct str *plain, const struct head *head)
{
	char text[NEAR], said[HEAD_SIZE];

	copy_start(plain, text);
	snprintf(said, sizeof(said), "\"serial\": %lld,\n  \"lineage\": \"%s\"", head->serial,
		head->lineage);
	return strstr(text, said) != NULL;
}

static bool open_sealed(const struct sealing *sealing, const struct str *bytes,
	struct str *ret_plain, struct sealing_found *found, struct error *err)
{
	struct keys *keys = sealing_keys(sealing);
	struct str sealed CLEANUP(str_release) = {0}, plain CLEANUP(str_release) = {0};
	struct head head;

	found->trust = SEALING_UNVERIFIED;
	if (!keys)
		return sealing_accepts(sealing, "state", found, err);
	found->trust = SEALING_MODIFIED;
	read_head(bytes, &head);
	size_t rest = 1 + END; /* the quote */
	if (!head.length || bytes->length < head.length + rest ||
		bytes->bytes[bytes->length - rest] != '"' ||
		memcmp(bytes->bytes + bytes->length - END, end, END) != 0 ||
		!crypt_open_base64(
			bytes->bytes + head.length, bytes->length - head.length - rest, &sealed))
		return sealing_accepts(sealing, "state", found, err);
	struct key *key = keys_choose(keys, KEY_STATE, &sealed);
	if (!key_open(key, KEY_STATE, &sealed, &plain, err))
		return error_hint(err, "Restore it from a copy. If the key was replaced, set "
				       "CFPROV_OLD_KEY, or `state.old_key` in the manifest, to the "
				       "key before.");
	if (!is_of(&plain, &head))
		return sealing_accepts(sealing, "state", found, err);
	found->trust = key == &keys->old ? SEALING_OLD_KEY : SEALING_TRUSTED;
	*ret_plain = plain;
	plain = (struct str){0};
	return true;
}

/* ---- reading what is signed ---- */

/* Takes the signature off. False: there is none where cfprov writes it. */
static bool split(const struct str *bytes, struct str *ret_plain,
	char ret_key_id[static ID_LENGTH + 1], char ret_mac[static HEX_MAC + 1])
{
	char key_id[ID_LENGTH + 1] = "";

	if (bytes->length < TAIL)
		return false;
	const char *at = bytes->bytes + bytes->length - TAIL;
	memcpy(key_id, at + BEFORE, ID_LENGTH);
	if (memcmp(at, before_signature, BEFORE) != 0 ||
		!text_is_made_of(key_id, "0123456789abcdef") || at[BEFORE + ID_LENGTH] != '$' ||
		at[BEFORE + ID_LENGTH + 1 + HEX_MAC] != '"' ||
		memcmp(at + TAIL - END, end, END) != 0)
		return false;
	memcpy(ret_key_id, key_id, sizeof(key_id));
	memcpy(ret_mac, at + BEFORE + ID_LENGTH + 1, HEX_MAC);
	ret_mac[HEX_MAC] = '\0';
	str_add(ret_plain, bytes->bytes, bytes->length - TAIL);
	str_text_add(ret_plain, end);
	return true;
}

/* Also one that somebody has laid out otherwise. A name of an object is followed by no text. */
static bool has_signature(const struct str *bytes)
{
	size_t length = bytes->length < NEAR ? bytes->length : NEAR;
	char text[NEAR + 1] = "";

	if (length)
		memcpy(text, bytes->bytes + bytes->length - length, length);
	return strstr(text, "\"signature\": \"") || strstr(text, "\"signature\":\"");
}

/* The text is not trusted yet: it can only make the key another one, which then does not fit. */
static void find_lineage(const struct str *plain, char ret_lineage[static STATE_LINEAGE_LENGTH + 1])
{
	static const char name[] = "\"lineage\": \"";
	char text[NEAR];

	copy_start(plain, text);
	const char *at = strstr(text, name);
	snprintf(ret_lineage, STATE_LINEAGE_LENGTH + 1, "%s", at ? at + sizeof(name) - 1 : "");
}

/* False: not enough memory. */
static bool judge(const struct sealing *sealing, const struct str *plain, const char *claimed,
	struct sealing_found *found, struct error *err)
{
	struct keys *keys = sealing_keys(sealing);
	char lineage[STATE_LINEAGE_LENGTH + 1], mac[HEX_MAC + 1];
	struct key *key;

	find_lineage(plain, lineage);
	if (!keys_find(keys, lineage, found->key_id, &key, err))
		return false;
	if (!key) {
		found->trust = SEALING_FOREIGN;
		return true;
	}
	make_mac(key, plain->bytes, plain->length, mac);
	found->trust =
		!crypt_is_same((const unsigned char *)mac, (const unsigned char *)claimed, HEX_MAC)
			? SEALING_MODIFIED
		: key == &keys->old ? SEALING_OLD_KEY
				    : SEALING_TRUSTED;
	return true;
}

bool sealing_read(const struct sealing *sealing, const struct str *bytes, struct str *ret_plain,
	struct sealing_found *ret_found, struct error *err)
{
	struct str plain CLEANUP(str_release) = {0};
	struct sealing_found found = {SEALING_SIGNED, SEALING_UNVERIFIED, ""};
	char mac[HEX_MAC + 1];

	if (sealing_is_sealed(bytes)) {
		found.form = SEALING_SEALED;
		if (!open_sealed(sealing, bytes, ret_plain, &found, err))
			return false;
		*ret_found = found;
		return true;
	}
	bool is_whole = split(bytes, &plain, found.key_id, mac);
	if (!is_whole)
		str_add(&plain, bytes->bytes, bytes->length);
	if (!is_whole && !has_signature(bytes)) {
		found.form = SEALING_PLAIN;
		found.trust = sealing_trust_unsigned(sealing);
	} else if (sealing_keys(sealing)) {
		found.trust = SEALING_MODIFIED;
		if (is_whole && !judge(sealing, &plain, mac, &found, err))
			return false;
	}
	if (!sealing_accepts(sealing, "state", &found, err))
		return false;
	*ret_plain = plain;
	plain = (struct str){0};
	*ret_found = found;
	return true;
}
