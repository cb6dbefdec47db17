#!/usr/bin/env bats
# The policy of the runner's owner: each rule, at each door, and what tries to get around it.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() {
	set_up_cfprov
	mkdir owner owner/secrets
	export DB_A=db-value AWS_SECRET=aws-value PROD_TOKEN=cfsim-token
}
teardown() { stop_all; }

acc=$account
other=b85e105f4ecef8ad9ca31a8372d0c353

# policy LINE...: owner/policy.yaml with these lines after the usual ones, which allow an account
# and a state.
policy()
{
	{
		printf 'accounts: {%s: {}}\nstate: {paths: [../%s]}\n' "$account" "$state"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >owner/policy.yaml
}

# secret SOURCE...: cfprov.yaml with a secret for each source, S1, S2, ...
secret()
{
	local i=0 source
	printf 'account_id: %s\nstores:\n  - name: a\n    secrets:\n' "$account" >cfprov.yaml
	for source in "$@"; do
		i=$((i + 1))
		printf '      - {name: S%d, value: %s}\n' $i "$source" >>cfprov.yaml
	done
}

p=-policy=owner/policy.yaml

# allowed SOURCE, refused RULE SOURCE: what validate says.
allowed()
{
	secret "$1"
	good validate $p
}

refused()
{
	secret "$2"
	bad validate $p
	err_has "Error: default/a/S1: the policy does not allow" "(rule \`$1\`, owner/policy.yaml:" \
		'cfprov.yaml:5:'
	[ "$(grep -c '^Error' err)" = 1 ]
	harmless err
}

# ---- the policy itself ----------------------------------------------------------------------

@test "a policy that can't be read, is empty or has mistakes is an error of every command" {
	secret '{env: DB_A}'
	local command
	for command in validate plan apply 'state list' output show doctor export; do
		# shellcheck disable=SC2086 # two words
		bad $command -policy=owner/absent.yaml
		err_has "the policy can't be read"
		# shellcheck disable=SC2086
		CFPROV_POLICY=owner/absent.yaml bad $command
		err_has "the policy can't be read"
	done
	: >owner/policy.yaml
	bad validate $p
	err_has 'the policy is empty' owner/policy.yaml
	echo '# nothing' >owner/policy.yaml
	bad validate $p
	err_has 'the policy is empty'
	bad validate -policy=owner
	bad validate -policy=
	CFPROV_POLICY='' bad validate
	err_has 'CFPROV_POLICY is set, but empty'
	prov validate -policy=owner/policy.yaml -json
	[ "$status" = 1 ]
	jq -e '.valid == false and .error_count == 1' out
	# A FIFO would be waited for.
	mkfifo fifo
	bad validate -policy=fifo
}

@test "all mistakes of a policy at once, with their places" {
	cat >owner/policy.yaml <<-'END'
		version: 2
		value: {}
		values: {env: DB_A, files: [""], comands: [], commands: [[]], generate: "yes", stdin: 1}
		accounts: {"not an id": {}, acc_1: {api_token: {stdin: true, env: [A-B]}}, acc_2: }
		state: {path: x}
		destroy: {max_delete_percent: 101, stores: maybe}
		x-shared: anything
	END
	secret '{env: DB_A}'
	bad validate $p
	err_has policy.yaml:1 policy.yaml:2 policy.yaml:3 policy.yaml:4 policy.yaml:5 policy.yaml:6 \
		'`values`?' '`commands`?' '`paths`?' '`max_deletes` is missing' 'is not allowed here'
	[ "$(grep -c '^Error' err)" -ge 14 ]
	harmless err
	printf 'values: {env: ["${DB_A}"]}\n' >owner/policy.yaml
	bad validate $p
	err_has 'variables are not expanded here' policy.yaml:1
	printf 'values: {env: [DB_A], env: [AWS_SECRET]}\n' >owner/policy.yaml
	bad validate $p
	printf 'values: {commands: [["", x]]}\n' >owner/policy.yaml
	bad validate $p
	err_has 'the command has an empty program' policy.yaml:1
	printf 'values: {commands: [["a\\0b"]]}\n' >owner/policy.yaml
	bad validate $p
	printf 'values: {env: [*]}\n' >owner/policy.yaml
	bad validate $p
}

@test "the environment's policy can't be replaced by an option" {
	policy 'values: {env: [DB_A]}'
	secret '{env: AWS_SECRET}'
	export CFPROV_POLICY=owner/policy.yaml
	bad validate
	err_has 'values.env'
	printf 'values: {env: ["*"]}\naccounts: {%s: {}}\nstate: {paths: ["**"]}\n' "$account" >lax.yaml
	bad validate -policy=lax.yaml
	err_has '-policy is not the file that CFPROV_POLICY names'
	bad validate -policy="$PWD/owner/../owner/policy.yaml"
	err_has 'values.env'
	# Commands that read no manifest have nothing to do with it.
	CFPROV_POLICY=absent good version
	CFPROV_POLICY=absent good schema
}

@test "with -chdir, the policy is not the one of the other directory" {
	start_logged
	mkdir -p there/owner
	policy
	printf 'accounts: {%s: {}}\nvalues: {env: ["*"]}\nstate: {paths: ["**"]}\n' "$account" \
		>there/owner/policy.yaml
	secret '{env: AWS_SECRET}'
	mv cfprov.yaml there
	bad -chdir=there plan $p
	err_has 'with -chdir, the path of the policy must be absolute'
	CFPROV_POLICY=owner/policy.yaml bad -chdir=there apply -auto-approve
	err_has 'with -chdir, the path of the policy must be absolute'
	CFPROV_POLICY=$PWD/owner/policy.yaml bad -chdir=there plan
	err_has 'the policy does not allow environment variable AWS_SECRET'
	[ ! -s "$sim_log" ]
}

@test "a manifest can't name or change a policy" {
	policy
	printf 'account_id: %s\npolicy: lax.yaml\nstores: [a]\n' "$account" >cfprov.yaml
	bad validate $p
	err_has 'unknown key `policy`'
	# Paths of the policy are relative to the policy, wherever the manifest and the shell are.
	policy 'values: {files: [secrets]}'
	mkdir -p repo/secrets
	echo x >owner/secrets/x
	echo x >repo/secrets/x
	secret '{file: secrets/x}'
	mv cfprov.yaml repo
	(cd repo && bad validate -policy=../owner/policy.yaml)
	sed -i 's|secrets/x|../owner/secrets/x|' repo/cfprov.yaml
	sed -i "s|state: .*|state: {paths: [../repo/$state]}|" owner/policy.yaml
	(cd repo && good validate -policy=../owner/policy.yaml)
}

@test "the schema of policies" {
	good schema -policy
	jq -e '."$id" == "urn:cfprov:policy:1" and .additionalProperties == false' out
	jq -e '[.. | objects | .properties? // empty | to_entries[] | .value.description // "" |
		test("^[A-Z].*[.]$")] | length > 15 and all' out
	cp out policy.schema.json
	good schema
	run ! cmp out policy.schema.json
	have node
	NODE_PATH=/usr/share/nodejs node "$top/tests/schema/check.js" policy.schema.json good \
		"$top/examples/policy.yaml"
	local i=0 text
	for text in 'value: {}' 'values: {env: DB_A}' 'values: {env: [A-B]}' 'accounts: {"a b": {}}' \
		'accounts: {a: {api_token: {stdin: true}}}' 'destroy: {}' 'values: {commands: [[]]}' \
		'destroy: {max_deletes: 1, max_delete_percent: 101}' '{}'; do
		i=$((i + 1))
		echo "$text" >"bad$i.yaml"
		bad validate -policy="bad$i.yaml"
	done
	NODE_PATH=/usr/share/nodejs node "$top/tests/schema/check.js" policy.schema.json bad bad*.yaml
}

