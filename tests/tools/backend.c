/*
 * A backend by hand, for tests/state: opens the one that the environment describes and carries out
 * the arguments in their order, each with its own argument, if it has one.
 *
 *     read            "state BYTES", or "no state"
 *     check
 *     lock ID         "locked ID", or "busy: INFO"
 *     holder          "held: INFO", or "nobody"
 *     ours            "ours"
 *     announce TEXT
 *     left            "left TEXT" for each
 *     serial N        of the next append; `read` and `append` say it, too
 *     append TEXT     "written"
 *     append-line     the same with a line of stdin
 *     fill N          the same with N bytes
 *     release         "released"
 *     unlock ID       "unlocked", or "another: INFO"
 *     history         "serial N" for each
 *     old N           "state BYTES"
 *     keep N          "removed N"
 *     repair N        "repaired N": the newest serial
 *     wait            for a line on stdin
 *     clock           "clock right", if the server's is a minute off at most
 *     count           "requests N": all attempts so far
 *
 * With KILL_AT=N it kills itself when it has sent a request or got an answer for the Nth time.
 *
 * The first that fails ends it, with the status 1 and "error CODE: MESSAGE" and "hint: HINT". The
 * environment: KIND (http, s3, local), and ADDRESS, LOCK_ADDRESS, UNLOCK_ADDRESS, UPDATE_METHOD,
 * LOCK_METHOD, UNLOCK_METHOD, USERNAME, PASSWORD; BUCKET, PREFIX, ENDPOINT, REGION (or us-east-1),
 * and AWS's variables for credentials; STATE, a path.
 */
#include "state/backend.h"
#include "state/lock_info.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t requests;
static int64_t next_serial = 1; /* of append */

static void on_event(void *context, const struct event *event)
{
	static long steps;
	const char *last = getenv("KILL_AT");

	(void)context;
	if (event->type == EVENT_REQUEST)
		requests++;
	if (event->type == EVENT_REQUEST || event->type == EVENT_ANSWER)
		steps++;
	if (last && steps == strtol(last, NULL, 10))
		(void)raise(SIGKILL);
	if (event->type == EVENT_RETRY)
		fprintf(stderr, "retry after %s\n", event->text);
	if (event->type == EVENT_WARNING)
		fprintf(stderr, "warning: %s\n", event->text ? event->text : event->err->message);
}

static void read_secret(struct secret *secret, const char *variable)
{
	const char *text = getenv(variable);

	if (text)
		secret_copy(secret, text, strlen(text));
}

static enum location_kind kind_of(const char *name)
{
	if (strcmp(name, "http") == 0)
		return LOCATION_HTTP;
	return strcmp(name, "s3") == 0 ? LOCATION_S3 : LOCATION_LOCAL;
}

static void print(const char *word, const struct str *text)
{
	printf("%s %s\n", word, str_text(text));
}

static bool do_read(struct backend *backend, struct error *err)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};

	if (!backend_read(backend, &snapshot, err))
		return false;
	if (!snapshot.exists)
		puts("no state");
	else if (backend_is_log(backend))
		printf("state %" PRId64 " %s\n", snapshot.serial, str_text(&snapshot.bytes));
	else
		print("state", &snapshot.bytes);
	next_serial = snapshot.serial + 1;
	return true;
}

static bool do_lock(struct backend *backend, const char *id, struct error *err)
{
	struct str info CLEANUP(str_release) = {0}, held CLEANUP(str_release) = {0};
	const char *ours;

	lock_info_encode(id, "test", backend->name, &info);
	struct backend_lock lock = {.id = id, .info = str_text(&info)};
	if (backend_lock(backend, &lock, &ours, &held, err)) {
		printf("locked %s\n", ours ? ours : "nothing");
		return true;
	}
	if (held.length)
		print("busy:", &held);
	return false;
}

static bool do_left(struct backend *backend, struct error *err)
{
	struct backend_intents left CLEANUP(backend_intents_release) = {0};

	if (!backend_left(backend, &left, err))
		return false;
	for (size_t i = 0; i < left.count; i++)
		print("left", &left.items[i].bytes);
	return true;
}

static bool do_unlock(struct backend *backend, const char *id, struct error *err)
{
	struct str held CLEANUP(str_release) = {0};

	if (backend_force_unlock(backend, id, &held, err)) {
		puts("unlocked");
		return true;
	}
	if (held.length)
		print("another:", &held);
	return false;
}

static bool do_history(struct backend *backend, struct error *err)
{
	struct backend_versions versions CLEANUP(backend_versions_release) = {0};

	if (!backend_history(backend, &versions, err))
		return false;
	for (size_t i = 0; i < versions.count; i++)
		printf("serial %" PRId64 "\n", versions.items[i].serial);
	return true;
}

static bool do_old(struct backend *backend, int64_t serial, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	if (!backend_read_old(backend, serial, &bytes, err))
		return false;
	print("state", &bytes);
	return true;
}

static bool do_keep(struct backend *backend, int64_t keep, struct error *err)
{
	size_t removed = 0;

	return backend_forget(backend, keep, &removed, err) && printf("removed %zu\n", removed) > 0;
}

static bool do_repair(struct backend *backend, int64_t serial, struct error *err)
{
	int64_t newest = 0;

	return backend_repair(backend, serial, &newest, err) &&
	       printf("repaired %" PRId64 "\n", newest) > 0;
}

static bool do_append(struct backend *backend, const struct str *bytes, struct error *err)
{
	if (!backend_append(backend, next_serial, bytes, err))
		return false;
	next_serial++;
	return puts("written") >= 0;
}

