#include "base/clock.h"
#include "base/text.h"
#include "engine/op.h"
#include "engine/runner.h"
#include "engine/verify.h"

#include <string.h>

/* ---- what is gone, or is not ---- */

/* What was to be deleted is gone: of a rename, the old name. */
static void end_deleted(struct cf_runner *r, struct op *op)
{
	const struct action *action = op_action(op);

	error_release(&op->seen);
	if (op->made.id) {
		op_end_done(r, &op->jobs[0], &op->made);
		return;
	}
	if (action_kind(action) != ACTION_REPLACE) {
		op_end_gone(r, &op->jobs[0]);
		return;
	}
	op->has_destroyed = true;
	if (action->after->kind == OBJECT_STORE)
		stores_create(r, op);
	else
		secrets_create(r, op);
}

/* Takes the error. An old name that is left is for the next plan. */
static void end_not_deleted(
	struct cf_runner *r, struct op *op, const char *of_old_name, struct error *err)
{
	if (op->made.id)
		error_prefix(err, "it has its new name, but %s", of_old_name);
	op_end_failed(r, op, OUTCOME_FAILED, err);
}

static const char not_deleted[] = "the old one could not be deleted";

/* A DELETE whose end nobody saw may be carried out late. */
static void delete_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	if (finding->err && !op->made.id)
		op_end_unknown(r, op, "it is not known whether it was destroyed");
	else if (!finding->err && !finding->object)
		end_deleted(r, op);
	else if (finding->err)
		end_not_deleted(
			r, op, "it is not known whether the old one was deleted", &op->seen);
	else if (finding->is_late)
		end_not_deleted(r, op, not_deleted, &op->seen);
	else
		find_again(r, op);
}

/* ---- the request ---- */

/* False: a secret has no store, and the op has failed. */
static bool find_id(struct cf_runner *r, struct op *op, struct cf_secret_id *ret_id)
{
	const struct object *object = op_action(op)->before;

	if (object->kind == OBJECT_STORE) {
		*ret_id = (struct cf_secret_id){.store_id = object->id};
		return true;
	}
	if (!secrets_find_store(r, op, ret_id))
		return false;
	ret_id->secret_id = object->id;
	return true;
}

static void delete_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	struct cf_secret_id id;

	if (answer->outcome == CLIENT_DONE || answer->cf.is_absent) {
		end_deleted(r, op);
	} else if (answer->outcome == CLIENT_FAILED) {
		end_not_deleted(r, op, not_deleted, &answer->err);
	} else if (find_id(r, op, &id)) {
		find_after(r, op, answer);
		op->found = delete_found;
		find_by_id(r, op, &id);
	}
}

void op_delete(struct cf_runner *r, struct op *op, bool with_all_inside)
{
	struct str path CLEANUP(str_release) = {0};
	struct cf_secret_id id;

	if (!find_id(r, op, &id))
		return;
	cf_add_object_path(&path, op->account->account->account->id, &id);
	if (with_all_inside)
		str_text_add(&path, "?force=true");
	/* What is gone can't be destroyed again: repeating does no harm. */
	op_send(r, op,
		&(struct op_request){RETRY_IDEMPOTENT, "DELETE", &path, NULL, delete_answered});
}

/* ---- stores ---- */

/* Does the plan know of anything inside? Its secrets come right after it. */
static bool is_filled(const struct cf_runner *r, const struct job *job)
{
	const struct plan *plan = r->options->plan;
	const struct object *store = job->action->before;

	if (r->options->force && job->action->stranger_count)
		return true;
	for (size_t i = job->index + 1; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		const struct object *object = action_object(action);
		if (strcmp(object->account, store->account) != 0 ||
			strcmp(object->store, store->store) != 0)
			return false;
		if (action->goes_with_store)
			return true;
	}
	return false;
}

static void delete_with_all_inside(struct cf_runner *r, struct op *op);

/* Listed, but asked for by its id: what was destroyed a moment ago may be listed still. */
static void unmanaged_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	const struct object *unmanaged = &op->unmanaged[op->unmanaged_count - 1];
	struct str name CLEANUP(str_release) = {0};

	if (!finding->err && !finding->object) {
		op->unmanaged_count--;
		delete_with_all_inside(r, op);
		return;
	}
	text_add_visible(&name, unmanaged->secret, strlen(unmanaged->secret), 255);
	error_set(
		&op->seen, "it contains a secret that cfprov does not manage: %s", str_text(&name));
	error_hint(&op->seen, "The secret was created after the plan was made. Run plan again.");
	op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
}

/* Once nothing unmanaged is left. */
static void delete_with_all_inside(struct cf_runner *r, struct op *op)
{
	if (!op->unmanaged_count) {
		op_delete(r, op, op->forces);
		return;
	}
	op->found = unmanaged_found;
	find_by_id(r, op,
		&(struct cf_secret_id){
			op_action(op)->before->id, op->unmanaged[op->unmanaged_count - 1].id});
}

/* Does the list lack something that the plan destroys with the store? Then it lags. */
static bool is_behind(const struct cf_runner *r, const struct job *job, const struct model *names)
{
	const struct plan *plan = r->options->plan;
	const struct object *store = job->action->before;

	for (size_t i = job->index + 1; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		const struct object *object = action_object(action);
		if (strcmp(object->account, store->account) != 0 ||
			strcmp(object->store, store->store) != 0)
			return false;
		if (action->goes_with_store &&
			!model_object(names, object->account, object->store, object->secret))
			return true;
	}
	return false;
}

static void keep_unmanaged(struct cf_runner *r, struct op *op, const struct model *names)
{
	op->unmanaged = arena_alloc(&r->arena, names->object_count * sizeof(*op->unmanaged));
	op->unmanaged_count = 0;
	for (size_t i = 0; i < names->object_count; i++) {
		if (!verify_stranger(r->options->plan, op_action(op), &names->objects[i], 1))
			continue;
		struct object *unmanaged = &op->unmanaged[op->unmanaged_count++];
		*unmanaged = names->objects[i];
		object_keep(&r->arena, unmanaged);
	}
}

/*
 * Before all inside goes with the store: nothing may have come in since the plan was made. A list
 * that lags behind our own writes may hide what others wrote, too: without -force that is waited
 * for.
 */
static void inside_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	bool is_first = !op->patience_ms, forces = r->options->force;

	if (finding->err) {
		error_set(
			&op->seen, "the secrets in it can't be listed: %s", finding->err->message);
		op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
		return;
	}
	if (!forces && is_behind(r, &op->jobs[0], finding->names) &&
		(is_first || !finding->is_late)) {
		if (is_first) {
			op->patience_ms = r->options->patience_ms;
			op->ended_ms = clock_monotonic_ms();
			op->looked_ms = -1;
		}
		if (op->patience_ms && !r->is_stopping) {
			find_secrets(r, op, op_action(op)->before->id);
			return;
		}
	}
	op->forces = forces || finding->names->object_count > 0;
	keep_unmanaged(r, op, finding->names);
	op->patience_ms = 0;
	delete_with_all_inside(r, op);
}

/* Cloudflare keeps a store that is not empty, unless it is forced: then all inside goes, too. */
void stores_destroy(struct cf_runner *r, struct op *op)
{
	if (!is_filled(r, &op->jobs[0])) {
		op_delete(r, op, false);
		return;
	}
	op->found = inside_found;
	find_secrets(r, op, op_action(op)->before->id);
}
