#include "adapter/yaml.h"

#include "adapter/table.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { SNIPPET_COLUMNS = 76 };

/* One open list or map. */
struct level {
	struct yaml *node;
	struct yaml **end;  /* where the next child is linked in */
	struct yaml *key;   /* of a map: read, its value not yet */
	struct table *keys; /* of a map: those seen */
	bool is_in_braces;  /* a map in {}, or inside one */
};

struct builder {
	struct yaml_document *doc;
	struct error_list *errors;
	struct table *anchors; /* name -> node; a node still open has weight 0 */
	struct level levels[YAML_DEPTH_LIMIT];
	size_t depth;
	size_t nodes;
};

/* ---- errors with a place ---- */

enum { LONGEST_BREAK = 3 };

/* How long the line break is that starts here, as YAML 1.1 and libyaml count lines; 0: none. */
static size_t break_length(const char *bytes, size_t left)
{
	static const char *const breaks[] = {
		"\r\n", "\r", "\n", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		size_t length = strlen(breaks[i]);
		if (length <= left && memcmp(bytes, breaks[i], length) == 0)
			return length;
	}
	return 0;
}

static void index_lines(struct yaml_document *doc)
{
	size_t room = 0;

	doc->line_starts = mem_room(NULL, 0, &room, sizeof(size_t));
	doc->line_starts[doc->lines++] = 0;
	for (size_t at = 0, length; at < doc->length; at += length ? length : 1) {
		length = break_length(doc->bytes + at, doc->length - at);
		if (!length)
			continue;
		doc->line_starts = mem_room(doc->line_starts, doc->lines, &room, sizeof(size_t));
		doc->line_starts[doc->lines++] = at + length;
	}
}

/* Lends the line with this number, from 1; there must be one. */
static const char *line_of(const struct yaml_document *doc, size_t line, size_t *ret_length)
{
	size_t start = doc->line_starts[line - 1];
	size_t next = line < doc->lines ? doc->line_starts[line] : doc->length;
	size_t end = next > start + LONGEST_BREAK ? next - LONGEST_BREAK : start;

	while (end < next && break_length(doc->bytes + end, next - end) != next - end)
		end++;
	*ret_length = end - start;
	return doc->bytes + start;
}

/* The offset of the character with this number (from 1) in the line, or the line's end. */
static size_t column_offset(const char *line, size_t length, size_t column)
{
	size_t at = 0;

	while (at < length && column > 1) {
		at++;
		while (at < length && ((unsigned char)line[at] & 0xc0) == 0x80)
			at++;
		column--;
	}
	return at;
}

static void add_line(struct str *out, const char *line, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t plain = 0;
		while (at + plain < length && line[at + plain] != '\t')
			plain++;
		text_add_visible(out, line + at, plain, 0);
		at += plain;
		if (at < length) {
			str_char(out, ' ');
			at++;
		}
	}
}

