#include "planning.h"

#include "bindings.h"

#include "adapter/fs.h"
#include "adapter/table.h"
#include "apply/quota.h"
#include "base/clock.h"
#include "base/moment.h"
#include "base/text.h"
#include "cloudflare/audit.h"
#include "cloudflare/wait.h"
#include "plan/check.h"
#include "plan/manifest_check.h"
#include "plan/record.h"
#include "plan/recover.h"
#include "plan/verify.h"
#include "read_live.h"
#include "state/state_edit.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

bool planning_check_options(const struct cli *cli)
{
	const char *mode = cli->destroys ? "-destroy" : "-refresh-only";
	bool is_normal = !cli->destroys && !cli->refresh_only;

	if (cli->destroys && cli->refresh_only)
		return term_fail(NULL, "-destroy and -refresh-only can't be combined");
	if (cli->refresh_only && !cli->refresh)
		return term_fail(NULL, "-refresh-only and -refresh=false can't be combined");
	if (cli->no_values && cli->out)
		return term_fail("A saved plan needs every value, to notice if one changes before "
				 "it is applied.",
			"-values=none and -out can't be combined");
	if (cli->replaces.count && !is_normal)
		return term_fail(NULL, "%s and -replace can't be combined", mode);
	if (cli->adopt && !is_normal)
		return term_fail(NULL, "%s and -adopt can't be combined", mode);
	return true;
}

/* ---- what the state has to learn first ---- */

bool planning_move(struct session *session, struct error *err)
{
	struct state_edit edit CLEANUP(state_edit_release) = {0};

	if (!state_edit_move(&session->ledger.state, &session->desired, &edit, err))
		return false;
	session->input.moves = state_edit_moves(&edit, &session->arena, &session->input.move_count);
	ledger_stage(&session->ledger, &edit.fold);
	return true;
}

/*
 * Finds out what became of what an interrupted run requested, and stages it. What has not appeared
 * yet is looked for again and again.
 */
static bool settle(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct recovered recovered CLEANUP(recovered_release) = {0};
	const struct live_input live = session_live_input(session);
	struct recover_input input = {.recorded = &session->ledger.state.model,
		.live = &session->live,
		.read_ms = session->read_ms,
		.patience_ms = session->cli->patience_ms};
	bool is_first = true;

	recover_changes(&input, &session->arena, &recovered);
	for (; recovered.awaited; is_first = false) {
		if (is_first)
			event_waiting(&session->sink, recovered.first, recovered.awaited,
				recovered.longest_ms);
		if (!wait_until(&live, clock_monotonic_ms() + recovered.next_ms, &err))
			return term_error(&err);
		input.since_ms = clock_monotonic_ms() - session->read_at_ms;
		if (!live_read_unresolved(&live, input.recorded, &session->live, &errors))
			return term_errors(&errors);
		recovered_release(&recovered);
		recover_changes(&input, &session->arena, &recovered);
	}
	for (size_t i = 0; i < recovered.count; i++) {
		const struct object *open = model_find(input.recorded, recovered.changes[i].object);
		const struct object *found = model_find(&session->live, open);
		if (found)
			event_emit(&session->sink,
				&(struct event){.type = record_is_replaced(open, found)
								? EVENT_NOT_REPLACED
								: EVENT_RECOVERED,
					.object = found});
	}
	ledger_stage(&session->ledger, &(struct state_fold){.changes = recovered.changes,
					       .change_count = recovered.count});
	return true;
}

/* What -target and the like name: by the aliases that the state has by now. */
static void complete_addresses(struct session *session)
{
	const struct cli *cli = session->cli;
	struct plan_options *options = &session->input.options;
	/* With -account, the others do not count. */
	const struct address_scope scope = {
		{&session->desired, cli->accounts.count ? NULL : &session->ledger.state.model}};
	const struct {
		const struct cli_texts *typed;
		struct patterns *patterns;
	} all[] = {{&cli->targets, &options->targets}, {&cli->excludes, &options->excludes},
		{&cli->replaces, &options->replaces}};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct cli_texts full = session_addresses(
			session, &scope, all[i].typed->items, all[i].typed->count);
		*all[i].patterns = (struct patterns){full.items, full.count};
	}
}

/* What is recorded by now, and what exists. */
static bool read_both(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};

	if (!planning_move(session, &err))
		return term_error(&err);
	complete_addresses(session);
	if (!read_live(session) || !settle(session))
		return false;
	const struct live_input input = session_live_input(session);
	return session->cli->destroys ||
	       audit_read(&input, &session->desired, &session->live, &err) || term_error(&err);
}

/* ---- the values of secrets, and the room for them ---- */

/* The client, which is there, has to know them, for a server may echo one. */
static void start_values(struct session *session)
{
	values_init(&session->values, &session->keyring, &session->ledger, &session->desired);
	session->values.client = session->client;
}

static bool has_room(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error_list unread CLEANUP(error_list_release) = {0};
	const struct live_input input = session_live_input(session);
	bool is_good = quota_check(&input, &session->plan, &unread, &errors);

	for (size_t i = 0; i < unread.count; i++)
		term_warning(unread.items[i].message);
	return is_good || term_errors(&errors);
}

