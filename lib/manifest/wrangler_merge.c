/* Bindings into a wrangler configuration: a list of edits, so that all else stays as it is. */
#include "manifest/wrangler.h"

#include "adapter/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct edit {
	struct wrangler_span span;
	size_t order;
	const char *text; /* in place of the span */
};

struct merge {
	const struct wrangler *file;
	struct arena arena;
	struct edit *edits;
	size_t count, room;
	const char *newline, *unit; /* of the file: a line break, and one level of indentation */
	bool is_one_line;
};

static void release(struct merge *merge)
{
	mem_free(merge->edits);
	arena_release(&merge->arena);
}

static void edit(struct merge *merge, struct wrangler_span span, const char *text)
{
	merge->edits = mem_room(merge->edits, merge->count, &merge->room, sizeof(*merge->edits));
	merge->edits[merge->count] =
		(struct edit){span, merge->count, arena_text(&merge->arena, text)};
	merge->count++;
}

static void insert(struct merge *merge, size_t at, const char *text)
{
	edit(merge, (struct wrangler_span){at, at}, text);
}

static int compare(const void *a, const void *b)
{
	const struct edit *one = a, *other = b;

	if (one->span.at != other->span.at)
		return one->span.at < other->span.at ? -1 : 1;
	return one->order < other->order ? -1 : 1;
}

static void apply(struct merge *merge, struct str *out)
{
	const struct wrangler *file = merge->file;
	size_t at = 0;

	if (merge->count)
		qsort(merge->edits, merge->count, sizeof(*merge->edits), compare);
	for (size_t i = 0; i < merge->count; i++) {
		const struct edit *it = &merge->edits[i];
		str_add(out, file->text + at, it->span.at - at);
		str_text_add(out, it->text);
		at = it->span.end;
	}
	str_add(out, file->text + at, file->length - at);
}

/* ---- the layout of the file ---- */

static size_t line_start(const struct wrangler *file, size_t at)
{
	while (at && file->text[at - 1] != '\n')
		at--;
	return at + (at ? 0 : text_mark_length(file->text, file->length));
}

/* Lends the blanks at the start of the line. */
static const char *indent_of(struct merge *merge, size_t at)
{
	const char *line = merge->file->text + line_start(merge->file, at);

	return arena_bytes(&merge->arena, line, strspn(line, " \t"));
}

static bool starts_line(const struct wrangler *file, size_t at)
{
	size_t start = line_start(file, at);

	return start + strspn(file->text + start, " \t") == at;
}

static bool has_break(const struct wrangler *file, size_t at, size_t end)
{
	return end > at && memchr(file->text + at, '\n', end - at);
}

/* Where the line ends, with its comments; 0: the closing bracket is before that. */
static size_t line_end(const struct wrangler *file, size_t at, size_t close)
{
	while (at < close) {
		const char *text = file->text + at;
		if (*text == '\n' || strncmp(text, "\r\n", 2) == 0)
			return at;
		if (*text == '#' || strncmp(text, "//", 2) == 0)
			at += strcspn(text, "\r\n");
		else if (strncmp(text, "/*", 2) == 0)
			at = (size_t)(strstr(text + 2, "*/") + 2 - file->text);
		else
			at++;
	}
	return 0;
}

static void find_layout(struct merge *merge)
{
	const struct wrangler *file = merge->file;
	const struct wrangler_box *root = &file->scopes[0].object;
	const char *first = strchr(file->text, '\n');

	merge->newline = first && first > file->text && first[-1] == '\r' ? "\r\n" : "\n";
	merge->unit = "  ";
	if (file->is_toml || !root->last_end)
		return;
	merge->is_one_line = !starts_line(file, root->last);
	if (!merge->is_one_line)
		merge->unit = indent_of(merge, root->last);
}

/* How the items of an array or object are laid out. */
struct style {
	bool joins;         /* on one line, with `, ` between */
	bool is_short;      /* an item is on one line */
	bool is_tight;      /* no blanks in the braces of such an item */
	const char *indent; /* of the items */
	const char *outer;  /* of the closing bracket */
};

static struct style style_of(struct merge *merge, const struct wrangler_box *box)
{
	const struct wrangler *file = merge->file;
	const char *outer = indent_of(merge, box->open);

	if (!box->last_end)
		return (struct style){merge->is_one_line, merge->is_one_line || file->is_toml,
			merge->is_one_line, arena_format(&merge->arena, "%s%s", outer, merge->unit),
			outer};
	bool joins = !starts_line(file, box->last);
	return (struct style){joins, !has_break(file, box->last, box->last_end),
		file->text[box->last + 1] != ' ',
		indent_of(merge, joins ? box->last_end - 1 : box->last), outer};
}

/* ---- bindings as text ---- */

static void add_text(struct str *out, const char *text)
{
	struct json_writer json = json_writer(out, 0);

	json_put_text(&json, NULL, text);
}

