/* The manual pages, for make: `cfprov __man cfprov.1.in` prints the page of that source. */
#ifndef CFPROV_MAN_H
#define CFPROV_MAN_H

#include <stdbool.h>

bool man_print(const char *path);

#endif
