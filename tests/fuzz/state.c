/* The state. What is read is written, read and written again as the same bytes. */
#include "state/state.h"

#include "shared/fuzz.h"
#include "state/sealing.h"

#include <string.h>

static void check_round(const struct state *state)
{
	struct state again CLEANUP(state_release) = {0};
	struct state folded CLEANUP(state_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct str first CLEANUP(str_release) = {0}, second CLEANUP(str_release) = {0};

	state_encode(state, &first);
	HOLDS(state_decode("again", first.bytes, first.length, &again, &err));
	state_encode(&again, &second);
	HOLDS(strcmp(str_text(&first), str_text(&second)) == 0);
	state_fold(state,
		&(struct state_fold){.accounts = state->model.accounts,
			.account_count = state->model.account_count},
		&folded);
	HOLDS(folded.serial == state->serial);
	HOLDS(folded.model.object_count == state->model.object_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text AUTO_FREE = fuzz_text(data, size);
	const struct str bytes = {text, size, size + 1};
	const struct sealing sealing = {.only_shows = true};
	struct sealing_found found;
	struct state state CLEANUP(state_release) = {0};
	struct str plain CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (sealing_read(&sealing, &bytes, &plain, &found, &err) &&
		state_decode("x", plain.bytes, plain.length, &state, &err))
		check_round(&state);
	else
		fuzz_check_error(&err);
	return 0;
}