/* What is around a key of a binding, and between two of them. */
struct punctuation {
	const char *before, *quote, *colon, *between;
};

static void add_parts(
	struct str *out, const struct wrangler_binding *binding, const struct punctuation *with)
{
	const char *const parts[][2] = {{"binding", binding->name}, {"store_id", binding->store_id},
		{"secret_name", binding->secret}};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		str_format(out, "%s%s%s%s%s%s", i ? with->between : "", with->before, with->quote,
			parts[i][0], with->quote, with->colon);
		add_text(out, parts[i][1]);
	}
}

static void add_item(struct merge *merge, struct str *out, const struct wrangler_binding *binding,
	const struct style *style)
{
	bool is_toml = merge->file->is_toml;
	const char *blank = style->is_tight ? "" : " ";
	struct str before CLEANUP(str_release) = {0};

	if (style->is_short) {
		str_format(out, "{%s", blank);
		add_parts(out, binding,
			&(struct punctuation){
				"", is_toml ? "" : "\"", is_toml ? " = " : ": ", ", "});
		str_format(out, "%s}", blank);
		return;
	}
	str_format(&before, "%s%s%s", merge->newline, style->indent, merge->unit);
	str_char(out, '{');
	add_parts(out, binding, &(struct punctuation){str_text(&before), "\"", ": ", ","});
	str_format(out, "%s%s}", merge->newline, style->indent);
}

/* ---- into arrays and objects ---- */

struct items {
	const struct str *texts;
	size_t count;
};

/* With what is before each, and between them. */
static void add_items(const struct merge *merge, struct str *out, const struct items *items,
	const struct style *style, const struct wrangler_box *box)
{
	for (size_t i = 0; i < items->count; i++) {
		if (style->joins)
			str_text_add(out, i || box->last_end ? ", " : "");
		else
			str_format(out, "%s%s", merge->newline, style->indent);
		str_text_add(out, str_text(&items->texts[i]));
		if (!style->joins && (i + 1 < items->count || box->comma_end))
			str_char(out, ',');
	}
}

/* Adds items at the end of an array or object. */
static void append(struct merge *merge, const struct wrangler_box *box, const struct style *style,
	const struct items *items)
{
	struct str text CLEANUP(str_release) = {0};
	size_t last = box->last_end ? box->last_end : box->open + 1;
	size_t after = box->comma_end ? box->comma_end : last;
	size_t end = line_end(merge->file, after, box->close);

	add_items(merge, &text, items, style, box);
	if (style->joins) {
		insert(merge, last, str_text(&text));
		return;
	}
	if (box->last_end && !box->comma_end)
		insert(merge, last, ",");
	if (end || box->last_end) {
		insert(merge, end ? end : after, str_text(&text));
		return;
	}
	struct wrangler_span blanks = {box->close, box->close};
	while (strchr(" \t", merge->file->text[blanks.at - 1]))
		blanks.at--;
	str_format(&text, "%s%s", merge->newline, style->outer);
	edit(merge, blanks, str_text(&text));
}

static void append_bindings(
	struct merge *merge, const struct wrangler_box *box, const struct wrangler_wanted *wanted)
{
	const struct style style = style_of(merge, box);
	struct str *items AUTO_FREE = mem_alloc(wanted->count * sizeof(*items));

	for (size_t i = 0; i < wanted->count; i++)
		add_item(merge, &items[i], &wanted->items[i], &style);
	append(merge, box, &style, &(struct items){items, wanted->count});
	for (size_t i = 0; i < wanted->count; i++)
		str_release(&items[i]);
}

/* Adds the array as a new member of an object. */
static void append_array(struct merge *merge, const struct wrangler_box *object,
	const struct wrangler_wanted *wanted)
{
	const struct style outer = style_of(merge, object);
	struct str text CLEANUP(str_release) = {0};
	const struct style inner = {outer.joins, outer.joins, true,
		arena_format(&merge->arena, "%s%s", outer.indent, merge->unit), outer.indent};

	str_text_add(&text, "\"" WRANGLER_KEY "\": [");
	for (size_t i = 0; i < wanted->count; i++) {
		str_text_add(&text, !i ? "" : inner.joins ? ", " : ",");
		if (!inner.joins)
			str_format(&text, "%s%s", merge->newline, inner.indent);
		add_item(merge, &text, &wanted->items[i], &inner);
	}
	if (!inner.joins)
		str_format(&text, "%s%s", merge->newline, outer.indent);
	str_char(&text, ']');
	append(merge, object, &outer, &(struct items){&text, 1});
}

/* ---- tables of TOML ---- */

