#include "progress.h"

#include "base/text.h"
#include "render.h"
#include "term.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "in 1.2 s"; short waits are nobody's business. */
static void add_elapsed(struct str *out, int64_t elapsed_us)
{
	if (elapsed_us >= 1000000)
		str_format(out, " in %" PRId64 ".%" PRId64 " s", elapsed_us / 1000000,
			elapsed_us / 100000 % 10);
}

static void tell_complete(const struct event *event)
{
	static const struct {
		const char *word;
		enum term_style style;
	} words[] = {
		[ACTION_NONE] = {"unchanged", TERM_PLAIN},
		[ACTION_CREATE] = {"created", TERM_CREATE},
		[ACTION_ADOPT] = {"adopted", TERM_IMPORT},
		[ACTION_UPDATE] = {"updated", TERM_CHANGE},
		[ACTION_RENAME] = {"renamed", TERM_CHANGE},
		[ACTION_REPLACE] = {"replaced", TERM_CREATE},
		[ACTION_DESTROY] = {"destroyed", TERM_DESTROY},
		[ACTION_FORGET] = {"forgotten", TERM_DIM},
	};
	const struct action *action = event->action;
	enum action_kind kind = action_kind(action);
	struct str line CLEANUP(str_release) = {0};

	assert(event->object);
	render_address(&line, event->object);
	str_text_add(&line, ": ");
	term_add(&line, STDERR_FILENO, words[kind].style, words[kind].word);
	if (kind == ACTION_RENAME) {
		str_text_add(&line, " from ");
		text_add_visible(&line, action->before->secret, strlen(action->before->secret), 0);
	}
	if (kind == ACTION_ADOPT && action->changes)
		str_text_add(&line, " and updated");
	if (action->goes_with_store)
		str_text_add(&line, " with its store");
	add_elapsed(&line, event->elapsed_us);
	str_format(&line, " (id %s)", event->object->id);
	term_say("%s", str_text(&line));
}

/* Each answer has a ray of its own; without it, like failures are told as one. */
static char *cut_ray(char *message)
{
	static const char begin[] = ", cf-ray ";
	char *from = NULL, *end;

	/* The last one: what comes before may be the server's text. */
	for (char *at = strstr(message, begin); at; at = strstr(at + 1, begin))
		from = at;
	end = from ? strchr(from, ')') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	char *ray = mem_copy_text(from + strlen(begin));
	*end = ')';
	memmove(from, end, strlen(end) + 1);
	return ray;
}

static void tell_failed(struct progress *progress, const struct event *event)
{
	struct str line CLEANUP(str_release) = {0}, address CLEANUP(str_release) = {0};

	render_address(&address, event->object);
	str_format(&line, "%s: ", str_text(&address));
	term_add(&line, STDERR_FILENO, TERM_DESTROY, "failed");
	str_format(&line, ": %s", event->err->message);
	term_say("%s", str_text(&line));
	progress->failures = mem_room(progress->failures, progress->failure_count,
		&progress->failure_room, sizeof(*progress->failures));
	struct progress_failure *failure = &progress->failures[progress->failure_count++];
	*failure = (struct progress_failure){.address = str_steal(&address)};
	error_copy(&failure->err, event->err);
	failure->ray = cut_ray(failure->err.message);
}

static void tell_progress(const struct event_progress *now)
{
	struct str line CLEANUP(str_release) = {0};

	if (!term_is_terminal(STDERR_FILENO))
		return;
	str_format(&line, "%zu done", now->done);
	if (now->failed)
		str_format(&line, ", %zu failed", now->failed);
	str_format(&line, ", %zu under way, %zu left", now->under_way, now->left);
	term_status(now->under_way + now->left ? str_text(&line) : NULL);
}

static void tell_retry(const struct event *event)
{
	struct str line CLEANUP(str_release) = {0};

	str_text_add(&line, "Retrying in ");
	text_add_duration(&line, event->wait_ms);
	term_say("%s: %s", str_text(&line), event->text);
}

static void tell_slow_down(const struct event *event)
{
	struct str line CLEANUP(str_release) = {0};

	text_add_duration(&line, event->wait_ms);
	term_say("Slowing down: %s; continuing in %s", event->text, str_text(&line));
}

static void tell_waiting(const struct event *event)
{
	struct str line CLEANUP(str_release) = {0};

	str_text_add(&line, "Waiting for Cloudflare to confirm ");
	text_add_visible(&line, event->text, strlen(event->text), 0);
	str_text_add(&line, " (up to ");
	text_add_duration(&line, (event->wait_ms + 999) / 1000 * 1000);
	str_char(&line, ')');
	term_say("%s", str_text(&line));
}

