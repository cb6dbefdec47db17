#include "stream.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "changes.h"
#include "diagnostics.h"
#include "render.h"
#include "tf_plan_json.h"
#include "value_source.h"
#include "verbs.h"

#include <string.h>

/* ---- lines ---- */

/* Begins a line; `out` is empty. */
static struct json_writer begin(
	struct str *out, const char *level, const char *type, const char *message)
{
	struct json_writer json = json_writer(out, 0);
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	json_begin_object(&json, NULL);
	json_put_text(&json, "@level", level);
	json_put_text(&json, "@message", message);
	json_put_text(&json, "@module", "cfprov.ui");
	json_put_text(&json, "@timestamp", now);
	json_put_text(&json, "type", type);
	return json;
}

/* Prints the line. Readers get it with the next term_flush. */
static void end(struct json_writer *json)
{
	json_end(json);
	str_char(json->out, '\n');
	term_out_str(json->out);
	str_release(json->out);
}

/* ---- diagnostics and the log ---- */

/* `address` may be NULL. */
static void print_diagnostic(
	enum diagnostic_severity severity, const struct error *err, const char *address)
{
	struct str out = {0}, message CLEANUP(str_release) = {0};
	bool is_error = severity == DIAGNOSTIC_ERROR;

	str_text_add(&message, is_error ? "Error: " : "Warning: ");
	text_add_visible(&message, err->message, strlen(err->message), 0);
	struct json_writer json =
		begin(&out, is_error ? "error" : "warn", "diagnostic", str_text(&message));
	diagnostics_put(&json, "diagnostic", severity, err, address);
	end(&json);
	term_flush();
}

static void on_error(const struct error *err)
{
	print_diagnostic(DIAGNOSTIC_ERROR, err, NULL);
}

static void on_warning(const struct error *warning)
{
	print_diagnostic(DIAGNOSTIC_WARNING, warning, NULL);
}

static void on_text(const char *text)
{
	struct str out = {0};
	char *message AUTO_FREE = text_visible(text, 0);
	struct json_writer json = begin(&out, "info", "log", message);

	end(&json);
	term_flush();
}

void stream_start(void)
{
	static const struct term_listener listener = {on_error, on_warning, on_text};
	struct str out = {0}, message CLEANUP(str_release) = {0};

	term_divert(&listener);
	str_format(&message, "cfprov %s", cfprov_version());
	struct json_writer json = begin(&out, "info", "version", str_text(&message));
	json_put_text(&json, "cfprov", cfprov_version());
	json_put_text(&json, "ui", "1.2");
	end(&json);
	term_flush();
}

/* ---- resources ---- */

/* `previous` is the address that it had, or NULL for the one it has. */
static void put_resource(struct json_writer *json, const char *key, const struct object *object,
	const char *previous)
{
	char *own AUTO_FREE = object_address(object);
	const char *address = previous ? previous : own;

	json_begin_object(json, key);
	json_put_text(json, "addr", address);
	json_put_text(json, "module", "");
	json_put_text(json, "resource", address);
	json_put_text(json, "implied_provider", "cloudflare");
	json_put_text(json, "resource_type", tf_type(object->kind));
	json_put_text(json, "resource_name", strrchr(address, '/') + 1);
	json_put_null(json, "resource_key");
	json_end(json);
}

/* ---- events ---- */

/* "prod/keys: still creating... [10s elapsed]" */
static void add_message(struct str *out, const struct event *event)
{
	const struct verb *verb = event->row ? verb_of(event->row) : NULL;
	bool is_bad = event->type == EVENT_ACTION_FAILED;
	struct str elapsed CLEANUP(str_release) = {0};

	render_address(out, event->object);
	text_add_duration(&elapsed, event->elapsed_us / 1000000 * 1000);
	if (!verb)
		str_text_add(out, event->type == EVENT_REFRESH_START ? ": reading"
				  : event->text                      ? ": read"
								     : ": not found");
	else if (event->type == EVENT_ACTION_START)
		str_format(out, ": %s", verb->doing);
	else if (event->type == EVENT_ACTION_SLOW)
		str_format(out, ": still %s... [%s elapsed]", verb->doing, str_text(&elapsed));
	else
		str_format(out, ": %s%s after %s", is_bad ? verb->doing : verb->done,
			is_bad ? " failed" : "", str_text(&elapsed));
}

