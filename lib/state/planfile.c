#include "state/planfile.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"
#include "base/version.h"
#include "state/objects.h"

#include <string.h>

static const char magic[] = "cfprov-plan ";

/* ---- the words, both ways ---- */

static const char *const on_drift_words[] = {
	[ON_DRIFT_REWRITE] = "rewrite", [ON_DRIFT_WARN] = "warn", [ON_DRIFT_IGNORE] = "ignore"};
static const char *const verdict_words[] = {
	[VALUE_NOT_COMPARED] = "not compared",
	[VALUE_SAME] = "same",
	[VALUE_CHANGED] = "changed",
	[VALUE_UNVERIFIABLE] = "unverifiable",
};

/* The index of the word; `count`: it is none of them. */
static size_t index_of(const char *const *words, size_t count, const char *word)
{
	size_t i = 0;

	while (i < count && (!word || strcmp(words[i], word) != 0))
		i++;
	return i;
}

static const struct {
	const char *key;
	size_t at; /* in struct plan_options */
} switches[] =
	{
		{"adopt", offsetof(struct plan_options, adopt_all)},
		{"destroy", offsetof(struct plan_options, destroys_all)},
		{"refresh_only", offsetof(struct plan_options, refresh_only)},
		{"partial", offsetof(struct plan_options, is_partial)},
},
  lists[] = {
	  {"targets", offsetof(struct plan_options, targets)},
	  {"excludes", offsetof(struct plan_options, excludes)},
	  {"replaces", offsetof(struct plan_options, replaces)},
};

/* ---- writing ---- */

/* Of what is desired: where its value comes from, and how that compares. */
static void encode_wish(struct json_writer *w, const struct object *object)
{
	objects_encode_source(w, "value", object->value);
	if (object->is_written_once)
		json_put_bool(w, "if_absent", true);
	if (object->keeps_no_fingerprint)
		json_put_bool(w, "keeps_no_fingerprint", true);
	json_put_text(w, "on_drift", on_drift_words[object->on_drift]);
	json_put_text(w, "verdict", verdict_words[object->verdict]);
}

/* Without the person's address: plans are kept. */
static void encode_audit(struct json_writer *w, const struct audit *audit)
{
	json_begin_object(w, "audit");
	json_put_text(w, "value", audit_value_word(audit->value));
	json_put_text(w, "time", audit->time);
	json_put_text(w, "who", audit->who);
	json_end(w);
}

