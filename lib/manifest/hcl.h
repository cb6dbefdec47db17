/*
 * Writes what exists as configuration of Terraform or OpenTofu: for each store and each secret an
 * `import` block and the resource of Cloudflare's provider, version 5. Pure.
 *
 * No value can be known: a secret's is a sensitive variable, named as manifest/naming names those
 * of a manifest, and `ignore_changes` keeps the present one. Ids are as the provider documents
 * them: ACCOUNT_ID/STORE_ID and ACCOUNT_ID/STORE_ID/SECRET_ID.
 */
#ifndef MANIFEST_HCL_H
#define MANIFEST_HCL_H

#include "model/model.h"

/* Adds the blocks of all stores and secrets of the sorted model, which has ids. */
void hcl_write(const struct model *accounts, const struct model *live, struct str *out);

#endif
