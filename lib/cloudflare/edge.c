#include "cloudflare/edge.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_COLUMNS = 300, BODY_BYTES = 60 };

static const char challenged[] = "Cloudflare's firewall returned a browser challenge";
static const char blocked[] = "Cloudflare's firewall blocked the request";
static const char blocked_hint[] =
	"Cloudflare blocks or challenges the IP address of this request. The token is not the "
	"cause. Run cfprov from another network, or contact Cloudflare support with the cf-ray.";

/* ---- texts ---- */

/* Secrets are removed before the text is shortened, which could leave a part of one. */
void edge_add_text(struct str *out, const char *text, const struct cf_response *response)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, text, strlen(text), response->scrub);
	text_add_visible(out, str_text(&scrubbed), scrubbed.length, TEXT_COLUMNS);
}

/* Adds a sentence as a part of another one: without the full stop. */
static void add_sentence(struct cf_report *report, const char *sentence)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, sentence, strlen(sentence), report->response->scrub);
	while (scrubbed.length && strchr(". \r\n\t", scrubbed.bytes[scrubbed.length - 1]))
		scrubbed.length--;
	text_add_visible(&report->text, scrubbed.bytes, scrubbed.length, TEXT_COLUMNS);
}

void edge_finish(struct cf_report *report, struct error *err)
{
	const struct cf_response *response = report->response;
	const char *codes = str_text(&report->codes);

	if (!report->is_aside)
		str_format(&report->text, " (HTTP %d%s%s%s)", response->status, codes,
			*response->ray ? ", cf-ray " : "", response->ray);
	else if (*codes)
		str_format(&report->text, " (%s)", codes + strlen(", "));
	error_set(err, "%s", str_text(&report->text));
	if (report->hint.length)
		error_hint(err, "%s", str_text(&report->hint));
	str_release(&report->text);
	str_release(&report->codes);
	str_release(&report->hint);
}

/* ---- errors of the edge ---- */

/* Is the code about the client: its address, country or program? */
static bool is_block(int64_t code)
{
	static const int64_t codes[] = {1006, 1007, 1008, 1009, 1010, 1012, 1020, 1106};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (code == codes[i])
			return true;
	return false;
}

/* A whole number that is not negative, or a text that is one; -1: neither. */
static int64_t number_of(const struct json *json)
{
	const char *text = json_text(json);
	int64_t number;
	size_t size;

	if (text)
		return text_to_number(text, INT32_MAX, &size) ? (int64_t)size : -1;
	return json_integer(json, &number) && number >= 0 && number <= INT32_MAX ? number : -1;
}

/* All members of an object of RFC 9457 are optional. */
static bool is_problem(const struct json *json)
{
	bool has_text = json_get_text(json, "title") || json_get_text(json, "detail");

	return !json_get(json, "success") &&
	       (number_of(json_get(json, "error_code")) >= 0 ||
		       (has_text && (json_get(json, "type") || json_get(json, "status"))));
}

static void add_title(struct cf_report *report, const struct json *json)
{
	const char *title = json_get_text(json, "title"), *detail = json_get_text(json, "detail");

	if (title)
		add_sentence(report, title);
	if (detail && (!title || strcmp(title, detail) != 0)) {
		str_text_add(&report->text, title ? ": " : "");
		add_sentence(report, detail);
	}
	if (!title && !detail)
		str_text_add(&report->text, "an error at Cloudflare's edge");
}

