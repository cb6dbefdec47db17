/* The door for plaintext under a policy: what it does not allow is not read, whoever asks. */
#include "source/source.h"

#include "unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct folder folder;
static struct sources *sources;
static struct policy_account known[2];
static struct policy policy;

static void allow(struct policy_sources *to, enum policy_source kind, const char *const *item)
{
	const char *const **items = arena_alloc(&policy.arena, sizeof(*items));
	const char **written = arena_alloc(&policy.arena, sizeof(*written));

	*items = item;
	*written = item[0];
	to->rules[kind].items = items;
	to->rules[kind].written = written;
	to->rules[kind].count = 1;
}

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_write(&folder, "a", "value");
	folder_write(&folder, "env", "KEY=value\n");
	setenv("UNIT_VALUE", "value", 1);
	setenv("CLOUDFLARE_API_TOKEN", "abcdefghijklmnop", 1);
	memset(known, 0, sizeof(known));
	known[0].id = "acc_1";
	known[1].id = "acc_2";
	policy = (struct policy){.accounts = known, .account_count = ARRAY_SIZE(known)};
	struct policy_sources *const all[] = {
		&policy.values, &policy.key, &known[0].token, &known[1].token};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; k < POLICY_SOURCES; k++)
			all[i]->rules[k] = (struct policy_rule){
				.name = "rule", .place = {"policy.yaml", 2, 1}};
	policy.account_rule = policy.values.rules[0];
	sources = sources_new(NULL);
	sources_obey(sources, &policy);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sources_free(sources);
	arena_release(&policy.arena);
	folder_remove(&folder);
	arena_release(&folder.paths);
	unsetenv("UNIT_VALUE");
	unsetenv("CLOUDFLARE_API_TOKEN");
	return 0;
}

typedef bool read_fn(
	struct sources *, const struct value_source *, struct secret *, struct error *);

static void expect(read_fn *read, const struct value_source *source, bool is_allowed)
{
	struct secret secret CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (read(sources, source, &secret, &err) != is_allowed)
		fail_msg("kind %d: %s", (int)source->kind, err.message ? err.message : "was read");
	if (is_allowed)
		return;
	assert_null(secret.bytes);
	expect_error(&err, "(rule `rule`, policy.yaml:2)");
}

/* Each kind of source is refused, then allowed; and what one may read, the other still may not. */
static void each_source(void **state)
{
	const char *marker = folder_file(&folder, "ran");
	const struct value_source all[] = {
		{.kind = VALUE_ENV, .name = "UNIT_VALUE"},
		{.kind = VALUE_FILE, .name = folder_file(&folder, "a")},
		{.kind = VALUE_DOTENV, .name = folder_file(&folder, "env"), .key = "KEY"},
		{.kind = VALUE_COMMAND, .argv = LIST("touch", marker)},
		{.kind = VALUE_GENERATE, .name = "hex", .bytes = 4},
		{.kind = VALUE_STDIN},
	};
	const struct {
		read_fn *read;
		struct policy_sources *rules;
	} doors[] = {{sources_read, &policy.values}, {sources_read_key, &policy.key}};

	(void)state;
	for (size_t d = 0; d < ARRAY_SIZE(doors); d++) {
		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			expect(doors[d].read, &all[i], false);
		assert_false(d == 0 && folder_has(&folder, "ran"));
		allow(doors[d].rules, POLICY_ENV, LIST("UNIT_*"));
		allow(doors[d].rules, POLICY_FILES, LIST(folder.path));
		allow(doors[d].rules, POLICY_COMMANDS, LIST("touch", marker));
		doors[d].rules->rules[POLICY_GENERATE].allows_all = true;
		for (size_t i = 0; i < ARRAY_SIZE(all) - 1; i++)
			expect(doors[d].read, &all[i], true);
		expect(doors[d].read, &all[5], false);
		if (d == 0)
			assert_true(folder_has(&folder, "ran"));
	}
}

/* What was read for one is remembered, and refused to the other all the same. */
static void memory_is_no_way_in(void **state)
{
	const struct value_source file = {.kind = VALUE_FILE, .name = folder_file(&folder, "a")};

	(void)state;
	allow(&policy.key, POLICY_FILES, LIST(folder.path));
	expect(sources_read_key, &file, true);
	expect(sources_read, &file, false);
}

static void own_key(void **state)
{
	const struct value_source key = {.kind = VALUE_ENV, .name = "CFPROV_FINGERPRINT_KEY"};

	(void)state;
	setenv("CFPROV_FINGERPRINT_KEY", "0123456789abcdef0123456789abcdef", 1);
	expect(sources_read_key, &key, true);
	expect(sources_read, &key, false);
	unsetenv("CFPROV_FINGERPRINT_KEY");
}

