#include "cloudflare/confirm.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/moment.h"
#include "cloudflare/wait.h"

#include <stdlib.h>
#include <string.h>

/* ---- pure ---- */

int64_t confirm_wait_ms(int64_t patience_ms, int64_t age_ms, size_t absences)
{
	int64_t pause_ms = patience_ms < PATIENCE_PAUSE_MS ? patience_ms : PATIENCE_PAUSE_MS;

	if (absences < 2)
		return pause_ms;
	int64_t next_ms = patience_next_look_ms(patience_ms, age_ms);
	return next_ms < 0 ? -1 : next_ms - age_ms;
}

static int64_t moment_ms(const char *text)
{
	struct moment moment;

	if (!moment_read(text, &moment))
		return 0;
	return moment.seconds * 1000 + moment.nanoseconds / 1000000;
}

int64_t confirm_last_write_ms(const struct object *recorded)
{
	int64_t created_ms = moment_ms(recorded->created);
	int64_t modified_ms = moment_ms(recorded->modified);

	int64_t last_ms = created_ms > modified_ms ? created_ms : modified_ms;

	return recorded->requested_ms > last_ms ? recorded->requested_ms : last_ms;
}

/* ---- what is missing ---- */

static bool has_id(const struct object *object, const char *id)
{
	return object->id && strcmp(object->id, id) == 0;
}

/*
 * Lends the first that has the object's address, or NULL. Those that come in order are found where
 * the last one was found: *hint, from 0.
 */
static const struct object *find_next(
	const struct model *model, size_t *hint, const struct object *object)
{
	bool is_next =
		*hint < model->object_count && object_compare(&model->objects[*hint], object) == 0;
	const struct object *found =
		is_next ? &model->objects[*hint]
			: model_object(model, object->account, object->store, object->secret);

	if (found)
		*hint = (size_t)(found - model->objects) + 1;
	return found;
}

/* Under its name, where there may be several. */
static bool is_listed(struct confirm *c, const struct object *object)
{
	const struct object *end = c->live->objects + c->live->object_count;
	const struct object *it = find_next(c->live, &c->next_live, object);

	for (; it && it < end && object_compare(it, object) == 0; it++)
		if (has_id(it, object->id))
			return true;
	return false;
}

static void know_all(struct confirm *c)
{
	enum object_kind kind = c->stores ? OBJECT_SECRET : OBJECT_STORE;

	for (size_t i = 0; i < c->live->object_count; i++)
		if (c->live->objects[i].kind == kind)
			table_put(&c->known, c->live->objects[i].id, c);
}

/* Was this very account read? The alias may mean another one now; the planner refuses that. */
static bool was_read(const struct confirm *c, const char *alias)
{
	const struct account *before = model_account(c->input->recorded, alias);
	const struct account *now = model_account(c->live, alias);

	return now && (!before || strcmp(before->id, now->id) == 0);
}

/* Lends the store that was looked into, in which the secret is; NULL: it was not. */
static const struct object *store_of(const struct confirm *c, const struct object *secret)
{
	const struct object *store =
		model_object(c->input->recorded, secret->account, secret->store, NULL);

	return store && store->id ? table_get(c->stores, store->id) : NULL;
}

/* Is it of the kind that is read now, where it was read? */
static bool is_in_lists(const struct confirm *c, const struct object *object)
{
	bool is_secret = object->kind == OBJECT_SECRET;

	return is_secret == (c->stores != NULL) && was_read(c, object->account) &&
	       (!is_secret || store_of(c, object));
}

static void push_missing(struct confirm *c, const struct object *object, size_t *room)
{
	c->missing = mem_room((void *)c->missing, c->count, room, sizeof(object));
	c->missing[c->count++] = object;
}

static const struct object *find_name(const struct model *model, const struct object *object)
{
	return model ? model_object(model, object->account, object->store, object->secret) : NULL;
}

/* A store is never changed: what an interrupted run may have done to it is to destroy it. */
static bool is_being_destroyed(const struct confirm *c, const struct object *known)
{
	return known->kind == OBJECT_STORE && known->is_unsure &&
	       find_name(c->input->wanted, known);
}

