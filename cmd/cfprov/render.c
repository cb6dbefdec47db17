#include "render.h"

#include "base/text.h"
#include "changes.h"
#include "value_source.h"
#include "verbs.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* How many objects a line names. */
enum { NAMED_AT_MOST = 10 };

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

bool render_unmanaged(struct str *out, const struct row *row, size_t at_most)
{
	size_t count = row_destroys(row) ? row->unmanaged_count : 0;

	for (size_t i = 0; i < count; i++) {
		str_text_add(out, i ? "" : "also destroys, not managed by cfprov: ");
		add_name(out, &row->unmanaged[i], i, count, at_most);
	}
	return count > 0;
}

/* For stdout. */
static void add_bold(struct str *out, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	render_address(&address, object);
	term_add(out, STDOUT_FILENO, TERM_BOLD, str_text(&address));
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
	struct changes changes CLEANUP(changes_release) = {
		.names_people = term_is_terminal(STDOUT_FILENO)};

	add_bold(&head, &group->object);
	changes_add_aside(&head, group);
	if (group->count > 1) {
		str_char(&head, ':');
		add_head(out, row, &head);
		changes_add_names(&names, group);
		term_add_folded(out, STDOUT_FILENO, 6, str_text(&names));
		return;
	}
	add_head(out, row, &head);
	changes_of_row(&changes, row);
	if (changes.reason)
		add_detail(out, TERM_DIM, changes.reason);
	if (render_unmanaged(&names, row, NAMED_AT_MOST))
		add_detail(out, TERM_DESTROY, str_text(&names));
	str_text_add(out, str_text(&changes.lines));
}

/* "prod (985e105f4ecef8ad9ca31a8372d0c353)"; an account that is gone has no id. */
static void add_account(struct str *out, const struct plan_view *view, const char *alias)
{
	const struct account *account = model_account(view->accounts, alias);
	char *shown AUTO_FREE = text_visible(alias, 0);

	str_text_add(out, shown);
	if (!account)
		return;
	str_format(out, " (%s", account->id);
	if (account->token.kind != VALUE_NONE) {
		str_text_add(out, ", token");
		value_source_add(out, &account->token);
	}
	str_char(out, ')');
}

/* The changes of each account, below its name; with its id, unless a summary has told that. */
static void add_changes(
	struct str *out, const struct plan_view *view, enum change_filter filter, bool has_summary)
{
	struct change_group group = {.filter = filter};
	const char *account = NULL;

	while (changes_next(&group, view->plan)) {
		struct str line CLEANUP(str_release) = {0};
		const char *alias = group.object.account;
		if (!account || strcmp(account, alias) != 0) {
			str_text_add(&line, "Account" TERM_GLUE);
			if (has_summary)
				text_add_visible(&line, alias, strlen(alias), 0);
			else
				add_account(&line, view, alias);
			str_char(&line, ':');
			str_text_add(out, account ? "\n" : "");
			term_add_folded(out, STDOUT_FILENO, 0, str_text(&line));
			str_char(out, '\n');
		}
		account = alias;
		add_change(out, &group);
	}
	str_text_add(out, account ? "\n" : "");
}

static void add_destroys(struct str *out, const struct plan *plan)
{
	struct change_group group = {.filter = CHANGES_THAT_DESTROY};

	for (bool is_first = true; changes_next(&group, plan); is_first = false) {
		str_text_add(out, is_first ? "These will be destroyed:\n\n" : "");
		add_change(out, &group);
	}
	str_text_add(out, plan->counts.destroy ? "\n" : "");
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

void render_share(struct str *out, const struct plan_counts *counts)
{
	const struct {
		size_t count;
		const char *what;
	} all[] = {{counts->import, "import"}, {counts->add, "add"}, {counts->change, "change"},
		{counts->destroy, "destroy"}, {counts->forget, "forget"}};
	const char *before = "";

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!all[i].count)
			continue;
		str_format(out, "%s%zu to %s", before, all[i].count, all[i].what);
		before = ", ";
	}
}

