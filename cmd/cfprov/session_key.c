/* The key of a session, which is read before the state is opened. */
#include "session.h"

#include "source/fingerprint.h"
#include "term.h"

void session_use_keys_of(struct session *session, const struct model *settings)
{
	if (session->has_settings)
		return;
	keyring_init(&session->keyring, session->sources, settings);
	session->sealing.keys = &session->keyring.keys;
	session->sealing.encryption = settings->encryption;
	session->encryption_place = settings->encryption_place;
	session->has_settings = true;
}

/* False: there is a manifest that can't be read. */
static bool find_settings(struct session *session, struct error_list *errors)
{
	bool is_read = session->has_settings ||
		       (session_open_manifest(session, errors) &&
			       manifest_key(&session->manifest, &session->settings, errors));

	if (!session->has_settings)
		session_use_keys_of(session, &session->settings);
	return is_read ||
	       (!session->cli->manifests.count && session_has_no_manifest(session, errors));
}

/* A piped key would be read as the answer to the prompt, or the answer as a key. */
static bool is_input_free(const struct session *session, struct error *err)
{
	const struct value_source source = keyring_source(&session->keyring);

	if (!session->may_ask || source.kind != VALUE_STDIN)
		return true;
	error_set(err, "the key comes from the standard input, so approval can't be read from "
		       "there");
	error_hint(err, "Pass -auto-approve, or save a plan with `cfprov plan -out=FILE` and apply "
			"it.");
	return error_at(err, source.place.file, source.place.line, source.place.column);
}

static bool may_encrypt(const struct session *session, struct error *err)
{
	const struct place *place = &session->encryption_place;

	if (session->sealing.encryption != ENCRYPTION_ON || session->keyring.keys.now.is_set)
		return true;
	error_set(err, "`encrypt` needs a key");
	error_hint(err, "Set CFPROV_KEY, or add `key` beside `encrypt`. To make a key, run: "
			"openssl rand -hex 32");
	return error_at(err, place->file, place->line, place->column);
}

bool session_read_key(struct session *session)
{
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	/* With a key in the environment, and a state on the command line, it is not needed. */
	if (!find_settings(session, &errors) && !(cli_env("CFPROV_KEY") && session->cli->state)) {
		error_list_cut(&errors);
		return term_errors(&errors);
	}
	return (is_input_free(session, &err) && keyring_read(&session->keyring, &err) &&
		       may_encrypt(session, &err)) ||
	       term_error(&err);
}

const struct error *session_try_key(struct session *session, bool completes)
{
	struct error_list ignored CLEANUP(error_list_release) = {0};

	session->sealing.only_shows = true;
	if (completes)
		return NULL;
	(void)find_settings(session, &ignored);
	if (!keyring_read(&session->keyring, &session->key_err)) {
		keys_release(&session->keyring.keys);
		session->sealing.lacks_key = true;
		return &session->key_err;
	}
	return NULL;
}

void session_note_old_key(struct session *session)
{
	struct keys *keys = &session->keyring.keys;
	const struct model *recorded = &session->ledger.state.model;
	struct fingerprint_key now = {0}, old = {0};
	struct error ignored CLEANUP(error_release) = {0};
	const char *of = NULL; /* the lineage that both are for */
	size_t count = 0;

	if (!keys->now.is_set || !keys->old.is_set)
		return;
	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		const char *lineage = ledger_lineage(&session->ledger, object->account);
		const struct account *account = model_account(recorded, object->account);
		const struct fingerprint_subject subject = {lineage, account->id, object};
		if (!object->fingerprint)
			continue;
		if (lineage != of &&
			(!fingerprint_key_init(&old, &keys->old, lineage, &ignored) ||
				!fingerprint_key_init(&now, &keys->now, lineage, &ignored)))
			return;
		of = lineage;
		count += !fingerprint_is_comparable(&now, &subject) &&
			 fingerprint_is_comparable(&old, &subject);
	}
	fingerprint_key_release(&now);
	fingerprint_key_release(&old);
	if (count)
		term_print("%zu fingerprint%s made with the old key. Keep that key set until an "
			   "apply has read the value%s; without it, %s not compared.",
			count, count == 1 ? " was" : "s were", term_plural(count),
			count == 1 ? "it is" : "they are");
	else
		term_print("Nothing in the state needs the old key any longer.");
}
