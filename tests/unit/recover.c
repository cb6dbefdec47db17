#include "plan/recover.h"

#include "unit.h"

struct world {
	struct model recorded, live;
	struct arena arena;
	struct recovered recovered;
	int64_t patience_ms, read_ms, since_ms;
};

static void add_recorded(struct world *world, const char *store, const char *id)
{
	struct object *object = model_add_object(&world->recorded, "prod", store, NULL);

	object->id = id;
	object->origin = id ? ORIGIN_ADOPTED : ORIGIN_NONE;
}

static void add_live(struct world *world, const char *store, const char *id)
{
	struct object *object = model_add_object(&world->live, "prod", store, NULL);

	object->id = id;
	object->created = "then";
}

static void recover(struct world *world, const char *recorded_as, const char *live_as)
{
	if (recorded_as)
		model_add_account(&world->recorded, "prod", recorded_as);
	if (live_as)
		model_add_account(&world->live, "prod", live_as);
	model_sort(&world->recorded);
	model_sort(&world->live);
	recover_changes(&(struct recover_input){&world->recorded, &world->live, world->read_ms,
				world->since_ms, world->patience_ms},
		&world->arena, &world->recovered);
}

static void release(struct world *world)
{
	recovered_release(&world->recovered);
	arena_release(&world->arena);
	model_release(&world->recorded);
	model_release(&world->live);
}

static void nothing(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 0);
}

/* What has the id of the one that was to go first is that one, as it was. */
static void replaced(void **state)
{
	static const struct object old = {.id = "old",
		.origin = ORIGIN_ADOPTED,
		.fingerprint = "of the old",
		.prevent_destroy = true};
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_recorded(&world, "made", NULL);
	add_recorded(&world, "there", NULL);
	for (size_t i = 0; i < 2; i++) {
		world.recorded.objects[i].replaced = &old;
		world.recorded.objects[i].fingerprint = "of the new";
	}
	add_live(&world, "made", "new");
	add_live(&world, "there", "old");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 2);
	const struct object *made = world.recovered.changes[0].object,
			    *there = world.recovered.changes[1].object;
	assert_string_equal(made->id, "new");
	assert_string_equal(made->fingerprint, "of the new");
	assert_int_equal(made->origin, ORIGIN_CREATED);
	assert_string_equal(there->id, "old");
	assert_string_equal(there->store, "there");
	assert_string_equal(there->fingerprint, "of the old");
	assert_int_equal(there->origin, ORIGIN_ADOPTED);
	assert_true(there->prevent_destroy);
}

/* What was unmanaged when the run was planned, and was to be destroyed with its store, is not ours.
 */
static void unmanaged(void **state)
{
	static const struct object theirs = {.id = "theirs"};
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_recorded(&world, "made", NULL);
	add_recorded(&world, "there", NULL);
	for (size_t i = 0; i < 2; i++)
		world.recorded.objects[i].replaced = &theirs;
	add_live(&world, "made", "new");
	add_live(&world, "there", "theirs");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 2);
	assert_int_equal(world.recovered.changes[0].kind, CHANGE_PUT);
	assert_string_equal(world.recovered.changes[0].object->id, "new");
	assert_int_equal(world.recovered.changes[1].kind, CHANGE_DROP);
	assert_string_equal(world.recovered.changes[1].object->store, "there");
}

/* Of a rename: how the old one came to be managed, and that somebody else wrote its value. */
static void renamed(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_recorded(&world, "made", NULL);
	world.recorded.objects[0].origin = ORIGIN_ADOPTED;
	world.recorded.objects[0].former = "old";
	world.recorded.objects[0].doubt = DOUBT_FOREIGN;
	world.recorded.objects[0].modified = "by us";
	add_live(&world, "made", "new");
	world.live.objects[0].modified = "later";
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 1);
	const struct object *made = world.recovered.changes[0].object;
	assert_int_equal(made->origin, ORIGIN_ADOPTED);
	assert_string_equal(made->former, "old");
	assert_string_equal(made->modified, "by us");
	assert_int_equal(made->doubt, DOUBT_NONE); /* its value is known to be another one */
}

/* Whoever looks for who wrote a value that is in doubt needs to know since when it may be ours. */
static void value_in_doubt(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_recorded(&world, "made", NULL);
	world.recorded.objects[0].doubt = DOUBT_VALUE;
	world.recorded.objects[0].requested_ms = 1000;
	add_live(&world, "made", "new");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 1);
	assert_int_equal(world.recovered.changes[0].object->doubt, DOUBT_VALUE);
	assert_int_equal(world.recovered.changes[0].object->requested_ms, 1000);
}

