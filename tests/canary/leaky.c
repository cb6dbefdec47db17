/*
 * cfprov with one wipe left out, so that tests/canary can see its search find something. The
 * variable LEAVES_OUT says which: "memory", all that base/mem frees; or "libcurl", "openssl",
 * "nghttp2" or "cjson", which is then not told to get its memory there.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool leaves_out(const char *what)
{
	const char *chosen = getenv("LEAVES_OUT");

	return chosen && strcmp(chosen, what) == 0;
}

static void wipe(void *memory, size_t size)
{
	if (!leaves_out("memory"))
		explicit_bzero(memory, size);
}

#define explicit_bzero wipe
#include "../../lib/base/mem.c" /* NOLINT(bugprone-suspicious-include) */
#undef explicit_bzero

/* ---- found before the libraries' own, by cfprov and by libcurl ---- */

typedef void function(void);

int curl_global_init(long flags);
int curl_global_init_mem(long flags, function *alloc, function *release, function *resize,
	function *copy, function *zeroed);
void cJSON_InitHooks(void *hooks);
int CRYPTO_set_mem_functions(function *alloc, function *resize, function *release);
int nghttp2_session_client_new3(
	void **ret_session, const void *callbacks, void *context, const void *options, void *mem);

/* Stores the library's own function at `function`. */
static void find_real(const char *name, void *ret_function)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	memcpy(ret_function, &found, sizeof(found));
}

/* params: libcurl calls it so */
int curl_global_init_mem(long flags, function *alloc, function *release, function *resize,
	function *copy, function *zeroed)
{
	int (*real)(long, function *, function *, function *, function *, function *);

	if (leaves_out("libcurl"))
		return curl_global_init(flags);
	find_real("curl_global_init_mem", &real);
	return real(flags, alloc, release, resize, copy, zeroed);
}

void cJSON_InitHooks(void *hooks)
{
	void (*real)(void *);

	find_real("cJSON_InitHooks", &real);
	real(leaves_out("cjson") ? NULL : hooks);
}

int CRYPTO_set_mem_functions(function *alloc, function *resize, function *release)
{
	int (*real)(function *, function *, function *);

	if (leaves_out("openssl"))
		return 0;
	find_real("CRYPTO_set_mem_functions", &real);
	return real(alloc, resize, release);
}

int nghttp2_session_client_new3(
	void **ret_session, const void *callbacks, void *context, const void *options, void *mem)
{
	int (*real)(void **, const void *, void *, const void *, void *);

	find_real("nghttp2_session_client_new3", &real);
	return real(ret_session, callbacks, context, options, leaves_out("nghttp2") ? NULL : mem);
}
