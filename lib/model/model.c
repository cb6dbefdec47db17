#include "model/model.h"

#include "base/moment.h"
#include "base/text.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static const char *keep(struct model *model, const char *text)
{
	return text ? arena_text(&model->arena, text) : NULL;
}

struct account *model_add_account(struct model *model, const char *alias, const char *id)
{
	model->accounts = mem_room(model->accounts, model->account_count, &model->account_room,
		sizeof(*model->accounts));
	struct account *account = &model->accounts[model->account_count++];
	*account = (struct account){.alias = keep(model, alias), .id = keep(model, id)};
	return account;
}

/* Lends the text. Usually it is that of the object before: a store's secrets are added together. */
static const char *keep_or_share(struct model *model, const char *text, const char *before)
{
	return before && strcmp(before, text) == 0 ? before : keep(model, text);
}

void model_reserve(struct model *model, size_t count)
{
	size_t grown = model->object_room + model->object_room / 2;

	if (count <= model->object_room)
		return;
	model->object_room = count > grown ? count : grown;
	model->objects = mem_resize(model->objects, model->object_room * sizeof(*model->objects));
}

struct object *model_add_object(
	struct model *model, const char *account, const char *store, const char *secret)
{
	const struct object before =
		model->object_count ? model->objects[model->object_count - 1] : (struct object){0};

	model->objects = mem_room(
		model->objects, model->object_count, &model->object_room, sizeof(*model->objects));
	struct object *object = &model->objects[model->object_count++];
	*object = (struct object){
		.kind = secret ? OBJECT_SECRET : OBJECT_STORE,
		.account = keep_or_share(model, account, before.account),
		.store = keep_or_share(model, store, before.store),
		.secret = keep(model, secret),
	};
	return object;
}

struct move *model_add_move(struct model *model, const char *from, const char *to)
{
	model->moves =
		mem_room(model->moves, model->move_count, &model->move_room, sizeof(*model->moves));
	struct move *move = &model->moves[model->move_count++];
	*move = (struct move){.from = keep(model, from), .to = keep(model, to)};
	return move;
}

struct removal *model_add_removal(struct model *model, const char *from)
{
	model->removals = mem_room(model->removals, model->removal_count, &model->removal_room,
		sizeof(*model->removals));
	struct removal *removal = &model->removals[model->removal_count++];
	*removal = (struct removal){.from = keep(model, from), .destroys = true};
	return removal;
}

static void keep_text(struct arena *arena, const char **text)
{
	if (*text)
		*text = arena_text(arena, *text);
}

static const char *const *copy_texts(struct arena *arena, const char *const *texts)
{
	size_t count = 0;

	if (!texts)
		return NULL;
	while (texts[count])
		count++;
	const char **copies = arena_alloc(arena, (count + 1) * sizeof(*copies));
	for (size_t i = 0; i < count; i++)
		copies[i] = arena_text(arena, texts[i]);
	return copies;
}

static struct value_source copy_source(struct arena *arena, const struct value_source *source)
{
	struct value_source copy = *source;

	keep_text(arena, &copy.name);
	keep_text(arena, &copy.key);
	keep_text(arena, &copy.folder);
	keep_text(arena, &copy.pointer);
	keep_text(arena, &copy.place.file);
	copy.argv = copy_texts(arena, source->argv);
	copy.env = copy_texts(arena, source->env);
	return copy;
}

/* An object's texts, without the address. */
static const size_t texts[] = {
	offsetof(struct object, id),
	offsetof(struct object, created),
	offsetof(struct object, modified),
	offsetof(struct object, scopes),
	offsetof(struct object, comment),
	offsetof(struct object, status),
	offsetof(struct object, sent_scopes),
	offsetof(struct object, sent_comment),
	offsetof(struct object, seen_modified),
	offsetof(struct object, fingerprint),
	offsetof(struct object, former),
};

static const char **text_at(const struct object *object, size_t at)
{
	return (const char **)(void *)((char *)(uintptr_t)object + at);
}

