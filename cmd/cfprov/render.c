#include "render.h"

#include "base/text.h"
#include "changes.h"
#include "engine/guard.h"
#include "term.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* How many are named of those who want consent, and whose value nobody can verify; and how many
 * lines there are at most of what only goes with its store. */
enum { NAMED_AT_MOST = 10, FEW = 3, ALONG_AT_MOST = 10 };

static const struct look {
	const char *symbol, *word;
	enum term_style style;
} looks[] = {
	[ACTION_NONE] = {" ", "nothing", TERM_PLAIN},
	[ACTION_CREATE] = {"+", "create", TERM_CREATE},
	[ACTION_ADOPT] = {"=", "adopt", TERM_IMPORT},
	[ACTION_UPDATE] = {"~", "update", TERM_CHANGE},
	[ACTION_RENAME] = {"~", "rename", TERM_CHANGE},
	[ACTION_REPLACE] = {"-/+", "replace", TERM_DESTROY},
	[ACTION_DESTROY] = {"-", "destroy", TERM_DESTROY},
	[ACTION_FORGET] = {".", "forget", TERM_DIM},
};

const char *render_symbol(enum action_kind kind)
{
	return looks[kind].symbol;
}

const char *render_word(enum action_kind kind)
{
	return looks[kind].word;
}

void render_address(struct str *out, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	object_add_address(&address, object);
	text_add_visible(out, str_text(&address), address.length, 0);
}

/* "  - prod/keys (with its store)" */
static void add_head(struct str *out, enum action_kind kind, const struct str *text)
{
	struct str folded CLEANUP(str_release) = {0};
	size_t indent = strlen(looks[kind].symbol) + 3;

	str_text_add(out, "  ");
	term_add(out, STDOUT_FILENO, looks[kind].style, looks[kind].symbol);
	str_char(out, ' ');
	term_add_folded(&folded, STDOUT_FILENO, indent, str_text(text));
	str_text_add(out, str_text(&folded) + indent);
}

/* " (was OLD)" and the like, to follow the action's address; or nothing. */
static void add_beside(struct str *out, const struct action *action)
{
	enum action_kind kind = action_kind(action);

	if (kind == ACTION_ADOPT)
		str_format(out, " (id %s)", action->before->id);
	if (kind == ACTION_RENAME) {
		str_text_add(out, " (was ");
		text_add_visible(out, action->before->secret, strlen(action->before->secret), 0);
		str_char(out, ')');
	}
	if (action->goes_with_store)
		str_text_add(out, " (with its store)");
}

static void add_name(
	struct str *out, const struct object *object, size_t index, size_t count, size_t at_most)
{
	struct str address CLEANUP(str_release) = {0};

	render_address(&address, object);
	text_add_listed(out, str_text(&address), index, count, at_most);
}

/* What goes with a store, though cfprov does not manage it. */
static void add_strangers(struct str *out, const struct action *action)
{
	struct str text CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};

	if (!action->stranger_count || !action_destroys(action))
		return;
	str_text_add(&text, "with it, and not managed by cfprov: ");
	for (size_t i = 0; i < action->stranger_count; i++)
		add_name(&text, &action->strangers[i], i, action->stranger_count, NAMED_AT_MOST);
	term_add_folded(&line, STDOUT_FILENO, 6, str_text(&text));
	term_add(out, STDOUT_FILENO, TERM_DESTROY, str_text(&line));
}

static void add_action(struct str *out, const struct action *action)
{
	enum action_kind kind = action_kind(action);
	struct str head CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};
	struct changes changes CLEANUP(changes_release) = {0};

	render_address(&head, action_object(action));
	add_beside(&head, action);
	add_head(out, kind, &head);
	if (action->reason && !changes_say_reason(action)) {
		term_add_folded(&line, STDOUT_FILENO, 6, action->reason);
		term_add(out, STDOUT_FILENO, TERM_DIM, str_text(&line));
	}
	add_strangers(out, action);
	changes_of_action(&changes, action);
	changes_add_lines(out, &changes);
}

