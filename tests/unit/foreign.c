#include "manifest/foreign.h"

#include "manifest/hcl.h"
#include "unit.h"

#define PROVIDER "\"provider\":\"provider[\\\"registry.opentofu.org/cloudflare/cloudflare\\\"].eu\""
#define STORE                                                                                      \
	"{\"mode\":\"managed\",\"type\":\"cloudflare_secrets_store\",\"name\":\"s\"," PROVIDER     \
	",\"instances\":[{\"attributes\":{\"account_id\":\"acc\",\"id\":\"s1\",\"name\":\"keys\"}" \
	"}]}"
#define SECRET(attributes)                                                                         \
	"{\"mode\":\"managed\",\"type\":\"cloudflare_secrets_store_secret\",\"name\":"             \
	"\"k\"," PROVIDER                                                                          \
	",\"instances\":[{\"index_key\":3,\"attributes\":{\"account_id\":\"acc\",\"id\":\"k1\","   \
	"\"store_id\":\"s1\"" attributes "}}]}"
#define STATE(resources)  "{\"version\":4,\"resources\":[" resources "]}"
#define EXPORT(resources) "{\"version\":3,\"deployment\":{\"resources\":[" resources "]}}"

struct parsed {
	struct foreign foreign;
	struct error_list errors;
	bool is_good;
};

static void release(struct parsed *parsed)
{
	foreign_release(&parsed->foreign);
	error_list_release(&parsed->errors);
}

static void parse(struct parsed *parsed, const char *text, size_t length)
{
	struct secret bytes CLEANUP(secret_release) = {0};

	secret_copy(&bytes, text, length);
	parsed->is_good = foreign_parse(&parsed->foreign, "f", &bytes, &parsed->errors);
}

/* The objects, each as "ADDRESS=ACCOUNT/STORE/ID NAME [SCOPES] (COMMENT)". */
static void has(const char *text, const char *wanted, size_t values, size_t others)
{
	struct parsed parsed CLEANUP(release) = {0};
	struct str all CLEANUP(str_release) = {0};

	parse(&parsed, text, strlen(text));
	if (!parsed.is_good)
		fail_msg("%s: %s", text, parsed.errors.items[0].message);
	for (size_t i = 0; i < parsed.foreign.count; i++) {
		const struct foreign_object *it = &parsed.foreign.objects[i];
		str_format(&all, "%s%s=%s/%s/%s %s [%s] (%s)", i ? "; " : "", it->address,
			it->account_id, it->store_id, it->id, it->name ? it->name : "?",
			it->scopes ? it->scopes : "?", it->comment ? it->comment : "?");
	}
	assert_string_equal(str_text(&all), wanted);
	assert_int_equal(parsed.foreign.values, values);
	assert_int_equal(parsed.foreign.others, others);
}

static void refused(const char *text, const char *why)
{
	struct parsed parsed CLEANUP(release) = {0};

	parse(&parsed, text, strlen(text));
	assert_false(parsed.is_good);
	expect_text(parsed.errors.items[0].message, why);
	assert_string_equal(parsed.errors.items[0].file, "f");
}

static void terraform_states(void **state)
{
	(void)state;
	has(STATE(STORE), "cloudflare_secrets_store.s=acc/s1/s1 keys [?] (?)", 0, 0);
	has(STATE(SECRET(",\"scopes\":[\"workers\",\"dex\"],\"comment\":null,\"value\":\"v\"")),
		"cloudflare_secrets_store_secret.k[3]=acc/s1/k1 ? [dex,workers] ()", 1, 0);
	has(STATE(SECRET(",\"scopes\":[\"\",\"dex\"]")),
		"cloudflare_secrets_store_secret.k[3]=acc/s1/k1 ? [?] (?)", 0, 0);
	has(STATE(SECRET(",\"secret_text\":\"v\"")),
		"cloudflare_secrets_store_secret.k[3]=acc/s1/k1 ? [?] (?)", 1, 0);
	has(STATE(SECRET(",\"value\":null")),
		"cloudflare_secrets_store_secret.k[3]=acc/s1/k1 ? [?] (?)", 0, 0);
	has("\xef\xbb\xbf" STATE(STORE ",{\"mode\":\"data\",\"type\":\"cloudflare_secrets_store\","
				       "\"instances\":[{},{}]}"),
		"cloudflare_secrets_store.s=acc/s1/s1 keys [?] (?)", 0, 2);
}

