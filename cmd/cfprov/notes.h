/* What people should know of a plan besides what it does: sentences, and the same to stderr. */
#ifndef CFPROV_NOTES_H
#define CFPROV_NOTES_H

#include "view.h"

/* Adds the names of what would be adopted and was not approved in advance; gives their number. */
size_t notes_adoptions(struct str *out, const struct plan *plan);

/* Adds what will be adopted if somebody approves, in sentences; false: nothing. */
bool notes_approval(struct str *out, const struct plan *plan);

/* Adds which values nobody can verify, in sentences; false: there are none. */
bool notes_unverified(struct str *out, const struct plan *plan);

/* Adds which values -values=none has not compared, in sentences; false: there are none. */
bool notes_not_compared(struct str *out, const struct plan *plan);

/* Adds what to do about values that changed outside and are left alone; false: there are none. */
bool notes_left_alone(struct str *out, const struct plan_view *view);

/* What apply would refuse by default, or by the policy, as errors; false: there are some. */
bool notes_find_refusals(const struct plan_view *view, struct error_list *errors);

/* To stderr: what will be adopted if somebody approves; values that nobody can verify; what the
 * plan leaves alone, and its warnings; what apply would refuse. */
void notes_print_adoptions(const struct plan *plan);
void notes_print_unverified(const struct plan *plan);
void notes_print(const struct plan_view *view);
void notes_print_refusals(const struct plan_view *view);

#endif
