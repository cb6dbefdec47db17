/* clang-format off */
/*
 * The ledger: the state, its journal and its lock, through the life of a command. Where the state
 * is kept is up to a backend (state/backend), which only the ledger uses.
 *
 * A command that only reads:    A command that writes:
 *
 *     ledger_read                   ledger_open     lock, read, fold in an old journal
 *     … ledger->state …             ledger_stage    changes without a request, in memory
 *     ledger_close                  ledger_commit   write them, once the run is approved
 *                                   ledger_begin    the intents are durable
 *                                   ledger_record   some results are durable; repeatedly
 *                                   ledger_finish   fold, write the state, remove the journal
 *                                   ledger_close    unlock
 *
 * Every state is read back (from memory) before it is written, and so is a journal that is folded
 * in: cfprov never writes a state that it would refuse to read.
 *
 * After a crash at any point, state and journal have everything that was durable. The next
 * ledger_open folds it in; what has no result is unresolved or in doubt until a run finds out
 * (plan/recover).
 *
 * Where the location has ${ACCOUNT_ID}, each account has a backend, a journal and a lock of its own
 * (state/part), and the state here is all of them in one: who uses a ledger does not notice. Runs
 * on different accounts lock nothing in common.
 */
/* clang-format on */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include "state/part.h"

struct ledger_options {
	struct backend_options backend;
	/* Where the location is split by account: the accounts that are meant. Kept. */
	const struct account *accounts;
	size_t account_count;
	const struct sealing *sealing; /* NULL: there is no key */
	const char *operation;         /* "apply"; shown to others that want the lock */
	bool no_lock;
	/* No error: a state that was moved away (state.moved_to); one that is still to arrive. */
	bool may_be_moved;
	/*
	 * To read states that a log has kept: where to put why the newest one can't be read, which
	 * is then no error. NULL: it is one.
	 */
	struct error *ret_unread;
	int64_t lock_timeout_ms;
};

struct ledger {
	/*
	 * Lent until ledger_stage, ledger_replace or ledger_close. Of several parts it is all of
	 * them in one, under the aliases of the options; its serial grows with each change, and its
	 * lineage says only whether there is a state.
	 */
	struct state state;
	struct state before; /* after ledger_finish: what the run was made from, still lent */
	struct part *parts;  /* by the ids of their accounts */
	size_t part_count;
	struct arena arena; /* of their locations */
	bool may_write;
	/* the run that is in progress: one change for each intent */
	struct arena run_arena;
	struct state_fold run;
	struct change *changes; /* those of `run` */
	struct run_intent {
		struct part *part;
		size_t index; /* among those of its part */
		bool has_result;
	} * intents;
	bool is_ahead; /* the state in memory is newer than that of the backend */
};

/* Reads the state, with a journal folded in in memory. A state that does not exist is empty. */
bool ledger_read(
	struct ledger *ledger, const struct ledger_options *options, struct error *err) MUST_CHECK;

/*
 * Gives (mem_free) the name of a readable backup if the state does not exist and so may have been
 * lost; else NULL.
 */
char *ledger_find_backup(const struct ledger *ledger) MUST_CHECK;

/*
 * Lends the lineage that the state of the account has, or will get when it is first written.
 * `alias` NULL: of the first part.
 */
const char *ledger_lineage(const struct ledger *ledger, const char *alias);

/* Locks and reads the state, and writes a journal that it finds into it. ERROR_BUSY: locked. */
bool ledger_open(
	struct ledger *ledger, const struct ledger_options *options, struct error *err) MUST_CHECK;

/*
 * Writes what interrupted runs left, and what is not written with the key as it should be.
 * ledger_open does so unless `accepts_unsigned`: then call it once that was approved.
 */
bool ledger_accept(struct ledger *ledger, struct error *err) MUST_CHECK;

/* Folds changes that no request made into the state, in memory. */
void ledger_stage(struct ledger *ledger, const struct state_fold *changes);

/*
 * Writes what was staged, unless the ledger was opened by ledger_read. After ledger_finish the
 * backup stays that of the state before the run.
 */
bool ledger_commit(struct ledger *ledger, struct error *err) MUST_CHECK;

/*
 * Takes a whole other state and writes it. The serial never goes back: it becomes that of the new
 * state, or the old one's plus one if that is higher, or in any case in a log, which has no gaps.
 * This machine then takes no older one that it has seen for the newest. A ledger of several parts
 * is refused.
 */
bool ledger_replace(struct ledger *ledger, struct state *state, struct error *err) MUST_CHECK;

/* Gives one of the states that a log has kept (state_release). */
bool ledger_read_old(struct ledger *ledger, int64_t serial, struct state *ret_state,
	struct error *err) MUST_CHECK;

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
 * before each request, and while any is in progress. ERROR_CONFLICT: the lock was broken, so
 * nothing more may be requested; results are still recorded.
 */
bool ledger_keep_alive(struct ledger *ledger, struct error *err) MUST_CHECK;

/* Folds the run into the state, replaces the file and removes the journal. */
bool ledger_finish(struct ledger *ledger, struct error *err) MUST_CHECK;

/*
 * Adds who holds the lock of the state, or nothing if nobody does; and the ID of the lock if that
 * is no process of this machine. Takes no lock.
 */
bool ledger_find_holder(const struct ledger_options *options, struct str *ret_holder,
	struct str *ret_id, struct error *err) MUST_CHECK;

void ledger_close(struct ledger *ledger);

#endif
