#include "state/ledger.h"

#include "adapter/crypt.h"
#include "base/clock.h"
#include "state/lock_info.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { LOCK_POLL_MS = 100 };

/* ---- the lock ---- */

bool ledger_find_holder(struct backend *backend, struct str *ret_holder, struct error *err)
{
	struct str info CLEANUP(str_release) = {0};
	bool is_held = lock_is_held(backend->lock_path, &info);

	if (!is_held && !backend_find_holder(backend, &info, err))
		return false;
	if (is_held || info.length)
		lock_info_describe(&info, ret_holder);
	return true;
}

static bool take_lock(
	struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	const struct backend *backend = ledger->backend;
	const volatile sig_atomic_t *interrupted = options->backend.interrupted;
	int64_t deadline_ms = clock_monotonic_ms() + options->lock_timeout_ms;
	struct str info CLEANUP(str_release) = {0}, holder CLEANUP(str_release) = {0};
	char id[CRYPT_UUID_SIZE];

	crypt_uuid(id);
	lock_info_encode(id, options->operation, backend->name, &info);
	for (;;) {
		struct str held CLEANUP(str_release) = {0};
		struct error why CLEANUP(error_release) = {0};
		if (lock_take(&ledger->lock, backend->lock_path, str_text(&info), &held, &why))
			return true;
		if (why.code != ERROR_BUSY) {
			error_move(err, &why);
			return false;
		}
		bool was_told = holder.length > 0;
		str_clear(&holder);
		lock_info_describe(&held, &holder);
		if (clock_monotonic_ms() >= deadline_ms || (interrupted && *interrupted))
			break;
		nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_MS * 1000000L}, NULL);
		if (!was_told)
			event_say(options->backend.sink, EVENT_LOCK_WAIT, str_text(&holder));
	}
	error_set_code(
		err, ERROR_BUSY, "the state %s is locked by %s", backend->name, str_text(&holder));
	return error_hint(err, "Wait until it ends, or pass -lock-timeout=5m to wait for it.");
}

/* ---- reading ---- */

void ledger_stage(struct ledger *ledger, const struct state_fold *changes)
{
	struct state next = {0};

	state_fold(&ledger->state, changes, &next);
	ledger->is_ahead |= next.serial != ledger->state.serial;
	state_release(&ledger->state);
	ledger->state = next;
}

/* Adds the bytes of a state as they are kept: every write of a state goes through here. */
static void encode_state(const struct state *state, struct str *out)
{
	state_encode(state, out);
}

/* The opposite: every state that is read goes through here. Errors name `name`. */
static bool decode_state(
	const char *name, const struct str *bytes, struct state *ret_state, struct error *err)
{
	return state_decode(name, str_text(bytes), bytes->length, ret_state, err);
}

/* The serial of a backup, 0: none is readable; and its name (mem_free). */
static int64_t find_backup(const struct ledger *ledger, char **ret_name)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct state state CLEANUP(state_release) = {0};
	char *name AUTO_FREE = backend_read_backup(ledger->backend, &bytes);

	if (!name || !decode_state(name, &bytes, &state, &ignored))
		return 0;
	*ret_name = mem_steal(&name);
	return state.serial;
}

char *ledger_find_backup(const struct ledger *ledger)
{
	char *name = NULL;

	return !ledger->state.lineage[0] && find_backup(ledger, &name) ? name : NULL;
}

static bool refuse_state(const struct ledger *ledger, struct error *err)
{
	char *backup AUTO_FREE = NULL;

	if (err->hint)
		return false;
	if (find_backup(ledger, &backup))
		return error_hint(err,
			"If it is damaged, replace it with the backup %s. Objects that are newer "
			"than the backup are found by name.",
			backup);
	return error_hint(err,
		"If it is damaged, replace it with a copy of your own. Without a copy, move it "
		"away and "
		"run `cfprov apply -adopt`, which adopts the objects that the manifest names.");
}

/* Its absence is not an error. */
static bool read_journal(struct ledger *ledger, struct str *out, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};

	ledger->has_journal =
		fs_read_ours(ledger->backend->journal_path, BACKEND_SIZE_LIMIT, out, &why);
	if (ledger->has_journal || why.code == ERROR_ABSENT)
		return true;
	error_move(err, &why);
	return false;
}

