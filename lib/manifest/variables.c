#include "manifest/variables.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define NAME_FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NAME_OTHER NAME_FIRST "0123456789"

enum { SHOWN_COLUMNS = 60 };

struct variable {
	const char *name, *value;
	bool is_used;
};

static size_t name_length(const char *text)
{
	return *text && strchr(NAME_FIRST, *text) ? strspn(text, NAME_OTHER) : 0;
}

bool variables_is_pair(const char *pair)
{
	size_t length = name_length(pair);

	return length && pair[length] == '=';
}

void variables_init(struct variables *variables, const char *const *pairs, size_t count)
{
	*variables = (struct variables){.count = count};
	variables->items = arena_alloc(&variables->arena, count * sizeof(*variables->items));
	for (size_t i = 0; i < count; i++) {
		struct variable *it = &variables->items[i];
		size_t length = name_length(pairs[i]);
		it->name = arena_bytes(&variables->arena, pairs[i], length);
		it->value = arena_text(&variables->arena, pairs[i] + length + 1);
		table_put(&variables->table, it->name, it);
	}
}

void variables_release(struct variables *variables)
{
	table_free(&variables->table);
	table_free(&variables->known);
	free((void *)variables->asked);
	arena_release(&variables->arena);
	*variables = (struct variables){0};
}

static void remember(struct variables *variables, const char *name)
{
	if (table_get(variables->known, name))
		return;
	variables->asked = mem_room((void *)variables->asked, variables->asked_count,
		&variables->asked_room, sizeof(*variables->asked));
	name = arena_text(&variables->arena, name);
	variables->asked[variables->asked_count++] = name;
	table_put(&variables->known, name, variables);
}

static const char *find_value(struct variables *variables, const char *name)
{
	struct variable *given = table_get(variables->table, name);
	struct str own CLEANUP(str_release) = {0};

	remember(variables, name);
	if (given) {
		given->is_used = true;
		return given->value;
	}
	str_format(&own, "CFPROV_VAR_%s", name);
	const char *value = getenv(str_text(&own));
	return value ? value : getenv(name);
}

/* ---- one reference ---- */

struct reference {
	char *name;
	char mode;        /* 0 for none, or - or ? */
	const char *word; /* behind :- or :?, up to `end` */
	const char *end;  /* the closing brace */
};

static bool malformed(struct error_list *problems, const char *text, const char *what)
{
	struct error *err = error_list_add(problems);
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, text, strcspn(text, "\n"), SHOWN_COLUMNS);
	error_set(err, "`%s`: %s", str_text(&shown), what);
	error_hint(err, "Variables are ${NAME}, ${NAME:-default} and ${NAME:?message}; a dollar "
			"sign before a brace is $$.");
	return false;
}

/* `text` starts with "${". */
static bool read_reference(
	const char *text, struct reference *ret_reference, struct error_list *problems)
{
	const char *name = text + 2, *end = strchr(name, '}');
	size_t length = name_length(name);
	const char *behind = name + length;

	if (!end)
		return malformed(problems, text, "there is no } to this ${");
	if (!length)
		return malformed(problems, text, "this is no name of a variable");
	bool has_word = behind[0] == ':' && (behind[1] == '-' || behind[1] == '?');
	if (behind != end && !has_word)
		return malformed(problems, text, "behind the name belongs }, :- or :?");
	const char *word = has_word ? behind + 2 : end;
	const char *nested = strstr(word, "${");
	if (nested && nested < end)
		return malformed(problems, text, "one ${ can't stand in another");
	*ret_reference =
		(struct reference){.mode = has_word ? behind[1] : '\0', .word = word, .end = end};
	ret_reference->name = mem_copy_text(name);
	ret_reference->name[length] = '\0';
	return true;
}

static bool no_value(
	const struct reference *reference, const char *value, struct error_list *problems)
{
	struct error *err = error_list_add(problems);
	struct str shown CLEANUP(str_release) = {0}, name CLEANUP(str_release) = {0};

	text_add_visible(&name, reference->name, strlen(reference->name), SHOWN_COLUMNS);
	error_set(err, "the variable %s is %s", str_text(&name), value ? "empty" : "not set");
	if (reference->mode == '?' && reference->word != reference->end) {
		size_t length = (size_t)(reference->end - reference->word);
		text_add_visible(&shown, reference->word, length, 0);
		return error_hint(err, "%s", str_text(&shown));
	}
	return error_hint(err,
		"Give -var %s=VALUE, or set CFPROV_VAR_%s or %s in the environment; a default "
		"would be written ${%s:-default}.",
		str_text(&name), str_text(&name), str_text(&name), str_text(&name));
}

static bool is_usable(const char *name, const char *value, struct error_list *problems)
{
	if (text_is_utf8(value, strlen(value), NULL))
		return true;
	return error_set(
		error_list_add(problems), "the value of the variable %s is not UTF-8", name);
}

static bool add_value(struct variables *variables, const struct reference *reference,
	struct str *out, struct error_list *problems)
{
	const char *value = find_value(variables, reference->name);
	bool is_there = value && (*value || !reference->mode);
	size_t before = out->length;

	if (!is_there && reference->mode != '-')
		return no_value(reference, value, problems);
	if (!is_there)
		str_add(out, reference->word, (size_t)(reference->end - reference->word));
	else if (is_usable(reference->name, value, problems))
		str_text_add(out, value);
	else
		return false;
	variables->expanded_bytes += out->length - before;
	if (variables->expanded_bytes <= VARIABLES_SIZE_LIMIT)
		return true;
	return error_set(error_list_add(problems), "the variables expand to more than %d bytes",
		VARIABLES_SIZE_LIMIT);
}

/* ---- a text ---- */

bool variables_expand(
	struct variables *variables, const char *text, struct str *out, struct error_list *problems)
{
	size_t before = problems->count;

	while (*text) {
		size_t plain = strcspn(text, "$");
		str_add(out, text, plain);
		text += plain;
		if (text[0] == '$' && text[1] == '{') {
			struct reference reference = {0};
			if (!read_reference(text, &reference, problems))
				return false;
			bool is_good = add_value(variables, &reference, out, problems);
			free(reference.name);
			if (!is_good && variables->expanded_bytes > VARIABLES_SIZE_LIMIT)
				return false;
			text = reference.end + 1;
		} else if (text[0] == '$') {
			str_char(out, '$');
			text += text[1] == '$' ? 2 : 1;
		}
	}
	return problems->count == before;
}

/* A name is letters, digits and _: it may be shown. */
static const char *near_name(const struct variables *variables, const char *name)
{
	for (size_t i = 0; i < variables->asked_count; i++)
		if (text_is_near(name, variables->asked[i]))
			return variables->asked[i];
	return NULL;
}

bool variables_check_used(const struct variables *variables, struct error_list *errors)
{
	size_t before = errors->count;

	for (size_t i = 0; i < variables->count; i++) {
		const struct variable *it = &variables->items[i];
		if (it->is_used || table_get(variables->table, it->name) != it)
			continue;
		struct error *err = error_list_add(errors);
		struct str name CLEANUP(str_release) = {0};
		const char *near = near_name(variables, it->name);
		text_add_visible(&name, it->name, strlen(it->name), SHOWN_COLUMNS);
		error_set(err, "-var %s: the manifest has no ${%s}%s%s%s", str_text(&name),
			str_text(&name), near ? "; did you mean " : "", near ? near : "",
			near ? "?" : "");
	}
	return errors->count == before;
}
