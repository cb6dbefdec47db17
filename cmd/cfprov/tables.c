/* The commands and the environment variables. */
#include "tables.h"

#include <stdint.h>
#include <string.h>

/* plan asks nothing and needs no lock; it takes these options because Terraform's plan does. */
#define CLI_PLANNING                                                                               \
	(CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_PARALLEL | CLI_SELECT | CLI_LOCK |           \
		CLI_INPUT | CLI_STREAM)
#define CLI_ACTING  (CLI_PLANNING | CLI_REFRESH | CLI_BACKUP | CLI_APPROVE | CLI_BINDINGS)
#define CLI_EDITING (CLI_MANIFEST | CLI_STATE | CLI_LOCK | CLI_BACKUP)

/* clang-format off */

const struct command cli_commands[] = {
	{"validate", NULL, "check the manifest without network access", COMMAND_MAIN,
		CLI_MANIFEST | CLI_DOCUMENT, 0, validate_run,
		"Checks the syntax, names and references of the manifest and reports every error at "
		"once. It needs no credentials, sends no requests and reads no secret values. With "
		"-policy it also reports everything that the policy does not allow, with the rule.",
		"cfprov validate\n"
		"cfprov validate -policy=/etc/cfprov/policy.yaml\n"
		"cfprov validate -f base.yaml -f prod.yaml -json\n",
		NULL},
	{"plan", NULL, "show the changes that apply would make", COMMAND_MAIN,
		CLI_PLANNING | CLI_REFRESH | CLI_CHANGES | CLI_OUT | CLI_FORMAT | CLI_BINDINGS, 0, plan_run,
		"Compares the manifest and the state with your accounts and shows what `cfprov apply` "
		"would do. It changes nothing, neither in the accounts nor in the state, and does not "
		"lock the state.\n\n"
		"With -out the plan is saved, so that `cfprov apply FILE` performs exactly these "
		"actions.\n\n"
		"With -values=none no value is read and no command runs for one. The plan needs only "
		"a token that may read, but cannot show which values have changed: it lists where they "
		"come from. Use it to plan a "
		"manifest that you don't trust yet.\n\n"
		"With -bindings the plan warns of each binding of a Worker that it breaks, because it "
		"destroys or renames the secret or its store, or takes away the scope `workers`.",
		"cfprov plan\n"
		"cfprov plan -out=plan.cfprov\n"
		"cfprov plan -target=prod/payments -detailed-exitcode\n"
		"cfprov plan -values=none -format=markdown\n"
		"cfprov plan -format=html > plan.html\n",
		"0 success, 1 error, 2 changes (with -detailed-exitcode)."},
	{"apply", "[PLANFILE]", "make the changes, after approval", COMMAND_MAIN,
		CLI_ACTING | CLI_CHANGES | CLI_GUARD | CLI_WAIT, 1, apply_run,
		"Creates a plan, shows it, asks for approval and makes the changes. With PLANFILE it "
		"performs exactly the actions of that saved plan without asking.\n\n"
		"Every completed change is recorded at once. If an apply is interrupted or fails, run "
		"it again to resume.",
		"cfprov apply\n"
		"cfprov apply -auto-approve -wait\n"
		"cfprov apply plan.cfprov\n",
		NULL},
	{"destroy", NULL, "destroy all managed objects, after approval", COMMAND_MAIN,
		CLI_ACTING | CLI_GUARD, 0, destroy_run,
		"Plans to destroy all managed objects, shows the plan, asks for approval and destroys "
		"them. Objects that cfprov does not manage are left alone. To preview, run `cfprov "
		"plan -destroy`.",
		"cfprov destroy -target=staging/payments\n",
		NULL},
	{"refresh", NULL, "update the state to match Cloudflare", COMMAND_OTHER,
		CLI_PLANNING | CLI_BACKUP, 0, refresh_run,
		"Reads the managed objects and records in the state what has changed outside of "
		"cfprov. It changes nothing in the accounts and does not ask for approval. To preview, "
		"run `cfprov plan -refresh-only`.",
		NULL, NULL},
	{"show", "[PLANFILE]", "show the state or a saved plan", COMMAND_OTHER,
		CLI_MANIFEST | CLI_STATE | CLI_JSON | CLI_FORMAT, 1, show_run,
		"Shows the recorded objects with their ids, or the actions of a saved plan. Secret "
		"values are in neither.",
		"cfprov show\n"
		"cfprov show -json plan.cfprov\n",
		NULL},
	{"import", "ADDRESS ACCOUNT/STORE[/SECRET]", "start managing an existing store or secret",
		COMMAND_OTHER, CLI_EDITING | CLI_INPUT | CLI_PARALLEL | CLI_DOCUMENT |
			CLI_TAKEOVER | CLI_NEW_FILE, 2, import_run,
		"Records an existing store or secret in the state under ADDRESS, which must be in the "
		"manifest. ACCOUNT, STORE and SECRET are ids or names. The object itself is not "
		"changed.\n\n"
		"With -from there are no arguments: every store and secret in a Terraform state or a "
		"Pulumi export that still exists is recorded, and the manifest entries for them are "
		"written to standard output, or to the new file of -out. If there is no manifest yet, "
		"the output is a complete one; otherwise it is a list of `stores` for one more file. "
		"Values are not copied.",
		"cfprov import prod/payments \"$ACCOUNT_ID/payments\"\n"
		"terraform state pull | cfprov import -from=- -out=cfprov.yaml\n"
		"pulumi stack export | cfprov import -from=- -out=cfprov.yaml\n",
		NULL},
	{"export", NULL, "write a manifest of the existing stores and secrets", COMMAND_OTHER,
		CLI_MANIFEST | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL | CLI_NEW_FILE | CLI_LANGUAGE,
		0, export_run,
		"Reads your accounts and prints a manifest that declares every store and secret in "
		"them. Cloudflare never returns secret values, so each secret gets an environment "
		"variable as its source.\n\n"
		"With -format=terraform it prints, for each of them, an `import` block and a resource "
		"of Cloudflare's Terraform provider instead.",
		"cfprov export -account-id=\"$ACCOUNT_ID\" -out=cfprov.yaml\n"
		"cfprov export -format=terraform -out=secrets_store.tf\n",
		NULL},
	{"import-env", "FILE", "write manifest entries for the names in a .env or JSON file",
		COMMAND_OTHER, CLI_MANIFEST | CLI_STORE | CLI_NEW_FILE, 1, import_env_run,
		"Prints manifest entries for the secrets in FILE. Their values stay in FILE, where "
		"plan and apply read them, and are not printed.\n\n"
		"If there is no manifest yet, the output is a complete one. Otherwise it is a list of "
		"`stores` for one more file, the last that -f names. Its paths are relative to that "
		"file.",
		"cfprov import-env .dev.vars -store=keys -out=cfprov.yaml\n"
		"cfprov import-env .env -store=web -f a.yaml -f b.yaml -out=b.yaml\n"
		"cfprov plan -f a.yaml -f b.yaml\n",
		NULL},
	{"output", "[ADDRESS...]", "print ids or Worker bindings for other tools", COMMAND_OTHER,
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_JSON | CLI_TOOL, SIZE_MAX, output_run,
		"Prints the ids of the managed objects, or of the one at ADDRESS, from the state.\n\n"
		"With -format it prints the bindings of a Worker for wrangler's configuration: of all "
		"secrets with the scope `workers`, or of those that match an ADDRESS. With -out it "
		"merges them into an existing configuration: a binding of the same name is updated, "
		"others are added, and everything else in the file stays as it is.",
		"cfprov output -raw prod/payments\n"
		"cfprov output -format=wrangler -account=prod\n"
		"cfprov output -format=wrangler -out=wrangler.jsonc -env=staging\n",
		NULL},
	{"check-bindings", "FILE...", "check the secrets that Workers bind", COMMAND_OTHER,
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL | CLI_DOCUMENT,
		SIZE_MAX, check_bindings_run,
		"Reads the configurations of Workers (wrangler.jsonc, wrangler.json or wrangler.toml) "
		"and checks in your accounts that each secret in their `secrets_store_secrets`, of all "
		"environments, exists, is active and has the scope `workers`. Otherwise Cloudflare "
		"would refuse the deployment (error 10182), or the Worker could not read the secret.\n\n"
		"It changes nothing, needs a token that may read, and lists each store once. A manifest "
		"is not required: -account-id or CLOUDFLARE_ACCOUNT_ID names the account.",
		"cfprov check-bindings wrangler.jsonc\n"
		"cfprov check-bindings workers/*/wrangler.toml\n",
		"0 every binding is right, 1 error, 2 a binding is wrong."},
	{"doctor", NULL, "check credentials, accounts and state", COMMAND_OTHER,
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_ACCOUNT_ID | CLI_PARALLEL | CLI_DOCUMENT, 0,
		doctor_run,
		"Checks whether the credentials work, what they permit, which accounts can be reached "
		"and whether the state belongs to them. It changes nothing and says how to fix each "
		"problem.",
		NULL, NULL},
	{"force-unlock", "ID", "remove the lock of a state that machines share", COMMAND_OTHER,
		CLI_MANIFEST | CLI_ACCOUNT | CLI_UNLOCK | CLI_INPUT, 1, force_unlock_run,
		"Shows who holds the lock, asks for approval and removes it. ID is the lock's, which "
		"the error about a locked state shows; where each account has a state of its own, it "
		"says which one. Do it only if that run has ended: a killed run that is started again "
		"on the same machine takes over its own lock.",
		"cfprov force-unlock 0b6d4f6e-5c0e-4a53-9d27-6f3f1c2a9b11\n",
		NULL},
	{"schema", NULL, "print the JSON Schema of the manifest", COMMAND_OTHER, CLI_SCHEMA, 0,
		schema_run,
		"Editors use the schema to complete and check the manifest while you type. With "
		"-policy it is the schema of policies.",
		"cfprov schema > cfprov.schema.json\n"
		"cfprov schema -policy > policy.schema.json\n",
		NULL},
	{"completion", "bash|zsh|fish", "print the completion script of a shell", COMMAND_OTHER, 0,
		1, completion_run,
		"The script completes commands, options, addresses and aliases. To use it in one "
		"session, load it as below. `make install` puts it where the shell looks for it.",
		"source <(cfprov completion bash)\n"
		"source <(cfprov completion zsh)\n"
		"cfprov completion fish | source\n",
		NULL},
	{"version", NULL, "show the version", COMMAND_OTHER, CLI_JSON, 0, version_run,
		"Shows the versions of cfprov and of the libraries that it runs with.",
		NULL, NULL},
	{"help", "[COMMAND]", "show this help or the help of a command", COMMAND_OTHER, 0, 2,
		help_run,
		"The help of a command is also shown by `cfprov COMMAND -help`.",
		NULL, NULL},
	{"state list", "[ADDRESS...]", "list the addresses of managed objects", COMMAND_STATE,
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_DOCUMENT, SIZE_MAX, state_list_run,
		"Lists every managed object, or those that match an ADDRESS. An asterisk matches "
		"within one part of an address.",
		"cfprov state list 'prod/*'\n",
		NULL},
	{"state show", "ADDRESS", "show one recorded object", COMMAND_STATE,
		CLI_MANIFEST | CLI_STATE | CLI_JSON, 1, state_show_run,
		"Shows what the state records about the object.",
		NULL, NULL},
	{"state rm", "ADDRESS...", "stop managing objects without deleting them", COMMAND_STATE,
		CLI_EDITING | CLI_DRY_RUN, SIZE_MAX, state_rm_run,
		"Removes objects from the state. They continue to exist in the account. Remove them "
		"from the manifest too, or the next apply will want to adopt them.",
		"cfprov state rm -dry-run prod/payments\n",
		NULL},
	{"state mv", "OLD NEW", "rename an account alias in the state", COMMAND_STATE,
		CLI_EDITING | CLI_DRY_RUN, 2, state_mv_run,
		"Renames the alias of an account. Stores and secrets are renamed with `moved` in the "
		"manifest.",
		"cfprov state mv default prod\n",
		NULL},
	{"state pull", NULL, "print the state as JSON", COMMAND_STATE,
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_SERIAL, 0, state_pull_run,
		"Prints the state, with the changes that an interrupted apply has recorded in its "
		"journal; or, with -serial, an older state that an object store has kept. It is printed "
		"without a signature, and decrypted if it is encrypted.",
		NULL, NULL},
	{"state push", "FILE", "replace the state", COMMAND_STATE,
		CLI_EDITING | CLI_ACCOUNT | CLI_FORCE, 1, state_push_run,
		"Replaces the state with FILE, or with standard input if FILE is -. FILE may be what state pull printed, or a signed or encrypted state of the same key. A state with another lineage or a lower serial is refused unless "
		"-force is passed.",
		NULL, NULL},
	{"state history", NULL, "list the states that an object store has kept", COMMAND_STATE,
		CLI_MANIFEST | CLI_ACCOUNT | CLI_DOCUMENT, 0, state_history_run,
		"Lists the kept states, the newest first: serial, time, size and who wrote it. Only "
		"the backend `s3` keeps old states.",
		NULL, NULL},
	{"state rollback", "SERIAL", "return to the contents of an older state", COMMAND_STATE,
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_LOCK | CLI_APPROVE | CLI_INPUT, 1,
		state_rollback_run,
		"Writes the contents of the state with this serial as a new state, after approval. "
		"Nothing changes in Cloudflare; the next plan shows what differs. Only the backend "
		"`s3` keeps old states.",
		"cfprov state history\n"
		"cfprov state rollback 41\n",
		NULL},
	{"state gc", NULL, "remove old states from an object store", COMMAND_STATE,
		CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_LOCK | CLI_KEEP, 0, state_gc_run,
		"Removes all but the newest states.",
		"cfprov state gc -keep=50\n",
		NULL},
	{"state migrate", NULL, "move the state to the place that the manifest names", COMMAND_STATE,
		CLI_MANIFEST | CLI_ACCOUNT | CLI_LOCK | CLI_FROM | CLI_APPROVE | CLI_INPUT, 0,
		state_migrate_run,
		"Change `state` in the manifest first, then run this command; it is the counterpart of "
		"Terraform's `init -migrate-state`. -from is where the state was: the path of a state "
		"file, or a manifest (*.yaml) whose `state` names the place. Without it, that is "
		"cfprov.state.json next to the manifest.\n\n"
		"Both places are locked, the copy is read back and compared, and then the old place is "
		"marked, so that a manifest that still names it is refused. If the command is "
		"interrupted, run it again.",
		"cfprov state migrate\n"
		"cfprov state migrate -from=old.yaml\n",
		NULL},
	{"state repair", NULL, "find the newest state where an object store has lost track of it",
		COMMAND_STATE, CLI_MANIFEST | CLI_STATE | CLI_ACCOUNT | CLI_SERIAL, 0,
		state_repair_run,
		"Looks for the newest state and records which it is. With -serial it starts at that "
		"one, which must exist.",
		NULL, NULL},
	{"state sign", "[ADDRESS...]", "accept a state that was not written with the key",
		COMMAND_STATE, CLI_EDITING | CLI_APPROVE | CLI_INPUT, SIZE_MAX, state_sign_run,
		"Once there is a key, cfprov refuses a state that was not written with it: whoever can "
		"write the state could have made it. This command shows such a state (or one that was "
		"modified, or is older than one that this machine has seen) and the fingerprints in it, "
		"or at ADDRESS, that were made without a key. It asks for approval, and writes state "
		"and backup with the key. The next apply replaces the fingerprints by keyed ones and "
		"writes no value for that. After a change of the key, it writes everything with the "
		"new one.",
		"cfprov state sign\n"
		"cfprov state sign -auto-approve 'prod/*'\n",
		NULL},
	{0},
};

