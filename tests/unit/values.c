/* file size: values from files and their key: what is read, what is refused, what is found of it */
#include "apply/values.h"

#include "unit.h"

#define LINEAGE "6f1c2f0e-0000-4000-8000-123456789abc"
#define KEY     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER   "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET  "HUSH-HUSH"

/* Desired, recorded and live secrets of one store, and the values read. */
struct rig {
	struct folder folder; /* first: what folder_file takes */
	struct sources *sources;
	struct keyring keyring;
	struct values values;
	struct model desired, recorded, live;
	struct renames renames;
	struct planner_input input;
	struct error_list errors;
	struct error err;
};

static int set_up(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));

	unsetenv("CFPROV_KEY");
	unsetenv("CFPROV_OLD_KEY");
	folder_make(&rig->folder);
	model_add_account(&rig->desired, "prod", "acc");
	rig->sources = sources_new(NULL);
	rig->input = (struct planner_input){.desired = &rig->desired,
		.recorded = &rig->recorded,
		.live = &rig->live,
		.renames = &rig->renames};
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	values_release(&rig->values);
	keyring_release(&rig->keyring);
	sources_free(rig->sources);
	renames_release(&rig->renames);
	model_release(&rig->desired);
	model_release(&rig->recorded);
	model_release(&rig->live);
	error_list_release(&rig->errors);
	error_release(&rig->err);
	folder_remove(&rig->folder);
	arena_release(&rig->folder.paths);
	mem_free(rig);
	return 0;
}

static void start_with(struct rig *rig, const struct value_source *source)
{
	static struct part part = {.lineage = LINEAGE};
	static const struct ledger ledger = {.parts = &part, .part_count = 1};
	const struct model settings = {.key = *source};

	keyring_release(&rig->keyring);
	keyring_init(&rig->keyring, rig->sources, &settings);
	values_init(&rig->values, &rig->keyring, &ledger, &rig->desired);
}

static void start(struct rig *rig, const char *key)
{
	static const struct value_source no_source = {0};

	if (key)
		setenv("CFPROV_KEY", key, true);
	start_with(rig, &no_source);
}

/* A secret whose value is in the file of its name, which may be missing. */
static struct object *want(struct rig *rig, const char *name)
{
	struct object *object = model_add_object(&rig->desired, "prod", "keys", name);
	struct value_source *value = arena_alloc(&rig->desired.arena, sizeof(*value));

	*value = (struct value_source){.kind = VALUE_FILE,
		.name = folder_file(&rig->folder, name),
		.keeps_last_newline = true,
		.place = {"cfprov.yaml", 7, 9}};
	object->value = value;
	return object;
}

static struct object *add(struct model *model, const char *name, const char *fingerprint)
{
	struct object *object = model_add_object(model, "prod", "keys", name);

	object->id = name;
	object->fingerprint = fingerprint;
	object->origin = fingerprint ? ORIGIN_CREATED : ORIGIN_NONE;
	return object;
}

static bool read_all(struct rig *rig)
{
	model_sort(&rig->desired);
	model_sort(&rig->recorded);
	model_sort(&rig->live);
	renames_init(&rig->renames, &rig->desired);
	return values_read(&rig->values, &rig->desired, &rig->input, &rig->errors);
}

/* With this key, or without one; released by fingerprint_key_release. */
static struct fingerprint_key key_of(const char *key_or_null)
{
	struct fingerprint_key made = {0};
	struct secret from CLEANUP(secret_release) = {0};
	struct key key CLEANUP(key_release) = {0};
	struct error err = {0};

	if (!key_or_null)
		return made;
	secret_copy(&from, key_or_null, strlen(key_or_null));
	if (!key_init(&key, &from, &err) || !fingerprint_key_init(&made, &key, LINEAGE, &err))
		fail_msg("%s", err.message);
	return made;
}

