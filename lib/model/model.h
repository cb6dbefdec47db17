/*
 * Accounts and the objects in them: stores, and secrets in stores. A model holds them sorted by
 * address. There are three models: desired (from the manifest), recorded (from the state) and live
 * (from Cloudflare).
 *
 * A model owns its texts, in one arena. Fill it, sort it once, then only read it. It contains no
 * secret values and knows nothing of files or requests.
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

/* The alias of the only account, where a manifest names it just by its id. */
#define MODEL_DEFAULT_ALIAS "default"

/* Where something was declared; file NULL: nowhere. */
struct place {
	const char *file;
	size_t line, column; /* from 1 */
};

/* A reference to a secret value: where it comes from, never the value. */
enum value_source_kind {
	VALUE_NONE,
	VALUE_ENV,      /* name: the variable */
	VALUE_FILE,     /* name: the path, absolute or from the working folder */
	VALUE_COMMAND,  /* the output of argv, run in `folder` without a shell */
	VALUE_DOTENV,   /* name: the path; key: the variable in it */
	VALUE_GENERATE, /* `bytes` random bytes; name: the encoding, hex, base64 or base64url */
	VALUE_STDIN,    /* all of the standard input */
};

struct value_source {
	enum value_source_kind kind;
	const char *name, *key;
	const char *const *argv; /* ends with NULL */
	const char *folder;      /* NULL: the working folder */
	const char *const *env; /* variables that argv gets although commands in general don't; ends
				 * with NULL; or NULL */
	size_t bytes;
	const char *pointer;     /* RFC 6901: the part of the JSON that is the value; NULL: all */
	bool keeps_last_newline; /* else a final newline (or CR LF) is dropped */
	/* Of a file or program, once a policy has allowed it: absolute, and without links. */
	const char *real_path;
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

/* Flags: what can differ between two versions of a secret. */
enum object_field { FIELD_VALUE = 1, FIELD_SCOPES = 2, FIELD_COMMENT = 4 };

/* What to do if a value was changed outside of cfprov. */
enum on_drift { ON_DRIFT_REWRITE, ON_DRIFT_WARN, ON_DRIFT_IGNORE };

/* What the account's audit log says about a secret since our own last write. */
enum audit_value {
	AUDIT_UNSURE,  /* the log does not explain every change */
	AUDIT_KEPT,    /* it does, and none of them changed the value */
	AUDIT_CHANGED, /* at least one of them changed the value */
};

/* The texts are safe to print. */
struct audit {
	enum audit_value value;
	const char *time;   /* of the last change, of the value if possible; RFC 3339 */
	const char *who;    /* its author: a token's name, or the kind of actor */
	const char *person; /* an e-mail address, for terminals and -json only; or NULL */
};

/* How a desired value compares with the value written last; see apply/values. */
enum value_verdict {
	VALUE_NOT_COMPARED, /* it was not read, or no value was written yet */
	VALUE_SAME,
	VALUE_CHANGED,
	VALUE_UNVERIFIABLE, /* fingerprinted with another key, or not at all */
};

/*
 * What is unknown about a recorded object because an answer is missing. An object without an id is
 * unresolved: its creation was requested, and it may or may not exist.
 */
enum doubt {
	DOUBT_NONE,
	DOUBT_VALUE, /* its value may be the old or the new one: write it again */
	DOUBT_REST,  /* its scopes or comment may be old or new, or it may be destroyed. A store has
		      * no other doubt */
	/* As DOUBT_REST, and someone else had written the value before: `modified` is still that
	 * of our own last write; of an unresolved duplicate, that of the original. */
	DOUBT_FOREIGN,
};

struct object {
	enum object_kind kind;

	/* the address */
	const char *account; /* its alias */
	const char *store;   /* the store's name */
	const char *secret;  /* the secret's name; NULL: this is the store itself */

