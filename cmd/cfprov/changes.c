#include "changes.h"

#include "base/moment.h"
#include "base/text.h"
#include "term.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the texts of fields stand; how much of a comment is shown, and of it before what differs.
 */
enum { NAME_COLUMN = 6, TEXT_COLUMN = 16, COMMENT_COLUMNS = 60, COMMON_COLUMNS = 12 };

enum { ALL_FIELDS = FIELD_VALUE | FIELD_SCOPES | FIELD_COMMENT };

static const char sensitive[] = "(sensitive value)";

static struct change_text *add(struct changes *changes, const char *field, struct str *text)
{
	struct change_text *item = &changes->items[changes->count++];

	*item = (struct change_text){field, str_steal(text)};
	return item;
}

void changes_release(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->items[i].text);
	changes->count = 0;
}

/* ---- values of fields ---- */

static void add_scopes(struct str *out, const char *scopes)
{
	struct str spaced CLEANUP(str_release) = {0};

	if (!scopes || !*scopes) {
		str_text_add(out, "(none)");
		return;
	}
	for (; *scopes; scopes++) {
		str_char(&spaced, *scopes);
		if (*scopes == ',')
			str_char(&spaced, ' ');
	}
	text_add_visible(out, spaced.bytes, spaced.length, 0);
}

/* Gives a comment as it is printed: quotes and all spaces but single ones can be seen, too. */
static char *visible_comment(const char *comment)
{
	struct str marked = {0}, plain CLEANUP(str_release) = {0};
	char before = '\0';

	text_add_visible(&plain, comment, strlen(comment), 0);
	for (const char *it = str_text(&plain); *it; before = *it++) {
		if (*it == '"')
			str_text_add(&marked, "\\\"");
		else if (*it == ' ' && before == ' ')
			str_text_add(&marked, "\\x20");
		else
			str_char(&marked, *it);
	}
	return str_steal(&marked);
}

/* At which character two texts begin to differ. */
static size_t common_columns(const char *a, const char *b)
{
	size_t columns = 0;

	for (; *a && *a == *b; a++, b++)
		columns += ((unsigned char)a[1] & 0xc0) != 0x80;
	return columns;
}

/* The comment from the character `from` on; NULL: there is none. */
static void add_comment(struct str *out, const char *visible, size_t from)
{
	if (!visible) {
		str_text_add(out, "(none)");
		return;
	}
	for (size_t i = 0; i < from; i++)
		do
			visible++;
		while (((unsigned char)*visible & 0xc0) == 0x80);
	str_text_add(out, from ? "\"..." : "\"");
	text_add_visible(out, visible, strlen(visible), COMMENT_COLUMNS);
	str_char(out, '"');
}

/* Where two comments are long and begin alike, the beginning is left out: it hides the rest. */
static void add_comments(struct str *out, const char *before, const char *after)
{
	char *a AUTO_FREE = before && *before ? visible_comment(before) : NULL;
	char *b AUTO_FREE = after && *after ? visible_comment(after) : NULL;
	size_t common = a && b ? common_columns(a, b) : 0;
	bool is_long =
		a && b && (text_columns(a) > COMMENT_COLUMNS || text_columns(b) > COMMENT_COLUMNS);
	size_t from = is_long && common > COMMON_COLUMNS ? common - COMMON_COLUMNS : 0;

	add_comment(out, a, from);
	str_text_add(out, " -> ");
	add_comment(out, b, from);
}

/* ---- fields ---- */

static void add_value(struct changes *changes, const char *what)
{
	struct str text CLEANUP(str_release) = {0};

	str_text_add(&text, sensitive);
	if (what)
		str_format(&text, ": %s", what);
	add(changes, "value", &text);
}

/* Of scopes and comment what differs, of two forms of one secret; of `among` (FIELD_*) only. */
static void add_differences(struct changes *changes, const struct object *before,
	const struct object *after, unsigned among)
{
	unsigned fields = object_differences(before, after) & among;
	struct str scopes CLEANUP(str_release) = {0}, comment CLEANUP(str_release) = {0};

	if (fields & FIELD_SCOPES) {
		add_scopes(&scopes, before->scopes);
		str_text_add(&scopes, " -> ");
		add_scopes(&scopes, after->scopes);
		add(changes, "scopes", &scopes);
	}
	if (fields & FIELD_COMMENT) {
		add_comments(&comment, before->comment, after->comment);
		add(changes, "comment", &comment);
	}
}

/* What a new secret has that not all of them have. */
static void add_unusual(struct changes *changes, const struct object *object)
{
	struct str scopes CLEANUP(str_release) = {0}, comment CLEANUP(str_release) = {0};

	if (object->scopes && strcmp(object->scopes, "workers") != 0) {
		add_scopes(&scopes, object->scopes);
		add(changes, "scopes", &scopes);
	}
	if (object->comment && *object->comment) {
		char *visible AUTO_FREE = visible_comment(object->comment);
		add_comment(&comment, visible, 0);
		add(changes, "comment", &comment);
	}
}

/* ---- of what ---- */