/* A state that can't be read again must not replace one that can. */
static bool encode_readable(const struct ledger *ledger, struct str *ret_bytes, struct error *err)
{
	struct state again CLEANUP(state_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	encode_state(&ledger->state, ret_bytes);
	if (ret_bytes->length > BACKEND_SIZE_LIMIT)
		return error_set(err, "the new state exceeds %d bytes", BACKEND_SIZE_LIMIT);
	if (decode_state(ledger->backend->name, ret_bytes, &again, &why))
		return true;
	error_set(err, "the new state is not valid (%s), so the old one was kept", why.message);
	return error_hint(err, "This is a bug in cfprov. Please report it.");
}

static bool fold_journal(struct ledger *ledger, const struct journal *journal, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};
	/* A journal without a time may be a moment old. */
	const struct state_fold fold = {journal->changes, journal->count, journal->model.accounts,
		journal->model.account_count,
		journal->alive_ms ? journal->alive_ms : clock_unix_ms()};

	memcpy(ledger->state.lineage, journal->lineage, sizeof(journal->lineage));
	bool fits = journal_check_accounts(journal, &ledger->state, &why);
	if (fits)
		ledger_stage(ledger, &fold);
	if (fits && (!ledger->is_ahead || encode_readable(ledger, &bytes, &why)))
		return true;
	error_set(err, "the journal can't be applied to the state: %s", why.message);
	return journal_refuse(ledger->backend->journal_path, err);
}

/* True if the state has all objects that the journal records, by their ids. */
static bool is_folded(const struct state *state, const struct journal *journal)
{
	for (size_t i = 0; i < journal->count; i++) {
		const struct change *change = &journal->changes[i];
		const struct object *known = model_find(&state->model, change->object);
		const char *id = change->object->id;
		if (change->kind == CHANGE_PUT &&
			(!known || (id && (!known->id || strcmp(known->id, id) != 0))))
			return false;
	}
	return journal->serial + 1 == state->serial;
}

/*
 * Folds the journal into the state that it belongs to. The state may have it already: a run may end
 * between replacing the state and removing the journal.
 */
static bool apply_journal(struct ledger *ledger, const struct journal *journal, struct error *err)
{
	const struct state *state = &ledger->state;
	char *backup AUTO_FREE = NULL;

	if (!journal->lineage[0])
		return true; /* torn before anything was sent */
	if (state->lineage[0] && strcmp(state->lineage, journal->lineage) != 0) {
		error_set(err, "the journal belongs to another state (lineage %s, not %s)",
			journal->lineage, state->lineage);
		error_hint(err, "Restore the state it belongs to, or move the journal away.");
		return error_at(err, ledger->backend->journal_path, 0, 0);
	}
	if (journal->serial == state->serial)
		return fold_journal(ledger, journal, err);
	if (is_folded(state, journal))
		return true;
	if (journal->serial < state->serial) {
		error_set(err,
			"the journal is older than the state (serial %lld, but the state has %lld)",
			(long long)journal->serial, (long long)state->serial);
		error_hint(err, "The state was replaced while the journal's run was interrupted. "
				"Restore the state of that run, or move the journal away: cfprov "
				"then finds the objects of that run by name and offers to adopt "
				"them.");
		return error_at(err, ledger->backend->journal_path, 0, 0);
	}
	error_set(err, "the journal is newer than the state (serial %lld, but the state has %lld)",
		(long long)journal->serial, (long long)state->serial);
	if (find_backup(ledger, &backup) >= journal->serial)
		error_hint(err,
			"The state was lost or replaced by an older one. Restore it from %s.",
			backup);
	else
		error_hint(err,
			"The state was lost or replaced by an older one. Restore the newer one. If "
			"you can't, move the journal away: cfprov then finds the objects of that "
			"run by name and offers to adopt them.");
	return error_at(err, ledger->backend->journal_path, 0, 0);
}

/* The journal is read first: if a run ends in between, the newer state has all of it. */
static bool load(struct ledger *ledger, struct error *err)
{
	struct journal journal CLEANUP(journal_release) = {0};
	struct str run CLEANUP(str_release) = {0};
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	const struct backend *backend = ledger->backend;

	if (!read_journal(ledger, &run, err) || !backend_read(ledger->backend, &snapshot, err))
		return false;
	if (ledger->has_journal &&
		!journal_decode(backend->journal_path, &run, NULL, &journal, err))
		return false;
	if (snapshot.exists && !decode_state(backend->name, &snapshot.bytes, &ledger->state, err))
		return refuse_state(ledger, err);
	if (!apply_journal(ledger, &journal, err))
		return false;
	ledger->read_serial = ledger->state.serial;
	return true;
}

static bool open_backend(
	struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	*ledger = (struct ledger){.lock.fd = -1, .log.fd = -1};
	return backend_open(&options->backend, &ledger->backend, err);
}

bool ledger_read(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	if (!open_backend(ledger, options, err))
		return false;
	if (load(ledger, err))
		return true;
	ledger_close(ledger);
	return false;
}

/* ---- writing ---- */

const char *ledger_lineage(struct ledger *ledger)
{
	if (ledger->state.lineage[0])
		return ledger->state.lineage;
	if (!ledger->new_lineage[0])
		crypt_uuid(ledger->new_lineage);
	return ledger->new_lineage;
}

static void assign_lineage(struct ledger *ledger)
{
	memmove(ledger->state.lineage, ledger_lineage(ledger), sizeof(ledger->state.lineage));
}

