/*
 * YAML: one document as a tree of nodes with their places (libyaml, event API).
 *
 * Depth and the number of nodes that aliases expand to are limited. Refused, with the place: a
 * second document, custom tags, keys that are not scalars, a key twice in a map, an alias inside
 * its own anchor, NUL in a scalar, bytes that are not UTF-8.
 * Scalars are text: `no`, 1e3 and 2024-01-01 have no other meaning until somebody asks for a bool.
 *
 * Merge keys are resolved: the members of the map, or list of maps, that a plain `<<` names follow
 * the map's own, in that order. The map's own keys win over merged ones, wherever the `<<` is, and
 * earlier maps win over later ones. A merged member keeps the place where it is written.
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
	bool is_plain; /* a scalar without quotes: `true` may be a bool, "true" can't */
	bool is_key;
	bool is_spoilt;         /* its text is wrong, which has been reported */
	bool is_in_braces;      /* in a map in {}, at any depth */
	size_t line, column;    /* from 1; columns count characters */
	size_t columns;         /* its length in its line; of a map or list: of the brace */
	const char *text;       /* of a scalar, else NULL */
	const char *written;    /* as in the file, if text was put into it; else NULL */
	const struct yaml *key; /* of a member of a map: a scalar; else NULL */
	struct yaml *first;     /* member or item */
	struct yaml *next;
	size_t weight; /* number of nodes in this tree, aliases expanded */
};

struct yaml_document {
	struct arena arena;
	struct snippet_text text; /* keeps the file's name and bytes, for errors */
	struct yaml *root;        /* NULL: the document is empty */
};

/* Keeps `file` and `bytes`. False: errors were added, and the tree may be incomplete. */
bool yaml_parse(struct yaml_document *doc, const char *file, const char *bytes, size_t length,
	struct error_list *errors) MUST_CHECK;
void yaml_release(struct yaml_document *doc);

/* Lends the member of a map, or NULL. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/* True for a plain null: nothing, ~ or null. Text put into a scalar is never null. */
bool yaml_is_null(const struct yaml *node);

/* Copies other text into a scalar, which stays a scalar. */
void yaml_put_text(struct yaml_document *doc, struct yaml *node, const char *text);

/* Lends the text of a scalar as the file has it, which may be shown. */
const char *yaml_written(const struct yaml *node);

/*
 * Lends a new error at this node with file, line, column, the line itself and a caret. Other keys
 * of the line are left out, and so is the value if the key is wrong, because they may be secrets.
 * For the same reason syntax errors show nothing after a key, and errors about tags and aliases
 * nothing after the ! or *, with which some passwords begin. Beyond ERROR_LIST_MOST there is no
 * line.
 */
struct error *yaml_error(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors);

/* The same without the node itself. */
struct error *yaml_error_hidden(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors);

/* The version of libyaml at run time. */
const char *yaml_version(void);

#endif
