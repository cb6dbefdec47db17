#include "edge.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct page {
	const char *name;
	unsigned status;
	const char *title, *text;
	const char *mitigated; /* the header cf-mitigated */
} pages[] = {
	{"html", 500, "Error", "<h1>Something went wrong</h1><p>cloudflare</p>", NULL},
	{"challenge", 403, "Just a moment...",
		"<noscript>Enable JavaScript and cookies to continue</noscript>", "challenge"},
	{"blocked", 403, "Attention Required! | Cloudflare",
		"<h1>Sorry, you have been blocked</h1>\n"
		"<h2>You are unable to access api.cloudflare.com</h2>", NULL},
	{"1020", 403, "Access denied | api.cloudflare.com used Cloudflare to restrict access",
		"<h1>Error 1020</h1>\n<h2>Access denied</h2>", NULL},
	{"not_found", 404, "404 Not Found",
		"<center><h1>404 Not Found</h1></center>\n<hr><center>cloudflare</center>", NULL},
};

static const struct kind {
	int code;
	unsigned status;
	const char *name, *title;
	bool retryable;
} kinds[] = {
	{1015, 429, "rate_limited", "You are being rate limited", true},
	{1004, 403, "host_not_configured", "Host not configured to serve web traffic", true},
	{1005, 403, "banned_asn", "Access denied: the autonomous system is banned", true},
	{1010, 403, "browser_signature_banned", "The owner banned your access", false},
	{1020, 403, "access_denied", "Access denied", false},
	{1033, 530, "tunnel_error", "Cloudflare Tunnel error", true},
	{1038, 429, "subrequest_limit", "Too many subrequests", true},
	{1200, 503, "cache_connection_limit", "Too many connections to the cache", true},
	{1205, 429, "too_many_redirects", "Too many redirects", true},
};
/* clang-format on */

enum { RETRY_AFTER_S = 30 };

static const struct page *find_page(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (strcmp(pages[i].name, name) == 0)
			return &pages[i];
	return NULL;
}

static struct kind find_kind(const struct edge_error *error)
{
	struct kind other = {error->code, 403, "edge_error", "Error at the edge", false};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].code == error->code || (!error->code && !i))
			return kinds[i];
	return other;
}

static const char *ray_id(const struct answer *answer)
{
	for (size_t i = 0; i < answer->header_count; i++)
		if (strcmp(answer->headers[i].name, "cf-ray") == 0)
			return answer->headers[i].value;
	return NULL;
}

static void put_problem(
	struct answer *answer, const struct kind *kind, const struct edge_error *error)
{
	struct json_writer w = json_writer(&answer->body, 0);
	struct str type CLEANUP(str_release) = {0}, title CLEANUP(str_release) = {0};
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	str_format(&type,
		"https://developers.cloudflare.com/support/troubleshooting/http-status-codes/"
		"cloudflare-1xxx-errors/error-%d/",
		kind->code);
	str_format(&title, "Error %d: %s", kind->code, kind->title);
	json_begin_object(&w, NULL);
	json_put_text(&w, "type", str_text(&type));
	json_put_text(&w, "title", str_text(&title));
	json_put_integer(&w, "status", answer->status);
	json_put_text(&w, "detail", error->message ? error->message : kind->title);
	json_put_text(&w, "instance", ray_id(answer));
	json_put_integer(&w, "error_code", kind->code);
	json_put_text(&w, "error_name", kind->name);
	json_put_text(&w, "ray_id", ray_id(answer));
	json_put_text(&w, "timestamp", now);
	json_put_bool(&w, "cloudflare_error", true);
	json_put_bool(&w, "retryable", kind->retryable);
	if (kind->retryable)
		json_put_integer(&w, "retry_after",
			error->retry_after ? strtol(error->retry_after, NULL, 10) : RETRY_AFTER_S);
	json_end(&w);
}

static void answer_problem(struct answer *answer, const struct edge_error *error)
{
	struct kind kind = find_kind(error);

	answer->status = error->status ? error->status : kind.status;
	answer->content_type = "application/problem+json";
	put_problem(answer, &kind, error);
	if (kind.retryable && !error->retry_after)
		answer_header(answer, "Retry-After", "%d", RETRY_AFTER_S);
}

bool edge_has(const char *name)
{
	return strcmp(name, "problem") == 0 || find_page(name);
}

bool edge_answer(struct answer *answer, const char *name, const struct edge_error *error)
{
	const struct page *page = find_page(name);

	if (!edge_has(name))
		return false;
	str_clear(&answer->body);
	if (page) {
		answer->status = error->status ? error->status : page->status;
		answer->content_type = "text/html; charset=UTF-8";
		str_format(&answer->body,
			"<!DOCTYPE html>\n<html><head><title>%s</title></head>\n"
			"<body>%s</body></html>\n",
			page->title, page->text);
		if (page->mitigated)
			answer_header(answer, "cf-mitigated", "%s", page->mitigated);
	} else {
		answer_problem(answer, error);
	}
	if (error->retry_after)
		answer_header(answer, "Retry-After", "%s", error->retry_after);
	return true;
}
