#include "somebody.h"

#include <string.h>

static void delete_store(struct call *call, const char *name)
{
	struct world_account *account = call->account;
	struct world_store *store = name                   ? world_store_named(account, name)
				    : account->store_count ? account->stores[0]
							   : NULL;

	if (!store)
		return;
	audit_store(call, AUDIT_DELETE, store);
	world_remove_store(&call->sim->world, account, store);
}

static void delete_secret(struct call *call, struct world_store *store, const char *name)
{
	struct world_secret *secret = name                  ? world_secret_named(store, name)
				      : store->secret_count ? store->secrets[0]
							    : NULL;

	if (!secret)
		return;
	audit_secret(call, AUDIT_DELETE, secret);
	world_remove_secret(&call->sim->world, call->account, store, secret);
}

static void create_secret(struct call *call, struct world_store *store, const char *name)
{
	const struct world_draft draft = {.name = name, .scopes = world_scope_bit("workers")};

	if (!world_secret_named(store, name))
		audit_secret(call, AUDIT_CREATE,
			world_add_secret(&call->sim->world, call->account, store, &draft));
}

/* A store that the call has deleted or has found only in the past is in the account no longer. */
void somebody_acts(struct call *call, const struct fault *fault)
{
	enum fault_then then = fault_then(fault);
	struct world_store *store = NULL;

	if (then == THEN_NOTHING || !call->account)
		return;
	call->actor = "somebody@example.com";
	if (call->store_id) {
		store = world_find_store(call->account, call->store_id);
		if (store && then == THEN_DELETE)
			delete_secret(call, store, fault->name);
		else if (store)
			create_secret(call, store, fault->name);
	} else if (then == THEN_DELETE) {
		delete_store(call, fault->name);
	} else {
		audit_store(call, AUDIT_CREATE,
			world_add_store(&call->sim->world, call->account, NULL, fault->name));
	}
}
