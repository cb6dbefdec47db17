#include "adapter/json.h"

#include "base/text.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* struct json is never defined: it is cJSON's own node under a name that others may see. */
static const cJSON *in(const struct json *json)
{
	return (const cJSON *)(const void *)json;
}

static const struct json *out(const cJSON *json)
{
	return (const struct json *)(const void *)json;
}

static bool refuse(const char *bytes, size_t at, struct error *err, const char *what)
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
	return false;
}

static size_t digits_at(const char *bytes, size_t at, size_t length)
{
	size_t start = at;

	while (at < length && bytes[at] >= '0' && bytes[at] <= '9')
		at++;
	return at - start;
}

/* Where the number that starts here ends, by RFC 8259, section 6; 0 if it is none. */
static size_t number_end(const char *bytes, size_t at, size_t length)
{
	at += bytes[at] == '-';
	size_t digits = digits_at(bytes, at, length);
	if (!digits || (digits > 1 && bytes[at] == '0'))
		return 0;
	at += digits;
	if (at < length && bytes[at] == '.') {
		digits = digits_at(bytes, at + 1, length);
		if (!digits)
			return 0;
		at += 1 + digits;
	}
	if (at < length && (bytes[at] | 0x20) == 'e') {
		at++;
		at += at < length && (bytes[at] == '+' || bytes[at] == '-');
		digits = digits_at(bytes, at, length);
		return digits ? at + digits : 0;
	}
	return at;
}

/* Where a prescan stands: what cJSON would let through or recurse into. */
struct prescan {
	const char *bytes;
	size_t length, at, depth;
	bool is_quoted;
};

/* A reason to refuse the byte at `at`, or NULL. */
static const char *scan_quoted(struct prescan *scan)
{
	char c = scan->bytes[scan->at];

	if ((unsigned char)c < 0x20)
		return "a control character in a string";
	if (c == '"')
		scan->is_quoted = false;
	if (c != '\\')
		return NULL;
	if (scan->length - scan->at > 5 && memcmp(scan->bytes + scan->at, "\\u0000", 6) == 0)
		return "\\u0000 in a string";
	scan->at++; /* what is escaped can't end the string */
	return NULL;
}

static const char *scan_plain(struct prescan *scan)
{
	char c = scan->bytes[scan->at];

	if (c == '\0')
		return "a NUL byte";
	if ((unsigned char)c < 0x20 && !strchr("\t\r\n", c))
		return "a control character";
	if (c == '-' || (c >= '0' && c <= '9')) {
		size_t end = number_end(scan->bytes, scan->at, scan->length);
		if (!end)
			return "a number that is none";
		scan->at = end - 1;
	}
	if (c == '"')
		scan->is_quoted = true;
	else if (c == '{' || c == '[')
		scan->depth++;
	else if ((c == '}' || c == ']') && scan->depth)
		scan->depth--;
	return scan->depth > JSON_DEPTH_LIMIT ? "nested too deep" : NULL;
}

static bool prescan(const char *bytes, size_t length, struct error *err)
{
	struct prescan scan = {.bytes = bytes, .length = length};

	if (!text_is_utf8(bytes, length, &scan.at))
		return refuse(bytes, scan.at, err, "a byte that is not UTF-8");
	for (scan.at = 0; scan.at < length; scan.at++) {
		const char *why = scan.is_quoted ? scan_quoted(&scan) : scan_plain(&scan);
		if (why)
			return refuse(bytes, scan.at, err, why);
	}
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A key that stands twice in this object, or NULL. Sorts the keys: no quadratic search. */
static const char *double_key_here(const cJSON *object)
{
	size_t count = 0;
	const char *found = NULL;

	for (const cJSON *it = object->child; it; it = it->next)
		count++;
	if (count < 2)
		return NULL;
	const char **keys = mem_alloc(count * sizeof(*keys));
	size_t at = 0;
	for (const cJSON *it = object->child; it; it = it->next)
		keys[at++] = it->string;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (at = 1; at < count && !found; at++)
		found = strcmp(keys[at - 1], keys[at]) == 0 ? keys[at] : NULL;
	free(keys);
	return found;
}

/* Recursion is bounded by JSON_DEPTH_LIMIT. */
static const char *double_key(const cJSON *json) /* NOLINT(misc-no-recursion) */
{
	const char *found = cJSON_IsObject(json) ? double_key_here(json) : NULL;

	for (const cJSON *it = json->child; it && !found; it = it->next)
		found = it->child ? double_key(it) : NULL;
	return found;
}

/* Without a place: cJSON does not tell where its nodes stand. */
static void refuse_double(const char *key, struct error *err)
{
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, key, strlen(key), 40);
	error_set(
		err, "not valid JSON: the key \"%s\" stands twice in one object", str_text(&shown));
}

