#include "fault.h"

#include "edge.h"
#include "envelope.h"
#include "gzip.h"

#include <string.h>

static bool become_edge(const struct fault *fault, const char *body, struct answer *answer)
{
	struct edge_error error = {
		.status = (unsigned)fault->status,
		.code = (int)fault->code,
		.message = fault->message,
		.retry_after = fault->retry_after,
	};

	return edge_answer(answer, body, &error);
}

static void become_status(const struct fault *fault, struct answer *answer)
{
	const char *body = fault->body ? fault->body : "json";
	struct problem problem = {
		.status = fault->status ? (unsigned)fault->status : 500,
		.code = fault->code ? (int)fault->code : 1000,
		.message = fault->message ? fault->message : "Internal Server Error",
	};

	if (become_edge(fault, body, answer))
		return;
	envelope_problem(answer, &problem, NULL);
	if (strcmp(body, "empty") == 0 || strcmp(body, "null") == 0)
		str_clear(&answer->body);
	if (strcmp(body, "null") == 0)
		str_text_add(&answer->body, "null");
	if (fault->retry_after)
		answer_header(answer, "Retry-After", "%s", fault->retry_after);
}

static void become_raw(const struct fault *fault, struct answer *answer)
{
	answer->status = fault->status ? (unsigned)fault->status : 200;
	answer->content_type = fault->content_type ? fault->content_type : "application/json";
	str_clear(&answer->body);
	str_add(&answer->body, str_text(&fault->text), fault->text.length);
}

static void become_page(const struct fault *fault, struct answer *answer)
{
	unsigned status = fault->status ? (unsigned)fault->status : answer->status;

	(void)become_edge(fault, "html", answer);
	answer->status = status;
}

static void truncate(const struct fault *fault, struct answer *answer)
{
	(void)fault;
	answer->body.length /= 2;
}

static void compress(const struct fault *fault, struct answer *answer)
{
	struct str packed = {0};

	(void)fault;
	gzip_pack(&answer->body, &packed);
	str_release(&answer->body);
	answer->body = packed;
	answer_header(answer, "Content-Encoding", "gzip");
}

static void redirect(const struct fault *fault, struct answer *answer)
{
	answer->status = fault->status ? (unsigned)fault->status : 302;
	answer->content_type = "text/html";
	str_clear(&answer->body);
	answer_header(answer, "Location", "%s", fault->location);
}

static void delay(const struct fault *fault, struct answer *answer)
{
	answer->delay_ms = fault->ms;
}

static void drip(const struct fault *fault, struct answer *answer)
{
	answer->drip_ms = fault->ms < 0 ? 10 : fault->ms;
}

/* How the fault "late" answers now. */
static const struct {
	const char *name;
	enum delivery delivery;
} late_answers[] = {
	{"status", DELIVER_WHOLE},
	{"reset", DELIVER_RESET},
	{"close", DELIVER_CLOSE},
	{"never", DELIVER_NEVER},
};

/* As an edge that gave up on the API, unless the fault says otherwise. */
static void become_late(const struct fault *fault, struct answer *answer)
{
	struct fault edge = *fault;

	edge.status = fault->status ? fault->status : 504;
	edge.body = fault->body ? fault->body : (char[]){"html"};
	become_status(&edge, answer);
	answer->delay_ms = (long)fault->ms;
	for (size_t i = 0; fault->answer && i < ARRAY_SIZE(late_answers); i++)
		if (strcmp(late_answers[i].name, fault->answer) == 0)
			answer->delivery = late_answers[i].delivery;
}

struct fault_kind {
	const char *name;
	void (*change)(const struct fault *fault, struct answer *answer);
	enum delivery delivery;
	bool works; /* the work is done */
	bool early; /* without reading the body */
	bool idle;  /* only on a connection that is reused */
};

