#include "state/statelog_request.h"

#include "base/clock.h"

#include <assert.h>
#include <string.h>

/* Adds "s3://BUCKET/PREFIX/log/0000000001". */
static void add_name(
	const struct statelog_bucket *bucket, struct statelog_object object, struct str *out)
{
	str_format(out, "%s/", bucket->name);
	log_object_key("", object.place, object.number, out);
}

/* Repeats a request while that may help. It has to be harmless to do it twice. */
static void send_patiently(const struct statelog_bucket *bucket, const struct s3_request *request,
	struct s3_answer *answer)
{
	const struct statelog_store *store = &bucket->store;

	for (int attempt = 1;; attempt++) {
		store->send(store->context, request, 1, answer);
		int64_t ms = request->is_quick
				     ? -1
				     : s3_pause_ms(answer->meaning, attempt, answer->retry_after_ms,
					       (int)crypt_random_below(256));
		if (ms < 0 || !store->pause(store->context, request, answer, ms))
			return;
		s3_answer_release(answer);
	}
}

/*
 * The places whose one key a run writes more than once: a wait that is known beforehand is no
 * longer than one after a refusal, and costs no request.
 */
static void await_turn(
	struct statelog_bucket *bucket, enum log_place place, const struct s3_request *put)
{
	bool has_one_key = place == LOG_AT_PROBE || place == LOG_AT_HINT || place == LOG_AT_INTENTS;
	int64_t since_ms = clock_monotonic_ms() - bucket->written_ms[place];

	if (has_one_key && bucket->written_ms[place] && since_ms < bucket->write_gap_ms)
		(void)bucket->store.pause(
			bucket->store.context, put, NULL, bucket->write_gap_ms - since_ms);
}

static void note_write(struct statelog_bucket *bucket, enum log_place place)
{
	bucket->written_ms[place] = clock_monotonic_ms();
}

/* Always false. */
static bool fail(const struct statelog_bucket *bucket, struct s3_answer *answer, struct error *err)
{
	bool may_pass = answer->meaning == S3_LATER || answer->meaning == S3_UNCLEAR;

	error_move(err, &answer->err);
	if (may_pass && !err->hint)
		error_hint(err, "Try again later.");
	return error_prefix(err, "%s", bucket->name);
}

static bool get(const struct statelog_bucket *bucket, struct statelog_object object,
	enum statelog_how how, bool may_stop, struct s3_answer *answer)
{
	struct str key CLEANUP(str_release) = {0};

	log_object_key(bucket->prefix, object.place, object.number, &key);
	const struct s3_request request = {.verb = S3_GET,
		.key = str_text(&key),
		.first_bytes = how == STATELOG_WHOLE ? 0 : LOG_HEAD_LIMIT,
		.may_stop = may_stop,
		.is_quick = how == STATELOG_QUICK};
	send_patiently(bucket, &request, answer);
	return answer->meaning == S3_DONE || answer->meaning == S3_ABSENT;
}

bool statelog_get(struct statelog_bucket *bucket, struct statelog_object object,
	enum statelog_how how, struct statelog_found *ret_found, struct error *err)
{
	struct s3_answer answer CLEANUP(s3_answer_release) = {0};
	struct str name CLEANUP(str_release) = {0};

	statelog_found_release(ret_found);
	if (!get(bucket, object, how, true, &answer))
		return fail(bucket, &answer, err);
	ret_found->is_there = answer.meaning == S3_DONE;
	if (!ret_found->is_there)
		return true;
	add_name(bucket, object, &name);
	if (how != STATELOG_WHOLE)
		return log_object_read_head(
			str_text(&name), &answer.body, &bucket->arena, &ret_found->head, err);
	if (!log_object_decode(
		    str_text(&name), &answer.body, &bucket->arena, &ret_found->head, err))
		return false;
	ret_found->payload = answer.body;
	answer.body = (struct str){0};
	return true;
}

void statelog_found_release(struct statelog_found *found)
{
	str_release(&found->payload);
	*found = (struct statelog_found){0};
}

bool statelog_put(struct statelog_bucket *bucket, struct statelog_object object,
	struct log_head *head, struct error *err)
{
	struct s3_answer answer CLEANUP(s3_answer_release) = {0};
	struct str key CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};

	log_object_key(bucket->prefix, object.place, object.number, &key);
	log_object_encode(head, &body);
	const struct s3_request request = {.verb = S3_PUT,
		.key = str_text(&key),
		.body = &body,
		.is_quiet = object.place == LOG_AT_HINT};
	await_turn(bucket, object.place, &request);
	send_patiently(bucket, &request, &answer);
	note_write(bucket, object.place);
	return answer.meaning == S3_DONE || fail(bucket, &answer, err);
}

