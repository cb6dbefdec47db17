#include "state/seen.h"

#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"
#define OTHER   "6f1c2f0e-0000-4000-8000-123456789abd"

static int set_up(void **state)
{
	(void)folder_setup(state);
	setenv("XDG_STATE_HOME", ((struct folder *)*state)->path, true);
	return 0;
}

static int tear_down(void **state)
{
	struct folder *folder = *state;

	(void)unlink(folder_file(folder, "cfprov/serials/" LINEAGE));
	(void)rmdir(folder_file(folder, "cfprov/serials"));
	return folder_teardown(state);
}

/* Only higher serials, each of its lineage, in files that only we can read. */
static void remembers(void **state)
{
	static const struct {
		int64_t serial, known;
	} steps[] = {{1, 1}, {3, 3}, {2, 3}, {3, 3}, {9007199254740991, 9007199254740991}};

	assert_int_equal(seen_serial(LINEAGE), 0);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_true(seen_remember(LINEAGE, steps[i].serial));
		assert_int_equal(seen_serial(LINEAGE), steps[i].known);
	}
	assert_int_equal(seen_serial(OTHER), 0);
	assert_int_equal(folder_mode(*state, "cfprov/serials/" LINEAGE), 0600);
	assert_int_equal(folder_mode(*state, "cfprov/serials"), 0700);
}

/* What is no number is as if nothing were known, and is replaced. */
static void damaged(void **state)
{
	static const char *const bad[] = {
		"", "\n", "7", "7x\n", "-7\n", "7\n\n", "99999999999999999999\n"};

	assert_true(seen_remember(LINEAGE, 1));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		folder_write(*state, "cfprov/serials/" LINEAGE, bad[i]);
		assert_int_equal(seen_serial(LINEAGE), 0);
	}
	assert_true(seen_remember(LINEAGE, 2));
	assert_int_equal(seen_serial(LINEAGE), 2);
}

/* The home counts where XDG_STATE_HOME is not set or no full path; without one, nothing is known.
 */
static void homes(void **state)
{
	struct folder *folder = *state;
	char *home AUTO_FREE = mem_copy_text(getenv("HOME") ? getenv("HOME") : "");

	setenv("XDG_STATE_HOME", "relative", true);
	setenv("HOME", "/home/of/mine", true);
	char *path AUTO_FREE = seen_path(LINEAGE);
	assert_string_equal(path, "/home/of/mine/.local/state/cfprov/serials/" LINEAGE);
	unsetenv("XDG_STATE_HOME");
	unsetenv("HOME");
	assert_null(seen_path(LINEAGE));
	assert_false(seen_remember(LINEAGE, 1));
	assert_int_equal(seen_serial(LINEAGE), 0);
	/* A file where the folder should be. */
	folder_write(folder, "file", "");
	setenv("XDG_STATE_HOME", folder_file(folder, "file"), true);
	assert_false(seen_remember(LINEAGE, 1));
	setenv("XDG_STATE_HOME", folder->path, true);
	setenv("HOME", home, true);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(remembers), TEST(damaged), TEST(homes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
