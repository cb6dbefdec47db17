#!/usr/bin/env bats
# The life of secrets: made in bulk, changed, renamed, deleted; and what goes wrong on the way.

# shellcheck disable=SC2086,SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	long_key=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	export CFPROV_KEY=$long_key
}
teardown() { stop_all; }

# secrets LINE...: cfprov.yaml with the store keys and a secret from each line, in braces. Each has
# its value from the file of its name in values/.
secrets()
{
	local line name
	{
		printf 'account_id: acc_1\nstores:\n  - name: keys\n    secrets:\n'
		for line; do
			name=${line%%,*}
			printf '      - {name: %s, value: {file: values/%s}}\n' "$line" "$name"
		done
	} >cfprov.yaml
}

@test "fault B1, fault B2, fault B3, fault B4: values that lost a part, or are none, are told; never shown" {
	start_logged
	cat >cfprov.yaml <<-end
		account_id: $account
		stores:
		  - name: keys
		    secrets:
		      - {name: CUT, value: {dotenv: .env, key: CUT}}
		      - {name: SPLIT, value: {dotenv: .env, key: SPLIT}}
		      - {name: TWICE, value: {dotenv: .env, key: TWICE}}
		      - {name: PLAIN, value: {dotenv: .env, key: PLAIN}}
		      - {name: REFERENCE, value: {env: REFERENCE}}
		      - {name: MARKED, value: {file: marked}}
	end
	printf '%s\n' 'CUT=hush#hush' 'SPLIT=hush' 'hush/hush' 'TWICE=hush' 'TWICE=hush2' \
		'PLAIN="hush#hush" # comment' >.env
	printf '\xef\xbb\xbfhush' >marked
	export REFERENCE=op://hush/hush/field
	good plan
	err_has 'Warning: default/keys/CUT: the value of CUT ends at the #' .env:1 \
		'put the value in quotes' \
		'Warning: default/keys/SPLIT: the value of SPLIT ends on its first line: line 3 is ignored' \
		'Warning: default/keys/TWICE: TWICE is set more than once: this line overrides line 4' .env:5 \
		'Warning: default/keys/REFERENCE: environment variable REFERENCE looks like a reference or a ciphertext, not a value' \
		'a 1Password reference' cfprov.yaml:9
	err_lacks hush PLAIN
	[ "$(grep -c ^Warning: err)" = 4 ]
	good plan -json
	[ "$(jq -r 'select(.type == "diagnostic") | .diagnostic.severity' out | sort | uniq -c | tr -s ' ')" = ' 4 warning' ]
	! grep hush out || false
	good apply -auto-approve
	err_lacks hush
	[ "$(inside | sed -n 's/^MARKED \([0-9a-f]*\) .*/\1/p')" = "$(printf hush | sum)" ]
	iconv -t UTF-16 .env >wide && mv wide .env
	bad plan
	err_has 'it is UTF-16, not UTF-8' 'Out-File -Encoding utf8'
	iconv -t UTF-16 marked >wide && mv wide marked
	bad plan
	err_has 'default/keys/MARKED: the value is UTF-16, not UTF-8'
	bad import-env .env -store=keys
	err_has 'the file is UTF-16, not UTF-8'
	printf 'CUT=hush#hush\n' >.env
	rm cfprov.yaml
	good import-env .env -store=keys
	err_has 'the value of CUT ends at the #' .env:1
	err_lacks hush
}

# value NAME TEXT
value()
{
	mkdir -p values
	printf '%s' "$2" >values/"$1"
}

sum()
{
	b2sum -l 128 | cut -c1-16
}

# inside: lines "NAME CHECKSUM SCOPES COMMENT" of what lives in the store keys.
inside()
{
	sim_world '.accounts[].stores[] | select(.name == "keys") | .secrets[]
		| "\(.name) \(.value_checksum) \(.scopes | sort | join(",")) \(.comment // "")"' |
		LC_ALL=C sort
}

# holds NAME...: just these secrets live there, each with the value in its file, and the state has
# their ids.
holds()
{
	local name
	for name; do
		echo "$name $(sum <values/"$name")"
	done | LC_ALL=C sort >wanted.txt
	inside | cut -d' ' -f1,2 >inside.txt
	diff wanted.txt inside.txt >&2 || return 1
	sim_world '.accounts[].stores[].secrets[] | "\(.name) \(.id)"' | LC_ALL=C sort >live_ids
	jq -r '.accounts.acc_1.stores[].secrets // {} | to_entries[] | "\(.key) \(.value.id)"' \
		"$state" | LC_ALL=C sort >recorded_ids
	diff live_ids recorded_ids >&2
}

nothing_left()
{
	good plan -detailed-exitcode && [[ $output != *outside* ]]
}

# ---- making -----------------------------------------------------------------------------------

@test "commands get neither cfprov's variables nor the secrets of the manifest, unless let in" {
	start_logged
	export TOKEN=$CLOUDFLARE_API_TOKEN V_PLAIN=hush-plain OP_SESSION=op CFPROV_KEY=0123456789abcdef0123456789abcdef
	unset CLOUDFLARE_API_TOKEN
	names() { cut -d= -f1 "$1" | grep -E '^(CLOUDFLARE|CFPROV|TOKEN|V_|OP_|HOME|UNSET)' | sort | xargs; }
	cat >cfprov.yaml <<-'end'
		accounts: {one: {account_id: acc_1, api_token: {env: TOKEN}}}
		stores: [{name: keys, secrets: [{name: ALL, value: {command: [sh, -c, "env >all; echo x"]}}, {name: PLAIN, value: {env: V_PLAIN}}]}]
	end
	good plan
	[[ $(names all) == 'HOME OP_SESSION' ]]
	cat >cfprov.yaml <<-'end'
		accounts:
		  one: {account_id: acc_1, api_token: {env: TOKEN}}
		  two: {account_id: acc_2, api_token: {env: TOKEN_TWO}}
		stores:
		  - name: keys
		    accounts: [one]
		    secrets:
		      - {name: ALL, value: {command: [sh, -c, "env >all; echo hush-all"]}}
		      - {name: SOME, value: {env: [TOKEN_TWO, V_PLAIN, CLOUDFLARE_BASE_URL, UNSET], command: [sh, -c, "env >some; echo hush-some"]}}
		      - {name: PLAIN, value: {env: V_PLAIN}}
	end
	export TOKEN_TWO=hush-two
	good plan -account=one -out=saved
	out_has "from command \`sh -c 'env >some; echo hush-some'\` with TOKEN_TWO, V_PLAIN, CLOUDFLARE_BASE_URL, UNSET"
	[[ $(names all) == 'HOME OP_SESSION' ]]
	[[ $(names some) == 'CLOUDFLARE_BASE_URL HOME OP_SESSION TOKEN_TWO V_PLAIN' ]]
	rm all some
	good apply saved
	[[ $(names all) == 'HOME OP_SESSION' ]]
	[[ $(names some) == 'CLOUDFLARE_BASE_URL HOME OP_SESSION TOKEN_TWO V_PLAIN' ]]
}

