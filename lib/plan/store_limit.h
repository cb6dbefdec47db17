/*
 * Most accounts are limited to one store, which Cloudflare has often created already. Creating
 * another fails with `maximum_stores_exceeded`. These functions warn of that and name the store.
 * Pure. Source: Cloudflare's documentation of Secrets Store (limits; default_secrets_store).
 */
#ifndef PLAN_STORE_LIMIT_H
#define PLAN_STORE_LIMIT_H

#include "base/error.h"
#include "model/plan.h"

/* True if the store of this name is in the manifest or in the state. */
bool store_limit_is_managed(const struct model *desired, const struct model *recorded,
	const char *alias, const char *store) MUST_CHECK;

/* Adds the manifest line that adopts the store: "stores: [{name: X, adopt: true}]". */
void store_limit_add_manifest(struct str *out, const char *store);

/* Warns if the plan creates stores in an account whose only store is unmanaged: once per plan. */
void store_limit_warn(const struct model *desired, const struct model *recorded,
	const struct model *live, struct plan *plan);

/* Adds the account's stores to the error's hint, and how to adopt the only one if no row has it. */
void store_limit_explain(
	const struct model *live, const struct plan *plan, const char *alias, struct error *err);

#endif