const struct variable_text cli_variables[] = {
	{"CLOUDFLARE_API_TOKEN", "API token (or CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY)"},
	{"CLOUDFLARE_ACCOUNT_ID", "account to use if the manifest names none"},
	{"CLOUDFLARE_BASE_URL", "API address, for example that of a simulator"},
	{"CLOUDFLARE_API_KEY", NULL},
	{"CLOUDFLARE_EMAIL", NULL},
	{"CFPROV_VAR_NAME", "value of ${NAME} in the manifest; -var takes precedence"},
	{"CFPROV_POLICY", "policy file, as with -policy, which may only repeat it"},
	{"CFPROV_KEY", "key that protects the state, saved plans and fingerprints of values"},
	{"CFPROV_OLD_KEY", "key before, while it is being replaced"},
	{"CFPROV_REQUEST_TIMEOUT", "seconds that one request may take (default 60)"},
	{"CFPROV_PATIENCE", "default of -patience"},
	{"CFPROV_MAX_WAIT", "default of -max-wait"},
	{"CFPROV_LOG", "log level: error, warn, info, debug or trace"},
	{"CFPROV_LOG_PATH", "append the log to this file (default: standard error)"},
	{"NO_COLOR", "disable colour"},
	{0},
};

/* clang-format on */

const char cli_statuses[] = "0 success, 1 error, 2 changes (plan -detailed-exitcode) or a wrong "
			    "binding (check-bindings).";

const struct command *command_find(const char *name)
{
	for (const struct command *it = cli_commands; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

bool command_is_in_group(const struct command *command, const char *word)
{
	size_t length = strlen(word);

	return strncmp(command->name, word, length) == 0 && command->name[length] == ' ';
}

bool command_is_group(const char *word)
{
	for (const struct command *it = cli_commands; it->name; it++)
		if (command_is_in_group(it, word))
			return true;
	return false;
}

const char *command_section_title(enum command_section section)
{
	static const char *const titles[] = {
		[COMMAND_MAIN] = "Main commands",
		[COMMAND_OTHER] = "Other commands",
		[COMMAND_STATE] = "State commands",
	};

	return titles[section];
}
