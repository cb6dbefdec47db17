#include "output.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "html.h"
#include "manifest/pick.h"
#include "markdown.h"
#include "render.h"
#include "stream.h"
#include "term.h"
#include "tf_plan_json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_stream_event(void *context, const struct event *event)
{
	struct session *session = context;

	if (!stream_event(event)) /* what people would read becomes log lines */
		event_emit(&session->progress.sink, event);
}

static bool is_stream(const struct session *session)
{
	return session->cli->json && (session->cli->command->options & CLI_STREAM);
}

bool output_init(struct session *session)
{
	const struct cli *cli = session->cli;

	if (is_stream(session))
		session->listener = (struct event_sink){on_stream_event, session};
	if (cli->json && cli->format != FORMAT_HUMAN)
		return term_fail(NULL, "-json and -format exclude each other");
	if (cli->summary && (cli->json || cli->format != FORMAT_HUMAN))
		return term_fail(NULL, "-summary requires -format=human");
	if (cli->max_bytes && cli->format != FORMAT_MARKDOWN)
		return term_fail(NULL, "-max-bytes requires -format=markdown");
	return true;
}

void output_plan(const struct session *session, const struct plan_view *view)
{
	enum cli_format format = session->cli->format;
	struct str text CLEANUP(str_release) = {0}, warning CLEANUP(str_release) = {0};

	if (is_stream(session)) {
		stream_plan(view);
		return;
	}
	if (session->cli->json || format == FORMAT_JSON)
		tf_plan_json(&text, view);
	else if (format == FORMAT_MARKDOWN)
		markdown_add_plan(&text, view);
	else if (format == FORMAT_HTML)
		html_add_plan(&text, view);
	else
		render_plan(&text, view);
	term_out_str(&text);
	term_flush(); /* whatever happens to the run, its log has the plan */
	if (format != FORMAT_MARKDOWN || !view->max_bytes || text.length <= view->max_bytes)
		return;
	str_format(&warning,
		"the plan is longer than -max-bytes=%zu, because no destroyed object is left out",
		view->max_bytes);
	term_warning(str_text(&warning));
}

void output_saved_plan(const struct session *session, const struct plan_view *view)
{
	if (is_stream(session))
		stream_saved_plan(view);
}

void output_failures(const struct session *session)
{
	if (!is_stream(session))
		progress_print_failures(&session->progress);
}

void output_incomplete(const struct session *session, enum term_style style, const char *text)
{
	struct str line CLEANUP(str_release) = {0};

	if (is_stream(session)) {
		stream_incomplete(text);
		return;
	}
	term_add(&line, STDERR_FILENO, style, text);
	term_print("\n%s", str_text(&line));
}

void output_complete(const struct session *session, const struct plan_counts *done)
{
	bool destroys = session->input.options.destroys_all;
	size_t learned = session->plan.learned;
	struct str text CLEANUP(str_release) = {0}, line CLEANUP(str_release) = {0};

	render_complete(&text, destroys, done);
	if (is_stream(session)) {
		stream_summary(done, destroys ? "destroy" : "apply", str_text(&text));
		return;
	}
	if (session->cli->command->run == refresh_run) {
		str_clear(&text);
		str_format(&text, "Refresh complete! %zu object%s updated in the state.", learned,
			term_plural(learned));
	}
	term_add(&line, STDOUT_FILENO, TERM_CREATE, str_text(&text));
	str_clear(&text);
	str_char(&text, '\n');
	term_add_folded(&text, STDOUT_FILENO, 0, str_text(&line));
	term_out_str(&text);
}

/* ---- cfprov output: ids, or the bindings of a Worker, for other tools ---- */

struct entry {
	const char *address;
	const struct object *object;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->address, ((const struct entry *)b)->address);
}

/* An id is letters, digits, _ and -: it needs no escapes. */
static void add_id(struct str *out, const struct object *object)
{
	if (object->id)
		str_format(out, "\"%s\"\n", object->id);
	else
		str_text_add(
			out, "(unknown after an interrupted apply; the next one looks for it)\n");
}

