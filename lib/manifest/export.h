/*
 * Writes what exists as YAML that manifest_decode accepts and that then asks for no change. Pure.
 *
 * What a manifest can't hold (a name with a slash, two stores of one name) becomes a comment. No
 * value can be known: a secret gets a variable of the environment of its own (manifest/naming), and
 * `update: if_absent`, so that its value is not overwritten.
 */
#ifndef MANIFEST_EXPORT_H
#define MANIFEST_EXPORT_H

#include "base/error.h"
#include "model/model.h"

struct export_input {
	const struct model *accounts; /* with their token sources; sorted */
	const struct model *live;     /* what is written; sorted */
	const char *heading;          /* comment lines, each with its break; NULL: of an export */
	/* Only `stores`, for a further file of a manifest: `accounts` is the whole manifest. */
	bool is_part;
};

/*
 * Adds the manifest: the accounts, and the stores of `live` with their secrets. A store whose
 * `forget_on_remove` is set gets `on_remove: forget`. Adds a note, a sentence, for each object left
 * out. Gives the number of stores written; with none, cfprov would not accept the manifest.
 */
size_t export_manifest(const struct export_input *input, struct str *out, struct error_list *notes);

/* True, and adds why, if a manifest can't hold this store or secret of a sorted model. */
bool export_is_unfit(const struct model *live, const struct object *object, struct str *why);

#endif
