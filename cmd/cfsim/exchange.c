#include "exchange.h"

#include <stdlib.h>
#include <strings.h>

const struct json *request_json(struct request *request)
{
	struct error err CLEANUP(error_release) = {0};

	if (!request->json_was_asked) {
		request->json_was_asked = true;
		request->json = json_parse(str_text(&request->body), request->body.length, &err);
	}
	return request->json;
}

void request_release(struct request *request)
{
	mem_free(request->target);
	mem_free(request->authorization);
	mem_free(request->auth_email);
	mem_free(request->auth_key);
	mem_free(request->actor);
	str_release(&request->body);
	json_free(request->json);
	*request = (struct request){0};
}

void answer_header(struct answer *answer, const char *name, const char *format, ...)
{
	struct str value = {0};
	va_list args;

	if (answer->header_count == ANSWER_HEADERS)
		return;
	va_start(args, format);
	str_format_list(&value, format, args);
	va_end(args);
	answer->headers[answer->header_count++] = (struct answer_header){
		.name = mem_copy_text(name),
		.value = str_steal(&value),
	};
}

void answer_drop_header(struct answer *answer, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < answer->header_count; i++) {
		struct answer_header *header = &answer->headers[i];
		if (strcasecmp(header->name, name) != 0) {
			answer->headers[kept++] = *header;
			continue;
		}
		mem_free(header->name);
		mem_free(header->value);
	}
	answer->header_count = kept;
}

void answer_release(struct answer *answer)
{
	for (size_t i = 0; i < answer->header_count; i++) {
		mem_free(answer->headers[i].name);
		mem_free(answer->headers[i].value);
	}
	str_release(&answer->body);
	*answer = (struct answer){0};
}
