#include "state/statelog.h"

#include "adapter/json.h"
#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

static const struct statelog_object hint_object = {LOG_AT_HINT, 0};

void statelog_init(struct statelog *log)
{
	crypt_uuid(log->nonce); /* until there is a lock */
}

void statelog_close(struct statelog *log)
{
	arena_release(&log->bucket.arena);
	str_release(&log->held_info);
	mem_free(log->broken);
}

/* ---- the hint ---- */

static void add_broken(struct statelog *log, int64_t epoch)
{
	if (log->broken_count && log->broken[log->broken_count - 1] >= epoch)
		return;
	log->broken =
		mem_room(log->broken, log->broken_count, &log->broken_room, sizeof(*log->broken));
	log->broken[log->broken_count++] = epoch;
}

/* What the writer of the newest state knew of is in that state. */
static void drop_broken_before(struct statelog *log, int64_t epoch)
{
	size_t kept = 0;

	for (size_t i = 0; i < log->broken_count; i++)
		if (log->broken[i] >= epoch)
			log->broken[kept++] = log->broken[i];
	log->broken_count = kept;
}

/* Always false. */
static bool refuse_hint(struct error *err)
{
	return error_hint(err,
		"`latest` says where the newest state is. If nobody deletes or copies objects "
		"here, run `cfprov state repair`, which looks for the newest state and writes "
		"`latest` again.");
}

static bool get_hint(struct statelog *log, struct error *err)
{
	struct statelog_found found CLEANUP(statelog_found_release) = {0};

	if (!statelog_get(&log->bucket, hint_object, STATELOG_WHOLE, &found, err))
		return false;
	if (found.is_there && found.head.kind != LOG_HINT)
		return error_set(err, "%s/latest is not what its name says", log->bucket.name);
	log->has_hint = found.is_there;
	log->hint = found.head;
	return true;
}

/*
 * A hint that is absent beside a log was lost; without a log there is no state yet. A log that is
 * found after the hint was not is looked at twice: others may have made both meanwhile.
 */
static bool look_for_hint(struct statelog *log, struct error *err)
{
	const struct statelog_object first = {LOG_AT_STATE, 1};
	struct statelog_found found = {0};

	if (!get_hint(log, err))
		return false;
	if (log->has_hint)
		return true;
	if (!statelog_get(&log->bucket, first, STATELOG_HEAD, &found, err) ||
		(found.is_there && !get_hint(log, err)))
		return false;
	return log->has_hint || !found.is_there ||
	       error_set(
		       err, "%s/latest is missing, but there is a log of states", log->bucket.name);
}

bool statelog_find_hint(struct statelog *log, struct error *err)
{
	struct error why CLEANUP(error_release) = {0};

	if (log->has_looked)
		return true;
	if (!look_for_hint(log, &why)) {
		bool is_damage = why.code == ERROR_FAILED && !why.hint;
		error_move(err, &why);
		return is_damage ? refuse_hint(err) : false;
	}
	log->has_looked = true;
	log->epoch = log->hint.epoch;
	for (size_t i = 0; i < log->hint.left_count; i++)
		add_broken(log, log->hint.left[i]);
	log->is_proved =
		log->has_hint && log->hint.proved && strcmp(log->hint.proved, log->origin) == 0;
	return true;
}

/* Without room for all broken epochs, the next run walks over them again. */
bool statelog_write_hint(struct statelog *log, struct error *err)
{
	struct log_head head = log->hint;

	head.kind = LOG_HINT;
	head.serial = log->is_read ? log->newest : head.serial;
	head.epoch = log->epoch;
	head.proved = log->is_proved ? log->origin : NULL;
	head.left_count = 0;
	for (size_t i = 0; i < log->broken_count; i++) {
		if (head.left_count == LOG_LEFT_LIMIT) {
			head.epoch = log->broken[i] - 1;
			break;
		}
		head.left[head.left_count++] = log->broken[i];
	}
	if (!statelog_put(&log->bucket, hint_object, &head, err))
		return false;
	log->hint = head;
	log->has_hint = log->has_looked = true;
	return true;
}

