/* A gzip container (RFC 1952) around bytes that are stored, not compressed. */
#ifndef CFSIM_GZIP_H
#define CFSIM_GZIP_H

#include "base/str.h"

/* Adds the packed form of the bytes. */
void gzip_pack(const struct str *bytes, struct str *out);

#endif
