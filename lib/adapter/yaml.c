#include "adapter/yaml.h"

#include "adapter/table.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DIRECTIVES = 100 }; /* %TAG lines, at most */

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

/* How much of a node is shown: what follows it may belong to another key. */
static size_t columns_of(const struct yaml *node)
{
	const struct yaml *first = node->kind == YAML_MAP ? node->first : NULL;

	if (node->kind == YAML_SCALAR)
		return node->is_key || node->is_in_braces ? node->columns : SNIPPET_COLUMNS;
	if (first && first->key->line == node->line && first->key->column == node->column)
		return first->key->columns;
	return 1;
}

static struct error *error_at_node(
	struct yaml_document *doc, const struct yaml *node, size_t shown, struct error_list *errors)
{
	const struct snippet_place place = {
		node->line, node->column, node->is_in_braces ? SNIPPET_HIDE_FRONT : 0, shown};

	return snippet_error(&doc->text, &place, errors);
}

struct error *yaml_error(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors)
{
	struct error *err = error_at_node(doc, node, columns_of(node), errors);

	err->span = node->kind == YAML_SCALAR ? node->columns : columns_of(node);
	return err;
}

struct error *yaml_error_hidden(
	struct yaml_document *doc, const struct yaml *node, struct error_list *errors)
{
	return error_at_node(doc, node, 0, errors);
}

/* ---- building the tree ---- */

static void set_place(const struct builder *b, struct yaml *node, const yaml_event_t *event)
{
	const yaml_mark_t *start = &event->start_mark, *end = &event->end_mark;

	node->line = start->line + 1;
	node->column = start->column + 1;
	node->columns = end->line == start->line ? end->column - start->column : SNIPPET_COLUMNS;
	node->is_in_braces = b->depth && b->levels[b->depth - 1].is_in_braces;
}

static struct error *error_at_event(struct builder *b, const yaml_event_t *event, size_t shown)
{
	struct yaml node = {0};

	set_place(b, &node, event);
	return error_at_node(b->doc, &node, shown, b->errors);
}

static void add_member(struct level *level, struct yaml *node)
{
	node->next = NULL;
	*level->end = node;
	level->end = &node->next;
	level->node->weight += node->weight;
}

/* Puts a finished node in its place: the document's root, an item, a key or a member's value. */
static bool place(struct builder *b, struct yaml *node)
{
	struct level *level = b->depth ? &b->levels[b->depth - 1] : NULL;

	if (!level) {
		b->doc->root = node;
		return true;
	}
	if (level->node->kind != YAML_MAP || level->key) {
		node->key = level->key;
		level->key = NULL;
		add_member(level, node);
		return true;
	}
	if (node->kind != YAML_SCALAR)
		return error_set(yaml_error(b->doc, node, b->errors), "keys must be plain text");
	node->is_key = true;
	level->key = node;
	const struct yaml *before = table_put(&level->keys, node->text, node);
	if (before) {
		struct str key CLEANUP(str_release) = {0};
		text_add_quoted(&key, node->text, 60);
		error_set(yaml_error(b->doc, node, b->errors),
			"duplicate key %s, first on line %zu", str_text(&key), before->line);
	}
	return true;
}

/* Lends a new node; NULL: its tag is refused. */
static struct yaml *new_node(struct builder *b, const yaml_event_t *event, enum yaml_kind kind,
	const yaml_char_t *tag, const yaml_char_t *anchor)
{
	struct arena *arena = &b->doc->arena;

	if (tag && strcmp((const char *)tag, YAML_STR_TAG) != 0) {
		/* A password that begins with ! looks like a tag: it is not shown. */
		struct error *err = error_at_event(b, event, 0);
		error_set(err, "YAML tags are not supported");
		error_hint(err, "Remove the word that starts with `!`. Text that starts with `!` "
				"must be quoted.");
		return NULL;
	}
	struct yaml *node = arena_alloc(arena, sizeof(*node));
	node->kind = kind;
	node->weight = kind == YAML_SCALAR;
	set_place(b, node, event);
	if (anchor)
		table_put(&b->anchors, arena_text(arena, (const char *)anchor), node);
	return node;
}

static bool on_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	const yaml_char_t *tag = event->data.scalar.tag;
	struct yaml *node = new_node(b, event, YAML_SCALAR, tag, event->data.scalar.anchor);

	if (!node)
		return false;
	if (memchr(text, '\0', length))
		return error_set(error_at_event(b, event, 0), "NUL characters are not allowed");
	node->text = arena_bytes(&b->doc->arena, text, length);
	node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !tag;
	return place(b, node);
}

