/*
 * How the commands print a plan and what happens: for people, in another format of a plan, or as a
 * stream for machines. The options decide once, in output_init; the commands don't ask.
 *
 *     struct output output CLEANUP(output_release);
 *     if (!output_init(&output, cli)) …
 *     session_init(&session, cli, &output.sink);
 *     output_plan(&output, &view);
 */
#ifndef CFPROV_OUTPUT_H
#define CFPROV_OUTPUT_H

#include "progress.h"
#include "view.h"

struct output {
	enum cli_format format; /* of a plan */
	bool is_stream;
	struct event_sink sink; /* pass this to the library */
	struct progress progress;
};

/* False: the options contradict one another; that was reported. */
bool output_init(struct output *output, const struct cli *cli) MUST_CHECK;
void output_release(struct output *output);

void output_plan(const struct output *output, const struct plan_view *view);

/* Right before a saved plan is applied: people saw it when it was saved. */
void output_saved_plan(const struct output *output, const struct plan_view *view);

/* Once more at the end, what failed. In a stream each failure was reported where it happened. */
void output_failures(const struct output *output);

/* How a run ended: not all was done, or all. */
void output_incomplete(const struct output *output, const char *text);
void output_complete(const struct output *output, bool destroys, const struct plan_counts *done);

#endif
