#include "manifest/naming.h"

#include "unit.h"

#include "manifest/schema.h"
#include "manifest/shape.h"

static void expect_name(
	struct naming *naming, const char *store, const char *secret, const char *wanted)
{
	const char *name = naming_variable(naming, store, secret);

	assert_string_equal(name, wanted);
	assert_string_equal(naming_variable(naming, store, secret), wanted);
}

/* fault A21: names of different secrets are different */
static void names(void **state)
{
	struct naming naming CLEANUP(naming_release) = {0};

	(void)state;
	expect_name(&naming, "s", "API_KEY", "API_KEY");
	expect_name(&naming, "s", "api-key", "S_API_KEY");
	expect_name(&naming, "s", "api_key", "S_API_KEY_2");
	expect_name(&naming, "s", "Api-Key", "S_API_KEY_3");
	expect_name(&naming, "my.store", "API_KEY", "MY_STORE_API_KEY");
	expect_name(&naming, "2nd", "API_KEY", "_2ND_API_KEY");
	expect_name(&naming, "s", "1a_b", "_1A_B");
	expect_name(&naming, "s", "-", "SECRET__");
	expect_name(&naming, "s", "A", "A");
}

/* fault A21: a variable that means something to others is never one for a secret */
static void well_known(void **state)
{
	static const char *const known[] = {"PATH", "path", "HOME", "ld-preload", "LD_X", "LC_ALL",
		"IFS", "CLOUDFLARE_API_TOKEN", "cloudflare-x", "CFPROV_KEY", "https_proxy",
		"SSL_CERT_FILE", "BASH_ENV", "ENV", "TMPDIR", "_"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct naming naming CLEANUP(naming_release) = {0};
		if (strncmp(naming_variable(&naming, "s", known[i]), "SECRET_", 7) != 0)
			fail_msg("%s", known[i]);
	}
	struct naming naming CLEANUP(naming_release) = {0};
	expect_name(&naming, "s", "PATH", "SECRET_PATH");
	expect_name(&naming, "s", "path", "S_PATH");
	expect_name(&naming, "ld", "x", "X");
	expect_name(&naming, "ld", "X", "SECRET_LD_X");
	expect_name(&naming, "s", "PATHS", "PATHS");
	naming_take(&naming, "PROD_TOKEN");
	expect_name(&naming, "s", "PROD_TOKEN", "S_PROD_TOKEN");
}

/* fault A21: however long, they stay different and valid */
static void long_names(void **state)
{
	struct naming naming CLEANUP(naming_release) = {0};
	char store[256], secret[256];

	(void)state;
	memset(store, 's', 255);
	memset(secret, '9', 255);
	store[255] = secret[255] = '\0';
	for (size_t i = 0; i < 20; i++) {
		secret[200 + i] = '-';
		const char *one = naming_variable(&naming, store, secret);
		secret[200 + i] = '_';
		const char *two = naming_variable(&naming, store, secret);
		assert_string_not_equal(one, two);
		assert_int_equal(strlen(two), 255);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(well_known),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
