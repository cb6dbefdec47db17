#include "adapter/http.h"

#include "adapter/http_loop.h"
#include "adapter/http_memory.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* An option that libcurl refuses must not go unnoticed. */
#define SET(easy, option, value)                                                                   \
	do {                                                                                       \
		if (curl_easy_setopt((easy), (option), (value)) != CURLE_OK)                       \
			mem_exhausted();                                                           \
	} while (0)

/* One request; reused for others, because a handle of libcurl is expensive. */
struct transfer {
	struct transfer *next;
	struct http *http;
	CURL *easy;
	struct http_request request;
	int sendings;         /* that the server may have processed */
	int local_port;       /* of the connection used; 0: none */
	unsigned long stream; /* of HTTP/2 on that connection; 0: unknown */
	bool was_refused;     /* the last sending, which is not counted */
	char *url;            /* of the last request */
	CURLU *parsed;
	struct http_response *response; /* NULL: idle */
	char reason[CURL_ERROR_SIZE];
};

struct http {
	CURLM *multi;
	struct http_loop loop;
	struct http_options options;
	struct proxy proxy;
	struct transfer *transfers;
	size_t started; /* whose response has not been given yet */
};

struct http_headers {
	struct curl_slist *list;
};

/* ---- what libcurl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	const struct transfer *transfer = context;
	struct str *body = &transfer->response->body;

	if (body->length + size * count > transfer->request.body_limit)
		return 0; /* which ends the transfer with an error */
	str_add(body, bytes, size * count);
	return size * count;
}

/*
 * Called each time before a request goes out on a connection. libcurl sends it again by itself when
 * a kept-alive connection turns out to be dead; is_once stops that here.
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

/* True if the line has a number after these words. */
static bool has_number(const char *line, const char *words, unsigned long *ret_number)
{
	const char *at = strstr(line, words), *digits = at ? at + strlen(words) : "";

	if (*digits < '0' || *digits > '9')
		return false;
	*ret_number = strtoul(digits, NULL, 10);
	return true;
}

/*
 * libcurl reports the streams that a GOAWAY refuses only in its trace for people. If a version
 * words that differently, nothing is lost: the outcome is then unknown, as without the trace.
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
	if (has_number(line, "Using Stream ID: ", &stream)) {
		transfer->stream = stream;
	} else if (strstr(line, "GOAWAY, error=") && has_number(line, "last_stream=", &stream)) {
		/* Streams of this connection above the last one were not and won't be processed. */
		for (struct transfer *it = transfer->http->transfers; it; it = it->next)
			if (it->response && it->local_port == transfer->local_port &&
				it->stream > stream)
				mark_refused(it);
	} else if (transfer->stream && strncmp(line, "REFUSED_STREAM", 14) == 0) {
		mark_refused(transfer);
	} else if (strncmp(line, "Connection died", 15) == 0) {
		transfer->stream = 0; /* another connection may get the port now */
	}
	return 0;
}

/* ---- setting up ---- */

struct http *http_new(const struct http_options *options, struct error *err)
{
	struct proxy proxy CLEANUP(proxy_release) = {0};

	if (!options->is_loopback && !proxy_read(&proxy, err))
		return NULL;
	http_memory_init();
	struct http *http = mem_alloc(sizeof(*http));
	http->options = *options;
	http->proxy = proxy;
	proxy = (struct proxy){0};
	http->multi = curl_multi_init();
	if (!http->multi)
		mem_exhausted();
	curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)options->connections);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)options->connections);
	http_loop_init(&http->loop, http->multi, options->wake_fd);
	return http;
}

