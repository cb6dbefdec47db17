#include "router.h"

#include "call.h"
#include "edge.h"
#include "history.h"
#include "somebody.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define STORES  "accounts/:account/secrets_store/stores"
#define SECRETS STORES "/:store/secrets"

static const struct operation table[] = {
	{"quota", "GET", "accounts/:account/secrets_store/quota", stores_quota},
	{"stores_list", "GET", STORES, stores_list},
	{"stores_create", "POST", STORES, stores_create},
	{"stores_get", "GET", STORES "/:store", stores_get},
	{"stores_delete", "DELETE", STORES "/:store", stores_delete},
	{"secrets_list", "GET", SECRETS, secrets_list},
	{"secrets_create", "POST", SECRETS, secrets_create},
	{"secrets_delete_many", "DELETE", SECRETS, secrets_delete_many},
	{"secrets_get", "GET", SECRETS "/:secret", secrets_get},
	{"secrets_patch", "PATCH", SECRETS "/:secret", secrets_patch},
	{"secrets_delete", "DELETE", SECRETS "/:secret", secrets_delete},
	{"secrets_duplicate", "POST", SECRETS "/:secret/duplicate", secrets_duplicate},
	{"accounts_list", "GET", "accounts", accounts_list},
	{"accounts_get", "GET", "accounts/:account", accounts_get},
	{"memberships_list", "GET", "memberships", memberships_list},
	{"user_get", "GET", "user", user_get},
	{"audit_list", "GET", "accounts/:account/logs/audit", audit_list},
	{"verify_user_token", "GET", "user/tokens/verify", verify_user_token},
	{"verify_account_token", "GET", "accounts/:account/tokens/verify", verify_account_token},
};

_Static_assert(ARRAY_SIZE(table) <= SIM_OPERATIONS, "the statistics have a place for each");

void call_fail(struct call *call, const struct problem *problem, const char *detail)
{
	envelope_problem(call->answer, problem, detail);
}

void call_fail_as(struct call *call, const struct problem *problem, unsigned status, unsigned code)
{
	struct problem other = *problem;

	if (status)
		other.status = status;
	if (code)
		other.code = (int)code;
	envelope_problem(call->answer, &other, NULL);
}

enum date_form call_dates(const struct call *call)
{
	const struct options *options = call->sim->options;
	bool reads = strcmp(call->operation->method, "GET") == 0;

	return reads ? options->dates : options->create_dates;
}

unsigned long long call_ray(const struct call *call)
{
	return call->request->number * 0x9e3779b97f4a7c15ULL;
}

static void fail_unrouted(struct call *call, const struct problem *problem)
{
	unsigned status = choice_number(&call->sim->options->choices, CHOICE_NO_ROUTE_STATUS);

	call_fail_as(call, problem, status, 0);
}

/* Takes a segment of the path for a part of the pattern. */
static bool bind(struct call *call, const char *part, size_t length, const char *segment)
{
	static const char account[] = ":account", store[] = ":store", secret[] = ":secret";

	if (*part != ':')
		return strlen(segment) == length && memcmp(part, segment, length) == 0;
	if (length == sizeof(account) - 1 && memcmp(part, account, length) == 0)
		call->account_id = segment;
	else if (length == sizeof(store) - 1 && memcmp(part, store, length) == 0)
		call->store_id = segment;
	else if (length == sizeof(secret) - 1 && memcmp(part, secret, length) == 0)
		call->secret_id = segment;
	return true;
}

static bool matches(struct call *call, const struct operation *operation)
{
	const char *part = operation->path;
	size_t at = 0;

	if (strcmp(operation->method, call->request->method) != 0)
		return false;
	call->account_id = call->store_id = call->secret_id = NULL;
	for (; *part && at < call->target.segment_count; at++) {
		size_t length = strcspn(part, "/");
		if (!bind(call, part, length, call->target.segments[at]))
			return false;
		part += length + (part[length] == '/');
	}
	return !*part && at == call->target.segment_count;
}

static bool find_operation(struct call *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(table) && !call->operation; i++) {
		if (matches(call, &table[i])) {
			call->operation = &table[i];
			call->sim->stats.operations[i]++;
		}
	}
	if (!call->operation)
		call->sim->stats.unrouted++;
	return call->operation;
}

/* 7003 names the path, so that it is worded here. */
static void fail_malformed_account(struct call *call)
{
	struct problem problem = problem_could_not_route;
	struct str text CLEANUP(str_release) = {0};

	str_format(&text,
		"Could not route to /client/v4%s, perhaps your object identifier is "
		"invalid?",
		call->target.path);
	problem.message = str_text(&text);
	fail_unrouted(call, &problem);
}

bool call_is_account_id(const struct choices *choices, const char *id)
{
	if (choice_is(choices, CHOICE_ACCOUNT_IDS, "any"))
		return world_is_id(id);
	return strlen(id) == 32 && text_is_made_of(id, "0123456789abcdefABCDEF");
}

/* Finds out who calls. Gives why this caller may not do this, or NULL. */
static const struct problem *refuse(struct call *call)
{
	struct auth *auth = &call->sim->auth;
	bool is_store = strstr(call->operation->path, "/secrets_store");
	bool verifies = strstr(call->operation->path, "tokens/verify");
	const struct problem *problem = NULL;

	call->credential = auth_identify(auth, call->request, &problem);
	if (!auth_count(auth, call->credential, call->answer))
		return &problem_throttled;
	/* The routes that verify a token say in their own words that there is none. */
	if (!call->credential)
		return verifies && problem == &problem_unauthorized ? &problem_invalid_token
								    : problem;
	problem = NULL;
	if (!verifies)
		problem = auth_check(
			call->credential, is_store, strcmp(call->request->method, "GET") != 0);
	if (!problem && call->account_id && !auth_reaches(auth, call->credential, call->account_id))
		problem = &problem_forbidden;
	return problem;
}

