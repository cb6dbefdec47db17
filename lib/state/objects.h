/*
 * An object's fields in JSON: the same in the state, in the journal and in saved plans. Also the
 * rules for names and ids that these share.
 *
 * An object that is recorded without an id has "unresolved": true. Doubt (enum doubt) is written as
 * flags: "unsure" alone is DOUBT_VALUE, with "keeps_value" DOUBT_REST, and with "strange" as well
 * DOUBT_FOREIGN. A store has only "unsure"; an unresolved secret in DOUBT_FOREIGN only "strange".
 * Any other combination is an error.
 */
#ifndef STATE_OBJECTS_H
#define STATE_OBJECTS_H

#include "adapter/json.h"
#include "model/model.h"

/* What an object is where it is written, and so which fields it can have. */
enum objects_form {
	OBJECTS_DESIRED = 1,
	OBJECTS_LIVE = 2,
	OBJECTS_RECORDED = 4,     /* it has an id and an origin, or it is unresolved */
	OBJECTS_IN_STATE = 8 | 4, /* the same; a store's `secrets` are skipped */
};

/* Adds the object's fields, without its address, to the open JSON object. */
void objects_encode(
	struct json_writer *writer, const struct object *object, enum objects_form form);

/* Reads them into an object whose address is set. The arena owns the texts. */
bool objects_decode(const struct json *json, enum objects_form form, struct arena *arena,
	struct object *object, struct error *err) MUST_CHECK;

/*
 * The fields that only saved plans have, beside the address and `fields`: for desired objects
 * `adopt`, the value's source, policy and verdict; for live ones what the audit log says.
 */
void objects_encode_plan(
	struct json_writer *writer, const struct object *object, enum objects_form form);
bool objects_decode_plan(const struct json *json, enum objects_form form, struct arena *arena,
	struct object *object) MUST_CHECK;

/* The address: `account`, `store` and, for a secret, `secret`. False: a name is invalid. */
void objects_encode_address(struct json_writer *writer, const struct object *object);
bool objects_decode_address(
	const struct json *json, struct arena *arena, struct object *ret_object) MUST_CHECK;

/* True if it can be a secret's name or an alias: not NULL, not empty, no slash. */
bool objects_is_name(const char *name);

/* True if it can be one of Cloudflare's ids: 1 to 32 letters, digits, _ and -. */
bool objects_is_id(const char *id);

/* Prefixes the error with the object's address in printable form. Always false. */
bool objects_refuse(const struct object *object, struct error *err);

/* A reference to a value, without its place. VALUE_NONE is not written; absent (NULL) reads so. */
void objects_encode_source(
	struct json_writer *writer, const char *key, const struct value_source *source);
bool objects_decode_source(
	const struct json *json, struct arena *arena, struct value_source *ret_source) MUST_CHECK;

#endif
