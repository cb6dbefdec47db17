#include "model/policy.h"

#include "unit.h"

/* ---- patterns ---- */

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"DB_PASSWORD", "DB_PASSWORD", true},
		{"DB_PASSWORD", "db_password", false},
		{"DB_PASSWORD", "DB_PASSWORD2", false},
		{"DB_PASSWORD", "XDB_PASSWORD", false},
		{"DB_*", "DB_PASSWORD", true},
		{"DB_*", "DB_", true},
		{"DB_*", "Db_X", false},
		{"*_KEY", "STRIPE_KEY", true},
		{"*_KEY", "STRIPE_KEY_2", false},
		{"A*B*C", "AxxBxxC", true},
		{"A*B*C", "AxxCxxB", false},
		{"*", "ANY", true},
		{"*", "", true},
		{"", "", true},
		{"", "A", false},
		{"***", "a/b", true},
		/* ? and [ are letters */
		{"DB_?", "DB_1", false},
		{"DB_[12]", "DB_1", false},
		{"DB_[12]", "DB_[12]", true},
		{"a\\*", "a*", false},
		/* within a part, and across parts */
		{"secrets/*.yaml", "secrets/a.yaml", true},
		{"secrets/*.yaml", "secrets/a/b.yaml", false},
		{"secrets/**.yaml", "secrets/a/b.yaml", true},
		{"a/**/c", "a/b/b/c", true},
		{"**a*b", "a/ab", true},
		{"**a*b", "a/xa/b", false},
		{"op://ci/*", "op://ci/db", true},
		{"op://ci/*", "op://ci/db/password", false},
		{"https://vault.internal/*", "https://vault.internal.evil.com/x", false},
		/* no way up */
		{"secrets/*", "secrets/..", false},
		{"secrets/.*", "secrets/..", false},
		{"secrets/.*", "secrets/.env", true},
		{"secrets/**", "secrets/../../etc/shadow", false},
		{"secrets/**", "secrets/a/../../x", false},
		{"../keys/*", "../keys/a", true},
		{"../keys/*", "../keys/../a", false},
		{"*/../x", "a/../x", false},
		{"a/../x", "a/../x", true},
		/* no option where a word is meant */
		{"*", "-x", false},
		{"**", "--config=/tmp/evil", false},
		{"*.yaml", "-x.yaml", false},
		{"--extract=*", "--extract=x", true},
		{"-*", "-x", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (policy_pattern_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("`%s` and `%s`", cases[i].pattern, cases[i].text);
}

/* No second line where a word is meant. */
static void control_characters(void **state)
{
	(void)state;
	assert_false(policy_pattern_matches("cf/*", "cf/a\n-b"));
	assert_false(policy_pattern_matches("k=*", "k=a\r\nb"));
	assert_false(policy_pattern_matches("k=*", "k=a\x7f"));
	assert_true(policy_pattern_matches("k=*", "k=a b\xc3\xa9"));
	assert_true(policy_pattern_matches("k=**", "k=a\nb"));
}

/* What takes exponential time elsewhere, and what is longer than any argument should be. */
static void long_texts(void **state)
{
	struct str pattern CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0};

	(void)state;
	for (int i = 0; i < 50; i++)
		str_text_add(&pattern, "*a");
	str_repeat(&text, 'a', POLICY_TEXT_LIMIT - 1);
	assert_true(policy_pattern_matches(str_text(&pattern), str_text(&text)));
	str_char(&pattern, 'b');
	assert_false(policy_pattern_matches(str_text(&pattern), str_text(&text)));
	assert_true(policy_pattern_matches("a*", str_text(&text)));
	str_text_add(&text, "aa");
	assert_false(policy_pattern_matches("a*", str_text(&text)));
	assert_true(policy_pattern_matches(str_text(&text), str_text(&text)));
}

/* ---- rules ---- */

