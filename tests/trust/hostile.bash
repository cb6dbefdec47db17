# shellcheck shell=bash
# A sandbox in which a hostile checkout is run as a CI would run it, and a search for what leaked. A
# test file starts with
#
#     bats_require_minimum_version 1.5.0
#     load hostile
#     setup() { set_up_sandbox; }
#     teardown() { stop_sandbox; }
#
# The sandbox, $box, is a machine: home, tmp, run/secrets, the owner's folder (with the policy), other
# (another project), out (what the pipeline keeps) and checkout (what the pull request brings). Each
# variable of the environment and each file that is worth stealing has a canary of its own.
#
#     begin                 a fresh checkout, an empty account, empty records
#     ci plan -out=../out/p runs cfprov there
#     leaked                prints "found CANARY FORM in PLACE" for all that was printed, written, sent

# Several of these are for the tests that load this file.
# shellcheck disable=SC2034,SC2154
load ../cli/cfprov

evil_account=b85e105f4ecef8ad9ca31a8372d0c353

# ---- the machine ----------------------------------------------------------------------------

letters()
{
	local all
	all=$(head -c $(($1 * 8)) /dev/urandom | base64 -w 0 | tr -d '+/=')
	printf %s "${all:0:$1}"
}

# canary NAME: a new secret, in the file $canaries/NAME and in $canary. What has to be escaped, in
# JSON, URLs and shells, is in the middle.
canary()
{
	printf '%s"\\/&\té%s' "$(letters 24)" "$(letters 24)" >"$canaries/$1"
	canary=$(<"$canaries/$1")
}

# in_variable NAME, in_file NAME PATH [FORMAT]: a canary there.
in_variable()
{
	canary "$1"
	environment+=("$1=$canary")
}

in_file()
{
	canary "$1"
	mkdir -p "$box/$(dirname "$2")"
	# shellcheck disable=SC2059
	printf -- "${3-%s}\n" "$canary" >"$box/$2"
}

# plain NAME: the canary is a token, which has no special characters.
plain()
{
	letters 40 >"$canaries/$1"
	canary=$(<"$canaries/$1")
}

set_up_sandbox()
{
	local name
	box=$BATS_TEST_TMPDIR/box
	canaries=$BATS_TEST_TMPDIR/canaries
	report=$BATS_TEST_TMPDIR/report
	printed=$BATS_TEST_TMPDIR/printed
	mkdir "$box" "$canaries" "$printed" "$box/tmp" "$box/out"
	environment=("PATH=$PATH" "HOME=$box/home" "TMPDIR=$box/tmp" CI=true GITHUB_ACTIONS=true
		TF_BUILD=True CFPROV_PATIENCE=0s TERM=dumb)
	for name in GITHUB_OUTPUT GITHUB_ENV GITHUB_PATH GITHUB_STEP_SUMMARY GITHUB_STATE; do
		environment+=("$name=$box/tmp/$name")
		: >"$box/tmp/$name"
	done
	for name in GITHUB_TOKEN ACTIONS_RUNTIME_TOKEN VAULT_TOKEN OP_SERVICE_ACCOUNT_TOKEN SOPS_AGE_KEY \
		NPM_TOKEN ALLOWED_ENV PRIVATE; do
		in_variable "$name"
	done
	for name in CLOUDFLARE_API_TOKEN OTHER_TOKEN AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY \
		AWS_SESSION_TOKEN TF_HTTP_USERNAME TF_HTTP_PASSWORD; do
		plain "$name"
		environment+=("$name=$canary")
	done
	in_variable PROXY_PASSWORD
	environment+=("HTTPS_PROXY=http://user:$(jq -nr --arg t "$canary" '$t|@uri')@127.0.0.1:9")
	in_file file-netrc home/.netrc 'machine api.cloudflare.com login me password %s'
	in_file file-aws home/.aws/credentials '[default]\naws_secret_access_key = %s'
	in_file file-gh home/.config/gh/hosts.yml 'github.com:\n    oauth_token: %s'
	in_file file-ssh home/.ssh/id_ed25519 '-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END-----'
	in_file file-env .env 'SECRET=%s'
	plain file-base64
	echo "$canary==" >"$box/home/token.base64"
	in_file file-json home/.docker/config.json '{"auths": {"r": {"auth": "%.20s"}}}'
	in_file file-run run/secrets/db
	in_file file-state other/cfprov.state.json '{"secret": "%.20s"}'
	in_file file-yaml other/values.yaml 'password: "%.20s"\nstore: x'
	in_file file-owner owner/private/token
	in_file ALLOWED_FILE owner/secrets/allowed
	in_file ALLOWED_COMMAND owner/secrets/printed
	make_policy
	start_logged --token "$(<"$canaries/CLOUDFLARE_API_TOKEN")"
	# For a cfprov with sanitizers.
	for name in ASAN_OPTIONS UBSAN_OPTIONS; do
		[[ ! -v $name ]] || environment+=("$name=${!name}")
	done
	record api "${sim_root##*:}"
	record evil
	environment+=("CLOUDFLARE_BASE_URL=http://127.0.0.1:$(<"$BATS_TEST_TMPDIR/api.port")/client/v4")
	evil=http://127.0.0.1:$(<"$BATS_TEST_TMPDIR/evil.port")
	policy=("CFPROV_POLICY=$box/owner/policy.yaml")
}

