#include "cloudflare/confirm.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/moment.h"
#include "cloudflare/wait.h"

#include <stdlib.h>
#include <string.h>

static bool has_id(const struct object *object, const char *id)
{
	return object->id && strcmp(object->id, id) == 0;
}

static bool is_wanted(const struct confirm *c, const struct object *object)
{
	return c->input->wanted && model_find(c->input->wanted, object);
}

/* ---- when cfprov wrote ---- */

/* Since 1970; 0: not known. */
static int64_t moment_ms(const char *text)
{
	struct moment moment;

	return moment_read(text, &moment) ? moment.seconds * 1000 + moment.nanoseconds / 1000000
					  : 0;
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

/*
 * An interrupted run may have destroyed the store. It can have done nothing else to it, for stores
 * never change.
 */
static bool is_being_destroyed(const struct confirm *c, const struct object *recorded)
{
	return recorded->kind == OBJECT_STORE && recorded->doubt != DOUBT_NONE &&
	       is_wanted(c, recorded);
}

/*
 * How long a listed object that GET by id finds may still be deleted: as long as our own DELETE of
 * it may be carried out late, or is not known everywhere. That came before what is recorded in its
 * place was created, or was sent by an interrupted run.
 */
static int64_t trusted_ms(const struct confirm *c, const struct object *listed, int64_t now_ms)
{
	const struct object *recorded = model_find(c->input->recorded, listed);
	int64_t patience_ms = c->input->patience_ms,
		sent_ms = recorded ? recorded->requested_ms : 0;

	if (!recorded || (!recorded->id && !recorded->replaced))
		return 0;
	if (has_id(recorded, listed->id) && !is_being_destroyed(c, recorded))
		return 0;
	if (has_id(recorded->id ? recorded : recorded->replaced, listed->id))
		patience_ms = patience_of_other_run_ms(patience_ms);
	else if (!recorded->id)
		return 0;
	else
		sent_ms = later(sent_ms, moment_ms(recorded->created));
	return later(patience_ms - patience_age_ms(sent_ms, now_ms), 0);
}

/* ---- what is missing ---- */

/* Lends the store that holds the secret, if it was listed; else NULL. */
static const struct object *store_of(const struct confirm *c, const struct object *secret)
{
	const struct object *store =
		model_object(c->input->recorded, secret->account, secret->store, NULL);

	return store && store->id ? table_get(c->stores, store->id) : NULL;
}

/*
 * True if the lists would show the object. Not if its alias means another account now, which the
 * planner refuses.
 */
static bool is_in_lists(const struct confirm *c, const struct object *object)
{
	const struct account *before = model_account(c->input->recorded, object->account);
	const struct account *now = model_account(c->live, object->account);
	bool is_secret = object->kind == OBJECT_SECRET;

	return is_secret == (c->stores != NULL) && now &&
	       (!before || strcmp(before->id, now->id) == 0) && (!is_secret || store_of(c, object));
}

static void add_missing(struct confirm *c, const struct object *object)
{
	c->missing = mem_room((void *)c->missing, c->count, &c->room, sizeof(object));
	c->missing[c->count++] = object;
}

/* `recorded` has the same name, or is NULL; `count` listed objects have it. */
static bool is_doubtful(const struct confirm *c, const struct object *listed,
	const struct object *recorded, size_t count)
{
	bool is_suspect = recorded && recorded->id
				  ? !has_id(recorded, listed->id) || is_being_destroyed(c, recorded)
				  : count > 1 || recorded || is_wanted(c, listed);

	return is_suspect && is_in_lists(c, listed);
}

/* Moves what is doubtful from the model to what is missing. Both models are sorted. */
static void take_doubtful(struct confirm *c)
{
	const struct object *recorded = c->input->recorded->objects;
	const struct object *last = recorded + c->input->recorded->object_count;
	struct model *live = c->live;
	size_t kept = 0, end;

	for (size_t i = 0; i < live->object_count; i = end) {
		struct object *first = &live->objects[i];
		for (end = i + 1; end < live->object_count &&
				  object_compare(first, &live->objects[end]) == 0;)
			end++;
		while (recorded < last && object_compare(recorded, first) < 0)
			recorded++;
		bool is_recorded = recorded < last && object_compare(recorded, first) == 0;
		for (size_t k = i; k < end; k++) {
			const struct object object = live->objects[k];
			if (!is_doubtful(c, &object, is_recorded ? recorded : NULL, end - i)) {
				live->objects[kept++] = object;
				continue;
			}
			struct object *copy = arena_alloc(&live->arena, sizeof(*copy));
			*copy = object;
			add_missing(c, copy);
		}
	}
	live->object_count = kept;
}

static void find_missing(struct confirm *c)
{
	enum object_kind kind = c->stores ? OBJECT_SECRET : OBJECT_STORE;
	const struct model *recorded = c->input->recorded;

	for (size_t i = 0; i < c->live->object_count; i++)
		if (c->live->objects[i].kind == kind)
			table_put(&c->known, c->live->objects[i].id, c);
	take_doubtful(c);
	c->doubtful_count = c->count;
	for (size_t i = 0; i <= recorded->object_count; i++) {
		const struct object *object =
			i < recorded->object_count ? &recorded->objects[i] : c->input->sought;
		if (object && object->id && is_in_lists(c, object) &&
			!table_get(c->known, object->id))
			add_missing(c, object);
	}
	for (size_t i = 0; i < c->doubtful_count; i++)
		table_drop(&c->known, c->missing[i]->id);
}

static void add_look(struct confirm *c, size_t first, size_t count, bool is_list)
{
	bool is_doubtful = first < c->doubtful_count;
	const struct object *object = c->missing[first];
	struct confirm_look *look = &c->looks[c->look_count++];
	int64_t now_ms = clock_unix_ms();

	*look = (struct confirm_look){
		.get = {live_find_account(c->input->accounts, c->input->count, object->account),
			c->stores ? store_of(c, object) : NULL, object->id},
		.missing = &c->missing[first],
		.count = count,
		.is_list = is_list,
		.age_ms = INT64_MAX,
		.trusted_ms = is_list && is_doubtful ? c->input->patience_ms : 0,
		.was_seen = is_list && is_doubtful,
		.absences = is_list,
	};
	for (size_t i = first; i < first + count; i++) {
		object = c->missing[i];
		int64_t wrote_ms = later(moment_ms(object->created), moment_ms(object->modified));
		int64_t age_ms = patience_age_ms(later(wrote_ms, object->requested_ms), now_ms);
		look->age_ms = age_ms < look->age_ms ? age_ms : look->age_ms;
		if (!is_doubtful)
			continue;
		look->trusted_ms = later(look->trusted_ms, trusted_ms(c, object, now_ms));
		table_put(&c->doubted, object->id, look);
	}
	if (is_list && is_doubtful)
		look->due_ms = look->trusted_ms;
	else if (is_list) /* it was read just now */
		look->due_ms = patience_recheck_ms(c->input->patience_ms, look->age_ms, 1);
}

static bool is_same_list(const struct object *a, const struct object *b)
{
	return strcmp(a->account, b->account) == 0 &&
	       (a->kind == OBJECT_STORE || strcmp(a->store, b->store) == 0);
}

void confirm_init(
	struct confirm *c, const struct live_input *input, struct table *stores, struct model *live)
{
	size_t next, end;

	*c = (struct confirm){.input = input, .stores = stores, .live = live};
	if (input->recorded)
		find_missing(c);
	c->looks = mem_alloc(c->count * sizeof(*c->looks));
	for (size_t i = 0; i < c->count; i = next) {
		bool is_doubtful = i < c->doubtful_count;
		end = is_doubtful ? c->doubtful_count : c->count;
		bool is_list = end - (is_doubtful ? 0 : c->doubtful_count) > CONFIRM_BY_ID;
		for (next = i + 1;
			is_list && next < end && is_same_list(c->missing[i], c->missing[next]);)
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
	mem_free(c->looks);
	mem_free((void *)c->missing);
	table_free(&c->known);
	table_free(&c->doubted);
	*c = (struct confirm){0};
}

/* ---- looking ---- */

static int64_t elapsed_ms(const struct confirm *c)
{
	return clock_monotonic_ms() - c->began_ms;
}

/* What lists show goes to `again`. */
static void send(struct confirm *c, struct confirm_look *look, struct model *again)
{
	look->was_seen = false;
	if (!look->is_list) {
		live_get_send(&look->get, c->input->client, look);
		return;
	}
	look->listing.account = look->get.account;
	look->listing.store = look->get.store;
	look->listing.model = again;
	live_listing_start(&look->listing, c->input->client, look);
}

static void take(void *context, struct client_answer *answer)
{
	struct confirm *c = context;
	struct confirm_look *look = answer->tag;
	struct object found;

	if (look->is_list)
		live_listing_take(&look->listing, answer);
	else if (live_get_take(&look->get, answer, &c->live->arena, &found, &look->err) &&
		 found.id) {
		look->was_seen = look->looked_ms < look->trusted_ms;
		if (!look->was_seen)
			table_put(&c->known, model_add_copy(c->live, &found)->id, c);
	}
}

/* Decides when a look is due again. */
static void judge(struct confirm *c, struct confirm_look *look)
{
	size_t found = 0;

	look->due_ms = -1;
	if (look->is_list && look->listing.err.message)
		error_move(&look->err, &look->listing.err);
	for (size_t i = 0; i < look->count; i++)
		found += table_get(c->known, look->missing[i]->id) != NULL;
	if (look->err.message || found == look->count ||
		(look->is_list && table_get(c->doubted, look->missing[0]->id)))
		return;
	if (look->was_seen) {
		look->due_ms = patience_next_look_ms(look->trusted_ms, look->looked_ms);
		return;
	}
	int64_t wait_ms = patience_recheck_ms(
		c->input->patience_ms, look->age_ms + look->looked_ms, ++look->absences);
	look->due_ms = wait_ms < 0 ? -1 : look->looked_ms + wait_ms;
}

/* Takes all looks that are due. False: interrupted. */
static bool look_now(struct confirm *c, struct error *err)
{
	struct model again CLEANUP(model_release) = {0};
	int64_t now_ms = elapsed_ms(c);

	for (size_t i = 0; i < c->look_count; i++) {
		struct confirm_look *look = &c->looks[i];
		bool is_due = look->due_ms >= 0 && look->due_ms <= now_ms;
		look->looked_ms = is_due ? now_ms : -1;
		if (is_due)
			send(c, look, &again);
	}
	if (!wait_for_answers(c->input, take, c, err))
		return false;
	for (size_t i = 0; i < again.object_count; i++) {
		const struct object *object = &again.objects[i];
		const struct confirm_look *doubt = table_get(c->doubted, object->id);
		bool is_trusted = !doubt || (doubt->is_list && doubt->trusted_ms <= now_ms);
		if (is_trusted && !table_get(c->known, object->id))
			table_put(&c->known, model_add_copy(c->live, object)->id, c);
	}
	for (size_t i = 0; i < c->look_count; i++)
		if (c->looks[i].looked_ms == now_ms)
			judge(c, &c->looks[i]);
	return true;
}

/* The time of the next look; -1: there is none. */
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

/* Emits how long the looks may take: until nothing of ours is younger than the patience. */
static void emit_waiting(const struct confirm *c)
{
	const struct object *first = NULL;
	int64_t until_ms = 0;
	size_t count = 0;

	for (size_t i = 0; i < c->look_count; i++) {
		const struct confirm_look *look = &c->looks[i];
		if (look->due_ms < 0)
			continue;
		first = first ? first : look->missing[0];
		count += look->count;
		until_ms = later(until_ms,
			look->was_seen ? look->trusted_ms : c->input->patience_ms - look->age_ms);
	}
	event_waiting(c->input->sink, first, count, later(until_ms - elapsed_ms(c), 0));
}

bool confirm_run(struct confirm *c, struct error *err)
{
	bool is_shown = false;
	int64_t due_ms;

	c->began_ms = clock_monotonic_ms();
	while ((due_ms = next_due_ms(c)) >= 0) {
		if (due_ms - elapsed_ms(c) > PATIENCE_PAUSE_MS && !is_shown) {
			emit_waiting(c);
			is_shown = true;
		}
		if (!wait_until(c->input, c->began_ms + due_ms, err) || !look_now(c, err))
			return false;
	}
	return true;
}
