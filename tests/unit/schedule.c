#include "apply/schedule.h"

#include "unit.h"

/* A plan whose objects stand in its arena; stores are called s0, s1, …, secrets as it comes. */
struct rig {
	struct plan plan;
	struct schedule schedule;
	const char *account; /* NULL: p */
};

enum deed { CREATE, DESTROY, REPLACE, FORGET, UPDATE, RENAME, ADOPT, NONE };

static const struct object *object(
	struct rig *rig, const char *store, const char *secret, enum origin origin)
{
	struct object *object = arena_alloc(&rig->plan.arena, sizeof(*object));

	*object = (struct object){.kind = secret ? OBJECT_SECRET : OBJECT_STORE,
		.account = rig->account ? rig->account : "p",
		.store = store,
		.secret = secret,
		.id = origin == ORIGIN_NONE ? NULL : "id",
		.origin = origin};
	return object;
}

/* Gives the index of the action. */
static size_t add(struct rig *rig, enum deed deed, const char *store, const char *secret)
{
	struct action *action = plan_add(&rig->plan);

	if (deed != CREATE)
		action->before = object(rig, store, deed == RENAME ? "~old" : secret,
			deed == ADOPT ? ORIGIN_NONE : ORIGIN_CREATED);
	if (deed != DESTROY && deed != FORGET)
		action->after = object(rig, store, secret, ORIGIN_NONE);
	action->is_replaced = deed == REPLACE;
	action->is_left_alive = deed == FORGET;
	action->changes = deed == UPDATE ? FIELD_VALUE : 0;
	return rig->plan.action_count - 1;
}

/* ... and waits for its store, with which it goes if that is destroyed. */
static size_t add_in(struct rig *rig, size_t store, enum deed deed, const char *secret)
{
	size_t index = add(rig, deed, action_object(&rig->plan.actions[store])->store, secret);
	size_t *waits = arena_alloc(&rig->plan.arena, sizeof(*waits));
	struct action *action = &rig->plan.actions[index];

	*waits = store;
	action->waits_for = waits;
	action->wait_count = 1;
	action->goes_with_store =
		action_destroys(action) && action_destroys(&rig->plan.actions[store]);
	return index;
}

static void add_creations(struct rig *rig, size_t store, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_in(rig, store, CREATE, arena_format(&rig->plan.arena, "N%03zu", i));
}

static void begin(struct rig *rig, size_t batch)
{
	schedule_init(&rig->schedule, &rig->plan, batch);
}

static void release(struct rig *rig)
{
	schedule_release(&rig->schedule);
	plan_release(&rig->plan);
}

/* The next task is of these actions; those under way are not over. */
static struct task *expect_next(struct rig *rig, size_t first, size_t count)
{
	assert_true(schedule_has_next(&rig->schedule));
	struct task *task = schedule_next(&rig->schedule);
	assert_int_equal(task->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rig->schedule.steps[task->first + i].action, first + i);
	return task;
}

static void expect_nothing(struct rig *rig)
{
	assert_false(schedule_has_next(&rig->schedule));
	assert_null(schedule_next(&rig->schedule));
}

static void done(struct rig *rig, struct task *task)
{
	schedule_end(&rig->schedule, task);
	schedule_free_waiters(&rig->schedule, task);
}

static void failed(struct rig *rig, struct task *task)
{
	schedule_skip_waiters(&rig->schedule, task);
	schedule_end(&rig->schedule, task);
}

static void nothing(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	add(&rig, NONE, "s0", NULL);
	add(&rig, NONE, "s0", "A");
	begin(&rig, 100);
	assert_int_equal(rig.schedule.step_count, 0);
	assert_true(schedule_is_drained(&rig.schedule));
	expect_nothing(&rig);
}

/* What is in a new store waits for it, and then goes together. */
static void secrets_wait_for_their_store(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, CREATE, "s0", NULL);
	add_creations(&rig, s0, 3);
	size_t s1 = add(&rig, CREATE, "s1", NULL);
	add_creations(&rig, s1, 2);
	begin(&rig, 100);
	struct task *first = expect_next(&rig, s0, 1), *second = expect_next(&rig, s1, 1);
	assert_true(schedule_is_drained(&rig.schedule));
	expect_nothing(&rig);
	done(&rig, second);
	expect_next(&rig, s1 + 1, 2);
	expect_nothing(&rig);
	done(&rig, first);
	expect_next(&rig, s0 + 1, 3);
	assert_true(schedule_is_drained(&rig.schedule));
}

