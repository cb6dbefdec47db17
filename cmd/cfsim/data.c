#include "data.h"

#include "adapter/fs.h"

#include <stdio.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 30 };

/* ---- writing ---- */

static void put_secret(struct json_writer *w, const struct world_secret *secret)
{
	json_begin_object(w, NULL);
	json_put_text(w, "id", secret->id);
	json_put_text(w, "name", secret->name);
	if (secret->comment)
		json_put_text(w, "comment", secret->comment);
	json_begin_array(w, "scopes");
	for (unsigned i = 0; i < WORLD_SCOPES; i++)
		if (secret->scopes & 1U << i)
			json_put_text(w, NULL, world_scopes[i]);
	json_end(w);
	json_put_text(w, "status", world_secret_status(secret));
	json_put_text(w, "created", secret->created);
	json_put_text(w, "modified", secret->modified);
	json_put_integer(w, "value_bytes", (int64_t)secret->value_bytes);
	json_put_text(w, "value_checksum", secret->value_checksum);
	json_end(w);
}

static void put_store(struct json_writer *w, const struct world_store *store)
{
	json_begin_object(w, NULL);
	json_put_text(w, "id", store->id);
	json_put_text(w, "name", store->name);
	json_put_text(w, "created", store->created);
	json_put_text(w, "modified", store->modified);
	json_begin_array(w, "secrets");
	for (size_t i = 0; i < store->secret_count; i++)
		put_secret(w, store->secrets[i]);
	json_end(w);
	json_end(w);
}

