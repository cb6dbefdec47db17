#include "manifest/variables.h"

#include "base/text.h"
#include "base/token.h"
#include "model/location.h"

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
	bool is_told;      /* a default was used instead of the environment */
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

/* Lends the variable of this name; adds it if there is none. */
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
	error_list_release(&variables->warnings);
	arena_release(&variables->arena);
	*variables = (struct variables){0};
}

static const char *find_value(struct variables *variables, const char *name)
{
	struct variable *variable = find(variables, name);
	struct str own CLEANUP(str_release) = {0};

	if (!variable->is_asked && !variable->is_given) {
		str_format(&own, "CFPROV_VAR_%s", name);
		variable->value = getenv(str_text(&own));
	}
	variable->is_asked = true;
	return variable->value;
}

/* ---- one reference ---- */

static bool malformed(struct error_list *problems, const char *text, const char *what)
{
	struct error *err = error_list_add(problems);
	struct str line CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};

	str_add(&line, text, strcspn(text, "\n"));
	text_add_quoted(&shown, str_text(&line), SHOWN_COLUMNS);
	error_set(err, "invalid variable %s: %s", str_text(&shown), what);
	return error_hint(err, "Write ${NAME}, ${NAME:-default} or ${NAME:?message}. For a literal "
			       "dollar sign before a brace, write $$.");
}

static void add_way(struct str *hint, const char *name)
{
	str_format(hint,
		"%sThe environment variable %s is not read. Pass -var %s=\"$%s\", or set "
		"CFPROV_VAR_%s.",
		hint->length ? " " : "", name, name, name, name);
}

static bool no_value(const struct str *name, const char *value, const char *message, size_t length,
	struct error_list *problems)
{
	struct error *err = error_list_add(problems);
	struct str text CLEANUP(str_release) = {0}, hint CLEANUP(str_release) = {0};

	if (token_is_inside(str_text(name), name->length))
		return error_set(
			err, "variable " TEXT_HIDDEN " is %s", value ? "empty" : "not set");
	text_add_visible(&text, str_text(name), name->length, SHOWN_COLUMNS);
	const char *shown = str_text(&text);
	bool is_plain = !value && getenv(str_text(name));
	error_set(err, "variable %s is %s", shown, value ? "empty" : "not set");
	if (length) {
		text_add_visible(&hint, message, length, 0);
		str_text_add(&hint, strchr(".!?", hint.bytes[hint.length - 1]) ? "" : ".");
	} else if (!is_plain) {
		str_format(&hint,
			"Pass -var %s=VALUE, or set CFPROV_VAR_%s. To have a default, write "
			"${%s:-default}.",
			shown, shown, shown);
	}
	if (is_plain)
		add_way(&hint, shown);
	return error_hint(err, "%s", str_text(&hint));
}

/* The default takes the place of what cfprov 0.1 read from the environment. */
static void warn_of_default(struct variables *variables, const char *name)
{
	struct variable *variable = find(variables, name);
	const char *plain = getenv(name);
	struct str hint CLEANUP(str_release) = {0};

	if (variable->is_told || variable->value || !plain || !*plain)
		return;
	variable->is_told = true;
	struct error *warning = error_list_add(&variables->warnings);
	error_set(warning, "${%s} has its default", name);
	add_way(&hint, name);
	error_hint(warning, "%s", str_text(&hint));
}

static bool add(struct variables *variables, const char *text, size_t length, struct str *out,
	struct error_list *problems)
{
	str_add(out, text, length);
	variables->expanded_bytes += length;
	if (variables->expanded_bytes <= VARIABLES_SIZE_LIMIT)
		return true;
	return error_set(error_list_add(problems), "variables expand to more than %d bytes",
		VARIABLES_SIZE_LIMIT);
}

static bool is_reserved(const char *name)
{
	return name && strlen(name) + strlen("${}") == strlen(LOCATION_ACCOUNT_ID) &&
	       strncmp(name, &LOCATION_ACCOUNT_ID[strlen("${")], strlen(name)) == 0;
}