/* The fingerprint of a value as cfprov would have made it. */
static const char *print_of(struct rig *rig, const char *key, const char *name, const char *value)
{
	const struct object object = {.store = "keys", .secret = name};
	const struct fingerprint_subject subject = {LINEAGE, "acc", &object};
	struct secret bytes CLEANUP(secret_release) = {0};
	const struct fingerprint_key made = key_of(key);

	secret_copy(&bytes, value, strlen(value));
	return fingerprint_make(&made, &subject, &bytes, &rig->recorded.arena);
}

/* The secret's fingerprint is one of this value, made with this key. */
static void expect_print(
	const struct object *secret, const char *key, const char *name, const char *value)
{
	const struct object object = {
		.store = "keys", .secret = name, .fingerprint = secret->fingerprint};
	const struct fingerprint_subject subject = {LINEAGE, "acc", &object};
	struct secret bytes CLEANUP(secret_release) = {0};
	const struct fingerprint_key made = key_of(key);

	secret_copy(&bytes, value, strlen(value));
	assert_true(fingerprint_is_current(&made, object.fingerprint));
	assert_int_equal(fingerprint_compare(&made, &subject, &bytes), VALUE_SAME);
}

static struct row create(const struct object *object)
{
	return (struct row){.action = ACTION_CREATE, .desired = object};
}

static const struct object *desired(const struct rig *rig, const char *name)
{
	return model_object(&rig->desired, "prod", "keys", name);
}

/* ---- limits ---- */

static void expect_refused(struct rig *rig, const char *bytes, size_t length, const char *message)
{
	want(rig, "A");
	folder_write_bytes(&rig->folder, "A", bytes, length);
	start(rig, KEY);
	assert_false(read_all(rig));
	assert_int_equal(rig->errors.count, 1);
	const struct error *err = &rig->errors.items[0];
	expect_text(err->message, "prod/keys/A: ");
	expect_text(err->message, message);
	expect_no_text(err->message, "HUSH");
	expect_no_text(err->hint, "HUSH");
	assert_string_equal(err->file, "cfprov.yaml");
	assert_int_equal(err->line, 7);
}

static void empty(void **state)
{
	expect_refused(*state, "", 0, "the value is empty");
}

static void nul(void **state)
{
	expect_refused(*state, SECRET "\0" SECRET, sizeof(SECRET "\0" SECRET) - 1, "NUL byte");
}

static void bad_utf8(void **state)
{
	expect_refused(*state, SECRET "\xff" SECRET, sizeof(SECRET "\xff" SECRET) - 1,
		"not UTF-8 (at byte 10)");
}

static void cut_utf8(void **state)
{
	expect_refused(
		*state, SECRET "\xe2\x82", sizeof(SECRET "\xe2\x82") - 1, "not UTF-8 (at byte 10)");
}

static void too_long(void **state)
{
	char *bytes AUTO_FREE = mem_alloc(65537);

	memset(bytes, 'H', 65537);
	expect_refused(*state, bytes, 65537,
		"the value has 65537 bytes, but Cloudflare allows at most 65536");
}

static void no_file(void **state)
{
	struct rig *rig = *state;

	want(rig, "A");
	start(rig, KEY);
	assert_false(read_all(rig));
	assert_int_equal(rig->errors.count, 1);
	expect_text(rig->errors.items[0].message, "prod/keys/A: ");
}

/* The most that Cloudflare takes; in bytes, not characters. */
static void as_long_as_may_be(void **state)
{
	struct rig *rig = *state;
	char *bytes AUTO_FREE = mem_alloc(65536);

	for (size_t i = 0; i < 65536; i++)
		bytes[i] = i % 2 ? '\xa4' : '\xc3';
	want(rig, "A");
	want(rig, "B");
	folder_write_bytes(&rig->folder, "A", bytes, 65536);
	folder_write(&rig->folder, "B", "x");
	start(rig, KEY);
	assert_true(read_all(rig));
	const struct secret *value = values_open(&rig->values, desired(rig, "A"), &rig->err);
	assert_int_equal(value->length, 65536);
	assert_memory_equal(value->bytes, bytes, 65536);
	assert_int_equal(values_open(&rig->values, desired(rig, "B"), &rig->err)->length, 1);
}

