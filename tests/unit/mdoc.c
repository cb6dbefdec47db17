#include "base/mdoc.h"

#include "unit.h"

static bool add_table(struct str *out, const char *name, const char *argument)
{
	str_format(out, "<%s|%s>\n", name, argument);
	return strcmp(name, "NONE") != 0;
}

static void fills_a_page(void **state)
{
	struct str out CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	assert_true(mdoc_fill(&out, ".Sh A\n@ONE\nb @TWO\n@THREE x.y\n@", add_table, &err));
	assert_string_equal(str_text(&out), ".Sh A\n<ONE|>\nb @TWO\n<THREE|x.y>\n<|>\n");
	assert_false(mdoc_fill(&out, "@NONE x\n", add_table, &err));
	assert_string_equal(err.message, "no table is called NONE");
}

static const char *sentence(struct str *out, const char *text)
{
	str_clear(out);
	mdoc_add_sentence(out, text);
	return str_text(out);
}

static void writes_sentences(void **state)
{
	struct str out CLEANUP(str_release) = {0};

	(void)state;
	assert_string_equal(sentence(&out, "show it"), "Show it.\n");
	assert_string_equal(sentence(&out, "one. Two? Yes!"), "One.\nTwo?\nYes!\n");
}

static void escapes(void **state)
{
	struct str out CLEANUP(str_release) = {0};

	(void)state;
	assert_string_equal(sentence(&out, ".env or 'x'"), "\\&.env or 'x'.\n");
	assert_string_equal(sentence(&out, "`a b` and a\\b"), "\\fB\\%a \\%b\\fR and a\\eb.\n");
	assert_string_equal(sentence(&out, "not -x"), "Not \\%\\-x.\n");
	str_clear(&out);
	mdoc_add_word(&out, "'a-b'");
	assert_string_equal(str_text(&out), "\\(aqa\\-b\\(aq");
	str_clear(&out);
	mdoc_add_option(&out, "dry-run", NULL);
	mdoc_add_option(&out, "f", "PATH");
	assert_string_equal(str_text(&out), ".It Fl dry\\-run\n.It Fl f Ns = Ns Ar PATH\n");
}

static void folds_lines(void **state)
{
	struct str out CLEANUP(str_release) = {0};

	(void)state;
	const char *line = sentence(&out,
		"aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa "
		".b");
	assert_string_equal(line + 80, "\\&.b.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_a_page),
		cmocka_unit_test(writes_sentences),
		cmocka_unit_test(escapes),
		cmocka_unit_test(folds_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
