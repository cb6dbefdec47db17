/* Which rows start together, in what order, and what never starts because something failed. */
#include "apply/schedule.h"

#include "unit.h"

/* A plan from a text, and what a run of it starts. */
struct rig {
	struct plan plan;
	struct schedule schedule;
	struct str trace;
};

static struct object *make(struct rig *rig, char *address)
{
	struct object *object = arena_alloc(&rig->plan.arena, sizeof(*object));
	char *slash = strchr(address, '/');

	*object = (struct object){.kind = slash ? OBJECT_SECRET : OBJECT_STORE, .account = "prod"};
	if (slash)
		*slash = '\0';
	object->store = address;
	object->secret = slash ? slash + 1 : NULL;
	return object;
}

/* NEW or OLD, of `b/NEW<OLD` or `b/OLD>NEW`. */
static struct object *make_other(struct rig *rig, const struct object *object, char *name)
{
	struct object *other = arena_alloc(&rig->plan.arena, sizeof(*other));

	*other = *object;
	other->secret = name;
	return other;
}

/*
 * Rows in the order of addresses, each ACTION and ADDRESS: = none, + create, @ adopt, ~ update,
 * x replace, w replace with the store, - destroy, d destroy with the store, f forget. `b/NEW<OLD`
 * duplicates OLD, `b/OLD>NEW` is replaced by NEW.
 */
static void plan_of(struct rig *rig, const char *text)
{
	static const char signs[] = "=+@~x-f";
	char *rest = arena_text(&rig->plan.arena, text), *word;

	while ((word = strtok_r(rest, " ", &rest))) {
		char sign = *word == 'w' ? 'x' : *word == 'd' ? '-' : *word;
		char *other = strpbrk(word, "<>"), is_new = other && *other == '<';
		if (other)
			*other = '\0';
		struct object *object = make(rig, word + 1);
		struct row *row = plan_add(&rig->plan);
		row->action = (enum action)(strchr(signs, sign) - signs);
		row->notes = strchr("wd", *word) ? ROW_WITH_STORE : 0;
		if (strchr("-f=", sign))
			row->recorded = object;
		else
			row->desired = object;
		if (other && is_new)
			row->copies = make_other(rig, object, other + 1);
		else if (other)
			row->renamed_to = make_other(rig, object, other + 1);
	}
}

static bool is_listed(const char *list, const struct row *row)
{
	const struct object *object = row_object(row);
	struct str name CLEANUP(str_release) = {0};

	str_format(&name, " %s%s%s ", object->store, object->secret ? "/" : "",
		object->secret ? object->secret : "");
	return strstr(list, str_text(&name));
}

/* Ends a task at once durable. `failing`: addresses, with blanks around each. */
static void end(struct rig *rig, struct task *task, const char *failing)
{
	bool has_failed = false;

	for (size_t i = 0; i < task->count; i++)
		has_failed |= is_listed(failing, task->rows[i]);
	schedule_end(&rig->schedule, task, has_failed);
	for (size_t i = 0; i < task->count; i++)
		if (!is_listed(failing, task->rows[i]))
			schedule_free_waiters(&rig->schedule, task->rows[i]);
}

/* Runs a plan, so many tasks at a time: what started, with `+` between what starts together. */
static void expect_run(
	const char *plan, size_t parallelism, const char *failing, const char *wanted)
{
	struct rig rig = {0};
	struct task *under_way[64];
	size_t from = 0, count = 0;

	plan_of(&rig, plan);
	schedule_init(&rig.schedule, &rig.plan, 2);
	for (;;) {
		while (schedule_has_next(&rig.schedule) && count - from < parallelism) {
			struct task *task = under_way[count++] = schedule_next(&rig.schedule);
			for (size_t i = 0; i < task->count; i++) {
				const struct object *object = row_object(task->rows[i]);
				assert_ptr_equal(schedule_task(&rig.schedule, task->rows[i]), task);
				str_format(&rig.trace, "%s%s%s%s",
					i                  ? "+"
					: rig.trace.length ? " "
							   : "",
					object->store, object->secret ? "/" : "",
					object->secret ? object->secret : "");
			}
		}
		if (from == count)
			break;
		end(&rig, under_way[from++], failing);
	}
	assert_string_equal(str_text(&rig.trace), wanted);
	schedule_release(&rig.schedule);
	plan_release(&rig.plan);
	str_release(&rig.trace);
}

