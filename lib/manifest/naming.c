#include "manifest/naming.h"

#include "adapter/table.h"
#include "base/str.h"
#include "manifest/schema.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

/* Does the variable mean something to others? */
static bool is_well_known(const char *variable)
{
	static const char *const known[] = {"_", "ALL_PROXY", "BASH_*", "CFPROV_*", "CLOUDFLARE_*",
		"COLUMNS", "DISPLAY", "DYLD_*", "EDITOR", "EGID", "ENV", "EUID", "FTP_PROXY",
		"GCONV_PATH", "GID", "GLIBC_*", "HOME", "HOSTNAME", "HTTPS_PROXY", "HTTP_PROXY",
		"IFS", "LANG", "LANGUAGE", "LC_*", "LD_*", "LINES", "LOCPATH", "LOGNAME", "MAIL",
		"MALLOC_*", "NLSPATH", "NO_COLOR", "NO_PROXY", "OLDPWD", "OPTARG", "OPTIND",
		"PAGER", "PATH", "POSIXLY_CORRECT", "PPID", "PS1", "PS2", "PS4", "PWD", "RANDOM",
		"SECONDS", "SHELL", "SHELLOPTS", "SHLVL", "SSLKEYLOGFILE", "SSL_CERT_DIR",
		"SSL_CERT_FILE", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "TZDIR", "UID", "USER",
		"VISUAL", "XDG_*"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (fnmatch(known[i], variable, 0) == 0)
			return true;
	return false;
}

static void add_capitals(struct str *out, const char *text)
{
	for (; *text; text++)
		str_char(out,
			isalnum((unsigned char)*text) ? (char)toupper((unsigned char)*text) : '_');
}

/* Adds a valid name of a variable, with the store (may be NULL) in front. */
static void add_name(struct str *out, const char *store, const char *secret)
{
	struct str name CLEANUP(str_release) = {0};

	if (store) {
		add_capitals(&name, store);
		str_char(&name, '_');
	}
	add_capitals(&name, secret);
	if (is_well_known(str_text(&name)))
		str_text_add(out, "SECRET_");
	else if (isdigit((unsigned char)*str_text(&name)))
		str_char(out, '_');
	str_text_add(out, str_text(&name));
}

/* Tries the secret's name, then with the store in front, then with a number behind. */
static char *find_free(struct naming *naming, const char *store, const char *secret)
{
	for (size_t attempt = 0;; attempt++) {
		struct str name CLEANUP(str_release) = {0}, suffix CLEANUP(str_release) = {0};
		add_name(&name, attempt ? store : NULL, secret);
		if (attempt > 1)
			str_format(&suffix, "_%zu", attempt);
		char *variable = arena_format(&naming->arena, "%.*s%s",
			(int)(schema_secret_name.longest - suffix.length), str_text(&name),
			str_text(&suffix));
		if (!table_get(naming->taken, variable))
			return variable;
	}
}

void naming_take(struct naming *naming, const char *variable)
{
	table_put(&naming->taken, arena_text(&naming->arena, variable), naming);
}

const char *naming_variable(struct naming *naming, const char *store, const char *secret)
{
	const char *address = arena_format(&naming->arena, "%s/%s", store, secret);
	char *variable = table_get(naming->names, address);

	if (variable)
		return variable;
	variable = find_free(naming, store, secret);
	table_put(&naming->names, address, variable);
	naming_take(naming, variable);
	return variable;
}

void naming_release(struct naming *naming)
{
	table_free(&naming->taken);
	table_free(&naming->names);
	arena_release(&naming->arena);
}
