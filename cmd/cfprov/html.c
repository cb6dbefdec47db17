#include "html.h"

#include "broken.h"
#include "changes.h"
#include "entries.h"
#include "notes.h"
#include "render.h"
#include "value_source.h"
#include "verbs.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

/* Longer lists are folded; the accounts, if they have more changes together. */
enum { OPEN_AT_MOST = 100 };

/*
 * Colours have a contrast of at least 4.5 in both schemes. Folds are open in print. Items out of
 * sight are not laid out: else 10,000 of them take Chromium seven seconds, and not one. No line
 * begins with two colons, which a CI takes for a command.
 */
/* clang-format off */
static const char style[] =
	":root { color-scheme: light dark;\n"
	"  --page: #ffffff; --text: #1f2328; --dim: #59636e; --line: #d8dee4;\n"
	"  --add: #1a7f37; --change: #8a5a00; --destroy: #b42318; --import: #0b6a88;\n"
	"  --alarm: #fdf0ee; --caution: #fdf6e3 }\n"
	"@media screen and (prefers-color-scheme: dark) { :root {\n"
	"  --page: #14171c; --text: #e3e8ee; --dim: #9aa5b1; --line: #313843;\n"
	"  --add: #4cc26a; --change: #dba842; --destroy: #ff8078; --import: #56c2dc;\n"
	"  --alarm: #2e1a1b; --caution: #2a2415 } }\n"
	"* { box-sizing: border-box }\n"
	"body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.25rem 4rem;\n"
	"  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;\n"
	"  overflow-wrap: anywhere }\n"
	"p, ul, dl, dd { margin: 0; padding: 0 }\n"
	"ul { list-style: none }\n"
	"h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.3 }\n"
	"h2 { display: inline; margin: 0; font-size: 1.0625rem }\n"
	"small, .dim, dt, th { color: var(--dim) }\n"
	"code, li > b { font: 0.875rem/1.6 ui-monospace, monospace }\n"
	"a { color: inherit }\n"
	".note { margin: 0 0 0.5rem; padding: 0.5rem 0.75rem; border-left: 4px solid var(--change);\n"
	"  background: var(--caution) }\n"
	".refusal { border-color: var(--destroy); background: var(--alarm) }\n"
	"section { margin: 1.5rem 0 0; padding: 0.75rem 1rem; border: 1px solid var(--line);\n"
	"  border-radius: 6px }\n"
	".destroys, .overwrites { border-left-width: 4px; padding-left: calc(1rem - 3px) }\n"
	".destroys { border-color: var(--destroy) } .overwrites { border-color: var(--change) }\n"
	".destroys h2, .destroys summary small { color: var(--destroy) }\n"
	".overwrites h2, .overwrites summary small { color: var(--change) }\n"
	"summary { cursor: pointer }\n"
	"summary:focus-visible, a:focus-visible { outline: 2px solid var(--import); outline-offset: 2px }\n"
	"li { display: grid; grid-template-columns: 8.5rem 1fr; margin-top: 0.5rem;\n"
	"  padding-top: 0.5rem; border-top: 1px solid var(--line);\n"
	"  content-visibility: auto; contain-intrinsic-size: auto 4rem }\n"
	".others li { grid-template-columns: 11.5rem 1fr }\n"
	"li > b { white-space: pre }\n"
	"li code { font-weight: 600 }\n"
	".note code { white-space: nowrap }\n"
	"li p, li small, dl > div { font-size: 0.9375rem }\n"
	"dl > div { display: grid; grid-template-columns: 5.5rem 1fr }\n"
	".add { color: var(--add) } .change { color: var(--change) }\n"
	".destroy { color: var(--destroy) } .import { color: var(--import) }\n"
	"table { width: 100%; margin-top: 1rem; border-collapse: collapse }\n"
	"th, td { padding: 0.375rem 0 0.375rem 1rem; border-bottom: 1px solid var(--line);\n"
	"  font-weight: normal; text-align: right; vertical-align: top;\n"
	"  font-variant-numeric: tabular-nums }\n"
	"th:first-child { padding-left: 0; text-align: left }\n"
	"thead th, td { white-space: nowrap }\n"
	"tbody th { color: inherit }\n"
	"@media (max-width: 36rem) {\n"
	"  body { padding: 1.25rem 0.75rem 3rem }\n"
	"  h1 { font-size: 1.25rem }\n"
	"  li, .others li { grid-template-columns: 1fr }\n"
	"  dl > div { grid-template-columns: 4.75rem 1fr }\n"
	"  thead th { font-size: 0.8125rem }\n"
	"  th, td { padding-left: 0.5rem } }\n"
	"@media print {\n"
	"  body { max-width: none; padding: 0 } li { break-inside: avoid; content-visibility: visible }\n"
	"  details::details-content { display: block; block-size: auto; content-visibility: visible } }\n";
