#include "plan/takeover.h"

#include "adapter/table.h"
#include "base/text.h"
#include "manifest/export.h"
#include "plan/account_check.h"

#include <string.h>

struct working {
	const struct takeover_input *input;
	struct takeover *takeover;
	struct error_list *errors;
	struct arena arena;
	struct table *live;     /* ALIAS/STORE_ID[/SECRET_ID] -> the object */
	struct table *recorded; /* KIND ID -> the object of the state */
	struct table *taken;    /* the keys of `live` -> what has it in the file */
	struct table *entered;  /* ALIAS/STORE: stores that are in `entries` */
};

static const char *name_of(const struct object *object)
{
	return object->secret ? object->secret : object->store;
}

/* ---- tables ---- */

static char *live_key(
	struct working *w, const char *alias, const char *store_id, const char *secret_id)
{
	return arena_format(&w->arena, "%s/%s%s%s", alias, store_id, secret_id ? "/" : "",
		secret_id ? secret_id : "");
}

static char *recorded_key(struct working *w, const struct object *object)
{
	return arena_format(&w->arena, "%s %s", object_kind_word(object->kind), object->id);
}

static void index_models(struct working *w)
{
	const struct model *live = w->input->live, *recorded = w->input->recorded;
	const struct object *store = NULL;

	for (size_t i = 0; i < live->object_count; i++) {
		struct object *it = &live->objects[i];
		if (it->kind == OBJECT_STORE)
			store = it;
		if (store && object_shares_store(store, it))
			table_put(&w->live,
				live_key(w, it->account, store->id, it->secret ? it->id : NULL),
				it);
	}
	for (size_t i = 0; i < recorded->object_count; i++)
		if (recorded->objects[i].id)
			table_put(&w->recorded, recorded_key(w, &recorded->objects[i]),
				&recorded->objects[i]);
}

/* ---- messages ---- */

static struct error *add_warning(struct working *w)
{
	struct error *warning = error_list_add(&w->takeover->warnings);

	error_at(warning, w->input->foreign->path, 0, 0);
	return warning;
}

static bool is_changed(const char *theirs, const char *present)
{
	return theirs && strcmp(theirs, present ? present : "") != 0;
}

/* Cloudflare's fields count; says which the other tool remembers differently. */
static void warn_changes(
	struct working *w, const struct foreign_object *foreign, const struct object *live)
{
	const struct {
		const char *what;
		bool is_changed;
	} fields[] = {
		{"name", is_changed(foreign->name, name_of(live))},
		{"scopes", live->secret && is_changed(foreign->scopes, live->scopes)},
		{"comment", live->secret && is_changed(foreign->comment, live->comment)},
	};
	struct str list CLEANUP(str_release) = {0};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].is_changed)
			str_format(&list, "%s%s", list.length ? ", " : "", fields[i].what);
	if (list.length)
		error_set(add_warning(w),
			"%s has changed in the account (%s): taken over as it is there",
			foreign->address, str_text(&list));
}

/* ---- objects ---- */

/* False: the state and what exists contradict each other. */
static bool check_recorded(struct working *w, const struct object *live, const struct object *known)
{
	const struct object *elsewhere = table_get(w->recorded, recorded_key(w, live));
	char *address AUTO_FREE = object_address(live);

	if (elsewhere == known)
		return true;
	struct error *err = error_list_add(w->errors);
	if (known && known->id) {
		error_set(err, "%s: already in the state, with the id %s", address, known->id);
		error_hint(err, "If the state is out of date, run: cfprov state rm %s", address);
	} else {
		char *other AUTO_FREE = object_address(elsewhere);
		char *shown AUTO_FREE = text_visible(other, 80);
		error_set(err, "%s: its id %s is already in the state, as %s", address, live->id,
			shown);
	}
	return false;
}

static void enter(struct working *w, const struct object *live, bool forgets)
{
	struct object *entry = model_add_copy(&w->takeover->entries, live);

	entry->forget_on_remove = forgets;
	if (!live->secret)
		table_put(&w->entered, arena_format(&w->arena, "%s/%s", live->account, live->store),
			w);
}

/* Takes over what exists; `forgets`: once it is removed from the manifest, it is only forgotten. */
static void take(struct working *w, const struct object *live, bool forgets)
{
	const struct object *declared = model_find(w->input->desired, live);
	const struct object *known = model_find(w->input->recorded, live);

	if (known && object_is_unresolved(known))
		known = NULL;
	if (!check_recorded(w, live, known))
		return;
	if (known) {
		w->takeover->known++;
		forgets = known->forget_on_remove;
	} else {
		struct object *record = model_add_copy(&w->takeover->records, live);
		record->origin = ORIGIN_ADOPTED;
		record->prevent_destroy = declared && declared->prevent_destroy;
		record->forget_on_remove = declared ? declared->forget_on_remove : forgets;
	}
	if (!declared)
		enter(w, live, forgets);
}

