#include "base/moment.h"
#include "engine/op.h"

#include <string.h>

/* ---- where and what ---- */

const char *secrets_store_id(const struct cf_runner *r, const struct op *op)
{
	const struct object *about = action_object(op->jobs[0].action);
	const char *made = table_get(op->account->made, about->store);
	const struct object *live =
		model_object(r->options.live, about->account, about->store, NULL);

	return made ? made : live ? live->id : NULL;
}

/* False if it has no store; then the op has failed. */
static bool find_its_store(struct cf_runner *r, struct op *op, struct cf_secret_id *ret_id)
{
	struct error err = {0};

	*ret_id = (struct cf_secret_id){.store_id = secrets_store_id(r, op)};
	if (ret_id->store_id)
		return true;
	error_set(&err, "its store does not exist");
	error_hint(&err, "Run plan again.");
	op_end_failed(r, op, OUTCOME_FAILED, &err);
	return false;
}

static const char *account_id(const struct op *op)
{
	return op->account->account->account->id;
}

/* Looks for the op's secrets by their names. */
static void look(struct cf_runner *r, struct op *op,
	void (*found)(struct cf_runner *r, struct op *op, const struct finding *finding))
{
	op->found = found;
	find_secrets(r, op, secrets_store_id(r, op));
}

/* Asks for one secret by its id. */
static void look_by_id(struct cf_runner *r, struct op *op, const char *secret_id,
	void (*found)(struct cf_runner *r, struct op *op, const struct finding *finding))
{
	op->found = found;
	find_by_id(r, op, &(struct cf_secret_id){secrets_store_id(r, op), secret_id});
}

/* Reads one secret from an answer; false: it does not tell of this one. */
static bool read_answer(struct cf_runner *r, const struct json *result, const char *name,
	struct object *ret_is_now, struct error *err)
{
	struct cf_object found;

	if (!cf_object_decode(result, "secret", &found, err))
		return false;
	if (strcmp(found.name, name) != 0)
		return error_set(err, "Cloudflare's answer is about another secret");
	*ret_is_now = (struct object){.kind = OBJECT_SECRET};
	live_fill(&r->arena, &found, ret_is_now);
	return true;
}

/* The same of a new one; false also if its id is that of another object. */
static bool read_new(struct cf_runner *r, const struct json *result, const char *name,
	struct object *ret_is_now, struct error *err)
{
	return read_answer(r, result, name, ret_is_now, err) &&
	       (op_is_new(r, ret_is_now->id) ||
		       error_set(err, "Cloudflare's answer has the id of another object"));
}

/* Ends one job of an op, whatever becomes of the others. */
static void end_job(struct cf_runner *r, struct op *op, const struct job *job,
	enum outcome_kind kind, struct error *err)
{
	struct op *alone = op_new(r, op->account, job, 1);

	alone->has_destroyed = op->has_destroyed;
	op_end_failed(r, alone, kind, err);
}

/* Lends what the answer's row has of this name, or NULL. */
static const struct json *find_in_row(const struct json *row, const char *name)
{
	for (const struct json *it = json_first(row); it; it = json_next(it)) {
		const char *found = json_get_text(it, "name");
		if (found && strcmp(found, name) == 0)
			return it;
	}
	return NULL;
}

static void end_created(struct cf_runner *r, const struct job *job, const struct object *is_now)
{
	table_put(&r->ids, arena_text(&r->arena, is_now->id), r);
	op_end_done(r, job, is_now);
}

/* ---- creating ---- */

static void create_found(struct cf_runner *r, struct op *op, const struct finding *finding);

/* Ends the jobs that the answer tells of; what it does not tell of may have been made, too. */
static void take_created(struct cf_runner *r, struct op *op, const struct client_answer *answer)
{
	size_t kept = 0;

	for (size_t i = 0; i < op->count; i++) {
		const char *name = op->jobs[i].action->after->secret;
		const struct json *item = find_in_row(answer->cf.result, name);
		struct error ignored CLEANUP(error_release) = {0};
		struct object is_now = {0};
		if (item && read_new(r, item, name, &is_now, &ignored))
			end_created(r, &op->jobs[i], &is_now);
		else
			op->jobs[kept++] = op->jobs[i];
	}
	op->count = kept;
}