/* clang-format on */

/* ---- text ---- */

/* A # is escaped, too, because a CI takes two of them for a command. */
static void add_text(struct str *out, const char *text)
{
	static const char arrow[] = " -> ";
	char *visible AUTO_FREE = text_visible(text, 0);

	for (const char *it = visible; *it; it++) {
		if (strncmp(it, arrow, strlen(arrow)) == 0) {
			str_text_add(out, " \xe2\x86\x92 ");
			it += strlen(arrow) - 1;
		} else if (strchr("&<>\"'#", *it)) {
			str_format(out, "&#%d;", *it);
		} else {
			str_char(out, *it);
		}
	}
}

/* A name that is written from right to left must not change places with what is around it. */
static void add_name(struct str *out, const char *name)
{
	bool is_ascii = true;

	for (const char *it = name; *it && is_ascii; it++)
		is_ascii = !(*it & 0x80);
	str_text_add(out, is_ascii ? "" : "<bdi>");
	add_text(out, name);
	str_text_add(out, is_ascii ? "" : "</bdi>");
}

static void add_address(struct str *out, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	render_address(&address, object);
	char *rest = address.bytes;
	str_text_add(out, "<code>");
	for (const char *name, *before = ""; (name = strsep(&rest, "/")); before = "/") {
		str_text_add(out, before);
		add_name(out, name);
	}
	str_text_add(out, "</code>");
}

/* Options are code, so that no line ends within one. */
static void add_words(struct str *out, const char *text, size_t length)
{
	struct str copy CLEANUP(str_release) = {0};

	str_add(&copy, text, length);
	char *rest = copy.bytes;
	for (const char *word, *before = ""; (word = strsep(&rest, " ")); before = " ") {
		size_t dashed = word[0] == '-' ? strspn(word, "-abcdefghijklmnopqrstuvwxyz") : 0;

		str_text_add(out, before);
		if (dashed > 1)
			str_format(out, "<code>%.*s</code>", (int)dashed, word);
		add_text(out, word + (dashed > 1 ? dashed : 0));
	}
}

/* So is what backticks are around. */
static void add_prose(struct str *out, const char *text)
{
	for (const char *open, *close;
		(open = strchr(text, '`')) && (close = strchr(open + 1, '`')); text = close + 1) {
		struct str code CLEANUP(str_release) = {0};
		str_add(&code, open + 1, (size_t)(close - open) - 1);
		add_words(out, text, (size_t)(open - text));
		str_text_add(out, "<code>");
		add_text(out, str_text(&code));
		str_text_add(out, "</code>");
	}
	add_words(out, text, strlen(text));
}

static void add_paragraph(struct str *out, const char *class, const char *text)
{
	str_format(out, "<p class=\"%s\">", class);
	add_prose(out, text);
	str_text_add(out, "</p>");
}

/* ---- lists ---- */

struct list {
	struct str items;
	size_t count; /* of objects: an item may be about several */
};

static void list_release(struct list *list)
{
	str_release(&list->items);
}

/* "- destroy", and the address. What comes next is about it, up to end_item. */
static void begin_item(struct list *list, const char *symbol, const char *word,
	enum term_style term_style, const struct object *object)
{
	static const char *const classes[] = {
		[TERM_PLAIN] = "dim",
		[TERM_BOLD] = "dim",
		[TERM_CREATE] = "add",
		[TERM_CHANGE] = "change",
		[TERM_DESTROY] = "destroy",
		[TERM_IMPORT] = "import",
		[TERM_DIM] = "dim",
	};

