/*
 * A state at an address that speaks Terraform's http protocol. What that is, its client shows
 * (internal/backend/remote-state/http/client.go): GET, POST ?ID=LOCK, LOCK and UNLOCK with the
 * lock's info as the body; 423 or 409 and the holder's info if it is locked; 204 or 404 if there is
 * no state. GitLab's server (lib/api/terraform/state.rb) has the stricter rules: all fields of the
 * info are needed, 409 also for the lock's own ID, each serial only once (422).
 *
 * The protocol has a lock, but no compare-and-swap, so each write is preceded by a look whether the
 * state is still the one that was read; so is a repetition after an answer that was lost. Simple
 * servers unlock whatever the ID says, so unlocking is repeated only after a look at the lock.
 */
#include "adapter/crypt.h"
#include "adapter/json.h"
#include "state/backend.h"
#include "state/lock_info.h"
#include "state/remote.h"

#include <string.h>

enum {
	FENCE_MS = 5000,
	ROUNDS = 5, /* of writing or unlocking and looking, while answers get lost */
};

struct web {
	struct backend backend;
	const struct location *location;
	const struct event_sink *sink;
	struct remote *remote;
	struct http_headers *headers;
	struct http_auth auth;
	struct scrub scrub;
	enum { LOCK_NONE, LOCK_OURS, LOCK_LOST } hold; /* lost: somebody else broke it */
	char *lock_id; /* of the last one that was ours; NULL: none was */
	struct str lock_info;
	bool is_known; /* what the server had last: */
	char known[CRYPT_CHECKSUM_SIZE];
};

static struct web *web_of(struct backend *backend)
{
	return (struct web *)backend;
}

static bool is_given(const struct secret *secret)
{
	return secret->length > 0;
}

static void close_http(struct backend *backend)
{
	struct web *web = web_of(backend);

	remote_free(web->remote);
	http_headers_free(web->headers);
	scrub_release(&web->scrub);
	mem_free(web->lock_id);
	str_release(&web->lock_info);
	mem_free(web);
}

static bool open_http(
	const struct backend_options *options, struct backend **ret_backend, struct error *err)
{
	static const struct backend_credentials none;
	const struct backend_credentials *credentials =
		options->credentials ? options->credentials : &none;
	const struct secret *password = &credentials->items[LOCATION_PASSWORD];
	const struct location *location = options->location;
	struct web *web = mem_alloc(sizeof(*web));
	struct str name CLEANUP(str_release) = {0};

	*web = (struct web){.location = location, .sink = options->sink};
	location_add_name(location, &name);
	web->backend.name = str_steal(&name);
	web->headers = http_headers_new_json();
	if (is_given(&credentials->user) || is_given(password)) {
		web->auth = (struct http_auth){.user = &credentials->user, .password = password};
		scrub_know(&web->scrub, password);
	}
	if (!remote_new(&(struct remote_options){.name = web->backend.name,
				.url = location->address,
				.body_limit = BACKEND_SIZE_LIMIT,
				.scrub = &web->scrub,
				.sink = options->sink,
				.interrupted = options->interrupted},
		    &web->remote, err)) {
		mem_free(web->backend.name);
		close_http(&web->backend);
		return false;
	}
	*ret_backend = &web->backend;
	return true;
}

/* ---- requests ---- */

static bool ask(struct web *web, struct remote_request *request, struct remote_answer *ret_answer,
	struct error *err)
{
	request->headers = web->headers;
	request->auth = web->auth.user ? &web->auth : NULL;
	return remote_send(web->remote, request, ret_answer, err);
}

static bool is_success(const struct remote_answer *answer)
{
	return answer->status / 100 == 2 && !remote_is_page(answer);
}

static bool is_locked(const struct remote_answer *answer)
{
	return answer->status == 409 || answer->status == 423;
}

/* Fills *err for an answer that refuses; returns false. */
static bool refuse(const struct web *web, const struct remote_request *request,
	const struct remote_answer *answer, const char *what, struct error *err)
{
	bool is_ours = answer->outcome == HTTP_ANSWERED && !remote_is_page(answer);

	remote_refuse(web->remote, answer, what, err);
	if (!is_ours)
		return false;
	switch (answer->status) {
	case 401:
		return error_hint(err,
			"%s GitLab takes a token with the scope `api` as the password, "
			"with any user name.",
			web->auth.user ? "The server rejects the user name or the password."
				       : "Set TF_HTTP_USERNAME and TF_HTTP_PASSWORD.");
	case 403:
		return error_hint(err, "This user lacks the permission. In GitLab, reading a state "
				       "takes the role Developer, locking and writing Maintainer.");
	case 404:
		return error_hint(err,
			"There is nothing at this address. Check it, and whether this "
			"user may see it: GitLab hides projects from others.");
	case 405:
	case 501:
		return error_hint(err,
			"The server does not know the method %s there. Set "
			"update_method, lock_method and unlock_method as it needs "
			"them. GitLab has POST, POST and DELETE.",
			request->method);
	case 413:
		return error_hint(err, "The state is larger than the server accepts.");
	default:
		return false;
	}
}

