#include "log.h"

#include "base/clock.h"
#include "base/text.h"
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Deeper than any body that the API knows; the writer's own limit is JSON_DEPTH_LIMIT. */
enum { DEEPEST = 16 };

bool log_open(struct log *log, const char *path, struct error *err)
{
	*log = (struct log){.fd = -1};
	if (!path)
		return true;
	log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (log->fd < 0)
		return error_set_errno(err, errno, "can't open the log %s", path);
	return true;
}

static bool may_be_shown(const char *key)
{
	static const char *const keys[] = {"name", "comment", "scopes", "ids"};

	for (size_t i = 0; key && i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* `shown`: the texts in this container may be shown. Bounded by DEEPEST. */
static void put_blanked(struct json_writer *w, const char *key, const struct json *json,
	bool shown) /* NOLINT(misc-no-recursion) */
{
	bool is_object = json_is_object(json);

	if ((!is_object && !json_is_array(json)) || w->depth > DEEPEST) {
		bool plain = shown && json_is_string(json);
		if (json_is_null(json))
			json_put_null(w, key);
		else
			json_put_text(w, key, plain ? json_text(json) : "(blanked)");
		return;
	}
	if (is_object)
		json_begin_object(w, key);
	else
		json_begin_array(w, key);
	for (const struct json *it = json_first(json); it; it = json_next(it))
		put_blanked(w, is_object ? json_key(it) : NULL, it,
			is_object ? may_be_shown(json_key(it)) : shown);
	json_end(w);
}

static void put_body(struct json_writer *w, struct request *request)
{
	json_put_integer(w, "body_bytes", (int64_t)request->body.length);
	if (!request->body.length)
		return;
	const struct json *body = request_json(request);
	if (body)
		put_blanked(w, "body", body, false);
	else
		json_put_text(w, "body", "(no JSON)");
}

/* Bytes that are not UTF-8 would make the line no JSON: such a target is shown without them. */
static void put_target(struct json_writer *w, const char *key, const char *text)
{
	struct str visible CLEANUP(str_release) = {0};

	text_add_visible(&visible, text, strlen(text), 0);
	json_put_text(w, key, str_text(&visible));
}

static void write_line(struct log *log)
{
	const char *bytes = log->line.bytes;
	size_t left = log->line.length;

	while (left) {
		ssize_t written = write(log->fd, bytes, left);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return; /* a log that can't be written must not stop a test */
		bytes += written;
		left -= (size_t)written;
	}
}

void log_request(struct log *log, struct request *request, const struct target *target,
	const struct answer *answer)
{
	struct json_writer w = json_writer(&log->line, 0);
	char now[CLOCK_TEXT_SIZE];

	if (log->fd < 0)
		return;
	str_clear(&log->line);
	clock_now_text(now);
	json_begin_object(&w, NULL);
	json_put_text(&w, "time", now);
	put_target(&w, "method", request->method);
	put_target(&w, "path", target->path);
	put_target(&w, "query", target->query);
	json_put_integer(&w, "status", answer->status);
	if (target->segment_count > 1 && strcmp(target->segments[0], "accounts") == 0)
		put_target(&w, "account", target->segments[1]);
	else
		json_put_null(&w, "account");
	json_put_integer(&w, "bytes", (int64_t)answer->body.length);
	json_put_text(&w, "fault", request->fault ? fault_name(request->fault) : NULL);
	json_put_integer(&w, "connection", (int64_t)request->connection);
	put_body(&w, request);
	json_end(&w);
	str_char(&log->line, '\n');
	write_line(log);
}

void log_close(struct log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	str_release(&log->line);
	log->fd = -1;
}
