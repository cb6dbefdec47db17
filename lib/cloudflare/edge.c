#include "cloudflare/edge.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_COLUMNS = 300, BODY_BYTES = 60 };

static const char challenged[] = "Cloudflare's firewall answered with a challenge for browsers";
static const char blocked[] = "Cloudflare's firewall blocked the request";
static const char blocked_hint[] =
	"Cloudflare blocks or challenges the address that this request came from; the token is not "
	"the cause. Run cfprov from another network, or ask Cloudflare's support, who can find the "
	"request by its cf-ray.";

/* ---- texts ---- */

/* At first without the secrets, then shortened: else a part of one might be left. */
void edge_add_text(struct str *out, const char *text, const struct cf_response *response)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, text, strlen(text), response->scrub);
	text_add_visible(out, str_text(&scrubbed), scrubbed.length, TEXT_COLUMNS);
}

/* The same for a sentence that becomes a part of one: without the full stop. */
static void add_sentence(struct str *out, const char *text, const struct cf_response *response)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, text, strlen(text), response->scrub);
	while (scrubbed.length && strchr(". \r\n\t", scrubbed.bytes[scrubbed.length - 1]))
		scrubbed.length--;
	text_add_visible(out, scrubbed.bytes, scrubbed.length, TEXT_COLUMNS);
}

void edge_add_origin(struct str *out, const struct cf_response *response, const char *codes)
{
	str_format(out, " (HTTP %d%s", response->status, codes);
	if (*response->ray)
		str_format(out, ", cf-ray %s", response->ray);
	str_char(out, ')');
}

static void set(struct error *err, const struct cf_response *response, const struct str *what,
	const char *codes)
{
	struct str text CLEANUP(str_release) = {0};

	str_text_add(&text, str_text(what));
	edge_add_origin(&text, response, codes);
	error_set(err, "%s", str_text(&text));
}

/* ---- errors of the edge ---- */

/* Those of whoever asks: his address, country or program. */
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
	int64_t number;
	size_t size;

	if (json_integer(json, &number))
		return number >= 0 && number <= INT32_MAX ? number : -1;
	return json_text(json) && text_to_number(json_text(json), INT32_MAX, &size) ? (int64_t)size
										    : -1;
}

/* An object of RFC 9457 has all of its members by choice. */
static bool is_problem(const struct json *json)
{
	bool is_told = json_get_text(json, "title") || json_get_text(json, "detail");

	return !json_get(json, "success") &&
	       (number_of(json_get(json, "error_code")) >= 0 ||
		       (is_told && (json_get(json, "type") || json_get(json, "status"))));
}

static void add_title(struct str *out, const struct json *json, const struct cf_response *response)
{
	const char *title = json_get_text(json, "title"), *detail = json_get_text(json, "detail");

	if (title)
		add_sentence(out, title, response);
	if (detail && (!title || strcmp(title, detail) != 0)) {
		str_text_add(out, title ? ": " : "");
		add_sentence(out, detail, response);
	}
	if (!title && !detail)
		str_text_add(out, "an error of Cloudflare's edge");
}

/* ", error 1015 rate_limited, ray X": the last where no header has it. */
static void add_codes(struct str *out, const struct json *json, const struct cf_response *response)
{
	int64_t code = number_of(json_get(json, "error_code"));
	const char *name = json_get_text(json, "error_name");
	const char *ray = json_get_text(json, "ray_id");

	if (code >= 0)
		str_format(out, ", error %lld", (long long)code);
	if (name) {
		str_text_add(out, code >= 0 ? " " : ", ");
		edge_add_text(out, name, response);
	}
	if (ray && !*response->ray) {
		str_text_add(out, ", cf-ray ");
		edge_add_text(out, ray, response);
	}
}

