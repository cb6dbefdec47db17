/* cfprov import: take an existing store or secret into the state. */
#include "plan/import.h"

#include "document.h"
#include "fields.h"
#include "import_from.h"
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
	const struct address_scope scope = {{&session->desired}};
	struct error err CLEANUP(error_release) = {0};
	struct str lines CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
	struct str guess CLEANUP(str_release) = {0};
	char *address AUTO_FREE = object_address(wanted);
	bool has_store = wanted->secret &&
			 model_object(&session->desired, wanted->account, wanted->store, NULL);

	render_address(&shown, wanted);
	address_add_guess(&scope, address, &guess);
	error_set(&err, "%s is not declared in %s%s", str_text(&shown),
		session_manifest_name(session->cli), str_text(&guess));
	error_hint(&err,
		"Declare what you import, otherwise the next apply would destroy it. Add under %s:",
		has_store ? "`secrets` of its store, for example" : "`stores`");
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
	str_char(&lines, '\n');
	term_error(&err);
	term_print_str(&lines);
}

static bool refuse_address(const struct session *session, const char *typed, const char *why)
{
	const struct address_scope scope = {{&session->desired}};
	char *shown AUTO_FREE = text_visible(typed, 120);
	struct str guess CLEANUP(str_release) = {0};

	address_add_guess(&scope, typed, &guess);
	return term_fail(NULL, "invalid address `%s`: %s%s", shown, why, str_text(&guess));
}

/* A store that the only account lacks gets an error of its own, with the lines to add. */
static const char *whole_address(struct session *session, const char *typed)
{
	const struct model *desired = &session->desired;
	const struct address_scope scope = {{desired}};

	if (desired->account_count == 1 && *typed && !strchr(typed, '/') &&
		!model_account(desired, typed))
		return arena_format(&session->arena, "%s/%s", desired->accounts[0].alias, typed);
	return address_complete(&scope, typed, &session->arena);
}

/* Splits ALIAS/STORE or ALIAS/STORE/SECRET. */
static bool split_address(struct session *session, struct object *ret_wanted)
{
	static const struct {
		const char *what;
		const struct schema_text *text;
	} kinds[] = {
		{"alias", &schema_alias},
		{"name of a store", &schema_store_name},
		{"name of a secret", &schema_secret_name},
	};
	const char *typed = session->cli->arguments[0];
	char *rest = arena_text(&session->arena, whole_address(session, typed));
	const char *parts[ARRAY_SIZE(kinds)] = {NULL};
	struct str why CLEANUP(str_release) = {0};
	size_t count = 0;

	while (count < ARRAY_SIZE(kinds) && rest)
		parts[count++] = strsep(&rest, "/");
	if (count < 2 || rest)
		return refuse_address(session, typed, "expected ALIAS/STORE or ALIAS/STORE/SECRET");
	for (size_t i = 0; i < count; i++) {
		char *part AUTO_FREE = text_visible(parts[i], 80);
		if (*parts[i] && shape_text_is_right(kinds[i].text, parts[i], true, &why))
			continue;
		const char *text = arena_format(&session->arena, "`%s` is not a valid %s%s%s", part,
			kinds[i].what, why.length ? ": " : "", str_text(&why));
		return refuse_address(session, typed, text);
	}
	*ret_wanted = (struct object){.kind = parts[2] ? OBJECT_SECRET : OBJECT_STORE,
		.account = parts[0],
		.store = parts[1],
		.secret = parts[2]};
	return true;
}

/* Finds what the manifest declares at the address. Only its account will be asked. */
static bool find_declared(struct session *session, struct import_input *input)
{
	const struct address_scope scope = {{&session->desired}};
	struct error err CLEANUP(error_release) = {0};
	struct str hint CLEANUP(str_release) = {0}, guess CLEANUP(str_release) = {0};
	struct object wanted = {0};

	if (!split_address(session, &wanted))
		return false;
	const struct pick pick = {session_manifest_name(session->cli), &wanted.account, 1};
	if (!model_account(&session->desired, wanted.account)) {
		char *shown AUTO_FREE = text_visible(wanted.account, 80);
		address_add_guess(&scope, session->cli->arguments[0], &guess);
		str_text_add(&hint, "Accounts in the manifest: ");
		model_add_aliases(&hint, &session->desired);
		str_char(&hint, '.');
		return term_fail(str_text(&hint), "the manifest has no account `%s`%s", shown,
			str_text(&guess));
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

/* Gives NULL, or, in the session's arena, the object that was imported. */
static const struct object *record(
	struct session *session, const struct import_input *input, struct error *err)
{
	struct object *object = arena_alloc(&session->arena, sizeof(*object));
	const struct change change = {CHANGE_PUT, object};
	const struct state_fold fold = {.changes = &change,
		.change_count = 1,
		.accounts = input->account,
		.account_count = 1};

	if (!import_find(input, object, err))
		return NULL;
	ledger_stage(&session->ledger, &fold);
	return ledger_commit(&session->ledger, err) ? object : NULL;
}

/* Gives NULL, and that was reported, or the object that was imported. */
static const struct object *import(struct session *session, struct import_input *input)
{
	struct error err CLEANUP(error_release) = {0};
	const struct object *imported = NULL;

	if (!session_load_manifest(session) || !find_declared(session, input) ||
		!session_open_state(session, "import"))
		return NULL;
	input->recorded = &session->ledger.state.model;
	if (import_read_id(input, session->cli->arguments[1], &session->arena, &err) &&
		planning_move(session, &err) && import_is_free(input, &err)) {
		struct object *sought = arena_alloc(&session->arena, sizeof(*sought));
		*sought = *input->desired;
		sought->id = import_sought_id(input);
		session->sought = sought; /* a list may not show yet what was made a moment ago */
		if (!read_live(session))
			return NULL;
		input->live = &session->live;
		imported = record(session, input, &err);
	}
	if (!imported)
		term_error(&err);
	return imported;
}

static void print_imported(const struct object *imported, const struct object *desired)
{
	struct str line CLEANUP(str_release) = {0};

	str_text_add(&line, "Imported ");
	render_address(&line, imported);
	str_format(&line, " (id %s). cfprov now manages it.\n", imported->id);
	term_out_str(&line);
	if (imported->secret && !desired->is_written_once && desired->value->kind != VALUE_GENERATE)
		term_print("The next apply writes its value, because nobody can read the current "
			   "one. To keep it, set `update: if_absent` in the manifest.");
}

bool import_run(struct session *session)
{
	struct json_writer *json = document_writer();
	struct import_input input = {0};

	if (session->cli->from)
		return import_from(session);
	const struct object *imported = NULL;
	if (session->cli->out)
		term_fail("Without -from, import only writes the state.", "-out requires -from");
	else
		imported = import(session, &input);

	if (json && imported)
		fields_put(json, "imported", imported, input.account->id);
	else if (json)
		json_put_null(json, "imported");
	else if (imported)
		print_imported(imported, input.desired);
	return imported;
}
