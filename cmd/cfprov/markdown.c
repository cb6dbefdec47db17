#include "markdown.h"

#include "changes.h"
#include "render.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* So many rows stand outside of the fold, and at most for what goes with its store; and what the
 * end of a text that was cut needs. */
enum { ROWS_SHOWN = 30, ROWS_ALONG = 10, END_BYTES = 220 };

struct row {
	const char *symbol, *what;
	const struct object *object;
	char *why;   /* or NULL */
	bool is_all; /* not the secret alone, but all that are in its store */
	bool destroys;
};

struct rows {
	struct row *items;
	size_t count, room;
};

static void rows_release(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->items[i].why);
	free(rows->items);
}

/* ---- text from outside ---- */

/* Each ASCII sign as a number: no parser takes it for anything but itself. */
static void add_inert(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (!ispunct((unsigned char)*text))
			str_char(out, *text);
		else
			str_format(out, "&#%d;", *text);
	}
}

/*
 * A sentence with names in it. What is common in sentences stays readable; a zero-width space
 * behind @ and # keeps them from calling a person or an issue.
 */
static void add_sentence(struct str *out, const char *text)
{
	for (; *text; text++) {
		bool ends = text[1] == ' ' || text[1] == '\0';
		if (!ispunct((unsigned char)*text) || strchr(",;'()", *text) ||
			(strchr(".:", *text) && ends))
			str_char(out, *text);
		else
			str_format(out, "&#%d;%s", *text, strchr("@#", *text) ? "&#8203;" : "");
	}
}

/* Between backticks nothing counts but backticks; in a table, bars and what escapes them do. */
static bool is_plain(const char *text)
{
	size_t length = strlen(text);

	return length && !strpbrk(text, "`|\\<>&") && text[0] != ' ' && text[length - 1] != ' ';
}

static void add_code(struct str *out, const char *text)
{
	if (is_plain(text)) {
		str_format(out, "`%s`", text);
		return;
	}
	str_text_add(out, "<code>");
	add_inert(out, text);
	str_text_add(out, "</code>");
}

/* ---- rows ---- */

static struct row *add_row(struct rows *rows)
{
	rows->items = mem_room(rows->items, rows->count, &rows->room, sizeof(*rows->items));
	struct row *row = &rows->items[rows->count++];
	*row = (struct row){0};
	return row;
}

static bool destroys(const struct action *action)
{
	return action_counts(action).destroy > 0;
}

/* Gives the reason, and what changes; or NULL. */
static char *why_of(const struct action *action)
{
	struct str why = {0};

	changes_add_why(&why, action);
	if (action_kind(action) == ACTION_ADOPT)
		str_format(&why, "%sit has the id %s", why.length ? "; " : "", action->before->id);
	return why.length ? str_steal(&why) : NULL;
}

/* Gives the names of secrets that go with their store. */
static char *names_of(const struct action *actions, size_t count)
{
	struct str names = {0};

	str_format(&names, "%zu secrets go with their store: ", count);
	for (size_t i = 0; i < count; i++) {
		const char *name = action_object(&actions[i])->secret;
		str_text_add(&names, i ? ", " : "");
		text_add_visible(&names, name, strlen(name), 0);
	}
	return str_steal(&names);
}

/* The actions that destroy, or the others. */
static void add_actions(struct rows *rows, const struct plan *plan, bool that_destroy)
{
	for (size_t i = 0, count; i < plan->action_count; i += count) {
		const struct action *action = &plan->actions[i];
		enum action_kind kind = action_kind(action);
		count = changes_count_along(plan, i);
		if (count <= ROWS_ALONG)
			count = 1;
		if (kind == ACTION_NONE || destroys(action) != that_destroy)
			continue;
		struct row *row = add_row(rows);
		row->symbol = render_symbol(kind);
		row->what = render_word(kind);
		row->object = action_object(action);
		row->is_all = count > 1;
		row->why = count > 1 ? names_of(action, count) : why_of(action);
		row->destroys = that_destroy;
	}
}

