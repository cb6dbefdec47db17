#include "manifest/writing.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"

/* ---- words ---- */

/* YAML 1.1 and 1.2: would this plain scalar be anything but text to some reader? */
static bool must_quote(const char *word)
{
	static const char *const others[] = {
		"true", "false", "yes", "no", "on", "off", "y", "n", "null"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcasecmp(word, others[i]) == 0)
			return true;
	return !strspn(word, LETTERS) || strchr(word, ':');
}

void writing_word(struct str *out, const char *word)
{
	const char *quote = must_quote(word) ? "\"" : "";

	str_format(out, "%s%s%s", quote, word, quote);
}

void writing_name(struct str *out, const char *before, const char *name, const char *after)
{
	str_text_add(out, before);
	writing_word(out, name);
	str_text_add(out, after);
}

void writing_text(struct str *out, const char *text, bool doubles_dollars)
{
	str_char(out, '"');
	while (*text) {
		size_t plain = strcspn(text, "\"\\$#");
		text_add_visible(out, text, plain, 0);
		text += plain;
		if (*text == '#') /* a CI may read "##" for a command */
			str_text_add(out, out->bytes[out->length - 1] == '#' ? "\\x23" : "#");
		else if (*text == '$')
			str_text_add(out, doubles_dollars ? "$$" : "$");
		else if (*text)
			str_format(out, "\\%c", *text);
		text += *text != '\0';
	}
	str_char(out, '"');
}

/* ---- sources ---- */

/* A path, key or pointer. Every reader takes .env, /run/db and ../DB_PASSWORD for text. */
static void add_path(struct str *out, const char *text)
{
	const char *first = text + strspn(text, "./");
	bool is_plain = !text[strspn(text, LETTERS "0123456789./-")] && strspn(first, LETTERS) &&
			strcasecmp(text, ".inf") != 0 && strcasecmp(text, ".nan") != 0;

	if (is_plain && (first > text || !must_quote(text)))
		str_text_add(out, text);
	else
		writing_text(out, text, false);
}

void writing_source(struct str *out, const struct value_source *source)
{
	static const char *const keys[] = {[VALUE_ENV] = "env",
		[VALUE_FILE] = "file",
		[VALUE_COMMAND] = "command",
		[VALUE_DOTENV] = "dotenv"};

	str_format(out, "{%s: ", keys[source->kind]);
	if (source->kind == VALUE_ENV)
		writing_word(out, source->name);
	else if (source->kind != VALUE_COMMAND)
		add_path(out, source->name);
	for (size_t i = 0; source->argv && source->argv[i]; i++) {
		str_text_add(out, i ? ", " : "[");
		writing_text(out, source->argv[i], false);
	}
	str_text_add(out, source->argv ? "]" : "");
	if (source->key) {
		str_text_add(out, ", key: ");
		add_path(out, source->key);
	}
	if (source->pointer) {
		str_text_add(out, ", json: ");
		add_path(out, source->pointer);
	}
	str_text_add(out, source->keeps_last_newline ? ", trim: false}" : "}");
}

/* ---- accounts ---- */

void writing_accounts(struct str *out, const struct model *accounts)
{
	const struct account *first = accounts->accounts;

	if (accounts->account_count == 1 && first->token.kind == VALUE_NONE &&
		strcmp(first->alias, MODEL_DEFAULT_ALIAS) == 0) {
		writing_name(out, "account_id: ", first->id, "\n\n");
		return;
	}
	str_text_add(out, "accounts:\n");
	for (size_t i = 0; i < accounts->account_count; i++) {
		const struct account *account = &accounts->accounts[i];
		writing_name(out, "  ", account->alias, ":\n");
		writing_name(out, "    account_id: ", account->id, "\n");
		if (account->token.kind == VALUE_NONE)
			continue;
		str_text_add(out, "    api_token: ");
		writing_source(out, &account->token);
		str_char(out, '\n');
	}
	str_char(out, '\n');
}
