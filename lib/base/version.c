#include "base/version.h"

const char *cfprov_version(void)
{
	return CFPROV_VERSION;
}
