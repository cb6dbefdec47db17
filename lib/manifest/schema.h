/*
 * The shape of a manifest, as tables: its keys, their types, and which texts are valid. Whatever
 * knows the language reads them: manifest/shape puts variables in and checks a document,
 * manifest/jsonschema writes them for editors. There are no functions here, so nothing is checked
 * that an editor is not told.
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

/* Which texts are valid. A member that is NULL or 0 demands nothing. Lists end with NULL. */
struct schema_text {
	bool is_free;             /* anything is valid, line breaks and "" included */
	bool may_be_empty;        /* "" is valid */
	bool is_pointer;          /* a JSON pointer: RFC 6901 */
	bool may_have_account_id; /* ${ACCOUNT_ID} is a place for it, which nothing replaces yet */
	/* The characters of the text, as between the brackets of a regular expression:
	 * "A-Za-z0-9_-". Without it: all but control characters. */
	const char *characters;
	size_t longest;            /* in characters of that kind */
	const char *const *except; /* texts that are invalid all the same, */
	const char *why_except;    /* and why, for errors */
	const char *const *words;  /* only these are valid */
	/* Other texts are valid, too, with a warning that they are not a known `known_is`. */
	const char *const *known;
	const char *known_is;
	/* The characters and the length of most such texts. Others get a warning, too. */
	const char *usual;
	size_t usual_length;
	const char *usual_is;
	const struct schema_text *const *parts; /* one to all of these, with slashes between */
	const char *hint;                       /* for errors, in sentences: how to write it */
};

struct schema {
	unsigned types;
	const char *is;                 /* for errors: "a store: its name, or a map" */
	const struct schema_text *text; /* SCHEMA_TEXT */
	const struct schema_key *keys;  /* SCHEMA_MAP; ends with a key without a name */
	const struct schema *items;     /* SCHEMA_LIST, SCHEMA_NAMED */
	const struct schema_text *name; /* SCHEMA_NAMED: each key */
	size_t least, most;             /* SCHEMA_NUMBER; both are valid */
	const char *ignored; /* SCHEMA_MAP: keys that begin with this may hold anything */
	bool is_filled;      /* an empty map or list is invalid */
	bool is_set;         /* SCHEMA_LIST of texts: none may appear twice */
	bool is_only_true;   /* SCHEMA_BOOL: false is invalid */
	/* SCHEMA_MAP: a reference to a secret. It has exactly one of the keys that are sources.
	 * No error shows it, and variables are not replaced in it. For hints, the forms of its
	 * sources other than {env: NAME}. */
	const char *sources;
	bool is_private; /* a text found here instead may be a secret; no error shows it */
};

struct schema_key {
	const char *name;
	const struct schema *schema; /* NULL: the key is known elsewhere and refused here */
	/* For people: a sentence without capital and full stop. Of a refused key: why. */
	const char *meaning;
	bool is_required;
	bool is_source;
	const char *list_of;  /* a list here is no source, but belongs to this other key; or NULL */
	const char *needs;    /* another key that must be there, too; or NULL */
	const char *excludes; /* another key that must not be there; or NULL */
};

/* Whole documents: a manifest, and a policy (manifest/policy_schema). */
extern const struct schema schema_manifest, schema_policy;

extern const struct schema_text schema_account_id, schema_alias, schema_store_name;
extern const struct schema_text schema_secret_name, schema_scope, schema_comment;

#endif
