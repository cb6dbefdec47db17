#!/usr/bin/env bats
# Plans as a page for a browser.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# page: what was printed is valid, harmless and legible; its text is in the file text.
page()
{
	/usr/bin/python3 -c "import html5lib" 2>/dev/null || skip 'there is no python3-html5lib'
	/usr/bin/python3 "$top/tests/cli/page.py" check out >text
}

# browse OPTION...: Chromium on the page of the file out. Only root needs to do without its sandbox.
browse()
{
	local root=()
	[[ $(id -u) != 0 ]] || root=(--no-sandbox)
	cp out page.html
	HOME=$PWD chromium --headless --disable-gpu --hide-scrollbars --no-first-run \
		--user-data-dir="$PWD/profile" "${root[@]}" "$@" "file://$PWD/page.html${fragment-}" \
		2>browser.err 3>&- || {
		cat browser.err >&2
		return 1
	}
}

# varied: a plan that destroys, overwrites, updates and creates, of two accounts.
varied()
{
	export V=one W=two
	printf '%s\n' 'accounts: {one: {account_id: acc_1}, two: {account_id: acc_2}}' \
		'stores: [{name: s, accounts: [one], secrets: [{name: KEPT, value: {env: V}}, {name: GONE, value: {env: V}}]}]' \
		>cfprov.yaml
	good apply -auto-approve
	id=$(jq -r .accounts.acc_1.stores.s.id "$state")
	api POST "/accounts/acc_1/secrets_store/stores/$id/secrets" \
		'[{"name":"THEIRS","value":"x","scopes":["workers"]}]'
	V=changed
	printf '%s\n' 'accounts: {one: {account_id: acc_1}, two: {account_id: acc_2, api_token: {env: TOKEN_TWO}}}' \
		'stores:' \
		'  - {name: s, accounts: [one], secrets: [{name: KEPT, value: {env: V}}, {name: THEIRS, value: {env: W}}]}' \
		'  - {name: t, accounts: [two], secrets: [{name: NEW, value: {command: [echo, v]}, comment: "new & <b>"}]}' \
		>cfprov.yaml
	export TOKEN_TWO=$CLOUDFLARE_API_TOKEN
}

# has_lines LINE...: the text has these lines, in this order: what is first on the page comes first.
has_lines()
{
	diff <(printf '%s\n' "$@") <(grep -xF "${@/#/-e}" text) >&2 || {
		cat text >&2
		return 1
	}
}

@test "a page is valid; what is lost comes first, with reasons, sources and accounts" {
	start_logged
	varied
	good plan -format=html
	page
	id=$(sim_world '.accounts[] | .stores[] | .secrets[]? | select(.name == "THEIRS") | .id')
	has_lines 'Plan: 1 to import, 2 to add, 2 to change, 1 to destroy.' \
		'one/s/THEIRS already exists and will be adopted. To adopt without a prompt, pass -adopt or set adopt: true.' \
		'Account import add change destroy' 'one acc_1 1 0 2 1' 'two acc_2, token from env TOKEN_TWO 0 2 0 0' \
		'Destroys 1' '- destroy one/s/GONE because it is not in the manifest' \
		'Overwrites values that cfprov did not write 1' \
		"= adopt one/s/THEIRS (id $id) value (sensitive) from env W, replaces the existing value" \
		'Account one 1 to change' \
		'~ update one/s/KEPT value (sensitive) from env V, changed at its source' \
		'Account two 2 to add' '+ create two/t' \
		'+ create two/t/NEW value (sensitive) from command `echo v` comment "new & <b>"'
}

@test "a saved plan makes the same page, and neither has a script" {
	start_logged
	varied
	good plan -out=saved
	good plan -format=html
	cp out first
	good show -format=html saved
	cmp out first
	! grep -qiE '<script|javascript|onload|https?:' out || return 1
	bad show -format=html
	err_has '-format=html requires a saved plan'
	bad plan -format=html -summary
	bad plan -format=html -max-bytes=1000
}

@test "no changes, drift, a refresh, and values that were not compared" {
	start_logged
	manifest a b
	good apply -auto-approve
	good plan -format=html
	page
	[ "$(<text)" = 'No changes. Your infrastructure matches the configuration.' ]
	id=$(jq -r .accounts.acc_1.stores.b.id "$state")
	api DELETE "/accounts/acc_1/secrets_store/stores/$id"
	manifest a
	good plan -format=html
	page
	has_lines 'No changes. Your infrastructure matches the configuration.' \
		'Changed outside of cfprov 1' "- changed default/b has been deleted (was $id)"
	good plan -format=html -refresh-only
	page
	has_lines 'The state will be updated.' 'Updates the state 1' \
		". remove from state default/b has been deleted (was $id)"
}

@test "what was not compared says where its value would come from" {
	start_logged
	varied
	good plan -format=html -values=none
	page
	has_lines 'Values that were not compared (-values=none) 1' '? not compared one/s/KEPT value from env V'
}

