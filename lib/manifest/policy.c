#include "manifest/policy.h"

#include "adapter/fs.h"
#include "adapter/yaml.h"
#include "base/text.h"
#include "manifest/shape.h"
#include "model/location.h"

#include <string.h>

struct opening {
	struct policy *policy;
	const char *path;
	struct yaml_document *doc;
	struct error_list *errors;
};

static size_t count_items(const struct yaml *list)
{
	size_t count = 0;

	for (const struct yaml *it = list ? list->first : NULL; it; it = it->next)
		count++;
	return count;
}

static struct place place_of(const struct opening *o, const struct yaml *node)
{
	return (struct place){o->path, node->line, node->column};
}

static bool is_true(const struct yaml *node)
{
	return node && strcmp(node->text, "true") == 0;
}

/* ---- paths ---- */

/*
 * A path as the system sees it: absolute, and relative paths from the folder in which the policy
 * was found. It must not lead through a link: what follows the folder may be in a checkout, whose
 * author could make the link lead anywhere.
 */
static const char *full_path(struct opening *o, const struct yaml *node, bool is_pattern)
{
	char *here AUTO_FREE = fs_neighbour(o->path, ".");
	char *folder AUTO_FREE = fs_full_path(here);
	char *full AUTO_FREE = fs_plain_path(folder, node->text);
	size_t length = strlen(full);

	if (is_pattern && *node->text != '/' && strchr(folder, '*'))
		error_set(yaml_error(o->doc, node, o->errors),
			"the directory of the policy has * in its name, which no pattern can "
			"express");
	size_t known = is_pattern ? strcspn(full, "*") : length;
	while (known > 1 && known < length && full[known - 1] != '/')
		known--;
	char *plain AUTO_FREE = mem_copy_text(full);
	plain[known < length && known > 1 ? known - 1 : known] = '\0';
	char *real AUTO_FREE = fs_full_path(plain);
	if (strcmp(real, plain) != 0) {
		char *shown AUTO_FREE = text_visible(real, 0);
		struct error *err = yaml_error(o->doc, node, o->errors);
		error_set(err, "the path resolves to %s through a symbolic link", shown);
		error_hint(err, "Write the path that it resolves to, so that nobody can redirect "
				"it.");
	}
	return arena_text(&o->policy->arena, full);
}

/* ---- lists ---- */

enum form { TEXTS, ROOTS, PATHS, COMMANDS };

static const char *const *read_item(struct opening *o, const struct yaml *node, enum form form)
{
	struct arena *arena = &o->policy->arena;
	bool is_list = form == COMMANDS;
	size_t count = is_list ? count_items(node) : 1, at = 0;
	const char **item = arena_alloc(arena, (count + 1) * sizeof(*item));

	for (const struct yaml *it = is_list ? node->first : node; it && at < count;
		it = it->next) {
		bool is_path = form == ROOTS || form == PATHS ||
			       (is_list && at == 0 && strchr(it->text, '/'));
		item[at++] =
			is_path ? full_path(o, it, form != ROOTS) : arena_text(arena, it->text);
	}
	if (is_list && !*node->first->text)
		error_set(yaml_error(o->doc, node->first, o->errors),
			"the command has an empty program");
	return item;
}

static const char *write_item(struct opening *o, const struct yaml *node)
{
	struct str text CLEANUP(str_release) = {0};

	if (node->kind == YAML_SCALAR)
		str_text_add(&text, node->text);
	for (const struct yaml *it = node->first; it; it = it->next)
		str_format(&text, "%s%s", text.length ? " " : "", it->text);
	return arena_text(&o->policy->arena, str_text(&text));
}

/* `map` (may be NULL) is in `around`, the nearest that the policy has. */
static struct policy_rule read_rule(struct opening *o, const struct yaml *map,
	const struct yaml *around, const char *prefix, const char *key)
{
	struct arena *arena = &o->policy->arena;
	const struct yaml *node = map ? yaml_get(map, key) : NULL;
	struct policy_rule rule = {.name = arena_format(arena, "%s.%s", prefix, key),
		.place = place_of(o, node ? node->key : around),
		.is_given = node != NULL};
	enum form form = strcmp(key, "files") == 0      ? ROOTS
			 : strcmp(key, "paths") == 0    ? PATHS
			 : strcmp(key, "commands") == 0 ? COMMANDS
							: TEXTS;

	if (!node || node->kind == YAML_SCALAR) {
		rule.allows_all = is_true(node);
		return rule;
	}
	size_t count = count_items(node);
	const char *const **items = arena_alloc(arena, count * sizeof(*items));
	const char **written = arena_alloc(arena, count * sizeof(*written));
	for (const struct yaml *it = node->first; it; it = it->next) {
		written[rule.count] = write_item(o, it);
		items[rule.count++] = read_item(o, it, form);
	}
	rule.items = items;
	rule.written = written;
	return rule;
}

static void read_sources(struct opening *o, const struct yaml *map, const struct yaml *around,
	const char *prefix, struct policy_sources *sources)
{
	static const char *const keys[] = {[POLICY_ENV] = "env",
		[POLICY_FILES] = "files",
		[POLICY_COMMANDS] = "commands",
		[POLICY_GENERATE] = "generate",
		[POLICY_STDIN] = "stdin"};

	for (size_t i = 0; i < POLICY_SOURCES; i++)
		sources->rules[i] = read_rule(o, map, map ? map->key : around, prefix, keys[i]);
}

