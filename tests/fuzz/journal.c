/*
 * The journal. Lines get their checksums here, unless the input begins as a signed journal does.
 * What is read, and has its accounts, can be folded into an empty state, written, and read again.
 */
#include "state/journal.h"

#include "shared/fuzz.h"

#include <string.h>

static void wrap(const uint8_t *data, size_t size, struct str *out)
{
	struct chain_writer lines = {.form = SEALING_PLAIN};

	if (size > 6 && memcmp(data, "cfprov", 6) == 0) {
		str_add(out, (const char *)data, size);
		return;
	}
	while (size) {
		size_t before = size;
		char *line AUTO_FREE = fuzz_line(&data, &size);
		chain_add(&lines, line, before - size - (data[-1] == '\n'), out);
	}
}

static void check_fold(const struct journal *journal)
{
	struct state old = {.serial = journal->head.serial};
	struct state state CLEANUP(state_release) = {0}, again CLEANUP(state_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	memcpy(old.lineage, journal->head.lineage, sizeof(old.lineage));
	if (!journal_check_accounts(journal, &old, &err)) {
		fuzz_check_error(&err);
		return;
	}
	state_fold(&old,
		&(struct state_fold){.changes = journal->changes,
			.change_count = journal->count,
			.accounts = journal->model.accounts,
			.account_count = journal->model.account_count},
		&state);
	state_encode(&state, &text);
	if (!state_decode("again", text.bytes, text.length, &again, &err))
		fuzz_fail(err.message, __FILE__, __LINE__);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sealing sealing = {.only_shows = true};
	struct journal journal CLEANUP(journal_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};

	wrap(data, size, &bytes);
	if (!journal_decode("x.journal", &bytes, &sealing, &journal, &err))
		fuzz_check_error(&err);
	else if (journal.head.serial)
		check_fold(&journal);
	return 0;
}
