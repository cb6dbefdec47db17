/* file size: one run, looked at after each of its steps */
#include "state/ledger.h"

#include "local.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* What a run of three stores gives: `a` made, `b` failed, `c` adopted; `d` gets no result. */
enum { A, B, C, D, COUNT };
static const char *const names[COUNT] = {"a", "b", "c", "d"};

struct setting {
	struct folder folder;
	struct ledger ledger;
	struct error err;
	const char *path;
	struct account account;
	struct model desired;
	struct object objects[COUNT];
	struct change intents[COUNT];
};

static int setup(void **state)
{
	struct setting *s = mem_alloc(sizeof(*s));

	folder_make(&s->folder);
	s->path = folder_file(&s->folder, "state.json");
	s->account = (struct account){.alias = "prod", .id = "acc1"};
	s->desired = (struct model){.accounts = &s->account, .account_count = 1};
	for (int i = 0; i < COUNT; i++) {
		s->objects[i] = (struct object){.account = "prod", .store = names[i]};
		s->intents[i] = (struct change){i == C ? CHANGE_KEEP : CHANGE_PUT, &s->objects[i]};
	}
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct setting *s = *state;

	error_release(&s->err);
	folder_remove(&s->folder);
	arena_release(&s->folder.paths);
	mem_free(s);
	return 0;
}

static void open_ledger(struct setting *s)
{
	struct ledger_options options = local_options(s->path, "apply");

	if (!ledger_open(&s->ledger, &options, &s->err))
		fail_msg("can't open: %s", s->err.message);
	expect_no_error(&s->err);
}

static void refuse_open(struct setting *s, const char *message)
{
	struct ledger_options options = local_options(s->path, "apply");

	assert_false(ledger_open(&s->ledger, &options, &s->err));
	expect_error(&s->err, message);
	assert_false(local_read(&s->ledger, s->path, &s->err));
	expect_error(&s->err, message);
}

static void refuse_with_hint(struct setting *s, const char *message, const char *hint)
{
	assert_false(local_read(&s->ledger, s->path, &s->err));
	expect_text(s->err.hint, hint);
	expect_error(&s->err, message);
}

static void begin(struct setting *s)
{
	assert_true(ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err));
}

static void record(struct setting *s, int which)
{
	struct object *object = arena_alloc(&s->folder.paths, sizeof(*object));
	struct result result = {(size_t)which, {which == B ? CHANGE_KEEP : CHANGE_PUT, object}};

	*object = s->objects[which];
	object->id = arena_format(&s->folder.paths, "id-%c", names[which][0]);
	object->origin = which == C ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	assert_true(ledger_record(&s->ledger, &result, 1, &s->err));
}

/* Which stores the state has: a letter each, in capitals if its id is not known. */
static void expect_stores(const struct state *state, const char *letters)
{
	char found[COUNT + 1] = "", id[] = "id-?";
	size_t count = 0;

	for (size_t i = 0; i < state->model.object_count; i++) {
		const struct object *object = &state->model.objects[i];
		char letter = object->store[0];
		id[3] = letter;
		if (object->id)
			assert_string_equal(object->id, id);
		found[count++] = object->id ? letter : (char)(letter - 32);
	}
	assert_string_equal(found, letters);
}

/* What somebody sees who only looks; the files stay as they are. */
static void expect_read(struct setting *s, const char *letters, int64_t serial)
{
	struct ledger ledger;
	size_t files = folder_count(&s->folder);

	if (!local_read(&ledger, s->path, &s->err))
		fail_msg("can't read: %s", s->err.message);
	expect_stores(&ledger.state, letters);
	assert_int_equal(ledger.state.serial, serial);
	ledger_close(&ledger);
	assert_int_equal(folder_count(&s->folder), files);
}

/* What the next run finds; afterwards only the state and its backup stand there. */
static void expect_reopened(struct setting *s, const char *letters, int64_t serial)
{
	expect_read(s, letters, serial);
	open_ledger(s);
	expect_stores(&s->ledger.state, letters);
	assert_int_equal(s->ledger.state.serial, serial);
	assert_false(folder_has(&s->folder, "state.json.journal"));
	ledger_close(&s->ledger);
	expect_read(s, letters, serial);
	assert_false(folder_has(&s->folder, ".state.json.lock"));
}

