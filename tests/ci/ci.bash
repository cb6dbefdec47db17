# shellcheck shell=bash
# Helpers for the tests of examples/ci. A test file starts with
#
#     bats_require_minimum_version 1.5.0
#     load ci
#     setup() { set_up_ci; }
#     teardown() { tear_down_ci; }
#
# Each test runs in a folder of its own, with a simulator of Cloudflare, a server that keeps the state,
# and a git repository, $repo, as a user of the examples has it.

# shellcheck disable=SC2034,SC2154
load "${BASH_SOURCE[0]%/*}/../cli/cfprov"
load "${BASH_SOURCE[0]%/*}/../state/state"

examples=$top/examples/ci
ci_tests=$top/tests/ci
tools=$build/tests/ci
acc=985e105f4ecef8ad9ca31a8372d0c353
key=0123456789abcdef0123456789abcdef
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=tester GIT_AUTHOR_EMAIL=tester@example.com
export GIT_COMMITTER_NAME=tester GIT_COMMITTER_EMAIL=tester@example.com

set_up_ci()
{
	set_up_cfprov
	start_logged
	start_http
	# What each job finds of the programs that its pipeline installs.
	mkdir releases
	mkdir -p cfprov-x/bin
	cp "$cfprov" cfprov-x/bin/
	tar -czf releases/cfprov.tar.gz cfprov-x
	sha256=$(sha256sum <releases/cfprov.tar.gz | cut -d' ' -f1)
	read_token=$CLOUDFLARE_API_TOKEN
	unset CLOUDFLARE_API_TOKEN
	new_repo
}

tear_down_ci()
{
	stop_servers
	stop_all
}

# need_tool NAME: $tool is its path; the test is skipped where setup.sh could not get it.
need_tool()
{
	tool=$tools/bin/$1
	[[ -x $tool ]] || tool=$tools/python/bin/$1
	[[ -x $tool ]] || skip "there is no $1 (sh tests/ci/setup.sh says why)"
}

# use_opa: pipelines check plans with OPA, too: sets opa_url and opa_sha256.
use_opa()
{
	need_tool opa
	cp "$tool" releases/opa
	opa_url=https://releases.example/opa
	opa_sha256=$(sha256sum <releases/opa | cut -d' ' -f1)
}

# new_repo: $repo, on the branch main, with the examples where a user copies them.
new_repo()
{
	repo=$PWD/repo
	git init -q -b main "$repo"
	mkdir "$repo/.github"
	cp -r "$examples"/github/* "$repo/.github/"
	cp -r "$examples/policy" "$repo/policy"
	cp "$examples/gitlab-ci.yml" "$repo/.gitlab-ci.yml"
	store_manifest A >"$repo/cfprov.yaml"
	policy >"$repo/cfprov.policy.yaml"
	commit first
}

# store_manifest NAME...: a store with these secrets.
store_manifest()
{
	local name
	printf '%s\n' "account_id: $acc" "$(state_entry)" 'stores:' '  - name: payments'
	(($# == 0)) || echo '    secrets:'
	for name in "$@"; do
		printf '      - {name: %s, value: {env: DB_PASSWORD}, comment: "owner: payments"}\n' "$name"
	done
}

state_entry()
{
	echo "state: {backend: http, address: '$http_url/plain/main'}"
}

policy()
{
	printf '%s\n' 'version: 1' \
		'values: {env: [DB_PASSWORD]}' \
		'accounts:' "  $acc: {api_token: {env: [CLOUDFLARE_API_TOKEN]}}" \
		"state: {urls: ['$http_url/*', '$http_url/*/*', '$http_url/api/**']}" \
		'destroy: {max_deletes: 8, max_delete_percent: 100, stores: true}'
}

# commit MESSAGE: all of $repo; sets $sha.
commit()
{
	git -C "$repo" add -A
	git -C "$repo" commit -q --allow-empty -m "$1"
	sha=$(git -C "$repo" rev-parse HEAD)
}

# direct ARGUMENT...: cfprov by hand, in a copy of what is in $repo, with the token that may write.
direct()
{
	(
		cd "$repo" || exit
		CLOUDFLARE_API_TOKEN=$read_token CFPROV_KEY=$key DB_PASSWORD=xyzzy-sample "$cfprov" "$@"
	) >direct.out 2>&1 || {
		cat direct.out >&2
		return 1
	}
}

# machine: the environment of a machine that runs jobs, as JSON.
machine()
{
	jq -n --arg path "$ci_tests/bin:$PATH" --arg base "$CLOUDFLARE_BASE_URL" --arg home "$PWD" \
		--arg releases "$PWD/releases" --arg gh "$PWD/gh.json" \
		'{PATH: $path, CLOUDFLARE_BASE_URL: $base, CFPROV_PATIENCE: "0s", RELEASES: $releases,
		GH_WORLD: $gh, LC_ALL: "C.UTF-8"}'
}

# secret_names: the names of the secrets at Cloudflare.
secret_names()
{
	sim_world ".accounts[] | select(.id == \"$acc\") | .stores[].secrets[]?.name" | LC_ALL=C sort | tr '\n' ' '
}

# page_says FILE TEXT: a whole page for a browser has this text, tags aside.
page_says()
{
	grep -qi '^<!doctype html>' "$1"
	grep -q '</html>' "$1"
	sed 's/<[^>]*>//g' "$1" | grep -F -e "$2"
}

# log_has TEXT...: of the last run.
log_has()
{
	has "$(<log)" "$@"
}

# lacks TEXT FILE...: none of the files, and of those in folders, has it.
lacks()
{
	local text=$1
	shift
	[[ -e $1 ]] && ! grep -rnF -e "$text" "$@" >&2
}

# no_leak FILE...: neither tokens nor values nor the key are in what a run left.
no_leak()
{
	lacks "$read_token" "$@" && lacks "$key" "$@" && lacks xyzzy-sample "$@"
}
