/* clang-format off */
/*
 * A backend: the place where a state is kept, and how. One interface; behind it are a local file,
 * an object store with a log of states (s3) and Terraform's protocol (http), each a `struct
 * backend_kind` in a file of its own. state/ledger is the only user while a command runs:
 *
 *     backend_open                     no request
 *     backend_read                     a command that only reads needs no more
 *     backend_check                    a command that writes: can it?
 *     backend_lock
 *     backend_read, backend_left       what there is, and what a killed run left
 *     backend_announce                 its intents, before the first request to Cloudflare
 *     backend_still_ours               the fence: nobody broke the lock
 *     backend_append                   the new state; repeatedly
 *     backend_release
 *     backend_free                     keeps a lock that was not released
 *
 * The journal is a local file for all kinds, and the lock file beside it is locked while a command
 * uses the backend: so a journal whose lock file is free was left by a process that ended. For the
 * local kind this is all of the lock; other kinds lock what is shared, too.
 *
 * Errors name the backend, and say what to do. Requests are limited in time and repeated by the
 * backend; an answer that leaves the outcome open is settled before a function returns.
 * ERROR_CONFLICT: another run was faster, and nothing was written. ERROR_INTERRUPTED: the user
 * asked to stop. Any other error of a function that writes: it is unknown whether that happened,
 * and trying again is safe.
 */
/* clang-format on */
#ifndef STATE_BACKEND_H
#define STATE_BACKEND_H

#include "base/secret.h"
#include "base/str.h"
#include "model/event.h"
#include "model/location.h"

#include <signal.h>

#define BACKEND_DEFAULT_NAME "cfprov.state.json"

/* As the name of a backup: none. */
#define BACKEND_NO_BACKUP "-"

enum { BACKEND_SIZE_LIMIT = 512 << 20 }; /* of a state, in bytes */

/* Start with {0}; nothing: none. */
struct backend_credentials {
	struct secret user;
	struct secret items[LOCATION_SECRETS]; /* by enum location_secret */
};

struct backend_options {
	const struct backend_kind *kind;               /* NULL: by the location; tests have more */
	const struct location *location;               /* keeps */
	const struct backend_credentials *credentials; /* keeps; NULL: none */
	const char *backup; /* local: a path; NULL: beside the state; BACKEND_NO_BACKUP */
	const struct event_sink *sink;            /* keeps; may be NULL */
	const volatile sig_atomic_t *interrupted; /* keeps; stops waits; may be NULL */
};

/* What can be asked of every backend without a request; lent until backend_free. */
struct backend {
	const struct backend_kind *kind;
	char *name;         /* for messages: cfprov.state.json, s3://BUCKET/PREFIX */
	char *journal_path; /* a local file */
	char *lock_path;    /* another, beside it */
	char *backup_path;  /* local: of the state before; NULL: none */
	bool has_clock;     /* the server's last answer said its time: */
	int64_t ahead_s;    /* by so many seconds it is ahead of ours */
};

/* A state as the backend has it. Start with {0}. */
struct backend_snapshot {
	bool exists;
	int64_t serial;  /* the number that a log has it under; 0: the kind does not number them */
	int64_t awaited; /* no state, but a log that one is being moved to: its serial */
	struct str bytes;
};

/*
 * `info` is JSON in Terraform's shape (ID, Operation, Info, Who, Version, Created, Path); see
 * state/lock_info.
 */
struct backend_lock {
	const char *id;   /* a uuid, by which a backend knows its own lock from others */
	const char *info; /* has `id` */
};

/* One of the states that a log has kept. The texts may be NULL: unknown. */
struct backend_version {
	int64_t serial;
	size_t size_bytes;
	const char *when, *who, *operation; /* when: RFC 3339 */
};

struct backend_versions {
	struct arena arena;
	struct backend_version *items; /* the newest first */
	size_t count;
};

/* Gives a backend (backend_free). */
bool backend_open(const struct backend_options *options, struct backend **ret_backend,
	struct error *err) MUST_CHECK;
void backend_free(struct backend *backend); /* may be NULL */

/* True if the states are a log without gaps: each serial is the one before plus one. */
bool backend_is_log(const struct backend *backend);

/* True if there is a lock besides the lock file. */
bool backend_has_lock(const struct backend *backend);

/*
 * Can states be written? The local kind looks at the files, s3 proves at the first use that the
 * server honours conditions. Comes before anything is requested of Cloudflare.
 */
bool backend_check(struct backend *backend, struct error *err) MUST_CHECK;

/* The newest state. */
bool backend_read(struct backend *backend, struct backend_snapshot *ret_snapshot,
	struct error *err) MUST_CHECK;

/*
 * An older copy, for advice about a state that is lost or damaged: adds the bytes of the readable
 * one with this index, from 0, and gives (mem_free) its name; NULL: there are no more.
 */
char *backend_read_backup(struct backend *backend, size_t index, struct str *ret_bytes) MUST_CHECK;

/*
 * One attempt, no waiting. A lock with this ID that is still held is ours: it was left by a process
 * of this machine that has ended. ERROR_BUSY: another one is held; *ret_info gets its holder's
 * info, if that is known. Gives in *ret_id the ID of our lock, lent until backend_free; NULL: this
 * kind has no lock besides the lock file.
 */
bool backend_lock(struct backend *backend, const struct backend_lock *lock, const char **ret_id,
	struct str *ret_info, struct error *err) MUST_CHECK;

/* Adds the info of whoever holds the lock; nothing: nobody does, or the kind can't tell. */
bool backend_find_holder(
	struct backend *backend, struct str *ret_info, struct error *err) MUST_CHECK;

