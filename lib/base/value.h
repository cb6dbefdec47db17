/*
 * What Cloudflare stores as a secret's value: UTF-8 text of 1 to VALUE_LENGTH_LIMIT bytes without a
 * NUL. Source: Cloudflare's API reference, Secrets Store, "Create a secret" (at most 64 KiB).
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/error.h"

#include <stddef.h>

enum { VALUE_LENGTH_LIMIT = 65536 };

/* True if the bytes can be a value. The error never shows them. */
bool value_check(const char *bytes, size_t length, struct error *err) MUST_CHECK;

#endif
