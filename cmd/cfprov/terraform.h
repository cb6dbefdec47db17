/*
 * Terraform's words in its formats for machines: the stream of -json, and plan and state as JSON. A
 * tool that counts actions, looks for deletions or reads ids by type needs to know nothing of
 * cfprov.
 *
 * Sources: Terraform's documentation, "Machine-Readable UI" (1.2) and "JSON Output Format" (plan
 * 1.2, state 1.0), both of Terraform 1.9.
 */
#ifndef CFPROV_TERRAFORM_H
#define CFPROV_TERRAFORM_H

#include "model/plan.h"

/* The version whose formats these are, for tools that check it. */
#define TERRAFORM_VERSION  "1.9.0"
#define TERRAFORM_PROVIDER "registry.terraform.io/cloudflare/cloudflare"

/* "cloudflare_secrets_store" */
const char *terraform_type(enum object_kind kind);

/* The last part of the address: the name of the object itself. Lent by the object. */
const char *terraform_name(const struct object *object);

/* The words of one action; reasons are NULL if Terraform has no word for it. */
struct terraform_words {
	const char *verb;          /* in the stream: "create"; forgetting is "remove" there */
	const char *actions[2];    /* in a plan: ["delete", "create"]; the second may be NULL */
	const char *stream_reason; /* "requested" */
	const char *plan_reason;   /* "replace_by_request" */
};

/* `destroys_all`: in the plan of a destroy, nothing needs a reason. */
struct terraform_words terraform_words(const struct action *action, bool destroys_all);

#endif
