#include "adapter/http.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* libcurl ignores an unknown option only with an error code: nothing here may fail silently. */
#define SET(easy, option, value)                                                                   \
	do {                                                                                       \
		if (curl_easy_setopt((easy), (option), (value)) != CURLE_OK)                       \
			mem_exhausted();                                                           \
	} while (0)

enum { HEADER_LIMIT = 128 * 1024 }; /* more than one line of libcurl's */

struct transfer {
	struct transfer *next; /* in the list of idle or finished ones */
	struct http *http;
	CURL *easy;
	struct http_request request;
	int sendings;         /* that the server may have processed */
	int local_port;       /* of the connection that it was sent on; 0: none */
	unsigned long stream; /* of HTTP/2 on that connection; 0: not known */
	bool was_refused;     /* the last sending; it is not counted */
	char *url;
	struct http_response *response;
	char reason[CURL_ERROR_SIZE];
};

struct http {
	CURLM *multi;
	struct http_options options;
	struct transfer *idle;
	struct http_response **done; /* a queue */
	size_t done_from, done_count, done_room;
	size_t started; /* whose response was not given yet */
	struct str agent;
	struct transfer **all;
	size_t all_count, all_room;
};

struct http_headers {
	struct curl_slist *list;
};

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct str *body = &((struct transfer *)context)->response->body;

	if (body->length + size * count > HTTP_BODY_LIMIT)
		return 0; /* which ends the transfer with an error */
	str_add(body, bytes, size * count);
	return size * count;
}

/*
 * Asked each time a request is about to go out on a connection. libcurl sends it again by itself
 * when a kept-alive connection turns out to be dead; what may be done once only is stopped here.
 */
static int on_prepared(
	void *context, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct transfer *transfer = context;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	transfer->sendings++;
	transfer->local_port = local_port;
	transfer->stream = 0;
	transfer->was_refused = false;
	return transfer->request.is_once && transfer->sendings > 1 ? CURL_PREREQFUNC_ABORT
								   : CURL_PREREQFUNC_OK;
}

static void mark_refused(struct transfer *transfer)
{
	transfer->sendings--;
	transfer->stream = 0;
	transfer->was_refused = true;
}

/* What goes out on this connection above the last stream was not processed, nor will it be. */
static void on_goaway(struct http *http, int local_port, unsigned long last_stream)
{
	for (size_t i = 0; i < http->all_count; i++) {
		struct transfer *transfer = http->all[i];
		if (transfer->response && transfer->local_port == local_port &&
			transfer->stream > last_stream)
			mark_refused(transfer);
	}
}

/* Does the line have a number behind these words? */
static bool has_number(const char *line, const char *words, unsigned long *ret_number)
{
	const char *at = strstr(line, words), *digits = at ? at + strlen(words) : "";

	if (*digits < '0' || *digits > '9')
		return false;
	*ret_number = strtoul(digits, NULL, 10);
	return true;
}

/*
 * libcurl tells nobody which stream a GOAWAY has refused, except in what it says for people. A
 * version that words it otherwise loses nothing: the outcome is unknown, as it would be anyway.
 */
static int on_trace(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct transfer *transfer = context;
	char line[128] = "";
	unsigned long stream;

	(void)easy;
	if (type != CURLINFO_TEXT)
		return 0;
	memcpy(line, bytes, length < sizeof(line) ? length : sizeof(line) - 1);
	if (has_number(line, "Using Stream ID: ", &stream))
		transfer->stream = stream;
	else if (strstr(line, "GOAWAY, error=") && has_number(line, "last_stream=", &stream))
		on_goaway(transfer->http, transfer->local_port, stream);
	else if (transfer->stream && strncmp(line, "REFUSED_STREAM", 14) == 0)
		mark_refused(transfer);
	else if (strncmp(line, "Connection died", 15) == 0)
		transfer->stream = 0; /* the port may be another connection's from now on */
	return 0;
}

int64_t http_retry_after_ms(const char *text, int64_t now_unix_seconds)
{
	size_t seconds, digits = strspn(text, "0123456789");

	if (digits && !text[digits])
		return (text_to_number(text, INT32_MAX, &seconds) ? (int64_t)seconds : INT32_MAX) *
		       1000;
	time_t then = digits || *text == '-' ? -1 : curl_getdate(text, NULL);
	if (then == -1)
		return -1;
	int64_t left = then > now_unix_seconds ? then - now_unix_seconds : 0;
	return (left < INT32_MAX ? left : INT32_MAX) * 1000;
}

