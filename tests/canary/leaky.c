/*
 * cfprov with one wipe left out, so that tests/canary can see its search find something. The
 * variable LEAVES_OUT says which: "memory", all that base/mem frees; or "libcurl", "openssl" or
 * "nghttp2", which is then not told to get its memory there; or "cjson", which gets only the root
 * of a document there.
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

struct hooks {
	void *(*alloc)(size_t size);
	void (*release)(void *memory);
};

static struct hooks given;
static bool has_root;

static void *alloc_elsewhere(size_t size)
{
	if (has_root)
		return mem_alloc(size); /* nobody frees it */
	has_root = true;
	return given.alloc(size);
}

void cJSON_InitHooks(void *hooks)
{
	void (*real)(void *);
	struct hooks other = {alloc_elsewhere, NULL};

	find_real("cJSON_InitHooks", &real);
	if (!hooks || !leaves_out("cjson")) {
		real(hooks);
		return;
	}
	memcpy(&given, hooks, sizeof(given));
	other.release = given.release;
	has_root = false;
	real(&other);
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
