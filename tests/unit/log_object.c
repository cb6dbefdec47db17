/* The first line of an object of the log: short, whatever others wrote into the one before. */
#include "state/log_object.h"

#include "unit.h"

/* Encodes a head with this text everywhere, and the most numbers that it may have. */
static void encode(const char *text, struct str *out)
{
	struct log_head head = {.kind = LOG_HINT,
		.serial = INT64_C(9007199254740991),
		.epoch = INT64_C(9007199254740991),
		.oldest = INT64_C(9007199254740991),
		.oldest_epoch = INT64_C(9007199254740991),
		.nonce = text,
		.who = text,
		.operation = text,
		.created = text,
		.proved = text,
		.is_broken = true,
		.left_count = LOG_LEFT_LIMIT};

	for (size_t i = 0; i < LOG_LEFT_LIMIT; i++)
		head.left[i] = INT64_C(9007199254740991);
	log_object_encode(&head, out);
}

static void heads_stay_short(void **state)
{
	static const char *const letters[] = {"x", "\"", "\\", "\x01", "\u2603", "\U0001d400",
		"\u200b", "\u0301", "\U0001f600", "a\u0301", "\xff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		struct str text CLEANUP(str_release) = {0}, out CLEANUP(str_release) = {0};
		struct arena arena CLEANUP(arena_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct log_head head;
		while (text.length < 4000)
			str_text_add(&text, letters[i]);
		encode(str_text(&text), &out);
		if (!log_object_decode("x", &out, &arena, &head, &err))
			fail_msg("%zu: %s", i, err.message);
		assert_int_equal(head.left_count, LOG_LEFT_LIMIT);
		assert_int_equal(head.epoch, INT64_C(9007199254740991));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(heads_stay_short)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
