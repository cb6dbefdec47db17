#!/usr/bin/env bats
# import -from: what a Terraform state or a Pulumi export holds comes over, and export
# -format=terraform is the way back.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# Every value in these tests has this in it.
value=hush-

# start_with STORES SECRETS ACCOUNT...: a simulator with that many stores in each account, and that
# many secrets in each store; some have a comment, or other scopes.
start_with()
{
	jq -n --argjson stores "$1" --argjson secrets "$2" --arg value "$value" '{accounts: [$ARGS.positional[] as $id |
		{id: $id, stores: [range($stores) as $s | {name: "store_\($s)", secrets: [range($secrets) as $k |
			{name: "KEY_\($k)", value: "\($value)\($k)", status: "active",
				scopes: (if $k == 1 then ["ai_gateway", "workers"] else ["workers"] end)} +
			if $k == 2 then {comment: "costs ${5} \"net\""} else {} end]}]}]}' --args "${@:3}" >seed.json
	start_logged --max-secrets 0 --seed "$PWD/seed.json"
	rm seed.json
}

# terraform_state: one of what the simulator has. The stores are a for_each of a module for each
# account, the secrets a count, and there are things that are none of ours.
terraform_state()
{
	sim_world . | jq --arg value "$value" '
		"provider[\"registry.terraform.io/cloudflare/cloudflare\"]" as $provider |
		{version: 4, terraform_version: "1.9.8", serial: 12,
			lineage: "6d1a1ac4-7c2c-0d3b-5b5e-0f3a3c1d7a55", outputs: {}, resources: ([
			{mode: "data", type: "cloudflare_secrets_stores", name: "all", provider: $provider,
				instances: [{schema_version: 0, attributes: {account_id: "x", result: []}}]},
			{mode: "managed", type: "random_password", name: "p",
				provider: "provider[\"registry.terraform.io/hashicorp/random\"]",
				instances: [{schema_version: 3, attributes: {result: "\($value)random"}}]},
			(.accounts[] | . as $account | "module.vault[\"\($account.id)\"]" as $within | [
				{"module": $within, mode: "managed", type: "cloudflare_secrets_store", name: "this",
					each: "map", provider: $provider, instances: [$account.stores[] | {
						index_key: .name, schema_version: 0, sensitive_attributes: [],
						attributes: {account_id: $account.id, created: .created, id: .id,
							modified: .modified, name: .name}}]}] +
				[$account.stores[] | . as $store | {"module": $within, mode: "managed",
					type: "cloudflare_secrets_store_secret", name: "in_\(.name)", each: "list",
					provider: $provider, instances: [.secrets | to_entries[] | {
						index_key: .key, schema_version: 0,
						sensitive_attributes: [[{type: "get_attr", value: "value"}]],
						dependencies: ["module.vault.cloudflare_secrets_store.this"],
						attributes: (.value | {account_id: $account.id, comment: .comment, id: .id,
							name: .name, scopes: .scopes, status: .status, store_id: $store.id,
							value: "\($value)\(.name)"})}]}] | .[])]),
			check_results: null}' >terraform.tfstate
}