/*
 * Is a list not to be believed that shows this one, of `count` with its name? It may not know yet
 * that it is gone: if there is another one of its name, listed or recorded, or if cfprov would take
 * it for what an interrupted run created, or adopt it.
 */
static bool is_doubtful(struct confirm *c, const struct object *listed, size_t count)
{
	const struct object *known = find_next(c->input->recorded, &c->next_recorded, listed);

	if (!is_in_lists(c, listed))
		return false;
	if (known && known->id)
		return !has_id(known, listed->id) || is_being_destroyed(c, known);
	return count > 1 || known || find_name(c->input->wanted, listed);
}

/*
 * For how long may an object that GET by id finds be gone all the same, or go yet? As long
 * as our own DELETE of it may be carried out late, or not be known everywhere: that came before
 * what is recorded in its place was created, or was sent by an interrupted run.
 */
static int64_t open_ms(const struct confirm *c, const struct object *listed, int64_t now_ms)
{
	const struct object *known = find_name(c->input->recorded, listed);
	int64_t patience_ms = c->input->patience_ms, sent_ms = known ? known->requested_ms : 0;

	if (!known || (!known->id && !known->replaced))
		return 0;
	if (has_id(known, listed->id) && !is_being_destroyed(c, known))
		return 0;
	if (has_id(known->id ? known : known->replaced, listed->id))
		patience_ms = patience_of_other_run_ms(patience_ms);
	else if (!known->id)
		return 0;
	else if (sent_ms < moment_ms(known->created))
		sent_ms = moment_ms(known->created);
	int64_t left_ms = patience_ms - patience_age_ms(sent_ms, now_ms);
	return left_ms > 0 ? left_ms : 0;
}

/* Takes what is doubtful out of the model: it counts as missing. */
static void doubt(struct confirm *c, size_t *room)
{
	struct model *live = c->live;
	size_t kept = 0, end;

	for (size_t i = 0; i < live->object_count; i = end) {
		for (end = i + 1; end < live->object_count &&
				  object_compare(&live->objects[i], &live->objects[end]) == 0;)
			end++;
		for (size_t k = i; k < end; k++) {
			const struct object object = live->objects[k];
			if (!is_doubtful(c, &object, end - i)) {
				live->objects[kept++] = object;
				continue;
			}
			struct object *copy = arena_alloc(&live->arena, sizeof(*copy));
			*copy = object;
			push_missing(c, copy, room);
		}
	}
	live->object_count = kept;
}

/* It was listed, and taken out. */
static bool is_doubted(const struct confirm *c, const struct object *object)
{
	for (size_t i = 0; i < c->doubtful; i++)
		if (has_id(c->missing[i], object->id))
			return true;
	return false;
}

static void add_missing(struct confirm *c, const struct object *object, size_t *room)
{
	if (!object->id || object->is_unresolved || !is_in_lists(c, object) ||
		is_listed(c, object) || (object->is_unsure && is_doubted(c, object)))
		return;
	if (!c->known)
		know_all(c);
	if (table_get(c->known, object->id))
		return; /* under another name */
	push_missing(c, object, room);
}

/* ---- how to look for it ---- */

static bool is_same_list(const struct object *a, const struct object *b)
{
	return strcmp(a->account, b->account) == 0 &&
	       (a->kind == OBJECT_STORE || strcmp(a->store, b->store) == 0);
}

static void add_look(struct confirm *c, size_t first, size_t count, bool is_list)
{
	struct confirm_look *look = &c->looks[c->look_count++];
	int64_t now_ms = clock_unix_ms();
	const struct object *object = c->missing[first];

	*look = (struct confirm_look){
		.account = live_find_account(c->input->accounts, c->input->count, object->account),
		.store = c->stores ? store_of(c, object) : NULL,
		.missing = &c->missing[first],
		.count = count,
		.is_list = is_list,
		.age_ms = INT64_MAX,
		.absences = is_list,
		.open_ms = !is_list ? open_ms(c, object, now_ms) : 0,
	};
	for (size_t i = first; i < first + count; i++) {
		int64_t age_ms = patience_age_ms(confirm_last_write_ms(c->missing[i]), now_ms);
		if (age_ms < look->age_ms)
			look->age_ms = age_ms;
	}
	if (is_list) /* which was read just now */
		look->due_ms = confirm_wait_ms(c->input->patience_ms, look->age_ms, 1);
}

