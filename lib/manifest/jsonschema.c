#include "manifest/jsonschema.h"

#include "adapter/json.h"
#include "base/text.h"
#include "manifest/schema.h"

#include <ctype.h>
#include <string.h>

/* ---- texts ---- */

/* In brackets, as ECMAScript and all other dialects have it. */
#define CONTROLS "\\u0000-\\u001f\\u007f-\\u009f"

static void add_characters(struct str *out, const struct schema_text *text)
{
	str_format(out, "[%s]", text->characters ? text->characters : "^" CONTROLS);
}

/* Adds a negative lookahead for invalid texts. `end` is what follows the text. */
static void add_except(struct str *out, const struct schema_text *text, const char *end)
{
	if (!text->except)
		return;
	str_text_add(out, "(?!(");
	for (size_t i = 0; text->except[i]; i++) {
		str_text_add(out, i ? "|" : "");
		for (const char *it = text->except[i]; *it; it++)
			str_format(out, "%s%c", strchr(".\\+*?()[]{}|^$", *it) ? "\\" : "", *it);
	}
	str_format(out, ")%s)", end);
}

/* PART(/PART(/PART)?)? */
static void add_parts(struct str *out, const struct schema_text *const *parts)
{
	for (size_t i = 0; parts[i]; i++) {
		str_text_add(out, i ? "(/" : "");
		add_except(out, parts[i], "(/|$)");
		add_characters(out, parts[i]);
		str_format(out, "{1,%zu}", parts[i]->longest);
	}
	for (size_t i = 1; parts[i]; i++)
		str_text_add(out, ")?");
}

static void put_pattern(struct json_writer *w, const struct schema_text *text)
{
	struct str pattern CLEANUP(str_release) = {0};

	str_char(&pattern, '^');
	if (text->parts) {
		add_parts(&pattern, text->parts);
	} else if (text->is_pointer) {
		str_text_add(&pattern, "(/([^" CONTROLS "~]|~[01])*)?");
	} else {
		add_except(&pattern, text, "$");
		add_characters(&pattern, text);
		str_char(&pattern, text->may_be_empty ? '*' : '+');
	}
	str_char(&pattern, '$');
	json_put_text(w, "pattern", str_text(&pattern));
}

/* The manifest takes a number for text, too; to an editor it is a number. */
static void put_words(struct json_writer *w, const char *const *words)
{
	json_begin_array(w, "enum");
	for (size_t i = 0; words[i]; i++) {
		size_t number;
		if (text_to_number(words[i], 1000000, &number))
			json_put_integer(w, NULL, (int64_t)number);
		json_put_text(w, NULL, words[i]);
	}
	json_end(w);
}

/* ---- nodes ---- */

enum { SCALARS = SCHEMA_TEXT | SCHEMA_BOOL | SCHEMA_NUMBER };

/* Writes into the open object. Below a source, variables are not replaced. */
static void put_node(struct json_writer *w, const struct schema *schema, bool in_source);

static void put_plain_scalar(struct json_writer *w, const struct schema *schema)
{
	const struct schema_text *text = schema->text;

	if (schema->is_only_true) {
		json_put_bool(w, "const", true);
	} else if (schema->types & SCHEMA_BOOL) {
		json_put_text(w, "type", "boolean");
	} else if (schema->types & SCHEMA_NUMBER) {
		json_put_text(w, "type", "integer");
		json_put_integer(w, "minimum", (int64_t)schema->least);
		json_put_integer(w, "maximum", (int64_t)schema->most);
	} else if (text->words) {
		put_words(w, text->words);
	} else {
		json_begin_array(w, "type");
		json_put_text(w, NULL, "string");
		json_put_text(w, NULL, "number");
		json_end(w);
		if (text->longest)
			json_put_integer(w, "maxLength", (int64_t)text->longest);
		if (!text->is_free)
			put_pattern(w, text);
	}
}

static void put_scalar(struct json_writer *w, const struct schema *schema, bool in_source)
{
	if (in_source) {
		put_plain_scalar(w, schema);
		return;
	}
	json_begin_array(w, "anyOf");
	if (schema->types & SCHEMA_TEXT && schema->text->known) { /* editors propose these */
		json_begin_object(w, NULL);
		put_words(w, schema->text->known);
		json_end(w);
	}
	json_begin_object(w, NULL);
	put_plain_scalar(w, schema);
	json_end(w);
	json_begin_object(w, NULL);
	json_put_text(w, "$ref", "#/definitions/variable");
	json_end(w);
	json_end(w);
}

static void put_required(struct json_writer *w, const char *key)
{
	json_begin_array(w, "required");
	json_put_text(w, NULL, key);
	json_end(w);
}

