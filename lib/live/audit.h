/*
 * The account's audit log: who modified a secret outside of cfprov, when, and was the value part of
 * it? Nobody can read a value; this log is the only one who knows. Source: Cloudflare's API
 * reference, "Audit Logs (version 2)", a beta: entries may be late or missing, so that absence
 * proves nothing, and what is not understood counts as doubt.
 *
 * A value counts as kept only if the entries account for every change since our own last write:
 * - one entry is of that write: the one nearest to its moment, and no other of the same moment. It
 *   is of cfprov, by its user agent if the entry tells one, or leaves the value alone; and nobody
 *   else touched the value right before it;
 * - every later one is a change that succeeded, of a kind that is known, and leaves the value
 * alone;
 * - the last one is of the moment of the live `modified`, and the list is not cut off.
 * Near are moments that are a second apart at most, at the precision of the coarser one: the log
 * has its own clock, may leave fractions out, and a request takes its time.
 */
#ifndef LIVE_AUDIT_H
#define LIVE_AUDIT_H

#include "live/live.h"

/*
 * So many secrets are asked about in a run, each by one request. Of more, nobody asks: their value
 * is doubted as it would be without a log.
 */
enum { AUDIT_SECRET_LIMIT = 50, AUDIT_ENTRY_LIMIT = 100 };

struct audit_input {
	struct live_input live;
	const struct model *desired, *recorded; /* sorted */
	const struct event_sink *sink;
};

/*
 * Asks, all side by side, about the recorded secrets of `live` (sorted) whose `modified` moved, and
 * puts what was learned into it. Those with `on_drift: ignore` are not asked about. What can't be
 * read is told as EVENT_NOTE, once for each account. False, with ERROR_INTERRUPTED, only
 * if it was interrupted: then the client must not be used again.
 */
bool audit_read(const struct audit_input *input, struct model *live, struct error *err) MUST_CHECK;

/*
 * What the entries (a JSON array) say of a secret that is recorded and that was modified since.
 * False: nothing that is of any use. The texts are in the arena. Pure.
 */
bool audit_judge(const struct json *list, const struct object *recorded, const struct object *live,
	struct arena *arena, struct audit *ret_audit) MUST_CHECK;

#endif
