#include "base/text.h"
#include "engine/deed.h"
#include "engine/store_limit.h"
#include "engine/verify.h"

#include <string.h>

/* ---- creating ---- */

void stores_create(struct cf_runner *r, struct deed *deed)
{
	struct str path CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};

	deed->attempts++;
	cf_add_stores_path(&path, deed->site->account->account->id);
	cf_add_create_store_body(&body, deed_action(deed)->after->store);
	deed_send(r, deed,
		&(struct deed_request){STEP_CREATE_STORE, RETRY_UNSAFE, "POST", &path, &body});
}

/* What is made in this run is known by its name to what waits for it. */
static void end_created(struct cf_runner *r, struct deed *deed, const struct object *is_now)
{
	const char *name = deed_action(deed)->after->store;

	table_put(&deed->site->made, name, arena_text(&r->arena, is_now->id));
	deed_end_done(r, &deed->jobs[0], is_now);
	error_release(&deed->seen);
}

static void find_created(struct cf_runner *r, const struct lookup *lookup, struct deed *deed)
{
	bool is_double;
	const struct object *found = lookup_find(lookup, deed_action(deed)->after, &is_double);

	if (lookup->listing.err.message) {
		deed_end_unknown(r, deed, "it is not known whether it was created");
	} else if (!found && deed->attempts < RUNNER_ATTEMPTS) {
		error_release(&deed->seen);
		stores_create(r, deed);
	} else if (!found) {
		deed_end_failed(r, deed, OUTCOME_FAILED, &deed->seen);
	} else if (is_double) {
		deed_end_unknown(r, deed, "there are two stores of this name now");
	} else {
		end_created(r, deed, found);
	}
}

/* An answer of success without a usable id still means that the store was made: look. */
static void take_created(struct cf_runner *r, struct deed *deed, const struct client_answer *answer)
{
	const struct json *result = answer->cf.result;
	struct cf_object store;

	if (json_is_array(result)) /* older answers are lists of one */
		result = json_first(result);
	if (!cf_object_decode(result, "store", &store, &deed->seen)) {
		lookup_stores(r, deed);
		return;
	}
	if (strcmp(store.name, deed_action(deed)->after->store) != 0) {
		error_set(&deed->seen, "Cloudflare's answer is about another store");
		lookup_stores(r, deed);
		return;
	}
	const struct object is_now = {
		.id = store.id, .created = store.created, .modified = store.modified};
	end_created(r, deed, &is_now);
}

static void take_create(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	switch (answer->outcome) {
	case CLIENT_DONE:
		take_created(r, deed, answer);
		break;
	case CLIENT_FAILED:
		if (cf_answer_says_full_of_stores(&answer->cf))
			store_limit_explain(r->options.live, r->options.plan,
				deed_action(deed)->after->account, &answer->err);
		deed_end_failed(r, deed, OUTCOME_FAILED, &answer->err);
		break;
	case CLIENT_UNKNOWN:
		error_move(&deed->seen, &answer->err);
		lookup_stores(r, deed);
		break;
	}
}

/* ---- destroying ---- */

/* Does the plan know of anything inside? Its secrets come right behind it. */
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

static void send_destroy(struct cf_runner *r, struct deed *deed, bool with_all_inside)
{
	struct str path CLEANUP(str_release) = {0};

	cf_add_store_path(&path, deed->site->account->account->id, deed_action(deed)->before->id);
	if (with_all_inside)
		str_text_add(&path, "?force=true");
	/* Safe to repeat: what is gone can't be destroyed again. */
	deed_send(r, deed,
		&(struct deed_request){STEP_DESTROY_STORE, RETRY_SAFE, "DELETE", &path, NULL});
}

/* Cloudflare keeps a store that is not empty, unless it is forced: then all inside goes, too. */
void stores_destroy(struct cf_runner *r, struct deed *deed)
{
	if (!is_filled(r, &deed->jobs[0])) {
		send_destroy(r, deed, false);
		return;
	}
	deed->step = STEP_LOOK_INSIDE;
	lookup_secrets(r, deed, deed_action(deed)->before->id);
}

static void destroy_filled(struct cf_runner *r, const struct lookup *lookup, struct deed *deed)
{
	const struct object *stranger = verify_stranger(r->options.plan, deed_action(deed),
		lookup->model.objects, lookup->model.object_count);
	struct str name CLEANUP(str_release) = {0};

	if (lookup->listing.err.message) {
		error_set(&deed->seen, "what it holds can't be told: %s",
			lookup->listing.err.message);
	} else if (stranger) {
		text_add_visible(&name, stranger->secret, strlen(stranger->secret), 255);
		error_set(&deed->seen, "it holds more that cfprov does not manage: %s",
			str_text(&name));
		error_hint(&deed->seen, "It came after the plan was made. Make a new plan.");
	} else {
		send_destroy(r, deed, lookup->model.object_count > 0);
		return;
	}
	deed_end_failed(r, deed, OUTCOME_FAILED, &deed->seen);
}

static void take_destroy(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	bool is_gone = answer->outcome == CLIENT_DONE || answer->cf.is_absent;

	if (!is_gone) {
		deed_end_failed(r, deed, OUTCOME_FAILED, &answer->err);
	} else if (action_kind(deed_action(deed)) == ACTION_REPLACE) {
		deed->has_destroyed = true;
		stores_create(r, deed);
	} else {
		deed_end_gone(r, &deed->jobs[0]);
	}
}

void stores_found(struct cf_runner *r, const struct lookup *lookup, struct deed *deed)
{
	if (deed->step == STEP_LOOK_INSIDE)
		destroy_filled(r, lookup, deed);
	else
		find_created(r, lookup, deed);
}

void stores_take(struct cf_runner *r, struct deed *deed, struct client_answer *answer)
{
	if (deed->step == STEP_CREATE_STORE)
		take_create(r, deed, answer);
	else
		take_destroy(r, deed, answer);
}
