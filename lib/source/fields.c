#include "source/fields.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What has more members (or items) than this gets an index. */
enum { SMALL = 16, SHOWN_COLUMNS = 200 };

/* The index of a large object or array. */
struct branch {
	struct branch *next;
	const struct json **items; /* in their order */
	size_t count;
	struct table *members; /* of an object: by name, where in `items` */
};

struct fields {
	struct json *root;
	struct table *by_pointer; /* branches, by the pointer that leads to them */
	struct branch *branches;  /* all of them */
	struct arena arena;
};

struct fields *fields_parse(const char *bytes, size_t length, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};
	struct json *root = json_parse(bytes, length, &why);

	if (!root) {
		/* The only reason without a line is a key that stands twice; it would be told. */
		if (why.line)
			error_set(err, "%s (line %zu, column %zu)", why.message, why.line,
				why.column);
		else
			error_set(err, "not valid JSON: a key stands twice in one object");
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
	for (struct branch *it = fields->branches; it; it = it->next)
		table_free(&it->members);
	table_free(&fields->by_pointer);
	json_free(fields->root);
	arena_release(&fields->arena);
	free(fields);
}

static bool is_large(const struct json *container)
{
	size_t count = 0;

	for (const struct json *it = json_first(container); it && count <= SMALL;
		it = json_next(it))
		count++;
	return count > SMALL;
}

static struct branch *add_branch(
	struct fields *fields, const struct json *container, const char *pointer)
{
	struct branch *branch = arena_alloc(&fields->arena, sizeof(*branch));
	size_t count = json_count(container);

	branch->items = arena_alloc(&fields->arena, count * sizeof(*branch->items));
	for (const struct json *it = json_first(container); it; it = json_next(it)) {
		const struct json **item = &branch->items[branch->count++];
		*item = it;
		if (json_key(it))
			table_put(&branch->members, json_key(it), (void *)item);
	}
	branch->next = fields->branches;
	fields->branches = branch;
	table_put(&fields->by_pointer, pointer, branch);
	return branch;
}

/* Array indices have no leading zero: RFC 6901, section 4. */
static bool read_index(const char *name, size_t *ret_index)
{
	return (name[0] != '0' || !name[1]) && text_to_number(name, SIZE_MAX, ret_index);
}

static const struct json *walk_to(const struct json *container, const char *name)
{
	const struct json *item = json_first(container);
	size_t index;

	if (json_is_object(container))
		return json_get(container, name);
	if (!json_is_array(container) || !read_index(name, &index))
		return NULL;
	for (; item && index; index--)
		item = json_next(item);
	return item;
}

/* The member (or item) of what stands at the pointer's first `length` characters, or NULL. */
static const struct json *child(struct fields *fields, const struct json *container,
	const char *pointer, size_t length, const char *name)
{
	if (!is_large(container))
		return walk_to(container, name);
	char *here AUTO_FREE = mem_alloc(length + 1);
	memcpy(here, pointer, length);
	struct branch *branch = table_get(fields->by_pointer, here);
	if (!branch)
		branch =
			add_branch(fields, container, arena_bytes(&fields->arena, pointer, length));
	if (branch->members) {
		const struct json *const *member = table_get(branch->members, name);
		return member ? *member : NULL;
	}
	size_t index;
	return read_index(name, &index) && index < branch->count ? branch->items[index] : NULL;
}

/* The name that a part of a pointer means: ~1 is /, ~0 is ~. */
static char *unescape(const char *part, size_t length)
{
	char *name = mem_alloc(length + 1);
	size_t to = 0;

	for (size_t at = 0; at < length; at++) {
		name[to++] = part[at];
		if (part[at] == '~')
			name[to - 1] = part[++at] == '1' ? '/' : '~';
	}
	return name;
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

static const struct json *find(struct fields *fields, const char *pointer)
{
	const struct json *found = fields->root;
	size_t at = 0;

	while (found && pointer[at]) {
		size_t length = strcspn(pointer + at + 1, "/");
		char *name AUTO_FREE = unescape(pointer + at + 1, length);
		found = child(fields, found, pointer, at, name);
		at += 1 + length;
	}
	return found;
}

/* Lends the text that it is as a value, or NULL. */
static const char *value_of(const struct json *json)
{
	if (json_is_true(json))
		return "true";
	if (json_is_false(json))
		return "false";
	return json_is_number(json) ? json_number_text(json) : json_text(json);
}

static const char *kind_of(const struct json *json)
{
	if (json_is_object(json))
		return "an object";
	return json_is_array(json) ? "an array" : "null";
}

bool fields_read(
	struct fields *fields, const char *pointer, struct secret *ret_secret, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, pointer, strlen(pointer), SHOWN_COLUMNS);
	if (!is_pointer(pointer)) /* of a saved plan; the schema has refused others */
		return error_set(err, "`%s` is no JSON pointer", str_text(&shown));
	const struct json *found = find(fields, pointer);
	if (!found)
		return error_set(err, "there is nothing at %s", str_text(&shown));
	const char *value = value_of(found);
	if (!value && !*pointer)
		return error_set(err, "the whole of it is %s, not a text", kind_of(found));
	if (!value)
		return error_set(err, "what stands at %s is %s, not a text", str_text(&shown),
			kind_of(found));
	secret_copy(ret_secret, value, strlen(value));
	return true;
}