#define LIST(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define ITEMS(...) ((const char *const *const[]){__VA_ARGS__})
#define RULE(rule_name, ...)                                                                       \
	((struct policy_rule){.name = (rule_name),                                                 \
		.place = {"policy.yaml", 3, 1},                                                    \
		.is_given = true,                                                                  \
		.items = ITEMS(__VA_ARGS__),                                                       \
		.count = ARRAY_SIZE(ITEMS(__VA_ARGS__))})

static struct policy_rule empty(const char *name)
{
	return (struct policy_rule){.name = name, .place = {"policy.yaml", 1, 1}};
}

/* The name of the rule that refuses it; "": it is allowed. */
static void expect(const struct policy *policy, enum policy_use use, const char *real_path,
	const struct value_source *source, const char *refused_by)
{
	const struct policy_request request = {
		.use = use, .account = policy->accounts, .source = source, .real_path = real_path};
	const struct policy_rule *rule = policy_refuses(policy, &request);

	assert_string_equal(rule ? rule->name : "", refused_by);
}

#define ENV(variable) (&(const struct value_source){.kind = VALUE_ENV, .name = (variable)})
#define FILE_AT       (&(const struct value_source){.kind = VALUE_FILE, .name = "x"})
#define DOTENV_AT     (&(const struct value_source){.kind = VALUE_DOTENV, .name = "x", .key = "K"})
#define COMMAND_OF(...)                                                                            \
	(&(const struct value_source){.kind = VALUE_COMMAND, .argv = LIST(__VA_ARGS__)})
#define GENERATE (&(const struct value_source){.kind = VALUE_GENERATE, .name = "hex", .bytes = 1})
#define STDIN    (&(const struct value_source){.kind = VALUE_STDIN})

static void nothing_is_allowed_unless_said(void **state)
{
	struct policy_account account = {.id = "acc_1"};
	struct policy policy = {.accounts = &account, .account_count = 1};
	const struct value_source *const sources[] = {
		ENV("A"), FILE_AT, DOTENV_AT, COMMAND_OF("a"), GENERATE, STDIN};
	static const char *const refused_by[] = {
		"env", "files", "files", "commands", "generate", "stdin"};

	(void)state;
	for (size_t i = 0; i < POLICY_SOURCES; i++) {
		static const char *const names[] = {
			"env", "files", "commands", "generate", "stdin"};
		policy.values.rules[i] = policy.key.rules[i] = account.token.rules[i] =
			empty(names[i]);
	}
	policy.state_paths = empty("state.paths");
	for (enum policy_use use = POLICY_VALUE; use <= POLICY_KEY; use++)
		for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
			expect(&policy, use, "/x", sources[i], refused_by[i]);
	assert_string_equal(policy_refuses_state(&policy, "/x")->name, "state.paths");
	assert_null(policy_account(&policy, "acc_2"));
	assert_null(policy_account(&policy, "ACC_1"));
	assert_ptr_equal(policy_account(&policy, "acc_1"), &account);
}

static void environment(void **state)
{
	struct policy_account account = {.id = "acc_1"};
	struct policy policy = {.accounts = &account, .account_count = 1};

	(void)state;
	policy.values.rules[POLICY_ENV] = RULE("v", LIST("*"), LIST("BOTH"));
	account.token.rules[POLICY_ENV] = RULE("t", LIST("*_TOKEN"), LIST("BOTH"));
	policy.key.rules[POLICY_ENV] = RULE("k", LIST("THE_KEY"));
	expect(&policy, POLICY_VALUE, NULL, ENV("DB"), "");
	/* Tokens and the key of others, and cfprov's own variables, are no values by a `*`. */
	expect(&policy, POLICY_VALUE, NULL, ENV("PROD_TOKEN"), "v");
	expect(&policy, POLICY_VALUE, NULL, ENV("THE_KEY"), "v");
	expect(&policy, POLICY_VALUE, NULL, ENV("CLOUDFLARE_API_TOKEN"), "v");
	expect(&policy, POLICY_VALUE, NULL, ENV("CFPROV_KEY"), "v");
	expect(&policy, POLICY_VALUE, NULL, ENV("BOTH"), "");
	expect(&policy, POLICY_TOKEN, NULL, ENV("PROD_TOKEN"), "");
	expect(&policy, POLICY_TOKEN, NULL, ENV("DB"), "t");
	expect(&policy, POLICY_TOKEN, NULL, ENV("CLOUDFLARE_API_TOKEN"), "t");
	expect(&policy, POLICY_KEY, NULL, ENV("THE_KEY"), "");
	expect(&policy, POLICY_KEY, NULL, ENV("PROD_TOKEN"), "k");
}

