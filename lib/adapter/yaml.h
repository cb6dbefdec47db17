/*
 * YAML: one document as a tree of nodes that remember where they stand (libyaml, event API).
 *
 * Bounded by itself, whatever the input: depth, and the nodes that aliases expand to. Refused,
 * with the place: a second document, custom tags, keys that are no scalars, a key twice in a map,
 * an alias inside what it names, NUL in a scalar, bytes that are not UTF-8.
 * Scalars stay text: `no`, 1e3 and 2024-01-01 mean what they say until somebody asks for a bool.
 *
 * Merge keys are resolved: the members of the map, or list of maps, that a plain `<<` names are
 * added to its map, in the order named and behind the map's own. A key that the map has wins over
 * a merged one, wherever the `<<` is; of several maps the first one that has the key wins. A merged
 * member keeps the place where it is written.
 *
 *     struct yaml_document doc CLEANUP(yaml_release) = {0};
 *     yaml_parse(&doc, "cfprov.yaml", bytes, length, &errors);
 *     for (const struct yaml *it = doc.root->first; it; it = it->next) ...
 */
#ifndef ADAPTER_YAML_H
#define ADAPTER_YAML_H

#include "adapter/snippet.h"
#include "base/error.h"
#include "base/str.h"

enum { YAML_DEPTH_LIMIT = 32, YAML_NODE_LIMIT = 4000000 };

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	bool is_plain; /* a scalar without quotes: `true` may be a bool, "true" not */
	bool is_key;
	bool is_spoilt;         /* its text is not what was meant, and that has been said */
	bool is_in_braces;      /* in a map in {}, or deeper in one */
	size_t line, column;    /* from 1; columns count characters */
	size_t columns;         /* how many it takes in its line; of a map or list: its brace */
	const char *text;       /* of a scalar, else NULL */
	const char *written;    /* where text was put into it: how the file has it; else NULL */
	const struct yaml *key; /* of a member of a map: its key, a scalar; else NULL */
	struct yaml *first;     /* member or item */
	struct yaml *next;
	size_t weight; /* nodes at and below this one, aliases expanded */
};

struct yaml_document {
	struct arena arena;
	struct snippet_text text; /* keeps the file's name and its bytes, for errors */
	struct yaml *root;        /* NULL: there is nothing but comments */
};

/*
 * Parses; `file` and `bytes` must outlive the document. False if anything was added to *errors;
 * then the tree may be incomplete.
 */
bool yaml_parse(struct yaml_document *doc, const char *file, const char *bytes, size_t length,
	struct error_list *errors) MUST_CHECK;
void yaml_release(struct yaml_document *doc);

/* Lends the member of a map, or NULL. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/* Is it a plain null: nothing at all, ~, or null? What was put into a scalar makes no null. */
bool yaml_is_null(const struct yaml *node);

/* Puts another text (copied) into a scalar: it stays one, whatever the text looks like. */
void yaml_put_text(struct yaml_document *doc, struct yaml *node, const char *text);

/* Lends the text of a scalar as the file has it, which is fit to be shown. */
const char *yaml_written(const struct yaml *node);

/*
 * Lends a new error at this node with file, line, column, the line itself and a caret. What
 * belongs to other keys in the line is left out, and so is the value when the key is at fault: it
 * may be a secret. For the same reason errors of syntax show nothing behind a key, and errors about
 * tags and aliases not what follows the ! or *: some passwords begin with these. From
 * ERROR_LIST_MOST on, errors have no line.
 */
struct error *yaml_error(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors);

/* The same, with the node itself left out, too. */
struct error *yaml_error_hidden(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors);

#endif
