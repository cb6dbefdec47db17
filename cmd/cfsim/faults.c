#include "faults.h"

#include "adapter/fs.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 64 << 20 };

enum member_type { TEXT, NUMBER, FLAG, KIND, BYTES, FROM_FILE, HEADERS, ITEMS };

#define FIELD(name) offsetof(struct fault, name)

static const struct member {
	const char *name;
	size_t field;
	enum member_type type;
} members[] = {
	{"method", FIELD(method), TEXT},
	{"path", FIELD(path), TEXT},
	{"account", FIELD(account), TEXT},
	{"reused", FIELD(reused_only), FLAG},
	{"after", FIELD(after), NUMBER},
	{"nth", FIELD(nth), NUMBER},
	{"times", FIELD(times), NUMBER},
	{"kind", FIELD(kind), KIND},
	{"status", FIELD(status), NUMBER},
	{"code", FIELD(code), NUMBER},
	{"ms", FIELD(ms), NUMBER},
	{"after_ms", FIELD(after_ms), NUMBER},
	{"answer", FIELD(answer), TEXT},
	{"total_count", FIELD(total_count), NUMBER},
	{"total_pages", FIELD(total_pages), NUMBER},
	{"page", FIELD(page), NUMBER},
	{"name", FIELD(name), TEXT},
	{"message", FIELD(message), TEXT},
	{"retry_after", FIELD(retry_after), TEXT},
	{"body", FIELD(body), TEXT},
	{"content_type", FIELD(content_type), TEXT},
	{"location", FIELD(location), TEXT},
	{"text", FIELD(text), BYTES},
	{"file", FIELD(text), FROM_FILE},
	{"headers", FIELD(headers), HEADERS},
	{"errors", FIELD(errors), ITEMS},
	{"messages", FIELD(messages), ITEMS},
};

static bool add_header(struct fault *fault, const char *name, const struct json *value)
{
	if (!json_is_string(value))
		return false;
	fault->headers = mem_room(fault->headers, fault->header_count, &fault->header_room,
		sizeof(fault->headers[0]));
	fault->headers[fault->header_count++] =
		(struct fault_header){mem_copy_text(name), mem_copy_text(json_text(value))};
	return true;
}

/* A list of values makes as many lines of one name. */
static bool set_headers(struct fault *fault, const struct json *value)
{
	if (!json_is_object(value))
		return false;
	for (const struct json *it = json_first(value); it; it = json_next(it)) {
		if (!json_is_array(it) && !add_header(fault, json_key(it), it))
			return false;
		const struct json *line = json_is_array(it) ? json_first(it) : NULL;
		for (; line; line = json_next(line))
			if (!add_header(fault, json_key(it), line))
				return false;
	}
	return true;
}

/* Writes any value again. Recursion is bounded by JSON_DEPTH_LIMIT. False: it has a fraction. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool put_value(struct json_writer *writer, const char *key, const struct json *value)
{
	int64_t number = 0;
	bool ok = true;

	if (json_is_object(value) || json_is_array(value)) {
		if (json_is_object(value))
			json_begin_object(writer, key);
		else
			json_begin_array(writer, key);
		for (const struct json *it = json_first(value); it; it = json_next(it))
			ok = put_value(writer, json_key(it), it) && ok;
		json_end(writer);
	} else if (json_is_string(value)) {
		json_put_text(writer, key, json_text(value));
	} else if (json_is_number(value)) {
		ok = json_integer(value, &number);
		json_put_integer(writer, key, number);
	} else if (json_is_null(value)) {
		json_put_null(writer, key);
	} else {
		json_put_bool(writer, key, json_is_true(value));
	}
	return ok;
}

/* The items of a list, without its brackets. */
static bool set_items(char **ret_items, const struct json *value)
{
	struct str text CLEANUP(str_release) = {0}, items = {0};
	struct json_writer writer = json_writer(&text, 0);

	if (!json_is_array(value) || !put_value(&writer, NULL, value))
		return false;
	str_add(&items, text.bytes + 1, text.length - 2);
	*ret_items = str_steal(&items);
	return true;
}

/* False: the value has another type, or there is an error. */
static bool set(struct fault *fault, const struct member *member, const struct json *value,
	struct error *err)
{
	void *field = (char *)fault + member->field;

	switch (member->type) {
	case TEXT:
		return json_is_string(value) && (*(char **)field = mem_copy_text(json_text(value)));
	case NUMBER:
		return json_integer(value, field) && *(int64_t *)field >= 0;
	case FLAG:
		*(bool *)field = json_is_true(value);
		return json_is_true(value) || json_is_false(value);
	case KIND:
		return json_is_string(value) && (fault->kind = fault_kind_find(json_text(value)));
	case BYTES:
		return json_is_string(value) &&
		       (str_text_add(&fault->text, json_text(value)), true);
	case FROM_FILE:
		return json_is_string(value) &&
		       fs_read(json_text(value), FILE_LIMIT, &fault->text, err);
	case HEADERS:
		return set_headers(fault, value);
	case ITEMS:
		return set_items(field, value);
	}
	return false;
}

