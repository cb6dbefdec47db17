#include "log.h"

#include "adapter/fs.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli.h"
#include "verbs.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum level { LOG_NOTHING, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

static const char *const level_names[] = {NULL, "error", "warn", "info", "debug", "trace"};

static struct {
	enum level level;
	int fd; /* -1: stderr */
	void (*to_terminal)(const struct str *line);
} the_log;

bool log_start(void (*to_terminal)(const struct str *line), struct error *err)
{
	const char *name = cli_env("CFPROV_LOG"), *path = cli_env("CFPROV_LOG_PATH");
	enum level level = LOG_ERROR;
	int fd = -1;

	if (!name)
		return true;
	while (level <= LOG_TRACE && strcmp(name, level_names[level]) != 0)
		level++;
	if (level > LOG_TRACE) {
		char *shown AUTO_FREE = text_visible(name, 40);
		error_set(err, "CFPROV_LOG: invalid level `%s`", shown);
		return error_hint(err, "Valid levels: error, warn, info, debug, trace.");
	}
	if (path && !fs_open_to_append(path, &fd, err)) {
		if (!err->hint)
			error_hint(err, "Use a regular file, or unset CFPROV_LOG_PATH to log to "
					"standard error.");
		return error_prefix(err, "CFPROV_LOG_PATH");
	}
	the_log.level = level;
	the_log.fd = fd;
	the_log.to_terminal = to_terminal;
	return true;
}

/* A log that can't be written (to a full disk, say) is no reason to stop. */
static void write_line(enum level level, const char *text)
{
	struct str line CLEANUP(str_release) = {0}, visible CLEANUP(str_release) = {0};
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	str_format(&line, "%s %-5s ", now, level_names[level]);
	text_add_visible(&visible, text, strlen(text), 0);
	text_add_inert(&line, str_text(&visible), visible.length); /* a CI may show the file */
	str_char(&line, '\n');
	if (the_log.fd < 0)
		the_log.to_terminal(&line);
	else
		(void)!write(the_log.fd, line.bytes, line.length);
}

void log_error(const struct error *err)
{
	if (the_log.level >= LOG_ERROR)
		write_line(LOG_ERROR, err->message);
}

static void add_ms(struct str *out, int64_t us)
{
	str_format(out, ", %" PRId64 ".%" PRId64 " ms", us / 1000, us / 100 % 10);
}

static void add_request(struct str *out, const struct event *event)
{
	const struct event_request *it = event->request;

	str_format(out, "%s %s attempt %d: ", it->method, it->path, it->attempt);
	if (event->type == EVENT_REQUEST) {
		str_format(out, "sending %zu bytes", it->sent_bytes);
		return;
	}
	if (event->text)
		str_format(out, "no answer (%s)", event->text);
	else
		str_format(out, "HTTP %d", it->status);
	str_format(out, ", sent %zu bytes, received %zu bytes", it->sent_bytes, it->received_bytes);
	add_ms(out, event->elapsed_us);
	if (*it->ray)
		str_format(out, ", cf-ray %s", it->ray);
}

/* "create default/keys: done, id 1f2e, 12.3 ms" */
static void add_line(struct str *out, const struct event *event, const char *word)
{
	if (event->object) {
		char *address AUTO_FREE = object_address(event->object);
		if (event->row)
			str_format(out, "%s ", verb_of(event->row)->tf_verb);
		str_format(out, "%s: ", address);
	}
	str_text_add(out, word);
	bool has_id = event->type == EVENT_ACTION_COMPLETE || event->type == EVENT_RECOVERED ||
		      event->type == EVENT_NOT_REPLACED;
	if (event->object && has_id)
		str_format(out, ", id %s", event->object->id);
	else if (event->text)
		str_format(out, "%s%s", *word ? ": " : "", event->text);
	if (event->err)
		str_format(out, ": %s", event->err->message);
	if (event->wait_ms)
		str_format(out, "; waiting %" PRId64 " ms", event->wait_ms);
	if (event->elapsed_us)
		add_ms(out, event->elapsed_us);
}

void log_event(const struct event *event)
{
	static const struct {
		enum level level;
		const char *word; /* NULL: not logged */
	} lines[] = {
		[EVENT_LOCK_WAIT] = {LOG_INFO, "waiting for the lock"},
		[EVENT_RECOVERED] = {LOG_DEBUG, "recovered"},
		[EVENT_NOT_REPLACED] = {LOG_DEBUG, "not replaced"},
		[EVENT_JOURNAL_FOLDED] = {LOG_DEBUG, "journal folded into the state"},
		[EVENT_PROTECTED] = {LOG_DEBUG, "written again with the key"},
		[EVENT_REFRESH_START] = {LOG_DEBUG, "reading"},
		[EVENT_REFRESH_DONE] = {LOG_DEBUG, "read"},
		[EVENT_ACTION_START] = {LOG_DEBUG, "started"},
		[EVENT_ACTION_SLOW] = {LOG_INFO, "still in progress"},
		[EVENT_ACTION_COMPLETE] = {LOG_INFO, "done"},
		[EVENT_ACTION_FAILED] = {LOG_ERROR, "failed"},
		[EVENT_RETRY] = {LOG_DEBUG, "retrying"},
		[EVENT_SLOW_DOWN] = {LOG_DEBUG, "slowing down"},
		[EVENT_WAITING] = {LOG_INFO, "waiting for Cloudflare to confirm"},
		[EVENT_LONG_RUN] = {LOG_INFO,
			"more requests than the rate limit allows in one window"},
		[EVENT_AWAIT] = {LOG_INFO, "waiting for secrets to become active"},
		[EVENT_INTERRUPT] = {LOG_WARN, "interrupt received"},
		[EVENT_WARNING] = {LOG_WARN, ""},
		[EVENT_NOTE] = {LOG_INFO, ""},
		[EVENT_REQUEST] = {LOG_TRACE, ""},
		[EVENT_ANSWER] = {LOG_TRACE, ""},
	};
	struct str text CLEANUP(str_release) = {0};
	enum level level = lines[event->type].level;

	if (!lines[event->type].word || level > the_log.level)
		return;
	if (event->type == EVENT_REQUEST || event->type == EVENT_ANSWER)
		add_request(&text, event);
	else
		add_line(&text, event, lines[event->type].word);
	write_line(level, str_text(&text));
}
