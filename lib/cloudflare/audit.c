#include "cloudflare/audit.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/moment.h"
#include "base/text.h"
#include "cloudflare/wait.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- one entry ---- */

enum touch { TOUCH_NONE, TOUCH_DOUBT, TOUCH_VALUE };

struct entry {
	struct moment time;
	const char *time_text;
	enum touch touch;
	bool is_foreign; /* made by another program, as it says */
	const struct json *actor;
};

/*
 * Is the value part of the change? Where in the resource the log says so is not documented, so the
 * whole of it is searched.
 */
static enum touch find_touch(const struct json *json)
{
	enum touch most = TOUCH_NONE;

	for (const struct json *it = json_first(json); it; it = json_next(it)) {
		enum touch touch = find_touch(it);
		const char *key = json_key(it);
		if (key && strcmp(key, "value_modified") == 0)
			touch = json_is_true(it)    ? TOUCH_VALUE
				: json_is_false(it) ? TOUCH_NONE
						    : TOUCH_DOUBT;
		most = touch > most ? touch : most;
	}
	return most;
}

/* Is the text one of these words, with single spaces between? Case does not matter. */
static bool is_any(const char *text, const char *words)
{
	size_t wanted = text ? strlen(text) : 0, length;

	for (; wanted && *words; words += length + (words[length] == ' ')) {
		length = strcspn(words, " ");
		if (length == wanted && strncasecmp(text, words, length) == 0)
			return true;
	}
	return false;
}

/*
 * False: the entry does not count, because it is about another object, has no usable id or date
 * (*is_doubtful), or changed nothing.
 */
static bool read_entry(
	const struct json *json, const char *id, struct entry *ret_entry, bool *is_doubtful)
{
	const struct json *action = json_get(json, "action");
	const struct json *resource = json_get(json, "resource");
	const char *about = json_get_text(resource, "id");
	const char *agent = json_get_text(json_get(json, "raw"), "user_agent");
	const char *result = json_get_text(action, "result"), *type = json_get_text(action, "type");
	struct entry entry = {
		.time_text = json_get_text(action, "time"),
		.touch = TOUCH_DOUBT,
		.is_foreign = agent && *agent && strncmp(agent, "cfprov/", 7) != 0,
		.actor = json_get(json, "actor"),
	};

	if (about && (strcmp(about, id) != 0 || is_any(result, "failure failed error") ||
			     is_any(type, "view read get list")))
		return false;
	if (!about || !moment_read(entry.time_text, &entry.time)) {
		*is_doubtful = true;
		return false;
	}
	if (is_any(result, "success") && is_any(type, "create"))
		entry.touch = TOUCH_VALUE;
	else if (is_any(result, "success") && is_any(type, "update"))
		entry.touch = find_touch(resource);
	*ret_entry = entry;
	return true;
}

/* ---- who ---- */

static const char *kind_of(const struct json *actor)
{
	static const struct {
		const char *type, *context; /* NULL: any */
		const char *words;
	} kinds[] = {
		{"account", NULL, "an account token"},
		{"cloudflare_admin", NULL, "a Cloudflare administrator"},
		{"delegated_service", NULL, "a Cloudflare service"},
		{"system", NULL, "Cloudflare"},
		{"user", "dash", "a user in the dashboard"},
		{"user", "api_token", "a user's token"},
		{"user", NULL, "a user"},
	};
	const char *type = json_get_text(actor, "type"), *context = json_get_text(actor, "context");

	for (size_t i = 0; type && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0 &&
			(!kinds[i].context || (context && strcmp(context, kinds[i].context) == 0)))
			return kinds[i].words;
	return "someone";
}

static const char *visible(struct arena *arena, const char *before, const char *text)
{
	enum { COLUMNS = 80 };
	struct str shown CLEANUP(str_release) = {0};

	str_text_add(&shown, before);
	text_add_visible(&shown, text, strlen(text), COLUMNS);
	return arena_text(arena, str_text(&shown));
}

static void fill(
	struct audit *audit, const struct entry *entry, enum audit_value value, struct arena *arena)
{
	const char *token = json_get_text(entry->actor, "token_name");
	const char *person = json_get_text(entry->actor, "email");
	bool has_token = token && *token && !strchr(token, '@'); /* else it may be a person's */

