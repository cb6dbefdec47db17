/* An object's recorded fields in JSON: the same in the state and in the journal. */
#ifndef RECORDED_OBJECTS_H
#define RECORDED_OBJECTS_H

#include "adapter/json.h"
#include "model/model.h"

/* Writes the fields into the object that is open. */
void objects_encode(struct json_writer *writer, const struct object *object);

/* The part of them that says how to part from it: prevent_destroy, on_remove. */
void objects_encode_policy(struct json_writer *writer, const struct object *object);
void objects_decode_policy(const struct json *json, struct object *object);

/* Reads the fields; the texts are copied into the arena. *err has no place yet. */
bool objects_decode(const struct json *json, struct arena *arena, struct object *object,
	struct error *err) MUST_CHECK;

/* Is this a possible id of Cloudflare's: 1 to 32 letters, digits, _ and -? */
bool objects_is_id(const char *id);

#endif
