/* file size: one decoder, fed with all that can be wrong */
#include "state/state.h"

#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"

static struct object *add(struct state *to, const char *account, const char *store, const char *id)
{
	struct object *object = model_add_object(&to->model, account, store, NULL);

	object->id = id ? arena_text(&to->model.arena, id) : NULL;
	object->origin = id ? ORIGIN_CREATED : ORIGIN_NONE;
	return object;
}

static void make(struct state *state)
{
	*state = (struct state){.serial = 3, .lineage = LINEAGE};
	model_add_account(&state->model, "prod", "acc2");
	model_add_account(&state->model, "dev", "acc1");
	model_add_account(&state->model, "empty", "acc0");
	struct object *object = add(state, "prod", "keys", "id-keys");
	object->created = "2026-01-02T03:04:05Z";
	object->modified = "2026-01-02T03:04:06Z";
	add(state, "prod", "a", "id-a")->origin = ORIGIN_ADOPTED;
	add(state, "dev", "keys", "id-dev");
	add(state, "dev", "maybe", NULL);
	model_sort(&state->model);
}

static bool decode(const char *bytes, size_t length, struct state *state, struct error *err)
{
	char *copy = mem_alloc(length);

	if (length)
		memcpy(copy, bytes, length);
	bool is_good = state_decode("x.json", copy, length, state, err);
	mem_free(copy);
	return is_good;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static size_t differences_of_objects(const struct object *a, const struct object *b)
{
	size_t count = a->origin != b->origin;

	count += a->doubt != b->doubt;
	count += !is_same_text(a->store, b->store);
	count += !is_same_text(a->id, b->id);
	count += !is_same_text(a->created, b->created);
	count += !is_same_text(a->modified, b->modified);
	return count;
}

/* In how many fields two states of the same shape differ; another shape counts as 1000. */
static size_t differences(const struct state *a, const struct state *b)
{
	const struct model *x = &a->model, *y = &b->model;
	size_t count = a->serial != b->serial;

	count += strcmp(a->lineage, b->lineage) != 0;

	if (x->object_count != y->object_count || x->account_count != y->account_count)
		return 1000;
	for (size_t i = 0; i < x->account_count; i++)
		count += (size_t)(strcmp(x->accounts[i].id, y->accounts[i].id) != 0);
	for (size_t i = 0; i < x->object_count; i++)
		count += differences_of_objects(&x->objects[i], &y->objects[i]);
	return count;
}

static void make_many(struct state *state, size_t accounts, size_t stores)
{
	static const struct object gone = {.kind = OBJECT_STORE, .id = "gone"};
	char alias[40], name[40], id[80];

	*state = (struct state){.serial = 3, .lineage = LINEAGE};
	for (size_t i = 0; i < accounts; i++) {
		snprintf(alias, sizeof(alias), "a%zu", i);
		snprintf(id, sizeof(id), "acc%zu", i);
		model_add_account(&state->model, alias, id);
		for (size_t k = 0; k < stores; k++) {
			snprintf(name, sizeof(name), "store %zu\"", k);
			snprintf(id, sizeof(id), "id%zu-%zu", i, k);
			struct object *secret = model_add_object(&state->model, alias, name, "s");
			secret->origin = ORIGIN_CREATED;
			secret->version = 1;
			secret->id = arena_format(&state->model.arena, "s%s", id);
			if (k % 7)
				add(state, alias, name, k % 5 ? id : NULL)->replaced =
					k % 5 ? NULL : &gone;
		}
	}
	model_sort(&state->model);
}

/* What is read in pieces is all there, and the same; whatever is changed is noticed. */
static void checked_in_pieces(void **state)
{
	static const size_t shapes[][2] = {{0, 0}, {1, 0}, {1, 1}, {1, 900}, {3, 300}, {900, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct state made CLEANUP(state_release) = {0};
		struct str text CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		make_many(&made, shapes[i][0], shapes[i][1]);
		state_encode(&made, &text);
		if (!state_check("x.json", &text, &made, &err))
			fail_msg("shape %zu: %s", i, err.message);
		if (made.model.object_count < 500)
			continue;
		struct object *object = &made.model.objects[made.model.object_count / 2];
		const char *id = object->id;
		object->id = "another";
		assert_false(state_check("x.json", &text, &made, &err));
		expect_error(&err, "it is another one when it is read again");
		object->id = made.model.objects[0].id;
		assert_false(state_check("x.json", &text, &made, &err));
		expect_error(&err, "another object has the same id");
		object->id = id;
		made.serial++;
		assert_false(state_check("x.json", &text, &made, &err));
		expect_error(&err, "it is another one when it is read again");
		made.serial--;
		made.lineage[0] ^= 1;
		assert_false(state_check("x.json", &text, &made, &err));
		expect_error(&err, "it is another one when it is read again");
		made.lineage[0] ^= 1;
		str_char(&text, 'x');
		assert_false(state_check("x.json", &text, &made, &err));
		expect_error(&err, "it is not whole when it is read again");
		text.bytes[--text.length] = '\0';
		made.model.object_count--;
		assert_false(state_check("x.json", &text, &made, &err));
		error_release(&err);
		made.model.object_count++;
		text.bytes[text.length / 2] = '\1';
		assert_false(state_check("x.json", &text, &made, &err));
		error_release(&err);
		text.bytes[text.length -= 3] = '\0';
		assert_false(state_check("x.json", &text, &made, &err));
	}
}

/* One object is missing where no piece has it. */
static void checked_for_all(void **state)
{
	struct state made CLEANUP(state_release) = {0};
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	make_many(&made, 1, 900);
	made.model.object_count--;
	state_encode(&made, &text);
	made.model.object_count++;
	assert_false(state_check("x.json", &text, &made, &err));
	expect_error(&err, "it is not whole when it is read again");
}

static void round_trip(void **state)
{
	struct state before, after = {0};
	struct str text CLEANUP(str_release) = {0}, again CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	make(&before);
	state_encode(&before, &text);
	assert_true(decode(text.bytes, text.length, &after, &err));
	assert_int_equal(differences(&before, &after), 0);
	for (size_t i = 0; i < before.model.object_count; i++)
		assert_int_equal(
			object_compare(&before.model.objects[i], &after.model.objects[i]), 0);
	state_encode(&after, &again);
	assert_string_equal(str_text(&text), str_text(&again));
	assert_int_equal(text.bytes[text.length - 1], '\n');
	const char *accounts = strstr(str_text(&text), "\"accounts\"");
	assert_true(strstr(accounts, "\"acc0\"") < strstr(accounts, "\"acc1\""));
	assert_true(strstr(accounts, "\"acc1\"") < strstr(accounts, "\"acc2\""));
	state_release(&before);
	state_release(&after);
}

static void empty_round_trip(void **state)
{
	struct state before = {.serial = 1, .lineage = LINEAGE}, after = {0};
	struct str text CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	state_encode(&before, &text);
	assert_true(decode(text.bytes, text.length, &after, &err));
	assert_int_equal(after.model.account_count + after.model.object_count, 0);
	state_release(&after);
}

static void cut_at_every_byte(void **state)
{
	struct state before;
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	make(&before);
	state_encode(&before, &text);
	state_release(&before);
	/* The last line break is no loss. */
	for (size_t length = 0; length < text.length - 1; length++) {
		struct state after = {0};
		struct error err = {0};
		if (decode(text.bytes, length, &after, &err))
			fail_msg("cut at %zu went unseen", length);
		assert_string_equal(err.file, "x.json");
		expect_text(err.message, "invalid state");
		assert_null(err.hint); /* who knows of a backup says more */
		assert_int_equal(after.model.object_count, 0);
		error_release(&err);
	}
}

static bool has_aliases_of(const struct state *a, const struct state *b)
{
	bool is_same = a->model.account_count == b->model.account_count;

	for (size_t i = 0; i < a->model.account_count && is_same; i++)
		is_same = strcmp(a->model.accounts[i].alias, b->model.accounts[i].alias) == 0;
	return is_same;
}

/* Either refused, or one text is another and all else is as it was. */
static void flip(const struct state *before, const struct str *text, size_t at, unsigned mask)
{
	struct state after = {0};
	struct error err = {0};
	char *damaged = mem_alloc(text->length);

	memcpy(damaged, text->bytes, text->length);
	damaged[at] = (char)((unsigned char)damaged[at] ^ mask);
	if (decode(damaged, text->length, &after, &err)) {
		/* A name that sorts elsewhere moves others: compare those by count only. */
		const char *colon = strpbrk(text->bytes + at, ":\n");
		bool moves = (colon && *colon == ':') || !has_aliases_of(before, &after);
		size_t found = differences(before, &after);
		if (found > 1 && !moves)
			fail_msg("byte %zu flipped by %#x changed %zu fields", at, mask, found);
		assert_int_equal(after.model.object_count, before->model.object_count);
		assert_int_equal(after.model.account_count, before->model.account_count);
	} else {
		assert_non_null(err.message);
		assert_string_equal(err.file, "x.json");
	}
	error_release(&err);
	state_release(&after);
	mem_free(damaged);
}

static void flipped_at_every_byte(void **state)
{
	struct state before;
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	make(&before);
	state_encode(&before, &text);
	for (size_t at = 0; at < text.length; at++)
		for (unsigned bit = 0; bit < 8; bit++)
			flip(&before, &text, at, 1U << bit);
	state_release(&before);
}

#define HEAD(version, serial, lineage)                                                             \
	"{\"version\":" version ",\"cfprov_version\":\"9.9\",\"serial\":" serial                   \
	",\"lineage\":\"" lineage "\",\"accounts\":"
#define GOOD         HEAD("1", "3", LINEAGE)
#define STORE(inner) GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{\"s\":" inner "}}}}"

static void refuse(const char *text, const char *message)
{
	struct state after = {0};
	struct error err = {0};

	if (decode(text, strlen(text), &after, &err))
		fail_msg("accepted: %s", text);
	assert_string_equal(err.file, "x.json");
	assert_int_equal(after.model.object_count + (size_t)after.serial, 0);
	expect_error(&err, message);
}

static void accept(const char *text)
{
	struct state after = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!decode(text, strlen(text), &after, &err))
		fail_msg("refused: %s: %s", text, err.message);
	state_release(&after);
}

static void wrong_shapes(void **state)
{
	(void)state;
	accept(GOOD "{}}");
	refuse("", "not valid JSON: empty");
	refuse("   \n", "not valid JSON");
	refuse("[]", "expected a JSON object");
	refuse("null", "expected a JSON object");
	refuse("{}", "`version`");
	refuse("\x89PNG\r\n\x1a\n", "UTF-8");
	refuse(GOOD "[]}", "`accounts` must be an object");
	refuse(GOOD "null}", "`accounts` must be an object");
	refuse(GOOD "{}} x", "data after the end");
	refuse(GOOD "{}}{}", "data after the end");
	refuse(GOOD "{},\"more\":1}", "a key is missing or unknown");
	refuse(GOOD "{},\"Version\":1}", "a key is missing or unknown");
	refuse("{\"version\":1}", "a key is missing or unknown");
	refuse(GOOD "{},\"serial\":3}", "duplicate key");
}

static void wrong_numbers(void **state)
{
	(void)state;
	accept(HEAD("1", "1", LINEAGE) "{}}");
	accept(HEAD("1", "999999999999999", LINEAGE) "{}}");
	refuse(HEAD("1", "0", LINEAGE) "{}}", "`serial`");
	refuse(HEAD("1", "-1", LINEAGE) "{}}", "`serial`");
	refuse(HEAD("1", "1.5", LINEAGE) "{}}", "`serial`");
	refuse(HEAD("1", "1e400", LINEAGE) "{}}", "`serial`");
	refuse(HEAD("1", "1000000000000000", LINEAGE) "{}}", "from 1 to 999999999999999");
	refuse(HEAD("1", "\"3\"", LINEAGE) "{}}", "`serial`");
	refuse(HEAD("1", "null", LINEAGE) "{}}", "`serial`");
	refuse(HEAD("0", "3", LINEAGE) "{}}", "`version`");
	refuse(HEAD("-1", "3", LINEAGE) "{}}", "`version`");
	refuse(HEAD("\"1\"", "3", LINEAGE) "{}}", "`version`");
	refuse(HEAD("1", "3", "") "{}}", "`lineage`");
	refuse(HEAD("1", "3", "6F1C2F0E-0000-4000-8000-123456789ABC") "{}}", "`lineage`");
	refuse(HEAD("1", "3", LINEAGE "0") "{}}", "`lineage`");
	refuse(HEAD("1", "3", "6f1c2f0e-0000-4000-8000-12345678") "{}}", "`lineage`");
	refuse(HEAD("1", "3", "\\u001b1c2f0e-0000-4000-8000-123456789abc") "{}}", "`lineage`");
}

static void newer_version(void **state)
{
	struct state after = {0};
	struct error err CLEANUP(error_release) = {0};
	static const char text[] = "{\"version\":2,\"cfprov_version\":\"7.\\u001b0\",\"what\":[]}";

	(void)state;
	assert_false(decode(text, strlen(text), &after, &err));
	expect_text(err.message, "unsupported version 2 (this cfprov supports version 1)");
	expect_text(err.hint, "cfprov 7.\\x1b0");
}

static void wrong_stores(void **state)
{
	(void)state;
	accept(STORE("{\"id\":\"x\",\"origin\":\"created\"}"));
	accept(STORE("{\"unresolved\":true}"));
	refuse(STORE("null"), "a/s");
	refuse(STORE("\"x\""), "a/s");
	refuse(STORE("{}"), "`id` is missing");
	refuse(STORE("{\"id\":\"x\"}"), "`origin` is missing");
	refuse(STORE("{\"origin\":\"created\"}"), "`id` is missing");
	refuse(STORE("{\"id\":\"\",\"origin\":\"created\"}"), "`id`");
	refuse(STORE("{\"id\":1,\"origin\":\"created\"}"), "`id`");
	refuse(STORE("{\"id\":null,\"origin\":\"created\"}"), "`id`");
	refuse(STORE("{\"id\":\"a/../b\",\"origin\":\"created\"}"), "`id`");
	refuse(STORE("{\"id\":\"a\\r\\nb\",\"origin\":\"created\"}"), "`id`");
	refuse(STORE("{\"id\":\"123456789012345678901234567890123\",\"origin\":\"created\"}"),
		"`id`");
	refuse(STORE("{\"id\":\"x\",\"origin\":\"CREATED\"}"), "`origin`");
	refuse(STORE("{\"id\":\"x\",\"origin\":\"created\",\"created\":5}"), "`created`");
	refuse(STORE("{\"id\":\"x\",\"origin\":\"created\",\"value\":\"v\"}"), "`value`");
	refuse(STORE("{\"id\":\"x\",\"origin\":\"created\",\"unresolved\":true}"), "unresolved");
	refuse(STORE("{\"id\":\"x\",\"origin\":\"created\",\"scopes\":[]}"), "`scopes`");
	refuse(STORE("{\"id\":\"x\",\"origin\":\"created\",\"version\":1}"), "`version`");
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{\"\":{\"unresolved\":true}}}}}",
		"invalid name");
	refuse(STORE("{\"unresolved\":false}"), "`unresolved`");
	refuse(STORE("{\"unresolved\":\"true\"}"), "`unresolved`");
}

static void wrong_accounts(void **state)
{
	(void)state;
	accept(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{}}}}");
	refuse(GOOD "{\"acc1\":null}}", "acc1");
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\"}}}", "acc1");
	refuse(GOOD "{\"acc1\":{\"stores\":{}}}}", "acc1");
	refuse(GOOD "{\"acc1\":{\"alias\":\"\",\"stores\":{}}}}", "acc1");
	refuse(GOOD "{\"acc1\":{\"alias\":7,\"stores\":{}}}}", "acc1");
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":[]}}}", "acc1");
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{},\"x\":1}}}", "acc1");
	refuse(GOOD "{\"../user\":{\"alias\":\"a\",\"stores\":{}}}}", "../user");
	refuse(GOOD "{\"\":{\"alias\":\"a\",\"stores\":{}}}}", "an account must have");
}

