#include "adapter/yaml.h"

#include "unit.h"

static bool parse_bytes(
	struct yaml_document *doc, const char *bytes, size_t length, struct error_list *errors)
{
	*doc = (struct yaml_document){0};
	return yaml_parse(doc, "x.yaml", bytes, length, errors);
}

/* One error, with this place (0: any), message, snippet and caret (NULL: any). */
struct expected {
	const char *text;
	size_t length; /* 0: of the text */
	size_t line, column;
	const char *message;
	const char *snippet;
	size_t caret;
};

static void refuse(const struct expected *expected)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	size_t length = expected->length ? expected->length : strlen(expected->text);
	char *copy = mem_alloc(length);

	memcpy(copy, expected->text, length);
	if (parse_bytes(&doc, copy, length, &errors))
		fail_msg("accepted: %.*s", (int)length, expected->text);
	const struct error *err = &errors.items[0];
	expect_text(err->message, expected->message);
	assert_string_equal(err->file, "x.yaml");
	if (expected->line && (err->line != expected->line || err->column != expected->column))
		fail_msg("%s at %zu:%zu instead of %zu:%zu", err->message, err->line, err->column,
			expected->line, expected->column);
	if (expected->snippet) {
		assert_string_equal(err->snippet, expected->snippet);
		assert_int_equal(err->caret, expected->caret);
	}
	mem_free(copy);
}

#define REFUSE(...) refuse(&(struct expected){__VA_ARGS__})

static void parse(struct yaml_document *doc, const char *text)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!parse_bytes(doc, text, strlen(text), &errors))
		fail_msg("refused: %s: %s", text, errors.items[0].message);
	assert_int_equal(errors.count, 0);
}

/* ---- what is right ---- */

static void tree(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};

	(void)state;
	parse(&doc, "a: 1\nb:\n  - x\n  - \"y\"\n  - {c: d}\n");
	const struct yaml *a = yaml_get(doc.root, "a"), *b = yaml_get(doc.root, "b");
	assert_int_equal(doc.root->kind, YAML_MAP);
	assert_string_equal(a->text, "1");
	assert_string_equal(a->key->text, "a");
	assert_true(a->is_plain);
	assert_int_equal(a->line, 1);
	assert_int_equal(a->column, 4);
	assert_int_equal(b->kind, YAML_LIST);
	assert_string_equal(b->first->text, "x");
	assert_false(b->first->next->is_plain);
	assert_int_equal(b->first->next->column, 5);
	assert_string_equal(yaml_get(b->first->next->next, "c")->text, "d");
	assert_null(b->first->next->next->next);
	assert_null(yaml_get(doc.root, "c"));
	assert_null(yaml_get(a, "a"));
}

static void nothing(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "# only\n# comments\n", "\xef\xbb\xbf", "  "};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct yaml_document doc CLEANUP(yaml_release) = {0};
		parse(&doc, texts[i]);
		assert_null(doc.root);
	}
}

static void nulls_and_words(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	static const char *const words[] = {
		"no", "on", "1e3", "0o17", "2024-01-01", "true", "0x1f", "1_000", "null x"};

	(void)state;
	parse(&doc, "a:\nb: ~\nc: null\nc2: NULL\ne: \"null\"\nf: \"\"\ng: ''\n");
	for (const struct yaml *it = doc.root->first; it; it = it->next)
		assert_int_equal(yaml_is_null(it), it->key->text[0] < 'e');
	assert_false(yaml_is_null(doc.root));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct yaml_document word CLEANUP(yaml_release) = {0};
		parse(&word, words[i]);
		assert_string_equal(word.root->text, words[i]);
		assert_false(yaml_is_null(word.root));
	}
}

static void forms_of_text(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};

	(void)state;
	parse(&doc, "a: |\n  x\n  y\nb: |-\n  x\nc: \"\\e\\u263a\"\nk: 'it''s'\ne: !!str x\n");
	assert_string_equal(yaml_get(doc.root, "a")->text, "x\ny\n");
	assert_string_equal(yaml_get(doc.root, "b")->text, "x");
	assert_string_equal(yaml_get(doc.root, "c")->text, "\x1b\xe2\x98\xba");
	assert_string_equal(yaml_get(doc.root, "k")->text, "it's");
	assert_string_equal(yaml_get(doc.root, "e")->text, "x");
	assert_false(yaml_get(doc.root, "e")->is_plain);
}

