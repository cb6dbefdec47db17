#include "model/model.h"

#include "unit.h"

static void sorts_by_address(void **state)
{
	static const char *const addresses[][3] = {{"b", "s", NULL}, {"a", "z", NULL},
		{"a", "s", "y"}, {"a", "s", NULL}, {"a", "s", "x"}, {"a", "s-", NULL},
		{"B", "s", NULL}};
	static const char sorted[] = "B/s a/s a/s/x a/s/y a/s- a/z b/s ";
	struct model model CLEANUP(model_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		model_add_object(&model, addresses[i][0], addresses[i][1], addresses[i][2]);
	model_sort(&model);
	for (size_t i = 0; i < model.object_count; i++) {
		object_add_address(&text, &model.objects[i]);
		str_char(&text, ' ');
	}
	assert_string_equal(str_text(&text), sorted);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		const struct object *found =
			model_object(&model, addresses[i][0], addresses[i][1], addresses[i][2]);
		assert_non_null(found);
		assert_int_equal(found->kind, addresses[i][2] ? OBJECT_SECRET : OBJECT_STORE);
	}
	assert_null(model_object(&model, "a", "s", "z"));
	assert_null(model_object(&model, "a", "", NULL));
	assert_null(model_object(&model, "", "s", NULL));
}

/* A total order: else sorting and searching do not agree. */
static void order_is_total(void **state)
{
	static const char *const parts[] = {"", "a", "a/b", "b"};
	struct object objects[64];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		objects[count++] = (struct object){.account = parts[i / 16],
			.store = parts[i / 4 % 4],
			.secret = i % 4 ? parts[i % 4] : NULL};
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int order = object_compare(&objects[i], &objects[j]);
			assert_int_equal(order == 0, i == j);
			assert_int_equal(order < 0, i < j);
			assert_int_equal(order<0, object_compare(&objects[j], &objects[i])> 0);
		}
}

static void doubles(void **state)
{
	struct model model CLEANUP(model_release) = {0};

	(void)state;
	for (int i = 0; i < 9; i++) {
		struct object *object = model_add_object(&model, "a", i == 4 ? "other" : "s", NULL);
		object->id = arena_format(&model.arena, "id%d", (i * 5 + 3) % 9);
	}
	model_sort(&model);
	const struct object *first = model_object(&model, "a", "s", NULL);
	for (size_t i = 1; i < 8; i++)
		assert_true(strcmp(first[i - 1].id, first[i].id) < 0);
	assert_true(first == model.objects || object_compare(first - 1, first) != 0);
}

/* A copy owes nothing to what it was made from. */
static void copies_own_their_texts(void **state)
{
	struct model from = {0}, to CLEANUP(model_release) = {0};

	(void)state;
	struct object *object = model_add_object(&from, "a", "s", "x");
	object->id = arena_text(&from.arena, "id");
	object->created = arena_text(&from.arena, "c");
	object->modified = arena_text(&from.arena, "m");
	object->origin = ORIGIN_ADOPTED;
	object->may_adopt = true;
	object->place = (struct place){arena_text(&from.arena, "file"), 3, 4};
	struct account *account = model_add_account(&from, "alias", "acc");
	account->token = (struct value_source){.kind = VALUE_ENV,
		.name = arena_text(&from.arena, "TOKEN"),
		.place = {arena_text(&from.arena, "f"), 1, 2}};
	model_add_copy(&to, object);
	model_add_account_copy(&to, account);
	model_release(&from);
	const struct object *copy = &to.objects[0];
	assert_string_equal(copy->secret, "x");
	assert_int_equal(copy->kind, OBJECT_SECRET);
	assert_string_equal(copy->id, "id");
	assert_string_equal(copy->created, "c");
	assert_string_equal(copy->modified, "m");
	assert_int_equal(copy->origin, ORIGIN_ADOPTED);
	assert_true(copy->may_adopt);
	assert_string_equal(copy->place.file, "file");
	assert_int_equal(copy->place.line, 3);
	assert_string_equal(to.accounts[0].token.name, "TOKEN");
	assert_string_equal(to.accounts[0].token.place.file, "f");
	assert_string_equal(to.accounts[0].id, "acc");
}

/* `count` stores with an id each, from number `first` on. */
static void add_numbered(struct model *model, int first, int count)
{
	for (int i = first; i < first + count; i++) {
		const char *number = arena_format(&model->arena, "%04d", i);
		model_add_object(model, "a", number, NULL)->id = number;
	}
}

/* Few objects are copied, and many are moved, into a model with objects or without. */
static void takes_objects(void **state)
{
	static const int counts[] = {0, 3, 500, 1, 30, 0, 9, 10, 11};
	struct model to CLEANUP(model_release) = {0};
	int all = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct model from = {0};
		add_numbered(&from, all, counts[i]);
		model_take_objects(&to, &from);
		assert_int_equal(from.object_count, 0);
		assert_null(from.objects);
		assert_null(from.arena.chunks);
		all += counts[i];
		add_numbered(&to, all++, 1); /* it can still grow */
	}
	assert_int_equal(to.object_count, all);
	for (int i = 0; i < all; i++) {
		assert_int_equal(strtol(to.objects[i].id, NULL, 10), i);
		assert_string_equal(to.objects[i].store, to.objects[i].id);
		assert_string_equal(to.objects[i].account, "a");
	}
}

