/* file size: a ledger whose state machines share, killed and cut off at each of its calls */
#include "state/ledger.h"

#include "cloud.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/wait.h>

enum { A, B, C, D, COUNT };
static const char *const names[COUNT] = {"a", "b", "c", "d"};

/* What the run has been told, in memory that processes share. */
struct progress {
	bool has_begun, is_recorded[COUNT], is_finished;
	char failure[500];
};

struct setting {
	struct folder folder;
	const char *home, *away; /* the state folders of two machines */
	struct ledger ledger;
	struct error err;
	struct location location;
	struct account account;
	struct model desired;
	struct object objects[COUNT];
	struct change intents[COUNT];
	struct progress *progress;
	struct str said;
};

static int setup(void **state)
{
	struct setting *s = mem_alloc(sizeof(*s));

	folder_make(&s->folder);
	cloud_new();
	s->home = folder_file(&s->folder, "home");
	s->away = folder_file(&s->folder, "away");
	s->location = (struct location){.kind = LOCATION_S3, .bucket = "b", .prefix = "p"};
	s->account = (struct account){.alias = "prod", .id = "acc1"};
	s->desired = (struct model){.accounts = &s->account, .account_count = 1};
	for (int i = 0; i < COUNT; i++) {
		s->objects[i] = (struct object){.account = "prod", .store = names[i]};
		s->intents[i] = (struct change){i == C ? CHANGE_KEEP : CHANGE_PUT, &s->objects[i]};
	}
	s->progress = mmap(NULL, sizeof(*s->progress), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*state = s;
	return 0;
}

static void remove_tree(const char *path)
{
	struct str command CLEANUP(str_release) = {0};

	str_format(&command, "rm -rf '%s'", path);
	FILE *done = popen(str_text(&command), "r");
	if (done)
		pclose(done);
}

static int teardown(void **state)
{
	struct setting *s = *state;

	error_release(&s->err);
	remove_tree(s->home);
	remove_tree(s->away);
	folder_remove(&s->folder);
	arena_release(&s->folder.paths);
	munmap(s->progress, sizeof(*s->progress));
	str_release(&s->said);
	cloud_free();
	mem_free(s);
	return 0;
}

static void on_event(void *context, const struct event *event)
{
	struct setting *s = context;

	if (event->type == EVENT_WARNING)
		str_format(&s->said, "warning: %s. %s\n", event->err->message,
			event->err->hint ? event->err->hint : "");
	if (event->type == EVENT_LOCK_WAIT)
		str_format(&s->said, "waits: %s\n", event->text);
}

static struct event_sink sink;

static struct ledger_options options_of(struct setting *s, const char *machine)
{
	setenv("XDG_STATE_HOME", machine, true);
	setenv("USER", "alice", true);
	sink = (struct event_sink){on_event, s};
	return (struct ledger_options){
		.backend = {.kind = &cloud_kind, .location = &s->location, .sink = &sink},
		.operation = "apply"};
}

static void open_at(struct setting *s, const char *machine)
{
	const struct ledger_options options = options_of(s, machine);

	if (!ledger_open(&s->ledger, &options, &s->err))
		fail_msg("can't open: %s", s->err.message);
	expect_no_error(&s->err);
}

static struct result result_of(struct setting *s, int which)
{
	struct object *object = arena_alloc(&s->folder.paths, sizeof(*object));

	*object = s->objects[which];
	object->id = arena_format(&s->folder.paths, "id-%c", names[which][0]);
	object->origin = which == C ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	return (struct result){(size_t)which, {which == B ? CHANGE_KEEP : CHANGE_PUT, object}};
}

/*
 * A run that creates `a`, fails with `b`, adopts `c` and has no answer for `d`; false: it had to
 * stop. It works on as the program does when the journal or the backend fail.
 */
static bool run(struct setting *s, const char *machine)
{
	const struct ledger_options options = options_of(s, machine);
	struct progress *progress = s->progress;

	memset(progress, 0, sizeof(*progress));
	if (!ledger_open(&s->ledger, &options, &s->err))
		return false;
	bool is_good = ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err);
	progress->has_begun = is_good;
	for (int i = 0; i < D && is_good; i++) {
		const struct result result = result_of(s, i);
		is_good = progress->is_recorded[i] = ledger_record(&s->ledger, &result, 1, &s->err);
	}
	is_good = is_good && ledger_finish(&s->ledger, &s->err);
	progress->is_finished = is_good;
	ledger_close(&s->ledger);
	return is_good;
}

