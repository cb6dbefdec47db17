/* Plans that no planner makes: each breaks one rule. */
#include "plan/check.h"

#include "unit.h"

/* Of a store and secrets in it: desired, recorded, live, and live with another id. */
#define STORE(...)                                                                                 \
	{                                                                                          \
		.account = "p", .store = "s", __VA_ARGS__                                          \
	}
#define SECRET(name, ...)                                                                          \
	{                                                                                          \
		OBJECT_SECRET, .account = "p", .store = "s", .secret = name, __VA_ARGS__           \
	}
#define OURS(i) .id = (i), .origin = ORIGIN_CREATED

static const struct value_source source = {.kind = VALUE_STDIN};
static const struct object s_d = STORE(.prevent_destroy = false), s_r = STORE(OURS("s")),
			   s_l = STORE(.id = "s"), s_x = STORE(.id = "x"),
			   s_protected = STORE(.prevent_destroy = true),
			   s_protected_r = STORE(OURS("s"), .prevent_destroy = true),
			   s_unresolved = STORE(.origin = ORIGIN_CREATED);
static const struct object a_d = SECRET("A", .value = &source), a_r = SECRET("A", OURS("a")),
			   a_l = SECRET("A", .id = "a"), a_x = SECRET("A", .id = "x"),
			   a_protected = SECRET("A", .value = &source, .prevent_destroy = true),
			   a_valueless = SECRET("A", .version = 1),
			   a_unmanaged = SECRET("A", .id = "a");
static const struct object b_d = SECRET("B", .value = &source), b_l = SECRET("B", .id = "b"),
			   b_r = SECRET("B", OURS("b"), .prevent_destroy = true),
			   b_unmanaged = SECRET("B", .id = "b"),
			   b_unresolved = SECRET("B", .origin = ORIGIN_CREATED);
static const struct object elsewhere = {
	OBJECT_SECRET, .account = "p", .store = "t", .secret = "B", OURS("b")};

struct sample {
	const char *fault; /* NULL: there is none */
	struct row rows[3];
};

#define ROW(d, r, l, a, ...)                                                                       \
	{                                                                                          \
		.desired = d, .recorded = r, .live = l, .action = a, __VA_ARGS__                   \
	}
#define NOTE(note) .notes = note
#define KEEP       ROW(&s_d, &s_r, &s_l, ACTION_NONE, .writes = 0)

static void check_all(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct plan plan CLEANUP(plan_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		for (size_t k = 0; k < 3; k++)
			if (samples[i].rows[k].desired || samples[i].rows[k].recorded)
				*plan_add(&plan) = samples[i].rows[k];
		plan_count(&plan);
		if (check_plan(&plan, &err) != !samples[i].fault)
			fail_msg(
				"sample %zu: %s", i, err.message ? err.message : "it was accepted");
		if (!samples[i].fault)
			continue;
		expect_text(err.message, "internal error: invalid plan: p/");
		expect_text(err.message, samples[i].fault);
		expect_text(err.hint, "a bug in cfprov");
	}
}

static void sound_plans(void **state)
{
	static const struct sample samples[] = {
		{NULL, {ROW(&s_d, NULL, NULL, ACTION_CREATE, .reason = "new"),
			       ROW(&a_d, NULL, NULL, ACTION_CREATE, .reason = "new")}},
		{NULL, {ROW(&s_d, NULL, &s_l, ACTION_ADOPT, NOTE(ROW_NEEDS_APPROVAL)),
			       ROW(&a_d, &a_r, &a_x, ACTION_ADOPT, .writes = FIELD_VALUE)}},
		{NULL, {KEEP, ROW(&a_d, &a_r, &a_l, ACTION_UPDATE, .writes = FIELD_SCOPES)}},
		{NULL, {ROW(&s_d, &s_r, &s_l, ACTION_REPLACE, .reason = "asked"),
			       ROW(&a_d, &a_r, &a_l, ACTION_REPLACE, NOTE(ROW_WITH_STORE)),
			       /* unmanaged, it goes with the store */
			       ROW(&b_d, NULL, &b_l, ACTION_CREATE, .reason = "new")}},
		{NULL, {ROW(NULL, &s_r, &s_l, ACTION_DESTROY, .reason = "gone"),
			       ROW(NULL, &a_r, &a_l, ACTION_DESTROY, NOTE(ROW_WITH_STORE))}},
		/* To forget what is protected destroys nothing. */
		{NULL, {ROW(NULL, &s_protected_r, NULL, ACTION_FORGET, .reason = "removed")}},
		/* A rename; the duplicate takes over what is protected. */
		{NULL, {KEEP, ROW(&a_valueless, NULL, &b_l, ACTION_CREATE, .copies = &b_r),
			       ROW(NULL, &b_r, &b_l, ACTION_DESTROY, .renamed_to = &a_d)}},
		/* What is no longer protected by the manifest is replaced. */
		{NULL, {ROW(&s_d, &s_protected_r, &s_l, ACTION_REPLACE, .reason = "asked")}},
		{NULL, {ROW(NULL, &s_unresolved, NULL, ACTION_NONE, .learns = true)}},
		{NULL, {ROW(NULL, NULL, NULL, ACTION_NONE, .writes = 0)}},
	};

	(void)state;
	check_all(samples, ARRAY_SIZE(samples));
}

