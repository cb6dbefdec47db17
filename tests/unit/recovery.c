/* What the journal of an interrupted run, or its intents, add to a state. */
#include "state/recovery.h"

#include "unit.h"

#define LINEAGE "11111111-1111-4111-8111-111111111111"
#define OTHER   "22222222-2222-4222-8222-222222222222"
#define LOCK    "33333333-3333-4333-8333-333333333333"

enum { NOW_MS = 5000, SERIAL = 5 };

/*
 * Stores, as words: a=ID, or a? if its id is unknown. The journal's begin with what becomes of
 * them: + put, - drop, . keep.
 */
struct scene {
	enum recovery verdict;
	const char *state;
	int64_t serial; /* of the state; the journal's is SERIAL */
	const char *journal;
	const char *after; /* NULL: as before */
	const char *lock;  /* NULL: none */
};

static void set_uuid(char to[static STATE_LINEAGE_LENGTH + 1], const char *text)
{
	snprintf(to, STATE_LINEAGE_LENGTH + 1, "%s", text);
}

static const struct object *add(struct model *model, const char *word)
{
	size_t length = strcspn(word, "=?");
	struct object *object =
		model_add_object(model, "prod", arena_bytes(&model->arena, word, length), NULL);

	object->id = word[length] == '=' ? arena_text(&model->arena, word + length + 1) : NULL;
	object->origin = object->id ? ORIGIN_CREATED : ORIGIN_NONE;
	return object;
}

static void make_state(struct state *state, const char *words, int64_t serial)
{
	char *rest = arena_text(&state->model.arena, words), *word;

	set_uuid(state->lineage, LINEAGE);
	state->serial = serial;
	model_add_account(&state->model, "prod", "acc1");
	while ((word = strsep(&rest, " ")))
		if (*word)
			add(&state->model, word);
	model_sort(&state->model);
}

static void make_journal(struct journal *journal, const char *words, const char *lock)
{
	char *rest = arena_text(&journal->model.arena, words), *word;

	set_uuid(journal->head.lineage, LINEAGE);
	set_uuid(journal->head.lock, lock ? lock : "");
	journal->head.serial = SERIAL;
	model_add_account(&journal->model, "prod", "acc1");
	model_reserve(&journal->model, strlen(words));
	journal->changes = mem_alloc((strlen(words) + 1) * sizeof(*journal->changes));
	while ((word = strsep(&rest, " "))) {
		enum change_kind kind = *word == '+'   ? CHANGE_PUT
					: *word == '-' ? CHANGE_DROP
						       : CHANGE_KEEP;
		journal->changes[journal->count++] =
			(struct change){kind, add(&journal->model, word + 1)};
	}
}

static void expect_objects(const struct state *state, const char *words)
{
	struct str found CLEANUP(str_release) = {0};

	for (size_t i = 0; i < state->model.object_count; i++) {
		const struct object *object = &state->model.objects[i];
		str_format(&found, "%s%s%s%s", found.length ? " " : "", object->store,
			object->id ? "=" : "?", object->id ? object->id : "");
	}
	assert_string_equal(str_text(&found), words);
}

static void expect_verdict(const struct scene *scene, enum recovery found, const struct state *now)
{
	if (found != scene->verdict)
		fail_msg("%s, then %s: %d, not %d", scene->state, scene->journal, (int)found,
			(int)scene->verdict);
	expect_objects(now, scene->after ? scene->after : scene->state);
}

