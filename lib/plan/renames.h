/*
 * Renames of secrets by `moved` in the manifest. They chain: a manifest keeps old entries for
 * states in which the secret still has an older name. Pure.
 */
#ifndef PLAN_RENAMES_H
#define PLAN_RENAMES_H

#include "model/model.h"

struct table;

/* Start with {0}; renames_release at the end. */
struct renames {
	struct table *by_from, *by_to; /* addresses; keep the model's texts */
};

/* Ignores what no manifest contains: circles, moves to another store, one name twice. */
void renames_init(struct renames *renames, const struct model *desired);
void renames_release(struct renames *renames);

/* Lends the secret from `others` under its most recent older name there; or NULL. */
const struct object *renames_older(
	const struct renames *renames, const struct object *object, const struct model *others);

/* The same under its first newer name there. */
const struct object *renames_newer(
	const struct renames *renames, const struct object *object, const struct model *others);

/*
 * Lends the recorded secret that has the desired one's value: under the desired name if that one
 * still exists as recorded, else under the most recent older name that does; else NULL.
 */
const struct object *renames_original(const struct renames *renames, const struct object *desired,
	const struct model *recorded, const struct model *live);

/* Renames the secret to its next older, or newer, name. False: it has none. */
bool renames_step_back(const struct renames *renames, struct object *object);
bool renames_step_on(const struct renames *renames, struct object *object);

#endif