# ---- what is allowed, as validate tells -----------------------------------------------------

@test "deny by default: each kind of source needs a rule" {
	policy
	refused values.env '{env: DB_A}'
	err_has 'The policy allows none, because it has no such rule.'
	refused values.files '{file: owner/secrets/x}'
	refused values.files '{dotenv: owner/secrets/x, key: A}'
	refused values.commands '{command: [echo]}'
	refused values.generate '{generate: {bytes: 3}}'
	refused values.stdin '{stdin: true}'
	policy 'values: {env: [], files: [], commands: [], generate: false, stdin: false}'
	refused values.env '{env: DB_A}'
	err_has 'The policy allows none.'
	refused values.generate '{generate: {bytes: 3}}'
	policy 'values: {generate: true, stdin: true}'
	allowed '{generate: {bytes: 3}}'
	allowed '{stdin: true}'
}

@test "everything that is not allowed is told at once, with the places in both files" {
	policy 'values: {env: [DB_*]}'
	cat >cfprov.yaml <<-END
		accounts:
		  prod: {account_id: $account, api_token: {env: OTHER_TOKEN}}
		  evil: {account_id: $other}
		stores:
		  - name: a
		    accounts: [prod]
		    secrets:
		      - {name: A, value: {env: AWS_SECRET}}
		      - {name: B, value: {env: DB_B}}
		      - {name: C, value: {command: [sh, -c, env]}}
		state: {path: elsewhere.json, key: {env: DB_A}}
	END
	bad validate $p
	err_has cfprov.yaml:2:67 cfprov.yaml:3:9 cfprov.yaml:8:26 cfprov.yaml:10:26 cfprov.yaml:11:15 \
		cfprov.yaml:11:36 owner/policy.yaml:1 owner/policy.yaml:2 owner/policy.yaml:3 \
		'`accounts`' 'api_token.env`' '`values.env`' '`values.commands`' '`state.paths`' \
		'`state.key.env`'
	[ "$(grep -c '^Error' err)" = 6 ]
	prov validate $p -json
	[ "$status" = 1 ]
	jq -e '.valid == false and .error_count == 6' out
	jq -e '[.diagnostics[].range.filename] | all(. == "cfprov.yaml")' out
	# plan and apply say the same, and send nothing.
	start_logged
	bad plan $p
	[ "$(grep -c '^Error' err)" = 6 ]
	bad apply -auto-approve $p
	[ "$(grep -c '^Error' err)" = 6 ]
	[ ! -s "$sim_log" ]
	# -account leaves out what it leaves out.
	bad plan $p -account=evil
	[ "$(grep -c '^Error' err)" = 3 ]
}

