#include "state/ledger.h"

#include "adapter/crypt.h"
#include "base/text.h"
#include "state/lock_info.h"
#include "state/seen.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- parts ---- */

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return strcmp(x->account.id, y->account.id);
}

static bool open_part(struct ledger *ledger, struct part *part,
	const struct ledger_options *ledger_options, struct error *err)
{
	struct backend_options options = ledger_options->backend;
	const struct account account = part->account;

	if (account.id) {
		struct location *its = arena_alloc(&ledger->arena, sizeof(*its));
		*its = location_of_account(options.location, account.id, &ledger->arena);
		options.location = its;
	}
	bool is_open = part_open(part, &options, ledger_options->sealing, err);
	part->account = account;
	return is_open;
}

/* All take their locks in one order, so that no two wait for each other. */
static bool open_parts(
	struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	bool is_split = location_is_split(options->backend.location);
	size_t count = is_split ? options->account_count : 1;

	*ledger = (struct ledger){.part_count = count};
	ledger->parts = mem_alloc(count * sizeof(*ledger->parts));
	for (size_t i = 0; i < count && is_split; i++)
		ledger->parts[i].account = options->accounts[i];
	if (is_split)
		qsort(ledger->parts, count, sizeof(*ledger->parts), compare_parts);
	for (size_t i = 0; i < count; i++)
		if (!open_part(ledger, &ledger->parts[i], options, err))
			return false;
	return true;
}

static struct part *part_of(const struct ledger *ledger, const char *alias)
{
	for (size_t i = 0; i < ledger->part_count && alias; i++)
		if (ledger->parts[i].account.id &&
			strcmp(ledger->parts[i].account.alias, alias) == 0)
			return &ledger->parts[i];
	assert(!alias ||
		!ledger->parts[0].account.id); /* who knows the object chose the accounts */
	return &ledger->parts[0];
}

/* The part's share of a state of all parts. Lends it: nothing of it is to be released. */
static struct state view_of(const struct state *state, const struct part *part)
{
	struct state view = {.serial = part->serial + part->is_ahead};
	const struct model *model = &state->model;

	memcpy(view.lineage, part->lineage, sizeof(view.lineage));
	if (!part->account.id) {
		view.moved_to = state->moved_to;
		view.model = *model;
		return view;
	}
	struct objects its = model_in_account(model, part->account.alias);
	const struct account *account = model_account(model, part->account.alias);
	if (account) {
		view.model.accounts = &model->accounts[account - model->accounts];
		view.model.account_count = 1;
	}
	if (its.count) {
		view.model.objects = &model->objects[its.items - model->objects];
		view.model.object_count = its.count;
	}
	return view;
}

static bool is_other(const struct model *a, const struct model *b)
{
	if (a->object_count != b->object_count)
		return true;
	for (size_t i = 0; i < a->object_count; i++)
		if (object_compare(&a->objects[i], &b->objects[i]) != 0 ||
			!object_is_same(&a->objects[i], &b->objects[i]))
			return true;
	return false;
}

/* Which parts have changed since `before`. However much did, what a part writes is one serial. */
static void find_changes(struct ledger *ledger, const struct state *before)
{
	bool is_changed = before && before->serial != ledger->state.serial;
	int64_t serial = 0;

	ledger->is_ahead = false;
	for (size_t i = 0; i < ledger->part_count; i++) {
		struct part *part = &ledger->parts[i];
		if (is_changed && !part->is_ahead) {
			const struct state old = view_of(before, part);
			const struct state now = view_of(&ledger->state, part);
			part->is_ahead = !part->account.id || is_other(&old.model, &now.model);
		}
		ledger->is_ahead |= part->is_ahead;
		serial += part->serial + part->is_ahead;
	}
	ledger->state.serial = serial;
}

