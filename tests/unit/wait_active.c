#include "apply/wait_active.h"

#include "unit.h"

#define THEN  "2026-01-01T00:00:00Z"
#define LATER "2026-01-01T00:00:01Z"

static struct object secret(const char *id, const char *status, const char *modified)
{
	return (struct object){.kind = OBJECT_SECRET,
		.account = "prod",
		.store = "keys",
		.secret = "A",
		.id = id,
		.status = status,
		.modified = modified,
		.scopes = "workers"};
}

static void readiness_is_learned(void **state)
{
	struct object recorded = secret("1", "pending", THEN), now;
	struct object live = secret("1", "active", LATER);

	(void)state;
	recorded.fingerprint = "f";
	recorded.version = 3;
	recorded.origin = ORIGIN_CREATED;
	live.scopes = "dex";
	assert_true(wait_learn(&recorded, &live, &now));
	assert_string_equal(now.status, "active");
	assert_string_equal(now.modified, LATER);
	assert_string_equal(now.fingerprint, "f");
	assert_string_equal(now.scopes, "workers"); /* drift is for the next plan to see */
	assert_int_equal(now.version, 3);
	assert_int_equal(now.origin, ORIGIN_CREATED);
}

/* fault A5 */
static void older_than_ours_is_not_ready(void **state)
{
	const struct object recorded = secret("1", "pending", LATER);
	const struct object lags = secret("1", "active", THEN);
	const struct object moved = secret("1", "active", "2026-01-01T00:00:01.5+00:00");
	struct object now;

	(void)state;
	assert_false(wait_learn(&recorded, &lags, &now));
	assert_true(wait_learn(&recorded, &moved, &now));
	assert_string_equal(now.modified, LATER); /* the same moment, to the second */
}

/* What others did is not learned: the next plan must see it. */
static void nothing_else_is(void **state)
{
	const struct object pending = secret("1", "pending", THEN);
	const struct object active = secret("1", "active", THEN);
	const struct object foreign[] = {
		secret("2", "active", LATER),  /* recreated */
		secret("1", "pending", LATER), /* written by somebody else */
		secret("1", NULL, LATER),
	};
	const struct object written = secret("1", "active", LATER);
	struct object now;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		assert_false(wait_learn(&pending, &foreign[i], &now));
	assert_false(wait_learn(&active, &written, &now));
	const struct object unresolved = secret(NULL, "pending", NULL);
	assert_false(wait_learn(&unresolved, &written, &now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readiness_is_learned),
		cmocka_unit_test(older_than_ours_is_not_ready),
		cmocka_unit_test(nothing_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
