/*
 * A mutator that knows JSON, for targets whose decoders stand behind a parser: most of what it
 * makes can be parsed. It changes the whole input if that is JSON, and one line if it is several
 * (as in a journal), else bytes. Members and values wander between places, so keys that a decoder
 * knows come to where it does not expect them.
 */
#include "fuzz.h"

#include <cjson/cJSON.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
	size_t other_size, uint8_t *out, size_t max_size, unsigned seed);

static uint64_t state;

static unsigned below(unsigned limit)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return limit ? (unsigned)(state >> 33) % limit : 0;
}

/* ---- a tree ---- */

static unsigned count_nodes(const cJSON *node)
{
	unsigned count = 1;

	for (const cJSON *it = node->child; it; it = it->next)
		count += count_nodes(it);
	return count;
}

/* The node of this number, in the order of the text, and what it is in. */
static cJSON *find_node(cJSON *node, cJSON *parent, unsigned *number, cJSON **ret_parent)
{
	if (!(*number)--) {
		*ret_parent = parent;
		return node;
	}
	for (cJSON *it = node->child; it; it = it->next) {
		cJSON *found = find_node(it, node, number, ret_parent);
		if (found)
			return found;
	}
	return NULL;
}

static cJSON *any_node(cJSON *root, cJSON **ret_parent)
{
	unsigned number = below(count_nodes(root));

	return find_node(root, NULL, &number, ret_parent);
}

static cJSON *new_value(void)
{
	static const char *const texts[] = {"", "x", "a/b", "\x1b[2J", "2026-01-02T03:04:05Z",
		"985e105f4ecef8ad9ca31a8372d0c353", "workers", "active", "created", "adopted",
		"11111111-1111-4111-8111-111111111111", "\xe2\x80\xae", "*", "default", "put"};
	static const double numbers[] = {
		0, -1, 1, 2, 1.5, 1e300, 9007199254740991, 9007199254740992, 2147483648, 100};

	switch (below(7)) {
	case 0:
		return cJSON_CreateNull();
	case 1:
		return cJSON_CreateBool((cJSON_bool)below(2));
	case 2:
		return cJSON_CreateObject();
	case 3:
		return cJSON_CreateArray();
	case 4:
		return cJSON_CreateNumber(numbers[below(ARRAY_SIZE(numbers))]);
	default:
		return cJSON_CreateString(texts[below(ARRAY_SIZE(texts))]);
	}
}

/* The text of a string, or a number, changed as libFuzzer likes. Gives a node. */
static cJSON *change_scalar(const cJSON *node)
{
	char text[512] = "";
	size_t length = 0;

	if (cJSON_IsNumber(node))
		return cJSON_CreateNumber(node->valuedouble + (double)below(5) - 2);
	if (!cJSON_IsString(node))
		return new_value();
	length = strlen(node->valuestring);
	if (length > sizeof(text) / 2)
		length = sizeof(text) / 2;
	memcpy(text, node->valuestring, length);
	length = LLVMFuzzerMutate((uint8_t *)text, length, sizeof(text) - 1);
	text[length] = '\0';
	return cJSON_CreateString(text);
}

/* Takes `value`, in the place of the node or beside it. */
static void put(cJSON *parent, cJSON *node, cJSON *value, bool replaces)
{
	const char *key = node->string;

	if (!parent || !value) {
		cJSON_Delete(value);
	} else if (replaces && cJSON_IsObject(parent) && key) {
		char *copy AUTO_FREE = mem_copy_text(key);
		cJSON_ReplaceItemInObjectCaseSensitive(parent, copy, value);
	} else if (replaces) {
		cJSON_ReplaceItemViaPointer(parent, node, value);
	} else if (cJSON_IsObject(parent)) {
		static const char *const more[] = {"2", "/", "\n", "x"};
		struct str name CLEANUP(str_release) = {0};
		str_format(&name, "%s%s", key ? key : "", more[below(ARRAY_SIZE(more))]);
		cJSON_AddItemToObject(parent, str_text(&name), value);
	} else {
		cJSON_AddItemToArray(parent, value);
	}
}

