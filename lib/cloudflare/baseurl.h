/* Where requests go: which base URLs credentials may be sent to. */
#ifndef CLOUDFLARE_BASEURL_H
#define CLOUDFLARE_BASEURL_H

#include "base/error.h"

#define BASEURL_DEFAULT "https://api.cloudflare.com/client/v4"

/*
 * False unless credentials may be sent there: over https, or http to this machine (localhost,
 * [::1] or an address 127.x.x.x), without a user in the URL. Gives *ret_clean (mem_free): the URL
 * without slashes at its end.
 */
bool baseurl_check(const char *base_url, char **ret_clean, bool *ret_is_loopback,
	struct error *err) MUST_CHECK;

#endif