@test "what a failing command says is shown without secrets" {
	start_logged
	export V_PLAIN=hush-plain
	cat >cfprov.yaml <<-'end'
		account_id: acc_1
		stores:
		  - name: keys
		    secrets:
		      - {name: A, value: {env: V_PLAIN}}
		      - {name: B, value: {file: b.txt}}
		      - {name: C, value: {command: [sh, -c, "echo hush-own; set -x; : $0; exit 3", "hush-plain hush-file cfsim-token hush-own"]}}
	end
	echo hush-file >b.txt
	bad plan
	err_has 'exited with status 3' 'It printed: + : (sensitive value)'
	err_lacks hush cfsim-token
	prov plan -json
	((status == 1))
	out_has 'exited with status 3' 'It printed: + : (sensitive value)'
	run ! grep -E 'hush|cfsim-token' out
}

@test "a hundred secrets in a new store are four requests, plan included" {
	start_logged
	local names=() i
	for i in {1..100}; do
		value "S$i" "value $i"
		names+=("S$i")
	done
	secrets "${names[@]}"
	good apply -auto-approve
	out_has 'Plan: 101 to add, 0 to change, 0 to destroy.'
	out_has 'Apply complete! Resources: 101 added, 0 changed, 0 destroyed.'
	[ "$(requests)" = 4 ]
	holds "${names[@]}"
	tidy
	nothing_left
	[ "$(requests)" = 6 ]
}

@test "more than a hundred go in batches, and the quota is asked first" {
	start_logged --max-secrets 250
	local names=() i
	for i in {1..250}; do
		value "S$i" "value $i"
		names+=("S$i")
	done
	secrets "${names[@]}"
	good apply -auto-approve
	[ "$(requests '.method == "POST"')" = 4 ]
	holds "${names[@]}"
	nothing_left
}

@test "new secrets among changed ones go in one request all the same" {
	start_logged
	local names=() i
	for i in {000..058..2}; do
		value "K$i" "value $i"
		names+=("K$i")
	done
	secrets "${names[@]}"
	good apply -auto-approve
	: >"$sim_log"
	names=()
	for i in {000..058..2}; do
		value "K${i%?}$((${i: -1} + 1))" "new value $i"
		names+=("K$i, comment: new" "K${i%?}$((${i: -1} + 1))")
	done
	secrets "${names[@]}"
	good apply -auto-approve
	out_has 'Resources: 30 added, 30 changed, 0 destroyed.'
	[ "$(requests '.method == "PATCH"')" = 30 ]
	[ "$(requests '.method == "POST"')" = 1 ]
	holds "${names[@]%%,*}"
	nothing_left
}

@test "too many for the account are refused before anything is sent" {
	start_logged --max-secrets 5
	local names=() i
	for i in {1..6}; do
		value "S$i" "value $i"
		names+=("S$i")
	done
	secrets "${names[@]}"
	bad plan
	err_has 'account `default`: the plan needs 6 secrets, but the quota is 5'
	bad apply -auto-approve
	[ "$(requests '.method != "GET"')" = 0 ]
	secrets "${names[@]:0:5}"
	good apply -auto-approve
	# A rename needs a place more for a while.
	value NEW 'value 1'
	secrets NEW "${names[@]:1:4}"
	printf 'moved: [{from: default/keys/S1, to: default/keys/NEW}]\n' >>cfprov.yaml
	bad apply -auto-approve
	err_has 'account `default`: the plan needs 6 secrets, but the quota is 5 (a rename temporarily needs one more)'
	[ "$(requests '.method == "DELETE"')" = 0 ]
}

@test "each rename needs one more place while it runs" {
	start_logged --max-secrets 7
	local name
	for name in A B C; do
		value "$name" "value $name"
		value "NEW_$name" "value $name"
	done
	value FIRST 'one more'
	value SECOND 'one more'
	secrets A B C
	good apply -auto-approve
	secrets NEW_A NEW_B NEW_C FIRST SECOND
	printf 'moved:\n' >moved
	printf '  - {from: default/keys/%s, to: default/keys/NEW_%s}\n' A A B B C C >>moved
	cat moved >>cfprov.yaml
	bad apply -auto-approve
	err_has 'account `default`: the plan needs 8 secrets, but the quota is 7 (a rename temporarily needs one more)'
	secrets NEW_A NEW_B NEW_C FIRST
	cat moved >>cfprov.yaml
	good apply -auto-approve
	out_has 'Resources: 1 added, 3 changed, 0 destroyed.'
	holds NEW_A NEW_B NEW_C FIRST
	# Room was there, and nothing was tried in vain.
	[ "$(requests '.status >= 400')" = 0 ]
	nothing_left
}

@test "values with everything in them go through whole" {
	start_logged
	value QUOTES $'"\'\\`$(x) ${Y}'
	value LINES $'one\ntwo\r\nthree\ttab'
	value UNICODE $'gr\xc3\xbc\xc3\x9fe \xe2\x82\xac \xf0\x9f\x94\x91'
	value CONTROL $'\x01\x1b\x7f'
	mkdir -p values
	head -c 65536 /dev/zero | tr '\0' x >values/LONGEST
	secrets QUOTES LINES UNICODE CONTROL LONGEST
	good apply -auto-approve
	holds QUOTES LINES UNICODE CONTROL LONGEST
	nothing_left
}

@test "values that can't be are refused by name" {
	start_logged
	mkdir -p values
	head -c 65537 /dev/zero | tr '\0' x >values/LONG
	: >values/EMPTY
	printf 'a\0b' >values/NUL
	printf 'a\xff' >values/BYTES
	secrets LONG EMPTY NUL BYTES MISSING
	bad apply -auto-approve
	err_has 'default/keys/LONG: the value has 65537 bytes, but Cloudflare allows at most 65536'
	err_has 'default/keys/EMPTY: the value is empty'
	err_has 'default/keys/NUL: the value contains a NUL byte'
	err_has 'default/keys/BYTES: the value is not UTF-8 (at byte 2)'
	err_has 'default/keys/MISSING: ' 'values/MISSING'
	[ "$(requests '.method != "GET"')" = 0 ]
}

@test "sources that can't be read are told by name and place, and what they print is not a value" {
	start_logged
	mkdir folder
	ln -s loop loop
	echo hush >closed
	chmod 0 closed
	cat >cfprov.yaml <<-'end'
		account_id: acc_1
		stores:
		  - name: s
		    secrets:
		      - {name: MISSING, value: {file: missing}}
		      - {name: FOLDER, value: {file: folder}}
		      - {name: ZERO, value: {file: /dev/zero}}
		      - {name: LOOP, value: {file: loop}}
		      - {name: CLOSED, value: {file: closed}}
		      - {name: FAILS, value: {command: [sh, -c, "echo hush; echo no luck >&2; exit 3"]}}
		      - {name: ENDLESS, value: {command: [yes, hush]}}
		      - {name: KILLED, value: {command: [sh, -c, "echo hush; kill -KILL $$"]}}
		      - {name: ABSENT, value: {command: [no-such-program]}}
		      - {name: ASIDE, value: {command: [sh, -c, "echo hush >&2"]}}
	end
	bad apply -auto-approve
	err_has "default/s/MISSING: can't open missing: No such file or directory cfprov.yaml:5:32" \
		'default/s/FOLDER: folder is a directory, not a file cfprov.yaml:6:31' \
		'default/s/ZERO: /dev/zero is not a regular file or a pipe cfprov.yaml:7:29' \
		"default/s/LOOP: can't open loop: Too many levels of symbolic links cfprov.yaml:8:29" \
		'default/s/FAILS: the command `sh` exited with status 3 cfprov.yaml:10:30 It printed: no luck' \
		'default/s/ENDLESS: the command `yes` printed more than 16777216 bytes cfprov.yaml:11:32' \
		'default/s/KILLED: the command `sh` was killed by signal 9 (Killed) cfprov.yaml:12:31' \
		"default/s/ABSENT: can't run the command \`no-such-program\`" cfprov.yaml:13:31 \
		'default/s/ASIDE: the value is empty cfprov.yaml:14:30'
	err_lacks hush
	[ "$(requests '.method != "GET"')" = 0 ]
	tidy
	# Root reads every file, unless it has no leave to.
	((EUID)) || have setpriv
	local plain=()
	((EUID)) || plain=(setpriv "--bounding-set=-dac_override,-dac_read_search")
	"${plain[@]}" "$cfprov" apply -auto-approve >out 2>err </dev/null && status=0 || status=$?
	told apply
	failed_well
	err_has "default/s/CLOSED: can't open closed: Permission denied cfprov.yaml:9:31"
	[ "$(requests '.method != "GET"')" = 0 ]
}

