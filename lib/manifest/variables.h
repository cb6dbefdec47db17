/*
 * Variables of a manifest: -var NAME=VALUE, then CFPROV_VAR_NAME, then NAME in the environment.
 * And what refers to them in a text: ${NAME}, ${NAME:-default}, ${NAME:?message}; $$ is a dollar
 * sign, and a $ before anything else is just that. A default is plain text, taken as it stands.
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

/* All that variables put into manifests together, so that a few bytes can't become gigabytes. */
enum { VARIABLES_SIZE_LIMIT = 64 << 20 };

struct variables {
	struct arena arena;
	struct variable *items; /* as given */
	size_t count;
	struct table *table; /* name -> struct variable; the last of a name counts */
	const char **asked;  /* the names that the manifest has asked for, each once */
	size_t asked_count, asked_room;
	struct table *known; /* those, by name */
	size_t expanded_bytes;
};

/* Is it NAME=VALUE, with a name of letters, digits and _ that starts with no digit? */
bool variables_is_pair(const char *pair) MUST_CHECK;

/* Copies pairs for which variables_is_pair holds. */
void variables_init(struct variables *variables, const char *const *pairs, size_t count);
void variables_release(struct variables *variables);

/*
 * Adds the text with every reference replaced. False: what is wrong was added to *problems, as
 * errors without a place; *out is then of no use.
 */
bool variables_expand(struct variables *variables, const char *text, struct str *out,
	struct error_list *problems) MUST_CHECK;

/* Adds an error for each variable of -var that nothing has asked for: it was mistyped. */
bool variables_check_used(const struct variables *variables, struct error_list *errors) MUST_CHECK;

#endif
