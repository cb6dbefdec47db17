#include "engine/op.h"
#include "engine/runner.h"
#include "engine/store_limit.h"

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
	op_judge_new(r, op, finding, &(struct op_creation){"created", end_created, stores_create});
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
			store_limit_explain(r->options->live, r->options->plan,
				op_action(op)->after->account, &answer->err);
		op_end_failed(r, op, OUTCOME_FAILED, &answer->err);
	} else if (answer->outcome == CLIENT_DONE &&
		   read_created(r, op, answer->cf.result, &is_now, &answer->err)) {
		end_created(r, op, &is_now);
	} else {
		find_after(r, op, answer);
		if (is_ours) { /* whatever a list says at first */
			op->was_accepted = true;
			op->patience_ms = r->options->patience_ms;
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