@test "one trailing newline is dropped, and kept with trim: false" {
	start_logged
	mkdir -p values
	printf 'x\n\n' >values/A
	cat >cfprov.yaml <<-'END'
		account_id: acc_1
		stores:
		  - name: keys
		    secrets:
		      - {name: A, value: {file: values/A}}
		      - {name: B, value: {file: values/A, trim: false}}
	END
	good apply -auto-approve
	[ "$(inside | awk '{print $2}' | paste -sd' ')" = "$(printf 'x\n' | sum) $(printf 'x\n\n' | sum)" ]
}

# ---- changing ---------------------------------------------------------------------------------

@test "only what changed is written, with one request" {
	start_logged
	value A 'value-a1'
	value B 'value-b1'
	secrets A 'B, comment: one, scopes: [workers, dex]'
	good apply -auto-approve
	value A 'value-a2'
	good apply -auto-approve
	out_has 'Apply complete! Resources: 0 added, 1 changed, 0 destroyed.'
	[ "$(requests '.method == "PATCH"')" = 1 ]
	[ "$(jq -c 'select(.method == "PATCH") | .body | keys' "$sim_log")" = '["value"]' ]
	secrets A 'B, comment: two, scopes: [dex, workers]'
	good apply -auto-approve
	[ "$(jq -c 'select(.method == "PATCH") | .body | keys' "$sim_log" | tail -n 1)" = '["comment"]' ]
	secrets A 'B, scopes: [workers]'
	good apply -auto-approve
	[ "$(jq -c 'select(.method == "PATCH") | .body | keys' "$sim_log" | tail -n 1)" = '["comment","scopes"]' ]
	inside | grep -q '^B [0-9a-f]* workers $'
	holds A B
	nothing_left
}

# clear_a_comment CHOICE: of B, and its value and scopes are changed with the same request.
clear_a_comment()
{
	start_logged --answer "clear-comment=$1"
	rm -f "$state"
	value A 'value-a'
	value B 'value-b1'
	secrets 'A, comment: one' 'B, comment: two'
	good apply -auto-approve
	: >"$sim_log"
	value B 'value-b2'
	secrets A 'B, scopes: [dex]'
}

# patches: the keys and comments that were written.
patches()
{
	jq -c 'select(.method == "PATCH") | .body | [keys[], .comment]' "$sim_log" | LC_ALL=C sort | paste -sd' '
}

@test "a comment is cleared, whatever clears it" {
	local choice all='["comment",""] ["comment","scopes","value",""]'
	for choice in both empty; do
		clear_a_comment $choice
		good apply -auto-approve
		[ "$(patches)" = "$all" ]
		holds A B
		nothing_left
		stop_sim
	done
	clear_a_comment null
	good apply -auto-approve
	out_has '0 added, 2 changed, 0 destroyed.'
	[ "$(patches)" = "$all"' ["comment",null] ["comment",null]' ]
	[ "$(sim_world '[.accounts[].stores[].secrets[].comment] | tostring')" = '[null,null]' ]
	holds A B
	nothing_left
}

@test "a comment that can't be cleared is an error, and the rest of the update is recorded" {
	clear_a_comment null
	# The second one of each secret: its value is in the first.
	sim_faults "$(jq -c '[.accounts.acc_1.stores.keys.secrets[].id | {method: "PATCH",
		path: "*/secrets/\(.)", kind: "status", status: 400, code: 1001,
		message: "invalid_json_body", after: 1}]' "$state")"
	bad apply -auto-approve
	err_has '2 failed' 'default/keys/A: failed: its comment could not be cleared: invalid_json_body (HTTP 400, code 1001, '
	control DELETE faults
	good plan
	out_has 'Plan: 0 to add, 2 to change, 0 to destroy.' 'default/keys/A' 'default/keys/B'
	[[ $output != *outside* && $output != *value* && $output != *scopes* ]]
	good apply -auto-approve
	holds A B
	nothing_left
	stop_sim
	# It is still there, whatever the answer is; here an answer to all that is asked.
	clear_a_comment both
	secrets A 'B, comment: two'
	value B 'value-b1'
	local id
	id=$(jq -r .accounts.acc_1.stores.keys.secrets.A.id "$state")
	sim_faults "$(jq -n --arg id "$id" '{method: "PATCH", kind: "raw_body", times: 2, text: ({success: true,
		errors: [], messages: [], result: {id: $id, name: "A", comment: "one", status: "active",
		scopes: ["workers"], created: "2026-01-01T00:00:00Z",
		modified: "2026-01-01T00:00:00Z"}} | tostring)}')"
	bad apply -auto-approve
	err_has 'default/keys/A: failed: its comment could not be cleared: Cloudflare still has it'
	[ "$(patches)" = '["comment",""] ["comment",null]' ]
}

@test "version writes the value again, if_absent never does" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	secrets 'A, version: 1' 'B, update: if_absent'
	good apply -auto-approve
	value B 'value-b2'
	nothing_left
	secrets 'A, version: 2' 'B, update: if_absent'
	good apply -auto-approve
	[ "$(requests '.method == "PATCH"')" = 1 ]
	jq -e '.accounts.acc_1.stores.keys.secrets.A.version == 2' "$state"
	value B 'value-b'
	holds A B
}

@test "what was written outside is told and rewritten, warned of, or left" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	value C 'value-c'
	secrets A 'B, on_drift: warn' 'C, on_drift: ignore'
	good apply -auto-approve
	local store id name
	store=$(jq -r .accounts.acc_1.stores.keys.id "$state")
	for name in A B C; do
		id=$(jq -r ".accounts.acc_1.stores.keys.secrets.$name.id" "$state")
		curl -fsS -X PATCH -H 'Authorization: Bearer cfsim-token' -d '{"value":"mallory"}' \
			"$sim_url/accounts/acc_1/secrets_store/stores/$store/secrets/$id" >/dev/null
	done
	good plan
	out_has 'Plan: 0 to add, 1 to change, 0 to destroy.' 'default/keys/A' 'default/keys/B'
	[[ $output != *default/keys/C* ]]
	good apply -auto-approve
	[ "$(inside | grep ^A | cut -d' ' -f2)" = "$(sum <values/A)" ]
	[ "$(inside | grep ^B | cut -d' ' -f2)" = "$(printf mallory | sum)" ]
	good plan # B is told again, as nobody has decided
	out_has 'No changes.' 'default/keys/B'
	# A comment is written, and no value: whose that is stays known.
	secrets A 'B, on_drift: warn, comment: new' 'C, on_drift: ignore, comment: new'
	good apply -auto-approve
	out_has '2 changed'
	[ "$(inside | grep ^B | cut -d' ' -f2)" = "$(printf mallory | sum)" ]
	good plan
	out_has 'No changes.' 'default/keys/B'
	[[ $output != *default/keys/C* ]]
	err_has 'To accept a value that was changed outside of cfprov'
	good refresh
	out_has default/keys/B
	good plan
	[[ $output != *default/keys* ]]
}