bool ledger_find_holder(const struct ledger_options *options, struct str *ret_holder,
	struct str *ret_id, struct error *err)
{
	struct ledger ledger;
	bool is_good = open_parts(&ledger, options, err);

	for (size_t i = 0; i < ledger.part_count && is_good && !ret_holder->length; i++) {
		struct backend *backend = ledger.parts[i].backend;
		struct str info CLEANUP(str_release) = {0};
		bool is_held = lock_is_held(backend->lock_path, &info);
		is_good = is_held || backend_find_holder(backend, &info, err);
		if (is_good && (is_held || info.length))
			lock_info_describe(&info, ret_holder);
		if (is_good && !is_held)
			lock_info_add_id(&info, ret_id);
	}
	ledger_close(&ledger);
	return is_good;
}

/* ---- reading ---- */

void ledger_stage(struct ledger *ledger, const struct state_fold *changes)
{
	struct state before = ledger->state;

	if (!changes->change_count && !changes->account_count)
		return;
	state_fold(&before, changes, &ledger->state);
	find_changes(ledger, &before);
	state_release(&before);
}

char *ledger_find_backup(const struct ledger *ledger)
{
	char *name = NULL;

	for (size_t i = 0; i < ledger->part_count; i++)
		if (!ledger->parts[i].is_born && part_find_backup(&ledger->parts[i], &name))
			return name;
	return NULL;
}

/* Adds the state of a part, under the alias that its account has now. */
static bool merge(struct ledger *ledger, const struct part *part, const struct state *state,
	struct error *err)
{
	struct model *all = &ledger->state.model;
	const struct account *account = &part->account;

	for (size_t i = 0; i < state->model.object_count; i++) {
		const struct object *object = &state->model.objects[i];
		const char *id = model_account(&state->model, object->account)->id;
		if (strcmp(id, account->id) != 0) {
			error_set(err, "the state of the account %s has objects of the account %s",
				account->id, id);
			return error_at(err, part->backend->name, 0, 0);
		}
		model_add_copy(all, object)->account = arena_text(&all->arena, account->alias);
	}
	if (state->model.object_count)
		model_add_account(all, account->alias, account->id);
	return true;
}

/* A state without objects would be taken for the truth. */
static bool refuse_moved(const struct part *part, const struct state *state, struct error *err)
{
	char *shown AUTO_FREE = text_visible(state->moved_to, 0);

	error_set(err, "the state %s was moved to %s", part->backend->name, shown);
	return error_hint(err,
		"This manifest still names the old place. Use the one that names the new "
		"place. To move the state back, run `cfprov state migrate -from=FILE`, where FILE "
		"is a manifest that names the new place.");
}

/* It would be taken for a new state, which could not be written there. */
static bool refuse_awaiting(const struct part *part, struct error *err)
{
	error_set(err, "a move of a state to %s was interrupted", part->backend->name);
	return error_hint(err, "Run `cfprov state migrate` again, which continues it. Until then "
			       "the state at the old place is valid.");
}

static bool load_part(
	struct ledger *ledger, struct part *part, bool may_be_moved, struct error *err)
{
	struct state state CLEANUP(state_release) = {0};

	if (!part_load(part, &state, err))
		return false;
	if (state.moved_to && !may_be_moved)
		return refuse_moved(part, &state, err);
	if (part->awaits_state && !may_be_moved)
		return refuse_awaiting(part, err);
	part->read_serial = state.serial;
	part->is_born = state.lineage[0];
	memcpy(part->lineage, state.lineage, sizeof(part->lineage));
	if (part->is_born)
		memcpy(ledger->state.lineage, state.lineage, sizeof(state.lineage));
	if (part->account.id)
		return merge(ledger, part, &state, err);
	ledger->state = state;
	state = (struct state){0};
	return true;
}

static bool load(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	for (size_t i = 0; i < ledger->part_count; i++)
		if (!load_part(ledger, &ledger->parts[i], options->may_be_moved, err))
			return false;
	model_sort(&ledger->state.model);
	find_changes(ledger, NULL);
	return true;
}

