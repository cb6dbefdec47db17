#include "adapter/dotenv.h"

#include "unit.h"

/* In memory of exactly that size, so that a sanitizer sees a step beyond it. */
static char *parse(struct dotenv *dotenv, const char *text, size_t length)
{
	char *copy = mem_alloc(length + 1);

	memcpy(copy, text, length);
	dotenv_parse(dotenv, copy, length);
	return copy;
}

/* The text means that K is `value`; NULL: it has no K. */
static void means(const char *text, const char *value)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};
	char *copy AUTO_FREE = parse(&dotenv, text, strlen(text));
	const struct dotenv_entry *entry = dotenv_get(&dotenv, "K");

	(void)copy;
	if (!value) {
		assert_null(entry);
		return;
	}
	assert_non_null(entry);
	if (entry->is_open || strcmp(entry->value, value) != 0)
		fail_msg("%s means \"%s\", not \"%s\"", text, entry->value, value);
	assert_int_equal(entry->length, strlen(value));
}

static void is_open(const char *text, size_t line)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};
	char *copy AUTO_FREE = parse(&dotenv, text, strlen(text));
	const struct dotenv_entry *entry = dotenv_get(&dotenv, "K");

	(void)copy;
	assert_non_null(entry);
	if (!entry->is_open)
		fail_msg("%s means \"%s\"", text, entry->value);
	assert_int_equal(entry->line, line);
}

static void without_quotes(void **state)
{
	(void)state;
	means("K=v", "v");
	means("K=v\n", "v");
	means("K=", "");
	means("K=\nL=x", "");
	means("K=   \nL=x", "");
	means("  K =  some value \t\n", "some value");
	means("K=a=b==", "a=b==");
	means("K={\"foo\": \"bar\"}", "{\"foo\": \"bar\"}");
	means("K=a\\nb", "a\\nb");
	means("K=it's", "it's");
	means("K=$HOME ${HOME}", "$HOME ${HOME}");
	means("K=v # comment", "v");
	means("K=v#comment", "v");
	means("K=#comment", "");
	means("K=a 'b # c'", "a 'b");
	means("K: v", "v");
	means("K:\tv", "v");
	means("K:v", NULL);
	means("K : v", NULL);
	means("K:", NULL);
}

static void keys(void **state)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};
	const char text[] = "export A.b-C_1=1\nexport=2\nexport =3\nexport\tB=4\nexported=5\n"
			    "export C\nexport export=6\n-=7\n";
	char *copy AUTO_FREE = parse(&dotenv, text, strlen(text));

	(void)state;
	(void)copy;
	assert_int_equal(dotenv.count, 7);
	assert_string_equal(dotenv_get(&dotenv, "A.b-C_1")->value, "1");
	assert_string_equal(dotenv.entries[1].key, "export");
	assert_string_equal(dotenv.entries[2].key, "export");
	assert_string_equal(dotenv_get(&dotenv, "B")->value, "4");
	assert_string_equal(dotenv_get(&dotenv, "exported")->value, "5");
	assert_string_equal(dotenv_get(&dotenv, "export")->value, "6");
	assert_string_equal(dotenv_get(&dotenv, "-")->value, "7");
	assert_null(dotenv_get(&dotenv, "C"));
	assert_null(dotenv_get(&dotenv, "a.b-c_1"));
	means("exportK=1", NULL);
	means("K =1", "1");
	means("#K=1", NULL);
	means("  # K=1", NULL);
	means("some words\n\n \n=x\nK\nK=1\n?K=2", "1");
	means("K=1\nL=2\nK=3", "3");
	means("K=1\nK=", "");
	means("\xef\xbb\xbfK=1", "1");
	means("L=\xef\xbb\xbfK=1", NULL);
}

static void quotes(void **state)
{
	(void)state;
	means("K=\"v\"", "v");
	means("K='v'", "v");
	means("K=`v`", "v");
	means("K=\"\"", "");
	means("K=''\n", "");
	means("K=   \"  v  \"  ", "  v  ");
	means("K=\"it's `so`\"", "it's `so`");
	means("K='a \"b\" `c`'", "a \"b\" `c`");
	means("K=`a \"b\" 'c'`", "a \"b\" 'c'");
	means("K='a # b' # c", "a # b");
	means("K=\"a # b\"# c", "a # b");
	means("K=\"a\" # it's \"c\"", "a");
	means("export K: 'v'", "v");
}

