/* cfprov import: take an existing store or secret into the state. */
#include "plan/import.h"

#include "manifest/naming.h"
#include "manifest/pick.h"
#include "manifest/shape.h"
#include "manifest/writing.h"
#include "planning.h"
#include "read_live.h"
#include "render.h"
#include "term.h"

#include "base/text.h"

#include <string.h>

/* ---- the address ---- */

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

/* Prints the lines that the manifest lacks, ready to be copied. */
static void print_undeclared(const struct session *session, const struct object *wanted)
{
	struct error err CLEANUP(error_release) = {0};
	struct str lines CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	bool has_store = wanted->secret &&
			 model_object(&session->desired, wanted->account, wanted->store, NULL);

	render_address(&shown, wanted);
	error_set(&err, "%s is not declared in %s", str_text(&shown),
		session_manifest_name(session->cli));
	error_hint(&err,
		"What is imported must be declared, else the next apply would part from it. Add "
		"under %s:",
		has_store ? "`secrets` of that store, for instance" : "`stores`");
	term_error(&err);
	if (!has_store) {
		str_text_add(&lines, "\n      - name: ");
		writing_word(&lines, wanted->store);
	}
	if (!has_store && strcmp(wanted->account, MODEL_DEFAULT_ALIAS) != 0) {
		str_text_add(&lines, "\n        accounts: [");
		writing_word(&lines, wanted->account);
		str_char(&lines, ']');
	}
	if (wanted->secret)
		add_secret_lines(&lines, &session->desired, wanted, !has_store);
	str_text_add(&lines, "\n\n");
	term_print_str(&lines);
}

/* Splits ALIAS/STORE or ALIAS/STORE/SECRET. */
static bool split_address(struct session *session, struct object *ret_wanted)
{
	static const struct {
		const char *what;
		const struct schema_text *text;
	} kinds[] = {
		{"an alias", &schema_alias},
		{"the name of a store", &schema_store_name},
		{"the name of a secret", &schema_secret_name},
	};
	const char *hint = "It must be ALIAS/STORE or ALIAS/STORE/SECRET, as cfprov plan shows it.";
	const char *address = session->cli->arguments[0];
	char *rest = arena_text(&session->arena, address),
	     *shown AUTO_FREE = text_visible(address, 120);
	const char *parts[ARRAY_SIZE(kinds)] = {NULL};
	struct str why CLEANUP(str_release) = {0};
	size_t count = 0;

	while (count < ARRAY_SIZE(kinds) && rest)
		parts[count++] = strsep(&rest, "/");
	bool is_good = count >= 2 && !rest;
	for (size_t i = 0; i < count; i++)
		is_good = is_good && *parts[i];
	for (size_t i = 0; i < count && is_good; i++) {
		char *part AUTO_FREE = text_visible(parts[i], 80);
		is_good = shape_text_is_right(kinds[i].text, parts[i], true, &why);
		if (!is_good)
			hint = arena_format(&session->arena, "`%s` can't be %s: %s.", part,
				kinds[i].what, str_text(&why));
	}
	if (!is_good)
		return term_fail(hint, "`%s` is no address of a store or a secret", shown);
	*ret_wanted = (struct object){.kind = parts[2] ? OBJECT_SECRET : OBJECT_STORE,
		.account = parts[0],
		.store = parts[1],
		.secret = parts[2]};
	return true;
}

/* Finds what the manifest declares at the address. Only its account will be asked. */
static bool find_declared(struct session *session, struct import_input *input)
{
	struct error err CLEANUP(error_release) = {0};
	struct str hint CLEANUP(str_release) = {0};
	struct object wanted = {0};

	if (!split_address(session, &wanted))
		return false;
	const struct pick pick = {session_manifest_name(session->cli), &wanted.account, 1};
	if (!model_account(&session->desired, wanted.account)) {
		char *shown AUTO_FREE = text_visible(wanted.account, 80);
		str_text_add(&hint, "An address is ALIAS/STORE or ALIAS/STORE/SECRET; the "
				    "manifest's accounts are called ");
		model_add_aliases(&hint, &session->desired);
		str_char(&hint, '.');
		return term_fail(str_text(&hint), "the manifest has no account `%s`", shown);
	}
	if (!pick_accounts(&pick, &session->desired, &err))
		return term_error(&err);
	input->account = model_account(&session->desired, wanted.account);
	input->desired =
		model_object(&session->desired, wanted.account, wanted.store, wanted.secret);
	if (!input->desired)
		print_undeclared(session, &wanted);
	return input->desired;
}

/* ---- the import ---- */

static bool record(struct session *session, const struct import_input *input, struct error *err)
{
	struct str address CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};
	const struct object *desired = input->desired;
	struct object object;
	const struct change change = {CHANGE_PUT, &object};
	const struct state_fold fold = {.changes = &change,
		.change_count = 1,
		.accounts = input->account,
		.account_count = 1};

	if (!import_find(input, &object, err))
		return false;
	ledger_stage(&session->ledger, &fold);
	if (!ledger_commit(&session->ledger, err))
		return false;
	render_address(&address, &object);
	str_format(&line, "Imported %s (id %s): it is managed from now on.\n", str_text(&address),
		object.id);
	term_out_str(&line);
	if (object.secret && !desired->is_written_once && desired->value->kind != VALUE_GENERATE)
		term_print("The next apply writes its value, for nobody can read the one it has. "
			   "`update: if_absent` in the manifest keeps that.");
	return true;
}

bool import_run(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};
	struct import_input input = {0};

	if (!session_load_manifest(session) || !find_declared(session, &input) ||
		!session_open_state(session, "import"))
		return false;
	input.recorded = &session->ledger.state.model;
	bool is_good = import_read_id(&input, session->cli->arguments[1], &session->arena, &err) &&
		       planning_move(session, &err) && import_is_free(&input, &err);
	if (is_good) {
		struct object *sought = arena_alloc(&session->arena, sizeof(*sought));
		*sought = *input.desired;
		sought->id = import_sought_id(&input);
		session->sought = sought; /* a list may not show yet what was made a moment ago */
		if (!read_live(session))
			return false;
		input.live = &session->live;
	}
	return (is_good && record(session, &input, &err)) || term_error(&err);
}
