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
};

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

static void add_summary(struct str *out, const struct plan_counts *counts)
{
	struct str line CLEANUP(str_release) = {0};

	str_text_add(&line, "Plan: ");
	if (counts->import)
		str_format(&line, "%zu to import, ", counts->import);
	str_format(&line, "%zu to add, %zu to change, %zu to destroy", counts->add, counts->change,
		counts->destroy);
	if (counts->forget)
		str_format(&line, ", %zu to forget", counts->forget);
	str_char(&line, '.');
	term_add(out, STDOUT_FILENO, TERM_BOLD, str_text(&line));
	str_char(out, '\n');
}

void render_plan(struct str *out, const struct plan *plan)
{
	if (plan_is_empty(plan)) {
		term_add(out, STDOUT_FILENO, TERM_BOLD,
			"No changes. Your infrastructure matches the configuration.");
		str_char(out, '\n');
		return;
	}
	add_heading(out, plan);
	for (size_t i = 0; i < plan->action_count; i++)
		if (action_kind(&plan->actions[i]) != ACTION_NONE)
			add_action(out, &plan->actions[i]);
	str_char(out, '\n');
	add_summary(out, &plan->counts);
}

void render_done(struct str *out, const struct plan_counts *counts)
{
	if (counts->import)
		str_format(out, "%zu imported, ", counts->import);
	str_format(out, "%zu added, %zu changed, %zu destroyed", counts->add, counts->change,
		counts->destroy);
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

static void note_unclaimed(const struct plan *plan)
{
	struct str text CLEANUP(str_release) = {0};

	for (size_t i = 0; i < plan->unclaimed_count; i++)
		add_name(&text, plan->unclaimed[i], i, plan->unclaimed_count);
	str_format(&text,
		" %s in the state but not in the manifest. This version of cfprov leaves "
		"that alone.",
		plan->unclaimed_count == 1 ? "is" : "are");
	term_warning(str_text(&text));
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
	if (plan->unclaimed_count)
		note_unclaimed(plan);
}