# pulumi_export: the same as `pulumi stack export` prints it.
pulumi_export()
{
	sim_world . | jq '"4dabf18193072939515e22adb298388d" as $sig |
		{version: 3, deployment: {manifest: {time: "2026-01-01T00:00:00Z", version: "v3.150.0"},
			secrets_providers: {type: "passphrase", state: {salt: "v1:x"}}, resources: ([
			{urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", custom: false, type: "pulumi:pulumi:Stack"},
			(.accounts[] | . as $account | .stores[] | . as $store | [
				{urn: "urn:pulumi:dev::p::cloudflare:index/secretsStore:SecretsStore::\(.name)",
					custom: true, id: .id, type: "cloudflare:index/secretsStore:SecretsStore",
					inputs: {accountId: $account.id, name: .name},
					outputs: {accountId: $account.id, id: .id, name: .name}}] +
				[.secrets[] | {
					urn: "urn:pulumi:dev::p::cloudflare:index/secretsStoreSecret:SecretsStoreSecret::\($store.name)-\(.name)",
					custom: true, id: .id, type: "cloudflare:index/secretsStoreSecret:SecretsStoreSecret",
					outputs: {accountId: $account.id, storeId: $store.id, id: .id, name: .name,
						scopes: .scopes, comment: .comment,
						value: {($sig): "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc"}}}] | .[])])}}' >stack.json
}

# silent: no value is anywhere but in the given state.
silent()
{
	! grep -rl "$value" . --exclude=terraform.tfstate --exclude=stack.json
}

# refused TEXT... : import fails so, nothing is written, and no value is shown.
refused()
{
	bad import -from=terraform.tfstate -out=new.yaml
	err_has "$@"
	[[ ! -e new.yaml && ! -e $state ]]
	silent
	tidy
}

# edited FILTER: the state, as jq makes it.
edited()
{
	terraform_state
	jq "$1" terraform.tfstate >edited
	mv edited terraform.tfstate
}

@test "50 stores and 200 secrets come over from Terraform, and go back" {
	start_with 25 4 acc_1 acc_2
	terraform_state
	: >"$sim_log"
	good import -from=terraform.tfstate -out=cfprov.yaml
	err_has 'terraform.tfstate holds the values of 200 secrets in plaintext' \
		'Imported 50 stores and 200 secrets. cfprov now manages them.' \
		'Ignored 2 other objects in the file.' 'Wrote cfprov.yaml.'
	[ "$(requests '.method != "GET"')" = 0 ]
	[ "$(gets)" = 52 ] # a list for each account and for each store
	agree 25 acc_1
	agree 25 acc_2
	[ "$(jq '[.accounts[].stores[].secrets[].origin] | length, unique[]' -c "$state")" = '200
"adopted"' ]
	silent
	grep -qF 'comment: "costs $${5} \"net\""' cfprov.yaml
	good plan -detailed-exitcode
	out_has 'No changes.'
	good export -format=terraform -out=main.tf
	silent
	# The import blocks name just the objects that the state file had.
	jq -r '.resources[] | select(.mode == "managed" and (.type | startswith("cloudflare"))) |
		.type as $type | .instances[].attributes |
		"\($type) \(.account_id)/\(.store_id // .id)\(if .store_id then "/\(.id)" else "" end)"' \
		terraform.tfstate | LC_ALL=C sort >wanted
	awk '/^import/ { getline to; getline id; split(to, t, /[ .]+/); split(id, i, "\"")
		print t[4], i[2] }' main.tf | LC_ALL=C sort >blocks
	[ "$(wc -l <wanted)" = 250 ]
	diff wanted blocks
	# Each block has the resource of its label, and labels are unique.
	[ "$(sed -n 's/^resource "\(.*\)" "\(.*\)" {/\1.\2/p' main.tf | sort)" = "$(sed -n 's/^  to = //p' main.tf | sort)" ]
	[ -z "$(sed -n 's/^  to = //p' main.tf | sort | uniq -d)" ]
	[ -z "$(sed -n 's/^variable //p' main.tf | sort | uniq -d)" ]
	grep -qF '  comment    = "costs $${5} \"net\""' main.tf
	# Nothing is left to cfprov, and nothing was deleted or written.
	good state rm '*/*'
	[ "$(grep -c '^Removed ' out)" = 250 ]
	[ "$(jq '[.accounts[]?.stores[]?] | length' "$state")" = 0 ]
	[ "$(requests '.method != "GET"')" = 0 ]
	! command -v terraform || env TF_CLI_CONFIG_FILE= terraform fmt -check -diff main.tf
}

@test "a Pulumi export comes over" {
	start_with 2 3 acc_1
	pulumi_export
	"$cfprov" import -from=- -out=cfprov.yaml <stack.json >out 2>err
	err_has 'Imported 2 stores and 6 secrets.' 'Ignored 1 other object'
	err_lacks plaintext
	grep -qx 'account_id: acc_1' cfprov.yaml
	good plan -detailed-exitcode
	# With --show-secrets, and an account id that is one.
	jq '"4dabf18193072939515e22adb298388d" as $sig | (.deployment.resources[].outputs | select(.value) | .value) =
			{($sig): "1b47061264138c4ac30d75fd1eb44270", plaintext: "\"hush-1\""} |
		(.deployment.resources[].outputs | select(.) | .accountId) =
			{($sig): "1b47061264138c4ac30d75fd1eb44270", plaintext: "\"acc_1\""}' stack.json >shown.json
	rm cfprov.yaml "$state"
	mv shown.json stack.json
	good import -from=stack.json -out=cfprov.yaml
	err_has 'stack.json holds the values of 6 secrets in plaintext' 'Imported 2 stores and 6 secrets.'
	silent
	sed -i 's/plaintext/ciphertext/' stack.json
	rm cfprov.yaml "$state"
	bad import -from=stack.json -out=cfprov.yaml
	err_has '`accountId` of urn:pulumi:dev' 'is encrypted' '--show-secrets | cfprov import -from=-'
	silent
}

@test "to standard output, as a whole manifest" {
	start_with 1 1 acc_1
	terraform_state
	good import -from=terraform.tfstate
	out_is '# Cloudflare Secrets Store, taken over from terraform.tfstate by cfprov.
#
# Cloudflare never returns values. `update: if_absent` keeps the existing ones. Before you
# remove it, replace `value` with the source of the right one.

account_id: acc_1

stores:
  - name: store_0
    secrets:
      - name: KEY_0
        value: {env: KEY_0}
        update: if_absent
'
	# Also where the output could not be written, the state is not.
	rm "$state"
	status=0
	"$cfprov" import -from=terraform.tfstate >/dev/full 2>err || status=$?
	[ "$status" = 1 ]
	[ ! -e "$state" ]
}

@test "aliases of the manifest, what it declares already, and a second run" {
	start_with 2 2 acc_1 acc_2
	terraform_state
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' '  dev: {account_id: acc_2}' 'stores:' \
		'  - name: store_0' '    accounts: [prod]' \
		'    secrets: [{name: KEY_0, value: {env: KEY_1}}]' >cfprov.yaml
	good import -from=terraform.tfstate -f cfprov.yaml -out=more.yaml
	err_has 'store store_0 is already declared here' 'Imported 4 stores and 8 secrets.' \
		'The next apply writes the values of secrets that the manifest declared already'
	[ "$(grep -c 'name: store_0' more.yaml)" = 2 ]
	run ! grep -q '^account' more.yaml
	grep -q 'accounts: \[dev\]' more.yaml
	[ "$(recorded acc_1 | wc -l)" = 2 ]
	# KEY_1 means something else already.
	run ! grep -q 'env: KEY_1}' more.yaml
	# Once more: nothing is left to do.
	cp "$state" before
	good import -from=terraform.tfstate -f cfprov.yaml -out=again.yaml
	err_has 'Imported 0 stores and 0 secrets.' '12 were in the state already.'
	cmp "$state" before
}

@test "an account that the manifest lacks" {
	start_with 1 1 acc_1 acc_2
	terraform_state
	manifest store_0
	bad import -from=terraform.tfstate -out=new.yaml
	err_has 'the manifest has no account with the id acc_2, which module.vault["acc_2"].cloudflare_secrets_store.this["store_0"] is in'
	[ "$(grep -c Error: err)" = 1 ]
	[[ ! -e new.yaml && ! -e $state ]]
}

@test "what is gone, changed, tainted, deposed, twice or somebody else's" {
	start_with 2 3 acc_1
	edited '.resources |= map(if .type == "cloudflare_secrets_store" then
			.instances[0].status = "tainted" | .instances += [{index_key: "store_0", deposed: "00aa11bb", attributes: {id: "old"}}]
		elif .name == "in_store_0" then
			.instances[0].attributes.id = "gone" |
			.instances[1].attributes.comment = "once" |
			.instances[2].attributes.name = "OLD" |
			.instances += [.instances[1] | .index_key = 7]
		elif .name == "in_store_1" then .provider = "provider[\"registry.terraform.io/acme/other\"]" else . end)'
	good import -from=terraform.tfstate -out=cfprov.yaml
	err_has 'this["store_0"] is tainted' 'this["store_0"] skipped: a deposed object' \
		'in_store_0[0] skipped: there is no secret with the id gone in the account acc_1' \
		'in_store_0[1] has changed in the account (comment)' \
		'in_store_0[2] has changed in the account (name)' \
		'in_store_0[7] skipped: it is the same object as module.vault["acc_1"].cloudflare_secrets_store_secret.in_store_0[1]' \
		"in_store_1[0] skipped: it belongs to another provider than Cloudflare's" \
		'Imported 2 stores and 2 secrets.'
	silent
	good plan -detailed-exitcode
}

