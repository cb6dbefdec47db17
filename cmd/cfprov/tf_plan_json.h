/*
 * A state and a plan as one JSON document each, in Terraform's representation: format_version 1.0
 * for the state, 1.2 for the plan. One line, ended by a line break. Addresses are cfprov's
 * (ALIAS/STORE), sorted; a plan has every object that it is about, also those that don't change.
 * Terraform's own fields are joined by cfprov_version, `accounts` (of the plan: alias, id and
 * token_source), and in each change by `reason`, the sentence that people read, `changes`, the
 * fields of a secret that are written, and `value_source`, where its value comes from, written or
 * not; see value_source.h.
 *
 * A secret's `value` is always null and always sensitive; nothing derived from a value is there.
 * There is no timestamp: the same plan is the same document, byte for byte.
 *
 * Source: Terraform's documentation, "JSON Output Format" of Terraform 1.9.
 */
#ifndef CFPROV_TF_PLAN_JSON_H
#define CFPROV_TF_PLAN_JSON_H

#include "adapter/json.h"
#include "state/state.h"
#include "view.h"

void tf_state_json(struct str *out, const struct state *state);
void tf_plan_json(struct str *out, const struct plan_view *view);

/* Terraform's word, which the stream has, too: "cloudflare_secrets_store". */
const char *tf_type(enum object_kind kind);

/* "modified": what the audit log says; the person's e-mail address only if `names_person`. */
void tf_put_audit(struct json_writer *json, const struct audit *audit, bool names_person);

#endif