static void a_failed_store_takes_its_secrets_along(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, CREATE, "s0", NULL);
	add_creations(&rig, s0, 3);
	size_t s1 = add(&rig, CREATE, "s1", NULL);
	add_creations(&rig, s1, 1);
	begin(&rig, 2);
	failed(&rig, expect_next(&rig, s0, 1));
	done(&rig, expect_next(&rig, s1, 1));
	done(&rig, expect_next(&rig, s1 + 1, 1));
	expect_nothing(&rig);
	assert_true(schedule_is_drained(&rig.schedule));
}

/* Of a store that is there, nobody waits; so many at once, at most. */
static void batches(void **state)
{
	static const size_t counts[] = {1, 99, 100, 101, 199, 200, 201, 250};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct rig rig CLEANUP(release) = {0};
		size_t s0 = add(&rig, CREATE, "s0", NULL), at = 1;
		add_creations(&rig, s0, counts[i]);
		begin(&rig, 100);
		done(&rig, expect_next(&rig, s0, 1));
		for (size_t left = counts[i]; left; left -= left < 100 ? left : 100) {
			expect_next(&rig, at, left < 100 ? left : 100);
			at += 100;
		}
		expect_nothing(&rig);
	}
}

/* The next task is of just these actions. */
static struct task *expect_batch(struct rig *rig, const size_t *actions, size_t count)
{
	struct task *task = schedule_next(&rig->schedule);

	assert_non_null(task);
	assert_int_equal(task->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rig->schedule.steps[task->first + i].action, actions[i]);
	return task;
}

/* Only new secrets of one store go together, wherever they stand in it; they come first. */
static void what_joins(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	add(&rig, UPDATE, "s0", "A");
	add(&rig, CREATE, "s0", "B");
	add(&rig, UPDATE, "s0", "C");
	add(&rig, CREATE, "s0", "D");
	add(&rig, NONE, "s0", "E");
	add(&rig, CREATE, "s0", "F");
	add(&rig, REPLACE, "s0", "G");
	add(&rig, ADOPT, "s0", "I");
	add(&rig, CREATE, "s0", "J");
	add(&rig, CREATE, "s1", "A");
	begin(&rig, 3);
	expect_batch(&rig, (const size_t[]){1, 3, 5}, 3);
	expect_next(&rig, 8, 1);
	expect_next(&rig, 0, 1);
	expect_next(&rig, 2, 1);
	expect_next(&rig, 6, 1);
	expect_next(&rig, 7, 1);
	expect_next(&rig, 9, 1);
	expect_nothing(&rig);
}

/* Every other one is new: the store first, then one batch, then each of the others. */
static void new_ones_among_old_ones(void **state)
{
	struct rig rig CLEANUP(release) = {0};
	size_t new_ones[30];

	(void)state;
	size_t s0 = add(&rig, ADOPT, "s0", NULL);
	for (size_t i = 0; i < 30; i++) {
		add_in(&rig, s0, UPDATE, arena_format(&rig.plan.arena, "K%03zu", 2 * i));
		new_ones[i] = add_in(
			&rig, s0, CREATE, arena_format(&rig.plan.arena, "K%03zu", 2 * i + 1));
	}
	begin(&rig, 100);
	done(&rig, expect_next(&rig, s0, 1));
	expect_batch(&rig, new_ones, 30);
	for (size_t i = 0; i < 30; i++)
		expect_next(&rig, 1 + 2 * i, 1);
	expect_nothing(&rig);
}

/* ---- renames ---- */

/* One after the other, in the plan's order; what is created comes after the last of them. */
static void renames_take_turns(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	add(&rig, CREATE, "s0", "A");
	add(&rig, RENAME, "s0", "B");
	add(&rig, UPDATE, "s0", "C");
	add(&rig, RENAME, "s0", "D");
	add(&rig, CREATE, "s1", "A");
	add(&rig, RENAME, "s1", "B");
	add(&rig, REPLACE, "s1", "C");
	begin(&rig, 100);
	struct task *b = expect_next(&rig, 1, 1);
	expect_next(&rig, 2, 1); /* these need no place */
	expect_next(&rig, 6, 1);
	expect_nothing(&rig);
	assert_true(schedule_is_drained(&rig.schedule));
	done(&rig, b);
	struct task *d = expect_next(&rig, 3, 1);
	expect_nothing(&rig);
	failed(&rig, d); /* the turn passes on all the same */
	b = expect_next(&rig, 5, 1);
	expect_nothing(&rig);
	done(&rig, b);
	expect_next(&rig, 0, 1);
	expect_next(&rig, 4, 1);
	expect_nothing(&rig);
}