static void line_ends_and_marks(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};

	(void)state;
	parse(&doc, "\xef\xbb\xbf"
		    "a: 1\r\nb: 2\r\n");
	assert_int_equal(doc.root->line, 1);
	assert_int_equal(doc.root->column, 1);
	assert_string_equal(yaml_get(doc.root, "b")->text, "2");
	assert_int_equal(yaml_get(doc.root, "b")->line, 2);
	/* The mark is not counted in the columns. */
	REFUSE("\xef\xbb\xbf"
	       "a: 1\r\na: 2\r\n",
		.line = 2, .column = 1, .message = "duplicate key", .snippet = "a...", .caret = 1);
	REFUSE("\xef\xbb\xbf"
	       "b: {b: 1, b: 2}\n",
		.line = 1, .column = 11, .message = "duplicate key");
}

static void aliases(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};

	(void)state;
	parse(&doc, "a: &x [1, 2]\nb: *x\nc: &x 3\nk: *x\n");
	const struct yaml *b = yaml_get(doc.root, "b");
	assert_int_equal(b->kind, YAML_LIST);
	assert_string_equal(b->first->next->text, "2");
	assert_int_equal(b->line, 2);
	assert_string_equal(b->key->text, "b");
	assert_string_equal(yaml_get(doc.root, "k")->text, "3");
	assert_string_equal(yaml_get(doc.root, "a")->key->text, "a");
}

/* ---- what is refused ---- */

static void bad_aliases(void **state)
{
	(void)state;
	REFUSE("a: *x\n", .line = 1, .column = 4, .message = "unknown anchor", .snippet = "a: *...",
		.caret = 4);
	REFUSE("a: &x [1, *x]\n", .line = 1, .column = 11, .message = "a node that contains it");
	REFUSE("&x a: {b: {c: *y}}\n", .line = 1, .column = 15, .message = "unknown anchor");
	REFUSE("&x\na: {b: *x}\n", .message = "a node that contains it");
	REFUSE("a: &x {<<: *x}\n", .message = "a node that contains it");
}

static void expansion_is_bounded(void **state)
{
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++) {
		str_format(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			str_format(&text, "%s*a%d", j ? ", " : "", i - 1);
		str_text_add(&text, "]\n");
	}
	REFUSE(str_text(&text), .message = "aliases expand to more than");
	/* The same through keys and values, and in one line. */
	str_clear(&text);
	str_text_add(&text, "{a: &a {k: x, l: x}");
	for (int c = 'b'; c <= 'z'; c++)
		str_format(&text, ", %c: &%c {k: *%c, l: *%c}", c, c, c - 1, c - 1);
	str_text_add(&text, "}");
	REFUSE(str_text(&text), .message = "aliases expand to more than");
}

static void tags(void **state)
{
	(void)state;
	REFUSE("a: !secret x\n", .line = 1, .column = 4, .message = "YAML tags are not supported");
	REFUSE("a: !!binary aGk=\n", .line = 1, .column = 4,
		.message = "YAML tags are not supported");
	REFUSE("!!map {a: 1}\n", .message = "YAML tags are not supported");
	REFUSE("a: !!set [x]\n", .message = "YAML tags are not supported");
	REFUSE("a: !<tag:x,2000:%1b[31m> y\n", .message = "YAML tags are not supported");
}

/* fault D5: libyaml compares each with all before it, so 80,000 of them took a minute */
static void tag_lines_are_bounded(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct str text CLEANUP(str_release) = {0}, wrong CLEANUP(str_release) = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		str_format(&text, "%%TAG !a%d! tag:x,%d:\n", i, i);
	str_format(&wrong, "%s%%TAG !b! tag:x:\n--- {a: b}\n", str_text(&text));
	str_text_add(&text, "--- {a: 5 %TAG}\n");
	parse(&doc, str_text(&text));
	assert_string_equal(yaml_get(doc.root, "a")->text, "5 %TAG");
	REFUSE(str_text(&wrong), .line = 101, .column = 1, .message = "more than 100 %TAG lines");
}

/* Adds "KEY=TEXT " for each member of the map. */
static void add_members(struct str *out, const struct yaml *map)
{
	for (const struct yaml *it = map->first; it; it = it->next)
		str_format(out, "%s=%s ", it->key->text, it->text ? it->text : "-");
}

