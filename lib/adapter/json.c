#include "adapter/json.h"

#include "base/text.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * A value that was read: all of its nodes and texts are in the arena, and go with it at once. cJSON
 * asks for the root first.
 */
struct document {
	struct arena arena;
	bool has_root;
	cJSON root;
};

/* struct json is never defined: it is cJSON's own node under a name that others may use. */
static const cJSON *in(const struct json *json)
{
	return (const cJSON *)(const void *)json;
}

static const struct json *out(const cJSON *json)
{
	return (const struct json *)(const void *)json;
}

static struct document *document_of(struct json *root)
{
	return (struct document *)(void *)((char *)(void *)root - offsetof(struct document, root));
}

/* cJSON's hooks have no context. */
static struct document *reading;

static void *take(size_t size)
{
	if (reading->has_root)
		return arena_alloc(&reading->arena, size);
	assert(size == sizeof(reading->root));
	reading->has_root = true;
	return &reading->root;
}

static void leave(void *memory)
{
	(void)memory; /* it goes with the document */
}

static void refuse(const char *bytes, size_t at, struct error *err, const char *what)
{
	size_t line = 1, start = 0;

	for (size_t i = 0; i < at; i++) {
		if (bytes[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	error_set(err, "not valid JSON: %s", what);
	err->line = line;
	err->column = at - start + 1;
}

static size_t skip_digits(const char *bytes, size_t at, size_t length)
{
	while (at < length && bytes[at] >= '0' && bytes[at] <= '9')
		at++;
	return at;
}

/* Where the number that starts here ends (RFC 8259, section 6); 0: it is not valid. */
static size_t number_end(const char *bytes, size_t at, size_t length)
{
	size_t start = at + (bytes[at] == '-');

	at = skip_digits(bytes, start, length);
	if (at == start || (at - start > 1 && bytes[start] == '0'))
		return 0;
	if (at < length && bytes[at] == '.') {
		start = at + 1;
		at = skip_digits(bytes, start, length);
	}
	if (at > start && at < length && (bytes[at] | 0x20) == 'e') {
		start = at + 1;
		start += start < length && (bytes[start] == '+' || bytes[start] == '-');
		at = skip_digits(bytes, start, length);
	}
	return at == start ? 0 : at;
}

/* Moves *at from a string's first quote to its last. Returns a reason to refuse it, or NULL. */
static const char *skip_string(const char *bytes, size_t *at, size_t length)
{
	const char *why = NULL;
	size_t i = *at + 1; /* which the compiler can keep in a register */

	for (; i < length && bytes[i] != '"' && !why; i++) {
		if ((unsigned char)bytes[i] < 0x20)
			why = "control character in a string";
		if (bytes[i] != '\\')
			continue;
		if (length - i > 5 && memcmp(bytes + i, "\\u0000", 6) == 0)
			why = "\\u0000 in a string";
		else
			i++; /* an escaped quote does not end the string */
	}
	*at = why ? i - 1 : i;
	return why;
}

static bool starts_number(char c)
{
	return c == '-' || (c >= '0' && c <= '9');
}

static bool is_forbidden(char c)
{
	return (unsigned char)c < 0x20 && c != '\n' && c != '\r' && c != '\t';
}

/* Returns a reason to refuse what cJSON would accept, or recurse into, and sets *at; or NULL. */
static const char *find_fault(const char *bytes, size_t length, size_t *at)
{
	size_t depth = 0;

	for (*at = 0; *at < length; ++*at) {
		char c = bytes[*at];
		if (c == '"') {
			const char *why = skip_string(bytes, at, length);
			if (why)
				return why;
		} else if (starts_number(c)) {
			size_t end = number_end(bytes, *at, length);
			if (!end)
				return "invalid number";
			*at = end - 1;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_LIMIT)
				return "nested too deeply";
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		} else if (is_forbidden(c)) {
			return c ? "control character" : "NUL byte";
		}
	}
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of an object with many: sorted, so that there is no quadratic search. */
static const char *double_of_many(const cJSON *object, size_t count)
{
	const char **keys AUTO_FREE = mem_alloc(count * sizeof(*keys));
	size_t at = 0;

	for (const cJSON *it = object->child; it; it = it->next)
		keys[at++] = it->string;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			return keys[i];
	return NULL;
}

static const char *double_of_few(const cJSON *object)
{
	for (const cJSON *it = object->child; it; it = it->next)
		for (const cJSON *other = it->next; other; other = other->next)
			if (strcmp(it->string, other->string) == 0)
				return it->string;
	return NULL;
}

/* A key that occurs twice in an object, or NULL. Recursion is bounded by JSON_DEPTH_LIMIT. */
static const char *double_key(const cJSON *json) /* NOLINT(misc-no-recursion) */
{
	enum { FEW = 16 };
	size_t count = cJSON_IsObject(json) ? (size_t)cJSON_GetArraySize(json) : 0;
	const char *found = !count         ? NULL
			    : count <= FEW ? double_of_few(json)
					   : double_of_many(json, count);

	for (const cJSON *it = json->child; it && !found; it = it->next)
		found = it->child ? double_key(it) : NULL;
	return found;
}

/* NULL: see *err. */
static const cJSON *parse(const char *bytes, size_t length, struct error *err)
{
	const char *end = bytes, *twice;
	size_t at;
	const char *why =
		text_is_utf8(bytes, length, &at) ? find_fault(bytes, length, &at) : "invalid UTF-8";

	if (why) {
		refuse(bytes, at, err, why);
		return NULL;
	}
	const cJSON *json = cJSON_ParseWithLengthOpts(bytes, length, &end, false);
	at = (size_t)(end - bytes);
	while (json && at < length && strchr(" \t\r\n", bytes[at])) /* find_fault found no NUL */
		at++;
	if (!json) {
		refuse(bytes, at, err,
			!length       ? "empty"
			: at < length ? "unexpected character"
				      : "unexpected end");
	} else if (at < length) {
		refuse(bytes, at, err, "unexpected data after the end");
	} else if ((twice = double_key(json))) { /* cJSON does not tell where its nodes are */
		struct str key CLEANUP(str_release) = {0};
		text_add_visible(&key, twice, strlen(twice), 40);
		error_set(err, "not valid JSON: duplicate key \"%s\"", str_text(&key));
	} else {
		return json;
	}
	return NULL;
}

struct json *json_parse(const char *bytes, size_t length, struct error *err)
{
	struct document *document = mem_alloc(sizeof(*document));
	cJSON_Hooks ours = {take, leave};

	reading = document;
	cJSON_InitHooks(&ours);
	const cJSON *json = parse(bytes, length, err);
	cJSON_InitHooks(NULL);
	struct json *root = (struct json *)(void *)&document->root;
	assert(!json || json == &document->root);
	if (json)
		return root;
	json_free(root);
	return NULL;
}

void json_free(struct json *json)
{
	if (!json)
		return;
	struct document *document = document_of(json);
	arena_release(&document->arena);
	mem_free(document);
}

void json_free_pointer(struct json **json)
{
	json_free(*json);
}

/* clang-format off */
#define TYPE_TEST(name, test) bool name(const struct json *json) { return test(in(json)); }
TYPE_TEST(json_is_object, cJSON_IsObject)
TYPE_TEST(json_is_array, cJSON_IsArray)
TYPE_TEST(json_is_string, cJSON_IsString)
TYPE_TEST(json_is_number, cJSON_IsNumber)
TYPE_TEST(json_is_true, cJSON_IsTrue)
TYPE_TEST(json_is_false, cJSON_IsFalse)
TYPE_TEST(json_is_null, cJSON_IsNull)
/* clang-format on */

const struct json *json_get(const struct json *object, const char *key)
{
	if (!json_is_object(object))
		return NULL;
	return out(cJSON_GetObjectItemCaseSensitive(in(object), key));
}

const char *json_text(const struct json *json)
{
	return cJSON_GetStringValue(in(json));
}

const char *json_get_text(const struct json *object, const char *key)
{
	return json_text(json_get(object, key));
}

bool json_integer(const struct json *json, int64_t *ret_number)
{
	const double limit = 9007199254740992.0; /* 2^53: beyond it doubles skip numbers */

	if (!cJSON_IsNumber(in(json)))
		return false;
	double number = in(json)->valuedouble;
	if (!(number > -limit && number < limit) || (double)(int64_t)number != number)
		return false;
	*ret_number = (int64_t)number;
	return true;
}

/* In the order of the text. Recursion is bounded by JSON_DEPTH_LIMIT. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void keep_numbers(
	struct arena *arena, cJSON *json, const char *bytes, size_t length, size_t *at)
{
	for (cJSON *it = json->child; it; it = it->next)
		keep_numbers(arena, it, bytes, length, at);
	if (!cJSON_IsNumber(json) || json->valuestring)
		return;
	for (; *at < length && !starts_number(bytes[*at]); ++*at)
		if (bytes[*at] == '"')
			(void)skip_string(bytes, at, length);
	size_t end = *at < length ? number_end(bytes, *at, length) : *at;
	json->valuestring = arena_bytes(arena, bytes + *at, end - *at);
	*at = end;
}

void json_keep_numbers(struct json *json, const char *bytes, size_t length)
{
	size_t at = 0;

	keep_numbers(&document_of(json)->arena, (cJSON *)(void *)json, bytes, length, &at);
}

const char *json_number_text(const struct json *json)
{
	return json_is_number(json) ? in(json)->valuestring : NULL;
}

const struct json *json_first(const struct json *container)
{
	if (!json_is_object(container) && !json_is_array(container))
		return NULL;
	return out(in(container)->child);
}

const struct json *json_next(const struct json *json)
{
	return out(in(json)->next);
}

const char *json_key(const struct json *member)
{
	return in(member)->string;
}

size_t json_count(const struct json *container)
{
	return (size_t)cJSON_GetArraySize(in(container));
}

/* ---- writing ---- */

struct json_writer json_writer(struct str *to, unsigned indent)
{
	return (struct json_writer){.out = to, .indent = indent};
}

struct json_writer json_file_writer(struct str *to, unsigned indent)
{
	return (struct json_writer){.out = to, .indent = indent, .is_file = true};
}

/* "##" is escaped because a CI may read it for a command; "::" starts no line of JSON. */
static bool must_escape(const char *text, const char *whole, bool is_file)
{
	return (is_file && (*text == '$' || *text == '`')) || (unsigned char)*text < 0x20 ||
	       *text == '"' || *text == '\\' || (*text == '#' && text > whole && text[-1] == '#');
}

/* Most characters: must_escape is false of them, wherever they are. */
static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 &&
	       !(c == '"' || c == '\\' || c == '#' || c == '$' || c == '`');
}

static void put_quoted(struct json_writer *writer, const char *text)
{
	struct str *to = writer->out;
	static const char escapes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *whole = text;

	str_char(to, '"');
	for (const char *start = text;; start = ++text) {
		while (is_plain(*text) || !must_escape(text, whole, writer->is_file))
			text++;
		str_add(to, start, (size_t)(text - start));
		if (!*text)
			break;
		const char *escape = strchr(escapes, *text);
		if (escape)
			str_format(to, "\\%c", letters[escape - escapes]);
		else
			str_format(to, "\\u%04x", (unsigned char)*text);
	}
	str_char(to, '"');
}

static void new_line(struct json_writer *writer)
{
	if (!writer->indent)
		return;
	str_char(writer->out, '\n');
	str_repeat(writer->out, ' ', (size_t)writer->indent * writer->depth);
}

static void put_key(struct json_writer *writer, const char *key)
{
	if (writer->has_items)
		str_char(writer->out, ',');
	if (writer->depth)
		new_line(writer);
	writer->has_items = true;
	if (!key)
		return;
	put_quoted(writer, key);
	str_text_add(writer->out, writer->indent ? ": " : ":");
}

static void begin(struct json_writer *writer, const char *key, bool is_array)
{
	assert(writer->depth < JSON_DEPTH_LIMIT);
	put_key(writer, key);
	str_char(writer->out, is_array ? '[' : '{');
	writer->is_array[writer->depth++] = is_array;
	writer->has_items = false;
}

void json_begin_object(struct json_writer *writer, const char *key)
{
	begin(writer, key, false);
}

void json_begin_array(struct json_writer *writer, const char *key)
{
	begin(writer, key, true);
}

void json_end(struct json_writer *writer)
{
	assert(writer->depth > 0);
	writer->depth--;
	if (writer->has_items)
		new_line(writer);
	str_char(writer->out, writer->is_array[writer->depth] ? ']' : '}');
	writer->has_items = true;
}

void json_put_text(struct json_writer *writer, const char *key, const char *text_or_null)
{
	put_key(writer, key);
	if (text_or_null)
		put_quoted(writer, text_or_null);
	else
		str_text_add(writer->out, "null");
}

void json_put_integer(struct json_writer *writer, const char *key, int64_t number)
{
	put_key(writer, key);
	str_format(writer->out, "%lld", (long long)number);
}

void json_put_bool(struct json_writer *writer, const char *key, bool value)
{
	put_key(writer, key);
	str_text_add(writer->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *writer, const char *key)
{
	json_put_text(writer, key, NULL);
}

void json_put_list(struct json_writer *writer, const char *key, const char *words_or_null)
{
	char *copy AUTO_FREE = mem_copy_text(words_or_null ? words_or_null : "");
	char *rest = *copy ? copy : NULL, *word;

	json_begin_array(writer, key);
	while ((word = strsep(&rest, ",")))
		json_put_text(writer, NULL, word);
	json_end(writer);
}

const char *json_version(void)
{
	return cJSON_Version();
}
