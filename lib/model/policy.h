/*
 * A policy: what the owner of a runner allows manifests and saved plans to do. Whatever it does not
 * allow is refused. Pure: texts are compared, no file is opened. manifest/policy reads it from a
 * file, source/permit asks it about sources, and plan/guard about destruction.
 *
 * A pattern is a text in which `*` stands for any characters but /, and `**` for any characters, /
 * included. Letters match in their own case only. So that a pattern means what it seems to mean, a
 * `*` never stands for "..", nor for a text that begins with - where the pattern begins with it.
 */
#ifndef MODEL_POLICY_H
#define MODEL_POLICY_H

#include "model/model.h"

/* A longer text matches no pattern that has a `*`. */
enum { POLICY_TEXT_LIMIT = 65536 };

/* A list of what is allowed; empty: nothing is. */
struct policy_rule {
	const char *name;   /* "values.env" */
	struct place place; /* where the policy has it; if nowhere, where it could have it */
	bool is_given;
	bool allows_all; /* `generate: true`: there are no items */
	/*
	 * Each item is a list of texts that ends with NULL. Of `env`: a pattern of names. Of
	 * `commands`: a pattern for each argument; that of the program is a path if it has a slash.
	 * Of `files`: the path of a file or folder. Of `state.paths`: a pattern of paths. All paths
	 * are absolute and have no links. Of `state.urls`: a pattern of URLs.
	 */
	const char *const *const *items;
	const char *const *written; /* the same as the policy has it, for hints */
	size_t count;
};

enum policy_source {
	POLICY_ENV,
	POLICY_FILES,
	POLICY_COMMANDS,
	POLICY_GENERATE,
	POLICY_STDIN,
	POLICY_SOURCES
};

/* Where values, one account's token, or the key may come from. */
struct policy_sources {
	struct policy_rule rules[POLICY_SOURCES];
};

struct policy_account {
	const char *id;
	struct place place;
	/* Without `api_token` in the policy: {env: CLOUDFLARE_API_TOKEN} and its like. */
	struct policy_sources token;
};

/* Limits that no option lifts. They count objects, and values of others that are overwritten. */
struct policy_destroy {
	struct place place, deletes_place, percent_place, stores_place;
	size_t max_deletes;        /* also of what cfprov does not manage */
	size_t max_delete_percent; /* of the managed objects, however few there are */
	bool allows_stores;
};

struct policy {
	struct arena arena;
	struct policy_sources values, key, backend;
	struct policy_rule account_rule; /* `accounts`: its name and place */
	struct policy_account *accounts;
	size_t account_count;
	struct policy_rule state_paths, state_urls;
	struct policy_destroy destroy;
};

bool policy_pattern_matches(const char *pattern, const char *text) MUST_CHECK;

/* Lends the account with this id; NULL: the policy does not allow it. */
const struct policy_account *policy_account(const struct policy *policy, const char *id) MUST_CHECK;

/* What is to be read: a value or the key or, for an account, its token, or credentials of the
 * state's backend. */
enum policy_use { POLICY_VALUE, POLICY_TOKEN, POLICY_KEY, POLICY_BACKEND };

struct policy_request {
	enum policy_use use;
	const struct policy_account *account; /* POLICY_TOKEN */
	const struct value_source *source;
	/* Of a file, and of a program with a slash in its name: absolute, links resolved. */
	const char *real_path;
};

/*
 * Lends the rule that does not allow it; NULL: it is allowed. A value may not be what another rule
 * singles out as a token or key: then a `*`, or a folder around it, does not allow it.
 */
const struct policy_rule *policy_refuses(
	const struct policy *policy, const struct policy_request *request) MUST_CHECK;

/* Lends the rule for commands, for the same use. */
const struct policy_rule *policy_commands(
	const struct policy *policy, const struct policy_request *request) MUST_CHECK;

/*
 * The index of the first item of such a rule, from index `from` on, that fits the command;
 * rule->count: none does.
 */
size_t policy_find_command(const struct policy_rule *rule, const struct policy_request *request,
	size_t from) MUST_CHECK;

/*
 * Of what is refused: would it be allowed if it were no credential? Then a rule has to name it
 * exactly.
 */
bool policy_must_name(
	const struct policy_rule *rule, const struct policy_request *request) MUST_CHECK;

/* The rule that does not allow the path of a state; NULL: it is allowed. Absolute, links resolved.
 */
const struct policy_rule *policy_refuses_state(
	const struct policy *policy, const char *real_path) MUST_CHECK;

/*
 * The same for the URL of a remote state (see location_add_url). A `*` stands for no % either,
 * because a server may take %2e for a dot, and for no ?, because a query may mean another state.
 */
const struct policy_rule *policy_refuses_url(
	const struct policy *policy, const char *url) MUST_CHECK;

/* Adds "rule `values.env`, policy.yaml:7". */
void policy_add_rule(struct str *out, const char *name, const struct place *place);

/* Adds, in sentences, what the rule does allow. */
void policy_add_allowed(struct str *out, const struct policy_rule *rule);

void policy_release(struct policy *policy);

#endif
