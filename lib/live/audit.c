#include "live/audit.h"

#include "adapter/table.h"
#include "base/clock.h"
#include "base/moment.h"
#include "base/text.h"
#include "live/wait.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- one entry ---- */

enum touch { TOUCH_NONE, TOUCH_DOUBT, TOUCH_VALUE };

struct entry {
	struct moment time;
	const char *text; /* ... as it is written */
	enum touch touch;
	bool is_foreign; /* it says that it was another program's */
	const struct json *actor;
};

/* Is the value part of the change? Where the log says so is not documented: anywhere below. */
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

static bool is_any(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

/* Did it change nothing? Then it does not count. */
static bool changes_nothing(const struct json *action)
{
	static const char *const failures[] = {"failure", "failed", "error", NULL};
	static const char *const reads[] = {"view", "read", "get", "list", NULL};

	return is_any(json_get_text(action, "result"), failures) ||
	       is_any(json_get_text(action, "type"), reads);
}

static enum touch judge_touch(const struct json *action, const struct json *resource)
{
	static const char *const success[] = {"success", NULL}, *const update[] = {"update", NULL},
				 *const create[] = {"create", NULL};
	const char *type = json_get_text(action, "type");

	if (!is_any(json_get_text(action, "result"), success))
		return TOUCH_DOUBT;
	if (is_any(type, create))
		return TOUCH_VALUE;
	return is_any(type, update) ? find_touch(resource) : TOUCH_DOUBT;
}

enum reading { ENTRY_GOOD, ENTRY_OF_NO_CONCERN, ENTRY_IN_DOUBT };

static enum reading read_entry(const struct json *json, const char *id, struct entry *ret_entry)
{
	const struct json *action = json_get(json, "action"),
			  *resource = json_get(json, "resource");
	const char *about = json_get_text(resource, "id");
	const char *agent = json_get_text(json_get(json, "raw"), "user_agent");

	if (!about)
		return ENTRY_IN_DOUBT;
	if (strcmp(about, id) != 0 || changes_nothing(action))
		return ENTRY_OF_NO_CONCERN;
	*ret_entry = (struct entry){
		.text = json_get_text(action, "time"),
		.touch = judge_touch(action, resource),
		.is_foreign = agent && *agent && strncmp(agent, "cfprov/", 7) != 0,
		.actor = json_get(json, "actor"),
	};
	return moment_read(ret_entry->text, &ret_entry->time) ? ENTRY_GOOD : ENTRY_IN_DOUBT;
}

/* ---- who ---- */

/* Names are data: with an address in it, a token's name may be a person's. */
static const char *token_name(const struct json *actor)
{
	const char *name = json_get_text(actor, "token_name");

	return name && *name && !strchr(name, '@') ? name : NULL;
}

static const char *kind_of(const struct json *actor)
{
	static const struct {
		const char *type, *words;
	} kinds[] = {
		{"account", "a token of the account"},
		{"cloudflare_admin", "an administrator of Cloudflare"},
		{"delegated_service", "a service of Cloudflare"},
		{"system", "Cloudflare"},
	};
	const char *type = json_get_text(actor, "type"), *context = json_get_text(actor, "context");

	for (size_t i = 0; type && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0)
			return kinds[i].words;
	if (!type || strcmp(type, "user") != 0)
		return "somebody";
	if (context && strcmp(context, "dash") == 0)
		return "a user in the dashboard";
	return context && strcmp(context, "api_token") == 0 ? "a user's token" : "a user";
}

static const char *visible(struct arena *arena, const char *before, const char *text)
{
	enum { COLUMNS = 80 };
	struct str shown CLEANUP(str_release) = {0};

	str_text_add(&shown, before);
	text_add_visible(&shown, text, strlen(text), COLUMNS);
	return arena_text(arena, str_text(&shown));
}

static void tell_entry(
	const struct entry *entry, enum audit_value value, struct arena *arena, struct audit *audit)
{
	const char *token = token_name(entry->actor);
	const char *person = json_get_text(entry->actor, "email");

	audit->value = value;
	audit->time = arena_text(arena, entry->text);
	audit->who = visible(arena, token ? "token " : "", token ? token : kind_of(entry->actor));
	audit->person = person && *person ? visible(arena, "", person) : NULL;
}

/* ---- all entries ---- */

static bool is_near(const struct moment *a, const struct moment *b)
{
	enum { NEAR_US = 1000000 };

	return llabs(moment_after_us(a, b)) <= NEAR_US;
}

static bool is_same_actor(const struct entry *a, const struct entry *b)
{
	const char *x = json_get_text(a->actor, "id"), *y = json_get_text(b->actor, "id");

	return x && y && strcmp(x, y) == 0;
}

/* What the entries add up to. */
struct sum {
	const struct entry *ours;           /* our own last write; NULL: it is not there */
	bool is_doubtful;                   /* at least one was not understood, or does not fit */
	const struct entry *last, *touched; /* of the later ones; of those, of the value */
};

/* The nearest one to what is recorded. */
static const struct entry *find_ours(
	const struct entry *entries, size_t count, const struct moment *recorded)
{
	const struct entry *ours = NULL;

	for (const struct entry *it = entries; it < entries + count; it++)
		if (is_near(&it->time, recorded) &&
			(!ours || llabs(moment_after_us(&it->time, recorded)) <
					  llabs(moment_after_us(&ours->time, recorded))))
			ours = it;
	return ours;
}

/* `from`: the moment since when changes count. */
static void add_entry(struct sum *sum, const struct entry *entry, const struct moment *from)
{
	int64_t after_us = moment_after_us(&entry->time, from);

	if (after_us < 0) {
		sum->is_doubtful |= is_near(&entry->time, from) && entry->touch != TOUCH_NONE &&
				    (entry->is_foreign || !is_same_actor(entry, sum->ours));
		return;
	}
	sum->is_doubtful |= after_us == 0 || entry->touch == TOUCH_DOUBT;
	if (after_us == 0)
		return; /* which one is ours? */
	if (!sum->last || moment_after_us(&entry->time, &sum->last->time) > 0)
		sum->last = entry;
	if (entry->touch == TOUCH_VALUE &&
		(!sum->touched || moment_after_us(&entry->time, &sum->touched->time) > 0))
		sum->touched = entry;
}

static void add_up(struct sum *sum, const struct entry *entries, size_t count,
	const struct moment *recorded, const struct moment *live)
{
	const struct entry *ours = sum->ours = find_ours(entries, count, recorded);

	sum->is_doubtful |= !ours || ours->touch == TOUCH_DOUBT ||
			    (ours->touch == TOUCH_VALUE && ours->is_foreign);
	for (const struct entry *it = entries; it < entries + count; it++) {
		bool is_ahead = !is_near(&it->time, live) && moment_after_us(&it->time, live) > 0;
		sum->is_doubtful |= is_ahead; /* the list of secrets does not show it yet */
		if (it != ours && !is_ahead)
			add_entry(sum, it, ours ? &ours->time : recorded);
	}
}

static void read_entries(const struct json *list, const char *id, struct entry *entries,
	size_t *ret_count, struct sum *sum)
{
	size_t count = 0;

	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		enum reading reading = read_entry(it, id, &entries[count]);
		count += reading == ENTRY_GOOD;
		sum->is_doubtful |= reading == ENTRY_IN_DOUBT;
	}
	*ret_count = count;
}

