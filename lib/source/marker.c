#include "source/marker.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

/* What stands at the start and at the end; and whether all is one word, without a space. */
static const struct {
	const char *start, *end;
	bool is_word;
	size_t shortest;
	const char *is;
} markers[] = {
	{"ENC[AES256_GCM,data:", "]", true, 0, "a ciphertext of SOPS"},
	{"ENC[PKCS7,", "]", false, 0, "a ciphertext of hiera-eyaml"},
	{"ENC[GPG,", "]", false, 0, "a ciphertext of hiera-eyaml"},
	{"ENC[", "]", true, 0, "a ciphertext"},
	{"$ANSIBLE_VAULT;", "", false, 0, "a ciphertext of Ansible Vault"},
	{"{cipher}", "", true, 0, "a ciphertext of Spring Cloud Config"},
	/* a KMS ciphertext in base64: version, then the key's id; no shorter than about 100 */
	{"AQICAH", "", true, 100, "a ciphertext of AWS KMS"},
	{"-----BEGIN AGE ENCRYPTED FILE-----", "", false, 0, "a ciphertext of age"},
	{"age-encryption.org/v1\n", "", false, 0, "a ciphertext of age"},
	{"-----BEGIN PGP MESSAGE-----", "", false, 0, "a ciphertext of PGP"},
	{"vault:v1:", "", true, 0, "a ciphertext of Vault"},
	{"vault:", "", true, 0, "a reference to Vault"},
	{"op://", "", false, 0, "a reference of 1Password"},
	{"ref+", "", true, 0, "a reference of vals"},
	{"arn:aws:secretsmanager:", "", true, 0, "a reference to AWS Secrets Manager"},
	{"@Microsoft.KeyVault(", ")", false, 0, "a reference to Azure Key Vault"},
	{"${", "}", true, 0, "a variable that nobody has replaced"},
	{"{{", "}}", false, 0, "a template that nobody has filled in"},
};

/* Is all of it one word, and one line? A line break at the end does not count. */
static bool is_word(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (isspace((unsigned char)bytes[i]) || !bytes[i])
			return false;
	return true;
}

static bool has(const char *bytes, size_t length, const char *part)
{
	size_t size = strlen(part);

	for (size_t at = 0; at + size <= length; at++)
		if (memcmp(bytes + at, part, size) == 0)
			return true;
	return false;
}

/* Some starts are too common in values to tell by themselves. */
static bool is_plausible(const char *start, const char *bytes, size_t length)
{
	if (strcmp(start, "vault:") == 0)
		return memchr(bytes, '/', length);
	if (strcmp(start, "ref+") == 0)
		return has(bytes, length, "://");
	if (strcmp(start, "${") == 0) /* the first brace that closes is the last character */
		return memchr(bytes, '}', length) == bytes + length - 1;
	return true;
}

const char *marker_find(const char *bytes, size_t length)
{
	while (length && strchr("\r\n", bytes[length - 1]))
		length--;
	for (size_t i = 0; i < ARRAY_SIZE(markers); i++) {
		size_t start = strlen(markers[i].start), end = strlen(markers[i].end);
		if (length <= start + end || length < markers[i].shortest ||
			memcmp(bytes, markers[i].start, start) != 0 ||
			memcmp(bytes + length - end, markers[i].end, end) != 0)
			continue;
		if ((!markers[i].is_word || is_word(bytes, length)) &&
			is_plausible(markers[i].start, bytes, length))
			return markers[i].is;
	}
	return NULL;
}
