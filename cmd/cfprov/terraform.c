#include "terraform.h"

const char *terraform_type(enum object_kind kind)
{
	return kind == OBJECT_SECRET ? "cloudflare_secrets_store_secret"
				     : "cloudflare_secrets_store";
}

const char *terraform_name(const struct object *object)
{
	return object->secret ? object->secret : object->store;
}

struct terraform_words terraform_words(const struct action *action, bool destroys_all)
{
	static const char unwanted[] = "delete_because_no_resource_config";
	const char *why = destroys_all ? NULL : unwanted;

	const struct terraform_words words[] = {
		[ACTION_NONE] = {"noop", {"no-op"}, NULL, NULL},
		[ACTION_CREATE] = {"create", {"create"}, NULL, NULL},
		[ACTION_ADOPT] = {"import", {action->changes ? "update" : "no-op"}, NULL, NULL},
		[ACTION_UPDATE] = {"update", {"update"}, NULL, NULL},
		[ACTION_RENAME] = {"move", {"update"}, NULL, NULL},
		[ACTION_REPLACE] = {"replace", {"delete", "create"}, "requested",
			"replace_by_request"},
		[ACTION_DESTROY] = {"delete", {"delete"}, why, why},
		[ACTION_FORGET] = {"remove", {"forget"}, NULL, NULL},
	};

	return words[action_kind(action)];
}