static void files(void **state)
{
	struct policy_account account = {.id = "acc_1"};
	struct policy policy = {.accounts = &account, .account_count = 1};
	static const struct {
		const char *path, *refused_by;
	} cases[] = {
		{"/srv/secrets", ""},
		{"/srv/secrets/a", ""},
		{"/srv/secrets/a/b", ""},
		{"/srv/secretsx", "v"},
		{"/srv/secrets.bak/a", "v"},
		{"/srv", "v"},
		{"/srv/Secrets/a", "v"},
		{"/srv/secrets/../x", "v"},
		{"/srv/secrets/absent/..", "v"},
		{"/srv/secrets/..a", ""},
		{"srv/secrets/a", "v"},
		{"/srv/one", ""},
		{"/srv/slash/a", ""},
		{"/srv/secrets/token", "v"}, /* another rule has it for a token */
		{"/srv/secrets/token/a", "v"},
		{"/srv/same/a", ""},
	};

	(void)state;
	policy.values.rules[POLICY_FILES] = RULE("v", LIST("/srv/secrets"), LIST("/srv/one"),
		LIST("/srv/slash/"), LIST("/srv/same"));
	account.token.rules[POLICY_FILES] =
		RULE("t", LIST("/srv/secrets/token"), LIST("/srv/same"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		expect(&policy, POLICY_VALUE, cases[i].path, FILE_AT, cases[i].refused_by);
		expect(&policy, POLICY_VALUE, cases[i].path, DOTENV_AT, cases[i].refused_by);
	}
	expect(&policy, POLICY_VALUE, NULL, FILE_AT, "v");
	expect(&policy, POLICY_TOKEN, "/srv/secrets/token", FILE_AT, "");
	expect(&policy, POLICY_TOKEN, "/srv/secrets/a", FILE_AT, "t");
}

/* The longest root that a path is beneath counts, in whatever order they are. */
static void files_beneath_files(void **state)
{
	struct policy_account account = {.id = "acc_1"};
	struct policy policy = {.accounts = &account, .account_count = 1};

	(void)state;
	policy.values.rules[POLICY_FILES] =
		RULE("v", LIST("/srv"), LIST("/srv/tokens/own"), LIST("/srv/tokens/own/deep"));
	account.token.rules[POLICY_FILES] =
		RULE("t", LIST("/srv/tokens"), LIST("/srv/tokens/own/deep/prod"), LIST("/"));
	expect(&policy, POLICY_VALUE, "/srv/a", FILE_AT, "");
	expect(&policy, POLICY_VALUE, "/srv/tokens/a", FILE_AT, "v");
	expect(&policy, POLICY_VALUE, "/srv/tokens/own/a", FILE_AT, "");
	expect(&policy, POLICY_VALUE, "/srv/tokens/own/deep/a", FILE_AT, "");
	expect(&policy, POLICY_VALUE, "/srv/tokens/own/deep/prod", FILE_AT, "v");
}

static void commands(void **state)
{
	struct policy policy = {0};

	(void)state;
	policy.values.rules[POLICY_COMMANDS] =
		RULE("v", LIST("sops", "-d", "secrets/*.yaml"), LIST("/opt/tools/*", "x"));
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("sops", "-d", "secrets/a.yaml"), "");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("sops", "-d"), "v");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("sops", "-d", "secrets/a.yaml", "b"), "v");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("sops", "-d secrets/a.yaml"), "v");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("sops", "-d", "secrets/a.yaml", ""), "v");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("SOPS", "-d", "secrets/a.yaml"), "v");
	/* The name of a program in PATH is not the path of a program. */
	expect(&policy, POLICY_VALUE, "/home/sops", COMMAND_OF("./sops", "-d", "secrets/a.yaml"),
		"v");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("./sops", "-d", "secrets/a.yaml"), "v");
	expect(&policy, POLICY_VALUE, "/opt/tools/a", COMMAND_OF("../tools/a", "x"), "");
	expect(&policy, POLICY_VALUE, "/opt/evil/a", COMMAND_OF("/opt/tools/a", "x"), "v");
	expect(&policy, POLICY_VALUE, "/opt/tools/a/../b", COMMAND_OF("/opt/tools/b", "x"), "v");
	policy.key.rules[POLICY_COMMANDS] = empty("k");
	expect(&policy, POLICY_KEY, NULL, COMMAND_OF("sops", "-d", "secrets/a.yaml"), "k");
	/* Only a pattern that is a path means paths. */
	policy.values.rules[POLICY_COMMANDS] = RULE("v", LIST("**", "x"));
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("get", "x"), "");
	expect(&policy, POLICY_VALUE, "/home/get", COMMAND_OF("./get", "x"), "v");
	/* What prints a token prints no value, unless both rules say the same. */
	policy.values.rules[POLICY_COMMANDS] = RULE("v", LIST("get", "*"), LIST("get", "both"));
	policy.key.rules[POLICY_COMMANDS] = RULE("k", LIST("get", "key"), LIST("get", "both"));
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("get", "db"), "");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("get", "key"), "v");
	expect(&policy, POLICY_VALUE, NULL, COMMAND_OF("get", "both"), "");
}