/* The first job whose name the answer says is taken; count: it names none of them. */
static size_t find_culprit(const struct op *op, const struct client_answer *answer)
{
	size_t i = 0;

	while (i < op->count &&
		!cf_answer_says_exists(&answer->cf, op->jobs[i].action->after->secret))
		i++;
	return i;
}

/*
 * A batch that was refused may have been refused in part. A name that exists already may be
 * somebody else's, unless a request of ours for it went unanswered before.
 */
static void take_refused(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	bool exists = cf_answer_says_exists(&answer->cf, NULL);
	bool was_taken_up = answer->status && answer->cf.verdict == CF_REFUSED &&
			    !answer->cf.is_throttled && !answer->cf.is_absent;
	bool is_ours = op->unseen > 0 && exists;

	if (!was_taken_up || (op->count == 1 && !is_ours)) {
		op_end_failed(r, op, OUTCOME_FAILED, &answer->err);
		return;
	}
	op->was_refused = !is_ours;
	op->has_collided = exists && !is_ours;
	op->culprit = find_culprit(op, answer);
	find_after(r, op, answer);
	if (is_ours && op->count == 1) { /* it exists, whatever a list says at first */
		op->was_accepted = true;
		op->patience_ms = r->options.patience_ms;
	}
	look(r, op, create_found);
}

static void create_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	if (answer->outcome == CLIENT_FAILED) {
		take_refused(r, op, answer);
		return;
	}
	if (answer->outcome == CLIENT_DONE) {
		take_created(r, op, answer);
		if (!op->count)
			return;
		error_set(&answer->err, "Cloudflare's answer does not name it");
	}
	find_after(r, op, answer);
	look(r, op, create_found);
}

/* Opens the values; what has none fails, and leaves the op. */
static void open_values(struct cf_runner *r, struct op *op, struct cf_secret *secrets)
{
	size_t kept = 0;

	for (size_t i = 0; i < op->count; i++) {
		const struct object *wanted = op->jobs[i].action->after;
		struct error err = {0};
		const struct secret *value = values_open(r->options.values, wanted, &err);
		if (!value) {
			end_job(r, op, &op->jobs[i], OUTCOME_FAILED, &err);
			continue;
		}
		secrets[kept] = (struct cf_secret){
			wanted->secret, value->bytes, wanted->scopes, wanted->comment, false};
		op->jobs[kept++] = op->jobs[i];
	}
	op->count = kept;
}

void secrets_create(struct cf_runner *r, struct op *op)
{
	struct cf_secret *secrets AUTO_FREE = mem_alloc(op->count * sizeof(*secrets));
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	struct cf_secret_id id;

	if (!find_its_store(r, op, &id))
		return;
	open_values(r, op, secrets);
	if (!op->count)
		return;
	op->sends++;
	op->was_refused = op->has_collided = false;
	cf_add_secret_path(&path, account_id(op), &id);
	cf_add_create_secrets_body(&body, secrets, op->count);
	op_send(r, op, &(struct op_request){RETRY_UNSAFE, "POST", &path, &body, create_answered});
}

/* The error of the whole, for one of it. */
static void end_job_as_seen(struct cf_runner *r, struct op *op, const struct job *job,
	enum outcome_kind kind, const char *why)
{
	struct error err = {0};

	error_set(&err, "%s", op->seen.message);
	if (op->seen.hint)
		error_hint(&err, "%s", op->seen.hint);
	if (why)
		error_prefix(&err, "%s", why);
	end_job(r, op, job, kind, &err);
}

/* Of what was refused together: alone, so that an error is about it and nothing else. */
static void send_alone(struct cf_runner *r, const struct op *op, const struct job *job)
{
	struct op *alone = op_new(r, op->account, job, 1);

	alone->unseen = op->unseen;
	alone->has_destroyed = op->has_destroyed;
	secrets_create(r, alone);
}

/*
 * How many of the first jobs made what is found? A name that exists already stopped the server
 * there: all before it were made, or none. What is found after it is somebody else's, too.
 */
static size_t count_ours(struct cf_runner *r, const struct op *op, const struct model *names)
{
	bool is_double;

	if (!op->has_collided)
		return op->count;
	if (op->culprit == op->count)
		return 0;
	for (size_t i = 0; i < op->culprit; i++)
		if (!find_new(r, names, op->jobs[i].action->after, &is_double))
			return 0;
	return op->culprit;
}

