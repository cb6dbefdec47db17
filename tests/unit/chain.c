#include "state/chain.h"

#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"
#define OTHER   "6f1c2f0e-0000-4000-8000-123456789abd"
#define RAW     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define RAW_2   "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PHRASE  "correct horse battery"

static const char *const texts[] = {
	"{\"intents\":[\"a\",\"b\"]}", "{\"alive\":1}", "[{\"intent\":0}]", "[{\"intent\":1}]"};
enum { TEXTS = ARRAY_SIZE(texts), MOST_LINES = 8 };

static struct keys keys_of(const char *now, const char *old)
{
	struct keys keys = {0};
	const char *const given[] = {now, old};
	struct key *const to[] = {&keys.now, &keys.old};
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		struct secret text CLEANUP(secret_release) = {0};
		if (!given[i])
			continue;
		secret_copy(&text, given[i], strlen(given[i]));
		if (!key_init(to[i], &text, &err))
			fail_msg("%s", err.message);
	}
	return keys;
}

static void write_for(const char *key, enum sealing_form form, const char *lineage, int64_t serial,
	struct str *out)
{
	struct keys keys CLEANUP(keys_release) = keys_of(key, NULL);
	const struct sealing sealing = {.keys = &keys, .encrypts = form == SEALING_SEALED};
	struct chain_writer writer CLEANUP(chain_release) = {0};
	struct state state = {.serial = serial};
	struct error err = {0};

	memcpy(state.lineage, lineage, STATE_LINEAGE_LENGTH);
	if (!chain_begin(&writer, &sealing, &state, out, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < TEXTS; i++)
		chain_add(&writer, texts[i], strlen(texts[i]), out);
}

static void write_with(const char *key, enum sealing_form form, struct str *out)
{
	write_for(key, form, LINEAGE, 4, out);
}

/* Reads as many lines as there are; those are the first texts. Gives how many. */
static bool read_all(const struct sealing *sealing, const struct str *bytes, size_t *ret_count,
	enum sealing_trust *ret_trust, struct error *err)
{
	struct chain_reader reader CLEANUP(chain_close) = {0};
	bool is_good = chain_open(&reader, sealing, bytes, err);
	size_t count = 0;

	while (is_good && (is_good = chain_next(&reader, err)) && reader.text) {
		assert_true(count < TEXTS);
		assert_int_equal(reader.text_length, strlen(texts[count]));
		assert_memory_equal(reader.text, texts[count], reader.text_length);
		count++;
	}
	*ret_count = count;
	*ret_trust = reader.found.trust;
	return is_good;
}

static void expect_read(const struct sealing *sealing, const struct str *bytes, size_t expected,
	enum sealing_trust expected_trust)
{
	struct error err = {0};
	enum sealing_trust trust;
	size_t count;

	if (!read_all(sealing, bytes, &count, &trust, &err))
		fail_msg("%s", err.message);
	assert_int_equal(count, expected);
	assert_int_equal(trust, expected_trust);
}

/* After so many lines that are good. */
static void expect_refused(
	const struct sealing *sealing, const struct str *bytes, size_t good, const char *message)
{
	struct error err CLEANUP(error_release) = {0};
	enum sealing_trust trust;
	size_t count;

	assert_false(read_all(sealing, bytes, &count, &trust, &err));
	assert_int_equal(count, good);
	expect_text(err.message, message);
}

/* Lends the lines, with their line breaks. */
static size_t split(const struct str *bytes, struct str lines[static MOST_LINES])
{
	size_t count = 0;

	for (size_t at = 0; at < bytes->length; count++) {
		const char *end = memchr(bytes->bytes + at, '\n', bytes->length - at);
		assert_true(end && count < MOST_LINES);
		lines[count] =
			(struct str){bytes->bytes + at, (size_t)(end + 1 - bytes->bytes) - at, 0};
		at += lines[count].length;
	}
	return count;
}

static void join(const struct str *lines, const size_t *order, size_t count, struct str *out)
{
	for (size_t i = 0; i < count; i++)
		str_add(out, lines[order[i]].bytes, lines[order[i]].length);
}

/* ---- */

static const enum sealing_form forms[] = {SEALING_SIGNED, SEALING_SEALED};

static void written_and_read(void **state)
{
	static const char *const given[] = {RAW, PHRASE};
	struct str plain CLEANUP(str_release) = {0};

	(void)state;
	write_with(NULL, SEALING_SEALED, &plain);
	expect_read(NULL, &plain, TEXTS, SEALING_TRUSTED);
	for (size_t i = 0; i < ARRAY_SIZE(given) * ARRAY_SIZE(forms); i++) {
		const char *text = given[i / ARRAY_SIZE(forms)];
		enum sealing_form form = forms[i % ARRAY_SIZE(forms)];
		struct keys keys CLEANUP(keys_release) = keys_of(text, NULL);
		const struct sealing sealing = {.keys = &keys};
		struct str bytes CLEANUP(str_release) = {0};

		write_for(text, form, LINEAGE, STATE_SERIAL_MOST, &bytes);
		expect_read(&sealing, &bytes, TEXTS, SEALING_TRUSTED);
		str_clear(&bytes);
		write_with(text, form, &bytes);
		expect_read(&sealing, &bytes, TEXTS, SEALING_TRUSTED);
		expect_text(str_text(&bytes), form == SEALING_SEALED
						      ? "cfprov-journal 1 sealed " LINEAGE " 4 "
						      : "cfprov-journal 1 signed " LINEAGE " 4 ");
		if (form == SEALING_SEALED)
			expect_no_text(str_text(&bytes), "intent");
	}
}

/* Cut anywhere, it is a journal with fewer lines: all that a killed run may have left. */
static void torn_at_every_byte(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		struct str bytes CLEANUP(str_release) = {0};
		size_t whole = 0;
		write_with(RAW, forms[f], &bytes);
		for (size_t length = 0; length <= bytes.length; length++) {
			const struct str cut = {bytes.bytes, length, 0};
			whole += length && bytes.bytes[length - 1] == '\n';
			expect_read(&sealing, &cut, whole ? whole - 1 : 0, SEALING_TRUSTED);
		}
	}
}