bool ledger_read(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};
	bool is_open = open_parts(ledger, options, err);

	if (is_open && load(ledger, options, &why))
		return true;
	if (is_open && options->ret_unread && backend_is_log(ledger->parts[0].backend)) {
		error_move(options->ret_unread, &why);
		return true;
	}
	if (is_open)
		error_move(err, &why);
	ledger_close(ledger);
	return false;
}

/* ---- writing ---- */

const char *ledger_lineage(const struct ledger *ledger, const char *alias)
{
	struct part *part = part_of(ledger, alias);

	if (!part->lineage[0])
		crypt_uuid(part->lineage);
	return part->lineage;
}

static bool write_part(struct ledger *ledger, struct part *part, struct error *err)
{
	if (!part->is_ahead)
		return true;
	memcpy(ledger->state.lineage, ledger_lineage(ledger, part->account.alias),
		sizeof(part->lineage));
	const struct state view = view_of(&ledger->state, part);
	return part_write(part, &view, err);
}

/* Of several errors, the first counts. */
bool ledger_commit(struct ledger *ledger, struct error *err)
{
	bool is_good = true;

	if (!ledger->is_ahead || !ledger->may_write)
		return true;
	for (size_t i = 0; i < ledger->part_count; i++) {
		struct error why CLEANUP(error_release) = {0};
		if (write_part(ledger, &ledger->parts[i], &why))
			continue;
		if (is_good)
			error_move(err, &why);
		is_good = false;
	}
	find_changes(ledger, NULL);
	return is_good;
}

static bool lock_part(struct part *part, const struct ledger_options *options, struct error *err)
{
	const struct part_wait wait = {
		options->operation, options->lock_timeout_ms, options->backend.interrupted};

	if (!backend_check(part->backend, err) ||
		!fs_make_folders(part->backend->journal_path, err))
		return false;
	part->folder = fs_hold_folder(part->backend->journal_path);
	if (options->no_lock) /* somebody else may be writing */
		return true;
	if (!part_lock(part, &wait, err))
		return false;
	backend_tidy(part->backend);
	return true;
}

/* Of a backup in clear that this run was told to leave alone. */
static void warn_of_clear(const struct part *part)
{
	struct error why CLEANUP(error_release) = {0};
	char *name AUTO_FREE = part->sealing.encrypts ? part_clear_backup(part, false) : NULL;

	if (!name)
		return;
	error_set(&why, "the state is encrypted, but its backup %s is not", name);
	error_hint(&why, "Remove it, or encrypt it with `cfprov state sign` without -backup.");
	event_emit(part->sink, &(struct event){.type = EVENT_WARNING, .err = &why});
}

/* Writes all of it with the key, also the backup: so twice, or once more if it was just written. */
static bool protect(struct ledger *ledger, struct part *part, bool was_written, struct error *err)
{
	int times = part->backend->backup_path && !was_written ? 2 : 1;

	if (!part->is_stale)
		return true;
	if (part->serial < part->seen_serial && !backend_is_log(part->backend))
		part->serial = part->seen_serial; /* later than what any machine has seen */
	part->is_stale = false;
	for (int i = 0; i < times; i++) {
		part->is_ahead = true;
		if (!write_part(ledger, part, err))
			return false;
	}
	event_emit(part->sink, &(struct event){.type = EVENT_PROTECTED,
				       .text = part->backend->name,
				       .leaves_clear = part->sealing.encrypts &&
						       part->found.form != SEALING_SEALED &&
						       backend_is_log(part->backend)});
	warn_of_clear(part);
	return true;
}

