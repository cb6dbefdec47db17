/*
 * The floor of the benchmarks: what libcurl needs for the same requests, with no manifest, state or
 * journal. Exit status 1 if a request failed.
 *
 *     bare post URL PARALLEL COUNT    creates the stores store_1 ... store_COUNT
 *     bare get URL PARALLEL COUNT     reads the pages 1 ... COUNT
 *
 * CLOUDFLARE_API_TOKEN is sent. https talks HTTP/2, with the certificates of SSL_CERT_FILE.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t discard(char *bytes, size_t size, size_t count, void *user)
{
	(void)bytes;
	(void)user;
	return size * count;
}

static void prepare(CURL *easy, struct curl_slist *headers)
{
	const char *certificates = getenv("SSL_CERT_FILE");

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L); /* else two system calls for each step */
	if (certificates)
		curl_easy_setopt(easy, CURLOPT_CAINFO, certificates);
}

/* The request number n, on a handle that is free. */
static void send_next(CURLM *multi, CURL *easy, const char *const *argv, long n)
{
	char text[1000];

	if (!strcmp(argv[1], "post")) {
		snprintf(text, sizeof(text), "{\"name\":\"store_%ld\"}", n);
		curl_easy_setopt(easy, CURLOPT_URL, argv[2]);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, text);
	} else {
		snprintf(text, sizeof(text), "%s?page=%ld&per_page=100&order=created&direction=asc",
			argv[2], n);
		curl_easy_setopt(easy, CURLOPT_URL, text);
	}
	curl_multi_add_handle(multi, easy);
}

/* Takes what has ended and sends what is left; says how many have failed. */
static long turn(CURLM *multi, const char *const *argv, long count, long *sent, long *done)
{
	long failed = 0;
	int left;
	CURLMsg *message;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURL *easy = message->easy_handle;

		failed += message->data.result != CURLE_OK;
		++*done;
		curl_multi_remove_handle(multi, easy);
		if (*sent < count)
			send_next(multi, easy, argv, ++*sent);
		else
			curl_easy_cleanup(easy);
	}
	return failed;
}

int main(int argc, char **argv)
{
	const char *const *words = (const char *const *)argv;
	const char *token = getenv("CLOUDFLARE_API_TOKEN");
	char authorization[200];
	struct curl_slist *headers;
	CURLM *multi;
	long parallel, count, sent = 0, done = 0, failed = 0;
	int running;

	if (argc != 5 || !token || strlen(argv[2]) > 800)
		return 2;
	parallel = strtol(argv[3], NULL, 10);
	count = strtol(argv[4], NULL, 10);
	snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", token);
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	headers = curl_slist_append(headers, authorization);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	while (sent < parallel && sent < count) {
		CURL *easy = curl_easy_init();

		prepare(easy, headers);
		send_next(multi, easy, words, ++sent);
	}
	while (done < count) {
		long before = sent;

		curl_multi_perform(multi, &running);
		failed += turn(multi, words, count, &sent, &done);
		if (done < count && sent == before)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	curl_multi_cleanup(multi);
	curl_slist_free_all(headers);
	return failed > 0;
}
