/*
 * One planner case: a text file with all that a plan is made from, and what must come of it.
 *
 *     A store that lives already is taken over, with a question.       what it is about
 *     More lines may say why.
 *     --- manifest                            the file, as users write it
 *     account_id: p1
 *     stores: [keys, more, lost]
 *     --- state                               left out: there is none yet
 *     default = p1                            ALIAS = ACCOUNT ID
 *       more  m1  created                       NAME ID created|adopted [protected] [forget]
 *         TOKEN  t1  created  @1  [ai,dex]        [+CREATED] [@MODIFIED] (a date, or 1 to 9: days
 *                                                 of January 2026); of a secret in it also
 *                                                 [SCOPE,SCOPE] #COMMENT is-STATUS, vN: its
 *                                                 version, unprinted: without a fingerprint,
 *                                                 unsure, unsure-around: but not its value,
 *                                                 unsure-strange: that was written by others,
 *                                                 was-NAME: what it was duplicated from
 *       lost  ?                                 NAME ?   unresolved: asked for, no answer seen
 *       odd   -                                 NAME -   not recorded, but what is in it is
 *     --- live                                left out: nothing lives anywhere
 *     p1                                      ACCOUNT ID
 *       keys  k1  @2                            NAME ID [+CREATED] [@MODIFIED]
 *         TOKEN  t1  #note                        of a secret in it also scopes, comment, status,
 *                                                 audit-unknown, -unchanged, -changed, behind
 *                                                 the time: what the account's log says
 *     --- values                              how desired values compare with what is recorded
 *     default/more/TOKEN  changed             same|changed|unverifiable, or rekeyed: the same,
 *                                               but with another fingerprint from now on
 *     --- bindings                            of Workers: STORE ID, name of the secret
 *     k1  TOKEN
 *     --- options                             one a line: those of cfprov (see case.c),
 *     -adopt                                  CLOUDFLARE_ACCOUNT_ID=ID
 *     unread=stage                            this account can't be read
 *     --- plan                                or: --- errors
 *     dropped    default/lost
 *     adopt      default/keys = k1 (asks)
 *     ...
 *
 * Of a secret, rows leave out what is usual: scopes [workers], is-active, v1, with a fingerprint.
 * A value that is read is the same, unless it is told otherwise (or no fingerprint is recorded).
 * A name with blanks or other odd characters is written as a JSON string. A state that starts
 * with { is the file itself. Sections may stand in any order; the expectation is the last.
 */
#ifndef TESTS_PLAN_CASE_H
#define TESTS_PLAN_CASE_H

#include "base/error.h"
#include "plan/guard.h"
#include "plan/planner.h"
#include "state/state.h"

enum { CASE_PATTERNS = 4, CASE_VERDICTS = 16, CASE_BINDINGS = 16 };

/* Those of one option. */
struct case_patterns {
	const char *items[CASE_PATTERNS];
	size_t count;
};

enum case_verdict_word {
	CASE_SAME,
	CASE_CHANGED,
	CASE_UNVERIFIABLE,
	CASE_REKEYED,
	CASE_VERDICT_WORDS,
};

struct case_verdict {
	const char *address;
	enum case_verdict_word word;
};

struct plan_case {
	struct arena arena;
	const char *manifest;
	const char *state; /* NULL: none */
	struct model live; /* what lives, by account id; not sorted */
	struct case_verdict verdicts[CASE_VERDICTS];
	size_t verdict_count;
	struct worker_binding bindings[CASE_BINDINGS];
	size_t binding_count;
	bool adopt_all, destroys_all, refresh_only, leaves_values;
	struct case_patterns accounts, targets, excludes, replaces;
	struct guard_limits limits;
	const char *account_id; /* of the environment, or NULL */
	const char *unread;     /* an alias, or NULL */
	const char *expected;   /* from its header line to the end; NULL: there is none */
	size_t expected_at;     /* where it starts in the file */
};

/* Fills *ret_case (case_release). An error names the line that is not understood. */
bool case_decode(const char *file, const struct str *bytes, struct plan_case *ret_case,
	struct error *err) MUST_CHECK;

void case_release(struct plan_case *plan_case);

#endif
