/* file size: the log of states, request by request, with what others do in between */
#include "object_store.h"

#define INFO(id) "{\"ID\":\"" id "\",\"Who\":\"" id "@host\",\"Operation\":\"apply\"}"

static const struct backend_lock alice = {"alice", INFO("alice")};
static const struct backend_lock bob = {"bob", INFO("bob")};

/* A log that is closed at the end of its scope, as when a command ends. */
#define LOG(name, store) struct statelog name CLEANUP(statelog_close) = store_log(store)

static void good(bool is_good, struct error *err)
{
	if (!is_good)
		fail_msg("%s", err->message);
}

static void take(struct statelog *log, const struct backend_lock *lock)
{
	struct str info CLEANUP(str_release) = {0};
	struct error err = {0};
	const char *id = NULL;

	good(statelog_check(log, &err) && statelog_lock(log, lock, &id, &info, &err), &err);
	assert_string_equal(id, log->nonce);
}

/* Is this the newest state? `text` NULL: there is none. */
static void holds(struct statelog *log, int64_t serial, const char *text)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct error err = {0};

	good(statelog_read(log, &snapshot, &err), &err);
	assert_int_equal(snapshot.serial, serial);
	assert_int_equal(snapshot.exists, text != NULL);
	if (text)
		assert_string_equal(str_text(&snapshot.bytes), text);
}

static void append(struct statelog *log, int64_t serial, const char *text)
{
	struct str bytes CLEANUP(str_release) = {0};
	struct error err = {0};

	str_text_add(&bytes, text);
	good(statelog_append(log, serial, &bytes, &err), &err);
}

static void release(struct statelog *log)
{
	struct error err = {0};

	good(statelog_release(log, &err), &err);
}

/* A run that writes the states `from` to `to`. */
static void run(struct store *store, int64_t from, int64_t to)
{
	LOG(log, store);
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct error err = {0};

	take(&log, &alice);
	good(statelog_read(&log, &snapshot, &err), &err);
	for (int64_t serial = from; serial <= to; serial++) {
		char text[32];
		(void)snprintf(text, sizeof(text), "state %lld", (long long)serial);
		append(&log, serial, text);
	}
	release(&log);
}

static int open_store(void **state)
{
	*state = mem_alloc(sizeof(struct store));
	return 0;
}

static int close_store(void **state)
{
	store_free(*state);
	mem_free(*state);
	return 0;
}

/* ---- what a command costs ---- */

static size_t apply_costs(struct store *store, int64_t serial)
{
	LOG(log, store);
	struct str intents CLEANUP(str_release) = {0};
	struct backend_intents left CLEANUP(backend_intents_release) = {0};
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct error err = {0};
	size_t before = store->requests;

	str_text_add(&intents, "intents");
	take(&log, &alice);
	good(statelog_read(&log, &snapshot, &err) && statelog_left(&log, &left, &err) &&
			statelog_announce(&log, &intents, &err) && statelog_still_ours(&log, &err),
		&err);
	append(&log, serial, "state");
	release(&log);
	return store->requests - before;
}

static size_t plan_costs(struct store *store)
{
	LOG(log, store);
	struct backend_intents left CLEANUP(backend_intents_release) = {0};
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct error err = {0};
	size_t before = store->requests;

	good(statelog_read(&log, &snapshot, &err) && statelog_left(&log, &left, &err), &err);
	return store->requests - before;
}

static void costs(void **state)
{
	assert_int_equal(plan_costs(*state), 4);
	assert_int_equal(apply_costs(*state, 1), 12);
	for (int64_t serial = 2; serial < 6; serial++) {
		assert_int_equal(apply_costs(*state, serial), 9);
		assert_int_equal(plan_costs(*state), 4);
	}
}

/* ---- states ---- */

static void first_state(void **state)
{
	LOG(log, *state);
	LOG(reader, *state);

	holds(&reader, 0, NULL);
	take(&log, &alice);
	holds(&log, 0, NULL);
	append(&log, 1, "one");
	append(&log, 2, "two");
	release(&log);
	LOG(next, *state);
	holds(&next, 2, "two");
}

