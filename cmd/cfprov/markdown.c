#include "markdown.h"

#include "broken.h"
#include "changes.h"
#include "entries.h"
#include "notes.h"
#include "render.h"
#include "value_source.h"
#include "verbs.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* How many lines are not folded away, and what the end of a text that was cut needs. */
enum { LINES_SHOWN = 30, END_BYTES = 220 };

/* Lines of a table; the first `must` are never cut off. */
struct lines {
	struct arena arena;
	const char **items;
	size_t count, room, must;
};

static void lines_release(struct lines *lines)
{
	arena_release(&lines->arena);
	mem_free((void *)lines->items);
}

/* ---- text from outside ---- */

/* True if punctuation means nothing where it stands: no renderer takes it for anything but itself.
 */
static bool is_inert(const char *text, char before)
{
	unsigned char next = (unsigned char)text[1];
	bool ends = !next || next == ' ';

	switch (*text) {
	case '.': /* www.example.com */
		return ends || (isdigit((unsigned char)before) && isdigit(next));
	case ':': /* http://x, :100: */
		return ends ||
		       (isdigit((unsigned char)before) && isdigit(next) &&
			       isdigit((unsigned char)text[2]) && !isdigit((unsigned char)text[3]));
	case '_': /* _emphasis_ */
		return isalnum((unsigned char)before) && isalnum(next);
	case '%': /* %milestone, of GitLab */
		return ends || isalnum((unsigned char)before);
	default:
		return !ispunct((unsigned char)*text) || strchr(",;'()\"/-=+?", *text);
	}
}

/* The length of what may be the hash of a commit, at the start of a word; 0: it can't be one. */
static size_t hash_length(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefABCDEF");

	return length >= 7 && length <= 40 && !isalnum((unsigned char)text[length]) ? length : 0;
}

/* GH-1 is issue 1, and so is #1. GitLab has !1, ~label, $1, %milestone and &1. */
static bool may_refer(const char *text, char before)
{
	unsigned char next = (unsigned char)text[1];

	if (*text == '-')
		return tolower((unsigned char)before) == 'h' && isdigit(next);
	return strchr("@#", *text) || (strchr("!~$%&", *text) && (isalnum(next) || next == '"'));
}

/*
 * A sentence with names in it. Punctuation that means something is written as a number. Renderers
 * look for references after they have decoded it: a zero-width space keeps marks from mentioning a
 * person or an issue, and what looks like a hash, such as an id, is code, so that it can be copied.
 */
static void add_sentence(struct str *out, const char *text)
{
	static const char arrow[] = " -> ";
	size_t hash;

	for (char before = '\0'; *text; before = *text++) {
		hash = isalnum((unsigned char)before) ? 0 : hash_length(text);
		if (hash) {
			str_format(out, "`%.*s`", (int)hash, text);
			text += hash - 1;
		} else if (strncmp(text, arrow, strlen(arrow)) == 0) {
			str_text_add(out, " \xe2\x86\x92 ");
			text += strlen(arrow) - 1;
		} else {
			str_format(out, is_inert(text, before) ? "%c" : "&#%d;", *text);
			str_text_add(out, may_refer(text, before) ? "&#8203;" : "");
		}
	}
}

/* Between backticks only backticks count, and in a table bars and what escapes them. Elsewhere,
 * punctuation as numbers is what no parser takes for anything but itself. */
static void add_code(struct str *out, const char *text)
{
	size_t length = strlen(text);

	if (length && !strpbrk(text, "`|\\<>&#") && text[0] != ' ' && text[length - 1] != ' ') {
		str_format(out, "`%s`", text);
		return;
	}
	str_text_add(out, "<code>");
	for (; *text; text++)
		str_format(out, ispunct((unsigned char)*text) ? "&#%d;" : "%c", *text);
	str_text_add(out, "</code>");
}

/* ---- lines ---- */

/* Clears `why`, for the next line. */
static void add_line(struct lines *lines, const char *symbol, const struct object *object,
	const char *what, struct str *why)
{
	struct str text CLEANUP(str_release) = {0}, address CLEANUP(str_release) = {0};

	render_address(&address, object);
	str_format(&text, "| `%s` | ", symbol);
	add_code(&text, str_text(&address));
	str_format(&text, " | %s | ", what);
	add_sentence(&text, str_text(why));
	str_text_add(&text, " |\n");
	str_clear(why);
	lines->items =
		mem_room((void *)lines->items, lines->count, &lines->room, sizeof(*lines->items));
	lines->items[lines->count++] = arena_text(&lines->arena, str_text(&text));
}

