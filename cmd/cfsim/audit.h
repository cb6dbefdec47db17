/*
 * The account's audit log (version 2): an entry for each write of a store or a secret that
 * succeeded, with who wrote it. From Cloudflare's API reference, "Get account audit logs (Version
 * 2)". Where an entry has `value_modified` and `duplicated_from_id` is not published; here both
 * are in resource.request. Values are never in it.
 *
 * Nothing is written unless --audit-log is on: nobody could read it.
 */
#ifndef CFSIM_AUDIT_H
#define CFSIM_AUDIT_H

#include "world.h"

struct call;

enum audit_action { AUDIT_CREATE, AUDIT_UPDATE, AUDIT_DELETE };

struct audit {
	struct audit_entry **entries; /* in the order of the writes */
	size_t count, room;
};

void audit_store(struct call *call, enum audit_action action, const struct world_store *store);

void audit_secret(struct call *call, enum audit_action action, const struct world_secret *secret);
/* The last entry is about an update of the value, or about a duplicate of that secret. */
void audit_value_modified(struct call *call);
void audit_duplicated(struct call *call, const struct world_secret *from);

/* Lets the entries show no later than with this lag. */
void audit_hasten(struct audit *audit, const struct lag *lag);

void audit_clear(struct audit *audit);

#endif
