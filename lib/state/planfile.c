#include "state/planfile.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"
#include "base/version.h"
#include "state/objects.h"

#include <string.h>

static const char magic[] = "cfprov-plan ";

/* ---- writing ---- */

static void encode_model(
	struct json_writer *w, const char *key, const struct model *model, enum objects_form form)
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
		json_begin_object(w, NULL);
		objects_encode_address(w, &model->objects[i]);
		json_begin_object(w, "fields");
		objects_encode(w, &model->objects[i], form);
		json_end(w);
		objects_encode_plan(w, &model->objects[i], form);
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static void encode_bindings(struct json_writer *w, const struct planfile *planfile)
{
	json_begin_array(w, "bindings");
	for (size_t i = 0; i < planfile->binding_count; i++) {
		const struct worker_binding *it = &planfile->bindings[i];
		json_begin_object(w, NULL);
		json_put_text(w, "name", it->name);
		json_put_text(w, "environment", it->environment);
		json_put_text(w, "store", it->store_id);
		json_put_text(w, "secret", it->secret);
		json_put_text(w, "file", it->place.file);
		json_put_integer(w, "line", (int64_t)it->place.line);
		json_put_integer(w, "column", (int64_t)it->place.column);
		json_end(w);
	}
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

static void encode_patterns(struct json_writer *w, const char *key, const struct patterns *patterns)
{
	json_begin_array(w, key);
	for (size_t i = 0; i < patterns->count; i++)
		json_put_text(w, NULL, patterns->items[i]);
	json_end(w);
}

static void make_digest(const struct plan *plan, char digest[CRYPT_CHECKSUM_SIZE])
{
	struct str text CLEANUP(str_release) = {0};

	plan_add_digest(&text, plan);
	crypt_checksum(str_text(&text), text.length, digest);
}

void planfile_encode(const struct planfile *planfile, const struct plan *plan,
	const struct key *key, struct str *out)
{
	struct str json CLEANUP(str_release) = {0};
	struct json_writer writer = json_file_writer(&json, 0), *w = &writer;
	const struct plan_options *options = &planfile->options;
	char checksum[CRYPT_CHECKSUM_SIZE];

	json_begin_object(w, NULL);
	json_put_integer(w, "version", PLANFILE_VERSION);
	json_put_text(w, "cfprov_version", cfprov_version());
	make_digest(plan, checksum);
	json_put_text(w, "rows", checksum);
	json_put_text(w, "state", planfile->state_path);
	json_put_bool(w, "partial", planfile->is_partial);
	json_begin_array(w, "parts");
	for (size_t i = 0; i < planfile->part_count; i++) {
		const struct planfile_part *part = &planfile->parts[i];
		json_begin_object(w, NULL);
		json_put_text(w, "account", part->account_id);
		json_put_text(w, "lineage", part->lineage);
		json_put_text(w, "born_as", part->new_lineage);
		json_put_integer(w, "serial", part->serial);
		json_end(w);
	}
	json_end(w);
	json_begin_object(w, "options");
	json_put_bool(w, "adopt", options->adopt_all);
	json_put_bool(w, "destroy", options->destroys_all);
	json_put_bool(w, "refresh_only", options->refresh_only);
	json_put_bool(w, "partial", options->is_partial);
	encode_patterns(w, "targets", &options->targets);
	encode_patterns(w, "excludes", &options->excludes);
	encode_patterns(w, "replaces", &options->replaces);
	json_end(w);
	encode_model(w, "desired", &planfile->desired, OBJECTS_DESIRED);
	encode_model(w, "recorded", &planfile->recorded, OBJECTS_RECORDED);
	encode_model(w, "live", &planfile->live, OBJECTS_LIVE);
	encode_moves(w, planfile);
	encode_bindings(w, planfile);
	json_end(w);
	if (key->is_set) {
		key_seal(key, KEY_PLANS, json.bytes, json.length, out);
		return;
	}
	crypt_checksum(json.bytes, json.length, checksum);
	str_format(out, "%s%s\n", magic, checksum);
	str_add(out, json.bytes, json.length);
	str_char(out, '\n');
}

/* ---- reading ---- */

struct decoding {
	struct planfile *planfile;
	struct model *model; /* that is being read */
	enum objects_form form;
	struct moved *moves;
	struct worker_binding *bindings;
	struct error *err;
};

static bool malformed(struct decoding *d, const char *what)
{
	error_set(d->err, "the saved plan is damaged: invalid %s", what);
	return error_hint(d->err, "Save it again with `cfprov plan -out=FILE`.");
}

static const char *keep(struct decoding *d, const char *text)
{
	return text ? arena_text(&d->planfile->arena, text) : NULL;
}

/* Switches are always written. */
static bool decode_switch(
	struct decoding *d, const struct json *json, const char *key, bool *ret_is_on)
{
	const struct json *value = json_get(json, key);

	*ret_is_on = json_is_true(value);
	return *ret_is_on || json_is_false(value) || malformed(d, key);
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

	if (!objects_is_name(alias) || !objects_is_id(id))
		return malformed(d, "account");
	struct account *account = model_add_account(d->model, alias, id);
	return objects_decode_source(json_get(json, "token"), &d->model->arena, &account->token) ||
	       malformed(d, "source of a token");
}

static bool decode_object(struct decoding *d, const struct json *json)
{
	struct arena *arena = &d->model->arena;
	struct object address;

	if (!objects_decode_address(json, arena, &address))
		return malformed(d, "address");
	struct object *object =
		model_add_object(d->model, address.account, address.store, address.secret);
	if (!objects_decode(json_get(json, "fields"), d->form, arena, object, d->err))
		return objects_refuse(object, d->err);
	if (d->form == OBJECTS_LIVE && !object->id)
		return malformed(d, "live object");
	return objects_decode_plan(json, d->form, arena, object) ||
	       malformed(d, d->form != OBJECTS_DESIRED ? "entry of the audit log"
			    : object->value            ? "verdict on a secret"
						       : "source of a value");
}

static bool decode_model(struct decoding *d, const struct json *root, const char *key,
	enum objects_form form, struct model *model)
{
	const struct json *json = json_get(root, key);
	struct table *ids = NULL, *aliases = NULL;
	bool is_sound = true;

	d->form = form;
	d->model = model;
	if (!decode_list(d, json, "accounts", decode_account) ||
		!decode_list(d, json, "objects", decode_object))
		return false;
	model_sort(model);
	for (size_t i = 0; i < model->account_count; i++) {
		struct account *account = &model->accounts[i];
		is_sound &= !table_put(&ids, account->id, account) &&
			    !table_put(&aliases, account->alias, account);
	}
	for (size_t i = 0; i < model->object_count; i++) {
		const struct object *object = &model->objects[i];
		bool is_twice = i > 0 && object_compare(object - 1, object) == 0;
		/* Live duplicates are for the planner to report. Only a state can have secrets
		 * whose store it does not have. */
		is_sound &= table_get(aliases, object->account) != NULL &&
			    (!is_twice || form == OBJECTS_LIVE) &&
			    (form == OBJECTS_RECORDED ||
				    model_object(model, object->account, object->store, NULL));
	}
	table_free(&ids);
	table_free(&aliases);
	return is_sound || malformed(d, key);
}

static bool decode_move(struct decoding *d, const struct json *json)
{
	const char *from = json_get_text(json, "from"), *to = json_get_text(json, "to");

	/* Of addresses, both or none has a slash: see plan/renames. */
	if (!from || !to || !strchr(from, '/') != !strchr(to, '/'))
		return malformed(d, "move");
	model_add_move(&d->planfile->desired, from, to);
	return true;
}

static bool decode_removal(struct decoding *d, const struct json *json)
{
	const char *from = json_get_text(json, "from");

	if (!from)
		return malformed(d, "removal");
	struct removal *removal = model_add_removal(&d->planfile->desired, from);
	return decode_switch(d, json, "destroy", &removal->destroys);
}

static bool decode_moved(struct decoding *d, const struct json *json)
{
	struct planfile *planfile = d->planfile;
	struct object *object = arena_alloc(&planfile->arena, sizeof(*object));
	struct moved *moved = &d->moves[planfile->move_count++];

	*moved = (struct moved){keep(d, json_get_text(json, "from")), object};
	return (moved->from && objects_decode_address(json, &planfile->arena, object) &&
		       (moved == d->moves || object_compare(moved[-1].object, object) < 0)) ||
	       malformed(d, "moved object");
}

static bool decode_binding(struct decoding *d, const struct json *json)
{
	struct worker_binding *it = &d->bindings[d->planfile->binding_count++];
	int64_t line, column;

	if (!json_integer(json_get(json, "line"), &line) ||
		!json_integer(json_get(json, "column"), &column) || line < 0 || column < 0)
		return malformed(d, "binding");
	*it = (struct worker_binding){keep(d, json_get_text(json, "name")),
		keep(d, json_get_text(json, "environment")), keep(d, json_get_text(json, "store")),
		keep(d, json_get_text(json, "secret")),
		{keep(d, json_get_text(json, "file")), (size_t)line, (size_t)column}};
	return (it->name && it->store_id && it->secret && it->place.file) ||
	       malformed(d, "binding");
}

static bool decode_patterns(
	struct decoding *d, const struct json *list, struct patterns *ret_patterns)
{
	if (!json_is_array(list))
		return malformed(d, "option");
	const char **items = arena_alloc(&d->planfile->arena, json_count(list) * sizeof(*items));

	ret_patterns->items = items;
	for (const struct json *it = json_first(list); it; it = json_next(it))
		if (!(items[ret_patterns->count++] = keep(d, json_text(it))))
			return malformed(d, "option");
	return true;
}

static bool decode_options(struct decoding *d, const struct json *json)
{
	struct plan_options *options = &d->planfile->options;

	return decode_switch(d, json, "adopt", &options->adopt_all) &&
	       decode_switch(d, json, "destroy", &options->destroys_all) &&
	       decode_switch(d, json, "refresh_only", &options->refresh_only) &&
	       decode_switch(d, json, "partial", &options->is_partial) &&
	       decode_patterns(d, json_get(json, "targets"), &options->targets) &&
	       decode_patterns(d, json_get(json, "excludes"), &options->excludes) &&
	       decode_patterns(d, json_get(json, "replaces"), &options->replaces);
}

static bool is_lineage_or_none(const char *text)
{
	return text && (!*text || state_is_lineage(text));
}

static bool decode_parts(struct decoding *d, const struct json *list)
{
	struct planfile *planfile = d->planfile;
	struct planfile_part *parts =
		arena_alloc(&planfile->arena, json_count(list) * sizeof(*parts));

	if (!json_is_array(list) || !json_count(list))
		return malformed(d, "header");
	planfile->parts = parts;
	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		struct planfile_part *part = &parts[planfile->part_count++];
		part->account_id = keep(d, json_get_text(it, "account"));
		part->lineage = keep(d, json_get_text(it, "lineage"));
		part->new_lineage = keep(d, json_get_text(it, "born_as"));
		if (!part->account_id || (*part->account_id && !objects_is_id(part->account_id)) ||
			!is_lineage_or_none(part->lineage) ||
			!is_lineage_or_none(part->new_lineage) ||
			!json_integer(json_get(it, "serial"), &part->serial))
			return malformed(d, "header");
	}
	return true;
}

