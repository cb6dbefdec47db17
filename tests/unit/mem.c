#include "base/mem.h"

#include "adapter/http.h"
#include "adapter/json.h"
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void allocates_zeroes(void **state)
{
	(void)state;
	for (size_t size = 0; size < 300; size++) {
		unsigned char *memory = mem_alloc(size);
		assert_non_null(memory);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		mem_free(memory);
	}
}

/* Out of memory ends the program, in whichever call it shows. */
static void expect_abort(void (*act)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit none = {0};
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void exhaust_arena(void)
{
	struct arena arena = {0};

	(void)!arena_alloc(&arena, SIZE_MAX - 4);
}

static void exhaust_room(void)
{
	size_t room = 0;

	(void)!mem_room(NULL, 0, &room, SIZE_MAX / 2);
}

static void exhaustion_aborts(void **state)
{
	(void)state;
	expect_abort(exhaust_arena);
	expect_abort(exhaust_room);
}

/* ---- wrong frees ---- */

/* The C library's, out of the compiler's sight. */
static void *(*volatile libc_alloc)(size_t) = malloc;
static void (*volatile libc_free)(void *) = free;

enum { SMALL = 24, MIDDLE = 3000, LARGE = 60000 };

static const size_t sizes[] = {SMALL, MIDDLE, LARGE};
static size_t size;
static char *neighbour;

static void free_twice(void)
{
	char *volatile memory = mem_alloc(size);

	mem_free(memory);
	mem_free(memory);
}

static void free_what_moved(void)
{
	char *volatile memory = mem_alloc(size);

	(void)!mem_resize(memory, 3 * size);
	mem_free(memory);
}

static void resize_what_is_free(void)
{
	char *volatile memory = mem_alloc(size);

	mem_free(memory);
	(void)!mem_resize(memory, size);
}

static void free_ours_by_libc(void)
{
	libc_free(mem_alloc(size));
}

static void free_libcs_twice(void)
{
	char *volatile memory = libc_alloc(size);

	libc_free(memory);
	libc_free(memory);
}

static void free_headers_twice(void)
{
	struct http_headers *volatile headers = http_headers_new();

	http_headers_free(headers);
	http_headers_free(headers);
}

static void free_json_twice(void)
{
	struct error err = {0};
	struct json *volatile json = json_parse("[\"text\"]", 8, &err);

	json_free(json);
	json_free(json);
}

static void frees_of_freed_memory_abort(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* the sanitizer would report each: they read what is freed */
#endif
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = sizes[i];
		expect_abort(free_twice);
		expect_abort(free_what_moved);
		expect_abort(resize_what_is_free);
		expect_abort(free_ours_by_libc);
		expect_abort(free_libcs_twice);
	}
	expect_abort(free_headers_twice);
	expect_abort(free_json_twice);
}

static void free_inner_pointer(void)
{
	char *memory = mem_alloc(size);

	mem_free(memory + 16);
}

static void free_libcs(void)
{
	char *memory = libc_alloc(size);

	memset(memory, 'x', size);
	mem_free(memory + 16);
}

static void free_from_the_stack(void)
{
	char memory[64] = "";

	mem_free(memory + 32);
}

/* abort() calls it before the program ends. */
static void look_at_neighbour(int signal)
{
	(void)signal;
	if (strcmp(neighbour, "neighbour") != 0)
		_exit(1);
}

static void free_with_a_larger_size(void)
{
	char *memory = mem_alloc(size);
	size_t larger = size + 4096;

	neighbour = mem_copy_text("neighbour");
	signal(SIGABRT, look_at_neighbour);
	memcpy(memory - 16, &larger, sizeof(larger)); /* as an underflow would */
	mem_free(memory);
}

static void wrong_frees_abort_before_a_byte_is_wiped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = sizes[i];
		expect_abort(free_inner_pointer);
		expect_abort(free_libcs);
		expect_abort(free_with_a_larger_size);
	}
	expect_abort(free_from_the_stack);
}

