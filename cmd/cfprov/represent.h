/*
 * A state and a plan as one JSON document each, in Terraform's representation: format_version 1.0
 * for the state, 1.2 for the plan. One line, ended by a line break. Addresses are cfprov's
 * (ALIAS/STORE), sorted; a plan has every object that it is about, also those that stay as they
 * are. Beside Terraform's own fields stand cfprov_version, and with each change `reason`, the
 * sentence that people read, and `changes`, the fields of a secret that are written.
 *
 * There is no timestamp: the same plan is the same document, byte for byte.
 */
#ifndef CFPROV_REPRESENT_H
#define CFPROV_REPRESENT_H

#include "state/state.h"
#include "view.h"

void represent_state(struct str *out, const struct state *state);
void represent_plan(struct str *out, const struct plan_view *view);

#endif
