/* Which existing object `cfprov import` means, and whether the state can have it. */
#include "plan/import.h"

#include "unit.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"
#define ID_B "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2"
#define ID_S "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3"
#define ID_T "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa4"

/* The manifest has all of them. */
struct world {
	struct account account;
	struct model desired, recorded, live;
	struct arena arena;
	struct import_input input;
};

static void add(struct model *model, const char *store, const char *secret, const char *id)
{
	struct object *object = model_add_object(model, "prod", store, secret);

	object->id = id;
	object->origin = id ? ORIGIN_CREATED : ORIGIN_NONE;
}

/* Two stores, each with a secret S; only the store `a` is recorded. */
static void set_up(struct world *world)
{
	*world = (struct world){.account = {.alias = "prod", .id = "acc1"}};
	world->input = (struct import_input){
		&world->account, .recorded = &world->recorded, .live = &world->live};
	model_add_account(&world->recorded, "prod", "acc1");
	model_add_account(&world->live, "prod", "acc1");
	add(&world->recorded, "a", NULL, ID_A);
	add(&world->desired, "a", NULL, NULL);
	add(&world->desired, "a", "S", NULL);
	add(&world->desired, "b", NULL, NULL);
	add(&world->live, "a", NULL, ID_A);
	add(&world->live, "a", "S", ID_S);
	add(&world->live, "b", NULL, ID_B);
	add(&world->live, "b", "S", ID_T);
	model_sort(&world->live);
	model_sort(&world->desired);
}

static void release(struct world *world)
{
	model_release(&world->desired);
	model_release(&world->recorded);
	model_release(&world->live);
	arena_release(&world->arena);
}

/* What is found, or the error. */
static void expect(struct world *world, const char *store, const char *secret, const char *id,
	const char *wanted)
{
	struct error err CLEANUP(error_release) = {0};
	struct object found = {0};

	model_sort(&world->recorded);
	world->input.desired = model_object(&world->desired, "prod", store, secret);
	assert_non_null(world->input.desired);
	if (import_read_id(&world->input, id, &world->arena, &err) &&
		import_is_free(&world->input, &err) && import_find(&world->input, &found, &err)) {
		assert_string_equal(found.id, wanted);
		assert_string_equal(found.store, store);
		assert_int_equal(found.origin, ORIGIN_ADOPTED);
		assert_int_equal(found.version, 0);
	} else {
		expect_text(err.message, wanted);
	}
}

static void stores(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	expect(&world, "b", NULL, "acc1/" ID_B, ID_B);
	expect(&world, "b", NULL, "prod/b", ID_B);
	expect(&world, "b", NULL, "acc2/" ID_B, "the address is in the account `prod` (acc1)");
	expect(&world, "b", NULL, "acc1/" ID_B "/S", "expected ACCOUNT/STORE");
	expect(&world, "b", NULL, "acc1/" ID_S, "no store of the account");
	expect(&world, "b", NULL, "acc1/" ID_A, "is `a`, not `b`");
	expect(&world, "a", NULL, "acc1/" ID_A, "already in the state, with the id " ID_A);
	add(&world.recorded, "c", NULL, ID_B);
	expect(&world, "b", NULL, "acc1/" ID_B, "already in the state, as prod/c");
}

static void secrets(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	/* another store has a secret of this name, too */
	expect(&world, "a", "S", "acc1/a/S", ID_S);
	expect(&world, "a", "S", "acc1/" ID_A "/" ID_S, ID_S);
	expect(&world, "a", "S", "acc1/a/" ID_T, "no secret in prod/a has the id or the name");
	expect(&world, "a", "S", "acc1/" ID_B "/" ID_S, "the id names another store");
	add(&world.recorded, "c", NULL, ID_B);
	add(&world.recorded, "c", "S", ID_S);
	expect(&world, "a", "S", "acc1/a/S", "already in the state, as prod/c/S");
}

/* Two have the name: an id says which one is meant, also where the other is listed first. */
static void doubles(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	add(&world.live, "b", NULL, "another");
	model_sort(&world.live);
	expect(&world, "b", NULL, "prod/b", "2 stores have this name");
	expect(&world, "b", NULL, "prod/" ID_B, ID_B);
	expect(&world, "b", NULL, "prod/another", "another");
}

/* The secret's store must be known by its id, and still be the one that is listed. */
static void store_of_secret(void **state)
{
	static const char *const ids[] = {NULL, "was"};
	static const char *const wanted[] = {
		"Import the store first", "does not exist under the id"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct world world CLEANUP(release);
		set_up(&world);
		world.recorded.objects[0].id = ids[i];
		struct error err CLEANUP(error_release) = {0};
		struct object found;
		world.input.desired = model_object(&world.desired, "prod", "a", "S");
		bool is_good = import_read_id(&world.input, "prod/a/S", &world.arena, &err) &&
			       import_is_free(&world.input, &err) &&
			       import_find(&world.input, &found, &err);
		assert_false(is_good);
		expect_text(i ? err.message : err.hint, wanted[i]);
	}
}

/* One that an interrupted run may have created is not in the way; the manifest's policies count. */
static void unresolved(void **state)
{
	struct world world CLEANUP(release);
	struct error err CLEANUP(error_release) = {0};
	struct object found = {0};

	(void)state;
	set_up(&world);
	add(&world.recorded, "b", NULL, NULL);
	struct object *desired = &world.desired.objects[world.desired.object_count - 1];
	assert_string_equal(desired->store, "b");
	desired->prevent_destroy = desired->forget_on_remove = true;
	expect(&world, "b", NULL, "prod/b", ID_B);
	assert_true(import_find(&world.input, &found, &err));
	assert_true(found.prevent_destroy);
	assert_true(found.forget_on_remove);
}

/* The state means another account. */
static void other_account(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	world.recorded.accounts[0].id = "acc9";
	expect(&world, "b", NULL, "prod/b", "its id is acc9 in the state and acc1 in the manifest");
}

static void sought(void **state)
{
	struct world world CLEANUP(release);
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	set_up(&world);
	world.input.desired = model_object(&world.desired, "prod", "b", NULL);
	assert_true(import_read_id(&world.input, "prod/" ID_B, &world.arena, &err));
	assert_string_equal(import_sought_id(&world.input), ID_B);
	assert_true(import_read_id(&world.input, "prod/b", &world.arena, &err));
	assert_null(import_sought_id(&world.input));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores),
		cmocka_unit_test(secrets),
		cmocka_unit_test(doubles),
		cmocka_unit_test(store_of_secret),
		cmocka_unit_test(unresolved),
		cmocka_unit_test(other_account),
		cmocka_unit_test(sought),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