/* The same in a process that may be killed. */
static bool run_apart(struct setting *s, const char *machine)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		bool is_good = run(s, machine);
		snprintf(s->progress->failure, sizeof(s->progress->failure), "%s",
			s->err.message ? s->err.message : "");
		_exit(is_good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) <= 1 || WEXITSTATUS(status) == CLOUD_KILLED);
	return WEXITSTATUS(status) == 0;
}

/* Which stores the state has: a letter each, in capitals if its id is not known. */
static void add_stores(const struct state *state, struct str *out)
{
	for (size_t i = 0; i < state->model.object_count; i++) {
		const struct object *object = &state->model.objects[i];
		str_char(out, object->id ? object->store[0] : (char)(object->store[0] - 32));
	}
}

static void expect_stores(struct setting *s, const char *letters)
{
	struct str found CLEANUP(str_release) = {0};

	add_stores(&s->ledger.state, &found);
	assert_string_equal(str_text(&found), letters);
}

static void expect_read(struct setting *s, const char *machine, const char *letters, int64_t serial)
{
	const struct ledger_options options = options_of(s, machine);

	if (!ledger_read(&s->ledger, &options, &s->err))
		fail_msg("can't read: %s", s->err.message);
	expect_stores(s, letters);
	assert_int_equal(s->ledger.state.serial, serial);
	ledger_close(&s->ledger);
}

static void clear_faults(void)
{
	cloud->fault = CLOUD_NONE;
	cloud->fault_at = 0;
}

/* Everything that was recorded is known by its id, and what was begun and not recorded is open. */
static void expect_nothing_lost(struct setting *s)
{
	const struct progress *progress = s->progress;
	const struct model *model = &s->ledger.state.model;

	for (int i = 0; i < COUNT; i++) {
		const struct object *known = model_find(model, &s->objects[i]);
		if (progress->is_recorded[i] && i != B)
			assert_true(known && known->id);
		else if (progress->has_begun && !progress->is_recorded[i] && i != C)
			assert_non_null(known);
	}
}

static void break_lock(struct setting *s)
{
	const struct ledger_options options = options_of(s, s->away);
	struct backend *backend;
	struct str info CLEANUP(str_release) = {0};

	if (!cloud_held())
		return;
	assert_true(backend_open(&options.backend, &backend, &s->err));
	assert_true(backend_force_unlock(backend, cloud_held()->id, &info, &s->err));
	backend_free(backend);
}

/* What plan/recover does: `a` and `d` are found by name. */
static void resolve(struct setting *s)
{
	for (int i = 0; i < COUNT; i++) {
		const struct object *known = model_find(&s->ledger.state.model, &s->objects[i]);
		if (!known || known->id)
			continue;
		const struct result found = result_of(s, i);
		struct change change = {i == B ? CHANGE_DROP : CHANGE_PUT, found.change.object};
		ledger_stage(
			&s->ledger, &(struct state_fold){.changes = &change, .change_count = 1});
	}
	assert_true(ledger_commit(&s->ledger, &s->err));
}

/* ---- a whole run ---- */