/* ---- the parts ---- */

/* What counts for credentials whose sources the policy does not mention: these variables. */
static void allow_variables(
	struct opening *o, struct policy_sources *sources, const char *const *names)
{
	struct arena *arena = &o->policy->arena;
	struct policy_rule *rule = &sources->rules[POLICY_ENV];
	size_t count = 0;

	while (names[count])
		count++;
	const char *const **items = arena_alloc(arena, count * sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		const char **item = arena_alloc(arena, 2 * sizeof(*item));
		item[0] = names[i];
		items[i] = item;
	}
	rule->items = items;
	rule->written = names;
	rule->count = count;
}

/* Without a remote state there are no credentials of one. */
static void read_backend(struct opening *o, const struct yaml *state, const struct yaml *root)
{
	const struct yaml *credentials = state ? yaml_get(state, "credentials") : NULL;

	read_sources(o, credentials, state ? state->key : root, "state.credentials",
		&o->policy->backend);
	if (!credentials && o->policy->state_urls.is_given)
		allow_variables(o, &o->policy->backend, location_variables);
}

static const char *const token_variables[] = {
	"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", NULL};

static void read_accounts(struct opening *o, const struct yaml *root)
{
	struct policy *policy = o->policy;
	const struct yaml *map = yaml_get(root, "accounts");
	size_t count = count_items(map);

	policy->account_rule = (struct policy_rule){.name = "accounts",
		.place = place_of(o, map ? map->key : root),
		.is_given = map != NULL};
	const char **written = arena_alloc(&policy->arena, count * sizeof(*written));
	policy->accounts = arena_alloc(&policy->arena, count * sizeof(*policy->accounts));
	for (const struct yaml *it = map ? map->first : NULL; it; it = it->next) {
		struct policy_account *account = &policy->accounts[policy->account_count];
		const struct yaml *token = yaml_get(it, "api_token");
		const char *id = arena_text(&policy->arena, it->key->text);
		const char *prefix = arena_format(&policy->arena, "accounts.%s.api_token", id);
		*account = (struct policy_account){.id = id, .place = place_of(o, it->key)};
		read_sources(o, token, it->key, prefix, &account->token);
		if (!token)
			allow_variables(o, &account->token, token_variables);
		written[policy->account_count++] = id;
	}
	policy->account_rule.written = written;
	policy->account_rule.count = policy->account_count;
}

static size_t read_limit(struct opening *o, const struct yaml *map, const char *key,
	size_t otherwise, struct place *ret_place)
{
	const struct yaml *node = map ? yaml_get(map, key) : NULL;
	size_t number = otherwise;

	if (!node)
		return otherwise;
	*ret_place = place_of(o, node->key);
	(void)!text_to_number(node->text, SIZE_MAX / 2, &number); /* the schema has checked it */
	return number;
}

static void read_destroy(struct opening *o, const struct yaml *root)
{
	struct policy_destroy *destroy = &o->policy->destroy;
	const struct yaml *map = yaml_get(root, "destroy");
	const struct yaml *stores = map ? yaml_get(map, "stores") : NULL;

	destroy->place = place_of(o, map ? map->key : root);
	destroy->deletes_place = destroy->percent_place = destroy->place;
	destroy->stores_place = stores ? place_of(o, stores->key) : destroy->place;
	destroy->max_deletes = read_limit(o, map, "max_deletes", 0, &destroy->deletes_place);
	destroy->max_delete_percent =
		read_limit(o, map, "max_delete_percent", 100, &destroy->percent_place);
	destroy->allows_stores = is_true(stores);
}

static bool decode(struct opening *o)
{
	const struct yaml *root = o->doc->root;
	const struct yaml *values = yaml_get(root, "values"), *state = yaml_get(root, "state");
	size_t before = o->errors->count;

	read_sources(o, values, root, "values", &o->policy->values);
	read_accounts(o, root);
	read_sources(o, state ? yaml_get(state, "key") : NULL, state ? state->key : root,
		"state.key", &o->policy->key);
	o->policy->state_paths = read_rule(o, state, state ? state->key : root, "state", "paths");
	o->policy->state_urls = read_rule(o, state, state ? state->key : root, "state", "urls");
	read_backend(o, state, root);
	read_destroy(o, root);
	return o->errors->count == before;
}

/* ---- the file ---- */

static bool refuse_empty(const char *path, struct error_list *errors)
{
	struct error *err = error_list_add(errors);

	error_set(err, "the policy is empty");
	error_hint(err, "A policy that allows nothing at all is `version: 1`.");
	return error_at(err, path, 0, 0);
}

bool policy_load(const char *path, struct policy *ret_policy, struct error_list *warnings,
	struct error_list *errors)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct policy policy = {0};
	struct opening o = {&policy, path, &doc, errors};
	struct error err = {0};

	if (!fs_read(path, POLICY_SIZE_LIMIT, &bytes, &err)) {
		error_prefix(&err, "the policy can't be read");
		error_move(error_list_add(errors), &err);
		return false;
	}
	if (!yaml_parse(&doc, path, str_text(&bytes), bytes.length, errors))
		return false;
	if (!doc.root || yaml_is_null(doc.root))
		return refuse_empty(path, errors);
	if (!shape_check_plain(&schema_policy, &doc, errors, warnings))
		return false;
	if (!decode(&o)) {
		policy_release(&policy);
		return false;
	}
	*ret_policy = policy;
	return true;
}
