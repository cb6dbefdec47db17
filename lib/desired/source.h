/*
 * The only door through which plaintext comes in: a reference becomes secret bytes.
 *
 *     struct sources *sources = sources_new();
 *     sources_read(sources, value, &secret, &err)     any number
 *     sources_free(sources);
 *
 * What is read is kept (locked, wiped at the end) until sources_free, so that a file, a command or
 * the standard input that many secrets name is read once.
 */
#ifndef DESIRED_SOURCE_H
#define DESIRED_SOURCE_H

#include "model/credentials.h"
#include "model/model.h"

struct sources;

/* Gives (sources_free). */
struct sources *sources_new(void) MUST_CHECK;
void sources_free(struct sources *sources);

/*
 * Gives (secret_release) the bytes that a reference means. VALUE_GENERATE makes new ones each
 * time. The error tells the source and its place, never what was read.
 */
bool sources_read(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err) MUST_CHECK;

/*
 * The credentials of an account: from its own `api_token`, or else CLOUDFLARE_API_TOKEN, or else
 * CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY. They are checked; see model/credentials.h.
 */
bool sources_credentials(struct sources *sources, const struct account *account,
	struct credentials *ret_credentials, struct error *err) MUST_CHECK;

#endif
