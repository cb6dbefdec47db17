#include "desired/export.h"

#include "desired/manifest.h"
#include "unit.h"

static void add(struct model *to, const char *account, const char *store, const char *id)
{
	model_add_object(to, account, store, NULL)->id = arena_text(&to->arena, id);
}

/* What is written is read again as the very stores that were written. */
static void expect_round(const struct model *accounts, const struct model *live, size_t count)
{
	struct model desired CLEANUP(model_release) = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	assert_int_equal(export_manifest(accounts, live, &text, &notes) > 0, count > 0);
	assert_true(manifest_decode("export", &text, NULL, &desired, &errors));
	assert_int_equal(desired.object_count, count);
	assert_int_equal(desired.object_count + notes.count, live->object_count);
	assert_int_equal(desired.account_count, accounts->account_count);
	for (size_t i = 0; i < desired.object_count; i++) {
		const struct object *it = &desired.objects[i];
		assert_non_null(model_object(live, it->account, it->store, NULL));
	}
	for (size_t i = 0; i < desired.account_count; i++) {
		const struct account *known = model_account(accounts, desired.accounts[i].alias);
		assert_string_equal(known->id, desired.accounts[i].id);
		assert_int_equal(known->token.kind, desired.accounts[i].token.kind);
	}
}

static void every_byte_in_a_name(void **unused)
{
	(void)unused;
	for (int byte = 1; byte < 256; byte++) {
		struct model accounts CLEANUP(model_release) = {0};
		struct model live CLEANUP(model_release) = {0};
		char names[][4] = {{(char)byte}, {'a', (char)byte}, {(char)byte, 'a'}};
		bool is_fit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
			      (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-';
		size_t fit = is_fit ? 3 : byte == '.' ? 2 : 0;
		model_add_account(&accounts, "default", "acc1");
		add(&live, "default", "other", "id-0");
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			add(&live, "default", names[i], "id");
		model_sort(&live);
		if (byte == 'a') /* aa stands there twice */
			fit = 1;
		expect_round(&accounts, &live, fit + 1);
	}
}

static void words_of_yaml(void **unused)
{
	static const char *const words[] = {"true", "TRUE", "no", "Off", "y", "N", "null", "Null",
		"0", "12", "-1", "1e3", "0x1F", "0o7", "1_000", ".inf", "-.inf", ".nan",
		"2026-01-02", "-", "--", "---", "...", "-a", "_", "a", "a.b"};
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strspn(words[i], ".") < 2 && words[i][0] != '.') {
			char *id AUTO_FREE = NULL;
			struct str text = {0};
			str_format(&text, "acc%zu", i);
			id = str_steal(&text);
			model_add_account(&accounts, words[i], id);
		}
		add(&live, "a", words[i], words[i]);
	}
	model_sort(&accounts);
	model_sort(&live);
	expect_round(&accounts, &live, ARRAY_SIZE(words));
}

static void accounts_and_doubles(void **unused)
{
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct account *account = model_add_account(&accounts, "prod", "acc1");

	(void)unused;
	account->token = (struct value_source){.kind = VALUE_ENV, .name = "TOKEN"};
	model_add_account(&accounts, "dev", "acc2");
	model_sort(&accounts);
	add(&live, "prod", "both", "1");
	add(&live, "dev", "both", "2");
	add(&live, "dev", "twice", "3");
	add(&live, "dev", "twice", "4");
	add(&live, "prod", "twice", "5");
	model_sort(&live);
	expect_round(&accounts, &live, 3);
}

static void nothing_lives(void **unused)
{
	struct model accounts CLEANUP(model_release) = {0}, live = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)unused;
	model_add_account(&accounts, "default", "acc1");
	assert_int_equal(export_manifest(&accounts, &live, &text, &notes), 0);
	expect_text(str_text(&text), "stores: []");
	assert_int_equal(notes.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_in_a_name),
		cmocka_unit_test(words_of_yaml),
		cmocka_unit_test(accounts_and_doubles),
		cmocka_unit_test(nothing_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