bool audit_judge(const struct json *list, const struct object *recorded, const struct object *live,
	struct arena *arena, struct audit *ret_audit)
{
	size_t most = json_count(list), count;
	struct entry *entries AUTO_FREE = mem_alloc((most + 1) * sizeof(*entries));
	struct sum sum = {.is_doubtful = most >= AUDIT_ENTRY_LIMIT};
	struct moment then, now;

	if (!json_is_array(list) || !moment_read(recorded->modified, &then) ||
		!moment_read(live->modified, &now))
		return false;
	read_entries(list, live->id, entries, &count, &sum);
	add_up(&sum, entries, count, &then, &now);
	bool has_last = sum.last && is_near(&sum.last->time, &now);
	if (sum.touched)
		tell_entry(sum.touched, AUDIT_CHANGED, arena, ret_audit);
	else if (has_last)
		tell_entry(sum.last, sum.is_doubtful ? AUDIT_UNSURE : AUDIT_KEPT, arena, ret_audit);
	return sum.touched || has_last;
}

/* ---- asking ---- */

struct question {
	const struct object *recorded;
	struct object *live;
	const struct live_account *account;
};

static bool is_of_interest(const struct live_input *input, const struct model *wanted,
	const struct object *live, const struct object **ret_recorded)
{
	const struct object *recorded =
		model_object(input->recorded, live->account, live->store, live->secret);
	const struct object *desired =
		model_object(wanted, live->account, live->store, live->secret);

	*ret_recorded = recorded;
	return live->kind == OBJECT_SECRET && recorded && recorded->id &&
	       strcmp(recorded->id, live->id) == 0 &&
	       (!recorded->is_unsure || recorded->keeps_value) &&
	       !(desired && desired->on_drift == ON_DRIFT_IGNORE) &&
	       (object_drift(recorded, live) & FIELD_VALUE);
}