static void end_found_not_ours(
	struct cf_runner *r, struct op *op, const struct job *job, bool is_double)
{
	bool is_culprit = op->has_collided && job == &op->jobs[op->culprit];

	if (is_double)
		end_job_as_seen(
			r, op, job, OUTCOME_UNKNOWN, "there are two secrets of this name now");
	else
		end_job_as_seen(r, op, job, OUTCOME_FAILED,
			is_culprit ? NULL : "it exists now, and may be somebody else's");
}

/* Ends the jobs that the list tells of, and leaves the others in the op. */
static void end_found(struct cf_runner *r, struct op *op, const struct model *names)
{
	struct job *absent = arena_alloc(&r->arena, op->count * sizeof(*absent));
	size_t ours = count_ours(r, op, names), count = 0;

	for (size_t i = 0; i < op->count; i++) {
		const struct job *job = &op->jobs[i];
		bool is_double;
		const struct object *found = find_new(r, names, job->action->after, &is_double);
		if (!found)
			absent[count++] = *job;
		else if (!is_double && i < ours)
			end_created(r, job, found);
		else
			end_found_not_ours(r, op, job, is_double);
	}
	op->jobs = absent;
	op->count = count;
}

static void end_absent(struct cf_runner *r, struct op *op)
{
	if (op->was_refused) {
		for (size_t i = 0; i < op->count; i++)
			send_alone(r, op, &op->jobs[i]);
		error_release(&op->seen);
	} else if (op->was_accepted) {
		op_end_unknown(
			r, op, "Cloudflare accepted the request, but the secret has not appeared");
	} else if (op_may_send_again(op)) {
		secrets_create(r, op);
	} else {
		op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
	}
}

static void create_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	if (finding->err) {
		op_end_unknown(r, op, "it is not known whether it was created");
		return;
	}
	end_found(r, op, finding->names);
	if (!op->count)
		error_release(&op->seen);
	else if (!finding->is_late)
		find_again(r, op);
	else
		end_absent(r, op);
}

/* ---- destroying ---- */

static void send_delete(struct cf_runner *r, struct op *op, const char *secret_id,
	void (*answered)(struct cf_runner *r, struct op *op, struct client_answer *answer))
{
	struct str path CLEANUP(str_release) = {0};
	struct cf_secret_id id;

	if (!find_its_store(r, op, &id))
		return;
	id.secret_id = secret_id;
	cf_add_secret_path(&path, account_id(op), &id);
	/* What is gone can't be destroyed again: repeating does no harm. */
	op_send(r, op, &(struct op_request){RETRY_IDEMPOTENT, "DELETE", &path, NULL, answered});
}

static bool is_gone(const struct client_answer *answer)
{
	return answer->outcome == CLIENT_DONE || answer->cf.is_absent;
}

static void end_destroyed(struct cf_runner *r, struct op *op)
{
	error_release(&op->seen);
	if (action_kind(op_action(op)) != ACTION_REPLACE) {
		op_end_gone(r, &op->jobs[0]);
		return;
	}
	op->has_destroyed = true;
	secrets_create(r, op);
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
	if (is_gone(answer)) {
		end_destroyed(r, op);
	} else if (answer->outcome == CLIENT_FAILED) {
		op_end_failed(r, op, OUTCOME_FAILED, &answer->err);
	} else {
		find_after(r, op, answer);
		look_by_id(r, op, op_action(op)->before->id, destroy_found);
	}
}

void secrets_destroy(struct cf_runner *r, struct op *op)
{
	send_delete(r, op, op_action(op)->before->id, destroy_answered);
}

/* ---- changing ---- */

/* Writes fields (FIELD_*) of the secret with this id. */
static void send_change(struct cf_runner *r, struct op *op, const char *secret_id, unsigned fields,
	void (*answered)(struct cf_runner *r, struct op *op, struct client_answer *answer))
{
	const struct object *wanted = op_action(op)->after;
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	struct cf_secret change = {0};
	struct cf_secret_id id;

	if (!find_its_store(r, op, &id))
		return;
	id.secret_id = secret_id;
	if (fields & FIELD_VALUE) {
		struct error err = {0};
		const struct secret *value = values_open(r->options.values, wanted, &err);
		if (!value) {
			op_end_failed(r, op, OUTCOME_FAILED, &err);
			return;
		}
		change.value = value->bytes;
	}
	if (fields & FIELD_SCOPES)
		change.scopes = wanted->scopes;
	if (fields & FIELD_COMMENT)
		change.comment = wanted->comment ? wanted->comment : "";
	cf_add_secret_path(&path, account_id(op), &id);
	cf_add_secret_body(&body, &change);
	op_send(r, op, &(struct op_request){RETRY_IDEMPOTENT, "PATCH", &path, &body, answered});
}

