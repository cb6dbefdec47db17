/* cfprov import: which of the things that live is meant, and may the state take it in? */
#include "plan/import.h"

#include "unit.h"

struct scene {
	struct account account;
	struct object desired;
	struct model recorded, live;
	struct import_input input;
};

static void release(struct scene *s)
{
	model_release(&s->recorded);
	model_release(&s->live);
}

static void make(struct scene *s, const char *id)
{
	*s = (struct scene){
		.account = {.alias = "prod", .id = "p1"},
		.desired = {.account = "prod",
			.store = "keys",
			.prevent_destroy = true,
			.forget_on_remove = true},
	};
	s->input = (struct import_input){&s->account, &s->desired, id, &s->recorded, &s->live};
	model_add_account(&s->live, "prod", "p1");
}

static void add(struct model *model, const char *store, const char *secret, const char *id)
{
	model_add_object(model, "prod", store, secret)->id = id;
}

static void ids(void **state)
{
	static const struct {
		const char *id, *store, *why; /* store NULL: refused */
	} cases[] = {
		{"p1/k1", "k1", NULL},
		{"prod/keys", "keys", NULL},
		{"p1/keys", "keys", NULL},
		{"k1", NULL, "not of the form ACCOUNT/STORE"},
		{"p1/", NULL, "not of the form"},
		{"/k1", NULL, "not of the form"},
		{"p1/k1/s1", NULL, "not of the form"},
		{"", NULL, "not of the form"},
		{"p2/k1", NULL, "not in the account of the address: `prod` is p1"},
		{"p/k1", NULL, "not in the account"},
		{"p11/k1", NULL, "not in the account"},
		{"\x1b[2J/k1", NULL, "`\\x1b[2J/k1`"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene s CLEANUP(release);
		struct error err CLEANUP(error_release) = {0};
		make(&s, cases[i].id);
		assert_int_equal(import_check_id(&s.input, &err), cases[i].store != NULL);
		if (cases[i].why)
			expect_text(err.message, cases[i].why);
	}
}

static void addresses_are_free(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		static const char *const why[] = {NULL, NULL,
			"is in the state already, with the id k0",
			"the state knows `prod` as the account p2"};
		struct scene s CLEANUP(release);
		struct error err CLEANUP(error_release) = {0};
		make(&s, "p1/k1");
		if (i)
			model_add_account(&s.recorded, "prod", i == 3 ? "p2" : "p1");
		if (i == 1)
			model_add_object(&s.recorded, "prod", "keys", NULL)->is_unresolved = true;
		if (i >= 2)
			add(&s.recorded, i == 2 ? "keys" : "others", NULL, "k0");
		model_sort(&s.recorded);
		assert_int_equal(import_is_free(&s.input, &err), !why[i]);
		if (why[i])
			expect_text(err.message, why[i]);
	}
}

/* Finds what lives as NAME/ID pairs; `why` NULL: it is found, with the id k1. */
static void find(const char *id, const char *const *stores, const char *recorded, const char *why)
{
	struct scene s CLEANUP(release);
	struct error err CLEANUP(error_release) = {0};
	struct object found;

	make(&s, id);
	for (; *stores; stores += 2)
		add(&s.live, stores[0], NULL, stores[1]);
	if (recorded)
		add(&s.recorded, recorded, NULL, "k1");
	model_sort(&s.live);
	model_sort(&s.recorded);
	bool is_found = import_find(&s.input, &found, &err);
	if (is_found != !why)
		fail_msg("%s: %s", id, err.message ? err.message : "found");
	if (why) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "%s. %s", err.message, err.hint ? err.hint : "");
		expect_text(str_text(&text), why);
		return;
	}
	assert_string_equal(found.id, "k1");
	assert_string_equal(found.store, "keys");
	assert_int_equal(found.origin, ORIGIN_ADOPTED);
	assert_true(found.prevent_destroy && found.forget_on_remove);
}

#define LIVE(...) ((const char *const[]){__VA_ARGS__, NULL})

static void finds(void **state)
{
	(void)state;
	find("p1/k1", LIVE("keys", "k1", "more", "k2"), NULL, NULL);
	find("p1/keys", LIVE("keys", "k1", "more", "k2"), NULL, NULL);
	/* The id says which of two is meant; another's id is no name. */
	find("p1/k1", LIVE("keys", "k1", "keys", "k2"), NULL, NULL);
	find("p1/keys", LIVE("keys", "k1", "keys", "k2"), NULL,
		"2 stores have this name: k1 and k2");
	find("p1/k9", LIVE("keys", "k1"), NULL,
		"has the id or the name `k9`. There live: keys (k1).");
	find("p1/k9", LIVE(NULL), NULL, "Nothing lives there");
	find("p1/k2", LIVE("keys", "k1", "more", "k2"), NULL,
		"the store k2 is called `more`, not `keys`. Cloudflare can't rename a store");
	find("p1/k1", LIVE("keys", "k1"), "old", "in the state already, as prod/old");
}

/* Of many that live some are named. */
static void names_a_few(void **state)
{
	struct scene s CLEANUP(release);
	struct error err CLEANUP(error_release) = {0};
	struct object found;

	(void)state;
	make(&s, "p1/none");
	for (int i = 0; i < 30; i++) {
		const char *name = arena_format(&s.live.arena, "s%02d", i);
		add(&s.live, name, NULL, name);
	}
	model_sort(&s.live);
	assert_false(import_find(&s.input, &found, &err));
	expect_text(err.hint, "s09 (s09), ...");
	expect_no_text(err.hint, "s10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),
		cmocka_unit_test(addresses_are_free),
		cmocka_unit_test(finds),
		cmocka_unit_test(names_a_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
