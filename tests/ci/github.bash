# shellcheck shell=bash
# Helpers for the tests of examples/ci/github, on top of ci.bash.

# shellcheck disable=SC2034,SC2154
load "${BASH_SOURCE[0]%/*}/ci"

# set_up_github: nobody has approved anything; $opa_url is set where the tests with OPA want it.
set_up_github()
{
	set_up_ci
	echo '{"comments": [], "issues": []}' >gh.json
	approved='[]'
	opa_url=
	opa_sha256=
	key_secret=$key
}

# workflow STATUS NAME EVENT: runs .github/workflows/NAME.yml of the commit $sha. EVENT: the context
# `github`. The run's folder is $run, which `again` keeps. What it prints is in the file log.
workflow()
{
	run=run/$((++runs))
	mkdir -p "$run"
	again "$@"
}

again()
{
	local wanted=$1 name=$2 event=$3 status=0
	git -C "$repo" show "$sha:.github/workflows/$name.yml" >workflow.yml
	jq -n --arg repository "$repo" --arg workflow "$PWD/$run" --argjson env "$(machine)" \
		--arg sha "$sha" --argjson event "$event" --arg sha256 "$sha256" --arg token "$read_token" \
		--arg key "$key_secret" --argjson approved "$approved" \
		--arg opa "$opa_url" --arg opa256 "$opa_sha256" '
		{CLOUDFLARE_WRITE_TOKEN: $token} as $write |
		{$repository, $workflow, $env,
		github: ({$sha, repository: "acme/platform", server_url: "https://github.example",
			run_id: 7} + $event),
		vars: {INSTALL_CFPROV_URL: "https://releases.example/cfprov.tar.gz",
			INSTALL_CFPROV_SHA256: $sha256, INSTALL_OPA_URL: $opa, INSTALL_OPA_SHA256: $opa256},
		secrets: {CLOUDFLARE_READ_TOKEN: $token, CFPROV_KEY: $key, DB_PASSWORD: "xyzzy-sample"},
		environments: (["cfprov-apply", "cfprov-destroy"] |
			map({key: ., value: {approved: (. as $name | $approved | index($name) != null),
			secrets: $write}}) | from_entries)}' >config.json
	NODE_PATH=/usr/share/nodejs node "$ci_tests/github.js" config.json workflow.yml >log 2>&1 || status=$?
	cat log >&2
	((status == wanted))
}

# pull STATUS [EVENT-MEMBERS]: the pull request 5 of $sha against main.
pull()
{
	workflow "$1" cfprov-plan "$(jq -n --arg base "$(git -C "$repo" rev-parse main)" '
		{event_name: "pull_request", head_ref: "change", event: {pull_request: ({number: 5,
		title: "A change", base: {sha: $base}, head: {repo: {full_name: "acme/platform"}}} + '"${2-{\}}"')}}')"
}

# merged STATUS, nightly STATUS: what is on main. approve NAME...: these environments, and the run goes on.
merged()
{
	workflow "$1" cfprov-apply '{"event_name": "push"}'
}

nightly()
{
	workflow "$1" cfprov-drift '{"event_name": "schedule"}'
}

approve()
{
	local wanted=$1
	shift
	approved=$(jq -nc '$ARGS.positional' --args "$@")
	again "$wanted" cfprov-apply '{"event_name": "push"}'
	approved='[]'
}

# job NAME RESULT [ENVIRONMENT]: what became of it.
job()
{
	jq -e --arg name "$1" --arg result "$2" --arg environment "${3-}" \
		'.[$name] | .result == $result and (.environment // "") == $environment' "$run/result.json" >/dev/null || {
		cat "$run/result.json" >&2
		return 1
	}
}

# gh_says FILTER: jq, of the issues and comments at GitHub.
gh_says()
{
	jq -e "$1" gh.json >/dev/null || {
		cat gh.json >&2
		return 1
	}
}

# the_comment: the text of the only comment.
the_comment()
{
	jq -er '.comments | if length == 1 then .[0].body else error("not one comment") end' gh.json
}
