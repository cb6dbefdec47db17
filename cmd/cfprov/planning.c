#include "planning.h"

#include "adapter/fs.h"
#include "apply/quota.h"
#include "base/clock.h"
#include "base/moment.h"
#include "cloudflare/audit.h"
#include "plan/check.h"
#include "plan/recover.h"
#include "plan/verify.h"
#include "read_live.h"
#include "state/state_edit.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the state has to learn first ---- */

bool planning_move(struct session *session, struct error *err)
{
	struct state_edit edit CLEANUP(state_edit_release) = {0};

	if (!state_edit_move(&session->ledger.state, &session->desired, &edit, err))
		return false;
	session->moves = state_edit_moves(&edit, &session->arena, &session->move_count);
	ledger_stage(&session->ledger, &edit.fold);
	return true;
}

static bool move(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};

	if (planning_move(session, &err))
		return true;
	term_error(&err);
	return false;
}

/* Looks again and again for what an interrupted run requested and has not appeared yet. */
static bool await_unresolved(struct session *session, struct recovered *ret_recovered)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct live_input live = session_live_input(session);
	struct recover_input input = {.recorded = &session->ledger.state.model,
		.live = &session->live,
		.read_ms = session->read_ms,
		.patience_ms = session->cli->patience_ms};
	bool is_good = true, was_told = false;

	recover_changes(&input, &session->arena, ret_recovered);
	while (is_good && ret_recovered->awaited) {
		if (!was_told)
			event_waiting(&session->sink, ret_recovered->first, ret_recovered->awaited,
				ret_recovered->longest_ms);
		was_told = true;
		is_good = recover_pause(&live, ret_recovered, &errors);
		input.since_ms = clock_monotonic_ms() - session->read_at_ms;
		is_good = is_good && recover_look(&live, input.recorded, &session->live, &errors);
		recovered_release(ret_recovered);
		if (is_good)
			recover_changes(&input, &session->arena, ret_recovered);
	}
	term_errors(&errors);
	return is_good;
}

static bool settle(struct session *session)
{
	struct recovered recovered CLEANUP(recovered_release) = {0};

	if (!await_unresolved(session, &recovered))
		return false;
	for (size_t i = 0; i < recovered.count; i++)
		if (recovered.changes[i].kind == CHANGE_PUT)
			event_emit(&session->sink, &(struct event){.type = EVENT_RECOVERED,
							   .object = recovered.changes[i].object});
	ledger_stage(&session->ledger, &(struct state_fold){.changes = recovered.changes,
					       .change_count = recovered.count});
	return true;
}

/* Who modified the secrets that were modified outside of cfprov, where the token may know that. */
static bool read_audit(struct session *session, enum planning_mode mode)
{
	struct error err CLEANUP(error_release) = {0};
	const struct live_input input = session_live_input(session);

	if (mode == PLANNING_DESTROY || audit_read(&input, &session->desired, &session->live, &err))
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

/* ---- the values of secrets, and the room for them ---- */

/* The client has to know them, for a server may echo one. */
static bool start_values(struct session *session)
{
	if (!session_new_client(session))
		return false;
	values_init(&session->values, session->sources, ledger_lineage(&session->ledger),
		&session->desired.fingerprint_key);
	session->values.client = session->client;
	return true;
}

/*
 * Reads what planning has to compare; the desired model then knows how its values differ. Also
 * again, when more is known of what lives.
 */
static bool read_values(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	session->values.leaves_input = session->may_ask;
	bool is_read = values_read(&session->values, &session->desired, &session->input, &errors);
	session_print_warnings(session);
	term_errors(&errors);
	return is_read;
}

/* Reads again what a saved plan is to write. */
static bool check_values(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!start_values(session))
		return false;
	bool is_good = values_check(&session->values, &session->plan, &errors);
	session_print_warnings(session);
	term_errors(&errors);
	return is_good;
}

static bool has_room(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error_list unread CLEANUP(error_list_release) = {0};
	const struct live_input input = session_live_input(session);
	bool is_good = quota_check(&input, &session->plan, &unread, &errors);

	for (size_t i = 0; i < unread.count; i++)
		term_warning(unread.items[i].message);
	term_errors(&errors);
	return is_good;
}

bool planning_mode_of(const struct cli *cli, enum planning_mode *ret_mode)
{
	struct error err CLEANUP(error_release) = {0};
	const char *mode = cli->destroys ? "-destroy" : "-refresh-only";

	*ret_mode = cli->destroys       ? PLANNING_DESTROY
		    : cli->refresh_only ? PLANNING_REFRESH_ONLY
					: PLANNING_NORMAL;
	if (cli->destroys && cli->refresh_only)
		error_set(&err, "-destroy and -refresh-only exclude each other");
	else if (cli->refresh_only && !cli->refresh)
		error_set(&err, "-refresh-only and -refresh=false exclude each other");
	else if (cli->replaces.count && *ret_mode != PLANNING_NORMAL)
		error_set(&err, "%s and -replace exclude each other", mode);
	else if (cli->adopt && *ret_mode != PLANNING_NORMAL)
		error_set(&err, "%s and -adopt exclude each other", mode);
	else
		return true;
	term_error(&err);
	return false;
}

