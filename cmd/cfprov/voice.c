#include "voice.h"

#include "markdown.h"
#include "render.h"
#include "represent.h"
#include "stream.h"
#include "term.h"

#include <unistd.h>

/* ---- people ---- */

static void human_event(void *voice, const struct event *event)
{
	event_emit(&((struct voice *)voice)->progress.sink, event);
}

static void human_plan(const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0};

	render_plan(&text, view);
	term_out_str(&text);
}

/* They have seen it when it was saved. */
static void human_saved_plan(const struct plan_view *view)
{
	(void)view;
}

static void human_failures(const struct voice *voice)
{
	progress_tell_failures(&voice->progress);
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

static const struct voice_form human = {human_event, human_plan, human_saved_plan, human_failures,
	human_incomplete, human_complete};

/* ---- people, with the plan in another format ---- */

static void json_plan(const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0};

	represent_plan(&text, view);
	term_out_str(&text);
}

static const struct voice_form json = {
	human_event, json_plan, human_saved_plan, human_failures, human_incomplete, human_complete};

static void markdown_plan(const struct plan_view *view)
{
	struct str text CLEANUP(str_release) = {0}, warning CLEANUP(str_release) = {0};

	markdown_add_plan(&text, view);
	term_out_str(&text);
	if (!view->max_bytes || text.length <= view->max_bytes)
		return;
	str_format(&warning,
		"the plan is longer than -max-bytes=%zu: what destroys is never cut off",
		view->max_bytes);
	term_warning(str_text(&warning));
}

static const struct voice_form markdown = {human_event, markdown_plan, human_saved_plan,
	human_failures, human_incomplete, human_complete};

/* ---- machines ---- */

static void on_stream_event(void *voice, const struct event *event)
{
	if (!stream_event(event))
		human_event(voice, event); /* its words become log lines */
}

static void no_failures(const struct voice *voice)
{
	(void)voice; /* each was told where it happened */
}

static const struct voice_form stream = {on_stream_event, stream_plan, stream_saved_plan,
	no_failures, stream_incomplete, stream_complete};

/* ---- choosing ---- */

static bool agrees(const struct cli *cli)
{
	struct error err CLEANUP(error_release) = {0};

	if (cli->json && cli->format != FORMAT_HUMAN)
		error_set(&err, "-json and -format exclude each other");
	else if (cli->max_bytes && cli->format != FORMAT_MARKDOWN)
		error_set(&err, "-max-bytes goes with -format=markdown only");
	else
		return true;
	term_error(&err);
	return false;
}

bool voice_init(struct voice *voice, const struct cli *cli)
{
	static const struct voice_form *const formats[] = {
		[FORMAT_HUMAN] = &human,
		[FORMAT_JSON] = &json,
		[FORMAT_MARKDOWN] = &markdown,
	};
	bool is_stream = cli->json && (cli->command->options & CLI_STREAM);

	*voice = (struct voice){.form = is_stream ? &stream : formats[cli->format]};
	if (cli->json && !is_stream)
		voice->form = &json;
	voice->sink = (struct event_sink){voice->form->on_event, voice};
	progress_init(&voice->progress);
	return agrees(cli);
}

void voice_release(struct voice *voice)
{
	progress_release(&voice->progress);
}
