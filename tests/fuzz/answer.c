/*
 * Answers of Cloudflare's API and of what is in between: the first line is the status (or nothing,
 * for 200), the rest the body. What is listed becomes objects; what is refused, an error that does
 * not show what was sent.
 */
#include "cloudflare/audit.h"
#include "cloudflare/cf.h"
#include "shared/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct account account = {
	.alias = "default", .id = "985e105f4ecef8ad9ca31a8372d0c353"};
static const struct object store = {.kind = OBJECT_STORE,
	.account = "default",
	.store = "keys",
	.id = "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"};

static void read_objects(const struct json *result)
{
	struct arena arena CLEANUP(arena_release) = {0};
	const struct cf_place places[] = {{&account, NULL}, {&account, &store}};
	const struct json *item = json_is_array(result) ? json_first(result) : result;

	for (; item; item = json_is_array(result) ? json_next(item) : NULL)
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			struct error err CLEANUP(error_release) = {0};
			struct object object = {0};
			if (!cf_object_decode(item, &places[i], &arena, &object, &err)) {
				fuzz_check_error(&err);
				continue;
			}
			HOLDS(cf_is_id(object.id) && (i ? object.secret : object.store)[0]);
			HOLDS(object_is_same(&object, &object));
			(void)!cf_is_deleted(&object);
		}
}

static void read_others(const struct json *result)
{
	struct error err CLEANUP(error_release) = {0};
	struct arena arena CLEANUP(arena_release) = {0};
	struct cf_quota quota;
	struct audit audit;
	struct object recorded = {.kind = OBJECT_SECRET,
		.id = "a0",
		.modified = "2026-01-02T03:04:05Z",
		.version = 1};
	struct object live = {
		.kind = OBJECT_SECRET, .id = "a0", .modified = "2026-01-02T03:04:09Z"};

	if (!cf_quota_decode(result, &quota, &err))
		fuzz_check_error(&err);
	if (json_is_array(result) && audit_judge(result, &recorded, &live, &arena, &audit)) {
		struct str text CLEANUP(str_release) = {0};
		audit_add_words(&text, &audit, true);
		fuzz_check_visible(str_text(&text), false);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first AUTO_FREE = fuzz_line(&data, &size), *text AUTO_FREE = fuzz_text(data, size);
	const struct str body = {text, size, size + 1};
	struct scrub scrub CLEANUP(scrub_release) = {0};
	struct secret secret CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	struct cf_answer answer;
	long status = *first ? strtol(first, NULL, 10) : 200;

	secret_copy(&secret, "hush-hush", 9);
	scrub_know(&scrub, &secret);
	const struct cf_response response = {.status = (int)(status % 1000),
		.body = &body,
		.ray = "",
		.scrub = &scrub,
		.is_challenged = status < 0};
	cf_answer_decode(&answer, &response, &err);
	HOLDS((answer.verdict == CF_DONE) == !err.message);
	if (err.message) {
		fuzz_check_error(&err);
		HOLDS(!strstr(err.message, "hush-hush"));
		HOLDS(!err.hint || !strstr(err.hint, "hush-hush"));
	}
	fuzz_check_errors(&answer.warnings, true);
	if (answer.verdict == CF_DONE) {
		read_objects(answer.result);
		read_others(answer.result);
	}
	cf_answer_release(&answer);
	return 0;
}