static void expect_token(const char *id, struct value_source token, const char *message)
{
	const struct account account = {.alias = "a", .id = id, .token = token};
	struct credentials credentials CLEANUP(credentials_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (sources_credentials(sources, &account, &credentials, &err) != !message)
		fail_msg("%s: %s", id, err.message ? err.message : "was read");
	if (message)
		expect_error(&err, message);
}

static void tokens(void **state)
{
	const struct value_source none = {0};
	const struct value_source own = {.kind = VALUE_ENV, .name = "CLOUDFLARE_API_TOKEN"};
	const struct value_source file = {
		.kind = VALUE_FILE, .name = folder_file(&folder, "token")};

	(void)state;
	folder_write(&folder, "token", "abcdefghijklmnop");
	expect_token("acc_1", none, "environment variable CLOUDFLARE_API_TOKEN for a token");
	expect_token("acc_1", own, "environment variable CLOUDFLARE_API_TOKEN for a token");
	expect_token("acc_1", file, "for a token");
	expect_token("acc_3", own, "this account");
	allow(&known[0].token, POLICY_ENV, LIST("CLOUDFLARE_API_TOKEN"));
	allow(&known[1].token, POLICY_FILES, LIST(file.name));
	expect_token("acc_1", none, NULL);
	expect_token("acc_1", own, NULL);
	expect_token("acc_1", file, "for a token");
	expect_token("acc_2", file, NULL);
	expect_token("acc_2", own, "for a token");
	expect_token("acc_2", none, "for a token");
	/* They are values for nobody. */
	expect(sources_read, &own, false);
	expect(sources_read, &file, false);
}

/* The file that was allowed is read: by its path without links. */
static void links(void **state)
{
	const struct value_source out = {
		.kind = VALUE_FILE, .name = folder_file(&folder, "in/out")};
	const struct value_source in = {.kind = VALUE_FILE, .name = folder_file(&folder, "link")};

	(void)state;
	assert_int_equal(mkdir(folder_file(&folder, "in"), 0700), 0);
	folder_write(&folder, "in/b", "value");
	assert_int_equal(symlink("../a", folder_file(&folder, "in/out")), 0);
	assert_int_equal(symlink("in/b", folder_file(&folder, "link")), 0);
	allow(&policy.values, POLICY_FILES, LIST(folder_file(&folder, "in")));
	expect(sources_read, &out, false);
	expect(sources_read, &in, true);
	assert_int_equal(unlink(folder_file(&folder, "in/out")), 0);
	assert_int_equal(unlink(folder_file(&folder, "in/b")), 0);
}

/* In between there is no link. */
static void link_to(const char *target, const char *name)
{
	(void)unlink(name);
	assert_int_equal(symlink(target, name), 0);
}

/* Reads the file with fresh memory. */
static bool reads_text(const char *name, const char *text)
{
	const struct value_source source = {.kind = VALUE_FILE, .name = name};
	struct secret secret CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct sources *fresh = sources_new(NULL);

	sources_obey(fresh, &policy);
	bool is_it = sources_read(fresh, &source, &secret, &err) && strcmp(secret.bytes, text) == 0;
	sources_free(fresh);
	return is_it;
}

/* A link that is swapped all the time leads nowhere but to what is allowed. */
static void swapped_links(void **state)
{
	enum { READS = 20000 };
	const char *name = folder_file(&folder, "link");
	size_t allowed = 0, stolen = 0;
	pid_t reader = getpid();

	(void)state;
	assert_int_equal(mkdir(folder_file(&folder, "in"), 0700), 0);
	folder_write(&folder, "in/b", "allowed");
	folder_write(&folder, "a", "stolen");
	allow(&policy.values, POLICY_FILES, LIST(folder_file(&folder, "in")));
	link_to("in/b", name);
	pid_t swapper = fork();
	assert_true(swapper >= 0);
	bool is_in = false;
	while (swapper == 0) {
		if (getppid() != reader)
			_exit(0);
		link_to(is_in ? "in/b" : "a", name);
		is_in = !is_in;
	}
	for (size_t i = 0; i < READS; i++) {
		stolen += reads_text(name, "stolen");
		allowed += reads_text(name, "allowed");
	}
	assert_int_equal(kill(swapper, SIGKILL), 0);
	assert_int_equal(waitpid(swapper, NULL, 0), swapper);
	assert_int_equal(stolen, 0);
	assert_true(allowed > 0);
	(void)unlink(name);
	assert_int_equal(unlink(folder_file(&folder, "in/b")), 0);
}

/* What was read through a link for one is not remembered under its name for another. */
static void swapped_between_two(void **state)
{
	const char *name = folder_file(&folder, "link");
	const struct value_source link = {.kind = VALUE_FILE, .name = name};
	struct secret secret CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	folder_write(&folder, "key", "the key");
	allow(&policy.key, POLICY_FILES, LIST(folder_file(&folder, "key")));
	allow(&policy.values, POLICY_FILES, LIST(folder_file(&folder, "a")));
	link_to("key", name);
	expect(sources_read_key, &link, true);
	link_to("a", name);
	assert_true(sources_read(sources, &link, &secret, &err));
	assert_string_equal(secret.bytes, "value");
}

/* Of cfprov's own variables, a manifest names the key only if the policy says so. */
static void key_of_the_manifest(void **state)
{
	const struct value_source key = {
		.kind = VALUE_ENV, .name = "CFPROV_POLICY", .place = {"cfprov.yaml", 3, 5}};

	(void)state;
	setenv("CFPROV_POLICY", "/etc/cfprov/policy.yaml", 1);
	expect(sources_read_key, &key, false);
	unsetenv("CFPROV_POLICY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_source, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_is_no_way_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tokens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(swapped_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(swapped_between_two, set_up, tear_down),
		cmocka_unit_test_setup_teardown(key_of_the_manifest, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
