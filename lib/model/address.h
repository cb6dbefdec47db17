/*
 * Addresses as people type them. Where there is one account, its alias may be left out: `keys` is
 * default/keys, and `keys/TOKEN` is default/keys/TOKEN. Every command that takes an address
 * completes it here before it looks for anything.
 *
 * The rule for STORE/SECRET, which looks like ALIAS/STORE: the alias is left out if the first part
 * is a store (or a pattern that matches one) and no alias. So if an account and a store in it are
 * both called `keys`, its secret is keys/keys/TOKEN. What begins with neither stays as it was
 * typed.
 *
 * The manifest (`moved`, `removed`) has full addresses only: it outlives the day on which there was
 * one account. Pure.
 */
#ifndef MODEL_ADDRESS_H
#define MODEL_ADDRESS_H

#include "model/model.h"

/* Where the accounts and objects are looked up; NULL: nowhere else. */
struct address_scope {
	const struct model *models[2];
};

/* Lends the address or pattern with its alias: in the arena, or as it was typed. */
const char *address_complete(
	const struct address_scope *scope, const char *typed, struct arena *arena);

/*
 * For the error about an address that matches nothing: adds "; did you mean default/keys?", or
 * nothing if no address is like it.
 */
void address_add_guess(const struct address_scope *scope, const char *typed, struct str *out);

#endif
