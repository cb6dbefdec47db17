#include "state/sealing.h"

#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"
#define OTHER   "6f1c2f0e-0000-4000-8000-123456789abd"
#define RAW     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define RAW_2   "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PHRASE  "correct horse battery"

static void set_key(struct key *key, const char *text)
{
	struct secret given CLEANUP(secret_release) = {0};
	struct error err = {0};

	secret_copy(&given, text, strlen(text));
	if (!key_init(key, &given, &err))
		fail_msg("%s", err.message);
}

/* NULL: none. */
static struct keys keys_of(const char *now, const char *old)
{
	struct keys keys = {0};

	if (now)
		set_key(&keys.now, now);
	if (old)
		set_key(&keys.old, old);
	return keys;
}

/* A state with a store, whose name is one that a signed or sealed state has at its place. */
static void make(struct state *state, struct str *plain)
{
	*state = (struct state){.serial = 7, .lineage = LINEAGE};
	model_add_account(&state->model, "sealed", "0123456789abcdef0123456789abcdef");
	struct object *store = model_add_object(&state->model, "sealed", "sealed", NULL);
	store->id = "store-id-1";
	store->origin = ORIGIN_CREATED;
	store->created = store->modified = "2026-01-02T03:04:05Z";
	store = model_add_object(&state->model, "sealed", "signature", NULL);
	store->id = "store-id-2";
	store->origin = ORIGIN_CREATED;
	store->created = store->modified = "2026-01-02T03:04:05Z";
	model_sort(&state->model);
	state_encode(state, plain);
}

/* What a state is written as with this key. */
static void write_with(const char *key, enum sealing_form form, struct str *out)
{
	struct keys keys CLEANUP(keys_release) = keys_of(key, NULL);
	const struct sealing sealing = {.keys = &keys, .encrypts = form == SEALING_SEALED};
	struct state state CLEANUP(state_release) = {0};
	struct str plain CLEANUP(str_release) = {0};
	struct error err = {0};

	make(&state, &plain);
	if (!sealing_write(&sealing, &state, out, &err))
		fail_msg("%s", err.message);
}

static void expect_read(const struct sealing *sealing, const struct str *bytes,
	enum sealing_form form, enum sealing_trust trust)
{
	struct state state CLEANUP(state_release) = {0};
	struct str plain CLEANUP(str_release) = {0}, read CLEANUP(str_release) = {0};
	struct sealing_found found = {0};
	struct error err = {0};

	make(&state, &plain);
	if (!sealing_read(sealing, bytes, &read, &found, &err))
		fail_msg("%s", err.message);
	assert_string_equal(str_text(&read), str_text(&plain));
	assert_int_equal(found.form, form);
	assert_int_equal(found.trust, trust);
}

static void expect_refused(const struct sealing *sealing, const struct str *bytes,
	const char *message, const char *hint)
{
	struct str read CLEANUP(str_release) = {0};
	struct sealing_found found = {0};
	struct error err CLEANUP(error_release) = {0};

	if (sealing_read(sealing, bytes, &read, &found, &err))
		fail_msg("read: %s", str_text(bytes));
	assert_int_equal(read.length, 0);
	expect_text(err.message, message);
	expect_text(err.hint, hint);
}

/* ---- what is written ---- */

static void without_a_key_nothing_changes(void **state)
{
	struct str bytes CLEANUP(str_release) = {0}, plain CLEANUP(str_release) = {0};
	struct state made CLEANUP(state_release) = {0};
	const struct sealing encrypts = {.encrypts = true};
	struct error err = {0};

	(void)state;
	make(&made, &plain);
	write_with(NULL, SEALING_PLAIN, &bytes);
	assert_string_equal(str_text(&bytes), str_text(&plain));
	expect_read(NULL, &bytes, SEALING_PLAIN, SEALING_TRUSTED);
	/* Least of all what is to be encrypted becomes plain. */
	assert_false(sealing_write(&encrypts, &made, &bytes, &err));
	assert_string_equal(str_text(&bytes), str_text(&plain));
	expect_text(err.hint, "CFPROV_KEY");
	expect_error(&err, "the state is encrypted, and no key is set");
}

