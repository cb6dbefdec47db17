#include "notes.h"

#include "base/text.h"
#include "broken.h"
#include "plan/guard.h"
#include "render.h"
#include "term.h"

/* How many objects a sentence names. */
enum { FEW = 3 };

static void add_noted(struct str *out, const struct plan *plan, enum row_note note)
{
	size_t count = plan_count_notes(plan, note), index = 0;

	for (size_t i = 0; i < plan->row_count; i++) {
		struct str address CLEANUP(str_release) = {0};
		if (!(plan->rows[i].notes & note))
			continue;
		render_address(&address, row_object(&plan->rows[i]));
		text_add_listed(out, str_text(&address), index++, count, FEW);
	}
}

/* What can't be verified, by its fingerprint: made with another key, without one, not valid; or
 * none. */
struct unverified {
	size_t count, foreign, unkeyed, invalid;
};

static struct unverified count_unverified(const struct plan *plan)
{
	struct unverified all = {.count = plan_count_notes(plan, ROW_UNVERIFIED)};

	for (size_t i = 0; i < plan->row_count; i++) {
		const struct row *row = &plan->rows[i];
		const struct object *recorded = row->copies ? row->copies : row->recorded;
		if (!(row->notes & ROW_UNVERIFIED))
			continue;
		if (!recorded->fingerprint)
			continue;
		bool is_valid = fingerprint_is_valid(recorded->fingerprint);
		bool is_unkeyed = fingerprint_is_unkeyed(recorded->fingerprint);
		all.invalid += !is_valid;
		all.unkeyed += is_unkeyed;
		all.foreign += is_valid && !is_unkeyed;
	}
	return all;
}

bool notes_unverified(struct str *out, const struct plan *plan)
{
	const struct unverified all = count_unverified(plan);
	bool is_one = all.count == 1;
	const char *was = is_one ? "Its fingerprint was" : "Their fingerprints were";
	const char *values = is_one ? "the value" : "the values";

	if (!all.count)
		return false;
	if (is_one)
		str_text_add(out, "The value of a secret can't be verified: ");
	else
		str_format(out, "The values of %zu secrets can't be verified: ", all.count);
	add_noted(out, plan, ROW_UNVERIFIED);
	if (all.unkeyed)
		str_format(out,
			". %s made without the key%s. To accept what was made without it, run "
			"`cfprov state sign`.",
			was, all.foreign ? ", or with a different one" : "");
	else if (all.foreign)
		str_format(out,
			". %s made with a different key%s. Restore the key (CFPROV_KEY, or "
			"`state.key`), or raise `version` to write %s again.",
			was, all.foreign < all.count ? ", or none was kept" : "", values);
	else if (all.invalid)
		str_format(out,
			". %s not valid%s. Someone may have edited the state, or a newer version "
			"of "
			"cfprov wrote it. Raise `version` to write %s again.",
			is_one ? "Its fingerprint is" : "Their fingerprints are",
			all.invalid < all.count ? ", or none was kept" : "", values);
	else
		str_format(out,
			". No fingerprint was kept of %s. Raise `version` to write %s again.",
			is_one ? "it" : "them", values);
	return true;
}

bool notes_not_compared(struct str *out, const struct plan *plan)
{
	size_t count = plan_count_notes(plan, ROW_NOT_COMPARED);

	if (!count)
		return false;
	if (count == 1)
		str_text_add(out, "The value of a secret was not compared (-values=none): ");
	else
		str_format(
			out, "The values of %zu secrets were not compared (-values=none): ", count);
	add_noted(out, plan, ROW_NOT_COMPARED);
	str_format(out, ". An apply writes %s changed.",
		count == 1 ? "it if it has" : "those that have");
	return true;
}

void notes_print_unverified(const struct plan *plan)
{
	struct str text CLEANUP(str_release) = {0};

	if (notes_unverified(&text, plan))
		term_warning(str_text(&text));
}

size_t notes_adoptions(struct str *out, const struct plan *plan)
{
	add_noted(out, plan, ROW_NEEDS_APPROVAL);
	return plan_count_notes(plan, ROW_NEEDS_APPROVAL);
}

bool notes_approval(struct str *out, const struct plan *plan)
{
	struct str names CLEANUP(str_release) = {0};
	size_t count = notes_adoptions(&names, plan);

	if (count)
		str_format(out,
			"%s already exist%s and will be adopted. To adopt without a prompt, pass "
			"-adopt or set `adopt: true`.",
			str_text(&names), count == 1 ? "s" : "");
	return count > 0;
}

void notes_print_adoptions(const struct plan *plan)
{
	struct str text CLEANUP(str_release) = {0};

	if (notes_approval(&text, plan))
		term_print("\n%s", str_text(&text));
}

bool notes_left_alone(struct str *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	struct drift drift;
	bool is_left = false;

	for (size_t i = 0; i < plan->row_count && !is_left; i++)
		is_left = drift_reported(view->options, &plan->rows[i], &drift) && drift.is_left;
	if (is_left)
		str_text_add(out,
			"To accept a value that was changed outside of cfprov, run `cfprov apply "
			"-refresh-only`. To overwrite it, raise its `version` (has no effect with "
			"`update: if_absent`).");
	return is_left;
}

void notes_print(const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	struct str unread CLEANUP(str_release) = {0}, left CLEANUP(str_release) = {0};

	notes_print_unverified(plan);
	if (notes_not_compared(&unread, plan))
		term_print("\n%s", str_text(&unread));
	if (notes_left_alone(&left, view))
		term_print("\n%s", str_text(&left));
	for (size_t i = 0; i < plan->warning_count; i++)
		term_warning(plan->warnings[i]);
	broken_warn(plan);
}

bool notes_find_refusals(const struct plan_view *view, struct error_list *errors)
{
	struct guard_limits limits = guard_defaults(view->options);

	limits.policy = view->limits;
	return guard_check(view->plan, &limits, errors);
}

void notes_print_refusals(const struct plan_view *view)
{
	struct error_list errors CLEANUP(error_list_release) = {0};

	notes_find_refusals(view, &errors);
	for (size_t i = 0; i < errors.count; i++) {
		struct str text CLEANUP(str_release) = {0};
		str_format(&text, "apply will fail: %s. %s", errors.items[i].message,
			errors.items[i].hint);
		term_warning(str_text(&text));
	}
}