	str_format(&list->items, "<li><b class=\"%s\">", classes[term_style]);
	add_text(&list->items, symbol);
	str_format(&list->items, "%*s%s</b> <div>", (int)(4 - strlen(symbol)), "", word);
	add_address(&list->items, object);
	list->count++;
}

static void end_item(struct list *list)
{
	str_text_add(&list->items, "</div></li>\n");
}

static void add_entry(void *context, const struct entry *entry)
{
	struct list *list = context;

	begin_item(list, entry->symbol, entry->word, entry->style, entry->object);
	if (*entry->phrase)
		add_paragraph(&list->items, "dim", entry->phrase);
	end_item(list);
}

static void add_fields(struct str *out, const struct changes *changes)
{
	str_text_add(out, changes->field_count ? "<dl>" : "");
	for (size_t i = 0; i < changes->field_count; i++) {
		str_format(out, "<div><dt>%s</dt> <dd>", changes->fields[i].name);
		add_text(out, changes->fields[i].text);
		str_text_add(out, "</dd></div>");
	}
	str_text_add(out, changes->field_count ? "</dl>" : "");
}

/* Of a store that is destroyed, all secrets that go with it are named. */
static void add_change(struct list *list, const struct change_group *group)
{
	const struct row *row = group->first;
	const struct verb *verb = verb_of(row);
	struct str aside CLEANUP(str_release) = {0}, names CLEANUP(str_release) = {0};
	struct changes changes CLEANUP(changes_release) = {0};

	begin_item(list, verb->symbol, verb->word, verb->style, &group->object);
	list->count += group->count - 1;
	changes_add_aside(&aside, group);
	if (aside.length) {
		str_text_add(&list->items, " <small>");
		add_text(&list->items, str_text(&aside) + 1);
		str_text_add(&list->items, "</small>");
	}
	if (group->count > 1) {
		changes_add_names(&names, group);
		add_paragraph(&list->items, "names", str_text(&names));
	} else {
		changes_of_row(&changes, row);
		if (changes.reason)
			add_paragraph(&list->items, "dim", changes.reason);
		if (render_unmanaged(&names, row, SIZE_MAX))
			add_paragraph(&list->items, "destroy", str_text(&names));
		add_fields(&list->items, &changes);
	}
	end_item(list);
}

static void collect(struct list *list, const struct plan *plan, enum change_filter filter)
{
	struct change_group group = {.filter = filter};

	while (changes_next(&group, plan))
		add_change(list, &group);
}

/* A list under its title, to be folded; without objects, nothing. */
static void add_section(struct str *out, const char *class, const char *title,
	const struct list *list, size_t open_at_most)
{
	if (!list->count)
		return;
	str_format(out,
		"<section class=\"%s\">\n<details%s>\n"
		"<summary><h2>%s</h2> <small>%zu</small></summary>\n"
		"<ul>\n%s</ul>\n</details>\n</section>\n",
		class, list->count <= open_at_most ? " open" : "", title, list->count,
		str_text(&list->items));
}

/* ---- accounts ---- */

enum { COLUMNS = 5 };

static void list_counts(const struct plan_counts *counts, size_t ret_columns[COLUMNS])
{
	ret_columns[0] = counts->import;
	ret_columns[1] = counts->add;
	ret_columns[2] = counts->change;
	ret_columns[3] = counts->destroy;
	ret_columns[4] = counts->forget;
}

/* A cell for each count of which the plan has any; counts NULL: their titles. */
static void add_cells(
	struct str *out, const struct plan *plan, const struct plan_counts *counts_or_null)
{
	static const char *const titles[COLUMNS] = {"import", "add", "change", "destroy", "forget"};
	size_t all[COLUMNS], columns[COLUMNS];

