/*
 * The main program of a target where there is no libFuzzer: feeds it the files that are named, or
 * those of tests/fuzz/corpus/TARGET, and prints TAP. What a file shows is its name.
 */
#include "base/mem.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = mem_alloc(1);

	if (!file) {
		perror(path);
		exit(2);
	}
	for (*ret_size = 0;;) {
		bytes = mem_resize(bytes, *ret_size + 65536);
		size_t read = fread(bytes + *ret_size, 1, 65536, file);
		*ret_size += read;
		if (!read)
			break;
	}
	fclose(file);
	return mem_resize(bytes, *ret_size);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Gives the paths of the files in the folder, in the order of their names. */
static char **list_files(const char *folder, size_t *ret_count)
{
	struct str path CLEANUP(str_release) = {0};
	DIR *dir = opendir(folder);
	char **files = NULL;
	size_t count = 0, room = 0;

	for (struct dirent *it; dir && (it = readdir(dir));) {
		if (it->d_name[0] == '.')
			continue;
		str_format(&path, "%s/%s", folder, it->d_name);
		files = mem_room(files, count, &room, sizeof(*files));
		files[count++] = str_steal(&path);
	}
	if (dir)
		closedir(dir);
	if (count)
		qsort(files, count, sizeof(*files), by_name);
	*ret_count = count;
	return files;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct str folder CLEANUP(str_release) = {0};
	char **files = NULL;
	size_t count = (size_t)argc - 1, size;

	str_format(&folder, "tests/fuzz/corpus/%s", slash ? slash + 1 : argv[0]);
	if (!count)
		files = list_files(str_text(&folder), &count);
	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		const char *path = files ? files[i] : argv[i + 1];
		uint8_t *bytes = read_file(path, &size);
		LLVMFuzzerTestOneInput(bytes, size);
		mem_free(bytes);
		printf("ok %zu - %s\n", i + 1, path);
		fflush(stdout);
	}
	for (size_t i = 0; files && i < count; i++)
		mem_free(files[i]);
	mem_free(files);
	return count == 0;
}
