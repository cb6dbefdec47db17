/* What facts of accounts and of the state mean for people. */
#include "apply/doctor.h"

#include "unit.h"

static const struct model desired_none;
static const struct account prod = {.alias = "prod", .id = "p1"};

/* Is there just one finding that has this text? Then its level and advice are these. */
static void expect(const struct findings *findings, enum finding_level level, const char *text,
	const char *advice)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < findings->count; i++) {
		if (!strstr(findings->items[i].what, text))
			continue;
		if (found)
			fail_msg("twice: %s", text);
		found = &findings->items[i];
	}
	if (!found) {
		fail_msg("not found: %s", text);
		return;
	}
	assert_int_equal(found->level, level);
	if (advice)
		expect_text(found->advice, advice);
	else
		assert_null(found->advice);
}

static bool tells(const struct findings *findings, const char *text)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strstr(findings->items[i].what, text))
			return true;
	return false;
}

/* ---- the state ---- */

static void a_state_that_is_well(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct model recorded CLEANUP(model_release) = {0};
	struct doctor_state s = {.path = "s.json", .may_write = true};

	(void)state;
	doctor_judge_state(&s, &findings);
	expect(&findings, FINDING_OK, "s.json is not there yet", NULL);
	expect(&findings, FINDING_OK, "nobody holds its lock", NULL);
	findings_release(&findings);
	model_add_object(&recorded, "prod", "a", NULL);
	s.exists = true;
	s.recorded = &recorded;
	s.serial = 4;
	doctor_judge_state(&s, &findings);
	expect(&findings, FINDING_OK, "s.json can be read: serial 4, 1 object", NULL);
	assert_int_equal(findings.warnings + findings.failures, 0);
}

static void a_state_that_is_not(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct doctor_state s = {.path = "a b.json",
		.err = &err,
		.has_journal = true,
		.is_open_to_others = true,
		.holder = "alice"};

	(void)state;
	error_set(&err, "it is torn");
	doctor_judge_state(&s, &findings);
	expect(&findings, FINDING_FAIL, "a b.json: it is torn", "can be read");
	expect(&findings, FINDING_WARN, "its lock is held by alice", "-lock-timeout");
	expect(&findings, FINDING_WARN, "others than its owner may write", "chmod go-w 'a b.json'");
	expect(&findings, FINDING_FAIL, "its folder can't be written", "-state");
	assert_false(tells(&findings, "journal")); /* while somebody works it belongs there */
	findings_release(&findings);
	s.holder = NULL;
	doctor_judge_state(&s, &findings);
	expect(&findings, FINDING_WARN, "its journal is still there", "Run cfprov apply");
}

/* ---- an account ---- */

static struct probe well(void)
{
	return (struct probe){
		.account = &prod,
		.has_lane = true,
		.uses_token = true,
		.token_status = mem_copy_text("active"),
		.store_count = 1,
		.quota = {.secrets = 100, .used = 89},
		.rate_remaining = 1200,
		.rate_reset_ms = 299001,
	};
}

static void an_account_that_is_well(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct probe probe CLEANUP(probe_release) = well(), other CLEANUP(probe_release);

	(void)state;
	doctor_judge_account(&probe, &desired_none, NULL, &findings);
	expect(&findings, FINDING_OK, "the user's token is active", NULL);
	expect(&findings, FINDING_OK, "can be read: 1 store; whether it may be written", NULL);
	expect(&findings, FINDING_OK, "89 of 100 secrets are used; how many stores", NULL);
	expect(&findings, FINDING_OK, "1200 requests are left for the next 300 s", NULL);
	assert_int_equal(findings.count, 4);
	findings_release(&findings);
	other = well();
	other.shares = &probe;
	doctor_judge_account(&other, &desired_none, NULL, &findings);
	assert_int_equal(findings.count, 2); /* what is said of the token was said */
}

