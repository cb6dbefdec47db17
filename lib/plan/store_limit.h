/*
 * Most accounts may have one store, and Cloudflare has often made it already. Whoever wants another
 * one meets `maximum_stores_exceeded`: these say so beforehand, and which store is there. Pure.
 * Source: Cloudflare's documentation of Secrets Store (limits; default_secrets_store).
 */
#ifndef PLAN_STORE_LIMIT_H
#define PLAN_STORE_LIMIT_H

#include "base/error.h"
#include "model/plan.h"

/* Is the store of this name in the manifest or in the state? */
bool store_limit_is_managed(const struct model *desired, const struct model *recorded,
	const char *alias, const char *store) MUST_CHECK;

/* Adds what the manifest has to say to adopt the store: "stores: [{name: X, adopt: true}]". */
void store_limit_add_manifest(struct str *out, const char *store);

/*
 * A warning of the plan if it creates a store in an account that has just one, which nobody
 * manages. Several accounts share one warning.
 */
void store_limit_warn(const struct model *desired, const struct model *recorded,
	const struct model *live, struct plan *plan);

/*
 * Adds the stores that the account has to the error's hint, and how to adopt the only one, unless
 * the plan is about it.
 */
void store_limit_explain(
	const struct model *live, const struct plan *plan, const char *alias, struct error *err);

#endif
