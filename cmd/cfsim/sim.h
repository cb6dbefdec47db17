/*
 * All that the simulator is while it runs, in one place. main.c makes and releases it; the server
 * reaches it only through the router.
 */
#ifndef CFSIM_SIM_H
#define CFSIM_SIM_H

#include "audit.h"
#include "auth.h"
#include "faults.h"
#include "later.h"
#include "log.h"
#include "options.h"
#include "world.h"

enum { SIM_OPERATIONS = 32 };

struct stats {
	size_t requests; /* for the API, as they arrive; those on the control routes don't count */
	size_t unrouted; /* of them those that met no operation */
	size_t operations[SIM_OPERATIONS]; /* by their place in the router's table */
	size_t connections;
	size_t faults_applied; /* also by faults that were cleared since */
	size_t lists_lagged;   /* lists, or their pages, that were not what exists */
};

struct sim {
	const struct options *options; /* keeps */
	struct auth auth;
	struct world world;
	struct faults faults;
	struct later later;
	struct audit audit;
	struct log log;
	struct stats stats;
};

#endif
