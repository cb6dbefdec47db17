#define _GNU_SOURCE /* memmem */
#include "source/marker.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *start, *is;
	const char *end;
	const char *contains; /* what else it has: the start alone is too common in values */
	size_t shortest;
	bool is_word;   /* without a space */
	bool ends_once; /* the end is nowhere else in it */
} markers[] = {
	{"ENC[AES256_GCM,data:", "a ciphertext of SOPS", .end = "]", .is_word = true},
	{"ENC[PKCS7,", "a ciphertext of hiera-eyaml", .end = "]"},
	{"ENC[GPG,", "a ciphertext of hiera-eyaml", .end = "]"},
	{"ENC[", "a ciphertext", .end = "]", .is_word = true},
	{"$ANSIBLE_VAULT;", "a ciphertext of Ansible Vault", .is_word = false},
	{"{cipher}", "a ciphertext of Spring Cloud Config", .is_word = true},
	/* a KMS ciphertext in base64: version, then the key's id; no shorter than about 100 */
	{"AQICAH", "a ciphertext of AWS KMS", .shortest = 100, .is_word = true},
	{"-----BEGIN AGE ENCRYPTED FILE-----", "a ciphertext of age", .is_word = false},
	{"age-encryption.org/v1\n", "a ciphertext of age", .is_word = false},
	{"-----BEGIN PGP MESSAGE-----", "a ciphertext of PGP", .is_word = false},
	{"vault:v1:", "a ciphertext of Vault", .is_word = true},
	{"vault:", "a reference to Vault", .contains = "/", .is_word = true},
	{"op://", "a reference of 1Password", .is_word = false},
	{"ref+", "a reference of vals", .contains = "://", .is_word = true},
	{"arn:aws:secretsmanager:", "a reference to AWS Secrets Manager", .is_word = true},
	{"@Microsoft.KeyVault(", "a reference to Azure Key Vault", .end = ")"},
	{"${", "a variable that nobody has replaced", .end = "}", .is_word = true,
		.ends_once = true},
	{"{{", "a template that nobody has filled in", .end = "}}"},
};

/* Is all of it one word? */
static bool is_word(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (isspace((unsigned char)bytes[i]) || !bytes[i])
			return false;
	return true;
}

const char *marker_find(const char *bytes, size_t length)
{
	while (length && strchr("\r\n", bytes[length - 1]))
		length--;
	for (size_t i = 0; i < ARRAY_SIZE(markers); i++) {
		const char *end = markers[i].end ? markers[i].end : "", *more = markers[i].contains;
		size_t before = strlen(markers[i].start), after = strlen(end);
		if (length <= before + after || length < markers[i].shortest ||
			memcmp(bytes, markers[i].start, before) != 0)
			continue;
		const char *last = bytes + length - after;
		if (memcmp(last, end, after) == 0 &&
			(!markers[i].is_word || is_word(bytes, length)) &&
			(!more || memmem(bytes, length, more, strlen(more))) &&
			(!markers[i].ends_once || memmem(bytes, length, end, after) == last))
			return markers[i].is;
	}
	return NULL;
}