	audit->value = value;
	audit->time = arena_text(arena, entry->time_text);
	audit->who = visible(
		arena, has_token ? "token " : "", has_token ? token : kind_of(entry->actor));
	audit->person = person && *person ? visible(arena, "", person) : NULL;
}

/* ---- all entries ---- */

enum { NEAR_US = 1000000 };

static bool is_near(const struct moment *a, const struct moment *b)
{
	return llabs(moment_after_us(a, b)) <= NEAR_US;
}

/* May somebody else have touched the value right before our own write, at `moment`? */
static bool is_suspect(
	const struct entry *entry, const struct entry *ours, const struct moment *moment)
{
	const char *actor = json_get_text(entry->actor, "id");
	const char *our_actor = ours ? json_get_text(ours->actor, "id") : NULL;
	bool is_same = actor && our_actor && strcmp(actor, our_actor) == 0;

	return is_near(&entry->time, moment) && entry->touch != TOUCH_NONE &&
	       (entry->is_foreign || !is_same);
}

/* What the entries add up to. */
struct sum {
	bool is_doubtful;            /* at least one is not understood, or does not fit */
	const struct entry *last;    /* since our own last write */
	const struct entry *touched; /* the last one that touched the value */
};

/* Lends the entry of our own last write: the one nearest to what is recorded, or NULL. */
static const struct entry *find_ours(
	const struct entry *entries, size_t count, const struct moment *recorded)
{
	const struct entry *ours = NULL;
	int64_t nearest_us = NEAR_US + 1;

	for (const struct entry *it = entries; it < entries + count; it++) {
		int64_t us = llabs(moment_after_us(&it->time, recorded));
		ours = us < nearest_us ? it : ours;
		nearest_us = us < nearest_us ? us : nearest_us;
	}
	return ours;
}

static void keep_later(const struct entry **kept, const struct entry *entry)
{
	if (!*kept || moment_after_us(&entry->time, &(*kept)->time) > 0)
		*kept = entry;
}

static void add_up(struct sum *sum, const struct entry *entries, size_t count,
	const struct moment *recorded, const struct moment *live)
{
	const struct entry *ours = find_ours(entries, count, recorded);
	const struct moment *from = ours ? &ours->time : recorded;

	sum->is_doubtful |= !ours || ours->touch == TOUCH_DOUBT ||
			    (ours->touch == TOUCH_VALUE && ours->is_foreign);
	for (const struct entry *it = entries; it < entries + count; it++) {
		int64_t after_us = moment_after_us(&it->time, from);
		bool is_ahead = !is_near(&it->time, live) && moment_after_us(&it->time, live) > 0;
		if (is_ahead || (it != ours && after_us == 0)) {
			/* the list of secrets does not show it yet; which one is ours? */
			sum->is_doubtful = true;
		} else if (it != ours && after_us < 0) {
			sum->is_doubtful |= is_suspect(it, ours, from);
		} else if (it != ours) {
			sum->is_doubtful |= it->touch == TOUCH_DOUBT;
			keep_later(&sum->last, it);
			if (it->touch == TOUCH_VALUE)
				keep_later(&sum->touched, it);
		}
	}
}

bool audit_judge(const struct json *list, const struct object *recorded, const struct object *live,
	struct arena *arena, struct audit *ret_audit)
{
	size_t most = json_count(list), count = 0;
	struct entry *entries AUTO_FREE = mem_alloc((most + 1) * sizeof(*entries));
	struct sum sum = {.is_doubtful = most >= AUDIT_ENTRY_LIMIT};
	struct moment then, now;

	if (!json_is_array(list) || !moment_read(recorded->modified, &then) ||
		!moment_read(live->modified, &now))
		return false;
	for (const struct json *it = json_first(list); it; it = json_next(it))
		count += read_entry(it, live->id, &entries[count], &sum.is_doubtful);
	add_up(&sum, entries, count, &then, &now);
	bool has_last = sum.last && is_near(&sum.last->time, &now);
	if (sum.touched)
		fill(ret_audit, sum.touched, AUDIT_CHANGED, arena);
	else if (has_last)
		fill(ret_audit, sum.last, sum.is_doubtful ? AUDIT_UNSURE : AUDIT_KEPT, arena);
	return sum.touched || has_last;
}

