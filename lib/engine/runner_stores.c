#include "base/text.h"
#include "engine/op.h"
#include "engine/store_limit.h"
#include "engine/verify.h"

#include <string.h>

/* ---- creating ---- */

/* What is made in this run is known by its name to what waits for it. */
static void end_created(struct cf_runner *r, struct op *op, const struct object *is_now)
{
	const char *name = op_action(op)->after->store;
	char *id = arena_text(&r->arena, is_now->id);

	table_put(&op->account->made, name, id);
	table_put(&r->ids, id, op);
	op_end_done(r, &op->jobs[0], is_now);
	error_release(&op->seen);
}

static void create_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	bool is_double = false;
	const struct object *found = NULL;

	if (!finding->err)
		found = find_new(r, finding->names, op_action(op)->after, &is_double);
	if (finding->err) {
		op_end_unknown(r, op, "it is not known whether it was created");
	} else if (is_double) {
		op_end_unknown(r, op, "there are two stores of this name now");
	} else if (found) {
		end_created(r, op, found);
	} else if (!finding->is_late) {
		find_again(r, op);
	} else if (op->was_accepted) {
		op_end_unknown(
			r, op, "Cloudflare accepted the request, but the store has not appeared");
	} else if (op_may_send_again(op)) {
		stores_create(r, op);
	} else {
		op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
	}
}

/* False: the answer of success names no store that can be this one. */
static bool read_created(struct cf_runner *r, const struct op *op, const struct json *result,
	struct object *ret_is_now, struct error *err)
{
	struct cf_object store;

	if (json_is_array(result)) /* older answers are lists of one */
		result = json_first(result);
	if (!cf_object_decode(result, "store", &store, err) ||
		!live_check_place(&store, op->account->account->account, NULL, err))
		return false;
	if (strcmp(store.name, op_action(op)->after->store) != 0)
		return error_set(err, "Cloudflare's answer is about another store");
	if (!op_is_new(r, store.id))
		return error_set(err, "Cloudflare's answer has the id of another object");
	*ret_is_now = (struct object){
		.id = store.id, .created = store.created, .modified = store.modified};
	return true;
}

/* A success without a usable id still means that the store was made: look. */
static void create_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	bool is_ours = op->unseen > 0 && cf_answer_says_exists(&answer->cf, NULL);
	struct object is_now = {0};

	if (answer->outcome == CLIENT_FAILED && !is_ours) {
		if (cf_answer_says_full_of_stores(&answer->cf))
			store_limit_explain(r->options.live, r->options.plan,
				op_action(op)->after->account, &answer->err);
		op_end_failed(r, op, OUTCOME_FAILED, &answer->err);
	} else if (answer->outcome == CLIENT_DONE &&
		   read_created(r, op, answer->cf.result, &is_now, &answer->err)) {
		end_created(r, op, &is_now);
	} else {
		find_after(r, op, answer);
		if (is_ours) { /* whatever a list says at first */
			op->was_accepted = true;
			op->patience_ms = r->options.patience_ms;
		}
		op->found = create_found;
		find_store(r, op);
	}
}

void stores_create(struct cf_runner *r, struct op *op)
{
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};

	op->sends++;
	cf_add_stores_path(&path, op->account->account->account->id);
	cf_add_create_store_body(&body, op_action(op)->after->store);
	op_send(r, op, &(struct op_request){RETRY_UNSAFE, "POST", &path, &body, create_answered});
}

/* ---- destroying ---- */

/* Does the plan know of anything inside? Its secrets come right after it. */
static bool is_filled(const struct cf_runner *r, const struct job *job)
{
	const struct plan *plan = r->options.plan;
	const struct object *store = job->action->before;

	if (r->options.force && job->action->stranger_count)
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

static void end_destroyed(struct cf_runner *r, struct op *op)
{
	error_release(&op->seen);
	if (action_kind(op_action(op)) != ACTION_REPLACE) {
		op_end_gone(r, &op->jobs[0]);
		return;
	}
	op->has_destroyed = true;
	stores_create(r, op);
}

/* A DELETE whose end nobody saw may be carried out late. */
static void destroy_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	if (finding->err)
		op_end_unknown(r, op, "it is not known whether it was destroyed");
	else if (!finding->object)
		end_destroyed(r, op);
	else if (!finding->is_late)
		find_again(r, op);
	else
		op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
}

static void destroy_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	if (answer->outcome == CLIENT_DONE || answer->cf.is_absent) {
		end_destroyed(r, op);
	} else if (answer->outcome == CLIENT_FAILED) {
		op_end_failed(r, op, OUTCOME_FAILED, &answer->err);
	} else {
		find_after(r, op, answer);
		op->found = destroy_found;
		find_by_id(r, op, &(struct cf_secret_id){.store_id = op_action(op)->before->id});
	}
}

static void send_destroy(struct cf_runner *r, struct op *op, bool with_all_inside)
{
	struct str path CLEANUP(str_release) = {0};

	cf_add_store_path(&path, op->account->account->account->id, op_action(op)->before->id);
	if (with_all_inside)
		str_text_add(&path, "?force=true");
	/* What is gone can't be destroyed again: repeating does no harm. */
	op_send(r, op,
		&(struct op_request){RETRY_IDEMPOTENT, "DELETE", &path, NULL, destroy_answered});
}

static void destroy_with_all_inside(struct cf_runner *r, struct op *op);

/* Listed, but asked for by its id: what was destroyed a moment ago may be listed still. */
static void unmanaged_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	const struct object *unmanaged = &op->unmanaged[op->unmanaged_count - 1];
	struct str name CLEANUP(str_release) = {0};

	if (!finding->err && !finding->object) {
		op->unmanaged_count--;
		destroy_with_all_inside(r, op);
		return;
	}
	text_add_visible(&name, unmanaged->secret, strlen(unmanaged->secret), 255);
	error_set(
		&op->seen, "it contains a secret that cfprov does not manage: %s", str_text(&name));
	error_hint(&op->seen, "The secret was created after the plan was made. Run plan again.");
	op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
}

/* Once nothing unmanaged is left. The list may lack what is inside: what the plan knows counts. */
static void destroy_with_all_inside(struct cf_runner *r, struct op *op)
{
	if (!op->unmanaged_count) {
		send_destroy(r, op, true);
		return;
	}
	op->found = unmanaged_found;
	find_by_id(r, op,
		&(struct cf_secret_id){
			op_action(op)->before->id, op->unmanaged[op->unmanaged_count - 1].id});
}

/* Before all inside goes with the store: nothing may have come in since the plan was made. */
static void inside_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	const struct model *names = finding->names;

	if (finding->err) {
		error_set(
			&op->seen, "the secrets in it can't be listed: %s", finding->err->message);
		op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
		return;
	}
	op->unmanaged = arena_alloc(&r->arena, names->object_count * sizeof(*op->unmanaged));
	for (size_t i = 0; i < names->object_count; i++) {
		if (!verify_stranger(r->options.plan, op_action(op), &names->objects[i], 1))
			continue;
		struct object *unmanaged = &op->unmanaged[op->unmanaged_count++];
		*unmanaged = names->objects[i];
		object_keep(&r->arena, unmanaged);
	}
	destroy_with_all_inside(r, op);
}

/* Cloudflare keeps a store that is not empty, unless it is forced: then all inside goes, too. */
void stores_destroy(struct cf_runner *r, struct op *op)
{
	if (!is_filled(r, &op->jobs[0])) {
		send_destroy(r, op, false);
		return;
	}
	op->found = inside_found;
	find_secrets(r, op, op_action(op)->before->id);
}
