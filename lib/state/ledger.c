#include "state/ledger.h"

#include "adapter/crypt.h"
#include "state/lock_info.h"

#include <assert.h>
#include <string.h>

bool ledger_find_holder(struct backend *backend, struct str *ret_holder, struct error *err)
{
	struct str info CLEANUP(str_release) = {0};
	bool is_held = lock_is_held(backend->lock_path, &info);

	if (!is_held && !backend_find_holder(backend, &info, err))
		return false;
	if (is_held || info.length)
		lock_info_describe(&info, ret_holder);
	return true;
}

/* ---- reading ---- */

/* Every change of the state, however it was made, is one serial. */
static void set_serial(struct ledger *ledger, bool is_ahead)
{
	struct part *part = &ledger->parts[0];

	part->is_ahead |= is_ahead;
	ledger->is_ahead = part->is_ahead;
	ledger->state.serial = part->serial + part->is_ahead;
}

void ledger_stage(struct ledger *ledger, const struct state_fold *changes)
{
	struct state next = {0};

	state_fold(&ledger->state, changes, &next);
	bool is_ahead = next.serial != ledger->state.serial;
	state_release(&ledger->state);
	ledger->state = next;
	set_serial(ledger, is_ahead);
}

char *ledger_find_backup(const struct ledger *ledger)
{
	char *name = NULL;

	return !ledger->state.lineage[0] && part_find_backup(&ledger->parts[0], &name) ? name
										       : NULL;
}

static bool load(struct ledger *ledger, struct error *err)
{
	struct part *part = &ledger->parts[0];

	if (!part_load(part, &ledger->state, err))
		return false;
	set_serial(ledger, false);
	part->read_serial = ledger->state.serial;
	memcpy(part->lineage, ledger->state.lineage, sizeof(part->lineage));
	return true;
}

static bool open_parts(
	struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	*ledger = (struct ledger){.part_count = 1};
	ledger->parts = mem_alloc(ledger->part_count * sizeof(*ledger->parts));
	return part_open(&ledger->parts[0], &options->backend, err);
}

bool ledger_read(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	if (open_parts(ledger, options, err) && load(ledger, err))
		return true;
	ledger_close(ledger);
	return false;
}

/* ---- writing ---- */

const char *ledger_lineage(const struct ledger *ledger)
{
	struct part *part = &ledger->parts[0];

	if (!part->lineage[0])
		crypt_uuid(part->lineage);
	return part->lineage;
}

void ledger_set_lineage(struct ledger *ledger, const char *lineage)
{
	struct part *part = &ledger->parts[0];

	if (!ledger->state.lineage[0])
		memcpy(part->lineage, lineage, strlen(lineage) + 1);
}

static void assign_lineage(struct ledger *ledger)
{
	memcpy(ledger->state.lineage, ledger_lineage(ledger), sizeof(ledger->state.lineage));
}

bool ledger_commit(struct ledger *ledger, struct error *err)
{
	if (!ledger->is_ahead || !ledger->may_write)
		return true;
	assign_lineage(ledger);
	if (!part_write(&ledger->parts[0], &ledger->state, err))
		return false;
	set_serial(ledger, false);
	return true;
}

/* Writes what an interrupted run left. */
static bool settle(struct ledger *ledger, struct error *err)
{
	struct part *part = &ledger->parts[0];
	bool was_left = ledger->is_ahead;

	if (!ledger_commit(ledger, err))
		return false;
	if (part->has_journal || was_left)
		event_say(part->sink, EVENT_JOURNAL_FOLDED, part->backend->journal_path);
	return part_end(part, err);
}

bool ledger_open(struct ledger *ledger, const struct ledger_options *options, struct error *err)
{
	const struct part_wait wait = {
		options->operation, options->lock_timeout_ms, options->backend.interrupted};
	bool is_open = open_parts(ledger, options, err);
	struct part *part = &ledger->parts[0];

	ledger->may_write = true;
	if (is_open && backend_check(part->backend, err) &&
		fs_make_folders(part->backend->journal_path, err) &&
		(options->no_lock || part_lock(part, &wait, err)) && load(ledger, err) &&
		settle(ledger, err))
		return true;
	ledger_close(ledger);
	return false;
}

bool ledger_replace(struct ledger *ledger, struct state *state, struct error *err)
{
	struct part *part = &ledger->parts[0];
	int64_t next = part->serial + 1;
	bool has_no_gaps = part->serial && backend_is_log(part->backend);

	state_release(&ledger->state);
	ledger->state = *state;
	*state = (struct state){0};
	if (ledger->state.serial < next || has_no_gaps)
		ledger->state.serial = next;
	memcpy(part->lineage, ledger->state.lineage, sizeof(part->lineage));
	ledger->is_ahead = part->is_ahead = true;
	return ledger_commit(ledger, err);
}

bool ledger_keep_alive(struct ledger *ledger, struct error *err)
{
	return part_alive(&ledger->parts[0], err);
}

bool ledger_begin(struct ledger *ledger, const struct model *desired, const struct change *intents,
	size_t count, struct error *err)
{
	struct part *part = &ledger->parts[0];
	struct journal_head head = {.serial = ledger->state.serial};
	struct str header CLEANUP(str_release) = {0};

	assign_lineage(ledger);
	memcpy(head.lineage, part->lineage, sizeof(head.lineage));
	if (part->lock_id && strlen(part->lock_id) < sizeof(head.lock))
		memcpy(head.lock, part->lock_id, strlen(part->lock_id));
	ledger->changes = arena_alloc(&ledger->run_arena, count * sizeof(*intents));
	ledger->has_result = arena_alloc(&ledger->run_arena, count * sizeof(*ledger->has_result));
	if (count)
		memcpy(ledger->changes, intents, count * sizeof(*intents));
	ledger->run = (struct state_fold){
		ledger->changes, count, desired->accounts, desired->account_count, 0};
	journal_encode_header(&head, &ledger->run, &part->lines, &header);
	return part_begin(part, &header, err);
}

bool ledger_record(
	struct ledger *ledger, const struct result *results, size_t count, struct error *err)
{
	struct str group CLEANUP(str_release) = {0};

	for (size_t i = 0; i < count; i++) {
		size_t intent = results[i].intent;
		assert(!ledger->has_result[intent]); /* such a journal would not be read again */
		ledger->has_result[intent] = true;
		ledger->changes[intent] = results[i].change;
	}
	journal_encode_group(results, count, &ledger->parts[0].lines, &group);
	return part_append(&ledger->parts[0], &group, err);
}

bool ledger_finish(struct ledger *ledger, struct error *err)
{
	struct part *part = &ledger->parts[0];

	fs_log_close(&part->log);
	state_release(&ledger->before);
	ledger->before = ledger->state;
	ledger->run.requested_ms = part->alive_ms;
	state_fold(&ledger->before, &ledger->run, &ledger->state);
	ledger->run = (struct state_fold){0};
	set_serial(ledger, ledger->state.serial != ledger->before.serial);
	bool is_written = ledger_commit(ledger, err);
	backend_keep_backup(part->backend); /* it stays that of the state before */
	return is_written && part_end(part, err);
}

void ledger_close(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->part_count; i++)
		part_close(&ledger->parts[i]);
	mem_free(ledger->parts);
	state_release(&ledger->state);
	state_release(&ledger->before);
	arena_release(&ledger->run_arena);
	*ledger = (struct ledger){0};
}
