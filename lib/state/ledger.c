#include "state/ledger.h"

#include "adapter/crypt.h"
#include "adapter/json.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_POLL_MS = 100 };

/* ---- the lock ---- */

static void encode_lock_info(const struct ledger_options *options, struct str *out)
{
	struct json_writer writer = json_file_writer(out, 2);
	char id[CRYPT_UUID_SIZE], now[CLOCK_TEXT_SIZE], host[256] = "";
	const char *user = getenv("USER");
	struct str who CLEANUP(str_release) = {0};

	crypt_uuid(id);
	clock_now_text(now);
	(void)gethostname(host, sizeof(host) - 1);
	if (user && *user)
		str_text_add(&who, user);
	else
		str_format(&who, "user %lu", (unsigned long)getuid());
	str_format(&who, "@%s, process %ld", host, (long)getpid());
	json_begin_object(&writer, NULL);
	json_put_text(&writer, "ID", id);
	json_put_text(&writer, "Operation", options->operation);
	json_put_text(&writer, "Info", "");
	json_put_text(&writer, "Who", str_text(&who));
	json_put_text(&writer, "Version", cfprov_version());
	json_put_text(&writer, "Created", now);
	json_put_text(&writer, "Path", options->path);
	json_end(&writer);
	str_char(out, '\n');
}

/* "alice@host, process 12 (apply, since 2026-…)", if the lock's file says so. */
static void describe_holder(const struct str *info, struct str *out)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(str_text(info), info->length, &ignored);
	const char *who = json_get_text(json, "Who"), *since = json_get_text(json, "Created");
	const char *operation = json_get_text(json, "Operation");
	struct str text CLEANUP(str_release) = {0};

	if (who && operation && since)
		str_format(&text, "%s (%s, since %s)", who, operation, since);
	else
		str_text_add(&text, "another process");
	text_add_visible(out, str_text(&text), text.length, 200);
}

bool ledger_is_locked(const char *path, struct str *ret_holder)
{
	char *real AUTO_FREE = fs_real_path(path), *lock AUTO_FREE = fs_sibling(real, ".", ".lock");
	struct str info CLEANUP(str_release) = {0};

	if (!lock_is_held(lock, &info))
		return false;
	describe_holder(&info, ret_holder);
	return true;
}

static bool take_lock(
	struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	char *path AUTO_FREE = fs_sibling(ledger->path, ".", ".lock");
	int64_t deadline_ms = clock_monotonic_ms() + options->lock_timeout_ms;
	struct str info CLEANUP(str_release) = {0}, holder CLEANUP(str_release) = {0};

	encode_lock_info(options, &info);
	for (;;) {
		struct str held CLEANUP(str_release) = {0};
		struct error why CLEANUP(error_release) = {0};
		if (lock_take(&ledger->lock, path, str_text(&info), &held, &why))
			return true;
		if (why.code != ERROR_BUSY) {
			error_move(err, &why);
			return false;
		}
		bool was_told = holder.length > 0;
		str_clear(&holder);
		describe_holder(&held, &holder);
		if (clock_monotonic_ms() >= deadline_ms ||
			(options->interrupted && *options->interrupted))
			break;
		nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_MS * 1000000L}, NULL);
		if (!was_told)
			event_say(options->sink, EVENT_LOCK_WAIT, str_text(&holder));
	}
	error_set_code(
		err, ERROR_BUSY, "the state %s is locked by %s", ledger->path, str_text(&holder));
	return error_hint(err, "Wait until it ends, or pass -lock-timeout=5m to wait for it.");
}

/* ---- reading ---- */

void ledger_stage(struct ledger *ledger, const struct state_fold *changes)
{
	struct state next = {0};

	state_fold(&ledger->state, changes, &next);
	ledger->is_ahead_of_file |= next.serial != ledger->state.serial;
	state_release(&ledger->state);
	ledger->state = next;
}

