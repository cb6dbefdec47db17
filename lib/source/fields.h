/*
 * The fields of a JSON text that holds secrets: JSON pointers (RFC 6901) into it.
 *
 *     struct fields *fields = fields_parse(bytes, length, &err);
 *     fields_read(fields, "/db/password", &secret, &err)      any number
 *     fields_free(fields);
 *
 * The text is parsed once, and an object or array is indexed when a pointer first leads into it:
 * 10,000 pointers cost no more than their own length. Errors show pointers and places, nothing of
 * the text.
 */
#ifndef SOURCE_FIELDS_H
#define SOURCE_FIELDS_H

#include "base/error.h"
#include "base/secret.h"

struct fields;

/* Gives (fields_free) what the text holds, or NULL; borrows the text. */
struct fields *fields_parse(const char *bytes, size_t length, struct error *err) MUST_CHECK;
void fields_free(struct fields *fields);

/*
 * Gives (secret_release) what the pointer leads to: a text, a number as it is written, true or
 * false. Nothing else is a value.
 */
bool fields_read(struct fields *fields, const char *pointer, struct secret *ret_secret,
	struct error *err) MUST_CHECK;

#endif