	/* as Cloudflare shows it: live, and recorded as last seen */
	const char *id;
	const char *created, *modified; /* RFC 3339 as Cloudflare wrote it; may be NULL */
	const char *status;             /* "active", "pending", or another word of Cloudflare's */
	const struct audit *audit;      /* live only; NULL: the audit log was not read */

	/* of a secret: desired, recorded and live */
	const char *scopes;  /* sorted, with a comma between; see model_scopes */
	const char *comment; /* NULL: none */

	/* desired, and recorded as last desired */
	int64_t version;         /* raising it writes the value again; recorded 0: never written */
	const char *fingerprint; /* of the value; NULL: none. See apply/values */
	bool prevent_destroy;    /* nothing may destroy it */
	bool forget_on_remove;   /* once removed from the manifest: forget it, don't destroy it */

	/* desired */
	bool is_written_once;      /* `update: if_absent` */
	bool keeps_no_fingerprint; /* `fingerprint: none` */
	bool may_adopt;            /* `adopt: true`: approved in advance */
	bool is_unread;            /* its source was not read: -values=none */
	enum on_drift on_drift;
	enum value_verdict verdict;
	const struct value_source *value;
	struct place place;

	/* recorded */
	enum origin origin;
	enum doubt doubt;
	/* If unresolved or in doubt: until when its request may have been in progress, in
	 * milliseconds since 1970 by that machine's wall clock; 0: unknown. */
	int64_t requested_ms;
	/* What was sent, if Cloudflare stored other scopes or another comment ("": none); else
	 * NULL. See object_to_write. */
	const char *sent_scopes, *sent_comment;
	/* `modified` of our last write, if `modified` is that of an earlier write, of the value
	 * that someone else has replaced; else NULL. */
	const char *seen_modified;
	const char
		*former; /* the name of the secret it is a duplicate of, while that is recorded */
	/* Unresolved: the object that has, or had, its name, without the address: as it was
	 * recorded, or just its id if it is not ours. */
	const struct object *replaced;
};

/* True of a recorded object whose creation was requested and never answered. */
static inline bool object_is_unresolved(const struct object *recorded)
{
	return !recorded->id;
}

/* An entry of `moved` in the manifest: renames an alias or a secret. */
struct move {
	const char *from, *to;
	struct place place;
};

/* The address that an object of the state had before a move. */
struct moved {
	const char *from;
	const struct object *object; /* only its address counts */
};

/* An entry of `removed` in the manifest: what to do with objects that are no longer desired. */
struct removal {
	const char *from; /* an address */
	bool destroys;    /* false: forget them, don't destroy them */
	struct place place;
};

/* Should the state be encrypted? Where the manifest does not say, it stays as it is. */
enum encryption { ENCRYPTION_UNSAID, ENCRYPTION_OFF, ENCRYPTION_ON };

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
	struct value_source key, old_key; /* `state.key`, `state.old_key`; VALUE_NONE: none */
	enum encryption encryption;       /* `state.encrypt` */
	struct place encryption_place;
};

/* Makes room for so many objects in all, or more: those that are added until then don't move. */
void model_reserve(struct model *model, size_t count);

/* Each copies the names and lends the new item, until the next of its kind is added. */
struct account *model_add_account(struct model *model, const char *alias, const char *id);
struct object *model_add_object(
	struct model *model, const char *account, const char *store, const char *secret);

struct move *model_add_move(struct model *model, const char *from, const char *to);
struct removal *model_add_removal(struct model *model, const char *from);

/* Lends scopes as objects hold them: sorted, unique, separated by commas. Items have no comma. */
const char *model_scopes(struct arena *arena, const char *const *items, size_t count) MUST_CHECK;

/* Does an object's text of scopes have this one? */
bool model_has_scope(const char *scopes_or_null, const char *scope);

/* Its name in JSON: "unknown", "unchanged" or "changed". */
const char *audit_value_word(enum audit_value value);

/* Adds "modified by NAME at TIME (value changed)". `names_person`: NAME is the e-mail address. */
void audit_add_words(struct str *out, const struct audit *audit, bool names_person);