/* Sorted by the text of the address, which is not the order of the state. */
static void print_all(struct session *session)
{
	const struct model *model = &session->ledger.state.model;
	size_t count = model->object_count;
	struct entry *entries AUTO_FREE = mem_alloc(count * sizeof(*entries));
	struct str text CLEANUP(str_release) = {0}, json CLEANUP(str_release) = {0};
	struct json_writer writer = json_writer(&json, 2);

	for (size_t i = 0; i < count; i++) {
		char *address AUTO_FREE = object_address(&model->objects[i]);
		entries[i] =
			(struct entry){arena_text(&session->arena, address), &model->objects[i]};
	}
	qsort(entries, count, sizeof(*entries), compare);
	json_begin_object(&writer, NULL);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&writer, entries[i].address);
		json_put_bool(&writer, "sensitive", false);
		json_put_text(&writer, "type", "string");
		json_put_text(&writer, "value", entries[i].object->id);
		json_end(&writer);
		render_address(&text, entries[i].object);
		str_text_add(&text, " = ");
		add_id(&text, entries[i].object);
	}
	json_end(&writer);
	str_char(&json, '\n');
	term_out_str(session->cli->json ? &json : &text);
	if (!count && !session->cli->json)
		term_print("The state is empty.");
}

static bool print_one(struct session *session)
{
	const struct cli *cli = session->cli;
	const struct object *object = session_find_recorded(session, cli->arguments[0]);
	struct str text CLEANUP(str_release) = {0};

	if (!object)
		return false;
	if (cli->raw && !object->id)
		return term_fail("The next apply looks for it by name.",
			"%s: its id is unknown after an interrupted apply", cli->arguments[0]);
	if (cli->raw)
		str_text_add(&text, object->id);
	else if (cli->json && !object->id)
		str_text_add(&text, "null\n");
	else
		add_id(&text, object);
	term_out_str(&text);
	return true;
}

/*
 * -format=wrangler: what a Worker's wrangler configuration has under `secrets_store_secrets`. A
 * binding has the name of the secret, made into an identifier of JavaScript. Source:
 * https://developers.cloudflare.com/secrets-store/integrations/workers/
 */

struct binding {
	const struct object *secret;
	const char *store_id, *name; /* name: in the arena */
};

struct bindings {
	struct arena arena;
	struct binding *items;
	size_t count;
	size_t unknown; /* left out: an apply was cut off, and they may not exist */
};

static void release_bindings(struct bindings *bindings)
{
	mem_free(bindings->items);
	arena_release(&bindings->arena);
}

static bool is_for_workers(const struct object *secret)
{
	static const char wanted[] = "workers";

	for (const char *at = secret->scopes; at && *at; at += *at == ',') {
		size_t length = strcspn(at, ",");
		if (length == strlen(wanted) && strncmp(at, wanted, length) == 0)
			return true;
		at += length;
	}
	return false;
}

/* ECMAScript: what is reserved anywhere, in strict code, or as a literal. */
static const char reserved[] =
	" arguments await break case catch class const continue debugger default delete do else "
	"enum eval export extends false finally for function if implements import in instanceof "
	"interface let new null package private protected public return static super switch this "
	"throw true try typeof var void while with yield ";

static const char *identifier(struct arena *arena, const char *secret)
{
	const char *word = arena_format(arena, " %s ", secret);
	bool is_odd = (*secret >= '0' && *secret <= '9') || strstr(reserved, word);
	char *name = arena_format(arena, "%s%s", is_odd ? "_" : "", secret);

	for (char *it = name; *it; it++)
		if (!(*it >= 'a' && *it <= 'z') && !(*it >= 'A' && *it <= 'Z') &&
			!(*it >= '0' && *it <= '9'))
			*it = '_';
	return name;
}

/* False: nothing that is recorded matches the pattern. */
static bool find_bindings(
	const struct model *recorded, const char *pattern, struct bindings *bindings)
{
	bool is_any = !pattern;

	bindings->items = mem_alloc(recorded->object_count * sizeof(*bindings->items));
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *secret = &recorded->objects[i];
		if (pattern && !object_matches(secret, pattern))
			continue;
		is_any = true;
		if (!secret->secret)
			continue;
		const struct object *store =
			model_object(recorded, secret->account, secret->store, NULL);
		if (!secret->id || !store || !store->id)
			bindings->unknown++;
		else if (is_for_workers(secret))
			bindings->items[bindings->count++] = (struct binding){
				secret, store->id, identifier(&bindings->arena, secret->secret)};
	}
	return is_any;
}

static bool check_accounts(const struct bindings *bindings)
{
	struct str aliases CLEANUP(str_release) = {0};
	const char *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < bindings->count; i++) {
		const char *alias = bindings->items[i].secret->account;
		if (last && strcmp(last, alias) == 0)
			continue;
		str_format(&aliases, "%s%s", count++ ? ", " : "", alias);
		last = alias;
	}
	return count < 2 ||
	       term_fail("Pass -account=ALIAS, or an address.",
		       "a Worker can bind secrets of one account only, but these are in %zu: %s",
		       count, str_text(&aliases));
}

