#include "state/remote.h"

#include "adapter/crypt.h"
#include "adapter/http_url.h"
#include "adapter/json.h"
#include "base/clock.h"
#include "base/text.h"
#include "state/remote_retry.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum {
	CONNECT_TIMEOUT_MS = 10 * 1000,
	TIMEOUT_MS = 60 * 1000,
	POLL_MS = 100,
	SHOWN_COLUMNS = 200,
};

struct remote {
	struct remote_options options;
	struct http *http;
};

bool remote_new(const struct remote_options *options, struct remote **ret_remote, struct error *err)
{
	struct http_url url = {0};

	if (!http_url_check("the address", options->url, &url, err))
		return error_prefix(err, "%s", options->name);
	struct http *http = http_new(&(struct http_options){.connections = 1,
					     .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					     .timeout_ms = TIMEOUT_MS,
					     .is_loopback = url.is_loopback,
					     .wake_fd = -1},
		err);
	http_url_release(&url);
	if (!http)
		return false;
	*ret_remote = mem_alloc(sizeof(**ret_remote));
	**ret_remote = (struct remote){.options = *options, .http = http};
	return true;
}

void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	http_free(remote->http);
	mem_free(remote);
}

/* ---- sending ---- */

static int interrupts(const struct remote *remote)
{
	return remote->options.interrupted ? *remote->options.interrupted : 0;
}

/* The URL's path, for the log: a query may hold what is not for everybody. Gives (mem_free). */
static char *shown_path(const char *url)
{
	const char *scheme = strstr(url, "://"), *path = strchr(scheme ? scheme + 3 : url, '/');
	struct str shown CLEANUP(str_release) = {0};

	str_add(&shown, path ? path : "/", path ? strcspn(path, "?#") : 1);
	return str_steal(&shown);
}

static struct http_response *attempt(
	struct remote *remote, const struct remote_request *request, struct event_request *event)
{
	int64_t limit_ms = request->limit_ms ? request->limit_ms : TIMEOUT_MS;
	struct http_response *response = NULL;

	event_emit(remote->options.sink, &(struct event){.type = EVENT_REQUEST, .request = event});
	http_start(
		remote->http, &(struct http_request){.method = request->method,
				      .url = request->url,
				      .body = request->body ? str_text(request->body) : NULL,
				      .body_length = request->body ? request->body->length : 0,
				      .body_limit = remote->options.body_limit,
				      .timeout_ms = limit_ms < TIMEOUT_MS ? limit_ms : TIMEOUT_MS,
				      .is_once = strcmp(request->method, "GET") != 0,
				      .headers = request->headers,
				      .auth = request->auth});
	while (!response)
		response = http_next(remote->http, 1000);
	event->status = response->status;
	event->received_bytes = response->body.length;
	event->ray = response->ray;
	event_emit(remote->options.sink, &(struct event){.type = EVENT_ANSWER,
						 .request = event,
						 .text = response->problem,
						 .elapsed_us = response->elapsed_us});
	return response;
}

/* The later of two attempts counts; what the earlier one may have done stays unknown. */
static void keep(struct remote_answer *answer, struct http_response *response, bool may_be_done)
{
	bool was_unclear = answer->may_be_done;

	remote_answer_release(answer);
	*answer = (struct remote_answer){
		.outcome = response->outcome,
		.status = response->status,
		.body = response->body,
		.date = http_date(response->date),
		.may_be_done = was_unclear || may_be_done,
		.problem = mem_steal(&response->problem),
		.advice = mem_steal(&response->advice),
	};
	response->body = (struct str){0};
}

static void emit_retry(const struct remote *remote, const struct event_request *request,
	const struct remote_answer *answer, int64_t wait_ms)
{
	struct str text CLEANUP(str_release) = {0};

	if (answer->problem)
		str_text_add(&text, answer->problem);
	else
		str_format(&text, "HTTP %d from the server of the state", answer->status);
	event_emit(remote->options.sink, &(struct event){.type = EVENT_RETRY,
						 .request = request,
						 .text = str_text(&text),
						 .is_throttled = answer->status == 429,
						 .wait_ms = wait_ms});
}

/* False: the user asked to stop meanwhile. */
static bool pause_for(const struct remote *remote, const struct remote_request *request,
	int64_t wait_ms, int interrupts_before)
{
	int64_t until_ms = clock_monotonic_ms() + wait_ms, left_ms;

	while ((left_ms = until_ms - clock_monotonic_ms()) > 0) {
		int64_t ms = left_ms < POLL_MS ? left_ms : POLL_MS;
		if (!request->is_stubborn && interrupts(remote) > interrupts_before)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000L}, NULL);
	}
	return true;
}