/* Gives (free) what is to be asked; of more than there may be, only how many. */
static struct question *find_questions(const struct live_input *input, const struct model *desired,
	struct model *live, size_t *ret_count)
{
	struct question *questions = mem_alloc(AUDIT_SECRET_LIMIT * sizeof(*questions));
	size_t count = 0;

	for (size_t i = 0; i < live->object_count; i++) {
		const struct object *recorded;
		if (!is_of_interest(input, desired, &live->objects[i], &recorded))
			continue;
		if (count++ < AUDIT_SECRET_LIMIT)
			questions[count - 1] = (struct question){recorded, &live->objects[i],
				live_find_account(
					input->accounts, input->count, recorded->account)};
	}
	*ret_count = count;
	return questions;
}

/* A minute earlier and later than what is compared; the log goes 30 days back. */
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

static void note(const struct live_input *input, const char *alias, const char *why)
{
	struct str text CLEANUP(str_release) = {0};

	str_text_add(&text, "the audit log of the account `");
	text_add_visible(&text, alias, strlen(alias), 80);
	str_format(&text, "` could not be used: %s", why);
	event_say(input->sink, EVENT_NOTE, str_text(&text));
}

struct asking {
	const struct live_input *input;
	struct arena *arena; /* of the live model */
	struct table *noted; /* accounts that were told of */
};

static void take(void *context, struct client_answer *answer)
{
	struct asking *asking = context;
	struct question *question = answer->tag;
	struct arena *arena = asking->arena;
	struct audit *audit = arena_alloc(arena, sizeof(*audit));
	const char *alias = question->account->account->alias;
	const char *why = NULL;

	if (answer->outcome != CLIENT_DONE)
		why = answer->err.message;
	else if (!json_is_array(answer->cf.result))
		why = "its answer is not a list";
	else if (audit_judge(answer->cf.result, question->recorded, question->live, arena, audit))
		question->live->audit = audit;
	else
		why = "it has no entry of the change";
	if (why && !table_put(&asking->noted, alias, question))
		note(asking->input, alias, why);
}

bool audit_read(const struct live_input *input, const struct model *desired, struct model *live,
	struct error *err)
{
	struct asking asking = {.input = input, .arena = &live->arena};
	size_t count;
	struct question *questions = find_questions(input, desired, live, &count);

	if (count > AUDIT_SECRET_LIMIT) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text,
			"%zu secrets were modified: audit logs are not asked about more than %d",
			count, AUDIT_SECRET_LIMIT);
		event_say(input->sink, EVENT_NOTE, str_text(&text));
		count = 0;
	}
	for (size_t i = 0; i < count; i++)
		ask(&questions[i], input->client);
	bool is_good = wait_for_answers(input, take, &asking, err);
	table_free(&asking.noted);
	free(questions);
	return is_good;
}
