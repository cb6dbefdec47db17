/*
 * Inside manifest/: documents of a valid shape become a model, topic by topic. What is wrong now
 * is between keys or between files, so errors show a second place. What variables brought is not
 * shown: errors have the text as it is in the file.
 */
#ifndef MANIFEST_READING_H
#define MANIFEST_READING_H

#include "adapter/table.h"
#include "manifest/documents.h"
#include "model/location.h"

/* Stores and secrets, each counted in every account that has it. */
enum { READING_OBJECT_LIMIT = 1000000 };

struct reading {
	struct documents *documents;
	struct model *model;
	struct error_list *errors, *warnings;
	struct arena arena; /* what the model does not need */
	const char **files; /* of each document, in the model's arena: for places */
	bool is_too_large;  /* the limit was exceeded, which was reported */
};

/* A node with the document that it is in. */
struct spot {
	size_t document;
	const struct yaml *node;
};

/* Gives the spot of another node of the same document. */
static inline struct spot spot_of(struct spot at, const struct yaml *node)
{
	return (struct spot){at.document, node};
}

/* Walks the values that a top-level key has in the documents, from {0}; false: no more. */
bool reading_next(const struct reading *r, const char *key, struct spot *spot) MUST_CHECK;

/* The topics. Each adds to the model, and its errors to the reading. */

/* `default_account_id` (may be NULL) counts if no document names an account. */
void accounts_read(struct reading *r, const char *default_account_id);
/* Stores and their secrets. The accounts are there. */
void stores_read(struct reading *r);
/* `moved` and `removed`. Accounts and objects are there, sorted. */
void changes_read(struct reading *r);

/* Where `state` says that the state is kept. Its texts are in the model's arena. */
void location_read(struct reading *r, struct location *ret_location);

/*
 * Lends, by the model's arena, what a reference to a secret says: {env: NAME} and the like. Paths,
 * and the folder of a command, are relative to the manifest's file. Nothing is opened or run.
 */
struct value_source reference_read(struct reading *r, struct spot at) MUST_CHECK;

/* Lends, by the model's arena, a path that is relative to a document's file. */
const char *reading_path(struct reading *r, size_t document, const char *path);

struct place reading_place(const struct reading *r, struct spot at);

/* Lends a new error at the node; or at its beginning, of which so many characters are meant. */
struct error *reading_error(struct reading *r, struct spot at);
struct error *reading_error_at(struct reading *r, struct spot at, size_t columns);

/* "FILE:LINE", fit to be shown; lent until the reading ends. */
const char *reading_where(struct reading *r, struct place place);

/* Lends the spot that came first with this key; NULL: this one did. */
const struct spot *reading_first(
	struct reading *r, struct table **seen, const char *key, struct spot at);

/* How many items the list has; NULL: none. */
size_t reading_count(const struct yaml *list);

/* Does the map have this key with this text? */
bool reading_says(const struct yaml *map, const char *key, const char *text);

/* Lends the text of a scalar as the file has it, until the reading ends. */
const char *reading_shown(struct reading *r, const struct yaml *node);

/* The same of a scalar that repeats another one: a variable may have brought either of them. */
const char *reading_shown_again(
	struct reading *r, const struct yaml *node, const struct yaml *first);

/* Adds to a new error that no account has this alias, which is in the text of the node. */
void reading_unknown_alias(
	struct reading *r, const char *alias, const struct yaml *node, struct error *err);

#endif
