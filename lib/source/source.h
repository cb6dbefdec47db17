/*
 * The only door for plaintext: a reference becomes secret bytes.
 *
 *     struct sources *sources = sources_new(&interrupted);
 *     sources_read(sources, value, &secret, &err)     any number
 *     sources_free(sources);
 *
 * A file, a command or the standard input is read once, however many secrets name it and by
 * whatever path, and so is the reason why it can't be read. What was read is kept (locked, wiped at
 * the end) until sources_free. That also wipes the variables that were read and removes them from
 * the environment; not before, because a command may ask for some (`env` beside `command`). Before
 * the first command runs, credentials and what is held back move to locked memory.
 *
 * - A file may also be a FIFO or a pipe, as <(...) of the shell.
 * - A command runs without a shell; see adapter/process. It sees neither cfprov's own variables nor
 *   those with secrets of the manifest (source/surroundings), and what it says in errors is shown
 *   without the secrets that are known by then.
 * - A dotenv file is read as npm's `dotenv` does; see adapter/dotenv.
 * - The standard input may not be a terminal.
 * - What is generated is new each time: base64 with padding, base64url without.
 *
 * A file, or what is printed or piped in, may have SOURCE_SIZE_LIMIT bytes; a command, or whoever
 * writes to a pipe, has SOURCE_TIMEOUT_MS. A pointer leads into JSON; see source/fields. Unless the
 * reference says otherwise, one newline at the end is dropped, and a byte order mark at the start
 * of what is read whole: both are of the text file, where nobody sees them. Any bytes are returned,
 * none included; what a value may be is checked elsewhere.
 *
 * Errors name the source and have its place; they never show what was read.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/credentials.h"
#include "model/location.h"
#include "model/policy.h"

#include <signal.h>

enum { SOURCE_TIMEOUT_MS = 60000, SOURCE_SIZE_LIMIT = 16 << 20 };

struct sources;

/* Gives (sources_free). Keeps `interrupted` (may be NULL): when it is not 0, reading ends with
 * ERROR_INTERRUPTED. */
struct sources *sources_new(const volatile sig_atomic_t *interrupted) MUST_CHECK;
void sources_free(struct sources *sources);

/* Holds back from commands, from now on, the variables that the model names as sources. */
void sources_hold(struct sources *sources, const struct model *model);
void sources_hold_location(struct sources *sources, const struct location *location);

/* From now on, nothing is read that the policy (NULL: none) does not allow. Keeps it. */
void sources_obey(struct sources *sources, const struct policy *policy);

/* Gives (secret_release) the bytes that a reference means: a value, the key, or a credential of the
 * state's backend, which is checked like those of accounts. */
bool sources_read(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err) MUST_CHECK;
bool sources_read_backend(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err) MUST_CHECK;
bool sources_read_key(struct sources *sources, const struct value_source *source,
	struct secret *ret_secret, struct error *err) MUST_CHECK;

/*
 * The credentials of an account: from its own `api_token`, or else CLOUDFLARE_API_TOKEN, or else
 * CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY. They are checked; see model/credentials.h.
 */
bool sources_credentials(struct sources *sources, const struct account *account,
	struct credentials *ret_credentials, struct error *err) MUST_CHECK;

/*
 * Lends warnings of what may be a mistake: a value that a # in a .env file cuts, a reference or a
 * ciphertext in place of a value. There is one for each source, with a place and without the value.
 * Whoever prints them releases the list.
 */
struct error_list *sources_warnings(struct sources *sources);

#endif
