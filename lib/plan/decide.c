#include "adapter/table.h"
#include "base/moment.h"
#include "base/text.h"
#include "plan/planning.h"
#include "plan/record.h"
#include "plan/removed.h"
#include "plan/selection.h"

#include <assert.h>
#include <string.h>

/* ---- what exists ---- */

/* Lends the live object, with the recorded fields if it lags behind our own last write. */
static const struct object *known_live(
	struct planning *p, const struct object *recorded, const struct object *live)
{
	assert(recorded && live);
	if (!object_lags(recorded, live))
		return live;
	struct object *current = arena_alloc(&p->plan->arena, sizeof(*current));
	*current = *live;
	current->modified = recorded->modified;
	current->scopes = recorded->scopes;
	current->comment = recorded->comment;
	current->status = recorded->status;
	return current;
}

/* ---- the store of a secret ---- */

/* The action of the secret's store; ACTION_NONE for a store, and if the store has no row. */
static enum action store_action(const struct planning *p, const struct object *secret)
{
	const struct row *store = p->has_store ? &p->plan->rows[p->store] : NULL;

	return store && secret->kind == OBJECT_SECRET &&
			       object_shares_store(row_object(store), secret)
		       ? store->action
		       : ACTION_NONE;
}

/* True if the live secret, whose store is destroyed, is managed: then it has a row of its own. */
static bool is_managed_inside(struct planning *p, const struct object *live)
{
	const struct object *recorded = model_find(p->input->recorded, live);

	if (!recorded || !recorded->id || strcmp(recorded->id, live->id) != 0)
		return false;
	if (!selection_has(p->input, recorded))
		planning_refuse(p, &recorded->place,
			"Exclude the store as well, or include the secret in this run.",
			"%s: excluded from this run, but its store would be destroyed",
			planning_address(p, recorded));
	return true;
}

static void find_unmanaged(struct planning *p, struct row *row)
{
	struct objects inside = model_inside(p->input->live, row->live);
	struct object *unmanaged;

	if (row->live->kind != OBJECT_STORE)
		return;
	unmanaged = arena_alloc(&p->plan->arena, inside.count * sizeof(*unmanaged));
	for (size_t i = 0; i < inside.count; i++)
		if (!is_managed_inside(p, &inside.items[i]))
			unmanaged[row->unmanaged_count++] = inside.items[i];
	row->unmanaged = unmanaged;
}

/* ---- which fields of a secret are written ---- */

/* Lends why a value in doubt is written again; NULL: it is not. */
static const char *why_doubted(const struct object *recorded, bool is_undone)
{
	if (recorded->doubt == DOUBT_VALUE)
		return "unknown after an interrupted apply";
	return recorded->doubt != DOUBT_NONE && is_undone
		       ? "may have been changed by someone else during an interrupted apply"
		       : NULL;
}

/* Claims no more than is known: a new `modified` shows that something was written, not what. */
static const char *why_modified(
	struct planning *p, const struct object *recorded, const struct object *live)
{
	unsigned fields = object_drift(recorded, live);
	struct str text CLEANUP(str_release) = {0};

	if (live->audit) {
		audit_add_words(&text, live->audit, false);
	} else if (fields & (FIELD_SCOPES | FIELD_COMMENT)) {
		str_format(&text, "may have changed: %s%s%s changed outside of cfprov",
			fields & FIELD_SCOPES ? "scopes" : "",
			fields & FIELD_SCOPES && fields & FIELD_COMMENT ? " and " : "",
			fields & FIELD_COMMENT ? "comment" : "");
	} else {
		str_text_add(&text, "may have changed: modified outside of cfprov at ");
		moment_add_visible(&text, live->modified);
	}
	return arena_text(&p->plan->arena, str_text(&text));
}

/* The note on a value that nothing else says to write, and that was not compared; or 0. */
static unsigned note_uncompared(const struct object *desired, const struct object *recorded)
{
	bool keeps_none = desired->keeps_no_fingerprint;

	if (desired->verdict == VALUE_UNVERIFIABLE)
		return keeps_none ? 0 : ROW_UNVERIFIED;
	if (!desired->is_unread || (keeps_none && !recorded->fingerprint))
		return 0;
	return ROW_NOT_COMPARED;
}

