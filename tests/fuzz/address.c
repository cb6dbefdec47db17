/* Addresses as people type them, and patterns of them. */
#include "model/address.h"

#include "plan/import.h"
#include "shared/fuzz.h"

#include <string.h>

static void fill(struct model *model, bool has_two)
{
	model_add_account(model, "default", "985e105f4ecef8ad9ca31a8372d0c353");
	if (has_two)
		model_add_account(model, "keys", "085e105f4ecef8ad9ca31a8372d0c353");
	for (int i = 0; i <= (int)has_two; i++) {
		const char *alias = model->accounts[i].alias;
		model_add_object(model, alias, "keys", NULL);
		model_add_object(model, alias, "keys", "TOKEN");
		model_add_object(model, alias, "keys", "TOKEN 2/[");
		model_add_object(model, alias, "service_x_keys", NULL);
	}
	model_sort(model);
}

static void check_import(const struct model *model, const char *typed, struct arena *arena)
{
	struct import_input input = {.account = model->accounts,
		.desired = model->objects,
		.recorded = model,
		.live = model};
	struct error err CLEANUP(error_release) = {0};

	if (!import_read_id(&input, typed, arena, &err))
		fuzz_check_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model model CLEANUP(model_release) = {0};
	struct arena arena CLEANUP(arena_release) = {0};
	struct str guess CLEANUP(str_release) = {0};
	const struct address_scope scope = {{&model, NULL}};
	char *typed AUTO_FREE = fuzz_text(data, size);

	fill(&model, size % 2);
	const char *whole = address_complete(&scope, typed, &arena);
	HOLDS(strlen(whole) >= strlen(typed));
	HOLDS(strcmp(whole + strlen(whole) - strlen(typed), typed) == 0);
	/* What is complete stays as it is. */
	HOLDS(whole == typed || strcmp(address_complete(&scope, whole, &arena), whole) == 0);
	address_add_guess(&scope, typed, &guess);
	fuzz_check_visible(str_text(&guess), false);
	for (size_t i = 0; i < model.object_count; i++)
		(void)object_matches(&model.objects[i], typed);
	check_import(&model, typed, &arena);
	return 0;
}
