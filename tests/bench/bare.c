/*
 * The floor of the benchmarks: what libcurl needs to send requests, with no manifest, state or
 * journal. Exit status 1 if one failed, or if it was sent to https and not over HTTP/2.
 *
 *     bare post URL PARALLEL COUNT    creates the stores store_1 ... store_COUNT
 *     bare get URL PARALLEL COUNT     reads the pages 1 ... COUNT
 *
 * CLOUDFLARE_API_TOKEN is sent; the certificates are those of SSL_CERT_FILE.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t discard(char *bytes, size_t size, size_t count, void *user)
{
	(void)bytes;
	(void)user;
	return size * count;
}

static CURL *new_handle(struct curl_slist *headers)
{
	CURL *easy = curl_easy_init();
	const char *certificates = getenv("SSL_CERT_FILE");

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L); /* else two system calls for each step */
	if (certificates)
		curl_easy_setopt(easy, CURLOPT_CAINFO, certificates);
	return easy;
}

/* Sends request number n, on a handle that is free. */
static void send_request(CURLM *multi, CURL *easy, char **argv, long n)
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

static bool succeeded(const CURLMsg *message, const char *url)
{
	long version = 0;

	curl_easy_getinfo(message->easy_handle, CURLINFO_HTTP_VERSION, &version);
	return message->data.result == CURLE_OK &&
	       (strncmp(url, "https:", 6) != 0 || version == CURL_HTTP_VERSION_2_0);
}

int main(int argc, char **argv)
{
	const char *token = getenv("CLOUDFLARE_API_TOKEN");

	if (argc != 5 || !token || strlen(argv[2]) > 800)
		return 2;
	long parallel = strtol(argv[3], NULL, 10), count = strtol(argv[4], NULL, 10);
	long sent = 0, done = 0, failed = 0;
	char authorization[200];
	snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", token);
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	headers = curl_slist_append(headers, authorization);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	CURLM *multi = curl_multi_init();
	while (sent < parallel && sent < count)
		send_request(multi, new_handle(headers), argv, ++sent);
	while (done < count) {
		long before = sent;
		int unused;
		CURLMsg *message;

		curl_multi_perform(multi, &unused);
		while ((message = curl_multi_info_read(multi, &unused))) {
			CURL *easy = message->easy_handle;

			done++;
			failed += !succeeded(message, argv[2]);
			curl_multi_remove_handle(multi, easy);
			if (sent < count)
				send_request(multi, easy, argv, ++sent);
			else
				curl_easy_cleanup(easy);
		}
		if (done < count && sent == before)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	curl_multi_cleanup(multi);
	curl_slist_free_all(headers);
	return failed > 0;
}
