#include "manifest/shape.h"

#include "adapter/table.h"
#include "base/text.h"
#include "base/token.h"

#include <string.h>

/* ---- texts ---- */

static bool PRINTF(2, 3) refuse(struct str *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_format_list(why, format, args);
	va_end(args);
	return false;
}

/* Is it one of the characters, as between the brackets of a regular expression? */
static bool is_among(unsigned char c, const char *characters)
{
	for (const char *it = characters; *it; it++) {
		bool is_range = it[1] == '-' && it[2];
		unsigned char first = (unsigned char)it[0],
			      last = (unsigned char)it[is_range ? 2 : 0];
		if (c >= first && c <= last)
			return true;
		it += is_range ? 2 : 0;
	}
	return false;
}

/* Without `characters`: is it no control character, C0 or C1? */
static bool is_allowed(const char *at, const char *characters)
{
	unsigned char c = (unsigned char)at[0];

	if (characters)
		return is_among(c, characters);
	return c >= 0x20 && c != 0x7f && !(c == 0xc2 && ((unsigned char)at[1] & 0xe0) == 0x80);
}

static bool is_word(const char *const *words, const char *text, size_t length)
{
	for (; *words; words++)
		if (strlen(*words) == length && memcmp(*words, text, length) == 0)
			return true;
	return false;
}

static bool refuse_word(
	const struct schema_text *schema, const char *text, bool shows_text, struct str *why)
{
	const char *near = NULL;

	str_text_add(why, "expected ");
	for (size_t i = 0; schema->words[i]; i++) {
		str_format(why, "%s`%s`",
			!i                     ? ""
			: schema->words[i + 1] ? ", "
					       : " or ",
			schema->words[i]);
		if (shows_text && !near && text_is_near(text, schema->words[i]))
			near = schema->words[i];
	}
	return near && schema->words[1] ? refuse(why, "; did you mean `%s`?", near) : false;
}

/* Of a text: all of it, or what is between two slashes. */
struct part {
	const char *text;
	size_t from, length;
};

/* Which character of the whole text is at this offset of the part, counted from 1. */
static size_t character_number(const struct part *part, size_t at)
{
	size_t number = 1;

	for (size_t i = 0; i < part->from + at; i++)
		number += ((unsigned char)part->text[i] & 0xc0) != 0x80;
	return number;
}

static bool refuse_character(const struct part *part, size_t at, bool shows_text, struct str *why)
{
	const char *character = part->text + part->from + at;
	size_t number = character_number(part, at), step = 1;

	if (!shows_text)
		return refuse(why, "character %zu is not allowed", number);
	while (((unsigned char)character[step] & 0xc0) == 0x80)
		step++;
	str_char(why, '`');
	text_add_visible(why, character, step, 0);
	return refuse(why, "` (character %zu) is not allowed", number);
}

/* The slashes of a pointer are none of a token's. */
static bool looks_like_token(const struct schema_text *schema, const char *text, size_t length)
{
	size_t size = length;

	for (size_t from = 0; from < length; from += size + 1) {
		const char *slash =
			schema->is_pointer ? memchr(text + from, '/', length - from) : NULL;
		size = slash ? (size_t)(slash - text) - from : length - from;
		if (token_is_likely(text + from, size))
			return true;
	}
	return false;
}

static bool is_part_right(
	const struct schema_text *schema, const struct part *part, bool shows_text, struct str *why)
{
	const char *text = part->text + part->from;
	size_t length = part->length, good = 0;

	if (schema->is_free || (!length && schema->may_be_empty))
		return true;
	if (!length)
		return refuse(why, "must not be empty");
	if (looks_like_token(schema, text, length))
		return refuse(why, "secrets are not allowed here");
	if (schema->longest && length > schema->longest)
		return refuse(why, "too long: %zu characters, but at most %zu are allowed", length,
			schema->longest);
	while (good < length && is_allowed(text + good, schema->characters))
		good++;
	if (good < length)
		return refuse_character(part, good, shows_text, why);
	if (schema->except && is_word(schema->except, text, length))
		return refuse(why, "%s", schema->why_except);
	return true;
}

