/*
 * JSON: strict reading (cJSON) and a streaming writer.
 *
 * The reader refuses what other readers may understand differently: a key twice in an object, bytes
 * that are not UTF-8, \u0000, text after the value, nesting deeper than JSON_DEPTH_LIMIT. Keys are
 * case-sensitive. Everything lent is valid until json_free.
 *
 * The writer appends to a str and builds no tree: 100,000 objects cost no more than their text.
 */
#ifndef ADAPTER_JSON_H
#define ADAPTER_JSON_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

enum { JSON_DEPTH_LIMIT = 64 };

/* ---- reading ---- */

struct json; /* a value of any type */

/* Gives the value (json_free); NULL: see *err, which has the line and column if known. */
struct json *json_parse(const char *bytes, size_t length, struct error *err) MUST_CHECK;
void json_free(struct json *json);
void json_free_pointer(struct json **json); /* for CLEANUP */

/* False for NULL. */
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
bool json_is_string(const struct json *json);
bool json_is_number(const struct json *json);
bool json_is_true(const struct json *json);
bool json_is_false(const struct json *json);
bool json_is_null(const struct json *json); /* a JSON null, not an absent value */

/* Lends the member, or NULL. A linear search: not for loops over many keys. */
const struct json *json_get(const struct json *object, const char *key);

/* Lends the text, which holds no NUL; NULL: not a string. */
const char *json_text(const struct json *json);
const char *json_get_text(const struct json *object, const char *key);

/* False unless the value is an integer within +-2^53. */
bool json_integer(const struct json *json, int64_t *ret_number) MUST_CHECK;

/*
 * json_number_text lends a number exactly as written; NULL: not a number. It needs
 * json_keep_numbers first, with the bytes that json_parse read.
 */
void json_keep_numbers(struct json *json, const char *bytes, size_t length);
const char *json_number_text(const struct json *json);

/* Members or items: for (it = json_first(v); it; it = json_next(it)). */
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *json);
const char *json_key(const struct json *member); /* lends; NULL: an item of an array */
size_t json_count(const struct json *container);

/* ---- writing ---- */

/*
 *     struct json_writer w = json_writer(&out, 2);
 *     json_begin_object(&w, NULL);
 *     json_put_text(&w, "name", "x");
 *     json_end(&w);
 * `key` is NULL for items of an array and for the outermost value. Keys are written in the order
 * given.
 */
struct json_writer {
	struct str *out;
	unsigned indent; /* spaces per level; 0: one line */
	unsigned depth;
	bool has_items; /* in the open container */
	bool is_file;
	bool is_array[JSON_DEPTH_LIMIT];
};

struct json_writer json_writer(struct str *to, unsigned indent);

/* For files: $ and ` are escaped, so that a shell that is made to read one runs nothing. */
struct json_writer json_file_writer(struct str *to, unsigned indent);

void json_begin_object(struct json_writer *writer, const char *key);
void json_begin_array(struct json_writer *writer, const char *key);
void json_end(struct json_writer *writer); /* closes the innermost container */
void json_put_text(struct json_writer *writer, const char *key, const char *text_or_null);
void json_put_integer(struct json_writer *writer, const char *key, int64_t number);
void json_put_bool(struct json_writer *writer, const char *key, bool value);
void json_put_null(struct json_writer *writer, const char *key);

/* An array of the words between commas; NULL or "": an empty one. */
void json_put_list(struct json_writer *writer, const char *key, const char *words_or_null);

/* The version of cJSON at run time. */
const char *json_version(void);

#endif