/* Makes a state with `a` and `c`, serial 1. */
static void make_state(struct setting *s)
{
	open_ledger(s);
	begin(s);
	for (int i = 0; i < D; i++)
		record(s, i);
	assert_true(ledger_record(
		&s->ledger, &(struct result){D, {CHANGE_KEEP, &s->objects[D]}}, 1, &s->err));
	assert_true(ledger_finish(&s->ledger, &s->err));
	ledger_close(&s->ledger);
}

/* ---- a whole run ---- */

/* Who has opened nothing closes nothing, and not standard input. */
static void never_opened(void **state)
{
	struct ledger ledger = {0};

	(void)state;
	int fd = fcntl(STDIN_FILENO, F_GETFD) == -1 ? open("/dev/null", O_RDONLY) : STDIN_FILENO;
	assert_int_equal(fd, STDIN_FILENO);
	ledger_close(&ledger);
	assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
}

static void absent(void **state)
{
	struct setting *s = *state;

	expect_read(s, "", 0);
	open_ledger(s);
	assert_string_equal(s->ledger.state.lineage, "");
	ledger_close(&s->ledger);
	assert_int_equal(folder_count(&s->folder), 0);
	ledger_close(&s->ledger); /* twice does no harm */
}

static void whole_run(void **state)
{
	struct setting *s = *state;

	open_ledger(s);
	begin(s);
	assert_int_equal(folder_mode(&s->folder, "state.json.journal"), 0600);
	assert_false(folder_has(&s->folder, "state.json"));
	for (int i = 0; i < D; i++)
		record(s, i);
	assert_true(ledger_finish(&s->ledger, &s->err));
	expect_stores(&s->ledger.state, "acD");
	assert_int_equal(s->ledger.state.serial, 1);
	assert_int_equal(folder_mode(&s->folder, "state.json"), 0600);
	assert_false(folder_has(&s->folder, "state.json.journal"));
	assert_false(folder_has(&s->folder, "state.json.backup"));
	ledger_close(&s->ledger);
	assert_int_equal(folder_count(&s->folder), 1);
	expect_reopened(s, "acD", 1);
}

/* Also after what is learned once the run is over. */
static void backup_is_that_before_the_run(void **state)
{
	struct setting *s = *state;
	const struct change gone = {CHANGE_DROP, &s->objects[A]};
	struct str backup CLEANUP(str_release) = {0};

	make_state(s);
	open_ledger(s);
	begin(s);
	record(s, D);
	assert_true(ledger_finish(&s->ledger, &s->err));
	ledger_stage(&s->ledger, &(struct state_fold){.changes = &gone, .change_count = 1});
	assert_true(ledger_commit(&s->ledger, &s->err));
	assert_int_equal(s->ledger.state.serial, 3);
	ledger_close(&s->ledger);
	folder_read(&s->folder, "state.json.backup", &backup);
	expect_text(str_text(&backup), "\"serial\": 1,");
}

/* As a command does that was agreed to: first in memory, then in the file. */
static void change(struct setting *s, const struct change *changes, size_t count)
{
	ledger_stage(&s->ledger, &(struct state_fold){.changes = changes, .change_count = count});
	assert_true(ledger_commit(&s->ledger, &s->err));
}

/* What is staged is seen at once, and is in the file only when it is committed. */
static void stages(void **state)
{
	struct setting *s = *state;
	const struct change gone = {CHANGE_DROP, &s->objects[A]};

	make_state(s);
	open_ledger(s);
	assert_int_equal(s->ledger.parts[0].read_serial, 1);
	ledger_stage(&s->ledger, &(struct state_fold){.changes = &gone, .change_count = 1});
	expect_stores(&s->ledger.state, "c");
	assert_int_equal(s->ledger.parts[0].read_serial, 1);
	expect_read(s, "ac", 1);
	ledger_close(&s->ledger);
	expect_reopened(s, "ac", 1);
}

/* A run goes with the state that was committed before it. */
static void stages_before_a_run(void **state)
{
	struct setting *s = *state;
	const struct change gone = {CHANGE_DROP, &s->objects[A]};

	make_state(s);
	open_ledger(s);
	change(s, &gone, 1);
	expect_read(s, "c", 2);
	begin(s);
	record(s, D);
	ledger_close(&s->ledger); /* cut off */
	open_ledger(s);
	assert_int_equal(s->ledger.parts[0].read_serial, 3);
	ledger_close(&s->ledger);
}

