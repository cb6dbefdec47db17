/*
 * The manifest. A NUL ends a document, after which another may follow. What is accepted can be
 * planned from an empty account, and its saved plan can be read.
 */
#include "manifest/manifest.h"

#include "plan/check.h"
#include "plan/planner.h"
#include "shared/fuzz.h"

#include <stdlib.h>
#include <string.h>

static bool add_documents(
	struct manifest *manifest, const uint8_t *data, size_t size, struct error_list *errors)
{
	bool is_good = true;

	for (int i = 0; is_good && i < 4; i++) {
		const uint8_t *end = size ? memchr(data, 0, size) : NULL;
		size_t length = end && i < 3 ? (size_t)(end - data) : size;
		char *text AUTO_FREE = fuzz_text(data, length);
		is_good = documents_add(&manifest->documents, "in/x.yaml",
			&(struct str){text, length, length + 1}, errors);
		if (length == size)
			break;
		data += length + 1;
		size -= length + 1;
	}
	return is_good;
}

/* Everything that is desired would be made. Several addresses may still be one. */
static void check_model(const struct model *desired)
{
	struct model recorded CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct renames renames CLEANUP(renames_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	HOLDS(desired->account_count > 0);
	for (size_t i = 0; i < desired->account_count; i++)
		model_add_account_copy(&live, &desired->accounts[i]);
	renames_init(&renames, desired);
	bool is_good = planner_plan(&(struct planner_input){.desired = desired,
					    .recorded = &recorded,
					    .live = &live,
					    .renames = &renames},
		&plan, &errors);
	fuzz_check_errors(&errors, is_good);
	HOLDS(!is_good || check_plan(&plan, &err));
}

/* Parts of the manifest, each read alone. */
static void read_parts(struct manifest *manifest)
{
	struct model place CLEANUP(model_release) = {0}, key CLEANUP(model_release) = {0};
	struct model accounts CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error_list key_errors CLEANUP(error_list_release) = {0};
	struct error_list account_errors CLEANUP(error_list_release) = {0};
	struct str name CLEANUP(str_release) = {0};
	struct location location = {0};

	bool is_good = manifest_location(manifest, &place, &location, &errors);
	fuzz_check_errors(&errors, is_good);
	if (is_good && location.place.file && (location.kind != LOCATION_HTTP || location.address))
		location_add_name(&location, &name);
	fuzz_check_errors(&key_errors, manifest_key(manifest, &key, &key_errors));
	fuzz_check_errors(&account_errors, manifest_accounts(manifest, &accounts, &account_errors));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest manifest CLEANUP(manifest_release) = {.has_policy = true};
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	HOLDS(setenv("CFPROV_VAR_V", "of-a-variable", 1) == 0);
	variables_init(&manifest.variables, NULL, 0);
	bool is_open = add_documents(&manifest, data, size, &errors);
	bool is_good = is_open && manifest_read(&manifest, NULL, &desired, &errors);
	fuzz_check_errors(&errors, is_good);
	fuzz_check_errors(&manifest.warnings, true);
	HOLDS(is_good || desired.object_count + desired.account_count == 0);
	if (is_good)
		check_model(&desired);
	if (is_open)
		read_parts(&manifest);
	return 0;
}
