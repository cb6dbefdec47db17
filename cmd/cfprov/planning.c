#include "planning.h"

#include "adapter/fs.h"
#include "engine/check.h"
#include "engine/recover.h"
#include "engine/verify.h"
#include "interrupt.h"
#include "recorded/mend.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the state has to learn first ---- */

static bool is_recorded(const struct session *session, const char *alias)
{
	const struct model *recorded = &session->ledger.state.model;

	for (size_t i = 0; i < recorded->object_count; i++)
		if (strcmp(recorded->objects[i].account, alias) == 0)
			return true;
	return false;
}

/* `moved` of an alias: what is recorded under the old one comes under the new one. */
static bool move_alias(struct session *session, const struct move *move, struct error *err)
{
	struct mend mend CLEANUP(mend_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	if (strchr(move->from, '/') || !is_recorded(session, move->from))
		return true; /* it was moved already */
	if (!mend_rename(&session->ledger.state, move->from, move->to, &mend, err))
		return false;
	str_format(&text, "%s to %s", move->from, move->to);
	event_say(&session->sink, EVENT_MOVED, str_text(&text));
	const struct state_fold fold = {mend.changes, mend.count, &mend.account, 1};
	return ledger_change(&session->ledger, &fold, err);
}

static bool move_aliases(struct session *session)
{
	const struct model *desired = &session->desired;
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < desired->move_count; i++) {
		if (move_alias(session, &desired->moves[i], &err))
			continue;
		if (desired->moves[i].place.file)
			error_at(&err, desired->moves[i].place.file, desired->moves[i].place.line,
				desired->moves[i].place.column);
		term_error(&err);
		return false;
	}
	return true;
}

static bool settle(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};
	size_t count;
	struct change *changes AUTO_FREE = recover_changes(
		&session->ledger.state.model, &session->live, &session->arena, &count);

	for (size_t i = 0; i < count; i++)
		if (changes[i].kind == CHANGE_PUT)
			event_emit(&session->sink, &(struct event){.type = EVENT_RECOVERED,
							   .object = changes[i].object});
	if (ledger_settle(&session->ledger, changes, count, &err))
		return true;
	term_error(&err);
	return false;
}

/* ---- making it ---- */

static bool make_plan(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	plan_release(&session->plan);
	if (!planner_plan(&session->input, &session->plan, &errors)) {
		term_errors(&errors);
		return false;
	}
	if (check_plan(&session->plan, &err))
		return true;
	term_error(&err);
	return false;
}

/* Reads what is inside the stores that the plan destroys. *ret_any: there are such stores. */
static bool look_inside(struct session *session, bool *ret_any)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct plan *plan = &session->plan;
	const struct object **doomed = mem_alloc(plan->action_count * sizeof(*doomed));
	struct live_stores stores = {.items = doomed};
	struct live_input input = session_live_input(session);

	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		enum action_kind kind = action_kind(action);
		bool destroys = kind == ACTION_DESTROY || kind == ACTION_REPLACE;
		if (destroys && action_object(action)->kind == OBJECT_STORE)
			doomed[stores.count++] = action->before;
	}
	if (stores.count && !live_read_inside(&input, &stores, &session->live, &errors))
		term_errors(&errors);
	free((void *)doomed);
	*ret_any = stores.count > 0;
	return interrupt_count == 0 && session_drop_unread(session);
}

bool session_mode_of(const struct cli *cli, enum session_mode *ret_mode)
{
	struct error err CLEANUP(error_release) = {0};

	*ret_mode = cli->destroys       ? SESSION_DESTROY
		    : cli->refresh_only ? SESSION_REFRESH_ONLY
					: SESSION_NORMAL;
	if (cli->destroys && cli->refresh_only)
		error_set(&err, "-destroy and -refresh-only exclude each other");
	else if (cli->refresh_only && !cli->refresh)
		error_set(&err, "-refresh-only and -refresh=false exclude each other");
	else if (cli->replace_count && *ret_mode != SESSION_NORMAL)
		error_set(&err, "-replace goes with a plan that creates only");
	else
		return true;
	term_error(&err);
	return false;
}

