#include "case.h"

#include "adapter/json.h"
#include "base/text.h"
#include "state/objects.h"

#include <string.h>

enum { TOKENS = 14 };

/* As some recorder would have written it. */
static const char lineage[] = "6f1c2f0e-0000-4000-8000-000000000001";

struct reading {
	struct plan_case *plan_case;
	const char *file;
	size_t line;
	struct error *err;
};

static bool refuse(struct reading *r, const char *what)
{
	error_set(r->err, "not a planner case: %s", what);
	return error_at(r->err, r->file, r->line, 0);
}

/* Lends the line without its line break and goes to the next; NULL at the end. */
static char *next_line(struct arena *arena, const char **at)
{
	size_t length = strcspn(*at, "\n");
	char *line = arena_bytes(arena, *at, length);

	if (!**at)
		return NULL;
	*at += length + ((*at)[length] == '\n');
	return line;
}

/* ---- rows of objects ---- */

/* Lends the word or JSON string at *at; NULL: it is no such thing. */
static const char *next_token(struct arena *arena, const char **at)
{
	struct error ignored CLEANUP(error_release) = {0};
	const char *start = *at;
	size_t length = strcspn(start, " \t");

	if (*start == '"') {
		for (length = 1; start[length] && start[length] != '"'; length++)
			length += start[length] == '\\' && start[length + 1];
		length += start[length] == '"';
	}
	*at += length + strspn(start + length, " \t");
	if (*start != '"')
		return arena_bytes(arena, start, length);
	struct json *json CLEANUP(json_free_pointer) = json_parse(start, length, &ignored);
	return json_is_string(json) ? arena_text(arena, json_text(json)) : NULL;
}

/* Splits a row; false: it has more tokens than any, or a broken one. */
static bool split(struct arena *arena, const char *line, const char *tokens[TOKENS])
{
	memset((void *)tokens, 0, TOKENS * sizeof(*tokens));
	line += strspn(line, " \t");
	for (size_t i = 0; *line; i++)
		if (i == TOKENS || !(tokens[i] = next_token(arena, &line)))
			return false;
	return true;
}

/* A digit is a day. */
static const char *time_of(struct arena *arena, const char *text)
{
	bool is_day = *text >= '1' && *text <= '9' && !text[1];

	return is_day ? arena_format(arena, "2026-01-0%sT00:00:00Z", text) : text;
}

static bool set_time(struct arena *arena, struct object *object, const char *token)
{
	if (*token == '+')
		object->created = time_of(arena, token + 1);
	else if (*token == '@')
		object->modified = time_of(arena, token + 1);
	else
		return false;
	return true;
}

/* Only in a state: how it is managed. */
static bool set_policy(struct object *object, const char *token)
{
	if (strcmp(token, "created") == 0)
		object->origin = ORIGIN_CREATED;
	else if (strcmp(token, "adopted") == 0)
		object->origin = ORIGIN_ADOPTED;
	else if (strcmp(token, "protected") == 0)
		object->prevent_destroy = true;
	else if (strcmp(token, "forget") == 0)
		object->forget_on_remove = true;
	else
		return false;
	return true;
}

/* "[workers,access]" */
static const char *read_scopes(struct arena *arena, const char *token)
{
	char *rest = arena_bytes(arena, token + 1, strcspn(token + 1, "]")), *scope;
	const char **items = arena_alloc(arena, (strlen(rest) + 1) * sizeof(*items));
	size_t count = 0;

	while ((scope = strsep(&rest, ",")))
		if (*scope)
			items[count++] = scope;
	return model_scopes(arena, items, count);
}

static bool set_audit(struct arena *arena, struct object *secret, const char *word)
{
	struct audit *audit = arena_alloc(arena, sizeof(*audit));

	audit->who = "token ci";
	audit->person = "somebody@example.com";
	audit->time = secret->modified;
	secret->audit = audit;
	while (strcmp(word, audit_value_word(audit->value)) != 0)
		if (audit->value++ == AUDIT_CHANGED)
			return false;
	return audit->time;
}

