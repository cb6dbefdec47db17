#!/usr/bin/env bats
# What is mistyped, in the wrong place, or a habit from another tool: commands, options, variables.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	"$cfprov" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p' >commands
	[ "$(wc -l <commands)" -ge 20 ]
}
teardown() { stop_all; }

# options_of COMMAND: the options in its help, without dashes, one a line.
options_of()
{
	# shellcheck disable=SC2086 # words
	"$cfprov" help $1 | sed -n 's/^  -\([a-z-]*\).*/\1/p'
}

# prov_with NAME=VALUE WORDS: prov with a variable of any name, in the environment.
prov_with()
{
	status=0
	# shellcheck disable=SC2086 # words
	env "$1" "$cfprov" $2 >out 2>err 3>&- || status=$?
	told "$2"
}

# ---- help and version, everywhere -----------------------------------------------------------

@test "-h, -help and --help after every command and group, whatever else is wrong" {
	local command flag
	{
		cat commands
		echo state
	} >all
	while read -r command; do
		# shellcheck disable=SC2086 # words
		good help $command
		cp out first
		grep -q "^Usage: cfprov $command " first
		for flag in -h -help --help --h -help=true '-no-color -h' '-h surplus' '-bogus -h' \
			'-parallelism=x -h' '-h -v' '-f= --help' '-chdir=nowhere -h' 'surplus -h' \
			'-h -json' '-h --bogus=1'; do
			# Of these it is another command.
			[[ $command != @(state|help) || $flag != *surplus* ]] || continue
			# shellcheck disable=SC2086 # words
			good $command $flag
			cmp out first
			err_is ''
		done
		# shellcheck disable=SC2086 # words
		CFPROV_PATIENCE=x good $command -h
		cmp out first
		# shellcheck disable=SC2086 # words
		good -h $command
		cmp out first
	done <all
	good help
	cp out first
	for flag in -h --help '-no-color -h' '-chdir=nowhere -h' '-bogus -h' '-auto-approve -h' '-h -v' \
		'-help nonsense'; do
		# shellcheck disable=SC2086 # words
		good $flag
		cmp out first
	done
}

@test "-v, -version and --version before and after every command and group" {
	local command flag
	good version
	cp out first
	{
		cat commands
		echo state
	} >all
	while read -r command; do
		for flag in -v -version --version '-bogus -v' '-v surplus' '-parallelism= -version'; do
			[[ $command != state || $flag != *surplus ]] || continue
			# shellcheck disable=SC2086 # words
			good $command $flag
			cmp out first
			err_is ''
			# shellcheck disable=SC2086 # words
			good $flag $command
			cmp out first
		done
	done <all
	CFPROV_PATIENCE=x good -v
	cmp out first
	good version -json
	cp out first
	for flag in '-v -json' '--version --json' 'plan -v -json' 'plan -json -v'; do
		# shellcheck disable=SC2086 # words
		good $flag
		cmp out first
	done
}

@test "an argument that looks like -h is one after --, or as a value" {
	manifest a
	bad state list -- -h
	err_has '-h'
	bad plan -f -h
	err_has "can't open -h"
}

# ---- habits ---------------------------------------------------------------------------------

@test "commands of other tools are answered in a line that names what to use" {
	local habit word
	for habit in init fmt console graph login logout providers workspace taint untaint get test \
		diff up down status deploy rm ls preview put create delete mv list lint \
		whoami store secret; do
		for word in '' -h '-auto-approve x' '-json'; do
			# shellcheck disable=SC2086 # words
			bad $habit $word
			out_is ''
			[ "$(wc -l <err)" = 1 ]
			grep -Eq "^Error: cfprov has no $habit: .*\.\$" err
		done
		bad help "$habit"
		grep -q "^Error: cfprov has no $habit: " err
		cat err >>answers
	done
	# What they name exists.
	grep -o '`cfprov [^`]*`' answers | tr -d '`' | sed 's/^cfprov //; s/-[a-z-]*=[^ ]*//g' |
		sed 's/ *$//' | sort -u >named
	[ "$(wc -l <named)" -ge 8 ]
	while read -r word; do
		grep -qxF "$word" commands
	done <named
	bad init
	err_is 'Error: cfprov has no init: there is nothing to set up. Run `cfprov plan`, or `cfprov state migrate` to move the state.
'
}

# ---- commands -------------------------------------------------------------------------------

