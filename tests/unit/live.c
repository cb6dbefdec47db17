#include "live/live.h"

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
	live_listing_start(&r->listing, &r->live, &r->model, r->client, &r->tag);
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
	free(r);
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
	live_listing_take(&r->listing, &answer, r->client, &r->tag);
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
	assert_int_equal(r->listing.pages_sent, pages);
	assert_int_equal(r->model.object_count, stores);
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

/* A store that moved from one page to the next while we read counts once. */
static void one_id_on_two_pages(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, 2);
	take_page(r, 99, 3, 2);
	expect(r, true, 2, 102);
}

/* Two stores of one name are two: the planner has to see both. */
static void one_name_twice(void **state)
{
	struct reading *r = *state;

	take(r, 200,
		"{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"n\"},"
		"{\"id\":\"b\",\"name\":\"n\"}]}");
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
	assert_int_equal(r->listing.pages_sent, 1);
	expect_text(r->listing.err.message, "claims to have 10001 pages");
}

static void page_repeats_for_ever(void **state)
{
	struct reading *r = *state;

	take_page(r, 0, 100, -1);
	assert_false(r->listing.is_done);
	take_page(r, 0, 100, -1);
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "repeats itself");
	assert_int_equal(r->listing.pages_sent, 2);
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
		expect_text(r->listing.err.message, "Cloudflare's answer");
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
	assert_int_equal(r->listing.pages_sent, 4);
	expect_text(r->listing.err.message, "bad token");
	expect_text(r->listing.err.hint, "not expired");
}

/* ---- inside a store ---- */

static const struct object store = {.account = "prod", .store = "keys", .id = "st1"};

static void list_inside(struct reading *r)
{
	live_listing_release(&r->listing);
	r->listing = (struct live_listing){.account = &r->live, .model = &r->model};
	live_listing_start_inside(&r->listing, &store, r->client, &r->tag);
}

static void secrets_in_a_store(void **state)
{
	struct reading *r = *state;

	list_inside(r);
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

	list_inside(r);
	take_page(r, 0, 100, 2);
	expect(r, false, 2, 100);
	take_page(r, 100, 7, 2);
	expect(r, true, 2, 107);
	assert_string_equal(r->model.objects[106].secret, "s106");
}

/* What a short list hides would be destroyed without a word. */
static void short_list_in_a_store(void **state)
{
	struct reading *r = *state;

	list_inside(r);
	take(r, 200,
		"{\"success\":true,\"result\":[{\"id\":\"a\",\"name\":\"TOKEN\"}],"
		"\"result_info\":{\"total_pages\":1,\"total_count\":2}}");
	assert_true(r->listing.is_done);
	expect_text(r->listing.err.message, "has 1 secrets and says that there are 2");
}

/* Gone between two lists, or between two pages: nothing more is in it. */
static void store_is_gone(void **state)
{
	static const char gone[] = "{\"success\":false,\"errors\":[{\"code\":1001,"
				   "\"message\":\"store_not_found\"}]}";
	struct reading *r = *state;

	list_inside(r);
	take(r, 404, gone);
	expect(r, true, 1, 0);
	list_inside(r);
	take_page(r, 0, 100, 2);
	take(r, 404, gone);
	expect(r, true, 2, 100);
	/* Of an account's list it would be an error. */
	live_listing_release(&r->listing);
	live_listing_start(&r->listing, &r->live, &r->model, r->client, &r->tag);
	take(r, 404, gone);
	expect_text(r->listing.err.message, "store_not_found");
}

static void failed_in_a_store(void **state)
{
	struct reading *r = *state;

	list_inside(r);
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
		TEST(one_name_twice),
		TEST(list_grows),
		TEST(page_count_lies),
		TEST(page_repeats_for_ever),
		TEST(wrong_results),
		TEST(failed_page),
		TEST(secrets_in_a_store),
		TEST(pages_in_a_store),
		TEST(short_list_in_a_store),
		TEST(failed_in_a_store),
		TEST(store_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