/* What is recorded by now, and what exists. */
static bool read_both(struct session *session, enum planning_mode mode)
{
	return move(session) && read_live(session) && settle(session) && read_audit(session, mode);
}

bool planning_make(struct session *session, enum planning_mode mode)
{
	const struct cli *cli = session->cli;

	session->input.options.destroys_all = mode == PLANNING_DESTROY; /* for the reading */
	if (!read_both(session, mode))
		return false;
	renames_init(&session->renames, &session->desired);
	session->input = (struct planner_input){
		.desired = &session->desired,
		.recorded = &session->ledger.state.model,
		.live = &session->live,
		.renames = &session->renames,
		.options =
			{
				.adopt_all = cli->adopt,
				.destroys_all = mode == PLANNING_DESTROY,
				.refresh_only = mode == PLANNING_REFRESH_ONLY,
				.is_partial = cli->accounts.count > 0 || session->has_failed,
				.has_unread = session->has_failed,
				.targets = {cli->targets.items, cli->targets.count},
				.excludes = {cli->excludes.items, cli->excludes.count},
				.replaces = {cli->replaces.items, cli->replaces.count},
			},
		.moves = session->moves,
		.move_count = session->move_count,
	};
	session->is_partial = cli->accounts.count + cli->targets.count + cli->excludes.count > 0;
	bool looks_again = false;
	if (!start_values(session) || !read_values(session) || !make_plan(session) ||
		!read_live_affected(session, &looks_again))
		return false;
	/* What is in a store must be known before it is destroyed: then the plan is made again. */
	session->input.options.is_partial |= session->has_failed;
	session->input.options.has_unread |= session->has_failed;
	if (looks_again && !(read_values(session) && make_plan(session)))
		return false;
	if (!has_room(session))
		return false;
	if (session->has_failed)
		term_warning(
			"The accounts above could not be read: this is about the others only.");
	if (cli->targets.count + cli->excludes.count)
		term_warning("-target or -exclude leaves something out: what that is may have "
			     "changes, too.");
	return true;
}

/* ---- saved plans ---- */

bool planning_check_out(struct session *session, const char *path)
{
	const char *backup = session->ledger.backup_path;
	struct error err CLEANUP(error_release) = {0};

	if (strcmp(path, "-") == 0) {
		error_set(&err, "-out=- is no file, and a saved plan is for cfprov apply only");
		error_hint(&err, "-format=json or -format=markdown writes the plan for others.");
	} else if (backup && fs_is_same_file(backup, path)) {
		error_set(&err, "-out can't be %s: that is the backup of the state", path);
	} else {
		return session_check_target(session, "-out", path);
	}
	term_error(&err);
	return false;
}

