#include "manifest/variables.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define NAME_FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NAME_OTHER NAME_FIRST "0123456789"

enum { SHOWN_COLUMNS = 60 };

struct variable {
	struct variable *next;
	const char *name;
	const char *value; /* NULL: it is not set */
	bool is_given;     /* by -var */
	bool is_asked;     /* by the manifest */
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

/* Lends the variable of this name, which is new if there was none. */
static struct variable *find(struct variables *variables, const char *name)
{
	struct variable *found = table_get(variables->by_name, name);

	if (found)
		return found;
	found = arena_alloc(&variables->arena, sizeof(*found));
	found->name = arena_text(&variables->arena, name);
	table_put(&variables->by_name, found->name, found);
	*(variables->last ? &variables->last->next : &variables->first) = found;
	variables->last = found;
	return found;
}

void variables_init(struct variables *variables, const char *const *pairs, size_t count)
{
	*variables = (struct variables){0};
	for (size_t i = 0; i < count; i++) {
		char *name AUTO_FREE = mem_copy_text(pairs[i]);
		char *value = name + name_length(name);
		*value++ = '\0';
		struct variable *variable = find(variables, name);
		variable->value = arena_text(&variables->arena, value);
		variable->is_given = true;
	}
}

void variables_release(struct variables *variables)
{
	table_free(&variables->by_name);
	arena_release(&variables->arena);
	*variables = (struct variables){0};
}

static const char *find_value(struct variables *variables, const char *name)
{
	struct variable *variable = find(variables, name);
	struct str own CLEANUP(str_release) = {0};

	if (!variable->is_asked && !variable->is_given) {
		str_format(&own, "CFPROV_VAR_%s", name);
		const char *value = getenv(str_text(&own));
		variable->value = value ? value : getenv(name);
	}
	variable->is_asked = true;
	return variable->value;
}

/* ---- one reference ---- */

struct reference {
	struct str name;
	char mode;        /* 0 for none, or - or ? */
	const char *word; /* after :- or :?, up to `end` */
	const char *end;  /* the closing brace */
};

static bool malformed(struct error_list *problems, const char *text, const char *what)
{
	struct error *err = error_list_add(problems);
	struct str shown CLEANUP(str_release) = {0};

	text_add_visible(&shown, text, strcspn(text, "\n"), SHOWN_COLUMNS);
	error_set(err, "`%s`: %s", str_text(&shown), what);
	return error_hint(err,
		"Variables are ${NAME}, ${NAME:-default} and ${NAME:?message}; a dollar "
		"sign before a brace is $$.");
}

/* `text` starts with "${". */
static bool read_reference(
	const char *text, struct reference *reference, struct error_list *problems)
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
	reference->mode = has_word ? behind[1] : '\0';
	reference->word = has_word ? behind + 2 : end;
	reference->end = end;
	const char *nested = strstr(reference->word, "${");
	if (nested && nested < end)
		return malformed(problems, text, "one ${ can't stand in another");
	str_clear(&reference->name);
	str_add(&reference->name, name, length);
	return true;
}

static bool no_value(
	const struct reference *reference, const char *value, struct error_list *problems)
{
	struct error *err = error_list_add(problems);
	size_t length = (size_t)(reference->end - reference->word);
	struct str text CLEANUP(str_release) = {0};

	text_add_visible(&text, str_text(&reference->name), reference->name.length, SHOWN_COLUMNS);
	const char *name = str_text(&text);
	error_set(err, "the variable %s is %s", name, value ? "empty" : "not set");
	if (reference->mode != '?' || !length)
		return error_hint(err,
			"Give -var %s=VALUE, or set CFPROV_VAR_%s or %s in the environment; a "
			"default would be written ${%s:-default}.",
			name, name, name, name);
	str_clear(&text);
	text_add_visible(&text, reference->word, length, 0);
	return error_hint(err, "%s", str_text(&text));
}

static bool add_value(struct variables *variables, const struct reference *reference,
	struct str *out, struct error_list *problems)
{
	const char *name = str_text(&reference->name), *value = find_value(variables, name);
	bool is_there = value && (*value || !reference->mode);
	size_t before = out->length;

	if (is_there && !text_is_utf8(value, strlen(value), NULL))
		return error_set(error_list_add(problems),
			"the value of the variable %s is not UTF-8", name);
	if (is_there)
		str_text_add(out, value);
	else if (reference->mode == '-')
		str_add(out, reference->word, (size_t)(reference->end - reference->word));
	else
		return no_value(reference, value, problems);
	variables->expanded_bytes += out->length - before;
	if (variables->expanded_bytes <= VARIABLES_SIZE_LIMIT)
		return true;
	return error_set(error_list_add(problems), "the variables expand to more than %d bytes",
		VARIABLES_SIZE_LIMIT);
}

/* ---- a text ---- */

static void release_name(struct reference *reference)
{
	str_release(&reference->name);
}

bool variables_expand(
	struct variables *variables, const char *text, struct str *out, struct error_list *problems)
{
	struct reference reference CLEANUP(release_name) = {0};
	size_t before = problems->count;

	while (*text) {
		size_t plain = strcspn(text, "$");
		str_add(out, text, plain);
		text += plain;
		if (text[0] == '$' && text[1] == '{') {
			if (!read_reference(text, &reference, problems))
				return false;
			if (!add_value(variables, &reference, out, problems) &&
				variables->expanded_bytes > VARIABLES_SIZE_LIMIT)
				return false;
			text = reference.end + 1;
		} else if (text[0] == '$') {
			str_char(out, '$');
			text += text[1] == '$' ? 2 : 1;
		}
	}
	return problems->count == before;
}

bool variables_check_used(const struct variables *variables, struct error_list *errors)
{
	size_t before = errors->count;

	for (const struct variable *it = variables->first; it; it = it->next) {
		struct str name CLEANUP(str_release) = {0};
		const char *near = NULL;
		if (it->is_asked)
			continue;
		for (const struct variable *other = variables->first; other && !near;
			other = other->next)
			if (other->is_asked && text_is_near(it->name, other->name))
				near = other->name;
		text_add_visible(&name, it->name, strlen(it->name), SHOWN_COLUMNS);
		error_set(error_list_add(errors), "-var %s: the manifest has no ${%s}%s%s%s",
			str_text(&name), str_text(&name), near ? "; did you mean " : "",
			near ? near : "", near ? "?" : "");
	}
	return errors->count == before;
}
