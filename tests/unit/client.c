#include "live/client.h"

#include "unit.h"

static void good_base_urls(void **state)
{
	static const struct {
		const char *url, *clean;
		bool is_loopback;
	} table[] = {
		{CLIENT_DEFAULT_BASE_URL, CLIENT_DEFAULT_BASE_URL, false},
		{"https://api.example.com/", "https://api.example.com", false},
		{"https://api.example.com/v4///", "https://api.example.com/v4", false},
		{"http://localhost:8080", "http://localhost:8080", true},
		{"http://127.0.0.1:8080/client/v4", "http://127.0.0.1:8080/client/v4", true},
		{"http://[::1]:8080", "http://[::1]:8080", true},
		{"https://localhost", "https://localhost", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		char *clean AUTO_FREE = NULL;
		bool is_loopback = false;
		if (!client_check_base_url(table[i].url, &clean, &is_loopback, &err))
			fail_msg("%s: %s", table[i].url, err.message);
		assert_string_equal(clean, table[i].clean);
		assert_int_equal(is_loopback, table[i].is_loopback);
	}
}

/* Credentials would go to somebody else, or in the open, or nobody knows where. */
static void bad_base_urls(void **state)
{
	static const struct {
		const char *url, *message;
	} table[] = {
		{"", "the base URL"},
		{"api.cloudflare.com", "not a URL"},
		{"//api.cloudflare.com", "not a URL"},
		{"ftp://localhost", "must begin with https://"},
		{"file:///etc/passwd", "the base URL"},
		{"http://api.cloudflare.com", "plain http"},
		{"http://localhost.evil.example", "plain http"},
		{"http://127.0.0.1.evil.example", "plain http"},
		{"http://127.evil.example", "plain http"},
		{"http://127.0.0.1@evil.example/", "user or password"},
		{"http://localhost@evil.example/", "user or password"},
		{"https://HUSH:HUSH@host/", "user or password"},
		{"http://evil.example/127.0.0.1", "plain http"},
		{"http://evil.example#@localhost", "the base URL"},
		{"http://evil.example?localhost", "the base URL"},
		{"https://host/?x=y", "the base URL"},
		{"https://host/#x", "the base URL"},
		{"http://local host", "not a URL"},
		{"http://0.0.0.0", "plain http"},
		{"http://\xe2\x93\x9bocalhost", "the base URL"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct error err = {0};
		char *clean = NULL;
		bool is_loopback = false;
		if (client_check_base_url(table[i].url, &clean, &is_loopback, &err))
			fail_msg("%s: %s", table[i].url, clean);
		assert_null(clean);
		expect_no_text(err.message, "HUSH");
		expect_no_text(err.hint, "HUSH");
		expect_error(&err, table[i].message);
	}
}

/* Calls that were never sent are answered after a stop, each once; none is lost or leaks. */
static void stopped_before_anything_was_sent(void **state)
{
	enum { CALLS = 100 };
	struct error err = {0};
	struct credentials credentials = {0};
	struct client *client = client_new(
		&(struct client_options){
			.base_url = "http://127.0.0.1:9", .parallelism = 2, .wake_fd = -1},
		&err);
	bool was_answered[CALLS] = {false};

	(void)state;
	secret_copy(&credentials.token, "t", 1);
	size_t lane = client_add_lane(client, &credentials);
	for (size_t i = 0; i < CALLS; i++)
		client_send(client, &(struct client_call){.lane = lane,
					    .method = "GET",
					    .path = "/x",
					    .tag = &was_answered[i]});
	assert_true(client_busy(client));
	client_stop(client);
	for (size_t i = 0; i < CALLS; i++) {
		struct client_answer *answer = client_next(client, 0);
		assert_non_null(answer);
		assert_int_equal(answer->outcome, CLIENT_FAILED);
		assert_non_null(answer->err.message);
		assert_false(*(bool *)answer->tag);
		*(bool *)answer->tag = true;
		client_answer_free(answer);
	}
	assert_false(client_busy(client));
	assert_null(client_next(client, 0));
	client_free(client);
	credentials_release(&credentials);
}

/* Nobody asks for the answers: all the same nothing leaks. */
static void freed_while_busy(void **state)
{
	struct error err = {0};
	struct credentials credentials = {0};
	struct client *client = client_new(
		&(struct client_options){
			.base_url = "http://127.0.0.1:9", .parallelism = 2, .wake_fd = -1},
		&err);

	(void)state;
	secret_copy(&credentials.email, "e", 1);
	secret_copy(&credentials.key, "k", 1);
	for (int i = 0; i < 3; i++) {
		size_t lane = client_add_lane(client, &credentials);
		for (int call = 0; call < 5; call++)
			client_send(client, &(struct client_call){.lane = lane,
						    .method = "POST",
						    .path = "/x",
						    .body = "{}"});
	}
	assert_true(client_busy(client));
	client_free(client);
	client_free(NULL);
	credentials_release(&credentials);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_base_urls),
		cmocka_unit_test(bad_base_urls),
		cmocka_unit_test(stopped_before_anything_was_sent),
		cmocka_unit_test(freed_while_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