static int64_t read_problem(
	const struct cf_response *response, const struct json *json, struct error *err)
{
	struct str what CLEANUP(str_release) = {0}, codes CLEANUP(str_release) = {0};
	int64_t seconds = number_of(json_get(json, "retry_after"));
	bool is_blocked =
		response->is_challenged || is_block(number_of(json_get(json, "error_code")));

	if (is_blocked)
		str_format(&what, "%s: ", response->is_challenged ? challenged : blocked);
	add_title(&what, json, response);
	add_codes(&codes, json, response);
	set(err, response, &what, str_text(&codes));
	if (is_blocked)
		error_hint(err, "%s", blocked_hint);
	else if (json_is_false(json_get(json, "retryable")))
		error_hint(err, "Cloudflare says that the same request will fail again.");
	return seconds < 0 ? -1 : seconds * 1000;
}

/* ---- pages ---- */

static bool has_any(const struct str *body, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(str_text(body), words[i]))
			return true;
	return false;
}

/* The number of a plain text "error code: 1020"; -1: it is none. */
static int64_t plain_code(const struct str *body)
{
	static const char start[] = "error code: ";
	const char *text = str_text(body);
	size_t digits, code;
	char number[8] = "";

	if (strncmp(text, start, strlen(start)) != 0)
		return -1;
	text += strlen(start);
	digits = strspn(text, "0123456789");
	if (digits >= sizeof(number))
		return -1;
	memcpy(number, text, digits);
	return text_to_number(number, INT32_MAX, &code) ? (int64_t)code : -1;
}

/* NULL: it is no page of the firewall's. */
static const char *find_block(const struct cf_response *response)
{
	static const char *const challenge_words[] = {
		"Just a moment...", "_cf_chl_opt", "/cdn-cgi/challenge-platform/"};
	static const char *const block_words[] = {"Sorry, you have been blocked",
		"Attention Required! | Cloudflare", "used Cloudflare to restrict access",
		"Error 1020"};
	const struct str *body = response->body;

	if (response->status < 400)
		return NULL;
	if (response->is_challenged || has_any(body, challenge_words, ARRAY_SIZE(challenge_words)))
		return challenged;
	return is_block(plain_code(body)) || has_any(body, block_words, ARRAY_SIZE(block_words))
		       ? blocked
		       : NULL;
}

/* The first words of something else, for people. */
static void add_body(struct str *out, const struct cf_response *response)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, response->body->bytes, response->body->length, response->scrub);
	size_t shown = scrubbed.length < BODY_BYTES ? scrubbed.length : BODY_BYTES;
	text_add_visible(out, str_text(&scrubbed), shown, BODY_BYTES);
}

static void add_what(struct str *out, const struct cf_response *response, const struct json *json)
{
	if (response->status / 100 == 3) {
		str_text_add(out, "a redirect, which cfprov does not follow");
	} else if (!response->body->length) {
		str_text_add(out, "an empty body");
	} else if (plain_code(response->body) >= 0) {
		str_text_add(out, "an error of Cloudflare's edge");
	} else if (response->status / 100 == 2 &&
		   (json_get(json, "result") || json_get(json, "errors"))) {
		str_text_add(out, "the answer does not say whether it worked (no `success`)");
	} else {
		str_text_add(out, "something that is not the API's JSON: ");
		add_body(out, response);
	}
}

int64_t edge_read(const struct cf_response *response, const struct json *json, struct error *err)
{
	struct str what CLEANUP(str_release) = {0}, codes CLEANUP(str_release) = {0};
	int64_t code = plain_code(response->body);

	if (response->status >= 400 && is_problem(json))
		return read_problem(response, json, err);
	const char *block = find_block(response);
	if (block)
		str_text_add(&what, block);
	else
		add_what(&what, response, json);
	if (code >= 0)
		str_format(&codes, ", error %lld", (long long)code);
	set(err, response, &what, str_text(&codes));
	if (block)
		error_hint(err, "%s", blocked_hint);
	else if (response->status / 100 == 3)
		error_hint(err, "Check CLOUDFLARE_BASE_URL.");
	return -1;
}
