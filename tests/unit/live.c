#include "cloudflare/live.h"

#include "unit.h"

/* A listing whose answers are given by hand: the client only counts what is asked for. */
struct reading {
	struct client *client;
	struct credentials credentials;
	struct account account;
	struct live_account live;
	struct live_listing listing;
	struct model model;
	int tag;
};

static void list(struct reading *r, const struct object *store_or_null)
{
	live_listing_release(&r->listing);
	r->listing = (struct live_listing){
		.account = &r->live, .store = store_or_null, .model = &r->model};
	live_listing_start(&r->listing, r->client, &r->tag);
}

static int setup(void **state)
{
	struct reading *r = mem_alloc(sizeof(*r));
	struct error err = {0};

	r->client = client_new(
		&(struct client_options){
			.base_url = "http://127.0.0.1:9", .parallelism = 1, .wake_fd = -1},
		&err);
	secret_copy(&r->credentials.token, "t", 1);
	r->account = (struct account){.alias = "prod", .id = "acc1"};
	r->live = (struct live_account){&r->account, client_add_lane(r->client, &r->credentials)};
	list(r, NULL);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct reading *r = *state;

	live_listing_release(&r->listing);
	model_release(&r->model);
	client_free(r->client);
	credentials_release(&r->credentials);
	mem_free(r);
	return 0;
}

static void take(struct reading *r, int status, const char *body)
{
	struct client_answer answer = {.tag = &r->tag};
	struct str bytes CLEANUP(str_release) = {0};

	str_text_add(&bytes, body);
	cf_answer_decode(&answer.cf, &(struct cf_response){status, &bytes, "ray-1", NULL, false},
		&answer.err);
	answer.outcome = answer.cf.verdict == CF_DONE ? CLIENT_DONE : CLIENT_FAILED;
	live_listing_take(&r->listing, &answer);
	cf_answer_release(&answer.cf);
	error_release(&answer.err);
}

/* A page of stores s<from> to s<from + count - 1>, with total_pages unless it is negative. */
static void take_page(struct reading *r, size_t from, size_t count, int total_pages)
{
	struct str body CLEANUP(str_release) = {0};

	str_text_add(&body, "{\"success\":true,\"result\":[");
	for (size_t i = from; i < from + count; i++)
		str_format(&body, "%s{\"id\":\"id%zu\",\"name\":\"s%zu\",\"created\":\"c\"}",
			i == from ? "" : ",", i, i);
	str_text_add(&body, "]");
	if (total_pages >= 0)
		str_format(&body, ",\"result_info\":{\"total_pages\":%d}", total_pages);
	str_text_add(&body, "}");
	take(r, 200, str_text(&body));
}

static void expect(const struct reading *r, bool is_done, size_t pages, size_t stores)
{
	if (r->listing.err.message)
		fail_msg("%s", r->listing.err.message);
	assert_int_equal(r->listing.is_done, is_done);
	assert_int_equal(r->listing.reading.pages_sent, pages);
	assert_int_equal(
		is_done ? r->model.object_count : r->listing.reading.found.object_count, stores);
}

static void empty_list(void **state)
{
	struct reading *r = *state;

	assert_false(r->listing.is_done);
	take_page(r, 0, 0, 0);
	expect(r, true, 1, 0);
}

static void one_page(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 3, 1);
	expect(r, true, 1, 3);
	assert_string_equal(r->model.objects[2].id, "id2");
	assert_string_equal(r->model.objects[2].account, "prod");
	assert_string_equal(r->model.objects[2].created, "c");
	assert_null(r->model.objects[2].modified);
	assert_int_equal(r->model.objects[2].origin, ORIGIN_NONE);
}

/* All others at once, and their answers in any order. */
static void several_pages(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, 4);
	expect(r, false, 4, 100);
	take_page(r, 300, 5, 4);
	take_page(r, 100, 100, 4);
	expect(r, false, 4, 205);
	take_page(r, 200, 100, 4);
	expect(r, true, 4, 305);
}

static void without_page_count(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, -1);
	expect(r, false, 2, 100);
	take_page(r, 100, 100, -1);
	expect(r, false, 3, 200);
	take_page(r, 200, 99, -1);
	expect(r, true, 3, 299);
}

