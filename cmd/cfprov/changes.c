#include "changes.h"

#include "base/moment.h"
#include "base/text.h"
#include "plan/guard.h"
#include "term.h"
#include "value_source.h"

#include <string.h>
#include <unistd.h>

/* Where the texts of fields begin; how much of a comment is shown, and of it before what differs;
 * and how many secrets that are destroyed with their store have a line each. */
enum {
	NAME_COLUMN = 6,
	TEXT_COLUMN = 16,
	COMMENT_COLUMNS = 60,
	COMMON_COLUMNS = 12,
	LINES_AT_MOST = 10,
};

void changes_release(struct changes *changes)
{
	str_release(&changes->lines);
	str_release(&changes->phrase);
	mem_free(changes->fields);
	arena_release(&changes->arena);
}

/* `field` NULL: it is not about one. */
static void add_phrase(struct changes *changes, const char *field, const char *text)
{
	str_format(&changes->phrase, "%s%s%s%s", changes->phrase.length ? "; " : "",
		field ? field : "", field ? ": " : "", text);
}

static void add_line(struct changes *changes, const char *field, const char *text)
{
	struct str line CLEANUP(str_release) = {0};

	term_add_folded(&line, STDOUT_FILENO, TEXT_COLUMN, text);
	memcpy(line.bytes + NAME_COLUMN, field, strlen(field));
	str_add(&changes->lines, line.bytes, line.length);
	changes->fields = mem_room(changes->fields, changes->field_count, &changes->field_room,
		sizeof(*changes->fields));
	changes->fields[changes->field_count++] = (struct change_field){
		arena_text(&changes->arena, field), arena_text(&changes->arena, text)};
}

static void add(struct changes *changes, const char *field, const char *text)
{
	add_line(changes, field, text);
	add_phrase(changes, field, text);
}

/* "BEFORE -> AFTER"; NULL: there was nothing before. */
static void add_both(
	struct changes *changes, const char *field, const char *before, const char *after)
{
	struct str text CLEANUP(str_release) = {0};

	str_format(&text, "%s%s%s", before ? before : "", before ? " -> " : "", after);
	add(changes, field, str_text(&text));
}

/* ---- values of fields: each gives (mem_free) a text that is fit to be printed ---- */

static char *visible_scopes(const struct object *object)
{
	struct str spaced CLEANUP(str_release) = {0};

	for (const char *it = object->scopes; it && *it; it++)
		str_format(&spaced, "%c%s", *it, *it == ',' ? " " : "");
	return text_visible(spaced.length ? spaced.bytes : "(none)", 0);
}

/* Quotes and repeated spaces are visible, too. NULL: there is no comment. */
static char *visible_comment(const struct object *object)
{
	struct str marked = {0};
	char before = '\0';

	if (!object || !object->comment || !*object->comment)
		return NULL;
	char *plain AUTO_FREE = text_visible(object->comment, 0);
	for (const char *it = plain; *it; before = *it++) {
		if (*it == '"')
			str_text_add(&marked, "\\\"");
		else if (*it == ' ' && before == ' ')
			str_text_add(&marked, "\\x20");
		else
			str_char(&marked, *it);
	}
	return str_steal(&marked);
}

static char *quoted(const char *visible, size_t from)
{
	struct str text = {0};

	if (!visible)
		return mem_copy_text("(none)");
	str_text_add(&text, from ? "\"..." : "\"");
	text_add_visible(&text, visible + from, strlen(visible + from), COMMENT_COLUMNS);
	str_char(&text, '"');
	return str_steal(&text);
}

/* Gives the byte a few characters before the texts begin to differ. */
static size_t before_difference(const char *a, const char *b)
{
	size_t at = 0;
	int characters = 0;

	while (a[at] && a[at] == b[at])
		at++;
	while (at && ((a[at] & 0xc0) == 0x80 || characters++ < COMMON_COLUMNS))
		at--;
	return at;
}

