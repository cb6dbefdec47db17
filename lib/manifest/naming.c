#include "manifest/naming.h"

#include "adapter/table.h"
#include "base/str.h"
#include "manifest/schema.h"

#include <ctype.h>
#include <string.h>

/* Does the variable mean something to others? */
static bool is_well_known(const char *variable)
{
	static const char *const names[] = {"_", "ALL_PROXY", "COLUMNS", "DISPLAY", "EDITOR",
		"EGID", "ENV", "EUID", "FTP_PROXY", "GCONV_PATH", "GID", "HOME", "HOSTNAME",
		"HTTPS_PROXY", "HTTP_PROXY", "IFS", "LANG", "LANGUAGE", "LINES", "LOCPATH",
		"LOGNAME", "MAIL", "NLSPATH", "NO_COLOR", "NO_PROXY", "OLDPWD", "OPTARG", "OPTIND",
		"PAGER", "PATH", "POSIXLY_CORRECT", "PPID", "PS1", "PS2", "PS4", "PWD", "RANDOM",
		"SECONDS", "SHELL", "SHELLOPTS", "SHLVL", "SSLKEYLOGFILE", "SSL_CERT_DIR",
		"SSL_CERT_FILE", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "TZDIR", "UID", "USER",
		"VISUAL"};
	static const char *const families[] = {"BASH_", "CFPROV_", "CLOUDFLARE_", "DYLD_", "GLIBC_",
		"LC_", "LD_", "MALLOC_", "XDG_"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], variable) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strncmp(families[i], variable, strlen(families[i])) == 0)
			return true;
	return false;
}

static void add_capitals(struct str *out, const char *text)
{
	for (; *text; text++)
		str_char(out,
			isalnum((unsigned char)*text) ? (char)toupper((unsigned char)*text) : '_');
}

/* Adds a name that a variable may have, with the store (which may be NULL) in front. */
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

/* Lends the text, as long as a variable's name may be, with a number behind it; 0: without. */
static const char *numbered(struct naming *naming, const struct str *text, size_t number)
{
	struct str suffix CLEANUP(str_release) = {0};

	if (number)
		str_format(&suffix, "_%zu", number);
	size_t most = schema_secret_name.longest - suffix.length;
	size_t length = text->length < most ? text->length : most;
	return arena_format(
		&naming->arena, "%.*s%s", (int)length, str_text(text), str_text(&suffix));
}

static const char *find_free(struct naming *naming, const char *store, const char *secret)
{
	struct str text CLEANUP(str_release) = {0};
	size_t number = 1;

	add_name(&text, NULL, secret);
	const char *variable = numbered(naming, &text, 0);
	if (!table_get(naming->taken, variable))
		return variable;
	str_clear(&text);
	add_name(&text, store, secret);
	variable = numbered(naming, &text, 0);
	while (table_get(naming->taken, variable))
		variable = numbered(naming, &text, ++number);
	return variable;
}

void naming_take(struct naming *naming, const char *variable)
{
	table_put(&naming->taken, arena_text(&naming->arena, variable), naming);
}

const char *naming_variable(struct naming *naming, const char *store, const char *secret)
{
	const char *address = arena_format(&naming->arena, "%s/%s", store, secret);
	const char *variable = table_get(naming->names, address);

	if (variable)
		return variable;
	variable = find_free(naming, store, secret);
	table_put(&naming->names, address, arena_text(&naming->arena, variable));
	naming_take(naming, variable);
	return variable;
}

void naming_release(struct naming *naming)
{
	table_free(&naming->taken);
	table_free(&naming->names);
	arena_release(&naming->arena);
}
