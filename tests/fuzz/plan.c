/*
 * A saved plan: its JSON, which gets its versions, and its first line with a checksum, here. What
 * is read is planned again; the plan is sound, and saved once more it is the same.
 */
#include "base/version.h"
#include "plan/check.h"
#include "plan/planner.h"
#include "shared/fuzz.h"
#include "state/planfile.h"

#include <string.h>

static bool wrap_and_read(
	const uint8_t *data, size_t size, struct planfile *planfile, struct error *err)
{
	struct keys keys = {0};
	struct str json CLEANUP(str_release) = {0}, bytes CLEANUP(str_release) = {0};
	char checksum[CRYPT_CHECKSUM_SIZE];

	if (size > 1 && data[0] == '{')
		str_format(&json, "{\"version\":%d,\"cfprov_version\":\"%s\",", PLANFILE_VERSION,
			cfprov_version());
	str_add(&json, (const char *)data + (json.length > 0), size - (json.length > 0));
	crypt_checksum(str_text(&json), json.length, checksum);
	str_format(&bytes, "cfprov-plan %s\n%s\n", checksum, str_text(&json));
	return planfile_decode("p", &bytes, &keys, planfile, err);
}

static void check_saved(const struct planfile *planfile, const struct plan *plan)
{
	struct keys keys = {0};
	struct planfile again CLEANUP(planfile_release) = {0};
	struct str first CLEANUP(str_release) = {0}, second CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	planfile_encode(planfile, plan, &keys.now, &first);
	if (!planfile_decode("p", &first, &keys, &again, &err))
		fuzz_fail(err.message, __FILE__, __LINE__);
	planfile_encode(&again, plan, &keys.now, &second);
	HOLDS(strcmp(str_text(&first), str_text(&second)) == 0);
}

static void check_planned(const struct planfile *planfile)
{
	struct renames renames CLEANUP(renames_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	renames_init(&renames, &planfile->desired);
	const struct planner_input input = {
		.desired = &planfile->desired,
		.recorded = &planfile->recorded,
		.live = &planfile->live,
		.renames = &renames,
		.options = planfile->options,
		.moves = planfile->moves,
		.move_count = planfile->move_count,
		.bindings = planfile->bindings,
		.binding_count = planfile->binding_count,
	};
	bool is_good = planner_plan(&input, &plan, &errors);
	fuzz_check_errors(&errors, is_good);
	if (!is_good)
		return;
	if (!check_plan(&plan, &err))
		fuzz_fail(err.message, __FILE__, __LINE__);
	check_saved(planfile, &plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct planfile planfile CLEANUP(planfile_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (wrap_and_read(data, size, &planfile, &err))
		check_planned(&planfile);
	else
		fuzz_check_error(&err);
	return 0;
}
