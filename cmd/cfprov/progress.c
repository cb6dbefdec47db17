#include "progress.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/text.h"
#include "render.h"
#include "verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What takes less than a second needs no sign of life. After ten seconds there is another. Changes
 * that are slow get a line each, but not if there are many of them.
 */
enum { CALM_MS = 1000, STEP_MS = 10000, MANY_IN_PROGRESS = 10 };

/* The client's seconds may begin a little before those of a phase. */
enum { TICK_EARLY_MS = 100 };

/* ---- results ---- */

/* Results come in groups; a group is written at once. */
static void add_complete(struct progress *progress, const struct event *event)
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
	if (event->elapsed_us >= CALM_MS * INT64_C(1000)) {
		str_text_add(&line, " after ");
		text_add_duration(&line, event->elapsed_us / 1000000 * 1000);
	}
	str_format(&line, " (id" TERM_GLUE "%s)", event->object->id);
	term_add_folded(&progress->completed, STDERR_FILENO, 0, str_text(&line));
}

static void print_completed(struct progress *progress)
{
	if (progress->completed.length)
		term_print_str(&progress->completed);
	str_clear(&progress->completed);
}

/* Gives what is left of the message without the ray, which each answer has for itself: failures of
 * one reason have one text then. *ret_ray: the ray, or NULL. */
static char *cut_ray(struct arena *arena, const char *message, const char **ret_ray)
{
	static const char begin[] = ", cf-ray ";
	const char *from = NULL, *end;

	*ret_ray = NULL;
	/* The last one: what comes before may be the server's text. */
	for (const char *at = strstr(message, begin); at; at = strstr(at + 1, begin))
		from = at;
	end = from ? strchr(from, ')') : NULL;
	if (!end)
		return arena_text(arena, message);
	const char *ray = from + strlen(begin);
	*ret_ray = arena_bytes(arena, ray, (size_t)(end - ray));
	return arena_format(arena, "%.*s%s", (int)(from - message), message, end);
}

static void print_failed(struct progress *progress, const struct event *event)
{
	struct str word CLEANUP(str_release) = {0}, address CLEANUP(str_release) = {0};

	render_address(&address, event->object);
	char *message AUTO_FREE = text_visible(event->err->message, 0);
	term_add(&word, STDERR_FILENO, TERM_DESTROY, "failed");
	term_print("%s: %s: %s", str_text(&address), str_text(&word), message);
	progress->failures = mem_room(progress->failures, progress->failure_count,
		&progress->failure_room, sizeof(*progress->failures));
	struct progress_failure *failure = &progress->failures[progress->failure_count++];
	*failure = (struct progress_failure){
		.address = arena_text(&progress->arena, str_text(&address))};
	error_copy(&failure->err, event->err);
	failure->reason = cut_ray(&progress->arena, event->err->message, &failure->ray);
}

/* ---- signs of life ---- */

static void begin(struct progress *progress, enum status_phase phase)
{
	progress->status = (struct status){.phase = phase};
	progress->began_ms = clock_monotonic_ms();
	progress->next_ms = phase == STATUS_READING ? CALM_MS : 0;
	progress->has_begun = progress->has_slow = false;
	term_status(NULL);
}

void progress_read(struct progress *progress, const struct model *accounts)
{
	begin(progress, STATUS_READING);
	progress->status.accounts = accounts->account_count;
	if (accounts->account_count)
		progress->status.account = accounts->accounts[0].alias;
}

void progress_apply(struct progress *progress)
{
	begin(progress, STATUS_APPLYING);
}

/* In a pipe: a line when it is due. */
static void print_life(struct progress *progress)
{
	struct status *status = &progress->status;
	struct str line CLEANUP(str_release) = {0};

	if (status->elapsed_ms < progress->next_ms ||
		(status->phase == STATUS_APPLYING && !progress->has_slow))
		return;
	if (status->phase != STATUS_APPLYING && !progress->has_begun)
		status_add_start(&line, status);
	else
		status_add_still(&line, status);
	progress->has_begun = true;
	progress->has_slow = false;
	progress->next_ms = (status->elapsed_ms / STEP_MS + 1) * STEP_MS;
	if (line.length)
		term_print("%s", str_text(&line));
}

static void show(struct progress *progress)
{
	struct status *status = &progress->status;
	struct str line CLEANUP(str_release) = {0};

	if (status->phase == STATUS_NONE)
		return;
	status->elapsed_ms = clock_monotonic_ms() - progress->began_ms + TICK_EARLY_MS;
	if (!term_is_terminal(STDERR_FILENO)) {
		print_life(progress);
	} else if (status->elapsed_ms >= CALM_MS) {
		status_add_line(&line, status);
		term_status(str_text(&line));
	}
}

static void on_tick(struct progress *progress, int64_t wait_ms)
{
	progress->status.wait_ms = wait_ms;
	show(progress);
}

static void on_progress(struct progress *progress, const struct event_progress *now)
{
	progress->status.counts = *now;
	if (!term_is_terminal(STDERR_FILENO))
		return;
	if (now->under_way + now->left)
		show(progress);
	else
		term_status(NULL);
}

