/* The operations on secrets. */
#include "draft.h"
#include "history.h"
#include "listing.h"

#include <stdlib.h>
#include <string.h>

static void put_secret(struct json_writer *w, const struct call *call, const void *object)
{
	const struct world_secret *secret = object;
	const struct choices *choices = &call->sim->options->choices;
	enum date_form form = call_dates(call);

	json_put_text(w, "id", secret->id);
	json_put_text(w, "store_id", call->store->id);
	json_put_text(w, "name", secret->name);
	if (secret->comment || choice_is(choices, CHOICE_NO_COMMENT, "null"))
		json_put_text(w, "comment", secret->comment);
	json_begin_array(w, "scopes");
	for (unsigned i = 0; i < WORLD_SCOPES; i++)
		if (secret->scopes & 1U << i)
			json_put_text(w, NULL, world_scopes[i]);
	json_end(w);
	json_put_text(w, "status", world_secret_status(secret));
	dates_put(w, "created", secret->created, form);
	dates_put(w, "modified", secret->modified, form);
}

static void put_secret_item(struct json_writer *w, const struct call *call, const void *object)
{
	json_begin_object(w, NULL);
	put_secret(w, call, object);
	json_end(w);
}

static void answer_secret(struct call *call, const struct world_secret *secret)
{
	struct json_writer w = envelope_begin(call->answer, 200);

	json_begin_object(&w, "result");
	put_secret(&w, call, secret);
	json_end(&w);
	envelope_end(&w);
}

/* ---- the list ---- */

static const struct world_secret *secret_at(const void *pointer)
{
	return *(const struct world_secret *const *)pointer;
}

