/*
 * Which proxy the environment names, and what its answers to CONNECT mean. Sends nothing: that is
 * for http. No text here shows the proxy's user or password.
 */
#ifndef ADAPTER_PROXY_H
#define ADAPTER_PROXY_H

#include "base/error.h"
#include "base/str.h"

struct proxy {
	const char *variable;  /* that names it; NULL: there is no proxy */
	char *url;             /* SCHEME://HOST:PORT, without user and password */
	char *host;            /* as in the URL */
	char *name;            /* HOST:PORT, printable */
	char *user, *password; /* decoded; NULL: none */
};

/*
 * Fills *ret_proxy (proxy_release) from the first variable that is set and not empty: https_proxy,
 * HTTPS_PROXY, all_proxy, ALL_PROXY. They are those of curl for https; nothing else goes through a
 * proxy. The value is [SCHEME://][USER[:PASSWORD]@]HOST[:PORT], the scheme one of http (which is
 * the default), https, socks4, socks4a, socks5 and socks5h. False: it is something else.
 */
bool proxy_read(struct proxy *ret_proxy, struct error *err) MUST_CHECK;
void proxy_release(struct proxy *proxy);

/*
 * True if no_proxy, or else NO_PROXY, excludes the URL's host, as libcurl reads them; or if that is
 * unknown, because they have a network (10.0.0.0/8) and the host is an address.
 */
bool proxy_may_exclude(const char *url);

/* True if this status will come again: a client error that is no matter of time. */
bool proxy_refuses(int connect_status);

/* Adds what the proxy's answer to CONNECT means, and what to do about it. */
void proxy_explain(
	const struct proxy *proxy, int connect_status, struct str *problem, struct str *advice);

/* Adds the proxy's name, which the problem follows, and what to do if it can't be reached. */
void proxy_blame(const struct proxy *proxy, struct str *problem, struct str *advice);

#endif
