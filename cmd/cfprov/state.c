/* cfprov state: what is recorded, and changes of it by hand. Cloudflare is not asked. */
#include "adapter/input.h"
#include "base/text.h"
#include "document.h"
#include "fields.h"
#include "interrupt.h"
#include "manifest/shape.h"
#include "render.h"
#include "session.h"
#include "state/state_edit.h"
#include "term.h"

#include <string.h>

/* ---- list, show, pull ---- */

/* As text, or into *json if that is not NULL. */
static bool list(struct session *session, struct json_writer *json)
{
	const struct cli *cli = session->cli;
	struct str lines CLEANUP(str_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	bool *used AUTO_FREE = mem_alloc(cli->argument_count * sizeof(*used));

	if (!session_show_state(session, false) || !session_pick_recorded(session))
		return false;
	const struct model *model = &session->ledger.state.model;
	const struct address_scope scope = session_recorded(session);
	const struct cli_texts wanted =
		session_addresses(session, &scope, cli->arguments, cli->argument_count);
	for (size_t i = 0; i < model->object_count; i++) {
		bool is_wanted = cli->argument_count == 0;
		for (size_t a = 0; a < cli->argument_count; a++)
			if (object_matches(&model->objects[i], wanted.items[a]))
				used[a] = is_wanted = true;
		if (!is_wanted)
			continue;
		const struct object *object = &model->objects[i];
		if (json)
			fields_put(json, NULL, object, model_account(model, object->account)->id);
		render_address(&lines, object);
		str_char(&lines, '\n');
	}
	if (!json)
		term_out_str(&lines);
	for (size_t a = 0; a < cli->argument_count; a++)
		if (!used[a])
			session_miss(session, cli->arguments[a], error_list_add(&errors));
	return !errors.count || term_errors(&errors);
}

bool state_list_run(struct session *session)
{
	struct json_writer *json = document_writer();

	if (json)
		json_begin_array(json, "objects");
	bool is_good = list(session, json);
	if (json)
		json_end(json);
	return is_good;
}

bool state_show_run(struct session *session)
{
	const struct cli *cli = session->cli;
	struct str text CLEANUP(str_release) = {0};

	const struct object *object = session_show_state(session, false)
					      ? session_find_recorded(session, cli->arguments[0])
					      : NULL;
	if (!object)
		return false;
	const char *account_id = model_account(&session->ledger.state.model, object->account)->id;
	if (cli->json) {
		struct json_writer writer = json_writer(&text, 2);
		fields_put(&writer, NULL, object, account_id);
		str_char(&text, '\n');
	} else {
		render_address(&text, object);
		str_format(&text, "\n    %-9s %s\n", "account", account_id);
		fields_add(&text, object);
	}
	term_out_str(&text);
	return true;
}

static bool pull_old(struct session *session)
{
	struct str text CLEANUP(str_release) = {0};
	struct state old CLEANUP(state_release) = {0};
	struct error unread CLEANUP(error_release) = {0};

	if (!session_open_old(session, &unread) ||
		!session_read_old(session, (int64_t)session->cli->serial, true, &old))
		return false;
	if (unread.message)
		term_warn(&unread);
	state_encode(&old, &text);
	term_out_str(&text);
	return true;
}

/* A file has one state, and so it must be clear whose. */
static bool is_one_state(const struct session *session)
{
	return session->ledger.part_count == 1 ||
	       term_fail(
		       "Choose one account with -account=ALIAS.", "the state is split by account");
}

/* A journal that was left is folded in. */
bool state_pull_run(struct session *session)
{
	struct str text CLEANUP(str_release) = {0};

	if (session->cli->serial)
		return pull_old(session);
	if (!session_show_state(session, false))
		return false;
	const struct state *state = &session->ledger.state;
	if (!is_one_state(session))
		return false;
	if (!state->lineage[0] || !state->serial) {
		term_print("The state does not exist yet.");
		return true;
	}
	state_encode(state, &text);
	term_out_str(&text);
	return true;
}

/* ---- rm, mv, push ---- */

/*
 * Makes the change, or nothing with -dry-run, and prints "DONE ADDRESS" for each of its objects,
 * with "to ADDRESS" if it moves. They are gone from the state after the change.
 */
static bool write_edit(struct session *session, const struct state_edit *edit, const char *done)
{
	const struct state_fold *fold = &edit->fold;
	struct error err CLEANUP(error_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	for (size_t i = 0; i < fold->change_count; i++) {
		bool is_new = fold->changes[i].kind == CHANGE_PUT; /* the object before, moved */
		str_format(&text, "%s ", is_new ? " to" : done);
		render_address(&text, fold->changes[i].object);
		if (i + 1 == fold->change_count || fold->changes[i + 1].kind == CHANGE_DROP)
			str_char(&text, '\n');
	}
	ledger_stage(&session->ledger, fold);
	if (!ledger_commit(&session->ledger, &err)) /* with -dry-run it was only read */
		return term_error(&err);
	term_out_str(&text);
	return true;
}

bool state_rm_run(struct session *session)
{
	const struct cli *cli = session->cli;
	struct state_edit edit CLEANUP(state_edit_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!(cli->dry_run ? session_show_state(session, false)
			   : session_open_state(session, "state rm")))
		return false;
	const struct address_scope scope = session_recorded(session);
	const struct cli_texts wanted =
		session_addresses(session, &scope, cli->arguments, cli->argument_count);
	bool is_done = (state_edit_remove(&session->ledger.state, wanted.items, wanted.count, &edit,
				&errors) ||
			       term_errors(&errors)) &&
		       write_edit(session, &edit, cli->dry_run ? "Would remove" : "Removed");
	if (is_done)
		term_print("Nothing %s in Cloudflare.", cli->dry_run ? "would change" : "changed");
	return is_done;
}

bool state_mv_run(struct session *session)
{
	const struct cli *cli = session->cli;
	struct state_edit edit CLEANUP(state_edit_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str why CLEANUP(str_release) = {0};
	const char *from = cli->arguments[0], *to = cli->arguments[1];

	/* The manifest must be able to use the alias; state_edit refuses an address. */
	bool is_done = (strchr(to, '/') || shape_text_is_right(&schema_alias, to, true, &why) ||
			       term_fail(NULL, "invalid alias: %s", str_text(&why))) &&
		       (cli->dry_run ? session_show_state(session, false)
				     : session_open_state(session, "state mv")) &&
		       (state_edit_rename(&session->ledger.state, from, to, &edit, &err) ||
			       term_error(&err)) &&
		       write_edit(session, &edit, cli->dry_run ? "Would move" : "Moved");
	if (is_done && !cli->dry_run) {
		char *shown AUTO_FREE = text_visible(from, 0);
		term_print("If the manifest still has the alias %s, rename it there, too.", shown);
	}
	return is_done;
}

/* A plain one is as good as one with the key: it is the user who names it. */
static bool read_file(struct session *session, const char *file, struct state *ret_state)
{
	const struct sealing sealing = {.keys = &session->keyring.keys, .accepts_unsigned = true};
	struct sealing_found found = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0}, plain CLEANUP(str_release) = {0};
	const struct input_patience patience = {.interrupted = &interrupt_count};
	bool is_stdin = strcmp(file, "-") == 0;
	char *name AUTO_FREE = text_visible(is_stdin ? "standard input" : file, 0);

	if (session_policy(session) && !is_stdin && !fs_check_in_place(file, &err))
		return term_error(&err);
	if (!input_text(is_stdin ? NULL : file, BACKEND_SIZE_LIMIT, &patience, &bytes, &err))
		return term_error(&err);
	if (sealing_read(&sealing, &bytes, &plain, &found, &err) &&
		(found.trust == SEALING_UNSIGNED ||
			sealing_accepts(&session->sealing, "state", &found, &err)) &&
		state_decode(name, str_text(&plain), plain.length, ret_state, &err))
		return true;
	if (!err.hint)
		error_hint(&err, "No changes were made. `cfprov state pull` writes a valid state.");
	if (!err.file)
		error_at(&err, name, 0, 0);
	return term_error(&err);
}

bool state_push_run(struct session *session)
{
	const struct cli *cli = session->cli;
	struct state other CLEANUP(state_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	/* The file is read before anything is locked: it may be typed. */
	if (!session_read_key(session) || !read_file(session, cli->arguments[0], &other) ||
		!session_open_state(session, "state push"))
		return false;
	struct ledger *ledger = &session->ledger;
	if (!is_one_state(session))
		return false;
	enum state_edit_verdict verdict = state_edit_replace(&ledger->state, &other, &err);
	if (verdict == STATE_EDIT_SAME) {
		term_print("The current state is identical. No changes were made.");
		return true;
	}
	if (verdict == STATE_EDIT_REFUSE && cli->force)
		error_release(&err);
	else if (verdict == STATE_EDIT_REFUSE)
		error_prefix(&err, "the state was not replaced");
	if (err.message || !ledger_replace(ledger, &other, &err)) {
		return term_error(&err);
	}
	term_print("The state now has serial %lld.", (long long)ledger->state.serial);
	return true;
}
