#include "output.h"

#include "adapter/json.h"
#include "bindings.h"
#include "html.h"
#include "markdown.h"
#include "render.h"
#include "stream.h"
#include "term.h"
#include "tf_plan_json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_stream_event(void *context, const struct event *event)
{
	struct session *session = context;

	if (!stream_event(event)) /* what people would read becomes log lines */
		event_emit(&session->progress.sink, event);
}

static bool is_stream(const struct session *session)
{
	return session->cli->json && (session->cli->command->options & CLI_STREAM);
}

bool output_init(struct session *session)
{
	const struct cli *cli = session->cli;

	if (is_stream(session))
		session->listener = (struct event_sink){on_stream_event, session};
	if (cli->json && cli->format != FORMAT_HUMAN)
		return term_fail(NULL, "-json and -format exclude each other");
	if (cli->summary && (cli->json || cli->format != FORMAT_HUMAN))
		return term_fail(NULL, "-summary requires -format=human");
	if (cli->max_bytes && cli->format != FORMAT_MARKDOWN)
		return term_fail(NULL, "-max-bytes requires -format=markdown");
	return true;
}

void output_plan(const struct session *session, const struct plan_view *view)
{
	enum cli_format format = session->cli->format;
	struct str text CLEANUP(str_release) = {0}, warning CLEANUP(str_release) = {0};

	if (is_stream(session)) {
		stream_plan(view);
		return;
	}
	if (session->cli->json || format == FORMAT_JSON)
		tf_plan_json(&text, view);
	else if (format == FORMAT_MARKDOWN)
		markdown_add_plan(&text, view);
	else if (format == FORMAT_HTML)
		html_add_plan(&text, view);
	else
		render_plan(&text, view);
	term_out_str(&text);
	term_flush(); /* whatever happens to the run, its log has the plan */
	if (format != FORMAT_MARKDOWN || !view->max_bytes || text.length <= view->max_bytes)
		return;
	str_format(&warning,
		"the plan is longer than -max-bytes=%zu, because no destroyed object is left out",
		view->max_bytes);
	term_warning(str_text(&warning));
}

void output_saved_plan(const struct session *session, const struct plan_view *view)
{
	if (is_stream(session))
		stream_saved_plan(view);
}

void output_failures(const struct session *session)
{
	if (!is_stream(session))
		progress_print_failures(&session->progress);
}

void output_incomplete(const struct session *session, enum term_style style, const char *text)
{
	struct str line CLEANUP(str_release) = {0};

	if (is_stream(session)) {
		stream_incomplete(text);
		return;
	}
	term_add(&line, STDERR_FILENO, style, text);
	term_print("\n%s", str_text(&line));
}

void output_complete(const struct session *session, const struct plan_counts *done)
{
	bool destroys = session->input.options.destroys_all;
	size_t learned = session->plan.learned;
	struct str text CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};

	render_complete(&text, destroys, done);
	if (is_stream(session)) {
		stream_summary(done, destroys ? "destroy" : "apply", str_text(&text));
		return;
	}
	if (session->cli->command->run == refresh_run) {
		str_clear(&text);
		str_format(&text, "Refresh complete! %zu object%s updated in the state.", learned,
			term_plural(learned));
	}
	term_add(&line, STDOUT_FILENO, TERM_CREATE, str_text(&text));
	str_clear(&text);
	str_char(&text, '\n');
	term_add_folded(&text, STDOUT_FILENO, 0, str_text(&line));
	term_out_str(&text);
}

/* ---- cfprov output: ids for other tools; bindings.c has those of Workers ---- */

struct entry {
	const char *address;
	const struct object *object;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->address, ((const struct entry *)b)->address);
}

/* An id is letters, digits, _ and -: it needs no escapes. */
static void add_id(struct str *out, const struct object *object)
{
	if (object->id)
		str_format(out, "\"%s\"\n", object->id);
	else
		str_text_add(
			out, "(unknown after an interrupted apply; the next one looks for it)\n");
}

/* Sorted by the text of the address, which is not the order of the state. */
static void print_all(struct session *session)
{
	const struct model *model = &session->ledger.state.model;
	size_t count = model->object_count;
	struct entry *entries AUTO_FREE = mem_alloc(count * sizeof(*entries));
	struct str text CLEANUP(str_release) = {0}, json CLEANUP(str_release) = {0};
	struct json_writer writer = json_writer(&json, 2);

	for (size_t i = 0; i < count; i++) {
		char *address AUTO_FREE = object_address(&model->objects[i]);
		entries[i] =
			(struct entry){arena_text(&session->arena, address), &model->objects[i]};
	}
	qsort(entries, count, sizeof(*entries), compare);
	json_begin_object(&writer, NULL);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&writer, entries[i].address);
		json_put_bool(&writer, "sensitive", false);
		json_put_text(&writer, "type", "string");
		json_put_text(&writer, "value", entries[i].object->id);
		json_end(&writer);
		render_address(&text, entries[i].object);
		str_text_add(&text, " = ");
		add_id(&text, entries[i].object);
	}
	json_end(&writer);
	str_char(&json, '\n');
	term_out_str(session->cli->json ? &json : &text);
	if (!count && !session->cli->json)
		term_print("The state is empty.");
}

static bool print_one(struct session *session)
{
	const struct cli *cli = session->cli;
	const struct object *object = session_find_recorded(session, cli->arguments[0]);
	struct str text CLEANUP(str_release) = {0};

	if (!object)
		return false;
	if (cli->raw && !object->id)
		return term_fail("The next apply looks for it by name.",
			"%s: its id is unknown after an interrupted apply", cli->arguments[0]);
	if (cli->raw)
		str_text_add(&text, object->id);
	else if (cli->json && !object->id)
		str_text_add(&text, "null\n");
	else
		add_id(&text, object);
	term_out_str(&text);
	return true;
}

static bool check_options(const struct cli *cli)
{
	if (cli->raw && cli->json)
		return term_fail(NULL, "-raw and -json exclude each other");
	if (cli->format && (cli->raw || cli->json))
		return term_fail(NULL, "-format can't be combined with -raw or -json");
	if (cli->raw && !cli->argument_count)
		return term_fail(NULL, "-raw requires an address");
	if (!cli->format && cli->argument_count > 1)
		return term_fail(NULL, "several addresses require -format=wrangler");
	if (!cli->format && cli->out)
		return term_fail(NULL, "-out requires -format=wrangler");
	if (cli->environment && !cli->out)
		return term_fail("Pass the file, too: -out=wrangler.jsonc.", "-env requires -out");
	return true;
}

bool output_run(struct session *session)
{
	const struct cli *cli = session->cli;

	if (!check_options(cli) || !session_show_state(session, false) ||
		!session_pick_recorded(session))
		return false;
	if (cli->format)
		return bindings_write(session);
	if (cli->argument_count)
		return print_one(session);
	print_all(session);
	return true;
}