static void whole_run(void **state)
{
	struct setting *s = *state;

	expect_read(s, s->home, "", 0);
	assert_true(run(s, s->home));
	assert_int_equal(cloud->places[0].newest, 1);
	assert_null(cloud_held());
	expect_read(s, s->away, "acD", 1);
	assert_int_equal(s->said.length, 0);
	/* Nothing is left of the run but its lock file's folder. */
	open_at(s, s->home);
	assert_false(s->ledger.parts[0].has_journal);
	ledger_close(&s->ledger);
}

/* read, left; lock, read, left, announce, fence, append, release */
static void what_it_costs(void **state)
{
	struct setting *s = *state;

	expect_read(s, s->home, "", 0);
	assert_int_equal(cloud->calls, 2);
	cloud->calls = 0;
	assert_true(run(s, s->home));
	assert_int_equal(cloud->calls, 7);
}

/* However much is staged before it is written: a log has no gaps. */
static void one_write_is_one_serial(void **state)
{
	struct setting *s = *state;
	const struct change gone[] = {{CHANGE_DROP, &s->objects[A]}, {CHANGE_DROP, &s->objects[C]}};

	assert_true(run(s, s->home));
	open_at(s, s->home);
	for (int i = 0; i < 2; i++)
		ledger_stage(
			&s->ledger, &(struct state_fold){.changes = &gone[i], .change_count = 1});
	assert_int_equal(s->ledger.state.serial, 2);
	assert_true(ledger_commit(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	expect_read(s, s->away, "D", 2);
}

static void replaced(void **state)
{
	struct setting *s = *state;
	struct state other = {.serial = 9, .lineage = "6f1c2f0e-0000-4000-8000-000000000000"};

	/* An empty log may begin anywhere; later there are no gaps. */
	open_at(s, s->home);
	assert_true(ledger_replace(&s->ledger, &other, &s->err));
	ledger_close(&s->ledger);
	assert_int_equal(cloud->places[0].newest, 9);
	other = (struct state){.serial = 20, .lineage = "6f1c2f0e-0000-4000-8000-000000000000"};
	open_at(s, s->home);
	assert_true(ledger_replace(&s->ledger, &other, &s->err));
	assert_int_equal(s->ledger.state.serial, 10);
	ledger_close(&s->ledger);
	assert_int_equal(cloud->places[0].newest, 10);
}

/* ---- killed, cut off ---- */

static int64_t calls_of_a_run(struct setting *s)
{
	assert_true(run_apart(s, s->home));
	int64_t calls = cloud->calls;
	memset(cloud, 0, sizeof(*cloud));
	return calls;
}

static void reset(struct setting *s, int64_t fault_at, enum cloud_fault fault, bool is_after)
{
	remove_tree(s->home);
	remove_tree(s->away);
	memset(cloud, 0, sizeof(*cloud));
	cloud->fault_at = fault_at;
	cloud->fault = fault;
	cloud->is_after = is_after;
}

/* The machine comes back: it needs nobody's help, and the lock is free afterwards. */
static void same_machine_resumes(struct setting *s)
{
	clear_faults();
	open_at(s, s->home);
	expect_nothing_lost(s);
	resolve(s);
	ledger_close(&s->ledger);
	assert_null(cloud_held());
	assert_true(run(s, s->home));
}

/*
 * Another machine has to break the lock. It finds all that was begun; when the first one comes back
 * with its journal, it adds nothing that is known and loses nothing.
 */
static void other_machine_recovers(struct setting *s)
{
	clear_faults();
	struct progress before = *s->progress;
	if (cloud_held()) {
		const struct ledger_options options = options_of(s, s->away);
		assert_false(ledger_open(&s->ledger, &options, &s->err));
		assert_int_equal(s->err.code, ERROR_BUSY);
		expect_text(s->err.hint, cloud_held()->id);
		expect_error(&s->err, "is locked by alice@");
		break_lock(s);
	}
	open_at(s, s->away);
	if (before.has_begun && !before.is_finished)
		assert_non_null(model_find(&s->ledger.state.model, &s->objects[A]));
	resolve(s);
	ledger_close(&s->ledger);
	open_at(s, s->home);
	expect_nothing_lost(s);
	ledger_close(&s->ledger);
	assert_null(cloud_held());
	assert_true(run(s, s->away));
}

static void at_each_call(struct setting *s, enum cloud_fault fault, void (*then)(struct setting *))
{
	int64_t calls = calls_of_a_run(s);

	assert_true(calls >= 7);
	for (int64_t at = 1; at <= calls; at++)
		for (int is_after = 0; is_after < 2; is_after++) {
			reset(s, at, fault, is_after);
			(void)run_apart(s, s->home);
			then(s);
		}
}

static void killed_same_machine(void **state)
{
	at_each_call(*state, CLOUD_KILL, same_machine_resumes);
}

static void killed_other_machine(void **state)
{
	at_each_call(*state, CLOUD_KILL, other_machine_recovers);
}

static void failed_same_machine(void **state)
{
	at_each_call(*state, CLOUD_FAIL, same_machine_resumes);
}

static void failed_other_machine(void **state)
{
	at_each_call(*state, CLOUD_FAIL, other_machine_recovers);
}

static void gone_same_machine(void **state)
{
	at_each_call(*state, CLOUD_GONE, same_machine_resumes);
}

static void gone_other_machine(void **state)
{
	at_each_call(*state, CLOUD_GONE, other_machine_recovers);
}

/* ---- the lock ---- */

/* Broken while the plan was being approved: nothing is requested. */
static void broken_before_the_run(void **state)
{
	struct setting *s = *state;

	open_at(s, s->home);
	break_lock(s);
	assert_false(ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err));
	assert_int_equal(s->err.code, ERROR_CONFLICT);
	error_release(&s->err);
	ledger_close(&s->ledger);
	open_at(s, s->home);
	expect_stores(s, ""); /* what was announced is in doubt nowhere: it was taken back */
	ledger_close(&s->ledger);
}

/*
 * Broken in the middle, but the other machine has not written: the run's end is in time. Once a
 * minute the run looks, and then it starts nothing more.
 */
static void broken_in_the_run(void **state)
{
	struct setting *s = *state;

	open_at(s, s->home);
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err));
	break_lock(s);
	s->ledger.parts[0].alive_at_ms -= JOURNAL_ALIVE_EVERY_MS;
	assert_true(ledger_keep_alive(&s->ledger, &s->err));
	s->ledger.parts[0].alive_at_ms -= JOURNAL_ALIVE_EVERY_MS;
	s->ledger.parts[0].fence_at_ms -= 60000;
	assert_false(ledger_keep_alive(&s->ledger, &s->err));
	assert_int_equal(s->err.code, ERROR_CONFLICT);
	error_release(&s->err);
	const struct result result = result_of(s, A);
	assert_true(ledger_record(&s->ledger, &result, 1, &s->err));
	assert_true(ledger_finish(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	expect_read(s, s->away, "aBD", 1);
}

/* A backend that is out of reach for a while does not stop a run. */
static void out_of_reach_in_the_run(void **state)
{
	struct setting *s = *state;

	open_at(s, s->home);
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err));
	s->ledger.parts[0].alive_at_ms -= JOURNAL_ALIVE_EVERY_MS;
	s->ledger.parts[0].fence_at_ms -= 60000;
	cloud->fault = CLOUD_FAIL;
	cloud->fault_at = cloud->calls + 1;
	assert_true(ledger_keep_alive(&s->ledger, &s->err));
	expect_text(str_text(&s->said), "out of reach");
	clear_faults();
	assert_true(ledger_finish(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	assert_null(cloud_held());
}

/*
 * The other machine has broken the lock and finished a run of its own. The first one keeps its
 * journal and says so; its next run adds what only it knows.
 */
static void broken_and_overtaken(void **state)
{
	struct setting *s = *state;
	struct ledger mine;

	open_at(s, s->home);
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err));
	struct result result = result_of(s, A);
	assert_true(ledger_record(&s->ledger, &result, 1, &s->err));
	mine = s->ledger;
	break_lock(s);
	open_at(s, s->away);
	expect_stores(s, "ABD");
	/* It gives up `a`, and finds `d` by name. */
	const struct result found = result_of(s, D);
	const struct change changes[] = {{CHANGE_DROP, &s->objects[A]},
		{CHANGE_DROP, &s->objects[B]}, {CHANGE_PUT, found.change.object}};
	ledger_stage(&s->ledger, &(struct state_fold){.changes = changes, .change_count = 3});
	assert_true(ledger_commit(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	s->ledger = mine;
	(void)options_of(s, s->home);
	assert_false(ledger_finish(&s->ledger, &s->err));
	assert_int_equal(s->err.code, ERROR_CONFLICT);
	expect_text(s->err.hint, s->home);
	expect_text(s->err.hint, "the next run on this machine adds it");
	error_release(&s->err);
	str_clear(&s->said);
	ledger_close(&s->ledger);
	assert_int_equal(s->said.length, 0); /* there is no lock that stays */
	expect_read(s, s->away, "d", 2);
	open_at(s, s->home);
	expect_stores(s, "ad");
	ledger_close(&s->ledger);
	assert_null(cloud_held());
	expect_read(s, s->away, "ad", 3);
}

/*
 * While the first run works, somebody writes a state without the lock, who has not seen its
 * intents; then its machine dies, and its lock is broken.
 */
static void written_without_the_lock(void **state)
{
	struct setting *s = *state;
	struct ledger mine;

	open_at(s, s->home);
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err));
	mine = s->ledger;
	struct ledger_options options = options_of(s, s->away);
	options.no_lock = true;
	assert_true(ledger_open(&s->ledger, &options, &s->err));
	memcpy(s->ledger.parts[0].lineage, mine.parts[0].lineage, sizeof(mine.parts[0].lineage));
	const struct result found = result_of(s, D);
	const struct change change = {CHANGE_PUT, found.change.object};
	ledger_stage(&s->ledger, &(struct state_fold){&change, 1, &s->account, 1, 0});
	assert_true(ledger_commit(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	assert_int_equal(cloud->places[0].newest, 1);
	assert_int_equal(cloud->places[0].epoch[1], -1);
	break_lock(s);
	open_at(s, s->away);
	expect_stores(s, "ABd");
	resolve(s);
	ledger_close(&s->ledger);
	expect_read(s, s->away, "ad", cloud->places[0].newest);
	s->ledger = mine;
	(void)options_of(s, s->home);
	ledger_close(&s->ledger);
}

/* A run that announces this and records `a`, if that is first; then its machine is lost. */
static void lose(struct setting *s, const char *machine, const struct model *desired,
	const struct change *intents, size_t count)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		const struct result result = result_of(s, A);
		open_at(s, machine);
		if (ledger_begin(&s->ledger, desired, intents, count, &s->err) &&
			(intents != s->intents || ledger_record(&s->ledger, &result, 1, &s->err)))
			_exit(0);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_non_null(cloud_held());
	break_lock(s);
}

