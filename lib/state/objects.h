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

/* Where an object is written: what it is there says which fields it can have. */
enum objects_form {
	OBJECTS_DESIRED = 1,
	OBJECTS_LIVE = 2,
	OBJECTS_RECORDED = 4,     /* it has an id and an origin, or it is unresolved */
	OBJECTS_IN_STATE = 8 | 4, /* the same; a store may have `secrets` beside, unread */
};

/* Writes the fields that the object has, all but its address, into what is open. */
void objects_encode(
	struct json_writer *writer, const struct object *object, enum objects_form form);

/*
 * Reads the fields that an object of its kind may have; the texts are copied into the arena. *err
 * has no place yet.
 */
bool objects_decode(const struct json *json, enum objects_form form, struct arena *arena,
	struct object *object, struct error *err) MUST_CHECK;

/*
 * The fields that only plans have: of desired objects `adopt`, where the value comes from and how
 * it compares; of live ones what the audit log says. They are beside `fields` and the address.
 */
void objects_encode_plan(
	struct json_writer *writer, const struct object *object, enum objects_form form);
bool objects_decode_plan(const struct json *json, enum objects_form form, struct arena *arena,
	struct object *object) MUST_CHECK;

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
