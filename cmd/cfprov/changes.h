/*
 * What changes in a secret, field by field, in words: by a row's action, or outside of cfprov. A
 * value is only ever called a sensitive one, and nothing derived from it is shown either.
 *
 *     struct changes changes CLEANUP(changes_release) = {0};
 *     changes_of_row(&changes, row);
 *     str_text_add(&text, str_text(&changes.lines));
 *
 * Stores have no fields, so nothing in them can change.
 */
#ifndef CFPROV_CHANGES_H
#define CFPROV_CHANGES_H

#include "base/str.h"
#include "plan/drift.h"

/* Both fit to be printed: "value", "(sensitive) from env V, changed at its source". */
struct change_field {
	const char *name, *text;
};

struct changes {
	struct str lines;  /* a line for each field, for people on stdout */
	struct str phrase; /* "value from env V, changed at its source; scopes: workers -> dex" */
	/* Of a row: its reason, unless the phrase or a note says the same; or NULL. */
	const char *reason;
	/* Call people by their e-mail address: on a terminal and with -json only, as anything else
	 * that is printed may be kept. */
	bool names_people;
	struct arena arena;
	struct change_field *fields; /* those of the lines */
	size_t field_count, field_room;
};

void changes_release(struct changes *changes);

/* What the action writes, of a new secret only what differs from the usual. The phrase begins with
 * the row's reasons: "it was OLD; `moved` in the manifest says so; comment: …". */
void changes_of_row(struct changes *changes, const struct row *row);

void changes_of_drift(struct changes *changes, const struct drift *drift);

/* What the state learns of an object that still exists, besides its drift (NULL: it has none). */
void changes_of_learned(struct changes *changes, const struct row *row, const struct drift *drift);

/* Which changes: as a plan may show first what destroys. */
enum change_filter {
	CHANGES_ALL,
	CHANGES_THAT_DESTROY,
	CHANGES_THAT_KEEP,      /* all others, which are these two: */
	CHANGES_THAT_OVERWRITE, /* values that cfprov did not write (guard_overwrites) */
	CHANGES_THAT_LOSE_NOTHING,
};

/* One change; or many secrets of one store that are destroyed with it and have nothing to show. */
struct change_group {
	enum change_filter filter;
	size_t next; /* where to continue; start with 0 */
	const struct row *first;
	struct object object; /* of the first; of a group, with a star as the secret's name */
	size_t count;
};

/* Moves to the next change of the plan, or group of them; false: there is none. */
bool changes_next(struct change_group *group, const struct plan *plan);

/* Adds the names of a group's secrets: "A, B, C". */
void changes_add_names(struct str *out, const struct change_group *group);

/* Adds what follows an address: " (was OLD)", " (with its store)"; mostly nothing. */
void changes_add_aside(struct str *out, const struct change_group *group);

#endif
