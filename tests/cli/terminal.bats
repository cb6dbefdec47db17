#!/usr/bin/env bats
# What people see: the question, colour, the line that counts, and the width of it all, on a real
# pseudo-terminal.
# both builds: pseudo-terminals

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

@test "fault B18: without pseudo-terminals these tests are skipped" {
	have unshare
	local bare='mount -t tmpfs none /dev/pts && exec "$@"'
	unshare -rm sh -c "$bare" - true || skip 'no file systems can be mounted here'
	run -98 unshare -rm sh -c "$bare" - "$top/tests/cli/screen.py" -- true
	run -0 unshare -rm sh -c "$bare" - "$build/tests/unit/source"
	# A test of its own, for skipping ends it; and by the real bats, which is not the first in PATH here.
	printf '%s\n' "load '$top/tests/cli/cfprov'" '@test x {' 'screen -- version' '}' >x.bats
	run -0 env -i "PATH=${PATH#*:}" unshare -rm sh -c "$bare" - bats x.bats
	[[ $output == *'ok 1 x # skip there are no pseudo-terminals here'* ]]
}

# ---- the question ---------------------------------------------------------------------------

@test "yes is consent" {
	start_logged
	manifest a b
	screen --wait "Only 'yes'" --send 'yes\n' -- apply
	[ "$status" = 0 ]
	screen_has 'Plan: 2 to add, 0 to change, 0 to destroy.' "Do you want to perform these actions? Only 'yes' will be" \
		'default/a: created (id ' 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
	agree 2
	tidy
}

@test "everything else is not" {
	start_logged
	manifest a b
	local keys
	for keys in 'no\n' 'y\n' 'YES\n' '\n' 'yes!\n' '\x04' ' yes\n' 'Yes\n'; do
		screen --wait "Only 'yes'" --send "$keys" -- apply
		[ "$status" = 1 ]
		screen_has 'Apply cancelled. No changes were made.'
		[[ $screen != *complete* ]]
	done
	[ "$(posts)" = 0 ]
	[ ! -e "$state" ]
	tidy
}

@test "Ctrl-C at the question" {
	start_logged
	manifest a
	screen --wait "Only 'yes'" --send '\x03' -- apply
	[ "$status" = 1 ]
	screen_has 'No changes were made.'
	[ "$(posts)" = 0 ]
	tidy
}

@test "no question with -auto-approve, with -input=false, or without changes" {
	start_logged
	manifest a
	screen -- apply -input=false
	[ "$status" = 1 ]
	[[ $screen != *"Only 'yes'"* ]]
	screen -- apply -auto-approve
	[ "$status" = 0 ]
	[[ $screen != *"Only 'yes'"* ]]
	screen -- apply
	[ "$status" = 0 ]
	[[ $screen != *"Only 'yes'"* ]]
	screen_has 'No changes.'
}

@test "adoption is in the question" {
	start_logged
	api POST /accounts/acc_1/secrets_store/stores '{"name":"there"}'
	manifest there
	screen --wait "Only 'yes'" --send 'no\n' -- apply
	[ "$status" = 1 ]
	screen_has 'Plan: 1 to import, 0 to add' "$(answer_get .result.id)"
	[ ! -e "$state" ]
	screen --wait "Only 'yes'" --send 'yes\n' -- apply
	[ "$status" = 0 ]
	screen_has 'default/there: adopted' 'Resources: 1 imported, 0 added'
	agree 1
}

# ---- colour ---------------------------------------------------------------------------------

# colors FILE...
colors()
{
	grep -q $'\033\[[0-9;]*m' "$@"
}

@test "colour on a terminal, unless somebody does not want it" {
	start_logged
	manifest a
	screen -- plan
	colors raw
	grep -qF "${esc}[32m+${esc}[0m" raw
	screen -- plan -no-color
	run ! grep -qF "$esc" raw
	NO_COLOR=1 screen -- plan
	run ! grep -qF "$esc" raw
	NO_COLOR='' screen -- plan
	colors raw
	TERM=dumb screen -- plan
	run ! grep -qF "$esc" raw
	CLICOLOR_FORCE=1 NO_COLOR=1 screen -- plan
	run ! grep -qF "$esc" raw
}

@test "errors are coloured alike" {
	manifest a
	echo 'oops: 1' >>cfprov.yaml
	screen -- validate
	[ "$status" = 1 ]
	grep -qF "${esc}[31mError:${esc}[0m ${esc}[1m" raw
	screen -- validate -no-color
	run ! grep -qF "$esc" raw
	TERM=dumb screen -- validate
	run ! grep -qF "$esc" raw
}