@test "what was generated is nowhere else: who lost the state keeps it" {
	start_logged
	cat >cfprov.yaml <<-'END'
		account_id: acc_1
		stores:
		  - name: keys
		    secrets:
		      - {name: A, value: {generate: {bytes: 32}}}
	END
	good apply -auto-approve
	inside >before.txt
	rm "$state"
	good apply -auto-approve -adopt
	inside | diff before.txt -
	nothing_left
	sed -i 's/}}}/}}, version: 2}/' cfprov.yaml
	good apply -auto-approve
	out_has 'version raised from 1 to 2'
	inside >after.txt
	[ "$(cmp before.txt after.txt)" ]
	mv after.txt before.txt
	local id
	id=$(jq -r '.accounts.acc_1.stores.keys.secrets.A.id' "$state")
	good state rm default/keys/A
	good import default/keys/A "acc_1/keys/$id"
	nothing_left
	inside | diff before.txt -
}

@test "before all in a store is deleted at once, a list tells that nothing came in" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	local store
	store=$(jq -r .accounts.acc_1.stores.keys.id "$state")
	asking destroy -allow-store-destroy -refresh=false # no look after the answer
	api POST "/accounts/acc_1/secrets_store/stores/$store/secrets" \
		'[{"name":"LATE","value":"v","scopes":["workers"]}]'
	[[ $http == 200 ]]
	answer yes
	[ "$status" = 1 ]
	err_has 'it contains a secret that cfprov does not manage: LATE' 'Run `cfprov plan` again.'
	[ "$(requests '.method == "DELETE"')" = 0 ]
	[ "$(inside | wc -l)" = 2 ]
	bad destroy -allow-store-destroy -auto-approve
	err_has default/keys/LATE
}

@test "-refresh=false knows what it destroys" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	secrets A B
	good apply -auto-approve
	good plan -destroy -refresh=false
	out_has '3 to destroy'
	good plan -refresh=false -replace=default/keys
	out_has 'Plan: 3 to add, 0 to change, 3 to destroy.'
	good destroy -refresh=false -allow-store-destroy -auto-approve
	[ "$(sim_world '.accounts[].stores[].name')" = '' ]
}

@test "-refresh=false vouches for no value that it leaves alone" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	local path
	path=$(jq -r '.accounts.acc_1.stores.keys | "\(.id)/secrets/\(.secrets.A.id)"' "$state")
	api PATCH "/accounts/acc_1/secrets_store/stores/$path" '{"value":"theirs"}'
	[[ $http == 200 ]]
	secrets 'A, comment: new'
	good apply -auto-approve -refresh=false
	out_has 'may have changed: modified outside of cfprov at'
	holds A
	nothing_left
}

# half_renamed: A is B by now, and what is left of A could not be deleted.
half_renamed()
{
	value A 'value-a'
	value B 'value-a'
	secrets A
	good apply -auto-approve
	secrets B
	echo 'moved: [{from: default/keys/A, to: default/keys/B}]' >>cfprov.yaml
	sim_faults '{"method":"DELETE","kind":"status","status":403,"code":1001,"message":"no"}'
	bad apply -auto-approve
	control DELETE faults
	jq -e '.accounts.acc_1.stores.keys.secrets.B.former == "A"' "$state"
}

@test "what is left of a rename is not deleted because the state believes in the other" {
	start_logged
	half_renamed
	local path
	path=$(jq -r '.accounts.acc_1.stores.keys | "\(.id)/secrets/\(.secrets.B.id)"' "$state")
	api DELETE "/accounts/acc_1/secrets_store/stores/$path"
	good apply -auto-approve -refresh=false
	holds B
	nothing_left
}

@test "what is left of a rename stays known as that when the other is replaced" {
	start_logged
	half_renamed
	sim_faults '{"method":"DELETE","kind":"status","status":403,"code":1001,"message":"no","after":1,"times":1}'
	status=0
	"$cfprov" apply -auto-approve -replace=default/keys/B >out 2>err || status=$?
	told apply
	control DELETE faults
	good apply -auto-approve
	holds B
	nothing_left
	jq -e '.accounts.acc_1.stores.keys.secrets.B | has("former") | not' "$state"
}

@test "a move to the name of another secret destroys nothing" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	secrets 'A, prevent_destroy: true' B
	good apply -auto-approve
	secrets B
	echo 'moved: [{from: default/keys/A, to: default/keys/B}]' >>cfprov.yaml
	bad apply -auto-approve
	err_has "default/keys/A: can't be renamed to default/keys/B, which is another managed secret"
	holds A B
}

@test "a value that somebody writes while the question stands is seen" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	local path
	path=$(jq -r '.accounts.acc_1.stores.keys | "\(.id)/secrets/\(.secrets.A.id)"' "$state")
	secrets 'A, comment: new'
	asking apply
	api PATCH "/accounts/acc_1/secrets_store/stores/$path" '{"value":"rotated"}'
	[[ $http == 200 ]]
	answer yes
	[ "$status" = 1 ]
	err_has 'default/keys/A: changed since the plan was made: it was modified'
	good plan
	out_has 'may have changed: modified outside of cfprov at'
}

@test "another key can't verify, and writes nothing by itself" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	cp "$state" before
	export CFPROV_KEY=fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210
	bad plan
	err_has 'the state was signed with a different key'
	CFPROV_KEY='' bad plan
	err_has 'the state is signed, and no key is set'
	CFPROV_KEY=short bad plan
	err_has 'the key has 5 bytes'
	cmp before "$state"
	good state sign -auto-approve
	good apply -auto-approve
	out_has 'No changes found, but not all values'
	[[ $output$errors == *"verified"* ]]
	[ "$(requests '.method == "PATCH"')" = 0 ]
	# The key back: all is well.
	export CFPROV_KEY=$long_key
	good state sign -auto-approve
	nothing_left
}