static void each_fate(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_recorded(&world, "made", NULL);
	add_recorded(&world, "not-made", NULL);
	add_recorded(&world, "known", "old");
	add_recorded(&world, "gone", "old2");
	add_recorded(&world, "twice", NULL);
	add_live(&world, "made", "id1");
	add_live(&world, "known", "another");
	add_live(&world, "foreign", "id3");
	add_live(&world, "twice", "id4");
	add_live(&world, "twice", "id5");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 2);
	const struct object *made = world.recovered.changes[0].object;
	assert_int_equal(world.recovered.changes[0].kind, CHANGE_PUT);
	assert_string_equal(made->store, "made");
	assert_string_equal(made->id, "id1");
	assert_string_equal(made->created, "then");
	assert_int_equal(made->origin, ORIGIN_CREATED); /* names decide: it is ours */
	assert_int_equal(world.recovered.changes[1].kind, CHANGE_DROP);
	assert_string_equal(world.recovered.changes[1].object->store, "not-made");
}

/* Of an account that was not read nothing is known, and so nothing is dropped. */
static void unread_accounts_stay(void **state)
{
	struct world unread CLEANUP(release) = {0}, other CLEANUP(release) = {0};

	(void)state;
	add_recorded(&unread, "maybe", NULL);
	recover(&unread, "acc1", NULL);
	assert_int_equal(unread.recovered.count, 0);
	/* Nor if the alias means another account now. */
	add_recorded(&other, "maybe", NULL);
	add_live(&other, "maybe", "of another account");
	recover(&other, "acc1", "acc2");
	assert_int_equal(other.recovered.count, 0);
}

/* ---- patience ---- */

static void await_store(struct world *world, int64_t requested_ms)
{
	add_recorded(world, "maybe", NULL);
	world->recorded.objects[0].requested_ms = requested_ms;
	recover(world, "acc1", "acc1");
}

/* fault A25 */
/* What was requested a moment ago may still come: at 0.5 s the next look, at 32 s it is over. */
static void young_absence_does_not_count(void **state)
{
	struct world world CLEANUP(release) = {.patience_ms = 30000, .read_ms = 1000000};

	(void)state;
	await_store(&world, 999900);
	assert_int_equal(world.recovered.count, 0);
	assert_int_equal(world.recovered.awaited, 1);
	assert_string_equal(world.recovered.first->store, "maybe");
	assert_int_equal(world.recovered.next_ms, 400);
	assert_int_equal(world.recovered.longest_ms, 31900);
}

/* Of several, the first look that is due counts, and the one that takes longest is named. */
static void the_youngest_takes_longest(void **state)
{
	static const int64_t requested_ms[][2] = {{999900, 990000}, {990000, 999900}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world world CLEANUP(release) = {.patience_ms = 30000, .read_ms = 1000000};
		add_recorded(&world, "a", NULL);
		add_recorded(&world, "b", NULL);
		for (size_t k = 0; k < 2; k++)
			world.recorded.objects[k].requested_ms = requested_ms[i][k];
		recover(&world, "acc1", "acc1");
		assert_int_equal(world.recovered.awaited, 2);
		assert_string_equal(world.recovered.first->store, i ? "b" : "a");
		assert_int_equal(world.recovered.next_ms, 400);
		assert_int_equal(world.recovered.longest_ms, 31900);
	}
}

/* fault A25 */
static void old_absence_counts(void **state)
{
	struct world old CLEANUP(release) = {.patience_ms = 30000, .read_ms = 1032000};
	struct world later CLEANUP(release) = {
		.patience_ms = 30000, .read_ms = 1000000, .since_ms = 32000};
	struct world unknown CLEANUP(release) = {.patience_ms = 30000, .read_ms = 1000000};

	(void)state;
	await_store(&old, 1000000);
	assert_int_equal(old.recovered.count, 1);
	await_store(&later, 1000000);
	assert_int_equal(later.recovered.count, 1);
	await_store(&unknown, 0);
	assert_int_equal(unknown.recovered.count, 1);
}

/* fault A25 */
/* A clock that went back says just now, and the waiting ends all the same. */
static void a_clock_that_went_back(void **state)
{
	struct world world CLEANUP(release) = {.patience_ms = 30000, .read_ms = 1000};
	struct world later CLEANUP(release) = {
		.patience_ms = 30000, .read_ms = 1000, .since_ms = 32000};

	(void)state;
	await_store(&world, 900000000);
	assert_int_equal(world.recovered.longest_ms, 32000);
	await_store(&later, 900000000);
	assert_int_equal(later.recovered.count, 1);
}

