#!/usr/bin/env bats
# What others' tools say of examples/ci and .pre-commit-hooks.yaml.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2016
bats_require_minimum_version 1.5.0
load ci

setup()
{
	set_up_cfprov
	mkdir -p repo/.github
	cp -r "$examples"/github/* repo/.github/
	git init -q repo
}

@test "actionlint: nothing to say of the workflows, and much of a bad one" {
	need_tool actionlint
	cd repo
	"$tool" .github/workflows/*.yml
	"$tool" "$top"/.github/workflows/*.yml
	sed -i 's/title=.Drift[^\\]*/title="${{ github.event.issue.title }}" /' .github/workflows/cfprov-drift.yml
	run -1 "$tool" .github/workflows/cfprov-drift.yml
	[[ $output == *'"github.event.issue.title" is potentially untrusted'* ]]
}

@test "zizmor: nothing to say of the workflows, and much of a bad one" {
	need_tool zizmor
	cd repo
	check=("$tool" --offline --no-progress --min-severity=medium --min-confidence=medium .)
	"${check[@]}"
	sed -i 's/actions.checkout@[0-9a-f]*/actions\/checkout@v4/; s/pull_request$/pull_request_target/' \
		.github/workflows/cfprov-plan.yml
	run ! "${check[@]}"
	[[ $output == *unpinned-uses* && $output == *dangerous-triggers* ]]
}

@test "no step has an expression in its script" {
	cd repo
	NODE_PATH=/usr/share/nodejs node -e '
		const yaml = require("js-yaml");
		let scripts = 0;
		for (const file of process.argv.slice(1)) {
			const {jobs, runs} = yaml.load(require("fs").readFileSync(file, "utf8"));
			for (const {steps} of Object.values(jobs || {action: runs}))
				for (const {run} of steps.filter(({run}) => run)) {
					scripts++;
					if (run.includes("${{"))
						throw new Error(`${file}: ${run}`);
				}
		}
		if (scripts < 10)
			throw new Error(`only ${scripts} scripts`);
	' .github/workflows/*.yml .github/actions/*/action.yml
}

@test "the actions are those of release.yml, at the same commits" {
	cd repo
	grep -rhoE 'uses: [a-z].*' .github | sort -u >ours
	grep -hoE 'uses: [a-z].*' "$top/.github/workflows/release.yml" | sort -u | diff ours -
	[[ $(wc -l <ours) == 3 ]]
}

@test "the schemas of GitHub and GitLab" {
	need_tool check-jsonschema
	"$tool" --builtin-schema vendor.github-workflows "$examples"/github/workflows/*.yml
	"$tool" --builtin-schema vendor.github-actions "$examples"/github/actions/*/action.yml
	"$tool" --builtin-schema vendor.gitlab-ci "$examples/gitlab-ci.yml"
	sed 's/    public: false/    public: perhaps/' "$examples/gitlab-ci.yml" >bad.yml
	run ! "$tool" --builtin-schema vendor.gitlab-ci bad.yml
}

@test "OPA: the rules, their tests, their layout" {
	need_tool opa
	"$tool" check --strict "$examples/policy"
	"$tool" fmt --fail "$examples/policy"
	"$tool" test "$examples/policy"
	# Each rule has a test: without it, one fails.
	local rule rules
	rules=$(grep -c '^deny contains' "$examples/policy/plan.rego")
	((rules >= 6))
	for ((rule = 1; rule <= rules; rule++)); do
		rm -rf without
		cp -r "$examples/policy" without
		awk -v rule="$rule" '/^deny contains/ && ++n == rule { sub(/^deny/, "unused") } { print }' \
			"$examples/policy/plan.rego" >without/plan.rego
		run ! "$tool" test without
	done
}

@test "OPA: the rules read what cfprov writes" {
	need_tool opa
	start_logged
	export DB_PASSWORD=sample
	deny()
	{
		"$tool" eval -d "$examples/policy" -i "$1" data.main.deny | jq -c '.result[0].expressions[0].value'
	}
	secrets='[{name: GOOD, value: {env: DB_PASSWORD}, comment: mine}]'
	printf '%s\n' "account_id: $account" "stores: [{name: payments, secrets: $secrets}]" >cfprov.yaml
	good plan -out=p
	"$cfprov" show -json p >plan.json
	[[ $(deny plan.json) == '[]' ]]
	good apply p
	sed -i 's/comment: mine/comment: mine, scopes: [workers, images]/; s/payments, /billing, /' cfprov.yaml
	good plan -values=none -format=json
	[[ $(deny out) == '["default/billing/GOOD: scope images is not allowed","default/payments: stores are not destroyed by a pipeline"]' ]]
	sed -i 's/, comment: mine//' cfprov.yaml
	sed -i 's/name: GOOD/name: bad/; s/billing/payments/; s/, scopes: .workers, images.//' cfprov.yaml
	good plan -values=none -format=json
	[[ $(deny out) == '["default/payments/bad: a comment has to say who owns the secret","default/payments/bad: the name of a secret is in capital letters"]' ]]
	stop_sim
}

@test "pre-commit: a manifest that is not valid is not committed" {
	need_tool pre-commit
	export HOME=$PWD PRE_COMMIT_HOME=$PWD/cache PATH=${cfprov%/*}:$PATH
	# The hooks are those of this tree.
	git init -q hooks
	cp "$top/.pre-commit-hooks.yaml" hooks/
	git -C hooks add -A
	git -C hooks commit -q -m hooks
	git -C hooks tag v1
	"$tool" validate-manifest hooks/.pre-commit-hooks.yaml
	cd repo
	printf '%s\n' 'repos:' "  - repo: file://$PWD/../hooks" '    rev: v1' '    hooks: [{id: cfprov-validate}]' \
		>.pre-commit-config.yaml
	printf '%s\n' "account_id: $account" 'stores: [payments]' >cfprov.yaml
	"$tool" install
	git add -A
	git commit -q -m good >../log 2>&1 || { cat ../log; return 1; }
	grep -q 'cfprov validate\.*Passed' ../log
	echo 'stores: [payments, payments]' >>cfprov.yaml
	run ! git commit -a -m bad
	[[ $output == *'cfprov validate'*Failed*cfprov.yaml:3* ]]
	[[ $(git log --format=%s) == good ]]
	# Other files are none of its business.
	git checkout -q cfprov.yaml
	touch other.txt
	git add -A
	git commit -m other >../log 2>&1
	grep -q 'no files to check' ../log
}