static bool do_with(
	struct backend *backend, const char *word, const char *argument, struct error *err)
{
	struct str text CLEANUP(str_release) = {0};

	const int64_t number = strtoll(argument, NULL, 10);

	str_text_add(&text, argument);
	if (strcmp(word, "old") == 0)
		return do_old(backend, number, err);
	if (strcmp(word, "keep") == 0)
		return do_keep(backend, number, err);
	if (strcmp(word, "repair") == 0)
		return do_repair(backend, number, err);
	if (strcmp(word, "lock") == 0)
		return do_lock(backend, argument, err);
	if (strcmp(word, "announce") == 0)
		return backend_announce(backend, &text, err);
	if (strcmp(word, "unlock") == 0)
		return do_unlock(backend, argument, err);
	if (strcmp(word, "serial") == 0) {
		next_serial = number;
		return true;
	}
	if (strcmp(word, "append") == 0)
		return do_append(backend, &text, err);
	if (strcmp(word, "fill") == 0) {
		str_clear(&text);
		str_repeat(&text, 'x', (size_t)number);
		return do_append(backend, &text, err);
	}
	return error_set(err, "what is %s?", word);
}

static bool do_append_line(struct backend *backend, struct error *err)
{
	char line[256];
	struct str bytes CLEANUP(str_release) = {0};

	if (!fgets(line, sizeof(line), stdin))
		return error_set(err, "no line came");
	str_add(&bytes, line, strcspn(line, "\n"));
	return do_append(backend, &bytes, err);
}

static bool do_holder(struct backend *backend, struct error *err)
{
	struct str held CLEANUP(str_release) = {0};

	if (!backend_find_holder(backend, &held, err))
		return false;
	if (held.length)
		print("held:", &held);
	else
		puts("nobody");
	return true;
}

static bool do_wait(struct backend *backend, struct error *err)
{
	char line[16];

	(void)backend;
	return fgets(line, sizeof(line), stdin) || error_set(err, "no line came");
}

static bool do_ours(struct backend *backend, struct error *err)
{
	return backend_still_ours(backend, err) && puts("ours") >= 0;
}

static bool do_release(struct backend *backend, struct error *err)
{
	return backend_release(backend, err) && puts("released") >= 0;
}

static bool do_count(struct backend *backend, struct error *err)
{
	(void)backend;
	(void)err;
	return printf("requests %zu\n", requests) > 0;
}

static bool do_clock(struct backend *backend, struct error *err)
{
	bool is_right = backend->has_clock && llabs(backend->ahead_s) <= 60;

	return is_right ? puts("clock right") >= 0 : error_set(err, "the clock is wrong");
}

/* False with an empty error: the word takes an argument. */
static bool do_alone(struct backend *backend, const char *word, struct error *err)
{
	static const struct {
		const char *word;
		bool (*run)(struct backend *backend, struct error *err);
	} words[] = {{"append-line", do_append_line}, {"check", backend_check}, {"clock", do_clock},
		{"count", do_count}, {"history", do_history}, {"holder", do_holder},
		{"left", do_left}, {"ours", do_ours}, {"read", do_read}, {"release", do_release},
		{"wait", do_wait}};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].run(backend, err);
	return false;
}

static bool do_all(struct backend *backend, char **words, struct error *err)
{
	for (; *words; words++) {
		fflush(stdout);
		if (do_alone(backend, *words, err))
			continue;
		if (err->message)
			return false;
		if (!words[1])
			return error_set(err, "%s needs an argument", *words);
		if (!do_with(backend, words[0], words[1], err))
			return false;
		words++;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct error err CLEANUP(error_release) = {0};
	struct backend_credentials credentials = {0};
	const struct event_sink sink = {.on_event = on_event};
	const char *kind = getenv("KIND"), *region = getenv("REGION");
	struct location location = {
		.kind = kind_of(kind ? kind : ""),
		.path = getenv("STATE"),
		.bucket = getenv("BUCKET"),
		.prefix = getenv("PREFIX"),
		.endpoint = getenv("ENDPOINT"),
		.region = region ? region : "us-east-1",
		.address = getenv("ADDRESS"),
		.lock_address = getenv("LOCK_ADDRESS"),
		.unlock_address = getenv("UNLOCK_ADDRESS"),
		.update_method = getenv("UPDATE_METHOD"),
		.lock_method = getenv("LOCK_METHOD"),
		.unlock_method = getenv("UNLOCK_METHOD"),
	};
	struct backend *backend = NULL;

	(void)argc;
	read_secret(&credentials.items[LOCATION_ACCESS_KEY], "AWS_ACCESS_KEY_ID");
	read_secret(&credentials.items[LOCATION_SECRET_KEY], "AWS_SECRET_ACCESS_KEY");
	read_secret(&credentials.items[LOCATION_SESSION_TOKEN], "AWS_SESSION_TOKEN");
	read_secret(&credentials.user, "USERNAME");
	read_secret(&credentials.items[LOCATION_PASSWORD], "PASSWORD");
	struct backend_options options = {
		.location = &location, .credentials = &credentials, .sink = &sink};
	bool is_done = backend_open(&options, &backend, &err) && do_all(backend, argv + 1, &err);
	if (!is_done)
		printf("error %d: %s\n", (int)err.code, err.message);
	if (!is_done && err.hint)
		printf("hint: %s\n", err.hint);
	backend_free(backend);
	backend_credentials_release(&credentials);
	return is_done ? 0 : 1;
}
