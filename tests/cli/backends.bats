#!/usr/bin/env bats
# Backends of the state, as far as no server is needed: what the manifest and the environment say,
# what is missing, what commands need, and policies.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() {
	set_up_cfprov
	unset "${!AWS_@}" "${!TF_HTTP_@}" "${!CFPROV_HTTP_@}" "${!R2_@}"
}
teardown() { stop_all; }

# manifest LINE...: cfprov.yaml with these lines below `state`.
manifest()
{
	printf 'account_id: %s\nstores: [a]\nstate:\n' "$account" >cfprov.yaml
	printf '  %s\n' "$@" >>cfprov.yaml
}

keys()
{
	export AWS_ACCESS_KEY_ID=id AWS_SECRET_ACCESS_KEY=hush-hush-hush
}

@test "validate needs neither credentials nor an endpoint" {
	manifest 'backend: s3' 'bucket: b' 'prefix: cfprov/${ACCOUNT_ID}'
	good validate
	manifest 'backend: http'
	good validate
}

@test "what a bucket lacks is said before anything is requested" {
	manifest 'backend: s3' 'bucket: platform-state'
	bad plan
	err_has 'Error: no region is set for the bucket platform-state' cfprov.yaml:4:12 \
		'https://ACCOUNT_ID.r2.cloudflarestorage.com'
	manifest 'backend: s3' 'bucket: b' 'endpoint: https://a.r2.cloudflarestorage.com'
	bad plan
	err_has 'Error: no credentials for the bucket b: AWS_ACCESS_KEY_ID is not set' \
		'Object Read & Write'
	AWS_ACCESS_KEY_ID=id bad state list
	err_has 'AWS_SECRET_ACCESS_KEY is not set'
	R2_ACCESS_KEY_ID=id R2_SECRET_ACCESS_KEY=s bad plan
	err_has 'access_key: {env: R2_ACCESS_KEY_ID}, secret_key: {env: R2_SECRET_ACCESS_KEY}'
	manifest 'backend: s3' 'bucket: b' 'endpoint: https://a.r2.cloudflarestorage.com' \
		'access_key: {env: NOT_THERE}' 'secret_key: {env: NOT_THERE}'
	bad plan
	err_has 'no credentials for the state' 'NOT_THERE' cfprov.yaml:7
	[ "$(requests)" = 0 ]
}

@test "what an address lacks is said before anything is requested" {
	manifest 'backend: http'
	bad plan
	err_has 'Error: the state has no `address`' 'TF_HTTP_ADDRESS'
	TF_HTTP_ADDRESS=http://gitlab.example.com/s bad plan
	err_has 'TF_HTTP_ADDRESS uses plain http to another host'
	manifest 'backend: http' 'address: https://evil.example/s'
	TF_HTTP_ADDRESS=https://gitlab.example.com/s TF_HTTP_PASSWORD=hush-hush-hush bad plan
	err_has 'TF_HTTP_PASSWORD is not sent to https://evil.example: TF_HTTP_ADDRESS names another server' \
		cfprov.yaml:4:12
	TF_HTTP_PASSWORD=hush-hush-hush bad plan
	err_has 'TF_HTTP_PASSWORD is not sent to https://evil.example: only the manifest names this server' \
		cfprov.yaml:4:12 'write in `state`: password: {env: TF_HTTP_PASSWORD}'
	TF_HTTP_USERNAME=me bad plan
	err_has 'TF_HTTP_USERNAME is not sent to https://evil.example: only the manifest' \
		'write in `state`: username: NAME.'
	err_lacks hush
	[ "$(requests)" = 0 ]
}

@test "a key of another backend, and one that Terraform has" {
	manifest 'backend: local' 'bucket: b' 'use_lockfile: true' 'path: s.json'
	bad validate
	err_has '`use_lockfile` is not allowed here: the state is always locked'
	manifest 'bucket: b'
	bad validate
	err_has '`bucket` requires `backend: s3`' cfprov.yaml:4:3
	manifest 'backend: s3' 'bucket: b' 'access_key: AKIAIOSFODNN7EXAMPLE' 'secret_key: {env: S}'
	bad validate
	err_has 'expected a source such as {env: NAME}' cfprov.yaml:6
	err_lacks AKIA
}

@test "what is wrong with a state in a bucket comes with what to do" {
	manifest 'backend: r2' 'bucket: b'
	bad validate
	err_has 'expected `local`, `s3` or `http`' 'R2, AWS S3 and other object stores are `s3`'
	manifest 'backend: s3' 'endpoint: https://127.0.0.1:1'
	bad validate
	err_has '`bucket` is missing' 'Add `bucket: NAME` to `state`'
	manifest 'backend: s3' 'bucket: b' 'endpoint: r2'
	bad validate
	err_has '`endpoint` is not a valid URL' 'A URL begins with https:// and the name of a host.'
}