static void written_and_read(void **state)
{
	static const char *const given[] = {RAW, PHRASE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		struct str is_signed CLEANUP(str_release) = {0};
		struct str is_sealed CLEANUP(str_release) = {0};
		struct keys keys CLEANUP(keys_release) = keys_of(given[i], NULL);
		const struct sealing sealing = {.keys = &keys};

		write_with(given[i], SEALING_SIGNED, &is_signed);
		write_with(given[i], SEALING_SEALED, &is_sealed);
		expect_read(&sealing, &is_signed, SEALING_SIGNED, SEALING_TRUSTED);
		expect_read(&sealing, &is_sealed, SEALING_SEALED, SEALING_TRUSTED);
		expect_text(str_text(&is_signed), "store-id-1");
		expect_text(str_text(&is_sealed), "\"serial\": 7,");
		expect_no_text(str_text(&is_sealed), "store-id");
		expect_no_text(str_text(&is_sealed), "0123456789abcdef");
	}
}

/* Known: what is written today is read by a later cfprov. */
static void known_signature(void **state)
{
	struct str bytes CLEANUP(str_release) = {0};

	(void)state;
	write_with(RAW, SEALING_SIGNED, &bytes);
	const char *at = strstr(str_text(&bytes), "\n  \"signature\": ");
	assert_non_null(at);
	expect_text(at, "\"v1$02795246384e8653$");
	assert_string_equal(at + strlen(at) - 3, "\n}\n");
}

/* A serial is as long in clear as in what is encrypted. */
static void the_highest_serial(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys, .encrypts = true};
	struct state made CLEANUP(state_release) = {0}, again CLEANUP(state_release) = {0};
	struct str plain CLEANUP(str_release) = {0}, bytes CLEANUP(str_release) = {0};
	struct str read CLEANUP(str_release) = {0};
	struct sealing_found found;
	struct error err = {0};

	(void)state;
	make(&made, &plain);
	made.serial = STATE_SERIAL_MOST;
	assert_true(sealing_write(&sealing, &made, &bytes, &err));
	if (!sealing_read(&sealing, &bytes, &read, &found, &err) ||
		!state_decode("x", str_text(&read), read.length, &again, &err))
		fail_msg("%s", err.message);
	assert_int_equal(found.trust, SEALING_TRUSTED);
	assert_true(again.serial == STATE_SERIAL_MOST);
}

/* ---- what is refused ---- */

static void flipped_or_cut_at_every_bit(void **state)
{
	static const enum sealing_form forms[] = {SEALING_SIGNED, SEALING_SEALED};
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		struct str bytes CLEANUP(str_release) = {0}, bad CLEANUP(str_release) = {0};
		write_with(RAW, forms[f], &bytes);
		str_add(&bad, bytes.bytes, bytes.length);
		for (size_t at = 0; at < bytes.length; at++) {
			for (int bit = 0; bit < 8; bit++) {
				bad.bytes[at] = (char)(bytes.bytes[at] ^ 1 << bit);
				expect_refused(&sealing, &bad, "the state ", "");
			}
			bad.bytes[at] = bytes.bytes[at];
			const struct str cut = {bad.bytes, at, 0};
			expect_refused(&sealing, &cut, "the state ", "");
		}
		str_char(&bad, '\n');
		expect_refused(&sealing, &bad, "the state ", "");
	}
}