static bool another_version(struct decoding *d, const char *by)
{
	char *shown AUTO_FREE = text_visible(by, 20);

	/* What is not released yet changes its plans without changing its version. */
	if (!strcmp(by, cfprov_version())) {
		error_set(d->err, "the plan was saved by another build of cfprov %s", shown);
		return error_hint(d->err, "Run `cfprov plan` again.");
	}
	error_set(d->err, "the plan was saved by cfprov %s, and this is cfprov %s", shown,
		cfprov_version());
	return error_hint(d->err, "Apply it with that version, or run `cfprov plan` again.");
}

static bool decode_head(struct decoding *d, const struct json *root)
{
	struct planfile *planfile = d->planfile;
	const char *by = json_get_text(root, "cfprov_version");
	const char *rows = json_get_text(root, "rows");
	int64_t version;

	if (!json_integer(json_get(root, "version"), &version) || !by || !rows)
		return malformed(d, "header");
	if (version != PLANFILE_VERSION || strcmp(by, cfprov_version()) != 0) {
		return another_version(d, by);
	}
	planfile->state_path = keep(d, json_get_text(root, "state"));
	if (!planfile->state_path || strlen(rows) != CRYPT_CHECKSUM_SIZE - 1)
		return malformed(d, "header");
	memcpy(planfile->digest, rows, CRYPT_CHECKSUM_SIZE);
	return decode_parts(d, json_get(root, "parts")) &&
	       decode_switch(d, root, "partial", &planfile->is_partial) &&
	       decode_options(d, json_get(root, "options"));
}

