/* The version of cfprov, MAJOR.MINOR.PATCH, with -dev before its release; set by the build. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

const char *cfprov_version(void);

#endif
