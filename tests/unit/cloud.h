/*
 * A backend in memory that processes share: a log of states with locks, as an object store has it.
 * One of its calls can end the process or fail, before it does its work or after; or all do from
 * there on.
 */
#ifndef UNIT_CLOUD_H
#define UNIT_CLOUD_H

#include "state/backend.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	CLOUD_PLACES = 3,
	CLOUD_STATES = 20,
	CLOUD_LOCKS = 20,
	CLOUD_BYTES = 8192,
	CLOUD_KILLED = 77
};

enum cloud_fault { CLOUD_NONE, CLOUD_KILL, CLOUD_FAIL, CLOUD_GONE };
enum cloud_lock_state { CLOUD_HELD, CLOUD_RELEASED, CLOUD_BROKEN };

struct cloud_bytes {
	size_t length;
	char bytes[CLOUD_BYTES];
};

struct cloud_lock {
	char id[40], info[1000];
	enum cloud_lock_state state;
	struct cloud_bytes intents;
};

/* What is at one prefix. */
struct cloud_place {
	char prefix[64];
	struct cloud_bytes log[CLOUD_STATES]; /* [serial]; length 0: none */
	int64_t epoch[CLOUD_STATES];          /* of the writer; -1: it had no lock */
	int64_t newest;
	int64_t awaited;                      /* as struct backend_snapshot has it */
	struct cloud_lock locks[CLOUD_LOCKS]; /* [epoch] */
	int64_t lock_count;
};

struct cloud {
	struct cloud_place places[CLOUD_PLACES];
	int64_t calls;
	int64_t fault_at; /* the call, from 1; 0: none */
	enum cloud_fault fault;
	bool is_after; /* its work was done */
};

struct cloud_backend {
	struct backend backend;
	struct cloud_place *place;
	int64_t epoch; /* of our lock; -1: none */
	char id[40];
};

static struct cloud *cloud;