static void encode_model(
	struct json_writer *w, const char *key, const struct model *model, bool is_recorded)
{
	json_begin_object(w, key);
	json_begin_array(w, "accounts");
	for (size_t i = 0; i < model->account_count; i++) {
		const struct account *account = &model->accounts[i];
		json_begin_object(w, NULL);
		json_put_text(w, "alias", account->alias);
		json_put_text(w, "id", account->id);
		objects_encode_source(w, "token", &account->token);
		json_end(w);
	}
	json_end(w);
	json_begin_array(w, "objects");
	for (size_t i = 0; i < model->object_count; i++) {
		const struct object *object = &model->objects[i];
		json_begin_object(w, NULL);
		objects_encode_address(w, object);
		json_begin_object(w, "fields");
		if (is_recorded)
			objects_encode_recorded(w, object);
		else
			objects_encode(w, object);
		json_end(w);
		if (object->may_adopt)
			json_put_bool(w, "adopt", true);
		if (object->value)
			encode_wish(w, object);
		if (object->audit)
			encode_audit(w, object->audit);
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static void encode_moves(struct json_writer *w, const struct planfile *planfile)
{
	const struct model *desired = &planfile->desired;

	json_begin_array(w, "moves");
	for (size_t i = 0; i < desired->move_count; i++) {
		json_begin_object(w, NULL);
		json_put_text(w, "from", desired->moves[i].from);
		json_put_text(w, "to", desired->moves[i].to);
		json_end(w);
	}
	json_end(w);
	json_begin_array(w, "removals");
	for (size_t i = 0; i < desired->removal_count; i++) {
		json_begin_object(w, NULL);
		json_put_text(w, "from", desired->removals[i].from);
		json_put_bool(w, "destroy", desired->removals[i].destroys);
		json_end(w);
	}
	json_end(w);
	json_begin_array(w, "moved");
	for (size_t i = 0; i < planfile->move_count; i++) {
		json_begin_object(w, NULL);
		objects_encode_address(w, planfile->moves[i].object);
		json_put_text(w, "from", planfile->moves[i].from);
		json_end(w);
	}
	json_end(w);
}

static void encode_options(struct json_writer *w, const struct plan_options *options)
{
	const char *base = (const char *)options;

	json_begin_object(w, "options");
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		json_put_bool(
			w, switches[i].key, *(const bool *)(const void *)(base + switches[i].at));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct patterns *patterns = (const void *)(base + lists[i].at);
		json_begin_array(w, lists[i].key);
		for (size_t k = 0; k < patterns->count; k++)
			json_put_text(w, NULL, patterns->items[k]);
		json_end(w);
	}
	json_end(w);
}

static void make_digest(const struct plan *plan, char digest[CRYPT_CHECKSUM_SIZE])
{
	struct str text CLEANUP(str_release) = {0};

	plan_add_digest(&text, plan);
	crypt_checksum(str_text(&text), text.length, digest);
}

void planfile_encode(const struct planfile *planfile, const struct plan *plan, struct str *out)
{
	struct str json CLEANUP(str_release) = {0};
	struct json_writer writer = json_writer(&json, 0), *w = &writer;
	char checksum[CRYPT_CHECKSUM_SIZE];

	json_begin_object(w, NULL);
	json_put_integer(w, "version", PLANFILE_VERSION);
	json_put_text(w, "cfprov_version", cfprov_version());
	make_digest(plan, checksum);
	json_put_text(w, "rows", checksum);
	json_put_text(w, "state", planfile->state_path);
	json_put_bool(w, "partial", planfile->is_partial);
	json_put_text(w, "lineage", planfile->lineage);
	json_put_text(w, "born_as", planfile->born_as);
	json_put_integer(w, "serial", planfile->serial);
	objects_encode_source(w, "fingerprint_key", &planfile->desired.fingerprint_key);
	encode_options(w, &planfile->options);
	encode_model(w, "desired", &planfile->desired, false);
	encode_model(w, "recorded", &planfile->recorded, true);
	encode_model(w, "live", &planfile->live, false);
	encode_moves(w, planfile);
	json_end(w);
	crypt_checksum(json.bytes, json.length, checksum);
	str_format(out, "%s%s\n", magic, checksum);
	str_add(out, json.bytes, json.length);
	str_char(out, '\n');
}

/* ---- reading ---- */

enum side { SIDE_DESIRED, SIDE_RECORDED, SIDE_LIVE };

struct decoding {
	struct planfile *planfile;
	struct model *model; /* that is being read */
	enum side side;
	struct error *err;
};

static bool malformed(struct decoding *d, const char *what)
{
	return error_set(d->err, "%s is not as this cfprov writes it", what);
}

static const char *keep(struct decoding *d, const char *text)
{
	return text ? arena_text(&d->planfile->arena, text) : NULL;
}

static bool decode_list(struct decoding *d, const struct json *root, const char *key,
	bool (*decode)(struct decoding *d, const struct json *json))
{
	const struct json *list = json_get(root, key);

	if (!json_is_array(list))
		return malformed(d, key);
	for (const struct json *it = json_first(list); it; it = json_next(it))
		if (!decode(d, it))
			return false;
	return true;
}

static bool decode_account(struct decoding *d, const struct json *json)
{
	const char *alias = json_get_text(json, "alias"), *id = json_get_text(json, "id");

	if (!objects_is_name(alias) || !id || !objects_is_id(id))
		return malformed(d, "an account");
	struct account *account = model_add_account(d->model, alias, id);
	return objects_decode_source(json_get(json, "token"), &d->model->arena, &account->token) ||
	       malformed(d, "where a token comes from");
}

static bool decode_audit(struct decoding *d, const struct json *json, struct object *object)
{
	struct audit *audit = arena_alloc(&d->model->arena, sizeof(*audit));

	if (!json)
		return true;
	audit->time = keep(d, json_get_text(json, "time"));
	audit->who = keep(d, json_get_text(json, "who"));
	object->audit = audit;
	return (audit->time && audit->who &&
		       audit_value_read(json_get_text(json, "value"), &audit->value)) ||
	       malformed(d, "what the audit log says");
}

static bool decode_wish(struct decoding *d, const struct json *json, struct object *object)
{
	struct value_source *value = arena_alloc(&d->model->arena, sizeof(*value));
	size_t on_drift = index_of(
		on_drift_words, ARRAY_SIZE(on_drift_words), json_get_text(json, "on_drift"));
	size_t verdict =
		index_of(verdict_words, ARRAY_SIZE(verdict_words), json_get_text(json, "verdict"));

	object->may_adopt = json_is_true(json_get(json, "adopt"));
	if (object->kind == OBJECT_STORE)
		return true;
	if (!objects_decode_source(json_get(json, "value"), &d->model->arena, value) ||
		value->kind == VALUE_NONE)
		return malformed(d, "where a value comes from");
	if (on_drift == ARRAY_SIZE(on_drift_words) || verdict == ARRAY_SIZE(verdict_words))
		return malformed(d, "what a secret is compared with");
	object->value = value;
	object->is_written_once = json_is_true(json_get(json, "if_absent"));
	object->keeps_no_fingerprint = json_is_true(json_get(json, "keeps_no_fingerprint"));
	object->on_drift = (enum on_drift)on_drift;
	object->verdict = (enum value_verdict)verdict;
	return true;
}

static bool decode_object(struct decoding *d, const struct json *json)
{
	struct arena *arena = &d->model->arena;
	const struct json *fields = json_get(json, "fields");
	struct object address;

	if (!objects_decode_address(json, arena, &address))
		return malformed(d, "an address");
	struct object *object =
		model_add_object(d->model, address.account, address.store, address.secret);
	if (!(d->side == SIDE_RECORDED
			    ? objects_decode_recorded(fields, NULL, arena, object, d->err)
			    : objects_decode(fields, NULL, arena, object, d->err)))
		return objects_refuse(object, d->err);
	if (d->side == SIDE_DESIRED)
		return decode_wish(d, json, object);
	if (d->side == SIDE_LIVE && !object->id)
		return malformed(d, "a live object");
	return decode_audit(d, json_get(json, "audit"), object);
}

/* Two of one alias or id would give a journal that nobody can read. Sorted. */
static bool has_account_twice(const struct model *model)
{
	struct table *ids = NULL;
	bool is_twice = false;

	for (size_t i = 0; i < model->account_count; i++) {
		struct account *account = &model->accounts[i];
		is_twice |= table_put(&ids, account->id, account) != NULL ||
			    (i > 0 && strcmp(account->alias, account[-1].alias) == 0);
	}
	table_free(&ids);
	return is_twice;
}

static bool decode_model(struct decoding *d, const struct json *root, const char *key,
	enum side side, struct model *model)
{
	const struct json *json = json_get(root, key);

