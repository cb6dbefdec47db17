#include "envelope.h"

#include "adapter/crypt.h"

#include <string.h>

/* Two checksums make the 32 digits. */
void envelope_put_id(struct json_writer *writer, const char *key, const char *text)
{
	char first[CRYPT_CHECKSUM_SIZE], second[CRYPT_CHECKSUM_SIZE];
	struct str id CLEANUP(str_release) = {0};

	crypt_checksum(text, strlen(text), first);
	crypt_checksum(first, strlen(first), second);
	str_format(&id, "%s%s", first, second);
	json_put_text(writer, key, str_text(&id));
}

static void begin(struct answer *answer, unsigned status)
{
	answer->status = status;
	answer->content_type = "application/json";
	str_clear(&answer->body);
}

/* A list of the envelope: these items, or none. */
static void put_list(struct json_writer *writer, const char *key, const char *items)
{
	json_begin_array(writer, key);
	str_text_add(writer->out, items ? items : "");
	json_end(writer);
}

struct json_writer envelope_begin(struct answer *answer, unsigned status)
{
	struct json_writer writer = json_writer(&answer->body, 0);

	begin(answer, status);
	json_begin_object(&writer, NULL);
	json_put_bool(&writer, "success", true);
	put_list(&writer, "errors", answer->errors);
	put_list(&writer, "messages", answer->messages);
	return writer;
}

void envelope_end(struct json_writer *writer)
{
	json_end(writer);
}

void envelope_null(struct answer *answer, unsigned status)
{
	struct json_writer writer = envelope_begin(answer, status);

	json_put_null(&writer, "result");
	envelope_end(&writer);
}

static void put_chain(struct json_writer *writer, const struct problem *problem)
{
	if (!problem->chain_code)
		return;
	json_begin_array(writer, "error_chain");
	json_begin_object(writer, NULL);
	json_put_integer(writer, "code", problem->chain_code);
	json_put_text(writer, "message", problem->chain_message);
	json_end(writer);
	json_end(writer);
}

static void put_errors(
	struct json_writer *writer, const struct problem *problem, const char *detail)
{
	struct str message CLEANUP(str_release) = {0};

	str_text_add(&message, problem->message);
	if (detail)
		str_format(&message, ": %s", detail);
	json_begin_array(writer, "errors");
	json_begin_object(writer, NULL);
	json_put_integer(writer, "code", problem->code);
	json_put_text(writer, "message", str_text(&message));
	put_chain(writer, problem);
	json_end(writer);
	json_end(writer);
}

void envelope_problem(struct answer *answer, const struct problem *problem, const char *detail)
{
	struct json_writer writer = json_writer(&answer->body, 0);

	begin(answer, problem->status);
	json_begin_object(&writer, NULL);
	json_put_bool(&writer, "success", false);
	if (answer->errors)
		put_list(&writer, "errors", answer->errors);
	else
		put_errors(&writer, problem, detail);
	put_list(&writer, "messages", answer->messages);
	json_put_null(&writer, "result");
	json_end(&writer);
}