/* Each account has its own turn, and one without renames waits for nothing. */
static void accounts_take_turns_apart(void **state)
{
	struct rig rig CLEANUP(release) = {0};
	static const char *const accounts[] = {"a", "b", "c"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++) {
		rig.account = accounts[i];
		add(&rig, i == 1 ? UPDATE : RENAME, "s0", "A");
		add(&rig, i == 1 ? UPDATE : RENAME, "s0", "B");
		add(&rig, CREATE, "s0", "C");
	}
	begin(&rig, 100);
	struct task *a = expect_next(&rig, 0, 1);
	expect_next(&rig, 5, 1);
	expect_next(&rig, 3, 1);
	expect_next(&rig, 4, 1);
	struct task *c = expect_next(&rig, 6, 1);
	expect_nothing(&rig);
	done(&rig, c);
	expect_next(&rig, 7, 1);
	expect_nothing(&rig);
	done(&rig, a);
	done(&rig, expect_next(&rig, 1, 1));
	expect_next(&rig, 2, 1);
	expect_nothing(&rig);
}

/* A rename that never starts, for its store failed, is passed over: as the first or later. */
static void renames_that_never_start(void **state)
{
	for (size_t bad = 0; bad < 3; bad++) {
		struct rig rig CLEANUP(release) = {0};
		size_t stores[3];
		struct task *tasks[3];
		(void)state;
		for (size_t i = 0; i < 3; i++) {
			stores[i] =
				add(&rig, ADOPT, arena_format(&rig.plan.arena, "s%zu", i), NULL);
			add_in(&rig, stores[i], RENAME, "A");
			add_in(&rig, stores[i], CREATE, "B");
		}
		begin(&rig, 100);
		for (size_t i = 0; i < 3; i++)
			tasks[i] = expect_next(&rig, stores[i], 1);
		expect_nothing(&rig);
		for (size_t i = 3; i-- > 0;)
			(i == bad ? failed : done)(&rig, tasks[i]);
		for (size_t i = 0; i < 3; i++) {
			if (i == bad)
				continue;
			struct task *rename = expect_next(&rig, stores[i] + 1, 1);
			expect_nothing(&rig);
			done(&rig, rename);
		}
		for (size_t i = 0; i < 3; i++)
			if (i != bad)
				expect_next(&rig, stores[i] + 2, 1);
		expect_nothing(&rig);
		assert_true(schedule_is_drained(&rig.schedule));
	}
}

/* ---- first, and later ---- */

/* Room is made before it is taken; a rename comes, too. */
static void goers_first(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	add(&rig, CREATE, "s0", "A");
	add(&rig, DESTROY, "s0", "B");
	add(&rig, RENAME, "s0", "C");
	add(&rig, FORGET, "s0", "D");
	begin(&rig, 100);
	struct task *destroy = expect_next(&rig, 1, 1), *forget = expect_next(&rig, 3, 1);
	expect_nothing(&rig);
	assert_false(schedule_is_drained(&rig.schedule));
	done(&rig, forget);
	expect_nothing(&rig);
	failed(&rig, destroy); /* also then: what comes may come */
	done(&rig, expect_next(&rig, 2, 1));
	expect_next(&rig, 0, 1);
	expect_nothing(&rig);
}

/* A store that goes takes along what goes with it; that holds back what comes no longer. */
static void a_store_that_goes(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, DESTROY, "s0", NULL);
	add_in(&rig, s0, DESTROY, "A");
	add_in(&rig, s0, DESTROY, "B");
	size_t s1 = add(&rig, CREATE, "s1", NULL);
	begin(&rig, 100);
	struct task *store = expect_next(&rig, s0, 1);
	expect_nothing(&rig);
	done(&rig, store);
	struct task *a = expect_next(&rig, 1, 1), *b = expect_next(&rig, 2, 1);
	expect_nothing(&rig);
	done(&rig, b);
	done(&rig, a);
	expect_next(&rig, s1, 1);
}

