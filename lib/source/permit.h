/*
 * Asks a policy (model/policy) about what a manifest, or a saved plan, names. Resolves links, and
 * words what is refused: the rule with its place in the policy, and where the manifest has it.
 * Reads no value and runs nothing.
 *
 * An argument of a command that is the path of a file must not lead through links out of the folder
 * that the fixed part of its pattern names. What the command makes of its arguments, and what it
 * reads besides, is its own business.
 *
 * The policy may be NULL in all of these: then everything is allowed.
 */
#ifndef SOURCE_PERMIT_H
#define SOURCE_PERMIT_H

#include "base/error.h"
#include "model/location.h"
#include "model/policy.h"

/* Who asks for a source: a value, the key, a credential of the state's backend, or the token of the
 * account with this id. */
struct permit {
	const struct policy *policy;
	enum policy_use use;
	const char *account_id; /* POLICY_TOKEN */
};

bool permit_source(const struct permit *permit, const struct value_source *source,
	struct error *err) MUST_CHECK;

/*
 * The same, for whoever reads it next. Gives (mem_free) the path that was allowed, of a file or of
 * a program with a slash in its name: absolute, and without links. Whoever opens it with FS_EXACT
 * is not led away by a link that was swapped meanwhile. Untouched if there is no policy.
 */
bool permit_read(const struct permit *permit, const struct value_source *source, char **ret_path,
	struct error *err) MUST_CHECK;

/* Of an account, with the source of its token. */
bool permit_token(
	const struct policy *policy, const struct account *account, struct error *err) MUST_CHECK;

/*
 * Of a state, by its path or, if it is remote, by its URLs; and of the sources that the manifest
 * names for its credentials. A URL that is not known yet is not asked about.
 */
bool permit_state(
	const struct policy *policy, const struct location *location, struct error *err) MUST_CHECK;

/*
 * Everything that the model names: accounts, tokens, values, the key. Adds an error for each that
 * is refused. False: there are some.
 */
bool permit_model(const struct policy *policy, const struct model *desired,
	struct error_list *errors) MUST_CHECK;

#endif