static void print_hook(const struct event *event, const char *type)
{
	struct str out = {0}, message CLEANUP(str_release) = {0};
	const struct row *row = event->row;
	bool is_bad = event->type == EVENT_ACTION_FAILED,
	     is_start = event->type == EVENT_ACTION_START;
	const struct object *shown = event->object; /* whose id is shown: what was there before */
	const char *id;

	if (is_start && (row->copies || row_before(row)))
		shown = row->copies ? row->copies : row_before(row);
	id = is_bad || event->type == EVENT_ACTION_SLOW ? NULL
	     : event->type == EVENT_REFRESH_DONE        ? event->text
							: shown->id;
	add_message(&message, event);
	struct json_writer json = begin(&out, is_bad ? "error" : "info", type, str_text(&message));
	json_begin_object(&json, "hook");
	put_resource(&json, "resource", event->object, NULL);
	if (row)
		json_put_text(&json, "action", verb_of(row)->tf_verb);
	if (id) {
		json_put_text(&json, "id_key", "id");
		json_put_text(&json, "id_value", id);
	}
	if (row && !is_start)
		json_put_integer(&json, "elapsed_seconds", event->elapsed_us / 1000000);
	json_end(&json);
	end(&json);
}

bool stream_event(const struct event *event)
{
	static const char *const types[] = {
		[EVENT_REFRESH_START] = "refresh_start",
		[EVENT_REFRESH_DONE] = "refresh_complete",
		[EVENT_ACTION_START] = "apply_start",
		[EVENT_ACTION_SLOW] = "apply_progress",
		[EVENT_ACTION_COMPLETE] = "apply_complete",
		[EVENT_ACTION_FAILED] = "apply_errored",
	};

	if (event->type == EVENT_NOTE) {
		on_text(event->text);
		return true;
	}
	if (event->type >= ARRAY_SIZE(types) || !types[event->type])
		return false;
	print_hook(event, types[event->type]);
	if (event->row)
		term_flush();
	if (event->type == EVENT_ACTION_FAILED && event->err) {
		char *address AUTO_FREE = object_address(event->object);
		print_diagnostic(DIAGNOSTIC_ERROR, event->err, address);
	}
	return true;
}

/* ---- the plan ---- */

/* Begins a line about a change, and leaves the change open. `previous` NULL: it did not move. */
static struct json_writer begin_change(struct str *out, const char *type, const char *message,
	const struct object *object, const char *previous)
{
	struct json_writer json = begin(out, "info", type, message);

	json_begin_object(&json, "change");
	put_resource(&json, "resource", object, NULL);
	if (previous)
		put_resource(&json, "previous_resource", object, previous);
	return json;
}

static void print_drift(const struct drift *drift)
{
	const char *verb = drift->is_gone ? "delete" : "update";
	struct str out = {0}, message CLEANUP(str_release) = {0};
	struct changes changes CLEANUP(changes_release) = {.names_people = true};

	render_address(&message, drift->recorded);
	str_format(&message, ": drift detected (%s)", verb);
	changes_of_drift(&changes, drift);
	str_format(&message, "%s%s", changes.phrase.length ? ": " : "", str_text(&changes.phrase));
	struct json_writer json =
		begin_change(&out, "resource_drift", str_text(&message), drift->recorded, NULL);
	json_put_text(&json, "action", verb);
	if (drift->now.audit)
		tf_put_audit(&json, drift->now.audit, true);
	json_end(&json);
	end(&json);
}