@test "every command is guessed: with a letter twice, without one, with two swapped" {
	local command typed at last
	while read -r command; do
		last=${command##* }
		for typed in "$command${command: -1}" "${command%?}" \
			"${command%"$last"}${last:1:1}${last:0:1}${last:2}"; do
			# shellcheck disable=SC2086 # words
			# `vm` may be mv or rm.
			[[ $typed != "$command" && $typed != *\ ? && $typed != *\ vm ]] || continue
			# shellcheck disable=SC2086 # words
			bad $typed
			err_has "Error: unknown command \`$typed\`; did you mean \`$command\`?"
			# shellcheck disable=SC2086 # words
			bad help $typed
			err_has "did you mean \`$command\`?"
		done
	done <commands
}

@test "fault C3: groups and their commands are guessed" {
	bad stat list
	err_is 'Error: unknown command `stat list`; did you mean `state list`?
'
	bad state lst
	err_is 'Error: unknown command `state lst`; did you mean `state list`?
'
	bad stat lst
	err_has '`stat lst`; did you mean `state list`?'
	bad state-list
	err_has '`state-list`; did you mean `state list`?'
	bad stat
	err_has '`stat`; did you mean `state`?'
	bad stte wherever
	err_has '`stte`; did you mean `state`?'
	bad state xx
	err_is 'Error: unknown command `state xx`
  The commands of `cfprov state` are list, show, rm, mv, pull, push, history, rollback, gc, migrate, repair and sign.
'
	bad state -no-color xx
	err_has 'unknown command `state xx`'
	good state -no-color list
	bad help stat
	err_has 'did you mean `state`?'
	bad wherever
	err_is 'Error: unknown command `wherever`
  See `cfprov help`.
'
}

# ---- options --------------------------------------------------------------------------------

@test "every option is guessed with each command that takes it" {
	local command name
	while read -r command; do
		while read -r name; do
			((${#name} > 2)) || continue
			# shellcheck disable=SC2086 # words
			bad $command "-${name}e"
			err_has "unknown option -${name}e; did you mean -$name?"
			# shellcheck disable=SC2086 # words
			bad $command "--${name:0:1}${name:2}=x"
			err_has "unknown option -${name:0:1}${name:2}; did you mean -"
		done < <(options_of "$command")
	done <commands
	bad apply -auto
	err_has 'did you mean -auto-approve?'
}

@test "fault C5: an option of other commands is told with those that take it" {
	local command name
	local -A taken first
	while read -r command; do
		while read -r name; do
			taken[$name $command]=yes
			: "${first[$name]:=$command}"
			echo "$name"
		done < <(options_of "$command")
	done <commands >taken
	sort -u taken >names
	while read -r command; do
		while read -r name; do
			[[ -z ${taken[$name $command]-} ]] || continue
			# shellcheck disable=SC2086 # words
			bad $command "-$name=x"
			err_has "Error: -$name is an option of ${first[$name]}" ", not of $command"
			[ "$(grep -c '^Error:' err)" = 1 ]
		done <names
		# shellcheck disable=SC2086 # words
		bad $command -chdir=x
		err_has '-chdir goes before the command'
	done <commands
	while read -r name; do
		grep -qx "$name" <(options_of '') || {
			bad "-$name=x" plan
			err_has "Error: -$name goes after the command"
		}
	done <names
	bad plan -auto-approve
	err_is 'Error: -auto-approve is an option of apply, destroy, state rollback, state migrate and 1 more, not of plan
  Leave it out: `cfprov plan` does not ask.
'
	bad validate -json -lock
	err_has '-lock is an option of plan, apply, destroy, refresh and 8 more, not of validate'
}

@test "-dry-run says what shows the changes" {
	bad apply --dry-run
	err_is 'Error: -dry-run is an option of state rm and state mv, not of apply
  To see what apply would do, run `cfprov plan`.
'
	bad destroy -dry-run
	err_has 'run `cfprov plan -destroy`'
	bad refresh -dry-run
	err_has 'run `cfprov plan -refresh-only`'
	bad plan -dry-run
	err_has 'Leave it out: `cfprov plan` changes nothing.'
}

@test "options of other tools" {
	bad apply -yes
	err_is 'Error: unknown option -yes
  To skip the approval prompt of apply or destroy, pass -auto-approve.
'
	bad apply -y
	err_has 'pass -auto-approve'
	bad plan -var-file=x.tfvars
	err_has 'unknown option -var-file' 'CFPROV_VAR_NAME'
	bad plan --config x
	err_has 'Pass the manifest with -f.'
	bad plan --verbose
	err_has 'CFPROV_LOG=debug'
}

@test "all wrong options are told at once, and nothing that follows from them" {
	manifest a
	bad plan -auto-aprove -parallelism=0 -ouut=x -var 1=hush-hush -dry-run -patience
	[ "$(grep -c '^Error: ' err)" = 6 ]
	err_has '-auto-aprove; did you mean -auto-approve' 'invalid value `0` for -parallelism' \
		'-ouut; did you mean -out?' 'invalid -var' '-dry-run is an option of' \
		'-patience requires a value'
	err_lacks hush-hush
	# Whether x is its value, nobody knows.
	bad plan -wherever x
	[ "$(grep -c '^Error: ' err)" = 1 ]
	bad state show -adress default/a
	[ "$(grep -c '^Error: ' err)" = 1 ]
	# An option of another command takes its value along.
	bad validate -state x -out y
	[ "$(grep -c '^Error: ' err)" = 2 ]
	err_lacks 'too many'
	bad -f x.yaml plan
	err_is 'Error: -f goes after the command
  Usage: cfprov [-chdir=DIR] COMMAND [OPTIONS] [ARGUMENTS]
'
	# For programs, too.
	prov plan -bogus -json -bigus
	((status == 1))
	[ "$(jq -s '[.[] | select(."@level" == "error")] | length' out)" = 2 ]
}

@test "a token that was pasted into the command line is not shown" {
	manifest a
	local token words
	for token in Kq3vZ8xW1nB6tR0yL5cM9pJ2hG7fD4sA1eUoQiXz \
		cfut_Kq3vZ8xW1nB6tR0yL5cM9pJ2hG7fD4sA \
		0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef; do
		for words in "plan -target=T" "plan -target T" "plan -target=default/T" \
			"plan -exclude=a/b/T" "apply -replace=T" "plan -account=T" "doctor -account-id=T" \
			"import-env -store=T x" "import-env -store=T/s x" "import a T" "import T" \
			"import default/a/T" "state rm T" "state mv a T" "state show T" "apply T" "show T" \
			"plan -parallelism=T" "plan -patience=T" "plan -format=T" "plan -values=T" \
			"apply -auto-approve=T" "plan T" "plan a T" "state push T" "import-env -store=s T" \
			T "state T" "plan -T" -T "plan -T=x" "help T" "completion T" "man T"; do
			# shellcheck disable=SC2086 # words
			bad ${words//T/$token}
			[[ $errors$output != *"${token:0:12}"* && $errors$output != *"${token: -12}"* ]] || {
				echo "shown: $words" >&2
				return 1
			}
		done
	done
	# Long names made of words, ids and files that exist are no tokens.
	for words in the-payments-service-of-the-second-team-in-PRODUCTION-2 \
		0123456789abcdef0123456789abcdef; do
		bad plan -account=$words
		err_has "-account=$words matches no account"
	done
	echo x >"$token"
	bad show "$token"
	err_has 'not a saved plan'
}

# ---- environment variables ------------------------------------------------------------------

@test "variables that cfprov does not have are told, with a guess" {
	manifest a
	local name
	while read -r name; do
		[[ $name != *_VAR_* ]] || continue
		prov_with "${name}S=x" validate
		err_has "Warning: unknown environment variable ${name}S; did you mean $name?"
		prov_with "${name%?}=x" validate
		err_has "Warning: unknown environment variable ${name%?}; did you mean $name?"
	done < <("$cfprov" help | sed -n 's/^  \(CFPROV_[A-Z_]*\|CLOUDFLARE_[A-Z_]*\) .*/\1/p')
	prov_with CFPROV_TIMEOUT=3 validate
	err_has 'Warning: unknown environment variable CFPROV_TIMEOUT'
	err_lacks 'did you mean'
	# What may well be somebody else's is not.
	for name in CLOUDFLARE_ZONE_ID CLOUDFLARE_TUNNEL_TOKEN CFPROVX CF_PROV CFPROV_VAR_ANY; do
		prov_with "$name=x" validate
		err_lacks 'unknown environment variable'
	done
	# Nor where the right one is set, too; nor in help.
	CLOUDFLARE_API_TOKEN=t prov_with CLOUDFLARE_API_TOKEN2=x validate
	err_lacks 'unknown environment variable'
	for name in version help schema 'plan -h'; do
		prov_with CFPROV_LOGG=x "$name"
		err_is ''
	done
	prov_with "CFPROV_${esc}[2J=x" validate
	harmless err
}

@test "a variable that the manifest uses is not called unknown" {
	export CFPROV_TOKEN=hush CLOUDFLARE_API_TOKE=hush
	cat >cfprov.yaml <<-end
		accounts: {one: {account_id: $account, api_token: {env: CFPROV_TOKEN}}}
		stores: [{name: a, secrets: [{name: A, value: {env: CLOUDFLARE_API_TOKE}}]}]
	end
	good validate
	err_lacks 'unknown environment variable'
	mkdir conf
	mv cfprov.yaml conf/
	good validate -f conf
	err_lacks 'unknown environment variable'
	"$cfprov" validate -f - <conf/cfprov.yaml >out 2>err
	err_lacks 'unknown environment variable'
	printf 'account_id: %s\nstores: [a]\n' "$account" >cfprov.yaml
	good validate
	err_has 'unknown environment variable CFPROV_TOKEN' \
		'unknown environment variable CLOUDFLARE_API_TOKE; did you mean CLOUDFLARE_API_TOKEN?'
	err_lacks hush
	good validate -json
	jq -e .valid out
}
