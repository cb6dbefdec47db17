/*
 * From a request to its answer: the API's routes under /client/v4, the simulator's own under
 * /_cfsim/, credentials, rate, faults, log.
 */
#ifndef CFSIM_ROUTER_H
#define CFSIM_ROUTER_H

#include "sim.h"

/* Called when the headers are here: chooses the fault. */
void router_open(struct sim *sim, struct request *request);

/* How long the whole request is kept before its work is done. */
int64_t router_latency_ms(const struct sim *sim, const struct request *request);

/* Called when the work is to be done. Fills an answer that holds nothing yet. */
void router_answer(struct sim *sim, struct request *request, struct answer *answer);

/* Writes an object: how often each operation was asked for. */
void router_describe(const struct sim *sim, struct json_writer *writer, const char *key);

#endif