/* "  - prod/keys (100 secrets, with their store):" with a star behind the store; then the names. */
static void add_along(struct str *out, const struct action *actions, size_t count)
{
	const struct object *first = action_object(actions);
	const struct object all = {.account = first->account, .store = first->store, .secret = "*"};
	struct str head CLEANUP(str_release) = {0}, names CLEANUP(str_release) = {0};

	render_address(&head, &all);
	str_format(&head, " (%zu secrets, with their store):", count);
	add_head(out, action_kind(actions), &head);
	for (size_t i = 0; i < count; i++) {
		const char *name = action_object(&actions[i])->secret;
		str_text_add(&names, i ? ", " : "");
		text_add_visible(&names, name, strlen(name), 0);
	}
	term_add_folded(out, STDOUT_FILENO, 6, str_text(&names));
}

static void add_actions(struct str *out, const struct plan *plan)
{
	for (size_t i = 0, count; i < plan->action_count; i += count) {
		count = changes_count_along(plan, i);
		if (count > ALONG_AT_MOST)
			add_along(out, &plan->actions[i], count);
		for (size_t j = i; j < i + count && count <= ALONG_AT_MOST; j++)
			if (action_kind(&plan->actions[j]) != ACTION_NONE)
				add_action(out, &plan->actions[j]);
	}
	str_char(out, '\n');
}

/* "To be done (+ create, = adopt):", of the kinds that the plan has. */
static void add_heading(struct str *out, const struct plan *plan)
{
	bool is_used[ARRAY_SIZE(looks)] = {false}, is_first = true;
	struct str line CLEANUP(str_release) = {0};

	for (size_t i = 0; i < plan->action_count; i++)
		is_used[action_kind(&plan->actions[i])] = true;
	str_text_add(&line, "To be done (");
	for (size_t kind = ACTION_CREATE; kind < ARRAY_SIZE(looks); kind++) {
		if (!is_used[kind])
			continue;
		str_text_add(&line, is_first ? "" : ", ");
		term_add(&line, STDOUT_FILENO, looks[kind].style, looks[kind].symbol);
		str_format(&line, TERM_GLUE "%s", looks[kind].word);
		is_first = false;
	}
	str_text_add(&line, "):");
	term_add_folded(out, STDOUT_FILENO, 0, str_text(&line));
	str_char(out, '\n');
}

/* "1 to import, 3 to add, 0 to change, 0 to destroy" */
static void add_counts(struct str *out, const struct plan_counts *counts)
{
	if (counts->import)
		str_format(out, "%zu to import, ", counts->import);
	str_format(out, "%zu to add, %zu to change, %zu to destroy", counts->add, counts->change,
		counts->destroy);
	if (counts->forget)
		str_format(out, ", %zu to forget", counts->forget);
}

static size_t count_unverified(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->action_count; i++)
		count += plan->actions[i].is_unverified;
	return count;
}

static const char *no_changes(const struct plan_view *view)
{
	if (view->has_failed)
		return "No changes in what could be read.";
	if (view->mode == PLANNING_REFRESH_ONLY)
		return "No changes. The state matches what lives.";
	if (view->mode == PLANNING_DESTROY)
		return "No changes. No objects need to be destroyed.";
	if (count_unverified(view->plan))
		return "No changes, as far as can be told: not all values can be verified.";
	return "No changes. Your infrastructure matches the configuration.";
}

void render_summary(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	bool learns = view->mode == PLANNING_REFRESH_ONLY && plan->refresh_count;

	if (plan_is_empty(plan) && !learns) {
		str_text_add(out, no_changes(view));
		return;
	}
	str_text_add(out, "Plan: ");
	add_counts(out, &plan->counts);
	str_char(out, '.');
}

static void add_summary(struct str *out, const struct plan_view *view)
{
	struct str line CLEANUP(str_release) = {0};

	render_summary(&line, view);
	term_add(out, STDOUT_FILENO, TERM_BOLD, str_text(&line));
	str_char(out, '\n');
}

static bool is_another(const struct drift *drift)
{
	const struct object *recorded = drift->recorded, *live = drift->live;

	return !live || !recorded->id || strcmp(live->id, recorded->id) != 0;
}