static size_t characters(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* The offset of so many characters before, or the start of the line. */
static size_t back(const char *line, size_t at, size_t characters)
{
	for (; at && characters; characters--) {
		at--;
		while (at && ((unsigned char)line[at] & 0xc0) == 0x80)
			at--;
	}
	return at;
}

/* What of a line is shown; the rest may hold a secret that somebody has put there. */
enum {
	HIDE_FRONT = 1,  /* what stands in front, up to the last brace or comma */
	HIDE_VALUES = 2, /* what stands behind the first colon */
};

/* Behind the last brace or comma of this text. */
static size_t behind_separator(const char *text, size_t length)
{
	while (length && !strchr("{,", text[length - 1]))
		length--;
	return length;
}

/* Where the value starts behind the first key of this line; its end, if there is none. */
static size_t value_offset(const char *line, size_t length)
{
	for (size_t at = 0; at + 1 < length; at++)
		if (line[at] == ':' && (strchr(" \t", line[at + 1]) || (at && line[at - 1] == '"')))
			return at + (line[at + 1] == '"' ? 1 : 2);
	return length;
}

/*
 * Shows a window of the line around the column, so that a huge line stays one line; of what
 * stands from the column on, at most `shown` characters.
 */
static void show_line(struct yaml_document *doc, struct error *err, unsigned hidden, size_t shown)
{
	struct str text = {0};
	size_t length;

	const char *start = line_of(doc, err->line, &length);
	size_t place = column_offset(start, length, err->column);
	err->offset_bytes = doc->skipped + (size_t)(start - doc->bytes) + place;
	size_t end = hidden & HIDE_VALUES ? value_offset(start, length) : length;
	size_t at = place < end ? place : end;
	size_t from = back(start, at, SNIPPET_COLUMNS - 1) ? back(start, at, 20) : 0;
	size_t behind = hidden & HIDE_FRONT ? behind_separator(start, at) : 0;
	from = behind > from ? behind : from;
	size_t to = from + column_offset(start + from, end - from, SNIPPET_COLUMNS + 1);
	size_t last = at + column_offset(start + at, end - at, shown + 1);
	to = last < to ? last : to;
	str_text_add(&text, from ? "..." : "");
	add_line(&text, start + from, at - from);
	err->caret = text_columns(str_text(&text)) + 1;
	add_line(&text, start + at, to > at ? to - at : 0);
	str_text_add(&text, to < length ? "..." : "");
	err->snippet = str_steal(&text);
}

/*
 * To find the place, the line is read from its start: for each of thousands of errors in one line
 * of many megabytes, that would take hours. Those that nobody will read go without.
 */
static void add_snippet(
	struct yaml_document *doc, struct error_list *errors, unsigned hidden, size_t shown)
{
	struct error *err = &errors->items[errors->count - 1];

	if (errors->count > ERROR_LIST_MOST)
		return;
	if (!doc->line_starts)
		index_lines(doc);
	if (err->line <= doc->lines)
		show_line(doc, err, hidden, shown);
}

/* An error of the text itself: nobody knows yet what is a key and what a value. */
static struct error *error_in_text(
	struct yaml_document *doc, size_t line, size_t column, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_at(err, doc->file, line, column);
	add_snippet(doc, errors, HIDE_VALUES, SNIPPET_COLUMNS);
	return err;
}

/* How much of a node is shown: not what stands behind it, for that may belong to another key. */
static size_t columns_of(const struct yaml *node)
{
	const struct yaml *first = node->kind == YAML_MAP ? node->first : NULL;

	if (node->kind == YAML_SCALAR)
		return node->is_key || node->is_in_braces ? node->columns : SNIPPET_COLUMNS;
	if (first && first->key->line == node->line && first->key->column == node->column)
		return first->key->columns;
	return 1;
}

struct error *yaml_error(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_at(err, doc->file, node->line, node->column);
	err->span = node->kind == YAML_SCALAR ? node->columns : columns_of(node);
	add_snippet(doc, errors, node->is_in_braces ? HIDE_FRONT : 0, columns_of(node));
	return err;
}

struct error *yaml_error_hidden(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_at(err, doc->file, node->line, node->column);
	add_snippet(doc, errors, node->is_in_braces ? HIDE_FRONT : 0, 0);
	return err;
}

/* Are we inside a map in {}? */
static bool is_in_braces(const struct builder *b)
{
	return b->depth && b->levels[b->depth - 1].is_in_braces;
}

static struct error *error_at_event(struct builder *b, const yaml_event_t *event, size_t shown)
{
	struct error *err = error_list_add(b->errors);

	error_at(err, b->doc->file, event->start_mark.line + 1, event->start_mark.column + 1);
	add_snippet(b->doc, b->errors, is_in_braces(b) ? HIDE_FRONT : 0, shown);
	return err;
}

/* ---- building the tree ---- */

static void set_place(const struct builder *b, struct yaml *node, const yaml_event_t *event)
{
	const yaml_mark_t *start = &event->start_mark, *end = &event->end_mark;

	node->line = start->line + 1;
	node->column = start->column + 1;
	node->columns = end->line == start->line ? end->column - start->column : SNIPPET_COLUMNS;
	node->is_in_braces = is_in_braces(b);
}

static struct yaml *new_node(struct builder *b, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml *node = arena_alloc(&b->doc->arena, sizeof(*node));

	node->kind = kind;
	set_place(b, node, event);
	node->weight = kind == YAML_SCALAR;
	return node;
}

static bool take_key(struct builder *b, struct level *level, struct yaml *node)
{
	if (node->kind != YAML_SCALAR) {
		error_set(yaml_error(b->doc, node, b->errors), "a key must be plain text");
		return false;
	}
	node->is_key = true;
	if (node->is_plain && strcmp(node->text, "<<") == 0) {
		struct error *err = yaml_error(b->doc, node, b->errors);
		error_set(err, "merge keys (<<) are not supported");
		error_hint(err, "Write the keys out, or give the whole map an anchor.");
		return false;
	}
	const struct yaml *before = table_put(&level->keys, node->text, node);
	if (before) {
		struct str key CLEANUP(str_release) = {0};
		text_add_visible(&key, node->text, strlen(node->text), 60);
		error_set(yaml_error(b->doc, node, b->errors),
			"the key `%s` stands twice in this map, first in line %zu", str_text(&key),
			before->line);
	}
	level->key = node;
	return true;
}

/* Puts a finished node in its place: the document's root, an item, a key or a member's value. */
static bool place(struct builder *b, struct yaml *node)
{
	if (b->depth == 0) {
		b->doc->root = node;
		return true;
	}
	struct level *level = &b->levels[b->depth - 1];
	if (level->node->kind == YAML_MAP && !level->key)
		return take_key(b, level, node);
	node->key = level->key;
	level->key = NULL;
	*level->end = node;
	level->end = &node->next;
	level->node->weight += node->weight;
	return true;
}

static void name_anchor(struct builder *b, const yaml_char_t *anchor, struct yaml *node)
{
	if (anchor)
		table_put(&b->anchors, arena_text(&b->doc->arena, (const char *)anchor), node);
}

static bool refuse_tag(struct builder *b, const yaml_event_t *event, const yaml_char_t *tag)
{
	if (!tag || strcmp((const char *)tag, YAML_STR_TAG) == 0)
		return true;
	/* A password that begins with ! reads as a tag: it is not shown. */
	struct error *err = error_at_event(b, event, 0);
	error_set(err, "tags are not supported");
	error_hint(err, "Take the word with the ! out; what a key wants is known without it. Text "
			"that begins with ! needs quotes.");
	return false;
}

static bool on_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;

	if (!refuse_tag(b, event, event->data.scalar.tag))
		return false;
	if (memchr(text, '\0', length)) {
		error_set(error_at_event(b, event, 0), "a NUL character in the text");
		return false;
	}
	struct yaml *node = new_node(b, YAML_SCALAR, event);
	node->text = arena_bytes(&b->doc->arena, text, length);
	node->is_plain =
		event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
	name_anchor(b, event->data.scalar.anchor, node);
	return place(b, node);
}