/* Lends why the value is written again; NULL: it is not. May add a note. */
static const char *why_rewritten(struct planning *p, struct row *row, const struct object *recorded)
{
	const struct object *desired = row->desired;
	bool may_rewrite = desired->value && desired->value->kind != VALUE_GENERATE;
	bool is_undone = (object_drift(recorded, row->live) & FIELD_VALUE) &&
			 desired->on_drift == ON_DRIFT_REWRITE;
	const char *why;

	if (desired->is_written_once)
		return NULL;
	if (may_rewrite && (why = why_doubted(recorded, is_undone)))
		return why;
	if (!recorded->version)
		return may_rewrite ? "not written by cfprov yet" : NULL;
	if (desired->version > recorded->version)
		return arena_format(&p->plan->arena, "version raised from %lld to %lld",
			(long long)recorded->version, (long long)desired->version);
	if (desired->verdict == VALUE_CHANGED)
		return "changed at its source";
	if (is_undone && may_rewrite) {
		row->notes |= ROW_TELLS_DRIFT;
		return why_modified(p, recorded, row->live);
	}
	row->notes |= note_uncompared(desired, recorded);
	return NULL;
}

/* Sets which fields of an existing secret are written. `recorded` NULL: it is adopted. */
static void find_writes(struct planning *p, struct row *row, const struct object *recorded)
{
	const struct object *desired = row->desired;

	if (desired->kind != OBJECT_SECRET)
		return;
	row->writes = object_to_write(desired, recorded, row->live);
	if (!recorded) {
		/* A generated value exists nowhere else, so it is left alone. */
		if (!desired->is_written_once && desired->value->kind != VALUE_GENERATE)
			row->writes |= FIELD_VALUE;
		return;
	}
	const char *why = why_rewritten(p, row, recorded);
	if (!why)
		return;
	row->writes |= FIELD_VALUE;
	row->reason = why;
}

/* ---- what is desired ---- */

static const char replace_requested[] = "replacement requested with -replace",
		  store_replaced[] = "its store is replaced";

static void refuse_protected(struct planning *p, const struct object *object, bool by_replace)
{
	planning_refuse(p, &object->place,
		by_replace
			? "Run without -replace, or remove prevent_destroy from the manifest first."
			: "Keep it in the manifest; or remove prevent_destroy there and apply, "
			  "then destroy it.",
		"%s: the plan would destroy it, but prevent_destroy is set",
		planning_address(p, object));
}

/* Destroys and creates again: by option, or because its store is replaced. */
static void decide_replacement(struct planning *p, struct row *row)
{
	bool with_store = store_action(p, row->desired) == ACTION_REPLACE;

	row->action = ACTION_REPLACE;
	row->notes = with_store ? ROW_WITH_STORE : 0;
	row->reason = with_store ? store_replaced : replace_requested;
	row->writes = 0;
	find_unmanaged(p, row);
	if (row->desired->prevent_destroy)
		refuse_protected(p, row->desired, !with_store);
}

static const char *why_recreated(struct planning *p, const struct row *row)
{
	if (!row->recorded || !row->recorded->id)
		return NULL;
	return arena_format(&p->plan->arena,
		row->live ? "recreated outside of cfprov (was %s)"
			  : "deleted outside of cfprov (was %s)",
		planning_shown(p, row->recorded->id));
}

static void decide_desired(struct planning *p, struct row *row)
{
	const struct plan_options *options = &p->input->options;
	bool is_same = row_is_same(row);
	enum action store = store_action(p, row->desired);

	if (!is_same && (row->reason = why_recreated(p, row)))
		row->notes |= ROW_TELLS_DRIFT;
	/* Replacing the store destroys an unmanaged secret: it is in the store's `unmanaged`. */
	if (!row->live || (!is_same && store == ACTION_REPLACE)) {
		row->action = ACTION_CREATE;
		return;
	}
	find_writes(p, row, is_same ? row->recorded : NULL);
	if (!is_same) {
		row->action = ACTION_ADOPT;
		if (!options->adopt_all && !row->desired->may_adopt)
			row->notes |= ROW_NEEDS_APPROVAL;
	} else if (store == ACTION_REPLACE || selection_replaces(p->input, row->desired)) {
		decide_replacement(p, row);
	} else if (row->writes) {
		row->action = ACTION_UPDATE;
	}
}

