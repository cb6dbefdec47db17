#include "progress.h"

#include "base/text.h"
#include "render.h"
#include "verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_complete(const struct event *event)
{
	const struct row *row = event->row;
	const struct verb *verb = verb_of(row);
	const struct object *other = row->copies ? row->copies : row->renamed_to;
	struct str line CLEANUP(str_release) = {0};

	render_address(&line, event->object);
	str_text_add(&line, ": ");
	term_add(&line, STDERR_FILENO, row->action == ACTION_REPLACE ? TERM_CREATE : verb->style,
		row->renamed_to ? "deleted" : verb->done);
	if (other) {
		char *name AUTO_FREE = text_visible(other->secret, 0);
		str_format(&line, "%s %s", row->copies ? " from" : ", renamed to", name);
	}
	if (row->action == ACTION_ADOPT && row->writes)
		str_text_add(&line, " and updated");
	if (row->notes & ROW_WITH_STORE)
		str_text_add(&line, " with its store");
	/* Short waits are not worth a word. */
	if (event->elapsed_us >= 1000000)
		str_format(&line, " in %" PRId64 ".%" PRId64 " s", event->elapsed_us / 1000000,
			event->elapsed_us / 100000 % 10);
	term_print("%s (id %s)", str_text(&line), event->object->id);
}

/* Cuts the ray out of the message and lends it; or NULL. Each answer has its own, and without it
 * failures of one reason have one message. */
static const char *cut_ray(struct arena *arena, char *message)
{
	static const char begin[] = ", cf-ray ";
	char *from = NULL, *end;

	/* The last one: what comes before may be the server's text. */
	for (char *at = strstr(message, begin); at; at = strstr(at + 1, begin))
		from = at;
	end = from ? strchr(from, ')') : NULL;
	if (!end)
		return NULL;
	const char *ray = from + strlen(begin);
	ray = arena_bytes(arena, ray, (size_t)(end - ray));
	memmove(from, end, strlen(end) + 1);
	return ray;
}

static void print_failed(struct progress *progress, const struct event *event)
{
	struct str word CLEANUP(str_release) = {0}, address CLEANUP(str_release) = {0};

	render_address(&address, event->object);
	term_add(&word, STDERR_FILENO, TERM_DESTROY, "failed");
	term_print("%s: %s: %s", str_text(&address), str_text(&word), event->err->message);
	progress->failures = mem_room(progress->failures, progress->failure_count,
		&progress->failure_room, sizeof(*progress->failures));
	struct progress_failure *failure = &progress->failures[progress->failure_count++];
	*failure = (struct progress_failure){
		.address = arena_text(&progress->arena, str_text(&address))};
	error_copy(&failure->err, event->err);
	failure->ray = cut_ray(&progress->arena, failure->err.message);
}

static void print_progress(const struct event_progress *now)
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

static void print_wait(const struct event *event)
{
	bool is_exact = event->type == EVENT_RETRY || event->type == EVENT_SLOW_DOWN;
	const struct event_limit *limit = event->limit;
	int64_t unit_ms = is_exact ? 1 : limit ? 60000 : 1000;
	struct str wait CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};

	text_add_duration(&wait, (event->wait_ms + unit_ms - 1) / unit_ms * unit_ms);
	if (event->type == EVENT_RETRY) {
		term_print("Retrying in %s: %s", str_text(&wait), event->text);
	} else if (event->type == EVENT_SLOW_DOWN) {
		term_print("Slowing down: %s; continuing in %s", event->text, str_text(&wait));
	} else if (event->type == EVENT_COUNTDOWN) {
		/* A pipe got the whole wait in one line before. */
		str_format(&line, "Waiting: next request in %s", str_text(&wait));
		term_status(event->wait_ms > 0 ? str_text(&line) : NULL);
	} else if (event->type == EVENT_WAITING) {
		char *what AUTO_FREE = text_visible(event->text, 0);
		term_print(
			"Waiting for Cloudflare to confirm %s (up to %s)", what, str_text(&wait));
	} else if (limit) {
		text_add_duration(&line, limit->window_ms);
		term_print("%s needs about %" PRId64 " requests. The rate limit allows %" PRId64
			   " in %s, so it takes about %s.",
			event->text, limit->requests, limit->quota, str_text(&line),
			str_text(&wait));
	}
}

static void print_await(const struct event_progress *now)
{
	struct str line CLEANUP(str_release) = {0};

	str_format(&line, "Waiting for %zu secret%s to become active", now->left,
		now->left == 1 ? "" : "s");
	if (now->done)
		str_format(&line, "; %zu %s already", now->done, now->done == 1 ? "is" : "are");
	term_print("%s ...", str_text(&line));
}

static void on_event(void *context, const struct event *event)
{
	struct str address CLEANUP(str_release) = {0};

	switch (event->type) {
	case EVENT_LOCK_WAIT:
		term_print("Waiting for the lock that %s holds ...", event->text);
		break;
	case EVENT_JOURNAL_FOLDED:
		term_print("An apply was cut off; what it had recorded is in the state now.");
		break;
	case EVENT_RECOVERED:
		render_address(&address, event->object);
		term_print("%s: found (id %s); an earlier apply left open what became of it",
			str_text(&address), event->object->id);
		break;
	case EVENT_ACTION_COMPLETE:
		print_complete(event);
		break;
	case EVENT_ACTION_FAILED:
		print_failed(context, event);
		break;
	case EVENT_PROGRESS:
		print_progress(&event->progress);
		break;
	case EVENT_RETRY:
	case EVENT_SLOW_DOWN:
	case EVENT_COUNTDOWN:
	case EVENT_LONG_RUN:
	case EVENT_WAITING:
		print_wait(event);
		break;
	case EVENT_AWAIT:
		print_await(&event->progress);
		break;
	case EVENT_INTERRUPT:
		term_print("Stopping: %zu under way are waited for, %zu are not started. "
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
	for (size_t i = 0; i < progress->failure_count; i++)
		error_release(&progress->failures[i].err);
	free(progress->failures);
	arena_release(&progress->arena);
}

static int compare_failures(const void *a, const void *b)
{
	const struct progress_failure *x = a, *y = b;
	int order = strcmp(x->err.message, y->err.message);

	return order ? order : strcmp(x->address, y->address);
}

void progress_print_failures(const struct progress *progress)
{
	struct progress_failure *all = progress->failures;
	size_t count = progress->failure_count;

	if (count)
		qsort(all, count, sizeof(*all), compare_failures);
	for (size_t i = 0, next; i < count;) {
		for (next = i;
			next < count && strcmp(all[i].err.message, all[next].err.message) == 0;)
			next++;
		term_print("%s", "");
		term_error(&all[i].err);
		for (; i < next; i++)
			term_print("  %s%s%s%s", all[i].address, all[i].ray ? " (cf-ray " : "",
				all[i].ray ? all[i].ray : "", all[i].ray ? ")" : "");
	}
}
