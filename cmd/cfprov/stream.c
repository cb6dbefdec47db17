#include "stream.h"

#include "adapter/json.h"
#include "base/clock.h"
#include "base/version.h"
#include "changes.h"
#include "diagnostics.h"
#include "render.h"
#include "sides.h"
#include "term.h"
#include "terraform.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- lines ---- */

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

static void end(struct json_writer *json)
{
	json_end(json);
	str_char(json->out, '\n');
}

/* Many lines of one sort go out together; what people may be waiting for, at once. */
static void send(const struct str *lines)
{
	term_out_str(lines);
	term_flush();
}

/* ---- diagnostics and the log ---- */

/* `about` is an address, or NULL. */
static void tell(enum diagnostic_severity severity, const struct error *err, const char *about)
{
	struct str out CLEANUP(str_release) = {0}, message CLEANUP(str_release) = {0};
	bool is_error = severity == DIAGNOSTIC_ERROR;

	str_text_add(&message, is_error ? "Error: " : "Warning: ");
	text_add_visible(&message, err->message, strlen(err->message), 0);
	struct json_writer json =
		begin(&out, is_error ? "error" : "warn", "diagnostic", str_text(&message));
	diagnostics_put(&json, "diagnostic", severity, err, about);
	end(&json);
	send(&out);
}

static void hear_error(const struct error *err)
{
	tell(DIAGNOSTIC_ERROR, err, NULL);
}

static void hear_warning(const struct error *warning)
{
	tell(DIAGNOSTIC_WARNING, warning, NULL);
}

static void hear_words(const char *text)
{
	struct str out CLEANUP(str_release) = {0}, message CLEANUP(str_release) = {0};

	text_add_visible(&message, text, strlen(text), 0);
	struct json_writer json = begin(&out, "info", "log", str_text(&message));

	end(&json);
	send(&out);
}

void stream_start(void)
{
	static const struct term_listener listener = {hear_error, hear_warning, hear_words};
	struct str out CLEANUP(str_release) = {0}, message CLEANUP(str_release) = {0};

	term_divert(&listener);
	str_format(&message, "cfprov %s", cfprov_version());
	struct json_writer json = begin(&out, "info", "version", str_text(&message));
	json_put_text(&json, "cfprov", cfprov_version());
	json_put_text(&json, "ui", "1.2");
	end(&json);
	send(&out);
}

/* ---- what happens ---- */

static void put_address(struct json_writer *json, const char *key, const char *address,
	enum object_kind kind, const char *name)
{
	json_begin_object(json, key);
	json_put_text(json, "addr", address);
	json_put_text(json, "module", "");
	json_put_text(json, "resource", address);
	json_put_text(json, "implied_provider", "cloudflare");
	json_put_text(json, "resource_type", terraform_type(kind));
	json_put_text(json, "resource_name", name);
	json_put_null(json, "resource_key");
	json_end(json);
}

static void put_resource(struct json_writer *json, const struct object *object)
{
	char *address AUTO_FREE = object_address(object);

	put_address(json, "resource", address, object->kind, terraform_name(object));
}

/* `from` may be NULL: it is where it was. */
static void put_previous(struct json_writer *json, const char *from, enum object_kind kind)
{
	if (from)
		put_address(json, "previous_resource", from, kind, strrchr(from, '/') + 1);
}

static void put_id(struct json_writer *json, const char *id)
{
	if (!id)
		return;
	json_put_text(json, "id_key", "id");
	json_put_text(json, "id_value", id);
}

static const struct doing {
	const char *doing, *done;
} doings[] = {
	[ACTION_NONE] = {"looking", "unchanged"},
	[ACTION_CREATE] = {"creating", "created"},
	[ACTION_ADOPT] = {"adopting", "adopted"},
	[ACTION_UPDATE] = {"updating", "updated"},
	[ACTION_RENAME] = {"renaming", "renamed"},
	[ACTION_REPLACE] = {"replacing", "replaced"},
	[ACTION_DESTROY] = {"destroying", "destroyed"},
	[ACTION_FORGET] = {"forgetting", "forgotten"},
};

