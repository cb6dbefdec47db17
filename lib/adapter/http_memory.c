#include "adapter/http_memory.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>

static void *alloc(size_t size)
{
	return mem_resize(NULL, size);
}

static void *alloc_zeroed(size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		mem_exhausted();
	return mem_alloc(count * size);
}

/* ---- OpenSSL: CRYPTO_set_mem_functions(3) ---- */

typedef void *openssl_alloc(size_t size, const char *file, int line);
typedef void *openssl_resize(void *memory, size_t size, const char *file, int line);
typedef void openssl_free(void *memory, const char *file, int line);

/* Weak: NULL where libcurl is built on something else. */
extern int CRYPTO_set_mem_functions(openssl_alloc *, openssl_resize *, openssl_free *)
	__attribute__((weak));

static void *alloc_for_openssl(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size ? alloc(size) : NULL;
}

static void free_for_openssl(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	mem_free(memory);
}

static void *resize_for_openssl(void *memory, size_t size, const char *file, int line)
{
	if (size)
		return mem_resize(memory, size);
	free_for_openssl(memory, file, line);
	return NULL;
}

/* ---- nghttp2 ---- */

/* As in nghttp2.h, where they are part of the stable interface: nghttp2_mem(3). */
struct nghttp2_mem {
	void *context;
	void *(*alloc)(size_t size, void *context);
	void (*release)(void *memory, void *context);
	void *(*alloc_zeroed)(size_t count, size_t size, void *context);
	void *(*resize)(void *memory, size_t size, void *context);
};

extern int nghttp2_session_client_new3(void **ret_session, const void *callbacks, void *context,
	const void *options, struct nghttp2_mem *mem) __attribute__((weak));

int nghttp2_session_client_new2(
	void **ret_session, const void *callbacks, void *context, const void *options);

static void *alloc_for_nghttp2(size_t size, void *context)
{
	(void)context;
	return alloc(size);
}

static void free_for_nghttp2(void *memory, void *context)
{
	(void)context;
	mem_free(memory);
}

static void *alloc_zeroed_for_nghttp2(size_t count, size_t size, void *context)
{
	(void)context;
	return alloc_zeroed(count, size);
}

static void *resize_for_nghttp2(void *memory, size_t size, void *context)
{
	(void)context;
	return mem_resize(memory, size);
}

/*
 * libcurl makes its HTTP/2 sessions with the function of this name, which takes no allocator
 * (newer versions hand theirs to new3). The dynamic linker gives it ours, which differs from
 * nghttp2's in nothing else. It is weak so that in a static link nghttp2's own takes its place;
 * there, freed memory of nghttp2 is not wiped.
 */
__attribute__((weak)) int nghttp2_session_client_new2(
	void **ret_session, const void *callbacks, void *context, const void *options)
{
	static struct nghttp2_mem mem = {NULL, alloc_for_nghttp2, free_for_nghttp2,
		alloc_zeroed_for_nghttp2, resize_for_nghttp2};

	return nghttp2_session_client_new3(ret_session, callbacks, context, options, &mem);
}

/* ---- libcurl ---- */

void http_memory_init(void)
{
	/* libcurl opens this file when it starts; it would let others read the traffic. */
	(void)unsetenv("SSLKEYLOGFILE");
	/* It refuses once it has allocated; then it goes on with what it has. */
	if (CRYPTO_set_mem_functions)
		(void)CRYPTO_set_mem_functions(
			alloc_for_openssl, resize_for_openssl, free_for_openssl);
	/* Only the first call decides where libcurl gets its memory; the others are counted. */
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, alloc, mem_free, mem_resize, mem_copy_text,
		    alloc_zeroed) != CURLE_OK)
		mem_exhausted();
}
