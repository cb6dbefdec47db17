/*
 * Inside http: waits until libcurl has something to do, and lets it do only that.
 * curl_multi_perform would look at every transfer in progress, with a system call for each,
 * whenever one of them can go on.
 */
#ifndef ADAPTER_HTTP_LOOP_H
#define ADAPTER_HTTP_LOOP_H

#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_loop {
	CURLM *multi;
	/* The sockets that libcurl waits for, after the one that wakes us. */
	struct pollfd *sockets, *ready;
	size_t count, room, ready_room;
	int64_t due_ms; /* when libcurl wants to be called; negative: never */
};

/* Keeps the loop: it must not move. `wake_fd` negative: none. */
void http_loop_init(struct http_loop *loop, CURLM *multi, int wake_fd);

/*
 * Waits at most wait_ms for something to happen, and lets libcurl handle it. True if that was also
 * that wake_fd is readable.
 */
bool http_loop_turn(struct http_loop *loop, int64_t wait_ms);

/* After curl_multi_cleanup, which still reports sockets. */
void http_loop_release(struct http_loop *loop);

#endif
