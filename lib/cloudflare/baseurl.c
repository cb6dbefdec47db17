#include "cloudflare/baseurl.h"

#include "adapter/http.h"

#include <arpa/inet.h>
#include <string.h>

/* A resolver may give names such as 127.0.0.1.2.3 any address, so only a whole address counts. */
static bool is_loopback_name(const char *host)
{
	struct in_addr address;

	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

bool baseurl_check(const char *base_url, char **ret_clean, bool *ret_is_loopback, struct error *err)
{
	char *scheme AUTO_FREE = NULL, *host AUTO_FREE = NULL;
	bool has_user = false;

	if (!http_url_split(base_url, &scheme, &host, &has_user, err)) {
		error_prefix(err, "base URL");
		return error_hint(err, "Set CLOUDFLARE_BASE_URL to a URL such as %s, or unset it.",
			BASEURL_DEFAULT);
	}
	*ret_is_loopback = is_loopback_name(host);
	if (has_user)
		return error_set(err, "the base URL must not contain a user or password");
	if (strpbrk(base_url, "?#"))
		return error_set(err, "the base URL must not contain a query or fragment");
	bool is_http = strcmp(scheme, "http") == 0;
	if (!is_http && strcmp(scheme, "https") != 0)
		return error_set(err, "the base URL must start with https://");
	if (is_http && !*ret_is_loopback) {
		error_set(err, "the base URL uses plain http to another host");
		return error_hint(err, "The token would be sent unencrypted. Use https.");
	}
	*ret_clean = mem_copy_text(base_url);
	for (size_t end = strlen(base_url); end && base_url[end - 1] == '/'; end--)
		(*ret_clean)[end - 1] = '\0';
	return true;
}
