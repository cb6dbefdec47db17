#include "options.h"

#include "base/mdoc.h"
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
	{"port", "N", "port to listen on (default 0: any free port)", FIELD(port), 65535, NUMBER},
	{"host", "ADDRESS",
		"loopback address to listen on: 127.0.0.1\n"
		"(default) or ::1",
		FIELD(host), 0, TEXT},
	{"port-file", "FILE", "write the port to FILE when listening", FIELD(port_file), 0, TEXT},
	{"token", "TOKEN[@ID,...]",
		"accept this API token, for these accounts only;\n"
		"repeatable (default cfsim-token)",
		FIELD(tokens), 0, LIST},
	{"read-only-token", "T[@ID,...]",
		"accept this token for reads; its writes get 403;\n"
		"repeatable",
		FIELD(read_only_tokens), 0, LIST},
	{"tokens", "FILE", "accept the tokens in FILE", FIELD(token_file), 0, TEXT},
	{"email", "EMAIL", "accept this X-Auth-Email, with --key", FIELD(email), 0, TEXT},
	{"key", "KEY", "accept this X-Auth-Key, with --email", FIELD(key), 0, TEXT},
	{"account", "ID",
		"only this account exists; repeatable (default:\n"
		"every account exists)",
		FIELD(accounts), 0, LIST},
	{"max-stores", "N",
		"stores that an account may have (default 0: any\n"
		"number); most real accounts may have 1",
		FIELD(max_stores), SIZE_MAX / 16, NUMBER},
	{"max-secrets", "N",
		"secrets that an account may have (default 100; 0:\n"
		"any number)",
		FIELD(max_secrets), SIZE_MAX / 16, NUMBER},
	{"max-connections", "N",
		"connections at a time, including idle ones;\n"
		"others wait (default 1000)",
		FIELD(max_connections), 1000000, NUMBER},
	{"latency", "MS",
		"time before the work of each request is done,\n"
		"even if the client is gone by then",
		FIELD(latency_ms), 86400000, NUMBER},
	{"write-latency", "MS", "additional time for writes (POST, PATCH, DELETE)",
		FIELD(write_latency_ms), 86400000, NUMBER},
	{"list-lag", "MS",
		"lists are out of date by this time; reads by id\n"
		"are current",
		0, LAG_LONGEST_MS, LIST_LAG},
	{"list-lag-create", "MS", "the same, only for created objects", FIELD(lag.create_ms),
		LAG_LONGEST_MS, NUMBER},
	{"list-lag-change", "MS", "the same, only for changed objects", FIELD(lag.change_ms),
		LAG_LONGEST_MS, NUMBER},
	{"list-lag-delete", "MS", "the same, only for deleted objects", FIELD(lag.delete_ms),
		LAG_LONGEST_MS, NUMBER},
	{"read-lag", "MS", "reads by id are out of date by this time", FIELD(lag.read_ms),
		LAG_LONGEST_MS, NUMBER},
	{"audit-log", "on|off",
		"keep an audit log that every token may read; off\n"
		"(default) answers 403, as for a token for the\n"
		"Secrets Store only",
		FIELD(audit_log), 0, SWITCH},
	{"audit-delay", "MS", "time before an entry appears in the audit log", FIELD(lag.audit_ms),
		LAG_LONGEST_MS, NUMBER},
	{"dates", "FORM",
		"form of dates in reads: micro (default), milli,\n"
		"seconds, or offset (+00:00 instead of Z)",
		FIELD(dates), 0, DATES},
	{"create-dates", "FORM", "form of dates in answers to POST and PATCH", FIELD(create_dates),
		0, DATES},
	{"max-per-page", "N",
		"most items on a page, whatever was requested\n"
		"(default 100)",
		FIELD(max_per_page), 100, NUMBER},
	{"pending", "MS|never|forever", "how long a new secret is pending (default never)", 0,
		86400000, PENDING},
	{"rate-limit", "N/SECONDS",
		"requests that a token may make in a window\n"
		"(default: no limit)",
		0, 1000000000, RATE},
	{"store-names", "any|unique", "short for --answer store-names=...", 0, 0, STORE_NAMES},
	{"answer", "NAME=CHOICE",
		"choose an answer that only a live account could\n"
		"tell; repeatable",
		0, 0, ANSWER},
	{"seed", "FILE",
		"start with the accounts, stores and secrets in\n"
		"FILE",
		FIELD(seed), 0, TEXT},
	{"data", "FILE",
		"keep everything in FILE, and start with what it\n"
		"contains",
		FIELD(data), 0, TEXT},
	{"log", "FILE",
		"append a line of JSON for each request, without\n"
		"values",
		FIELD(log), 0, TEXT},
	{"faults", "FILE", "inject the faults in FILE", FIELD(faults), 0, TEXT},
	{"tls-cert", "FILE",
		"serve HTTPS with this certificate (PEM); requires\n"
		"--tls-key",
		FIELD(tls_cert), 0, TEXT},
	{"tls-key", "FILE", "private key of the certificate (PEM)", FIELD(tls_key), 0, TEXT},
	{"help", NULL, "show this help", FIELD(help), 0, FLAG},
	{"version", NULL, "show the version", FIELD(version), 0, FLAG},
};

