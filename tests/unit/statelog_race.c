/*
 * Many writers of one log, whose requests are mixed in an order that a seed decides, on a store
 * that loses answers, delays writes and refuses. Some writers are killed, some sleep while their
 * lock is broken, and old states are removed meanwhile. Then: every accepted state is in the log,
 * each was made from the one before, and no two writers had the lock.
 *
 * STATELOG_SEEDS=1000 tries more seeds, STATELOG_SEED=7 only that one.
 */
#include "object_store.h"

#include <pthread.h>

enum { WRITERS = 7, ROUNDS = 5, SERIALS = WRITERS * ROUNDS * 4 };

struct writer {
	struct race *race;
	int number;
	pthread_t thread;
	pthread_cond_t turn;
	bool is_done;
	bool is_killed;  /* no request of it gets through any more */
	int64_t holding; /* an epoch */
	bool is_broken;  /* by somebody else */
	int fate;        /* requests until it is killed or falls asleep; 0: neither */
	int sleep;       /* turns that it misses */
};

struct race {
	uint64_t seed;
	pthread_mutex_t lock;
	struct store store;
	struct writer writers[WRITERS];
	int current;
	char *states[SERIALS]; /* as they were created */
	int created, accepted, conflicts, broken, killed, removed;
};

static _Thread_local struct writer *self;

/* cmocka can't end a test from another thread. */
#define die(race, ...)                                                                             \
	do {                                                                                       \
		print_error("seed %llu: ", (unsigned long long)(race)->seed);                      \
		print_error(__VA_ARGS__);                                                          \
		print_error("\n");                                                                 \
		abort();                                                                           \
	} while (0)

/* Passes the turn to whoever the seed says, and waits for the next one of this writer. */
static void yield(struct writer *writer)
{
	struct race *race = writer->race;
	int ready[WRITERS], count = 0;

	while (!count) {
		for (int i = 0; i < WRITERS; i++) {
			struct writer *it = &race->writers[i];
			if (it->is_done)
				continue;
			if (it->sleep)
				it->sleep--;
			else
				ready[count++] = i;
		}
		bool is_over = true;
		for (int i = 0; i < WRITERS; i++)
			is_over &= race->writers[i].is_done;
		if (is_over)
			return;
	}
	race->current = ready[store_random(&race->store, (uint32_t)count)];
	pthread_cond_signal(&race->writers[race->current].turn);
	while (!writer->is_done && race->current != writer->number)
		pthread_cond_wait(&writer->turn, &race->lock);
}

/* Before each request: another's turn, and perhaps the end. */
static bool before(void *context)
{
	struct race *race = context;

	yield(self);
	store_settle(&race->store, 100);
	if (self->fate && --self->fate == 0) {
		if (store_random(&race->store, 2)) {
			self->is_killed = true;
			race->killed++;
		} else {
			self->sleep = 400;
			yield(self);
		}
	}
	return !self->is_killed;
}

static void created(void *context, const char *key, const struct str *bytes)
{
	struct race *race = context;
	long serial = strncmp(key, "p/log/", 6) == 0 ? strtol(key + 6, NULL, 10) : 0;

	if (!serial)
		return;
	if (serial >= SERIALS)
		die(race, "too many states");
	if (race->states[serial])
		die(race, "serial %ld was created twice", serial);
	race->states[serial] = mem_copy_text(strchr(bytes->bytes, '\n') + 1);
	race->created++;
}

static void note_lock(struct writer *writer, const struct statelog *log)
{
	struct race *race = writer->race;

	for (int i = 0; i < WRITERS; i++) {
		const struct writer *it = &race->writers[i];
		if (it != writer && it->holding && !it->is_broken)
			die(race, "writers %d (epoch %lld) and %d (epoch %lld) have the lock", i,
				(long long)it->holding, writer->number, (long long)log->ours);
	}
	writer->holding = log->ours;
	writer->is_broken = false;
}

/* Breaks a lock whose holder is dead or asleep, as its user would. */
static void break_lock(struct writer *writer, struct statelog *log)
{
	struct race *race = writer->race;

	for (int i = 0; i < WRITERS; i++) {
		struct writer *it = &race->writers[i];
		struct error ignored CLEANUP(error_release) = {0};
		struct str info CLEANUP(str_release) = {0};
		char epoch[32];
		if (it == writer || it->holding != log->held || (!it->is_killed && !it->sleep))
			continue;
		(void)snprintf(epoch, sizeof(epoch), "%lld", (long long)log->held);
		it->is_broken = true;
		race->broken++;
		if (statelog_force_unlock(log, epoch, &info, &ignored))
			return;
	}
}

