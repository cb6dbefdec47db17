/*
 * An object store in memory, for tests of the log of states: with faults, and with many writers
 * whose requests are mixed in an order that a seed decides. What it answers goes through
 * s3_answer_read, as what a server answers does.
 */
#ifndef TESTS_UNIT_OBJECT_STORE_H
#define TESTS_UNIT_OBJECT_STORE_H

#include "state/statelog.h"

#include "unit.h"

struct stored {
	char *key;
	struct str bytes;
};

/* A write whose answer was given up, and which is carried out later. */
struct late_write {
	enum s3_verb verb;
	char *key;
	struct str bytes;
};

struct store {
	struct stored *objects;
	size_t count, room;
	struct late_write *late;
	size_t late_count, late_room;
	uint64_t random;
	int faults; /* in 1,000 requests, of each sort */
	bool ignores_conditions;
	bool throttles;  /* what exists is answered by 429: it was written a moment ago */
	size_t requests; /* that were sent */
	/* called before each request; false: the client was killed */
	bool (*before)(void *context);
	/* called when an object was created */
	void (*created)(void *context, const char *key, const struct str *bytes);
	void *context;
};

static inline uint32_t store_random(struct store *store, uint32_t below)
{
	store->random = store->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(store->random >> 33) % below;
}

static inline struct stored *store_find(struct store *store, const char *key)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->objects[i].key, key) == 0)
			return &store->objects[i];
	return NULL;
}

static inline void store_set(struct store *store, const char *key, const char *bytes, size_t length)
{
	struct stored *it = store_find(store, key);

	if (!it) {
		store->objects = mem_room(
			store->objects, store->count, &store->room, sizeof(*store->objects));
		it = &store->objects[store->count++];
		*it = (struct stored){.key = mem_copy_text(key)};
	}
	str_clear(&it->bytes);
	str_add(&it->bytes, bytes, length);
}

static inline void store_remove(struct store *store, const char *key)
{
	struct stored *it = store_find(store, key);

	if (!it)
		return;
	mem_free(it->key);
	str_release(&it->bytes);
	*it = store->objects[--store->count];
}

/* Carries a request out. Returns the status. */
static inline int store_do(
	struct store *store, enum s3_verb verb, const char *key, const struct str *bytes)
{
	struct stored *it = store_find(store, key);

	switch (verb) {
	case S3_GET:
		return it ? 200 : 404;
	case S3_DELETE:
		store_remove(store, key);
		return 204;
	case S3_PUT_NEW:
		if (it && !store->ignores_conditions)
			return store->throttles ? 429 : 412;
		break;
	case S3_PUT:
		break;
	}
	if (!it && store->created)
		store->created(store->context, key, bytes);
	store_set(store, key, bytes->bytes, bytes->length);
	return 200;
}

/* Some late writes arrive. */
static inline void store_settle(struct store *store, uint32_t chance)
{
	for (size_t i = store->late_count; i--;) {
		struct late_write write = store->late[i];
		if (store_random(store, 1000) >= chance)
			continue;
		store->late[i] = store->late[--store->late_count];
		store_do(store, write.verb, write.key, &write.bytes);
		mem_free(write.key);
		str_release(&write.bytes);
	}
}

enum store_fault {
	FAULT_LOST = 1, /* done, and the answer is lost */
	FAULT_DROPPED,  /* not done, and no answer */
	FAULT_LATE,     /* no answer, and done later */
	FAULT_409,
	FAULT_429,
	FAULT_500,
	FAULT_500_DONE,
	FAULT_503,
	FAULTS
};

/* Fills status and outcome. */
static inline void store_carry_out(
	struct store *store, const struct s3_request *request, struct http_response *response)
{
	static const int statuses[FAULTS] = {
		[FAULT_409] = 409, [FAULT_429] = 429, [FAULT_500] = 500, [FAULT_503] = 503};
	uint32_t dice = store_random(store, 1000);
	int fault = store->faults ? (int)dice / store->faults + 1 : FAULTS;
	bool is_write = request->verb == S3_PUT || request->verb == S3_PUT_NEW;

	if (fault == FAULT_LATE && is_write) {
		struct late_write late = {request->verb, mem_copy_text(request->key), {0}};
		str_add(&late.bytes, request->body->bytes, request->body->length);
		store->late = mem_room(
			store->late, store->late_count, &store->late_room, sizeof(*store->late));
		store->late[store->late_count++] = late;
	}
	response->status = statuses[fault < FAULTS ? fault : 0];
	if (response->status)
		return;
	if (fault != FAULT_DROPPED && fault != FAULT_LATE)
		response->status = store_do(store, request->verb, request->key, request->body);
	if (fault == FAULT_LOST || fault == FAULT_DROPPED || fault == FAULT_LATE) {
		response->outcome = HTTP_UNKNOWN;
		response->problem = mem_copy_text("the connection was reset");
	} else if (fault == FAULT_500_DONE) {
		response->status = 500;
	}
}

static inline void store_send_one(
	struct store *store, const struct s3_request *request, struct s3_answer *answer)
{
	static const char *const names[] = {"<Code>PreconditionFailed</Code>",
		"<Code>NoSuchKey</Code>", "<Code>InternalError</Code>"};
	const struct s3_asked asked = {request->verb, "b", "auto", "https://fake", 0, NULL};
	struct http_response *response = mem_alloc(sizeof(*response));

	*answer = (struct s3_answer){.retry_after_ms = -1};
	store->requests++;
	if (store->before && !store->before(store->context)) {
		answer->meaning = S3_STOPPED;
		error_set_code(&answer->err, ERROR_INTERRUPTED, "killed");
		mem_free(response);
		return;
	}
	store_carry_out(store, request, response);
	if (response->status == 412 || response->status == 404 || response->status == 500)
		str_text_add(&response->body, names[response->status == 412     ? 0
						      : response->status == 404 ? 1
										: 2]);
	answer->meaning = s3_answer_read(&asked, response, &answer->err);
	const struct stored *it = store_find(store, request->key);
	if (answer->meaning == S3_DONE && request->verb == S3_GET && it) {
		size_t length = it->bytes.length;
		if (request->first_bytes && length > request->first_bytes)
			length = request->first_bytes;
		str_add(&answer->body, it->bytes.bytes, length);
	}
	http_response_free(response);
}

static inline void store_send(
	void *context, const struct s3_request *requests, size_t count, struct s3_answer *answers)
{
	for (size_t i = 0; i < count; i++)
		store_send_one(context, &requests[i], &answers[i]);
}

static inline bool store_pause(
	void *context, const struct s3_request *request, const struct s3_answer *answer, int64_t ms)
{
	(void)context;
	(void)request;
	(void)answer;
	(void)ms;
	return true;
}

static inline void store_free(struct store *store)
{
	while (store->count)
		store_remove(store, store->objects[0].key);
	for (size_t i = 0; i < store->late_count; i++) {
		mem_free(store->late[i].key);
		str_release(&store->late[i].bytes);
	}
	mem_free(store->objects);
	mem_free(store->late);
}

/* A log in this store. Release with statelog_close. */
static inline struct statelog store_log(struct store *store)
{
	struct statelog log = {.bucket = {.store = {store_send, store_pause, store},
				       .name = "s3://b/p",
				       .prefix = "p"},
		.origin = "https://fake"};

	statelog_init(&log);
	return log;
}

#endif