static void the_sides_of_rows(void **state)
{
	static const struct sample samples[] = {
		{"desired and recorded have different addresses",
			{ROW(&s_d, &a_r, &a_l, ACTION_NONE, .writes = 0)}},
		{"out of order, or listed twice",
			{ROW(&a_d, NULL, NULL, ACTION_CREATE, .writes = 0),
				ROW(&s_d, NULL, NULL, ACTION_CREATE, .writes = 0)}},
		{"out of order, or listed twice", {KEEP, KEEP}},
		{"asks for approval without an adoption",
			{ROW(&s_d, NULL, NULL, ACTION_CREATE, NOTE(ROW_NEEDS_APPROVAL))}},
		{"writes fields of what can't be updated", /* a store; not desired; not there */
			{ROW(&s_d, NULL, &s_l, ACTION_ADOPT, .writes = FIELD_COMMENT)}},
		{"writes fields of what can't be updated",
			{ROW(NULL, &a_r, &a_l, ACTION_DESTROY, .writes = FIELD_VALUE)}},
		{"writes fields of what can't be updated",
			{ROW(&a_d, NULL, NULL, ACTION_CREATE, .writes = FIELD_SCOPES)}},
		{"writes a value that has no source",
			{ROW(&a_valueless, NULL, NULL, ACTION_CREATE, .writes = 0)}},
		{"writes a value that has no source",
			{ROW(&a_valueless, &a_r, &a_l, ACTION_UPDATE, .writes = FIELD_VALUE)}},
		{"writes a value that has no source",
			{ROW(&a_valueless, &a_r, &a_l, ACTION_REPLACE, .writes = 0)}},
		{"relies on a store being destroyed that is not",
			{ROW(NULL, &a_r, &a_l, ACTION_DESTROY, NOTE(ROW_WITH_STORE))}},
		{"relies on a store being destroyed that is not",
			{KEEP, ROW(NULL, &a_r, &a_l, ACTION_DESTROY, NOTE(ROW_WITH_STORE))}},
		{"relies on a store being destroyed that is not",
			{ROW(NULL, &s_r, &s_l, ACTION_DESTROY, .writes = 0),
				ROW(NULL, &a_r, &a_l, ACTION_FORGET, NOTE(ROW_WITH_STORE))}},
		{"relies on a store being destroyed that is not", /* another store goes */
			{ROW(NULL, &s_r, &s_l, ACTION_DESTROY, .writes = 0),
				ROW(NULL, &elsewhere, &elsewhere, ACTION_DESTROY,
					NOTE(ROW_WITH_STORE))}},
		{"has both an action and something to learn",
			{ROW(NULL, &s_r, &s_l, ACTION_DESTROY, .learns = true)}},
	};

	(void)state;
	check_all(samples, ARRAY_SIZE(samples));
}

