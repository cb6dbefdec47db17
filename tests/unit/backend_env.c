#include "source/backend_env.h"

#include "unit.h"

#include <stdlib.h>

static const char *const variables[] = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION",
	"AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "CFPROV_HTTP_ADDRESS", "TF_HTTP_ADDRESS",
	"TF_HTTP_LOCK_ADDRESS", "TF_HTTP_LOCK_METHOD", "TF_HTTP_USERNAME", "TF_HTTP_PASSWORD",
	"CFPROV_HTTP_USERNAME", "CFPROV_HTTP_PASSWORD"};

/* Sets these variables ("A=1 B=2") and no others of those above. */
static void environment(const char *pairs)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	while (*pairs) {
		char pair[256];
		size_t length = strcspn(pairs, " ");
		snprintf(pair, sizeof(pair), "%.*s", (int)length, pairs);
		char *value = strchr(pair, '=');
		*value++ = '\0';
		assert_int_equal(setenv(pair, value, 1), 0);
		pairs += length + (pairs[length] == ' ');
	}
}

#define AWS_KEYS "AWS_ACCESS_KEY_ID=i AWS_SECRET_ACCESS_KEY=s"
#define R2_URL   "https://a.r2.cloudflarestorage.com"

static void endpoints_and_regions(void **state)
{
	static const struct {
		const char *pairs, *given, *given_region, *endpoint, *region;
	} table[] = {
		{AWS_KEYS, R2_URL, NULL, R2_URL, "auto"},
		{AWS_KEYS " AWS_REGION=eu-west-1", R2_URL, NULL, R2_URL, "auto"},
		{AWS_KEYS, R2_URL, "weur", R2_URL, "weur"},
		{AWS_KEYS " AWS_REGION=eu-west-1", NULL, NULL, "https://s3.eu-west-1.amazonaws.com",
			"eu-west-1"},
		{AWS_KEYS " AWS_DEFAULT_REGION=eu-west-2", NULL, NULL,
			"https://s3.eu-west-2.amazonaws.com", "eu-west-2"},
		{AWS_KEYS " AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-2", NULL, "eu-north-1",
			"https://s3.eu-north-1.amazonaws.com", "eu-north-1"},
		{AWS_KEYS, "https://ceph.example.com", NULL, "https://ceph.example.com",
			"us-east-1"},
		{AWS_KEYS " AWS_ENDPOINT_URL_S3=http://127.0.0.1:9000/ AWS_ENDPOINT_URL=https://x",
			NULL, NULL, "http://127.0.0.1:9000", "us-east-1"},
		{AWS_KEYS " AWS_ENDPOINT_URL=" R2_URL, NULL, NULL, R2_URL, "auto"},
		{AWS_KEYS " AWS_ENDPOINT_URL=" R2_URL "/", R2_URL, NULL, R2_URL, "auto"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct location location = {.kind = LOCATION_S3,
			.bucket = "b",
			.prefix = "p",
			.endpoint = table[i].given,
			.region = table[i].given_region};
		struct arena arena CLEANUP(arena_release) = {0};
		struct error err = {0};
		environment(table[i].pairs);
		if (!backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err))
			fail_msg("%zu: %s", i, err.message);
		assert_string_equal(location.endpoint, table[i].endpoint);
		assert_string_equal(location.region, table[i].region);
		assert_string_equal(
			location.secrets[LOCATION_SECRET_KEY].name, "AWS_SECRET_ACCESS_KEY");
		assert_int_equal(location.secrets[LOCATION_SESSION_TOKEN].kind, VALUE_NONE);
	}
}

/* A token of the environment does not belong to keys that the manifest names. */
static void session_tokens(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err = {0};
	struct location location = {
		.kind = LOCATION_S3, .bucket = "b", .prefix = "p", .endpoint = R2_URL};
	struct location named = location;

	(void)state;
	environment(AWS_KEYS " AWS_SESSION_TOKEN=t");
	assert_true(backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err));
	assert_string_equal(location.secrets[LOCATION_SESSION_TOKEN].name, "AWS_SESSION_TOKEN");
	environment(AWS_KEYS " AWS_ENDPOINT_URL_S3=https://x");
	named.secrets[LOCATION_ACCESS_KEY] = named.secrets[LOCATION_SECRET_KEY] =
		(struct value_source){.kind = VALUE_ENV, .name = "MINE"};
	assert_true(backend_env_complete(&named, BACKEND_ENV_ALONE, &arena, &err));
	assert_string_equal(named.secrets[LOCATION_SECRET_KEY].name, "MINE");
	assert_int_equal(named.secrets[LOCATION_SESSION_TOKEN].kind, VALUE_NONE);
}

