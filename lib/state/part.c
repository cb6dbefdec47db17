#include "state/part.h"

#include "adapter/crypt.h"
#include "base/clock.h"
#include "base/text.h"
#include "state/lock_info.h"
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
	*part = (struct part){
		.sink = options->sink, .folder = -1, .file_lock.fd = -1, .log.fd = -1};
	if (sealing)
		part->sealing = *sealing;
	return backend_open(options, &part->backend, err);
}

/* ---- the lock ---- */

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

	if (!part_read_journal(part, err))
		return false;
	choose_id(part, left, id);
	lock_info_encode(id, operation, backend->name, &info);
	const struct backend_lock lock = {.id = id, .info = str_text(&info)};
	/* So that this machine resumes also after a power cut. */
	if (!lock_write(&part->file_lock, lock.info, err) ||
		(backend_has_lock(backend) && !lock_sync(&part->file_lock, err)) ||
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
	struct error ignored CLEANUP(error_release) = {0};

	*ret_is_shared = lock_take(&part->file_lock, part->backend->lock_path, &left, err);
	if (*ret_is_shared && lock_backend(part, operation, &left, ret_info, err))
		return true;
	if (!*ret_is_shared)
		str_add(ret_info, left.bytes, left.length);
	forget_journal(part);
	if (err->code == ERROR_BUSY)
		(void)!lock_drop(&part->file_lock, &ignored);
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

	if (!part_encode(part, state, &bytes, err) ||
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
	fs_close(&part->folder);
	if (part->lock_id && part->keeps_lock) {
		error_set(&why, "the state %s stays locked: what this run did is only in %s",
			part->backend->name, part->backend->journal_path);
		error_hint(&why,
			"The next run on this machine resumes with it. If this machine is gone, "
			"run `cfprov force-unlock %s` elsewhere, and then `cfprov apply%s`, which "
			"finds by name what this one created.",
			part->lock_id, backend_shares_intents(part->backend) ? "" : " -adopt");
	} else if (part->lock_id && !backend_release(part->backend, &why)) {
		error_prefix(&why, "the lock of the state could not be released");
		if (why.code != ERROR_CONFLICT) /* else it was broken */
			error_hint(&why, "%s%sRun `cfprov force-unlock %s` to release it.",
				why.hint ? why.hint : "", why.hint ? " " : "", part->lock_id);
	}
	if (why.message)
		lock_leave(&part->file_lock);
	else if (!lock_drop(&part->file_lock, &why))
		error_hint(&why,
			"It locks nothing any longer. Remove it, or leave it to the next run.");
	if (why.message)
		event_emit(part->sink, &(struct event){.type = EVENT_WARNING, .err = &why});
	backend_free(part->backend);
	journal_release(&part->journal);
	str_release(&part->dropped);
	chain_release(&part->lines);
	chain_release(&part->durable_lines);
	*part = (struct part){.folder = -1, .file_lock.fd = -1, .log.fd = -1};
}
