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
	struct json_writer writer = json_writer(out, 2);
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

/* "alice@host, process 12 (apply, since 2026-…)", as far as the lock's file says it. */
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

	if (!fs_lock_is_held(lock, &info))
		return false;
	describe_holder(&info, ret_holder);
	return true;
}

static bool wait_for_lock(const struct ledger_options *options, int64_t deadline_ms)
{
	const struct timespec pause = {.tv_nsec = LOCK_POLL_MS * 1000000L};

	if (clock_monotonic_ms() >= deadline_ms || (options->interrupted && *options->interrupted))
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static bool take_lock(
	struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	char *path AUTO_FREE = fs_sibling(ledger->path, ".", ".lock");
	int64_t deadline_ms = clock_monotonic_ms() + options->lock_timeout_ms;
	struct str info CLEANUP(str_release) = {0}, holder CLEANUP(str_release) = {0};
	bool was_told = false;

	encode_lock_info(options, &info);
	for (;;) {
		struct str held CLEANUP(str_release) = {0};
		struct error why CLEANUP(error_release) = {0};
		if (fs_lock_take(&ledger->lock, path, str_text(&info), &held, &why))
			return true;
		if (why.code != ERROR_BUSY) {
			error_move(err, &why);
			return false;
		}
		str_clear(&holder);
		describe_holder(&held, &holder);
		if (!wait_for_lock(options, deadline_ms))
			break;
		if (!was_told)
			event_say(options->sink, EVENT_LOCK_WAIT, str_text(&holder));
		was_told = true;
	}
	error_set_code(
		err, ERROR_BUSY, "the state %s is locked by %s", ledger->path, str_text(&holder));
	return error_hint(err, "Wait for it to end, or let cfprov wait with -lock-timeout=5m.");
}

/* ---- reading ---- */

static void fold(struct ledger *ledger, const struct state_fold *changes)
{
	struct state next = {0};

	state_fold(&ledger->state, changes, &next);
	state_release(&ledger->state);
	ledger->state = next;
}

void ledger_stage(struct ledger *ledger, const struct state_fold *changes)
{
	int64_t serial = ledger->state.serial;

	fold(ledger, changes);
	ledger->is_ahead_of_file |= ledger->state.serial != serial;
}

/* The serial of a backup; 0: there is none that can be read. `path` may be NULL. */
static int64_t backup_serial(const char *path)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct state state CLEANUP(state_release) = {0};

	if (!path || !fs_read(path, LEDGER_SIZE_LIMIT, &bytes, &ignored) ||
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
	free(backup);
	return NULL;
}

static bool refuse_state(const struct ledger *ledger, struct error *err)
{
	if (err->hint)
		return false;
	if (backup_serial(ledger->backup_path))
		return error_hint(err,
			"If it was damaged, put %s in its place; what is missing then is found "
			"again by its name.",
			ledger->backup_path);
	return error_hint(err,
		"If it was damaged, put a copy of yours in its place. Without one, move it away: "
		"cfprov apply -adopt then takes over what lives, by the names in the manifest.");
}

static bool read_state(struct ledger *ledger, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	if (fs_read(ledger->path, LEDGER_SIZE_LIMIT, &bytes, &why))
		return state_decode(
			       ledger->path, str_text(&bytes), bytes.length, &ledger->state, err) ||
		       refuse_state(ledger, err);
	if (why.code == ERROR_ABSENT)
		return true;
	error_move(err, &why);
	return false;
}

static bool read_journal(struct ledger *ledger, struct journal *ret_journal, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	if (fs_read(ledger->journal_path, LEDGER_SIZE_LIMIT, &bytes, &why)) {
		ledger->has_journal = true;
		return journal_decode(
			ledger->journal_path, str_text(&bytes), bytes.length, ret_journal, err);
	}
	if (why.code == ERROR_ABSENT)
		return true;
	error_move(err, &why);
	return false;
}

/*
 * Does the journal go with this state? With an older serial it was folded in already: the run
 * ended between replacing the state and removing the journal. *ret_folds: fold it in.
 */
static bool check_journal(const struct ledger *ledger, const struct journal *journal,
	bool *ret_folds, struct error *err)
{
	const struct state *state = &ledger->state;
	bool is_born = state->lineage[0] != '\0';

	*ret_folds = false;
	if (!journal->lineage[0])
		return true; /* torn before anything was sent */
	if (is_born && strcmp(state->lineage, journal->lineage) != 0) {
		error_set(err, "the journal belongs to another state (lineage %s, not %s)",
			journal->lineage, state->lineage);
		error_hint(err, "Put the state back that it belongs to, or move the journal away.");
		return error_at(err, ledger->journal_path, 0, 0);
	}
	if (journal->serial > state->serial) {
		error_set(err, "the journal belongs to serial %lld of the state, which is at %lld",
			(long long)journal->serial, (long long)state->serial);
		if (backup_serial(ledger->backup_path) >= journal->serial)
			error_hint(err,
				"The state was lost or put back to an older one. Put %s in its "
				"place.",
				ledger->backup_path);
		else
			error_hint(err,
				"The state was lost or put back to an older one. Put the newer one "
				"back. Without it, move the journal away: what that run made is "
				"then found by its name, and adopting it is offered.");
		return error_at(err, ledger->journal_path, 0, 0);
	}
	*ret_folds = journal->serial == state->serial;
	return true;
}

/*
 * The journal is read first: if a run ends in between, the state is newer than the journal and
 * has all of it.
 */
static bool load(struct ledger *ledger, struct error *err)
{
	struct journal journal CLEANUP(journal_release) = {0};
	bool folds;

	if (!read_journal(ledger, &journal, err) || !read_state(ledger, err) ||
		!check_journal(ledger, &journal, &folds, err))
		return false;
	if (folds) {
		memcpy(ledger->state.lineage, journal.lineage, sizeof(journal.lineage));
		/* A journal that does not say when may be just a moment old. */
		int64_t alive_ms = journal.alive_ms ? journal.alive_ms : clock_unix_ms();
		ledger_stage(ledger,
			&(struct state_fold){journal.changes, journal.count, journal.model.accounts,
				journal.model.account_count, alive_ms});
	}
	ledger->read_serial = ledger->state.serial;
	return true;
}

static void set_paths(struct ledger *ledger, const char *path, const char *backup)
{
	*ledger = (struct ledger){.lock.fd = -1, .log.fd = -1};
	ledger->path = fs_real_path(path);
	ledger->journal_path = fs_sibling(ledger->path, "", ".journal");
	char *beside AUTO_FREE = fs_sibling(ledger->path, "", ".backup");
	if (!backup || strcmp(backup, LEDGER_NO_BACKUP) != 0)
		ledger->backup_path = fs_real_path(backup ? backup : beside);
}

/* Before anything is asked or done: later there may be ids that have to be written. */
static bool check_backup(const struct ledger *ledger, struct error *err)
{
	return !ledger->backup_path || fs_check_target(ledger->backup_path, err) ||
	       error_prefix(err, "the backup of the state can't be kept");
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
	if (!ledger->born_as[0])
		crypt_uuid(ledger->born_as);
	return ledger->born_as;
}

static void give_birth(struct ledger *ledger)
{
	const char *lineage = ledger_lineage(ledger);

	if (lineage != ledger->state.lineage)
		memcpy(ledger->state.lineage, lineage, sizeof(ledger->state.lineage));
}

/* What could not be read again must not take the place of what can. */
static bool check_readable(const struct ledger *ledger, const struct str *bytes, struct error *err)
{
	struct state again CLEANUP(state_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	if (bytes->length > LEDGER_SIZE_LIMIT)
		return error_set(err, "the new state is larger than %d bytes", LEDGER_SIZE_LIMIT);
	if (state_decode(ledger->path, str_text(bytes), bytes->length, &again, &why))
		return true;
	error_set(err, "the new state could not be read again (%s), so the old one was kept",
		why.message);
	return error_hint(err, "This is a defect of cfprov. Please report it.");
}

/* `backup` NULL: it is left as it is. */
static bool write_with_backup(struct ledger *ledger, const char *backup, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	give_birth(ledger);
	state_encode(&ledger->state, &bytes);
	if (!check_readable(ledger, &bytes, err) || !fs_replace(ledger->path, backup, &bytes, err))
		return error_prefix(err, "the state could not be written");
	ledger->is_ahead_of_file = false;
	return true;
}

static bool write_state(struct ledger *ledger, struct error *err)
{
	return write_with_backup(ledger, ledger->backup_path, err);
}

static bool drop_journal(struct ledger *ledger, struct error *err)
{
	if (!ledger->has_journal)
		return true;
	ledger->has_journal = false;
	return fs_remove(ledger->journal_path, err) ||
	       error_prefix(err, "the journal could not be removed");
}

bool ledger_commit(struct ledger *ledger, struct error *err)
{
	return !ledger->is_ahead_of_file || !ledger->may_write || write_state(ledger, err);
}

static bool fold_journal_into_file(
	struct ledger *ledger, const struct event_sink *sink, struct error *err)
{
	if (!ledger->has_journal)
		return true;
	if (!ledger_commit(ledger, err))
		return false;
	event_say(sink, EVENT_JOURNAL_FOLDED, ledger->journal_path);
	return drop_journal(ledger, err);
}

bool ledger_open(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	set_paths(ledger, options->path, options->backup);
	ledger->may_write = true;
	if ((options->no_lock || take_lock(ledger, options, err)) && check_backup(ledger, err) &&
		load(ledger, err) && fold_journal_into_file(ledger, options->sink, err))
		return true;
	ledger_close(ledger);
	return false;
}

bool ledger_change(struct ledger *ledger, const struct state_fold *changes, struct error *err)
{
	ledger_stage(ledger, changes);
	return ledger_commit(ledger, err);
}

bool ledger_learn(
	struct ledger *ledger, const struct change *changes, size_t count, struct error *err)
{
	int64_t serial = ledger->state.serial;

	fold(ledger, &(struct state_fold){.changes = changes, .change_count = count});
	return ledger->state.serial == serial || write_with_backup(ledger, NULL, err);
}

bool ledger_replace(struct ledger *ledger, struct state *state, struct error *err)
{
	int64_t next = ledger->state.serial + 1;

	assert(ledger->may_write);
	state_release(&ledger->state);
	ledger->state = *state;
	*state = (struct state){0};
	if (ledger->state.serial < next)
		ledger->state.serial = next;
	return write_state(ledger, err);
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
	return fs_log_append(&ledger->log, &line, err) ||
	       error_prefix(err, "the journal could not be written");
}

bool ledger_begin(struct ledger *ledger, const struct model *desired, const struct intent *intents,
	size_t count, struct error *err)
{
	struct str header CLEANUP(str_release) = {0};

	give_birth(ledger);
	ledger->accounts = desired->accounts;
	ledger->account_count = desired->account_count;
	ledger->changes = mem_alloc(count * sizeof(*ledger->changes));
	ledger->change_count = count;
	for (size_t i = 0; i < count; i++)
		ledger->changes[i] = journal_unknown(
			&intents[i], arena_alloc(&ledger->run_arena, sizeof(struct object)));
	journal_encode_header(&ledger->state, desired, intents, count, &header);
	add_alive(ledger, &header);
	ledger->has_journal = true;
	return (fs_log_create(&ledger->log, ledger->journal_path, err) &&
		       fs_log_append(&ledger->log, &header, err)) ||
	       error_prefix(err, "the journal could not be written");
}

/* The run remembers the result beyond the life of the caller's texts. */
static void remember(struct ledger *ledger, const struct result *result)
{
	struct object *copy = arena_alloc(&ledger->run_arena, sizeof(*copy));

	*copy = *result->change.object;
	object_keep(&ledger->run_arena, copy);
	ledger->changes[result->intent] = (struct change){result->change.kind, copy};
}

bool ledger_record(
	struct ledger *ledger, const struct result *results, size_t count, struct error *err)
{
	struct str group CLEANUP(str_release) = {0};

	for (size_t i = 0; i < count; i++)
		remember(ledger, &results[i]);
	journal_encode_group(results, count, &group);
	return fs_log_append(&ledger->log, &group, err) ||
	       error_prefix(err, "the journal could not be written");
}

bool ledger_finish(struct ledger *ledger, struct error *err)
{
	int64_t serial = ledger->state.serial;

	fs_log_close(&ledger->log);
	state_release(&ledger->before);
	ledger->before = ledger->state;
	state_fold(&ledger->before,
		&(struct state_fold){ledger->changes, ledger->change_count, ledger->accounts,
			ledger->account_count, ledger->alive_ms},
		&ledger->state);
	free(ledger->changes);
	ledger->changes = NULL;
	ledger->change_count = 0;
	ledger->is_ahead_of_file = ledger->state.serial != serial;
	return (!ledger->is_ahead_of_file || write_state(ledger, err)) && drop_journal(ledger, err);
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger->path) /* never opened: its descriptors are none */
		return;
	fs_log_close(&ledger->log);
	fs_lock_drop(&ledger->lock);
	state_release(&ledger->state);
	state_release(&ledger->before);
	arena_release(&ledger->run_arena);
	free(ledger->changes);
	free(ledger->path);
	free(ledger->journal_path);
	free(ledger->backup_path);
	*ledger = (struct ledger){.lock.fd = -1, .log.fd = -1};
}