/* ---- creating ---- */

static bool is_same(const struct log_head *a, const struct log_head *b)
{
	return a->kind == b->kind && a->serial == b->serial && a->epoch == b->epoch && a->nonce &&
	       b->nonce && strcmp(a->nonce, b->nonce) == 0 && strcmp(a->sha256, b->sha256) == 0;
}

struct creation {
	struct statelog_bucket *bucket;
	struct statelog_object object;
	const struct log_head *head;
	struct s3_request put;
	struct log_head other;
};

enum found { FOUND_OURS, FOUND_OTHER, FOUND_NOTHING, FOUND_ERROR };

/* Whose is the object that is there? */
static enum found look(struct creation *creation, struct error *err)
{
	struct s3_answer answer CLEANUP(s3_answer_release) = {0};
	struct statelog_bucket *bucket = creation->bucket;
	struct str name CLEANUP(str_release) = {0};

	if (!get(bucket, creation->object, STATELOG_HEAD, false, &answer)) {
		fail(bucket, &answer, err);
		return FOUND_ERROR;
	}
	if (answer.meaning == S3_ABSENT)
		return FOUND_NOTHING;
	add_name(bucket, creation->object, &name);
	if (!log_object_read_head(
		    str_text(&name), &answer.body, &bucket->arena, &creation->other, err))
		return FOUND_ERROR;
	return is_same(creation->head, &creation->other) ? FOUND_OURS : FOUND_OTHER;
}

/*
 * One attempt to create. FOUND_NOTHING: *answer says why; wait, and try again. An answer that is
 * not clear costs a look before the same bytes are sent again; so does "it exists", because the
 * server may have done an earlier attempt after all.
 */
static enum found create_once(
	struct creation *creation, struct s3_answer *answer, struct error *err)
{
	struct statelog_bucket *bucket = creation->bucket;

	bucket->store.send(bucket->store.context, &creation->put, 1, answer);
	note_write(bucket, creation->object.place);
	switch (answer->meaning) {
	case S3_DONE:
		return FOUND_OURS;
	case S3_PRESENT:
	case S3_UNCLEAR:
		return look(creation, err);
	case S3_LATER:
		return FOUND_NOTHING;
	case S3_ABSENT:
	case S3_REFUSED:
	case S3_STOPPED:
		break;
	}
	fail(bucket, answer, err);
	return FOUND_ERROR;
}

/* True if it is worth another attempt, after a wait. Else *err says what is unknown. */
static bool wait_to_create(
	struct creation *creation, int attempt, struct s3_answer *answer, struct error *err)
{
	struct statelog_bucket *bucket = creation->bucket;
	struct str name CLEANUP(str_release) = {0};

	/* "It exists", and then it did not: as if nothing was clear. */
	if (answer->meaning == S3_PRESENT)
		answer->meaning = S3_UNCLEAR;
	int64_t ms = s3_pause_ms(
		answer->meaning, attempt, answer->retry_after_ms, (int)crypt_random_below(256));
	if (ms >= 0 && bucket->store.pause(bucket->store.context, &creation->put, answer, ms))
		return true;
	add_name(bucket, creation->object, &name);
	if (!answer->err.message)
		error_set(&answer->err, "the server says that it exists, but not what it is");
	fail(bucket, answer, err);
	return error_hint(err, "It is unknown whether %s was written. Trying again is safe.",
		str_text(&name));
}

bool statelog_create(struct statelog_bucket *bucket, struct statelog_object object,
	struct log_head *head, struct statelog_created *ret_created, struct error *err)
{
	struct str key CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};
	bool is_waiting = true, was_late = false;

	log_object_key(bucket->prefix, object.place, object.number, &key);
	log_object_encode(head, &body);
	struct creation creation = {bucket, object, head,
		{.verb = S3_PUT_NEW, .key = str_text(&key), .body = &body}, {0}};
	for (int attempt = 1; is_waiting; attempt++) {
		struct s3_answer answer CLEANUP(s3_answer_release) = {0};
		/* Many writers of one key are told to wait, and one of them may have been faster.
		 */
		enum found found = was_late ? look(&creation, err) : FOUND_NOTHING;
		bool was_found = found == FOUND_OURS;
		if (found == FOUND_NOTHING)
			found = create_once(&creation, &answer, err);
		if (found == FOUND_ERROR)
			return false;
		if (found != FOUND_NOTHING) {
			*ret_created = (struct statelog_created){found == FOUND_OURS,
				was_found || answer.meaning != S3_DONE, creation.other};
			return true;
		}
		was_late = answer.meaning == S3_LATER;
		is_waiting = wait_to_create(&creation, attempt, &answer, err);
	}
	return false;
}