/* What the member `m` of the document's map has in the end. */
static void expect_merged(const char *text, const char *members)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct str found CLEANUP(str_release) = {0};

	parse(&doc, text);
	add_members(&found, yaml_get(doc.root, "m"));
	assert_string_equal(str_text(&found), members);
}

/* fault B11: https://yaml.org/type/merge.html */
static void merge_keys(void **state)
{
	(void)state;
	expect_merged("d: &d {a: 1, b: 2}\nm: {<<: *d}\n", "a=1 b=2 ");
	expect_merged("m: {<<: {a: 1}}\n", "a=1 ");
	/* a key of the map's own wins, wherever the << is */
	expect_merged("d: &d {a: 1, b: 2}\nm: {<<: *d, b: 3}\n", "b=3 a=1 ");
	expect_merged("d: &d {a: 1, b: 2}\nm: {b: 3, <<: *d, c: 4}\n", "b=3 c=4 a=1 ");
	expect_merged("d: &d {a: 1, b: 2}\nm: {b: 3, <<: *d}\n", "b=3 a=1 ");
	/* the first of several maps wins */
	expect_merged("d: &d {a: 1}\ne: &e {a: 2, b: 2}\nm: {<<: [*d, *e]}\n", "a=1 b=2 ");
	expect_merged("d: &d {a: 1}\ne: &e {a: 2, b: 2}\nm: {<<: [*e, *d]}\n", "a=2 b=2 ");
	expect_merged("m: {<<: [], a: 1}\n", "a=1 ");
	expect_merged("m: {<<: {}}\n", "");
	/* through a map that merges, too */
	expect_merged("d: &d {a: 1}\ne: &e {<<: *d, b: 2}\nm: {<<: *e, c: 3}\n", "c=3 b=2 a=1 ");
	/* not into what is deeper */
	expect_merged("d: &d {a: {x: 1}, b: 2}\nm: {<<: *d, a: {y: 1}}\n", "a=- b=2 ");
	/* a << in quotes is a key like others */
	expect_merged("m: {\"<<\": 1}\n", "<<=1 ");
	REFUSE("m: {<<: x}\n", .line = 1, .column = 5, .message = "a map or a list of maps",
		.snippet = "...<<...", .caret = 4);
	REFUSE("d: &d x\nm: {<<: *d}\n", .message = "a map or a list of maps");
	REFUSE("m: {<<: }\n", .message = "a map or a list of maps");
	REFUSE("m: {<<: [{a: 1}, x]}\n", .message = "a map or a list of maps");
	REFUSE("m: {<<: [[{a: 1}]]}\n", .message = "a map or a list of maps");
	REFUSE("m: {<<: {a: 1}, <<: {b: 1}}\n", .message = "duplicate key `<<`");
}

/* fault B11: a member keeps the place where it is written, and can be changed by itself. */
static void merged_members_are_copies(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};

	(void)state;
	parse(&doc, "d: &d {a: x}\nm: {<<: *d}\nn:\n  <<: *d\n");
	const struct yaml *d = yaml_get(doc.root, "d"), *m = yaml_get(doc.root, "m");
	assert_int_equal(m->first->line, 1);
	assert_int_equal(m->first->column, 11);
	assert_int_equal(m->weight, d->weight);
	yaml_put_text(&doc, m->first, "y");
	assert_string_equal(yaml_get(d, "a")->text, "x");
	assert_string_equal(yaml_get(yaml_get(doc.root, "n"), "a")->text, "x");
}

/* fault B11 */
static void merging_is_bounded(void **state)
{
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	str_text_add(&text, "a: &a {k: {x: 1, y: 1}}\n");
	for (int c = 'b'; c <= 'z'; c++)
		str_format(&text, "%c: &%c {<<: *%c, k%c: *%c}\n", c, c, c - 1, c, c - 1);
	REFUSE(str_text(&text), .message = "aliases expand to more than");
	/* one large map, merged by thousands */
	str_clear(&text);
	str_text_add(&text, "a: &a {");
	for (int i = 0; i < 3000; i++)
		str_format(&text, "k%d: 1, ", i);
	str_text_add(&text, "}\nb:\n");
	for (int i = 0; i < 3000; i++)
		str_text_add(&text, "- <<: *a\n");
	REFUSE(str_text(&text), .message = "aliases expand to more than");
}