static bool admit(struct call *call)
{
	const struct choices *choices = &call->sim->options->choices;

	if (call->account_id && !call_is_account_id(choices, call->account_id)) {
		fail_malformed_account(call);
		return false;
	}
	const struct problem *problem = refuse(call);
	if (problem)
		call_fail(call, problem, NULL);
	return !problem;
}

/* Reads by id may lag; everything else happens to the world as it is. */
static void find_objects(struct call *call)
{
	bool reads = strcmp(call->operation->method, "GET") == 0;

	if (call->account_id)
		call->account = world_account(&call->sim->world, call->account_id);
	if (call->store_id)
		call->store = reads ? history_read_store(call->account, call->store_id)
				    : world_find_store(call->account, call->store_id);
	if (call->secret_id && call->store)
		call->secret = reads ? history_read_secret(call->store, call->secret_id)
				     : world_find_secret(call->store, call->secret_id);
}

/* Finds what the path names. */
static bool resolve(struct call *call)
{
	const struct problem *problem = NULL;

	find_objects(call);
	if ((call->store_id && !*call->store_id) || (call->secret_id && !*call->secret_id))
		problem = &problem_id_empty;
	else if (call->store_id && !call->store)
		problem = &problem_store_not_found;
	else if (call->secret_id && !call->secret)
		problem = &problem_secret_not_found;
	if (problem)
		call_fail(call, problem, NULL);
	return !problem;
}

/* Nothing but the API is served here. */
static void answer_nowhere(struct call *call)
{
	const struct edge_error nothing = {0};

	call->sim->stats.unrouted++;
	(void)edge_answer(call->answer, "not_found", &nothing);
}

static void run(struct call *call, bool has_route)
{
	if (!call->target.has_base)
		answer_nowhere(call);
	else if (call->request->too_large)
		call_fail(call, &problem_body_too_large, NULL);
	else if (!has_route || !find_operation(call))
		fail_unrouted(call, &problem_no_route);
	else if (admit(call) && resolve(call))
		call->operation->run(call);
}

/* Looks like Cloudflare's: 16 hexadecimal digits and where it was answered. */
static void add_ray(const struct call *call)
{
	answer_header(call->answer, "cf-ray", "%016llx-SIM", call_ray(call));
}

static bool is_control(const char *target)
{
	static const char prefix[] = "/_cfsim/";

	return strncmp(target, prefix, sizeof(prefix) - 1) == 0;
}

void router_open(struct sim *sim, struct request *request)
{
	struct target target CLEANUP(target_release) = {0};

	request->is_control = is_control(request->target);
	if (request->is_control)
		return;
	request->number = ++sim->stats.requests;
	if (!sim->faults.count)
		return;
	if (!target_parse(&target, request->target))
		target.segment_count = 0;
	request->fault = faults_match(&sim->faults, request, &target);
	if (request->fault)
		sim->stats.faults_applied++;
}

int64_t router_latency_ms(const struct sim *sim, const struct request *request)
{
	bool reads = strcmp(request->method, "GET") == 0;

	if (request->is_control)
		return 0;
	return (int64_t)(sim->options->latency_ms + (reads ? 0 : sim->options->write_latency_ms));
}

static struct call make_call(struct sim *sim, struct request *request, struct answer *answer)
{
	return (struct call){
		.sim = sim, .request = request, .answer = answer, .actor = request->actor};
}

/* ---- the fault "late" ---- */

static void run_late(struct sim *sim, void *context)
{
	struct request *request = context;
	struct answer answer CLEANUP(answer_release) = {0}; /* for nobody */
	struct call call = make_call(sim, request, &answer);
	bool has_route = target_parse(&call.target, request->target);

	run(&call, has_route);
	target_release(&call.target);
}

static void free_late(void *context)
{
	struct request *request = context;

	request_release(request);
	mem_free(request);
}

/* The same request again, later. Moves what it owns; the method belongs to the server. */
static void add_late(struct sim *sim, struct request *request)
{
	static const char *const methods[] = {"GET", "POST", "PATCH", "PUT", "DELETE"};
	struct request *late = mem_alloc(sizeof(*late));
	const struct later_work work = {run_late, free_late, late};
	int64_t ms = fault_late_ms(request->fault);

	*late = *request;
	*request = (struct request){.method = late->method, .fault = late->fault};
	late->fault = NULL;
	late->method = "";
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (strcmp(methods[i], request->method) == 0)
			late->method = methods[i];
	later_add(&sim->later, ms, work);
}

void router_answer(struct sim *sim, struct request *request, struct answer *answer)
{
	struct call call = make_call(sim, request, answer);
	bool has_route = target_parse(&call.target, request->target);

	add_ray(&call);
	fault_prepare(request->fault, answer);
	if (fault_lets_work(request->fault))
		run(&call, has_route);
	if (request->fault)
		fault_apply(request->fault, answer);
	log_request(&sim->log, request, &call.target, answer);
	if (request->fault)
		somebody_acts(&call, request->fault);
	target_release(&call.target);
	if (request->fault && fault_late_ms(request->fault) >= 0)
		add_late(sim, request);
}

void router_describe(const struct sim *sim, struct json_writer *writer, const char *key)
{
	json_begin_object(writer, key);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		json_put_integer(writer, table[i].name, (int64_t)sim->stats.operations[i]);
	json_end(writer);
}
