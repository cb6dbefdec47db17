#include "audit.h"

#include "base/text.h"
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_LIMIT = 100, MOST_ENTRIES = 1000 };

struct audit_entry {
	char id[CRYPT_UUID_SIZE];
	char account[WORLD_ID_SIZE];
	enum audit_action action;
	char time[CLOCK_TEXT_SIZE];
	int64_t time_us; /* since 1970 */
	struct lag_times times;
	const struct credential *credential; /* who it was; keeps */
	char *actor;                         /* or the email of somebody else */
	unsigned long long ray;
	char *uri;
	bool is_secret, value_modified;
	char resource[WORLD_ID_SIZE], store[WORLD_ID_SIZE], duplicated_from[WORLD_ID_SIZE];
	char *name, *comment;
	unsigned scopes;
};

/* ---- writing ---- */

static struct audit_entry *add(struct call *call, enum audit_action action)
{
	struct audit *audit = &call->sim->audit;
	struct audit_entry *entry = mem_alloc(sizeof(*entry));

	crypt_uuid(entry->id);
	memcpy(entry->account, call->account->id, WORLD_ID_SIZE);
	entry->action = action;
	clock_now_text(entry->time);
	if (!dates_parse(entry->time, &entry->time_us))
		entry->time_us = 0;
	entry->times = lag_times_now(&call->sim->world.lag, call->sim->world.lag.audit_ms);
	entry->credential = call->credential;
	entry->actor = call->actor ? mem_copy_text(call->actor) : NULL;
	entry->ray = call_ray(call);
	entry->uri = mem_copy_text(call->request->target);
	audit->entries =
		mem_room(audit->entries, audit->count, &audit->room, sizeof(struct audit_entry *));
	audit->entries[audit->count++] = entry;
	return entry;
}

void audit_store(struct call *call, enum audit_action action, const struct world_store *store)
{
	if (!call->sim->options->audit_log)
		return;
	struct audit_entry *entry = add(call, action);
	memcpy(entry->resource, store->id, WORLD_ID_SIZE);
	entry->name = mem_copy_text(store->name);
}

void audit_secret(struct call *call, enum audit_action action, const struct world_secret *secret)
{
	if (!call->sim->options->audit_log)
		return;
	struct audit_entry *entry = add(call, action);
	entry->is_secret = true;
	memcpy(entry->resource, secret->id, WORLD_ID_SIZE);
	snprintf(entry->store, WORLD_ID_SIZE, "%s", call->store_id);
	entry->name = mem_copy_text(secret->name);
	entry->comment = secret->comment ? mem_copy_text(secret->comment) : NULL;
	entry->scopes = secret->scopes;
}

static struct audit_entry *last(const struct call *call)
{
	const struct audit *audit = &call->sim->audit;

	return call->sim->options->audit_log ? audit->entries[audit->count - 1] : NULL;
}

void audit_value_modified(struct call *call)
{
	struct audit_entry *entry = last(call);

	if (entry)
		entry->value_modified = true;
}

void audit_duplicated(struct call *call, const struct world_secret *from)
{
	struct audit_entry *entry = last(call);

	if (entry)
		memcpy(entry->duplicated_from, from->id, WORLD_ID_SIZE);
}

void audit_hasten(struct audit *audit, const struct lag *lag)
{
	for (size_t i = 0; i < audit->count; i++)
		lag_times_hasten(&audit->entries[i]->times, lag, lag->audit_ms);
}

void audit_clear(struct audit *audit)
{
	for (size_t i = 0; i < audit->count; i++) {
		struct audit_entry *entry = audit->entries[i];
		mem_free(entry->actor);
		mem_free(entry->uri);
		mem_free(entry->name);
		mem_free(entry->comment);
		mem_free(entry);
	}
	mem_free(audit->entries);
	*audit = (struct audit){0};
}

/* ---- one entry ---- */

static void put_action(struct json_writer *w, const struct audit_entry *entry)
{
	static const char *const types[] = {"create", "update", "delete"};

	json_begin_object(w, "action");
	json_put_text(w, "description", "");
	json_put_text(w, "result", "success");
	json_put_text(w, "time", entry->time);
	json_put_text(w, "type", types[entry->action]);
	json_end(w);
}

/* Somebody else is a user in the dashboard. */
static void put_actor(
	struct json_writer *w, const struct call *call, const struct audit_entry *entry)
{
	const char *email = call->sim->options->email, *token = entry->credential->token;
	bool is_account = !entry->actor && entry->credential->is_account_owned;

	if (entry->actor) {
		email = entry->actor;
		token = NULL;
	}
	if (!email)
		email = "cfsim@example.com"; /* as GET /user has it */
	json_begin_object(w, "actor");
	envelope_put_id(w, "id", is_account ? entry->account : email);
	json_put_text(w, "context", entry->actor ? "dash" : token ? "api_token" : "api_key");
	if (!is_account)
		json_put_text(w, "email", email);
	json_put_text(w, "ip_address", "127.0.0.1");
	if (token) {
		envelope_put_id(w, "token_id", token);
		json_put_text(w, "token_name", "cfsim token");
	}
	json_put_text(w, "type", is_account ? "account" : "user");
	json_end(w);
}