static void an_account_that_is_not(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct probe probe CLEANUP(probe_release) = well();

	(void)state;
	probe.token_status[0] = '\x1b';
	probe.token_expires = mem_copy_text("2026");
	probe.is_account_token = true;
	probe.quota.used = 90;
	probe.rate_remaining = 1;
	doctor_judge_account(&probe, &desired_none, NULL, &findings);
	expect(&findings, FINDING_FAIL, "the account's own token is \\x1bctive, until 2026",
		"another");
	expect(&findings, FINDING_WARN, "90 of 100 secrets", "ask Cloudflare");
	expect(&findings, FINDING_WARN, "1 request is left", "slows down");
}

static void a_token_that_ends_soon(void **state)
{
	static const struct {
		const char *expires;
		enum finding_level level;
	} tokens[] = {
		{"2026-01-08T00:00:00Z", FINDING_OK},
		{"2026-01-07T23:59:59Z", FINDING_WARN},
		{"2026-01-07T23:59:59.123Z", FINDING_WARN},
		{"2025-12-31T00:00:00Z", FINDING_WARN},
		{"2027-01-01T00:00:00Z", FINDING_OK},
		/* fault A4: a moment, not a text */
		{"2026-01-08T01:00:00+02:00", FINDING_WARN},
		{"2026-01-07T23:00:00-02:00", FINDING_OK},
		{"2026-01-08t00:00:00z", FINDING_OK},
		{"2026-01-02", FINDING_OK},
		{"1", FINDING_OK},
		{"", FINDING_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		struct findings findings CLEANUP(findings_release) = {0};
		struct probe probe CLEANUP(probe_release) = well();
		bool warns = tokens[i].level == FINDING_WARN;
		probe.asked_at = 1767225600; /* 2026-01-01T00:00:00Z */
		probe.token_expires = mem_copy_text(tokens[i].expires);
		doctor_judge_account(&probe, &desired_none, NULL, &findings);
		expect(&findings, tokens[i].level, "the user's token is active, until ",
			warns ? "Give it a later end" : NULL);
		assert_int_equal(findings.warnings, warns);
	}
}

static void what_can_not_be_asked(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct probe probe CLEANUP(probe_release) = well();

	(void)state;
	free(probe.token_status);
	probe.token_status = NULL;
	probe.rate_remaining = -1;
	error_set(&probe.token_err, "no such route");
	error_set(&probe.quota_err, "HTTP 500");
	doctor_judge_account(&probe, &desired_none, NULL, &findings);
	expect(&findings, FINDING_WARN, "the token works, but can't be verified: no such route",
		"Nothing");
	expect(&findings, FINDING_WARN, "the quota is not known: HTTP 500", "without it");
	assert_int_equal(findings.count, 3);
	findings_release(&findings);
	error_set(&probe.list_err, "HTTP 403");
	doctor_judge_account(&probe, &desired_none, NULL, &findings);
	expect(&findings, FINDING_FAIL, "the token can't be verified", "active and not expired");
	expect(&findings, FINDING_FAIL, "Secrets Store can't be read: HTTP 403", "permission");
	assert_int_equal(findings.count, 2);
	findings_release(&findings);
	probe.has_lane = false;
	error_set(&probe.credentials_err, "TOKEN is not set");
	doctor_judge_account(&probe, &desired_none, NULL, &findings);
	expect(&findings, FINDING_FAIL, "TOKEN is not set", "Set the variable");
	assert_int_equal(findings.count, 1);
}

/* fault A16: whose address the firewall blocks, his token is not blamed */
static void blocked(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct probe probe CLEANUP(probe_release) = well();

	(void)state;
	probe.is_not_the_api = true;
	free(probe.token_status);
	probe.token_status = NULL;
	error_set(&probe.token_err, "the firewall");
	error_set(&probe.quota_err, "the firewall");
	error_set(&probe.list_err, "the firewall");
	error_hint(&probe.list_err, "another network");
	doctor_judge_account(&probe, &desired_none, NULL, &findings);
	expect(&findings, FINDING_FAIL,
		"neither the token nor Secrets Store could be checked: the firewall",
		"another network");
	assert_int_equal(findings.count, 1);
}

/* fault A16: nor is it by what another page than the API's says */
static void not_the_api(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct probe probe CLEANUP(probe_release) = well();

	(void)state;
	probe.is_not_the_api = true;
	error_set(&probe.list_err, "a page");
	doctor_judge_account(&probe, &desired_none, NULL, &findings);
	expect(&findings, FINDING_OK, "the user's token is active", NULL);
	expect(&findings, FINDING_FAIL, "Secrets Store can't be read: a page",
		"Check CLOUDFLARE_BASE_URL, the proxy");
}

/* fault A11 */
static void another_store_is_there(void **state)
{
	static const struct {
		const char *desired, *recorded, *only;
		bool warns;
	} table[] = {
		{"keys", NULL, "default_secrets_store", true},
		{"keys", "keys", "default_secrets_store", true},
		{"keys", NULL, NULL, false},
		{"keys", NULL, "keys", false},
		{"keys", "old", "old", false},
		{NULL, NULL, "default_secrets_store", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct findings findings CLEANUP(findings_release) = {0};
		struct probe probe CLEANUP(probe_release) = well();
		struct model desired CLEANUP(model_release) = {0};
		struct model recorded CLEANUP(model_release) = {0};
		model_add_account(&recorded, "prod", "p1");
		if (table[i].desired)
			model_add_object(&desired, "prod", table[i].desired, NULL);
		if (table[i].recorded)
			model_add_object(&recorded, "prod", table[i].recorded, NULL);
		if (table[i].only)
			probe.only_store = mem_copy_text(table[i].only);
		doctor_judge_account(&probe, &desired, &recorded, &findings);
		if (table[i].warns)
			expect(&findings, FINDING_WARN,
				"keys of the manifest does not exist, but another store does: "
				"default_secrets_store",
				"stores: [{name: default_secrets_store, adopt: true}]");
		assert_int_equal(findings.warnings, table[i].warns);
	}
}

static void what_is_recorded(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct model recorded CLEANUP(model_release) = {0};
	struct probe probe CLEANUP(probe_release) = well();

	(void)state;
	model_add_account(&recorded, "prod", "p1");
	model_add_object(&recorded, "prod", "a", NULL);
	model_add_object(&recorded, "prod", "b", NULL)->is_unresolved = true;
	model_sort(&recorded);
	doctor_judge_account(&probe, &desired_none, &recorded, &findings);
	expect(&findings, FINDING_OK, "the state goes with it: 2 objects recorded", NULL);
	expect(&findings, FINDING_WARN, "1 object was asked for by an apply", "run cfprov apply");
	findings_release(&findings);
	recorded.accounts[0].id = "p2";
	doctor_judge_account(&probe, &desired_none, &recorded, &findings);
	expect(&findings, FINDING_FAIL, "the state knows `prod` as the account p2",
		"another alias");
}

static void accounts_that_are_gone(void **state)
{
	struct findings findings CLEANUP(findings_release) = {0};
	struct model recorded CLEANUP(model_release) = {0}, desired CLEANUP(model_release) = {0};

	(void)state;
	model_add_account(&desired, "prod", "p1");
	model_add_account(&recorded, "prod", "p1");
	model_add_account(&recorded, "bare", "b1");
	model_add_account(&recorded, "stage", "s1");
	model_add_object(&recorded, "prod", "a", NULL);
	model_add_object(&recorded, "stage", "a", NULL);
	model_sort(&recorded);
	doctor_judge_dropped(&recorded, &desired, &findings);
	assert_int_equal(findings.count, 1);
	expect(&findings, FINDING_FAIL, "has no account `stage` any more",
		"{from: stage, destroy: false}");
	findings_release(&findings);
	model_add_removal(&desired, "stage")->destroys = false;
	doctor_judge_dropped(&recorded, &desired, &findings);
	assert_int_equal(findings.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_that_is_well),
		cmocka_unit_test(a_state_that_is_not),
		cmocka_unit_test(an_account_that_is_well),
		cmocka_unit_test(an_account_that_is_not),
		cmocka_unit_test(a_token_that_ends_soon),
		cmocka_unit_test(what_can_not_be_asked),
		cmocka_unit_test(blocked),
		cmocka_unit_test(not_the_api),
		cmocka_unit_test(another_store_is_there),
		cmocka_unit_test(what_is_recorded),
		cmocka_unit_test(accounts_that_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
