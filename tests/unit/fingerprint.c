#include "source/fingerprint.h"

#include "unit.h"

/* What a fingerprint is bound to. */
struct subject {
	const char *lineage, *store, *secret;
};

static const struct subject subject = {"6f1c2f0e-0000-4000-8000-123456789abc", "s", "A"};
static const struct fingerprint_key none = {0};

static struct secret secret_of(const char *text)
{
	struct secret secret;

	secret_copy(&secret, text, strlen(text));
	return secret;
}

static struct fingerprint_key key_of(const char *text)
{
	struct secret secret CLEANUP(secret_release) = secret_of(text);
	struct fingerprint_key key = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!fingerprint_key_make(&secret, &key, &err))
		fail_msg("%s", err.message);
	return key;
}

static enum value_verdict compare(const char *print, const struct fingerprint_key *key,
	const struct subject *about, const struct secret *value)
{
	const struct object object = {
		.store = about->store, .secret = about->secret, .fingerprint = print};

	return fingerprint_compare(key, about->lineage, &object, value);
}

static void expect(const char *print, const struct fingerprint_key *key,
	const struct subject *about, const char *value, enum value_verdict match)
{
	struct secret secret CLEANUP(secret_release) = secret_of(value);

	if (compare(print, key, about, &secret) != match)
		fail_msg("not %d: %s with %s", match, print, value);
}

static const char *make_for(struct arena *arena, const struct fingerprint_key *key,
	const struct subject *about, const char *value)
{
	struct secret secret CLEANUP(secret_release) = secret_of(value);
	const struct object object = {.store = about->store, .secret = about->secret};

	return fingerprint_make(key, about->lineage, &object, &secret, arena);
}

static const char *make(struct arena *arena, const struct fingerprint_key *key, const char *value)
{
	return make_for(arena, key, &subject, value);
}

/* ---- keys ---- */

static void short_keys(void **state)
{
	struct fingerprint_key key = {0};
	char text[] = "0123456789abcdef";

	(void)state;
	for (size_t length = 0; length <= strlen(text); length++) {
		struct secret secret CLEANUP(secret_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		secret_copy(&secret, text, length);
		bool is_good = fingerprint_key_make(&secret, &key, &err);
		assert_int_equal(is_good, length == 16);
		assert_int_equal(key.is_set, is_good);
		if (is_good)
			continue;
		expect_no_text(err.message, "012");
		expect_text(err.hint, "openssl rand");
		expect_error(&err, "at least 16 are required");
	}
}

static void keys_have_ids(void **state)
{
	struct fingerprint_key a = key_of("0123456789abcdef"), same = key_of("0123456789abcdef");
	struct fingerprint_key b = key_of("0123456789abcdeg");

	(void)state;
	assert_int_equal(strlen(a.id), 16);
	assert_int_equal(strspn(a.id, "0123456789abcdef"), 16);
	assert_string_equal(a.id, same.id);
	assert_string_not_equal(a.id, b.id);
	fingerprint_key_release(&a);
	assert_false(a.is_set);
	assert_string_equal(a.id, "");
}

/* ---- same or not ---- */

static void expect_tells_apart(const struct fingerprint_key *key)
{
	struct arena arena CLEANUP(arena_release) = {0};
	const char *print = make(&arena, key, "hunter2");
	const struct subject others[] = {
		{"6f1c2f0e-0000-4000-8000-123456789abd", "s", "A"},
		{subject.lineage, "t", "A"},
		{subject.lineage, "s", "B"},
		{subject.lineage, "sA", ""},
		{subject.lineage, "", "sA"},
	};

	expect_no_text(print, "hunter2");
	expect(print, key, &subject, "hunter2", VALUE_SAME);
	expect(print, key, &subject, "hunter3", VALUE_CHANGED);
	expect(print, key, &subject, "hunter2\n", VALUE_CHANGED);
	expect(print, key, &subject, "hunter", VALUE_CHANGED);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		expect(print, key, &others[i], "hunter2", VALUE_CHANGED);
}

static void with_a_key(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct fingerprint_key key = key_of("0123456789abcdef"), other = key_of("fedcba9876543210");
	const char *print = make(&arena, &key, "v");

	(void)state;
	expect_tells_apart(&key);
	assert_int_equal(strncmp(print, "blake2b$", 8), 0);
	assert_string_equal(print, make(&arena, &key, "v"));
	assert_string_not_equal(print, make(&arena, &other, "v"));
	expect(print, &other, &subject, "v", VALUE_UNVERIFIABLE);
	expect(print, &other, &subject, "w", VALUE_UNVERIFIABLE);
	expect(print, &none, &subject, "v", VALUE_UNVERIFIABLE);
}

/* Each has its own salt; a key that is there by now does not make it unknown. */
static void without_a_key(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct fingerprint_key key = key_of("0123456789abcdef");
	const char *print = make(&arena, &none, "v");

	(void)state;
	expect_tells_apart(&none);
	assert_int_equal(strncmp(print, "argon2id$m=19456,t=2$", 21), 0);
	assert_string_not_equal(print, make(&arena, &none, "v"));
	expect(print, &key, &subject, "v", VALUE_SAME);
	expect(print, &key, &subject, "w", VALUE_CHANGED);
}

/* What is split elsewhere is something else, though it reads the same in a row. */
static void no_two_subjects_run_together(void **state)
{
	struct fingerprint_key key = key_of("0123456789abcdef");
	struct arena arena CLEANUP(arena_release) = {0};
	const struct subject one = {"l", "s", "n"}, two = {"l", "s", "na"};
	const char *print = make_for(&arena, &key, &one, "ab");

	(void)state;
	expect(print, &key, &one, "ab", VALUE_SAME);
	expect(print, &key, &two, "b", VALUE_CHANGED);
}

/* ---- tampered texts ---- */

#define SALT "00112233445566778899aabbccddeeff"
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void odd_texts_are_unknown(void **state)
{
	static const char *const texts[] = {"", "$", "blake2b", "blake2b$", "blake2b$$",
		"blake2b$" SALT "$" HASH, "argon2id", "argon2id$", "argon2id$m=19456,t=2",
		"argon2id$m=19456,t=2$" SALT, "argon2id$m=19456,t=2$" SALT "$",
		"argon2id$m=19456,t=2$" SALT "$" HASH "0",
		"argon2id$m=19456,t=2$" SALT "$" HASH "$", "argon2id$m=19456,t=2$" SALT "0$" HASH,
		"argon2id$m=19456,t=2$" SALT "$0" HASH, "argon2id$m=19456,t=2$0011$" HASH,
		"argon2id$m=19456,t=2$" SALT "$00",
		"argon2id$m=19456,t=2$zz112233445566778899aabbccddeeff$" HASH,
		"argon2id$m=,t=2$" SALT "$" HASH, "argon2id$m=0,t=2$" SALT "$" HASH,
		"argon2id$m=19456,t=0$" SALT "$" HASH, "argon2id$t=2,m=19456$" SALT "$" HASH,
		"argon2i$m=19456,t=2$" SALT "$" HASH, "Argon2id$m=19456,t=2$" SALT "$" HASH, "v",
		"%s%n"};
	struct fingerprint_key key = key_of("0123456789abcdef");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		expect(texts[i], &none, &subject, "v", VALUE_UNVERIFIABLE);
		expect(texts[i], &key, &subject, "v", VALUE_UNVERIFIABLE);
	}
}