static void play(const struct scene *scene)
{
	struct state state CLEANUP(state_release) = {0};
	struct journal journal CLEANUP(journal_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	make_state(&state, scene->state, scene->serial);
	make_journal(&journal, scene->journal, scene->lock);
	expect_verdict(scene, recovery_fold(&state, &journal, NOW_MS, &err), &state);
}

/* ---- a journal ---- */

static void of_this_state(void **unused)
{
	static const struct scene scenes[] = {
		{RECOVERY_FOLDED, "a=1", 5, "+b=2", "a=1 b=2", NULL},
		{RECOVERY_FOLDED, "a=1 b=2", 5, "-a=1 .b=2 +c?", "b=2 c?", NULL},
		{RECOVERY_NEWER, "a=1", 4, "+b=2", NULL, NULL},
		{RECOVERY_NEWER, "a=1", 4, "+b=2", NULL, LOCK},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++)
		play(&scenes[i]);
}

/* The run ended between writing the state and removing the journal; or somebody else wrote it. */
static void of_the_state_before(void **unused)
{
	static const struct scene scenes[] = {
		{RECOVERY_NOTHING, "a=1 b=2", 6, "+b=2", NULL, NULL},
		{RECOVERY_NOTHING, "a=1 b?", 6, "+b?", NULL, NULL},
		{RECOVERY_NOTHING, "a=1", 6, "-b=2", NULL, NULL},
		{RECOVERY_OLDER, "a=1", 6, "+b=2", NULL, NULL},
		{RECOVERY_OLDER, "a=1 b=3", 6, "+b=2", NULL, NULL},
		{RECOVERY_OLDER, "a=1 b?", 6, "+b=2", NULL, NULL},
		{RECOVERY_OLDER, "a=1", 6, "+b?", NULL, NULL},
		/* no run writes two states */
		{RECOVERY_OLDER, "a=1 b=2", 7, "+b=2", NULL, NULL},
		{RECOVERY_OLDER, "a=1", 7, "-b=2", NULL, NULL},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++)
		play(&scenes[i]);
}

/* Its lock was broken, and others have written since: only what they do not know is added. */
static void overtaken(void **unused)
{
	static const struct scene scenes[] = {
		{RECOVERY_FOLDED, "a=1", 8, "+b=2", "a=1 b=2", LOCK},
		{RECOVERY_FOLDED, "a=1 b?", 8, "+b=2", "a=1 b=2", LOCK},
		{RECOVERY_FOLDED, "a=1 b?", 6, "+b=2", "a=1 b=2", LOCK},
		{RECOVERY_FOLDED, "a=1 b=2", 8, "-b=2", "a=1", LOCK},
		{RECOVERY_NOTHING, "a=1 b=2", 8, "+b=2", NULL, LOCK},
		/* what they found there is another object */
		{RECOVERY_NOTHING, "a=1 b=3", 8, "+b=2", NULL, LOCK},
		{RECOVERY_NOTHING, "a=1 b=3", 8, "-b=2", NULL, LOCK},
		{RECOVERY_NOTHING, "a=1 b?", 8, "-b=2", NULL, LOCK},
		/* they know how it ended */
		{RECOVERY_NOTHING, "a=1", 8, "+b? -c=2 .d=4", NULL, LOCK},
		/* it has another name by now */
		{RECOVERY_NOTHING, "a=1 c=2", 8, "+b=2", NULL, LOCK},
		{RECOVERY_FOLDED, "a=1 c=2", 8, "+b=2 +d=3", "a=1 c=2 d=3", LOCK},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++)
		play(&scenes[i]);
}

static void of_what(void **unused)
{
	static const struct {
		enum recovery verdict;
		const char *state, *journal; /* their lineages */
		const char *account;         /* of the journal */
	} scenes[] = {
		{RECOVERY_FOLDED, LINEAGE, LINEAGE, "acc1"},
		{RECOVERY_FOREIGN, LINEAGE, OTHER, "acc1"},
		{RECOVERY_FOLDED, "", OTHER, "acc1"}, /* the first run of a new state */
		{RECOVERY_NOTHING, LINEAGE, "", "acc1"},
		{RECOVERY_INVALID, LINEAGE, LINEAGE, "acc2"},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		struct state state CLEANUP(state_release) = {0};
		struct journal journal CLEANUP(journal_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		bool is_folded = scenes[i].verdict == RECOVERY_FOLDED;
		make_state(&state, "a=1", SERIAL);
		make_journal(&journal, "+b=2", NULL);
		set_uuid(state.lineage, scenes[i].state);
		set_uuid(journal.head.lineage, scenes[i].journal);
		journal.model.accounts[0].id = scenes[i].account;
		assert_int_equal(recovery_fold(&state, &journal, NOW_MS, &err), scenes[i].verdict);
		assert_string_equal(state.lineage, is_folded ? scenes[i].journal : scenes[i].state);
		expect_objects(&state, is_folded ? "a=1 b=2" : "a=1");
	}
}

/* The patience for what is unresolved or in doubt begins when the run was last alive, if that is
 * known. */
static void requested(void **unused)
{
	static const int64_t alive[] = {1000, 0}, wanted[] = {1000, NOW_MS};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(alive); i++) {
		struct state state CLEANUP(state_release) = {0};
		struct journal journal CLEANUP(journal_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		make_state(&state, "", SERIAL);
		make_journal(&journal, "+a? +b=2 +c=3 +d?", NULL);
		journal.model.objects[1].doubt = DOUBT_REST;
		journal.model.objects[3].requested_ms = 500; /* by a run before */
		journal.alive_ms = alive[i];
		assert_int_equal(recovery_fold(&state, &journal, NOW_MS, &err), RECOVERY_FOLDED);
		assert_int_equal(state.model.objects[0].requested_ms, wanted[i]);
		assert_int_equal(state.model.objects[1].requested_ms, wanted[i]);
		assert_int_equal(state.model.objects[2].requested_ms, 0);
		assert_int_equal(state.model.objects[3].requested_ms, 500);
	}
}

/* ---- intents ---- */

static void intents(void **unused)
{
	static const struct {
		struct scene scene;
		struct recovery_base base;
	} scenes[] = {
		{{RECOVERY_FOLDED, "a=1", 5, "+b? -a=1", "b?", LOCK}, {5, false}},
		/* what the run before left was folded in just now */
		{{RECOVERY_FOLDED, "a=1", 6, "+b?", "a=1 b?", LOCK}, {5, false}},
		{{RECOVERY_NOTHING, "a=1", 6, "+b?", NULL, LOCK}, {6, false}},
		/* whoever wrote the newer state did not see them */
		{{RECOVERY_FOLDED, "a=1", 6, "+b?", "a=1 b?", LOCK}, {6, true}},
		{{RECOVERY_FOLDED, "a=1 b?", 6, "+b?", "a=1 b?", LOCK}, {6, true}},
		{{RECOVERY_NOTHING, "a=1 b=2", 6, "+b?", NULL, LOCK}, {6, true}},
		{{RECOVERY_NOTHING, "a=1 b?", 6, ".b? -c?", NULL, LOCK}, {6, true}},
		{{RECOVERY_NOTHING, "a=1 c=2", 6, "+b=2", NULL, LOCK}, {6, true}},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		const struct scene *scene = &scenes[i].scene;
		struct state state CLEANUP(state_release) = {0};
		struct journal journal CLEANUP(journal_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		make_state(&state, scene->state, scene->serial);
		make_journal(&journal, scene->journal, scene->lock);
		journal.alive_ms = 1000; /* nobody could know */
		expect_verdict(scene,
			recovery_fold_intents(&state, &journal, scenes[i].base, NOW_MS, &err),
			&state);
		const struct object *open = model_object(&state.model, "prod", "b", NULL);
		if (scene->verdict == RECOVERY_FOLDED)
			assert_int_equal(open->requested_ms, NOW_MS);
	}
}

static void intents_of_what(void **unused)
{
	static const struct {
		enum recovery verdict;
		const char *state, *intents; /* their lineages */
	} scenes[] = {
		{RECOVERY_FOLDED, LINEAGE, LINEAGE},
		{RECOVERY_FOREIGN, LINEAGE, OTHER},
		{RECOVERY_FOREIGN, LINEAGE, ""},
		{RECOVERY_FOLDED, "", OTHER},
		{RECOVERY_NOTHING, "", ""},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		struct state state CLEANUP(state_release) = {0};
		struct journal journal CLEANUP(journal_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		make_state(&state, "a=1", SERIAL);
		make_journal(&journal, "+b?", LOCK);
		set_uuid(state.lineage, scenes[i].state);
		set_uuid(journal.head.lineage, scenes[i].intents);
		assert_int_equal(recovery_fold_intents(&state, &journal,
					 (struct recovery_base){SERIAL, false}, NOW_MS, &err),
			scenes[i].verdict);
		expect_objects(&state, scenes[i].verdict == RECOVERY_FOLDED ? "a=1 b?" : "a=1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_this_state),
		cmocka_unit_test(of_the_state_before),
		cmocka_unit_test(overtaken),
		cmocka_unit_test(of_what),
		cmocka_unit_test(requested),
		cmocka_unit_test(intents),
		cmocka_unit_test(intents_of_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
