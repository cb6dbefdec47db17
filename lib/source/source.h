/*
 * The only door through which plaintext comes in: a reference becomes secret bytes.
 *
 *     struct sources *sources = sources_new();
 *     sources_read(sources, value, &secret, &err)     any number
 *     sources_free(sources);
 *
 * A file, a command or the standard input is read once, however many secrets name it (a file also
 * by several paths), and so is the reason why it could not be read. What was read is kept (locked,
 * wiped at the end) until sources_free. That also wipes the variables that were read and takes them
 * out of the environment; not before, so that commands inherit it whole.
 *
 * What the kinds mean:
 *
 * - a file may also be a FIFO or a pipe, as <(...) of the shell gives it;
 * - a command is run without a shell; see adapter/process;
 * - a dotenv file is read as npm's `dotenv` does; see adapter/dotenv;
 * - the standard input may not be a terminal;
 * - what is generated is new each time: base64 with padding, base64url without.
 *
 * A file, or what is printed or piped in, may have SOURCE_SIZE_LIMIT bytes, and a command, or who
 * writes to a pipe, SOURCE_TIMEOUT_MS until the end. With a pointer all but
 * what is generated is read as JSON; see source/fields. At last one newline at the end is dropped
 * unless the reference says otherwise, wherever the bytes came from; and so is a byte order mark at
 * the start of a file, or of what is printed or piped in: like the newline, it is of the text file,
 * which an editor has put it into, and nobody sees it. What a value may be is no
 * business of this module: here it may be empty, or any bytes.
 *
 * Errors name the source and stand at its place; they never tell what was read.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "model/credentials.h"
#include "model/model.h"

#include <signal.h>

enum { SOURCE_TIMEOUT_MS = 60000, SOURCE_SIZE_LIMIT = 16 << 20 };

struct sources;

/* Gives (sources_free). */
struct sources *sources_new(void) MUST_CHECK;

/* From now on reading ends with ERROR_INTERRUPTED when this is not 0; it is kept. */
void sources_heed(struct sources *sources, const volatile sig_atomic_t *interrupted);

void sources_free(struct sources *sources);

/* Gives (secret_release) the bytes that a reference means. */
bool sources_read(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err) MUST_CHECK;

/*
 * The credentials of an account: from its own `api_token`, or else CLOUDFLARE_API_TOKEN, or else
 * CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY. They are checked; see model/credentials.h.
 */
bool sources_credentials(struct sources *sources, const struct account *account,
	struct credentials *ret_credentials, struct error *err) MUST_CHECK;

/*
 * Lends what was read, but may be a mistake: a value that a # in a .env file cuts, a reference or a
 * ciphertext in the place of a value. Each once for each source, with a place, and never with the
 * value. Who tells them releases the list.
 */
struct error_list *sources_warnings(struct sources *sources);

#endif