/* Cut or flipped anywhere, it is never taken for the same. */
static void never_same_by_accident(void **state)
{
	struct fingerprint_key key = key_of("0123456789abcdef");
	struct arena arena CLEANUP(arena_release) = {0};
	struct secret value CLEANUP(secret_release) = secret_of("v");
	const char *print = make(&arena, &key, "v");
	size_t length = strlen(print);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char *cut = arena_bytes(&arena, print, i), *flipped = arena_text(&arena, print);
		assert_int_not_equal(compare(cut, &key, &subject, &value), VALUE_SAME);
		flipped[i] = (char)(flipped[i] ^ 1);
		assert_int_not_equal(compare(flipped, &key, &subject, &value), VALUE_SAME);
	}
}

/* A true fingerprint of the value, made with other parameters. */
static const char *made_with(struct arena *arena, unsigned memory_kib, unsigned passes)
{
	struct crypt_slow_hash how = {.memory_kib = memory_kib, .passes = passes};
	const struct crypt_part parts[] = {{subject.lineage, strlen(subject.lineage)},
		{subject.store, 1}, {subject.secret, 1}, {"v", 1}};
	unsigned char hash[CRYPT_HASH_BYTES];
	char hex[2 * CRYPT_HASH_BYTES + 1], salt[2 * CRYPT_SALT_BYTES + 1];

	assert_true(crypt_slow_hash(&how, parts, ARRAY_SIZE(parts), hash));
	crypt_to_hex(hash, sizeof(hash), hex);
	crypt_to_hex(how.salt, sizeof(how.salt), salt);
	return arena_format(arena, "argon2id$m=%u,t=%u$%s$%s", memory_kib, passes, salt, hex);
}

/* What would take too much is not tried: it is unknown, though it would turn out the same. */
static void huge_parameters_are_not_tried(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};

	(void)state;
	expect(made_with(&arena, 8, 1), &none, &subject, "v", VALUE_SAME);
	expect(made_with(&arena, 8, 4), &none, &subject, "v", VALUE_SAME);
	expect(made_with(&arena, 8, 4), &none, &subject, "w", VALUE_CHANGED);
	expect(made_with(&arena, 8, 5), &none, &subject, "v", VALUE_UNVERIFIABLE);
	expect(made_with(&arena, 65537, 1), &none, &subject, "v", VALUE_UNVERIFIABLE);
}

static void numbers_that_overflow(void **state)
{
	static const char *const parameters[] = {"m=9999999,t=1", "m=4294967295,t=1", "m=-1,t=1",
		"m=19456,t=999", "m=19456,t=4294967295", "m=19456,t=-1", "m=4294967304,t=1",
		"m=99999999999999999999,t=1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "argon2id$%s$%s$%s", parameters[i], SALT, HASH);
		expect(str_text(&text), &none, &subject, "v", VALUE_UNVERIFIABLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_keys),
		cmocka_unit_test(keys_have_ids),
		cmocka_unit_test(with_a_key),
		cmocka_unit_test(without_a_key),
		cmocka_unit_test(no_two_subjects_run_together),
		cmocka_unit_test(odd_texts_are_unknown),
		cmocka_unit_test(never_same_by_accident),
		cmocka_unit_test(huge_parameters_are_not_tried),
		cmocka_unit_test(numbers_that_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