@test "a key that is lost stops what acts on the state, until that is accepted with a new one" {
	unset CFPROV_KEY
	start_logged
	value A 'value-a'
	secrets A
	printf 'state: {key: {file: key}}\n' >>cfprov.yaml
	printf '%s' 0123456789abcdef >key
	good apply -auto-approve
	rm key
	bad plan
	err_has "can't read the key: can't open key: No such file" 'Restore the key' \
		"cfprov.yaml:$(grep -n "key: {file" cfprov.yaml | cut -d: -f1)"
	bad refresh
	bad destroy -auto-approve -allow-store-destroy
	err_has "can't read the key" 'accept the state with `cfprov state sign`'
	good state list
	printf '%s' fedcba9876543210 >key
	bad refresh
	good state sign -auto-approve
	good refresh
	good destroy -auto-approve -allow-store-destroy
	out_has '2 destroyed'
}

# print_of NAME: the secret's fingerprint in the state.
print_of()
{
	jq -r ".accounts.acc_1.stores.keys.secrets.$1.fingerprint" "$state"
}

@test "without a key fingerprints are slow ones, and see a change all the same" {
	unset CFPROV_KEY
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	[[ $(print_of A) == 'v2$argon2id$m=19456,t=2$'* ]]
	nothing_left
	value A 'value-b'
	good plan
	out_has '1 to change'
}

@test "once there is a key, what was made without it counts after state sign, and no value is written" {
	unset CFPROV_KEY
	start_logged
	value A 'value-a'
	value B 'value-b'
	secrets A B
	bad state sign
	err_has 'no key is set to sign with' 'Set CFPROV_KEY'
	good apply -auto-approve
	local key=$long_key
	export CFPROV_KEY=$key
	good state sign -auto-approve default/keys/A
	out_has default/keys/A
	[[ $output != *keys/B* ]]
	err_has 'Signed 1 fingerprint. The next apply replaces it.'
	[[ $(print_of A) == 'signed$'*'$v2$argon2id$'* ]]
	# Nothing is laundered into a keyed one.
	good apply -auto-approve
	err_has "The value of a secret can't be verified" 'made without the key' '`cfprov state sign`'
	[[ $(print_of A) == 'v2$blake2b$'* && $(print_of B) == 'v2$argon2id$'* ]]
	cp "$state" before
	bad state sign -input=false
	out_is 'These secrets have a fingerprint that was made without a key:

  default/keys/B
'
	err_has 'approval required, but -input=false disables prompts'
	status=0
	"$cfprov" state sign <<<no >out 2>err || status=$?
	told state sign
	((status == 1))
	err_has "Only 'yes' will be accepted:" 'Signing cancelled. No changes were made.'
	cmp before "$state"
	"$cfprov" state sign <<<yes >out 2>err
	told state sign
	out_has default/keys/B
	value B 'value-c' # A change is seen through a signed one.
	good plan
	out_has '1 to change'
	value B 'value-b'
	good apply -auto-approve
	[[ $(print_of A) == 'v2$blake2b$'* && $(print_of B) == 'v2$blake2b$'* ]]
	[ "$(requests '.method == "PATCH"')" = 0 ]
	good state sign
	err_has 'Everything in the state is signed. No changes were made.'
	nothing_left
	# With another key, a signature is worth nothing.
	export CFPROV_KEY=${key/0/f}
	good state sign -auto-approve
	good plan
	err_has "The values of 2 secrets can't be verified"
}

@test "a cheap fingerprint that somebody wrote into the state is not compared, and not signed" {
	unset CFPROV_KEY
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	sed -i 's/m=19456,t=2/m=8,t=1/' "$state"
	grep -q 'argon2id.*m=8,t=1' "$state"
	good plan
	err_has "The value of a secret can't be verified" 'Its fingerprint is not valid. ' \
		'Raise `version` to write the value again.'
	export CFPROV_KEY=$long_key
	good state sign -auto-approve
	[[ $output != *default/keys/A* && $(print_of A) == *'m=8,t=1'* ]]
	good plan
	err_has "The value of a secret can't be verified" 'Its fingerprint is not valid. '
}

@test "keyed fingerprints of 0.1.0 are read with the same key, and replaced" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	# As 0.1.0 made it: a BLAKE2b key of the text, no account, no salt.
	python3 - "$state" <<-'END'
		import hashlib, json, os, sys
		state = json.load(open(sys.argv[1]))
		text = os.environ["CFPROV_KEY"].encode()
		key = hashlib.blake2b(text, digest_size=32).digest()
		def keyed(*parts):
		    h = hashlib.blake2b(key=key, digest_size=32)
		    for part in parts:
		        h.update(len(part).to_bytes(8, "little") + part)
		    return h.hexdigest()
		secret = state["accounts"]["acc_1"]["stores"]["keys"]["secrets"]["A"]
		secret["fingerprint"] = "blake2b$%s$%s" % (keyed(b"cfprov key id")[:16],
		    keyed(state["lineage"].encode(), b"keys", b"A", b"value-a"))
		del state["signature"]
		json.dump(state, open(sys.argv[1], "w"))
	END
	good state sign -auto-approve
	: >"$sim_log"
	good apply -auto-approve
	[[ $(print_of A) == 'v2$blake2b$'* ]]
	[ "$(requests '.method == "PATCH"')" = 0 ]
	nothing_left
	# The name of the variable is another one.
	key=$CFPROV_KEY
	unset CFPROV_KEY
	CFPROV_FINGERPRINT_KEY=$key bad plan
	err_has 'CFPROV_FINGERPRINT_KEY was replaced by CFPROV_KEY' 'Its value stays the same.'
}

@test "a passphrase is a key, too" {
	export CFPROV_KEY='correct horse battery staple'
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	nothing_left
	good plan -out=p -replace=default/keys/A
	good show p
	good apply p
	CFPROV_KEY='correct horse battery stable' bad plan
	err_has 'the state was signed with a different key'
}

# ---- renaming ---------------------------------------------------------------------------------

@test "a rename keeps the value though nobody knows it" {
	start_logged
	value OLD 'nobody knows'
	value NEW 'nobody knows'
	secrets OLD
	good apply -auto-approve
	secrets 'NEW, update: if_absent'
	printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
	rm values/OLD
	mv values/NEW away # not even needed
	good apply -auto-approve
	mv away values/NEW
	out_has 'Apply complete! Resources: 0 added, 1 changed, 0 destroyed.'
	[ "$(requests '.path | endswith("/duplicate")')" = 1 ]
	holds NEW
	nothing_left # with the move still there
}

# sent NUMBER OPERATION: has the simulator got so many requests?
sent()
{
	(($(sim_stats ".operations.$2") >= $1))
}

@test "renames come in the plan's order, and those behind a signal were never started" {
	start_logged
	local old=() new=() name
	for name in A B C D E F G H; do
		value "OLD_$name" "value $name"
		value "NEW_$name" "value $name"
		old+=("OLD_$name")
		new+=("NEW_$name")
	done
	secrets "${old[@]}"
	good apply -auto-approve
	secrets "${new[@]}"
	printf 'moved:\n' >>cfprov.yaml
	printf '  - {from: default/keys/OLD_%s, to: default/keys/NEW_%s}\n' A A B B C C D D E E F F G G H H \
		>>cfprov.yaml
	cp "$state" before.json
	sim_faults '{"path":"*/duplicate","kind":"delay","ms":1500,"after":1}'
	later "$cfprov" apply -auto-approve -parallelism=1
	wait_until sent 2 secrets_duplicate
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -q '^Interrupt received. Waiting for 1 request in progress; 14 not started. Press Ctrl-C again' later.err
	grep -q ' 14 not started' later.err
	control DELETE faults
	good apply -auto-approve -parallelism=1
	jq -r 'select(.path | endswith("/duplicate")) | .body.name' "$sim_log" >order
	printf 'NEW_%s\n' A B C D E F G H | diff - order
	holds "${new[@]}"
	nothing_left
}

@test "a rename whose old name can't be deleted is finished by the next apply" {
	start_logged
	value OLD 'value-x'
	value NEW 'value-x'
	secrets OLD
	good apply -auto-approve
	secrets NEW
	printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
	sim_faults '{"method":"DELETE","kind":"status","status":400,"code":1001,"message":"odd"}'
	bad apply -auto-approve
	err_has 'default/keys/OLD: failed: odd (HTTP 400, code 1001' '1 changed' '1 failed'
	control DELETE faults
	good apply -auto-approve
	out_has 'left over from the rename to NEW'
	holds NEW
	nothing_left
}