/* ---- does the server honour conditions? ---- */

static bool prove(struct statelog *log, struct error *err)
{
	if (!statelog_prove(&log->bucket, &log->is_proved, err))
		return false;
	if (log->is_proved)
		return true;
	error_set(err,
		"%s ignores conditions: it overwrote an object that was to be written only if "
		"absent (If-None-Match)",
		log->origin);
	return error_hint(err, "Two runs could overwrite each other's state there. Use an object "
			       "store that honours conditional writes: Cloudflare R2, AWS S3, "
			       "Ceph or MinIO.");
}

/*
 * The hint comes before the first lock and the first state, so that a run that is killed between
 * them leaves no log without a hint.
 */
bool statelog_check(struct statelog *log, struct error *err)
{
	struct log_head first = {.kind = LOG_HINT, .nonce = log->nonce, .proved = log->origin};
	struct statelog_created created = {0};

	if (!statelog_find_hint(log, err) || (!log->is_proved && !prove(log, err)))
		return false;
	if (log->has_hint)
		return true;
	if (!statelog_create(&log->bucket, hint_object, &first, &created, err))
		return false;
	log->hint = created.is_ours ? first : created.other;
	log->has_hint = true;
	log->epoch = log->hint.epoch;
	return true;
}

/* ---- reading ---- */

/* Reads log/<serial>, and follows the mark of a state that was removed to a newer one. */
static bool read_from(
	struct statelog *log, int64_t serial, struct statelog_found *found, struct error *err)
{
	const struct log_head *head = &found->head;

	for (;;) {
		if (!statelog_get(&log->bucket, (struct statelog_object){LOG_AT_STATE, serial},
			    STATELOG_WHOLE, found, err))
			return false;
		if (!found->is_there || head->kind == LOG_STATE)
			break;
		bool leads_on = head->kind == LOG_REMOVED || head->kind == LOG_START;
		if (!leads_on || head->serial <= serial) {
			error_set(err, "%s/log/%010lld is not what its name says", log->bucket.name,
				(long long)serial);
			return error_hint(err, "Something else writes below this prefix. Use a "
					       "prefix that only the state has.");
		}
		log->start = head->kind == LOG_START ? head->serial : log->start;
		serial = head->serial;
	}
	if (!found->is_there || head->serial == serial)
		return true;
	error_set(err, "%s/log/%010lld has the serial %lld: it was copied or renamed",
		log->bucket.name, (long long)serial, (long long)head->serial);
	return error_hint(err, "Something other than cfprov put it there. Restore the object from "
			       "the bucket's versions or from a backup.");
}

static bool read_newest(struct statelog *log, struct backend_snapshot *snapshot, struct error *err)
{
	int64_t next = log->newest ? log->newest : log->hint.serial;
	bool must_be = next > 0;

	log->newest = 0;
	for (next = next ? next : 1;; next = log->newest + 1) {
		struct statelog_found found CLEANUP(statelog_found_release) = {0};
		if (!read_from(log, next, &found, err))
			return false;
		if (!found.is_there)
			break;
		log->newest = found.head.serial;
		log->writer_epoch = found.head.epoch;
		str_release(&snapshot->bytes);
		snapshot->bytes = found.payload;
		found.payload = (struct str){0};
	}
	if (log->newest || !must_be)
		return true;
	error_set(err, "%s/latest names the state %lld, which is missing", log->bucket.name,
		(long long)log->hint.serial);
	return refuse_hint(err);
}

bool statelog_read(struct statelog *log, struct backend_snapshot *ret_snapshot, struct error *err)
{
	if (!statelog_find_hint(log, err) || !read_newest(log, ret_snapshot, err))
		return false;
	log->is_read = true;
	drop_broken_before(log, log->writer_epoch);
	ret_snapshot->exists = log->newest > 0;
	ret_snapshot->serial = log->newest;
	ret_snapshot->awaited = log->newest ? 0 : log->start;
	return true;
}