/* Of two long comments that begin alike, the beginning is left out: it hides the rest. */
static void add_comments(
	struct changes *changes, const struct object *before, const struct object *after)
{
	char *a AUTO_FREE = visible_comment(before), *b AUTO_FREE = visible_comment(after);
	bool is_long =
		a && b && (text_columns(a) > COMMENT_COLUMNS || text_columns(b) > COMMENT_COLUMNS);
	size_t from = is_long ? before_difference(a, b) : 0;
	char *was AUTO_FREE = before ? quoted(a, from) : NULL, *is AUTO_FREE = quoted(b, from);

	add_both(changes, "comment", was, is);
}

/* Adds scopes and comment, if they are among `fields`. `before` NULL: there was nothing. */
static void add_fields(struct changes *changes, const struct object *before,
	const struct object *after, unsigned fields)
{
	char *was AUTO_FREE = before ? visible_scopes(before) : NULL;
	char *is AUTO_FREE = visible_scopes(after);

	if (fields & FIELD_SCOPES)
		add_both(changes, "scopes", was, is);
	if (fields & FIELD_COMMENT)
		add_comments(changes, before, after);
}

/* ---- of what ---- */

/* Which fields of a new secret differ from the usual. */
static unsigned unusual_fields(const struct object *secret)
{
	bool has_scopes = secret->scopes && strcmp(secret->scopes, "workers") != 0;
	bool has_comment = secret->comment && *secret->comment;

	return (has_scopes ? FIELD_SCOPES : 0) | (has_comment ? FIELD_COMMENT : 0);
}

/* ---- values ---- */

/* Lends why an existing value is written over; NULL: it is not, or another line says it. */
static const char *why_written(struct changes *changes, const struct row *row)
{
	struct str words CLEANUP(str_release) = {0};

	if (!(row->writes & FIELD_VALUE))
		return NULL;
	if (row->action == ACTION_ADOPT)
		return "replaces the existing value";
	if (row->action != ACTION_UPDATE || !(row->notes & ROW_TELLS_DRIFT) || !row->live->audit)
		return row->action == ACTION_UPDATE ? row->reason : NULL;
	audit_add_words(&words, row->live->audit, changes->names_people);
	return arena_text(&changes->arena, str_text(&words));
}

/* Where the value comes from, and why an existing one is written over. */
static void add_value(struct changes *changes, const struct row *row)
{
	const struct value_source *source = row->desired->value;
	const char *why = why_written(changes, row);
	struct str origin CLEANUP(str_release) = {0}, text CLEANUP(str_release) = {0};

	if (!source || !row_sends_value(row))
		return;
	value_source_add(&origin, source);
	str_text_add(&origin, row->desired->is_unread ? ", not read" : "");
	str_format(&text, "(sensitive)%s%s%s", str_text(&origin), why ? ", " : "", why ? why : "");
	add_line(changes, "value", str_text(&text));
	str_clear(&text);
	if (!why && row->action == ACTION_REPLACE && source->kind == VALUE_GENERATE)
		why = "generated again";
	str_format(&text, "value%s%s%s", str_text(&origin), why ? ", " : "", why ? why : "");
	add_phrase(changes, NULL, str_text(&text));
}

void changes_of_row(struct changes *changes, const struct row *row)
{
	const struct object *after = row->desired, *before = row_written(row);
	bool is_replaced = row->action == ACTION_REPLACE,
	     is_with_store = row->notes & ROW_WITH_STORE;

	if (row->copies) {
		char *was AUTO_FREE = text_visible(row->copies->secret, 0);
		str_format(&changes->phrase, "was %s", was);
	}
	if (is_with_store)
		add_phrase(changes, NULL, "with its store");
	else if (row->action != ACTION_UPDATE || !(row->writes & FIELD_VALUE))
		changes->reason = row->reason;
	if (changes->reason)
		add_phrase(changes, NULL, changes->reason);
	if (!after || after->kind != OBJECT_SECRET || row->action >= ACTION_DESTROY)
		return;
	if (is_replaced)
		before = row->recorded;
	add_value(changes, row);
	add_fields(changes, before, after,
		!before       ? unusual_fields(after)
		: is_replaced ? object_differences(before, after)
			      : object_differences(before, after) & row->writes);
}