static void flipped_at_every_bit(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		struct str bytes CLEANUP(str_release) = {0};
		size_t line = 0;
		write_with(RAW, forms[f], &bytes);
		for (size_t at = 0; at < bytes.length; at++) {
			char is = bytes.bytes[at];
			for (int bit = 0; bit < 8; bit++) {
				struct error err CLEANUP(error_release) = {0};
				enum sealing_trust trust;
				size_t count;
				bytes.bytes[at] = (char)(is ^ 1 << bit);
				bool is_read = read_all(&sealing, &bytes, &count, &trust, &err);
				/* Without its line break, the last line is a torn one. */
				bool is_torn = at + 1 == bytes.length;
				assert_int_equal(is_read, is_torn);
				assert_int_equal(count, is_torn ? TEXTS - 1 : line ? line - 1 : 0);
			}
			bytes.bytes[at] = is;
			line += is == '\n';
		}
	}
}

static void dropped_swapped_repeated(void **state)
{
	static const struct {
		size_t order[MOST_LINES], count, good;
		const char *line;
	} cases[] = {
		{{0, 2, 3, 4}, 4, 0, "line 2 "},
		{{0, 1, 3, 4}, 4, 1, "line 3 "},
		{{0, 1, 2, 4}, 4, 2, "line 4 "},
		{{0, 1, 2, 4, 3}, 5, 2, "line 4 "},
		{{0, 2, 1, 3, 4}, 5, 0, "line 2 "},
		{{0, 1, 1, 2, 3, 4}, 6, 1, "line 3 "},
		{{0, 1, 2, 3, 4, 4}, 6, 4, "line 6 "},
		{{0, 0, 1, 2, 3, 4}, 6, 0, "line 2 "},
	};
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		struct str bytes CLEANUP(str_release) = {0}, lines[MOST_LINES];
		write_with(RAW, forms[f], &bytes);
		assert_int_equal(split(&bytes, lines), TEXTS + 1);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			struct str bad CLEANUP(str_release) = {0};
			join(lines, cases[i].order, cases[i].count, &bad);
			expect_refused(&sealing, &bad, cases[i].good, cases[i].line);
		}
	}
}

/* Lines of another journal of the same state and key, and first lines of others. */
static void taken_from_another(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		struct str bytes CLEANUP(str_release) = {0}, lines[MOST_LINES] = {{0}};
		struct str others[4] = {{0}};
		write_with(RAW, forms[f], &bytes);
		write_with(RAW, forms[f], &others[0]); /* equal but for the nonce */
		write_for(RAW, forms[f], OTHER, 4, &others[1]);
		write_for(RAW, forms[f], LINEAGE, 5, &others[2]);
		write_with(RAW, forms[1 - f], &others[3]);
		(void)split(&bytes, lines);
		for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
			struct str bad CLEANUP(str_release) = {0}, its[MOST_LINES] = {{0}};
			struct str late CLEANUP(str_release) = {0};
			(void)split(&others[i], its);
			str_add(&bad, its[0].bytes, its[0].length);
			str_add(&bad, lines[1].bytes, lines[1].length);
			expect_refused(&sealing, &bad, 0, "line 2 is not the one");
			join(lines, (const size_t[]){0, 1, 2}, 3, &late);
			str_add(&late, its[3].bytes, its[3].length);
			expect_refused(&sealing, &late, 2, "line 4 is not the one");
			str_release(&others[i]);
		}
	}
}

