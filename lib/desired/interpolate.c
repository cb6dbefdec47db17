#include "desired/interpolate.h"

#include <string.h>

struct walk {
	struct variables *variables;
	struct yaml_document *doc;
	struct error_list *errors;
};

/* The problems get the place of the scalar. */
static void tell(struct walk *w, struct yaml *node, struct error_list *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		error_copy(yaml_error(w->doc, node, w->errors), &problems->items[i]);
	node->is_spoilt = true;
}

/* A scalar that an alias repeats shares nothing but its text with the first: it is done again. */
static void put_into_text(struct walk *w, struct yaml *node)
{
	struct str text CLEANUP(str_release) = {0};
	struct error_list problems CLEANUP(error_list_release) = {0};

	if (node->written || node->is_spoilt || !strchr(node->text, '$'))
		return;
	if (!variables_expand(w->variables, node->text, &text, &problems))
		tell(w, node, &problems);
	else if (strcmp(str_text(&text), node->text) != 0)
		yaml_put_text(w->doc, node, str_text(&text));
}

static const struct schema *schema_of_member(const struct schema *schema, const char *name)
{
	if (schema->types & SCHEMA_NAMED)
		return schema->items;
	if (schema->types & SCHEMA_MAP)
		for (const struct schema_key *it = schema->keys; it->name; it++)
			if (strcmp(it->name, name) == 0)
				return it->schema;
	return NULL;
}

/* What the schema does not know is an error anyway; it is left as it is. */
static void walk_node(struct walk *w, struct yaml *node,
	const struct schema *schema) /* NOLINT(misc-no-recursion) */
{
	if (!schema || schema->is_source)
		return;
	if (node->kind == YAML_SCALAR) {
		put_into_text(w, node);
		return;
	}
	for (struct yaml *it = node->first; it; it = it->next)
		walk_node(w, it,
			node->kind == YAML_LIST ? schema->items
						: schema_of_member(schema, it->key->text));
}

bool interpolate(struct variables *variables, struct yaml_document *doc, struct yaml *node,
	const struct schema *schema, struct error_list *errors)
{
	struct walk w = {variables, doc, errors};
	size_t before = errors->count;

	walk_node(&w, node, schema);
	return errors->count == before;
}
