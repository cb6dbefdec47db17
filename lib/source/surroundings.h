/*
 * What the commands of a manifest may see of the environment, and what their errors may show.
 *
 * Held back from every command: CLOUDFLARE_*, CFPROV_*, and each variable in which a secret of the
 * manifest is, or a token or key that the policy names. Everything else is passed on, so that
 * password managers find their own sessions.
 *
 *     struct surroundings surroundings CLEANUP(surroundings_release) = {0};
 *     surroundings_hold(&surroundings, "DB_PASSWORD");
 *     surroundings_hide(&surroundings);
 *     char **environment = surroundings_environment(&surroundings, names);
 */
#ifndef SOURCE_SURROUNDINGS_H
#define SOURCE_SURROUNDINGS_H

#include "base/mem.h"
#include "base/scrub.h"
#include "model/location.h"
#include "model/policy.h"

struct surroundings {
	struct arena arena;
	struct table *held;     /* names */
	struct table *was_read; /* names */
	struct table *hidden;   /* names -> where the variable is now, in one of `copies` */
	struct secret *copies;
	size_t copy_count, copy_room;
};

/*
 * Holds a variable back; or all that a model, or a location, names as sources; or all that a policy
 * names for tokens and for the key, unless the pattern is nothing but stars.
 */
void surroundings_hold(struct surroundings *surroundings, const char *name);
void surroundings_hold_model(struct surroundings *surroundings, const struct model *model);
void surroundings_hold_location(struct surroundings *surroundings, const struct location *location);
void surroundings_hold_policy(struct surroundings *surroundings, const struct policy *policy);

/* Holds back a variable whose value was read, and has it wiped at the end. */
void surroundings_note_read(struct surroundings *surroundings, const char *name);

/*
 * Moves credentials, the key, and what is held back by name into locked memory, where getenv finds
 * them as before. /proc/PID/environ, which root may read of any process, then lacks them. What
 * getenv lent before is wiped: of these variables nothing may keep it. Others that begin with
 * CLOUDFLARE_ or CFPROV_ are settings, which are kept, and stay.
 */
void surroundings_hide(struct surroundings *surroundings);

/*
 * Gives (mem_free) the environment for a command, which lends our own texts and ends with NULL.
 * `let_in` are names that are passed on all the same; NULL: none.
 */
char **surroundings_environment(
	const struct surroundings *surroundings, const char *const *let_in) MUST_CHECK;

/* Adds the values of the credentials and of the variables that are held back by name. */
void surroundings_know(const struct surroundings *surroundings, struct scrub *scrub);

/* Wipes the variables that were read or hidden, and removes them from the environment. */
void surroundings_release(struct surroundings *surroundings);

#endif
