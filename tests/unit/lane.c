/* Calls in the lanes of their credentials: none is lost when a lane fails or has to wait. */
#include "cloudflare/lane.h"

#include "unit.h"

struct rig {
	struct lanes lanes;
	struct lane *a, *b;
};

static struct lane *add_lane(struct lanes *lanes, const char *token)
{
	struct credentials credentials = {0};

	secret_copy(&credentials.token, token, strlen(token));
	struct lane *lane = lanes_add(lanes, &credentials);
	credentials_release(&credentials);
	return lane;
}

static int setup(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));

	lanes_init(&rig->lanes, 60000, NULL);
	rig->a = add_lane(&rig->lanes, "a");
	rig->b = add_lane(&rig->lanes, "b");
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	lanes_release(&rig->lanes);
	mem_free(rig);
	return 0;
}

static struct call *new_call(struct rig *rig, const struct lane *lane)
{
	return lanes_new_call(&rig->lanes, lane->number);
}

static void fail_lane(struct rig *rig, struct lane *lane)
{
	struct error err CLEANUP(error_release) = {0};

	error_set(&err, "a bad token");
	lanes_fail(&rig->lanes, lane, &err);
}

/* Calls that wait, are delayed, are under way, or come later: all end. Other lanes go on. */
static void failed(void **state)
{
	struct rig *rig = *state;
	struct call *under_way = new_call(rig, rig->a), *waiting = new_call(rig, rig->a);
	struct call *delayed = new_call(rig, rig->a), *late = new_call(rig, rig->a);
	struct call *other = new_call(rig, rig->b), *other_delayed = new_call(rig, rig->b);
	int64_t wait_ms;

	lanes_push(&rig->lanes, under_way);
	assert_ptr_equal(lanes_next(&rig->lanes, 0, &wait_ms), under_way);
	lanes_push(&rig->lanes, waiting);
	lanes_delay(&rig->lanes, delayed, 500);
	lanes_delay(&rig->lanes, other_delayed, 600);
	lanes_push(&rig->lanes, other);
	fail_lane(rig, rig->a);
	lanes_push(&rig->lanes, late);
	lanes_delay(&rig->lanes, under_way, 700);
	assert_ptr_equal(lanes_next_failed(&rig->lanes), waiting);
	assert_ptr_equal(lanes_next_failed(&rig->lanes), delayed);
	assert_ptr_equal(lanes_next_failed(&rig->lanes), late);
	assert_null(lanes_next_failed(&rig->lanes));
	assert_ptr_equal(lanes_next(&rig->lanes, 0, &wait_ms), other);
	assert_ptr_equal(lanes_next(&rig->lanes, 600, &wait_ms), other_delayed);
	assert_null(lanes_next(&rig->lanes, 700, &wait_ms));
	assert_ptr_equal(lanes_next_failed(&rig->lanes), under_way);
}

/* In the order in which they are due; of those due at the same time, the first one first. */
static void delayed(void **state)
{
	struct rig *rig = *state;
	struct call *calls[4];
	static const int64_t due_ms[] = {300, 100, 300, 200}, sorted[] = {1, 3, 0, 2};
	int64_t wait_ms;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		calls[i] = new_call(rig, rig->a);
		lanes_delay(&rig->lanes, calls[i], due_ms[i]);
	}
	assert_null(lanes_next(&rig->lanes, 0, &wait_ms));
	assert_int_equal(wait_ms, 100);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct call *call = calls[sorted[i]];
		assert_ptr_equal(lanes_next(&rig->lanes, call->due_ms, &wait_ms), call);
	}
	assert_null(lanes_next(&rig->lanes, 1000, &wait_ms));
	assert_int_equal(wait_ms, -1);
}

/* The shortest wait counts; one that is longer than allowed fails its lane. */
static void held(void **state)
{
	struct rig *rig = *state;
	struct call *of_a = new_call(rig, rig->a), *of_b = new_call(rig, rig->b);
	int64_t wait_ms;

	lanes_push(&rig->lanes, of_a);
	lanes_push(&rig->lanes, of_b);
	pace_hold(&rig->a->pace, 60000);
	pace_hold(&rig->b->pace, 1000);
	assert_null(lanes_next(&rig->lanes, 0, &wait_ms));
	assert_int_equal(wait_ms, 1000);
	assert_null(lanes_next_failed(&rig->lanes));
	pace_hold(&rig->a->pace, 60001);
	assert_null(lanes_next(&rig->lanes, 0, &wait_ms));
	assert_ptr_equal(lanes_next_failed(&rig->lanes), of_a);
	expect_text(rig->a->failure.message, "longer than -max-wait allows");
	assert_null(rig->b->failure.message);
	assert_ptr_equal(lanes_next(&rig->lanes, 1000, &wait_ms), of_b);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(failed),
		test(delayed),
		test(held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
