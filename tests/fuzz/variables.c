/* Variables in a text, which is expanded within bounds; its names are no part of what errors hide.
 */
#include "manifest/variables.h"

#include "shared/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const pairs[] = {"V=hush-hush", "EMPTY=", "_9=${V}"};
	struct variables variables CLEANUP(variables_release);
	struct error_list problems CLEANUP(error_list_release) = {0};
	struct error_list unused CLEANUP(error_list_release) = {0};
	struct str out CLEANUP(str_release) = {0};
	char *text AUTO_FREE = fuzz_text(data, size);

	variables_init(&variables, pairs, ARRAY_SIZE(pairs));
	variables.keeps_account_id = size % 2;
	bool is_good = variables_expand(&variables, text, &out, &problems);
	fuzz_check_errors(&problems, is_good);
	HOLDS(is_good == !problems.count);
	for (size_t i = 0; i < problems.count; i++)
		HOLDS(!strstr(problems.items[i].message, "hush") || strstr(text, "hush"));
	HOLDS(out.length <= VARIABLES_SIZE_LIMIT + size);
	/* What has no dollar sign stays as it is. */
	HOLDS(strchr(text, '$') || strcmp(str_text(&out), text) == 0);
	fuzz_check_errors(&variables.warnings, true);
	variables_ask_all(&variables, text);
	bool is_used = variables_check_used(&variables, &unused);
	fuzz_check_errors(&unused, is_used);
	return 0;
}