@test "names from outside are text, and what is invisible in them is seen" {
	start_logged
	manifest a
	good apply -auto-approve
	local name
	for name in '<script>alert(1)</script>' '"><img src=x onerror=alert(1)>' "' onclick='x" '&lt;b&gt;' \
		'</style>' '</title>' '<!--' '-->' ']]>' '&#60;' $'esc\x1b[31m' $'nul\x01' '##[error]' '::error::' \
		'{{x}}' '${x}' "back\\" '</code></li>'; do
		jq --arg name "$name" '.accounts.acc_1.stores = {($name):
			(.accounts.acc_1.stores[] | .id = "0123")}' "$state" >changed
		cp changed "$state"
		good plan -format=html -adopt
		harmless <(sed 's/\xe2\x86\x92//' out)
		! grep -qE '##|^::' out || return 1
		page
		python3 -c 'import sys
name = "".join("\\x%02x" % ord(c) if c < " " else c for c in " ".join(sys.argv[1].split(" ")))
sys.exit(not any("default/" + name in line for line in open("text")))' "$name"
	done
	# Right-to-left letters stay in their part of the address, and invisible ones are seen.
	name=$(printf '\327\220\327\221\342\200\256\342\200\213x')
	jq --arg name "$name" '.accounts.acc_1.stores = {($name): (.accounts.acc_1.stores[])}' "$state" >changed
	cp changed "$state"
	good plan -format=html -adopt
	page
	out_has $'<bdi>\327\220\327\221\\u202e\\u200bx</bdi>'
}

@test "10,000 changes are folded by account, in a few megabytes" {
	export V=v
	jq -n '{accounts: ([range(100) | {("a\(.)"): {account_id: "acc_\(.)"}}] | add),
		stores: [{name: "s", secrets: [range(99) | {name: "SECRET_\(.)", value: {env: "V"}}]}]}' >cfprov.yaml
	start_logged
	good plan -format=html -values=none
	out_has '<h1>Plan: 10000 to add, 0 to change, 0 to destroy.</h1>'
	[ "$(grep -c '<details>' out)" = 100 ]
	! grep -q '<details open>' out || return 1
	[ "$(grep -c '^<li>' out)" = 10000 ]
	[ "$(wc -c <out)" -lt 2500000 ]
	page
}

# colours WIDTH SCHEME: takes a picture and sets size, ground and colours; SCHEME 0 is dark.
colours()
{
	browse --window-size="$1",900 --blink-settings=preferredColorScheme="$2" --screenshot="$PWD/shot.png"
	read -r width height ground colours <<<"$(/usr/bin/python3 "$top/tests/cli/page.py" picture shot.png)"
	echo "$width x $height on $ground: $colours" >&2
}

@test "in Chromium the page follows the scheme, and what destroys is red" {
	have chromium
	start_logged
	varied
	good plan -format=html
	colours 1280 1
	[ "$width $height $ground" = '1280 900 ffffff' ]
	[[ " $colours " == *' b42318 '* ]]
	[[ " $colours " != *' ff8078 '* ]]
	colours 400 0
	[ "$width $height $ground" = '400 900 14171c' ]
	[[ " $colours " == *' ff8078 '* ]]
	# Without anything destroyed, nothing is red.
	manifest new
	rm "$state"
	good plan -format=html
	colours 1280 1
	[ "$ground" = ffffff ]
	[[ " $colours " != *' b42318 '* && ${#colours} -gt 20 ]]
}

# unfolds HEADING: it is that of the only open fold. On a busy machine Chromium may print the page
# before it has followed the fragment.
unfolds()
{
	local try
	for try in 1 2 3 4 5; do
		browse --virtual-time-budget=$((try * 5000)) --dump-dom >dom
		[ "$(grep -A1 -E '<details open(="")?>' dom | grep -o '<h2>[^<]*')" != "$1" ] || return 0
	done
	return 1
}

@test "in Chromium a search opens the fold that has what it finds, as does an account's link" {
	have chromium
	export V=v
	jq -n '{accounts: {one: {account_id: "acc_1"}, two: {account_id: "acc_2"}},
		stores: [{name: "s", secrets: [range(60) | {name: "SECRET_\(.)", value: {env: "V"}}]}]}' >cfprov.yaml
	start_logged
	good plan -format=html -values=none
	for fragment in '' '#account-2' '#:~:text=two/s/SECRET_42'; do
		unfolds "${fragment:+<h2>Account two}"
	done
}

@test "from Chromium a plan is printed whole, folds included" {
	have chromium pdftotext
	export V=v
	jq -n '{account_id: "acc_1", stores: [{name: "s", secrets:
		[range(300) | {name: "SECRET_\(.)_", value: {env: "V"}}]}]}' >cfprov.yaml
	start_logged --max-secrets 0
	good plan -format=html -values=none
	! grep -q '<details open>' out || return 1
	browse --print-to-pdf="$PWD/page.pdf"
	pdftotext -layout page.pdf printed
	grep -F 'Plan: 301 to add, 0 to change, 0 to destroy.' printed
	[ "$(grep -oE 'SECRET_[0-9]+_' printed | sort -u | wc -l)" = 300 ]
	# No page begins with the second line of a change.
	! grep -P '\f *(value|from) ' printed || return 1
}