@test "names of variables: patterns, case, and cfprov's own" {
	policy 'values: {env: [DB_*, "*_DSN"]}' 'x: 1'
	sed -i '$d' owner/policy.yaml
	allowed '{env: DB_A}'
	allowed '{env: SENTRY_DSN}'
	allowed '{env: DB_A, json: /x}'
	refused values.env '{env: db_a}'
	refused values.env '{env: XDB_A}'
	refused values.env '{env: AWS_SECRET}'
	refused values.env '{env: SENTRY_DSN2}'
	policy 'values: {env: ["*"]}'
	sed -i "s|^accounts.*|accounts: {$account: {api_token: {env: [PROD_*]}}}|" owner/policy.yaml
	secret '{env: DB_A}'
	bad validate $p # its token is CLOUDFLARE_API_TOKEN
	err_has 'default: the policy does not allow environment variable CLOUDFLARE_API_TOKEN for a token'
	printf 'accounts: {%s: {api_token: {env: [PROD_*, CLOUDFLARE_API_TOKEN]}}}\n%s\n' "$account" \
		"$(sed 1d owner/policy.yaml)" >new
	mv new owner/policy.yaml
	allowed '{env: ANYTHING}'
	refused values.env '{env: CLOUDFLARE_API_TOKEN}'
	refused values.env '{env: CFPROV_KEY}'
	refused values.env '{env: PROD_TOKEN}'
	err_has 'It is a credential, so the rule must name it exactly.'
}

@test "files: roots, links, ways up, and names that only begin like a root" {
	policy 'values: {files: [secrets, one.txt]}'
	mkdir -p owner/secrets/deep owner/secretsx
	touch owner/secrets/a owner/secrets/deep/b owner/secretsx/c owner/one.txt outside
	local form
	for form in 'file: %s' 'dotenv: %s, key: K'; do
		# shellcheck disable=SC2059
		source_of() { printf "{$form}" "$1"; }
		allowed "$(source_of owner/secrets/a)"
		allowed "$(source_of owner/secrets/deep/b)"
		allowed "$(source_of owner/secretsx/../secrets/a)"
		allowed "$(source_of ./owner//secrets/a)"
		allowed "$(source_of "$PWD/owner/secrets/a")"
		allowed "$(source_of owner/secrets/absent/file)"
		allowed "$(source_of owner/one.txt)"
		refused values.files "$(source_of owner/one.txt.bak)"
		refused values.files "$(source_of owner/secretsx/c)"
		refused values.files "$(source_of owner/Secrets/a)"
		refused values.files "$(source_of owner/policy.yaml)"
		refused values.files "$(source_of owner/secrets/../../outside)"
		err_lacks 'resolves to'
		refused values.files "$(source_of owner/secrets/absent/../../x)"
		refused values.files "$(source_of owner/absent/../secrets/../x)"
		refused values.files "$(source_of outside)"
		refused values.files "$(source_of /proc/self/environ)"
		refused values.files "$(source_of /dev/stdin)"
		# Links are what they lead to, in both directions.
		ln -sfn ../../outside owner/secrets/link
		refused values.files "$(source_of owner/secrets/link)"
		err_has "It resolves to $(pwd -P)/outside through a symbolic link. It allows"
		ln -sfn ../../absent owner/secrets/dangling
		refused values.files "$(source_of owner/secrets/dangling)"
		ln -sfn / owner/secrets/root
		refused values.files "$(source_of owner/secrets/root/etc/passwd)"
		ln -sfn owner/secrets inside
		allowed "$(source_of inside/a)"
		ln -sfn /proc/self/environ owner/secrets/env
		refused values.files "$(source_of owner/secrets/env)"
	done
	allowed '{file: owner/secrets/a}'
	# A root with .. and double slashes; one that does not exist; and the root of all.
	policy 'values: {files: ["../owner//secrets/./deep/../", absent]}'
	allowed '{file: owner/secrets/a}'
	allowed '{file: owner/absent/a}'
	refused values.files '{file: owner/secretsx/c}'
	policy 'values: {files: [/]}'
	allowed '{file: outside}'
	# What a token is in is no value, though it is beneath a root.
	policy 'values: {files: [secrets]}'
	sed -i "s|{}|{api_token: {env: [CLOUDFLARE_API_TOKEN], files: [secrets/deep]}}|" owner/policy.yaml
	allowed '{file: owner/secrets/a}'
	refused values.files '{file: owner/secrets/deep/b}'
	err_has 'It is a credential, so the rule must name it exactly.'
}

@test "commands: what prints a token prints no value" {
	policy 'values: {commands: [[pass, show, "ci/*"], [pass, show, ci/both, "*"], [get, "**"]]}'
	sed -i "s|{}|{api_token: {env: [CLOUDFLARE_API_TOKEN], commands: [[pass, show, ci/token], [get, \"token=*\"], [pass, show, \"ci/*\"]]}}|" \
		owner/policy.yaml
	allowed '{command: [pass, show, ci/db]}'
	refused values.commands '{command: [pass, show, ci/token]}'
	err_has 'It is a credential, so the rule must name it exactly.'
	allowed '{command: [get, x]}'
	refused values.commands '{command: [get, token=a]}'
	err_has 'It is a credential'
	refused values.commands '{command: [pass, show, other]}'
	err_lacks 'It is a credential'
	# What is named exactly was meant.
	sed -i 's|\[pass, show, ci/both|[pass, show, ci/token], &|' owner/policy.yaml
	allowed '{command: [pass, show, ci/token]}'
}

