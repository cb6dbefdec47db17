#include "../../cmd/cfprov/status.h"

#include "unit.h"

typedef void add_words(struct str *out, const struct status *status);

static void says(add_words *words, const struct status *status, const char *wanted)
{
	struct str text CLEANUP(str_release) = {0};

	words(&text, status);
	assert_string_equal(str_text(&text), wanted);
}

static void reading(void **state)
{
	struct status it = {.phase = STATUS_READING, .account = "prod", .accounts = 1};

	(void)state;
	says(status_add_start, &it, "Reading account prod...");
	it.elapsed_ms = 3999;
	says(status_add_line, &it, "Reading account prod... [3s elapsed]");
	it.accounts = 12;
	says(status_add_start, &it, "Reading 12 accounts...");
	it.elapsed_ms = 70001;
	says(status_add_line, &it, "Reading 12 accounts... [1m10s elapsed]");
	says(status_add_still, &it, "Still reading... [1m10s elapsed]");
	it.wait_ms = 19001;
	says(status_add_line, &it, "Reading 12 accounts... [next request in 20s]");
}

static void confirming(void **state)
{
	struct status it = {.phase = STATUS_CONFIRMING, .elapsed_ms = 10000};

	(void)state;
	says(status_add_start, &it, "");
	says(status_add_line, &it, "Waiting for Cloudflare to confirm... [10s elapsed]");
	says(status_add_still, &it, "Still waiting for Cloudflare to confirm... [10s elapsed]");
	it.most_ms = 29001;
	says(status_add_line, &it, "Waiting for Cloudflare to confirm... [10s of 30s]");
}

static void applying(void **state)
{
	struct status it = {.phase = STATUS_APPLYING,
		.counts = {.under_way = 10, .left = 990},
		.elapsed_ms = 9000};

	(void)state;
	says(status_add_start, &it, "");
	/* Without results nobody can tell how long it takes, nor at once. */
	says(status_add_line, &it, "0 of 1000 done, 10 in progress [9s elapsed]");
	it.counts = (struct event_progress){.done = 200, .under_way = 10, .left = 790};
	says(status_add_line, &it, "200 of 1000 done, 10 in progress [9s elapsed, about 40s left]");
	it.elapsed_ms = 2000;
	says(status_add_line, &it, "200 of 1000 done, 10 in progress [2s elapsed]");
	it.elapsed_ms = 20000;
	it.counts = (struct event_progress){.done = 300, .under_way = 10, .left = 690};
	says(status_add_still, &it,
		"Still working... 10 in progress, 300 of 1000 done [20s elapsed]");
	it.wait_ms = 500;
	says(status_add_line, &it, "300 of 1000 done, 10 in progress [next request in 1s]");
}

static void failures(void **state)
{
	struct status it = {.phase = STATUS_APPLYING,
		.counts = {.done = 8, .failed = 2, .under_way = 1},
		.elapsed_ms = 30000};

	(void)state;
	says(status_add_line, &it,
		"8 of 11 done, 2 failed, 1 in progress [30s elapsed, about 5s left]");
	/* The last ones have ended, and are not recorded yet. */
	it.counts.under_way = 0;
	says(status_add_line, &it, "8 of 10 done, 2 failed, 0 in progress [30s elapsed]");
}

static void time_left(void **state)
{
	static const struct {
		size_t left;
		int64_t least_ms;
		const char *wanted;
	} cases[] = {
		{1, 0, "about 5s left"},
		{19, 0, "about 20s left"},
		{21, 0, "about 30s left"},
		{115, 0, "about 2m left"},
		{121, 0, "about 3m left"},
		{3600, 0, "about 1h left"},
		{3601, 0, "about 1h10m left"},
		/* What the rate limit does not allow takes longer than it seems. */
		{1, 60000, "about 50s left"},
		{1, 10000, "about 5s left"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct status it = {.phase = STATUS_APPLYING,
			.counts = {.done = 10, .left = cases[i].left},
			.elapsed_ms = 10000,
			.least_ms = cases[i].least_ms};
		struct str text CLEANUP(str_release) = {0};
		status_add_line(&text, &it);
		expect_text(str_text(&text), cases[i].wanted);
	}
}

static void activating(void **state)
{
	struct status it = {.phase = STATUS_ACTIVATING, .counts = {.left = 1}};

	(void)state;
	says(status_add_start, &it, "Waiting for 1 secret to become active...");
	it.counts.left = 10;
	says(status_add_start, &it, "Waiting for 10 secrets to become active...");
	it.counts = (struct event_progress){.done = 7, .left = 3};
	it.elapsed_ms = 10000;
	says(status_add_line, &it, "Waiting for 3 of 10 secrets to become active... [10s elapsed]");
	says(status_add_still, &it,
		"Still waiting for 3 of 10 secrets to become active... [10s elapsed]");
	it.most_ms = 59900;
	says(status_add_start, &it, "Waiting for 3 of 10 secrets to become active... (up to 1m)");
	says(status_add_still, &it,
		"Still waiting for 3 of 10 secrets to become active... [10s of 1m]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading),
		cmocka_unit_test(confirming),
		cmocka_unit_test(applying),
		cmocka_unit_test(failures),
		cmocka_unit_test(time_left),
		cmocka_unit_test(activating),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
