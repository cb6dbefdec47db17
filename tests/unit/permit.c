#include "source/permit.h"

#include "adapter/fs.h"

#include "unit.h"

#include <limits.h>

static int set_up(void **state)
{
	static struct folder folder;

	folder_make(&folder);
	*state = &folder;
	return 0;
}

static int tear_down(void **state)
{
	struct folder *folder = *state;

	folder_remove(folder);
	arena_release(&folder->paths);
	return 0;
}

/* ---- paths ---- */

static void expect_full(const char *path, const char *full)
{
	char *found AUTO_FREE = fs_full_path(path);

	assert_string_equal(found, full);
}

/* Through what exists, links are resolved; behind that, nothing is guessed. */
static void full_paths(void **state)
{
	struct folder *folder = *state;
	char here[PATH_MAX];

	folder_write(folder, "file", "x");
	assert_int_equal(symlink(".", folder_file(folder, "link")), 0);
	assert_int_equal(symlink("later", folder_file(folder, "dangling")), 0);
	assert_non_null(getcwd(here, sizeof(here)));
	char *absent AUTO_FREE = fs_sibling(here, "", "/absent/deep");
	expect_full("/", "/");
	expect_full("/absent/", "/absent/");
	expect_full("absent/deep", absent);
	expect_full(folder_file(folder, "link/link/file"), folder_file(folder, "file"));
	expect_full(folder_file(folder, "link/absent/a"), folder_file(folder, "absent/a"));
	expect_full(folder_file(folder, "absent/../file"), folder_file(folder, "absent/../file"));
	expect_full(folder_file(folder, "dangling"), folder_file(folder, "later"));
	/* A manifest may have any path: megabytes of folders take no time. */
	struct str text CLEANUP(str_release) = {0};
	for (size_t i = 0; i < 1 << 20; i++)
		str_text_add(&text, "/a");
	expect_full(str_text(&text), str_text(&text));
	str_clear(&text);
	str_repeat(&text, '/', 1 << 20);
	expect_full(str_text(&text), "/");
	str_text_add(&text, "absent/a");
	char *full AUTO_FREE = fs_full_path(str_text(&text));
	assert_int_equal(strspn(full, "/") + strlen("absent/a"), strlen(full));
}

/* ---- sources ---- */

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A program with a slash in its name is sought where it would run, whatever folder that is. */
static void programs(void **state)
{
	struct folder *folder = *state;
	const char *const *const items[] = {LIST(folder_file(folder, "tools/get"))};
	struct policy policy = {0};
	struct value_source source = {.kind = VALUE_COMMAND, .argv = LIST("./tools/get")};
	const struct permit permit = {&policy, POLICY_VALUE, NULL};
	struct error err CLEANUP(error_release) = {0};

	policy.values.rules[POLICY_COMMANDS] = (struct policy_rule){.name = "values.commands",
		.place = {"policy.yaml", 2, 1},
		.items = items,
		.written = LIST("tools/get"),
		.count = 1};
	assert_false(permit_source(&permit, &source, &err));
	expect_text(err.hint, "It allows `tools/get`.");
	expect_error(&err, "the policy does not allow command `./tools/get` (rule "
			   "`values.commands`, policy.yaml:2)");
	source.folder = folder->path;
	assert_true(permit_source(&permit, &source, &err));
	source.folder = folder_file(folder, "other");
	assert_false(permit_source(&permit, &source, &err));
	expect_error(&err, "does not allow");
	source.argv = LIST(folder_file(folder, "tools/get"));
	assert_true(permit_source(&permit, &source, &err));
	source.argv = LIST("get");
	assert_false(permit_source(&permit, &source, &err));
	expect_error(&err, "does not allow");
}

/* What a command is given besides must be allowed as a source of its own. */
static void passed_variables(void **state)
{
	const char *const *const programs[] = {LIST("get")}, *const *const names[] = {LIST("V_*")};
	struct policy policy = {0};
	struct value_source source = {
		.kind = VALUE_COMMAND, .argv = LIST("get"), .env = LIST("V_A", "V_B")};
	const struct permit permit = {&policy, POLICY_VALUE, NULL};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	policy.values.rules[POLICY_COMMANDS] = (struct policy_rule){.name = "values.commands",
		.place = {"policy.yaml", 2, 1},
		.items = programs,
		.written = LIST("get"),
		.count = 1};
	policy.values.rules[POLICY_ENV] = (struct policy_rule){.name = "values.env",
		.place = {"policy.yaml", 3, 1},
		.items = names,
		.written = LIST("V_*"),
		.count = 1};
	assert_true(permit_source(&permit, &source, &err));
	source.env = LIST("V_A", "CLOUDFLARE_API_TOKEN");
	assert_false(permit_source(&permit, &source, &err));
	expect_error(&err, "the policy does not allow environment variable CLOUDFLARE_API_TOKEN "
			   "(rule `values.env`, policy.yaml:3)");
}

/* An account that the policy has without `api_token` may use cfprov's own variables. */
static void tokens(void **state)
{
	struct policy_account known = {.id = "acc_1"};
	struct policy policy = {.accounts = &known, .account_count = 1};
	const char *const *const items[] = {LIST("CLOUDFLARE_API_KEY")};
	struct account account = {.alias = "a", .id = "acc_1"};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	policy.account_rule = (struct policy_rule){.name = "accounts",
		.place = {"policy.yaml", 1, 1},
		.written = LIST("acc_1"),
		.count = 1};
	for (size_t i = 0; i < POLICY_SOURCES; i++)
		known.token.rules[i] =
			(struct policy_rule){.name = "token", .place = {"policy.yaml", 2, 1}};
	assert_false(permit_token(&policy, &account, &err));
	expect_error(&err, "a: the policy does not allow environment variable CLOUDFLARE_API_TOKEN "
			   "for a token (rule `token`, policy.yaml:2)");
	known.token.rules[POLICY_ENV].items = items;
	known.token.rules[POLICY_ENV].count = 1;
	assert_true(permit_token(&policy, &account, &err));
	account.token = (struct value_source){.kind = VALUE_ENV, .name = "OTHER"};
	known.token.rules[POLICY_ENV].written = LIST("CLOUDFLARE_API_KEY");
	assert_false(permit_token(&policy, &account, &err));
	expect_error(&err, "environment variable OTHER for a token");
	account.id = "ACC_1";
	assert_false(permit_token(&policy, &account, &err));
	expect_error(&err, "a: the policy does not allow the account ACC_1 (rule `accounts`");
	assert_true(permit_token(NULL, &account, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full_paths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(programs, set_up, tear_down),
		cmocka_unit_test(passed_variables),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
