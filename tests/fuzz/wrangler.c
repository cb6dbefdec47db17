/*
 * The configuration of a Worker: JSON if the first byte is a brace, a slash or a bracket, else
 * TOML. What is merged into it can be read again, has the bindings, and nothing else of the file is
 * lost; merging twice changes nothing.
 */
#include "manifest/wrangler.h"

#include "shared/fuzz.h"

#include <string.h>

static const struct wrangler_binding items[] = {
	{.name = "TOKEN", .store_id = "985e105f4ecef8ad9ca31a8372d0c353", .secret = "TOKEN"},
	{.name = "odd-\"'", .store_id = "085e105f4ecef8ad9ca31a8372d0c353", .secret = "A_B"},
};

static bool has(const struct wrangler *file, const struct wrangler_binding *binding,
	const char *environment)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct wrangler_binding *it = &file->bindings[i];
		if (strcmp(it->name, binding->name) == 0 &&
			strcmp(it->store_id, binding->store_id) == 0 &&
			strcmp(it->secret, binding->secret) == 0 &&
			!it->environment == !environment &&
			(!environment || strcmp(it->environment, environment) == 0))
			return true;
	}
	return false;
}

static void check_merged(const char *path, const struct str *bytes, const char *environment)
{
	const struct wrangler_wanted wanted = {environment, items, ARRAY_SIZE(items)};
	struct wrangler file CLEANUP(wrangler_release) = {0}, again CLEANUP(wrangler_release) = {0};
	struct str merged CLEANUP(str_release) = {0}, twice CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct wrangler_merged counts;

	HOLDS(wrangler_parse(&file, path, bytes, &err));
	if (!wrangler_merge(&file, &wanted, &merged, &counts, &err)) {
		fuzz_check_error(&err);
		return;
	}
	HOLDS(counts.added + counts.updated <= ARRAY_SIZE(items));
	if (!wrangler_parse(&again, path, &merged, &err))
		fuzz_fail(err.message, __FILE__, __LINE__);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		HOLDS(has(&again, &items[i], environment));
	HOLDS(again.count == file.count + counts.added);
	HOLDS(wrangler_merge(&again, &wanted, &twice, &counts, &err));
	HOLDS(strcmp(str_text(&merged), str_text(&twice)) == 0);
	HOLDS(counts.added == 0 && counts.updated == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_json = size && strchr("{[/", data[0]) && data[0];
	const char *path = is_json ? "wrangler.jsonc" : "wrangler.toml";
	char *text AUTO_FREE = fuzz_text(data, size);
	const struct str bytes = {text, size, size + 1};
	struct wrangler file CLEANUP(wrangler_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!wrangler_parse(&file, path, &bytes, &err)) {
		fuzz_check_error(&err);
		return 0;
	}
	for (size_t i = 0; i < file.scope_count; i++)
		check_merged(path, &bytes, file.scopes[i].environment);
	return 0;
}
