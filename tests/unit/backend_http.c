/*
 * A state at an address: a fake server in place of state/remote, with GitLab's rules or those of a
 * simple one, and with answers that are lost.
 */
#include "state/backend.h"
#include "state/remote.h"

#include "unit.h"

#define INFO(id) "{\"ID\":\"" id "\"}"

static const struct backend_lock alice = {"alice", INFO("alice")};

/* ---- the server ---- */

enum fault { FAULT_NONE, FAULT_LOST, FAULT_DROPPED };

struct server {
	struct str state, lock; /* the lock's info; empty: none */
	bool unlocks_anything;  /* whatever the ID says */
	bool grants_its_own;    /* a lock that is held with the same info */
	int refuses;            /* this status, to every write */
	const char *absent;     /* the body of a 404; NULL: empty */
	enum fault fault;       /* of the next request of this method: */
	const char *faulty;
	size_t writes, unlocks;
	const struct scrub *scrub; /* what answers are cleaned with */
};

static struct server server;

static void set(struct str *text, const char *to)
{
	str_clear(text);
	str_text_add(text, to);
}

static bool is_held_by(const char *info)
{
	return strcmp(str_text(&server.lock), info) == 0;
}

static int do_lock(const char *info, struct str *body)
{
	if (server.lock.length && !(server.grants_its_own && is_held_by(info))) {
		set(body, str_text(&server.lock));
		return 423;
	}
	set(&server.lock, info);
	return 200;
}

static int do_unlock(const char *info)
{
	server.unlocks++;
	if (!server.unlocks_anything && !is_held_by(info))
		return 409;
	str_clear(&server.lock);
	return 200;
}

static int do_write(const char *url, const struct str *bytes)
{
	const char *id = strstr(url, "?ID=");
	struct str holder CLEANUP(str_release) = {0};

	server.writes++;
	if (server.refuses)
		return server.refuses;
	str_format(&holder, "{\"ID\":\"%s\"}", id ? id + 4 : "");
	if (server.lock.length && !is_held_by(str_text(&holder)))
		return 409;
	set(&server.state, str_text(bytes));
	return 200;
}

static int carry_out(const struct remote_request *request, struct str *body)
{
	if (strcmp(request->method, "LOCK") == 0)
		return do_lock(str_text(request->body), body);
	if (strcmp(request->method, "UNLOCK") == 0)
		return do_unlock(str_text(request->body));
	if (strcmp(request->method, "POST") == 0)
		return do_write(request->url, request->body);
	if (server.absent)
		set(body, server.absent);
	else
		set(body, str_text(&server.state));
	return server.state.length ? 200 : 404;
}

bool remote_new(const struct remote_options *options, struct remote **ret_remote, struct error *err)
{
	(void)err;
	server.scrub = options->scrub;
	*ret_remote = NULL;
	return true;
}

void remote_free(struct remote *remote)
{
	(void)remote;
}

bool remote_send(struct remote *remote, const struct remote_request *request,
	struct remote_answer *ret_answer, struct error *err)
{
	enum fault fault = FAULT_NONE;

	(void)remote;
	(void)err;
	*ret_answer = (struct remote_answer){.outcome = HTTP_ANSWERED};
	if (server.faulty && strcmp(server.faulty, request->method) == 0) {
		fault = server.fault;
		server.faulty = NULL;
	}
	if (fault != FAULT_DROPPED)
		ret_answer->status = carry_out(request, &ret_answer->body);
	if (fault == FAULT_NONE)
		return true;
	str_release(&ret_answer->body);
	*ret_answer = (struct remote_answer){.outcome = HTTP_UNKNOWN, .may_be_done = true};
	return true;
}

void remote_answer_release(struct remote_answer *answer)
{
	str_release(&answer->body);
}

bool remote_is_page(const struct remote_answer *answer)
{
	(void)answer;
	return false;
}

bool remote_refuse(const struct remote *remote, const struct remote_answer *answer,
	const char *what, struct error *err)
{
	(void)remote;
	return error_set(err, "can't %s: HTTP %d", what, answer->status);
}

/* ---- a run ---- */

static const struct location location = {.kind = LOCATION_HTTP,
	.address = "https://host/state",
	.lock_address = "https://host/lock"};

static int setup(void **state)
{
	const struct backend_options options = {.location = &location};
	struct backend *backend;
	struct error err = {0};

	server = (struct server){0};
	assert_true(backend_open(&options, &backend, &err));
	*state = backend;
	return 0;
}

static int teardown(void **state)
{
	backend_free(*state);
	str_release(&server.state);
	str_release(&server.lock);
	return 0;
}

static void good(bool is_good, struct error *err)
{
	if (!is_good)
		fail_msg("%s", err->message);
}

static void take(struct backend *backend)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct str info CLEANUP(str_release) = {0};
	struct error err = {0};
	const char *id;

	good(backend_lock(backend, &alice, &id, &info, &err), &err);
	assert_string_equal(id, "alice");
	good(backend_read(backend, &snapshot, &err), &err);
}

static bool append(struct backend *backend, const char *text, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	str_text_add(&bytes, text);
	return backend_append(backend, 1, &bytes, err);
}

/* A server may echo the password that it was sent. */
static void the_password_is_hidden(void **state)
{
	struct backend_credentials credentials CLEANUP(backend_credentials_release) = {0};
	const struct backend_options options = {.location = &location, .credentials = &credentials};
	struct str text CLEANUP(str_release) = {0};
	struct backend *backend;
	struct error err = {0};

	(void)state;
	secret_copy(&credentials.user, "alice", 5);
	secret_copy(&credentials.items[LOCATION_PASSWORD], "hunter22", 8);
	good(backend_open(&options, &backend, &err), &err);
	scrub_add(&text, "no hunter22", 11, server.scrub);
	assert_string_equal(str_text(&text), "no " SCRUB_MARK);
	backend_free(backend);
}

