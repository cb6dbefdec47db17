/* Requests about a state, carried to an end: with a fake HTTP client and a fake clock. */
#include "state/remote.h"

#include "fake_clock.h"
#include "unit.h"

#include <time.h>

#define HUSH "pass word"

/* ---- the fake clock: it moves when somebody sleeps ---- */

int nanosleep(const struct timespec *requested_time, struct timespec *remaining)
{
	(void)remaining;
	now_ms += requested_time->tv_sec * 1000 + requested_time->tv_nsec / 1000000;
	return 0;
}

/* ---- the fake HTTP client ---- */

static struct {
	int statuses[4]; /* of the answers; 0: none came */
	const char *body;
	int64_t retry_after_ms;
	bool interrupts; /* the user does, before the first answer */
	size_t sent;
	int64_t timeout_ms; /* of the last request */
	bool is_once;
} fake;

static volatile sig_atomic_t interrupted;

struct http *http_new(const struct http_options *options, struct error *err)
{
	(void)options;
	(void)err;
	return (struct http *)&fake;
}

void http_free(struct http *http)
{
	(void)http;
}

void http_start(struct http *http, const struct http_request *request)
{
	(void)http;
	fake.timeout_ms = request->timeout_ms;
	fake.is_once = request->is_once;
}

struct http_response *http_next(struct http *http, int64_t timeout_ms)
{
	struct http_response *response = mem_alloc(sizeof(*response));

	(void)http;
	(void)timeout_ms;
	assert_true(fake.sent < ARRAY_SIZE(fake.statuses));
	response->status = fake.statuses[fake.sent++];
	response->outcome = response->status ? HTTP_ANSWERED : HTTP_UNKNOWN;
	response->retry_after_ms = fake.retry_after_ms;
	if (fake.body)
		str_text_add(&response->body, fake.body);
	if (fake.interrupts)
		interrupted = 1;
	return response;
}

/* ---- one request ---- */

struct rig {
	struct remote *remote;
	struct secret password;
	struct scrub scrub;
	struct str paths; /* of the events */
};

static void on_event(void *context, const struct event *event)
{
	struct rig *rig = context;

	str_format(&rig->paths, "%s ", event->request->path);
}

static int setup(void **state)
{
	static struct event_sink sink;
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct error err = {0};

	memset(&fake, 0, sizeof(fake));
	interrupted = 0;
	secret_copy(&rig->password, HUSH, strlen(HUSH));
	scrub_know(&rig->scrub, &rig->password);
	sink = (struct event_sink){on_event, rig};
	assert_true(remote_new(&(struct remote_options){.name = "https://host/state",
				       .url = "https://host/state",
				       .scrub = &rig->scrub,
				       .sink = &sink,
				       .interrupted = &interrupted},
		&rig->remote, &err));
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	remote_free(rig->remote);
	scrub_release(&rig->scrub);
	secret_release(&rig->password);
	str_release(&rig->paths);
	mem_free(rig);
	return 0;
}

/* An interrupt ends a wait, unless what is sent must not be left half. */
static void interrupts(void **state)
{
	struct rig *rig = *state;

	for (int is_stubborn = 0; is_stubborn < 2; is_stubborn++) {
		struct remote_answer answer CLEANUP(remote_answer_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		memset(&fake, 0, sizeof(fake));
		interrupted = 0;
		fake.statuses[0] = 503;
		fake.statuses[1] = 200;
		fake.retry_after_ms = 5000;
		fake.interrupts = true;
		bool is_good = remote_send(rig->remote,
			&(struct remote_request){.method = "POST",
				.url = "https://host/state",
				.is_stubborn = is_stubborn},
			&answer, &err);
		assert_int_equal(is_good, is_stubborn);
		assert_int_equal(fake.sent, 1 + (size_t)is_stubborn);
		assert_true(answer.may_be_done); /* the 503 leaves it open */
		if (!is_stubborn)
			assert_int_equal(err.code, ERROR_INTERRUPTED);
	}
}

/* No attempt takes longer than all of them may. Only reading may be sent twice by itself. */
static void limits(void **state)
{
	static const int64_t limits_ms[] = {0, 5000, 100000};
	static const int64_t timeouts_ms[] = {60000, 5000, 60000};
	static const char *const methods[] = {"GET", "LOCK", "POST"};
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(limits_ms); i++) {
		struct remote_answer answer CLEANUP(remote_answer_release) = {0};
		struct error err = {0};
		memset(&fake, 0, sizeof(fake));
		fake.statuses[0] = 200;
		assert_true(remote_send(rig->remote,
			&(struct remote_request){.method = methods[i],
				.url = "https://host/state",
				.limit_ms = limits_ms[i]},
			&answer, &err));
		assert_int_equal(fake.timeout_ms, timeouts_ms[i]);
		assert_int_equal(fake.is_once, i > 0);
	}
}

/* Neither a query nor what the server says of a password is shown. */
static void secrets(void **state)
{
	static const char *const bodies[] = {"no \"" HUSH "\".",
		"{\"message\":\"no \\\"" HUSH "\\\"\"}", "{\"error\":\"no \\\"" HUSH "\\\"\"}"};
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct remote_answer answer CLEANUP(remote_answer_release) = {0};
		struct error err = {0};
		memset(&fake, 0, sizeof(fake));
		fake.statuses[0] = 400;
		fake.body = bodies[i];
		assert_true(remote_send(rig->remote,
			&(struct remote_request){
				.method = "GET", .url = "https://host/state?token=hush"},
			&answer, &err));
		assert_false(remote_refuse(rig->remote, &answer, "read", &err));
		expect_error(
			&err, "can't read https://host/state: HTTP 400: no \"(sensitive value)\"");
	}
	assert_string_equal(str_text(&rig->paths), "/state /state /state /state /state /state ");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(interrupts),
		test(limits),
		test(secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