bool remote_send(struct remote *remote, const struct remote_request *request,
	struct remote_answer *ret_answer, struct error *err)
{
	int64_t start_ms = clock_monotonic_ms();
	int before = interrupts(remote);
	char *path AUTO_FREE = shown_path(request->url);

	*ret_answer = (struct remote_answer){0};
	for (int number = 1;; number++) {
		struct event_request event = {.method = request->method,
			.path = path,
			.attempt = number,
			.sent_bytes = request->body ? request->body->length : 0,
			.ray = ""};
		struct http_response *response = attempt(remote, request, &event);
		struct remote_verdict verdict =
			remote_decide(&(struct remote_retry){.outcome = response->outcome,
				.status = response->status,
				.attempt = number,
				.elapsed_ms = clock_monotonic_ms() - start_ms,
				.limit_ms = request->limit_ms ? request->limit_ms : REMOTE_RETRY_MS,
				.is_stubborn = request->is_stubborn,
				.is_once = request->is_once,
				.retry_after_ms = response->retry_after_ms,
				.jitter = crypt_random_below(256)});
		keep(ret_answer, response, verdict.may_be_done);
		event.ray = "";
		http_response_free(response);
		if (!verdict.is_again)
			return true;
		emit_retry(remote, &event, ret_answer, verdict.wait_ms);
		if (!pause_for(remote, request, verdict.wait_ms, before))
			return error_set_code(err, ERROR_INTERRUPTED,
				"interrupted while waiting for the server of %s",
				remote->options.name);
	}
}

void remote_answer_release(struct remote_answer *answer)
{
	str_release(&answer->body);
	mem_free(answer->problem);
	mem_free(answer->advice);
	*answer = (struct remote_answer){0};
}

/* ---- refusals ---- */

bool remote_is_page(const struct remote_answer *answer)
{
	const char *text = str_text(&answer->body);

	text += strspn(text, " \t\r\n");
	return strncasecmp(text, "<!doctype html", 14) == 0 || strncasecmp(text, "<html", 5) == 0;
}

/* Adds what the server says in its answer's body: the texts of JSON, or else the beginning. */
static void add_said(
	const struct remote *remote, const struct remote_answer *answer, struct str *out)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(str_text(&answer->body), answer->body.length, &ignored);
	struct str scrubbed CLEANUP(str_release) = {0};
	const char *said = json_get_text(json, "message");

	if (!said)
		said = json_get_text(json, "error");
	if (!said && !json)
		said = str_text(&answer->body);
	if (!said || !*said)
		return;
	scrub_add(&scrubbed, said, strlen(said), remote->options.scrub);
	while (scrubbed.length && strchr(". \r\n\t", scrubbed.bytes[scrubbed.length - 1]))
		scrubbed.length--;
	str_text_add(out, ": ");
	text_add_visible(out, str_text(&scrubbed), scrubbed.length, SHOWN_COLUMNS);
}

static const char page_hint[] =
	"Another server, a proxy or a login page answers in its place. Check the address.";

bool remote_refuse(const struct remote *remote, const struct remote_answer *answer,
	const char *what, struct error *err)
{
	const char *name = remote->options.name;
	struct str said CLEANUP(str_release) = {0};

	if (answer->outcome != HTTP_ANSWERED) {
		error_set(err, "can't %s %s: %s", what, name,
			answer->problem ? answer->problem : "no answer");
		return answer->advice ? error_hint(err, "%s", answer->advice) : false;
	}
	if (answer->status / 100 == 3) {
		error_set(err, "can't %s %s: the server redirects to another address (HTTP %d)",
			what, name, answer->status);
		return error_hint(err, "Credentials and states are sent only to the address that "
				       "you name. Name the new one, if you trust it.");
	}
	if (remote_is_page(answer)) {
		error_set(err, "can't %s %s: the server answered with a web page (HTTP %d)", what,
			name, answer->status);
		return error_hint(err, page_hint);
	}
	add_said(remote, answer, &said);
	error_set(err, "can't %s %s: HTTP %d%s", what, name, answer->status, str_text(&said));
	if (answer->status == 429 || answer->status >= 500)
		error_hint(err, "The server, or something in between, is in trouble or overloaded. "
				"Try again later.");
	return false;
}
