#!/bin/bash
# What the tests with kill -9 share: a folder of their own, a simulator, and the sweep.
# shellcheck disable=SC2034 # others read what is set here

# What the apply that is killed is given, and the next one.
killed_options=()
next_options=()

# enter: goes to an empty folder; sets cfprov, cfsim, state.
enter()
{
	local build
	cd "$(dirname "$0")/../.." || exit 1
	build=${CFPROV_BUILD:-build}
	export -n CFPROV_BUILD CFPROV_TEST_TIMEOUT # cfprov would warn of them
	cfprov=$(readlink -f "$build/cfprov")
	cfsim=$(readlink -f "$build/cfsim")
	state=cfprov.state.json
	dir=$(mktemp -d) || exit 1
	XDG_STATE_HOME=$(mktemp -d) || exit 1
	export XDG_STATE_HOME # with a key, serials are remembered there
	cd "$dir" || exit 1
	sim=
	trap leave EXIT
}

leave()
{
	[ -z "$sim" ] || kill "$sim"
	rm -rf "$dir" "$XDG_STATE_HOME"
}

# start_sim [OPTION...]: sets root; the log of its requests is the file log.
start_sim()
{
	"$cfsim" --port 0 --port-file port --answer account-ids=any --log log "$@" >sim.out 2>&1 &
	sim=$!
	for _ in {1..400}; do
		[ ! -s port ] || break
		sleep 0.05
	done
	if [ ! -s port ]; then
		echo "Bail out! the simulator does not start"
		exit 1
	fi
	root=http://127.0.0.1:$(<port)
	export CLOUDFLARE_BASE_URL=$root/client/v4 CLOUDFLARE_API_TOKEN=cfsim-token
	# As long as the lists of these tests lag, and some.
	export CFPROV_PATIENCE=${CFPROV_PATIENCE-300ms}
}

# reset: an empty account and no state.
reset()
{
	curl -fsS -X POST "$root/_cfsim/reset" >/dev/null || return 1
	rm -f "$state" "$state".backup
	: >log
}

# live_stores, recorded_stores: lines "NAME ID".
live_stores()
{
	curl -fsS "$root/_cfsim/world" |
		jq -r '.accounts[].stores[] | "\(.name) \(.id)"' | LC_ALL=C sort
}

recorded_stores()
{
	jq -r '.accounts.acc_1.stores | to_entries[] | "\(.key) \(.value.id)"' "$state" |
		LC_ALL=C sort
}

# left_behind: shows files that a run that ended should not leave; false if there are any.
left_behind()
{
	find . -name '*.tmp' -o -name '*.journal' -o -name '*.lock' | tee left
	[ ! -s left ]
}

# sweep CALL VARIANT: an apply, killed at the 1st, 2nd, 3rd ... call of that name, until it survives;
# after each kill another one. The test has `begin VARIANT`, which makes the scene, `settled`, which
# says what is not as it should be after an apply that ended. Adds to kills.
sweep()
{
	local number status
	for ((number = 1; number < 400; number++)); do
		begin "$2" || {
			cat apply.err
			return 1
		}
		# LeakSanitizer can't work under strace.
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 \
			strace -f -qq -o strace.out -e trace="$1" -e "inject=$1:signal=KILL:when=$number" \
			"$cfprov" apply -auto-approve "${killed_options[@]}" >apply.out 2>apply.err
		status=$?
		if ((status == 0)); then
			settled
			return
		fi
		if ((status != 137)); then
			echo "the apply ended with $status at $1 number $number, $2"
			cat apply.err
			return 1
		fi
		kills=$((kills + 1))
		if ! "$cfprov" apply -auto-approve "${next_options[@]}" >apply.out 2>apply.err ||
			! settled; then
			echo "this was the apply after a kill at $1 number $number, $2"
			cat apply.out apply.err
			return 1
		fi
	done
	echo "it never ends"
	return 1
}

# sweep_all WHAT CALLS VARIANT...: one test for each system call.
sweep_all()
{
	local what=$1 calls call variant is_good number=0
	read -ra calls <<<"$2"
	shift 2
	echo "1..${#calls[@]}"
	for call in "${calls[@]}"; do
		number=$((number + 1))
		if ! strace -qq -o /dev/null -e trace=getpid -e inject=getpid:signal=KILL:when=1 \
			true 2>/dev/null; then
			echo "ok $number - $call # skip strace can not inject here"
			continue
		fi
		kills=0
		is_good=true
		: >why
		for variant; do
			sweep "$call" "$variant" >>why 2>&1 || is_good=false
		done
		# Where none came, nothing was tested.
		if $is_good && ((kills > 0)); then
			echo "ok $number - $what, $call: killed at each of $kills"
		else
			echo "not ok $number - $what, $call"
			echo "# after $kills kills"
			sed 's/^/# /' why
		fi
	done
}
