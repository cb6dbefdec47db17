#include "source/permit.h"

#include "adapter/fs.h"

#include "unit.h"

#include <limits.h>
#include <sys/stat.h>

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

/* A path in an argument leads to the folder that the rule names, whatever mark is before it. */
static void arguments(void **state)
{
	static const char marks[] = "=@:,";
	struct folder *folder = *state;
	const char *const *items[1];
	struct policy policy = {0};
	struct value_source source = {.kind = VALUE_COMMAND};
	const struct permit permit = {&policy, POLICY_VALUE, NULL};
	struct error err CLEANUP(error_release) = {0};

	assert_int_equal(mkdir(folder_file(folder, "conf"), 0700), 0);
	folder_write(folder, "conf/good", "x");
	folder_write(folder, "secret", "x");
	assert_int_equal(symlink("../secret", folder_file(folder, "conf/bad")), 0);
	source.folder = folder->path;
	policy.values.rules[POLICY_COMMANDS] = (struct policy_rule){.name = "values.commands",
		.place = {"policy.yaml", 2, 1},
		.items = items,
		.written = LIST("get"),
		.count = 1};
	for (size_t i = 0; i < strlen(marks); i++) {
		const char pattern[] = {'-', 'f', marks[i], 'c', 'o', 'n', 'f', '/', '*', '\0'};
		const char good[] = {
			'-', 'f', marks[i], 'c', 'o', 'n', 'f', '/', 'g', 'o', 'o', 'd', '\0'};
		const char bad[] = {
			'-', 'f', marks[i], 'c', 'o', 'n', 'f', '/', 'b', 'a', 'd', '\0'};
		items[0] = LIST("get", pattern);
		source.argv = LIST("get", good);
		assert_true(permit_source(&permit, &source, &err));
		source.argv = LIST("get", bad);
		assert_false(permit_source(&permit, &source, &err));
		expect_text(err.hint, "through a symbolic link");
		expect_error(&err, "the policy does not allow");
	}
	/* The folder ends with the last slash before the `*`; without one, any absolute path fits.
	 */
	items[0] = LIST("get", "conf/g*");
	source.argv = LIST("get", "conf/good");
	assert_true(permit_source(&permit, &source, &err));
	assert_int_equal(symlink("/", folder_file(folder, "conf/root")), 0);
	items[0] = LIST("get", "**");
	source.argv = LIST("get", folder_file(folder, "conf/root"));
	assert_true(permit_source(&permit, &source, &err));
}

/* A relative folder in PATH would be one of the manifest's. */
static void relative_path(void **state)
{
	static const char *const bad[] = {"bin:/usr/bin", "/usr/bin:bin", "/usr/bin::/bin", ""};
	const char *const *const items[] = {LIST("get")};
	struct policy policy = {0};
	const struct value_source source = {.kind = VALUE_COMMAND, .argv = LIST("get")};
	const struct permit permit = {&policy, POLICY_VALUE, NULL};
	struct error err CLEANUP(error_release) = {0};
	char *path AUTO_FREE = mem_copy_text(getenv("PATH"));

	(void)state;
	policy.values.rules[POLICY_COMMANDS] = (struct policy_rule){
		.name = "v", .place = {"policy.yaml", 2, 1}, .items = items, .count = 1};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		setenv("PATH", bad[i], 1);
		assert_false(permit_source(&permit, &source, &err));
		expect_error(&err, "PATH has a relative directory");
	}
	setenv("PATH", "/usr/bin:/bin", 1);
	assert_true(permit_source(&permit, &source, &err));
	setenv("PATH", path, 1);
}

/* Each of the addresses counts, and none is shown with its query. */
static void addresses(void **state)
{
	const char *const *const items[] = {LIST("https://good/*"), LIST("https://good/*?*")};
	static const char elsewhere[] = "https://evil/lock?hush";
	struct policy policy = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	policy.state_urls = (struct policy_rule){.name = "state.urls",
		.place = {"policy.yaml", 2, 1},
		.items = items,
		.written = LIST("https://good/*", "https://good/*?*"),
		.count = ARRAY_SIZE(items)};
	for (int i = 0; i < 4; i++) {
		const struct location location = {.kind = LOCATION_HTTP,
			.address = i == 1 ? elsewhere : "https://good/state",
			.lock_address = i == 2 ? elsewhere : "https://good/lock",
			.unlock_address = i == 3 ? elsewhere : "https://good/lock?x"};
		assert_int_equal(permit_state(&policy, &location, &err), i == 0);
		if (i == 0)
			continue;
		expect_no_text(err.message, "hush");
		expect_error(&err, "the policy does not allow the state https://evil/lock");
	}
}

/* The old key opens what the key opened: it comes from where the key may come from. */
static void keys(void **state)
{
	const char *const *const items[] = {LIST("THE_KEY")};
	struct policy policy = {0};
	struct model desired = {.key = {.kind = VALUE_ENV, .name = "THE_KEY"},
		.old_key = {.kind = VALUE_ENV, .name = "THE_KEY"}};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)state;
	policy.key.rules[POLICY_ENV] = (struct policy_rule){.name = "key",
		.place = {"policy.yaml", 2, 1},
		.items = items,
		.written = LIST("THE_KEY"),
		.count = 1};
	assert_true(permit_model(&policy, &desired, &errors));
	desired.old_key.name = "OTHER";
	assert_false(permit_model(&policy, &desired, &errors));
	assert_int_equal(errors.count, 1);
	expect_text(errors.items[0].message, "`state.old_key`: the policy does not allow "
					     "environment variable OTHER for the key");
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
		cmocka_unit_test_setup_teardown(arguments, set_up, tear_down),
		cmocka_unit_test(relative_path),
		cmocka_unit_test(addresses),
		cmocka_unit_test(keys),
		cmocka_unit_test(passed_variables),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