void confirm_init(
	struct confirm *c, const struct live_input *input, struct table *stores, struct model *live)
{
	const struct model *recorded = input->recorded;
	size_t room = 0, next;

	*c = (struct confirm){.input = input, .stores = stores, .live = live};
	if (recorded)
		doubt(c, &room);
	c->doubtful = c->count;
	for (size_t i = 0; recorded && i < recorded->object_count; i++)
		add_missing(c, &recorded->objects[i], &room);
	if (recorded && input->sought)
		add_missing(c, input->sought, &room);
	if (c->count && !c->known)
		know_all(c);
	bool is_list = c->count > CONFIRM_BY_ID;
	c->looks = mem_alloc(c->count * sizeof(*c->looks));
	for (size_t i = 0; i < c->count; i = next) {
		for (next = i + 1; is_list && next < c->count &&
				   is_same_list(c->missing[i], c->missing[next]);)
			next++;
		add_look(c, i, next - i, is_list);
	}
}

void confirm_release(struct confirm *c)
{
	for (size_t i = 0; i < c->look_count; i++) {
		live_listing_release(&c->looks[i].listing);
		error_release(&c->looks[i].err);
	}
	free(c->looks);
	free((void *)c->missing);
	table_free(&c->known);
	*c = (struct confirm){0};
}

/* ---- one look ---- */

static void send(struct confirm *c, struct confirm_look *look, int64_t now_ms, struct model *again)
{
	struct str path CLEANUP(str_release) = {0};
	const char *account_id = look->account->account->id, *id = look->missing[0]->id;
	struct client *client = c->input->client;

	look->is_under_way = true;
	look->is_early = now_ms < look->open_ms;
	look->was_seen = false;
	if (look->is_list) {
		live_listing_release(&look->listing);
		look->listing = (struct live_listing){.account = look->account, .model = again};
		live_listing_start_inside(&look->listing, look->store, client, look);
		return;
	}
	cf_add_object_path(&path, account_id,
		look->store ? &(struct cf_secret_id){look->store->id, id}
			    : &(struct cf_secret_id){id, NULL});
	client_send(client, &(struct client_call){.lane = look->account->lane,
				    .safety = RETRY_SAFE,
				    .method = "GET",
				    .path = str_text(&path),
				    .tag = look});
}

/* Adds an object that exists to the model. */
static bool take_object(struct confirm *c, struct confirm_look *look, const struct json *result)
{
	const struct object *store = look->store;
	const char *alias = look->account->account->alias, *id = look->missing[0]->id;
	struct model *live = c->live;
	struct cf_object found;

	if (!cf_object_decode(result, store ? "secret" : "store", &found, &look->err) ||
		!live_check_place(&found, look->account->account, store, &look->err))
		return false;
	if (strcmp(found.id, id) != 0)
		return error_set(&look->err, "Cloudflare was asked for the %s %s and answers of %s",
			store ? "secret" : "store", id, found.id);
	look->was_seen = !found.is_deleted;
	if (found.is_deleted || look->is_early)
		return true;
	struct object *object = store ? model_add_object(live, alias, store->store, found.name)
				      : model_add_object(live, alias, found.name, NULL);
	live_fill(&live->arena, &found, object);
	table_put(&c->known, object->id, c);
	return true;
}

static void take(void *context, struct client_answer *answer)
{
	struct confirm *c = context;
	struct confirm_look *look = answer->tag;

	if (look->is_list) {
		live_listing_take(&look->listing, answer, c->input->client, look);
	} else if (answer->outcome == CLIENT_DONE) {
		(void)!take_object(c, look, answer->cf.result);
	} else if (!answer->cf.is_absent) {
		error_copy(&look->err, &answer->err);
	}
}

