#include "manifest/foreign.h"

#include "adapter/json.h"
#include "adapter/table.h"
#include "base/text.h"
#include "manifest/shape.h"

#include <string.h>

enum { SHOWN_COLUMNS = 160 };

/* What Pulumi puts around a secret: pkg/resource/properties.go. */
#define PULUMI_SIGNATURE "4dabf18193072939515e22adb298388d"

/* The words of one tool. */
struct dialect {
	const char *types[2]; /* by enum object_kind */
	const char *account_id, *store_id;
	const char *values[2]; /* what the value is called; NULL: no other name */
};

/* The first documentation of the provider called the value secret_text. */
static const struct dialect terraform = {
	{"cloudflare_secrets_store", "cloudflare_secrets_store_secret"}, "account_id", "store_id",
	{"value", "secret_text"}};
static const struct dialect pulumi = {
	{"cloudflare:index/secretsStore:SecretsStore",
		"cloudflare:index/secretsStoreSecret:SecretsStoreSecret"},
	"accountId", "storeId", {"value", "secretText"}};

struct reading {
	struct foreign *foreign;
	const struct dialect *dialect;
	struct table *addresses;
	struct error_list *errors;
};

static struct error *refuse(struct reading *r)
{
	struct error *err = error_list_add(r->errors);

	error_at(err, r->foreign->path, 0, 0);
	return err;
}

static void add_warning(struct reading *r, const char *address, const char *what)
{
	struct error *warning = error_list_add(&r->foreign->warnings);

	error_set(warning, "%s %s", address, what);
	error_at(warning, r->foreign->path, 0, 0);
}

/* 0 and 1: enum object_kind; 2: another type. */
static size_t kind_of(const struct dialect *dialect, const char *type)
{
	size_t kind = 0;

	while (kind < ARRAY_SIZE(dialect->types) &&
		!(type && strcmp(type, dialect->types[kind]) == 0))
		kind++;
	return kind;
}

/* ---- fields ---- */

/*
 * Lends a text of the attributes, in the arena; NULL: there is none. Pulumi keeps a text that came
 * from a secret as one, encrypted or, with --show-secrets, as JSON in a text.
 */
static const char *read_text(struct reading *r, const struct json *attributes, const char *key)
{
	const struct json *field = json_get(attributes, key);
	const char *text = json_text(field);
	const char *plain =
		json_get_text(field, PULUMI_SIGNATURE) ? json_get_text(field, "plaintext") : NULL;
	struct error err CLEANUP(error_release) = {0};
	struct json *json CLEANUP(json_free_pointer) =
		plain ? json_parse(plain, strlen(plain), &err) : NULL;

	if (json)
		text = json_text(json);
	return text ? arena_text(&r->foreign->arena, text) : NULL;
}

/* The same, of a field that must be there. */
static const char *need_text(
	struct reading *r, const char *address, const struct json *attributes, const char *key)
{
	const char *text = read_text(r, attributes, key);
	const struct json *field = json_get(attributes, key);

	if (text && *text)
		return text;
	struct error *err = refuse(r);
	if (!field || json_is_null(field) || text) {
		error_set(err, "%s has no `%s`", address, key);
		error_hint(err, "It may never have been created. Remove it from the state, or run "
				"apply there first.");
	} else if (json_get_text(field, PULUMI_SIGNATURE)) {
		error_set(err, "the `%s` of %s is encrypted", key, address);
		error_hint(err, "Export it in plaintext, into a pipe: pulumi stack export "
				"--show-secrets | cfprov import -from=-");
	} else {
		error_set(err, "the `%s` of %s is not a text", key, address);
	}
	return NULL;
}

static const char *read_scopes(struct reading *r, const struct json *attributes)
{
	const struct json *list = json_get(attributes, "scopes");
	const char **items AUTO_FREE = mem_alloc((json_count(list) + 1) * sizeof(*items));
	size_t count = 0;

	if (!json_is_array(list))
		return NULL;
	for (const struct json *it = json_first(list); it; it = json_next(it)) {
		const char *scope = json_text(it);
		if (!scope || !*scope || strchr(scope, ','))
			return NULL;
		items[count++] = scope;
	}
	return model_scopes(&r->foreign->arena, items, count);
}

/* Is there a value that everybody who has the file can read? */
static bool has_value(const struct reading *r, const struct json *attributes)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->dialect->values); i++) {
		const struct json *value = json_get(attributes, r->dialect->values[i]);
		const char *text = json_text(value);
		if ((text && *text) || json_get_text(value, "plaintext"))
			return true;
	}
	return false;
}

/* ---- objects ---- */

