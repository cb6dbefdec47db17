#!/usr/bin/env bats
# The recipes of examples/secrets/recipes.md, each as the document has it: its manifest, under its
# policy, with as many programs started as its table says, and the error that its table says.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

document=$top/examples/secrets/recipes.md
account=985e105f4ecef8ad9ca31a8372d0c353
password='correct "horse"'
stripe=sk_test_4242
json='{"DB_PASSWORD": "correct \"horse\"", "STRIPE_KEY": "sk_test_4242"}'

setup()
{
	set_up_cfprov
	mkdir bin
	bin=$PWD/bin
	export RUNS=$PWD/runs
	# What the machine has of these programs.
	local own=$PATH
	PATH=$bin:$PATH
	machine=$own
}

teardown()
{
	[[ -z ${GNUPGHOME-} ]] || GNUPGHOME=$GNUPGHOME gpgconf --kill gpg-agent
	stop_all
}

# counted TOOL PROGRAM: bin/TOOL notes that it was started, and is PROGRAM.
counted()
{
	printf '#!/bin/sh\necho %s >>"$RUNS"\nexec "%s" "$@"\n' "$1" "$2" >"bin/$1"
	chmod +x "bin/$1"
}

# stands_in TOOL
stands_in()
{
	mkdir -p stand-ins
	cp "$top/tests/cli/manager.sh" "stand-ins/$1"
	chmod +x "stand-ins/$1"
	counted "$1" "$PWD/stand-ins/$1"
}

# is_real TOOL: the machine's own is used, if there is one.
is_real()
{
	local program
	program=$(PATH=$machine command -v "$1") || return 1
	counted "$1" "$program"
}

# block SECTION NUMBER: the YAML block with this number below this heading.
block()
{
	awk -v section="## $1" -v number="$2" '
		/^## / { inside = $0 == section }
		!inside { next }
		/^```/ && shown { exit }
		/^```yaml$/ { shown = ++n == number; next }
		shown' "$document" | grep ''
}

# row SECTION COLUMN: of the first table.
row()
{
	awk -F ' *[|] *' -v start="[$1](#" -v column="$2" \
		'index($2, start) == 1 { print $(column + 1); exit }' "$document" | grep ''
}

# recipe SECTION: cfprov.yaml and policy.yaml as the document has them, and what it leaves out.
recipe()
{
	{
		block "$1" 1 | grep -q ^accounts: || echo "account_id: $account"
		block "$1" 1
	} >cfprov.yaml
	{
		block "$1" 2
		block "$1" 2 | grep -q ^accounts: || echo "accounts: {$account: {}}"
		echo 'state: {paths: ["*.state.json"]}'
	} >policy.yaml
}

# written: the two secrets in Cloudflare are those of the password manager.
written()
{
	sim_world '.accounts[].stores[].secrets[] | "\(.name) \(.value_checksum)"' | sort >there
	{
		echo "DB_PASSWORD $(printf %s "$password" | b2sum -l 128 | cut -c1-16)"
		echo "STRIPE_KEY $(printf %s "$stripe" | b2sum -l 128 | cut -c1-16)"
	} | diff - there
}

# runs SECTION [SECRETS]: as many programs were started as the table says.
runs()
{
	local started wanted=1
	case $(row "$1" 2) in
	one) ;;
	'one for each secret') wanted=2 ;;
	*) return 1 ;;
	esac
	started=$(wc -l <"$RUNS")
	((started == wanted)) || {
		echo "$started programs were started, not $wanted" >&2
		return 1
	}
}

# works SECTION TOOL: the recipe writes both secrets, and nothing but what it names is allowed.
works()
{
	recipe "$1"
	start_logged
	rm -f "$RUNS"
	good apply -auto-approve -policy=policy.yaml
	written
	runs "$1"
	run ! grep -F "$stripe" out err "$state"
	good plan -policy=policy.yaml
	out_has 'No changes.'
	# The policy allows this and no other command.
	sed "s/\[$2, /[$2, --verbose, /" cfprov.yaml >other.yaml
	! cmp -s cfprov.yaml other.yaml
	bad plan -policy=policy.yaml -f other.yaml
	err_has 'the policy does not allow'
}

# stops SECTION: the session has ended: the error has what the table says, and nothing is changed.
stops()
{
	local text
	text=$(row "$1" 4 | sed 's/^`//; s/`$//')
	rm "$state"
	bad apply -auto-approve -adopt -policy=policy.yaml
	err_has "Error: default/payments/DB_PASSWORD: the command" cfprov.yaml: 'It printed:' "$text"
	[ ! -e "$state" ]
}