# deep LAST: makes folders in owner/secrets until the path of `LAST` in the deepest is too long to be
# resolved, but not to be opened from here; `l` there leads to outside. Prints the path.
deep()
{
	python3 - "$1" <<-'END'
		import os, sys
		top, name = os.getcwd(), "d" * 200
		path = "owner/secrets"
		end = "/l/" + sys.argv[1]
		os.chdir(path)
		while len(path) + len(end) + 201 < 4086:
		    os.mkdir(name); os.chdir(name); path += "/" + name
		rest = 4088 - len(path) - len(end) - 1
		if rest > 0:
		    os.mkdir("e" * rest); os.chdir("e" * rest); path += "/" + "e" * rest
		os.symlink(top + "/outside", "l")
		assert len(top) + 1 + len(path) + 2 >= 4096 > len(path + end)
		print(path + end)
	END
}

@test "a path that is too long to be resolved leads nowhere" {
	start_logged
	mkdir outside
	echo hush-outside >outside/x
	printf '#!/bin/sh\necho hush-program\n' >outside/prog
	chmod +x outside/prog
	local path
	path=$(deep prog)
	[ "$(./"$path")" = hush-program ]
	policy 'values: {commands: [["secrets/**"]], files: [secrets], env: [DB_A]}'
	refused values.commands "{command: [$path]}"
	refused values.files "{file: ${path%/prog}/x}"
	policy 'values: {env: [DB_A]}'
	sed -i "s|paths: .*}|paths: ['**']}|" owner/policy.yaml
	printf 'account_id: %s\nstores: [a]\nstate: {path: "%s"}\n' "$account" "${path%/prog}/s" >cfprov.yaml
	bad apply -auto-approve $p
	bad apply -auto-approve
	[ "$(ls outside)" = "$(printf 'prog\nx')" ]
	[ "$(requests)" = 0 ]
}

@test "a link in a path of the policy: who made it is unknown, so it is an error" {
	mkdir real
	touch real/x
	ln -s ../real owner/link
	ln -s ../absent owner/dangling
	secret '{env: DB_A}'
	local rule
	for rule in 'values: {files: [link]}' 'values: {files: [link/x]}' 'values: {files: [dangling]}' \
		'values: {commands: [[link/x]]}' 'values: {commands: [["link/*"]]}' \
		"accounts: {$account: {api_token: {files: [link/../link/x]}}}" \
		'state: {paths: ["link/*"]}' 'state: {paths: [link/x.json]}'; do
		echo "$rule" >owner/policy.yaml
		bad validate $p
		err_has 'the path resolves to' 'through a symbolic link' owner/policy.yaml:1
	done
	# The policy itself may be one, as in Kubernetes: its folder is the one where it is found.
	policy 'values: {files: [secrets]}'
	mkdir owner/..data
	mv owner/policy.yaml owner/..data
	ln -s ..data/policy.yaml owner/policy.yaml
	allowed '{file: owner/secrets/a}'
	ln -s owner linked
	good validate -policy=linked/policy.yaml
}

@test "commands: argument by argument" {
	policy 'values:' '  commands:' '    - [sops, -d, "secrets/*.yaml"]' '    - [tools/get, "*"]' \
		'    - [vault, "-field=*", "**"]'
	mkdir -p owner/tools tools
	allowed '{command: [sops, -d, secrets/a.yaml]}'
	allowed '{command: [owner/tools/get, x]}'
	allowed "{command: [$PWD/owner/tools/get, x]}"
	allowed '{command: [vault, -field=key, a/b/c]}'
	refused values.commands '{command: [sops]}'
	refused values.commands '{command: [sops, -d]}'
	refused values.commands '{command: [sops, -d, secrets/a.yaml, ""]}'
	refused values.commands '{command: [sops, "-d secrets/a.yaml"]}'
	refused values.commands '{command: [sops, -d, secrets/a/b.yaml]}'
	refused values.commands '{command: [sops, -d, secrets/../x.yaml]}'
	refused values.commands '{command: [sops, -d, secrets/..yaml]}'
	refused values.commands '{command: [Sops, -d, secrets/a.yaml]}'
	refused values.commands '{command: [./sops, -d, secrets/a.yaml]}'
	refused values.commands '{command: [/usr/bin/sops, -d, secrets/a.yaml]}'
	refused values.commands '{command: [get, x]}'
	refused values.commands '{command: [tools/get, x]}' # beside the manifest: not the owner's
	refused values.commands '{command: [owner/tools/get, -x]}'
	refused values.commands '{command: [owner/tools/../tools/get, --config=/x]}'
	refused values.commands '{command: [vault, -field=key, --address=http://evil]}'
	refused values.commands '{command: [sh, -c, "sops -d secrets/a.yaml"]}'
	ln -s owner/tools link
	allowed '{command: [link/get, x]}'
	ln -s ../../evil owner/tools/fake
	refused values.commands '{command: [owner/tools/fake, x]}'
	# Longer than any argument has to be.
	secret "{command: [vault, -field=k, $(printf 'a%.0s' {1..70000})]}"
	bad validate $p
	err_has values.commands
	# A relative folder in PATH would be the manifest's.
	secret '{command: [sops, -d, secrets/a.yaml]}'
	PATH=$PATH:. bad validate $p
	err_has 'PATH has a relative directory'
	PATH=":$PATH" bad validate $p
	err_has 'PATH has a relative directory'
}

