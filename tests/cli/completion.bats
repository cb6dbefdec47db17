#!/usr/bin/env bats
# Completion: what the program proposes, and each shell completing real lines with it.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load cfprov

# A state with two objects, and a manifest with a third. No variable that they name is set, and the
# server is gone: completion needs none of that.
setup() {
	set_up_cfprov
	unset CLOUDFLARE_ACCOUNT_ID CLOUDFLARE_API_TOKEN
	export CLOUDFLARE_BASE_URL=http://127.0.0.1:1/client/v4 HOME=$PWD XDG_CONFIG_HOME=$PWD
	PATH=$build:$PATH
	cat >cfprov.yaml <<-END
		accounts:
		  prod: {account_id: $account, api_token: {command: [touch, ran]}}
		  staging: {account_id: 023e105f4ecef8ad9ca31a8372d0c353}
		state: {key: {command: [touch, ran]}}
		stores:
		  - name: keys
		    accounts: [prod]
		    secrets: [{name: NEW, value: {command: [touch, ran]}}]
	END
	jq -n --arg account "$account" '
		{created: "2026-01-01T00:00:00Z", modified: "2026-01-01T00:00:00Z", origin: "created"} as $dates |
		{version: 1, cfprov_version: "0.1.0", serial: 1, lineage: "494c69fa-af89-4aa7-93d6-0127da195a9b", accounts:
		{($account): {alias: "prod", stores: {keys: ($dates + {id: "store", secrets:
		{A: ($dates + {id: "secret", status: "active", scopes: ["workers"], version: 1})}})}}}}' \
		>"$state"
}
teardown() {
	[ ! -e ran ]
	stop_all
}

