#include "state/statelog.h"

#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The head of log/<serial>; LOG_KINDS: absent. */
static bool get_head(
	struct statelog *log, int64_t serial, struct log_head *ret_head, struct error *err)
{
	return statelog_get_heads(&log->bucket, serial, serial, ret_head, err);
}

/* ---- the newest, without its bytes ---- */

/* The first state from `serial` on, past marks; LOG_KINDS: there is none. */
static bool find_state(
	struct statelog *log, int64_t serial, struct log_head *ret_head, struct error *err)
{
	for (;;) {
		if (!get_head(log, serial, ret_head, err))
			return false;
		/* Else the search would start again from wherever a copied object says that it is.
		 */
		if (ret_head->kind == LOG_STATE && ret_head->serial != serial)
			return error_set(err,
				"%s/log/%010lld has the serial %lld: it was copied or renamed",
				log->bucket.name, (long long)serial, (long long)ret_head->serial);
		if (ret_head->kind == LOG_STATE || ret_head->kind == LOG_KINDS ||
			ret_head->serial <= serial)
			return true;
		serial = ret_head->serial;
	}
}

/*
 * The log has no gaps: so from a state that exists on, ever longer steps find one that does not,
 * and halving them the newest. Writes the head of the newest in *head.
 */
static bool climb(struct statelog *log, struct log_head *head, struct error *err)
{
	int64_t step = 1;
	bool is_climbing = true;

	while (step) {
		struct log_head next = {0};
		if (!find_state(log, head->serial + step, &next, err))
			return false;
		is_climbing &= next.kind == LOG_STATE;
		if (next.kind == LOG_STATE)
			*head = next;
		step = is_climbing ? step * 2 : step / 2;
	}
	return true;
}

static bool find_newest(struct statelog *log, struct log_head *ret_head, struct error *err)
{
	if (!statelog_find_hint(log, err) ||
		!find_state(log, log->hint.serial ? log->hint.serial : 1, ret_head, err))
		return false;
	if (ret_head->kind != LOG_STATE)
		return error_set_code(err, ERROR_ABSENT, "%s has no state yet", log->bucket.name);
	return climb(log, ret_head, err);
}

/* ---- old states ---- */

static const char *copy(struct backend_versions *versions, const char *text)
{
	return text ? arena_text(&versions->arena, text) : NULL;
}

bool statelog_history(
	struct statelog *log, struct backend_versions *ret_versions, struct error *err)
{
	struct log_head heads[S3_CONNECTIONS] = {0}, head = {0};
	struct backend_version *items = NULL;
	size_t count = 0, room = 0;
	bool is_kept = true, is_good = find_newest(log, &head, err);

	for (int64_t to = head.serial; is_good && is_kept && to >= 1;) {
		int64_t from = to >= S3_CONNECTIONS ? to - S3_CONNECTIONS + 1 : 1;
		is_good = statelog_get_heads(&log->bucket, from, to, heads, err);
		for (; is_good && is_kept && to >= from; to--) {
			const struct log_head *it = &heads[to - from];
			is_kept = it->kind == LOG_STATE;
			if (!is_kept)
				break;
			items = mem_room(items, count, &room, sizeof(*items));
			items[count++] = (struct backend_version){it->serial, it->size,
				copy(ret_versions, it->created), copy(ret_versions, it->who),
				copy(ret_versions, it->operation)};
		}
	}
	ret_versions->items = arena_alloc(&ret_versions->arena, (count + 1) * sizeof(*items));
	if (count)
		memcpy(ret_versions->items, items, count * sizeof(*items));
	ret_versions->count = count;
	mem_free(items);
	return is_good;
}

bool statelog_read_old(
	struct statelog *log, int64_t serial, struct str *ret_bytes, struct error *err)
{
	struct statelog_found found CLEANUP(statelog_found_release) = {0};

	if (serial > 0 &&
		!statelog_get(&log->bucket, (struct statelog_object){LOG_AT_STATE, serial},
			STATELOG_WHOLE, &found, err))
		return false;
	if (found.is_there && found.head.kind == LOG_STATE && found.head.serial == serial) {
		*ret_bytes = found.payload;
		found.payload = (struct str){0};
		return true;
	}
	error_set_code(err, ERROR_ABSENT, "%s does not have the state with serial %lld",
		log->bucket.name, (long long)serial);
	return error_hint(err, "`cfprov state history` lists the states that are kept.");
}

/*
 * The first serial that may be removed. A start mark in log/1 stays, as it says where the log
 * starts; a state there is looked for in any case, since cfprov once kept it.
 */
static bool find_oldest(
	struct statelog *log, int64_t *ret_oldest, bool *ret_has_first, struct error *err)
{
	struct log_head first = {0};

	if (!get_head(log, 1, &first, err))
		return false;
	*ret_has_first = first.kind == LOG_STATE;
	*ret_oldest = log->hint.oldest          ? log->hint.oldest
		      : first.kind == LOG_START ? first.serial
						: 2;
	return true;
}

