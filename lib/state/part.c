/* file size: one part: its lock, reading, folding in what was left, writing, and the run */
#include "state/part.h"

#include "adapter/crypt.h"
#include "base/clock.h"
#include "base/text.h"
#include "state/lock_info.h"
#include "state/recovery.h"
#include "state/seen.h"

#include <string.h>
#include <time.h>

enum {
	POLL_FILE_MS = 100,
	POLL_MS = 500, /* of a lock that costs requests; later less often: */
	POLL_LONGEST_MS = 5000,
	FENCE_EVERY_MS = 15000
};

bool part_open(struct part *part, const struct backend_options *options,
	const struct sealing *sealing, struct error *err)
{
	*part = (struct part){.sink = options->sink, .file_lock.fd = -1, .log.fd = -1};
	if (sealing)
		part->sealing = *sealing;
	return backend_open(options, &part->backend, err);
}

/* ---- the coding of states ---- */

/* The name of what a log has is not signed, so the state in it must say the same. */
static bool is_at_serial(
	const struct part *part, const struct state *state, int64_t serial, struct error *err)
{
	return !serial || serial == state->serial ||
	       error_set(err, "%s has the state of serial %lld in the place of serial %lld",
		       part->backend->name, (long long)state->serial, (long long)serial);
}

/* The opposite of sealing_write. */
static bool decode_state(const struct part *part, const char *name, const struct str *bytes,
	struct state *ret_state, struct error *err)
{
	struct str plain CLEANUP(str_release) = {0};
	struct sealing_found found;

	return sealing_read(&part->sealing, bytes, &plain, &found, err)
		       ? state_decode(name, str_text(&plain), plain.length, ret_state, err)
		       : error_at(err, name, 0, 0);
}

/* A state that can't be read again must not replace one that can. */
static bool encode_readable(const struct part *part, const struct state *state,
	struct str *ret_bytes, struct error *err)
{
	struct state again CLEANUP(state_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	if (!sealing_write(&part->sealing, state, ret_bytes, err))
		return false;
	if (ret_bytes->length > BACKEND_SIZE_LIMIT)
		return error_set(err, "the new state exceeds %d bytes", BACKEND_SIZE_LIMIT);
	if (decode_state(part, part->backend->name, ret_bytes, &again, &why))
		return true;
	error_set(err, "the new state is not valid (%s), so the old one was kept", why.message);
	return error_hint(err, "This is a bug in cfprov. Please report it.");
}

/* ---- the lock ---- */

/* Its absence is no error. */
static bool read_journal(struct part *part, struct error *err)
{
	const char *path = part->backend->journal_path;
	struct str bytes CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	if (part->has_read_journal)
		return true;
	part->has_journal = fs_read_ours(path, BACKEND_SIZE_LIMIT, &bytes, &why);
	if (!part->has_journal && why.code != ERROR_ABSENT) {
		error_move(err, &why);
		return false;
	}
	part->has_read_journal = !part->has_journal ||
				 journal_decode(path, &bytes, &part->sealing, &part->journal, err);
	return part->has_read_journal;
}

static void forget_journal(struct part *part)
{
	journal_release(&part->journal);
	part->has_read_journal = false;
}

/*
 * The ID of our lock. What the lock file, or the journal, has is kept: a process of this machine
 * may have locked the backend with it, and that lock is to be ours.
 */
static void choose_id(const struct part *part, const struct str *left, char id[CRYPT_UUID_SIZE])
{
	struct str found CLEANUP(str_release) = {0};

	lock_info_add_id(left, &found);
	if (part->journal.head.lock[0])
		memcpy(id, part->journal.head.lock, CRYPT_UUID_SIZE);
	else if (state_is_lineage(str_text(&found)))
		memcpy(id, found.bytes, CRYPT_UUID_SIZE);
	else
		crypt_uuid(id);
}

/* With the lock file in our hands. On ERROR_BUSY the ID is nobody's. */
static bool lock_backend(struct part *part, const char *operation, const struct str *left,
	struct str *ret_info, struct error *err)
{
	struct backend *backend = part->backend;
	struct str info CLEANUP(str_release) = {0};
	char id[CRYPT_UUID_SIZE];

