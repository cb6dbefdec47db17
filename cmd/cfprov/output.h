/*
 * How plan, apply, destroy and refresh tell of their work: to people, or with -json to machines.
 * Which it is, is decided once, by output_init; the commands don't ask.
 *
 *     struct output output CLEANUP(output_release);
 *     if (!output_init(&output, cli)) …
 *     session_init(&session, cli, &output.sink);
 *     output.form->plan(&view);
 */
#ifndef CFPROV_OUTPUT_H
#define CFPROV_OUTPUT_H

#include "engine/executor.h"
#include "progress.h"
#include "view.h"

struct output;

struct output_form {
	void (*hear)(void *output, const struct event *event);
	void (*plan)(const struct plan_view *view);       /* that was made now, or is asked for */
	void (*saved_plan)(const struct plan_view *view); /* that is about to be carried out */
	void (*failures)(const struct output *output);    /* once more, at the end */
	void (*incomplete)(const char *text);             /* not all was done */
	void (*complete)(enum session_mode mode, const struct plan_counts *done);
};

struct output {
	const struct output_form *form;
	struct event_sink sink; /* hand this to the library */
	struct progress progress;
};

/* False: the options contradict one another; that was said. */
bool output_init(struct output *output, const struct cli *cli) MUST_CHECK;
void output_release(struct output *output);

#endif