/* Lines of one header are one list: RFC 9110, section 5.3. */
static void add_line(struct str *lines, const char *value)
{
	if (lines->length + strlen(value) > HEADER_LIMIT)
		return;
	str_text_add(lines, lines->length ? ", " : "");
	str_text_add(lines, value);
}

static void take_header(struct http_response *response, const char *name, char *value)
{
	if (strcasecmp(name, "retry-after") == 0) {
		int64_t wait_ms = http_retry_after_ms(value, clock_unix_seconds());
		if (response->retry_after_ms < wait_ms) /* of several, the longest */
			response->retry_after_ms = wait_ms;
	} else if (strcasecmp(name, "ratelimit") == 0) {
		add_line(&response->rate_limits, value);
	} else if (strcasecmp(name, "ratelimit-policy") == 0) {
		add_line(&response->rate_policies, value);
	} else if (strcasecmp(name, "cf-mitigated") == 0) {
		response->is_challenged = strcasecmp(value, "challenge") == 0;
	} else if (strcasecmp(name, "cf-ray") == 0) {
		struct str shown CLEANUP(str_release) = {0};
		text_add_visible(&shown, value, strlen(value), 0);
		if (shown.length < HTTP_RAY_SIZE)
			memcpy(response->ray, str_text(&shown), shown.length + 1);
	}
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count, end = length;
	char *colon = memchr(bytes, ':', length);

	if (colon && length < HEADER_LIMIT) {
		char *line = mem_alloc(length + 1);
		while (end && strchr("\r\n \t", bytes[end - 1]))
			end--;
		memcpy(line, bytes, end);
		char *value = line + (colon - bytes);
		*value++ = '\0';
		if (value <= line + end)
			take_header(transfer->response, line, value + strspn(value, " \t"));
		free(line);
	}
	return length;
}

/* ---- set-up ---- */

/* Whoever can set this could read the traffic; no user of cfprov needs that. */
static void forget_key_log(void)
{
	(void)unsetenv("SSLKEYLOGFILE");
}

struct http *http_new(const struct http_options *options, struct error *err)
{
	forget_key_log();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		error_set(err, "libcurl can't start");
		return NULL;
	}
	struct http *http = mem_alloc(sizeof(*http));
	http->options = *options;
	str_format(&http->agent, "cfprov/%s", cfprov_version());
	http->multi = curl_multi_init();
	if (!http->multi)
		mem_exhausted();
	curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)options->connections);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)options->connections);
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	for (size_t i = 0; i < http->all_count; i++) {
		struct transfer *transfer = http->all[i];
		curl_multi_remove_handle(http->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
		http_response_free(transfer->response);
		free(transfer->url);
		free(transfer);
	}
	while (http->done_from < http->done_count)
		http_response_free(http->done[http->done_from++]);
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	str_release(&http->agent);
	free(http->all);
	free(http->done);
	free(http);
}

struct http_headers *http_headers_new(void)
{
	struct http_headers *headers = mem_alloc(sizeof(*headers));

	headers->list = curl_slist_append(NULL, "Content-Type: application/json");
	headers->list = curl_slist_append(headers->list, "Accept: application/json");
	headers->list = curl_slist_append(headers->list, "Expect:"); /* never wait for 100 */
	return headers;
}

void http_headers_add(
	struct http_headers *headers, const char *name_and_prefix, const struct secret *secret)
{
	struct secret line CLEANUP(secret_release) = {0};
	size_t length = strlen(name_and_prefix);

	secret_init(&line, length + secret->length);
	memcpy(line.bytes, name_and_prefix, length);
	memcpy(line.bytes + length, secret->bytes, secret->length);
	headers->list = curl_slist_append(headers->list, line.bytes);
	if (!headers->list)
		mem_exhausted();
}

void http_headers_free(struct http_headers *headers)
{
	if (!headers)
		return;
	for (struct curl_slist *it = headers->list; it; it = it->next)
		secret_wipe(it->data, strlen(it->data));
	curl_slist_free_all(headers->list);
	free(headers);
}

/* Only the curl tool knows this variable, libcurl does not. */
static void set_authorities(CURL *easy)
{
	const char *file = getenv("SSL_CERT_FILE");

	if (file && *file)
		SET(easy, CURLOPT_CAINFO, file);
}

