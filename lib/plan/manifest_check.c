#include "plan/manifest_check.h"

#include "base/text.h"
#include "source/source_name.h"

#include <string.h>

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_list(const char *const *a, const char *const *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

static bool is_same_source(const struct value_source *a, const struct value_source *b)
{
	return a->kind == b->kind && is_same_text(a->name, b->name) &&
	       is_same_text(a->key, b->key) && is_same_list(a->argv, b->argv) &&
	       is_same_list(a->env, b->env) && is_same_text(a->folder, b->folder) &&
	       a->bytes == b->bytes && is_same_text(a->pointer, b->pointer) &&
	       a->keeps_last_newline == b->keeps_last_newline;
}

static struct error *refuse(struct error_list *errors, const struct place *place)
{
	struct error *err = error_list_add(errors);

	error_hint(err, "A saved plan is applied only with the accounts and sources of the "
			"manifest. Run `cfprov plan` again.");
	if (place && place->file)
		error_at(err, place->file, place->line, place->column);
	return err;
}

/* As source_add_name, with all arguments of a command: they may be all that differs. */
static void add_origin(struct str *out, const struct value_source *source)
{
	enum { COMMAND_COLUMNS = 200 };

	if (source->kind != VALUE_COMMAND) {
		source_add_name(out, source);
		return;
	}
	str_text_add(out, "command `");
	source_add_command(out, source->argv, COMMAND_COLUMNS);
	str_char(out, '`');
}

/* `place` is that of the manifest's source. Sources of one name may differ in what else they say.
 */
static void refuse_source(struct error_list *errors, const struct place *place, const char *who,
	const struct value_source *const both[static 2])
{
	struct str ours CLEANUP(str_release) = {0}, theirs CLEANUP(str_release) = {0};

	add_origin(&theirs, both[0]);
	add_origin(&ours, both[1]);
	error_set(refuse(errors, place), "%s from %s, and the manifest has %s%s", who,
		str_text(&theirs),
		strcmp(str_text(&ours), str_text(&theirs)) == 0 ? "another " : "", str_text(&ours));
}

static void check_account(
	const struct account *planned, const struct model *manifest, struct error_list *errors)
{
	const struct account *declared = model_account(manifest, planned->alias);
	char *alias AUTO_FREE = text_visible(planned->alias, 80);
	struct str who CLEANUP(str_release) = {0};

	if (!declared) {
		error_set(refuse(errors, NULL),
			"account `%s` of the plan (%s) is not in the manifest", alias, planned->id);
	} else if (strcmp(declared->id, planned->id) != 0) {
		error_set(refuse(errors, &declared->place),
			"the plan was made for the account %s as `%s`, but `%s` is now %s",
			planned->id, alias, alias, declared->id);
	} else if (!is_same_source(&planned->token, &declared->token)) {
		str_format(&who, "account `%s`: the plan takes its token", alias);
		refuse_source(errors, &declared->place, str_text(&who),
			(const struct value_source *[]){&planned->token, &declared->token});
	}
}

static void check_value(
	const struct object *planned, const struct model *manifest, struct error_list *errors)
{
	const struct object *declared = model_find(manifest, planned);
	char *address AUTO_FREE = object_address(planned);
	char *shown AUTO_FREE = text_visible(address, 120);
	struct str who CLEANUP(str_release) = {0};

	if (!declared) {
		add_origin(&who, planned->value);
		error_set(refuse(errors, NULL),
			"%s: the plan takes its value from %s, and the manifest does not have the "
			"secret",
			shown, str_text(&who));
	} else if (!is_same_source(planned->value, declared->value)) {
		str_format(&who, "%s: the plan takes its value", shown);
		refuse_source(errors, &declared->value->place, str_text(&who),
			(const struct value_source *[]){planned->value, declared->value});
	}
}

bool manifest_check(const struct model *desired, const struct plan *plan,
	const struct model *manifest, struct error_list *errors)
{
	size_t before = errors->count;

	for (size_t i = 0; i < desired->account_count; i++)
		check_account(&desired->accounts[i], manifest, errors);
	for (size_t i = 0; i < plan->row_count; i++)
		if (row_sends_value(&plan->rows[i]))
			check_value(plan->rows[i].desired, manifest, errors);
	return errors->count == before;
}