@test "a store that Terraform only reads is never destroyed" {
	start_with 1 2 acc_1
	edited '.resources |= map(select(.type != "cloudflare_secrets_store"))'
	good import -from=terraform.tfstate -out=cfprov.yaml
	err_has 'the store default/store_0 is not a resource of the file' 'Imported 1 store and 2 secrets.'
	grep -qx '    on_remove: forget' cfprov.yaml
	good plan -detailed-exitcode
	sed -i '/name: store_0/,$d' cfprov.yaml
	echo '  - other' >>cfprov.yaml
	good plan
	out_has '0 to destroy, 3 to forget'
}

@test "names that a manifest can't have" {
	start_with 1 1 acc_1
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a b"}'
	api POST "/accounts/acc_1/secrets_store/stores/$(answer_get .result.id)/secrets" \
		"[{\"name\":\"KEY\",\"value\":\"${value}x\",\"scopes\":[\"workers\"]}]"
	terraform_state
	good import -from=terraform.tfstate -out=cfprov.yaml
	err_has "this[\"a b\"] skipped, because a manifest can't hold it: " \
		"in_a b[0] skipped, because a manifest can't hold it: " 'Imported 1 store and 1 secret.'
	good plan -detailed-exitcode
	good export -format=terraform
	out_has 'resource "cloudflare_secrets_store_secret" "a_b_KEY" {' 'name       = "a b"'
}

