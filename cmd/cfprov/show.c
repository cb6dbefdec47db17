/* cfprov show: the state or a saved plan, for people. */
#include "commands.h"
#include "fields.h"
#include "planning.h"
#include "render.h"
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
	struct str text CLEANUP(str_release) = {0};
	enum session_mode mode;

	session_init(&session, cli, NULL);
	if (!session_load_plan(&session, cli->arguments[0], &mode))
		return EXIT_ERROR;
	render_plan(&text, &session.plan, mode);
	term_out_str(&text);
	return EXIT_DONE;
}

int show_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	if (cli->argument_count)
		return show_plan(cli);
	session_init(&session, cli, NULL);
	if (!session_read_state(&session))
		return EXIT_ERROR;
	add_state(&text, &session.ledger.state);
	term_out_str(&text);
	return EXIT_DONE;
}
