/*
 * The manifest: a YAML file becomes the desired model. Every error of the file is reported, each
 * with its place; a file with errors gives no model. No credentials, no network.
 *
 * An empty manifest is an error: it must not read as a wish to have nothing.
 */
#ifndef DESIRED_MANIFEST_H
#define DESIRED_MANIFEST_H

#include "base/error.h"
#include "model/model.h"

#define MANIFEST_DEFAULT_PATH "cfprov.yaml"

enum { MANIFEST_SIZE_LIMIT = 64 << 20 };

/*
 * Reads the file and fills *ret_desired (model_release), sorted. `default_account_id` is used
 * when the manifest names no account; it may be NULL.
 */
bool manifest_load(const char *path, const char *default_account_id, struct model *ret_desired,
	struct error_list *errors) MUST_CHECK;

/* The same from bytes; `file` is what errors call them. */
bool manifest_decode(const char *file, const struct str *bytes, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors) MUST_CHECK;

#endif