	if (!read_journal(part, err))
		return false;
	choose_id(part, left, id);
	lock_info_encode(id, operation, backend->name, &info);
	const struct backend_lock lock = {.id = id, .info = str_text(&info)};
	if (!lock_write(&part->file_lock, lock.info, err) ||
		!backend_lock(backend, &lock, &part->lock_id, ret_info, err))
		return false;
	part->keeps_lock = part->lock_id && strcmp(part->lock_id, part->journal.head.lock) == 0;
	part->fence_at_ms = clock_monotonic_ms();
	return true;
}

/*
 * One attempt. ERROR_BUSY: *ret_info has the holder's info, if that is known. The lock file is held
 * only while nobody of this machine is waiting for the backend's lock. *ret_is_shared: it was the
 * backend's.
 */
static bool try_lock(struct part *part, const char *operation, struct str *ret_info,
	bool *ret_is_shared, struct error *err)
{
	struct str left CLEANUP(str_release) = {0};

	*ret_is_shared = lock_take(&part->file_lock, part->backend->lock_path, &left, err);
	if (*ret_is_shared && lock_backend(part, operation, &left, ret_info, err))
		return true;
	if (!*ret_is_shared)
		str_add(ret_info, left.bytes, left.length);
	forget_journal(part);
	if (err->code == ERROR_BUSY)
		lock_drop(&part->file_lock);
	else
		lock_leave(&part->file_lock); /* it may be locked with this ID */
	return false;
}

static bool refuse_lock(const struct part *part, const struct str *info, const char *holder,
	bool is_shared, struct error *err)
{
	struct str id CLEANUP(str_release) = {0};

	lock_info_add_id(info, &id);
	error_set_code(
		err, ERROR_BUSY, "the state %s is locked by %s", part->backend->name, holder);
	error_hint(err, "Wait until it ends, or pass -lock-timeout=5m to wait for it.");
	return is_shared && id.length
		       ? error_hint(err,
				 "%s If it was killed, run cfprov on the same machine, which "
				 "resumes, or break the lock with `cfprov force-unlock %s`.",
				 err->hint, str_text(&id))
		       : false;
}

bool part_lock(struct part *part, const struct part_wait *wait, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + wait->timeout_ms, shared_ms = POLL_MS;
	struct str told CLEANUP(str_release) = {0};

	for (;;) {
		struct str held CLEANUP(str_release) = {0}, holder CLEANUP(str_release) = {0};
		struct error why CLEANUP(error_release) = {0};
		bool is_shared;
		if (try_lock(part, wait->operation, &held, &is_shared, &why))
			return true;
		if (why.code != ERROR_BUSY) {
			error_move(err, &why);
			return false;
		}
		lock_info_describe(&held, &holder);
		int64_t left_ms = deadline_ms - clock_monotonic_ms();
		if (left_ms <= 0 || (wait->interrupted && *wait->interrupted))
			return refuse_lock(part, &held, str_text(&holder), is_shared, err);
		int64_t pause_ms = is_shared ? shared_ms : POLL_FILE_MS;
		shared_ms = is_shared ? shared_ms * 3 / 2 : POLL_MS;
		if (shared_ms > POLL_LONGEST_MS)
			shared_ms = POLL_LONGEST_MS;
		if (pause_ms > left_ms)
			pause_ms = left_ms;
		nanosleep(&(struct timespec){.tv_sec = pause_ms / 1000,
				  .tv_nsec = pause_ms % 1000 * 1000000L},
			NULL);
		if (strcmp(str_text(&told), str_text(&holder)) != 0)
			event_emit(part->sink, &(struct event){.type = EVENT_LOCK_WAIT,
						       .text = str_text(&holder),
						       .wait_ms = left_ms});
		str_release(&told);
		told = holder;
		holder = (struct str){0};
	}
}

/* ---- reading ---- */

int64_t part_find_backup(const struct part *part, char **ret_name)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct state state CLEANUP(state_release) = {0};
	char *name AUTO_FREE = backend_read_backup(part->backend, &bytes);

	if (!name || !decode_state(part, name, &bytes, &state, &ignored))
		return 0;
	*ret_name = mem_steal(&name);
	return state.serial;
}

bool part_read_old(struct part *part, int64_t serial, struct state *ret_state, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct state old CLEANUP(state_release) = {0};

	if (!backend_read_old(part->backend, serial, &bytes, err) ||
		!decode_state(part, part->backend->name, &bytes, &old, err) ||
		!is_at_serial(part, &old, serial, err))
		return false;
	if (part->is_born && strcmp(old.lineage, part->lineage) != 0) {
		error_set(err,
			"the state with serial %lld belongs to another state (lineage %s, "
			"not %s)",
			(long long)serial, old.lineage, part->lineage);
		return error_at(err, part->backend->name, 0, 0);
	}
	*ret_state = old;
	old = (struct state){0};
	return true;
}