static void add_refreshes(struct rows *rows, const struct plan *plan)
{
	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *refresh = &plan->refreshes[i];
		struct str why CLEANUP(str_release) = {0};
		struct row *row = add_row(rows);
		row->symbol = refresh->after ? "~" : ".";
		row->what = "learn";
		row->object = refresh->before;
		str_text_add(&why, "it ");
		render_learned(&why, refresh);
		row->why = str_steal(&why);
	}
}

static void add_moves(struct rows *rows, const struct plan *plan)
{
	for (size_t i = 0; i < plan->move_count; i++) {
		struct str why CLEANUP(str_release) = {0};
		struct row *row = add_row(rows);
		str_text_add(&why, "it was ");
		text_add_visible(&why, plan->moves[i].from, strlen(plan->moves[i].from), 0);
		row->symbol = ">";
		row->what = "move";
		row->object = plan->moves[i].object;
		row->why = str_steal(&why);
	}
}

static void add_drifts(struct rows *rows, const struct plan *plan)
{
	for (size_t i = 0; i < plan->drift_count; i++) {
		struct str why CLEANUP(str_release) = {0};
		struct row *row = add_row(rows);
		render_drift(&why, plan, &plan->drifts[i]);
		row->symbol = plan->drifts[i].live ? "~" : "-";
		row->what = "changed";
		row->object = plan->drifts[i].recorded;
		row->why = str_steal(&why);
	}
}

static void render_row(struct str *out, const struct row *row)
{
	struct str address CLEANUP(str_release) = {0};

	struct object object = *row->object;

	if (row->is_all)
		object.secret = "*";
	render_address(&address, &object);
	str_format(out, "| `%s` | ", row->symbol);
	add_code(out, str_text(&address));
	str_format(out, " | %s | ", row->what);
	if (row->why)
		add_sentence(out, row->why);
	str_text_add(out, " |\n");
}

/* ---- the page ---- */

struct page {
	struct str *out;
	size_t start, limit; /* limit 0: none */
};

static bool has_room(const struct page *page, size_t bytes)
{
	return !page->limit || page->out->length - page->start + bytes + END_BYTES <= page->limit;
}

static const char table_head[] = "| | Address | What | Why |\n| --- | --- | --- | --- |\n";

/* Adds rows from `from` up to `to`, as far as there is room. Gives the first that was not added. */
static size_t add_rows(struct page *page, const struct rows *rows, size_t from, size_t to)
{
	for (; from < to; from++) {
		struct str text CLEANUP(str_release) = {0};
		render_row(&text, &rows->items[from]);
		if (!rows->items[from].destroys && !has_room(page, text.length))
			break;
		str_add(page->out, text.bytes, text.length);
	}
	return from;
}

/* The rows from `from` on, folded under a title. Gives the first that was not added. */
static size_t add_fold(struct page *page, const struct rows *rows, size_t from, const char *title)
{
	struct str head CLEANUP(str_release) = {0}, first CLEANUP(str_release) = {0};

	if (from == rows->count)
		return from;
	str_format(&head, "\n<details><summary>%zu %s</summary>\n\n%s", rows->count - from, title,
		table_head);
	render_row(&first, &rows->items[from]);
	if (!has_room(page, head.length + first.length))
		return from;
	str_add(page->out, head.bytes, head.length);
	from = add_rows(page, rows, from, rows->count);
	str_text_add(page->out, "\n</details>\n");
	return from;
}

/* They are as important as what destroys. */
static void add_refusals(struct page *page, const struct plan *plan)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (render_find_refusals(plan, &errors))
		return;
	for (size_t i = 0; i < errors.count; i++) {
		str_text_add(page->out, "\n`apply` will refuse: ");
		add_sentence(page->out, errors.items[i].message);
		str_text_add(page->out, ". ");
		add_sentence(page->out, errors.items[i].hint);
		str_char(page->out, '\n');
	}
}

