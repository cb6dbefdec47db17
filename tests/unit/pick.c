#include "manifest/pick.h"

#include "unit.h"

static void make(struct model *desired)
{
	static const char *const aliases[] = {"dev", "prod-eu", "prod-us"};

	*desired = (struct model){0};
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		model_add_account(desired, aliases[i], aliases[i]);
		model_add_object(desired, aliases[i], "a", NULL);
		model_add_object(desired, aliases[i], "b", NULL);
	}
	model_sort(desired);
}

static void expect(const char *const *patterns, size_t count, const char *aliases)
{
	struct model desired CLEANUP(model_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str found CLEANUP(str_release) = {0};

	make(&desired);
	assert_true(pick_accounts(&(struct pick){"x.yaml", patterns, count}, &desired, &err));
	for (size_t i = 0; i < desired.account_count; i++)
		str_format(&found, "%s ", desired.accounts[i].alias);
	assert_string_equal(str_text(&found), aliases);
	assert_int_equal(desired.object_count, 2 * desired.account_count);
	for (size_t i = 0; i < desired.object_count; i++)
		assert_non_null(model_account(&desired, desired.objects[i].account));
}

#define EXPECT(aliases, ...)                                                                       \
	expect((const char *const[]){__VA_ARGS__},                                                 \
		ARRAY_SIZE(((const char *const[]){__VA_ARGS__})), aliases)

static void picks(void **state)
{
	(void)state;
	expect(NULL, 0, "dev prod-eu prod-us ");
	EXPECT("dev ", "dev");
	EXPECT("prod-eu prod-us ", "prod-*");
	EXPECT("dev prod-us ", "prod-us", "dev", "dev");
	EXPECT("dev prod-eu prod-us ", "*");
	EXPECT("prod-eu ", "prod-[ef]?");
}

/* Mistyped, it must not quietly mean fewer accounts; and nothing is lost from the model. */
static void refuses(void **state)
{
	static const char *const bad[] = {"prod", "", "Dev", "dev ", "de\x1b[1m", "[", "prod-*-"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *const patterns[] = {"dev", bad[i]};
		struct model desired CLEANUP(model_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		make(&desired);
		assert_false(pick_accounts(&(struct pick){"x.yaml", patterns, 2}, &desired, &err));
		assert_int_equal(desired.object_count, 6);
		expect_no_text(err.message, "\x1b");
		expect_error(&err, "matches no account in x.yaml");
	}
}

/* What is picked stays as it is. */
static void keeps_secrets_and_the_key(void **state)
{
	static const char *const dev = "dev";
	struct model desired CLEANUP(model_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	make(&desired);
	const char *key = arena_text(&desired.arena, "KEY"),
		   *own = arena_text(&desired.arena, "OWN");
	struct value_source *value = arena_alloc(&desired.arena, sizeof(*value));
	*value = (struct value_source){.kind = VALUE_ENV, .name = own};
	struct object *secret = model_add_object(&desired, "dev", "a", "X");
	secret->value = value;
	secret->scopes = arena_text(&desired.arena, "dex,workers");
	model_add_object(&desired, "prod-eu", "a", "X");
	desired.key = (struct value_source){.kind = VALUE_FILE, .name = key};
	model_sort(&desired);
	assert_true(pick_accounts(&(struct pick){"x.yaml", &dev, 1}, &desired, &err));
	assert_int_equal(desired.object_count, 3);
	assert_string_equal(desired.objects[1].secret, "X");
	assert_string_equal(desired.objects[1].value->name, "OWN");
	assert_string_equal(desired.objects[1].scopes, "dex,workers");
	assert_int_equal(desired.key.kind, VALUE_FILE);
	assert_string_equal(desired.key.name, "KEY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picks),
		cmocka_unit_test(refuses),
		cmocka_unit_test(keeps_secrets_and_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