/* "prod/keys: still creating after 10 s" */
static void add_message(struct str *out, const struct event *event)
{
	const struct doing *word =
		&doings[event->action ? action_kind(event->action) : ACTION_NONE];
	int64_t seconds = event->elapsed_us / 1000000;

	render_address(out, event->object);
	if (event->type == EVENT_REFRESH_START)
		str_text_add(out, ": reading");
	else if (event->type == EVENT_REFRESH_DONE)
		str_text_add(out, event->text ? ": read" : ": read, it is gone");
	else if (event->type == EVENT_ACTION_START)
		str_format(out, ": %s", word->doing);
	else if (event->type == EVENT_ACTION_SLOW)
		str_format(out, ": still %s after %" PRId64 " s", word->doing, seconds);
	else if (event->type == EVENT_ACTION_FAILED)
		str_format(out, ": %s failed after %" PRId64 " s", word->doing, seconds);
	else
		str_format(out, ": %s after %" PRId64 " s", word->done, seconds);
}

/* The id that a hook shows: the one it has now, or had before it goes. */
static const char *shown_id(const struct event *event)
{
	if (event->type == EVENT_REFRESH_DONE)
		return event->text;
	if (event->type == EVENT_ACTION_START && event->action->before)
		return event->action->before->id;
	return event->object->id;
}

static void tell_hook(const struct event *event, const char *type)
{
	struct str out CLEANUP(str_release) = {0}, message CLEANUP(str_release) = {0};
	bool has_ended = event->type == EVENT_ACTION_COMPLETE || event->type == EVENT_ACTION_FAILED;

	add_message(&message, event);
	bool is_bad = event->type == EVENT_ACTION_FAILED;
	struct json_writer json = begin(&out, is_bad ? "error" : "info", type, str_text(&message));
	json_begin_object(&json, "hook");
	put_resource(&json, event->object);
	if (event->action)
		json_put_text(&json, "action", terraform_words(event->action, false).verb);
	if (!is_bad && event->type != EVENT_ACTION_SLOW)
		put_id(&json, shown_id(event));
	if (has_ended || event->type == EVENT_ACTION_SLOW)
		json_put_integer(&json, "elapsed_seconds", event->elapsed_us / 1000000);
	json_end(&json);
	end(&json);
	if (event->action)
		send(&out);
	else
		term_out_str(&out);
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
		hear_words(event->text);
		return true;
	}
	if (event->type >= ARRAY_SIZE(types) || !types[event->type])
		return false;
	tell_hook(event, types[event->type]);
	if (event->type == EVENT_ACTION_FAILED && event->err) {
		char *address AUTO_FREE = object_address(event->object);
		tell(DIAGNOSTIC_ERROR, event->err, address);
	}
	return true;
}

/* ---- the plan ---- */

static void add_drift(struct str *out, const struct plan *plan, const struct drift *drift)
{
	const struct object *before = drift->recorded;
	const char *verb = drift->live ? "update" : "delete";
	struct str message CLEANUP(str_release) = {0};
	struct changes changes CLEANUP(changes_release) = {.names_people = true};

	render_address(&message, before);
	str_format(&message, ": drift detected (%s)", verb);
	changes_of_drift(&changes, drift, changes_leave_value(plan, drift));
	str_text_add(&message, changes.count ? ": " : "");
	changes_add_phrase(&message, &changes);
	struct json_writer json = begin(out, "info", "resource_drift", str_text(&message));
	json_begin_object(&json, "change");
	put_resource(&json, before);
	json_put_text(&json, "action", verb);
	if (drift->live && drift->live->audit)
		side_put_audit(&json, drift->live->audit, true);
	json_end(&json);
	end(&json);
}

static void add_drifts(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	size_t next = 0;

	for (size_t i = 0; i < plan->drift_count; i++)
		add_drift(out, plan, &plan->drifts[i]);
	if (view->mode != PLANNING_REFRESH_ONLY)
		return;
	/* What the state is to learn, and was not told above. */
	for (size_t i = 0; i < plan->refresh_count; i++) {
		const struct refresh *refresh = &plan->refreshes[i];
		while (next < plan->drift_count &&
			object_compare(plan->drifts[next].recorded, refresh->before) < 0)
			next++;
		bool is_told = next < plan->drift_count &&
			       object_compare(plan->drifts[next].recorded, refresh->before) == 0;
		if (!is_told && refresh_is_drift(refresh))
			add_drift(out, plan, &(struct drift){refresh->before, refresh->after});
	}
}