static bool refuse_state(const struct part *part, struct error *err)
{
	char *backup AUTO_FREE = NULL;

	if (err->hint)
		return false;
	if (part_find_backup(part, &backup))
		return error_hint(err,
			"If it is damaged, replace it with the backup %s. Objects that are newer "
			"than the backup are found by name.",
			backup);
	return error_hint(err,
		"If it is damaged, replace it with a copy of your own. Without a copy, move it "
		"away and "
		"run `cfprov apply -adopt`, which adopts the objects that the manifest names.");
}

static bool refuse_newer(const struct part *part, struct error *err)
{
	char *backup AUTO_FREE = NULL;

	if (part_find_backup(part, &backup) >= part->journal.head.serial)
		return error_hint(err,
			"The state was lost or replaced by an older one. Restore it from %s.",
			backup);
	return error_hint(err, "The state was lost or replaced by an older one. Restore the newer "
			       "one. If you can't, move the journal away: cfprov then finds the "
			       "objects of that run by name and offers to adopt them.");
}

static bool refuse_journal(
	const struct part *part, const struct state *state, enum recovery reason, struct error *err)
{
	const struct journal_head *head = &part->journal.head;
	long long serial = (long long)head->serial, has = (long long)state->serial;

	if (reason == RECOVERY_FOREIGN) {
		error_set(err, "the journal belongs to another state (lineage %s, not %s)",
			head->lineage, state->lineage);
		error_hint(err, "Restore the state it belongs to, or move the journal away.");
	} else if (reason == RECOVERY_OLDER) {
		error_set(err,
			"the journal is older than the state (serial %lld, but the state has %lld)",
			serial, has);
		error_hint(err, "The state was replaced while the journal's run was interrupted. "
				"Restore the state of that run, or move the journal away: cfprov "
				"then finds the objects of that run by name and offers to adopt "
				"them.");
	} else {
		error_set(err,
			"the journal is newer than the state (serial %lld, but the state has %lld)",
			serial, has);
		refuse_newer(part, err);
	}
	return error_at(err, part->backend->journal_path, 0, 0);
}

/*
 * Folds the journal into the state that it belongs to. The state may have it already: a run may end
 * between writing the state and removing the journal.
 */
static bool fold_journal(struct part *part, struct state *state, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};
	enum recovery found = recovery_fold(state, &part->journal, clock_unix_ms(), &why);
	bool is_changed = found == RECOVERY_FOLDED && state->serial != part->serial;

	if (found == RECOVERY_NOTHING || (found == RECOVERY_FOLDED && !is_changed) ||
		(is_changed && encode_readable(part, state, &bytes, &why)))
		return true;
	if (!why.message)
		return refuse_journal(part, state, found, err);
	error_set(err, "the journal can't be applied to the state: %s", why.message);
	return journal_refuse(part->backend->journal_path, err);
}

/*
 * Intents count only if they are sound, also in `state sign`: they could name any object as one
 * that cfprov created. It drops them, after asking: the state that it writes has a later epoch.
 */
static bool decode_intents(struct part *part, const struct backend_intent *intents,
	struct journal *ret_run, struct error *err)
{
	struct sealing strict = part->sealing;
	struct str name CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};

	strict.accepts_unsigned = false;
	str_format(&name, "%s of %s", intents->name, part->backend->name);
	if (journal_decode(str_text(&name), &intents->bytes, &strict, ret_run, &why))
		return true;
	if (part->sealing.accepts_unsigned) {
		char *message AUTO_FREE = text_visible(why.message, 0);
		str_format(&part->dropped, "%s (%s)\n", intents->name, message);
		return true;
	}
	error_move(err, &why);
	return sealing_keys(&strict)
		       ? error_hint(err,
				 "An interrupted run left its intents there. If the key was "
				 "replaced, set CFPROV_OLD_KEY. Otherwise, drop them with `cfprov "
				 "state sign`; `cfprov apply -adopt` then finds by name what that "
				 "run created.")
		       : false;
}