bool ledger_accept(struct ledger *ledger, struct error *err)
{
	for (size_t i = 0; i < ledger->part_count; i++) {
		struct part *part = &ledger->parts[i];
		bool was_ahead = part->is_ahead, was_left = part->has_journal || was_ahead;
		/* The journal belongs to the state that is one older than what was written last. */
		if (!write_part(ledger, part, err) || !part_end(part, err) ||
			!protect(ledger, part, was_ahead, err))
			return false;
		if (was_left)
			event_say(part->sink, EVENT_JOURNAL_FOLDED, part->backend->journal_path);
	}
	find_changes(ledger, NULL);
	return true;
}

bool ledger_open(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	bool is_good = open_parts(ledger, options, err);

	ledger->may_write = true;
	for (size_t i = 0; i < ledger->part_count && is_good; i++)
		is_good = lock_part(&ledger->parts[i], options, err);
	bool waits = options->sealing && options->sealing->accepts_unsigned;
	if (is_good && load(ledger, options, err) && (waits || ledger_accept(ledger, err)))
		return true;
	ledger_close(ledger);
	return false;
}

bool ledger_replace(struct ledger *ledger, struct state *state, struct error *err)
{
	struct part *part = &ledger->parts[0];
	struct state old CLEANUP(state_release) = ledger->state;
	struct state other CLEANUP(state_release) = *state;
	int64_t serial = part->serial + 1;
	int64_t seen = sealing_keys(&part->sealing) ? seen_serial(other.lineage) : 0;

	(void)old; /* released at the end */
	*state = (struct state){0};
	ledger->state = (struct state){0};
	if (ledger->part_count != 1) {
		error_set(err, "the state is split by account");
		return error_hint(err, "Choose one account with -account=ALIAS.");
	}
	if (other.serial > serial && !(part->serial && backend_is_log(part->backend)))
		serial = other.serial;
	if (seen >= serial && !other.moved_to && !backend_is_log(part->backend))
		serial = seen + 1; /* later than what any machine has seen */
	part->is_replaced = true;
	memcpy(part->lineage, other.lineage, sizeof(part->lineage));
	if (part->account.id && !merge(ledger, part, &other, err))
		return false;
	if (!part->account.id) {
		ledger->state = other;
		other = (struct state){0};
	}
	part->serial = serial - 1; /* of which the new one is the next */
	part->is_ahead = true;
	find_changes(ledger, NULL);
	return ledger_commit(ledger, err);
}

bool ledger_read_old(
	struct ledger *ledger, int64_t serial, struct state *ret_state, struct error *err)
{
	return part_read_old(&ledger->parts[0], serial, ret_state, err);
}

/* ---- a run ---- */

bool ledger_keep_alive(struct ledger *ledger, struct error *err)
{
	for (size_t i = 0; i < ledger->part_count; i++)
		if (ledger->parts[i].log.fd >= 0 && !part_alive(&ledger->parts[i], err))
			return false;
	return true;
}

/* The intents of a part, if it has any. */
static bool begin_part(
	struct ledger *ledger, struct part *part, const struct model *desired, struct error *err)
{
	struct change *changes AUTO_FREE = mem_alloc(ledger->run.change_count * sizeof(*changes));
	struct state_fold its = {changes, 0, desired->accounts, desired->account_count, 0};
	struct journal_head head = {.serial = part->serial};
	struct str header CLEANUP(str_release) = {0};

	for (size_t i = 0; i < ledger->run.change_count; i++) {
		struct run_intent *intent = &ledger->intents[i];
		if (intent->part != part)
			continue;
		intent->index = its.change_count;
		changes[its.change_count++] = ledger->changes[i];
	}
	if (part->account.id) {
		its.accounts = &part->account;
		its.account_count = 1;
	}
	if (!its.change_count)
		return true;
	memcpy(head.lineage, ledger_lineage(ledger, part->account.alias), sizeof(head.lineage));
	if (part->lock_id && strlen(part->lock_id) < sizeof(head.lock))
		memcpy(head.lock, part->lock_id, strlen(part->lock_id));
	const struct state view = view_of(&ledger->state, part);
	if (!part_check_serial(part, view.serial + 1, err) ||
		!chain_begin(&part->lines, &part->sealing, &view, &header, err))
		return false;
	journal_encode_header(&head, &its, &part->lines, &header);
	return fs_check_folder(part->folder, part->backend->journal_path, err) &&
	       part_begin(part, &header, err);
}