static void actions(void **state)
{
	static const char not_ours[] = "destroys or forgets what cfprov does not manage";
	static const char another[] = "destroys an object other than the recorded one";
	static const char protected[] = "destroys what prevent_destroy protects";
	static const char undesired[] = "creates what is not desired";
	static const char exists[] = "creates what exists";
	static const char changed[] = "changes what cfprov does not manage";
	static const char renamed[] = "renames what cfprov does not manage";
	static const char duplicate[] = "destroys a renamed secret that has no duplicate";
	static const struct sample samples[] = {
		{undesired, {ROW(NULL, &s_r, NULL, ACTION_CREATE, .writes = 0)}},
		{undesired, {ROW(NULL, &a_r, NULL, ACTION_CREATE, .copies = &b_r)}},
		{undesired, {ROW(NULL, &s_r, &s_x, ACTION_ADOPT, .writes = 0)}},
		{exists, {ROW(&s_d, NULL, &s_l, ACTION_CREATE, .writes = 0)}},
		{exists, {KEEP, ROW(&a_d, NULL, &a_l, ACTION_CREATE, .writes = 0)}},
		{exists, {ROW(NULL, &s_r, &s_l, ACTION_DESTROY, .writes = 0),
				 ROW(&a_d, NULL, &a_l, ACTION_CREATE, .writes = 0)}},
		{renamed, {ROW(&a_d, NULL, &b_l, ACTION_CREATE, .copies = &b_unmanaged)}},
		{renamed, {ROW(&a_d, NULL, &b_l, ACTION_CREATE, .copies = &b_unresolved)}},
		{renamed, {ROW(&a_d, NULL, &b_l, ACTION_CREATE, .copies = &elsewhere)}},
		{"adopts what does not exist", {ROW(&s_d, NULL, NULL, ACTION_ADOPT, .writes = 0)}},
		{"adopts what does not exist", {ROW(&s_d, &s_r, &s_l, ACTION_ADOPT, .writes = 0)}},
		{changed, {ROW(&a_d, &a_r, &a_x, ACTION_UPDATE, .writes = FIELD_VALUE)}},
		{changed, {ROW(&a_d, &a_unmanaged, &a_l, ACTION_UPDATE, .writes = FIELD_VALUE)}},
		{changed, {ROW(&a_d, &a_r, &a_l, ACTION_UPDATE, .writes = 0)}},
		{"replaces what is not desired",
			{ROW(NULL, &s_r, &s_l, ACTION_REPLACE, .writes = 0)}},
		{another, {ROW(&s_d, &s_r, &s_x, ACTION_REPLACE, .writes = 0)}},
		{another, {ROW(NULL, &s_r, &s_x, ACTION_DESTROY, .writes = 0)}},
		{another, {ROW(NULL, &s_r, NULL, ACTION_DESTROY, .writes = 0)}},
		{protected, {ROW(&s_protected, &s_r, &s_l, ACTION_REPLACE, .writes = 0)}},
		{protected, {ROW(NULL, &s_protected_r, &s_l, ACTION_DESTROY, .writes = 0)}},
		{protected, {ROW(&s_d, &s_protected_r, &s_l, ACTION_DESTROY, .writes = 0)}},
		{protected, {ROW(&a_protected, &a_r, &a_l, ACTION_DESTROY, .writes = 0)}},
		{not_ours, {ROW(NULL, &s_unresolved, &s_l, ACTION_DESTROY, .writes = 0)}},
		{not_ours, {ROW(NULL, &a_unmanaged, &a_l, ACTION_DESTROY, .writes = 0)}},
		{not_ours, {ROW(&s_d, NULL, &s_l, ACTION_REPLACE, .writes = 0)}},
		{not_ours, {ROW(NULL, &s_unresolved, NULL, ACTION_FORGET, .writes = 0)}},
		{not_ours, {ROW(NULL, &a_unmanaged, &a_l, ACTION_FORGET, .writes = 0)}},
		{duplicate, {ROW(NULL, &b_r, &b_l, ACTION_DESTROY, .renamed_to = &a_d)}},
		{duplicate, {ROW(&a_d, NULL, NULL, ACTION_CREATE, .writes = 0),
				    ROW(NULL, &b_r, &b_l, ACTION_DESTROY, .renamed_to = &a_d)}},
	};

	(void)state;
	check_all(samples, ARRAY_SIZE(samples));
}

static void rows_about_nothing_and_wrong_counts(void **state)
{
	struct plan plan CLEANUP(plan_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	size_t *const counts[] = {&plan.counts.import, &plan.counts.add, &plan.counts.change,
		&plan.counts.destroy, &plan.counts.forget};

	(void)state;
	*plan_add(&plan) = (struct row)ROW(&s_d, NULL, NULL, ACTION_CREATE, .writes = 0);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		plan_count(&plan);
		++*counts[i];
		assert_false(check_plan(&plan, &err));
		expect_error(&err, "its counts don't add up");
	}
	*plan_add(&plan) = (struct row){0};
	assert_false(check_plan(&plan, &err));
	expect_error(&err, "a row without an object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_plans),
		cmocka_unit_test(the_sides_of_rows),
		cmocka_unit_test(actions),
		cmocka_unit_test(rows_about_nothing_and_wrong_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
