#!/usr/bin/env bats
# Looking into the state and mending it: state show, rm, mv, pull, push. Cloudflare is never asked.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

lineage=6f1c2f0e-0000-4000-8000-123456789abc

setup()
{
	set_up_cfprov
	export CLOUDFLARE_BASE_URL=http://127.0.0.1:9 CLOUDFLARE_API_TOKEN=nobody-asks
	state_of 3
	cp "$state" before
}
teardown() { stop_all; }

# state_of SERIAL: two accounts with two stores each.
state_of()
{
	jq -n --arg lineage $lineage --argjson serial "$1" '
		def store(id): {id: id, created: "2026-01-02T03:04:05.000001Z", origin: "created"};
		{version: 1, cfprov_version: "0.1.0", $serial, $lineage, accounts: {
			acc_1: {alias: "prod", stores: {a: store("id-1"), b: store("id-2")}},
			acc_2: {alias: "dev", stores: {a: store("id-3"), "k-1": {id: "id-4",
				origin: "adopted", prevent_destroy: true, on_remove: "forget"}}}}}' \
		>"$state"
}

# unchanged: nothing was written, not even a backup.
unchanged()
{
	cmp before "$state" && [[ ! -e $backup ]] && tidy
}

# cut_off: what a run leaves that was killed after it had sent for dev/new.
cut_off()
{
	local head
	head="{\"cfprov_journal\":1,\"lineage\":\"$lineage\",\"serial\":$(serial),\"accounts\":{\"dev\":\"acc_2\"},\"intents\":[{\"account\":\"dev\",\"store\":\"new\",\"if_unknown\":{\"unresolved\":true}}]}"
	printf '%s %s\n' "$(printf %s "$head" | b2sum -l 128 | cut -c1-16)" "$head" >"$journal"
}

# ---- show -----------------------------------------------------------------------------------

@test "state show: the fields of one object" {
	good state show prod/a
	out_is 'prod/a
    account   acc_1
    id        id-1
    created   2026-01-02T03:04:05.000001Z
    origin    created by cfprov
'
	err_is ''
	good state show dev/k-1
	out_has 'origin    adopted' 'destroy   prevented' 'on remove forget'
	unchanged
}

@test "state show -json" {
	good state show dev/k-1 -json
	[ "$(jq -c . out)" = '{"address":"dev/k-1","type":"store","account":"dev","account_id":"acc_2","name":"k-1","id":"id-4","created":null,"modified":null,"origin":"adopted","unresolved":false,"prevent_destroy":true,"on_remove":"forget"}' ]
}

@test "state show: what is not there is an error, patterns included" {
	local address
	for address in prod/c prod 'prod/*' prod/a/b '' "${esc}[2J"; do
		bad state show "$address"
		err_has 'no object in the state matches'
		harmless err
	done
	bad state show
	err_has 'missing argument for `state show`: ADDRESS'
	bad state show prod/a prod/b
	rm "$state"
	bad state show prod/a
}

# ---- rm -------------------------------------------------------------------------------------

@test "state rm: says what it removed, keeps the state before, grows the serial by one" {
	chmod 640 "$state"
	good state rm prod/a
	out_is 'Removed prod/a
'
	[ "$(serial)" = 4 ]
	[ "$(recorded acc_1)" = 'b id-2' ]
	[ "$(recorded acc_2 | wc -l)" = 2 ]
	cmp before "$backup"
	[ "$(mode_of "$state")" = 640 ]
	tidy
}

@test "state rm: patterns, several, aliases; * stays within a part" {
	good state rm '*/a'
	out_is 'Removed dev/a
Removed prod/a
'
	good state rm 'dev/k*' prod
	out_is 'Removed dev/k-1
Removed prod/b
'
	good state list
	out_is ''
	[ "$(serial)" = 5 ]
	state_of 3
	good state rm '*'
	[ "$(wc -l <out)" = 4 ]
}

@test "state rm: one address that matches nothing, and nothing is removed" {
	bad state rm prod/a prod/c 'x*'
	err_has 'matches `prod/c`' 'matches `x*`'
	bad state rm
	bad state rm ''
	bad state rm '*/*/*'
	unchanged
}

@test "state rm -dry-run" {
	good state rm -dry-run 'prod/*'
	out_is 'Would remove prod/a
Would remove prod/b
'
	unchanged
	bad state rm -dry-run nope
}