/* fault B12 */
static void conflicts(void **state)
{
	(void)state;
	REFUSE("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> topic\n", .line = 2, .column = 1,
		.message = "unresolved merge conflict", .snippet = "<<<<<<< HEAD", .caret = 1);
	REFUSE("a:\n- x\n=======\n- y\n>>>>>>> topic\n", .line = 3, .column = 1,
		.message = "unresolved merge conflict");
	REFUSE("a: 1\r\n<<<<<<< HEAD\r\nb: 2\r\n=======\r\nb: 3\r\n>>>>>>> x\r\n", .line = 2,
		.column = 1, .message = "unresolved merge conflict");
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	parse(&doc, "a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n");
}

static void keys(void **state)
{
	(void)state;
	REFUSE("? [a]\n: b\n", .line = 1, .column = 3, .message = "keys must be plain text");
	REFUSE("{[a]: b}\n", .message = "keys must be plain text");
	REFUSE("? {a: b}\n: c\n", .message = "keys must be plain text");
	REFUSE("a: 1\n\"a\": 2\n", .line = 2, .column = 1,
		.message = "duplicate key `a`, first on line 1");
	REFUSE("\"\\e[1m\": 1\n\"\\e[1m\": 2\n", .message = "duplicate key `\\x1b[1m`");
	REFUSE("&x a: 1\n*x : 2\n", .message = "duplicate key `a`");
}

/* All doubles are told, in order. */
static void several_errors(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	static const char text[] = "a: 1\na: 2\nb:\n  c: 1\n  c: 2\na: 3\n";

	(void)state;
	assert_false(parse_bytes(&doc, text, strlen(text), &errors));
	assert_int_equal(errors.count, 3);
	assert_int_equal(errors.items[0].line, 2);
	assert_int_equal(errors.items[1].line, 5);
	assert_int_equal(errors.items[2].line, 6);
}

static void documents(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};

	(void)state;
	parse(&doc, "---\na: 1\n...\n");
	REFUSE("a: 1\n---\nb: 2\n", .line = 2, .column = 1,
		.message = "a second document starts here", .snippet = "---", .caret = 1);
	REFUSE("---\n---\n", .line = 2, .column = 1, .message = "a second document");
	REFUSE("%YAML 9.9\n---\na: 1\n", .line = 1, .column = 1, .message = "not valid YAML");
}

static void bytes(void **state)
{
	(void)state;
	REFUSE("a: 1\nb: \xff\n", .line = 2, .column = 4, .message = "invalid UTF-8",
		.snippet = "b: ...", .caret = 4);
	REFUSE("\xff\xfe"
	       "a\0",
		.length = 4, .line = 1, .column = 1, .message = "not UTF-8");
	REFUSE("\xc3\xa4: \xc3\n", .line = 1, .column = 4, .message = "invalid UTF-8");
	REFUSE("a\0:\0 \0", .length = 6, .line = 1, .column = 1, .message = "the file is UTF-16");
	REFUSE("a: 1\nb: x\0y\n", .length = 12, .line = 2, .column = 5,
		.message = "control characters");
	REFUSE("a: 1\n\xc3\xa4: \x07\n", .line = 2, .column = 4, .message = "control characters");
	REFUSE("a: \"\\0\"\n", .line = 1, .column = 4, .message = "NUL characters");
}

static void syntax(void **state)
{
	(void)state;
	REFUSE("a:\n\tb: 1\n", .line = 2, .column = 1,
		.message = "tabs are not allowed for indentation");
	REFUSE("a: [1, 2\n", .message = "not valid YAML");
	REFUSE("a: \"x\n", .message = "not valid YAML");
	REFUSE("a: 'x", .message = "not valid YAML");
	REFUSE("a: b: c\n", .line = 1, .column = 5, .message = "not valid YAML");
	REFUSE("a: 1\n b: 2\n", .message = "not valid YAML");
	REFUSE("]\n", .line = 1, .column = 1, .message = "not valid YAML");
	REFUSE("@x\n", .line = 1, .column = 1, .message = "not valid YAML");
	REFUSE("a: \"\\q\"\n", .message = "not valid YAML");
}