#define EVIL "https://evil.example"
#define GIT  "https://gitlab.example.com"

static void addresses(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err = {0};
	struct location location = {.kind = LOCATION_HTTP, .lock_method = "PUT"};
	struct location named = {.kind = LOCATION_HTTP, .address = GIT "/other"};

	(void)state;
	environment("TF_HTTP_ADDRESS=https://GitLab.example.com:443/s?a=b TF_HTTP_LOCK_ADDRESS=" GIT
		    "/lock TF_HTTP_LOCK_METHOD=POST TF_HTTP_USERNAME=ci TF_HTTP_PASSWORD=x");
	assert_true(backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err));
	assert_string_equal(location.address, GIT "/s?a=b");
	assert_string_equal(location.lock_address, GIT "/lock");
	assert_string_equal(location.lock_method, "PUT");
	assert_null(location.unlock_address);
	assert_string_equal(location.username, "ci");
	assert_string_equal(location.secrets[LOCATION_PASSWORD].name, "TF_HTTP_PASSWORD");
	/* the same server */
	assert_true(backend_env_complete(&named, BACKEND_ENV_ALONE, &arena, &err));
	assert_string_equal(named.address, GIT "/other");
	assert_string_equal(named.secrets[LOCATION_PASSWORD].name, "TF_HTTP_PASSWORD");
	/* our own names first */
	environment("TF_HTTP_ADDRESS=" GIT "/s CFPROV_HTTP_ADDRESS=" GIT "/t TF_HTTP_PASSWORD=x "
		    "CFPROV_HTTP_PASSWORD=y");
	location = (struct location){.kind = LOCATION_HTTP};
	assert_true(backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err));
	assert_string_equal(location.address, GIT "/t");
	assert_string_equal(location.secrets[LOCATION_PASSWORD].name, "CFPROV_HTTP_PASSWORD");
}

/* Without an address in the environment: what the manifest names, and what a policy vouches for. */
static void vouched(void **state)
{
	const struct location there = {
		.kind = LOCATION_HTTP, .address = EVIL "/s", .username = "me"};
	struct location location = there, bucket = {.kind = LOCATION_S3,
						  .bucket = "b",
						  .prefix = "p",
						  .endpoint = R2_URL};
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err = {0};

	(void)state;
	environment("TF_HTTP_PASSWORD=x TF_HTTP_USERNAME=y");
	location.secrets[LOCATION_PASSWORD] =
		(struct value_source){.kind = VALUE_ENV, .name = "TF_HTTP_PASSWORD"};
	assert_true(backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err));
	assert_string_equal(location.username, "me");
	location = there;
	location.username = NULL;
	assert_true(backend_env_complete(&location, BACKEND_ENV_POLICY, &arena, &err));
	assert_string_equal(location.username, "y");
	assert_string_equal(location.secrets[LOCATION_PASSWORD].name, "TF_HTTP_PASSWORD");
	/* nothing to send */
	environment("");
	location = there;
	assert_true(backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err));
	environment(AWS_KEYS " AWS_ENDPOINT_URL=https://x");
	assert_true(backend_env_complete(&bucket, BACKEND_ENV_POLICY, &arena, &err));
}

static void hints(void **state)
{
	const struct location there = {.kind = LOCATION_HTTP, .address = EVIL "/s"};
	const struct {
		const char *pairs, *hint;
	} table[] = {
		{"TF_HTTP_PASSWORD=x",
			"If it is for this server, write in `state`: password: {env: "
			"TF_HTTP_PASSWORD}. Or set TF_HTTP_ADDRESS to the same address."},
		{"CFPROV_HTTP_PASSWORD=x TF_HTTP_USERNAME=y",
			"If it is for this server, write in `state`: username: NAME, password: "
			"{env: CFPROV_HTTP_PASSWORD}. Or set CFPROV_HTTP_ADDRESS to the same "
			"address."},
		{"TF_HTTP_USERNAME=y TF_HTTP_ADDRESS=" GIT,
			"If it is for this server, write in `state`: username: NAME. Or set "
			"TF_HTTP_ADDRESS to the same address."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct location location = there;
		struct arena arena CLEANUP(arena_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		environment(table[i].pairs);
		assert_false(backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err));
		assert_string_equal(err.hint, table[i].hint);
	}
}

struct refusal {
	const char *pairs;
	const struct location *location;
	const char *message;
};

static void refuse_all(const struct refusal *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct location location = *table[i].location;
		struct arena arena CLEANUP(arena_release) = {0};
		struct error err = {0};
		environment(table[i].pairs);
		if (backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err))
			fail_msg("%zu", i);
		expect_error(&err, table[i].message);
	}
}