	d->side = side;
	d->model = model;
	if (!decode_list(d, json, "accounts", decode_account) ||
		!decode_list(d, json, "objects", decode_object))
		return false;
	model_sort(model);
	if (has_account_twice(model))
		return malformed(d, key);
	for (size_t i = 0; i < model->object_count; i++)
		if (!model_account(model, model->objects[i].account))
			return malformed(d, key);
	return true;
}

static bool decode_move(struct decoding *d, const struct json *json)
{
	const char *from = json_get_text(json, "from"), *to = json_get_text(json, "to");

	/* Of addresses, both or none has a slash: see plan/renames. */
	if (!from || !to || !strchr(from, '/') != !strchr(to, '/'))
		return malformed(d, "a move");
	model_add_move(&d->planfile->desired, from, to);
	return true;
}

static bool decode_removal(struct decoding *d, const struct json *json)
{
	const char *from = json_get_text(json, "from");

	if (!from)
		return malformed(d, "a removal");
	model_add_removal(&d->planfile->desired, from)->destroys =
		json_is_true(json_get(json, "destroy"));
	return true;
}

static bool decode_moved(struct decoding *d, const struct json *list)
{
	size_t count = json_count(list), index = 0;
	struct moved *moves = arena_alloc(&d->planfile->arena, count * sizeof(*moves));
	struct object *objects = arena_alloc(&d->planfile->arena, count * sizeof(*objects));

	for (const struct json *it = json_first(list); it; it = json_next(it), index++) {
		moves[index] = (struct moved){keep(d, json_get_text(it, "from")), &objects[index]};
		if (!moves[index].from ||
			!objects_decode_address(it, &d->planfile->arena, &objects[index]) ||
			(index && object_compare(&objects[index - 1], &objects[index]) >= 0))
			return malformed(d, "what was moved");
	}
	d->planfile->moves = moves;
	d->planfile->move_count = count;
	return true;
}

static bool decode_options(struct decoding *d, const struct json *json)
{
	char *base = (char *)&d->planfile->options;

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		*(bool *)(void *)(base + switches[i].at) =
			json_is_true(json_get(json, switches[i].key));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct json *list = json_get(json, lists[i].key);
		struct patterns *patterns = (void *)(base + lists[i].at);
		const char **items =
			arena_alloc(&d->planfile->arena, json_count(list) * sizeof(*items));
		for (const struct json *it = json_first(list); it; it = json_next(it))
			if (!(items[patterns->count++] = keep(d, json_text(it))))
				return malformed(d, "an option");
		patterns->items = items;
	}
	return true;
}

