/*
 * Accounts, and the objects in them: stores, and secrets in stores. A model holds them sorted by
 * address. There are three: desired (from the manifest), recorded (from the state) and live (from
 * Cloudflare).
 *
 * A model owns its texts, in one arena. Add to it, sort it once, and then only read it. Nothing
 * here knows files, requests or the values of secrets.
 *
 *     struct model model CLEANUP(model_release) = {0};
 *     struct object *store = model_add_object(&model, "prod", "keys", NULL);
 *     store->id = arena_text(&model.arena, id);
 *     model_sort(&model);
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>

/* The alias of the account of a manifest (or state) that names just one. */
#define MODEL_DEFAULT_ALIAS "default"

/* Where something was declared; file NULL: nowhere. */
struct place {
	const char *file;
	size_t line, column; /* from 1 */
};

/* A reference to secret bytes: where they come from, never the bytes. */
enum value_source_kind {
	VALUE_NONE,
	VALUE_ENV,      /* name: the variable */
	VALUE_FILE,     /* name: the path, absolute or from the working folder */
	VALUE_COMMAND,  /* argv, run in `folder` without a shell: what it prints */
	VALUE_DOTENV,   /* name: the path; key: the variable in it */
	VALUE_GENERATE, /* name: the encoding, hex, base64 or base64url; of `bytes` random bytes */
	VALUE_STDIN,    /* all of the standard input */
};

struct value_source {
	enum value_source_kind kind;
	const char *name, *key;
	const char *const *argv; /* ends with NULL */
	const char *folder;      /* NULL: the working folder */
	size_t bytes;
	const char *pointer;     /* RFC 6901: the value is this part of the JSON; NULL: all of it */
	bool keeps_last_newline; /* else one at the end is dropped, with its carriage return */
	struct place place;
};

struct account {
	const char *alias;         /* its name in manifest, state and addresses */
	const char *id;            /* Cloudflare's; at most 32 characters */
	struct value_source token; /* desired only; VALUE_NONE: from the environment */
	struct place place;        /* desired only */
};

/* How an object came to be managed. */
enum origin { ORIGIN_NONE, ORIGIN_CREATED, ORIGIN_ADOPTED };

enum object_kind { OBJECT_STORE, OBJECT_SECRET };

/* What can differ between two versions of a secret; several are joined with |. */
enum object_field { FIELD_VALUE = 1, FIELD_SCOPES = 2, FIELD_COMMENT = 4 };

/* What to do when a value was changed outside of cfprov. */
enum on_drift { ON_DRIFT_REWRITE, ON_DRIFT_WARN, ON_DRIFT_IGNORE };

/* What the account's audit log says about a secret since our own last write. */
enum audit_value {
	AUDIT_UNSURE,  /* the log does not account for every change */
	AUDIT_KEPT,    /* it does, and none of them touched the value */
	AUDIT_CHANGED, /* at least one of them touched the value */
};

/* The texts may be printed as they are. */
struct audit {
	enum audit_value value;
	const char *time;   /* of the last change, or of the last one of the value; RFC 3339 */
	const char *who;    /* who made it: a token's name, or the kind of actor */
	const char *person; /* an e-mail address, for terminals and -json only; or NULL */
};

/* How a desired value compares with the one written last; see apply/values. */
enum value_verdict {
	VALUE_NOT_COMPARED, /* it was not read, or nothing was written yet */
	VALUE_SAME,
	VALUE_CHANGED,
	VALUE_UNVERIFIABLE, /* written with another key, or no fingerprint was kept */
};

/*
 * What nobody knows about a recorded object, because an answer is missing. An object without an id
 * is unresolved: its creation was requested, and it may or may not exist.
 */
enum doubt {
	DOUBT_NONE,
	DOUBT_VALUE, /* its value may be the old or the new one: write it again */
	DOUBT_REST,  /* its scopes or comment may; or it may be destroyed. A store has no other */
	/* As DOUBT_REST, and somebody else had written the value before: `modified` stays that of
	 * our own last write. Of an unresolved duplicate, that of the secret it was made from. */
	DOUBT_FOREIGN,
};