/* ---- locks ---- */

/* Is the lock of this epoch over? If so, moves on to it. */
static bool is_over(struct statelog *log, int64_t epoch, bool *ret_is_over, struct error *err)
{
	const struct statelog_object done = {LOG_AT_DONE, epoch};
	struct statelog_found found = {0};

	if (!statelog_get(&log->bucket, done, STATELOG_HEAD, &found, err))
		return false;
	*ret_is_over = found.is_there;
	if (found.is_there) {
		log->epoch = epoch;
		log->held = 0;
		if (found.head.is_broken)
			add_broken(log, epoch);
	}
	return true;
}

/* Gets the info of whoever holds a lock, once. Then `held` is this epoch, or 0. */
static bool find_info(struct statelog *log, int64_t epoch, struct error *err)
{
	const struct statelog_object lock = {LOG_AT_LOCK, epoch};
	struct statelog_found found CLEANUP(statelog_found_release) = {0};

	if (log->held == epoch)
		return true;
	if (!statelog_get(&log->bucket, lock, STATELOG_WHOLE, &found, err))
		return false;
	log->held = found.is_there ? epoch : 0;
	str_release(&log->held_info);
	log->held_info = found.payload;
	found.payload = (struct str){0};
	return true;
}

/* Walks over all epochs that are over; then `held` is that of the holder, or 0. */
static bool walk(struct statelog *log, struct error *err)
{
	bool is_done = true;

	if (!statelog_find_hint(log, err))
		return false;
	while (is_done) {
		int64_t epoch = log->epoch + 1;
		if (!find_info(log, epoch, err))
			return false;
		if (!log->held)
			return true;
		if (!is_over(log, epoch, &is_done, err))
			return false;
	}
	return true;
}

static void take(struct statelog *log, int64_t epoch, const char *id, const char *info)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) = json_parse(info, strlen(info), &ignored);
	const char *who = json_get_text(json, "Who"), *operation = json_get_text(json, "Operation");

	assert(strlen(id) < sizeof(log->nonce));
	memcpy(log->nonce, id, strlen(id) + 1);
	log->ours = epoch;
	log->held = 0;
	log->may_have_intents = false;
	log->who = who ? arena_text(&log->bucket.arena, who) : NULL;
	log->operation = operation ? arena_text(&log->bucket.arena, operation) : NULL;
}

/* A lock that is there already: is it over, or that of a process of ours that ended? */
static bool meet(struct statelog *log, const struct backend_lock *lock, int64_t epoch,
	const char *nonce, struct error *err)
{
	bool is_done;

	if (!is_over(log, epoch, &is_done, err))
		return false;
	if (is_done)
		return true;
	if (!nonce || strcmp(nonce, lock->id) != 0)
		return find_info(log, epoch, err);
	take(log, epoch, lock->id, lock->info);
	log->may_have_intents = true;
	return true;
}

bool statelog_lock(struct statelog *log, const struct backend_lock *lock, const char **ret_id,
	struct str *ret_info, struct error *err)
{
	struct str info CLEANUP(str_release) = {0};

	if (!statelog_find_hint(log, err))
		return false;
	str_text_add(&info, lock->info);
	while (!log->ours) {
		int64_t epoch = log->epoch + 1;
		struct log_head head = {
			.kind = LOG_LOCK, .epoch = epoch, .nonce = lock->id, .payload = &info};
		struct statelog_created created = {0};
		/* Who waits for a holder that is known asks only whether it is over. */
		if (log->held != epoch &&
			!statelog_create(&log->bucket, (struct statelog_object){LOG_AT_LOCK, epoch},
				&head, &created, err))
			return false;
		if (created.is_ours && !created.was_found)
			take(log, epoch, lock->id, lock->info);
		else if (!meet(log, lock, epoch, created.other.nonce, err))
			return false;
		if (!log->ours && log->held == epoch) {
			str_add(ret_info, str_text(&log->held_info), log->held_info.length);
			return error_set_code(err, ERROR_BUSY, "%s is locked", log->bucket.name);
		}
	}
	*ret_id = log->nonce;
	return true;
}

