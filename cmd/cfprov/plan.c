/* cfprov plan: what would apply do? Changes nothing, here or there. */
#include "commands.h"
#include "engine/guard.h"
#include "planning.h"
#include "render.h"
#include "term.h"
#include "voice.h"

#include <stdint.h>

/* What apply would refuse unless told so; better known now than then. */
static void warn_of_refusals(const struct plan *plan)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	const struct guard_limits limits = {
		.max_deletes = SIZE_MAX, .max_delete_percent = GUARD_DELETE_PERCENT};

	if (guard_check(plan, &limits, &errors))
		return;
	for (size_t i = 0; i < errors.count; i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "apply will refuse: %s. %s", errors.items[i].message,
			errors.items[i].hint);
		term_warning(str_text(&text));
	}
}

/* Would apply do anything? With -refresh-only: would the state learn anything? */
static bool has_changes(const struct plan *plan, enum planning_mode mode)
{
	return !plan_is_empty(plan) || (mode == PLANNING_REFRESH_ONLY && plan->refresh_count);
}

int plan_run(const struct cli *cli)
{
	struct voice voice CLEANUP(voice_release);
	struct session session CLEANUP(session_release);
	enum planning_mode mode;

	bool is_good = voice_init(&voice, cli);
	session_init(&session, cli, &voice.sink);
	if (!is_good || !planning_mode_of(cli, &mode) || !session_load_manifest(&session) ||
		!session_read_state(&session) || !planning_make(&session, mode))
		return EXIT_ERROR;
	const struct plan_view view = plan_view(&session, mode);
	voice.form->plan(&view);
	render_notes(&session.plan);
	warn_of_refusals(&session.plan);
	if (cli->out && !planning_save(&session, mode, cli->out))
		return EXIT_ERROR;
	if (cli->out)
		term_say("Saved; `cfprov apply %s` does exactly that.", cli->out);
	if (session.has_failed)
		return EXIT_ERROR;
	return cli->detailed_exitcode && has_changes(&session.plan, mode) ? EXIT_CHANGES
									  : EXIT_DONE;
}