static void escapes(void **state)
{
	(void)state;
	means("K=\"a\\nb\\rc\"", "a\nb\rc");
	means("K='a\\nb'", "a\\nb");
	means("K=`a\\nb`", "a\\nb");
	means("K=\"a\\tb\\\\n\\x\"", "a\\tb\\\n\\x");
	means("K=\"a\\\"b\"", "a\\\"b");
	means("K='a\\'b'", "a\\'b");
	means("K=\"C:\\dir\\\"", "C:\\dir\\"); /* not an escape: else it would not end */
	means("K=\"\\\"", "\\");
	means("K=\"a\\\"b\\\" # c\nL=x", "a\\\"b\\");
	is_open("K=\"\\", 1);
}

static void several_lines(void **state)
{
	(void)state;
	means("K=\"a\nb\n\"\nL=1", "a\nb\n");
	means("K='-----BEGIN-----\nabc=\n#def\n-----END-----' # key\n",
		"-----BEGIN-----\nabc=\n#def\n-----END-----");
	means("K=`\n`", "\n");
	means("L='\nK=1\n'\nM=2", NULL);
	means("L='\nK=1\n'\nK=2", "2");
	means("K=\"a\\\"\nb\"", "a\\\"\nb");
}

static void line_breaks(void **state)
{
	(void)state;
	means("L=1\r\nK=v\r\nM=2\r\n", "v");
	means("L=1\rK=v\rM=2", "v");
	means("K='a\r\nb\rc\n'\r\n", "a\nb\nc\n");
	means("K=\"a\\r\\nb\"\r\n", "a\r\nb");
	means("K=\r", "");
	means("\r\n\r\n\rK=v", "v");
	means("K=v\r", "v");
}

/* Where npm's dotenv takes the quotes off although they are in an odd place, and where not. */
static void odd_quotes(void **state)
{
	(void)state;
	means("K=\"a\"b\"", "a\"b");
	means("K='it's'", "it's");
	means("K=\"a\" \"b\\n\"", "a\" \"b\n");
	means("K=''''", "''");
	is_open("K=\"", 1);
	is_open("K='abc", 1);
	is_open("\n\nK=\"-----BEGIN\nabc\n", 3);
	is_open("K='abc\nL='def'", 1);
	is_open("K='a' b", 1);
	is_open("K='a#b' c'", 1);
	is_open("L='\n\n'\nK=\"x\nM=1", 4);
	means("L=\"abc\nK='def'", "def"); /* that of a neighbour is not ours */
	means("K='abc\nK=1", "1");
}

static void any_bytes(void **state)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};
	const char text[] = "K=a\0b\nL\0=1\nM='\0'\n\xff=\xfe\nN=\xfe";
	char *copy AUTO_FREE = parse(&dotenv, text, sizeof(text) - 1);

	(void)state;
	(void)copy;
	assert_int_equal(dotenv.count, 3);
	assert_int_equal(dotenv_get(&dotenv, "K")->length, 3);
	assert_memory_equal(dotenv_get(&dotenv, "K")->value, "a\0b", 4);
	assert_int_equal(dotenv_get(&dotenv, "M")->length, 1);
	assert_string_equal(dotenv_get(&dotenv, "N")->value, "\xfe");
	means("", NULL);
	means("\xef\xbb\xbf", NULL);
}

