/*
 * Work that is done later in the world, whether or not anybody still waits for it. main.c lets it
 * run when it is due.
 *
 *     later_add(&sim->later, 200, (struct later_work){run, release, context});
 *     us = later_run(&sim->later, sim);               and again in us microseconds at the latest
 */
#ifndef CFSIM_LATER_H
#define CFSIM_LATER_H

#include "delay.h"

struct sim;

struct later_work {
	void (*run)(struct sim *sim, void *context);
	void (*release)(void *context); /* after run, or in its place */
	void *context;
};

struct later {
	struct delays delays;
	size_t waiting, done;
};

/* Takes the work, to be done in `ms` milliseconds. */
void later_add(struct later *later, int64_t ms, struct later_work work);

/* Does what is due. Gives in how many microseconds the next will be, or -1. */
int64_t later_run(struct later *later, struct sim *sim);

/* Does everything now, in its order. */
void later_run_all(struct later *later, struct sim *sim);

/* Drops everything. */
void later_clear(struct later *later);

#endif