/* What a secret has, whether it is recorded or lives. */
static bool set_look(struct arena *arena, struct object *secret, const char *token)
{
	if (*token == '[' && token[strlen(token) - 1] == ']')
		secret->scopes = read_scopes(arena, token);
	else if (*token == '#')
		secret->comment = token + 1;
	else if (strncmp(token, "is-", 3) == 0)
		secret->status = token + 3;
	else if (strncmp(token, "audit-", 6) == 0)
		return set_audit(arena, secret, token + 6);
	else
		return false;
	return true;
}

/* What only the state knows of a secret. */
static bool set_knowledge(struct object *secret, const char *token)
{
	size_t version;

	if (strcmp(token, "unsure") == 0)
		secret->doubt = DOUBT_VALUE;
	else if (strcmp(token, "unsure-around") == 0)
		secret->doubt = DOUBT_REST;
	else if (strcmp(token, "unsure-strange") == 0)
		secret->doubt = DOUBT_FOREIGN;
	else if (strncmp(token, "was-", 4) == 0)
		secret->former = token + 4;
	else if (strcmp(token, "unprinted") == 0)
		secret->fingerprint = NULL;
	else if (*token == 'v' && text_to_number(token + 1, 1000, &version))
		secret->version = (int64_t)version;
	else
		return false;
	return true;
}

/* What may stand behind an id. */
static bool set_detail(struct arena *arena, struct object *object, const char *token, bool is_state)
{
	bool is_secret = object->kind == OBJECT_SECRET;

	return set_time(arena, object, token) || (is_secret && set_look(arena, object, token)) ||
	       (is_state && set_policy(object, token)) ||
	       (is_state && is_secret && set_knowledge(object, token));
}

/* What a row need not say of a secret: that it is as a manifest has it that says nothing. */
static void set_usual(struct arena *arena, struct object *secret, bool is_state)
{
	secret->scopes = "workers";
	secret->status = "active";
	if (!is_state)
		return;
	secret->version = 1;
	secret->fingerprint = arena_format(arena, "print of %s", secret->secret);
}

/* What is unresolved was asked for, and that is all that is known of it. */
static void set_unresolved(struct object *object)
{
	object->id = object->scopes = object->status = NULL;
}

/* "NAME ID ORIGIN …", "NAME ? …" in a state; "NAME ID …" in live. */
static bool set_object(
	struct arena *arena, struct object *object, const char *const tokens[TOKENS], bool is_state)
{
	const char *id = tokens[1];
	bool is_unresolved = is_state && id && strcmp(id, "?") == 0;

	if (!id || (!is_state && !objects_is_id(id)))
		return false;
	if (object->kind == OBJECT_SECRET)
		set_usual(arena, object, is_state);
	object->id = id;
	if (is_unresolved)
		set_unresolved(object);
	for (size_t i = 2; i < TOKENS && tokens[i]; i++)
		if (!set_detail(arena, object, tokens[i], is_state))
			return false;
	return !is_state || (object->origin != ORIGIN_NONE) != is_unresolved;
}

/* "ALIAS = ID" in a state; "ID" in live, where the account goes by its id. */
static const char *add_account(struct model *model, const char *const tokens[TOKENS], bool is_state)
{
	const char *id = tokens[is_state ? 2 : 0];

	if (is_state ? !id || strcmp(tokens[1], "=") != 0 : tokens[1] != NULL)
		return NULL;
	return model_add_account(model, tokens[0], id)->alias;
}

/* The account and store that the rows below belong to. */
struct above {
	const char *account, *store;
};

/* Two blanks deep: a store, or "NAME -": a store that is not recorded; deeper: a secret in it. */
static bool add_object(struct reading *r, struct model *model, struct above *above, size_t depth,
	const char *const tokens[TOKENS])
{
	bool is_secret = depth > 2, is_state = model != &r->plan_case->live;

	if (!above->account || (is_secret && !above->store))
		return false;
	if (!is_secret)
		above->store = tokens[0];
	if (!is_secret && is_state && tokens[1] && strcmp(tokens[1], "-") == 0)
		return !tokens[2];
	return set_object(&r->plan_case->arena,
		model_add_object(model, above->account, above->store, is_secret ? tokens[0] : NULL),
		tokens, is_state);
}

