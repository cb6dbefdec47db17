/*
 * The order: the file, the accounts and the state, what exists; then the manifest entries are
 * written, and last the state. So if the state can't be written, the next run finds the objects
 * declared, and only records them. Overwrites no file.
 */
#include "import_from.h"

#include "adapter/fs.h"
#include "adapter/input.h"
#include "adapter/table.h"
#include "document.h"
#include "fields.h"
#include "interrupt.h"
#include "manifest/export.h"
#include "plan/takeover.h"
#include "planning.h"
#include "read_live.h"
#include "source/source.h"
#include "term.h"

#include "base/text.h"

#include <string.h>

enum { FILE_SIZE_LIMIT = 64 << 20 };

struct from {
	struct session *session;
	struct foreign foreign;
	struct takeover takeover;
	const char *beside; /* where the output goes */
	bool is_whole;      /* a whole manifest; else stores for a further file */
};

static void release(struct from *from)
{
	takeover_release(&from->takeover);
	foreign_release(&from->foreign);
}

/* ---- the file ---- */

static bool read_file(struct from *from)
{
	const char *path = from->session->cli->from;
	const struct input_patience patience = {SOURCE_TIMEOUT_MS, &interrupt_count};
	bool is_stdin = strcmp(path, "-") == 0;
	struct secret bytes CLEANUP(secret_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str line CLEANUP(str_release) = {0};
	size_t *values = &from->foreign.values;

	bool is_read =
		is_stdin ? input_secret(FILE_SIZE_LIMIT, &patience, &bytes, &err)
			 : (!session_policy(from->session) || fs_check_in_place(path, &err)) &&
				   input_file(path, FILE_SIZE_LIMIT, &patience, &bytes, &err);
	if (!is_read)
		return term_error(&err);
	const char *name = is_stdin ? "standard input" : path;
	bool is_good = foreign_parse(&from->foreign, name, &bytes, &errors);
	secret_release(&bytes);
	if (*values) {
		str_format(&line,
			"%s holds the %s of %zu secret%s in plaintext. cfprov has not copied %s. "
			"When "
			"you no longer need the file, destroy it, its backups and its old "
			"versions.",
			name, *values == 1 ? "value" : "values", *values, term_plural(*values),
			*values == 1 ? "it" : "them");
		term_warning(str_text(&line));
	}
	error_list_cut(&from->foreign.warnings);
	term_warnings(&from->foreign.warnings);
	error_list_cut(&errors);
	return is_good || term_errors(&errors);
}

/* ---- accounts and state ---- */

/* The accounts of a new manifest are those of the file. */
static bool open_new(struct from *from)
{
	struct session *session = from->session;
	struct cli_texts *ids = &session->cli->account_ids;
	struct table *seen = NULL;

	ids->items = arena_alloc(&session->arena, from->foreign.count * sizeof(*ids->items));
	for (size_t i = 0; i < from->foreign.count; i++) {
		const char *id = from->foreign.objects[i].account_id;
		if (!table_put(&seen, id, from))
			ids->items[ids->count++] = id;
	}
	table_free(&seen);
	session->source.paths = &from->beside;
	session->source.path_count = 1;
	session_assume_state(session);
	return session_open_state(session, "import") && session_load_accounts(session);
}

/* Each account of the file must be in the manifest. */
static bool open_present(struct from *from)
{
	struct session *session = from->session;
	const struct model *desired = &session->desired;
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct table *known = NULL;

	if (!session_load_manifest(session))
		return false;
	for (size_t i = 0; i < desired->account_count; i++)
		table_put(&known, desired->accounts[i].id, session);
	for (size_t i = 0; i < from->foreign.count; i++) {
		const struct foreign_object *it = &from->foreign.objects[i];
		if (table_put(&known, it->account_id, session))
			continue;
		struct error *missing = error_list_add(&errors);
		error_set(missing, "the manifest has no account with the id %s, which %s is in",
			it->account_id, it->address);
		error_hint(missing, "Add it under `accounts`, with an alias of your choice.");
	}
	table_free(&known);
	if (errors.count)
		return term_errors(&errors);
	return session_open_state(session, "import") &&
	       (planning_move(session, &err) || term_error(&err));
}

/* ---- what exists ---- */

static bool read_existing(struct from *from)
{
	struct session *session = from->session;
	struct table *stores = NULL;

	if (!read_live(session) || session->has_failed)
		return false;
	for (size_t i = 0; i < from->foreign.count; i++)
		table_put(&stores, from->foreign.objects[i].store_id, session);
	bool is_good = read_live_stores(session, stores) && !session->has_failed;
	table_free(&stores);
	return is_good;
}

static bool find(struct from *from)
{
	struct session *session = from->session;
	const struct takeover_input input = {.foreign = &from->foreign,
		.desired = &session->desired,
		.recorded = &session->ledger.state.model,
		.live = &session->live};
	struct error_list errors CLEANUP(error_list_release) = {0};

	if (!read_existing(from)) {
		term_print("Nothing was imported, because not all objects could be looked up.");
		return false;
	}
	bool is_good = takeover_find(&input, &from->takeover, &errors);
	error_list_cut(&from->takeover.warnings);
	term_warnings(&from->takeover.warnings);
	error_list_cut(&errors);
	if (is_good)
		return true;
	term_errors(&errors);
	term_print("Nothing was imported.");
	return false;
}

/* ---- the results ---- */

static bool write_entries(struct from *from)
{
	struct session *session = from->session;
	struct error_list notes CLEANUP(error_list_release) = {0};
	struct str text CLEANUP(str_release) = {0}, heading CLEANUP(str_release) = {0};
	char *name AUTO_FREE = text_visible(from->foreign.path, 120);
	struct export_input input = {.accounts = &session->desired,
		.live = &from->takeover.entries,
		.is_part = !from->is_whole};

	if (!from->takeover.entries.object_count) {
		term_print("The manifest declares all of them already.");
		return true;
	}
	str_format(&heading, "# Cloudflare Secrets Store, taken over from %s by cfprov.\n", name);
	input.heading = str_text(&heading);
	(void)export_manifest(&input, &text, &notes);
	return session_write_new_file(session, &text) && term_finish();
}

static bool record(struct from *from)
{
	struct session *session = from->session;
	const struct model *records = &from->takeover.records;
	const struct state_fold fold = {.changes = from->takeover.changes,
		.change_count = records->object_count,
		.accounts = session->desired.accounts,
		.account_count = session->desired.account_count};
	struct error err CLEANUP(error_release) = {0};

	if (!records->object_count)
		return true;
	ledger_stage(&session->ledger, &fold);
	if (ledger_commit(&session->ledger, &err))
		return true;
	error_hint(&err, "The entries were written, but no id was recorded. Run the same command "
			 "again with them in the manifest.");
	return term_error(&err);
}

/* Declared secrets whose value the next apply writes. */
static bool has_writes(const struct from *from)
{
	const struct model *records = &from->takeover.records;

	for (size_t i = 0; i < records->object_count; i++) {
		const struct object *declared =
			model_find(&from->session->desired, &records->objects[i]);
		if (declared && declared->secret && !declared->is_written_once &&
			declared->value->kind != VALUE_GENERATE)
			return true;
	}
	return false;
}

static void print_summary(const struct from *from)
{
	const struct model *records = &from->takeover.records;
	size_t stores = 0, secrets;

	for (size_t i = 0; i < records->object_count; i++)
		stores += records->objects[i].kind == OBJECT_STORE;
	secrets = records->object_count - stores;
	term_print("Imported %zu store%s and %zu secret%s. cfprov now manages them.", stores,
		term_plural(stores), secrets, term_plural(secrets));
	if (from->takeover.known)
		term_print("%zu %s in the state already.", from->takeover.known,
			from->takeover.known == 1 ? "was" : "were");
	if (from->foreign.others)
		term_print("Ignored %zu other object%s in the file.", from->foreign.others,
			term_plural(from->foreign.others));
	if (has_writes(from))
		term_print("The next apply writes the values of secrets that the manifest declared "
			   "already, because nobody can read the current ones. To keep them, set "
			   "`update: if_absent`.");
	term_print("Now remove them from the other tool's state, without destroying them, so that "
		   "only cfprov manages them.");
}

static void put_imported(const struct from *from, struct json_writer *json, bool is_done)
{
	const struct model *records = &from->takeover.records;

	json_begin_array(json, "imported");
	for (size_t i = 0; is_done && i < records->object_count; i++)
		fields_put(json, NULL, &records->objects[i],
			model_account(&from->session->desired, records->objects[i].account)->id);
	json_end(json);
}

bool import_from(struct session *session)
{
	struct from from CLEANUP(release) = {.session = session};
	struct json_writer *json = document_writer();
	const char *out = session->cli->out;
	bool is_done = false;

	if (json && (!out || strcmp(out, "-") == 0))
		term_fail("Pass -out=FILE for the manifest entries.",
			"-json with -from requires -out, because both would write to standard "
			"output");
	else if (session_find_manifests(session, &from.beside) && session_check_new_file(session) &&
		 read_file(&from)) {
		from.is_whole = !session->source.path_count;
		is_done = (from.is_whole ? open_new(&from) : open_present(&from)) && find(&from) &&
			  write_entries(&from) && record(&from);
	}
	if (json)
		put_imported(&from, json, is_done);
	else if (is_done)
		print_summary(&from);
	return is_done;
}
