/*
 * What a plan tells besides its changes, as entries for a list in Markdown or HTML: one for each
 * object, with a symbol, a word or two, and a phrase. All texts are fit to be printed.
 */
#ifndef CFPROV_ENTRIES_H
#define CFPROV_ENTRIES_H

#include "term.h"
#include "view.h"

struct entry {
	const char *symbol, *word; /* "~", "update state" */
	enum term_style style;
	const struct object *object;
	const char *phrase; /* "has been deleted (was ID)"; "" if there is nothing to say */
};

/* Lends the entry until it returns. */
typedef void entry_fn(void *context, const struct entry *entry);

/* What the state learns with -refresh-only; without it, nothing. */
void entries_learned(const struct plan_view *view, entry_fn *add, void *context);

/* What moves in the state. */
void entries_moved(const struct plan_view *view, entry_fn *add, void *context);

/* What changed outside of cfprov, unless the reason of a change says the same. */
void entries_of_drift(const struct plan_view *view, entry_fn *add, void *context);

/* The values that -values=none leaves alone, and where they come from. */
void entries_not_compared(const struct plan_view *view, entry_fn *add, void *context);

#endif
