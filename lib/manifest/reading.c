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
	char *beside AUTO_FREE = fs_neighbour(r->files[document], path);

	return arena_text(&r->model->arena, *path == '/' ? path : beside);
}

struct place reading_place(const struct reading *r, size_t document, const struct yaml *node)
{
	return (struct place){r->files[document], node->line, node->column};
}

struct error *reading_error(struct reading *r, size_t document, const struct yaml *node)
{
	return yaml_error(&r->documents->items[document].yaml, node, r->errors);
}

struct error *reading_error_at(struct reading *r, const struct place *place, size_t columns)
{
	const struct yaml at = {
		.line = place->line,
		.column = place->column,
		.columns = columns,
		.is_in_braces = true, /* it may be, and nothing beside it is shown */
	};
	size_t document = 0;

	while (r->files[document] != place->file)
		document++;
	return reading_error(r, document, &at);
}

const char *reading_where(struct reading *r, const struct place *place)
{
	struct str file CLEANUP(str_release) = {0};

	text_add_visible(&file, place->file, strlen(place->file), 0);
	return arena_format(&r->arena, "%s:%zu", str_text(&file), place->line);
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

void reading_note(struct reading *r, const char *written, const char *text)
{
	if (!written)
		return;
	struct str shown CLEANUP(str_release) = {0};
	text_add_visible(&shown, written, strlen(written), 60);
	table_put(&r->written, text, arena_text(&r->arena, str_text(&shown)));
}

const char *reading_shown(const struct reading *r, const char *text)
{
	const char *written = table_get(r->written, text);

	return written ? written : text;
}

void reading_unknown_alias(const struct reading *r, const char *alias, struct error *err)
{
	const char *shown = reading_shown(r, alias);
	bool is_brought = shown != alias; /* by a variable: nothing may be told of it */
	struct str aliases CLEANUP(str_release) = {0};

	for (size_t i = 0; !is_brought && i < r->model->account_count; i++) {
		const char *known = r->model->accounts[i].alias;
		if (text_is_near(alias, known)) {
			error_set(
				err, "no account is called `%s`; did you mean `%s`?", shown, known);
			return;
		}
	}
	error_set(err, "no account is called `%s`", shown);
	if (is_brought)
		return;
	model_add_aliases(&aliases, r->model);
	error_hint(err, "There %s %s.", r->model->account_count == 1 ? "is" : "are",
		str_text(&aliases));
}
