#include "apply/op.h"
#include "apply/runner.h"
#include "plan/store_limit.h"

#include <string.h>

enum { UNSEEN_LIMIT = 2 }; /* a create whose outcome nobody saw is sent at most this often */

/* Do secrets follow? Then they need the store's id. */
static bool has_secrets(const struct cf_runner *r, const struct row *row)
{
	const struct plan *plan = r->options->plan;
	const struct row *next = row + 1;

	return next < plan->rows + plan->row_count &&
	       object_shares_store(row_object(next), row_object(row));
}

/* The object exists and is ours. Ends the row, or continues the op. */
static void made(
	struct cf_runner *r, struct op *op, const struct row *row, const struct object *is_now)
{
	if (!op_duplicate_rest(row, is_now)) {
		struct object *kept = op_end_done(r, row, is_now);
		table_put(&r->ids, kept->id, r);
		if (kept->kind == OBJECT_STORE && has_secrets(r, row))
			table_put(&op->account->made, kept->store, kept);
		return;
	}
	error_release(&op->seen);
	op->made = *is_now;
	object_keep(&r->arena, &op->made);
	table_put(&r->ids, op->made.id, r);
	op_update(r, op);
}

/* ---- the result of a look ---- */

/*
 * Ends or continues the rows that the list has; leaves the others in the op. False: none. After a
 * refused batch, what it has may be somebody else's, unless an earlier request may have created it.
 */
static bool take_found(struct cf_runner *r, struct op *op, const struct model *names)
{
	bool is_foreign = op->was_refused && !op->may_exist;
	size_t kept = 0, count = op->count;

	for (size_t i = 0; i < count; i++) {
		const struct row *row = op->rows[i];
		bool is_double;
		const struct object *found = find_new(r, names, row->desired, &is_double);
		if (!found)
			op->rows[kept++] = row;
		else if (is_double)
			op_end_as_seen(r, op, row, OUTCOME_UNKNOWN,
				row->desired->kind == OBJECT_STORE
					? "two stores have this name now"
					: "two secrets have this name now");
		else if (is_foreign)
			op_end_as_seen(r, op, row, OUTCOME_FAILED,
				"it already exists, and someone else may have created it");
		else
			made(r, op, row, found);
	}
	if (kept)
		op->count = kept;
	return kept > 0;
}

/* Sends each secret of a refused batch alone, so that an error names its secret. */
static void send_alone(struct cf_runner *r, struct op *op)
{
	for (size_t i = 0; i < op->count; i++) {
		struct op *alone = op_new(r, op->account, &op->rows[i], 1);
		alone->unseen = op->unseen;
		alone->may_exist = op->may_exist;
		alone->has_destroyed = op->has_destroyed;
		op_create(r, alone);
	}
	error_release(&op->seen);
}

static void found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	struct str why CLEANUP(str_release) = {0};

	if (finding->err) {
		str_format(&why, "it is unknown whether it was %s",
			op->rows[0]->copies ? "renamed" : "created");
		op_end_unknown(r, op, str_text(&why));
	} else if (!take_found(r, op, finding->names)) {
		error_release(&op->seen);
	} else if (!finding->is_late) {
		find_again(r, op);
	} else if (op->was_refused) {
		send_alone(r, op);
	} else if (op->was_accepted) {
		str_format(&why, "Cloudflare accepted the request, but the %s has not appeared",
			object_kind_word(op->rows[0]->desired->kind));
		op_end_unknown(r, op, str_text(&why));
	} else if (op->unseen < UNSEEN_LIMIT && op->throttled < RETRY_THROTTLE_ATTEMPTS) {
		op_create(r, op);
	} else {
		op_end_failed(r, op, &op->seen);
	}
}

/* ---- answers ---- */

/* Lends the item of this name, or NULL. */
static const struct json *find_named(const struct json *list, const char *name)
{
	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		const char *found = json_get_text(it, "name");
		if (found && strcmp(found, name) == 0)
			return it;
	}
	return NULL;
}

/*
 * False: some rows have no object yet. Objects that the answer does not name may have been created,
 * too.
 */
