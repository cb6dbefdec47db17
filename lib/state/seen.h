/*
 * What this machine remembers of states: the highest serial that it has seen of each lineage. So an
 * old copy that somebody put in the place of a state is noticed, although its signature is right.
 * Only for states with a key: without one, anybody could write a state with a higher serial.
 *
 * One small file for each lineage, cfprov/serials/LINEAGE in the user's state folder (XDG Base
 * Directory Specification). Best effort: without a home nothing is remembered, and what can't be
 * read or written is as if it were not there.
 */
#ifndef STATE_SEEN_H
#define STATE_SEEN_H

#include "base/str.h"

#include <stdint.h>

/* Gives (mem_free) the path of the file of a lineage; NULL: there is no home. */
char *seen_path(const char *lineage) MUST_CHECK;

/* 0: nothing is known. */
int64_t seen_serial(const char *lineage);

/* False: it can't be remembered. A lower serial than the one that is known changes nothing. */
bool seen_remember(const char *lineage, int64_t serial);

/* The same, but a lower one counts, too: the user has accepted an older state. */
bool seen_lower(const char *lineage, int64_t serial);

#endif