static bool on_start(struct builder *b, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag =
		is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	const yaml_char_t *anchor =
		is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;

	if (!refuse_tag(b, event, tag))
		return false;
	if (b->depth == YAML_DEPTH_LIMIT) {
		error_set(error_at_event(b, event, 1), "nested deeper than %d levels",
			YAML_DEPTH_LIMIT);
		return false;
	}
	struct yaml *node = new_node(b, is_map ? YAML_MAP : YAML_LIST, event);
	bool has_braces = is_map && event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	b->levels[b->depth] = (struct level){
		.node = node, .end = &node->first, .is_in_braces = has_braces || is_in_braces(b)};
	b->depth++;
	name_anchor(b, anchor, node);
	return true;
}

static bool on_end(struct builder *b)
{
	assert(b->depth > 0); /* libyaml ends what it began */
	struct level *level = &b->levels[--b->depth];

	level->node->weight++;
	table_free(&level->keys);
	return place(b, level->node);
}

static bool on_alias(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct yaml *target = table_get(b->anchors, name);
	size_t columns = strlen(name) + 1;

	if (!target) { /* and it may be a password that begins with * */
		error_set(error_at_event(b, event, 1), "there is no anchor of this name before it");
		return false;
	}
	for (size_t i = 0; i < b->depth; i++) {
		if (b->levels[i].node == target) {
			error_set(error_at_event(b, event, columns),
				"this alias stands inside what it names");
			return false;
		}
	}
	b->nodes += target->weight;
	if (b->nodes > YAML_NODE_LIMIT) {
		error_set(error_at_event(b, event, columns),
			"the aliases expand to more than %d nodes", YAML_NODE_LIMIT);
		return false;
	}
	struct yaml *node = arena_alloc(&b->doc->arena, sizeof(*node));
	*node = *target;
	node->key = NULL;
	node->next = NULL;
	node->is_key = false;
	set_place(b, node, event);
	return place(b, node);
}

