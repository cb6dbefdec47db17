/* What tests of manifests share: a manifest in memory is read, or refused. */
#ifndef TESTS_UNIT_READING_H
#define TESTS_UNIT_READING_H

#include "manifest/manifest.h"

#include "unit.h"

/* What stands before the secrets of a store; errors count its lines. */
#define HEAD "account_id: 985e105f4ecef8ad9ca31a8372d0c353\nstores:\n- name: s\n  secrets:\n"

static inline bool decode(const char *text, struct model *desired, struct error_list *errors)
{
	struct str bytes CLEANUP(str_release) = {0};

	str_text_add(&bytes, text);
	return manifest_decode("in/x.yaml", &bytes, NULL, desired, errors);
}

/* Reads a manifest that is right. */
static inline void read_good(const char *text, struct model *desired)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!decode(text, desired, &errors))
		fail_msg("refused: %s: %s", text, errors.items[0].message);
}

/* Lends the secret of a manifest whose only store has just this one. */
static inline const struct object *read_one(const char *secret, struct model *desired)
{
	struct str text CLEANUP(str_release) = {0};

	str_format(&text, "%s  - %s\n", HEAD, secret);
	read_good(str_text(&text), desired);
	assert_int_equal(desired->object_count, 2);
	assert_int_equal(desired->objects[0].kind, OBJECT_STORE);
	assert_int_equal(desired->objects[1].kind, OBJECT_SECRET);
	return &desired->objects[1];
}

/* The first error of a manifest says this, at LINE:COLUMN; there are so many. */
static inline void refuse(const char *text, const char *place, const char *message, size_t count)
{
	struct model desired = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	char found[64];

	if (decode(text, &desired, &errors))
		fail_msg("accepted: %s", text);
	assert_int_equal(desired.object_count, 0);
	const struct error *err = &errors.items[0];
	expect_text(err->message, message);
	snprintf(found, sizeof(found), "%zu:%zu", err->line, err->column);
	if (strcmp(found, place) != 0)
		fail_msg("%s: %s at %s", text, err->message, found);
	if (errors.count != count)
		fail_msg("%zu errors: %s: %s", errors.count, text,
			errors.items[errors.count - 1].message);
	assert_non_null(err->snippet);
}

struct wrong {
	const char *part, *place, *message;
};

/* Each stands in the manifest where `format` has its %s, and is all that is wrong there. */
static inline void refuse_all(const char *format, const struct wrong *wrong, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str text CLEANUP(str_release) = {0};
		const char *at = strstr(format, "%s");
		str_add(&text, format, (size_t)(at - format));
		str_text_add(&text, wrong[i].part);
		str_text_add(&text, at + 2);
		refuse(str_text(&text), wrong[i].place, wrong[i].message, 1);
	}
}

#endif