/* Copies the object's texts into the arena. */
void object_keep(struct arena *arena, struct object *object);

/* True if two objects of one address have the same representation in a state. */
bool object_is_same(const struct object *a, const struct object *b);

/*
 * The FIELD_* in which two versions of a secret differ. Values can't be read, so FIELD_VALUE means
 * that `modified` differs: something was written. An invalid date is not a difference.
 */
unsigned object_differences(const struct object *a, const struct object *b);

/*
 * Which of FIELD_SCOPES and FIELD_COMMENT must be written to make the live secret the desired one.
 * What Cloudflare did not store as sent is not sent again unless the desired or the live one has
 * changed since. `recorded` may be NULL.
 */
unsigned object_to_write(
	const struct object *desired, const struct object *recorded, const struct object *live);

/*
 * True if `seen` is older than `known`: Cloudflare's lists lag behind writes, including ours. Then
 * only `known` counts.
 */
bool object_lags(const struct object *known, const struct object *seen);

/*
 * The FIELD_* that someone else changed; none if `live` lags. FIELD_VALUE means that `modified`
 * differs, so the value may have changed. It is left out if the secret has become active, which may
 * also change `modified`, unless its value was someone else's before; and if the audit log says
 * that the value is unchanged.
 */
unsigned object_drift(const struct object *recorded, const struct object *live);

/* True if the recorded secret's value is known to be someone else's. */
static inline bool object_has_foreign_value(const struct object *recorded)
{
	return recorded->seen_modified || recorded->doubt == DOUBT_FOREIGN;
}

/* True if a secret has become active since it was recorded, which may have changed `modified`. */
bool object_became_ready(const struct object *recorded, const struct object *live);

/* Adds a copy of another model's object, or account, with its texts. */
struct object *model_add_copy(struct model *model, const struct object *object);
struct account *model_add_account_copy(struct model *model, const struct account *account);

/* Moves the other model's objects with their texts; nothing is left there. */
void model_take_objects(struct model *model, struct model *other);

/* Sorts accounts by alias, removals and objects by address, then by id and line. */
void model_sort(struct model *model);

/*
 * The rest needs a sorted model. These lend what has the alias or address, the first of several;
 * NULL: nothing has.
 */
const struct account *model_account(const struct model *model, const char *alias);
const struct object *model_object(
	const struct model *model, const char *account, const char *store, const char *secret);

const struct object *model_find(const struct model *model, const struct object *like);
const struct removal *model_removal(const struct model *model, const char *from);

/* Lends a range of a model's objects. */
struct objects {
	const struct object *items;
	size_t count;
};

/* All objects with the address of `like`: more than one is an error. */
struct objects model_doubles(const struct model *model, const struct object *like);

/* The secrets in the store that `like` is or is in. */
struct objects model_inside(const struct model *model, const struct object *like);

/* All objects of an account; the first of them, or NULL. */
struct objects model_in_account(const struct model *model, const char *alias);
const struct object *model_first_in(const struct model *model, const char *alias);

/* Adds the aliases in words: "`dev`, `prod` and 3 more". */
void model_add_aliases(struct str *out, const struct model *model);

/* Orders addresses (<0, 0, >0). A store comes right before its secrets. */
int object_compare(const struct object *a, const struct object *b);

/* True if both are in, or are, one store. */
bool object_shares_store(const struct object *a, const struct object *b);

/* Adds ALIAS/STORE or ALIAS/STORE/SECRET. */
void object_add_address(struct str *out, const struct object *object);

/*
 * True if the pattern matches the address of the object, its store or its account: `prod` and
 * `prod/keys` match prod/keys/TOKEN. `*`, `?` and `[...]` match within one part.
 */
bool object_matches(const struct object *object, const char *pattern);

/* Gives (mem_free) the address. */
char *object_address(const struct object *object) MUST_CHECK;

/* "store" or "secret". */
const char *object_kind_word(enum object_kind kind);

void model_release(struct model *model);

#endif
