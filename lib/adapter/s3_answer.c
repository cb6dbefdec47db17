#include "adapter/s3_answer.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_COLUMNS = 200, CODE_SIZE = 64, SKEW_SECONDS = 300 };

/* ---- the body ---- */

/* Adds the text of the first element of this name. False: there is none. */
static bool find_element(const struct str *body, const char *name, struct str *out)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'},
		{"&apos;", '\''}, {"&#39;", '\''}, {"&#34;", '"'}};
	struct str open CLEANUP(str_release) = {0}, close CLEANUP(str_release) = {0};

	str_format(&open, "<%s>", name);
	str_format(&close, "</%s>", name);
	const char *at = strstr(str_text(body), str_text(&open));
	const char *end = at ? strstr(at, str_text(&close)) : NULL;
	if (!end)
		return false;
	for (at += open.length; at < end; at++) {
		size_t i = 0;
		while (i < ARRAY_SIZE(entities) &&
			strncmp(at, entities[i].entity, strlen(entities[i].entity)) != 0)
			i++;
		str_char(out, i < ARRAY_SIZE(entities) ? entities[i].c : *at);
		at += i < ARRAY_SIZE(entities) ? strlen(entities[i].entity) - 1 : 0;
	}
	return true;
}

/* The code of an S3 error; "": the body is none. */
static void find_code(const struct str *body, char code[static CODE_SIZE])
{
	struct str found CLEANUP(str_release) = {0};

	code[0] = '\0';
	if (find_element(body, "Code", &found) && found.length < CODE_SIZE &&
		strspn(str_text(&found), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789.") == found.length)
		memcpy(code, str_text(&found), found.length + 1);
}

/* Server's text: without our secrets, without tricks on the terminal, and bounded. */
static void add_text(struct str *out, const struct s3_asked *asked, const char *text, size_t length)
{
	struct str scrubbed CLEANUP(str_release) = {0};

	scrub_add(&scrubbed, text, length, asked->scrub);
	while (scrubbed.length && strchr(". \r\n\t", scrubbed.bytes[scrubbed.length - 1]))
		scrubbed.length--;
	text_add_visible(out, str_text(&scrubbed), scrubbed.length, TEXT_COLUMNS);
}

static bool starts_like(const struct str *body, const char *start)
{
	const char *text = str_text(body);

	text += strspn(text, " \t\r\n\xef\xbb\xbf");
	return strncasecmp(text, start, strlen(start)) == 0;
}

/* A page where S3 has nothing or XML: another server. */
static const char *other_server(const struct str *body)
{
	if (starts_like(body, "<!doctype html") || starts_like(body, "<html"))
		return "a web page";
	return starts_like(body, "{") ? "JSON" : NULL;
}

/* What GET returns is judged by those who know what it should be, but it is never a page. */
static bool is_from_s3(const struct s3_asked *asked, const struct str *body)
{
	return !other_server(body) || (asked->verb == S3_GET && starts_like(body, "{"));
}

/* ---- errors by code ---- */

struct report {
	const struct s3_asked *asked;
	const struct http_response *response;
	const char *code;
	struct str text, hint;
};

static void say_key(struct report *report)
{
	str_text_add(&report->text, "the server does not know the access key ID");
	str_text_add(&report->hint,
		"Check AWS_ACCESS_KEY_ID (or `access_key` of the state) and the endpoint. For R2, "
		"the access key ID is shown once, when an R2 API token is created; it is not the "
		"token.");
}

static void say_secret(struct report *report)
{
	str_text_add(&report->text, "the secret access key is not the one of the access key ID");
	str_text_add(&report->hint,
		"Check AWS_SECRET_ACCESS_KEY (or `secret_key` of the state). If it is right, a "
		"proxy may have changed the request on its way.");
}

static void say_session(struct report *report)
{
	str_text_add(&report->text, "the session token is expired or not valid");
	str_text_add(&report->hint,
		"Get new temporary credentials and set all three of AWS_ACCESS_KEY_ID, "
		"AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset AWS_SESSION_TOKEN.");
}

static void say_clock(struct report *report)
{
	int64_t theirs = http_date(report->response->date), off = report->asked->now - theirs;

	if (theirs < 0 || llabs(off) < SKEW_SECONDS) {
		str_text_add(&report->text,
			"the clock of this machine differs too much from the server's");
	} else {
		str_text_add(&report->text, "the clock of this machine is ");
		text_add_duration(&report->text, llabs(off) * 1000);
		str_format(
			&report->text, " %s that of the server", off < 0 ? "behind" : "ahead of");
	}
	str_text_add(&report->hint,
		"Set the clock. Requests are signed with the time, and refused if it is off by "
		"more than 15 minutes.");
}

static void say_bucket(struct report *report)
{
	str_format(&report->text, "the bucket `%s` does not exist at %s", report->asked->bucket,
		report->asked->origin);
	str_text_add(&report->hint,
		"Create it, or check bucket and endpoint. For R2, the endpoint has the ID of the "
		"bucket's account, and of a bucket with a jurisdiction also that, as in "
		"https://ACCOUNT_ID.eu.r2.cloudflarestorage.com.");
}

static void say_permission(struct report *report)
{
	static const char *const verbs[] = {[S3_GET] = "read",
		[S3_PUT] = "write",
		[S3_PUT_NEW] = "write",
		[S3_DELETE] = "delete"};

	str_format(&report->text, "the access key may not %s objects in the bucket `%s`",
		verbs[report->asked->verb], report->asked->bucket);
	if (report->asked->verb == S3_GET)
		str_text_add(&report->hint,
			"It needs to read and write objects. AWS also refuses to say that an "
			"object is missing unless the key has s3:ListBucket.");
	else
		str_text_add(&report->hint,
			"It needs to read and write objects (R2: an API token with Object Read & "
			"Write for this bucket; AWS: s3:GetObject, s3:PutObject, s3:DeleteObject "
			"and s3:ListBucket).");
}

static void say_region(struct report *report)
{
	struct str region CLEANUP(str_release) = {0}, message CLEANUP(str_release) = {0};
	const struct str *body = &report->response->body;

	str_format(&report->text, "the bucket `%s` is not in the region `%s`",
		report->asked->bucket, report->asked->region);
	if (find_element(body, "Region", &region) && region.length) {
		str_text_add(&report->text, ", but in `");
		add_text(&report->text, report->asked, region.bytes, region.length);
		str_char(&report->text, '`');
	} else if (find_element(body, "Endpoint", &region) && region.length) {
		str_text_add(&report->text, "; its endpoint is ");
		add_text(&report->text, report->asked, region.bytes, region.length);
	} else if (find_element(body, "Message", &message) && message.length) {
		str_text_add(&report->text, ": ");
		add_text(&report->text, report->asked, message.bytes, message.length);
	}
	str_text_add(&report->hint,
		"Set `region` and, if there is one, `endpoint` of the state to those of the "
		"bucket (R2: region auto).");
}

static void say_condition(struct report *report)
{
	str_format(&report->text, "%s does not support %s", report->asked->origin,
		report->asked->verb == S3_PUT_NEW ? "conditional writes (If-None-Match)"
						  : "what was requested");
	str_text_add(&report->hint,
		"A state needs an object store that does: Cloudflare R2, AWS S3, Ceph or MinIO.");
}

static void say_redirect(struct report *report)
{
	str_format(&report->text,
		"%s redirected the request to another address, which cfprov does not follow",
		report->asked->origin);
	str_text_add(&report->hint, "Check `endpoint` of the state: it is the address of the "
				    "object store itself, without the bucket.");
}

static void say_other_server(struct report *report)
{
	const char *what = other_server(&report->response->body);

	str_format(&report->text, "%s is not an object store: it answered with %s",
		report->asked->origin, what ? what : "something else than S3 does");
	str_text_add(&report->hint, "Check `endpoint` of the state. R2's is "
				    "https://ACCOUNT_ID.r2.cloudflarestorage.com.");
}

static void say_full(struct report *report)
{
	str_format(&report->text, "the object store has no room for the state");
	str_text_add(&report->hint, "Raise the quota of the bucket, or remove old states with "
				    "`cfprov state gc`.");
}

/* What is not known better: "Code: message". */
static void say_message(struct report *report)
{
	struct str message CLEANUP(str_release) = {0};

	str_text_add(&report->text, report->code);
	if (find_element(&report->response->body, "Message", &message) && message.length) {
		str_text_add(&report->text, ": ");
		add_text(&report->text, report->asked, message.bytes, message.length);
	}
}

/* R2 says so of an access key ID that can't be one: such as an API token. */
static void say_argument(struct report *report)
{
	if (strstr(str_text(&report->response->body), "Credential access key has length"))
		say_key(report);
	else
		say_message(report);
}

/* clang-format off */
static const struct {
	const char *code;
	enum s3_meaning meaning;
	void (*say)(struct report *report);
} codes[] = {
	{"AccessDenied", S3_REFUSED, say_permission},
	{"AccountProblem", S3_REFUSED, say_message},
	{"AllAccessDisabled", S3_REFUSED, say_permission},
	{"AuthorizationHeaderMalformed", S3_REFUSED, say_region},
	{"ConditionalRequestConflict", S3_UNCLEAR, say_message},
	{"ExpiredRequest", S3_REFUSED, say_clock},
	{"ExpiredToken", S3_REFUSED, say_session},
	{"IllegalLocationConstraintException", S3_REFUSED, say_region},
	{"InternalError", S3_UNCLEAR, say_message},
	{"InvalidAccessKeyId", S3_REFUSED, say_key},
	{"InvalidArgument", S3_REFUSED, say_argument},
	{"InvalidRegionName", S3_REFUSED, say_region},
	{"InvalidToken", S3_REFUSED, say_session},
	{"MethodNotAllowed", S3_REFUSED, say_condition},
	{"NoSuchBucket", S3_REFUSED, say_bucket},
	{"NotImplemented", S3_REFUSED, say_condition},
	{"OperationAborted", S3_UNCLEAR, say_message},
	{"PermanentRedirect", S3_REFUSED, say_region},
	{"QuotaExceeded", S3_REFUSED, say_full},
	{"RequestExpired", S3_REFUSED, say_clock},
	{"RequestTimeTooSkewed", S3_REFUSED, say_clock},
	{"RequestTimeout", S3_UNCLEAR, say_message},
	{"ServiceUnavailable", S3_LATER, say_message},
	{"SignatureDoesNotMatch", S3_REFUSED, say_secret},
	{"SlowDown", S3_LATER, say_message},
	{"TemporaryRedirect", S3_REFUSED, say_region},
	{"TokenRefreshRequired", S3_REFUSED, say_session},
	{"TooManyRequests", S3_LATER, say_message},
	{"Unauthorized", S3_REFUSED, say_key},
};
/* clang-format on */

/* ---- meanings ---- */

static enum s3_meaning by_code(struct report *report)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strcmp(codes[i].code, report->code) == 0) {
			codes[i].say(report);
			return codes[i].meaning;
		}
	/* One that we don't know, with a status that says enough. */
	say_message(report);
	if (report->response->status == 429 || report->response->status == 503)
		return S3_LATER;
	return report->response->status / 100 == 5 ? S3_UNCLEAR : S3_REFUSED;
}

