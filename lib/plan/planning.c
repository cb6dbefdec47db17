#include "plan/planning.h"

#include "base/text.h"

#include <string.h>

const char *planning_shown(struct planning *p, const char *text)
{
	struct str visible CLEANUP(str_release) = {0};

	text_add_visible(&visible, text, strlen(text), 120);
	return arena_text(&p->plan->arena, str_text(&visible));
}

struct error *planning_error(struct planning *p, const struct place *place)
{
	struct error *err = error_list_add(p->errors);

	if (place->file)
		error_at(err, place->file, place->line, place->column);
	return err;
}