/*
 * Two machines are lost, one after the other. The first one comes back: its journal and what the
 * other one announced are folded into one state, the next.
 */
static void lost_in_turn(void **state)
{
	struct setting *s = *state;
	struct object more = {.account = "prod", .store = "e"};
	const struct change change = {CHANGE_PUT, &more};

	lose(s, s->home, &s->desired, s->intents, COUNT);
	lose(s, s->away, &s->desired, &change, 1);
	expect_read(s, s->away, "ABDE", 2);
	open_at(s, s->home);
	expect_stores(s, "aBDE");
	ledger_close(&s->ledger);
	expect_read(s, s->away, "aBDE", 2);
}

/* A recovery fails at each of its calls: the journal stays until the state has all of it. */
static void recovery_fails(void **state)
{
	struct setting *s = *state;
	bool is_over = false;

	for (int64_t at = 1; !is_over; at++) {
		reset(s, 0, CLOUD_NONE, false);
		lose(s, s->home, &s->desired, s->intents, COUNT);
		cloud->fault = CLOUD_FAIL;
		cloud->fault_at = cloud->calls + at;
		const struct ledger_options options = options_of(s, s->home);
		if (ledger_open(&s->ledger, &options, &s->err))
			ledger_close(&s->ledger);
		error_release(&s->err);
		is_over = cloud->calls < cloud->fault_at;
		clear_faults();
		break_lock(s);
		open_at(s, s->home);
		expect_stores(s, "aBD");
		ledger_close(&s->ledger);
	}
}

