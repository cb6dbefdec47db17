/*
 * Inside the planner: what is to become of one address, as the three models know it. The table in
 * engine/planner.h says what; this is how.
 */
#ifndef ENGINE_DECIDE_H
#define ENGINE_DECIDE_H

#include "engine/planner.h"

struct planning {
	const struct planner_input *input;
	struct plan *plan;
	struct error_list *errors;
	bool has_store; /* the store last decided on has an action: the one at `store` */
	size_t store;
};

/* One address, as the three models know it; each may be NULL but not desired and recorded both. */
struct trio {
	const struct object *desired, *recorded, *live;
	size_t live_count; /* more than 1: doubles */
	bool is_same;      /* recorded and live are one object */
};

/* A store comes before what is in it. */
void decide(struct planning *p, const struct object *desired, const struct object *recorded);

/* Of what is recorded in an account that the manifest dropped: nobody looks whether it lives. */
void decide_leaving(struct planning *p, const struct object *recorded);

/* Everything from outside goes through here on its way into a sentence. Lends. */
const char *decide_shown(struct planning *p, const char *text);

/* Lends a new error, at the place if there is one. */
struct error *decide_error(struct planning *p, const struct place *place);

#endif
