/*
 * An object's fields in JSON: the same in the state, in the journal and in saved plans. And
 * references to values, for the plans.
 */
#ifndef STATE_OBJECTS_H
#define STATE_OBJECTS_H

#include "adapter/json.h"
#include "model/model.h"

/* Writes the fields that the object has, all but its address, into what is open. */
void objects_encode(struct json_writer *writer, const struct object *object);

/*
 * Reads fields; the texts are copied into the arena. `others` are keys that are not the object's,
 * and stay unread; it ends with NULL, and may be NULL. *err has no place yet.
 */
bool objects_decode(const struct json *json, const char *const *others, struct arena *arena,
	struct object *object, struct error *err) MUST_CHECK;

/* Is it what a state can hold: with an id and an origin, or else unresolved? */
bool objects_check_recorded(const struct object *object, struct error *err) MUST_CHECK;

/* The address: account, store and, of a secret, secret. */
void objects_encode_address(struct json_writer *writer, const struct object *object);
bool objects_decode_address(
	const struct json *json, struct arena *arena, struct object *ret_object) MUST_CHECK;

/* Is this a possible id of Cloudflare's: 1 to 32 letters, digits, _ and -? */
bool objects_is_id(const char *id);

/* A reference to a value; of VALUE_NONE nothing is written. Where it was declared is not kept. */
void objects_encode_source(
	struct json_writer *writer, const char *key, const struct value_source *source);
/* NULL or a JSON null is VALUE_NONE. */
bool objects_decode_source(
	const struct json *json, struct arena *arena, struct value_source *ret_source) MUST_CHECK;

#endif