static inline void cloud_new(void)
{
	cloud = mmap(
		NULL, sizeof(*cloud), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (cloud == MAP_FAILED)
		_exit(99);
}

static inline void cloud_free(void)
{
	munmap(cloud, sizeof(*cloud));
	cloud = NULL;
}

/* False: this call fails here. */
static inline bool cloud_step(bool is_after, struct error *err)
{
	cloud->calls += !is_after;
	bool is_it = cloud->fault != CLOUD_NONE && cloud->calls == cloud->fault_at;
	bool is_later = cloud->fault == CLOUD_GONE && cloud->fault_at &&
			(cloud->calls > cloud->fault_at || is_it);

	if (is_it && cloud->fault == CLOUD_KILL && cloud->is_after == is_after)
		_exit(CLOUD_KILLED);
	if ((is_it && cloud->fault == CLOUD_FAIL && cloud->is_after == is_after) ||
		(is_later && !is_after))
		return error_set(err, "the cloud is out of reach");
	return true;
}

/* The first is that of the prefix `p`. */
static inline struct cloud_place *cloud_at(const char *prefix)
{
	for (int i = 0; i < CLOUD_PLACES; i++) {
		struct cloud_place *place = &cloud->places[i];
		if (!place->prefix[0])
			snprintf(place->prefix, sizeof(place->prefix), "%s", i ? prefix : "p");
		if (strcmp(place->prefix, prefix) == 0)
			return place;
	}
	_exit(96);
}

static inline struct cloud_backend *cloud_of(struct backend *backend)
{
	return (struct cloud_backend *)backend;
}

static inline void cloud_put(struct cloud_bytes *to, const struct str *bytes)
{
	if (bytes->length > sizeof(to->bytes))
		_exit(98);
	to->length = bytes->length;
	if (bytes->length)
		memcpy(to->bytes, bytes->bytes, bytes->length);
}

static inline bool cloud_open(
	const struct backend_options *options, struct backend **ret_backend, struct error *err)
{
	struct cloud_backend *it = mem_alloc(sizeof(*it));

	(void)err;
	it->place = cloud_at(options->location->prefix);
	it->epoch = -1;
	*ret_backend = &it->backend;
	return true;
}

static inline void cloud_close(struct backend *backend)
{
	mem_free(cloud_of(backend));
}

static inline bool cloud_read(
	struct backend *backend, struct backend_snapshot *ret_snapshot, struct error *err)
{
	const struct cloud_place *place = cloud_of(backend)->place;

	if (!cloud_step(false, err))
		return false;
	ret_snapshot->serial = place->newest;
	ret_snapshot->exists = place->newest > 0;
	ret_snapshot->awaited = place->awaited;
	if (place->newest)
		str_add(&ret_snapshot->bytes, place->log[place->newest].bytes,
			place->log[place->newest].length);
	return cloud_step(true, err);
}

static inline struct cloud_lock *cloud_held_at(struct cloud_place *place)
{
	struct cloud_lock *last = place->lock_count ? &place->locks[place->lock_count - 1] : NULL;

	return last && last->state == CLOUD_HELD ? last : NULL;
}

/* At the first place. */
static inline struct cloud_lock *cloud_held(void)
{
	return cloud_held_at(&cloud->places[0]);
}

static inline bool cloud_lock(struct backend *backend, const struct backend_lock *lock,
	const char **ret_id, struct str *ret_info, struct error *err)
{
	struct cloud_backend *it = cloud_of(backend);
	struct cloud_lock *held;

	if (!cloud_step(false, err))
		return false;
	held = cloud_held_at(it->place);
	if (held && strcmp(held->id, lock->id) != 0) {
		str_text_add(ret_info, held->info);
		return error_set_code(err, ERROR_BUSY, "locked");
	}
	if (!held) {
		held = &it->place->locks[it->place->lock_count++];
		snprintf(held->id, sizeof(held->id), "%s", lock->id);
		snprintf(held->info, sizeof(held->info), "%s", lock->info);
		held->state = CLOUD_HELD;
	}
	it->epoch = it->place->lock_count - 1;
	memcpy(it->id, held->id, sizeof(it->id));
	if (!cloud_step(true, err))
		return false;
	*ret_id = it->id;
	return true;
}

static inline bool cloud_find_holder(
	struct backend *backend, struct str *ret_info, struct error *err)
{
	const struct cloud_lock *held = cloud_held_at(cloud_of(backend)->place);

	if (!cloud_step(false, err))
		return false;
	if (held)
		str_text_add(ret_info, held->info);
	return cloud_step(true, err);
}

static inline bool cloud_announce(
	struct backend *backend, const struct str *intents, struct error *err)
{
	struct cloud_backend *it = cloud_of(backend);

	if (!cloud_step(false, err))
		return false;
	cloud_put(&it->place->locks[it->epoch].intents, intents);
	return cloud_step(true, err);
}

static inline bool cloud_left(
	struct backend *backend, struct backend_intents *ret_left, struct error *err)
{
	struct backend_intent *items = arena_alloc(&ret_left->arena, CLOUD_LOCKS * sizeof(*items));
	struct cloud_place *place = cloud_of(backend)->place;
	int64_t first = place->newest ? place->epoch[place->newest] : 0;

	if (!cloud_step(false, err))
		return false;
	for (int64_t i = first < 0 ? 0 : first; i < place->lock_count; i++) {
		struct cloud_bytes *intents = &place->locks[i].intents;
		if (place->locks[i].state != CLOUD_BROKEN || !intents->length)
			continue;
		char *copy = arena_alloc(&ret_left->arena, intents->length + 1);
		memcpy(copy, intents->bytes, intents->length);
		items[ret_left->count++] = (struct backend_intent){
			.name = arena_format(&ret_left->arena, "lock/%d.intents", (int)i),
			.is_unseen = place->newest && i > first,
			.bytes = {.bytes = copy, .length = intents->length}};
	}
	ret_left->items = items;
	return cloud_step(true, err);
}

static inline bool cloud_still_ours(struct backend *backend, struct error *err)
{
	struct cloud_backend *it = cloud_of(backend);

	if (!cloud_step(false, err))
		return false;
	if (it->place->locks[it->epoch].state != CLOUD_HELD)
		return error_set_code(err, ERROR_CONFLICT, "our lock was broken");
	return cloud_step(true, err);
}

static inline bool cloud_append(
	struct backend *backend, int64_t serial, const struct str *bytes, struct error *err)
{
	struct cloud_place *place = cloud_of(backend)->place;

	if (!cloud_step(false, err))
		return false;
	if (place->newest && serial <= place->newest)
		return error_set_code(
			err, ERROR_CONFLICT, "somebody else has written serial %d", (int)serial);
	if (serial >= CLOUD_STATES || (place->newest && serial != place->newest + 1))
		_exit(97); /* a gap */
	cloud_put(&place->log[serial], bytes);
	place->epoch[serial] = cloud_of(backend)->epoch;
	place->newest = serial;
	return cloud_step(true, err);
}

static inline bool cloud_release(struct backend *backend, struct error *err)
{
	struct cloud_backend *it = cloud_of(backend);

	if (!cloud_step(false, err))
		return false;
	if (it->epoch >= 0 && it->place->locks[it->epoch].state == CLOUD_HELD)
		it->place->locks[it->epoch].state = CLOUD_RELEASED;
	return cloud_step(true, err);
}

static inline bool cloud_force_unlock(
	struct backend *backend, const char *id, struct str *ret_info, struct error *err)
{
	struct cloud_lock *held = cloud_held_at(cloud_of(backend)->place);

	(void)ret_info;
	if (!held || strcmp(held->id, id) != 0)
		return error_set_code(err, ERROR_ABSENT, "not locked");
	held->state = CLOUD_BROKEN;
	return true;
}

static inline bool cloud_history(
	struct backend *backend, struct backend_versions *ret_versions, struct error *err)
{
	(void)backend;
	(void)ret_versions;
	(void)err;
	return true;
}

static inline bool cloud_read_old(
	struct backend *backend, int64_t serial, struct str *ret_bytes, struct error *err)
{
	const struct cloud_bytes *it = &cloud_of(backend)->place->log[serial];

	(void)err;
	str_add(ret_bytes, it->bytes, it->length);
	return true;
}

static const struct backend_kind cloud_kind = {
	.name = "cloud",
	.open = cloud_open,
	.close = cloud_close,
	.read = cloud_read,
	.lock = cloud_lock,
	.find_holder = cloud_find_holder,
	.announce = cloud_announce,
	.left = cloud_left,
	.still_ours = cloud_still_ours,
	.append = cloud_append,
	.release = cloud_release,
	.force_unlock = cloud_force_unlock,
	.history = cloud_history,
	.read_old = cloud_read_old,
};

#endif