static void resizing_keeps_the_bytes(void **state)
{
	char *memory = NULL;

	(void)state;
	for (size_t length = 1; length < 3000; length = length * 3 / 2 + 1) {
		memory = mem_resize(memory, length);
		memset(memory + length / 2, 'x', length - length / 2);
		memory[0] = 'f';
		for (size_t shorter = length; shorter > 0; shorter /= 3) {
			memory = mem_resize(memory, shorter);
			assert_int_equal(memory[0], 'f');
		}
		memory = mem_resize(memory, length);
		assert_int_equal(memory[0], 'f');
	}
	memory = mem_resize(memory, 0);
	assert_non_null(memory);
	mem_free(memory);
	mem_free(NULL);
}

static void room_grows(void **state)
{
	int *items = NULL;
	size_t count = 0, room = 0, moves = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t before = room;
		items = mem_room(items, count, &room, sizeof(*items));
		moves += room != before;
		assert_true(room > count);
		items[count++] = i;
	}
	for (int i = 0; i < 100000; i++)
		assert_int_equal(items[i], i);
	assert_true(moves < 40); /* by half again, not one by one */
	mem_free(items);
}

static void steals(void **state)
{
	char *text = mem_copy_text("text");
	char *mine = mem_steal(&text);

	(void)state;
	assert_null(text);
	assert_string_equal(mine, "text");
	mem_free_pointer(&mine);
	mem_free_pointer(&text);
}

static void arena_keeps_apart(void **state)
{
	struct arena arena = {0};
	unsigned char *items[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		items[i] = arena_alloc(&arena, i);
		assert_int_equal((uintptr_t)items[i] % _Alignof(max_align_t), 0);
		for (size_t at = 0; at < i; at++)
			assert_int_equal(items[i][at], 0);
		memset(items[i], (int)(i % 251) + 1, i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		for (size_t at = 0; at < i; at++)
			assert_int_equal(items[i][at], i % 251 + 1);
	arena_release(&arena);
	assert_null(arena.chunks);
	arena_release(&arena);
}

/* Nothing at all, of an arena that has nothing yet, is still something to point to. */
static void arena_gives_nothing(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};

	(void)state;
	assert_non_null(arena_alloc(&arena, 0));
	assert_non_null(arena.chunks);
	assert_ptr_not_equal(arena_alloc(&arena, 0), arena_alloc(&arena, 0));
}

static void arena_texts(void **state)
{
	struct arena arena CLEANUP(arena_release) = {0};

	(void)state;
	assert_string_equal(arena_text(&arena, ""), "");
	assert_string_equal(arena_text(&arena, "one"), "one");
	assert_memory_equal(arena_bytes(&arena, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_bytes(&arena, NULL, 0), "");
	assert_string_equal(arena_format(&arena, "%s-%d", "x", 5), "x-5");
	char *large = arena_alloc(&arena, 5 << 20); /* larger than any chunk */
	memset(large, 1, 5 << 20);
	assert_string_equal(arena_text(&arena, "after"), "after");
}

static void arenas_join(void **state)
{
	struct arena one CLEANUP(arena_release) = {0}, other CLEANUP(arena_release) = {0};
	const char *texts[3000];

	(void)state;
	for (int round = 0; round < 3; round++) {
		arena_join(&one, &other); /* into one that is empty, and of one that is */
		for (int i = 0; i < 1000; i++)
			texts[round * 1000 + i] = arena_format(&other, "%d", round * 1000 + i);
		assert_string_equal(arena_text(&one, "its own"), "its own");
	}
	arena_join(&one, &other);
	assert_null(other.chunks);
	assert_string_equal(arena_text(&one, "still"), "still");
	for (int i = 0; i < 3000; i++)
		assert_int_equal(strtol(texts[i], NULL, 10), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocates_zeroes),
		cmocka_unit_test(exhaustion_aborts),
		cmocka_unit_test(frees_of_freed_memory_abort),
		cmocka_unit_test(wrong_frees_abort_before_a_byte_is_wiped),
		cmocka_unit_test(resizing_keeps_the_bytes),
		cmocka_unit_test(room_grows),
		cmocka_unit_test(steals),
		cmocka_unit_test(arena_keeps_apart),
		cmocka_unit_test(arena_gives_nothing),
		cmocka_unit_test(arena_texts),
		cmocka_unit_test(arenas_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