static void unsigned_foreign_modified(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};
	struct str plain CLEANUP(str_release) = {0}, other CLEANUP(str_release) = {0};
	struct str sealed CLEANUP(str_release) = {0}, changed CLEANUP(str_release) = {0};

	(void)state;
	write_with(NULL, SEALING_PLAIN, &plain);
	expect_refused(
		&sealing, &plain, "is not signed, although a key is set", "`cfprov state sign`");
	write_with(RAW_2, SEALING_SIGNED, &other);
	expect_refused(&sealing, &other, "signed with a different key (id ", "CFPROV_OLD_KEY");
	write_with(RAW_2, SEALING_SEALED, &sealed);
	expect_refused(&sealing, &sealed, "encrypted with a different key (id ", "CFPROV_OLD_KEY");
	write_with(RAW, SEALING_SIGNED, &changed);
	memcpy(strstr(changed.bytes, "store-id-1"), "store-id-3", 10);
	expect_refused(&sealing, &changed, "modified after it was signed", "`cfprov state sign`");
}

/* Laid out otherwise, such as by an editor, it is not taken for one without a signature. */
static void laid_out_otherwise(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys}, none = {0};
	struct str bytes CLEANUP(str_release) = {0}, crlf CLEANUP(str_release) = {0};

	(void)state;
	write_with(RAW, SEALING_SIGNED, &bytes);
	for (size_t i = 0; i < bytes.length; i++)
		str_format(&crlf, "%s%c", bytes.bytes[i] == '\n' ? "\r" : "", bytes.bytes[i]);
	expect_refused(&sealing, &crlf, "modified after it was signed", "`cfprov state sign`");
	expect_refused(&none, &crlf, "is signed, and no key is set", "CFPROV_KEY");
}

static void without_the_key(void **state)
{
	const struct sealing shows = {.only_shows = true}, writes = {0};
	struct str bytes CLEANUP(str_release) = {0}, sealed CLEANUP(str_release) = {0};

	(void)state;
	write_with(RAW, SEALING_SIGNED, &bytes);
	write_with(RAW, SEALING_SEALED, &sealed);
	expect_refused(NULL, &bytes, "is signed, and no key is set", "CFPROV_KEY");
	expect_refused(&writes, &bytes, "is signed, and no key is set", "CFPROV_KEY");
	expect_read(&shows, &bytes, SEALING_SIGNED, SEALING_UNVERIFIED);
	expect_refused(&shows, &sealed, "is encrypted, and no key is set", "CFPROV_KEY");
}

/* What surrounds the sealed state is bound to it. */
static void another_serial_or_lineage_around_it(void **state)
{
	static const struct {
		const char *from, *to;
	} forgeries[] = {{"\"serial\": 7", "\"serial\": 8"}, {LINEAGE, OTHER},
		{"\"serial\": 7", "\"serial\":  7"}, {"\"version\": 1", "\"version\": 2"}};
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};
	struct str bytes CLEANUP(str_release) = {0};

	(void)state;
	write_with(RAW, SEALING_SEALED, &bytes);
	for (size_t i = 0; i < ARRAY_SIZE(forgeries); i++) {
		struct str bad CLEANUP(str_release) = {0};
		const char *at = strstr(str_text(&bytes), forgeries[i].from);
		assert_non_null(at);
		str_add(&bad, bytes.bytes, (size_t)(at - bytes.bytes));
		str_text_add(&bad, forgeries[i].to);
		str_text_add(&bad, at + strlen(forgeries[i].from));
		expect_refused(&sealing, &bad, "modified after it was encrypted", "from a copy");
	}
}

/* Neither a sealed plan nor a sealed journal passes for a state. */
static void sealed_for_another_use(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};
	struct state made CLEANUP(state_release) = {0};
	struct str plain CLEANUP(str_release) = {0}, inner CLEANUP(str_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};

	(void)state;
	make(&made, &plain);
	key_seal(&keys.now, KEY_PLANS, plain.bytes, plain.length, &inner);
	str_text_add(&bytes, "{\n  \"version\": 1,\n  \"serial\": 7,\n  \"lineage\": \"" LINEAGE
			     "\",\n  \"sealed\": \"");
	crypt_add_base64(&bytes, inner.bytes, inner.length);
	str_text_add(&bytes, "\"\n}\n");
	expect_refused(&sealing, &bytes, "a header that this version can't read", "");
}

