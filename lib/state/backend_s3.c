/*
 * A state in an object store: the log of statelog.h over adapter/s3. Here are the location, the
 * credentials, waiting, and the events about requests.
 */
#include "adapter/http_url.h"
#include "state/statelog.h"

#include "base/clock.h"
#include "base/credentials.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum {
	WAIT_STEP_MS = 100,
	R2_WRITE_GAP_MS = 1000, /* Cloudflare's page "R2: limits": one write a second and key */
};

struct bucket {
	struct backend backend;
	struct statelog log;
	struct s3 *s3;
	const struct event_sink *sink;
	const volatile sig_atomic_t *interrupted;
	struct http_url url;
	const char *bucket, *prefix;
	int attempt, last; /* of the request that is under way, from 1, and of the one before */
};

static struct bucket *bucket_of(struct backend *backend)
{
	return (struct bucket *)backend;
}

static struct statelog *log_of(struct backend *backend)
{
	return &bucket_of(backend)->log;
}

/* ---- events, and waiting ---- */

static void on_exchange(void *context, const struct s3_exchange *exchange)
{
	struct bucket *bucket = context;
	struct str path CLEANUP(str_release) = {0};

	if (exchange->is_over && exchange->date >= 0) {
		bucket->backend.has_clock = true;
		bucket->backend.ahead_s = exchange->date - clock_unix_seconds();
	}
	str_format(&path, "s3://%s/%s", bucket->bucket, exchange->key);
	const struct event_request request = {.method = exchange->method,
		.path = str_text(&path),
		.attempt = bucket->attempt,
		.sent_bytes = exchange->sent_bytes,
		.status = exchange->status,
		.received_bytes = exchange->received_bytes,
		.ray = ""};
	event_emit(bucket->sink,
		&(struct event){.type = exchange->is_over ? EVENT_ANSWER : EVENT_REQUEST,
			.request = &request,
			.text = exchange->problem,
			.elapsed_us = exchange->elapsed_us});
}

static void send(
	void *context, const struct s3_request *requests, size_t count, struct s3_answer *answers)
{
	struct bucket *bucket = context;

	s3_send(bucket->s3, requests, count, answers);
	bucket->last = bucket->attempt;
	bucket->attempt = 1; /* unless it is repeated */
}

static bool is_interrupted(const struct bucket *bucket)
{
	return bucket->interrupted && *bucket->interrupted;
}

static void emit_retry(const struct bucket *bucket, const struct s3_request *request,
	const struct s3_answer *answer, int64_t ms)
{
	static const char *const methods[] = {
		[S3_GET] = "GET", [S3_PUT] = "PUT", [S3_PUT_NEW] = "PUT", [S3_DELETE] = "DELETE"};
	struct str path CLEANUP(str_release) = {0};

	str_format(&path, "s3://%s/%s", bucket->bucket, request->key);
	const struct event_request told = {.method = methods[request->verb],
		.path = str_text(&path),
		.attempt = bucket->last,
		.status = answer->status,
		.ray = ""};
	event_emit(bucket->sink,
		&(struct event){.type = EVENT_RETRY,
			.request = &told,
			.text = answer->err.message,
			.is_throttled = answer->status == 429 || answer->status == 503,
			.wait_ms = ms});
}

static bool pause(
	void *context, const struct s3_request *request, const struct s3_answer *answer, int64_t ms)
{
	struct bucket *bucket = context;
	int64_t until_ms = clock_monotonic_ms() + ms;

	if (answer && !request->is_quiet)
		emit_retry(bucket, request, answer, ms);
	for (int64_t left; (left = until_ms - clock_monotonic_ms()) > 0;) {
		if (request->may_stop && is_interrupted(bucket))
			return false;
		left = left < WAIT_STEP_MS ? left : WAIT_STEP_MS;
		nanosleep(&(struct timespec){.tv_nsec = left * 1000000L}, NULL);
	}
	if (answer)
		bucket->attempt = bucket->last + 1;
	return true;
}

/* ---- opening ---- */

/*
 * What goes into headers has to be fit for them. A session token may be longer than other
 * credentials.
 */
static bool check_credentials(const struct backend_credentials *keys, struct error *err)
{
	const struct secret *session = &keys->items[LOCATION_SESSION_TOKEN];

	for (size_t i = 0; i < session->length; i++)
		if (session->bytes[i] <= 0x20 || session->bytes[i] >= 0x7f)
			return error_set(err,
				"the session token has a character that it can't have at position "
				"%zu",
				i + 1);
	return credentials_check(&keys->items[LOCATION_ACCESS_KEY], "the access key ID", err) &&
	       credentials_check(&keys->items[LOCATION_SECRET_KEY], "the secret access key", err);
}