/* The serial of a backup; 0: none is readable. `path` may be NULL. */
static int64_t backup_serial(const char *path)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct state state CLEANUP(state_release) = {0};

	if (!path || !fs_read_ours(path, LEDGER_SIZE_LIMIT, &bytes, &ignored) ||
		!state_decode(path, str_text(&bytes), bytes.length, &state, &ignored))
		return 0;
	return state.serial;
}

char *ledger_find_backup(const struct ledger *ledger, const char *path)
{
	char *real AUTO_FREE = fs_real_path(path);
	char *backup = ledger->state.lineage[0] ? NULL : fs_sibling(real, "", ".backup");

	if (backup_serial(backup))
		return backup;
	mem_free(backup);
	return NULL;
}

static bool refuse_state(const struct ledger *ledger, struct error *err)
{
	if (err->hint)
		return false;
	if (backup_serial(ledger->backup_path))
		return error_hint(err,
			"If it is damaged, replace it with the backup %s. Objects that are newer "
			"than the backup are found by name.",
			ledger->backup_path);
	return error_hint(err,
		"If it is damaged, replace it with a copy of your own. Without a copy, move it "
		"away and "
		"run `cfprov apply -adopt`, which adopts the objects that the manifest names.");
}

/* A missing file is not an error. */
static bool read_file(const char *path, struct str *out, bool *ret_is_there, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};

	*ret_is_there = fs_read_ours(path, LEDGER_SIZE_LIMIT, out, &why);
	if (*ret_is_there || why.code == ERROR_ABSENT)
		return true;
	error_move(err, &why);
	return false;
}