/* Where room is short, without the names. */
static void add_unverified(struct page *page, const struct plan *plan)
{
	struct str text CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};

	if (!render_unverified(&text, plan))
		return;
	add_sentence(&line, str_text(&text));
	str_format(page->out, "\n%s\n",
		has_room(page, line.length) ? str_text(&line)
					    : "Values of secrets can't be verified.");
}

static void add_head(struct page *page, const struct plan_view *view)
{
	struct str summary CLEANUP(str_release) = {0};

	render_summary(&summary, view);
	str_format(page->out, "**%s**\n", str_text(&summary));
	if (view->has_failed)
		str_text_add(page->out, "\nAccounts that could not be read are left out.\n");
	add_refusals(page, view->plan);
	add_unverified(page, view->plan);
}

/* With several accounts: what each has to expect. Where room is short, the rows need it more. */
static void add_accounts(struct page *page, const struct plan *plan)
{
	struct str table CLEANUP(str_release) = {0};
	struct plan_share share = {0};
	size_t accounts = 0;

	str_text_add(&table, "\n| Account | import | add | change | destroy | forget |\n"
			     "| --- | --- | --- | --- | --- | --- |\n");
	for (; plan_share_next(&share, plan); accounts++) {
		const struct plan_counts *counts = &share.counts;
		struct str alias CLEANUP(str_release) = {0};
		text_add_visible(&alias, share.alias, strlen(share.alias), 0);
		str_text_add(&table, "| ");
		add_code(&table, str_text(&alias));
		str_format(&table, " | %zu | %zu | %zu | %zu | %zu |\n", counts->import,
			counts->add, counts->change, counts->destroy, counts->forget);
	}
	if (accounts > 1 && !page->limit)
		str_add(page->out, table.bytes, table.length);
}

static void add_end(struct page *page, size_t changes, size_t drifts)
{
	if (changes + drifts == 0)
		return;
	str_text_add(page->out, "\nNot shown here:");
	if (changes)
		str_format(page->out, " %zu more change%s", changes, changes == 1 ? "" : "s");
	if (drifts)
		str_format(page->out, "%s %zu outside of cfprov", changes ? " and" : "", drifts);
	str_format(page->out, "; all would be longer than %zu bytes.\n", page->limit);
}

static void add_page(struct page *page, const struct plan_view *view)
{
	bool is_refresh = view->mode == PLANNING_REFRESH_ONLY;
	struct rows rows CLEANUP(rows_release) = {0}, drifts CLEANUP(rows_release) = {0};
	size_t shown = ROWS_SHOWN, must = 0;

	if (is_refresh) {
		add_refreshes(&rows, view->plan);
		add_moves(&rows, view->plan);
	} else {
		add_actions(&rows, view->plan, true);
		must = rows.count;
		add_actions(&rows, view->plan, false);
		add_moves(&rows, view->plan);
		add_drifts(&drifts, view->plan);
	}
	if (shown < must)
		shown = must;
	if (shown > rows.count)
		shown = rows.count;
	add_head(page, view);
	add_accounts(page, view->plan);
	if (rows.count)
		str_format(page->out, "\n%s", table_head);
	size_t done = add_rows(page, &rows, 0, shown);
	if (done == shown)
		done = add_fold(page, &rows, done, "more");
	size_t told = add_fold(page, &drifts, 0, "changed outside of cfprov");
	add_end(page, rows.count - done, drifts.count - told);
}

void markdown_add_plan(struct str *out, const struct plan_view *view)
{
	struct str whole CLEANUP(str_release) = {0};
	struct page page = {.out = &whole};

	add_page(&page, view);
	if (!view->max_bytes || whole.length <= view->max_bytes) {
		str_add(out, whole.bytes, whole.length);
		return;
	}
	page = (struct page){.out = out, .start = out->length, .limit = view->max_bytes};
	add_page(&page, view);
	if (out->length - page.start > view->max_bytes)
		str_text_add(out, "\nThis is longer than was asked for: what destroys is never "
				  "cut off.\n");
}
