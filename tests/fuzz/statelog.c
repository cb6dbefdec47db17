/*
 * The log of states in an object store, in which anybody may have written anything. Three lines for
 * each object: its key, its head (size and checksum are added here), and its payload. Whatever
 * is there, each command comes to an end after few requests, and says what is wrong.
 */
#include "state/statelog.h"

#include "shared/fuzz.h"

#include <string.h>

enum { OBJECTS = 16, REQUESTS = 2000 };

struct store {
	struct {
		char *key;
		struct str bytes;
	} objects[OBJECTS];
	size_t count, requests;
};

static void put(struct store *store, const char *key, const char *bytes, size_t length)
{
	size_t i = 0;

	while (i < store->count && strcmp(store->objects[i].key, key) != 0)
		i++;
	if (i == OBJECTS)
		return;
	if (i == store->count)
		store->objects[store->count++].key = mem_copy_text(key);
	str_clear(&store->objects[i].bytes);
	str_add(&store->objects[i].bytes, bytes, length);
}

static void fill(struct store *store, const uint8_t *data, size_t size)
{
	while (size) {
		char *key AUTO_FREE = fuzz_line(&data, &size);
		char *head AUTO_FREE = fuzz_line(&data, &size);
		char *payload AUTO_FREE = fuzz_line(&data, &size), *path AUTO_FREE = NULL;
		size_t length = strlen(head), rest = strlen(payload);
		struct str bytes CLEANUP(str_release) = {0}, full CLEANUP(str_release) = {0};
		char sha256[CRYPT_SHA256_SIZE];

		str_format(&full, "p/%s", key);
		path = str_steal(&full);
		if (length && head[length - 1] == '}') {
			crypt_sha256(payload, rest, sha256);
			str_add(&bytes, head, length - 1);
			str_format(&bytes, ",\"size\":%zu,\"sha256\":\"%s\"}", rest, sha256);
		} else {
			str_text_add(&bytes, head);
		}
		str_format(&bytes, "\n%s", payload);
		put(store, path, bytes.bytes, bytes.length);
	}
}

static const struct str *find(const struct store *store, const char *key)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->objects[i].key, key) == 0)
			return &store->objects[i].bytes;
	return NULL;
}

static void send_one(
	struct store *store, const struct s3_request *request, struct s3_answer *answer)
{
	const struct str *there = find(store, request->key);

	HOLDS(store->requests++ < REQUESTS);
	*answer = (struct s3_answer){.retry_after_ms = -1, .status = 200};
	if (request->verb == S3_GET && there) {
		size_t most = request->first_bytes ? request->first_bytes : there->length;
		str_add(&answer->body, there->bytes, there->length < most ? there->length : most);
	} else if (request->verb == S3_GET) {
		answer->meaning = S3_ABSENT;
	} else if (request->verb == S3_PUT_NEW && there) {
		answer->meaning = S3_PRESENT;
	} else if (request->verb != S3_DELETE) {
		put(store, request->key, request->body->bytes, request->body->length);
	}
}

static void send_all(
	void *context, const struct s3_request *requests, size_t count, struct s3_answer *answers)
{
	for (size_t i = 0; i < count; i++)
		send_one(context, &requests[i], &answers[i]);
}

static bool no_pause(
	void *context, const struct s3_request *request, const struct s3_answer *answer, int64_t ms)
{
	(void)context;
	(void)request;
	(void)answer;
	(void)ms;
	return true;
}

/* Each has an error if and only if it failed; that is then released. */
static bool ends(bool is_good, struct error *err)
{
	HOLDS(is_good == !err->message);
	if (err->message)
		fuzz_check_error(err);
	error_release(err);
	return is_good;
}

static void look(struct statelog *log)
{
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct backend_versions versions CLEANUP(backend_versions_release) = {0};
	struct backend_intents left CLEANUP(backend_intents_release) = {0};
	struct str info CLEANUP(str_release) = {0}, old CLEANUP(str_release) = {0};
	struct error err = {0};

	ends(statelog_read(log, &snapshot, &err), &err);
	ends(statelog_left(log, &left, &err), &err);
	ends(statelog_find_holder(log, &info, &err), &err);
	ends(statelog_history(log, &versions, &err), &err);
	ends(statelog_read_old(log, 1, &old, &err), &err);
}

static void change(struct statelog *log)
{
	static const struct backend_lock lock = {"alice", "{\"ID\":\"alice\"}"};
	struct backend_snapshot snapshot CLEANUP(backend_snapshot_release) = {0};
	struct str info CLEANUP(str_release) = {0}, bytes CLEANUP(str_release) = {0};
	struct error err = {0};
	const char *id = NULL;
	size_t removed;

	if (!ends(statelog_check(log, &err), &err) ||
		!ends(statelog_lock(log, &lock, &id, &info, &err), &err))
		return;
	str_text_add(&bytes, "{}");
	ends(statelog_announce(log, &bytes, &err), &err);
	if (ends(statelog_read(log, &snapshot, &err), &err) && snapshot.serial < INT32_MAX)
		ends(statelog_append(log, snapshot.serial + 1, &bytes, &err), &err);
	/* One for each state and epoch that is removed. */
	if (log->newest < REQUESTS / 4 && log->epoch < REQUESTS / 4)
		ends(statelog_forget(log, 1, &removed, &err), &err);
	ends(statelog_still_ours(log, &err), &err);
	ends(statelog_release(log, &err), &err);
}

static void run(struct store *store, void (*does)(struct statelog *log))
{
	struct statelog log CLEANUP(statelog_close) = {
		.bucket = {.store = {send_all, no_pause, store}, .name = "s3://b/p", .prefix = "p"},
		.origin = "https://host"};

	statelog_init(&log);
	store->requests = 0;
	does(&log);
}

static void repair(struct statelog *log)
{
	struct str info CLEANUP(str_release) = {0};
	struct error err = {0};
	int64_t serial;

	ends(statelog_repair(log, 0, &serial, &err), &err);
	ends(statelog_force_unlock(log, "alice", &info, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store store = {.count = 0};

	fill(&store, data, size);
	run(&store, look);
	run(&store, change);
	run(&store, repair);
	run(&store, look);
	for (size_t i = 0; i < store.count; i++) {
		mem_free(store.objects[i].key);
		str_release(&store.objects[i].bytes);
	}
	return 0;
}
