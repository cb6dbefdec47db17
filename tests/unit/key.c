#include "adapter/key.h"

#include "unit.h"

#define LINEAGE    "6f1c2f0e-0000-4000-8000-123456789abc"
#define OTHER      "6f1c2f0e-0000-4000-8000-123456789abd"
#define RAW        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define RAW_BASE64 "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8="
#define PHRASE     "correct horse battery"
#define TEXT       "{\"accounts\":[]}"

static bool init(struct key *key, const char *text, struct error *err)
{
	struct secret given CLEANUP(secret_release) = {0};

	secret_copy(&given, text, strlen(text));
	return key_init(key, &given, err);
}

static struct key key_of(const char *text, const char *lineage)
{
	struct key key = {0};
	struct error err = {0};

	if (!init(&key, text, &err) || !key_prepare(&key, lineage, &err))
		fail_msg("%s", err.message);
	return key;
}

/* ---- what the user gives ---- */

static void raw_or_passphrase(void **state)
{
	static const char *const raw[] = {RAW, RAW_BASE64,
		"ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8",
		"ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8="};
	static const char *const phrases[] = {PHRASE, "0123456789abcdef",
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeef", RAW "0",
		RAW "00"};
	struct key first CLEANUP(key_release) = key_of(RAW, LINEAGE);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++) {
		struct key key CLEANUP(key_release) = key_of(raw[i], OTHER);
		assert_false(key.is_passphrase);
		assert_string_equal(key.id, first.id);
	}
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
		struct key key CLEANUP(key_release) = {0};
		struct error err = {0};
		assert_true(init(&key, phrases[i], &err));
		assert_true(key.is_passphrase);
	}
}

static void short_keys(void **state)
{
	(void)state;
	for (size_t length = 0; length < KEY_SHORTEST; length++) {
		struct key key CLEANUP(key_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		char text[] = "hush-hush-hush-";
		text[length] = '\0';
		assert_false(init(&key, text, &err));
		assert_false(key.is_set);
		expect_no_text(err.message, "hush");
		expect_text(err.hint, "openssl rand -hex 32");
		expect_error(&err, "at least 16 are required");
	}
}

static void subkeys(void **state)
{
	struct key key CLEANUP(key_release) = key_of(RAW, LINEAGE);
	unsigned char one[CRYPT_KEY_BYTES], other[CRYPT_KEY_BYTES];

	(void)state;
	for (enum key_use use = KEY_FINGERPRINTS; use <= KEY_ID; use++) {
		key_subkey(&key, use, one);
		assert_memory_not_equal(one, key.master, sizeof(one));
		for (enum key_use before = KEY_FINGERPRINTS; before < use; before++) {
			key_subkey(&key, before, other);
			assert_memory_not_equal(one, other, sizeof(one));
		}
	}
	/* Known: what is sealed today is opened by a later cfprov. */
	assert_string_equal(key.id, "02795246384e8653");
}

static void a_passphrase_is_another_key_for_each_lineage(void **state)
{
	struct key one CLEANUP(key_release) = key_of(PHRASE, LINEAGE);
	struct key other CLEANUP(key_release) = key_of(PHRASE, OTHER);
	struct error err = {0};

	(void)state;
	assert_string_not_equal(one.id, other.id);
	assert_true(key_prepare(&other, LINEAGE, &err));
	assert_string_equal(one.id, other.id);
	assert_memory_equal(one.master, other.master, sizeof(one.master));
}

/* Half a second each: of accounts whose states take turns, each lineage is derived once. */
static void what_was_derived_is_kept(void **state)
{
	struct key key CLEANUP(key_release) = key_of(PHRASE, LINEAGE);
	struct error err CLEANUP(error_release) = {0};
	char first[sizeof(key.id)], second[sizeof(key.id)];

	(void)state;
	memcpy(first, key.id, sizeof(first));
	assert_true(key_prepare(&key, OTHER, &err));
	memcpy(second, key.id, sizeof(second));
	assert_string_not_equal(first, second);
	key.given.bytes[0] ^= 1; /* of which another key would be derived now */
	assert_true(key_prepare(&key, LINEAGE, &err));
	assert_string_equal(key.id, first);
	assert_true(key_prepare(&key, OTHER, &err));
	assert_string_equal(key.id, second);
}

/* ---- sealed ---- */

static void expect_closed(
	struct key *key, enum key_use use, const struct str *sealed, const char *message)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(key_open(key, use, sealed, &bytes, &err));
	assert_int_equal(bytes.length, 0);
	expect_text(err.message, message);
}

static void expect_opens(struct key *key, const struct str *sealed)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!key_open(key, KEY_PLANS, sealed, &bytes, &err))
		fail_msg("%s", err.message);
	assert_string_equal(str_text(&bytes), TEXT);
}