bool planning_save(struct session *session, const char *path)
{
	const struct ledger *ledger = &session->ledger;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	const struct planfile planfile = {
		.state_path = session->state_path,
		.is_partial = session->is_partial,
		.serial = ledger->read_serial,
		.lineage = ledger->state.lineage,
		.born_as = ledger->born_as,
		.options = session->input.options,
		.desired = session->desired,
		.recorded = ledger->state.model,
		.live = session->live,
		.moves = session->moves,
		.move_count = session->move_count,
	};

	if (session->has_failed) {
		error_set(&err, "the plan is not saved: it leaves accounts out");
		error_hint(&err, "Mend what keeps them from being read; or plan for the others "
				 "alone, with -account=ALIAS for each.");
	} else {
		char *real AUTO_FREE = fs_real_path(path);
		planfile_encode(&planfile, &session->plan, &bytes);
		if (fs_replace(real, NULL, &bytes, &err))
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

/* Plans from the inputs that the file has. */
static bool plan_as_saved(struct session *session, struct error *err)
{
	struct planfile *planfile = &session->planfile;

	session->desired = planfile->desired;
	planfile->desired = (struct model){0};
	renames_init(&session->renames, &session->desired);
	session->input = (struct planner_input){
		.desired = &session->desired,
		.recorded = &planfile->recorded,
		.live = &planfile->live,
		.renames = &session->renames,
		.options = planfile->options,
		.moves = planfile->moves,
		.move_count = planfile->move_count,
	};
	return make_plan(session) && planfile_check_digest(planfile, &session->plan, err);
}

bool planning_load(struct session *session, const char *path, enum planning_mode *ret_mode)
{
	struct planfile *planfile = &session->planfile;
	struct error err CLEANUP(error_release) = {0};

	if (!read_plan(path, planfile, &err) || !plan_as_saved(session, &err)) {
		if (err.message)
			term_error(&err);
		return false;
	}
	session->is_partial = planfile->is_partial;
	*ret_mode = planfile->options.destroys_all   ? PLANNING_DESTROY
		    : planfile->options.refresh_only ? PLANNING_REFRESH_ONLY
						     : PLANNING_NORMAL;
	if (!session->cli->state) {
		free(session->state_path);
		session->state_path = mem_copy_text(planfile->state_path);
	}
	return true;
}

static void refuse_account(
	const struct account *then, const struct account *now, struct error_list *errors)
{
	struct error *err = error_list_add(errors);
	const struct place *place = &now->place;

	error_set(err, "the plan was made for the account %s as `%s`, but %s now says %s", then->id,
		then->alias, place->file ? "the manifest" : "CLOUDFLARE_ACCOUNT_ID", now->id);
	error_hint(err, "Make a new plan.");
	if (place->file)
		error_at(err, place->file, place->line, place->column);
}

/* The manifest's wishes stand in the plan; but an alias must not mean another account by now. */
static bool fits_manifest(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct model accounts CLEANUP(model_release) = {0};

	if (!session_read_accounts(session, &accounts))
		return true;
	for (size_t i = 0; i < session->desired.account_count; i++) {
		const struct account *then = &session->desired.accounts[i];
		const struct account *now = model_account(&accounts, then->alias);
		if (now && strcmp(now->id, then->id) != 0)
			refuse_account(then, now, &errors);
	}
	term_errors(&errors);
	return errors.count == 0;
}

/* The state as it stands in its file: nothing may have happened to it yet. */
static bool fits_state(struct session *session)
{
	const struct ledger *ledger = &session->ledger;
	struct error err CLEANUP(error_release) = {0};

	if (planfile_check_state(
		    &session->planfile, ledger->state.lineage, ledger->read_serial, &err))
		return true;
	term_error(&err);
	return false;
}

static bool refuse_part(void)
{
	struct error err CLEANUP(error_release) = {0};

	error_set(&err, "the plan is carried out whole or not at all; nothing was done");
	error_hint(&err, "Mend what is told above; or make a plan for the other accounts alone: "
			 "cfprov plan -out=FILE -account=ALIAS.");
	term_error(&err);
	return false;
}

/* What is created. A list that shows it may show what was destroyed before. */
static void collect_created(const struct plan *plan, struct model *ret_created)
{
	for (size_t i = 0; i < plan->row_count; i++)
		if (plan->rows[i].action == ACTION_CREATE)
			(void)model_add_copy(ret_created, plan->rows[i].desired);
	model_sort(ret_created);
}

/*
 * Plans again from what exists now, and compares. The audit log is not asked again about secrets
 * that were not modified since.
 */
static bool fits_live(struct session *session, const struct model *then, struct error_list *errors)
{
	struct planner_input now = session->input;

	for (size_t i = 0; i < session->live.object_count; i++) {
		struct object *object = &session->live.objects[i];
		const struct object *before = model_find(then, object);
		if (before && strcmp(before->id, object->id) == 0 &&
			!moment_is_other(before->modified, object->modified))
			object->audit = before->audit;
	}
	now.recorded = &session->ledger.state.model;
	now.live = &session->live;
	return verify_plan(&session->plan, &now, errors);
}

/* The accounts in which something is to be done, and what the plan is about in them. */
static bool read_planned(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct plan *plan = &session->plan;
	struct live_input input = session_live_input(session);
	struct model created CLEANUP(model_release) = {0};
	struct live_account *planned AUTO_FREE = mem_alloc(input.count * sizeof(*planned));
	size_t count = 0, at = 0;

	for (size_t i = 0; i < input.count; i++) {
		const char *alias = input.accounts[i].account->alias;
		bool is_planned = false;
		for (; at < plan->row_count; at++) {
			const struct row *row = &plan->rows[at];
			int order = strcmp(row_object(row)->account, alias);
			if (order > 0)
				break;
			is_planned |= order == 0 && row->action != ACTION_NONE;
		}
		if (is_planned)
			planned[count++] = input.accounts[i];
	}
	input.accounts = planned;
	input.count = count;
	collect_created(plan, &created);
	input.wanted = &created;
	bool is_good = live_read(&input, &session->live, &errors);
	term_errors(&errors);
	return is_good && read_live_planned(session, &input);
}

bool planning_look_again(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct model then = session->live; /* the plan is made of it */
	struct table *inside = session->inside;

	session->live = (struct model){0};
	session->inside = NULL;
	bool is_good = read_planned(session) && fits_live(session, &then, &errors);
	model_release(&session->live);
	table_free(&session->inside);
	session->live = then;
	session->inside = inside;
	term_errors(&errors);
	if (!is_good)
		term_print("Nothing was done.");
	return is_good;
}

bool planning_check(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	bool looks_inside;

	if (!fits_state(session) || !fits_manifest(session) || !move(session))
		return false;
	memcpy(session->ledger.born_as, session->planfile.born_as,
		strlen(session->planfile.born_as) + 1);
	if (!check_values(session) || !read_live(session))
		return false;
	if (session->has_failed)
		return refuse_part();
	settle(session);
	if (!read_live_affected(session, &looks_inside) || session->has_failed)
		return refuse_part();
	if (fits_live(session, &session->planfile.live, &errors))
		return has_room(session);
	term_errors(&errors);
	return false;
}