static void removals_come_first(void **state)
{
	static const char plan[] = "+a -b db/X fc @d -d/X +e";

	(void)state;
	expect_run(plan, 1, "", "b c b/X a d e d/X");
	expect_run(plan, 9, "", "b c b/X a d e d/X");
	/* Also if some fail, or never start. */
	expect_run(plan, 9, " b ", "b c a d e d/X");
	expect_run(plan, 1, " c ", "b c b/X a d e d/X");
	expect_run("-a/X +b", 9, " a/X ", "a/X b");
}

static void a_store_comes_before_its_secrets(void **state)
{
	static const char plan[] = "+a +a/A +a/B +a/C xb wb/A db/B =c +c/A";

	(void)state;
	expect_run(plan, 1, "", "a b c/A a/A+a/B a/C b/A b/B");
	expect_run(plan, 9, "", "a b c/A a/A+a/B a/C b/A b/B");
	expect_run(plan, 9, " a ", "a b c/A b/A b/B");
	expect_run(plan, 2, " a b ", "a b c/A");
}

/* New secrets are sent together, wherever they are in the store, and before all else. */
static void batches(void **state)
{
	(void)state;
	expect_run(
		"=a ~a/A +a/B @a/C +a/D -a/E +a/F =b +b/A", 9, "", "a/E a/B+a/D a/F a/A a/C b/A");
	expect_run("+a/A xa/B +a/C", 9, "", "a/A+a/C a/B");
	expect_run("+a/A +b/A", 9, "", "a/A b/A");
}

static void an_old_name_waits_for_its_duplicate(void **state)
{
	static const char plan[] = "=a +a/NEW<OLD -a/OLD>NEW ~a/X -a/Y +a/Z";

	(void)state;
	expect_run(plan, 1, "", "a/Y a/Z a/NEW a/X a/OLD");
	expect_run(plan, 9, "", "a/Y a/Z a/NEW a/X a/OLD");
	expect_run(plan, 9, " a/NEW ", "a/Y a/Z a/NEW a/X");
	expect_run("@a +a/NEW<OLD -a/OLD>NEW", 9, "", "a a/NEW a/OLD");
	expect_run("@a +a/NEW<OLD -a/OLD>NEW", 9, " a ", "a");
	/* An old name that stays does not wait, and nothing is started for it. */
	expect_run("=a +a/NEW<OLD =a/OLD ~a/X", 9, "", "a/NEW a/X");
}

static void is_awaited(void **state)
{
	struct rig rig = {0};

	(void)state;
	plan_of(&rig, "+a +a/A +b =c +c/NEW<OLD -c/OLD>NEW");
	schedule_init(&rig.schedule, &rig.plan, 2);
	for (size_t i = 0; i < rig.plan.row_count; i++)
		if (rig.plan.rows[i].action != ACTION_NONE)
			assert_int_equal(schedule_is_awaited(&rig.schedule, &rig.plan.rows[i]),
				i == 0 || i == 4);
	schedule_release(&rig.schedule);
	plan_release(&rig.plan);
}

static void nothing_to_do(void **state)
{
	(void)state;
	expect_run("", 9, "", "");
	expect_run("=a =a/A", 9, "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removals_come_first),
		cmocka_unit_test(a_store_comes_before_its_secrets),
		cmocka_unit_test(batches),
		cmocka_unit_test(an_old_name_waits_for_its_duplicate),
		cmocka_unit_test(is_awaited),
		cmocka_unit_test(nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
