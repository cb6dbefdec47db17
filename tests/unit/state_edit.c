#include "state/state_edit.h"

#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

static void add(struct state *to, const char *account, const char *store)
{
	struct object *object = model_add_object(&to->model, account, store, NULL);

	object->id = arena_format(&to->model.arena, "%s-%s", account, store);
	object->origin = ORIGIN_CREATED;
}

static void make(struct state *state)
{
	*state = (struct state){.serial = 3, .lineage = LINEAGE};
	model_add_account(&state->model, "prod", "acc1");
	model_add_account(&state->model, "dev", "acc2");
	model_add_account(&state->model, "empty", "acc3");
	add(state, "prod", "a");
	add(state, "prod", "b");
	add(state, "dev", "a");
	model_sort(&state->model);
}

static void remove_by_pattern(void **unused)
{
	static const struct {
		const char *pattern;
		size_t removed; /* 0: refused */
	} cases[] = {{"prod/a", 1}, {"*/a", 2}, {"prod", 2}, {"*", 3}, {"p*/*", 2}, {"prod*", 2},
		{"prod/c", 0}, {"", 0}, {"empty", 0}, {"*/*/*", 0}, {"prod/", 0}};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct state before, after;
		struct state_edit edit = {0};
		struct error_list errors = {0};
		make(&before);
		bool is_good = state_edit_remove(&before, &cases[i].pattern, 1, &edit, &errors);
		assert_int_equal(is_good, cases[i].removed > 0);
		assert_int_equal(errors.count, cases[i].removed == 0);
		assert_int_equal(edit.fold.change_count, cases[i].removed);
		state_fold(&before, &edit.fold, &after);
		assert_int_equal(after.model.object_count, 3 - cases[i].removed);
		assert_int_equal(after.serial, cases[i].removed ? 4 : 3);
		assert_int_equal(after.model.account_count, 3);
		state_release(&after);
		state_edit_release(&edit);
		error_list_release(&errors);
		state_release(&before);
	}
}

/* What any of the patterns matches goes, in whatever order they are. */
static void remove_by_several(void **unused)
{
	static const char *const patterns[] = {"prod/b", "dev", "prod/b"};

	(void)unused;
	for (size_t first = 0; first < 2; first++) {
		struct state before CLEANUP(state_release), after CLEANUP(state_release) = {0};
		struct state_edit edit CLEANUP(state_edit_release) = {0};
		struct error_list errors CLEANUP(error_list_release) = {0};
		make(&before);
		assert_true(state_edit_remove(&before, patterns + first, 2, &edit, &errors));
		state_fold(&before, &edit.fold, &after);
		assert_int_equal(after.model.object_count, 1);
		assert_string_equal(after.model.objects[0].id, "prod-a");
	}
}

static void remove_tells_each_that_is_not_there(void **unused)
{
	static const char *const patterns[] = {"prod/a", "x", "prod/*", "y\033[2J"};
	struct state state;
	struct state_edit edit = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	(void)unused;
	make(&state);
	assert_false(state_edit_remove(&state, patterns, 4, &edit, &errors));
	assert_int_equal(errors.count, 2);
	expect_text(errors.items[0].message, "`x`");
	expect_text(errors.items[1].message, "y\\x1b[2J");
	assert_int_equal(edit.fold.change_count, 0);
	state_release(&state);
}

static void rename_moves_all(void **unused)
{
	struct state before, after, again;
	struct state_edit edit = {0}, back = {0};
	struct str x CLEANUP(str_release) = {0}, y CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)unused;
	make(&before);
	assert_true(state_edit_rename(&before, "prod", "zeta", &edit, &err));
	assert_int_equal(edit.fold.change_count, 4);
	state_fold(&before, &edit.fold, &after);
	assert_null(model_account(&after.model, "prod"));
	assert_string_equal(model_account(&after.model, "zeta")->id, "acc1");
	assert_string_equal(model_object(&after.model, "zeta", "b", NULL)->id, "prod-b");
	assert_null(model_object(&after.model, "prod", "b", NULL));
	assert_int_equal(after.model.account_count, 3);
	assert_int_equal(after.serial, 4);
	assert_true(state_edit_rename(&after, "zeta", "prod", &back, &err));
	state_fold(&after, &back.fold, &again);
	again.serial = before.serial;
	state_encode(&before, &x);
	state_encode(&again, &y);
	assert_string_equal(str_text(&x), str_text(&y));
	state_edit_release(&edit);
	state_edit_release(&back);
	state_release(&before);
	state_release(&after);
	state_release(&again);
}

static void rename_is_refused(void **unused)
{
	static const struct {
		const char *from, *to, *why;
	} cases[] = {{"prod", "dev", "already"}, {"prod", "empty", "already"},
		{"prod", "prod", "already"}, {"nope", "x", "no account"}, {"prod", "", "empty"},
		{"empty", "x", "no objects"}, {"prod/a", "prod/c", "can't rename"},
		{"prod/a", "dev/a", "can't rename"}, {"prod", "dev/a", "can't rename"}};
	struct state state;

	(void)unused;
	make(&state);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct state_edit edit = {0};
		struct error err = {0};
		assert_false(state_edit_rename(&state, cases[i].from, cases[i].to, &edit, &err));
		assert_int_equal(edit.fold.change_count, 0);
		expect_error(&err, cases[i].why);
	}
	state_release(&state);
}

