/*
 * Text from outside on its way to a terminal, a shell or a CI's log: it has no control characters,
 * no secrets, and is no longer than was asked for. The first line is a secret, and a name.
 */
#include "../../cmd/cfprov/status.h"
#include "base/moment.h"
#include "base/scrub.h"
#include "base/text.h"
#include "base/token.h"
#include "shared/fuzz.h"

#include <string.h>

static void check_cleaning(const char *text, size_t size)
{
	struct str whole CLEANUP(str_release) = {0}, cut CLEANUP(str_release) = {0};
	struct str ends CLEANUP(str_release) = {0}, quoted CLEANUP(str_release) = {0};
	struct str word CLEANUP(str_release) = {0}, inert CLEANUP(str_release) = {0};
	struct str twice CLEANUP(str_release) = {0};

	text_add_visible(&whole, text, size, 0);
	HOLDS(text_is_utf8(whole.bytes, whole.length, NULL));
	fuzz_check_visible(str_text(&whole), false);
	text_add_visible(&cut, text, size, 20);
	HOLDS(text_columns(str_text(&cut)) <= 20 * sizeof("\\U000e0041"));
	fuzz_check_visible(str_text(&cut), false);
	text_add_ends(&ends, str_text(&whole), 20);
	HOLDS(text_columns(str_text(&ends)) <= 23 && text_is_utf8(ends.bytes, ends.length, NULL));
	text_add_quoted(&quoted, text, 40);
	fuzz_check_visible(str_text(&quoted), false);
	text_add_shell_word(&word, text);
	fuzz_check_visible(str_text(&word), false);
	text_add_inert(&inert, text, size);
	HOLDS(!inert.length || !strstr(str_text(&inert), "##"));
	text_add_inert(&twice, inert.bytes, inert.length);
	HOLDS(strcmp(str_text(&inert), str_text(&twice)) == 0);
}

static void check_tokens(const char *text)
{
	struct str out CLEANUP(str_release) = {0}, urls CLEANUP(str_release) = {0};

	token_add_hidden(&out, text);
	HOLDS(!token_is_inside(text, strlen(text)) || strstr(str_text(&out), "(hidden)"));
	HOLDS(token_is_inside(text, strlen(text)) || strcmp(str_text(&out), text) == 0);
	text_add_without_users(&urls, text);
	moment_add_visible(&urls, text);
}

static void check_scrub(const char *secret, const char *text, size_t size)
{
	struct scrub scrub CLEANUP(scrub_release) = {0};
	struct str out CLEANUP(str_release) = {0};

	/* Line breaks at its end are no part of it. */
	if (*secret && strchr("\r\n", secret[strlen(secret) - 1]))
		return;
	scrub_know_text(&scrub, secret, strlen(secret));
	scrub_add(&out, text, size, &scrub);
	if (strlen(secret) >= SCRUB_SHORTEST && !strstr(SCRUB_MARK SCRUB_WITHHELD, secret))
		HOLDS(!out.length || !strstr(str_text(&out), secret));
}

static void check_status(const char *name)
{
	for (enum status_phase phase = STATUS_READING; phase <= STATUS_ACTIVATING; phase++) {
		struct str out CLEANUP(str_release) = {0};
		const struct status status = {.phase = phase, .account = name, .accounts = 1};
		status_add_start(&out, &status);
		status_add_line(&out, &status);
		status_add_still(&out, &status);
		fuzz_check_visible(str_text(&out), false);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first AUTO_FREE = fuzz_line(&data, &size), *text AUTO_FREE = fuzz_text(data, size);
	char *name AUTO_FREE = text_visible(first, 0);
	struct error err CLEANUP(error_release) = {0};

	check_cleaning(text, size);
	check_tokens(text);
	check_scrub(first, text, size);
	check_status(name);
	(void)text_is_near(first, text);
	(void)text_conflict_line(text, size);
	if (!text_check_encoding(text, size, "it", &err))
		fuzz_check_error(&err);
	return 0;
}
