/*
 * The journal: what a run is about to do, then what came of it, durable group by group. It exists
 * beside the state, as <state>.journal, while an apply runs. A journal found at start was left by
 * an interrupted run and is folded into the state.
 *
 * Each line is JSON, protected as state/chain says. The first is the header: the state that the
 * journal belongs to (lineage, serial, lock), the accounts of the run, and the intents, each with
 * what the state says if the outcome stays unknown. Every other line is a group of results, at most
 * one for each intent, or says that requests are in progress (about once a second while there are
 * any). A line is written only when all lines before it are durable. So text after the last line
 * break is torn and counts as not written, and a whole line that is wrong is damage: an error that
 * names the place.
 *
 * A journal obeys the rules of a state (state/objects), and no two intents share an address, so
 * that it can be folded, encoded and read again. This is only the coding; state/ledger reads and
 * writes the file.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include "state/chain.h"

/* The outcome of an intent. */
struct result {
	size_t intent;
	struct change change; /* CHANGE_KEEP: it failed, and certainly changed nothing */
};

/* What a journal belongs to. */
struct journal_head {
	int64_t serial; /* of the state before the run */
	char lineage[STATE_LINEAGE_LENGTH + 1];
	char lock[STATE_LINEAGE_LENGTH + 1]; /* ID of the lock that the run has in a backend that
					      * other machines share; "": none */
};

struct journal {
	struct journal_head head;
	struct model model;     /* owns the texts; has the accounts of the run */
	struct change *changes; /* one for each intent */
	size_t count;
	int64_t alive_ms; /* when the run was last known to be alive, since 1970; 0: unknown */
	struct sealing_found found;
};

enum { JOURNAL_ALIVE_EVERY_MS = 1000 };

/*
 * The changes of the run are its intents: what counts until there is a result. PUT, or KEEP if
 * nothing is requested.
 */
void journal_encode_header(const struct journal_head *head, const struct state_fold *run,
	struct chain_writer *lines, struct str *out);
void journal_encode_alive(int64_t now_ms, struct chain_writer *lines, struct str *out);
void journal_encode_group(
	const struct result *results, size_t count, struct chain_writer *lines, struct str *out);

/* An empty or torn journal has serial 0 and no changes. Errors name `file`. */
bool journal_decode(const char *file, const struct str *bytes, const struct sealing *sealing,
	struct journal *ret_journal, struct error *err) MUST_CHECK;

/* True if state and journal agree on the accounts, and know those of all intents. */
bool journal_check_accounts(
	const struct journal *journal, const struct state *state, struct error *err) MUST_CHECK;

/* Adds the file and, if the error has no hint, what to do about the journal. Always false. */
bool journal_refuse(const char *file, struct error *err);

void journal_release(struct journal *journal);

#endif
