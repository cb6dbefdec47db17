#include "manifest/export.h"

#include "manifest/manifest.h"
#include "unit.h"

static void add(struct model *to, const char *account, const char *store, const char *id)
{
	model_add_object(to, account, store, NULL)->id = arena_text(&to->arena, id);
}

static void add_secret(
	struct model *to, const char *address, const char *scopes, const char *comment)
{
	char parts[3][512] = {"", "", ""};

	assert_int_equal(
		sscanf(address, "%511[^/]/%511[^/]/%511[^\n]", parts[0], parts[1], parts[2]), 3);
	struct object *secret = model_add_object(to, parts[0], parts[1], parts[2]);
	secret->id = arena_text(&to->arena, "id");
	secret->scopes = scopes ? arena_text(&to->arena, scopes) : NULL;
	secret->comment = comment ? arena_text(&to->arena, comment) : NULL;
}

static void expect_same_secret(const struct object *it, const struct object *was)
{
	assert_string_equal(it->scopes, was->scopes ? was->scopes : "workers");
	if (!was->comment || !*was->comment)
		assert_null(it->comment);
	else
		assert_string_equal(it->comment, was->comment);
	assert_true(it->is_written_once);
	assert_int_equal(it->value->kind, VALUE_ENV);
}

/* What is written is read again as the very stores and secrets that were written. */
static void expect_round(const struct model *accounts, const struct model *live, size_t count)
{
	struct model desired CLEANUP(model_release) = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	assert_int_equal(export_manifest(&(struct export_input){accounts, live, NULL, false}, &text,
				 &notes) > 0,
		count > 0);
	assert_true(manifest_decode("export", &text, NULL, &desired, &errors));
	assert_int_equal(desired.object_count, count);
	assert_int_equal(desired.object_count + notes.count, live->object_count);
	assert_int_equal(desired.account_count, accounts->account_count);
	for (size_t i = 0; i < desired.object_count; i++) {
		const struct object *it = &desired.objects[i];
		const struct object *was = model_object(live, it->account, it->store, it->secret);
		assert_non_null(was);
		if (it->kind == OBJECT_SECRET)
			expect_same_secret(it, was);
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
	assert_int_equal(export_manifest(&(struct export_input){&accounts, &live, NULL, false},
				 &text, &notes),
		0);
	expect_text(str_text(&text), "stores: []");
	assert_int_equal(notes.count, 0);
}

/* ---- secrets ---- */

static void as_it_is_written(void **unused)
{
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)unused;
	model_add_account(&accounts, "default", "acc1");
	add(&live, "default", "bare", "1");
	add(&live, "default", "keys", "2");
	add_secret(&live, "default/keys/db-password", "workers", "the \"first\" ${ONE}");
	add_secret(&live, "default/keys/2fa", "ai_gateway,workers", NULL);
	add_secret(&live, "default/keys/no", NULL, "");
	model_sort(&live);
	assert_int_equal(export_manifest(&(struct export_input){&accounts, &live, NULL, false},
				 &text, &notes),
		2);
	assert_string_equal(str_text(&text),
		"# Cloudflare Secrets Store, exported by cfprov.\n"
		"# To manage these objects, run cfprov apply -adopt.\n"
		"#\n"
		"# Cloudflare never returns values. `update: if_absent` keeps the existing ones. "
		"Before you\n"
		"# remove it, replace `value` with the source of the right one.\n\n"
		"account_id: acc1\n\n"
		"stores:\n"
		"  - bare\n"
		"  - name: keys\n"
		"    secrets:\n"
		"      - name: \"2fa\"\n"
		"        scopes: [ai_gateway, workers]\n"
		"        value: {env: _2FA}\n"
		"        update: if_absent\n"
		"      - name: db-password\n"
		"        comment: \"the \\\"first\\\" $${ONE}\"\n"
		"        value: {env: DB_PASSWORD}\n"
		"        update: if_absent\n"
		"      - name: \"no\"\n"
		"        value: {env: \"NO\"}\n"
		"        update: if_absent\n");
	expect_round(&accounts, &live, 5);
}

static void comments(void **unused)
{
	static const char *const texts[] = {"$", "$$", "${A}", "$${A:-b}", "$A", "a$", "\"", "'",
		"\\", "\\n", "a: b", "- a", "# a", " a", "a ", "{a}", "[a", "*a", "&a", "!a", "%a",
		"@a", "`a`", "|", ">", "~", "null", "true", "7",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "a\xe2\x80\xa8z", "a\xe2\x80\xaez",
		"\xef\xbb\xbfz", "\xef\xbf\xbd", "\xc2\xa0", "\xe2\x80\x8b"};
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)unused;
	model_add_account(&accounts, "default", "acc1");
	add(&live, "default", "s", "1");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		str_clear(&text);
		str_format(&text, "default/s/S%zu", i);
		add_secret(&live, str_text(&text), "dex", texts[i]);
	}
	str_clear(&text);
	str_repeat(&text, 'x', 5000);
	str_repeat(&text, ' ', 5000);
	add_secret(&live, "default/s/long", "dex", str_text(&text));
	model_sort(&live);
	expect_round(&accounts, &live, ARRAY_SIZE(texts) + 2);
}

