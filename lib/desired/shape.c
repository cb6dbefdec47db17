#include "desired/shape.h"

#include "base/text.h"

#include <string.h>

/* ---- texts ---- */

/* Is it one of the characters, as between the brackets of a regular expression? */
static bool is_among(unsigned char c, const char *characters)
{
	if (!characters)
		return c >= 0x20 && c != 0x7f;
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

/* Is the text up to `length` right as a whole without parts? */
static bool is_simple_right(const struct schema_text *schema, const char *text, size_t length,
	bool shows_text, struct str *why)
{
	size_t good = 0;

	if (!length) {
		str_text_add(why, "it is empty");
		return false;
	}
	if (schema->longest && length > schema->longest) {
		str_format(why, "it has %zu characters; at most %zu are allowed", length,
			schema->longest);
		return false;
	}
	while (good < length && is_among((unsigned char)text[good], schema->characters))
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
	return is_simple_right(schema, text, strlen(text), shows_text, why);
}

/* ---- what can be wrong ---- */

static void add_quoted(struct str *out, const char *text)
{
	str_char(out, '`');
	text_add_visible(out, text, strlen(text), 60);
	str_char(out, '`');
}

static struct error *error_at_node(struct yaml_document *doc, const struct yaml *node,
	bool is_source, struct error_list *errors)
{
	return is_source ? yaml_error_hidden(doc, node, errors) : yaml_error(doc, node, errors);
}

static void hint_at_env(struct error *err)
{
	error_hint(err, "A secret never stands in the manifest itself: put it into an environment "
			"variable, say NAME, and write {env: NAME} for it.");
}

static void wrong_type(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors)
{
	bool is_text = node->kind == YAML_SCALAR && !yaml_is_null(node);
	struct str key CLEANUP(str_release) = {0};
	struct error *err = error_at_node(doc, node, schema->is_source, errors);
	const char *found = node->kind == YAML_MAP    ? "a map"
			    : node->kind == YAML_LIST ? "a list"
			    : is_text                 ? "text"
						      : "nothing";

	if (node->key)
		add_quoted(&key, node->key->text);
	if (node->key)
		error_set(err, "%s must be %s; this is %s", str_text(&key), schema->is, found);
	else
		error_set(err, "expected %s; this is %s", schema->is, found);
	if (schema->is_source && is_text)
		hint_at_env(err);
}

static void unknown_key(struct yaml_document *doc, const struct yaml *member,
	const struct schema *schema, struct error_list *errors)
{
	struct str text CLEANUP(str_release) = {0}, known CLEANUP(str_release) = {0};
	const struct yaml *key = member->key;
	const char *near = NULL;
	/* A key without a value, where a secret is near, may be the secret itself: {TOKEN}. */
	bool is_hidden = schema->is_source && yaml_is_null(member);
	struct error *err = error_at_node(doc, key, is_hidden, errors);

	for (const struct schema_key *it = schema->keys; it->name; it++) {
		str_format(&known, "%s`%s`", known.length ? ", " : "", it->name);
		if (!near && text_is_near(key->text, it->name))
			near = it->name;
	}
	if (!is_hidden)
		add_quoted(&text, key->text);
	if (is_hidden)
		error_set(err, "a key without a value");
	else if (near)
		error_set(err, "unknown key %s; did you mean `%s`?", str_text(&text), near);
	else
		error_set(err, "unknown key %s", str_text(&text));
	error_hint(err, "Known here: %s.", str_text(&known));
}

static void empty(struct yaml_document *doc, const struct yaml *node, const struct schema *schema,
	struct error_list *errors)
{
	struct str key CLEANUP(str_release) = {0};
	struct error *err = yaml_error(doc, node, errors);

	if (node->key)
		add_quoted(&key, node->key->text);
	error_set(err, "%s is empty", node->key ? str_text(&key) : "this");
	error_hint(err, "It must be %s.", schema->is);
}

/* ---- the walk ---- */

static const struct schema_key *find_key(const struct schema *schema, const char *name)
{
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

static void check_node(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors);

static void check_map(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors) /* NOLINT(misc-no-recursion) */
{
	for (const struct yaml *it = node->first; it; it = it->next) {
		const struct schema_key *key = find_key(schema, it->key->text);
		if (key)
			check_node(doc, it, key->schema, errors);
		else
			unknown_key(doc, it, schema, errors);
	}
	for (const struct schema_key *it = schema->keys; it->name; it++)
		if (it->is_required && !yaml_get(node, it->name))
			error_set(yaml_error(doc, node, errors), "`%s` is missing here", it->name);
}

static void wrong_text(struct yaml_document *doc, const struct yaml *node, bool is_source,
	const struct str *why, struct error_list *errors)
{
	struct str text CLEANUP(str_release) = {0}, key CLEANUP(str_release) = {0};
	struct error *err = error_at_node(doc, node, is_source, errors);

	if (is_source)
		str_text_add(&text, "what stands here");
	else
		add_quoted(&text, yaml_written(node));
	if (node->key)
		add_quoted(&key, node->key->text);
	if (node->key)
		error_set(
			err, "%s can't be %s: %s", str_text(&key), str_text(&text), str_text(why));
	else
		error_set(err, "%s is not possible here: %s", str_text(&text), str_text(why));
	if (is_source)
		hint_at_env(err);
}

static void check_text(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors)
{
	struct str why CLEANUP(str_release) = {0};
	const struct schema_text *text = node->is_key ? schema->name : schema->text;
	bool shows_text = !node->written && !schema->is_source;

	if (!node->is_spoilt && !shape_text_is_right(text, node->text, shows_text, &why))
		wrong_text(doc, node, schema->is_source, &why, errors);
}

static unsigned types_of(const struct yaml *node)
{
	if (node->kind == YAML_MAP)
		return SCHEMA_MAP | SCHEMA_NAMED;
	if (node->kind == YAML_LIST)
		return SCHEMA_LIST;
	if (yaml_is_null(node))
		return 0;
	if (node->is_plain && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0))
		return SCHEMA_TEXT | SCHEMA_BOOL;
	return SCHEMA_TEXT;
}

static void check_items(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors) /* NOLINT(misc-no-recursion) */
{
	for (const struct yaml *it = node->first; it; it = it->next) {
		if (node->kind == YAML_MAP)
			check_text(doc, it->key, schema, errors);
		check_node(doc, it, schema->items, errors);
	}
}

/* Recursion follows the tables, which are four levels deep. */
static void check_node(struct yaml_document *doc, const struct yaml *node,
	const struct schema *schema, struct error_list *errors) /* NOLINT(misc-no-recursion) */
{
	unsigned type = types_of(node) & schema->types;

	if (!type) {
		if (!node->is_spoilt)
			wrong_type(doc, node, schema, errors);
	} else if (schema->is_filled && node->kind != YAML_SCALAR && !node->first) {
		empty(doc, node, schema, errors);
	} else if (type & SCHEMA_MAP) {
		check_map(doc, node, schema, errors);
	} else if (type & (SCHEMA_LIST | SCHEMA_NAMED)) {
		check_items(doc, node, schema, errors);
	} else if (type & SCHEMA_TEXT) {
		check_text(doc, node, schema, errors);
	}
}

bool shape_check(struct yaml_document *doc, const struct yaml *node, const struct schema *schema,
	struct error_list *errors)
{
	size_t before = errors->count;

	check_node(doc, node, schema, errors);
	return errors->count == before;
}
