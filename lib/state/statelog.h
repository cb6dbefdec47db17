/* clang-format off */
/*
 * A log of states in an object store, and its lock: which object is read or created next, and what
 * the answer means. Objects are created once (If-None-Match: *), so a PUT is a compare-and-swap:
 *
 *     statelog_check      reads the hint; at the first use proves that conditions are honoured
 *     statelog_lock       creates lock/<epoch>: held until lock/<epoch>.done exists
 *     statelog_read       log/<n>, from the hint up to the first that is absent
 *     statelog_append     creates log/<n+1>: of two writers of one serial, one gets ERROR_CONFLICT
 *     statelog_release    creates lock/<epoch>.done, and moves the hint
 *
 * What holds at any instant, whatever fails:
 *   - log/ has no gap, and nothing in it or in lock/ is ever deleted. statelog_forget overwrites an
 *     old state by a mark that names a newer one. If it deleted, a writer that slept meanwhile
 *     could create its serial again, and believe that its state is the newest.
 *   - lock/<e+1> is only created after lock/<e>.done was seen.
 *   - The hint (`latest`) names a serial that exists, and an epoch that is over. It may be stale,
 *     which costs requests; it is never the truth.
 * Whatever is not a clear answer (a reset, a timeout, 412, 409, 5xx) is settled by a look at the
 * object: its nonce says whether it is ours; if it is absent, the same bytes are sent again.
 *
 * Nothing here knows HTTP: requests go through a struct statelog_store, which can be a test's.
 */
/* clang-format on */
#ifndef STATE_STATELOG_H
#define STATE_STATELOG_H

#include "state/backend.h"
#include "state/statelog_request.h"

struct statelog {
	struct statelog_bucket bucket;
	const char *origin; /* kept: where conditions are to be honoured */
	bool has_looked, has_hint;
	bool is_proved; /* conditions are honoured at `origin` */
	struct log_head hint;
	bool is_read;
	int64_t newest, start, writer_epoch; /* newest 0: none; start: where an empty log starts */
	int64_t epoch;                       /* the newest that is known to be over */
	int64_t held;                        /* by somebody else, as far as known; 0: none */
	struct str held_info;
	int64_t ours;          /* the epoch of our lock; 0: none */
	bool may_have_intents; /* our lock */
	char nonce[CRYPT_UUID_SIZE];
	const char *who, *operation;
	int64_t *broken; /* epochs, ascending: what they left may not be in the newest state */
	size_t broken_count, broken_room;
};

/* Start with bucket and origin. */
void statelog_init(struct statelog *log);
void statelog_close(struct statelog *log);

/* The functions of struct backend_kind. */
bool statelog_check(struct statelog *log, struct error *err) MUST_CHECK;
bool statelog_read(
	struct statelog *log, struct backend_snapshot *ret_snapshot, struct error *err) MUST_CHECK;
bool statelog_lock(struct statelog *log, const struct backend_lock *lock, const char **ret_id,
	struct str *ret_info, struct error *err) MUST_CHECK;
bool statelog_find_holder(struct statelog *log, struct str *ret_info, struct error *err) MUST_CHECK;
bool statelog_announce(
	struct statelog *log, const struct str *intents, struct error *err) MUST_CHECK;
bool statelog_left(
	struct statelog *log, struct backend_intents *ret_left, struct error *err) MUST_CHECK;
bool statelog_still_ours(struct statelog *log, struct error *err) MUST_CHECK;
bool statelog_append(struct statelog *log, int64_t serial, const struct str *bytes,
	struct error *err) MUST_CHECK;
bool statelog_release(struct statelog *log, struct error *err) MUST_CHECK;
bool statelog_force_unlock(
	struct statelog *log, const char *id, struct str *ret_info, struct error *err) MUST_CHECK;

/* Reads `latest`, once. False also if it is missing beside a log. */
bool statelog_find_hint(struct statelog *log, struct error *err) MUST_CHECK;

/* Writes `latest` as far as the log is known. */
bool statelog_write_hint(struct statelog *log, struct error *err) MUST_CHECK;

/* ---- the log as a whole, and its past ---- */

bool statelog_history(
	struct statelog *log, struct backend_versions *ret_versions, struct error *err) MUST_CHECK;
bool statelog_read_old(
	struct statelog *log, int64_t serial, struct str *ret_bytes, struct error *err) MUST_CHECK;
bool statelog_forget(
	struct statelog *log, int64_t keep, size_t *ret_removed, struct error *err) MUST_CHECK;

/*
 * Makes the hint anew where it is lost or damaged: looks for the newest state from `serial` on, or
 * from the start of the log if that is 0. Gives the newest serial.
 */
bool statelog_repair(
	struct statelog *log, int64_t serial, int64_t *ret_serial, struct error *err) MUST_CHECK;

#endif
