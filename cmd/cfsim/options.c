#include "options.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, LIST, FLAG, STORE_NAMES, ANSWER, PENDING, RATE, LIST_LAG, DATES, SWITCH };

#define FIELD(name) offsetof(struct options, name)

static const struct option {
	const char *name, *value; /* value: how the help calls it; NULL for a flag */
	const char *help;
	size_t field; /* where in struct options */
	size_t max;   /* of a number */
	enum kind kind;
} table[] = {
	{"port", "N", "port to listen on; 0, the default, picks a free one", FIELD(port), 65535,
		NUMBER},
	{"host", "ADDRESS", "loopback address to listen on: 127.0.0.1 (default) or ::1",
		FIELD(host), 0, TEXT},
	{"port-file", "FILE", "write the port into FILE once it listens", FIELD(port_file), 0,
		TEXT},
	{"token", "TOKEN[@ID,...]",
		"accept this API token (for these accounts only); repeatable;\n"
		"default: cfsim-token",
		FIELD(tokens), 0, LIST},
	{"read-only-token", "T[@ID,...]",
		"accept this one, too; its writes are answered 403; repeatable",
		FIELD(read_only_tokens), 0, LIST},
	{"tokens", "FILE", "accept these tokens, too (below)", FIELD(token_file), 0, TEXT},
	{"email", "EMAIL", "accept this X-Auth-Email, with --key", FIELD(email), 0, TEXT},
	{"key", "KEY", "accept this X-Auth-Key, with --email", FIELD(key), 0, TEXT},
	{"account", "ID", "only these accounts exist; repeatable; default: any account does",
		FIELD(accounts), 0, LIST},
	{"max-stores", "N",
		"stores an account may have; 0, the default, is any number\n"
		"(real accounts mostly may have 1)",
		FIELD(max_stores), SIZE_MAX / 16, NUMBER},
	{"max-secrets", "N", "secrets an account may have; default 100; 0 is any number",
		FIELD(max_secrets), SIZE_MAX / 16, NUMBER},
	{"max-connections", "N",
		"connections at a time, idle ones included; more wait; default\n"
		"1000, at least 1",
		FIELD(max_connections), 1000000, NUMBER},
	{"latency", "MS",
		"each request takes so long, and then does its work, even if the\n"
		"client is gone by then; other requests continue",
		FIELD(latency_ms), 86400000, NUMBER},
	{"write-latency", "MS", "writes (POST, PATCH, DELETE) take so much longer",
		FIELD(write_latency_ms), 86400000, NUMBER},
	{"list-lag", "MS", "lists show what was there so long ago; reads by id are current", 0,
		LAG_LONGEST_MS, LIST_LAG},
	{"list-lag-create", "MS", "the same, only for what was created", FIELD(lag.create_ms),
		LAG_LONGEST_MS, NUMBER},
	{"list-lag-change", "MS", "only for what was changed", FIELD(lag.change_ms), LAG_LONGEST_MS,
		NUMBER},
	{"list-lag-delete", "MS", "only for what was deleted", FIELD(lag.delete_ms), LAG_LONGEST_MS,
		NUMBER},
	{"read-lag", "MS", "reads by id show what was there so long ago", FIELD(lag.read_ms),
		LAG_LONGEST_MS, NUMBER},
	{"audit-log", "on|off",
		"keep the account's audit log, and let every token read it; off, the\n"
		"default, answers 403, as a token for the Secrets Store only gets",
		FIELD(audit_log), 0, SWITCH},
	{"audit-delay", "MS", "how late its entries come", FIELD(lag.audit_ms), LAG_LONGEST_MS,
		NUMBER},
	{"dates", "FORM",
		"how reads write dates: micro (default: with microseconds), milli,\n"
		"seconds, or offset (+00:00 in place of Z)",
		FIELD(dates), 0, DATES},
	{"create-dates", "FORM", "the same for answers to POST and PATCH", FIELD(create_dates), 0,
		DATES},
	{"max-per-page", "N", "most items on a page, whatever was asked for; default 100",
		FIELD(max_per_page), 100, NUMBER},
	{"pending", "MS|never|forever",
		"how long a new secret's status is \"pending\";\n"
		"default: never",
		0, 86400000, PENDING},
	{"rate-limit", "N/SECONDS", "requests a token may make in a window; default: no limit", 0,
		1000000000, RATE},
	{"store-names", "any|unique", "the same as --answer store-names=...", 0, 0, STORE_NAMES},
	{"answer", "NAME=CHOICE", "choose what only a live account could tell (below); repeatable",
		0, 0, ANSWER},
	{"seed", "FILE", "begin with these accounts, stores and secrets (below)", FIELD(seed), 0,
		TEXT},
	{"data", "FILE", "keep everything in FILE, and begin with what it holds", FIELD(data), 0,
		TEXT},
	{"log", "FILE", "append one line of JSON for each request; values are blanked", FIELD(log),
		0, TEXT},
	{"faults", "FILE", "make things go wrong as this JSON array says (below)", FIELD(faults), 0,
		TEXT},
	{"tls-cert", "FILE", "serve HTTPS with this certificate (PEM), with --tls-key",
		FIELD(tls_cert), 0, TEXT},
	{"tls-key", "FILE", "its private key (PEM)", FIELD(tls_key), 0, TEXT},
	{"help", NULL, "show this", FIELD(help), 0, FLAG},
	{"version", NULL, "show the version", FIELD(version), 0, FLAG},
};