@test "the state has other objects already" {
	start_with 1 1 acc_1
	terraform_state
	good import -from=terraform.tfstate -out=cfprov.yaml
	jq '.accounts.acc_1.stores.store_0.id = "other"' "$state" >edited
	mv edited "$state"
	cp "$state" before
	bad import -from=terraform.tfstate -out=new.yaml
	err_has 'default/store_0: already in the state, with the id other' 'Nothing was imported.'
	cmp "$state" before
	[ ! -e new.yaml ]
}

@test "nothing of it exists, or no account can be read" {
	start_with 1 1 acc_1
	edited '(.resources[].instances[].attributes | select(.id) | .id) = "gone"'
	refused 'nothing to take over' 'CLOUDFLARE_BASE_URL'
	edited '(.resources[].instances[].attributes | select(.id) | .account_id) = "acc_2"'
	refused 'there is no store with the id' 'in the account acc_2' 'nothing to take over'
	terraform_state
	sed -i "s/$(sim_world '.accounts[0].stores[0].id')/x/" terraform.tfstate
	CLOUDFLARE_API_TOKEN=wrong-token refused 'Authentication error' 'Nothing was imported'
}

@test "files that are no state of Terraform, or that make no sense" {
	start_with 1 2 acc_1
	: >"$sim_log"
	local file
	printf '' >terraform.tfstate
	refused 'not valid JSON'
	for file in "$cfprov" "$top/README.md"; do
		head -c 5000 "$file" >terraform.tfstate
		refused 'not valid JSON'
	done
	for file in '{"serial":3,"lineage":"l","meta":{"key_provider.pbkdf2.main":"e30="},"encrypted_data":"c2Vh","encryption_version":"v0"}|encrypted by OpenTofu' \
		'{"version":3,"serial":1,"lineage":"l","backend":{"type":"s3"}}|only says where the state is' \
		'{"version":3,"terraform_version":"0.11.1","lineage":"l","modules":[]}|old Terraform' \
		'{"version":5}|not a Terraform state of version 4, but version 5' \
		'{"format_version":"1.0","values":{}}|terraform show -json' \
		'{"format_version":"1.2","planned_values":{}}|this is a plan' \
		'{"version":3,"checkpoint":{"latest":{}}}|pulumi stack export' \
		'{"version":9,"deployment":{"resources":[]}}|unknown version of a Pulumi export' \
		'{"version":4}|no list of `resources`' \
		'{"version":4,"resources":[{"type":"x"}]}|no list of `instances`' \
		'{"version":4,"resources":[]}|no stores and secrets of Secrets Store found' \
		'{"version":"4","resources":[]}|neither a Terraform state nor a Pulumi export' \
		'{"version":4,"version":4}|duplicate key' \
		'[]|neither' '7|neither' 'null|neither' '{}|neither'; do
		printf '%s' "${file%%|*}" >terraform.tfstate
		refused "${file#*|}"
	done
	[ "$(requests)" = 0 ]
}