@test "a duplicate whose answer is lost is found, not made twice" {
	start_logged
	value OLD 'value-x'
	value NEW 'value-x'
	secrets OLD
	good apply -auto-approve
	secrets NEW
	printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
	sim_faults '{"path":"*/duplicate","method":"POST","kind":"reset_after","times":1}'
	good apply -auto-approve
	[ "$(requests '.path | endswith("/duplicate")')" = 1 ]
	holds NEW
	nothing_left
}

@test "a rename with another value writes that, too" {
	start_logged
	value OLD 'value-x'
	value NEW 'value-y'
	secrets OLD
	good apply -auto-approve
	secrets NEW
	printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
	sim_faults '{"method":"PATCH","kind":"status","status":500,"message":"no"}'
	CFPROV_REQUEST_TIMEOUT=1 bad apply -auto-approve
	control DELETE faults
	good apply -auto-approve
	holds NEW
	nothing_left
}

# rename_comment ANSWERS COMMENT NEW: the secret with the comment is renamed, with `, comment: ...`
# or nothing for the new name. The simulator answers as ANSWERS says.
rename_comment()
{
	start_logged $1
	rm -f "$state"
	value OLD 'value-x'
	value NEW 'value-x'
	secrets "OLD$2"
	good apply -auto-approve
	secrets "NEW$3"
	printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
}

@test "a renamed secret has the comment that the manifest says, as the plan shows it" {
	local answers
	for answers in '' '--answer duplicate-comment=copied' \
		'--answer duplicate-comment=copied --answer clear-comment=null'; do
		rename_comment "$answers" ', comment: note' ', comment: note'
		good plan
		[[ $output != *comment* ]]
		good apply -auto-approve
		inside | grep -q '^NEW [0-9a-f]* workers note$'
		nothing_left
		stop_sim
		rename_comment "$answers" ', comment: note' ', comment: other'
		good plan
		out_has '"note" -> "other"'
		good apply -auto-approve
		inside | grep -q '^NEW [0-9a-f]* workers other$'
		nothing_left
		stop_sim
		# Without one in the manifest it is cleared, as it is of a secret that keeps its name.
		rename_comment "$answers" ', comment: note' ''
		good plan
		out_has '"note" -> (none)'
		good apply -auto-approve
		[[ $errors != *stored* ]]
		inside | grep -q '^NEW [0-9a-f]* workers $'
		nothing_left
		stop_sim
		# Together with another value.
		rename_comment "$answers" ', comment: note' ''
		value NEW 'value-y'
		good apply -auto-approve
		inside | grep -q '^NEW [0-9a-f]* workers $'
		holds NEW
		nothing_left
		stop_sim
	done
}

@test "a duplicate whose comment can't be cleared is an error, and the next apply tries again" {
	rename_comment '--answer duplicate-comment=copied --answer clear-comment=null' ', comment: note' ''
	sim_faults '{"method":"PATCH","kind":"status","status":400,"code":1001,"message":"odd"}'
	bad apply -auto-approve
	err_has 'default/keys/NEW: failed: its comment could not be cleared: odd (HTTP 400, code 1001'
	control DELETE faults
	good plan
	out_has '"note" -> (none)'
	[[ $output != *value* ]]
	good apply -auto-approve
	inside | grep -q '^NEW [0-9a-f]* workers $'
	[ "$(requests '.method == "PATCH" and (.body | has("value"))')" = 0 ]
	nothing_left
}

@test "what a request that fails has left behind is never said to be somebody else's doing" {
	start_logged
	local method number name ends
	for name in KEPT OTHER OLD AGAIN GOES; do
		value "$name" "old $name"
	done
	secrets OTHER OLD AGAIN GOES
	printf '  - {name: again, secrets: [{name: KEPT, value: {file: values/KEPT}}]}\n' >>cfprov.yaml
	mv cfprov.yaml before.yaml
	value NEW 'new NEW'
	value ONE 'new ONE'
	secrets 'OTHER, comment: new' NEW AGAIN ONE
	printf '  - {name: again, secrets: [{name: KEPT, value: {file: values/KEPT}}]}\n' >>cfprov.yaml
	printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
	for method in POST PATCH DELETE; do
		ends=false
		for ((number = 1; number < 9; number++)); do
			control POST reset
			rm -f "$state" "$state".backup
			good apply -auto-approve -f before.yaml
			sim_faults "{\"method\":\"$method\",\"nth\":$number,\"kind\":\"status\",\"status\":400,\"code\":1,\"message\":\"odd\"}"
			prov apply -auto-approve -allow-store-destroy -max-delete-percent=100 \
				-replace=default/again -replace=default/keys/AGAIN
			[ "$(sim_stats '.faults[0].applied')" = 1 ] || ends=true
			control DELETE faults
			! $ends || break
			[ "$status" = 1 ]
			good plan
			[[ $output != *'outside of cfprov'* ]]
			good apply -auto-approve
			nothing_left
		done
		$ends
		((number > 1))
	done
}

# ---- leaving ----------------------------------------------------------------------------------

@test "a store goes with its secrets in one request" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	secrets A B
	good apply -auto-approve
	local before
	before=$(requests)
	good destroy -auto-approve -allow-store-destroy
	out_has 'Destroy complete! Resources: 3 destroyed.'
	[ "$(requests '.method == "DELETE"')" = 1 ]
	[ "$(requests '.method == "DELETE" and .query == "force=true"')" = 1 ]
	[ "$(live | wc -l)" = 0 ]
	jq -e '.accounts.acc_1.stores == {}' "$state"
}

@test "a store with a secret of somebody else's is not destroyed" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	local store
	store=$(jq -r .accounts.acc_1.stores.keys.id "$state")
	curl -fsS -X POST -H 'Authorization: Bearer cfsim-token' \
		-d '[{"name":"THEIRS","value":"x","scopes":["workers"]}]' \
		"$sim_url/accounts/acc_1/secrets_store/stores/$store/secrets" >/dev/null
	bad destroy -auto-approve -allow-store-destroy
	err_has 'default/keys: contains a secret that cfprov does not manage: default/keys/THEIRS'
	[ "$(requests '.method == "DELETE"')" = 0 ]
	good destroy -auto-approve -allow-store-destroy -force
}

@test "a secret that is protected stays, and one that is gone is no error" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	value C 'value-c'
	secrets 'A, prevent_destroy: true' B C
	good apply -auto-approve
	secrets B C
	bad apply -auto-approve
	err_has 'default/keys/A: the plan would destroy it, but prevent_destroy is set'
	bad destroy -auto-approve -allow-store-destroy
	secrets 'A, prevent_destroy: true' C
	sim_faults '{"method":"DELETE","kind":"status","status":404,"code":1001,"message":"secret_not_found"}'
	good apply -auto-approve
	out_has '1 destroyed'
}

# ---- what goes wrong --------------------------------------------------------------------------

@test "a batch whose answer is lost is looked up, not sent again" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	secrets A B
	sim_faults '{"path":"*/secrets","method":"POST","kind":"close_after","times":1}'
	good apply -auto-approve
	[ "$(requests '.method == "POST" and (.path | endswith("/secrets"))')" = 1 ]
	holds A B
	nothing_left
}