static void keep_fields(struct arena *arena, struct object *object)
{
	bool is_as_created = object->created && object->modified &&
			     strcmp(object->created, object->modified) == 0;

	if (is_as_created)
		object->modified = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		keep_text(arena, text_at(object, texts[i]));
	if (is_as_created)
		object->modified = object->created;
	if (object->audit) {
		struct audit *audit = arena_alloc(arena, sizeof(*audit));
		*audit = *object->audit;
		keep_text(arena, &audit->time);
		keep_text(arena, &audit->who);
		keep_text(arena, &audit->person);
		object->audit = audit;
	}
	keep_text(arena, &object->place.file);
	if (object->value) {
		struct value_source *value = arena_alloc(arena, sizeof(*value));
		*value = copy_source(arena, object->value);
		object->value = value;
	}
	if (object->replaced) {
		struct object *replaced = arena_alloc(arena, sizeof(*replaced));
		*replaced = *object->replaced;
		keep_fields(arena, replaced);
		object->replaced = replaced;
	}
}

void object_keep(struct arena *arena, struct object *object)
{
	keep_text(arena, &object->account);
	keep_text(arena, &object->store);
	keep_text(arena, &object->secret);
	keep_fields(arena, object);
}

struct object *model_add_copy(struct model *model, const struct object *object)
{
	struct object *copy =
		model_add_object(model, object->account, object->store, object->secret);
	const char *account = copy->account, *store = copy->store, *secret = copy->secret;

	*copy = *object;
	copy->account = account;
	copy->store = store;
	copy->secret = secret;
	keep_fields(&model->arena, copy);
	return copy;
}

void model_take_objects(struct model *model, struct model *other)
{
	enum { FEW = 10 }; /* texts that don't fill the smallest chunk of an arena are copied */
	size_t count = other->object_count;

	for (size_t i = 0; i < count && count < FEW; i++)
		model_add_copy(model, &other->objects[i]);
	if (count >= FEW) {
		arena_join(&model->arena, &other->arena);
		if (!model->object_count) {
			mem_free(model->objects);
			model->objects = mem_steal(&other->objects);
			model->object_room = other->object_room;
		} else {
			model_reserve(model, model->object_count + count);
			memcpy(&model->objects[model->object_count], other->objects,
				count * sizeof(*model->objects));
		}
		model->object_count += count;
	}
	model_release(other);
}

struct account *model_add_account_copy(struct model *model, const struct account *account)
{
	struct account *copy = model_add_account(model, account->alias, account->id);

	copy->token = copy_source(&model->arena, &account->token);
	copy->place = account->place;
	copy->place.file = keep(model, account->place.file);
	return copy;
}

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

int object_compare(const struct object *a, const struct object *b)
{
	int order = compare_text(a->account, b->account);

	if (order == 0)
		order = compare_text(a->store, b->store);
	return order ? order : compare_text(a->secret, b->secret);
}

bool object_shares_store(const struct object *a, const struct object *b)
{
	return strcmp(a->account, b->account) == 0 && strcmp(a->store, b->store) == 0;
}

static int compare_accounts(const void *a, const void *b)
{
	return strcmp(((const struct account *)a)->alias, ((const struct account *)b)->alias);
}

/* Duplicates, which are an error to be reported, have a fixed order, too. */
static int compare_to_sort(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	int order = object_compare(x, y);

	if (order == 0)
		order = compare_text(x->id, y->id);
	if (order == 0)
		order = (x->place.line > y->place.line) - (x->place.line < y->place.line);
	return order;
}

static int compare_removals(const void *a, const void *b)
{
	const struct removal *x = a, *y = b;

	return strcmp(x->from, y->from);
}

/* What comes from a state is sorted, and so is most of what a person wrote. */
static bool is_sorted(const struct model *model)
{
	size_t i = 1;

	while (i < model->object_count &&
		compare_to_sort(&model->objects[i - 1], &model->objects[i]) <= 0)
		i++;
	return i >= model->object_count;
}

void model_sort(struct model *model)
{
	if (model->removal_count)
		qsort(model->removals, model->removal_count, sizeof(*model->removals),
			compare_removals);
	if (!is_sorted(model))
		qsort(model->objects, model->object_count, sizeof(*model->objects),
			compare_to_sort);
	if (model->account_count)
		qsort(model->accounts, model->account_count, sizeof(*model->accounts),
			compare_accounts);
}

const struct account *model_account(const struct model *model, const char *alias)
{
	struct account wanted = {.alias = alias};

	if (!model->account_count)
		return NULL;
	return bsearch(
		&wanted, model->accounts, model->account_count, sizeof(wanted), compare_accounts);
}

const struct removal *model_removal(const struct model *model, const char *from)
{
	struct removal wanted = {.from = from};

	if (!model->removal_count)
		return NULL;
	return bsearch(
		&wanted, model->removals, model->removal_count, sizeof(wanted), compare_removals);
}

