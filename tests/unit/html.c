#include "../../cmd/cfprov/html.h"

#include "unit.h"

static const struct value_source from_env = {.kind = VALUE_ENV, .name = "DB"};
static const struct value_source from_file = {.kind = VALUE_FILE, .name = "a\"b<c>'&##"};

/* ---- a plan of two accounts, and what becomes of it ---- */

struct page {
	struct plan plan;
	struct model accounts;
	struct plan_options options;
	struct plan_view view;
	struct str text;
};

static void page_release(struct page *page)
{
	plan_release(&page->plan);
	model_release(&page->accounts);
	str_release(&page->text);
}

static void page_init(struct page *page)
{
	*page = (struct page){0};
	page->view = (struct plan_view){
		.plan = &page->plan, .accounts = &page->accounts, .options = &page->options};
	struct account *one = model_add_account(&page->accounts, "one", "id-of-one");
	one->token = (struct value_source){.kind = VALUE_ENV, .name = "T"};
	model_add_account(&page->accounts, "two", "id-of-two");
}

static void add(struct page *page, struct row row)
{
	*plan_add(&page->plan) = row;
}

/* Lends the page. */
static const char *render(struct page *page)
{
	plan_count(&page->plan);
	str_clear(&page->text);
	html_add_plan(&page->text, &page->view);
	return str_text(&page->text);
}

static size_t count(const char *text, const char *part)
{
	size_t times = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		times++;
	return times;
}

/* The parts are there, in this order. */
static void expect_order(const char *text, const char *const *parts)
{
	for (; *parts; parts++) {
		const char *found = strstr(text, *parts);
		if (!found)
			fail_msg("\"%s\" is missing, or not in its place: %s", *parts, text);
		text = found ? found + strlen(*parts) : "";
	}
}

static struct object secret(const char *account, const char *name)
{
	return (struct object){.kind = OBJECT_SECRET,
		.account = account,
		.store = "s",
		.secret = name,
		.id = "id",
		.scopes = "workers",
		.version = 1};
}

/* ---- tests ---- */

static void losses_come_first_then_accounts(void **state)
{
	struct object created = secret("one", "NEW"), gone = secret("two", "OLD");
	struct object live = secret("two", "THEIRS"), adopted = live,
		      updated = secret("two", "OWN");
	struct page page CLEANUP(page_release);

	(void)state;
	page_init(&page);
	created.value = adopted.value = updated.value = &from_env;
	add(&page, (struct row){.desired = &created, .action = ACTION_CREATE});
	add(&page, (struct row){.recorded = &gone,
			   .live = &gone,
			   .action = ACTION_DESTROY,
			   .reason = "because it is not in the manifest"});
	add(&page, (struct row){.desired = &updated,
			   .recorded = &updated,
			   .live = &updated,
			   .action = ACTION_UPDATE,
			   .writes = FIELD_VALUE,
			   .reason = "changed at its source"});
	add(&page, (struct row){.desired = &adopted,
			   .live = &live,
			   .action = ACTION_ADOPT,
			   .writes = FIELD_VALUE});
	expect_order(render(&page),
		(const char *const[]){
			"<h1>Plan: 1 to import, 1 to add, 2 to change, 1 to destroy.</h1>",
			"one</a> <span class=\"dim\"><code>id-of-one</code>, token from env T",
			"two</a> <span class=\"dim\"><code>id-of-two</code></span>",
			"<h2>Destroys</h2> <small>1</small>", "-   destroy", "two/s/OLD",
			"because it is not in the manifest",
			"<h2>Overwrites values that cfprov did not write</h2> <small>1</small>",
			"=   adopt", "two/s/THEIRS", "(id id)", "<dt>value</dt>",
			"(sensitive) from env DB, replaces the existing value",
			"<h2>Account one</h2> <small>1 to add</small>", "id=\"account-1\"",
			"+   create", "one/s/NEW",
			"<h2>Account two</h2> <small>1 to change</small>", "~   update",
			"two/s/OWN", "changed at its source", "</html>\n", NULL});
	/* What destroys or overwrites is told once. */
	assert_int_equal(count(page.text.bytes, "two/s/OLD"), 1);
	assert_int_equal(count(page.text.bytes, "two/s/THEIRS"), 1);
	assert_int_equal(count(page.text.bytes, "<details open>"), 4);
}

