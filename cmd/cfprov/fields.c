#include "fields.h"

#include "base/text.h"

#include <string.h>

static void add_field(struct str *out, const char *name, const char *value)
{
	if (!value)
		return;
	str_format(out, "    %-9s ", name);
	text_add_visible(out, value, strlen(value), 0);
	str_char(out, '\n');
}

/* What is known of its value; NULL: nothing out of the ordinary. */
static const char *value_words(const struct object *object)
{
	if (object->is_unsure)
		return "(not known: an apply was cut off; the next one writes it again)";
	return object->version ? NULL : "(not written by cfprov yet)";
}

static void add_scopes(struct str *out, const char *scopes)
{
	struct str spaced CLEANUP(str_release) = {0};

	for (; *scopes; scopes++)
		str_format(&spaced, "%c%s", *scopes, *scopes == ',' ? " " : "");
	add_field(out, "scopes", str_text(&spaced));
}

static void add_secret(struct str *out, const struct object *object)
{
	bool is_pending = object->status && strcmp(object->status, "pending") == 0;

	if (object->scopes)
		add_scopes(out, object->scopes);
	add_field(out, "comment", object->comment);
	add_field(out, "status", is_pending ? "pending (not ready for use yet)" : object->status);
	if (object->version > 1)
		str_format(out, "    %-9s %lld\n", "version", (long long)object->version);
	add_field(out, "value", value_words(object));
}

void fields_add(struct str *out, const struct object *object)
{
	if (object->is_unresolved) {
		add_field(out, "id", "(not known yet: the next apply looks for it)");
		return;
	}
	add_field(out, "id", object->id);
	if (object->kind == OBJECT_SECRET)
		add_secret(out, object);
	add_field(out, "created", object->created);
	add_field(out, "modified", object->modified);
	add_field(
		out, "origin", object->origin == ORIGIN_ADOPTED ? "adopted" : "created by cfprov");
	if (object->prevent_destroy)
		add_field(out, "destroy", "prevented");
	if (object->forget_on_remove)
		add_field(out, "on remove", "forget");
}

static const char *origin_word(const struct object *object)
{
	if (object->is_unresolved)
		return NULL;
	return object->origin == ORIGIN_ADOPTED ? "adopted" : "created";
}

void fields_put_scopes(struct json_writer *writer, const char *scopes)
{
	char *copy AUTO_FREE = mem_copy_text(scopes ? scopes : ""), *rest = *copy ? copy : NULL;

	json_begin_array(writer, "scopes");
	for (char *scope; (scope = strsep(&rest, ","));)
		json_put_text(writer, NULL, scope);
	json_end(writer);
}

static void put_secret(struct json_writer *writer, const struct object *object)
{
	json_put_text(writer, "store", object->store);
	fields_put_scopes(writer, object->scopes);
	json_put_text(writer, "comment", object->comment);
	json_put_text(writer, "status", object->status);
	json_put_integer(writer, "version", object->version);
	json_put_bool(writer, "unsure", object->is_unsure);
}

void fields_put(struct json_writer *writer, const struct object *object)
{
	json_put_text(writer, "id", object->id);
	if (object->kind == OBJECT_SECRET)
		put_secret(writer, object);
	json_put_text(writer, "created", object->created);
	json_put_text(writer, "modified", object->modified);
	json_put_text(writer, "origin", origin_word(object));
	json_put_bool(writer, "unresolved", object->is_unresolved);
	json_put_bool(writer, "prevent_destroy", object->prevent_destroy);
	json_put_text(writer, "on_remove", object->forget_on_remove ? "forget" : "destroy");
}