	list_counts(&plan->counts, all);
	list_counts(counts_or_null ? counts_or_null : &plan->counts, columns);
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!all[i])
			continue;
		if (counts_or_null)
			str_format(out, "<td class=\"%s\">%zu</td>", columns[i] ? titles[i] : "dim",
				columns[i]);
		else
			str_format(out, "<th scope=\"col\">%s</th>", titles[i]);
	}
	str_text_add(out, "</tr>\n");
}

/* The id, and where the token comes from; an account that is gone has no id. */
static void add_account(struct str *out, const struct plan_view *view, const char *alias)
{
	const struct account *account = model_account(view->accounts, alias);
	struct str origin CLEANUP(str_release) = {0};

	if (!account)
		return;
	str_text_add(out, "<span class=\"dim\"><code>");
	add_text(out, account->id);
	str_text_add(out, "</code>");
	value_source_add(&origin, &account->token);
	str_text_add(out, origin.length ? ", token" : "");
	add_text(out, str_text(&origin));
	str_text_add(out, "</span>");
}

/* Of the changes of an account, those that lose nothing. */
struct rest {
	const char *alias;
	struct list list;
	struct plan_counts counts;
	size_t number; /* of the account */
};

static void rest_release(struct rest *rest)
{
	list_release(&rest->list);
}

/* A link to what is inside of a fold opens it; one to the fold itself would not. */
static void add_row(struct str *out, const struct plan_view *view, const struct rest *rest,
	const struct plan_counts *counts)
{
	bool has_link = rest->list.count > 0;

	str_text_add(out, "<tr><th scope=\"row\">");
	if (has_link)
		str_format(out, "<a href=\"&#35;account-%zu\">", rest->number);
	add_name(out, rest->alias);
	str_text_add(out, has_link ? "</a> " : " ");
	add_account(out, view, rest->alias);
	str_text_add(out, "</th>");
	add_cells(out, view->plan, counts);
}

static void add_rest(struct str *out, const struct rest *rest, bool is_open)
{
	if (!rest->list.count)
		return;
	str_format(out, "<section>\n<details%s>\n<summary><h2>Account ", is_open ? " open" : "");
	add_name(out, rest->alias);
	str_text_add(out, "</h2> <small>");
	render_share(out, &rest->counts);
	str_format(out,
		"</small></summary>\n<ul id=\"account-%zu\">\n%s</ul>\n"
		"</details>\n</section>\n",
		rest->number, str_text(&rest->list.items));
}

static bool is_long(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->row_count; i++)
		count += row_is_change(&plan->rows[i]);
	return count > OPEN_AT_MOST;
}

/* A table of the accounts, or a line about the only one; then the changes that lose nothing. */
static void add_accounts(struct str *head, struct str *sections, const struct plan_view *view)
{
	struct str table CLEANUP(str_release) = {0};
	struct change_group group = {.filter = CHANGES_THAT_LOSE_NOTHING};
	struct plan_share share = {0};
	bool is_open = !is_long(view->plan), has_more = changes_next(&group, view->plan);
	size_t number = 0;
	const char *only = NULL;

	str_text_add(&table, "<table>\n<thead><tr><th scope=\"col\">Account</th>");
	add_cells(&table, view->plan, NULL);
	str_text_add(&table, "</thead>\n<tbody>\n");
	while (plan_share_next(&share, view->plan)) {
		struct rest rest CLEANUP(rest_release) = {
			.alias = share.alias, .number = number + 1};
		for (; has_more && strcmp(group.object.account, share.alias) == 0;
			has_more = changes_next(&group, view->plan)) {
			const struct plan_counts counts = row_counts(group.first);
			plan_counts_add(&rest.counts, &counts);
			add_change(&rest.list, &group);
		}
		add_row(&table, view, &rest, &share.counts);
		add_rest(sections, &rest, is_open);
		only = share.alias;
		number++;
	}
	if (number > 1) {
		str_format(head, "%s</tbody>\n</table>\n", str_text(&table));
	} else if (only) {
		str_text_add(head, "<p>Account ");
		add_name(head, only);
		str_char(head, ' ');
		add_account(head, view, only);
		str_text_add(head, "</p>\n");
	}
}

/* ---- the page ---- */