static bool set_number(
	const struct option *option, const char *value, size_t *ret_number, struct error *err)
{
	if (!text_to_number(value, option->max, ret_number))
		return error_set(
			err, "--%s wants a whole number, at most %zu", option->name, option->max);
	return true;
}

static bool set_pending(
	struct options *options, const struct option *option, const char *value, struct error *err)
{
	options->pending_for_ever = strcmp(value, "forever") == 0;
	options->pending_ms = 0;
	if (options->pending_for_ever || strcmp(value, "never") == 0)
		return true;
	return set_number(option, value, &options->pending_ms, err);
}

static bool set_rate(
	struct options *options, const struct option *option, const char *value, struct error *err)
{
	const char *slash = strchr(value, '/');
	char requests[16];

	if (slash && (size_t)(slash - value) < sizeof(requests)) {
		snprintf(requests, sizeof(requests), "%.*s", (int)(slash - value), value);
		if (text_to_number(requests, option->max, &options->rate_requests) &&
			text_to_number(slash + 1, option->max, &options->rate_seconds) &&
			options->rate_requests && options->rate_seconds)
			return true;
	}
	return error_set(err, "--rate-limit wants N/SECONDS, for instance 1200/300");
}

static bool set_store_names(struct options *options, const char *value, struct error *err)
{
	struct str text CLEANUP(str_release) = {0};

	str_format(&text, "store-names=%s", value);
	return choices_set(&options->choices, str_text(&text), err);
}

static bool set_list_lag(
	struct options *options, const struct option *option, const char *value, struct error *err)
{
	size_t ms = 0;

	if (!set_number(option, value, &ms, err))
		return false;
	options->lag.create_ms = options->lag.change_ms = options->lag.delete_ms = ms;
	return true;
}

static bool set_dates(
	const struct option *option, const char *value, enum date_form *ret_form, struct error *err)
{
	return dates_find(value, ret_form) ||
	       error_set(err, "--%s must be micro, milli, seconds or offset", option->name);
}

static bool set_switch(
	const struct option *option, const char *value, bool *ret_on, struct error *err)
{
	*ret_on = strcmp(value, "on") == 0;
	return *ret_on || strcmp(value, "off") == 0 ||
	       error_set(err, "--%s must be on or off", option->name);
}

static bool set(
	struct options *options, const struct option *option, const char *value, struct error *err)
{
	void *field = (char *)options + option->field;
	struct option_list *list = field;

