/* cfsim: a stand-in for Cloudflare's Secrets Store API, for tests and for trying things out. */
#include "adapter/fs.h"
#include "base/mdoc.h"
#include "base/version.h"
#include "call.h"
#include "data.h"
#include "router.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAVE_AFTER_MS = 100, FAULTS_LIMIT = 16 << 20, PAGE_LIMIT = 1 << 20 };

/* When the world is to be saved: soon after a change, but never most of the time. */
struct saver {
	struct sim *sim;
	size_t saved_revision;
	int64_t due_ms, took_ms; /* due_ms 0: nothing changed */
};

static int complain(const struct error *err)
{
	fprintf(stderr, "cfsim: %s\n", err->message);
	return EXIT_FAILURE;
}

static void save(struct saver *saver)
{
	struct error err CLEANUP(error_release) = {0};
	int64_t start = clock_monotonic_ms();

	saver->due_ms = 0;
	if (!data_store(&saver->sim->world, saver->sim->options->data, &err))
		complain(&err);
	saver->saved_revision = saver->sim->world.revision;
	saver->took_ms = clock_monotonic_ms() - start;
}

static int64_t save_if_due(struct saver *saver)
{
	if (!saver->sim->options->data || saver->saved_revision == saver->sim->world.revision)
		return -1;
	int64_t now = clock_monotonic_ms();
	if (!saver->due_ms)
		saver->due_ms = now + SAVE_AFTER_MS + 10 * saver->took_ms;
	if (now < saver->due_ms)
		return saver->due_ms - now;
	save(saver);
	return -1;
}

static int64_t tick(void *context)
{
	struct saver *saver = context;
	int64_t work_us = later_run(&saver->sim->later, saver->sim);
	int64_t save_ms = save_if_due(saver);

	if (work_us < 0 || save_ms < 0)
		return work_us < 0 && save_ms >= 0 ? save_ms * 1000 : work_us;
	return work_us < save_ms * 1000 ? work_us : save_ms * 1000;
}

/* What --data holds comes before --seed, which is for the first run only. */
static bool load(struct sim *sim, struct error *err)
{
	const struct options *options = sim->options;
	struct error absent CLEANUP(error_release) = {0};

	if (options->data) {
		if (data_load(&sim->world, options->data, &absent))
			return true;
		if (absent.code != ERROR_ABSENT) {
			error_move(err, &absent);
			return false;
		}
	}
	return !options->seed || data_load(&sim->world, options->seed, err);
}

/* An account that no request can name is a typing mistake. */
static bool check_accounts(const struct sim *sim, struct error *err)
{
	const struct choices *choices = &sim->options->choices;
	const struct option_list *named = &sim->options->accounts;
	const char *wrong = NULL;

	for (size_t i = 0; i < sim->world.account_count && !wrong; i++)
		if (!call_is_account_id(choices, sim->world.accounts[i]->id))
			wrong = sim->world.accounts[i]->id;
	for (size_t i = 0; i < named->count && !wrong; i++)
		if (!call_is_account_id(choices, named->items[i]))
			wrong = named->items[i];
	return !wrong || error_set(err,
				 "\"%s\" is not an account id: 32 hex digits, or pass "
				 "--answer account-ids=any",
				 wrong);
}

static bool load_faults(struct sim *sim, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};
	const char *path = sim->options->faults;

	if (!path)
		return true;
	if (!fs_read(path, FAULTS_LIMIT, &bytes, err))
		return false;
	return faults_add(&sim->faults, str_text(&bytes), bytes.length, err) ||
	       error_prefix(err, "%s", path);
}

/* A file from an earlier run would name a port that somebody else may use by now. */
static bool forget_port(const struct options *options, struct error *err)
{
	return !options->port_file || fs_remove(options->port_file, err);
}

static bool announce(const struct server *server, struct error *err)
{
	const struct options *options = server->sim->options;
	struct str number CLEANUP(str_release) = {0};
	const char *host = options->host;
	bool is_v6 = *host == ':';

	str_format(&number, "%zu", server->port);
	if (options->port_file && !fs_write(options->port_file, &number, err))
		return false;
	printf("cfsim listens on %s://%s%s%s:%zu/client/v4\n", options->tls_cert ? "https" : "http",
		is_v6 ? "[" : "", host, is_v6 ? "]" : "", server->port);
	fflush(stdout);
	return true;
}

static bool serve(struct sim *sim, struct error *err)
{
	struct server server;
	struct saver saver = {.sim = sim};
	bool ok = server_open(&server, sim, err) && announce(&server, err);

	world_set_lag(&sim->world, &sim->options->lag); /* what was loaded shows at once */
	if (ok)
		server_run(&server, tick, &saver);
	server_close(&server);
	if (ok)
		ok = forget_port(sim->options, err);
	if (ok && sim->options->data && saver.saved_revision != sim->world.revision)
		ok = data_store(&sim->world, sim->options->data, err);
	return ok;
}

static int simulate(const struct options *options)
{
	struct error err CLEANUP(error_release) = {0};
	struct sim sim = {.options = options, .log = {.fd = -1}};

	bool ok = forget_port(options, &err) && auth_init(&sim.auth, options, &err) &&
		  load(&sim, &err) && check_accounts(&sim, &err) && load_faults(&sim, &err) &&
		  log_open(&sim.log, options->log, &err) && serve(&sim, &err);
	later_clear(&sim.later);
	audit_clear(&sim.audit);
	auth_release(&sim.auth);
	world_clear(&sim.world);
	faults_release(&sim.faults);
	log_close(&sim.log);
	return ok ? EXIT_SUCCESS : complain(&err);
}

/* For make: prints the manual page from its source. */
static int print_man(const char *path)
{
	struct str page CLEANUP(str_release) = {0}, out CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!fs_read(path, PAGE_LIMIT, &page, &err) ||
		!mdoc_fill(&out, str_text(&page), options_add_table, &err))
		return complain(&err);
	fputs(str_text(&out), stdout);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct error err CLEANUP(error_release) = {0};
	struct str help CLEANUP(str_release) = {0};
	int status = EXIT_SUCCESS;

	if (argc == 3 && strcmp(argv[1], "__man") == 0)
		return print_man(argv[2]);
	if (!options_parse(&options, argc, argv, &err)) {
		complain(&err);
		fputs("Run cfsim --help to see its options.\n", stderr);
		status = EXIT_FAILURE;
	} else if (options.help) {
		options_describe(&help);
		fputs(str_text(&help), stdout);
	} else if (options.version) {
		printf("cfsim %s\n", cfprov_version());
	} else {
		status = simulate(&options);
	}
	options_release(&options);
	return status;
}