static void add_note(struct str *out, const char *text)
{
	str_text_add(out, "<p class=\"note\">");
	add_prose(out, text);
	str_text_add(out, "</p>\n");
}

static void add_refusals(struct str *out, const struct plan_view *view)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	notes_find_refusals(view, &errors);
	for (size_t i = 0; i < errors.count; i++) {
		str_text_add(out, "<p class=\"note refusal\"><code>apply</code> will fail: ");
		add_prose(out, errors.items[i].message);
		str_text_add(out, ". ");
		add_prose(out, errors.items[i].hint);
		str_text_add(out, "</p>\n");
	}
}

static void add_broken(struct str *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->broken_count; i++) {
		struct error err CLEANUP(error_release) = {0};
		struct str text CLEANUP(str_release) = {0};
		broken_describe(&plan->broken[i], &err);
		str_format(&text, "Warning: %s (%s:%zu).", err.message, err.file, err.line);
		add_note(out, str_text(&text));
	}
}

static void add_notes(struct str *out, const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0};

	add_refusals(out, view);
	add_broken(out, view->plan);
	if (view->has_failed) {
		str_text_add(&text, "Partial plan: ");
		session_add_unread(&text, view->unread);
		str_char(&text, '.');
		add_note(out, str_text(&text));
	}
	if (view->is_partial)
		add_note(out, "Partial plan: -account, -target or -exclude is set. Objects that "
			      "are not included may have changes.");
	str_clear(&text);
	if (notes_unverified(&text, view->plan))
		add_note(out, str_text(&text));
	str_clear(&text);
	if (notes_not_compared(&text, view->plan))
		add_note(out, str_text(&text));
	str_clear(&text);
	if (notes_approval(&text, view->plan))
		add_note(out, str_text(&text));
	str_clear(&text);
	if (notes_left_alone(&text, view))
		add_note(out, str_text(&text));
	for (size_t i = 0; i < view->plan->warning_count; i++)
		add_note(out, view->plan->warnings[i]);
}

static void add_losses(struct str *out, const struct plan *plan)
{
	struct list destroys CLEANUP(list_release) = {0}, overwrites CLEANUP(list_release) = {0};

	collect(&destroys, plan, CHANGES_THAT_DESTROY);
	collect(&overwrites, plan, CHANGES_THAT_OVERWRITE);
	add_section(out, "destroys", "Destroys", &destroys, SIZE_MAX);
	add_section(out, "overwrites", "Overwrites values that cfprov did not write", &overwrites,
		OPEN_AT_MOST);
}

/* What is asked of nobody but the state, or only told. */
static void add_others(struct str *out, const struct plan_view *view)
{
	static const struct {
		void (*collect)(const struct plan_view *view, entry_fn *add, void *context);
		const char *title;
	} all[] = {
		{entries_learned, "Updates the state"},
		{entries_moved, "Moves in the state"},
		{entries_of_drift, "Changed outside of cfprov"},
		{entries_not_compared, "Values that were not compared (-values=none)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct list list CLEANUP(list_release) = {0};
		all[i].collect(view, add_entry, &list);
		add_section(out, "others", all[i].title, &list, OPEN_AT_MOST);
	}
}

void html_add_plan(struct str *out, const struct plan_view *view)
{
	struct str summary CLEANUP(str_release) = {0}, head CLEANUP(str_release) = {0};
	struct str losses CLEANUP(str_release) = {0}, others CLEANUP(str_release) = {0};

	if (view->options->refresh_only && view->plan->learned)
		str_text_add(&summary, "The state will be updated.");
	else
		render_summary(&summary, view);
	add_notes(&head, view);
	if (!view->options->refresh_only) {
		add_losses(&losses, view->plan);
		add_accounts(&head, &others, view);
	}
	add_others(&others, view);
	str_format(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
		"&#39;none&#39;; "
		"style-src &#39;unsafe-inline&#39;; base-uri &#39;none&#39;; "
		"form-action &#39;none&#39;\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n",
		str_text(&summary), style, str_text(&summary));
	str_format(out, "%s%s%s</main>\n</body>\n</html>\n", str_text(&head), str_text(&losses),
		str_text(&others));
}