static bool refuse_reserved(struct error_list *problems)
{
	struct error *err = error_list_add(problems);

	error_set(err, "the variable name ACCOUNT_ID is reserved");
	return error_hint(err,
		"Only `prefix` and `address` of `state` can have ${ACCOUNT_ID}, so that "
		"each account has a state of its own. Elsewhere, write the id itself or use "
		"another name.");
}

/* Nothing replaces it: it becomes the id of each account later. */
static bool add_account_id(
	struct variables *variables, bool is_plain, struct str *out, struct error_list *problems)
{
	if (!variables->keeps_account_id || !is_plain)
		return refuse_reserved(problems);
	return add(variables, LOCATION_ACCOUNT_ID, strlen(LOCATION_ACCOUNT_ID), out, problems);
}

/* *text starts with "${"; it is advanced past the reference, unless that is malformed. */
static bool expand_reference(struct variables *variables, const char **text, struct str *out,
	struct error_list *problems)
{
	const char *start = *text + 2, *end = strchr(start, '}'),
		   *word = start + name_length(start);
	struct str name CLEANUP(str_release) = {0};
	char mode = '\0';

	if (!end)
		return malformed(problems, *text, "missing }");
	if (word == start)
		return malformed(problems, *text, "invalid name");
	str_add(&name, start, (size_t)(word - start));
	if (is_reserved(str_text(&name))) {
		*text = end + 1;
		return add_account_id(variables, word == end, out, problems);
	}
	if (word[0] == ':' && strspn(word + 1, "-?")) {
		mode = word[1];
		word += 2;
	} else if (word != end) {
		return malformed(problems, *text, "expected }, :- or :? after the name");
	}
	const char *nested = strstr(word, "${"), *value = NULL;
	if (nested && nested < end)
		return malformed(problems, *text, "variables can't be nested");
	size_t length = (size_t)(end - word);
	*text = end + 1;
	value = find_value(variables, str_text(&name));
	if (value && !text_is_utf8(value, strlen(value), NULL))
		return error_set(error_list_add(problems), "variable %s is not valid UTF-8",
			str_text(&name));
	if (value && (*value || !mode))
		return add(variables, value, strlen(value), out, problems);
	if (mode == '-') {
		warn_of_default(variables, str_text(&name));
		return add(variables, word, length, out, problems);
	}
	return no_value(&name, value, word, length, problems);
}

/* ---- a text ---- */

bool variables_expand(
	struct variables *variables, const char *text, struct str *out, struct error_list *problems)
{
	size_t before = problems->count;

	while (*text) {
		size_t plain = strcspn(text, "$");
		const char *start = text + plain;
		str_add(out, text, plain);
		text = start;
		if (text[0] == '$' && text[1] == '{') {
			if (!expand_reference(variables, &text, out, problems) &&
				(text == start || variables->expanded_bytes > VARIABLES_SIZE_LIMIT))
				return false;
		} else if (text[0] == '$') {
			str_char(out, '$');
			text += text[1] == '$' ? 2 : 1;
		}
	}
	return problems->count == before;
}

void variables_ask_all(struct variables *variables, const char *text)
{
	while ((text = strstr(text, "${"))) {
		struct str name CLEANUP(str_release) = {0};
		text += strlen("${");
		str_add(&name, text, name_length(text));
		find(variables, str_text(&name))->is_asked = true;
	}
}

bool variables_check_used(const struct variables *variables, struct error_list *errors)
{
	size_t before = errors->count;

	for (const struct variable *it = variables->first; it; it = it->next) {
		struct str name CLEANUP(str_release) = {0};
		const char *near = NULL;
		if (it->is_given && is_reserved(it->name)) {
			(void)refuse_reserved(errors);
			continue;
		}
		if (it->is_asked)
			continue;
		for (const struct variable *other = variables->first; other && !near;
			other = other->next)
			if (other->is_asked && text_is_near(it->name, other->name))
				near = other->name;
		text_add_visible(&name, it->name, strlen(it->name), SHOWN_COLUMNS);
		error_set(error_list_add(errors), "-var %s: the manifest does not use ${%s}%s%s%s",
			str_text(&name), str_text(&name), near ? "; did you mean " : "",
			near ? near : "", near ? "?" : "");
	}
	return errors->count == before;
}
