#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMATTED_ROOM = 64 }; /* bytes; most of what is formatted is no longer */

void str_reserve(struct str *str, size_t more)
{
	if (more < str->room - str->length)
		return;
	if (more >= SIZE_MAX / 2 - str->length)
		mem_exhausted();
	size_t needed = str->length + more + 1, room = str->room + str->room / 2;
	if (room < needed)
		room = needed < 32 ? 32 : needed;
	str->bytes = mem_resize(str->bytes, room);
	str->room = room;
	str->bytes[str->length] = '\0';
}

void str_add(struct str *str, const char *bytes, size_t length)
{
	str_reserve(str, length);
	if (length)
		memcpy(str->bytes + str->length, bytes, length);
	str->length += length;
	str->bytes[str->length] = '\0';
}

void str_text_add(struct str *str, const char *text)
{
	str_add(str, text, strlen(text));
}

void str_char(struct str *str, char c)
{
	str_reserve(str, 1);
	str->bytes[str->length++] = c;
	str->bytes[str->length] = '\0';
}

void str_repeat(struct str *str, char c, size_t times)
{
	str_reserve(str, times);
	memset(str->bytes + str->length, c, times);
	str->length += times;
	str->bytes[str->length] = '\0';
}

void str_format(struct str *str, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_format_list(str, format, args);
	va_end(args);
}

void str_format_list(struct str *str, const char *format, va_list args)
{
	va_list again;

	str_reserve(str, FORMATTED_ROOM);
	size_t room = str->room - str->length;
	va_copy(again, args);
	int length = vsnprintf(str->bytes + str->length, room, format, again);
	va_end(again);
	if (length < 0)
		length = 0; /* only an encoding error of %ls, which nobody uses */
	if ((size_t)length >= room) {
		str_reserve(str, (size_t)length);
		vsnprintf(str->bytes + str->length, (size_t)length + 1, format, args);
	}
	str->length += (size_t)length;
	str->bytes[str->length] = '\0';
}

const char *str_text(const struct str *str)
{
	return str->bytes ? str->bytes : "";
}

char *str_steal(struct str *str)
{
	str_reserve(str, 0);
	char *bytes = str->bytes;
	*str = (struct str){0};
	return bytes;
}

void str_clear(struct str *str)
{
	str->length = 0;
	if (str->bytes)
		str->bytes[0] = '\0';
}

void str_release(struct str *str)
{
	mem_free(str->bytes);
	*str = (struct str){0};
}