static void settles(void **state)
{
	struct setting *s = *state;
	struct object found = s->objects[D];
	const struct change changes[] = {{CHANGE_PUT, &found}, {CHANGE_DROP, &s->objects[A]}};
	char lineage[STATE_LINEAGE_LENGTH + 1];

	whole_run(state);
	found.id = "id-d";
	found.origin = ORIGIN_CREATED;
	open_ledger(s);
	memcpy(lineage, s->ledger.state.lineage, sizeof(lineage));
	change(s, NULL, 0);
	assert_int_equal(s->ledger.state.serial, 1);
	change(s, changes, 2);
	expect_read(s, "cd", 2);
	assert_int_equal(folder_mode(&s->folder, "state.json.backup"), 0600);
	ledger_close(&s->ledger);
	open_ledger(s);
	assert_string_equal(s->ledger.state.lineage, lineage); /* fixed at birth */
	ledger_close(&s->ledger);
	expect_reopened(s, "cd", 2);
}

/* Who only looks settles in memory. */
static void settles_in_memory(void **state)
{
	struct setting *s = *state;
	const struct change gone = {CHANGE_DROP, &s->objects[A]};

	make_state(s);
	assert_true(local_read(&s->ledger, s->path, &s->err));
	change(s, &gone, 1);
	expect_stores(&s->ledger.state, "c");
	ledger_close(&s->ledger);
	expect_read(s, "ac", 1);
}