/* fault D7 */
static void a_store_may_have_no_secrets(void **state)
{
	(void)state;
	accept(STORE("{\"id\":\"x\",\"origin\":\"created\",\"secrets\":{}}"));
	refuse(STORE("{\"secrets\":{}}"), "`id` is missing");
	refuse(STORE("{\"id\":\"x\",\"origin\":\"created\",\"secrets\":[]}"),
		"`secrets` must be an object");
}

static void doubles(void **state)
{
	(void)state;
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{\"s\":{\"id\":\"x\",\"origin\":"
		    "\"created\"},\"t\":{\"id\":\"x\",\"origin\":\"created\"}}}}}",
		"same id");
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{\"s\":{\"id\":\"x\",\"origin\":"
		    "\"created\"}}},\"acc2\":{\"alias\":\"b\",\"stores\":{\"s\":{\"id\":\"x\","
		    "\"origin\":\"created\"}}}}}",
		"same id");
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{}},\"acc2\":{\"alias\":\"a\","
		    "\"stores\":{}}}}",
		"alias");
	refuse(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{}},\"acc1\":{\"alias\":\"b\","
		    "\"stores\":{}}}}",
		"duplicate key");
	refuse(STORE("{\"id\":\"x\",\"id\":\"y\",\"origin\":\"created\"}"), "duplicate key");
	/* One name in two accounts is fine, and so are two unresolved ones. */
	accept(GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{\"s\":{\"unresolved\":true}}},"
		    "\"acc2\":{\"alias\":\"b\",\"stores\":{\"s\":{\"unresolved\":true}}}}}");
}