/* ---- the state ---- */

/*
 * Is there no state yet? GitLab says 404 also for projects that do not exist, are hidden, or have
 * no such route. A page is what a file server says, which has no locks.
 */
static bool is_absent(const struct web *web, const struct remote_answer *answer)
{
	struct error ignored CLEANUP(error_release) = {0};
	const char *message, *error;

	if (answer->status == 204 || (answer->status == 200 && !answer->body.length))
		return true;
	if (answer->status != 404)
		return false;
	if (remote_is_page(answer))
		return !web->location->lock_address;
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(str_text(&answer->body), answer->body.length, &ignored);
	message = json_get_text(json, "message");
	error = json_get_text(json, "error");
	return !(message && strcmp(message, "404 Project Not Found") == 0) &&
	       !(error && strcmp(error, "404 Not Found") == 0);
}

/* An empty answer body: there is no state. */
static bool get_state(struct web *web, struct str *ret_bytes, struct error *err)
{
	struct remote_request request = {.method = "GET", .url = web->location->address};
	struct remote_answer answer CLEANUP(remote_answer_release) = {0};

	if (!ask(web, &request, &answer, err))
		return false;
	if (is_absent(web, &answer))
		return true;
	if (!is_success(&answer))
		return refuse(web, &request, &answer, "read the state at", err);
	*ret_bytes = answer.body;
	answer.body = (struct str){0};
	return true;
}

static void remember(struct web *web, const struct str *bytes)
{
	web->is_known = true;
	crypt_checksum(str_text(bytes), bytes->length, web->known);
}

static bool read_http(
	struct backend *backend, struct backend_snapshot *ret_snapshot, struct error *err)
{
	if (!get_state(web_of(backend), &ret_snapshot->bytes, err))
		return false;
	ret_snapshot->exists = ret_snapshot->bytes.length > 0;
	remember(web_of(backend), &ret_snapshot->bytes);
	return true;
}

enum seen { SEEN_NEW, SEEN_OLD, SEEN_OTHER };

/*
 * Which state does the server have: these bytes, or what it had last? Without a read before, that
 * is what it has now.
 */
static bool look(struct web *web, const struct str *bytes, enum seen *ret_seen, struct error *err)
{
	struct str there CLEANUP(str_release) = {0};
	char checksum[CRYPT_CHECKSUM_SIZE];

	if (!get_state(web, &there, err))
		return false;
	if (!web->is_known)
		remember(web, &there);
	crypt_checksum(str_text(&there), there.length, checksum);
	if (bytes && there.length == bytes->length &&
		memcmp(str_text(&there), str_text(bytes), bytes->length) == 0)
		*ret_seen = SEEN_NEW;
	else if (strcmp(checksum, web->known) == 0)
		*ret_seen = SEEN_OLD;
	else
		*ret_seen = SEEN_OTHER;
	return true;
}

static bool was_written(const struct web *web, struct error *err)
{
	error_set_code(err, ERROR_CONFLICT, "another run has written the state at %s meanwhile",
		web->backend.name);
	return error_hint(err, "Nothing was overwritten. Run cfprov again.");
}

static bool was_broken(struct web *web, struct error *err)
{
	web->hold = LOCK_LOST;
	error_set_code(err, ERROR_CONFLICT,
		"the lock of the state at %s was broken by somebody else", web->backend.name);
	return error_hint(err, "Make sure that no other run is using the state, then run cfprov "
			       "again.");
}

/* Sends the state once. *ret_is_clear: false: it may have been written, so it must be looked for.
 */
static bool post(struct web *web, const struct str *bytes, bool *ret_is_clear, struct error *err)
{
	const struct location *location = web->location;
	struct str url CLEANUP(str_release) = {0};
	struct remote_answer answer CLEANUP(remote_answer_release) = {0};

	str_text_add(&url, location->address);
	if (web->hold == LOCK_OURS)
		str_format(
			&url, "%cID=%s", strchr(location->address, '?') ? '&' : '?', web->lock_id);
	struct remote_request request = {
		.method = location->update_method ? location->update_method : "POST",
		.url = str_text(&url),
		.body = bytes,
		.is_stubborn = true,
		.is_once = true,
	};
	*ret_is_clear = false;
	if (!ask(web, &request, &answer, err))
		return false;
	*ret_is_clear = !answer.may_be_done;
	if (is_success(&answer))
		return true;
	return is_locked(&answer) ? was_broken(web, err)
				  : refuse(web, &request, &answer, "write the state at", err);
}

