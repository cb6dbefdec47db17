# shellcheck shell=bash
# Helpers for the canaries: secrets that must be found nowhere. A test file starts with
#
#     bats_require_minimum_version 1.5.0
#     load canary
#     setup() { set_up_canaries; }
#     teardown() { stop_all; }
#
# Each test goes through all kinds of manifests:
#
#     for kind in "${kinds[@]}"; do
#             begin
#             searched apply -auto-approve
#             clean 1
#     done
#
# A kind is a word in $kinds, and the functions manifest_KIND and changed_KIND, which write two
# versions of cfprov.yaml. What must not be found are the files in $canaries: a token, a value and a
# key, which are in the environment as CANARY_TOKEN (and CLOUDFLARE_API_TOKEN),
# CANARY_VALUE and CFPROV_KEY. Sources
# of values that are files belong beside $work: all that is in $work is searched.

# Several of these are for the tests that load this file.
# shellcheck disable=SC2034,SC2154
load ../cli/cfprov

kinds=(stores secrets)

manifest_stores() { manifest a b c; }
changed_stores() { manifest b c d; }

manifest_secrets()
{
	cat <<-END
		account_id: acc_1
		stores:
		  - name: keys
		    secrets:
		      - {name: ENV, value: {env: CANARY_VALUE}, comment: one}
		      - {name: FILE, value: {file: $canaries/value}}
		      - {name: COMMAND, value: {command: [cat, $canaries/value]}}
		      - {name: OLD, value: {env: CANARY_VALUE}}
	END
} >cfprov.yaml

# A value that is written again, two that are changed in other ways, a rename, one that goes.
changed_secrets()
{
	cat <<-END
		account_id: acc_1
		stores:
		  - name: keys
		    secrets:
		      - {name: ENV, value: {env: CANARY_VALUE}, comment: two, version: 2}
		      - {name: FILE, value: {file: $canaries/value, trim: false}, scopes: [dex]}
		      - {name: NEW, value: {env: CANARY_VALUE}, version: 2}
		moved:
		  - {from: default/keys/OLD, to: default/keys/NEW}
	END
} >cfprov.yaml

# letters COUNT: that many at random.
letters()
{
	local all
	all=$(head -c $(($1 * 8)) /dev/urandom | base64 -w 0 | tr -d '+/=')
	printf %s "${all:0:$1}"
}

set_up_canaries()
{
	strace -qq -o "$BATS_TEST_TMPDIR/probe" true 2>/dev/null || skip 'ptrace is not allowed here'
	canaries=$BATS_TEST_TMPDIR/canaries
	report=$BATS_TEST_TMPDIR/report
	mkdir "$canaries"
	letters 40 >"$canaries/token"
	# What has to be escaped, in JSON and elsewhere, stands in the middle.
	printf '%s"\\/\té\n%s' "$(letters 24)" "$(letters 24)" >"$canaries/value"
	letters 40 >"$canaries/key"
	CANARY_TOKEN=$(<"$canaries/token") CANARY_VALUE=$(<"$canaries/value")
	CFPROV_KEY=$(<"$canaries/key")
	export CANARY_TOKEN CANARY_VALUE CFPROV_KEY
}

# sim [OPTION...]: the simulator, which takes the canary.
sim()
{
	start_logged --token "$CANARY_TOKEN" "$@"
	export CLOUDFLARE_API_TOKEN=$CANARY_TOKEN
}

# begin: a folder with a manifest, and nothing else; an account with nothing in it.
begin()
{
	echo "--- manifest: $kind" >&2
	work=$(mktemp -d "$BATS_TEST_TMPDIR/work.XXXXXX")
	cd "$work" || return 1
	: >"$report"
	: >"$sim_log"
	control DELETE faults >/dev/null
	control POST reset >/dev/null
	"manifest_$kind"
}

# searched ARGUMENT...: runs $program, with $input on its standard input, and looks through its
# memory when it ends. Sets $status.
searched()
{
	status=0
	python3 "$top/tests/canary/search.py" "$canaries" "$report" run "${program:-$cfprov}" "$@" \
		>>out 2>>err <"${input:-/dev/null}" || status=$?
	echo "--- $*: exit status $status" >&2
}

# failing ARGUMENT...: it fails, and leaves nothing.
failing()
{
	searched "$@"
	[[ $status == 1 ]] && grep -q 'Error:\|^fail ' out err
}

# clean SEARCHES: the memories searched were so many; nothing was found in them or in any file.
clean()
{
	python3 "$top/tests/canary/search.py" "$canaries" "$report" files "$work"
	if grep ^found "$report" >&2; then
		return 1
	fi
	# Had nothing been looked at, nothing would have been found.
	[[ $(awk '/memory of/ && $2 > 10 && $4 > 400000' "$report" | wc -l) == "$1" ]] &&
		[[ $(awk '/: files/ && $2 > 2' "$report" | wc -l) == 1 ]] || {
		cat "$report" >&2
		return 1
	}
}

# http2: what follows goes over HTTP/2, through a proxy in front of the simulator. Sets $proxy.
http2()
{
	node "$top/tests/canary/h2.js" "$BATS_TEST_TMPDIR/key.pem" "$SSL_CERT_FILE" \
		"$BATS_TEST_TMPDIR/h2.port" "${sim_root##*:}" 3>&- &
	proxy=$!
	wait_until test -s "$BATS_TEST_TMPDIR/h2.port"
	CLOUDFLARE_BASE_URL=https://127.0.0.1:$(<"$BATS_TEST_TMPDIR/h2.port")/client/v4
}

# certificate: cert.pem and key.pem for this machine, trusted from now on.
certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$BATS_TEST_TMPDIR/key.pem" -days 1 \
		-out "$BATS_TEST_TMPDIR/cert.pem" -subj /CN=test \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	sim_ca=$BATS_TEST_TMPDIR/cert.pem
	export SSL_CERT_FILE=$sim_ca
}