static void states(void **state)
{
	struct policy policy = {0};

	(void)state;
	policy.state_paths = RULE("s", LIST("/srv/*.state.json"), LIST("/srv/all/**"));
	assert_null(policy_refuses_state(&policy, "/srv/a.state.json"));
	assert_null(policy_refuses_state(&policy, "/srv/all/a/b"));
	assert_non_null(policy_refuses_state(&policy, "/srv/a/b.state.json"));
	assert_non_null(policy_refuses_state(&policy, "/srv/all/../x"));
	assert_non_null(policy_refuses_state(&policy, "srv/a.state.json"));
	assert_non_null(policy_refuses_state(&policy, "/tmp/a.state.json"));
}

/* A `*` is neither a query nor something that a server reads as another character. */
static void urls(void **state)
{
	struct policy policy = {0};

	(void)state;
	policy.state_urls = RULE("u", LIST("https://host/*"), LIST("https://host/query?*"));
	assert_null(policy_refuses_url(&policy, "https://host/a"));
	assert_null(policy_refuses_url(&policy, "https://host/query?a"));
	assert_non_null(policy_refuses_url(&policy, "https://host/a?b"));
	assert_non_null(policy_refuses_url(&policy, "https://host/query?a?b"));
	assert_non_null(policy_refuses_url(&policy, "https://host/%2e%2e"));
	assert_non_null(policy_refuses_url(&policy, "https://host.example/a"));
}

static void words(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct policy_rule rule = RULE("values.env", LIST("A"), LIST("B\n"));

	(void)state;
	rule.written = LIST("A", "B\n");
	policy_add_rule(&text, rule.name, &rule.place);
	assert_string_equal(str_text(&text), "rule `values.env`, policy.yaml:3");
	str_clear(&text);
	policy_add_allowed(&text, &rule);
	assert_string_equal(str_text(&text), "It allows `A` and `B\\x0a`.");
	str_clear(&text);
	rule = empty("values.env");
	policy_add_allowed(&text, &rule);
	assert_string_equal(
		str_text(&text), "The policy allows none, because it has no such rule.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(control_characters),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(nothing_is_allowed_unless_said),
		cmocka_unit_test(environment),
		cmocka_unit_test(files),
		cmocka_unit_test(files_beneath_files),
		cmocka_unit_test(commands),
		cmocka_unit_test(states),
		cmocka_unit_test(urls),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
