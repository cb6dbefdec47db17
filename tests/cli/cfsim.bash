# shellcheck shell=bash
# Helpers for the tests of cfsim itself, on top of helper.bash.

# Some of these are for the tests that load this file.
# shellcheck disable=SC2034,SC2154
load "${BASH_SOURCE[0]%/*}/helper"

account=/accounts/acc_1/secrets_store

# make_store [NAME]: sets $store to its path.
make_store()
{
	api POST "$account/stores" "{\"name\":\"${1-shop}\"}"
	store=$account/stores/$(answer_get .result.id)
}

# make_secret NAME [VALUE [REST]]: in $store; sets $secret to its path. REST: more JSON members.
make_secret()
{
	api POST "$store/secrets" \
		"[{\"name\":\"$1\",\"value\":\"${2-hush}\",\"scopes\":[\"workers\"]${3-}}]"
	secret=$store/secrets/$(answer_get '.result[0].id')
}