static bool are_parts_right(
	const struct schema_text *const *parts, const char *text, bool shows_text, struct str *why)
{
	size_t count = 1, most = 0;

	for (const char *it = text; *it; it++)
		count += *it == '/';
	while (parts[most])
		most++;
	if (count > most)
		return refuse(
			why, "found %zu parts separated by /, but expected 1 to %zu", count, most);
	for (size_t i = 0, from = 0; i < count; i++) {
		const struct part part = {text, from, strcspn(text + from, "/")};
		if (!is_part_right(parts[i], &part, shows_text, why))
			return count > 1 && !part.length ? refuse(why, " (part %zu)", i + 1)
							 : false;
		from += part.length + 1;
	}
	return true;
}

bool shape_text_is_right(
	const struct schema_text *schema, const char *text, bool shows_text, struct str *why)
{
	if (schema->words)
		return is_word(schema->words, text, strlen(text)) ||
		       refuse_word(schema, text, shows_text, why);
	if (schema->parts)
		return are_parts_right(schema->parts, text, shows_text, why);
	const struct part whole = {text, 0, strlen(text)};
	if (!is_part_right(schema, &whole, shows_text, why))
		return false;
	if (schema->is_pointer && *text && *text != '/')
		return refuse(why, "must start with /");
	for (const char *it = text; schema->is_pointer && *it; it++)
		if (*it == '~' && it[1] != '0' && it[1] != '1')
			return refuse(why, "~ must be followed by 0 or 1");
	return true;
}

static void add_quoted(struct str *out, const char *text)
{
	text_add_quoted(out, text, 60);
}

static bool is_known(const struct schema_text *schema, const char *text, const char *shown,
	struct error *ret_warning)
{
	struct str quoted CLEANUP(str_release) = {0}, all CLEANUP(str_release) = {0};
	const char *near = NULL;

	if (is_word(schema->known, text, strlen(text)))
		return true;
	for (size_t i = 0; schema->known[i]; i++) {
		str_format(&all, "%s%s", i ? ", " : "", schema->known[i]);
		if (!near && shown == text && text_is_near(text, schema->known[i]))
			near = schema->known[i];
	}
	str_format(&quoted, "unknown %s ", schema->known_is);
	add_quoted(&quoted, shown);
	if (near)
		str_format(&quoted, "; did you mean `%s`?", near);
	error_set(ret_warning, "%s", str_text(&quoted));
	return error_hint(ret_warning, "Known %ss: %s.", schema->known_is, str_text(&all));
}

bool shape_text_is_usual(const struct schema_text *schema, const char *text, const char *shown,
	struct error *ret_warning)
{
	struct str quoted CLEANUP(str_release) = {0};
	size_t good = 0;

	if (schema->known)
		return is_known(schema, text, shown, ret_warning);
	while (schema->usual && text[good] && is_among((unsigned char)text[good], schema->usual))
		good++;
	if (!schema->usual || (!text[good] && good == schema->usual_length))
		return true;
	add_quoted(&quoted, shown);
	return error_set(
		ret_warning, "%s doesn't look like an %s", str_text(&quoted), schema->usual_is);
}

/* ---- what can be wrong ---- */

struct walk {
	struct variables *variables; /* NULL: there are none */
	struct yaml_document *doc;
	struct error_list *errors, *warnings;
	const struct schema *source; /* the reference to a secret that is walked, or NULL */
};

/* The error does not show what is, or may be, a secret. */
static struct error *error_at_node(
	struct walk *w, const struct yaml *node, const struct schema *schema)
{
	return w->source || schema->sources || schema->is_private
		       ? yaml_error_hidden(w->doc, node, w->errors)
		       : yaml_error(w->doc, node, w->errors);
}

/* "`key`" of a member; of an item, or of the document, `otherwise`. */
static void add_subject(struct str *out, const struct yaml *node, const char *otherwise)
{
	if (node->key)
		add_quoted(out, node->key->text);
	else
		str_text_add(out, otherwise);
}

static void hint_at_sources(struct error *err, const struct schema *source)
{
	error_hint(err,
		"Never write a secret in the manifest. Set an environment variable, say NAME, and "
		"write {env: NAME}. Other sources: %s.",
		source->sources);
}

