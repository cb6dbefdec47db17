/*
 * The memory of libcurl, and of OpenSSL and nghttp2 below it, comes from base/mem, so that it is
 * wiped when they free it. OpenSSL and nghttp2 may be missing: libcurl can be built on others.
 */
#ifndef ADAPTER_HTTP_MEMORY_H
#define ADAPTER_HTTP_MEMORY_H

/* Starts libcurl, before any other call of it; each call needs a curl_global_cleanup. */
void http_memory_init(void);

#endif
