#include "desired/shape.h"

#include "adapter/table.h"
#include "base/text.h"

#include <string.h>

/* ---- texts ---- */

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

/* Is it one that may stand there; without `characters`, no control character, C0 or C1? */
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

	str_text_add(why, "it must be ");
	for (size_t i = 0; schema->words[i]; i++) {
		str_format(why, "%s`%s`", i ? " or " : "", schema->words[i]);
		if (shows_text && !near && text_is_near(text, schema->words[i]))
			near = schema->words[i];
	}
	if (near && schema->words[1])
		str_format(why, "; did you mean `%s`?", near);
	return false;
}

static bool refuse_character(const char *text, size_t at, bool shows_text, struct str *why)
{
	size_t step = 1;

	if (!shows_text) {
		str_format(why, "its character %zu can't be part of it", at + 1);
		return false;
	}
	while (((unsigned char)text[at + step] & 0xc0) == 0x80)
		step++;
	str_text_add(why, "`");
	text_add_visible(why, text + at, step, 0);
	str_text_add(why, "` can't be part of it");
	return false;
}

static bool are_escapes_right(const char *escapes, const char *text, struct str *why)
{
	for (; *text; text++) {
		if (*text != escapes[0])
			continue;
		if (!text[1] || !strchr(escapes + 1, text[1])) {
			str_format(why, "behind each %c belongs %c", escapes[0], escapes[1]);
			for (const char *it = escapes + 2; *it; it++)
				str_format(why, " or %c", *it);
			return false;
		}
	}
	return true;
}

static bool is_start_right(const struct schema_text *schema, const char *text, struct str *why)
{
	if (schema->start && *text && text[0] != schema->start) {
		str_format(why, "it must start with %c", schema->start);
		return false;
	}
	return true;
}

/* Is the text up to `length` right as a whole without parts? */
static bool is_simple_right(const struct schema_text *schema, const char *text, size_t length,
	bool shows_text, struct str *why)
{
	size_t good = 0;

	if (schema->is_free || (!length && schema->may_be_empty))
		return true;
	if (!length) {
		str_text_add(why, "it is empty");
		return false;
	}
	if (schema->longest && length > schema->longest) {
		str_format(why, "it has %zu characters; at most %zu are allowed", length,
			schema->longest);
		return false;
	}
	while (good < length && is_allowed(text + good, schema->characters))
		good++;
	if (good < length)
		return refuse_character(text, good, shows_text, why);
	if (schema->except && is_word(schema->except, text, length)) {
		str_text_add(why, schema->why_except);
		return false;
	}
	return true;
}

static bool refuse_parts(const struct schema_text *schema, size_t count, struct str *why)
{
	size_t most = 0;

	while (schema->parts[most])
		most++;
	str_format(why, "it has %zu part%s between slashes, and ", count, count == 1 ? "" : "s");
	if (schema->fewest_parts < most)
		str_format(why, "%zu to ", schema->fewest_parts);
	str_format(why, "%zu belong there", most);
	return false;
}

