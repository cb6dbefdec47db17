#include "adapter/http_response.h"

#include "base/clock.h"
#include "base/text.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

enum { HEADER_LIMIT = 128 * 1024 }; /* longer than any line that libcurl accepts */

/*
 * True if TLS will never work with this server and these certificates. A handshake that was cut off
 * may work the next time, but not one in which the two sides disagree. libcurl has one code for
 * both; only the texts (of OpenSSL, then of GnuTLS) differ.
 */
static bool is_tls_trouble(CURLcode code, const char *reason)
{
	static const CURLcode codes[] = {CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
		CURLE_SSL_CERTPROBLEM, CURLE_SSL_CLIENTCERT, CURLE_SSL_CIPHER,
		CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED};
	static const char *const disagreements[] = {"wrong version number", "unsupported protocol",
		"protocol version", "handshake failure", "no protocols available",
		"unrecognized name", "no suitable", "no shared cipher", "unexpected TLS packet",
		"unsupported version", "Handshake failed"};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (code == codes[i])
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(disagreements) && code == CURLE_SSL_CONNECT_ERROR; i++)
		if (strstr(reason, disagreements[i]))
			return true;
	return false;
}

/* The proxy's answer to CONNECT, unless it connected us; 0: there is none. */
static int proxy_status(const struct http_end *end)
{
	long status = 0;

	curl_easy_getinfo(end->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return end->sendings == 0 && status >= 300 ? (int)status : 0;
}

static bool is_nowhere(CURLcode code)
{
	return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
	       code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY;
}

static enum http_outcome outcome_of(const struct http_end *end)
{
	CURLcode code = (CURLcode)end->code;
	bool is_end_of_stream = code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM ||
				code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
	curl_off_t connected_us = 0;

	if (code == CURLE_OK)
		return HTTP_ANSWERED;
	if (end->sendings > 0) /* the server may have done it, whatever came back */
		return HTTP_UNKNOWN;
	if (is_tls_trouble(code, end->reason) || proxy_refuses(proxy_status(end)))
		return HTTP_NEVER;
	if (proxy_status(end))
		return HTTP_NOT_SENT;
	if (end->was_refused) /* other codes are of the connection that was tried next */
		return is_end_of_stream ? HTTP_REFUSED : HTTP_NOT_SENT;
	if (is_nowhere(code))
		return HTTP_NEVER;
	curl_easy_getinfo(end->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
	return connected_us > 0 ? HTTP_UNKNOWN : HTTP_NOT_SENT;
}

/*
 * Did the proxy have a part in the failure? libcurl says so of some; of the others we know it if
 * its text names the proxy, or if the host is not excluded.
 */
static bool is_by_proxy(const struct http_end *end)
{
	const struct proxy *proxy = end->proxy;
	CURLcode code = (CURLcode)end->code;
	const char *url = NULL;

	curl_easy_getinfo(end->easy, CURLINFO_EFFECTIVE_URL, &url);
	return proxy->variable && end->sendings == 0 && !is_tls_trouble(code, end->reason) &&
	       (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY ||
		       strstr(end->reason, proxy->host) || (url && !proxy_may_exclude(url)));
}

/* What the library says, without any user and password of a URL. */
static void add_reason(struct str *text, const char *reason)
{
	struct str kept CLEANUP(str_release) = {0};

	text_add_without_users(&kept, reason);
	while (kept.length && strchr("\r\n. ", kept.bytes[kept.length - 1]))
		kept.length--;
	text_add_visible(text, str_text(&kept), kept.length, 200);
}

/* Fills problem and advice. */
static void describe(struct http_response *response, const struct http_end *end)
{
	CURLcode code = (CURLcode)end->code;
	struct str text CLEANUP(str_release) = {0}, advice CLEANUP(str_release) = {0};
	struct str too_large CLEANUP(str_release) = {0};
	const struct proxy *proxy = end->proxy;
	const char *reason = end->reason[0] ? end->reason : curl_easy_strerror(code);
	int status = proxy->variable ? proxy_status(end) : 0;

	if (response->outcome == HTTP_REFUSED)
		reason = "the server closed the connection before it accepted the request";
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		reason = "the connection was closed before a response arrived";
	str_format(&too_large, "the response is larger than %zu MiB", end->body_limit >> 20);
	if (code == CURLE_WRITE_ERROR)
		reason = str_text(&too_large);
	if (status)
		proxy_explain(proxy, status, &text, &advice);
	else if (is_by_proxy(end))
		proxy_blame(proxy, &text, &advice);
	str_text_add(&text, code == CURLE_SSL_CONNECT_ERROR ? "TLS handshake failed: " : "");
	add_reason(&text, status ? "" : reason);
	response->problem = str_steal(&text);
	if (advice.length)
		response->advice = str_steal(&advice);
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

int64_t http_date(const char *text)
{
	return curl_getdate(text, NULL);
}

/* Lends a line of a header of the answer, counted from 0; NULL: there are not so many. */
static const char *header(CURL *easy, const char *name, size_t index)
{
	struct curl_header *found = NULL;

	return curl_easy_header(easy, name, index, CURLH_HEADER, -1, &found) == CURLHE_OK
		       ? found->value
		       : NULL;
}

/* All lines of one header are one list: RFC 9110, section 5.3. */
static void take_lines(CURL *easy, const char *name, struct str *lines)
{
	const char *value;

	for (size_t i = 0; (value = header(easy, name, i)); i++) {
		if (lines->length + strlen(value) > HEADER_LIMIT)
			continue;
		str_text_add(lines, lines->length ? ", " : "");
		str_text_add(lines, value);
	}
}

static void take_headers(CURL *easy, struct http_response *response)
{
	struct str ray CLEANUP(str_release) = {0};
	const char *value;

	for (size_t i = 0; (value = header(easy, "retry-after", i)); i++) {
		int64_t wait_ms = http_retry_after_ms(value, clock_unix_seconds());
		if (response->retry_after_ms < wait_ms) /* of several, the longest */
			response->retry_after_ms = wait_ms;
	}
	take_lines(easy, "ratelimit", &response->rate_limits);
	take_lines(easy, "ratelimit-policy", &response->rate_policies);
	value = header(easy, "date", 0);
	if (value && strlen(value) < sizeof(response->date))
		memcpy(response->date, value, strlen(value) + 1);
	value = header(easy, "cf-mitigated", 0);
	response->is_challenged = value && strcasecmp(value, "challenge") == 0;
	value = header(easy, "cf-ray", 0);
	text_add_visible(&ray, value, value ? strlen(value) : 0, 0);
	if (ray.length < HTTP_RAY_SIZE)
		memcpy(response->ray, str_text(&ray), ray.length + 1);
}

void http_response_fill(struct http_response *response, const struct http_end *end)
{
	long status = 0;
	curl_off_t elapsed_us = 0;

	curl_easy_getinfo(end->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
	curl_easy_getinfo(end->easy, CURLINFO_RESPONSE_CODE, &status);
	response->outcome = outcome_of(end);
	response->is_tls_trouble = is_tls_trouble((CURLcode)end->code, end->reason);
	response->elapsed_us = elapsed_us;
	take_headers(end->easy, response);
	if (response->outcome == HTTP_ANSWERED)
		response->status = (int)status;
	else
		describe(response, end);
}

void http_response_free(struct http_response *response)
{
	if (!response)
		return;
	str_release(&response->body);
	str_release(&response->rate_limits);
	str_release(&response->rate_policies);
	mem_free(response->problem);
	mem_free(response->advice);
	mem_free(response);
}
