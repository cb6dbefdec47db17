#include "read_live.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "interrupt.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>

/* ---- accounts that are left out ---- */

/*
 * Drops the accounts that have no credentials or, if they were `listed`, are not in `live`; what is
 * recorded in them stays as it is. False: none is left, or the user interrupted.
 */
static bool drop_unread(struct session *session, bool were_listed)
{
	struct model *desired = &session->desired;
	size_t kept = 0, objects = 0;

	if (interrupt_count > 0)
		return false;
	if (!session->unread.items)
		session->unread.items =
			arena_alloc(&session->arena, desired->account_count * sizeof(char *));
	for (size_t i = 0; i < desired->account_count; i++) {
		if (!session->accounts[i].account ||
			(were_listed &&
				!model_account(&session->live, desired->accounts[i].alias))) {
			session->has_failed = true;
			session->unread.items[session->unread.count++] = desired->accounts[i].alias;
			continue;
		}
		desired->accounts[kept] = desired->accounts[i];
		session->accounts[kept] = session->accounts[i];
		session->accounts[kept].account = &desired->accounts[kept];
		kept++;
	}
	desired->account_count = kept;
	for (size_t i = 0; i < desired->object_count; i++)
		if (model_account(desired, desired->objects[i].account))
			desired->objects[objects++] = desired->objects[i];
	desired->object_count = objects;
	return kept > 0;
}

/* ---- secrets in stores ---- */

/* Adds the live store that an object is, or is in, unless its secrets were listed before. */
static void want(struct session *session, const struct object *object, struct live_stores *wanted)
{
	const struct model *live = &session->live;
	const struct object *store = model_object(live, object->account, object->store, NULL);

	if (!store || table_put(&session->inside, store->id, session))
		return;
	if (!wanted->items)
		wanted->items = mem_alloc(live->object_count * sizeof(store));
	wanted->items[wanted->count++] = store;
}

/* Frees the list. False: not all could be read; that was reported. */
static bool read(
	struct session *session, const struct live_input *input, struct live_stores *wanted)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	bool is_good = !wanted->count || live_read_inside(input, wanted, &session->live, &errors);

	mem_free((void *)wanted->items);
	return is_good || term_errors(&errors);
}

/*
 * The stores that the plan destroys, and those in which it changes secrets: a value may be lost
 * there, so the state's word is not enough.
 */
static void want_affected(struct session *session, struct live_stores *wanted)
{
	const struct plan *plan = &session->plan;

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		bool is_secret = row_object(row)->kind == OBJECT_SECRET;
		if (row->action != ACTION_NONE && (is_secret || row_destroys(row)))
			want(session, row_object(row), wanted);
	}
}

bool read_live_affected(struct session *session, bool *ret_any)
{
	const struct live_input input = session_live_input(session);
	struct live_stores wanted = {0};

	want_affected(session, &wanted);
	*ret_any = wanted.count > 0;
	(void)read(session, &input, &wanted);
	return drop_unread(session, true);
}

bool read_live_planned(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct live_input input = session_live_input(session);
	struct live_account *accounts AUTO_FREE = mem_alloc(input.count * sizeof(*accounts));
	struct plan_share share = {0};
	struct live_stores wanted = {0};
	size_t count = 0;

	while (plan_share_next(&share, &session->plan))
		if (model_account(&session->desired, share.alias))
			accounts[count++] =
				*live_find_account(session->accounts, input.count, share.alias);
	input.accounts = accounts;
	input.count = count;
	progress_read(&session->progress, &session->desired);
	if (!live_read(&input, &session->live, &errors))
		return term_errors(&errors);
	want_affected(session, &wanted);
	return read(session, &input, &wanted);
}

/* Those of the table, or all of them. */
static bool read_stores(struct session *session, const struct table *ids_or_null)
{
	const struct live_input input = session_live_input(session);
	struct live_stores wanted = {0};

	for (size_t i = 0; i < session->live.object_count; i++) {
		const struct object *it = &session->live.objects[i];
		if (!ids_or_null || (!it->secret && table_get(ids_or_null, it->id)))
			want(session, it, &wanted);
	}
	(void)read(session, &input, &wanted);
	return drop_unread(session, true);
}

bool read_live_all(struct session *session)
{
	return read_stores(session, NULL);
}

bool read_live_stores(struct session *session, const struct table *ids)
{
	return !ids || read_stores(session, ids);
}

/* ---- accounts ---- */

/* Accounts without credentials are reported and left out; false: interrupted, or none is left. */
static bool connect_accounts(struct session *session)
{
	const struct model *desired = &session->desired;
	struct error_list errors CLEANUP(error_list_release) = {0};
	bool is_interrupted = false;

	session->accounts = mem_alloc(desired->account_count * sizeof(*session->accounts));
	for (size_t i = 0; i < desired->account_count && !is_interrupted; i++) {
		struct live_account *account = &session->accounts[i];
		struct error err CLEANUP(error_release) = {0};
		if (session_find_lane(session, &desired->accounts[i], &account->lane, &err)) {
			account->account = &desired->accounts[i];
			continue;
		}
		is_interrupted = err.code == ERROR_INTERRUPTED;
		error_move(error_list_add(&errors), &err);
	}
	session_print_warnings(session);
	term_errors(&errors);
	return drop_unread(session, false) && !is_interrupted;
}