static bool set_number(
	const struct option *option, const char *value, size_t *ret_number, struct error *err)
{
	if (!text_to_number(value, option->max, ret_number))
		return error_set(
			err, "--%s must be a whole number, at most %zu", option->name, option->max);
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
	return error_set(err, "--rate-limit must be N/SECONDS, for example 1200/300");
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
		return error_set(err, "--email and --key must be used together");
	if (!options->max_per_page)
		return error_set(err, "--max-per-page must be at least 1");
	if (!options->tls_cert != !options->tls_key)
		return error_set(err, "--tls-cert and --tls-key must be used together");
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
			return error_set(err, "unexpected argument \"%s\"", name);
		name += 2;
		size_t length = strcspn(name, "=");
		const char *value = name[length] ? name + length + 1 : NULL;
		const struct option *option = find(name, length);
		if (!option)
			return error_set(err, "unknown option \"--%.*s\"", (int)length, name);
		if (!option->value && value)
			return error_set(err, "--%s takes no value", option->name);
		if (option->value && !value && i + 1 < argc)
			value = argv[++i];
		if (option->value && !value)
			return error_set(err, "--%s requires a value", option->name);
		if (!set(options, option, value ? value : "", err))
			return false;
	}
	return check(options, err);
}

void options_release(struct options *options)
{
	mem_free(options->tokens.items);
	mem_free(options->read_only_tokens.items);
	mem_free(options->accounts.items);
	*options = (struct options){0};
}

static const char head[] =
	"Usage: cfsim [--option=VALUE]...\n\n"
	"Simulates Cloudflare's Secrets Store API on this machine. To use it, set\n\n"
	"  CLOUDFLARE_BASE_URL=http://127.0.0.1:PORT/client/v4\n"
	"  CLOUDFLARE_API_TOKEN=cfsim-token\n\n"
	"Options:\n";

static const char tail[] =
	"\ncfsim(1) describes the JSON of --tokens, --seed, --data and --faults, and the routes\n"
	"under /_cfsim/ for tests.\n";

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
	str_text_add(out, "\nChoices of --answer (the first is the default):\n");
	choices_describe(out);
	str_text_add(out, tail);
}

bool options_add_table(struct str *out, const char *table_name, const char *argument)
{
	bool is_options = strcmp(table_name, "OPTIONS") == 0;
	bool is_answers = strcmp(table_name, "ANSWERS") == 0;

	(void)argument;
	if (is_answers)
		choices_add_table(out);
	for (size_t i = 0; i < ARRAY_SIZE(table) && is_options; i++) {
		const struct option *option = &table[i];
		struct str name CLEANUP(str_release) = {0};
		str_format(&name, "-%s", option->name);
		mdoc_add_option(out, str_text(&name), option->value);
		mdoc_add_sentence(out, option->help);
	}
	return is_options || is_answers;
}