static void costs_outside_the_limits(void **state)
{
	static const char *const costs[] = {
		"m=8,t=3", "m=262143,t=3", "m=9999999,t=3", "m=262144,t=2", "m=262144,t=999"};
	struct keys keys CLEANUP(keys_release) = keys_of(PHRASE, NULL);
	const struct sealing sealing = {.keys = &keys};
	struct str bytes CLEANUP(str_release) = {0}, inner CLEANUP(str_release) = {0};

	(void)state;
	write_with(PHRASE, SEALING_SEALED, &bytes);
	const char *at = strstr(str_text(&bytes), "\"sealed\": \"") + strlen("\"sealed\": \"");
	assert_true(crypt_open_base64(at, strlen(at) - strlen("\"\n}\n"), &inner));
	const char *from = strstr(str_text(&inner), "m=262144,t=3");
	assert_non_null(from);
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
		struct str forged CLEANUP(str_release) = {0}, bad CLEANUP(str_release) = {0};
		str_add(&forged, inner.bytes, (size_t)(from - inner.bytes));
		str_text_add(&forged, costs[i]);
		from += strlen("m=262144,t=3");
		str_add(&forged, from, inner.length - (size_t)(from - inner.bytes));
		from -= strlen("m=262144,t=3");
		str_add(&bad, bytes.bytes, (size_t)(at - bytes.bytes));
		crypt_add_base64(&bad, forged.bytes, forged.length);
		str_text_add(&bad, "\"\n}\n");
		expect_refused(&sealing, &bad, "not within the limits", "");
	}
}

/* ---- the old key, and state sign ---- */

static void the_old_key_opens(void **state)
{
	static const enum sealing_form forms[] = {SEALING_SIGNED, SEALING_SEALED};
	static const char *const pairs[][2] = {{RAW, RAW_2}, {RAW, PHRASE}, {PHRASE, RAW}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs) * ARRAY_SIZE(forms); i++) {
		const char *const *pair = pairs[i / ARRAY_SIZE(forms)];
		enum sealing_form form = forms[i % ARRAY_SIZE(forms)];
		struct keys keys CLEANUP(keys_release) = keys_of(pair[0], pair[1]);
		struct keys reversed CLEANUP(keys_release) = keys_of(pair[1], pair[0]);
		const struct sealing sealing = {.keys = &keys}, back = {.keys = &reversed};
		struct str bytes CLEANUP(str_release) = {0};

		write_with(pair[1], form, &bytes);
		expect_read(&sealing, &bytes, form, SEALING_OLD_KEY);
		expect_read(&back, &bytes, form, SEALING_TRUSTED);
	}
}

/* An old key alone is no key: it would be one that only opens. */
static void an_old_key_alone(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(NULL, RAW);
	const struct sealing sealing = {.keys = &keys};
	struct str bytes CLEANUP(str_release) = {0};

	(void)state;
	write_with(RAW, SEALING_SIGNED, &bytes);
	expect_refused(&sealing, &bytes, "no key is set", "CFPROV_KEY");
}

/* A key that can't be read must not make everything believable. */
static void a_key_that_is_not_read(void **state)
{
	const struct sealing lacks = {.only_shows = true, .lacks_key = true};
	const struct sealing shows = {.only_shows = true};
	struct str plain CLEANUP(str_release) = {0}, other CLEANUP(str_release) = {0};

	(void)state;
	write_with(NULL, SEALING_PLAIN, &plain);
	expect_read(&shows, &plain, SEALING_PLAIN, SEALING_TRUSTED);
	expect_read(&lacks, &plain, SEALING_PLAIN, SEALING_UNVERIFIED);
	write_with(RAW, SEALING_SIGNED, &other);
	expect_read(&lacks, &other, SEALING_SIGNED, SEALING_UNVERIFIED);
}