/* The index of the first object that is not before `wanted`. */
static size_t lower_bound(const struct model *model, const struct object *wanted)
{
	size_t low = 0, high = model->object_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (object_compare(&model->objects[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct object *model_find(const struct model *model, const struct object *like)
{
	size_t at = lower_bound(model, like);

	return at < model->object_count && object_compare(&model->objects[at], like) == 0
		       ? &model->objects[at]
		       : NULL;
}

const struct object *model_object(
	const struct model *model, const char *account, const char *store, const char *secret)
{
	return model_find(
		model, &(struct object){.account = account, .store = store, .secret = secret});
}

struct objects model_doubles(const struct model *model, const struct object *like)
{
	size_t at = lower_bound(model, like), end = at;

	while (end < model->object_count && object_compare(&model->objects[end], like) == 0)
		end++;
	return end > at ? (struct objects){&model->objects[at], end - at} : (struct objects){0};
}

struct objects model_inside(const struct model *model, const struct object *like)
{
	/* No name is empty, so an empty one comes before all secrets. */
	const struct object first = {.account = like->account, .store = like->store, .secret = ""};
	size_t at = lower_bound(model, &first), end = at;

	while (end < model->object_count && object_shares_store(&model->objects[end], like))
		end++;
	return end > at ? (struct objects){&model->objects[at], end - at} : (struct objects){0};
}

struct objects model_in_account(const struct model *model, const char *alias)
{
	size_t at = lower_bound(model, &(struct object){.account = alias}), end = at;

	while (end < model->object_count && strcmp(model->objects[end].account, alias) == 0)
		end++;
	return end > at ? (struct objects){&model->objects[at], end - at} : (struct objects){0};
}

const struct object *model_first_in(const struct model *model, const char *alias)
{
	return model_in_account(model, alias).items;
}

void model_add_aliases(struct str *out, const struct model *model)
{
	enum { AT_MOST = 5 };
	size_t count = model->account_count;

	for (size_t i = 0; i < count && i < AT_MOST; i++) {
		const char *alias = model->accounts[i].alias;
		struct str name CLEANUP(str_release) = {0};
		str_char(&name, '`');
		text_add_visible(&name, alias, strlen(alias), 80);
		str_char(&name, '`');
		text_add_listed(out, str_text(&name), i, count, AT_MOST);
	}
}

void object_add_address(struct str *out, const struct object *object)
{
	const char *const parts[] = {object->account, object->store, object->secret};

	for (size_t i = 0; i < ARRAY_SIZE(parts) && parts[i]; i++) {
		str_text_add(out, i ? "/" : "");
		str_text_add(out, parts[i]);
	}
}

/* If the text starts with the part and a slash, lends what follows; else NULL. */
static const char *skip_part(const char *text, const char *part)
{
	size_t length = strlen(part);

	return strncmp(text, part, length) == 0 && text[length] == '/' ? text + length + 1 : NULL;
}

/* True if this is the address of the object, its store or its account. */
static bool is_in_address(const struct object *object, const char *address)
{
	const char *rest = skip_part(address, object->account);

	if (!rest)
		return strcmp(address, object->account) == 0;
	if (strcmp(rest, object->store) == 0)
		return true;
	rest = object->secret ? skip_part(rest, object->store) : NULL;
	return rest && strcmp(rest, object->secret) == 0;
}

bool object_matches(const struct object *object, const char *pattern)
{
	if (!strpbrk(pattern, "*?[\\")) /* there may be thousands of plain addresses */
		return is_in_address(object, pattern);
	char *address AUTO_FREE = object_address(object);
	char *end;

	for (;;) {
		if (fnmatch(pattern, address, FNM_PATHNAME) == 0)
			return true;
		end = strrchr(address, '/');
		if (!end)
			return false;
		*end = '\0';
	}
}

char *object_address(const struct object *object)
{
	struct str address = {0};

	object_add_address(&address, object);
	return str_steal(&address);
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

unsigned object_differences(const struct object *a, const struct object *b)
{
	unsigned fields = 0;

	if (a->kind != OBJECT_SECRET)
		return 0;
	if (!is_same_text(a->scopes, b->scopes))
		fields |= FIELD_SCOPES;
	if (!is_same_text(a->comment, b->comment))
		fields |= FIELD_COMMENT;
	if (moment_is_other(a->modified, b->modified))
		fields |= FIELD_VALUE;
	return fields;
}

bool object_is_same(const struct object *a, const struct object *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *x = *text_at(a, texts[i]), *y = *text_at(b, texts[i]);
		/* No comment and an empty one are the same; no other text is like that. */
		bool is_same = texts[i] == offsetof(struct object, comment)
				       ? is_same_text(x, y)
				       : compare_text(x, y) == 0;
		if (!is_same)
			return false;
	}
	return a->origin == b->origin && a->version == b->version && a->replaced == b->replaced &&
	       a->doubt == b->doubt && a->requested_ms == b->requested_ms &&
	       a->prevent_destroy == b->prevent_destroy &&
	       a->forget_on_remove == b->forget_on_remove;
}

unsigned object_to_write(
	const struct object *desired, const struct object *recorded, const struct object *live)
{
	unsigned fields = object_differences(desired, live) & (FIELD_SCOPES | FIELD_COMMENT);

	if (!recorded)
		return fields;
	if (recorded->sent_scopes && is_same_text(recorded->sent_scopes, desired->scopes) &&
		is_same_text(recorded->scopes, live->scopes))
		fields &= ~(unsigned)FIELD_SCOPES;
	if (recorded->sent_comment && is_same_text(recorded->sent_comment, desired->comment) &&
		is_same_text(recorded->comment, live->comment))
		fields &= ~(unsigned)FIELD_COMMENT;
	return fields;
}

bool object_lags(const struct object *known, const struct object *seen)
{
	return known->kind == OBJECT_SECRET &&
	       moment_compare(seen->modified,
		       known->seen_modified ? known->seen_modified : known->modified) ==
		       MOMENT_EARLIER;
}

bool object_became_ready(const struct object *recorded, const struct object *live)
{
	return recorded->status && live->status && strcmp(recorded->status, "active") != 0 &&
	       strcmp(recorded->status, live->status) != 0 && !object_lags(recorded, live);
}

unsigned object_drift(const struct object *recorded, const struct object *live)
{
	unsigned fields = object_lags(recorded, live) ? 0 : object_differences(recorded, live);
	bool is_kept = live->audit && live->audit->value == AUDIT_KEPT;
	bool is_ready = object_became_ready(recorded, live) && !object_has_foreign_value(recorded);

	return is_kept || is_ready ? fields & ~(unsigned)FIELD_VALUE : fields;
}

bool model_has_scope(const char *scopes_or_null, const char *scope)
{
	size_t length = strlen(scope);

	for (const char *at = scopes_or_null; at && *at; at += *at == ',') {
		size_t next = strcspn(at, ",");
		if (next == length && strncmp(at, scope, length) == 0)
			return true;
		at += next;
	}
	return false;
}

const char *audit_value_word(enum audit_value value)
{
	static const char *const words[] = {
		[AUDIT_UNSURE] = "unknown",
		[AUDIT_KEPT] = "unchanged",
		[AUDIT_CHANGED] = "changed",
	};

	return words[value];
}

void audit_add_words(struct str *out, const struct audit *audit, bool names_person)
{
	static const char *const words[] = {
		[AUDIT_UNSURE] = "the value may have changed",
		[AUDIT_KEPT] = "value not changed",
		[AUDIT_CHANGED] = "value changed",
	};

	str_format(out, "modified by %s at ",
		names_person && audit->person ? audit->person : audit->who);
	moment_add_visible(out, audit->time);
	str_format(out, " (%s)", words[audit->value]);
}

static int compare_scopes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *model_scopes(struct arena *arena, const char *const *items, size_t count)
{
	const char **sorted AUTO_FREE = mem_alloc(count * sizeof(*sorted));
	struct str text CLEANUP(str_release) = {0};

	if (count) {
		memcpy((void *)sorted, (const void *)items, count * sizeof(*sorted));
		qsort((void *)sorted, count, sizeof(*sorted), compare_scopes);
	}
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
			str_format(&text, "%s%s", i ? "," : "", sorted[i]);
	return arena_text(arena, str_text(&text));
}

const char *object_kind_word(enum object_kind kind)
{
	return kind == OBJECT_STORE ? "store" : "secret";
}

void model_release(struct model *model)
{
	arena_release(&model->arena);
	mem_free(model->accounts);
	mem_free(model->objects);
	mem_free(model->moves);
	mem_free(model->removals);
	*model = (struct model){0};
}
