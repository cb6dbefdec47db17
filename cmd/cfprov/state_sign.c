/*
 * cfprov state sign: what was not written with the key, accepted once and by name: the state, the
 * journal of an interrupted run, and fingerprints. Also all of it written with a new key.
 */
#include "approval.h"
#include "base/moment.h"
#include "base/text.h"
#include "render.h"
#include "source/fingerprint.h"
#include "term.h"

#include <string.h>

static bool is_doubtful(const struct part *part)
{
	return part->seen_serial || !sealing_is_sound(&part->found) ||
	       !sealing_is_sound(&part->journal.found);
}

/* What is not accepted in any case. */
static void add_dropped(struct str *out, const struct part *part)
{
	char *state AUTO_FREE = text_visible(part->backend->name, 0);

	str_format(out,
		"%sIntents that interrupted runs left beside the locks of %s cannot be trusted "
		"and will be dropped:\n\n",
		out->length ? "\n" : "", state);
	str_add(out, str_text(&part->dropped), part->dropped.length);
	str_text_add(out, "\nIf those runs created objects, `cfprov apply -adopt` finds them by "
			  "name.\n");
}

/* Why it is not simply believed. */
static void add_doubts(struct str *out, const struct part *part)
{
	static const char *const doubts[] = {[SEALING_UNSIGNED] = "is not signed",
		[SEALING_FOREIGN] = "was signed with a different key",
		[SEALING_MODIFIED] = "was modified after it was signed"};
	char *state AUTO_FREE = text_visible(part->backend->name, 0);
	char *journal AUTO_FREE = text_visible(part->backend->journal_path, 0);

	if (!sealing_is_sound(&part->found))
		str_format(out, "The state %s %s.\n", state, doubts[part->found.trust]);
	if (!sealing_is_sound(&part->journal.found))
		str_format(out, "The journal %s, which an interrupted run left, %s.\n", journal,
			doubts[part->journal.found.trust]);
	if (part->seen_serial)
		str_format(out,
			"The state %s is older than one that this machine has seen, which had "
			"serial %lld.\n",
			state, (long long)part->seen_serial);
}

/* What it is that is to be believed. */
static void add_state(struct str *out, const struct session *session, const struct part *part)
{
	const struct model *model = &session->ledger.state.model;
	const char *newest = NULL;
	struct objects its = {model->objects, model->object_count};

	if (part->account.id)
		its = model_in_account(model, part->account.alias);
	for (size_t i = 0; i < its.count; i++)
		if (its.items[i].modified)
			newest = newest ? moment_latest(newest, its.items[i].modified)
					: its.items[i].modified;
	str_format(out, "\n  serial    %lld\n  lineage   %s\n  objects   %zu\n",
		(long long)part->serial, part->lineage, its.count);
	if (newest) {
		str_text_add(out, "  modified  ");
		moment_add_visible(out, newest);
		str_char(out, '\n');
	}
}

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

static void add_unkeyed(struct str *out, const struct state_fold *fold)
{
	if (!fold->change_count)
		return;
	str_format(out, "%sThese secrets have a fingerprint that was made without a key:\n\n",
		out->length ? "\n" : "");
	for (size_t i = 0; i < fold->change_count; i++) {
		str_text_add(out, "  ");
		render_address(out, fold->changes[i].object);
		str_char(out, '\n');
	}
}

/* Shows what is to be accepted, and asks. */
static bool is_approved(const struct session *session, const struct state_fold *fold)
{
	struct str text CLEANUP(str_release) = {0}, question CLEANUP(str_release) = {0};
	size_t count = fold->change_count;
	bool drops = false;

	for (size_t i = 0; i < session->ledger.part_count; i++) {
		const struct part *part = &session->ledger.parts[i];
		if (part->dropped.length)
			add_dropped(&text, part);
		drops |= part->dropped.length > 0;
		if (!is_doubtful(part))
			continue;
		count++;
		str_text_add(&text, text.length ? "\n" : "");
		add_doubts(&text, part);
		add_state(&text, session, part);
	}
	add_unkeyed(&text, fold);
	if (!count && !drops)
		return true;
	term_out_str(&text);
	if (count)
		str_format(&question,
			"Anyone who can write the state could have made %s. Do you want to accept "
			"%s?",
			count == 1 ? "it" : "them", count == 1 ? "it" : "them");
	else
		str_text_add(&question, "Do you want to drop these intents?");
	return approval_get(session, &(struct approval){str_text(&question), "-auto-approve",
					     session->cli->auto_approve, "Signing"});
}

/* With the state open, and not written yet. */
static bool sign(struct session *session)
{
	struct ledger *ledger = &session->ledger;
	struct error err CLEANUP(error_release) = {0};
	struct change *changes AUTO_FREE =
		mem_alloc(ledger->state.model.object_count * sizeof(*changes));
	struct state_fold fold = {.changes = changes};
	bool is_due = false;

	if (!find_unkeyed(session, changes, &fold.change_count, &err))
		return term_error(&err);
	for (size_t i = 0; i < ledger->part_count; i++)
		is_due |= ledger->parts[i].is_stale || ledger->parts[i].has_journal;
	if (!is_due && !fold.change_count) {
		term_print("Everything in the state is signed. No changes were made.");
		return true;
	}
	if (!is_approved(session, &fold))
		return false;
	if (!ledger_accept(ledger, &err))
		return term_error(&err);
	ledger_stage(ledger, &fold);
	if (!ledger_commit(ledger, &err))
		return term_error(&err);
	if (fold.change_count)
		term_print("Signed %zu fingerprint%s. The next apply replaces %s.",
			fold.change_count, term_plural(fold.change_count),
			fold.change_count == 1 ? "it" : "them");
	session_note_old_key(session);
	return true;
}

bool state_sign_run(struct session *session)
{
	session->may_ask = !session->cli->auto_approve && session->cli->input;
	session->sealing.accepts_unsigned = true;
	if (!session_read_key(session))
		return false;
	if (!session->keyring.keys.now.is_set)
		return term_fail("Set CFPROV_KEY, or `state.key` in the manifest.",
			"no key is set to sign with");
	return session_open_state(session, "state sign") && sign(session);
}
