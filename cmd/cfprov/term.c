#include "term.h"

#include "base/text.h"
#include "cli.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NARROWEST = 20, WIDEST_ROW = 80, STREAMS = 3 };

/* What was written last. A blank line separates it from what comes next, unless that goes on. */
enum paragraph { NOTHING, LINES, DIAGNOSTIC, PRODUCT, QUESTION };

static struct {
	bool is_terminal[STREAMS], has_color[STREAMS];
	bool is_joined;       /* stdout and stderr are the same terminal, pipe or file */
	enum paragraph last;  /* on stderr, and on stdout if they are joined */
	bool ends_blank;      /* the last line there is blank */
	struct str status;    /* what the status line says; empty: there is none */
	bool is_status_shown; /* it is the last line of the terminal */
	const struct term_listener *listener; /* NULL: people */
} term;

static bool is_joined(void)
{
	struct stat out, err;

	return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

void term_start(void)
{
	const char *kind = cli_env("TERM"), *force = cli_env("CLICOLOR_FORCE");
	bool is_dumb = kind && strcmp(kind, "dumb") == 0;
	bool is_forced = force && strcmp(force, "0") != 0;

	for (int fd = 0; fd < STREAMS; fd++) {
		bool is_terminal = isatty(fd);
		term.is_terminal[fd] = is_terminal && (fd == 0 || !is_dumb);
		term.has_color[fd] =
			!cli_env("NO_COLOR") && (is_forced || (is_terminal && !is_dumb));
	}
	term.is_joined = is_joined();
}

void term_no_color(void)
{
	memset(term.has_color, 0, sizeof(term.has_color));
}

void term_divert(const struct term_listener *listener)
{
	term_no_color();
	memset(term.is_terminal, 0, sizeof(term.is_terminal));
	term.listener = listener;
}

bool term_is_terminal(int fd)
{
	return term.is_terminal[fd];
}

const char *term_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* The width to fold to; 0: no terminal, no folding. */
static size_t term_columns(int fd)
{
	struct winsize size;

	if (!term.is_terminal[fd])
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
}

void term_add(struct str *out, int fd, enum term_style style, const char *text)
{
	static const char *const codes[] = {
		[TERM_PLAIN] = "0",
		[TERM_BOLD] = "1",
		[TERM_CREATE] = "32",
		[TERM_CHANGE] = "33",
		[TERM_DESTROY] = "31",
		[TERM_IMPORT] = "36",
		[TERM_DIM] = "2",
	};

	if (style == TERM_PLAIN || !term.has_color[fd])
		str_text_add(out, text);
	else
		str_format(out, "\033[%sm%s\033[0m", codes[style], text);
}

/* Styles take no columns; no other escape gets here. */
static size_t columns_of(const char *word)
{
	size_t columns = text_columns(word);

	for (const char *it = word; (it = strchr(it, '\033')); it++)
		columns -= strcspn(it, "m") + 1;
	return columns;
}

/* To so many columns; 0: to one line. */
static void fold(struct str *out, size_t columns, size_t indent, const char *text)
{
	char *copy AUTO_FREE = mem_copy_text(text), *rest = copy;
	size_t at = indent;

	str_repeat(out, ' ', indent);
	for (char *word; (word = strsep(&rest, " "));) {
		for (char *it = word; (it = strchr(it, TERM_GLUE[0]));)
			*it = ' ';
		size_t wide = columns_of(word);
		if (!*word)
			continue;
		if (at > indent && columns && at + 1 + wide > columns) {
			str_char(out, '\n');
			str_repeat(out, ' ', indent);
			at = indent;
		}
		bool is_first = at == indent;
		str_text_add(out, is_first ? "" : " ");
		str_text_add(out, word);
		at += wide + !is_first;
	}
	str_char(out, '\n');
}

void term_add_folded(struct str *out, int fd, size_t indent, const char *text)
{
	fold(out, term_columns(fd), indent, text);
}

static size_t row_columns(void)
{
	size_t columns = term_columns(STDOUT_FILENO);

	return columns && columns < WIDEST_ROW ? columns : WIDEST_ROW;
}

void term_add_text(struct str *out, const char *text)
{
	fold(out, row_columns(), 0, text);
}

void term_add_row(struct str *out, const char *left, size_t column, const char *text)
{
	size_t wide = text_columns(left) + 2;
	struct str folded CLEANUP(str_release) = {0};

	fold(&folded, row_columns(), column, text);
	str_format(out, "  %s", left);
	str_repeat(out, ' ', wide < column ? column - wide : 1);
	str_text_add(out, str_text(&folded) + column);
}

/* ---- writing ---- */

/* What is no terminal may be the log of a CI, for which text from outside must be no command. */
static void put(FILE *stream, int fd, const char *text, size_t length)
{
	struct str inert CLEANUP(str_release) = {0};

	if (term.is_terminal[fd]) {
		fwrite(text, 1, length, stream);
		return;
	}
	text_add_inert(&inert, text, length);
	fwrite(str_text(&inert), 1, inert.length, stream);
}

static void clear_status(void)
{
	if (term.is_status_shown)
		fputs("\r\033[K", stderr);
	term.is_status_shown = false;
}

static void draw_status(void)
{
	struct str line CLEANUP(str_release) = {0};
	size_t columns = term_columns(STDERR_FILENO), room = columns - 1;

	if (!term.status.length || columns == NARROWEST)
		return;
	str_text_add(&line, "\r");
	if (text_columns(str_text(&term.status)) > room)
		room -= strlen("...");
	text_add_visible(&line, str_text(&term.status), term.status.length, room);
	str_text_add(&line, "\033[K");
	fwrite(str_text(&line), 1, line.length, stderr);
	term.is_status_shown = true;
}

/* The text was written. The status line returns, unless the text leaves a line open. */
static void ended(enum paragraph kind, const struct str *text)
{
	size_t length = text->length;
	const char *end = str_text(text) + length;
	bool is_open = length && end[-1] != '\n';

	if (!length)
		return;
	/* What only ends a question's line leaves it the last paragraph. */
	bool ends_question = term.last == QUESTION && length == 1;
	term.ends_blank = !is_open && !ends_question && (length == 1 || end[-2] == '\n');
	if (!ends_question)
		term.last = is_open ? QUESTION : kind;
	if (is_open || kind == PRODUCT)
		str_clear(&term.status);
	else
		draw_status();
}

/* Writes the blank line before the text, if one is missing. An indented line continues a
 * diagnostic. */
static void separate(enum paragraph kind, const char *text)
{
	bool continues = kind == LINES && (term.last == LINES || *text == ' ');

	if (term.last == NOTHING || term.ends_blank || *text == '\n' || continues ||
		(kind == PRODUCT && term.last == PRODUCT))
		return;
	fputc('\n', stderr);
}

void term_out_str(const struct str *text)
{
	clear_status();
	if (term.is_joined && !term.listener && text->length)
		separate(PRODUCT, str_text(text));
	put(stdout, STDOUT_FILENO, str_text(text), text->length);
	if (!term.is_joined)
		return;
	ended(PRODUCT, text);
}

void term_flush(void)
{
	(void)fflush(stdout); /* term_finish reports an error */
}

/* `text` may begin with a blank line. */
static void write_paragraph(enum paragraph kind, const struct str *text)
{
	const char *from = str_text(text);

	(void)fflush(stdout); /* so that the two streams are in order on one terminal */
	clear_status();
	separate(kind, from);
	if (term.ends_blank || term.last == NOTHING)
		from += strspn(from, "\n");
	put(stderr, STDERR_FILENO, from, text->length - (size_t)(from - str_text(text)));
	ended(kind, text);
}

void term_log(const struct str *line)
{
	(void)fflush(stdout);
	clear_status();
	put(stderr, STDERR_FILENO, str_text(line), line->length);
	ended(LINES, line);
}

/* A listener gets a paragraph without the line breaks around it. */
static void print_paragraph(enum paragraph kind, const struct str *text)
{
	if (!term.listener) {
		write_paragraph(kind, text);
		return;
	}
	char *line AUTO_FREE = mem_copy_text(str_text(text) + strspn(str_text(text), "\n"));
	size_t length = strlen(line);
	while (length && line[length - 1] == '\n')
		line[--length] = '\0';
	if (length)
		term.listener->say(line);
}

void term_print_str(const struct str *text)
{
	print_paragraph(LINES, text);
}

void term_print(const char *format, ...)
{
	struct str line CLEANUP(str_release) = {0}, folded CLEANUP(str_release) = {0};
	va_list args;

	va_start(args, format);
	str_format_list(&line, format, args);
	va_end(args);
	const char *text = str_text(&line);
	for (; *text == '\n'; text++)
		str_char(&folded, '\n');
	size_t indent = strspn(text, " ");
	term_add_folded(&folded, STDERR_FILENO, indent, text + indent);
	term_print_str(&folded);
}

void term_status(const char *line)
{
	if (!term.is_terminal[STDERR_FILENO])
		return;
	str_clear(&term.status);
	if (line)
		str_text_add(&term.status, line);
	if (line)
		draw_status();
	else
		clear_status();
}

/* ---- errors ---- */

static void add_place(struct str *out, const struct error *err)
{
	str_text_add(out, "  ");
	text_add_visible(out, err->file, strlen(err->file), 0);
	if (err->line)
		str_format(out, ":%zu", err->line);
	if (err->line && err->column)
		str_format(out, ":%zu", err->column);
	str_char(out, '\n');
	if (!err->snippet)
		return;
	size_t start = out->length;
	str_format(out, "%5zu", err->line);
	size_t margin = out->length - start;
	str_format(out, " | %s\n", err->snippet);
	if (!err->caret)
		return;
	str_repeat(out, ' ', margin);
	str_text_add(out, " | ");
	char *before AUTO_FREE = mem_copy_text(err->snippet);
	before[text_skip_characters(before, err->caret - 1)] = '\0';
	str_repeat(out, ' ', text_columns(before));
	term_add(out, STDERR_FILENO, TERM_DESTROY, "^");
	str_char(out, '\n');
}

static void print_problem(enum term_style style, const char *head, const struct error *err)
{
	struct str whole CLEANUP(str_release) = {0}, out CLEANUP(str_release) = {0};
	/* It may contain a path or the like as the user wrote it. */
	char *message AUTO_FREE = text_visible(err->message, 0);

	term_add(&whole, STDERR_FILENO, style, head);
	str_char(&whole, ' ');
	term_add(&whole, STDERR_FILENO, TERM_BOLD, message);
	term_add_folded(&out, STDERR_FILENO, 0, str_text(&whole));
	if (err->file)
		add_place(&out, err);
	if (err->hint) {
		char *hint AUTO_FREE = text_visible(err->hint, 0);
		term_add_folded(&out, STDERR_FILENO, 2, hint);
	}
	print_paragraph(DIAGNOSTIC, &out);
}

bool term_error(const struct error *err)
{
	log_error(err);
	if (term.listener)
		term.listener->error(err);
	else
		print_problem(TERM_DESTROY, "Error:", err);
	return false;
}

bool term_errors(const struct error_list *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		term_error(&errors->items[i]);
	return false;
}

bool term_fail(const char *hint_or_null, const char *format, ...)
{
	struct error err CLEANUP(error_release) = {0};
	struct str message CLEANUP(str_release) = {0};
	va_list args;

	va_start(args, format);
	str_format_list(&message, format, args);
	va_end(args);
	error_set(&err, "%s", str_text(&message));
	if (hint_or_null)
		error_hint(&err, "%s", hint_or_null);
	return term_error(&err);
}

void term_warn(const struct error *warning)
{
	if (term.listener)
		term.listener->warning(warning);
	else
		print_problem(TERM_CHANGE, "Warning:", warning);
}

void term_warning(const char *text)
{
	struct error warning CLEANUP(error_release) = {0};
	/* For a listener, the first sentence is the message and the others are the hint. */
	const char *end = term.listener ? strstr(text, ". ") : NULL;
	size_t length = end ? (size_t)(end - text) : strlen(text);

	if (term.listener && !end && length && text[length - 1] == '.')
		length--;
	error_set(&warning, "%.*s", (int)length, text);
	if (end)
		error_hint(&warning, "%s", end + 2);
	term_warn(&warning);
}

void term_warnings(const struct error_list *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		term_warn(&warnings->items[i]);
}

bool term_finish(void)
{
	clear_status();
	str_release(&term.status);
	term.listener = NULL; /* it writes to stdout, which may be what fails */
	(void)fflush(stderr);
	bool is_good = fflush(stdout) == 0 && !ferror(stdout);
	if (!is_good)
		term_print("Error: can't write to the standard output: %s", strerror(errno));
	return is_good;
}