	switch (option->kind) {
	case TEXT:
		*(const char **)field = value;
		return true;
	case NUMBER:
		return set_number(option, value, field, err);
	case LIST:
		list->items =
			mem_room(list->items, list->count, &list->room, sizeof(list->items[0]));
		list->items[list->count++] = value;
		return true;
	case FLAG:
		*(bool *)field = true;
		return true;
	case STORE_NAMES:
		return set_store_names(options, value, err);
	case ANSWER:
		return choices_set(&options->choices, value, err);
	case PENDING:
		return set_pending(options, option, value, err);
	case RATE:
		return set_rate(options, option, value, err);
	case LIST_LAG:
		return set_list_lag(options, option, value, err);
	case DATES:
		return set_dates(option, value, field, err);
	case SWITCH:
		return set_switch(option, value, field, err);
	}
	return false;
}

static const struct option *find(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

static bool check(const struct options *options, struct error *err)
{
	if (!options->email != !options->key)
		return error_set(err, "--email and --key go together");
	if (!options->max_per_page)
		return error_set(err, "--max-per-page must be at least 1");
	if (!options->tls_cert != !options->tls_key)
		return error_set(err, "--tls-cert and --tls-key go together");
	if (!options->max_connections)
		return error_set(err, "--max-connections must be at least 1");
	return true;
}

bool options_parse(struct options *options, int argc, char *const *argv, struct error *err)
{
	*options = (struct options){.host = "127.0.0.1",
		.max_secrets = 100,
		.max_connections = 1000,
		.max_per_page = 100};
	choices_init(&options->choices);
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i];
		if (strncmp(name, "--", 2) != 0)
			return error_set(err, "cfsim takes no argument \"%s\"", name);
		name += 2;
		size_t length = strcspn(name, "=");
		const char *value = name[length] ? name + length + 1 : NULL;
		const struct option *option = find(name, length);
		if (!option)
			return error_set(err, "there is no option \"--%.*s\"", (int)length, name);
		if (!option->value && value)
			return error_set(err, "--%s takes no value", option->name);
		if (option->value && !value && i + 1 < argc)
			value = argv[++i];
		if (option->value && !value)
			return error_set(err, "--%s wants a value", option->name);
		if (!set(options, option, value ? value : "", err))
			return false;
	}
	return check(options, err);
}

void options_release(struct options *options)
{
	free(options->tokens.items);
	free(options->read_only_tokens.items);
	free(options->accounts.items);
	*options = (struct options){0};
}

static const char head[] =
	"cfsim stands in for Cloudflare's Secrets Store API, on this machine only.\n\n"
	"Usage: cfsim [--option VALUE | --option=VALUE]...\n\n"
	"It says where it listens; give that to a client as its base URL, for instance\n"
	"  CLOUDFLARE_BASE_URL=http://127.0.0.1:PORT/client/v4\n"
	"  CLOUDFLARE_API_TOKEN=cfsim-token\n"
	"SIGTERM or SIGINT ends it.\n\nOptions:\n";

#define TOKENS_HELP                                                                                \
	"\n--tokens holds a JSON array of objects (only token is required):\n"                     \
	"  {\"token\": \"T\", \"accounts\": [\"ID\"], \"access\": \"write|read|none\",\n"          \
	"   \"status\": \"active|disabled|expired\", \"not_before\": TIME, \"expires_on\": "       \
	"TIME,\n"                                                                                  \
	"   \"expires_after\": N}      (after N requests; TIME is like 2026-01-02T03:04:05Z)\n"    \
	"A token that starts with cfat_ is owned by an account, any other by a user.\n"

