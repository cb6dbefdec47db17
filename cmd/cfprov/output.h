/*
 * How the commands print a plan and what happens: for people, in another format of a plan, or as a
 * stream for machines. The options decide once, in output_init; the commands don't ask.
 *
 *     struct output output CLEANUP(output_release);
 *     if (!output_init(&output, cli)) …
 *     session_init(&session, cli, &output.sink);
 *     output.form->plan(&view);
 */
#ifndef CFPROV_OUTPUT_H
#define CFPROV_OUTPUT_H

#include "apply/executor.h"
#include "progress.h"
#include "view.h"

struct output;

struct output_form {
	void (*plan)(const struct plan_view *view);
	void (*saved_plan)(const struct plan_view *view); /* right before it is applied */
	void (*failures)(const struct output *output);    /* once more, at the end */
	void (*incomplete)(const char *text);             /* not all was done */
	void (*complete)(enum planning_mode mode, const struct plan_counts *done);
};

struct output {
	const struct output_form *form;
	struct event_sink sink; /* hand this to the library */
	struct progress progress;
};

/* False: the options contradict one another; that was reported. */
bool output_init(struct output *output, const struct cli *cli) MUST_CHECK;
void output_release(struct output *output);

#endif