static bool on_document(struct builder *b, const yaml_event_t *event)
{
	if (!b->doc->root)
		return true;
	struct error *err = error_at_event(b, event, 3);
	error_set(err, "a second document starts here");
	error_hint(err, "A manifest is one document; put the other into a file of its own.");
	return false;
}

static bool on_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return on_start(b, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b);
	case YAML_ALIAS_EVENT:
		return on_alias(b, event);
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, event);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return true;
}

/* ---- parsing ---- */

/* The place of a byte, in lines and columns. */
static struct error *error_at_byte(struct yaml_document *doc, size_t at, struct error_list *errors)
{
	size_t line = 0;

	if (!doc->line_starts)
		index_lines(doc);
	while (line < doc->lines && doc->line_starts[line] <= at)
		line++;
	size_t start = doc->line_starts[line - 1];
	return error_in_text(doc, line, characters(doc->bytes + start, at - start) + 1, errors);
}

static bool is_indented_by_tab(struct yaml_document *doc, size_t line)
{
	size_t length;

	if (!doc->line_starts)
		index_lines(doc);
	if (line > doc->lines)
		return false;
	const char *start = line_of(doc, line, &length);
	size_t spaces = 0;
	while (spaces < length && start[spaces] == ' ')
		spaces++;
	return spaces < length && start[spaces] == '\t';
}

static void syntax_error(struct builder *b, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;
	struct yaml_document *doc = b->doc;
	/* Of a byte that it can't read, libyaml says where it stands, and no line. */
	struct error *err =
		parser->error == YAML_READER_ERROR
			? error_at_byte(doc, parser->problem_offset, b->errors)
			: error_in_text(doc, mark->line + 1, mark->column + 1, b->errors);

	if (parser->error != YAML_READER_ERROR && is_indented_by_tab(doc, err->line)) {
		error_set(err, "a tab is used for indentation");
		error_hint(err, "YAML allows only spaces there.");
		return;
	}
	error_set(err, "not valid YAML: %s%s%s", parser->problem ? parser->problem : "unreadable",
		parser->context ? " " : "", parser->context ? parser->context : "");
}

static void parse_events(struct builder *b, yaml_parser_t *parser)
{
	yaml_event_t event;
	bool go_on = true;

	while (go_on) {
		if (!yaml_parser_parse(parser, &event)) {
			syntax_error(b, parser);
			return;
		}
		go_on = on_event(b, &event) && event.type != YAML_STREAM_END_EVENT;
		b->nodes++;
		yaml_event_delete(&event);
	}
}

bool yaml_parse(struct yaml_document *doc, const char *file, const char *bytes, size_t length,
	struct error_list *errors)
{
	struct builder b = {.doc = doc, .errors = errors};
	size_t errors_before = errors->count, skipped = 0, at;
	yaml_parser_t parser;

	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
		skipped = 3;
		bytes += skipped;
		length -= skipped;
	}
	*doc = (struct yaml_document){
		.file = file, .bytes = bytes, .length = length, .skipped = skipped};
	if (!text_is_utf8(bytes, length, &at)) {
		struct error *err = error_at_byte(doc, at, errors);
		error_set(err, "this byte is not UTF-8");
		error_hint(err, "Save the file in the encoding UTF-8.");
		return false;
	}
	if (!yaml_parser_initialize(&parser))
		mem_exhausted();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
	parse_events(&b, &parser);
	yaml_parser_delete(&parser);
	for (size_t i = 0; i < b.depth; i++)
		table_free(&b.levels[i].keys);
	table_free(&b.anchors);
	return errors->count == errors_before;
}

void yaml_release(struct yaml_document *doc)
{
	arena_release(&doc->arena);
	free(doc->line_starts);
	*doc = (struct yaml_document){0};
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	for (const struct yaml *it = map->kind == YAML_MAP ? map->first : NULL; it; it = it->next)
		if (strcmp(it->key->text, key) == 0)
			return it;
	return NULL;
}

bool yaml_is_null(const struct yaml *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != YAML_SCALAR || !node->is_plain || node->written)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(node->text, words[i]) == 0)
			return true;
	return false;
}

void yaml_put_text(struct yaml_document *doc, struct yaml *node, const char *text)
{
	if (!node->written)
		node->written = node->text;
	node->text = arena_text(&doc->arena, text);
}

const char *yaml_written(const struct yaml *node)
{
	return node->written ? node->written : node->text;
}
