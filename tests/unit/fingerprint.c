#include "source/fingerprint.h"

#include "unit.h"

#define RAW   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* What a fingerprint is bound to. */
struct subject {
	const char *lineage, *account, *store, *secret;
};

static const struct subject subject = {"6f1c2f0e-0000-4000-8000-123456789abc", "acc", "s", "A"};
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
	struct key key CLEANUP(key_release) = {0};
	struct fingerprint_key made = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!key_init(&key, &secret, &err) ||
		!fingerprint_key_init(&made, &key, subject.lineage, &err))
		fail_msg("%s", err.message);
	return made;
}

static enum value_verdict compare(const char *print, const struct fingerprint_key *key,
	const struct subject *about, const struct secret *value)
{
	const struct object object = {
		.store = about->store, .secret = about->secret, .fingerprint = print};
	const struct fingerprint_subject of = {about->lineage, about->account, &object};

	return fingerprint_compare(key, &of, value);
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
	const struct fingerprint_subject of = {about->lineage, about->account, &object};

	return fingerprint_make(key, &of, &secret, arena);
}

static const char *make(struct arena *arena, const struct fingerprint_key *key, const char *value)
{
	return make_for(arena, key, &subject, value);
}

static const char *sign(struct arena *arena, const struct fingerprint_key *key,
	const struct subject *about, const char *print)
{
	const struct object object = {
		.store = about->store, .secret = about->secret, .fingerprint = print};
	const struct fingerprint_subject of = {about->lineage, about->account, &object};

	return fingerprint_sign(key, &of, arena);
}

/* ---- same or not ---- */

static void expect_tells_apart(const struct fingerprint_key *key)
{
	struct arena arena CLEANUP(arena_release) = {0};
	const char *print = make(&arena, key, "hunter2");
	const struct subject others[] = {
		{"6f1c2f0e-0000-4000-8000-123456789abd", "acc", "s", "A"},
		{subject.lineage, "acd", "s", "A"},
		{subject.lineage, "acc", "t", "A"},
		{subject.lineage, "acc", "s", "B"},
		{subject.lineage, "acc", "sA", ""},
		{subject.lineage, "acc", "", "sA"},
		{subject.lineage, "accs", "", "A"},
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
	struct fingerprint_key key = key_of(RAW), other = key_of(OTHER);
	const char *print = make(&arena, &key, "v");

	(void)state;
	expect_tells_apart(&key);
	assert_int_equal(strncmp(print, "v2$blake2b$", 11), 0);
	assert_string_not_equal(print, make(&arena, &key, "v")); /* the salt */
	assert_true(fingerprint_is_current(&key, print));
	assert_false(fingerprint_is_current(&other, print));
	assert_false(fingerprint_is_unkeyed(print));
	expect(print, &other, &subject, "v", VALUE_UNVERIFIABLE);
	expect(print, &other, &subject, "w", VALUE_UNVERIFIABLE);
	expect(print, &none, &subject, "v", VALUE_UNVERIFIABLE);
}

/* Each has its own salt; once there is a key, it proves nothing. */
static void without_a_key(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct fingerprint_key key = key_of(RAW);
	const char *print = make(&arena, &none, "v");

	(void)state;
	expect_tells_apart(&none);
	assert_int_equal(strncmp(print, "v2$argon2id$m=19456,t=2$", 24), 0);
	assert_string_not_equal(print, make(&arena, &none, "v"));
	assert_true(fingerprint_is_current(&none, print));
	assert_false(fingerprint_is_current(&key, print));
	assert_true(fingerprint_is_unkeyed(print));
	expect(print, &key, &subject, "v", VALUE_UNVERIFIABLE);
	expect(print, &key, &subject, "w", VALUE_UNVERIFIABLE);
}

/* A passphrase is another key in another state. */
static void with_a_passphrase(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct fingerprint_key key = key_of("correct horse battery");
	const char *print = make(&arena, &key, "v");

	(void)state;
	expect(print, &key, &subject, "v", VALUE_SAME);
	expect(print, &key, &subject, "w", VALUE_CHANGED);
}

/* ---- signed ---- */

static void a_signature_counts_for_its_place_and_key(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct fingerprint_key key = key_of(RAW), other = key_of(OTHER);
	const struct subject elsewhere[] = {{subject.lineage, "acd", "s", "A"},
		{subject.lineage, "acc", "t", "A"}, {subject.lineage, "acc", "s", "B"},
		{"6f1c2f0e-0000-4000-8000-123456789abd", "acc", "s", "A"}};
	const char *print = sign(&arena, &key, &subject, make(&arena, &none, "v"));

	(void)state;
	expect(print, &key, &subject, "v", VALUE_SAME);
	expect(print, &key, &subject, "w", VALUE_CHANGED);
	expect(print, &other, &subject, "v", VALUE_UNVERIFIABLE);
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		expect(print, &key, &elsewhere[i], "v", VALUE_UNVERIFIABLE);
	assert_false(fingerprint_is_current(&key, print)); /* a keyed one takes its place */
	assert_false(fingerprint_is_unkeyed(print));
	/* Another fingerprint with this signature was not signed. */
	const char *guess = make(&arena, &none, "w");
	const char *moved =
		arena_format(&arena, "%.*s%s", (int)(strlen(print) - strlen(guess)), print, guess);
	expect(moved, &key, &subject, "w", VALUE_UNVERIFIABLE);
	/* A keyed one needs no signature, and gains nothing by one. */
	expect(sign(&arena, &key, &subject, make(&arena, &other, "v")), &key, &subject, "v",
		VALUE_UNVERIFIABLE);
}

/* ---- as 0.1.0 made them ---- */

/* Its own texts, of the value "v". */
static void of_the_first_version(void **state)
{
	static const char keyed[] =
		"blake2b$ce343422e11a8f45$"
		"fdab3d98b537e989803f957fc2190c77ce9726a7927e6f397817f291ad1564f6";
	static const char unkeyed[] =
		"argon2id$m=19456,t=2$d5ca5636e83d94536351c9e8b61468b7$"
		"91f8216333c48c9c1b3c5d924e746a249235e8002a22379169cf8b42844c07e8";
	struct fingerprint_key key = key_of(RAW), other = key_of(OTHER);

	(void)state;
	expect(keyed, &key, &subject, "v", VALUE_SAME);
	expect(keyed, &key, &subject, "w", VALUE_CHANGED);
	expect(keyed, &other, &subject, "v", VALUE_UNVERIFIABLE);
	expect(keyed, &none, &subject, "v", VALUE_UNVERIFIABLE);
	assert_false(fingerprint_is_current(&key, keyed));
	expect(unkeyed, &none, &subject, "v", VALUE_SAME);
	expect(unkeyed, &none, &subject, "w", VALUE_CHANGED);
	expect(unkeyed, &key, &subject, "v", VALUE_UNVERIFIABLE);
	assert_true(fingerprint_is_unkeyed(unkeyed));
	assert_false(fingerprint_is_current(&none, unkeyed));
}

/* What is split elsewhere is something else, though it reads the same in a row. */
static void no_two_subjects_run_together(void **state)
{
	struct fingerprint_key key = key_of(RAW);
	struct arena arena CLEANUP(arena_release) = {0};
	const struct subject one = {subject.lineage, "a", "s", "n"},
			     two = {subject.lineage, "a", "s", "na"};
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
		"%s%n", "v2$", "v2$blake2b$" SALT "$" HASH, "v2$argon2id$" SALT, "v3$blake2b$",
		"signed$", "signed$0$0$", "signed$" HASH, "signed$0011223344556677$" HASH "$",
		"signed$0011223344556677$" HASH "$$"};
	struct fingerprint_key key = key_of(RAW);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		expect(texts[i], &none, &subject, "v", VALUE_UNVERIFIABLE);
		expect(texts[i], &key, &subject, "v", VALUE_UNVERIFIABLE);
	}
}

