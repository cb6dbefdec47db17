#include "status.h"

#include "base/text.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60000 };

/* An estimate needs so many results, and so much time. */
enum { ENOUGH_RESULTS = 3, ENOUGH_MS = 3000 };

static size_t total(const struct event_progress *counts)
{
	return counts->done + counts->failed + counts->under_way + counts->left;
}

static void add_elapsed(struct str *out, const struct status *status)
{
	text_add_duration(out, status->elapsed_ms / SECOND_MS * SECOND_MS);
	if (!status->most_ms) {
		str_text_add(out, " elapsed");
		return;
	}
	str_text_add(out, " of ");
	text_add_duration(out, (status->most_ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS);
}

/* As if the rest took as long as what is done. -1: nobody can tell yet. */
static int64_t estimate_ms(const struct status *status)
{
	const struct event_progress *counts = &status->counts;
	int64_t ended = (int64_t)(counts->done + counts->failed);
	int64_t rest = (int64_t)total(counts) - ended;

	if (ended < ENOUGH_RESULTS || status->elapsed_ms < ENOUGH_MS || !rest)
		return -1;
	int64_t left_ms = status->elapsed_ms * rest / ended;
	int64_t least_ms = status->least_ms - status->elapsed_ms;
	return left_ms < least_ms ? least_ms : left_ms;
}

/* Rounded up, so that the number does not jump each second. */
static void add_left(struct str *out, int64_t left_ms)
{
	const int64_t second_ms = SECOND_MS, minute_ms = MINUTE_MS;
	int64_t step_ms = left_ms <= 20 * second_ms   ? 5 * second_ms
			  : left_ms <= 2 * minute_ms  ? 10 * second_ms
			  : left_ms <= 20 * minute_ms ? minute_ms
						      : 10 * minute_ms;

	str_text_add(out, ", about ");
	text_add_duration(out, (left_ms + step_ms - 1) / step_ms * step_ms);
	str_text_add(out, " left");
}

static void add_what(struct str *out, const struct status *status)
{
	const struct event_progress *counts = &status->counts;
	size_t all = total(counts);

	if (status->phase == STATUS_READING && status->accounts == 1)
		str_format(out, "Reading account %s...", status->account);
	else if (status->phase == STATUS_READING)
		str_format(out, "Reading %zu accounts...", status->accounts);
	else if (status->phase == STATUS_CONFIRMING)
		str_text_add(out, "Waiting for Cloudflare to confirm...");
	else if (status->phase == STATUS_ACTIVATING && counts->done)
		str_format(out, "Waiting for %zu of %zu secrets to become active...", counts->left,
			all);
	else if (status->phase == STATUS_ACTIVATING)
		str_format(out, "Waiting for %zu secret%s to become active...", all,
			all == 1 ? "" : "s");
}

void status_add_start(struct str *out, const struct status *status)
{
	if (status->phase == STATUS_READING || status->phase == STATUS_ACTIVATING)
		add_what(out, status);
	if (status->phase != STATUS_ACTIVATING || !status->most_ms)
		return;
	str_text_add(out, " (up to ");
	text_add_duration(out, (status->most_ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS);
	str_char(out, ')');
}

void status_add_still(struct str *out, const struct status *status)
{
	const struct event_progress *counts = &status->counts;
	struct str what CLEANUP(str_release) = {0};

	if (status->phase == STATUS_APPLYING) {
		str_format(out, "Still working... %zu in progress, %zu of %zu done",
			counts->under_way, counts->done, total(counts));
	} else if (status->phase == STATUS_READING) {
		str_text_add(out, "Still reading...");
	} else {
		add_what(&what, status);
		str_format(out, "Still w%s", str_text(&what) + 1);
	}
	str_text_add(out, " [");
	add_elapsed(out, status);
	str_char(out, ']');
}

void status_add_line(struct str *out, const struct status *status)
{
	const struct event_progress *counts = &status->counts;
	bool is_applying = status->phase == STATUS_APPLYING;
	int64_t left_ms = is_applying ? estimate_ms(status) : -1;

	add_what(out, status);
	if (is_applying) {
		str_format(out, "%zu of %zu done", counts->done, total(counts));
		if (counts->failed)
			str_format(out, ", %zu failed", counts->failed);
		str_format(out, ", %zu in progress", counts->under_way);
	}
	str_text_add(out, " [");
	if (status->wait_ms) {
		str_text_add(out, "next request in ");
		text_add_duration(out, (status->wait_ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS);
	} else {
		add_elapsed(out, status);
		if (left_ms >= 0)
			add_left(out, left_ms);
	}
	str_char(out, ']');
}
