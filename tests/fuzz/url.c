/* Base URLs and other addresses that credentials are sent to. */
#include "adapter/http_url.h"
#include "base/text.h"
#include "cloudflare/baseurl.h"
#include "shared/fuzz.h"

#include <string.h>

static void check_parts(const char *text)
{
	struct error err CLEANUP(error_release) = {0};
	struct http_url url = {0}, again = {0};

	if (!http_url_check("the URL", text, &url, &err)) {
		fuzz_check_error(&err);
		return;
	}
	HOLDS(url.path[0] == '/' && !strstr(url.path, "/../"));
	HOLDS(!strchr(url.origin, '@') && !strchr(url.host, '/'));
	HOLDS(strncmp(url.origin, "https://", 8) == 0 || url.is_loopback);
	HOLDS(http_url_check("the URL", url.origin, &again, &err));
	HOLDS(strcmp(url.origin, again.origin) == 0 && url.is_loopback == again.is_loopback);
	http_url_release(&again);
	http_url_release(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0};
	char *text AUTO_FREE = fuzz_text(data, size), *clean AUTO_FREE = NULL,
		   *twice AUTO_FREE = NULL;
	bool is_loopback, is_still;

	check_parts(text);
	text_add_without_users(&shown, text);
	if (!baseurl_check(text, &clean, &is_loopback, &err)) {
		fuzz_check_error(&err);
		return 0;
	}
	HOLDS(*clean && clean[strlen(clean) - 1] != '/');
	HOLDS(baseurl_check(clean, &twice, &is_still, &err));
	HOLDS(strcmp(clean, twice) == 0 && is_loopback == is_still);
	return 0;
}