static bool read_rows(struct reading *r, const char *text, struct model *model)
{
	struct arena *arena = &r->plan_case->arena;
	const char *tokens[TOKENS];
	struct above above = {0};
	bool is_state = model != &r->plan_case->live;

	for (char *line; (line = next_line(arena, &text)); r->line++) {
		size_t depth = strspn(line, " \t");
		if (!split(arena, line, tokens))
			return refuse(r, "this row has too much in it, or a broken string");
		if (!tokens[0])
			continue;
		if (depth && !add_object(r, model, &above, depth, tokens))
			return refuse(r, is_state ? "expected NAME ID created|adopted, or NAME ?"
						  : "expected NAME ID");
		if (!depth && !(above.account = add_account(model, tokens, is_state)))
			return refuse(r,
				is_state ? "expected ALIAS = ACCOUNT ID" : "expected ACCOUNT ID");
	}
	return true;
}

/* The short form becomes the file that it stands for. */
static bool read_state(struct reading *r, const char *text)
{
	struct state state CLEANUP(state_release) = {.serial = 7};
	struct str bytes CLEANUP(str_release) = {0};

	r->plan_case->state = text;
	if (*text == '{')
		return true;
	memcpy(state.lineage, lineage, sizeof(lineage));
	if (!read_rows(r, text, &state.model))
		return false;
	model_sort(&state.model);
	state_encode(&state, &bytes);
	r->plan_case->state = arena_text(&r->plan_case->arena, str_text(&bytes));
	return true;
}

/* ---- sections ---- */

static bool read_manifest(struct reading *r, const char *text)
{
	r->plan_case->manifest = text;
	return true;
}

static bool read_live(struct reading *r, const char *text)
{
	return read_rows(r, text, &r->plan_case->live);
}

static bool add_verdict(struct plan_case *c, const char *const tokens[TOKENS])
{
	static const char *const words[CASE_VERDICT_WORDS] = {
		[CASE_SAME] = "same",
		[CASE_CHANGED] = "changed",
		[CASE_UNVERIFIABLE] = "unverifiable",
		[CASE_REKEYED] = "rekeyed",
	};

	if (!tokens[1] || tokens[2] || c->verdict_count == CASE_VERDICTS)
		return false;
	for (size_t i = 0; i < CASE_VERDICT_WORDS; i++) {
		if (strcmp(tokens[1], words[i]) != 0)
			continue;
		c->verdicts[c->verdict_count++] =
			(struct case_verdict){tokens[0], (enum case_verdict_word)i};
		return true;
	}
	return false;
}

static bool read_values(struct reading *r, const char *text)
{
	struct arena *arena = &r->plan_case->arena;
	const char *tokens[TOKENS];

	for (char *line; (line = next_line(arena, &text)); r->line++)
		if (!split(arena, line, tokens) ||
			(tokens[0] && !add_verdict(r->plan_case, tokens)))
			return refuse(r, "expected ADDRESS same|changed|unverifiable|rekeyed");
	return true;
}

static bool read_bindings(struct reading *r, const char *text)
{
	struct plan_case *c = r->plan_case;
	const char *tokens[TOKENS];

	for (char *line; (line = next_line(&c->arena, &text)); r->line++) {
		if (!split(&c->arena, line, tokens) || (tokens[0] && (!tokens[1] || tokens[2])) ||
			c->binding_count == CASE_BINDINGS)
			return refuse(r, "expected STORE-ID SECRET");
		if (tokens[0])
			c->bindings[c->binding_count++] = (struct worker_binding){
				.name = "KEY", .store_id = tokens[0], .secret = tokens[1]};
	}
	return true;
}

/* Lends what stands behind the prefix, or NULL. */
static const char *behind(const char *line, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(line, prefix, length) == 0 ? line + length : NULL;
}

static bool take_switch(struct plan_case *c, const char *line)
{
	const struct {
		const char *name;
		bool *flag;
	} switches[] = {
		{"-adopt", &c->adopt_all},
		{"-destroy", &c->destroys_all},
		{"-refresh-only", &c->refresh_only},
		{"-values=none", &c->leaves_values},
		{"-allow-store-destroy", &c->limits.allow_store_destroy},
		{"-force", &c->limits.force},
	};

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (strcmp(line, switches[i].name) == 0)
			return (*switches[i].flag = true);
	return false;
}