/* The codes become ", error 1015 rate_limited, cf-ray X", the last if no header has it. */
static int64_t read_problem(struct cf_report *report, const struct json *json)
{
	const struct cf_response *response = report->response;
	const char *name = json_get_text(json, "error_name"), *ray = json_get_text(json, "ray_id");
	int64_t code = number_of(json_get(json, "error_code"));
	int64_t seconds = number_of(json_get(json, "retry_after"));
	bool is_blocked = response->is_challenged || is_block(code);

	if (is_blocked)
		str_format(&report->text, "%s: ", response->is_challenged ? challenged : blocked);
	add_title(report, json);
	if (code >= 0)
		str_format(&report->codes, ", error %lld", (long long)code);
	if (name) {
		str_text_add(&report->codes, code >= 0 ? " " : ", ");
		edge_add_text(&report->codes, name, response);
	}
	if (ray && !*response->ray) {
		str_text_add(&report->codes, ", cf-ray ");
		edge_add_text(&report->codes, ray, response);
	}
	if (is_blocked)
		str_text_add(&report->hint, blocked_hint);
	else if (json_is_false(json_get(json, "retryable")))
		str_text_add(&report->hint,
			"According to Cloudflare, the same request will fail again.");
	return seconds < 0 ? -1 : seconds * 1000;
}

/* ---- pages ---- */

/* The number in a plain text "error code: 1020"; -1: there is none. */
static int64_t plain_code(const struct str *body)
{
	static const char start[] = "error code: ";
	const char *digits = str_text(body) + strlen(start);

	if (strncmp(str_text(body), start, strlen(start)) != 0 || *digits < '0' || *digits > '9')
		return -1;
	long code = strtol(digits, NULL, 10);
	return code < 10000000 ? code : -1;
}

/* The firewall's answer in a page, or NULL if it is not the firewall's. */
static const char *find_block(const struct cf_response *response)
{
	static const struct {
		const char *words, *what;
	} pages[] = {
		{"Just a moment...", challenged},
		{"_cf_chl_opt", challenged},
		{"/cdn-cgi/challenge-platform/", challenged},
		{"Sorry, you have been blocked", blocked},
		{"Attention Required! | Cloudflare", blocked},
		{"used Cloudflare to restrict access", blocked},
		{"Error 1020", blocked},
	};

	if (response->status < 400)
		return NULL;
	if (response->is_challenged)
		return challenged;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (strstr(str_text(response->body), pages[i].words))
			return pages[i].what;
	return is_block(plain_code(response->body)) ? blocked : NULL;
}

static void add_page(struct cf_report *report, const struct json *json)
{
	const struct cf_response *response = report->response;
	const struct str *body = response->body;
	struct str scrubbed CLEANUP(str_release) = {0};
	const char *block = find_block(response);

	if (block) {
		str_text_add(&report->text, block);
		str_text_add(&report->hint, blocked_hint);
	} else if (response->status / 100 == 3) {
		str_text_add(&report->text,
			"the API redirected the request, and cfprov does not follow redirects");
		str_text_add(&report->hint, "Check CLOUDFLARE_BASE_URL.");
	} else if (!body->length) {
		str_text_add(&report->text, "empty response");
	} else if (plain_code(body) >= 0) {
		str_text_add(&report->text, "an error at Cloudflare's edge");
	} else if (response->status / 100 == 2 &&
		   (json_get(json, "result") || json_get(json, "errors"))) {
		str_text_add(&report->text,
			"the response does not say whether the request succeeded (no `success`)");
	} else {
		str_text_add(&report->text, "unexpected response: ");
		scrub_add(&scrubbed, body->bytes, body->length, response->scrub);
		size_t shown = scrubbed.length < BODY_BYTES ? scrubbed.length : BODY_BYTES;
		text_add_visible(&report->text, str_text(&scrubbed), shown, BODY_BYTES);
	}
	if (response->status == 404 && !block)
		str_text_add(&report->hint, EDGE_CHECK_URL);
}

int64_t edge_read(const struct cf_response *response, const struct json *json, struct error *err)
{
	struct cf_report report = {.response = response};
	int64_t code = plain_code(response->body), wait_ms = -1;

	if (response->status >= 400 && is_problem(json)) {
		wait_ms = read_problem(&report, json);
	} else {
		add_page(&report, json);
		if (code >= 0)
			str_format(&report.codes, ", error %lld", (long long)code);
	}
	edge_finish(&report, err);
	return wait_ms;
}
