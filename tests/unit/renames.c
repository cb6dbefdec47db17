#include "plan/renames.h"

#include "unit.h"

struct world {
	struct model desired, recorded, live;
	struct renames renames;
};

static struct object *add(struct model *model, const char *secret, const char *id)
{
	struct object *object = model_add_object(model, "prod", "keys", secret);

	object->id = id;
	return object;
}

static void set_up(struct world *world)
{
	model_add_move(&world->desired, "prod/keys/OLD", "prod/keys/NEW");
	model_add_move(&world->desired, "old-alias", "prod");
	model_add_move(&world->desired, "prod/keys/B", "prod/keys/C");
	add(&world->desired, "NEW", NULL);
	add(&world->desired, "C", NULL);
	add(&world->desired, "X", NULL);
	model_sort(&world->desired);
	renames_init(&world->renames, &world->desired);
}

static void release(struct world *world)
{
	renames_release(&world->renames);
	model_release(&world->desired);
	model_release(&world->recorded);
	model_release(&world->live);
}

static const struct object *desired(const struct world *world, const char *name)
{
	return model_object(&world->desired, "prod", "keys", name);
}

static void expect_name(const struct object *object, const char *name)
{
	if (name)
		assert_string_equal(object ? object->secret : "(nothing)", name);
	else
		assert_null(object);
}

static const struct object *former(const struct world *world, const char *name)
{
	return renames_former(&world->renames, desired(world, name), &world->recorded);
}

static void both_ways(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add(&world.recorded, "OLD", "o1");
	add(&world.recorded, "X", "x1");
	model_sort(&world.recorded);
	set_up(&world);
	expect_name(former(&world, "NEW"), "OLD");
	expect_name(former(&world, "C"), NULL); /* nothing is known of it */
	expect_name(former(&world, "X"), NULL); /* it does not move */
	const struct object *old = model_object(&world.recorded, "prod", "keys", "OLD");
	expect_name(renames_latter(&world.renames, old, &world.desired), "NEW");
	expect_name(renames_latter(&world.renames, old, &world.recorded), NULL);
	expect_name(renames_latter(&world.renames, desired(&world, "NEW"), &world.desired), NULL);
	expect_name(renames_former(&world.renames, old, &world.recorded), NULL);
}

/* The same names in another store or account do not move, nor does a store. */
static void elsewhere(void **state)
{
	struct world world CLEANUP(release) = {0};
	struct object object = {OBJECT_SECRET, .account = "prod", .store = "key", .secret = "OLD"};

	(void)state;
	set_up(&world);
	assert_null(renames_latter(&world.renames, &object, &world.desired));
	object.store = "keys";
	object.account = "dev";
	assert_null(renames_latter(&world.renames, &object, &world.desired));
	object.account = "prod";
	object.secret = "old";
	assert_null(renames_latter(&world.renames, &object, &world.desired));
	object = (struct object){OBJECT_STORE, .account = "prod", .store = "keys"};
	assert_null(renames_latter(&world.renames, &object, &world.desired));
}

/* From any name of a chain to any other that is there. */
static void on_and_on(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	model_add_move(&world.desired, "prod/keys/C", "prod/keys/D");
	add(&world.desired, "D", NULL);
	add(&world.recorded, "B", "b1");
	add(&world.live, "B", "b1");
	model_sort(&world.recorded);
	set_up(&world);
	const struct object *old = model_object(&world.recorded, "prod", "keys", "B");
	struct object name = *old;
	expect_name(former(&world, "D"), "B");
	expect_name(renames_latter(&world.renames, old, &world.desired), "C");
	expect_name(
		renames_holder(&world.renames, desired(&world, "D"), &world.recorded, &world.live),
		"B");
	assert_true(renames_on(&world.renames, &name) && renames_on(&world.renames, &name));
	expect_name(&name, "D");
	assert_false(renames_on(&world.renames, &name));
	assert_true(renames_back(&world.renames, &name));
	expect_name(&name, "C");
}

static void no_moves(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add(&world.desired, "NEW", NULL);
	renames_init(&world.renames, &world.desired);
	assert_null(renames_former(&world.renames, desired(&world, "NEW"), &world.recorded));
}

/* Who has the value of NEW, as OLD and NEW are recorded and live? */
static void expect_holder(
	const char *const recorded[2], const char *const live[2], const char *name)
{
	static const char *const names[] = {"OLD", "NEW"};
	struct world world CLEANUP(release) = {0};

	for (size_t i = 0; i < 2; i++) {
		if (recorded[i])
			add(&world.recorded, names[i], *recorded[i] ? recorded[i] : NULL);
		if (live[i])
			add(&world.live, names[i], live[i]);
	}
	model_sort(&world.recorded);
	model_sort(&world.live);
	set_up(&world);
	expect_name(renames_holder(
			    &world.renames, desired(&world, "NEW"), &world.recorded, &world.live),
		name);
}

#define PAIR(a, b) ((const char *const[]){a, b})

static void holders(void **state)
{
	(void)state;
	expect_holder(PAIR(NULL, NULL), PAIR(NULL, NULL), NULL);
	expect_holder(PAIR("o", NULL), PAIR("o", NULL), "OLD");
	expect_holder(PAIR(NULL, "n"), PAIR(NULL, "n"), "NEW");
	expect_holder(PAIR("o", "n"), PAIR("o", "n"), "NEW");
	expect_holder(PAIR("o", "n"), PAIR("o", NULL), "OLD");
	expect_holder(PAIR("o", "n"), PAIR("o", "n9"), "OLD");
	expect_holder(PAIR("o", "n"), PAIR("o9", "n9"), NULL);
	expect_holder(PAIR("o", "n"), PAIR(NULL, NULL), NULL);
	expect_holder(PAIR("o", NULL), PAIR("o", "n"), "OLD");
	expect_holder(PAIR(NULL, NULL), PAIR("o", "n"), NULL);
	expect_holder(PAIR("", ""), PAIR("o", "n"), NULL); /* unresolved */
	expect_holder(PAIR("o", ""), PAIR("o", "n"), "OLD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(on_and_on),
		cmocka_unit_test(no_moves),
		cmocka_unit_test(holders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
