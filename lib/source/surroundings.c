#define _GNU_SOURCE /* environ */
#include "source/surroundings.h"

#include "adapter/table.h"

#include <string.h>
#include <unistd.h>

/* ---- names ---- */

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

static bool is_credential(const char *name)
{
	static const char *const credentials[] = {"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY",
		"CLOUDFLARE_EMAIL", "CFPROV_FINGERPRINT_KEY", "CFPROV_KEY", "CFPROV_OLD_KEY",
		"CFPROV_HTTP_PASSWORD"};

	for (size_t i = 0; i < ARRAY_SIZE(credentials); i++)
		if (strcmp(name, credentials[i]) == 0)
			return true;
	return false;
}

static bool is_own(const char *name)
{
	return starts_with(name, "CLOUDFLARE_") || starts_with(name, "CFPROV_");
}

/* ---- what is held back ---- */

static void put(struct surroundings *surroundings, struct table **table, const char *name)
{
	if (!table_get(*table, name))
		table_put(table, arena_text(&surroundings->arena, name), surroundings);
}

void surroundings_hold(struct surroundings *surroundings, const char *name)
{
	put(surroundings, &surroundings->held, name);
}

void surroundings_note_read(struct surroundings *surroundings, const char *name)
{
	surroundings_hold(surroundings, name);
	put(surroundings, &surroundings->was_read, name);
}

static void hold_source(struct surroundings *surroundings, const struct value_source *source)
{
	if (source && source->kind == VALUE_ENV)
		surroundings_hold(surroundings, source->name);
}

void surroundings_hold_model(struct surroundings *surroundings, const struct model *model)
{
	hold_source(surroundings, &model->key);
	hold_source(surroundings, &model->old_key);
	for (size_t i = 0; i < model->account_count; i++)
		hold_source(surroundings, &model->accounts[i].token);
	for (size_t i = 0; i < model->object_count; i++)
		hold_source(surroundings, model->objects[i].value);
}

void surroundings_hold_location(struct surroundings *surroundings, const struct location *location)
{
	for (size_t i = 0; i < LOCATION_SECRETS; i++)
		hold_source(surroundings, &location->secrets[i]);
}

static void hold_rule(struct surroundings *surroundings, const struct policy_rule *rule)
{
	for (char **it = environ; it && *it; it++) {
		char *name AUTO_FREE = name_of(*it);
		for (size_t i = 0; i < rule->count; i++) {
			const char *pattern = rule->items[i][0];
			if (pattern[strspn(pattern, "*")] && policy_pattern_matches(pattern, name))
				surroundings_hold(surroundings, name);
		}
	}
}

void surroundings_hold_policy(struct surroundings *surroundings, const struct policy *policy)
{
	hold_rule(surroundings, &policy->key.rules[POLICY_ENV]);
	hold_rule(surroundings, &policy->backend.rules[POLICY_ENV]);
	for (size_t i = 0; i < policy->account_count; i++)
		hold_rule(surroundings, &policy->accounts[i].token.rules[POLICY_ENV]);
}

/* ---- what is hidden ---- */

void surroundings_hide(struct surroundings *surroundings)
{
	for (char **it = environ; it && *it; it++) {
		char *name AUTO_FREE = name_of(*it);
		size_t length = strlen(*it);
		if (!is_credential(name) && (is_own(name) || !table_get(surroundings->held, name)))
			continue;
		if (table_get(surroundings->hidden, name) == *it)
			continue;
		surroundings->copies = mem_room(surroundings->copies, surroundings->copy_count,
			&surroundings->copy_room, sizeof(*surroundings->copies));
		struct secret *copy = &surroundings->copies[surroundings->copy_count++];
		*copy = (struct secret){0};
		secret_copy(copy, *it, length);
		secret_wipe(*it, length);
		*it = copy->bytes;
		table_put(&surroundings->hidden, arena_text(&surroundings->arena, name), *it);
	}
}

/* A second variable of the same name goes, too. */
static void wipe_environment(struct surroundings *surroundings)
{
	char **kept = environ;

	for (char **it = environ; it && *it; it++) {
		char *name AUTO_FREE = name_of(*it);
		if (table_get(surroundings->was_read, name) ||
			table_get(surroundings->hidden, name))
			secret_wipe(*it + strlen(name), strlen(*it + strlen(name)));
		else
			*kept++ = *it;
	}
	if (kept)
		*kept = NULL;
}

void surroundings_release(struct surroundings *surroundings)
{
	wipe_environment(surroundings);
	for (size_t i = 0; i < surroundings->copy_count; i++)
		secret_release(&surroundings->copies[i]);
	mem_free(surroundings->copies);
	table_free(&surroundings->held);
	table_free(&surroundings->was_read);
	table_free(&surroundings->hidden);
	arena_release(&surroundings->arena);
}

/* ---- the environment of a command ---- */

static bool is_passed_on(
	const struct surroundings *surroundings, const char *variable, const char *const *let_in)
{
	char *name AUTO_FREE = name_of(variable);

	for (; let_in && *let_in; let_in++)
		if (strcmp(*let_in, name) == 0)
			return true;
	return !is_own(name) && !table_get(surroundings->held, name);
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
	for (char **it = environ; it && *it; it++) {
		char *name AUTO_FREE = name_of(*it);
		const char *value = *it + strlen(name) + (strchr(*it, '=') != NULL);
		if (table_get(surroundings->held, name) || is_credential(name))
			scrub_know_text(scrub, value, strlen(value));
	}
}