/* A store that moved from one page to the next while we read counts once, in a second reading. */
static void one_id_on_two_pages(void **state)
{
	struct reading *r = *state;

	for (size_t readings = 1; readings <= 2; readings++) {
		take_page(r, 0, 100, 2);
		assert_int_equal(r->listing.readings, readings);
		take_page(r, 99, 3, 2);
	}
	expect(r, true, 2, 102);
}

/* Two stores of one name are two: the planner has to see both. */
static void one_name_twice(void **state)
{
	struct reading *r = *state;

	take(r, 200,
		"{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"n\"},"
		"{\"id\":\"b\",\"name\":\"n\"}],\"result_info\":{\"total_count\":2}}");
	expect(r, true, 1, 2);
}

/* More pages while we read: somebody makes stores. */
static void list_grows(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, 2);
	take_page(r, 100, 100, 3);
	expect(r, false, 3, 200);
	take_page(r, 200, 1, 3);
	expect(r, true, 3, 201);
}

static void page_count_lies(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 1, LIVE_PAGE_LIMIT + 1);
	assert_true(r->listing.is_done);
	assert_int_equal(r->listing.reading.pages_sent, 1);
	expect_text(r->listing.err.message, "claims to have 10001 pages");
}

static void list_that_never_ends(void **state)
{
	struct reading *r = *state;

	for (size_t i = 0; i < LIVE_PAGE_LIMIT; i++) {
		assert_false(r->listing.is_done);
		take_page(r, i, 1, -1);
	}
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "never ends");
	assert_int_equal(r->model.object_count, 0);
}

/* ---- lists that change while they are read, or lie ---- */

/* A page of stores s<from> to s<from + count - 1>, with this result_info. */
static void take_told(struct reading *r, size_t from, size_t count, const char *info)
{
	struct str body CLEANUP(str_release) = {0};

	str_text_add(&body, "{\"success\":true,\"result\":[");
	for (size_t i = from; i < from + count; i++)
		str_format(&body, "%s{\"id\":\"id%zu\",\"name\":\"s%zu\"}", i == from ? "" : ",", i,
			i);
	str_format(&body, "],\"result_info\":{%s}}", info);
	take(r, 200, str_text(&body));
}

static void is_read_again(const struct reading *r, size_t readings)
{
	assert_false(r->listing.is_done);
	assert_int_equal(r->listing.readings, readings);
	expect(r, false, 1, 0);
}

/* fault A27: a page that repeats */
static void page_repeats_for_ever(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, -1);
	assert_false(r->listing.is_done);
	take_page(r, 0, 100, -1);
	is_read_again(r, 2);
	take_page(r, 0, 100, -1);
	take_page(r, 0, 100, -1);
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "repeats itself");
	assert_int_equal(r->model.object_count, 0);
}

/* fault A26: somebody deleted s5 between two pages, and s100 was on neither */
static void pages_that_shift(void **state)
{
	struct reading *r = *state;

	take_told(r, 0, 100, "\"total_pages\":2,\"total_count\":150");
	take_told(r, 101, 49, "\"total_pages\":2,\"total_count\":149");
	expect(r, false, 3, 149); /* is there a third page? */
	take_told(r, 0, 0, "\"total_pages\":2,\"total_count\":149");
	is_read_again(r, 2);
	take_told(r, 6, 100, "\"total_pages\":2,\"total_count\":144");
	take_told(r, 106, 44, "\"total_pages\":2,\"total_count\":144");
	expect(r, true, 2, 144);
	assert_string_equal(r->model.objects[94].store, "s100");
}

/* A count says that nothing is missing, but one is listed twice: the list moved meanwhile. */
static void one_id_twice_among_the_counted(void **state)
{
	static const char info[] = "\"total_pages\":2,\"total_count\":102";
	struct reading *r = *state;

	take_told(r, 0, 100, info);
	take_told(r, 99, 3, info);
	is_read_again(r, 2);
	take_told(r, 0, 100, info);
	take_told(r, 100, 2, info);
	expect(r, true, 2, 102);
}

/* fault A26: without totals, a page in the middle that is not full */
static void page_in_the_middle_is_short(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, 3);
	take_page(r, 200, 60, 3);
	take_page(r, 101, 99, 3);
	is_read_again(r, 2);
}

/* Somebody made stores between two pages: they are at the end, and nothing was missed. */
static void list_that_only_grows(void **state)
{
	struct reading *r = *state;

	take_told(r, 0, 100, "\"total_pages\":2,\"total_count\":150");
	take_told(r, 100, 53, "\"total_pages\":2,\"total_count\":153");
	expect(r, true, 2, 153);
}

