#include "steps.h"

/* The linker's names for these functions, and for those of the C library. */
int __real_strcmp(const char *a, const char *b);
int __real_strncmp(const char *a, const char *b, size_t size);
int __real_memcmp(const void *a, const void *b, size_t size);
int __real_fnmatch(const char *pattern, const char *text, int flags);
void *__real_memcpy(void *to, const void *from, size_t size);
size_t __real_strlen(const char *text);
char *__real_strchr(const char *text, int wanted);
char *__real_strstr(const char *text, const char *wanted);
int __wrap_strcmp(const char *a, const char *b);
int __wrap_strncmp(const char *a, const char *b, size_t size);
int __wrap_memcmp(const void *a, const void *b, size_t size);
int __wrap_fnmatch(const char *pattern, const char *text, int flags);
void *__wrap_memcpy(void *to, const void *from, size_t size);
size_t __wrap_strlen(const char *text);
char *__wrap_strchr(const char *text, int wanted);
char *__wrap_strstr(const char *text, const char *wanted);

static struct steps taken;

struct steps steps_take(void)
{
	const struct steps result = taken;

	taken = (struct steps){0};
	return result;
}

/* ---- compared ---- */

int __wrap_strcmp(const char *a, const char *b)
{
	taken.texts++;
	return __real_strcmp(a, b);
}

int __wrap_strncmp(const char *a, const char *b, size_t size)
{
	taken.texts++;
	return __real_strncmp(a, b, size);
}

int __wrap_memcmp(const void *a, const void *b, size_t size)
{
	taken.texts++;
	return __real_memcmp(a, b, size);
}

int __wrap_fnmatch(const char *pattern, const char *text, int flags)
{
	taken.patterns++;
	return __real_fnmatch(pattern, text, flags);
}

/* ---- copied, or searched ---- */

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
	taken.bytes += size;
	return __real_memcpy(to, from, size);
}

size_t __wrap_strlen(const char *text)
{
	size_t length = __real_strlen(text);

	taken.bytes += length;
	return length;
}

/* Gives what was found in the text, or NULL. */
static char *count_searched(const char *text, char *found)
{
	taken.bytes += found ? (size_t)(found - text) : __real_strlen(text);
	return found;
}

char *__wrap_strchr(const char *text, int wanted)
{
	return count_searched(text, __real_strchr(text, wanted));
}

char *__wrap_strstr(const char *text, const char *wanted)
{
	return count_searched(text, __real_strstr(text, wanted));
}