bool session_plan(struct session *session, enum session_mode mode)
{
	const struct cli *cli = session->cli;

	if (!move_aliases(session) || !session_read_live(session) || !settle(session))
		return false;
	session->input = (struct planner_input){
		.desired = &session->desired,
		.recorded = &session->ledger.state.model,
		.live = &session->live,
		.adopt_all = cli->adopt,
		.destroys_all = mode == SESSION_DESTROY,
		.refresh_only = mode == SESSION_REFRESH_ONLY,
		.is_partial = cli->account_count > 0 || session->has_failed,
		.has_unread = session->has_failed,
		.targets = {cli->targets, cli->target_count},
		.excludes = {cli->excludes, cli->exclude_count},
		.replaces = {cli->replaces, cli->replace_count},
	};
	session->is_partial = cli->account_count + cli->target_count + cli->exclude_count > 0;
	bool looks_again = false;
	if (!make_plan(session) || !look_inside(session, &looks_again))
		return false;
	/* Before stores are destroyed, what is in them must be known: then the plan is made anew.
	 */
	session->input.is_partial |= session->has_failed;
	session->input.has_unread |= session->has_failed;
	if (looks_again && !make_plan(session))
		return false;
	if (session->has_failed)
		term_warning(
			"The accounts above could not be read: this is about the others only.");
	return true;
}

/* ---- saved plans ---- */

static const char *const mode_words[] = {
	[SESSION_NORMAL] = "normal",
	[SESSION_DESTROY] = "destroy",
	[SESSION_REFRESH_ONLY] = "refresh-only",
};

bool session_save_plan(struct session *session, enum session_mode mode, const char *path)
{
	const struct state *state = &session->ledger.state;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct planfile planfile = {
		.mode = mode_words[mode],
		.state_path = session->state_path,
		.is_partial = session->is_partial,
		.serial = state->serial,
		.accounts = session->desired,
		.plan = session->plan,
	};

	memcpy(planfile.lineage, state->lineage, sizeof(planfile.lineage));
	if (session->has_failed) {
		error_set(&err, "the plan is not saved: it leaves accounts out");
	} else {
		planfile_encode(&planfile, &bytes);
		if (fs_replace(path, NULL, &bytes, &err))
			return true;
	}
	term_error(&err);
	return false;
}

static bool read_plan(const char *path, struct planfile *ret_planfile, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	return fs_read(path, PLANFILE_SIZE_LIMIT, &bytes, err) &&
	       planfile_decode(path, &bytes, ret_planfile, err);
}

bool session_load_plan(struct session *session, const char *path, enum session_mode *ret_mode)
{
	struct planfile *planfile = &session->planfile;
	struct error err CLEANUP(error_release) = {0};

	if (!read_plan(path, planfile, &err)) {
		term_error(&err);
		return false;
	}
	session->is_partial = planfile->is_partial;
	*ret_mode = SESSION_NORMAL;
	for (size_t i = 0; i < ARRAY_SIZE(mode_words); i++)
		if (strcmp(planfile->mode, mode_words[i]) == 0)
			*ret_mode = (enum session_mode)i;
	session->plan = planfile->plan;
	planfile->plan = (struct plan){0};
	session->desired = planfile->accounts;
	planfile->accounts = (struct model){0};
	if (!session->cli->state) {
		free(session->state_path);
		session->state_path = mem_copy_text(planfile->state_path);
	}
	return true;
}

/* check_state wants the accounts, which the session has taken over. */
static bool fits_state(struct session *session, struct error *err)
{
	struct planfile planfile = session->planfile;

	planfile.accounts = session->desired;
	return planfile_check_state(&planfile, &session->ledger.state, err);
}

static bool refuse_part(void)
{
	struct error err CLEANUP(error_release) = {0};

	error_set(&err, "the plan is carried out whole or not at all; nothing was done");
	term_error(&err);
	return false;
}

bool session_check_plan(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	bool looks_inside;

	if (!move_aliases(session) || !session_read_live(session))
		return false;
	if (session->has_failed)
		return refuse_part();
	if (!settle(session))
		return false;
	if (!fits_state(session, &err) || !check_plan(&session->plan, &err)) {
		term_error(&err);
		return false;
	}
	if (!look_inside(session, &looks_inside) || session->has_failed)
		return refuse_part();
	if (verify_plan(&session->plan, &session->live, &errors))
		return true;
	term_errors(&errors);
	return false;
}
