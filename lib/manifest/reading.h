/*
 * Inside manifest/: documents of the right shape become a model, topic by topic (accounts here,
 * stores in manifest/manifest, secrets in manifest/secrets, moves
 * and removals in manifest/changes). What is wrong now is between
 * keys or between files, so errors show a second place.
 */
#ifndef MANIFEST_READING_H
#define MANIFEST_READING_H

#include "adapter/table.h"
#include "manifest/documents.h"
#include "model/model.h"

struct reading {
	struct documents *documents;
	struct model *model;
	struct error_list *errors, *warnings;
	const char **files;    /* of each document, in the model's arena: for places */
	struct table *written; /* texts that variables brought -> how the file has them */
};

/* A node with the document that it is in. */
struct spot {
	size_t document;
	const struct yaml *node;
};

/* Walks the values that a top-level key has in the documents, from {0}; false: no more. */
bool reading_next(const struct reading *r, const char *key, struct spot *spot) MUST_CHECK;

struct place reading_place(const struct reading *r, size_t document, const struct yaml *node);

/*
 * Lends a new error at the node, or at a place that came from reading_place, of which so many
 * characters are meant.
 */
struct error *reading_error(struct reading *r, size_t document, const struct yaml *node);
struct error *reading_error_at(struct reading *r, const struct place *place, size_t columns);

/* "FILE:LINE", fit to be shown; lent by the model's arena. */
const char *reading_where(struct reading *r, const struct place *place);

/* Does the map have this key with this text? */
bool reading_says(const struct yaml *map, const char *key, const char *text);

/* Remembers how the file has a text; `written` NULL: as it is. The reading keeps `text`. */
void reading_note(struct reading *r, const char *written, const char *text);

/* Lends how the file has a text of the model: what variables brought is not shown. */
const char *reading_shown(const struct reading *r, const char *text);

/* Adds to a new error that there is no account of this alias. */
void reading_unknown_alias(const struct reading *r, const char *alias, struct error *err);

#endif
