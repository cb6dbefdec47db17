/* Does a saved plan use only accounts and sources that the manifest names? */
#include "plan/manifest_check.h"

#include "unit.h"

static const char *const one[] = {"get", "A", NULL}, *const other[] = {"get", "B", NULL},
			 *const longer[] = {"get", "A", "--raw", NULL};

static const struct value_source env = {.kind = VALUE_ENV, .name = "V"},
				 file = {.kind = VALUE_FILE, .name = "V"},
				 other_env = {.kind = VALUE_ENV, .name = "W"},
				 dotenv = {.kind = VALUE_DOTENV, .name = ".env", .key = "A"},
				 other_key = {.kind = VALUE_DOTENV, .name = ".env", .key = "B"},
				 command = {.kind = VALUE_COMMAND, .argv = one},
				 other_argument = {.kind = VALUE_COMMAND, .argv = other},
				 more_arguments = {.kind = VALUE_COMMAND, .argv = longer},
				 with_env = {.kind = VALUE_COMMAND, .argv = one, .env = one},
				 other_with_env = {.kind = VALUE_COMMAND,
					 .argv = one,
					 .env = longer},
				 in_folder = {.kind = VALUE_COMMAND, .argv = one, .folder = "sub"},
				 generate = {.kind = VALUE_GENERATE, .name = "hex", .bytes = 16},
				 more_bytes = {.kind = VALUE_GENERATE, .name = "hex", .bytes = 32},
				 part = {.kind = VALUE_FILE, .name = "V", .pointer = "/a"},
				 other_part = {.kind = VALUE_FILE, .name = "V", .pointer = "/b"},
				 newline = {.kind = VALUE_FILE,
					 .name = "V",
					 .keeps_last_newline = true};

/* True if all that the sources are is the same. */
static bool fits(const struct value_source *planned, const struct value_source *declared,
	bool is_token, enum action action)
{
	struct model desired CLEANUP(model_release) = {0}, manifest CLEANUP(model_release) = {0};
	struct plan plan CLEANUP(plan_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	model_add_account(&desired, "prod", "acc1")->token = is_token ? *planned : env;
	model_add_account(&manifest, "prod", "acc1")->token = is_token ? *declared : env;
	model_add_object(&desired, "prod", "s", "A")->value = is_token ? &env : planned;
	model_add_object(&manifest, "prod", "s", "A")->value = is_token ? &env : declared;
	struct row *row = plan_add(&plan);
	row->desired = &desired.objects[0];
	row->action = action;
	row->writes = action == ACTION_UPDATE || action == ACTION_ADOPT ? FIELD_VALUE : 0;
	bool is_good = manifest_check(&desired, &plan, &manifest, &errors);
	assert_int_equal(is_good, errors.count == 0);
	if (!is_good)
		expect_text(errors.items[0].message,
			is_token ? "takes its token from" : "takes its value from");
	return is_good;
}

/* Whatever a source says counts: a plan from elsewhere must not choose what is read and sent. */
static void sources(void **state)
{
	static const struct value_source *const pairs[][2] = {
		{&env, &file},
		{&env, &other_env},
		{&dotenv, &other_key},
		{&command, &other_argument},
		{&command, &more_arguments},
		{&command, &with_env},
		{&with_env, &other_with_env},
		{&command, &in_folder},
		{&generate, &more_bytes},
		{&file, &part},
		{&part, &other_part},
		{&file, &newline},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		for (size_t k = 0; k < 4; k++) {
			const struct value_source *a = pairs[i][k % 2], *b = pairs[i][k / 2];
			if (fits(a, b, false, ACTION_CREATE) != (a == b) ||
				fits(a, b, true, ACTION_CREATE) != (a == b))
				fail_msg("pair %zu, %zu", i, k);
		}
}

/* Only what is sent counts, whatever the action. */
static void actions(void **state)
{
	(void)state;
	assert_false(fits(&env, &other_env, false, ACTION_CREATE));
	assert_false(fits(&env, &other_env, false, ACTION_REPLACE));
	assert_false(fits(&env, &other_env, false, ACTION_UPDATE));
	assert_false(fits(&env, &other_env, false, ACTION_ADOPT));
	assert_true(fits(&env, &other_env, false, ACTION_NONE));
}

static void accounts(void **state)
{
	struct model desired CLEANUP(model_release) = {0}, manifest CLEANUP(model_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct plan plan = {0};

	(void)state;
	model_add_account(&desired, "prod", "acc1");
	model_add_account(&desired, "dev", "acc2");
	model_add_account(&manifest, "prod", "acc3");
	model_sort(&desired);
	assert_false(manifest_check(&desired, &plan, &manifest, &errors));
	assert_int_equal(errors.count, 2);
	expect_text(errors.items[0].message, "`dev` of the plan (acc2) is not in the manifest");
	expect_text(errors.items[1].message, "`prod` is now acc3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources),
		cmocka_unit_test(actions),
		cmocka_unit_test(accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
