/*
 * The noun of cfprov: accounts and the objects in them (stores, and secrets in stores), sorted by
 * address. It stands three times: desired (the manifest), recorded (the state) and live.
 *
 * A model owns all of its texts, in one arena. Build it with model_add_*, then model_sort once;
 * after that it is only read. Nothing here knows files, requests or secrets' values.
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

/* A reference to secret bytes: where they are to be had, never the bytes. */
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
	const char *pointer;     /* RFC 6901: of the JSON that it is, take this; or NULL */
	bool keeps_last_newline; /* else one at the end is dropped, with its carriage return */
	struct place place;
};

struct account {
	const char *alias;         /* how manifest, state and addresses call it */
	const char *id;            /* Cloudflare's; at most 32 characters */
	struct value_source token; /* desired only; VALUE_NONE: from the environment */
	struct place place;        /* desired only */
};

/* How an object came to be managed. */
enum origin { ORIGIN_NONE, ORIGIN_CREATED, ORIGIN_ADOPTED };

enum object_kind { OBJECT_STORE, OBJECT_SECRET };

/* What can differ between two versions of a secret. Or several with |. */
enum object_field { FIELD_VALUE = 1, FIELD_SCOPES = 2, FIELD_COMMENT = 4 };

/* What to do when a value was changed outside of cfprov. */
enum on_drift { ON_DRIFT_REWRITE, ON_DRIFT_WARN, ON_DRIFT_IGNORE };

/*
 * What the audit log of the account says of the changes of a secret since our own last write. The
 * texts are fit to be printed.
 */
enum audit_value {
	AUDIT_UNSURE,  /* the log does not account for every change */
	AUDIT_KEPT,    /* it does, and none of them touched the value */
	AUDIT_CHANGED, /* at least one of them touched the value */
};

struct audit {
	enum audit_value value;
	const char *time;   /* of the last change, or the last one of the value; RFC 3339 */
	const char *who;    /* who made it: a token's name, or the kind of actor */
	const char *person; /* an e-mail address, for terminals and -json only; or NULL */
};

/* How a desired value compares with what was written last; apply/values finds out. */
enum value_verdict {
	VALUE_NOT_COMPARED, /* it is not to be read, or nothing was written yet */
	VALUE_SAME,
	VALUE_CHANGED,
	VALUE_UNVERIFIABLE, /* written with another key, or no fingerprint was kept */
};

/*
 * What nobody knows of a recorded object, because an answer is missing. An object without an id is
 * unresolved: its creation was requested, and it may or may not exist.
 */
enum doubt {
	DOUBT_NONE,
	DOUBT_VALUE, /* its value was to be written: write it again. A store: the same as DOUBT_REST
		      */
	DOUBT_REST,  /* its scopes or comment were to be written, or it was to be destroyed */
	/* the same, and somebody else had written the value before: `modified` stays that of our
	 * own last write. Of an unresolved duplicate: of the one that is duplicated */
	DOUBT_FOREIGN,
};

struct object {
	enum object_kind kind;
	const char *account; /* its alias */
	const char *store;   /* the store's name */
	const char *secret;  /* the secret's name; NULL: this is the store itself */

	/* recorded and live; NULL in desired */
	const char *id;
	const char *created, *modified; /* RFC 3339, as Cloudflare wrote them; may be NULL */

	/* of a secret */
	const char *scopes;  /* sorted, with a comma between; see model_scopes */
	const char *comment; /* NULL: none */
	const char *status;  /* recorded and live: "active", "pending", or what Cloudflare says */
	/* recorded: what we sent where Cloudflare stored the scopes or the comment above instead
	 * ("": no comment); or NULL. See object_to_write. */
	const char *sent_scopes, *sent_comment;
	/* recorded: of the value written last; desired: of the value now. NULL: none is kept.
	 * See apply/values. */
	const char *fingerprint;
	/* live: of what was modified outside of cfprov, if the account's log could be read; or NULL
	 */
	const struct audit *audit;
	/* recorded: the name of the one that it was duplicated from, which may be left; or NULL */
	const char *former;
	int64_t version;  /* desired, and recorded: raised to have the value written again */
	enum doubt doubt; /* recorded */
	/* recorded, of what is in doubt or has no id: until when its request may have been under
	 * way, in milliseconds since 1970 by the wall clock of that machine; 0: not known */
	int64_t requested_ms;
	/* recorded: `modified` of our last answer, where `modified` stays older, that of our own
	 * last value; or NULL */
	const char *seen_modified;

	/* of a secret, desired */
	const struct value_source *value;
	bool is_written_once;      /* `update: if_absent` */
	bool keeps_no_fingerprint; /* `fingerprint: none` */
	enum on_drift on_drift;
	enum value_verdict verdict;

	/* desired; and recorded, as it was desired last */
	bool prevent_destroy;  /* nothing may destroy it */
	bool forget_on_remove; /* out of the manifest: leave it alive, out of the state */

	/* recorded */
	enum origin origin; /* ORIGIN_NONE in live and desired */
	/* unresolved: what is recorded of the one that it replaces, without its address; or NULL */
	const struct object *replaced;

	/* desired */
	bool may_adopt; /* `adopt: true`: needs no question */
	struct place place;
};

/* True of a recorded object whose creation was requested and never answered. */
static inline bool object_is_unresolved(const struct object *recorded)
{
	return !recorded->id;
}

/* A rename of what the state holds: `moved` in the manifest. Aliases, or addresses of secrets. */
struct move {
	const char *from, *to;
	struct place place;
};

