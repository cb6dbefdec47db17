/* cfprov state list: the addresses of what is managed, one a line. */
#include "commands.h"
#include "render.h"
#include "session.h"
#include "term.h"

#include "base/text.h"

#include <fnmatch.h>
#include <string.h>

/* `*` matches within one part of an address. */
static bool matches(const struct cli *cli, const char *address, bool *used)
{
	bool is_wanted = cli->argument_count == 0;

	for (size_t i = 0; i < cli->argument_count; i++) {
		if (fnmatch(cli->arguments[i], address, FNM_PATHNAME) != 0)
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
		char *address AUTO_FREE = object_address(&model->objects[i]);
		if (!matches(cli, address, used))
			continue;
		render_address(&lines, &model->objects[i]);
		str_char(&lines, '\n');
	}
	term_out_str(&lines);
	return check_used(cli, used) ? EXIT_DONE : EXIT_ERROR;
}
