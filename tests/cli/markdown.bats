#!/usr/bin/env bats
# Plans in Markdown, for comments under pull requests.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# rows: what stands in the tables, without what marks it.
rows()
{
	grep -E '^\| `' out | tr -d '`'
}

# doomed COUNT KEPT...: so many stores live that are not wanted any more, besides those kept.
doomed()
{
	local count=$1
	shift
	# shellcheck disable=SC2046 # words
	manifest $(seq -f 'd%04.0f' "$count") "$@"
	good apply -auto-approve
	manifest "$@"
}

@test "a plan, to the byte" {
	start_logged
	manifest kept left
	good apply -auto-approve
	manifest kept new
	good plan -format=markdown
	out_is '**Plan: 1 to add, 0 to change, 1 to destroy.**

`apply` will fail: refusing to destroy the store default/left. This destroys the store and every secret in it, and cannot be undone. To proceed, pass -allow-store-destroy.

Account `default`: `acc_1`

| | Address | What | Why |
| --- | --- | --- | --- |
| `-` | `default/left` | destroy | because it is not in the manifest |
| `+` | `default/new` | create |  |
'
	good plan -out=saved
	cp out human
	good plan -format=markdown
	cp out first
	good show -format=markdown saved
	cmp out first
	good show saved
	cmp out human
}

@test "nothing to do, to the byte; and what changed outside in a fold" {
	start_logged
	manifest a b
	good apply -auto-approve
	good plan -format=markdown
	out_is '**No changes. Your infrastructure matches the configuration.**
'
	id=$(jq -r .accounts.acc_1.stores.b.id "$state")
	api DELETE "/accounts/acc_1/secrets_store/stores/$id"
	manifest a
	good plan -format=markdown
	out_is "**No changes. Your infrastructure matches the configuration.**

<details><summary>1 changed outside of cfprov</summary>

| | Address | What | Why |
| --- | --- | --- | --- |
| \`-\` | \`default/b\` | changed | has been deleted (was \`$id\`) |

</details>
"
	good plan -format=markdown -refresh-only
	[ "$(rows)" = "| . | default/b | remove from state | has been deleted (was $id) |" ]
}

@test "what destroys stands first, and a long table is folded" {
	start_logged
	# shellcheck disable=SC2046 # words
	doomed 5 $(seq -f 'a%04.0f' 100) z
	manifest $(seq -f 'b%04.0f' 100) z
	good plan -format=markdown -replace=default/z
	[ "$(rows | head -106 | cut -d' ' -f2 | sort | uniq -c | tr -s ' \n' ' ')" = ' 105 - 1 -/+ ' ]
	[ "$(rows | sed -n '106p;107p' | cut -d'|' -f2,3)" = $' -/+ | default/z \n + | default/b0001 ' ]
	[ "$(rows | wc -l)" = 206 ]
	out_has '<details><summary>100 more</summary>'
	[ "$(head -1 out)" = '**Plan: 101 to add, 0 to change, 106 to destroy.**' ]
	# Without anything destroyed, the fold begins behind thirty.
	good destroy -auto-approve -allow-store-destroy -force
	good plan -format=markdown
	out_has '<details><summary>71 more</summary>' '</details>'
	[ "$(sed '/<details>/,$d' out | grep -c '^| `')" = 30 ]
}

@test "-max-bytes cuts what creates, and tells how many" {
	start_logged
	# shellcheck disable=SC2046 # words
	doomed 8 z
	manifest $(seq -f 'b%04.0f' 300) z
	good plan -format=markdown
	whole=$(wc -c <out)
	local limit size more
	for limit in 1200 1500 2000 3000 4097 8000 $((whole - 1)); do
		good plan -format=markdown -max-bytes=$limit
		size=$(wc -c <out)
		[ "$size" -le "$limit" ]
		# Little room is wasted.
		[ "$size" -gt $((limit - 420)) ]
		[ "$(rows | grep -c '^| - ')" = 8 ]
		more=$(sed -n 's/^Left out, to fit into [0-9]* bytes: \([0-9]*\) more changes\.$/\1/p' out)
		[ "$(rows | grep -c '^| + ')" = $((300 - more)) ]
		[ "$(grep -c '<details>' out)" = "$(grep -c '</details>' out)" ]
		[ "$(tail -c 1 out)" = '' ]
	done
	good plan -format=markdown -max-bytes="$whole"
	[ "$(wc -c <out)" = "$whole" ]
	is_empty "$(grep 'Left out' out)"
}

@test "-max-bytes never cuts what destroys, and says so" {
	start_logged
	doomed 60 z
	manifest z new
	good plan -format=markdown -max-bytes=1000
	[ "$(rows | grep -c '^| - ')" = 60 ]
	[ "$(rows | grep -c '^| + ')" = 0 ]
	out_has 'Left out, to fit into 1000 bytes: 1 more change.' \
		'This is longer than -max-bytes allows, because no destroyed object is left out.'
	err_has '-max-bytes=1000'
}

@test "drift is cut, too, and counted" {
	start_logged
	manifest_of 40
	good apply -auto-approve
	control POST reset >/dev/null
	# shellcheck disable=SC2046 # words
	manifest $(seq -f 'n%04.0f' 40)
	good plan -format=markdown -max-bytes=1500
	[ "$(wc -c <out)" -le 1500 ]
	grep -E '^Left out, to fit into 1500 bytes: [0-9]+ more changes and [0-9]+ outside of cfprov\.$' out
}

@test "options that contradict one another" {
	manifest a
	bad plan -max-bytes=600
	bad plan -format=json -max-bytes=600
	bad plan -format=markdown -max-bytes=100
	bad plan -format=htm
	err_has 'human, json, markdown or html'
	bad apply -format=markdown
}