/* ---- making it ---- */

static bool make_plan(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	plan_release(&session->plan);
	if (!planner_plan(&session->input, &session->plan, &errors))
		return term_errors(&errors);
	return check_plan(&session->plan, &err) || term_error(&err);
}

/* Reads the values that have to be compared, then plans. Again when more is known of what exists.
 */
static bool compare_and_plan(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct plan_options *options = &session->input.options;

	options->is_partial |= session->has_failed;
	options->has_unread |= session->has_failed;
	session->values.leaves_input = session->may_ask;
	session->values.leaves_values = session->cli->no_values;
	bool is_read = values_read(&session->values, &session->desired, &session->input, &errors);
	session_print_warnings(session);
	return is_read ? make_plan(session) : term_errors(&errors);
}

static void print_partial(const struct session *session)
{
	const struct cli *cli = session->cli;
	struct str text CLEANUP(str_release) = {0};

	if (session->has_failed) {
		str_text_add(&text, "partial plan: ");
		session_add_unread(&text, &session->unread);
		term_warning(str_text(&text));
	}
	if (cli->targets.count + cli->excludes.count)
		term_warning("-target or -exclude is set, so the plan may be incomplete. Objects "
			     "that are not included may have changes.");
}

bool planning_make(struct session *session)
{
	const struct cli *cli = session->cli;
	bool knows_more = false;

	session->input = (struct planner_input){
		.desired = &session->desired,
		.recorded = &session->ledger.state.model,
		.live = &session->live,
		.renames = &session->renames,
		.options =
			{
				.adopt_all = cli->adopt,
				.destroys_all = cli->destroys,
				.refresh_only = cli->refresh_only,
				.is_partial = cli->accounts.count > 0,
			},
	};
	if (!bindings_read(session))
		return false;
	session->input.bindings = session->bindings;
	session->input.binding_count = session->binding_count;
	session->is_partial = cli->accounts.count + cli->targets.count + cli->excludes.count > 0;
	/* What reads it for a plan that is saved may be a program: none runs later. */
	struct error err CLEANUP(error_release) = {0};
	if (cli->out && !keyring_read(&session->keyring, &err))
		return term_error(&err);
	session->reads_values = true;
	if (!read_both(session))
		return false;
	renames_init(&session->renames, &session->desired);
	start_values(session);
	if (!compare_and_plan(session) || !read_live_affected(session, &knows_more))
		return false;
	/* What is in a store must be known before it is destroyed: then the plan is made again. */
	if ((knows_more && !compare_and_plan(session)) || !has_room(session))
		return false;
	print_partial(session);
	return true;
}

/* ---- saved plans ---- */

bool planning_check_out(struct session *session, const char *path)
{
	const char *backup = session->ledger.parts[0].backend->backup_path; /* of a file alone */

	if (strcmp(path, "-") == 0)
		return term_fail("To print the plan, use -format=json, markdown or html.",
			"-out=- is not a file, and only `cfprov apply` reads a saved plan");
	if (backup && fs_is_same_file(backup, path))
		return term_fail(NULL, "-out can't be %s: it is the backup of the state", path);
	return session_check_target(session, "-out", path);
}

/* The parts of the state as they were read, lent by the session. */
static const struct planfile_part *planned_parts(struct session *session)
{
	const struct ledger *ledger = &session->ledger;
	struct planfile_part *planned =
		arena_alloc(&session->arena, ledger->part_count * sizeof(*planned));

	for (size_t i = 0; i < ledger->part_count; i++) {
		const struct part *part = &ledger->parts[i];
		const char *id = part->account.id;
		const char *lineage = ledger_lineage(ledger, id ? part->account.alias : NULL);
		planned[i] = (struct planfile_part){id ? id : "", part->read_serial,
			part->is_born ? lineage : "", part->is_born ? "" : lineage};
	}
	return planned;
}

bool planning_save(struct session *session, const char *path)
{
	const struct ledger *ledger = &session->ledger;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	const struct planfile planfile = {
		.state_path = session_state_place(session),
		.is_partial = session->is_partial,
		.parts = planned_parts(session),
		.part_count = ledger->part_count,
		.options = session->input.options,
		.desired = session->desired,
		.recorded = ledger->state.model,
		.live = session->live,
		.moves = session->input.moves,
		.move_count = session->input.move_count,
		.bindings = session->bindings,
		.binding_count = session->binding_count,
	};

	if (session->has_failed)
		return term_fail("Fix the errors above, or plan only the other accounts with "
				 "-account=ALIAS.",
			"the plan was not saved because it is partial");
	struct key *key = &session->keyring.keys.now;
	if (!keyring_read(&session->keyring, &err) ||
		(key->is_set && !key_prepare(key, ledger_lineage(&session->ledger, NULL), &err)))
		return term_error(&err);
	planfile_encode(&planfile, &session->plan, key, &bytes);
	if (bytes.length > PLANFILE_SIZE_LIMIT)
		return term_fail("Plan for fewer accounts at a time, with -account=ALIAS.",
			"the plan was not saved because it exceeds %d bytes", PLANFILE_SIZE_LIMIT);
	return fs_write(path, &bytes, &err) || term_error(&err);
}