static bool get_lock(struct writer *writer, struct statelog *log, int round)
{
	char id[CRYPT_UUID_SIZE], info[128];
	const char *got;

	crypt_uuid(id);
	(void)snprintf(info, sizeof(info),
		"{\"ID\":\"%s\",\"Who\":\"writer %d\",\"Operation\":\"%d\"}", id, writer->number,
		round);
	const struct backend_lock lock = {id, info};
	for (int i = 0; i < 400 && !writer->is_killed; i++) {
		struct error err CLEANUP(error_release) = {0};
		struct str holder CLEANUP(str_release) = {0};
		if (statelog_lock(log, &lock, &got, &holder, &err)) {
			note_lock(writer, log);
			return true;
		}
		if (err.code == ERROR_BUSY && i % 8 == 7)
			break_lock(writer, log);
	}
	return false;
}

/* The state is "W.R after <the first line of the one before>". */
static void append(struct writer *writer, struct statelog *log, int round)
{
	struct race *race = writer->race;
	struct backend_snapshot snapshot = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};

	if (!statelog_read(log, &snapshot, &err)) {
		backend_snapshot_release(&snapshot);
		return;
	}
	if (store_random(&race->store, 12) == 0) { /* long enough to lose the lock */
		writer->sleep = 400;
		yield(writer);
	}
	int64_t serial = snapshot.serial + 1;
	int before_length = (int)strcspn(str_text(&snapshot.bytes), " ");
	str_format(&bytes, "%d.%d after %.*s", writer->number, round, before_length,
		str_text(&snapshot.bytes));
	backend_snapshot_release(&snapshot);
	bool is_accepted = false;
	for (int i = 0; i < 3 && !is_accepted && !writer->is_killed; i++) {
		error_release(&err);
		is_accepted = statelog_append(log, serial, &bytes, &err);
		if (!is_accepted && err.code == ERROR_CONFLICT) {
			race->conflicts++;
			/* A late write of a run whose lock was broken counts, too. */
			if (!race->broken)
				die(race, "conflict without a broken lock: %s", err.message);
			return;
		}
	}
	if (!is_accepted)
		return;
	race->accepted++;
	if (!race->states[serial] || strcmp(race->states[serial], str_text(&bytes)) != 0)
		die(race, "accepted, but not in the log: %s", str_text(&bytes));
}

static void one_round(struct writer *writer, int round)
{
	struct race *race = writer->race;
	struct statelog log = store_log(&race->store);
	struct error err CLEANUP(error_release) = {0};
	size_t removed = 0;

	if (statelog_check(&log, &err) && get_lock(writer, &log, round)) {
		append(writer, &log, round);
		if (!writer->is_killed && store_random(&race->store, 4) == 0 &&
			statelog_forget(&log, 2, &removed, &err))
			race->removed += (int)removed;
		if (!writer->is_killed) {
			writer->holding = 0;
			error_release(&err);
			if (!statelog_release(&log, &err)) { /* or it will be, by a late write */
				writer->is_killed = writer->is_broken = true;
				writer->holding = log.ours;
			}
		}
	} else if (err.message && err.code != ERROR_INTERRUPTED && !strstr(err.message, "reset") &&
		   !strstr(err.message, "HTTP")) {
		die(race, "writer %d: %s", writer->number, err.message);
	}
	statelog_close(&log);
}

static void *run(void *context)
{
	struct writer *writer = self = context;
	struct race *race = writer->race;

	pthread_mutex_lock(&race->lock);
	while (race->current != writer->number)
		pthread_cond_wait(&writer->turn, &race->lock);
	for (int round = 0; round < ROUNDS && !writer->is_killed; round++)
		one_round(writer, round);
	writer->is_done = true;
	yield(writer);
	pthread_mutex_unlock(&race->lock);
	return NULL;
}

/* The whole log, from what was created and from what a reader finds afterwards. */
static void check_chain(struct race *race)
{
	struct statelog log = store_log(&race->store);
	struct backend_snapshot snapshot = {0};
	struct error err = {0};
	int64_t newest = 0;

	race->store.faults = 0;
	race->store.before = NULL;
	for (int i = 1; i < SERIALS && race->states[i]; i++, newest++) {
		const char *after = strstr(race->states[i], "after ") + 6;
		const char *previous = i > 1 ? race->states[i - 1] : "";
		size_t length = strcspn(previous, " ");
		if (strncmp(after, previous, length) != 0 || after[length])
			die(race, "serial %d is \"%s\", but the one before is \"%s\"", i,
				race->states[i], previous);
	}
	if (newest != race->created)
		die(race, "%d states were created, but the chain ends at %lld", race->created,
			(long long)newest);
	if (!statelog_read(&log, &snapshot, &err))
		die(race, "%s", err.message);
	if (snapshot.serial != newest) {
		for (size_t i = 0; i < race->store.count; i++)
			print_error("%s %.150s\n", race->store.objects[i].key,
				race->store.objects[i].bytes.bytes);
		die(race, "%lld is read of %lld", (long long)snapshot.serial, (long long)newest);
	}
	if (newest)
		assert_string_equal(str_text(&snapshot.bytes), race->states[newest]);
	backend_snapshot_release(&snapshot);
	statelog_close(&log);
	/* And if the hint is lost. */
	store_remove(&race->store, "p/latest");
	struct statelog lost = store_log(&race->store);
	int64_t serial = 0;
	if (newest) {
		if (!statelog_repair(&lost, 0, &serial, &err))
			die(race, "%s", err.message);
		assert_int_equal(serial, newest);
	}
	statelog_close(&lost);
}