@test "commands: a file that an argument names is where the rule says, links resolved" {
	policy 'values:' '  commands:' '    - [sops, -d, "secrets/*.yaml"]' '    - [vault, read, "*"]' \
		'    - [jq, "--file=conf/*", "**"]' '    - [cat, fixed]' '    - [cat, a/../b/fixed]'
	mkdir -p secrets/real conf a b ../outside
	echo x | tee secrets/real/x.yaml secrets/good.yaml conf/c ../outside/x.yaml >/dev/null
	ln -s real/x.yaml secrets/inside.yaml
	ln -s ../../outside/x.yaml secrets/out.yaml
	ln -s /proc/self/environ secrets/env.yaml
	ln -s ../../absent secrets/dangling.yaml
	ln -s ../conf/c secrets/other.yaml
	ln -s ../outside/x.yaml key
	ln -s ../key conf/k
	allowed '{command: [sops, -d, secrets/good.yaml]}'
	allowed '{command: [sops, -d, secrets/absent.yaml]}'
	allowed '{command: [sops, -d, secrets/inside.yaml]}'
	refused values.commands '{command: [sops, -d, secrets/out.yaml]}'
	err_has 'Its argument secrets/out.yaml resolves to' \
		/outside/x.yaml
	refused values.commands '{command: [sops, -d, secrets/env.yaml]}'
	refused values.commands '{command: [sops, -d, secrets/dangling.yaml]}'
	refused values.commands '{command: [sops, -d, secrets/other.yaml]}'
	# Without a fixed part, it is the folder in which the command runs.
	allowed '{command: [vault, read, conf]}'
	allowed '{command: [vault, read, absent]}'
	refused values.commands '{command: [vault, read, key]}'
	# After `=`, too. Two rules may fit: one is enough.
	allowed '{command: [jq, --file=conf/c, .a]}'
	refused values.commands '{command: [jq, --file=conf/k, .a]}'
	refused values.commands '{command: [jq, --file=conf/c, key]}'
	allowed '{command: [jq, --file=conf/c, /etc/passwd]}' # `**` says so
	policy 'values: {commands: [[jq, "--file=conf/*", "**"], [jq, "*", "**"]]}'
	refused values.commands '{command: [jq, --file=conf/k, .a]}'
	policy 'values: {commands: [[jq, "--file=conf/*", "**"], [jq, "--file=*/*", "**"]]}'
	rm conf/k
	ln -s ../secrets/good.yaml conf/k
	allowed '{command: [jq, --file=conf/k, .a]}'
	# What the rule names exactly may have become a link as well.
	policy 'values: {commands: [[cat, fixed], [cat, a/../b/fixed], [cat, /etc/hostname]]}'
	ln -s ../outside/x.yaml fixed
	refused values.commands '{command: [cat, fixed]}'
	ln -sfn conf/c fixed
	allowed '{command: [cat, fixed]}'
	rmdir a
	ln -s ../outside/deep a
	mkdir -p ../outside/deep ../outside/b
	cp ../outside/x.yaml ../outside/b/fixed
	refused values.commands '{command: [cat, a/../b/fixed]}'
	allowed '{command: [cat, /etc/hostname]}'
	# A folder on the way, and the folder that the rule names.
	mv secrets elsewhere
	ln -s ../outside secrets
	policy 'values: {commands: [[sops, -d, "secrets/*.yaml"]]}'
	refused values.commands '{command: [sops, -d, secrets/x.yaml]}'
	# Nothing runs at plan either. Without a policy, links work as ever.
	start_logged
	secret '{command: [cat, key]}'
	policy 'values: {commands: [[cat, "*"]]}'
	bad plan $p
	err_has 'the policy does not allow command `cat'
	good plan
}

# ---- inputs ---------------------------------------------------------------------------------

@test "a manifest is where its name says, links resolved" {
	start_logged
	policy
	manifest a
	mkdir -p sub shared mounted/..data ../outside/dir
	cp cfprov.yaml shared/x.yaml
	cp cfprov.yaml ../outside/x.yaml
	cp cfprov.yaml ../outside/dir/y.yaml
	cp cfprov.yaml mounted/..data/x.yaml
	ln -s ../shared/x.yaml sub/x.yaml
	ln -s ../../outside/x.yaml sub/out.yaml
	ln -s /proc/self/environ sub/env.yaml
	ln -s /proc/self/fd/0 sub/fd.yaml
	ln -s ..data/x.yaml mounted/x.yaml
	ln -s ../outside/dir linked
	local f
	for f in sub/x.yaml shared/x.yaml ./shared/../sub/x.yaml "$PWD/mounted/x.yaml" ../outside/x.yaml \
		"$PWD/sub/x.yaml" shared mounted .; do
		good validate $p -f "$f"
	done
	(cd sub && good validate -policy=../owner/policy.yaml -f ../mounted/x.yaml)
	(cd sub && bad validate -policy=../owner/policy.yaml -f ../sub/../linked/y.yaml)
	for f in sub/out.yaml sub/env.yaml sub/fd.yaml linked linked/y.yaml "$PWD/sub/out.yaml" sub; do
		bad validate $p -f "$f"
		err_has 'through a symbolic link' 'the path of the file itself'
		[ "$f" != linked ] || err_lacks y.yaml
		harmless err
	done
	local real=cfprov.yaml
	"$cfprov" validate $p -f - <$real
	"$cfprov" validate $p -f /dev/stdin <$real
	"$cfprov" validate $p -f /proc/self/fd/0 <$real
	"$cfprov" validate $p -f <(cat $real)
	good plan -f sub/out.yaml
	bad plan $p -f sub/out.yaml
	rm cfprov.yaml
	ln -s ../outside/x.yaml cfprov.yaml
	bad plan $p
	good plan
}