/* Cut or flipped anywhere, it is never taken for the same. */
static void never_same_by_accident(void **state)
{
	struct fingerprint_key key = key_of(RAW);
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

/* What would take too much is not tried: it can't be verified, though it would be the same. */
static void parameters_have_bounds(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};

	(void)state;
	expect(made_with(&arena, 19456, 2), &none, &subject, "v", VALUE_SAME);
	expect(made_with(&arena, 19457, 4), &none, &subject, "v", VALUE_SAME);
	expect(made_with(&arena, 19457, 4), &none, &subject, "w", VALUE_CHANGED);
	expect(made_with(&arena, 19456, 5), &none, &subject, "v", VALUE_UNVERIFIABLE);
	expect(made_with(&arena, 65537, 2), &none, &subject, "v", VALUE_UNVERIFIABLE);
	/* Nor what would be cheap to guess. */
	expect(made_with(&arena, 19455, 2), &none, &subject, "v", VALUE_UNVERIFIABLE);
	expect(made_with(&arena, 19456, 1), &none, &subject, "v", VALUE_UNVERIFIABLE);
	expect(made_with(&arena, 8, 4), &none, &subject, "v", VALUE_UNVERIFIABLE);
	assert_false(fingerprint_is_unkeyed(made_with(&arena, 8, 4)));
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
		cmocka_unit_test(with_a_key),
		cmocka_unit_test(without_a_key),
		cmocka_unit_test(with_a_passphrase),
		cmocka_unit_test(a_signature_counts_for_its_place_and_key),
		cmocka_unit_test(of_the_first_version),
		cmocka_unit_test(no_two_subjects_run_together),
		cmocka_unit_test(odd_texts_are_unknown),
		cmocka_unit_test(never_same_by_accident),
		cmocka_unit_test(parameters_have_bounds),
		cmocka_unit_test(numbers_that_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