/* What stands in a file that somebody made can't play tricks on a terminal. */
static void escapes_are_not_echoed(void **state)
{
	static const char *const texts[] = {
		STORE("{\"\\u001b[31mred\":\"x\"}"),
		STORE("{\"id\":\"x\",\"origin\":\"created\",\"\\u202e\":\"x\"}"),
		GOOD "{\"acc1\":{\"alias\":\"\\u001b]0;x\",\"stores\":{\"s\":7}}}}",
		GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{\"\\u001b[2J\":7}}}}",
		GOOD "{\"acc1\":{\"alias\":\"a\",\"stores\":{\"s\":{\"id\":\"x\",\"origin\":"
		     "\"created\"},\"\\u001bt\":{\"id\":\"x\",\"origin\":\"created\"}}}}}",
		GOOD "{\"\\u001b[1m\":{\"alias\":\"a\",\"stores\":{}}}}",
		GOOD "{\"\\u001b\":1,\"\\u001b\":2}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct state after = {0};
		struct error err CLEANUP(error_release) = {0};
		assert_false(decode(texts[i], strlen(texts[i]), &after, &err));
		expect_no_text(err.message, "\x1b");
		expect_no_text(err.message, "\xe2\x80\xae");
		expect_text(err.message, i == 1 ? "\\u202e" : "\\x1b");
	}
}

/* ---- folding ---- */

struct expected_fold {
	struct change changes[3];
	size_t count;
	int64_t serial;
	size_t objects;
};

static struct object other(const char *store, const char *id)
{
	return (struct object){
		.account = "prod", .store = store, .id = id, .origin = ORIGIN_ADOPTED};
}

static void expect_fold(const struct expected_fold *expected, struct state *ret_after)
{
	struct state before;

	make(&before);
	state_fold(&before,
		&(struct state_fold){.changes = expected->changes, .change_count = expected->count},
		ret_after);
	assert_int_equal(ret_after->serial, expected->serial);
	assert_string_equal(ret_after->lineage, LINEAGE);
	assert_int_equal(ret_after->model.object_count, expected->objects);
	assert_int_equal(ret_after->model.account_count, 3);
	state_release(&before); /* the new one owes nothing to the old one */
}

static void fold_nothing(void **state)
{
	const struct object a = other("a", NULL), new = other("new", NULL);
	struct state after = {0};

	(void)state;
	expect_fold(&(struct expected_fold){.serial = 3, .objects = 4}, &after);
	state_release(&after);
	expect_fold(&(struct expected_fold){.changes = {{CHANGE_KEEP, &a}, {CHANGE_KEEP, &new},
						    {CHANGE_DROP, &new}},
			    .count = 3,
			    .serial = 3,
			    .objects = 4},
		&after);
	assert_string_equal(model_object(&after.model, "prod", "a", NULL)->id, "id-a");
	state_release(&after);
}

static void fold_changes(void **state)
{
	const struct object a = other("a", "id-new"), z = other("z", NULL),
			    keys = other("keys", NULL);
	struct state after = {0};

	(void)state;
	/* Given out of order: the state is sorted all the same. */
	expect_fold(&(struct expected_fold){.changes = {{CHANGE_PUT, &z}, {CHANGE_DROP, &keys},
						    {CHANGE_PUT, &a}},
			    .count = 3,
			    .serial = 4,
			    .objects = 4},
		&after);
	assert_string_equal(model_object(&after.model, "prod", "a", NULL)->id, "id-new");
	assert_null(model_object(&after.model, "prod", "keys", NULL));
	assert_non_null(model_object(&after.model, "dev", "keys", NULL));
	assert_true(object_is_unresolved(model_object(&after.model, "prod", "z", NULL)));
	for (size_t i = 1; i < after.model.object_count; i++)
		assert_true(
			object_compare(&after.model.objects[i - 1], &after.model.objects[i]) < 0);
	state_release(&after);
}

/* To put what is there already, just as it is, changes nothing: the serial stays. */
static void fold_of_the_same_changes_nothing(void **state)
{
	struct object same = other("a", "id-a");
	struct state after = {0};

	(void)state;
	expect_fold(
		&(struct expected_fold){
			.changes = {{CHANGE_PUT, &same}}, .count = 1, .serial = 3, .objects = 4},
		&after);
	state_release(&after);
}

static void fold_resolves(void **state)
{
	struct object maybe = {
		.account = "dev", .store = "maybe", .id = "id-m", .origin = ORIGIN_CREATED};
	struct state after = {0};

	(void)state;
	expect_fold(
		&(struct expected_fold){
			.changes = {{CHANGE_PUT, &maybe}}, .count = 1, .serial = 4, .objects = 4},
		&after);
	const struct object *found = model_object(&after.model, "dev", "maybe", NULL);
	assert_string_equal(found->id, "id-m");
	state_release(&after);
}

static void fold_accounts(void **state)
{
	struct state before, after = {0};
	const struct account accounts[] = {
		{.alias = "new", .id = "acc9"}, {.alias = "dev", .id = "another"}};

	(void)state;
	make(&before);
	state_fold(&before, &(struct state_fold){.accounts = accounts, .account_count = 2}, &after);
	assert_int_equal(after.model.account_count, 4);
	assert_string_equal(model_account(&after.model, "new")->id, "acc9");
	/* An alias never comes to mean another account by itself. */
	assert_string_equal(model_account(&after.model, "dev")->id, "acc1");
	state_release(&before);
	state_release(&after);
}

/* An account that got another alias, though objects are recorded under the old one: both stay. */
static void fold_alias_in_use(void **state)
{
	struct state before, after = {0};
	const struct account again = {.alias = "again", .id = "acc1"};

	(void)state;
	make(&before);
	assert_non_null(model_first_in(&before.model, "dev"));
	state_fold(&before, &(struct state_fold){.accounts = &again, .account_count = 1}, &after);
	assert_non_null(model_account(&after.model, "dev"));
	state_release(&before);
	state_release(&after);
}

/* A rename that was followed by another one: what each is a duplicate of, if that is still there.
 */
static void fold_formers(void **state)
{
	static const struct {
		const char *gone, *former_of_b, *former_of_c; /* of the secrets A, B and C */
	} scenes[] = {{"", "A", "B"}, {"A", NULL, "B"}, {"B", NULL, "A"}, {"AB", NULL, NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		struct state before CLEANUP(state_release) = {.serial = 3, .lineage = LINEAGE};
		struct state after CLEANUP(state_release) = {0};
		struct change drops[2];
		struct state_fold fold = {.changes = drops};
		struct object names[] = {{OBJECT_SECRET, .secret = "A"},
			{OBJECT_SECRET, .secret = "B"}, {OBJECT_SECRET, .secret = "C"}};
		model_add_account(&before.model, "dev", "acc1");
		for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
			names[k].account = "dev";
			names[k].store = "s";
			struct object *object =
				model_add_object(&before.model, "dev", "s", names[k].secret);
			object->id = names[k].secret;
			object->former = k ? names[k - 1].secret : NULL;
			if (strchr(scenes[i].gone, *names[k].secret))
				drops[fold.change_count++] =
					(struct change){CHANGE_DROP, &names[k]};
		}
		model_sort(&before.model);
		state_fold(&before, &fold, &after);
		const struct object *b = model_find(&after.model, &names[1]),
				    *c = model_find(&after.model, &names[2]);
		assert_string_equal(b && b->former ? b->former : "-",
			scenes[i].former_of_b ? scenes[i].former_of_b : "-");
		assert_string_equal(c->former ? c->former : "-",
			scenes[i].former_of_c ? scenes[i].former_of_c : "-");
	}
}

/* ---- what the manifest said last ---- */

static void policies_round_trip(void **state)
{
	struct state before, after = {0};
	struct str text CLEANUP(str_release) = {0}, again CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	for (int i = 0; i < 4; i++) {
		make(&before);
		struct object *keys = &before.model.objects[before.model.object_count - 1];
		keys->prevent_destroy = i & 1;
		keys->forget_on_remove = i & 2;
		str_clear(&text);
		str_clear(&again);
		state_encode(&before, &text);
		assert_int_equal(
			strstr(str_text(&text), "\"prevent_destroy\": true") != NULL, i & 1);
		assert_int_equal(
			strstr(str_text(&text), "\"on_remove\": \"forget\"") != NULL, (i & 2) / 2);
		assert_true(decode(text.bytes, text.length, &after, &err));
		const struct object *read = model_object(&after.model, "prod", "keys", NULL);
		assert_int_equal(read->prevent_destroy, i & 1);
		assert_int_equal(read->forget_on_remove, (i & 2) / 2);
		state_encode(&after, &again);
		assert_string_equal(str_text(&text), str_text(&again));
		state_release(&before);
		state_release(&after);
	}
}

/* A policy that is read as none would let go what is protected. */
static void wrong_policies(void **state)
{
	static const char *const wrong[] = {"\"prevent_destroy\": false", "\"prevent_destroy\": 1",
		"\"prevent_destroy\": \"true\"", "\"prevent_destroy\": null",
		"\"on_remove\": \"destroy\"", "\"on_remove\": \"Forget\"", "\"on_remove\": true",
		"\"on_remove\": null", "\"prevent_destory\": true"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct str text CLEANUP(str_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		struct state read = {0};
		str_format(&text,
			"{\"version\":1,\"cfprov_version\":\"0\",\"serial\":1,\"lineage\":"
			"\"" LINEAGE
			"\",\"accounts\":{\"a1\":{\"alias\":\"p\",\"stores\":{\"s\":{\"id\":\"x\","
			"\"origin\":\"created\",%s}}}}}",
			wrong[i]);
		assert_false(decode(text.bytes, text.length, &read, &err));
		expect_error(&err, "is unknown or has an invalid value");
	}
}

/* A policy that changed is a change; one that did not is none. */
static void fold_policies(void **state)
{
	struct state before, after = {0}, again = {0};

	(void)state;
	make(&before);
	struct object now = *model_object(&before.model, "prod", "keys", NULL);
	const struct change put = {CHANGE_PUT, &now};
	const struct state_fold one = {.changes = &put, .change_count = 1};
	for (int i = 1; i < 4; i++) {
		now.prevent_destroy = i & 1;
		now.forget_on_remove = i & 2;
		state_fold(&before, &one, &after);
		assert_int_equal(after.serial, before.serial + 1);
		state_fold(&after, &one, &again);
		assert_int_equal(again.serial, after.serial);
		state_release(&after);
		state_release(&again);
	}
	state_release(&before);
}

static void fold_many(void **state)
{
	enum { MANY = 20000 };
	struct state before = {.serial = 1, .lineage = LINEAGE}, after = {0};
	struct model changed CLEANUP(model_release) = {0};
	struct change *changes = mem_alloc(MANY * sizeof(*changes));
	char name[32];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		model_add_object(&changed, "prod", name, NULL)->id =
			arena_text(&changed.arena, name);
	}
	for (size_t i = 0; i < MANY; i++)
		changes[i] = (struct change){CHANGE_PUT, &changed.objects[i]};
	state_fold(&before, &(struct state_fold){.changes = changes, .change_count = MANY}, &after);
	assert_int_equal(after.model.object_count, MANY);
	assert_int_equal(after.serial, 2);
	for (size_t i = 0; i < MANY; i += 7) {
		snprintf(name, sizeof(name), "s%zu", i);
		assert_string_equal(model_object(&after.model, "prod", name, NULL)->id, name);
	}
	state_release(&after);
	mem_free(changes);
}

/* What stays behind of a state that was moved away. */
static void moved_away(void **state)
{
	static const char both[] = "{\"version\":1,\"cfprov_version\":\"0.1.0\",\"serial\":3,"
				   "\"lineage\":\"6f1c2f0e-0000-4000-8000-123456789abc\","
				   "\"moved_to\":\"s3://b/p\",\"accounts\":{\"a\":{\"alias\":\"x\","
				   "\"stores\":{}}}}";
	struct state old = {.serial = 7, .lineage = "6f1c2f0e-0000-4000-8000-123456789abc"};
	struct state left CLEANUP(state_release) = {0}, read CLEANUP(state_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct error err = {0};

	(void)state;
	state_leave(&old, "s3://b/p", &left);
	state_encode(&left, &bytes);
	assert_true(state_decode("x", str_text(&bytes), bytes.length, &read, &err));
	assert_int_equal(read.serial, 8);
	assert_string_equal(read.moved_to, "s3://b/p");
	assert_string_equal(read.lineage, old.lineage);
	assert_false(state_decode("x", both, strlen(both), &old, &err));
	expect_error(&err, "`moved_to`");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moved_away),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(checked_in_pieces),
		cmocka_unit_test(checked_for_all),
		cmocka_unit_test(empty_round_trip),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(flipped_at_every_byte),
		cmocka_unit_test(wrong_shapes),
		cmocka_unit_test(wrong_numbers),
		cmocka_unit_test(newer_version),
		cmocka_unit_test(wrong_stores),
		cmocka_unit_test(wrong_accounts),
		cmocka_unit_test(a_store_may_have_no_secrets),
		cmocka_unit_test(doubles),
		cmocka_unit_test(escapes_are_not_echoed),
		cmocka_unit_test(fold_nothing),
		cmocka_unit_test(fold_changes),
		cmocka_unit_test(fold_of_the_same_changes_nothing),
		cmocka_unit_test(fold_resolves),
		cmocka_unit_test(fold_accounts),
		cmocka_unit_test(fold_alias_in_use),
		cmocka_unit_test(fold_formers),
		cmocka_unit_test(policies_round_trip),
		cmocka_unit_test(wrong_policies),
		cmocka_unit_test(fold_policies),
		cmocka_unit_test(fold_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