/* Two that read the same state, without a lock: one of them is told. */
static void lost_update(void **state)
{
	LOG(a, *state);
	LOG(b, *state);
	struct str bytes CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	run(*state, 1, 1);
	holds(&a, 1, "state 1");
	holds(&b, 1, "state 1");
	append(&a, 2, "of a");
	str_text_add(&bytes, "of b");
	assert_false(statelog_append(&b, 2, &bytes, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	LOG(c, *state);
	holds(&c, 2, "of a");
	assert_int_equal(c.hint.serial, 2); /* without a release */
}

/* A log that another backend's state is moved to starts in the middle. */
static void migrated(void **state)
{
	struct error err = {0};

	run(*state, 7, 8);
	LOG(log, *state);
	holds(&log, 8, "state 8");
	struct backend_versions versions CLEANUP(backend_versions_release) = {0};
	good(statelog_history(&log, &versions, &err), &err);
	assert_int_equal(versions.count, 2);
	assert_non_null(store_find(*state, "p/log/0000000001"));
	/* interrupted between the mark and the state: it can only be that state */
	store_remove(*state, "p/log/0000000007");
	store_remove(*state, "p/log/0000000008");
	store_remove(*state, "p/latest");
	store_remove(*state, "p/probe");
	struct store *store = *state;
	LOG(again, store);
	struct str bytes CLEANUP(str_release) = {0};
	int64_t serial;
	assert_false(statelog_repair(&again, 0, &serial, &err));
	expect_error(&err, "s3://b/p has no state with serial 1");
	again.hint = (struct log_head){.kind = LOG_HINT};
	holds(&again, 0, NULL);
	str_text_add(&bytes, "x");
	assert_false(statelog_append(&again, 1, &bytes, &err));
	expect_text(err.hint, "state migrate");
	expect_error(&err, "s3://b/p continues with the serial 7, not 1");
	append(&again, 7, "seven");
	LOG(reader, store);
	reader.has_looked = true;
	holds(&reader, 7, "seven");
	/* interrupted there, and the old place has a newer state since */
	store_remove(store, "p/log/0000000007");
	store_remove(store, "p/latest");
	{
		LOG(later, store);
		struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
		later.hint = (struct log_head){.kind = LOG_HINT};
		later.has_looked = later.has_hint = later.is_proved = true;
		good(statelog_read(&later, &snapshot, &err), &err);
		assert_int_equal(snapshot.awaited, 7);
		assert_false(statelog_append(&later, 9, &bytes, &err)); /* without a lock */
		expect_error(&err, "s3://b/p continues with the serial 7, not 9");
		take(&later, &alice);
		append(&later, 9, "nine");
		release(&later);
	}
	LOG(last, store);
	holds(&last, 9, "nine");
}

/* ---- the hint ---- */

static void stale_hint(void **state)
{
	struct store *store = *state;
	struct str old CLEANUP(str_release) = {0};

	run(store, 1, 1);
	struct stored *hint = store_find(store, "p/latest");
	str_add(&old, hint->bytes.bytes, hint->bytes.length);
	run(store, 2, 4);
	run(store, 5, 9);
	{
		LOG(log, store);
		struct error err = {0};
		size_t removed = 0;
		take(&log, &alice);
		good(statelog_forget(&log, 2, &removed, &err), &err);
		assert_int_equal(removed, 7); /* 1 to 7 */
		release(&log);
	}
	store_set(store, "p/latest", old.bytes, old.length);
	LOG(log, store);
	holds(&log, 9, "state 9"); /* over the marks of what was removed */
	take(&log, &bob);
	assert_int_equal(log.ours, 5);
	append(&log, 10, "ten");
}

static void lost_hint(void **state)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct store *store = *state;
	struct error err = {0};
	int64_t serial = 0;
	LOG(log, store);

	run(store, 1, 37);
	store_remove(store, "p/latest");
	assert_false(statelog_read(&log, &snapshot, &err));
	expect_text(err.hint, "state repair");
	expect_error(&err, "s3://b/p/latest is missing, but there is a log of states");
	good(statelog_repair(&log, 0, &serial, &err), &err);
	assert_int_equal(serial, 37);
	LOG(next, store);
	holds(&next, 37, "state 37");
	take(&next, &bob);
	assert_int_equal(next.ours, 2);
}

static void damaged_hint(void **state)
{
	static const char *const texts[] = {"", "{}", "{}\n", "<html>\n", "{\"cfprov\":\"hint\"}\n",
		"{\"cfprov\":\"hint\",\"format\":1,\"size\":0}\n",
		("{\"cfprov\":\"probe\",\"format\":1,\"size\":0,\"sha256\":"
		 "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\n")};
	struct store *store = *state;

	run(store, 1, 3);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		LOG(log, store);
		store_set(store, "p/latest", texts[i], strlen(texts[i]));
		assert_false(statelog_read(&log, &snapshot, &err));
		expect_text(err.message, "s3://b/p/latest");
		assert_non_null(err.hint);
	}
}

