/*
 * A request on its way through the API, and the operations that answer it. The router fills a
 * call before the operation runs: whoever calls is known, and account, store and secret are there
 * if the path names them.
 */
#ifndef CFSIM_CALL_H
#define CFSIM_CALL_H

#include "problems.h"
#include "sim.h"
#include "target.h"

struct call {
	struct sim *sim;
	struct request *request;
	struct answer *answer;
	struct target target;
	const struct operation *operation;
	struct credential *credential;
	const char *actor; /* the email of somebody else who does it; NULL: the credential's */
	const char *account_id, *store_id, *secret_id; /* from the path; NULL: it has none */
	struct world_account *account;
	struct world_store *store;
	struct world_secret *secret;
};

/* A row of the router's table. */
struct operation {
	const char *name; /* in the statistics */
	const char *method;
	const char *path; /* with :account, :store, :secret for what varies */
	void (*run)(struct call *call);
};

/* How this call's answer writes dates. */
enum date_form call_dates(const struct call *call);

/* The number of cf-ray. */
unsigned long long call_ray(const struct call *call);

/* Answers with a problem. */
void call_fail(struct call *call, const struct problem *problem, const char *detail_or_null);
/* The same with another status or code, where that is a choice; 0 keeps the problem's. */
void call_fail_as(struct call *call, const struct problem *problem, unsigned status, unsigned code);

/* May an account have this id? What else is answered with 7003. */
bool call_is_account_id(const struct choices *choices, const char *id);

/* ---- operations, in stores.c ---- */
void stores_quota(struct call *call);
void stores_list(struct call *call);
void stores_create(struct call *call);
void stores_get(struct call *call);
void stores_delete(struct call *call);

/* ---- in secrets.c ---- */
void secrets_list(struct call *call);
void secrets_create(struct call *call);
void secrets_get(struct call *call);
void secrets_patch(struct call *call);
void secrets_delete(struct call *call);
void secrets_delete_many(struct call *call);
void secrets_duplicate(struct call *call);

/* ---- in accounts.c ---- */
void accounts_list(struct call *call);
void accounts_get(struct call *call);
void memberships_list(struct call *call);
void user_get(struct call *call);

/* ---- in audit.c ---- */
void audit_list(struct call *call);

/* ---- in verify.c ---- */
void verify_user_token(struct call *call);
void verify_account_token(struct call *call);

#endif