/* The store that a secret is in, unless the file has it, and a place for the secret's entry. */
static void take_store_of(struct working *w, struct foreign_object *foreign,
	const struct object *store, const struct object *secret)
{
	const struct object *declared = model_find(w->input->desired, store);
	char *key = live_key(w, store->account, store->id, NULL);
	char *address AUTO_FREE = object_address(store);

	if (!table_put(&w->taken, key, foreign)) {
		if (!declared && !model_find(w->input->recorded, store)) {
			struct error *warning = add_warning(w);
			error_set(warning, "the store %s is not a resource of the file", address);
			error_hint(warning, "Its entry says `on_remove: forget`, so that cfprov "
					    "never destroys it.");
		}
		take(w, store, true);
	}
	char *entry = arena_format(&w->arena, "%s/%s", store->account, store->store);
	if (!declared || model_find(w->input->desired, secret) || table_get(w->entered, entry))
		return;
	struct error *warning = error_list_add(&w->takeover->warnings);
	error_set(warning, "store %s is already declared here, and can be declared only once",
		store->store);
	error_hint(warning, "Add the lines below `secrets:` to it.");
	error_at(warning, declared->place.file, declared->place.line, declared->place.column);
	enter(w, store, declared->forget_on_remove);
}

static const char *find_alias(const struct working *w, const char *account_id)
{
	const struct model *desired = w->input->desired;

	for (size_t i = 0; i < desired->account_count; i++)
		if (strcmp(desired->accounts[i].id, account_id) == 0)
			return desired->accounts[i].alias;
	return "";
}

static void take_foreign(struct working *w, struct foreign_object *foreign)
{
	const char *alias = find_alias(w, foreign->account_id);
	bool is_secret = foreign->kind == OBJECT_SECRET;
	char *key = live_key(w, alias, foreign->store_id, is_secret ? foreign->id : NULL);
	const struct object *live = table_get(w->live, key);
	const struct object *store =
		table_get(w->live, live_key(w, alias, foreign->store_id, NULL));
	struct str why CLEANUP(str_release) = {0};

	if (!live) {
		char *shown AUTO_FREE = text_visible(foreign->id, 80);
		error_set(add_warning(w),
			"%s skipped: there is no %s with the id %s in the account %s",
			foreign->address, object_kind_word(foreign->kind), shown,
			foreign->account_id);
		return;
	}
	const struct foreign_object *first = table_put(&w->taken, key, foreign);
	if (first) {
		error_set(add_warning(w), "%s skipped: it is the same object as %s",
			foreign->address, first->address);
		return;
	}
	bool is_unfit = export_is_unfit(w->input->live, live, &why);
	if (!is_unfit && is_secret && export_is_unfit(w->input->live, store, &why)) {
		str_text_add(&why, ", of its store");
		is_unfit = true;
	}
	if (is_unfit) {
		error_set(add_warning(w), "%s skipped, because a manifest can't hold it: %s",
			foreign->address, str_text(&why));
		return;
	}
	warn_changes(w, foreign, live);
	if (is_secret)
		take_store_of(w, foreign, store, live);
	take(w, live, false);
}

/* ---- all ---- */

static void finish(struct working *w)
{
	struct takeover *takeover = w->takeover;
	struct model *records = &takeover->records;

	for (size_t i = 0; i < w->input->desired->account_count; i++) {
		const struct account *account = &w->input->desired->accounts[i];
		struct error err CLEANUP(error_release) = {0};
		model_add_account_copy(&takeover->entries, account);
		if (!account_check(w->input->recorded, account, &err))
			error_move(error_list_add(w->errors), &err);
	}
	model_sort(&takeover->entries);
	model_sort(records);
	takeover->changes = mem_alloc(records->object_count * sizeof(*takeover->changes));
	for (size_t i = 0; i < records->object_count; i++)
		takeover->changes[i] = (struct change){CHANGE_PUT, &records->objects[i]};
	if (takeover->known || records->object_count || w->errors->count)
		return;
	struct error *err = error_list_add(w->errors);
	error_set(err, "nothing to take over: no object of the file can be managed");
	error_hint(err,
		"Check that it is the state of these accounts, and that CLOUDFLARE_BASE_URL "
		"is the right one.");
	error_at(err, w->input->foreign->path, 0, 0);
}

bool takeover_find(
	const struct takeover_input *input, struct takeover *takeover, struct error_list *errors)
{
	struct working w = {.input = input, .takeover = takeover, .errors = errors};
	const struct foreign *foreign = input->foreign;
	static const enum object_kind order[] = {OBJECT_STORE, OBJECT_SECRET};
	size_t before = errors->count;

	index_models(&w);
	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		for (size_t i = 0; i < foreign->count; i++)
			if (foreign->objects[i].kind == order[k])
				take_foreign(&w, &foreign->objects[i]);
	finish(&w);
	table_free(&w.live);
	table_free(&w.recorded);
	table_free(&w.taken);
	table_free(&w.entered);
	arena_release(&w.arena);
	return errors->count == before;
}

void takeover_release(struct takeover *takeover)
{
	model_release(&takeover->entries);
	model_release(&takeover->records);
	mem_free(takeover->changes);
	error_list_release(&takeover->warnings);
	*takeover = (struct takeover){0};
}
