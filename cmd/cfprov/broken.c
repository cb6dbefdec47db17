#include "broken.h"

#include "base/text.h"
#include "term.h"

#include <string.h>

void broken_describe(const struct broken_binding *broken, struct error *ret)
{
	const struct worker_binding *binding = broken->binding;
	const struct row *row = broken->row;
	char *address AUTO_FREE = object_address(row_object(row));
	struct str text CLEANUP(str_release) = {0};

	text_add_visible(&text, address, strlen(address), 0);
	if (broken->kind == BREAK_RENAME) {
		str_text_add(&text, " will be renamed to ");
		text_add_quoted(&text, row->renamed_to->secret, 60);
	} else {
		str_text_add(&text, broken->kind == BREAK_SCOPE ? " will lose the scope `workers`"
								: " will be destroyed");
	}
	str_text_add(&text, ", but a Worker binds ");
	if (broken->kind == BREAK_STORE) {
		str_text_add(&text, "its secret ");
		text_add_quoted(&text, binding->secret, 60);
	} else {
		str_text_add(&text, "it");
	}
	str_text_add(&text, " as ");
	text_add_quoted(&text, binding->name, 60);
	if (binding->environment) {
		str_text_add(&text, " in env ");
		text_add_quoted(&text, binding->environment, 60);
	}
	error_set(ret, "%s", str_text(&text));
	error_hint(ret, "The Worker's next deployment will fail. Change the binding with it.");
	error_at(ret, binding->place.file, binding->place.line, binding->place.column);
}

void broken_warn(const struct plan *plan)
{
	struct error_list warnings CLEANUP(error_list_release) = {0};

	for (size_t i = 0; i < plan->broken_count; i++)
		broken_describe(&plan->broken[i], error_list_add(&warnings));
	error_list_cut(&warnings);
	term_warnings(&warnings);
}

void broken_put(struct json_writer *json, const struct plan *plan)
{
	static const char *const words[] = {[BREAK_DESTROY] = "destroy",
		[BREAK_RENAME] = "rename",
		[BREAK_STORE] = "destroy_store",
		[BREAK_SCOPE] = "scope"};

	if (!plan->broken_count)
		return;
	json_begin_array(json, "broken_bindings");
	for (size_t i = 0; i < plan->broken_count; i++) {
		const struct worker_binding *it = plan->broken[i].binding;
		char *address AUTO_FREE = object_address(row_object(plan->broken[i].row));
		json_begin_object(json, NULL);
		json_put_text(json, "address", address);
		json_put_text(json, "action", words[plan->broken[i].kind]);
		json_put_text(json, "binding", it->name);
		json_put_text(json, "environment", it->environment);
		json_put_text(json, "secret_name", it->secret);
		json_put_text(json, "file", it->place.file);
		json_put_integer(json, "line", (int64_t)it->place.line);
		json_end(json);
	}
	json_end(json);
}
