/* What looks like a secret that was pasted where a name belongs. */
#include "base/token.h"
#include "base/text.h"
#include "unit.h"

#include <string.h>

static bool looks_like_token(const char *text)
{
	return token_is_likely(text, strlen(text));
}

/* Made up for the tests, of random characters. */
static const char *const tokens[] = {
	"nQ3kZ8vR1xLw5TjY7bHc2MfD9sGp4KaE6uWoXiVq",
	"1-dUk0Jm_RzY8cWq3Np5TfLx2GhBs7VeKo9aIi4D",
	"Zr8_kQ2nW5tYb7LmXc0VdPf3GhJs6KaUe9R-i1To",
	"cfat_p7KxW2mQ9vLr4TzN8bYc",
	"cfut_Gh5Jk2Lm9Pq4Rs7Tv1Xz8Bc3Df6Wy0Na",
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9eyJzdWIiOiIxMjM0NTY3ODkwIn0",
	"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
	"q8Z/3xVn+R5yTb1WkLc7/Gm2pHf9+sJd4QaXe6UoNi0=",
	"7f3c9a1e5b8d2046f1a7c3e9b5d80246fa1c3", /* 37 hexadecimal digits: a global API key */
	"-----BEGIN PRIVATE KEY-----",
	/* Shorter, but their beginnings say what they are. */
	"glpat-Q9Yb3kTz0uV7mXw2Lr8p",
	"sk_live_Q9Yb3kTz0uV7mXw2Lr8p",
	"rk_test_Q9Yb3kTz0uV7mXw2Lr8p",
	"whsec_Q9Yb3kTz0uV7mXw2Lr8pNc5eHs1jKd",
	"AIzaQ9Yb3kTz0uV7mXw2Lr8pNc5eHs1jKdAfGo6",
	"AGE-SECRET-KEY-1QZ7VX9KLM3T5WD8N2P4RCF6GH0JYAEUSQZ7VX9KLM3T5WD8N2P4RCF6GH0",
};

static const char *const names[] = {
	"", "a", "nQ3kZ8vR1xLw5TjY7bHc2MfD9sGp4Ka", /* too short */
	"production-payments-service-keys-europe-west",
	"production-payments-service-keys-europe-west-2",
	"Production-Payments-Service-Keys-Europe-West-2",
	"ProductionPaymentsServiceKeysForEuropeWest1AndUsEast2",
	"PRODUCTION_PAYMENTS_SERVICE_KEYS_EUROPE_WEST_2",
	"K8s-EC2-S3-V2-OAuth2-Production-Payments-Keys-x2",
	"Team7-checkout-API-key-2024-Q3-eu-west-1-blue",
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxA1",
	"0123456789abcdef0123456789abcdef",          /* an account's id */
	"3fa85f64-5717-4562-b3fc-2c963f66afa6",      /* a UUID */
	"prod-3FA85F64-5717-4562-B3FC-2C963F66AFA6", /* and in upper case */
	"Deploy-da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709", /* a commit's id */
	"1234567890123456789012345678901234567890", "cfat_production_dns_edit_token_2024",
	"cfut_Production_Dns_Edit_Token_2024", "glpat-Production-Registry-Read-Token-2024",
	"sk_live_payments_production_2024", "SK_LIVE_PAYMENTS_PRODUCTION_2024",
	"AIzaMapsKeyOfTheProductionWebsite2", "AGE-SECRET-KEY-1-OF-PRODUCTION",
	"/srv/secrets/Production/Payments/Europe-West-2/tls.key",
	"q8Z3xVn5yTb1WkLc7 Gm2pHf9 sJd4QaXe6UoNi0", /* words */
};

static void tokens_and_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (!looks_like_token(tokens[i]))
			fail_msg("not seen as a token: %s", tokens[i]);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (looks_like_token(names[i]))
			fail_msg("seen as a token: %s", names[i]);
		if (token_is_inside(names[i], strlen(names[i])))
			fail_msg("seen as a text with a token: %s", names[i]);
	}
}

static void tokens_in_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		struct str text CLEANUP(str_release) = {0}, shown CLEANUP(str_release) = {0};
		str_format(&text, "  - {name: a, env: \"%s\"} # b", tokens[i]);
		if (!token_is_inside(str_text(&text), text.length))
			fail_msg("no token seen in: %s", str_text(&text));
		text_add_quoted(&shown, str_text(&text), 20);
		assert_string_equal(str_text(&shown), TEXT_HIDDEN);
	}
	struct str shown CLEANUP(str_release) = {0};
	text_add_quoted(&shown, "a\nb and more", 11);
	assert_string_equal(str_text(&shown), "`a\\x0ab and ...`");
}

#define A_TOKEN "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gI3kM5oQ7s"

static void without_tokens(void **state)
{
	static const char *const cases[][2] = {{"", ""}, {"get --id 12", "get --id 12"},
		{A_TOKEN, "(hidden)"}, {"-H 'X: " A_TOKEN "'; x", "-H 'X: (hidden)'; x"},
		{"--token=" A_TOKEN " b", "--(hidden) b"},
		{A_TOKEN "," A_TOKEN, "(hidden),(hidden)"},
		{"a -----BEGIN RSA PRIVATE KEY-----\nx", "a (hidden)"},
		/* up to the = it is one, and from the _ on it is another */
		{"a aB3xY9_kL2mN8pQ4rS6tU1vW5zA7bC0dE3fG9hJ4kL7m=qR2sT8uV4wX6yZ1aB5cD7eF b",
			"a (hidden) b"},
		/* names, ids and commits */
		{"a-long-name-of-a-secret-in-the-vault-of-team-2",
			"a-long-name-of-a-secret-in-the-vault-of-team-2"},
		{"985e105f4ecef8ad9ca31a8372d0c353", "985e105f4ecef8ad9ca31a8372d0c353"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str out CLEANUP(str_release) = {0};
		token_add_hidden(&out, cases[i][0]);
		assert_string_equal(str_text(&out), cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_and_names),
		cmocka_unit_test(tokens_in_text),
		cmocka_unit_test(without_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