static void a_run(void **state)
{
	struct error err = {0};

	take(*state);
	good(backend_still_ours(*state, &err) && append(*state, "one", &err) &&
			append(*state, "two", &err) && backend_release(*state, &err),
		&err);
	assert_string_equal(str_text(&server.state), "two");
	assert_int_equal(server.lock.length, 0);
	assert_int_equal(server.writes, 2);
}

/* GitLab's 404 for a project that is hidden or absent, or for no route at all, is no empty state.
 */
static void absent(void **state)
{
	static const struct {
		const char *body;
		bool is_good;
	} table[] = {
		{"", true},
		{"not json", true},
		{"{\"message\":\"404 State Not Found\"}", true},
		{"{\"message\":\"404 Project Not Found\"}", false},
		{"{\"error\":\"404 Not Found\"}", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		server.absent = table[i].body;
		assert_int_equal(backend_read(*state, &snapshot, &err), table[i].is_good);
		assert_false(snapshot.exists);
	}
}

/* The answer to LOCK was lost: whoever is refused with its own ID has it. */
static void own_lock(void **state)
{
	struct error err = {0};

	set(&server.lock, INFO("alice"));
	take(*state);
	good(append(*state, "one", &err) && backend_release(*state, &err), &err);
	assert_int_equal(server.lock.length, 0);
}

/* Once the lock was broken, nothing is written and nothing unlocked, even if nobody holds it now.
 */
static void broken(void **state)
{
	struct error err = {0};

	take(*state);
	set(&server.lock, INFO("bob"));
	assert_false(backend_still_ours(*state, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	str_clear(&server.lock);
	assert_false(append(*state, "one", &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	assert_int_equal(server.writes, 0);
	assert_true(backend_release(*state, &err));
	assert_int_equal(server.unlocks, 0);
}

/* The server says so, at the write or at the release. */
static void broken_unseen(void **state)
{
	struct error err = {0};

	take(*state);
	set(&server.lock, INFO("bob"));
	assert_false(append(*state, "one", &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	assert_true(backend_release(*state, &err));
	assert_int_equal(server.unlocks, 0);
	str_clear(&server.lock);
	take(*state);
	set(&server.lock, INFO("bob"));
	assert_false(backend_release(*state, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	assert_true(is_held_by(INFO("bob")));
}

/* A lock that is granted again may have been broken: if somebody wrote, it was. */
static void broken_and_gone(void **state)
{
	struct error err = {0};

	server.grants_its_own = true;
	take(*state);
	good(backend_still_ours(*state, &err), &err);
	set(&server.state, "of bob");
	assert_false(backend_still_ours(*state, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	assert_false(append(*state, "one", &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	assert_string_equal(str_text(&server.state), "of bob");
}

/* A write without an answer is looked for: it is sent once if it was done, else once more. */
static void lost_write(void **state)
{
	static const enum fault faults[] = {FAULT_LOST, FAULT_DROPPED};
	static const char *const texts[] = {"one", "two"};
	struct error err = {0};

	take(*state);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		server.fault = faults[i];
		server.faulty = "POST";
		server.writes = 0;
		good(append(*state, texts[i], &err), &err);
		assert_string_equal(str_text(&server.state), texts[i]);
		assert_int_equal(server.writes, 1);
	}
}

/* A refusal is clear: the same is not sent again. */
static void refused_write(void **state)
{
	struct error err = {0};

	take(*state);
	server.refuses = 422;
	assert_false(append(*state, "one", &err));
	expect_error(&err, "can't write the state at: HTTP 422");
	assert_int_equal(server.writes, 1);
}

/* Who unlocks whatever the ID says must not be asked to while somebody else may have the lock. */
static void lost_unlock(void **state)
{
	static const enum fault faults[] = {FAULT_LOST, FAULT_DROPPED};
	struct error err = {0};

	server.unlocks_anything = true;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		take(*state);
		server.fault = faults[i];
		server.faulty = "UNLOCK";
		good(backend_release(*state, &err), &err);
		assert_int_equal(server.lock.length, 0);
	}
	/* It was broken before. */
	take(*state);
	set(&server.lock, INFO("bob"));
	server.fault = FAULT_DROPPED;
	server.faulty = "UNLOCK";
	server.unlocks = 0;
	good(backend_release(*state, &err), &err);
	assert_int_equal(server.unlocks, 0);
	assert_true(is_held_by(INFO("bob")));
}

/* The lock that is broken is the one that was named. */
static void force_unlocked(void **state)
{
	struct str info CLEANUP(str_release) = {0};
	struct error err = {0};

	server.unlocks_anything = true;
	set(&server.lock, INFO("bob"));
	assert_false(backend_force_unlock(*state, "alice", &info, &err));
	assert_int_equal(err.code, ERROR_ABSENT);
	error_release(&err);
	assert_string_equal(str_text(&info), INFO("bob"));
	assert_true(is_held_by(INFO("bob")));
	good(backend_force_unlock(*state, "bob", &info, &err), &err);
	assert_int_equal(server.lock.length, 0);
	assert_false(backend_force_unlock(*state, "bob", &info, &err));
	assert_int_equal(err.code, ERROR_ABSENT);
	error_release(&err);
	assert_int_equal(server.lock.length, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_password_is_hidden),
		test(a_run),
		test(absent),
		test(own_lock),
		test(broken),
		test(broken_unseen),
		test(broken_and_gone),
		test(lost_write),
		test(refused_write),
		test(lost_unlock),
		test(force_unlocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