static void put_raw(struct json_writer *w, const struct audit_entry *entry)
{
	static const char *const methods[] = {"POST", "PATCH", "DELETE"};
	struct str ray CLEANUP(str_release) = {0};

	str_format(&ray, "%016llx", entry->ray);
	json_begin_object(w, "raw");
	json_put_text(w, "cf_ray_id", str_text(&ray));
	json_put_text(w, "method", methods[entry->action]);
	json_put_integer(
		w, "status_code", entry->action == AUDIT_DELETE && entry->is_secret ? 202 : 200);
	json_put_text(w, "uri", entry->uri);
	json_put_text(w, "user_agent", "");
	json_end(w);
}

static void put_request(struct json_writer *w, const struct audit_entry *entry)
{
	json_begin_object(w, "request");
	if (entry->action != AUDIT_DELETE)
		json_put_text(w, "name", entry->name);
	if (entry->comment)
		json_put_text(w, "comment", entry->comment);
	if (entry->scopes) {
		json_begin_array(w, "scopes");
		for (unsigned i = 0; i < WORLD_SCOPES; i++)
			if (entry->scopes & 1U << i)
				json_put_text(w, NULL, world_scopes[i]);
		json_end(w);
	}
	if (entry->value_modified)
		json_put_bool(w, "value_modified", true);
	if (*entry->duplicated_from)
		json_put_text(w, "duplicated_from_id", entry->duplicated_from);
	json_end(w);
}

static void put_resource(struct json_writer *w, const struct audit_entry *entry)
{
	json_begin_object(w, "resource");
	json_put_text(w, "id", entry->resource);
	json_put_text(w, "product", "secrets_store");
	put_request(w, entry);
	json_begin_object(w, "response");
	json_put_text(w, "id", entry->resource);
	json_put_text(w, "name", entry->name);
	if (entry->is_secret)
		json_put_text(w, "store_id", entry->store);
	json_end(w);
	json_put_text(w, "scope", "accounts");
	json_put_text(w, "type", entry->is_secret ? "secret" : "store");
	json_end(w);
}

static void put_entry(
	struct json_writer *w, const struct call *call, const struct audit_entry *entry)
{
	json_begin_object(w, NULL);
	json_put_text(w, "id", entry->id);
	json_begin_object(w, "account");
	json_put_text(w, "id", entry->account);
	json_put_text(w, "name", entry->account);
	json_end(w);
	put_action(w, entry);
	put_actor(w, call, entry);
	put_raw(w, entry);
	put_resource(w, entry);
	json_end(w);
}

/* ---- the list ---- */

struct query {
	int64_t since_us, before_us;
	const char *resource; /* NULL: any */
	size_t limit, cursor; /* cursor 0: from the beginning */
	bool ascending;
};

/* Both bounds must be there. Gives the key of what is wrong, or NULL. */
static const char *parse_query(const struct target *target, size_t count, struct query *query)
{
	const char *since = target_query(target, "since"), *before = target_query(target, "before");
	const char *limit = target_query(target, "limit"), *cursor = target_query(target, "cursor");
	const char *direction = target_query(target, "direction");

	*query = (struct query){
		.resource = target_query(target, "resource_id"),
		.limit = DEFAULT_LIMIT,
		.ascending = direction && strcmp(direction, "asc") == 0,
	};
	if (!since || !dates_parse(since, &query->since_us))
		return "since";
	if (!before || !dates_parse(before, &query->before_us))
		return "before";
	if (limit && (!text_to_number(limit, MOST_ENTRIES, &query->limit) || !query->limit))
		return "limit";
	if (cursor && *cursor && !text_to_number(cursor, count, &query->cursor))
		return "cursor";
	if (direction && !query->ascending && strcmp(direction, "desc") != 0)
		return "direction";
	return NULL;
}

static bool is_found(const struct audit_entry *entry, const struct query *query,
	const struct call *call, int64_t now_ms)
{
	return entry->times.listed_ms <= now_ms && strcmp(entry->account, call->account->id) == 0 &&
	       entry->time_us >= query->since_us && entry->time_us < query->before_us &&
	       (!query->resource || strcmp(entry->resource, query->resource) == 0);
}

/* A cursor is the place, from 1, of the last entry shown: new entries don't shift it. */
void audit_list(struct call *call)
{
	const struct audit *audit = &call->sim->audit;
	struct query query;
	struct str cursor CLEANUP(str_release) = {0};
	int64_t now = clock_monotonic_ms();
	size_t shown = 0;

	if (!call->sim->options->audit_log) {
		call_fail(call, &problem_forbidden, NULL);
		return;
	}
	const char *wrong = parse_query(&call->target, audit->count, &query);
	if (wrong) {
		call_fail(call, &problem_invalid_query, wrong);
		return;
	}
	struct json_writer w = envelope_begin(call->answer, 200);
	json_begin_array(&w, "result");
	size_t left = audit->count - query.cursor;
	if (!query.ascending && query.cursor)
		left = query.cursor - 1;
	for (; left && !cursor.length; left--) {
		size_t at = query.ascending ? audit->count - left : left - 1;
		if (!is_found(audit->entries[at], &query, call, now))
			continue;
		put_entry(&w, call, audit->entries[at]);
		if (++shown == query.limit)
			str_format(&cursor, "%zu", at + 1);
	}
	json_end(&w);
	json_begin_object(&w, "result_info");
	json_put_integer(&w, "count", (int64_t)shown);
	json_put_text(&w, "cursor", cursor.length ? str_text(&cursor) : "");
	json_end(&w);
	envelope_end(&w);
}
