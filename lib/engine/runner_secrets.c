#include "engine/deed.h"

#include <string.h>

/* ---- where and what ---- */

/* Lends the id of the store that the deed's secrets are in; NULL: it is not known. */
static const char *store_id(const struct cf_runner *r, const struct deed *deed)
{
	const struct object *about = action_object(deed->jobs[0].action);
	const char *made = table_get(deed->site->made, about->store);
	const struct object *live =
		model_object(r->options.live, about->account, about->store, NULL);

	return made ? made : live ? live->id : NULL;
}

/* False if it has no store; then the deed has failed. */
static bool find_store(struct cf_runner *r, struct deed *deed, struct cf_secret_id *ret_id)
{
	struct error err = {0};

	*ret_id = (struct cf_secret_id){.store_id = store_id(r, deed)};
	if (ret_id->store_id)
		return true;
	error_set(&err, "its store is not there");
	error_hint(&err, "Make a new plan.");
	deed_end_failed(r, deed, OUTCOME_FAILED, &err);
	return false;
}

static const char *account_id(const struct deed *deed)
{
	return deed->site->account->account->id;
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

/* Ends one job of a deed, whatever becomes of the others. */
static void end_job(struct cf_runner *r, struct deed *deed, const struct job *job,
	enum outcome_kind kind, struct error *err)
{
	struct deed *alone = deed_new(r, deed->site, job, 1);

	alone->has_destroyed = deed->has_destroyed;
	deed_end_failed(r, alone, kind, err);
}

/* ---- creating ---- */

/* Opens the values; what has none fails, and leaves the deed. */
static void open_values(struct cf_runner *r, struct deed *deed, struct cf_secret *secrets)
{
	size_t kept = 0;

	for (size_t i = 0; i < deed->count; i++) {
		const struct object *wanted = deed->jobs[i].action->after;
		struct error err = {0};
		const struct secret *value = values_open(r->options.values, wanted, &err);
		if (!value) {
			end_job(r, deed, &deed->jobs[i], OUTCOME_FAILED, &err);
			continue;
		}
		secrets[kept] = (struct cf_secret){
			wanted->secret, value->bytes, wanted->scopes, wanted->comment, false};
		deed->jobs[kept++] = deed->jobs[i];
	}
	deed->count = kept;
}

void secrets_create(struct cf_runner *r, struct deed *deed)
{
	struct cf_secret *secrets AUTO_FREE = mem_alloc(deed->count * sizeof(*secrets));
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	struct cf_secret_id id;

	if (!find_store(r, deed, &id))
		return;
	open_values(r, deed, secrets);
	if (!deed->count)
		return;
	deed->attempts++;
	cf_add_secret_path(&path, account_id(deed), &id);
	cf_add_create_secrets_body(&body, secrets, deed->count);
	deed_send(r, deed,
		&(struct deed_request){STEP_CREATE_SECRETS, RETRY_UNSAFE, "POST", &path, &body});
}

static void look(struct cf_runner *r, struct deed *deed)
{
	lookup_secrets(r, deed, store_id(r, deed));
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

/* What the answer does not tell of, it may have made all the same: look. */
static void take_created(struct cf_runner *r, struct deed *deed, const struct client_answer *answer)
{
	size_t kept = 0;

	for (size_t i = 0; i < deed->count; i++) {
		const char *name = deed->jobs[i].action->after->secret;
		const struct json *item = find_in_row(answer->cf.result, name);
		struct error ignored CLEANUP(error_release) = {0};
		struct object is_now;
		if (item && read_answer(r, item, name, &is_now, &ignored))
			deed_end_done(r, &deed->jobs[i], &is_now);
		else
			deed->jobs[kept++] = deed->jobs[i];
	}
	deed->count = kept;
	if (!kept)
		return;
	error_set(&deed->seen, "Cloudflare's answer says nothing usable of it");
	look(r, deed);
}

/* The first job whose name the answer says is taken; count: it names none of them. */
static size_t find_culprit(const struct deed *deed, const struct client_answer *answer)
{
	size_t i = 0;

	while (i < deed->count &&
		!cf_answer_says_exists(&answer->cf, deed->jobs[i].action->after->secret))
		i++;
	return i;
}

/*
 * Nobody knows whether a row that was refused was refused as a whole, unless the server never took
 * it up. A name that exists already may be somebody else's.
 */
static void take_refused(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	bool exists = cf_answer_says_exists(&answer->cf, NULL);
	bool was_taken_up = answer->status && answer->cf.verdict == CF_REFUSED &&
			    !answer->cf.is_throttled && !answer->cf.is_absent;
	bool may_be_ours = deed->count == 1 && deed->attempts > 1 && exists;

	if (!was_taken_up || (deed->count == 1 && !may_be_ours)) {
		deed_end_failed(r, deed, OUTCOME_FAILED, &answer->err);
		return;
	}
	deed->was_refused = !may_be_ours;
	deed->has_collided = exists && !may_be_ours;
	deed->culprit = find_culprit(deed, answer);
	error_move(&deed->seen, &answer->err);
	look(r, deed);
}

static void take_create(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	switch (answer->outcome) {
	case CLIENT_DONE:
		take_created(r, deed, answer);
		break;
	case CLIENT_FAILED:
		take_refused(r, deed, answer);
		break;
	case CLIENT_UNKNOWN:
		error_move(&deed->seen, &answer->err);
		look(r, deed);
		break;
	}
}

/* The error of the whole, for one of it. */
static void copy_seen(const struct deed *deed, struct error *err)
{
	error_set(err, "%s", deed->seen.message);
	if (deed->seen.hint)
		error_hint(err, "%s", deed->seen.hint);
}

/* Not there: it is sent again, alone, so that an error is about it and nothing else. */
static void send_alone(struct cf_runner *r, const struct deed *deed, const struct job *job)
{
	bool was_alone = deed->count == 1;
	struct error err = {0};
	struct deed *alone = deed_new(r, deed->site, job, 1);

	alone->attempts = deed->was_refused ? 0 : deed->attempts;
	alone->has_destroyed = deed->has_destroyed;
	if (!was_alone || deed->attempts < RUNNER_ATTEMPTS) {
		secrets_create(r, alone);
		return;
	}
	copy_seen(deed, &err);
	deed_end_failed(r, alone, OUTCOME_FAILED, &err);
}

/*
 * How many of the first jobs made what is found? A name that exists already stopped the server
 * there: all before it were made, or none. What is found of those behind is somebody else's, too.
 */
static size_t count_ours(const struct lookup *lookup, const struct deed *deed)
{
	bool is_double;

	if (!deed->has_collided)
		return deed->count;
	if (deed->culprit == deed->count)
		return 0;
	for (size_t i = 0; i < deed->culprit; i++)
		if (!lookup_find(lookup, deed->jobs[i].action->after, &is_double))
			return 0;
	return deed->culprit;
}

static void end_found_not_ours(
	struct cf_runner *r, struct deed *deed, const struct job *job, bool is_double)
{
	bool is_culprit = deed->has_collided && job == &deed->jobs[deed->culprit];
	struct error err = {0};

	copy_seen(deed, &err);
	if (is_double)
		error_prefix(&err, "there are two secrets of this name now");
	else if (!is_culprit)
		error_prefix(&err, "it is there now, and may be somebody else's");
	end_job(r, deed, job, is_double ? OUTCOME_UNKNOWN : OUTCOME_FAILED, &err);
}

static void resolve_created(struct cf_runner *r, const struct lookup *lookup, struct deed *deed)
{
	size_t ours = count_ours(lookup, deed);

	for (size_t i = 0; i < deed->count; i++) {
		const struct job *job = &deed->jobs[i];
		bool is_double;
		const struct object *found = lookup_find(lookup, job->action->after, &is_double);
		if (!found)
			send_alone(r, deed, job);
		else if (!is_double && i < ours)
			deed_end_done(r, job, found);
		else
			end_found_not_ours(r, deed, job, is_double);
	}
	error_release(&deed->seen);
}

/* ---- destroying ---- */

static void send_delete(
	struct cf_runner *r, struct deed *deed, enum deed_step step, const char *secret_id)
{
	struct str path CLEANUP(str_release) = {0};
	struct cf_secret_id id;

	if (!find_store(r, deed, &id))
		return;
	id.secret_id = secret_id;
	cf_add_secret_path(&path, account_id(deed), &id);
	deed_send(r, deed, &(struct deed_request){step, RETRY_SAFE, "DELETE", &path, NULL});
}

void secrets_destroy(struct cf_runner *r, struct deed *deed)
{
	send_delete(r, deed, STEP_DESTROY_SECRET, deed_action(deed)->before->id);
}

static bool is_gone(const struct client_answer *answer)
{
	return answer->outcome == CLIENT_DONE || answer->cf.is_absent;
}

static void take_destroy(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	if (!is_gone(answer)) {
		deed_end_failed(r, deed, OUTCOME_FAILED, &answer->err);
	} else if (action_kind(deed_action(deed)) == ACTION_REPLACE) {
		deed->has_destroyed = true;
		secrets_create(r, deed);
	} else {
		deed_end_gone(r, &deed->jobs[0]);
	}
}

/* ---- changing ---- */

/* Writes fields (FIELD_*) of the secret with this id. */
static void send_change(
	struct cf_runner *r, struct deed *deed, const char *secret_id, unsigned fields)
{
	const struct object *wanted = deed_action(deed)->after;
	bool is_rename = action_kind(deed_action(deed)) == ACTION_RENAME;
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	struct cf_secret change = {0};
	struct cf_secret_id id;

	if (!find_store(r, deed, &id))
		return;
	id.secret_id = secret_id;
	if (fields & FIELD_VALUE) {
		struct error err = {0};
		const struct secret *value = values_open(r->options.values, wanted, &err);
		if (!value) {
			deed->step = STEP_REWRITE;
			deed_end_failed(r, deed, OUTCOME_FAILED, &err);
			return;
		}
		change.value = value->bytes;
	}
	if (fields & FIELD_SCOPES)
		change.scopes = wanted->scopes;
	if (fields & FIELD_COMMENT)
		change.comment = wanted->comment ? wanted->comment : "";
	cf_add_secret_path(&path, account_id(deed), &id);
	cf_add_secret_body(&body, &change);
	deed_send(r, deed,
		&(struct deed_request){is_rename ? STEP_REWRITE : STEP_UPDATE, RETRY_IDEMPOTENT,
			"PATCH", &path, &body});
}

void secrets_update(struct cf_runner *r, struct deed *deed)
{
	const struct action *action = deed_action(deed);

	send_change(r, deed, action->before->id, action->changes);
}

static const char not_cleared[] = "its comment could not be cleared";

static void end_change_failed(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	if (answer->cf.is_absent)
		error_hint(&answer->err,
			"It was deleted meanwhile. Make a new plan, which makes it anew.");
	if (deed->step == STEP_CLEAR_COMMENT && answer->outcome == CLIENT_FAILED)
		error_prefix(&answer->err, "%s", not_cleared);
	if (answer->outcome == CLIENT_UNKNOWN) {
		error_move(&deed->seen, &answer->err);
		deed_end_unknown(r, deed, "it is not known whether it was changed");
	} else {
		deed_end_failed(r, deed, OUTCOME_FAILED, &answer->err);
	}
}

/* Sends null, after an answer to "" that still has the comment. */
static void clear_comment(struct cf_runner *r, struct deed *deed)
{
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	struct cf_secret_id id;

	if (!find_store(r, deed, &id))
		return;
	id.secret_id = deed->made.id;
	cf_add_secret_path(&path, account_id(deed), &id);
	cf_add_secret_body(&body, &(struct cf_secret){.has_null_comment = true});
	deed_send(r, deed,
		&(struct deed_request){
			STEP_CLEAR_COMMENT, RETRY_IDEMPOTENT, "PATCH", &path, &body});
}

/* It was written. A comment may have stayed: then all the rest is recorded in any case. */
static void end_updated(struct cf_runner *r, struct deed *deed, const struct object *is_now)
{
	const struct action *action = deed_action(deed);
	bool clears = (action->changes & FIELD_COMMENT) && !action->after->comment;
	struct error err = {0};

	error_release(&deed->seen);
	if (!clears || !is_now->comment) {
		deed_end_done(r, &deed->jobs[0], is_now);
		return;
	}
	deed->made = *is_now;
	object_keep(&r->arena, &deed->made);
	if (deed->step == STEP_UPDATE) {
		clear_comment(r, deed);
		return;
	}
	error_set(&err, "%s: Cloudflare still has it", not_cleared);
	error_hint(&err, "Delete it in Cloudflare's dashboard, or write another comment into the "
			 "manifest.");
	deed_end_failed(r, deed, OUTCOME_FAILED, &err);
}

static void take_update(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	const char *name = deed_action(deed)->after->secret;
	struct object is_now = {0};

	if (answer->outcome != CLIENT_DONE)
		end_change_failed(r, deed, answer);
	else if (read_answer(r, answer->cf.result, name, &is_now, &deed->seen))
		end_updated(r, deed, &is_now);
	else
		look(r, deed);
}

static void resolve_updated(struct cf_runner *r, const struct lookup *lookup, struct deed *deed)
{
	bool is_double;
	const struct object *found = lookup_find(lookup, deed_action(deed)->after, &is_double);

	if (!found || is_double) {
		deed_end_unknown(r, deed, "it is not known what it is like now");
		return;
	}
	end_updated(r, deed, found);
}

/* ---- renaming ---- */

void secrets_rename(struct cf_runner *r, struct deed *deed)
{
	const struct action *action = deed_action(deed);
	const struct object *wanted = action->after;
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	const struct cf_secret copy = {
		.name = wanted->secret, .scopes = wanted->scopes, .comment = wanted->comment};
	struct cf_secret_id id;

	if (!find_store(r, deed, &id))
		return;
	id.secret_id = action->before->id;
	deed->attempts++;
	cf_add_duplicate_path(&path, account_id(deed), &id);
	cf_add_secret_body(&body, &copy);
	deed_send(r, deed,
		&(struct deed_request){STEP_DUPLICATE, RETRY_UNSAFE, "POST", &path, &body});
}

static void delete_former(struct cf_runner *r, struct deed *deed)
{
	send_delete(r, deed, STEP_DELETE_FORMER, deed_action(deed)->before->id);
}

/* The new one is there. */
static void go_on_renaming(struct cf_runner *r, struct deed *deed, const struct object *made)
{
	deed->made = *made;
	object_keep(&r->arena, &deed->made);
	error_release(&deed->seen);
	if (!(deed_action(deed)->changes & FIELD_VALUE))
		delete_former(r, deed);
	else
		send_change(r, deed, deed->made.id, FIELD_VALUE);
}

static void take_duplicate(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	struct object made;

	if (answer->outcome == CLIENT_FAILED) {
		deed_end_failed(r, deed, OUTCOME_FAILED, &answer->err);
	} else if (answer->outcome == CLIENT_DONE &&
		   read_answer(r, answer->cf.result, deed_action(deed)->after->secret, &made,
			   &deed->seen)) {
		go_on_renaming(r, deed, &made);
	} else {
		if (answer->outcome == CLIENT_UNKNOWN)
			error_move(&deed->seen, &answer->err);
		look(r, deed);
	}
}

static void resolve_duplicate(struct cf_runner *r, const struct lookup *lookup, struct deed *deed)
{
	bool is_double;
	const struct object *found = lookup_find(lookup, deed_action(deed)->after, &is_double);

	if (found && !is_double) {
		go_on_renaming(r, deed, found);
		return;
	}
	if (!found && deed->attempts < RUNNER_ATTEMPTS) {
		error_release(&deed->seen);
		secrets_rename(r, deed);
		return;
	}
	deed_end_failed(r, deed, found ? OUTCOME_UNKNOWN : OUTCOME_FAILED, &deed->seen);
}

static void take_rewrite(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	const char *name = deed_action(deed)->after->secret;
	struct error ignored CLEANUP(error_release) = {0};
	struct object is_now;

	if (answer->outcome != CLIENT_DONE) {
		if (answer->outcome == CLIENT_FAILED)
			error_prefix(&answer->err, "it has its new name, but not its new value");
		end_change_failed(r, deed, answer);
		return;
	}
	/* An answer that says nothing usable leaves `modified` open, which is then compared with
	 * nothing. */
	deed->made.modified = NULL;
	if (read_answer(r, answer->cf.result, name, &is_now, &ignored))
		deed->made = is_now;
	delete_former(r, deed);
}

static void take_former_deleted(
	struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	if (is_gone(answer)) {
		deed_end_done(r, &deed->jobs[0], &deed->made);
	} else {
		error_prefix(&answer->err, "it has its new name, but the old one could not be "
					   "deleted");
		deed_end_failed(r, deed, OUTCOME_FAILED, &answer->err);
	}
}

/* ---- what came back ---- */

void secrets_take(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	switch (deed->step) {
	case STEP_CREATE_SECRETS:
		take_create(r, deed, answer);
		break;
	case STEP_DESTROY_SECRET:
		take_destroy(r, deed, answer);
		break;
	case STEP_UPDATE:
	case STEP_CLEAR_COMMENT:
		take_update(r, deed, answer);
		break;
	case STEP_DUPLICATE:
		take_duplicate(r, deed, answer);
		break;
	case STEP_REWRITE:
		take_rewrite(r, deed, answer);
		break;
	case STEP_DELETE_FORMER:
		take_former_deleted(r, deed, answer);
		break;
	case STEP_CREATE_STORE:
	case STEP_LOOK_INSIDE:
	case STEP_DESTROY_STORE:
		break; /* of stores */
	}
}

void secrets_found(struct cf_runner *r, const struct lookup *lookup, struct deed *deed)
{
	if (lookup->listing.err.message) {
		deed_end_unknown(r, deed, "it is not known what was done");
	} else if (deed->step == STEP_DUPLICATE) {
		resolve_duplicate(r, lookup, deed);
	} else if (deed->step == STEP_UPDATE || deed->step == STEP_CLEAR_COMMENT) {
		resolve_updated(r, lookup, deed);
	} else {
		resolve_created(r, lookup, deed);
	}
}