static bool are_parts_right(
	const struct schema_text *schema, const char *text, bool shows_text, struct str *why)
{
	size_t count = 1, most = 0;

	for (const char *it = text; *it; it++)
		count += *it == '/';
	while (schema->parts[most])
		most++;
	if (count < schema->fewest_parts || count > most)
		return refuse_parts(schema, count, why);
	for (size_t i = 0; i < count; i++) {
		size_t length = strcspn(text, "/"), before = why->length;
		if (!is_simple_right(schema->parts[i], text, length, shows_text, why)) {
			if (count > 1 && length == 0 && why->length > before)
				str_format(why, ", in part %zu", i + 1);
			return false;
		}
		text += length + 1;
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
		return are_parts_right(schema, text, shows_text, why);
	return is_simple_right(schema, text, strlen(text), shows_text, why) &&
	       is_start_right(schema, text, why) &&
	       (!schema->escapes || are_escapes_right(schema->escapes, text, why));
}

bool shape_text_is_usual(const struct schema_text *schema, const char *text, const char *shown,
	struct error *ret_warning)
{
	size_t good = 0;

	while (schema->usual && text[good] && is_among((unsigned char)text[good], schema->usual))
		good++;
	if (!schema->usual || (!text[good] && good == schema->usual_length))
		return true;
	struct str visible CLEANUP(str_release) = {0};
	text_add_visible(&visible, shown, strlen(shown), 60);
	return error_set(
		ret_warning, "`%s` doesn't look like an %s", str_text(&visible), schema->usual_is);
}

static bool is_number_right(const struct schema_number *schema, const char *text, struct str *why)
{
	size_t number;

	if (text_to_number(text, schema->most, &number) && number >= schema->least &&
		(text[0] != '0' || !text[1]))
		return true;
	str_format(why, "it must be a whole number from %zu to %zu", schema->least, schema->most);
	return false;
}

/* ---- what can be wrong ---- */

struct walk {
	struct yaml_document *doc;
	struct error_list *errors, *warnings;
	const char *const *sources; /* where the reference that is walked may lead, or NULL */
};

static void add_quoted(struct str *out, const char *text)
{
	str_char(out, '`');
	text_add_visible(out, text, strlen(text), 60);
	str_char(out, '`');
}

/* "`key`", of a member, or what stands for it. */
static void add_subject(struct str *out, const struct yaml *node, const char *otherwise)
{
	if (node->key)
		add_quoted(out, node->key->text);
	else
		str_text_add(out, otherwise);
}

static struct error *error_at_node(struct walk *w, const struct yaml *node, bool is_hidden)
{
	return is_hidden ? yaml_error_hidden(w->doc, node, w->errors)
			 : yaml_error(w->doc, node, w->errors);
}

/* How each source is written; that of a variable is told at length. */
static const struct {
	const char *name, *form;
} forms[] = {
	{"file", "{file: PATH}"},
	{"command", "{command: [PROGRAM, ARGUMENT]}"},
	{"dotenv", "{dotenv: PATH, key: NAME}"},
	{"stdin", "{stdin: true}"},
	{"generate", "{generate: {bytes: 32}}, which makes a random one"},
};

static void hint_at_sources(struct error *err, const char *const *sources)
{
	struct str text CLEANUP(str_release) = {0};
	const char *last = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!is_word(sources, forms[i].name, strlen(forms[i].name)))
			continue;
		if (last)
			str_format(&text, "%s%s", text.length ? ", " : "", last);
		last = forms[i].form;
	}
	error_hint(err,
		"A secret never stands in the manifest itself, which is kept and shared: put it "
		"into an environment variable, say NAME, and write {env: NAME} for it. It may also "
		"come from %s or %s.",
		str_text(&text), last);
}

static void wrong_type(struct walk *w, const struct yaml *node, const struct schema *schema)
{
	bool is_text = node->kind == YAML_SCALAR && !yaml_is_null(node);
	struct str key CLEANUP(str_release) = {0};
	struct error *err = error_at_node(w, node, schema->is_source || schema->is_private);
	const char *found = node->kind == YAML_MAP    ? "a map"
			    : node->kind == YAML_LIST ? "a list"
			    : is_text                 ? "text"
						      : "nothing";

	add_subject(&key, node, "");
	if (node->key)
		error_set(err, "%s must be %s; this is %s", str_text(&key), schema->is, found);
	else
		error_set(err, "expected %s; this is %s", schema->is, found);
	if (schema->one_of && is_text)
		hint_at_sources(err, schema->one_of);
}

/* Those that may stand in this map. */
static void add_known(struct str *out, const struct schema *schema)
{
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (it->schema)
			str_format(out, "%s`%s`", out->length ? ", " : "", it->name);
}

static const char *near_key(const struct schema *schema, const char *name)
{
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (it->schema && text_is_near(name, it->name))
			return it->name;
	return NULL;
}

static void unknown_key(struct walk *w, const struct yaml *member, const struct schema *schema)
{
	struct str text CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};
	const struct yaml *key = member->key;
	const char *near = near_key(schema, key->text);
	/* Where a secret is near, a key that resembles none may be the secret: {TOKEN}. */
	bool is_bare = (schema->is_source || schema->is_private) && yaml_is_null(member);
	bool is_hidden = is_bare || (schema->is_source && !near);
	struct error *err = error_at_node(w, key, is_hidden);

	add_known(&known, schema);
	if (!is_hidden)
		add_quoted(&text, key->text);
	if (is_bare)
		error_set(err, "a key without a value");
	else if (is_hidden)
		error_set(err, "an unknown key");
	else if (near)
		error_set(err, "unknown key %s; did you mean `%s`?", str_text(&text), near);
	else
		error_set(err, "unknown key %s", str_text(&text));
	error_hint(err, "Known here: %s.", str_text(&known));
}

static void refused_key(struct walk *w, const struct yaml *member, const struct schema_key *key)
{
	error_set(yaml_error(w->doc, member->key, w->errors), "`%s` is not possible here: %s",
		key->name, key->meaning);
}