static bool take_made(struct cf_runner *r, struct op *op, const struct client_answer *answer)
{
	bool is_list = op->rows[0]->desired->secret && !op->rows[0]->copies;
	size_t kept = 0, count = op->count;

	for (size_t i = 0; i < count; i++) {
		const struct row *row = op->rows[i];
		const struct json *item = answer->cf.result;
		struct object is_now;
		if (is_list)
			item = find_named(item, row->desired->secret);
		if ((item || !is_list) && op_read(r, op, row, item, &is_now) &&
			op_is_new(r, is_now.id))
			made(r, op, row, &is_now);
		else
			op->rows[kept++] = row;
	}
	if (!kept)
		return true;
	op->count = kept;
	if (is_list) {
		error_release(&op->seen);
		error_set(&op->seen, "Cloudflare's response does not name it");
	} else if (!op->seen.message) {
		error_set(&op->seen, "Cloudflare's response has the id of another object");
	}
	return false;
}

/*
 * A refused batch may have been carried out in part. A name that exists is ours if an earlier
 * request may have created it. False: the op has ended.
 */
static bool take_refused(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	bool is_ours = op->may_exist && cf_answer_says(&answer->cf, CF_NAME_EXISTS);
	bool was_judged = answer->status && answer->cf.verdict == CF_REFUSED &&
			  !answer->cf.is_throttled && !answer->cf.is_absent;

	if (!is_ours && (op->count == 1 || !was_judged)) {
		if (cf_answer_says(&answer->cf, CF_STORES_EXCEEDED))
			store_limit_explain(r->options->live, r->options->plan,
				op->rows[0]->desired->account, &answer->err);
		op_end_failed(r, op, &answer->err);
		return false;
	}
	op->was_refused = op->count > 1;
	op->was_accepted |= is_ours; /* even if a list lags */
	return true;
}

static void answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	if (answer->outcome == CLIENT_DONE && take_made(r, op, answer))
		return;
	if (answer->outcome == CLIENT_FAILED && !take_refused(r, op, answer))
		return;
	find_after(r, op, answer);
	find_in_list(r, op, op->id.store, found);
}

/* ---- requests ---- */

/* Adds the rows and their values. A row whose value can't be read fails and leaves the op. */
static void add_secrets(struct cf_runner *r, struct op *op, struct str *out)
{
	struct cf_body *bodies AUTO_FREE = mem_alloc(op->count * sizeof(*bodies));
	size_t kept = 0;

	for (size_t i = 0; i < op->count; i++) {
		const struct object *wanted = op->rows[i]->desired;
		struct error err CLEANUP(error_release) = {0};
		const struct secret *value = values_open(r->options->values, wanted, &err);
		if (!value) {
			op_end_row(r, op, op->rows[i], OUTCOME_FAILED, &err);
			continue;
		}
		bodies[kept] = (struct cf_body){
			wanted->secret, value->bytes, wanted->scopes, wanted->comment, false};
		op->rows[kept++] = op->rows[i];
	}
	op->count = kept;
	cf_add_bodies(out, bodies, kept);
}

void op_create(struct cf_runner *r, struct op *op)
{
	const struct object *wanted = op->rows[0]->desired, *original = op->rows[0]->copies;
	struct op_request request = {.method = "POST", .answered = answered};
	struct str body CLEANUP(str_release) = {0};

	if (wanted->kind == OBJECT_STORE) {
		cf_add_body(&body, &(struct cf_body){.name = wanted->store});
	} else if (original) {
		/* Cloudflare does not document whether a duplicate inherits the comment. */
		bool clears = (op->rows[0]->writes & FIELD_COMMENT) && !wanted->comment;
		request.id = (struct cf_id){op_store_id(r, op), original->id};
		request.suffix = "/duplicate";
		cf_add_body(&body, &(struct cf_body){.name = wanted->secret,
					   .scopes = wanted->scopes,
					   .comment = clears ? "" : wanted->comment});
	} else {
		request.id = (struct cf_id){op_store_id(r, op), ""};
		add_secrets(r, op, &body);
	}
	if (!op->count)
		return;
	op->was_refused = false;
	request.body = str_steal(&body);
	op_send(r, op, &request);
}