static void pulumi_exports(void **state)
{
	(void)state;
	has(EXPORT("{\"urn\":\"u\",\"type\":\"cloudflare:index/secretsStore:SecretsStore\","
		   "\"id\":\"s1\",\"outputs\":{\"accountId\":\"acc\"}},"
		   "{\"urn\":\"v\",\"type\":\"cloudflare:index/secretsStore:SecretsStore\","
		   "\"id\":\"s2\",\"external\":true},"
		   "{\"urn\":\"u\",\"type\":\"cloudflare:index/secretsStore:SecretsStore\","
		   "\"id\":\"s3\",\"delete\":true},{\"urn\":\"w\",\"type\":\"other\"}"),
		"u=acc/s1/s1 ? [?] (?)", 0, 3);
	refused(EXPORT("{\"urn\":\"u\",\"type\":\"cloudflare:index/secretsStore:SecretsStore\","
		       "\"id\":\"s1\"}"),
		"u has no `outputs`");
	refused(EXPORT(""), "no stores and secrets");
	refused("{\"version\":3,\"deployment\":{}}", "no stores and secrets");
}

static void senseless(void **state)
{
	(void)state;
	refused(STATE(STORE "," STORE), "is in the file twice");
	refused(STATE("7"), "no list of `instances`");
	refused(STATE("{\"instances\":{}}"), "no list of `instances`");
	refused("{\"version\":4,\"resources\":[],\"encrypted_data\":\"x\"}",
		"encrypted by OpenTofu");
	refused("\xff", "UTF-8");
}

/* Of a text that is cut anywhere, or has another byte anywhere, nothing is taken for granted. */
static void damaged(void **state)
{
	static const char whole[] =
		STATE(STORE "," SECRET(",\"value\":\"hush\",\"scopes\":[\"dex\"]"));

	(void)state;
	for (size_t length = 0; length < strlen(whole); length++) {
		struct parsed parsed CLEANUP(release) = {0};
		parse(&parsed, whole, length);
		assert_false(parsed.is_good);
		expect_no_text(parsed.errors.items[0].message, "hush");
	}
	for (size_t at = 0; at < strlen(whole); at++) {
		for (const char *byte = "\"}{],:0x"; *byte; byte++) {
			struct parsed parsed CLEANUP(release) = {0};
			char *text AUTO_FREE = mem_copy_text(whole);
			text[at] = *byte;
			parse(&parsed, text, strlen(text));
			assert_true(parsed.is_good == !parsed.errors.count);
		}
	}
}

static struct object *add(struct model *to, const char *store, const char *secret, const char *id)
{
	struct object *object = model_add_object(to, "prod", store, secret);

	object->id = arena_text(&to->arena, id);
	return object;
}

static void hcl(void **state)
{
	struct model accounts CLEANUP(model_release) = {0}, live CLEANUP(model_release) = {0};
	struct str text CLEANUP(str_release) = {0};

	(void)state;
	model_add_account(&accounts, "prod", "acc");
	add(&live, "a", NULL, "s1");
	add(&live, "a_b", NULL, "s2");
	add(&live, "0.x", NULL, "s3");
	add(&live, "a", "b_c", "k1")->comment = "${x} %{y} \"z\\\"\n$\x01 $$";
	add(&live, "a_b", "c", "k2")->scopes = "dex,workers";
	add(&live, "a_b", "d", "k3")->comment = "\u202ea\xc2\x9b\U000e0041\u00e4b";
	model_sort(&live);
	hcl_write(&accounts, &live, &text);
	expect_text(str_text(&text), "\nimport {\n  to = cloudflare_secrets_store._0_x\n"
				     "  id = \"acc/s3\"\n}\n");
	expect_text(str_text(&text), "  to = cloudflare_secrets_store_secret.a_b_c\n"
				     "  id = \"acc/s1/k1\"\n}\n");
	expect_text(str_text(&text), "  to = cloudflare_secrets_store_secret.a_b_c_2\n"
				     "  id = \"acc/s2/k2\"\n}\n");
	expect_text(str_text(&text), "  store_id   = cloudflare_secrets_store.a_b.id\n");
	expect_text(str_text(&text), "  scopes     = [\"dex\", \"workers\"]\n");
	expect_text(
		str_text(&text), "  comment    = \"$${x} %%{y} \\\"z\\\\\\\"\\n$\\u0001 $$\"\n");
	expect_text(str_text(&text), "  comment    = \"\\u202ea\\u009b\\U000e0041\u00e4b\"\n");
	expect_text(str_text(&text),
		"\nvariable \"B_C\" {\n  type      = string\n  sensitive = true\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terraform_states),
		cmocka_unit_test(pulumi_exports),
		cmocka_unit_test(senseless),
		cmocka_unit_test(damaged),
		cmocka_unit_test(hcl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