/* What is the text of an update's value, or of another action's that writes over one? */
static const char *why_written(const struct action *action)
{
	switch (action_kind(action)) {
	case ACTION_UPDATE:
		return action->reason;
	case ACTION_ADOPT:
		return "written over the one that is there";
	case ACTION_NONE:
	case ACTION_CREATE:
	case ACTION_RENAME:
	case ACTION_REPLACE:
	case ACTION_DESTROY:
	case ACTION_FORGET:
		break;
	}
	return NULL;
}

void changes_of_action(struct changes *changes, const struct action *action)
{
	const struct object *after = action->after;
	const struct object *before = action->live ? action->live : action->before;

	if (!after || after->kind != OBJECT_SECRET)
		return;
	if (!before) {
		add_unusual(changes, after);
		return;
	}
	if (action->changes & FIELD_VALUE)
		add_value(changes, why_written(action));
	else if (action->is_replaced && after->value && after->value->kind == VALUE_GENERATE)
		add_value(changes, "generated anew");
	add_differences(changes, before, after, action->is_replaced ? ALL_FIELDS : action->changes);
}

bool changes_say_reason(const struct action *action)
{
	bool is_value = action_kind(action) == ACTION_UPDATE && action->changes & FIELD_VALUE;

	return is_value || action->goes_with_store;
}

void changes_of_drift(struct changes *changes, const struct drift *drift, bool is_left)
{
	const struct object *recorded = drift->recorded, *live = drift->live;
	struct str text CLEANUP(str_release) = {0};

	if (!live)
		return;
	bool may_differ = object_drift(recorded, live) & FIELD_VALUE;
	if (live->audit)
		audit_add_words(&text, live->audit, changes->names_people);
	else if (may_differ) {
		str_text_add(&text, "may have changed: modified outside of cfprov at ");
		moment_add_visible(&text, live->modified);
	}
	if (may_differ && is_left)
		str_text_add(&text, "; left as it is");
	if (text.length)
		add(changes, "value", &text);
	add_differences(changes, recorded, live, ALL_FIELDS);
}

void changes_of_refresh(struct changes *changes, const struct refresh *refresh)
{
	const struct object *before = refresh->before, *after = refresh->after;
	struct str text CLEANUP(str_release) = {0};

	if (!after || after->kind != OBJECT_SECRET)
		return;
	add_differences(changes, before, after, ALL_FIELDS);
	if (!before->status || !after->status || strcmp(before->status, after->status) == 0)
		return;
	text_add_visible(&text, before->status, strlen(before->status), 0);
	str_text_add(&text, " -> ");
	text_add_visible(&text, after->status, strlen(after->status), 0);
	add(changes, "status", &text);
}

static int compare_about(const void *key, const void *action)
{
	return object_compare(key, action_object(action));
}

bool changes_leave_value(const struct plan *plan, const struct drift *drift)
{
	const struct action *action = NULL;

	if (plan->action_count)
		action = bsearch(drift->recorded, plan->actions, plan->action_count,
			sizeof(*action), compare_about);
	return action && action->after && !action->is_replaced && !(action->changes & FIELD_VALUE);
}

/* ---- words ---- */

void changes_add_lines(struct str *out, const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const char *field = changes->items[i].field;
		struct str line CLEANUP(str_release) = {0};
		term_add_folded(&line, STDOUT_FILENO, TEXT_COLUMN, changes->items[i].text);
		memcpy(line.bytes + NAME_COLUMN, field, strlen(field));
		str_add(out, line.bytes, line.length);
	}
}

/* In a sentence, the reason alone tells what a value's change is. */
static const char *in_sentence(const char *text)
{
	size_t length = strlen(sensitive);

	return strncmp(text, sensitive, length) == 0 && text[length] ? text + length + 2 : text;
}

void changes_add_phrase(struct str *out, const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		str_format(out, "%s%s: %s", i ? "; " : "", changes->items[i].field,
			in_sentence(changes->items[i].text));
}

void changes_add_why(struct str *out, const struct action *action)
{
	struct changes changes CLEANUP(changes_release) = {0};
	struct str why CLEANUP(str_release) = {0};

	if (action_kind(action) == ACTION_RENAME) {
		str_text_add(&why, "it was ");
		text_add_visible(&why, action->before->secret, strlen(action->before->secret), 0);
	}
	if (action->goes_with_store)
		str_text_add(&why, "it goes with its store");
	else if (action->reason && !changes_say_reason(action))
		str_format(&why, "%s%s", why.length ? "; " : "", action->reason);
	changes_of_action(&changes, action);
	str_text_add(&why, why.length && changes.count ? "; " : "");
	changes_add_phrase(&why, &changes);
	if (why.length)
		str_add(out, why.bytes, why.length);
}

static bool goes_along(const struct action *action)
{
	struct changes changes CLEANUP(changes_release) = {0};

	if (!action->goes_with_store)
		return false;
	changes_of_action(&changes, action);
	return changes.count == 0;
}

size_t changes_count_along(const struct plan *plan, size_t from)
{
	const struct action *first = &plan->actions[from];
	size_t end = from + 1;

	if (!goes_along(first))
		return 1;
	for (; end < plan->action_count; end++) {
		const struct action *action = &plan->actions[end];
		const struct object *a = action_object(first), *b = action_object(action);
		if (action_kind(action) != action_kind(first) || !goes_along(action) ||
			strcmp(a->account, b->account) != 0 || strcmp(a->store, b->store) != 0)
			break;
	}
	return end - from;
}
