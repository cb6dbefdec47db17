#include "source/fields.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_COLUMNS = 200 };

struct fields {
	struct json *root;
	/* "CONTAINER" -> itself, once it is indexed; "CONTAINER/NAME" -> member or item */
	struct table *index;
	struct arena arena; /* the index's keys */
};

struct fields *fields_parse(const char *bytes, size_t length, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};
	struct json *root = json_parse(bytes, length, &why);

	if (!root) {
		/* Only a duplicate key has no line, and its message shows the key. */
		if (why.line)
			error_set(err, "%s (line %zu, column %zu)", why.message, why.line,
				why.column);
		else
			error_set(err, "not valid JSON: duplicate key");
		return NULL;
	}
	json_keep_numbers(root, bytes, length);
	struct fields *fields = mem_alloc(sizeof(*fields));
	fields->root = root;
	return fields;
}

void fields_free(struct fields *fields)
{
	if (!fields)
		return;
	table_free(&fields->index);
	json_free(fields->root);
	arena_release(&fields->arena);
	mem_free(fields);
}

static void add_to_index(struct fields *fields, const char *key, const struct json *json)
{
	const struct json **kept = arena_alloc(&fields->arena, sizeof(*kept));

	*kept = json;
	table_put(&fields->index, key, kept);
}

/* Array items are found by their number, written without a leading zero: RFC 6901, section 4. */
static void index_container(struct fields *fields, const struct json *container, const char *key)
{
	size_t i = 0;

	add_to_index(fields, arena_text(&fields->arena, key), container);
	for (const struct json *it = json_first(container); it; it = json_next(it), i++)
		add_to_index(fields,
			json_key(it) ? arena_format(&fields->arena, "%s/%s", key, json_key(it))
				     : arena_format(&fields->arena, "%s/%zu", key, i),
			it);
}

static const struct json *find(struct fields *fields, const char *pointer)
{
	struct str key CLEANUP(str_release) = {0};
	const struct json *found = fields->root;

	while (found && *pointer) {
		str_clear(&key);
		str_format(&key, "%p", (const void *)found);
		if (!table_get(fields->index, str_text(&key)))
			index_container(fields, found, str_text(&key));
		str_char(&key, *pointer++);
		for (; *pointer && *pointer != '/'; pointer++) { /* ~1 is /, ~0 is ~ */
			bool is_escape = *pointer == '~';
			pointer += is_escape;
			str_char(&key, !is_escape ? *pointer : *pointer == '1' ? '/' : '~');
		}
		const struct json *const *kept = table_get(fields->index, str_text(&key));
		found = kept ? *kept : NULL;
	}
	return found;
}

static bool is_pointer(const char *text)
{
	if (*text && *text != '/')
		return false;
	for (const char *at = strchr(text, '~'); at; at = strchr(at + 1, '~'))
		if (at[1] != '0' && at[1] != '1')
			return false;
	return true;
}

/* Lends its text as a secret's value, or NULL. */
static const char *value_of(const struct json *json)
{
	if (json_is_true(json))
		return "true";
	if (json_is_false(json))
		return "false";
	return json_is_number(json) ? json_number_text(json) : json_text(json);
}

bool fields_read(
	struct fields *fields, const char *pointer, struct secret *ret_secret, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, pointer, strlen(pointer), SHOWN_COLUMNS);
	if (!is_pointer(pointer)) /* from a saved plan; the schema refuses it in a manifest */
		return error_set(err, "`%s` is not a JSON pointer", str_text(&shown));
	const struct json *found = find(fields, pointer);
	if (!found)
		return error_set(err, "nothing found at %s", str_text(&shown));
	const char *value = value_of(found);
	if (value) {
		secret_copy(ret_secret, value, strlen(value));
		return true;
	}
	const char *kind = json_is_object(found)  ? "an object"
			   : json_is_array(found) ? "an array"
						  : "null";
	if (!*pointer)
		return error_set(err, "the whole document is %s, not text", kind);
	return error_set(err, "the value at %s is %s, not text", str_text(&shown), kind);
}