static void run_race(uint64_t seed, struct race *total)
{
	struct race *race = mem_alloc(sizeof(*race));

	race->seed = seed;
	race->store = (struct store){.random = seed * 2654435761u + 1,
		.faults = (int)(seed % 3) * 15,
		.before = before,
		.created = created,
		.context = race};
	pthread_mutex_init(&race->lock, NULL);
	race->current = -1;
	for (int i = 0; i < WRITERS; i++) {
		struct writer *writer = &race->writers[i];
		*writer = (struct writer){.race = race, .number = i};
		if (i % 2)
			writer->fate = 1 + (int)store_random(&race->store, 80);
		pthread_cond_init(&writer->turn, NULL);
		assert_int_equal(pthread_create(&writer->thread, NULL, run, writer), 0);
	}
	pthread_mutex_lock(&race->lock);
	race->current = 0;
	pthread_cond_signal(&race->writers[0].turn);
	pthread_mutex_unlock(&race->lock);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(race->writers[i].thread, NULL);
		pthread_cond_destroy(&race->writers[i].turn);
	}
	pthread_mutex_destroy(&race->lock);
	check_chain(race);
	total->created += race->created;
	total->accepted += race->accepted;
	total->conflicts += race->conflicts;
	total->broken += race->broken;
	total->killed += race->killed;
	total->removed += race->removed;
	total->store.requests += race->store.requests;
	for (int i = 0; i < SERIALS; i++)
		mem_free(race->states[i]);
	store_free(&race->store);
	mem_free(race);
}

static void races(void **state)
{
	const char *one = getenv("STATELOG_SEED"), *many = getenv("STATELOG_SEEDS");
	uint64_t first = one ? strtoull(one, NULL, 10) : 1;
	uint64_t last = one ? first : many ? strtoull(many, NULL, 10) : 60;
	struct race *total = mem_alloc(sizeof(*total));

	(void)state;
	for (uint64_t seed = first; seed <= last; seed++) {
		if (one || many)
			print_message("seed %llu\n", (unsigned long long)seed);
		run_race(seed, total);
	}
	print_message("%d accepted of %d states, %d conflicts, %d locks broken, %d writers killed, "
		      "%d states removed, %zu requests\n",
		total->accepted, total->created, total->conflicts, total->broken, total->killed,
		total->removed, total->store.requests);
	assert_true(total->accepted > 0);
	if (!one) { /* or else the test tests nothing */
		assert_true(total->conflicts > 0);
		assert_true(total->broken > 0);
		assert_true(total->killed > 0);
		assert_true(total->removed > 0);
	}
	mem_free(total);
}

/*
 * R2 takes one write a second and key, and says 429 to all others: then whoever is second finds out
 * by a look, and not after many attempts.
 */
static void throttled(void **state)
{
	static const struct backend_lock alice = {"alice", "{\"ID\":\"alice\"}"};
	static const struct backend_lock bob = {"bob", "{\"ID\":\"bob\"}"};
	struct store store = {0};
	struct statelog first CLEANUP(statelog_close) = store_log(&store);
	struct statelog second CLEANUP(statelog_close) = store_log(&store);
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct str info CLEANUP(str_release) = {0}, bytes CLEANUP(str_release) = {0};
	struct error err = {0};
	const char *id;

	(void)state;
	assert_true(statelog_check(&first, &err));
	assert_true(statelog_lock(&first, &alice, &id, &info, &err));
	store.throttles = true;
	size_t before = store.requests;
	assert_false(statelog_lock(&second, &bob, &id, &info, &err));
	assert_int_equal(err.code, ERROR_BUSY);
	assert_string_equal(str_text(&info), alice.info);
	assert_true(store.requests - before < 8);
	error_release(&err);

	str_text_add(&bytes, "one");
	assert_true(statelog_read(&first, &snapshot, &err));
	assert_true(statelog_read(&second, &snapshot, &err));
	assert_true(statelog_append(&first, 1, &bytes, &err));
	assert_false(statelog_append(&second, 1, &bytes, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	error_release(&err);
	store_free(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(throttled),
		cmocka_unit_test(races),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
