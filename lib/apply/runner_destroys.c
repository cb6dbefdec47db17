#include "apply/op.h"
#include "apply/runner.h"
#include "base/clock.h"
#include "base/text.h"
#include "plan/verify.h"

#include <string.h>

/* ---- one DELETE ---- */

static void end_deleted(struct cf_runner *r, struct op *op)
{
	const struct row *row = op_row(op);

	error_release(&op->seen);
	if (row->action != ACTION_REPLACE) {
		op_end_gone(r, row);
		return;
	}
	/* The answers to the DELETE say nothing about the create that follows. */
	op->has_destroyed = true;
	op->was_accepted = op->may_exist = false;
	op->unseen = op->throttled = 0;
	op_create(r, op);
}

/* Cloudflare may carry out a DELETE after the request has timed out. */
static void deleted_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	if (finding->err)
		op_end_unknown(r, op, "it is unknown whether it was destroyed");
	else if (!finding->object)
		end_deleted(r, op);
	else if (finding->is_late)
		op_end_failed(r, op, &op->seen);
	else
		find_again(r, op);
}

static void answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	if (answer->outcome == CLIENT_DONE || answer->cf.is_absent) {
		end_deleted(r, op);
	} else if (answer->outcome == CLIENT_FAILED) {
		op_end_failed(r, op, &answer->err);
	} else {
		find_after(r, op, answer);
		find_by_id(r, op, &op->id, deleted_found);
	}
}

/* The client may repeat it: a deleted object can't be deleted again. */
static void send(struct cf_runner *r, struct op *op)
{
	const struct object *object = row_before(op_row(op));
	bool is_store = object->kind == OBJECT_STORE;

	op_send(r, op,
		&(struct op_request){.method = "DELETE",
			.id = {is_store ? object->id : op_store_id(r, op),
				is_store ? NULL : object->id},
			.suffix = op->forces ? "?force=true" : NULL,
			.answered = answered});
}

/* ---- a store with its secrets ---- */

/* True if the plan destroys a secret with the store; with a list: a secret that the list lacks. */
static bool destroys_inside(
	const struct cf_runner *r, const struct row *store, const struct model *names_or_null)
{
	const struct plan *plan = r->options->plan;
	const struct object *about = row_object(store);

	for (const struct row *row = store + 1; row < plan->rows + plan->row_count; row++) {
		const struct object *object = row_object(row);
		if (strcmp(object->account, about->account) != 0 ||
			strcmp(object->store, about->store) != 0)
			break;
		if ((row->notes & ROW_WITH_STORE) &&
			(!names_or_null || !model_find(names_or_null, object)))
			return true;
	}
	return false;
}

static void delete_store(struct cf_runner *r, struct op *op);

/* A list may still show secrets that were just destroyed, so each is requested by its id. */
static void unmanaged_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	const char *unmanaged = op->unmanaged[op->unmanaged_count - 1].secret;
	struct str name CLEANUP(str_release) = {0};

	if (!finding->err && !finding->object) {
		op->unmanaged_count--;
		delete_store(r, op);
		return;
	}
	text_add_visible(&name, unmanaged, strlen(unmanaged), 255);
	if (finding->err) {
		error_copy(&op->seen, finding->err);
		error_prefix(&op->seen, "it is unknown whether it contains %s", str_text(&name));
	} else {
		error_set(&op->seen, "it contains a secret that cfprov does not manage: %s",
			str_text(&name));
		error_hint(&op->seen,
			"The secret was created after the plan was made. Run `cfprov plan` again.");
	}
	op_end_failed(r, op, &op->seen);
}

/* Sends the DELETE once no unmanaged secret is left. */
static void delete_store(struct cf_runner *r, struct op *op)
{
	if (!op->unmanaged_count) {
		send(r, op);
		return;
	}
	find_by_id(r, op,
		&(struct cf_id){
			row_before(op_row(op))->id, op->unmanaged[op->unmanaged_count - 1].id},
		unmanaged_found);
}

/*
 * Before a DELETE that destroys secrets, too: nothing may have been added since the plan was made.
 * A list that lags behind our own writes may hide those of others. So without -force it is read
 * again until it has all secrets of the plan, or the patience is over.
 */
static void inside_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	const struct row *row = op_row(op);
	bool forces = r->options->force, is_first = !op->patience_ms;

	if (finding->err) {
		error_copy(&op->seen, finding->err);
		error_prefix(&op->seen, "can't list its secrets");
		op_end_failed(r, op, &op->seen);
		return;
	}
	if (!forces && destroys_inside(r, row, finding->names) &&
		(is_first ? r->options->patience_ms > 0 : !finding->is_late)) {
		if (is_first) {
			op->patience_ms = r->options->patience_ms;
			op->ended_ms = clock_monotonic_ms();
			op->looked_ms = -1;
		}
		find_again(r, op);
		return;
	}
	op->forces = forces || finding->names->object_count > 0;
	op->patience_ms = 0;
	op->unmanaged =
		arena_alloc(&r->arena, finding->names->object_count * sizeof(*op->unmanaged));
	op->unmanaged_count = 0;
	for (size_t i = 0; i < finding->names->object_count; i++) {
		struct object object = finding->names->objects[i];
		if (!verify_is_new(r->options->plan, row, &object))
			continue;
		object_keep(&r->arena, &object);
		op->unmanaged[op->unmanaged_count++] = object;
	}
	delete_store(r, op);
}

/* Cloudflare refuses to delete a store that is not empty, unless forced: then the secrets go, too.
 */
void op_destroy(struct cf_runner *r, struct op *op)
{
	const struct row *row = op_row(op);

	if (row_before(row)->kind == OBJECT_STORE &&
		((r->options->force && row->unmanaged_count) || destroys_inside(r, row, NULL)))
		find_in_list(r, op, row_before(row)->id, inside_found);
	else
		send(r, op);
}
