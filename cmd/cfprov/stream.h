/* clang-format off */
/*
 * The stream for machines: with -json, each event is one JSON object on one line of stdout, in the
 * form of Terraform's machine-readable UI, version 1.2. Each has @level, @message, @module,
 * @timestamp and type; the rest depends on the type:
 *
 *     version              cfprov, ui; always the first
 *     log                  what people would read on stderr: waits, retries, hints
 *     diagnostic           diagnostic: severity, summary, detail, address, range, snippet
 *     refresh_start,       hook: resource, id_key, id_value
 *     refresh_complete
 *     resource_drift,      change: resource, previous_resource, action, reason, importing
 *     planned_change       ... account, value_source (see value_source.h)
 *     value_not_compared   change: resource, value_source; of -values=none
 *     change_summary       changes: add, change, import, remove, forget, operation
 *     apply_start,         hook: resource, action, id_key, id_value, elapsed_seconds
 *     apply_progress,
 *     apply_complete,
 *     apply_errored
 *
 * The @message of a change_summary is the line that people read, byte for byte. After stream_start
 * nothing goes to stderr.
 */
/* clang-format on */
#ifndef CFPROV_STREAM_H
#define CFPROV_STREAM_H

#include "model/event.h"
#include "view.h"

void stream_start(void);

/* False: the stream has no type for it. What is said of it through term becomes a log line. */
bool stream_event(const struct event *event);

void stream_plan(const struct plan_view *view);
void stream_saved_plan(const struct plan_view *view);
void stream_incomplete(const char *text);
void stream_summary(const struct plan_counts *counts, const char *operation, const char *message);

#endif
