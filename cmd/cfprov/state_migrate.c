/*
 * cfprov state migrate: from another place to the one that the manifest names.
 *
 * Both are locked, and what an interrupted run left at the old place is folded in. The new place
 * gets the state with the next serial, which is read back and compared. Only then the old place is
 * told where the state went, so that a manifest that still names it is refused. Until then the old
 * one is valid; if this command ends early, running it again continues.
 */
#include "approval.h"
#include "base/text.h"
#include "term.h"

#include <string.h>

static bool is_manifest(const char *path)
{
	static const char *const ends[] = {".yaml", ".yml"};
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (length > strlen(ends[i]) &&
			strcmp(path + length - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

/* Opens the old place as a session of its own: with its manifest, its credentials and the policy.
 */
static bool open_old(struct session *session, bool to_split, const char *from, struct cli *cli,
	struct session *ret)
{
	char *shown AUTO_FREE = text_visible(from, 0);

	*cli = *session->cli;
	cli->backup = NULL;
	if (is_manifest(from))
		cli->manifests = (struct cli_texts){&cli->from, 1};
	else
		cli->state = from;
	session_init(ret, cli);
	/* An interrupted run may have brought it, with the next serial, to the new place. */
	ret->sealing.accepts_older = true;
	ret->sealing.sign_with =
		arena_format(&ret->arena, "-%s=%s", is_manifest(from) ? "f" : "state", shown);
	if (!session_load_policy(ret) || !session_find_state(ret))
		return false;
	bool is_split = location_is_split(&ret->location);
	if (!session_select_part(ret))
		return false;
	if (is_split != to_split)
		return term_fail(
			"`cfprov state migrate` can't split or join states. Run `cfprov apply "
			"-adopt` with the new place in the manifest: it adopts the objects "
			"by name and writes their values again. Then remove the old state.",
			"only the %s place keeps a state for each account",
			is_split ? "old" : "new");
	if (is_manifest(from) && !ret->is_manifest_open)
		return term_fail(NULL, "the manifest %s does not exist", from);
	if (strcmp(session_state_place(ret), session_state_place(session)) == 0)
		return term_fail("Pass the old place with -from: the path of a state file, or a "
				 "manifest whose `state` names it.",
			"the state is at %s already", session_state_name(ret));
	return session_open_any_state(ret, "state migrate");
}

static bool has_same_objects(const struct state *a, const struct state *b)
{
	bool is_same = a->model.object_count == b->model.object_count;

	for (size_t i = 0; is_same && i < a->model.object_count; i++) {
		const struct object *object = &a->model.objects[i];
		const struct object *other = model_find(&b->model, object);
		is_same = other && object_is_same(object, other);
	}
	return is_same;
}

/* Adds a copy with the next serial, so that what is left behind has the same. */
static bool copy_state(const struct state *state, struct state *ret_copy, struct error *err)
{
	struct str bytes CLEANUP(str_release) = {0};

	state_encode(state, &bytes);
	if (!state_decode("the state", str_text(&bytes), bytes.length, ret_copy, err))
		return false;
	ret_copy->serial = state->serial + 1;
	return true;
}

/* May the state go to the new place? *ret_is_there: a former run has brought it there. */
static bool check_target(
	const struct session *session, const struct session *old, bool *ret_is_there)
{
	const struct state *from = &old->ledger.state, *to = &session->ledger.state;
	const char *name = session->ledger.parts[0].backend->name;
	bool is_known = strcmp(from->lineage, to->lineage) == 0;
	long long serial = (long long)to->serial;

	*ret_is_there = false;
	if (from->moved_to) {
		char *shown AUTO_FREE = text_visible(from->moved_to, 0);
		return term_fail(
			"To move it on from there, pass -from=FILE, where FILE is a manifest "
			"whose `state` names that place.",
			"the state %s was moved to %s before", old->ledger.parts[0].backend->name,
			shown);
	}
	if (sealing_keys(&old->ledger.parts[0].sealing) && !sealing_keys(&session->sealing))
		return term_fail("Add the `key` of the old manifest to it, or set CFPROV_KEY.",
			"the state %s is protected by a key, but this manifest has none",
			old->ledger.parts[0].backend->name);
	if (!from->serial)
		return term_fail("Pass the old place with -from: the path of a state file, or a "
				 "manifest whose `state` names it.",
			"there is no state at %s", old->ledger.parts[0].backend->name);
	if (!to->serial || (is_known && to->moved_to))
		return true;
	if (!is_known)
		return term_fail(
			"Choose another place for it, or replace that state with `cfprov state "
			"push -force`.",
			"%s already has another state (serial %lld)", name, serial);
	*ret_is_there = to->serial == from->serial + 1 && has_same_objects(from, to);
	if (to->serial > from->serial && !*ret_is_there)
		return term_fail("Continue with the newer one. If the older one is a copy that is "
				 "left, move it away.",
			"%s already has a newer version of this state (serial %lld, not %lld)",
			name, serial, (long long)from->serial);
	return true;
}

/* Is what the new place has now what was to be written? */
static bool verify(struct session *session, const struct state *wanted, struct error *err)
{
	struct ledger_options options;
	struct ledger again;
	struct str first CLEANUP(str_release) = {0}, second CLEANUP(str_release) = {0};

	if (!session_ledger_options(session, NULL, &options))
		return error_set(err, "the state was written, but not read back");
	if (!ledger_read(&again, &options, err))
		return error_prefix(err, "the state was written, but can't be read back");
	state_encode(wanted, &first);
	state_encode(&again.state, &second);
	ledger_close(&again);
	return strcmp(str_text(&first), str_text(&second)) == 0 ||
	       error_set(err, "the state was written, but what can be read back is different");
}

static bool is_approved(const struct session *session, const struct session *old)
{
	const struct state *state = &old->ledger.state;
	size_t count = state->model.object_count;
	struct str question CLEANUP(str_release) = {0};

	str_format(&question,
		"Do you want to move the state (serial %lld, %zu object%s) from %s to %s?",
		(long long)state->serial, count, term_plural(count),
		old->ledger.parts[0].backend->name, session->ledger.parts[0].backend->name);
	return approval_get(session, &(struct approval){str_text(&question), "-auto-approve",
					     session->cli->auto_approve, "Migration"});
}

/* What is encrypted from now on was not so at the old place, and what it has kept stays there. */
static void warn_of_clear(const struct session *session, const struct session *old)
{
	const struct part *to = &session->ledger.parts[0], *from = &old->ledger.parts[0];
	struct error left CLEANUP(error_release) = {0};

	if (!to->sealing.encrypts)
		return;
	char *ours AUTO_FREE = part_clear_backup(from, true);
	char *backup AUTO_FREE = ours ? NULL : part_clear_backup(from, false);
	if (ours || backup) {
		char *shown AUTO_FREE = text_visible(ours ? ours : backup, 0);
		error_set(&left, "the backup %s at the old place is not encrypted", shown);
		error_hint(&left, "Remove it once the new place works.");
	} else if (backend_is_log(from->backend) && from->found.form != SEALING_SEALED) {
		error_set(&left, "the states that %s has kept are not encrypted",
			from->backend->name);
		error_hint(&left, "Once the new place works, run `cfprov state gc -keep=1` with a "
				  "manifest that names the old place.");
	} else {
		return;
	}
	term_warn(&left);
}

static bool move(struct session *session, struct session *old)
{
	struct ledger *from = &old->ledger, *to = &session->ledger;
	const char *name = to->parts[0].backend->name;
	struct state copy = {0}, left = {0};
	struct error err CLEANUP(error_release) = {0};
	bool is_there;

	if (!check_target(session, old, &is_there))
		return false;
	if (!is_there && !part_check_seen(&from->parts[0], &from->state, &err))
		return term_error(&err);
	if (!is_approved(session, old))
		return false;
	/* What was encrypted stays so, unless the manifest says otherwise. */
	if (session->sealing.encryption == ENCRYPTION_UNSAID)
		to->parts[0].sealing.encrypts = from->parts[0].sealing.encrypts;
	bool is_written = is_there || (copy_state(&from->state, &copy, &err) &&
					      ledger_replace(to, &copy, &err));
	state_release(&copy);
	if (!is_written || !verify(session, &to->state, &err)) {
		term_error(&err);
		term_print("The state %s is as it was. Run `cfprov state migrate` again.",
			from->parts[0].backend->name);
		return false;
	}
	state_leave(&from->state, name, &left);
	bool is_left = ledger_replace(from, &left, &err);
	state_release(&left);
	if (!is_left) {
		error_prefix(&err, "the state is at %s, but the old place could not be told", name);
		error_hint(&err, "Run `cfprov state migrate` again.");
		return term_error(&err);
	}
	term_print(
		"The state is now at %s, with serial %lld. Manifests that name the old place are "
		"refused.",
		name, (long long)to->state.serial);
	warn_of_clear(session, old);
	return true;
}

bool state_migrate_run(struct session *session)
{
	struct cli cli;
	struct session old;
	const char *from = session->cli->from;
	char *beside AUTO_FREE = manifest_beside(&session->source, BACKEND_DEFAULT_NAME);

	if (!session_find_state(session))
		return false;
	bool is_split = location_is_split(&session->location);
	if (!session_select_part(session))
		return false;
	if (location_is_file(&session->location) && !from)
		return term_fail(
			"Pass a manifest whose `state` names the old place, for example that of "
			"the last commit: git show HEAD:cfprov.yaml >old.yaml, then "
			"-from=old.yaml.",
			"there is no place to move the state from");
	bool is_open = open_old(session, is_split, from ? from : beside, &cli, &old);
	bool is_done =
		is_open && session_open_any_state(session, "state migrate") && move(session, &old);
	session_release(&old);
	return is_done;
}
