/* cfprov validate: is the manifest right? No credentials, no state, no network. */
#include "document.h"
#include "session.h"
#include "term.h"

bool validate_run(struct session *session)
{
	struct json_writer *json = document_writer();
	struct str line CLEANUP(str_release) = {0};
	/* Where the state is, if the manifest says so, is a part of it. */
	bool is_valid = session_load_manifest(session) &&
			(!session->manifest.state_place.file || session_locate_state(session));

	if (json)
		json_put_bool(json, "valid", is_valid);
	if (json || !is_valid)
		return is_valid;
	const struct model *desired = &session->desired;
	size_t accounts = desired->account_count, stores = 0;
	for (size_t i = 0; i < desired->object_count; i++)
		stores += desired->objects[i].kind == OBJECT_STORE;
	size_t secrets = desired->object_count - stores;
	str_format(&line, "The manifest is valid: %zu store%s", stores, term_plural(stores));
	if (secrets)
		str_format(&line, " and %zu secret%s", secrets, term_plural(secrets));
	str_format(&line, " in %zu account%s.\n", accounts, term_plural(accounts));
	term_out_str(&line);
	return true;
}