# hostile FILE: no table breaks, nothing is HTML or Markdown that is not ours, nobody is called.
hostile()
{
	is_empty "$(grep -vE '^(\*\*|$|\| |</?details>|Left out|Partial plan|Account |The values? of )' "$1")"
	# What is outside of tables means nothing, either.
	is_empty "$(grep -E '^(Account|The) ' "$1" | sed -E 's/`[^`]+`//g; s/<code>[^<]*<\/code>//g' |
		grep -E '[][<>*@`!|]')"
	# Each row has four cells: five bars, none of them in a code span.
	is_empty "$(grep '^| ' "$1" | grep -vE '^\|[^|]*\|[^|]*\|[^|]*\|[^|]*\|$')"
	# Outside of code, no sign that means something; inside of <code>, neither.
	is_empty "$(grep '^| `' "$1" | sed -E 's/`[^`]+`//g; s/<code>[^<]*<\/code>//g' |
		perl -pe 's/(?<=[a-zA-Z0-9])_(?=[a-zA-Z0-9])//g' | grep -E '[][<>*_@`!]')"
	is_empty "$(grep -oE '<code>[^<]*</code>' "$1" | sed 's/<code>//; s/<.code>//' |
		grep -E '[][|`@>*_!\]|&[^#]')"
	harmless <(tr -d '\303\251' <"$1")
}

is_empty()
{
	[[ -z $1 ]] || {
		echo "not inert: $1" >&2
		return 1
	}
}

@test "names from outside are neither Markdown nor HTML, and call nobody" {
	start_logged
	manifest a
	good apply -auto-approve
	local name
	for name in 'a|b' '`x`' '`' '<img src=x>' '@everyone' '[a](http://b)' '**b** _c_' '#1' \
		$'two\nlines' $'esc\x1b[31m' "back\\" '\|' ' space ' '&lt;' ']]>' '</code>' 'é' \
		'```' '<!-- x' '$(x)' '~~a~~'; do
		jq --arg name "$name" '.accounts.acc_1.stores = {($name):
			(.accounts.acc_1.stores[] | .id = "0123")}' "$state" >changed
		cp changed "$state"
		manifest a
		good plan -format=markdown -adopt
		hostile out
		rows >plain
		[ "$(wc -l <plain)" = 2 ]
	done
}

@test "sources of values and tokens are neither Markdown nor HTML, and the end of a path stays" {
	start_logged
	local name folder
	for name in 'a|b' '`x`' '<img src=x>' '@everyone' '[a](http://b)' '**b** _c_' '#1' "back\\" \
		'</code>' '$(x)' '~~a~~' $'two\nlines' '| a | b | c |'; do
		jq -n --arg name "$name" '{accounts: {default: {account_id: "acc_1", api_token: {env: "T"}}},
			stores: [{name: "s", secrets: [{name: "F", value: {file: ($name | gsub("\n"; " "))}},
			{name: "C", value: {command: ["x", $name, ($name + $name)]}}]}]}' >cfprov.yaml
		T=$CLOUDFLARE_API_TOKEN good plan -values=none -format=markdown
		hostile out
		[ "$(rows | wc -l)" = 3 ]
		out_has 'Account `default`: `acc_1`, token from env T'
	done
	folder=$(printf 'x%.0s' {1..200})
	printf 'account_id: acc_1\nstores: [{name: s, secrets: [{name: F, value: {file: %s/end.txt}}, {name: C, value: {command: [sh, -c, "%s%s%s; echo end"]}}]}]\n' \
		"$folder" "$folder" "$folder" "$folder" >cfprov.yaml
	good plan -values=none -format=markdown
	grep -qE 'value from file x{30,40}(\.|&#46;){3}x+/end&#46;txt' out
	grep -qE "&#96;sh -c 'x+(\.|&#46;){3}x+; echo end'&#96;" out
	# Machines get all of it.
	good plan -values=none -format=json
	[ "$(jq -r '.resource_changes[] | .value_source.file // empty' out)" = "$folder/end.txt" ]
	[ "$(jq -r '.resource_changes[] | .value_source.command[2]? // empty' out)" = "$folder$folder$folder; echo end" ]
	[ "$(jq -c '.accounts' out)" = '[{"alias":"default","id":"acc_1","token_source":null}]' ]
}

@test "several accounts have a table of their own, and what is taken over has its id" {
	start_logged
	printf 'accounts: {one: {account_id: acc_1}, two: {account_id: acc_2}, idle: {account_id: acc_3}}\nstores:\n  - a\n  - {name: b, accounts: [one]}\n' \
		>cfprov.yaml
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	id=$(answer_get .result.id 2>/dev/null || answer_get '.result[0].id')
	good apply -auto-approve -account=idle
	good plan -format=markdown
	out_is "**Plan: 1 to import, 2 to add, 0 to change, 0 to destroy.**

| Account | Id | import | add | change | destroy | forget |
| --- | --- | --- | --- | --- | --- | --- |
| \`one\` | \`acc_1\` | 1 | 1 | 0 | 0 | 0 |
| \`two\` | \`acc_2\` | 0 | 1 | 0 | 0 | 0 |

| | Address | What | Why |
| --- | --- | --- | --- |
| \`=\` | \`one/a\` | adopt | id \`$id\` |
| \`+\` | \`one/b\` | create |  |
| \`+\` | \`two/a\` | create |  |
"
	good plan -format=markdown -account=two
	out_has 'Account `two`: `acc_2`'
	! grep -q acc_1 out || return 1
}
