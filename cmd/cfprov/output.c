#include "output.h"

#include "adapter/json.h"
#include "commands.h"
#include "manifest/pick.h"
#include "markdown.h"
#include "render.h"
#include "represent.h"
#include "stream.h"
#include "term.h"
#include "wrangler.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- for people ---- */

static void human_plan(const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0};

	render_plan(&text, view);
	term_out_str(&text);
}

static void human_saved_plan(const struct plan_view *view)
{
	(void)view; /* it was shown when it was saved */
}

static void human_failures(const struct output *output)
{
	progress_tell_failures(&output->progress);
}

static void human_incomplete(const char *text)
{
	term_say("\n%s", text);
}

static void human_complete(enum planning_mode mode, const struct plan_counts *done)
{
	struct str text CLEANUP(str_release) = {0}, all CLEANUP(str_release) = {0};

	render_complete(&text, mode, done);
	str_char(&all, '\n');
	term_add(&all, STDOUT_FILENO, TERM_BOLD, str_text(&text));
	str_char(&all, '\n');
	term_out_str(&all);
}

/* ---- for people, with the plan in another format ---- */

static void json_plan(const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0};

	represent_plan(&text, view);
	term_out_str(&text);
}

static void markdown_plan(const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0}, warning CLEANUP(str_release) = {0};

	markdown_add_plan(&text, view);
	term_out_str(&text);
	str_format(&warning,
		"the plan is longer than -max-bytes=%zu: what destroys is never cut off",
		view->max_bytes);
	if (view->max_bytes && text.length > view->max_bytes)
		term_warning(str_text(&warning));
}

/* ---- for machines ---- */

static void on_stream_event(void *context, const struct event *event)
{
	struct output *output = context;

	if (!stream_event(event)) /* what people would read becomes log lines */
		event_emit(&output->progress.sink, event);
}

static void stream_failures(const struct output *output)
{
	(void)output; /* each was reported where it happened */
}

static const struct output_form stream = {
	stream_plan, stream_saved_plan, stream_failures, stream_incomplete, stream_complete};

/* ---- choosing ---- */

bool output_init(struct output *output, const struct cli *cli)
{
	static const struct output_form forms[] = {
		[FORMAT_HUMAN] = {human_plan, human_saved_plan, human_failures, human_incomplete,
			human_complete},
		[FORMAT_JSON] = {json_plan, human_saved_plan, human_failures, human_incomplete,
			human_complete},
		[FORMAT_MARKDOWN] = {markdown_plan, human_saved_plan, human_failures,
			human_incomplete, human_complete},
	};
	bool is_stream = cli->json && (cli->command->options & CLI_STREAM);

	progress_init(&output->progress);
	output->form = is_stream ? &stream : &forms[cli->json ? FORMAT_JSON : cli->format];
	output->sink =
		is_stream ? (struct event_sink){on_stream_event, output} : output->progress.sink;
	if (cli->json && cli->format != FORMAT_HUMAN)
		return term_fail(NULL, "-json and -format exclude each other");
	if (cli->max_bytes && cli->format != FORMAT_MARKDOWN)
		return term_fail(NULL, "-max-bytes goes with -format=markdown only");
	return true;
}

void output_release(struct output *output)
{
	progress_release(&output->progress);
}

/* ---- cfprov output: ids, or the bindings of a Worker, for other tools ---- */

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
		str_text_add(out, "(not known yet: the next apply looks for it)\n");
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
		term_say("The state is empty: there is nothing to put out.");
}

static bool print_one(const struct session *session)
{
	const struct cli *cli = session->cli;
	const struct object *object = session_find_recorded(session, cli->arguments[0]);
	struct str text CLEANUP(str_release) = {0};

	if (!object)
		return false;
	if (cli->raw && !object->id)
		return term_fail("An apply was cut off; the next one looks for it by name.",
			"its id is not known yet");
	if (cli->raw)
		str_text_add(&text, object->id);
	else if (cli->json && !object->id)
		str_text_add(&text, "null\n");
	else
		add_id(&text, object);
	term_out_str(&text);
	return true;
}

/* -account is about what the state calls accounts. */
static bool pick_recorded(struct session *session)
{
	const struct cli_texts *accounts = &session->cli->accounts;
	const struct pick pick = {"the state", accounts->items, accounts->count};
	struct error err CLEANUP(error_release) = {0};

	return pick_accounts(&pick, &session->ledger.state.model, &err) || term_error(&err);
}

static bool check_options(const struct cli *cli)
{
	if (cli->raw && cli->json)
		return term_fail(NULL, "-raw and -json are two ways to write it: give one");
	if (cli->format && (cli->raw || cli->json))
		return term_fail(NULL, "-format excludes -raw and -json");
	if (cli->raw && !cli->argument_count)
		return term_fail(NULL, "-raw writes one id: say of which address");
	return true;
}

int output_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release) = {0};
	bool is_good = true;

	if (!check_options(cli))
		return EXIT_ERROR;
	session_init(&session, cli, NULL);
	if (!session_read_state(&session) || !pick_recorded(&session))
		return EXIT_ERROR;
	if (cli->format)
		is_good = wrangler_print(&session);
	else if (cli->argument_count)
		is_good = print_one(&session);
	else
		print_all(&session);
	return is_good ? EXIT_DONE : EXIT_ERROR;
}