static void on_slow(struct progress *progress, const struct event *event)
{
	struct str line CLEANUP(str_release) = {0};

	progress->has_slow = progress->status.counts.under_way >= MANY_IN_PROGRESS;
	if (progress->has_slow || term_is_terminal(STDERR_FILENO))
		return;
	render_address(&line, event->object);
	str_format(&line, ": still %s... [", verb_of(event->row)->doing);
	text_add_duration(&line, event->elapsed_us / 1000000 * 1000);
	term_print("%s elapsed]", str_text(&line));
}

static void on_await(struct progress *progress, const struct event *event)
{
	if (progress->status.phase != STATUS_ACTIVATING) {
		begin(progress, STATUS_ACTIVATING);
		progress->status.most_ms = event->wait_ms;
	}
	progress->status.counts = event->progress;
	show(progress);
}

/* ---- waiting ---- */

/* A reason to try again lasts until it did not occur for a while. */
struct progress_reason {
	int64_t lasts_until_ms, said_until_ms;
};

/* Without libcurl's time: "Failed to connect to HOST port 1 after 0 ms: ..." */
static void cut_time(char *reason)
{
	static const char begin_of[] = " after ", end_of[] = " ms";
	char *from = strstr(reason, begin_of);
	char *end = from ? from + strlen(begin_of) : NULL;

	if (!end)
		return;
	end += strspn(end, "0123456789");
	if (strncmp(end, end_of, strlen(end_of)) == 0)
		memmove(from, end + strlen(end_of), strlen(end + strlen(end_of)) + 1);
}

/* True once for each reason as long as it lasts, and again for each long wait. */
static bool is_new(struct progress *progress, const char *text, int64_t wait_ms)
{
	int64_t now_ms = clock_monotonic_ms();
	struct progress_reason *reason = table_get(progress->reasons, text);

	if (!reason) {
		reason = arena_alloc(&progress->arena, sizeof(*reason));
		*reason = (struct progress_reason){0};
		table_put(&progress->reasons, arena_text(&progress->arena, text), reason);
	}
	bool lasts = now_ms < reason->lasts_until_ms;
	bool is_long = wait_ms >= STEP_MS && now_ms >= reason->said_until_ms;
	if (reason->lasts_until_ms < now_ms + wait_ms + STEP_MS)
		reason->lasts_until_ms = now_ms + wait_ms + STEP_MS;
	if (lasts && !is_long)
		return false;
	reason->said_until_ms = now_ms + wait_ms;
	return true;
}

static void print_retry(struct progress *progress, const struct event *event)
{
	struct str wait CLEANUP(str_release) = {0};
	const char *ray;
	char *reason;

	if (event->is_throttled) {
		reason = arena_format(
			&progress->arena, "Rate limited (HTTP %d)", event->request->status);
	} else {
		reason = cut_ray(&progress->arena, event->text, &ray);
		cut_time(reason);
		if (*reason >= 'a' && *reason <= 'z')
			*reason = (char)(*reason - 'a' + 'A');
	}
	text_add_duration(&wait, event->wait_ms);
	if (is_new(progress, reason, event->wait_ms))
		term_print("%s; retrying in %s", reason, str_text(&wait));
}

static void print_waiting(struct progress *progress, const struct event *event)
{
	struct str wait CLEANUP(str_release) = {0};
	char *what AUTO_FREE = text_visible(event->text, 0);

	text_add_duration(&wait, (event->wait_ms + 999) / 1000 * 1000);
	term_print("Waiting for Cloudflare to confirm %s (up to %s)", what, str_text(&wait));
	if (progress->status.phase == STATUS_READING) {
		begin(progress, STATUS_CONFIRMING);
		progress->has_begun = true;
		progress->next_ms = STEP_MS;
	}
	if (progress->status.phase == STATUS_CONFIRMING)
		progress->status.most_ms = progress->status.elapsed_ms + event->wait_ms;
}

static void print_limit(struct progress *progress, const struct event *event)
{
	const struct event_limit *limit = event->limit;
	struct str wait CLEANUP(str_release) = {0}, window CLEANUP(str_release) = {0};

	if (progress->status.least_ms < event->wait_ms)
		progress->status.least_ms = event->wait_ms;
	text_add_duration(&wait, (event->wait_ms + 59999) / 60000 * 60000);
	text_add_duration(&window, limit->window_ms);
	term_print("%s needs about %" PRId64 " requests. The rate limit allows %" PRId64
		   " in %s, so it takes about %s.",
		event->text, limit->requests, limit->quota, str_text(&window), str_text(&wait));
}

static void print_slow_down(const struct event *event)
{
	struct str wait CLEANUP(str_release) = {0};

	text_add_duration(&wait, event->wait_ms);
	term_print("Slowing down: %s; next request in %s", event->text, str_text(&wait));
}

