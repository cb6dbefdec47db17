#include "cloudflare/confirm.h"

#include "adapter/table.h"
#include "base/clock.h"

#include "unit.h"

struct scene {
	struct model recorded, live;
	struct account account;
	struct live_account accounts[1];
	struct live_input input;
	struct table *stores; /* that were looked into */
	struct confirm confirm;
};

static int setup(void **state)
{
	struct scene *s = mem_alloc(sizeof(*s));

	model_add_account(&s->recorded, "p", "acc");
	model_add_account(&s->live, "p", "acc");
	s->account = (struct account){.alias = "p", .id = "acc"};
	s->accounts[0] = (struct live_account){.account = &s->account};
	s->input = (struct live_input){.accounts = s->accounts,
		.count = 1,
		.recorded = &s->recorded,
		.patience_ms = PATIENCE_DEFAULT_MS};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	confirm_release(&s->confirm);
	table_free(&s->stores);
	model_release(&s->recorded);
	model_release(&s->live);
	mem_free(s);
	return 0;
}

static struct object *add(
	struct model *model, const char *store, const char *secret, const char *id)
{
	struct object *object = model_add_object(model, "p", store, secret);

	object->id = id;
	return object;
}

static void init(struct scene *s, struct table *stores)
{
	model_sort(&s->recorded);
	model_sort(&s->live);
	confirm_init(&s->confirm, &s->input, stores, &s->live);
}

/* fault A1 */
static void only_what_is_missing(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "here", NULL, "1");
	add(&s->recorded, "gone", NULL, "2");
	add(&s->recorded, "made_again", NULL, "3");
	add(&s->recorded, "renamed", NULL, "4");
	add(&s->recorded, "unresolved", NULL, NULL);
	add(&s->recorded, "here", "SECRET", "6");
	add(&s->live, "here", NULL, "1");
	add(&s->live, "made_again", NULL, "33");
	add(&s->live, "other_name", NULL, "4");
	add(&s->live, "stranger", NULL, "7");
	init(s, NULL);
	assert_int_equal(s->confirm.look_count, 3);
	assert_string_equal(s->confirm.looks[0].missing[0]->id, "33");
	assert_string_equal(s->confirm.looks[1].missing[0]->id, "2");
	assert_string_equal(s->confirm.looks[2].missing[0]->id, "3");
	assert_false(s->confirm.looks[0].is_list);
	assert_int_equal(s->confirm.looks[0].due_ms, 0);
	assert_int_equal(s->confirm.looks[0].age_ms, patience_age_ms(0, 0));
}

/* fault A1: a list that still shows what was deleted */
static void of_several_those_not_recorded_are_asked_for(void **state)
{
	struct scene *s = *state;

	add(&s->recorded, "a", NULL, "1");
	add(&s->live, "a", NULL, "0");
	add(&s->live, "a", NULL, "1");
	add(&s->live, "stranger", NULL, "2");
	add(&s->live, "stranger", NULL, "3");
	init(s, NULL);
	assert_int_equal(s->confirm.look_count, 3);
	assert_string_equal(s->confirm.looks[0].missing[0]->id, "0");
	assert_string_equal(s->confirm.looks[1].missing[0]->id, "2");
	assert_string_equal(s->confirm.looks[2].missing[0]->id, "3");
	assert_int_equal(s->live.object_count, 1);
}

/* fault A1: what an interrupted run was to destroy, and created again */
static void what_was_to_be_replaced_is_asked_for(void **state)
{
	static const struct object replaced = {.kind = OBJECT_STORE, .id = "0"};
	struct scene *s = *state;
	struct object *open = add(&s->recorded, "a", NULL, NULL);

	open->replaced = &replaced;
	add(&s->live, "a", NULL, "0");
	init(s, NULL);
	assert_int_equal(s->confirm.look_count, 1);
	assert_string_equal(s->confirm.looks[0].missing[0]->id, "0");
	assert_int_equal(s->live.object_count, 0);
}

/* An account that was not read, or that the alias does not mean now. */
static void only_in_accounts_that_were_read(void **state)
{
	struct scene *s = *state;

	model_add_account(&s->recorded, "q", "acc2");
	model_add_object(&s->recorded, "q", "gone", NULL)->id = "1";
	add(&s->recorded, "gone", NULL, "2");
	s->recorded.accounts[0].id = "another";
	init(s, NULL);
	assert_int_equal(s->confirm.look_count, 0);
	assert_null(s->confirm.known); /* nothing is listed */
}

/* fault A1: what is in a store that is gone, or was not looked into, is not asked for */
static void only_in_stores_that_were_looked_into(void **state)
{
	struct scene *s = *state;
	struct object *store = add(&s->live, "a", NULL, "1");
	struct object copy = *store;

	add(&s->recorded, "a", NULL, "1");
	add(&s->recorded, "a", "HERE", "2");
	add(&s->recorded, "a", "GONE", "3");
	add(&s->recorded, "b", NULL, "4");
	add(&s->recorded, "b", "GONE", "5");
	add(&s->live, "a", "HERE", "2");
	table_put(&s->stores, "1", &copy);
	init(s, s->stores);
	assert_int_equal(s->confirm.look_count, 1);
	assert_string_equal(s->confirm.looks[0].missing[0]->id, "3");
	assert_ptr_equal(s->confirm.looks[0].get.store, &copy);
}

