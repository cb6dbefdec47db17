/* clang-format off */
/*
 * The account's audit log: who modified a secret outside of cfprov, when, and whether the value
 * changed. Nothing else tells, because values can't be read. Source: Cloudflare's API reference,
 * "Audit Logs (version 2)", a beta: entries may be late or missing, so absence proves nothing, and
 * what is not understood counts as doubt.
 *
 * A value counts as kept only if the entries account for every change since our own last write:
 *
 * - One entry is of that write: the one nearest to its moment, and no other has the same moment. It
 *   is cfprov's, by its user agent if the entry has one, or leaves the value alone. Nobody else
 *   touched the value right before it.
 * - Every later entry is a successful change of a known kind that leaves the value alone.
 * - The last entry has the moment of the live `modified`, and the list is complete.
 *
 * Moments are near that are at most a second apart, at the precision of the coarser one: the log
 * has its own clock, may leave fractions out, and a request takes some time.
 */
/* clang-format on */
#ifndef LIVE_AUDIT_H
#define LIVE_AUDIT_H

#include "live/live.h"

/*
 * So many secrets are asked about in a run, with one request each. If there are more, none is asked
 * about: their values are in doubt, as without a log.
 */
enum { AUDIT_SECRET_LIMIT = 50, AUDIT_ENTRY_LIMIT = 100 };

/*
 * Asks, all side by side, about the secrets of input->recorded whose `modified` is another one in
 * `live` (sorted), and adds what it learns to them. Not about those that are desired (sorted) with
 * `on_drift: ignore`. What can't be read is told as EVENT_NOTE, once for each account. False only
 * if interrupted (ERROR_INTERRUPTED): then the client must not be used again.
 */
bool audit_read(const struct live_input *input, const struct model *desired, struct model *live,
	struct error *err) MUST_CHECK;

/*
 * What the entries (a JSON array) say of a secret that was modified since it was recorded. False:
 * nothing of use. The texts are in the arena. Pure.
 */
bool audit_judge(const struct json *list, const struct object *recorded, const struct object *live,
	struct arena *arena, struct audit *ret_audit) MUST_CHECK;

#endif
