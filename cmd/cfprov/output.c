/* cfprov output: ids, or the bindings of a Worker, for other tools. */
#include "adapter/json.h"
#include "commands.h"
#include "manifest/pick.h"
#include "render.h"
#include "session.h"
#include "term.h"
#include "wrangler.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct output {
	char *address;
	const struct object *object;
};

static int compare(const void *a, const void *b)
{
	const struct output *x = a, *y = b;

	return strcmp(x->address, y->address);
}

static void add_all_json(struct str *out, const struct output *outputs, size_t count)
{
	struct json_writer writer = json_writer(out, 2);

	json_begin_object(&writer, NULL);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&writer, outputs[i].address);
		json_put_bool(&writer, "sensitive", false);
		json_put_text(&writer, "type", "string");
		json_put_text(&writer, "value", outputs[i].object->id);
		json_end(&writer);
	}
	json_end(&writer);
	str_char(out, '\n');
}

/* An id is letters, digits, _ and -: it needs no escapes. */
static void add_id(struct str *out, const struct object *object)
{
	if (object->id)
		str_format(out, "\"%s\"\n", object->id);
	else
		str_text_add(out, "(not known yet: the next apply looks for it)\n");
}

static void add_all(struct str *out, const struct output *outputs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		render_address(out, outputs[i].object);
		str_text_add(out, " = ");
		add_id(out, outputs[i].object);
	}
	if (!count)
		term_say("The state is empty: there is nothing to put out.");
}

static bool add_one(struct str *out, const struct cli *cli, const struct object *object)
{
	struct error err CLEANUP(error_release) = {0};

	if (cli->json && !object->id) {
		str_text_add(out, "null\n");
	} else if (!cli->raw) {
		add_id(out, object);
	} else if (object->id) {
		str_text_add(out, object->id);
	} else {
		error_set(&err, "its id is not known yet");
		error_hint(&err, "An apply was cut off; the next one looks for it by name.");
		term_error(&err);
		return false;
	}
	return true;
}

static bool refuse_address(const char *address)
{
	struct str shown CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	text_add_visible(&shown, address, strlen(address), 120);
	error_set(&err, "nothing in the state has the address %s", str_text(&shown));
	error_hint(&err, "cfprov state list says which there are.");
	term_error(&err);
	return false;
}

static const struct object *find(const struct output *outputs, size_t count, const char *address)
{
	struct output wanted = {.address = mem_copy_text(address)};
	const struct output *found =
		count ? bsearch(&wanted, outputs, count, sizeof(wanted), compare) : NULL;

	free(wanted.address);
	if (!found)
		(void)!refuse_address(address);
	return found ? found->object : NULL;
}

static bool check_options(const struct cli *cli)
{
	struct error err CLEANUP(error_release) = {0};

	if (cli->raw && cli->json)
		error_set(&err, "-raw and -json are two ways to write it: give one");
	else if (cli->format && (cli->raw || cli->json))
		error_set(&err, "-format excludes -raw and -json");
	else if (cli->raw && !cli->argument_count)
		error_set(&err, "-raw writes one id: say of which address");
	else
		return true;
	term_error(&err);
	return false;
}

static bool write_outputs(const struct cli *cli, const struct output *outputs, size_t count)
{
	struct str text CLEANUP(str_release) = {0};
	const struct object *one = NULL;

	if (cli->argument_count) {
		one = find(outputs, count, cli->arguments[0]);
		if (!one || !add_one(&text, cli, one))
			return false;
	} else if (cli->json) {
		add_all_json(&text, outputs, count);
	} else {
		add_all(&text, outputs, count);
	}
	term_out_str(&text);
	return true;
}

static bool matches_any(const struct model *model, const char *pattern)
{
	for (size_t i = 0; i < model->object_count; i++)
		if (object_matches(&model->objects[i], pattern))
			return true;
	return false;
}

static int write_bindings(const struct cli *cli, const struct model *model)
{
	struct str text CLEANUP(str_release) = {0}, warning CLEANUP(str_release) = {0};
	struct error err CLEANUP(error_release) = {0};
	const struct wrangler_input input = {
		.recorded = model,
		.pattern = cli->argument_count ? cli->arguments[0] : NULL,
		.is_toml = cli->format == FORMAT_WRANGLER_TOML,
	};
	size_t count, unknown;

	if (input.pattern && !matches_any(model, input.pattern))
		return refuse_address(input.pattern) ? EXIT_DONE : EXIT_ERROR;
	if (!wrangler_add(&input, &text, &count, &unknown, &err)) {
		term_error(&err);
		return EXIT_ERROR;
	}
	term_out_str(&text);
	if (!count && !unknown)
		term_say("No secret here has the scope `workers`: there is nothing to bind.");
	str_format(&warning,
		"%zu secret%s left out: an apply was cut off, and the next one finds "
		"out whether they live",
		unknown, unknown == 1 ? " is" : "s are");
	if (unknown)
		term_warning(str_text(&warning));
	return EXIT_DONE;
}

/* -account is about what the state calls accounts. */
static bool pick_recorded(const struct cli *cli, struct model *recorded)
{
	const struct pick pick = {"the state", cli->accounts.items, cli->accounts.count};
	struct error err CLEANUP(error_release) = {0};

	if (pick_accounts(&pick, recorded, &err))
		return true;
	term_error(&err);
	return false;
}

int output_run(const struct cli *cli)
{
	struct session session CLEANUP(session_release) = {0};

	if (!check_options(cli))
		return EXIT_ERROR;
	session_init(&session, cli, NULL);
	if (!session_read_state(&session) || !pick_recorded(cli, &session.ledger.state.model))
		return EXIT_ERROR;
	const struct model *model = &session.ledger.state.model;
	if (cli->format)
		return write_bindings(cli, model);
	size_t count = model->object_count;
	struct output *outputs AUTO_FREE = mem_alloc(count * sizeof(*outputs));
	for (size_t i = 0; i < count; i++)
		outputs[i] =
			(struct output){object_address(&model->objects[i]), &model->objects[i]};
	if (count)
		qsort(outputs, count, sizeof(*outputs), compare);
	bool is_good = write_outputs(cli, outputs, count);
	for (size_t i = 0; i < count; i++)
		free(outputs[i].address);
	return is_good ? EXIT_DONE : EXIT_ERROR;
}
