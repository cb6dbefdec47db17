/* clang-format off */
/*
 * The ledger: the state file, its journal and its lock, through the life of a command.
 *
 * A command that only looks:    A command that acts:
 *
 *     ledger_read                   ledger_open     lock, read, fold an old journal in
 *     … ledger->state …             ledger_stage    moves, and what became of unresolved objects:
 *     ledger_close                                  in memory
 *                                   ledger_commit   the run is approved: write them
 *                                   ledger_begin    the intents are durable
 *                                   ledger_record   some results are durable; again and again
 *                                   ledger_finish   fold, replace the state, remove the journal
 *                                   ledger_close    unlock
 *
 * ledger_change and ledger_replace are for edits by hand. Every write is read back (from memory)
 * before it replaces the file, and so is a journal that is folded in: cfprov never writes a state
 * that it would refuse to read.
 *
 * After a crash at any point the files have everything that was durable: the next ledger_open folds
 * it in, and what has no result is unresolved or in doubt until a run has found out (plan/recover).
 * The state is one local file; `.backup` beside it is the one before. Links are followed.
 */
/* clang-format on */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include "adapter/fs.h"
#include "model/event.h"
#include "state/journal.h"
#include "state/state.h"

#include <signal.h>

#define LEDGER_DEFAULT_NAME "cfprov.state.json"

/* As the name of a backup: keep none. */
#define LEDGER_NO_BACKUP "-"

enum { LEDGER_SIZE_LIMIT = 512 << 20 };

struct ledger_options {
	const char *path;
	const char *operation; /* for whoever finds the lock: "apply" */
	const char *backup;    /* where the state before is kept; NULL: beside it */
	bool no_lock;
	int64_t lock_timeout_ms;
	const struct event_sink *sink;            /* may be NULL */
	const volatile sig_atomic_t *interrupted; /* stops waiting for the lock; may be NULL */
};

struct ledger {
	struct state state;  /* as it is now; lent until ledger_stage or close */
	struct state before; /* of a run that has ended: what was lent of it still is */
	int64_t read_serial; /* of the state as it was read, with its journal; 0: there was none */
	char *path, *journal_path, *backup_path; /* backup NULL: none */
	/* The lineage that the state will get, if it was asked for before; see ledger_lineage */
	char born_as[STATE_LINEAGE_LENGTH + 1];
	bool may_write;
	struct fs_lock lock;
	struct fs_log log; /* open between begin and finish */
	/* of the run that is under way, one change for each intent */
	struct arena run_arena;
	struct state_fold run;  /* keeps the accounts and the intents' objects */
	struct change *changes; /* its changes */
	bool *has_result;
	int64_t alive_ms;      /* the journal says so; since 1970 */
	int64_t alive_at_ms;   /* the same, monotonic */
	bool has_journal;      /* the file exists */
	bool is_ahead_of_file; /* what was folded in, or staged, is in memory only */
};

/* Reads the state with a journal folded in, in memory only. A state that is absent is empty. */
bool ledger_read(struct ledger *ledger, const char *path, struct error *err) MUST_CHECK;

/*
 * Gives (free) the path of a readable backup if the state of this path does not exist: it may have
 * been lost. Else NULL.
 */
char *ledger_find_backup(const struct ledger *ledger, const char *path) MUST_CHECK;

/* Lends the lineage that the state has, or will be born with. */
const char *ledger_lineage(struct ledger *ledger);

/*
 * Locks, reads, and folds a journal that it finds into the state file. ERROR_BUSY: someone else
 * holds the lock; the error says who.
 */
bool ledger_open(
	struct ledger *ledger, const struct ledger_options *options, struct error *err) MUST_CHECK;

/* Folds changes that no request made into the state, in memory. */
void ledger_stage(struct ledger *ledger, const struct state_fold *changes);

/* Writes what was staged, if anything was and the ledger was opened to write. */
bool ledger_commit(struct ledger *ledger, struct error *err) MUST_CHECK;

/*
 * Takes a whole other state and writes it. The serial never goes back: it becomes that of the new
 * state, or the old one's plus one if that is higher.
 */
bool ledger_replace(struct ledger *ledger, struct state *state, struct error *err) MUST_CHECK;

/*
 * Makes the intents of a run durable: each is the change that counts if there is no result. Keeps
 * the accounts and the intents' objects until ledger_finish.
 */
bool ledger_begin(struct ledger *ledger, const struct model *desired, const struct change *intents,
	size_t count, struct error *err) MUST_CHECK;

/*
 * Makes results durable, as one group; at most one for each intent. Keeps their objects until
 * ledger_finish, which has them also after a failure.
 */
bool ledger_record(struct ledger *ledger, const struct result *results, size_t count,
	struct error *err) MUST_CHECK;

/*
 * Makes durable that requests are under way now, if the journal has not said so for a second. Call
 * it before each request, and while any is under way.
 */
bool ledger_keep_alive(struct ledger *ledger, struct error *err) MUST_CHECK;

/* Folds the run into the state, replaces the file and removes the journal. */
bool ledger_finish(struct ledger *ledger, struct error *err) MUST_CHECK;

/* True if someone holds the lock of this state; adds who. Takes nothing. */
bool ledger_is_locked(const char *path, struct str *ret_holder) MUST_CHECK;

void ledger_close(struct ledger *ledger);

#endif