static void accepted_once(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing accepts = {.keys = &keys, .accepts_unsigned = true};
	struct str plain CLEANUP(str_release) = {0}, other CLEANUP(str_release) = {0};
	struct str changed CLEANUP(str_release) = {0}, sealed CLEANUP(str_release) = {0};

	(void)state;
	write_with(NULL, SEALING_PLAIN, &plain);
	expect_read(&accepts, &plain, SEALING_PLAIN, SEALING_UNSIGNED);
	write_with(RAW_2, SEALING_SIGNED, &other);
	expect_read(&accepts, &other, SEALING_SIGNED, SEALING_FOREIGN);
	write_with(RAW, SEALING_SIGNED, &changed);
	char *mac = strrchr(changed.bytes, '$') + 1;
	*mac = *mac == '0' ? '1' : '0';
	expect_read(&accepts, &changed, SEALING_SIGNED, SEALING_MODIFIED);
	write_with(RAW_2, SEALING_SEALED, &sealed);
	expect_refused(&accepts, &sealed, "encrypted with a different key", "CFPROV_OLD_KEY");
	*strrchr(sealed.bytes, '"') = '!';
	expect_refused(&accepts, &sealed, "modified after it was encrypted", "from a copy");
}

/* What is written from now on, and whether at once. */
static void settled(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	static const struct {
		enum encryption encryption;
		enum sealing_form form;
		enum sealing_trust trust;
		bool encrypts, is_stale;
	} cases[] = {
		/* where the manifest does not say, it stays as it is */
		{ENCRYPTION_UNSAID, SEALING_SIGNED, SEALING_TRUSTED, false, false},
		{ENCRYPTION_UNSAID, SEALING_SEALED, SEALING_TRUSTED, true, false},
		{ENCRYPTION_ON, SEALING_SIGNED, SEALING_TRUSTED, true, true},
		{ENCRYPTION_ON, SEALING_SEALED, SEALING_TRUSTED, true, false},
		{ENCRYPTION_OFF, SEALING_SIGNED, SEALING_TRUSTED, false, false},
		{ENCRYPTION_OFF, SEALING_SEALED, SEALING_TRUSTED, false, true},
		/* not with the key, or with the old one */
		{ENCRYPTION_UNSAID, SEALING_PLAIN, SEALING_UNSIGNED, false, true},
		{ENCRYPTION_UNSAID, SEALING_SIGNED, SEALING_OLD_KEY, false, true},
		{ENCRYPTION_UNSAID, SEALING_SEALED, SEALING_OLD_KEY, true, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct sealing_found found = {cases[i].form, cases[i].trust, ""};
		struct sealing sealing = {.keys = &keys, .encryption = cases[i].encryption};
		struct sealing none = {.encryption = cases[i].encryption};
		bool is_stale = sealing_settle(&sealing, &found);
		if (is_stale != cases[i].is_stale || sealing.encrypts != cases[i].encrypts)
			fail_msg("case %zu: %d %d", i, sealing.encrypts, is_stale);
		assert_false(sealing_settle(&none, &found));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_key_nothing_changes),
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(known_signature),
		cmocka_unit_test(the_highest_serial),
		cmocka_unit_test(flipped_or_cut_at_every_bit),
		cmocka_unit_test(unsigned_foreign_modified),
		cmocka_unit_test(laid_out_otherwise),
		cmocka_unit_test(without_the_key),
		cmocka_unit_test(another_serial_or_lineage_around_it),
		cmocka_unit_test(sealed_for_another_use),
		cmocka_unit_test(costs_outside_the_limits),
		cmocka_unit_test(the_old_key_opens),
		cmocka_unit_test(an_old_key_alone),
		cmocka_unit_test(a_key_that_is_not_read),
		cmocka_unit_test(accepted_once),
		cmocka_unit_test(settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