static void print_interrupt(const struct event_progress *now)
{
	term_print("\nInterrupt received. Waiting for %zu request%s in progress; %zu not started. "
		   "Press Ctrl-C again to exit immediately.",
		now->requests, now->requests == 1 ? "" : "s", now->left);
}

/* ---- events ---- */

/* Of the state, before anything is requested. */
static void print_state(const struct event *event)
{
	struct str wait CLEANUP(str_release) = {0};

	text_add_duration(&wait, (event->wait_ms + 999) / 1000 * 1000);
	if (event->type == EVENT_LOCK_WAIT)
		term_print("Waiting for the lock held by %s... (up to %s)", event->text,
			str_text(&wait));
	else if (event->type == EVENT_PROTECTED)
		term_print("The state %s was written again with the key.%s", event->text,
			event->leaves_clear
				? " Older states there are not encrypted: `cfprov state gc "
				  "-keep=1` removes them."
				: "");
	else
		term_print("The last apply was interrupted. Its recorded results are now in the "
			   "state.");
}

static void print_recovered(const struct event *event)
{
	struct str address CLEANUP(str_release) = {0};

	render_address(&address, event->object);
	if (event->type == EVENT_RECOVERED)
		term_print("%s: found (id" TERM_GLUE "%s), created by an interrupted apply",
			str_text(&address), event->object->id);
	else
		term_print("%s: still exists (id" TERM_GLUE
			   "%s): the interrupted apply did not replace it",
			str_text(&address), event->object->id);
}

static void print_warning(const struct event *event)
{
	if (event->err)
		term_warn(event->err);
	else
		term_warning(event->text);
}

static void print(struct progress *progress, const struct event *event)
{
	switch (event->type) {
	case EVENT_LOCK_WAIT:
	case EVENT_JOURNAL_FOLDED:
	case EVENT_PROTECTED:
		print_state(event);
		break;
	case EVENT_RECOVERED:
	case EVENT_NOT_REPLACED:
		print_recovered(event);
		break;
	case EVENT_ACTION_SLOW:
		on_slow(progress, event);
		break;
	case EVENT_ACTION_COMPLETE:
		add_complete(progress, event);
		break;
	case EVENT_ACTION_FAILED:
		print_failed(progress, event);
		break;
	case EVENT_PROGRESS:
		on_progress(progress, &event->progress);
		break;
	case EVENT_RETRY:
		print_retry(progress, event);
		break;
	case EVENT_SLOW_DOWN:
		print_slow_down(event);
		break;
	case EVENT_LONG_RUN:
		print_limit(progress, event);
		break;
	case EVENT_WAITING:
		print_waiting(progress, event);
		break;
	case EVENT_TICK:
		on_tick(progress, event->wait_ms);
		break;
	case EVENT_AWAIT:
		on_await(progress, event);
		break;
	case EVENT_INTERRUPT:
		print_interrupt(&event->progress);
		break;
	case EVENT_WARNING:
		print_warning(event);
		break;
	case EVENT_NOTE:
	case EVENT_REFRESH_START:
	case EVENT_REFRESH_DONE:
	case EVENT_ACTION_START:
	case EVENT_REQUEST:
	case EVENT_ANSWER:
		break;
	}
}

static void on_event(void *context, const struct event *event)
{
	if (event->type != EVENT_ACTION_COMPLETE)
		print_completed(context);
	print(context, event);
}

void progress_init(struct progress *progress)
{
	*progress = (struct progress){.sink = {.on_event = on_event, .context = progress}};
}

void progress_release(struct progress *progress)
{
	for (size_t i = 0; i < progress->failure_count; i++)
		error_release(&progress->failures[i].err);
	mem_free(progress->failures);
	str_release(&progress->completed);
	table_free(&progress->reasons);
	arena_release(&progress->arena);
}

static int compare_failures(const void *a, const void *b)
{
	const struct progress_failure *x = a, *y = b;
	int order = strcmp(x->reason, y->reason);

	return order ? order : strcmp(x->address, y->address);
}

/* Some that failed for one reason: one error, which names the first, and all of them below. */
static void print_group(const struct progress_failure *all, size_t count)
{
	struct str who CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	error_copy(&err, &all->err);
	if (count == 1) {
		error_prefix(&err, "%s", all->address);
		term_error(&err);
		return;
	}
	text_add_listed(&who, all->address, 0, count, 1);
	mem_free(err.message);
	err.message = mem_copy_text(all->reason);
	error_prefix(&err, "%s", str_text(&who));
	term_error(&err);
	for (size_t i = 0; i < count; i++)
		term_print("  %s%s%s%s", all[i].address, all[i].ray ? " (cf-ray " : "",
			all[i].ray ? all[i].ray : "", all[i].ray ? ")" : "");
}

void progress_print_failures(const struct progress *progress)
{
	struct progress_failure *all = progress->failures;
	size_t count = progress->failure_count;

	if (count)
		qsort(all, count, sizeof(*all), compare_failures);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i; next < count && strcmp(all[i].reason, all[next].reason) == 0;)
			next++;
		print_group(&all[i], next - i);
	}
}
