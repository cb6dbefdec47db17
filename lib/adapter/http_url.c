#include "adapter/http_url.h"

#include "adapter/http_memory.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

/* A resolver may give names such as 127.0.0.1.2.3 any address, so only a whole address counts. */
static bool is_loopback_name(const char *host)
{
	struct in_addr address;

	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

/* Gives (mem_free) a part in small letters, if wanted; NULL: there is none. */
static char *get(CURLU *url, CURLUPart part, unsigned flags, bool is_lower)
{
	char *text = NULL;

	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return NULL;
	char *copy = mem_copy_text(text);
	curl_free(text);
	for (char *it = copy; is_lower && *it; it++)
		if (*it >= 'A' && *it <= 'Z')
			*it = (char)(*it - 'A' + 'a');
	return copy;
}

static bool has(CURLU *url, CURLUPart part)
{
	char *text AUTO_FREE = get(url, part, 0, false);

	return text != NULL;
}

static bool refuse(const char *what, struct error *err)
{
	error_set(err, "%s is not a valid URL", what);
	return error_hint(err, "A URL begins with https:// and the name of a host.");
}

static bool check(const char *what, CURLU *parts, struct http_url *url, struct error *err)
{
	char *scheme AUTO_FREE = get(parts, CURLUPART_SCHEME, 0, true);
	char *port AUTO_FREE = get(parts, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, false);
	struct str origin CLEANUP(str_release) = {0};

	url->host = get(parts, CURLUPART_HOST, 0, true);
	url->path = get(parts, CURLUPART_PATH, 0, false);
	url->query = get(parts, CURLUPART_QUERY, 0, false);
	if (!scheme || !url->host || !url->path)
		return refuse(what, err);
	if (has(parts, CURLUPART_USER) || has(parts, CURLUPART_PASSWORD))
		return error_set(err, "%s must not contain a user or password", what);
	bool is_http = strcmp(scheme, "http") == 0;
	if (!is_http && strcmp(scheme, "https") != 0)
		return error_set(err, "%s must start with https://", what);
	url->is_loopback = is_loopback_name(url->host);
	if (is_http && !url->is_loopback) {
		error_set(err, "%s uses plain http to another host", what);
		return error_hint(err, "The credentials would be sent unencrypted. Use https.");
	}
	str_format(&origin, "%s://%s%s%s", scheme, url->host, port ? ":" : "", port ? port : "");
	url->origin = mem_copy_text(str_text(&origin));
	return true;
}

bool http_url_check(const char *what, const char *url, struct http_url *ret_url, struct error *err)
{
	struct http_url read CLEANUP(http_url_release) = {.has_fragment = strchr(url, '#') != NULL};

	http_memory_init();
	CURLU *parts = curl_url();
	if (!parts)
		mem_exhausted();
	bool is_good =
		curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK
			? check(what, parts, &read, err)
			: refuse(what, err);
	curl_url_cleanup(parts);
	curl_global_cleanup();
	if (!is_good)
		return false;
	*ret_url = read;
	read = (struct http_url){0};
	return true;
}

void http_url_release(struct http_url *url)
{
	mem_free(url->origin);
	mem_free(url->host);
	mem_free(url->path);
	mem_free(url->query);
	*url = (struct http_url){0};
}
