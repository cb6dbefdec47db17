/*
 * References and ciphertexts: what a tool has put in place of a value, and resolves or decrypts
 * itself. Sent to Cloudflare, they would replace the value and break what uses it. Pure.
 *
 * Only what no value looks like counts: the tool's marker at the start, and the form that follows.
 */
#ifndef SOURCE_MARKER_H
#define SOURCE_MARKER_H

#include <stddef.h>

/* What the bytes look like, as in "a reference of 1Password"; NULL: like a value. */
const char *marker_find(const char *bytes, size_t length);

#endif