/* Each of them is told of, not only the first; what was wrong before stays. */
static void all_errors(void **state)
{
	struct rig *rig = *state;

	want(rig, "A");
	want(rig, "B");
	want(rig, "C");
	folder_write(&rig->folder, "B", SECRET);
	folder_write(&rig->folder, "C", "");
	start(rig, KEY);
	error_set(error_list_add(&rig->errors), "before");
	assert_false(read_all(rig));
	assert_int_equal(rig->errors.count, 3);
	expect_text(rig->errors.items[1].message, "prod/keys/A: ");
	expect_text(rig->errors.items[2].message, "prod/keys/C: ");
}

/* ---- what is not read ---- */

/* None of these has a file: to read one would be an error. */
static void not_read(void **state)
{
	struct rig *rig = *state;
	static const char *const excluded[] = {"prod/keys/EXCLUDED"};
	struct value_source generate = {.kind = VALUE_GENERATE, .name = "hex", .bytes = 8};

	want(rig, "EXCLUDED");
	want(rig, "ONCE")->is_written_once = true;
	want(rig, "ONCE_STRANGER")->is_written_once = true;
	want(rig, "MADE")->value = &generate;
	add(&rig->recorded, "ONCE", "x");
	add(&rig->live, "ONCE", NULL);
	add(&rig->live, "ONCE_STRANGER", NULL);
	rig->input.options.excludes = (struct patterns){excluded, 1};
	start(rig, KEY);
	assert_true(read_all(rig));
	for (size_t i = 0; i < rig->desired.object_count; i++) {
		assert_int_equal(rig->desired.objects[i].verdict, VALUE_NOT_COMPARED);
		assert_null(rig->desired.objects[i].fingerprint);
	}
	/* What is generated is made when it is asked for, and then stays. */
	const struct secret *value = values_open(&rig->values, desired(rig, "MADE"), &rig->err);
	assert_int_equal(value->length, 16);
	assert_ptr_equal(values_open(&rig->values, desired(rig, "MADE"), &rig->err), value);
}

/* What is written once is read if it has to be made: it is not there, or is to be replaced. */
static void written_once_but_made(void **state)
{
	static const char *const replaced[] = {"prod/keys/AGAIN"};
	struct rig *rig = *state;

	want(rig, "NEW")->is_written_once = true;
	want(rig, "AGAIN")->is_written_once = true;
	add(&rig->recorded, "AGAIN", "x");
	add(&rig->live, "AGAIN", NULL);
	rig->input.options.replaces = (struct patterns){replaced, 1};
	start(rig, KEY);
	assert_false(read_all(rig));
	assert_int_equal(rig->errors.count, 2);
}

static void nothing_is_read(void **state)
{
	struct rig *rig = *state;

	want(rig, "A");
	start(rig, KEY);
	rig->input.options.destroys_all = true;
	assert_true(read_all(rig));
	rig->input.options.destroys_all = false;
	rig->input.options.refresh_only = true;
	assert_true(read_all(rig));
}

/* ---- verdicts ---- */

/* One secret that is recorded and lives, with the fingerprint and the key; its value is "v". */
static const struct object *judge(struct rig *rig, const char *fingerprint, const char *key)
{
	want(rig, "A");
	folder_write(&rig->folder, "A", "v");
	add(&rig->recorded, "A", fingerprint)->origin = ORIGIN_CREATED;
	add(&rig->live, "A", NULL);
	start(rig, key);
	if (!read_all(rig))
		fail_msg("%s", rig->errors.items[0].message);
	return desired(rig, "A");
}

static void same(void **state)
{
	struct rig *rig = *state;
	const char *print = print_of(rig, KEY, "A", "v");
	const struct object *found = judge(rig, print, KEY);

	assert_int_equal(found->verdict, VALUE_SAME);
	assert_string_equal(found->fingerprint, print);
}

static void changed(void **state)
{
	struct rig *rig = *state;
	const struct object *found = judge(rig, print_of(rig, KEY, "A", "w"), KEY);

	assert_int_equal(found->verdict, VALUE_CHANGED);
	expect_print(found, KEY, "A", "v");
}

