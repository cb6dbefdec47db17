/*
 * A part of the ledger: one backend with the journal and the lock that belong to it. A ledger has
 * one part, or one for each account where the state is split by account.
 *
 *     part_open      no request
 *     part_lock      only to write: waits for the lock
 *     part_load      the state, with what interrupted runs left folded in in memory
 *     part_write     a new state
 *     part_begin, part_append, part_alive      the journal of a run
 *     part_end       the journal is in the state: removes it
 *     part_close     unlocks, unless the journal has what the backend does not have
 *
 * A process that ends early leaves its journal, and its lock where the backend is shared. The same
 * machine finds the journal: as its lock file is free, its process has ended, so its lock is taken
 * over and the journal folded in. Other machines find the lock. Once it was broken, they fold in
 * the intents that the run announced beside it.
 */
#ifndef STATE_PART_H
#define STATE_PART_H

#include "adapter/fs.h"
#include "adapter/lock.h"
#include "state/backend.h"
#include "state/journal.h"
#include "state/state.h"

struct part {
	struct backend *backend;
	struct account account;        /* whose part it is; id NULL: the ledger has one part */
	const struct event_sink *sink; /* may be NULL */
	struct lock file_lock;
	int folder;             /* of the journal, when the part was locked */
	const char *lock_id;    /* of our lock in the backend; NULL: none */
	bool keeps_lock;        /* a journal of this lock has results */
	struct journal journal; /* as it was found */
	bool has_read_journal;
	bool has_journal; /* the file exists */
	struct sealing sealing;
	struct sealing_found found; /* of the state as it was read */
	bool is_stale;              /* it should be written again with the key */
	struct str dropped; /* `state sign`: intents beside locks that are not sound, a line each */
	bool is_replaced;   /* on purpose, by a state that may be older */
	int64_t seen_serial; /* a higher one that this machine has seen; 0: none */
	struct chain_writer lines, durable_lines; /* with what may not be written yet; without */
	struct fs_log log;                        /* open during a run */
	bool awaits_state;   /* a move to this place was interrupted: it has no state yet */
	int64_t serial;      /* of the newest state that the backend has; 0: none */
	int64_t read_serial; /* of the state as it was read, with its journal; 0: there was none */
	bool is_born;        /* the lineage is that of the state as it was read */
	char lineage[STATE_LINEAGE_LENGTH + 1]; /* see ledger_lineage */
	bool is_ahead;                          /* the state in memory is newer */
	int64_t alive_ms;                       /* when the journal last said so; since 1970 */
	int64_t alive_at_ms, fence_at_ms; /* the same, and the last look at the lock; monotonic */
};

struct part_wait {
	const char *operation; /* what the lock says: "apply" */
	int64_t timeout_ms;
	const volatile sig_atomic_t *interrupted; /* may be NULL */
};

/* Initializes the part in any case: part_close is due. */
bool part_open(struct part *part, const struct backend_options *options,
	const struct sealing *sealing, struct error *err) MUST_CHECK;

/* ERROR_BUSY: it is still locked after the timeout. EVENT_LOCK_WAIT says who is waited for. */
bool part_lock(struct part *part, const struct part_wait *wait, struct error *err) MUST_CHECK;

/* Gives the state (state_release); an empty one if there is none yet. */
bool part_load(struct part *part, struct state *ret_state, struct error *err) MUST_CHECK;

/* False: this machine has seen a newer state. part_load asks, unless `accepts_older`. */
bool part_check_seen(
	const struct part *part, const struct state *state, struct error *err) MUST_CHECK;

/* Gives one of the states that a log has kept (state_release). Another serial or lineage than it
 * should have is an error. After part_load. */
bool part_read_old(
	struct part *part, int64_t serial, struct state *ret_state, struct error *err) MUST_CHECK;

/* The serial of a readable older copy; 0: there is none. Gives its name (mem_free). */
int64_t part_find_backup(const struct part *part, char **ret_name);

/*
 * Gives (mem_free) the name of a backup that is not encrypted: the one that the next write replaces
 * (`is_ours`), or another, which stays as it is. NULL: there is none.
 */
char *part_clear_backup(const struct part *part, bool is_ours) MUST_CHECK;

/* Writes the state under its serial, after reading it back from memory. */
bool part_write(struct part *part, const struct state *state, struct error *err) MUST_CHECK;

/*
 * Makes the journal's header with the intents durable, here and beside the lock, and makes sure
 * that the lock is still ours. If that fails, nothing is left.
 */
bool part_begin(struct part *part, const struct str *header, struct error *err) MUST_CHECK;
bool part_append(struct part *part, const struct str *lines, struct error *err) MUST_CHECK;

/*
 * Makes durable that requests are in progress, if the journal has not said so for a second, and
 * looks after the lock every 15 s. ERROR_CONFLICT: it was broken.
 */
bool part_alive(struct part *part, struct error *err) MUST_CHECK;
bool part_end(struct part *part, struct error *err) MUST_CHECK;

/* Problems are events: nobody could do anything about them. */
void part_close(struct part *part);

/* ---- from part_load.c to part.c ---- */

/* Reads the journal, unless it has been read. Its absence is no error. */
bool part_read_journal(struct part *part, struct error *err) MUST_CHECK;

/* Fails if no state could follow one with this serial. */
bool part_check_serial(const struct part *part, int64_t serial, struct error *err) MUST_CHECK;

/* The bytes of a state. One that can't be read again must not replace one that can. */
bool part_encode(const struct part *part, const struct state *state, struct str *ret_bytes,
	struct error *err) MUST_CHECK;

#endif
