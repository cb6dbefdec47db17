/*
 * What a key does for a state: signed so that nobody without the key can write one, or sealed so
 * that nobody can read it either. Pure; state/chain does the same for a journal.
 *
 * Without a key, a state is written and read as it is. With one, it is a state with a signature,
 *
 *       …
 *       "signature": "v1$KEYID$MAC"
 *     }
 *
 * or, if the manifest has `encrypt: true`, sealed (adapter/key) and JSON again, because some
 * servers want to find the serial in it:
 *
 *     {
 *       "version": 1,
 *       "serial": 3,
 *       "lineage": "…",
 *       "sealed": "…"
 *     }
 *
 * The MAC is of the very bytes without the signature, and the sealed state says serial and lineage
 * again: nothing of the file can be changed. That an older state of the same lineage took its place
 * does not show here; see state/seen.
 */
#ifndef STATE_SEALING_H
#define STATE_SEALING_H

#include "adapter/key.h"
#include "state/state.h"

enum sealing_form { SEALING_PLAIN, SEALING_SIGNED, SEALING_SEALED };

struct sealing {
	struct keys *keys;          /* borrowed; NULL or not set: there is no key */
	enum encryption encryption; /* of what is written, as the manifest says */
	bool encrypts;              /* what is written is sealed: see sealing_settle */
	bool accepts_unsigned; /* `state sign`: what is not signed, or by an unknown key, is read */
	bool accepts_older;    /* `state migrate`: whoever opens the state calls part_check_seen */
	bool only_shows;       /* what is signed is read although there is no key */
	bool lacks_key;        /* with `only_shows`: a key is configured, but could not be read */
	const char *sign_with; /* borrowed: the option with which `state sign` finds this state */
};

/* How far what was read can be trusted. All but the first two need `accepts_unsigned` or
 * `only_shows`. */
enum sealing_trust {
	SEALING_TRUSTED,    /* written with the key; or not signed, and there is no key */
	SEALING_OLD_KEY,    /* written with the old key */
	SEALING_UNVERIFIED, /* signed, and there is no key; or not signed, and `lacks_key` */
	SEALING_UNSIGNED,
	SEALING_FOREIGN,  /* signed with another key */
	SEALING_MODIFIED, /* its signature is wrong */
};

enum { SEALING_ID_SIZE = 17 };

struct sealing_found {
	enum sealing_form form;
	enum sealing_trust trust;
	char key_id[SEALING_ID_SIZE]; /* of a signature; "": none */
};

/* How far to trust what is not signed. */
enum sealing_trust sealing_trust_unsigned(const struct sealing *sealing);

/* Lends the keys, or NULL: there is none. It may be NULL. */
struct keys *sealing_keys(const struct sealing *sealing);

/* True if the state should be written again: not with the new key, or in another form. Sets what is
 * written from now on; where the manifest does not say, that is as it was found. */
bool sealing_settle(struct sealing *sealing, const struct sealing_found *found);

/* Adds the bytes of the file. Without a key, what is to be encrypted is refused. */
bool sealing_write(const struct sealing *sealing, const struct state *state, struct str *out,
	struct error *err) MUST_CHECK;

/* True if these bytes claim to be a sealed state. */
bool sealing_is_sealed(const struct str *bytes);

/* Gives (str_release) the plain state, which may still be invalid. */
bool sealing_read(const struct sealing *sealing, const struct str *bytes, struct str *ret_plain,
	struct sealing_found *ret_found, struct error *err) MUST_CHECK;

/* True if it was written with the key, or the old one; or there is no key. */
bool sealing_is_sound(const struct sealing_found *found);

/* True if what was found so is read. Else the error calls it `what` and says what to do. */
bool sealing_accepts(const struct sealing *sealing, const char *what,
	const struct sealing_found *found, struct error *err) MUST_CHECK;

#endif