static bool append(
	struct backend *backend, int64_t serial, const struct str *bytes, struct error *err)
{
	struct web *web = web_of(backend);

	(void)serial;
	if (web->hold == LOCK_LOST)
		return was_broken(web, err);
	for (int round = 1;; round++) {
		struct error why CLEANUP(error_release) = {0};
		enum seen seen = SEEN_OLD;
		bool is_clear;
		if (!look(web, bytes, &seen, err))
			return false;
		if (seen == SEEN_OTHER)
			return was_written(web, err);
		if (seen == SEEN_NEW || post(web, bytes, &is_clear, &why)) {
			remember(web, bytes);
			return true;
		}
		if (is_clear || round == ROUNDS) {
			error_move(err, &why);
			return false;
		}
	}
}

/* ---- the lock ---- */

static bool check(struct backend *backend, struct error *err)
{
	struct web *web = web_of(backend);
	struct str text CLEANUP(str_release) = {0};

	(void)err;
	if (web->location->lock_address)
		return true;
	str_format(&text,
		"the state at %s is not locked, because lock_address is not set: two runs at a "
		"time "
		"may lose what one of them did",
		backend->name);
	event_say(web->sink, EVENT_WARNING, str_text(&text));
	return true;
}

/* The ID in a lock's info, copied (mem_free); NULL: it is not such info. */
static char *find_id(const struct str *info)
{
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		json_parse(str_text(info), info->length, &ignored);
	const char *id = json_get_text(json, "ID");

	return id && *id ? mem_copy_text(id) : NULL;
}

static void keep_lock(struct web *web, const char *id, const struct str *info)
{
	char *copy = mem_copy_text(id);

	mem_free(web->lock_id);
	web->lock_id = copy;
	web->hold = LOCK_OURS;
	str_clear(&web->lock_info);
	str_add(&web->lock_info, str_text(info), info->length);
}

/* Asks for a lock. */
static bool ask_lock(struct web *web, const struct str *info, int64_t limit_ms,
	struct remote_answer *ret_answer, struct error *err)
{
	const struct location *location = web->location;
	struct remote_request request = {
		.method = location->lock_method ? location->lock_method : "LOCK",
		.url = location->lock_address,
		.body = info,
		.limit_ms = limit_ms,
	};

	if (!ask(web, &request, ret_answer, err))
		return false;
	return is_success(ret_answer) || is_locked(ret_answer) ||
	       refuse(web, &request, ret_answer, "lock the state at", err);
}

static bool lock(struct backend *backend, const struct backend_lock *lock, const char **ret_id,
	struct str *ret_info, struct error *err)
{
	struct web *web = web_of(backend);
	struct str info CLEANUP(str_release) = {0};
	struct remote_answer answer CLEANUP(remote_answer_release) = {0};

	*ret_id = NULL;
	if (!web->location->lock_address)
		return true;
	str_text_add(&info, lock->info);
	if (!ask_lock(web, &info, 0, &answer, err))
		return false;
	char *held AUTO_FREE = is_success(&answer) ? NULL : find_id(&answer.body);
	if (is_success(&answer) || (held && strcmp(held, lock->id) == 0)) {
		keep_lock(web, lock->id, &info);
	} else {
		if (held)
			str_add(ret_info, str_text(&answer.body), answer.body.length);
		return error_set_code(err, ERROR_BUSY, "the state at %s is locked%s", backend->name,
			held || !answer.may_be_done ? ""
						    : ", perhaps by a request of ours whose answer "
						      "was lost");
	}
	*ret_id = web->lock_id;
	return true;
}

/*
 * Nothing in the protocol asks for the holder, but our own lock is refused with it. If it is
 * granted, the lock was broken, or the server grants the same ID again: then the state tells.
 */
static bool still_ours(struct backend *backend, struct error *err)
{
	struct web *web = web_of(backend);
	struct remote_answer answer CLEANUP(remote_answer_release) = {0};
	enum seen seen;

	if (web->hold != LOCK_OURS)
		return web->hold == LOCK_NONE || was_broken(web, err);
	if (!ask_lock(web, &web->lock_info, FENCE_MS, &answer, err))
		return false;
	if (is_success(&answer))
		return look(web, NULL, &seen, err) && (seen == SEEN_OLD || was_written(web, err));
	char *held AUTO_FREE = find_id(&answer.body);
	/* A server that does not say who holds it is believed: somebody does. */
	return !held || strcmp(held, web->lock_id) == 0 || was_broken(web, err);
}

