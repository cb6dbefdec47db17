/*
 * What the commands of a manifest may see of the environment, and what their errors may show.
 *
 * Held back from every command: CLOUDFLARE_*, CFPROV_*, and each variable in which a secret of the
 * manifest is. Everything else is passed on, so that password managers find their own sessions.
 *
 *     struct surroundings surroundings CLEANUP(surroundings_release) = {0};
 *     surroundings_hold(&surroundings, "DB_PASSWORD");
 *     char **environment = surroundings_environment(&surroundings, names);
 */
#ifndef SOURCE_SURROUNDINGS_H
#define SOURCE_SURROUNDINGS_H

#include "base/mem.h"
#include "base/scrub.h"
#include "model/model.h"

struct surroundings {
	struct arena arena;
	struct table *held; /* names */
};

/* Holds a variable back, or all that a model names as sources. */
void surroundings_hold(struct surroundings *surroundings, const char *name);
void surroundings_hold_model(struct surroundings *surroundings, const struct model *model);

/*
 * Gives (mem_free) the environment for a command, which lends our own texts and ends with NULL.
 * `let_in` are names that are passed on all the same; NULL: none.
 */
char **surroundings_environment(
	const struct surroundings *surroundings, const char *const *let_in) MUST_CHECK;

/* Adds the values of the credentials and of the variables that are held back by name. */
void surroundings_know(const struct surroundings *surroundings, struct scrub *scrub);

void surroundings_release(struct surroundings *surroundings);

#endif