static bool check_names(const struct bindings *bindings)
{
	struct table *known = NULL;
	bool is_good = true;

	for (size_t i = 0; i < bindings->count && is_good; i++) {
		struct binding *binding = &bindings->items[i];
		const struct binding *other = table_put(&known, binding->name, binding);
		struct str both CLEANUP(str_release) = {0};
		if (!other)
			continue;
		render_address(&both, other->secret);
		str_text_add(&both, " and ");
		render_address(&both, binding->secret);
		is_good = term_fail("Pass an address, ALIAS/STORE or ALIAS/STORE/SECRET.",
			"the bindings of %s would have the same name, %s", str_text(&both),
			binding->name);
	}
	table_free(&known);
	return is_good;
}

static void add_jsonc(const struct bindings *bindings, struct str *out)
{
	struct json_writer json = json_writer(out, 2);

	json_begin_object(&json, NULL);
	json_begin_array(&json, "secrets_store_secrets");
	for (size_t i = 0; i < bindings->count; i++) {
		const struct binding *binding = &bindings->items[i];
		json_begin_object(&json, NULL);
		json_put_text(&json, "binding", binding->name);
		json_put_text(&json, "store_id", binding->store_id);
		json_put_text(&json, "secret_name", binding->secret->secret);
		json_end(&json);
	}
	json_end(&json);
	json_end(&json);
	str_char(out, '\n');
}

/* Strings are as in JSON. */
static void add_toml_text(struct str *out, const char *key, const char *text)
{
	struct json_writer json = json_writer(out, 0);

	str_format(out, "%s = ", key);
	json_put_text(&json, NULL, text);
	str_char(out, '\n');
}

static void add_toml(const struct bindings *bindings, struct str *out)
{
	for (size_t i = 0; i < bindings->count; i++) {
		const struct binding *binding = &bindings->items[i];
		str_format(out, "%s[[secrets_store_secrets]]\n", i ? "\n" : "");
		add_toml_text(out, "binding", binding->name);
		add_toml_text(out, "store_id", binding->store_id);
		add_toml_text(out, "secret_name", binding->secret->secret);
	}
}

static bool print_bindings(struct session *session)
{
	const struct cli *cli = session->cli;
	const struct address_scope scope = session_recorded(session);
	const char *pattern = cli->argument_count
				      ? address_complete(&scope, cli->arguments[0], &session->arena)
				      : NULL;
	struct error err CLEANUP(error_release) = {0};
	struct bindings bindings CLEANUP(release_bindings) = {0};
	struct str text CLEANUP(str_release) = {0}, warning CLEANUP(str_release) = {0};

	if (!find_bindings(&session->ledger.state.model, pattern, &bindings)) {
		session_miss(session, cli->arguments[0], &err);
		return term_error(&err);
	}
	if (!check_accounts(&bindings) || !check_names(&bindings))
		return false;
	if (cli->format == FORMAT_WRANGLER_TOML)
		add_toml(&bindings, &text);
	else
		add_jsonc(&bindings, &text);
	term_out_str(&text);
	if (!bindings.count && !bindings.unknown)
		term_print("No secret has the scope `workers`, so there is nothing to bind.");
	str_format(&warning,
		"%zu secret%s left out: whether %s is unknown after an interrupted apply",
		bindings.unknown, bindings.unknown == 1 ? " is" : "s are",
		bindings.unknown == 1 ? "it exists" : "they exist");
	if (bindings.unknown)
		term_warning(str_text(&warning));
	return true;
}

/* -account is about what the state calls accounts. */
static bool pick_recorded(struct session *session)
{
	const struct cli_texts *accounts = &session->cli->accounts;
	const struct pick pick = {"the state", accounts->items, accounts->count};
	struct error err CLEANUP(error_release) = {0};

	return pick_accounts(&pick, &session->ledger.state.model, &err) || term_error(&err);
}

static bool check_options(const struct cli *cli)
{
	if (cli->raw && cli->json)
		return term_fail(NULL, "-raw and -json exclude each other");
	if (cli->format && (cli->raw || cli->json))
		return term_fail(NULL, "-format can't be combined with -raw or -json");
	if (cli->raw && !cli->argument_count)
		return term_fail(NULL, "-raw requires an address");
	return true;
}

bool output_run(struct session *session)
{
	const struct cli *cli = session->cli;

	if (!check_options(cli) || !session_show_state(session, false) || !pick_recorded(session))
		return false;
	if (cli->format)
		return print_bindings(session);
	if (cli->argument_count)
		return print_one(session);
	print_all(session);
	return true;
}
