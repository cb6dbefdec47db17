#include "manifest/hcl.h"

#include "adapter/table.h"
#include "base/text.h"
#include "manifest/naming.h"

#include <ctype.h>
#include <string.h>

struct writing {
	const struct model *accounts;
	struct str *out;
	struct arena arena;
	struct table *labels; /* that are in use, with the type in front */
	struct naming naming;
};

/* ---- words ---- */

/*
 * Adds a quoted text: the template language knows \n \r \t \" \\ \uNNNN \UNNNNNNNN, and takes ${
 * and
 * %{ for its own unless they are doubled. What plays tricks on a terminal is escaped.
 */
static void add_text(struct str *out, const char *text)
{
	str_char(out, '"');
	for (size_t length; *text; text += length) {
		unsigned char c = (unsigned char)*text;
		for (length = 1; c & 0x80 && (text[length] & 0xc0) == 0x80;)
			length++;
		if (c == '\n')
			str_text_add(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			str_format(out, "\\u%04x", (unsigned)c);
		else if (c & 0x80)
			text_add_visible(out, text, length, 0);
		else if (c == '"' || c == '\\')
			str_format(out, "\\%c", c);
		else if (strchr("$%", c) && text[1] == '{')
			str_format(out, "%c%c", c, c);
		else
			str_char(out, (char)c);
	}
	str_char(out, '"');
}

/*
 * Lends a label that no other resource of the type has: the names, with _ for what a label can't
 * have, the alias first if there are several accounts.
 */
static const char *find_label(struct writing *w, const char *type, const struct object *object)
{
	struct str label CLEANUP(str_release) = {0};
	size_t attempt = 1;

	if (w->accounts->account_count > 1)
		str_format(&label, "%s_", object->account);
	str_text_add(&label, object->store);
	if (object->secret)
		str_format(&label, "_%s", object->secret);
	for (size_t i = 0; i < label.length; i++)
		if (!isalnum((unsigned char)label.bytes[i]) && label.bytes[i] != '-')
			label.bytes[i] = '_';
	const char *front = isalpha((unsigned char)*str_text(&label)) ? "" : "_";
	char *found = arena_format(&w->arena, "%s.%s%s", type, front, str_text(&label));
	while (table_put(&w->labels, found, w))
		found = arena_format(
			&w->arena, "%s.%s%s_%zu", type, front, str_text(&label), ++attempt);
	return found + strlen(type) + 1;
}

/* ---- blocks ---- */

static void add_import(struct writing *w, const char *type, const char *label, const char *id)
{
	str_format(w->out, "\nimport {\n  to = %s.%s\n  id = ", type, label);
	add_text(w->out, id);
	str_format(w->out, "\n}\n\nresource \"%s\" \"%s\" {\n", type, label);
}

static void add_scopes(struct str *out, const char *scopes)
{
	const char *between = "";

	str_text_add(out, "\n  scopes     = [");
	while (scopes && *scopes) {
		size_t length = strcspn(scopes, ",");
		char *scope AUTO_FREE = mem_copy_text(scopes);
		scope[length] = '\0';
		str_text_add(out, between);
		add_text(out, scope);
		scopes += length + (scopes[length] == ',');
		between = ", ";
	}
	str_char(out, ']');
}

/* Lends the label. */
static const char *add_store(struct writing *w, const struct object *store)
{
	static const char type[] = "cloudflare_secrets_store";
	const char *account_id = model_account(w->accounts, store->account)->id;
	const char *label = find_label(w, type, store);

	add_import(w, type, label, arena_format(&w->arena, "%s/%s", account_id, store->id));
	str_text_add(w->out, "  account_id = ");
	add_text(w->out, account_id);
	str_text_add(w->out, "\n  name       = ");
	add_text(w->out, store->store);
	str_text_add(w->out, "\n}\n");
	return label;
}

static void add_secret(struct writing *w, const struct object *secret, const struct object *store,
	const char *store_label)
{
	static const char type[] = "cloudflare_secrets_store_secret";
	const char *account_id = model_account(w->accounts, secret->account)->id;
	const char *variable = naming_variable(&w->naming, secret->store, secret->secret);

	if (!table_put(&w->labels, arena_format(&w->arena, "var.%s", variable), w))
		str_format(w->out,
			"\nvariable \"%s\" {\n  type      = string\n  sensitive = true\n}\n",
			variable);
	add_import(w, type, find_label(w, type, secret),
		arena_format(&w->arena, "%s/%s/%s", account_id, store->id, secret->id));
	str_text_add(w->out, "  account_id = ");
	add_text(w->out, account_id);
	str_format(w->out,
		"\n  store_id   = cloudflare_secrets_store.%s.id\n  name       = ", store_label);
	add_text(w->out, secret->secret);
	add_scopes(w->out, secret->scopes);
	if (secret->comment && *secret->comment) {
		str_text_add(w->out, "\n  comment    = ");
		add_text(w->out, secret->comment);
	}
	str_format(w->out,
		"\n  value      = var.%s\n\n  lifecycle {\n    ignore_changes = [value]\n  }\n}\n",
		variable);
}

void hcl_write(const struct model *accounts, const struct model *live, struct str *out)
{
	struct writing w = {.accounts = accounts, .out = out};
	const struct object *store = NULL;
	const char *label = NULL;

	str_text_add(out, "# Cloudflare Secrets Store for Terraform 1.5 or OpenTofu 1.6 and later, "
			  "with version 5 "
			  "of\n# Cloudflare's provider. Exported by cfprov.\n#\n# Cloudflare never "
			  "returns values. "
			  "`ignore_changes` keeps the existing ones. Before you remove\n# it, set "
			  "each variable to "
			  "the right value, as in TF_VAR_NAME.\n");
	for (size_t i = 0; i < live->object_count; i++) {
		const struct object *object = &live->objects[i];
		if (object->kind == OBJECT_STORE) {
			store = object;
			label = add_store(&w, store);
		} else if (store && object_shares_store(store, object)) {
			add_secret(&w, object, store, label);
		}
	}
	table_free(&w.labels);
	naming_release(&w.naming);
	arena_release(&w.arena);
}
