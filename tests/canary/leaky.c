/*
 * cfprov with one wipe left out, so that tests/canary can see its search find something. This name
 * is defined here and nowhere else; what make installs is built without it.
 */
#define CFPROV_CANARY_LEAVES_OUT_THIS_WIPE

#include "../../cmd/cfprov/wipe.c" /* NOLINT(bugprone-suspicious-include) */
