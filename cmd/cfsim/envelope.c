#include "envelope.h"

static void begin(struct answer *answer, unsigned status)
{
	answer->status = status;
	answer->content_type = "application/json";
	str_clear(&answer->body);
}

struct json_writer envelope_begin(struct answer *answer, unsigned status)
{
	struct json_writer writer = json_writer(&answer->body, 0);

	begin(answer, status);
	json_begin_object(&writer, NULL);
	json_put_bool(&writer, "success", true);
	json_begin_array(&writer, "errors");
	json_end(&writer);
	json_begin_array(&writer, "messages");
	json_end(&writer);
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

void envelope_problem(struct answer *answer, const struct problem *problem, const char *detail)
{
	struct json_writer writer = json_writer(&answer->body, 0);
	struct str message CLEANUP(str_release) = {0};

	begin(answer, problem->status);
	str_text_add(&message, problem->message);
	if (detail)
		str_format(&message, ": %s", detail);
	json_begin_object(&writer, NULL);
	json_put_bool(&writer, "success", false);
	json_begin_array(&writer, "errors");
	json_begin_object(&writer, NULL);
	json_put_integer(&writer, "code", problem->code);
	json_put_text(&writer, "message", str_text(&message));
	put_chain(&writer, problem);
	json_end(&writer);
	json_end(&writer);
	json_begin_array(&writer, "messages");
	json_end(&writer);
	json_put_null(&writer, "result");
	json_end(&writer);
}