static const char not_cleared[] = "its comment could not be cleared";

static void end_change_failed(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	if (answer->cf.is_absent)
		error_hint(&answer->err,
			"It was deleted meanwhile. Run plan again: it creates the secret again.");
	if (op->is_clearing && answer->outcome == CLIENT_FAILED)
		error_prefix(&answer->err, "%s", not_cleared);
	if (answer->outcome == CLIENT_UNKNOWN) {
		error_move(&op->seen, &answer->err);
		op_end_unknown(r, op, "it is not known whether it was changed");
	} else {
		op_end_failed(r, op, OUTCOME_FAILED, &answer->err);
	}
}

static void update_answered(struct cf_runner *r, struct op *op, struct client_answer *answer);

/* Sends null, after an answer to "" that still has the comment. */
static void clear_comment(struct cf_runner *r, struct op *op)
{
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	struct cf_secret_id id;

	if (!find_its_store(r, op, &id))
		return;
	op->is_clearing = true;
	id.secret_id = op->made.id;
	cf_add_secret_path(&path, account_id(op), &id);
	cf_add_secret_body(&body, &(struct cf_secret){.has_null_comment = true});
	op_send(r, op,
		&(struct op_request){RETRY_IDEMPOTENT, "PATCH", &path, &body, update_answered});
}

/* It was written. A comment may have stayed: then all the rest is recorded in any case. */
static void end_updated(struct cf_runner *r, struct op *op, const struct object *is_now)
{
	const struct action *action = op_action(op);
	bool clears = (action->changes & FIELD_COMMENT) && !action->after->comment;
	struct error err = {0};

	error_release(&op->seen);
	if (!clears || !is_now->comment) {
		op_end_done(r, &op->jobs[0], is_now);
		return;
	}
	op->made = *is_now;
	object_keep(&r->arena, &op->made);
	if (!op->is_clearing) {
		clear_comment(r, op);
		return;
	}
	error_set(&err, "%s: Cloudflare still has it", not_cleared);
	error_hint(&err, "Delete it in Cloudflare's dashboard, or put another comment into the "
			 "manifest.");
	op_end_failed(r, op, OUTCOME_FAILED, &err);
}

/* It was written, and the answer does not say what it is like now: older than that is lag. */
static void update_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	const struct object *before = op_action(op)->before, *found = finding->object;
	enum moment_order order =
		found ? moment_compare(found->modified, before->modified) : MOMENT_UNKNOWN;
	bool is_old = order == MOMENT_SAME || order == MOMENT_EARLIER;

	if (finding->err || (!found && finding->is_late))
		op_end_unknown(r, op, "it was changed, but can't be read");
	else if ((!found || is_old) && !finding->is_late)
		find_again(r, op);
	else
		end_updated(r, op, found);
}

static void update_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	const struct object *before = op_action(op)->before;
	struct object is_now = {0};

	if (answer->outcome != CLIENT_DONE) {
		end_change_failed(r, op, answer);
	} else if (read_answer(r, answer->cf.result, op_action(op)->after->secret, &is_now,
			   &answer->err)) {
		end_updated(r, op, &is_now);
	} else {
		find_after(r, op, answer);
		look_by_id(r, op, before->id, update_found);
	}
}

void secrets_update(struct cf_runner *r, struct op *op)
{
	const struct action *action = op_action(op);

	send_change(r, op, action->before->id, action->changes, update_answered);
}

/* ---- renaming ---- */

/* The old name is left for the next plan. */
static void end_old_name_left(
	struct cf_runner *r, struct op *op, const char *what, struct error *err)
{
	error_prefix(err, "it has its new name, but %s", what);
	op_end_failed(r, op, OUTCOME_FAILED, err);
}