static bool on_start(struct builder *b, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	struct yaml *node = is_map ? new_node(b, event, YAML_MAP, event->data.mapping_start.tag,
					     event->data.mapping_start.anchor)
				   : new_node(b, event, YAML_LIST, event->data.sequence_start.tag,
					     event->data.sequence_start.anchor);

	if (!node)
		return false;
	if (b->depth == YAML_DEPTH_LIMIT)
		return error_set(error_at_event(b, event, 1), "nested more than %d levels deep",
			YAML_DEPTH_LIMIT);
	bool has_braces = is_map && event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	b->levels[b->depth++] = (struct level){.node = node,
		.end = &node->first,
		.is_in_braces = has_braces || node->is_in_braces};
	return true;
}

/* ---- merge keys ---- */

/* Counts nodes that an alias or merge repeats. */
static bool add_repeated(struct builder *b, size_t nodes)
{
	b->nodes += nodes;
	return b->nodes <= YAML_NODE_LIMIT;
}

static bool refuse_repeated(struct error *err)
{
	return error_set(err, "aliases expand to more than %d nodes", YAML_NODE_LIMIT);
}

/* Adds copies of the members whose keys the map does not have yet. */
static bool merge_map(
	struct builder *b, struct level *level, const struct yaml *merge, const struct yaml *map)
{
	for (const struct yaml *it = map->first; it; it = it->next) {
		if (table_get(level->keys, it->key->text))
			continue;
		if (!add_repeated(b, it->weight))
			return refuse_repeated(yaml_error(b->doc, merge->key, b->errors));
		struct yaml *copy = arena_alloc(&b->doc->arena, sizeof(*copy));
		*copy = *it;
		add_member(level, copy);
		table_put(&level->keys, copy->key->text, copy);
	}
	return true;
}

/*
 * Replaces the member `<<` by what it merges: https://yaml.org/type/merge.html. The maps it names
 * were read before, so their own `<<` is gone already.
 */
static bool merge_members(struct builder *b, struct level *level)
{
	struct yaml **at = &level->node->first;

	while (*at && !((*at)->key->is_plain && strcmp((*at)->key->text, "<<") == 0))
		at = &(*at)->next;
	const struct yaml *merge = *at;
	if (!merge)
		return true;
	*at = merge->next;
	if (level->end == &merge->next)
		level->end = at;
	level->node->weight -= merge->weight;
	bool is_list = merge->kind == YAML_LIST;
	const struct yaml *map = is_list ? merge->first : merge;
	for (; map; map = is_list ? map->next : NULL) {
		if (map->kind != YAML_MAP) {
			struct error *err = yaml_error(b->doc, merge->key, b->errors);
			error_set(err, "`<<` can only merge a map or a list of maps");
			error_hint(err, "Write `<<: *NAME`, where `&NAME` marks a map.");
			return false;
		}
		if (!merge_map(b, level, merge, map))
			return false;
	}
	return true;
}

static bool on_end(struct builder *b)
{
	assert(b->depth > 0); /* libyaml sends no end without a start */
	struct level *level = &b->levels[--b->depth];
	bool is_good = level->node->kind != YAML_MAP || merge_members(b, level);

	level->node->weight++;
	table_free(&level->keys);
	return is_good && place(b, level->node);
}

static bool on_alias(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct yaml *target = table_get(b->anchors, name);
	size_t columns = strlen(name) + 1;

	if (!target) /* it may be a password that begins with * */
		return error_set(error_at_event(b, event, 1),
			"unknown anchor: it must be defined before this alias");
	for (size_t i = 0; i < b->depth; i++)
		if (b->levels[i].node == target)
			return error_set(error_at_event(b, event, columns),
				"this alias refers to a node that contains it");
	if (!add_repeated(b, target->weight))
		return refuse_repeated(error_at_event(b, event, columns));
	struct yaml *node = arena_alloc(&b->doc->arena, sizeof(*node));
	*node = *target;
	node->key = NULL;
	node->next = NULL;
	node->is_key = false;
	set_place(b, node, event);
	return place(b, node);
}

static bool on_event(struct builder *b, const yaml_event_t *event)
{
	struct error *err;

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
		if (!b->doc->root)
			return true;
		error_set(err = error_at_event(b, event, 3), "a second document starts here");
		return error_hint(
			err, "A manifest is a single document. Put the other one in its own file.");
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return true;
}

/* ---- parsing ---- */

/* Text without structure: nobody knows yet what is a key and what a value. */
static struct error *error_in_text(struct builder *b, size_t line, size_t column)
{
	const struct snippet_place place = {line, column, SNIPPET_HIDE_VALUES, SNIPPET_COLUMNS};

