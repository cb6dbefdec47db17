/* The routes by which a client finds its account: accounts, memberships, the user. */
#include "listing.h"

#include <stdlib.h>

/* What there is where nothing names an account: any does, and a token reaches one at least. */
static char only_account[] = "c0ffee00c0ffee00c0ffee00c0ffee00";

static const struct listing_order orders[] = {{"", NULL}, {NULL, NULL}};

static void put_account(struct json_writer *w, const char *key, const char *id)
{
	struct str name CLEANUP(str_release) = {0};

	str_format(&name, "Account %.8s", id);
	json_begin_object(w, key);
	json_put_text(w, "id", id);
	json_put_text(w, "name", str_text(&name));
	json_put_text(w, "type", "standard");
	json_begin_object(w, "settings");
	json_put_bool(w, "enforce_twofactor", false);
	json_end(w);
	json_put_text(w, "created_on", "2024-01-01T00:00:00.000000Z");
	json_end(w);
}

static void put_account_item(struct json_writer *w, const struct call *call, const void *object)
{
	(void)call;
	put_account(w, NULL, object);
}

static void put_membership(struct json_writer *w, const struct call *call, const void *object)
{
	(void)call;
	json_begin_object(w, NULL);
	envelope_put_id(w, "id", object);
	json_put_text(w, "status", "accepted");
	put_account(w, "account", object);
	json_begin_array(w, "roles");
	json_put_text(w, NULL, "Super Administrator - All Privileges");
	json_end(w);
	json_begin_object(w, "permissions");
	json_end(w);
	json_end(w);
}

struct ids {
	void **items;
	size_t count, room;
};

static void add_id(struct ids *ids, const struct call *call, const char *id)
{
	if (!auth_reaches(&call->sim->auth, call->credential, id))
		return;
	ids->items = mem_room(ids->items, ids->count, &ids->room, sizeof(void *));
	ids->items[ids->count++] = (char *)(uintptr_t)id;
}

/* The accounts that exist, or those that the token is for, or those that were used so far. */
static struct ids find_accounts(const struct call *call)
{
	const struct option_list *named = &call->sim->options->accounts;
	const struct credential *credential = call->credential;
	const struct world *world = &call->sim->world;
	struct ids ids = {0};

	for (size_t i = 0; i < named->count; i++)
		add_id(&ids, call, named->items[i]);
	if (named->count)
		return ids;
	for (size_t i = 0; i < credential->account_count; i++)
		add_id(&ids, call, credential->accounts[i]);
	if (credential->account_count)
		return ids;
	for (size_t i = 0; i < world->account_count; i++)
		add_id(&ids, call, world->accounts[i]->id);
	if (!ids.count)
		add_id(&ids, call, only_account);
	return ids;
}

static void answer_list(struct call *call,
	void (*put)(struct json_writer *w, const struct call *call, const void *object))
{
	struct listing listing;

	if (!listing_parse(&listing, call, orders))
		return;
	struct ids ids = find_accounts(call);
	struct listing_view view = {.items = ids.items, .count = ids.count, .total = ids.count};
	listing_answer(&listing, call, &view, put);
	mem_free(ids.items);
}

void accounts_list(struct call *call)
{
	answer_list(call, put_account_item);
}

void accounts_get(struct call *call)
{
	struct json_writer w = envelope_begin(call->answer, 200);

	put_account(&w, "result", call->account_id);
	envelope_end(&w);
}

/* A token that an account owns has no user behind it. */
static bool has_user(struct call *call)
{
	if (!call->credential->is_account_owned)
		return true;
	call_fail(call, &problem_not_for_token, NULL);
	return false;
}

void memberships_list(struct call *call)
{
	if (has_user(call))
		answer_list(call, put_membership);
}

void user_get(struct call *call)
{
	const char *email = call->sim->options->email;

	if (!has_user(call))
		return;
	if (!email)
		email = "cfsim@example.com";
	struct json_writer w = envelope_begin(call->answer, 200);
	json_begin_object(&w, "result");
	envelope_put_id(&w, "id", email);
	json_put_text(&w, "email", email);
	json_put_text(&w, "username", "cfsim");
	json_put_null(&w, "first_name");
	json_put_null(&w, "last_name");
	json_put_bool(&w, "suspended", false);
	json_put_bool(&w, "two_factor_authentication_enabled", false);
	json_end(&w);
	envelope_end(&w);
}
