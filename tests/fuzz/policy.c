/* The policy; and what it says about sources, and about a path and a URL. */
#define _GNU_SOURCE /* memfd_create */
#include "manifest/policy.h"

#include "shared/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file in memory alone, which has the bytes: a disk would take longer than all else. Lends its
 * path. */
static const char *put(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("policy", MFD_CLOEXEC);
		HOLDS(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	HOLDS(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

static void ask(const struct policy *policy)
{
	static const char *const argv[] = {"pass", "show", "db", NULL};
	static const struct value_source sources[] = {
		{.kind = VALUE_ENV, .name = "DB_PASSWORD"},
		{.kind = VALUE_FILE, .name = "secrets/a"},
		{.kind = VALUE_DOTENV, .name = ".env", .key = "KEY"},
		{.kind = VALUE_COMMAND, .argv = argv},
		{.kind = VALUE_GENERATE, .name = "hex", .bytes = 32},
		{.kind = VALUE_STDIN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		for (enum policy_use use = POLICY_VALUE; use <= POLICY_BACKEND; use++) {
			struct str text CLEANUP(str_release) = {0};
			const struct policy_request request = {.use = use,
				.account = policy->accounts,
				.source = &sources[i],
				.real_path = "/tmp/secrets/a"};
			if (use == POLICY_TOKEN && !policy->account_count)
				continue;
			const struct policy_rule *rule = policy_refuses(policy, &request);
			if (!rule)
				continue;
			policy_add_rule(&text, rule->name, &rule->place);
			policy_add_allowed(&text, rule);
			fuzz_check_visible(str_text(&text), false);
		}
	(void)!policy_refuses_state(policy, "/srv/state.json");
	(void)!policy_refuses_url(policy, "https://host/bucket/prefix");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy CLEANUP(policy_release) = {0};
	struct error_list warnings CLEANUP(error_list_release) = {0};
	struct error_list errors CLEANUP(error_list_release) = {0};

	bool is_good = policy_load(put(data, size), &policy, &warnings, &errors);
	fuzz_check_errors(&errors, is_good);
	fuzz_check_errors(&warnings, true);
	if (is_good)
		ask(&policy);
	return 0;
}