/* All of them or none. */
static void move_is_whole(void **unused)
{
	struct model desired CLEANUP(model_release) = {0};
	struct state state;
	struct state_edit edit = {0}, refused = {0};
	struct error err CLEANUP(error_release) = {0};
	size_t count;

	(void)unused;
	make(&state);
	model_add_account(&desired, "zeta", "acc1");
	model_add_move(&desired, "prod", "zeta");
	model_add_move(&desired, "prod/a", "zeta/a");
	assert_true(state_edit_move(&state, &desired, &edit, &err));
	assert_int_equal(edit.fold.account_count, 1);
	assert_string_equal(edit.accounts[0].alias, "zeta");
	const struct moved *moves = state_edit_moves(&edit, &desired.arena, &count);
	assert_int_equal(count, 2);
	assert_string_equal(moves[0].from, "prod/a");
	assert_string_equal(moves[0].object->account, "zeta");
	assert_string_equal(moves[1].object->store, "b");
	model_add_move(&desired, "dev", "empty")->place = (struct place){"m.yaml", 7, 3};
	assert_false(state_edit_move(&state, &desired, &refused, &err));
	assert_int_equal(refused.fold.account_count + refused.fold.change_count, 0);
	assert_string_equal(err.file, "m.yaml");
	state_edit_release(&edit);
	state_release(&state);
}

/* fault B15: no manifest has a circle of moves, but a saved plan that somebody wrote may. */
/* They come in the order of the new addresses, as the planner walks. */
static void moves_are_sorted(void **unused)
{
	static const char *const stores[] = {"a", "b", "a"};
	static const char *const from[] = {"prod/a", "prod/b", "dev/a"};
	struct state state CLEANUP(state_release);
	struct model desired CLEANUP(model_release) = {0};
	struct state_edit edit CLEANUP(state_edit_release) = {0};
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	size_t count;

	(void)unused;
	make(&state);
	model_add_move(&desired, "dev", "z");
	model_add_move(&desired, "prod", "y");
	assert_true(state_edit_move(&state, &desired, &edit, &err));
	const struct moved *moves = state_edit_moves(&edit, &arena, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(moves[i].from, from[i]);
		assert_string_equal(moves[i].object->account, i < 2 ? "y" : "z");
		assert_string_equal(moves[i].object->store, stores[i]);
	}
}

static void moves_in_a_circle(void **unused)
{
	struct model desired CLEANUP(model_release) = {0};
	struct state state;
	struct state_edit edit = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)unused;
	make(&state);
	model_add_account(&desired, "prod", "acc1");
	model_add_move(&desired, "prod", "b");
	model_add_move(&desired, "b", "prod");
	assert_false(state_edit_move(&state, &desired, &edit, &err));
	expect_error(&err, "the moves of the alias `prod` form a cycle");
	state_release(&state);
}

static void expect_verdict(const struct state *state, const struct state *other,
	enum state_edit_verdict verdict, const char *why)
{
	struct error err CLEANUP(error_release) = {0};

	assert_int_equal(state_edit_replace(state, other, &err), verdict);
	if (why)
		expect_error(&err, why);
	else
		expect_no_error(&err);
}

static void replace_by_terraforms_rules(void **unused)
{
	struct state state, other, unborn = {0};

	(void)unused;
	make(&state);
	make(&other);
	expect_verdict(&state, &other, STATE_EDIT_SAME, NULL);
	const char *id = other.model.objects[0].id;
	other.model.objects[0].id = "dev-x"; /* no longer and no shorter */
	assert_int_equal(strlen(id), 5);
	expect_verdict(&state, &other, STATE_EDIT_REFUSE, "other content");
	other.model.objects[0].id = id;
	other.serial = 4;
	expect_verdict(&state, &other, STATE_EDIT_REPLACE, NULL);
	other.serial = 2;
	expect_verdict(&state, &other, STATE_EDIT_REFUSE, "lower");
	expect_verdict(&unborn, &other, STATE_EDIT_REPLACE, NULL);
	other.serial = 3;
	add(&other, "dev", "b");
	model_sort(&other.model);
	expect_verdict(&state, &other, STATE_EDIT_REFUSE, "other content");
	other.serial = 4;
	other.lineage[0] = '0';
	expect_verdict(&state, &other, STATE_EDIT_REFUSE, "lineage");
	state_release(&state);
	state_release(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remove_by_pattern),
		cmocka_unit_test(remove_by_several),
		cmocka_unit_test(remove_tells_each_that_is_not_there),
		cmocka_unit_test(rename_moves_all),
		cmocka_unit_test(rename_is_refused),
		cmocka_unit_test(move_is_whole),
		cmocka_unit_test(moves_are_sorted),
		cmocka_unit_test(moves_in_a_circle),
		cmocka_unit_test(replace_by_terraforms_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
