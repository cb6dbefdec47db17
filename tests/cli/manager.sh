#!/bin/sh
# Stands in for a password manager whose name it is called by: it takes the arguments of that one's
# documentation and no others, and prints what that one prints. $MANAGER_LOCKED: its session has
# ended. The values are those of recipes.bats.
set -u

password='correct "horse"'
stripe=sk_test_4242
json='{"DB_PASSWORD": "correct \"horse\"", "STRIPE_KEY": "sk_test_4242"}'
tool=${0##*/}

# locked STATUS TEXT: fails if the session has ended.
locked()
{
	[ -n "${MANAGER_LOCKED-}" ] || return 0
	printf '%b' "$2" >&2
	exit "$1"
}

# starts COMMAND...: what the tool starts has the secrets in its environment.
starts()
{
	DB_PASSWORD=$password STRIPE_KEY=$stripe exec "$@"
}

all=$tool
for argument; do
	all="$all|$argument"
done

case $all in
'sops|decrypt|--output-type|json|secrets.enc.yaml')
	locked 128 'Failed to get the data key required to decrypt the SOPS file.\n\nGroup 0: FAILED\n\nRecovery failed because no master key was able to decrypt the file. In\norder for SOPS to recover the file, at least one key has to be successful,\nbut none were.'
	echo "$json"
	;;
'sops|exec-env|secrets.enc.yaml|'*) starts sh -c "$3" ;;
'op|read|op://team/payments/DB_PASSWORD' | 'op|read|op://team/payments/STRIPE_KEY')
	# shellcheck disable=SC2016 # so it is printed
	locked 1 '[ERROR] 2026/11/30 12:00:00 You are not currently signed in. Please run `op signin --help` for instructions\n'
	[ "${2##*/}" = DB_PASSWORD ] && echo "$password" || echo "$stripe"
	;;
'op|run|--env-file=op.env|--|'*)
	[ "$(cat op.env)" = 'DB_PASSWORD=op://team/payments/DB_PASSWORD' ] || exit 1
	shift 3
	starts "$@"
	;;
'vault|kv|get|-format=json|-mount=secret|payments')
	locked 2 'Error making API request.\n\nURL: GET http://127.0.0.1:8200/v1/secret/data/payments\nCode: 403. Errors:\n\n* permission denied\n'
	echo '{"request_id": "9c1c1e9e", "lease_id": "", "renewable": false, "data": {"data":' "$json," \
		'"metadata": {"version": 3, "destroyed": false}}, "warnings": null}'
	;;
'bw|--nointeraction|get|notes|payments')
	locked 1 'Vault is locked.'
	printf %s "$json"
	;;
'bw|--nointeraction|get|password|payments') printf %s "$password" ;;
'bws|secret|get|be8e0ad8-d545-4017-a55a-b02f014d4158')
	locked 1 'Error: \n   0: Missing access token\n'
	echo '{"id": "be8e0ad8-d545-4017-a55a-b02f014d4158", "key": "DB_PASSWORD",
		"value": "correct \"horse\"", "note": ""}'
	;;
'bws|secret|get|382580ab-1368-4e85-bfa3-b02e01400c9f')
	locked 1 'Error: \n   0: Missing access token\n'
	echo '{"id": "382580ab-1368-4e85-bfa3-b02e01400c9f", "key": "STRIPE_KEY",
		"value": "sk_test_4242", "note": ""}'
	;;
'bws|run|--project-id|ID|--|'*)
	shift 4
	starts sh -c "$*"
	;;
'aws|secretsmanager|get-secret-value|--secret-id|payments|--query|SecretString|--output|text')
	locked 253 '\nUnable to locate credentials. You can configure credentials by running "aws configure".\n'
	echo "$json"
	;;
'gcloud|secrets|versions|access|latest|--secret=payments|--project=platform')
	locked 1 'ERROR: (gcloud.secrets.versions.access) There was a problem refreshing your current auth tokens: Reauthentication failed. cannot prompt during non-interactive execution.\nPlease run:\n\n  $ gcloud auth login\n\nto obtain new credentials.\n'
	printf %s "$json"
	;;
'doppler|secrets|download|--no-file|--no-fallback|--format|json|--project|payments|--config|prd')
	locked 1 'Doppler Error: you must provide a token\n'
	printf %s "$json"
	;;
'doppler|run|--no-fallback|--|'*)
	shift 3
	starts "$@"
	;;
'infisical|secrets|get|DB_PASSWORD|--env=prod|--plain|--silent' | \
	'infisical|secrets|get|STRIPE_KEY|--env=prod|--plain|--silent')
	locked 1 'You must be logged in to run this command. To login, run [infisical login]\n'
	[ "$3" = DB_PASSWORD ] && echo "$password" || echo "$stripe"
	;;
'infisical|run|--env=prod|--|'*)
	shift 3
	starts "$@"
	;;
'wrangler|auth|token|--json')
	# shellcheck disable=SC2016 # so it is printed
	locked 1 'X [ERROR] Not logged in. Please run `wrangler login` to authenticate.\n'
	# Before the token of its own login comes that of the environment.
	printf '{\n  "type": "oauth",\n  "token": "%s"\n}\n' "${CLOUDFLARE_API_TOKEN:-$WRANGLER_LOGIN}"
	;;
*)
	echo "$tool: no such arguments: $all" >&2
	exit 64
	;;
esac