static bool set_member(struct fault *fault, const struct json *value, struct error *err)
{
	const char *key = json_key(value);

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (strcmp(members[i].name, key) != 0)
			continue;
		if (set(fault, &members[i], value, err))
			return true;
		return err->message ? false : error_set(err, "invalid \"%s\"", key);
	}
	return error_set(err, "unknown member \"%s\"", key);
}

static void fault_free(struct fault *fault)
{
	mem_free(fault->method);
	mem_free(fault->path);
	mem_free(fault->account);
	mem_free(fault->message);
	mem_free(fault->retry_after);
	mem_free(fault->body);
	mem_free(fault->content_type);
	mem_free(fault->location);
	mem_free(fault->answer);
	mem_free(fault->name);
	mem_free(fault->errors);
	mem_free(fault->messages);
	str_release(&fault->text);
	for (size_t i = 0; i < fault->header_count; i++) {
		mem_free(fault->headers[i].name);
		mem_free(fault->headers[i].value);
	}
	mem_free(fault->headers);
	mem_free(fault);
}

/* A key twice can't come this far: the parser refuses it. So nothing is set twice and lost. */
static bool fill(struct fault *fault, const struct json *object, struct error *err)
{
	fault->times = fault->ms = fault->after_ms = -1;
	fault->total_count = fault->total_pages = fault->page = -1;
	if (!json_is_object(object))
		return error_set(err, "expected an object");
	for (const struct json *it = json_first(object); it; it = json_next(it))
		if (!set_member(fault, it, err))
			return false;
	if (!fault->kind && fault->status)
		fault->kind = fault_kind_find("status");
	if (!fault->kind && (fault->errors || fault->messages || fault->header_count))
		fault->kind = fault_kind_find("envelope");
	if (!fault->kind)
		return error_set(err, "\"kind\" is missing");
	return fault_kind_check(fault, err);
}

static bool add_one(struct faults *faults, const struct json *object, struct error *err)
{
	struct fault *fault = mem_alloc(sizeof(*fault));

	if (!fill(fault, object, err)) {
		fault_free(fault);
		return false;
	}
	faults->items =
		mem_room(faults->items, faults->count, &faults->room, sizeof(struct fault *));
	faults->items[faults->count++] = fault;
	return true;
}

bool faults_add(struct faults *faults, const char *bytes, size_t length, struct error *err)
{
	struct json *json CLEANUP(json_free_pointer) = json_parse(bytes, length, err);
	size_t before = faults->count, number = 1;

	if (!json)
		return error_prefix(err, "faults");
	if (!json_is_array(json))
		return add_one(faults, json, err) || error_prefix(err, "fault");
	for (const struct json *it = json_first(json); it; it = json_next(it), number++) {
		if (add_one(faults, it, err))
			continue;
		while (faults->count > before)
			fault_free(faults->items[--faults->count]);
		return error_prefix(err, "fault %zu", number);
	}
	return true;
}

static bool path_matches(const char *pattern, const char *path)
{
	pattern = target_strip_base(pattern);
	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, path, 0) == 0;
	return strncmp(pattern, path, strlen(pattern)) == 0;
}

static bool account_matches(const char *account, const struct target *target)
{
	return target->segment_count > 1 && strcmp(target->segments[0], "accounts") == 0 &&
	       strcmp(target->segments[1], account) == 0;
}

static bool matches(
	const struct fault *fault, const struct request *request, const struct target *target)
{
	if (fault->method && strcmp(fault->method, request->method) != 0)
		return false;
	if (fault->path && !path_matches(fault->path, target->path))
		return false;
	if (fault->account && !account_matches(fault->account, target))
		return false;
	return request->nth > 1 || !(fault->reused_only || fault_kind_is_idle(fault->kind));
}

/* Counts the request that matches. */
static bool applies(struct fault *fault)
{
	int64_t number = (int64_t)++fault->seen;

	if (fault->nth && number != fault->nth)
		return false;
	return number > fault->after &&
	       (fault->times < 0 || (int64_t)fault->applied < fault->times);
}

struct fault *faults_match(
	struct faults *faults, const struct request *request, const struct target *target)
{
	struct fault *found = NULL;

	for (size_t i = faults->cleared; i < faults->count; i++) {
		struct fault *fault = faults->items[i];
		if (matches(fault, request, target) && applies(fault) && !found)
			found = fault;
	}
	if (found)
		found->applied++;
	return found;
}

static void put_text(struct json_writer *writer, const char *key, const char *text)
{
	if (text)
		json_put_text(writer, key, text);
}

void faults_describe(const struct faults *faults, struct json_writer *writer, const char *key)
{
	json_begin_array(writer, key);
	for (size_t i = faults->cleared; i < faults->count; i++) {
		const struct fault *fault = faults->items[i];
		json_begin_object(writer, NULL);
		json_put_text(writer, "kind", fault_name(fault));
		put_text(writer, "method", fault->method);
		put_text(writer, "path", fault->path);
		put_text(writer, "account", fault->account);
		json_put_integer(writer, "seen", (int64_t)fault->seen);
		json_put_integer(writer, "applied", (int64_t)fault->applied);
		json_end(writer);
	}
	json_end(writer);
}

void faults_clear(struct faults *faults)
{
	faults->cleared = faults->count;
}

void faults_release(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		fault_free(faults->items[i]);
	mem_free(faults->items);
	*faults = (struct faults){0};
}