/* What was announced for another account under this alias is not dropped without a word. */
static void intents_of_another_account(void **state)
{
	struct setting *s = *state;
	struct account other = {.alias = "prod", .id = "acc2"};
	const struct model desired = {.accounts = &other, .account_count = 1};

	assert_true(run(s, s->home));
	lose(s, s->away, &desired, &s->intents[D], 1);
	const struct ledger_options options = options_of(s, s->home);
	assert_false(ledger_open(&s->ledger, &options, &s->err));
	expect_error(&s->err, ": prod/d: its account has a different id in the state");
}

/* Killed while it waited for approval: it has no journal, but its lock file. */
static void killed_before_the_run(void **state)
{
	struct setting *s = *state;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		open_at(s, s->home);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_non_null(cloud_held());
	assert_true(run(s, s->home));
	assert_null(cloud_held());
}

static void not_released(void **state)
{
	struct setting *s = *state;

	open_at(s, s->home);
	cloud->fault = CLOUD_GONE;
	cloud->fault_at = cloud->calls + 1;
	ledger_close(&s->ledger);
	expect_text(str_text(&s->said), "the lock of the state could not be released");
	expect_text(str_text(&s->said), cloud_held()->id);
	clear_faults();
	assert_true(run(s, s->home)); /* its own */
	assert_null(cloud_held());
}

