/*
 * A plan as a page for a browser, for reviewers who open it from a pipeline's artefacts: one file
 * without scripts, images or anything else from outside, in light and dark.
 *
 * What the plan would lose comes first: what it destroys, and values that cfprov did not write and
 * would overwrite. Then come the other changes, account by account, and what the plan does not
 * change. Long lists are folded, except that of what is destroyed; browsers search in folds, too.
 *
 * Text from outside can't be markup: it is escaped, and what is invisible in it becomes visible. A
 * Content-Security-Policy in the page allows nothing but its own style.
 */
#ifndef CFPROV_HTML_H
#define CFPROV_HTML_H

#include "view.h"

void html_add_plan(struct str *out, const struct plan_view *view);

#endif