static void hint_of_nothing(void **state)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct store *store = *state;
	struct error err = {0};
	int64_t serial = 0;
	LOG(log, store);

	run(store, 1, 3);
	store_remove(store, "p/log/0000000003");
	assert_false(statelog_read(&log, &snapshot, &err));
	expect_text(err.hint, "state repair");
	expect_error(&err, "s3://b/p/latest names the state 3, which is missing");
	good(statelog_repair(&log, 2, &serial, &err), &err);
	assert_int_equal(serial, 2);
}

/* ---- objects that are not what they should be ---- */

static void bad_states(void **state)
{
	static const struct {
		const char *find, *put, *error;
	} table[] = {
		{"state 2", "state 22", "is damaged: it has 8 bytes instead of 7"},
		{"state 2", "state", "is damaged: it has 5 bytes instead of 7"},
		{"state 2", "state 3", "is damaged: its bytes do not match their checksum"},
		{"\"serial\":2", "\"serial\":1", "has the serial 1: it was copied or renamed"},
		{"\"cfprov\":\"state\"", "\"cfprov\":\"lock\"", "is not what its name says"},
		{"\"cfprov\":", "\"terraform\":", "was not written by cfprov"},
		{"\"format\":1", "\"format\":2", "was written by a newer version of cfprov"},
		{"\"sha256\"", "\"sha\"", "is damaged: its first line is not valid"},
	};

	struct store *store = *state;

	run(store, 1, 2);
	struct stored *it = store_find(store, "p/log/0000000002");
	char *whole AUTO_FREE = mem_copy_text(it->bytes.bytes);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
		struct str bytes CLEANUP(str_release) = {0};
		struct error err = {0};
		LOG(log, store);
		const char *at = strstr(whole, table[i].find);
		assert_non_null(at);
		str_add(&bytes, whole, (size_t)(at - whole));
		str_format(&bytes, "%s%s", table[i].put, at + strlen(table[i].find));
		store_set(store, "p/log/0000000002", bytes.bytes, bytes.length);
		assert_false(statelog_read(&log, &snapshot, &err));
		expect_text(err.message, "s3://b/p/log/0000000002");
		if (strstr(table[i].error, "is damaged"))
			expect_text(err.hint, "Restore this object from the bucket's versions");
		if (strstr(table[i].error, "bytes"))
			expect_text(err.hint, "delete it and run `cfprov state repair -serial=1`");
		assert_non_null(err.hint);
		if (strstr(table[i].error, "newer version"))
			expect_text(err.hint, "Use the version that wrote it, or a later one.");
		expect_error(&err, table[i].error);
	}
}

/* A search for the newest would start again from the serial that a copy claims. */
static void copied_states(void **state)
{
	struct store *store = *state;
	struct backend_versions versions CLEANUP(backend_versions_release) = {0};
	struct error err = {0};

	run(store, 1, 2);
	const struct stored *first = store_find(store, "p/log/0000000001");
	store_set(store, "p/log/0000000003", first->bytes.bytes, first->bytes.length);
	LOG(log, store);
	assert_false(statelog_history(&log, &versions, &err));
	expect_error(&err, "s3://b/p/log/0000000003 has the serial 1: it was copied or renamed");
}

/* However much of a state is there. */
static void cut_states(void **state)
{
	struct store *store = *state;

	run(store, 1, 1);
	struct stored *it = store_find(store, "p/log/0000000001");
	char *whole AUTO_FREE = mem_copy_text(it->bytes.bytes);
	for (size_t length = 0; length < strlen(whole); length++) {
		struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
		struct error err = {0};
		LOG(log, store);
		store_set(store, "p/log/0000000001", whole, length);
		assert_false(statelog_read(&log, &snapshot, &err));
		assert_false(snapshot.exists);
		expect_error(&err, "s3://b/p/log/0000000001 ");
	}
}

