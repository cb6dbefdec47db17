/* What is held back from commands leaves the memory that others can read, and is found all the
 * same. */
#define _GNU_SOURCE /* memmem, environ */
#include "source/surroundings.h"

#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

/* As the kernel shows it to root. */
static bool is_shown(const char *text)
{
	char bytes[1 << 16];
	int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, bytes, sizeof(bytes));

	close(fd);
	assert_true(length >= 0);
	return memmem(bytes, (size_t)length, text, strlen(text)) != NULL;
}

static void expect_variable(const char *name, const char *value)
{
	const char *found = getenv(name);

	assert_non_null(found);
	assert_string_equal(found, value);
}

/* All of these are there since main() started this program anew. */
static void hidden(void **state)
{
	struct surroundings surroundings = {0};

	(void)state;
	surroundings_hold(&surroundings, "UNIT_HELD");
	surroundings_hold(&surroundings, "UNIT_ABSENT");
	surroundings_hold(&surroundings, "CFPROV_STATE");
	assert_true(is_shown("HUSH-held") && is_shown("HUSH-token"));
	const char *setting = getenv("CFPROV_STATE");
	for (int i = 0; i < 2; i++) {
		surroundings_hide(&surroundings);
		assert_false(is_shown("HUSH-"));
		assert_true(is_shown("UNIT_PLAIN=plain"));
		expect_variable("UNIT_HELD", "HUSH-held");
		expect_variable("CLOUDFLARE_API_TOKEN", "HUSH-token");
		assert_ptr_equal(getenv("CFPROV_STATE"), setting);
		assert_int_equal(surroundings.copy_count, 2);
	}
	/* It can be passed on from there, and is known. */
	const char *const let_in[] = {"UNIT_HELD", NULL};
	char **environment = surroundings_environment(&surroundings, let_in);
	size_t found = 0;
	for (char **it = environment; *it; it++)
		found += strcmp(*it, "UNIT_HELD=HUSH-held") == 0;
	assert_int_equal(found, 1);
	mem_free(environment);
	surroundings_release(&surroundings);
	assert_null(getenv("UNIT_HELD"));
	assert_null(getenv("CLOUDFLARE_API_TOKEN"));
	expect_variable("UNIT_PLAIN", "plain");
}

static void patterns_of_a_policy(void **state)
{
	static const char *const exact[] = {"UNIT_A", NULL}, *const some[] = {"UNIT_B*", NULL},
				 *const all[] = {"**", NULL};
	static const char *const *const keys[] = {exact}, *const *const tokens[] = {some, all};
	struct policy_account account = {.id = "acc"};
	struct policy policy = {.accounts = &account, .account_count = 1};
	struct surroundings surroundings = {0};
	size_t found = 0;

	(void)state;
	policy.key.rules[POLICY_ENV] = (struct policy_rule){.items = keys, .count = 1};
	account.token.rules[POLICY_ENV] = (struct policy_rule){.items = tokens, .count = 2};
	setenv("UNIT_A", "HUSH", true);
	setenv("UNIT_B1", "HUSH", true);
	setenv("UNIT_C", "seen", true);
	surroundings_hold_policy(&surroundings, &policy);
	char **environment = surroundings_environment(&surroundings, NULL);
	for (char **it = environment; *it; it++) {
		assert_null(strstr(*it, "HUSH"));
		found += strcmp(*it, "UNIT_C=seen") == 0;
	}
	assert_int_equal(found, 1);
	mem_free(environment);
	surroundings_release(&surroundings);
	expect_variable("UNIT_A", "HUSH"); /* nobody read it */
}

int main(int count, char **args)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hidden),
		cmocka_unit_test(patterns_of_a_policy),
	};

	(void)count;
	if (!getenv("UNIT_HELD")) {
		setenv("UNIT_HELD", "HUSH-held", true);
		setenv("CLOUDFLARE_API_TOKEN", "HUSH-token", true);
		setenv("CFPROV_STATE", "s.json", true);
		setenv("UNIT_PLAIN", "plain", true);
		return execv("/proc/self/exe", args);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
