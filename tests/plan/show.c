#include "show.h"

#include "base/text.h"

#include <string.h>

/* What would play tricks on a terminal is marked: it should have been made visible before. */
static void add_text(struct str *out, const char *text)
{
	size_t start = out->length;

	text_add_visible(out, text, strlen(text), 0);
	if (strcmp(str_text(out) + start, text) != 0)
		str_text_add(out, " <-- RAW");
}

void show_address(struct str *out, const char *word, const struct object *object)
{
	struct str address CLEANUP(str_release) = {0};

	object_add_address(&address, object);
	str_format(out, "%-10s ", word);
	text_add_visible(out, str_text(&address), address.length, 0);
}

static void add_object(struct str *out, const char *word, const struct object *object)
{
	show_address(out, word, object);
	if (object->id)
		str_format(out, " = %s", object->id);
}

static void add_fields(struct str *out, unsigned fields)
{
	if (fields & FIELD_VALUE)
		str_text_add(out, " value");
	if (fields & FIELD_SCOPES)
		str_text_add(out, " scopes");
	if (fields & FIELD_COMMENT)
		str_text_add(out, " comment");
}

/* " (a, b)" of those that hold; nothing of none. */
struct remark {
	bool holds;
	const char *text;
};

static void add_remarks(struct str *out, const struct remark *remarks, size_t count)
{
	const char *before = " (";

	for (size_t i = 0; i < count; i++) {
		if (!remarks[i].holds)
			continue;
		str_format(out, "%s%s", before, remarks[i].text);
		before = ", ";
	}
	if (*before == ',')
		str_char(out, ')');
}

void show_row(struct str *out, const struct row *row, const struct row *store)
{
	static const char *const words[] = {
		[ACTION_NONE] = "none",
		[ACTION_CREATE] = "create",
		[ACTION_ADOPT] = "adopt",
		[ACTION_UPDATE] = "update",
		[ACTION_REPLACE] = "replace",
		[ACTION_DESTROY] = "destroy",
		[ACTION_FORGET] = "forget",
	};
	const struct object *object = row_object(row);
	const struct object *before = row->copies ? row->copies : row_before(row);
	const struct remark remarks[] = {
		{row->notes & ROW_NEEDS_APPROVAL, "asks"},
		{row->notes & ROW_UNVERIFIED, "unverified"},
		{row->notes & ROW_NOT_COMPARED, "not compared"},
		{row->notes & ROW_WITH_STORE, "with its store"},
		{row->action != ACTION_FORGET && store && object->secret &&
				store->action != ACTION_NONE &&
				object_shares_store(row_object(store), object),
			"waits"},
	};

	show_address(out, row->copies ? "rename" : words[row->action], object);
	if (before)
		str_format(out, " = %s", before->id);
	if (row->copies)
		str_format(out, " from %s", row->copies->secret);
	if (row->writes)
		str_text_add(out, ":");
	add_fields(out, row->writes);
	add_remarks(out, remarks, ARRAY_SIZE(remarks));
	str_char(out, '\n');
	if (row->reason) {
		str_repeat(out, ' ', 11);
		add_text(out, row->reason);
		str_char(out, '\n');
	}
	for (size_t i = 0; i < row->unmanaged_count; i++) {
		add_object(out, "  with", &row->unmanaged[i]);
		str_char(out, '\n');
	}
}

static void add_summary(struct str *out, const struct plan *plan)
{
	const struct plan_counts *counts = &plan->counts;

	if (plan_is_empty(plan)) {
		str_text_add(out, "No changes.\n");
		return;
	}
	str_text_add(out, "Plan: ");
	if (counts->import)
		str_format(out, "%zu to import, ", counts->import);
	str_format(out, "%zu to add, %zu to change, %zu to destroy", counts->add, counts->change,
		counts->destroy);
	if (counts->forget)
		str_format(out, ", %zu to forget", counts->forget);
	str_text_add(out, ".\n");
}

static void add_drift(struct str *out, const struct row *row)
{
	if (row->drift & (DRIFT_GONE | DRIFT_REPLACED)) {
		bool is_anew = row->drift & DRIFT_REPLACED;
		add_object(out, is_anew ? "anew" : "gone", is_anew ? row->live : row->recorded);
	} else {
		show_address(out, "drift", row->recorded);
		add_fields(out, row->drift);
	}
	str_char(out, '\n');
}

static bool is_other(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

/* Of a secret, what it is that the state learns. */
static void add_learned(struct str *out, const struct object *before, const struct object *after)
{
	const struct remark remarks[] = {
		{is_other(before->id, after->id), " id"},
		{is_other(before->created, after->created), " created"},
		{is_other(before->modified, after->modified), " modified"},
		{is_other(before->scopes, after->scopes), " scopes"},
		{is_other(before->comment, after->comment), " comment"},
		{is_other(before->status, after->status), " status"},
		{is_other(before->fingerprint, after->fingerprint), " fingerprint"},
		{before->version != after->version, " version"},
		{before->doubt != after->doubt, " sure"},
		{before->prevent_destroy != after->prevent_destroy, " prevent_destroy"},
		{before->forget_on_remove != after->forget_on_remove, " on_remove"},
	};

	if (before->kind != OBJECT_SECRET)
		return;
	str_char(out, ':');
	for (size_t i = 0; i < ARRAY_SIZE(remarks); i++)
		if (remarks[i].holds)
			str_text_add(out, remarks[i].text);
}

/* What the plan is about: not the old name of a rename, nor what the state only learns of. */
static bool is_shown(const struct row *row, bool refresh_only)
{
	if (row->action != ACTION_NONE)
		return !row->renamed_to;
	return !refresh_only && row->desired && row_is_same(row);
}

void show_plan(struct str *out, const struct plan *plan, bool refresh_only)
{
	const struct row *store = NULL;

	for (size_t i = 0; i < plan->row_count; i++)
		if (plan->rows[i].drift)
			add_drift(out, &plan->rows[i]);
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (row_object(row)->kind == OBJECT_STORE)
			store = row;
		if (is_shown(row, refresh_only))
			show_row(out, row, store);
	}
	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		if (!row->learns)
			continue;
		show_address(out, row->learned ? "learn" : "leave", row->recorded);
		if (row->learned)
			add_learned(out, row->recorded, row->learned);
		str_char(out, '\n');
	}
	for (size_t i = 0; i < plan->broken_count; i++) {
		static const char *const words[] = {"destroyed", "renamed", "store", "scope"};
		const struct broken_binding *it = &plan->broken[i];
		show_address(out, "breaks", row_object(it->row));
		str_format(out, " %s (%s %s)\n", words[it->kind], it->binding->store_id,
			it->binding->secret);
	}
	for (size_t i = 0; i < plan->warning_count; i++) {
		str_text_add(out, "warning    ");
		add_text(out, plan->warnings[i]);
		str_char(out, '\n');
	}
	add_summary(out, plan);
}

void show_error(struct str *out, const struct error *err)
{
	if (err->file)
		str_format(out, "%s:", err->file);
	if (err->line)
		str_format(out, "%zu:%zu:", err->line, err->column);
	str_text_add(out, err->file ? " " : "");
	add_text(out, err->message);
	str_char(out, '\n');
	if (!err->hint)
		return;
	str_text_add(out, "  ");
	add_text(out, err->hint);
	str_char(out, '\n');
}