# stands_in_for SECTION TOOL: the whole test of a tool that has to be stood in for.
stands_in_for()
{
	stands_in "$2"
	works "$1" "$2"
	export MANAGER_LOCKED=1
	stops "$1"
}

@test "1Password" { stands_in_for 1Password op; }
@test "HashiCorp Vault" { stands_in_for 'HashiCorp Vault' vault; }
@test "Bitwarden Secrets Manager" { stands_in_for 'Bitwarden Secrets Manager' bws; }
@test "AWS Secrets Manager" { stands_in_for 'AWS Secrets Manager' aws; }
@test "Google Secret Manager" { stands_in_for 'Google Secret Manager' gcloud; }
@test "Doppler" { stands_in_for Doppler doppler; }
@test "Infisical" { stands_in_for Infisical infisical; }

@test "Bitwarden, and the error as the document shows it" {
	stands_in_for Bitwarden bw
	awk '/^```text$/ { shown = 1; next } /^```$/ { shown = 0 } shown' "$document" >shown
	grep -q 'Vault is locked' shown
	diff <(sed -E 's/:[0-9]+:[0-9]+$//' shown) <(sed -E 's/:[0-9]+:[0-9]+$//' err | grep -A 2 "$(head -n 1 shown)")
	# The other way, for the password of a login.
	unset MANAGER_LOCKED
	grep -qF '`[bw, --nointeraction, get, password, payments]`' "$document"
	[ "$("$bin/bw" --nointeraction get password payments)" = "$password" ]
}

@test "SOPS" {
	have age-keygen
	local real=
	if is_real sops; then
		real=1
		age-keygen -o key 2>/dev/null
		echo "$json" >secrets.enc.yaml
		SOPS_AGE_RECIPIENTS=$(age-keygen -y key) sops encrypt --in-place --input-type json \
			--output-type yaml secrets.enc.yaml
		run ! grep -F "$stripe" secrets.enc.yaml
		export SOPS_AGE_KEY_FILE=$PWD/key
	else
		echo '# sops is not installed: it is stood in for' >&3
		stands_in sops
		touch secrets.enc.yaml
	fi
	works SOPS sops
	if [ -n "$real" ]; then
		age-keygen -o other 2>/dev/null
		export SOPS_AGE_KEY_FILE=$PWD/other
	else
		export MANAGER_LOCKED=1
	fi
	stops SOPS
}

@test "age" {
	have age age-keygen
	is_real age
	age-keygen -o key 2>/dev/null
	echo "$json" | age -r "$(age-keygen -y key)" -o secrets.json.age
	# The place of the identity is the test's own.
	grep -qF /etc/cfprov/age.key "$document"
	sed "s|/etc/cfprov/age.key|$PWD/key|" "$document" >recipes.md
	document=$PWD/recipes.md
	works age age
	rm key
	age-keygen -o key 2>/dev/null
	stops age
}

@test "pass" {
	have pass gpg gpgconf
	is_real pass
	GNUPGHOME=$(mktemp -d "$BATS_RUN_TMPDIR/gpg.XXXX")
	export GNUPGHOME PASSWORD_STORE_DIR=$PWD/password-store
	# There is nobody to ask.
	echo 'pinentry-program /bin/false' >"$GNUPGHOME/gpg-agent.conf"
	gpg --batch --quiet --pinentry-mode loopback --passphrase '' \
		--quick-gen-key test@example.invalid default default never 3>&-
	pass init test@example.invalid 3>&-
	echo "$json" | pass insert --multiline cloudflare/payments 3>&-
	works pass pass
	gpgconf --kill gpg-agent
	rm -r "$GNUPGHOME"/private-keys-v1.d
	stops pass
}

# wrangler_logs_in [TOKEN]: as wrangler login leaves it.
wrangler_logs_in()
{
	export HOME=$PWD/home WRANGLER_SEND_METRICS=false WRANGLER_LOGIN=$1
	export XDG_CONFIG_HOME=$HOME/.config NO_UPDATE_NOTIFIER=1
	mkdir -p "$XDG_CONFIG_HOME/.wrangler/config"
	printf '%s = "%s"\n' oauth_token "$1" refresh_token none \
		expiration_time 2099-01-01T00:00:00.000Z >"$XDG_CONFIG_HOME/.wrangler/config/default.toml"
	echo 'scopes = ["account:read", "secrets_store:write"]' \
		>>"$XDG_CONFIG_HOME/.wrangler/config/default.toml"
}

