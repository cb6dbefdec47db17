/* The client is a fake of a few functions, linked in its place: it answers what a test has set. */
#include "apply/quota.h"

#include "unit.h"

#include <ctype.h>

/* ---- the fake client ---- */

struct client {
	const char *bodies[4]; /* by lane; NULL: it fails */
	void *tags[4];
	size_t lanes[4], count, taken;
	struct client_answer answer;
};

void client_send(struct client *client, const struct client_call *wanted)
{
	assert_string_equal(wanted->method, "GET");
	assert_true(wanted->is_probe);
	expect_text(wanted->path, "/secrets_store/quota");
	client->lanes[client->count] = wanted->lane;
	client->tags[client->count++] = wanted->tag;
}

bool client_busy(const struct client *client)
{
	return client->taken < client->count;
}

struct client_answer *client_next(struct client *client, int64_t timeout_ms)
{
	const char *body = client->bodies[client->lanes[client->taken]];
	struct client_answer *answer = &client->answer;
	struct error err = {0};

	assert_true(timeout_ms > 0);
	*answer = (struct client_answer){.tag = client->tags[client->taken++]};
	answer->outcome = body ? CLIENT_DONE : CLIENT_FAILED;
	if (body)
		answer->cf.json = json_parse(body, strlen(body), &err);
	else
		error_set(&answer->err, "no such permission");
	answer->cf.result = answer->cf.json;
	return answer;
}

void client_answer_free(struct client_answer *answer)
{
	json_free(answer->cf.json);
	error_release(&answer->err);
}

/* ---- plans ---- */

struct rig {
	struct client client;
	struct account accounts[3];
	struct live_account live[3];
	struct plan plan;
	struct error_list unread, errors;
	volatile sig_atomic_t interrupted;
};

static void set_up(struct rig *rig)
{
	static const char *const aliases[] = {"a", "b", "c"};

	*rig = (struct rig){0};
	for (size_t i = 0; i < 3; i++) {
		rig->accounts[i] = (struct account){.alias = aliases[i], .id = aliases[i]};
		rig->live[i] = (struct live_account){&rig->accounts[i], i};
	}
}

static void release(struct rig *rig)
{
	plan_release(&rig->plan);
	error_list_release(&rig->unread);
	error_list_release(&rig->errors);
}

/*
 * Of a secret: c create, d destroy, u update, r rename, x replace, f forget, a adopt.
 * Of a store: S create, D destroy, X replace, F forget; the last three with an unmanaged secret
 * inside.
 */
static void act(struct rig *rig, const char *alias, const char *what)
{
	static const char letters[] = "ncaUxdf"; /* in the order of enum action */

	for (; *what; what++) {
		bool is_store = strchr("SDXF", *what);
		char letter = (char)(*what == 'S' || *what == 'r' ? 'c'
				     : *what == 'u'               ? 'U'
								  : tolower(*what));
		struct object *object = arena_alloc(&rig->plan.arena, sizeof(*object));
		struct row *row = plan_add(&rig->plan);
		*object = (struct object){.kind = is_store ? OBJECT_STORE : OBJECT_SECRET,
			.account = alias,
			.store = "s",
			.secret = is_store ? NULL : "X"};
		row->action = (enum action)(strchr(letters, letter) - letters);
		row->desired = strchr("df", letter) ? NULL : object;
		row->recorded = strchr("ca", letter) ? NULL : object;
		row->writes = strchr("ua", *what) ? FIELD_VALUE : 0;
		row->unmanaged_count = is_store && *what != 'S';
		if (*what == 'r') { /* and what has the old name */
			row->copies = object;
			*plan_add(&rig->plan) = (struct row){
				.recorded = object, .action = ACTION_DESTROY, .renamed_to = object};
		}
	}
}

static bool check(struct rig *rig)
{
	const struct live_input input = {.client = &rig->client,
		.accounts = rig->live,
		.count = 3,
		.interrupted = &rig->interrupted};

	return quota_check(&input, &rig->plan, &rig->unread, &rig->errors);
}

#define HOLDS(used, most) "{\"secrets\":{\"usage\":" used ",\"quota\":" most "}}"

