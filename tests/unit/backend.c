/* What the interface does where a kind has nothing, and where the files of a remote state are. */
#include "state/backend.h"

#include "unit.h"

#include <stdlib.h>

static int setup(void **state)
{
	struct folder *folder = mem_alloc(sizeof(*folder));

	folder_make(folder);
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	folder_remove(*state);
	arena_release(&((struct folder *)*state)->paths);
	mem_free(*state);
	return 0;
}

static struct backend *open_local(void **state)
{
	const struct location location = {.path = folder_file(*state, "s.json")};
	const struct backend_options options = {.location = &location};
	struct error err CLEANUP(error_release) = {0};
	struct backend *backend = NULL;

	assert_true(backend_open(&options, &backend, &err));
	return backend;
}

/* A local state needs no lock but its file's, and loses nothing that only its journal has. */
static void local_has_no_more(void **state)
{
	struct backend *backend = open_local(state);
	struct backend_intents left = {0};
	struct str info CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	const struct backend_lock lock = {.id = "1", .info = "{}"};
	const char *id = "";

	assert_false(backend_is_log(backend));
	assert_true(backend_check(backend, &err));
	assert_true(backend_lock(backend, &lock, &id, &info, &err));
	assert_null(id);
	assert_true(backend_find_holder(backend, &info, &err));
	assert_true(backend_left(backend, &left, &err));
	assert_int_equal(left.count, 0);
	backend_intents_release(&left);
	assert_true(backend_announce(backend, &info, &err));
	assert_true(backend_still_ours(backend, &err));
	assert_true(backend_release(backend, &err));
	assert_int_equal(info.length, 0);
	assert_int_equal(folder_count(*state), 0);
	backend_free(backend);
}

static void what_local_lacks_is_said(void **state)
{
	struct backend *backend = open_local(state);
	struct backend_versions versions = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	size_t removed = 7;

	assert_false(backend_history(backend, &versions, &err));
	backend_versions_release(&versions);
	expect_error(&err, "the backend `local` has no history");
	assert_false(backend_read_old(backend, 1, &bytes, &err));
	expect_text(err.hint, "That needs an object store (`backend: s3`)");
	expect_text(err.hint, "cfprov state migrate");
	expect_error(&err, "the backend `local` has no history");
	assert_false(backend_forget(backend, 1, &removed, &err));
	expect_error(&err, "the backend `local` has no history");
	assert_int_equal(removed, 7);
	assert_false(backend_force_unlock(backend, "1", &bytes, &err));
	expect_error(&err, "it ends with its process");
	backend_free(backend);
}

/* ---- the files of a remote state ---- */

static bool open_far(
	const struct backend_options *options, struct backend **ret_backend, struct error *err)
{
	(void)options;
	(void)err;
	*ret_backend = mem_alloc(sizeof(**ret_backend));
	return true;
}

static void close_far(struct backend *backend)
{
	mem_free(backend);
}

static const struct backend_kind far = {.name = "far", .open = open_far, .close = close_far};

static char *journal_at(const struct location *location, const char *name)
{
	const struct backend_options options = {.kind = &far, .location = location};
	struct error err CLEANUP(error_release) = {0};
	struct backend *backend = NULL;

	assert_true(backend_open(&options, &backend, &err));
	char *path = mem_copy_text(backend->journal_path);
	expect_text(backend->name, name);
	expect_text(backend->lock_path, ".lock");
	backend_free(backend);
	return path;
}

static char *journal_of(const char *endpoint, const char *prefix)
{
	const struct location location = {
		.kind = LOCATION_S3, .bucket = "b", .prefix = prefix, .endpoint = endpoint};

	return journal_at(&location, "s3://b/p");
}

static char *journal_of_address(const char *address)
{
	const struct location location = {.kind = LOCATION_HTTP, .address = address};

	return journal_at(&location, "https://host/s");
}

/* The name of a state has no query, but its files have. */
static void journals_of_queries(void **state)
{
	const char *folder = folder_file(*state, "state");

	assert_int_equal(setenv("XDG_STATE_HOME", folder, true), 0);
	char *a AUTO_FREE = journal_of_address("https://host/s?a=1"),
		*b AUTO_FREE = journal_of_address("https://host/s?a=1"),
		*c AUTO_FREE = journal_of_address("https://host/s?a=2"),
		*d AUTO_FREE = journal_of_address("https://host/s");
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_string_not_equal(a, d);
}

/* Each place has files of its own, and always the same. */
static void journals_of_remote_states(void **state)
{
	const char *folder = folder_file(*state, "state");

	assert_int_equal(setenv("XDG_STATE_HOME", folder, true), 0);
	char *a AUTO_FREE = journal_of("https://one", "p"),
		*b AUTO_FREE = journal_of("https://one", "p");
	char *c AUTO_FREE = journal_of("https://two", "p"),
		*d AUTO_FREE = journal_of("https://one", "p/q");
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_string_not_equal(a, d);
	expect_text(a, folder);
	expect_text(a, "/cfprov/");
	assert_int_equal(setenv("XDG_STATE_HOME", "relative", true), 0); /* which counts as unset */
	assert_int_equal(setenv("HOME", "/home/alice", true), 0);
	char *home AUTO_FREE = journal_of("https://one", "p");
	expect_text(home, "/home/alice/.local/state/cfprov/");
}

static void no_folder_for_journals(void **state)
{
	const struct location location = {.kind = LOCATION_HTTP, .address = "https://host/s"};
	const struct backend_options options = {.kind = &far, .location = &location};
	struct error err CLEANUP(error_release) = {0};
	struct backend *backend = NULL;

	(void)state;
	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
	assert_int_equal(unsetenv("HOME"), 0);
	assert_false(backend_open(&options, &backend, &err));
	expect_text(err.hint, "XDG_STATE_HOME");
	expect_error(&err, "no folder for the journal of https://host/s: HOME is not set");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(local_has_no_more),
		TEST(what_local_lacks_is_said),
		TEST(journals_of_remote_states),
		TEST(journals_of_queries),
		TEST(no_folder_for_journals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
