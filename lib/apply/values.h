/*
 * The values of secrets, from their sources to the request: read, checked against Cloudflare's
 * limits, and compared by fingerprint with what was written last. Until they are sent they are kept
 * in locked memory.
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
#include "source/source.h"

/* Cloudflare's API reference, Secrets Store, "Create a secret": at most 64 KiB, in bytes. */
enum { VALUE_LENGTH_LIMIT = 65536 };

struct values {
	struct sources *sources; /* borrowed */
	const char *lineage;     /* borrowed */
	bool leaves_input;       /* the standard input is for a question: it is not read */
	bool has_refused_input;
	const struct value_source *key_source;
	struct fingerprint_key key;
	bool key_is_tried, key_is_missing;
	struct arena arena;       /* addresses and fingerprints */
	struct table *by_address; /* -> struct held_value */
	struct client *client;    /* learns every value that is opened; may be NULL */
	struct held_value *last;  /* all of them, to be released */
};

/*
 * The key is that of CFPROV_FINGERPRINT_KEY, or of the manifest's source; without either there is
 * none, and fingerprints are slow. It is read when the first fingerprint is made or compared: a
 * command that needs none works without it. Keeps sources, lineage and the key's source.
 */
void values_init(struct values *values, struct sources *sources, const char *lineage,
	const struct value_source *key_source);
void values_release(struct values *values);

/*
 * Reads the values that planning needs, and sets `verdict` and `fingerprint` of the desired
 * secrets (lent by values). A value that is never written is not read: of a secret that exists and
 * is written once, or that the options leave out. Every error is added, with the secret's address;
 * that the key can't be read, or the standard input is reserved, once.
 */
bool values_read(struct values *values, struct model *desired, const struct planner_input *input,
	struct error_list *errors) MUST_CHECK;

/* Reads what the plan sends; false if a value is not the one that the plan was made with. */
bool values_check(
	struct values *values, const struct plan *plan, struct error_list *errors) MUST_CHECK;

/*
 * Lends the value of a desired secret, until values_release. One that was not read yet, or is
 * generated, is read now.
 */
const struct secret *values_open(
	struct values *values, const struct object *object, struct error *err) MUST_CHECK;

#endif
