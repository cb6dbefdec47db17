/*
 * The shape of a manifest, as tables: which keys there are, of which type, with which texts. All
 * that knows the language reads them: desired/shape checks a document by them, desired/interpolate
 * learns where variables may stand, desired/jsonschema tells editors. There are no functions here,
 * so that nothing can be checked that an editor isn't told.
 */
#ifndef DESIRED_SCHEMA_H
#define DESIRED_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/* What a node may be; several with |. */
enum schema_type {
	SCHEMA_TEXT = 1,
	SCHEMA_BOOL = 2,  /* plain true or false */
	SCHEMA_MAP = 4,   /* with the keys of the table */
	SCHEMA_NAMED = 8, /* a map from names of the user's choice to items */
	SCHEMA_LIST = 16, /* of items */
};

/* Which texts are right. Never empty. What is NULL or 0 demands nothing. */
struct schema_text {
	/* The characters it is made of, as between the brackets of a regular expression:
	 * "A-Za-z0-9_-"; without it, all but control characters. */
	const char *characters;
	size_t longest;            /* in characters of that kind */
	const char *const *except; /* ends with NULL: texts of this kind that are not allowed */
	const char *why_except;    /* what is wrong with these, for errors */
	const char *const *words;  /* ends with NULL: only one of these */
	/* Ends with NULL: it has parts with a slash between, at least `fewest_parts` of these. */
	const struct schema_text *const *parts;
	size_t fewest_parts;
};

struct schema {
	unsigned types;
	const char *is;                 /* for errors: "a store: its name, or a map" */
	const struct schema_key *keys;  /* SCHEMA_MAP; ends with a key without a name */
	const struct schema *items;     /* SCHEMA_LIST, SCHEMA_NAMED */
	const struct schema_text *text; /* SCHEMA_TEXT */
	const struct schema_text *name; /* SCHEMA_NAMED: each key */
	bool is_filled;                 /* a map or list with something in it */
	/* A reference to a secret: not shown in errors, and no variables are put in. */
	bool is_source;
};

struct schema_key {
	const char *name;
	const struct schema *schema;
	const char *meaning; /* for people: a sentence without capital and full stop */
	bool is_required;
};

/* The schema of a whole document. */
extern const struct schema schema_manifest;

/* What can be the id of an account, an alias, the name of a store. */
extern const struct schema_text schema_account_id, schema_alias, schema_store_name;

#endif