void data_encode(const struct world *world, struct str *out)
{
	struct json_writer w = json_writer(out, 0);

	json_begin_object(&w, NULL);
	json_begin_array(&w, "accounts");
	for (size_t i = 0; i < world->account_count; i++) {
		const struct world_account *account = world->accounts[i];
		json_begin_object(&w, NULL);
		json_put_text(&w, "id", account->id);
		json_begin_array(&w, "stores");
		for (size_t s = 0; s < account->store_count; s++)
			put_store(&w, account->stores[s]);
		json_end(&w);
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
	str_char(out, '\n');
}

/* ---- reading ---- */

/* What is being read, for errors. */
struct reader {
	struct world *world;
	struct world_account *account;
	struct world_store *store;
	struct error *err;
};

/* A member that is none of these (a list that ends with NULL) is an error: a typing mistake. */
static bool check_keys(struct reader *reader, const struct json *object, const char *const *known)
{
	if (!json_is_object(object))
		return error_set(reader->err, "expected an object");
	for (const struct json *it = json_first(object); it; it = json_next(it)) {
		const char *const *at = known;
		while (*at && strcmp(*at, json_key(it)) != 0)
			at++;
		if (!*at)
			return error_set(reader->err, "unknown member \"%s\"", json_key(it));
	}
	return true;
}

/* Calls `read` for each item of a list, which may be absent. */
static bool read_list(struct reader *reader, const struct json *object, const char *key,
	bool (*read)(struct reader *reader, const struct json *item))
{
	const struct json *list = json_get(object, key);

	if (list && !json_is_array(list))
		return error_set(reader->err, "\"%s\" is not a list", key);
	for (const struct json *it = json_first(list); it; it = json_next(it))
		if (!read(reader, it))
			return false;
	return true;
}

/* Reads an optional time, which may be any text that is short enough. */
static bool read_time(struct reader *reader, const struct json *object, const char *key,
	char time[static CLOCK_TEXT_SIZE])
{
	const struct json *member = json_get(object, key);
	const char *text = json_text(member);

	if (!member)
		return true;
	if (!text || strlen(text) >= CLOCK_TEXT_SIZE)
		return error_set(reader->err, "\"%s\" is not a time", key);
	snprintf(time, CLOCK_TEXT_SIZE, "%s", text);
	return true;
}

static bool read_id(struct reader *reader, const struct json *object, const char **ret_id)
{
	const struct json *member = json_get(object, "id");

	if (!member)
		return true;
	*ret_id = json_text(member);
	if (!*ret_id || !world_is_id(*ret_id))
		return error_set(reader->err, "\"id\" must be 1 to 32 letters, digits, _ or -");
	return true;
}

static bool read_value(struct reader *reader, const struct json *object, struct world_draft *draft)
{
	const struct json *value = json_get(object, "value");
	const struct json *size = json_get(object, "value_bytes");
	const char *checksum = json_get_text(object, "value_checksum");
	int64_t bytes = 0;

	if (value && !json_is_string(value))
		return error_set(reader->err, "\"value\" must be text");
	if (size && (!json_integer(size, &bytes) || bytes < 0))
		return error_set(reader->err, "\"value_bytes\" must be a number");
	if (value) {
		draft->value_bytes = strlen(json_text(value));
		crypt_checksum(json_text(value), draft->value_bytes, draft->value_checksum);
	} else {
		draft->value_bytes = (size_t)bytes;
		snprintf(
			draft->value_checksum, CRYPT_CHECKSUM_SIZE, "%s", checksum ? checksum : "");
	}
	return true;
}

/* Without "scopes" a secret is for workers. */
static bool read_scopes(struct reader *reader, const struct json *object, struct world_draft *draft)
{
	const struct json *scopes = json_get(object, "scopes");

	if (!scopes)
		draft->scopes = world_scope_bit("workers");
	for (const struct json *it = json_first(scopes); it; it = json_next(it)) {
		unsigned bit = json_is_string(it) ? world_scope_bit(json_text(it)) : 0;
		if (!bit)
			return error_set(reader->err, "unknown scope");
		draft->scopes |= bit;
	}
	return true;
}

static const char *const secret_keys[] = {"id", "name", "scopes", "comment", "status", "created",
	"modified", "value", "value_bytes", "value_checksum", NULL};

static bool read_secret(struct reader *reader, const struct json *object)
{
	struct world_draft draft = {
		.name = json_get_text(object, "name"),
		.comment = json_get_text(object, "comment"),
	};
	const char *status = json_get_text(object, "status");

	if (!check_keys(reader, object, secret_keys))
		return false;
	if (!draft.name || !*draft.name)
		return error_set(reader->err, "secret without \"name\"");
	if (!read_id(reader, object, &draft.id) || !read_value(reader, object, &draft) ||
		!read_scopes(reader, object, &draft))
		return error_prefix(reader->err, "secret %s", draft.name);
	if (world_secret_named(reader->store, draft.name) ||
		(draft.id && world_find_secret(reader->store, draft.id)))
		return error_set(reader->err, "secret %s is listed twice", draft.name);
	if (status && !world_status_text(status))
		return error_set(reader->err, "secret %s has an unknown status", draft.name);
	struct world_secret *secret =
		world_add_secret(reader->world, reader->account, reader->store, &draft);
	if (status && strcmp(status, "active") != 0)
		secret->status = world_status_text(status);
	return read_time(reader, object, "created", secret->created) &&
	       read_time(reader, object, "modified", secret->modified);
}

static bool read_store(struct reader *reader, const struct json *object)
{
	static const char *const keys[] = {"id", "name", "created", "modified", "secrets", NULL};
	const char *name = json_get_text(object, "name"), *id = NULL;

	if (!check_keys(reader, object, keys))
		return false;
	if (!name || !*name)
		return error_set(reader->err, "store without \"name\"");
	if (!read_id(reader, object, &id))
		return error_prefix(reader->err, "store %s", name);
	if (id && world_find_store(reader->account, id))
		return error_set(reader->err, "two stores have the id %s", id);
	reader->store = world_add_store(reader->world, reader->account, id, name);
	if (!read_time(reader, object, "created", reader->store->created) ||
		!read_time(reader, object, "modified", reader->store->modified))
		return error_prefix(reader->err, "store %s", name);
	return read_list(reader, object, "secrets", read_secret) ||
	       error_prefix(reader->err, "store %s", name);
}

static bool read_account(struct reader *reader, const struct json *object)
{
	static const char *const keys[] = {"id", "stores", NULL};
	const char *id = NULL;

	if (!check_keys(reader, object, keys) || !read_id(reader, object, &id))
		return error_prefix(reader->err, "account");
	if (!id)
		return error_set(reader->err, "account without \"id\"");
	reader->account = world_account(reader->world, id);
	return read_list(reader, object, "stores", read_store) ||
	       error_prefix(reader->err, "account %s", id);
}

static bool decode(struct world *world, const char *bytes, size_t length, struct error *err)
{
	struct reader reader = {.world = world, .err = err};
	struct json *json CLEANUP(json_free_pointer) = json_parse(bytes, length, err);

	if (!json)
		return false;
	if (!json_is_array(json_get(json, "accounts")))
		return error_set(err, "the list \"accounts\" is missing");
	return read_list(&reader, json, "accounts", read_account);
}

bool data_load(struct world *world, const char *path, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	if (!fs_read(path, FILE_LIMIT, &bytes, err))
		return false;
	if (!decode(world, str_text(&bytes), bytes.length, err))
		return error_prefix(err, "%s", path);
	return true;
}

bool data_store(const struct world *world, const char *path, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	data_encode(world, &bytes);
	return fs_write(path, &bytes, err);
}
