/*
 * What a lock says about its holder: JSON in the shape that Terraform's http backend has (LockInfo
 * in its internal/states/statemgr/locker.go), so that servers can show it.
 *
 *     {"ID": "…", "Operation": "apply", "Info": "", "Who": "alice@host, process 12",
 *      "Version": "0.1.0", "Created": "2026-11-30T10:00:00Z", "Path": "cfprov.state.json"}
 */
#ifndef STATE_LOCK_INFO_H
#define STATE_LOCK_INFO_H

#include "base/str.h"

/* Adds the info of this process. */
void lock_info_encode(const char *id, const char *operation, const char *path, struct str *out);

/* Adds the ID, safe to print; nothing: there is none. */
void lock_info_add_id(const struct str *info, struct str *out);

/* Adds "alice@host, process 12 (apply, since 2026-…)", or that it is another process. */
void lock_info_describe(const struct str *info, struct str *out);

#endif