static void ignored_conditions(void **state)
{
	struct store *store = *state;
	struct error err = {0};
	LOG(log, store);

	store->ignores_conditions = true;
	assert_false(statelog_check(&log, &err));
	expect_text(err.hint, "Cloudflare R2");
	expect_error(&err, "https://fake ignores conditions");
	assert_null(store_find(store, "p/latest"));
}

/* A bucket that was copied to a server that ignores conditions is noticed: it has another name. */
static void copied_bucket(void **state)
{
	struct store *store = *state;
	struct error err = {0};

	run(store, 1, 1);
	LOG(log, store);
	log.origin = "https://elsewhere";
	size_t before = store->requests;
	good(statelog_check(&log, &err), &err);
	assert_int_equal(store->requests - before, 2); /* the hint, the probe */
	store->ignores_conditions = true;
	LOG(third, store);
	third.origin = "https://third";
	assert_false(statelog_check(&third, &err));
	expect_error(&err, "https://third ignores conditions");
}

/* ---- locks ---- */

static void busy(void **state)
{
	struct store *store = *state;
	struct str info CLEANUP(str_release) = {0};
	struct error err = {0};
	const char *id;
	LOG(a, store);
	LOG(b, store);

	take(&a, &alice);
	for (int i = 0; i < 2; i++) { /* the second look costs one request */
		size_t before = store->requests;
		str_clear(&info);
		assert_false(statelog_lock(&b, &bob, &id, &info, &err));
		assert_int_equal(err.code, ERROR_BUSY);
		error_release(&err);
		assert_string_equal(str_text(&info), alice.info);
		if (i)
			assert_int_equal(store->requests - before, 1);
	}
	release(&a);
	take(&b, &bob);
	assert_int_equal(b.ours, 2);
	LOG(c, store);
	str_clear(&info);
	good(statelog_find_holder(&c, &info, &err), &err);
	assert_string_equal(str_text(&info), bob.info);
	release(&b);
	LOG(d, store);
	str_clear(&info);
	good(statelog_find_holder(&d, &info, &err), &err);
	assert_int_equal(info.length, 0);
}

/* The same machine resumes the lock of its dead process; not if it was broken meanwhile. */
static void resumed(void **state)
{
	struct store *store = *state;
	const struct backend_lock resume = {"alice", INFO("alice, a moment later")};
	LOG(dead, store);

	take(&dead, &alice);
	{
		LOG(again, store);
		take(&again, &resume);
		assert_int_equal(again.ours, 1);
		assert_string_equal(again.nonce, "alice");
		release(&again);
	}
	LOG(late, store);
	take(&late, &resume);
	assert_int_equal(late.ours, 2);
	/* and the same process, which does not know whether it has it */
	struct str info CLEANUP(str_release) = {0};
	struct error err = {0};
	late.ours = 0;
	good(statelog_force_unlock(&late, "2", &info, &err), &err);
	late.epoch = 1;
	take(&late, &resume);
	assert_int_equal(late.ours, 3);
}

static void unlock(struct store *store, const char *id, const char *error)
{
	struct str info CLEANUP(str_release) = {0};
	struct error err = {0};
	LOG(log, store);

	bool is_broken = statelog_force_unlock(&log, id, &info, &err);
	assert_int_equal(is_broken, error == NULL);
	if (!error)
		return;
	assert_int_equal(err.code, ERROR_ABSENT);
	expect_error(&err, error);
}

/* A writer without the lock, whose state comes after the intents of a run, has not seen them. */
static void written_without_the_lock(void **state)
{
	struct store *store = *state;
	struct backend_intents left CLEANUP(backend_intents_release) = {0};
	struct backend_intents then CLEANUP(backend_intents_release) = {0};
	struct str text CLEANUP(str_release) = {0};
	struct error err = {0};

	run(store, 1, 1);
	LOG(dead, store);
	take(&dead, &alice);
	holds(&dead, 1, "state 1");
	str_text_add(&text, "what alice wanted");
	good(statelog_announce(&dead, &text, &err), &err);
	LOG(other, store);
	holds(&other, 1, "state 1");
	good(statelog_left(&other, &left, &err), &err);
	assert_int_equal(left.count, 0);
	append(&other, 2, "without the lock");
	unlock(store, "2", NULL);
	LOG(next, store);
	take(&next, &bob);
	holds(&next, 2, "without the lock");
	good(statelog_left(&next, &then, &err), &err);
	assert_int_equal(then.count, 1);
	assert_true(then.items[0].is_unseen);
}

