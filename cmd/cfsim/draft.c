#include "draft.h"

#include <string.h>

enum { MOST_VALUE_BYTES = 65536 };

static const struct problem *parse_name(struct draft *draft, const struct json *object)
{
	const struct json *name = json_get(object, "name");

	if (!name || json_is_null(name))
		return &problem_secret_name_empty;
	if (!json_is_string(name))
		return &problem_invalid_body;
	draft->secret.name = json_text(name);
	if (!*draft->secret.name)
		return &problem_secret_name_empty;
	return strchr(draft->secret.name, ' ') ? &problem_secret_name_invalid : NULL;
}

static const struct problem *parse_scopes(
	struct draft *draft, const struct json *object, enum draft_use use)
{
	const struct json *scopes = json_get(object, "scopes");

	if (!scopes || json_is_null(scopes))
		return use == DRAFT_PATCH ? NULL : &problem_scopes_empty;
	if (!json_is_array(scopes))
		return &problem_invalid_body;
	for (const struct json *it = json_first(scopes); it; it = json_next(it)) {
		if (!json_is_string(it))
			return &problem_invalid_body;
		unsigned bit = world_scope_bit(json_text(it));
		if (!bit)
			return &problem_scope_invalid;
		draft->secret.scopes |= bit;
	}
	draft->has_scopes = true;
	return draft->secret.scopes ? NULL : &problem_scopes_empty;
}

static const struct problem *parse_value(
	struct draft *draft, const struct call *call, enum draft_use use, const struct json *object)
{
	const struct json *value = json_get(object, "value");
	const struct choices *choices = &call->sim->options->choices;

	if (use == DRAFT_DUPLICATE)
		return NULL;
	if (!value || json_is_null(value))
		return use == DRAFT_PATCH ? NULL : &problem_value_empty;
	if (!json_is_string(value))
		return &problem_invalid_body;
	const char *text = json_text(value);
	draft->has_value = true;
	draft->secret.value_bytes = strlen(text);
	crypt_checksum(text, draft->secret.value_bytes, draft->secret.value_checksum);
	if (draft->secret.value_bytes > MOST_VALUE_BYTES)
		return &problem_value_too_long;
	if (!*text && choice_is(choices, CHOICE_EMPTY_VALUE, "reject"))
		return &problem_value_empty;
	return NULL;
}

/* Which of "" and null clears a comment is a choice; the other leaves it as it is. */
static const struct problem *parse_comment(
	struct draft *draft, const struct call *call, const struct json *object)
{
	const struct json *comment = json_get(object, "comment");
	const struct choices *choices = &call->sim->options->choices;

	if (!comment)
		return NULL;
	if (json_is_null(comment)) {
		draft->clears_comment = !choice_is(choices, CHOICE_CLEAR_COMMENT, "empty");
		return NULL;
	}
	if (!json_is_string(comment))
		return &problem_invalid_body;
	if (*json_text(comment)) {
		draft->has_comment = true;
		draft->secret.comment = json_text(comment);
	} else {
		draft->clears_comment = !choice_is(choices, CHOICE_CLEAR_COMMENT, "null");
	}
	return NULL;
}

const struct problem *draft_parse(
	struct draft *draft, const struct call *call, enum draft_use use, const struct json *object)
{
	const struct problem *problem = NULL;

	*draft = (struct draft){0};
	if (!json_is_object(object))
		return &problem_invalid_body;
	if (use != DRAFT_PATCH)
		problem = parse_name(draft, object);
	if (!problem)
		problem = parse_scopes(draft, object, use);
	if (!problem)
		problem = parse_value(draft, call, use, object);
	if (!problem)
		problem = parse_comment(draft, call, object);
	return problem;
}

static void fail_with_detail(struct call *call, const struct problem *problem, const char *detail)
{
	const struct choices *choices = &call->sim->options->choices;

	call_fail(
		call, problem, choice_is(choices, CHOICE_ERROR_DETAILS, "present") ? detail : NULL);
}

void draft_exists(struct call *call, const struct draft *draft)
{
	struct problem problem = problem_secret_name_exists;

	problem.status = choice_number(&call->sim->options->choices, CHOICE_SECRET_EXISTS_STATUS);
	fail_with_detail(call, &problem, draft->secret.name);
}

bool draft_fits(struct call *call, const struct draft *draft, size_t more)
{
	const struct options *options = call->sim->options;

	if (world_secret_named(call->store, draft->secret.name)) {
		draft_exists(call, draft);
		return false;
	}
	if (options->max_secrets && call->account->secret_count + more >= options->max_secrets) {
		struct str most CLEANUP(str_release) = {0};
		str_format(&most, "max %zu", options->max_secrets);
		fail_with_detail(call, &problem_secrets_exceeded, str_text(&most));
		return false;
	}
	return true;
}