static void add_header(struct str *out, const char *environment)
{
	static const char bare[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	str_text_add(out, "[[");
	if (environment) {
		str_text_add(out, "env.");
		if (text_is_made_of(environment, bare))
			str_text_add(out, environment);
		else
			add_text(out, environment);
		str_char(out, '.');
	}
	str_text_add(out, WRANGLER_KEY "]]");
}

static void append_tables(struct merge *merge, const struct wrangler_scope *scope,
	const struct wrangler_wanted *wanted)
{
	const struct wrangler *file = merge->file;
	bool is_first = !scope->header.end;
	size_t at = is_first ? file->length : scope->tail;
	const char *indent = is_first ? "" : indent_of(merge, scope->header.at);
	const char *key_indent = scope->key ? indent_of(merge, scope->key) : indent;
	struct str text CLEANUP(str_release) = {0}, header CLEANUP(str_release) = {0};

	if (is_first)
		add_header(&header, scope->environment);
	else
		str_add(&header, file->text + scope->header.at,
			scope->header.end - scope->header.at);
	bool needs_break = is_first && at && file->text[at - 1] != '\n';
	str_text_add(&text, needs_break ? merge->newline : "");
	for (size_t i = 0; i < wanted->count; i++) {
		bool is_top = is_first && !at && !i;
		str_format(&text, "%s%s%s%s%s", is_first ? "" : merge->newline,
			is_top ? "" : merge->newline, indent, str_text(&header), merge->newline);
		add_parts(&text, &wanted->items[i],
			&(struct punctuation){key_indent, "", " = ", merge->newline});
		str_text_add(&text, is_first ? merge->newline : "");
	}
	insert(merge, at, str_text(&text));
}

/* ---- all of it ---- */

static const struct wrangler_binding *find_binding(
	const struct wrangler *file, const struct wrangler_scope *scope, const char *name)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct wrangler_binding *it = &file->bindings[i];
		bool is_here = wrangler_find_scope(file, it->environment) == scope;
		if (is_here && strcmp(it->name, name) == 0)
			return it;
	}
	return NULL;
}

/* True if anything has to change. */
static bool update(struct merge *merge, const struct wrangler_binding *is,
	const struct wrangler_binding *wanted)
{
	struct str store CLEANUP(str_release) = {0}, secret CLEANUP(str_release) = {0};
	size_t before = merge->count;

	add_text(&store, wanted->store_id);
	add_text(&secret, wanted->secret);
	if (strcmp(is->store_id, wanted->store_id) != 0)
		edit(merge, is->store_span, str_text(&store));
	if (strcmp(is->secret, wanted->secret) != 0)
		edit(merge, is->secret_span, str_text(&secret));
	return merge->count > before;
}

static bool refuse(const struct wrangler *file, const struct wrangler_scope *scope,
	const char *environment, struct error *err)
{
	struct str quoted CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};

	text_add_quoted(&quoted, environment, 60);
	error_set(err,
		scope ? "the environment %s is an inline table, and cfprov can't add to that"
		      : "there is no environment %s",
		str_text(&quoted));
	(void)error_at(err, file->path, 0, 0);
	if (scope)
		return error_hint(err, "Write it as a table, [env.NAME].");
	for (size_t i = 1; i < file->scope_count; i++) {
		struct str name CLEANUP(str_release) = {0};
		text_add_quoted(&name, file->scopes[i].environment, 60);
		text_add_listed(&known, str_text(&name), i - 1, file->scope_count - 1, 5);
	}
	return error_hint(
		err, known.length ? "The file has %s." : "The file has none%s.", str_text(&known));
}

bool wrangler_merge(const struct wrangler *file, const struct wrangler_wanted *wanted,
	struct str *out, struct wrangler_merged *ret_merged, struct error *err)
{
	const char *environment = wanted->environment;
	const struct wrangler_scope *scope = wrangler_find_scope(file, environment);
	struct merge merge CLEANUP(release) = {.file = file};
	struct wrangler_merged merged = {0};
	struct wrangler_binding *added AUTO_FREE = mem_alloc(wanted->count * sizeof(*added));

	if (!scope)
		return refuse(file, NULL, environment, err);
	find_layout(&merge);
	for (size_t i = 0; i < wanted->count; i++) {
		const struct wrangler_binding *it = &wanted->items[i];
		const struct wrangler_binding *is = find_binding(file, scope, it->name);
		if (is)
			merged.updated += update(&merge, is, it);
		else
			added[merged.added++] = *it;
	}
	const struct wrangler_wanted rest = {environment, added, merged.added};
	if (rest.count && scope->has_array)
		append_bindings(&merge, &scope->array, &rest);
	else if (rest.count && !file->is_toml)
		append_array(&merge, &scope->object, &rest);
	else if (rest.count && scope->is_inline)
		return refuse(file, scope, environment, err);
	else if (rest.count)
		append_tables(&merge, scope, &rest);
	apply(&merge, out);
	*ret_merged = merged;
	return true;
}