static void depth(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct yaml_document doc CLEANUP(yaml_release) = {0};

	(void)state;
	str_repeat(&text, '[', YAML_DEPTH_LIMIT);
	str_repeat(&text, ']', YAML_DEPTH_LIMIT);
	parse(&doc, str_text(&text));
	str_clear(&text);
	str_repeat(&text, '[', 100000);
	REFUSE(str_text(&text), .line = 1, .column = YAML_DEPTH_LIMIT + 1,
		.message = "nested more than 32");
	str_clear(&text);
	str_repeat(&text, '{', 100000);
	REFUSE(str_text(&text), .message = "");
	str_clear(&text);
	for (int i = 0; i < 80000; i++)
		str_text_add(&text, "- ");
	REFUSE(str_text(&text), .line = 1, .column = 2 * YAML_DEPTH_LIMIT + 1,
		.message = "nested more than 32");
	str_clear(&text);
	for (size_t i = 0; i < 1000; i++) {
		str_repeat(&text, ' ', i);
		str_text_add(&text, "a:\n");
	}
	REFUSE(str_text(&text), .line = 33, .column = 33, .message = "nested more than 32");
}

/* ---- snippets ---- */

static void multibyte_columns(void **state)
{
	(void)state;
	REFUSE("\xc3\xa4\xe2\x82\xac: *x\n", .line = 1, .column = 5, .message = "unknown anchor",
		.snippet = "\xc3\xa4\xe2\x82\xac: *...", .caret = 5);
	REFUSE("\xf0\x9f\x98\x80: \xf0\x9f\x98\x80: x\n", .line = 1, .column = 5,
		.message = "not valid");
}

/* What a terminal would obey is shown as text, and the caret still stands under its character. */
static void snippets_are_harmless(void **state)
{
	(void)state;
	REFUSE("\xe2\x80\xae: *x\n", .line = 1, .column = 4, .message = "unknown anchor",
		.snippet = "\\u202e: *...", .caret = 9);
	REFUSE("a:\t*x\n", .line = 1, .column = 4, .message = "unknown anchor",
		.snippet = "a: *...", .caret = 4);
}

static void long_lines(void **state)
{
	struct str text CLEANUP(str_release) = {0};
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)state;
	str_text_add(&text, "a: [");
	for (int i = 0; i < 100000; i++)
		str_text_add(&text, "\xc3\xa4, ");
	str_text_add(&text, "*gone, ");
	for (int i = 0; i < 100000; i++)
		str_text_add(&text, "\xc3\xbc, ");
	str_text_add(&text, "x]\n");
	assert_false(parse_bytes(&doc, text.bytes, text.length, &errors));
	const struct error *err = &errors.items[0];
	assert_int_equal(err->column, 300005);
	assert_true(strlen(err->snippet) < 200);
	assert_memory_equal(err->snippet, "...", 3);
	assert_string_equal(err->snippet + strlen(err->snippet) - 3, "...");
	const char *at = strstr(err->snippet, "*");
	assert_non_null(at);
	size_t column = 1;
	for (const char *c = err->snippet; c < at; c++)
		column += (*c & 0xc0) != 0x80;
	assert_int_equal(err->caret, column);
}

/* libyaml breaks lines at more than \n: the snippet must be of the line that is meant. */
static void other_line_breaks(void **state)
{
	(void)state;
	REFUSE("a: 1\rb: *x\r", .line = 2, .column = 4, .message = "unknown anchor",
		.snippet = "b: *...", .caret = 4);
	REFUSE("a: 1\xc2\x85"
	       "b: *x\n",
		.line = 2, .column = 4, .message = "unknown anchor", .snippet = "b: *...",
		.caret = 4);
	REFUSE("# x\xe2\x80\xa8# y\xe2\x80\xa9"
	       "b: *x\nc: d\n",
		.line = 3, .column = 4, .message = "unknown anchor", .snippet = "b: *...",
		.caret = 4);
	REFUSE("a: 1\r\n\r\nb: *x", .line = 3, .column = 4, .message = "unknown anchor",
		.snippet = "b: *...", .caret = 4);
}

/* What stands behind a key, or in front of what is at fault, may be a secret. */
static void snippets_hide_neighbours(void **state)
{
	struct yaml_document doc CLEANUP(yaml_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)state;
	parse(&doc, "m: {a: HUSH, b: 1, c: HUSH}\nn:\n  d: HUSH\n");
	const struct yaml *m = yaml_get(doc.root, "m"), *n = yaml_get(doc.root, "n");
	error_set(yaml_error(&doc, m, &errors), "x");
	error_set(yaml_error(&doc, yaml_get(m, "b"), &errors), "x");
	error_set(yaml_error(&doc, yaml_get(m, "b")->key, &errors), "x");
	error_set(yaml_error(&doc, n, &errors), "x");
	error_set(yaml_error(&doc, yaml_get(n, "d")->key, &errors), "x");
	error_set(yaml_error(&doc, doc.root, &errors), "x");
	error_set(yaml_error_hidden(&doc, yaml_get(m, "a"), &errors), "x");
	error_set(yaml_error_hidden(&doc, yaml_get(n, "d"), &errors), "x");
	for (size_t i = 0; i < errors.count; i++) {
		const struct error *err = &errors.items[i];
		expect_no_text(err->snippet, "HU");
		assert_true(err->caret > 0);
		assert_true(err->caret <= strlen(err->snippet) + 1);
	}
}

