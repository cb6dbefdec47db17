/* A plan and its counts in words, for people and for tools that read the summary lines. */
#ifndef CFPROV_RENDER_H
#define CFPROV_RENDER_H

#include "plan/drift.h"
#include "view.h"

/* What changed outside, what moves, the changes, a line or two each, then the summary. */
void render_plan(struct str *out, const struct plan_view *view);

/* The line that tools read, plain: "Plan: …" or "No changes. …". */
void render_summary(struct str *out, const struct plan_view *view);

/* "Apply complete! …" or "Destroy complete! …", plain. */
void render_complete(struct str *out, bool destroys, const struct plan_counts *done);

/* "has been deleted (was …)", or what was changed: what follows an address. */
void render_drift(struct str *out, const struct drift *drift);

/* The drift of a row, unless the reason of its change says the same; false: there is none. */
bool render_tells_drift(
	const struct plan_view *view, const struct row *row, struct drift *ret_drift);

/* "1 imported, 3 added, 0 changed, 0 destroyed"; or "1 to import, …". */
void render_counts(struct str *out, const struct plan_counts *counts, bool is_done);

/* Adds "98 to add, 2 to destroy": only what there is. */
void render_share(struct str *out, const struct plan_counts *counts);

/* Adds the secrets that are destroyed with their store and not managed; false: there are none. */
bool render_unmanaged(struct str *out, const struct row *row, size_t at_most);

/* Adds the address in a form that is fit to be printed. */
void render_address(struct str *out, const struct object *object);

#endif