static void set_up_once(struct http *http, struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	SET(easy, CURLOPT_PRIVATE, transfer);
	SET(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_USERAGENT, str_text(&http->agent));
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PATH_AS_IS, 1L);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	set_authorities(easy);
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_PIPEWAIT, 1L);
	SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->options.connect_timeout_ms);
	SET(easy, CURLOPT_TIMEOUT_MS, (long)http->options.timeout_ms);
	SET(easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(easy, CURLOPT_WRITEDATA, transfer);
	SET(easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(easy, CURLOPT_HEADERDATA, transfer);
	SET(easy, CURLOPT_PREREQFUNCTION, on_prepared);
	SET(easy, CURLOPT_PREREQDATA, transfer);
	SET(easy, CURLOPT_DEBUGFUNCTION, on_trace);
	SET(easy, CURLOPT_DEBUGDATA, transfer);
	if (http->options.is_loopback)
		SET(easy, CURLOPT_PROXY, "");
}

static struct transfer *take_transfer(struct http *http)
{
	struct transfer *transfer = http->idle;

	if (transfer) {
		http->idle = transfer->next;
		return transfer;
	}
	transfer = mem_alloc(sizeof(*transfer));
	transfer->http = http;
	transfer->easy = curl_easy_init();
	if (!transfer->easy)
		mem_exhausted();
	set_up_once(http, transfer);
	http->all = mem_room(http->all, http->all_count, &http->all_room, sizeof(*http->all));
	http->all[http->all_count++] = transfer;
	return transfer;
}

static void set_method(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	const struct http_request *request = &transfer->request;

	if (request->body) {
		SET(easy, CURLOPT_POST, 1L);
		SET(easy, CURLOPT_POSTFIELDS, request->body);
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
	} else {
		SET(easy, CURLOPT_HTTPGET, 1L);
	}
	bool is_default = strcmp(request->method, request->body ? "POST" : "GET") == 0;
	SET(easy, CURLOPT_CUSTOMREQUEST, is_default ? NULL : request->method);
}

void http_start(struct http *http, const struct http_request *request)
{
	struct transfer *transfer = take_transfer(http);

	transfer->request = *request;
	transfer->sendings = 0;
	transfer->local_port = 0;
	transfer->stream = 0;
	transfer->was_refused = false;
	transfer->reason[0] = '\0';
	transfer->url = mem_copy_text(request->url);
	transfer->response = mem_alloc(sizeof(*transfer->response));
	transfer->response->tag = request->tag;
	transfer->response->retry_after_ms = -1;
	SET(transfer->easy, CURLOPT_URL, transfer->url);
	/* HTTP/2 comes with TLS only. */
	SET(transfer->easy, CURLOPT_VERBOSE,
		strncasecmp(transfer->url, "https:", 6) == 0 ? 1L : 0L);
	SET(transfer->easy, CURLOPT_HTTPHEADER, request->headers ? request->headers->list : NULL);
	set_method(transfer);
	if (curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
		mem_exhausted();
	http->started++;
}

/* ---- what came of it ---- */

/* Did the connection stand, so that the server may have seen the request? */
static bool was_connected(CURL *easy)
{
	curl_off_t pretransfer_us = 0;

	curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
	return pretransfer_us > 0;
}

/*
 * A handshake that was cut off may work the next time; one that the two sides can't agree on never
 * will. libcurl has one code for both, so its words have to do (of OpenSSL, then of GnuTLS).
 */
static bool is_disagreement(const char *reason)
{
	static const char *const words[] = {"wrong version number", "unsupported protocol",
		"protocol version", "handshake failure", "no protocols available",
		"unrecognized name", "no suitable", "no shared cipher", "unexpected TLS packet",
		"unsupported version", "Handshake failed"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(reason, words[i]))
			return true;
	return false;
}

/* Will TLS never work with this server, and these certificates? */
static bool is_tls_trouble(const struct transfer *transfer, CURLcode code)
{
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CLIENTCERT:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
	case CURLE_SSL_ENGINE_INITFAILED:
		return true;
	case CURLE_SSL_CONNECT_ERROR:
		return is_disagreement(transfer->reason);
	default:
		return false;
	}
}

static enum http_outcome outcome_of(const struct transfer *transfer, CURLcode code)
{
	bool is_end_of_stream = code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM ||
				code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;

	/* Once it went out, the server may have done it, whatever came back. */
	if (transfer->sendings > 0 && code != CURLE_OK)
		return HTTP_UNKNOWN;
	if (is_tls_trouble(transfer, code))
		return HTTP_NEVER;
	/* Else the connection failed that was to take its place. */
	if (transfer->was_refused && code != CURLE_OK)
		return is_end_of_stream ? HTTP_REFUSED : HTTP_NOT_SENT;
	switch ((int)code) {
	case CURLE_OK:
		return HTTP_ANSWERED;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_NEVER;
	default:
		return was_connected(transfer->easy) ? HTTP_UNKNOWN : HTTP_NOT_SENT;
	}
}

static char *describe(const struct transfer *transfer, CURLcode code)
{
	struct str text = {0};
	const char *reason = transfer->reason[0] ? transfer->reason : curl_easy_strerror(code);

	if (transfer->response->outcome == HTTP_REFUSED)
		reason = "the server closed the connection before it took the request";
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		reason = "the connection was closed before an answer came";
	else if (code == CURLE_WRITE_ERROR)
		reason = "the answer is larger than 16 MiB";
	size_t length = strlen(reason);
	str_text_add(&text, code == CURLE_SSL_CONNECT_ERROR ? "TLS could not be set up: " : "");
	while (length && strchr("\r\n. ", reason[length - 1]))
		length--;
	text_add_visible(&text, reason, length, 200);
	return str_steal(&text);
}

static void finish(struct http *http, CURL *easy, CURLcode code)
{
	struct transfer *transfer = NULL;
	long status = 0;
	curl_off_t elapsed_us = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
	struct http_response *response = transfer->response;
	response->outcome = outcome_of(transfer, code);
	response->is_tls_trouble = is_tls_trouble(transfer, code);
	curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
	response->elapsed_us = elapsed_us;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	response->status = response->outcome == HTTP_ANSWERED ? (int)status : 0;
	if (response->outcome != HTTP_ANSWERED)
		response->problem = describe(transfer, code);
	curl_multi_remove_handle(http->multi, easy);
	transfer->response = NULL;
	free(transfer->url);
	transfer->url = NULL;
	transfer->next = http->idle;
	http->idle = transfer;
	http->done = mem_room(
		http->done, http->done_count, &http->done_room, sizeof(struct http_response *));
	http->done[http->done_count++] = response;
}

static void work(struct http *http)
{
	int running, queued;
	CURLMsg *message;

	if (curl_multi_perform(http->multi, &running) != CURLM_OK)
		mem_exhausted();
	while ((message = curl_multi_info_read(http->multi, &queued)))
		if (message->msg == CURLMSG_DONE)
			finish(http, message->easy_handle, message->data.result);
}

static struct http_response *take_done(struct http *http)
{
	if (http->done_from == http->done_count) {
		http->done_from = http->done_count = 0;
		return NULL;
	}
	http->started--;
	return http->done[http->done_from++];
}

static void drain(int fd)
{
	char bytes[64];

	(void)!read(fd, bytes, sizeof(bytes));
}

struct http_response *http_next(struct http *http, int64_t timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms, left_ms = timeout_ms;
	struct curl_waitfd wake = {.fd = http->options.wake_fd, .events = CURL_WAIT_POLLIN};
	struct http_response *response = take_done(http);

	while (!response) {
		work(http);
		response = take_done(http);
		left_ms = deadline_ms - clock_monotonic_ms();
		if (response || left_ms <= 0 || wake.revents)
			break;
		bool has_wake = http->options.wake_fd >= 0;
		wake.revents = 0;
		if (curl_multi_poll(http->multi, has_wake ? &wake : NULL, has_wake,
			    left_ms > 60000 ? 60000 : (int)left_ms, NULL) != CURLM_OK)
			mem_exhausted();
		if (wake.revents)
			drain(wake.fd);
	}
	return response;
}

size_t http_under_way(const struct http *http)
{
	return http->started;
}

void http_response_free(struct http_response *response)
{
	if (!response)
		return;
	str_release(&response->body);
	str_release(&response->rate_limits);
	str_release(&response->rate_policies);
	free(response->problem);
	free(response);
}

/* ---- URLs ---- */

bool http_url_split(
	const char *url, char **ret_scheme, char **ret_host, bool *ret_has_user, struct error *err)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL;

	if (!parts)
		mem_exhausted();
	bool is_url =
		curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
	if (is_url) {
		*ret_has_user = curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK;
		*ret_scheme = mem_copy_text(scheme);
		*ret_host = mem_copy_text(host);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(parts);
	return is_url || error_set(err, "not a URL");
}