bool statelog_find_holder(struct statelog *log, struct str *ret_info, struct error *err)
{
	if (!walk(log, err))
		return false;
	if (log->held)
		str_add(ret_info, str_text(&log->held_info), log->held_info.length);
	return true;
}

bool statelog_announce(struct statelog *log, const struct str *intents, struct error *err)
{
	struct log_head head = {
		.kind = LOG_INTENTS, .epoch = log->ours, .nonce = log->nonce, .payload = intents};

	if (!log->ours || (!intents->length && !log->may_have_intents))
		return true;
	log->may_have_intents = true;
	return statelog_put(
		&log->bucket, (struct statelog_object){LOG_AT_INTENTS, log->ours}, &head, err);
}

/* Whoever takes the next lock has seen this .done: so it alone shows that ours was broken. */
bool statelog_still_ours(struct statelog *log, struct error *err)
{
	struct statelog_found found = {0};

	if (!log->ours)
		return true;
	if (!statelog_get(&log->bucket, (struct statelog_object){LOG_AT_DONE, log->ours},
		    STATELOG_QUICK, &found, err))
		return false;
	if (!found.is_there)
		return true;
	error_set_code(err, ERROR_CONFLICT, "the lock of %s was broken", log->bucket.name);
	return error_hint(err, "Somebody ran `cfprov force-unlock`, and another run may have "
			       "started since.");
}

bool statelog_left(struct statelog *log, struct backend_intents *ret_left, struct error *err)
{
	struct backend_intent *items;
	size_t kept = 0;

	if (!log->ours && !walk(log, err))
		return false;
	drop_broken_before(log, log->writer_epoch);
	items = arena_alloc(&ret_left->arena, log->broken_count * sizeof(*items));
	ret_left->items = items;
	for (size_t i = 0; i < log->broken_count; i++) {
		const struct statelog_object at = {LOG_AT_INTENTS, log->broken[i]};
		struct statelog_found found CLEANUP(statelog_found_release) = {0};
		struct str name CLEANUP(str_release) = {0};
		if (!statelog_get(&log->bucket, at, STATELOG_WHOLE, &found, err))
			return false;
		if (!found.payload.length)
			continue;
		log_object_key("", at.place, at.number, &name);
		log->broken[kept] = log->broken[i];
		items[kept++] = (struct backend_intent){
			.name = arena_text(&ret_left->arena, str_text(&name)),
			.is_unseen = log->newest && log->broken[i] > log->writer_epoch,
			.bytes = {.bytes = arena_bytes(&ret_left->arena, str_text(&found.payload),
					  found.payload.length),
				.length = found.payload.length}};
	}
	log->broken_count = ret_left->count = kept;
	return true;
}

/* ---- writing ---- */

/* Always false. */
static bool conflict(
	const struct statelog *log, int64_t serial, const struct log_head *other, struct error *err)
{
	char *who AUTO_FREE = text_visible(other->who ? other->who : "another run", 200);
	char *when AUTO_FREE = text_visible(other->created ? other->created : "meanwhile", 40);

	error_set_code(err, ERROR_CONFLICT, "%s has a state with serial %lld already, by %s (%s)",
		log->bucket.name, (long long)serial, who, when);
	return error_hint(err, "The lock was broken, or was not taken (-lock=false). Nothing was "
			       "overwritten.");
}

static bool create_entry(struct statelog *log, int64_t at, struct log_head *head, struct error *err)
{
	struct statelog_created created = {0};
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	head->epoch = log->ours ? log->ours : log->epoch;
	head->nonce = log->nonce;
	head->who = log->who;
	head->operation = log->operation;
	head->created = now;
	if (!statelog_create(
		    &log->bucket, (struct statelog_object){LOG_AT_STATE, at}, head, &created, err))
		return false;
	return created.is_ours || conflict(log, at, &created.other, err);
}

