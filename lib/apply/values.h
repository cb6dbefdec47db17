/*
 * The values of secrets, from their sources to the request: read, checked against Cloudflare's
 * limits, and compared by fingerprint with those written last. They are kept in locked memory.
 *
 *     values_read     before planning: sets verdict and fingerprint of the desired secrets
 *     values_check    of a saved plan: reads again, and compares with the plan's fingerprints
 *     values_open     lends a value to send
 *     values_release
 */
#ifndef APPLY_VALUES_H
#define APPLY_VALUES_H

#include "cloudflare/client.h"
#include "plan/planning.h"
#include "source/fingerprint.h"
#include "source/keyring.h"
#include "state/ledger.h"

struct values {
	struct keyring *keyring;      /* borrowed, with its sources */
	const struct ledger *ledger;  /* borrowed: the lineages */
	const struct model *accounts; /* borrowed: by their ids */
	bool leaves_input; /* do not read the standard input: it is needed for a prompt */
	bool has_refused_input;
	bool leaves_values;                  /* values_read reads no value, only the key */
	struct fingerprint_key key, old_key; /* for this lineage: */
	const char *key_lineage;
	bool key_is_tried, key_is_missing;
	struct arena arena;       /* addresses and fingerprints */
	struct table *by_address; /* -> struct held_value */
	struct client *client;    /* learns every value that is opened; may be NULL */
	struct held_value *last;  /* list of all */
};

/*
 * The key is read when the first fingerprint is made or compared: a command that needs none works
 * without it. Without a key, fingerprints are slow. Keeps all three; `accounts` has those of the
 * secrets.
 */
void values_init(struct values *values, struct keyring *keyring, const struct ledger *ledger,
	const struct model *accounts);
void values_release(struct values *values);

/*
 * Reads the values that planning needs, and sets `verdict` and `fingerprint` of the desired secrets
 * (lent by values). Values that will not be written are not read: those of existing secrets that
 * are written once, and of secrets that the options leave out. All errors are added, with the
 * secret's address; an unreadable key, or a standard input that is reserved, is reported once.
 *
 * With `leaves_values`, it marks those secrets as unread instead. Such a plan is only for people.
 */
bool values_read(struct values *values, struct model *desired, const struct planner_input *input,
	struct error_list *errors) MUST_CHECK;

/* Reads the values that the plan sends. False: one differs from that of the plan. */
bool values_check(
	struct values *values, const struct plan *plan, struct error_list *errors) MUST_CHECK;

/*
 * Reads the values that the plan sends and values_read left out, so that no command has to run
 * afterwards. What can't be read is an error of values_open.
 */
void values_finish(struct values *values, const struct plan *plan);

/*
 * Lends the value of a desired secret, until values_release. It is read now, or generated, if it
 * was not before.
 */
const struct secret *values_open(
	struct values *values, const struct object *object, struct error *err) MUST_CHECK;

#endif