/* Each holder that is waited for is named, and what to do about one that is gone. */
static void waits(void **state)
{
	struct setting *s = *state;
	struct ledger_options options = options_of(s, s->away);

	assert_true(run_apart(s, s->home));
	cloud->places[0].locks[cloud->places[0].lock_count - 1].state = CLOUD_HELD;
	options.lock_timeout_ms = 500; /* it is told only if the first attempt ended in time */
	assert_false(ledger_open(&s->ledger, &options, &s->err));
	assert_int_equal(s->err.code, ERROR_BUSY);
	expect_text(str_text(&s->said), "waits: alice@");
	expect_text(str_text(&s->said), "(apply, since 2");
	expect_text(s->err.hint, "cfprov force-unlock ");
	expect_error(&s->err, "the state s3://b/p is locked by alice@");
	/* Who only looks needs no lock. */
	expect_read(s, s->away, "acD", 1);
	options.no_lock = true;
	assert_true(ledger_open(&s->ledger, &options, &s->err));
	ledger_close(&s->ledger);
	assert_non_null(cloud_held());
}

static volatile sig_atomic_t has_heard_enough;

/* As soon as alice is named, bob has the lock; when he is, it is enough. */
static void pass_on(void *context, const struct event *event)
{
	struct setting *s = context;
	struct cloud_lock *held = cloud_held();

	on_event(context, event);
	if (event->type != EVENT_LOCK_WAIT)
		return;
	has_heard_enough = strstr(str_text(&s->said), "bob@") != NULL;
	char *alice = held ? strstr(held->info, "alice") : NULL;
	for (size_t i = 0; !has_heard_enough && alice && i < strlen("alice"); i++)
		alice[i] = "bob@b"[i];
}