/* ---- live ---- */

/*
 * Gives the aliases of accounts that -refresh=false has to list all the same, because something
 * desired there is not recorded, or has no id. Release with table_free.
 */
static struct table *find_unsure(const struct session *session)
{
	const struct model *recorded = &session->ledger.state.model, *desired = &session->desired;
	struct table *unsure = NULL;

	for (size_t i = 0; i < desired->object_count; i++) {
		struct object *wanted = &desired->objects[i];
		const struct object *known = model_find(recorded, wanted);
		if (!known || !known->id)
			table_put(&unsure, wanted->account, wanted);
	}
	for (size_t i = 0; i < recorded->object_count; i++)
		if (object_is_unresolved(&recorded->objects[i]) ||
			recorded->objects[i].doubt != DOUBT_NONE)
			table_put(&unsure, recorded->objects[i].account, &recorded->objects[i]);
	return unsure;
}

/* -refresh=false: what is recorded counts as live, except in the unsure accounts. */
static void believe_state(struct session *session, const struct table *unsure)
{
	const struct model *desired = &session->desired;

	for (size_t i = 0; i < desired->account_count; i++) {
		const char *alias = desired->accounts[i].alias;
		struct objects known = model_in_account(&session->ledger.state.model, alias);
		if (table_get(unsure, alias))
			continue;
		model_add_account_copy(&session->live, &desired->accounts[i]);
		for (size_t k = 0; k < known.count; k++)
			model_add_copy(&session->live, &known.items[k])->origin = ORIGIN_NONE;
	}
}

/* An event for each recorded object of the listed accounts, before and after the listing. */
static void emit_refresh(
	const struct session *session, const struct live_input *input, enum event_type type)
{
	const struct model *live = &session->live;
	bool is_done = type == EVENT_REFRESH_DONE;
	size_t at = 0; /* both models are sorted, and the accounts, too */

	for (size_t i = 0; i < input->count; i++) {
		const char *alias = input->accounts[i].account->alias;
		struct objects known = model_in_account(&session->ledger.state.model, alias);
		if (is_done && !model_account(live, alias))
			continue;
		for (size_t k = 0; k < known.count; k++) {
			const struct object *it = &known.items[k];
			int order = -1;
			while (is_done && at < live->object_count &&
				(order = object_compare(&live->objects[at], it)) < 0)
				at++;
			struct event event = {.type = type,
				.object = it,
				.text = order == 0 ? live->objects[at].id : NULL};
			if (it->id)
				event_emit(&session->sink, &event);
		}
	}
}

bool read_live(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct model *recorded = &session->ledger.state.model, *desired = &session->desired;
	const struct model *const managed[] = {desired, recorded};
	bool believes = !session->cli->refresh;
	struct live_stores wanted = {0};

	if (!session_new_client(session) || !connect_accounts(session))
		return false;
	if (!session->reads_values) /* else once they were read */
		(void)session_confine(session);
	struct live_input input = session_live_input(session);
	struct live_account *listed AUTO_FREE = mem_alloc(desired->account_count * sizeof(*listed));
	struct table *unsure = believes ? find_unsure(session) : NULL;
	input.accounts = listed;
	input.count = 0;
	for (size_t i = 0; i < desired->account_count; i++)
		if (!believes || table_get(unsure, desired->accounts[i].alias))
			listed[input.count++] = session->accounts[i];
	emit_refresh(session, &input, EVENT_REFRESH_START);
	progress_read(&session->progress, desired);
	session->read_ms = clock_unix_ms();
	session->read_at_ms = clock_monotonic_ms();
	if (!live_read(&input, &session->live, &errors))
		term_errors(&errors);
	/* So far `live` has only the accounts that were listed: nothing else is wanted. */
	for (size_t m = 0; m < ARRAY_SIZE(managed) && interrupt_count == 0; m++)
		for (size_t i = 0; i < managed[m]->object_count; i++)
			if (managed[m]->objects[i].kind == OBJECT_SECRET)
				want(session, &managed[m]->objects[i], &wanted);
	(void)read(session, &input, &wanted);
	if (believes)
		believe_state(session, unsure);
	table_free(&unsure);
	model_sort(&session->live);
	emit_refresh(session, &input, EVENT_REFRESH_DONE);
	return drop_unread(session, true);
}

bool read_live_only(struct session *session, const struct table *ids)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!session_new_client(session) || !connect_accounts(session))
		return false;
	(void)session_confine(session);
	const struct live_input input = session_live_input(session);
	progress_read(&session->progress, &session->desired);
	if (!live_read(&input, &session->live, &errors))
		term_errors(&errors);
	return drop_unread(session, true) && read_live_stores(session, ids);
}