static void refused_buckets(void **state)
{
	const struct location bucket = {.kind = LOCATION_S3, .bucket = "b", .prefix = "p"},
			      r2 = {.kind = LOCATION_S3,
				      .bucket = "b",
				      .prefix = "p",
				      .endpoint = R2_URL};
	const struct refusal table[] = {
		{AWS_KEYS, &bucket, "no region is set for the bucket b"},
		{"", &r2, "no credentials for the bucket b: AWS_ACCESS_KEY_ID is not set"},
		{"AWS_ACCESS_KEY_ID=i", &r2, "AWS_SECRET_ACCESS_KEY is not set"},
		{AWS_KEYS " AWS_ENDPOINT_URL=http://h", &bucket,
			"AWS_ENDPOINT_URL uses plain http to another host"},
		{AWS_KEYS " AWS_ENDPOINT_URL=https://h/b", &bucket,
			"AWS_ENDPOINT_URL must end after the host"},
		{AWS_KEYS " AWS_ENDPOINT_URL_S3=https://x", &r2,
			"AWS_ACCESS_KEY_ID is not sent to " R2_URL
			": AWS_ENDPOINT_URL_S3 names another"},
		{AWS_KEYS " AWS_ENDPOINT_URL=https://x", &r2,
			"AWS_ACCESS_KEY_ID is not sent to " R2_URL
			": AWS_ENDPOINT_URL names another"},
	};

	(void)state;
	refuse_all(table, ARRAY_SIZE(table));
	/* what people of R2 often have */
	struct location location = r2;
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err = {0};
	environment("R2_ACCESS_KEY_ID=i R2_SECRET_ACCESS_KEY=s");
	assert_false(backend_env_complete(&location, BACKEND_ENV_ALONE, &arena, &err));
	assert_non_null(strstr(err.hint, "access_key: {env: R2_ACCESS_KEY_ID}"));
	expect_error(&err, "no credentials");
}

static void refused_servers(void **state)
{
	const struct location none = {.kind = LOCATION_HTTP},
			      there = {.kind = LOCATION_HTTP, .address = EVIL "/s"},
			      half = {.kind = LOCATION_HTTP,
				      .address = EVIL "/s",
				      .secrets[LOCATION_PASSWORD] = {.kind = VALUE_ENV,
					      .name = "P"}},
			      twice = {.kind = LOCATION_HTTP,
				      .address = GIT "/s",
				      .lock_address = "https://gitlab.example.com:8443/s"};
	const struct refusal table[] = {
		{"", &none, "the state has no `address`"},
		{"TF_HTTP_ADDRESS=http://h/s", &none,
			"TF_HTTP_ADDRESS uses plain http to another host"},
		{"TF_HTTP_ADDRESS=" GIT "/s TF_HTTP_LOCK_METHOD=post", &none,
			"TF_HTTP_LOCK_METHOD must be an HTTP method"},
		{"TF_HTTP_ADDRESS=" GIT "/s TF_HTTP_PASSWORD=x", &there,
			"TF_HTTP_PASSWORD is not sent to " EVIL
			": TF_HTTP_ADDRESS names another server"},
		{"TF_HTTP_ADDRESS=" GIT "/s TF_HTTP_USERNAME=x", &there,
			"TF_HTTP_USERNAME is not sent to " EVIL
			": TF_HTTP_ADDRESS names another server"},
		{"TF_HTTP_PASSWORD=x", &there,
			"TF_HTTP_PASSWORD is not sent to " EVIL
			": only the manifest names this server"},
		{"CFPROV_HTTP_USERNAME=x", &there,
			"CFPROV_HTTP_USERNAME is not sent to " EVIL
			": only the manifest names this"},
		{"TF_HTTP_USERNAME=x", &half, "TF_HTTP_USERNAME is not sent to " EVIL ": only"},
		{"", &twice, "`lock_address` and `address` of the state are on different servers"},
		{"TF_HTTP_LOCK_ADDRESS=" GIT "/s", &there,
			"`lock_address` and `address` of the state are on different servers"},
	};

	(void)state;
	refuse_all(table, ARRAY_SIZE(table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_and_regions),
		cmocka_unit_test(session_tokens),
		cmocka_unit_test(addresses),
		cmocka_unit_test(vouched),
		cmocka_unit_test(hints),
		cmocka_unit_test(refused_buckets),
		cmocka_unit_test(refused_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
