/* Do state and manifest mean the same accounts? */
#include "plan/account_check.h"

#include "unit.h"

static void record(struct model *model, const char *alias, const char *store, bool is_unresolved)
{
	model_add_object(model, alias, store, NULL)->is_unresolved = is_unresolved;
}

/* prod = p1 with two stores, one of them unresolved; bare = b1 with none. */
static void make(struct model *recorded)
{
	model_add_account(recorded, "prod", "p1");
	model_add_account(recorded, "bare", "b1");
	record(recorded, "prod", "keys", false);
	record(recorded, "prod", "lost", true);
	model_add_account(recorded, "dev", "d1");
	record(recorded, "dev", "keys", false);
	model_sort(recorded);
}

static void an_account_belongs(void **state)
{
	static const struct {
		const char *alias, *id, *why, *hint; /* why NULL: it does */
	} cases[] = {
		{"prod", "p1", NULL, NULL},
		{"new", "n1", NULL, NULL},
		{"bare", "b1", NULL, NULL},
		{"other", "b1", NULL, NULL}, /* nothing is recorded there */
		{"prod", "p2", "knows `prod` as the account p1, the manifest as p2",
			"another alias, or use another state"},
		{"bare", "b2", NULL, NULL}, /* nor there */
		{"live", "p1", "knows the account p1 as `prod`, the manifest as `live`",
			"`moved: [{from: prod, to: live}]`, or do it at once: cfprov state mv prod "
			"live"},
		{"bare", "p1", "knows the account p1 as `prod`, the manifest as `bare`",
			"`moved: [{from: prod, to: bare}]`"},
		{"dev", "p1", "knows the account p1 as `prod`, the manifest as `dev`",
			"Keep the alias `prod`"},
	};
	struct model recorded CLEANUP(model_release) = {0}, nothing = {0};

	(void)state;
	make(&recorded);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct account account = {.alias = cases[i].alias, .id = cases[i].id};
		struct error err CLEANUP(error_release) = {0};
		assert_true(account_check(&nothing, &account, &err));
		assert_int_equal(account_check(&recorded, &account, &err), !cases[i].why);
		if (!cases[i].why)
			continue;
		expect_text(err.message, cases[i].why);
		expect_text(err.hint, cases[i].hint);
	}
}

static void what_plays_tricks_is_visible(void **state)
{
	struct model recorded CLEANUP(model_release) = {0};
	const struct account account = {.alias = "live", .id = "p1"};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	model_add_account(&recorded, "\x1b[2J", "p1");
	record(&recorded, "\x1b[2J", "keys", false);
	model_sort(&recorded);
	assert_false(account_check(&recorded, &account, &err));
	expect_text(err.message, "`\\x1b[2J`");
	expect_no_text(err.hint, "\x1b");
}

static void counts(void **state)
{
	struct model recorded CLEANUP(model_release) = {0};
	size_t count = 7, unresolved = 7;

	(void)state;
	make(&recorded);
	account_check_count(&recorded, "prod", &count, &unresolved);
	assert_int_equal(count, 2);
	assert_int_equal(unresolved, 1);
	account_check_count(&recorded, "bare", &count, &unresolved);
	assert_int_equal(count + unresolved, 0);
	account_check_count(&recorded, "zzz", &count, &unresolved);
	assert_int_equal(count + unresolved, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_belongs),
		cmocka_unit_test(what_plays_tricks_is_visible),
		cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