/* Takes the address, which is in the arena. Errors are added to the list. */
static void take(struct reading *r, enum object_kind kind, const char *address,
	const struct json *attributes, const char *id)
{
	struct foreign *foreign = r->foreign;
	const struct dialect *dialect = r->dialect;
	struct str why CLEANUP(str_release) = {0};
	size_t before = r->errors->count;

	if (table_put(&r->addresses, address, r)) {
		struct error *err = refuse(r);
		error_set(err, "%s is in the file twice", address);
		error_hint(err, "The file is damaged, or was put together by hand.");
		return;
	}
	const char *account_id = need_text(r, address, attributes, dialect->account_id);
	const char *store_id =
		kind == OBJECT_STORE ? id : need_text(r, address, attributes, dialect->store_id);
	if (account_id && !shape_text_is_right(&schema_account_id, account_id, true, &why))
		error_set(refuse(r), "the account id of %s is not valid: %s", address,
			str_text(&why));
	foreign->values += kind == OBJECT_SECRET && has_value(r, attributes);
	if (!id || r->errors->count != before)
		return;
	foreign->objects = mem_room(
		foreign->objects, foreign->count, &foreign->room, sizeof(*foreign->objects));
	foreign->objects[foreign->count++] = (struct foreign_object){.kind = kind,
		.address = address,
		.account_id = account_id,
		.store_id = store_id,
		.id = id,
		.name = read_text(r, attributes, "name"),
		.scopes = read_scopes(r, attributes),
		.comment = json_is_null(json_get(attributes, "comment"))
				   ? ""
				   : read_text(r, attributes, "comment")};
}

/* Lends a copy that is safe to print. */
static const char *keep_visible(struct reading *r, const char *text)
{
	char *shown AUTO_FREE = text_visible(text, SHOWN_COLUMNS);

	return arena_text(&r->foreign->arena, shown);
}

/* ---- Terraform ---- */

/* MODULE.TYPE.NAME[KEY], as Terraform writes it. */
static const char *terraform_address(
	struct reading *r, const struct json *resource, const struct json *instance)
{
	const char *module = json_get_text(resource, "module"),
		   *name = json_get_text(resource, "name");
	const struct json *key = json_get(instance, "index_key");
	struct str address CLEANUP(str_release) = {0};
	int64_t number;

	if (module)
		str_format(&address, "%s.", module);
	str_format(&address, "%s.%s", json_get_text(resource, "type"), name ? name : "?");
	if (json_text(key))
		str_format(&address, "[\"%s\"]", json_text(key));
	else if (json_integer(key, &number))
		str_format(&address, "[%lld]", (long long)number);
	return keep_visible(r, str_text(&address));
}

static void take_instance(struct reading *r, enum object_kind kind, const struct json *resource,
	const struct json *instance)
{
	const char *address = terraform_address(r, resource, instance);
	const char *provider = json_get_text(resource, "provider");
	const char *status = json_get_text(instance, "status");
	const struct json *attributes = json_get(instance, "attributes");

	if (!provider || !strstr(provider, "/cloudflare\"]")) {
		add_warning(
			r, address, "skipped: it belongs to another provider than Cloudflare's");
		r->foreign->others++;
	} else if (json_get(instance, "deposed")) {
		add_warning(r, address,
			"skipped: a deposed object, which Terraform has still to delete");
		r->foreign->others++;
	} else if (!json_is_object(attributes)) {
		struct error *err = refuse(r);
		error_set(err, "%s has no `attributes`", address);
		error_hint(err, "Run `terraform apply -refresh-only` there, which brings the state "
				"up to date.");
	} else {
		if (status && strcmp(status, "tainted") == 0)
			add_warning(r, address,
				"is tainted: Terraform would have replaced it. cfprov keeps it. To "
				"replace it, pass -replace to plan.");
		take(r, kind, address, attributes, need_text(r, address, attributes, "id"));
	}
}

static void read_terraform(struct reading *r, const struct json *file)
{
	const struct json *resources = json_get(file, "resources");

	r->dialect = &terraform;
	if (!json_is_array(resources)) {
		error_set(refuse(r), "the state has no list of `resources`");
		return;
	}
	for (const struct json *it = json_first(resources); it; it = json_next(it)) {
		const char *mode = json_get_text(it, "mode");
		const struct json *instances = json_get(it, "instances");
		size_t kind = kind_of(r->dialect, json_get_text(it, "type"));
		bool is_ours = kind <= OBJECT_SECRET && mode && strcmp(mode, "managed") == 0;
		if (!json_is_object(it) || !json_is_array(instances)) {
			error_set(refuse(r), "a resource of the state has no list of `instances`");
			return;
		}
		if (!is_ours)
			r->foreign->others += json_count(instances);
		for (const struct json *one = json_first(instances); is_ours && one;
			one = json_next(one))
			take_instance(r, (enum object_kind)kind, it, one);
	}
}

/* ---- Pulumi ---- */

