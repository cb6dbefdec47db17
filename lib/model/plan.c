#include "model/plan.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct row *plan_add(struct plan *plan)
{
	plan->rows = mem_room(plan->rows, plan->row_count, &plan->row_room, sizeof(*plan->rows));
	struct row *row = &plan->rows[plan->row_count++];
	*row = (struct row){0};
	return row;
}

void plan_add_warning(struct plan *plan, const char *format, ...)
{
	struct str text CLEANUP(str_release) = {0};
	va_list arguments;

	va_start(arguments, format);
	str_format_list(&text, format, arguments);
	va_end(arguments);
	plan->warnings = mem_room((void *)plan->warnings, plan->warning_count, &plan->warning_room,
		sizeof(*plan->warnings));
	plan->warnings[plan->warning_count++] = arena_text(&plan->arena, str_text(&text));
}

const struct object *row_object(const struct row *row)
{
	return row->desired ? row->desired : row->recorded;
}

static int compare_address(const void *object, const void *row)
{
	return object_compare(object, row_object(row));
}

size_t plan_count_notes(const struct plan *plan, enum row_note note)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->row_count; i++)
		count += (plan->rows[i].notes & note) != 0;
	return count;
}

const struct row *plan_find(const struct plan *plan, const struct object *object)
{
	return plan->row_count ? bsearch(object, plan->rows, plan->row_count, sizeof(*plan->rows),
					 compare_address)
			       : NULL;
}

bool row_is_same(const struct row *row)
{
	return row->recorded && row->recorded->id && row->live &&
	       strcmp(row->recorded->id, row->live->id) == 0;
}

const struct object *row_before(const struct row *row)
{
	if (row->action == ACTION_CREATE)
		return NULL;
	return row->action == ACTION_ADOPT ? row->live : row->recorded;
}

bool row_sends_value(const struct row *row)
{
	if (!row->desired || row->desired->kind != OBJECT_SECRET)
		return false;
	return (row->action == ACTION_CREATE && !row->copies) || row->action == ACTION_REPLACE ||
	       (row->writes & FIELD_VALUE);
}

bool row_destroys(const struct row *row)
{
	return row->action == ACTION_DESTROY || row->action == ACTION_REPLACE;
}

bool row_is_change(const struct row *row)
{
	return row->action != ACTION_NONE && !row->renamed_to;
}

bool row_is_move(const struct row *row)
{
	return row->moved_from && !row->copies;
}

const struct object *row_written(const struct row *row)
{
	bool is_kept = row->copies || row->action == ACTION_ADOPT || row->action == ACTION_UPDATE;

	return is_kept ? row->live : NULL;
}

struct plan_counts row_counts(const struct row *row)
{
	switch (row->action) {
	case ACTION_CREATE:
		return (struct plan_counts){.add = !row->copies, .change = row->copies != NULL};
	case ACTION_ADOPT:
		return (struct plan_counts){.import = 1, .change = row->writes != 0};
	case ACTION_UPDATE:
		return (struct plan_counts){.change = 1};
	case ACTION_REPLACE:
		return (struct plan_counts){.add = 1, .destroy = 1};
	case ACTION_DESTROY:
		return (struct plan_counts){.destroy = !row->renamed_to};
	case ACTION_FORGET:
		return (struct plan_counts){.forget = 1};
	case ACTION_NONE:
		break;
	}
	return (struct plan_counts){0};
}

void plan_count(struct plan *plan)
{
	plan->counts = (struct plan_counts){0};
	plan->learned = plan->moved = 0;
	for (size_t i = 0; i < plan->row_count; i++) {
		struct plan_counts one = row_counts(&plan->rows[i]);
		plan_counts_add(&plan->counts, &one);
		plan->learned += plan->rows[i].learns;
		plan->moved += row_is_move(&plan->rows[i]);
	}
}

void plan_counts_add(struct plan_counts *counts, const struct plan_counts *more)
{
	counts->import += more->import;
	counts->add += more->add;
	counts->change += more->change;
	counts->destroy += more->destroy;
	counts->forget += more->forget;
}

bool plan_share_next(struct plan_share *share, const struct plan *plan)
{
	bool is_any = false;

	share->counts = (struct plan_counts){0};
	for (; share->next_row < plan->row_count; share->next_row++) {
		const struct row *row = &plan->rows[share->next_row];
		const char *alias = row_object(row)->account;
		if (!row_is_change(row))
			continue;
		if (is_any && strcmp(alias, share->alias) != 0)
			break;
		struct plan_counts one = row_counts(row);
		plan_counts_add(&share->counts, &one);
		share->alias = alias;
		is_any = true;
	}
	return is_any;
}

static const char *id_of(const struct object *object)
{
	return object && object->id ? object->id : "-";
}

void plan_add_digest(struct str *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		object_add_address(out, row_object(row));
		str_format(out, " %d %u %u %u %d %s %s %s", row->action, row->writes, row->notes,
			row->drift, row->learns, id_of(row->recorded), id_of(row->live),
			id_of(row->copies));
		for (size_t k = 0; k < row->unmanaged_count; k++)
			str_format(out, " %s", row->unmanaged[k].id);
		str_char(out, '\n');
	}
}

bool plan_is_empty(const struct plan *plan)
{
	const struct plan_counts *counts = &plan->counts;

	return counts->import + counts->add + counts->change + counts->destroy + counts->forget +
		       plan->moved ==
	       0;
}

void plan_release(struct plan *plan)
{
	arena_release(&plan->arena);
	mem_free(plan->rows);
	mem_free((void *)plan->warnings);
	mem_free(plan->broken);
	*plan = (struct plan){0};
}
