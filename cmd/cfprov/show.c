/* cfprov show: the state or a saved plan, for people or machines. */
#include "commands.h"
#include "fields.h"
#include "output.h"
#include "planning.h"
#include "render.h"
#include "represent.h"
#include "term.h"

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
			str_format(out, "%saccount ", i ? "\n" : "");
			text_add_visible(out, account, strlen(account), 0);
			str_format(out, " (%s)\n", model_account(model, account)->id);
		}
		str_text_add(out, "  ");
		render_address(out, object);
		str_char(out, '\n');
		fields_add(out, object);
	}
	if (!model->object_count)
		str_text_add(out, "The state is empty.\n");
}

static int show_plan(const struct cli *cli)
{
	struct session session CLEANUP(session_release);
	struct output output CLEANUP(output_release);
	enum planning_mode mode;

	bool is_good = output_init(&output, cli);
	session_init(&session, cli, NULL);
	if (!is_good || !planning_load(&session, cli->arguments[0], &mode))
		return EXIT_ERROR;
	const struct plan_view view = plan_view(&session, mode);
	output.form->plan(&view);
	render_note_unverified(&session.plan);
	render_refusals(&session.plan);
	return EXIT_DONE;
}

/* -format=json is -json; the other formats are of plans. */
static bool is_state_format(const struct cli *cli)
{
	struct error err CLEANUP(error_release) = {0};

	if (cli->format != FORMAT_MARKDOWN && !cli->max_bytes)
		return true;
	error_set(&err, "-format=markdown and -max-bytes are for plans");
	error_hint(&err, "Name a saved plan: cfprov show -format=markdown FILE.");
	term_error(&err);
	return false;
}

int show_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	if (cli->argument_count)
		return show_plan(cli);
	session_init(&session, cli, NULL);
	if (!is_state_format(cli) || !session_read_state(&session))
		return EXIT_ERROR;
	if (cli->json || cli->format == FORMAT_JSON)
		represent_state(&text, &session.ledger.state);
	else
		add_state(&text, &session.ledger.state);
	term_out_str(&text);
	return EXIT_DONE;
}