static void nothing_changed(void **state)
{
	struct setting *s = *state;
	struct str before CLEANUP(str_release) = {0}, after CLEANUP(str_release) = {0};

	make_state(s);
	folder_read(&s->folder, "state.json", &before);
	open_ledger(s);
	begin(s);
	for (size_t i = 0; i < COUNT; i++) {
		struct result failed = {i, {CHANGE_KEEP, &s->objects[i]}};
		assert_true(ledger_record(&s->ledger, &failed, 1, &s->err));
	}
	assert_true(ledger_finish(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	folder_read(&s->folder, "state.json", &after);
	assert_string_equal(str_text(&before), str_text(&after));
	assert_false(folder_has(&s->folder, "state.json.backup"));
	expect_reopened(s, "ac", 1);
}

/* ---- crashes ---- */

static void crash_after_open(void **state)
{
	struct setting *s = *state;

	open_ledger(s);
	ledger_close(&s->ledger);
	expect_reopened(s, "", 0);
}

static void crash_after_begin(void **state)
{
	struct setting *s = *state;

	open_ledger(s);
	begin(s);
	ledger_close(&s->ledger);
	expect_reopened(s, "ABD", 1);
}

static void crash_after_each_result(void **state)
{
	static const char *const after[] = {"ABD", "aBD", "aD", "acD"};
	struct setting *s = *state;

	for (int results = 0; results <= D; results++) {
		open_ledger(s);
		begin(s);
		for (int i = 0; i < results; i++)
			record(s, i);
		ledger_close(&s->ledger);
		expect_reopened(s, after[results], 1);
		assert_int_equal(unlink(s->path), 0);
	}
}

/* The same with the process killed, which takes its lock with it and cleans nothing up. */
static void killed(void **state)
{
	struct setting *s = *state;
	int status;

	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		open_ledger(s);
		begin(s);
		record(s, A);
		record(s, C);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_true(folder_has(&s->folder, ".state.json.lock"));
	expect_reopened(s, "aBcD", 1);
}

/* The journal that a run left when it had replaced the state, and not yet removed the journal. */
static void crash_before_journal_goes(void **state)
{
	struct setting *s = *state;
	struct str journal CLEANUP(str_release) = {0};

	open_ledger(s);
	begin(s);
	record(s, A);
	folder_read(&s->folder, "state.json.journal", &journal);
	assert_true(ledger_finish(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	folder_write(&s->folder, "state.json.journal", str_text(&journal));
	expect_reopened(s, "aBD", 1); /* not folded in twice */
}

/* A crash while an old journal is folded in: before the state is there, or after. */
static void crash_in_recovery(void **state)
{
	struct setting *s = *state;
	struct str journal CLEANUP(str_release) = {0};

	open_ledger(s);
	begin(s);
	record(s, A);
	ledger_close(&s->ledger);
	folder_read(&s->folder, "state.json.journal", &journal);
	folder_write(&s->folder, ".state.json.tmp", "{\"version\":1,");
	expect_reopened(s, "aBD", 1);
	folder_write(&s->folder, "state.json.journal", str_text(&journal));
	expect_reopened(s, "aBD", 1);
}

/* The journal cut at every byte is a crash at every byte: what is whole counts, nothing else. */
static void journal_cut_at_every_byte(void **state)
{
	struct setting *s = *state;
	struct str journal CLEANUP(str_release) = {0};
	size_t lines = 0;

	open_ledger(s);
	begin(s);
	record(s, A);
	record(s, B);
	ledger_close(&s->ledger);
	folder_read(&s->folder, "state.json.journal", &journal);
	for (size_t length = 0; length <= journal.length; length++) {
		static const char *const after[] = {"", "ABD", "ABD", "aBD", "aD"}; /* "alive" */
		lines += length && journal.bytes[length - 1] == '\n';
		folder_write_bytes(&s->folder, "state.json.journal", journal.bytes, length);
		expect_reopened(s, after[lines], lines ? 1 : 0);
		(void)unlink(s->path);
	}
}

/* Two crashes in a row: what the first left unresolved is still so, and the rest is known. */
static void two_crashes(void **state)
{
	struct setting *s = *state;

	open_ledger(s);
	begin(s);
	record(s, A);
	ledger_close(&s->ledger);
	open_ledger(s);
	expect_stores(&s->ledger.state, "aBD");
	begin(s);
	record(s, A);
	record(s, C);
	ledger_close(&s->ledger);
	expect_reopened(s, "aBcD", 2);
}

/* ---- journals that do not belong ---- */

static void journal_of_another_state(void **state)
{
	struct setting *s = *state;
	struct str journal CLEANUP(str_release) = {0}, before CLEANUP(str_release) = {0},
			   after CLEANUP(str_release) = {0};

	open_ledger(s);
	begin(s);
	record(s, A);
	folder_read(&s->folder, "state.json.journal", &journal);
	ledger_close(&s->ledger);
	assert_int_equal(unlink(folder_file(&s->folder, "state.json.journal")), 0);
	make_state(s); /* with a lineage of its own */
	folder_write(&s->folder, "state.json.journal", str_text(&journal));
	folder_read(&s->folder, "state.json", &before);
	refuse_open(s, "the journal belongs to another state");
	folder_read(&s->folder, "state.json", &after);
	assert_string_equal(str_text(&before), str_text(&after));
	assert_true(folder_has(&s->folder, "state.json.journal"));
}

/* The state was put back to an older one, or lost, while its journal stayed. */
static void journal_of_a_later_state(void **state)
{
	struct setting *s = *state;
	struct str first CLEANUP(str_release) = {0}, later CLEANUP(str_release) = {0};
	const struct change gone = {CHANGE_DROP, &s->objects[C]};

	make_state(s);
	folder_read(&s->folder, "state.json", &first);
	open_ledger(s);
	change(s, &gone, 1);
	folder_read(&s->folder, "state.json", &later);
	begin(s);
	record(s, D);
	ledger_close(&s->ledger);
	folder_write(&s->folder, "state.json", str_text(&first));
	refuse_open(s, "the journal is newer than the state (serial 2, but the state has 1)");
	assert_int_equal(unlink(s->path), 0);
	refuse_open(s, "the journal is newer than the state (serial 2, but the state has 0)");
	folder_write(&s->folder, "state.json.backup", str_text(&first));
	refuse_with_hint(
		s, "newer than the state (serial 2", "Restore the newer one. If you can't, move");
	folder_write(&s->folder, "state.json.backup", str_text(&later));
	refuse_with_hint(s, "newer than the state (serial 2", "/state.json.backup.");
	assert_true(folder_has(&s->folder, "state.json.journal"));
}

/* The state was replaced by a later one without what the interrupted run created. */
static void journal_of_an_earlier_state(void **state)
{
	struct setting *s = *state;
	struct str first CLEANUP(str_release) = {0};
	char *at;

	make_state(s);
	folder_read(&s->folder, "state.json", &first);
	open_ledger(s);
	begin(s);
	record(s, D);
	ledger_close(&s->ledger);
	at = strstr(first.bytes, "\"serial\": 1");
	assert_non_null(at);
	for (int serial = '2'; serial <= '3'; serial++) {
		at[strlen("\"serial\": ")] = (char)serial;
		folder_write(&s->folder, "state.json", str_text(&first));
		refuse_open(s, "the journal is older than the state (serial 1, but the state has");
		refuse_with_hint(s, "older than the state", "move the journal away");
	}
	assert_true(folder_has(&s->folder, "state.json.journal"));
}

/* fault B15 */
/* Two journals that are well made but do not fit the state: neither blocks cfprov without a word.
 */
static void journals_that_do_not_fit(void **state)
{
	struct setting *s = *state;
	struct object twice = s->objects[D];
	const struct change put = {CHANGE_PUT, &twice};
	struct account other = {.alias = "prod", .id = "acc2"};
	const struct model desired = {.accounts = &other, .account_count = 1};

	make_state(s);
	twice.id = "id-a";
	twice.origin = ORIGIN_CREATED;
	open_ledger(s);
	assert_true(ledger_begin(&s->ledger, &s->desired, &put, 1, &s->err));
	ledger_close(&s->ledger);
	refuse_open(s, "another object has the same id");
	refuse_with_hint(s, "the journal can't be applied to the state", "move it away");
	assert_int_equal(unlink(folder_file(&s->folder, "state.json.journal")), 0);
	open_ledger(s);
	assert_true(ledger_begin(&s->ledger, &desired, s->intents, COUNT, &s->err));
	ledger_close(&s->ledger);
	refuse_with_hint(s, "prod/a: its account has a different id in the state", "move it away");
	assert_int_equal(unlink(folder_file(&s->folder, "state.json.journal")), 0);
	expect_reopened(s, "ac", 1);
}

static void damaged_files(void **state)
{
	struct setting *s = *state;
	struct str good CLEANUP(str_release) = {0};

	make_state(s);
	folder_read(&s->folder, "state.json", &good);
	folder_write(&s->folder, "state.json.journal", "garbage\n");
	refuse_open(s, "damaged at byte 0");
	assert_true(folder_has(&s->folder, "state.json.journal"));
	assert_int_equal(unlink(folder_file(&s->folder, "state.json.journal")), 0);
	folder_write(&s->folder, "state.json", "");
	refuse_open(s, "invalid state");
	folder_write(&s->folder, "state.json", "{}");
	refuse_open(s, "invalid state");
	refuse_with_hint(s, "invalid state", "move it away and run `cfprov apply -adopt`");
	folder_write(&s->folder, "state.json.backup", "{}");
	refuse_with_hint(s, "invalid state", "move it away and run `cfprov apply -adopt`");
	folder_write(&s->folder, "state.json.backup", str_text(&good));
	refuse_with_hint(s, "invalid state", "/state.json.backup. Objects");
	assert_false(folder_has(&s->folder, ".state.json.lock"));
}

/* ---- odd places ---- */

static void odd_kinds_of_file(void **state)
{
	struct setting *s = *state;

	assert_int_equal(mkdir(s->path, 0700), 0);
	refuse_open(s, "is a directory");
	assert_int_equal(rmdir(s->path), 0);
	assert_int_equal(mkfifo(s->path, 0600), 0);
	refuse_open(s, "not a regular file");
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(symlink("/dev/zero", s->path), 0);
	s->path = folder_file(&s->folder, "no/state.json");
	struct ledger_options options = local_options(s->path, "apply");
	assert_false(ledger_open(&s->ledger, &options, &s->err));
	expect_error(&s->err, "can't write to the directory of");
	s->path = folder_file(&s->folder, "state.json");
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(mkdir(folder_file(&s->folder, "state.json.journal"), 0700), 0);
	refuse_open(s, "is a directory");
}

/* The target is replaced and its lock and journal stand beside it; the link stays. */
static void linked_state(void **state)
{
	struct setting *s = *state;

	make_state(s);
	assert_int_equal(mkdir(folder_file(&s->folder, "sub"), 0700), 0);
	assert_int_equal(symlink("../state.json", folder_file(&s->folder, "sub/link")), 0);
	s->path = folder_file(&s->folder, "sub/link");
	open_ledger(s);
	assert_true(folder_has(&s->folder, ".state.json.lock"));
	begin(s);
	assert_true(folder_has(&s->folder, "state.json.journal"));
	record(s, D);
	assert_true(ledger_finish(&s->ledger, &s->err));
	ledger_close(&s->ledger);
	char target[64] = "";
	assert_true(readlink(s->path, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "../state.json");
	expect_read(s, "ABcd", 2); /* a and b were asked for again, without an answer */
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(rmdir(folder_file(&s->folder, "sub")), 0);
	assert_int_equal(folder_count(&s->folder), 2);
}

static void modes_are_kept(void **state)
{
	struct setting *s = *state;
	const struct change gone = {CHANGE_DROP, &s->objects[A]};

	make_state(s);
	assert_int_equal(chmod(s->path, 0640), 0);
	open_ledger(s);
	change(s, &gone, 1);
	ledger_close(&s->ledger);
	assert_int_equal(folder_mode(&s->folder, "state.json"), 0640);
	assert_int_equal(folder_mode(&s->folder, "state.json.backup"), 0640);
}

static void folder_vanishes(void **state)
{
	struct setting *s = *state;
	const char *sub = folder_file(&s->folder, "sub");

	assert_int_equal(mkdir(sub, 0700), 0);
	s->path = folder_file(&s->folder, "sub/state.json");
	open_ledger(s);
	begin(s);
	assert_int_equal(unlink(folder_file(&s->folder, "sub/state.json.journal")), 0);
	assert_int_equal(unlink(folder_file(&s->folder, "sub/.state.json.lock")), 0);
	assert_int_equal(rmdir(sub), 0);
	record(s, A); /* the file is still open */
	assert_false(ledger_finish(&s->ledger, &s->err));
	expect_error(&s->err, "sub/.state.json.tmp");
	expect_stores(&s->ledger.state, "aBD"); /* known, if only in memory */
	ledger_close(&s->ledger);
}

/* Somebody put another folder in its place while the plan was approved: nothing is requested. */
static void folder_replaced(void **state)
{
	struct setting *s = *state;
	const char *sub = folder_file(&s->folder, "sub");

	assert_int_equal(mkdir(sub, 0700), 0);
	s->path = folder_file(&s->folder, "sub/state.json");
	open_ledger(s);
	assert_int_equal(unlink(folder_file(&s->folder, "sub/.state.json.lock")), 0);
	assert_int_equal(rmdir(sub), 0);
	assert_int_equal(mkdir(sub, 0700), 0);
	assert_false(ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err));
	expect_text(s->err.message, "sub");
	error_release(&s->err);
	assert_false(folder_has(&s->folder, "sub/state.json.journal"));
	ledger_close(&s->ledger);
	assert_int_equal(rmdir(sub), 0);
}

/* Where the state could not be written at the end, nothing is requested. */
static void no_serial_is_left(void **state)
{
	static const char serial[] = "\"serial\": ";
	struct setting *s = *state;
	struct str text CLEANUP(str_release) = {0};

	make_state(s);
	folder_read(&s->folder, "state.json", &text);
	const char *at = strstr(str_text(&text), serial);
	assert_non_null(at);
	for (int last = '8'; last >= '7'; last--) {
		struct str late CLEANUP(str_release) = {0};
		str_add(&late, text.bytes, (size_t)(at - text.bytes));
		str_format(&late, "%s99999999999999%c%s", serial, last, at + strlen(serial) + 1);
		folder_write(&s->folder, "state.json", str_text(&late));
		open_ledger(s);
		bool begins = ledger_begin(&s->ledger, &s->desired, s->intents, COUNT, &s->err);
		assert_int_equal(begins, last == '7');
		if (!begins)
			expect_error(&s->err, "is too high");
		assert_int_equal(folder_has(&s->folder, "state.json.journal"), begins);
		ledger_close(&s->ledger);
	}
}

/* ---- the lock ---- */

struct heard {
	size_t waits, folds;
	struct str who;
};

static void on_event(void *context, const struct event *event)
{
	struct heard *heard = context;

	heard->waits += event->type == EVENT_LOCK_WAIT;
	heard->folds += event->type == EVENT_JOURNAL_FOLDED;
	if (event->text)
		str_text_add(&heard->who, event->text);
}

/* Starts a process that holds the lock until it is killed. */
static pid_t start_holder(struct setting *s)
{
	int fds[2];
	char byte;

	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ledger_options options = local_options(s->path, "dance\x1b[1m");
		setenv("USER", "alice", true);
		if (!ledger_open(&s->ledger, &options, &s->err) || write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return child;
}

static void locked_by_another(void **state)
{
	struct setting *s = *state;
	pid_t holder = start_holder(s);
	char process[32];
	struct ledger_options options = local_options(s->path, "apply");

	assert_false(ledger_open(&s->ledger, &options, &s->err));
	assert_int_equal(s->err.code, ERROR_BUSY);
	snprintf(process, sizeof(process), "process %ld", (long)holder);
	expect_text(s->err.message, "is locked by alice@");
	expect_text(s->err.message, process);
	expect_text(s->err.message, "dance\\x1b[1m, since 2");
	expect_text(s->err.hint, "-lock-timeout");
	error_release(&s->err);
	/* Who only looks needs no lock; who says so needs none, either. */
	expect_read(s, "", 0);
	options.no_lock = true;
	assert_true(ledger_open(&s->ledger, &options, &s->err));
	ledger_close(&s->ledger);
	assert_true(folder_has(&s->folder, ".state.json.lock"));
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	open_ledger(s);
	ledger_close(&s->ledger);
}

/* Whoever waits says once for whom, and gets the lock when it is free, or stops when told to. */
static void waits_for_the_lock(void **state)
{
	struct setting *s = *state;
	struct heard heard = {0};
	struct event_sink sink = {on_event, &heard};
	volatile sig_atomic_t interrupted = 1;
	struct ledger_options options = local_options(s->path, "apply");
	pid_t holder = start_holder(s);

	options.backend.sink = &sink;
	options.backend.interrupted = &interrupted;
	options.lock_timeout_ms = 600000;
	assert_false(ledger_open(&s->ledger, &options, &s->err));
	assert_int_equal(s->err.code, ERROR_BUSY);
	error_release(&s->err);
	interrupted = 0;
	pid_t killer = fork();
	assert_true(killer >= 0);
	if (killer == 0) {
		kill(holder, SIGKILL);
		_exit(0);
	}
	assert_int_equal(waitpid(killer, NULL, 0), killer);
	assert_true(ledger_open(&s->ledger, &options, &s->err));
	assert_true(heard.waits <= 1);
	ledger_close(&s->ledger);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	str_release(&heard.who);
}

static void folding_is_said(void **state)
{
	struct setting *s = *state;
	struct heard heard = {0};
	struct event_sink sink = {on_event, &heard};
	struct ledger_options options = local_options(s->path, "apply");

	options.backend.sink = &sink;
	open_ledger(s);
	begin(s);
	ledger_close(&s->ledger);
	assert_true(ledger_open(&s->ledger, &options, &s->err));
	ledger_close(&s->ledger);
	assert_int_equal(heard.folds, 1);
	expect_text(str_text(&heard.who), "state.json.journal");
	str_release(&heard.who);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_opened),
		TEST(absent),
		TEST(whole_run),
		TEST(backup_is_that_before_the_run),
		TEST(stages),
		TEST(stages_before_a_run),
		TEST(settles),
		TEST(settles_in_memory),
		TEST(nothing_changed),
		TEST(crash_after_open),
		TEST(crash_after_begin),
		TEST(crash_after_each_result),
		TEST(killed),
		TEST(crash_before_journal_goes),
		TEST(crash_in_recovery),
		TEST(journal_cut_at_every_byte),
		TEST(two_crashes),
		TEST(journal_of_another_state),
		TEST(journal_of_a_later_state),
		TEST(journal_of_an_earlier_state),
		TEST(journals_that_do_not_fit),
		TEST(damaged_files),
		TEST(odd_kinds_of_file),
		TEST(linked_state),
		TEST(modes_are_kept),
		TEST(folder_vanishes),
		TEST(folder_replaced),
		TEST(no_serial_is_left),
		TEST(locked_by_another),
		TEST(waits_for_the_lock),
		TEST(folding_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
