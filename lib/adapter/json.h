/*
 * JSON: strict reading (cJSON) and a writer.
 *
 * Reading refuses what would be read differently by somebody else: a key twice in an object,
 * bytes that are not UTF-8, \u0000, anything behind the value, nesting deeper than
 * JSON_DEPTH_LIMIT. Lookups mind case. What json_parse gives owns all that is lent from it.
 *
 * Writing streams into a str: no tree, so 100,000 objects cost their text and nothing more.
 */
#ifndef ADAPTER_JSON_H
#define ADAPTER_JSON_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

enum { JSON_DEPTH_LIMIT = 64 };

/* ---- reading ---- */

struct json; /* a value of any type */

/* Gives the value (json_free), or NULL, with the line and column in *err where they are known. */
struct json *json_parse(const char *bytes, size_t length, struct error *err) MUST_CHECK;
void json_free(struct json *json);
void json_free_pointer(struct json **json); /* for CLEANUP */

/* Each takes NULL, too, and says no. */
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
bool json_is_string(const struct json *json);
bool json_is_number(const struct json *json);
bool json_is_true(const struct json *json);
bool json_is_false(const struct json *json);
bool json_is_null(const struct json *json); /* a JSON null; not: absent */

/* Lends the member, or NULL. Walks the object: for few known keys, not in a loop over many. */
const struct json *json_get(const struct json *object, const char *key);

/* Lends the text, or NULL if it is no string. Never holds a NUL. */
const char *json_text(const struct json *json);
const char *json_get_text(const struct json *object, const char *key);

/* A whole number within +-2^53; false if it is anything else. */
bool json_integer(const struct json *json, int64_t *ret_number) MUST_CHECK;

/*
 * Lends a number as it is written there, digit by digit, or NULL if it is none. Only after
 * json_keep_numbers, which takes them from the bytes of which json_parse made the value.
 */
void json_keep_numbers(struct json *json, const char *bytes, size_t length);
const char *json_number_text(const struct json *json);

/* Walks members or items: for (it = json_first(v); it; it = json_next(it)). */
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *json);
const char *json_key(const struct json *member); /* lends; NULL for an item of an array */
size_t json_count(const struct json *container);

/* ---- writing ---- */

/*
 *     struct json_writer w = json_writer(&out, 2);
 *     json_begin_object(&w, NULL);
 *     json_put_text(&w, "name", "x");
 *     json_end(&w);
 * `key` is NULL for items of an array and for the outermost value. Keys are written in the order
 * given: the caller sorts. With indent 0 all stands on one line.
 */
struct json_writer {
	struct str *out;
	unsigned indent; /* spaces a level */
	unsigned depth;
	bool has_items; /* in the container that is open */
	bool is_array[JSON_DEPTH_LIMIT];
};

struct json_writer json_writer(struct str *to, unsigned indent);
void json_begin_object(struct json_writer *writer, const char *key);
void json_begin_array(struct json_writer *writer, const char *key);
void json_end(struct json_writer *writer); /* of the container opened last */
void json_put_text(struct json_writer *writer, const char *key, const char *text_or_null);
void json_put_integer(struct json_writer *writer, const char *key, int64_t number);
void json_put_bool(struct json_writer *writer, const char *key, bool value);
void json_put_null(struct json_writer *writer, const char *key);

#endif