/* Proxies and load balancers answer, too, and not in XML. */
static enum s3_meaning by_status(struct report *report)
{
	int status = report->response->status;

	if (status == 408 || status == 409 || status == 425 || status / 100 == 5) {
		str_format(&report->text, "the server answered with HTTP %d", status);
		if (status == 501 || status == 505 || status == 507) {
			str_clear(&report->text);
			(status == 507 ? say_full : say_condition)(report);
			return S3_REFUSED;
		}
		return status == 503 ? S3_LATER : S3_UNCLEAR;
	}
	if (status == 429) {
		str_text_add(&report->text, "too many requests");
		return S3_LATER;
	}
	if (status / 100 == 3)
		say_redirect(report);
	else
		say_other_server(report);
	return S3_REFUSED;
}

static void finish(struct report *report, struct error *err)
{
	error_set(err, "%s (HTTP %d%s%s)", str_text(&report->text), report->response->status,
		*report->code ? ", " : "", report->code);
	if (report->hint.length)
		error_hint(err, "%s", str_text(&report->hint));
	str_release(&report->text);
	str_release(&report->hint);
}

static enum s3_meaning read_silence(
	const struct s3_asked *asked, const struct http_response *response, struct error *err)
{
	error_set(err, "no answer from %s: %s", asked->origin, response->problem);
	if (response->advice)
		error_hint(err, "%s", response->advice);
	else if (response->outcome == HTTP_NEVER || response->outcome == HTTP_NOT_SENT)
		error_hint(err, "Check `endpoint` of the state, and the network.");
	if (response->outcome == HTTP_NEVER)
		return S3_REFUSED;
	return response->outcome == HTTP_UNKNOWN ? S3_UNCLEAR : S3_LATER;
}