static void seals(void **state)
{
	struct key key CLEANUP(key_release) = key_of(RAW, LINEAGE);
	struct key other CLEANUP(key_release) = key_of(RAW "00", LINEAGE);
	struct str one CLEANUP(str_release) = {0}, again CLEANUP(str_release) = {0};

	(void)state;
	key_seal(&key, KEY_PLANS, TEXT, strlen(TEXT), &one);
	key_seal(&key, KEY_PLANS, TEXT, strlen(TEXT), &again);
	assert_true(key_is_sealed(&one));
	expect_no_text(str_text(&one), "accounts");
	assert_string_not_equal(str_text(&one), str_text(&again)); /* the nonce */
	expect_opens(&key, &one);
	expect_closed(&key, KEY_STATE, &one, "the state has a header");
	expect_closed(&other, KEY_PLANS, &one, "encrypted with a different key (32 bytes");
}

static void cut_or_flipped_at_every_byte(void **state)
{
	struct key key CLEANUP(key_release) = key_of(RAW, LINEAGE);
	struct str sealed CLEANUP(str_release) = {0};

	(void)state;
	key_seal(&key, KEY_PLANS, TEXT, strlen(TEXT), &sealed);
	for (size_t at = 0; at < sealed.length; at++) {
		struct str bytes CLEANUP(str_release) = {0};
		str_add(&bytes, sealed.bytes, sealed.length);
		for (int bit = 0; bit < 8; bit++) {
			bytes.bytes[at] = (char)(sealed.bytes[at] ^ 1 << bit);
			expect_closed(&key, KEY_PLANS, &bytes, "the saved plan");
		}
		bytes.length = at;
		expect_closed(&key, KEY_PLANS, &bytes, "the saved plan");
	}
	str_char(&sealed, '\n');
	expect_closed(&key, KEY_PLANS, &sealed, "modified or truncated");
}

/* Adds the sealed bytes with a part of their header replaced. */
static void forge(const struct str *sealed, const char *from, const char *to, struct str *out)
{
	const char *at = strstr(sealed->bytes, from);

	if (!at)
		fail_msg("not in the header: %s", from);
	str_add(out, sealed->bytes, (size_t)(at - sealed->bytes));
	str_text_add(out, to);
	at += strlen(from);
	str_add(out, at, sealed->length - (size_t)(at - sealed->bytes));
}

static void headers(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} forgeries[] = {
		{"m=262144", "m=8", "not within the limits"},
		{"m=262144", "m=262143", "not within the limits"},
		{"m=262144", "m=9999999", "not within the limits"},
		{"m=262144", "m=4294967295", "can't read"},
		{"m=262144", "m=-1", "not within the limits"},
		{"m=262144", "m=0262144", "modified or truncated"},
		{"t=3", "t=2", "not within the limits"},
		{"t=3", "t=999", "not within the limits"},
		{"t=3", "t=4", "different key"},
		{"sealed 1", "sealed 2", "can't read"},
		{" plan ", " state ", "can't read"},
		{" plan ", "  plan ", "modified or truncated"},
		{"argon2id:", "argon2i:", "can't read"},
	};
	struct key key CLEANUP(key_release) = key_of(PHRASE, LINEAGE);
	struct key raw CLEANUP(key_release) = key_of(RAW, LINEAGE),
		       elsewhere CLEANUP(key_release) = {0};
	struct str sealed CLEANUP(str_release) = {0};
	struct error err = {0};

	(void)state;
	key_seal(&key, KEY_PLANS, TEXT, strlen(TEXT), &sealed);
	for (size_t i = 0; i < ARRAY_SIZE(forgeries); i++) {
		struct str forged CLEANUP(str_release) = {0};
		forge(&sealed, forgeries[i].from, forgeries[i].to, &forged);
		expect_closed(&key, KEY_PLANS, &forged, forgeries[i].why);
	}
	expect_closed(&raw, KEY_PLANS, &sealed, "different key (a passphrase)");
	/* The header has the salt: whoever has the passphrase needs no lineage. */
	assert_true(init(&elsewhere, PHRASE, &err));
	expect_opens(&elsewhere, &sealed);
	assert_string_equal(elsewhere.id, key.id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_or_passphrase),
		cmocka_unit_test(short_keys),
		cmocka_unit_test(subkeys),
		cmocka_unit_test(a_passphrase_is_another_key_for_each_lineage),
		cmocka_unit_test(what_was_derived_is_kept),
		cmocka_unit_test(seals),
		cmocka_unit_test(cut_or_flipped_at_every_byte),
		cmocka_unit_test(headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
