#include "desired/source.h"

#include "unit.h"

static const struct account plain = {.alias = "prod", .id = "acc1"};
static const struct account own = {.alias = "prod",
	.id = "acc1",
	.token = {.kind = VALUE_ENV, .name = "UNIT_TOKEN", .place = {"x.yaml", 3, 4}}};
static struct sources *sources;

static int clear(void **state)
{
	static const char *const names[] = {
		"UNIT_TOKEN", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL"};

	(void)state;
	sources_free(sources);
	sources = sources_new();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	return 0;
}

static void expect(
	const struct account *account, const char *token, const char *email, const char *key)
{
	struct credentials credentials CLEANUP(credentials_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!sources_credentials(sources, account, &credentials, &err))
		fail_msg("%s", err.message);
	const struct secret *found[] = {&credentials.token, &credentials.email, &credentials.key};
	const char *const wanted[] = {token, email, key};
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		assert_int_equal(found[i]->bytes != NULL, wanted[i] != NULL);
		if (wanted[i])
			assert_string_equal(found[i]->bytes, wanted[i]);
	}
}

static void refuse(const struct account *account, const char *message)
{
	struct credentials credentials = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(sources_credentials(sources, account, &credentials, &err));
	assert_null(credentials.token.bytes);
	expect_no_text(err.message, "HUSH");
	expect_no_text(err.hint, "HUSH");
	expect_error(&err, message);
}

static void order(void **state)
{
	(void)state;
	refuse(&plain, "no credentials for the account `prod`");
	setenv("CLOUDFLARE_EMAIL", "me@example.com", true);
	refuse(&plain, "CLOUDFLARE_API_KEY is not set");
	setenv("CLOUDFLARE_API_KEY", "key", true);
	expect(&plain, NULL, "me@example.com", "key");
	setenv("CLOUDFLARE_API_TOKEN", "token", true);
	expect(&plain, "token", NULL, NULL);
	refuse(&own, "UNIT_TOKEN is not set"); /* never another token instead */
	setenv("UNIT_TOKEN", "mine", true);
	expect(&own, "mine", NULL, NULL);
	expect(&plain, "token", NULL, NULL);
	unsetenv("CLOUDFLARE_API_TOKEN");
	unsetenv("CLOUDFLARE_EMAIL");
	refuse(&plain, "CLOUDFLARE_EMAIL is not set");
}

static void bad_values(void **state)
{
	(void)state;
	setenv("CLOUDFLARE_API_TOKEN", "", true);
	refuse(&plain, "CLOUDFLARE_API_TOKEN is empty");
	setenv("CLOUDFLARE_API_TOKEN", "HUSH\nX: y", true);
	refuse(&plain, "CLOUDFLARE_API_TOKEN has a line break");
	setenv("UNIT_TOKEN", "HUSH HUSH", true);
	refuse(&own, "UNIT_TOKEN has a space at position 5");
	unsetenv("CLOUDFLARE_API_TOKEN");
	setenv("CLOUDFLARE_EMAIL", "me@example.com\r\n", true);
	setenv("CLOUDFLARE_API_KEY", "HUSH", true);
	refuse(&plain, "CLOUDFLARE_EMAIL has a line break");
	setenv("CLOUDFLARE_EMAIL", "me@example.com", true);
	setenv("CLOUDFLARE_API_KEY", "HUSH\xff", true);
	refuse(&plain, "CLOUDFLARE_API_KEY has a character that is not ASCII");
}

/* The manifest's own source is named where it stands. */
static void names_the_place(void **state)
{
	struct credentials credentials = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	assert_false(sources_credentials(sources, &own, &credentials, &err));
	assert_string_equal(err.file, "x.yaml");
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 4);
}

#define TEST(test) cmocka_unit_test_setup(test, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(order),
		TEST(bad_values),
		TEST(names_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
