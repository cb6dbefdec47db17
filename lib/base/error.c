#include "base/error.h"

#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *format_text(const char *format, va_list args) PRINTF(1, 0);

static char *format_text(const char *format, va_list args)
{
	struct str text = {0};

	str_format_list(&text, format, args);
	return str_steal(&text);
}

bool error_set_code(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;

	assert(!err->message);
	va_start(args, format);
	err->message = format_text(format, args);
	va_end(args);
	err->code = code;
	return false;
}

bool error_set(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *message AUTO_FREE = format_text(format, args);
	va_end(args);
	return error_set_code(err, ERROR_FAILED, "%s", message);
}

bool error_set_errno(struct error *err, int error_number, const char *format, ...)
{
	char reason[128] = "";
	va_list args;

	va_start(args, format);
	char *message AUTO_FREE = format_text(format, args);
	va_end(args);
	if (strerror_r(error_number, reason, sizeof(reason)) != 0)
		return error_set(err, "%s: error %d", message, error_number);
	error_set(err, "%s: %s", message, reason);
	if (error_number == EACCES)
		error_hint(err, "Check its owner and mode, and those of its directories.");
	return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
	char *message AUTO_FREE = mem_steal(&err->message);
	va_list args;

	va_start(args, format);
	char *prefix AUTO_FREE = format_text(format, args);
	va_end(args);
	return error_set_code(err, err->code, "%s: %s", prefix, message);
}

bool error_hint(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *hint = format_text(format, args); /* which may quote the old one */
	va_end(args);
	mem_free(err->hint);
	err->hint = hint;
	return false;
}

bool error_at(struct error *err, const char *file, size_t line, size_t column)
{
	mem_free(err->file);
	err->file = mem_copy_text(file);
	err->line = line;
	err->column = column;
	return false;
}

bool error_copy(struct error *to, const struct error *from)
{
	error_set_code(to, from->code, "%s", from->message);
	return from->hint ? error_hint(to, "%s", from->hint) : false;
}

void error_move(struct error *to, struct error *from)
{
	assert(!to->message);
	*to = *from;
	*from = (struct error){0};
}

void error_release(struct error *err)
{
	mem_free(err->message);
	mem_free(err->hint);
	mem_free(err->file);
	mem_free(err->snippet);
	*err = (struct error){0};
}

struct error *error_list_add(struct error_list *list)
{
	list->items = mem_room(list->items, list->count, &list->room, sizeof(*list->items));
	list->items[list->count] = (struct error){0};
	return &list->items[list->count++];
}

void error_list_cut(struct error_list *list)
{
	size_t more = list->count > ERROR_LIST_MOST ? list->count - ERROR_LIST_MOST : 0;

	if (!more)
		return;
	while (list->count > ERROR_LIST_MOST)
		error_release(&list->items[--list->count]);
	struct error *last = error_list_add(list);
	error_set(last, "%zu more error%s not shown", more, more == 1 ? " is" : "s are");
	error_hint(last, "Fix the first ones; the rest may disappear with them.");
}

void error_list_release(struct error_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		error_release(&list->items[i]);
	mem_free(list->items);
	*list = (struct error_list){0};
}