/* A change, or the move of a row that has none; a change names its former address, too. */
static void print_planned(const struct plan_view *view, const struct row *row)
{
	const struct verb *verb = row_is_change(row) ? verb_of(row) : NULL;
	const struct account *account = model_account(view->accounts, row_object(row)->account);
	struct str out = {0}, message CLEANUP(str_release) = {0};
	struct changes changes CLEANUP(changes_release) = {0};

	render_address(&message, row_object(row));
	if (verb) {
		changes_of_row(&changes, row);
		str_format(&message, ": plan to %s%s%s", verb->tf_verb,
			changes.phrase.length ? ": " : "", str_text(&changes.phrase));
	} else {
		char *was AUTO_FREE = text_visible(row->moved_from, 0);
		str_format(&message, ": plan to move from %s", was);
	}
	struct json_writer json = begin_change(
		&out, "planned_change", str_text(&message), row_object(row), row->moved_from);
	json_put_text(&json, "action", verb ? verb->tf_verb : "move");
	if (verb && verb->tf_stream_reason && !view->options->destroys_all)
		json_put_text(&json, "reason", verb->tf_stream_reason);
	if (row->action == ACTION_ADOPT) {
		json_begin_object(&json, "importing");
		json_put_text(&json, "id", row->live->id);
		json_end(&json);
	}
	if (account)
		value_source_put_account(&json, "account", account);
	if (row_sends_value(row))
		value_source_put(&json, "value_source", row->desired->value);
	json_end(&json);
	end(&json);
}

/* What -values=none leaves alone: where it would come from. */
static void print_not_compared(const struct row *row)
{
	struct str out = {0}, message CLEANUP(str_release) = {0};

	render_address(&message, row_object(row));
	str_text_add(&message, ": value not compared");
	value_source_add(&message, row->desired->value);
	struct json_writer json =
		begin_change(&out, "value_not_compared", str_text(&message), row_object(row), NULL);
	value_source_put(&json, "value_source", row->desired->value);
	json_end(&json);
	end(&json);
}

/* Moves first. */
static void print_changes(const struct plan_view *view)
{
	const struct plan *plan = view->plan;

	for (int is_change = 0; is_change < 2; is_change++)
		for (size_t i = 0; i < plan->row_count; i++)
			if (row_is_change(&plan->rows[i]) == is_change &&
				(is_change || plan->rows[i].moved_from))
				print_planned(view, &plan->rows[i]);
}

void stream_summary(const struct plan_counts *counts, const char *operation, const char *message)
{
	struct str out = {0};
	struct json_writer json = begin(&out, "info", "change_summary", message);

	json_begin_object(&json, "changes");
	json_put_integer(&json, "add", (int64_t)counts->add);
	json_put_integer(&json, "change", (int64_t)counts->change);
	json_put_integer(&json, "import", (int64_t)counts->import);
	json_put_integer(&json, "remove", (int64_t)counts->destroy);
	json_put_integer(&json, "forget", (int64_t)counts->forget);
	json_put_text(&json, "operation", operation);
	json_end(&json);
	end(&json);
	term_flush();
}

void stream_plan(const struct plan_view *view)
{
	struct str message CLEANUP(str_release) = {0};
	const struct plan *plan = view->plan;
	struct drift drift;

	for (size_t i = 0; i < plan->row_count; i++)
		if (drift_reported(view->options, &plan->rows[i], &drift))
			print_drift(&drift);
	for (size_t i = 0; i < plan->row_count && view->options->refresh_only; i++)
		if (drift_learned(&plan->rows[i], &drift))
			print_drift(&drift);
	print_changes(view);
	for (size_t i = 0; i < plan->row_count; i++)
		if (plan->rows[i].notes & ROW_NOT_COMPARED)
			print_not_compared(&plan->rows[i]);
	render_summary(&message, view);
	stream_summary(&plan->counts, "plan", str_text(&message));
}

void stream_saved_plan(const struct plan_view *view)
{
	print_changes(view);
	term_flush();
}

void stream_incomplete(const char *text)
{
	struct error err CLEANUP(error_release) = {0};

	error_set(&err, "%s", text);
	print_diagnostic(DIAGNOSTIC_ERROR, &err, NULL);
}
