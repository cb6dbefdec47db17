/* What a part finds: state and journal, and what interrupted runs left, folded in in memory. */
#include "state/part.h"

#include "base/clock.h"
#include "base/text.h"
#include "state/recovery.h"
#include "state/seen.h"

#include <string.h>

/* ---- the coding of states ---- */

/* The name of what a log has is not signed, so the state in it must say the same. */
static bool is_at_serial(
	const struct part *part, const struct state *state, int64_t serial, struct error *err)
{
	if (!serial || serial == state->serial)
		return true;
	error_set(err, "%s: what is stored under serial %lld is the state with serial %lld",
		part->backend->name, (long long)serial, (long long)state->serial);
	return error_hint(err,
		"Something other than cfprov copied it there. Restore the object from "
		"the bucket's versions or from a backup.");
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

bool part_check_serial(const struct part *part, int64_t serial, struct error *err)
{
	if (serial < STATE_SERIAL_MOST)
		return true;
	error_set(err, "the new state's serial, %lld, is too high", (long long)serial);
	error_hint(err, "Save what `cfprov state pull` prints, lower its `serial`, move the old "
			"state away, and run `cfprov state push` with the saved file.");
	return error_at(err, part->backend->name, 0, 0);
}

bool part_encode(const struct part *part, const struct state *state, struct str *ret_bytes,
	struct error *err)
{
	struct str plain CLEANUP(str_release) = {0};
	struct error why CLEANUP(error_release) = {0};
	struct sealing_found found;
	bool is_plain = !sealing_keys(&part->sealing);

	if (!part_check_serial(part, state->serial, err) ||
		!sealing_write(&part->sealing, state, ret_bytes, err))
		return false;
	if (ret_bytes->length > BACKEND_SIZE_LIMIT)
		return error_set(err, "the new state exceeds %d bytes", BACKEND_SIZE_LIMIT);
	if ((is_plain || sealing_read(&part->sealing, ret_bytes, &plain, &found, &why)) &&
		state_check(part->backend->name, is_plain ? ret_bytes : &plain, state, &why))
		return true;
	error_set(err, "the new state is not valid (%s), so the old one was kept", why.message);
	return error_hint(err, "This is a bug in cfprov. Please report it.");
}

bool part_read_journal(struct part *part, struct error *err)
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

/* ---- older states ---- */

int64_t part_find_backup(const struct part *part, char **ret_name)
{
	for (size_t i = 0;; i++) {
		struct error ignored CLEANUP(error_release) = {0};
		struct str bytes CLEANUP(str_release) = {0};
		struct state state CLEANUP(state_release) = {0};
		char *name AUTO_FREE = backend_read_backup(part->backend, i, &bytes);
		if (!name)
			return 0;
		if (!decode_state(part, name, &bytes, &state, &ignored))
			continue;
		*ret_name = mem_steal(&name);
		return state.serial;
	}
}

char *part_clear_backup(const struct part *part, bool is_ours)
{
	const char *ours = part->backend->backup_path;

	for (size_t i = 0;; i++) {
		struct str bytes CLEANUP(str_release) = {0};
		char *name AUTO_FREE = backend_read_backup(part->backend, i, &bytes);
		if (!name)
			return NULL;
		if ((ours && strcmp(name, ours) == 0) == is_ours && !sealing_is_sealed(&bytes))
			return mem_steal(&name);
	}
}

bool part_read_old(struct part *part, int64_t serial, struct state *ret_state, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct state old CLEANUP(state_release) = {0};

	if (!backend_read_old(part->backend, serial, &bytes, err))
		return false;
	if (!decode_state(part, part->backend->name, &bytes, &old, err))
		return error_prefix(err, "serial %lld", (long long)serial);
	if (!is_at_serial(part, &old, serial, err))
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

/* ---- the newest ---- */

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
		(is_changed && part_encode(part, state, &bytes, &why)))
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

/* Anybody could put an old copy there. */
bool part_check_seen(const struct part *part, const struct state *state, struct error *err)
{
	int64_t seen = sealing_keys(&part->sealing) ? seen_serial(state->lineage) : 0;

	if (seen <= state->serial)
		return true;
	error_set(err,
		"the state is older than one that this machine has seen (serial %lld, but it was "
		"%lld)",
		(long long)state->serial, (long long)seen);
	error_hint(err, "Someone may have put an old copy in its place. Restore the newer one, or "
			"accept this one once with `cfprov state sign`.");
	return error_at(err, part->backend->name, 0, 0);
}

/* What was left where the state was moved from is older, and nothing is made from it. */
static bool check_seen(struct part *part, const struct state *state, struct error *err)
{
	const struct sealing *sealing = &part->sealing;
	int64_t seen = sealing_keys(sealing) ? seen_serial(state->lineage) : 0;

	if (state->moved_to || (seen > state->serial && sealing->accepts_older))
		return true;
	if (seen > state->serial)
		part->seen_serial = seen;
	else if (sealing_is_sound(&part->found) && sealing_keys(sealing))
		(void)seen_remember(state->lineage, state->serial);
	return sealing->accepts_unsigned || sealing->only_shows ||
	       part_check_seen(part, state, err);
}

/* Takes the snapshot's bytes: a large state's text is not kept twice. */
static bool decode_snapshot(struct part *part, struct backend_snapshot *snapshot,
	struct state *ret_state, struct error *err)
{
	const char *name = part->backend->name;
	struct str plain CLEANUP(str_release) = {0};

	if (!sealing_read(&part->sealing, &snapshot->bytes, &plain, &part->found, err))
		return error_at(err, name, 0, 0);
	str_release(&snapshot->bytes);
	if (!state_decode(name, str_text(&plain), plain.length, ret_state, err))
		return refuse_state(part, err);
	return is_at_serial(part, ret_state, snapshot->serial, err) &&
	       check_seen(part, ret_state, err);
}

/* What was there before the state was encrypted, if a run was killed in between. */
static bool has_clear_backup(const struct part *part)
{
	char *name AUTO_FREE = part->sealing.encrypts ? part_clear_backup(part, true) : NULL;

	return name;
}

/* The same of a key that was replaced: the old one will be gone. */
static bool has_old_backup(const struct part *part)
{
	struct str bytes CLEANUP(str_release) = {0}, plain CLEANUP(str_release) = {0};
	struct error ignored CLEANUP(error_release) = {0};
	struct sealing_found found;

	if (!sealing_keys(&part->sealing) || !part->sealing.keys->old.is_set ||
		!part->backend->backup_path)
		return false;
	char *name AUTO_FREE = backend_read_backup(part->backend, 0, &bytes);
	return name && strcmp(name, part->backend->backup_path) == 0 &&
	       sealing_read(&part->sealing, &bytes, &plain, &found, &ignored) &&
	       found.trust == SEALING_OLD_KEY;
}

/* The journal is read first: if a run ends in between, the newer state has all of it. */
bool part_load(struct part *part, struct state *ret_state, struct error *err)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct state state CLEANUP(state_release) = {0};

	if (!part_read_journal(part, err) || !backend_read(part->backend, &snapshot, err) ||
		(snapshot.exists && !decode_snapshot(part, &snapshot, &state, err)))
		return false;
	/* A journal may be all that there is yet. */
	part->is_stale = sealing_settle(&part->sealing,
				 snapshot.exists ? &part->found : &part->journal.found) ||
			 part->seen_serial || has_clear_backup(part) || has_old_backup(part);
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
