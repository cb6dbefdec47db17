#include "live/client.h"

#include "unit.h"

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
		cmocka_unit_test(stopped_before_anything_was_sent),
		cmocka_unit_test(freed_while_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
