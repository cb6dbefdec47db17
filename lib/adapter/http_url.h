/* URLs that credentials are sent to: over https, or to this machine, and without a user in them. */
#ifndef ADAPTER_HTTP_URL_H
#define ADAPTER_HTTP_URL_H

#include "base/error.h"

struct http_url {
	char *origin; /* "https://host:8443": in small letters, without the scheme's own port */
	char *host;   /* in small letters */
	char *path;   /* "/a/b", without "." and ".." parts; "/": there is none */
	char *query;  /* "a=b"; NULL: there is none */
	bool is_loopback;
	bool has_fragment;
};

/*
 * Gives the parts (http_url_release). False unless the scheme is https, or http to this machine
 * (localhost, [::1] or an address 127.x.x.x), without a user or password in the URL. The error
 * calls the URL `what` ("the base URL") and does not show it.
 */
bool http_url_check(
	const char *what, const char *url, struct http_url *ret_url, struct error *err) MUST_CHECK;

void http_url_release(struct http_url *url);

#endif
