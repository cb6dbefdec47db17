/*
 * The account's audit log: who modified a secret outside of cfprov, when, and whether the value
 * changed. Source: Cloudflare's API reference, "Audit Logs (version 2)", a beta: entries may be
 * late or missing. So absence proves nothing, and what is not understood counts as doubt.
 *
 * A value counts as kept only if the entries account for every change since our own last write:
 *
 * - One entry is about that write: the one nearest to its moment, which no other entry shares. Its
 *   user agent, if it has one, is cfprov's, or it leaves the value alone. Nobody else touched the
 *   value right before it.
 * - Every later entry is a successful change of a known kind that leaves the value alone.
 * - The last entry has the moment of the live `modified`, and the list is complete.
 *
 * Two moments are near if they are at most a second apart, at the precision of the coarser one: the
 * log has its own clock and may leave fractions out.
 */
#ifndef CLOUDFLARE_AUDIT_H
#define CLOUDFLARE_AUDIT_H

#include "cloudflare/live.h"

/* One request per secret. If more secrets were modified, none is sent, as without a log. */
enum { AUDIT_SECRET_LIMIT = 50, AUDIT_ENTRY_LIMIT = 100 };

/*
 * Asks, all side by side, about the secrets of input->recorded whose `modified` differs in `live`,
 * and adds the result to `live`. Skips those that `desired` has with `on_drift: ignore`. All three
 * are sorted. Failures are EVENT_NOTE, one per account. False: ERROR_INTERRUPTED; then the client
 * must not be used again.
 */
bool audit_read(const struct live_input *input, const struct model *desired, struct model *live,
	struct error *err) MUST_CHECK;

/*
 * Judges the entries (a JSON array) of a secret that was modified since it was recorded. False:
 * they say nothing of use. The texts are in the arena. Pure.
 */
bool audit_judge(const struct json *list, const struct object *recorded, const struct object *live,
	struct arena *arena, struct audit *ret_audit) MUST_CHECK;

#endif