@test "of a batch that is refused, each error names its secret" {
	local batch
	for batch in atomic partial; do
		start_logged --answer batch=$batch
		rm -f "$state"
		value A 'value-a'
		value B 'value-b'
		value C 'value-c'
		secrets A 'B, scopes: [nonsense]' C
		bad apply -auto-approve
		err_has default/keys/B secret_scope_invalid
		[[ $errors != *"default/keys/C: failed"* ]]
		[ "$(inside | cut -d' ' -f1 | paste -sd' ')" = 'A C' ]
		if [ $batch = atomic ]; then
			[[ $errors != *"default/keys/A: failed"* ]]
			err_has '1 failed'
		else
			# Nobody can tell that the refused request created it.
			err_has '2 failed' 'default/keys/A: failed: it already exists' \
				'It offers to adopt the secret.'
		fi
		secrets A B C
		good apply -auto-approve -adopt
		holds A B C
		nothing_left
		stop_sim
	done
}

@test "a secret that somebody else makes meanwhile is not taken for ours" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	secrets A
	good apply -auto-approve
	secrets A B
	good plan -out=p
	local store
	store=$(jq -r .accounts.acc_1.stores.keys.id "$state")
	# Between the last list and the batch: the list is answered late, as it was.
	sim_faults '{"path":"*/secrets","method":"POST","kind":"status","status":400,"code":1003,
		"message":"secret_name_already_exists: B","times":2}'
	bad apply -auto-approve
	err_has default/keys/B secret_name_already_exists
	jq -e '.accounts.acc_1.stores.keys.secrets.B == null' "$state"
	control DELETE faults
	good apply -auto-approve
	holds A B
}

# meet [NAME...]: an apply of K000 to K129 in a store that is there and, as far as the plan sees,
# empty; but somebody has just made these secrets.
meet()
{
	local names=() name i
	rm -f "$state"
	manifest keys
	good apply -auto-approve
	for i in {000..129}; do
		value "K$i" "value $i"
		names+=("K$i")
	done
	secrets "${names[@]}"
	local store=/accounts/acc_1/secrets_store/stores
	store=$store/$(jq -r .accounts.acc_1.stores.keys.id "$state")
	for name; do
		api POST "$store/secrets" "[{\"name\":\"$name\",\"value\":\"theirs\",\"scopes\":[\"dex\"]}]"
		[ "$http" = 200 ]
	done
	sim_faults '{"method":"GET","path":"*/secrets","kind":"raw_body","times":1,
		"text":"{\"success\":true,\"errors\":[],\"messages\":[],\"result\":[]}"}'
	bad apply -auto-approve
}

# recorded_but NAME...: all 130 but these are in the state, with the ids that live.
recorded_but()
{
	jq -r '.accounts.acc_1.stores.keys.secrets // {} | to_entries[] | "\(.key) \(.value.id)"' \
		"$state" | LC_ALL=C sort >recorded
	sim_world '.accounts[].stores[].secrets[] | "\(.name) \(.id)"' | LC_ALL=C sort >all
	[ "$(wc -l <all)" = 130 ]
	grep -vE "^($(IFS='|' && echo "$*")) " all | diff - recorded
}

# taken NAME: what is said of a secret that was found after the refusal.
taken()
{
	echo "default/keys/$1: failed: it already exists, and someone else may have created it: secret_name_already_exists: K050 (HTTP 4"
}

@test "of a batch that meets a name of somebody else's, only what exists then fails" {
	local store='.accounts[].stores[].secrets[]'
	start_logged --max-secrets 0 --answer batch=atomic --answer secret-exists-status=400
	meet K050 K070
	err_has '128 added' '2 failed' "$(taken K050)" "$(taken K070)"
	recorded_but K050 K070
	sim_world "$store | select(.name == \"K050\") | .scopes == [\"dex\"]" | grep true
	stop_sim
	# Nobody knows which of those before it the refused request has made.
	start_logged --max-secrets 0 --answer batch=partial --answer secret-exists-status=409
	meet K050
	err_has '79 added' '51 failed' "$(taken K000)" "$(taken K050)"
	# shellcheck disable=SC2046 # words
	recorded_but $(printf 'K%03d ' {0..50})
}

@test "what is found before the taken name is not ours either" {
	start_logged --max-secrets 0
	# The first POST makes K003, the second one is the first batch.
	sim_faults '{"path":"*/secrets","method":"POST","kind":"status","status":400,"code":1003,
		"message":"secret_name_already_exists: K050","after":1,"times":1}'
	meet K003
	err_has '129 added' '1 failed' \
		"default/keys/K003: failed: it already exists, and someone else may have created it: secret_name_already_exists"
	recorded_but K003
}

@test "an error that does not say which name is taken: what is there is left alone" {
	local theirs
	start_logged --max-secrets 0 --answer error-details=absent
	meet K050
	err_has '129 added' '1 failed' 'secret_name_already_exists'
	recorded_but K050
	stop_sim
	start_logged --max-secrets 0 --answer error-details=absent --answer batch=partial
	meet K003
	err_has '126 added' '4 failed' 'secret_name_already_exists'
	recorded_but K000 K001 K002 K003
	# They are offered for adoption then.
	good plan
	out_has 'Plan: 4 to import'
	stop_sim
	# All of a batch is there then, and still nobody knows whose it is.
	start_logged --max-secrets 0 --answer error-details=absent --answer batch=partial
	meet K099
	err_has '30 added' '100 failed' 'secret_name_already_exists'
	# shellcheck disable=SC2046 # words
	recorded_but $(printf 'K%03d ' {0..99})
}

@test "a batch refused for another reason: what somebody else created meanwhile is not ours" {
	start_logged
	manifest keys
	good apply -auto-approve
	value A 'value-a'
	value B 'value-b'
	secrets A B
	sim_faults '[{"method":"GET","path":"*/secrets","kind":"then_create","name":"A","times":1},
		{"method":"POST","path":"*/secrets","kind":"status","status":400,"code":1000,
		"message":"secret_scope_invalid","times":1}]'
	bad apply -auto-approve
	err_has '1 added' '1 failed' \
		'default/keys/A: failed: it already exists, and someone else may have created it: secret_scope_invalid'
	jq -e '.accounts.acc_1.stores.keys.secrets | keys == ["B"]' "$state"
	good plan
	out_has 'Plan: 1 to import'
}

@test "what is sent alone after a refusal was not on its way before: a taken name is not ours" {
	start_logged
	manifest keys
	good apply -auto-approve
	value A 'value-a'
	value B 'value-b'
	secrets A B
	# The batch is refused; then somebody makes B, between the list and the second request.
	sim_faults '[{"path":"*/secrets","method":"POST","kind":"status","status":400,"code":1001,
		"message":"odd","times":1},
		{"path":"*/secrets","method":"POST","kind":"status_after","status":400,"code":1003,
		"message":"secret_name_already_exists: B","after":2}]'
	bad apply -auto-approve -parallelism=1
	err_has '1 added' '1 failed' 'default/keys/B: failed: secret_name_already_exists'
	jq -e '.accounts.acc_1.stores.keys.secrets | keys == ["A"]' "$state"
}