@test "a file that import-env or state push reads is where its name says" {
	start_logged
	policy
	echo A=hush >.env
	mkdir ../outside
	echo B=hush >../outside/env
	ln -s ../outside/env linked
	good import-env -store=s $p .env
	bad import-env -store=s $p linked
	err_has 'linked resolves to'
	good import-env -store=s linked
	manifest a
	good apply -auto-approve $p
	cp "$state" ../outside/state
	ln -s ../outside/state pushed
	bad state push $p pushed
	err_has 'pushed resolves to'
	good state push pushed
}

# ---- at the doors ---------------------------------------------------------------------------

@test "what is allowed is read, sent and can be destroyed within the limits" {
	start_logged
	policy 'values: {env: [DB_*], files: [secrets], commands: [[printf, "*"]]}' \
		'destroy: {max_deletes: 1}'
	printf file-value >owner/secrets/x
	secret '{env: DB_A}' '{file: owner/secrets/x}' '{command: [printf, cmd-value]}'
	good apply -auto-approve $p
	secret '{env: DB_A}' '{file: owner/secrets/x}'
	good apply -auto-approve $p
	grep -q '"method":"DELETE"' "$sim_log"
}

@test "an account that is not allowed is never asked, whoever names it" {
	start_logged
	policy
	manifest a
	acc=$other manifest a
	bad plan $p
	err_has "the policy does not allow the account $other" '(rule `accounts`, owner/policy.yaml:1)'
	printf 'stores: [a]\n' >cfprov.yaml
	CLOUDFLARE_ACCOUNT_ID=$other bad plan $p
	err_has "the policy does not allow the account $other"
	bad export -account-id="$other" $p
	err_has "the policy does not allow the account $other"
	bad doctor -account-id="$other" $p
	rm cfprov.yaml
	CLOUDFLARE_ACCOUNT_ID=$other bad export $p
	[ ! -s "$sim_log" ]
	good export -account-id="$account" $p
	bad export -account-id="${account^^}" $p
}

