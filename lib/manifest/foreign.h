/*
 * Stores and secrets as other tools remember them: the state of Terraform or OpenTofu (version 4),
 * and what `pulumi stack export` prints. Pure.
 *
 *     struct foreign foreign CLEANUP(foreign_release) = {0};
 *     foreign_parse(&foreign, "terraform.tfstate", &bytes, &errors)
 *
 * Only resources of Cloudflare's provider, version 5 (Pulumi: 6), are taken:
 * cloudflare_secrets_store and cloudflare_secrets_store_secret. Data sources, and resources of
 * other types, are counted in `others`. Resources of another provider that has such types, and
 * objects that their tool has still to delete (`deposed`, `delete`), are left out with a warning.
 *
 * Such files hold the values of secrets, Terraform's in plaintext. A value is looked at only to
 * count it, and is in nothing that this gives.
 *
 * The forms are those of Terraform's statefile/version4.go, OpenTofu's encryption/base.go, Pulumi's
 * apitype/core.go, and the provider's documentation.
 */
#ifndef MANIFEST_FOREIGN_H
#define MANIFEST_FOREIGN_H

#include "base/error.h"
#include "base/secret.h"
#include "model/model.h"

struct foreign_object {
	enum object_kind kind;
	const char *address; /* in the file, safe to print */
	const char *account_id;
	const char *store_id; /* of a store its own id */
	const char *id;
	const char *name;    /* NULL: not in the file, as are these */
	const char *scopes;  /* as in struct object */
	const char *comment; /* "": none */
};

struct foreign {
	struct arena arena;
	const char *path;               /* as errors call the file */
	struct foreign_object *objects; /* in the order of the file; no two have one address */
	size_t count, room;
	size_t others; /* instances that are nothing of ours */
	size_t values; /* of secrets, which are in the file in plaintext */
	struct error_list warnings;
};

/*
 * False: the file has another form, or what it says about a store or a secret makes no sense; all
 * such errors are reported. Account ids are valid; other ids may be any text.
 */
bool foreign_parse(struct foreign *foreign, const char *path, const struct secret *bytes,
	struct error_list *errors) MUST_CHECK;
void foreign_release(struct foreign *foreign);

#endif