/* Whoever waits long sees the queue move. */
static void waits_for_one_after_another(void **state)
{
	struct setting *s = *state;
	struct ledger_options options = options_of(s, s->away);

	assert_true(run_apart(s, s->home));
	cloud->places[0].locks[0].state = CLOUD_HELD;
	sink.on_event = pass_on;
	has_heard_enough = 0;
	options.backend.interrupted = &has_heard_enough;
	options.lock_timeout_ms = 600000;
	assert_false(ledger_open(&s->ledger, &options, &s->err));
	assert_int_equal(s->err.code, ERROR_BUSY);
	error_release(&s->err);
	expect_text(str_text(&s->said), "waits: alice@");
	expect_text(str_text(&s->said), "\nwaits: bob@");
}

/* Between two processes of one machine the lock file decides, and costs nothing. */
static void locked_on_this_machine(void **state)
{
	struct setting *s = *state;
	struct ledger_options options = options_of(s, s->home);
	struct ledger second;

	open_at(s, s->home);
	int64_t calls = cloud->calls;
	assert_false(ledger_open(&second, &options, &s->err));
	assert_int_equal(s->err.code, ERROR_BUSY);
	error_release(&s->err);
	assert_int_equal(cloud->calls, calls);
	assert_non_null(cloud_held());
	ledger_close(&s->ledger);
	assert_null(cloud_held());
}

static void who_holds_it(void **state)
{
	struct setting *s = *state;
	const struct ledger_options options = options_of(s, s->away);
	struct str holder CLEANUP(str_release) = {0}, id CLEANUP(str_release) = {0};

	assert_true(ledger_find_holder(&options, &holder, &id, &s->err));
	assert_int_equal(holder.length, 0);
	open_at(s, s->home);
	(void)options_of(s, s->away);
	assert_true(ledger_find_holder(&options, &holder, &id, &s->err));
	expect_text(str_text(&holder), "(apply, since 2");
	assert_true(id.length > 0);
	ledger_close(&s->ledger);
}

/* ---- what is not what it should be ---- */

static void another_serial(void **state)
{
	struct setting *s = *state;
	const struct ledger_options options = options_of(s, s->home);

	assert_true(run(s, s->home));
	cloud->places[0].log[2] = cloud->places[0].log[1];
	cloud->places[0].newest = 2;
	assert_false(ledger_read(&s->ledger, &options, &s->err));
	expect_error(&s->err, "what is stored under serial 2 is the state with serial 1");
}

/* Only who moves a state may open the place that it is still to arrive at. */
static void move_was_interrupted(void **state)
{
	struct setting *s = *state;
	struct ledger_options options = options_of(s, s->home);

	cloud_at("p")->awaited = 4;
	assert_false(ledger_read(&s->ledger, &options, &s->err));
	expect_text(s->err.hint, "state migrate");
	expect_error(&s->err, "a move of a state to s3://b/p was interrupted");
	assert_false(ledger_open(&s->ledger, &options, &s->err));
	expect_error(&s->err, "was interrupted");
	assert_null(cloud_held());
	options.may_be_moved = true;
	assert_true(ledger_open(&s->ledger, &options, &s->err));
	ledger_close(&s->ledger);
}

/* A state that was kept is signed; the number that it is found under is not. */
static void another_old_state(void **state)
{
	struct setting *s = *state;
	const struct ledger_options options = options_of(s, s->home);
	struct cloud_place *place = &cloud->places[0];
	struct state old = {0},
		     other = {.serial = 1, .lineage = "6f1c2f0e-0000-4000-8000-123456789abc"};
	struct str bytes CLEANUP(str_release) = {0};

	assert_true(run(s, s->home));
	open_at(s, s->home);
	resolve(s);
	ledger_close(&s->ledger);
	assert_int_equal(place->newest, 2);
	assert_true(ledger_read(&s->ledger, &options, &s->err));
	assert_true(ledger_read_old(&s->ledger, 1, &old, &s->err));
	assert_int_equal(old.serial, 1);
	state_release(&old);
	place->log[1] = place->log[2];
	assert_false(ledger_read_old(&s->ledger, 1, &old, &s->err));
	expect_error(&s->err, "what is stored under serial 1 is the state with serial 2");
	state_encode(&other, &bytes);
	cloud_put(&place->log[1], &bytes);
	assert_false(ledger_read_old(&s->ledger, 1, &old, &s->err));
	expect_error(&s->err, "the state with serial 1 belongs to another state (lineage 6f1c");
	ledger_close(&s->ledger);
}

