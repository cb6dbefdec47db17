/* The version of cfprov, as the build was told it: MAJOR.MINOR.PATCH. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

const char *cfprov_version(void);

#endif