/* Asks once to unlock. *ret_is_refused: the server says that another lock is held, or none. */
static bool ask_unlock(struct web *web, const struct str *info, bool *ret_is_clear,
	bool *ret_is_refused, struct error *err)
{
	const struct location *location = web->location;
	struct remote_answer answer CLEANUP(remote_answer_release) = {0};
	struct remote_request request = {
		.method = location->unlock_method ? location->unlock_method : "UNLOCK",
		.url = location->unlock_address ? location->unlock_address : location->lock_address,
		.body = info,
		.is_stubborn = true,
		.is_once = true,
	};

	*ret_is_clear = *ret_is_refused = false;
	if (!ask(web, &request, &answer, err))
		return false;
	*ret_is_clear = !answer.may_be_done;
	*ret_is_refused = is_locked(&answer);
	return is_success(&answer) || *ret_is_refused ||
	       refuse(web, &request, &answer, "unlock the state at", err);
}

/*
 * Unlocks what has this ID and info. Many servers unlock whatever the ID says, so an attempt whose
 * answer was lost is not repeated before it is clear that the lock is not somebody else's: the same
 * lock is asked for, and is refused with the holder's ID, or ours again. *ret_is_refused: the
 * server said at once that this is not the lock that is held.
 */
static bool unlock(struct web *web, const char *id, const struct str *info, bool *ret_is_refused,
	struct error *err)
{
	for (int round = 1;; round++) {
		struct error why CLEANUP(error_release) = {0};
		struct remote_answer answer CLEANUP(remote_answer_release) = {0};
		bool is_clear;
		if (ask_unlock(web, info, &is_clear, ret_is_refused, &why)) {
			*ret_is_refused = *ret_is_refused && round == 1;
			return true;
		}
		if (is_clear || round == ROUNDS) {
			error_move(err, &why);
			return false;
		}
		if (!ask_lock(web, info, 0, &answer, err))
			return false;
		char *held AUTO_FREE =
			is_success(&answer) ? mem_copy_text(id) : find_id(&answer.body);
		if (!held)
			return error_set(err,
				"it is unknown whether the state at %s was unlocked: the answer "
				"was "
				"lost, and the server does not say who holds the lock",
				web->backend.name);
		if (strcmp(held, id) != 0)
			return true;
	}
}

static bool release(struct backend *backend, struct error *err)
{
	struct web *web = web_of(backend);
	bool is_refused;

	if (web->hold != LOCK_OURS)
		return true;
	if (!unlock(web, web->lock_id, &web->lock_info, &is_refused, err))
		return false;
	if (is_refused)
		return was_broken(web, err);
	web->hold = LOCK_NONE;
	return true;
}

static bool is_unlocked(const struct web *web, struct error *err)
{
	return error_set_code(
		err, ERROR_ABSENT, "the state at %s is not locked", web->backend.name);
}

/*
 * Many servers unlock whatever the ID says, so a lock of our own is tried first: it is refused with
 * the holder's ID, or shows that there is none.
 */
static bool force_unlock(
	struct backend *backend, const char *id, struct str *ret_info, struct error *err)
{
	struct web *web = web_of(backend);
	struct remote_answer answer CLEANUP(remote_answer_release) = {0};
	struct str probe CLEANUP(str_release) = {0}, info CLEANUP(str_release) = {0};
	char own[CRYPT_UUID_SIZE];
	bool is_refused;

	if (!web->location->lock_address)
		return is_unlocked(web, err);
	crypt_uuid(own);
	lock_info_encode(own, "force-unlock", backend->name, &probe);
	if (!ask_lock(web, &probe, 0, &answer, err))
		return false;
	char *held AUTO_FREE = is_success(&answer) ? NULL : find_id(&answer.body);
	if (is_success(&answer) || (held && strcmp(held, own) == 0))
		return unlock(web, own, &probe, &is_refused, err) && is_unlocked(web, err);
	if (held)
		str_add(&info, str_text(&answer.body), answer.body.length);
	else
		lock_info_encode(id, "force-unlock", backend->name, &info);
	if (!held || strcmp(held, id) == 0) {
		if (!unlock(web, id, &info, &is_refused, err))
			return false;
		if (!is_refused)
			return true;
	} else {
		str_add(ret_info, str_text(&info), info.length);
	}
	return error_set_code(
		err, ERROR_ABSENT, "the state at %s is locked under another ID", backend->name);
}

const struct backend_kind backend_http = {
	.name = "http",
	.open = open_http,
	.close = close_http,
	.check = check,
	.read = read_http,
	.lock = lock,
	.still_ours = still_ours,
	.append = append,
	.release = release,
	.force_unlock = force_unlock,
};
