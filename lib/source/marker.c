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
	{"ENC[AES256_GCM,data:", "a SOPS ciphertext", .end = "]", .is_word = true},
	{"ENC[PKCS7,", "a hiera-eyaml ciphertext", .end = "]"},
	{"ENC[GPG,", "a hiera-eyaml ciphertext", .end = "]"},
	{"ENC[", "a ciphertext", .end = "]", .is_word = true},
	{"$ANSIBLE_VAULT;", "an Ansible Vault ciphertext", .is_word = false},
	{"{cipher}", "a Spring Cloud Config ciphertext", .is_word = true},
	/* a KMS ciphertext in base64: version, then the key's id; no shorter than about 100 */
	{"AQICAH", "an AWS KMS ciphertext", .shortest = 100, .is_word = true},
	{"-----BEGIN AGE ENCRYPTED FILE-----", "an age ciphertext", .is_word = false},
	{"age-encryption.org/v1\n", "an age ciphertext", .is_word = false},
	{"-----BEGIN PGP MESSAGE-----", "a PGP message", .is_word = false},
	{"vault:v1:", "a Vault ciphertext", .is_word = true},
	{"vault:", "a Vault reference", .contains = "/", .is_word = true},
	{"op://", "a 1Password reference", .is_word = false},
	{"ref+", "a vals reference", .contains = "://", .is_word = true},
	{"arn:aws:secretsmanager:", "an AWS Secrets Manager reference", .is_word = true},
	{"@Microsoft.KeyVault(", "an Azure Key Vault reference", .end = ")"},
	{"${", "an unexpanded variable", .end = "}", .is_word = true, .ends_once = true},
	{"{{", "an unrendered template", .end = "}}"},
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