static void a_store_that_can_not_go(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, DESTROY, "s0", NULL);
	add_in(&rig, s0, DESTROY, "A");
	add_in(&rig, s0, DESTROY, "B");
	size_t s1 = add(&rig, CREATE, "s1", NULL);
	begin(&rig, 100);
	failed(&rig, expect_next(&rig, s0, 1));
	expect_next(&rig, s1, 1);
	expect_nothing(&rig);
}

/*
 * What goes in a store that is replaced waits for it, and so does not hold back what comes: else
 * all would wait for each other.
 */
static void a_store_that_is_replaced(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, REPLACE, "s0", NULL);
	size_t again = add_in(&rig, s0, REPLACE, "A");
	add_in(&rig, s0, CREATE, "B");
	size_t past = add_in(&rig, s0, DESTROY, "C");
	size_t other = add(&rig, DESTROY, "s1", "X");
	begin(&rig, 100);
	struct task *goer = expect_next(&rig, other, 1);
	expect_nothing(&rig);
	done(&rig, goer);
	struct task *store = expect_next(&rig, s0, 1);
	expect_nothing(&rig);
	done(&rig, store);
	expect_next(&rig, again, 2); /* made again, and new: one request */
	expect_next(&rig, past, 1);
	expect_nothing(&rig);
}

static void a_store_that_can_not_be_replaced(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, REPLACE, "s0", NULL);
	add_in(&rig, s0, REPLACE, "A");
	add_in(&rig, s0, DESTROY, "C");
	begin(&rig, 100);
	failed(&rig, expect_next(&rig, s0, 1));
	expect_nothing(&rig);
	assert_true(schedule_is_drained(&rig.schedule));
}

/* An adoption that has to do nothing but be written down is waited for all the same. */
static void a_store_that_is_adopted(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, ADOPT, "s0", NULL);
	add_in(&rig, s0, DESTROY, "A"); /* waits, and so comes late */
	add_in(&rig, s0, CREATE, "B");
	add_in(&rig, s0, RENAME, "C");
	begin(&rig, 100);
	struct task *store = expect_next(&rig, s0, 1);
	expect_nothing(&rig);
	done(&rig, store);
	expect_next(&rig, 1, 1);
	struct task *rename = expect_next(&rig, 3, 1);
	expect_nothing(&rig);
	done(&rig, rename);
	expect_next(&rig, 2, 1);
}

/* A store that nothing is done about: what waits for it in the plan does not wait. */
static void a_store_that_stays(void **state)
{
	struct rig rig CLEANUP(release) = {0};

	(void)state;
	size_t s0 = add(&rig, NONE, "s0", NULL);
	add_in(&rig, s0, CREATE, "A");
	begin(&rig, 100);
	expect_next(&rig, 1, 1);
}

/* Each step is had once, whatever the batch. */
static void each_once(void **state)
{
	(void)state;
	for (size_t batch = 1; batch <= 7; batch++) {
		struct rig rig CLEANUP(release) = {0};
		size_t seen = 0;
		for (size_t i = 0; i < 20; i++) {
			size_t store = add(&rig, (enum deed)(i % 4 == 3 ? NONE : i % 3),
				arena_format(&rig.plan.arena, "s%zu", i), NULL);
			for (size_t k = 0; k < i; k++)
				add_in(&rig, store, k % 2 ? DESTROY : CREATE,
					arena_format(&rig.plan.arena, "X%zu", k));
		}
		begin(&rig, batch);
		for (struct task *task; (task = schedule_next(&rig.schedule));) {
			assert_true(task->count <= batch);
			seen += task->count;
			done(&rig, task);
		}
		assert_int_equal(seen, rig.schedule.step_count);
		assert_true(seen > 190);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(secrets_wait_for_their_store),
		cmocka_unit_test(a_failed_store_takes_its_secrets_along),
		cmocka_unit_test(batches),
		cmocka_unit_test(what_joins),
		cmocka_unit_test(new_ones_among_old_ones),
		cmocka_unit_test(renames_take_turns),
		cmocka_unit_test(accounts_take_turns_apart),
		cmocka_unit_test(renames_that_never_start),
		cmocka_unit_test(goers_first),
		cmocka_unit_test(a_store_that_goes),
		cmocka_unit_test(a_store_that_can_not_go),
		cmocka_unit_test(a_store_that_is_replaced),
		cmocka_unit_test(a_store_that_can_not_be_replaced),
		cmocka_unit_test(a_store_that_is_adopted),
		cmocka_unit_test(a_store_that_stays),
		cmocka_unit_test(each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
