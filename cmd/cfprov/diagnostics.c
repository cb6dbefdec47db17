#include "diagnostics.h"

#include "base/text.h"

#include <string.h>

static void put_visible(struct json_writer *w, const char *key, const char *text)
{
	char *visible AUTO_FREE = text_visible(text, 0);

	json_put_text(w, key, visible);
}

/* The place of the error, or one so many characters and bytes after it. */
static void put_position(struct json_writer *w, const char *key, const struct error *err,
	size_t characters, size_t bytes)
{
	size_t line = err->line ? err->line : 1, column = err->column ? err->column : 1;

	json_begin_object(w, key);
	json_put_integer(w, "line", (int64_t)line);
	json_put_integer(w, "column", (int64_t)(column + characters));
	json_put_integer(w, "byte", (int64_t)(err->offset_bytes + bytes));
	json_end(w);
}

void diagnostics_put(struct json_writer *writer, const char *key, enum diagnostic_severity severity,
	const struct error *err, const char *address)
{
	size_t marked = err->span ? err->span : 1, start = 0, bytes = 0;

	if (err->snippet && err->caret) { /* marks no more than the snippet shows */
		start = text_skip_characters(err->snippet, err->caret - 1);
		bytes = text_skip_characters(err->snippet + start, marked);
		char *text AUTO_FREE = mem_copy_text(err->snippet + start);
		text[bytes] = '\0';
		marked = text_characters(text);
	}
	json_begin_object(writer, key);
	json_put_text(writer, "severity", severity == DIAGNOSTIC_ERROR ? "error" : "warning");
	put_visible(writer, "summary", err->message);
	put_visible(writer, "detail", err->hint ? err->hint : "");
	if (address)
		json_put_text(writer, "address", address);
	if (err->file) {
		json_begin_object(writer, "range");
		put_visible(writer, "filename", err->file);
		put_position(writer, "start", err, 0, 0);
		put_position(writer, "end", err, marked, bytes);
		json_end(writer);
	}
	if (err->file && err->snippet) {
		json_begin_object(writer, "snippet");
		json_put_null(writer, "context");
		json_put_text(writer, "code", err->snippet);
		json_put_integer(writer, "start_line", (int64_t)err->line);
		json_put_integer(writer, "highlight_start_offset", (int64_t)start);
		json_put_integer(writer, "highlight_end_offset", (int64_t)(start + bytes));
		json_begin_array(writer, "values");
		json_end(writer);
		json_end(writer);
	}
	json_end(writer);
}
