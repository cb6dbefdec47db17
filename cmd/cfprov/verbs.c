#include "verbs.h"

/* In the order of enum action, with the rename behind the update. */
/* clang-format off */
const struct verb verbs[VERB_COUNT] = {
	{" ", "nothing", "looking", "unchanged", TERM_PLAIN, "noop", {"no-op"}, NULL, NULL},
	{"+", "create", "creating", "created", TERM_CREATE, "create", {"create"}, NULL, NULL},
	{"=", "adopt", "adopting", "adopted", TERM_IMPORT, "import", {"no-op"}, NULL, NULL},
	{"~", "update", "updating", "updated", TERM_CHANGE, "update", {"update"}, NULL, NULL},
	{"~", "rename", "renaming", "renamed", TERM_CHANGE, "move", {"update"}, NULL, NULL},
	{"-/+", "replace", "replacing", "replaced", TERM_DESTROY, "replace", {"delete", "create"},
		"requested", "replace_by_request"},
	{"-", "destroy", "destroying", "destroyed", TERM_DESTROY, "delete", {"delete"},
		"delete_because_no_resource_config", "delete_because_no_resource_config"},
	{".", "forget", "forgetting", "forgotten", TERM_DIM, "remove", {"forget"}, NULL, NULL},
};
/* clang-format on */

const struct verb *verb_of(const struct row *row)
{
	if (row->copies)
		return &verbs[ACTION_UPDATE + 1];
	return &verbs[row->action > ACTION_UPDATE ? row->action + 1 : row->action];
}