/* Of runs whose lock was broken: what their machines know is out of reach. */
static bool fold_left(struct part *part, struct state *state, struct error *err)
{
	struct backend_intents left CLEANUP(backend_intents_release) = {0};

	str_clear(&part->dropped);
	if (!backend_left(part->backend, &left, err))
		return false;
	for (size_t i = 0; i < left.count; i++) {
		struct journal run CLEANUP(journal_release) = {0};
		if (!decode_intents(part, &left.items[i], &run, err))
			return false;
		/* The journal, which was found here, has more. */
		if (run.head.lock[0] && strcmp(run.head.lock, part->journal.head.lock) == 0)
			continue;
		const struct recovery_base base = {part->serial, left.items[i].is_unseen};
		if (recovery_fold_intents(state, &run, base, clock_unix_ms(), err) ==
			RECOVERY_INVALID)
			return error_prefix(
				err, "%s of %s", left.items[i].name, part->backend->name);
	}
	part->is_stale |= part->dropped.length > 0;
	return true;
}

/*
 * Is the state older than one that this machine has seen? Anybody could put an old copy there. What
 * was left where the state was moved from is older, and nothing is made from it.
 */
static bool check_seen(struct part *part, const struct state *state, struct error *err)
{
	const struct sealing *sealing = &part->sealing;
	int64_t seen = sealing_keys(sealing) ? seen_serial(state->lineage) : 0;

	if (state->moved_to)
		return true;
	if (seen > state->serial)
		part->seen_serial = seen;
	else if (sealing_is_sound(&part->found) && sealing_keys(sealing))
		(void)seen_remember(state->lineage, state->serial);
	if (!part->seen_serial || sealing->accepts_unsigned || sealing->only_shows)
		return true;
	error_set(err,
		"the state is older than one that this machine has seen (serial %lld, but it was "
		"%lld)",
		(long long)state->serial, (long long)seen);
	error_hint(err, "Someone may have put an old copy in its place. Restore the newer one, or "
			"accept this one once with `cfprov state sign`.");
	return error_at(err, part->backend->name, 0, 0);
}

static bool decode_snapshot(struct part *part, const struct backend_snapshot *snapshot,
	struct state *ret_state, struct error *err)
{
	const char *name = part->backend->name;
	struct str plain CLEANUP(str_release) = {0};

	if (!sealing_read(&part->sealing, &snapshot->bytes, &plain, &part->found, err))
		return error_at(err, name, 0, 0);
	if (!state_decode(name, str_text(&plain), plain.length, ret_state, err))
		return refuse_state(part, err);
	return is_at_serial(part, ret_state, snapshot->serial, err) &&
	       check_seen(part, ret_state, err);
}

/* What was there before the state was encrypted, if a run was killed in between. */
static bool has_clear_backup(const struct part *part)
{
	struct str bytes CLEANUP(str_release) = {0};
	char *name AUTO_FREE =
		part->sealing.encrypts ? backend_read_backup(part->backend, &bytes) : NULL;

	return name && !sealing_is_sealed(&bytes);
}

/* The journal is read first: if a run ends in between, the newer state has all of it. */
bool part_load(struct part *part, struct state *ret_state, struct error *err)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct state state CLEANUP(state_release) = {0};

	if (!read_journal(part, err) || !backend_read(part->backend, &snapshot, err) ||
		(snapshot.exists && !decode_snapshot(part, &snapshot, &state, err)))
		return false;
	/* A journal may be all that there is yet. */
	part->is_stale = sealing_settle(&part->sealing,
				 snapshot.exists ? &part->found : &part->journal.found) ||
			 part->seen_serial || has_clear_backup(part);
	part->is_stale &= snapshot.exists;
	part->awaits_state = !snapshot.exists && snapshot.awaited;
	part->serial = state.serial;
	if (!fold_journal(part, &state, err) || !fold_left(part, &state, err))
		return false;
	part->is_ahead = state.serial != part->serial;
	state.serial = part->serial + part->is_ahead; /* however many folds it took */
	*ret_state = state;
	state = (struct state){0};
	return true;
}

/* ---- writing ---- */

/* Makes sure, after a pause or a conflict, that nobody has broken our lock. */
static bool check_lock(struct part *part, struct error *err)
{
	part->fence_at_ms = clock_monotonic_ms();
	if (!part->lock_id || backend_still_ours(part->backend, err))
		return true;
	if (err->code == ERROR_CONFLICT)
		part->keeps_lock = false; /* there is none to keep */
	return false;
}

bool part_write(struct part *part, const struct state *state, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	if (!encode_readable(part, state, &bytes, err) ||
		!backend_append(part->backend, state->serial, &bytes, err)) {
		struct error ignored CLEANUP(error_release) = {0};
		if (err->code == ERROR_CONFLICT)
			(void)!check_lock(part, &ignored);
		if (err->code == ERROR_CONFLICT && part->has_journal)
			error_hint(err,
				"The lock of this run was broken. What it did is in the journal "
				"%s; the next run on this machine adds it to the state.",
				part->backend->journal_path);
		return error_prefix(err, "the state could not be written");
	}
	part->serial = state->serial;
	part->is_ahead = false;
	if (sealing_keys(&part->sealing) && !state->moved_to)
		(void)(part->seen_serial || part->is_replaced
				? seen_lower(state->lineage, state->serial)
				: seen_remember(state->lineage, state->serial));
	return true;
}