void http_free(struct http *http)
{
	struct transfer *next;

	if (!http)
		return;
	for (struct transfer *transfer = http->transfers; transfer; transfer = next) {
		next = transfer->next;
		curl_multi_remove_handle(http->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
		http_response_free(transfer->response);
		curl_url_cleanup(transfer->parsed);
		mem_free(transfer->url);
		mem_free(transfer);
	}
	curl_multi_cleanup(http->multi);
	http_loop_release(&http->loop);
	curl_global_cleanup();
	proxy_release(&http->proxy);
	mem_free(http);
}

struct http_headers *http_headers_new(void)
{
	http_memory_init();
	return mem_alloc(sizeof(struct http_headers));
}

void http_headers_add_text(struct http_headers *headers, const char *line)
{
	headers->list = curl_slist_append(headers->list, line);
	if (!headers->list)
		mem_exhausted();
}

struct http_headers *http_headers_new_json(void)
{
	struct http_headers *headers = http_headers_new();

	http_headers_add_text(headers, "Content-Type: application/json");
	http_headers_add_text(headers, "Accept: application/json");
	http_headers_add_text(headers, "Expect:"); /* never wait for 100 */
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
	http_headers_add_text(headers, line.bytes);
}

void http_headers_free(struct http_headers *headers)
{
	if (!headers)
		return;
	curl_slist_free_all(headers->list);
	curl_global_cleanup();
	mem_free(headers);
}

/* Where systems keep their certificates, as in Go's crypto/x509/root_linux.go. */
static const char *const system_authorities[] = {
	"/etc/ssl/certs/ca-certificates.crt",                /* Debian, Alpine, Arch, Gentoo */
	"/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL 6 */
	"/etc/ssl/ca-bundle.pem",                            /* openSUSE */
	"/etc/pki/tls/cacert.pem",                           /* OpenELEC */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 7 and later */
	"/etc/ssl/cert.pem",                                 /* Alpine */
};

/*
 * The system's file, if libcurl was built for another system; NULL: libcurl's own is there, or none
 * is. A file of its own that is missing makes libcurl fail, though it may have a folder, too.
 */
static const char *find_system_authorities(void)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	const char *own = info->cainfo ? info->cainfo : info->capath;

	if (own && access(own, R_OK) == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(system_authorities); i++)
		if (access(system_authorities[i], R_OK) == 0)
			return system_authorities[i];
	return NULL;
}

/*
 * libcurl itself does not read these variables. Either one replaces both of the system's file and
 * its folder, also for an https proxy.
 */
static void set_authorities(CURL *easy)
{
	const char *file = getenv("SSL_CERT_FILE"), *folder = getenv("SSL_CERT_DIR");

	file = file && *file ? file : NULL;
	folder = folder && *folder ? folder : NULL;
	if (!file && !folder)
		file = find_system_authorities();
	if (!file && !folder)
		return;
	SET(easy, CURLOPT_CAINFO, file);
	SET(easy, CURLOPT_CAPATH, folder);
	SET(easy, CURLOPT_PROXY_CAINFO, file);
	SET(easy, CURLOPT_PROXY_CAPATH, folder);
}

/* Without a proxy of ours libcurl must not look for one. */
static void set_proxy(CURL *easy, const struct proxy *proxy)
{
	SET(easy, CURLOPT_PROXY, proxy->url ? proxy->url : "");
	SET(easy, CURLOPT_PROXYUSERNAME, proxy->user);
	SET(easy, CURLOPT_PROXYPASSWORD, proxy->password);
}