static bool is_lineage_or_none(const char *text)
{
	return text && (!*text || state_is_lineage(text));
}

static bool decode_head(struct decoding *d, const struct json *root)
{
	struct planfile *planfile = d->planfile;
	const char *by = json_get_text(root, "cfprov_version");
	const char *rows = json_get_text(root, "rows");
	int64_t version;

	if (!json_integer(json_get(root, "version"), &version) || !by || !rows)
		return malformed(d, "its head");
	if (version != PLANFILE_VERSION || strcmp(by, cfprov_version()) != 0) {
		struct str shown CLEANUP(str_release) = {0};
		text_add_visible(&shown, by, strlen(by), 20);
		error_set(d->err, "the plan was made by cfprov %s; this is cfprov %s",
			str_text(&shown), cfprov_version());
		return error_hint(
			d->err, "Apply it with the cfprov that made it, or make it anew.");
	}
	planfile->state_path = keep(d, json_get_text(root, "state"));
	planfile->lineage = keep(d, json_get_text(root, "lineage"));
	planfile->born_as = keep(d, json_get_text(root, "born_as"));
	planfile->is_partial = json_is_true(json_get(root, "partial"));
	if (!planfile->state_path || !is_lineage_or_none(planfile->lineage) ||
		!is_lineage_or_none(planfile->born_as) || strlen(rows) != CRYPT_CHECKSUM_SIZE - 1 ||
		!json_integer(json_get(root, "serial"), &planfile->serial) ||
		!objects_decode_source(json_get(root, "fingerprint_key"), &planfile->desired.arena,
			&planfile->desired.fingerprint_key))
		return malformed(d, "its head");
	memcpy(planfile->digest, rows, CRYPT_CHECKSUM_SIZE);
	return decode_options(d, json_get(root, "options"));
}

