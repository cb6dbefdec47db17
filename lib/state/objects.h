/*
 * An object's fields in JSON: the same in the state, in the journal and in saved plans. Also the
 * rules for names and ids that state and journal share, and references to values, for the plans.
 *
 * Recorded without an id, an object has "unresolved": true. What is in doubt (enum doubt) has
 * "unsure": true; "keeps_value" beside it means DOUBT_REST, and "strange" beside both
 * DOUBT_FOREIGN. Of an unresolved object "strange" alone means that. A store has only "unsure". Any
 * other combination is an error.
 */
#ifndef STATE_OBJECTS_H
#define STATE_OBJECTS_H

#include "adapter/json.h"
#include "model/model.h"

/* Writes the fields that the object has, all but its address, into what is open. */
void objects_encode(struct json_writer *writer, const struct object *object);

/*
 * Reads the fields that an object of its kind may have; the texts are copied into the arena.
 * `others` are keys that are not the object's, and stay unread; it ends with NULL, and may be NULL.
 * *err has no place yet.
 */
bool objects_decode(const struct json *json, const char *const *others, struct arena *arena,
	struct object *object, struct error *err) MUST_CHECK;

/* The same of what a state holds: an object with an id and an origin, or one that is unresolved. */
void objects_encode_recorded(struct json_writer *writer, const struct object *object);
bool objects_decode_recorded(const struct json *json, const char *const *others,
	struct arena *arena, struct object *object, struct error *err) MUST_CHECK;

/* The address: account, store and, of a secret, secret. Reads valid names only. */
void objects_encode_address(struct json_writer *writer, const struct object *object);
bool objects_decode_address(
	const struct json *json, struct arena *arena, struct object *ret_object) MUST_CHECK;

/* True if it can be a name or an alias: not NULL, not empty, and without a slash. */
bool objects_is_name(const char *name);

/* True if it can be an id of Cloudflare's: 1 to 32 letters, digits, _ and -. */
bool objects_is_id(const char *id);

/* Prefixes the error with the object's address, fit to be printed. Gives false. */
bool objects_refuse(const struct object *object, struct error *err);

/* A reference to a value; of VALUE_NONE nothing is written. Where it was declared is not kept. */
void objects_encode_source(
	struct json_writer *writer, const char *key, const struct value_source *source);
/* NULL or a JSON null is VALUE_NONE. */
bool objects_decode_source(
	const struct json *json, struct arena *arena, struct value_source *ret_source) MUST_CHECK;

#endif
