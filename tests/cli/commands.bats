#!/usr/bin/env bats
# The command line itself: commands, flags, help, exit codes, which stream says what.
# both builds: start-up, system calls

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

@test "the tests run the programs of CFPROV_BUILD, which these do not see" {
	mkdir elsewhere
	printf '#!/bin/sh\necho "elsewhere, ${CFPROV_BUILD-unset}"\n' >elsewhere/cfprov
	chmod +x elsewhere/cfprov
	# bats would take a line that begins with the word for a test of this file.
	printf '%s\n' 'bats_require_minimum_version 1.5.0' "load $top/tests/cli/cfprov" \
		'setup() { set_up_cfprov; }' \
		'@''test "inner" { [ "$("$cfprov")" = "elsewhere, unset" ]; }' >inner.bats
	env -i PATH="${PATH//"$BATS_LIBEXEC:"/}" CFPROV_BUILD="$PWD/elsewhere" bats inner.bats >inner
	grep -qx 'ok 1 inner' inner
}

# ---- version and help -----------------------------------------------------------------------

@test "version, as a command and as a flag" {
	local args
	for args in version -version --version "version -no-color"; do
		# shellcheck disable=SC2086 # words
		good $args
		[[ $(head -n 1 out) =~ ^cfprov\ [0-9]+\.[0-9]+\.[0-9]+(-dev)?$ ]]
		err_is ''
	done
}