static void take_resource(struct reading *r, enum object_kind kind, const struct json *resource)
{
	const char *urn = json_get_text(resource, "urn");
	const char *address = keep_visible(r, urn ? urn : "a resource without a URN");

	if (json_is_true(json_get(resource, "external"))) {
		r->foreign->others++; /* read, not managed */
	} else if (json_is_true(json_get(resource, "delete"))) {
		add_warning(r, address, "skipped: an object that Pulumi has still to delete");
		r->foreign->others++;
	} else if (!json_is_object(json_get(resource, "outputs"))) {
		error_set(refuse(r), "%s has no `outputs`", address);
	} else {
		if (json_is_true(json_get(resource, "taint")))
			add_warning(r, address,
				"is tainted: Pulumi would have replaced it. cfprov keeps it. To "
				"replace it, pass -replace to plan.");
		take(r, kind, address, json_get(resource, "outputs"),
			need_text(r, address, resource, "id"));
	}
}

static void read_pulumi(struct reading *r, const struct json *file)
{
	const struct json *resources = json_get(json_get(file, "deployment"), "resources");
	int64_t version = 0;

	r->dialect = &pulumi;
	if (!json_integer(json_get(file, "version"), &version) || version < 3 || version > 4) {
		struct error *err = refuse(r);
		error_set(err, "unknown version of a Pulumi export");
		error_hint(err,
			"cfprov reads versions 3 and 4. Export the stack with a current Pulumi.");
		return;
	}
	if (!json_is_array(resources)) /* of a stack without any, there is no list */
		return;
	for (const struct json *it = json_first(resources); it; it = json_next(it)) {
		size_t kind = kind_of(r->dialect, json_get_text(it, "type"));
		if (kind <= OBJECT_SECRET)
			take_resource(r, (enum object_kind)kind, it);
		else
			r->foreign->others++;
	}
}

/* ---- the file ---- */

/* Explains a file that is neither, as far as its form tells what it is. */
static void refuse_form(struct reading *r, const struct json *file)
{
	static const struct {
		const char *key, *is, *hint;
	} forms[] = {
		{"encrypted_data", "the state is encrypted by OpenTofu",
			"Decrypt it into a pipe, in the directory of the configuration: tofu state "
			"pull | cfprov import -from=-"},
		{"checkpoint", "this is a checkpoint of Pulumi's own, not an export",
			"Run in the project: pulumi stack export | cfprov import -from=-"},
		{"backend", "this file only says where the state is",
			"Run in the directory of the configuration: terraform state pull | cfprov "
			"import -from=-"},
		{"planned_values", "this is a plan, not a state",
			"Run in the directory of the configuration: terraform state pull | cfprov "
			"import -from=-"},
		{"values", "this is the output of `terraform show -json`, not a state",
			"Run in the directory of the configuration: terraform state pull | cfprov "
			"import -from=-"},
		{"lineage", "this is the state of cfprov or of an old Terraform",
			"cfprov reads Terraform's states of version 4, which Terraform 0.12 and "
			"later write."},
	};
	struct error *err = refuse(r);
	int64_t version;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!json_get(file, forms[i].key))
			continue;
		error_set(err, "%s", forms[i].is);
		error_hint(err, "%s", forms[i].hint);
		return;
	}
	if (json_integer(json_get(file, "version"), &version))
		error_set(err, "not a Terraform state of version 4, but version %lld",
			(long long)version);
	else
		error_set(err, "neither a Terraform state nor a Pulumi export");
	error_hint(err,
		"Pass the file terraform.tfstate, or pipe in what `terraform state pull` or "
		"`pulumi stack export` prints: -from=-");
}

bool foreign_parse(struct foreign *foreign, const char *path, const struct secret *bytes,
	struct error_list *errors)
{
	struct reading r = {.foreign = foreign, .errors = errors};
	size_t before = errors->count;
	struct error why CLEANUP(error_release) = {0};
	int64_t version = 0;

	foreign->path = arena_text(&foreign->arena, path);
	size_t mark = text_mark_length(bytes->bytes, bytes->length);
	struct json *file CLEANUP(json_free_pointer) =
		json_parse(bytes->bytes + mark, bytes->length - mark, &why);
	if (!file) { /* a duplicate key has no line, and may be anything */
		struct error *err = refuse(&r);
		error_set(err, "%s", why.line ? why.message : "not valid JSON: duplicate key");
		error_at(err, foreign->path, why.line, why.column);
		error_hint(err,
			"Pass a whole terraform.tfstate, or what `pulumi stack export` prints. "
			"A saved plan is neither.");
	} else if (json_is_object(json_get(file, "deployment"))) {
		read_pulumi(&r, file);
	} else if (json_integer(json_get(file, "version"), &version) && version == 4 &&
		   !json_get(file, "encrypted_data")) {
		read_terraform(&r, file);
	} else {
		refuse_form(&r, file);
	}
	table_free(&r.addresses);
	if (errors->count == before && !foreign->count) {
		struct error *err = refuse(&r);
		error_set(err, "no stores and secrets of Secrets Store found");
		error_hint(err, "cfprov takes over %s and %s.", terraform.types[0],
			terraform.types[1]);
	}
	return errors->count == before;
}

void foreign_release(struct foreign *foreign)
{
	error_list_release(&foreign->warnings);
	mem_free(foreign->objects);
	arena_release(&foreign->arena);
	*foreign = (struct foreign){0};
}