static void every_byte_in_a_secret(void **unused)
{
	(void)unused;
	for (int byte = 1; byte < 128; byte++) {
		struct model accounts CLEANUP(model_release) = {0};
		struct model live CLEANUP(model_release) = {0};
		struct str address CLEANUP(str_release) = {0};
		char text[] = {(char)byte, '\0'};
		bool is_fit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
			      (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-';
		bool is_scope = is_fit || byte == '.' || byte == ':';
		bool is_visible = byte >= 0x20 && byte < 0x7f;
		model_add_account(&accounts, "default", "acc1");
		add(&live, "default", "s", "1");
		str_format(&address, "default/s/%s", text);
		if (byte != '\n' && byte != '/')
			add_secret(&live, str_text(&address), "dex", "a");
		add_secret(&live, "default/s/comment", "dex", text);
		if (byte != ',')
			add_secret(&live, "default/s/scope", text, NULL);
		model_sort(&live);
		expect_round(&accounts, &live, 1U + is_fit + is_visible + is_scope);
	}
}

static void what_is_left_out(void **unused)
{
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)unused;
	model_add_account(&accounts, "default", "acc1");
	add(&live, "default", "fine", "1");
	add(&live, "default", "twice", "2");
	add(&live, "default", "twice", "3");
	add_secret(&live, "default/twice/A", "dex", NULL); /* needs no word of its own */
	add_secret(&live, "default/fine/a.b", "dex", NULL);
	add_secret(&live, "default/fine/C", "dex", "a\nb\x1b");
	add_secret(&live, "default/fine/D", "dex", "\xef\xbf\xbe");
	add_secret(&live, "default/fine/E", "dex,x y", NULL);
	add_secret(&live, "default/fine/F", "dex", NULL);
	add_secret(&live, "default/fine/F", "dex", NULL);
	add_secret(&live, "default/fine/G", "", NULL);
	model_sort(&live);
	assert_int_equal(export_manifest(&(struct export_input){&accounts, &live, NULL, false},
				 &text, &notes),
		1);
	assert_int_equal(notes.count, 8);
	expect_text(notes.items[0].message,
		"secret \"C\" in default/fine (id id) can't be written to a "
		"manifest: invalid comment: `\\x0a`");
	expect_text(notes.items[2].message, "invalid scope: ` `");
	expect_text(notes.items[3].message, "several secrets have this name");
	expect_text(str_text(&text),
		"# Skipped: secret \"a.b\" in default/fine (id id): `.` (character 2)");
	expect_text(str_text(&text), "- name: G\n        value");
	expect_no_text(str_text(&text), "\x1b");
	expect_no_text(str_text(&text), "name: A");
}

/* What differs between accounts stands by itself, each for its accounts. */
static void secrets_of_several_accounts(void **unused)
{
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)unused;
	for (int i = 0; i < 3; i++) {
		char alias[] = {(char)('a' + i), '\0'}, address[16];
		model_add_account(&accounts, alias, alias);
		add(&live, alias, "all", "1");
		add(&live, alias, "s", "2");
		snprintf(address, sizeof(address), "%s/s/X", alias);
		add_secret(&live, address, i == 1 ? "dex" : "workers", NULL);
		snprintf(address, sizeof(address), "%s/all/Z", alias);
		add_secret(&live, address, "dex", NULL);
	}
	model_sort(&accounts);
	model_sort(&live);
	assert_int_equal(export_manifest(&(struct export_input){&accounts, &live, NULL, false},
				 &text, &notes),
		6);
	expect_text(str_text(&text), "  - name: all\n    secrets:\n      - name: Z\n");
	expect_text(str_text(&text),
		"  - name: s\n    accounts: [b]\n    secrets:\n      - name: X\n"
		"        scopes: [dex]\n");
	expect_text(str_text(&text), "  - name: s\n    accounts: [a, c]\n    secrets:\n");
	expect_round(&accounts, &live, 12);
}

static void tokens(void **unused)
{
	static const char *const argv[] = {"pass", "a \"$b", "", NULL};
	static const struct value_source sources[] = {
		{.kind = VALUE_ENV, .name = "TOKEN", .pointer = "/a~1"},
		{.kind = VALUE_FILE, .name = "/a b", .keeps_last_newline = true},
		{.kind = VALUE_DOTENV, .name = "/.env", .key = "no"},
		{.kind = VALUE_COMMAND, .argv = argv},
	};
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		char alias[] = {(char)('a' + i), '\0'};
		model_add_account(&accounts, alias, alias)->token = sources[i];
	}
	add(&live, "a", "s", "1");
	assert_int_equal(export_manifest(&(struct export_input){&accounts, &live, NULL, false},
				 &text, &notes),
		1);
	expect_text(str_text(&text), "api_token: {env: TOKEN, json: \"/a~1\"}\n");
	expect_text(str_text(&text), "api_token: {file: \"/a b\", trim: false}\n");
	expect_text(str_text(&text), "api_token: {dotenv: /.env, key: \"no\"}\n");
	expect_text(str_text(&text), "api_token: {command: [\"pass\", \"a \\\"$b\", \"\"]}\n");
	expect_round(&accounts, &live, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_in_a_name),
		cmocka_unit_test(words_of_yaml),
		cmocka_unit_test(accounts_and_doubles),
		cmocka_unit_test(nothing_lives),
		cmocka_unit_test(as_it_is_written),
		cmocka_unit_test(comments),
		cmocka_unit_test(every_byte_in_a_secret),
		cmocka_unit_test(what_is_left_out),
		cmocka_unit_test(secrets_of_several_accounts),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
