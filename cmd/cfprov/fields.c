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

void fields_add(struct str *out, const struct object *object)
{
	if (object->is_unresolved) {
		add_field(out, "id", "(not known yet: the next apply looks for it)");
		return;
	}
	add_field(out, "id", object->id);
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

void fields_put(struct json_writer *writer, const struct object *object)
{
	json_put_text(writer, "id", object->id);
	json_put_text(writer, "created", object->created);
	json_put_text(writer, "modified", object->modified);
	json_put_text(writer, "origin", origin_word(object));
	json_put_bool(writer, "unresolved", object->is_unresolved);
	json_put_bool(writer, "prevent_destroy", object->prevent_destroy);
	json_put_text(writer, "on_remove", object->forget_on_remove ? "forget" : "destroy");
}