static bool decode_root(struct decoding *d, const struct json *root)
{
	struct planfile *planfile = d->planfile;
	size_t moved = json_count(json_get(root, "moved"));
	size_t bound = json_count(json_get(root, "bindings"));

	planfile->moves = d->moves = arena_alloc(&planfile->arena, moved * sizeof(*d->moves));
	planfile->bindings = d->bindings =
		arena_alloc(&planfile->arena, bound * sizeof(*d->bindings));
	/* The moves come before the model that they belong to is sorted. */
	return decode_head(d, root) && decode_list(d, root, "moves", decode_move) &&
	       decode_list(d, root, "removals", decode_removal) &&
	       decode_model(d, root, "desired", OBJECTS_DESIRED, &planfile->desired) &&
	       decode_model(d, root, "recorded", OBJECTS_RECORDED, &planfile->recorded) &&
	       decode_model(d, root, "live", OBJECTS_LIVE, &planfile->live) &&
	       decode_list(d, root, "moved", decode_moved) &&
	       decode_list(d, root, "bindings", decode_binding);
}

/* Gives the offset of the JSON; 0: the first line is not ours, or the rest is not what it was. */
static size_t check_whole(const struct str *bytes, struct error *err)
{
	const size_t head = sizeof(magic) - 1 + CRYPT_CHECKSUM_SIZE;
	char checksum[CRYPT_CHECKSUM_SIZE];

	if (bytes->length < sizeof(magic) || memcmp(bytes->bytes, magic, sizeof(magic) - 1) != 0) {
		error_set(err, "not a saved plan of cfprov");
		error_hint(err, "`cfprov plan -out=FILE` saves a plan.");
		return 0;
	}
	if (bytes->length > head && bytes->bytes[head - 1] == '\n' &&
		bytes->bytes[bytes->length - 1] == '\n') {
		crypt_checksum(bytes->bytes + head, bytes->length - head - 1, checksum);
		if (memcmp(bytes->bytes + sizeof(magic) - 1, checksum, sizeof(checksum) - 1) == 0)
			return head;
	}
	error_set(err, "the saved plan was modified or truncated");
	error_hint(err, "Run `cfprov plan` again.");
	return 0;
}