static const char tail[] =
	"\n--seed and --data hold JSON:\n"
	"  {\"accounts\": [{\"id\": \"985e105f4ecef8ad9ca31a8372d0c353\", \"stores\": [\n"
	"   {\"name\": \"prod\", \"secrets\": [\n"
	"    {\"name\": \"A\", \"value\": \"x\", \"scopes\": [\"workers\"], \"comment\": "
	"\"c\"}]}]}]}\n"
	"Stores and secrets may also have id, created and modified; secrets status, and instead "
	"of\n"
	"value its value_bytes and value_checksum, which is all that is kept of a "
	"value.\n" TOKENS_HELP
	"\n--faults holds a JSON array of objects. Which requests (all members are optional):\n"
	"  method, path (a prefix, or a glob), account, reused (true: not the first request of "
	"its\n"
	"  connection), after (leave the first N alone), nth (only the Nth), times (at most N)\n"
	"What happens, by kind:\n"
	"  status         status, code, message, retry_after, body: json|empty|null, an HTML\n"
	"                 page (html|challenge|blocked|1020|not_found), or problem (RFC 9457,\n"
	"                 code: 1015 and other 1xxx)\n"
	"  status_after   the same, once the work was done\n"
	"  raw_body       status (200), text or file (its bytes), content_type\n"
	"  raw_body_after the same, once the work was done\n"
	"  envelope       the work is done; the members for any kind (below) change the answer\n"
	"  html, truncated_json, gzip    an answer in that form; the work is done\n"
	"  redirect       status (302), location\n"
	"  reset_early    the connection is reset before the body was read\n"
	"  reset_before, reset_after     it is reset, before or after the work\n"
	"  close_before, close_after     it is closed\n"
	"  close_idle, close_idle_after  the same, on requests that reuse a connection\n"
	"  cut_short, too_long           the work is done; Content-Length is wrong\n"
	"  garbage        bytes that are no HTTP; the work is not done\n"
	"  no_answer      the work is done; ms: close after so long (default: never)\n"
	"  slow_drip      the work is done; ms between two pieces (default 10)\n"
	"  delay          the work is done, the answer comes ms later\n"
	"  late           the work is done after_ms later, exactly as the request would be done "
	"then;\n"
	"                 answer: status (504, body html; all as above; the default), reset, "
	"close\n"
	"                 or never; ms: answer, or close, only after so long\n"
	"  list           a list answers with total_count, total_pages or page (that one instead)\n"
	"  then_delete, then_create  once answered, somebody else deletes or creates the object\n"
	"                 name beside those of the path (default: deletes the oldest)\n"
	"With any kind: headers: {NAME: VALUE or [VALUE, ...]} replace those of the answer;\n"
	"  errors, messages: [...] replace those of its JSON envelope\n"
	"\nRoutes for tests, without credentials: GET /_cfsim/stats, GET /_cfsim/world,\n"
	"POST and DELETE /_cfsim/faults, POST /_cfsim/tokens, POST /_cfsim/reset.\n"
	"The header X-Cfsim-Actor: EMAIL lets the audit log have a request as this user's.\n"
	"POST /_cfsim/later does now all that was to be done later (late).\n"
	"POST /_cfsim/lag sets how long writes take to show, in ms; what it does not name stays:\n"
	"  {\"create\": MS, \"change\": MS, \"delete\": MS, \"read\": MS, \"audit\": MS}; 0 shows "
	"everything "
	"now\n";

/* The help of an option may have several lines: each starts in the same column. */
static void describe(struct str *out, const struct option *option)
{
	struct str name CLEANUP(str_release) = {0};

	str_format(&name, "--%s %s", option->name, option->value ? option->value : "");
	for (const char *line = option->help, *first = str_text(&name); line; first = "") {
		const char *end = strchr(line, '\n');
		int length = (int)(end ? (size_t)(end - line) : strlen(line));
		str_format(out, "  %-28s %.*s\n", first, length, line);
		line = end ? end + 1 : NULL;
	}
}

void options_describe(struct str *out)
{
	str_text_add(out, head);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		describe(out, &table[i]);
	str_text_add(out, "\n--answer chooses (the first is the default):\n");
	choices_describe(out);
	str_text_add(out, tail);
}
