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

	switch (action_kind(action)) {
	case ACTION_CREATE:
		return (struct terraform_words){"create", {"create"}, NULL, NULL};
	case ACTION_ADOPT:
		return (struct terraform_words){
			"import", {action->changes ? "update" : "no-op"}, NULL, NULL};
	case ACTION_UPDATE:
		return (struct terraform_words){"update", {"update"}, NULL, NULL};
	case ACTION_RENAME:
		return (struct terraform_words){"move", {"update"}, NULL, NULL};
	case ACTION_REPLACE:
		return (struct terraform_words){
			"replace", {"delete", "create"}, "requested", "replace_by_request"};
	case ACTION_DESTROY:
		return (struct terraform_words){"delete", {"delete"}, why, why};
	case ACTION_FORGET:
		return (struct terraform_words){"remove", {"forget"}, NULL, NULL};
	case ACTION_NONE:
		break;
	}
	return (struct terraform_words){"noop", {"no-op"}, NULL, NULL};
}
