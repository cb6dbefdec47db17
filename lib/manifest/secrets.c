#include "manifest/secrets.h"

#include "base/text.h"
#include "manifest/references.h"

#include <stdlib.h>
#include <string.h>

/* The scopes of a secret that names none, as Cloudflare's own tools have it. */
static const char *const default_scopes[] = {"workers"};

static const char *read_scopes(struct reading *r, const struct yaml *list)
{
	struct arena *arena = &r->model->arena;
	size_t count = 0;

	if (!list)
		return model_scopes(arena, default_scopes, ARRAY_SIZE(default_scopes));
	for (const struct yaml *it = list->first; it; it = it->next)
		count++;
	const char **items AUTO_FREE = mem_alloc(count * sizeof(*items));
	count = 0;
	for (const struct yaml *it = list->first; it; it = it->next)
		items[count++] = it->text;
	return model_scopes(arena, items, count);
}

static const char *read_comment(struct reading *r, const struct yaml *comment)
{
	return comment && *comment->text ? arena_text(&r->model->arena, comment->text) : NULL;
}

static int64_t read_version(const struct yaml *version)
{
	size_t number;

	return version && text_to_number(version->text, SIZE_MAX, &number) ? (int64_t)number : 1;
}

static enum on_drift read_on_drift(const struct yaml *node)
{
	if (reading_says(node, "on_drift", "warn"))
		return ON_DRIFT_WARN;
	return reading_says(node, "on_drift", "ignore") ? ON_DRIFT_IGNORE : ON_DRIFT_REWRITE;
}

static struct object read_secret(struct reading *r, const struct spot *at)
{
	const struct yaml *node = at->node, *name = yaml_get(node, "name");
	struct value_source *value = arena_alloc(&r->model->arena, sizeof(*value));
	struct object secret = {
		.kind = OBJECT_SECRET,
		.secret = arena_text(&r->model->arena, name->text),
		.scopes = read_scopes(r, yaml_get(node, "scopes")),
		.comment = read_comment(r, yaml_get(node, "comment")),
		.version = read_version(yaml_get(node, "version")),
		.value = value,
		.is_written_once = reading_says(node, "update", "if_absent"),
		.keeps_no_fingerprint = reading_says(node, "fingerprint", "none"),
		.on_drift = read_on_drift(node),
		.may_adopt = reading_says(node, "adopt", "true"),
		.prevent_destroy = reading_says(node, "prevent_destroy", "true"),
		.forget_on_remove = reading_says(node, "on_remove", "forget"),
		.place = reading_place(r, at->document, name),
	};

	*value = reference_read(r, at->document, yaml_get(node, "value"));
	reading_note(r, name->written, secret.secret);
	return secret;
}

static void refuse_double(
	struct reading *r, const struct object *first, const struct object *second)
{
	const char *shown = reading_shown(r, second->secret);

	error_set(reading_error_at(r, &second->place, text_columns(shown)),
		"secret `%s` stands twice in this store, first in %s", shown,
		reading_where(r, &first->place));
}

struct secrets secrets_read(struct reading *r, const struct spot *store)
{
	const struct yaml *list = yaml_get(store->node, "secrets");
	struct secrets secrets = {0};
	struct table *seen = NULL;
	size_t count = 0;

	for (const struct yaml *it = list ? list->first : NULL; it; it = it->next)
		count++;
	secrets.items = arena_alloc(&r->model->arena, count * sizeof(*secrets.items));
	for (const struct yaml *it = list ? list->first : NULL; it; it = it->next) {
		struct object *secret = &secrets.items[secrets.count++];
		*secret = read_secret(r, &(struct spot){store->document, it});
		const struct object *first = table_get(seen, secret->secret);
		if (first)
			refuse_double(r, first, secret);
		else
			table_put(&seen, secret->secret, secret);
	}
	table_free(&seen);
	return secrets;
}

void secrets_add(
	struct reading *r, const char *alias, const char *store, const struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		struct object *object =
			model_add_object(r->model, alias, store, secrets->items[i].secret);
		const char *account = object->account, *in = object->store;
		*object = secrets->items[i];
		object->account = account;
		object->store = in;
	}
}
