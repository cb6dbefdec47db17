/*
 * Questions that only a live account could answer. The simulator gives either answer, as it is
 * told by `--answer NAME=CHOICE`, so that a client can be tested against both.
 */
#ifndef CFSIM_CHOICES_H
#define CFSIM_CHOICES_H

#include "base/error.h"
#include "base/str.h"

enum choice_name {
	CHOICE_SECRET_EXISTS_STATUS,
	CHOICE_ERROR_DETAILS,
	CHOICE_BATCH,
	CHOICE_BULK_DELETE_UNKNOWN,
	CHOICE_CLEAR_COMMENT,
	CHOICE_NO_COMMENT,
	CHOICE_DUPLICATE_COMMENT,
	CHOICE_EMPTY_VALUE,
	CHOICE_STORE_NOT_EMPTY_CODE,
	CHOICE_NOOP_PATCH,
	CHOICE_ACTIVATION,
	CHOICE_NO_ROUTE_STATUS,
	CHOICE_STORE_NAMES,
	CHOICE_TOTAL_COUNT,
	CHOICE_TOTAL_PAGES,
	CHOICE_PER_PAGE,
	CHOICE_ACCOUNT_IDS,
	CHOICE_RETRY_AFTER,
	CHOICES
};

/* What was chosen, by name; a new one holds the defaults. */
struct choices {
	const char *chosen[CHOICES]; /* static texts */
};

void choices_init(struct choices *choices);

/* Takes "NAME=CHOICE". */
bool choices_set(struct choices *choices, const char *text, struct error *err) MUST_CHECK;

/* Was this chosen? The text must be one that the table in choices.c has. */
bool choice_is(const struct choices *choices, enum choice_name name, const char *choice);

/* A choice that is a number. */
unsigned choice_number(const struct choices *choices, enum choice_name name);

/* Adds the lines of the help, and of the manual page. */
void choices_describe(struct str *out);
void choices_add_table(struct str *out);

#endif