static void hostile_text_is_text(void **state)
{
	struct object created = secret("one", "<script>alert(1)</script>\"'&\xe2\x80\xae##");
	struct object other = secret("one", "\xd7\x90\xd7\x91");
	struct page page CLEANUP(page_release);

	(void)state;
	page_init(&page);
	created.value = other.value = &from_file;
	created.comment = "</dd><img src=x onerror=alert(1)>";
	add(&page, (struct row){.desired = &created, .action = ACTION_CREATE});
	add(&page, (struct row){.desired = &other, .action = ACTION_CREATE});
	plan_add_warning(&page.plan, "<b>%s", "\x1b[31m");
	const char *text = render(&page);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "<b>"));
	assert_null(strstr(text, "##"));
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	expect_text(
		text, "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;\\u202e&#35;&#35;");
	expect_text(text, "from file a&#34;b&#60;c&#62;&#39;&#38;&#35;&#35;");
	expect_text(text, "&#60;/dd&#62;&#60;img src=x onerror=alert(1)&#62;");
	expect_text(text, "<p class=\"note\">&#60;b&#62;\\x1b[31m</p>");
	/* Its parts stay in order, whatever way they are written. */
	expect_text(text, "<code>one/s/<bdi>\xd7\x90\xd7\x91</bdi></code>");
}

static void long_lists_are_folded_unless_they_destroy(void **state)
{
	enum { MANY = 101 };
	struct object created[MANY], gone[MANY];
	char names[MANY][8];
	struct page page CLEANUP(page_release);

	(void)state;
	page_init(&page);
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "N%03zu", i);
		created[i] = secret("one", names[i]);
		gone[i] = secret("two", names[i]);
		add(&page, (struct row){.desired = &created[i], .action = ACTION_CREATE});
	}
	page.plan.row_count--;
	assert_int_equal(count(render(&page), "<details open>"), 1);
	page.plan.row_count++;
	assert_int_equal(count(render(&page), "<details open>"), 0);
	assert_int_equal(count(str_text(&page.text), "<details>"), 1);
	assert_int_equal(count(str_text(&page.text), "+   create"), MANY);
	for (size_t i = 0; i < MANY; i++)
		add(&page,
			(struct row){
				.recorded = &gone[i], .live = &gone[i], .action = ACTION_DESTROY});
	expect_order(render(&page), (const char *const[]){"<details open>", "Destroys", "<details>",
					    "Account one", NULL});
	assert_int_equal(count(str_text(&page.text), "-   destroy"), MANY);
}

static void notes_and_unmanaged_secrets_are_told(void **state)
{
	const char *unread[] = {"three"};
	const struct cli_texts aliases = {unread, 1};
	struct object store = {.account = "one", .store = "s", .id = "id"};
	struct object theirs = secret("one", "THEIRS");
	struct page page CLEANUP(page_release);

	(void)state;
	page_init(&page);
	page.view.has_failed = page.view.is_partial = true;
	page.view.unread = &aliases;
	add(&page, (struct row){.recorded = &store,
			   .live = &store,
			   .action = ACTION_DESTROY,
			   .unmanaged = &theirs,
			   .unmanaged_count = 1});
	page.plan.managed = 1;
	expect_order(render(&page),
		(const char *const[]){"<p class=\"note refusal\">",
			"will fail: refusing to destroy",
			"To proceed, pass <code>-allow-store-destroy</code>.</p>",
			"Partial plan: account <code>three</code> could not be read",
			"Partial plan: <code>-account</code>, <code>-target</code> or <code>-exc",
			"<p>Account one <span class=\"dim\"><code>id-of-one</code>", "Destroys",
			"also destroys, not managed by cfprov: one/s/THEIRS", NULL});
	assert_null(strstr(str_text(&page.text), "<table>"));
	assert_null(strchr(str_text(&page.text), '`'));
}

static void a_page_without_changes(void **state)
{
	struct page page CLEANUP(page_release);

	(void)state;
	page_init(&page);
	expect_order(render(&page),
		(const char *const[]){"<!DOCTYPE html>", "default-src &#39;none&#39;",
			"<h1>No changes. Your infrastructure matches the "
			"configuration.</h1>\n</main>",
			NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_come_first_then_accounts),
		cmocka_unit_test(hostile_text_is_text),
		cmocka_unit_test(long_lists_are_folded_unless_they_destroy),
		cmocka_unit_test(notes_and_unmanaged_secrets_are_told),
		cmocka_unit_test(a_page_without_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