@test "ids and addresses that make no sense" {
	start_with 1 2 acc_1
	local filter
	for filter in '.id = 7|the `id` of module.vault["acc_1"].cloudflare_secrets_store_secret.in_store_0[0] is not a text' \
		'.id = null|has no `id`' '.id = ""|has no `id`' 'del(.store_id)|has no `store_id`' \
		'.account_id = "../x"|the account id of' '.account_id = {}|is not a text'; do
		edited '(.resources[] | select(.name == "in_store_0") | .instances[0].attributes) |= ('"${filter%%|*}"')'
		refused "${filter#*|}"
	done
	edited '(.resources[] | select(.name == "in_store_0") | .instances[1].index_key) = 0'
	refused 'in_store_0[0] is in the file twice'
	edited 'del(.resources[] | select(.name == "in_store_0") | .instances[0].attributes)'
	refused 'has no `attributes`'
	terraform_state
	sed 's/"id": "[^"]*"/"id": NaN/' terraform.tfstate >edited
	mv edited terraform.tfstate
	refused 'not valid JSON'
	terraform_state
	head -c 3000 terraform.tfstate >edited
	mv edited terraform.tfstate
	refused 'not valid JSON'
	# What a terminal would obey is shown as text.
	edited '(.resources[] | select(.name == "in_store_0") | .instances[0]) |= (.index_key = "\u001b[2J" | .attributes.id = 7)'
	refused 'is not a text'
	harmless err
}

@test "the file is read from a pipe, and a policy keeps links out" {
	start_with 1 1 acc_1
	terraform_state
	good import -from=<(cat terraform.tfstate) -out=cfprov.yaml
	err_has 'Imported 1 store and 1 secret.'
	rm cfprov.yaml "$state"
	mv terraform.tfstate ../real
	ln -s ../real terraform.tfstate
	printf 'accounts: {acc_1: {}}\nvalues: {env: ["*"]}\nstate: {paths: ["**"]}\n' >../policy.yaml
	bad import -from=terraform.tfstate -policy=../policy.yaml -out=new.yaml
	err_has 'terraform.tfstate resolves to' 'through a symbolic link'
	[[ ! -e new.yaml && ! -e $state ]]
	rm terraform.tfstate
	mv ../real terraform.tfstate
	good import -from=terraform.tfstate -policy=../policy.yaml -out=new.yaml
}

@test "options that don't fit" {
	start_with 1 1 "$account"
	terraform_state
	echo x >there.yaml
	bad import -from=terraform.tfstate -out=there.yaml
	err_has there.yaml
	bad import -from=terraform.tfstate prod/x acc/x
	err_has 'too many arguments for `import`'
	bad import -from=absent.tfstate
	err_has absent.tfstate
	bad import -from=s3://bucket/terraform.tfstate
	err_has "-from can't be a URL" 'terraform state pull | cfprov import -from=-'
	[ "$(grep -c Error: err)" = 1 ]
	manifest a
	bad import -out=x default/a acc_1/a
	err_has '-out requires -from'
	rm cfprov.yaml
	prov import -from=terraform.tfstate -json
	[ "$status" = 1 ]
	jq -e '.imported == [] and .error_count == 1' out
	good import -from=terraform.tfstate -json -out=cfprov.yaml
	jq -e '[.imported[].address] == ["default/store_0", "default/store_0/KEY_0"] and .warning_count == 1' out
	silent
}
