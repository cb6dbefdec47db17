/*
 * What facts of accounts and of the state mean for people: findings, each with what to do. Pure:
 * the facts come from apply/probe and state/ledger.
 */
#ifndef APPLY_DOCTOR_H
#define APPLY_DOCTOR_H

#include "apply/probe.h"

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
	enum finding_level level;
	const char *about;  /* "state", or the alias of an account */
	const char *what;   /* fit to be printed, a line without a full stop */
	const char *advice; /* what to do; NULL with FINDING_OK */
};

/* Start with {0}. */
struct findings {
	struct arena arena;
	struct finding *items;
	size_t count, room;
	size_t warnings, failures;
};

void findings_add(struct findings *findings, const struct finding *finding);
void findings_release(struct findings *findings);

/* Of the state's files. */
struct doctor_state {
	const char *path;        /* as people should see it */
	const struct error *err; /* why it can't be read; NULL: it was read, or there is none yet */
	bool exists, has_journal, is_open_to_others, may_write;
	const char *holder; /* of the lock; NULL: nobody */
	const struct model *recorded;
	int64_t serial;
};
void doctor_judge_state(const struct doctor_state *state, struct findings *findings);

/* Accounts that the manifest, which is whole, dropped while objects are recorded in them. */
void doctor_judge_dropped(
	const struct model *recorded, const struct model *desired, struct findings *findings);

/* Of one account. `recorded` is NULL if the state can't be read; `desired` may be empty. */
void doctor_judge_account(const struct probe *probe, const struct model *desired,
	const struct model *recorded, struct findings *findings);

#endif