struct json *json_parse(const char *bytes, size_t length, struct error *err)
{
	const char *end = NULL;

	if (!prescan(bytes, length, err))
		return NULL;
	cJSON *json = cJSON_ParseWithLengthOpts(bytes, length, &end, false);
	size_t at = end ? (size_t)(end - bytes) : 0;
	if (!json) {
		refuse(bytes, at, err, length ? "something else was expected here" : "it is empty");
		return NULL;
	}
	while (at < length && strchr(" \t\r\n", bytes[at])) /* they hold no NUL, see prescan */
		at++;
	const char *twice = double_key(json);
	if (!twice && at == length)
		return (struct json *)(void *)json;
	if (twice)
		refuse_double(twice, err);
	else
		refuse(bytes, at, err, "something follows its end");
	cJSON_Delete(json);
	return NULL;
}

void json_free(struct json *json)
{
	cJSON_Delete((cJSON *)(void *)json);
}

void json_free_pointer(struct json **json)
{
	json_free(*json);
}

bool json_is_object(const struct json *json)
{
	return cJSON_IsObject(in(json));
}

bool json_is_array(const struct json *json)
{
	return cJSON_IsArray(in(json));
}

bool json_is_string(const struct json *json)
{
	return cJSON_IsString(in(json));
}

bool json_is_number(const struct json *json)
{
	return cJSON_IsNumber(in(json));
}

bool json_is_true(const struct json *json)
{
	return cJSON_IsTrue(in(json));
}

bool json_is_false(const struct json *json)
{
	return cJSON_IsFalse(in(json));
}

bool json_is_null(const struct json *json)
{
	return cJSON_IsNull(in(json));
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!json_is_object(object))
		return NULL;
	return out(cJSON_GetObjectItemCaseSensitive(in(object), key));
}

const char *json_text(const struct json *json)
{
	return json_is_string(json) ? in(json)->valuestring : NULL;
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

/* The next number in valid JSON, from *at on, which then stands behind it. Gives its length. */
static size_t next_number(const char *bytes, size_t length, size_t *at)
{
	bool is_quoted = false;

	for (; *at < length; (*at)++) {
		char c = bytes[*at];
		if (c == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && c == '\\')
			(*at)++;
		else if (!is_quoted && (c == '-' || (c >= '0' && c <= '9')))
			break;
	}
	if (*at >= length)
		return 0;
	size_t start = *at;
	*at = number_end(bytes, start, length);
	return *at - start;
}

/* In the order of the text; recursion is bounded by JSON_DEPTH_LIMIT. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void keep_numbers(cJSON *json, const char *bytes, size_t length, size_t *at)
{
	for (cJSON *it = json->child; it; it = it->next)
		keep_numbers(it, bytes, length, at);
	if (!cJSON_IsNumber(json) || json->valuestring)
		return;
	size_t digits = next_number(bytes, length, at);
	/* cJSON_Delete frees it, whatever the type; by cJSON's allocator, which is malloc. */
	json->valuestring = mem_alloc(digits + 1);
	memcpy(json->valuestring, bytes + *at - digits, digits);
}

void json_keep_numbers(struct json *json, const char *bytes, size_t length)
{
	size_t at = 0;

	keep_numbers((cJSON *)(void *)json, bytes, length, &at);
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
	size_t count = 0;

	for (const struct json *it = json_first(container); it; it = json_next(it))
		count++;
	return count;
}

/* ---- writing ---- */

struct json_writer json_writer(struct str *to, unsigned indent)
{
	return (struct json_writer){.out = to, .indent = indent};
}

static void put_quoted(struct str *to, const char *text)
{
	static const char escapes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	str_char(to, '"');
	for (;;) {
		size_t plain = 0;
		while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' &&
			text[plain] != '\\')
			plain++;
		str_add(to, text, plain);
		text += plain;
		if (!*text)
			break;
		const char *escape = strchr(escapes, *text);
		if (escape)
			str_format(to, "\\%c", letters[escape - escapes]);
		else
			str_format(to, "\\u%04x", (unsigned char)*text);
		text++;
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
	put_quoted(writer->out, key);
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
		put_quoted(writer->out, text_or_null);
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
