#define _GNU_SOURCE /* environ */
#include "source/surroundings.h"

#include "adapter/table.h"

#include <string.h>
#include <unistd.h>

/* ---- what is held back ---- */

void surroundings_hold(struct surroundings *surroundings, const char *name)
{
	if (!table_get(surroundings->held, name))
		table_put(
			&surroundings->held, arena_text(&surroundings->arena, name), surroundings);
}

static void hold_source(struct surroundings *surroundings, const struct value_source *source)
{
	if (source && source->kind == VALUE_ENV)
		surroundings_hold(surroundings, source->name);
}

void surroundings_hold_model(struct surroundings *surroundings, const struct model *model)
{
	hold_source(surroundings, &model->key);
	for (size_t i = 0; i < model->account_count; i++)
		hold_source(surroundings, &model->accounts[i].token);
	for (size_t i = 0; i < model->object_count; i++)
		hold_source(surroundings, model->objects[i].value);
}

void surroundings_release(struct surroundings *surroundings)
{
	table_free(&surroundings->held);
	arena_release(&surroundings->arena);
}

/* ---- the environment ---- */

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* `variable` is NAME=VALUE. */
static char *name_of(const char *variable)
{
	char *name = mem_copy_text(variable);

	name[strcspn(name, "=")] = '\0';
	return name;
}

static bool is_passed_on(
	const struct surroundings *surroundings, const char *variable, const char *const *let_in)
{
	char *name AUTO_FREE = name_of(variable);

	for (; let_in && *let_in; let_in++)
		if (strcmp(*let_in, name) == 0)
			return true;
	return !starts_with(name, "CLOUDFLARE_") && !starts_with(name, "CFPROV_") &&
	       !table_get(surroundings->held, name);
}

char **surroundings_environment(const struct surroundings *surroundings, const char *const *let_in)
{
	size_t count = 0, passed = 0;

	while (environ && environ[count])
		count++;
	char **variables = mem_alloc((count + 1) * sizeof(*variables));
	for (size_t i = 0; i < count; i++)
		if (is_passed_on(surroundings, environ[i], let_in))
			variables[passed++] = environ[i];
	variables[passed] = NULL;
	return variables;
}

/* ---- what is known ---- */

void surroundings_know(const struct surroundings *surroundings, struct scrub *scrub)
{
	static const char *const credentials[] = {"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY",
		"CFPROV_FINGERPRINT_KEY", "CFPROV_KEY"};

	for (char **it = environ; it && *it; it++) {
		char *name AUTO_FREE = name_of(*it);
		const char *value = *it + strlen(name) + (strchr(*it, '=') != NULL);
		bool is_known = table_get(surroundings->held, name);
		for (size_t i = 0; i < ARRAY_SIZE(credentials); i++)
			is_known = is_known || strcmp(name, credentials[i]) == 0;
		if (is_known)
			scrub_know_text(scrub, value, strlen(value));
	}
}