/* A state that can't be read again must not replace one that can. */
static bool encode_readable(const struct ledger *ledger, struct str *ret_bytes, struct error *err)
{
	struct state again CLEANUP(state_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	state_encode(&ledger->state, ret_bytes);
	if (ret_bytes->length > LEDGER_SIZE_LIMIT)
		return error_set(err, "the new state exceeds %d bytes", LEDGER_SIZE_LIMIT);
	if (state_decode(ledger->path, str_text(ret_bytes), ret_bytes->length, &again, &why))
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
	if (fits && (!ledger->is_ahead_of_file || encode_readable(ledger, &bytes, &why)))
		return true;
	error_set(err, "the journal can't be applied to the state: %s", why.message);
	return journal_refuse(ledger->journal_path, err);
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

	if (!journal->lineage[0])
		return true; /* torn before anything was sent */
	if (state->lineage[0] && strcmp(state->lineage, journal->lineage) != 0) {
		error_set(err, "the journal belongs to another state (lineage %s, not %s)",
			journal->lineage, state->lineage);
		error_hint(err, "Restore the state it belongs to, or move the journal away.");
		return error_at(err, ledger->journal_path, 0, 0);
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
		return error_at(err, ledger->journal_path, 0, 0);
	}
	error_set(err, "the journal is newer than the state (serial %lld, but the state has %lld)",
		(long long)journal->serial, (long long)state->serial);
	if (backup_serial(ledger->backup_path) >= journal->serial)
		error_hint(err,
			"The state was lost or replaced by an older one. Restore it from %s.",
			ledger->backup_path);
	else
		error_hint(err,
			"The state was lost or replaced by an older one. Restore the newer one. If "
			"you can't, move the journal away: cfprov then finds the objects of that "
			"run by name and offers to adopt them.");
	return error_at(err, ledger->journal_path, 0, 0);
}

/* The journal is read first: if a run ends in between, the newer state has all of it. */
static bool load(struct ledger *ledger, struct error *err)
{
	struct journal journal CLEANUP(journal_release) = {0};
	struct str run CLEANUP(str_release) = {0}, bytes CLEANUP(str_release) = {0};
	bool has_state;

	if (!read_file(ledger->journal_path, &run, &ledger->has_journal, err) ||
		!read_file(ledger->path, &bytes, &has_state, err))
		return false;
	if (ledger->has_journal &&
		!journal_decode(ledger->journal_path, str_text(&run), run.length, &journal, err))
		return false;
	if (has_state &&
		!state_decode(ledger->path, str_text(&bytes), bytes.length, &ledger->state, err))
		return refuse_state(ledger, err);
	if (!apply_journal(ledger, &journal, err))
		return false;
	ledger->read_serial = ledger->state.serial;
	return true;
}

/* Of what is replaced. Errors show it as the user wrote it, unless it is a link. */
static char *target_of(const char *path)
{
	char first;

	return readlink(path, &first, 1) < 0 ? mem_copy_text(path) : fs_real_path(path);
}

static void set_paths(struct ledger *ledger, const char *path, const char *backup)
{
	*ledger = (struct ledger){.lock.fd = -1, .log.fd = -1};
	ledger->path = target_of(path);
	ledger->journal_path = fs_sibling(ledger->path, "", ".journal");
	char *beside AUTO_FREE = fs_sibling(ledger->path, "", ".backup");
	if (!backup || strcmp(backup, LEDGER_NO_BACKUP) != 0)
		ledger->backup_path = mem_copy_text(backup ? backup : beside);
}

bool ledger_read(struct ledger *ledger, const char *path, struct error *err)
{
	set_paths(ledger, path, NULL);
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

	if (!ledger->is_ahead_of_file || !ledger->may_write)
		return true;
	assign_lineage(ledger);
	if (!encode_readable(ledger, &bytes, err) ||
		!fs_replace(ledger->path, ledger->backup_path, &bytes, err))
		return error_prefix(err, "the state could not be written");
	ledger->is_ahead_of_file = false;
	return true;
}

static bool drop_journal(struct ledger *ledger, struct error *err)
{
	if (!ledger->has_journal)
		return true;
	ledger->has_journal = false;
	return fs_remove(ledger->journal_path, err) ||
	       error_prefix(err, "the journal could not be removed");
}

/* A file mounted alone can't be replaced, and the journal beside it would not outlive a container.
 */
static bool check_state_target(const struct ledger *ledger, struct error *err)
{
	if (fs_check_target(ledger->path, err))
		return true;
	if (err->hint)
		error_hint(err, "Mount its directory instead, because the journal and the lock are "
				"files beside it, or pass another path with -state.");
	return error_prefix(err, "the state can't be written");
}

bool ledger_open(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	set_paths(ledger, options->path, options->backup);
	ledger->may_write = true;
	/* Both targets are checked before any request: afterwards there may be ids to write. */
	bool is_good = check_state_target(ledger, err) &&
		       (options->no_lock || take_lock(ledger, options, err)) &&
		       (!ledger->backup_path || fs_check_target(ledger->backup_path, err) ||
			       error_prefix(err, "the backup of the state could not be written"));
	if (is_good && load(ledger, err) && ledger_commit(ledger, err)) {
		if (ledger->has_journal)
			event_say(options->sink, EVENT_JOURNAL_FOLDED, ledger->journal_path);
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
	ledger->is_ahead_of_file = true;
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
	journal_encode_alive(ledger->alive_ms, out);
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
	journal_encode_header(&ledger->state, desired, intents, count, &header);
	add_alive(ledger, &header);
	ledger->has_journal = true;
	return (fs_log_create(&ledger->log, ledger->journal_path, err) &&
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
	journal_encode_group(results, count, &group);
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
	ledger->is_ahead_of_file = ledger->state.serial != ledger->before.serial;
	bool is_written = ledger_commit(ledger, err);
	mem_free(mem_steal(&ledger->backup_path)); /* the backup stays that of the state before */
	return is_written && drop_journal(ledger, err);
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger->path) /* never opened: its descriptors are none */
		return;
	fs_log_close(&ledger->log);
	lock_drop(&ledger->lock);
	state_release(&ledger->state);
	state_release(&ledger->before);
	arena_release(&ledger->run_arena);
	mem_free(ledger->path);
	mem_free(ledger->journal_path);
	mem_free(ledger->backup_path);
	*ledger = (struct ledger){.lock.fd = -1, .log.fd = -1};
}