/* An address that an object of the state had before it was moved. */
struct moved {
	const char *from;
	const struct object *object; /* of which only the address counts */
};

/* What becomes of an object that is no longer desired: `removed` in the manifest. */
struct removal {
	const char *from; /* an address */
	bool destroys;    /* false: leave the state, stay in Cloudflare */
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

/* Each lends a new item whose names are copied; valid until the next item of its sort is added. */
struct account *model_add_account(struct model *model, const char *alias, const char *id);
struct object *model_add_object(
	struct model *model, const char *account, const char *store, const char *secret);

struct move *model_add_move(struct model *model, const char *from, const char *to);
struct removal *model_add_removal(struct model *model, const char *from);

/*
 * Lends the set of scopes as it stands in objects: sorted, each once, with a comma between. The
 * texts have no commas.
 */
const char *model_scopes(struct arena *arena, const char *const *items, size_t count) MUST_CHECK;

/* The word for it in JSON: "unknown", "unchanged", "changed". */
const char *audit_value_word(enum audit_value value);

/* Reads that word; false: it is none of them. */
bool audit_value_read(const char *word, enum audit_value *ret_value) MUST_CHECK;

/* Adds "modified by NAME at TIME (value changed)". `names_person`: by the address, if known. */
void audit_add_words(struct str *out, const struct audit *audit, bool names_person);

/* Lends a copy of a reference, in the arena. */
struct value_source value_source_copy(struct arena *arena, const struct value_source *source);

/* Copies the texts of an object into the arena, so that it outlives where it came from. */
void object_keep(struct arena *arena, struct object *object);

/* Is all that a state says of two objects of one address the same? */
bool object_is_same(const struct object *a, const struct object *b);

/*
 * In which FIELD_* do two versions of one secret differ? Nobody can see a value: FIELD_VALUE says
 * that `modified` is another moment, so that something was written. What can't be read as a date
 * says nothing.
 */
unsigned object_differences(const struct object *a, const struct object *b);

/*
 * Which of FIELD_SCOPES and FIELD_COMMENT are to be written so that a secret becomes what is
 * desired? Not what Cloudflare has stored otherwise than we sent it, as long as that is still
 * desired and still there: it would be stored otherwise again. `recorded` may be NULL.
 */
unsigned object_to_write(
	const struct object *desired, const struct object *recorded, const struct object *live);

/*
 * Is what was seen of a secret an older version than what is known of it? Cloudflare's lists lag
 * behind its writes, our own included. Then only what is known counts.
 */
bool object_lags(const struct object *known, const struct object *seen);

/*
 * In which FIELD_* has somebody else changed what is recorded? None, if what was seen lags.
 * FIELD_VALUE means that the value may have been: `modified` says that something was written. It
 * is left out if the secret became active, which may change `modified`, too, and if the audit log
 * says that the value was kept.
 */
unsigned object_drift(const struct object *recorded, const struct object *live);

/*
 * Has a secret become active since it was recorded? That may change `modified`, too, and nobody
 * has written anything.
 */
bool object_became_ready(const struct object *recorded, const struct object *live);

/* Adds a copy of an object (or account) of another model, texts and all. */
struct object *model_add_copy(struct model *model, const struct object *object);
struct account *model_add_account_copy(struct model *model, const struct account *account);

/* Sorts accounts by alias, removals and objects by address (doubles by id, then line). O(n log n).
 */
void model_sort(struct model *model);

/* Lends what has this alias or address (the first, if there are several), or NULL. Sorted only. */
const struct account *model_account(const struct model *model, const char *alias);
const struct object *model_object(
	const struct model *model, const char *account, const char *store, const char *secret);

/* The same, of the address that another object has. */
const struct object *model_find(const struct model *model, const struct object *like);

/* Lends objects that stand side by side in a sorted model. */
struct objects {
	const struct object *items;
	size_t count;
};

/* All that have this address: more than one are doubles, an error that somebody has to hear of. */
struct objects model_doubles(const struct model *model, const struct object *like);

/* The secrets in the store that `like` is, or is in. */
struct objects model_inside(const struct model *model, const struct object *like);

/* All objects of an account, and the first of them, or NULL. */
struct objects model_in_account(const struct model *model, const char *alias);
const struct object *model_first_in(const struct model *model, const char *alias);

/* Lends the removal from exactly this address, or NULL. Sorted only. */
const struct removal *model_removal(const struct model *model, const char *from);

/* Adds "`dev`, `prod` and 3 more": the aliases, for people. */
void model_add_aliases(struct str *out, const struct model *model);

/*
 * <0, 0, >0: the order of addresses: by account, store, then secret; a store comes right before
 * its secrets.
 */
int object_compare(const struct object *a, const struct object *b);

/* True if both are the same store, or in it. */
bool object_shares_store(const struct object *a, const struct object *b);

/* Adds ALIAS/STORE or ALIAS/STORE/SECRET. */
void object_add_address(struct str *out, const struct object *object);

/*
 * Does the pattern of an address (`*` and the like match within one part) match the object or
 * something that it is in? `prod` and `prod/keys` match prod/keys/TOKEN.
 */
bool object_matches(const struct object *object, const char *pattern);

/* Gives (free) the address. */
char *object_address(const struct object *object) MUST_CHECK;

/* The word for one of its kind: "store". */
const char *object_kind_word(enum object_kind kind);

void model_release(struct model *model);

#endif