/* Nor is a secret shown that stands in a line with an error of syntax. */
static void syntax_errors_hide_values(void **state)
{
	static const char *const texts[] = {"api_token: \"HUSH", "api_token: 'HUSH\n",
		"a: HUSH: x\n", "\tapi_token: HUSH\n", "a: HU\xffSH\n", "a: HU\x01SH\n",
		"a: \"HU\\0SH\"\n", "a: !x HUSH\n", "a: !!binary HUSH\n", "a: {b: !x HUSH}\n",
		"a: *HUSH\n", "a: !HUSH\n", "a: !!HUSH x\n", "a: !<HUSH> x\n",
		"a: {b: HUSH, c: !x 1}\n", "a: {b: HUSH, c: *x}\n", "a: {\n b: HUSH, c: *x}\n",
		"a: {b: HUSH, c: 1, c: 2}\n", "a: {b: HUSH, [c]: 1}\n", "{\"a\":\"HUSH\" x}\n",
		"a: \"HUSH\\q\"\n", "a: HUSH\n b: 1\n", "a: {b: \"HUSH\"", "a: 1\na: HUSH\n",
		"a: @HUSH\n", "a: `HUSH\n", "a: %HUSH\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct yaml_document doc CLEANUP(yaml_release) = {0};
		struct error_list errors CLEANUP(error_list_release) = {0};
		assert_false(parse_bytes(&doc, texts[i], strlen(texts[i]), &errors));
		expect_no_text(errors.items[0].snippet, "HU");
		expect_no_text(errors.items[0].message, "HU");
	}
}

/* Any beginning of a document, and any byte changed: an error with a place, or a tree. */
static void damaged_anywhere(void **state)
{
	static const char text[] = "%YAML 1.1\n---\na: &x {b: [1, \"t\\u00e4\\e\"], 'c': |\n }\n"
				   "\xc3\xa4: *x\nk:\n  - >\n   folded\n  - ? k\n    : v\n...\n";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		for (unsigned mask = 0; mask < 256; mask += 3) {
			struct yaml_document doc CLEANUP(yaml_release) = {0};
			struct error_list errors CLEANUP(error_list_release) = {0};
			size_t length = mask ? sizeof(text) - 1 : at; /* mask 0: cut */
			char *copy = mem_alloc(length);
			memcpy(copy, text, length);
			if (mask)
				copy[at] = (char)((unsigned char)copy[at] ^ mask);
			bool is_good = parse_bytes(&doc, copy, length, &errors);
			assert_int_equal(is_good, errors.count == 0);
			for (size_t i = 0; i < errors.count; i++)
				assert_true(errors.items[i].line > 0 && errors.items[i].message);
			mem_free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree),
		cmocka_unit_test(nothing),
		cmocka_unit_test(nulls_and_words),
		cmocka_unit_test(forms_of_text),
		cmocka_unit_test(line_ends_and_marks),
		cmocka_unit_test(aliases),
		cmocka_unit_test(bad_aliases),
		cmocka_unit_test(expansion_is_bounded),
		cmocka_unit_test(tags),
		cmocka_unit_test(tag_lines_are_bounded),
		cmocka_unit_test(merge_keys),
		cmocka_unit_test(merged_members_are_copies),
		cmocka_unit_test(merging_is_bounded),
		cmocka_unit_test(conflicts),
		cmocka_unit_test(keys),
		cmocka_unit_test(several_errors),
		cmocka_unit_test(documents),
		cmocka_unit_test(bytes),
		cmocka_unit_test(syntax),
		cmocka_unit_test(depth),
		cmocka_unit_test(multibyte_columns),
		cmocka_unit_test(snippets_are_harmless),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(other_line_breaks),
		cmocka_unit_test(snippets_hide_neighbours),
		cmocka_unit_test(syntax_errors_hide_values),
		cmocka_unit_test(damaged_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