/* What is reserved one by one must not move each time. */
static void reserves(void **state)
{
	struct model model CLEANUP(model_release) = {0};
	size_t rooms = 0, before = 0;

	(void)state;
	model_reserve(&model, 100);
	assert_int_equal(model.object_room, 100);
	for (size_t count = 1; count <= 100000; count++) {
		model_reserve(&model, count);
		assert_true(model.object_room >= count);
		rooms += model.object_room != before;
		before = model.object_room;
	}
	assert_true(rooms < 30);
}

/* The same moment is kept once; two moments stay two. */
static void keeps_dates(void **state)
{
	char created[] = "2026-11-29T10:00:00Z", later[] = "2026-11-29T11:00:00Z";
	struct arena arena CLEANUP(arena_release) = {0};
	struct object new = {.account = "a", .store = "s", .created = created, .modified = created};
	struct object changed = new;

	(void)state;
	changed.modified = later;
	object_keep(&arena, &new);
	object_keep(&arena, &changed);
	assert_string_equal(new.created, created);
	assert_ptr_not_equal(new.created, created);
	assert_ptr_equal(new.modified, new.created);
	assert_string_equal(changed.modified, later);
	assert_ptr_not_equal(changed.modified, later);
}

static void empty(void **state)
{
	struct model model = {0};

	(void)state;
	model_sort(&model);
	assert_null(model_account(&model, "a"));
	assert_null(model_object(&model, "a", "s", NULL));
	model_release(&model);
	model_release(&model);
}

static void accounts(void **state)
{
	struct model model CLEANUP(model_release) = {0};

	(void)state;
	model_add_account(&model, "b", "1");
	model_add_account(&model, "a", "2");
	model_add_account(&model, "c", "3");
	model_sort(&model);
	assert_string_equal(model.accounts[0].alias, "a");
	assert_string_equal(model_account(&model, "b")->id, "1");
	assert_null(model_account(&model, ""));
	assert_null(model_account(&model, "B"));
}

static void words(void **state)
{
	const struct object store = {.account = "a", .store = "s"};
	char *address AUTO_FREE = object_address(&store);

	(void)state;
	assert_string_equal(address, "a/s");
	assert_string_equal(object_kind_word(OBJECT_STORE), "store");
	assert_string_equal(object_kind_word(OBJECT_SECRET), "secret");
}

static void expect_match(
	const char *address_of_store, bool has_secret, const char *pattern, bool matches)
{
	struct object object = {.account = "prod",
		.store = address_of_store,
		.secret = has_secret ? "TOKEN" : NULL};

	if (object_matches(&object, pattern) != matches)
		fail_msg("prod/%s%s against %s", address_of_store, has_secret ? "/TOKEN" : "",
			pattern);
}

static void matches(void **state)
{
	static const char *const yes[] = {"prod", "prod/keys", "*", "*/*", "prod/*", "*/keys", "p*",
		"prod/k?ys", "prod/[jk]eys", "pro[!x]/keys", "prod/ke*s", "prod/keys*", "\\prod"};
	static const char *const no[] = {"", "/", "prod/", "/keys", "keys", "prod/keys/",
		"prod//keys", "prodkeys", "prod*keys", "prod?keys", "prod[/]keys", "Prod",
		"prod/Keys", "pro", "prod/key", "prod/keys2", "rod", "[", "prod/[", "*/*/*/*",
		"stage", "?", "prod/?"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		expect_match("keys", false, yes[i], true);
		expect_match("keys", true, yes[i], true); /* what is in it, too */
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		expect_match("keys", false, no[i], false);
		expect_match("keys", true, no[i], false);
	}
	/* The address of a secret is not that of its store. */
	expect_match("keys", true, "prod/keys/TOKEN", true);
	expect_match("keys", true, "*/*/T*", true);
	expect_match("keys", false, "prod/keys/TOKEN", false);
	expect_match("keys", false, "*/*/*", false);
	expect_match("keys", true, "prod/keys/token", false);
	/* Dots are letters, also at the front. */
	expect_match(".keys", false, "prod/*", true);
	expect_match(".keys", false, "prod/?keys", true);
	expect_match("..", false, "prod/*", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_by_address),
		cmocka_unit_test(order_is_total),
		cmocka_unit_test(doubles),
		cmocka_unit_test(copies_own_their_texts),
		cmocka_unit_test(takes_objects),
		cmocka_unit_test(reserves),
		cmocka_unit_test(keeps_dates),
		cmocka_unit_test(empty),
		cmocka_unit_test(accounts),
		cmocka_unit_test(words),
		cmocka_unit_test(matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
