/*
 * The files of a manifest: what -f names is found, read and parsed. Of a folder, its *.yaml and
 * *.yml are read in the order of names, but not hidden ones; "-" is the standard input.
 *
 * An empty file is an error: its stores may have been lost, and must not be destroyed for it. Only
 * files of a folder that hold comments and nothing else are left out, if another one has content.
 */
#ifndef MANIFEST_DOCUMENTS_H
#define MANIFEST_DOCUMENTS_H

#include "adapter/yaml.h"

#include <signal.h>

enum {
	DOCUMENTS_SIZE_LIMIT = 64 << 20,    /* of one file, in bytes */
	DOCUMENTS_INPUT_TIMEOUT_MS = 60000, /* for who writes to the standard input */
};

struct document {
	const char *file; /* what errors call it */
	bool is_input;    /* it came from the standard input */
	struct str bytes;
	struct yaml_document yaml;
};

struct documents {
	struct arena arena;
	struct document *items; /* in the order in which they were named */
	size_t count, room;
};

/*
 * Reads and parses all of them; every error of every file is added to *errors. ERROR_ABSENT: there
 * is no such file. `interrupted` (may be NULL) ends the waiting for standard input:
 * ERROR_INTERRUPTED. Release it in any case.
 */
bool documents_open(struct documents *documents, const char *const *paths, size_t count,
	const volatile sig_atomic_t *interrupted, struct error_list *errors) MUST_CHECK;

/* The same of bytes in memory, which are copied. */
bool documents_add(struct documents *documents, const char *file, const struct str *bytes,
	struct error_list *errors) MUST_CHECK;

void documents_release(struct documents *documents);

#endif
