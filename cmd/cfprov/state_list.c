/* cfprov state list: the addresses of what is managed, one a line. */
#include "commands.h"
#include "render.h"
#include "session.h"
#include "term.h"

#include "base/text.h"

#include <string.h>

/* With an address that contains it, too: all in the account, say. */
static bool matches(const struct cli *cli, const struct object *object, bool *used)
{
	bool is_wanted = cli->argument_count == 0;

	for (size_t i = 0; i < cli->argument_count; i++) {
		if (!object_matches(object, cli->arguments[i]))
			continue;
		used[i] = true;
		is_wanted = true;
	}
	return is_wanted;
}

static bool check_used(const struct cli *cli, const bool *used)
{
	bool is_good = true;

	for (size_t i = 0; i < cli->argument_count; i++) {
		struct error err CLEANUP(error_release) = {0};
		struct str shown CLEANUP(str_release) = {0};
		if (used[i])
			continue;
		text_add_visible(&shown, cli->arguments[i], strlen(cli->arguments[i]), 120);
		error_set(&err, "nothing in the state has the address %s", str_text(&shown));
		term_error(&err);
		is_good = false;
	}
	return is_good;
}

int state_list_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release);
	struct str lines CLEANUP(str_release) = {0};
	bool *used AUTO_FREE = mem_alloc(cli->argument_count * sizeof(*used));

	session_init(&session, cli, NULL);
	if (!session_read_state(&session))
		return EXIT_ERROR;
	const struct model *model = &session.ledger.state.model;
	for (size_t i = 0; i < model->object_count; i++) {
		if (!matches(cli, &model->objects[i], used))
			continue;
		render_address(&lines, &model->objects[i]);
		str_char(&lines, '\n');
	}
	term_out_str(&lines);
	return check_used(cli, used) ? EXIT_DONE : EXIT_ERROR;
}
