#include "state/log_object.h"

#include "adapter/json.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

enum { FORMAT = 1, TEXT_LIMIT = 256 /* columns, and bytes */ };

static const char *const kinds[LOG_KINDS] = {
	[LOG_STATE] = "state",
	[LOG_START] = "start",
	[LOG_REMOVED] = "removed",
	[LOG_LOCK] = "lock",
	[LOG_DONE] = "done",
	[LOG_INTENTS] = "intents",
	[LOG_HINT] = "hint",
	[LOG_PROBE] = "probe",
};

/* ---- keys ---- */

void log_object_key(const char *prefix, enum log_place place, int64_t number, struct str *out)
{
	long long n = number;

	str_format(out, "%s%s", prefix, *prefix ? "/" : "");
	switch (place) {
	case LOG_AT_STATE:
		str_format(out, "log/%010lld", n);
		break;
	case LOG_AT_LOCK:
		str_format(out, "lock/%010lld", n);
		break;
	case LOG_AT_DONE:
		str_format(out, "lock/%010lld.done", n);
		break;
	case LOG_AT_INTENTS:
		str_format(out, "lock/%010lld.intents", n);
		break;
	case LOG_AT_HINT:
		str_text_add(out, "latest");
		break;
	case LOG_AT_PROBE:
		str_text_add(out, "probe");
		break;
	}
}

/* ---- writing ---- */

static void put_number(struct json_writer *writer, const char *key, int64_t number)
{
	if (number)
		json_put_integer(writer, key, number);
}

/*
 * A head has to stay short, whatever a host or a user is called, and whatever others wrote into a
 * hint. A column may have many bytes; a text that does not get short is left out.
 */
static void put_text(struct json_writer *writer, const char *key, const char *text)
{
	for (size_t columns = TEXT_LIMIT; text && columns; columns /= 2) {
		char *shown AUTO_FREE = text_visible(text, columns);
		if (strlen(shown) > TEXT_LIMIT)
			continue;
		json_put_text(writer, key, shown);
		break;
	}
}

void log_object_encode(struct log_head *head, struct str *out)
{
	const struct str *payload = head->payload;
	struct json_writer writer = json_writer(out, 0);
	size_t start = out->length;

	head->size = payload ? payload->length : 0;
	crypt_sha256(payload ? str_text(payload) : "", head->size, head->sha256);
	json_begin_object(&writer, NULL);
	json_put_text(&writer, "cfprov", kinds[head->kind]);
	json_put_integer(&writer, "format", FORMAT);
	put_number(&writer, "serial", head->serial);
	put_number(&writer, "epoch", head->epoch);
	put_number(&writer, "oldest", head->oldest);
	put_number(&writer, "oldest_epoch", head->oldest_epoch);
	put_text(&writer, "nonce", head->nonce);
	put_text(&writer, "who", head->who);
	put_text(&writer, "operation", head->operation);
	put_text(&writer, "created", head->created);
	put_text(&writer, "proved", head->proved);
	if (head->is_broken)
		json_put_bool(&writer, "broken", true);
	if (head->left_count) {
		json_begin_array(&writer, "left");
		for (size_t i = 0; i < head->left_count; i++)
			json_put_integer(&writer, NULL, head->left[i]);
		json_end(&writer);
	}
	json_put_integer(&writer, "size", (int64_t)head->size);
	json_put_text(&writer, "sha256", head->sha256);
	json_end(&writer);
	str_char(out, '\n');
	assert(out->length - start <= LOG_HEAD_LIMIT);
	if (payload)
		str_add(out, str_text(payload), payload->length);
}

/* ---- reading ---- */

static const char *get_text(const struct json *json, const char *key, struct arena *arena)
{
	const char *text = json_get_text(json, key);

	return text ? arena_text(arena, text) : NULL;
}

/* 0 if it is absent; false unless it is a number from 0 on. */
static bool get_number(const struct json *json, const char *key, int64_t *ret_number)
{
	const struct json *value = json_get(json, key);

	*ret_number = 0;
	return !value || (json_integer(value, ret_number) && *ret_number >= 0);
}

static bool get_left(const struct json *json, struct log_head *head)
{
	const struct json *left = json_get(json, "left");

	if (left && (!json_is_array(left) || json_count(left) > LOG_LEFT_LIMIT))
		return false;
	for (const struct json *it = left ? json_first(left) : NULL; it; it = json_next(it))
		if (!json_integer(it, &head->left[head->left_count++]))
			return false;
	return true;
}