bool planning_load(struct session *session, const char *path, bool applies)
{
	struct planfile *planfile = &session->planfile;
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};

	if (!(applies ? session_read_declared(session) : session_read_key(session)))
		return false;
	if (!fs_read_ours(path, PLANFILE_SIZE_LIMIT, &bytes, &err) ||
		!planfile_decode(path, &bytes, &session->keyring.keys, planfile, &err))
		return term_error(&err);
	session->desired = planfile->desired;
	planfile->desired = (struct model){0};
	sources_hold(session->sources, &session->desired);
	if (!session_obeys(session, false))
		return false;
	renames_init(&session->renames, &session->desired);
	session->input = (struct planner_input){
		.desired = &session->desired,
		.recorded = &planfile->recorded,
		.live = &planfile->live,
		.renames = &session->renames,
		.options = planfile->options,
		.moves = planfile->moves,
		.move_count = planfile->move_count,
		.bindings = planfile->bindings,
		.binding_count = planfile->binding_count,
	};
	if (!make_plan(session))
		return false;
	if (!planfile_check_digest(planfile, &session->plan, &err))
		return term_error(&err);
	session->is_partial = planfile->is_partial;
	return !applies || session_use_planned_state(session, planfile->state_path);
}

bool planning_check_state(const struct session *session)
{
	const struct cli_texts *manifests = &session->cli->manifests;
	const char *path = session->location.path;
	struct str hint CLEANUP(str_release) = {0};

	if (session->cli->state || session->keyring.keys.now.is_set || !path ||
		(!manifests->count && fs_is_beneath(MANIFEST_DEFAULT_PATH, path)))
		return true;
	for (size_t i = 0; i < manifests->count; i++)
		if (fs_is_beneath(documents_base(manifests->items[i]), path))
			return true;
	char *shown AUTO_FREE = text_visible(path, 0);
	str_format(&hint, "If the state belongs there, pass -state=%s.", shown);
	return term_fail(str_text(&hint),
		"the plan's state %s is outside of the directory of the manifest", shown);
}

/* ---- does it still fit? ---- */

/* The manifest is part of the plan; but it has the last word on accounts and sources. */
static bool fits_manifest(const struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!session->has_declared ||
		manifest_check(&session->desired, &session->plan, &session->settings, &errors))
		return true;
	error_list_cut(&errors);
	return term_errors(&errors);
}

/*
 * Plans again from what exists now, and compares; `then` is what existed when the plan was made.
 * The audit log is not asked again about secrets that were not modified since.
 */
static bool fits_live(struct session *session, const struct model *then)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
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
	return verify_plan(&session->plan, &now, &errors) || term_errors(&errors);
}

bool planning_look_again(struct session *session)
{
	struct model then = session->live; /* the plan is made of it */
	struct table *inside = session->inside;

	session->live = (struct model){0};
	session->inside = NULL;
	bool is_good = read_live_planned(session) && fits_live(session, &then);
	model_release(&session->live);
	table_free(&session->inside);
	session->live = then;
	session->inside = inside;
	if (!is_good)
		term_print("No changes were made.");
	return is_good;
}

/* The state as it was read: nothing may have happened to it since. Of a new one, the lineage counts
 * for which the plan made fingerprints. */
static bool fits_state(struct session *session)
{
	struct ledger *ledger = &session->ledger;
	struct error err CLEANUP(error_release) = {0};

	for (size_t i = 0; i < ledger->part_count; i++) {
		struct part *part = &ledger->parts[i];
		const struct planfile_part *planned =
			planfile_part(&session->planfile, part->account.id);
		if (!planned)
			return term_fail("Run `cfprov plan` again.",
				"the plan was made for a state that was split otherwise");
		if (!planfile_check_state(
			    planned, part->is_born ? part->lineage : "", part->read_serial, &err)) {
			if (part->account.id)
				error_prefix(&err, "%s", part->account.alias);
			return term_error(&err);
		}
		if (!part->is_born)
			memcpy(part->lineage, planned->new_lineage,
				strlen(planned->new_lineage) + 1);
	}
	return true;
}

bool planning_check(struct session *session)
{
	const struct planfile *planfile = &session->planfile;
	struct error err CLEANUP(error_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	bool knows_more;

	if (!fits_state(session) || !fits_manifest(session))
		return false;
	if (!planning_move(session, &err))
		return term_error(&err);
	if (!session_new_client(session))
		return false;
	start_values(session);
	bool is_same = values_check(&session->values, &session->plan, &errors);
	session_print_warnings(session);
	if (!is_same)
		return term_errors(&errors);
	if (!read_live(session) || (!session->has_failed && !settle(session)))
		return false;
	if (session->has_failed || !read_live_affected(session, &knows_more) || session->has_failed)
		return term_fail("Fix the errors above, or plan only the other accounts with "
				 "`cfprov plan -out=FILE -account=ALIAS`.",
			"the plan was not applied, because not all of its accounts could be read");
	return fits_live(session, &planfile->live) && has_room(session);
}