@test "a store that was removed lives on, and is adopted again" {
	start_logged
	rm "$state"
	manifest a b
	good apply -auto-approve
	: >"$sim_log"
	good state rm default/a
	[ "$(requests)" = 0 ]
	[ "$(live | wc -l)" = 2 ]
	good apply -adopt -auto-approve
	out_has '1 imported, 0 added'
	agree 2
}

# ---- mv -------------------------------------------------------------------------------------

@test "state mv: an alias and all that is recorded under it" {
	good state mv dev test.1
	out_is 'Moved dev/a to test.1/a
Moved dev/k-1 to test.1/k-1
'
	[ "$(jq -r .accounts.acc_2.alias "$state")" = test.1 ]
	[ "$(serial)" = 4 ]
	cmp before "$backup"
	good state mv test.1 dev
	jq '.serial = 3 | .cfprov_version = "0.1.0"' "$state" | cmp - <(jq . before)
}

@test "state mv: stores can't be renamed, and the error says why" {
	local pair
	for pair in "prod/a prod/c" "prod/a dev/c" "prod/a x" "prod x/y" "nope/a nope/b"; do
		# shellcheck disable=SC2086 # words
		bad state mv $pair
		err_has "Cloudflare can't rename a store" 'move a secret to another store'
	done
	unchanged
}

@test "state mv: refused targets and sources" {
	bad state mv prod dev
	err_has 'already has an account `dev` (acc_2)'
	bad state mv prod prod
	err_has 'already'
	bad state mv nope x
	err_has 'no account `nope`'
	bad state mv prod 'x y'
	bad state mv prod ''
	bad state mv prod "${esc}[2J"
	harmless err
	bad state mv prod
	err_has 'missing argument for `state mv`: NEW'
	bad state mv prod x y
	unchanged
}

@test "state mv: the alias of an account in which nothing is recorded is taken, too" {
	jq '.accounts.acc_3 = {alias: "empty", stores: {}}' before >"$state"
	cp "$state" before
	bad state mv prod empty
	bad state mv empty x
	unchanged
}

@test "state mv -dry-run" {
	good state mv -dry-run dev x
	out_has 'Would move dev/a to x/a'
	unchanged
	bad state mv -dry-run dev prod
}

# ---- pull -----------------------------------------------------------------------------------

@test "state pull: the state, to the byte that would be written" {
	good state pull
	jq -S 'del(.cfprov_version)' out | cmp - <(jq -S 'del(.cfprov_version)' before)
	[ "$(tail -c 1 out | od -An -tx1 | tr -d ' ')" = 0a ]
	unchanged
	rm "$state"
	good state pull
	out_is ''
	err_has 'does not exist yet'
}

