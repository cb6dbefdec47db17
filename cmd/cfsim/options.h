/* The command line of cfsim: one table says all options, and the help is made from it. */
#ifndef CFSIM_OPTIONS_H
#define CFSIM_OPTIONS_H

#include "choices.h"
#include "dates.h"
#include "lag.h"

struct option_list {
	const char **items; /* texts of argv */
	size_t count, room;
};

struct options {
	const char *host;
	size_t port; /* 0: any */
	const char *port_file;
	struct option_list tokens; /* each TOKEN or TOKEN@ACCOUNT_ID[,ACCOUNT_ID...] */
	struct option_list read_only_tokens;
	const char *token_file;
	struct option_list accounts;    /* none: all exist */
	const char *email, *key;        /* both or none */
	size_t max_stores, max_secrets; /* for an account; 0: any number */
	size_t max_connections;
	size_t latency_ms, write_latency_ms; /* before the work; of a write, both together */
	struct lag lag;
	enum date_form dates, create_dates;
	size_t max_per_page;
	bool audit_log;
	bool pending_for_ever;
	size_t pending_ms;
	size_t rate_requests, rate_seconds; /* 0: no limit */
	const char *seed, *data, *log, *faults;
	const char *tls_cert, *tls_key; /* both or none */
	struct choices choices;
	bool help, version; /* asked for: nothing else counts */
};

/* Fills *options, which borrows texts from argv. Release it in any case. */
bool options_parse(
	struct options *options, int argc, char *const *argv, struct error *err) MUST_CHECK;
void options_release(struct options *options);

/* Adds the help. */
void options_describe(struct str *out);

/* Adds a table of the manual page; see mdoc_fill. */
bool options_add_table(struct str *out, const char *name, const char *argument) MUST_CHECK;

#endif
