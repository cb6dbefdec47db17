#include "source/keyring.h"

#include <stdlib.h>

static const char variable[] = "CFPROV_KEY", old_variable[] = "CFPROV_OLD_KEY";
static const char former_variable[] = "CFPROV_FINGERPRINT_KEY";

void keyring_init(struct keyring *keyring, struct sources *sources, const struct model *settings)
{
	*keyring = (struct keyring){
		.sources = sources, .source = settings->key, .old_source = settings->old_key};
}

void keyring_release(struct keyring *keyring)
{
	keys_release(&keyring->keys);
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/* The variable's, if it is set, else the manifest's. */
static struct value_source pick(const char *name, const struct value_source *source)
{
	return is_set(name) ? (struct value_source){.kind = VALUE_ENV, .name = name} : *source;
}

struct value_source keyring_source(const struct keyring *keyring)
{
	struct value_source source = pick(variable, &keyring->source);

	return source.kind == VALUE_NONE ? pick(former_variable, &source) : source;
}

static bool read_one(struct keyring *keyring, const struct value_source *source, const char *lost,
	struct key *ret_key, struct error *err)
{
	struct secret given CLEANUP(secret_release) = {0};

	if (!sources_read_key(keyring->sources, source, &given, err)) {
		error_prefix(
			err, "can't read the %skey", ret_key == &keyring->keys.old ? "old " : "");
		error_hint(err, "%s%s%s", lost, err->hint ? " " : "", err->hint ? err->hint : "");
	} else if (key_init(ret_key, &given, err)) {
		return true;
	}
	return source->place.file
		       ? error_at(err, source->place.file, source->place.line, source->place.column)
		       : false;
}

bool keyring_read(struct keyring *keyring, struct error *err)
{
	const struct value_source source = keyring_source(keyring);
	const struct value_source old_source = pick(old_variable, &keyring->old_source);

	if (keyring->is_read)
		return true;
	/* Without it, what it protected would pass for unprotected. */
	if (source.name == former_variable) {
		error_set(err, "%s was replaced by %s", former_variable, variable);
		return error_hint(err, "Rename the variable. Its value stays the same.");
	}
	if (source.kind == VALUE_NONE && old_source.kind != VALUE_NONE) {
		error_set(err, "there is an old key, but no key");
		return error_hint(err, "Set CFPROV_KEY, or `state.key` in the manifest, to the new "
				       "key.");
	}
	keyring->is_read =
		(source.kind == VALUE_NONE ||
			read_one(keyring, &source,
				"Restore the key. If it is lost, set a new one, accept "
				"the state with `cfprov state sign`, and raise `version` "
				"to write values again.",
				&keyring->keys.now, err)) &&
		(old_source.kind == VALUE_NONE ||
			read_one(keyring, &old_source,
				"Restore it, or remove it if everything was written with "
				"the new key.",
				&keyring->keys.old, err));
	return keyring->is_read;
}