@test "after a killed replacement of a store, what it did not destroy is what it was before" {
	local name store
	start_logged
	for name in A B X; do
		value $name "value-$name"
	done
	secrets A B
	good apply -auto-approve
	store=/accounts/acc_1/secrets_store/stores/$(jq -r .accounts.acc_1.stores.keys.id "$state")
	# Somebody else recreates A and creates X. B is still ours.
	api DELETE "$store/secrets/$(jq -r .accounts.acc_1.stores.keys.secrets.A.id "$state")"
	for name in A X; do
		api POST "$store/secrets" "[{\"name\":\"$name\",\"value\":\"theirs\",\"scopes\":[\"dex\"]}]"
		[ "$http" = 200 ]
	done
	secrets A B X
	sim_faults '{"method":"DELETE","kind":"status","status":429,"code":10000,"message":"slow down",
		"retry_after":"60"}'
	: >"$sim_log"
	later "$cfprov" apply -auto-approve -replace=default/keys -force -allow-store-destroy
	wait_until grep -q '"DELETE"' "$sim_log"
	kill -KILL "$later_pid"
	wait_later
	control DELETE faults
	good plan
	out_has 'Plan: 2 to import, 0 to add, 2 to change, 0 to destroy.'
	for name in '' /A /B /X; do
		err_has "default/keys$name: still exists (id"
	done
	err_lacks 'created by an interrupted apply'
	# A run that destroyed the store has created whatever has these names now.
	sim_faults '{"method":"POST","path":"*/secrets","kind":"no_answer"}'
	later "$cfprov" apply -auto-approve -replace=default/keys -force -allow-store-destroy
	wait_until grep -q '"POST"' "$sim_log"
	kill -KILL "$later_pid"
	wait_later
	control DELETE faults
	good apply -auto-approve
	err_has "default/keys/X: found (id"
	err_lacks 'still exists'
	holds A B X
	nothing_left
}

@test "a full account whose quota nobody may read: what fits is made, whatever the error says" {
	local details name
	for details in present absent; do
		start_logged --max-secrets 2 --answer "error-details=$details"
		rm -f "$state"
		for name in A B C; do
			value "$name" "value $name"
		done
		secrets A B C
		sim_faults '{"path":"*/quota","kind":"status","status":403,"code":10000,"message":"no"}'
		bad apply -auto-approve
		err_has '3 added' '1 failed' 'default/keys/C: failed: the account already has the maximum number of secrets: maximum_secrets_exceeded' \
			'Delete some, or ask Cloudflare to raise the limit.'
		holds A B
		stop_sim
	done
}

@test "a rename to a name that somebody took meanwhile, whatever the error says" {
	local details store
	for details in present absent; do
		start_logged --answer "error-details=$details"
		rm -f "$state"
		value OLD 'value-x'
		value NEW 'value-x'
		secrets OLD
		good apply -auto-approve
		secrets NEW
		printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
		store=/accounts/acc_1/secrets_store/stores/$(jq -r .accounts.acc_1.stores.keys.id "$state")
		api GET "$store/secrets"
		sim_faults "$(jq -Rs '{method: "GET", path: "*/secrets", kind: "raw_body", times: 1, text: .}' "$answer")"
		api POST "$store/secrets" '[{"name":"NEW","value":"theirs","scopes":["dex"]}]'
		[ "$http" = 200 ]
		bad apply -auto-approve
		err_has 'default/keys/NEW: failed: secret_name_already_exists'
		jq -e '.accounts.acc_1.stores.keys.secrets | keys == ["OLD"]' "$state"
		[ "$(inside | cut -d' ' -f1 | paste -sd' ')" = 'NEW OLD' ]
		stop_sim
	done
}

@test "an update whose answer is lost for good is written again" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	value A 'value-b'
	sim_faults '{"method":"PATCH","kind":"reset_after"}'
	bad apply -auto-approve
	err_has 'it is unknown whether it was changed'
	control DELETE faults
	good plan
	out_has '1 to change' 'unknown after an interrupted apply'
	[[ $output != *outside* ]]
	good apply -auto-approve
	holds A
	nothing_left
}

@test "the store fails: its secrets are not begun, and nothing is left behind" {
	start_logged
	value A 'value-a'
	secrets A
	sim_faults '{"method":"POST","kind":"status","status":400,"code":1003,"message":"maximum_stores_exceeded"}'
	bad apply -auto-approve
	err_has '1 failed, 1 not started'
	[ "$(requests '.method == "POST"')" = 1 ]
	control DELETE faults
	good apply -auto-approve
	holds A
}

# ---- adopting ---------------------------------------------------------------------------------

@test "what lives is adopted, its value written once, or left with if_absent" {
	echo '{"accounts": [{"id": "acc_1", "stores": [{"name": "keys", "secrets": [
		{"name": "A", "value": "theirs", "scopes": ["workers"]},
		{"name": "B", "value": "theirs", "scopes": ["workers"]}]}]}]}' >seed.json
	start_logged --seed seed.json
	value A 'mine'
	value B 'mine'
	secrets A 'B, update: if_absent'
	bad apply -auto-approve
	err_has adopt
	good apply -auto-approve -adopt
	out_has 'Apply complete! Resources: 3 imported, 0 added, 1 changed, 0 destroyed.'
	value B 'theirs'
	holds A B
	nothing_left
}

# ---- saved plans ------------------------------------------------------------------------------

@test "a saved plan has no value, and is refused when the value is another one by then" {
	start_logged
	value A the-hidden-value
	secrets A
	good plan -out=p
	: >"$sim_log"
	run ! grep -q hidden p
	value A 'another'
	bad apply p
	err_has 'default/keys/A: its value has changed since the plan was made'
	[ "$(requests)" = 0 ]
	value A the-hidden-value
	CFPROV_KEY=fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210 bad apply p
	err_has 'the saved plan was encrypted with a different key'
	good apply p
	holds A
	nothing_left
	bad apply p
}

@test "a value that the server echoes is not shown, also of a saved plan" {
	start_logged
	value A the-hidden-value
	secrets A
	good plan -out=p
	sim_faults '{"method": "POST", "status": 400, "code": 7, "message": "bad: the-hidden-value."}'
	bad apply p
	err_has 'code 7' '(sensitive value)'
	err_lacks hidden
	rm -f "$state"*
	bad apply -auto-approve
	err_has 'code 7' '(sensitive value)'
	err_lacks hidden
}

@test "a saved plan does all kinds of things" {
	start_logged
	value A 'value-a'
	value B 'value-b'
	value C 'value-c'
	value OLD 'value-x'
	value NEW 'value-x'
	value D 'value-d'
	secrets A B C OLD
	good apply -auto-approve
	value B 'value-b2'
	secrets A 'B, comment: new' NEW D
	printf 'moved: [{from: default/keys/OLD, to: default/keys/NEW}]\n' >>cfprov.yaml
	good plan -out=p
	out_has 'Plan: 1 to add, 2 to change, 1 to destroy.'
	good apply p
	holds A B D NEW
	nothing_left
}

@test "a saved plan of changes is refused when somebody wrote meanwhile" {
	start_logged
	value A 'value-a'
	secrets A
	good apply -auto-approve
	value A 'value-b'
	good plan -out=p
	local store id
	store=$(jq -r .accounts.acc_1.stores.keys.id "$state")
	id=$(jq -r .accounts.acc_1.stores.keys.secrets.A.id "$state")
	curl -fsS -X PATCH -H 'Authorization: Bearer cfsim-token' -d '{"comment":"mallory"}' \
		"$sim_url/accounts/acc_1/secrets_store/stores/$store/secrets/$id" >/dev/null
	bad apply p
	err_has 'default/keys/A: changed since the plan was made'
	[ "$(requests '.method == "PATCH"')" = 1 ]
}
