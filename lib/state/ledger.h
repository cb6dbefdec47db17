/* clang-format off */
/*
 * The ledger: the state file, its journal and its lock, through the life of a command.
 *
 * A command that only reads:    A command that writes:
 *
 *     ledger_read                   ledger_open     lock, read, fold in an old journal
 *     … ledger->state …             ledger_stage    changes without a request, in memory
 *     ledger_close                  ledger_commit   write them, once the run is approved
 *                                   ledger_begin    the intents are durable
 *                                   ledger_record   some results are durable; repeatedly
 *                                   ledger_finish   fold, replace the state, remove the journal
 *                                   ledger_close    unlock
 *
 * Every state is read back (from memory) before it replaces the file, and so is a journal that is
 * folded in: cfprov never writes a state that it would refuse to read.
 *
 * After a crash at any point the files have everything that was durable. The next ledger_open folds
 * it in; what has no result is unresolved or in doubt until a run finds out (plan/recover). The
 * state is one local file, and links are followed. `.backup` beside it is the state before.
 */
/* clang-format on */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include "adapter/fs.h"
#include "adapter/lock.h"
#include "model/event.h"
#include "state/journal.h"
#include "state/state.h"

#include <signal.h>

#define LEDGER_DEFAULT_NAME "cfprov.state.json"

/* As the name of a backup: none. */
#define LEDGER_NO_BACKUP "-"

enum { LEDGER_SIZE_LIMIT = 512 << 20 };

struct ledger_options {
	const char *path;
	const char *operation; /* "apply"; shown to others that want the lock */
	const char *backup;    /* a path; NULL: beside the state */
	bool no_lock;
	int64_t lock_timeout_ms;
	const struct event_sink *sink;            /* may be NULL */
	const volatile sig_atomic_t *interrupted; /* stops waiting for the lock; may be NULL */
};

struct ledger {
	struct state state;  /* lent until ledger_stage, ledger_replace or ledger_close */
	struct state before; /* after ledger_finish: what the run was made from, still lent */
	int64_t read_serial; /* of the state as it was read, with its journal; 0: there was none */
	char *path, *journal_path, *backup_path;    /* backup NULL: none, or it has been made */
	char new_lineage[STATE_LINEAGE_LENGTH + 1]; /* see ledger_lineage */
	bool may_write;
	struct lock lock;
	struct fs_log log; /* open between begin and finish */
	/* the run that is in progress: one change for each intent */
	struct arena run_arena;
	struct state_fold run;
	struct change *changes; /* those of `run` */
	bool *has_result;
	int64_t alive_ms;      /* when the journal last said so; since 1970 */
	int64_t alive_at_ms;   /* the same, monotonic */
	bool has_journal;      /* the file exists */
	bool is_ahead_of_file; /* the state in memory is newer */
};

/* Reads the state, with a journal folded in in memory. A state that does not exist is empty. */
bool ledger_read(struct ledger *ledger, const char *path, struct error *err) MUST_CHECK;

/*
 * Gives (mem_free) the path of a readable backup if the state of this path does not exist and so
 * may have been lost; else NULL.
 */
char *ledger_find_backup(const struct ledger *ledger, const char *path) MUST_CHECK;

/* Lends the lineage that the state has, or will get when it is first written. */
const char *ledger_lineage(struct ledger *ledger);

/* Locks and reads the state, and writes a journal that it finds into it. ERROR_BUSY: locked. */
bool ledger_open(
	struct ledger *ledger, const struct ledger_options *options, struct error *err) MUST_CHECK;

/* Folds changes that no request made into the state, in memory. */
void ledger_stage(struct ledger *ledger, const struct state_fold *changes);

/*
 * Writes what was staged, unless the ledger was opened by ledger_read. After ledger_finish the
 * backup stays that of the state before the run.
 */
bool ledger_commit(struct ledger *ledger, struct error *err) MUST_CHECK;

/*
 * Takes a whole other state and writes it. The serial never goes back: it becomes that of the new
 * state, or the old one's plus one if that is higher.
 */
bool ledger_replace(struct ledger *ledger, struct state *state, struct error *err) MUST_CHECK;

/*
 * Makes the intents of a run durable; an intent is the change that counts if there is no result.
 * Keeps the accounts and the intents' objects until ledger_finish.
 */
bool ledger_begin(struct ledger *ledger, const struct model *desired, const struct change *intents,
	size_t count, struct error *err) MUST_CHECK;

/*
 * Makes results durable, as one group; at most one for each intent. Even if that fails,
 * ledger_finish has them.
 */
bool ledger_record(struct ledger *ledger, const struct result *results, size_t count,
	struct error *err) MUST_CHECK;

/*
 * Makes durable that requests are in progress, if the journal has not said so for a second. Call it
 * before each request, and while any is in progress.
 */
bool ledger_keep_alive(struct ledger *ledger, struct error *err) MUST_CHECK;

/* Folds the run into the state, replaces the file and removes the journal. */
bool ledger_finish(struct ledger *ledger, struct error *err) MUST_CHECK;

/* True if someone holds the lock of this state; adds who. Takes no lock. */
bool ledger_is_locked(const char *path, struct str *ret_holder) MUST_CHECK;

void ledger_close(struct ledger *ledger);

#endif