/* By a pattern, because what `properties` has is described for people. */
static void put_no_list(struct json_writer *w, const char *key)
{
	struct str pattern CLEANUP(str_release) = {0};

	str_format(&pattern, "^%s$", key);
	json_begin_object(w, "patternProperties");
	json_begin_object(w, str_text(&pattern));
	json_begin_array(w, "type");
	json_put_text(w, NULL, "string");
	json_put_text(w, NULL, "number");
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_list_of(struct json_writer *w, const struct schema_key *key)
{
	json_begin_array(w, "anyOf");
	json_begin_object(w, NULL);
	put_no_list(w, key->name);
	json_end(w);
	json_begin_object(w, NULL);
	put_required(w, key->list_of);
	json_end(w);
	json_end(w);
}

/* What a key demands of others. */
static void put_dependency(struct json_writer *w, const struct schema_key *key)
{
	json_begin_object(w, key->name);
	if (key->list_of)
		put_list_of(w, key);
	if (key->needs)
		put_required(w, key->needs);
	if (key->excludes) {
		json_begin_object(w, "not");
		put_required(w, key->excludes);
		json_end(w);
	}
	json_end(w);
}

/* Which keys must or must not be there. */
static void put_demands(struct json_writer *w, const struct schema *schema)
{
	bool is_open = false;

	for (const struct schema_key *it = schema->keys; it->name; it++) {
		if (!it->is_required)
			continue;
		if (!is_open)
			json_begin_array(w, "required");
		is_open = true;
		json_put_text(w, NULL, it->name);
	}
	if (is_open)
		json_end(w);
	if (!schema->sources)
		return;
	json_begin_array(w, "oneOf");
	for (const struct schema_key *it = schema->keys; it->name; it++) {
		if (!it->is_source)
			continue;
		json_begin_object(w, NULL);
		put_required(w, it->name);
		if (it->list_of)
			put_no_list(w, it->name);
		json_end(w);
	}
	json_end(w);
	json_begin_object(w, "dependencies");
	for (const struct schema_key *it = schema->keys; it->name; it++) {
		if (!it->needs && !it->excludes && !it->list_of)
			continue;
		put_dependency(w, it);
	}
	json_end(w);
}

static void put_map(struct json_writer *w, const struct schema *schema, bool in_source)
{
	struct str text CLEANUP(str_release) = {0};

	json_put_bool(w, "additionalProperties", false);
	if (schema->is_filled)
		json_put_integer(w, "minProperties", 1);
	put_demands(w, schema);
	json_begin_object(w, "properties");
	for (const struct schema_key *it = schema->keys; it->name; it++) {
		if (!it->schema)
			continue;
		str_clear(&text);
		str_format(&text, "%c%s.", toupper((unsigned char)*it->meaning), it->meaning + 1);
		json_begin_object(w, it->name);
		json_put_text(w, "description", str_text(&text));
		put_node(w, it->schema, in_source);
		json_end(w);
	}
	json_end(w);
	if (!schema->ignored)
		return;
	str_clear(&text);
	str_format(&text, "^%s", schema->ignored);
	json_begin_object(w, "patternProperties");
	json_begin_object(w, str_text(&text));
	json_put_text(w, "description", "Ignored. Use it for anchors that several entries share.");
	json_end(w);
	json_end(w);
}

static void put_container(struct json_writer *w, const struct schema *schema, bool in_source)
{
	bool is_list = schema->types & SCHEMA_LIST;

	json_put_text(w, "type", is_list ? "array" : "object");
	if (schema->types & SCHEMA_MAP) {
		put_map(w, schema, in_source);
		return;
	}
	if (schema->is_filled)
		json_put_integer(w, is_list ? "minItems" : "minProperties", 1);
	if (schema->is_set)
		json_put_bool(w, "uniqueItems", true);
	if (schema->name) {
		json_begin_object(w, "propertyNames");
		json_put_integer(w, "maxLength", (int64_t)schema->name->longest);
		put_pattern(w, schema->name);
		json_end(w);
	}
	json_begin_object(w, is_list ? "items" : "additionalProperties");
	put_node(w, schema->items, in_source);
	json_end(w);
}

/* Recursion follows the tables, which are ten levels deep. */
static void put_node(struct json_writer *w, const struct schema *schema, bool in_source)
{
	bool has_scalar = schema->types & SCALARS, has_other = schema->types & ~(unsigned)SCALARS;

	in_source = in_source || schema->sources;
	if (has_scalar && has_other) {
		json_begin_array(w, "oneOf");
		json_begin_object(w, NULL);
	}
	if (has_scalar)
		put_scalar(w, schema, in_source);
	if (has_scalar && has_other) {
		json_end(w);
		json_begin_object(w, NULL);
	}
	if (has_other)
		put_container(w, schema, in_source);
	if (has_scalar && has_other) {
		json_end(w);
		json_end(w);
	}
}

static void begin(struct json_writer *w, const char *noun)
{
	struct str text CLEANUP(str_release) = {0};

	json_begin_object(w, NULL);
	json_put_text(w, "$schema", "http://json-schema.org/draft-07/schema#");
	str_format(&text, "urn:cfprov:%s:1", noun);
	json_put_text(w, "$id", str_text(&text));
	str_clear(&text);
	str_format(&text, "cfprov %s", noun);
	json_put_text(w, "title", str_text(&text));
}

void jsonschema_write(struct str *out)
{
	struct json_writer w = json_writer(out, 2);

	begin(&w, "manifest");
	put_node(&w, &schema_manifest, false);
	json_begin_object(&w, "definitions");
	json_begin_object(&w, "variable");
	json_put_text(&w, "description",
		"Text with a variable: ${NAME}, ${NAME:-default} or ${NAME:?message}.");
	json_put_text(&w, "type", "string");
	json_put_text(&w, "pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(\\}|:[-?])");
	json_end(&w);
	json_end(&w);
	json_end(&w);
	str_char(out, '\n');
}

void jsonschema_write_policy(struct str *out)
{
	struct json_writer w = json_writer(out, 2);

	begin(&w, "policy");
	put_node(&w, &schema_policy, true); /* as in a source, there are no variables */
	json_end(&w);
	str_char(out, '\n');
}
