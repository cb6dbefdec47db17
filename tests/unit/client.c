#include "cloudflare/client.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
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
						    .body = mem_copy_text("{}")});
	}
	assert_true(client_busy(client));
	client_free(client);
	client_free(NULL);
	credentials_release(&credentials);
}

/*
 * A server that gives these answers, one for each connection, up to NULL; "" closes it without one.
 * Gives its base URL.
 */
static pid_t serve(const char *const *answers, char base_url[static 64])
{
	struct sockaddr_in address = {.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char request[4096];

	address.sin_family = AF_INET;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 9), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	snprintf(base_url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
	pid_t child = fork();
	if (child == 0) {
		alarm(120); /* should fewer requests come than there are answers */
		for (; *answers; answers++) {
			int peer = accept(listener, NULL, NULL);
			(void)!read(peer, request, sizeof(request));
			(void)!write(peer, *answers, strlen(*answers));
			close(peer);
		}
		_exit(0);
	}
	close(listener);
	return child;
}

static struct client *client_to(const char *base_url)
{
	struct error err = {0};
	struct client *client = client_new(
		&(struct client_options){
			.base_url = base_url, .parallelism = 1, .timeout_ms = 60000, .wake_fd = -1},
		&err);

	assert_non_null(client);
	return client;
}

#define HEAD(status)                                                                               \
	"HTTP/1.1 " status " X\r\nConnection: close\r\nRetry-After: 0\r\n"                         \
	"Content-Type: application/json\r\n\r\n"
#define WORD(status, message)                                                                      \
	HEAD(status) "{\"success\":false,\"errors\":[{\"code\":7,\"message\":\"" message "\"}]}"
#define PAGE(status) HEAD(status) "<html>"
#define GOOD         HEAD("200") "{\"success\":true,\"result\":null}"

/* The client knows the credentials of the lane, and what else it is told. */
static void echoes_are_not_told(void **state)
{
	struct credentials credentials = {0};
	struct secret value CLEANUP(secret_release) = {0};
	struct client_answer *answer;
	char base_url[64];

	(void)state;
	static const char *const answers[] = {
		WORD("400", "by token-hush: no {\\\"value\\\": \\\"value\\\\nhush\\\"}"), NULL};
	pid_t server = serve(answers, base_url);
	struct client *client = client_to(base_url);
	secret_copy(&credentials.token, "token-hush", 10);
	secret_copy(&value, "value\nhush", 10);
	size_t lane = client_add_lane(client, &credentials);
	credentials_release(&credentials); /* it has its own */
	client_send(client,
		&(struct client_call){
			.lane = lane, .method = "POST", .path = "/x", .body = mem_copy_text("{}")});
	client_hide(client, &value); /* any time before the answer */
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

/* An email and a key are as secret as a token, and so is what a header says. */
static void echoes_of_a_key_are_not_told(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 400 X\r\nConnection: close\r\nCF-Ray: key-hush\r\n\r\n"
		"{\"success\":false,\"errors\":[{\"message\":\"me@hush has key-hush\"}]}",
		NULL};
	struct credentials credentials = {0};
	struct client_answer *answer;
	char base_url[64];

	(void)state;
	pid_t server = serve(answers, base_url);
	struct client *client = client_to(base_url);
	secret_copy(&credentials.email, "me@hush", 7);
	secret_copy(&credentials.key, "key-hush", 8);
	size_t lane = client_add_lane(client, &credentials);
	credentials_release(&credentials);
	client_send(client, &(struct client_call){.lane = lane, .method = "GET", .path = "/x"});
	do
		answer = client_next(client, 1000);
	while (!answer);
	assert_string_equal(answer->err.message,
		"(sensitive value) has (sensitive value) (HTTP 400, cf-ray (sensitive value))");
	client_answer_free(answer);
	client_free(client);
	assert_int_equal(waitpid(server, NULL, 0), server);
}

/* What refuses a request that may fail, such as one for the audit log, says nothing of others. */
static void a_refusal_that_is_no_matter(void **state)
{
	static const char *const answers[] = {WORD("401", "no"), GOOD, NULL};
	static const enum retry_safety safeties[] = {RETRY_ONCE, RETRY_SAFE};
	struct credentials credentials = {0};
	char base_url[64];

	(void)state;
	pid_t server = serve(answers, base_url);
	struct client *client = client_to(base_url);
	secret_copy(&credentials.token, "token", 5);
	size_t lane = client_add_lane(client, &credentials);
	credentials_release(&credentials);
	for (size_t i = 0; i < ARRAY_SIZE(safeties); i++)
		client_send(client, &(struct client_call){.lane = lane,
					    .safety = safeties[i],
					    .method = "GET",
					    .path = "/x"});
	for (size_t i = 0; i < ARRAY_SIZE(safeties); i++) {
		struct client_answer *answer;
		do
			answer = client_next(client, 1000);
		while (!answer);
		assert_int_equal(answer->outcome, i ? CLIENT_DONE : CLIENT_FAILED);
		client_answer_free(answer);
	}
	client_free(client);
	kill(server, SIGKILL);
	assert_int_equal(waitpid(server, NULL, 0), server);
}

static struct client_answer *ask(const char *const *answers, enum retry_safety safety)
{
	struct error err = {0};
	struct credentials credentials = {0};
	struct client_answer *answer;
	char base_url[64];

	pid_t server = serve(answers, base_url);
	struct client *client = client_new(&(struct client_options){.base_url = base_url,
						   .parallelism = 1,
						   .timeout_ms = 60000,
						   .max_wait_ms = 60000,
						   .wake_fd = -1},
		&err);
	secret_copy(&credentials.token, "token", 5);
	size_t lane = client_add_lane(client, &credentials);
	credentials_release(&credentials);
	client_send(
		client, &(struct client_call){
				.lane = lane, .safety = safety, .method = "DELETE", .path = "/x"});
	do
		answer = client_next(client, 1000);
	while (!answer);
	client_free(client);
	assert_int_equal(waitpid(server, NULL, 0), server); /* all of its answers were taken */
	return answer;
}

/* fault A29, fault A6: the contract of client.h */
static void what_is_certain(void **state)
{
	static const struct {
		enum retry_safety safety;
		const char *answers[6];
		enum client_outcome outcome;
		bool may_come_late, is_absent;
	} table[] = {
		{RETRY_UNSAFE, {GOOD}, CLIENT_DONE, false, false},
		{RETRY_UNSAFE, {WORD("400", "no")}, CLIENT_FAILED, false, false},
		{RETRY_UNSAFE, {WORD("404", "store_not_found")}, CLIENT_FAILED, false, true},
		{RETRY_UNSAFE, {WORD("200", "no")}, CLIENT_FAILED, false, false},
		{RETRY_UNSAFE, {WORD("500", "no")}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {WORD("425", "no")}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {WORD("408", "no")}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {WORD("429", "no")}, CLIENT_UNKNOWN, false, false},
		{RETRY_UNSAFE, {PAGE("429")}, CLIENT_UNKNOWN, false, false},
		{RETRY_UNSAFE, {PAGE("404")}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {PAGE("302")}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {PAGE("500")}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {PAGE("200")}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {HEAD("404") "{\"status\":404}"}, CLIENT_UNKNOWN, true, false},
		{RETRY_UNSAFE, {""}, CLIENT_UNKNOWN, true, false},
		{RETRY_IDEMPOTENT, {"", GOOD}, CLIENT_DONE, false, false},
		{RETRY_IDEMPOTENT, {WORD("404", "secret_not_found")}, CLIENT_FAILED, false, true},
		{RETRY_IDEMPOTENT, {"", WORD("404", "secret_not_found")}, CLIENT_UNKNOWN, true,
			true},
		{RETRY_IDEMPOTENT, {PAGE("502"), PAGE("502"), PAGE("502"), ""}, CLIENT_UNKNOWN,
			true, false},
		{RETRY_IDEMPOTENT, {PAGE("502"), PAGE("404")}, CLIENT_UNKNOWN, true, false},
		{RETRY_IDEMPOTENT, {WORD("500", "no"), WORD("400", "no")}, CLIENT_UNKNOWN, true,
			false},
		{RETRY_IDEMPOTENT, {WORD("500", "no"), "", WORD("400", "no")}, CLIENT_UNKNOWN, true,
			false},
		{RETRY_IDEMPOTENT, {PAGE("404")}, CLIENT_UNKNOWN, true, false},
		{RETRY_IDEMPOTENT, {WORD("500", "no"), GOOD}, CLIENT_DONE, false, false},
		{RETRY_SAFE, {PAGE("404")}, CLIENT_FAILED, false, false},
		{RETRY_SAFE, {PAGE("502"), PAGE("502"), PAGE("502"), ""}, CLIENT_FAILED, false,
			false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct client_answer *answer = ask(table[i].answers, table[i].safety);
		if (answer->outcome != table[i].outcome ||
			answer->may_come_late != table[i].may_come_late ||
			answer->cf.is_absent != table[i].is_absent)
			fail_msg("row %zu: outcome %d, late %d, absent %d", i, answer->outcome,
				answer->may_come_late, answer->cf.is_absent);
		client_answer_free(answer);
	}
}

/* How often a create was throttled is counted over the calls that send it again. */
static void throttled_creates(void **state)
{
	static const char *const answers[] = {WORD("429", "no"), NULL};

	(void)state;
	struct client_answer *answer = ask(answers, RETRY_UNSAFE);
	assert_int_equal(answer->throttled, 1);
	client_answer_free(answer);
}

static void the_same_credentials_share_a_lane(void **state)
{
	struct error err = {0};
	struct client *client = client_new(
		&(struct client_options){
			.base_url = "http://127.0.0.1:9", .parallelism = 2, .wake_fd = -1},
		&err);
	struct credentials token = {0}, other = {0}, key = {0}, other_key = {0};

	(void)state;
	secret_copy(&token.token, "ab", 2);
	secret_copy(&other.token, "a", 1);
	secret_copy(&key.email, "a", 1);
	secret_copy(&key.key, "b", 1);
	secret_copy(&other_key.email, "a", 1);
	secret_copy(&other_key.key, "c", 1);
	assert_int_equal(client_add_lane(client, &token), 0);
	assert_int_equal(client_add_lane(client, &other), 1);
	assert_int_equal(client_add_lane(client, &key), 2);
	assert_int_equal(client_add_lane(client, &token), 0);
	assert_int_equal(client_add_lane(client, &key), 2);
	assert_int_equal(client_add_lane(client, &other_key), 3);
	assert_false(client_has_token(client, 2));
	client_free(client);
	credentials_release(&token);
	credentials_release(&other);
	credentials_release(&key);
	credentials_release(&other_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopped_before_anything_was_sent),
		cmocka_unit_test(freed_while_busy),
		cmocka_unit_test(echoes_are_not_told),
		cmocka_unit_test(echoes_of_a_key_are_not_told),
		cmocka_unit_test(a_refusal_that_is_no_matter),
		cmocka_unit_test(what_is_certain),
		cmocka_unit_test(throttled_creates),
		cmocka_unit_test(the_same_credentials_share_a_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