/* fault A26: pages that never agree are no list */
static void pages_that_never_agree(void **state)
{
	struct reading *r = *state;

	for (size_t i = 0; i < LISTING_READINGS; i++) {
		assert_false(r->listing.is_done);
		assert_int_equal(r->listing.readings, i + 1);
		take_told(r, i, 100, "\"total_pages\":2,\"total_count\":150");
		take_told(r, 101 + i, 49, "\"total_pages\":2,\"total_count\":149");
		take_told(r, 0, 0, "\"total_pages\":2,\"total_count\":149");
	}
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "changed each of the 4 times");
	assert_int_equal(r->model.object_count, 0);
}

/* fault A7: a count above what is listed is looked at once more, and believed no further */
static void count_is_a_hint(void **state)
{
	static const char info[] = "\"total_pages\":1,\"total_count\":4";
	struct reading *r = *state;

	take_told(r, 0, 3, info);
	expect(r, false, 2, 3);
	take_told(r, 0, 0, info);
	is_read_again(r, 2);
	take_told(r, 0, 3, info);
	take_told(r, 0, 0, info);
	expect(r, true, 2, 3);
}

/* fault A27: the server gives 50 a page, whatever it is asked for */
static void capped_pages(void **state)
{
	static const char *const infos[] = {"\"per_page\":50", "\"page\":1",
		"\"per_page\":50,\"total_count\":120", "\"total_count\":120",
		"\"per_page\":100,\"total_count\":120"};

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		struct reading *r = *state;
		take_told(r, 0, 50, infos[i]);
		take_told(r, 50, 50, infos[i]);
		take_told(r, 100, 20, infos[i]);
		expect(r, true, 3, 120);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

/* fault A27: a full number of pages, and nothing says so */
static void capped_pages_to_the_end(void **state)
{
	struct reading *r = *state;

	take_told(r, 0, 50, "\"page\":1");
	take_told(r, 50, 50, "\"page\":2");
	expect(r, false, 3, 100);
	take_told(r, 0, 0, "\"page\":3");
	expect(r, true, 3, 100);
}

/* fault A27: more is counted than the pages can hold */
static void too_few_pages(void **state)
{
	struct reading *r = *state;

	take_told(r, 0, 100, "\"total_pages\":1,\"total_count\":150");
	expect(r, false, 2, 100);
	take_told(r, 100, 50, "\"total_pages\":1,\"total_count\":150");
	expect(r, true, 2, 150);
}

/* What says nothing of pages, and answers every one with the same, has one. */
static void server_without_pages(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 3, -1);
	expect(r, false, 2, 3);
	take_page(r, 0, 3, -1);
	expect(r, true, 2, 3);
}

static const char one_id_two_names[] = "{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"x\"}"
				       ",{\"id\":\"a\",\"name\":\"y\"}],"
				       "\"result_info\":{\"total_pages\":1,\"total_count\":2}}";
static const char no_more[] = "{\"success\":true,\"result\":[],"
			      "\"result_info\":{\"total_pages\":1,\"total_count\":2}}";

/* fault A28: one id with two names is read once more, then it is an error */
static void one_id_for_two(void **state)
{
	struct reading *r = *state;

	take(r, 200, one_id_two_names);
	take(r, 200, no_more);
	is_read_again(r, 2);
	take(r, 200, one_id_two_names);
	take(r, 200, no_more);
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "the same id for two stores");
}

/* fault A13: the answer is about another account */
static void another_account(void **state)
{
	struct reading *r = *state;

	take(r, 200,
		"{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"x\",\"account_id\":"
		"\"ACC1\"},"
		"{\"id\":\"b\",\"name\":\"y\",\"account_id\":\"acc2\"}]}");
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "store b, which is in the account acc2, not in acc1");
}

