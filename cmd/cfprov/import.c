/* cfprov import: take a store or a secret that lives already into the state. */
#include "engine/import.h"

#include "commands.h"
#include "desired/naming.h"
#include "desired/pick.h"
#include "desired/shape.h"
#include "desired/writing.h"
#include "planning.h"
#include "progress.h"
#include "read_live.h"
#include "render.h"
#include "session.h"
#include "term.h"

#include "base/text.h"

#include <string.h>

/* ---- the address ---- */

/* Only with the very account of the address: nothing else is asked. */
static bool pick_account(struct session *session, const char *alias)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};
	const struct pick pick = {session_manifest_name(session->cli), &alias, 1};

	if (model_account(&session->desired, alias))
		return pick_accounts(&pick, &session->desired, &err);
	text_add_visible(&shown, alias, strlen(alias), 80);
	error_set(&err, "the manifest has no account `%s`", str_text(&shown));
	model_add_aliases(&known, &session->desired);
	error_hint(&err,
		"An address is ALIAS/STORE or ALIAS/STORE/SECRET; the manifest's accounts are "
		"called %s.",
		str_text(&known));
	term_error(&err);
	return false;
}

static void add_store_lines(struct str *lines, const struct object *wanted)
{
	str_text_add(lines, "\n      - name: ");
	writing_word(lines, wanted->store);
	if (strcmp(wanted->account, MODEL_DEFAULT_ALIAS) == 0)
		return;
	str_text_add(lines, "\n        accounts: [");
	writing_word(lines, wanted->account);
	str_char(lines, ']');
}

/* With a variable for its value; the user knows better. */
static void add_secret_lines(
	struct str *lines, const struct model *desired, const struct object *wanted, bool is_first)
{
	struct naming naming CLEANUP(naming_release) = {0};

	for (size_t i = 0; i < desired->object_count; i++) {
		const struct value_source *value = desired->objects[i].value;
		if (value && value->kind == VALUE_ENV)
			naming_take(&naming, value->name);
	}
	for (size_t i = 0; i < desired->account_count; i++)
		if (desired->accounts[i].token.kind == VALUE_ENV)
			naming_take(&naming, desired->accounts[i].token.name);
	str_format(lines, "%s\n          - name: ", is_first ? "\n        secrets:" : "");
	writing_word(lines, wanted->secret);
	str_text_add(lines, "\n            value: {env: ");
	writing_word(lines, naming_variable(&naming, wanted->store, wanted->secret));
	str_char(lines, '}');
}

/* The lines that are missing in the manifest, ready to be copied. */
static void tell_undeclared(const struct session *session, const struct object *wanted)
{
	struct error err CLEANUP(error_release) = {0};
	struct str lines CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	render_address(&shown, wanted);
	error_set(&err, "%s is not declared in %s", str_text(&shown),
		session_manifest_name(session->cli));
	bool has_store = wanted->secret &&
			 model_object(&session->desired, wanted->account, wanted->store, NULL);
	error_hint(&err,
		"What is imported must be declared, else the next apply would part from it. Add "
		"under %s:",
		has_store ? "`secrets` of that store, for instance" : "`stores`");
	term_error(&err);
	if (!has_store)
		add_store_lines(&lines, wanted);
	if (wanted->secret)
		add_secret_lines(&lines, &session->desired, wanted, !has_store);
	str_text_add(&lines, "\n\n");
	term_say_str(&lines);
}

static bool refuse_address(const char *address)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, address, strlen(address), 120);
	error_set(&err, "`%s` is no address of a store or a secret", str_text(&shown));
	error_hint(&err, "It must be ALIAS/STORE or ALIAS/STORE/SECRET, as cfprov plan shows it.");
	term_error(&err);
	return false;
}

