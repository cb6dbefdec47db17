# shellcheck shell=bash
# Helpers for the tests of cfprov itself, on top of helper.bash. A test file starts with
#
#     bats_require_minimum_version 1.5.0
#     load cfprov
#     setup() { set_up_cfprov; }
#     teardown() { stop_all; }
#
# Each test then runs in a folder of its own, $BATS_TEST_TMPDIR/work.

# Several of these are for the tests that load this file.
# shellcheck disable=SC2034,SC2154
load "${BASH_SOURCE[0]%/*}/helper"

# Nothing from outside changes what a test sees.
unset CLOUDFLARE_API_BASE_URL CFPROV_MAX_WAIT CFPROV_REQUEST_TIMEOUT NO_COLOR CLICOLOR_FORCE SSL_CERT_FILE
unset SSL_CERT_DIR SSLKEYLOGFILE NO_PROXY no_proxy CFPROV_LOG CFPROV_LOG_PATH
export TERM=xterm
# What a test deletes was written just now: nobody waits for it to appear.
export CFPROV_PATIENCE=0s

# The account of the helpers below. Its id is short, of which cfprov warns: tests in which that
# matters set acc=$account.
acc=acc_1
account=a85e105f4ecef8ad9ca31a8372d0c353
state=cfprov.state.json
journal=cfprov.state.json.journal
backup=cfprov.state.json.backup
lock=.cfprov.state.json.lock
esc=$'\033'

set_up_cfprov()
{
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
}

# start_logged [OPTION...]: start_sim with a log of the requests, $sim_log.
start_logged()
{
	sim_log=$(mktemp -u "$BATS_TEST_TMPDIR/log.XXXXXX")
	start_sim --log "$sim_log" "$@"
}

# start_other [OPTION...]: a second simulator; sets other_url, other_root, other_log. The first,
# started before, stays the one that everything else means.
start_other()
{
	local first=("$sim_pid" "$sim_dir" "$sim_root" "$sim_url" "$sim_log")
	start_logged "$@"
	other_pid=$sim_pid other_root=$sim_root other_url=$sim_url other_log=$sim_log
	sim_pid=${first[0]} sim_dir=${first[1]} sim_root=${first[2]} sim_url=${first[3]}
	sim_log=${first[4]}
	export CLOUDFLARE_BASE_URL=$sim_url
}

# later COMMAND...: starts it in the background, which sets $later_pid; at the end of the test it
# is stopped if it still runs. What it says is in the files later.out and later.err.
later()
{
	"$@" >later.out 2>later.err 3>&- &
	later_pid=$!
}

# asking ARGUMENT...: runs cfprov in the background until it asks its question; `answer TEXT` answers.
asking()
{
	asked=("$@")
	rm -f answer.pipe
	mkfifo answer.pipe
	"$cfprov" "$@" <answer.pipe >out 2>err 3>&- &
	later_pid=$!
	exec 9>answer.pipe
	# shellcheck disable=SC2317 # wait_until calls it
	asks() { grep -q "Only 'yes'" err; }
	wait_until asks
}

answer()
{
	echo "$1" >&9
	exec 9>&-
	status=0
	wait "$later_pid" || status=$?
	later_pid=
	told "${asked[@]}"
}

# wait_later: waits for it, sets $status.
wait_later()
{
	local pid=$later_pid
	later_pid=
	status=0
	wait "$pid" || status=$?
	{
		echo "--- exit status $status"
		cat later.out later.err
	} >&2
}

stop_all()
{
	local failed=0
	if [[ -n ${later_pid-} ]]; then
		kill -KILL "$later_pid" 2>/dev/null || true
		wait "$later_pid" || true
	fi
	if [[ -n ${other_pid-} ]]; then
		kill -TERM "$other_pid"
		wait "$other_pid" || failed=1
	fi
	stop_sim || failed=1
	return "$failed"
}

# ---- manifests ------------------------------------------------------------------------------

# manifest NAME...: cfprov.yaml with these stores for the account $acc.
manifest()
{
	echo "account_id: $acc"
	echo "stores:"
	printf '  - %s\n' "$@"
} >cfprov.yaml

# manifest_of COUNT: the same with that many stores: s0001, s0002...
manifest_of()
{
	# shellcheck disable=SC2046 # words
	manifest $(seq -f 's%04.0f' "$1")
}

# seed_of COUNT: seed.json with that many stores of that kind.
seed_of()
{
	seq -f 's%04.0f' "$1" | jq -nR --arg id "$acc" '{accounts: [{id: $id, stores: [inputs | {name: .}]}]}' \
		>seed.json
}

# forged FILE FILTER: the plan as the jq filter changes it, with a checksum that fits.
forged()
{
	sed 1d "$1" | jq -c "$2" | tr -d '\n' >body
	{
		echo "cfprov-plan $(b2sum -l 128 <body | cut -c1-16)"
		cat body
		echo
	} >"$1"
}

# ---- running cfprov -------------------------------------------------------------------------

# prov ARGUMENT...: runs it without input. Sets $status; what it said is in the files out and err
# and in $output and $errors.
prov()
{
	status=0
	"$cfprov" "$@" >out 2>err </dev/null || status=$?
	told "$@"
}

