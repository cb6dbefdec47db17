/*
 * The journal: what a run is about to do, then what came of it, durable group by group. It is
 * beside the state as <state>.journal while an apply runs; found at start, it is what an
 * interrupted run has left, and is folded into the state.
 *
 * Lines of text, each `CHECKSUM JSON`. The first is the header: the state that it belongs to
 * (lineage, serial), the accounts of the run, and the intents, each with what the state says if the
 * outcome stays unknown. Each further line is one group of results, at most one for each intent; or
 * it says that requests are under way (about every second while there are any). A line is written
 * after all lines before it are durable. What follows the last line break is torn and counts as not
 * written; a whole line with a wrong checksum is damage, and an error that names the byte.
 *
 * A journal obeys the rules of a state (state/objects), and no two intents have one address. So
 * what is read can be folded, encoded, and read again. This is the coding only; state/ledger reads
 * and writes the file.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include "state/state.h"

/* What came of an intent. */
struct result {
	size_t intent;
	struct change change; /* CHANGE_KEEP: it failed, and surely nothing was made */
};

/* What was in a journal. */
struct journal {
	int64_t serial; /* of the state that it belongs to */
	char lineage[STATE_LINEAGE_LENGTH + 1];
	struct model model;     /* owns the texts; its accounts are those of the run */
	struct change *changes; /* one for each intent */
	size_t count;
	int64_t alive_ms; /* when the run was last seen alive, since 1970; 0: it does not say */
};

enum { JOURNAL_ALIVE_EVERY_MS = 1000 };

/*
 * Each intent is the change that counts until there is a result: PUT, or KEEP if nothing is
 * requested. Of `desired`, the accounts are written: their aliases and ids.
 */
void journal_encode_header(const struct state *state, const struct model *desired,
	const struct change *intents, size_t count, struct str *out);
void journal_encode_alive(int64_t now_ms, struct str *out);
void journal_encode_group(const struct result *results, size_t count, struct str *out);

/* Reads a journal. An empty or torn one has serial 0 and no changes. `file` is for errors. */
bool journal_decode(const char *file, const char *bytes, size_t length, struct journal *ret_journal,
	struct error *err) MUST_CHECK;

/* True if state and journal mean the same accounts, and know those of all intents. */
bool journal_check_accounts(
	const struct journal *journal, const struct state *state, struct error *err) MUST_CHECK;

/* Adds the file and, if the error has no hint, what to do about the journal. Gives false. */
bool journal_refuse(const char *file, struct error *err);

void journal_release(struct journal *journal);

#endif
