#!/usr/bin/env bats
# A server that stores a comment, or scopes, otherwise than they were sent.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	"$top/tests/cli/trimming.py" trimming.port "${sim_root##*:}" 3>&- &
	trimming_pid=$!
	trims() { [[ -s trimming.port ]]; }
	wait_until trims
	CLOUDFLARE_BASE_URL=http://127.0.0.1:$(<trimming.port)/client/v4
	export V=value
}

teardown()
{
	kill "$trimming_pid"
	wait "$trimming_pid" || true
	stop_all
}

# secret FIELDS: a store with one secret.
secret()
{
	printf 'account_id: a85e105f4ecef8ad9ca31a8372d0c353\nstores:\n- name: keys\n  secrets:\n  - {name: A, value: {env: V}, %s}\n' \
		"$1" >cfprov.yaml
}

nothing_left()
{
	: >"$sim_log"
	good plan -detailed-exitcode
	out_has 'No changes.'
	[[ $output$errors != *outside* && $output$errors != *Warning* ]]
	good apply -auto-approve
	[ "$(requests '.method != "GET"')" = 0 ]
}

live()
{
	sim_world ".accounts[].stores[].secrets[].$1"
}

@test "fault A17: a comment that the server trims is written once, and told once" {
	secret 'comment: " padded "'
	good apply -auto-approve
	err_has 'Cloudflare stored the comment of default/keys/A as "padded", not as " padded "'
	nothing_left
	nothing_left
	# Another value is no reason to write the comment again, nor to tell it again.
	V=other good plan
	[[ $output != *comment* ]]
	V=other good apply -auto-approve
	[[ $errors != *stored* ]]
	[ "$(requests '.method == "PATCH" and (.body | has("comment"))')" = 0 ]
	export V=other
	nothing_left
}

@test "fault A17: an update's comment that the server cuts is written once" {
	secret 'comment: short'
	good apply -auto-approve
	[[ $errors != *stored* ]]
	secret 'comment: longer than it may be here'
	good apply -auto-approve
	err_has 'stored the comment of default/keys/A as "longer than it m", not as "longer than'
	nothing_left
	# A change outside of cfprov is seen as ever.
	local id
	id=$(jq -r '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.keys | "\(.id)/secrets/\(.secrets.A.id)"' "$state")
	api PATCH "/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores/$id" '{"comment":"by hand"}'
	[ "$http" = 200 ]
	good apply -auto-approve
	[ "$(live comment)" = 'longer than it m' ]
	nothing_left
	# So is another wish.
	secret 'comment: another'
	good apply -auto-approve
	[ "$(live comment)" = another ]
	nothing_left
	jq -e '[.. | objects | has("sent_comment")] | any | not' "$state"
}

@test "fault A17: scopes that the server stores otherwise are written once" {
	secret 'scopes: [dex, workers]'
	good apply -auto-approve
	err_has 'Cloudflare stored the scopes of default/keys/A as "workers", not as "dex,workers"'
	nothing_left
	jq -e '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.keys.secrets.A.sent_scopes == ["dex", "workers"]' "$state"
	# A state edited by hand, or of an earlier version, does without.
	jq 'del(.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.keys.secrets.A.sent_scopes)' "$state" >new
	mv new "$state"
	good apply -auto-approve
	err_has 'stored the scopes'
	nothing_left
}

@test "fault A17: a saved plan and -json tell it, too" {
	secret 'comment: " padded "'
	good plan -out=saved
	good apply -json saved
	out_has 'Cloudflare stored the comment'
	nothing_left
}
