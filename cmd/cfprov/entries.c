#include "entries.h"

#include "base/text.h"
#include "changes.h"
#include "render.h"
#include "value_source.h"

static void add_learned(
	const struct plan_view *view, const struct row *row, entry_fn *add, void *context)
{
	struct changes changes CLEANUP(changes_release) = {0};
	struct str phrase CLEANUP(str_release) = {0};
	struct drift drift;
	bool has_drift = drift_reported(view->options, row, &drift);

	if (has_drift && !row->learned) {
		render_drift(&phrase, &drift);
	} else {
		changes_of_learned(&changes, row, has_drift ? &drift : NULL);
		str_text_add(&phrase, !row->learned           ? "no longer exists"
				      : changes.phrase.length ? str_text(&changes.phrase)
							      : "was modified");
	}
	add(context,
		&(struct entry){row->learned ? "~" : ".",
			row->learned ? "update state" : "remove from state",
			row->learned ? TERM_CHANGE : TERM_DIM, row->recorded, str_text(&phrase)});
}

void entries_learned(const struct plan_view *view, entry_fn *add, void *context)
{
	for (size_t i = 0; i < view->plan->row_count && view->options->refresh_only; i++)
		if (view->plan->rows[i].learns)
			add_learned(view, &view->plan->rows[i], add, context);
}

void entries_moved(const struct plan_view *view, entry_fn *add, void *context)
{
	for (size_t i = 0; i < view->plan->row_count; i++) {
		const struct row *row = &view->plan->rows[i];
		struct str phrase CLEANUP(str_release) = {0};
		if (!row_is_move(row))
			continue;
		char *was AUTO_FREE = text_visible(row->moved_from, 0);
		str_format(&phrase, "was %s", was);
		add(context, &(struct entry){">", "move in state", TERM_CHANGE, row_object(row),
				     str_text(&phrase)});
	}
}

void entries_of_drift(const struct plan_view *view, entry_fn *add, void *context)
{
	struct drift drift;

	for (size_t i = 0; i < view->plan->row_count && !view->options->refresh_only; i++) {
		struct str phrase CLEANUP(str_release) = {0};
		if (!render_tells_drift(view, &view->plan->rows[i], &drift))
			continue;
		render_drift(&phrase, &drift);
		add(context, &(struct entry){drift.is_gone ? "-" : "~", "changed", TERM_DIM,
				     drift.recorded, str_text(&phrase)});
	}
}

void entries_not_compared(const struct plan_view *view, entry_fn *add, void *context)
{
	for (size_t i = 0; i < view->plan->row_count; i++) {
		const struct row *row = &view->plan->rows[i];
		struct str phrase CLEANUP(str_release) = {0};
		if (!(row->notes & ROW_NOT_COMPARED))
			continue;
		str_text_add(&phrase, "value");
		value_source_add(&phrase, row->desired->value);
		add(context, &(struct entry){"?", "not compared", TERM_DIM, row_object(row),
				     str_text(&phrase)});
	}
}