static void wrong_type(struct walk *w, const struct yaml *node, const struct schema *schema)
{
	bool is_text = node->kind == YAML_SCALAR && !yaml_is_null(node);
	struct str key CLEANUP(str_release) = {0};
	struct error *err = error_at_node(w, node, schema);
	const char *found = node->kind == YAML_MAP    ? "a map"
			    : node->kind == YAML_LIST ? "a list"
			    : is_text                 ? "text"
						      : "nothing";

	if (node->key)
		add_quoted(&key, node->key->text);
	error_set(err, "%s%sexpected %s, found %s", str_text(&key), node->key ? ": " : "",
		schema->is, found);
	if (schema->sources && is_text)
		hint_at_sources(err, schema);
}

static void unknown_key(struct walk *w, const struct yaml *member, const struct schema *schema)
{
	struct str text CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};
	const struct yaml *key = member->key;
	const char *near = NULL;

	for (const struct schema_key *it = schema->keys; it->name; it++) {
		if (!it->schema)
			continue;
		str_format(&known, "%s`%s`", known.length ? ", " : "", it->name);
		if (!near && text_is_near(key->text, it->name))
			near = it->name;
	}
	/* Where a secret is expected, a key that resembles none may be the secret: {TOKEN}. */
	bool is_bare = (w->source || schema->is_private) && yaml_is_null(member);
	bool is_hidden = is_bare || ((w->source || w->doc->text.is_hidden) && !near);
	struct error *err = is_hidden ? yaml_error_hidden(w->doc, key, w->errors)
				      : yaml_error(w->doc, key, w->errors);
	add_quoted(&text, key->text);
	if (is_hidden)
		error_set(err, is_bare ? "key without a value" : "unknown key");
	else if (near)
		error_set(err, "unknown key %s; did you mean `%s`?", str_text(&text), near);
	else
		error_set(err, "unknown key %s", str_text(&text));
	error_hint(err, "Valid keys: %s.", str_text(&known));
}

static void wrong_text(
	struct walk *w, const struct yaml *node, const struct schema *schema, const struct str *why)
{
	struct str subject CLEANUP(str_release) = {0};
	struct error *err = error_at_node(w, node, schema);
	const char *what = node->is_key ? "alias" : w->source ? "argument" : "entry";

	if (node->key && token_is_inside(node->key->text, strlen(node->key->text)))
		str_text_add(&subject, "value of " TEXT_HIDDEN);
	else if (node->key)
		text_add_visible(&subject, node->key->text, strlen(node->key->text), 60);
	else
		str_text_add(&subject, what);
	if (!w->source && !w->doc->text.is_hidden) {
		str_char(&subject, ' ');
		add_quoted(&subject, yaml_written(node));
	}
	error_set(err, "invalid %s: %s", str_text(&subject), str_text(why));
	if (schema->text && schema->text->hint)
		error_hint(err, "%s", schema->text->hint);
	else if (w->source && *node->text && schema->text && !schema->text->words)
		hint_at_sources(err, w->source);
}

/* ---- maps ---- */

