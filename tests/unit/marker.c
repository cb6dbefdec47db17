#include "source/marker.h"

#include "unit.h"

static void looks_like(const char *text, const char *what)
{
	const char *found = marker_find(text, strlen(text));

	if ((found == NULL) != (what == NULL) || (what && !strstr(found, what)))
		fail_msg("%s is %s", text, found ? found : "a value");
}

/* fault B3 */
static void what_is_no_value(void **state)
{
	struct str kms CLEANUP(str_release) = {0};

	(void)state;
	looks_like("ENC[AES256_GCM,data:x3k=,iv:a=,tag:b=,type:str]", "SOPS");
	looks_like("ENC[AES256_GCM,data:x3k=,iv:a=,tag:b=,type:str]\n", "SOPS");
	looks_like("ENC[PKCS7,MIIBeQYJ\nKoZIhvcNAQcD]", "hiera-eyaml");
	looks_like("op://vault/an item/password", "1Password");
	looks_like("vault:secret/data/db#password", "Vault");
	looks_like("vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX", "Vault");
	looks_like("$ANSIBLE_VAULT;1.1;AES256\n3363\n", "Ansible Vault");
	looks_like("{cipher}AQA2xyz", "Spring");
	looks_like("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "age");
	looks_like("-----BEGIN PGP MESSAGE-----\n\nhQEM\n", "PGP");
	looks_like("ref+vault://secret/db#/password", "vals");
	looks_like("arn:aws:secretsmanager:eu-west-1:123:secret:db", "AWS");
	looks_like("@Microsoft.KeyVault(SecretUri=https://x/y)", "Azure");
	looks_like("${DB_PASSWORD}", "variable");
	looks_like("{{ db_password }}", "template");
	str_text_add(&kms, "AQICAH");
	str_repeat(&kms, 'x', 120);
	looks_like(str_text(&kms), "KMS");
}

/* fault B3: no false alarm */
static void what_may_be_a_value(void **state)
{
	(void)state;
	looks_like("", NULL);
	looks_like("hunter2", NULL);
	looks_like("ENC[", NULL);
	looks_like("ENC[]", NULL);
	looks_like("ENC[ab c]", NULL);
	looks_like("xENC[AES256_GCM,data:x]", NULL);
	looks_like("pass op://vault/item", NULL);
	looks_like("op:/x", NULL);
	looks_like("vault:", NULL);
	looks_like("vault:hunter2", NULL);
	looks_like("vault: a/b", NULL);
	looks_like("vaultier/x", NULL);
	looks_like("AQICAHshort", NULL);
	looks_like("{cipher}", NULL);
	looks_like("{\"cipher\": 1}", NULL);
	looks_like("-----BEGIN PRIVATE KEY-----\nMIIE\n", NULL);
	looks_like("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", NULL);
	looks_like("age1qqqq", NULL);
	looks_like("ref+x", NULL);
	looks_like("${", NULL);
	looks_like("${}", NULL);
	looks_like("${A}${B}", NULL);
	looks_like("${A B}", NULL);
	looks_like("postgres://u:${PW}@h/db", NULL);
	looks_like("{{}}", NULL);
	looks_like("https://vault/x", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_value),
		cmocka_unit_test(what_may_be_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
