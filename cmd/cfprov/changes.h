/*
 * What changes in a secret, field by field, in words: of an action, or outside of cfprov. A value
 * is only ever called a sensitive one; nothing that is derived from it is shown either.
 *
 *     struct changes changes CLEANUP(changes_release) = {0};
 *     changes_of_action(&changes, action);
 *     changes_add_lines(&text, &changes);
 *
 * Of stores nothing can change: they have no fields.
 */
#ifndef CFPROV_CHANGES_H
#define CFPROV_CHANGES_H

#include "base/str.h"
#include "model/plan.h"

struct change_text {
	const char *field; /* "scopes" */
	char *text;        /* "workers -> dex", fit to be printed */
};

struct changes {
	struct change_text items[3];
	size_t count;
	/* Call people by their e-mail address: on a terminal and with -json, as what else is
	 * printed may be kept anywhere. */
	bool names_people;
};

void changes_release(struct changes *changes);

/* What an action writes that is worth a look: of what is created, what is not as usual. */
void changes_of_action(struct changes *changes, const struct action *action);

/* What else was done to the same object. `is_left`: the plan does nothing about its value. */
void changes_of_drift(struct changes *changes, const struct drift *drift, bool is_left);

/* What the state learns of an object that is still there, and that no action is about. */
void changes_of_refresh(struct changes *changes, const struct refresh *refresh);

/* Does the plan leave the value as somebody else has written it? */
bool changes_leave_value(const struct plan *plan, const struct drift *drift);

/* A line each, for people on stdout; folded on a terminal. */
void changes_add_lines(struct str *out, const struct changes *changes);

/* "value: its value has changed; scopes: workers -> dex"; nothing, if there are none. */
void changes_add_phrase(struct str *out, const struct changes *changes);

/* Why, and what: "it was OLD; `moved` in the manifest says so; comment: …"; or nothing. */
void changes_add_why(struct str *out, const struct action *action);

/* Does what is shown of its fields, or of where it goes, say the action's reason already? */
bool changes_say_reason(const struct action *action);

/*
 * How many actions from `from` on, one at least, are secrets that go with their store and of which
 * nothing else is to be said. They are of one store and one kind.
 */
size_t changes_count_along(const struct plan *plan, size_t from);

#endif