static void empty(struct walk *w, const struct yaml *node, const struct schema *schema)
{
	struct str key CLEANUP(str_release) = {0};
	struct error *err = yaml_error(w->doc, node, w->errors);

	add_subject(&key, node, "this");
	error_set(err, "%s is empty", str_text(&key));
	error_hint(err, "It must be %s.", schema->is);
}

static void wrong_text(
	struct walk *w, const struct yaml *node, const struct schema *schema, const struct str *why)
{
	struct str text CLEANUP(str_release) = {0}, key CLEANUP(str_release) = {0};
	struct error *err = error_at_node(w, node, schema->is_source);

	if (schema->is_source)
		str_text_add(&text, "what stands here");
	else
		add_quoted(&text, yaml_written(node));
	add_subject(&key, node, "");
	if (node->key)
		error_set(
			err, "%s can't be %s: %s", str_text(&key), str_text(&text), str_text(why));
	else
		error_set(err, "%s is not possible here: %s", str_text(&text), str_text(why));
	if (schema->text && schema->text->hint)
		error_hint(err, "%s", schema->text->hint);
	else if (w->sources && *node->text && schema->text && !schema->text->words)
		hint_at_sources(err, w->sources);
}

/* ---- what holds between the keys of a map ---- */

static const struct yaml *first_of(const struct yaml *node, const char *const *names)
{
	for (const struct yaml *it = node->first; it; it = it->next)
		if (is_word(names, it->key->text, strlen(it->key->text)))
			return it;
	return NULL;
}

static void none_of(struct walk *w, const struct yaml *node, const char *const *names)
{
	struct str all CLEANUP(str_release) = {0}, key CLEANUP(str_release) = {0};

	for (size_t i = 0; names[i]; i++)
		str_format(&all, "%s`%s`", !i ? "" : names[i + 1] ? ", " : " or ", names[i]);
	add_subject(&key, node, "this");
	error_set(yaml_error(w->doc, node, w->errors), "%s has no source: it needs %s",
		str_text(&key), str_text(&all));
}

/* Whoever mistyped a key has been told, and need not be told what is missing. */
static void check_one_of(
	struct walk *w, const struct yaml *node, const char *const *names, bool knows_all)
{
	const struct yaml *first = first_of(node, names);

	if (!first && knows_all && node->first)
		none_of(w, node, names);
	for (const struct yaml *it = first ? first->next : NULL; it; it = it->next)
		if (is_word(names, it->key->text, strlen(it->key->text)))
			error_set(yaml_error(w->doc, it->key, w->errors),
				"both `%s` and `%s` are given, and only one source can be",
				first->key->text, it->key->text);
}

static void check_rule(struct walk *w, const struct yaml *node, const struct schema_rule *rule)
{
	const struct yaml *member = yaml_get(node, rule->key);

	if (!member)
		return;
	if (rule->needs && !yaml_get(node, rule->needs))
		error_set(yaml_error(w->doc, member->key, w->errors), "`%s` needs `%s` beside it",
			rule->key, rule->needs);
	if (rule->excludes && yaml_get(node, rule->excludes))
		error_set(yaml_error(w->doc, member->key, w->errors),
			"`%s` can't stand beside `%s`", rule->key, rule->excludes);
}

/* ---- the walk ---- */

