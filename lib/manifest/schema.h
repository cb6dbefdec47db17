/*
 * The shape of a manifest, as tables: which keys there are, of which type, with which texts. All
 * that knows the language reads them: manifest/shape checks a document by them,
 * manifest/interpolate learns where variables may stand, manifest/jsonschema tells editors. There
 * are no functions here, so that nothing can be checked that an editor isn't told.
 */
#ifndef MANIFEST_SCHEMA_H
#define MANIFEST_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/* What a node may be; several with |. */
enum schema_type {
	SCHEMA_TEXT = 1,
	SCHEMA_BOOL = 2,    /* plain true or false */
	SCHEMA_MAP = 4,     /* with the keys of the table */
	SCHEMA_NAMED = 8,   /* a map from names of the user's choice to items */
	SCHEMA_LIST = 16,   /* of items */
	SCHEMA_NUMBER = 32, /* whole and plain */
};

/* Which texts are right. What is NULL or 0 demands nothing. */
struct schema_text {
	bool is_free;      /* anything goes, also line breaks and nothing at all */
	bool may_be_empty; /* else never; what is empty needs no `start` */
	/* The characters it is made of, as between the brackets of a regular expression:
	 * "A-Za-z0-9_-"; without it, all but control characters. */
	const char *characters;
	size_t longest;            /* in characters of that kind */
	char start;                /* what it starts with */
	const char *escapes;       /* behind the first of these must stand one of the others */
	const char *const *except; /* ends with NULL: texts of this kind that are not allowed */
	const char *why_except;    /* what is wrong with these, for errors */
	const char *const *words;  /* ends with NULL: only one of these */
	/* Ends with NULL: others may be right, too, and give a warning that says that they are no
	 * `known_is`. */
	const char *const *known;
	const char *known_is;
	/* What such texts are made of, and how long they are; other texts are right, too, and give
	 * a warning that says this of them. */
	const char *usual;
	size_t usual_length;
	const char *usual_is;
	/* Ends with NULL: it has parts with a slash between, at least `fewest_parts` of these. */
	const struct schema_text *const *parts;
	size_t fewest_parts;
	const char *hint; /* for errors, in sentences: how to write it */
};

/* Both count. */
struct schema_number {
	size_t least, most;
};

/* What a key of a map asks of its neighbours. NULL: nothing. */
struct schema_rule {
	const char *key;
	const char *needs;    /* a key that must be there, too */
	const char *excludes; /* a key that can't be there, too */
};

struct schema {
	unsigned types;
	const char *is;                     /* for errors: "a store: its name, or a map" */
	const struct schema_key *keys;      /* SCHEMA_MAP; ends with a key without a name */
	const struct schema *items;         /* SCHEMA_LIST, SCHEMA_NAMED */
	const struct schema_text *text;     /* SCHEMA_TEXT */
	const struct schema_text *name;     /* SCHEMA_NAMED: each key */
	const struct schema_number *number; /* SCHEMA_NUMBER */
	const struct schema_rule *rules;    /* SCHEMA_MAP; ends with a rule without a key */
	const char *const *one_of;          /* SCHEMA_MAP: just one of these keys; ends with NULL */
	const char *ignored; /* SCHEMA_MAP: a key that begins with this may hold anything */
	bool is_filled;      /* a map or list with something in it */
	bool is_set;         /* SCHEMA_LIST of texts: each of them once */
	bool is_only_true;   /* SCHEMA_BOOL: not false */
	/* A reference to a secret: not shown in errors, and no variables are put in. */
	bool is_source;
	/* A text in the place of this may be a secret: not shown in errors. */
	bool is_private;
};

struct schema_key {
	const char *name;
	/* NULL: this key is known elsewhere, and refused here. */
	const struct schema *schema;
	/* For people: a sentence without capital and full stop. Of a refused key: why. */
	const char *meaning;
	bool is_required;
};

/* The schema of a whole document. */
extern const struct schema schema_manifest;

/* What can be the id of an account, an alias, the name of a store or of a secret. */
extern const struct schema_text schema_account_id, schema_alias, schema_store_name;
extern const struct schema_text schema_secret_name, schema_scope, schema_comment;

#endif