# told ARGUMENT...: takes up what the files out and err and $status say.
told()
{
	output=$(<out)
	errors=$(<err)
	printf -- '--- cfprov %s: exit status %s\n%s\n--- stderr:\n%s\n' \
		"$*" "$status" "${output:0:4000}" "${errors:0:4000}" >&2
	# A token is shown nowhere, whatever is tested. One that is longer than the output is not in it,
	# and grep would take 17 seconds to prepare for one of 120 KB.
	[[ ! ${CLOUDFLARE_API_TOKEN-} =~ ^[!-~]{6,}$ ]] ||
		((${#CLOUDFLARE_API_TOKEN} > ${#output} + ${#errors})) ||
		! grep -qF -e "$CLOUDFLARE_API_TOKEN" out err
}

# good ARGUMENT...: it ends with 0 and complains of nothing.
good()
{
	prov "$@"
	((status == 0)) && [[ $errors != *Error:* ]]
}

# bad ARGUMENT...: it ends with 1 and says an error on stderr, nothing of it on stdout.
bad()
{
	prov "$@"
	failed_well
}

failed_well()
{
	((status == 1)) && [[ $errors == *Error:* && $output != *Error:* && $output != *complete* ]]
}

# out_is TEXT: all of stdout, to the byte.
out_is()
{
	printf '%s' "$1" | cmp - out
}

err_is()
{
	printf '%s' "$1" | cmp - err
}

# out_has TEXT..., err_has TEXT..., err_lacks TEXT...
out_has()
{
	has "$output" "$@"
}

err_has()
{
	# Folded lines count as one text.
	has "$(tr -s '\n ' ' ' <err)" "$@"
}

err_lacks()
{
	local text
	for text in "$@"; do
		! err_has "$text" 2>/dev/null || {
			echo "stderr should not have: $text" >&2
			return 1
		}
	done
}

has()
{
	local all=$1 text
	shift
	for text in "$@"; do
		[[ $all == *"$text"* ]] || {
			echo "missing: $text" >&2
			return 1
		}
	done
}

# ---- on a terminal --------------------------------------------------------------------------

# screen [OPTION...] -- ARGUMENT...: cfprov on a terminal; what stands there in the end is in the
# file screen and in $screen, the bytes in the file raw.
screen()
{
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	status=0
	"$top/tests/cli/screen.py" --raw raw "${options[@]}" -- "$cfprov" "$@" >screen 2>pty_err ||
		status=$?
	screen=$(<screen)
	printf -- '--- cfprov %s: exit status %s\n%s\n' "$*" "$status" "${screen:0:4000}" >&2
	cat pty_err >&2
	((status != 98)) || skip 'there are no pseudo-terminals here'
	((status != 99))
}

screen_has()
{
	has "$(tr -s '\n ' ' ' <screen)" "$@"
}

# fits COLUMNS: nothing on the screen is wider, but for the lines that tools read, the answer
# typed behind the question, the manifest's own lines, and lines with words almost as long.
fits()
{
	awk -v columns="$1" '
		/^Plan: |^No changes\. |^(Apply|Destroy) complete! |^Do it\? |^ *[0-9]* \| / { next }
		length($0) > columns {
			longest = 0
			for (i = 1; i <= NF; i++)
				if (length($i) > longest)
					longest = length($i)
			if (longest + 10 <= columns) {
				print "wider than " columns ": " $0
				bad = 1
			}
		}
		END { exit bad }' screen >&2
}

# ---- what is there --------------------------------------------------------------------------

# live [ACCOUNT]: lines "NAME ID" of what the simulator has, sorted.
live()
{
	sim_world ".accounts[] | select(.id == \"${1-$acc}\") | .stores[] | \"\(.name) \(.id)\"" |
		LC_ALL=C sort
}

# recorded [ACCOUNT]: the same of the state.
recorded()
{
	jq -r ".accounts[\"${1-$acc}\"].stores // {} | to_entries[] | \"\(.key) \(.value.id)\"" \
		"$state" | LC_ALL=C sort
}

# agree COUNT [ACCOUNT]: that many stores live, each name once, and the state has just these.
agree()
{
	local names ids
	live "${2-$acc}" >live.txt
	recorded "${2-$acc}" >recorded.txt
	diff live.txt recorded.txt >&2 || return 1
	names=$(cut -d' ' -f1 live.txt | sort -u | wc -l)
	ids=$(cut -d' ' -f2 live.txt | sort -u | wc -l)
	[[ $names == "$1" && $ids == "$1" && $(wc -l <live.txt) == "$1" ]] || {
		echo "$names names and $ids ids in $(wc -l <live.txt) stores, not $1" >&2
		return 1
	}
}

# tidy: no journal, lock or temporary file is left.
tidy()
{
	local left
	left=$(find . -name '*.tmp' -o -name '*.journal' -o -name '*.lock')
	[[ -z $left ]] || {
		echo "left behind: $left" >&2
		return 1
	}
}

serial()
{
	jq .serial "$state"
}

mode_of()
{
	stat -c %a "$1"
}

# requests [FILTER]: how many requests the simulator's log has, that jq says true of.
requests()
{
	[[ -e $sim_log ]] || {
		echo 0
		return
	}
	jq -c "select(${1-true})" "$sim_log" | wc -l
}

# posts [NAME]: how many POSTs asked for stores (of that name).
posts()
{
	requests ".method == \"POST\"${1+ and .body.name == \"$1\"}"
}

gets()
{
	requests '.method == "GET"'
}

# harmless FILE...: no control character but the line feed.
harmless()
{
	! LC_ALL=C grep -nP '[^\x20-\x7e\n]' "$@" >&2
}

# have COMMAND...: skips the test where one of them is missing.
have()
{
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null || skip "there is no $command"
	done
}