/* Equal ones keep the order in which they were made. */
static int then_by_age(int order, const void *a, const void *b)
{
	size_t x = secret_at(a)->serial, y = secret_at(b)->serial;

	return order ? order : (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
	return then_by_age(strcmp(secret_at(a)->name, secret_at(b)->name), a, b);
}

static int by_comment(const void *a, const void *b)
{
	const char *x = secret_at(a)->comment, *y = secret_at(b)->comment;

	return then_by_age(strcmp(x ? x : "", y ? y : ""), a, b);
}

static int by_created(const void *a, const void *b)
{
	return then_by_age(strcmp(secret_at(a)->created, secret_at(b)->created), a, b);
}

static int by_modified(const void *a, const void *b)
{
	return then_by_age(strcmp(secret_at(a)->modified, secret_at(b)->modified), a, b);
}

static int by_status(const void *a, const void *b)
{
	int order = strcmp(world_secret_status(secret_at(a)), world_secret_status(secret_at(b)));

	return then_by_age(order, a, b);
}

static const struct listing_order orders[] = {
	{"", NULL}, /* as they were made */
	{"created", by_created},
	{"name", by_name},
	{"comment", by_comment},
	{"modified", by_modified},
	{"status", by_status},
	{NULL, NULL},
};

/*
 * The scopes asked for. How a list stands in a query is not published: taken are several
 * parameters, `scopes` or `scopes[]`, and commas. False: one of them does not exist.
 */
static bool parse_scope_filter(const struct target *target, unsigned *scopes)
{
	for (size_t i = 0; i < target->pair_count; i++) {
		const struct target_pair *pair = &target->pairs[i];
		if (strcmp(pair->key, "scopes") != 0 && strcmp(pair->key, "scopes[]") != 0)
			continue;
		for (const char *text = pair->value; *text;) {
			size_t length = strcspn(text, ",");
			struct str name CLEANUP(str_release) = {0};
			str_add(&name, text, length);
			unsigned bit = world_scope_bit(str_text(&name));
			if (!bit)
				return false;
			*scopes |= bit;
			text += length + (text[length] == ',');
		}
	}
	return true;
}

static bool is_searched(const struct world_secret *secret, const char *search, unsigned scopes)
{
	if ((secret->scopes & scopes) != scopes)
		return false;
	return !search || strstr(secret->name, search) ||
	       (secret->comment && strstr(secret->comment, search));
}

void secrets_list(struct call *call)
{
	const char *search = target_query(&call->target, "search");
	struct listing listing;
	unsigned scopes = 0;
	struct listing_view view = {0};

	if (!listing_parse(&listing, call, orders))
		return;
	if (!parse_scope_filter(&call->target, &scopes)) {
		call_fail(call, &problem_scope_invalid, NULL);
		return;
	}
	struct history_list list = history_secrets(call->store);
	call->sim->stats.lists_lagged += list.until_ms != INT64_MAX;
	view.items = list.items;
	view.total = list.count;
	for (size_t i = 0; i < list.count; i++)
		if (is_searched(list.items[i], search, scopes))
			view.items[view.count++] = list.items[i];
	listing_sort(&listing, orders, &view);
	listing_answer(&listing, call, &view, put_secret_item);
	mem_free(list.items);
}

/* ---- making ---- */

/* A secret that is to become active; it may be gone by then. */
struct activation {
	char account[WORLD_ID_SIZE], store[WORLD_ID_SIZE], secret[WORLD_ID_SIZE];
};

static void activate(struct sim *sim, void *context)
{
	const struct activation *activation = context;
	struct world_store *store = world_find_store(
		world_account(&sim->world, activation->account), activation->store);
	struct world_secret *secret = store ? world_find_secret(store, activation->secret) : NULL;

	if (!secret)
		return;
	world_keep_version(&sim->world, secret);
	secret->status = NULL;
	if (choice_is(&sim->options->choices, CHOICE_ACTIVATION, "bump"))
		world_touch_secret(&sim->world, secret);
	sim->world.revision++;
}

static void activate_later(const struct call *call, const struct world_secret *secret, int64_t ms)
{
	struct activation *activation = mem_alloc(sizeof(*activation));
	const struct later_work work = {activate, mem_free, activation};

	memcpy(activation->account, call->account->id, WORLD_ID_SIZE);
	memcpy(activation->store, call->store->id, WORLD_ID_SIZE);
	memcpy(activation->secret, secret->id, WORLD_ID_SIZE);
	later_add(&call->sim->later, ms, work);
}

static struct world_secret *add(struct call *call, const struct draft *draft)
{
	const struct options *options = call->sim->options;
	struct world_secret *secret =
		world_add_secret(&call->sim->world, call->account, call->store, &draft->secret);

	audit_secret(call, AUDIT_CREATE, secret);
	if (options->pending_for_ever || options->pending_ms)
		secret->status = "pending";
	if (options->pending_ms)
		activate_later(call, secret, (int64_t)options->pending_ms);
	return secret;
}

/* Two of one name within the batch: the table holds the names before this one. */
static bool is_new_in_batch(struct call *call, const struct draft *draft, struct table **names)
{
	static char seen;

	if (!table_get(*names, draft->secret.name)) {
		table_put(names, draft->secret.name, &seen);
		return true;
	}
	draft_exists(call, draft);
	return false;
}

/*
 * Makes the secrets of the body and counts them, or only checks them. False: one of them was bad
 * and the call has its answer.
 */
static bool create_each(struct call *call, const struct json *body, bool dry, size_t *count)
{
	struct table *names CLEANUP(table_free) = NULL;

	for (const struct json *it = json_first(body); it; it = json_next(it)) {
		struct draft draft;
		const struct problem *problem = draft_parse(&draft, call, DRAFT_CREATE, it);
		if (problem) {
			call_fail(call, problem, NULL);
			return false;
		}
		if ((dry && !is_new_in_batch(call, &draft, &names)) ||
			!draft_fits(call, &draft, dry ? *count : 0))
			return false;
		if (!dry)
			add(call, &draft);
		++*count;
	}
	return true;
}

void secrets_create(struct call *call)
{
	const struct json *body = request_json(call->request);
	const struct choices *choices = &call->sim->options->choices;
	size_t checked = 0, made = 0;

	if (!json_is_array(body) || !json_first(body)) {
		call_fail(call, &problem_invalid_body, NULL);
		return;
	}
	if (choice_is(choices, CHOICE_BATCH, "atomic") && !create_each(call, body, true, &checked))
		return;
	if (!create_each(call, body, false, &made))
		return;
	struct json_writer w = envelope_begin(call->answer, 200);
	json_begin_array(&w, "result");
	for (size_t i = call->store->secret_count - made; i < call->store->secret_count; i++)
		put_secret_item(&w, call, call->store->secrets[i]);
	json_end(&w);
	envelope_end(&w);
}

void secrets_duplicate(struct call *call)
{
	struct draft draft;
	const struct problem *problem =
		draft_parse(&draft, call, DRAFT_DUPLICATE, request_json(call->request));

	if (problem) {
		call_fail(call, problem, NULL);
		return;
	}
	if (!draft_fits(call, &draft, 0))
		return;
	draft.secret.value_bytes = call->secret->value_bytes;
	memcpy(draft.secret.value_checksum, call->secret->value_checksum,
		sizeof(draft.secret.value_checksum));
	if (!draft.has_comment && !draft.clears_comment &&
		choice_is(&call->sim->options->choices, CHOICE_DUPLICATE_COMMENT, "copied"))
		draft.secret.comment = call->secret->comment;
	struct world_secret *secret = add(call, &draft);
	audit_duplicated(call, call->secret);
	answer_secret(call, secret);
}

/* ---- one secret ---- */

void secrets_get(struct call *call)
{
	answer_secret(call, call->secret);
}

static bool set_comment(struct world_secret *secret, const struct draft *draft)
{
	const char *now = secret->comment ? secret->comment : "";
	const char *wanted = draft->has_comment ? draft->secret.comment : "";

	if ((!draft->has_comment && !draft->clears_comment) || strcmp(now, wanted) == 0)
		return false;
	mem_free(secret->comment);
	secret->comment = *wanted ? mem_copy_text(wanted) : NULL;
	return true;
}

static bool set_scopes(struct world_secret *secret, const struct draft *draft)
{
	if (!draft->has_scopes || draft->secret.scopes == secret->scopes)
		return false;
	secret->scopes = draft->secret.scopes;
	return true;
}

static bool set_value(struct world_secret *secret, const struct draft *draft)
{
	if (!draft->has_value ||
		(draft->secret.value_bytes == secret->value_bytes &&
			strcmp(draft->secret.value_checksum, secret->value_checksum) == 0))
		return false;
	secret->value_bytes = draft->secret.value_bytes;
	memcpy(secret->value_checksum, draft->secret.value_checksum,
		sizeof(secret->value_checksum));
	return true;
}

void secrets_patch(struct call *call)
{
	struct draft draft;
	const struct problem *problem =
		draft_parse(&draft, call, DRAFT_PATCH, request_json(call->request));

	if (problem) {
		call_fail(call, problem, NULL);
		return;
	}
	world_keep_version(&call->sim->world, call->secret);
	bool changed = set_comment(call->secret, &draft);
	changed |= set_scopes(call->secret, &draft);
	changed |= set_value(call->secret, &draft);
	if (changed || choice_is(&call->sim->options->choices, CHOICE_NOOP_PATCH, "bump"))
		world_touch_secret(&call->sim->world, call->secret);
	audit_secret(call, AUDIT_UPDATE, call->secret);
	if (draft.has_value)
		audit_value_modified(call);
	answer_secret(call, call->secret);
}

/* ---- removing ---- */

void secrets_delete(struct call *call)
{
	audit_secret(call, AUDIT_DELETE, call->secret);
	world_remove_secret(&call->sim->world, call->account, call->store, call->secret);
	envelope_null(call->answer, 202);
}

static const struct problem *check_ids(const struct call *call, const struct json *ids)
{
	const struct choices *choices = &call->sim->options->choices;
	bool ignore = choice_is(choices, CHOICE_BULK_DELETE_UNKNOWN, "ignore");

	if (!json_is_array(ids))
		return &problem_invalid_body;
	for (const struct json *it = json_first(ids); it; it = json_next(it)) {
		if (!json_is_string(it))
			return &problem_invalid_body;
		if (!ignore && !world_find_secret(call->store, json_text(it)))
			return &problem_secret_not_found;
	}
	return NULL;
}

void secrets_delete_many(struct call *call)
{
	const struct json *ids = json_get(request_json(call->request), "ids");
	const struct problem *problem = check_ids(call, ids);

	if (problem) {
		call_fail(call, problem, NULL);
		return;
	}
	for (const struct json *it = json_first(ids); it; it = json_next(it)) {
		struct world_secret *secret = world_find_secret(call->store, json_text(it));
		if (!secret) /* the list has it twice */
			continue;
		audit_secret(call, AUDIT_DELETE, secret);
		world_remove_secret(&call->sim->world, call->account, call->store, secret);
	}
	envelope_null(call->answer, 202);
}