struct object {
	enum object_kind kind;

	/* the address */
	const char *account; /* its alias */
	const char *store;   /* the store's name */
	const char *secret;  /* the secret's name; NULL: this is the store itself */

	/* what Cloudflare shows: live, and recorded as it was last seen */
	const char *id;
	const char *created, *modified; /* RFC 3339, as Cloudflare wrote them; may be NULL */
	const char *status;             /* "active", "pending", or what Cloudflare says */
	const struct audit *audit;      /* live: if the audit log was read; or NULL */

	/* of a secret: desired, recorded and live */
	const char *scopes;  /* sorted, with a comma between; see model_scopes */
	const char *comment; /* NULL: none */

	/* desired, and recorded as they were desired last */
	bool prevent_destroy;  /* nothing may destroy it */
	bool forget_on_remove; /* once it is not in the manifest: keep it in Cloudflare, forget it
				*/
	int64_t version; /* raised to have the value written again; recorded 0: never written */
	const char *fingerprint; /* of the value; NULL: none is kept. See apply/values */

	/* desired */
	const struct value_source *value;
	bool is_written_once;      /* `update: if_absent` */
	bool keeps_no_fingerprint; /* `fingerprint: none` */
	bool may_adopt;            /* `adopt: true`: approved in advance */
	enum on_drift on_drift;
	enum value_verdict verdict;
	struct place place;

	/* recorded */
	enum origin origin;
	enum doubt doubt;
	/* Of what is unresolved or in doubt: until when its request may have been under way, in
	 * milliseconds since 1970 by the wall clock of that machine; 0: not known. */
	int64_t requested_ms;
	/* What we sent where Cloudflare stored other scopes, or another comment ("": none); or
	 * NULL. See object_to_write. */
	const char *sent_scopes, *sent_comment;
	/* `modified` of our last answer, where `modified` stays that of our own last value, which
	 * is older; or NULL. */
	const char *seen_modified;
	const char *former; /* the secret that it was duplicated from, as long as that remains */
	/* Unresolved: what is recorded of the object that it replaces, without its address. */
	const struct object *replaced;
};

/* True of a recorded object whose creation was requested and never answered. */
static inline bool object_is_unresolved(const struct object *recorded)
{
	return !recorded->id;
}

/* `moved` in the manifest: an alias, or the address of a secret, gets another name. */
struct move {
	const char *from, *to;
	struct place place;
};

/* An address that an object of the state had before it was moved. */
struct moved {
	const char *from;
	const struct object *object; /* of which only the address counts */
};

/* `removed` in the manifest: what becomes of an object that is no longer desired. */
struct removal {
	const char *from; /* an address */
	bool destroys;    /* false: forget it, and keep it in Cloudflare */
	struct place place;
};

struct model {
	struct arena arena;
	struct account *accounts;
	size_t account_count, account_room;
	struct object *objects;
	size_t object_count, object_room;
	/* desired only */
	struct move *moves;
	size_t move_count, move_room;
	struct removal *removals;
	size_t removal_count, removal_room;
	struct value_source fingerprint_key; /* `state.fingerprint_key`; VALUE_NONE: none */
};

/* Each copies the names and lends a new item, valid until the next of its kind is added. */
struct account *model_add_account(struct model *model, const char *alias, const char *id);
struct object *model_add_object(
	struct model *model, const char *account, const char *store, const char *secret);

struct move *model_add_move(struct model *model, const char *from, const char *to);
struct removal *model_add_removal(struct model *model, const char *from);

/* Lends a set of scopes as objects have it: sorted, each once. The items have no commas. */
const char *model_scopes(struct arena *arena, const char *const *items, size_t count) MUST_CHECK;

/* The word for it in JSON: "unknown", "unchanged", "changed". */
const char *audit_value_word(enum audit_value value);

