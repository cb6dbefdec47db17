#include "base/mdoc.h"

#include <ctype.h>
#include <string.h>

enum { LINE_LENGTH = 79 }; /* mandoc -Tlint wants no longer ones */

bool mdoc_fill(struct str *out, const char *page, mdoc_table *table, struct error *err)
{
	for (const char *line = page, *next; *line; line = next) {
		size_t length = strcspn(line, "\n");
		next = line + length + (line[length] == '\n');
		if (*line != '@') {
			str_add(out, line, (size_t)(next - line));
			continue;
		}
		char *name AUTO_FREE = mem_copy_text(line + 1);
		name[length - 1] = '\0';
		char *space = strchr(name, ' ');
		if (space)
			*space++ = '\0';
		if (!table(out, name, space ? space : ""))
			return error_set(err, "no table is called %s", name);
	}
	return true;
}

/* A hyphen stays the ASCII character, so that what is copied from the page works. */
static void add_escaped(struct str *out, char c)
{
	if (c == '-' || c == '\\')
		str_text_add(out, c == '-' ? "\\-" : "\\e");
	else
		str_char(out, c);
}

void mdoc_add_word(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			str_text_add(out, "\\(aq"); /* typed, and no apostrophe */
		else
			add_escaped(out, *text);
	}
}

void mdoc_add_option(struct str *out, const char *name, const char *value)
{
	str_text_add(out, ".It Fl ");
	mdoc_add_word(out, name);
	if (value)
		str_text_add(out, " Ns = Ns Ar ");
	mdoc_add_word(out, value ? value : "");
	str_char(out, '\n');
}

/* Adds a word, in bold between backticks. Where it may be typed, no line ends within it. */
static void add_marked(struct str *out, const char *text, size_t length, bool *is_bold)
{
	bool is_typed = *is_bold || memchr(text, '-', length) || memchr(text, '_', length);

	str_text_add(out, is_typed ? "\\%" : "");
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '`') {
			*is_bold = !*is_bold;
			str_text_add(out, *is_bold ? "\\fB\\%" : "\\fR");
		} else {
			add_escaped(out, text[i]);
		}
	}
}

/* A new sentence begins on a new line. */
static bool ends_sentence(const char *text, size_t length)
{
	return length && strchr(".?!", text[length - 1]);
}

void mdoc_add_sentence(struct str *out, const char *text)
{
	struct str word CLEANUP(str_release) = {0};
	bool is_bold = false, is_first = true;
	size_t column = 0;

	for (const char *from = text, *next; *from; from = next) {
		size_t length = strcspn(from, " \n");
		next = from + length + strspn(from + length, " \n");
		str_clear(&word);
		bool is_letter = is_first && isalpha((unsigned char)*from);
		if (is_letter)
			str_char(&word, (char)toupper((unsigned char)*from));
		add_marked(&word, from + is_letter, length - is_letter, &is_bold);
		is_first = false;
		bool is_new = !column || column + 1 + word.length > LINE_LENGTH;
		str_text_add(out, !column ? "" : is_new ? "\n" : " ");
		str_text_add(out, is_new && strchr(".'", *from) ? "\\&" : ""); /* no macro */
		str_text_add(out, str_text(&word));
		column = (is_new ? 0 : column + 1) + word.length;
		if (*next && ends_sentence(from, length)) {
			str_char(out, '\n');
			column = 0;
		}
	}
	str_text_add(out, ends_sentence(text, strlen(text)) ? "\n" : ".\n");
}