/* One change. `from` is the tree that values are copied from. */
static void change_tree(cJSON *root, cJSON *from)
{
	cJSON *parent = NULL, *source_parent = NULL;
	cJSON *node = any_node(root, &parent), *source = any_node(from, &source_parent);

	if (!parent)
		return;
	switch (below(8)) {
	case 0:
		cJSON_Delete(cJSON_DetachItemViaPointer(parent, node));
		break;
	case 1: /* once more, with another name */
		put(parent, node, cJSON_Duplicate(node, true), false);
		break;
	case 2:
		put(parent, node, cJSON_Duplicate(source, true), true);
		break;
	case 3: /* a member of one object comes to another */
		if (cJSON_IsObject(node) && source->string &&
			!cJSON_GetObjectItemCaseSensitive(node, source->string))
			cJSON_AddItemToObject(node, source->string, cJSON_Duplicate(source, true));
		else if (cJSON_IsArray(node))
			cJSON_AddItemToArray(node, cJSON_Duplicate(source, true));
		break;
	case 4:
		put(parent, node, new_value(), true);
		break;
	case 5: /* another name */
		if (cJSON_IsObject(parent) && source->string &&
			!cJSON_GetObjectItemCaseSensitive(parent, source->string)) {
			cJSON *copy = cJSON_Duplicate(node, true);
			cJSON_AddItemToObject(parent, source->string, copy);
			cJSON_Delete(cJSON_DetachItemViaPointer(parent, node));
		}
		break;
	default:
		put(parent, node, change_scalar(node), true);
	}
}

/* ---- the input ---- */

/* An input, and the part of it that is JSON: all of it, a line, or all from a line on. */
struct input {
	uint8_t *data;
	size_t size, max;
	size_t at, length;
};

/* Replaces the part by the tree. Returns the new size; 0: it does not fit. */
static size_t print(const struct input *in, const cJSON *root)
{
	char *text = cJSON_PrintUnformatted(root);
	size_t printed = text ? strlen(text) : 0, rest = in->size - in->at - in->length;
	bool fits = printed && in->at + printed + rest <= in->max;

	if (fits) {
		memmove(in->data + in->at + printed, in->data + in->at + in->length, rest);
		memcpy(in->data + in->at, text, printed);
	}
	cJSON_free(text);
	return fits ? in->at + printed + rest : 0;
}

/* Gives the tree (cJSON_Delete) and sets the part; NULL: there is none where it looked. */
static cJSON *find_json(struct input *in)
{
	const char *text = (const char *)in->data;
	size_t at = in->size ? below((unsigned)in->size) : 0, end;
	cJSON *root = cJSON_ParseWithLength(text, in->size);

	in->at = 0;
	in->length = in->size;
	if (root || !in->size)
		return root;
	while (at && text[at - 1] != '\n')
		at--;
	for (end = at; end < in->size && text[end] != '\n';)
		end++;
	in->at = at;
	in->length = end - at;
	root = cJSON_ParseWithLength(text + at, in->length);
	if (root)
		return root;
	in->length = in->size - at;
	return cJSON_ParseWithLength(text + at, in->length);
}

/* Doubles or drops a line. Returns 0 if there is only one, or no room. */
static size_t change_lines(const struct input *in)
{
	uint8_t *data = in->data;
	size_t at = in->size ? below((unsigned)in->size) : 0, length;

	while (at && data[at - 1] != '\n')
		at--;
	const uint8_t *line_end = in->size ? memchr(data + at, '\n', in->size - at) : NULL;
	if (!line_end || (!at && line_end + 1 == data + in->size))
		return 0;
	length = (size_t)(line_end + 1 - (data + at));
	if (below(3) == 0) {
		memmove(data + at, data + at + length, in->size - at - length);
		return in->size - length;
	}
	if (in->size + length > in->max)
		return 0;
	memmove(data + at + length, data + at, in->size - at);
	return in->size + length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct input in = {data, size, max_size, 0, 0};
	size_t changed = 0;

	state = seed;
	if (below(12) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	if (below(6) == 0)
		changed = change_lines(&in);
	if (changed)
		return changed;
	cJSON *root = find_json(&in);
	if (root) {
		for (unsigned times = 1 + below(3); times; times--)
			change_tree(root, root);
		changed = print(&in, root);
		cJSON_Delete(root);
	}
	return changed ? changed : LLVMFuzzerMutate(data, size, max_size);
}

/* params: libFuzzer calls it so */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other,
	size_t other_size, uint8_t *out, size_t max_size, unsigned seed)
{
	char *copy AUTO_FREE = fuzz_text(other, other_size);
	struct input in = {out, size, max_size, 0, 0};
	struct input from = {(uint8_t *)copy, other_size, other_size, 0, 0};
	size_t changed = 0;

	if (size > max_size)
		return 0;
	state = seed;
	if (size)
		memcpy(out, data, size);
	cJSON *root = find_json(&in), *source = find_json(&from);
	if (root && source) {
		for (unsigned times = 1 + below(3); times; times--)
			change_tree(root, source);
		changed = print(&in, root);
	}
	cJSON_Delete(root);
	cJSON_Delete(source);
	return changed;
}