@test "colours say what matters: an address, an error, how it ended" {
	start_logged
	manifest a b
	screen -- apply -auto-approve
	grep -qF "${esc}[32m+${esc}[0m ${esc}[1mdefault/a${esc}[0m" raw
	grep -qF "${esc}[32mApply complete! Resources: 2 added, 0 changed, 0 destroyed.${esc}[0m" raw
	sim_faults '{"method":"POST","status":400,"code":1,"message":"no"}'
	manifest a b c
	screen -- apply -auto-approve
	[ "$status" = 1 ]
	grep -qF "${esc}[31mApply incomplete: 0 added, 0 changed, 0 destroyed, 1 failed." raw
	grep -qF "${esc}[31mError:${esc}[0m ${esc}[1m" raw
	screen --wait "Only 'yes'" --send 'no\n' -- destroy
	grep -qF "${esc}[1mDo you really want to destroy these 2 objects? This cannot be undone.${esc}[0m" raw
	control DELETE faults >/dev/null
	printf 'accounts: {default: {account_id: acc_1}, lost: {account_id: acc_2, api_token: {env: NO}}}\nstores: [a, b]\n' \
		>cfprov.yaml
	screen -- apply -auto-approve
	[ "$status" = 1 ]
	grep -qF "${esc}[33mApply incomplete: 0 added, 0 changed, 0 destroyed; account \`lost\`" raw
	screen -- refresh -account=default
	grep -qF "${esc}[32mRefresh complete! 0 objects updated in the state.${esc}[0m" raw
}

@test "no colour on a pipe, but with CLICOLOR_FORCE" {
	start_logged
	manifest a
	good plan
	run ! grep -qF "$esc" out err
	CLICOLOR_FORCE=1 good plan
	colors out
	CLICOLOR_FORCE=0 good plan
	run ! grep -qF "$esc" out err
	CLICOLOR_FORCE=1 good plan -no-color
	run ! grep -qF "$esc" out err
	CLICOLOR_FORCE=1 NO_COLOR=1 good plan
	run ! grep -qF "$esc" out err
	# It is about colour: the line that counts stays away.
	CLICOLOR_FORCE=1 good apply -auto-approve
	run ! grep -q $'\r' out err
}

# ---- the status line ------------------------------------------------------------------------

@test "a line counts what is done and in progress, and is gone in the end" {
	start_logged
	manifest_of 40
	# The last one takes a while.
	sim_faults '{"method":"POST","kind":"delay","ms":2500,"nth":40}'
	screen -- apply -auto-approve -parallelism=8
	[ "$status" = 0 ]
	grep -qaE '39 of 40 done, 1 in progress \[[1-9]s elapsed\]' raw
	[[ $screen != *'in progress'* ]]
	[ "$(grep -c ': created' screen)" = 40 ]
	[ "$(tail -n1 screen)" = '' ]
	agree 40
}

@test "fault C2: while accounts are read there is a line, too" {
	start_logged
	printf 'accounts: {prod: {account_id: acc_1}}\nstores: [a]\n' >cfprov.yaml
	sim_faults '{"method":"GET","kind":"delay","ms":2500,"nth":1}'
	screen --wait 'Reading account prod... [1s elapsed]' --send '' \
		--wait 'Reading account prod... [2s elapsed]' --send '' -- plan
	[ "$status" = 0 ]
	[[ $screen != *Reading* ]]
}

@test "fault C2: while secrets become active the line moves" {
	start_logged --pending 1500
	echo '{account_id: acc_1, stores: [{name: keys, secrets: [{name: A, value: {env: A}}]}]}' >cfprov.yaml
	A=some-value screen --wait 'Waiting for 1 secret to become active... [1s of 1m]' --send '' -- \
		apply -auto-approve -wait
	[ "$status" = 0 ]
	[[ $screen != *Waiting* ]]
}

@test "failures are counted in it; nothing of it is left after a failure either" {
	start_logged
	manifest_of 30
	sim_faults '[{"method":"POST","nth":3,"status":400,"code":1,"message":"no"},
		{"method":"POST","kind":"delay","ms":2500,"nth":30}]'
	screen -- apply -auto-approve
	[ "$status" = 1 ]
	grep -qaE '28 of 30 done, 1 failed, 1 in progress' raw
	[[ $screen != *'in progress'* ]]
	screen_has '29 added' '1 failed'
}

@test "the line is there before the first answer" {
	start_logged
	manifest_of 3
	sim_faults '{"method":"POST","kind":"no_answer","times":1}'
	CFPROV_REQUEST_TIMEOUT=2 screen --wait '0 of 3 done, 1 in progress [1s elapsed]' --send '' -- \
		apply -auto-approve -parallelism=1
	[ "$status" = 0 ]
	agree 3
}

