/*
 * What the API says when something is wrong: codes and messages as observed against the real API,
 * statuses as observed or, where nobody wrote one down, as its codes suggest. problems.c says
 * which texts are a guess.
 */
#ifndef CFSIM_PROBLEMS_H
#define CFSIM_PROBLEMS_H

#include "envelope.h"

/* Secrets Store's own. */
extern const struct problem problem_store_not_found;
extern const struct problem problem_store_name_empty;
extern const struct problem problem_store_name_exists; /* a name follows */
extern const struct problem problem_store_not_empty;   /* its code is a choice */
extern const struct problem problem_stores_exceeded;
extern const struct problem problem_secret_not_found;
extern const struct problem problem_secret_name_empty;
extern const struct problem problem_secret_name_invalid;
/* Whether a name, or "max N", follows is a choice, and so is the first one's status. */
extern const struct problem problem_secret_name_exists;
extern const struct problem problem_secrets_exceeded;
extern const struct problem problem_scope_invalid;
extern const struct problem problem_scopes_empty;
extern const struct problem problem_value_empty;
extern const struct problem problem_value_too_long;
extern const struct problem problem_invalid_body;
extern const struct problem problem_invalid_query; /* the parameter follows */

/* Cloudflare-wide. */
extern const struct problem problem_id_empty;
extern const struct problem problem_no_route;
extern const struct problem problem_could_not_route;
extern const struct problem problem_body_too_large;
extern const struct problem problem_throttled;
extern const struct problem problem_unauthorized;
extern const struct problem problem_forbidden;
extern const struct problem problem_not_for_token;
extern const struct problem problem_invalid_token;
extern const struct problem problem_no_credentials;
extern const struct problem problem_bad_authorization;
extern const struct problem problem_bad_email;
extern const struct problem problem_bad_key;
extern const struct problem problem_unknown_key;

#endif