/* Names are compared whole, and with their case. */
static void names_decide(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_recorded(&world, "name", NULL);
	add_live(&world, "Name", "1");
	add_live(&world, "na", "2");
	add_live(&world, "name2", "3");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 1);
	assert_int_equal(world.recovered.changes[0].kind, CHANGE_DROP);
}

/* What the manifest said of it when it was asked for holds until somebody says otherwise. */
static void policies_survive(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_recorded(&world, "made", NULL);
	world.recorded.objects[0].prevent_destroy = true;
	world.recorded.objects[0].forget_on_remove = true;
	add_live(&world, "made", "id-made");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 1);
	assert_true(world.recovered.changes[0].object->prevent_destroy);
	assert_true(world.recovered.changes[0].object->forget_on_remove);
}

/* ---- secrets ---- */

static struct object *add_secret(struct model *model, const char *name, const char *id)
{
	struct object *object = model_add_object(model, "prod", "keys", name);

	object->id = id;
	return object;
}

/* What was sent is known, and what came of it is seen: both are recorded. */
static void secrets(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	struct object *asked = add_secret(&world.recorded, "A", NULL);
	asked->fingerprint = "print";
	asked->version = 3;
	asked->doubt = DOUBT_VALUE;
	asked->prevent_destroy = true;
	add_secret(&world.recorded, "B", NULL);
	add_secret(&world.recorded, "C", NULL);
	struct object *found = add_secret(&world.live, "A", "a1");
	found->scopes = "access,workers";
	found->comment = "c";
	found->status = "pending";
	found->modified = "m";
	add_secret(&world.live, "C", "c1");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 3);
	const struct object *mine = world.recovered.changes[0].object;
	assert_int_equal(mine->kind, OBJECT_SECRET);
	assert_string_equal(mine->secret, "A");
	assert_string_equal(mine->id, "a1");
	assert_string_equal(mine->fingerprint, "print");
	assert_int_equal(mine->version, 3);
	assert_int_equal(mine->doubt, DOUBT_VALUE);
	assert_true(mine->prevent_destroy);
	assert_string_equal(mine->scopes, "access,workers");
	assert_string_equal(mine->comment, "c");
	assert_string_equal(mine->status, "pending");
	assert_string_equal(mine->modified, "m");
	assert_int_equal(world.recovered.changes[1].kind, CHANGE_DROP);
	assert_int_equal(world.recovered.changes[2].kind, CHANGE_PUT);
	assert_null(world.recovered.changes[2].object->fingerprint);
	assert_int_equal(world.recovered.changes[2].object->version, 0);
	assert_int_equal(world.recovered.changes[2].object->doubt, DOUBT_NONE);
}

/* A store and a secret may be called the same; and secrets of that name live elsewhere. */
static void secrets_of_that_store(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_secret(&world.recorded, "keys", NULL);
	add_live(&world, "keys", "s1");
	model_add_object(&world.live, "prod", "more", "keys")->id = "k1";
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 1);
	assert_int_equal(world.recovered.changes[0].kind, CHANGE_DROP);
}

static void secrets_that_live_twice(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_secret(&world.recorded, "A", NULL);
	add_secret(&world.live, "A", "a1");
	add_secret(&world.live, "A", "a2");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 0);
}

/* What is only unsure is not looked for: it has an id. */
static void unsure_stays(void **state)
{
	struct world world CLEANUP(release) = {0};

	(void)state;
	add_secret(&world.recorded, "A", "a1")->doubt = DOUBT_VALUE;
	add_secret(&world.live, "A", "a2");
	recover(&world, "acc1", "acc1");
	assert_int_equal(world.recovered.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(policies_survive),
		cmocka_unit_test(value_in_doubt),
		cmocka_unit_test(each_fate),
		cmocka_unit_test(replaced),
		cmocka_unit_test(unmanaged),
		cmocka_unit_test(renamed),
		cmocka_unit_test(unread_accounts_stay),
		cmocka_unit_test(young_absence_does_not_count),
		cmocka_unit_test(the_youngest_takes_longest),
		cmocka_unit_test(old_absence_counts),
		cmocka_unit_test(a_clock_that_went_back),
		cmocka_unit_test(names_decide),
		cmocka_unit_test(secrets),
		cmocka_unit_test(secrets_of_that_store),
		cmocka_unit_test(secrets_that_live_twice),
		cmocka_unit_test(unsure_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