bool ledger_commit(struct ledger *ledger, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	if (!ledger->is_ahead || !ledger->may_write)
		return true;
	assign_lineage(ledger);
	if (!encode_readable(ledger, &bytes, err) ||
		!backend_append(ledger->backend, ledger->state.serial, &bytes, err))
		return error_prefix(err, "the state could not be written");
	ledger->is_ahead = false;
	return true;
}

static bool drop_journal(struct ledger *ledger, struct error *err)
{
	if (!ledger->has_journal)
		return true;
	ledger->has_journal = false;
	return fs_remove(ledger->backend->journal_path, err) ||
	       error_prefix(err, "the journal could not be removed");
}

bool ledger_open(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	if (!open_backend(ledger, options, err))
		return false;
	ledger->may_write = true;
	if (backend_check(ledger->backend, err) &&
		(options->no_lock || take_lock(ledger, options, err)) && load(ledger, err) &&
		ledger_commit(ledger, err)) {
		if (ledger->has_journal)
			event_say(options->backend.sink, EVENT_JOURNAL_FOLDED,
				ledger->backend->journal_path);
		if (drop_journal(ledger, err))
			return true;
	}
	ledger_close(ledger);
	return false;
}

bool ledger_replace(struct ledger *ledger, struct state *state, struct error *err)
{
	int64_t next = ledger->state.serial + 1;

	state_release(&ledger->state);
	ledger->state = *state;
	*state = (struct state){0};
	if (ledger->state.serial < next)
		ledger->state.serial = next;
	ledger->is_ahead = true;
	return ledger_commit(ledger, err);
}

static bool append(struct ledger *ledger, const struct str *lines, struct error *err)
{
	return fs_log_append(&ledger->log, lines, err) ||
	       error_prefix(err, "the journal could not be written");
}

static void add_alive(struct ledger *ledger, struct str *out)
{
	ledger->alive_ms = clock_unix_ms();
	ledger->alive_at_ms = clock_monotonic_ms();
	journal_encode_alive(ledger->alive_ms, &ledger->lines, out);
}

bool ledger_keep_alive(struct ledger *ledger, struct error *err)
{
	struct str line CLEANUP(str_release) = {0};

	if (clock_monotonic_ms() - ledger->alive_at_ms < JOURNAL_ALIVE_EVERY_MS)
		return true;
	add_alive(ledger, &line);
	return append(ledger, &line, err);
}

bool ledger_begin(struct ledger *ledger, const struct model *desired, const struct change *intents,
	size_t count, struct error *err)
{
	struct str header CLEANUP(str_release) = {0};

	assign_lineage(ledger);
	ledger->changes = arena_alloc(&ledger->run_arena, count * sizeof(*intents));
	ledger->has_result = arena_alloc(&ledger->run_arena, count * sizeof(*ledger->has_result));
	if (count)
		memcpy(ledger->changes, intents, count * sizeof(*intents));
	ledger->run = (struct state_fold){
		ledger->changes, count, desired->accounts, desired->account_count, 0};
	journal_encode_header(&ledger->state, &ledger->run, &ledger->lines, &header);
	add_alive(ledger, &header);
	ledger->has_journal = true;
	return (fs_log_create(&ledger->log, ledger->backend->journal_path, err) &&
		       fs_log_append(&ledger->log, &header, err)) ||
	       error_prefix(err, "the journal could not be written");
}

bool ledger_record(
	struct ledger *ledger, const struct result *results, size_t count, struct error *err)
{
	struct str group CLEANUP(str_release) = {0};

	for (size_t i = 0; i < count; i++) {
		size_t intent = results[i].intent;
		assert(!ledger->has_result[intent]); /* such a journal would not be read again */
		ledger->has_result[intent] = true;
		ledger->changes[intent] = results[i].change;
	}
	journal_encode_group(results, count, &ledger->lines, &group);
	return append(ledger, &group, err);
}

bool ledger_finish(struct ledger *ledger, struct error *err)
{
	fs_log_close(&ledger->log);
	state_release(&ledger->before);
	ledger->before = ledger->state;
	ledger->run.requested_ms = ledger->alive_ms;
	state_fold(&ledger->before, &ledger->run, &ledger->state);
	ledger->run = (struct state_fold){0};
	ledger->is_ahead = ledger->state.serial != ledger->before.serial;
	bool is_written = ledger_commit(ledger, err);
	backend_keep_backup(ledger->backend);
	return is_written && drop_journal(ledger, err);
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger->backend) /* never opened: its descriptors are none */
		return;
	fs_log_close(&ledger->log);
	lock_drop(&ledger->lock);
	backend_free(ledger->backend);
	state_release(&ledger->state);
	state_release(&ledger->before);
	arena_release(&ledger->run_arena);
	*ledger = (struct ledger){.lock.fd = -1, .log.fd = -1};
}
