/*
 * The lines of a journal: whole, in order, and ours.
 *
 * Without a key, each line is `CHECKSUM TEXT`, which guards against damage. With one, the first
 * line says what the others belong to, and each of the others depends on all lines before it:
 *
 *     cfprov-journal 1 signed LINEAGE SERIAL KEYID NONCE MAC     (or: sealed)
 *     MAC TEXT                                                   (or: BASE64, encrypted)
 *
 * A line that was changed, moved, left out or taken from another journal is refused with its
 * number. What can't be noticed is that the last lines are missing: it looks like a run that was
 * killed earlier, and the next run finds out by itself what those lines said.
 *
 *     chain_begin(&writer, &sealing, …, &out, &err)     chain_open(&reader, &sealing, &bytes, &err)
 *     chain_add(&writer, text, length, &out)            while (chain_next(&reader, &err) && …text)
 *     chain_release(&writer)                            chain_close(&reader)
 *
 * If what was added could not be written, take a copy of the writer made before.
 */
#ifndef STATE_CHAIN_H
#define STATE_CHAIN_H

#include "state/sealing.h"

struct chain_writer {
	enum sealing_form form;
	unsigned char mac_key[CRYPT_KEY_BYTES], box_key[CRYPT_KEY_BYTES];
	unsigned char last[CRYPT_HASH_BYTES]; /* of all lines before */
};

/* Adds the first line if there is a key. The journal is of a run on this state. */
bool chain_begin(struct chain_writer *writer, const struct sealing *sealing,
	const struct state *state, struct str *out, struct error *err) MUST_CHECK;

/* Adds a line; the text has no line break. */
void chain_add(struct chain_writer *writer, const char *text, size_t length, struct str *out);

/* Wipes the subkeys. */
void chain_release(struct chain_writer *writer);

struct chain_reader {
	const char *bytes;
	size_t length;
	size_t line, start; /* of the line that was read: its number from 1, and its first byte */
	const char *text;   /* lent until the next line; NULL: there is none */
	size_t text_length;
	struct sealing_found found;
	/* private */
	size_t at; /* where the next line begins */
	struct chain_writer chain;
	struct str opened;
};

/* Keeps the bytes. Without a whole line, they are trusted. */
bool chain_open(struct chain_reader *reader, const struct sealing *sealing, const struct str *bytes,
	struct error *err) MUST_CHECK;

/*
 * Reads a line. What is after the last line break was never finished and does not count. False: the
 * line is damaged, or not what was written there.
 */
bool chain_next(struct chain_reader *reader, struct error *err) MUST_CHECK;

void chain_close(struct chain_reader *reader);

#endif
