/*
 * What a command opens on its way, in order: the manifest, the state, the client, the plan. Each
 * step says its own errors; false: the command ends with EXIT_ERROR. Release it once at the end.
 */
#ifndef CFPROV_SESSION_H
#define CFPROV_SESSION_H

#include "cli.h"
#include "live/live.h"
#include "recorded/ledger.h"

struct session {
	const struct cli *cli;
	const struct event_sink *sink;
	int wake_fd; /* of interrupt_start */
	char *state_path;
	struct model desired; /* of the accounts that -account picks */
	struct ledger ledger;
	bool has_ledger;
	struct client *client;
	struct live_account *accounts; /* as desired.accounts */
	struct model live;
	struct plan plan;
	struct arena arena; /* of what was recovered */
};

void session_init(struct session *session, const struct cli *cli, const struct event_sink *sink);
void session_release(struct session *session);

bool session_load_manifest(struct session *session) MUST_CHECK;

/* The state to look at, or to write (with the lock). */
bool session_read_state(struct session *session) MUST_CHECK;
bool session_open_state(struct session *session, const char *operation) MUST_CHECK;

/* Credentials, client, and what lives in the accounts: the lists. */
bool session_read_live(struct session *session) MUST_CHECK;

/* The same, then what an interrupted run has left, and the plan. */
bool session_plan(struct session *session) MUST_CHECK;

#endif