@test "wrangler: the token of its login, not that of cfprov's environment" {
	local real=1
	is_real wrangler || {
		real=
		echo '# wrangler is not installed: it is stood in for' >&3
		stands_in wrangler
	}
	wrangler_logs_in oauth-token-of-wrangler
	start_logged --token oauth-token-of-wrangler
	recipe wrangler
	export CLOUDFLARE_API_TOKEN=not-this-one-0123456789
	good apply -auto-approve -policy=policy.yaml
	runs wrangler
	[ "$(sim_world '.accounts[].stores[].name')" = payments ]
	run ! grep -F oauth-token-of-wrangler out err "$state"
	# A banner before the token would not be a token.
	grep -q 'command: \[wrangler, auth, token, --json\], json: /token' cfprov.yaml
	bad plan -policy=policy.yaml -f <(sed 's/--json/--jso/' cfprov.yaml)
	err_has 'the policy does not allow'
	# Nobody is logged in.
	rm -r "$XDG_CONFIG_HOME/.wrangler"
	export MANAGER_LOCKED=1
	bad plan -policy=policy.yaml
	err_has 'the command `wrangler` exited with status 1' "$(row wrangler 4 | tr -d '`')"
}

@test "one start for all secrets" {
	local section='One start for all secrets' command tool
	recipe "$section"
	start_logged
	echo 'DB_PASSWORD=op://team/payments/DB_PASSWORD' >op.env
	touch secrets.enc.yaml
	printf '#!/bin/sh\nexec "%s" "$@" -auto-approve -policy=policy.yaml\n' "$cfprov" >bin/cfprov
	chmod +x bin/cfprov
	mapfile -t commands < <(awk '/^## / { inside = $0 == "## One start for all secrets" }
		inside && /^\|.*cfprov apply/' "$document" | sed -E 's/^\| [^|]* \| `([^`]*)`.*/\1/')
	((${#commands[@]} == 5))
	for command in "${commands[@]}"; do
		tool=${command%% *}
		stands_in "$tool"
		rm -f "$state" "$RUNS"
		control DELETE world >/dev/null 2>&1 || { stop_sim; start_logged; }
		sh -c "$command" >out 2>err || { cat out err >&2; return 1; }
		grep -q 'Apply complete! Resources: 3 added' out
		written
		[ "$(cat "$RUNS")" = "$tool" ]
		run ! grep -F "$stripe" out err "$state"
	done
}

@test "every recipe has a row in the table, a manifest, a policy and a test" {
	local section
	grep -oE '^\| \[[^]]+\]' "$document" | sed -E 's/^\| \[(.*)\]/\1/' | sort >rows
	grep -E '^## ' "$document" | cut -c4- | grep -vxE 'One start for all secrets|Others' | sort >sections
	diff rows sections
	(($(wc -l <rows) >= 12))
	while read -r section; do
		block "$section" 1 >/dev/null
		block "$section" 2 >/dev/null
		grep -qE "^@test \"$section" "$BATS_TEST_FILENAME"
	done <sections
}

@test "what belongs to a state in a bucket is held back from aws, unless it is listed" {
	grep -A 2 'If the state is in a bucket' "$document" | grep -q 'held back'
	cat >bucket.py <<-END
		import http.server
		class Empty(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        body = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'
		        self.send_response(404)
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		server = http.server.HTTPServer(("127.0.0.1", 0), Empty)
		open("bucket.new", "w").write(str(server.server_port))
		__import__("os").rename("bucket.new", "bucket.port")
		server.serve_forever()
	END
	later python3 bucket.py
	wait_until test -e bucket.port
	start_logged
	export AWS_ACCESS_KEY_ID=AKEXAMPLE0123456789 AWS_SECRET_ACCESS_KEY=hush-key
	export AWS_SESSION_TOKEN=hush-session AWS_PROFILE=payments
	printf '#!/bin/sh\nenv >"$1"\necho x\n' >bin/aws
	chmod +x bin/aws
	cat >cfprov.yaml <<-END
		account_id: $account
		state: {backend: s3, bucket: b, region: auto, endpoint: "http://127.0.0.1:$(<bucket.port)"}
		stores:
		  - name: payments
		    secrets:
		      - {name: A, value: {command: [aws, all]}}
		      - {name: B, value: {command: [aws, listed], env: [AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN]}}
	END
	good plan
	grep -q AWS_PROFILE=payments all
	run ! grep -E '^AWS_(ACCESS|SECRET|SESSION)' all
	grep -q AWS_ACCESS_KEY_ID=AKEXAMPLE listed
	grep -q AWS_SESSION_TOKEN=hush-session listed
	run ! grep AWS_SECRET listed
}
