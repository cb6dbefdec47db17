/*
 * The journal: what a run is about to do, then what came of it, durable group by group. It stands
 * beside the state as <state>.journal while an apply runs; found at start, it is what a run that
 * was cut off has left, and is folded into the state.
 *
 * Lines of text, each `CHECKSUM JSON`. The first is the header: the state that it goes with
 * (lineage, serial) and the intents. Each further line is one group of results, or says that
 * requests are under way (about every second while there are any); it is written after all lines
 * before it are durable. What follows the last line break is torn and counts as not written; a
 * whole line with a wrong checksum is damage, and an error that names the byte.
 *
 * Here is the coding only; recorded/ledger reads and writes the file.
 */
#ifndef RECORDED_JOURNAL_H
#define RECORDED_JOURNAL_H

#include "recorded/state.h"

/* What is known of an intent that has no result. */
enum intent_verb {
	INTENT_CREATE, /* a request went out: it is unknown whether there is an object now */
	INTENT_UPDATE, /* it is unknown what became of it: it is recorded as it is said here */
	INTENT_RECORD, /* no request goes out: without a result nothing happened */
};

struct intent {
	enum intent_verb verb;
	/* What it is about; keeps. Of a create: as desired, with the fingerprint of what is sent,
	 * and of a rename with what is known of the old one.
	 * Of an update: as recorded, or as an adoption would have it recorded; unsure. */
	const struct object *object;
	const struct object *replaced; /* of a create: what is destroyed before; or NULL */
};

/* What came of an intent. */
struct result {
	size_t intent;
	struct change change; /* CHANGE_KEEP: it did not work, and surely nothing was made */
};

/* What stood in a journal: the changes that it makes to its state, one for each intent. */
struct journal {
	int64_t serial; /* of the state it goes with */
	char lineage[STATE_LINEAGE_LENGTH + 1];
	struct model model; /* owns the texts; its accounts are those of the run. Not sorted */
	struct change *changes;
	size_t count;
	int64_t alive_ms; /* when the run was last seen alive, since 1970; 0: it does not say */
};

enum { JOURNAL_ALIVE_EVERY_MS = 1000 };

/* Of `desired`, the accounts are written: their aliases and ids. */
void journal_encode_header(const struct state *state, const struct model *desired,
	const struct intent *intents, size_t count, struct str *out);
void journal_encode_alive(int64_t now_ms, struct str *out);
void journal_encode_group(const struct result *results, size_t count, struct str *out);

/*
 * What an intent without a result means for the state: of INTENT_CREATE, PUT of an unresolved
 * object; of INTENT_UPDATE, PUT of the object; else KEEP. *storage is where that lives.
 * This is what the header says for each intent.
 */
struct change journal_unknown(const struct intent *intent, struct object *storage);

/* Reads a journal. An empty or torn one has serial 0 and no changes. `file` is for errors. */
bool journal_decode(const char *file, const char *bytes, size_t length, struct journal *ret_journal,
	struct error *err) MUST_CHECK;
void journal_release(struct journal *journal);

#endif