void render_drift(struct str *out, const struct plan *plan, const struct drift *drift)
{
	struct changes changes CLEANUP(changes_release) = {0};

	if (!drift->live) {
		str_format(out, "is gone; its id was %s", drift->recorded->id);
	} else if (is_another(drift)) {
		str_format(out, "is another one now: it has the id %s, the state knows %s",
			drift->live->id, drift->recorded->id);
	} else {
		changes_of_drift(&changes, drift, changes_leave_value(plan, drift));
		changes_add_phrase(out, &changes);
	}
}

static void add_drift(struct str *out, const struct plan *plan, const struct drift *drift)
{
	struct changes changes CLEANUP(changes_release) = {
		.names_people = term_is_terminal(STDOUT_FILENO)};
	struct str line CLEANUP(str_release) = {0};

	render_address(&line, drift->recorded);
	if (is_another(drift)) {
		str_char(&line, ' ');
		render_drift(&line, plan, drift);
	}
	term_add_folded(out, STDOUT_FILENO, 2, str_text(&line));
	if (is_another(drift))
		return;
	changes_of_drift(&changes, drift, changes_leave_value(plan, drift));
	changes_add_lines(out, &changes);
}

static void add_drifts(struct str *out, const struct plan *plan)
{
	if (!plan->drift_count)
		return;
	str_text_add(out, "Changed outside of cfprov:\n\n");
	for (size_t i = 0; i < plan->drift_count; i++)
		add_drift(out, plan, &plan->drifts[i]);
	str_char(out, '\n');
}

/* With several accounts: what each has to expect, each on a line that may be folded. */
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
		add_counts(&line, &share.counts);
		term_add_folded(&folded, STDOUT_FILENO, OTHERS, str_text(&line));
		str_text_add(&lines, str_text(&folded) + OTHERS - FIRST);
	}
	if (accounts > 1) {
		str_text_add(out, str_text(&lines));
		str_char(out, '\n');
	}
}

void render_learned(struct str *out, const struct refresh *refresh)
{
	struct changes changes CLEANUP(changes_release) = {0};

	changes_of_refresh(&changes, refresh);
	str_text_add(out, refresh->after ? "was modified" : "is not there any more");
	str_text_add(out, changes.count ? "; " : "");
	changes_add_phrase(out, &changes);
}

static void add_moves(struct str *out, const struct plan *plan)
{
	if (!plan->move_count)
		return;
	str_text_add(out, "Moved in the state:\n\n");
	for (size_t i = 0; i < plan->move_count; i++) {
		const struct plan_move *move = &plan->moves[i];
		struct str line CLEANUP(str_release) = {0};
		render_address(&line, move->object);
		str_text_add(&line, " (was ");
		text_add_visible(&line, move->from, strlen(move->from), 0);
		str_char(&line, ')');
		term_add_folded(out, STDOUT_FILENO, 2, str_text(&line));
	}
	str_char(out, '\n');
}

static void render_refresh(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;

	if (!plan->refresh_count) {
		add_summary(out, view);
		return;
	}
	str_text_add(out, "To be recorded:\n\n");
	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *refresh = &plan->refreshes[i];
		struct str line CLEANUP(str_release) = {0};
		render_address(&line, refresh->before);
		str_char(&line, ' ');
		render_learned(&line, refresh);
		term_add_folded(out, STDOUT_FILENO, 2, str_text(&line));
	}
}

static bool has_actions(const struct plan *plan)
{
	struct plan_share share = {0};

	return plan_share_next(&share, plan);
}

void render_plan(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;

	add_drifts(out, plan);
	add_moves(out, plan);
	if (view->mode == PLANNING_REFRESH_ONLY) {
		render_refresh(out, view);
		return;
	}
	if (!has_actions(plan)) {
		add_summary(out, view);
		return;
	}
	add_heading(out, plan);
	add_actions(out, plan);
	add_accounts(out, plan);
	add_summary(out, view);
}

void render_done(struct str *out, const struct plan_counts *counts)
{
	if (counts->import)
		str_format(out, "%zu imported, ", counts->import);
	str_format(out, "%zu added, %zu changed, %zu destroyed", counts->add, counts->change,
		counts->destroy);
	if (counts->forget)
		str_format(out, ", %zu forgotten", counts->forget);
}