/* Always false. */
static bool refuse_serial(const struct statelog *log, int64_t serial, struct error *err)
{
	error_set(err, "%s continues with the serial %lld, not %lld", log->bucket.name,
		(long long)(log->newest ? log->newest + 1 : log->start), (long long)serial);
	if (!log->newest)
		return error_hint(err,
			"A `cfprov state migrate` to it was interrupted. Run it again, or remove "
			"the objects below this prefix.");
	return false;
}

/*
 * Writes into log/1 where the log starts. What an interrupted move has left is replaced, under
 * the lock: the state may have changed at the old place since.
 */
static bool write_start(struct statelog *log, int64_t serial, struct error *err)
{
	const struct statelog_object first = {LOG_AT_STATE, 1};
	struct log_head start = {.kind = LOG_START, .serial = serial, .epoch = log->ours};

	if (!log->start)
		return create_entry(log, 1, &start, err);
	if (!log->ours)
		return refuse_serial(log, serial, err);
	return statelog_put(&log->bucket, first, &start, err);
}

/* A hint that is not written costs requests of the next run, so it is no error. */
static void move_hint(struct statelog *log)
{
	struct error ignored CLEANUP(error_release) = {0};

	if (!statelog_write_hint(log, &ignored))
		log->has_hint = false;
}

bool statelog_append(
	struct statelog *log, int64_t serial, const struct str *bytes, struct error *err)
{
	struct log_head state = {.kind = LOG_STATE, .serial = serial, .payload = bytes};

	assert(log->is_read);
	if (log->newest ? serial != log->newest + 1 : serial < log->start)
		return refuse_serial(log, serial, err);
	if (!log->newest && serial > 1 && serial != log->start && !write_start(log, serial, err))
		return false;
	if (!create_entry(log, serial, &state, err))
		return false;
	log->newest = serial;
	log->writer_epoch = state.epoch;
	if (log->ours)
		drop_broken_before(log, state.epoch);
	else /* there will be no release that moves the hint */
		move_hint(log);
	return true;
}

/* The hint comes last: it says that our epoch is over. */
bool statelog_release(struct statelog *log, struct error *err)
{
	struct log_head head = {.kind = LOG_DONE, .epoch = log->ours, .nonce = log->nonce};
	struct statelog_created created = {0};

	if (!log->ours)
		return true;
	if (!statelog_create(&log->bucket, (struct statelog_object){LOG_AT_DONE, log->ours}, &head,
		    &created, err))
		return false;
	if (!created.is_ours && created.other.is_broken)
		add_broken(log, log->ours);
	log->epoch = log->ours;
	log->ours = 0;
	move_hint(log);
	return true;
}

bool statelog_force_unlock(
	struct statelog *log, const char *id, struct str *ret_info, struct error *err)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct log_head head = {.kind = LOG_DONE, .nonce = log->nonce, .is_broken = true};
	struct statelog_created created = {0};
	size_t epoch = 0;

	if (!walk(log, err))
		return false;
	if (!log->held)
		return error_set_code(err, ERROR_ABSENT, "%s is not locked", log->bucket.name);
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(str_text(&log->held_info), log->held_info.length, &ignored);
	const char *held_id = json_get_text(json, "ID");
	bool is_epoch = text_to_number(id, SIZE_MAX, &epoch) && (int64_t)epoch == log->held;
	if (!is_epoch && (!held_id || strcmp(held_id, id) != 0)) {
		str_add(ret_info, str_text(&log->held_info), log->held_info.length);
		return error_set_code(
			err, ERROR_ABSENT, "%s is locked, but not with this ID", log->bucket.name);
	}
	head.epoch = log->held;
	/* If the holder released it meanwhile, it is over as well. */
	return statelog_create(&log->bucket, (struct statelog_object){LOG_AT_DONE, log->held},
		&head, &created, err);
}
