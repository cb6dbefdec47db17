/* cfprov validate: is the manifest right? No credentials, no state, no network. */
#include "diagnostics.h"
#include "session.h"
#include "term.h"

/* The JSON is what validate is for, so it goes to stdout even with errors. */
static void print_json(const struct error_list *errors, const struct error_list *warnings)
{
	struct str text CLEANUP(str_release) = {0};
	struct json_writer w = json_writer(&text, 2);

	json_begin_object(&w, NULL);
	json_put_text(&w, "format_version", "1.0");
	json_put_bool(&w, "valid", errors->count == 0);
	json_put_integer(&w, "error_count", (int64_t)errors->count);
	json_put_integer(&w, "warning_count", (int64_t)warnings->count);
	json_begin_array(&w, "diagnostics");
	for (size_t i = 0; i < errors->count; i++)
		diagnostics_put(&w, NULL, DIAGNOSTIC_ERROR, &errors->items[i], NULL);
	for (size_t i = 0; i < warnings->count; i++)
		diagnostics_put(&w, NULL, DIAGNOSTIC_WARNING, &warnings->items[i], NULL);
	json_end(&w);
	json_end(&w);
	str_char(&text, '\n');
	term_out_str(&text);
}

bool validate_run(struct session *session)
{
	const struct cli *cli = session->cli;
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str line CLEANUP(str_release) = {0};

	bool is_valid = session_read_manifest(session, &errors);
	if (cli->json) {
		print_json(&errors, &session->manifest.warnings);
		return is_valid;
	}
	term_warnings(&session->manifest.warnings);
	if (!is_valid)
		return term_errors(&errors);
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