static void damaged_intents(void **state)
{
	struct setting *s = *state;
	const struct ledger_options options = options_of(s, s->away);

	cloud->fault = CLOUD_GONE;
	cloud->fault_at = 6; /* the append of its end */
	assert_false(run(s, s->home));
	error_release(&s->err);
	clear_faults();
	break_lock(s);
	cloud->places[0].locks[0].intents.bytes[30] ^= 1;
	assert_false(ledger_read(&s->ledger, &options, &s->err));
	expect_text(s->err.file, "lock/0.intents of s3://b");
	expect_error(&s->err, "damaged at byte 0");
	cloud->places[0].locks[0].intents.bytes[30] ^= 1;
	expect_read(s, s->away, "ABD", 1);
	/* Its own machine knows more. */
	expect_read(s, s->home, "acD", 1);
}

/*
 * Whoever can write the bucket can put intents beside a broken lock. With a key they count only if
 * they were written with it: to sign the state is not to accept them, but to drop them.
 */
static void forged_intents(void **state)
{
	struct setting *s = *state;
	struct keys keys CLEANUP(keys_release) = {0};
	struct secret text CLEANUP(secret_release) = {0};
	struct sealing sealing = {.keys = &keys};
	struct ledger_options options = options_of(s, s->away);

	cloud->fault = CLOUD_GONE;
	cloud->fault_at = 6; /* the append of its end */
	assert_false(run(s, s->home));
	error_release(&s->err);
	clear_faults();
	break_lock(s);
	secret_copy(&text, "correct horse battery", 21);
	assert_true(key_init(&keys.now, &text, &s->err));
	options.sealing = &sealing;
	assert_false(ledger_read(&s->ledger, &options, &s->err));
	expect_text(s->err.file, "lock/0.intents of s3://b");
	expect_text(s->err.hint, "`cfprov state sign`");
	expect_error(&s->err, "is not signed, although a key is set");
	sealing.accepts_unsigned = true;
	assert_true(ledger_open(&s->ledger, &options, &s->err));
	expect_stores(s, "");
	expect_text(str_text(&s->ledger.parts[0].dropped), "lock/0.intents (");
	assert_true(s->ledger.parts[0].is_stale);
	assert_true(ledger_accept(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	sealing.accepts_unsigned = false;
	assert_true(ledger_read(&s->ledger, &options, &s->err));
	expect_stores(s, "");
	assert_int_equal(s->ledger.state.serial, 1);
	ledger_close(&s->ledger);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_run),
		TEST(what_it_costs),
		TEST(one_write_is_one_serial),
		TEST(replaced),
		TEST(broken_before_the_run),
		TEST(broken_in_the_run),
		TEST(out_of_reach_in_the_run),
		TEST(broken_and_overtaken),
		TEST(written_without_the_lock),
		TEST(lost_in_turn),
		TEST(recovery_fails),
		TEST(intents_of_another_account),
		TEST(killed_before_the_run),
		TEST(not_released),
		TEST(waits),
		TEST(waits_for_one_after_another),
		TEST(locked_on_this_machine),
		TEST(who_holds_it),
		TEST(another_serial),
		TEST(another_old_state),
		TEST(move_was_interrupted),
		TEST(damaged_intents),
		TEST(forged_intents),
		TEST(killed_same_machine),
		TEST(killed_other_machine),
		TEST(failed_same_machine),
		TEST(failed_other_machine),
		TEST(gone_same_machine),
		TEST(gone_other_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