static const struct schema_key *find_key(const struct schema *schema, const char *name)
{
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

/* A reference has one source. After an unknown key none is missing: it was mistyped. */
static void check_source(
	struct walk *w, const struct yaml *node, const struct schema *schema, bool knows_all)
{
	struct str all CLEANUP(str_release) = {0}, subject CLEANUP(str_release) = {0};
	const struct yaml *first = NULL;
	const char *last = NULL;

	for (const struct yaml *it = node->first; it; it = it->next) {
		const struct schema_key *key = find_key(schema, it->key->text);
		if (!key || !key->is_source)
			continue;
		if (key->list_of && it->kind == YAML_LIST)
			knows_all = knows_all && yaml_get(node, key->list_of);
		else if (first)
			error_set(yaml_error(w->doc, it->key, w->errors),
				"only one source is allowed, found `%s` and `%s`", first->key->text,
				it->key->text);
		else
			first = it;
	}
	if (first || !knows_all)
		return;
	for (const struct schema_key *it = schema->keys; it->name; it++) {
		if (!it->is_source)
			continue;
		if (last)
			str_format(&all, "%s`%s`", all.length ? ", " : "", last);
		last = it->name;
	}
	add_subject(&subject, node, "this");
	error_set(yaml_error(w->doc, node, w->errors), "%s has no source: expected %s or `%s`",
		str_text(&subject), str_text(&all), last);
}

/* Is the key there if it is required, and do the other keys fit it? */
static void check_demands(struct walk *w, const struct yaml *node, const struct schema_key *key)
{
	const struct yaml *member = yaml_get(node, key->name);

	if (!member && key->is_required)
		error_set(yaml_error(w->doc, node, w->errors), "`%s` is missing", key->name);
	if (member && key->list_of && member->kind == YAML_LIST && !yaml_get(node, key->list_of))
		error_set(yaml_error(w->doc, member->key, w->errors),
			"a list in `%s` requires `%s`", key->name, key->list_of);
	if (member && key->needs && !yaml_get(node, key->needs))
		error_set(yaml_error(w->doc, member->key, w->errors), "`%s` requires `%s`",
			key->name, key->needs);
	if (member && key->excludes && yaml_get(node, key->excludes))
		error_set(yaml_error(w->doc, member->key, w->errors),
			"`%s` can't be combined with `%s`", key->name, key->excludes);
}

static void check_node(struct walk *w, struct yaml *node, const struct schema *schema);

static void check_map(struct walk *w, struct yaml *node, const struct schema *schema)
{
	const struct schema *outer = w->source;
	bool knows_all = true;

	if (schema->sources)
		w->source = schema;
	for (struct yaml *it = node->first; it; it = it->next) {
		const char *name = it->key->text;
		const struct schema_key *key = find_key(schema, name);
		if (schema->ignored && strncmp(name, schema->ignored, strlen(schema->ignored)) == 0)
			continue;
		knows_all = knows_all && key && key->schema;
		if (!key)
			unknown_key(w, it, schema);
		else if (!key->schema)
			error_set(yaml_error(w->doc, it->key, w->errors),
				"`%s` is not allowed here: %s", key->name, key->meaning);
		else
			check_node(w, it, key->schema);
	}
	w->source = outer;
	if (schema->sources)
		check_source(w, node, schema, knows_all);
	for (const struct schema_key *it = schema->keys; it->name; it++)
		check_demands(w, node, it);
}

/* ---- scalars ---- */

/* A scalar that a YAML alias repeats is a node of its own: it is expanded again. */
static void put_variables(struct walk *w, struct yaml *node, const struct schema *schema)
{
	struct str text CLEANUP(str_release) = {0};
	struct error_list problems CLEANUP(error_list_release) = {0};

	node->is_spoilt = false; /* another walk has to report it again */
	if (node->written || !strchr(node->text, '$'))
		return;
	if (!w->variables) {
		if (strstr(node->text, "${"))
			error_set(yaml_error(w->doc, node, w->errors),
				"variables are not expanded here");
		return;
	}
	w->variables->keeps_account_id = schema->text && schema->text->may_have_account_id;
	if (variables_expand(w->variables, node->text, &text, &problems)) {
		if (strcmp(str_text(&text), node->text) != 0)
			yaml_put_text(w->doc, node, str_text(&text));
		for (size_t i = 0; i < w->variables->warnings.count; i++)
			error_copy(yaml_error(w->doc, node, w->warnings),
				&w->variables->warnings.items[i]);
		error_list_release(&w->variables->warnings);
		return;
	}
	node->is_spoilt = true;
	for (size_t i = 0; i < problems.count; i++)
		error_copy(yaml_error(w->doc, node, w->errors), &problems.items[i]);
}

static void check_text(struct walk *w, const struct yaml *node, const struct schema *schema)
{
	struct str why CLEANUP(str_release) = {0};
	struct error unusual CLEANUP(error_release) = {0};
	const struct schema_text *text = node->is_key ? schema->name : schema->text;

	if (!shape_text_is_right(text, node->text, !node->written && !w->source, &why))
		wrong_text(w, node, schema, &why);
	else if (!shape_text_is_usual(text, node->text, yaml_written(node), &unusual))
		error_copy(yaml_error(w->doc, node, w->warnings), &unusual);
}

static void check_scalar(
	struct walk *w, const struct yaml *node, const struct schema *schema, unsigned type)
{
	struct str why CLEANUP(str_release) = {0};
	size_t number;

	if (type & SCHEMA_TEXT)
		check_text(w, node, schema);
	else if (type & SCHEMA_BOOL && schema->is_only_true && strcmp(node->text, "true") != 0)
		str_text_add(&why, "must be `true` or omitted");
	else if (type & SCHEMA_NUMBER &&
		 (!text_to_number(node->text, schema->most, &number) || number < schema->least ||
			 (node->text[0] == '0' && node->text[1])))
		str_format(&why, "must be a whole number from %zu to %zu", schema->least,
			schema->most);
	if (why.length)
		wrong_text(w, node, schema, &why);
}

/* ---- the walk ---- */

static unsigned types_of(const struct yaml *node)
{
	if (node->kind == YAML_MAP)
		return SCHEMA_MAP | SCHEMA_NAMED;
	if (node->kind == YAML_LIST)
		return SCHEMA_LIST;
	if (yaml_is_null(node))
		return 0;
	if (!node->is_plain)
		return SCHEMA_TEXT;
	if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
		return SCHEMA_TEXT | SCHEMA_NUMBER | SCHEMA_BOOL;
	return SCHEMA_TEXT | SCHEMA_NUMBER;
}

static void refuse_doubles(struct walk *w, const struct yaml *list)
{
	struct table *seen = NULL;

	for (const struct yaml *it = list->first; it; it = it->next) {
		struct str shown CLEANUP(str_release) = {0};
		if (it->kind != YAML_SCALAR || !table_put(&seen, it->text, w))
			continue;
		add_quoted(&shown, yaml_written(it));
		error_set(
			yaml_error(w->doc, it, w->errors), "%s is listed twice", str_text(&shown));
	}
	table_free(&seen);
}

/* Recursion follows the tables, which are ten levels deep. */
static void check_node(struct walk *w, struct yaml *node, const struct schema *schema)
{
	bool is_foreign = node == w->doc->root && w->doc->text.is_hidden;
	if (node->kind == YAML_SCALAR && !w->source && !schema->sources && !is_foreign)
		put_variables(w, node, schema);
	if (node->is_spoilt)
		return;
	unsigned type = types_of(node) & schema->types;
	if (!type) {
		wrong_type(w, node, schema);
	} else if (node->kind == YAML_SCALAR) {
		check_scalar(w, node, schema, type);
	} else if (schema->is_filled && !node->first) {
		struct str key CLEANUP(str_release) = {0};
		struct error *err = yaml_error(w->doc, node, w->errors);
		add_subject(&key, node, "this");
		error_set(err, "%s is empty", str_text(&key));
		error_hint(err, "Expected %s.", schema->is);
	} else if (type & SCHEMA_MAP) {
		check_map(w, node, schema);
	} else {
		for (struct yaml *it = node->first; it; it = it->next) {
			if (node->kind == YAML_MAP)
				check_text(w, it->key, schema);
			check_node(w, it, schema->items);
		}
		if (schema->is_set)
			refuse_doubles(w, node);
	}
}

bool shape_check(struct variables *variables, struct yaml_document *doc, const char *key_or_null,
	struct error_list *errors, struct error_list *warnings)
{
	struct walk w = {variables, doc, errors, warnings, NULL};
	const struct schema *schema = &schema_manifest;
	struct yaml *node = doc->root;
	size_t before = errors->count;

	if (key_or_null) {
		node = node->kind == YAML_MAP ? node->first : NULL;
		while (node && strcmp(node->key->text, key_or_null) != 0)
			node = node->next;
		schema = find_key(schema, key_or_null)->schema;
	}
	if (node)
		check_node(&w, node, schema);
	return errors->count == before;
}

bool shape_check_plain(const struct schema *schema, struct yaml_document *doc,
	struct error_list *errors, struct error_list *warnings)
{
	struct walk w = {NULL, doc, errors, warnings, NULL};
	size_t before = errors->count;

	check_node(&w, doc->root, schema);
	return errors->count == before;
}
