#include "source/keyring.h"

#include <stdlib.h>

static const char variable[] = "CFPROV_KEY", old_variable[] = "CFPROV_FINGERPRINT_KEY";

void keyring_init(
	struct keyring *keyring, struct sources *sources, const struct value_source *source)
{
	*keyring = (struct keyring){.sources = sources, .source = *source};
}

void keyring_release(struct keyring *keyring)
{
	key_release(&keyring->key);
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

struct value_source keyring_source(const struct keyring *keyring)
{
	const struct value_source from_variable = {.kind = VALUE_ENV, .name = variable};

	return is_set(variable) || (keyring->source.kind == VALUE_NONE && is_set(old_variable))
		       ? from_variable
		       : keyring->source;
}

bool keyring_read(struct keyring *keyring, struct error *err)
{
	const struct value_source source = keyring_source(keyring);
	struct secret given CLEANUP(secret_release) = {0};

	if (keyring->key.is_set || source.kind == VALUE_NONE)
		return true;
	/* Without it, what it protected would pass for unprotected. */
	if (source.name == variable && !is_set(variable)) {
		error_set(err, "%s was replaced by %s", old_variable, variable);
		return error_hint(err, "Rename the variable. Its value stays the same.");
	}
	if (!sources_read_key(keyring->sources, &source, &given, err)) {
		error_prefix(err, "can't read the key");
		error_hint(err,
			"Restore the key. If it is lost, set a new one, and raise `version` to "
			"write values again.%s%s",
			err->hint ? " " : "", err->hint ? err->hint : "");
	} else if (key_init(&keyring->key, &given, err)) {
		return true;
	}
	return source.place.file
		       ? error_at(err, source.place.file, source.place.line, source.place.column)
		       : false;
}