void changes_of_drift(struct changes *changes, const struct drift *drift)
{
	const struct object *now = &drift->now;
	struct str text CLEANUP(str_release) = {0};

	if (drift->is_gone)
		return;
	if (now->audit) {
		audit_add_words(&text, now->audit, changes->names_people);
	} else if (drift->fields & FIELD_VALUE) {
		str_text_add(&text, "may have changed: modified outside of cfprov at ");
		moment_add_visible(&text, now->modified);
	}
	str_text_add(&text, drift->is_left ? "; will not be overwritten" : "");
	if (text.length)
		add(changes, "value", str_text(&text));
	add_fields(changes, drift->recorded, now, object_differences(drift->recorded, now));
}

void changes_of_learned(struct changes *changes, const struct row *row, const struct drift *drift)
{
	const struct object *before = row->recorded, *after = row->learned;

	if (!after || after->kind != OBJECT_SECRET)
		return;
	if (drift)
		changes_of_drift(changes, drift);
	else
		add_fields(changes, before, after, object_differences(before, after));
	if (!before->status || !after->status || strcmp(before->status, after->status) == 0)
		return;
	char *was AUTO_FREE = text_visible(before->status, 0);
	char *is AUTO_FREE = text_visible(after->status, 0);
	add_both(changes, "status", was, is);
}

/* ---- groups ---- */

/* True if nothing is known of it but that it is destroyed with its store. */
static bool is_plain(const struct row *row)
{
	struct changes changes CLEANUP(changes_release) = {0};

	if (!(row->notes & ROW_WITH_STORE))
		return false;
	changes_of_row(&changes, row);
	return !changes.lines.length;
}

static bool is_wanted(const struct change_group *group, const struct row *row)
{
	bool destroys = row_counts(row).destroy > 0, overwrites = guard_overwrites(row);

	if (!row_is_change(row))
		return false;
	switch (group->filter) {
	case CHANGES_ALL:
		return true;
	case CHANGES_THAT_DESTROY:
		return destroys;
	case CHANGES_THAT_KEEP:
		return !destroys;
	case CHANGES_THAT_OVERWRITE:
		return !destroys && overwrites;
	case CHANGES_THAT_LOSE_NOTHING:
		return !destroys && !overwrites;
	}
	return false;
}

bool changes_next(struct change_group *group, const struct plan *plan)
{
	size_t count = 1, end;

	while (group->next < plan->row_count && !is_wanted(group, &plan->rows[group->next]))
		group->next++;
	if (group->next == plan->row_count)
		return false;
	const struct row *first = group->first = &plan->rows[group->next++];
	group->object = *row_object(first);
	group->count = 1;
	if (!is_plain(first))
		return true;
	for (end = group->next; end < plan->row_count; end++) {
		const struct row *row = &plan->rows[end];
		bool is_change = row_is_change(row);
		if (!object_shares_store(&group->object, row_object(row)) ||
			(is_change && (row->action != first->action || !is_plain(row))))
			break;
		count += is_change;
	}
	if (count > LINES_AT_MOST) {
		group->object.secret = "*";
		group->count = count;
		group->next = end;
	}
	return true;
}

void changes_add_names(struct str *out, const struct change_group *group)
{
	const struct row *row = group->first;

	for (size_t i = 0; i < group->count; row++) {
		const char *name = row_object(row)->secret;
		if (!row_is_change(row))
			continue;
		str_text_add(out, i++ ? ", " : "");
		text_add_visible(out, name, strlen(name), 0);
	}
}

void changes_add_aside(struct str *out, const struct change_group *group)
{
	const struct row *row = group->first;

	if (group->count > 1) {
		str_format(out, " (%zu secrets, with their store)", group->count);
		return;
	}
	if (row->action == ACTION_ADOPT)
		str_format(out, " (id %s)", row->live->id);
	if (row->copies) {
		char *was AUTO_FREE = text_visible(row->copies->secret, 0);
		str_format(out, " (was %s)", was);
	}
	str_text_add(out, row->notes & ROW_WITH_STORE ? " (with its store)" : "");
}
