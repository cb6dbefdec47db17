#include "base/mem.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocates_zeroes),
		cmocka_unit_test(exhaustion_aborts),
		cmocka_unit_test(room_grows),
		cmocka_unit_test(steals),
		cmocka_unit_test(arena_keeps_apart),
		cmocka_unit_test(arena_gives_nothing),
		cmocka_unit_test(arena_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