/* fault A1: of more than a hundred, the lists that lack them are read once more */
/* fault A1: GETs for hundreds would take longer than a list that is late enough to be believed. */
static void many_doubted_are_listed_late(void **state)
{
	struct scene *s = *state;
	struct object store = {.id = "1", .store = "a"};

	add(&s->recorded, "a", NULL, "1");
	add(&s->live, "a", NULL, "1");
	table_put(&s->stores, "1", &store);
	for (size_t i = 0; i <= CONFIRM_BY_ID; i++) {
		char *name = arena_format(&s->recorded.arena, "S%zu", i);
		char *new = arena_format(&s->recorded.arena, "new%zu", i);
		add(&s->recorded, "a", name, new);
		add(&s->live, "a", name, name);
	}
	init(s, s->stores);
	assert_int_equal(s->confirm.look_count, 2);
	assert_true(s->confirm.looks[0].is_list);
	assert_int_equal(s->confirm.looks[0].count, CONFIRM_BY_ID + 1);
	assert_int_equal(s->confirm.looks[0].trusted_ms, PATIENCE_DEFAULT_MS);
	assert_int_equal(s->confirm.looks[0].due_ms, PATIENCE_DEFAULT_MS);
	assert_int_equal(s->confirm.looks[1].trusted_ms, 0);
	assert_true(s->confirm.looks[1].due_ms < PATIENCE_DEFAULT_MS);
}

static void many_are_listed_again(void **state)
{
	struct scene *s = *state;
	struct object copies[2] = {{.id = "1", .store = "a"}, {.id = "2", .store = "b"}};
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		add(&s->recorded, copies[i].store, NULL, copies[i].id);
		add(&s->live, copies[i].store, NULL, copies[i].id);
		table_put(&s->stores, copies[i].id, &copies[i]);
		for (size_t j = 0; j < CONFIRM_BY_ID / 2 + i; j++) {
			char *name = arena_format(&s->recorded.arena, "S%zu_%zu", i, j);
			add(&s->recorded, copies[i].store, name, name);
		}
	}
	s->recorded.objects[s->recorded.object_count - 1].modified = now;
	init(s, s->stores);
	assert_int_equal(s->confirm.count, CONFIRM_BY_ID + 1);
	assert_int_equal(s->confirm.look_count, 2);
	assert_true(s->confirm.looks[1].is_list);
	assert_int_equal(s->confirm.looks[0].count, CONFIRM_BY_ID / 2);
	assert_int_equal(s->confirm.looks[1].count, CONFIRM_BY_ID / 2 + 1);
	assert_int_equal(s->confirm.looks[1].absences, 1);
	assert_int_equal(s->confirm.looks[1].due_ms, PATIENCE_PAUSE_MS);
	assert_int_equal(s->confirm.looks[0].age_ms, patience_age_ms(0, 0));
	assert_true(s->confirm.looks[1].age_ms < patience_age_ms(0, 0));
}

/* The age of our last write counts from the latest of its dates, in any form; without one it is
 * large. */
static void last_write(void **state)
{
	static const struct {
		const char *created, *modified;
		int64_t requested_ms, wrote_ms;
	} table[] = {
		{"1970-01-01T00:00:02.5Z", NULL, 0, 2500},
		{"1970-01-01T00:00:02Z", "1970-01-01T01:00:03.25+01:00", 0, 3250},
		{"1970-01-01T00:00:02Z", "1970-01-01T00:00:01Z", 4000, 4000},
		{"yesterday", NULL, 0, 0},
		{NULL, NULL, 0, 0},
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *name = arena_format(&s->recorded.arena, "s%zu", i);
		struct object *object = add(&s->recorded, name, NULL, name);
		object->created = table[i].created;
		object->modified = table[i].modified;
		object->requested_ms = table[i].requested_ms;
	}
	int64_t before_ms = clock_unix_ms();
	init(s, NULL);
	assert_int_equal(s->confirm.look_count, ARRAY_SIZE(table));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_in_range(s->confirm.looks[i].age_ms,
			patience_age_ms(table[i].wrote_ms, before_ms),
			patience_age_ms(table[i].wrote_ms, clock_unix_ms()));
}

/* What somebody names by its id, and the state does not have. */
static void what_is_sought(void **state)
{
	struct scene *s = *state;
	const struct object sought = {.account = "p", .store = "new", .id = "9"};

	add(&s->live, "new", NULL, "8");
	s->input.sought = &sought;
	init(s, NULL);
	assert_int_equal(s->confirm.look_count, 1);
	assert_ptr_equal(s->confirm.looks[0].missing[0], &sought);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_is_missing),
		TEST(of_several_those_not_recorded_are_asked_for),
		TEST(what_was_to_be_replaced_is_asked_for),
		TEST(only_in_accounts_that_were_read),
		TEST(only_in_stores_that_were_looked_into),
		TEST(many_doubted_are_listed_late),
		TEST(many_are_listed_again),
		TEST(last_write),
		TEST(what_is_sought),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