@test "no such line on a pipe or a dumb terminal: a line for each change" {
	acc=$account
	start_logged
	manifest_of 10
	good apply -auto-approve
	[ "$(wc -l <err)" = 10 ]
	run ! grep -q 'in progress' err
	run ! grep -q $'\r' err
	manifest_of 20
	TERM=dumb screen -- apply -auto-approve
	run ! grep -qa 'in progress' raw
}

# ---- width ----------------------------------------------------------------------------------

@test "nothing is wider than the terminal" {
	start_logged
	api POST /accounts/acc_1/secrets_store/stores '{"name":"there"}'
	api POST /accounts/acc_1/secrets_store/stores '{"name":"twin"}'
	local columns
	for columns in 80 60 40; do
		manifest there a$columns b$columns
		control DELETE faults
		sim_faults '[{"method":"POST","nth":1,"status":400,"code":1,"message":"no"},
			{"method":"POST","nth":2,"status":429,"retry_after":"1"},
			{"method":"GET","nth":1,"status":502,"body":"html"}]'
		rm -f "$state"
		screen --columns $columns --wait "Only 'yes'" --send 'yes\n' -- apply
		[ "$status" = 1 ]
		screen_has 'retrying in' 'Apply incomplete'
		fits $columns

		manifest there c$columns
		api POST /accounts/acc_1/secrets_store/stores "{\"name\":\"c$columns\"}"
		screen --columns $columns -- plan
		screen_has 'adopt: true'
		fits $columns

		manifest there
		api DELETE "/accounts/acc_1/secrets_store/stores/$(live | sed -n 's/^there //p')"
		screen --columns $columns -- apply -auto-approve
		fits $columns

		manifest twin
		api POST /accounts/acc_1/secrets_store/stores '{"name":"twin"}'
		screen --columns $columns -- plan
		[ "$status" = 1 ]
		fits $columns

		printf 'account_id: acc_1\nstorse: [x]\nstores: [a, a, "b c"]\n' >cfprov.yaml
		screen --columns $columns -- validate
		[ "$status" = 1 ]
		fits $columns
	done
}

@test "the legend is not broken between a symbol and its word; accounts are folded" {
	local columns
	start_logged
	printf 'accounts: {east: {account_id: acc_1}, west: {account_id: acc_2}}\nstores: [left, old]\n' \
		>cfprov.yaml
	good apply -auto-approve
	local account
	for account in acc_1 acc_2; do
		api POST "/accounts/$account/secrets_store/stores" '{"name":"there"}'
	done
	printf 'accounts: {east: {account_id: acc_1}, west: {account_id: acc_2}}\nstores: [new, there]\nremoved:\n' \
		>cfprov.yaml
	printf '  - {from: %s/old, destroy: false}\n' east west >>cfprov.yaml
	for columns in 80 60 40; do
		screen --columns $columns -- plan
		fits $columns
		run ! grep -qE ' [-+=.]$' screen
	done
	has "$screen" 'cfprov will perform the following
actions (+ create, = adopt, - destroy,
. forget):' '  east: 1 to import, 1 to add, 1 to
    destroy, 1 to forget
  west: '
	good plan
	out_has 'cfprov will perform the following actions (+ create, = adopt, - destroy, . forget):' \
		'  east: 1 to import, 1 to add, 1 to destroy, 1 to forget
  west: '
}

@test "findings of doctor are folded" {
	start_logged
	manifest a
	local columns
	for columns in 80 60 40; do
		screen --columns $columns -- doctor
		fits $columns
	done
	has "$screen" '
ok    default: Secrets Store can be read
      and probably written (0 stores)
'
	good doctor
	out_has 'ok    default: Secrets Store can be read and probably written (0 stores)
'
}

@test "help is at most 80 columns wide, on a pipe and a wide terminal, too" {
	local command commands
	mapfile -t commands < <("$cfprov" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p')
	((${#commands[@]} >= 9))
	for command in '' "${commands[@]}"; do
		# shellcheck disable=SC2086 # words
		good help $command
		awk 'length($0) > 80 { print; bad = 1 } END { exit bad }' out
	done
	# shellcheck disable=SC2086 # words
	screen --columns 200 -- help plan
	good help plan
	diff <(sed '$d; s/ *$//' screen) out
	screen --columns 60 -- help plan
	fits 60
	screen --columns 60 -- help
	has "$screen" '
  import-env      write manifest entries for the names in a
                  .env or JSON file
'
}

@test "a terminal that says it has no columns, or one" {
	start_logged
	manifest a
	screen --columns 0 -- plan
	[ "$status" = 0 ]
	screen --columns 1 -- apply -auto-approve
	[ "$status" = 0 ]
	agree 1
}
