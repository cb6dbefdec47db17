/* .env files and JSON as entries of a manifest, which accepts what is written of them. */
#include "manifest/envfile.h"
#include "manifest/manifest.h"
#include "shared/fuzz.h"

#include <string.h>

static void check_written(const struct envfile *envfile)
{
	static const struct envfile_target target = {.path = ".env",
		.store = "keys",
		.is_whole = true,
		.account_id = "985e105f4ecef8ad9ca31a8372d0c353"};
	struct model desired CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	envfile_write(envfile, &target, &text);
	fuzz_check_visible(str_text(&text), true);
	HOLDS(manifest_decode("written", &text, NULL, &desired, &errors));
	HOLDS(desired.object_count == 1 + envfile->count - envfile->left_out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct envfile envfile CLEANUP(envfile_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct secret bytes CLEANUP(secret_release) = {0};
	char *text AUTO_FREE = fuzz_text(data, size);

	secret_copy(&bytes, text, size);
	bool is_good = envfile_parse(&envfile, ".env", &bytes, &errors);
	fuzz_check_errors(&errors, is_good);
	fuzz_check_errors(&envfile.warnings, true);
	if (is_good && envfile.count > envfile.left_out)
		check_written(&envfile);
	return 0;
}