@test "ACCOUNT_ID is a reserved name" {
	manifest 'backend: s3' 'bucket: ${ACCOUNT_ID}'
	bad validate
	err_has 'the variable name ACCOUNT_ID is reserved' cfprov.yaml:5:11 'use another name'
	[ "$(grep -c 'is reserved' err)" = 1 ]
	manifest 'backend: s3' 'bucket: b' 'prefix: a/${ACCOUNT_ID}/b'
	good validate
	bad validate -var ACCOUNT_ID=x
	err_has 'the variable name ACCOUNT_ID is reserved'
	CFPROV_VAR_ACCOUNT_ID=x good validate
}

@test "-backup requires a local state" {
	manifest 'backend: s3' 'bucket: b' 'endpoint: https://127.0.0.1:1'
	keys
	bad apply -backup=x.json
	err_has 'Error: -backup requires a local state, but the state is s3://b/cfprov'
	[ "$(requests)" = 0 ]
}

@test "a policy: where a remote state may be" {
	mkdir owner
	manifest 'backend: s3' 'bucket: b' 'endpoint: https://a.example.com'
	printf 'accounts: {%s: {}}\n' "$account" >owner/p.yaml
	bad validate -policy=owner/p.yaml
	err_has 'the policy does not allow the state https://a.example.com/b/cfprov (rule `state.urls`' \
		'The policy allows none, because it has no such rule' cfprov.yaml:4:12
	printf 'state: {urls: ["https://a.example.com/b/c*"]}\n' >>owner/p.yaml
	good validate -policy=owner/p.yaml
	manifest 'backend: s3' 'bucket: b' 'endpoint: https://a.example.com' 'prefix: cf/x'
	bad validate -policy=owner/p.yaml
	err_has 'the policy does not allow the state https://a.example.com/b/cf/x'
	# A query may mean another state.
	manifest 'backend: http' 'address: https://a.example.com/b/c'
	good validate -policy=owner/p.yaml
	manifest 'backend: http' 'address: https://a.example.com/b/c?state=other'
	bad validate -policy=owner/p.yaml
	err_has 'the policy does not allow the state https://a.example.com/b/c'
	sed -i 's|b/c\*"|&, "https://a.example.com/b/*?state=oth*"|' owner/p.yaml
	good validate -policy=owner/p.yaml
	# What the manifest leaves to the environment is judged when it is known.
	manifest 'backend: s3' 'bucket: b'
	good validate -policy=owner/p.yaml
	keys
	AWS_ENDPOINT_URL=https://evil.example bad plan -policy=owner/p.yaml
	err_has 'the policy does not allow the state https://evil.example/b/cfprov'
	manifest 'backend: http' 'address: https://a.example.com/b/c' \
		'lock_address: https://a.example.com/other'
	bad validate -policy=owner/p.yaml
	err_has 'the policy does not allow the state https://a.example.com/other'
	[ "$(requests)" = 0 ]
}

@test "a policy: where credentials of the state may come from" {
	mkdir owner
	printf 'accounts: {%s: {}}\nvalues: {env: ["*"]}\nstate: {urls: ["https://a.example.com/**"]}\n' \
		"$account" >owner/p.yaml
	manifest 'backend: s3' 'bucket: b' 'endpoint: https://a.example.com' \
		'access_key: {env: AWS_ACCESS_KEY_ID}' 'secret_key: {env: OTHER}'
	bad validate -policy=owner/p.yaml
	err_has 'the policy does not allow environment variable OTHER for credentials of the state' \
		'(rule `state.credentials.env`' cfprov.yaml:8
	sed -i 's/{urls/{credentials: {env: [AWS_ACCESS_KEY_ID, OTHER]}, urls/' owner/p.yaml
	good validate -policy=owner/p.yaml
	# And no value may be a credential, unless a rule names it.
	printf 'account_id: %s\nstores: [{name: a, secrets: [{name: S, value: {env: OTHER}}]}]\n' \
		"$account" >cfprov.yaml
	sed -i 's/state: {/&paths: ["**"], /' owner/p.yaml
	bad validate -policy=owner/p.yaml
	err_has 'the policy does not allow environment variable OTHER (rule `values.env`' \
		'It is a credential'
}

@test "help names the variables of a remote state, and history offers no -state" {
	good help
	out_has 'AWS_*' 'TF_HTTP_*' CFPROV_HTTP_
	good state history -help
	[ "$(grep -c -- -state= out)" = 0 ]
}
