/* cfprov validate: is the manifest right? No credentials, no state, no network. */
#include "commands.h"
#include "diagnostics.h"
#include "session.h"
#include "term.h"

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void put_all(
	struct json_writer *w, enum diagnostic_severity severity, const struct error_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		diagnostics_put(w, NULL, severity, &list->items[i], NULL);
}

/* Also with errors it is the product, and stands on stdout. */
static int tell_as_json(const struct error_list *errors, const struct error_list *warnings)
{
	struct str text CLEANUP(str_release) = {0};
	struct json_writer w = json_writer(&text, 2);

	json_begin_object(&w, NULL);
	json_put_text(&w, "format_version", "1.0");
	json_put_bool(&w, "valid", errors->count == 0);
	json_put_integer(&w, "error_count", (int64_t)errors->count);
	json_put_integer(&w, "warning_count", (int64_t)warnings->count);
	json_begin_array(&w, "diagnostics");
	put_all(&w, DIAGNOSTIC_ERROR, errors);
	put_all(&w, DIAGNOSTIC_WARNING, warnings);
	json_end(&w);
	json_end(&w);
	str_char(&text, '\n');
	term_out_str(&text);
	return errors->count ? EXIT_ERROR : EXIT_DONE;
}

static size_t count_stores(const struct model *desired)
{
	size_t count = 0;

	for (size_t i = 0; i < desired->object_count; i++)
		count += desired->objects[i].kind == OBJECT_STORE;
	return count;
}

int validate_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release);
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str line CLEANUP(str_release) = {0};

	session_init(&session, cli, NULL);
	bool is_valid = session_read_manifest(&session, &errors);
	if (cli->json)
		return tell_as_json(&errors, &session.manifest.warnings);
	term_warnings(&session.manifest.warnings);
	if (!is_valid) {
		term_errors(&errors);
		return EXIT_ERROR;
	}
	size_t objects = session.desired.object_count, accounts = session.desired.account_count;
	size_t stores = count_stores(&session.desired), secrets = objects - stores;
	str_format(&line, "The manifest is valid: %zu store%s", stores, plural(stores));
	if (secrets)
		str_format(&line, " and %zu secret%s", secrets, plural(secrets));
	str_format(&line, " in %zu account%s.\n", accounts, plural(accounts));
	term_out_str(&line);
	return EXIT_DONE;
}
