#include "render.h"

#include "base/text.h"
#include "changes.h"
#include "plan/guard.h"
#include "verbs.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* How many objects a sentence names, or where it has more to say. */
enum { NAMED_AT_MOST = 10, FEW = 3 };

void render_address(struct str *out, const struct object *object)
{
	char *address AUTO_FREE = object_address(object);

	text_add_visible(out, address, strlen(address), 0);
}

static void add_name(
	struct str *out, const struct object *object, size_t index, size_t count, size_t at_most)
{
	struct str address CLEANUP(str_release) = {0};

	render_address(&address, object);
	text_add_listed(out, str_text(&address), index, count, at_most);
}

/* ---- changes ---- */

/* "  - prod/keys (with its store)" */
static void add_head(struct str *out, const struct row *row, const struct str *text)
{
	const struct verb *verb = verb_of(row);
	struct str folded CLEANUP(str_release) = {0};
	size_t indent = strlen(verb->symbol) + 3;

	str_text_add(out, "  ");
	term_add(out, STDOUT_FILENO, verb->style, verb->symbol);
	str_char(out, ' ');
	term_add_folded(&folded, STDOUT_FILENO, indent, str_text(text));
	str_text_add(out, str_text(&folded) + indent);
}

static void add_detail(struct str *out, enum term_style style, const char *text)
{
	struct str line CLEANUP(str_release) = {0};

	term_add_folded(&line, STDOUT_FILENO, 6, text);
	term_add(out, STDOUT_FILENO, style, str_text(&line));
}

/* A change; or "  - prod/keys/\* (100 secrets, with their store):", then the names. */
static void add_change(struct str *out, const struct change_group *group)
{
	const struct row *row = group->first;
	struct str head CLEANUP(str_release) = {0}, names CLEANUP(str_release) = {0};
	struct changes changes CLEANUP(changes_release) = {0};

	render_address(&head, &group->object);
	if (group->count > 1) {
		str_format(&head, " (%zu secrets, with their store):", group->count);
		add_head(out, row, &head);
		changes_add_names(&names, group);
		term_add_folded(out, STDOUT_FILENO, 6, str_text(&names));
		return;
	}
	if (row->action == ACTION_ADOPT)
		str_format(&head, " (id %s)", row->live->id);
	if (row->copies) {
		char *was AUTO_FREE = text_visible(row->copies->secret, 0);
		str_format(&head, " (was %s)", was);
	}
	str_text_add(&head, row->notes & ROW_WITH_STORE ? " (with its store)" : "");
	add_head(out, row, &head);
	changes_of_row(&changes, row);
	if (changes.reason)
		add_detail(out, TERM_DIM, changes.reason);
	for (size_t i = 0; i < row->unmanaged_count && row_destroys(row); i++) {
		str_text_add(&names, i ? "" : "destroys with it, not managed by cfprov: ");
		add_name(&names, &row->unmanaged[i], i, row->unmanaged_count, NAMED_AT_MOST);
	}
	if (names.length)
		add_detail(out, TERM_DESTROY, str_text(&names));
	str_text_add(out, str_text(&changes.lines));
}

/* "cfprov will perform … (+ create, = adopt):", with the verbs that the plan has. */
static void add_heading(struct str *out, const struct plan *plan)
{
	bool is_used[VERB_COUNT] = {false};
	const char *before = "cfprov will perform the following actions (";
	struct str line CLEANUP(str_release) = {0};

	for (size_t i = 0; i < plan->row_count; i++)
		if (row_is_change(&plan->rows[i]))
			is_used[verb_of(&plan->rows[i]) - verbs] = true;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (!is_used[i])
			continue;
		str_text_add(&line, before);
		term_add(&line, STDOUT_FILENO, verbs[i].style, verbs[i].symbol);
		str_format(&line, TERM_GLUE "%s", verbs[i].word);
		before = ", ";
	}
	str_text_add(&line, "):");
	term_add_folded(out, STDOUT_FILENO, 0, str_text(&line));
	str_char(out, '\n');
}

/* ---- counts ---- */

void render_counts(struct str *out, const struct plan_counts *counts, bool is_done)
{
	if (counts->import)
		str_format(out, "%zu %s, ", counts->import, is_done ? "imported" : "to import");
	str_format(out,
		is_done ? "%zu added, %zu changed, %zu destroyed"
			: "%zu to add, %zu to change, %zu to destroy",
		counts->add, counts->change, counts->destroy);
	if (counts->forget)
		str_format(out, ", %zu %s", counts->forget, is_done ? "forgotten" : "to forget");
}