static void another_key(void **state)
{
	struct rig *rig = *state;
	const struct object *found = judge(rig, print_of(rig, OTHER, "A", "v"), KEY);

	assert_int_equal(found->verdict, VALUE_UNVERIFIABLE);
	expect_print(found, KEY, "A", "v");
}

static void lost_key(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(
		judge(rig, print_of(rig, KEY, "A", "v"), NULL)->verdict, VALUE_UNVERIFIABLE);
}

static void no_fingerprint(void **state)
{
	assert_int_equal(judge(*state, NULL, KEY)->verdict, VALUE_UNVERIFIABLE);
}

static void odd_fingerprint(void **state)
{
	assert_int_equal(
		judge(*state, "argon2id$m=9999999,t=9$", KEY)->verdict, VALUE_UNVERIFIABLE);
}

/* Whoever writes the state can make one without a key: with a key it is worth nothing. */
static void key_appears(void **state)
{
	struct rig *rig = *state;
	const struct object *found = judge(rig, print_of(rig, NULL, "A", "v"), KEY);

	assert_int_equal(found->verdict, VALUE_UNVERIFIABLE);
	expect_print(found, KEY, "A", "v");
}

/* Unless it was signed: then a keyed one takes its place. */
static void key_appears_and_signs(void **state)
{
	struct rig *rig = *state;
	const struct object object = {
		.store = "keys", .secret = "A", .fingerprint = print_of(rig, NULL, "A", "v")};
	const struct fingerprint_subject subject = {LINEAGE, "acc", &object};
	const struct fingerprint_key key = key_of(KEY);
	const struct object *found =
		judge(rig, fingerprint_sign(&key, &subject, &rig->recorded.arena), KEY);

	assert_int_equal(found->verdict, VALUE_SAME);
	expect_print(found, KEY, "A", "v");
}

/* Without a key the slow one stays, salt and all: nothing is new to be recorded. */
static void still_no_key(void **state)
{
	struct rig *rig = *state;
	const char *print = print_of(rig, NULL, "A", "v");

	assert_string_equal(judge(rig, print, NULL)->fingerprint, print);
}

static void bound_to_its_name(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(judge(rig, print_of(rig, KEY, "B", "v"), KEY)->verdict, VALUE_CHANGED);
}

static void none_is_kept(void **state)
{
	struct rig *rig = *state;

	want(rig, "A")->keeps_no_fingerprint = true;
	folder_write(&rig->folder, "A", "v");
	start(rig, KEY);
	assert_true(read_all(rig));
	assert_null(desired(rig, "A")->fingerprint);
	assert_int_equal(desired(rig, "A")->verdict, VALUE_NOT_COMPARED);
}

/* The fingerprint that is recorded is compared, though none will be kept: that takes the key. */
static void none_is_kept_any_longer(void **state)
{
	struct rig *rig = *state;

	want(rig, "A")->keeps_no_fingerprint = true;
	folder_write(&rig->folder, "A", "v");
	add(&rig->recorded, "A", print_of(rig, KEY, "A", "v"));
	add(&rig->live, "A", NULL);
	start(rig, KEY);
	assert_true(read_all(rig));
	assert_null(desired(rig, "A")->fingerprint);
	assert_int_equal(desired(rig, "A")->verdict, VALUE_SAME);
}

/* Under its old name it is compared with what that had, and gets a fingerprint of its own. */
static void renamed(void **state)
{
	struct rig *rig = *state;

	want(rig, "NEW");
	folder_write(&rig->folder, "NEW", "v");
	add(&rig->recorded, "OLD", print_of(rig, KEY, "OLD", "v"));
	add(&rig->live, "OLD", NULL);
	model_add_move(&rig->desired, "prod/keys/OLD", "prod/keys/NEW");
	start(rig, KEY);
	assert_true(read_all(rig));
	assert_int_equal(desired(rig, "NEW")->verdict, VALUE_SAME);
	expect_print(desired(rig, "NEW"), KEY, "NEW", "v");
}

