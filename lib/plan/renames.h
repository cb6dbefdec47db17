/*
 * The names that secrets had, and will have: `moved` in the manifest, from address to address, and
 * on from there. Moves stay in a manifest for states that have not seen the first ones. Pure.
 */
#ifndef PLAN_RENAMES_H
#define PLAN_RENAMES_H

#include "model/model.h"

struct table;

/* Start with {0}; renames_release at the end. */
struct renames {
	struct table *by_from, *by_to; /* addresses; keep the model's texts */
};

/* Ignores what no manifest has: moves in a circle, to another store, or of one name twice. */
void renames_init(struct renames *renames, const struct model *desired);
void renames_release(struct renames *renames);

/* Lends what `others` knows of the secret under its last older name; NULL: nothing. */
const struct object *renames_older(
	const struct renames *renames, const struct object *object, const struct model *others);

/* The same under its next newer name. */
const struct object *renames_newer(
	const struct renames *renames, const struct object *object, const struct model *others);

/*
 * Lends what is recorded of the value that a desired secret has now: under its own name if it
 * exists there as recorded, else under the last older name at which it does; else NULL.
 */
const struct object *renames_original(const struct renames *renames, const struct object *desired,
	const struct model *recorded, const struct model *live);

/* Gives a secret its older, or its newer name. False: it has none. */
bool renames_step_back(const struct renames *renames, struct object *object);
bool renames_step_on(const struct renames *renames, struct object *object);

#endif