/* ---- renames: the new name ---- */

/* Lends the recorded secret to duplicate for the desired one; NULL: none. */
static const struct object *find_original(const struct planning *p, const struct object *desired)
{
	const struct planner_input *input = p->input;

	if (!input->renames->by_to)
		return NULL;
	const struct object *original =
		renames_original(input->renames, desired, input->recorded, input->live);
	enum action store = store_action(p, desired);
	bool is_due = original && object_compare(original, desired) != 0 &&
		      store != ACTION_REPLACE && store != ACTION_CREATE &&
		      !selection_replaces(input, desired);

	return is_due ? original : NULL;
}

static void decide_duplicate(struct planning *p, struct row *row, const struct object *original)
{
	static const char renamed[] = "renamed by \"moved\" in the manifest";

	if (row->live)
		planning_refuse(p, &row->desired->place,
			"Delete the one you don't want in Cloudflare, or remove the entry from "
			"`moved`.",
			"%s: can't be renamed to %s, which already exists",
			planning_address(p, original), planning_address(p, row->desired));
	row->action = ACTION_CREATE;
	row->copies = original;
	row->live = known_live(p, original, model_find(p->input->live, original));
	find_writes(p, row, original);
	row->reason = row->reason
			      ? arena_format(&p->plan->arena, "%s; value: %s", renamed, row->reason)
			      : renamed;
}

/* ---- renames: the old name ---- */

enum rename_stage {
	RENAME_NONE,     /* it is not renamed */
	RENAME_DUE,      /* this plan duplicates it */
	RENAME_REPLACED, /* -replace: the new name is created with a new value instead */
	RENAME_DONE,     /* the duplicate exists; only the old name is left */
	RENAME_TAKEN,    /* another managed secret has the new name */
};

/* True if a secret recorded under a newer name is a duplicate of this one. */
static bool is_left_over(const struct planning *p, const struct object *recorded)
{
	struct object name = *recorded;

	while (renames_step_on(p->input->renames, &name)) {
		const struct object *known = model_find(p->input->recorded, &name);
		if (known && known->former && strcmp(known->former, recorded->secret) == 0)
			return true;
	}
	return false;
}

static enum rename_stage rename_stage(
	const struct planning *p, const struct object *recorded, const struct object *new_name)
{
	const struct planner_input *input = p->input;

	if (!new_name || input->options.destroys_all)
		return RENAME_NONE;
	if (renames_original(input->renames, new_name, input->recorded, input->live) != recorded)
		return is_left_over(p, recorded) ? RENAME_DONE : RENAME_TAKEN;
	return selection_replaces(input, new_name) ? RENAME_REPLACED : RENAME_DUE;
}

static void refuse_taken(
	struct planning *p, const struct object *recorded, const struct object *new_name)
{
	const struct object *other = renames_newer(p->input->renames, recorded, p->input->recorded);

	planning_refuse(p, &new_name->place,
		arena_format(&p->plan->arena,
			"Remove the entry from `moved`; or remove %s from the manifest and apply, "
			"then rename.",
			planning_shown(p, other->secret)),
		"%s: can't be renamed to %s, which is another managed secret",
		planning_address(p, recorded), planning_address(p, other));
}

/* ---- what is no longer desired ---- */

static const char listed_as_removed[] = "listed under \"removed\" in the manifest";