/* Both are recorded and the new one is gone: the value is the one under the old name. */
static void renamed_again(void **state)
{
	struct rig *rig = *state;

	want(rig, "NEW");
	folder_write(&rig->folder, "NEW", "v");
	add(&rig->recorded, "OLD", print_of(rig, KEY, "OLD", "w"));
	add(&rig->recorded, "NEW", print_of(rig, KEY, "NEW", "v"));
	add(&rig->live, "OLD", NULL);
	model_add_move(&rig->desired, "prod/keys/OLD", "prod/keys/NEW");
	start(rig, KEY);
	assert_true(read_all(rig));
	assert_int_equal(desired(rig, "NEW")->verdict, VALUE_CHANGED);
}

/* ---- the key ---- */

/* A secret whose value is "v"; the key is in the file `key`. */
static struct value_source start_with_file(struct rig *rig)
{
	want(rig, "A");
	folder_write(&rig->folder, "A", "v");
	return (struct value_source){.kind = VALUE_FILE,
		.name = folder_file(&rig->folder, "key"),
		.place = {"cfprov.yaml", 3, 5}};
}

/* Reads all with this key in the environment; the fingerprint must be that of the other. */
static void expect_key(struct rig *rig, const struct value_source *source, const char *variable,
	const char *wanted)
{
	setenv("CFPROV_KEY", variable, true);
	start_with(rig, source);
	assert_true(read_all(rig));
	expect_print(desired(rig, "A"), wanted, "A", "v");
	values_release(&rig->values);
}

/* That of the environment counts for more; an empty one is none. */
static void the_manifests_key(void **state)
{
	struct rig *rig = *state;
	const struct value_source source = start_with_file(rig);

	folder_write(&rig->folder, "key", KEY "\n");
	expect_key(rig, &source, "", KEY);
	expect_key(rig, &source, OTHER, OTHER);
}

/* Fails for the key alone, once, where the manifest names it; gives the error. */
static const struct error *refuse_key(struct rig *rig, const struct value_source *source)
{
	want(rig, "B");
	folder_write(&rig->folder, "B", "w");
	start_with(rig, source);
	assert_false(read_all(rig));
	assert_int_equal(rig->errors.count, 1);
	const struct error *err = &rig->errors.items[0];
	expect_no_text(err->message, "HUSH");
	expect_no_text(err->hint, "HUSH");
	return err;
}

static void missing_key(void **state)
{
	struct rig *rig = *state;
	const struct value_source source = start_with_file(rig);
	const struct error *err = refuse_key(rig, &source);

	expect_text(err->message, "can't read the key: can't open ");
	expect_text(err->hint, "Restore the key. If it is lost, set a new one");
	assert_string_equal(err->file, "cfprov.yaml");
	assert_int_equal(err->line, 3);
}

/* What a command says of its failure is not lost. */
static void key_of_a_command_that_fails(void **state)
{
	static const char *const argv[] = {"sh", "-c", "echo locked >&2; exit 3", NULL};
	struct rig *rig = *state;
	struct value_source source = start_with_file(rig);

	source = (struct value_source){.kind = VALUE_COMMAND, .argv = argv};
	const struct error *err = refuse_key(rig, &source);
	expect_text(err->message, "can't read the key: the command `sh` exited");
	expect_text(err->hint, "It printed: locked");
}

static void short_key(void **state)
{
	struct rig *rig = *state;
	const struct value_source source = start_with_file(rig);

	folder_write(&rig->folder, "key", "HUSH");
	const struct error *err = refuse_key(rig, &source);
	expect_text(err->message, "the key has 4 bytes, but at least 16 are required");
	assert_string_equal(err->file, "cfprov.yaml");
}

/*
 * Once the key was replaced, the one before still compares, and what it made is made again: no
 * value is written for that. What is not read stays, and stays comparable.
 */