/* The changes that destroy, or the others. */
static void add_changes(struct lines *lines, const struct plan *plan, bool that_destroy)
{
	struct change_group group = {0};
	struct str why CLEANUP(str_release) = {0};

	while (changes_next(&group, plan)) {
		const struct row *row = group.first;
		struct changes changes CLEANUP(changes_release) = {0};
		if ((row_counts(row).destroy > 0) != that_destroy)
			continue;
		if (group.count > 1) {
			str_format(&why, "%zu secrets, with their store: ", group.count);
			changes_add_names(&why, &group);
		} else {
			changes_of_row(&changes, row);
			str_text_add(&why, str_text(&changes.phrase));
		}
		if (row->action == ACTION_ADOPT)
			str_format(&why, "%sid %s", why.length ? "; " : "", row->live->id);
		add_line(lines, verb_of(row)->symbol, &group.object, verb_of(row)->word, &why);
	}
}

static void add_entry(void *context, const struct entry *entry)
{
	struct str why CLEANUP(str_release) = {0};

	str_text_add(&why, entry->phrase);
	add_line(context, entry->symbol, entry->object, entry->word, &why);
}

static void collect(const struct plan_view *view, struct lines *lines, struct lines *drifts)
{
	if (!view->options->refresh_only) {
		add_changes(lines, view->plan, true);
		lines->must = lines->count;
		add_changes(lines, view->plan, false);
	}
	entries_learned(view, add_entry, lines);
	entries_moved(view, add_entry, lines);
	entries_of_drift(view, add_entry, drifts);
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

/*
 * Adds a table with the lines from `from` up to `to` while there is room; with a title, folded
 * under it. Gives the first line that was not added.
 */
static size_t add_table(
	struct page *page, const struct lines *lines, size_t from, size_t to, const char *title)
{
	struct str head CLEANUP(str_release) = {0};

	if (from == to)
		return from;
	if (title)
		str_format(&head, "\n<details><summary>%zu %s</summary>\n", to - from, title);
	str_text_add(&head, "\n| | Address | What | Why |\n| --- | --- | --- | --- |\n");
	if (title && !has_room(page, head.length + strlen(lines->items[from])))
		return from;
	str_add(page->out, head.bytes, head.length);
	for (; from < to; from++) {
		size_t length = strlen(lines->items[from]);
		if (from >= lines->must && !has_room(page, length))
			break;
		str_add(page->out, lines->items[from], length);
	}
	str_text_add(page->out, title ? "\n</details>\n" : "");
	return from;
}

static void add_unread(struct str *out, const struct cli_texts *unread)
{
	str_format(out, "\nPartial plan: %zu account%s could not be read and %s not included: ",
		unread->count, term_plural(unread->count), unread->count == 1 ? "is" : "are");
	for (size_t i = 0; i < unread->count; i++) {
		char *alias AUTO_FREE = text_visible(unread->items[i], 0);
		str_text_add(out, i ? ", " : "");
		add_code(out, alias);
	}
	str_text_add(out, ".\n");
}

static void add_note(struct page *page, const struct str *text, const char *in_short)
{
	struct str line CLEANUP(str_release) = {0};

	add_sentence(&line, str_text(text));
	str_format(page->out, "\n%s\n", has_room(page, line.length) ? str_text(&line) : in_short);
}

/* The first bindings that break, with their places. */
static void add_broken(struct page *page, const struct plan *plan)
{
	enum { SHOWN = 10 };

	for (size_t i = 0; i < plan->broken_count && i < SHOWN; i++) {
		struct error err CLEANUP(error_release) = {0};
		struct str place CLEANUP(str_release) = {0};
		broken_describe(&plan->broken[i], &err);
		str_format(&place, "%s:%zu", err.file, err.line);
		str_text_add(page->out, "\nWarning: ");
		add_sentence(page->out, err.message);
		str_text_add(page->out, " (");
		add_code(page->out, str_text(&place));
		str_text_add(page->out, ").\n");
	}
	if (plan->broken_count > SHOWN)
		str_format(page->out, "\nWarning: %zu more bindings of Workers will break.\n",
			plan->broken_count - SHOWN);
}

/* The refusals are as important as the changes that destroy. Where room is short, the values that
 * can't be verified are not named. */
static void add_head(struct page *page, const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	render_summary(&text, view);
	str_format(page->out, "**%s**\n", str_text(&text));
	if (view->has_failed)
		add_unread(page->out, view->unread);
	notes_find_refusals(view, &errors);
	for (size_t i = 0; i < errors.count; i++) {
		str_text_add(page->out, "\n`apply` will fail: ");
		add_sentence(page->out, errors.items[i].message);
		str_text_add(page->out, ". ");
		add_sentence(page->out, errors.items[i].hint);
		str_char(page->out, '\n');
	}
	add_broken(page, view->plan);
	str_clear(&text);
	if (notes_unverified(&text, view->plan))
		add_note(page, &text, "The values of some secrets can't be verified.");
	str_clear(&text);
	if (notes_not_compared(&text, view->plan))
		add_note(page, &text, "The values of some secrets were not compared.");
}

/* "`985e…`, token from env T"; an account that is gone has no id. */
static void add_account(struct str *out, const struct plan_view *view, const char *alias)
{
	const struct account *account = model_account(view->accounts, alias);
	struct str origin CLEANUP(str_release) = {0};

	if (!account)
		return;
	add_code(out, account->id);
	value_source_add(&origin, &account->token);
	str_text_add(out, origin.length ? ", token" : "");
	add_sentence(out, str_text(&origin));
}

/* The accounts, and with several the counts of each. If room is short, it is for other lines. */
static void add_accounts(struct page *page, const struct plan_view *view)
{
	struct str table CLEANUP(str_release) = {0}, only CLEANUP(str_release) = {0};
	struct plan_share share = {0};
	size_t accounts = 0, left_out = 0, most = page->limit / 4;

	str_text_add(&table, "\n| Account | Id | import | add | change | destroy | forget |\n"
			     "| --- | --- | --- | --- | --- | --- | --- |\n");
	for (; plan_share_next(&share, view->plan); accounts++) {
		const struct plan_counts *counts = &share.counts;
		struct str line CLEANUP(str_release) = {0};
		char *alias AUTO_FREE = text_visible(share.alias, 0);
		str_clear(&only);
		str_text_add(&only, "\nAccount ");
		add_code(&only, alias);
		str_text_add(&only, ": ");
		add_account(&only, view, share.alias);
		str_text_add(&line, "| ");
		add_code(&line, alias);
		str_text_add(&line, " | ");
		add_account(&line, view, share.alias);
		str_format(&line, " | %zu | %zu | %zu | %zu | %zu |\n", counts->import, counts->add,
			counts->change, counts->destroy, counts->forget);
		if (most && table.length + line.length > most)
			left_out++;
		else
			str_add(&table, line.bytes, line.length);
	}
	if (accounts == 1)
		str_format(page->out, "%s\n", str_text(&only));
	if (accounts > 1)
		str_add(page->out, table.bytes, table.length);
	if (accounts > 1 && left_out)
		str_format(page->out, "\n%zu more accounts.\n", left_out);
}

static void add_page(struct page *page, const struct plan_view *view)
{
	struct lines lines CLEANUP(lines_release) = {0}, drifts CLEANUP(lines_release) = {0};
	struct lines unread CLEANUP(lines_release) = {0};
	size_t shown = LINES_SHOWN;

	collect(view, &lines, &drifts);
	entries_not_compared(view, add_entry, &unread);
	if (shown < lines.must)
		shown = lines.must;
	if (shown > lines.count)
		shown = lines.count;
	add_head(page, view);
	add_accounts(page, view);
	size_t done = add_table(page, &lines, 0, shown, NULL);
	if (done == shown)
		done = add_table(page, &lines, done, lines.count, "more");
	size_t changes = lines.count - done;
	size_t others = drifts.count -
			add_table(page, &drifts, 0, drifts.count, "changed outside of cfprov");
	size_t values = unread.count -
			add_table(page, &unread, 0, unread.count, "not compared (-values=none)");
	if (changes + others + values == 0)
		return;
	str_format(page->out, "\nLeft out, to fit into %zu bytes:", page->limit);
	if (changes)
		str_format(page->out, " %zu more change%s", changes, term_plural(changes));
	if (others)
		str_format(page->out, "%s %zu outside of cfprov", changes ? " and" : "", others);
	if (values)
		str_format(
			page->out, "%s %zu not compared", changes + others ? " and" : "", values);
	str_text_add(page->out, ".\n");
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
		str_text_add(out, "\nThis is longer than -max-bytes allows, because no destroyed "
				  "object is left out.\n");
}