/* Has each part the characters that its kind of name may have? */
static bool is_well_formed(const char *address, const char *const *parts)
{
	static const struct {
		const char *what;
		const struct schema_text *text;
	} kinds[] = {
		{"an alias", &schema_alias},
		{"the name of a store", &schema_store_name},
		{"the name of a secret", &schema_secret_name},
	};
	struct error err CLEANUP(error_release) = {0};
	struct str why CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && parts[i]; i++) {
		if (shape_text_is_right(kinds[i].text, parts[i], true, &why))
			continue;
		text_add_visible(&shown, address, strlen(address), 120);
		error_set(&err, "`%s` is no address of a store or a secret", str_text(&shown));
		str_clear(&shown);
		text_add_visible(&shown, parts[i], strlen(parts[i]), 80);
		error_hint(&err, "`%s` can't be %s: %s.", str_text(&shown), kinds[i].what,
			str_text(&why));
		term_error(&err);
		return false;
	}
	return true;
}

/* Splits ALIAS/STORE or ALIAS/STORE/SECRET. */
static bool split_address(struct session *session, struct object *ret_wanted)
{
	const char *address = session->cli->arguments[0];
	char *rest = arena_text(&session->arena, address);
	const char *parts[4] = {NULL};
	size_t count = 0;

	while (count < ARRAY_SIZE(parts) && rest) {
		char *slash = strchr(rest, '/');
		if (slash)
			*slash = '\0';
		if (!*rest)
			return refuse_address(address);
		parts[count++] = rest;
		rest = slash ? slash + 1 : NULL;
	}
	if (count < 2 || count > 3)
		return refuse_address(address);
	if (!is_well_formed(address, parts))
		return false;
	*ret_wanted = (struct object){.kind = parts[2] ? OBJECT_SECRET : OBJECT_STORE,
		.account = parts[0],
		.store = parts[1],
		.secret = parts[2]};
	return true;
}

/* Finds what the manifest declares at the address. */
static bool find_declared(struct session *session, struct import_input *input)
{
	struct object wanted;

	if (!split_address(session, &wanted) || !pick_account(session, wanted.account))
		return false;
	input->account = model_account(&session->desired, wanted.account);
	input->desired =
		model_object(&session->desired, wanted.account, wanted.store, wanted.secret);
	if (!input->desired)
		tell_undeclared(session, &wanted);
	return input->desired;
}

/* ---- the import ---- */

static bool check_offline(struct session *session, const struct import_input *input)
{
	struct error err CLEANUP(error_release) = {0};

	if (import_check_id(input, &err) && planning_move(session, &err) &&
		import_is_free(input, &err))
		return true;
	term_error(&err);
	return false;
}

static bool record(struct session *session, const struct import_input *input)
{
	struct error err CLEANUP(error_release) = {0};
	struct str line CLEANUP(str_release) = {0};
	struct object object;

	if (!import_find(input, &object, &err)) {
		term_error(&err);
		return false;
	}
	struct change change = {CHANGE_PUT, &object};
	if (!ledger_change(&session->ledger,
		    &(struct state_fold){.changes = &change,
			    .change_count = 1,
			    .accounts = input->account,
			    .account_count = 1},
		    &err)) {
		term_error(&err);
		return false;
	}
	str_text_add(&line, "Imported ");
	render_address(&line, &object);
	str_format(&line, " (id %s): it is managed from now on.\n", object.id);
	term_out_str(&line);
	const struct object *desired = input->desired;
	if (object.secret && !desired->is_written_once && desired->value->kind != VALUE_GENERATE)
		term_say("The next apply writes its value, for nobody can read the one it has. "
			 "`update: if_absent` in the manifest keeps that.");
	return true;
}

int import_run(const struct cli *cli)
{
	struct progress progress CLEANUP(progress_release);
	struct session session CLEANUP(session_release);
	struct import_input input = {.id = cli->arguments[1]};
	struct object sought;

	progress_init(&progress);
	session_init(&session, cli, &progress.sink);
	if (!session_load_manifest(&session) || !find_declared(&session, &input) ||
		!session_open_state(&session, "import"))
		return EXIT_ERROR;
	input.recorded = &session.ledger.state.model;
	if (!check_offline(&session, &input))
		return EXIT_ERROR;
	sought = *input.desired;
	sought.id = import_sought_id(&input);
	session.sought = &sought; /* a list may not show yet what was made a moment ago */
	if (!read_live(&session))
		return EXIT_ERROR;
	input.live = &session.live;
	return record(&session, &input) ? EXIT_DONE : EXIT_ERROR;
}