bool part_append(struct part *part, const struct str *lines, struct error *err)
{
	bool is_written = fs_log_append(&part->log, lines, err);

	/* What could not be written is not there: the next line follows the one before. */
	if (is_written)
		part->durable_lines = part->lines;
	else
		part->lines = part->durable_lines;
	return is_written || error_prefix(err, "the journal could not be written");
}

static void add_alive(struct part *part, struct str *out)
{
	part->alive_ms = clock_unix_ms();
	part->alive_at_ms = clock_monotonic_ms();
	journal_encode_alive(part->alive_ms, &part->lines, out);
}

static bool drop_journal(struct part *part, struct error *err)
{
	fs_log_close(&part->log);
	part->has_journal = part->keeps_lock = false;
	forget_journal(part);
	return fs_remove(part->backend->journal_path, err) ||
	       error_prefix(err, "the journal could not be removed");
}

bool part_begin(struct part *part, const struct str *header, struct error *err)
{
	struct str lines CLEANUP(str_release) = {0};
	const struct str nothing = {0};
	struct error ignored CLEANUP(error_release) = {0};

	str_add(&lines, header->bytes, header->length);
	add_alive(part, &lines);
	part->has_journal = true;
	part->durable_lines = part->lines;
	if (!fs_log_create(&part->log, part->backend->journal_path, err) ||
		!fs_log_append(&part->log, &lines, err))
		return error_prefix(err, "the journal could not be written");
	/* In this order: whoever breaks the lock afterwards finds the intents. */
	if (part->lock_id &&
		(!backend_announce(part->backend, header, err) || !check_lock(part, err))) {
		if (err->code == ERROR_CONFLICT)
			(void)!backend_announce(part->backend, &nothing, &ignored);
		error_release(&ignored);
		(void)!drop_journal(part, &ignored);
		return false;
	}
	part->keeps_lock = part->lock_id != NULL;
	return true;
}

bool part_alive(struct part *part, struct error *err)
{
	struct str line CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};
	int64_t now_ms = clock_monotonic_ms();

	if (now_ms - part->alive_at_ms < JOURNAL_ALIVE_EVERY_MS)
		return true;
	add_alive(part, &line);
	if (!part_append(part, &line, err))
		return false;
	if (now_ms - part->fence_at_ms < FENCE_EVERY_MS || check_lock(part, &why))
		return true;
	if (why.code == ERROR_CONFLICT) {
		error_move(err, &why);
		return false;
	}
	/* Out of reach for a while: the run is in the journal, and its end tries again. */
	event_emit(part->sink, &(struct event){.type = EVENT_WARNING, .err = &why});
	return true;
}

bool part_end(struct part *part, struct error *err)
{
	return !part->has_journal || drop_journal(part, err);
}

void part_close(struct part *part)
{
	struct error why CLEANUP(error_release) = {0};

	if (!part->backend)
		return;
	fs_log_close(&part->log);
	if (part->lock_id && part->keeps_lock) {
		error_set(&why, "the state %s stays locked: what this run did is only in %s",
			part->backend->name, part->backend->journal_path);
		error_hint(&why,
			"The next run on this machine resumes with it. If this machine is gone, "
			"run `cfprov force-unlock %s` elsewhere; the next run there finds by name "
			"what this one created.",
			part->lock_id);
	} else if (part->lock_id && !backend_release(part->backend, &why)) {
		error_prefix(&why, "the lock of the state could not be released");
		if (why.code != ERROR_CONFLICT) /* else it was broken */
			error_hint(&why, "%s%sRun `cfprov force-unlock %s` to release it.",
				why.hint ? why.hint : "", why.hint ? " " : "", part->lock_id);
	}
	if (why.message) {
		event_emit(part->sink, &(struct event){.type = EVENT_WARNING, .err = &why});
		lock_leave(&part->file_lock);
	}
	lock_drop(&part->file_lock);
	backend_free(part->backend);
	journal_release(&part->journal);
	str_release(&part->dropped);
	chain_release(&part->lines);
	chain_release(&part->durable_lines);
	*part = (struct part){.file_lock.fd = -1, .log.fd = -1};
}
