#include "state/recovery.h"

#include <string.h>

static bool is_id(const struct object *object, const char *id)
{
	return object && object->id && id && strcmp(object->id, id) == 0;
}

static enum recovery fold(struct state *state, const struct journal *journal,
	const struct change *changes, size_t count, struct error *err)
{
	struct state_fold what = {changes, count, journal->model.accounts,
		journal->model.account_count, journal->alive_ms};
	struct state next = {0};

	if (!journal_check_accounts(journal, state, err))
		return RECOVERY_INVALID;
	memcpy(state->lineage, journal->head.lineage, sizeof(state->lineage));
	state_fold(state, &what, &next);
	state_release(state);
	*state = next;
	return RECOVERY_FOLDED;
}

/* True if the state has all objects that the journal records, by their ids. */
static bool is_folded(const struct state *state, const struct journal *journal)
{
	for (size_t i = 0; i < journal->count; i++) {
		const struct change *change = &journal->changes[i];
		const struct object *known = model_find(&state->model, change->object);
		const char *id = change->object->id;
		if (change->kind == CHANGE_PUT && (!known || (id && !is_id(known, id))))
			return false;
	}
	return journal->head.serial + 1 == state->serial;
}

/* True if a newer state does not have this and has nothing better. */
static bool is_news(const struct state *state, const struct change *change)
{
	const struct object *known = model_find(&state->model, change->object);

	switch (change->kind) {
	case CHANGE_PUT:
		return change->object->id && (!known || !known->id);
	case CHANGE_DROP:
		return is_id(known, change->object->id);
	case CHANGE_KEEP:
	default:
		return false;
	}
}

/* True if an object that the state has under another address has this id. */
static bool has_id_elsewhere(const struct state *state, const struct object *object)
{
	for (size_t i = 0; i < state->model.object_count; i++) {
		const struct object *other = &state->model.objects[i];
		if (is_id(other, object->id) && object_compare(other, object) != 0)
			return true;
	}
	return false;
}

static enum recovery fold_news(
	struct state *state, const struct journal *journal, struct error *err)
{
	struct change *news AUTO_FREE = mem_alloc(journal->count * sizeof(*news));
	size_t count = 0;

	for (size_t i = 0; i < journal->count; i++)
		if (is_news(state, &journal->changes[i]) &&
			!has_id_elsewhere(state, journal->changes[i].object))
			news[count++] = journal->changes[i];
	return count ? fold(state, journal, news, count, err) : RECOVERY_NOTHING;
}

enum recovery recovery_fold(
	struct state *state, const struct journal *journal, int64_t now_ms, struct error *err)
{
	struct journal dated = *journal;

	if (!journal->head.lineage[0])
		return RECOVERY_NOTHING; /* torn before anything was sent */
	if (state->lineage[0] && strcmp(state->lineage, journal->head.lineage) != 0)
		return RECOVERY_FOREIGN;
	if (!dated.alive_ms)
		dated.alive_ms = now_ms; /* it may be a moment old */
	if (journal->head.serial == state->serial)
		return fold(state, &dated, journal->changes, journal->count, err);
	if (is_folded(state, journal))
		return RECOVERY_NOTHING;
	if (journal->head.serial > state->serial)
		return RECOVERY_NEWER;
	return journal->head.lock[0] ? fold_news(state, &dated, err) : RECOVERY_OLDER;
}

/* What a newer state, which was written without these intents, leaves open. */
static enum recovery fold_unseen(
	struct state *state, const struct journal *intents, struct error *err)
{
	struct change *open AUTO_FREE = mem_alloc(intents->count * sizeof(*open));
	size_t count = 0;

	for (size_t i = 0; i < intents->count; i++) {
		const struct change *change = &intents->changes[i];
		const struct object *known = model_find(&state->model, change->object);
		if (change->kind == CHANGE_PUT && (!known || !known->id) &&
			!has_id_elsewhere(state, change->object))
			open[count++] = *change;
	}
	return count ? fold(state, intents, open, count, err) : RECOVERY_NOTHING;
}

enum recovery recovery_fold_intents(struct state *state, const struct journal *intents,
	struct recovery_base base, int64_t now_ms, struct error *err)
{
	struct journal dated = *intents;

	if (state->lineage[0] && strcmp(state->lineage, intents->head.lineage) != 0)
		return RECOVERY_FOREIGN;
	bool is_older = intents->head.serial < base.serial;
	if ((is_older && !base.is_unseen) || !intents->head.lineage[0])
		return RECOVERY_NOTHING;
	dated.alive_ms = now_ms; /* nobody knows until when it ran */
	if (is_older)
		return fold_unseen(state, &dated, err);
	return fold(state, &dated, intents->changes, intents->count, err);
}
