#include "model/address.h"

#include "unit.h"

/* One account, and in the state of `two` another. Both have a store called as the other account. */
static void make(struct model *model, const char *alias, const char *store)
{
	*model = (struct model){0};
	model_add_account(model, alias, alias);
	model_add_object(model, alias, store, NULL);
	model_add_object(model, alias, store, "TOKEN");
	model_add_object(model, alias, "ai", NULL);
	model_sort(model);
}

static void expect(const struct address_scope *scope, const char *typed, const char *address)
{
	struct arena arena = {0};

	assert_string_equal(address_complete(scope, typed, &arena), address);
	arena_release(&arena);
}

static void only_account_goes_without_alias(void **unused)
{
	struct model model CLEANUP(model_release) = {0};
	struct address_scope scope = {{&model}};

	(void)unused;
	make(&model, "default", "keys");
	expect(&scope, "keys", "default/keys");
	expect(&scope, "keys/TOKEN", "default/keys/TOKEN");
	expect(&scope, "k*", "default/k*");
	expect(&scope, "keys/*", "default/keys/*");
	expect(&scope, "keys/NEW", "default/keys/NEW");
	expect(&scope, "keys/TOKEN/x", "keys/TOKEN/x");
	expect(&scope, "nope", "nope");
	expect(&scope, "nope/keys", "nope/keys");
	/* Complete already, or nothing that an alias could complete. */
	expect(&scope, "default", "default");
	expect(&scope, "default/keys", "default/keys");
	expect(&scope, "*", "*");
	expect(&scope, "*/keys", "*/keys");
	expect(&scope, "d*/ai", "d*/ai");
	expect(&scope, "a/b/c", "a/b/c");
	expect(&scope, "", "");
	scope = (struct address_scope){{NULL, &model}};
	expect(&scope, "keys", "default/keys");
	scope = (struct address_scope){{&model, &model}};
	expect(&scope, "keys", "default/keys");
}

static void alias_comes_first(void **unused)
{
	struct model model CLEANUP(model_release) = {0};
	const struct address_scope scope = {{&model}};

	(void)unused;
	make(&model, "keys", "keys");
	expect(&scope, "keys", "keys");
	expect(&scope, "keys/TOKEN", "keys/TOKEN");
	expect(&scope, "ai", "keys/ai");
}

static void two_accounts_need_the_alias(void **unused)
{
	struct model one CLEANUP(model_release) = {0}, two CLEANUP(model_release) = {0};
	const struct address_scope scope = {{&one, &two}}, none = {{NULL}};

	(void)unused;
	make(&one, "prod", "keys");
	make(&two, "dev", "keys");
	expect(&scope, "keys", "keys");
	expect(&scope, "keys/TOKEN", "keys/TOKEN");
	expect(&none, "keys", "keys");
}

static void expect_guess(const struct address_scope *scope, const char *typed, const char *guess)
{
	struct str text CLEANUP(str_release) = {0};

	address_add_guess(scope, typed, &text);
	assert_string_equal(str_text(&text), guess);
}

static void guesses(void **unused)
{
	struct model one CLEANUP(model_release) = {0}, two CLEANUP(model_release) = {0};
	const struct address_scope scope = {{&one, &two}}, alone = {{NULL, &one}};

	(void)unused;
	make(&one, "prod", "keys");
	make(&two, "dev", "keys");
	expect_guess(&scope, "keys", "; did you mean prod/keys or dev/keys?");
	expect_guess(&scope, "keys/TOKEN", "; did you mean prod/keys/TOKEN or dev/keys/TOKEN?");
	expect_guess(&alone, "keys/TOKEN", "; did you mean prod/keys/TOKEN?");
	expect_guess(&alone, "prod/kyes", "; did you mean prod/keys?");
	expect_guess(&alone, "kyes", "; did you mean prod/keys?");
	expect_guess(&alone, "pord/keys/TOKNE", "; did you mean prod/keys/TOKEN?");
	expect_guess(&alone, "production/keys", "; did you mean prod/keys?");
	expect_guess(&scope, "nope/ai", "; did you mean prod/ai or dev/ai?");
	expect_guess(&alone, "prod/b", "");
	expect_guess(&alone, "prod/keys/x/y", "");
	expect_guess(&alone, "\x1b[2J", "");
	expect_guess(&alone, "", "");
}

static void guess_tells_the_rule(void **unused)
{
	struct model model CLEANUP(model_release) = {0};
	const struct address_scope scope = {{&model}};

	(void)unused;
	make(&model, "keys", "keys");
	expect_guess(
		&scope, "keys/TOKEN", "; did you mean keys/keys/TOKEN (`keys` is an account)?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_account_goes_without_alias),
		cmocka_unit_test(alias_comes_first),
		cmocka_unit_test(two_accounts_need_the_alias),
		cmocka_unit_test(guesses),
		cmocka_unit_test(guess_tells_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
