/*
 * Values that are none: what a tool has put in the place of a value, to be resolved or decrypted by
 * itself. Sent to Cloudflare, they would replace the value and break what uses it. Pure.
 *
 * Only what no value looks like counts: a marker at the start, and the form that the tool gives it.
 */
#ifndef DESIRED_MARKER_H
#define DESIRED_MARKER_H

#include <stddef.h>

/* What the bytes look like, as in "a reference of 1Password"; NULL: like a value. */
const char *marker_find(const char *bytes, size_t length);

#endif
