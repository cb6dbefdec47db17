/*
 * The values of secrets, from their sources to whoever sends them. Here they are read, checked
 * against Cloudflare's limits, and compared by fingerprint with what was written last. Between
 * reading and sending they stay in locked memory.
 *
 *     values_read     before planning: sets verdict and fingerprint of what is desired
 *     values_check    of a saved plan: reads again, and compares with the plan's fingerprints
 *     values_open     lends a value to send
 *     values_release
 */
#ifndef APPLY_VALUES_H
#define APPLY_VALUES_H

#include "apply/fingerprint.h"
#include "cloudflare/client.h"
#include "plan/planning.h"
#include "source/source.h"

/* Cloudflare's API reference, Secrets Store, "Create a secret": at most 64 KiB, in bytes. */
enum { VALUE_LENGTH_LIMIT = 65536 };

struct values {
	struct sources *sources; /* borrowed */
	const char *lineage;     /* borrowed */
	bool leaves_input;       /* the standard input is for a question: values_read spares it */
	bool has_refused_input;
	const struct value_source *key_source;
	struct fingerprint_key key;
	bool key_is_tried, key_is_missing;
	struct arena arena;       /* addresses and fingerprints */
	struct table *by_address; /* -> struct held_value */
	struct client *client;    /* is to know every value that is opened; may be NULL */
	struct held_value *last;  /* all of them, for the end */
};

/*
 * The key is that of CFPROV_FINGERPRINT_KEY, or of the manifest's source; without either there is
 * none, and fingerprints are slow. It is read when the first fingerprint is made or compared, so
 * that who does not need it can do without. Keeps sources, lineage and the key's source.
 */
void values_init(struct values *values, struct sources *sources, const char *lineage,
	const struct value_source *key_source);
void values_release(struct values *values);

/*
 * Reads the values that planning needs, and sets `verdict` and `fingerprint` of the desired
 * secrets (lent by values). Not read is what is never written: what lives already and is written
 * once, and what the options leave out. Every error is added, with the secret's address; that the
 * key can't be had, or the standard input is for something else, once.
 */
bool values_read(struct values *values, struct model *desired, const struct planner_input *input,
	struct error_list *errors) MUST_CHECK;

/* Reads what the plan is to write; refuses what is not what it was when the plan was made. */
bool values_check(
	struct values *values, const struct plan *plan, struct error_list *errors) MUST_CHECK;

/*
 * Lends the value of a desired secret, until values_release. One that was not read yet, or is
 * generated, is read now.
 */
const struct secret *values_open(
	struct values *values, const struct object *object, struct error *err) MUST_CHECK;

#endif