/*
 * Keeps the intents of the run beside our lock, so that any machine can recover. They replace what
 * was announced for this lock before; no bytes: nothing of the run was requested.
 */
bool backend_announce(
	struct backend *backend, const struct str *intents, struct error *err) MUST_CHECK;

/* True if other machines can find what was announced. */
bool backend_shares_intents(const struct backend *backend);

/*
 * Adds, each as an item, the oldest first, the intents of runs whose lock was broken, from the run
 * that wrote the newest state on: also those that the newest state has. Needs no lock, and one
 * request if there are none. Start with {0}; the texts are in the arena.
 */
struct backend_intent {
	const char *name; /* of the object; for messages */
	bool is_unseen;   /* by the writer of the newest state: it had an older lock, or none */
	struct str bytes;
};
struct backend_intents {
	struct arena arena;
	const struct backend_intent *items;
	size_t count;
};
bool backend_left(
	struct backend *backend, struct backend_intents *ret_left, struct error *err) MUST_CHECK;

/*
 * The fence: ERROR_CONFLICT if our lock was broken. One short look of a few seconds at most; any
 * other error means that we don't know.
 */
bool backend_still_ours(struct backend *backend, struct error *err) MUST_CHECK;

/*
 * Makes the bytes the newest state. Into a log that is not empty, `serial` is that of the newest
 * state plus one; ERROR_CONFLICT if somebody else has written it. After backend_keep_backup the
 * local kind makes no backup any more.
 */
bool backend_append(struct backend *backend, int64_t serial, const struct str *bytes,
	struct error *err) MUST_CHECK;
void backend_keep_backup(struct backend *backend);

/* Removes what a write that was killed has left. Call it once the lock is taken. */
void backend_tidy(const struct backend *backend);

/* Releases our lock, if we have one. */
bool backend_release(struct backend *backend, struct error *err) MUST_CHECK;

/* Breaks the lock with this ID. ERROR_ABSENT: nobody holds it; *ret_info: whoever holds another. */
bool backend_force_unlock(struct backend *backend, const char *id, struct str *ret_info,
	struct error *err) MUST_CHECK;

/* Logs only. ERROR_ABSENT: the serial is not kept. */
bool backend_history(struct backend *backend, struct backend_versions *ret_versions,
	struct error *err) MUST_CHECK;
bool backend_read_old(struct backend *backend, int64_t serial, struct str *ret_bytes,
	struct error *err) MUST_CHECK;

/* Removes all but the newest `keep` states and what belongs to them. Logs only. */
bool backend_forget(
	struct backend *backend, int64_t keep, size_t *ret_removed, struct error *err) MUST_CHECK;

/*
 * Makes what leads to the newest state anew, where it was lost: looks from the state with this
 * serial on, or from the first if it is 0. Gives the newest serial. Logs only.
 */
bool backend_repair(
	struct backend *backend, int64_t serial, int64_t *ret_serial, struct error *err) MUST_CHECK;

void backend_credentials_release(struct backend_credentials *credentials);
void backend_snapshot_release(struct backend_snapshot *snapshot);
void backend_versions_release(struct backend_versions *versions);
void backend_intents_release(struct backend_intents *intents);

/* ---- what a kind of backend brings ---- */

/*
 * Functions as above. A new kind is a file that defines one of these, a line below, and a row in
 * the table of backend.c. `open`, `close`, `read` and `append` are needed. Any other that is NULL
 * does nothing and succeeds (check, lock, announce, left, still_ours, keep_backup, tidy, release,
 * find_holder), finds nothing (read_backup), or is refused by name (force_unlock, history,
 * read_old, forget, repair). A kind with `history` is a log.
 */
struct backend_kind {
	const char *name; /* in the manifest: local */
	/*
	 * Gives a struct whose first member is a struct backend, zero but for what the kind added;
	 * backend_open sets `kind`, and what is NULL: the name by the location, journal and lock
	 * in the user's state folder.
	 */
	bool (*open)(const struct backend_options *options, struct backend **ret_backend,
		struct error *err);
	void (*close)(struct backend *backend); /* not the texts of struct backend */
	bool (*check)(struct backend *backend, struct error *err);
	bool (*read)(
		struct backend *backend, struct backend_snapshot *ret_snapshot, struct error *err);
	char *(*read_backup)(struct backend *backend, size_t index, struct str *ret_bytes);
	bool (*lock)(struct backend *backend, const struct backend_lock *lock, const char **ret_id,
		struct str *ret_info, struct error *err);
	bool (*find_holder)(struct backend *backend, struct str *ret_info, struct error *err);
	bool (*announce)(struct backend *backend, const struct str *intents, struct error *err);
	bool (*left)(struct backend *backend, struct backend_intents *ret_left, struct error *err);
	bool (*still_ours)(struct backend *backend, struct error *err);
	bool (*append)(struct backend *backend, int64_t serial, const struct str *bytes,
		struct error *err);
	void (*keep_backup)(struct backend *backend);
	void (*tidy)(const struct backend *backend);
	bool (*release)(struct backend *backend, struct error *err);
	bool (*force_unlock)(
		struct backend *backend, const char *id, struct str *ret_info, struct error *err);
	bool (*history)(
		struct backend *backend, struct backend_versions *ret_versions, struct error *err);
	bool (*read_old)(
		struct backend *backend, int64_t serial, struct str *ret_bytes, struct error *err);
	bool (*forget)(
		struct backend *backend, int64_t keep, size_t *ret_removed, struct error *err);
	bool (*repair)(
		struct backend *backend, int64_t serial, int64_t *ret_serial, struct error *err);
};

extern const struct backend_kind backend_local, backend_http, backend_s3;

#endif
