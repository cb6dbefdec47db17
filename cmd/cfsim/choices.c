#include "choices.h"

#include "base/mdoc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHOICES = 4 };

/* The first choice is the default. */
static const struct {
	const char *name, *choices[MOST_CHOICES], *help;
} table[CHOICES] = {
	[CHOICE_SECRET_EXISTS_STATUS] = {"secret-exists-status", {"400", "409"},
		"HTTP status of secret_name_already_exists"},
	[CHOICE_ERROR_DETAILS] = {"error-details", {"present", "absent"},
		"whether errors name the existing secret, and the limit"},
	[CHOICE_BATCH] = {"batch", {"atomic", "partial"},
		"whether a batch with an invalid secret creates none, or those before it"},
	[CHOICE_BULK_DELETE_UNKNOWN] = {"bulk-delete-unknown", {"error", "ignore"},
		"what a bulk delete does about an unknown id"},
	[CHOICE_CLEAR_COMMENT] = {"clear-comment", {"both", "empty", "null"},
		"what clears a comment: an empty text, null, or both"},
	[CHOICE_NO_COMMENT] = {"no-comment", {"absent", "null"},
		"how an answer shows a secret without a comment"},
	[CHOICE_DUPLICATE_COMMENT] = {"duplicate-comment", {"none", "copied"},
		"comment of a duplicate whose request has none"},
	[CHOICE_EMPTY_VALUE] = {"empty-value", {"reject", "accept"},
		"what happens to a secret with an empty value"},
	[CHOICE_STORE_NOT_EMPTY_CODE] = {"store-not-empty-code", {"1003", "1001", "1004"},
		"error code of store_not_empty"},
	[CHOICE_NOOP_PATCH] = {"noop-patch", {"bump", "keep"},
		"whether a PATCH that changes nothing sets `modified`"},
	[CHOICE_ACTIVATION] = {"activation", {"keep", "bump"},
		"whether `modified` changes when a pending secret becomes active"},
	[CHOICE_NO_ROUTE_STATUS] = {"no-route-status", {"400", "404"},
		"HTTP status of the errors 7000 and 7003"},
	[CHOICE_STORE_NAMES] = {"store-names", {"any", "unique"},
		"whether two stores of an account may have the same name"},
	[CHOICE_TOTAL_COUNT] = {"total-count", {"present", "absent"},
		"whether result_info has total_count"},
	[CHOICE_TOTAL_PAGES] = {"total-pages", {"present", "absent"},
		"whether result_info has total_pages"},
	[CHOICE_PER_PAGE] = {"per-page", {"20", "10", "50"}, "items on a page, if not requested"},
	[CHOICE_ACCOUNT_IDS] = {"account-ids", {"hex", "any"},
		"whether account ids are 32 hex digits, or any name, for tests"},
	[CHOICE_RETRY_AFTER] = {"retry-after", {"seconds", "date", "absent"},
		"form of Retry-After in a 429 of --rate-limit"},
};

void choices_init(struct choices *choices)
{
	for (size_t i = 0; i < CHOICES; i++)
		choices->chosen[i] = table[i].choices[0];
}

static const char *find(size_t name, const char *choice)
{
	for (size_t i = 0; i < MOST_CHOICES && table[name].choices[i]; i++)
		if (strcmp(table[name].choices[i], choice) == 0)
			return table[name].choices[i];
	return NULL;
}

bool choices_set(struct choices *choices, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : strlen(text);

	for (size_t i = 0; i < CHOICES; i++) {
		if (strlen(table[i].name) != length || memcmp(table[i].name, text, length) != 0)
			continue;
		const char *found = equals ? find(i, equals + 1) : NULL;
		if (!found)
			return error_set(
				err, "--answer %s does not have this choice", table[i].name);
		choices->chosen[i] = found;
		return true;
	}
	return error_set(err, "--answer does not have \"%.*s\"", (int)length, text);
}

bool choice_is(const struct choices *choices, enum choice_name name, const char *choice)
{
	assert(find(name, choice));
	return strcmp(choices->chosen[name], choice) == 0;
}

unsigned choice_number(const struct choices *choices, enum choice_name name)
{
	return (unsigned)strtoul(choices->chosen[name], NULL, 10);
}

/* NAME=FIRST|SECOND */
static void add_choices(struct str *out, size_t name)
{
	str_format(out, "%s=", table[name].name);
	for (size_t c = 0; c < MOST_CHOICES && table[name].choices[c]; c++)
		str_format(out, "%s%s", c ? "|" : "", table[name].choices[c]);
}

void choices_describe(struct str *out)
{
	for (size_t i = 0; i < CHOICES; i++) {
		struct str line CLEANUP(str_release) = {0};
		add_choices(&line, i);
		str_format(out, "  %-36s %s\n", str_text(&line), table[i].help);
	}
}

void choices_add_table(struct str *out)
{
	for (size_t i = 0; i < CHOICES; i++) {
		struct str line CLEANUP(str_release) = {0};
		add_choices(&line, i);
		str_text_add(out, ".It Cm ");
		mdoc_add_word(out, str_text(&line));
		str_char(out, '\n');
		mdoc_add_sentence(out, table[i].help);
	}
}