@test "version says what was built and what it runs with, and opens no connection" {
	good version
	err_is ''
	[ "$(sed 's/ .*//' out | tr '\n' ' ')" = 'cfprov commit built platform libcurl libyaml cJSON libsodium ' ] ||
		[ "$(sed 's/ .*//' out | tr '\n' ' ')" = 'cfprov platform libcurl libyaml cJSON libsodium ' ]
	good version -json
	jq -e '(keys_unsorted - ["commit", "build_date"] == ["cfprov_version", "platform", "libraries"])
		and (.platform | test("^linux_[a-z0-9]+$"))
		and (.libraries | keys_unsorted == ["libcurl", "tls", "libyaml", "cjson", "libsodium"])
		and ([.cfprov_version, .libraries[]] | all(test("[0-9]+[.][0-9]+")))
		and (.commit // "0" | test("^[0-9a-f]+(-dirty)?$"))
		and (.build_date // "2020-01-01T00:00:00Z" | test("^[0-9-]{10}T[0-9:]{8}Z$"))' out
	[ "$(jq -r '"cfprov \(.cfprov_version)"' out)" = "$("$cfprov" version | head -n 1)" ]
	# The libraries are those that the program was started with.
	[[ $(ldd "$cfprov") != *libyaml* ]] ||
		jq -e --arg v "$(pkg-config --modversion yaml-0.1)" '.libraries.libyaml == $v' out
	# Leaks can't be looked for under strace.
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 \
		strace -f -e trace=network -o calls "$cfprov" version >out
	[ "$(grep -vc '+++ exited' calls)" = 0 ]
}

@test "the build tells its commit, and the same date to everybody; a tarball tells neither" {
	local tree=tree
	mkdir $tree
	(cd "$top" && tar -cf - --exclude=./build --exclude=.git Makefile lib cmd) | tar -xf - -C $tree
	flags() { env "$@" make -n -C $tree V=1 build/obj/cmd/cfprov/version.o | grep 'version\.o'; }
	# It stands inside of another repository.
	git init -q .
	git -c user.name=a -c user.email=a@b commit -q --allow-empty -m other
	flags -u SOURCE_DATE_EPOCH >told
	cat told >&2
	[ "$(grep -cE 'CFPROV_(COMMIT|BUILD_DATE)' told)" = 0 ]
	flags SOURCE_DATE_EPOCH=86400 >told
	grep -F -- "-DCFPROV_BUILD_DATE='\"1970-01-02T00:00:00Z\"'" told
	[ "$(grep -c CFPROV_COMMIT told)" = 0 ]
	git init -q $tree
	git -C $tree add Makefile
	GIT_COMMITTER_DATE='@86400 +0500' git -C $tree -c user.name=a -c user.email=a@b commit -q -m first
	local commit
	commit=$(git -C $tree rev-parse --short=12 HEAD)
	flags -u SOURCE_DATE_EPOCH >told
	cat told >&2
	grep -F -- "-DCFPROV_COMMIT='\"$commit\"'" told
	grep -F -- "-DCFPROV_BUILD_DATE='\"1970-01-02T00:00:00Z\"'" told
	flags SOURCE_DATE_EPOCH=0 >told
	grep -F -- "-DCFPROV_BUILD_DATE='\"1970-01-01T00:00:00Z\"'" told
	echo '# changed' >>$tree/Makefile
	flags -u SOURCE_DATE_EPOCH >told
	cat told >&2
	grep -F -- "-DCFPROV_COMMIT='\"$commit-dirty\"'" told
}

@test "help goes to stdout and names every command" {
	good help
	err_is ''
	out_has validate plan apply show import export output doctor 'state list' 'state push' \
		version help CLOUDFLARE_API_TOKEN
	cp out first
	local args
	for args in '' -help --help -h; do
		# shellcheck disable=SC2086 # words
		good $args
		cmp out first
	done
}

@test "help COMMAND and COMMAND -help say the same" {
	local command
	for command in validate plan apply show import export output doctor 'state list' 'state show' \
		'state rm' 'state mv' 'state pull' 'state push' version; do
		# shellcheck disable=SC2086 # words
		good help $command
		err_is ''
		out_has "Usage: cfprov $command [OPTIONS]"
		cp out first
		# shellcheck disable=SC2086 # words
		good $command -help
		cmp out first
	done
	good apply -help
	out_has -f= -state= -account= -no-color -auto-approve -input= -parallelism= -lock= \
		-lock-timeout= -adopt
	good plan -help
	out_has -detailed-exitcode -f= -state= -account= -parallelism= -adopt -no-color
}

@test "the help of every command: usage, a description, its options in groups, examples that parse" {
	local command example
	"$cfprov" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p' >commands
	while read -r command; do
		# shellcheck disable=SC2086 # words
		good help $command
		[[ $(head -n 1 out) == "Usage: cfprov $command [OPTIONS]"* ]]
		# A sentence, and then the options.
		sed -n '3,/options:$/p' out | grep -q '\.$'
		sed -n 3p out | grep -q '^[A-Z]'
		grep -qx 'General options:' out
		[ -z "$(grep ':$' out | sort | uniq -d)" ]
		sed -n '/^Examples:$/,/^$/p' out | grep '^  ' >examples || :
		case $command in
		validate | plan | apply | destroy | import | export | import-env | output) [ -s examples ] ;;
		esac
		cat examples >>all
	done <commands
	cfprov() { "$cfprov" "$@" </dev/null; }
	export CLOUDFLARE_BASE_URL=http://127.0.0.1:1 ACCOUNT_ID=$account
	while read -r example; do
		(eval "$example") >said 2>&1 || :
		[ "$(grep -cE 'unknown|invalid|missing|too many|an option of|goes (after|before)|requires' said)" = 0 ] || {
			cat said >&2
			return 1
		}
	done < <(grep '^  cfprov ' all)
}

@test "help fits a terminal of 60, 80 and 120 columns" {
	local command columns
	"$cfprov" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p' >commands
	echo state >>commands
	echo >>commands
	for columns in 60 80 120; do
		while read -r command; do
			# shellcheck disable=SC2086 # words
			screen --columns $columns -- help $command
			((status == 0))
			# A usage or an example is to be copied, in one line.
			[ -z "$(grep -Ev '^(Usage:|  cfprov |  source |  [a-z ]+ \| cfprov )' screen |
				awk -v columns=$columns 'length($0) > columns || length($0) > 80')" ]
		done <commands
	done
}

@test "fault A23: URLs are not taken for paths" {
	start_logged
	manifest a
	local url option
	for url in https://u:pass@host/x s3://bucket/key file:///tmp/x; do
		for option in -state -out -f; do
			bad plan "$option=$url"
			err_has "Error: $option can't be a URL (${url%%:*}://): cfprov reads and writes local files only"
			err_lacks pass
		done
		bad apply -backup "$url"
		err_has "-backup can't be a URL"
		bad apply "$url"
		err_has "the file can't be a URL"
		bad state push "$url"
		err_has "can't be a URL"
	done
	bad plan -state=s3://bucket/key
	err_has 'A remote state is set in the manifest: state: {backend: s3, bucket: NAME}'
	bad plan -f=https://host/cfprov.yaml
	err_has 'pipe it in with -f -'
	printf 'account_id: acc_1\nstores: [a]\nstate: {path: "s3://bucket/key?secret"}\n' >cfprov.yaml
	bad plan
	err_has '`path` must be a local file, not a URL' cfprov.yaml:3 "write \`backend: s3\` with"
	err_lacks bucket/key secret
	printf 'account_id: acc_1\nstores: [{name: a, secrets: [{name: A, value: {file: "https://x/y"}}]}]\n' >cfprov.yaml
	bad validate
	err_has 'expected a local file, not a URL' cfprov.yaml:2
	err_lacks x/y
	[ "$(requests)" = 0 ]
	[[ ! -e https: && ! -e s3: && ! -e file: ]]
}

@test "help for what there is not" {
	bad help destroy-all
	err_has 'unknown command `destroy-all`' 'See `cfprov help`.'
	bad help plann
	err_has 'unknown command `plann`; did you mean `plan`?'
	bad help state lst
	err_has 'did you mean `state list`?'
	bad help "${esc}[2J"
	harmless err
	bad help plan apply
	bad help state list more
}

# ---- mistakes -------------------------------------------------------------------------------

@test "an unknown command is an error, with a guess" {
	bad aply
	err_has 'unknown command `aply`; did you mean `apply`?'
	bad 'plan '
	bad state
	err_is 'Error: `state` needs a subcommand
  The commands of `cfprov state` are list, show, rm, mv, pull, push, history, rollback, gc, migrate, repair and sign.
'
	bad state rm
	err_is 'Error: missing argument for `state rm`: ADDRESS...
  Usage: cfprov state rm [OPTIONS] ADDRESS...
'
	bad "${esc}[31mplan"
	harmless err
}

@test "an unknown option is an error, with a guess" {
	manifest a
	bad plan -detailed-exit-code
	err_has 'did you mean -detailed-exitcode?'
	bad plan -wherever
	err_has 'unknown option -wherever' 'See `cfprov plan -help`.'
	bad plan "-${esc}[31m"
	harmless err
	bad apply ---auto-approve
	err_has 'unknown option -'
	bad plan -auto-approve
	err_has '-auto-approve is an option of apply, destroy, state rollback, state migrate and 1 more, not of plan'
	bad validate -adopt
	bad show -parallelism=3
	bad -auto-approve apply
	err_is 'Error: -auto-approve goes after the command
  Usage: cfprov [-chdir=DIR] COMMAND [OPTIONS] [ARGUMENTS]
'
}

@test "an argument too many is an error" {
	manifest a
	local command
	for command in validate plan export doctor version; do
		bad "$command" surplus
		err_has "too many arguments for \`$command\`: \`surplus\`" "Usage: cfprov $command"
	done
	[ ! -e "$state" ]
}

@test "values that can't be" {
	manifest a
	local option
	for option in -parallelism=0 -parallelism=-1 -parallelism=1e9 -parallelism=1000000000 \
		-parallelism= -parallelism=x -parallelism=18446744073709551617 -input=maybe -input= \
		-lock=no -lock=1 -lock-timeout=5 -lock-timeout=-1s -lock-timeout=x -lock-timeout= \
		-lock-timeout=99999999999999999999s -auto-approve=yes -adopt=1 -f= -state= -account=; do
		bad apply "$option"
		err_has "Error: invalid value \`${option#*=}\` for ${option%%=*}: expected "
	done
	for option in 1x=y x-y=z =v NAME ''; do
		bad plan -var "$option"
		err_has 'invalid -var: expected NAME=VALUE' 'NAME consists of letters' 'does not start with a digit'
	done
	bad plan -var 1=hush-hush
	err_lacks hush
	bad apply -parallelism
	err_has '-parallelism requires a value: a number from 1 to 256'
	[ ! -e "$state" ]
}

@test "one dash or two, a value behind = or as the next word" {
	start_sim
	manifest a
	mkdir sub
	mv cfprov.yaml sub/other.yaml
	good validate -f sub/other.yaml
	good validate -f=sub/other.yaml
	good validate --f sub/other.yaml
	good validate --f=sub/other.yaml
	good apply --auto-approve=true --parallelism 3 -lock-timeout 1s -lock=true -input=false \
		--state sub/s.json -f=sub/other.yaml -no-color --account default
	[ -e sub/s.json ]
	good state list --state=sub/s.json
	out_is $'default/a\n'
	bad plan -f
	err_has '-f requires a value: a path'
}

@test "options and arguments may be mixed; -- ends options" {
	start_sim
	manifest a b
	good apply -auto-approve
	good state list default/a -no-color
	out_is $'default/a\n'
	good state list -- default/b
	out_is $'default/b\n'
	bad state list -- -no-color
	err_has 'no object in the state matches `-no-color`'
}

@test "-chdir goes there first" {
	start_sim
	mkdir there
	(cd there && manifest a)
	good -chdir=there apply -auto-approve
	[ -e "there/$state" ]
	[ ! -e "$state" ]
	bad -chdir=nowhere plan
	err_has 'nowhere' 'No such file'
}

# ---- files ----------------------------------------------------------------------------------

@test "the state stands beside the manifest, or where -state says" {
	start_sim
	mkdir conf
	manifest a
	mv cfprov.yaml conf/m.yaml
	good apply -auto-approve -f conf/m.yaml
	[ -e "conf/$state" ]
	good show -f conf/m.yaml
	out_has default/a
	good plan -f conf/m.yaml -state="conf/$state"
	out_is $'No changes. Your infrastructure matches the configuration.\n'
}

@test "no manifest" {
	bad plan
	err_has 'no manifest found: cfprov.yaml does not exist' '-f' '`cfprov export`' '`cfprov import-env`'
	bad apply -auto-approve
	bad validate -f=nothing.yaml
	err_has nothing.yaml
	[ ! -e "$state" ]
}

# ---- validate -------------------------------------------------------------------------------

@test "validate needs neither credentials nor a server, and touches nothing" {
	acc=$account
	manifest a b c
	good validate
	out_is $'The manifest is valid: 3 stores in 1 account.\n'
	err_is ''
	[ "$(ls -A)" = $'cfprov.yaml\nerr\nout' ]
	export CLOUDFLARE_BASE_URL=http://192.0.2.1 CLOUDFLARE_API_TOKEN=$'\n'
	good validate
}

# ---- show and state list --------------------------------------------------------------------

@test "show and state list without a state" {
	good show
	out_is $'The state is empty.\n'
	good state list
	out_is ''
	err_is ''
	bad state list default/a
}

@test "show and state list need no server and no credentials" {
	start_sim
	manifest b a
	good apply -auto-approve
	local id
	id=$(live | sed -n 's/^a //p')
	stop_sim
	unset CLOUDFLARE_API_TOKEN CLOUDFLARE_BASE_URL
	good show
	out_has "Account default (acc_1):" "  default/a
    id        $id
    created   2" 'origin    created by cfprov'
	err_is ''
	good state list
	out_is $'default/a\ndefault/b\n'
	err_is ''
}

@test "state list picks: * matches within one part" {
	start_sim
	cat >cfprov.yaml <<-end
		accounts:
		  east: {account_id: acc_1}
		  west: {account_id: acc_2}
		stores: [red, blue]
	end
	good apply -auto-approve
	good state list
	out_is $'east/blue\neast/red\nwest/blue\nwest/red\n'
	good state list 'east/*'
	out_is $'east/blue\neast/red\n'
	good state list '*/red'
	out_is $'east/red\nwest/red\n'
	# An address that contains others stands for them, as with -target.
	good state list east
	out_is $'east/blue\neast/red\n'
	good state list '*'
	out_is $'east/blue\neast/red\nwest/blue\nwest/red\n'
	good state list -account=east
	out_is $'east/blue\neast/red\n'
	bad state list -account=nowhere
	err_has nowhere
	bad state list '*/*/*' east/red
	out_is $'east/red\n'
	err_has 'no object in the state matches `*/*/*`'
}