static bool decode_root(struct decoding *d, const struct json *root)
{
	struct planfile *planfile = d->planfile;

	/* The moves come before the model that they belong to is sorted. */
	return decode_head(d, root) && decode_list(d, root, "moves", decode_move) &&
	       decode_list(d, root, "removals", decode_removal) &&
	       decode_model(d, root, "desired", SIDE_DESIRED, &planfile->desired) &&
	       decode_model(d, root, "recorded", SIDE_RECORDED, &planfile->recorded) &&
	       decode_model(d, root, "live", SIDE_LIVE, &planfile->live) &&
	       decode_moved(d, json_get(root, "moved"));
}

/* Gives the offset of the JSON; 0: the first line is not ours, or the rest is not what it was. */
static size_t check_whole(const struct str *bytes, struct error *err)
{
	const size_t head = sizeof(magic) - 1 + CRYPT_CHECKSUM_SIZE;
	char checksum[CRYPT_CHECKSUM_SIZE];

	if (bytes->length < sizeof(magic) || memcmp(bytes->bytes, magic, sizeof(magic) - 1) != 0) {
		error_set(err, "not a plan of cfprov");
		error_hint(err, "Plans are written by cfprov plan -out=FILE.");
		return 0;
	}
	if (bytes->length > head && bytes->bytes[head - 1] == '\n' &&
		bytes->bytes[bytes->length - 1] == '\n') {
		crypt_checksum(bytes->bytes + head, bytes->length - head - 1, checksum);
		if (memcmp(bytes->bytes + sizeof(magic) - 1, checksum, sizeof(checksum) - 1) == 0)
			return head;
	}
	error_set(err, "the plan was changed or cut short after it was written");
	error_hint(err, "Make it anew: cfprov plan -out=FILE.");
	return 0;
}

bool planfile_decode(
	const char *file, const struct str *bytes, struct planfile *ret_planfile, struct error *err)
{
	struct planfile planfile = {0};
	struct decoding d = {.planfile = &planfile, .err = err};
	size_t at = check_whole(bytes, err);
	struct json *json CLEANUP(json_free_pointer) =
		at ? json_parse(bytes->bytes + at, bytes->length - at, err) : NULL;

	if (json && decode_root(&d, json)) {
		*ret_planfile = planfile;
		return true;
	}
	planfile_release(&planfile);
	return error_at(err, file, 0, 0);
}

/* ---- does it still fit ---- */

bool planfile_check_digest(
	const struct planfile *planfile, const struct plan *plan, struct error *err)
{
	char digest[CRYPT_CHECKSUM_SIZE];

	make_digest(plan, digest);
	if (memcmp(digest, planfile->digest, sizeof(digest)) == 0)
		return true;
	error_set(err, "the saved plan does not follow from what it was made from");
	return error_hint(err, "The file was changed by hand. Make a new plan.");
}

bool planfile_check_state(
	const struct planfile *planfile, const char *lineage, int64_t serial, struct error *err)
{
	static const char elsewhere[] = "Is this the right folder, or should -state name another "
					"file? Else make a new plan.";
	bool was_born = planfile->lineage[0] != '\0', is_born = lineage[0] != '\0';

	if (was_born && !is_born) {
		error_set(err, "the plan was made for a state that is not there");
		return error_hint(err, "%s", elsewhere);
	}
	if (!was_born && is_born) {
		error_set(err, "the state was empty when the plan was made, and is not any more");
		return error_hint(err, "It may have been applied already. Make a new plan.");
	}
	if (strcmp(planfile->lineage, lineage) != 0) {
		error_set(err, "the plan was made for another state (lineage %s, not %s)",
			planfile->lineage, lineage);
		return error_hint(err, "%s", elsewhere);
	}
	if (planfile->serial == serial)
		return true;
	error_set(err, "the state has moved on since the plan was made (serial %lld, now %lld)",
		(long long)planfile->serial, (long long)serial);
	return error_hint(err, "%s Make a new plan.",
		serial < planfile->serial ? "It was put back to an older one."
					  : "It may have been applied already.");
}

void planfile_release(struct planfile *planfile)
{
	model_release(&planfile->desired);
	model_release(&planfile->recorded);
	model_release(&planfile->live);
	arena_release(&planfile->arena);
	*planfile = (struct planfile){0};
}