/* Its lineage and serial can't be changed, nor a plain line be put in. */
static void forged_first_line(void **state)
{
	static const struct {
		const char *from, *to;
	} forgeries[] = {{LINEAGE, OTHER}, {" 4 ", " 5 "}, {" 4 ", " 04 "}, {" 4 ", "  4 "},
		{" 1 s", " 2 s"}};
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};
	struct str bytes CLEANUP(str_release) = {0}, plain CLEANUP(str_release) = {0};
	struct str lines[MOST_LINES], its[MOST_LINES], mixed CLEANUP(str_release) = {0};

	(void)state;
	write_with(RAW, SEALING_SIGNED, &bytes);
	for (size_t i = 0; i < ARRAY_SIZE(forgeries); i++) {
		struct str bad CLEANUP(str_release) = {0};
		const char *at = strstr(str_text(&bytes), forgeries[i].from);
		assert_non_null(at);
		str_add(&bad, bytes.bytes, (size_t)(at - bytes.bytes));
		str_text_add(&bad, forgeries[i].to);
		str_text_add(&bad, at + strlen(forgeries[i].from));
		expect_refused(&sealing, &bad, 0, "line 1 is not the one");
	}
	write_with(NULL, SEALING_PLAIN, &plain);
	(void)split(&bytes, lines);
	(void)split(&plain, its);
	str_add(&mixed, lines[0].bytes, lines[0].length);
	str_add(&mixed, its[0].bytes, its[0].length);
	expect_refused(&sealing, &mixed, 0, "line 2 is not the one");
}

static void keys_are_not_mixed(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW_2, NULL);
	struct keys both CLEANUP(keys_release) = keys_of(RAW_2, RAW);
	const struct sealing sealing = {.keys = &keys}, rotates = {.keys = &both}, none = {0};
	const struct sealing shows = {.only_shows = true};
	const struct sealing lacks = {.only_shows = true, .lacks_key = true};
	const struct sealing accepts = {.keys = &keys, .accepts_unsigned = true};
	struct str plain CLEANUP(str_release) = {0};

	(void)state;
	write_with(NULL, SEALING_PLAIN, &plain);
	expect_refused(&sealing, &plain, 0, "the journal is not signed, although a key is set");
	expect_read(&accepts, &plain, TEXTS, SEALING_UNSIGNED);
	expect_read(&shows, &plain, TEXTS, SEALING_TRUSTED);
	expect_read(&lacks, &plain, TEXTS, SEALING_UNVERIFIED);
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		struct str bytes CLEANUP(str_release) = {0};
		write_with(RAW, forms[f], &bytes);
		expect_read(&rotates, &bytes, TEXTS, SEALING_OLD_KEY);
		struct str bad CLEANUP(str_release) = {0};
		str_add(&bad, bytes.bytes, bytes.length);
		bad.bytes[bad.length - 2] ^= 1;
		expect_refused(&rotates, &bad, TEXTS - 1, " is not the one that cfprov wrote");
		expect_refused(&sealing, &bytes, 0, "with a different key (id ");
		expect_refused(&none, &bytes, 0, "and no key is set");
		if (forms[f] == SEALING_SEALED) {
			expect_refused(&shows, &bytes, 0, "and no key is set");
			expect_refused(&accepts, &bytes, 0, "with a different key (id ");
		} else {
			expect_read(&shows, &bytes, TEXTS, SEALING_UNVERIFIED);
			expect_read(&accepts, &bytes, TEXTS, SEALING_FOREIGN);
		}
	}
}

/* What could not be written is written again with a copy of the writer as it was before. */
static void a_write_that_failed(void **state)
{
	struct keys keys CLEANUP(keys_release) = keys_of(RAW, NULL);
	const struct sealing sealing = {.keys = &keys};
	const struct state made = {.serial = 4, .lineage = LINEAGE};
	struct chain_writer writer CLEANUP(chain_release) = {0};
	struct str bytes CLEANUP(str_release) = {0}, lost CLEANUP(str_release) = {0};
	struct error err = {0};

	(void)state;
	assert_true(chain_begin(&writer, &sealing, &made, &bytes, &err));
	chain_add(&writer, texts[0], strlen(texts[0]), &bytes);
	struct chain_writer before = writer;
	chain_add(&writer, texts[2], strlen(texts[2]), &lost);
	writer = before;
	chain_add(&writer, texts[1], strlen(texts[1]), &bytes);
	expect_read(&sealing, &bytes, 2, SEALING_TRUSTED);
	chain_release(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(torn_at_every_byte),
		cmocka_unit_test(flipped_at_every_bit),
		cmocka_unit_test(dropped_swapped_repeated),
		cmocka_unit_test(taken_from_another),
		cmocka_unit_test(forged_first_line),
		cmocka_unit_test(keys_are_not_mixed),
		cmocka_unit_test(a_write_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