# proposes WORD... -- CANDIDATE...: the program proposes exactly these, in any order.
proposes()
{
	local words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	"$cfprov" __complete "${words[@]}" >proposed 2>err
	[ ! -s err ]
	diff <([ $# -eq 0 ] || printf '%s\n' "$@" | sort) <(cut -f 1 proposed | sort) >&2
}

@test "commands, and the second words of those that have two" {
	proposes pl -- plan
	proposes imp -- import import-env
	proposes st -- state
	proposes state r -- rm rollback repair
	proposes state '' -- list show rm mv pull push history rollback gc migrate repair sign
	proposes help sta -- state
	proposes help state p -- pull push
	proposes nothing --
	"$cfprov" __complete '' >all
	"$cfprov" __complete >same
	cmp all same
	"$cfprov" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | while read -r command; do
		grep -q "^$command	." all
	done
}

@test "the options of the command, with their help" {
	"$cfprov" __complete plan - | cut -f 1 | tr -d = | sort -u >proposed
	"$cfprov" help plan | sed -n 's/^  \(-[a-z-]*\).*/\1/p' | sort -u | diff - proposed
	proposes plan --det -- --detailed-exitcode
	proposes apply -auto -- -auto-approve
	[ -z "$("$cfprov" __complete plan -- -t)" ]
	proposes -ch -- -chdir=
	[ "$("$cfprov" __complete plan - | grep -cvP '\t.')" = 0 ]
}

@test "the values of options that have few" {
	proposes plan -format= -- -format=human -format=json -format=markdown -format=html
	proposes plan -format m -- markdown
	proposes output --format=w -- --format=wrangler --format=wrangler-toml
	proposes plan -refresh= -- -refresh=true -refresh=false
	proposes completion '' -- bash zsh fish
}

@test "files and directories are left to the shell" {
	proposes plan -f '' -- :file
	proposes plan -out=x -- :file
	proposes apply '' -- :file
	proposes import-env '' -- :file
	proposes -chdir=x -- :directory
	proposes apply plan.bin '' --
}

@test "addresses, from the state and from the manifest" {
	proposes plan -target= -- -target=prod/keys -target=prod/keys/A -target=prod/keys/NEW
	proposes plan -exclude prod/keys/ -- prod/keys/A prod/keys/NEW
	proposes state show '' -- prod/keys prod/keys/A
	proposes state rm prod/keys prod/keys/ -- prod/keys/A
	proposes output '' -- prod/keys prod/keys/A
	proposes output -raw '' -- prod/keys prod/keys/A
	proposes import '' -- prod/keys/NEW
	proposes import-env .env -store= -- -store=prod/keys
	proposes state show prod/keys '' --
	mkdir sub
	mv cfprov.yaml cfprov.state.json sub
	proposes plan -replace= --
	proposes -chdir=sub plan -replace=prod/keys/A -- -replace=prod/keys/A
	proposes state show -f sub/cfprov.yaml prod/keys/ -- prod/keys/A
	proposes state show -state sub/cfprov.state.json prod/keys/ -- prod/keys/A
}

@test "aliases" {
	proposes plan -account= -- -account=prod -account=staging
	proposes state mv p -- prod
	proposes state mv prod s -- staging
	proposes output k --
	echo 'accounts: {broken' >cfprov.yaml
	proposes output k -- keys keys/A
	proposes plan -account p -- prod
}

@test "nothing is said where nothing can be read, and nobody is waited for" {
	echo '{' >cfprov.state.json
	echo 'stores: [' >cfprov.yaml
	proposes plan -target= --
	rm cfprov.state.json cfprov.yaml
	proposes plan -target= --
	proposes plan -f - -target= --
	proposes plan -nonsense= --
	proposes -chdir=nowhere plan -- plan
	CFPROV_LOG=trace CFPROV_PATIENCE=x proposes state show x --
}

# ---- the shells -------------------------------------------------------------------------------

# In the terminal's shells, cfprov is a function that shows its words, but for completion.
show_words='cfprov() { if [[ $1 == __complete ]]; then command cfprov "$@"; else printf "<%s>" "$@"; fi; }'

# typed SHELL LINE WORDS: at the prompt of the shell, the line and Tab make these words: <a><b>.
typed()
{
	local shell=(bash --rcfile rc -i)
	[ "$1" = bash ] || shell=(zsh -i)
	TERM=dumb ZDOTDIR=$PWD python3 "$top/tests/cli/screen.py" --raw raw \
		--wait 'ready> ' --send "$2\\t" --wait "${4-}" --send '\n' \
		--wait 'ready> ' --send 'exit\n' -- "${shell[@]}" >screen 2>err || [ $? -eq 99 ]
	grep -qF -e "$3" raw || { cat -v raw >&2 && return 1; }
}

# The same lines in both.
type_all()
{
	touch plan.bin
	mkdir folder
	typed "$1" 'cfprov pl' '<plan>'
	typed "$1" 'cfprov state sh' '<state><show>'
	typed "$1" 'cfprov plan -det' '<plan><-detailed-exitcode>'
	typed "$1" 'cfprov plan -targ' '<plan><-target=>'
	typed "$1" 'cfprov plan -target=prod/keys/A' '<plan><-target=prod/keys/A>'
	typed "$1" 'cfprov plan -target=prod/keys/N' '<plan><-target=prod/keys/NEW>'
	typed "$1" 'cfprov plan -format=j' '<plan><-format=json>'
	typed "$1" 'cfprov plan -account st' '<plan><-account><staging>'
	typed "$1" 'cfprov apply pl' '<apply><plan.bin>'
	typed "$1" 'cfprov plan -out=pl' '<plan><-out=plan.bin>'
	typed "$1" 'cfprov -chdir=fol' '<-chdir=folder'
}

@test "bash completes what is typed" {
	have bash python3
	printf '%s\n' "PS1='ready> '" 'source <(command cfprov completion bash)' "$show_words" >rc
	type_all bash
	local lazy=/usr/share/bash-completion/bash_completion
	if [ -e "$lazy" ]; then
		printf '%s\n' "PS1='ready> '" "XDG_DATA_DIRS=$build/share" "source $lazy" "$show_words" >rc
		typed bash 'cfprov state sh' '<state><show>'
	fi
	"$cfprov" completion bash >script.bash
	shellcheck -s bash script.bash
}

@test "zsh completes what is typed" {
	have zsh python3
	printf '%s\n' "PS1='ready> '" "fpath=($build/share/zsh/site-functions \$fpath)" \
		'autoload -Uz compinit' 'compinit -u -D' "$show_words" >.zshrc
	type_all zsh
	grep -v fpath .zshrc >rc
	echo 'source <(command cfprov completion zsh)' | cat rc - >.zshrc
	typed zsh 'cfprov state sh' '<state><show>'
	typed zsh 'cfprov state p\t' 'print the state as JSON'
}

# in_fish LINE: what fish proposes, with descriptions.
in_fish()
{
	fish --no-config -c 'cfprov completion fish | source; complete -C $argv[1]' "$1"
}

@test "fish completes what is typed" {
	have fish
	touch plan.bin
	mkdir folder
	diff - <(in_fish 'cfprov state pus') < <("$cfprov" __complete state pus)
	diff - <(in_fish 'cfprov plan -det') < <("$cfprov" __complete plan -det)
	diff - <(in_fish 'cfprov plan -targ' | cut -f 1) <<<-target=
	diff - <(in_fish 'cfprov plan -target=prod/keys/N' | cut -f 1) <<<-target=prod/keys/NEW
	diff - <(in_fish 'cfprov plan -account st' | cut -f 1) <<<staging
	diff - <(in_fish 'cfprov apply pl' | cut -f 1) <<<plan.bin
	diff - <(in_fish 'cfprov plan -out=pl' | cut -f 1) <<<-out=plan.bin
	diff - <(in_fish 'cfprov -chdir=fol' | cut -f 1) <<<-chdir=folder/
	[ "$(in_fish 'cfprov ' | wc -l)" = "$("$cfprov" __complete '' | wc -l)" ]
}
