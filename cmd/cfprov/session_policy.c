/* A session under a policy. */
#include "session.h"

#include "adapter/fs.h"
#include "document.h"
#include "source/permit.h"
#include "term.h"

#include <stdlib.h>

const struct policy *session_policy(const struct session *session)
{
	return session->has_policy ? &session->policy : NULL;
}

/* A variable that is set must not come to nothing: an empty one is an error, not no policy. */
static bool read_policy(struct session *session, const char *path, const char *variable)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error_list warnings CLEANUP(error_list_release) = {0};

	if (variable && !*variable)
		return term_fail("Unset it, or set it to the path of a policy.",
			"CFPROV_POLICY is set, but empty");
	/* Relative to the other directory, a checkout could have a policy of its own. */
	if (session->cli->chdir && *path != '/')
		return term_fail("Pass its absolute path.",
			"with -chdir, the path of the policy must be absolute");
	if (variable && !fs_is_same_file(path, variable))
		return term_fail("To use another policy, change CFPROV_POLICY.",
			"-policy is not the file that CFPROV_POLICY names");
	session->has_policy = policy_load(path, &session->policy, &warnings, &errors);
	term_warnings(&warnings);
	error_list_cut(&errors);
	session->source.has_policy = session->has_policy;
	sources_obey(session->sources, session_policy(session));
	return session->has_policy || term_errors(&errors);
}

bool session_load_policy(struct session *session)
{
	const struct cli *cli = session->cli;
	const char *variable = getenv("CFPROV_POLICY");
	const char *path = cli->policy ? cli->policy : variable;

	if (!path || !(cli->command->options & CLI_MANIFEST) ||
		read_policy(session, path, variable))
		return true;
	if (document_writer() && cli->command->run == validate_run)
		json_put_bool(document_writer(), "valid", false);
	return false;
}

bool session_permits_state(const struct session *session, struct error *err)
{
	const struct place *place = &session->manifest.state_place;

	if (permit_state(session_policy(session), &session->location, err))
		return true;
	return !session->cli->state && place->file && !err->file
		       ? error_at(err, place->file, place->line, place->column)
		       : false;
}

bool session_obeys(const struct session *session, bool with_state)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err = {0};

	(void)!permit_model(session_policy(session), &session->desired, &errors);
	if (with_state && !session_permits_state(session, &err))
		error_move(error_list_add(&errors), &err);
	error_list_cut(&errors);
	return !errors.count || term_errors(&errors);
}