	return snippet_error(&b->doc->text, &place, b->errors);
}

static struct error *error_at_byte(struct builder *b, size_t at)
{
	size_t line, column;

	snippet_find(&b->doc->text, at, &line, &column);
	return error_in_text(b, line, column);
}

static void syntax_error(struct builder *b, const yaml_parser_t *parser)
{
	struct snippet_text *text = &b->doc->text;
	size_t conflict = text_conflict_line(text->bytes, text->length);
	const yaml_mark_t *mark = &parser->problem_mark;
	bool is_unreadable = parser->error == YAML_READER_ERROR;
	struct error *err;

	if (parser->error == YAML_MEMORY_ERROR)
		mem_exhausted();
	if (conflict) {
		err = error_in_text(b, conflict, 1);
		error_set(err, "unresolved merge conflict");
		error_hint(err, "Keep the right parts and delete the lines with <<<<<<<, ======= "
				"and >>>>>>>.");
		return;
	}
	/* For a byte that it can't read, libyaml reports only the offset. */
	err = is_unreadable ? error_at_byte(b, parser->problem_offset)
			    : error_in_text(b, mark->line + 1, mark->column + 1);
	if (!is_unreadable && snippet_is_indented_by_tab(text, err->line)) {
		error_set(err, "tabs are not allowed for indentation");
		error_hint(err, "Use spaces instead.");
		return;
	}
	error_set(err, "not valid YAML: %s%s%s", parser->problem ? parser->problem : "unreadable",
		parser->context ? " " : "", parser->context ? parser->context : "");
}

static bool check_encoding(struct builder *b)
{
	struct snippet_text *text = &b->doc->text;
	struct error err = {0};
	size_t at;

	if (!text_check_encoding(text->bytes, text->length, "the file", &err)) {
		error_at(&err, text->file, 1, 1);
		error_move(error_list_add(b->errors), &err);
		return false;
	}
	if (text_is_utf8(text->bytes, text->length, &at))
		return true;
	struct error *bad = error_at_byte(b, at);
	error_set(bad, "invalid UTF-8");
	return error_hint(bad, "Save the file as UTF-8.");
}

/* After an error, the root and its members so far, of which the last may be incomplete. */
static void keep_unfinished(struct builder *b)
{
	struct level *top = &b->levels[0];

	if (!b->depth || b->doc->root)
		return;
	b->doc->root = top->node;
	if (!top->key)
		return;
	struct yaml *last =
		b->depth > 1 ? b->levels[1].node : arena_alloc(&b->doc->arena, sizeof(*last));
	last->key = top->key;
	add_member(top, last);
}

/* libyaml compares each %TAG line with all before it; and there is no use for them here. */
static bool check_directives(struct builder *b)
{
	const char *bytes = b->doc->text.bytes, *end = bytes + b->doc->text.length, *at = bytes;
	size_t count = 0;

	for (; at < end && (at = memchr(at, '%', (size_t)(end - at))); at++) {
		/* What ends a line is no printable character of ASCII. */
		bool is_first = at == bytes || (unsigned char)at[-1] < ' ' || at[-1] & 0x80;
		if (!is_first || end - at < 4 || memcmp(at, "%TAG", 4) != 0 || count++ < DIRECTIVES)
			continue;
		return error_set(error_at_byte(b, (size_t)(at - bytes)), "more than %d %%TAG lines",
			DIRECTIVES);
	}
	return true;
}

bool yaml_parse(struct yaml_document *doc, const char *file, const char *bytes, size_t length,
	struct error_list *errors)
{
	struct builder b = {.doc = doc, .errors = errors};
	size_t errors_before = errors->count, skipped = text_mark_length(bytes, length);
	yaml_parser_t parser;

	bytes += skipped;
	length -= skipped;
	*doc = (struct yaml_document){
		.text = {.file = file, .bytes = bytes, .length = length, .skipped = skipped}};
	if (!check_encoding(&b) || !check_directives(&b))
		return false;
	if (!yaml_parser_initialize(&parser))
		mem_exhausted();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
	for (bool is_done = false; !is_done; b.nodes++) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			syntax_error(&b, &parser);
			break;
		}
		is_done = !on_event(&b, &event) || event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	keep_unfinished(&b);
	for (size_t i = 0; i < b.depth; i++)
		table_free(&b.levels[i].keys);
	table_free(&b.anchors);
	return errors->count == errors_before;
}

void yaml_release(struct yaml_document *doc)
{
	arena_release(&doc->arena);
	snippet_release(&doc->text);
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

const char *yaml_version(void)
{
	return yaml_get_version_string();
}