/*
 * Is there a state or a mark at every eighth serial from `oldest` to `kept`? Else the newest has a
 * forged serial, perhaps the greatest: there would be no end to the marks, and no state left before
 * them.
 */
static bool has_no_gap(struct statelog *log, int64_t oldest, int64_t kept, struct error *err)
{
	for (int64_t serial = kept; serial >= oldest; serial -= S3_CONNECTIONS) {
		struct log_head head = {0};
		if (!get_head(log, serial, &head, err))
			return false;
		if (head.kind != LOG_KINDS)
			continue;
		error_set(err, "%s/log/%010lld is missing, and newer states exist",
			log->bucket.name, (long long)serial);
		return error_hint(err, "Something other than cfprov deleted it or wrote them. "
				       "`cfprov state repair "
				       "-serial=N`, with the serial of a state that you trust, "
				       "continues from there.");
	}
	return true;
}

/* There are none where nobody had the lock, whatever epoch a state names. */
static bool delete_intents(struct statelog *log, int64_t epoch, int64_t end, struct error *err)
{
	for (int64_t to; epoch < end; epoch = to + 1) {
		struct statelog_found lock = {0};
		to = least(epoch + S3_CONNECTIONS, end) - 1;
		if (!statelog_get(&log->bucket, (struct statelog_object){LOG_AT_LOCK, epoch},
			    STATELOG_HEAD, &lock, err))
			return false;
		if (!lock.is_there)
			return true;
		if (!statelog_delete_intents(&log->bucket, epoch, to, err))
			return false;
	}
	return true;
}

bool statelog_forget(struct statelog *log, int64_t keep, size_t *ret_removed, struct error *err)
{
	struct log_head newest = {0}, kept = {0};
	int64_t oldest;
	bool has_first;

	*ret_removed = 0;
	if (!find_newest(log, &newest, err) || !find_oldest(log, &oldest, &has_first, err))
		return false;
	int64_t first_kept = newest.serial - (keep > 0 ? keep : 1) + 1;
	has_first &= first_kept > 1;
	if (first_kept <= oldest && !has_first)
		return true;
	if (!has_no_gap(log, oldest, first_kept, err) || !get_head(log, first_kept, &kept, err))
		return false;
	struct log_head mark = {
		.kind = LOG_REMOVED, .serial = newest.serial, .epoch = newest.epoch};
	if (has_first && !statelog_put_marks(&log->bucket, 1, 1, &mark, err))
		return false;
	*ret_removed = has_first;
	while (oldest < first_kept) {
		int64_t to = least(oldest + S3_CONNECTIONS, first_kept) - 1;
		if (!statelog_put_marks(&log->bucket, oldest, to, &mark, err))
			return false;
		*ret_removed += (size_t)(to - oldest + 1);
		oldest = to + 1;
	}
	int64_t epoch = log->hint.oldest_epoch ? log->hint.oldest_epoch : 1;
	if (!delete_intents(log, epoch, kept.epoch, err))
		return false;
	log->hint.oldest = oldest;
	log->hint.oldest_epoch = epoch > kept.epoch ? epoch : kept.epoch;
	return statelog_write_hint(log, err);
}

/* ---- repair ---- */

/* Moves over all epochs from that of the newest state's writer on; what was broken is left. */
static bool find_epoch(struct statelog *log, int64_t writer, struct error *err)
{
	struct str ignored CLEANUP(str_release) = {0};

	log->epoch = writer > 0 ? writer - 1 : 0;
	return statelog_find_holder(log, &ignored, err);
}

/* The oldest state that is kept, where marks come first and states after them. */
static bool find_first_kept(
	struct statelog *log, int64_t from, int64_t newest, int64_t *ret_oldest, struct error *err)
{
	while (from < newest) {
		struct log_head head = {0};
		int64_t middle = from + (newest - from) / 2;
		if (!get_head(log, middle, &head, err))
			return false;
		if (head.kind == LOG_STATE)
			newest = middle;
		else
			from = middle + 1;
	}
	*ret_oldest = from;
	return true;
}

bool statelog_repair(struct statelog *log, int64_t serial, int64_t *ret_serial, struct error *err)
{
	struct log_head head = {0}, first = {0};

	log->has_looked = true;
	log->hint = (struct log_head){0};
	if (!find_state(log, serial ? serial : 1, &head, err) || !get_head(log, 1, &first, err))
		return false;
	if (head.kind != LOG_STATE) {
		error_set_code(err, ERROR_ABSENT, "%s has no state with serial %lld",
			log->bucket.name, (long long)(serial ? serial : 1));
		return error_hint(err, "Pass -serial=N, with the number of an object below log/.");
	}
	if (!climb(log, &head, err) || !find_epoch(log, head.epoch, err))
		return false;
	int64_t start = first.kind == LOG_START ? first.serial : 2;
	if (start < head.serial &&
		!find_first_kept(log, start, head.serial, &log->hint.oldest, err))
		return false;
	log->hint.serial = *ret_serial = head.serial;
	return statelog_write_hint(log, err);
}
