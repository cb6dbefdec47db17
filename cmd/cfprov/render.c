#include "render.h"

#include "base/text.h"
#include "term.h"

#include <string.h>
#include <unistd.h>

enum { NAMED_AT_MOST = 10 };

static const struct look {
	const char *symbol, *word;
	enum term_style style;
} looks[] = {
	[ACTION_NONE] = {" ", "nothing", TERM_PLAIN},
	[ACTION_CREATE] = {"+", "create", TERM_CREATE},
	[ACTION_ADOPT] = {"=", "adopt", TERM_IMPORT},
	[ACTION_UPDATE] = {"~", "update", TERM_BOLD},
	[ACTION_RENAME] = {"~", "rename", TERM_BOLD},
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

static void add_action(struct str *out, const struct action *action)
{
	enum action_kind kind = action_kind(action);
	struct str line CLEANUP(str_release) = {0};

	str_text_add(out, "  ");
	term_add(out, STDOUT_FILENO, looks[kind].style, looks[kind].symbol);
	str_char(out, ' ');
	render_address(out, action_object(action));
	if (kind == ACTION_ADOPT)
		str_format(out, " (id %s)", action->before->id);
	str_char(out, '\n');
	if (!action->reason)
		return;
	term_add_folded(&line, STDOUT_FILENO, 6, action->reason);
	term_add(out, STDOUT_FILENO, TERM_DIM, str_text(&line));
}

/* "To be done (+ create, = adopt):", of the kinds that the plan has. */
static void add_heading(struct str *out, const struct plan *plan)
{
	bool is_used[ARRAY_SIZE(looks)] = {false}, is_first = true;

	for (size_t i = 0; i < plan->action_count; i++)
		is_used[action_kind(&plan->actions[i])] = true;
	str_text_add(out, "To be done (");
	for (size_t kind = ACTION_CREATE; kind < ARRAY_SIZE(looks); kind++) {
		if (!is_used[kind])
			continue;
		str_text_add(out, is_first ? "" : ", ");
		term_add(out, STDOUT_FILENO, looks[kind].style, looks[kind].symbol);
		str_format(out, " %s", looks[kind].word);
		is_first = false;
	}
	str_text_add(out, "):\n\n");
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

void render_summary(struct str *out, const struct plan *plan, enum planning_mode mode)
{
	bool is_refresh = mode == PLANNING_REFRESH_ONLY;

	if (is_refresh && !plan->refresh_count) {
		str_text_add(out, "No changes. The state matches what lives.");
	} else if (!is_refresh && plan_is_empty(plan)) {
		str_text_add(out, "No changes. Your infrastructure matches the configuration.");
	} else {
		str_text_add(out, "Plan: ");
		add_counts(out, &plan->counts);
		str_char(out, '.');
	}
}

static void add_summary(struct str *out, const struct plan *plan, enum planning_mode mode)
{
	struct str line CLEANUP(str_release) = {0};

	render_summary(&line, plan, mode);
	term_add(out, STDOUT_FILENO, TERM_BOLD, str_text(&line));
	str_char(out, '\n');
}

void render_drift(struct str *out, const struct drift *drift)
{
	if (drift->live)
		str_format(out, "is another one now: it has the id %s, the state knows %s",
			drift->live->id, drift->recorded->id);
	else
		str_format(out, "is gone; its id was %s", drift->recorded->id);
}

static void add_drift(struct str *out, const struct drift *drift)
{
	struct str line CLEANUP(str_release) = {0};

	render_address(&line, drift->recorded);
	str_char(&line, ' ');
	render_drift(&line, drift);
	term_add_folded(out, STDOUT_FILENO, 2, str_text(&line));
}

static void add_drifts(struct str *out, const struct plan *plan)
{
	if (!plan->drift_count)
		return;
	str_text_add(out, "Changed outside of cfprov:\n\n");
	for (size_t i = 0; i < plan->drift_count; i++)
		add_drift(out, &plan->drifts[i]);
	str_char(out, '\n');
}

/* With several accounts: what each has to expect, a line each. */
static void add_accounts(struct str *out, const struct plan *plan)
{
	struct str lines CLEANUP(str_release) = {0};
	size_t accounts = 0;

	for (size_t i = 0; i < plan->action_count;) {
		const char *alias = action_object(&plan->actions[i])->account;
		struct plan_counts sum = {0};
		for (; i < plan->action_count; i++) {
			const struct action *action = &plan->actions[i];
			if (strcmp(action_object(action)->account, alias) != 0)
				break;
			struct plan_counts one = action_counts(action);
			plan_counts_add(&sum, &one);
		}
		struct plan one_account = {.counts = sum};
		if (plan_is_empty(&one_account))
			continue;
		accounts++;
		str_text_add(&lines, "  ");
		text_add_visible(&lines, alias, strlen(alias), 0);
		str_text_add(&lines, ": ");
		add_counts(&lines, &sum);
		str_char(&lines, '\n');
	}
	if (accounts > 1) {
		str_text_add(out, str_text(&lines));
		str_char(out, '\n');
	}
}

static void render_refresh(struct str *out, const struct plan *plan)
{
	if (!plan->refresh_count) {
		add_summary(out, plan, PLANNING_REFRESH_ONLY);
		return;
	}
	str_text_add(out, "The state would learn:\n\n");
	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *refresh = &plan->refreshes[i];
		struct str line CLEANUP(str_release) = {0};
		render_address(&line, refresh->before);
		str_text_add(&line, refresh->after ? " was modified" : " is not there any more");
		term_add_folded(out, STDOUT_FILENO, 2, str_text(&line));
	}
}

void render_plan(struct str *out, const struct plan *plan, enum planning_mode mode)
{
	add_drifts(out, plan);
	if (mode == PLANNING_REFRESH_ONLY) {
		render_refresh(out, plan);
		return;
	}
	if (plan_is_empty(plan)) {
		add_summary(out, plan, mode);
		return;
	}
	add_heading(out, plan);
	for (size_t i = 0; i < plan->action_count; i++)
		if (action_kind(&plan->actions[i]) != ACTION_NONE)
			add_action(out, &plan->actions[i]);
	str_char(out, '\n');
	add_accounts(out, plan);
	add_summary(out, plan, mode);
}

void render_done(struct str *out, const struct plan_counts *counts)
{
	if (counts->import)
		str_format(out, "%zu imported, ", counts->import);
	str_format(out, "%zu added, %zu changed, %zu destroyed", counts->add, counts->change,
		counts->destroy);
}

void render_complete(struct str *out, enum planning_mode mode, const struct plan_counts *done)
{
	if (mode == PLANNING_DESTROY) {
		str_format(out, "Destroy complete! Resources: %zu destroyed.", done->destroy);
		return;
	}
	str_text_add(out, "Apply complete! Resources: ");
	render_done(out, done);
	str_char(out, '.');
}

/* "A, B and 3 more", of what is given one by one. */
static void add_name(struct str *out, const struct object *object, size_t index, size_t count)
{
	if (index == NAMED_AT_MOST)
		str_format(out, " and %zu more", count - index);
	if (index >= NAMED_AT_MOST)
		return;
	if (index)
		str_text_add(out, index + 1 == count ? " and " : ", ");
	render_address(out, object);
}

static void note_consent(const struct plan *plan, size_t count)
{
	struct str text CLEANUP(str_release) = {0};
	size_t index = 0;

	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].needs_consent)
			add_name(&text, action_object(&plan->actions[i]), index++, count);
	str_format(&text,
		" %s already. To take %s over without being asked, write `adopt: true` in "
		"the manifest or give -adopt.",
		count == 1 ? "lives" : "live", count == 1 ? "it" : "them");
	struct str folded CLEANUP(str_release) = {0};
	term_add_folded(&folded, STDERR_FILENO, 0, str_text(&text));
	term_say_str(&folded);
}

void render_notes(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->action_count; i++)
		count += plan->actions[i].needs_consent;
	if (count)
		note_consent(plan, count);
}
