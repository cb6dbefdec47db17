#include "apply/op.h"
#include "apply/runner.h"
#include "base/moment.h"

#include <string.h>

static const char not_cleared[] = "its comment could not be cleared";

static op_answered answered;

/* Writes fields (FIELD_*) of the secret, or of the duplicate. */
static void send(struct cf_runner *r, struct op *op, unsigned fields)
{
	const struct row *row = op_row(op);
	const struct object *wanted = row->desired;
	struct str body CLEANUP(str_release) = {0};
	struct cf_body change = {.has_null_comment = op->is_clearing};

	if (fields & FIELD_VALUE) {
		struct error err = {0};
		const struct secret *value = values_open(r->options->values, wanted, &err);
		if (!value) {
			op_end_failed(r, op, &err);
			return;
		}
		change.value = value->bytes;
	}
	if (fields & FIELD_SCOPES)
		change.scopes = wanted->scopes;
	if ((fields & FIELD_COMMENT) && !op->is_clearing)
		change.comment = wanted->comment ? wanted->comment : "";
	cf_add_body(&body, &change);
	op_send(r, op,
		&(struct op_request){.method = "PATCH",
			.id = {op_store_id(r, op), op->made.id ? op->made.id : row_before(row)->id},
			.body = str_steal(&body),
			.answered = answered});
}

static void end_failed(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	const struct row *row = op_row(op);
	bool only_clears = row->copies && !(row->writes & FIELD_VALUE);

	if (answer->cf.is_absent)
		error_hint(&answer->err,
			"It has been deleted. To create it again, run `cfprov plan` again.");
	if (answer->outcome == CLIENT_FAILED && (op->is_clearing || only_clears))
		error_prefix(&answer->err, "%s", not_cleared);
	else if (answer->outcome == CLIENT_FAILED && row->copies)
		error_prefix(&answer->err, "it was renamed, but its new value was not written");
	if (answer->outcome == CLIENT_UNKNOWN) {
		error_move(&op->seen, &answer->err);
		op_end_unknown(r, op, "it is unknown whether it was changed");
	} else {
		op_end_failed(r, op, &answer->err);
	}
}

/*
 * The secret was written. A comment may remain, because it is not documented whether "" or null
 * clears it: then null is sent. If it still remains, that is an error; the other fields are
 * recorded.
 */
static void end_updated(struct cf_runner *r, struct op *op, const struct object *is_now)
{
	const struct row *row = op_row(op);
	bool clears = (row->writes & FIELD_COMMENT) && !row->desired->comment;
	struct error err = {0};

	error_release(&op->seen);
	if (!clears || !is_now->comment) {
		op_end_done(r, row, is_now);
		return;
	}
	op->made = *is_now;
	object_keep(&r->arena, &op->made);
	if (!op->is_clearing) {
		op->is_clearing = true;
		send(r, op, FIELD_COMMENT);
		return;
	}
	error_set(&err, "%s: Cloudflare still has it", not_cleared);
	error_hint(&err, "Delete it in Cloudflare's dashboard, or set another comment in the "
			 "manifest.");
	op_end_failed(r, op, &err);
}

/* The answer to the PATCH was unusable. A result from before the PATCH means that the read lags. */
static void found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	const struct object *before = row_before(op_row(op)), *is_now = finding->object;
	enum moment_order order =
		is_now ? moment_compare(is_now->modified, before->modified) : MOMENT_UNKNOWN;
	bool is_old = order == MOMENT_SAME || order == MOMENT_EARLIER;

	if (finding->err || (!is_now && finding->is_late))
		op_end_unknown(r, op, "it was changed, but could not be read back");
	else if ((!is_now || is_old) && !finding->is_late)
		find_again(r, op);
	else
		end_updated(r, op, is_now);
}

static void answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	const struct row *row = op_row(op);
	struct object is_now;

	if (answer->outcome != CLIENT_DONE) {
		end_failed(r, op, answer);
	} else if (op_read(r, op, row, answer->cf.result, &is_now) &&
		   strcmp(is_now.id, op->id.secret) == 0) {
		end_updated(r, op, &is_now);
	} else if (row->copies) {
		is_now = op->made;
		if (op_duplicate_rest(row, &is_now) & FIELD_COMMENT)
			is_now.comment = NULL;
		is_now.modified = NULL; /* not known, and compared with nothing then */
		op_end_done(r, row, &is_now);
	} else {
		if (!op->seen.message)
			error_set(&op->seen, "Cloudflare's response has the id of another secret");
		find_after(r, op, answer);
		find_by_id(r, op, &op->id, found);
	}
}

unsigned op_duplicate_rest(const struct row *row, const struct object *is_now)
{
	if (!row->copies)
		return 0;
	unsigned inherited = is_now->comment && !row->desired->comment ? FIELD_COMMENT : 0;
	return row->writes & (FIELD_VALUE | inherited);
}

void op_update(struct cf_runner *r, struct op *op)
{
	const struct row *row = op_row(op);

	send(r, op, row->copies ? op_duplicate_rest(row, &op->made) : row->writes);
}