static const struct schema_key *find_key(const struct schema *schema, const char *name)
{
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

static bool is_ignored(const struct schema *schema, const char *name)
{
	return schema->ignored && strncmp(name, schema->ignored, strlen(schema->ignored)) == 0;
}

static void check_node(struct walk *w, const struct yaml *node, const struct schema *schema);

/* False if the table has no such key, or refuses it. */
static bool check_member(struct walk *w, const struct yaml *member,
	const struct schema *schema) /* NOLINT(misc-no-recursion) */
{
	const struct schema_key *key = find_key(schema, member->key->text);

	if (is_ignored(schema, member->key->text))
		return true;
	if (!key)
		unknown_key(w, member, schema);
	else if (!key->schema)
		refused_key(w, member, key);
	else
		check_node(w, member, key->schema);
	return key && key->schema;
}

static void check_map(struct walk *w, const struct yaml *node,
	const struct schema *schema) /* NOLINT(misc-no-recursion) */
{
	const char *const *sources = w->sources;
	bool knows_all = true;

	if (schema->one_of)
		w->sources = schema->one_of;
	for (const struct yaml *it = node->first; it; it = it->next)
		knows_all = check_member(w, it, schema) && knows_all;
	w->sources = sources;
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (it->is_required && !yaml_get(node, it->name))
			error_set(yaml_error(w->doc, node, w->errors), "`%s` is missing here",
				it->name);
	if (schema->one_of)
		check_one_of(w, node, schema->one_of, knows_all);
	for (const struct schema_rule *it = schema->rules; it && it->key; it++)
		check_rule(w, node, it);
}

/* A text that may be right: Cloudflare learns new ones. */
static void check_known(struct walk *w, const struct yaml *node, const struct schema_text *text)
{
	struct str shown CLEANUP(str_release) = {0}, all CLEANUP(str_release) = {0};
	const char *near = NULL;

	if (!text->known || is_word(text->known, node->text, strlen(node->text)))
		return;
	for (size_t i = 0; text->known[i]; i++) {
		str_format(&all, "%s%s", i ? ", " : "", text->known[i]);
		if (!near && !node->written && text_is_near(node->text, text->known[i]))
			near = text->known[i];
	}
	add_quoted(&shown, yaml_written(node));
	struct error *warning = yaml_error(w->doc, node, w->warnings);
	if (near)
		error_set(warning, "%s is no %s that cfprov knows; did you mean `%s`?",
			str_text(&shown), text->known_is, near);
	else
		error_set(
			warning, "%s is no %s that cfprov knows", str_text(&shown), text->known_is);
	error_hint(warning, "It knows %s.", str_text(&all));
}

static void check_text(struct walk *w, const struct yaml *node, const struct schema *schema)
{
	struct str why CLEANUP(str_release) = {0};
	struct error unusual CLEANUP(error_release) = {0};
	const struct schema_text *text = node->is_key ? schema->name : schema->text;
	bool shows_text = !node->written && !schema->is_source;

	if (node->is_spoilt)
		return;
	if (!shape_text_is_right(text, node->text, shows_text, &why)) {
		wrong_text(w, node, schema, &why);
		return;
	}
	check_known(w, node, text);
	if (!shape_text_is_usual(text, node->text, yaml_written(node), &unusual))
		error_copy(yaml_error(w->doc, node, w->warnings), &unusual);
}

static void check_number(struct walk *w, const struct yaml *node, const struct schema *schema)
{
	struct str why CLEANUP(str_release) = {0};

	if (!node->is_spoilt && !is_number_right(schema->number, node->text, &why))
		wrong_text(w, node, schema, &why);
}

static void check_bool(struct walk *w, const struct yaml *node, const struct schema *schema)
{
	struct str why CLEANUP(str_release) = {0};

	if (!schema->is_only_true || strcmp(node->text, "true") == 0)
		return;
	str_text_add(&why, "it must be `true`, or be left out");
	wrong_text(w, node, schema, &why);
}

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
		error_set(yaml_error(w->doc, it, w->errors), "%s stands twice in this list",
			str_text(&shown));
	}
	table_free(&seen);
}

static void check_items(struct walk *w, const struct yaml *node,
	const struct schema *schema) /* NOLINT(misc-no-recursion) */
{
	for (const struct yaml *it = node->first; it; it = it->next) {
		if (node->kind == YAML_MAP)
			check_text(w, it->key, schema);
		check_node(w, it, schema->items);
	}
	if (schema->is_set)
		refuse_doubles(w, node);
}

/* Recursion follows the tables, which are ten levels deep. */
static void check_node(struct walk *w, const struct yaml *node,
	const struct schema *schema) /* NOLINT(misc-no-recursion) */
{
	unsigned type = types_of(node) & schema->types;

	if (!type) {
		if (!node->is_spoilt)
			wrong_type(w, node, schema);
	} else if (schema->is_filled && node->kind != YAML_SCALAR && !node->first) {
		empty(w, node, schema);
	} else if (type & SCHEMA_MAP) {
		check_map(w, node, schema);
	} else if (type & (SCHEMA_LIST | SCHEMA_NAMED)) {
		check_items(w, node, schema);
	} else if (type & SCHEMA_TEXT) {
		check_text(w, node, schema);
	} else if (type & SCHEMA_NUMBER) {
		check_number(w, node, schema);
	} else {
		check_bool(w, node, schema);
	}
}

bool shape_check(struct yaml_document *doc, const struct yaml *node, const struct schema *schema,
	struct error_list *errors, struct error_list *warnings)
{
	struct walk w = {.doc = doc, .errors = errors, .warnings = warnings};
	size_t before = errors->count;

	check_node(&w, node, schema);
	return errors->count == before;
}