static bool connect(struct bucket *bucket, const struct backend_options *options, struct error *err)
{
	const struct backend_credentials *keys = options->credentials;
	const struct location *location = options->location;

	/* source/backend_env has seen to that. */
	assert(keys && location->endpoint && location->region);
	if (!check_credentials(keys, err))
		return error_prefix(err, "%s", bucket->backend.name);
	if (!http_url_check("the endpoint of the state", location->endpoint, &bucket->url, err))
		return false;
	bucket->s3 = s3_new(&(struct s3_options){.origin = bucket->url.origin,
				    .is_loopback = bucket->url.is_loopback,
				    .bucket = bucket->bucket,
				    .region = location->region,
				    .access_key = &keys->items[LOCATION_ACCESS_KEY],
				    .secret_key = &keys->items[LOCATION_SECRET_KEY],
				    .session_token = &keys->items[LOCATION_SESSION_TOKEN],
				    .body_limit = BACKEND_SIZE_LIMIT + LOG_HEAD_LIMIT,
				    .interrupted = options->interrupted,
				    .on_exchange = on_exchange,
				    .context = bucket},
		err);
	return bucket->s3 != NULL;
}

static void close_s3(struct backend *backend)
{
	struct bucket *bucket = bucket_of(backend);

	statelog_close(&bucket->log);
	s3_free(bucket->s3);
	http_url_release(&bucket->url);
	mem_free(bucket);
}

static bool open_s3(
	const struct backend_options *options, struct backend **ret_backend, struct error *err)
{
	const struct location *location = options->location;
	struct bucket *bucket = mem_alloc(sizeof(*bucket));
	struct str name CLEANUP(str_release) = {0};

	bucket->sink = options->sink;
	bucket->interrupted = options->interrupted;
	bucket->bucket = location->bucket;
	bucket->prefix = location->prefix;
	bucket->attempt = 1;
	location_add_name(location, &name);
	bucket->backend.name = str_steal(&name);
	if (!connect(bucket, options, err)) {
		mem_free(bucket->backend.name);
		close_s3(&bucket->backend);
		return false;
	}
	bool is_r2 = strcmp(location->region, "auto") == 0; /* which no other server has */
	bucket->log = (struct statelog){.bucket = {.store = {send, pause, bucket},
						.name = bucket->backend.name,
						.prefix = bucket->prefix,
						.write_gap_ms = is_r2 ? R2_WRITE_GAP_MS : 0},
		.origin = bucket->url.origin};
	statelog_init(&bucket->log);
	*ret_backend = &bucket->backend;
	return true;
}

/* ---- the interface ---- */

static bool check(struct backend *backend, struct error *err)
{
	return statelog_check(log_of(backend), err);
}

static bool read_s3(
	struct backend *backend, struct backend_snapshot *ret_snapshot, struct error *err)
{
	return statelog_read(log_of(backend), ret_snapshot, err);
}

static bool lock(struct backend *backend, const struct backend_lock *wanted, const char **ret_id,
	struct str *ret_info, struct error *err)
{
	return statelog_lock(log_of(backend), wanted, ret_id, ret_info, err);
}

static bool find_holder(struct backend *backend, struct str *ret_info, struct error *err)
{
	return statelog_find_holder(log_of(backend), ret_info, err);
}

static bool announce(struct backend *backend, const struct str *intents, struct error *err)
{
	return statelog_announce(log_of(backend), intents, err);
}

static bool left(struct backend *backend, struct backend_intents *ret_left, struct error *err)
{
	return statelog_left(log_of(backend), ret_left, err);
}

static bool still_ours(struct backend *backend, struct error *err)
{
	return statelog_still_ours(log_of(backend), err);
}

static bool append(
	struct backend *backend, int64_t serial, const struct str *bytes, struct error *err)
{
	return statelog_append(log_of(backend), serial, bytes, err);
}

static bool release(struct backend *backend, struct error *err)
{
	return statelog_release(log_of(backend), err);
}

static bool force_unlock(
	struct backend *backend, const char *id, struct str *ret_info, struct error *err)
{
	return statelog_force_unlock(log_of(backend), id, ret_info, err);
}

static bool history(
	struct backend *backend, struct backend_versions *ret_versions, struct error *err)
{
	return statelog_history(log_of(backend), ret_versions, err);
}

static bool read_old(
	struct backend *backend, int64_t serial, struct str *ret_bytes, struct error *err)
{
	return statelog_read_old(log_of(backend), serial, ret_bytes, err);
}

static bool forget(struct backend *backend, int64_t keep, size_t *ret_removed, struct error *err)
{
	return statelog_forget(log_of(backend), keep, ret_removed, err);
}

static bool repair(struct backend *backend, int64_t serial, int64_t *ret_serial, struct error *err)
{
	return statelog_repair(log_of(backend), serial, ret_serial, err);
}

const struct backend_kind backend_s3 = {
	.name = "s3",
	.open = open_s3,
	.close = close_s3,
	.check = check,
	.read = read_s3,
	.lock = lock,
	.find_holder = find_holder,
	.announce = announce,
	.left = left,
	.still_ours = still_ours,
	.append = append,
	.release = release,
	.force_unlock = force_unlock,
	.history = history,
	.read_old = read_old,
	.forget = forget,
	.repair = repair,
};
