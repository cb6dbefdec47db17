#include "cloudflare/baseurl.h"

#include "adapter/http_url.h"

#include <string.h>

bool baseurl_check(const char *base_url, char **ret_clean, bool *ret_is_loopback, struct error *err)
{
	struct http_url url CLEANUP(http_url_release) = {0};

	if (!http_url_check("the base URL", base_url, &url, err))
		return err->hint ? false
				 : error_hint(err,
					   "Set CLOUDFLARE_BASE_URL to a URL such as %s, or unset "
					   "it.",
					   BASEURL_DEFAULT);
	if (strchr(base_url, '?') || url.has_fragment)
		return error_set(err, "the base URL must not contain a query or fragment");
	*ret_is_loopback = url.is_loopback;
	*ret_clean = mem_copy_text(base_url);
	for (size_t end = strlen(base_url); end && base_url[end - 1] == '/'; end--)
		(*ret_clean)[end - 1] = '\0';
	return true;
}
