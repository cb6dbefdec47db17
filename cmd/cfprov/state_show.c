/* cfprov state show: what is recorded of one object. */
#include "commands.h"
#include "fields.h"
#include "render.h"
#include "session.h"
#include "term.h"

#include "base/text.h"

#include <string.h>

static const struct object *find(const struct model *model, const char *address)
{
	struct error err CLEANUP(error_release) = {0};
	struct str shown CLEANUP(str_release) = {0};

	for (size_t i = 0; i < model->object_count; i++) {
		char *its AUTO_FREE = object_address(&model->objects[i]);
		if (strcmp(its, address) == 0)
			return &model->objects[i];
	}
	text_add_visible(&shown, address, strlen(address), 120);
	error_set(&err, "nothing in the state has the address %s", str_text(&shown));
	error_hint(&err, "cfprov state list says which there are.");
	term_error(&err);
	return NULL;
}

static void add_json(struct str *out, const struct object *object, const char *account_id)
{
	struct json_writer writer = json_writer(out, 2);
	char *address AUTO_FREE = object_address(object);

	json_begin_object(&writer, NULL);
	json_put_text(&writer, "address", address);
	json_put_text(&writer, "type", object_kind_word(object->kind));
	json_put_text(&writer, "account", object->account);
	json_put_text(&writer, "account_id", account_id);
	json_put_text(&writer, "name", object->secret ? object->secret : object->store);
	fields_put(&writer, object);
	json_end(&writer);
	str_char(out, '\n');
}

int state_show_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release);
	struct str text CLEANUP(str_release) = {0};

	session_init(&session, cli, NULL);
	if (!session_read_state(&session))
		return EXIT_ERROR;
	const struct model *model = &session.ledger.state.model;
	const struct object *object = find(model, cli->arguments[0]);
	if (!object)
		return EXIT_ERROR;
	const char *account_id = model_account(model, object->account)->id;
	if (cli->json) {
		add_json(&text, object, account_id);
	} else {
		render_address(&text, object);
		str_format(&text, "\n    %-9s %s\n", "account", account_id);
		fields_add(&text, object);
	}
	term_out_str(&text);
	return EXIT_DONE;
}
