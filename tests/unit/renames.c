/* The names of secrets, along the moves of a manifest, or of a saved plan that somebody wrote. */
#include "plan/renames.h"

#include "unit.h"

struct world {
	struct model desired;
	struct renames renames;
};

static void release(struct world *world)
{
	renames_release(&world->renames);
	model_release(&world->desired);
}

/* Moves between secrets of prod/keys, as pairs of names. */
static void set_up(struct world *world, const char *const *pairs)
{
	for (; *pairs; pairs += 2) {
		char from[64], to[64];
		snprintf(from, sizeof(from), "prod/keys/%s", pairs[0]);
		snprintf(to, sizeof(to), "prod/keys/%s", pairs[1]);
		model_add_move(&world->desired, from, to);
	}
	renames_init(&world->renames, &world->desired);
}

/* The names that the secret has from this one on, and those that it had, with blanks between. */
static void expect_names(
	const struct world *world, const char *name, const char *newer, const char *older)
{
	const struct object first = {
		OBJECT_SECRET, .account = "prod", .store = "keys", .secret = name};
	struct str on CLEANUP(str_release) = {0}, back CLEANUP(str_release) = {0};

	for (struct object it = first; renames_step_on(&world->renames, &it);)
		str_format(&on, "%s ", it.secret);
	for (struct object it = first; renames_step_back(&world->renames, &it);)
		str_format(&back, "%s ", it.secret);
	assert_string_equal(str_text(&on), newer);
	assert_string_equal(str_text(&back), older);
}

#define MOVES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void steps(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	model_add_move(&world.desired, "old-alias", "prod");
	/* to another store, with a name of the same length or not */
	model_add_move(&world.desired, "prod/keys/X", "prod/toys/Y");
	model_add_move(&world.desired, "prod/keys/X", "prod/keys-2/Y");
	set_up(&world, MOVES("B", "C", "OLD", "NEW", "A", "B"));
	expect_names(&world, "A", "B C ", "");
	expect_names(&world, "B", "C ", "A ");
	expect_names(&world, "C", "", "B A ");
	expect_names(&world, "OLD", "NEW ", "");
	expect_names(&world, "X", "", "");
}

/* The same names in another store or account do not move, nor does a store. */
static void elsewhere(void **state)
{
	struct world world CLEANUP(release) = {0};
	struct object others[] = {
		{OBJECT_SECRET, .account = "prod", .store = "key", .secret = "OLD"},
		{OBJECT_SECRET, .account = "dev", .store = "keys", .secret = "OLD"},
		{OBJECT_SECRET, .account = "prod", .store = "keys", .secret = "old"},
		{OBJECT_STORE, .account = "prod", .store = "keys"},
	};

	(void)state;
	model_add_move(&world.desired, "prod/keys", "prod/toys");
	model_add_move(&world.desired, "prod/boys", "prod/keys");
	set_up(&world, MOVES("OLD", "NEW"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_false(renames_step_on(&world.renames, &others[i]));
		assert_false(renames_step_back(&world.renames, &others[i]));
	}
}

/* fault B15: nothing that a plan says may keep us going round for ever */
static void circles_are_ignored(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	set_up(&world, MOVES("A", "B", "B", "C", "C", "A", "SELF", "SELF", "OLD", "NEW"));
	expect_names(&world, "A", "", "");
	expect_names(&world, "C", "", "");
	expect_names(&world, "SELF", "", "");
	expect_names(&world, "OLD", "NEW ", "");
}

/* One that leads into a circle; circles that only the last parts of the addresses make. */
static void odd_circles(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	model_add_move(&world.desired, "prod/keys/P", "prod/other/Q");
	model_add_move(&world.desired, "prod/keys/Q", "prod/other/P");
	model_add_move(&world.desired, "prod/keys", "keys");
	model_add_move(&world.desired, "prod", "prod/keys");
	set_up(&world, MOVES("A", "B", "B", "C", "C", "B", "X", "Y", "X", "Z", "W", "Y"));
	expect_names(&world, "P", "", "");
	expect_names(&world, "A", "B C ", "");
	expect_names(&world, "C", "", "B A ");
	expect_names(&world, "X", "Y ", "");
	expect_names(&world, "W", "", "");
}

/* From any name of a long chain, and of a long circle: each is followed once. */
static void long_chains(void **state)
{
	enum { MANY = 50000 };

	(void)state;
	for (int is_circle = 0; is_circle < 2; is_circle++) {
		struct world world CLEANUP(release) = {0};
		struct object first = {
			OBJECT_SECRET, .account = "prod", .store = "keys", .secret = "N0"};
		size_t steps = 0;
		for (int i = 0; i < MANY; i++) {
			char from[32], to[32];
			snprintf(from, sizeof(from), "prod/keys/N%d", i);
			snprintf(to, sizeof(to), "prod/keys/N%d",
				is_circle && i == MANY - 1 ? 0 : i + 1);
			model_add_move(&world.desired, from, to);
		}
		renames_init(&world.renames, &world.desired);
		while (renames_step_on(&world.renames, &first))
			steps++;
		assert_int_equal(steps, is_circle ? 0 : MANY);
	}
}

/* Which of OLD and NEW has the value of NEW, as they are recorded and live? */
static void expect_original(
	const char *const recorded[2], const char *const live[2], const char *name)
{
	static const char *const names[] = {"OLD", "NEW"};
	struct world world CLEANUP(release) = {0};
	struct model known CLEANUP(model_release) = {0}, seen CLEANUP(model_release) = {0};
	const struct object desired = {
		OBJECT_SECRET, .account = "prod", .store = "keys", .secret = "NEW"};

	set_up(&world, MOVES("OLD", "NEW"));
	for (size_t i = 0; i < 2; i++) {
		if (recorded[i])
			model_add_object(&known, "prod", "keys", names[i])->id =
				*recorded[i] ? recorded[i] : NULL;
		if (live[i])
			model_add_object(&seen, "prod", "keys", names[i])->id = live[i];
	}
	model_sort(&known);
	model_sort(&seen);
	const struct object *found = renames_original(&world.renames, &desired, &known, &seen);
	assert_string_equal(found ? found->secret : "(nothing)", name ? name : "(nothing)");
}

#define PAIR(a, b) ((const char *const[]){a, b})

static void originals(void **state)
{
	(void)state;
	expect_original(PAIR(NULL, NULL), PAIR(NULL, NULL), NULL);
	expect_original(PAIR("o", NULL), PAIR("o", NULL), "OLD");
	expect_original(PAIR(NULL, "n"), PAIR(NULL, "n"), "NEW");
	expect_original(PAIR("o", "n"), PAIR("o", "n"), "NEW");
	expect_original(PAIR("o", "n"), PAIR("o", NULL), "OLD");
	expect_original(PAIR("o", "n"), PAIR("o", "n9"), "OLD");
	expect_original(PAIR("o", "n"), PAIR("o9", "n9"), NULL);
	expect_original(PAIR("o", NULL), PAIR("o", "n"), "OLD");
	expect_original(PAIR(NULL, NULL), PAIR("o", "n"), NULL);
	expect_original(PAIR("", ""), PAIR("o", "n"), NULL); /* unresolved */
	expect_original(PAIR("o", ""), PAIR("o", "n"), "OLD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(circles_are_ignored),
		cmocka_unit_test(odd_circles),
		cmocka_unit_test(long_chains),
		cmocka_unit_test(originals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
