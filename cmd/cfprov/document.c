#include "document.h"

#include "diagnostics.h"
#include "term.h"

static struct {
	bool is_open;
	struct str text;
	struct json_writer writer;
	struct error_list errors, warnings;
} document;

static void keep(struct error_list *list, const struct error *err)
{
	struct error *kept = error_list_add(list);

	error_copy(kept, err);
	kept->line = err->line;
	kept->column = err->column;
	kept->span = err->span;
	kept->offset_bytes = err->offset_bytes;
	kept->caret = err->caret;
	kept->file = err->file ? mem_copy_text(err->file) : NULL;
	kept->snippet = err->snippet ? mem_copy_text(err->snippet) : NULL;
}

static void on_error(const struct error *err)
{
	keep(&document.errors, err);
}

static void on_warning(const struct error *warning)
{
	keep(&document.warnings, warning);
}

static void on_text(const char *text)
{
	struct str line CLEANUP(str_release) = {0};

	str_format(&line, "%s\n", text);
	term_log(&line);
}

void document_begin(void)
{
	static const struct term_listener listener = {on_error, on_warning, on_text};

	document.is_open = true;
	document.writer = json_writer(&document.text, 2);
	json_begin_object(&document.writer, NULL);
	json_put_text(&document.writer, "format_version", "1.0");
	term_divert(&listener);
}

struct json_writer *document_writer(void)
{
	return document.is_open ? &document.writer : NULL;
}

static void put_all(const struct error_list *list, enum diagnostic_severity severity)
{
	for (size_t i = 0; i < list->count; i++)
		diagnostics_put(&document.writer, NULL, severity, &list->items[i], NULL);
}

void document_end(void)
{
	struct json_writer *json = &document.writer;

	if (!document.is_open)
		return;
	json_put_integer(json, "error_count", (int64_t)document.errors.count);
	json_put_integer(json, "warning_count", (int64_t)document.warnings.count);
	json_begin_array(json, "diagnostics");
	put_all(&document.errors, DIAGNOSTIC_ERROR);
	put_all(&document.warnings, DIAGNOSTIC_WARNING);
	json_end(json);
	json_end(json);
	str_char(&document.text, '\n');
	term_out_str(&document.text);
	error_list_release(&document.errors);
	error_list_release(&document.warnings);
	str_release(&document.text);
	document.is_open = false;
}
