#include "control.h"

#include "data.h"
#include "router.h"
#include "target.h"

#include <string.h>

static void put_worlds(const struct world *world, struct json_writer *w)
{
	json_begin_object(w, "accounts");
	for (size_t i = 0; i < world->account_count; i++) {
		const struct world_account *account = world->accounts[i];
		json_begin_object(w, account->id);
		json_put_integer(w, "stores", (int64_t)account->store_count);
		json_put_integer(w, "secrets", (int64_t)account->secret_count);
		json_end(w);
	}
	json_end(w);
}

static void answer_stats(struct sim *sim, struct request *request, struct answer *answer)
{
	struct json_writer w = json_writer(&answer->body, 0);
	(void)request;
	json_begin_object(&w, NULL);
	json_put_integer(&w, "requests", (int64_t)sim->stats.requests);
	json_put_integer(&w, "unrouted", (int64_t)sim->stats.unrouted);
	json_put_integer(&w, "connections", (int64_t)sim->stats.connections);
	router_describe(sim, &w, "operations");
	json_put_integer(&w, "faults_applied", (int64_t)sim->stats.faults_applied);
	json_put_integer(&w, "lists_lagged", (int64_t)sim->stats.lists_lagged);
	faults_describe(&sim->faults, &w, "faults");
	json_begin_object(&w, "later");
	json_put_integer(&w, "waiting", (int64_t)sim->later.waiting);
	json_put_integer(&w, "done", (int64_t)sim->later.done);
	json_end(&w);
	put_worlds(&sim->world, &w);
	json_end(&w);
}

static void answer_world(struct sim *sim, struct request *request, struct answer *answer)
{
	(void)request;
	data_encode(&sim->world, &answer->body);
}

static void put_ok(struct answer *answer, bool ok, const struct error *err)
{
	struct json_writer w = json_writer(&answer->body, 0);

	answer->status = ok ? 200 : 400;
	json_begin_object(&w, NULL);
	json_put_bool(&w, "ok", ok);
	if (!ok)
		json_put_text(&w, "error", err->message);
	json_end(&w);
}

static void add_faults(struct sim *sim, struct request *request, struct answer *answer)
{
	struct error err CLEANUP(error_release) = {0};
	bool ok = faults_add(&sim->faults, str_text(&request->body), request->body.length, &err);

	put_ok(answer, ok, &err);
}

static void add_tokens(struct sim *sim, struct request *request, struct answer *answer)
{
	struct error err CLEANUP(error_release) = {0};
	bool ok = auth_add(&sim->auth, str_text(&request->body), request->body.length, &err);

	put_ok(answer, ok, &err);
}

static void clear_faults(struct sim *sim, struct request *request, struct answer *answer)
{
	(void)request;
	faults_clear(&sim->faults);
	put_ok(answer, true, NULL);
}

static void set_lag(struct sim *sim, const struct lag *lag)
{
	world_set_lag(&sim->world, lag);
	audit_hasten(&sim->audit, lag);
}

static void change_lag(struct sim *sim, struct request *request, struct answer *answer)
{
	struct error err CLEANUP(error_release) = {0};
	struct lag lag = sim->world.lag;
	bool ok = lag_decode(&lag, str_text(&request->body), request->body.length, &err);

	if (ok)
		set_lag(sim, &lag);
	put_ok(answer, ok, &err);
}

static void work_now(struct sim *sim, struct request *request, struct answer *answer)
{
	(void)request;
	later_run_all(&sim->later, sim);
	put_ok(answer, true, NULL);
}

/* Back to an empty world without faults, counted from zero, with the lag of the options. */
static void reset(struct sim *sim, struct request *request, struct answer *answer)
{
	(void)request;
	later_clear(&sim->later);
	audit_clear(&sim->audit);
	world_clear(&sim->world);
	world_set_lag(&sim->world, &sim->options->lag);
	faults_clear(&sim->faults);
	sim->later.done = 0;
	sim->stats = (struct stats){.connections = sim->stats.connections};
	put_ok(answer, true, NULL);
}

static const struct {
	const char *method, *name;
	void (*run)(struct sim *sim, struct request *request, struct answer *answer);
} table[] = {
	{"GET", "stats", answer_stats},
	{"GET", "world", answer_world},
	{"POST", "faults", add_faults},
	{"DELETE", "faults", clear_faults},
	{"POST", "lag", change_lag},
	{"POST", "later", work_now},
	{"POST", "tokens", add_tokens},
	{"POST", "reset", reset},
};

static void run(struct sim *sim, struct request *request, const char *name, struct answer *answer)
{
	struct error err CLEANUP(error_release) = {0};

	answer->status = 200;
	answer->content_type = "application/json";
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].name, name) == 0 &&
			strcmp(table[i].method, request->method) == 0) {
			table[i].run(sim, request, answer);
			return;
		}
	}
	error_set(&err, "no such route");
	put_ok(answer, false, &err);
	answer->status = 404;
}

void control_answer(struct sim *sim, struct request *request, struct answer *answer)
{
	struct target target = {0};
	bool is_good = target_parse(&target, request->target) && target.segment_count == 2;

	run(sim, request, is_good ? target.segments[1] : "", answer);
	target_release(&target);
}
