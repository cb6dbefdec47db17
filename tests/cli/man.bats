#!/usr/bin/env bats
# The manual pages: complete, and right for the programs that show them.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2094,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() {
	set_up_cfprov
	export MANPATH=$build/share/man MANWIDTH=80 LC_ALL=C.UTF-8
	pages=("$MANPATH"/man*/*)
}

# shown PAGE: writes the page as a reader sees it to the file `shown`.
shown()
{
	man "$1" 2>warnings | col -bx >shown
	cat warnings >&2
	[ ! -s warnings ]
}

# says TEXT...: the page has each of them.
says()
{
	local text
	for text in "$@"; do
		grep -qF -e "$text" shown || { echo "no $text in the page" >&2 && return 1; }
	done
}

@test "man shows the pages without warnings, 80 columns wide" {
	have man groff
	[ ${#pages[@]} -eq 3 ]
	local page
	for page in "${pages[@]}"; do
		man --warnings -l "$page" >shown 2>warnings
		cat warnings >&2
		[ ! -s warnings ]
		[ "$(col -bx <shown | wc -L)" -le 80 ]
		run ! grep '^@' "$page"
	done
}

@test "mandoc has nothing to say about them" {
	have mandoc
	# It looks for pages only where the system has its own.
	mandoc -Tlint -Wall "${pages[@]}" >found || true
	diff <(grep -v 'referenced manual not found: Xr cf' found) /dev/null
	[ "$(mandoc -Tutf8 -Owidth=80 "${pages[@]}" | col -bx | wc -L)" -le 80 ]
}

@test "cfprov(1) has every command, option and variable of the help" {
	have man groff
	shown cfprov
	"$cfprov" help >help
	local command option
	sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p' help >commands
	[ "$(wc -l <commands)" -gt 15 ]
	while read -r command; do
		grep -qE "^ +$command( |$)" shown || { echo "no $command" >&2 && return 1; }
		# shellcheck disable=SC2086 # a command may have two words
		"$cfprov" help $command | sed -n 's/^  \(-[a-z-]*=\{0,1\}\).*/\1/p'
	done <commands | sort -u >options
	[ "$(wc -l <options)" -gt 30 ]
	while read -r option; do
		says "$option"
	done <options
	grep -oE '\b(CLOUDFLARE|CFPROV)_[A-Z_]+|NO_COLOR' help | sort -u >variables
	[ "$(wc -l <variables)" -gt 8 ]
	while read -r option; do
		says "$option"
	done <variables
}

@test "cfprov(1) has every variable that the program reads" {
	have man groff
	shown cfprov
	grep -ohE '(cli_env|getenv)\("[A-Z_]+"\)' -r "$top/cmd/cfprov" "$top/lib" |
		grep -oE '[A-Z_]{4,}' | grep -vx USER | sort -u >variables # who holds the lock
	grep -q CLICOLOR_FORCE variables
	local variable
	while read -r variable; do
		says "$variable"
	done <variables
}

@test "cfprov.yaml(5) has every key of the schema" {
	have man groff jq
	shown cfprov.yaml
	"$cfprov" schema | jq -r '[.. | objects | .properties? // empty | keys[]] | unique[]' >keys
	[ "$(wc -l <keys)" -gt 25 ]
	local key
	while read -r key; do
		grep -qE "^ +$key( |$)" shown || { echo "no $key" >&2 && return 1; }
	done <keys
}

@test "cfsim(1) has every option, choice and route" {
	have man groff
	shown cfsim
	"$cfsim" --help | grep -oE '^  (--[a-z-]+|[a-z-]+=)' >words
	[ "$(wc -l <words)" -gt 40 ]
	sed -n 's/.*{"\(GET\|POST\|DELETE\)", "\([a-z]*\)", .*/\1 \/_cfsim\/\2/p' \
		"$top/cmd/cfsim/control.c" >>words
	local word
	sed -n 's/^\t{"\([a-z_]*\)", [A-Za-z(]*.*},$/\1/p' "$top"/cmd/cfsim/fault{,s}.c >>words
	[ "$(wc -l <words)" -gt 110 ]
	while read -r word; do
		says "$word"
	done <words
}

@test "the manifest in cfprov.yaml(5) is valid" {
	awk '/^\.Bd -literal/ { on = ++n; next } /^\.Ed/ { on = 0 } on { print > (on ".yaml") }' \
		"$top/cmd/cfprov/cfprov.yaml.5.in"
	local whole
	mapfile -t whole < <(grep -lE '^(account_id|accounts):' ./*.yaml)
	[ ${#whole[@]} -gt 1 ]
	local one
	for one in "${whole[@]}"; do
		good validate -f "$one"
	done
}

@test "make install puts pages and completions where they are found" {
	# What is built is installed, whatever compiler built it.
	mkdir built
	ln -s "$build/cfprov" "$build/cfsim" "$build/share" built
	make -s -C "$top" -o all BUILD="$PWD/built" DESTDIR="$PWD/root" PREFIX=/usr install >&2
	find root -type f | sed 's/^root//' | LC_ALL=C sort >installed
	cat installed >&2
	diff - installed <<-END
		/usr/bin/cfprov
		/usr/bin/cfsim
		/usr/share/bash-completion/completions/cfprov
		/usr/share/fish/vendor_completions.d/cfprov.fish
		/usr/share/man/man1/cfprov.1
		/usr/share/man/man1/cfsim.1
		/usr/share/man/man5/cfprov.yaml.5
		/usr/share/zsh/site-functions/_cfprov
	END
}