static bool take_pattern(struct plan_case *c, const char *line)
{
	const struct {
		const char *name;
		struct case_patterns *patterns;
	} options[] = {
		{"-account=", &c->accounts},
		{"-target=", &c->targets},
		{"-exclude=", &c->excludes},
		{"-replace=", &c->replaces},
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct case_patterns *patterns = options[i].patterns;
		const char *value = behind(line, options[i].name);
		if (!value || patterns->count == CASE_PATTERNS)
			continue;
		patterns->items[patterns->count++] = value;
		return true;
	}
	return false;
}

static bool take_number(struct plan_case *c, const char *line)
{
	const char *value = behind(line, "-max-deletes=");

	if (value)
		return text_to_number(value, SIZE_MAX / 2, &c->limits.max_deletes);
	value = behind(line, "-max-delete-percent=");
	return value && text_to_number(value, 100, &c->limits.max_delete_percent);
}

static bool read_options(struct reading *r, const char *text)
{
	struct plan_case *c = r->plan_case;
	const char *value;

	for (char *line; (line = next_line(&c->arena, &text)); r->line++) {
		if ((value = behind(line, "CLOUDFLARE_ACCOUNT_ID=")))
			c->account_id = value;
		else if ((value = behind(line, "unread=")))
			c->unread = value;
		else if (*line && !take_switch(c, line) && !take_pattern(c, line) &&
			 !take_number(c, line))
			return refuse(r, "unknown option, or too many");
	}
	return true;
}

/* In the order of `found` in case_decode; the last two are the expectation. */
static const struct section {
	const char *header;
	bool (*read)(struct reading *r, const char *text);
} sections[] = {
	{"--- manifest", read_manifest},
	{"--- state", read_state},
	{"--- live", read_live},
	{"--- values", read_values},
	{"--- bindings", read_bindings},
	{"--- options", read_options},
	{"--- plan", NULL},
	{"--- errors", NULL},
};

static const struct section *section_of(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strcmp(line, sections[i].header) == 0)
			return &sections[i];
	return NULL;
}

/* Lends the lines before the next header, and goes there. */
static char *body(struct reading *r, const char **at, size_t *ret_lines)
{
	const char *start = *at, *next = start;

	for (*ret_lines = 0;; (*ret_lines)++) {
		const char *line = next_line(&r->plan_case->arena, &next);
		if (!line || strncmp(line, "---", 3) == 0)
			break;
		*at = next;
	}
	return arena_bytes(&r->plan_case->arena, start, (size_t)(*at - start));
}

static bool read_sections(struct reading *r, const char *bytes, const char *at)
{
	bool was_read[ARRAY_SIZE(sections)] = {false};

	while (*at) {
		const char *start = at;
		const struct section *section = section_of(next_line(&r->plan_case->arena, &at));
		if (!section || was_read[section - sections])
			return refuse(r, "unknown section, or there twice");
		was_read[section - sections] = true;
		r->plan_case->expected_at = (size_t)(start - bytes);
		if (!section->read) {
			r->plan_case->expected = arena_text(&r->plan_case->arena, start);
			break;
		}
		size_t first = ++r->line, lines;
		char *text = body(r, &at, &lines);
		if (!section->read(r, text))
			return false;
		r->line = first + lines;
		r->plan_case->expected_at = (size_t)(at - bytes);
	}
	return true;
}

bool case_decode(
	const char *file, const struct str *bytes, struct plan_case *ret_case, struct error *err)
{
	struct plan_case c = {
		.limits = {.max_deletes = SIZE_MAX, .max_delete_percent = GUARD_DELETE_PERCENT}};
	struct reading r = {.plan_case = &c, .file = file, .line = 1, .err = err};
	const char *at = str_text(bytes);
	size_t lines;
	const char *about = body(&r, &at, &lines);

	r.line += lines;
	bool is_good =
		(strlen(str_text(bytes)) == bytes->length || refuse(&r, "there is a NUL in it")) &&
		((*about && *about != '\n') || refuse(&r, "it does not say what it is about")) &&
		read_sections(&r, str_text(bytes), at) &&
		(c.manifest || refuse(&r, "it has no manifest"));
	if (is_good)
		*ret_case = c;
	else
		case_release(&c);
	return is_good;
}

void case_release(struct plan_case *plan_case)
{
	arena_release(&plan_case->arena);
	model_release(&plan_case->live);
	*plan_case = (struct plan_case){0};
}
