/*
 * Variables of a manifest: -var NAME=VALUE, then CFPROV_VAR_NAME; and the references to them in a
 * text: ${NAME}, ${NAME:-default}, ${NAME:?message}. $$ is a dollar sign, and so is a $ before
 * anything else. A default is plain text.
 *
 * ${ACCOUNT_ID} is reserved: where the state has a place for the id of each account, it stays as it
 * is, and elsewhere it is an error.
 *
 * Nothing else of the environment is read: whoever writes a manifest must not be able to have any
 * variable of the runner shown as a name or a comment.
 *
 * Errors name variables and never show their values, which may be secret.
 *
 *     struct variables variables CLEANUP(variables_release);
 *     variables_init(&variables, pairs, count);
 */
#ifndef MANIFEST_VARIABLES_H
#define MANIFEST_VARIABLES_H

#include "adapter/table.h"
#include "base/error.h"
#include "base/str.h"

/* What variables bring in all, so that a few bytes can't become gigabytes. */
enum { VARIABLES_SIZE_LIMIT = 64 << 20 };

struct variables {
	struct arena arena;
	struct table *by_name;         /* -> struct variable */
	struct variable *first, *last; /* those of -var, then others that were asked for */
	size_t expanded_bytes;
	bool keeps_account_id; /* the text that is expanded next may have ${ACCOUNT_ID} */
	/* Without a place, once for each variable: a default was used, although the environment has
	 * a variable of the same name. The caller takes them. */
	struct error_list warnings;
};

/* Is it NAME=VALUE? A name has letters, digits and _, and does not start with a digit. */
bool variables_is_pair(const char *pair) MUST_CHECK;

/* Copies pairs for which variables_is_pair holds. The last of a name counts. */
void variables_init(struct variables *variables, const char *const *pairs, size_t count);
void variables_release(struct variables *variables);

/*
 * Adds the text with every reference replaced. False: adds what is wrong to *problems, as errors
 * without a place; *out is then of no use.
 */
bool variables_expand(struct variables *variables, const char *text, struct str *out,
	struct error_list *problems) MUST_CHECK;

/*
 * Counts every variable that the text mentions as asked for. For files with errors, of which not
 * every text is expanded; nothing can be expanded afterwards.
 */
void variables_ask_all(struct variables *variables, const char *text);

/* Adds an error for each variable of -var that nothing has asked for: it was mistyped. */
bool variables_check_used(const struct variables *variables, struct error_list *errors) MUST_CHECK;

#endif
