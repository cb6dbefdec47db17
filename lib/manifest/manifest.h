/*
 * The manifest: YAML files become the desired model. Several files are read as one: accounts may be
 * in one of them and stores in another. Every error of every file is reported, with its place; a
 * manifest with errors gives no model, nor does an empty one. No credentials, no network.
 *
 *     struct manifest manifest CLEANUP(manifest_release) = {0};
 *     manifest_open(&manifest, &source, &errors)         files are read and parsed
 *     manifest_read(&manifest, account_id, &desired, &errors)
 *     manifest_location(&manifest, &model, &location, &errors)    needs no manifest_read before
 */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include "manifest/documents.h"
#include "manifest/variables.h"
#include "model/location.h"

#define MANIFEST_DEFAULT_PATH "cfprov.yaml"

struct manifest_source {
	const char *const *paths; /* files, folders, or "-"; none: MANIFEST_DEFAULT_PATH */
	size_t path_count;
	const char *const *variables; /* NAME=VALUE; see manifest/variables.h */
	size_t variable_count;
	const volatile sig_atomic_t *interrupted; /* see manifest/documents.h; may be NULL */
	/* It says where the state may be, inside the manifest's folder or not; no link may lead a
	 * file of the manifest away. */
	bool has_policy;
};

struct manifest {
	struct documents documents;
	struct variables variables;
	struct error_list warnings; /* of manifest_read */
	bool has_policy;            /* see struct manifest_source */
	struct place state_place;   /* of what says where the state is; no file: nothing does */
};

/* ERROR_ABSENT: there is no such file. */
bool manifest_open(struct manifest *manifest, const struct manifest_source *source,
	struct error_list *errors) MUST_CHECK;
void manifest_release(struct manifest *manifest);

/*
 * Gives the model (model_release), sorted. `default_account_id` (may be NULL) counts if the
 * manifest names no account.
 */
bool manifest_read(struct manifest *manifest, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors) MUST_CHECK;

/*
 * Each reads one part of the manifest; the rest of it may be wrong. Gives where the state is, with
 * its texts in *ret_model (model_release), and without a policy refuses a path outside of the
 * manifest's folder, after links are resolved; and the accounts (model_release), sorted, without
 * anything in them.
 */
bool manifest_location(struct manifest *manifest, struct model *ret_model,
	struct location *ret_location, struct error_list *errors) MUST_CHECK;

/* What `state` says about keys, in a model of its own; VALUE_NONE: there is none. */
bool manifest_key(
	struct manifest *manifest, struct model *ret_model, struct error_list *errors) MUST_CHECK;
bool manifest_accounts(struct manifest *manifest, struct model *ret_accounts,
	struct error_list *errors) MUST_CHECK;

/* Gives (mem_free) the path of a file of this name beside the first manifest, or in its folder. */
char *manifest_beside(const struct manifest_source *source, const char *name) MUST_CHECK;

/* manifest_open and manifest_read of one file in memory; `file` is what errors call it. */
bool manifest_decode(const char *file, const struct str *bytes, const char *default_account_id,
	struct model *ret_desired, struct error_list *errors) MUST_CHECK;

#endif
