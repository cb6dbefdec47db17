/*
 * The shape of a manifest, as tables: which keys there are, of which type, with which texts. One
 * walk over these tables finds everything that is wrong with a document's shape; after that,
 * desired/manifest reads it without asking again.
 */
#ifndef DESIRED_SCHEMA_H
#define DESIRED_SCHEMA_H

#include "adapter/yaml.h"

/* What a node may be; several with |. */
enum schema_type {
	SCHEMA_TEXT = 1,
	SCHEMA_BOOL = 2,  /* plain true or false */
	SCHEMA_MAP = 4,   /* with the keys of the table */
	SCHEMA_NAMED = 8, /* a map from names of the user's choice to items */
	SCHEMA_LIST = 16, /* of items */
};

struct schema {
	unsigned types;
	const char *is;                /* for errors: "a store: its name, or a map" */
	const struct schema_key *keys; /* SCHEMA_MAP; ends with a key without a name */
	const struct schema *items;    /* SCHEMA_LIST, SCHEMA_NAMED */
	/* SCHEMA_TEXT: is the text right? Else adds to *why what is wrong, without a full stop. */
	bool (*is_text_right)(const char *text, struct str *why);
	bool (*is_name_right)(const char *name, struct str *why); /* SCHEMA_NAMED: of each key */
	bool may_be_secret; /* text here is not shown in errors */
};

struct schema_key {
	const char *name;
	const struct schema *schema;
	const char *meaning; /* for people who read the schema */
	bool is_required;
};

/* The schema of the whole document. */
extern const struct schema schema_manifest;

/* Adds to *errors all that is wrong below this node. False if anything was. */
bool schema_check(struct yaml_document *doc, const struct yaml *node, const struct schema *schema,
	struct error_list *errors) MUST_CHECK;

/* Can this be the id of an account, an alias, the name of a store? *why says why not. */
bool schema_is_account_id(const char *text, struct str *why) MUST_CHECK;
bool schema_is_alias(const char *text, struct str *why) MUST_CHECK;
bool schema_is_store_name(const char *text, struct str *why) MUST_CHECK;

#endif
