/* Where a manifest says that the state is. */
#include "manifest/manifest.h"

#include "unit.h"

struct outcome {
	struct folder *folder;
	const char *paths[2];
	size_t path_count;
	struct error_list errors;
};

static void add_file(struct outcome *o, const char *name, const char *text)
{
	folder_write(o->folder, name, text);
	o->paths[o->path_count++] = folder_file(o->folder, name);
}

static struct manifest_source source_of(const struct outcome *o)
{
	return (struct manifest_source){o->paths, o->path_count, NULL, 0, NULL, false};
}

static void finish(struct outcome *o)
{
	error_list_release(&o->errors);
}

/* Gives (mem_free) the path of the state, or NULL; "!" with the first error. */
static char *state_path(struct outcome *o)
{
	struct manifest manifest CLEANUP(manifest_release) = {0};
	struct model model CLEANUP(model_release) = {0};
	const struct manifest_source source = source_of(o);
	struct location location;

	assert_true(manifest_open(&manifest, &source, &o->errors));
	if (manifest_location(&manifest, &model, &location, &o->errors))
		return location.path ? mem_copy_text(location.path) : NULL;
	struct str said = {0};
	assert_non_null(o->errors.items[0].file); /* where it is */
	str_format(&said, "!%s", o->errors.items[0].message);
	return str_steal(&said);
}

static void expect_state(void **state, const char *first, const char *second, const char *wanted)
{
	struct outcome o = {.folder = *state};

	add_file(&o, "a.yaml", first);
	if (second)
		add_file(&o, "b.yaml", second);
	char *path AUTO_FREE = state_path(&o);
	if (wanted)
		expect_text(path, wanted);
	else
		assert_null(path);
	finish(&o);
}

static void state_paths(void **state)
{
	struct folder *folder = *state;
	char beside[128];

	snprintf(beside, sizeof(beside), "%s/s/x.json", folder->path);
	expect_state(state, "stores: [x]\n", NULL, NULL);
	expect_state(state, "state: {path: s/x.json}\n", NULL, beside);
	expect_state(
		state, "state: {path: ./s/x.json}\n", "state: {path: ./s/x.json}\n", "/./s/x.json");
	expect_state(state, "state: {path: /s/x.json}\n", NULL,
		"!the path of the state leads out of the directory of the manifest");
	expect_state(state, "state: {path: s/../../x.json}\n", NULL, "leads out of the directory");
	expect_state(state, "state: {backend: local}\n", "state: {path: s/x.json}\n", beside);
	expect_state(state, "state: {path: a}\n", "\nstate: {path: b}\n",
		"!`path` is set twice with different values, first at ");
	expect_state(state, "state: {backend: gcs}\n", NULL, "expected `local`, `s3` or `http`");
	expect_state(state, "state: {}\n", NULL, "!`state` is empty");
	expect_state(state, "state: {path: \"${NOT_SET_ANYWHERE}\"}\n", NULL, "is not set");
	/* nothing else need be right */
	expect_state(state, "stores: ${NOT_SET_ANYWHERE}\nstate: {path: s/x.json}\n", NULL, beside);
	expect_state(state, "[a, b]\n", NULL, NULL);
}

/* Gives the location that the files name; its texts are in *ret_model. */
static struct location location_of(struct outcome *o, struct model *ret_model)
{
	struct manifest manifest CLEANUP(manifest_release) = {0};
	const struct manifest_source source = source_of(o);
	struct location location = {0};

	assert_true(manifest_open(&manifest, &source, &o->errors));
	if (!manifest_location(&manifest, ret_model, &location, &o->errors))
		fail_msg("%s", o->errors.items[0].message);
	return location;
}

static void buckets(void **state)
{
	struct outcome o = {.folder = *state};
	struct model model CLEANUP(model_release) = {0};

	add_file(&o, "a.yaml",
		"state:\n  backend: s3\n  bucket: platform-state\n  prefix: cfprov/${ACCOUNT_ID}/\n"
		"  endpoint: HTTPS://0123456789abcdef0123456789abcdef.R2.cloudflarestorage.com/\n"
		"  region: auto\n  access_key: {env: R2_ID}\n  secret_key: {file: secret}\n");
	struct location location = location_of(&o, &model);
	assert_int_equal(location.kind, LOCATION_S3);
	assert_string_equal(location.bucket, "platform-state");
	assert_string_equal(location.prefix, "cfprov/${ACCOUNT_ID}");
	assert_string_equal(location.endpoint,
		"https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com");
	assert_string_equal(location.region, "auto");
	assert_string_equal(location.secrets[LOCATION_ACCESS_KEY].name, "R2_ID");
	assert_int_equal(location.secrets[LOCATION_SECRET_KEY].kind, VALUE_FILE);
	assert_int_equal(location.secrets[LOCATION_PASSWORD].kind, VALUE_NONE);
	assert_int_equal(location.place.line, 2);
	finish(&o);
}

/* Several files say parts of it; what they don't say is left to defaults. */
static void backends_in_two_files(void **state)
{
	struct outcome o = {.folder = *state};
	struct model model CLEANUP(model_release) = {0};

	add_file(&o, "a.yaml", "state: {backend: s3}\n");
	add_file(&o, "b.yaml", "state: {bucket: b}\n");
	struct location location = location_of(&o, &model);
	assert_string_equal(location.bucket, "b");
	assert_string_equal(location.prefix, "cfprov");
	assert_null(location.endpoint);
	assert_null(location.region);
	finish(&o);
}

