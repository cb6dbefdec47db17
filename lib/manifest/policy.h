/*
 * Reads a policy (model/policy) from its YAML file, by the tables of manifest/policy_schema. It is
 * a file of the runner's owner, so its errors show all of it. Paths are relative to its folder.
 * There are no variables, and no manifest can change or extend it. An empty policy is an error, and
 * so is one that can't be read.
 *
 *     struct policy policy CLEANUP(policy_release) = {0};
 *     policy_load(path, &policy, &warnings, &errors)
 */
#ifndef MANIFEST_POLICY_H
#define MANIFEST_POLICY_H

#include "base/error.h"
#include "model/policy.h"

enum { POLICY_SIZE_LIMIT = 4 << 20 };

/* Gives (policy_release); it keeps `path`. False: errors were added. */
bool policy_load(const char *path, struct policy *ret_policy, struct error_list *warnings,
	struct error_list *errors) MUST_CHECK;

#endif
