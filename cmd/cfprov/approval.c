#include "approval.h"

#include "interrupt.h"
#include "term.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Prints the question; true only if the answer is `yes`. */
static bool ask(const struct session *session, const char *question)
{
	char answer[64] = "";
	struct str text CLEANUP(str_release) = {0}, folded CLEANUP(str_release) = {0};

	str_char(&text, '\n');
	term_add(&folded, STDERR_FILENO, TERM_BOLD, question);
	str_text_add(&folded, " Only" TERM_GLUE "'yes' will be accepted:");
	term_add_folded(&text, STDERR_FILENO, 0, str_text(&folded));
	text.bytes[text.length - 1] = ' '; /* the answer stands on the same line */
	term_print_str(&text);
	/* No answer: the end of input, an error, or an interrupt. */
	bool was_read = interrupt_wait_input(session->wake_fd) &&
			fgets(answer, sizeof(answer), stdin) && interrupt_count == 0;
	answer[strcspn(answer, "\n")] = '\0';
	if (!was_read || !term_is_terminal(STDIN_FILENO)) /* nobody pressed Enter here */
		term_print("%s", "");
	return was_read && strcmp(answer, "yes") == 0;
}

bool approval_get(const struct session *session, const struct approval *approval)
{
	struct str hint CLEANUP(str_release) = {0};

	if (approval->is_given)
		return true;
	str_format(&hint, "Pass %s.", approval->option);
	if (!session->cli->input)
		return term_fail(
			str_text(&hint), "approval required, but -input=false disables prompts");
	if (ask(session, approval->question))
		return true;
	term_print("%s cancelled. No changes were made.", approval->verb);
	return false;
}