/* Every beginning of a file, and with each of its bytes made another: it just ends. */
static void hammered(void **state)
{
	static const char text[] = "# c\r\nexport A=\"x\\n\\\"y\" # c\nB='a\nb'\nC: `\\`\nD=e#f\n";
	static const char others[] = "\"'`\\\n\r#= :AnN\0\xff";
	const size_t length = sizeof(text) - 1;

	(void)state;
	for (size_t cut = 0; cut <= length; cut++) {
		struct dotenv dotenv CLEANUP(dotenv_release) = {0};
		mem_free(parse(&dotenv, text, cut));
	}
	for (size_t at = 0; at < length; at++) {
		for (size_t i = 0; i < sizeof(others) - 1; i++) {
			struct dotenv dotenv CLEANUP(dotenv_release) = {0};
			char other[sizeof(text)];
			memcpy(other, text, sizeof(text));
			other[at] = others[i];
			char *copy AUTO_FREE = parse(&dotenv, other, length);
			for (size_t n = 0; n < dotenv.count; n++) {
				const struct dotenv_entry *it = &dotenv.entries[n];
				assert_true(it->key >= copy && *it->key);
				assert_true(it->value + it->length <= copy + length);
				assert_int_equal(it->value[it->length], 0);
				assert_true(it->line >= 1 && it->line <= 7);
			}
		}
	}
}

static size_t stray_line(const char *text)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};

	mem_free(parse(&dotenv, text, strlen(text)));
	return dotenv.stray_line;
}

/* The rest of a value without quotes, perhaps: keys behind it may be part of a secret. */
static void strays(void **state)
{
	(void)state;
	assert_int_equal(stray_line(""), 0);
	assert_int_equal(
		stray_line("\xef\xbb\xbf# c\n\n  \t\n  # c\nK=v # c\nexport L=\"a\nb\" # c"), 0);
	assert_int_equal(stray_line("# c\nK=-----BEGIN\nabc+d/e\nfg==\nnone"), 3);
	assert_int_equal(stray_line("K='a\nb'\nexport L"), 3);
}

/* The warnings about K, as "LINE: MESSAGE" each, in one text. */
static void warns(const char *text, const char *wanted)
{
	struct dotenv dotenv CLEANUP(dotenv_release) = {0};
	struct error_list warnings CLEANUP(error_list_release) = {0};
	struct str all CLEANUP(str_release) = {0};
	char *copy AUTO_FREE = parse(&dotenv, text, strlen(text));

	(void)copy;
	dotenv_warn(dotenv_get(&dotenv, "K"), ".env", &warnings);
	for (size_t i = 0; i < warnings.count; i++) {
		const struct error *warning = &warnings.items[i];
		assert_string_equal(warning->file, ".env");
		expect_no_text(warning->message, "HUSH");
		expect_no_text(warning->hint, "HUSH");
		str_format(&all, "%s%zu: %s", i ? "; " : "", warning->line, warning->message);
	}
	assert_string_equal(str_text(&all), wanted);
}

/* fault B1: what may be lost of a value is told */
static void losses(void **state)
{
	static const char cut[] =
		"1: the value of K ends at the #: the rest of the line is read as a comment";

	(void)state;
	warns("K=HUSH#HUSH", cut);
	warns("K=HUSH#HUSH # comment", cut);
	warns("K=#HUSH", cut);
	warns("K: HUSH#HUSH", cut);
	warns("export K = HUSH#HUSH", cut);
	warns("K=HUSH #HUSH", ""); /* as everybody writes a comment */
	warns("K=HUSH\t# comment", "");
	warns("K=HUSH # comment#2", "");
	warns("K= # comment", "");
	warns("K='HUSH#HUSH'", "");
	warns("K=\"HUSH\"#comment", ""); /* the quotes say where it ends */
	warns("K=HUSH\nHUSH/HUSH\nL=x",
		"1: the value of K ends on its first line: line 2 is ignored");
	warns("K=HUSH\\\n  HUSH+\n", "1: the value of K ends on its first line: line 2 is ignored");
	warns("K=HUSH\rHUSH/", "1: the value of K ends on its first line: line 2 is ignored");
	warns("K=HUSH\n# comment\n\nL=x\nHUSH/", "");
	warns("K=HUSH\nL=x\nK=HUSH", "3: K is set more than once: this line overrides line 1");
	warns("HUSH\nK=HUSH", "");
	warns("K='HUSH\nHUSH/'", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_quotes),
		cmocka_unit_test(keys),
		cmocka_unit_test(quotes),
		cmocka_unit_test(escapes),
		cmocka_unit_test(several_lines),
		cmocka_unit_test(line_breaks),
		cmocka_unit_test(odd_quotes),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(hammered),
		cmocka_unit_test(strays),
		cmocka_unit_test(losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