@test "a token comes from where the account's rule says, also if another account may have it" {
	start_logged
	cat >owner/policy.yaml <<-END
		accounts:
		  $account: {api_token: {env: [PROD_TOKEN], files: [secrets], commands: [[cat, "*/secrets/t"]]}}
		  $other: {}
		values: {env: ["*"]}
		state: {paths: [../$state]}
	END
	printf cfsim-token >owner/secrets/t
	local token
	both()
	{
		printf 'accounts:\n  a: {account_id: %s, api_token: %s}\n' "$account" "$1" >cfprov.yaml
		[ $# = 1 ] || printf '  b: {account_id: %s, api_token: %s}\n' "$other" "$2" >>cfprov.yaml
		printf 'stores: [x]\n' >>cfprov.yaml
	}
	for token in '{env: PROD_TOKEN}' '{file: owner/secrets/t}' '{command: [cat, owner/secrets/t]}'; do
		both "$token"
		good plan $p
	done
	: >"$sim_log"
	for token in '{env: CLOUDFLARE_API_TOKEN}' '{file: cfprov.yaml}' '{command: [printf, x]}' \
		'{env: DB_A}'; do
		both "$token"
		bad plan $p
		err_has 'a: the policy does not allow' ' for a token (rule `accounts.' 'cfprov.yaml:2:'
	done
	both '{env: PROD_TOKEN}' '{env: PROD_TOKEN}'
	bad plan $p
	err_has 'b: the policy does not allow environment variable PROD_TOKEN for a token'
	both '{env: PROD_TOKEN}' '{env: CLOUDFLARE_API_TOKEN}'
	[ ! -s "$sim_log" ]
	good plan $p
	# The variable without a source is the same as with one.
	printf 'account_id: %s\nstores: [x]\n' "$account" >cfprov.yaml
	: >"$sim_log"
	bad plan $p
	err_has 'default: the policy does not allow environment variable CLOUDFLARE_API_TOKEN'
	[ ! -s "$sim_log" ]
}

@test "the key: the manifest's by the rule, the environment's always" {
	start_logged
	policy 'values: {env: [DB_A]}'
	secret '{env: DB_A}'
	CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef good apply -auto-approve $p
	export THE_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	echo 'state: {key: {env: THE_KEY}}' >>cfprov.yaml
	bad plan $p
	err_has '(rule `state.key.env`' 'cfprov.yaml:6:'
	sed -i "s|^state.*|state: {paths: [../$state], key: {env: [THE_KEY]}}|" owner/policy.yaml
	good plan $p
}

@test "the state is where the policy says, whoever names it" {
	start_logged
	policy
	manifest a
	good apply -auto-approve $p
	cp "$state" other.json
	local command
	for command in plan 'state list' output show 'state pull' doctor 'apply -auto-approve' \
		'state rm default/a' 'destroy -auto-approve'; do
		# shellcheck disable=SC2086
		bad $command $p -state=other.json
		err_has 'the policy does not allow the state other.json (rule `state.paths`'
	done
	echo 'state: {path: other.json}' >>cfprov.yaml
	bad plan $p
	err_has 'the policy does not allow the state' cfprov.yaml:
	bad 'state' list $p
	good state list $p -state="$state"
	sed -i '$d' cfprov.yaml
	# A link counts as what it leads to.
	mkdir hidden
	mv "$state" hidden/
	ln -s "hidden/$state" "$state"
	bad state list $p
	err_has 'the path resolves to' 'through a symbolic link' owner/policy.yaml:2
	sed -i "s|^state.*|state: {paths: ['../*.state.json']}|" owner/policy.yaml
	bad state list $p
	err_has 'the policy does not allow the state'
	sed -i "s|^state.*|state: {paths: ['../*/*.state.json']}|" owner/policy.yaml
	good state list $p
	bad state list $p -state=hidden/deep/x.state.json
	bad state list $p -state=hidden/../../x/y.state.json
	# Without a rule there is no state.
	sed -i '/^state/d' owner/policy.yaml
	bad state list $p
	err_has 'The policy allows none, because it has no such rule.'
}

@test "a saved plan is held to the policy again" {
	start_logged
	policy 'values: {env: [DB_A]}'
	secret '{env: DB_A}'
	good plan -out=plan.cfprov $p
	# The policy became stricter; or the plan was made where there was none.
	policy
	: >"$sim_log"
	bad apply plan.cfprov $p
	err_has 'default/a/S1: the policy does not allow environment variable DB_A'
	bad show plan.cfprov $p
	policy 'values: {env: [DB_A]}'
	sed -i "s/$account/$other/" owner/policy.yaml
	bad apply plan.cfprov $p
	err_has "the policy does not allow the account $account"
	policy 'values: {env: [DB_A]}'
	sed -i "s/$state/x.json/" owner/policy.yaml
	bad apply plan.cfprov $p
	err_has 'the policy does not allow the state'
	[ ! -s "$sim_log" ]
	policy 'values: {env: [DB_A]}'
	sed -i "s|{}|{api_token: {env: [PROD_TOKEN]}}|" owner/policy.yaml
	bad apply plan.cfprov $p
	err_has 'CLOUDFLARE_API_TOKEN for a token'
	policy 'values: {env: [DB_A]}'
	good apply plan.cfprov $p
}

@test "a forged plan can do no more than a manifest could" {
	start_logged
	policy 'values: {env: [DB_A], files: [secrets], commands: [[./tools/get]]}'
	mkdir -p owner/tools evil/tools
	printf '#!/bin/sh\ntouch "%s/ran"\necho x\n' "$PWD" | tee owner/tools/get >evil/tools/get
	chmod +x ./*/tools/get
	secret '{env: DB_A}'
	good plan -out=plan.cfprov $p
	: >"$sim_log"
	local value='(.desired.objects[] | select(.secret) | .value)'
	local filter
	for filter in "$value = {kind: \"env\", name: \"AWS_SECRET\"}" \
		"$value = {kind: \"file\", name: \"/proc/self/environ\"}" \
		"$value = {kind: \"command\", argv: [\"sh\", \"-c\", \"touch ran\"]}" \
		"$value = {kind: \"command\", argv: [\"./tools/get\"], folder: \"$PWD/evil\"}" \
		".desired.accounts[0].id = \"$other\"" \
		'.desired.accounts[0].token = {kind: "env", name: "AWS_SECRET"}' \
		'.state = "elsewhere.json"'; do
		cp plan.cfprov forged.cfprov
		forged forged.cfprov "$filter"
		bad apply forged.cfprov $p
		err_has 'the policy does not allow'
		harmless err
	done
	[ ! -e ran ]
	[ ! -s "$sim_log" ]
	# What the policy allows is another matter: a key protects from that.
	cp plan.cfprov forged.cfprov
	forged forged.cfprov .
	good apply forged.cfprov $p
}

@test "limits of destruction: no option lifts them" {
	start_logged
	policy 'values: {env: [DB_A]}'
	secret '{env: DB_A}' '{env: DB_A}' '{env: DB_A}'
	good apply -auto-approve $p
	secret '{env: DB_A}'
	local lift='-auto-approve -force -allow-store-destroy -max-deletes=99 -max-delete-percent=100'
	# Nothing, unless the policy says how many.
	# shellcheck disable=SC2086
	bad apply $lift $p
	err_has 'refusing to destroy 2 objects: the policy allows 0 (rule `destroy.max_deletes`'
	policy 'values: {env: [DB_A]}' 'destroy: {max_deletes: 1}'
	# shellcheck disable=SC2086
	bad apply $lift $p
	err_has 'refusing to destroy 2 objects: the policy allows 1' 'owner/policy.yaml:4' \
		'No option lifts'
	# shellcheck disable=SC2086
	bad destroy ${lift/-max-deletes=99 -max-delete-percent=100/} $p
	# A saved plan is bound by it, too.
	good plan -out=plan.cfprov $p
	bad apply -force plan.cfprov $p
	err_has 'the policy allows 1'
	policy 'values: {env: [DB_A]}' 'destroy: {max_deletes: 9, max_delete_percent: 49}'
	# shellcheck disable=SC2086
	bad apply $lift $p
	err_has 'refusing to destroy 2 of 4 managed objects: the policy allows 49%' max_delete_percent
	run ! grep -q '"method":"DELETE"' "$sim_log"
	# The options can still be stricter.
	policy 'values: {env: [DB_A]}' 'destroy: {max_deletes: 9, max_delete_percent: 50}'
	bad apply -auto-approve -max-deletes=1 $p
	good apply -auto-approve $p
	# Stores go only if it says so.
	printf 'account_id: %s\nstores: [b]\n' "$account" >cfprov.yaml
	policy 'destroy: {max_deletes: 9}'
	bad apply -auto-approve -force -allow-store-destroy $p
	err_has 'refusing to destroy 1 store: the policy allows none (rule `destroy.stores`'
	policy 'destroy: {max_deletes: 9, stores: true}'
	bad apply -auto-approve $p
	err_has -allow-store-destroy
	good apply -auto-approve -allow-store-destroy $p
}

@test "a plan says in every form which limit of the policy apply would refuse it by" {
	start_logged
	policy 'values: {env: [DB_A]}'
	secret '{env: DB_A}' '{env: DB_A}'
	good apply -auto-approve $p
	secret '{env: DB_A}'
	local refusal='refusing to destroy 1 object: the policy allows 0 (rule `destroy.max_deletes`, owner/policy.yaml:'
	good plan -out=plan.cfprov $p
	err_has "Warning: apply will fail: $refusal" 'No option lifts a limit of the policy.'
	good plan -values=none $p
	err_has "apply will fail: $refusal"
	good show plan.cfprov $p
	err_has "apply will fail: $refusal"
	good plan -json $p
	jq -e --arg text "apply will fail: $refusal" 'select(."@level" == "warn") |
		.diagnostic.summary | startswith($text)' out
	good plan -format=markdown $p
	out_has '`apply` will fail: refusing to destroy 1 object: the policy allows 0 (rule'
	good plan -format=html $p
	out_has '<code>apply</code> will fail: refusing to destroy 1 object: the policy allows 0 (rule'
	# Nothing of it without a policy, or within its limits.
	good plan
	err_lacks 'will fail'
	policy 'values: {env: [DB_A]}' 'destroy: {max_deletes: 1}'
	good plan $p
	err_lacks 'will fail'
}

@test "unmanaged secrets count among what is destroyed" {
	start_logged
	policy 'values: {env: [DB_A]}' 'destroy: {max_deletes: 2, stores: true}'
	secret '{env: DB_A}'
	good apply -auto-approve $p
	good state rm default/a/S1 $p
	printf 'account_id: %s\nstores: [b]\n' "$account" >cfprov.yaml
	policy 'destroy: {max_deletes: 1, stores: true}'
	bad apply -auto-approve -force -allow-store-destroy $p
	err_has 'refusing to destroy 2 objects: the policy allows 1'
	policy 'destroy: {max_deletes: 2, stores: true}'
	good apply -auto-approve -force -allow-store-destroy $p
}

@test "values that cfprov did not write count among what is destroyed" {
	start_logged
	policy 'values: {env: [DB_A]}' 'destroy: {max_deletes: 9}'
	secret '{env: DB_A}' '{env: DB_A}'
	good apply -auto-approve $p
	# Rotated at the source: cfprov's own value is overwritten.
	policy 'values: {env: [DB_A]}'
	DB_A=other good apply -auto-approve $p
	# Adopted: what the two had is lost.
	good state rm default/a/S1 $p
	good state rm default/a/S2 $p
	: >"$sim_log"
	bad apply -auto-approve -adopt -force $p
	err_has 'refusing to overwrite 2 values: the policy allows 0 (rule `destroy.max_deletes`' \
		'update: if_absent' 'No option lifts'
	good plan -out=plan.cfprov -adopt $p
	bad apply plan.cfprov $p
	err_has 'refusing to overwrite 2 values'
	run ! grep -E '"method":"(PATCH|DELETE|POST)"' "$sim_log"
	sed -i 's/}}$/}, update: if_absent}/' cfprov.yaml
	good apply -auto-approve -adopt $p
	# Their values are still those of others.
	sed -i 's/, update: if_absent}/, version: 2}/' cfprov.yaml
	bad apply -auto-approve $p
	err_has 'refusing to overwrite 2 values: the policy allows 0'
	policy 'values: {env: [DB_A]}' 'destroy: {max_deletes: 2}'
	good apply -auto-approve $p
	# A rename keeps the value, or writes another one.
	policy 'values: {env: [DB_A]}'
	sed -i 's/name: S1/name: N1/' cfprov.yaml
	echo 'moved: [{from: default/a/S1, to: default/a/N1}]' >>cfprov.yaml
	DB_A=third bad apply -auto-approve -target=default/a/N1 $p
	err_has 'refusing to overwrite 1 value: the policy allows 0'
	good apply -auto-approve $p
}

@test "without values nothing is read, and the policy still counts" {
	start_logged
	policy 'values: {commands: [[touch, "*"]]}'
	secret '{command: [touch, seen]}'
	good plan -values=none $p
	[ ! -e seen ]
	secret '{command: [touch, /tmp/seen]}'
	bad plan -values=none $p
	err_has values.commands
}

@test "doctor says which policy applies, and whether the manifest's author could change it" {
	start_logged
	policy
	manifest a
	prov doctor $p
	out_has 'policy: owner/policy.yaml is in the directory of the manifest'
	mkdir repo
	mv cfprov.yaml repo
	sed -i "s|../$state|../repo/$state|" owner/policy.yaml
	cd repo
	prov doctor -policy=../owner/policy.yaml
	out_has 'policy: ../owner/policy.yaml applies'
	chmod o+w ../owner/policy.yaml
	prov doctor -policy=../owner/policy.yaml
	out_has 'users other than its owner can write ../owner/policy.yaml'
}