/* With several accounts: the counts of each, on a line that may be folded. */
static void add_accounts(struct str *out, const struct plan *plan)
{
	enum { FIRST = 2, OTHERS = 4 };
	struct str lines CLEANUP(str_release) = {0};
	struct plan_share share = {0};
	size_t accounts = 0;

	for (; plan_share_next(&share, plan); accounts++) {
		struct str line CLEANUP(str_release) = {0}, folded CLEANUP(str_release) = {0};
		text_add_visible(&line, share.alias, strlen(share.alias), 0);
		str_text_add(&line, ": ");
		render_counts(&line, &share.counts, false);
		term_add_folded(&folded, STDOUT_FILENO, OTHERS, str_text(&line));
		str_text_add(&lines, str_text(&folded) + OTHERS - FIRST);
	}
	if (accounts > 1)
		str_format(out, "%s\n", str_text(&lines));
}

static size_t count_noted(const struct plan *plan, enum row_note note)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->row_count; i++)
		count += (plan->rows[i].notes & note) != 0;
	return count;
}

void render_summary(struct str *out, const struct plan_view *view)
{
	if (!view_is_empty(view)) {
		str_text_add(out, "Plan: ");
		render_counts(out, &view->plan->counts, false);
		str_char(out, '.');
	} else if (view->has_failed) {
		str_text_add(out, "No changes in the accounts that could be read.");
	} else if (view->options->refresh_only) {
		str_text_add(out, "No changes. The state matches Cloudflare.");
	} else if (view->options->destroys_all) {
		str_text_add(out, "No changes. No objects need to be destroyed.");
	} else if (count_noted(view->plan, ROW_UNVERIFIED)) {
		str_text_add(out, "No changes found, but not all values can be verified.");
	} else {
		str_text_add(out, "No changes. Your infrastructure matches the configuration.");
	}
}

void render_complete(struct str *out, bool destroys, const struct plan_counts *done)
{
	if (destroys) {
		str_format(out, "Destroy complete! Resources: %zu destroyed", done->destroy);
		if (done->forget)
			str_format(out, ", %zu forgotten", done->forget);
	} else {
		str_text_add(out, "Apply complete! Resources: ");
		render_counts(out, done, true);
	}
	str_char(out, '.');
}

/* ---- the plan ---- */

void render_drift(struct str *out, const struct drift *drift)
{
	struct changes changes CLEANUP(changes_release) = {0};

	changes_of_drift(&changes, drift);
	if (drift->is_gone)
		str_format(out, "is gone; its id was %s", drift->recorded->id);
	else if (drift->is_another)
		str_format(out, "is another one now: it has the id %s, the state knows %s",
			drift->now.id, drift->recorded->id);
	else
		str_text_add(out, str_text(&changes.phrase));
}

void render_learned(struct str *out, const struct row *row)
{
	struct changes changes CLEANUP(changes_release) = {0};

	changes_of_learned(&changes, row);
	str_format(out, "%s%s%s", row->learned ? "was modified" : "is not there any more",
		changes.phrase.length ? "; " : "", str_text(&changes.phrase));
}

/* The first line of a section gets the title. Clears `line`, for the next. */
static void add_line(struct str *section, const char *title, struct str *line)
{
	if (!section->length)
		str_format(section, "%s\n\n", title);
	term_add_folded(section, STDOUT_FILENO, 2, str_text(line));
	str_clear(line);
}

/* What is not asked of Cloudflare: what changed outside, moves in the state, or is learned. */
static void add_sections(struct str *out, const struct plan_view *view)
{
	struct str drifts CLEANUP(str_release) = {0}, moves CLEANUP(str_release) = {0};
	struct str learned CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};
	struct drift drift;

	for (size_t i = 0; i < view->plan->row_count; i++) {
		const struct row *row = &view->plan->rows[i];
		if (drift_reported(view->options, row, &drift)) {
			struct changes changes CLEANUP(changes_release) = {
				.names_people = term_is_terminal(STDOUT_FILENO)};
			bool is_kept = !drift.is_gone && !drift.is_another;
			render_address(&line, drift.recorded);
			str_text_add(&line, is_kept ? "" : " ");
			if (is_kept)
				changes_of_drift(&changes, &drift);
			else
				render_drift(&line, &drift);
			add_line(&drifts, "Changed outside of cfprov:", &line);
			str_text_add(&drifts, str_text(&changes.lines));
		}
		if (row_is_move(row)) {
			char *was AUTO_FREE = text_visible(row->moved_from, 0);
			render_address(&line, row_object(row));
			str_format(&line, " (was %s)", was);
			add_line(&moves, "These objects will move in the state:", &line);
		}
		if (row->learns && view->options->refresh_only) {
			render_address(&line, row->recorded);
			str_char(&line, ' ');
			render_learned(&line, row);
			add_line(&learned, "To be recorded:", &line);
		}
	}
	str_format(out, "%s%s%s%s%s", str_text(&drifts), drifts.length ? "\n" : "",
		str_text(&moves), moves.length ? "\n" : "", str_text(&learned));
}

