/*
 * A .env, .dev.vars or JSON file as entries of a manifest: the names of the secrets in it, and how
 * the manifest refers to each. The values stay in the file, and nothing here shows them.
 *
 *     struct envfile envfile CLEANUP(envfile_release) = {0};
 *     envfile_parse(&envfile, path, &bytes, &errors)
 *     envfile_write(&envfile, &target, &text)
 *
 * A file is JSON if it begins with a brace or its name ends in .json; then it must be one object.
 * Otherwise it is read as adapter/dotenv says. The last of several lines for one key counts. Keys
 * without a value, objects and arrays are left out. Each of these gives a warning.
 */
#ifndef MANIFEST_ENVFILE_H
#define MANIFEST_ENVFILE_H

#include "base/error.h"
#include "base/secret.h"
#include "model/model.h"

struct envfile_entry {
	const char *name; /* of the secret, and of the key in the file */
	size_t line;      /* 0: not known, in JSON */
	bool ends_line;   /* the value ends with a line break, which belongs to it */
	bool is_left_out;
};

struct envfile {
	struct arena arena;
	const char *path; /* as errors call the file */
	bool is_json;
	struct envfile_entry *entries; /* in the order of the file */
	size_t count, room, left_out;
	struct error_list warnings;
};

/*
 * Takes the bytes of the file apart, in place. False: a name that Cloudflare does not take, a value
 * that is none, or a file that is neither; errors in .env files have their line.
 */
bool envfile_parse(struct envfile *envfile, const char *path, struct secret *bytes,
	struct error_list *errors) MUST_CHECK;
void envfile_release(struct envfile *envfile);

/* Where the entries go. */
struct envfile_target {
	const char *path;  /* of the file, as the manifest names it */
	const char *alias; /* of the store's account; NULL: all accounts */
	const char *store;
	bool is_whole;          /* a whole manifest; else stores for a further file */
	const char *account_id; /* of a whole one; NULL: not known */
};

/* Leaves out the secrets that are declared already, with a warning, and warns if the store is. */
void envfile_heed_declared(
	struct envfile *envfile, const struct envfile_target *target, const struct model *desired);

/* Adds the YAML. */
void envfile_write(
	const struct envfile *envfile, const struct envfile_target *target, struct str *out);

#endif
