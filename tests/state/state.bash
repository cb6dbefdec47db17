# shellcheck shell=bash
# Helpers for the tests of state backends, with the servers that they are tried with. A test file
# starts with
#
#     bats_require_minimum_version 1.5.0
#     load ../cli/helper
#     load state
#     setup_file() { start_ceph; }        for example
#     teardown_file() { stop_stores; }
#
# A test is skipped, and says why, where the packages of a server can't be had.

state_tests=$top/tests/state
export STATE_PACKAGES=$build/tests/state/npm

# store_starts COMMAND...: it starts a server, or this file's tests are skipped.
store_starts()
{
	local status=0
	env "${outside[@]}" "$@" 2>"$BATS_FILE_TMPDIR/store.err" || status=$?
	cat "$BATS_FILE_TMPDIR/store.err" >&2
	((status != 3)) || skip "$(tail -n 1 "$BATS_FILE_TMPDIR/store.err")"
	((status == 0))
}

# The three below start a server and set, for all tests of this file,
#     s3_url, s3_bucket             where it is; Ceph's second gateway is $s3_url2
#     AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
# A test keeps to the prefix $(s3_prefix), for others may be using the server.

# start_ceph: the one that runs already ($CEPH_UNDER_TEST: its folder), or one of our own.
start_ceph()
{
	ceph_folder=${CEPH_UNDER_TEST-}
	if [[ -z $ceph_folder ]]; then
		ceph_folder=$BATS_FILE_TMPDIR/ceph
		store_starts sh "$state_tests/ceph.sh" start "$ceph_folder"
	fi
	s3_url2=$(<"$ceph_folder/url.2")
	export ceph_folder s3_url2
	s3_is "$(<"$ceph_folder/url.1")" AKTEST SKTESTsecret
}

# start_r2 [limit]: see npm_store.sh
start_r2()
{
	store_starts sh "$state_tests/npm_store.sh" start "$BATS_FILE_TMPDIR/store" r2 "$@"
	s3_is "$(<"$BATS_FILE_TMPDIR/store/url")" R2TEST R2TESTsecret
}

start_s3rver()
{
	store_starts sh "$state_tests/npm_store.sh" start "$BATS_FILE_TMPDIR/store" s3rver
	s3_is "$(<"$BATS_FILE_TMPDIR/store/url")" S3RVER S3RVER
}

s3_is()
{
	export s3_url=$1 s3_bucket=states AWS_ACCESS_KEY_ID=$2 AWS_SECRET_ACCESS_KEY=$3
}

# stop_stores: all that this file started. For teardown_file.
stop_stores()
{
	[[ ! -e $BATS_FILE_TMPDIR/ceph ]] || sh "$state_tests/ceph.sh" stop "$BATS_FILE_TMPDIR/ceph"
	[[ ! -e $BATS_FILE_TMPDIR/store ]] || sh "$state_tests/npm_store.sh" stop "$BATS_FILE_TMPDIR/store"
}

# python_server NAME SCRIPT [ARGUMENT...]: starts one of the servers beside this file for this test,
# in the folder $BATS_TEST_TMPDIR/NAME, and sets server_url to its address.
python_server()
{
	local folder=$BATS_TEST_TMPDIR/$1 script=$2
	shift 2
	mkdir -p "$folder"
	python3 "$state_tests/$script" "$folder" "$@" >"$folder/out" 2>&1 </dev/null 3>&- &
	echo $! >>"$BATS_TEST_TMPDIR/servers"
	wait_until test -s "$folder/url" || {
		cat "$folder/out" >&2
		return 1
	}
	server_url=$(<"$folder/url")
}

# stop_servers: the python servers of this test. For teardown.
stop_servers()
{
	local pid
	[[ -e $BATS_TEST_TMPDIR/servers ]] || return 0
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/servers"
}

# start_http [CERTIFICATE KEY]: http_server.py; sets http_url, and gitlab to the address of a state
# called main there.
start_http()
{
	python_server http http_server.py "$@"
	http_url=$server_url
	gitlab=$http_url/api/v4/projects/1/terraform/state/main
}

# http_ask CURL-OPTION... URL: one request; the answer goes to stdout, its status to $http.
http_ask()
{
	local answer=$BATS_TEST_TMPDIR/http.answer
	: >"$answer"
	http=$(curl -gsS --max-time 60 -o "$answer" -w '%{http_code}' "$@") || return
	cat "$answer"
}

# http_fault JSON: of http_server.py
http_fault()
{
	http_ask -k "$http_url/_test/fault" -d "$1"
}

# http_kept PATH FILTER: what jq makes of what http_server.py keeps there
http_kept()
{
	http_ask -k "$http_url/_test/state?path=$1" | jq -r "$2"
}

# s3_prefix: a prefix for this test alone.
s3_prefix()
{
	printf '%s/%s/%s\n' "${BATS_TEST_FILENAME##*/}" "$BATS_ROOT_PID" "$BATS_TEST_NUMBER"
}

# s3 METHOD KEY [CURL-OPTION...]: one request about an object; the answer goes to stdout. Sets $http
# to the status. Fails as curl fails.
s3()
{
	local method=$1 key=$2
	shift 2
	local answer=$BATS_TEST_TMPDIR/s3.answer
	: >"$answer"
	[[ $method == HEAD ]] && set -- -I "$@" || set -- -X "$method" "$@"
	http=$(curl -gsS --max-time 60 --path-as-is -o "$answer" -w '%{http_code}' \
		--aws-sigv4 "aws:amz:us-east-1:s3" -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" "$s3_url/$s3_bucket/$key") || return
	cat "$answer"
}

# contend KIND: sixteen writers, of which four are killed, so that it takes a minute; by hand it is
# fifty.
# The figures are shown.
contend()
{
	local status=0
	env "${outside[@]}" CFPROV_BUILD="$build" sh "$state_tests/contention.sh" "$1" 16 4 \
		>"$BATS_TEST_TMPDIR/figures" 2>"$BATS_TEST_TMPDIR/contention.err" || status=$?
	cat "$BATS_TEST_TMPDIR/figures" "$BATS_TEST_TMPDIR/contention.err" >&2
	((status != 3)) || skip "$(tail -n 1 "$BATS_TEST_TMPDIR/contention.err")"
	sed 's/^/# /' "$BATS_TEST_TMPDIR/figures" >&3
	((status == 0))
}

# backend WORD...: see tests/tools/backend.c
backend()
{
	"$build/tests/tools/backend" "$@"
}

# tool_starts WORD...: runs the tool up to the word "wait"; sets $line to the first one that it says.
tool_starts()
{
	line=
	coproc tool { exec "$build/tests/tools/backend" "$@" 3>&-; }
	tool_pid=$tool_PID
	# The array is gone as soon as the process has ended.
	exec 7<&"${tool[0]}" 8>&"${tool[1]}"
	read -r line <&7
}

# tool_goes_on [LINE]: tells it to go on to its end; sets $status, and $output to what else it says.
tool_goes_on()
{
	echo "${1-}" >&8
	tool_ends
}

# tool_ends: the same of one that needs not be told.
tool_ends()
{
	exec 8>&-
	output=$(cat <&7)
	status=0
	wait "$tool_pid" || status=$?
	exec 7<&-
}