static void the_old_key_compares(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < 3; i++)
		want(rig, (const char *const[]){"A", "B", "C"}[i]);
	folder_write(&rig->folder, "A", "v");
	folder_write(&rig->folder, "B", "changed");
	folder_write(&rig->folder, "C", "v");
	add(&rig->recorded, "A", print_of(rig, OTHER, "A", "v"));
	add(&rig->recorded, "B", print_of(rig, OTHER, "B", "v"));
	add(&rig->recorded, "C", print_of(rig, KEY, "C", "v"));
	for (size_t i = 0; i < rig->recorded.object_count; i++)
		add(&rig->live, rig->recorded.objects[i].secret, NULL);
	setenv("CFPROV_OLD_KEY", OTHER, true);
	start(rig, KEY);
	assert_true(read_all(rig));
	const struct object *a = desired(rig, "A"), *c = desired(rig, "C");
	assert_int_equal(a->verdict, VALUE_SAME);
	assert_true(fingerprint_is_current(&rig->values.key, a->fingerprint));
	assert_string_not_equal(a->fingerprint, rig->recorded.objects[0].fingerprint);
	assert_int_equal(desired(rig, "B")->verdict, VALUE_CHANGED);
	assert_int_equal(c->verdict, VALUE_SAME);
	assert_string_equal(c->fingerprint, rig->recorded.objects[2].fingerprint);
	values_release(&rig->values);
	start(rig, KEY);
	rig->values.leaves_values = true;
	assert_true(read_all(rig));
	for (size_t i = 0; i < rig->desired.object_count; i++)
		assert_int_not_equal(rig->desired.objects[i].verdict, VALUE_UNVERIFIABLE);
	unsetenv("CFPROV_OLD_KEY");
	values_release(&rig->values);
	start(rig, KEY);
	rig->values.leaves_values = false;
	assert_true(read_all(rig));
	assert_int_equal(desired(rig, "A")->verdict, VALUE_UNVERIFIABLE);
	assert_int_equal(desired(rig, "C")->verdict, VALUE_SAME);
}

static void old_key_alone(void **state)
{
	struct rig *rig = *state;
	static const struct value_source no_source = {0};

	setenv("CFPROV_OLD_KEY", OTHER, true);
	(void)start_with_file(rig);
	unsetenv("CFPROV_KEY");
	const struct error *err = refuse_key(rig, &no_source);
	unsetenv("CFPROV_OLD_KEY");
	expect_text(err->message, "there is an old key, but no key");
	expect_text(err->hint, "Set CFPROV_KEY");
}

/* Nothing is compared or made: the key is not asked for. */
static void key_that_is_not_needed(void **state)
{
	struct rig *rig = *state;
	const struct value_source source = start_with_file(rig);
	struct plan plan CLEANUP(plan_release) = {0};

	start_with(rig, &source);
	model_sort(&rig->desired);
	*plan_add(&plan) = create(desired(rig, "A")); /* without a fingerprint */
	assert_true(values_check(&rig->values, &plan, &rig->errors));
	rig->input.options.destroys_all = true;
	assert_true(read_all(rig));
	rig->input.options.destroys_all = false;
	rig->input.options.refresh_only = true;
	assert_true(read_all(rig));
	rig->input.options.refresh_only = false;
	rig->desired.objects[0].keeps_no_fingerprint = true;
	assert_true(read_all(rig));
	rig->desired.objects[0].is_written_once = true;
	rig->desired.objects[0].keeps_no_fingerprint = false;
	add(&rig->recorded, "A", "x");
	add(&rig->live, "A", NULL);
	assert_true(read_all(rig));
}

/* Of fingerprints of the plan, too; said once. */
static void missing_key_of_a_saved_plan(void **state)
{
	struct rig *rig = *state;
	const struct value_source source = start_with_file(rig);
	struct plan plan CLEANUP(plan_release) = {0};

	want(rig, "A")->fingerprint = print_of(rig, KEY, "A", "v");
	for (int i = 0; i < 2; i++)
		*plan_add(&plan) = create(&rig->desired.objects[rig->desired.object_count - 1]);
	start_with(rig, &source);
	assert_false(values_check(&rig->values, &plan, &rig->errors));
	assert_int_equal(rig->errors.count, 1);
	expect_text(rig->errors.items[0].message, "can't read the key");
}