void render_complete(struct str *out, enum planning_mode mode, const struct plan_counts *done)
{
	if (mode == PLANNING_DESTROY) {
		str_format(out, "Destroy complete! Resources: %zu destroyed", done->destroy);
		if (done->forget)
			str_format(out, ", %zu forgotten", done->forget);
		str_char(out, '.');
		return;
	}
	str_text_add(out, "Apply complete! Resources: ");
	render_done(out, done);
	str_char(out, '.');
}

static void note_consent(const struct plan *plan, size_t count)
{
	struct str text CLEANUP(str_release) = {0};
	size_t index = 0;

	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].needs_consent)
			add_name(&text, action_object(&plan->actions[i]), index++, count,
				NAMED_AT_MOST);
	str_format(&text,
		" %s already. To take %s over without being asked, write `adopt: true` in "
		"the manifest or give -adopt; a saved plan counts as agreed to.",
		count == 1 ? "lives" : "live", count == 1 ? "it" : "them");
	struct str folded CLEANUP(str_release) = {0};
	term_add_folded(&folded, STDERR_FILENO, 0, str_text(&text));
	term_say_str(&folded);
}

bool render_unverified(struct str *out, const struct plan *plan)
{
	size_t count = count_unverified(plan), index = 0, printed = 0;

	if (!count)
		return false;
	bool is_one = count == 1;
	if (is_one)
		str_text_add(out, "The value of a secret can't be verified: ");
	else
		str_format(out, "The values of %zu secrets can't be verified: ", count);
	for (size_t i = 0; i < plan->action_count; i++) {
		const struct action *action = &plan->actions[i];
		if (!action->is_unverified)
			continue;
		printed += action->before->fingerprint != NULL;
		add_name(out, action_object(action), index++, count, FEW);
	}
	str_text_add(out, ". ");
	if (printed)
		str_format(out,
			"%s made with another key than there is now%s. Set the key again "
			"(CFPROV_FINGERPRINT_KEY, or `state.fingerprint_key`); or raise `version` "
			"to write %s again.",
			is_one ? "Its fingerprint was" : "Their fingerprints were",
			printed < count ? ", or none was kept" : "", is_one ? "it" : "them");
	else
		str_format(out, "No fingerprint was kept of %s. Raise `version` to write %s again.",
			is_one ? "it" : "them", is_one ? "it" : "them");
	return true;
}

void render_note_unverified(const struct plan *plan)
{
	struct str text CLEANUP(str_release) = {0};

	if (render_unverified(&text, plan))
		term_warning(str_text(&text));
}

/* What was changed outside and stays so is told each time; there are ways out. */
static void note_left(const struct plan *plan)
{
	struct str folded CLEANUP(str_release) = {0};
	bool is_any = false;

	for (size_t i = 0; i < plan->drift_count; i++) {
		const struct drift *drift = &plan->drifts[i];
		is_any |= drift->live &&
			  (object_drift(drift->recorded, drift->live) & FIELD_VALUE) &&
			  changes_leave_value(plan, drift);
	}
	if (!is_any)
		return;
	term_add_folded(&folded, STDERR_FILENO, 0,
		"A value that is left as it is: `apply -refresh-only` takes it for right; a raised "
		"`version` has one written (not with `update: if_absent`).");
	term_say_str(&folded);
}

void render_notes(const struct plan *plan)
{
	size_t asking = 0;

	for (size_t i = 0; i < plan->action_count; i++)
		asking += plan->actions[i].needs_consent;
	if (asking)
		note_consent(plan, asking);
	render_note_unverified(plan);
	note_left(plan);
	for (size_t i = 0; i < plan->warning_count; i++)
		term_warning(plan->warnings[i]);
}

bool render_find_refusals(const struct plan *plan, struct error_list *errors)
{
	const struct guard_limits limits = {
		.max_deletes = SIZE_MAX, .max_delete_percent = GUARD_DELETE_PERCENT};

	return guard_check(plan, &limits, errors);
}

void render_refusals(const struct plan *plan)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (render_find_refusals(plan, &errors))
		return;
	for (size_t i = 0; i < errors.count; i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "apply will refuse: %s. %s", errors.items[i].message,
			errors.items[i].hint);
		term_warning(str_text(&text));
	}
}