static void old_name_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	if (!finding->err && !finding->object)
		op_end_done(r, &op->jobs[0], &op->made);
	else if (finding->err)
		end_old_name_left(
			r, op, "it is not known whether the old one was deleted", &op->seen);
	else if (finding->is_late)
		end_old_name_left(r, op, "the old one could not be deleted", &op->seen);
	else
		find_again(r, op);
}

static void old_name_deleted(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	if (is_gone(answer)) {
		op_end_done(r, &op->jobs[0], &op->made);
	} else if (answer->outcome == CLIENT_FAILED) {
		end_old_name_left(r, op, "the old one could not be deleted", &answer->err);
	} else {
		find_after(r, op, answer);
		look_by_id(r, op, op_action(op)->before->id, old_name_found);
	}
}

static void delete_old_name(struct cf_runner *r, struct op *op)
{
	send_delete(r, op, op_action(op)->before->id, old_name_deleted);
}

static void rewrite_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	const char *name = op_action(op)->after->secret;
	struct error ignored CLEANUP(error_release) = {0};
	struct object is_now = {0};

	if (answer->outcome != CLIENT_DONE) {
		if (answer->outcome == CLIENT_FAILED)
			error_prefix(&answer->err, "it has its new name, but not its new value");
		end_change_failed(r, op, answer);
		return;
	}
	op->is_rewriting = false;
	/* An answer that says nothing usable leaves `modified` open, which is then compared with
	 * nothing. */
	op->made.modified = NULL;
	if (read_answer(r, answer->cf.result, name, &is_now, &ignored))
		op->made = is_now;
	delete_old_name(r, op);
}

/* The duplicate exists. */
static void continue_renaming(struct cf_runner *r, struct op *op, const struct object *made)
{
	op->made = *made;
	object_keep(&r->arena, &op->made);
	table_put(&r->ids, op->made.id, op);
	error_release(&op->seen);
	if (!(op_action(op)->changes & FIELD_VALUE)) {
		delete_old_name(r, op);
		return;
	}
	op->is_rewriting = true;
	send_change(r, op, op->made.id, FIELD_VALUE, rewrite_answered);
}

static void duplicate_found(struct cf_runner *r, struct op *op, const struct finding *finding)
{
	bool is_double = false;
	const struct object *found = NULL;

	if (!finding->err)
		found = find_new(r, finding->names, op_action(op)->after, &is_double);
	if (finding->err)
		op_end_unknown(r, op, "it is not known whether it was renamed");
	else if (is_double)
		op_end_unknown(r, op, "there are two secrets of this name now");
	else if (found)
		continue_renaming(r, op, found);
	else if (!finding->is_late)
		find_again(r, op);
	else if (op->was_accepted)
		op_end_unknown(
			r, op, "Cloudflare accepted the request, but the secret has not appeared");
	else if (op_may_send_again(op))
		secrets_rename(r, op);
	else
		op_end_failed(r, op, OUTCOME_FAILED, &op->seen);
}

static void duplicate_answered(struct cf_runner *r, struct op *op, struct client_answer *answer)
{
	const char *name = op_action(op)->after->secret;
	bool is_ours = op->unseen > 0 && cf_answer_says_exists(&answer->cf, NULL);
	struct object made = {0};

	if (answer->outcome == CLIENT_FAILED && !is_ours) {
		op_end_failed(r, op, OUTCOME_FAILED, &answer->err);
	} else if (answer->outcome == CLIENT_DONE &&
		   read_new(r, answer->cf.result, name, &made, &answer->err)) {
		continue_renaming(r, op, &made);
	} else {
		find_after(r, op, answer);
		if (is_ours) {
			op->was_accepted = true;
			op->patience_ms = r->options.patience_ms;
		}
		look(r, op, duplicate_found);
	}
}

void secrets_rename(struct cf_runner *r, struct op *op)
{
	const struct action *action = op_action(op);
	const struct object *wanted = action->after;
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	const struct cf_secret copy = {
		.name = wanted->secret, .scopes = wanted->scopes, .comment = wanted->comment};
	struct cf_secret_id id;

	if (!find_its_store(r, op, &id))
		return;
	id.secret_id = action->before->id;
	op->sends++;
	cf_add_duplicate_path(&path, account_id(op), &id);
	cf_add_secret_body(&body, &copy);
	op_send(r, op,
		&(struct op_request){RETRY_UNSAFE, "POST", &path, &body, duplicate_answered});
}