/* What the lists have that was not known before. */
static void merge(struct confirm *c, const struct model *again)
{
	for (size_t i = 0; i < again->object_count; i++)
		if (!table_get(c->known, again->objects[i].id))
			table_put(&c->known, model_add_copy(c->live, &again->objects[i])->id, c);
}

/* How old our last write is so long after all began. */
static int64_t age_at(const struct confirm_look *look, int64_t elapsed_ms)
{
	return look->age_ms + elapsed_ms;
}

/* After a look that began at `looked_ms`. */
static void judge(struct confirm *c, struct confirm_look *look, int64_t looked_ms)
{
	size_t found = 0;

	look->is_under_way = false;
	look->due_ms = -1;
	if (look->is_list && look->listing.err.message)
		error_move(&look->err, &look->listing.err);
	for (size_t i = 0; i < look->count; i++)
		found += table_get(c->known, look->missing[i]->id) != NULL;
	if (look->err.message || found == look->count)
		return;
	if (look->was_seen) { /* too early to count */
		look->due_ms = patience_next_look_ms(look->open_ms, looked_ms);
		return;
	}
	look->absences++;
	int64_t wait_ms =
		confirm_wait_ms(c->input->patience_ms, age_at(look, looked_ms), look->absences);
	look->due_ms = wait_ms < 0 ? -1 : looked_ms + wait_ms;
}

/* ---- all of them ---- */

static int64_t elapsed_ms(const struct confirm *c)
{
	return clock_monotonic_ms() - c->began_ms;
}

/* The looks that are due until then; false: interrupted. */
static bool look_now(struct confirm *c, struct error *err)
{
	struct model again CLEANUP(model_release) = {0};
	int64_t now_ms = elapsed_ms(c);

	for (size_t i = 0; i < c->look_count; i++)
		if (c->looks[i].due_ms >= 0 && c->looks[i].due_ms <= now_ms)
			send(c, &c->looks[i], now_ms, &again);
	if (!wait_for_answers(c->input, take, c, err))
		return false;
	merge(c, &again);
	for (size_t i = 0; i < c->look_count; i++)
		if (c->looks[i].is_under_way)
			judge(c, &c->looks[i], now_ms);
	return true;
}

/* Once, with how long it may take: until nothing of ours is younger than the patience. */
static void say_waiting(struct confirm *c)
{
	const struct object *first = NULL;
	int64_t left_ms = 0;
	size_t count = 0;

	for (size_t i = 0; i < c->look_count; i++) {
		const struct confirm_look *look = &c->looks[i];
		int64_t its_ms = c->input->patience_ms - age_at(look, elapsed_ms(c));
		if (look->due_ms < 0)
			continue;
		if (look->was_seen)
			its_ms = look->open_ms - elapsed_ms(c);
		first = first ? first : look->missing[0];
		count += look->count;
		left_ms = its_ms > left_ms ? its_ms : left_ms;
	}
	if (first)
		event_waiting(c->input->sink, first, count, left_ms);
	c->has_said = true;
}

/* -1: there is none. */
static int64_t next_due_ms(const struct confirm *c)
{
	int64_t due_ms = -1;

	for (size_t i = 0; i < c->look_count; i++) {
		int64_t its_ms = c->looks[i].due_ms;
		if (its_ms >= 0 && (due_ms < 0 || its_ms < due_ms))
			due_ms = its_ms;
	}
	return due_ms;
}

bool confirm_run(struct confirm *c, struct error *err)
{
	int64_t due_ms;

	c->began_ms = clock_monotonic_ms();
	while ((due_ms = next_due_ms(c)) >= 0) {
		if (due_ms - elapsed_ms(c) > PATIENCE_PAUSE_MS && !c->has_said)
			say_waiting(c);
		if (!wait_until(c->input, c->began_ms + due_ms, err) || !look_now(c, err))
			return false;
	}
	return true;
}
