#include "adapter/proxy.h"

#include "base/secret.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_COLUMNS = 100 };

static const char *lookup(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Lends the value of the first variable that has one, and its name. */
static const char *find(const char **ret_variable)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	const char *value = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !value; i++) {
		*ret_variable = names[i];
		value = lookup(names[i]);
	}
	return value;
}

static int hex_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return digit ? (int)(digit - digits) : -1;
}

/* Gives (mem_free) the text with %XX decoded; NULL: a control character is in it. */
static char *decode(const char *text, size_t length)
{
	char *decoded = mem_alloc(length + 1);
	size_t size = 0;

	for (size_t i = 0; i < length; i++, size++) {
		int high = text[i] == '%' && i + 2 < length ? hex_of(text[i + 1]) : -1;
		int low = high >= 0 ? hex_of(text[i + 2]) : -1;
		decoded[size] = text[i];
		if (low >= 0) {
			decoded[size] = (char)(high << 4 | low);
			i += 2;
		}
		if ((unsigned char)decoded[size] < ' ' || decoded[size] == 0x7f) {
			secret_wipe(decoded, length);
			mem_free(decoded);
			return NULL;
		}
	}
	return decoded;
}

/* Lends in *ret_rest what follows the scheme, which is the default one if there is none. */
static const char *read_scheme(const char *value, const char **ret_rest)
{
	static const char *const schemes[] = {
		"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
	size_t length = text_url_scheme(value);

	*ret_rest = length ? value + length + strlen("://") : value;
	for (size_t i = 0; i < ARRAY_SIZE(schemes) && length; i++)
		if (strlen(schemes[i]) == length && strncasecmp(value, schemes[i], length) == 0)
			return schemes[i];
	return length ? NULL : schemes[0];
}

/* HOST[:PORT]; an IPv6 address is in brackets. */
static bool read_host(struct proxy *proxy, const char *scheme, const char *text, size_t length)
{
	struct str copy = {0};
	str_add(&copy, text, length);
	char *host AUTO_FREE = str_steal(&copy);
	char *colon = strrchr(host, ':'), *bracket = strrchr(host, ']');
	const char *port = strcmp(scheme, "https") == 0 ? "443" : "1080"; /* as in curl */
	size_t number;

	if (colon && colon > bracket) {
		*colon = '\0';
		port = colon + 1;
	}
	bool is_address = *host == '[' && bracket && !bracket[1] && bracket > host + 1;
	size_t good = is_address ? 1 + strspn(host + 1, "0123456789abcdefABCDEF:.") + 1
				 : strcspn(host, " \"'<>\\^`{}|@:/?#%[]");
	if (!*host || good != strlen(host) || !text_to_number(port, 65535, &number) || number == 0)
		return false;
	for (const char *it = host; *it; it++)
		if ((unsigned char)*it < ' ' || *it == 0x7f)
			return false;
	struct str url CLEANUP(str_release) = {0};
	str_format(&url, "%s://%s:%zu", scheme, host, number);
	proxy->name = text_visible(str_text(&url) + strlen(scheme) + strlen("://"), NAME_COLUMNS);
	proxy->url = str_steal(&url);
	proxy->host = mem_steal(&host);
	return true;
}

static bool read_value(struct proxy *proxy, const char *value)
{
	const char *rest, *scheme = read_scheme(value, &rest);
	size_t length = strcspn(rest, "/?#"), user = length;

	while (user && rest[user - 1] != '@')
		user--;
	if (!scheme || !read_host(proxy, scheme, rest + user, length - user))
		return false;
	if (!user)
		return true;
	const char *colon = memchr(rest, ':', --user);
	size_t name = colon ? (size_t)(colon - rest) : user;
	proxy->user = decode(rest, name);
	proxy->password = decode(colon ? colon + 1 : "", colon ? user - name - 1 : 0);
	return proxy->user && proxy->password;
}

bool proxy_read(struct proxy *ret_proxy, struct error *err)
{
	struct proxy proxy CLEANUP(proxy_release) = {0};
	const char *value = find(&proxy.variable);

	if (!value)
		return true;
	if (!read_value(&proxy, value)) {
		error_set(err, "%s is not a valid proxy URL", proxy.variable);
		return error_hint(
			err, "Set it to a URL such as http://proxy.example.com:3128, or unset it.");
	}
	*ret_proxy = proxy;
	proxy = (struct proxy){0};
	return true;
}

static void wipe(char *text)
{
	if (text)
		secret_wipe(text, strlen(text));
	mem_free(text);
}

void proxy_release(struct proxy *proxy)
{
	wipe(proxy->user);
	wipe(proxy->password);
	mem_free(proxy->url);
	mem_free(proxy->host);
	mem_free(proxy->name);
	*proxy = (struct proxy){0};
}

/* A name excludes itself and what ends in it after a dot. */
static bool excludes(const char *name, size_t size, const char *host, size_t length)
{
	size_t before = length - size;

	return size && size <= length && strncasecmp(host + before, name, size) == 0 &&
	       (!before || host[before - 1] == '.');
}

bool proxy_may_exclude(const char *url)
{
	const char *list = lookup("no_proxy"), *host = strstr(url, "://");

	if (!list)
		list = lookup("NO_PROXY");
	if (!list || strcmp(list, "*") == 0)
		return list != NULL;
	host = host ? host + strlen("://") : url;
	bool is_address = *host == '[';
	host += is_address;
	size_t length = strcspn(host, is_address ? "]" : ":/?#");
	is_address = is_address || strspn(host, "0123456789.") == length;
	for (size_t size; *(list += strspn(list, ", \t[")); list += size) {
		const char *name = list;
		size = strcspn(list, ", \t");
		size_t end = strcspn(list, ", \t]");
		if (is_address && memchr(name, '/', size))
			return true;
		if (*name == '.' && end)
			name++, end--;
		while (end && name[end - 1] == '.')
			end--;
		if (excludes(name, end, host, length))
			return true;
	}
	return false;
}

bool proxy_refuses(int connect_status)
{
	return connect_status >= 400 && connect_status < 500 && connect_status != 408 &&
	       connect_status != 425 && connect_status != 429;
}

void proxy_explain(
	const struct proxy *proxy, int connect_status, struct str *problem, struct str *advice)
{
	str_format(problem, "proxy %s: ", proxy->name);
	if (connect_status == 407 && proxy->user) {
		str_text_add(problem, "the user and password were not accepted");
		str_format(advice, "Check the user and password in %s.", proxy->variable);
	} else if (connect_status == 407) {
		str_text_add(problem, "it requires a user and password");
		str_format(advice, "Set %s to a URL such as http://USER:PASSWORD@%s.",
			proxy->variable, proxy->name);
	} else if (connect_status == 403) {
		str_text_add(problem, "it does not allow connections to this host");
		str_format(advice,
			"Ask its administrator to allow the host, set %s to another proxy, or add "
			"the host to NO_PROXY.",
			proxy->variable);
	} else {
		str_text_add(problem, "it could not connect to the host");
		str_format(advice, "Check that %s names a proxy that can reach the host.",
			proxy->variable);
	}
	str_format(problem, " (HTTP %d)", connect_status);
}

void proxy_blame(const struct proxy *proxy, struct str *problem, struct str *advice)
{
	str_format(problem, "proxy %s: ", proxy->name);
	str_format(advice,
		"Check the network and the proxy %s, which is set by %s. Hosts in NO_PROXY are "
		"reached without it.",
		proxy->name, proxy->variable);
}
