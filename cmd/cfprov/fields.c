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

static void add_secret(struct str *out, const struct object *object)
{
	bool is_pending = object->status && strcmp(object->status, "pending") == 0;
	struct str scopes CLEANUP(str_release) = {0};

	for (const char *at = object->scopes; at && *at; at++)
		str_format(&scopes, "%c%s", *at, *at == ',' ? " " : "");
	add_field(out, "scopes", object->scopes ? str_text(&scopes) : NULL);
	add_field(out, "comment", object->comment);
	add_field(out, "status", is_pending ? "pending (not ready for use yet)" : object->status);
	if (object->version > 1)
		str_format(out, "    %-9s %lld\n", "version", (long long)object->version);
	add_field(out, "value",
		object->doubt != DOUBT_NONE
			? "(unknown after an interrupted apply; the next one writes it again)"
		: !object->version ? "(not written by cfprov yet)"
				   : NULL);
}

void fields_add(struct str *out, const struct object *object)
{
	bool is_adopted = object->origin == ORIGIN_ADOPTED;

	if (object_is_unresolved(object)) {
		add_field(out, "id",
			"(unknown after an interrupted apply; the next one looks for it)");
		return;
	}
	add_field(out, "id", object->id);
	if (object->kind == OBJECT_SECRET)
		add_secret(out, object);
	add_field(out, "created", object->created);
	add_field(out, "modified", object->modified);
	add_field(out, "origin", is_adopted ? "adopted" : "created by cfprov");
	add_field(out, "destroy", object->prevent_destroy ? "prevented" : NULL);
	add_field(out, "on remove", object->forget_on_remove ? "forget" : NULL);
}

void fields_put(struct json_writer *writer, const char *key, const struct object *object,
	const char *account_id)
{
	const char *origin = object->origin == ORIGIN_ADOPTED ? "adopted" : "created";
	char *address AUTO_FREE = object_address(object);

	json_begin_object(writer, key);
	json_put_text(writer, "address", address);
	json_put_text(writer, "type", object_kind_word(object->kind));
	json_put_text(writer, "account", object->account);
	json_put_text(writer, "account_id", account_id);
	json_put_text(writer, "name", object->secret ? object->secret : object->store);
	json_put_text(writer, "id", object->id);
	if (object->kind == OBJECT_SECRET) {
		json_put_text(writer, "store", object->store);
		json_put_list(writer, "scopes", object->scopes);
		json_put_text(writer, "comment", object->comment);
		json_put_text(writer, "status", object->status);
		json_put_integer(writer, "version", object->version);
		/* Without an id, only the value that is to be written may be in doubt. */
		json_put_bool(writer, "unsure",
			object->doubt == DOUBT_VALUE ||
				(object->id && object->doubt != DOUBT_NONE));
	}
	json_put_text(writer, "created", object->created);
	json_put_text(writer, "modified", object->modified);
	json_put_text(writer, "origin", object_is_unresolved(object) ? NULL : origin);
	json_put_bool(writer, "unresolved", object_is_unresolved(object));
	json_put_bool(writer, "prevent_destroy", object->prevent_destroy);
	json_put_text(writer, "on_remove", object->forget_on_remove ? "forget" : "destroy");
	json_end(writer);
}