static const struct fault_kind table[] = {
	{"status", become_status, DELIVER_WHOLE, false, false, false},
	{"status_after", become_status, DELIVER_WHOLE, true, false, false},
	{"raw_body", become_raw, DELIVER_WHOLE, false, false, false},
	{"raw_body_after", become_raw, DELIVER_WHOLE, true, false, false},
	{"html", become_page, DELIVER_WHOLE, true, false, false},
	{"truncated_json", truncate, DELIVER_WHOLE, true, false, false},
	{"gzip", compress, DELIVER_WHOLE, true, false, false},
	{"envelope", NULL, DELIVER_WHOLE, true, false, false},
	{"redirect", redirect, DELIVER_WHOLE, false, false, false},
	{"reset_early", NULL, DELIVER_RESET, false, true, false},
	{"reset_before", NULL, DELIVER_RESET, false, false, false},
	{"reset_after", NULL, DELIVER_RESET, true, false, false},
	{"close_before", NULL, DELIVER_CLOSE, false, false, false},
	{"close_after", NULL, DELIVER_CLOSE, true, false, false},
	{"close_idle", NULL, DELIVER_CLOSE, false, false, true},
	{"close_idle_after", NULL, DELIVER_CLOSE, true, false, true},
	{"cut_short", NULL, DELIVER_CUT_SHORT, true, false, false},
	{"too_long", NULL, DELIVER_TOO_LONG, true, false, false},
	{"garbage", NULL, DELIVER_GARBAGE, false, false, false},
	{"no_answer", delay, DELIVER_NEVER, true, false, false},
	{"slow_drip", drip, DELIVER_DRIP, true, false, false},
	{"delay", delay, DELIVER_WHOLE, true, false, false},
	{"late", become_late, DELIVER_WHOLE, false, false, false},
	{"list", NULL, DELIVER_WHOLE, true, false, false},
	{"then_delete", NULL, DELIVER_WHOLE, true, false, false},
	{"then_create", NULL, DELIVER_WHOLE, true, false, false},
};

const struct fault_kind *fault_kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

bool fault_kind_is_idle(const struct fault_kind *kind)
{
	return kind->idle;
}

static bool check_late(const struct fault *fault, struct error *err)
{
	bool known = !fault->answer;

	for (size_t i = 0; i < ARRAY_SIZE(late_answers); i++)
		known = known || strcmp(late_answers[i].name, fault->answer) == 0;
	if (!known)
		return error_set(err, "\"answer\" must be status, reset, close or never");
	if (fault->after_ms < 0)
		return error_set(err, "\"late\" requires \"after_ms\"");
	return true;
}

bool fault_kind_check(const struct fault *fault, struct error *err)
{
	static const char *const bodies[] = {"json", "empty", "null"};
	bool known = !fault->body || edge_has(fault->body);

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		known = known || strcmp(bodies[i], fault->body) == 0;
	if (!known)
		return error_set(err, "\"body\" must be json, empty, null, html, challenge, "
				      "blocked, 1020, not_found or problem");
	if (fault->status && (fault->status < 200 || fault->status > 999))
		return error_set(err, "\"status\" must be 200 to 999");
	if (fault->kind->change == redirect && !fault->location)
		return error_set(err, "a redirect requires \"location\"");
	if (fault->kind == fault_kind_find("delay") && fault->ms < 0)
		return error_set(err, "a delay requires \"ms\"");
	if (fault_then(fault) == THEN_CREATE && !fault->name)
		return error_set(err, "\"then_create\" requires \"name\"");
	if (fault->kind->change == become_late)
		return check_late(fault, err);
	return true;
}

const char *fault_name(const struct fault *fault)
{
	return fault->kind->name;
}

bool fault_lets_work(const struct fault *fault)
{
	return !fault || fault->kind->works;
}

enum fault_then fault_then(const struct fault *fault)
{
	if (fault->kind == fault_kind_find("then_delete"))
		return THEN_DELETE;
	return fault->kind == fault_kind_find("then_create") ? THEN_CREATE : THEN_NOTHING;
}

int64_t fault_late_ms(const struct fault *fault)
{
	return fault->kind->change == become_late ? fault->after_ms : -1;
}

bool fault_is_early(const struct fault *fault)
{
	return fault && fault->kind->early;
}

void fault_prepare(const struct fault *fault, struct answer *answer)
{
	if (!fault)
		return;
	answer->errors = fault->errors;
	answer->messages = fault->messages;
}

void fault_apply(const struct fault *fault, struct answer *answer)
{
	answer->delivery = fault->kind->delivery;
	if (fault->kind->change)
		fault->kind->change(fault, answer);
	for (size_t i = 0; i < fault->header_count; i++)
		answer_drop_header(answer, fault->headers[i].name);
	for (size_t i = 0; i < fault->header_count; i++)
		answer_header(answer, fault->headers[i].name, "%s", fault->headers[i].value);
}