/* ---- asking ---- */

struct question {
	const struct object *recorded;
	struct object *live;
	const struct live_account *account;
};

/* Lends what is recorded of a live secret that somebody else may have written, else NULL. */
static const struct object *find_modified(
	const struct live_input *input, const struct model *wanted, const struct object *live)
{
	const struct object *recorded = model_find(input->recorded, live);
	const struct object *desired = model_find(wanted, live);

	if (!recorded || !recorded->id || strcmp(recorded->id, live->id) != 0 ||
		recorded->doubt == DOUBT_VALUE)
		return NULL;
	if (desired && desired->on_drift == ON_DRIFT_IGNORE)
		return NULL;
	return object_drift(recorded, live) & FIELD_VALUE ? recorded : NULL;
}

/* Asks about a minute more on both sides. The log goes back 30 days. */
static void ask(struct question *question, struct client *client)
{
	enum { SLACK_SECONDS = 60, KEPT_SECONDS = 30 * 86400 - 3600 };
	struct str path CLEANUP(str_release) = {0};
	char since[CLOCK_TEXT_SIZE], before[CLOCK_TEXT_SIZE];
	int64_t oldest = clock_unix_seconds() - KEPT_SECONDS;
	struct moment from = {0}, to = {0};

	if (!moment_read(question->recorded->modified, &from) ||
		!moment_read(question->live->modified, &to) || to.seconds < oldest)
		return;
	clock_text(from.seconds > oldest ? from.seconds - SLACK_SECONDS : oldest, since);
	clock_text(to.seconds + SLACK_SECONDS, before);
	str_format(&path, "/accounts/%s/logs/audit?since=%s&before=%s&resource_id=%s&limit=%d",
		question->account->account->id, since, before, question->live->id,
		AUDIT_ENTRY_LIMIT);
	client_send(client, &(struct client_call){.lane = question->account->lane,
				    .safety = RETRY_ONCE,
				    .method = "GET",
				    .path = str_text(&path),
				    .tag = question});
}

struct asking {
	const struct live_input *input;
	struct arena *arena; /* of the live model */
	struct table *noted; /* accounts with a note */
};

static void take(void *context, struct client_answer *answer)
{
	struct asking *asking = context;
	struct question *question = answer->tag;
	struct audit *audit = arena_alloc(asking->arena, sizeof(*audit));
	struct str text CLEANUP(str_release) = {0};
	const char *alias = question->account->account->alias, *why = NULL;

	if (answer->outcome != CLIENT_DONE)
		why = answer->err.message;
	else if (!json_is_array(answer->cf.result))
		why = "its response is not a list";
	else if (audit_judge(answer->cf.result, question->recorded, question->live, asking->arena,
			 audit))
		question->live->audit = audit;
	else
		why = "it has no entry for the change";
	if (!why || table_put(&asking->noted, alias, question))
		return;
	str_text_add(&text, "the audit log of account `");
	text_add_visible(&text, alias, strlen(alias), 80);
	str_format(&text, "` is not available: %s", why);
	event_say(asking->input->sink, EVENT_NOTE, str_text(&text));
}

bool audit_read(const struct live_input *input, const struct model *desired, struct model *live,
	struct error *err)
{
	struct asking asking = {.input = input, .arena = &live->arena};
	struct question questions[AUDIT_SECRET_LIMIT];
	size_t count = 0;

	for (size_t i = 0; i < live->object_count; i++) {
		struct object *it = &live->objects[i];
		const struct object *recorded =
			it->secret ? find_modified(input, desired, it) : NULL;
		if (recorded && count++ < AUDIT_SECRET_LIMIT)
			questions[count - 1] = (struct question){recorded, it,
				live_find_account(input->accounts, input->count, it->account)};
	}
	for (size_t i = 0; i < count && count <= AUDIT_SECRET_LIMIT; i++)
		ask(&questions[i], input->client);
	if (count > AUDIT_SECRET_LIMIT) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text,
			"%zu secrets were modified, but audit logs are only read for up to %d",
			count, AUDIT_SECRET_LIMIT);
		event_say(input->sink, EVENT_NOTE, str_text(&text));
	}
	bool is_whole = wait_for_answers(input, take, &asking, err);
	table_free(&asking.noted);
	return is_whole;
}
