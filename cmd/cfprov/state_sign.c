/* cfprov state sign: fingerprints that were made without a key, accepted once and by name. */
#include "approval.h"
#include "render.h"
#include "source/fingerprint.h"
#include "term.h"

#include <string.h>

/* Adds a change for each that is to be signed, with the key of its account's lineage. */
static bool find_unkeyed(
	struct session *session, struct change *changes, size_t *ret_count, struct error *err)
{
	struct arena *arena = &session->arena;
	const struct cli *cli = session->cli;
	const struct model *recorded = &session->ledger.state.model;
	const struct address_scope scope = session_recorded(session);
	const struct cli_texts wanted =
		session_addresses(session, &scope, cli->arguments, cli->argument_count);
	struct fingerprint_key key = {0};
	const char *of = NULL; /* the lineage that the key is for */
	size_t count = 0;

	for (size_t i = 0; i < recorded->object_count; i++) {
		const struct object *object = &recorded->objects[i];
		bool is_wanted = !wanted.count;
		for (size_t a = 0; a < wanted.count; a++)
			is_wanted |= object_matches(object, wanted.items[a]);
		if (!is_wanted || !fingerprint_is_unkeyed(object->fingerprint))
			continue;
		const char *lineage = ledger_lineage(&session->ledger, object->account);
		if (lineage != of &&
			!fingerprint_key_init(&key, &session->keyring.keys.now, lineage, err))
			return false;
		of = lineage;
		const struct fingerprint_subject subject = {
			lineage, model_account(recorded, object->account)->id, object};
		struct object *now = arena_alloc(arena, sizeof(*now));
		*now = *object;
		now->fingerprint = fingerprint_sign(&key, &subject, arena);
		changes[count++] = (struct change){CHANGE_PUT, now};
	}
	fingerprint_key_release(&key);
	*ret_count = count;
	return true;
}

/* Lists them by name, and asks. */
static bool is_approved(const struct session *session, const struct state_fold *fold)
{
	const struct cli *cli = session->cli;
	struct str list CLEANUP(str_release) = {0}, question CLEANUP(str_release) = {0};
	size_t count = fold->change_count;

	str_text_add(&list, "These secrets have a fingerprint that was made without a key:\n\n");
	for (size_t i = 0; i < count; i++) {
		str_text_add(&list, "  ");
		render_address(&list, fold->changes[i].object);
		str_char(&list, '\n');
	}
	term_out_str(&list);
	if (cli->auto_approve)
		return true;
	if (!cli->input)
		return term_fail("Pass -auto-approve.",
			"approval required, but -input=false disables prompts");
	str_format(&question,
		"Anyone who can write the state could have made %s. Do you want to accept %s?",
		count == 1 ? "it" : "them", count == 1 ? "it" : "them");
	if (approval_ask(session, str_text(&question)))
		return true;
	term_print("Signing cancelled. No changes were made.");
	return false;
}

/* With the state open. */
static bool sign(struct session *session)
{
	struct error err CLEANUP(error_release) = {0};
	struct change *changes AUTO_FREE =
		mem_alloc(session->ledger.state.model.object_count * sizeof(*changes));
	struct state_fold fold = {.changes = changes};

	if (!find_unkeyed(session, changes, &fold.change_count, &err))
		return term_error(&err);
	if (!fold.change_count) {
		term_print("No fingerprint was made without a key. No changes were made.");
		return true;
	}
	if (!is_approved(session, &fold))
		return false;
	ledger_stage(&session->ledger, &fold);
	if (!ledger_commit(&session->ledger, &err))
		return term_error(&err);
	term_print("Signed %zu fingerprint%s. The next apply replaces %s.", fold.change_count,
		term_plural(fold.change_count), fold.change_count == 1 ? "it" : "them");
	return true;
}

bool state_sign_run(struct session *session)
{
	if (!session_read_key(session))
		return false;
	if (!session->keyring.keys.now.is_set)
		return term_fail("Set CFPROV_KEY, or `state.key` in the manifest.",
			"no key is set to sign with");
	return session_open_state(session, "state sign") && sign(session);
}