/* Adds "modified by NAME at TIME (value changed)". `names_person`: by the address, if known. */
void audit_add_words(struct str *out, const struct audit *audit, bool names_person);

/* Lends a copy of a reference, in the arena. */
struct value_source value_source_copy(struct arena *arena, const struct value_source *source);

/* Copies the object's texts into the arena. */
void object_keep(struct arena *arena, struct object *object);

/* True if a state says the same of two objects of one address. */
bool object_is_same(const struct object *a, const struct object *b);

/*
 * The FIELD_* in which two versions of one secret differ. Nobody can read a value: FIELD_VALUE says
 * that `modified` is another moment, so something was written. What is no date says nothing.
 */
unsigned object_differences(const struct object *a, const struct object *b);

/*
 * FIELD_SCOPES and FIELD_COMMENT, if they must be written so that the live secret becomes what is
 * desired. What Cloudflare stored otherwise than we sent it is not sent again, as long as it is
 * still desired and still there. `recorded` may be NULL.
 */
unsigned object_to_write(
	const struct object *desired, const struct object *recorded, const struct object *live);

/*
 * True if what was seen of a secret is older than what is known of it: Cloudflare's lists lag
 * behind its writes, our own included. Then only what is known counts.
 */
bool object_lags(const struct object *known, const struct object *seen);

/*
 * The FIELD_* that somebody else changed; none if what was seen lags. FIELD_VALUE means that the
 * value may have changed: `modified` did. It is left out if the secret became active, which may
 * change `modified`, too, and if the audit log says that the value was kept.
 */
unsigned object_drift(const struct object *recorded, const struct object *live);

/* True if a secret became active since it was recorded. `modified` may have changed with that. */
bool object_became_ready(const struct object *recorded, const struct object *live);

/* Adds a copy of another model's object, or account, with its texts. */
struct object *model_add_copy(struct model *model, const struct object *object);
struct account *model_add_account_copy(struct model *model, const struct account *account);

/* Sorts accounts by alias, removals and objects by address; doubles by id, then line. */
void model_sort(struct model *model);

/* Each lends what has this alias or address, the first of several; NULL: nothing. Sorted only. */
const struct account *model_account(const struct model *model, const char *alias);
const struct object *model_object(
	const struct model *model, const char *account, const char *store, const char *secret);

/* The same of another object's address. */
const struct object *model_find(const struct model *model, const struct object *like);

/* Lends objects that stand side by side in a sorted model. */
struct objects {
	const struct object *items;
	size_t count;
};

/* All objects of this address: more than one is an error. */
struct objects model_doubles(const struct model *model, const struct object *like);

/* The secrets in the store that `like` is, or is in. */
struct objects model_inside(const struct model *model, const struct object *like);

/* All objects of an account; and the first of them, or NULL. */
struct objects model_in_account(const struct model *model, const char *alias);
const struct object *model_first_in(const struct model *model, const char *alias);

/* Lends the removal of exactly this address, or NULL. Sorted only. */
const struct removal *model_removal(const struct model *model, const char *from);

/* Adds "`dev`, `prod` and 3 more": the aliases, for people. */
void model_add_aliases(struct str *out, const struct model *model);

/* <0, 0, >0: the order of addresses. A store comes right before its secrets. */
int object_compare(const struct object *a, const struct object *b);

/* True if both are the same store, or in it. */
bool object_shares_store(const struct object *a, const struct object *b);

/* Adds ALIAS/STORE or ALIAS/STORE/SECRET. */
void object_add_address(struct str *out, const struct object *object);

/*
 * True if the pattern matches the object's address, or that of something it is in: `prod` and
 * `prod/keys` match prod/keys/TOKEN. `*` and the like match within one part.
 */
bool object_matches(const struct object *object, const char *pattern);

/* Gives (free) the address. */
char *object_address(const struct object *object) MUST_CHECK;

/* "store" or "secret". */
const char *object_kind_word(enum object_kind kind);

void model_release(struct model *model);

#endif
