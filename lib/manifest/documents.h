/*
 * The files of a manifest: what -f names is read and parsed. Of a folder, all *.yaml and *.yml that
 * are not hidden are read, in the order of their names; "-" is the standard input. FIFOs and the
 * shell's <(...) are read to their end.
 *
 * An empty file is an error: its stores may have been lost, and must not be destroyed for that.
 * Files of a folder with nothing but comments are left out, if another one has content.
 */
#ifndef MANIFEST_DOCUMENTS_H
#define MANIFEST_DOCUMENTS_H

#include "adapter/yaml.h"

#include <signal.h>

enum {
	DOCUMENTS_SIZE_LIMIT = 64 << 20,    /* of one file, in bytes */
	DOCUMENTS_INPUT_TIMEOUT_MS = 60000, /* for whoever writes to it, if it is no file */
};

struct document {
	const char *file; /* what errors call it */
	bool is_input;    /* from the standard input */
	struct str bytes;
	struct yaml_document yaml;
};

struct documents {
	struct arena arena;
	struct document *items; /* in the order given */
	size_t count, room;
};

struct documents_source {
	const char *const *paths;
	size_t count;
	const volatile sig_atomic_t
		*interrupted;  /* ends the wait for standard input; may be NULL */
	bool must_be_in_place; /* no link may lead away: see fs_check_in_place */
};

/*
 * Reads and parses all of them, and adds every error of every file. ERROR_ABSENT: there is no such
 * file. ERROR_INTERRUPTED: see above. Release in any case.
 */
bool documents_open(struct documents *documents, const struct documents_source *source,
	struct error_list *errors) MUST_CHECK;

/* Adds one document from memory; copies the bytes. */
bool documents_add(struct documents *documents, const char *file, const struct str *bytes,
	struct error_list *errors) MUST_CHECK;

/*
 * Removes from errors, from number `from` on, the values of variables that the documents name, and
 * of cfprov's own: they may stand in the manifest, too. See adapter/snippet.
 */
void documents_scrub(const struct documents *documents, struct error_list *errors, size_t from);

/*
 * Lends what paths in the file are relative to: its own path or, for a descriptor such as
 * /dev/fd/63, "" (the current folder).
 */
const char *documents_base(const char *path);

/* Once all was read: frees the texts and trees. The names of the files stay, for `place`. */
void documents_drop_texts(struct documents *documents);

void documents_release(struct documents *documents);

#endif