/* What one account with 10 of 12 places taken is asked for, and whether that is too much. */
static void expect(const char *what, bool is_asked, bool is_good)
{
	struct rig rig CLEANUP(release);

	set_up(&rig);
	rig.client.bodies[1] = HOLDS("10", "12");
	act(&rig, "b", what);
	if (check(&rig) != is_good || (rig.client.count == 1) != is_asked)
		fail_msg("%s: %s", what, rig.errors.count ? rig.errors.items[0].message : "good");
	assert_int_equal(rig.errors.count, !is_good);
	assert_int_equal(rig.unread.count, 0);
}

static void what_needs_room(void **state)
{
	(void)state;
	expect("", false, true);
	expect("udxfaSDXF", false, true); /* nothing is made */
	expect("c", true, true);
	expect("cc", true, true);
	expect("ccc", true, false);
	expect("cccd", true, true); /* removals run first */
	expect("cccf", true, false);
	expect("ccxxuuaa", true, true);
	expect("r", true, true);
	expect("rr", true, true);
	expect("rrr", true, false); /* all at once */
	expect("cr", true, true);
	expect("ccr", true, false);
	expect("ccrd", true, true);
	expect("ccSSS", true, true); /* stores are no secrets */
	expect("cddddd", true, true);
}

/* fault A19: what is destroyed with its store leaves its place, though it has no row */
static void what_goes_with_a_store(void **state)
{
	(void)state;
	expect("cccD", true, true);
	expect("Dccc", true, true);
	expect("cccX", true, true);
	expect("XXcccc", true, true);
	expect("ccDr", true, true);
	expect("cccDr", true, false);
	expect("ccccD", true, false);
	expect("cccF", true, false); /* nothing in it is deleted */
	expect("cccS", true, false);
	expect("cccSX", true, true);
	expect("Xcccxuaf", true, true);
	expect("Xddccccc", true, true);
	expect("Xddcccccc", true, false);
}

static void a_full_account(void **state)
{
	struct rig rig CLEANUP(release);

	(void)state;
	set_up(&rig);
	rig.client.bodies[0] = HOLDS("100", "100");
	act(&rig, "a", "r");
	assert_false(check(&rig));
	assert_int_equal(rig.errors.count, 1);
	assert_string_equal(rig.errors.items[0].message,
		"account `a`: the plan needs 101 secrets, but the quota is 100 (a rename "
		"temporarily needs one more)");
	expect_text(rig.errors.items[0].hint, "The account has 100 now.");
}

/* Each account has its own room; only those are asked in which something is made. */
static void accounts(void **state)
{
	struct rig rig CLEANUP(release);

	(void)state;
	set_up(&rig);
	rig.client.bodies[0] = HOLDS("10", "10");
	rig.client.bodies[2] = HOLDS("10", "11");
	act(&rig, "a", "rc");
	act(&rig, "b", "dddu");
	act(&rig, "c", "c");
	error_set(error_list_add(&rig.errors), "before");
	assert_false(check(&rig));
	assert_int_equal(rig.client.count, 2);
	assert_int_equal(rig.errors.count, 2);
	/* What is said of a rename is said only if that is the reason. */
	assert_string_equal(rig.errors.items[1].message,
		"account `a`: the plan needs 12 secrets, but the quota is 10");
}

/* What can't be asked may work all the same. */
static void unread(void **state)
{
	static const char *const bodies[] = {NULL, "{}", "{\"secrets\":{\"usage\":1}}",
		"{\"secrets\":{\"usage\":\"1\",\"quota\":2}}", "[]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct rig rig CLEANUP(release);
		set_up(&rig);
		rig.client.bodies[1] = bodies[i];
		act(&rig, "b", "cccccccccccc");
		assert_true(check(&rig));
		assert_int_equal(rig.errors.count, 0);
		assert_int_equal(rig.unread.count, 1);
		expect_text(
			rig.unread.items[0].message, "account `b`: its secret quota is unknown: ");
	}
}

static void interrupted(void **state)
{
	struct rig rig CLEANUP(release);

	(void)state;
	set_up(&rig);
	rig.client.bodies[1] = HOLDS("1", "10");
	act(&rig, "b", "c");
	rig.interrupted = 1;
	assert_false(check(&rig));
	assert_int_equal(rig.errors.items[0].code, ERROR_INTERRUPTED);
	assert_int_equal(rig.unread.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_needs_room),
		cmocka_unit_test(what_goes_with_a_store),
		cmocka_unit_test(a_full_account),
		cmocka_unit_test(accounts),
		cmocka_unit_test(unread),
		cmocka_unit_test(interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
