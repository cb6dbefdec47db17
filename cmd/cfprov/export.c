/*
 * cfprov export: prints a manifest of what exists in the accounts, or Terraform's configuration of
 * it. Overwrites no file.
 */
#include "manifest/export.h"

#include "manifest/hcl.h"
#include "read_live.h"
#include "term.h"

bool export_run(struct session *session)
{
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	if (!session_check_new_file(session) || !session_load_accounts(session) ||
		!read_live(session))
		return false;
	if (session->has_failed || !read_live_all(session) || session->has_failed) {
		term_print("Nothing was written, because the manifest would be incomplete.");
		return false;
	}
	if (session->cli->format == FORMAT_TERRAFORM) {
		hcl_write(&session->desired, &session->live, &text);
		return session_write_new_file(session, &text);
	}
	const struct export_input input = {.accounts = &session->desired, .live = &session->live};
	size_t count = export_manifest(&input, &text, &notes);
	if (!session_write_new_file(session, &text))
		return false;
	for (size_t i = 0; i < notes.count; i++)
		term_warning(notes.items[i].message);
	if (!count)
		term_warning(
			notes.count
				? "No store could be exported, and a manifest needs at least one."
				: "There is no store to export, and a manifest needs at least "
				  "one.");
	return true;
}