/* The options that are the same for all requests. */
static void set_up(struct transfer *transfer, const struct http_options *options)
{
	struct str agent CLEANUP(str_release) = {0};
	CURL *easy = transfer->easy;

	str_format(&agent, "cfprov/%s", cfprov_version());
	SET(easy, CURLOPT_PRIVATE, transfer);
	SET(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_USERAGENT, str_text(&agent));
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PATH_AS_IS, 1L);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	set_authorities(easy);
	set_proxy(easy, &transfer->http->proxy);
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
	/* For 1 MiB and more libcurl asks first, and R2 never answers that. */
	SET(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
	SET(easy, CURLOPT_BUFFERSIZE, 8192L); /* wiped after each request; most answers are short */
	SET(easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(easy, CURLOPT_WRITEDATA, transfer);
	SET(easy, CURLOPT_PREREQFUNCTION, on_prepared);
	SET(easy, CURLOPT_PREREQDATA, transfer);
	SET(easy, CURLOPT_DEBUGFUNCTION, on_trace);
	SET(easy, CURLOPT_DEBUGDATA, transfer);
}

static struct transfer *idle_transfer(struct http *http)
{
	struct transfer *transfer = http->transfers;

	while (transfer && transfer->response)
		transfer = transfer->next;
	if (transfer)
		return transfer;
	transfer = mem_alloc(sizeof(*transfer));
	transfer->http = http;
	transfer->easy = curl_easy_init();
	transfer->parsed = curl_url();
	if (!transfer->easy || !transfer->parsed)
		mem_exhausted();
	set_up(transfer, &http->options);
	transfer->next = http->transfers;
	http->transfers = transfer;
	return transfer;
}

/* libcurl copies user and password, and wipes the copies when it frees them (http_memory). */
static void set_auth(CURL *easy, const struct http_auth *auth)
{
	bool is_signed = auth && auth->sigv4;

	SET(easy, CURLOPT_USERNAME, auth ? auth->user->bytes : NULL);
	SET(easy, CURLOPT_PASSWORD, auth ? auth->password->bytes : NULL);
	SET(easy, CURLOPT_AWS_SIGV4, is_signed ? auth->sigv4 : NULL);
	SET(easy, CURLOPT_HTTPAUTH, is_signed ? CURLAUTH_AWS_SIGV4 : CURLAUTH_BASIC);
}

/*
 * Most requests have the URL of the one before. If libcurl parses it each time, that is a fifth of
 * what it does. One that is wrong is left to it, which then says so.
 */
static void set_url(struct transfer *transfer, const char *url)
{
	if (transfer->url && strcmp(transfer->url, url) == 0)
		return;
	mem_free(transfer->url);
	transfer->url = mem_copy_text(url);
	(void)curl_url_set(transfer->parsed, CURLUPART_URL, NULL, 0); /* else a base for the next */
	bool is_good = curl_url_set(transfer->parsed, CURLUPART_URL, url,
			       CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
	SET(transfer->easy, CURLOPT_CURLU, is_good ? transfer->parsed : NULL);
	SET(transfer->easy, CURLOPT_URL, is_good ? NULL : url);
}

void http_start(struct http *http, const struct http_request *request)
{
	struct transfer *transfer = idle_transfer(http);
	CURL *easy = transfer->easy;

	transfer->request = *request;
	if (!request->body_limit)
		transfer->request.body_limit = HTTP_BODY_LIMIT;
	transfer->sendings = 0;
	transfer->local_port = 0;
	transfer->stream = 0;
	transfer->was_refused = false;
	transfer->reason[0] = '\0';
	transfer->response = mem_alloc(sizeof(*transfer->response));
	transfer->response->tag = request->tag;
	transfer->response->retry_after_ms = -1;
	set_url(transfer, request->url);
	SET(easy, CURLOPT_TIMEOUT_MS,
		(long)(request->timeout_ms ? request->timeout_ms : http->options.timeout_ms));
	set_auth(easy, request->auth);
	/*
	 * The trace is for HTTP/2, which we speak over TLS only; so is waiting for a connection to
	 * share. Elsewhere a request would wait for one whose first sending has failed, until it
	 * times out.
	 */
	bool is_tls = strncasecmp(transfer->url, "https:", 6) == 0;
	SET(easy, CURLOPT_VERBOSE, is_tls ? 1L : 0L);
	SET(easy, CURLOPT_PIPEWAIT, is_tls ? 1L : 0L);
	SET(easy, CURLOPT_HTTPHEADER, request->headers ? request->headers->list : NULL);
	if (request->body) {
		SET(easy, CURLOPT_POST, 1L);
		SET(easy, CURLOPT_POSTFIELDS, request->body);
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
	} else {
		SET(easy, CURLOPT_HTTPGET, 1L);
	}
	bool is_default = strcmp(request->method, request->body ? "POST" : "GET") == 0;
	SET(easy, CURLOPT_CUSTOMREQUEST, is_default ? NULL : request->method);
	if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
		mem_exhausted();
	http->started++;
}

/* ---- answers ---- */

/* Gives the response of a transfer, which is idle afterwards. */
static struct http_response *finish(struct http *http, CURL *easy, CURLcode code)
{
	struct transfer *transfer = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
	const struct http_end end = {easy, (int)code, transfer->reason, transfer->sendings,
		transfer->was_refused, &http->proxy, transfer->request.body_limit};
	struct http_response *response = transfer->response;
	http_response_fill(response, &end);
	curl_multi_remove_handle(http->multi, easy);
	transfer->response = NULL;
	http->started--;
	return response;
}

static struct http_response *take_done(struct http *http)
{
	CURLMsg *message;
	int queued;

	while ((message = curl_multi_info_read(http->multi, &queued)))
		if (message->msg == CURLMSG_DONE)
			return finish(http, message->easy_handle, message->data.result);
	return NULL;
}

struct http_response *http_next(struct http *http, int64_t timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
	struct http_response *response = take_done(http);

	while (!response) {
		int64_t left_ms = deadline_ms - clock_monotonic_ms();
		bool is_woken = http_loop_turn(&http->loop, left_ms > 0 ? left_ms : 0);
		char bytes[64];
		if (is_woken)
			(void)!read(http->options.wake_fd, bytes, sizeof(bytes));
		response = take_done(http);
		if (left_ms <= 0 || is_woken)
			break;
	}
	return response;
}

size_t http_under_way(const struct http *http)
{
	return http->started;
}

const char *http_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

const char *http_tls_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->ssl_version;
}