/* The counts of each account, on a line that may be folded; gives how many there are. */
static size_t add_accounts(struct str *out, const struct plan_view *view, bool with_ids)
{
	enum { FIRST = 2, OTHERS = 4 };
	struct plan_share share = {0};
	size_t accounts = 0;

	for (; plan_share_next(&share, view->plan); accounts++) {
		struct str line CLEANUP(str_release) = {0}, folded CLEANUP(str_release) = {0};
		if (with_ids)
			add_account(&line, view, share.alias);
		else
			text_add_visible(&line, share.alias, strlen(share.alias), 0);
		str_text_add(&line, ": ");
		render_share(&line, &share.counts);
		term_add_folded(&folded, STDOUT_FILENO, OTHERS, str_text(&line));
		str_text_add(out, str_text(&folded) + OTHERS - FIRST);
	}
	return accounts;
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
	} else if (plan_count_notes(view->plan, ROW_UNVERIFIED)) {
		str_text_add(out, "No changes found, but not all values can be verified.");
	} else if (plan_count_notes(view->plan, ROW_NOT_COMPARED)) {
		str_text_add(out, "No changes found, but values were not compared.");
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

/* ---- what is not asked of Cloudflare ---- */

void render_drift(struct str *out, const struct drift *drift)
{
	struct changes changes CLEANUP(changes_release) = {0};

	changes_of_drift(&changes, drift);
	if (drift->is_gone)
		str_format(out, "has been deleted (was %s)", drift->recorded->id);
	else if (drift->is_another)
		str_format(out, "has been recreated (was %s, now %s)", drift->recorded->id,
			drift->now.id);
	else
		str_text_add(out, str_text(&changes.phrase));
}

bool render_tells_drift(
	const struct plan_view *view, const struct row *row, struct drift *ret_drift)
{
	bool is_told = row_is_change(row) && row->notes & ROW_TELLS_DRIFT;

	return !is_told && drift_reported(view->options, row, ret_drift);
}

/* The first line of a section gets the title. */
static void add_line(struct str *section, const char *title, const struct str *line)
{
	if (!section->length)
		str_format(section, "%s\n\n", title);
	term_add_folded(section, STDOUT_FILENO, 2, str_text(line));
}

/* An object that changed outside of cfprov, and what the state learns of it. */
static void add_seen(
	struct str *section, const char *title, const struct row *row, const struct drift *drift)
{
	struct changes changes CLEANUP(changes_release) = {
		.names_people = term_is_terminal(STDOUT_FILENO)};
	struct str line CLEANUP(str_release) = {0};

	add_bold(&line, row->recorded);
	if (drift && (drift->is_gone || drift->is_another)) {
		str_char(&line, ' ');
		render_drift(&line, drift);
	} else if (row->learns) {
		changes_of_learned(&changes, row, drift);
		str_text_add(&line, !row->learned          ? " no longer exists"
				    : changes.lines.length ? ""
							   : " was modified");
	} else {
		changes_of_drift(&changes, drift);
	}
	add_line(section, title, &line);
	str_text_add(section, str_text(&changes.lines));
}

static void add_sections(struct str *out, const struct plan_view *view)
{
	static const char will_update[] = "The state will be updated:",
			  changed[] = "Changed outside of cfprov:",
			  will_move[] = "These objects will move in the state:";
	bool is_refresh = view->options->refresh_only;
	struct str seen CLEANUP(str_release) = {0}, moves CLEANUP(str_release) = {0};
	struct drift drift;

	for (size_t i = 0; i < view->plan->row_count; i++) {
		const struct row *row = &view->plan->rows[i];
		bool has_drift = render_tells_drift(view, row, &drift);
		struct str line CLEANUP(str_release) = {0};
		if (has_drift || (is_refresh && row->learns))
			add_seen(&seen, is_refresh ? will_update : changed, row,
				has_drift ? &drift : NULL);
		if (!row_is_move(row))
			continue;
		char *was AUTO_FREE = text_visible(row->moved_from, 0);
		add_bold(&line, row_object(row));
		str_format(&line, " (was %s)", was);
		add_line(&moves, will_move, &line);
	}
	str_format(out, "%s%s%s%s", str_text(&moves), moves.length ? "\n" : "", str_text(&seen),
		seen.length && !(is_refresh && view->plan->learned) ? "\n" : "");
}

/* -summary of what a refresh learns. */
static void add_updates(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	size_t count = 0;

	for (size_t i = 0; i < plan->row_count; i++) {
		const char *alias = row_object(&plan->rows[i])->account;
		count += plan->rows[i].learns;
		if (i + 1 < plan->row_count &&
			strcmp(alias, row_object(&plan->rows[i + 1])->account) == 0)
			continue;
		if (count) {
			str_text_add(out, "  ");
			add_account(out, view, alias);
			str_format(out, ": %zu update%s of the state\n", count, term_plural(count));
		}
		count = 0;
	}
}

/* ---- the plan ---- */

/* Whoever reads so many changes wants to know first which accounts they are in. */
static bool is_long(const struct plan *plan)
{
	enum { MANY_CHANGES = 100 };
	size_t count = 0;

	for (size_t i = 0; i < plan->row_count; i++)
		count += row_is_change(&plan->rows[i]);
	return count >= MANY_CHANGES;
}

static void add_actions(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	struct str accounts CLEANUP(str_release) = {0};
	bool has_summary = view->is_summary || is_long(plan);

	if (!add_accounts(&accounts, view, has_summary))
		return;
	add_heading(out, plan);
	if (has_summary) {
		str_format(out, "%s\n", str_text(&accounts));
		add_destroys(out, plan);
		if (!view->is_summary)
			add_changes(out, view, CHANGES_THAT_KEEP, true);
		return;
	}
	add_changes(out, view, CHANGES_ALL, false);
	if (strchr(str_text(&accounts), '\n') + 1 != accounts.bytes + accounts.length)
		str_format(out, "%s\n", str_text(&accounts));
}

/* Whoever reviews a manifest sees what the values are now said to come from. */
static void add_not_compared(struct str *out, const struct plan *plan)
{
	struct str section CLEANUP(str_release) = {0};

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		struct str line CLEANUP(str_release) = {0};
		if (!(row->notes & ROW_NOT_COMPARED))
			continue;
		add_bold(&line, row_object(row));
		value_source_add(&line, row->desired->value);
		add_line(&section, "Values that were not compared (-values=none):", &line);
	}
	str_format(out, "%s%s", str_text(&section), section.length ? "\n" : "");
}

void render_plan(struct str *out, const struct plan_view *view)
{
	bool is_refresh = view->options->refresh_only && view->plan->learned;
	struct str summary CLEANUP(str_release) = {0};

	if (!view->is_summary)
		add_sections(out, view);
	else if (is_refresh)
		add_updates(out, view);
	if (is_refresh)
		return;
	add_actions(out, view);
	if (!view->is_summary)
		add_not_compared(out, view->plan);
	render_summary(&summary, view);
	term_add(out, STDOUT_FILENO, TERM_BOLD, str_text(&summary));
	str_char(out, '\n');
}