bool statelog_prove(struct statelog_bucket *bucket, bool *ret_honours_conditions, struct error *err)
{
	struct log_head head = {.kind = LOG_PROBE};
	struct str key CLEANUP(str_release) = {0}, body CLEANUP(str_release) = {0};

	log_object_key(bucket->prefix, LOG_AT_PROBE, 0, &key);
	log_object_encode(&head, &body);
	const struct s3_request put = {.verb = S3_PUT_NEW, .key = str_text(&key), .body = &body};
	*ret_honours_conditions = false;
	for (int i = 0; i < 2 && !*ret_honours_conditions; i++) {
		struct s3_answer answer CLEANUP(s3_answer_release) = {0};
		await_turn(bucket, LOG_AT_PROBE, &put);
		send_patiently(bucket, &put, &answer);
		note_write(bucket, LOG_AT_PROBE);
		*ret_honours_conditions = answer.meaning == S3_PRESENT;
		if (answer.meaning != S3_DONE && answer.meaning != S3_PRESENT)
			return fail(bucket, &answer, err);
	}
	return true;
}

/* ---- side by side ---- */

/* The same request about each of the objects `from` to `to`. */
struct batch {
	const struct statelog_bucket *bucket;
	struct statelog_object from;
	int64_t to;
	struct s3_request like;
	struct s3_answer answers[S3_CONNECTIONS];
};

static void release_batch(struct batch *batch)
{
	for (size_t i = 0; i < S3_CONNECTIONS; i++)
		s3_answer_release(&batch->answers[i]);
}

/* Those that fail are repeated one by one. False: one of them can't be done. */
static bool send_batch(struct batch *batch, struct error *err)
{
	const struct statelog_bucket *bucket = batch->bucket;
	struct s3_request requests[S3_CONNECTIONS] = {0};
	struct str keys[S3_CONNECTIONS] = {0};
	size_t count = (size_t)(batch->to - batch->from.number + 1);
	bool is_good = true;

	assert(count <= S3_CONNECTIONS);
	for (size_t i = 0; i < count; i++) {
		log_object_key(bucket->prefix, batch->from.place, batch->from.number + (int64_t)i,
			&keys[i]);
		requests[i] = batch->like;
		requests[i].key = str_text(&keys[i]);
	}
	bucket->store.send(bucket->store.context, requests, count, batch->answers);
	for (size_t i = 0; i < count; i++) {
		struct s3_answer *answer = &batch->answers[i];
		if (is_good && (answer->meaning == S3_LATER || answer->meaning == S3_UNCLEAR)) {
			s3_answer_release(answer);
			send_patiently(bucket, &requests[i], answer);
		}
		if (is_good && answer->meaning != S3_DONE && answer->meaning != S3_ABSENT)
			is_good = fail(bucket, answer, err);
		str_release(&keys[i]);
	}
	return is_good;
}

bool statelog_get_heads(struct statelog_bucket *bucket, int64_t from, int64_t to,
	struct log_head *ret_heads, struct error *err)
{
	struct batch batch CLEANUP(release_batch) = {.bucket = bucket,
		.from = {LOG_AT_STATE, from},
		.to = to,
		.like = {.verb = S3_GET, .first_bytes = LOG_HEAD_LIMIT, .may_stop = true}};
	bool is_good = send_batch(&batch, err);

	for (int64_t n = from; is_good && n <= to; n++) {
		struct str name CLEANUP(str_release) = {0};
		size_t i = (size_t)(n - from);
		ret_heads[i].kind = LOG_KINDS;
		if (batch.answers[i].meaning == S3_ABSENT)
			continue;
		add_name(bucket, (struct statelog_object){LOG_AT_STATE, n}, &name);
		is_good = log_object_read_head(str_text(&name), &batch.answers[i].body,
			&bucket->arena, &ret_heads[i], err);
	}
	return is_good;
}

bool statelog_put_marks(const struct statelog_bucket *bucket, int64_t from, int64_t to,
	struct log_head *mark, struct error *err)
{
	struct str body CLEANUP(str_release) = {0};

	log_object_encode(mark, &body);
	struct batch batch CLEANUP(release_batch) = {.bucket = bucket,
		.from = {LOG_AT_STATE, from},
		.to = to,
		.like = {.verb = S3_PUT, .body = &body, .may_stop = true}};
	return send_batch(&batch, err);
}

bool statelog_delete_intents(
	const struct statelog_bucket *bucket, int64_t from, int64_t to, struct error *err)
{
	struct batch batch CLEANUP(release_batch) = {.bucket = bucket,
		.from = {LOG_AT_INTENTS, from},
		.to = to,
		.like = {.verb = S3_DELETE, .may_stop = true}};
	return send_batch(&batch, err);
}
