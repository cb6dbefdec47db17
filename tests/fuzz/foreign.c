/*
 * States of Terraform, OpenTofu and Pulumi. What they say exists is written as a manifest, which
 * can be read again, and as Terraform's configuration.
 */
#include "manifest/foreign.h"

#include "manifest/export.h"
#include "manifest/hcl.h"
#include "manifest/manifest.h"
#include "shared/fuzz.h"
#include "state/objects.h"

#include <string.h>

/*
 * The objects as a model, with ids as Cloudflare has them; secrets of stores that the file does not
 * have are left out.
 */
static void fill(struct model *accounts, struct model *live, const struct foreign *foreign)
{
	const char *id = NULL;

	for (size_t i = 0; i < foreign->count; i++) {
		const struct foreign_object *it = &foreign->objects[i], *in = it;
		if (id && strcmp(it->account_id, id) != 0)
			continue;
		for (size_t j = 0; it->kind == OBJECT_SECRET && j < foreign->count; j++)
			if (foreign->objects[j].kind == OBJECT_STORE &&
				strcmp(foreign->objects[j].id, it->store_id) == 0)
				in = &foreign->objects[j];
		if (!objects_is_id(it->id) || !it->name || !in->name || in->kind != OBJECT_STORE ||
			strcmp(in->account_id, it->account_id) != 0)
			continue;
		struct object *object = model_add_object(
			live, "default", in->name, it->kind == OBJECT_SECRET ? it->name : NULL);
		object->id = it->id;
		object->scopes = it->scopes;
		object->comment = it->comment;
		id = it->account_id;
	}
	if (id)
		model_add_account(accounts, "default", id);
	model_sort(live);
}

static void check_export(const struct foreign *foreign)
{
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct model desired CLEANUP(model_release) = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str yaml CLEANUP(str_release) = {0}, hcl CLEANUP(str_release) = {0};

	fill(&accounts, &live, foreign);
	if (!live.object_count)
		return;
	hcl_write(&accounts, &live, &hcl);
	fuzz_check_visible(str_text(&hcl), true);
	if (!export_manifest(&(struct export_input){&accounts, &live, NULL, false}, &yaml, &notes))
		return;
	fuzz_check_visible(str_text(&yaml), true);
	fuzz_check_errors(&notes, true);
	if (!manifest_decode("written", &yaml, NULL, &desired, &errors))
		fuzz_fail(errors.items[0].message, __FILE__, __LINE__);
	HOLDS(desired.object_count + notes.count == live.object_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct foreign foreign CLEANUP(foreign_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct secret bytes CLEANUP(secret_release) = {0};
	char *text AUTO_FREE = fuzz_text(data, size);

	secret_copy(&bytes, text, size);
	bool is_good = foreign_parse(&foreign, "terraform.tfstate", &bytes, &errors);
	fuzz_check_errors(&errors, is_good);
	fuzz_check_errors(&foreign.warnings, true);
	for (size_t i = 0; i < foreign.count; i++)
		fuzz_check_visible(foreign.objects[i].address, false);
	if (is_good)
		check_export(&foreign);
	return 0;
}
