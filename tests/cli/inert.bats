#!/usr/bin/env bats
# Text from outside is no command for a CI (Azure Pipelines, TeamCity: "##" anywhere; GitHub: "::"
# at the start of a line), and nothing in it is invisible.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

# What is invisible or turns text around: zero-width, right-to-left override, tag, soft hyphen, BOM,
# word joiner, variation selectors, Hangul filler, annotation.
invisible=$'\u200b\u202e\U000e0041\u00ad\ufeff\u2060\ufe00\U000e0101\u3164\ufff9'
bad_text="::error::x ##[error]x ##vso[task.x]x ###${invisible}x"

setup() { set_up_cfprov; }
teardown() { stop_all; }

# no_command FILE...: no CI takes a line of it for a command, and nothing for people is invisible.
# The other fields of JSON are exact.
no_command()
{
	local file
	for file in "$@"; do
		if [[ $(head -c 1 "$file") == '{' ]]; then
			jq -r '.. | objects | ."@message", .summary, .detail, .message, .hint | strings' \
				"$file" >texts
		else
			cp "$file" texts
		fi
		! LC_ALL=C.UTF-8 grep -nP '##|^\s*::' "$file" >&2 || return 1
		! LC_ALL=C.UTF-8 grep -nP '[\x{00ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}\x{fe00}-\x{fe0e}\x{3164}\x{fff9}\x{e0000}-\x{e0fff}]' \
			texts >&2 || return 1
	done
}

# says_it ARGUMENT...: whatever it says, that is no command.
says_it()
{
	rm -f log
	CFPROV_LOG=trace CFPROV_LOG_PATH=$PWD/log prov "$@"
	no_command out err
	[ ! -s log ] || no_command log
}

# manifest_with COMMENT
manifest_with()
{
	jq -n --arg id "$account" --arg comment "$1" '{account_id: $id, stores: [
		{name: "s", secrets: [{name: "A", value: {env: "A"}, comment: $comment}]}]}' \
		>cfprov.yaml
}

@test "trust 8: comments are no commands" {
	export A=v
	acc=$account
	start_logged
	manifest_with "$bad_text"
	local format
	for format in human json markdown html; do
		says_it plan -format=$format
	done
	says_it plan -out=saved
	for format in -json -format=markdown -format=html -format=human; do
		says_it show $format saved
	done
	says_it apply -json -auto-approve
	says_it state show default/s/A
	says_it state pull
	says_it show -json
	says_it export
	# Exact, where tools read it.
	[ "$(jq -r '.. | .comment? | strings' "$state" | head -1)" = "$bad_text" ]
	"$cfprov" state pull | jq -e --arg c "$bad_text" '[.. | .comment? | strings] | index([$c])'
	"$cfprov" show -json | jq -e --arg c "$bad_text" '[.. | .comment? | strings] | index([$c])'
	manifest_with other
	for format in human json markdown html; do
		says_it plan -format=$format
	done
	# What export writes means the same.
	"$cfprov" export >exported.yaml
	mv exported.yaml cfprov.yaml
	sed -i 's/value: .*/value: {env: A}/' cfprov.yaml
	prov plan -detailed-exitcode
	no_command out err
	out_has 'No changes'
}

@test "trust 8: what a server says is no command" {
	start_logged
	manifest a
	local message command
	message=$(jq -n --arg m "$bad_text" '$m')
	for command in plan 'plan -format=json' doctor 'doctor -json' 'apply -auto-approve' \
		'apply -json -auto-approve'; do
		control DELETE faults
		sim_faults "{\"status\":400,\"code\":1001,\"message\":$message,\"times\":9}"
		# shellcheck disable=SC2086 # words
		says_it $command
		((status == 1))
		grep -qF '[error]' out err
	done
}

@test "trust 8: paths, options and arguments are no commands" {
	acc=$account
	start_logged
	manifest a
	local path
	path="::error::x##[y]##vso[z]$invisible.yaml"
	says_it validate -f "$path"
	says_it validate -json -f "$path"
	cp cfprov.yaml "$path"
	says_it validate -f "$path"
	says_it apply -auto-approve -f "$path" -state="$path.json"
	says_it apply -json -auto-approve -f "$path" -state="$path.json"
	says_it doctor -f "$path" -state="$path.json"
	says_it plan -f "$path" -state="$path.json" -out="$path.plan"
	chmod 666 "$path.json"
	says_it doctor -f "$path" -state="$path.json"
	says_it plan -f "$path" -state="$path.json"
	echo x >>"$path.json"
	says_it plan -f "$path" -state="$path.json"
	says_it show "$path.json"
	printf 'account_id: %s\nstores: [{name: a, nonsense: "%s"}]\n' "$acc" "::error::##[x]$invisible" >"$path"
	says_it validate -f "$path"
	says_it validate -json -f "$path"
	printf '%s\n' "::error::##[x]$invisible: {" >"$path"
	says_it validate -f "$path"
	manifest a
	local argument
	for argument in "$bad_text" "::error::x" "-$bad_text" "-target=$bad_text" "-state=$bad_text" \
		"-var=$bad_text" "-replace=$bad_text" "-account=$bad_text"; do
		says_it plan "$argument"
		says_it plan -json "$argument"
		says_it state show "$argument"
		says_it "$argument"
	done
	CFPROV_ERROR=x prov validate
	env "CFPROV_error::##[x]$invisible=x" "$cfprov" validate >out 2>err
	no_command out err
}

@test "trust 8: names that others chose are no commands" {
	export A=v
	acc=$account
	local name=$'::error::"##[x]`|$(id)'$invisible
	jq -n --arg id "$acc" --arg name "$name" '{accounts: [{id: $id, stores: [{name: $name,
		secrets: [{name: $name, value: "v", comment: $name}]}, {name: "s", secrets: [
		{name: $name, value: "v", comment: $name}]}]}]}' >seed.json
	start_logged --seed seed.json
	manifest_with x
	local command
	for command in plan 'plan -format=json' 'plan -format=markdown' 'plan -format=html' 'apply -auto-approve -adopt' \
		export "import default/s $acc/s" 'doctor -json' doctor 'destroy -auto-approve -force' \
		'destroy -auto-approve -allow-store-destroy'; do
		# shellcheck disable=SC2086 # words
		says_it $command
	done
}

@test "a command to copy runs nothing else" {
	acc=$account
	start_logged
	manifest a
	good plan -out='$(touch x);`id`.plan'
	err_has "run: cfprov apply '\$(touch x);\`id\`.plan'"
	good plan -out=plain.plan
	err_has 'run: cfprov apply plain.plan'
	good apply -auto-approve -state="it's"
	chmod 666 "it's"
	good doctor -state="it's"
	out_has "chmod go-w 'it'\\''s'"
}

@test "references in markdown refer to nothing" {
	export A=v
	acc=$account
	start_logged
	local text
	text='GH-1 gh-22 #3 @someone 0123abc deadbeef985e105f4ecef8ad9ca31a8372d0c353 !4 &5 ~bug $6 %7 a/b#8 x@0123abc'
	manifest_with "$text"
	good plan -format=markdown
	# A renderer decodes first: so do we.
	python3 -c 'import html, re, sys
text = re.sub("`[^`]*`|<code>.*?</code>", "", html.unescape(sys.stdin.read()))
found = re.findall(r"GH-\d|gh-\d|#\w|@\w|!\d|&\d|~\w|\$\d|%\d|\b[0-9a-f]{7,40}\b", text)
print(found, file=sys.stderr)
sys.exit(bool(found))' <out
	out_has 'GH-&#8203;1' '`0123abc`'
}
