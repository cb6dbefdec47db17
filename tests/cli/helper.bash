# shellcheck shell=bash
# Helpers for the command-line tests. A test file starts with
#
#     bats_require_minimum_version 1.5.0
#     load helper
#     teardown() { stop_sim; }
#
# The programs are those of $CFPROV_BUILD (default: build), relative to the top of the tree.

# Several of these are for the tests that load this file.
# shellcheck disable=SC2034
top=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
build=${CFPROV_BUILD:-${BUILD_UNDER_TEST:-build}}
[[ $build == /* ]] || build=$top/$build
# cfprov would warn of this variable. bats loads this file again in each test, without it.
export BUILD_UNDER_TEST=$build
unset CFPROV_BUILD
cfsim=$build/cfsim
cfprov=$build/cfprov

# The way to the network, for what has to come from there.
mapfile -t outside < <(env | grep -iE '^(https?|all|no)_proxy=')

# Nothing from outside changes what a test sees, and cfprov warns of variables that look like its own.
export -n CFPROV_TEST_TIMEOUT
unset CLOUDFLARE_API_TOKEN CLOUDFLARE_API_KEY CLOUDFLARE_EMAIL CLOUDFLARE_BASE_URL
unset CFPROV_KEY CFPROV_OLD_KEY
export XDG_STATE_HOME=${BATS_TEST_TMPDIR-}/state-home # what a machine remembers of states
unset CLOUDFLARE_ACCOUNT_ID http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

# wait_until COMMAND...: polls until the command succeeds; fails after about 20 seconds.
wait_until()
{
	local tries
	for ((tries = 0; tries < 400; tries++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "gave up waiting until: $*" >&2
	return 1
}

sim_is_up_or_gone()
{
	[[ -s $sim_dir/port ]] || ! kill -0 "$sim_pid" 2>/dev/null
}

# start_sim [OPTION...]: starts cfsim on a free port and sets
#     sim_url   the base URL, for CLOUDFLARE_BASE_URL (set, too)
#     sim_root  the same without /client/v4, for the routes under /_cfsim/
# and CLOUDFLARE_API_TOKEN to the token that it accepts without --token. Accounts may have short
# names, such as acc_1.
start_sim()
{
	local scheme=http host=127.0.0.1 option
	for option in "$@"; do
		[[ $option != --tls-cert* ]] || scheme=https
		[[ $option != --host=::1 ]] || host='[::1]'
	done
	sim_dir=$(mktemp -d "$BATS_TEST_TMPDIR/sim.XXXXXX")
	"$cfsim" --port 0 --port-file "$sim_dir/port" --answer account-ids=any "$@" >"$sim_dir/out" 2>"$sim_dir/err" 3>&- &
	sim_pid=$!
	wait_until sim_is_up_or_gone
	if [[ ! -s $sim_dir/port ]]; then
		cat "$sim_dir/err" >&2
		wait "$sim_pid"
		sim_pid=
		return 1
	fi
	sim_root=$scheme://$host:$(<"$sim_dir/port")
	sim_url=$sim_root/client/v4
	export CLOUDFLARE_BASE_URL=$sim_url
	export CLOUDFLARE_API_TOKEN=cfsim-token
}

# stop_sim: ends it if it runs; fails unless it ends well. For teardown, too.
stop_sim()
{
	[[ -n ${sim_pid-} ]] || return 0
	local pid=$sim_pid status=0
	sim_pid=
	kill -TERM "$pid" 2>/dev/null
	wait "$pid" || status=$?
	((status == 0)) || cat "$sim_dir/err" >&2
	return "$status"
}

# control METHOD NAME [BODY]: a route of the simulator itself; its answer goes to stdout.
control()
{
	curl -gsS --fail-with-body --max-time 60 --cacert "${sim_ca-/dev/null}" -X "$1" \
		${3+--data-binary "$3"} "$sim_root/_cfsim/$2"
}

# sim_stats FILTER: what jq makes of the statistics.
sim_stats()
{
	control GET stats | jq -r "$1"
}

# sim_world FILTER: what jq makes of all accounts, stores and secrets.
sim_world()
{
	control GET world | jq -r "$1"
}

# sim_faults JSON: things go wrong from now on.
sim_faults()
{
	control POST faults "$1" >/dev/null
}

# api METHOD PATH [BODY [CURL-OPTION...]]: one request, with the token unless $api_auth says
# otherwise. Sets $http to the status; the answer is in $answer, its headers in $headers.
# Fails as curl fails.
api()
{
	local method=$1 path=$2 body=()
	[[ -z ${3-} ]] || body=(--data-binary "$3")
	shift $(($# < 3 ? $# : 3))
	answer=$BATS_TEST_TMPDIR/answer
	headers=$BATS_TEST_TMPDIR/headers
	rm -f "$answer" "$headers"
	declare -p api_auth >/dev/null 2>&1 || local api_auth=(-H "Authorization: Bearer $CLOUDFLARE_API_TOKEN")
	http=$(curl -gsS --path-as-is --max-time 60 --cacert "${sim_ca-/dev/null}" -o "$answer" \
		-D "$headers" -w '%{http_code}' -X "$method" "${api_auth[@]}" "${body[@]}" "$@" \
		"$sim_url$path")
}

# api_breaks STATUS METHOD PATH [BODY [CURL-OPTION...]]: curl fails in exactly this way.
api_breaks()
{
	local wanted=$1 status=0
	shift
	api "$@" || status=$?
	((status == wanted)) || {
		echo "curl ended with $status, not $wanted" >&2
		return 1
	}
}

# answer_is FILTER: jq, with the shapes, says true of the last answer.
answer_is()
{
	jq -e -L "$top/tests/cli" "include \"shapes\"; $1" "$answer" >/dev/null || {
		echo "HTTP $http does not hold: $1" >&2
		cat "$answer" >&2
		return 1
	}
}

# answer_get FILTER: a text from the last answer.
answer_get()
{
	jq -er "$1" "$answer"
}

# header NAME: the value of a header of the last answer, without its line end.
header()
{
	sed -n "s/^$1: //Ip" "$headers" | tr -d '\r'
}

# succeeds STATUS FILTER: the last answer is a success of this status and shape.
succeeds()
{
	[[ $http == "$1" ]] || {
		echo "HTTP $http, not $1" >&2
		cat "$answer" >&2
		return 1
	}
	[[ $(header content-type) == application/json ]]
	answer_is "is_success and ($2)"
}

# fails STATUS CODE MESSAGE: the last answer is this failure.
fails()
{
	[[ $http == "$1" ]] || {
		echo "HTTP $http, not $1" >&2
		cat "$answer" >&2
		return 1
	}
	[[ $(header content-type) == application/json ]]
	answer_is "is_failure and .errors[0].code == $2 and .errors[0].message == \"$3\""
}

# need_npm: the packages of npm.sh, in the folder $npm/node_modules; the test is skipped where they
# can't be had.
need_npm()
{
	local status=0
	npm=$build/tests/npm
	env "${outside[@]}" sh "$top/tests/cli/npm.sh" "$npm" 2>"$BATS_TEST_TMPDIR/npm.err" || status=$?
	cat "$BATS_TEST_TMPDIR/npm.err" >&2
	((status != 3)) || skip "$(tail -n 1 "$BATS_TEST_TMPDIR/npm.err")"
	((status == 0))
}