static void broken(void **state)
{
	struct store *store = *state;
	struct str text CLEANUP(str_release) = {0};
	struct error err = {0};
	LOG(dead, store);

	unlock(store, "alice", "s3://b/p is not locked");
	take(&dead, &alice);
	holds(&dead, 0, NULL);
	str_text_add(&text, "what alice wanted");
	good(statelog_announce(&dead, &text, &err) && statelog_still_ours(&dead, &err), &err);
	unlock(store, "bob", "s3://b/p is locked, but not with this ID");
	unlock(store, "2", "s3://b/p is locked, but not with this ID");
	unlock(store, "1", NULL);
	unlock(store, "alice", "s3://b/p is not locked");
	/* the fence */
	assert_false(statelog_still_ours(&dead, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	expect_error(&err, "the lock of s3://b/p was broken");
	/* its intents are left, for readers and for the next run, until a state has them */
	for (int i = 0; i < 3; i++) {
		LOG(log, store);
		struct backend_intents left CLEANUP(backend_intents_release) = {0};
		if (i)
			take(&log, &bob);
		holds(&log, 0, NULL);
		good(statelog_left(&log, &left, &err), &err);
		assert_int_equal(left.count, 1);
		assert_string_equal(str_text(&left.items[0].bytes), "what alice wanted");
		assert_string_equal(left.items[0].name, "lock/0000000001.intents");
		assert_false(left.items[0].is_unseen);
		if (i == 2)
			append(&log, 1, "with what alice did");
		release(&log);
	}
	LOG(log, store);
	struct backend_intents left CLEANUP(backend_intents_release) = {0};
	holds(&log, 1, "with what alice did");
	good(statelog_left(&log, &left, &err), &err);
	assert_int_equal(left.count, 0);
	/* alice was only asleep: she can't overwrite that */
	assert_false(statelog_append(&dead, 1, &text, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	release(&dead); /* and releasing what was broken is no error */
}

static void expect_left(struct statelog *log, size_t count, bool is_unseen)
{
	struct backend_intents left CLEANUP(backend_intents_release) = {0};
	struct error err = {0};

	good(statelog_left(log, &left, &err), &err);
	assert_int_equal(left.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(left.items[i].is_unseen, is_unseen);
}

/* Takes the lock and announces intents. The state is not written. */
static void announce(struct statelog *log, const struct backend_lock *lock)
{
	struct str text CLEANUP(str_release) = {0};
	struct error err = {0};

	str_format(&text, "what %s wanted", lock->id);
	take(log, lock);
	good(statelog_announce(log, &text, &err), &err);
}

/*
 * Whoever finds its lock broken moves the hint past it, and has no other place to say that its
 * intents are left.
 */
static void broken_and_released(void **state)
{
	struct store *store = *state;
	LOG(dead, store);

	announce(&dead, &alice);
	unlock(store, "1", NULL);
	release(&dead);
	LOG(next, store);
	holds(&next, 0, NULL);
	assert_int_equal(next.hint.epoch, 1);
	expect_left(&next, 1, false);
}

/* What was announced before the state of the same run is in that state's past. */
static void broken_after_the_state(void **state)
{
	struct store *store = *state;
	LOG(dead, store);

	announce(&dead, &alice);
	holds(&dead, 0, NULL);
	append(&dead, 1, "of alice");
	unlock(store, "1", NULL);
	LOG(next, store);
	holds(&next, 1, "of alice");
	expect_left(&next, 1, false);
}

/* The intents of a process that ended are replaced when its lock is resumed, even by none. */
static void resumed_without_intents(void **state)
{
	struct store *store = *state;
	struct str none CLEANUP(str_release) = {0};
	struct error err = {0};
	LOG(dead, store);

	announce(&dead, &alice);
	LOG(again, store);
	take(&again, &alice);
	assert_int_equal(again.ours, 1);
	good(statelog_announce(&again, &none, &err), &err);
	unlock(store, "1", NULL);
	LOG(next, store);
	holds(&next, 0, NULL);
	expect_left(&next, 0, false);
}

/* Asking for a lock with the very same info finds it: that it is ours does not say that it is held.
 */
static void resumed_too_late(void **state)
{
	struct store *store = *state;
	LOG(dead, store);

	take(&dead, &alice);
	unlock(store, "1", NULL);
	LOG(again, store);
	take(&again, &alice);
	assert_int_equal(again.ours, 2);
}

/* A process that ended had the same nonce, and the server did its write after all. */
static void late_write(void **state)
{
	struct store *store = *state;
	struct str bytes CLEANUP(str_release) = {0};
	struct error err = {0};
	LOG(dead, store);

	take(&dead, &alice);
	holds(&dead, 0, NULL);
	LOG(again, store);
	take(&again, &alice);
	holds(&again, 0, NULL);
	append(&dead, 1, "of the dead");
	str_text_add(&bytes, "of the living");
	assert_false(statelog_append(&again, 1, &bytes, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	LOG(reader, store);
	holds(&reader, 1, "of the dead");
}

/* More than the hint has room for: those that it lacks are walked over again. */
static void many_broken(void **state)
{
	struct store *store = *state;
	size_t count = LOG_LEFT_LIMIT + 3;

	for (size_t i = 0; i < count; i++) {
		char epoch[24];
		LOG(dead, store);
		announce(&dead, &alice);
		(void)snprintf(epoch, sizeof(epoch), "%zu", i + 1);
		unlock(store, epoch, NULL);
		release(&dead);
	}
	LOG(next, store);
	holds(&next, 0, NULL);
	assert_int_equal(next.hint.left_count, LOG_LEFT_LIMIT);
	expect_left(&next, count, false);
}

/* Without an ID in its info, only the epoch names a lock. */
static void lock_without_an_id(void **state)
{
	static const struct backend_lock nameless = {"nameless", "{\"Who\":\"somebody\"}"};
	struct store *store = *state;
	LOG(log, store);

	take(&log, &nameless);
	unlock(store, "alice", "s3://b/p is locked, but not with this ID");
	unlock(store, "1", NULL);
}

/* A mark that leads back to itself would be followed for ever. */
static void mark_in_a_circle(void **state)
{
	struct store *store = *state;
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct log_head mark = {.kind = LOG_REMOVED, .serial = 1, .nonce = "alice"};
	struct str bytes CLEANUP(str_release) = {0};
	struct error err = {0};

	run(store, 1, 1);
	log_object_encode(&mark, &bytes);
	store_set(store, "p/log/0000000001", bytes.bytes, bytes.length);
	LOG(log, store);
	assert_false(statelog_read(&log, &snapshot, &err));
	expect_error(&err, "s3://b/p/log/0000000001 is not what its name says");
}

/* An answer that never comes is no success, and the fence does not wait for one. */
static void no_answers(void **state)
{
	struct store *store = *state;
	struct str text CLEANUP(str_release) = {0};
	struct error err = {0};
	LOG(log, store);

	take(&log, &alice);
	str_text_add(&text, "intents");
	store->faults = 1000; /* each answer is lost */
	assert_false(statelog_announce(&log, &text, &err));
	error_release(&err);
	size_t before = store->requests;
	assert_false(statelog_still_ours(&log, &err));
	assert_int_not_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	assert_int_equal(store->requests - before, 1);
}

/* ---- the past ---- */

static void history(void **state)
{
	struct store *store = *state;
	struct str bytes CLEANUP(str_release) = {0}, gone CLEANUP(str_release) = {0};
	struct error err = {0};
	size_t removed = 0;

	run(store, 1, 20);
	LOG(log, store);
	struct backend_versions all CLEANUP(backend_versions_release) = {0};
	good(statelog_history(&log, &all, &err), &err);
	assert_int_equal(all.count, 20);
	assert_int_equal(all.items[0].serial, 20);
	assert_int_equal(all.items[19].serial, 1);
	assert_int_equal(all.items[0].size_bytes, strlen("state 20"));
	assert_string_equal(all.items[0].who, "alice@host");
	assert_string_equal(all.items[0].operation, "apply");
	good(statelog_read_old(&log, 3, &bytes, &err), &err);
	assert_string_equal(str_text(&bytes), "state 3");
	good(statelog_forget(&log, 100, &removed, &err), &err);
	assert_int_equal(removed, 0);
	good(statelog_forget(&log, 5, &removed, &err), &err);
	assert_int_equal(removed, 15);
	good(statelog_forget(&log, 0, &removed, &err), &err); /* the newest stays */
	assert_int_equal(removed, 4);
	assert_false(statelog_read_old(&log, 3, &gone, &err));
	assert_int_equal(err.code, ERROR_ABSENT);
	expect_error(&err, "s3://b/p does not have the state with serial 3");
	LOG(next, store);
	struct backend_versions kept CLEANUP(backend_versions_release) = {0};
	good(statelog_history(&next, &kept, &err), &err);
	assert_int_equal(kept.count, 1);
	holds(&next, 20, "state 20");
	/* every key is still taken */
	append(&next, 21, "state 21");
	LOG(sleeper, store);
	struct str late CLEANUP(str_release) = {0};
	str_text_add(&late, "late");
	sleeper.is_read = sleeper.has_looked = true;
	sleeper.newest = 4;
	assert_false(statelog_append(&sleeper, 5, &late, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
}

/* `from` once more as `to`, with the greatest serial and epoch in its head. */
static void forge(struct store *store, const char *from, const char *to)
{
	const struct stored *it = store_find(store, from);
	char *line AUTO_FREE = mem_copy_text(str_text(&it->bytes));
	struct str forged CLEANUP(str_release) = {0};

	for (char *at = line; *at; at++) {
		size_t skip = strncmp(at, "\"serial\":", 9) == 0  ? 9
			      : strncmp(at, "\"epoch\":", 8) == 0 ? 8
								  : 0;
		str_add(&forged, at, skip ? skip : 1);
		if (!skip)
			continue;
		str_text_add(&forged, "9007199254740991");
		at += skip - 1 + strspn(at + skip, "0123456789");
	}
	store_set(store, to, forged.bytes, forged.length);
}

/* It would overwrite and delete for ever. */
static void forged_serial(void **state)
{
	struct store *store = *state;
	struct error err = {0};
	int64_t serial = 0;
	size_t removed = 0;

	run(store, 1, 20);
	forge(store, "p/log/0000000020", "p/log/9007199254740991");
	forge(store, "p/latest", "p/latest");
	LOG(log, store);
	assert_false(statelog_forget(&log, 1, &removed, &err));
	expect_text(err.hint, "`cfprov state repair -serial=N`");
	expect_error(&err, "s3://b/p/log/9007199254740983 is missing, and newer states exist");
	assert_int_equal(removed, 0);
	good(statelog_repair(&log, 1, &serial, &err), &err);
	assert_int_equal(serial, 20);
	good(statelog_forget(&log, 1, &removed, &err), &err);
	assert_int_equal(removed, 19);
}

static void forged_epoch(void **state)
{
	struct store *store = *state;
	struct error err = {0};
	size_t removed = 0;

	run(store, 1, 3);
	forge(store, "p/log/0000000003", "p/log/0000000003");
	memcpy(strstr(store_find(store, "p/log/0000000003")->bytes.bytes, "9007199254740991"),
		"3               ", 16); /* the serial is its own */
	LOG(log, store);
	good(statelog_forget(&log, 1, &removed, &err), &err);
	assert_int_equal(removed, 2);
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(costs),
		test(first_state),
		test(lost_update),
		test(migrated),
		test(stale_hint),
		test(lost_hint),
		test(damaged_hint),
		test(hint_of_nothing),
		test(bad_states),
		test(copied_states),
		test(cut_states),
		test(ignored_conditions),
		test(copied_bucket),
		test(busy),
		test(resumed),
		test(written_without_the_lock),
		test(broken),
		test(broken_and_released),
		test(broken_after_the_state),
		test(resumed_without_intents),
		test(resumed_too_late),
		test(late_write),
		test(many_broken),
		test(lock_without_an_id),
		test(mark_in_a_circle),
		test(no_answers),
		test(history),
		test(forged_serial),
		test(forged_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