static bool is_missing(const struct s3_asked *asked, int status, const char *code)
{
	return status == 404 && strcmp(code, "NoSuchKey") == 0 &&
	       (asked->verb == S3_GET || asked->verb == S3_DELETE);
}

enum s3_meaning s3_answer_read(
	const struct s3_asked *asked, const struct http_response *response, struct error *err)
{
	struct report report = {.asked = asked, .response = response};
	char code[CODE_SIZE] = "";
	int status = response->status;

	if (response->outcome != HTTP_ANSWERED)
		return read_silence(asked, response, err);
	if (status / 100 == 2 && is_from_s3(asked, &response->body))
		return S3_DONE;
	find_code(&response->body, code);
	report.code = code;
	if (is_missing(asked, status, code))
		return S3_ABSENT;
	if (status == 412 && asked->verb == S3_PUT_NEW)
		return S3_PRESENT;
	enum s3_meaning meaning = *code ? by_code(&report) : by_status(&report);
	finish(&report, err);
	return meaning;
}

int64_t s3_pause_ms(enum s3_meaning meaning, int attempt, int64_t retry_after_ms, int jitter)
{
	int64_t ms = meaning == S3_LATER ? 1000 : 250;

	if ((meaning != S3_LATER && meaning != S3_UNCLEAR) || attempt >= S3_ATTEMPTS)
		return -1;
	if (retry_after_ms >= 0)
		return retry_after_ms <= S3_PAUSE_LIMIT_MS ? retry_after_ms : -1;
	for (int i = 1; i < attempt && ms < 8000; i++)
		ms *= 2;
	return ms + ms * jitter / 1024;
}
