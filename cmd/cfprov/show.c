/* cfprov show: the state or a saved plan, for people or machines. */
#include "broken.h"
#include "fields.h"
#include "notes.h"
#include "output.h"
#include "planning.h"
#include "render.h"
#include "term.h"
#include "tf_plan_json.h"

#include "base/text.h"

#include <string.h>

static void add_state(struct str *out, const struct state *state)
{
	const struct model *model = &state->model;
	const char *account = NULL;

	for (size_t i = 0; i < model->object_count; i++) {
		const struct object *object = &model->objects[i];
		if (!account || strcmp(account, object->account) != 0) {
			account = object->account;
			char *shown AUTO_FREE = text_visible(account, 0);
			str_format(out, "%sAccount %s (%s):\n\n", i ? "\n" : "", shown,
				model_account(model, account)->id);
		}
		str_text_add(out, "  ");
		render_address(out, object);
		str_char(out, '\n');
		fields_add(out, object);
	}
	if (!model->object_count)
		str_text_add(out, "The state is empty.\n");
}

static bool show_plan(struct session *session)
{
	if (!output_init(session) || !planning_load(session, session->cli->arguments[0], false))
		return false;
	const struct plan_view view = plan_view(session);
	output_plan(session, &view);
	notes_print_unverified(&session->plan);
	broken_warn(&session->plan);
	notes_print_refusals(&view);
	return true;
}

/* -format=json is -json; the other formats are of plans. */
static bool is_state_format(const struct cli *cli)
{
	const char *option = cli->format == FORMAT_MARKDOWN ? "-format=markdown"
			     : cli->format == FORMAT_HTML   ? "-format=html"
			     : cli->max_bytes               ? "-max-bytes"
			     : cli->summary                 ? "-summary"
							    : NULL;

	return !option || term_fail("Pass the file of a saved plan: `cfprov show PLANFILE`.",
				  "%s requires a saved plan", option);
}

bool show_run(struct session *session)
{
	const struct cli *cli = session->cli;
	struct str text CLEANUP(str_release) = {0};

	if (cli->argument_count)
		return show_plan(session);
	if (!is_state_format(cli) || !session_show_state(session, false))
		return false;
	if (cli->json || cli->format == FORMAT_JSON)
		tf_state_json(&text, &session->ledger.state);
	else
		add_state(&text, &session->ledger.state);
	term_out_str(&text);
	return true;
}