static void addresses_of_states(void **state)
{
	struct outcome o = {.folder = *state};
	struct model model CLEANUP(model_release) = {0};

	add_file(&o, "a.yaml",
		"state:\n  backend: http\n  address: "
		"https://gitlab.example.com/s/${ACCOUNT_ID}?a=b\n"
		"  lock_address: https://gitlab.example.com/s/${ACCOUNT_ID}/lock\n"
		"  lock_method: POST\n  unlock_method: DELETE\n  username: ci\n"
		"  password: {env: CI_JOB_TOKEN}\n");
	struct location location = location_of(&o, &model);
	assert_int_equal(location.kind, LOCATION_HTTP);
	assert_string_equal(location.address, "https://gitlab.example.com/s/${ACCOUNT_ID}?a=b");
	assert_string_equal(
		location.lock_address, "https://gitlab.example.com/s/${ACCOUNT_ID}/lock");
	assert_null(location.unlock_address);
	assert_null(location.update_method);
	assert_string_equal(location.unlock_method, "DELETE");
	assert_string_equal(location.username, "ci");
	assert_string_equal(location.secrets[LOCATION_PASSWORD].name, "CI_JOB_TOKEN");
	finish(&o);
}

static void bad_backends(void **state)
{
	static const struct {
		const char *said, *message;
	} bad[] = {
		{"bucket: b", "!`bucket` requires `backend: s3`"},
		{"backend: local, bucket: b", "!`bucket` requires `backend: s3`"},
		{"backend: s3, bucket: b, path: x", "!`path` requires `backend: local`"},
		{"backend: s3, bucket: b, address: \"https://h\"",
			"!`address` requires `backend: http`"},
		{"backend: http, access_key: {env: A}, secret_key: {env: B}",
			"!`access_key` requires `backend: s3`"},
		{"backend: s3", "!`bucket` is missing"},
		{"backend: s3, bucket: a/b", "not allowed"},
		{"backend: s3, bucket: b, prefix: /a", "!invalid prefix: it starts with /"},
		{"backend: s3, bucket: b, prefix: a//b", "!invalid prefix: it has an empty part"},
		{"backend: s3, bucket: b, prefix: a/../b", "can't be parts of it"},
		{"backend: s3, bucket: b, prefix: ..", "can't be parts of it"},
		{"backend: s3, bucket: b, prefix: ./a", "can't be parts of it"},
		{"backend: s3, bucket: b, prefix: a?b", "(character 2) is not allowed"},
		{"backend: s3, bucket: b, prefix: \"a/{x}\"", "only allowed in ${ACCOUNT_ID}"},
		{"backend: s3, bucket: b, prefix: \"${ACCOUNT_ID:-x}\"", "ACCOUNT_ID is reserved"},
		{"backend: s3, bucket: \"${ACCOUNT_ID}\"", "ACCOUNT_ID is reserved"},
		{"backend: s3, bucket: b, endpoint: \"http://h\"",
			"!`endpoint` uses plain http to another host"},
		{"backend: s3, bucket: b, endpoint: \"https://h/b\"",
			"!`endpoint` must end after the host"},
		{"backend: s3, bucket: b, endpoint: \"https://u:p@h\"",
			"!`endpoint` must not contain a user or password"},
		{"backend: s3, bucket: b, endpoint: \"https://${ACCOUNT_ID}.r2\"",
			"ACCOUNT_ID is reserved"},
		{"backend: s3, bucket: b, access_key: {env: A}",
			"!`access_key` requires `secret_key`"},
		{"backend: s3, bucket: b, access_key: AKIA, secret_key: {env: A}",
			"expected a source such as {env: NAME}"},
		{"backend: s3, bucket: b, use_lockfile: true", "the state is always locked"},
		{"backend: http, address: \"http://h/s\"",
			"!`address` uses plain http to another host"},
		{"backend: http, address: \"https://h/#s\"", "must not contain a fragment"},
		{"backend: http, address: s", "!`address` is not a valid URL"},
		{"backend: http, lock_method: lock", "not allowed"},
		{"path: \"https://h/s\"", "!`path` must be a local file, not a URL"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "state: {%s}\n", bad[i].said);
		expect_state(state, str_text(&text), NULL, bad[i].message);
	}
	expect_state(state, "state: {backend: s3, bucket: a}\n", "state: {bucket: b}\n",
		"!`bucket` is set twice with different values, first at ");
	expect_state(state, "state: {backend: s3, bucket: a}\n", "state: {backend: local}\n",
		"!`backend` is set twice with different values, first at ");
}

/* Each account has its own, under its id. */
static void parts(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};
	const struct location bucket = {
		.kind = LOCATION_S3, .bucket = "b", .prefix = "a/${ACCOUNT_ID}"};
	const struct location server = {.kind = LOCATION_HTTP,
		.address = "https://h/${ACCOUNT_ID}/${ACCOUNT_ID}",
		.lock_address = "https://h/lock/${ACCOUNT_ID}?x"};
	const struct location whole = {.kind = LOCATION_S3, .bucket = "b", .prefix = "a"};

	(void)state;
	assert_true(location_is_split(&bucket) && location_is_split(&server));
	assert_false(location_is_split(&whole));
	struct location one = location_of_account(&bucket, "0123", &arena);
	assert_string_equal(one.prefix, "a/0123");
	assert_false(location_is_split(&one));
	one = location_of_account(&server, "0123", &arena);
	assert_string_equal(one.address, "https://h/0123/0123");
	assert_string_equal(one.lock_address, "https://h/lock/0123?x");
	assert_null(one.unlock_address);
	one = location_of_account(&whole, "0123", &arena);
	assert_string_equal(one.prefix, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(state_paths),
		test_in_folder(buckets),
		test_in_folder(backends_in_two_files),
		test_in_folder(addresses_of_states),
		test_in_folder(bad_backends),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