static void wrong_results(void **state)
{
	static const char *const bodies[] = {
		"{\"success\":true}",
		"{\"success\":true,\"result\":null}",
		"{\"success\":true,\"result\":{}}",
		"{\"success\":true,\"result\":\"x\"}",
		"{\"success\":true,\"result\":[null]}",
		"{\"success\":true,\"result\":[[]]}",
		"{\"success\":true,\"result\":[{\"id\":7,\"name\":\"n\"}]}",
		"{\"success\":true,\"result\":[{\"id\":\"../x\",\"name\":\"n\"}]}",
		"{\"success\":true,\"result\":[{\"id\":\"a\"}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct reading *r = *state;
		take(r, 200, bodies[i]);
		expect_text(r->listing.err.message, "Cloudflare");
		assert_true(r->listing.is_done);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

/* The first error counts, and the pages that are still on their way are waited for. */
static void failed_page(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, 4);
	take(r, 401, "{\"success\":false,\"errors\":[{\"code\":1000,\"message\":\"bad token\"}]}");
	assert_false(r->listing.is_done);
	take(r, 500, "");
	take_page(r, 100, 100, 9);
	assert_true(r->listing.is_done);
	assert_int_equal(r->listing.reading.pages_sent, 4);
	expect_text(r->listing.err.message, "bad token");
	expect_text(r->listing.err.hint, "not expired");
}

/* ---- inside a store ---- */

static const struct object store = {.account = "prod", .store = "keys", .id = "st1"};

static void secrets_in_a_store(void **state)
{
	struct reading *r = *state;

	list(r, &store);
	take(r, 200,
		"{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"TOKEN\"},"
		"{\"id\":\"b\",\"name\":\"OLD\",\"status\":\"deleted\"},"
		"{\"id\":\"c\",\"name\":\"KEY\",\"status\":\"pending\"}],"
		"\"result_info\":{\"total_pages\":1,\"total_count\":3}}");
	expect(r, true, 1, 2);
	assert_string_equal(r->model.objects[0].secret, "TOKEN");
	assert_string_equal(r->model.objects[0].store, "keys");
	assert_string_equal(r->model.objects[0].account, "prod");
	assert_int_equal(r->model.objects[0].kind, OBJECT_SECRET);
	assert_string_equal(r->model.objects[1].secret, "KEY");
}

static void pages_in_a_store(void **state)
{
	struct reading *r = *state;

	list(r, &store);
	take_page(r, 0, 100, 2);
	expect(r, false, 2, 100);
	take_page(r, 100, 7, 2);
	expect(r, true, 2, 107);
	assert_string_equal(r->model.objects[106].secret, "s106");
}

/* fault A13: the answer is about another store */
static void another_store(void **state)
{
	struct reading *r = *state;

	list(r, &store);
	take(r, 200,
		"{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"x\",\"store_id\":\"st2\"}],"
		"\"result_info\":{\"total_pages\":1,\"total_count\":1}}");
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "secret a, which is in the store st2, not in st1");
}

/* Gone between two lists, or between two pages: nothing more is in it. */
static void store_is_gone(void **state)
{
	static const char gone[] = "{\"success\":false,\"errors\":[{\"code\":1001,"
				   "\"message\":\"store_not_found\"}]}";
	struct reading *r = *state;

	list(r, &store);
	take(r, 404, gone);
	expect(r, true, 1, 0);
	list(r, &store);
	take_page(r, 0, 100, 2);
	take(r, 404, gone);
	expect(r, true, 2, 100);
	/* Of an account's list it would be an error. */
	list(r, NULL);
	take(r, 404, gone);
	expect_text(r->listing.err.message, "store_not_found");
}

static void failed_in_a_store(void **state)
{
	struct reading *r = *state;

	list(r, &store);
	take(r, 403,
		"{\"success\":false,\"errors\":[{\"code\":10000,\"message\":\"Authentication "
		"error\"}]}");
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "Authentication error");
	assert_int_equal(r->model.object_count, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_list),
		TEST(one_page),
		TEST(several_pages),
		TEST(without_page_count),
		TEST(one_id_on_two_pages),
		TEST(one_id_twice_among_the_counted),
		TEST(one_name_twice),
		TEST(list_grows),
		TEST(page_count_lies),
		TEST(list_that_never_ends),
		TEST(page_repeats_for_ever),
		TEST(pages_that_shift),
		TEST(page_in_the_middle_is_short),
		TEST(list_that_only_grows),
		TEST(pages_that_never_agree),
		TEST(count_is_a_hint),
		TEST(capped_pages),
		TEST(capped_pages_to_the_end),
		TEST(too_few_pages),
		TEST(server_without_pages),
		TEST(one_id_for_two),
		TEST(another_account),
		TEST(wrong_results),
		TEST(failed_page),
		TEST(secrets_in_a_store),
		TEST(pages_in_a_store),
		TEST(another_store),
		TEST(failed_in_a_store),
		TEST(store_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
