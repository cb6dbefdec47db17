/* cfprov import -from=FILE: takes over what a Terraform state or a Pulumi export holds. */
#ifndef CFPROV_IMPORT_FROM_H
#define CFPROV_IMPORT_FROM_H

#include "session.h"

bool import_from(struct session *session) MUST_CHECK;

#endif