void render_plan(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	struct change_group group = {0};
	struct str summary CLEANUP(str_release) = {0};
	bool is_any = false;

	add_sections(out, view);
	if (view->options->refresh_only && plan->learned)
		return;
	for (; changes_next(&group, plan); is_any = true) {
		if (!is_any)
			add_heading(out, plan);
		add_change(out, &group);
	}
	if (is_any) {
		str_char(out, '\n');
		add_accounts(out, plan);
	}
	render_summary(&summary, view);
	term_add(out, STDOUT_FILENO, TERM_BOLD, str_text(&summary));
	str_char(out, '\n');
}

/* ---- notes ---- */

static void add_noted(struct str *out, const struct plan *plan, enum row_note note, size_t at_most)
{
	size_t count = count_noted(plan, note), index = 0;

	for (size_t i = 0; i < plan->row_count; i++)
		if (plan->rows[i].notes & note)
			add_name(out, row_object(&plan->rows[i]), index++, count, at_most);
}

bool render_unverified(struct str *out, const struct plan *plan)
{
	size_t count = count_noted(plan, ROW_UNVERIFIED), printed = 0;
	bool is_one = count == 1;

	if (!count)
		return false;
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		const struct object *recorded = row->copies ? row->copies : row->recorded;
		printed += row->notes & ROW_UNVERIFIED && recorded->fingerprint;
	}
	if (is_one)
		str_text_add(out, "The value of a secret can't be verified: ");
	else
		str_format(out, "The values of %zu secrets can't be verified: ", count);
	add_noted(out, plan, ROW_UNVERIFIED, FEW);
	if (printed)
		str_format(out,
			". %s made with a different key%s. Restore the key "
			"(CFPROV_FINGERPRINT_KEY, or `state.fingerprint_key`), or raise `version` "
			"to write %s again.",
			is_one ? "Its fingerprint was" : "Their fingerprints were",
			printed < count ? ", or none was kept" : "",
			is_one ? "the value" : "the values");
	else
		str_format(out,
			". No fingerprint was kept of %s. Raise `version` to write %s again.",
			is_one ? "it" : "them", is_one ? "the value" : "the values");
	return true;
}

void render_note_unverified(const struct plan *plan)
{
	struct str text CLEANUP(str_release) = {0};

	if (render_unverified(&text, plan))
		term_warning(str_text(&text));
}

size_t render_adoptions(struct str *out, const struct plan *plan)
{
	add_noted(out, plan, ROW_NEEDS_APPROVAL, FEW);
	return count_noted(plan, ROW_NEEDS_APPROVAL);
}

void render_note_adoptions(const struct plan *plan)
{
	struct str names CLEANUP(str_release) = {0};
	size_t count = render_adoptions(&names, plan);

	if (count)
		term_print("\n%s already exist%s and will be adopted. To adopt without a prompt, "
			   "pass -adopt or set `adopt: true`.",
			str_text(&names), count == 1 ? "s" : "");
}

void render_notes(const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	struct drift drift;
	bool is_left = false;

	render_note_unverified(plan);
	for (size_t i = 0; i < plan->row_count && !is_left; i++)
		is_left = drift_reported(view->options, &plan->rows[i], &drift) && drift.is_left;
	if (is_left)
		term_print("\nTo accept a value that was changed outside of cfprov, run `cfprov "
			   "apply -refresh-only`. To overwrite it, raise its `version` (has no "
			   "effect with `update: if_absent`).");
	for (size_t i = 0; i < plan->warning_count; i++)
		term_warning(plan->warnings[i]);
}

bool render_find_refusals(const struct plan_view *view, struct error_list *errors)
{
	const struct guard_limits limits = guard_defaults(view->options);

	return guard_check(view->plan, &limits, errors);
}

void render_refusals(const struct plan_view *view)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	render_find_refusals(view, &errors);
	for (size_t i = 0; i < errors.count; i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "apply will fail: %s. %s", errors.items[i].message,
			errors.items[i].hint);
		term_warning(str_text(&text));
	}
}
