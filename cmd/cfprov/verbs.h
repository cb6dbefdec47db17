/*
 * What a row's action is called: for people, and in Terraform's formats for machines, so that a
 * tool that counts actions or looks for deletions needs to know nothing of cfprov.
 *
 * Sources: Terraform's documentation, "Machine-Readable UI" (1.2) and "JSON Output Format" (plan
 * 1.2), both of Terraform 1.9.
 */
#ifndef CFPROV_VERBS_H
#define CFPROV_VERBS_H

#include "model/plan.h"
#include "term.h"

struct verb {
	const char *symbol, *word, *doing, *done; /* "+", "create", "creating", "created" */
	enum term_style style;
	const char *tf_verb;       /* in the stream: "create"; forgetting is "remove" there */
	const char *tf_actions[3]; /* in a plan: "delete", "create"; ends with NULL */
	/* Why, in the stream and in a plan; NULL: Terraform has no word for it. */
	const char *tf_stream_reason, *tf_plan_reason;
};

/* All verbs, in the order in which a heading lists them. */
enum { VERB_COUNT = 8 };
extern const struct verb verbs[VERB_COUNT];

/* Lends the verb of a row. The new name's row of a rename has "rename". */
const struct verb *verb_of(const struct row *row);

#endif
