/*
 * Which secret is to be which from now on: `moved` in the manifest, from address to address, and on
 * from there: moves stay in a manifest for states that have not seen the first ones. Pure.
 */
#ifndef PLAN_RENAMES_H
#define PLAN_RENAMES_H

#include "model/model.h"

struct table;

/* Start with {0}; renames_release at the end. */
struct renames {
	struct table *by_from, *by_to; /* addresses; keep the model's texts */
};

void renames_init(struct renames *renames, const struct model *desired);
void renames_release(struct renames *renames);

/* Lends what `others` knows of the secret under the last name that it had before; NULL: nothing. */
const struct object *renames_former(
	const struct renames *renames, const struct object *object, const struct model *others);

/* The same of the next name that it is to have. */
const struct object *renames_latter(
	const struct renames *renames, const struct object *object, const struct model *others);

/*
 * Lends what is recorded of the value that a desired secret has now: under its name if it lives
 * there as it is recorded, else under the last name before at which it does; else NULL.
 */
const struct object *renames_holder(const struct renames *renames, const struct object *desired,
	const struct model *recorded, const struct model *live);

/*
 * Gives a secret the name that it had before, or the next one that it is to have. False: there is
 * none.
 */
bool renames_back(const struct renames *renames, struct object *object);
bool renames_on(const struct renames *renames, struct object *object);

/* Lends what of a recorded object lives: with its id. NULL: it is gone, or another one. */
const struct object *renames_same(const struct model *live, const struct object *recorded);

#endif
