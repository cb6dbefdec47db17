#include "choices.h"

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
		"do errors say which secret exists already, and how many may"},
	[CHOICE_BATCH] = {"batch", {"atomic", "partial"},
		"a batch of secrets with a bad one makes none, or those before it"},
	[CHOICE_BULK_DELETE_UNKNOWN] = {"bulk-delete-unknown", {"error", "ignore"},
		"a bulk delete with an unknown id"},
	[CHOICE_CLEAR_COMMENT] = {"clear-comment", {"both", "empty", "null"},
		"what clears a comment: \"\", null or both; the other changes nothing"},
	[CHOICE_NO_COMMENT] = {"no-comment", {"absent", "null"},
		"how an answer shows that there is no comment"},
	[CHOICE_DUPLICATE_COMMENT] = {"duplicate-comment", {"none", "copied"},
		"the comment of a duplicate whose request has none"},
	[CHOICE_EMPTY_VALUE] = {"empty-value", {"reject", "accept"},
		"a secret with an empty value"},
	[CHOICE_STORE_NOT_EMPTY_CODE] = {"store-not-empty-code", {"1003", "1001", "1004"},
		"error code of store_not_empty"},
	[CHOICE_NOOP_PATCH] = {"noop-patch", {"bump", "keep"},
		"does a PATCH that changes nothing change `modified`"},
	[CHOICE_ACTIVATION] = {"activation", {"keep", "bump"},
		"does `modified` change when a pending secret becomes active"},
	[CHOICE_NO_ROUTE_STATUS] = {"no-route-status", {"400", "404"},
		"HTTP status of the errors 7000 and 7003"},
	[CHOICE_STORE_NAMES] = {"store-names", {"any", "unique"},
		"may two stores of an account have one name"},
	[CHOICE_TOTAL_COUNT] = {"total-count", {"present", "absent"},
		"does result_info have total_count"},
	[CHOICE_TOTAL_PAGES] = {"total-pages", {"present", "absent"},
		"does result_info have total_pages"},
	[CHOICE_PER_PAGE] = {"per-page", {"20", "10", "50"}, "items on a page, if not asked for"},
	[CHOICE_ACCOUNT_IDS] = {"account-ids", {"hex", "any"},
		"an account id is 32 hex digits, else 7003; any: short names, for tests"},
	[CHOICE_RETRY_AFTER] = {"retry-after", {"seconds", "date", "absent"},
		"Retry-After of a 429 by --rate-limit"},
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
			return error_set(err, "--answer %s has no such choice", table[i].name);
		choices->chosen[i] = found;
		return true;
	}
	return error_set(err, "--answer has no \"%.*s\"", (int)length, text);
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

void choices_describe(struct str *out)
{
	for (size_t i = 0; i < CHOICES; i++) {
		struct str line CLEANUP(str_release) = {0};
		str_format(&line, "  %s=", table[i].name);
		for (size_t c = 0; c < MOST_CHOICES && table[i].choices[c]; c++)
			str_format(&line, "%s%s", c ? "|" : "", table[i].choices[c]);
		str_format(out, "%-38s %s\n", str_text(&line), table[i].help);
	}
}
