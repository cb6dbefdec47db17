/* clang-format off */
/*
 * The log that CFPROV_LOG asks for, in the file of CFPROV_LOG_PATH or on stderr. A line each:
 *
 *     2026-01-02T03:04:05.678901Z trace POST /accounts/ID/secrets_store/stores attempt 1: HTTP 200, …
 *
 * Each level includes those before it: error, warn, info (what was done), debug (retries, waits,
 * recoveries), trace (requests: method, path, status, sizes, time and cf-ray, never a body or a
 * header). Control characters are made visible.
 */
/* clang-format on */
#ifndef CFPROV_LOG_H
#define CFPROV_LOG_H

#include "base/str.h"
#include "model/event.h"

/*
 * Reads the environment and opens the file; without CFPROV_LOG there is no log. `to_terminal`
 * writes a line if no file is named.
 */
bool log_start(void (*to_terminal)(const struct str *line), struct error *err) MUST_CHECK;

void log_event(const struct event *event);
void log_error(const struct error *err);

#endif