@test "state pull folds a journal in, without touching the files" {
	cut_off
	cp "$journal" journal.before
	good state pull
	[ "$(jq -c '.accounts.acc_2.stores.new as $new |
		[.serial, $new.unresolved, $new.requested > 0]' out)" = '[4,true,true]' ]
	cmp before "$state"
	cmp journal.before "$journal"
}

# ---- push -----------------------------------------------------------------------------------

@test "state push: a higher serial replaces, and the state before is kept" {
	jq '.serial = 7 | del(.accounts.acc_1)' before >new
	good state push new
	out_is ''
	err_has 'serial 7'
	[ "$(serial)" = 7 ]
	good state list
	out_is 'dev/a
dev/k-1
'
	cmp before "$backup"
	tidy
}

@test "state push -: from standard input; what was pulled is no change" {
	"$cfprov" state pull | "$cfprov" state push - 2>err
	grep -q 'No changes were made' err
	[ ! -e "$backup" ]
	"$cfprov" state pull | jq '.serial += 1 | del(.accounts.acc_2)' | "$cfprov" state push -
	[ "$(serial)" = 4 ]
}

@test "state push: another lineage, a lower serial, or the same with other content is refused" {
	jq '.lineage = "00000000-0000-4000-8000-000000000000" | .serial = 9' before >other
	jq '.serial = 2' before >lower
	jq 'del(.accounts.acc_2)' before >same
	bad state push other
	err_has lineage $lineage -force
	bad state push lower
	err_has 'serial 2 is lower than that of the current state, 3' -force
	bad state push same
	err_has 'other content' -force
	unchanged
}

@test "state push -force puts it there; the serial never goes back" {
	jq '.serial = 1 | del(.accounts.acc_2)' before >lower
	good state push -force lower
	[ "$(serial)" = 4 ]
	cmp before "$backup"
	jq '.lineage = "00000000-0000-4000-8000-000000000000" | .serial = 90' before >other
	good state push other -force
	[ "$(jq -r '.lineage[:8]' "$state")" = 00000000 ]
	[ "$(serial)" = 90 ]
}

@test "state push: where there is no state yet" {
	rm "$state"
	good state push before
	jq -S 'del(.cfprov_version)' "$state" | cmp - <(jq -S 'del(.cfprov_version)' before)
	[ ! -e "$backup" ]
}

@test "fault D13: a state whose serial leaves no room for a later one is neither pushed nor replaced" {
	jq '.serial = 999999999999999' before >last
	bad state push last
	err_has 'serial, 999999999999999, is too high' 'lower its `serial`'
	unchanged
	cp last "$state"
	bad state rm prod/a
	err_has 'serial, 1000000000000000, is too high' 'lower its `serial`'
	cmp last "$state"
	jq '.serial = 1' last >first
	rm "$state"
	good state push first
	[ "$(serial)" = 1 ]
}

@test "state push: garbage is refused, whatever the flags" {
	local name
	: >empty
	head -c 200 before >short
	echo '{}' >object
	printf '\0\1\2' >bytes
	jq '.version = 2 | .serial = 9' before >later_version
	jq '.serial = 9 | .accounts.acc_1.stores.a.id = "../x"' before >odd_id
	jq '.serial = 9 | .accounts.acc_1.stores.a.id = "id-3"' before >double_id
	jq '.serial = 9 | .accounts.acc_1.alias = "a/b"' before >slashed
	jq '.serial = 9 | .accounts.acc_1.alias = "dev"' before >aliases
	jq '.serial = 9 | .extra = 1' before >extra
	jq '.serial = 9e300' before >number
	sed 's/"acc_2"/"acc_1"/; s/"serial": 3/"serial": 9/' before >doubled
	jq ".serial = 9 | .accounts.acc_1.alias = \"\\u001b[2J\" | .accounts.acc_1.stores.a = 1" before >tricky
	mkdir folder
	for name in empty short object bytes later_version odd_id double_id slashed aliases extra \
		number doubled tricky folder absent; do
		bad state push $name
		bad state push -force $name
		harmless err
		unchanged
	done
	bad state push - # stdin is empty
	bad state push
	unchanged
}

# ---- what all share -------------------------------------------------------------------------

@test "the lock is taken, and waited for" {
	exec 8<>".$state.lock"
	python3 -c 'import fcntl, struct, sys
fcntl.fcntl(8, 37, struct.pack("hhqqixxxx", fcntl.F_WRLCK, 0, 0, 0, 0))'
	local args
	for args in "rm prod/a" "mv prod x" "push before -force"; do
		# shellcheck disable=SC2086 # words
		bad state $args
		err_has 'is locked by'
		# shellcheck disable=SC2086 # words
		bad state $args -lock-timeout=200ms
	done
	cmp before "$state"
	good state show prod/a
	good state pull
	good state rm prod/a -dry-run
	good state rm prod/a -lock=false
	exec 8>&-
	good state mv prod x
}

@test "a journal that was left is folded in first" {
	cut_off
	good state rm prod/a
	err_has 'The last apply was interrupted. Its recorded results are now in the state.'
	[ "$(serial)" = 5 ]
	[ "$(jq -c '.accounts.acc_2.stores.new.unresolved' "$state")" = true ]
	tidy
	good output
	out_has 'dev/new = (unknown after an interrupted apply'
	good state show dev/new
	out_has 'unknown after an interrupted apply'
	good state rm dev/new
}

@test "-backup=PATH, and - for none" {
	good state rm prod/a -backup=kept
	cmp before kept
	[ ! -e "$backup" ]
	good state rm prod/b -backup=-
	[ ! -e "$backup" ]
	[ ! -e ./- ]
	cp "$state" before
	bad state rm dev -backup=nowhere/kept
	cmp before "$state"
}

@test "a state that can't be read is not mended" {
	head -c 300 before >"$state"
	cp "$state" before
	bad state rm prod/a
	bad state mv prod x
	bad state pull
	bad state push before
	unchanged
}
