/*
 * What the servers of a state answer: the first line is the status of an object store's answer, the
 * rest its body; the same body as an object of a log, which is encoded and read again (its head may
 * leave size and checksum out), and as what an http server says about a lock.
 */
#include "adapter/s3_answer.h"
#include "shared/fuzz.h"
#include "state/lock_info.h"
#include "state/log_object.h"
#include "state/remote.h"

#include <stdlib.h>
#include <string.h>

static void read_store(int status, const struct str *body)
{
	struct scrub scrub CLEANUP(scrub_release) = {0};
	struct secret secret CLEANUP(secret_release) = {0};
	struct http_response response = {.outcome = HTTP_ANSWERED,
		.status = status,
		.body = *body,
		.retry_after_ms = -1,
		.date = "Tue, 14 Nov 2023 22:13:20 GMT"};

	secret_copy(&secret, "hush-hush", 9);
	scrub_know(&scrub, &secret);
	for (enum s3_verb verb = S3_GET; verb <= S3_DELETE; verb++) {
		const struct s3_asked asked = {
			verb, "bucket", "auto", "https://host", 1700000000, &scrub};
		struct error err CLEANUP(error_release) = {0};
		enum s3_meaning meaning = s3_answer_read(&asked, &response, &err);
		bool is_clear = meaning == S3_DONE || meaning == S3_ABSENT || meaning == S3_PRESENT;
		HOLDS(is_clear == !err.message);
		if (err.message) {
			fuzz_check_error(&err);
			HOLDS(!strstr(err.message, "hush-hush"));
		}
		/* Nothing but S3's own word says that there is no state. */
		HOLDS(meaning != S3_ABSENT || strstr(body->bytes, "NoSuchKey"));
	}
}

static void check_object(const struct log_head *head, const struct str *payload)
{
	struct log_head out = *head, again;
	struct str bytes CLEANUP(str_release) = {0};
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	out.payload = payload;
	log_object_encode(&out, &bytes);
	if (!log_object_decode("x", &bytes, &arena, &again, &err))
		fuzz_fail(err.message, __FILE__, __LINE__);
	HOLDS(again.kind == head->kind && again.serial == head->serial &&
		again.epoch == head->epoch && again.size == payload->length &&
		again.left_count == head->left_count);
	HOLDS(bytes.length == payload->length &&
		(!bytes.length || memcmp(bytes.bytes, payload->bytes, bytes.length) == 0));
}

static void read_object(const struct str *body)
{
	struct arena arena CLEANUP(arena_release) = {0};
	struct error err CLEANUP(error_release) = {0}, head_err CLEANUP(error_release) = {0};
	struct str bytes CLEANUP(str_release) = {0};
	struct log_head head;

	if (!log_object_read_head("x", body, &arena, &head, &head_err))
		fuzz_check_error(&head_err);
	str_add(&bytes, body->bytes, body->length);
	if (log_object_decode("x", &bytes, &arena, &head, &err))
		check_object(&head, &bytes);
	else
		fuzz_check_error(&err);
}

/* The same with the size and the checksum that the head should have. */
static void read_repaired(const struct str *body)
{
	const char *brk = memchr(body->bytes, '\n', body->length);
	size_t head = brk ? (size_t)(brk - body->bytes) : 0, rest = body->length - head - 1;
	struct str whole CLEANUP(str_release) = {0};
	char sha256[CRYPT_SHA256_SIZE];

	if (!head || brk[-1] != '}')
		return;
	crypt_sha256(brk + 1, rest, sha256);
	str_add(&whole, body->bytes, head - 1);
	str_format(&whole, ",\"size\":%zu,\"sha256\":\"%s\"}\n", rest, sha256);
	str_add(&whole, brk + 1, rest);
	read_object(&whole);
}

static void read_lock(int status, const struct str *body)
{
	struct str text CLEANUP(str_release) = {0};
	struct remote_answer answer = {.outcome = HTTP_ANSWERED, .status = status, .body = *body};

	lock_info_describe(body, &text);
	lock_info_add_id(body, &text);
	fuzz_check_visible(str_text(&text), false);
	(void)remote_is_page(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first AUTO_FREE = fuzz_line(&data, &size), *text AUTO_FREE = fuzz_text(data, size);
	const struct str body = {text, size, size + 1};
	int status = (int)(strtol(first, NULL, 10) % 1000);

	read_store(status, &body);
	read_object(&body);
	read_repaired(&body);
	read_lock(status, &body);
	return 0;
}
