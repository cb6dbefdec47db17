#include "base/error.h"

#include "base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void set_list(struct error *err, enum error_code code, const char *format, va_list args)
	PRINTF(3, 0);

static void set_list(struct error *err, enum error_code code, const char *format, va_list args)
{
	struct str text = {0};

	assert(!err->message);
	err->code = code;
	str_format_list(&text, format, args);
	err->message = str_steal(&text);
}

bool error_set(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_list(err, ERROR_FAILED, format, args);
	va_end(args);
	return false;
}

bool error_set_code(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_list(err, code, format, args);
	va_end(args);
	return false;
}

bool error_set_errno(struct error *err, int error_number, const char *format, ...)
{
	va_list args;
	struct str text = {0};
	char reason[128] = "";

	va_start(args, format);
	str_format_list(&text, format, args);
	va_end(args);
	if (strerror_r(error_number, reason, sizeof(reason)) != 0)
		str_format(&text, ": error %d", error_number);
	else
		str_format(&text, ": %s", reason);
	assert(!err->message);
	err->code = ERROR_FAILED;
	err->message = str_steal(&text);
	return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
	va_list args;
	struct str text = {0};

	va_start(args, format);
	str_format_list(&text, format, args);
	va_end(args);
	str_format(&text, ": %s", err->message);
	free(err->message);
	err->message = str_steal(&text);
	return false;
}

bool error_hint(struct error *err, const char *format, ...)
{
	va_list args;
	struct str text = {0};

	va_start(args, format);
	str_format_list(&text, format, args);
	va_end(args);
	free(err->hint);
	err->hint = str_steal(&text);
	return false;
}

bool error_at(struct error *err, const char *file, size_t line, size_t column)
{
	free(err->file);
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
	free(err->message);
	free(err->hint);
	free(err->file);
	free(err->snippet);
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
	error_hint(last, "Mend the first ones; the others may go with them.");
}

void error_list_release(struct error_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		error_release(&list->items[i]);
	free(list->items);
	*list = (struct error_list){0};
}
