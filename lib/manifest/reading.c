#include "manifest/reading.h"

#include "adapter/fs.h"
#include "base/text.h"

#include <string.h>

bool reading_next(const struct reading *r, const char *key, struct spot *spot)
{
	for (size_t i = spot->node ? spot->document + 1 : 0; i < r->documents->count; i++) {
		const struct yaml *node = yaml_get(r->documents->items[i].yaml.root, key);
		if (!node)
			continue;
		*spot = (struct spot){i, node};
		return true;
	}
	return false;
}

const char *reading_path(struct reading *r, size_t document, const char *path)
{
	char *beside AUTO_FREE = fs_neighbour(documents_base(r->files[document]), path);

	return arena_text(&r->model->arena, *path == '/' ? path : beside);
}

struct place reading_place(const struct reading *r, struct spot at)
{
	return (struct place){r->files[at.document], at.node->line, at.node->column};
}

struct error *reading_error(struct reading *r, struct spot at)
{
	return yaml_error(&r->documents->items[at.document].yaml, at.node, r->errors);
}

struct error *reading_error_at(struct reading *r, struct spot at, size_t columns)
{
	const struct yaml start = {
		.line = at.node->line,
		.column = at.node->column,
		.columns = columns,
		.is_in_braces = true, /* nothing beside it is shown */
	};

	return reading_error(r, spot_of(at, &start));
}

const char *reading_where(struct reading *r, struct place place)
{
	struct str file CLEANUP(str_release) = {0};

	text_add_visible(&file, place.file, strlen(place.file), 0);
	return arena_format(&r->arena, "%s:%zu", str_text(&file), place.line);
}

const struct spot *reading_first(
	struct reading *r, struct table **seen, const char *key, struct spot at)
{
	const struct spot *first = table_get(*seen, key);

	if (first)
		return first;
	struct spot *kept = arena_alloc(&r->arena, sizeof(*kept));
	*kept = at;
	table_put(seen, key, kept);
	return NULL;
}

size_t reading_count(const struct yaml *list)
{
	size_t count = 0;

	for (const struct yaml *it = list ? list->first : NULL; it; it = it->next)
		count++;
	return count;
}

bool reading_says(const struct yaml *map, const char *key, const char *text)
{
	const struct yaml *node = yaml_get(map, key);

	return node && strcmp(node->text, text) == 0;
}

const char *reading_shown(struct reading *r, const struct yaml *node)
{
	struct str shown CLEANUP(str_release) = {0};

	if (!node->written)
		return node->text;
	text_add_visible(&shown, node->written, strlen(node->written), 60);
	return arena_text(&r->arena, str_text(&shown));
}

const char *reading_shown_again(
	struct reading *r, const struct yaml *node, const struct yaml *first)
{
	return reading_shown(r, node->written ? node : first);
}

void reading_unknown_alias(
	struct reading *r, const char *alias, const struct yaml *node, struct error *err)
{
	struct str aliases CLEANUP(str_release) = {0};

	if (node->written) { /* nothing may be told of what a variable brought */
		error_set(err, "unknown account `%s`", reading_shown(r, node));
		return;
	}
	for (size_t i = 0; i < r->model->account_count; i++) {
		const char *known = r->model->accounts[i].alias;
		if (text_is_near(alias, known)) {
			error_set(err, "unknown account `%s`; did you mean `%s`?", alias, known);
			return;
		}
	}
	error_set(err, "unknown account `%s`", alias);
	model_add_aliases(&aliases, r->model);
	error_hint(err, "Accounts in the manifest: %s.", str_text(&aliases));
}
