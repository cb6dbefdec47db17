#include "value_source.h"

#include "base/text.h"
#include "base/token.h"
#include "source/source_name.h"

enum { NAME_COLUMNS = 100, COMMAND_COLUMNS = 400 };

static void add_name(struct str *out, const char *before, const char *name)
{
	char *visible AUTO_FREE = text_visible(name, 0);

	str_text_add(out, before);
	text_add_ends(out, visible, NAME_COLUMNS);
}

void value_source_add(struct str *out, const struct value_source *source)
{
	switch (source->kind) {
	case VALUE_NONE:
		break;
	case VALUE_ENV:
		add_name(out, " from env ", source->name);
		break;
	case VALUE_FILE:
		add_name(out, " from file ", source->name);
		break;
	case VALUE_COMMAND:
		str_text_add(out, " from command `");
		source_add_command(out, source->argv, COMMAND_COLUMNS);
		str_char(out, '`');
		for (size_t i = 0; source->env && source->env[i]; i++)
			add_name(out, i ? ", " : " with ", source->env[i]);
		break;
	case VALUE_DOTENV:
		add_name(out, " from ", source->name);
		add_name(out, ", key ", source->key);
		break;
	case VALUE_GENERATE:
		str_format(out, " generated (%zu bytes)", source->bytes);
		break;
	case VALUE_STDIN:
		str_text_add(out, " from standard input");
		break;
	}
	if (source->pointer)
		add_name(out, ", JSON ", source->pointer);
}

static void put_texts(struct json_writer *json, const char *key, const char *const *texts)
{
	if (!texts)
		return;
	json_begin_array(json, key);
	for (; *texts; texts++) {
		struct str text CLEANUP(str_release) = {0};
		token_add_hidden(&text, *texts);
		json_put_text(json, NULL, str_text(&text));
	}
	json_end(json);
}

void value_source_put(struct json_writer *json, const char *key, const struct value_source *source)
{
	static const char *const keys[] = {
		[VALUE_ENV] = "env", [VALUE_FILE] = "file", [VALUE_DOTENV] = "dotenv"};

	if (source->kind == VALUE_NONE) {
		json_put_null(json, key);
		return;
	}
	json_begin_object(json, key);
	if (source->kind == VALUE_STDIN) {
		json_put_bool(json, "stdin", true);
	} else if (source->kind == VALUE_GENERATE) {
		json_begin_object(json, "generate");
		json_put_integer(json, "bytes", (int64_t)source->bytes);
		json_put_text(json, "encoding", source->name);
		json_end(json);
	} else if (source->kind == VALUE_COMMAND) {
		put_texts(json, "command", source->argv);
		put_texts(json, "env", source->env);
		json_put_text(json, "folder", source->folder ? source->folder : ".");
	} else {
		json_put_text(json, keys[source->kind], source->name);
	}
	if (source->key)
		json_put_text(json, "key", source->key);
	if (source->pointer)
		json_put_text(json, "json", source->pointer);
	if (source->keeps_last_newline)
		json_put_bool(json, "trim", false);
	json_end(json);
}

void value_source_put_account(
	struct json_writer *json, const char *key, const struct account *account)
{
	json_begin_object(json, key);
	json_put_text(json, "alias", account->alias);
	json_put_text(json, "id", account->id);
	value_source_put(json, "token_source", &account->token);
	json_end(json);
}