# What the owner allows: one variable, one folder, one program with one kind of argument, one account,
# states in one folder.
make_policy()
{
	cat >"$box/owner/policy.yaml" <<-END
		version: 1
		values:
		  env: [ALLOWED_ENV]
		  files: [secrets]
		  commands: [[tools/get, "db/*"]]
		accounts: {$account: {}}
		state: {paths: [../checkout/state/*.state.json]}
		destroy: {max_deletes: 3}
	END
	mkdir "$box/owner/tools"
	printf '#!/bin/sh\nexec cat "%s/owner/secrets/printed"\n' "$box" >"$box/owner/tools/get"
	chmod +x "$box/owner/tools/get"
}

# record NAME [PORT]: a listener; what arrives is in the file $BATS_TEST_TMPDIR/NAME.sent.
record()
{
	local base=$BATS_TEST_TMPDIR/$1
	: >"$base.sent"
	"$top/tests/trust/wire.py" "$base.port" "$base.sent" "${@:2}" 3>&- >"$base.log" 2>&1 &
	listeners+=($!)
	wait_until test -s "$base.port"
}

stop_sandbox()
{
	((!${#listeners[@]})) || kill "${listeners[@]}"
	stop_all
}

# ---- one attack -----------------------------------------------------------------------------

# begin: nothing was printed, sent or written yet. The test then makes the checkout.
begin()
{
	rm -rf "$box/checkout" "$printed" "$box/out"
	mkdir -p "$box/checkout/state" "$printed" "$box/out"
	: >"$report"
	: >"$BATS_TEST_TMPDIR/api.sent"
	: >"$BATS_TEST_TMPDIR/evil.sent"
	rm -f "$BATS_TEST_TMPDIR/evil.sent.answer"
	control DELETE faults >/dev/null
	control POST reset >/dev/null
	cd "$box/checkout" || return 1
	cp ../.env .env
	runs=0
}

# ci ARGUMENT...: runs cfprov in the checkout, with ${policy[@]} (may be empty) and a log. Sets
# $status; what it printed is in the files $out and $err.
ci()
{
	((runs)) || snapshot >"$BATS_TEST_TMPDIR/before"
	runs=$((runs + 1))
	out=$printed/$runs.out err=$printed/$runs.err
	status=0
	env -i "${environment[@]}" "${policy[@]}" CFPROV_LOG=trace CFPROV_LOG_PATH="$box/out/log" \
		setsid -w "${program:-$cfprov}" "$@" >"$out" 2>"$err" </dev/null || status=$?
	{
		echo "--- cfprov $*: exit status $status"
		head -c 3000 "$out"
		echo "--- stderr:"
		head -c 3000 "$err"
	} >&2
	((status <= 1)) || return 1
}

# snapshot: a line for each file of the sandbox; a change changes it.
snapshot()
{
	find "$box" -type d -printf '%p %m %i\n' -o -printf '%p %m %i %s %C@ %l\n' | LC_ALL=C sort
}

# changed: the paths of files that appeared, changed or went since the first `ci`.
changed()
{
	snapshot | LC_ALL=C comm -3 "$BATS_TEST_TMPDIR/before" - | sed 's/^\t//; s/ .*//' |
		LC_ALL=C sort -u | sed "s|^$box/||"
}

# leaked: all that was found, except what `but` allows.
leaked()
{
	local files=() path
	while read -r path; do
		[[ ! -f $box/$path || -L $box/$path ]] || files+=("$box/$path")
	done < <(changed)
	: >"$report"
	python3 "$top/tests/canary/search.py" "$canaries" "$report" files "$printed" \
		"$BATS_TEST_TMPDIR/api.sent" "$BATS_TEST_TMPDIR/evil.sent" "${files[@]}"
	grep '^searched' "$report" >&2
	grep '^found' "$report" | sed "s|$BATS_TEST_TMPDIR/||"
}

# clean [WHAT...]: nothing leaked but the token, and these, to the API; the attacker's host heard
# nothing (but $may_tell, canaries with | between); no CI would take a line for a command; and
# nothing has changed but in the folders of the state and of what the pipeline keeps.
clean()
{
	local name allowed='CLOUDFLARE_API_TOKEN'
	for name in "$@"; do
		allowed+="|$name"
	done
	if leaked | grep -vE "^found (($allowed) [^ ]+ in api|(${may_tell:-nothing}) [^ ]+ in evil).sent$" >&2; then
		return 1
	fi
	if [ ! "${may_tell-}" ] && [ -s "$BATS_TEST_TMPDIR/evil.sent" ]; then
		echo "the attacker's host was talked to" >&2
		return 1
	fi
	if LC_ALL=C grep -nE '##|^[[:space:]]*::' "$printed"/*.{out,err} >&2; then
		return 1
	fi
	if LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]' "$printed"/*.{out,err} >&2; then
		return 1
	fi
	if changed | grep -vE "^(${may_write:-checkout/state|out})(/|\$)" >&2; then
		echo "changed outside of the state's folder" >&2
		return 1
	fi
}

# evil_says STATUS BODY: what the attacker's host answers from now on.
evil_says()
{
	printf 'HTTP/1.1 %s X\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' "$1" \
		"$(printf %s "$2" | wc -c)" "$2" >"$BATS_TEST_TMPDIR/evil.sent.answer"
}

# sent COUNT: so many requests that create or delete reached the API. (doctor asks for a PATCH of what
# cannot exist.)
sent()
{
	local count
	count=$(grep -aoE '(POST|PUT|DELETE) /client' "$BATS_TEST_TMPDIR/api.sent" | wc -l)
	((count == $1))
}

silent()
{
	[ ! -s "$BATS_TEST_TMPDIR/api.sent" ]
}