/* Whoever reads a pipe has been told how long it takes. */
static void tell_countdown(int64_t wait_ms)
{
	struct str line CLEANUP(str_release) = {0};

	str_text_add(&line, "Waiting: next request in ");
	text_add_duration(&line, (wait_ms + 999) / 1000 * 1000);
	term_status(wait_ms > 0 ? str_text(&line) : NULL);
}

static void tell_long_run(const struct event *event)
{
	const struct event_limit *limit = event->limit;
	struct str line CLEANUP(str_release) = {0};

	str_format(&line,
		"%s needs about %" PRId64 " requests. The rate limit allows %" PRId64 " in ",
		event->text, limit->requests, limit->quota);
	text_add_duration(&line, limit->window_ms);
	str_text_add(&line, ", so it takes about ");
	text_add_duration(&line, (event->wait_ms + 59999) / 60000 * 60000);
	term_say("%s.", str_text(&line));
}

static void tell_await(const struct event_progress *now)
{
	struct str line CLEANUP(str_release) = {0};

	str_format(&line, "Waiting for %zu secret%s to become active", now->left,
		now->left == 1 ? "" : "s");
	if (now->done)
		str_format(&line, "; %zu %s already", now->done, now->done == 1 ? "is" : "are");
	term_say("%s ...", str_text(&line));
}

/* Made by that apply; or a replacement that was cut off before it destroyed anything. */
static void tell_recovered(const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	render_address(&address, object);
	term_say("%s: found (id %s); an earlier apply left open what became of it",
		str_text(&address), object->id);
}

static void on_event(void *context, const struct event *event)
{
	switch (event->type) {
	case EVENT_LOCK_WAIT:
		term_say("Waiting for the lock that %s holds ...", event->text);
		break;
	case EVENT_JOURNAL_FOLDED:
		term_say("An apply was cut off; what it had recorded is in the state now.");
		break;
	case EVENT_RECOVERED:
		tell_recovered(event->object);
		break;
	case EVENT_ACTION_COMPLETE:
		tell_complete(event);
		break;
	case EVENT_ACTION_FAILED:
		tell_failed(context, event);
		break;
	case EVENT_PROGRESS:
		tell_progress(&event->progress);
		break;
	case EVENT_RETRY:
		tell_retry(event);
		break;
	case EVENT_SLOW_DOWN:
		tell_slow_down(event);
		break;
	case EVENT_COUNTDOWN:
		tell_countdown(event->wait_ms);
		break;
	case EVENT_LONG_RUN:
		tell_long_run(event);
		break;
	case EVENT_AWAIT:
		tell_await(&event->progress);
		break;
	case EVENT_WAITING:
		tell_waiting(event);
		break;
	case EVENT_INTERRUPT:
		term_say("Stopping: %zu under way are waited for, %zu are not started. "
			 "Again to leave at once.",
			event->progress.under_way, event->progress.left);
		break;
	case EVENT_WARNING:
		if (event->err)
			term_warn(event->err);
		else
			term_warning(event->text);
		break;
	case EVENT_NOTE:
	case EVENT_REFRESH_START:
	case EVENT_REFRESH_DONE:
	case EVENT_ACTION_START:
	case EVENT_ACTION_SLOW:
	case EVENT_REQUEST:
	case EVENT_ANSWER:
		break;
	}
}

void progress_init(struct progress *progress)
{
	*progress = (struct progress){.sink = {.on_event = on_event, .context = progress}};
}

void progress_release(struct progress *progress)
{
	for (size_t i = 0; i < progress->failure_count; i++) {
		free(progress->failures[i].address);
		free(progress->failures[i].ray);
		error_release(&progress->failures[i].err);
	}
	free(progress->failures);
	*progress = (struct progress){0};
}

static int compare_failures(const void *a, const void *b)
{
	const struct progress_failure *x = a, *y = b;
	int order = strcmp(x->err.message, y->err.message);

	return order ? order : strcmp(x->address, y->address);
}

static void tell_address(const struct progress_failure *failure)
{
	if (failure->ray)
		term_say("  %s (cf-ray %s)", failure->address, failure->ray);
	else
		term_say("  %s", failure->address);
}

void progress_tell_failures(const struct progress *progress)
{
	struct progress_failure *all = progress->failures;
	size_t count = progress->failure_count;

	if (count)
		qsort(all, count, sizeof(*all), compare_failures);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i;
			next < count && strcmp(all[i].err.message, all[next].err.message) == 0;)
			next++;
		term_say("%s", "");
		term_error(&all[i].err);
		for (size_t j = i; j < next; j++)
			tell_address(&all[j]);
	}
}