bool ledger_begin(struct ledger *ledger, const struct model *desired, const struct change *intents,
	size_t count, struct error *err)
{
	struct error ignored CLEANUP(error_release) = {0};

	ledger->changes = arena_alloc(&ledger->run_arena, count * sizeof(*intents));
	ledger->intents = arena_alloc(&ledger->run_arena, count * sizeof(*ledger->intents));
	if (count)
		memcpy(ledger->changes, intents, count * sizeof(*intents));
	for (size_t i = 0; i < count; i++)
		ledger->intents[i].part = part_of(ledger, intents[i].object->account);
	ledger->run = (struct state_fold){
		ledger->changes, count, desired->accounts, desired->account_count, 0};
	for (size_t i = 0; i < ledger->part_count; i++) {
		if (begin_part(ledger, &ledger->parts[i], desired, err))
			continue;
		/* Nothing is requested. */
		for (size_t k = 0; k < i; k++)
			if (ledger->parts[k].log.fd >= 0) {
				error_release(&ignored);
				(void)!part_end(&ledger->parts[k], &ignored);
			}
		return false;
	}
	return true;
}

bool ledger_record(
	struct ledger *ledger, const struct result *results, size_t count, struct error *err)
{
	struct result *its AUTO_FREE = mem_alloc(count * sizeof(*its));

	for (size_t i = 0; i < count; i++) {
		size_t intent = results[i].intent;
		/* such a journal would not be read again */
		assert(!ledger->intents[intent].has_result);
		ledger->intents[intent].has_result = true;
		ledger->changes[intent] = results[i].change;
	}
	for (size_t p = 0; p < ledger->part_count; p++) {
		struct part *part = &ledger->parts[p];
		struct str group CLEANUP(str_release) = {0};
		size_t its_count = 0;
		for (size_t i = 0; i < count; i++) {
			const struct run_intent *intent = &ledger->intents[results[i].intent];
			if (intent->part == part)
				its[its_count++] =
					(struct result){intent->index, results[i].change};
		}
		if (!its_count)
			continue;
		journal_encode_group(its, its_count, &part->lines, &group);
		if (!part_append(part, &group, err))
			return false;
	}
	return true;
}

bool ledger_finish(struct ledger *ledger, struct error *err)
{
	state_release(&ledger->before);
	ledger->before = ledger->state;
	for (size_t i = 0; i < ledger->part_count; i++) {
		struct part *part = &ledger->parts[i];
		fs_log_close(&part->log);
		if (part->alive_ms > ledger->run.requested_ms)
			ledger->run.requested_ms = part->alive_ms;
	}
	state_fold(&ledger->before, &ledger->run, &ledger->state);
	ledger->run = (struct state_fold){0};
	find_changes(ledger, &ledger->before);
	bool is_good = ledger_commit(ledger, err);
	for (size_t i = 0; i < ledger->part_count; i++) {
		struct part *part = &ledger->parts[i];
		struct error why CLEANUP(error_release) = {0};
		backend_keep_backup(part->backend); /* it stays that of the state before */
		if (part->is_ahead || part_end(part, &why))
			continue;
		if (is_good)
			error_move(err, &why);
		is_good = false;
	}
	return is_good;
}

void ledger_close(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->part_count; i++)
		part_close(&ledger->parts[i]);
	mem_free(ledger->parts);
	state_release(&ledger->state);
	state_release(&ledger->before);
	arena_release(&ledger->run_arena);
	arena_release(&ledger->arena);
	*ledger = (struct ledger){0};
}
