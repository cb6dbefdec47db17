/*
 * How plan, apply, destroy and refresh tell of their work: to people, or with -json to machines.
 * Which it is, is decided once, by voice_init; the commands don't ask.
 *
 *     struct voice voice CLEANUP(voice_release);
 *     if (!voice_init(&voice, cli)) …
 *     session_init(&session, cli, &voice.sink);
 *     voice.form->plan(&view);
 */
#ifndef CFPROV_VOICE_H
#define CFPROV_VOICE_H

#include "apply/executor.h"
#include "progress.h"
#include "view.h"

struct voice;

struct voice_form {
	void (*on_event)(void *voice, const struct event *event);
	void (*plan)(const struct plan_view *view);       /* that was made now, or is asked for */
	void (*saved_plan)(const struct plan_view *view); /* that is about to be carried out */
	void (*failures)(const struct voice *voice);      /* once more, at the end */
	void (*incomplete)(const char *text);             /* not all was done */
	void (*complete)(enum planning_mode mode, const struct plan_counts *done);
};

struct voice {
	const struct voice_form *form;
	struct event_sink sink; /* hand this to the library */
	struct progress progress;
};

/* False: the options contradict one another; that was said. */
bool voice_init(struct voice *voice, const struct cli *cli) MUST_CHECK;
void voice_release(struct voice *voice);

#endif