/* Where a question may be asked, standard input is left alone, and that is said once. */
static void key_on_standard_input(void **state)
{
	struct rig *rig = *state;
	const struct value_source source = {.kind = VALUE_STDIN, .place = {"cfprov.yaml", 3, 5}};

	(void)start_with_file(rig);
	want(rig, "B");
	folder_write(&rig->folder, "B", "w");
	struct object *other = want(rig, "C");
	other->value = &source;
	start_with(rig, &source);
	rig->values.leaves_input = true;
	assert_false(read_all(rig));
	assert_int_equal(rig->errors.count, 1);
	expect_text(rig->errors.items[0].message, "the key comes from the standard input");
	assert_int_equal(rig->errors.items[0].line, 3);
}

/* ---- a saved plan ---- */

static void check_plan_of(struct rig *rig, const char *fingerprint, const char *message)
{
	struct plan plan CLEANUP(plan_release) = {0};
	struct object *wanted = want(rig, "A");

	folder_write(&rig->folder, "A", SECRET);
	wanted->fingerprint = fingerprint;
	*plan_add(&plan) = create(wanted);
	start(rig, KEY);
	assert_int_equal(values_check(&rig->values, &plan, &rig->errors), message == NULL);
	if (!message)
		return;
	expect_text(rig->errors.items[0].message, "prod/keys/A: ");
	expect_text(rig->errors.items[0].message, message);
	expect_no_text(rig->errors.items[0].message, "HUSH");
}

static void planned_same(void **state)
{
	struct rig *rig = *state;

	check_plan_of(rig, print_of(rig, KEY, "A", SECRET), NULL);
}

static void planned_another(void **state)
{
	struct rig *rig = *state;

	check_plan_of(rig, print_of(rig, KEY, "A", "w"), "has changed since the plan was made");
}

static void planned_with_another_key(void **state)
{
	struct rig *rig = *state;

	check_plan_of(rig, print_of(rig, OTHER, "A", SECRET), "a different key");
}

static void planned_without_fingerprint(void **state)
{
	check_plan_of(*state, NULL, NULL);
}

/* What the plan does not write is not read: it may have no source any more. */
static void planned_not_to_be_written(void **state)
{
	struct rig *rig = *state;
	struct plan plan CLEANUP(plan_release) = {0};
	struct object *wanted = want(rig, "A");
	struct object *recorded = add(&rig->recorded, "A", "x");
	struct row *row = plan_add(&plan);

	*row = (struct row){.action = ACTION_UPDATE,
		.recorded = recorded,
		.live = recorded,
		.desired = wanted,
		.writes = FIELD_SCOPES};
	*plan_add(&plan) = (struct row){.action = ACTION_DESTROY, .recorded = recorded};
	start(rig, KEY);
	assert_true(values_check(&rig->values, &plan, &rig->errors));
	plan.rows[0].writes |= FIELD_VALUE;
	assert_false(values_check(&rig->values, &plan, &rig->errors));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty),
		TEST(nul),
		TEST(bad_utf8),
		TEST(cut_utf8),
		TEST(too_long),
		TEST(no_file),
		TEST(as_long_as_may_be),
		TEST(all_errors),
		TEST(not_read),
		TEST(written_once_but_made),
		TEST(nothing_is_read),
		TEST(same),
		TEST(changed),
		TEST(another_key),
		TEST(lost_key),
		TEST(no_fingerprint),
		TEST(odd_fingerprint),
		TEST(key_appears),
		TEST(key_appears_and_signs),
		TEST(still_no_key),
		TEST(bound_to_its_name),
		TEST(none_is_kept),
		TEST(none_is_kept_any_longer),
		TEST(renamed),
		TEST(renamed_again),
		TEST(the_manifests_key),
		TEST(missing_key),
		TEST(key_of_a_command_that_fails),
		TEST(short_key),
		TEST(the_old_key_compares),
		TEST(old_key_alone),
		TEST(key_that_is_not_needed),
		TEST(missing_key_of_a_saved_plan),
		TEST(key_on_standard_input),
		TEST(planned_same),
		TEST(planned_another),
		TEST(planned_with_another_key),
		TEST(planned_without_fingerprint),
		TEST(planned_not_to_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
