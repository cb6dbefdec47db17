/*
 * How the commands print a plan and what happens: for people, in another format of a plan, or as a
 * stream for machines. The options decide; the commands don't ask.
 */
#ifndef CFPROV_OUTPUT_H
#define CFPROV_OUTPUT_H

#include "term.h"
#include "view.h"

/* Comes first. False: the options contradict one another; that was reported. */
bool output_init(struct session *session) MUST_CHECK;

void output_plan(const struct session *session, const struct plan_view *view);

/* Right before a saved plan is applied: people saw it when it was saved. */
void output_saved_plan(const struct session *session, const struct plan_view *view);

/* Once more at the end, what failed. In a stream each failure was reported where it happened. */
void output_failures(const struct session *session);

/* How a run ended: not all was done, or all. */
void output_incomplete(const struct session *session, enum term_style style, const char *text);
void output_complete(const struct session *session, const struct plan_counts *done);

#endif