/* Gives the JSON of an encrypted plan. */
static bool open_sealed(
	const struct str *bytes, struct keys *keys, struct str *ret_json, struct error *err)
{
	if (!keys->now.is_set) {
		error_set(err, "the saved plan is encrypted, and no key is set");
		return error_hint(err, "Set CFPROV_KEY, or `state.key` in the manifest, as it was "
				       "when the plan was saved.");
	}
	return key_open(keys_choose(keys, KEY_PLANS, bytes), KEY_PLANS, bytes, ret_json, err) ||
	       error_hint(err, "Use the key that the plan was saved with, or run `cfprov plan` "
			       "again.");
}

/* Gives the JSON, unless it is not what was written. */
static bool open_file(
	const struct str *bytes, struct keys *keys, struct str *ret_json, struct error *err)
{
	if (key_is_sealed(bytes))
		return open_sealed(bytes, keys, ret_json, err);
	size_t at = check_whole(bytes, err);
	if (!at)
		return false;
	if (keys->now.is_set) {
		error_set(err, "the saved plan is not encrypted, although a key is set");
		return error_hint(err, "Anyone can write such a plan. Run `cfprov plan` again.");
	}
	str_add(ret_json, bytes->bytes + at, bytes->length - at);
	return true;
}

bool planfile_decode(const char *file, const struct str *bytes, struct keys *keys,
	struct planfile *ret_planfile, struct error *err)
{
	struct planfile planfile = {0};
	struct decoding d = {.planfile = &planfile, .err = err};
	struct str text CLEANUP(str_release) = {0};
	struct json *json CLEANUP(json_free_pointer) = NULL;

	if (open_file(bytes, keys, &text, err))
		json = json_parse(text.bytes, text.length, err);
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
	error_set(err, "the saved plan does not match its own inputs");
	return error_hint(err, "The file was edited. Run `cfprov plan` again.");
}

const struct planfile_part *planfile_part(const struct planfile *planfile, const char *account_id)
{
	for (size_t i = 0; i < planfile->part_count; i++)
		if (strcmp(planfile->parts[i].account_id, account_id ? account_id : "") == 0)
			return &planfile->parts[i];
	return NULL;
}

bool planfile_check_state(
	const struct planfile_part *part, const char *lineage, int64_t serial, struct error *err)
{
	bool is_born = lineage[0] != '\0';

	if (!part->lineage[0] && is_born) {
		error_set(err, "the plan is out of date: the state was empty when it was made");
		return error_hint(
			err, "It may have been applied already. Run `cfprov plan` again.");
	}
	if (strcmp(part->lineage, lineage) != 0) {
		if (is_born)
			error_set(err, "the plan was made for another state (lineage %s, not %s)",
				part->lineage, lineage);
		else
			error_set(err, "the plan was made for a state that does not exist");
		return error_hint(err, "Check the folder and -state, or run `cfprov plan` "
				       "again.");
	}
	if (part->serial == serial)
		return true;
	error_set(err, "the plan is out of date: the state had serial %lld, and now has %lld",
		(long long)part->serial, (long long)serial);
	return error_hint(err, "%s Run `cfprov plan` again.",
		serial < part->serial ? "The state was replaced by an older one."
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