/* Destroys or forgets what is neither desired nor renamed; `policy` has forget_on_remove. */
static void decide_removal(struct planning *p, struct row *row, const struct object *policy)
{
	const struct removal *removal = removed_find(p->input->desired, row->recorded);
	bool is_forgotten = store_action(p, row->recorded) == ACTION_FORGET ||
			    (removal ? !removal->destroys : policy->forget_on_remove);

	row->action = is_forgotten ? ACTION_FORGET : ACTION_DESTROY;
	row->reason = p->input->options.destroys_all ? NULL
		      : removal                      ? listed_as_removed
						     : "because it is not in the manifest";
	if (!is_forgotten || !(row->notes & ROW_WITH_STORE))
		return;
	row->notes = 0;
	planning_refuse(p, &row->recorded->place,
		"Forget the store as well; or remove the secret's `on_remove: forget` or `removed` "
		"entry, so that it is destroyed with the store.",
		"%s: would be kept in Cloudflare, but its store would be destroyed",
		planning_address(p, row->recorded));
}

/* Destroys the old name: with its store, because of -replace, or after its duplicate exists. */
static void decide_old_name(
	struct planning *p, struct row *row, const struct object *new_name, enum rename_stage stage)
{
	row->action = ACTION_DESTROY;
	row->reason = row->notes & ROW_WITH_STORE ? store_replaced : replace_requested;
	if (stage != RENAME_DONE)
		return;
	/* The duplicate has inherited its policies, prevent_destroy included. */
	struct object *unprotected = arena_alloc(&p->plan->arena, sizeof(*unprotected));
	*unprotected = *row->recorded;
	unprotected->prevent_destroy = false;
	row->recorded = unprotected;
	row->reason = arena_format(&p->plan->arena, "left over from the rename to %s",
		planning_shown(p, new_name->secret));
}

/* By prevent_destroy, in the state or in the manifest, where it may have the new name. */
static bool is_protected(
	const struct row *row, enum rename_stage stage, const struct object *new_name)
{
	const struct object *desired =
		stage == RENAME_DUE || stage == RENAME_REPLACED ? new_name : row->desired;

	return stage != RENAME_DONE &&
	       (row->recorded->prevent_destroy || (desired && desired->prevent_destroy));
}

/* Recorded and no longer desired, or everything is destroyed; then it may still be desired. */
static void decide_removed(struct planning *p, struct row *row)
{
	const struct object *recorded = row->recorded;
	const struct object *new_name =
		renames_newer(p->input->renames, recorded, p->input->desired);
	enum rename_stage stage = rename_stage(p, recorded, new_name);
	enum action store = store_action(p, recorded);
	bool with_store = store == ACTION_DESTROY || store == ACTION_REPLACE;

	if (!row_is_same(row)) {
		row->learns = true;
		return;
	}
	if (stage == RENAME_TAKEN && !with_store) {
		refuse_taken(p, recorded, new_name);
		return;
	}
	if (stage == RENAME_DUE && !with_store) {
		row->action = ACTION_DESTROY;
		row->renamed_to = new_name;
		return;
	}
	row->notes = with_store ? ROW_WITH_STORE : 0;
	if (stage == RENAME_NONE || stage == RENAME_TAKEN)
		decide_removal(p, row, row->desired ? row->desired : recorded);
	else
		decide_old_name(p, row, new_name, stage);
	if (row->action == ACTION_FORGET)
		return;
	find_unmanaged(p, row);
	if (is_protected(row, stage, new_name))
		refuse_protected(p, row_object(row), stage == RENAME_REPLACED && !with_store);
}

void decide_unreachable(struct planning *p, const struct object *recorded)
{
	const struct plan_options *options = &p->input->options;

	if (options->is_partial || options->refresh_only || !selection_has(p->input, recorded) ||
		!removed_forgets(p->input->desired, recorded))
		return;
	struct row *row = plan_add(p->plan);
	row->recorded = recorded;
	row->learns = object_is_unresolved(recorded);
	row->action = row->learns ? ACTION_NONE : ACTION_FORGET;
	row->reason = row->learns ? NULL : listed_as_removed;
}

/* ---- what changed outside of cfprov ---- */

/* True if it was renamed, according to `moved` or to the state: then it need not exist. */
static bool was_renamed(const struct planning *p, const struct object *recorded)
{
	char *address AUTO_FREE = table_count(p->formers) ? object_address(recorded) : NULL;

	return renames_newer(p->input->renames, recorded, p->input->recorded) ||
	       (address && table_get(p->formers, address));
}

