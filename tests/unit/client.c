#include "live/client.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

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

/* A server for one request, which says in its error what was sent to it; gives its base URL. */
static pid_t serve_echo(char base_url[static 64])
{
	static const char answer[] =
		"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: "
		"application/json\r\n"
		"\r\n{\"success\":false,\"errors\":[{\"code\":7,"
		"\"message\":\"by token-hush: no {\\\"value\\\": \\\"value\\\\nhush\\\"}\"}]}";
	struct sockaddr_in address = {.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char request[4096];

	address.sin_family = AF_INET;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	snprintf(base_url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
	pid_t child = fork();
	if (child == 0) {
		int peer = accept(listener, NULL, NULL);
		(void)!read(peer, request, sizeof(request));
		(void)!write(peer, answer, strlen(answer));
		_exit(0);
	}
	close(listener);
	return child;
}

/* The client knows the credentials of the lane, and what else it is told. */
static void echoes_are_not_told(void **state)
{
	struct error err = {0};
	struct credentials credentials = {0};
	struct secret value CLEANUP(secret_release) = {0};
	struct client_answer *answer;
	char base_url[64];

	(void)state;
	pid_t server = serve_echo(base_url);
	struct client *client = client_new(
		&(struct client_options){
			.base_url = base_url, .parallelism = 1, .timeout_ms = 60000, .wake_fd = -1},
		&err);
	secret_copy(&credentials.token, "token-hush", 10);
	secret_copy(&value, "value\nhush", 10);
	size_t lane = client_add_lane(client, &credentials);
	credentials_release(&credentials); /* it has its own */
	client_send(client,
		&(struct client_call){.lane = lane, .method = "POST", .path = "/x", .body = "{}"});
	client_know(client, &value); /* any time before the answer */
	do
		answer = client_next(client, 1000);
	while (!answer);
	assert_int_equal(answer->outcome, CLIENT_FAILED);
	assert_string_equal(answer->err.message,
		"by (sensitive value): no {\"value\": \"(sensitive value)\"} (HTTP 400, code 7)");
	client_answer_free(answer);
	client_free(client);
	assert_int_equal(waitpid(server, NULL, 0), server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopped_before_anything_was_sent),
		cmocka_unit_test(freed_while_busy),
		cmocka_unit_test(echoes_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
