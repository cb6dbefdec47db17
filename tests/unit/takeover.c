/* What of another tool's state is taken over. Whole files are in tests/cli. */
#include "plan/takeover.h"

#include "unit.h"

/* A live store `s` with a secret A; the file has both. */
struct world {
	struct model desired, recorded, live;
	struct foreign_object objects[2];
	struct foreign foreign;
	struct takeover takeover;
	struct error_list errors;
};

static void set_up(struct world *world)
{
	*world = (struct world){
		.objects = {{OBJECT_SECRET, "tf.a", "acc1", "s1", "a1", "A", NULL, NULL},
			{OBJECT_STORE, "tf.s", "acc1", "s1", "s1", "s", NULL, NULL}},
	};
	world->foreign = (struct foreign){
		.path = "terraform.tfstate", .objects = world->objects, .count = 2};
	model_add_account(&world->desired, "prod", "acc1");
	model_add_account(&world->recorded, "prod", "acc1");
	model_add_account(&world->live, "prod", "acc1");
	model_add_object(&world->live, "prod", "s", NULL)->id = "s1";
	struct object *secret = model_add_object(&world->live, "prod", "s", "A");
	secret->id = "a1";
	secret->scopes = "workers";
	model_sort(&world->live);
}

static void release(struct world *world)
{
	takeover_release(&world->takeover);
	error_list_release(&world->errors);
	model_release(&world->desired);
	model_release(&world->recorded);
	model_release(&world->live);
}

static bool find(struct world *world)
{
	const struct takeover_input input = {
		&world->foreign, &world->desired, &world->recorded, &world->live};

	model_sort(&world->desired);
	model_sort(&world->recorded);
	return takeover_find(&input, &world->takeover, &world->errors);
}

static void add_recorded(struct world *world, const char *store, const char *secret, const char *id)
{
	struct object *object = model_add_object(&world->recorded, "prod", store, secret);

	object->id = id;
	object->origin = id ? ORIGIN_CREATED : ORIGIN_NONE;
}

static void all_is_new(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	assert_true(find(&world));
	assert_int_equal(world.takeover.records.object_count, 2);
	assert_int_equal(world.takeover.entries.object_count, 2);
	assert_int_equal(world.takeover.warnings.count, 0);
	for (size_t i = 0; i < 2; i++) {
		const struct object *object = world.takeover.changes[i].object;
		assert_int_equal(world.takeover.changes[i].kind, CHANGE_PUT);
		assert_string_equal(object->id, i ? "a1" : "s1");
		assert_int_equal(object->origin, ORIGIN_ADOPTED);
		assert_false(object->prevent_destroy || object->forget_on_remove);
	}
}

/* What the manifest says about what it declares is recorded at once. */
static void declared(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	struct object *store = model_add_object(&world.desired, "prod", "s", NULL);
	store->prevent_destroy = store->forget_on_remove = true;
	model_add_object(&world.desired, "prod", "s", "A");
	assert_true(find(&world));
	assert_int_equal(world.takeover.entries.object_count, 0);
	assert_int_equal(world.takeover.warnings.count, 0);
	assert_true(world.takeover.records.objects[0].prevent_destroy);
	assert_true(world.takeover.records.objects[0].forget_on_remove);
	assert_false(world.takeover.records.objects[1].prevent_destroy);
	assert_false(world.takeover.records.objects[1].forget_on_remove);
}

/* The file has only the secret: its store is never destroyed, unless the state has it already. */
static void store_of_secret(void **state)
{
	(void)state;
	for (int is_known = 0; is_known < 2; is_known++) {
		struct world world CLEANUP(release);
		set_up(&world);
		world.foreign.count = 1;
		if (is_known)
			add_recorded(&world, "s", NULL, "s1");
		assert_true(find(&world));
		const struct object *store = &world.takeover.entries.objects[0];
		assert_string_equal(store->store, "s");
		assert_int_equal(store->forget_on_remove, !is_known);
		assert_int_equal(world.takeover.records.object_count, is_known ? 1 : 2);
		assert_int_equal(world.takeover.warnings.count, !is_known);
		assert_int_equal(world.takeover.known, is_known);
	}
}

/* What an interrupted run may have created is known by its name only. */
static void unresolved(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	add_recorded(&world, "s", NULL, NULL);
	add_recorded(&world, "s", "A", NULL);
	assert_true(find(&world));
	assert_int_equal(world.takeover.records.object_count, 2);
	assert_int_equal(world.takeover.known, 0);
}

static void contradictions(void **state)
{
	static const struct {
		const char *store, *secret, *id, *message;
	} others[] = {
		{"s", NULL, "s2", "prod/s: already in the state, with the id s2"},
		{"t", NULL, "s1", "prod/s: its id s1 is already in the state, as prod/t"},
		{"s", "B", "a1", "prod/s/A: its id a1 is already in the state, as prod/s/B"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct world world CLEANUP(release);
		set_up(&world);
		add_recorded(&world, others[i].store, others[i].secret, others[i].id);
		assert_false(find(&world));
		assert_int_equal(world.errors.count, 1);
		assert_string_equal(world.errors.items[0].message, others[i].message);
	}
}

/* Under the alias, the state has objects of another account. */
static void other_account(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	world.recorded.accounts[0].id = "acc9";
	add_recorded(&world, "elsewhere", NULL, "e1");
	assert_false(find(&world));
	expect_text(world.errors.items[0].message,
		"its id is acc9 in the state and acc1 in the manifest");
}

static void gone_or_twice(void **state)
{
	struct world world CLEANUP(release);

	(void)state;
	set_up(&world);
	world.objects[0] = world.objects[1];
	world.objects[0].address = "tf.again";
	assert_true(find(&world));
	assert_int_equal(world.takeover.records.object_count, 1);
	expect_text(world.takeover.warnings.items[0].message, "it is the same object as tf.again");
	release(&world);
	set_up(&world);
	world.objects[0].id = "a2";
	world.objects[1].id = world.objects[1].store_id = "s2";
	assert_false(find(&world));
	assert_int_equal(world.takeover.warnings.count, 2);
	expect_text(world.errors.items[0].message, "nothing to take over");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_new),
		cmocka_unit_test(declared),
		cmocka_unit_test(store_of_secret),
		cmocka_unit_test(unresolved),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(other_account),
		cmocka_unit_test(gone_or_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