/* The drift to report. */
static unsigned find_drift(const struct planning *p, const struct row *row)
{
	const struct object *recorded = row->recorded, *desired = row->desired;
	bool is_foreign = recorded && recorded->doubt == DOUBT_FOREIGN;

	if (!recorded || (recorded->doubt != DOUBT_NONE && !is_foreign) ||
		(!row->live && was_renamed(p, recorded)))
		return 0;
	if (!row_is_same(row))
		return row->live ? DRIFT_REPLACED : recorded->id ? DRIFT_GONE : 0;
	unsigned fields = object_drift(recorded, row->live);
	if (is_foreign)
		fields &= FIELD_VALUE; /* we may have written the rest */
	if (!desired)
		desired = renames_newer(p->input->renames, recorded, p->input->desired);
	return desired && desired->on_drift == ON_DRIFT_IGNORE ? fields & ~(unsigned)FIELD_VALUE
							       : fields;
}

/* ---- one address ---- */

static void refuse_doubles(struct planning *p, const struct row *row, const struct objects *doubles)
{
	const struct object *about = row_object(row);
	const char *known = row->recorded ? row->recorded->id : NULL;
	struct str ids CLEANUP(str_release) = {0}, hint CLEANUP(str_release) = {0};

	for (size_t i = 0; i < doubles->count; i++)
		str_format(&ids, "%s%s",
			i == 0                   ? ""
			: i + 1 < doubles->count ? ", "
						 : " and ",
			doubles->items[i].id);
	str_text_add(&hint, "cfprov identifies objects by name. Delete the ones you don't want in "
			    "Cloudflare.");
	if (known)
		str_format(&hint, " The state has the id %s.", planning_shown(p, known));
	planning_refuse(p, &about->place, str_text(&hint), "%s: %zu %ss have this name: %s",
		planning_address(p, about), doubles->count, object_kind_word(about->kind),
		str_text(&ids));
}

static void decide_row(struct planning *p, struct row *row)
{
	const struct plan_options *options = &p->input->options;
	const struct object *original;

	row->drift = find_drift(p, row);
	if (options->refresh_only)
		row->learns = row->recorded && !row_is_same(row);
	else if (row->desired && !options->destroys_all &&
		 (original = find_original(p, row->desired)))
		decide_duplicate(p, row, original);
	else if (row->desired && !options->destroys_all)
		decide_desired(p, row);
	else if (row->recorded)
		decide_removed(p, row);
	if (row->action != ACTION_NONE || !row_is_same(row))
		return;
	row->learned = record_learned(row, options->refresh_only, &p->plan->arena);
	row->learns = row->learned != NULL;
}

/* All live objects with this address. Addresses come in order, so it walks along. */
static struct objects live_of(struct planning *p, const struct object *about)
{
	const struct model *live = p->input->live;
	struct objects found = {0};
	int order = 0;

	for (size_t at = p->live_at; at < live->object_count && order <= 0; at++) {
		order = object_compare(&live->objects[at], about);
		p->live_at += order < 0;
		if (order == 0 && found.count++ == 0)
			found.items = &live->objects[at];
	}
	return found;
}

void decide(struct planning *p, const struct object *desired, const struct object *recorded)
{
	const struct object *about = desired ? desired : recorded;

	assert(about);
	struct objects live = live_of(p, about);
	p->plan->managed += recorded != NULL;
	if (about->kind == OBJECT_STORE)
		p->has_store = false;
	if (!selection_has(p->input, about))
		return;
	struct row *row = plan_add(p->plan);
	*row = (struct row){.desired = desired, .recorded = recorded, .live = live.items};
	if (live.count > 1) {
		refuse_doubles(p, row, &live);
		return;
	}
	if (row_is_same(row))
		row->live = known_live(p, recorded, row->live);
	if (about->kind == OBJECT_STORE) {
		p->has_store = true;
		p->store = p->plan->row_count - 1;
	}
	decide_row(p, row);
	if (!recorded && row->action == ACTION_NONE) {
		p->plan->row_count--; /* desired, but not in this run */
		p->has_store = p->has_store && p->store < p->plan->row_count;
	}
}