static void add_planned(struct str *out, const struct plan_view *view, const struct action *action)
{
	const struct object *object = action_object(action);
	const struct terraform_words words =
		terraform_words(action, view->mode == PLANNING_DESTROY);
	char *former AUTO_FREE = plan_former_address(view->plan, action);
	struct str message CLEANUP(str_release) = {0}, why CLEANUP(str_release) = {0};

	changes_add_why(&why, action);
	render_address(&message, object);
	str_format(
		&message, ": plan to %s%s%s", words.verb, why.length ? ": " : "", str_text(&why));
	struct json_writer json = begin(out, "info", "planned_change", str_text(&message));
	json_begin_object(&json, "change");
	put_resource(&json, object);
	put_previous(&json, former, object->kind);
	json_put_text(&json, "action", words.verb);
	if (words.stream_reason)
		json_put_text(&json, "reason", words.stream_reason);
	if (action_kind(action) == ACTION_ADOPT) {
		json_begin_object(&json, "importing");
		json_put_text(&json, "id", action->before->id);
		json_end(&json);
	}
	json_end(&json);
	end(&json);
}

static void add_moved(struct str *out, const struct plan_move *move)
{
	struct str message CLEANUP(str_release) = {0};

	render_address(&message, move->object);
	str_text_add(&message, ": plan to move from ");
	text_add_visible(&message, move->from, strlen(move->from), 0);
	struct json_writer json = begin(out, "info", "planned_change", str_text(&message));
	json_begin_object(&json, "change");
	put_resource(&json, move->object);
	put_previous(&json, move->from, move->object->kind);
	json_put_text(&json, "action", "move");
	json_end(&json);
	end(&json);
}

/* Those that only move; the others' change says where they were. */
static void add_moves(struct str *out, const struct plan *plan)
{
	size_t next = 0;

	for (size_t i = 0; i < plan->move_count; i++) {
		const struct object *object = plan->moves[i].object;
		int order = 1;
		while (next < plan->action_count &&
			(order = object_compare(action_object(&plan->actions[next]), object)) < 0)
			next++;
		bool has_action = next < plan->action_count && order == 0 &&
				  action_kind(&plan->actions[next]) != ACTION_NONE;
		if (!has_action)
			add_moved(out, &plan->moves[i]);
	}
}

static void add_changes(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;

	add_moves(out, plan);
	for (size_t i = 0; i < plan->action_count; i++)
		if (action_kind(&plan->actions[i]) != ACTION_NONE)
			add_planned(out, view, &plan->actions[i]);
}

static void add_summary(struct str *out, const struct plan_counts *counts, const char *operation,
	const char *message)
{
	struct json_writer json = begin(out, "info", "change_summary", message);

	json_begin_object(&json, "changes");
	json_put_integer(&json, "add", (int64_t)counts->add);
	json_put_integer(&json, "change", (int64_t)counts->change);
	json_put_integer(&json, "import", (int64_t)counts->import);
	json_put_integer(&json, "remove", (int64_t)counts->destroy);
	json_put_integer(&json, "forget", (int64_t)counts->forget);
	json_put_text(&json, "operation", operation);
	json_end(&json);
	end(&json);
}

void stream_plan(const struct plan_view *view)
{
	struct str out CLEANUP(str_release) = {0}, message CLEANUP(str_release) = {0};

	add_drifts(&out, view);
	add_changes(&out, view);
	render_summary(&message, view);
	add_summary(&out, &view->plan->counts, "plan", str_text(&message));
	send(&out);
}

void stream_saved_plan(const struct plan_view *view)
{
	struct str out CLEANUP(str_release) = {0};

	add_changes(&out, view);
	send(&out);
}

void stream_incomplete(const char *text)
{
	struct error err CLEANUP(error_release) = {0};

	error_set(&err, "%s", text);
	tell(DIAGNOSTIC_ERROR, &err, NULL);
}

void stream_complete(enum planning_mode mode, const struct plan_counts *done)
{
	struct str out CLEANUP(str_release) = {0}, message CLEANUP(str_release) = {0};

	render_complete(&message, mode, done);
	add_summary(&out, done, mode == PLANNING_DESTROY ? "destroy" : "apply", str_text(&message));
	send(&out);
}