/* False: a head of ours would not look like that. */
static bool read_members(const struct json *json, struct arena *arena, struct log_head *head)
{
	const char *kind = json_get_text(json, "cfprov"), *sha256 = json_get_text(json, "sha256");
	int64_t size;

	while (kind && head->kind < LOG_KINDS && strcmp(kinds[head->kind], kind) != 0)
		head->kind++;
	if (!kind || head->kind == LOG_KINDS || !sha256 ||
		strlen(sha256) != sizeof(head->sha256) - 1 || !get_number(json, "size", &size))
		return false;
	memcpy(head->sha256, sha256, sizeof(head->sha256));
	head->size = (size_t)size;
	head->nonce = get_text(json, "nonce", arena);
	head->who = get_text(json, "who", arena);
	head->operation = get_text(json, "operation", arena);
	head->created = get_text(json, "created", arena);
	head->proved = get_text(json, "proved", arena);
	head->is_broken = json_is_true(json_get(json, "broken"));
	return get_number(json, "serial", &head->serial) &&
	       get_number(json, "epoch", &head->epoch) &&
	       get_number(json, "oldest", &head->oldest) &&
	       get_number(json, "oldest_epoch", &head->oldest_epoch) && get_left(json, head);
}

static bool refuse_damage(const char *name, const char *why, struct error *err)
{
	error_set(err, "%s is damaged: %s", name, why);
	return error_hint(err,
		"Something other than cfprov changed it. Restore this object from the "
		"bucket's versions or from a backup.");
}

/* A state that can't be had back can be given up, if none came after it. */
static bool refuse_payload(
	const char *name, const struct log_head *head, const char *why, struct error *err)
{
	refuse_damage(name, why, err);
	if (head->kind != LOG_STATE || head->serial < 2)
		return false;
	return error_hint(err,
		"Something other than cfprov changed it. Restore this object from the bucket's "
		"versions or from a backup. If there are none, and it is the newest state of "
		"`cfprov state history`, delete it and run `cfprov state repair -serial=%lld`, "
		"which makes the state before it the newest. `cfprov apply -adopt` then finds by "
		"name what that state lacks.",
		(long long)head->serial - 1);
}

bool log_object_read_head(const char *name, const struct str *bytes, struct arena *arena,
	struct log_head *ret_head, struct error *err)
{
	const char *text = str_text(bytes), *end = memchr(text, '\n', bytes->length);
	struct error ignored CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) = NULL;
	struct log_head head = {0};
	int64_t format = 0;

	if (end && end - text < LOG_HEAD_LIMIT)
		json = json_parse(text, (size_t)(end - text), &ignored);
	if (!json || !json_get_text(json, "cfprov")) {
		error_set(err, "%s was not written by cfprov", name);
		return error_hint(err, "Something else writes below this prefix. Use a prefix that "
				       "only the state has.");
	}
	if (!json_integer(json_get(json, "format"), &format) || format > FORMAT) {
		error_set(err, "%s was written by a newer version of cfprov", name);
		return error_hint(err, "Use the version that wrote it, or a later one.");
	}
	if (!read_members(json, arena, &head))
		return refuse_damage(name, "its first line is not valid", err);
	*ret_head = head;
	return true;
}

bool log_object_decode(const char *name, struct str *bytes, struct arena *arena,
	struct log_head *ret_head, struct error *err)
{
	struct log_head head = {0};
	struct str why CLEANUP(str_release) = {0};
	char sha256[CRYPT_SHA256_SIZE];

	if (!log_object_read_head(name, bytes, arena, &head, err))
		return false;
	const char *payload = strchr(bytes->bytes, '\n') + 1;
	size_t length = bytes->length - (size_t)(payload - bytes->bytes);
	if (length != head.size) {
		str_format(&why, "it has %zu bytes instead of %zu", length, head.size);
		return refuse_payload(name, &head, str_text(&why), err);
	}
	crypt_sha256(payload, length, sha256);
	if (strcmp(sha256, head.sha256) != 0)
		return refuse_payload(name, &head, "its bytes do not match their checksum", err);
	memmove(bytes->bytes, payload, length);
	bytes->length = length;
	bytes->bytes[length] = '\0';
	*ret_head = head;
	return true;
}
